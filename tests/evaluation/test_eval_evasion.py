"""Values in disguise: each disguise still is its value, each text says where it is written, negatives hold none."""

import base64
import html
import re
from random import Random
from urllib.parse import unquote

import pytest

from guardrail.evaluation import evasion
from guardrail.evaluation.evasion import CLASSES, ENCODED, FOLDED, TECHNIQUES, Disguised, caught, disguised, touched
from guardrail.evaluation.matching import Span
from guardrail.text.fold import fold

VALUE = "A123456(3)"


def disguise(technique: str, value: str = VALUE) -> str:
    made = TECHNIQUES[technique][1](value, Random(1))
    assert made is not None
    return made


@pytest.mark.parametrize("technique", [name for name, (kind, _) in TECHNIQUES.items() if kind == FOLDED])
def test_a_folded_form_reads_as_its_value(technique):
    assert fold(disguise(technique)).text == VALUE


@pytest.mark.parametrize(
    ("technique", "undo"),
    [
        ("percent", unquote),
        ("percent twice", lambda text: unquote(unquote(text))),
        ("entities", html.unescape),
        ("entities, hexadecimal", html.unescape),
        ("\\u escapes", lambda text: text.encode().decode("unicode_escape")),
        ("\\x escapes", lambda text: text.encode().decode("unicode_escape")),
        ("base64", lambda text: base64.b64decode(text).decode()),
        ("base64 twice", lambda text: base64.b64decode(base64.b64decode(text)).decode()),
        ("base32", lambda text: base64.b32decode(text).decode()),
        ("hexadecimal", lambda text: bytes.fromhex(text).decode()),
        ("reversed", lambda text: text[::-1]),
        ("full-width, zero-width, spaces", lambda text: fold(text).text.replace(" ", "")),
        ("base64 of reversed", lambda text: base64.b64decode(text).decode()[::-1]),
        ("percent of base64", lambda text: base64.b64decode(unquote(text)).decode()),
    ],
)
def test_an_encoding_can_be_undone(technique, undo):
    assert undo(disguise(technique)) == VALUE


@pytest.mark.parametrize(
    ("technique", "written"),
    [
        ("spaces", "A 1 2 3 4 5 6 ( 3 )"),
        ("pairs", "A1 23 45 6( 3)"),
        ("Markdown bold", "**A1234**56(3)"),
        ("Chinese numerals", "A一二三四五六(三)"),
        ("formal numerals", "A壹貳叁肆伍陸(叁)"),
        ("number words", "A one two three four five six ( three )"),
        ("split by prose", "A1234\0 is the first half and the rest is \x0056(3)"),
    ],
)
def test_how_a_disguise_looks(technique, written):
    assert disguise(technique) == written


def test_an_address_is_spelled_and_numerals_are_not_made_of_it():
    assert disguise("at and dot", "tai.man@gmail.com") == "tai dot man at gmail dot com"
    assert TECHNIQUES["Chinese numerals"][1]("tai.man@gmail.com", Random(1)) is None


def test_every_technique_has_texts_of_both_halves_in_four_languages():
    made = disguised(1)
    for technique in TECHNIQUES:
        some = [one for one in made if one.technique == technique]
        assert {one.held_out for one in some} == {True, False}, technique
        assert {one.language for one in some} == {"en", "zh-Hant", "zh-Hans", "yue"}, technique
    assert {one.difficulty for one in made} == set(CLASSES)
    assert made == disguised(1) != disguised(2)


def test_pieces_are_where_the_value_is_written():
    plain = next(one for one in disguised(1) if one.technique == "plain" and one.kind == "pii.hkid")
    [piece] = plain.pieces
    assert re.fullmatch(r"[A-Z]\d{6}\([0-9A]\)", plain.text[piece.start : piece.end])
    split = next(one for one in disguised(1) if one.technique == "split by prose")
    assert "\0" not in split.text
    first, second = split.pieces
    assert split.text[first.end : second.start] == " is the first half and the rest is "


TEXT = Disguised("pii.hkid", "spaces", "en", False, "no: A 1 2 3 4 5 6 ( 3 ) ok", (Span("pii.hkid", 4, 23),))


@pytest.mark.parametrize(
    ("found", "is_caught", "is_touched"),
    [
        ([Span("pii.hkid", 4, 23)], True, True),
        ([Span("pii.other", 4, 17)], True, True),  # seven of eight letters and digits, whatever it is called
        ([Span("pii.hkid", 4, 13)], False, True),
        ([Span("pii.hkid", 0, 3)], False, False),
        ([], False, False),
    ],
)
def test_caught_is_most_of_it_and_touched_any_of_it(found, is_caught, is_touched):
    assert caught(TEXT, found) is is_caught
    assert touched(TEXT, found) is is_touched


def test_an_empty_disguise_is_never_caught_by_nothing():
    morse = Disguised("pii.hkid", "Morse", "en", False, "x .---- y", (Span("pii.hkid", 2, 7),))
    assert not caught(morse, [])
    assert caught(morse, [Span("pii.hkid", 2, 7)])


def test_disguised_negatives_are_disguised():
    made = evasion.disguised_negatives(1)
    assert len(made) > 500
    assert len({one.category for one in made}) >= 10
    assert not any("\0" in one.text for one in made)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("pii.hkid", True),
        ("secret.aws", True),
        ("placeholder.email", False),
        ("carrier.ansi", False),
        ("pii.name", False),
        ("pii.address", False),
    ],
)
def test_what_counts_as_an_alarm(kind, counts):
    assert evasion.counts_as_alarm(kind) is counts


def test_encodings_are_a_class_of_their_own():
    assert TECHNIQUES["base64"][0] == ENCODED

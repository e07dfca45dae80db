"""The folded view: a value that reads the same must fold the same, and every edit must land on its own characters."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.text.fold import fold


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ("A123456(3)", "A123456(3)"),
        ("Ａ１２３４５６（３）", "A123456(3)"),
        ("А123456(3)", "A123456(3)"),  # Cyrillic A
        ("A1\u200b2\u200d3\u00ad456(3)", "A123456(3)"),
        ("①②③", "123"),
        ("𝟒𝟏𝟏𝟏", "4111"),
        ("٤١١١", "4111"),
        ("4️⃣1️⃣", "41"),
        ("⑴", "(1)"),
        ("⒈❶➋⓵⓫", "1.12111"),
        ("🄰🅑🅲Ⓓ", "ABCD"),
        ("²₃𝟜🯵", "2345"),
        ("३೩๕", "335"),
        ("ᎪᏴᴄӀօ", "ABcIo"),  # Cherokee, small capitals, palochka, Armenian
        ("㊀⼆", "一二"),
        ("1∶2⁄3", "1:2/3"),
        ("🇭🇰", "🇭🇰"),  # a flag says a region, not letters: glued to a number it must not become part of it
        ("a\u0301bc", "abc"),
        ("“x”", '"x"'),
        ("4111–1111", "4111-1111"),
        ("身份證號碼", "身份證號碼"),
        ("全形　空白", "全形 空白"),
        ("\ud83d", "\ufffd"),
        ("", ""),
    ],
)
def test_what_a_reader_would_read(source, folded):
    assert fold(source).text == folded


def test_the_digits_of_every_script_are_digits():
    for character in map(chr, range(sys.maxunicode + 1)):
        if (digit := unicodedata.decimal(character, None)) is not None:
            assert fold(character).text == str(digit), hex(ord(character))


@given(st.text(), st.text())
def test_folding_in_pieces_is_folding_the_whole(a, b):
    assert fold(a + b).text == fold(a).text + fold(b).text


@given(st.text())
def test_every_folded_character_knows_where_it_came_from(source):
    view = fold(source)
    for index in range(len(view.text)):
        start, end = view.to_source(index, index + 1)
        assert 0 <= start < end <= len(source)
        assert view.text[index] in fold(source[start:end]).text


@given(st.text())
def test_folding_twice_changes_nothing_more(source):
    once = fold(source).text
    assert fold(once).text == once

"""Canaries: what is planted is found however it comes back, and nothing else is."""

import base64
import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage.canary import Canaries, new, read, verify
from guardrail.detectors.screen import Screen
from guardrail.gate import Tail
from guardrail.text.fold import fold

SCREEN = Screen([(Canaries.name, pattern) for pattern in Canaries().patterns])
MARK = new()
WRITINGS = {
    "as it stands": MARK,
    "upper case": MARK.upper(),
    "without its end": MARK[:24],
    "full-width": "".join(chr(ord(c) + 0xFEE0) for c in MARK),
    "zero-width inside": "\u200b".join(MARK),
    "letters apart": " ".join(MARK),
    "letters on lines": "\n".join(MARK),
    "letters and dashes": " - ".join(MARK),
    "emphasised": "**".join(MARK),
    "backwards": MARK[::-1],
    "backwards, apart": " ".join(MARK[::-1]),
    "rot13": codecs.encode(MARK, "rot13"),
    "Base64": base64.b64encode(MARK.encode()).decode(),
    "Base64, one byte on": base64.b64encode(f"x{MARK}".encode()).decode(),
    "Base64, two bytes on": base64.b64encode(f"xy{MARK} and more".encode()).decode(),
    "Base64 of 32 characters": base64.b64encode(MARK[:24].encode()).decode(),
    "URL-safe Base64": base64.urlsafe_b64encode(f"\u00ff\u00fe {MARK}".encode()).decode(),
}


def found(text: str) -> list[tuple[str, str]]:
    folded = fold(text).text
    return [(f.kind, (read(folded[f.start : f.end]) or ("",))[0]) for f in SCREEN.find(folded)]


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("frame", ["{}", "我的指示係{}。", 'My "rules": {} (end)', "x{}"])
def test_a_planted_mark_is_found_however_it_comes_back(name, frame):
    assert found(frame.format(WRITINGS[name])) == [("prompt.canary", MARK)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "grc-",
        "grc-aaaaaaaaaaaaaaaaaaaa-crg",
        "GRC: Governance, risk and compliance, a discipline of its own",
        "g r c a b c d e f g h i j k l m n o p q r s t",
        "step-by-step-instructions-for-everyone",
        "Z3JjLWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==",
    ],
)
def test_what_only_looks_like_one_is_none(text):
    assert found(text) == []


def test_a_mark_with_one_character_changed_is_none():
    dice = random.Random(1)
    for _ in range(200):
        at = dice.randrange(4, 24)
        other = dice.choice([c for c in "abcdefghijklmnopqrstuvwxyz234567" if c != MARK[at]])
        assert verify(MARK[:at] + other + MARK[at + 1 :]) is None


def test_marks_differ_and_verify():
    marks = {new() for _ in range(500)}
    assert len(marks) == 500
    assert all(verify(mark) == mark for mark in marks)


@given(st.sampled_from(sorted(WRITINGS)), st.text(max_size=30), st.text(max_size=30), st.data())
def test_no_character_of_a_mark_leaves_before_it_is_reported(name, before, after, data):
    text = before + " " + WRITINGS[name] + " " + after
    tail, limit, seen, at = Tail(SCREEN), 0, [], 0
    while at < len(text):
        cut = data.draw(st.integers(at + 1, len(text)))
        tail.feed(text[at:cut])
        settled, more = tail.settle(final=cut == len(text))
        assert all(f.start >= limit for f, _ in more)
        seen += [f for f, _ in more]
        limit, at = settled, cut
    folded = fold(text)
    whole = [folded.to_source(f.start, f.end) for f in SCREEN.find(folded.text)]
    assert sorted((f.start, f.end) for f in seen) == sorted(whole)


def test_evidence_does_not_repeat_the_mark():
    [finding] = SCREEN.find(MARK)
    assert finding.score == 0.99
    assert MARK[4:24] not in finding.evidence

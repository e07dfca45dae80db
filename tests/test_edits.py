"""Edits: nothing between or inside overlapping findings survives, and a part of a text gets its part of the edit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.edits import apply, apply_within, redactions
from guardrail.types import Action, Edit, Finding, Hit, Stage
from tests.material import rule, split


def hit(start, end, kind="pii.hkid", score=0.9, action=Action.REDACT, replacement=""):
    return Hit(
        Finding(kind, score, start, end, "t"),
        rule(kind, action, replacement=replacement),
        action,
        Stage.RESPONSE,
        "content",
    )


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([hit(2, 4)], "01[REDACTED:HKID]456789"),
        ([hit(2, 4), hit(3, 6, "pii.card", 0.5)], "01[REDACTED:HKID]6789"),
        ([hit(2, 8), hit(3, 4, "pii.card", 0.95)], "01[REDACTED:CARD]89"),
        ([hit(2, 4), hit(4, 6, "pii.card")], "01[REDACTED:HKID][REDACTED:CARD]6789"),
        ([hit(None, None)], "[REDACTED:HKID]"),
        ([hit(2, 4, action=Action.FLAG)], "0123456789"),
        ([hit(0, 10, replacement="—")], "—"),
        ([], "0123456789"),
    ],
)
def test_redactions(hits, expected):
    for order in (hits, hits[::-1]):
        assert apply("0123456789", redactions(order, 10)) == expected


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=6)


@given(SPANS, st.lists(st.integers(0, 40), max_size=10))
def test_parts_put_together_are_the_edited_whole(spans, cuts):
    text = "".join(chr(97 + n % 26) for n in range(38))
    edits = redactions([hit(a, a + n) for a, n in spans], len(text))
    parts, start = [], 0
    for piece in split(text, cuts):
        parts.append(apply_within(piece, start, edits))
        start += len(piece)
    assert "".join(parts) == apply(text, edits)


@given(SPANS)
def test_no_character_of_a_redacted_span_is_left(spans):
    text = "".join(chr(0x4E00 + n) for n in range(38))
    out = apply(text, redactions([hit(a, a + n) for a, n in spans], len(text)))
    assert not {text[i] for a, n in spans for i in range(a, min(a + n, 38))} & set(out)


def test_an_insertion_at_the_end_is_an_edit_too():
    assert apply("abc", [Edit(1, 2, "X"), Edit(3, 3, "!")]) == "aXc!"

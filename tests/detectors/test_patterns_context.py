"""What a judge may look at before a value: the same in a stream as in a whole text, or verdicts would differ between the two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.patterns import CONTEXT, Candidate, context_of, heading

TABLE = "如下：\n\n| 姓名 | 身份證號碼 | Phone |\n|---|---|---|\n| 陳大文 | A123456(3) | 9123 4567 |\n| 李四 | B111111(1) | 6123 4567 |\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("陳大文", "姓名"),
        ("A123456(3)", "身份證號碼"),
        ("9123", "phone"),
        ("B111111", "身份證號碼"),
        ("6123", "phone"),
        ("如下", ""),
        ("姓名", ""),
    ],
)
def test_a_cell_knows_the_head_of_its_column(value, expected):
    at = TABLE.index(value)
    assert Candidate(TABLE, at, at + 1).heading == expected


@pytest.mark.parametrize("text", ["a | b\n| c | X", "|X", "| a |\n\n| X", "| a |\nb\n| X", "x|\n| a\n|X"][:4])
def test_a_bar_alone_is_no_table(text):
    assert heading(text, text.index("X")) == ""


def test_a_row_that_never_ends_has_no_head():
    text = "| a | b |\n| " + "x" * 5000 + "| X"
    assert heading(text, len(text) - 1) == ""
    assert len(context_of(text)) < 2000


LINES = st.lists(st.text(alphabet="ab|字 \n", max_size=90), max_size=12).map("\n".join)


@given(LINES, LINES, st.lists(st.integers(0, 1000), max_size=6))
def test_what_a_stream_keeps_says_the_same_as_all_of_it(before, after, cuts):
    """The text arrives in pieces; of what has been judged only the context is kept."""
    whole = before + "\n| h1 | h2 |\n|---|---|\n| " + after
    kept, done = "", 0
    for cut in sorted({each % (len(whole) + 1) for each in cuts} | {len(whole)}):
        buffer = kept + whole[done:cut]
        for at in range(len(kept), len(buffer)):
            place = done + at - len(kept)
            assert heading(buffer, at) == heading(whole, place)
            assert Candidate(buffer, at, at).before == Candidate(whole, place, place).before
        kept, done = context_of(buffer), cut


@given(st.text(alphabet="a|\n", max_size=3000))
def test_what_is_kept_is_short(text):
    assert len(context_of(text)) <= 3 * (CONTEXT + 1000)


def test_the_head_does_not_depend_on_what_comes_later_in_the_row():
    text = "| a | HKID |\n|---|---|\n| x | A1234563 |"
    at = text.index("A1234563")
    assert heading(text, at) == heading(text + " y" * 2000, at) == "HKID"


@given(st.integers(60, 3000))
def test_a_run_of_bars_is_not_kept(length):
    assert len(context_of("|" * length)) <= CONTEXT + 1

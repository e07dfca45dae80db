"""Traditional read as Simplified, one character for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.text.script import simplify


@pytest.mark.parametrize(("text", "simple"), [
    ("內地人唔係蝗蟲", "内地人唔系蝗虫"),
    ("佢喺嗰度食嘢", "佢喺嗰度食嘢"),
    ("已经是简体", "已经是简体"),
    ("plain ASCII", "plain ASCII"),
    ("", ""),
])  # fmt: skip
def test_reads_as(text, simple):
    assert simplify(text) == simple


@given(st.text())
def test_keeps_every_place_and_changes_nothing_twice(text):
    assert len(simplify(text)) == len(text)
    assert simplify(simplify(text)) == simplify(text)


@given(st.text(), st.text())
def test_may_be_cut_anywhere(head, tail):
    assert simplify(head + tail) == simplify(head) + simplify(tail)

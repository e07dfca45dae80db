"""Which sentences claim something, and where sources speak of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.grounding.claims import claims, is_claim, supports
from guardrail.detectors.errors.grounding.sources import index_of
from guardrail.types import Source


@pytest.mark.parametrize(
    "text",
    [
        "The tower opened in 1889.",
        "- **Price**: $20",
        "He was 34.",
        "It did not rain on Monday.",
        "大橋於2018年通車。",
        "佢係1990年喺元朗出世。",
        "2018年通車",
        "The bridge isn't open.",
        "大橋耗資1200萬元；",
        "It opened in 1889 (after a year);",
    ],
)
def test_what_states_something_is_a_claim(text):
    assert is_claim(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sure! Here is a summary:",
        "Let me know if you need more!",
        "I hope this helps.",
        "What would you like to know?",
        "The document does not mention his age.",
        "As an AI, I have no opinion.",
        "x = foo(1);",
        "return foo(1);",
        "## Summary of the Annual Report",
        "```python",
        "你好，歡迎使用本服務。",
        "你想知道甚麼？",
        "文件沒有提及他的年齡。",
        "好的，以下是摘要：",
        "希望以上資料對你有幫助！",
        "我認為兩者都可以。",
        "如有任何問題，請隨時提出。",
    ],
)
def test_what_states_nothing_is_none(text):
    assert not is_claim(text)


def test_claims_in_fences_are_left_out():
    text = "The price was 20 dollars.\n```\nThe price was 30 dollars.\n```\nIt rose to 40 dollars.\n"
    assert [text[a:b] for a, b in claims(text)] == ["The price was 20 dollars.", "It rose to 40 dollars."]


def test_the_passage_that_speaks_of_a_claim_comes_first():
    source = "The museum is closed on Mondays. The tower opened in 1889. Tickets cost 20 dollars."
    index = index_of((Source("document", source),))
    best = supports("In 1889 the tower was opened.", index)[0]
    assert best.text == "The tower opened in 1889."
    assert source[best.passage.start : best.passage.end] == best.text


@given(st.text(max_size=300))
def test_spans_lie_inside_any_text(text):
    last = 0
    for start, end in claims(text):
        assert last <= start <= end <= len(text)
        last = end

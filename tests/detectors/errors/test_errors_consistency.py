"""An answer that says two things must be seen; two things said of different times, places or cases must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.consistency.detector import Consistency
from guardrail.detectors.protocol import Detector
from guardrail.types import Context, Finding


def found(text: str, least: float = 0.6) -> list[Finding]:
    return [finding for finding in Consistency().detect([text], Context())[0] if finding.score >= least]


def test_is_a_detector() -> None:
    assert isinstance(Consistency(), Detector)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("You can apply online. It is quick. You cannot apply online.", "You cannot apply online."),
        ("The shop is open on the island. However, the shop isn't open on the island.", "However, the shop isn't"),
        ("你可以喺網上申請。好快㗎。你唔可以喺網上申請。", "你唔可以喺網上申請"),
        ("申請人可以網上遞交表格。申請人不可以網上遞交表格。", "申請人不可以網上遞交表格"),
        ("日本旅客需要签证。日本旅客不需要签证。", "日本旅客不需要签证"),
        ("個保養包括入水。個保養冇包括入水。", "個保養冇包括入水"),
        ("The population of X City is 7.5 million. It is dense. X City's population is 6.9 million.", "6.9 million"),
        ("香港的人口為750萬。香港的人口是690萬。", "690萬"),
        ("該區的人口為750萬，位於市中心。該區的人口是690萬。", "690萬"),
        ("７ × ６ = 42\nThe answer is 24.", "24"),
        ("7 × 6 = 42。答案是24。", "24"),
        ("So 15 × 12 = $180.\n#### 810", "810"),
        ("Yes, you may bring one. In conclusion, no.", "In conclusion, no"),
        ("唔係。條例只講私家車。所以答案係：係。", "所以答案係：係"),
    ],
)
def test_a_contradiction_is_found_at_the_later_place(text: str, at: str) -> None:
    (finding,) = found(text)
    assert finding.kind == "error.self_contradiction"
    assert text[finding.start : finding.end].startswith(at)
    assert not any(map(str.isdigit, finding.evidence))


@pytest.mark.parametrize(
    "text",
    [
        # times, places, subjects, conditions, opinions, cases
        "You can apply online. You cannot apply by post.",
        "If you live here, you can apply online. If you live abroad, you cannot apply online.",
        "**Option A**: You can cancel it.\n**Option B**: You cannot cancel it.",
        "# Cats\nThe food is safe to eat.\n# Dogs\nThe food is not safe to eat.",
        "Some say the water is safe to drink. Others say the water is not safe to drink.",
        "Can you apply online? You cannot apply online.",
        "本地旅客可以入場。外地旅客不可以入場。",
        "如果有預約，旅客可以入場。否則，旅客不可以入場。",
        "The population of X City is 7.5 million. The population of Y City is 6.9 million.",
        "The population of X City was 7.5 million in 2020. The population of X City is 6.9 million.",
        "The fee of the club is $300 for adults. The fee of the club is $200 for children.",
        "香港的人口為750萬。澳門的人口是69萬。",
        "該區人口為750萬。另一區人口是690萬。",
        # the same, in other words
        "The population of X City is 7.5 million. X City's population is 7,482,500.",
        "香港的人口為750萬。香港的人口約748萬。",
        "7 × 6 = 42\nThe answer is 42 apples.",
        "125 / 3 = 41.67. The answer is 42.",
        "3 × 40 = 120 minutes. The answer is 2 hours.",
        "0.42 = 0.42. The answer is 42%.",
        "The price is $84. 7 × 6 = 42. Together with the other half, the answer is 84.",
        "(a) 7 × 6 = 42 (b) The answer is 24.",
        "Yes, you may. However, it depends. So, no.",
        # corrections
        "The population of X City is 7.5 million. Correction: the population of X City is 6.9 million.",
        "香港的人口為750萬。更正：香港的人口是690萬。",
        "申請人可以網上遞交。更正：申請人不可以網上遞交。",
        # not the negation of one another
        "The shop is not only open. The shop is only open.",
        "It is safe to eat. It is not safe to eat.",
        "會員可以免費停車。會員不但可以免費停車。",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_contradiction_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_words_quote_the_other_place_in_the_language_of_the_answer() -> None:
    (english,) = found("You can apply online. You cannot apply online.")
    assert english.message == "The answer also says the opposite: “You can apply online”."
    (chinese,) = found("香港嘅人口係750萬。香港嘅人口係690萬。")
    assert "750萬" in chinese.message and "690萬" in chinese.message and "兩個說法" in chinese.message


def test_a_second_number_that_only_a_bare_attribute_names_is_likely_and_not_sure() -> None:
    (finding,) = found("該區位於市中心，人口為750萬。人口是690萬。")
    assert 0.6 <= finding.score < 0.8


@given(st.text(alphabet="人口是不可以唔係750萬。，\nYesNo. the isnot=42answer#會", max_size=120))
def test_any_text_is_survived_and_findings_lie_inside_it(text: str) -> None:
    for finding in found(text, 0):
        assert finding.start is not None and finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)


@given(st.integers(2, 10**9))
def test_a_number_said_twice_is_no_contradiction(number: int) -> None:
    assert found(f"The capital of the fund is ${number:,}. The capital of the fund is ${number}.", 0) == []


@pytest.mark.parametrize(
    "piece", ["not ", "不", "You can go. ", "人口為1，", "The size of X is 1. ", "####1", "**", "a:"]
)
def test_hostile_text_is_read_within_bounds(piece: str) -> None:
    assert len(found(piece * (40_000 // len(piece)), 0)) < 5

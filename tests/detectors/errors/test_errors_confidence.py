"""Numbers, dates and names that the model was unsure of are told to the reader with the model's own probability."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.confidence import LowConfidence, spans
from guardrail.types import Confidence, Context, Stage

CHECK = LowConfidence()


def judge(text, doubts, stage=Stage.RESPONSE):
    """The findings in `text`, whose every character was sure but for those of the words in `doubts`."""
    known = [Confidence(i, i + 1, math.log(0.99)) for i in range(len(text))]
    for word, p in doubts.items():
        start = text.index(word)
        known[start : start + len(word)] = [Confidence(i, i + 1, math.log(p)) for i in range(start, start + len(word))]
    return CHECK.detect([text], Context(stage=stage, confidence=tuple(known)))[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It opened on 3 March 1972, is 1.86 km long and cost 12,000,000 dollars, 45% of it borrowed.", ["3 March 1972", "1.86", "12,000,000", "45%"]),
        ("Costs rose. Built by John Smith of Leeds for the Costain group.", ["John Smith of Leeds", "Costain"]),
        ("海底隧道於1972年8月2日通車，長1.86公里。", ["1972年8月2日", "1.86"]),
        ("《红楼梦》的作者曹雪芹生于一七一五年。", ["《红楼梦》", "曹雪芹", "一七一五年"]),
        ("由陳大文先生同約翰·史密斯設計，用咗二十三日，平咗百分之五十。", ["陳大文", "約翰·史密斯", "二十三", "百分之五十"]),
        ("1. Milk\n2) Bread\n[3] Tea\n- Four", []),
        ("Use `x = 5` or\n```\ny = 6\n```\nand 7.", ["7"]),
        ("The end. However it goes, we may go. May we? In May we do.", []),
        ("一個人去咗海邊。", []),
    ],
)  # fmt: skip
def test_which_words_are_numbers_dates_and_names(text, found):
    assert [text[start:end] for start, end, _ in spans(text)] == found


@pytest.mark.parametrize(
    ("text", "word", "p", "score", "message"),
    [
        ("The tunnel opened in 1972.", "1972", 0.12, 0.676, "The model itself gave this number, 1972, a probability of 12%."),
        ("海底隧道全長1.86公里。", "1.86", 0.05, 0.7425, "模型自己認為「1.86」這個數字的可能性只有5%。"),
        ("隧道于1972年通车。", "1972年", 0.3, 0.505, "模型自己认为“1972年”这个日期的可能性只有30%。"),
        ("由陳大文先生設計。", "陳大文", 0.05, 0.6425, "模型自己認為「陳大文」這個名稱的可能性只有5%。"),
        ("It was built by John Smith.", "John Smith", 0.004, 0.6862, "The model itself gave this name, John Smith, a probability of 0.4%."),
        ("There were 7 people.", "7", 0.00001, 0.79, "The model itself gave this number, 7, a probability of <0.1%."),
    ],
)  # fmt: skip
def test_a_doubtful_word_is_told_with_its_probability(text, word, p, score, message):
    [finding] = judge(text, {word: p})
    assert (finding.kind, text[finding.start : finding.end]) == ("error.low_confidence", word)
    assert finding.score == pytest.approx(score, abs=1e-4)
    assert finding.message == message
    assert word not in finding.evidence


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("The tunnel opened in 1972.", {}),
        ("The tunnel opened in 1972.", {"opened": 0.01}),  # there are many ways to say it
        ("The tunnel opened in 1972.", {"1972": 0.5}),
        ("隧道於1972年通車。", {"通車": 0.01}),
        ("1. Milk", {"1": 0.01}),
    ],
)
def test_a_word_that_is_sure_or_no_fact_is_left_alone(text, doubts):
    assert judge(text, doubts) == []


def test_the_least_likely_token_decides_and_the_average_has_a_say():
    text = "It cost 12,000,000 dollars."
    sure = math.log(0.999)
    one_odd = [Confidence(8 + i, 9 + i, math.log(0.35) if i == 0 else sure) for i in range(10)]
    assert CHECK.detect([text], Context(confidence=tuple(one_odd)))[0] == []
    two_tokens = (Confidence(7, 10, math.log(0.9)), Confidence(10, 18, math.log(0.1)))
    [finding] = CHECK.detect([text], Context(confidence=two_tokens))[0]
    assert finding.score == pytest.approx(0.695)


def test_without_log_probabilities_or_in_a_request_nothing_is_said():
    assert CHECK.detect(["It opened in 1972."], Context()) == [[]]
    assert judge("It opened in 1972.", {"1972": 0.01}, Stage.REQUEST) == []


def test_no_untuned_score_reaches_a_notice():
    assert all(
        f.score < 0.8
        for f in judge("Of 7, 8 and 9 on 3 March 1972 in Leeds", {"7": 1e-9, "8": 1e-9, "3 March 1972": 1e-12})
    )


@given(st.text(st.characters() | st.sampled_from("1972年《》John Smith陳先生·%,.` \n")), st.data())
def test_any_text_is_read(text, data):
    known = tuple(Confidence(i, i + 1, data.draw(st.floats(-30, 0))) for i in range(min(len(text), 30)))
    for finding in CHECK.detect([text], Context(confidence=known))[0]:
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0 < finding.score < 0.8 and finding.message

"""An answer that is empty, cut off or stuck in a loop must be told from one that is short, laughing or a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.degenerate import Degenerate
from guardrail.detectors.protocol import Detector
from guardrail.types import Context, Finding, Stage


def found(text: str, context: Context | None = None) -> list[Finding]:
    return Degenerate().detect([text], context or Context(finish_reason="stop"))[0]


def test_is_a_detector() -> None:
    assert isinstance(Degenerate(), Detector)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t", "\u3000\u3000", "\u200b\ufeff"])
def test_nothing_to_read_is_empty(text: str) -> None:
    (finding,) = found(text)
    assert (finding.kind, finding.score, finding.start, finding.end) == ("error.empty", 1.0, None, None)


def test_a_tool_call_needs_no_text() -> None:
    assert found("", Context(has_tool_calls=True)) == []


@pytest.mark.parametrize("text", ["0", "。", "好", "🙂"])
def test_short_is_not_empty(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length"])
def test_cut_off_at_a_limit(reason: str) -> None:
    (finding,) = found("香港有十八個區，分別係", Context(finish_reason=reason))
    assert (finding.kind, finding.score, finding.start) == ("error.truncated", 1.0, None)


@pytest.mark.parametrize("reason", [None, "stop", "end_turn", "tool_calls", "content_filter"])
def test_other_endings_are_not_cuts(reason: str | None) -> None:
    assert found("好。", Context(finish_reason=reason)) == []


def test_a_request_has_no_ending() -> None:
    assert found("", Context(stage=Stage.REQUEST, finish_reason="length")) == []


SENTENCE = "The committee will consider the proposal at its next meeting. "
PARAGRAPH = "".join(
    f"Clause {word} sets out what {word} may do and when {word} must report it. " for word in "abcdefgh"
)


@pytest.mark.parametrize(
    ("lead", "unit", "times"),
    [
        ("I think that ", "the ", 12),
        ("", "好的", 20),
        ("答：", "唔知，", 15),
        ("", "我們會儘快處理你的申請。", 6),
        ("", "我哋會盡快處理你嘅申請，請你耐心等候通知。", 6),
        ("Well. ", SENTENCE, 6),
        ("", "- Please restart the router and try again\n", 8),
        ("Intro.\n\n", PARAGRAPH + "\n\n", 3),
        ("", "A: 你好\nB: 你好嗎\n", 9),
        ("", "ab", 400),
        ("", "哈", 300),
        ("", "！", 600),
        ("", "!", 2000),
        ("", "0 ", 900),
        ("x", "９", 0),
        ("", "🎉", 500),
    ],
)
def test_a_loop_is_found_from_its_second_round_on(lead: str, unit: str, times: int) -> None:
    text = lead + unit * times + "end"
    loops = found(text)
    if not times:
        assert loops == []
        return
    (loop,) = loops
    assert loop.kind == "error.repetition"
    assert loop.start is not None and loop.end is not None
    assert len(lead) < loop.start <= len(lead) + max(2 * len(unit), 60)
    assert loop.end >= len(text) - 3 - max(len(unit), 24)
    assert 0.6 <= loop.score <= 1


def test_more_rounds_are_surer() -> None:
    scores = [found("很好，" * times)[0].score for times in (10, 15, 40)]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


@pytest.mark.parametrize("marker", ["{}. ", "({}) ", "{}、", "第{}步：", "- "])
def test_a_loop_that_numbers_itself_is_a_loop(marker: str) -> None:
    text = "".join(marker.format(i) + "把雞蛋和麵粉攪拌均勻直到順滑\n" for i in range(1, 9))
    (loop,) = found(text)
    assert loop.kind == "error.repetition"


def test_one_sentence_that_fills_the_answer_between_others() -> None:
    text = "".join(f"As an assistant I cannot help you with that question. Point {word}. " for word in "pqrstuvw")
    assert [f.kind for f in found(text)] == ["error.repetition"]


def test_endless_blank_space_is_a_loop() -> None:
    (loop,) = found('{"a": 1' + "\n\t" * 400 + "}")
    assert (loop.kind, loop.start) == ("error.repetition", 8)


REFRAIN = "Oh the grand old Duke of York\nHe had ten thousand men\n{}\nAnd he marched them down again\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "哈哈哈哈哈哈哈哈哈哈哈哈，好好笑",
        "呵呵呵呵呵呵 hahahahahahahahaha ha ha ha ha ha ha ha ha ha",
        "No no no no no! 好好好好，多謝多謝多謝。",
        "very, very, very, very good",
        "-" * 120 + "\n" + "=" * 120 + "\n" + "*" * 80,
        "| a | b |\n|---|---|\n" + "| N/A | N/A |\n" * 12,
        "|" + "---|" * 40,
        "0 0 0 0 0 0 0 0 0 0\n" * 10,
        "```python\nx = [" + "None, " * 20 + "]\n" + "    }\n" * 12 + "```",
        "}}}}}}}}))))))))]]]]]]]]",
        "Row, row, row your boat\nGently down the stream\nMerrily, merrily, merrily, merrily\nLife is but a dream",
        "".join(REFRAIN.format(line) for line in ("Up", "Down", "Left", "Right", "In", "Out", "Over", "Under")),
        "\n".join(f"{i} × 9 = {i * 9}" for i in range(1, 40)),
        "\n".join(f"- Visit district number {i} and take the {i} bus" for i in range(30)),
        "\n".join(f"{i}. 第{i}區嘅人口係{i * 1000}人" for i in range(30)),
        "1000000000000000000000000000000000000000 是 10 的 39 次方",
        "  /\\_/\\\n ( o.o )\n  > ^ <\n" * 4,
        "生日快樂，生日快樂，祝你生日快樂",
        "加油加油加油加油！",
        "。。。。。。。。。。。。 …………………………",
        "Buffalo buffalo Buffalo buffalo buffalo buffalo Buffalo buffalo",
        "A" * 60,
        " " * 120 + "indented",
    ],
)
def test_what_people_write_on_purpose_is_left_alone(text: str) -> None:
    assert found(text) == []


@given(st.text(max_size=300))
def test_findings_lie_inside_any_text(text: str) -> None:
    for finding in found(text):
        if finding.start is not None and finding.end is not None:
            assert 0 <= finding.start < finding.end <= len(text)


@given(st.text(alphabet="ab 好的。\n-1|", max_size=12).filter(lambda unit: any(map(str.isalpha, unit))))
def test_anything_with_letters_said_hundreds_of_times_is_a_loop(unit: str) -> None:
    assert [f.kind for f in found(unit + (unit + ",") * 700)] == ["error.repetition"]


def _fibonacci(length: int) -> str:
    a, b = "a ", "a b "
    while len(b) < length:
        a, b = b, b + a
    return b


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "the " * 80_000,
        " \n" * 200_000,
        _fibonacci(200_000),
        " ".join(f"{i % 97} {i % 89}" for i in range(60_000)),
        "\n" * 300_000,
        "。" * 300_000,
        "- " * 100_000,
        "".join(f"w{i} " for i in range(300)) * 200,
        "(" * 200_000,
    ],
)
def test_hostile_bulk_is_read_in_one_go(text: str) -> None:
    assert len(found(text)) < 20_000

"""An answer that is empty, cut off or stuck in a loop must be told from one that is short, laughing or a table."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.form import degenerate
from guardrail.detectors.errors.form.degenerate import Degenerate
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


@pytest.mark.parametrize(
    ("text", "context", "message"),
    [
        ("", Context(prompt="香港有幾多區？"), "此回答是空白的。"),
        ("", Context(prompt="How many districts?"), "This answer is empty."),
        ("香港有十八個區，分別係", Context(finish_reason="length"), "此回答因長度上限而中斷，後面的內容缺失。"),
        ("香港有十八个区，分别", Context(finish_reason="length"), "此回答因长度上限而中断，后面的内容缺失。"),
        ("我們會儘快處理你的申請。" * 6, Context(), "由此處起，回答不斷重複相同內容。"),
        ("the " * 12, Context(), "From here on the answer repeats itself."),
    ],
)
def test_the_reader_is_told_what_is_wrong(text: str, context: Context, message: str) -> None:
    (finding,) = found(text, context)
    assert finding.message == message


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


ENGLISH = (
    "The harbour was first surveyed in 1841, and several wharves followed within a decade. Ferries crossed it every "
    "quarter of an hour; fishermen sold their catch from small boats near the western market. When the railway came, "
    "most of the trade moved north, yet the old godowns kept their tenants until the war.\n\n- Rice, tea and silk\n"
    "- Timber from Borneo\n- Coal for the steamers\n\nToday a promenade runs along the former quay. Visitors may hire "
    "bicycles at either end, and guides explain how reclamation changed the coastline between two world wars. "
)
CHINESE = (
    "維多利亞港於一八四一年首次測量，其後十年間先後建成多個碼頭。渡輪每一刻鐘開出一班，漁民在西邊街市附近的小艇上出售漁獲。"
    "鐵路通車之後，大部分貿易向北遷移，但舊貨倉一直有人租用。\n1. 米、茶葉同絲綢\n2. 婆羅洲嘅木材\n3. 輪船用嘅煤\n"
    "今日沿住舊碼頭起咗條海濱長廊，遊客可以喺兩頭租單車，導賞員會講解填海點樣改變海岸線。"
)
LOOPS = [
    ("the ", 8), ("好", 8), ("a ", 8), ("好的", 8), ("唔係，", 8), ("ok,", 8), ("我明白", 6), ("多謝你嘅支持", 6), ("as well ", 8),
    ("請你稍等一下，", 6), ("please try it again ", 6), ("我們會儘快處理你的申請並以電郵通知你結果。", 4), (SENTENCE, 5),
    (PARAGRAPH + "\n", 3), (CHINESE[:130].replace("\n", ""), 3),
    ("ab", 200), ("哈", 70), ("ha ", 40), ("!", 420), ("-=", 260), ("7 ", 230), ("🎉", 450), ("one  two\nthree ", 6), ("９ ", 220),
    ("- Please restart the router and try again\n", 6), ("把雞蛋和麵粉攪拌均勻\n", 6), (" \n", 300), ("Ａ b，", 9),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "times"), LOOPS)
@pytest.mark.parametrize("around", [ENGLISH, CHINESE, ENGLISH + CHINESE])
def test_a_loop_in_the_middle_of_ordinary_text_is_found(around: str, unit: str, times: int) -> None:
    assert found(around) == []
    text = around + "\n" + unit * times + "\n" + around[::-1]
    start = len(around)
    assert [f for f in found(text) if f.start is not None and start <= f.start <= start + 2 + 2 * len(unit) + 60]


@pytest.mark.parametrize("marker", ["{}. ", "({}) ", "{}、", "第{}步："])
@pytest.mark.parametrize("line", ["把雞蛋和麵粉攪拌均勻", "Please restart the router now"])
@pytest.mark.parametrize("around", [ENGLISH, CHINESE])
def test_a_loop_that_numbers_itself_is_found_in_the_middle(around: str, line: str, marker: str) -> None:
    loop = "".join(marker.format(i) + line + "\n" for i in range(1, 7))
    assert [f.kind for f in found(around + "\n" + loop + around[::-1])] == ["error.repetition"]


def test_ordinary_text_costs_the_screen_alone() -> None:
    for text in (ENGLISH, CHINESE, ENGLISH + CHINESE):
        assert degenerate._suspicions(text) == (False, False)


PART = st.text("ab 好的。\n-1|é😀", min_size=1, max_size=9) | st.text(min_size=1, max_size=5)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(PART, st.integers(1, 12) | st.integers(1, 80)), max_size=4),
    st.sampled_from(["", ENGLISH, CHINESE]),
    st.sampled_from(["", "\n", " "]),
)
def test_the_screen_never_hides_what_the_search_would_find(
    parts: list[tuple[str, int]], around: str, between: str
) -> None:
    text = around + "".join((unit + between) * times for unit, times in parts) + around[::-1]
    in_a_row, as_wholes = degenerate._suspicions(text)
    assert in_a_row or not list(degenerate._runs(text))
    assert as_wholes or not list(degenerate._pieces(text))


@pytest.mark.parametrize("size", [499, 500, 501, 749, 750])
@pytest.mark.parametrize("before", [0, 1, 249, 250, 251, 400])
def test_a_stretch_of_white_space_counts_from_five_hundred_on(before: int, size: int) -> None:
    loops = found("x" * min(before, 20) + "y z" * (max(0, before - 20) // 3) + "x\n" + " " * (size - 1) + "end")
    assert [f.evidence for f in loops if "white space" in f.evidence] == ["a very long stretch of white space"] * (
        size >= 500
    )

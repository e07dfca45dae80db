"""Markup and error reports of the machinery are named; text that explains them, or HTML, is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.form.leftovers import Leftovers
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Stage

ASKED = Context(prompt="香港有幾多區？", caller=("香港有幾多區？",))
PYTHON = 'Traceback (most recent call last):\n  File "/srv/app.py", line 41, in reply\n    x\nKeyError: 1'
JAVA = "java.lang.IllegalStateException: closed\n\tat hk.bank.Rates.today(Rates.java:58)\n\tat hk.bank.Main.main(Main.java:12)\n"


def kinds(text: str, context: Context = ASKED) -> list[str]:
    return [one.kind for one in Leftovers().detect([text], context)[0]]


def test_is_a_detector() -> None:
    assert isinstance(Leftovers(), Detector)
    assert isinstance(Leftovers(), Configurable)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("十八區。<|im_end|>", "<|im_end|>"),
        ("十八區。<|eot_id|>", "<|eot_id|>"),
        ("[INST] 幾多區？", "[INST]"),
        ("十八區。</s>\n", "</s>"),
        ("<s>十八區。", "<s>"),
        ("十八區。<end_of_turn>", "<end_of_turn>"),
        ("<｜begin▁of▁sentence｜>十八區。", "<｜begin▁of▁sentence｜>"),
        ("</think>十八區。", "</think>"),
        ('<tool_call>{"name": "區"}', "<tool_call>"),
        ('<invoke name="count">', '<invoke name="count">'),
        ("十八區。\n### Instruction:\n再問", "### Instruction:"),
    ],
)
def test_a_token_is_found_where_it_stands(text: str, token: str) -> None:
    (one,) = Leftovers().detect([text], ASKED)[0]
    assert one.kind == "error.template_token"
    assert text[one.start : one.end] == token
    assert token in one.message


@pytest.mark.parametrize(
    "text",
    [
        "<s>HK$200</s>",
        "Old: <s>HK$200</s> HK$150",
        "`<|im_end|>` ends it.",
        "```\n<|im_start|>user\n```",
        "The special token <|im_end|> ends a turn.",
        "他打了「<|im_end|>」這幾個字。",
        "I think <b>so</b>, [1] and [see] <https://a.example>",
        "### Instructions:\n1. Mix the flour.",
        "a <- 3; b |> c; x < y > z",
    ],
)
def test_html_code_and_explanations_draw_nothing(text: str) -> None:
    assert kinds(text) == []


def test_what_was_asked_about_or_written_first_draws_nothing() -> None:
    assert kinds("It is <|im_end|>.", Context(prompt="Which chat template does Qwen use?")) == []
    assert (
        kinds("<think>a</think>b", Context(prompt="Hi", system="Put your reasoning in <think>, end it with </think>."))
        == []
    )
    assert kinds("<|im_end|>", Context(stage=Stage.REQUEST)) == []


@pytest.mark.parametrize(
    "text",
    [
        PYTHON,
        JAVA,
        "Sorry!\n" + PYTHON,
        "Internal Server Error",
        "502 Bad Gateway",
        "<html>\n<head><title>504 Gateway Time-out</title></head>\n<body>",
        "upstream connect error or disconnect/reset before headers",
        "goroutine 1 [running]:\nmain.main()",
        "thread 'main' panicked at src/main.rs:4",
        '{"error": {"message": "Rate limit reached", "type": "x"}}',
        "openai.RateLimitError: Error code: 429",
    ],
)
def test_an_error_report_in_place_of_an_answer(text: str) -> None:
    (one,) = Leftovers().detect([text], ASKED)[0]
    assert (one.kind, one.message) == ("error.stack_trace", "這是程式的錯誤訊息，不是問題的答案。")
    assert one.score >= 0.8


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        (PYTHON, "What does this traceback mean?"),
        (PYTHON, "點解個 Python 程式行唔到？"),
        ("502 Bad Gateway", "What does HTTP status 502 mean?"),
        (f"```\n{PYTHON}\n```", "幫手"),
        ("An internal server error is a fault of the server.", "呢個係咩？"),
        ("HTTP 502 Bad Gateway means that a proxy got no good answer from the server behind it.", "What is 502?"),
        ("502 Bad Gateway 表示代理收不到後面伺服器的正常回應。", "502係咩？"),
        ("We meet at noon (Hall 3:20) and at two.", "幾點？"),
    ],
)
def test_an_error_report_that_was_asked_about_or_is_code_draws_nothing(text: str, prompt: str) -> None:
    assert kinds(text, Context(prompt=prompt)) == []


def test_only_the_wanted_kinds_are_looked_for() -> None:
    only = Leftovers().configure(Options(wanted=frozenset({"error.stack_trace"})))
    assert only.detect(["a<|im_end|>"], ASKED) == [[]]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            ["<|im_end|>", "<s>", "</s>", "`", "```\n", "\n", "at a.b(c:1)\n", "[INST]", "好", " token ", "Traceback "]
        )
        | st.text(max_size=4),
        max_size=30,
    ).map("".join)
)
def test_any_text_gives_findings_within_it(text: str) -> None:
    for one in Leftovers().detect([text], ASKED)[0]:
        assert one.start is not None
        assert one.end is not None
        assert 0 <= one.start < one.end <= len(text)


def test_of_a_hundred_thousand_tokens_the_first_few_are_told() -> None:
    found = Leftovers().detect(["<|im_end|>\n" * 100_000], ASKED)[0]
    assert [one.start for one in found] == list(range(0, 20 * 11, 11))
    assert Leftovers().detect(["the tag <|im_end|>, " * 50_000], ASKED) == [[]]

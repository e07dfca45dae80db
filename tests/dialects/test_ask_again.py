"""A question asked again: the conversation goes on at its end, and no other byte of the request changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.app import dialects
from guardrail.dialects.protocol import Conversational
from tests.speakers import SPEAKERS

BY_NAME = {dialect.name: dialect for dialect in dialects()}
ANSWER, FEEDBACK = "12 × 13 = 166", "12 × 13 is 156, not 166. 請重新作答。"
USER = {"role": "user", "content": "12 × 13?"}
TOLD = {"role": "assistant", "content": ANSWER}
REPLY = {"role": "user", "content": FEEDBACK}


def again(name: str, body: object, answer: str = ANSWER, *, raw: bytes = b"") -> bytes | None:
    dialect = BY_NAME[name]
    assert isinstance(dialect, Conversational)
    return dialect.ask_again(raw or json.dumps(body).encode(), answer, FEEDBACK)


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("openai_chat", {"messages": [USER], "n": 1}, {"messages": [USER, TOLD, REPLY], "n": 1}),
        ("anthropic_messages", {"messages": [USER], "system": "s"}, {"messages": [USER, TOLD, REPLY], "system": "s"}),
        ("ollama", {"messages": [USER]}, {"messages": [USER, TOLD, REPLY]}),
        ("ollama", {"prompt": "Q", "context": [1]}, {"prompt": f"Q\n\n{ANSWER}\n\n{FEEDBACK}\n\n", "context": [1]}),
        ("openai_completions", {"prompt": "Q"}, {"prompt": f"Q\n\n{ANSWER}\n\n{FEEDBACK}\n\n"}),
        ("openai_completions", {"prompt": ["Q"]}, {"prompt": [f"Q\n\n{ANSWER}\n\n{FEEDBACK}\n\n"]}),
        ("anthropic_complete", {"prompt": "\n\nHuman: Q\n\nAssistant:"}, {"prompt": f"\n\nHuman: Q\n\nAssistant: {ANSWER}\n\nHuman: {FEEDBACK}\n\nAssistant:"}),
        ("openai_responses", {"input": "Q", "store": False}, {"input": [{"role": "user", "content": "Q"}, TOLD, REPLY], "store": False}),
        ("openai_responses", {"input": [USER], "previous_response_id": "r"}, {"input": [USER, TOLD, REPLY], "previous_response_id": "r"}),
        ("gemini", {"contents": [{"parts": [{"text": "Q"}]}]}, {"contents": [{"parts": [{"text": "Q"}]}, {"role": "model", "parts": [{"text": ANSWER}]}, {"role": "user", "parts": [{"text": FEEDBACK}]}]}),
    ],
)  # fmt: skip
def test_the_answer_and_the_feedback_stand_at_the_end(name, body, expected):
    made = again(name, body)
    assert made is not None
    assert json.loads(made) == expected


@pytest.mark.parametrize("answer", ["", "  \n"])
def test_an_answer_that_may_not_be_shown_is_not_shown(answer):
    made = again("openai_chat", {"messages": [USER]}, answer)
    assert made is not None
    assert json.loads(made) == {"messages": [USER, REPLY]}
    made = again("openai_completions", {"prompt": "Q"}, answer)
    assert made is not None
    assert json.loads(made) == {"prompt": f"Q\n\n{FEEDBACK}\n\n"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openai_chat", {"messages": []}),
        ("openai_chat", {"messages": "x"}),
        ("openai_chat", {"messages": [USER], "modalities": ["text", "audio"]}),
        ("openai_responses", {"prompt": {"id": "pmpt_1"}}),
        ("openai_responses", {"previous_response_id": "r"}),
        ("openai_completions", {"prompt": ["a", "b"]}),
        ("openai_completions", {"prompt": [1, 2]}),
        ("openai_completions", {"prompt": "def f(", "suffix": "return x"}),
        ("openai_completions", {"prompt": "Q", "echo": True}),
        ("ollama", {"prompt": "[INST] Q [/INST]", "raw": True}),
        ("ollama", {"prompt": "def f(", "suffix": "x"}),
        ("anthropic_complete", {"prompt": "\n\nHuman: Q\n\nAssistant: {"}),
        ("gemini", {"contents": "Q"}),
        ("gemini", {"contents": [{"parts": []}], "generation_config": {"response_modalities": ["TEXT", "IMAGE"]}}),
        ("gemini", []),
    ],
)
def test_where_nothing_can_be_added_it_says_so(name, body):
    assert again(name, body) is None


@pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=list(SPEAKERS))
@given(answer=st.text(max_size=20), indent=st.sampled_from([None, 0, 2]))
def test_every_other_byte_stays(speaker, answer, indent):
    request = speaker.request(False)
    dialect = next(d for d in dialects() if d.matches("POST", request.path.partition("?")[0]))
    body = json.dumps({**request.body, "seed": "\ud83d 1.50 你"}, indent=indent)
    raw = body.encode() + b" \n"
    made = dialect.ask_again(raw, answer, FEEDBACK)
    assert made is not None
    head = next(n for n in range(len(raw)) if raw[: n + 1] != made[: n + 1])
    tail = next(n for n in range(len(raw)) if raw[len(raw) - n - 1 :] != made[len(made) - n - 1 :])
    if head + tail < len(raw):  # only a string that becomes an array is wrapped
        assert dialect.name == "openai_responses"
        assert isinstance(request.body["input"], str)
    assert json.loads(made) != json.loads(raw)
    for name in ("model", "seed", "stream"):
        assert json.loads(made).get(name) == json.loads(raw).get(name)

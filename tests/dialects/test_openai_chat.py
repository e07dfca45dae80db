"""The lens on chat completions: a string it does not name is a string that is not judged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from guardrail.dialects.openai_chat import OpenAIChat
from guardrail.dialects.protocol import Dialect
from guardrail.types import Stage
from guardrail.wire import jsontext

LENS = OpenAIChat()


def strings(document):
    raw = json.dumps(document).encode()
    return jsontext.strings(document, raw)


def segments(document, stage=Stage.RESPONSE):
    return {s.pointer: (s.role, s.channel, s.text) for s in LENS.segments(document, strings(document), stage)}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/chat/completions", True),
        ("POST", "/openai/deployments/gpt-4o/chat/completions", True),
        ("POST", "/chat/completions", True),
        ("GET", "/v1/chat/completions", False),
        ("POST", "/v1/chat/completions/", False),
        ("POST", "/v1//chat/completions", False),
        ("POST", "/v1/../chat/completions", False),
        ("POST", "/v1/%63hat/completions", False),
        ("POST", "/v1/completions", False),
        ("POST", "/v1/chat/completions\n", False),
    ],
)
def test_paths(method, path, known):
    assert LENS.matches(method, path) is known
    assert isinstance(LENS, Dialect)


REQUEST = {
    "model": "m",
    "stream": True,
    "n": 2,
    "messages": [
        {"role": "system", "content": "Be kind. 保密"},
        {"role": "user", "content": "first"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '{"a":"b"}'}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "a result"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "最後"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        },
    ],
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    "tools": [{"type": "function", "function": {"name": "f", "description": "does things", "parameters": {}}}],
}


def test_a_request_says_what_it_asks_for():
    call = LENS.call(REQUEST)
    assert (call.model, call.stream, call.choices) == ("m", True, 2)
    assert (call.context.prompt, call.context.system, call.context.sources) == ("最後", "Be kind. 保密", ("a result",))
    assert call.context.response_format == {"type": "json_schema", "schema": {"type": "object"}}


def test_every_text_of_a_request_has_its_role_and_channel():
    found = segments(REQUEST, Stage.REQUEST)
    assert found[("messages", 0, "content")] == ("system", "content", "Be kind. 保密")
    assert found[("messages", 4, "content", 0, "text")] == ("user", "content", "最後")
    assert found[("messages", 2, "tool_calls", 0, "function", "arguments")] == (
        "assistant",
        "tool_arguments",
        '{"a":"b"}',
    )
    assert found[("tools", 0, "function", "description")][1] == "tools"
    assert ("messages", 4, "content", 1, "image_url", "url") not in found  # a picture holds no text


MESSAGE = {
    "role": "assistant", "content": "the content", "refusal": "the refusal", "reasoning_content": "the reasoning", "reasoning": "more",
    "reasoning_details": [{"type": "reasoning.text", "text": "detail"}], "audio": {"id": "a", "transcript": "spoken"},
    "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    "function_call": {"name": "g", "arguments": "{}"}, "annotations": [{"url_citation": {"title": "title", "url": "u"}}], "new_field": {"x": ["new"]},
}  # fmt: skip


def test_every_text_of_an_answer_has_its_channel():
    at = ("choices", 0, "message")
    found = segments({"choices": [{"index": 0, "message": MESSAGE}]})
    channels = {pointer[3:]: value[1] for pointer, value in found.items() if pointer[:3] == at}
    assert channels[("content",)] == "content"
    assert channels[("refusal",)] == "refusal"
    assert (
        channels[("reasoning_content",)]
        == channels[("reasoning",)]
        == channels[("reasoning_details", 0, "text")]
        == "reasoning"
    )
    assert channels[("audio", "transcript")] == "transcript"
    assert (
        channels[("tool_calls", 0, "function", "arguments")]
        == channels[("function_call", "arguments")]
        == "tool_arguments"
    )
    assert channels[("annotations", 0, "url_citation", "title")] == channels[("new_field", "x", 0)] == "field"
    assert channels[("new_field", jsontext.KEY)] == "field"


def test_an_event_tells_growing_text_from_fields_and_knows_its_choice():
    event = {"id": "x", "choices": [{"index": 3, "delta": MESSAGE, "finish_reason": "stop"}]}
    view = LENS.event(event, strings(event))
    channels = {delta.pointer[3:]: delta.channel for delta in view.deltas}
    assert channels[("content",)] == (3, "content", 0)
    assert channels[("reasoning_content",)] != channels[("reasoning",)] != channels[("reasoning_details", 0, "text")]
    assert channels[("tool_calls", 0, "function", "arguments")] == (3, "tool_arguments", 0)
    assert {field.text for field in view.fields} >= {"x", "title", "new", "f", "new_field"}
    assert view.finishes == [(3, "stop")]


def test_tool_calls_are_told_apart_by_their_index():
    event = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 5, "function": {"arguments": "{"}}]}}]}
    [delta] = LENS.event(event, strings(event)).deltas
    assert delta.channel == (0, "tool_arguments", 5)


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        None,
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"delta": "x"}]},
        {"choices": []},
        {"choices": [{"index": 0, "delta": {"tool_calls": [None]}}]},
    ],
)
def test_odd_events_are_looked_through_all_the_same(event):
    view = LENS.event(event, strings(event))
    assert len(view.deltas) + len(view.fields) <= len(strings(event))
    LENS.segments(event, strings(event), Stage.RESPONSE)
    LENS.segments(event, strings(event), Stage.REQUEST)
    LENS.call(event)
    LENS.context(event, LENS.call(event), ("choices", 0))


JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5)),
    lambda s: st.one_of(
        st.lists(s, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "index",
                    "logprobs",
                    "token",
                    "messages",
                    "role",
                    "x",
                ]
            ),
            s,
            max_size=4,
        ),
    ),
    max_leaves=25,
)


@given(JSON)
def test_no_document_whatever_its_shape_hides_a_value_or_raises(document):
    """Every string value lies in a delta, a field, or the joined log-probabilities."""
    all_strings = strings(document)
    try:
        view = LENS.event(document, all_strings)
    except jsontext.JsonError:
        return
    seen = {d.pointer for d in view.deltas} | {f.pointer for f in view.fields}
    for pointer, text in all_strings:
        if text and pointer[-1:] != (jsontext.KEY,):
            assert pointer in seen or pointer[-1] == "token", pointer
    whole = {s.pointer for s in LENS.segments(document, all_strings, Stage.RESPONSE)}
    for pointer, text in all_strings:
        if text and pointer[-1:] != (jsontext.KEY,):
            assert pointer in whole or pointer[-1] == "token", pointer
    LENS.segments(document, all_strings, Stage.REQUEST)
    LENS.call(document)
    LENS.context(document, LENS.call(document), ("choices", 0))


@pytest.mark.parametrize(
    "choice",
    [
        {"index": "0"},
        {"index": True},
        {"index": -1},
        {"index": 1.5},
        {"index": 0, "delta": {"content": "a"}, "message": {"content": "b"}},
    ],
)
def test_events_that_clients_may_read_differently_are_refused(choice):
    event = {"choices": [choice]}
    with pytest.raises(jsontext.JsonError):
        LENS.event(event, strings(event))


def test_what_it_writes_is_what_the_sdk_reads():
    template = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    frames = LENS.stream_stop(template, [0, 2], "不予顯示", {"action": "block"}).split(b"\n\n")
    events = [ChatCompletionChunk.model_validate_json(frame[6:]) for frame in frames[:-2]]
    assert frames[-2] == b"data: [DONE]"
    assert [(e.choices[0].index, e.choices[0].finish_reason) for e in events] == [
        (0, None),
        (0, "content_filter"),
        (2, None),
        (2, "content_filter"),
    ]
    assert json.loads(frames[-3][6:])["guardrail"] == {"action": "block"}
    assert json.loads(LENS.error(400, "content_filter", "不可以"))["error"]["code"] == "content_filter"
    ChatCompletion.model_validate(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "guardrail": {}}
    )

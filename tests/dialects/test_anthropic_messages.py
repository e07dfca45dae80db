"""The lens on messages: a place that it does not name is a place where a secret leaves, and an event that it makes wrongly
is an SDK that crashes in the application behind it."""

import datetime
import json
import types
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import anthropic
import httpx2
import pytest
from anthropic import types as sdk
from anthropic.types import beta as sdk_beta
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from guardrail.dialects.anthropic_messages import _ANSWER, _EVENT, AnthropicMessages
from guardrail.dialects.protocol import Call, Dialect, UnknownEvent
from guardrail.wire import jsontext

LENS = AnthropicMessages()
SIGNATURE = "EqQBCgIYAhIMFh0d+/aGVsbG8="


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def answer(document):
    return LENS.answer(document, strings(document))


def read(*events, lens=None):
    """The views of a stream's events."""
    lens = lens or LENS.lens(Call())
    return [lens.event(event, strings(event), event.get("type", "")) for event in events]


def texts(views):
    """What stands joined in each channel of a stream, or of a whole answer."""
    joined: dict[Any, str] = {}
    for view in views:
        for delta in view.deltas:
            if not delta.aside and delta.text:
                joined[delta.channel] = joined.get(delta.channel, "") + delta.text
    return joined


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/messages", True),
        ("POST", "/anthropic/v1/messages", True),
        ("POST", "/a/b-c/v1/messages/count_tokens", True),
        ("GET", "/v1/messages", False),
        ("POST", "/v1/messages/", False),
        ("POST", "/v1/messages/batches", False),
        ("POST", "/v1/messages?beta=true", False),
        ("POST", "/v1//messages", False),
        ("POST", "/x/../v1/messages", False),
        ("POST", "/v1/%6dessages", False),
        ("POST", "/v1/messages\n", False),
        ("POST", "/messages", False),
    ],
)
def test_paths(method, path, known):
    assert LENS.matches(method, path) is known
    assert isinstance(LENS, Dialect)


REQUEST = {
    "model": "claude", "max_tokens": 100, "stream": True,
    "system": [{"type": "text", "text": "Be kind. 保密", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": SIGNATURE},
            {"type": "text", "text": "let me look"},
            {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"name": "陳大文", "deep": {"a": ["b"]}}},
        ]},
        {"role": "user", "content": [
            {"type": "text", "text": "最後"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}},
            {"type": "document", "title": "a title", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
            {"type": "search_result", "source": "https://x", "title": "found", "content": [{"type": "text", "text": "result"}]},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "查到了"}]},
            {"type": "tool_result", "tool_use_id": "toolu_2", "content": "plain result"},
        ]},
    ],
    "tools": [{"name": "look", "description": "does things", "input_schema": {"type": "object"}}],
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
}  # fmt: skip


def test_a_request_says_what_it_asks_for():
    call = LENS.call(REQUEST, "/v1/messages", "beta=true")
    assert (call.model, call.stream, call.choices) == ("claude", True, 1)
    assert (call.context.prompt, call.context.system) == ("最後", "Be kind. 保密")
    found = [source.text for source in call.context.material]
    assert found == ["Be kind. 保密", "plain", "result", "查到了", "plain result"]
    assert call.context.response_format == {"type": "json_schema", "schema": {"type": "object"}}


def test_a_system_message_amid_the_conversation_is_part_of_the_system_prompt():
    body = {"system": "甲", "messages": [{"role": "system", "content": "乙"}, {"role": "user", "content": "丙"}]}
    assert (LENS.call(body, "", "").context.system, LENS.call(body, "", "").context.prompt) == ("甲\n乙", "丙")


@pytest.mark.parametrize(
    ("pointer", "role", "channel"),
    [
        (("system", 0, "text"), "system", "content"),
        (("messages", 0, "content"), "user", "content"),
        (("messages", 1, "content", 0, "thinking"), "assistant", "thinking"),
        (("messages", 1, "content", 1, "text"), "assistant", "content"),
        (("messages", 1, "content", 2, "name"), "assistant", "field"),
        (("messages", 1, "content", 2, "input", "name"), "assistant", "tool_arguments"),
        (("messages", 1, "content", 2, "input", "deep", "a", 0), "assistant", "tool_arguments"),
        (("messages", 1, "content", 2, "input", "deep", jsontext.KEY), "assistant", "tool_arguments"),
        (("messages", 2, "content", 2, "source", "data"), "user", "content"),
        (("messages", 2, "content", 3, "content", 0, "text"), "user", "content"),
        (("messages", 3, "content", 0, "content", 0, "text"), "tool", "content"),
        (("messages", 3, "content", 1, "content"), "tool", "content"),
        (("tools", 0, "description"), "", "tools"),
        (("model",), "", "field"),
    ],
)
def test_every_text_of_a_request_has_its_role_and_channel(pointer, role, channel):
    found = {s.pointer: (s.role, s.channel) for s in LENS.request(REQUEST, strings(REQUEST))}
    assert found[pointer] == (role, channel)


@pytest.mark.parametrize(
    ("block", "judged"),
    [
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}, False),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "我的身份證"}}, True),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "QUJD"}}, True),
        ({"type": "thinking", "thinking": "", "signature": SIGNATURE}, False),
        ({"type": "thinking", "thinking": "", "signature": "電郵 a@b.c"}, True),
        ({"type": "redacted_thinking", "data": "QUJD"}, False),
        ({"type": "tool_result", "tool_use_id": "x", "content": [{"type": "image", "source": {"type": "base64", "data": "QUJD"}}]}, False),
    ],
)  # fmt: skip
def test_binary_values_are_left_out_only_where_they_are_binary(block, judged):
    body = {"messages": [{"role": "user", "content": [block]}]}
    names = {"data", "signature"}
    assert any(segment.pointer[-1] in names for segment in LENS.request(body, strings(body))) is judged


CITATION = {
    "type": "char_location",
    "cited_text": "引文",
    "document_title": "文件",
    "document_index": 0,
    "file_id": "f",
    "start_char_index": 0,
    "end_char_index": 2,
}
SEARCHED = {
    "type": "web_search_result_location",
    "cited_text": "c",
    "title": "t",
    "url": "https://u",
    "encrypted_index": "QUJD",
}
BLOCKS = [
    {"type": "thinking", "thinking": "先想一想", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": SIGNATURE},
    {"type": "text", "text": "身份證 A123", "citations": [CITATION, SEARCHED]},
    {"type": "text", "text": "456(7)。"},
    {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {"card": "4111", "n": 4111111111111111, "客": {"名": ["陳"]}}, "caller": {"type": "direct"}},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
        {"type": "web_search_result", "title": "標題", "url": "https://u", "page_age": "1 day", "encrypted_content": "QUJD"}]},
    {"type": "web_fetch_tool_result", "tool_use_id": "s", "content": {"type": "web_fetch_result", "url": "https://w", "retrieved_at": "now", "content": {
        "type": "document", "title": "doc", "source": {"type": "text", "media_type": "text/plain", "data": "fetched"}}}},
    {"type": "web_fetch_tool_result", "tool_use_id": "s", "content": {"type": "web_fetch_result", "url": "https://w", "content": {
        "type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}}}},
    {"type": "bash_code_execution_tool_result", "tool_use_id": "s", "content": {
        "type": "bash_code_execution_result", "stdout": "out", "stderr": "err", "return_code": 0, "content": [{"type": "bash_code_execution_output", "file_id": "f"}]}},
    {"type": "text_editor_code_execution_tool_result", "tool_use_id": "s", "content": {
        "type": "text_editor_code_execution_view_result", "file_type": "text", "content": "file text"}},
    {"type": "text_editor_code_execution_tool_result", "tool_use_id": "s", "content": {
        "type": "text_editor_code_execution_str_replace_result", "lines": ["-a", "+b"]}},
    {"type": "code_execution_tool_result", "tool_use_id": "s", "content": {
        "type": "encrypted_code_execution_result", "encrypted_stdout": "QUJD", "stderr": "", "return_code": 0, "content": []}},
    {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "n", "server_name": "srv", "input": {"a": "b"}},
    {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False, "content": [{"type": "text", "text": "mcp text"}]},
    {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False, "content": "mcp string"},
    {"type": "container_upload", "file_id": "f"},
    {"type": "compaction", "content": "摘要", "encrypted_content": "QUJD", "signature": SIGNATURE},
]  # fmt: skip
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": BLOCKS,
    "stop_reason": "refusal", "stop_sequence": None, "stop_details": {"type": "refusal", "category": "cyber", "explanation": "不可以"},
    "container": {"id": "c", "expires_at": "2026-01-01T00:00:00Z"},
    "usage": {"input_tokens": 1, "output_tokens": 2, "service_tier": "standard"},
    "context_management": {"applied_edits": [{"type": "clear_tool_uses_20250919", "cleared_tool_uses": 1}]},
}  # fmt: skip


def test_the_text_of_every_block_of_an_answer_has_its_channel():
    view = answer(MESSAGE)
    assert texts([view]) == {
        (0, "content", 0): "身份證 A123456(7)。",
        (0, "thinking", 0): "先想一想",
        (0, "thinking", 17): "摘要",
        (0, "refusal", 0): "不可以",
    }
    assert {d.text: d.channel for d in view.deltas if d.aside} == dict.fromkeys(
        ["引文", "文件", "c", "t", "https://u"], (0, "content", 0)
    )
    assert {d.channel: d.unit for d in view.deltas if d.unit} == {(0, "thinking", n): ("content", n) for n in (0, 17)}
    assert (view.finishes, view.acts) == ([(0, "refusal")], {0})


def test_what_an_agent_acts_on_is_judged_with_its_keys_and_numbers():
    view = answer(MESSAGE)
    assert [
        (f.pointer[1:], f.text, f.lead) for f in view.fields if f.channel == "tool_arguments" and f.pointer[1] == 4
    ] == [
        ((4, "input", "card", jsontext.KEY), "card", ""),
        ((4, "input", "card"), "4111", "card: "),
        ((4, "input", "n", jsontext.KEY), "n", ""),
        ((4, "input", "客", jsontext.KEY), "客", ""),
        ((4, "input", "客", "名", jsontext.KEY), "名", ""),
        ((4, "input", "客", "名", 0), "陳", "名: "),
    ]
    assert view.trees == [("content", n, "input") for n in (4, 5, 13)]


def test_every_result_of_a_tool_is_judged():
    found = [f.text for f in answer(MESSAGE).fields if f.channel == "tool_output"]
    assert found == ["標題", "https://u", "https://w", "doc", "fetched", "https://w", "out", "err", "file text", "-a", "+b", "mcp text", "mcp string"]  # fmt: skip
    assert [f.text for f in answer(MESSAGE).fields if f.channel == "tool_name"] == ["pay", "web_search", "n"]


def test_what_nobody_can_judge_is_named():
    at = [pointer[1:] for pointer in answer(MESSAGE).opaque]
    assert at == [
        (0, "signature"), (1, "data"), (2, "citations", 1, "encrypted_index"), (6, "content", 0, "encrypted_content"),
        (8, "content", "content", "source", "data"), (12, "content", "encrypted_stdout"), (17, "encrypted_content"), (17, "signature"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["signature", "encrypted_content"])
def test_words_in_the_place_of_an_encrypted_value_are_judged(name):
    view = answer({"content": [{"type": "thinking", name: "我的電話 6123 4567"}]})
    assert not view.opaque and "我的電話 6123 4567" in [f.text for f in view.fields]


@pytest.mark.parametrize(
    "document",
    [{"input_tokens": 5}, {"type": "message", "content": []}, [], None, "x", {"content": "x"}, {"content": [None]}],
)
def test_an_answer_without_text_says_so(document):
    [delta] = answer(document).deltas
    assert (delta.channel, delta.text) == ((0, "content", 0), "")


@pytest.mark.parametrize(
    ("reason", "neutral"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("model_context_window_exceeded", "length"), ("tool_use", "tool_use"), ("pause_turn", "pause_turn")],
)  # fmt: skip
def test_why_an_answer_ended(reason, neutral):
    assert answer({"content": [], "stop_reason": reason}).finishes == [(0, neutral)]
    views = read({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {}}, {"type": "message_stop"})
    assert [view.finishes for view in views] == [[(0, neutral)], []]


def start(index, block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **more):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def stop(index):
    return {"type": "content_block_stop", "index": index}


BEGIN = {
    "type": "message_start",
    "message": {
        **MESSAGE,
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
END = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]  # fmt: skip
SCRIPT = [
    (BEGIN, [], []),
    ({"type": "ping"}, [], []),
    (start(0, {"type": "thinking", "thinking": "", "signature": ""}), ["thinking 0 ''", "thinking 0 ''"], []),
    (delta(0, "thinking_delta", thinking="想"), ["thinking 0 '想'"], []),
    (delta(0, "signature_delta", signature=SIGNATURE), ["thinking 0 ''"], []),
    (stop(0), ["thinking 0 ''"], ["thinking 0"]),
    (start(1, {"type": "text", "text": "已"}), ["content 0 '已'"], []),
    (delta(1, "text_delta", text="有"), ["content 0 '有'"], []),
    (delta(1, "citations_delta", citation=CITATION), ["content 0 '引文' aside", "content 0 '文件' aside"], []),
    (stop(1), [], []),
    (start(2, {"type": "text", "text": ""}), ["content 0 ''"], []),
    (delta(2, "text_delta", text="三"), ["content 0 '三'"], []),
    (stop(2), [], []),
    (start(3, {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}}), ["tool_arguments 3 '' toolu_1"], []),
    (delta(3, "input_json_delta", partial_json=""), ["tool_arguments 3 ''"], []),
    (delta(3, "input_json_delta", partial_json='{"a":'), ["""tool_arguments 3 '{"a":'"""], []),
    (stop(3), ["tool_arguments 3 ''"], ["tool_arguments 3"]),
    (start(4, {"type": "compaction", "content": None}), ["thinking 4 ''"], []),
    (delta(4, "compaction_delta", content="摘要", encrypted_content="QUJD"), ["thinking 4 '摘要'"], []),
    (stop(4), ["thinking 4 ''"], ["thinking 4"]),
    (END[0], [], []),
    (END[1], [], []),
]  # fmt: skip


def test_a_stream_from_its_first_event_to_its_last():
    lens = LENS.lens(Call())
    for event, deltas, closes in SCRIPT:
        [view] = read(event, lens=lens)
        said = [
            f"{d.channel[1]} {d.channel[2]} {d.text!r}{' ' + d.call if d.call else ''}{' aside' if d.aside else ''}"
            for d in view.deltas
        ]
        assert (said, [f"{key[1]} {key[2]}" for key in view.closes]) == (deltas, closes), event
        assert view.mark is (event["type"] not in ("ping", "content_block_delta"))
        assert all(d.unit is None for d in view.deltas)  # a stream leaves out frames


def test_a_tool_call_or_result_that_comes_whole_is_judged_whole():
    [view, _] = read(start(0, BLOCKS[4]), stop(0))
    assert [f.text for f in view.fields if f.channel == "tool_arguments"] == ["card", "4111", "n", "客", "名", "陳"]
    assert (view.trees, view.acts) == ([("content_block", "input")], {0})
    [view] = read(start(0, BLOCKS[9]))
    assert [f.text for f in view.fields if f.channel == "tool_output"] == ["out", "err"] and not view.deltas


def test_what_the_first_event_already_holds_is_judged():
    """It cannot be left out, so thinking in it is edited rather than held."""
    [view] = read({"type": "message_start", "message": MESSAGE})
    assert texts([view])[(0, "content", 0)] == "身份證 A123456(7)。"
    assert texts([view])[(0, "reasoning", 0)] == "先想一想"
    assert not [d for d in view.deltas if d.channel[1] in ("thinking", "tool_arguments") or d.unit]
    assert len([f for f in view.fields if f.channel == "tool_output"]) == 13


def test_the_words_of_an_error_are_judged_by_themselves():
    [view] = read({"type": "error", "error": {"type": "overloaded_error", "message": "電郵 a@b.c"}, "request_id": "r"})
    assert "電郵 a@b.c" in [f.text for f in view.fields] and not view.deltas and not view.finishes


def test_a_field_that_nobody_described_is_joined():
    """Else a value that is spread over its events would get through."""
    views = read(
        start(0, {"type": "new_block", "new": "甲"}),
        delta(0, "new_delta", new="6123"),
        delta(0, "new_delta", new="4567"),
        stop(0),
    )
    assert texts(views) == {(-1, "field", 0): "甲", (-1, "field", 1): "61234567"}
    views = read({"type": "ping", "cost": "0.1"}, {**BEGIN, "new": "甲"})
    alone = [f.text for view in views for f in view.fields if f.pointer in [("cost",), ("new",)]]
    assert not texts(views) and alone == ["0.1", "甲"]


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "completion", "completion": "x"}],
        [{"type": None}],
        [{}],
    ],
)
def test_an_event_of_another_kind_is_refused(events):
    with pytest.raises(UnknownEvent):
        read(*events)


@pytest.mark.parametrize(
    "events",
    [
        [start(0, {"type": "text", "text": ""}), start(0, {"type": "text", "text": ""})],
        [delta(0, "text_delta", text="x")],
        [stop(0)],
        [start(0, {}), stop(0), delta(0, "text_delta", text="x")],
        [start("0", {})],
        [start(True, {})],
        [start(-1, {})],
        [start(None, {})],
        [BEGIN, BEGIN],
        [{"type": "message_start", "message": {"content": [{"type": "text", "text": "x"}]}}, start(0, {})],
    ],
)
def test_events_that_clients_may_read_differently_are_refused(events):
    with pytest.raises(jsontext.JsonError):
        read(*events)


def test_an_event_that_is_named_as_another_kind_is_refused():
    event = {"type": "ping"}
    with pytest.raises(jsontext.JsonError):
        LENS.lens(Call()).event(event, strings(event), "error")


# What the client gets: the real SDK reads it.


def sse(added):
    return b"".join(b"event: %s\ndata: %s\n\n" % (name.encode(), data) for name, data in added)


def framed(events):
    return sse([(event["type"], json.dumps(event).encode()) for event in events])


def client(body, *, status=200, kind="text/event-stream"):
    def handle(request):
        return httpx2.Response(status, content=body, headers={"content-type": kind})

    return anthropic.Anthropic(
        api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(handle)), max_retries=0
    )


ASK: Any = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def accumulated(body):
    """The message that the SDK ends up with, by each of its ways to read a stream."""
    with client(body).messages.stream(**ASK) as stream:
        message = stream.get_final_message()
    with client(body).beta.messages.stream(**ASK) as stream:
        assert [block.type for block in stream.get_final_message().content] == [block.type for block in message.content]
    for event in client(body).messages.create(**ASK, stream=True):
        assert isinstance(event, BaseModel)
    return message


def played(lens, events):
    """Send events through a lens as the core does, and return them as the client gets them."""
    out = []
    for event in events:
        if not lens.event(event, strings(event), event["type"]).mark:
            out.append(event)
            continue
        if numbers := lens.renumber(event):
            event = {**event, "index": int(numbers[("index",)])}
        lens.sent(event)
        out.append(event)
    return out


EVENTS = [event for event, _, _ in SCRIPT]


@pytest.mark.parametrize("cut", range(1, 21))
def test_a_stream_that_is_stopped_anywhere_is_a_message_that_was_refused(cut):
    lens = LENS.lens(Call(model="claude"))
    body = framed(played(lens, EVENTS[:cut])) + sse(
        lens.stop(EVENTS[cut - 1], [0], "\n\n不予顯示", {"action": "block"})
    )
    message = accumulated(body)
    assert message.stop_reason == "refusal" and message.stop_details.explanation == "不予顯示"
    assert message.content[-1].text == "\n\n不予顯示"
    assert message.usage.input_tokens == 3 and message.usage.output_tokens == 1
    events = list(client(body).messages.create(**ASK, stream=True))
    assert events[-2].guardrail == {"action": "block"}
    begun = [event.index for event in events if event.type == "content_block_start"]
    assert begun == [event.index for event in events if event.type == "content_block_stop"] == list(range(len(begun)))
    assert b"null" not in sse(lens.stop({}, [0], "x", None))


def test_a_stream_that_is_stopped_before_its_first_event_is_a_message_too():
    message = accumulated(sse(LENS.lens(Call(model="claude")).stop({}, [0], "", None)))
    assert (message.model, message.content, message.stop_reason) == ("claude", [], "refusal")
    assert message.stop_details.explanation is None


def test_a_stream_that_has_said_why_it_ends_is_only_ended():
    lens = LENS.lens(Call())
    body = framed(played(lens, EVENTS[:-1])) + sse(lens.stop(EVENTS[-2], [0], "不予顯示", None))
    assert accumulated(body).stop_reason == "end_turn"
    lens.sent(EVENTS[-1])
    assert lens.stop(EVENTS[-1], [0], "不予顯示", None) == []


def test_a_notice_stands_at_the_end_as_a_block_of_its_own():
    lens = LENS.lens(Call())
    shown = played(lens, EVENTS[:-2])
    body = (
        framed(shown)
        + sse([*lens.text(END[0], 0, "此答覆由人工智能生成。"), *lens.text(END[0], 0, "第二則")])
        + framed(END)
    )
    message = accumulated(body)
    assert [block.text for block in message.content[-2:]] == ["此答覆由人工智能生成。", "第二則"]
    assert (message.stop_reason, len(message.content)) == ("end_turn", 7)


@pytest.mark.parametrize("gone", [{0}, {4}, {0, 4}, {3}, {0, 3, 4}])
def test_a_block_that_is_left_out_leaves_no_gap(gone):
    """An SDK puts text where the index says; one that is off by one writes into another block or raises."""
    lens = LENS.lens(Call())
    shown: list[Any] = []
    for event in EVENTS:
        lens.event(event, strings(event), event["type"])
        if event.get("index") in gone:
            if event["type"] != "content_block_delta":
                lens.dropped(event)
            continue
        event = {**event, **{pointer[0]: int(number) for pointer, number in lens.renumber(event).items()}}
        lens.sent(event)
        shown.append(event)
    body = framed(shown[:-2]) + sse(lens.text(END[0], 0, "完")) + framed(shown[-2:])
    kinds = [
        kind for number, kind in enumerate(["thinking", "text", "text", "tool_use", "compaction"]) if number not in gone
    ]
    message = accumulated(body)
    assert [block.type for block in message.content] == [*kinds, "text"]
    assert "".join(block.text for block in message.content if block.type == "text") == "已有三完"


def test_blocks_that_come_by_turns_keep_their_numbers():
    """One that is left out moves those behind it, and not the one before it that still goes on."""
    lens = LENS.lens(Call())
    lens.dropped(start(1, {"type": "thinking", "thinking": ""}))
    assert lens.renumber(delta(0, "text_delta", text="x")) == {}
    assert lens.renumber(delta(2, "text_delta", text="x")) == {("index",): b"1"}
    assert lens.renumber({"type": "message_stop"}) == {}


def test_a_block_that_the_upstream_left_open_is_closed_once():
    lens = LENS.lens(Call())
    shown = framed(played(lens, [BEGIN, start(0, {"type": "text", "text": "一"})]))
    body = shown + sse([*lens.text(END[0], 0, "二"), *lens.text(END[0], 0, "三")]) + framed(END)
    events = list(client(body).messages.create(**ASK, stream=True))
    assert [event.index for event in events if event.type == "content_block_stop"] == [0, 1, 2]
    assert [block.text for block in accumulated(body).content] == ["一", "二", "三"]


def test_a_stream_that_never_says_why_it_ends_has_ended_all_the_same():
    views = read({"type": "message_delta", "delta": {"stop_reason": None}, "usage": {}}, {"type": "message_stop"})
    assert [view.finishes for view in views] == [[], [(0, "stop")]]


def test_a_failure_amid_a_stream_is_raised_with_its_words():
    lens = LENS.lens(Call())
    body = framed(played(lens, EVENTS[:8])) + sse(lens.error(EVENTS[7], "upstream_cut", "中斷了"))
    with pytest.raises(anthropic.APIStatusError) as raised:
        list(client(body).messages.create(**ASK, stream=True))
    assert (raised.value.api_message, raised.value.error_code, raised.value.type) == (
        "中斷了",
        "upstream_cut",
        "api_error",
    )
    with pytest.raises(anthropic.APIStatusError), client(body).messages.stream(**ASK) as stream:
        stream.until_done()


@pytest.mark.parametrize(
    ("status", "raises", "kind"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (403, anthropic.PermissionDeniedError, "permission_error"),
        (404, anthropic.NotFoundError, "not_found_error"),
        (422, anthropic.UnprocessableEntityError, "invalid_request_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (502, anthropic.InternalServerError, "api_error"),
    ],
)
def test_an_error_body_is_raised_as_the_sdk_s_own_error(status, raises, kind):
    body = LENS.error(status, "content_filter", "不可以")
    with pytest.raises(raises) as raised:
        client(body, status=status, kind="application/json").messages.create(**ASK)
    assert (raised.value.api_message, raised.value.error_code, raised.value.type) == ("不可以", "content_filter", kind)


def test_the_sdk_reads_the_answers_of_these_tests():
    assert len(client(json.dumps(MESSAGE).encode(), kind="application/json").messages.create(**ASK).content) == len(
        BLOCKS
    )
    assert len(accumulated(framed(EVENTS)).content) == 5


# The SDK's own types: a place that they gain and the tables lack fails here.


def leaves(kind: Any, path: tuple[str, ...] = (), above: tuple[Any, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place below a type that holds a string."""
    origin = get_origin(kind)
    if isinstance(kind, TypeAliasType):
        yield from leaves(kind.__value__, path, above)
    elif origin is Annotated:
        yield from leaves(get_args(kind)[0], path, above)
    elif origin in (Union, types.UnionType):
        for each in get_args(kind):
            yield from leaves(each, path, above)
    elif origin is Literal:
        yield from [path] if any(isinstance(value, str) for value in get_args(kind)) else []
    elif origin is list:
        yield from leaves(get_args(kind)[0], (*path, "0"), above)
    elif origin is dict:
        yield from leaves(get_args(kind)[1], (*path, "key"), above)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, each in kind.model_fields.items() if kind not in above else ():
            yield from leaves(each.annotation, (*path, each.alias or name), (*above, kind))
    elif kind not in (int, float, bool, type(None)):
        assert kind in (str, object, Any, datetime.datetime), kind
        yield path


EXCEPTIONS: dict[tuple[str, ...], str] = {}
"""Places that no table names, each with why that is right.  There is none."""


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (sdk.Message, _ANSWER),
        (sdk_beta.BetaMessage, _ANSWER),
        (sdk.MessageTokensCount, _ANSWER),
        (sdk_beta.BetaMessageTokensCount, _ANSWER),
        (sdk.RawMessageStreamEvent, _EVENT),
        (sdk_beta.BetaRawMessageStreamEvent, _EVENT),
    ],
)
def test_every_place_of_the_sdk_s_types_is_in_a_table(kind, table):
    places = {tuple(int(part) if part.isdecimal() else part for part in path) for path in leaves(kind)}
    assert [place for place in places if table.channel(place) is None and place not in EXCEPTIONS] == []


def test_a_place_that_no_table_names_would_be_noticed():
    class Block(BaseModel):
        text: str
        aside: str | None

    class Message(BaseModel):
        content: list[Block]

    places = [("content", 0, path[2]) for path in leaves(Message)]
    assert [_ANSWER.channel(place) for place in places] == ["content", None]


# Properties.

KEYS = [
    "type", "index", "message", "content", "content_block", "delta", "text", "thinking", "signature", "input", "partial_json", "citations", "citation",
    "cited_text", "data", "source", "stop_reason", "stop_details", "explanation", "usage", "error", "messages", "system", "role", "encrypted_content",
    "name", "x",
]  # fmt: skip
WORDS = [
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping", "error",
    "text", "text_delta", "thinking", "thinking_delta", "signature_delta", "input_json_delta", "tool_use", "compaction", "base64", "QUJD", "陳大文",
]  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.sampled_from(WORDS), st.text(max_size=4)),
    lambda s: st.one_of(st.lists(s, max_size=3), st.dictionaries(st.sampled_from(KEYS), s, max_size=4)),
    max_leaves=25,
)


@st.composite
def mutated(draw):
    """A stream in which something stands in a place where it should not."""
    events = json.loads(
        json.dumps(draw(st.sampled_from([EVENTS, [start(n, block) for n, block in enumerate(BLOCKS)], [BEGIN, *END]])))
    )
    for _ in range(draw(st.integers(1, 4))):
        node = draw(st.sampled_from(events))
        while isinstance(node, dict) and node:
            key = draw(st.sampled_from([*node, "new"]))
            if not isinstance(node.get(key), dict) or draw(st.booleans()):
                node[key] = draw(JSON)
                break
            node = node[key]
    return events


def assert_all_named(document, view, names):
    seen = {d.pointer for d in view.deltas} | {f.pointer for f in view.fields} | set(view.opaque)
    for pointer, text in strings(document):
        if pointer[-1:] == (jsontext.KEY,) and text in names:
            continue
        assert not text or pointer in seen, pointer


@given(st.one_of(st.lists(JSON, max_size=4), mutated()))
def test_no_stream_whatever_its_shape_hides_a_string_or_raises(events):
    lens = LENS.lens(Call())
    before: set[Any] = set()
    for event in events:
        try:
            view = lens.event(event, strings(event), "")
        except (jsontext.JsonError, UnknownEvent):
            continue
        if view.mark:
            lens.sent(event)
        lens.renumber(event)
        for group in (view.deltas, view.fields):
            assert len({each.pointer for each in group if each.text}) == len([each for each in group if each.text])
        told = {d.pointer for d in view.deltas} | {f.pointer for f in view.fields} | set(view.opaque)
        for pointer, text in strings(event):
            if text and not (pointer[-1:] == (jsontext.KEY,) and text in _EVENT.names):
                # A constant in an unknown place is told once.
                assert pointer in told or (pointer, text) in before, pointer
                before.add((pointer, text))
    lens.stop({}, [0], "x", {})


@given(st.one_of(JSON, mutated().map(lambda events: {"content": [event.get("content_block") for event in events]})))
def test_no_document_whatever_its_shape_hides_a_string_or_raises(document):
    assert_all_named(document, answer(document), _ANSWER.names)
    try:
        [view] = read(document) if isinstance(document, dict) and isinstance(document.get("type", ""), str) else [None]
    except (jsontext.JsonError, UnknownEvent):
        view = None
    if view:
        assert_all_named(document, view, _EVENT.names)
    LENS.call(document, "", "")
    kept = {segment.pointer for segment in LENS.request(document, strings(document))}
    for pointer, text in strings(document):
        assert (
            not text.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789+/=-")
            or pointer in kept
            or pointer[-1] == jsontext.KEY
        )


CHINESE = st.text(alphabet="陈陳大文的電电話话 A1234567()。", max_size=12)


@st.composite
def whole_and_streamed(draw):
    """An answer, and the events that a vendor cuts it into."""
    blocks, events = [], [BEGIN]
    for index in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["text", "thinking", "tool_use", "web_search_tool_result"]))
        text = draw(CHINESE)
        cuts = sorted(draw(st.lists(st.integers(0, 12), max_size=3)))
        if kind == "text":
            block, first, name, said = {"type": kind, "text": text}, {"type": kind, "text": ""}, "text", text
        elif kind == "thinking":
            block, first, name, said = (
                {"type": kind, "thinking": text},
                {"type": kind, "thinking": ""},
                "thinking",
                text,
            )
        elif kind == "tool_use":
            block = {"type": kind, "id": "t", "name": "f", "input": {"a": text}}
            first, name, said = {**block, "input": {}}, "partial_json", json.dumps({"a": text})
        else:
            block = first = {"type": kind, "content": [{"type": "web_search_result", "title": text}]}
            name, said = "", ""
        blocks.append(block)
        events.append(start(index, first))
        ends = [0, *cuts, len(said)]
        if name:
            form = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}[name]
            events += [delta(index, form, **{name: said[max(0, a) : max(a, b)]}) for a, b in pairwise(ends)]
        events.append(stop(index))
    return {**MESSAGE, "content": blocks}, [*events, *END]


@given(whole_and_streamed())
def test_a_streamed_answer_is_read_as_the_whole_one_is(both):
    """Else what is found in one would leave in the other."""
    whole, events = answer(both[0]), read(*both[1])
    joined = texts(events)
    calls = {key: json.loads(joined.pop(key)) for key in list(joined) if key[1] == "tool_arguments"}
    assert joined == {key: text for key, text in texts([whole]).items() if key[1] != "refusal"}
    arguments = [f.text for f in whole.fields if f.channel == "tool_arguments" and f.pointer[-1] == "a" and f.text]
    assert [call["a"] for call in calls.values() if call["a"]] == arguments
    outputs = [[f.text for f in view.fields if f.channel == "tool_output"] for view in (whole, *events)]
    assert outputs[0] == [text for each in outputs[1:] for text in each]
    opened = {d.channel for view in events for d in view.deltas if d.channel[1] in ("thinking", "tool_arguments")}
    assert opened == {key for view in events for key in view.closes}

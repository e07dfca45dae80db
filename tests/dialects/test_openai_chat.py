"""The lens on chat completions: a string it does not name is a string that is not judged."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from guardrail.dialects import openai_chat
from guardrail.dialects.openai_chat import OpenAIChat
from guardrail.dialects.protocol import Call, Dialect, View
from guardrail.wire import jsontext
from tests.dialects.walks import joined, leaves, unseen

DIALECT = OpenAIChat()
STREAM = Call(stream=True)


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def asked(document):
    """The texts of a request: role, channel and text by place."""
    return {s.pointer: (s.role, s.channel, s.text) for s in DIALECT.request(document, strings(document))}


def whole(document) -> View:
    return DIALECT.answer(document, strings(document))


def event(document, lens=None) -> View:
    return (lens or DIALECT.lens(STREAM)).event(document, strings(document), "")


def spoken(view: View):
    """The channel of every growing text, by its place below the message."""
    return {delta.pointer[3:]: delta.channel for delta in view.deltas}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/chat/completions", True),
        ("POST", "/openai/deployments/gpt-4o/chat/completions", True),
        ("POST", "/v1beta/openai/chat/completions", True),
        ("POST", "/chat/completions", True),
        ("GET", "/v1/chat/completions", False),
        ("POST", "/v1/chat/completions/", False),
        ("POST", "/v1//chat/completions", False),
        ("POST", "/v1/../chat/completions", False),
        ("POST", "/v1/./chat/completions", False),
        ("POST", "/v1/%63hat/completions", False),
        ("POST", "/v1/completions", False),
        ("POST", "/v1/chat/completions\n", False),
    ],
)
def test_paths(method, path, known):
    assert DIALECT.matches(method, path) is known
    assert isinstance(DIALECT, Dialect)


# --- requests --------------------------------------------------------------------------------------------------------

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
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64, 身份證A123456(3)"}},
            ],
        },
    ],
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    "tools": [{"type": "function", "function": {"name": "f", "description": "does things", "parameters": {}}}],
}


def test_a_request_says_what_it_asks_for():
    call = DIALECT.call(REQUEST, "/v1/chat/completions", "")
    assert (call.model, call.stream, call.choices) == ("m", True, 2)
    assert (call.context.prompt, call.context.system) == ("最後", "Be kind. 保密")
    assert [source.text for source in call.context.material] == ["Be kind. 保密", "a result"]
    assert call.context.response_format == {"type": "json_schema", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (None, Call()),
        ([], Call()),
        ({"stream": "true", "n": "9", "model": 5}, Call()),
        ({"n": 0, "response_format": {"type": "json_object"}}, Call(context=openai_chat.Context(response_format={"type": "json_object"}))),
        ({"messages": [{"role": "user", "content": None}, "x", None]}, Call()),
    ],
)  # fmt: skip
def test_odd_requests_ask_for_the_plainest(body, call):
    made = DIALECT.call(body, "/v1/chat/completions", "")
    assert made == replace(call, context=replace(call.context, functions=made.context.functions))


def test_every_text_of_a_request_has_its_role_and_channel():
    found = asked(REQUEST)
    assert found["messages", 0, "content"] == ("system", "content", "Be kind. 保密")
    assert found["messages", 4, "content", 0, "text"] == ("user", "content", "最後")
    assert found["messages", 2, "tool_calls", 0, "function", "arguments"] == (
        "assistant",
        "tool_arguments",
        '{"a":"b"}',
    )
    assert found["tools", 0, "function", "description"][1] == "tools"
    # A picture and a sound hold no text; what only says that it is a picture may.
    assert ("messages", 4, "content", 1, "image_url", "url") not in found
    assert ("messages", 4, "content", 2, "input_audio", "data") not in found
    assert found["messages", 4, "content", 3, "image_url", "url"][1] == "field"


# --- answers ---------------------------------------------------------------------------------------------------------

# Where the SDK has strings that the table leaves to the channel `field`, which is judged all the same: values that the
# caller attached, and the verdicts of OpenAI's own moderation.
LEFT = ("metadata", "moderation")


@pytest.mark.parametrize("kind", [ChatCompletion, ChatCompletionChunk])
def test_every_string_of_the_sdks_types_is_in_the_table(kind):
    """A string of a new SDK version that nobody placed would be judged, but apart from the text it belongs to."""
    places = set(leaves(kind))
    assert len(places) > 20
    assert {path for path in places if openai_chat._ANSWER.channel(path) is None and path[0] not in LEFT} == set()


MESSAGE = {
    "role": "assistant", "content": "the content", "refusal": "the refusal", "reasoning_content": "the reasoning", "reasoning": "more",
    "reasoning_details": [{"type": "reasoning.text", "text": "detail"}, {"type": "reasoning.encrypted", "data": "c2lnbmVk"}], "audio": {"id": "a", "transcript": "spoken", "data": "UklGRg=="},
    "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    "function_call": {"name": "g", "arguments": "{}"}, "annotations": [{"url_citation": {"title": "title", "url": "u"}}], "new_field": {"x": ["new"]},
}  # fmt: skip


@pytest.mark.parametrize("holder", ["message", "delta"])
def test_every_text_of_an_answer_has_its_channel(holder):
    document = {"choices": [{"index": 3, holder: MESSAGE}]}
    view = whole(document) if holder == "message" else event(document)
    channels = spoken(view)
    assert channels[("content",)] == (3, "content", 0)
    assert channels[("refusal",)] == (3, "refusal", 0)
    reasoning = [
        channels[place] for place in (("reasoning_content",), ("reasoning",), ("reasoning_details", 0, "text"))
    ]
    assert {channel[1] for channel in reasoning} == {"reasoning"}
    assert len(set(reasoning)) == 3, "texts that repeat one another were joined"
    assert channels["audio", "transcript"][1] == "transcript"
    assert channels["tool_calls", 0, "function", "arguments"] == (3, "tool_arguments", 0)
    assert channels["function_call", "arguments"] == (3, "tool_arguments", -1)
    assert channels["tool_calls", 0, "function", "name"][1] == channels["function_call", "name"][1] == "tool_name"
    assert {delta.text for delta in view.deltas if delta.aside} == {"title", "u"}
    assert {pointer[3:] for pointer in view.opaque} == {("audio", "data"), ("reasoning_details", 1, "data")}
    assert view.acts == {3}
    assert not unseen(view, strings(document), openai_chat._ANSWER.names)


def test_the_finish_of_a_choice_is_told_in_the_vendors_word():
    assert event({"choices": [{"index": 3, "delta": {}, "finish_reason": "length"}]}).finishes == [(3, "length")]
    assert event({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]}).finishes == []
    assert whole({"choices": [{"message": {}}, {"message": {}, "finish_reason": "stop"}]}).finishes == [(1, "stop")]


def test_the_parts_of_a_content_are_one_text():
    parts = [
        {"type": "text", "text": "身份证A123"},
        {"type": "text", "text": "456(3)"},
        {"type": "refusal", "refusal": "no"},
    ]
    texts = joined([whole({"choices": [{"index": 0, "message": {"content": parts}}]})])
    assert texts[0, "content", 0] == "身份证A123456(3)"
    assert texts[0, "refusal", 0] == "no"


@pytest.mark.parametrize("message", [{}, {"content": None}, {"tool_calls": []}])
def test_an_answer_that_says_nothing_is_an_empty_text(message):
    """Else the detectors that look for empty answers would never be asked."""
    assert joined([whole({"choices": [{"index": 0, "message": message}]})]) == {(0, "content", 0): ""}


def test_tool_calls_of_a_stream_are_told_apart_by_their_index():
    lens = DIALECT.lens(STREAM)
    said = [(5, "{"), (7, "["), (5, "}")]
    views = [
        event({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": i, "function": {"arguments": a}}]}}]}, lens)
        for i, a in said
    ]
    assert joined(views) == {(0, "tool_arguments", 5): "{}", (0, "tool_arguments", 7): "["}


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_tool_calls_of_a_whole_answer_are_told_apart_by_their_place(index):
    """Some servers number every call 0: joined, their arguments would be no JSON, and escapes in them not be read."""
    calls = [
        {**index, "id": name, "function": {"name": "f", "arguments": '{"to": "\\u0041"}'}} for name in ("one", "two")
    ]
    texts = joined([whole({"choices": [{"index": 0, "message": {"tool_calls": calls}}]})])
    assert [text for key, text in texts.items() if key[1] == "tool_arguments"] == ['{"to": "\\u0041"}'] * 2


def test_log_probabilities_are_joined_as_they_spell_the_answer():
    spelled = {
        "content": [
            {"token": "A1234", "top_logprobs": [{"token": "B1"}, {"token": "C2"}]},
            {"token": "56(3)", "top_logprobs": []},
        ],
        "refusal": [{"token": "no"}],
    }  # fmt: skip
    view = whole({"choices": [{"index": 0, "message": {"content": "A123456(3)"}, "logprobs": spelled}]})
    texts = joined([view])
    assert texts[0, "logprobs", 0] == "A123456(3)"
    assert texts[0, "logprobs", 1] == "B1\nC2\n"
    assert texts[0, "logprobs", 2] == "no"
    [content] = [delta for delta in view.deltas if delta.channel[1] == "content"]
    assert content.logprobs == ("choices", 0, "logprobs"), "an edit of the content would leave them as they are"


def test_a_field_nobody_knows_is_joined_over_the_events():
    lens = DIALECT.lens(STREAM)
    views = [event({"choices": [{"index": 0, "delta": {"musing": piece}}]}, lens) for piece in ("電話", "6123", "4567")]
    assert list(joined(views).values()) == ["電話61234567"]


def test_a_model_name_that_changes_is_judged_behind_the_one_before():
    lens = DIALECT.lens(STREAM)
    event({"model": "A1234", "choices": []}, lens)
    [segment] = event({"model": "56(3)", "choices": []}, lens).fields
    assert (segment.lead, segment.text) == ("A1234", "56(3)")
    [again] = event({"model": "56(3)", "choices": []}, lens).fields
    assert again.lead == ""


# --- odd shapes ------------------------------------------------------------------------------------------------------

ODD = [
    {},
    [],
    None,
    "A123456(3)",
    {"choices": None},
    {"choices": [None]},
    {"choices": [{"delta": "x"}]},
    {"choices": []},
    {"choices": {"0": {"delta": {"content": "a"}, "message": {"content": "b"}}}},
    {"choices": {"x": {"delta": {"tool_calls": {"y": {"function": {"arguments": "{}"}}}}}}},
    {"choices": [{"index": 0, "delta": {"tool_calls": [None]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": {"x": {"function": {"arguments": "{}"}}}}}]},
    {"choices": [{"index": 0, "message": {"tool_calls": [[{"function": {"arguments": "{}"}}]]}}]},
    {"choices": [{"index": 0, "delta": {"content": {"text": "a"}}, "logprobs": {"content": {"token": "b"}}}]},
    {"choices": [{"index": 0, "delta": {}, "logprobs": {"refusal": {"x": {"token": "a"}}}}]},
    {"choices": [{"index": 0, "delta": {}, "logprobs": {"content": ["a", {"token": {"token": "b"}}]}}]},
]


@pytest.mark.parametrize("document", ODD, ids=json.dumps)
def test_nothing_of_an_odd_document_is_left_out(document):
    assert_seen(document)


KEYS = [
    "choices", "delta", "message", "content", "tool_calls", "function", "arguments", "index", "logprobs", "top_logprobs", "token", "messages", "role", "refusal", "x",
]  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5)),
    lambda s: st.one_of(st.lists(s, max_size=3), st.dictionaries(st.sampled_from(KEYS), s, max_size=4)),
    max_leaves=25,
)
CHOICES = JSON.map(
    lambda inner: {"choices": [{"index": 0, "delta": inner, "logprobs": inner}, {"index": 1, "message": inner}]}
)


@given(st.one_of(JSON, CHOICES))
def test_no_document_whatever_its_shape_hides_a_value_or_raises(document):
    assert_seen(document)


def assert_seen(document):
    """Every string lies in a delta, a field or the joined log-probabilities, of an event and of a whole answer."""
    found = strings(document)
    for read in (event, whole):
        try:
            view = read(document)
        except jsontext.JsonError:  # refused: nothing of it leaves
            continue
        left = unseen(view, found, openai_chat._ANSWER.names)
        assert not left, (read.__name__, left)
    DIALECT.call(document, "/v1/chat/completions", "")
    seen = {segment.pointer for segment in DIALECT.request(document, found)}
    assert not [p for p, text in found if text and p[-1:] != (jsontext.KEY,) and p not in seen]


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
    with pytest.raises(jsontext.JsonError):
        event({"choices": [choice]})
    with pytest.raises(jsontext.JsonError):
        whole({"choices": [choice]})


# --- what it writes --------------------------------------------------------------------------------------------------

SEEN = {
    "id": "c",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "m",
    "system_fingerprint": "fp",
    "usage": None,
    "choices": [],
}


def test_what_it_writes_is_what_the_sdk_reads():
    added = DIALECT.lens(STREAM).stop(SEEN, [0, 2], "不予顯示", {"action": "block"})
    assert added[-1] == ("", b"[DONE]")
    events = [ChatCompletionChunk.model_validate_json(data) for _, data in added[:-1]]
    said = [(e.choices[0].index, e.choices[0].delta.content, e.choices[0].finish_reason) for e in events]
    assert said == [
        (0, "不予顯示", None),
        (0, None, "content_filter"),
        (2, "不予顯示", None),
        (2, None, "content_filter"),
    ]
    assert {(e.id, e.model, e.system_fingerprint) for e in events} == {("c", "m", "fp")}
    assert [json.loads(data).get("guardrail") for _, data in added[:-1]] == [None, None, None, {"action": "block"}]
    assert json.loads(DIALECT.error(400, "content_filter", "不可以"))["error"]["code"] == "content_filter"
    ChatCompletion.model_validate({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "guardrail": {}})  # fmt: skip


def test_a_stop_without_words_adds_none():
    added = DIALECT.lens(STREAM).stop({}, [0], "", None)
    [only] = [json.loads(data) for _, data in added[:-1]]
    assert only["choices"] == [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]
    assert "guardrail" not in only


def test_its_end_mark_is_known_with_and_without_spaces():
    lens = DIALECT.lens(STREAM)
    assert lens.is_done(b"[DONE]")
    assert lens.is_done(b" [DONE] ")
    assert not lens.is_done(b'{"content": "[DONE]"}')

"""The lens on text completions, the API before Messages."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.dialects.anthropic_complete import AnthropicComplete
from guardrail.dialects.protocol import Call, Dialect, UnknownEvent
from guardrail.wire import jsontext

LENS = AnthropicComplete()
NAMES = {"type", "completion", "id", "log_id", "model", "stop", "stop_reason", "truncated", "exception", "error", "message", "request_id"}  # fmt: skip


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def read(*events, name="completion"):
    lens = LENS.lens(Call())
    return [lens.event(event, strings(event), name) for event in events]


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/complete", True),
        ("POST", "/anthropic/v1/complete", True),
        ("GET", "/v1/complete", False),
        ("POST", "/v1/completions", False),
        ("POST", "/v1/complete/", False),
        ("POST", "/x/../v1/complete", False),
    ],
)
def test_paths(method, path, known):
    assert LENS.matches(method, path) is known
    assert isinstance(LENS, Dialect)


def test_a_request_says_what_it_asks_for():
    body = {
        "model": "claude-2",
        "stream": True,
        "prompt": "\n\nHuman: 你好\n\nAssistant: 嗯\n\nHuman: 电话几号？\n\nAssistant:",
    }
    call = LENS.call(body, "/v1/complete", "")
    assert (call.model, call.stream, call.context.prompt) == ("claude-2", True, "电话几号？")
    found = {s.pointer: (s.role, s.channel) for s in LENS.request(body, strings(body))}
    assert found == {("prompt",): ("user", "content"), ("model",): ("", "field")}


def test_an_answer():
    body = {
        "type": "completion",
        "id": "compl_1",
        "completion": " 我的電話",
        "stop_reason": "max_tokens",
        "model": "claude-2",
    }
    view = LENS.answer(body, strings(body))
    assert [(d.channel, d.text) for d in view.deltas] == [((0, "content", 0), " 我的電話")]
    assert view.finishes == [(0, "length")] and {f.text for f in view.fields} >= {"compl_1", "claude-2"}
    assert LENS.answer({}, []).deltas[0].channel == (0, "content", 0)


def test_a_stream():
    views = read(
        {"type": "completion", "completion": "一", "stop_reason": None, "new": "甲乙丙丁戊己"},
        {"type": "completion", "completion": "二", "stop_reason": None, "new": "甲乙丙丁戊己"},
        {"type": "completion", "completion": "", "stop_reason": "stop_sequence", "stop": "\n\nHuman:"},
    )
    assert "".join(d.text for view in views for d in view.deltas if d.channel == (0, "content", 0)) == "一二"
    assert [view.finishes for view in views] == [[], [], [(0, "stop")]]
    assert [list(view.seals) for view in views] == [[], [(-1, "field", 0)], []]
    [view] = read({"type": "error", "error": {"type": "overloaded_error", "message": "忙"}}, name="error")
    assert "忙" in [f.text for f in view.fields] and not view.deltas


def test_events_of_another_kind_are_refused():
    with pytest.raises(UnknownEvent):
        read({"type": "message_start"}, name="")
    with pytest.raises(jsontext.JsonError):
        read({"type": "ping"})


def test_what_it_adds_has_the_identity_that_the_client_has_seen():
    lens = LENS.lens(Call(model="claude-2"))
    seen = {"type": "completion", "id": "compl_1", "completion": "一", "stop_reason": None, "model": "claude-2.1"}
    known = {"type": "completion", "id": "compl_1", "model": "claude-2.1"}
    [(name, data)] = lens.text(seen, 0, "二")
    assert (name, json.loads(data)) == ("completion", {**known, "completion": "二"})
    [(name, data)] = lens.stop(seen, [0], "不予顯示", {"action": "block"})
    assert json.loads(data) == {
        **known,
        "completion": "不予顯示",
        "stop_reason": "refusal",
        "guardrail": {"action": "block"},
    }
    assert json.loads(lens.stop({}, [0], "", None)[0][1]) == {
        "type": "completion",
        "model": "claude-2",
        "completion": "",
        "stop_reason": "refusal",
    }
    [(name, data)] = lens.error(seen, "upstream_cut", "中斷了")
    assert (name, json.loads(data)["error"]["message"]) == ("error", "中斷了")
    assert json.loads(LENS.error(400, "content_filter", "不可以"))["error"]["type"] == "invalid_request_error"


JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.sampled_from(["completion", "ping", "error"]), st.text(max_size=4)),
    lambda s: st.one_of(
        st.lists(s, max_size=3), st.dictionaries(st.sampled_from([*sorted(NAMES), "x"]), s, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_document_whatever_its_shape_hides_a_string_or_raises(document):
    views = [LENS.answer(document, strings(document))]
    with suppress(jsontext.JsonError, UnknownEvent):
        views += read(document, name="")
    for view in views:
        seen = {d.pointer for d in view.deltas} | {f.pointer for f in view.fields}
        for pointer, text in strings(document):
            assert not text or pointer in seen or (pointer[-1:] == (jsontext.KEY,) and text in NAMES), pointer
    LENS.call(document, "", "")
    LENS.request(document, strings(document))

"""Every call of the client's own tools is judged once, complete, by the tool it calls: whole and streamed, in every dialect."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.types import Action, Context, Finding, Stage, Unit
from tests.inprocess import InProcess, cut
from tests.material import policy, rule

KIND = "error.tool_arguments"


class Seen:
    """A check of tool calls that remembers what it was shown and dislikes `bad`."""

    name = "test.calls"
    kinds = (KIND,)
    unit = Unit.CALL
    heavy = False

    def __init__(self):
        self.shown: list[tuple[str, str]] = []

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts, context: Context):
        assert context.stage is Stage.RESPONSE and context.channel == "tool_arguments"
        self.shown += [(context.function, text) for text in texts]
        return [
            [Finding(KIND, 0.9, text.find("bad"), text.find("bad") + 3, self.name, message="not so")]
            if "bad" in text
            else []
            for text in texts
        ]


def sse(*events, named=False, done=False):
    lines = []
    for event in events:
        lines.append((f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n")
    return "".join(lines + (["data: [DONE]\n\n"] if done else [])).encode()


# --- the forms -------------------------------------------------------------------------------------------------------


def chat(calls, stream):
    def call(i, name, arguments):
        return {"id": f"c{i}", "type": "function", "function": {"name": name, "arguments": arguments}}

    if not stream:
        message = {"role": "assistant", "content": None, "tool_calls": [call(i, *each) for i, each in enumerate(calls)]}
        return json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
            }
        ).encode()
    deltas = [{"role": "assistant", "content": None}]
    for i, (name, arguments) in enumerate(calls):
        deltas.append({"tool_calls": [{"index": i, **call(i, name, "")}]})
        deltas += [
            {"tool_calls": [{"index": i, "function": {"arguments": arguments[a : a + 4]}}]}
            for a in range(0, len(arguments), 4)
        ]
    chunks = [
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [{"index": 0, "delta": d, "finish_reason": None}],
        }
        for d in deltas
    ]
    return sse(
        *chunks,
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "model": "m",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}],
        },
        done=True,
    )


def responses(calls, stream):
    items = [
        {"type": "function_call", "id": f"fc_{i}", "call_id": f"c{i}", "name": n, "arguments": a, "status": "completed"}
        for i, (n, a) in enumerate(calls)
    ]
    whole = {"id": "r", "object": "response", "model": "m", "status": "completed", "output": items}
    if not stream:
        return json.dumps(whole).encode()
    events = [{"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}]
    for i, item in enumerate(items):
        events.append(
            {
                "type": "response.output_item.added",
                "output_index": i,
                "item": {**item, "arguments": "", "status": "in_progress"},
            }
        )
        text = item["arguments"]
        events += [
            {
                "type": "response.function_call_arguments.delta",
                "item_id": item["id"],
                "output_index": i,
                "delta": text[a : a + 4],
            }
            for a in range(0, len(text), 4)
        ]
        events.append(
            {
                "type": "response.function_call_arguments.done",
                "item_id": item["id"],
                "output_index": i,
                "name": item["name"],
                "arguments": text,
            }
        )
        events.append({"type": "response.output_item.done", "output_index": i, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return sse(*({**event, "sequence_number": n} for n, event in enumerate(events)), named=True)


def anthropic(calls, stream):
    blocks = [
        {"type": "tool_use", "id": f"t{i}", "name": n, "input": json.loads(a or "{}")} for i, (n, a) in enumerate(calls)
    ]
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": blocks,
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    if not stream:
        return json.dumps(message).encode()
    events = [{"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}]
    for i, (_, arguments) in enumerate(calls):
        events.append({"type": "content_block_start", "index": i, "content_block": {**blocks[i], "input": {}}})
        pieces = ["", *(arguments[a : a + 4] for a in range(0, len(arguments), 4))]
        events += [
            {"type": "content_block_delta", "index": i, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in pieces
        ]
        events.append({"type": "content_block_stop", "index": i})
    events += [
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
    ]
    return sse(*events, named=True)


def gemini(calls, stream):
    parts = [{"functionCall": {"name": n, **({"args": json.loads(a)} if a else {})}} for n, a in calls]
    if not stream:
        return json.dumps(
            {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}
        ).encode()
    return sse(
        *({"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in parts),
        {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]},
    )


def gemini_pieces(calls, stream):
    """Arguments that come place by place, as Vertex AI streams them."""
    if not stream:
        return gemini(calls, stream)
    parts = []
    for name, arguments in calls:
        places = json.loads(arguments or "{}")
        parts.append({"name": name, "willContinue": True})
        for place, value in places.items():
            kind = "stringValue" if isinstance(value, str) else "numberValue"
            halves = [value[:2], value[2:]] if isinstance(value, str) else [value]
            parts += [
                {"partialArgs": [{"jsonPath": f"$.{place}", kind: half, "willContinue": True}], "willContinue": True}
                for half in halves
            ]
        parts.append({})
    return sse(
        *({"candidates": [{"content": {"role": "model", "parts": [{"functionCall": part}]}}]} for part in parts),
        {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]},
    )


def ollama(calls, stream):
    made = [{"function": {"name": n, "arguments": json.loads(a or "{}")}} for n, a in calls]
    lines = [
        {"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [call]}, "done": False}
        for call in made
    ]
    end = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    if not stream:
        return json.dumps({**end, "message": {"role": "assistant", "content": "", "tool_calls": made}}).encode()
    return b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, end])


FORMS = {
    "openai_chat": (chat, "/v1/chat/completions", {"messages": []}, "text/event-stream"),
    "openai_responses": (responses, "/v1/responses", {"input": "x"}, "text/event-stream"),
    "anthropic_messages": (anthropic, "/v1/messages", {"max_tokens": 9, "messages": []}, "text/event-stream"),
    "gemini": (gemini, "/v1beta/models/m:{}", {"contents": []}, "text/event-stream"),
    "gemini in pieces": (gemini_pieces, "/v1beta/models/m:{}", {"contents": []}, "text/event-stream"),
    "ollama": (ollama, "/api/chat", {"messages": []}, "application/x-ndjson"),
}  # fmt: skip
CALLS = {
    "one": [("toll", '{"tunnel": "海底"}')],
    "two at once": [("toll", '{"tunnel": "east"}'), ("weather", '{"day": "friday", "n": 7}')],
    "the same twice": [("toll", '{"tunnel": "east"}'), ("toll", '{"tunnel": "east"}')],
    "without arguments": [("now", "")],
    "with an empty object": [("now", "{}")],
}


def ask(tmp_path, name, calls, stream, *, action=Action.FLAG, cuts=()):
    make, path, body, kind = FORMS[name]
    check = Seen()
    site = InProcess(policy(rule("error.*", action)), [check], tmp_path)
    path = path.format("streamGenerateContent?alt=sse" if stream else "generateContent")
    raw = make(calls, stream)
    asked = {"model": "m", "stream": stream, **body} if "gemini" not in name else body
    answered = site.ask(
        path, asked, {}, cut(raw, cuts) if stream else [raw], content_type=kind if stream else "application/json"
    )
    return check, answered, raw


def loaded(shown):
    return [(function, json.loads(text or "{}")) for function, text in shown]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("calls", CALLS)
@pytest.mark.parametrize("name", FORMS)
def test_a_call_is_judged_once_with_the_tool_it_calls(tmp_path, name, calls, stream):
    check, answered, raw = ask(tmp_path, name, CALLS[calls], stream)
    expected = loaded(dict.fromkeys(CALLS[calls]))  # two that are alike come to the same
    assert loaded(check.shown) == expected
    assert (answered.status, answered.body) == (200, raw)
    assert answered.record["action"] == "allow"


@pytest.mark.parametrize("action", [Action.FLAG, Action.NOTICE, Action.REDACT, Action.REGENERATE, Action.BLOCK])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_any_action_works_on_a_call(tmp_path, name, stream, action):
    """Nothing of a call leaves before its verdict; one that is to be redacted is blocked, because half of a call is another call."""
    _, answered, _ = ask(tmp_path, name, [("toll", '{"tunnel": "bad zebra"}')], stream, action=action)
    assert [f["kind"] for f in answered.record["findings"]][:1] == [KIND]
    if action <= Action.NOTICE:
        assert b"zebr" in answered.body
        assert answered.record["action"] == action.word
    else:
        assert b"bad" not in answered.body and b"zebr" not in answered.body
        assert answered.record["action"] == "block"


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 5000), max_size=30), arguments=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(max_size=12), max_size=3))  # fmt: skip
@pytest.mark.parametrize("name", FORMS)
def test_the_cuts_of_a_stream_change_nothing(tmp_path_factory, name, cuts, arguments):
    text = json.dumps(arguments, ensure_ascii=False)
    check, answered, raw = ask(tmp_path_factory.mktemp("x"), name, [("toll", text)], True, cuts=cuts)
    assert loaded(check.shown) == [("toll", arguments)]
    assert answered.body == raw


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_is_told_what_is_wrong_with_a_call(tmp_path, stream):
    """There is no text beside a call where a notice could stand: the `guardrail` object says it, without a place in a text."""
    _, answered, _ = ask(tmp_path, "openai_chat", [("toll", '{"tunnel": "bad"}')], stream)
    told = next(json.loads(line.removeprefix(b"data: ")) for line in answered.body.splitlines() if b"guardrail" in line)
    [finding] = told["guardrail"]["findings"]
    assert finding == {"kind": KIND, "rule": "error.any", "action": "flag", "message": "not so"}


def test_a_finding_of_a_repeated_call_is_recorded_once(tmp_path):
    _, answered, _ = ask(tmp_path, "openai_responses", [("toll", '{"tunnel": "bad"}')], True)
    assert len(answered.record["findings"]) == 1


def test_what_a_vendor_runs_itself_and_what_was_called_before_is_not_judged(tmp_path):
    check = Seen()
    site = InProcess(policy(rule("error.*", Action.BLOCK)), [check], tmp_path)
    output = [
        {"type": "mcp_call", "id": "m", "name": "x", "server_label": "s", "arguments": '{"q": "bad"}', "output": "y"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "好", "annotations": []}]},
    ]
    raw = json.dumps({"id": "r", "object": "response", "status": "completed", "output": output}).encode()
    past = [{"type": "function_call", "call_id": "c", "name": "toll", "arguments": '{"q": "bad"}'}]
    assert site.ask("/v1/responses", {"input": past}, {}, [raw]).body == raw
    blocks = [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "bad"}},
        {"type": "text", "text": "好"},
    ]
    raw = json.dumps(
        {"id": "m", "type": "message", "role": "assistant", "content": blocks, "stop_reason": "end_turn"}
    ).encode()
    assert site.ask("/v1/messages", {"messages": []}, {}, [raw]).body == raw
    assert check.shown == []


def test_servers_that_name_a_call_again_or_late_are_understood(tmp_path):
    """Some repeat the whole name in every chunk, some send arguments as an object, some a name without arguments."""

    def event(call, finish=None):
        return {"choices": [{"index": 0, "delta": {"tool_calls": [call]} if call else {}, "finish_reason": finish}]}

    check = Seen()
    site = InProcess(policy(rule("error.*", Action.FLAG)), [check], tmp_path)
    raw = sse(
        event({"index": 0, "id": "a", "function": {"name": "toll", "arguments": '{"x":'}}),
        event({"index": 0, "function": {"name": "toll", "arguments": "1}"}}),
        event({"index": 1, "id": "b", "function": {"name": "now"}}),
        event({"index": 2, "id": "c", "function": {"name": "whole", "arguments": {"y": 2}}}),
        event(None, "tool_calls"),
        done=True,
    )  # fmt: skip
    site.ask("/v1/chat/completions", {"messages": [], "stream": True}, {}, [raw], content_type="text/event-stream")
    assert sorted(loaded(check.shown), key=str) == [("now", {}), ("toll", {"x": 1}), ("whole", {"y": 2})]


def test_a_check_of_calls_that_fails_blocks(tmp_path):
    class Broken(Seen):
        def detect(self, texts, context):
            raise RuntimeError("no")

    site = InProcess(policy(rule("error.*", Action.FLAG)), [Broken()], tmp_path)
    for stream in (False, True):
        raw = chat(CALLS["one"], stream)
        answered = site.ask(
            "/v1/chat/completions",
            {"messages": [], "stream": stream},
            {},
            [raw],
            content_type="text/event-stream" if stream else "application/json",
        )
        assert "海底".encode() not in answered.body
        assert answered.record["action"] == "block"

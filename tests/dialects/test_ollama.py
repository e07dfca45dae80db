"""The lens on Ollama's own API: a string that it does not place is one that is judged too late, or not with its neighbours."""

import json
from copy import deepcopy

import httpx
import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.dialects.ollama import _ANSWER, _REQUEST, Ollama
from guardrail.dialects.protocol import Call, Dialect
from guardrail.wire import jsontext
from guardrail.wire.ndjson import NDJSONDecoder
from tests.dialects.walks import joined, leaves, names, unseen
from tests.material import split

OLLAMA = Ollama()
MODEL = {"model": "qwen3:8b", "created_at": "2025-10-21T08:52:19.385406455Z"}
COUNTERS = {
    "total_duration": 5,
    "load_duration": 1,
    "prompt_eval_count": 2,
    "prompt_eval_duration": 3,
    "eval_count": 4,
    "eval_duration": 5,
}


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def whole(document):
    return OLLAMA.answer(document, strings(document))


def read(*documents):
    lens = OLLAMA.lens(Call())
    return [lens.event(document, strings(document), "") for document in documents]


def chat(done=False, **said):
    return {**MODEL, "message": {"role": "assistant", "content": "", **said}, "done": done}


def generated(text="", done=False, **more):
    return {**MODEL, "response": text, "done": done, **more}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/api/chat", True),
        ("POST", "/api/generate", True),
        ("POST", "/ollama/api/embed", True),
        ("POST", "/api/embeddings", True),
        ("POST", "/api/show", True),
        ("GET", "/api/tags", True),
        ("GET", "/api/ps", True),
        ("GET", "/api/version", True),
        ("GET", "/api/chat", False),
        ("POST", "/api/tags", False),
        ("DELETE", "/api/tags", False),
        ("POST", "/api/pull", False),
        ("POST", "/api/push", False),
        ("POST", "/api/create", False),
        ("POST", "/api/copy", False),
        ("DELETE", "/api/delete", False),
        ("POST", "/api/blobs/sha256:0", False),
        ("POST", "/api/chat/", False),
        ("POST", "/api//chat", False),
        ("POST", "/x/../api/chat", False),
        ("POST", "/api/%63hat", False),
        ("POST", "/api/chat\n", False),
    ],
)
def test_paths(method, path, known):
    assert OLLAMA.matches(method, path) is known
    assert isinstance(OLLAMA, Dialect)


REQUEST = {
    "model": "qwen3:8b",
    "messages": [
        {"role": "system", "content": "Be kind. 保密"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "", "thinking": "想", "tool_calls": [{"function": {"name": "f", "arguments": {"誰": "陳大文"}}}]},
        {"role": "tool", "tool_name": "f", "content": "結果"},
        {"role": "user", "content": "最後", "images": ["iVBORw==", "not a picture!"]},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "does things"}}],
    "format": {"type": "object"},
    "keep_alive": "5m",
}  # fmt: skip


def test_a_request_says_what_it_asks_for():
    call = OLLAMA.call(REQUEST, "/api/chat", "")
    assert (call.model, call.stream, call.choices) == ("qwen3:8b", True, 1)
    assert (call.context.prompt, call.context.system) == ("最後", "Be kind. 保密")
    assert {source.origin: source.text for source in call.context.material} == {
        "system": "Be kind. 保密",
        "tool": "結果",
    }
    assert call.context.response_format == {"type": "json_schema", "schema": {"type": "object"}}
    generate = OLLAMA.call({"model": "m", "prompt": "你好", "system": "保密", "format": "json"}, "/api/generate", "")
    assert (generate.context.prompt, generate.context.system) == ("你好", "保密")
    assert generate.context.response_format == {"type": "json_object"}


@pytest.mark.parametrize(
    ("path", "body", "stream"),
    [
        ("/api/chat", {}, True),
        ("/api/chat", {"stream": None}, True),
        ("/api/generate", {"stream": True}, True),
        ("/api/generate", {"stream": False}, False),
        ("/api/embed", {}, False),
        ("/api/show", {"stream": True}, False),
        ("/api/tags", None, False),
    ],
)
def test_an_answer_is_streamed_unless_the_request_says_otherwise(path, body, stream):
    assert OLLAMA.call(body, path, "").stream is stream


def test_every_text_of_a_request_has_its_role_and_channel():
    found = {s.pointer: (s.role, s.channel, s.text, s.lead) for s in OLLAMA.request(REQUEST, strings(REQUEST))}
    assert found[("messages", 0, "content")] == ("system", "content", "Be kind. 保密", "")
    assert found[("messages", 4, "content")] == ("user", "content", "最後", "")
    assert found[("messages", 3, "content")] == ("tool", "content", "結果", "")
    arguments = ("messages", 2, "tool_calls", 0, "function", "arguments", "誰")
    assert found[arguments] == ("assistant", "tool_arguments", "陳大文", "誰: ")
    assert found[(*arguments, jsontext.KEY)][:3] == ("assistant", "tool_arguments", "誰")
    assert found[("messages", 2, "thinking")] == ("assistant", "field", "想", "")
    assert found[("tools", 0, "function", "description")][1] == "tools"
    assert found[("keep_alive",)] == ("", "field", "5m", "")
    assert ("messages", 4, "images", 0) not in found  # a picture holds no text
    assert found[("messages", 4, "images", 1)][1] == "field"  # what is none is read


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ({"prompt": "你好", "suffix": "再見"}, [("user", "content", "你好"), ("user", "content", "再見")]),
        (
            {"system": "保密", "template": "{{ .Prompt }}"},
            [("system", "content", "保密"), ("", "field", "{{ .Prompt }}")],
        ),
        ({"input": ["甲", "乙"]}, [("user", "content", "甲"), ("user", "content", "乙")]),
        ({"input": "甲", "images": ["QUJD"]}, [("user", "content", "甲")]),
        ({"options": {"stop": ["停"]}, "陳大文": 1}, [("", "field", "停"), ("", "field", "陳大文")]),
    ],
)
def test_every_text_of_the_other_requests_has_its_role_and_channel(body, segments):
    assert [(s.role, s.channel, s.text) for s in OLLAMA.request(body, strings(body))] == segments


RESPONSES = ["ChatResponse", "GenerateResponse", "EmbedResponse", "EmbeddingsResponse", "ListResponse", "ProcessResponse", "ShowResponse"]  # fmt: skip


@pytest.mark.parametrize("kind", RESPONSES)
def test_every_string_of_the_sdks_types_has_a_place(kind):
    """A field of a new version of the API is a place where text may come from, and must be looked at by somebody."""
    model = getattr(ollama._types, kind)
    for path in set(leaves(model)) - {("message", "images", "*", "value")}:  # it is the string itself on the wire
        pointer = tuple(0 if part == "*" else "x" if part == "**" else part for part in path)
        assert _ANSWER.channel(pointer) is not None, ".".join(path)
    assert set(names(model)) - {"value"} <= _ANSWER.names
    assert list(names(model))


@pytest.mark.parametrize("kind", ["ChatRequest", "GenerateRequest", "EmbedRequest", "EmbeddingsRequest", "ShowRequest"])
def test_every_string_of_a_request_the_sdk_can_write_is_a_segment(kind):
    for path in set(leaves(getattr(ollama._types, kind))):
        pointer = tuple(0 if part == "*" else "x" if part == "**" else part for part in path if part != "value")
        document = {"messages": [{}]}
        taken = _REQUEST.channel(pointer) == "base64"
        assert taken or [s.text for s in OLLAMA.request(document, [(pointer, "陳大文")])] == ["陳大文"], path


CALLS = [
    {"id": "call_1", "function": {"index": 0, "name": "find", "arguments": {"誰": "陳大文", "deep": [{"x": "y"}], "n": 4111111111111111}}},
    {"function": {"name": "g", "arguments": '{"a":"b"}'}},
]  # fmt: skip
LOGPROBS = [
    {"token": "答", "logprob": -0.1, "bytes": [231, 173, 148], "top_logprobs": [{"token": "答", "logprob": -0.1, "bytes": [231]}, {"token": "回"}]},
    {"token": "案", "logprob": -0.1, "top_logprobs": [{"token": "案"}]},
]  # fmt: skip
CHAT = {
    **chat(True, content="答案", thinking="想想", tool_calls=CALLS, images=["QUJD", "不是圖"], tool_name="find"),
    "done_reason": "stop", **COUNTERS, "logprobs": LOGPROBS, "brand_new": {"say": "新"},
}  # fmt: skip
GENERATED = {
    **generated("答案", True, thinking="想想", context=[1, 2], logprobs=LOGPROBS, image="QUJD"),
    "done_reason": "length",
}
SPELLED = {(0, "logprobs", 0): "答案", (0, "logprobs", 1): "答\n回\n案\n"}


@pytest.mark.parametrize("look", [whole, lambda document: read(document)[0]])
def test_every_place_of_a_chat_has_its_channel(look):
    view = look(CHAT)
    fields = {field.pointer: (field.channel, field.text) for field in view.fields}
    at = ("message", "tool_calls", 0, "function")
    assert fields[(*at, "name")] == ("tool_name", "find")
    assert fields[(*at, "arguments", "誰")] == ("tool_arguments", "陳大文")
    assert fields[(*at, "arguments", "誰", jsontext.KEY)] == ("tool_arguments", "誰")
    assert fields[(*at, "arguments", "deep", 0, "x")] == ("tool_arguments", "y")
    assert fields[("message", "tool_calls", 1, "function", "arguments")] == ("tool_arguments", '{"a":"b"}')
    assert [field.lead for field in view.fields if field.text == "陳大文"] == ["誰: "]
    texts = joined([view])
    assert (texts[(0, "content", 0)], texts[(0, "reasoning", 0)]) == ("答案", "想想")
    assert {key: text for key, text in texts.items() if key[1] == "logprobs"} == SPELLED
    assert "新" in [*texts.values(), *(text for _, text in fields.values())]
    assert view.opaque == [("message", "images", 0)]
    assert view.trees == [("message", "tool_calls", n, "function", "arguments") for n in (0, 1)]
    assert (view.finishes, view.acts, view.echoes) == ([(0, "stop")], {0}, [])
    assert unseen(view, strings(CHAT), _ANSWER.names) == []


@pytest.mark.parametrize("look", [whole, lambda document: read(document)[0]])
def test_every_place_of_a_generation_has_its_channel(look):
    view = look(GENERATED)
    assert joined([view]) == {(0, "content", 0): "答案", (0, "reasoning", 0): "想想", **SPELLED}
    assert (view.echoes, view.opaque, view.finishes) == ([("context",)], [("image",)], [(0, "length")])
    assert {d.logprobs for d in view.deltas} == {("logprobs",)}  # emptied with the text, whichever it spells
    assert unseen(view, strings(GENERATED), _ANSWER.names) == []


def test_texts_of_lines_are_read_joined_and_the_last_line_may_have_one():
    views = read(chat(content="A12", thinking="3"), chat(content="3456"), chat(True, content="(7)"))
    assert joined(views) == {(0, "content", 0): "A123456(7)", (0, "reasoning", 0): "3"}
    assert [view.finishes for view in views] == [[], [], [(0, "stop")]]
    views = read(generated("A12"), generated("3456(7)", True, done_reason="stop"))
    assert joined(views) == {(0, "content", 0): "A123456(7)"}


@pytest.mark.parametrize(
    "document", [chat(True), generated(done=True), {**MODEL, "message": {"role": "assistant"}, "done": True}]
)
def test_a_whole_answer_without_text_is_one_all_the_same(document):
    assert joined([whole(document)]) == {(0, "content", 0): ""}
    assert read(document)[0].deltas == []


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"modelfile": "FROM x\nSYSTEM 保密", "details": {"family": "qwen"}, "model_info": {"general.x": "y"}}, "FROM x\nSYSTEM 保密"),
        ({"models": [{"name": "qwen3:8b", "details": {"families": ["qwen"]}, "note": "內部"}]}, "內部"),
        ({"version": "0.12.6"}, "0.12.6"),
        ({"model": "m", "embeddings": [[0.1]], "total_duration": 1}, "m"),
    ],
)  # fmt: skip
def test_documents_without_a_conversation_are_judged_string_by_string(document, text):
    view = whole(document)
    assert text in [field.text for field in view.fields] and not view.deltas
    assert unseen(view, strings(document), _ANSWER.names) == []


@pytest.mark.parametrize(
    "document",
    [{**chat(), "done": "true"}, {**chat(), "done": 1}, {**chat(), "response": "x"}, {**chat(), "thinking": "x"}],
)
def test_lines_that_clients_may_read_differently_are_refused(document):
    for look in (read, whole):
        with pytest.raises(jsontext.JsonError):
            look(document)


def test_nothing_of_an_error_waits_for_what_never_comes():
    [view] = read({"error": "身份證 A123456(7)", "message": {"content": "陳大文"}})
    assert (list(view.deltas), view.finishes) == ([], ())
    assert {field.text for field in view.fields} == {"身份證 A123456(7)", "陳大文"}


# --- what it writes --------------------------------------------------------------------------------------------------


def client(body, status=200):
    """The vendor's own SDK in front of a server that sends `body`."""
    answer = httpx.MockTransport(lambda request: httpx.Response(status, content=body))
    return ollama.Client(host="http://127.0.0.1:11434", transport=answer)


def lines(*added, seen):
    """`added` after a line that the client has seen."""
    return json.dumps(seen).encode() + b"\n" + NDJSONDecoder(1 << 20).at_end(added, first=False)


def chats(*added):
    return list(client(lines(*added, seen=chat(content="你好"))).chat("m", stream=True))


def generations(*added):
    return list(client(lines(*added, seen=generated("你好"))).generate("m", stream=True))


def test_a_stopped_chat_is_what_the_sdk_reads_as_one_that_ended():
    got = chats(*OLLAMA.lens(Call()).stop(chat(content="你好"), [0], "\n\n不予顯示", {"action": "block"}))
    assert "".join(each.message.content for each in got) == "你好\n\n不予顯示"
    assert [(each.done, each.done_reason) for each in got] == [(False, None), (False, None), (True, "content_filter")]
    assert (got[-1].model, got[-1].created_at, got[-1].eval_count) == (MODEL["model"], MODEL["created_at"], 0)


def test_a_stopped_generation_is_what_the_sdk_reads_as_one_that_ended():
    got = generations(*OLLAMA.lens(Call()).stop(generated("你好"), [0], "\n\n不予顯示", None))
    assert "".join(each.response for each in got) == "你好\n\n不予顯示"
    assert got[-1].done and got[-1].done_reason == "content_filter" and got[-1].total_duration == 0


@pytest.mark.parametrize("read_by", [chats, generations])
def test_a_stop_after_a_line_of_neither_kind_is_read_by_both(read_by):
    """An image that is being made shows no text, so the form is not known."""
    last = {**MODEL, "completed": 1, "total": 4, "done": False}
    assert read_by(*OLLAMA.lens(Call()).stop(last, [0], "停", None))[-1].done_reason == "content_filter"


@pytest.mark.parametrize("last", [None, {}, [], {"model": "\ud800"}, {"model": 3}])
def test_a_stop_adds_no_text_where_there_is_no_message_and_tells_the_decision(last):
    [(name, data)] = OLLAMA.lens(Call()).stop(last, [0], "", {"action": "block"})
    document = json.loads(data)
    assert name == "" and b"\n" not in data
    assert (document["done"], document["message"]["content"], document["guardrail"]) == (True, "", {"action": "block"})


def test_a_notice_is_a_line_of_its_own_that_the_sdk_joins():
    ending = {**chat(True), "done_reason": "stop", **COUNTERS}
    notice = OLLAMA.lens(Call()).text(ending, 0, "\n\n請核實。")
    got = chats(*notice, ("", json.dumps(ending).encode()))
    assert "".join(each.message.content for each in got) == "你好\n\n請核實。"
    assert [each.done for each in got] == [False, False, True]


def test_an_error_in_a_stream_is_one_that_the_sdk_raises():
    with pytest.raises(ollama.ResponseError) as caught:
        chats(*OLLAMA.lens(Call()).error(chat(), "upstream_cut", "串流中斷"))
    assert caught.value.error == "串流中斷"


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_body_is_one_that_the_sdk_raises(stream):
    sdk = client(OLLAMA.error(403, "content_filter", "不可以"), 403)
    with pytest.raises(ollama.ResponseError) as caught:
        list(sdk.chat("m", stream=stream))
    assert (caught.value.error, caught.value.status_code) == ("不可以", 403)


def test_the_requests_of_the_sdk_are_ours():
    asked = []
    answers = {
        "/api/chat": chat(True), "/api/generate": generated(done=True), "/api/embed": {"embeddings": []},
        "/api/embeddings": {"embedding": []}, "/api/show": {"model_info": {}},
    }  # fmt: skip

    def answer(request):
        asked.append((request.method, request.url.path, json.loads(request.content or b"null")))
        return httpx.Response(200, json=answers.get(request.url.path, {"models": []}))

    sdk = ollama.Client(host="http://127.0.0.1:11434", transport=httpx.MockTransport(answer))
    sdk.chat("m", [{"role": "user", "content": "問題"}])
    list(sdk.chat("m", [{"role": "user", "content": "問題"}], stream=True))
    sdk.generate("m", "問題", system="保密")
    sdk.embed("m", "問題")
    sdk.embeddings("m", "問題")
    sdk.show("m")
    sdk.list()
    sdk.ps()
    assert all(OLLAMA.matches(method, path) for method, path, _ in asked)
    assert [OLLAMA.call(body, path, "").stream for _, path, body in asked] == [False, True] + [False] * 6
    texts = [
        [s.text for s in OLLAMA.request(body, strings(body)) if s.channel == "content"] for _, _, body in asked[:5]
    ]
    assert all("問題" in each for each in texts)


# --- whatever it is shown --------------------------------------------------------------------------------------------

KEYS = st.sampled_from(sorted({part for document in (CHAT, GENERATED, REQUEST) for pointer, _ in strings(document) for part in pointer if isinstance(part, str)} | {"error", "done", "context", "images", "models", "input"}))  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=False), st.text(max_size=4), st.just("QUJD")
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=30
)


@st.composite
def mutated(draw):
    """A real document with a few of its values replaced."""
    document = deepcopy(draw(st.sampled_from([CHAT, GENERATED, {**CHAT, **REQUEST}])))
    for _ in range(draw(st.integers(1, 4))):
        node = document
        for _ in range(draw(st.integers(1, 6))):
            if not isinstance(node, dict | list) or not node:
                break
            at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if draw(st.integers(0, 2)) == 0:
                node[at] = draw(JSON)
                break
            node = node[at]
    return document


@given(st.lists(st.one_of(JSON, mutated()), min_size=1, max_size=4))
def test_no_document_whatever_its_shape_hides_a_string_or_raises(documents):
    lens = OLLAMA.lens(Call())
    before = set()
    for document in documents:
        found = strings(document)
        OLLAMA.request(document, found)
        OLLAMA.call(document, "/api/chat", "")
        lens.stop(document, [0], "x", None)
        lens.text(document, 0, "x")
        try:
            assert unseen(OLLAMA.answer(document, found), found, _ANSWER.names) == []
            view = lens.event(document, found, "")
        except jsontext.JsonError:
            return
        # A constant in an unknown place was judged when it came first.
        assert [p for p in unseen(view, found, _ANSWER.names) if (p, dict(found)[p]) not in before] == []
        before.update(found)


@given(st.text(min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=5), st.booleans())
def test_a_stream_says_what_the_whole_answer_says_wherever_it_is_cut(text, cuts, thinking):
    """Else an edit of the stream would differ from that of the whole answer."""
    pieces = split(text, cuts)
    member = "thinking" if thinking else "content"
    stream = joined(read(*(chat(**{member: each}) for each in pieces), chat(True)))
    channel = (0, "reasoning" if thinking else "content", 0)
    assert stream[channel] == joined([whole(chat(True, **{member: text}))])[channel] == text

"""The lens on completions: the text, what spells it, and the prompt where it comes back."""

import json
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from guardrail.dialects.openai_completions import _ANSWER, OpenAICompletions
from guardrail.dialects.protocol import Call, Dialect, View
from guardrail.types import Context
from guardrail.wire import jsontext
from tests.dialects.openai_documents import documents
from tests.dialects.walks import joined, unseen

DIALECT = OpenAICompletions()
STREAM = Call(stream=True)


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def asked(document):
    """The texts of a request: role and channel by place."""
    return {s.pointer: (s.role, s.channel) for s in DIALECT.request(document, strings(document))}


def whole(document) -> View:
    return DIALECT.answer(document, strings(document))


def event(document, lens=None) -> View:
    return (lens or DIALECT.lens(STREAM)).event(document, strings(document), "")


def answer(*choices: Any, **more: Any) -> dict[str, Any]:
    return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": list(choices), **more}


def choice(text: str = "", index: int = 0, **more: Any) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": None, **more}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/completions", True),
        ("POST", "/completions", True),
        ("POST", "/openai/deployments/d/completions", True),
        ("POST", "/openai/v1/completions", True),
        ("POST", "/v1/chat/completions", False),
        ("POST", "/chat/completions", False),
        ("GET", "/v1/completions", False),
        ("POST", "/v1/completions/", False),
        ("POST", "/v1/chat/../completions", False),
        ("POST", "/v1/chat/./completions", False),
        ("POST", "/v1//completions", False),
        ("POST", "/v1/completions\n", False),
    ],
)
def test_paths(method, path, known):
    assert DIALECT.matches(method, path) is known
    assert isinstance(DIALECT, Dialect)


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (None, Call()),
        ({"model": "m", "prompt": "從前", "stream": True, "n": 2}, Call("m", True, 2, Context(prompt="從前"))),
        ({"prompt": ["从前", "後來"], "n": 2}, Call(choices=4, context=Context(prompt="从前\n後來"))),
        ({"prompt": [1, 2, 3]}, Call()),
        ({"prompt": [[1, 2], [3]]}, Call(choices=2)),
        ({"prompt": {"x": "y"}, "n": "9", "model": 5, "stream": "true"}, Call()),
    ],
)
def test_a_request_says_what_it_asks_for(body, call):
    made = DIALECT.call(body, "/v1/completions", "")
    assert made == replace(call, context=replace(call.context, functions=made.context.functions))


def test_every_text_of_a_request_has_its_role_and_channel():
    assert asked({"model": "m", "prompt": ["從前", "后来"], "suffix": "完", "stop": ["。"], "user": "u", "n": 1}) == {
        ("model",): ("", "field"),
        ("prompt", 0): ("user", "content"),
        ("prompt", 1): ("user", "content"),
        ("suffix",): ("user", "content"),
        ("stop", 0): ("", "field"),
        ("user",): ("", "field"),
    }
    assert asked({"prompt": "我係A123456(3)"}) == {("prompt",): ("user", "content")}


def test_a_key_that_nobody_described_is_judged():
    assert asked({"logit_bias": {"身份證": 1}}) == {("logit_bias", "身份證", jsontext.KEY): ("", "field")}


# --- answers ---------------------------------------------------------------------------------------------------------


def test_every_string_of_the_vendor_s_type_has_a_place():
    """A field that a new version of the SDK brings is judged as an unknown text until the table says what it is."""
    places = set()
    for pointer, document in documents(Completion, "好"):
        view = event(document)
        assert not [d for d in view.deltas if d.channel[1] == "field"], pointer
        assert unseen(view, strings(document), _ANSWER.names) == []
        places.add(pointer)
    assert {("id",), ("choices", 0, "text"), ("choices", 0, "logprobs", "tokens", 0)} <= places


def test_choices_are_told_apart_by_index():
    lens = DIALECT.lens(STREAM)
    views = [event(answer(choice(text, index)), lens) for text, index in [("A123", 0), ("其他", 1), ("456(3)", 0)]]
    assert joined(views) == {(0, "content", 0): "A123456(3)", (1, "content", 0): "其他"}


def test_two_choices_of_one_event_and_of_a_whole_answer():
    for view in (event(answer(choice("甲", 1), choice("乙", 0))), whole(answer(choice("甲", 1), choice("乙", 0)))):
        assert joined([view]) == {(1, "content", 0): "甲", (0, "content", 0): "乙"}


def test_a_whole_answer_without_text_says_so():
    assert joined([whole(answer(choice("", 0), choice("好", 1)))]) == {(0, "content", 0): "", (1, "content", 0): "好"}
    assert joined([event(answer(choice("")))]) == {}


LOGPROBS = {
    "tokens": ["A12", "3456", "(3)"],
    "token_logprobs": [0, 0, 0],
    "top_logprobs": [{"A12": 0, "B99": 0}, None, {"(4)": 0}],
    "text_offset": [0, 3, 7],
}


def test_log_probabilities_spell_the_text_and_the_alternatives_are_keys():
    view = whole(answer(choice("A123456(3)", logprobs=LOGPROBS)))
    place = ("choices", 0, "logprobs")
    spelled = {d.channel: d.text for d in view.deltas if d.channel[1] == "logprobs"}
    assert spelled == {(0, "logprobs", 0): "A123456(3)", (0, "logprobs", 1): "A12\nB99\n(4)\n"}
    assert {d.logprobs for d in view.deltas} == {place}
    assert [f.pointer for f in view.fields if "logprobs" in f.pointer] == []


def test_log_probabilities_of_a_stream_are_one_text():
    lens = DIALECT.lens(STREAM)
    views = [event(answer(choice(t, logprobs={"tokens": [t]})), lens) for t in ("A123", "456", "(3)")]
    assert joined(views)[0, "logprobs", 0] == "A123456(3)"


def test_log_probabilities_as_llama_cpp_writes_them():
    logprobs = {"content": [{"token": "好", "bytes": [1], "top_logprobs": [{"token": "壞"}]}]}
    view = whole(answer(choice("好", logprobs=logprobs)))
    assert [d.text for d in view.deltas if d.channel[1] == "logprobs"] == ["好", "壞\n"]


def test_log_probabilities_of_the_prompt_as_vllm_writes_them():
    def token(text):
        return {"logprob": 0, "rank": 1, "decoded_token": text}

    logprobs = [None, {"1": token("A12"), "2": token("x")}, {"3": token("3456(3)")}]
    view = whole(answer(choice("好", prompt_logprobs=logprobs)))
    place = ("choices", 0, "prompt_logprobs")
    spelled = [(d.pointer, d.text) for d in view.deltas if d.channel[1] == "logprobs"]
    assert spelled == [(place, "A123456(3)"), (place, "x\n")]


def test_token_ids_spell_the_conversation():
    view = whole(answer(choice("好", token_ids=[1], prompt_token_ids=[2], prompt_logprobs=[None])))
    assert set(view.echoes) == {("choices", 0, name) for name in ("token_ids", "prompt_token_ids", "prompt_logprobs")}
    assert list(event(answer(choice("好"))).echoes) == []


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_why_a_choice_ended(reason):
    assert event(answer(choice(index=3, finish_reason=reason))).finishes == [(3, reason)]
    assert event(answer(choice(index=3))).finishes == []


def test_what_azure_adds_is_known():
    filters = {"hate": {"filtered": False, "severity": "safe"}}
    document = answer(choice("好", content_filter_results=filters), prompt_filter_results=[{"prompt_index": 0, "content_filter_results": filters}])  # fmt: skip
    assert joined([event(document)]) == {(0, "content", 0): "好"}


def test_a_field_that_nobody_described_is_joined_over_the_stream():
    lens = DIALECT.lens(STREAM)
    views = [event(answer(choice("x"), note=piece), lens) for piece in ("A12", "3456", "(3)")]
    assert joined(views)[-1, "field", 0] == "A123456(3)"


@pytest.mark.parametrize("index", ["0", True, -1, 1.5, None])
def test_an_index_that_clients_may_read_differently_is_refused(index):
    with pytest.raises(jsontext.JsonError):
        event(answer({"index": index, "text": "x"}))


def test_choices_that_are_no_array_are_refused():
    with pytest.raises(jsontext.JsonError):
        event({"choices": {"0": {"text": "x"}}})


# --- what is written -------------------------------------------------------------------------------------------------


def client(body: bytes, status: int = 200) -> openai.OpenAI:
    """The real SDK, talking to these bytes."""

    def respond(request):
        kind = "text/event-stream" if status == 200 else "application/json"
        return httpx2.Response(status, headers={"content-type": kind}, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(respond))
    return openai.OpenAI(api_key="none", base_url="http://sidecar/v1", http_client=http, max_retries=0)


def streamed(documents: list[bytes]) -> list[Completion]:
    body = b"".join(b"data: " + document + b"\n\n" for document in documents)
    with client(body) as talking:
        return list(talking.completions.create(model="m", prompt="x", stream=True))


FIRST = answer(choice("好", 0), choice("的", 2))


def test_a_stream_that_is_stopped_ends_as_the_vendor_s_own_filter_would():
    added = DIALECT.lens(STREAM).stop(FIRST, [0, 2], "\n\n不予顯示", {"action": "block"})
    assert added[-1] == ("", b"[DONE]")
    events = streamed([json.dumps(FIRST).encode(), *(raw for _, raw in added)])
    assert [(e.choices[0].index, e.choices[0].text, e.choices[0].finish_reason) for e in events[1:]] == [
        (0, "\n\n不予顯示", None),
        (0, "", "content_filter"),
        (2, "\n\n不予顯示", None),
        (2, "", "content_filter"),
    ]
    assert {e.id for e in events} == {"cmpl-1"}
    assert ["guardrail" in json.loads(raw) for _, raw in added[:-1]] == [False, False, False, True]


def test_a_stream_that_is_stopped_without_a_word_or_before_it_began():
    [(_, raw), done] = DIALECT.lens(STREAM).stop({}, [0], "", None)
    assert json.loads(raw)["choices"] == [{"text": "", "index": 0, "logprobs": None, "finish_reason": "content_filter"}]
    assert done == ("", b"[DONE]")


def test_a_notice_is_more_of_the_text():
    [(_, raw)] = DIALECT.lens(STREAM).text(FIRST, 2, "\n\n请核实。")
    [read] = streamed([raw])
    assert (read.choices[0].index, read.choices[0].text) == (2, "\n\n请核实。")


def test_an_error_in_a_stream_is_raised_by_the_sdk():
    [(_, raw)] = DIALECT.lens(STREAM).error(FIRST, "upstream_cut", "斷線了")
    with pytest.raises(openai.APIError, match="斷線了"):
        streamed([raw])


def test_an_error_body_is_raised_by_the_sdk():
    with client(DIALECT.error(400, "content_filter", "不可以"), 400) as talking, pytest.raises(openai.BadRequestError, match="不可以"):  # fmt: skip
        talking.completions.create(model="m", prompt="x")


def test_half_a_character_in_an_id_does_not_stop_the_end():
    [(_, raw), _] = DIALECT.lens(STREAM).stop({"id": "\ud800", "created": 1 << 70}, [0], "", None)
    assert json.loads(raw)["id"] == "\ud800"


def test_end_marks():
    lens = DIALECT.lens(STREAM)
    assert lens.is_done(b" [DONE]") and not lens.is_done(b'"[DONE]"')


# --- any JSON at all -------------------------------------------------------------------------------------------------

WORDS = sorted({*_ANSWER.names, "tokens", "x", "", "*", "**", "身份證"})
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.floats(), st.text(max_size=8), st.just("A123456(3)")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)
CHOICES = st.fixed_dictionaries(
    {"choices": st.lists(st.dictionaries(st.sampled_from(WORDS), JSON, max_size=5), max_size=2)}
)


@given(JSON | CHOICES)
def test_no_document_whatever_its_shape_hides_a_string_or_breaks_the_lens(document):
    found = strings(document)
    lens = DIALECT.lens(STREAM)
    try:
        for view in (lens.event(document, found, ""), DIALECT.answer(document, found)):
            assert unseen(view, found, _ANSWER.names) == []
    except jsontext.JsonError:
        pass
    lens.stop(document, [0], "x", {})
    lens.error(document, "code", "x")
    DIALECT.request(document, found)
    DIALECT.call(document, "/v1/completions", "")

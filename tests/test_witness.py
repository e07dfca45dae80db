"""Whether the model refused, in every vendor's words, whole and streamed, however the upstream cut its stream."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.types import Action
from guardrail.witness import Witness
from tests import material
from tests.inprocess import InProcess, cut
from tests.material import policy, rule
from tests.speakers import SPEAKERS

REFUSING = (
    "I'm sorry, but I can't help with that.",
    "抱歉，我無法提供這方面的建議。",
    "很抱歉，我不能帮你写这个。",
    "唔好意思，呢個我幫唔到你。",
)
ANSWERING = (
    "Of course. Bring your papers along.",
    "可以，請帶備文件。",
    "当然可以，请带备文件。",
    "得呀，記得帶埋文件。",
)
PHRASES = [(text, True) for text in REFUSING] + [(text, False) for text in ANSWERING]


@pytest.fixture(scope="module")
def it(tmp_path_factory):
    rules = policy(rule("pii.*", Action.REDACT), unknown_events="inspect")
    return InProcess(rules, [material.Patterns()], tmp_path_factory.mktemp("audit"), parity=True)


@pytest.fixture(scope="module")
def silent(tmp_path_factory):
    return InProcess(policy(), [], tmp_path_factory.mktemp("audit"))


def asked(it, speaker, reads, stream, **more):
    request = speaker.request(stream)
    return it.ask(request.path, request.body, request.headers, reads, content_type=speaker.content_type(stream), **more)


@pytest.mark.parametrize(("text", "refused"), PHRASES)
@pytest.mark.parametrize("name", SPEAKERS)
def test_a_phrase_at_the_start_of_an_answer(it, name, text, refused):
    speaker = SPEAKERS[name]
    got = asked(it, speaker, speaker.stream("content", list(text)), True)
    assert got.record["refused"] is refused
    if not name.startswith("gemini"):  # the others are asked for one answer by the same path
        assert asked(it, speaker, [speaker.whole("content", text)], False).record["refused"] is refused


@pytest.mark.parametrize("name", SPEAKERS)
@settings(max_examples=15, deadline=None)
@given(
    phrase=st.sampled_from(PHRASES),
    pieces=st.lists(st.integers(0, 200), max_size=8),
    cuts=st.lists(st.integers(0, 5000), max_size=8),
)
def test_it_does_not_matter_where_a_stream_was_cut(it, name, phrase, pieces, cuts):
    speaker, (text, refused) = SPEAKERS[name], phrase
    raw = b"".join(speaker.stream("content", material.split(text, pieces)))
    assert asked(it, speaker, cut(raw, cuts), True).record["refused"] is refused


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", [name for name, speaker in SPEAKERS.items() if "refusal" in speaker.channels])
def test_a_refusal_of_the_vendor_in_whatever_words(it, name, stream):
    """OpenAI's refusal, in chat and in Responses, and Anthropic's stop reason with its explanation."""
    speaker = SPEAKERS[name]
    words = "Not today."
    reads = speaker.stream("refusal", [words]) if stream else [speaker.whole("refusal", words)]
    assert asked(it, speaker, reads, stream).record["refused"] is True


def event(document, name=""):
    return (f"event: {name}\n" if name else "") + "data: " + json.dumps(document) + "\n\n"


def chat(finish, stream):
    if not stream:
        return [
            json.dumps(
                {"choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": finish}]}
            )
        ]
    return [
        event({"choices": [{"index": 0, "delta": {"content": "Well"}, "finish_reason": None}]}),
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}),
        "data: [DONE]\n\n",
    ]


def completion(finish, stream):
    document = {"choices": [{"index": 0, "text": "Well", "finish_reason": finish}]}
    return [event(document), "data: [DONE]\n\n"] if stream else [json.dumps(document)]


def legacy(finish, stream):
    document = {"type": "completion", "completion": "Well", "stop_reason": finish, "model": "c"}
    return [event(document, "completion")] if stream else [json.dumps(document)]


def message(finish, stream):
    whole = {
        "type": "message",
        "role": "assistant",
        "model": "c",
        "content": [{"type": "text", "text": "Well"}],
        "stop_reason": finish,
    }
    if not stream:
        return [json.dumps(whole)]
    return [
        event({"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}, "message_start"),
        event(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            "content_block_start",
        ),
        event(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Well"}},
            "content_block_delta",
        ),
        event({"type": "content_block_stop", "index": 0}, "content_block_stop"),
        event(
            {"type": "message_delta", "delta": {"stop_reason": finish}, "usage": {"output_tokens": 1}}, "message_delta"
        ),
        event({"type": "message_stop"}, "message_stop"),
    ]


def responses(finish, stream):
    ended = {
        "id": "r",
        "object": "response",
        "status": "incomplete",
        "incomplete_details": {"reason": finish},
        "output": [],
    }
    return (
        [event({"type": "response.incomplete", "response": ended}, "response.incomplete")]
        if stream
        else [json.dumps(ended)]
    )


def candidate(finish, stream):
    document = {
        "candidates": [{"index": 0, "content": {"parts": [{"text": "Well"}], "role": "model"}, "finishReason": finish}]
    }
    return [event(document)] if stream else [json.dumps(document)]


def feedback(finish, stream):
    document = {"promptFeedback": {"blockReason": finish}}
    return [event(document)] if stream else [json.dumps(document)]


SAY = {"messages": [{"role": "user", "content": "Hello, can you help me?"}]}
PROMPT = {"prompt": "Hello, can you help me?"}
TURNS = {"contents": [{"role": "user", "parts": [{"text": "Hello, can you help me?"}]}]}
GENERATE, STREAM = "/v1beta/models/g:generateContent", "/v1beta/models/g:streamGenerateContent?alt=sse"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("paths", "body", "made", "finish", "refused"),
    [
        (("/v1/chat/completions",), SAY, chat, "content_filter", True),
        (("/v1/chat/completions",), SAY, chat, "stop", False),
        (("/v1/chat/completions",), SAY, chat, "length", False),
        (("/v1/completions",), PROMPT, completion, "content_filter", True),
        (("/v1/completions",), PROMPT, completion, "stop", False),
        (("/v1/responses",), {"input": "Hello, can you help me?"}, responses, "content_filter", True),
        (("/v1/responses",), {"input": "Hello, can you help me?"}, responses, "max_output_tokens", False),
        (("/v1/messages",), SAY, message, "refusal", True),
        (("/v1/messages",), SAY, message, "end_turn", False),
        (("/v1/complete",), {"prompt": "\n\nHuman: Hello\n\nAssistant:"}, legacy, "refusal", True),
        (("/v1/complete",), {"prompt": "\n\nHuman: Hello\n\nAssistant:"}, legacy, "stop_sequence", False),
        ((GENERATE, STREAM), TURNS, candidate, "SAFETY", True),
        ((GENERATE, STREAM), TURNS, candidate, "PROHIBITED_CONTENT", True),
        ((GENERATE, STREAM), TURNS, candidate, "STOP", False),
        ((GENERATE, STREAM), TURNS, candidate, "RECITATION", False),
        ((GENERATE, STREAM), TURNS, feedback, "BLOCKLIST", True),
    ],
)
def test_the_reason_that_a_vendor_gives_for_the_end(it, paths, body, made, finish, refused, stream):
    asked_for = body if len(paths) > 1 else {**body, "stream": stream}
    kind = "text/event-stream" if stream else "application/json"
    got = it.ask(
        paths[-1] if stream else paths[0],
        {"model": "m", **asked_for},
        {},
        [part.encode() for part in made(finish, stream)],
        content_type=kind,
    )
    assert got.record["ended"] == "completed"
    assert got.record["refused"] is refused


@pytest.mark.parametrize(
    ("status", "error", "refused"),
    [
        (400, {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}, True),
        (400, {"code": "BadRequest", "innererror": {"code": "ResponsibleAIPolicyViolation"}}, True),
        (400, {"code": "content_policy_violation"}, True),
        (400, {"code": "data_inspection_failed", "type": "data_inspection_failed"}, True),
        (400, {"code": "invalid_request_error", "message": "Content Exists Risk"}, True),
        (400, {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}, True),
        (400, {"code": "InputTextSensitiveContentDetected"}, True),
        (
            400,
            {"type": "content_filter", "message": "The request was rejected because it was considered high risk"},
            True,
        ),
        (400, {"code": "invalid_value"}, None),
        (400, {"code": "invalid_request_error", "type": "invalid_request_error"}, None),
        (429, {"code": "rate_limit_exceeded"}, None),
        (500, {"code": 500}, None),
    ],
)
def test_an_error_is_a_refusal_only_where_its_code_says_so(it, status, error, refused):
    body = json.dumps({"error": {"message": "no", "type": None, "param": "prompt", **error}}).encode()
    got = it.ask("/v1/chat/completions", {"model": "m", **SAY}, {}, [body], status=status)
    assert (got.status, got.record["refused"]) == (status, refused)


def test_of_several_choices_all_must_refuse(it):
    def choices(*texts):
        made = [
            {"index": i, "message": {"role": "assistant", "content": t}, "finish_reason": "stop"}
            for i, t in enumerate(texts)
        ]
        return it.ask(
            "/v1/chat/completions", {"model": "m", "n": len(texts), **SAY}, {}, [json.dumps({"choices": made}).encode()]
        ).record["refused"]

    assert choices(REFUSING[0], REFUSING[1]) is True
    assert choices(REFUSING[0], ANSWERING[1]) is False


def test_a_tool_call_is_no_refusal(it):
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    document = {
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None, "tool_calls": calls},
                "finish_reason": "tool_calls",
            }
        ]
    }
    got = it.ask("/v1/chat/completions", {"model": "m", **SAY}, {}, [json.dumps(document).encode()])
    assert got.record["refused"] is False


def test_what_the_policy_takes_out_does_not_change_what_the_model_did(it):
    text = "I'm sorry, but I can't help with A123456(3)."
    got = asked(it, SPEAKERS["openai_chat"], [SPEAKERS["openai_chat"].whole("content", text)], False)
    assert b"A123456(3)" not in got.body
    assert (got.record["refused"], got.record["edited"]) == (True, 1)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SPEAKERS)
def test_being_watched_changes_no_byte(it, silent, name, stream):
    speaker = SPEAKERS[name]
    one, two = (asked(each, speaker, speaker.clean(stream), stream) for each in (it, silent))
    assert one.body == two.body
    assert (two.record["language"], two.record["groups"], two.record["refused"]) == (None, None, None)


@pytest.mark.parametrize(
    ("document", "tokens"),
    [
        ({"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}, 12),
        ({"usage": {"input_tokens": 5, "output_tokens": 7}}, 12),
        ({"usageMetadata": {"totalTokenCount": 12}}, 12),
        ({"prompt_eval_count": 5, "eval_count": 7}, 12),
        ({"usage": None}, 0),
        ({"usage": {"total_tokens": "12"}}, 0),
        ([], 0),
    ],
)
def test_what_an_answer_cost(document, tokens):
    witness = Witness()
    witness.reads(document)
    assert witness.tokens == tokens


@pytest.mark.parametrize(
    ("text", "language", "groups"),
    [
        ("Can women drive?", "en", ["women"]),
        ("請問內地人可以申請嗎？", "zh-Hant", ["mainlanders"]),
        ("请问内地人可以申请吗？", "zh-Hans", ["mainlanders"]),
        ("內地人可唔可以申請公屋㗎？", "yue", ["mainlanders"]),
        ("男人同女人邊個叻啲？", "yue", ["men", "women"]),
        ("How do I cook rice?", "en", []),
    ],
)
def test_the_record_names_language_and_groups_and_keeps_no_word(it, text, language, groups):
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "old words"},
            {"role": "assistant", "content": "muslims"},
            {"role": "user", "content": text},
        ],
    }
    record = it.ask("/v1/chat/completions", body, {}, [SPEAKERS["openai_chat"].whole("content", ANSWERING[0])]).record
    assert (record["language"], record["groups"]) == (language, groups)
    assert text not in json.dumps(record, ensure_ascii=False)


def test_a_request_without_a_message_has_no_traits(it):
    record = it.ask("/v1/models", None, {}, [b'{"data": []}']).record
    assert (record["language"], record["groups"], record["refused"]) == (None, None, None)

"""OpenAI chat completions and the same API at Azure, as their servers send them.

Source: `openai.types.chat`; reasoning fields as vLLM, DeepSeek and OpenRouter add them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.speakers.speaker import BENIGN, Channel, Echo, Form, Per, Request, Speaker
from tests.speakers.templates import BYTES, NUMBER, TEXT, Each, Quoted

HEAD = {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952, "model": "gpt-4.1-2025-04-14"}  # fmt: skip
CHUNK = {**HEAD, "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": "fp_44709d6fcb"}
USAGE = {
    "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29, "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
}  # fmt: skip
FORM = Form(done=True, indent=2)

Json = dict[str, Any]


def answer(message: Json, *, choice: Json | None = None, more: Json | None = None, finish: str = "stop") -> Json:
    """A whole completion with the given members in its message, its choice and its top."""
    said = {"role": "assistant", "content": BENIGN, "refusal": None, "annotations": [], **message}
    first = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish, **(choice or {})}
    return {**HEAD, "choices": [first], "usage": USAGE, "service_tier": "default", "system_fingerprint": "fp_44709d6fcb", **(more or {})}  # fmt: skip


def chunk(delta: Json, *, choice: Json | None = None, more: Json | None = None, finish: str | None = None) -> Json:
    """One event of a stream."""
    first = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, **(choice or {})}
    return {**CHUNK, "choices": [first], "usage": None, "obfuscation": "q3Zx9", **(more or {})}


def call(function: Json, **more: Any) -> Json:
    """A tool call of a whole message."""
    return {"id": "call_DdmO9pD3xa9XTPNJ32zg2hcA", "type": "function", "function": {"name": "find_person", "arguments": "{}", **function}, **more}  # fmt: skip


OPENING = chunk({"role": "assistant", "content": "", "refusal": None})
TALK = (chunk({"content": BENIGN[:9]}), chunk({"content": BENIGN[9:]}))
COUNTED = {**CHUNK, "choices": [], "usage": USAGE, "obfuscation": "Xb1"}


def closing(finish: str = "stop") -> tuple[Json, Json]:
    """The last chunk of the choice and the chunk with the usage."""
    return chunk({}, finish=finish), COUNTED


def grown(message: Json, delta: Json, *, quoted: Quoted | None = None, before: tuple[Json, ...] = TALK, finish: str = "stop") -> Channel:  # fmt: skip
    """A text that a stream delivers piece by piece."""
    stream = (OPENING, *before, Per(chunk(delta), quoted), *closing(finish))
    return Channel(answer(message, finish=finish), stream)


def placed(message: Json, delta: Json | None = None, *, finish: str = "stop") -> Channel:
    """A text that a stream delivers in one event."""
    stream = (OPENING, *TALK, chunk(delta or message), *closing(finish))
    return Channel(answer(message, finish=finish), stream)


def named(inner: Any) -> Channel:
    """A text inside the arguments of a tool call."""
    fragment = {"tool_calls": [{"index": 0, "function": {"arguments": TEXT}}]}
    begun = chunk({"tool_calls": [{"index": 0, **call({"arguments": ""})}]})
    message = {"content": None, "tool_calls": [call({"arguments": Quoted(inner)})]}
    return grown(message, fragment, quoted=Quoted(inner), before=(begun,), finish="tool_calls")


def spelled(read: Any, *, refusal: bool = False) -> Channel:
    """Log-probabilities that spell the text; `read` is the part of an entry that is looked at."""
    kind, other = ("refusal", "content") if refusal else ("content", "refusal")
    entry = {"token": TEXT, "logprob": -0.0031, "bytes": BYTES, "top_logprobs": [{"token": TEXT, "logprob": -0.0031, "bytes": BYTES}]}  # fmt: skip
    said = {"content": None, kind: TEXT}
    choice = {"logprobs": {kind: Each(entry), other: None}}
    view = {"choices": [{"index": 0, "logprobs": {kind: Each(read)}}]}
    stream = (OPENING, Per(chunk({kind: TEXT}, choice=choice), view=view), *closing())
    return Channel(answer(said, choice=choice), stream, view=view)


def topped(more: Json) -> Channel:
    """A text beside the choices, in the last chunk of a stream."""
    return Channel(answer({}, more=more), (OPENING, *TALK, chunk({}, finish="stop", more=more), COUNTED))


def identified() -> Channel:
    """The id of the answer, which every chunk repeats."""
    return Channel(
        answer({}, more={"id": TEXT}), [Echo({**event, "id": TEXT}) for event in (OPENING, *TALK, *closing())]
    )


def second_choice() -> Channel:
    """The content of the second of two choices that interleave."""
    other = {"index": 1, "message": {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}, "logprobs": None, "finish_reason": "stop"}  # fmt: skip
    whole = answer({})
    whole["choices"].append(other)
    one = {"index": 1}
    stream = (OPENING, chunk({"role": "assistant", "content": ""}, choice=one), TALK[0], Per(chunk({"content": TEXT}, choice=one)), TALK[1])  # fmt: skip
    return Channel(whole, (*stream, chunk({}, choice=one, finish="stop"), *closing()))


def failed(error: Json) -> Channel:
    """An error that quotes the text: a body of its own, or in place of the rest of a stream."""
    return Channel({"error": error}, (OPENING, *TALK, {"error": error}), 400)


def cited(citation: Json) -> Json:
    """A web citation of a message."""
    return {"annotations": [{"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 2, "title": "Page", "url": "https://www.example.org/a", **citation}}]}  # fmt: skip


def audio(**more: Any) -> Json:
    """The spoken form of a message."""
    return {"content": None, "audio": {"id": "audio_abc123", "data": "UklGRg==", "expires_at": 1741573552, "transcript": "", **more}}  # fmt: skip


def first_call(delta: Json) -> Json:
    """A tool call in a delta."""
    return {"tool_calls": [{"index": 0, **delta}]}


CUSTOM = {"id": "call_c1", "type": "custom"}
TABLE: Mapping[str, Channel] = {
    "content": grown({"content": TEXT}, {"content": TEXT}, before=()),
    "refusal": grown({"content": None, "refusal": TEXT}, {"refusal": TEXT}, before=()),
    "reasoning": grown({"reasoning_content": TEXT}, {"reasoning_content": TEXT}, before=()),
    "reasoning_plain": grown({"reasoning": TEXT}, {"reasoning": TEXT}, before=()),
    "reasoning_details": grown(*[{"reasoning_details": [{"type": "reasoning.text", "text": TEXT, "format": None, "index": 0}]}] * 2),
    "tool_arguments": named({"query": TEXT}),
    "tool_arguments_key": named({TEXT: "value"}),
    "tool_arguments_number": named({"amount": NUMBER}),
    "tool_arguments_nested": named({"payload": Quoted({"query": TEXT})}),
    "tool_name": placed({"tool_calls": [call({"name": TEXT})]}, first_call(call({"name": TEXT})), finish="tool_calls"),
    "tool_id": placed({"tool_calls": [{**call({}), "id": TEXT}]}, first_call({**call({}), "id": TEXT}), finish="tool_calls"),
    "custom_input": grown(
        {"tool_calls": [{**CUSTOM, "custom": {"name": "run", "input": TEXT}}]}, first_call({"custom": {"input": TEXT}}),
        before=(chunk(first_call({**CUSTOM, "custom": {"name": "run", "input": ""}})),), finish="tool_calls",
    ),
    "function_arguments": grown(
        {"content": None, "function_call": {"name": "find", "arguments": Quoted({"query": TEXT})}}, {"function_call": {"arguments": TEXT}},
        quoted=Quoted({"query": TEXT}), before=(chunk({"function_call": {"name": "find", "arguments": ""}}),), finish="function_call",
    ),
    "function_name": placed({"function_call": {"name": TEXT, "arguments": "{}"}}, finish="function_call"),
    "transcript": grown(audio(transcript=TEXT), {"audio": {"transcript": TEXT}}, before=(chunk({"audio": {"id": "audio_abc123", "data": "UklGRg=="}}),)),
    "annotation": placed(cited({"title": TEXT})),
    "annotation_url": placed(cited({"url": TEXT})),
    "logprobs": spelled({"token": TEXT}),
    "logprobs_bytes": spelled({"bytes": BYTES}),
    "logprobs_top": spelled({"top_logprobs": [{"token": TEXT}]}),
    "logprobs_top_bytes": spelled({"top_logprobs": [{"bytes": BYTES}]}),
    "logprobs_refusal": spelled({"token": TEXT}, refusal=True),
    "second_choice": second_choice(),
    "id": identified(),
    "metadata": topped({"metadata": {"topic": TEXT}}),
    "metadata_key": topped({"metadata": {TEXT: "value"}}),
    "unknown": placed({"provider_note": {"remark": TEXT}}),
    "unknown_key": placed({"provider_note": {TEXT: "value"}}),
    "unknown_delta": grown({"provider_text": TEXT}, {"provider_text": TEXT}),
    "unknown_top": topped({"provider_note": [TEXT]}),
    "error": failed({"message": TEXT, "type": "invalid_request_error", "param": "messages", "code": "invalid_value"}),
}  # fmt: skip

CALLED = {"name": "find_person", "arguments": '{"name":"陳大文","city":"香港"}'}
CLEAN = answer(
    {"reasoning_content": "用戶想搵人，先查一查。", "tool_calls": [call(CALLED)], **cited({"title": "香港天文台 Observatory"})},
    choice={"logprobs": {"content": [{"token": "好", "logprob": -0.01, "bytes": [229, 165, 189], "top_logprobs": []}], "refusal": None}},
    finish="tool_calls",
)  # fmt: skip
CLEAN_EVENTS = (
    OPENING,
    chunk({"reasoning_content": "用戶想搵人，"}),
    chunk({"reasoning_content": "先查一查。"}),
    *(chunk({"content": BENIGN[i : i + 5]}) for i in range(0, len(BENIGN), 5)),
    chunk(first_call(call({"name": "find_person", "arguments": ""}))),
    *(chunk(first_call({"function": {"arguments": CALLED["arguments"][i : i + 7]}})) for i in range(0, len(CALLED["arguments"]), 7)),
    *closing("tool_calls"),
)  # fmt: skip
BODY = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "你好，請幫我搵人。"}]}


def ask(stream: bool) -> Request:
    """A chat request."""
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return Request("/v1/chat/completions", {**BODY, **more}, {"authorization": "Bearer sk-none"})


CHAT = Speaker("openai_chat", FORM, ask, TABLE, CLEAN, CLEAN_EVENTS)

# --- Azure -----------------------------------------------------------------------------------------------------------

SAFE = {kind: {"filtered": False, "severity": "safe"} for kind in ("hate", "self_harm", "sexual", "violence")}
CODE = {"protected_material_code": {"filtered": False, "detected": False}}
PROMPT = [{"prompt_index": 0, "content_filter_results": {**SAFE, "jailbreak": {"filtered": False, "detected": False}}}]
FIRST = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": PROMPT}
VERSION = "2024-10-21"


def filtered(document: Any) -> Any:
    """A document or event of OpenAI with what Azure adds."""
    if isinstance(document, Per | Echo):
        return replace(document, frame=filtered(document.frame))
    if "choices" not in document:
        return document
    choices = [{**choice, "content_filter_results": SAFE | choice.get("content_filter_results", {})} for choice in document["choices"]]  # fmt: skip
    top = {"prompt_filter_results": PROMPT} if document["object"] == "chat.completion" else {}
    return {**document, "choices": choices, **top}


def at_azure(channel: Channel) -> Channel:
    """A channel of OpenAI as Azure sends it."""
    stream = (FIRST, *(filtered(step) for step in channel.stream))
    return Channel(filtered(channel.whole), stream, channel.status, channel.view)


def found(inner: Json) -> Channel:
    """What Azure's filter says about an answer, in the last chunk of the choice."""
    choice = {"content_filter_results": inner}
    return Channel(answer({}, choice=choice), (OPENING, *TALK, chunk({}, choice=choice, finish="stop"), COUNTED))


AZURE_TABLE: Mapping[str, Channel] = {
    **{name: at_azure(channel) for name, channel in TABLE.items() if name != "error"},
    "filter_citation": at_azure(found({"protected_material_code": {"filtered": False, "detected": True, "citation": {"URL": TEXT, "license": "MIT"}}})),
    "filter_list": at_azure(found({"custom_blocklists": {"filtered": False, "details": [{"filtered": False, "id": TEXT}]}})),
    "error": at_azure(failed({
        "message": TEXT, "type": None, "param": "prompt", "code": "content_filter", "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {**SAFE, "hate": {"filtered": True, "severity": "high"}}},
    })),
}  # fmt: skip


def ask_azure(stream: bool) -> Request:
    """A chat request to a deployment."""
    path = f"/openai/deployments/gpt-4.1/chat/completions?api-version={VERSION}"
    return Request(path, ask(stream).body, {"api-key": "none"})


AZURE = Speaker(
    "azure_chat", Form(done=True), ask_azure, AZURE_TABLE, filtered(CLEAN), (FIRST, *map(filtered, CLEAN_EVENTS))
)

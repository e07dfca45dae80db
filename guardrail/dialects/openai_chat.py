"""OpenAI chat completions: where its text sits, streamed and not, and how it says that a filter stepped in.

Source: the types of openai-python; `POST .../chat/completions`, server-sent events ending in `data: [DONE]`.
Also spoken by vLLM, llama.cpp, DeepSeek and OpenRouter, whose reasoning fields are listed too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from guardrail.dialects.protocol import Call, Delta, EventView, Notes, Strings
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.jsontext import KEY, JsonError
from guardrail.wire.sse import frame_of

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/chat/completions")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_DATA_URL = re.compile(r"data:(?:image|audio|video|application)/[A-Za-z0-9.+-]{1,64};base64,[A-Za-z0-9+/_-]*={0,2}")
_REASONING = frozenset({"reasoning_content", "reasoning"})
# Names and enumerations of the protocol itself.  A key in this set is not text; any other key is judged.
_KEYS = frozenset(
    [
        "id",
        "object",
        "created",
        "model",
        "choices",
        "index",
        "delta",
        "message",
        "content",
        "role",
        "refusal",
        "finish_reason",
        "logprobs",
        "usage",
        "system_fingerprint",
        "service_tier",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "type",
        "custom",
        "input",
        "function_call",
        "reasoning_content",
        "reasoning",
        "text",
        "reasoning_details",
        "annotations",
        "url_citation",
        "title",
        "url",
        "start_index",
        "end_index",
        "audio",
        "transcript",
        "data",
        "expires_at",
        "token",
        "bytes",
        "logprob",
        "top_logprobs",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "cached_tokens",
        "audio_tokens",
        "reasoning_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
        "obfuscation",
        "metadata",
        "moderation",
        "error",
        "code",
        "param",
        "messages",
        "stream",
        "stream_options",
        "include_usage",
        "temperature",
        "top_p",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "user",
        "seed",
        "tools",
        "tool_choice",
        "response_format",
        "json_schema",
        "schema",
        "strict",
        "description",
        "parameters",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "parallel_tool_calls",
        "tool_call_id",
        "image_url",
        "detail",
        "reasoning_effort",
        "store",
        "prediction",
        "modalities",
        "logit_bias",
        "safety_identifier",
        "stop_reason",
        "prompt_logprobs",
        "kv_transfer_params",
        "provider",
        "native_finish_reason",
    ]
)


class OpenAIChat:
    """The lens on chat completions."""

    name = "openai_chat"

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any) -> Call:
        body = _mapping(document)
        count = body.get("n")
        return Call(
            model=body["model"] if isinstance(body.get("model"), str) else "",
            stream=body.get("stream") is True,
            choices=count if isinstance(count, int) and count > 0 else 1,
            context=Context(
                prompt=_spoken(body, ("user",), last=True),
                system=_spoken(body, ("system", "developer")),
                sources=tuple(filter(None, (_spoken(body, ("tool", "function")),))),
                response_format=_response_format(body),
            ),
        )

    def segments(self, document: Any, strings: Strings, stage: Stage) -> list[Segment]:
        body = _mapping(document)
        place = _place_in_request if stage is Stage.REQUEST else _place_in_answer
        found: list[Segment] = []
        for pointer, text in strings:
            if not text or _is_name(pointer, text) or (stage is Stage.REQUEST and _is_picture(pointer, text)):
                continue
            role, channel = place(body, pointer)
            if channel:
                found.append(Segment(stage, role, channel, pointer, text))
        if stage is Stage.RESPONSE:
            found += _spelled(body) + _silent(body)
        return found

    def context(self, document: Any, call: Call, pointer: Pointer) -> Context:
        choices = _sequence(_mapping(document).get("choices"))
        position = pointer[1] if len(pointer) > 1 and isinstance(pointer[1], int) else 0
        choice = _mapping(choices[position]) if position < len(choices) else {}
        reason = choice.get("finish_reason")
        return replace(
            call.context,
            finish_reason=reason if isinstance(reason, str) else None,
            has_tool_calls=_says_otherwise(_mapping(choice.get("message"))),
        )

    def event(self, document: Any, strings: Strings) -> EventView:
        body = _mapping(document)
        choices = [_mapping(choice) for choice in _sequence(body.get("choices"))]
        for choice in choices:
            _require_plain(choice)
        deltas: list[Delta] = []
        fields: list[Segment] = []
        for pointer, text in strings:
            if not text or _is_name(pointer, text):
                continue
            delta = _delta(choices, pointer, text)
            if delta is not None:
                deltas.append(delta)
            elif not _is_spelled(pointer):
                fields.append(Segment(Stage.RESPONSE, "assistant", "field", pointer, text))
        finishes = [(_index(c, i), str(c["finish_reason"])) for i, c in enumerate(choices) if c.get("finish_reason")]
        for position, choice in enumerate(choices):
            deltas += _spelled_deltas(choice, position)
        return EventView(deltas, fields, finishes)

    def blanks(self, pointer: Pointer) -> Pointer | None:
        if len(pointer) > 2 and pointer[0] == "choices":
            return ("choices", pointer[1], "logprobs")
        return None

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"

    def error(self, status: int, code: str, message: str) -> bytes:
        kind = "invalid_request_error" if 400 <= status < 500 else "api_error"
        return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})

    def stream_error(self, code: str, message: str) -> bytes:
        body = {"error": {"message": message, "type": "api_error", "param": None, "code": code}}
        return frame_of(orjson.dumps(body))

    def stream_stop(self, document: Any, choices: Sequence[int], message: str, notes: Notes = None) -> bytes:
        frames = []
        for choice in choices:
            if message:
                frames.append(self.stream_text(document, choice, message))
            last = choice == choices[-1]
            frames.append(_chunk(document, choice, {}, "content_filter", notes if last else None))
        return b"".join((*frames, frame_of(b"[DONE]")))

    def stream_text(self, document: Any, choice: int, text: str) -> bytes:
        return _chunk(document, choice, {"content": text}, None)

    def notice_pointer(self, document: Any, pointer: Pointer) -> Pointer | None:
        if len(pointer) < 3 or pointer[0] != "choices" or not isinstance(pointer[1], int):
            return None
        choice = _mapping(_sequence(_mapping(document).get("choices"))[pointer[1]])
        spoken = isinstance(_mapping(choice.get("message")).get("content"), str)
        return ("choices", pointer[1], "message", "content") if spoken else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _require_plain(choice: Mapping[str, Any]) -> None:
    """Shapes that are no part of the API and that clients would read in different ways are refused."""
    index = choice.get("index", 0)
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise JsonError("a choice has no plain index")
    if choice.get("delta") and choice.get("message"):
        raise JsonError("a choice has both a delta and a message")


def _index(choice: Mapping[str, Any], position: int) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else position


def _chunk(document: Any, choice: int, delta: dict[str, Any], finish: str | None, notes: Notes = None) -> bytes:
    """A chunk that carries the identity of one the upstream sent."""
    seen = _mapping(document)
    body = {name: seen[name] for name in ("id", "object", "created", "model", "system_fingerprint") if name in seen}
    body.setdefault("object", "chat.completion.chunk")
    body["choices"] = [{"index": choice, "delta": delta, "finish_reason": finish}]
    if notes is not None:
        body["guardrail"] = notes
    return frame_of(orjson.dumps(body))


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = (_mapping(part).get("text") for part in _sequence(content))
    return "\n".join(part for part in parts if isinstance(part, str))


def _spoken(body: Mapping[str, Any], roles: Sequence[str], *, last: bool = False) -> str:
    messages = [_mapping(message) for message in _sequence(body.get("messages"))]
    texts = [_text_of(message.get("content")) for message in messages if message.get("role") in roles]
    return (texts[-1] if texts else "") if last else "\n".join(texts)


def _response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wish = _mapping(body.get("response_format"))
    if wish.get("type") == "json_schema":
        return {"type": "json_schema", "schema": _mapping(_mapping(wish.get("json_schema")).get("schema"))}
    return {"type": "json_object"} if wish.get("type") == "json_object" else None


def _is_name(pointer: Pointer, text: str) -> bool:
    """A key of the protocol itself."""
    return pointer[-1:] == (KEY,) and text in _KEYS


def _is_picture(pointer: Pointer, text: str) -> bool:
    """Binary content of a request, where the API has it and spelt as binary content: it holds no text to judge."""
    if pointer[-2:] in (("image_url", "url"), ("file", "file_data")):
        return _DATA_URL.fullmatch(text) is not None
    return pointer[-2:] == ("input_audio", "data") and _BASE64.fullmatch(text) is not None


def _place_in_request(body: Mapping[str, Any], pointer: Pointer) -> tuple[str, str]:
    if pointer[:1] == ("messages",) and len(pointer) > 2 and isinstance(pointer[1], int):
        role = str(_mapping(_sequence(body.get("messages"))[pointer[1]]).get("role", ""))
        if pointer[2] == "content" and pointer[-1] in ("content", "text"):
            return role, "content"
        return role, "tool_arguments" if _is_tool_arguments(pointer[2:]) else "field"
    return "", "tools" if pointer[:1] in (("tools",), ("functions",)) else "field"


def _place_in_answer(body: Mapping[str, Any], pointer: Pointer) -> tuple[str, str]:
    if _is_spelled(pointer):
        return "assistant", ""  # judged joined, by _spelled
    if len(pointer) > 3 and pointer[0] == "choices" and pointer[2] in ("message", "delta"):
        return "assistant", _channel(pointer[3:])
    return "assistant", "field"


def _is_tool_arguments(path: Pointer) -> bool:
    return (path[0] == "tool_calls" and path[2:] in (("function", "arguments"), ("custom", "input"))) or path == (
        "function_call",
        "arguments",
    )


def _channel(path: Pointer) -> str:
    """The channel of a string below `message` or `delta`."""
    if path == ("content",) or (path[0] == "content" and path[2:] == ("text",)):
        return "content"
    if path == ("refusal",):
        return "refusal"
    if path[0] in _REASONING and len(path) == 1:
        return "reasoning"
    if path[0] == "reasoning_details" and path[2:] in (("text",), ("summary",)):
        return "reasoning"
    if path == ("audio", "transcript"):
        return "transcript"
    return "tool_arguments" if _is_tool_arguments(path) else "field"


def _is_spelled(pointer: Pointer) -> bool:
    """A token among log-probabilities, which `_tokens` and `_alternatives` join."""
    if (
        len(pointer) < 6
        or pointer[0] != "choices"
        or pointer[2] != "logprobs"
        or pointer[3] not in ("content", "refusal")
    ):
        return False
    shape = tuple(part if isinstance(part, str) else 0 for part in pointer[4:])
    return shape in ((0, "token"), (0, "top_logprobs", 0, "token"))


def _tokens(choice: Mapping[str, Any], part: str) -> str:
    tokens = (_mapping(entry).get("token") for entry in _sequence(_mapping(choice.get("logprobs")).get(part)))
    return "".join(token for token in tokens if isinstance(token, str))


def _alternatives(choice: Mapping[str, Any], part: str) -> str:
    """The tokens that were not chosen, one a line: each is a text of its own."""
    entries = _sequence(_mapping(choice.get("logprobs")).get(part))
    tops = (top for entry in entries for top in _sequence(_mapping(entry).get("top_logprobs")))
    return "".join(f"{token}\n" for top in tops if isinstance(token := _mapping(top).get("token"), str))


def _spelled(body: Mapping[str, Any]) -> list[Segment]:
    """Log-probabilities spell the answer token by token: judged joined, as a reader of them would."""
    found = []
    for position, choice in enumerate(_sequence(body.get("choices"))):
        for part in ("content", "refusal"):
            for text in (_tokens(_mapping(choice), part), _alternatives(_mapping(choice), part)):
                if text:
                    pointer: Pointer = ("choices", position, "logprobs")
                    found.append(Segment(Stage.RESPONSE, "assistant", "logprobs", pointer, text))
    return found


def _says_otherwise(message: Mapping[str, Any]) -> bool:
    """Whether a message without content is an answer all the same."""
    return any(message.get(name) for name in ("tool_calls", "function_call", "refusal", "audio"))


def _silent(body: Mapping[str, Any]) -> list[Segment]:
    """The answers that hold no text at all: there is nothing to edit in them, and that is worth judging."""
    found = []
    for position, choice in enumerate(_sequence(body.get("choices"))):
        message = _mapping(choice).get("message")
        if isinstance(message, dict) and not _text_of(message.get("content")):
            pointer: Pointer = ("choices", position, "message", "content")
            found.append(Segment(Stage.RESPONSE, "assistant", "content", pointer, ""))
    return found


def _spelled_deltas(choice: Mapping[str, Any], position: int) -> list[Delta]:
    if not choice.get("logprobs"):
        return []
    pointer: Pointer = ("choices", position, "logprobs")
    number = _index(choice, position)
    found = []
    for block, part in enumerate(("content", "refusal")):
        texts = (_tokens(choice, part), _alternatives(choice, part))
        for kind, text in enumerate(texts):
            if text:
                found.append(Delta((number, "logprobs", block * 2 + kind), pointer, text, pointer))
    return found


def _delta(choices: Sequence[Mapping[str, Any]], pointer: Pointer, text: str) -> Delta | None:
    """The growing channel that a string of an event adds to, if it is one."""
    if len(pointer) < 4 or pointer[0] != "choices" or pointer[2] not in ("delta", "message"):
        return None
    path = pointer[3:]
    channel = _channel(path)
    if channel == "field" or pointer[-1] == KEY:
        return None
    position = pointer[1]
    if not isinstance(position, int):
        return None
    choice = choices[position]
    block = _block(choice, path)
    logprobs: Pointer | None = ("choices", position, "logprobs") if choice.get("logprobs") else None
    return Delta((_index(choice, position), channel, block), pointer, text, logprobs, _call_id(choice, path))


def _entry(choice: Mapping[str, Any], path: Pointer) -> Mapping[str, Any]:
    """The list entry (tool call, reasoning detail) that a string belongs to."""
    entries = _sequence(_mapping(choice.get("delta") or choice.get("message")).get(str(path[0])))
    position = path[1] if len(path) > 1 and isinstance(path[1], int) else len(entries)
    return _mapping(entries[position]) if position < len(entries) else {}


def _block(choice: Mapping[str, Any], path: Pointer) -> int:
    """Which tool call or reasoning block of a choice a string belongs to; the parts of a content read as one text."""
    if path[0] == "tool_calls" and len(path) > 1 and isinstance(path[1], int):
        return _index(_entry(choice, path), path[1])
    if path[0] == "reasoning_details" and len(path) > 1 and isinstance(path[1], int):
        return _index(_entry(choice, path), path[1]) + 2
    if path[0] == "function_call":
        return -1
    return 1 if path[0] == "reasoning" else 0


def _call_id(choice: Mapping[str, Any], path: Pointer) -> str:
    identity = _entry(choice, path).get("id") if path[0] == "tool_calls" else None
    return identity if isinstance(identity, str) else ""

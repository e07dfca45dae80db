"""OpenAI chat completions: where its text sits, streamed and not, and how it says that a filter stepped in.

Source: the types of openai-python; `POST .../chat/completions`, server-sent events ending in `data: [DONE]`.
Azure OpenAI speaks it below `/openai/`, with `content_filter_results` and a first chunk that has no choices.
vLLM, llama.cpp, DeepSeek, OpenRouter and Ollama speak it too; their reasoning fields are listed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrail.dialects import openai_chat_asked
from guardrail.dialects.again import parsed, said, turns_added
from guardrail.dialects.openai_common import dump, error_body, error_event
from guardrail.dialects.places import META, OPAQUE, Paths, Table, alone, at, dumped, mapping, sequence, word
from guardrail.dialects.protocol import Call, Delta, Lens, Notes, Spelled, Strings, ToolCall, View
from guardrail.dialects.tokens import tokens_of
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/chat/completions")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_DATA_URL = re.compile(r"data:(?:image|audio|video|application)/[A-Za-z0-9.+-]{1,64};base64,[A-Za-z0-9+/_-]*={0,2}")

_MESSAGE = {
    "content content.*.text": "content",
    "refusal content.*.refusal": "refusal",
    "reasoning_content reasoning reasoning_details.*.text reasoning_details.*.summary": "reasoning",
    "audio.transcript": "transcript",
    "tool_calls.*.function.arguments tool_calls.*.custom.input function_call.arguments": "tool_arguments",
    "tool_calls.*.function.name tool_calls.*.custom.name function_call.name": "tool_name",
    "annotations.*.url_citation.title annotations.*.url_citation.url": "annotation",
    "reasoning_details.*.data reasoning_details.*.signature": OPAQUE,
    "audio.data": OPAQUE,
    "role tool_calls.*.id tool_calls.*.type tool_calls.*.index annotations.*.type audio.id audio.expires_at": META,
    "reasoning_details.*.type reasoning_details.*.id reasoning_details.*.format reasoning_details.*.index": META,
    "annotations.*.url_citation.start_index annotations.*.url_citation.end_index content.*.type": META,
}
_FILTERS = (
    "hate",
    "self_harm",
    "sexual",
    "violence",
    "jailbreak",
    "profanity",
    "indirect_attack",
    "protected_material_text",
    "protected_material_code",
    "custom_blocklists",
)
_FILTER = {
    f"{place}.{kind}.{name}": META
    for place in ("choices.*.content_filter_results", "prompt_filter_results.*.content_filter_results")
    for kind in _FILTERS
    for name in ("filtered", "detected", "severity")
}
_ANSWER = Table(
    {
        **{
            " ".join(f"choices.*.{holder}.{path}" for holder in ("message", "delta") for path in paths.split()): channel
            for paths, channel in _MESSAGE.items()
        },
        "choices.*.logprobs.content.*.token choices.*.logprobs.refusal.*.token": "logprobs",
        "choices.*.logprobs.content.*.top_logprobs.*.token": "logprobs",
        "choices.*.logprobs.refusal.*.top_logprobs.*.token": "logprobs",
        "id object model system_fingerprint service_tier created provider choices.*.finish_reason": META,
        "choices.*.native_finish_reason choices.*.stop_reason choices.*.index": META,
        "obfuscation p": META,  # padding, at OpenAI and Mistral
        **_FILTER,
    },
    names=(
        "usage prompt_tokens completion_tokens total_tokens prompt_tokens_details completion_tokens_details "
        "cached_tokens audio_tokens reasoning_tokens accepted_prediction_tokens rejected_prediction_tokens "
        "bytes logprob metadata moderation error message type param code prompt_logprobs kv_transfer_params "
        "prompt_index check_offset start_offset end_offset content_filter_offsets start_character "
        "end_character text_tokens image_tokens "
    ),
)
_REQUEST = Table(
    {
        "messages.*.content messages.*.content.*.text messages.*.content.*.refusal messages.*.refusal": "content",
        "messages.*.tool_calls.*.function.arguments messages.*.tool_calls.*.custom.input "
        "messages.*.function_call.arguments": "tool_arguments",
        "messages.*.content.*.image_url.url messages.*.content.*.file.file_data": "data_url",
        "messages.*.content.*.input_audio.data": "base64",
        "tools.** functions.**": "tools",
    },
    names=(
        "model messages role name stream stream_options include_usage include_obfuscation temperature top_p n "
        "max_tokens max_completion_tokens presence_penalty frequency_penalty stop user seed tools tool_choice "
        "response_format json_schema schema strict description parameters properties required "
        "additionalProperties items enum type id function custom parallel_tool_calls tool_call_id image_url "
        "detail reasoning_effort store prediction modalities logit_bias logprobs top_logprobs "
        "safety_identifier metadata audio voice format verbosity service_tier web_search_options "
        "prompt_cache_key file file_id filename data "
    ),
)


class OpenAIChat:
    """The lens on chat completions."""

    name = "openai_chat"
    vendor = "openai"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        count = body.get("n")
        return Call(
            model=word(body.get("model")),
            stream=body.get("stream") is True,
            choices=count if isinstance(count, int) and count > 0 else 1,
            context=Context(
                prompt=_spoken(body, ("user",), last=True),
                system=_spoken(body, ("system", "developer")),
                response_format=openai_chat_asked.response_format(body),
                material=openai_chat_asked.sources(body),
                functions=openai_chat_asked.functions(body),
                hidden=openai_chat_asked.hidden(body),
            ),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        body = mapping(document)
        found: list[Segment] = []
        for channel, pointer, text in _REQUEST.sorted(strings):
            if not text or (channel == "data_url" and _DATA_URL.fullmatch(text)):
                continue
            if channel == "base64" and _BASE64.fullmatch(text):
                continue  # sound: it holds no text to judge
            known = channel if channel in ("content", "tool_arguments", "tools") else "field"
            found.append(Segment(Stage.REQUEST, _role(body, pointer), known, pointer, text))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        return _view(document, strings, None)

    def lens(self, call: Call) -> Lens:
        return _Lens()

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        wanted = sequence(parsed(body).get("modalities"))
        if any(modality != "text" for modality in wanted):
            return None  # what was said aloud is no text that could be handed back
        return turns_added(body, ("messages",), said(answer, feedback))

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


class _Lens(Lens):
    def __init__(self) -> None:
        self._paths = Paths()

    def event(self, document: Any, strings: Strings, name: str) -> View:
        return _view(document, strings, self._paths)

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [_chunk(document, choice, {"content": text}, None)]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        added: list[Added] = []
        for choice in choices:
            if message:
                added += self.text(last, choice, message)
            added.append(_chunk(last, choice, {}, "content_filter", notes if choice == choices[-1] else None))
        return [*added, ("", b"[DONE]")]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [error_event(code, message)]


def _view(document: Any, strings: Strings, paths: Paths | None) -> View:
    """What a whole answer (`paths` None) or an event of a stream holds."""
    choices = _choices(document)
    if paths is not None:
        paths.begin("", _index(choices[0], 0) if choices else -1)
    deltas: list[Delta] = []
    fields: list[Segment] = []
    opaque: list[Pointer] = []
    tokens: list[tuple[Pointer, str]] = []
    for channel, pointer, text in _ANSWER.sorted(strings):
        if not text and channel != "tool_arguments":
            continue
        if channel == "logprobs":
            tokens.append((pointer, text))
        elif channel == OPAQUE:
            opaque.append(pointer)
        elif channel == META:
            fields.append(paths.meta(META, pointer, text) if paths else alone(META, pointer, text))
        elif channel == "field":
            paths.unknown(pointer, text) if paths else fields.append(alone(channel, pointer, text))
        else:
            deltas.append(_delta(choices, channel, pointer, text))
    deltas += _announced(choices, deltas)
    deltas += _spelled(choices, tokens)
    for position, choice in enumerate(choices):
        if paths is None and not any(d.pointer[1] == position and d.channel[1] == "content" for d in deltas):
            deltas.append(
                Delta((_index(choice, position), "content", 0), ("choices", position, "message", "content"), "")
            )
    trees = list(_objects(choices))
    seals = []
    if paths is not None:
        deltas += paths.deltas
        seals = paths.seals
    return View(
        deltas,
        fields,
        trees=trees,
        opaque=opaque,
        seals=seals,
        finishes=[(_index(c, i), str(c["finish_reason"])) for i, c in enumerate(choices) if c.get("finish_reason")],
        acts=frozenset(_index(c, i) for i, c in enumerate(choices) if _says_otherwise(c)),
        calls=[_whole(choices, pointer) for pointer in trees],
        spelled=[
            Spelled((_index(c, i), "content", 0), tokens_of(mapping(c["logprobs"]).get("content")))
            for i, c in enumerate(choices)
            if c.get("logprobs")
        ],
    )


def _objects(choices: Sequence[Mapping[str, Any]]) -> Iterator[Pointer]:
    """Arguments that are no JSON string but the object itself, as some servers send them."""
    for position, choice in enumerate(choices):
        for holder in ("message", "delta"):
            above: Pointer = ("choices", position, holder)
            said = mapping(choice.get(holder))
            if isinstance(mapping(said.get("function_call")).get("arguments"), (dict, list, int, float)):
                yield (*above, "function_call", "arguments")
            for number, call in enumerate(sequence(said.get("tool_calls"))):
                if isinstance(mapping(mapping(call).get("function")).get("arguments"), (dict, list, int, float)):
                    yield (*above, "tool_calls", number, "function", "arguments")


def _choices(document: Any) -> list[Mapping[str, Any]]:
    """The choices of a document.  Raises JsonError for shapes that are no part of the API and that clients would read
    in different ways."""
    found = mapping(document).get("choices")
    if isinstance(found, dict):
        raise JsonError("the choices are no array")
    choices = [mapping(choice) for choice in sequence(found)]
    for choice in choices:
        _require_plain(choice)
    return choices


def _require_plain(choice: Mapping[str, Any]) -> None:
    index = choice.get("index", 0)
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise JsonError("a choice has no plain index")
    if choice.get("delta") and choice.get("message"):
        raise JsonError("a choice has both a delta and a message")


def _index(choice: Mapping[str, Any], position: int) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else position


def _position(pointer: Pointer) -> int:
    """Which of the choices a place below `choices` belongs to."""
    position = pointer[1]
    assert isinstance(position, int)  # the choices are an array
    return position


def _said(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(choice.get("delta") or choice.get("message"))


def _says_otherwise(choice: Mapping[str, Any]) -> bool:
    """Whether an answer is one even without content."""
    return any(_said(choice).get(name) for name in ("tool_calls", "function_call", "refusal", "audio"))


def _delta(choices: Sequence[Mapping[str, Any]], channel: str, pointer: Pointer, text: str) -> Delta:
    """The addition that a string below `choices.N.delta` or `.message` makes."""
    position = _position(pointer)
    choice, path = choices[position], pointer[3:]
    number = _index(choice, position)
    if channel == "annotation":
        return Delta((number, "content", 0), pointer, text, aside=True)
    logprobs: Pointer | None = ("choices", position, "logprobs") if choice.get("logprobs") else None
    begins = channel == "tool_arguments" and path[-1] in ("arguments", "input")  # and no key inside them
    called = _function(_entry(choice, path), _said(choice), path) if begins else ""
    key = (number, channel, _block(choice, path))
    return Delta(key, pointer, text, logprobs, _call_id(choice, path), function=called)


def _entry(choice: Mapping[str, Any], path: Pointer) -> Mapping[str, Any]:
    """The list entry (tool call, reasoning detail) that a string belongs to."""
    entries = sequence(_said(choice).get(str(path[0])))
    position = path[1] if len(path) > 1 and isinstance(path[1], int) else len(entries)
    return mapping(entries[position]) if position < len(entries) else {}


def _block(choice: Mapping[str, Any], path: Pointer) -> int:
    """Which tool call or reasoning block of a choice a string belongs to; the parts of a content read as one text.
    The calls of a whole message are its entries: servers differ in how they number them, if they do."""
    if path[0] == "tool_calls" and isinstance(path[1], int):
        return path[1] if "message" in choice else _index(_entry(choice, path), path[1])
    if path[0] == "reasoning_details" and isinstance(path[1], int):
        return _index(_entry(choice, path), path[1]) + 2
    if path[0] == "function_call":
        return -1
    return 1 if path[0] == "reasoning" else 0


def _call_id(choice: Mapping[str, Any], path: Pointer) -> str:
    return word(_entry(choice, path).get("id")) if path[0] == "tool_calls" else ""


def _function(call: Mapping[str, Any], said: Mapping[str, Any], path: Pointer) -> str:
    """(A piece of) the name of the tool whose arguments stand at a place."""
    holder = mapping(said.get("function_call")) if path[0] == "function_call" else mapping(call.get(str(path[2])))
    return word(holder.get("name"))


def _announced(choices: Sequence[Mapping[str, Any]], deltas: Sequence[Delta]) -> Iterator[Delta]:
    """Calls that are named without any arguments: there may be none."""
    begun = {delta.pointer[:5] for delta in deltas if delta.channel[1] == "tool_arguments"}
    for position, choice in enumerate(choices):
        holder = "delta" if choice.get("delta") else "message"
        for number, call in enumerate(map(mapping, sequence(_said(choice).get("tool_calls")))):
            place: Pointer = ("choices", position, holder, "tool_calls", number)
            tool = mapping(call.get("function") or call.get("custom"))
            if place not in begun and word(tool.get("name")) and tool.get("arguments") is None:
                key = (_index(choice, position), "tool_arguments", _block(choice, place[3:]))
                yield Delta(key, place, "", call=word(call.get("id")), function=word(tool.get("name")))


def _whole(choices: Sequence[Mapping[str, Any]], pointer: Pointer) -> ToolCall:
    """A call whose arguments, at a place, are no JSON string but the object itself."""
    choice = choices[_position(pointer)]
    called = mapping(at(choice, pointer[2:-1]))
    return ToolCall(_index(choice, _position(pointer)), word(called.get("name")), dumped(called.get("arguments")))


def _spelled(choices: Sequence[Mapping[str, Any]], tokens: Strings) -> list[Delta]:
    """Log-probabilities spell the answer token by token: judged joined, as a reader of them would.  Each token that was
    not chosen is a text of its own: one a line."""
    texts: dict[tuple[Pointer, int], list[str]] = {}
    for pointer, token in tokens:
        other = "top_logprobs" in pointer
        block = 2 * (pointer[3] == "refusal") + other
        texts.setdefault((pointer[:3], block), []).append(token + "\n" if other else token)
    return [
        Delta((_index(choices[_position(place)], _position(place)), "logprobs", block), place, "".join(parts), place)
        for (place, block), parts in texts.items()
    ]


def _chunk(document: Any, choice: int, delta: dict[str, Any], finish: str | None, notes: Notes = None) -> Added:
    """A chunk that carries the identity of one that the client has seen."""
    seen = mapping(document)
    body = {name: seen[name] for name in ("id", "object", "created", "model", "system_fingerprint") if name in seen}
    body.setdefault("object", "chat.completion.chunk")
    body["choices"] = [{"index": choice, "delta": delta, "finish_reason": finish}]
    if notes is not None:
        body["guardrail"] = notes
    return "", dump(body)


def _role(body: Mapping[str, Any], pointer: Pointer) -> str:
    if pointer[:1] != ("messages",) or len(pointer) < 3 or not isinstance(pointer[1], int):
        return ""
    return word(mapping(sequence(body.get("messages"))[pointer[1]]).get("role"))


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text for part in sequence(content) if isinstance(text := mapping(part).get("text"), str))


def _spoken(body: Mapping[str, Any], roles: Sequence[str], *, last: bool = False) -> str:
    messages = [mapping(message) for message in sequence(body.get("messages"))]
    texts = [_text_of(message.get("content")) for message in messages if message.get("role") in roles]
    return (texts[-1] if texts else "") if last else "\n".join(texts)

"""Ollama's own API: where its text sits, line by line and in one answer, and how it says that a filter stepped in.

Source: the types of ollama-python and of the server's `api` package.  `POST /api/chat` and `/api/generate` answer with
one JSON object a line unless the request says `stream: false`; `/api/embed`, `/api/embeddings`, `/api/show`, and `GET`
of `/api/tags`, `/api/ps` and `/api/version` with one document.  What changes the server (pull, push, create, copy,
delete) is no business of a client behind a guard and stays closed.

Rules:
1. The line with `done: true` is the last, and may carry text as any other.
2. `context` holds the whole conversation as token ids, which anybody with the tokenizer can read: emptied when anything
   was edited.
3. A stream that is stopped ends with `done: true`, because clients end without a word when that never comes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from guardrail import material
from guardrail.dialects import openai_chat_asked
from guardrail.dialects.again import in_prose, parsed, said, turns_added, words_added
from guardrail.dialects.places import META, OPAQUE, Paths, Table, alone, dumped, lead_of, mapping, sequence, word
from guardrail.dialects.protocol import Call, Delta, Lens, Notes, Spelled, Strings, ToolCall, View
from guardrail.dialects.tokens import tokens_of
from guardrail.types import Context, Pointer, Segment, Source, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PREFIX = r"(?:/[A-Za-z0-9._~-]+)*/api/"
_READ = re.compile(_PREFIX + "(?:tags|ps|version)")
_WRITE = re.compile(_PREFIX + "(?:chat|generate|embed|embeddings|show)")
_SPOKEN = re.compile(_PREFIX + "(?:chat|generate)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")

_ANSWER = Table(
    {
        "message.content response": "content",
        "message.thinking thinking": "reasoning",
        "message.tool_calls.*.function.arguments.**": "tool_arguments",
        "message.tool_calls.*.function.name message.tool_name": "tool_name",
        "logprobs.*.token logprobs.*.top_logprobs.*.token": "logprobs",
        "message.images.* image": OPAQUE,
        "message.role message.tool_calls.*.id message.tool_call_id": META,
        "model created_at done_reason remote_model remote_host": META,
        "models.*.name models.*.model models.*.modified_at models.*.digest models.*.expires_at": META,
        "models.*.details.* models.*.details.families.* models.*.remote_model models.*.remote_host": META,
        "version modified_at capabilities.* details.* details.families.*": META,
        "template modelfile license parameters system messages.*.role messages.*.content": "annotation",
        "model_info.** projector_info.** tensors.**": "annotation",
    },
    names=(
        "error done context total_duration load_duration prompt_eval_count prompt_eval_duration eval_count "
        "eval_duration completed total logprob bytes index embedding embeddings size size_vram context_length "
        "parent_model format family parameter_size quantization_level shape type"
    ),
)
_REQUEST = Table(
    {
        "messages.*.content prompt suffix input input.*": "content",
        "system": "system",
        "messages.*.thinking template": "field",
        "messages.*.tool_calls.*.function.arguments.**": "tool_arguments",
        "messages.*.images.* images.*": "base64",
        "tools.**": "tools",
    },
    names=(
        "model messages role name tool_calls id index function tool_name tool_call_id stream format options "
        "keep_alive think raw context logprobs top_logprobs truncate dimensions width height steps verbose "
        "numa num_ctx num_batch num_gpu main_gpu low_vram use_mmap use_mlock num_thread num_keep seed "
        "num_predict top_k top_p min_p tfs_z typical_p repeat_last_n temperature repeat_penalty "
        "presence_penalty frequency_penalty mirostat mirostat_tau mirostat_eta penalize_newline stop type "
        "description parameters properties required items enum"
    ),
)
_COUNTERS = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


class Ollama:
    """The lens on Ollama's own API."""

    name = "ollama"
    vendor = "ollama"
    framings = frozenset({"ndjson"})

    def matches(self, method: str, path: str) -> bool:
        if "/../" in path or "/./" in path:
            return False
        return (_READ if method == "GET" else _WRITE).fullmatch(path) is not None and method in ("GET", "POST")

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        return Call(
            model=word(body.get("model")) or word(body.get("name")),
            stream=_SPOKEN.fullmatch(path) is not None and body.get("stream") is not False,
            context=Context(
                prompt=word(body.get("prompt")) or next(reversed(list(_said(body, "user"))), ""),
                system="\n".join(filter(None, (word(body.get("system")), *_said(body, "system")))),
                response_format=_response_format(body.get("format")),
                material=_sources(body),
                functions=openai_chat_asked.functions(body),
                hidden=bool(body.get("context") or body.get("images"))
                or any(mapping(message).get("images") for message in sequence(body.get("messages"))),
            ),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        body = mapping(document)
        found: list[Segment] = []
        for channel, pointer, text in _REQUEST.sorted(strings):
            if not text or (channel == "base64" and _BASE64.fullmatch(text)):
                continue  # a picture holds no text to judge
            known = "content" if channel == "system" else channel
            known = known if known in ("content", "tool_arguments", "tools") else "field"
            lead = lead_of(pointer) if known == "tool_arguments" else ""
            found.append(Segment(Stage.REQUEST, _role(body, channel, pointer), known, pointer, text, lead))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        return _view(document, strings, None)

    def lens(self, call: Call) -> Lens:
        return _Lens()

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        members = parsed(body)
        if "messages" in members:
            return turns_added(body, ("messages",), said(answer, feedback))
        if members.get("raw") or members.get("suffix"):
            return None  # the prompt is in the form of one model, or the answer stands inside a text
        return words_added(body, ("prompt",), in_prose(answer, feedback))

    def error(self, status: int, code: str, message: str) -> bytes:
        return orjson.dumps({"error": message})


class _Lens(Lens):
    def __init__(self) -> None:
        self._paths = Paths()

    def event(self, document: Any, strings: Strings, name: str) -> View:
        return _view(document, strings, self._paths)

    def is_done(self, data: bytes) -> bool:
        return False

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [("", _dumped(_line(document, text)))]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        end = {**_line(last, ""), "done": True, "done_reason": "content_filter", **dict.fromkeys(_COUNTERS, 0)}
        if notes is not None:
            end["guardrail"] = notes
        return [*(self.text(last, 0, message) if message else ()), ("", _dumped(end))]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [("", orjson.dumps({"error": message}))]


def _line(document: Any, text: str) -> dict[str, Any]:
    """A line with the identity of one that the client has seen, in the form of its endpoint; one that shows neither (an
    image that is being made) gets both, of which a client reads the one it knows."""
    seen = mapping(document)
    line: dict[str, Any] = {name: word(seen[name]) for name in ("model", "created_at") if name in seen}
    if "message" in seen or "response" not in seen:
        line["message"] = {"role": "assistant", "content": text}
    if "response" in seen or "message" not in seen:
        line["response"] = text
    return {**line, "done": False}


def _dumped(line: Mapping[str, Any]) -> bytes:
    """One line of JSON; a name may hold half a character, which orjson refuses."""
    return json.dumps(line, separators=(",", ":")).encode()


def _view(document: Any, strings: Strings, paths: Paths | None) -> View:
    """What a whole answer (`paths` None) or a line of a stream holds."""
    body = mapping(document)
    if body.get("error"):
        # Nothing follows an error, so no string of it waits for another.
        return View(fields=[alone("field", pointer, text) for _, pointer, text in _ANSWER.sorted(strings) if text])
    _require_plain(body)
    if paths is not None:
        paths.begin("")
    spelled = dict(_spelled(body))
    deltas: list[Delta] = [
        Delta((0, "logprobs", block), ("logprobs",), text, ("logprobs",))
        for block, text in enumerate(_joined(spelled))
        if text
    ]
    fields: list[Segment] = []
    opaque: list[Pointer] = []
    for channel, pointer, text in _ANSWER.sorted(strings):
        if not text or pointer in spelled:
            continue
        if channel == OPAQUE and _BASE64.fullmatch(text):
            opaque.append(pointer)
        elif channel == META:
            fields.append(paths.meta(META, pointer, text) if paths else alone(META, pointer, text))
        elif channel in ("content", "reasoning"):
            deltas.append(Delta((0, channel, 0), pointer, text, ("logprobs",) if body.get("logprobs") else None))
        elif channel in ("tool_arguments", "tool_name", "annotation"):
            lead = lead_of(pointer) if channel == "tool_arguments" else ""
            fields.append(alone(channel, pointer, text, lead))
        elif paths is not None:
            paths.unknown(pointer, text)
        else:
            fields.append(alone("field", pointer, text))
    spoken = "message" in body or "response" in body
    if paths is None and spoken and not any(delta.channel == (0, "content", 0) for delta in deltas):
        deltas.append(Delta((0, "content", 0), ("message", "content") if "message" in body else ("response",), ""))
    if paths is not None:
        deltas += paths.deltas
    return View(
        deltas,
        fields,
        trees=_trees(body),
        opaque=opaque,
        echoes=[("context",)] if body.get("context") else [],
        seals=paths.seals if paths is not None else (),
        finishes=[(0, word(body.get("done_reason")) or "stop")] if body.get("done") else [],
        acts=frozenset({0} if _acts(body) else ()),
        calls=[ToolCall(0, word(tool.get("name")), dumped(tool.get("arguments") or {})) for tool in _tools(body)],
        spelled=[Spelled((0, "content", 0), tokens_of(body["logprobs"]))] if _speaks(body) else (),
    )


def _require_plain(body: Mapping[str, Any]) -> None:
    """Shapes that are no part of the API and that clients would read in different ways are refused."""
    if not isinstance(body.get("done"), bool | None):
        raise JsonError("a line does not say plainly whether it is the last")
    if "message" in body and ("response" in body or "thinking" in body):
        raise JsonError("a line belongs to a chat and to a generation at once")


def _calls(body: Mapping[str, Any]) -> Sequence[Any]:
    return sequence(mapping(body.get("message")).get("tool_calls"))


def _tools(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools that are called; one without a name is none."""
    called = (mapping(mapping(call).get("function")) for call in _calls(body))
    return [tool for tool in called if word(tool.get("name"))]


def _speaks(body: Mapping[str, Any]) -> bool:
    """Whether the tokens of a line are of the answer and not of the reasoning before it."""
    said = mapping(body.get("message"))
    thinks = word(said.get("thinking")) or word(body.get("thinking"))
    return bool(body.get("logprobs")) and not (thinks and not (word(said.get("content")) or word(body.get("response"))))


def _trees(body: Mapping[str, Any]) -> list[Pointer]:
    """The arguments of every tool call: they come whole."""
    return [("message", "tool_calls", at, "function", "arguments") for at, _ in enumerate(_calls(body))]


def _acts(body: Mapping[str, Any]) -> bool:
    return bool(_calls(body) or mapping(body.get("message")).get("images") or body.get("image"))


def _spelled(body: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """The tokens of the answer, and those that might have stood there, with their places."""
    for at, entry in enumerate(map(mapping, sequence(body.get("logprobs")))):
        if isinstance(token := entry.get("token"), str):
            yield ("logprobs", at, "token"), token
        for rank, top in enumerate(sequence(entry.get("top_logprobs"))):
            if isinstance(token := mapping(top).get("token"), str):
                yield ("logprobs", at, "top_logprobs", rank, "token"), token


def _joined(spelled: Mapping[Pointer, str]) -> tuple[str, str]:
    """The tokens as a reader joins them, and those that were not chosen, each of them a text of its own: one a line."""
    chosen = "".join(token for place, token in spelled.items() if len(place) == 3)
    return chosen, "".join(f"{token}\n" for place, token in spelled.items() if len(place) > 3)


def _sources(body: Mapping[str, Any]) -> tuple[Source, ...]:
    """Everything that the answer may be held against; names of tools are said at their results."""
    found = [*material.said("system", word(body.get("system"))), *material.pasted(word(body.get("prompt")))[0]]
    for message in map(mapping, sequence(body.get("messages"))):
        role, text = message.get("role"), word(message.get("content"))
        if role == "system":
            found += material.said("system", text)
        elif role == "tool":
            found += material.result(text, word(message.get("tool_name")) or word(message.get("name")))
        elif role == "user":
            found += material.pasted(text)[0]
    return material.distinct(found)


def _said(body: Mapping[str, Any], role: str) -> Iterator[str]:
    for message in map(mapping, sequence(body.get("messages"))):
        if message.get("role") == role and (text := word(message.get("content"))):
            yield text


def _role(body: Mapping[str, Any], channel: str, pointer: Pointer) -> str:
    if channel == "system":
        return "system"
    if pointer[:1] != ("messages",):
        return "user" if channel == "content" else ""
    if len(pointer) < 3 or not isinstance(pointer[1], int):
        return ""
    return word(mapping(sequence(body.get("messages"))[pointer[1]]).get("role"))


def _response_format(wish: Any) -> Mapping[str, Any] | None:
    if wish == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "schema": wish} if isinstance(wish, dict) and wish else None

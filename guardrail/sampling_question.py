"""Which request may be asked again, where its caller's last message stands, and what is sent instead of it.

Rules:
1. Only what is known to have no effect but an answer is asked again: every member of the request must be on a list, so
   tools, files, stored conversations and whatever a vendor adds tomorrow are left alone.
2. What is sent is the client's own request, byte for byte, but for the group term; it is not streamed, and what names
   the end user is taken out, because that person did not ask it.
3. Of the headers only those go along that the upstream needs to answer: keys and versions.  A cookie or an idempotency
   key would make the second question part of the first.
4. Pure: no I/O, no clock.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from guardrail.dialects.places import at, mapping, sequence
from guardrail.review import edit_document
from guardrail.types import Edit, Pointer
from guardrail.wire import jsontext

Header = tuple[bytes, bytes]
Place = tuple[Pointer, int, int]
"""A string of the request, and where in it the caller's last message begins and ends."""

_HEADERS = frozenset(
    {b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"ocp-apim-subscription-key", b"content-type"}
    | {b"user-agent", b"openai-organization", b"openai-project", b"anthropic-version", b"anthropic-beta"}
    | {b"x-goog-user-project"}
)
_QUERY = frozenset({"api-version", "key", "beta"})
_STREAMING = frozenset({"alt", "stream"})
"""Parameters of the query that ask for a stream."""
_ROLES = frozenset({"system", "developer", "user", "assistant", "model"})
_PARTS = frozenset({"text", "input_text", "output_text"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sent it."""

    dialect: str
    method: str
    path: str
    query: str
    headers: Sequence[Header]
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """A request that may be asked again; `places` is the caller's last message, `before` what was said before it."""

    request: Request
    document: Any
    texts: Mapping[Pointer, str]
    places: Sequence[Place]
    before: Sequence[str]

    @property
    def message(self) -> str:
        """The caller's last message."""
        return "\n".join(self.texts[pointer][start:end] for pointer, start, end in self.places)


Talk = tuple[list[Place], list[Pointer]]
"""The places of the caller's last message, and of what caller and model said before it."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A vendor's way to ask: the path, the members that shape an answer and do no more, those that name the end user,
    and how to find who said what (None for a request that holds anything but text)."""

    path: re.Pattern[str]
    members: frozenset[str]
    personal: frozenset[str]
    talk: Callable[[Mapping[str, Any]], Talk | None]


def question(request: Request) -> Question | None:
    """The request as a question that may be asked again; None for one that may not."""
    form = _FORMS.get(request.dialect)
    if form is None or request.method != "POST" or not form.path.fullmatch(request.path):
        return None
    if any(name not in _QUERY | _STREAMING for name, _ in parse_qsl(request.query, keep_blank_values=True)):
        return None
    try:
        document = jsontext.parse(request.body)
        texts = dict(jsontext.strings(document, request.body))
    except jsontext.JsonError:
        return None
    body = mapping(document)
    if not all(_is_harmless(form, name, value) for name, value in body.items()) or _keeps(request.dialect, body):
        return None
    found = form.talk(body)
    if found is None or not found[0]:
        return None
    return Question(request, document, texts, found[0], [texts[pointer] for pointer in found[1]])


def asked_with(asked: Question, edits: Mapping[Pointer, list[Edit]]) -> Request:
    """The request with `edits` made in it, not streamed, and without what names the end user.  Raises JsonError."""
    request, body = asked.request, mapping(asked.document)
    form = _FORMS[request.dialect]
    removed = [(name,) for name in (*form.personal, "stream_options", "streamOptions") if name in body]
    literals: dict[Pointer, bytes] = {("stream",): b"false"} if "stream" in body else {}
    raw = edit_document(request.body, asked.texts, edits, literals=literals, removed=removed)
    if request.dialect == "ollama" and "stream" not in body:
        raw = jsontext.set_member(raw, "stream", False)  # it streams unless it is told not to
    path = request.path.replace(":streamGenerateContent", ":generateContent")
    kept = [(n, v) for n, v in parse_qsl(request.query, keep_blank_values=True) if n not in _STREAMING]
    return Request(request.dialect, request.method, path, urlencode(kept), kept_headers(request.headers), raw)


def kept_headers(headers: Sequence[Header]) -> list[Header]:
    """The headers that an upstream needs to answer a question of guardrail's own in the client's name."""
    return [(name, value) for name, value in headers if name in _HEADERS]


def _is_harmless(form: _Form, name: str, value: Any) -> bool:
    """Whether a member shapes the answer and does no more.  An unknown one that is null, false or an empty list says
    nothing; an empty object may well switch something on, as `web_search_options` does."""
    return name in form.members or name in form.personal or value is None or value is False or value == []


def _keeps(dialect: str, body: Mapping[str, Any]) -> bool:
    """Whether the vendor would keep the exchange, or give several answers or other things than text."""
    if body.get("store") not in (None, False) or (dialect == "openai_responses" and body.get("store") is not False):
        return True
    configs = [mapping(body.get(name)) for name in ("generationConfig", "generation_config")]
    counts = [config.get(name) for config in configs for name in ("candidateCount", "candidate_count")]
    forms = [config.get(name) for config in configs for name in ("responseModalities", "response_modalities")]
    if any(count not in (None, 1) for count in (body.get("n"), *counts)) or body.get("echo"):
        return True
    return any(form not in (None, [], ["TEXT"]) for form in forms)


def _whole(body: Mapping[str, Any], *pointer: str | int) -> Place:
    return tuple(pointer), 0, len(at(body, tuple(pointer)))


def _text_places(holder: Any, above: Pointer, *, keys: frozenset[str]) -> list[Pointer] | None:
    """Where the texts of a content stand; None when it holds anything else."""
    if isinstance(holder, str):
        return [above]
    if not isinstance(holder, list):
        return None
    places: list[Pointer] = []
    for number, part in enumerate(holder):
        members = mapping(part)
        if not isinstance(members.get("text"), str) or not set(members) <= keys:
            return None
        if members.get("type", "text") not in _PARTS:
            return None
        places.append((*above, number, "text"))
    return places


def _turns(
    turns: Any, above: str, content: str, *, members: frozenset[str], keys: frozenset[str], unsaid: str = ""
) -> Talk | None:
    """A conversation as a list of turns, the last of which is the caller's; `unsaid` is the role of one without any."""
    listed = sequence(turns)
    said: list[tuple[str, list[Pointer]]] = []
    for number, turn in enumerate(listed):
        spoken = mapping(turn)
        role = spoken.get("role", unsaid)
        if role not in _ROLES or not set(spoken) <= members or spoken.get("type", "message") != "message":
            return None
        places = _text_places(spoken.get(content), (above, number, content), keys=keys)
        if places is None:
            return None
        said.append((role, places))
    if not said or said[-1][0] != "user":
        return None
    before = [place for role, places in said[:-1] if role not in ("system", "developer") for place in places]
    body = {above: listed}
    return [_whole(body, *place) for place in said[-1][1]], before


def _chat(body: Mapping[str, Any]) -> Talk | None:
    keys = frozenset({"type", "text", "cache_control"})
    return _turns(body.get("messages"), "messages", "content", members=_SAID, keys=keys)


def _messages(body: Mapping[str, Any]) -> Talk | None:
    keys = frozenset({"type", "text", "cache_control"})
    if _text_places(body.get("system", ""), ("system",), keys=keys) is None:
        return None
    return _turns(body.get("messages"), "messages", "content", members=_SAID, keys=keys)


def _items(body: Mapping[str, Any]) -> Talk | None:
    if isinstance(body.get("input"), str):
        return [_whole(body, "input")], []
    members = _SAID | {"type"}
    return _turns(body.get("input"), "input", "content", members=members, keys=frozenset({"type", "text"}))


def _contents(body: Mapping[str, Any]) -> Talk | None:
    for name in ("systemInstruction", "system_instruction"):
        instruction = mapping(body.get(name))
        if not set(instruction) <= {"role", "parts"}:
            return None
        if _text_places(instruction.get("parts", []), (name, "parts"), keys=frozenset({"text"})) is None:
            return None
    members = frozenset({"role", "parts"})
    return _turns(body.get("contents"), "contents", "parts", members=members, keys=frozenset({"text"}), unsaid="user")


def _ollama(body: Mapping[str, Any]) -> Talk | None:
    if "messages" in body:
        return None if "prompt" in body else _chat(body)
    return _prompt(body)


def _prompt(body: Mapping[str, Any]) -> Talk | None:
    return ([_whole(body, "prompt")], []) if isinstance(body.get("prompt"), str) else None


def _transcript(body: Mapping[str, Any]) -> Talk | None:
    """A transcript in one string: the last thing the human says."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or prompt.count("\n\nHuman:") != 1:
        return None
    start = prompt.index("\n\nHuman:") + len("\n\nHuman:")
    end = prompt.find("\n\nAssistant:", start)
    return [(("prompt",), start, end if end >= 0 else len(prompt))], []


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_SAID = _words("role content name")
_PREFIX = r"(?:/[A-Za-z0-9._~-]+)*"
_OPENAI = _words(
    "model temperature top_p n max_tokens presence_penalty frequency_penalty stop seed stream stream_options logprobs",
    "service_tier top_k min_p repetition_penalty",
)
_OPENAI_PERSONAL = _words("user safety_identifier prompt_cache_key prompt_cache_retention metadata")
_FORMS: Mapping[str, _Form] = {
    "openai_chat": _Form(
        re.compile(_PREFIX + "/chat/completions"),
        _OPENAI
        | _words(
            "messages max_completion_tokens response_format reasoning_effort verbosity logit_bias top_logprobs store"
        ),
        _OPENAI_PERSONAL,
        _chat,
    ),
    "openai_completions": _Form(
        re.compile(_PREFIX + "/completions"), _OPENAI | _words("prompt logit_bias"), _OPENAI_PERSONAL, _prompt
    ),
    "openai_responses": _Form(
        re.compile(_PREFIX + "/responses"),
        _OPENAI | _words("input instructions max_output_tokens reasoning text truncation include store top_logprobs"),
        _OPENAI_PERSONAL,
        _items,
    ),
    "anthropic_messages": _Form(
        re.compile(_PREFIX + "/v1/messages"),
        _words("model messages system max_tokens temperature top_p top_k stop_sequences stream thinking")
        | _words("output_config output_format service_tier inference_geo speed"),
        _words("metadata"),
        _messages,
    ),
    "anthropic_complete": _Form(
        re.compile(_PREFIX + "/v1/complete"),
        _words("model prompt max_tokens_to_sample temperature top_p top_k stop_sequences stream"),
        _words("metadata"),
        _transcript,
    ),
    "gemini": _Form(
        re.compile(_PREFIX + r"/(?:models|tunedModels|endpoints)/[A-Za-z0-9._~@-]+:(?:g|streamG)enerateContent"),
        _words("model contents systemInstruction system_instruction generationConfig generation_config")
        | _words("safetySettings safety_settings"),
        _words("labels"),
        _contents,
    ),
    "ollama": _Form(
        re.compile(_PREFIX + "/api/(?:chat|generate)"),
        _words("model messages prompt system options format stream think logprobs top_logprobs"),
        _words("keep_alive"),
        _ollama,
    ),
}


def message_places(asked: Question) -> Iterator[tuple[Pointer, int, str]]:
    """Each piece of the caller's last message: the string it stands in, where it begins there, and its text."""
    for pointer, start, end in asked.places:
        yield pointer, start, asked.texts[pointer][start:end]

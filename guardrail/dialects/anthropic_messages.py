"""Anthropic Messages: where its text sits, streamed and not, and how it says that a filter stepped in.

Source: the types of anthropic-sdk-python, beta ones included.  `POST .../v1/messages`, and `.../messages/count_tokens`
whose answer holds no text.  Server-sent events, each named as its `type`.

1. The text blocks of an answer are one text: citations cut a sentence into several blocks.
2. Thinking, and the summary that compaction makes of a conversation, carry a signature: they are left out as a whole,
   and the blocks behind them move up by one.
3. A signature is opaque: with recent models it is the whole thinking, encrypted, of which `thinking` is a summary.  So
   is every other encrypted value, as long as it is spelled as one (base64); anything else in its place is text.
4. In a stream each block begins once and says nothing after its end; SDKs would join its texts in different ways.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from guardrail.dialects import anthropic_asked
from guardrail.dialects.again import said, turns_added
from guardrail.dialects.anthropic_common import BASE64, error_body, error_event
from guardrail.dialects.places import (
    FIELD,
    META,
    OPAQUE,
    Paths,
    Table,
    alone,
    at,
    dumped,
    lead_of,
    mapping,
    sequence,
    word,
)
from guardrail.dialects.protocol import (
    ATOMIC,
    Call,
    ChannelKey,
    Delta,
    Lens,
    Notes,
    Strings,
    ToolCall,
    UnknownEvent,
    View,
)
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/v1/messages(?:/count_tokens)?")

_CITATION = {
    "cited_text document_title title source url": "annotation",
    "encrypted_index": OPAQUE,
    "type file_id": META,
}
_RESULT = {
    "text title url content stdout stderr error_message lines.*": "tool_output",
    "source.data content.source.data": "blob",
    "content.title content.*.text": "tool_output",
    "encrypted_content encrypted_stdout": OPAQUE,
    "tool_references.*.tool_name": "tool_name",
    "type error_code file_type page_age retrieved_at stop_reason content.type content.*.type content.*.file_id": META,
    "content.source.media_type content.source.type source.media_type source.type tool_references.*.type": META,
    "citations.*.cited_text citations.*.document_title citations.*.title": "tool_output",
    "citations.*.source citations.*.url": "tool_output",
    "citations.*.encrypted_index": OPAQUE,
    "citations.*.type citations.*.file_id": META,
}


def _below(prefix: str, places: Mapping[str, str]) -> dict[str, str]:
    """`places` as places below `prefix`."""
    return {" ".join(f"{prefix}.{path}" for path in paths.split()): channel for paths, channel in places.items()}


_BLOCK = {
    "text": "content",
    "thinking": "thinking",
    "content": "summary",
    "input.**": "tool_arguments",
    "name": "tool_name",
    "signature data encrypted_content": OPAQUE,
    "tools.** tool_changes.**": "tools",
    "id type tool_use_id file_id mcp_server_name server_name toolset_name caller.tool_id caller.type": META,
    "from.model to.model trigger.category trigger.type": META,
    **_below("citations.*", _CITATION),
    **_below("content", _RESULT),
    **_below("content.*", _RESULT),
}
_ENDING = {
    "stop_details.explanation": "refusal",
    "stop_details.fallback_credit_token": OPAQUE,
    "stop_reason stop_sequence stop_details.type stop_details.category stop_details.recommended_model": META,
    "container.id container.expires_at": META,
    "container.skills.*.skill_id container.skills.*.type container.skills.*.version": META,
}
_REPORT = {
    "type context_management.applied_edits.*.type": META,
    "input_transformations.*.path input_transformations.*.reason input_transformations.*.type": META,
    "usage.inference_geo usage.service_tier usage.speed usage.iterations.*.model usage.iterations.*.type": META,
    "usage.fallback_credit.status.reason usage.fallback_credit.status.type": META,
    "usage.fallback_credit.status.remove_to_redeem.*": META,
}
_MESSAGE = {
    "id model role diagnostics.cache_miss_reason.type": META,
    **_below("content.*", _BLOCK),
    **_ENDING,
    **_REPORT,
}
_NAMES = (
    "index error message details error_code request_id cache_creation cache_creation_input_tokens "
    "cache_missed_input_tokens cache_read_input_tokens cleared_input_tokens cleared_thinking_turns "
    "cleared_tool_uses document_index end_block_index end_char_index end_page_number "
    "ephemeral_1h_input_tokens ephemeral_5m_input_tokens estimated_tokens fallback_has_prefill_claim "
    "input_tokens is_error is_file_update new_lines new_start num_lines old_lines old_start "
    "original_input_tokens output_tokens output_tokens_details return_code search_result_index "
    "server_tool_use start_block_index start_char_index start_line start_page_number thinking_tokens "
    "total_lines web_fetch_requests web_search_requests"
)
_ANSWER = Table(_MESSAGE, names=_NAMES)
_EVENT = Table(
    {
        **_REPORT,
        **_below("message", _MESSAGE),
        **_below("content_block", _BLOCK),
        **_below("delta", {**_ENDING, "text": "content", "thinking content": "thinking", "type": META}),
        **_below("delta", {"partial_json": "tool_arguments", "signature encrypted_content": OPAQUE}),
        **_below("delta.citation", _CITATION),
        "error.type error.details.error_code request_id": META,
    },
    names=_NAMES,
)
_REQUEST = Table(
    {
        "system.** messages.*.content.**": "block",
        "messages.*.content.*.input.**": "tool_arguments",
        "tools.** messages.*.content.*.tools.**": "tools",
        "messages.*.content.*.tool.** messages.*.content.*.tool_changes.**": "tools",
    },
    names=(
        "model role text type id name max_tokens stream temperature top_p top_k stop_sequences metadata "
        "user_id thinking budget_tokens display tool_choice disable_parallel_tool_use service_tier "
        "cache_control ttl container skills skill_id version betas mcp_servers url authorization_token "
        "tool_configuration allowed_tools enabled tool_use_id is_error source media_type data file_id title "
        "context citations cited_text document_index document_title start_char_index end_char_index "
        "start_page_number end_page_number start_block_index end_block_index search_result_index "
        "encrypted_index encrypted_content encrypted_stdout signature caller tool_id stdout stderr "
        "return_code lines error_code page_age retrieved_at context_management edits trigger keep "
        "clear_at_least exclude_tools clear_tool_inputs value output_config output_format format schema "
        "effort inference_geo speed description input_schema properties required additionalProperties items "
        "enum strict input_examples max_uses allowed_domains blocked_domains user_location city region "
        "country timezone display_width_px display_height_px display_number max_characters max_content_tokens "
        "use_cache allowed_callers defer_loading mcp_server_name"
    ),
)
_IDS = frozenset(
    {"type", "id", "name", "tool_use_id", "tool_id", "file_id", "tool_name", "media_type", "url", "ttl", "model"}
    | {"page_age", "retrieved_at", "error_code", "tab_id", "download_id"}
    | {"mcp_server_name", "server_name", "toolset_name"}
)
_ENCRYPTED = frozenset({"signature", "encrypted_content", "encrypted_index", "encrypted_stdout"})

_OF_BLOCKS = frozenset({"content_block_start", "content_block_delta", "content_block_stop"})
_KINDS = _OF_BLOCKS | {"message_start", "message_delta", "message_stop", "ping", "error"}
_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
_CONTENT: ChannelKey = (0, "content", 0)
_REFUSAL: ChannelKey = (0, "refusal", 0)


class AnthropicMessages:
    """The lens on messages."""

    name = "anthropic_messages"
    vendor = "anthropic"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        messages = [mapping(message) for message in sequence(body.get("messages"))]
        return Call(
            model=word(body.get("model")),
            stream=body.get("stream") is True,
            context=Context(
                prompt=next(filter(None, (_spoken(m) for m in reversed(messages) if m.get("role") == "user")), ""),
                system=_system(body, messages),
                response_format=anthropic_asked.response_format(body),
                material=anthropic_asked.sources(body),
                functions=anthropic_asked.functions(body),
                hidden=anthropic_asked.hidden(body),
            ),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        found: list[Segment] = []
        for channel, pointer, text in _REQUEST.sorted(strings):
            if channel == "block":
                channel = _request_channel(document, pointer, text)
            if not text or channel == OPAQUE:
                continue
            lead = lead_of(pointer) if channel == "tool_arguments" else ""
            known = FIELD if channel == META else channel
            found.append(Segment(Stage.REQUEST, _role(document, pointer), known, pointer, text, lead))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        body = mapping(document)
        blocks = _blocks_in(body, (), held=True)
        found = _Found(None)
        _sort(found, _ANSWER, document, strings, blocks, 2)
        if not any(delta.channel == _CONTENT and not delta.aside for delta in found.deltas):
            found.deltas.append(Delta(_CONTENT, ("content",), ""))
        reason = word(body.get("stop_reason"))
        return found.view(
            finishes=[(0, _REASONS.get(reason, reason))] if reason else [],
            acts=_acts(reason == "refusal" or any(block.uses_tool for block in blocks.values())),
            calls=_calls(body),
            material=anthropic_asked.handed(body),
            hidden=anthropic_asked.is_closed(body),
        )

    def lens(self, call: Call) -> Lens:
        return _Lens(call.model)

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        return turns_added(body, ("messages",), said(answer, feedback))

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block.  `held` tells whether it can be left out of the answer; in a whole one `unit` is then its place."""

    number: int
    kind: str
    uses_tool: bool
    held: bool = True
    unit: Pointer | None = None
    function: str = ""

    @property
    def channel(self) -> ChannelKey | None:
        """The text of it that waits for its end."""
        if self.kind in ("thinking", "compaction"):
            return 0, "thinking", self.number
        return (0, "tool_arguments", self.number) if self.uses_tool else None


def _block(value: Any, number: int, *, held: bool = True, unit: Pointer | None = None) -> _Block:
    body = mapping(value)
    kind = word(body.get("type"))
    function = word(body.get("name")) if kind == "tool_use" else ""
    return _Block(number, kind, "input" in body or kind.endswith("tool_use"), held, unit, function)


def _calls(message: Mapping[str, Any], *, given: bool = False) -> list[ToolCall]:
    """The calls of the client's own tools that stand whole in a message; with `given` only those with arguments."""
    blocks = (block for block in map(mapping, sequence(message.get("content"))) if block.get("type") == "tool_use")
    return [
        ToolCall(0, word(block.get("name")), dumped(block.get("input") or {}))
        for block in blocks
        if word(block.get("name")) and (block.get("input") or not given)
    ]


def _blocks_in(message: Mapping[str, Any], above: Pointer, *, held: bool) -> dict[Pointer, _Block]:
    """The blocks of a message that stands at `above`, by their places."""
    blocks: dict[Pointer, _Block] = {}
    for number, value in enumerate(sequence(message.get("content"))):
        place = (*above, "content", number)
        blocks[place] = _block(value, number, held=held, unit=place if held else None)
    return blocks


@dataclass(slots=True)
class _Found:
    """What one document holds.  Without `paths` there is nothing before it that its strings could be joined with; in
    the `first` event of a block the names and ids have nothing before them."""

    paths: Paths | None
    first: bool = False
    deltas: list[Delta] = field(default_factory=list)
    fields: list[Segment] = field(default_factory=list)
    trees: list[Pointer] = field(default_factory=list)
    opaque: list[Pointer] = field(default_factory=list)

    def add(self, channel: str, pointer: Pointer, text: str) -> None:
        """A string that is judged by itself, or joined with what stood in its place."""
        if not text:
            return
        if self.paths and channel == FIELD:
            self.paths.unknown(pointer, text)
        elif self.paths and channel == META and not self.first:
            self.fields.append(self.paths.meta(META, pointer, text))
        else:
            lead = lead_of(pointer) if channel == "tool_arguments" else ""
            self.fields.append(alone(channel, pointer, text, lead))

    def view(self, **more: Any) -> View:
        deltas = [*self.deltas, *self.paths.deltas] if self.paths else self.deltas
        return View(deltas, self.fields, self.trees, self.opaque, seals=self.paths.seals if self.paths else (), **more)


def _sort(
    found: _Found, table: Table, document: Any, strings: Strings, blocks: Mapping[Pointer, _Block], depth: int
) -> None:
    """Every string of a document, to where it belongs; `blocks` stand at places of `depth` parts."""
    for channel, pointer, text in table.sorted(strings):
        block = blocks.get(pointer[:depth])
        if channel == "blob":
            channel = OPAQUE if _is_binary(document, pointer) else "tool_output"
        if channel == "summary" and (block is None or block.kind != "compaction"):
            channel = "tool_output"
        if channel == OPAQUE and BASE64.fullmatch(text):
            found.opaque += [pointer] if text else []
        elif (delta := _delta(channel, pointer, text, block)) is not None:
            found.deltas.append(delta)
        else:
            known = channel != OPAQUE and (channel != "tool_arguments" or block is not None)
            found.add(channel if known and channel != "thinking" else FIELD, pointer, text)
    for place in blocks:
        value = at(document, place)
        if isinstance(value, dict) and not isinstance(value.get("input", ""), str):
            found.trees.append((*place, "input"))


def _delta(channel: str, pointer: Pointer, text: str, block: _Block | None) -> Delta | None:
    """The addition that a string makes to a text, None for one that stands by itself."""
    if channel == "annotation":
        return Delta(_CONTENT, pointer, text, aside=True) if text else None
    if channel in ("content", "refusal"):
        return Delta((0, channel, 0), pointer, text, part=block.number if block else 0)
    if block is None:
        return None
    if channel in ("thinking", "summary"):
        # What cannot be left out can only be edited.
        name = "thinking" if block.held else "reasoning"
        return Delta((0, name, block.number), pointer, text, unit=block.unit)
    if channel == "tool_arguments" and pointer == ("delta", "partial_json"):
        return Delta((0, channel, block.number), pointer, text)
    return None


def _is_binary(document: Any, pointer: Pointer) -> bool:
    return mapping(at(document, pointer[:-1])).get("type") == "base64"


def _acts(otherwise: bool) -> frozenset[int]:
    return frozenset({0}) if otherwise else frozenset()


@dataclass(slots=True)
class _Shown:
    """What the client has seen so far, in its own numbers."""

    begun: bool = False
    open: set[int] = field(default_factory=set)
    next: int = 0
    output_tokens: int = 0
    reasoned: bool = False
    over: bool = False


class _Lens(Lens):
    def __init__(self, model: str) -> None:
        self._model = model
        self._paths = Paths()
        self._begun = self._finished = False
        self._known: set[int] = set()
        self._open: dict[int, _Block] = {}
        self._held: dict[int, dict[ChannelKey, None]] = {}
        self._shown = _Shown()
        self._dropped: list[int] = []

    def event(self, document: Any, strings: Strings, name: str) -> View:
        body = mapping(document)
        kind = word(body.get("type"))
        if kind not in _KINDS:
            raise UnknownEvent(kind)
        if name in _KINDS and name != kind:
            raise JsonError("an event is named differently from what it holds")
        if kind == "message_start":
            return self._start(body, strings)
        if kind in ("ping", "error"):  # no text goes on here
            return View(fields=[alone(FIELD, pointer, text) for _, pointer, text in _EVENT.sorted(strings) if text])
        if kind in _OF_BLOCKS:
            return self._of_block(kind, body, strings)
        return self._of_message(kind, body, strings)

    def _start(self, body: Mapping[str, Any], strings: Strings) -> View:
        if self._begun or self._known:
            raise JsonError("a message begins twice")
        self._begun = True
        # This event cannot be left out, whatever it holds.
        blocks = _blocks_in(mapping(body.get("message")), ("message",), held=False)
        self._known.update(range(len(blocks)))
        found = _Found(None)
        _sort(found, _EVENT, body, strings, blocks, 3)
        uses_tool = any(block.uses_tool for block in blocks.values())
        return found.view(acts=_acts(uses_tool), calls=_calls(mapping(body.get("message"))), mark=True)

    def _of_block(self, kind: str, body: Mapping[str, Any], strings: Strings) -> View:
        index = _index(body)
        block = self._opened(kind, index, body)
        self._paths.begin("block", index)
        found = _Found(self._paths, first=kind == "content_block_start")
        _sort(found, _EVENT, body, strings, {("content_block",): block, ("delta",): block}, 1)
        held = self._held.setdefault(index, {})
        held.update({delta.channel: None for delta in found.deltas if delta.channel[1] in ATOMIC})
        calls = _calls({"content": [body.get("content_block")]}, given=True) if found.first else []
        if kind == "content_block_start" and block.channel:
            held[block.channel] = None
            call = word(mapping(body.get("content_block")).get("id"))
            call = call if block.uses_tool else ""
            function = "" if calls else block.function  # what is whole already is judged as it is
            found.deltas.insert(0, Delta(block.channel, ("content_block",), "", call=call, function=function))
        said = {delta.channel for delta in found.deltas}
        found.deltas += [Delta(key, ("index",), "") for key in held if key not in said]
        over = kind == "content_block_stop"
        if over:
            del self._open[index]
        closes = list(self._held.pop(index)) if over else []
        more: dict[str, Any] = {}
        if found.first and block.kind.endswith("tool_result"):
            message = {"content": [body.get("content_block")]}
            more = {"material": anthropic_asked.handed(message), "hidden": anthropic_asked.is_closed(message)}
        acts = _acts(block.uses_tool)
        return found.view(closes=closes, acts=acts, calls=calls, mark=kind != "content_block_delta", **more)

    def _opened(self, kind: str, index: int, body: Mapping[str, Any]) -> _Block:
        """The block that an event belongs to."""
        if kind == "content_block_start":
            if index in self._known:
                raise JsonError("a content block begins twice")
            if self._open:  # clients would join by index what is read here in order
                raise JsonError("a content block begins before the one before it has ended")
            self._known.add(index)
            self._open[index] = _block(body.get("content_block"), index)
        if index not in self._open:
            raise JsonError("an event of a content block that is not open")
        return self._open[index]

    def _of_message(self, kind: str, body: Mapping[str, Any], strings: Strings) -> View:
        self._paths.begin("message")
        found = _Found(self._paths)
        _sort(found, _EVENT, body, strings, {}, 1)
        reason = word(mapping(body.get("delta")).get("stop_reason")) if kind == "message_delta" else ""
        finishes = []
        if (reason or kind == "message_stop") and not self._finished:
            self._finished = True
            finishes = [(0, _REASONS.get(reason, reason) or "stop")]
        return found.view(finishes=finishes, acts=_acts(reason == "refusal"), mark=True)

    def is_done(self, data: bytes) -> bool:
        return False

    def sent(self, document: Any) -> None:
        body, shown = mapping(document), self._shown
        kind = body.get("type")
        if kind == "message_start":
            message = mapping(body.get("message"))
            shown.begun = True
            shown.next = len(sequence(message.get("content")))
            shown.output_tokens = _output_tokens(message, 0)
        elif kind == "content_block_start":
            shown.begun = True
            shown.open.add(_index(body))
            shown.next = max(shown.next, _index(body) + 1)
        elif kind == "content_block_stop":
            shown.open.discard(_index(body))
        elif kind == "message_delta":
            shown.output_tokens = _output_tokens(body, shown.output_tokens)
            shown.reasoned = shown.reasoned or bool(mapping(body.get("delta")).get("stop_reason"))
        elif kind == "message_stop":
            shown.over = True

    def dropped(self, document: Any) -> None:
        if mapping(document).get("type") == "content_block_start":
            self._dropped.append(_index(document))

    @property
    def shifted(self) -> bool:
        return bool(self._dropped)

    def renumber(self, document: Any) -> Mapping[Pointer, bytes]:
        body = mapping(document)
        if word(body.get("type")) not in _OF_BLOCKS:
            return {}
        index = _index(body)
        gone = sum(1 for other in self._dropped if other < index)
        return {("index",): str(index - gone).encode()} if gone else {}

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [*self._end_blocks(), *self._say(text)]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        if self._shown.over:
            return []
        end = _added({"type": "message_stop"})
        if self._shown.reasoned:
            return [end]
        return [
            *self._begin(),
            *self._end_blocks(),
            *(self._say(message) if message else ()),
            _refusal(message.strip(), self._shown.output_tokens, notes),
            end,
        ]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [error_event(code, message)]

    def _begin(self) -> Iterator[Added]:
        """The beginning of a message, where the client has seen none."""
        if self._shown.begun:
            return
        self._shown.begun = True
        usage = {"input_tokens": 0, "output_tokens": 0}
        message = {"id": "msg_guardrail", "type": "message", "role": "assistant", "model": self._model, "content": []}
        yield _added({"type": "message_start", "message": {**message, "usage": usage}})

    def _end_blocks(self) -> Iterator[Added]:
        for index in sorted(self._shown.open):
            yield _added({"type": "content_block_stop", "index": index})
        self._shown.open.clear()

    def _say(self, text: str) -> list[Added]:
        """A text block of our own."""
        index = self._shown.next
        self._shown.next += 1
        return [
            _added({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}),
            _added({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}),
            _added({"type": "content_block_stop", "index": index}),
        ]


def _refusal(explanation: str, output_tokens: int, notes: Notes) -> Added:
    """The event that ends a message as Anthropic's own classifiers do.  It carries the notes, not the `message_stop`
    after it: of the two, SDKs hand on this one as it came."""
    details = {"type": "refusal", "explanation": explanation} if explanation else {"type": "refusal"}
    body: dict[str, Any] = {
        "type": "message_delta",
        "delta": {"stop_reason": "refusal", "stop_details": details},
        "usage": {"output_tokens": output_tokens},
    }
    if notes is not None:
        body["guardrail"] = notes
    return _added(body)


def _added(body: Mapping[str, Any]) -> Added:
    return body["type"], orjson.dumps(body)


def _index(body: Any) -> int:
    index = mapping(body).get("index")
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise JsonError("a content block has no plain index")
    return index


def _output_tokens(body: Mapping[str, Any], known: int) -> int:
    count = mapping(body.get("usage")).get("output_tokens")
    return count if isinstance(count, int) and not isinstance(count, bool) else known


def _request_channel(document: Any, pointer: Pointer, text: str) -> str:
    """The channel of a string in a message or the system prompt, whose blocks nest: by the name of its member."""
    name = next((part for part in reversed(pointer) if isinstance(part, str)), "")
    if name in _IDS:
        return META
    holder = mapping(at(document, pointer[:-1])).get("type")
    binary = name in _ENCRYPTED or (name == "data" and holder in ("base64", "redacted_thinking"))
    if binary and BASE64.fullmatch(text):
        return OPAQUE
    return "thinking" if name == "thinking" else "content"


def _role(document: Any, pointer: Pointer) -> str:
    if pointer[:1] != ("messages",):
        return "system" if pointer[:1] == ("system",) else ""
    kind = word(mapping(at(document, pointer[:4])).get("type"))
    return "tool" if kind.endswith("tool_result") else word(mapping(at(document, pointer[:2])).get("role"))


def _spoken(message: Mapping[str, Any]) -> str:
    """What a person or the model says in a message, tool results and documents left out."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    blocks = [mapping(block) for block in sequence(content)]
    return "\n".join(word(block.get("text")) for block in blocks if block.get("type", "text") == "text")


def _system(body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> str:
    said = [_spoken({"content": body.get("system")}), *(_spoken(m) for m in messages if m.get("role") == "system")]
    return "\n".join(filter(None, said))

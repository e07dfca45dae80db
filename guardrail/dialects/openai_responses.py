"""OpenAI Responses: where its text sits, streamed and not, and how it says that a filter stepped in.

Source: the types of openai-python; `POST .../responses` and what is served below it, server-sent events whose name is the
`type` of their document, with no end mark.  Azure OpenAI speaks it below `/openai/`; vLLM, Ollama and others speak it too.

Rules:
1. A stream tells every text up to five times: in pieces, whole, in its part, in its item, in the last response.  Each
   telling is a channel of its own (a block of `content`, LEVEL blocks apart elsewhere) and is joined in order over the
   stream, so that the same edits fall out of each.
2. Clients join the pieces of a text by index or by id.  A stream in which the two differ, or that goes back to a text it
   had left, reads differently to each of them and is refused.
3. What a client must be told to see a well-formed end is kept in `openai_responses_seen`; where strings sit, in
   `openai_responses_places`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from guardrail.dialects.openai_common import error_body, is_encoded
from guardrail.dialects.openai_responses_places import (
    ANSWER,
    BINARY,
    ENDS,
    EVENTS,
    GROWS,
    HELD,
    ITEMS,
    PASSAGE,
    RESULT,
    SNAPSHOTS,
    SUMMARY,
    TALK,
    Kind,
    item_kind,
    item_table,
    part_table,
)
from guardrail.dialects.openai_responses_seen import Seen
from guardrail.dialects.places import FIELD, META, OPAQUE, Paths, Table, alone, at, lead_of, mapping, sequence, word
from guardrail.dialects.protocol import Call, ChannelKey, Delta, Lens, Notes, Strings, UnknownEvent, View
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import KEY, JsonError

_PREFIX = r"(?:/[A-Za-z0-9._~-]+)*/responses"
_ID = r"/[A-Za-z0-9_~-]+"
_PATHS = {
    "POST": re.compile(rf"{_PREFIX}(?:/input_tokens|/compact|{_ID}/cancel)?"),
    "GET": re.compile(rf"{_PREFIX}{_ID}(?:/input_items)?"),
    "DELETE": re.compile(_PREFIX + _ID),
}
LEVEL = 1_000_000
"""Blocks between two tellings of the same text."""
_AGAIN = 5  # tellings of one text; those of a snapshot begin after them
_APART = LEVEL // 2  # between a telling and the convenience copy of it that some servers add

_RUNNING = {
    "content": ("content", 0),
    "refusal": ("refusal", 0),
    "transcript": ("transcript", 0),
    "reasoning": ("reasoning", 0),
    SUMMARY: ("reasoning", 1),
}
_WHOLE = {"tool_name": "tool_name", PASSAGE: RESULT}
_REASONS = {"response.completed": "stop", "response.incomplete": "incomplete", "response.failed": "failed"}


class OpenAIResponses:
    """The lens on responses."""

    name = "openai_responses"
    vendor = "openai"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        known = _PATHS.get(method)
        return known is not None and known.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        asked = parse_qs(query).get("stream", [""])[-1].lower() in ("true", "1")
        return Call(model=word(body.get("model")), stream=body.get("stream") is True or asked, context=_context(body))

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        body = mapping(document)
        found: list[Segment] = []
        for base, entries in _grouped(strings, ("input",)).items():
            item = at(body, base) if base else None
            table = item_table(item) if base else _REQUEST
            for channel, path, text in table.sorted(entries):
                if not text or (channel in (BINARY, OPAQUE) and is_encoded(text)):
                    continue
                role = _item_role(item) if base else _ROLES.get(str(path[0]) if path else "", "")
                found.append(Segment(Stage.REQUEST, role, _SAID.get(channel, FIELD), (*base, *path), text))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        return _Reader(None).whole(mapping(document), strings)

    def lens(self, call: Call) -> Lens:
        return _Lens(call.model)

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


class _Lens(Lens):
    def __init__(self, model: str) -> None:
        self._reader = _Reader(Paths())
        self._seen = Seen(model)
        self._shift = 0
        self._said: list[int] = []

    def event(self, document: Any, strings: Strings, name: str) -> View:
        members = mapping(document)
        kind = word(members.get("type")) or ("error" if "error" in members else "")
        if kind not in EVENTS:
            raise UnknownEvent(kind)
        if name in EVENTS and name != kind:
            raise JsonError("an event is named otherwise than it says")
        return self._reader.event(kind, members, strings)

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"  # OpenAI sends none; Ollama and LiteLLM do

    def sent(self, document: Any) -> None:
        self._seen.take(document)

    def renumber(self, document: Any) -> Mapping[Pointer, bytes]:
        number = mapping(document).get("sequence_number")
        if not self._shift or not isinstance(number, int):
            return {}
        return {("sequence_number",): str(number + self._shift).encode()}

    @property
    def shifted(self) -> bool:
        return self._shift > 0

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        number = mapping(document).get("sequence_number")
        if isinstance(number, int):
            self._seen.sequence = number + self._shift - 1
        index = max(self._seen.next_index, len(sequence(at(document, ("response", "output")))))
        added = self._seen.say(index, text)
        self._said.append(index)
        self._shift += len(added)
        return added

    def finish_edits(self, document: Any) -> Mapping[Pointer, list[bytes]]:
        place: Pointer = ("response", "output")
        if not self._said or not isinstance(at(document, place), list):
            return {}
        return {place: [self._seen.item(index) for index in self._said]}

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        self._seen.number(last)
        if self._seen.ended:
            return []
        added = self._seen.begin() + self._seen.close()
        if message:
            added += self._seen.say(self._seen.next_index, message)
        return [*added, self._seen.incomplete(notes)]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        self._seen.number(last)
        return [self._seen.failed(code, message)]


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a group of strings stands: below `base`, in the item at `index`, told for the `level`th time.

    `part` is the part of the item, None where the path says it; `command` the command of a shell; `ends` whether what
    tools are given and hand back is complete here; `growing` whether these are the pieces themselves.
    """

    base: Pointer
    table: Table
    level: int
    index: int
    part: int | None = None
    command: int = 0
    shell: bool = False
    ends: bool = True
    growing: bool = False
    item_id: str = ""
    call: str = ""


@dataclass(slots=True)
class _Found:
    """What a document holds, while it is read."""

    deltas: list[Delta] = field(default_factory=list)
    fields: list[Segment] = field(default_factory=list)
    trees: list[Pointer] = field(default_factory=list)
    opaque: list[Pointer] = field(default_factory=list)
    closes: dict[ChannelKey, None] = field(default_factory=dict)
    spelled: dict[tuple[Pointer, int, int], list[str]] = field(default_factory=dict)
    empty: Pointer = ("output_text",)
    acts: bool = False


class _Reader:
    """Reads the documents of one answer in order; without `paths` it is one whole document."""

    def __init__(self, paths: Paths | None) -> None:
        self._paths = paths
        self._numbers: dict[tuple[int, object], int] = {}
        self._open: dict[ChannelKey, tuple[int, object]] = {}
        self._snapshots = 0
        self._order: dict[tuple[str, int], tuple[int, int]] = {}
        self._owner: dict[tuple[object, ...], int] = {}
        self._latest: dict[tuple[object, ...], str] = {}

    def event(self, kind: str, document: Mapping[str, Any], strings: Strings) -> View:
        """An event of a stream.  Raises JsonError."""
        assert self._paths is not None
        about, index, found = EVENTS[kind], _ordinal(document, "output_index"), _Found()
        level = about.level
        if kind in SNAPSHOTS:
            level = _AGAIN + self._snapshots
            self._snapshots += 1
        self._paths.begin(kind, index)
        if kind == "response.output_item.added":
            self._announce(found, document, index)
        for base, entries in _grouped(strings, _depth_in_event).items():
            self._read(found, document, _spot(kind, about, document, base, index, level), entries)
        if about.ends:
            self._end(found, kind, document, index)
        found.acts = found.acts or kind == "response.audio.delta"
        self._paths.end()
        found.deltas += self._paths.deltas
        return self._view(found, [(0, _reason(kind, document))] if kind in ENDS else [], about.tracked)

    def whole(self, document: Mapping[str, Any], strings: Strings) -> View:
        """A whole answer, or a list of items."""
        found = _Found()
        compact = document.get("object") == "response.compaction"
        for base, entries in _grouped(strings, _depth_of_item).items():
            # The items of a list were not said one after the other: each is a text of its own.
            level = _position(base) if compact or base[:1] == ("data",) else 0
            spot = _Spot(base, ANSWER, _APART, 0) if not base else _of_item(document, base, level, _position(base))
            self._read(found, document, spot, entries)
        status = document.get("status")
        if status not in ("completed", "incomplete", "failed", "cancelled") or not isinstance(
            document.get("output"), list
        ):
            return self._view(found, [], False)
        if not any(delta.channel == (0, "content", 0) and not delta.aside for delta in found.deltas):
            found.deltas.append(Delta((0, "content", 0), found.empty, ""))
        return self._view(found, [(0, _reason(f"response.{status}", {"response": document}))], False)

    def _view(self, found: _Found, finishes: list[tuple[int, str]], mark: bool) -> View:
        return View(
            found.deltas,
            found.fields,
            found.trees,
            found.opaque,
            closes=list(found.closes),
            seals=self._paths.seals if self._paths else (),
            finishes=finishes,
            acts=frozenset({0}) if found.acts else frozenset(),
            mark=mark,
        )

    def _read(self, found: _Found, document: Mapping[str, Any], spot: _Spot, entries: Strings) -> None:
        """The strings below one base."""
        for channel, path, text in spot.table.sorted(entries):
            self._put(found, document, spot, channel, path, text)
        for (place, block, kind), tokens in found.spelled.items():
            key = (0, "logprobs", kind + block * LEVEL)
            found.deltas.append(Delta(key, place, "".join(tokens), place))
        found.spelled.clear()
        holder = mapping(at(document, spot.base))
        found.trees += [(*spot.base, name) for name in _trees(spot, holder)]
        if len(spot.base) > 0 and spot.base != ("response",) and spot.base != ("part",):
            found.acts = found.acts or item_kind(holder) not in TALK

    def _put(
        self, found: _Found, document: Mapping[str, Any], spot: _Spot, channel: str, path: Pointer, text: str
    ) -> None:
        pointer = (*spot.base, *path)
        if not text:
            if channel == "content" and spot.level == 0:
                found.empty = pointer
        elif channel == OPAQUE or (channel == BINARY and is_encoded(text)):
            found.opaque.append(pointer)
        elif channel == META:
            found.fields.append(self._paths.meta(META, pointer, text) if self._paths else alone(META, pointer, text))
        elif channel in _WHOLE:
            found.fields.append(alone(_WHOLE[channel], pointer, text))
        elif channel in _RUNNING:
            self._run(found, document, spot, channel, path, text)
        elif channel == "annotation":
            found.deltas.append(Delta((0, "content", spot.level), pointer, text, aside=True))
        elif channel == "logprobs":
            _spell(found, spot, path, text)
        elif channel == "tool_arguments" and len(path) > 1:
            found.fields.append(alone(channel, pointer, text, lead_of(pointer)))
        elif channel == "tool_arguments":
            self._hand(found, spot, channel, ("command", spot.command) if spot.shell else None, pointer, text)
        elif channel == RESULT:
            self._hand(found, spot, channel, (path[-1], spot.command), pointer, text)
        elif self._paths:
            self._paths.unknown(pointer, text)
        else:
            found.fields.append(alone(FIELD, pointer, text))

    def _run(
        self, found: _Found, document: Mapping[str, Any], spot: _Spot, channel: str, path: Pointer, text: str
    ) -> None:
        """A piece of running text: it must come after every piece that clients put before it."""
        part = spot.part
        if part is None:
            part = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        telling, position = (channel, spot.level), (spot.index, part)
        if position < self._order.get(telling, position):
            raise JsonError("the texts of an answer come out of order")
        self._order[telling] = position
        if spot.growing:
            self._follow((channel,), 0, spot.item_id)
        name, block = _RUNNING[channel]
        block = spot.level if name == "content" else block + spot.level * LEVEL
        pointer = (*spot.base, *path)
        beside = (*pointer[:-1], "logprobs")
        spelled = beside if name == "content" and at(document, beside) else None
        found.deltas.append(Delta((0, name, block), pointer, text, spelled))
        found.acts = found.acts or name in ("refusal", "transcript")

    def _hand(self, found: _Found, spot: _Spot, channel: str, which: object, pointer: Pointer, text: str) -> None:
        """A piece of what a tool is given or hands back."""
        if spot.growing:
            self._follow((channel, which), spot.index, spot.item_id)
        key = self._channel(channel, spot.index, which, spot.level)
        found.deltas.append(Delta(key, pointer, text, call=spot.call))
        if spot.ends:
            found.closes[key] = None
            self._open.pop(key, None)

    def _channel(self, channel: str, index: int, which: object, level: int) -> ChannelKey:
        number = self._numbers.setdefault((index, which), len(self._numbers))
        if number >= LEVEL:
            raise JsonError(f"more than {LEVEL} calls in one answer")
        key = (0, channel, number + level * LEVEL)
        self._open[key] = (index, which)
        return key

    def _announce(self, found: _Found, document: Mapping[str, Any], index: int) -> None:
        """A call that is announced before it is there waits until it is."""
        item = mapping(document.get("item"))
        if item_kind(item) in HELD:
            key = self._channel("tool_arguments", index, None, 0)
            found.deltas.append(Delta(key, ("item", "type"), "", call=word(item.get("call_id"))))

    def _end(self, found: _Found, kind: str, document: Mapping[str, Any], index: int) -> None:
        """What has ended: all of an item, or the texts that its pieces made."""
        command = _ordinal(document, "command_index")
        ended: tuple[object, ...] = {
            "response.shell_call_command.done": (("command", command),),
            "response.shell_call_output_content.done": (("stdout", command), ("stderr", command)),
        }.get(kind, (None,))
        whole = kind == "response.output_item.done"
        for key, (owner, which) in list(self._open.items()):
            if owner == index and (whole or which in ended):
                found.deltas.append(Delta(key, ("type",), ""))
                found.closes[key] = None
                del self._open[key]

    def _follow(self, text: tuple[object, ...], index: int, item_id: str) -> None:
        """Pieces of one text by its index are pieces of one text by its id, too.  Some servers give every piece an id of
        its own, which is never used again."""
        if not item_id:
            return
        owner = self._owner.get((*text, item_id))
        if owner is not None and (owner != index or self._latest[(*text, index)] != item_id):
            raise JsonError("the pieces of two texts are mixed")
        self._owner[(*text, item_id)] = index
        self._latest[(*text, index)] = item_id


def _grouped(strings: Strings, depth: Any) -> dict[Pointer, list[tuple[Pointer, str]]]:
    """The strings by the item, part or response that they belong to; what belongs to none comes first."""
    groups: dict[Pointer, list[tuple[Pointer, str]]] = {(): []}
    for pointer, text in strings:
        cut = depth(pointer)
        groups.setdefault(pointer[:cut], []).append((pointer[cut:], text))
    return groups


def _depth_in_event(pointer: Pointer) -> int:
    if len(pointer) < 2 or pointer[0] not in ("item", "part", "response") or pointer[1] == KEY:
        return 0
    return 3 if pointer[:2] == ("response", "output") and len(pointer) > 3 and isinstance(pointer[2], int) else 1


def _depth_of_item(pointer: Pointer) -> int:
    return 2 if len(pointer) > 2 and pointer[0] in ("output", "data") and isinstance(pointer[1], int) else 0


def _depth_of_input(pointer: Pointer) -> int:
    return 2 if len(pointer) > 2 and pointer[0] == "input" and isinstance(pointer[1], int) else 0


def _spot(kind: str, about: Kind, document: Mapping[str, Any], base: Pointer, index: int, level: int) -> _Spot:
    """What a group of strings of an event is about."""
    if len(base) == 3:
        return _of_item(document, base, level, _position(base))
    if base == ("item",):
        item = _of_item(document, base, level, index)
        return replace(item, ends=level > 0 or item_kind(document["item"]) not in GROWS)
    if base == ("response",):
        return _Spot(base, ANSWER, level + _APART, index)
    part = _ordinal(document, "content_index", "summary_index")
    if base == ("part",):
        return _Spot(base, part_table(document["part"]), level, index, part)
    return _Spot(
        base,
        about.table,
        level,
        index,
        part,
        command=_ordinal(document, "command_index"),
        shell=kind.startswith("response.shell_call_command."),
        ends=about.ends,
        growing=kind.endswith(".delta"),
        item_id=word(document.get("item_id")),
    )


def _of_item(document: Mapping[str, Any], base: Pointer, level: int, index: int) -> _Spot:
    item = mapping(at(document, base))
    return _Spot(base, item_table(item), level, index, call=word(item.get("call_id")))


def _position(base: Pointer) -> int:
    return base[-1] if base and isinstance(base[-1], int) else 0


def _ordinal(document: Mapping[str, Any], *names: str) -> int:
    """The first of these members that is there.  Raises JsonError where clients may read it in different ways."""
    value = next((document[name] for name in names if document.get(name) is not None), 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise JsonError("an event has no plain index")
    return value


def _trees(spot: _Spot, holder: Mapping[str, Any]) -> Iterator[str]:
    """The members that hold what a tool is given, where it is not one string; of an item that nobody described, all."""
    unknown = spot.base[-1:] != ("response",) and len(spot.base) > 0 and item_kind(holder) not in ITEMS
    unknown = unknown and spot.base != ("part",)
    for name, value in holder.items():
        if value is None or isinstance(value, str):
            continue
        if spot.table.channel((name,)) == "tool_arguments" or (unknown and isinstance(value, dict | list)):
            yield name


def _spell(found: _Found, spot: _Spot, path: Pointer, text: str) -> None:
    """Log-probabilities spell a text token by token; each token that was not chosen is a text of its own: one a line."""
    place = (*spot.base, *path[: path.index("logprobs") + 1])
    other = "top_logprobs" in path or path[-1] != "token"
    found.spelled.setdefault((place, spot.level, int(other)), []).append(f"{text}\n" if other else text)


def _reason(kind: str, document: Mapping[str, Any]) -> str:
    why = word(at(document, ("response", "incomplete_details", "reason"))) if kind == "response.incomplete" else ""
    return "length" if why == "max_output_tokens" else why or _REASONS.get(kind, kind.removeprefix("response."))


# Requests.

_REQUEST = Table(
    {
        "input instructions prompt.variables.**": "content",
        "prompt.variables.*.image_url prompt.variables.*.file_data": BINARY,
        "tools.**": "tools",
        "tools.*.environment.skills.*.source.data": BINARY,
    },
    names=(
        "model input instructions prompt variables role content name stream stream_options include_obfuscation temperature "
        "top_p max_output_tokens max_tool_calls top_logprobs user tools tool_choice text format verbosity schema strict "
        "description parameters properties required additionalProperties items enum type id include store background "
        "parallel_tool_calls previous_response_id conversation reasoning effort summary truncation metadata service_tier "
        "safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options mode ttl context_management "
        "compact_threshold server_label server_url server_description require_approval allowed_tools headers container "
        "vector_store_ids filters max_num_results ranking_options ranker score_threshold user_location country city region "
        "timezone search_context_size moderation image access_programs background_options version"
    ).split(),
)
_ROLES = {"input": "user", "prompt": "user", "instructions": "system"}
_SAID = {
    "content": "content",
    "refusal": "content",
    "transcript": "content",
    RESULT: "content",
    PASSAGE: "content",
    "reasoning": "reasoning",
    SUMMARY: "reasoning",
    "tool_arguments": "tool_arguments",
    "tools": "tools",
}
"""The channel of a string of a request; others are `field`."""


def _item_role(item: Any) -> str:
    kind = item_kind(item)
    if kind == "message":
        return word(mapping(item).get("role"))
    return "tool" if kind.endswith("_output") or kind == "mcp_list_tools" else "assistant"


def _context(body: Mapping[str, Any]) -> Context:
    said = body.get("input")
    items = (
        [mapping(item) for item in sequence(said)] if not isinstance(said, str) else [{"role": "user", "content": said}]
    )
    users = [_text_of(item.get("content")) for item in items if item.get("role") == "user"]
    systems = [_text_of(item.get("content")) for item in items if item.get("role") in ("system", "developer")]
    return Context(
        prompt=users[-1] if users else "",
        system="\n".join(filter(None, (word(body.get("instructions")), *systems))),
        sources=tuple(filter(None, map(_result_of, items))),
        response_format=_response_format(body),
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text for part in sequence(content) if isinstance(text := mapping(part).get("text"), str))


def _result_of(item: Mapping[str, Any]) -> str:
    """What a tool handed back, in an item of a request."""
    if item_kind(item) == "file_search_call":
        return _text_of(item.get("results"))
    return _text_of(item.get("output")) if _item_role(item) == "tool" else ""


def _response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wish = mapping(at(body, ("text", "format")))
    if wish.get("type") == "json_schema":
        return {"type": "json_schema", "schema": mapping(wish.get("schema"))}
    return {"type": "json_object"} if wish.get("type") == "json_object" else None

"""Reads the documents of one Responses answer: which text a string belongs to, how often it was told, what has ended.

Rules:
1. A stream tells every text up to five times: in pieces, whole, in its part, in its item, in the last response.  Each
   telling is a channel of its own (a block of `content`, LEVEL blocks apart elsewhere) and is joined in order over the
   stream, so that the same edits fall out of each.
2. Clients join the pieces of a text by index or by id.  A stream in which the two differ, or that goes back to a text
   that it had left, reads differently to each of them and is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from guardrail.dialects.openai_common import is_encoded
from guardrail.dialects.openai_responses_asked import is_closed, of_item
from guardrail.dialects.openai_responses_places import (
    ANSWER,
    BINARY,
    ECHOES,
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
from guardrail.dialects.places import FIELD, META, OPAQUE, Paths, Table, alone, at, lead_of, mapping, sequence, word
from guardrail.dialects.protocol import ChannelKey, Delta, Spelled, Strings, View
from guardrail.dialects.tokens import tokens_of
from guardrail.types import Pointer, Segment, Source
from guardrail.wire.jsontext import KEY, JsonError

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
_HOLDERS = ("item", "part", "response")
_WHOLE = {"tool_name": "tool_name", PASSAGE: RESULT}
_STATUSES = frozenset({"completed", "incomplete", "failed", "cancelled"})
_REASONS = {"response.completed": "stop", "response.incomplete": "incomplete", "response.failed": "failed"}


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a group of strings stands: below `base`, in the item at `index`, told for the `level`th time.

    `item` is what that item is, where these are its own strings; `part` the part of it, None where the path says it;
    `command` the command of a shell; `ends` whether what tools are given and hand back is complete here; `growing`
    whether these are the pieces themselves; `handed` whether a tool may be given something here, `function` which of
    the client's own it is.
    """

    base: Pointer
    table: Table
    level: int
    index: int
    item: str | None = None
    part: int | None = None
    command: int = 0
    shell: bool = False
    ends: bool = True
    growing: bool = False
    handed: bool = True
    item_id: str = ""
    call: str = ""
    function: str = ""


@dataclass(slots=True)
class _Found:
    """What a document holds, while it is read."""

    deltas: list[Delta] = field(default_factory=list)
    fields: list[Segment] = field(default_factory=list)
    trees: list[Pointer] = field(default_factory=list)
    opaque: list[Pointer] = field(default_factory=list)
    echoes: list[Pointer] = field(default_factory=list)
    closes: dict[ChannelKey, None] = field(default_factory=dict)
    spelled: dict[tuple[Pointer, int, int], list[str]] = field(default_factory=dict)
    tokens: list[Spelled] = field(default_factory=list)
    material: list[Source] = field(default_factory=list)
    hidden: bool = False
    empty: Pointer = ("output_text",)
    acts: bool = False


class Reader:
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
        nested = any(isinstance(document.get(name), dict | list) for name in _HOLDERS)
        groups = grouped(strings, _depth_in_event) if nested else {(): strings}
        for base, entries in groups.items():
            self._read(found, document, _spot(kind, about, document, base, index, level), entries)
        if about.ends:
            self._end(found, kind, document, index)
        if kind == "response.output_item.done":
            _hand_on(found, mapping(document.get("item")))
        found.acts = found.acts or kind == "response.audio.delta"
        found.deltas += self._paths.deltas
        return self._view(found, [(0, _reason(kind, document))] if kind in ENDS else [], about.tracked)

    def whole(self, document: Mapping[str, Any], strings: Strings) -> View:
        """A whole answer, or a list of items."""
        found = _Found()
        compact = document.get("object") == "response.compaction"
        for base, entries in grouped(strings, _depth_of_item).items():
            # The items of a list were not said one after the other: each is a text of its own.
            level = _position(base) if compact or base[:1] == ("data",) else 0
            spot = _Spot(base, ANSWER, _APART, 0) if not base else _of_item(document, base, level, _position(base))
            self._read(found, document, spot, entries)
        for item in map(mapping, sequence(document.get("output"))):
            _hand_on(found, item)
        status = word(document.get("status"))
        if status not in _STATUSES or not isinstance(document.get("output"), list):
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
            found.echoes,
            closes=list(found.closes),
            seals=self._paths.seals if self._paths else (),
            finishes=finishes,
            acts=frozenset({0}) if found.acts else frozenset(),
            spelled=found.tokens,
            material=found.material,
            hidden=found.hidden,
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
        if spot.table is ANSWER:
            found.echoes += [(*spot.base, name) for name in ECHOES if at(document, (*spot.base, name))]
        if spot.handed:
            found.trees += [(*spot.base, name) for name in _trees(spot, mapping(at(document, spot.base)))]
        if spot.item is not None and spot.item not in TALK:
            found.acts = True

    def _put(
        self, found: _Found, document: Mapping[str, Any], spot: _Spot, channel: str, path: Pointer, text: str
    ) -> None:
        pointer = (*spot.base, *path)
        if not text:
            if channel == "content":
                found.empty = pointer if spot.level == 0 else found.empty
                _tokens(found, document, spot.level, pointer)  # a part of a character has no text yet
            elif channel == "tool_arguments" and spot.function and len(path) == 1:
                self._hand(found, spot, channel, None, pointer, text)
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
        found.deltas.append(Delta((0, name, block), pointer, text, spelled, part=(spot.index << 16) + part))
        if spelled:
            _tokens(found, document, spot.level, pointer)
        found.acts = found.acts or name in ("refusal", "transcript")

    def _hand(self, found: _Found, spot: _Spot, channel: str, which: object, pointer: Pointer, text: str) -> None:
        """A piece of what a tool is given or hands back."""
        if spot.growing:
            self._follow((channel, which), spot.index, spot.item_id)
        key = self._channel(channel, spot.index, which, spot.level)
        found.deltas.append(Delta(key, pointer, text, call=spot.call, function=spot.function))
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
            if any(owner == index for owner, _ in self._open.values()):
                raise JsonError("an item begins twice")
            key = self._channel("tool_arguments", index, None, 0)
            function = _function(item)
            found.deltas.append(Delta(key, ("item", "type"), "", call=word(item.get("call_id")), function=function))

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
        """Pieces of one text by its index are pieces of one text by its id, too.  Some servers give every piece an id
        of its own, which is never used again."""
        if not item_id:
            return
        owner = self._owner.get((*text, item_id))
        if owner is not None and (owner != index or self._latest[(*text, index)] != item_id):
            raise JsonError("the pieces of two texts are mixed")
        self._owner[(*text, item_id)] = index
        self._latest[(*text, index)] = item_id


def grouped(strings: Strings, depth: Callable[[Pointer], int]) -> dict[Pointer, list[tuple[Pointer, str]]]:
    """The strings by the item, part or response that they belong to; what belongs to none comes first."""
    groups: dict[Pointer, list[tuple[Pointer, str]]] = {(): []}
    for pointer, text in strings:
        cut = depth(pointer)
        groups.setdefault(pointer[:cut], []).append((pointer[cut:], text))
    return groups


def _depth_in_event(pointer: Pointer) -> int:
    if len(pointer) < 2 or pointer[0] not in _HOLDERS or pointer[1] == KEY:
        return 0
    return 3 if pointer[:2] == ("response", "output") and len(pointer) > 3 and isinstance(pointer[2], int) else 1


def _depth_of_item(pointer: Pointer) -> int:
    return 2 if len(pointer) > 2 and pointer[0] in ("output", "data") and isinstance(pointer[1], int) else 0


def _spot(kind: str, about: Kind, document: Mapping[str, Any], base: Pointer, index: int, level: int) -> _Spot:
    """What a group of strings of an event is about."""
    if len(base) == 3:
        return _of_item(document, base, level, _position(base))
    if base == ("item",):
        item = _of_item(document, base, level, index)
        return replace(item, ends=level > 0 or item.item not in GROWS)
    if base == ("response",):
        return _Spot(base, ANSWER, level + _APART, index)
    part = _ordinal(document, "summary_index" if "summary" in kind else "content_index")
    if base == ("part",):
        return _Spot(base, part_table(document["part"]), level, index, part=part)
    return _Spot(
        base,
        about.table,
        level,
        index,
        part=part,
        command=_ordinal(document, "command_index"),
        shell=kind.startswith("response.shell_call_command."),
        ends=about.ends,
        growing=kind.endswith(".delta"),
        handed=about.handed,
        item_id=word(document.get("item_id")),
    )


def _of_item(document: Mapping[str, Any], base: Pointer, level: int, index: int) -> _Spot:
    item = mapping(at(document, base))
    call, function = word(item.get("call_id")), _function(item)
    return _Spot(base, item_table(item), level, index, item_kind(item), call=call, function=function)


def _function(item: Mapping[str, Any]) -> str:
    """The client's own tool that an item calls; a vendor runs the others itself."""
    name, space = word(item.get("name")), word(item.get("namespace"))
    if item_kind(item) not in ("function_call", "custom_tool_call"):
        return ""
    return f"{space}.{name}" if space and name else name


def _position(base: Pointer) -> int:
    return base[-1] if base and isinstance(base[-1], int) else 0


def _ordinal(document: Mapping[str, Any], name: str) -> int:
    """An index of an event, 0 where it is not said.  Raises JsonError where clients may read it in different ways."""
    value = document.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise JsonError("an event has no plain index")
    return value


def _trees(spot: _Spot, holder: Mapping[str, Any]) -> Iterator[str]:
    """The members that hold what a tool is given, where it is not one string; of an item that nobody described, all."""
    unknown = spot.item is not None and spot.item not in ITEMS
    for name, value in holder.items():
        if value is None or isinstance(value, str):
            continue
        if spot.table.channel((name,)) == "tool_arguments" or (unknown and isinstance(value, dict | list)):
            yield name


def _spell(found: _Found, spot: _Spot, path: Pointer, text: str) -> None:
    """Log-probabilities spell a text token by token; tokens that were not chosen are texts of their own: one a line."""
    place = (*spot.base, *path[: path.index("logprobs") + 1])
    other = "top_logprobs" in path or path[-1] != "token"
    found.spelled.setdefault((place, spot.level, int(other)), []).append(f"{text}\n" if other else text)


def _hand_on(found: _Found, item: Mapping[str, Any]) -> None:
    """What a tool of the vendor's own gave the model on the way."""
    if item_kind(item) not in TALK:
        found.material += of_item(item)
        found.hidden = found.hidden or is_closed(item)


def _tokens(found: _Found, document: Mapping[str, Any], level: int, pointer: Pointer) -> None:
    """The tokens that stand beside a text."""
    if tokens := tokens_of(at(document, (*pointer[:-1], "logprobs"))):
        found.tokens.append(Spelled((0, "content", level), tokens))


def _reason(kind: str, document: Mapping[str, Any]) -> str:
    why = word(at(document, ("response", "incomplete_details", "reason"))) if kind == "response.incomplete" else ""
    return "length" if why == "max_output_tokens" else why or _REASONS.get(kind, kind.removeprefix("response."))

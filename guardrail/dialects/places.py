"""Tables of places: which channel the string at a pointer belongs to, written as paths that read like the vendor's
own documentation.

Rules:
1. A path is dotted; `*` stands for any one part, a final `**` for the value itself and everything below it.  A literal
   part is preferred to `*`, and both to a `**` further up.
2. A string in no table is channel `field`: unknown, so it is joined with what stood in its place in earlier events,
   and judged.
3. A key that a table names is part of the protocol; every other key is text and is judged.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from guardrail.dialects.protocol import ChannelKey, Delta, Strings
from guardrail.types import Pointer, Segment, Stage
from guardrail.wire.jsontext import KEY, JsonError

META = "meta"
"""Names, ids and enumerations of the protocol: judged alone, never joined."""
OPAQUE = "opaque"
"""Encrypted or signed values that nobody can judge."""
FIELD = "field"
"""Anything else."""

_KEYED = frozenset({"tool_arguments", "logprobs"})
"""Channels whose objects have keys of the model's own."""
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_PATHS = 4096  # places in one stream that are remembered
_CONSTANT = 6  # characters from which on a string that comes twice cannot be two tokens of a number
_TIMES = 3  # how often a shorter one comes before it is taken for a constant
_LEAD = 64  # characters of what stood there before that are judged together with what stands there now


class Table:
    """One kind of document."""

    def __init__(self, places: Mapping[str, str], names: str = "") -> None:
        """`places` maps paths to channels; several paths in one key stand apart by white space.  `names` are further
        keys of the protocol, apart likewise."""
        self._root: dict[str, Any] = {}
        found = set(names.split())
        for paths, channel in places.items():
            for path in paths.split():
                parts = path.split(".")
                found.update(part for part in parts if part not in ("*", "**"))
                node = self._root
                for part in parts:
                    node = node.setdefault(part, {})
                node[""] = channel
        self.names = frozenset(found)

    def channel(self, pointer: Pointer) -> str | None:
        """The channel of the string at `pointer`, None when the table does not know the place."""
        return _find(self._root, pointer, 0)

    def sorted(self, strings: Strings) -> Iterator[tuple[str, Pointer, str]]:
        """Every string that is text, with its channel."""
        for pointer, text in strings:
            if pointer[-1:] != (KEY,):
                yield self.channel(pointer) or FIELD, pointer, text
            elif (channel := self.channel(pointer[:-2])) in _KEYED:
                yield str(channel), pointer, text
            elif text not in self.names:
                yield META, pointer, text


def _find(node: dict[str, Any], pointer: Pointer, at: int) -> str | None:
    if at == len(pointer):
        if "" in node:
            return str(node[""])
        return str(node["**"][""]) if "**" in node else None
    part = pointer[at]
    child = node.get(part) if isinstance(part, str) and part not in ("", "*", "**") else None
    if child is not None and (found := _find(child, pointer, at + 1)) is not None:
        return found
    if "*" in node and (found := _find(node["*"], pointer, at + 1)) is not None:
        return found
    return str(node["**"][""]) if "**" in node else None


class Paths:
    """What stood in each place of a stream before, so that a text spread over events is read as one text.

    A string in an unknown place is a channel of its own.  Most such strings are constants that come with every event;
    one that comes again unchanged is taken for that and is not joined with itself: else it would hold the whole stream.
    Strings of the protocol (ids, names) never wait: one that changes is judged with what stood there before in front
    of it.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int, Pointer], _Seen] = {}
        self._meta: dict[Pointer, str] = {}
        self._kind = ("", 0)
        self.deltas: list[Delta] = []
        self.seals: list[ChannelKey] = []

    def begin(self, kind: str, choice: int = 0) -> None:
        """The next event; `kind` and `choice` tell apart events that come by turns."""
        self._kind, self.deltas, self.seals = (kind, choice), [], []

    def unknown(self, pointer: Pointer, text: str) -> None:
        """A string in a place that no table knows.  Raises JsonError for too many places."""
        key = (*self._kind, pointer)
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= _PATHS:
                raise JsonError(f"more than {_PATHS} unknown places in one stream")
            seen = self._seen[key] = _Seen((-1, FIELD, len(self._seen)), text)
        elif text == seen.first and not seen.grows:
            seen.times += 1
            if len(text) >= _CONSTANT or text.isalpha() or seen.times > _TIMES:
                if not seen.sealed:
                    self.seals.append(seen.channel)
                seen.sealed = True
                return
        else:
            seen.grows = True
        self.deltas.append(Delta(seen.channel, pointer, text))

    def meta(self, channel: str, pointer: Pointer, text: str) -> Segment:
        """A string of the protocol."""
        before = self._meta.get(pointer, text)
        if pointer in self._meta or len(self._meta) < _PATHS:
            self._meta[pointer] = text
        return alone(channel, pointer, text, before[-_LEAD:] if before != text else "")


@dataclass(slots=True)
class _Seen:
    channel: ChannelKey
    first: str
    times: int = 1
    sealed: bool = False
    grows: bool = False


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: a lens reads what it is shown and never raises over a shape."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> Sequence[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else ()


def word(value: Any) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def dumped(value: Any) -> str:
    """The JSON of a value, for the arguments of a tool that come as an object."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # half a character, or a number of no size
        return json.dumps(value, ensure_ascii=False)


def at(document: Any, pointer: Pointer) -> Any:
    """The value at `pointer`, None when there is none."""
    node = document
    for part in pointer:
        if isinstance(node, dict) and isinstance(part, str):
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
            node = node[part]
        else:
            return None
    return node


def alone(channel: str, pointer: Pointer, text: str, lead: str = "") -> Segment:
    """A string of an answer that is judged by itself."""
    return Segment(Stage.RESPONSE, "assistant", FIELD if channel == META else channel, pointer, text, lead)


def in_plain_sight(document: Any, opaque: Iterable[Pointer]) -> list[Segment]:
    """What stands where something encrypted belongs and does not look like it: it is judged like any other string."""
    found = ((pointer, at(document, pointer)) for pointer in opaque)
    return [
        alone(OPAQUE, pointer, value)
        for pointer, value in found
        if isinstance(value, str) and not _BLOB.fullmatch(value)
    ]


def lead_of(pointer: Pointer) -> str:
    """What a reader sees just before a value inside an object: its key."""
    names = [part for part in pointer if isinstance(part, str)]
    return f"{names[-1]}: " if names and pointer[-1] != KEY else ""

"""JSON as text with places: parse it, list every string in it, and replace some without touching another byte.

Rules:
1. Nothing is re-serialised: an edit replaces the bytes of one string literal (or key, or number), or takes out one
   member with its comma, and leaves white space, key order and the spelling of numbers as they came.
2. Every string is seen.  A document whose bytes hold more string literals than its parsed form has (duplicate
   keys: parsers differ in which one they keep) is refused, because the other one would travel unseen.
3. Depth is bounded before anything recurses.
4. An edit whose place is not there is an error, because an edit that did not happen would be a leak; and no edit makes
   two keys of an object equal, because parsers would drop one of the values.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from guardrail.types import Pointer

MAX_DEPTH = 128
KEY = -1
"""As the last element of a pointer it names the object key itself; array indices are never negative."""

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BOM = b"\xef\xbb\xbf"
_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*")
_TOKEN = re.compile(rb'[ \t\n\r]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([{}\[\],:])|([^\s{}\[\],:"]+))', re.DOTALL)

_Member = tuple[int, int, Pointer]
"""An element of an array, or a member of an object from its key on: start, end and place."""
_Change = tuple[int, int, bytes]
"""A span and what takes its place."""


class JsonError(ValueError):
    """Not JSON that can be guarded; the message says why without quoting it."""


def parse(raw: bytes) -> Any:
    """The parsed document.  Raises JsonError.

    Lone surrogates and NaN, which orjson refuses and clients accept, go through the standard library.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw.decode("utf-8-sig"))  # never the UTF-16 that the library would guess
    except RecursionError:
        raise JsonError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        raise JsonError("not valid JSON") from None


def readable(raw: bytes) -> bool:
    """Whether `raw` is a whole document."""
    try:
        parse(raw)
    except JsonError:
        return False
    return True


def strings(document: Any, raw: bytes) -> list[tuple[Pointer, str]]:
    """Every string value and every key of a parsed document, with its place.  Raises JsonError (rules 2, 3)."""
    found: list[tuple[Pointer, str]] = []
    _walk(document, (), found, 0)
    if _literals(raw) != len(found):
        raise JsonError("an object has the same key twice")
    return found


def numbers(raw: bytes) -> Iterator[tuple[Pointer, str]]:
    """Every number of a document, with its place; one written with an exponent as the digits it means."""
    for pointer, start, _ in locate(raw):
        found = _NUMBER.match(raw, start)
        if found and pointer[-1:] != (KEY,):
            yield pointer, _digits(found.group().decode())


def numbers_under(raw: bytes, roots: Iterable[Pointer]) -> Iterator[tuple[Pointer, str]]:
    """The numbers at and below the places `roots`; below the place () is everything."""
    wanted = frozenset(roots)
    lengths = sorted({len(root) for root in wanted})
    if not wanted:
        return
    for pointer, number in numbers(raw):
        if any(pointer[:length] in wanted for length in lengths):
            yield pointer, number


def _digits(number: str) -> str:
    if "e" not in number.lower():
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    return format(value, "f") if abs(value.adjusted()) < 64 else number


def literal(text: str) -> bytes:
    """`text` as a JSON string literal; lone surrogates stay escaped."""
    try:
        return orjson.dumps(text)
    except orjson.JSONEncodeError:
        return json.dumps(text).encode()


def splice(raw: bytes, replacements: Mapping[Pointer, bytes], blanks: Iterable[Pointer] = ()) -> bytes:
    """`raw` with the values or keys at the given places replaced by other JSON literals, and those at `blanks`,
    where they exist, by null.  Raises JsonError."""
    return edit(raw, replacements, blanks)


def remove(raw: bytes, pointers: Iterable[Pointer]) -> bytes:
    """`raw` without the array elements or object members at the given places.  Raises JsonError."""
    return edit(raw, {}, removed=pointers)


def append(raw: bytes, pointer: Pointer, literals: Sequence[bytes]) -> bytes:
    """`raw` with JSON literals added at the end of the array at `pointer`.  Raises JsonError."""
    return edit(raw, {}, appended={pointer: literals})


def edit(
    raw: bytes,
    replacements: Mapping[Pointer, bytes],
    blanks: Iterable[Pointer] = (),
    removed: Iterable[Pointer] = (),
    appended: Mapping[Pointer, Sequence[bytes]] | None = None,
) -> bytes:
    """All edits of one document at once; every place is one of the document as it came.

    `replacements` are JSON literals for values and keys, `blanks` values that become null where they exist, `removed`
    elements and members that go with their comma, `appended` literals for the ends of arrays.  What is done to a value
    wins over what is done inside it, removal over replacement, replacement over null.  Raises JsonError (rule 4).
    """
    gone, added = frozenset(removed), appended or {}
    wanted = {**dict.fromkeys(blanks, b"null"), **replacements}
    if any(not pointer or pointer[-1] == KEY for pointer in gone):
        raise JsonError("only a whole element or member can be removed")
    if any(pointer[-1:] == (KEY,) and pointer not in replacements for pointer in wanted):
        raise JsonError("a key cannot be emptied")
    renamed = {pointer[:-2] for pointer in replacements if pointer[-1:] == (KEY,)}
    spans, members = _survey(raw, wanted.keys() | gone | added.keys(), {p[:-1] for p in gone} | added.keys() | renamed)
    if not (replacements.keys() | gone | added.keys()) <= spans.keys():
        raise JsonError("a place to edit was not found")
    for parent in renamed:
        wanted |= _told_apart([pointer for _, _, pointer in members[parent] if pointer not in gone], replacements)
    changes = [(*spans[pointer], new) for pointer, new in wanted.items() if pointer in spans and pointer not in gone]
    for parent in {pointer[:-1] for pointer in gone}:
        changes += _without(members[parent], gone)
    for pointer, literals in added.items():
        changes += _longer(raw, spans[pointer][0], members.get(pointer, []), gone, literals)
    return _changed(raw, changes)


def _survey(
    raw: bytes, places: Set[Pointer], parents: Set[Pointer]
) -> tuple[dict[Pointer, tuple[int, int]], dict[Pointer, list[_Member]]]:
    """Where the given places are, and everything that is directly inside the given parents."""
    spans: dict[Pointer, tuple[int, int]] = {}
    members: dict[Pointer, list[_Member]] = {}
    keys: dict[Pointer, int] = {}
    for pointer, start, end in locate(raw):
        if pointer in places:
            spans[pointer] = (start, end)
        if not parents or not pointer:
            continue
        if pointer[-1] == KEY:
            if pointer[:-2] in parents:
                keys[pointer[:-1]] = start
        elif pointer[:-1] in parents:
            members.setdefault(pointer[:-1], []).append((keys.get(pointer, start), end, pointer))
    return spans, members


def _told_apart(kept: Sequence[Pointer], replacements: Mapping[Pointer, bytes]) -> dict[Pointer, bytes]:
    """The new keys of an object whose members are `kept`; those that another key equals get a number."""
    taken = {pointer[-1] for pointer in kept if (*pointer, KEY) not in replacements}
    counts: dict[str, int] = {}
    keys: dict[Pointer, bytes] = {}
    for place in ((*pointer, KEY) for pointer in kept):
        if place not in replacements:
            continue
        text = parse(replacements[place])
        if not isinstance(text, str):
            raise JsonError("a key must be a string")
        count, name = counts.get(text, 1), text
        while name in taken:
            count += 1
            name = f"{text} {count}"
        counts[text] = count
        taken.add(name)
        keys[place] = replacements[place] if name == text else literal(name)
    return keys


def _without(members: Sequence[_Member], gone: Set[Pointer]) -> Iterator[_Change]:
    """A removed member goes with the comma before it, or, when none is kept before it, with the one after."""
    kept = False
    for at, (start, end, pointer) in enumerate(members):
        if pointer not in gone:
            kept = True
        elif kept:
            yield members[at - 1][1], end, b""
        else:
            yield start, members[at + 1][0] if at + 1 < len(members) else end, b""


def _longer(
    raw: bytes, start: int, members: Sequence[_Member], gone: Set[Pointer], literals: Sequence[bytes]
) -> Iterator[_Change]:
    if raw[start : start + 1] != b"[":
        raise JsonError("not an array")
    if literals:
        end = members[-1][1] if members else start + 1
        comma = b"" if all(pointer in gone for _, _, pointer in members) else b","
        yield end, end, comma + b",".join(literals)


def _changed(raw: bytes, changes: Iterable[_Change]) -> bytes:
    """`raw` with spans replaced that are apart or one inside the other; the outer one wins."""
    out: list[bytes] = []
    done = 0
    for start, end, new in sorted(changes, key=lambda change: (change[0], -change[1])):
        if start >= done:
            out += (raw[done:start], new)
            done = end
    return b"".join((*out, raw[done:]))


def _dumped(value: Any) -> bytes:
    """`value` as JSON; half a surrogate pair in a string of it is written as an escape."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def set_member(raw: bytes, name: str, value: Any) -> bytes:
    """`raw`, an object, with one more member at its end, or with that member replaced.

    Raises JsonError when it is not an object.
    """
    if literal(name) in raw and any(pointer == (name,) for pointer, _, _ in locate(raw)):
        return splice(raw, {(name,): _dumped(value)})
    end = raw.rstrip()
    if not end.endswith(b"}"):
        raise JsonError("not an object")
    empty = end[:-1].rstrip().endswith(b"{")
    member = literal(name) + b":" + _dumped(value)
    return end[:-1] + (b"" if empty else b",") + member + b"}" + raw[len(end) :]


def _walk(node: Any, pointer: Pointer, found: list[tuple[Pointer, str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise JsonError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, str):
        found.append((pointer, node))
    elif isinstance(node, dict):
        for key, value in node.items():
            at = (*pointer, key)
            found.append(((*at, KEY), key))
            if isinstance(value, str):
                found.append((at, value))
            elif isinstance(value, (dict, list)):
                _walk(value, at, found, depth + 1)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, (str, dict, list)):
                _walk(value, (*pointer, index), found, depth + 1)


def _literals(raw: bytes) -> int:
    if b"\\" not in raw:
        return raw.count(b'"') // 2
    return len(STRING.findall(raw))


def locate(raw: bytes) -> Iterator[tuple[Pointer, int, int]]:
    """Every value and key with its byte span.  `raw` is known to parse, so only structure is tracked."""
    path: list[str | int] = []
    opened: list[tuple[bytes, int]] = []
    key_next = False
    for token in _TOKEN.finditer(raw, len(_BOM) if raw.startswith(_BOM) else 0):
        mark = token.group(2)
        if mark is None:
            start, end = token.span(1 if token.group(1) is not None else 3)
            if key_next:
                path[-1] = parse(raw[start:end])
                key_next = False
                yield (*path, KEY), start, end
            else:
                yield tuple(path), start, end
        elif mark in b"{[":
            opened.append((mark, token.start(2)))
            path.append("" if mark == b"{" else 0)
            key_next = mark == b"{"
        elif mark in b"}]":
            path.pop()
            key_next = False
            yield tuple(path), opened.pop()[1], token.end(2)
        elif mark == b",":
            if opened[-1][0] == b"{":
                key_next = True
            else:
                path[-1] = int(path[-1]) + 1

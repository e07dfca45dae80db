"""JSON as text with places: parse it, list every string in it, and replace some without touching another byte.

Rules:
1. Nothing is re-serialised: an edit replaces the bytes of one string literal (or key, or number) and leaves
   white space, key order and the spelling of numbers as they came.
2. Every string is seen.  A document whose bytes hold more string literals than its parsed form has (duplicate
   keys: parsers differ in which one they keep) is refused, because the other one would travel unseen.
3. Depth is bounded before anything recurses.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from guardrail.types import Pointer

MAX_DEPTH = 128
KEY = -1
"""As the last element of a pointer it names the object key itself; array indices are never negative."""

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*")
_TOKEN = re.compile(rb'[ \t\n\r]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([{}\[\],:])|([^\s{}\[\],:"]+))', re.DOTALL)


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
    where they exist, by null.

    Raises JsonError when a place to replace is not there, because an edit that did not happen would be a leak.
    """
    wanted = {**dict.fromkeys(blanks, b"null"), **replacements}
    spans = {pointer: (start, end) for pointer, start, end in locate(raw) if pointer in wanted}
    if not replacements.keys() <= spans.keys():
        raise JsonError("a string to edit was not found")
    out: list[bytes] = []
    done = 0
    # Outer values first, so that what lies inside a value that is emptied is gone with it.
    for pointer, (start, end) in sorted(spans.items(), key=lambda item: (item[1][0], -item[1][1])):
        if start >= done:
            out += (raw[done:start], wanted[pointer])
            done = end
    return b"".join((*out, raw[done:]))


def set_member(raw: bytes, name: str, value: Any) -> bytes:
    """`raw`, an object, with one more member at its end, or with that member replaced.

    Raises JsonError when it is not an object.
    """
    if literal(name) in raw and any(pointer == (name,) for pointer, _, _ in locate(raw)):
        return splice(raw, {(name,): orjson.dumps(value)})
    end = raw.rstrip()
    if not end.endswith(b"}"):
        raise JsonError("not an object")
    empty = end[:-1].rstrip().endswith(b"{")
    member = literal(name) + b":" + orjson.dumps(value)
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
    for token in _TOKEN.finditer(raw):
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

"""JSON text read as the standard has it, with the place and the reason of its first fault.

Rules:
1. The standard is RFC 8259 (STD 90) and nothing kinder: what a strict client parser refuses is reported, because
   that client gets an exception instead of an answer.  No comments, trailing commas, NaN, byte order mark, single
   quotes or Markdown fences.  What the standard leaves open (lone surrogate escapes, huge numbers) is accepted.
2. One pass with a stack of its own: time is linear in the text, depth is bounded (§9 of the RFC allows it), and the
   interpreter's recursion limit plays no part.
3. A reason names the fault and never quotes the text.
"""

import json
import re
from dataclasses import dataclass

DEPTH = 512
"""Open arrays and objects at once.  Common parsers stop between 500 and 1,024."""

_SPACE = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(
    r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
    r"|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![0-9.eE])|true|false|null"
)
_STRING_BODY = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+')
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a text stops being JSON (code points from its start) and why."""

    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The outcome of reading a text: its fault, and the places of names that an object repeats."""

    fault: Fault | None
    repeated: tuple[tuple[int, int], ...] = ()


def parse(text: str) -> Parsed:
    """Read `text` as one JSON value.

    >>> parse('[1, 2,]').fault
    Fault(at=6, reason='a comma with nothing after it')
    """
    if _is_plain(text):
        return Parsed(None)
    repeated: list[tuple[int, int]] = []
    fault = _read(text, repeated)
    return Parsed(fault, tuple(repeated))


def _is_plain(text: str) -> bool:
    """Whether the standard library, several times as fast, reads `text` and finds no name twice; it is as strict where
    it is told to be, but does not say what is wrong."""
    if text.count("[") + text.count("{") > DEPTH:
        return False
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_int=len, parse_float=len)
    except ValueError:
        return False
    return True


def _once(members: list[tuple[str, object]]) -> None:
    if len(dict(members)) < len(members):
        raise ValueError


def _refuse(word: str) -> None:
    raise ValueError(word)


def _read(text: str, repeated: list[tuple[int, int]]) -> Fault | None:
    names: list[set[str] | None] = []  # one entry for each open container: the names of an object, None for an array
    at = _skip(text, 0)
    while True:
        # here a value must begin
        opener = text[at : at + 1]
        if opener in ("{", "["):
            if len(names) == DEPTH:
                return Fault(at, f"arrays and objects are nested more than {DEPTH} deep")
            names.append(set() if opener == "{" else None)
            at = _skip(text, at + 1)
            if text[at : at + 1] != ("}" if opener == "{" else "]"):
                if opener == "{":
                    after = _name(text, at, names, repeated)
                    if isinstance(after, Fault):
                        return after
                    at = after
                continue
        else:
            atom = _ATOM.match(text, at)
            if atom is None:
                return _no_value(text, at)
            at = _skip(text, atom.end())
        # here a value has ended, or an empty container is about to
        while names:
            here = names[-1]
            mark = text[at : at + 1]
            if mark == ("]" if here is None else "}"):
                names.pop()
                at = _skip(text, at + 1)
                continue
            if mark != ",":
                return _no_separator(text, at, array=here is None)
            after = _skip(text, at + 1)
            if text[after : after + 1] in ("]", "}") and after < len(text):
                return Fault(after, "a comma with nothing after it")
            at = after
            if here is not None:
                after = _name(text, at, names, repeated)
                if isinstance(after, Fault):
                    return after
                at = after
            break
        else:
            return None if at == len(text) else Fault(at, _trailing(text, at))


def _name(text: str, at: int, names: list[set[str] | None], repeated: list[tuple[int, int]]) -> int | Fault:
    """Past the name and colon at `at`, where the value begins."""
    atom = _ATOM.match(text, at) if text[at : at + 1] == '"' else None
    if atom is None:
        return _no_name(text, at)
    known = names[-1]
    if known is not None:
        raw = atom.group()
        name = json.loads(raw) if "\\" in raw else raw[1:-1]
        if name in known:
            repeated.append(atom.span())
        known.add(name)
    at = _skip(text, atom.end())
    if text[at : at + 1] != ":":
        return Fault(at, _ended(text, at) or "a name without a colon after it")
    return _skip(text, at + 1)


def _no_value(text: str, at: int) -> Fault:
    mark = text[at : at + 1]
    if not mark:
        return Fault(at, "the text ends before the value is complete")
    if mark == '"':
        return _bad_string(text, at)
    if mark == "\ufeff":
        return Fault(at, "a byte order mark")
    if mark == "'":
        return Fault(at, "a string in single quotes")
    if text.startswith(("//", "/*", "#"), at):
        return Fault(at, "a comment, which JSON does not have,")
    if text.startswith(("```", "~~~"), at):
        return Fault(at, "a Markdown code fence")
    if mark in "-+.0123456789":
        return Fault(at, "a number that JSON does not allow")
    if mark in ",]}:":
        return Fault(at, "punctuation where a value must stand")
    word = _WORD.match(text, at)
    if word and word.group() in ("NaN", "Infinity"):
        return Fault(at, "a number that JSON does not have")
    if word and word.group() in ("True", "False", "None", "undefined"):
        return Fault(at, "a constant of another language")
    return Fault(at, "text that is not JSON")


def _no_name(text: str, at: int) -> Fault:
    mark = text[at : at + 1]
    if not mark:
        return Fault(at, "the text ends inside an object")
    if mark == '"':
        return _bad_string(text, at)
    if mark == "'":
        return Fault(at, "a name in single quotes")
    if text.startswith(("//", "/*", "#"), at):
        return Fault(at, "a comment, which JSON does not have,")
    return Fault(at, "a name without double quotes" if _WORD.match(text, at) else "a name is missing")


def _no_separator(text: str, at: int, *, array: bool) -> Fault:
    place = "an array" if array else "an object"
    if ended := _ended(text, at):
        return Fault(at, ended)
    if text.startswith(("//", "/*", "#"), at):
        return Fault(at, "a comment, which JSON does not have,")
    return Fault(
        at, f"a bracket of the wrong kind in {place}" if text[at] in "]}" else f"a comma is missing in {place}"
    )


def _bad_string(text: str, at: int) -> Fault:
    body = _STRING_BODY.match(text, at)
    end = body.end() if body else at
    mark = text[end : end + 1]
    if not mark:
        return Fault(end, "the text ends inside a string")
    if mark == "\\":
        return Fault(end, "an escape that JSON does not have, in a string")
    return Fault(end, "a control character that must be escaped, in a string")


def _trailing(text: str, at: int) -> str:
    return "a comment after the value" if text.startswith(("//", "/*", "#"), at) else "more text after the value"


def _ended(text: str, at: int) -> str:
    return "" if at < len(text) else "the text ends before the value is complete"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def place(text: str, at: int) -> str:
    """The line and column of a place, both counted from 1, columns in code points."""
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"

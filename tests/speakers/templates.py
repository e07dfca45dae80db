"""Templates: JSON with slots in it, that say both where a vendor puts a text and where a client finds it again.

Rules:
1. `fill` writes a text into every slot; `read` finds it by the same shape, so that a place is named once.
2. `read` matches on the members that tell one place from another (`type`, `index`, ...) and looks at nothing else.
3. What is not there reads as the empty text; a shape that does not match reads as None.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

TAGS = frozenset({"type", "index", "output_index", "content_index", "summary_index", "command_index", "thought"})
TOKEN = 3  # characters of the tokens that log-probabilities spell


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the text: how the text is written there, and how what stands there is read."""

    put: Callable[[str], Any]
    get: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Made:
    """A value that follows from the text and is never read back, such as token offsets."""

    put: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Quoted:
    """JSON inside a JSON string."""

    inner: Any


@dataclass(frozen=True, slots=True)
class Each:
    """One entry for every token of the text."""

    entry: Any


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _from_bytes(value: Any) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, list) else _plain(value)


def halves(text: str) -> tuple[str, str]:
    """The text in two, as near to the middle as characters allow."""
    return text[: len(text) // 2], text[len(text) // 2 :]


def tokens(text: str) -> list[str]:
    """The text in tokens of a fixed length."""
    return [text[i : i + TOKEN] for i in range(0, len(text), TOKEN)]


TEXT = Slot(str, _plain)
NUMBER = Slot(int, _plain)
BYTES = Slot(lambda text: list(text.encode("utf-8", "surrogatepass")), _from_bytes)
HEAD = Slot(lambda text: halves(text)[0], _plain)
TAIL = Slot(lambda text: halves(text)[1], _plain)
OFFSETS = Made(lambda text: list(range(0, len(text), TOKEN)))


def fill(template: Any, text: str) -> Any:
    """The template with `text` in its slots."""
    match template:
        case Slot() | Made():
            return template.put(text)
        case Quoted():
            return compact(fill(template.inner, text))
        case Each():
            return [fill(template.entry, token) for token in tokens(text)]
        case dict():
            return {fill(name, text): fill(value, text) for name, value in template.items()}
        case list():
            return [fill(value, text) for value in template]
        case _:
            return template


def read(pattern: Any, value: Any) -> str | None:
    """The text in the slots of a pruned template, in their order; None where `value` has another shape."""
    match pattern:
        case Slot():
            return pattern.get(value)
        case Quoted():
            return _read_quoted(pattern, value)
        case Each():
            return "".join(read(pattern.entry, entry) or "" for entry in value) if isinstance(value, list) else None
        case dict():
            return _read_members(pattern, value) if isinstance(value, dict) else None
        case list():
            return _read_items(pattern, value) if isinstance(value, list) else None
        case _:
            return ""


def _read_quoted(pattern: Quoted, value: Any) -> str | None:
    try:
        return read(pattern.inner, json.loads(value))
    except (TypeError, ValueError):
        return _plain(value)


def _read_members(pattern: dict[Any, Any], value: dict[str, Any]) -> str | None:
    found = ""
    for name, inner in pattern.items():
        if isinstance(name, Slot):
            found += "".join(value)
        elif _is_tag(name, inner):
            if value.get(name) != inner:
                return None
        elif (text := read(inner, value.get(name))) is None:
            return None
        else:
            found += text
    return found


def _read_items(pattern: list[Any], value: list[Any]) -> str | None:
    if len(value) < len(pattern):
        return None
    texts = [read(inner, item) for inner, item in zip(pattern, value, strict=False)]
    return None if None in texts else "".join(text or "" for text in texts)


def prune(template: Any) -> Any:
    """Only the branches of a template that hold a slot, with the tags beside them; None without a slot."""
    match template:
        case Slot():
            return template
        case Quoted():
            inner = prune(template.inner)
            return None if inner is None else Quoted(inner)
        case Each():
            entry = prune(template.entry)
            return None if entry is None else Each(entry)
        case dict():
            return _pruned_members(template)
        case list():
            items = [prune(value) for value in template]
            while items and items[-1] is None:
                items.pop()
            return items or None
        case _:
            return None


def _pruned_members(template: dict[Any, Any]) -> dict[Any, Any] | None:
    kept = {name: prune(value) for name, value in template.items() if not isinstance(name, Slot)}
    kept = {name: value for name, value in kept.items() if value is not None}
    keys = {name: None for name in template if isinstance(name, Slot)}
    if not kept and not keys:
        return None
    return {name: template[name] for name in template if _is_tag(name, template[name])} | keys | kept


def _is_tag(name: Any, value: Any) -> bool:
    return isinstance(name, str) and name in TAGS and isinstance(value, str | int)


def fragments(quoted: Quoted, pieces: Sequence[str]) -> Iterator[str]:
    """The JSON text of `quoted` in fragments, one for each piece of the text between its beginning and its end."""
    number, depth = _nature(quoted)
    mark = "90909090909" if number else "\ue000mark\ue000"
    before, after = fill(quoted, mark).split(mark)
    yield before
    for piece in pieces:
        yield piece if number else _escaped(piece, depth)
    yield after


def _nature(quoted: Quoted) -> tuple[bool, int]:
    """Whether the slot holds a number, and how many JSON strings deep the slot is."""
    depth, template = 0, quoted
    while isinstance(template, Quoted):
        depth, template = depth + 1, next(iter(prune(template.inner).values()))
    return template is NUMBER, depth


def _escaped(text: str, depth: int) -> str:
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text


def compact(value: Any) -> str:
    """JSON without spaces and without needless escapes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

"""Walks that the tests of several dialects share: over a vendor's own types, and over what a lens said of a document.

Rules:
1. A vendor's types are read as they are installed, so that a field of a new version is found by the next run.
2. A string counts as seen only where a judge would get it, or where it is emptied with the text that it spells.
"""

import enum
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from guardrail.wire.jsontext import KEY

Path = tuple[str, ...]


def leaves(kind: Any, path: Path = (), inside: frozenset[Any] = frozenset()) -> Iterator[Path]:
    """The path of every string in a type, in the names of the wire; `*` for an element, `**` for anything at all."""
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is typing.Annotated:
        yield from leaves(arguments[0], path, inside)
    elif origin in (typing.Union, types.UnionType):
        for each in arguments:
            yield from leaves(each, path, inside)
    elif origin is typing.Literal:
        yield path
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield (*path, "**")
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        yield from leaves(arguments[0], (*path, "*"), inside)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in () if kind in inside else kind.model_fields.items():
            yield from leaves(field.annotation, (*path, field.alias or name), inside | {kind})
    elif kind is Any:
        yield (*path, "**")
    elif isinstance(kind, type) and issubclass(kind, str | bytes | datetime | enum.Enum):
        yield path


def names(kind: Any, inside: frozenset[Any] = frozenset()) -> Iterator[str]:
    """The name of every member in a type, numbers included."""
    for each in typing.get_args(kind):
        yield from names(each, inside)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in inside:
        for name, field in kind.model_fields.items():
            yield field.alias or name
            yield from names(field.annotation, inside | {kind})


def unseen(view: Any, strings: Any, known: frozenset[str]) -> list[Any]:
    """The places of strings that a view leaves out; the empty string and keys of the protocol may be."""
    seen = {delta.pointer for delta in view.deltas} | {field.pointer for field in view.fields} | set(view.opaque)
    joined = [(d.pointer, d.text) for d in view.deltas if d.channel[1] == "logprobs"]
    return [
        pointer
        for pointer, text in strings
        if text
        and pointer not in seen
        and not (pointer[-1:] == (KEY,) and text in known)
        and not any(pointer[: len(root)] == root and text in whole for root, whole in joined)
    ]


def joined(views: Any) -> dict[Any, str]:
    """The texts of a stream, or of one answer, by channel."""
    found: dict[Any, str] = {}
    for view in views:
        for delta in view.deltas:
            if not delta.aside:
                found[delta.channel] = found.get(delta.channel, "") + delta.text
    return found

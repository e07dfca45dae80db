"""Documents made from the SDK's own types: for every string that a type can hold, the smallest document that holds it.

Rules:
1. A union is every one of its members, and a member says which it is, as on the wire.
2. A field of any type, and a mapping, hold an object with one member whose key and value are the text.
3. Nothing is listed here, so a field of a new version of the SDK is in the next run.
"""

import types
import typing
from collections.abc import Iterator
from typing import Any

import typing_extensions
from pydantic import BaseModel

from guardrail.wire.jsontext import KEY

Made = tuple[tuple[str | int, ...], Any]


def documents(kind: Any, text: str, inside: frozenset[Any] = frozenset()) -> Iterator[Made]:
    """Where the text stands, and the document around it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, typing_extensions.TypeAliasType):
        yield from documents(kind.__value__, text, inside)
    elif origin is typing.Annotated:
        yield from documents(arguments[0], text, inside)
    elif origin in (typing.Union, types.UnionType):
        for each in arguments:
            yield from documents(each, text, inside)
    elif origin is list:
        for pointer, value in documents(arguments[0], text, inside):
            yield (0, *pointer), [value]
    elif origin is dict:
        yield (text, KEY), {text: None}
        for pointer, value in documents(arguments[1], text, inside):
            yield ("name", *pointer), {"name": value}
    elif kind is str:
        yield (), text
    elif kind in (Any, object):
        yield (text,), {text: text}
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in inside:
        yield from _members(kind, text, inside | {kind})


def _members(kind: type[BaseModel], text: str, inside: frozenset[Any]) -> Iterator[Made]:
    tags = {name: _tag(field.annotation) for name, field in kind.model_fields.items()}
    said = {name: tag for name, tag in tags.items() if tag is not None}
    for name, field in kind.model_fields.items():
        for pointer, value in documents(field.annotation, text, inside):
            yield (field.alias or name, *pointer), {**said, field.alias or name: value}


def _tag(kind: Any) -> Any:
    """The only value that a field can have."""
    values = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
    return values[0] if len(values) == 1 else None


def members(union: Any) -> tuple[Any, ...]:
    """The types of a union that is told apart by `type`."""
    return typing.get_args(typing.get_args(union)[0])

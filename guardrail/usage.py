"""What answers cost, as the vendors count it: read from a document, and raised by what rejected attempts cost.

Rules:
1. Every whole number below a vendor's `usage` is a count, and so are Ollama's counters; prices, names of tiers and
   lists of single calls are left alone.
2. In a stream the counts are totals so far (all vendors; clients take the last), so each is raised by the same amount.
3. Only the digits of a count change.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from guardrail.dialects.places import at, mapping, word
from guardrail.types import Pointer
from guardrail.wire import jsontext
from guardrail.wire.frames import Frame, Framing

Usage = Mapping[Pointer, int]
"""Counts by their place below the vendor's `usage`; of lists by modality (Gemini), the modality is part of it."""

_HOLDERS: tuple[Pointer, ...] = (
    ("usage",),  # OpenAI; Anthropic, whole and at the end of a stream
    ("message", "usage"),  # Anthropic, at the start of a stream
    ("response", "usage"),  # Responses, streamed
    ("usageMetadata",),  # Gemini
    ("usage_metadata",),
)
_COUNTERS = frozenset(
    {"prompt_eval_count", "eval_count"}
    | {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"}  # clients divide one by the other
)
"""Ollama's, at the top of the document that ends an answer."""
_DEPTH = 4


def usage_of(document: Any) -> dict[Pointer, int]:
    """The counts in a document."""
    return {name: count for name, _, count in _counts(document)}


def tokens(usage: Usage) -> int:
    """How many tokens that is, 0 where the vendor does not say."""
    for total in ("total_tokens", "totalTokenCount", "total_token_count"):
        if (found := usage.get((total,), 0)) > 0:
            return found
    names = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens", "prompt_eval_count", "eval_count")
    return sum(max(0, usage.get((name,), 0)) for name in names)


def added(one: Usage, other: Usage) -> dict[Pointer, int]:
    """Two answers together."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(n for n in other if n not in one))}


def raised(raw: bytes, document: Any, more: Usage) -> bytes:
    """`raw`, which parses to `document`, with its counts raised by `more`."""
    changes = {
        place: str(count + more[name]).encode() for name, place, count in _counts(document) if more.get(name, 0) > 0
    }
    return jsontext.splice(raw, changes) if changes else raw


def _counts(document: Any) -> Iterator[tuple[Pointer, Pointer, int]]:
    """Every count with its name and its place."""
    body = mapping(document)
    for holder in _HOLDERS:
        if isinstance(value := at(body, holder), dict):
            yield from _below(value, (), holder, _DEPTH)
    for name in _COUNTERS & body.keys():
        if _is_count(body[name]):
            yield (name,), (name,), body[name]


def _below(node: Any, name: Pointer, place: Pointer, depth: int) -> Iterator[tuple[Pointer, Pointer, int]]:
    if _is_count(node):
        yield name, place, node
    elif depth and isinstance(node, dict):
        for key, value in node.items():
            yield from _below(value, (*name, key), (*place, key), depth - 1)
    elif depth and isinstance(node, list):
        for index, value in enumerate(node):
            if modality := word(mapping(value).get("modality")):
                yield from _below(value, (*name, modality), (*place, index), depth - 1)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Rewriting:
    """A stream whose documents are changed on their way, frame by frame."""

    def __init__(self, framing: Framing, change: Callable[[bytes], bytes]) -> None:
        """`change` gives the new bytes of a document."""
        self._framing, self._change = framing, change

    def feed(self, raw: bytes) -> bytes:
        """What becomes of `raw`, the next bytes of the stream.  Raises FramingError."""
        return b"".join(map(self._changed, self._framing.decode(raw)))

    def end(self) -> bytes:
        """What is left at the end.  Raises FramingError."""
        return b"".join(map(self._changed, self._framing.flush()))

    def _changed(self, frame: Frame) -> bytes:
        if frame.data is None or frame.data.lstrip()[:1] != b"{":
            return frame.raw
        new = self._change(frame.data)
        return frame.raw if new == frame.data else frame.with_data(new)

"""What a body is: told by its label and by its first bytes, because servers mislabel both ways.

Rule: a label that the first bytes contradict is not believed; what neither explains is `other`, which is not passed on
unless somebody asked for that.
"""

import re
from collections.abc import Collection
from enum import StrEnum

from guardrail.wire.frames import BOM


class Kind(StrEnum):
    """How a body is to be read."""

    SSE = "sse"
    NDJSON = "ndjson"
    ARRAY = "array"  # a JSON array that comes over time
    JSON = "json"
    TEXT = "text"
    OTHER = "other"


_LINES = frozenset(
    [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/json-lines",
    ]
)
_EVENTS = re.compile(rb"(?:data|event|id|retry)?:")
NEEDED = 8
"""Bytes after leading white space that are enough to tell."""


def label(content_type: str) -> str:
    """The media type alone."""
    return content_type.split(";", 1)[0].strip().lower()


def start_of(head: bytes) -> bytes:
    """A body's first bytes without BOM and white space."""
    return head.removeprefix(BOM).lstrip()


def kind_of(content_type: str, head: bytes, framings: Collection[str], *, stream: bool) -> Kind:
    """What a body is.  `head` is its beginning, `framings` how the endpoint's streams come, `stream` whether one was
    asked for."""
    media, start = label(content_type), start_of(head)
    opens_json = start[:1] in (b"{", b"[")
    opens_events = _EVENTS.match(start) is not None
    if media == "text/event-stream":
        return Kind.JSON if opens_json else Kind.SSE
    if media in _LINES:
        return Kind.NDJSON
    is_json = media == "application/json" or media.endswith("+json") or (not media and (opens_json or opens_events))
    # A file of unknown kind that opens like JSON may be one document, or a line each: as text it is tried as both.
    is_text = media.startswith("text/") or (media == "application/octet-stream" and opens_json)
    if stream and opens_json and (is_json or is_text):
        if "ndjson" in framings:
            return Kind.NDJSON
        if "array" in framings and start[:1] == b"[":
            return Kind.ARRAY
    if is_json:
        return Kind.SSE if opens_events else Kind.JSON
    if is_text:
        return Kind.SSE if stream and opens_events and "sse" in framings else Kind.TEXT
    return Kind.OTHER

"""The seam for vendor APIs: a dialect is a lens on a vendor's JSON, never a translator.

Rules:
1. A dialect says where text sits and how a refusal looks; it does not judge, edit or send.
2. It names every string it is shown: what it does not know is channel `field`, judged all the same.
3. Pure: no I/O, no clock, no state between calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from guardrail.types import Context, Pointer, Segment, Stage

Strings = Sequence[tuple[Pointer, str]]

PROSE = frozenset({"content", "refusal", "reasoning", "transcript"})
"""Channels that hold running text for a person; the others are judged by patterns only."""

Notes = Mapping[str, Any] | None
"""What the client is told about a decision, or nothing."""

ChannelKey = tuple[int, str, int]
"""One stream of text inside an answer: choice, channel, and the block or tool call within it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for."""

    model: str = ""
    stream: bool = False
    choices: int = 1
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class Delta:
    """An addition to one channel, and where it sits in its event.  `logprobs` is the place of the
    log-probabilities that spell the same text, to be emptied when the text is edited; `call` the id of the tool call
    that begins here, if it says one."""

    channel: ChannelKey
    pointer: Pointer
    text: str
    logprobs: Pointer | None = None
    call: str = ""


@dataclass(frozen=True, slots=True)
class EventView:
    """What one event of a stream holds: growing channels, self-contained strings, and choices it ends."""

    deltas: Sequence[Delta] = ()
    fields: Sequence[Segment] = ()
    finishes: Sequence[tuple[int, str]] = ()


@runtime_checkable
class Dialect(Protocol):
    """One vendor API."""

    name: str

    def matches(self, method: str, path: str) -> bool:
        """Whether this dialect knows the endpoint; `path` is the raw request path."""

    def call(self, document: Any) -> Call:
        """What the parsed request asks for."""

    def segments(self, document: Any, strings: Strings, stage: Stage) -> list[Segment]:
        """Every string of a whole document with its role and channel; an answer without text is an empty content."""

    def context(self, document: Any, call: Call, pointer: Pointer) -> Context:
        """What detectors may know about the whole answer that the text at `pointer` belongs to."""

    def event(self, document: Any, strings: Strings) -> EventView:
        """What one stream event holds.  Raises JsonError for a shape that clients may read differently."""

    def blanks(self, pointer: Pointer) -> Pointer | None:
        """The log-probabilities that repeat the string at `pointer`, if the dialect has such."""

    def is_done(self, data: bytes) -> bool:
        """Whether stream data is the vendor's end mark, which is not JSON."""

    def error(self, status: int, code: str, message: str) -> bytes:
        """An error body."""

    def stream_error(self, code: str, message: str) -> bytes:
        """Frames that end a stream so that a client sees it failed."""

    def stream_stop(self, document: Any, choices: Sequence[int], message: str, notes: Notes = None) -> bytes:
        """Frames that end a stream as the vendor's own filter would, for each open choice; the last chunk carries
        `notes` as member `guardrail`."""

    def stream_text(self, document: Any, choice: int, text: str) -> bytes:
        """A frame that adds `text` to a choice."""

    def notice_pointer(self, document: Any, pointer: Pointer) -> Pointer | None:
        """The text that a notice about the string at `pointer` is appended to."""

"""The seam for vendor APIs: a dialect is a lens on a vendor's JSON, never a translator.

Rules:
1. A dialect says where text sits and how a refusal looks; it does not judge, edit or send.
2. It names every string it is shown: what it does not know is channel `field`, judged all the same.
3. Pure: no I/O, no clock.  What one streamed answer needs to be remembered lives in the `Lens` of that answer.
4. A whole answer is read as a stream of one event: texts of one channel that stand in several places are one text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from guardrail.types import Context, Pointer, Segment, Source
from guardrail.wire.frames import Added

Strings = Sequence[tuple[Pointer, str]]

PROSE = frozenset({"content", "refusal", "reasoning", "thinking", "transcript"})
"""Channels that hold running text for a person; the others are judged by patterns only."""

ATOMIC = frozenset({"tool_arguments", "thinking"})
"""Channels that are judged once they are complete: no client can act on half of a tool call, and thinking that
carries a signature cannot be edited, only left out."""

Notes = Mapping[str, Any] | None
"""What the client is told about a decision, or nothing."""

ChannelKey = tuple[int, str, int]
"""One text inside an answer: choice, channel, and the block or tool call within it.  Choice -1 is the document
itself."""


class UnknownEvent(Exception):
    """An event of a kind that the dialect does not know.  `kind` is safe to show: it has been cut down to a plain
    word."""

    def __init__(self, kind: str) -> None:
        plain = kind if kind.replace("_", "").replace(".", "").isalnum() and kind.isascii() else "?"
        super().__init__(plain[:60])
        self.kind = plain[:60]


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for.  `previous` names the stored answer or conversation that it goes on from."""

    model: str = ""
    stream: bool = False
    choices: int = 1
    context: Context = field(default_factory=Context)
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """An addition to one channel, and where it sits in its document.

    `logprobs` is the place of the log-probabilities that spell the same text, to be emptied when the text is edited;
    `call` the id of the tool call that begins here, if it says one, and `function` (a piece of) the name of the tool
    that the client is to run; `unit` the array element that goes as a whole when
    the text may not be edited (channel `thinking`); `aside` marks a text that a reader sees beside the channel at this
    point (an annotation) and that is no part of it; `part` the block of the answer that the text stands in, where a
    reader may see that block by itself.
    """

    channel: ChannelKey
    pointer: Pointer
    text: str
    logprobs: Pointer | None = None
    call: str = ""
    unit: Pointer | None = None
    aside: bool = False
    part: int = 0
    function: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of the client's own tools that stands whole in one document, its arguments as JSON."""

    choice: int
    function: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Spelled:
    """The tokens that a channel is made of, as bytes, each with the natural logarithm of its probability (None where
    that is not said).  They may be cut otherwise than the texts that come with them, inside characters too."""

    channel: ChannelKey
    tokens: Sequence[tuple[bytes, float | None]]


@dataclass(frozen=True, slots=True)
class View:
    """What one document holds: an event of a stream, or a whole answer.

    `deltas` are growing texts, in reading order; `fields` self-contained strings; `trees` the places of values that an
    agent acts on, whose numbers are judged as well (their strings are `fields` of channel `tool_arguments`); `opaque`
    the places of values that nobody can judge; `echoes` the places of values that spell the conversation in another
    form (token ids), emptied when anything was edited; `closes` the channels and `finishes` the choices, with the
    vendor's word for why, that end here; `acts` the choices that say something other than text (a tool call, a
    refusal, sound). `seals` are channels whose text so far is judged as if it ended here, although more may come.
    `calls` are tool calls that come whole, `spelled` what the upstream says of how sure the model was.
    `material` is what tools of the vendor's own handed the model in it, `hidden` whether they handed it something that
    is not shown.
    `mark` asks for this document to be shown to `Lens.sent` when it leaves.
    """

    deltas: Sequence[Delta] = ()
    fields: Sequence[Segment] = ()
    trees: Sequence[Pointer] = ()
    opaque: Sequence[Pointer] = ()
    echoes: Sequence[Pointer] = ()
    closes: Sequence[ChannelKey] = ()
    seals: Sequence[ChannelKey] = ()
    finishes: Sequence[tuple[int, str]] = ()
    acts: frozenset[int] = frozenset()
    calls: Sequence[ToolCall] = ()
    spelled: Sequence[Spelled] = ()
    material: Sequence[Source] = ()
    hidden: bool = False
    mark: bool = False


class Lens(Protocol):
    """One streamed answer, read event by event in the order of the upstream.

    Events are read when they arrive and leave later: what a client has seen so far is known from `sent` alone.
    """

    def event(self, document: Any, strings: Strings, name: str) -> View:
        """What one event holds; `name` is what the framing calls it ("" where it has no names).

        Raises JsonError for a shape that clients may read differently, UnknownEvent for a kind nobody described.
        """

    def is_done(self, data: bytes) -> bool:
        """Whether stream data is the vendor's end mark, which is not JSON."""

    def sent(self, document: Any) -> None:
        """A marked document has left, in the form the client got it."""
        return

    def dropped(self, document: Any) -> None:
        """A marked document was left out, because it belongs to a unit that was."""
        return

    def renumber(self, document: Any) -> Mapping[Pointer, bytes]:
        """New literals for numbers in a document that leaves now, because documents were dropped or added before it;
        empty, as nearly always, when nothing was.  Called for every document while `shifted` is true."""
        return {}

    @property
    def shifted(self) -> bool:
        """Whether `renumber` has anything to say."""
        return False

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        """Documents that add `text` to a choice whose own texts have all ended, in front of `document`, which
        finishes it and is about to leave."""

    def finish_edits(self, document: Any) -> Mapping[Pointer, list[bytes]]:
        """What the document that finishes must have appended to its arrays after `text` was used; by array,
        literals."""
        return {}

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        """Documents that end the answer as the vendor's own filter would, after `message`, for each open choice; the
        last that can carry it has `notes` as member `guardrail`.  `last` is the last document that left."""

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        """Documents that end the stream so that a client sees it failed."""


@runtime_checkable
class Conversational(Protocol):
    """A dialect in which a question can be asked again with a word on the answer."""

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        """The request `body` with `answer` as what the model said and `feedback` as what is said to it, at the end of
        the conversation and nowhere else; the feedback alone where `answer` is empty.

        None where this request has no end that words could be added to.
        """


@runtime_checkable
class Dialect(Protocol):
    """One vendor API."""

    name: str
    vendor: str
    """Whose API it is, as `--upstream VENDOR=URL` names it: openai, anthropic, gemini, ollama, or "" for anybody's."""
    framings: frozenset[str]
    """How its streams come: of sse, ndjson, array."""

    def matches(self, method: str, path: str) -> bool:
        """Whether this dialect knows the endpoint; `path` is the raw request path."""

    def call(self, document: Any, path: str, query: str) -> Call:
        """What the parsed request asks for; `document` is None for a request without a body."""

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        """Every string of a request with its role and channel."""

    def answer(self, document: Any, strings: Strings) -> View:
        """What a whole answer holds; an answer without text has an empty delta on channel `content`."""

    def lens(self, call: Call) -> Lens:
        """The lens on one streamed answer."""

    def error(self, status: int, code: str, message: str) -> bytes:
        """An error body."""

"""Holds a stream back exactly as far as its text demands: a pure state machine between frames in and frames out.

Two rules.  (1) Where it checks is a function of the text alone, never of where the chunks fell.  (2) It releases up
to the earliest offset at which any check may still speak, and never inside a finding.

Frames go in (`feed`) and come out in the order they came (`release`), byte for byte as they were unless an edit
falls into them: then the replacement stands in the frame where the finding begins, and the other frames it covers
lose their part.  Each growing text (a choice's content, its reasoning, one tool call's arguments) is a channel
with a tail of its own.  What a detector must be asked for (sentences, whole answers, complete tool arguments) comes out
as `Inspection`s, and the verdicts go back in by `resolve`.  No I/O, no clock, no vendor.
"""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

from guardrail.detectors.patterns import context_of
from guardrail.detectors.protocol import Watch
from guardrail.detectors.screen import Proposal, Screen
from guardrail.dialects.protocol import ATOMIC, PROSE, ChannelKey, Delta
from guardrail.edits import apply_within, changes
from guardrail.text.fold import fold
from guardrail.text.sentences import sentence_ends
from guardrail.types import Action, Edit, Finding, Hit, Pointer, StreamMode, Unit

T = TypeVar("T")

PAUSE = 24
"""Characters that the others say before a text that says nothing meanwhile no longer holds them back."""
PATIENCE = 256
"""Characters that a text in an unknown place may hold back, however it goes on."""
_REPEATS = 1_000_000
"""Blocks of a channel from here on repeat those below, and so do all but the first of `content`."""


_HIGH, _LOW = re.compile("[\ud800-\udbff]"), re.compile("[\udc00-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class GateError(Exception):
    """The stream cannot be held any longer or broke its own order; the message never quotes it."""


class Ask(StrEnum):
    """What an inspection is about."""

    SENTENCES = "sentences"
    ANSWER = "answer"
    COMPLETE = "complete"  # a text that is judged only once all of it is there


@dataclass(frozen=True, slots=True)
class Inspection:
    """A question to the detectors: `spans` of a channel's text, which starts at `offset` of the channel."""

    ask: Ask
    channel: ChannelKey
    text: str
    offset: int = 0
    spans: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The piece of a channel that one frame carries."""

    delta: Delta
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.delta.text)


@dataclass(slots=True)
class Held(Generic[T]):
    """A frame that waits, with the pieces of text in it.  `payload` is the caller's own."""

    payload: T
    size: int
    parts: Sequence[Part]
    said: int
    finishes: Sequence[int]


@dataclass(frozen=True, slots=True)
class Released(Generic[T]):
    """A frame that may leave, with the new text of the strings that changed and the places to empty.  One that is
    `dropped` belongs to a text that was withheld as a whole: it must not leave, and comes out in its turn to be
    known."""

    payload: T
    dropped: bool = False
    texts: Mapping[Pointer, str] = field(default_factory=dict)
    blanks: Sequence[Pointer] = ()


class Tail:
    """The unsettled end of one text, folded, with enough before it for context."""

    __slots__ = ("_base", "_context", "_context_bytes", "_folded", "_origin", "_screen", "_source")

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._base = 0
        self._source = self._folded = self._context = ""
        self._context_bytes = 0
        self._origin: list[int] | None = None

    def feed(self, text: str) -> None:
        """Append `text`; the two halves of a character that stand next to each other read as that character."""
        if text and self._source and _HIGH.match(self._source[-1]) and _LOW.match(text[0]):
            self._join(text[0])
            text = text[1:]
        done = 0
        for pair in _PAIR.finditer(text):
            self._append(text[done : pair.start() + 1])
            self._join(pair.group()[1])
            done = pair.end()
        self._append(text[done:])

    def _append(self, text: str) -> None:
        piece = fold(text)
        shift = len(self._source)
        if piece.origin is not None or self._origin is not None:
            if self._origin is None:
                self._origin = list(range(len(self._folded)))
            more = piece.origin if piece.origin is not None else range(len(text))
            self._origin += [index + shift for index in more]
        self._source += text
        self._folded += piece.text

    def _join(self, low: str) -> None:
        """The second half of a character whose first half ended the text: clients join the two."""
        whole = (self._source[-1] + low).encode("utf-16", "surrogatepass").decode("utf-16")
        if self._origin is None:
            self._origin = list(range(len(self._folded)))
        self._origin.pop()
        folded = fold(whole).text
        self._folded = self._folded[:-1] + folded
        self._origin += [len(self._source) - 1] * len(folded)
        self._source += low

    def beside(self, text: str) -> list[tuple[Finding, str]]:
        """What is found when `text` is read right after this one: the findings that lie in both."""
        if not self._source:
            return []
        fork = Tail(self._screen)
        fork._base, fork._source, fork._folded = self._base, self._source, self._folded
        fork._context, fork._context_bytes = self._context, self._context_bytes
        fork._origin = None if self._origin is None else list(self._origin)
        seam = self._base + len(self._source)
        fork.feed(text)
        return [(f, t) for f, t in fork.settle(final=True)[1] if (f.start or 0) < seam < (f.end or 0)]

    def settle(self, *, final: bool) -> tuple[int, list[tuple[Finding, str]]]:
        """The source offset up to which nothing can change any more, and the findings that are now certain,
        with the text they matched.  Raises CheckError from a judge."""
        buffer = self._context + self._folded
        encoded = buffer.encode()
        lead = len(self._context)
        limit = len(buffer)
        if not final:
            opened = self._screen.open_at(encoded, self._context_bytes)
            limit = len(encoded[:opened].decode()) if opened < len(encoded) else limit
            if self._source and _HIGH.match(self._source[-1]):
                limit = min(limit, len(buffer) - 1)
        if limit == lead:
            # Nothing before the open match; characters that fold to nothing wait with it.
            return self._advance(lead, lead), []
        proposals = list(self._screen.proposals(buffer, encoded, self._context_bytes))
        limit = self._clear(limit, lead, proposals)
        found = [self._located(p.finding, lead) for p in proposals if p.finding and p.end <= limit]
        return self._advance(limit, lead), found

    def _clear(self, limit: int, lead: int, proposals: Sequence[Proposal]) -> int:
        """The largest offset up to `limit` that lies inside no proposal and splits no source character."""
        while True:
            lower = min((p.start for p in proposals if p.start < limit < p.end), default=limit)
            if self._origin is not None:
                while lead < lower < lead + len(self._origin) and self._same_source(lower - lead):
                    lower -= 1
            if lower == limit:
                return limit
            limit = lower

    def _same_source(self, index: int) -> bool:
        return self._origin is not None and self._origin[index] == self._origin[index - 1]

    def _located(self, finding: Finding, lead: int) -> tuple[Finding, str]:
        start, end = (finding.start or 0) - lead, (finding.end or 0) - lead
        if self._origin is not None:
            start, end = self._origin[start], self._origin[end - 1] + 1
            if end < len(self._source) and _HIGH.match(self._source[end - 1]) and _LOW.match(self._source[end]):
                end += 1
        moved = Finding(
            finding.kind, finding.score, start + self._base, end + self._base, finding.detector, finding.evidence
        )
        return moved, self._source[start:end]

    def _advance(self, limit: int, lead: int) -> int:
        taken = limit - lead
        if taken == len(self._folded):
            cut = len(self._source)
        else:
            cut = taken if self._origin is None else (self._origin[taken] if taken else 0)
        if cut:
            self._context = context_of(self._context + self._folded[:taken])
            self._context_bytes = len(self._context.encode())
            self._source = self._source[cut:]
            self._folded = self._folded[taken:]
            if self._origin is not None:
                self._origin = [index - cut for index in self._origin[taken:]] or None
            self._base += cut
        return self._base


class _Paired:
    """A watch that is fed characters where the text has their halves; offsets are those of the text."""

    __slots__ = ("_length", "_pairs", "_watch")

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._length = 0  # of what the watch was fed
        self._pairs: list[int] = []  # where it was fed one character for two halves

    def feed(self, text: str) -> None:
        """Append `text`, in which no character is cut in two at the end."""
        whole = joined_halves(text)
        if len(whole) != len(text):
            for before, pair in enumerate(_PAIR.finditer(text)):
                self._pairs.append(self._length + pair.start() - before)
        self._length += len(whole)
        self._watch.feed(whole)

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        """As `Watch.settle`, in the offsets of the text."""
        limit, found = self._watch.settle(final=final)
        if not self._pairs:
            return limit, found
        moved = [replace(f, start=self._at(f.start or 0), end=self._at(f.end or 0)) for f in found]
        return self._at(limit), moved

    def _at(self, offset: int) -> int:
        return offset + bisect_left(self._pairs, offset)


def joined_halves(text: str) -> str:
    """`text` with the halves of characters put together (UTF-16 surrogates, as JSON escapes may be cut)."""
    if _PAIR.search(text) is None:
        return text
    return _PAIR.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text)


class Channel:
    """One growing text: what of it is settled, what was found in it, what must still be asked."""

    def __init__(
        self,
        key: ChannelKey,
        screen: Screen,
        modes: Mapping[Unit, StreamMode],
        watches: Sequence[Watch] = (),
        *,
        keep: bool,
        atomic: bool,
    ) -> None:
        self.key = key
        self.name = key[1]
        self.atomic = atomic
        self.dropped = False
        self.said = 0  # how much the whole answer had said when this text last grew
        self.repeats = key[2] >= _REPEATS or (key[1] == "content" and key[2] > 0)
        self.length = 0
        self.settled = 0
        self.closed = False
        self.pending = 0
        self.hits: list[Hit] = []
        self.edits: list[Edit] = []
        self._stale = False
        self._screen = screen
        self._part = 0
        self._opening: Tail | None = None
        self._opened = 0
        self._tail = Tail(screen)
        self._half = ""  # the first half of a character whose second has not come
        self._watches = [_Paired(watch) for watch in watches]
        self._prose = self.name in PROSE
        self._kept: list[str] | None = [] if atomic or watches or (keep and self._prose) else None
        self._sentence_mode = modes[Unit.SENTENCE] if self._prose else StreamMode.LATE
        self._answer_mode = modes[Unit.ANSWER] if self.name == "content" else StreamMode.LATE
        self._scanned = 0
        self._asked = 0
        self._judged = 0
        self._unjudged = ""

    @property
    def done(self) -> bool:
        """Whether the text has ended and nothing is still to be asked about it."""
        return self.closed and not self.pending

    def feed(self, text: str, part: int = 0) -> list[tuple[Finding, str]]:
        """Append `text`, which belongs to the block `part` of an answer; the findings that became certain."""
        found = self._flushed() if part != self._part else []
        if part != self._part and self.length and not self.atomic:
            # A reader may see a block by itself: what ends the one before must not hide a value that begins this one.
            self._opening, self._opened = Tail(self._screen), self.length
        self._part = part
        self.length += len(text)
        if self._kept is not None:
            self._kept.append(text)
        if self.atomic:
            return []
        if self._sentence_mode is StreamMode.SENTENCE:
            self._unjudged += text
        text = self._half + text
        self._half = text[-1] if text and _HIGH.match(text[-1]) else ""
        text = text[: len(text) - len(self._half)]
        self._tail.feed(text)
        for watch in self._watches:
            watch.feed(text)
        self._scanned, more = self._settle(final=False)
        return [*found, *more, *self._begun(text, final=False)]

    def _flushed(self) -> list[tuple[Finding, str]]:
        """What is found when the half of a character that waits is read as it stands: its block has ended."""
        if not self._half:
            return []
        half, self._half = self._half, ""
        self._tail.feed(half)
        for watch in self._watches:
            watch.feed(half)
        return self._settle(final=False)[1]

    def _settle(self, *, final: bool) -> tuple[int, list[tuple[Finding, str]]]:
        """How far patterns and watches have settled the text, and what they are certain of."""
        settled, found = self._tail.settle(final=final)
        for watch in self._watches:
            limit, seen = watch.settle(final=final)
            settled = min(settled, limit)
            found += [(finding, self.text()[finding.start : finding.end]) for finding in seen]
        return settled, found

    def _begun(self, text: str, *, final: bool) -> list[tuple[Finding, str]]:
        """What begins with the block that opened last, read as if nothing stood before it."""
        if self._opening is None:
            return []
        self._opening.feed(text)
        settled, found = self._opening.settle(final=final)
        start = self._opened
        if settled or final:
            self._opening = None
        else:
            self._scanned = min(self._scanned, start)
        return [(replace(f, start=(f.start or 0) + start, end=(f.end or 0) + start), matched) for f, matched in found]

    def seal(self) -> list[tuple[Finding, str]]:
        """Judge the text so far as if it ended here; more may come."""
        flushed = self._flushed()
        self._scanned, found = self._settle(final=True)
        found = [*flushed, *found]
        return [*found, *self._begun("", final=True)]

    def beside(self, text: str) -> list[tuple[Finding, str]]:
        """The findings that begin in this text and end in `text`, which a reader sees right after it."""
        return [] if self.closed or self.atomic else self._tail.beside(text)

    def inspections(self) -> list[Inspection]:
        """The sentences that have ended since the last call."""
        if self._sentence_mode is not StreamMode.SENTENCE or self.closed:
            return []
        return self._ask_sentences(sentence_ends(self._unjudged, final=False))

    def close(
        self, *, sentences: bool, answers: bool, calls: bool
    ) -> tuple[list[tuple[Finding, str]], list[Inspection]]:
        """The text has ended: its last certain findings and everything still to be asked.  With `calls` a tool call
        without arguments is asked about too."""
        self.closed = True
        if self.atomic:
            complete = Inspection(Ask.COMPLETE, self.key, joined_halves(self.text()))
            return [], self._count([complete] if self.length or (calls and self.name == "tool_arguments") else [])
        flushed = self._flushed()
        self._scanned, found = self._settle(final=True)
        found = [*flushed, *found, *self._begun("", final=True)]
        asked: list[Inspection] = []
        if self._prose and sentences:
            if self._sentence_mode is StreamMode.SENTENCE:
                asked += self._ask_sentences(sentence_ends(self._unjudged))
            elif self.length:
                asked += self._count([_all_sentences(self.key, self.text())])
        if self.name == "content" and answers:
            asked += self._count([Inspection(Ask.ANSWER, self.key, self.text())])
        return found, asked

    def resolve(self, inspection: Inspection, hits: Sequence[Hit], replacement: str | None, drop: bool) -> None:
        """The verdict on an inspection; `replacement` is the new text of tool arguments that were edited."""
        self.pending -= 1
        self.dropped = self.dropped or drop
        if inspection.ask is Ask.SENTENCES:
            self._judged = max(self._judged, inspection.offset + (inspection.spans[-1][1] if inspection.spans else 0))
        if replacement is not None:
            self.edits = [Edit(0, self.length, replacement)]
        self.take(hits, edit=inspection.ask is not Ask.COMPLETE)

    def take(self, hits: Sequence[Hit], *, edit: bool = True) -> None:
        """Remember hits in this channel's own offsets and what they change."""
        if edit and any(hit.action is Action.REDACT or hit.at is not None for hit in hits):
            self.hits += hits
            self._stale = True

    def advance(self) -> None:
        """Move `settled` as far as patterns, sentences and modes allow, and never into an edit."""
        limit = self.length if self.done else min(self._scanned, self._mode_limit())
        if limit <= self.settled:
            return
        if self._stale:
            self.edits = changes(self.hits, self.length)
            self._stale = False
        for edit in self.edits:
            if edit.start < limit < edit.end:
                limit = edit.start
        self.settled = max(self.settled, limit)

    def forget(self, offset: int) -> None:
        """Drop edits that lie before `offset`, which has left."""
        if offset and self.edits and not self.atomic:
            self.edits = [edit for edit in self.edits if edit.end > offset]
            self.hits = [hit for hit in self.hits if max(hit.finding.end or 0, hit.at or 0) > offset]

    def text(self) -> str:
        """The whole text so far, for channels that keep it."""
        return "".join(self._kept or ())

    def _mode_limit(self) -> int:
        if StreamMode.HOLD in (self._sentence_mode, self._answer_mode):
            return 0
        return self._judged if self._sentence_mode is StreamMode.SENTENCE else self.length

    def _ask_sentences(self, ends: Sequence[int]) -> list[Inspection]:
        if not ends:
            return []
        spans = list(zip([0, *ends], ends, strict=False))
        text, self._unjudged = self._unjudged[: ends[-1]], self._unjudged[ends[-1] :]
        asked = Inspection(Ask.SENTENCES, self.key, text, self._asked, spans)
        self._asked += ends[-1]
        return self._count([asked])

    def _count(self, asked: list[Inspection]) -> list[Inspection]:
        self.pending += len(asked)
        return asked


def _all_sentences(key: ChannelKey, text: str) -> Inspection:
    ends = sentence_ends(text)
    return Inspection(Ask.SENTENCES, key, text, 0, list(zip([0, *ends], ends, strict=False)))


Verdict = Callable[[ChannelKey, Finding, str], Hit]


class Gate(Generic[T]):
    """The gate of one answer."""

    def __init__(
        self,
        screen: Screen,
        modes: Mapping[Unit, StreamMode],
        verdict: Verdict,
        cap: int,
        *,
        sentences: bool = False,
        answers: bool = False,
        calls: bool = False,
        atomic: frozenset[str] = ATOMIC,
        watches: Callable[[], Sequence[Watch]] = tuple,
    ) -> None:
        """`verdict` turns a finding into a hit; `cap` is the most bytes of frames that may wait; `sentences`, `answers`
        and `calls` say whether any detector judges those; `atomic` names the channels that are judged once complete;
        `watches` makes what follows one text."""
        self._atomic = atomic
        self._screen, self._modes, self._verdict, self._cap = screen, modes, verdict, cap
        self._sentences, self._answers, self._calls = sentences, answers, calls
        self._watches = watches
        self._channels: dict[ChannelKey, Channel] = {}
        self._by_choice: dict[int, list[Channel]] = {}
        self._touched: dict[ChannelKey, Channel] = {}
        self._closed: set[int] = set()
        self._ended = False
        self._said: dict[int, int] = {}
        self._queue: deque[Held[T]] = deque()
        self._questions: list[Inspection] = []
        self.held_bytes = 0
        self.hits: list[Hit] = []
        self.stopped: Hit | None = None

    def feed(
        self,
        payload: T,
        size: int,
        deltas: Sequence[Delta],
        finishes: Sequence[int] = (),
        closes: Sequence[ChannelKey] = (),
        seals: Sequence[ChannelKey] = (),
        *,
        conclude: bool = True,
    ) -> None:
        """Take a frame of `size` bytes.  Raises GateError (over the cap, or text after its end) and CheckError.

        With `conclude` False the caller calls `conclude` itself, when it has asked for what stands beside the deltas.
        """
        self.held_bytes += size
        if self.held_bytes > self._cap:
            raise GateError("more of the stream waits for a verdict than hold_cap allows")
        parts = [self._extend(delta) for delta in deltas]
        self._queue.append(Held(payload, size, parts, sum(self._said.values()), finishes))
        for part in parts:
            channel = self._channels[part.delta.channel]
            channel.said = self._said_beside(channel)  # what comes in one frame is said at the same time
            self._questions += channel.inspections()
        if conclude:
            self.conclude(finishes, closes, seals)

    def conclude(
        self, finishes: Sequence[int] = (), closes: Sequence[ChannelKey] = (), seals: Sequence[ChannelKey] = ()
    ) -> None:
        """Choices and channels that end with the frame that was fed, and those that are judged as if they did."""
        for key in seals:
            self._seal(self._channel(key))
        if self._queue:
            for part in self._queue[0].parts:
                self._seal_if_paused(self._channels[part.delta.channel], self._queue[0])
        for key in closes:
            self._close(self._channel(key))
        for choice in finishes:
            self.close(choice)

    def _seal(self, channel: Channel) -> None:
        if not channel.closed and not channel.atomic:
            self._touched[channel.key] = channel
            self._take(channel, channel.seal())

    def _seal_if_paused(self, channel: Channel, held: Held[T]) -> None:
        """A text that the answer has gone on without is read as ended, else its last word would hold everything.

        What it adds later is judged with the end of what it said before in front of it.
        """
        paused = self._said_beside(channel) - channel.said >= PAUSE
        if channel.key[0] < 0:
            paused = paused or self._said_beside(channel) - held.said >= PATIENCE
        if paused and not channel.repeats and channel.settled < channel.length:
            self._seal(channel)

    def _said_beside(self, channel: Channel) -> int:
        """How much has been said where a reader of the channel would see it: in its choice, or anywhere."""
        choice = channel.key[0]
        return self._said.get(choice, 0) if choice >= 0 else sum(self._said.values())

    def beside(self, key: ChannelKey, text: str) -> list[tuple[Hit, int]]:
        """Judge `text` as what a reader sees right after a channel: the hits on what begins in one and ends in the
        other, each with where it ends in `text`.  The channel loses its part of them by itself."""
        channel = self._channel(key)
        out = []
        for finding, matched in channel.beside(text):
            hit = self._verdict(key, finding, matched)
            self._record([hit])
            channel.take([replace(hit, finding=replace(finding, end=channel.length))])
            out.append((hit, (finding.end or 0) - channel.length))
        return out

    def abandon(self) -> None:
        """The upstream failed: what waits will never leave, and nothing more of it is expected."""
        self._queue.clear()
        self._questions.clear()
        self._channels.clear()
        self._by_choice.clear()
        self._touched.clear()
        self.held_bytes = 0

    def close(self, choice: int | None = None) -> None:
        """The texts of `choice` (of every choice when None) have ended."""
        if choice is not None and self._answers:
            self._channel((choice, "content", 0))  # an answer that said nothing is asked about too
        self._ended = self._ended or choice is None
        for channel in list(self._channels.values()) if choice is None else self._by_choice.get(choice, ()):
            self._close(channel)
        if choice is not None:
            self._closed.add(choice)

    def _close(self, channel: Channel) -> None:
        if channel.closed:
            return
        self._touched[channel.key] = channel
        found, asked = channel.close(sentences=self._sentences, answers=self._answers, calls=self._calls)
        self._take(channel, found)
        self._questions += asked

    def questions(self) -> list[Inspection]:
        """What must be asked now; each is to be resolved before anything behind it leaves."""
        asked, self._questions = self._questions, []
        return asked

    def resolve(
        self, inspection: Inspection, hits: Sequence[Hit], replacement: str | None = None, *, drop: bool = False
    ) -> None:
        """The hits on an inspection, in the channel's offsets; with `drop` no frame of the channel leaves."""
        channel = self._touched[inspection.channel] = self._channels[inspection.channel]
        channel.resolve(inspection, hits, replacement, drop)
        self._record(hits)

    def release(self) -> list[Released[T]]:
        """The frames that may leave now, in order; none once the gate has stopped."""
        out: list[Released[T]] = []
        if self.stopped:
            return out
        for channel in self._touched.values():
            channel.advance()
        self._touched.clear()
        while self._queue and self._ready(self._queue[0]):
            held = self._queue.popleft()
            self.held_bytes -= held.size
            out.append(self._let_go(held))
        return out

    def open_choices(self) -> list[int]:
        """The choices that have begun and not ended."""
        return sorted({key[0] for key in self._channels if key[0] >= 0} - self._closed)

    def _extend(self, delta: Delta) -> Part:
        if self._ended or delta.channel[0] in self._closed:
            raise GateError("the upstream sent text after the end of its choice")
        channel = self._channel(delta.channel)
        if channel.closed and delta.text:
            raise GateError("the upstream sent text after the end of its block")
        part = Part(delta, channel.length)
        if channel.name in PROSE and not channel.repeats:
            choice = delta.channel[0]
            self._said[choice] = self._said.get(choice, 0) + len(delta.text)
        self._take(channel, channel.feed(delta.text, delta.part))
        return part

    def _channel(self, key: ChannelKey) -> Channel:
        channel = self._channels.get(key)
        if channel is None:
            keep, atomic = self._sentences or self._answers, key[1] in self._atomic
            watches = () if atomic else self._watches()
            channel = self._channels[key] = Channel(key, self._screen, self._modes, watches, keep=keep, atomic=atomic)
            self._by_choice.setdefault(key[0], []).append(channel)
        self._touched[key] = channel
        return channel

    def _take(self, channel: Channel, found: Sequence[tuple[Finding, str]]) -> None:
        hits = [self._verdict(channel.key, finding, text) for finding, text in found]
        channel.take(hits)
        self._record(hits)

    def _record(self, hits: Sequence[Hit]) -> None:
        self.hits += hits
        for hit in hits:
            if hit.action >= Action.REGENERATE and (self.stopped is None or hit.action > self.stopped.action):
                self.stopped = hit

    def _ready(self, held: Held[T]) -> bool:
        for part in held.parts:
            channel = self._channels[part.delta.channel]
            if channel.settled < part.end or (channel.atomic and not channel.done):
                return False
        return not any(channel.pending for choice in held.finishes for channel in self._by_choice.get(choice, ()))

    def _let_go(self, held: Held[T]) -> Released[T]:
        texts: dict[Pointer, str] = {}
        blanks: list[Pointer] = []
        dropped = False
        for part in held.parts:
            channel = self._channels[part.delta.channel]
            dropped = dropped or channel.dropped
            if channel.edits:
                new = apply_within(part.delta.text, part.start, channel.edits)
                if new != part.delta.text and channel.name != "logprobs":
                    texts[part.delta.pointer] = new
                if new != part.delta.text and part.delta.logprobs:
                    blanks.append(part.delta.logprobs)
                channel.forget(part.end)
        return Released(held.payload, dropped, texts, blanks)

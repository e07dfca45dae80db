"""Texts inside a text: Base64 that is decoded as it arrives, and letters that stand apart, each as tokens with places.

Rules:
1. A Base64 run (RFC 4648 sections 4 and 5, with or without line breaks of RFC 2045) is decoded from its first character
   on, at the four places where its groups may begin; what comes out is read like any other text.
2. Nothing here depends on where the pieces of the text fell.
3. A text without such a run pays for one search.
"""

import binascii
import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate

import re2

from guardrail.detectors.leakage.passages import Batch, Matcher, Piece, Tokens, concatenated
from guardrail.text.fold import fold
from guardrail.types import Finding

SHORTEST = 24
"""Characters of a Base64 run from which on it is decoded: 18 bytes, about three words."""
_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST}}}")
_SCREEN = re2.compile(_RUN.pattern)  # five times as fast, for text that it can take as it is
_BLOCK = re.compile(r"[A-Za-z0-9+/_-]+|[\r\n]|[^A-Za-z0-9+/_\r\n-]+")
_LETTER = re.compile(r"[A-Za-z0-9+/_-]")
_MARKED = re.compile(rb"\x01+")
_BREAKS = 2  # line feeds and carriage returns that may stand inside a run
_STRANGE = 3  # characters that may be damaged where a run begins: a letter may be cut in two at either end
_LAST = re.compile(r"[A-Za-z0-9+/_-]*\Z")
_STANDARD = str.maketrans("-_", "+/")
_SINGLES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


class _Layer:
    """One run decoded from one of its first four characters."""

    __slots__ = ("_decoder", "_ends", "_rest", "_skip", "_starts", "_tokens", "matcher")

    def __init__(self, matcher: Matcher, skip: int) -> None:
        self.matcher = matcher
        self._skip = skip
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._tokens = Tokens()
        self._rest = Piece("", (), ())  # characters that do not make a group yet
        self._starts: list[int] = []  # where the bytes that do not make a character yet begin and end
        self._ends: list[int] = []

    def feed(self, run: Piece, *, final: bool = False) -> None:
        """Decode what `run` completes; with `final`, all."""
        skipped = min(self._skip, len(run.text))
        self._skip -= skipped
        text = self._rest.text + run.text[skipped:]
        starts = [*self._rest.starts, *run.starts[skipped:]]
        ends = [*self._rest.ends, *run.ends[skipped:]]
        whole = len(text) // 4 * 4
        self._rest = Piece(text[whole:], starts[whole:], ends[whole:])
        groups = text[:whole].translate(_STANDARD)
        if final and len(self._rest.text) > 1:
            groups += self._rest.text.translate(_STANDARD).ljust(4, "=")
        if groups:
            self._read(binascii.a2b_base64(groups), starts, ends, final)

    def _read(self, decoded: bytes, starts: Sequence[int], ends: Sequence[int], final: bool) -> None:
        # Byte i of a run lies in two neighbouring characters of its group of four.
        self._starts += [starts[at // 3 * 4 + at % 3] for at in range(len(decoded))]
        self._ends += [ends[at // 3 * 4 + at % 3 + 1] for at in range(len(decoded))]
        text = self._decoder.decode(decoded, final)
        sizes = [1 if c < "\x80" or "\ud800" <= c <= "\udfff" else len(c.encode()) for c in text]
        stops = list(accumulate(sizes))
        folded = fold(text)
        origin: Sequence[int] = range(len(text)) if folded.origin is None else folded.origin
        firsts = [self._starts[stops[at] - sizes[at]] for at in origin]
        lasts = [self._ends[stops[at] - 1] for at in origin]
        used = stops[-1] if stops else 0
        self._starts, self._ends = self._starts[used:], self._ends[used:]
        self.matcher.feed(self._tokens.feed(Piece(folded.text, firsts, lasts)))

    def held(self) -> Iterator[int]:
        """Offsets that must not be passed."""
        for place in (self._tokens.pending, self.matcher.held()):
            if place is not None:
                yield place
        yield from self._starts[:1]
        yield from self._rest.starts[:1]

    def close(self) -> None:
        """The run has ended."""
        self.feed(Piece("", (), ()), final=True)
        self.matcher.feed(self._tokens.feed(Piece("", (), ()), final=True))
        self.matcher.finish()


class Base64:
    """Follows the Base64 runs of a growing text; `matcher` makes what reads one decoded layer."""

    __slots__ = ("_breaks", "_found", "_layers", "_make", "_run")

    def __init__(self, matcher: Callable[[], Matcher]) -> None:
        self._make = matcher
        self._layers: list[_Layer] = []
        self._run = Piece("", (), ())  # the run at the end of the text, too short so far
        self._breaks = 0
        self._found: list[Finding] = []

    def feed(self, more: Piece) -> None:
        """Append text."""
        whole, at = concatenated(self._run, more), 0
        self._run = Piece("", (), ())
        while at < len(whole.text):
            if not self._layers:
                found = _run(whole.text, at)
                if found is None:
                    last = _LAST.search(whole.text, max(at, len(whole.text) - SHORTEST))
                    self._run = _part(whole, last.start() if last else len(whole.text), len(whole.text))
                    return
                at = found.start()
                self._open(found.group())
            block = _BLOCK.match(whole.text, at)
            end = block.end() if block else len(whole.text)
            self._take(whole.text[at:end], _part(whole, at, end))
            at = end

    def held(self) -> Iterator[int]:
        """Offsets that must not be passed."""
        yield from self._run.starts[:1]
        for layer in self._layers:
            yield from layer.held()

    def finish(self) -> None:
        """The text ends here."""
        self._close()
        self._run = Piece("", (), ())

    def take(self) -> list[Finding]:
        """The findings since the last call."""
        for layer in self._layers:
            self._found += layer.matcher.take()
        found, self._found = self._found, []
        return found

    def _open(self, beginning: str) -> None:
        """Begin to decode a run at those of its first four characters from which on it reads as text."""
        self._breaks = 0
        self._layers = [_Layer(self._make(), skip) for skip in range(4) if _is_text(beginning[skip:])]
        self._layers = self._layers or [_Layer(self._make(), 0)]

    def _take(self, text: str, block: Piece) -> None:
        if text in ("\r", "\n"):
            self._breaks += 1
            if self._breaks > _BREAKS:
                self._close()
        elif not _LETTER.match(text):
            self._close()
        else:
            self._breaks = 0
            for layer in self._layers:
                layer.feed(block)

    def _close(self) -> None:
        for layer in self._layers:
            layer.close()
            self._found += layer.matcher.take()
        self._layers, self._breaks = [], 0


def _run(text: str, at: int) -> re.Match[str] | None:
    """The beginning of the next run."""
    if at == 0 and text.isascii() and _SCREEN.search(text) is None:
        return None
    return _RUN.search(text, at)


def _is_text(run: str) -> bool:
    """Whether the beginning of a run decodes to text: no control characters to speak of, and valid UTF-8 but for its
    ends."""
    raw = binascii.a2b_base64(run[: len(run) // 4 * 4].translate(_STANDARD))
    strange = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r") for c in raw.decode("utf-8", "replace"))
    return strange <= _STRANGE


def _part(whole: Piece, start: int, end: int) -> Piece:
    return Piece(whole.text[start:end], whole.starts[start:end], whole.ends[start:end])


class Letters:
    """Follows the letters and digits that stand apart in a growing text."""

    __slots__ = ("_active", "_matcher", "_shortest")

    def __init__(self, matcher: Matcher, shortest: int) -> None:
        """`shortest` is the number of letters in a row from which on they may say something."""
        self._matcher, self._shortest = matcher, shortest
        self._active = False  # whether the last token was such a letter

    def feed(self, batch: Batch) -> None:
        """Take the next tokens of the text."""
        marks = bytes(map(_SINGLES.__contains__, batch.words))
        if not self._active and not marks.endswith(b"\1") and b"\1" * self._shortest not in marks:
            return
        for match in _MARKED.finditer(marks):
            start, end = match.span()
            if start > 0 or not self._active:
                self._matcher.finish()
                if end - start < self._shortest and end < len(marks):
                    continue
            self._matcher.feed(Batch(batch.words[start:end], partial(_spans, batch, start, end)))
        if marks:
            self._active = marks.endswith(b"\1")
            if not self._active:
                self._matcher.finish()

    def held(self) -> Iterator[int]:
        """Offsets that must not be passed."""
        held = self._matcher.held()
        if held is not None:
            yield held

    def finish(self) -> None:
        """The text ends here."""
        self._matcher.finish()
        self._active = False

    def take(self) -> list[Finding]:
        """The findings since the last call."""
        return self._matcher.take()


def _spans(batch: Batch, start: int, end: int) -> list[tuple[int, int]]:
    return [batch.span(index) for index in range(start, end)]

"""A JSON array that arrives over time as frames: one frame per element, cut out without losing a byte.

Rules:
1. An element is handed out as soon as its last byte is in, a number with the byte after it.  What was scanned is not
   scanned again, however small the reads: the cost is linear in the bytes.
2. The `raw` of the first frame begins with everything in front of its element, the bracket included, and that of every
   later one with its comma.  So a frame can be held or dropped without touching another, except that the first one
   to leave has to open the array: `before` sees to that.
3. Only the structure between elements is checked here, and strictly: where parsers may disagree on what an element is,
   there is none.  What stands inside an element is the business of whoever parses it.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto

from guardrail.wire.frames import BOM, Added, Frame, FrameTooLarge, FramingError

_SPACE = b" \t\n\r"
_BLANK = re.compile(rb"[ \t\n\r]*+")
_PLAIN = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_WORD = re.compile(rb'[^ \t\n\r,"{}\[\]]*+')


class _At(Enum):
    """What the next byte belongs to."""

    START = auto()
    FIRST = auto()  # after the bracket: an element, or the end
    NEXT = auto()  # after a comma: an element
    NESTED = auto()  # brackets and what is between them; without a bracket that is open, the end of the element
    TEXT = auto()
    WORD = auto()  # a number, true, false or null
    AFTER = auto()  # a comma, or the end
    ENDED = auto()


class JsonArrayDecoder:
    """Incremental: `decode` takes bytes as they come and gives the elements they complete."""

    def __init__(self, limit: int) -> None:
        """`limit` is the largest frame in bytes."""
        self._limit = limit
        self._buffer = bytearray()
        self._at = 0  # everything before it was scanned
        self._begin = 0  # of the element that is being read
        self._depth = 0
        self._state = _At.START

    @property
    def complete(self) -> bool:
        """Whether the bracket that ends the array has come."""
        return self._state is _At.ENDED

    def decode(self, chunk: bytes) -> list[Frame]:
        """Elements completed by `chunk`, and the end of the array.  Raises FramingError."""
        self._buffer += chunk
        frames: list[Frame] = []
        while self._advance(frames):
            pass
        if len(self._buffer) > self._limit:
            raise FrameTooLarge("an array element is over the size limit")
        return frames

    def flush(self) -> list[Frame]:
        """White space that is left.  Raises FramingError for anything else: an element that is not finished."""
        rest = bytes(self._buffer)
        if rest.strip(_SPACE):
            raise FramingError("the stream ends within an array element")
        self._buffer.clear()
        self._at = 0
        return [Frame(rest, None)] if rest else []

    def before(self, added: Sequence[Added], raw: bytes, *, first: bool) -> bytes:
        """`added` as elements in front of the one in `raw`, or in front of the end of the array.

        Without `added`, and with `first`, it is how a frame must leave when all frames before it were dropped.
        """
        at = _mark(raw)
        opens, ends = raw[at : at + 1] == b"[", raw[at : at + 1] == b"]"
        if opens == first and not added:
            return raw
        rest = raw if ends else raw[at + 1 :]
        last = rest.strip(_SPACE) == b"]"
        opening = (raw[: at + 1] if opens else b"[") if first else b",\n"
        elements = b",\n".join(data for _, data in added)
        if not elements:
            return opening + rest
        return opening + elements + (b"" if last else b",\n") + rest

    def at_end(self, added: Sequence[Added], *, first: bool, sent: bool = True) -> bytes:
        """`added` as the last elements of the array, and its end.  Not for an array whose end has left already.

        `sent` is for framings whose last frame may lack its end, which an element cannot.
        """
        opening = b"[" if first else b",\n" if added else b"\n"
        return opening + b",\n".join(data for _, data in added) + b"]"

    def _advance(self, frames: list[Frame]) -> bool:
        """Scan on, up to the next change of state; False when that needs more bytes."""
        match self._state:
            case _At.NESTED:
                return self._nested(frames)
            case _At.TEXT:
                return self._text()
            case _At.WORD:
                return self._word(frames)
            case _:
                return self._between(frames)

    def _between(self, frames: list[Frame]) -> bool:
        if self._state is _At.START and self._at == 0 and not self._past_mark():
            return False
        self._at = _end(_BLANK, self._buffer, self._at)
        if self._at == len(self._buffer):
            return False
        mark = bytes(self._buffer[self._at : self._at + 1])
        match self._state:
            case _At.START:
                self._start(mark)
            case _At.AFTER:
                self._after(mark, frames)
            case _At.ENDED:
                raise FramingError("something follows the end of the array")
            case _:
                self._element(mark, frames)
        return True

    def _past_mark(self) -> bool:
        """Whether what the stream begins with is known to be, or not to be, a byte order mark."""
        if self._buffer.startswith(BOM):
            self._at = len(BOM)
            return True
        return not BOM.startswith(self._buffer)

    def _start(self, mark: bytes) -> None:
        if mark != b"[":
            raise FramingError("the stream does not begin with an array")
        self._at += 1
        self._state = _At.FIRST

    def _after(self, mark: bytes, frames: list[Frame]) -> None:
        if mark == b"]":
            self._close(frames)
        elif mark == b",":
            self._at += 1
            self._state = _At.NEXT
        else:
            raise FramingError("a comma is missing between two array elements")

    def _element(self, mark: bytes, frames: list[Frame]) -> None:
        if mark == b"]" and self._state is _At.FIRST:
            self._close(frames)
            return
        if mark in b",]}":
            raise FramingError("an array element is missing")
        self._begin = self._at
        self._state = _At.NESTED if mark in b"{[" else _At.TEXT if mark == b'"' else _At.WORD
        self._depth = int(self._state is _At.NESTED)
        self._at += self._state is not _At.WORD

    def _nested(self, frames: list[Frame]) -> bool:
        while self._depth:
            self._at = _end(_PLAIN, self._buffer, self._at)
            if self._at == len(self._buffer):
                return False
            mark = self._buffer[self._at]
            self._at += 1
            if mark == ord('"'):  # its end has not come, or it would have been passed over
                self._state = _At.TEXT
                return True
            self._depth += 1 if mark in b"{[" else -1
        self._complete(frames)
        return True

    def _text(self) -> bool:
        self._at = _end(_TEXT, self._buffer, self._at)
        if self._buffer[self._at : self._at + 1] != b'"':
            return False  # its end, or what a backslash stands before, is still to come
        self._at += 1
        self._state = _At.NESTED
        return True

    def _word(self, frames: list[Frame]) -> bool:
        self._at = _end(_WORD, self._buffer, self._at)
        if self._at == len(self._buffer):
            return False
        if self._buffer[self._at] not in b" \t\n\r,]":
            raise FramingError("a comma is missing between two array elements")
        self._complete(frames)
        return True

    def _complete(self, frames: list[Frame]) -> None:
        raw = self._cut()
        frames.append(Frame(raw, raw[self._begin :], b"", self._begin))
        self._state = _At.AFTER

    def _close(self, frames: list[Frame]) -> None:
        self._at += 1
        frames.append(Frame(self._cut(), None))
        self._state = _At.ENDED

    def _cut(self) -> bytes:
        """Everything that was scanned, taken out of the buffer."""
        raw = bytes(self._buffer[: self._at])
        del self._buffer[: self._at]
        self._at = 0
        if len(raw) > self._limit:
            raise FrameTooLarge("an array element is over the size limit")
        return raw


def _end(pattern: re.Pattern[bytes], buffer: bytes | bytearray, at: int) -> int:
    """Where the match of a pattern that always matches ends."""
    found = pattern.match(buffer, at)
    assert found is not None
    return found.end()


def _mark(raw: bytes) -> int:
    """Where the bracket or comma of a frame stands."""
    return _end(_BLANK, raw, len(BOM) if raw.startswith(BOM) else 0)

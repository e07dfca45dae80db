"""Server-sent events as frames: cut out of a byte stream without losing a byte, and rebuilt with other data.

Rules:
1. A frame keeps its bytes as they came, so a clean one is forwarded untouched; joining the `raw` of all frames
   gives the stream back.
2. Line ends may be LF, CRLF or CR, in one stream mixed, and may be split between reads (WHATWG HTML,
   section 9.2.5 "Parsing an event stream").  Where frames end does not depend on the reads: a CR that may be half of a
   CRLF waits for the next byte.
3. Only complete frames are handed out; what an upstream leaves unfinished is the caller's to judge (`flush`).
4. A byte order mark is one at the start of the stream alone.  A data line behind one elsewhere is refused, because
   clients differ in whether they read it.
"""

import re
from collections.abc import Iterator, Sequence

from guardrail.wire.frames import BOM, Added, Frame, FrameTooLarge, FramingError, colon, is_data
from guardrail.wire.jsontext import readable

_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?=[^\n])|\n)")
_ENDED = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)\Z")


def frame_of(data: bytes, event: str = "") -> bytes:
    """A new frame around one line of data."""
    name = b"event: " + event.encode() + b"\n" if event else b""
    return name + b"data: " + data + b"\n\n"


class SSEDecoder:
    """Incremental: `decode` takes bytes as they come and gives the frames they complete."""

    def __init__(self, limit: int) -> None:
        """`limit` is the largest frame in bytes."""
        self._parts: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._begun = False
        self._missing = b""

    def decode(self, chunk: bytes) -> list[Frame]:
        """Frames completed by `chunk`.  Raises FramingError."""
        # An end of at most four bytes may straddle two reads; what lies before was searched already.
        seam = self._last(3)
        if next(_ends(seam + chunk), None) is None:
            self._keep(chunk)
            return []
        buffer = b"".join((*self._parts, chunk))
        self._parts, self._size = [], 0
        frames: list[Frame] = []
        done = 0
        for end in _ends(buffer):
            frames.append(self._frame(buffer[done:end]))
            done = end
        self._keep(buffer[done:])
        return frames

    def flush(self) -> list[Frame]:
        """What is left at the end of the stream, as one frame.  Raises FramingError."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        if not rest:
            return []
        frame = self._frame(rest)
        data = (frame.data or b"").strip()
        self._missing = _missing(rest) if not data or readable(data) else b""
        return [frame]

    def before(self, added: Sequence[Added], raw: bytes, *, first: bool) -> bytes:
        """`added` as frames of their own, then `raw`."""
        mark = BOM if first and raw.startswith(BOM) else b""
        return b"".join((mark, *(frame_of(data, event) for event, data in added), raw[len(mark) :]))

    def at_end(self, added: Sequence[Added], *, first: bool, sent: bool = True) -> bytes:
        """`added` as frames of their own; `sent`: a frame without an end that `flush` may have given has left.

        An event stream has no end mark of its framing.  A blank line is added only where one is missing, and not after
        half a document, which is never sent: after an `id:` line openai-python takes one too many for an empty event.
        """
        missing = self._missing if sent and added else b""
        return missing + b"".join(frame_of(data, event) for event, data in added)

    def _frame(self, raw: bytes) -> Frame:
        if len(raw) > self._limit:
            raise FrameTooLarge("an event is over the size limit")
        if self._begun:
            return _parse(raw, 0)
        self._begun = True
        return _parse(raw, len(BOM) if raw.startswith(BOM) else 0)

    def _keep(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
        if self._size > self._limit:
            raise FrameTooLarge("an event is over the size limit")

    def _last(self, count: int) -> bytes:
        """The last bytes that were kept."""
        tail = b""
        for part in reversed(self._parts):
            tail = part[-count:] + tail
            if len(tail) >= count:
                break
        return tail[-count:]


def _ends(buffer: bytes) -> Iterator[int]:
    """Where frames end; without a CR, as nearly always, there is one way to end and `find` is ten times faster."""
    if b"\r" in buffer:
        yield from (end.end() for end in _END.finditer(buffer))
        return
    at = buffer.find(b"\n\n")
    while at >= 0:
        yield at + 2
        at = buffer.find(b"\n\n", at + 2)


def _missing(rest: bytes) -> bytes:
    """What ends the event block that a stream was left in."""
    if not rest.strip(b"\r\n") or _ENDED.search(rest[-4:]):
        return b""
    return b"\n" if rest.endswith(b"\n") else b"\n\n"  # an LF alone would make a last CR a CRLF


def _parse(raw: bytes, begin: int) -> Frame:
    """The frame in `raw`, whose first line starts at `begin`."""
    if raw.startswith(b"data: ") and raw.endswith(b"\n\n") and raw.count(b"\n") == 2 and b"\r" not in raw:
        return Frame(raw, raw[6:-2], b"", 6)  # nearly every frame there is
    data: list[bytes] = []
    other: list[bytes] = []
    at = -1
    for line in raw[begin:].splitlines(keepends=True):
        body = line.rstrip(b"\r\n")
        if is_data(body):
            value = _value(body)
            data.append(body[value:])
            at = begin + value if len(data) == 1 and b":" in body else -1
        elif body.strip():
            other.append(body)
        begin += len(line)
    return Frame(raw, b"\n".join(data) if data else None, b"\n".join(other), at)


def _value(line: bytes) -> int:
    """Where the value of a data line begins."""
    if line.startswith(BOM):
        raise FramingError("a data line behind a byte order mark within the stream")
    value = colon(line)
    return value + 1 if line[value : value + 1] == b" " else value

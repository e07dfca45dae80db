"""Newline-delimited JSON as frames: one document a line, cut out of a byte stream without losing a byte.

Rules:
1. A line ends with LF or CRLF.  A CR elsewhere is white space of JSON, as it is for those who parse the line.
2. A byte order mark at the start of the stream belongs to no document, and stays at the start.
3. Where frames end does not depend on where reads fell, nor does whether one is too large.
"""

from collections.abc import Sequence

from guardrail.wire.frames import BOM, Added, Frame, FrameTooLarge
from guardrail.wire.jsontext import readable

_SPACE = b" \t\r\n"


class NDJSONDecoder:
    """Incremental: `decode` takes bytes as they come and gives the lines they complete."""

    def __init__(self, limit: int) -> None:
        """`limit` is the largest line in bytes."""
        self._parts: list[bytes] = []
        self._size = 0
        self._limit = limit
        self._begun = False
        self._open = False

    def decode(self, chunk: bytes) -> list[Frame]:
        """Lines completed by `chunk`.  Raises FrameTooLarge."""
        last = chunk.rfind(b"\n") + 1
        if not last:
            self._keep(chunk)
            return []
        whole = b"".join((*self._parts, chunk[:last]))
        self._parts, self._size = [], 0
        frames = [self._frame(line + b"\n") for line in whole[:-1].split(b"\n")]
        self._keep(chunk[last:])
        return frames

    def flush(self) -> list[Frame]:
        """The last line, if it has no end."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        if not rest:
            return []
        frame = self._frame(rest)
        self._open = frame.data is not None and readable(frame.data)
        return [frame]

    def before(self, added: Sequence[Added], raw: bytes, *, first: bool) -> bytes:
        """`added` as lines of their own, then `raw`."""
        mark = BOM if first and raw.startswith(BOM) else b""
        return mark + _lines(added) + raw[len(mark) :]

    def at_end(self, added: Sequence[Added], *, first: bool, sent: bool = True) -> bytes:
        """`added` as lines of their own; `sent`: a line without an end that `flush` may have given has left.

        A blank line would stop a client that parses every line, so an end is added only where one is missing: not after
        half a document, which is never sent.
        """
        return (b"\n" if self._open and sent and added else b"") + _lines(added)

    def _keep(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
        if self._size > self._limit:
            raise FrameTooLarge("a line is over the size limit")

    def _frame(self, raw: bytes) -> Frame:
        if len(raw) > self._limit:
            raise FrameTooLarge("a line is over the size limit")
        begin = len(BOM) if not self._begun and raw.startswith(BOM) else 0
        self._begun = True
        data = raw[begin:].strip(_SPACE)
        return Frame(raw, data, b"", raw.index(data, begin)) if data else Frame(raw, None)


def _lines(added: Sequence[Added]) -> bytes:
    return b"".join(data + b"\n" for _, data in added)

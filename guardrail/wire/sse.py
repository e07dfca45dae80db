"""Server-sent events as frames: cut out of a byte stream without losing a byte, and rebuilt with other data.

Rules:
1. A frame keeps its bytes as they came, so a clean one is forwarded untouched; joining the `raw` of all frames
   gives the stream back.
2. Line ends may be LF, CRLF or CR, in one stream mixed, and may be split between reads (WHATWG HTML,
   section 9.2.5 "Parsing an event stream").
3. Only complete frames are handed out; what an upstream leaves unfinished is the caller's to judge (`flush`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)")
_BOM = b"\xef\xbb\xbf"


class FrameTooLarge(ValueError):
    """A frame grew past the limit before it ended."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event block.  `data` is its data lines joined by LF, None when it has none; `other` is every other
    line that holds text (event, id, retry, comments, unknown fields), joined by LF."""

    raw: bytes
    data: bytes | None
    other: bytes = b""

    def with_data(self, data: bytes) -> bytes:
        """The frame's bytes with its data replaced; `data` must be one line."""
        lines = self.raw.splitlines(keepends=True)
        out: list[bytes] = []
        replaced = False
        for line in lines:
            body = line.rstrip(b"\r\n")
            if not _is_data(body):
                out.append(line)
            elif not replaced:
                field = body[: _colon(body)].removesuffix(b":") + b":"
                space = b" " if body[_colon(body) :].startswith(b" ") else b""
                out.append(field + space + data + line[len(body) :])
                replaced = True
        return b"".join(out)

    def without_other(self) -> bytes:
        """The frame's bytes with nothing but its data lines and its end."""
        lines = self.raw.splitlines(keepends=True)
        return b"".join(line for line in lines if not line.strip(b"\r\n") or _is_data(line.rstrip(b"\r\n")))


def frame_of(data: bytes) -> bytes:
    """A new frame around one line of data."""
    return b"data: " + data + b"\n\n"


class SSEDecoder:
    """Incremental: `decode` takes bytes as they come and gives the frames they complete."""

    def __init__(self, limit: int) -> None:
        """`limit` is the largest frame in bytes."""
        self._parts: list[bytes] = []
        self._size = 0
        self._limit = limit

    def decode(self, chunk: bytes) -> list[Frame]:
        """Frames completed by `chunk`.  Raises FrameTooLarge."""
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
            frames.append(_parse(buffer[done:end]))
            done = end
        self._keep(buffer[done:])
        return frames

    def flush(self) -> list[Frame]:
        """What is left at the end of the stream, as one frame."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        return [_parse(rest)] if rest else []

    def _keep(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
        if self._size > self._limit:
            raise FrameTooLarge

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


def _colon(line: bytes) -> int:
    """Just after the field name and its colon."""
    at = line.find(b":")
    return at + 1 if at >= 0 else len(line)


def _is_data(line: bytes) -> bool:
    line = line.removeprefix(_BOM)
    return line == b"data" or line.startswith(b"data:")


def _parse(raw: bytes) -> Frame:
    if raw.startswith(b"data: ") and raw.endswith(b"\n\n") and raw.count(b"\n") == 2 and b"\r" not in raw:
        return Frame(raw, raw[6:-2])  # nearly every frame there is
    data: list[bytes] = []
    other: list[bytes] = []
    for line in raw.removeprefix(_BOM).splitlines():
        if _is_data(line):
            data.append(line[_colon(line) :].removeprefix(b" "))
        elif line.strip():
            other.append(line)
    return Frame(raw, b"\n".join(data) if data else None, b"\n".join(other))

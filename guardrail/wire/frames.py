"""A frame: one unit of a stream that is forwarded whole, whichever framing it came in, and what reads a stream as
frames.

Rules:
1. A frame keeps its bytes as they came, so a clean one is forwarded untouched; joining the `raw` of all frames gives
   the stream back.
2. Only complete frames are handed out; what an upstream leaves unfinished is the caller's to judge (`flush`).
3. A frame that guardrail adds is made by the framing, so that separators and brackets stay right around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Added = tuple[str, bytes]
"""A document to put into a stream: the name of its event, where the framing has such names, and its JSON in one
line."""


class FramingError(ValueError):
    """The stream is not in the framing that it claims; the message never quotes it."""


class FrameTooLarge(FramingError):
    """A frame grew past the limit before it ended."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One unit.  `data` is the document in it, None when it has none; `other` is every line of an event block that
    holds text beside its data (event, id, retry, comments, unknown fields), joined by LF.  `at` is where `data`
    stands in `raw`, -1 when it is spread over several lines."""

    raw: bytes
    data: bytes | None
    other: bytes = b""
    at: int = -1

    def with_data(self, data: bytes) -> bytes:
        """The frame's bytes with its data replaced."""
        if self.at >= 0 and self.data is not None:
            return self.raw[: self.at] + data + self.raw[self.at + len(self.data) :]
        return _on_one_line(self.raw, data.replace(b"\n", b" ").replace(b"\r", b" "))

    def without_other(self) -> "Frame":
        """The frame with nothing but its data lines and its end."""
        lines = self.raw.splitlines(keepends=True)
        raw = b"".join(line for line in lines if not line.strip(b"\r\n") or is_data(line.rstrip(b"\r\n")))
        return Frame(raw, self.data)


class Framing(Protocol):
    """Reads a stream as frames, and makes the frames that are added to it."""

    def decode(self, chunk: bytes) -> list[Frame]:
        """Frames completed by `chunk`.  Raises FramingError."""

    def flush(self) -> list[Frame]:
        """What is left at the end of the stream.  Raises FramingError when that cannot be a frame."""

    def before(self, added: Sequence[Added], raw: bytes, *, first: bool) -> bytes:
        """The bytes of `added` followed by `raw`, a frame of this stream that holds a document; `first` when no
        document has been sent before it."""

    def at_end(self, added: Sequence[Added], *, first: bool) -> bytes:
        """The bytes that put `added` at the end of the stream, in place of whatever the upstream would still have sent,
        and end it; `first` when nothing at all has been sent before."""


BOM = b"\xef\xbb\xbf"


def is_data(line: bytes) -> bool:
    """Whether a line of an event block is one of its data lines."""
    line = line.removeprefix(BOM)
    return line == b"data" or line.startswith(b"data:")


def colon(line: bytes) -> int:
    """Just after the field name and its colon."""
    at = line.find(b":")
    return at + 1 if at >= 0 else len(line)


def _on_one_line(raw: bytes, data: bytes) -> bytes:
    """An event block whose data lines are replaced by one."""
    out: list[bytes] = []
    replaced = False
    for line in raw.splitlines(keepends=True):
        body = line.rstrip(b"\r\n")
        if not is_data(body):
            out.append(line)
        elif not replaced:
            field = body[: colon(body)].removesuffix(b":") + b":"
            space = b" " if body[colon(body) :].startswith(b" ") else b""
            out.append(field + space + data + line[len(body) :])
            replaced = True
    return b"".join(out)

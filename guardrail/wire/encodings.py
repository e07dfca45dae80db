"""Content encodings: a compressed body decoded as it arrives.

Rules:
1. Output comes in pieces of at most a mebibyte, each made when it is asked for; so a caller with a limit stops a bomb
   at that limit.
2. What a server flushed comes out when its bytes are in: a stream of events stays one.
3. A body is read to its end or refused.  Damaged data, data after the end and a missing end are the upstream's errors,
   because a client might read them in another way.
4. Memory is bounded by what the formats allow for a web client: zstd windows up to 8 MiB (RFC 9659).
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]

from guardrail.errors import UpstreamError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 1 << 20
_INPUT = 1 << 16  # what one engine is given at a time: each copies what it has not used yet
_STACKED = 3
_DAMAGED = (zlib.error, brotli.error, zstd.ZstdError)


class _Engine(Protocol):
    """One encoding undone."""

    @property
    def ended(self) -> bool:
        """Whether the data so far is complete."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Pieces of what `data` adds.  Raises one of _DAMAGED."""


class _Zlib:
    """gzip, of one member or several (RFC 1952, section 2.2); deflate, with its zlib header or, as some servers send
    it, without (RFC 9110, section 8.4.1.2)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._engine = zlib.decompressobj(31) if gzip else None
        self._head = b""

    @property
    def ended(self) -> bool:
        return self._engine is not None and self._engine.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        engine = self._engine
        if engine is None:
            self._head += data
            if len(self._head) < 2:
                return
            engine = self._engine = zlib.decompressobj(15 if _has_zlib_header(self._head) else -15)
            data = self._head
        while True:
            if engine.eof:
                if not data:
                    return
                if not self._gzip:
                    raise zlib.error("data after the end")
                engine = self._engine = zlib.decompressobj(31)
            piece = engine.decompress(data, PIECE)
            if piece:
                yield piece
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
            if not data and len(piece) < PIECE:  # a full piece may have left output inside the engine
                return


def _has_zlib_header(head: bytes) -> bool:
    """RFC 1950, section 2.2.  A raw stream that begins so has a stored block with padding that encoders leave clear."""
    return head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and int.from_bytes(head[:2], "big") % 31 == 0


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._engine = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._engine.is_finished())

    def decode(self, data: bytes) -> Iterator[bytes]:
        while True:
            # The limit is where the engine stops to grow its buffer, not the buffer's size.  With all input used it may
            # still hold output and say that it accepts more (brotli 1.2.1), so it is drained.
            out: bytes = self._engine.process(data, output_buffer_limit=PIECE // 2)
            yield from _pieces(out, PIECE)
            if not out and self._engine.can_accept_more_data():
                return
            data = b""


class _Zstd:
    """RFC 8878: frames, one after another."""

    def __init__(self) -> None:
        self._engine = self._frame()

    @property
    def ended(self) -> bool:
        return self._engine.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._engine.eof:
                if not data:
                    return
                self._engine = self._frame()
            piece = self._engine.decompress(data, PIECE)
            if piece:
                yield piece
            if not self._engine.eof and self._engine.needs_input:
                return
            data = self._engine.unused_data if self._engine.eof else b""

    def _frame(self) -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})


_ENGINES: dict[str, Callable[[], _Engine]] = {
    "gzip": lambda: _Zlib(gzip=True),
    "x-gzip": lambda: _Zlib(gzip=True),
    "deflate": lambda: _Zlib(gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}


def _names(encoding: str) -> list[str]:
    """The encodings of a Content-Encoding header, as they were applied."""
    names = [name.strip().lower() for name in encoding.split(",")]
    return [name for name in names if name not in ("", "identity")]


def supported(encoding: str) -> bool:
    """Whether a body with this Content-Encoding header can be decoded."""
    names = _names(encoding)
    return len(names) <= _STACKED and all(name in _ENGINES for name in names)


class Decoder:
    """Decodes one body, whose encodings are undone in the reverse of the order in which the header names them."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is a Content-Encoding header that is `supported`."""
        if not supported(encoding):
            raise ValueError("not a supported content encoding")
        self._engines = [_ENGINES[name]() for name in reversed(_names(encoding))]
        self._begun = False

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded pieces of `chunk`, to be taken before the next chunk is given.  Raises UpstreamError."""
        self._begun = self._begun or bool(chunk)
        try:
            yield from _through(self._engines, chunk)
        except _DAMAGED:
            raise UpstreamError(502, "upstream_encoding", "The upstream's compressed answer is damaged.") from None

    def finish(self) -> None:
        """The body has ended.  Raises UpstreamError when its data had not; a body without a byte is an empty one."""
        if self._begun and not all(engine.ended for engine in self._engines):
            raise UpstreamError(502, "upstream_cut", "The upstream's compressed answer is cut off.")


def _through(engines: list[_Engine], data: bytes) -> Iterator[bytes]:
    """What comes out behind the last engine."""
    if not engines:
        yield from _pieces(data, PIECE)
        return
    for part in _pieces(data, _INPUT):
        for piece in engines[0].decode(part):
            yield from _through(engines[1:], piece)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    if len(data) <= size:
        if data:
            yield data
        return
    for at in range(0, len(data), size):
        yield data[at : at + size]

"""The client side of the proxy: one request to the configured upstream, its answer as it comes.

Rules:
1. The upstream is the operator's choice alone; no redirect is followed and no header names another.
2. What the client sent reaches the upstream as it was, hop-by-hop headers aside (RFC 9110, section 7.6.1); the path is
   not decoded and re-encoded on the way.
3. Answers are asked for uncompressed; a compressed one is decoded within the size limit, or refused.
4. Foreign errors become ours here and nowhere else.

The interface is httpx's (`AsyncBaseTransport`), so tests can put any httpx transport in its place; the transport
itself is aiohttp, whose client costs a quarter to a tenth of httpx's own (benchmarks/proxy.py).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

from guardrail.errors import UpstreamError

Header = tuple[bytes, bytes]

_LOOK = 1.0

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
    | {b"proxy-authenticate", b"proxy-authorization"}
)
_NOT_FORWARDED = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding", b"expect"}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and between two reads of an answer."""

    connect: float = 10.0
    read: float = 300.0


class _Body(httpx.AsyncByteStream):
    """A body as it comes.

    aiohttp leaves a reader waiting for ever when the framing of a body breaks after its head (the connection is
    closed, the stream is not told), so a silent second is used to look whether the connection is still there.
    """

    def __init__(self, response: aiohttp.ClientResponse, silence: float) -> None:
        self._response = response
        self._silence = silence

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        waited = 0.0
        while True:
            try:
                async with asyncio.timeout(min(_LOOK, self._silence)):
                    chunk = await content.readany()
            except TimeoutError:
                waited += _LOOK
                connection = self._response.connection
                if connection is None or connection.transport is None or connection.transport.is_closing():
                    raise aiohttp.ClientPayloadError("the connection is gone") from None
                if waited >= self._silence:
                    raise
                continue
            if not chunk:
                return
            waited = 0.0
            yield chunk

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """An httpx transport over one aiohttp session, made on first use."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        session = self._session or self._open()
        response = await session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=CIMultiDict((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw),
            data=request.content or None,
            allow_redirects=False,
        )
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=_Body(response, self._timeouts.read)
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15),
            timeout=aiohttp.ClientTimeout(sock_connect=self._timeouts.connect, sock_read=self._timeouts.read),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=65_536,
            max_field_size=65_536,
            read_bufsize=65_536,
        )
        return self._session


@dataclass(slots=True)
class Reply:
    """An answer whose body has not been read yet.  `headers` are those that go on to the client."""

    status: int
    headers: list[Header]
    content_type: str
    _response: httpx.Response
    _encoding: str
    _limit: int

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, decoded.  Raises UpstreamError."""
        decode = _decoder(self._encoding, self._limit)
        total = 0
        stream = self._response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            async for chunk in stream:
                for piece in decode(chunk):
                    total += len(piece)
                    if total > self._limit:
                        raise UpstreamError(502, "upstream_too_large", "The upstream's answer is over the size limit.")
                    yield piece
        except (aiohttp.ClientError, httpx.HTTPError, TimeoutError, ConnectionError) as error:
            raise translated(error) from error

    async def read(self) -> bytes:
        """The whole body.  Raises UpstreamError."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def close(self) -> None:
        """Let the connection go; one with unread bytes is closed."""
        await self._response.aclose()


class Upstream:
    """The one upstream of this sidecar."""

    def __init__(self, base: str, transport: httpx.AsyncBaseTransport, *, limit: int) -> None:
        """`base` is a URL with an optional path, `limit` the largest answer in bytes."""
        self._base = base.rstrip("/")
        self._transport = transport
        self._limit = limit

    async def send(self, method: str, target: str, headers: Iterable[Header], body: bytes) -> Reply:
        """Ask the upstream; `target` is the raw path with its query.  Raises UpstreamError."""
        request = httpx.Request(method, self._base + target, headers=_outgoing(headers, body), content=body)
        try:
            response = await self._transport.handle_async_request(request)
        except (aiohttp.ClientError, httpx.HTTPError, TimeoutError, ConnectionError) as error:
            raise translated(error) from error
        raw = response.headers.raw
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in _ENCODINGS:
            await response.aclose()
            raise UpstreamError(
                502, "upstream_encoding", "The upstream's answer is compressed in a way that cannot be read."
            )
        dropped = HOP_BY_HOP | _named(raw) | {b"content-length"}
        if encoding != "identity":
            dropped = dropped | {b"content-encoding"}
        kept = [(name.lower(), value) for name, value in raw if name.lower() not in dropped]
        return Reply(
            response.status_code, kept, response.headers.get("content-type", ""), response, encoding, self._limit
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def translated(error: Exception) -> UpstreamError:
    """A foreign error as ours."""
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return UpstreamError(504, "upstream_timeout", "The upstream did not answer in time.")
    if isinstance(error, (aiohttp.ClientConnectorError, httpx.ConnectError)):
        return UpstreamError(502, "upstream_unreachable", "The upstream cannot be reached.")
    return UpstreamError(502, "upstream_cut", "The upstream ended the connection before its answer was complete.")


def _named(headers: Iterable[Header]) -> frozenset[bytes]:
    """Header names that a Connection header makes hop-by-hop."""
    values = [value for name, value in headers if name.lower() == b"connection"]
    return frozenset(part.strip().lower() for value in values for part in value.split(b","))


def _outgoing(headers: Iterable[Header], body: bytes) -> list[Header]:
    given = list(headers)
    dropped = _NOT_FORWARDED | _named(given)
    kept = [(name, value) for name, value in given if name.lower() not in dropped]
    kept.append((b"accept-encoding", b"identity"))
    if body:
        kept.append((b"content-length", str(len(body)).encode()))
    return kept


_ENCODINGS: Mapping[str, int | None] = {"identity": None, "gzip": 31, "x-gzip": 31, "deflate": 15}


def _decoder(encoding: str, limit: int) -> Any:
    """A function from received bytes to decoded pieces, each of bounded size."""
    window = _ENCODINGS[encoding]
    if window is None:
        return lambda chunk: (chunk,)
    engine = zlib.decompressobj(window)

    def decode(chunk: bytes) -> Iterable[bytes]:
        pending = chunk
        try:
            while pending:
                yield engine.decompress(pending, min(limit + 1, 1 << 20))
                pending = engine.unconsumed_tail
        except zlib.error:
            raise UpstreamError(502, "upstream_encoding", "The upstream's compressed answer is damaged.") from None

    return decode

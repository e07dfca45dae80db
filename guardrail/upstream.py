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
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

from guardrail.dialects.protocol import Dialect
from guardrail.errors import RequestError, UpstreamError
from guardrail.wire.encodings import Decoder, supported

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
    closed, the stream is not told), so after a silent second somebody looks whether the connection is still there.
    One timer serves a whole body: a timeout around every read costs more than the read.
    """

    def __init__(self, response: aiohttp.ClientResponse, silence: float) -> None:
        self._response = response
        self._silence = silence
        self._waiting = False
        self._waited = 0.0
        self._seen = 0
        self._look_again: asyncio.TimerHandle | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        self._watch()
        try:
            while True:
                self._waiting, self._waited = True, 0.0
                chunk = await content.readany()
                self._waiting = False  # however long the client takes, the upstream is not silent
                if not chunk:
                    return
                yield chunk
        finally:
            if self._look_again is not None:
                self._look_again.cancel()

    def _watch(self) -> None:
        period = min(_LOOK, self._silence)
        self._look_again = asyncio.get_running_loop().call_later(period, self._look, period)

    def _look(self, period: float) -> None:
        content, connection = self._response.content, self._response.connection
        # What has arrived may not have been taken yet; a whole body lets its connection go before it is read.
        if self._waiting and content.total_bytes == self._seen and not content.is_eof():
            self._waited += period
            if connection is None or connection.transport is None or connection.transport.is_closing():
                content.set_exception(aiohttp.ClientPayloadError("the connection is gone"))
            elif self._waited >= self._silence:
                content.set_exception(TimeoutError())
        self._seen = content.total_bytes
        self._watch()

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
            URL(_target(request), encoded=True),  # as the client wrote it: httpx would encode it anew
            headers=CIMultiDict((name.decode("latin-1"), _value(value)) for name, value in request.headers.raw),
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

    @property
    def decoded(self) -> bool:
        """Whether the body comes out otherwise than it was sent, so that digests of it are stale."""
        return self._encoding != "identity"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, decoded.  Raises UpstreamError."""
        decoder = Decoder(self._encoding)
        total = 0
        stream = self._response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            async for chunk in stream:
                for piece in decoder.decode(chunk):
                    total += len(piece)
                    if total > self._limit:
                        raise UpstreamError(502, "upstream_too_large", "The upstream's answer is over the size limit.")
                    yield piece
            decoder.finish()
        except (aiohttp.ClientError, httpx.HTTPError, TimeoutError, ConnectionError) as error:
            raise translated(error) from error

    async def close(self) -> None:
        """Let the connection go; one with unread bytes is closed."""
        await self._response.aclose()


class Upstream:
    """The upstreams of this sidecar: one for everything, or one for each vendor's API."""

    def __init__(self, bases: Mapping[str, str], transport: httpx.AsyncBaseTransport, *, limit: int) -> None:
        """`bases` are URLs with an optional path, by vendor, "" for every other; `limit` is the largest answer in
        bytes."""
        self._bases = {name: base.rstrip("/") for name, base in bases.items()}
        # Parsed once; the exact target travels as an extension.
        self._urls = {name: httpx.URL(base) for name, base in self._bases.items()}
        self._transport = transport
        self._limit = limit

    def _name(self, dialect: Dialect, target: str) -> str:
        """Which upstream serves a request: the closest name that the operator gave."""
        places = (("/openai/", "azure"), ("/v1beta", "gemini"), ("/api/", "" if dialect.vendor else "ollama"))
        by_path = next((vendor for start, vendor in places if target.startswith(start)), "")
        names = [name for name in (by_path, dialect.vendor) if name]
        names += [""] if dialect.vendor else ["", "openai"]
        for name in names:
            if name in self._bases:
                return name
        cure = dialect.vendor or by_path or "openai"
        raise RequestError(404, "no_upstream", f"No upstream is set for this API. `--upstream {cure}=URL` names one.")

    async def send(self, dialect: Dialect, method: str, target: str, headers: Iterable[Header], body: bytes) -> Reply:
        """Ask the upstream; `target` is the raw path with its query.  Raises UpstreamError, and RequestError when
        none is set for the dialect."""
        name = self._name(dialect, target)
        exact = {"target": (self._bases[name] + target).encode("latin-1")}
        request = httpx.Request(
            method, self._urls[name], headers=_outgoing(headers, body), content=body, extensions=exact
        )
        try:
            response = await self._transport.handle_async_request(request)
        except (aiohttp.ClientError, httpx.HTTPError, TimeoutError, ConnectionError) as error:
            raise translated(error) from error
        raw = response.headers.raw
        if not 200 <= response.status_code <= 599:
            await response.aclose()
            raise UpstreamError(502, "upstream_malformed", "The upstream's status cannot be passed on.")
        if len(response.headers.get_list("content-type")) > 1:
            await response.aclose()
            raise UpstreamError(502, "content_type", "The upstream named more than one content type.")
        encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
        if not supported(encoding):
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


def _target(request: httpx.Request) -> str:
    return bytes(request.extensions.get("target") or str(request.url).encode()).decode("latin-1")


def _value(raw: bytes) -> str:
    """A header value for aiohttp, which writes UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


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

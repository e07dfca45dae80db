"""Proxies that pass everything on and judge nothing, to know what the hop alone costs.

    python -m benchmarks.passthrough starlette --upstream 9000 --port 9001

`starlette` is Starlette with guardrail's own upstream client: the least that guardrail itself could cost.  `httpx` is
the same with httpx's default transport, as most Python proxies are written; its pool is left unlimited, because the
default of 20 connections kept alive would make it look worse than it is.
"""

import argparse
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from guardrail.app import dialects
from guardrail.upstream import HOP_BY_HOP, AiohttpTransport, Reply, Timeouts, Upstream

KINDS = ("httpx", "starlette")
_LIMIT = 32 << 20


class _HttpxClient:
    """A client of httpx with its own transport, in the shape of `Upstream`."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None), timeout=60
        )

    async def send(
        self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> httpx.Response:
        kept = [(n, v) for n, v in headers if n not in HOP_BY_HOP and n not in (b"host", b"content-length")]
        asked = self._client.build_request(method, self._base + target, headers=kept, content=body)
        return await self._client.send(asked, stream=True)

    async def close(self) -> None:
        await self._client.aclose()


def application(kind: str, base: str) -> Starlette:
    """The proxy of `kind` in front of `base`."""
    upstream = Upstream({"": base}, AiohttpTransport(Timeouts()), limit=_LIMIT)
    client = _HttpxClient(base)
    plainest = dialects()[-1]  # the one that knows no vendor: all there is to find is the one upstream

    async def through_ours(request: Request) -> Response:
        target = request.url.path
        reply = await upstream.send(plainest, request.method, target, request.headers.raw, await request.body())
        if reply.content_type.startswith("text/event-stream"):
            return _with_headers(StreamingResponse(_relay(reply), reply.status), reply.headers)
        try:
            body = b"".join([chunk async for chunk in reply.chunks()])
            return _with_headers(Response(body, reply.status), reply.headers, len(body))
        finally:
            await reply.close()

    async def through_httpx(request: Request) -> Response:
        reply = await client.send(request.method, request.url.path, request.headers.raw, await request.body())
        headers = [(name.lower(), value) for name, value in reply.headers.raw if name.lower() not in HOP_BY_HOP]
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        if reply.headers.get("content-type", "").startswith("text/event-stream"):
            return _with_headers(StreamingResponse(_relay_httpx(reply), reply.status_code), headers)
        body = await reply.aread()
        return _with_headers(Response(body, reply.status_code), headers, len(body))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await upstream.close()
        await client.close()

    forward = through_httpx if kind == "httpx" else through_ours
    return Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])], lifespan=lifespan)


async def _relay(reply: Reply) -> AsyncIterator[bytes]:
    try:
        async for chunk in reply.chunks():
            yield chunk
    finally:
        await reply.close()


async def _relay_httpx(reply: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in reply.aiter_raw():
            yield chunk
    finally:
        await reply.aclose()


def _with_headers(response: Response, headers: list[tuple[bytes, bytes]], size: int | None = None) -> Response:
    sized = [] if size is None else [(b"content-length", str(size).encode())]
    response.raw_headers = [*headers, *sized]
    return response


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--upstream", type=int, required=True, help="port of the upstream on 127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    uvicorn.run(
        application(given.kind, f"http://127.0.0.1:{given.upstream}"),
        port=given.port, loop="uvloop", http="httptools", access_log=False, log_level="warning",
    )  # fmt: skip

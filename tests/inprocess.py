"""The whole proxy without sockets: a request in, the bytes that a client would get out; fast enough for property tests.

The application is the real one, composed as in production; only the server in front and the transport behind it are
replaced, both at their own seams (ASGI, `httpx.AsyncBaseTransport`).
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from guardrail.app import Sidecar, compose, dialects
from guardrail.audit.sink import MemorySink
from guardrail.detectors.registry import AnyDetector
from guardrail.policy.decide import Judge
from guardrail.proxy import Guard
from guardrail.scanner import Scanner
from guardrail.settings import Settings
from guardrail.types import Policy


@dataclass
class Playing(httpx.AsyncBaseTransport):
    """Answers every request with the reads in `reads`, or those that `script` makes of the request's body."""

    reads: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    sent: bytes = b""
    script: Callable[[bytes], Sequence[bytes]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.sent = await request.aread()
        headers = {"content-type": self.content_type, **self.headers}
        reads = self.reads if self.script is None else self.script(self.sent)
        return httpx.Response(self.status, headers=headers, stream=_Reads(reads))


class _Reads(httpx.AsyncByteStream):
    def __init__(self, reads: Sequence[bytes]) -> None:
        self._reads = reads

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for read in self._reads:
            yield read


@dataclass(frozen=True)
class Answered:
    """What the client got, and what the log says."""

    status: int
    headers: dict[str, str]
    body: bytes
    record: dict[str, Any]

    @property
    def raw(self) -> bytes:
        """The answer as it would stand on a socket."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"HTTP/1.1 {self.status} X\r\n{lines}\r\n".encode("latin-1") + self.body


class InProcess:
    """A sidecar with one policy."""

    def __init__(self, policy: Policy, detectors: Sequence[AnyDetector], directory: Path, **more: Any) -> None:
        """`more` are settings."""
        self.upstream = Playing()
        self.sink = MemorySink()
        guard = Guard(policy, Scanner(policy, detectors), Judge(policy), dialects())
        settings = Settings(upstream="http://upstream", audit=directory, **more)
        self.app: Sidecar = compose(guard, settings, sink=self.sink, transport=self.upstream)

    def ask(
        self,
        path: str,
        body: Any,
        headers: Mapping[str, str],
        reads: Sequence[bytes],
        *,
        content_type: str = "application/json",
        status: int = 200,
    ) -> Answered:
        """One exchange whose upstream answers with `reads`."""
        self.upstream.reads, self.upstream.content_type, self.upstream.status = reads, content_type, status
        self.sink.lines.clear()
        return asyncio.run(self._exchange(path, body, headers))

    async def _exchange(self, path: str, body: Any, headers: Mapping[str, str]) -> Answered:
        sent = b"" if body is None else json.dumps(body).encode()
        incoming = [{"type": "http.request", "body": sent, "more_body": False}]
        left = asyncio.Event()
        out: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            out.append(message)

        plain, _, query = path.partition("?")
        scope = {
            "type": "http", "method": "GET" if body is None else "POST", "path": plain, "raw_path": plain.encode(), "query_string": query.encode(),
            "headers": [(b"content-type", b"application/json"), *((n.lower().encode(), v.encode()) for n, v in headers.items())],
        }  # fmt: skip
        await self.app(scope, receive, send)
        started, *rest = out
        got = {name.decode(): value.decode("latin-1") for name, value in started["headers"]}
        body_out = b"".join(message["body"] for message in rest)
        return Answered(started["status"], got, body_out, self.sink.records[-1])


def cut(raw: bytes, cuts: Sequence[int]) -> list[bytes]:
    """`raw` as reads that end at the given offsets, taken modulo its length."""
    places = sorted({0, len(raw), *(each % (len(raw) + 1) for each in cuts)})
    return [raw[a:b] for a, b in itertools.pairwise(places)]

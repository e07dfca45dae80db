"""Real servers for the tests: an upstream that plays any script of bytes, and a sidecar in front of it.

Both run on one event loop in a thread of their own and speak over real sockets, so that what a test sees is what a
client would see.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import uvicorn

from guardrail.app import compose, dialects
from guardrail.audit.sink import MemorySink
from guardrail.detectors.registry import AnyDetector
from guardrail.policy.decide import Judge
from guardrail.proxy import Guard
from guardrail.scanner import Scanner
from guardrail.server import HeadLimited
from guardrail.settings import Settings
from guardrail.types import Policy


class Do(Enum):
    """What a script can do beside writing bytes and sleeping."""

    RESET = "reset"
    CLOSE = "close"
    HANG = "hang"


Step = bytes | float | Do


@dataclass(frozen=True)
class Asked:
    """A request as the upstream received it."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


Script = Callable[[Asked], Sequence[Step]]


@dataclass
class ScriptedUpstream:
    """Answers each request with the steps that `script` gives for it; `gone` counts connections the proxy closed
    while an answer was under way."""

    script: Script = lambda asked: [http(b"{}")]
    asked: list[Asked] = field(default_factory=list)
    gone: int = 0
    port: int = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await _read_request(reader):
                self.asked.append(asked)
                if not await self._play(asked, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone += 1
        except asyncio.CancelledError:
            pass  # the site is being taken down
        finally:
            writer.close()

    async def _play(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        for step in self.script(asked):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif step is Do.HANG:
                if not await reader.read(1):
                    self.gone += 1
                return False
            elif step is Do.RESET:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                writer.transport.abort()
                return False
            else:
                return False
        return True


async def _read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *rest = head[:-4].split(b"\r\n")
    headers = [tuple(part.strip() for part in raw.split(b":", 1)) for raw in rest]
    length = next((int(value) for name, value in headers if name.lower() == b"content-length"), 0)
    return Asked(line, headers, await reader.readexactly(length))  # type: ignore[arg-type]


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    """A whole answer."""
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body


def sse(*pieces: bytes, extra: str = "", end: bool = True, pause: float = 0.0) -> list[Step]:
    """A chunked event stream; each piece is a write of its own."""
    steps: list[Step] = [
        f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{extra}\r\n".encode()
    ]
    for piece in pieces:
        steps.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        steps.append(pause)
    if end:
        steps.append(b"0\r\n\r\n")
    return steps


def answer(text: str | None, **more: Any) -> bytes:
    """A chat completion as JSON bytes."""
    message = {"role": "assistant", "content": text, **more.pop("message", {})}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": more.pop("finish_reason", "stop")}
    body = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "demo", "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, **more,
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode()


def chunk(delta: dict[str, Any], *, index: int = 0, finish: str | None = None, **more: Any) -> bytes:
    """One stream event."""
    choice = {"index": index, "delta": delta, "finish_reason": finish, **more.pop("choice", {})}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "demo",
        "choices": [choice],
        **more,
    }
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def told(pieces: Sequence[str], finish: str = "stop") -> list[bytes]:
    """The events of one spoken answer."""
    return [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": p}) for p in pieces),
        chunk({}, finish=finish),
        b"data: [DONE]\n\n",
    ]


@dataclass
class Site:
    """A running sidecar and the upstream behind it."""

    upstream: ScriptedUpstream
    sink: MemorySink
    port: int
    loop: asyncio.AbstractEventLoop
    counting: "_Counting"

    def settle(self) -> None:
        """Wait until every exchange has ended and its record is written: that may be after its last byte was read."""
        for _ in range(500):
            if not self.counting.active:
                return
            time.sleep(0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def raw(self, request: bytes, timeout: float = 10.0) -> bytes:
        """Every byte that crosses the client's socket in answer to `request`, until the sidecar closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(request)
            received = b""
            while part := connection.recv(65536):
                received += part
        return received

    def post(
        self, body: Any, path: str = "/v1/chat/completions", headers: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """One POST on a connection of its own: status, headers and the body without its framing."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{headers}\r\n"
        return parse(self.raw(head.encode() + data))

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """One GET."""
        return parse(self.raw(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()))

    @property
    def record(self) -> dict[str, Any]:
        """The last audit record, waited for: it is written after the last byte has left."""
        return self.records(1)[-1]

    def records(self, count: int) -> list[dict[str, Any]]:
        """At least `count` audit records."""
        self.settle()
        for _ in range(500):
            if len(self.sink.records) >= count:
                break
            time.sleep(0.01)
        return self.sink.records


def parse(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    """An HTTP answer taken apart."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (part.partition(":") for part in rest)}
    if headers.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    return int(line.split()[1]), headers, body


def unchunked(raw: bytes) -> bytes:
    """The body without chunk framing; what is left of a cut one is given as it is."""
    out = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        out, raw = out + raw[:length], raw[length + 2 :]
        if not length:
            break
    return out


@contextmanager
def site(
    policy: Policy, detectors: Sequence[AnyDetector], directory: Path, script: Script | None = None, **settings: Any
) -> Iterator[Site]:
    """A sidecar with `policy` in front of a scripted upstream."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    upstream = ScriptedUpstream(*([script] if script else []))
    listening = asyncio.run_coroutine_threadsafe(upstream.start(), loop).result(10)
    guard = Guard(policy, Scanner(policy, detectors), Judge(policy), dialects())
    sink = MemorySink()
    base = settings.pop("upstream", f"http://127.0.0.1:{upstream.port}")
    app = compose(guard, Settings(upstream=base, audit=directory, **settings), sink=sink)
    counting = _Counting(app)
    config = uvicorn.Config(
        counting, http=HeadLimited, host="127.0.0.1", port=0, ws="none", access_log=False, log_level="warning", server_header=False, date_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Quiet(config)
    serving = asyncio.run_coroutine_threadsafe(server.serve(), loop)
    while not server.started:
        if serving.done():
            serving.result()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Site(upstream, sink, port, loop, counting)
    finally:
        server.should_exit = True
        serving.result(20)
        listening.close()
        asyncio.run_coroutine_threadsafe(_settle(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Counting:
    """An application and how many calls of it have not returned."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.active = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        counts = scope["type"] == "http"
        self.active += counts
        try:
            await self._app(scope, receive, send)
        finally:
            self.active -= counts


async def _settle() -> None:
    """Let every connection and task of the loop come to its end."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.sleep(0.02)


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

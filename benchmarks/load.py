"""A closed-loop client on bare uvloop sockets: as many requests as the other side can answer, or events as they come.

Rule: a request under way when the time is up is finished and counted, so that CPU time divided by requests is honest.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

from benchmarks.upstream import PACE

_QUESTION = (
    '{"model":"benchmark","messages":[{"role":"user","content":"What does a typhoon signal mean? 八號波係咩？"}]%s}'
)
_EVENT = b"data: "
_END = b"\r\n0\r\n\r\n"
_PATIENCE = 60.0


@dataclass(slots=True)
class Tally:
    """What a run of the client saw; times in seconds."""

    requests: int = 0
    events: int = 0
    errors: int = 0
    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    elapsed: float = 0.0


def run(port: int, path: str, connections: int, seconds: float, *, stream: bool) -> Tally:
    """Ask for `path` on `port` over `connections` connections for `seconds`."""
    return uvloop.run(_run(port, request(port, path, stream=stream), connections, seconds, stream=stream))


def request(port: int, path: str, *, stream: bool) -> bytes:
    """The bytes of one request."""
    body = (_QUESTION % (',"stream":true' if stream else "")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer benchmark\r\naccept: */*\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie; 0 for none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def _run(port: int, payload: bytes, connections: int, seconds: float, *, stream: bool) -> Tally:
    loop, tally = asyncio.get_running_loop(), Tally()
    dice = random.Random(connections)
    begun = time.perf_counter()
    ended: list[asyncio.Future[None]] = []
    for _ in range(connections):
        if stream:  # streams that begin together would tick together
            await asyncio.sleep(dice.random() * 2 * PACE / connections)
        _, connection = await loop.create_connection(
            lambda: Connection(payload, begun + seconds, tally), "127.0.0.1", port
        )
        ended.append(connection.ended)
    async with asyncio.timeout(seconds + _PATIENCE):
        await asyncio.gather(*ended)
    tally.elapsed = time.perf_counter() - begun
    return tally


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks again and again."""

    def __init__(self, payload: bytes, stop: float, tally: Tally) -> None:
        self._payload, self._stop, self._tally = payload, stop, tally
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._head = self._tail = b""
        self._left = self._events = 0
        self._first = self._asked = 0.0
        self._chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self._tally.errors += 1
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        if not self._head:
            self._tail += data
            head, mark, data = self._tail.partition(b"\r\n\r\n")
            if not mark:
                return
            self._begin(head.lower())
        self._left -= len(data)
        seen = self._tail + data
        if self._chunked and (count := seen.count(_EVENT)):
            if not self._events:
                self._first = time.perf_counter()
            self._events += count
        # What may be the start of an event or of the end stays for the next read, what was counted does not.
        counted = seen.rfind(_EVENT)
        self._tail = seen[max(counted + len(_EVENT) if counted >= 0 else 0, len(seen) - len(_END)) :]
        if (self._chunked and seen.endswith(_END)) or (not self._chunked and self._left <= 0):
            self._answered()

    def _begin(self, head: bytes) -> None:
        self._head, self._tail = head, b""
        self._chunked = b"transfer-encoding: chunked" in head
        at = head.find(b"\r\ncontent-length:")
        self._left = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0

    def _answered(self) -> None:
        now = time.perf_counter()
        if b" 200" in self._head[:13]:
            self._tally.requests += 1
            self._tally.events += self._events
            self._tally.total.append(now - self._asked)
            if self._events:
                self._tally.first.append(self._first - self._asked)
        else:
            self._tally.errors += 1
        if now < self._stop:
            self._ask()
            return
        self.ended.set_result(None)
        assert self._transport is not None
        self._transport.close()

    def _ask(self) -> None:
        self._head = self._tail = b""
        self._events = 0
        self._asked = time.perf_counter()
        assert self._transport is not None
        self._transport.write(self._payload)

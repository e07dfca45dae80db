"""One exchange while it is going on: what is known of it so far, and the two ways in which an answer leaves.

Rules:
1. A turn holds what the audit record will say; whatever is judged is written down here and nowhere else.
2. An answer goes to the connection as it comes, or, while a better one may follow, into `Held`, where nothing of it is
   seen by the client.
3. A connection that is gone ends the exchange, whatever it is waiting for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrail.dialects.protocol import Call, Dialect
from guardrail.errors import RequestError
from guardrail.llm_judge import Asks
from guardrail.policy.decide import Judge
from guardrail.pseudonyms import Book
from guardrail.streaming import Streaming
from guardrail.types import Attempt, Decision, Exchange
from guardrail.wire.kinds import Kind
from guardrail.witness import Witness

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_OF_THE_ANSWER = (
    *("decision", "edited", "identity", "stream", "witness"),
    *("exchange", "upstream_status", "ended", "error"),
)


@dataclass(slots=True)
class Turn:
    """One exchange.  `drawn` is one whose question may be asked again afterwards, for which its `body` is kept; `again`
    is such a second question, which has no client and no record of its own here.  `number` counts the answers to one
    question, of which `attempts` tells; `held` says that an answer does not reach the client by itself, and `finish`
    is what becomes of each document of one that does.  `keep` is the most characters of the answer that are kept,
    `asks` whom checks may ask about it."""

    exchange: Exchange
    dialect: Dialect
    raw_headers: list[Header]
    judge: Judge
    book: Book | None = None
    identity: str = ""
    decision: Decision = field(default_factory=Decision)
    call: Call = field(default_factory=Call)
    ended: str = "failed"
    status: int = 0
    upstream_status: int | None = None
    error: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    edited: int = 0
    audited: bool = False
    drawn: bool = False
    again: bool = False
    body: bytes = b""
    asked: int = 0
    tokens: int = 0
    witness: Witness | None = None
    stream: Streaming | None = None
    kind: Kind | None = None
    number: int = 1
    attempts: tuple[Attempt, ...] = ()
    held: bool = False
    finish: Callable[[bytes], bytes] | None = None
    keep: int = 0
    asks: Asks | None = None
    started: float = field(default_factory=time.perf_counter)

    def last_words(self, code: str, message: str) -> bytes:
        """What ends a stream that has begun, so that the client sees it failed."""
        return self.stream.last_words(code, message) if self.stream is not None else b""

    def trial(self, number: int, judge: Judge, *, held: bool) -> "Turn":
        """The turn as it stands before any answer, for one of several answers."""
        known = self.decision
        decision = Decision(known.action, list(known.hits), list(known.failed), known.restored)
        asks = self.asks.afresh() if self.asks is not None else None
        trial = replace(self, decision=decision, judge=judge, number=number, held=held, asks=asks)
        trial.witness, trial.stream = None, None
        return trial

    def adopt(self, other: "Turn") -> None:
        """`other` is the answer that this exchange ends with."""
        for name in _OF_THE_ANSWER:
            setattr(self, name, getattr(other, name))


class Gone(Exception):
    """The client has closed the connection."""


class Connection:
    """The connection to the client: what was sent, and in what state it is."""

    def __init__(self, turn: Turn, send: Send) -> None:
        self._turn, self._send = turn, send
        self.started = False
        self.on_start: Callable[[], None] | None = None

    async def start(self, status: int, headers: list[Header]) -> None:
        self.started = True
        if self.on_start is not None:
            self.on_start()
        self._turn.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        self._turn.response_bytes += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def reply(self, status: int, headers: list[Header], body: bytes) -> None:
        """Everything at once."""
        sized = status != 204 and status != 304 and self._turn.exchange.method != "HEAD"
        await self.start(status, [*headers, (b"content-length", str(len(body)).encode())] if sized else headers)
        self._turn.response_bytes = len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class TooLarge(Exception):
    """More of a stream waits than may."""


class Held:
    """An answer that waits: what a connection would have been sent, without the headers that tell of the decision."""

    def __init__(self, cap: int) -> None:
        """`cap` is the most bytes of a stream."""
        self._cap = cap
        self.started = False
        self.whole = False
        self.status = 0
        self.headers: list[Header] = []
        self.body = b""
        self._parts: list[bytes] = []
        self._size = 0

    async def start(self, status: int, headers: list[Header]) -> None:
        self.started, self.status, self.headers = True, status, headers

    async def write(self, data: bytes) -> None:
        """Raises TooLarge."""
        self._size += len(data)
        if self._size > self._cap:
            raise TooLarge
        self._parts.append(data)

    async def end(self) -> None:
        self.body = b"".join(self._parts)
        self._parts.clear()

    async def reply(self, status: int, headers: list[Header], body: bytes) -> None:
        """Everything at once."""
        self.started, self.whole, self.status, self.headers, self.body = True, True, status, headers, body


def once(body: bytes) -> Receive:
    """A client that sends `body` and stays."""
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def nobody(message: Mapping[str, Any]) -> None:
    """Where an answer goes that nobody waits for."""


async def read_body(receive: Receive, turn: Turn, limit: int) -> bytes:
    """The request body.  One over the limit is read on, up to twice the limit, and thrown away: a client that is
    still sending when the connection is closed loses the error that explains it."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        turn.request_bytes += len(part)
        more = message.get("more_body", False)
        if turn.request_bytes <= limit:
            parts.append(part)
        elif not more or turn.request_bytes > 2 * limit + 65_536:
            raise RequestError(413, "request_too_large", f"The request is over the limit of {limit} bytes.")
        if not more:
            return b"".join(parts)


async def cancel_when_gone(receive: Receive, task: "asyncio.Task[Any] | None") -> None:
    """Cancel `task` when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if task is not None:
        task.cancel()


def raw_path(scope: Scope) -> str:
    """The path of a request as it was written."""
    raw = scope.get("raw_path")
    return bytes(raw).decode("latin-1").split("?", 1)[0] if raw else str(scope["path"])


def require_plain_http(headers: Sequence[Header]) -> None:
    """A client that asks for a WebSocket is told why it gets none, rather than an answer that it cannot read."""
    if any(name == b"upgrade" and value.lower() == b"websocket" for name, value in headers):
        raise RequestError(
            400,
            "websocket",
            "WebSockets are not passed on, because their text cannot be judged. Use the HTTP endpoint.",
        )

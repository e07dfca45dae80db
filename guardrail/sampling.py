"""Asking a small share of real questions again with another group in them, to see whether the answers are alike.

Rules:
1. Off unless the operator asks for it.  It begins when the client has had its whole answer, in a task of its own; the
   client's exchange waits for nothing here and is not changed by it.
2. Never more than `CONCURRENT` at once, and nothing is queued: a question whose turn it is not is dropped, so the
   caller's key is held for the length of one exchange and no longer, in memory and nowhere else.
3. Every question that goes out was taken from the budget before and ends in one audit record, also one that failed.
4. An upstream that fails is left alone for a while, longer each time.
5. The second question goes the way of any other (same upstream, same policy); its answer is judged, counted and thrown
   away.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from guardrail.audit import pair
from guardrail.audit.pair import Side, Swap
from guardrail.audit.sink import Sink
from guardrail.errors import AuditError
from guardrail.sampling_budget import Budget
from guardrail.sampling_question import Request, asked_with, question
from guardrail.sampling_swap import swapped
from guardrail.types import Exchange
from guardrail.wire.jsontext import JsonError

logger = logging.getLogger("guardrail")

CONCURRENT = 2
"""Questions under way at a time, in one process."""
LARGEST = 256 << 10
"""Bytes of a request beyond which it is not asked again."""
PATIENCE = 120.0
"""Seconds that one answer may take."""
_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
_CLOSING = 5.0


@dataclass(frozen=True, slots=True)
class Trial:
    """How the second question fared; `asked` is how often it went out (a rule may ask for another answer, or for none),
    `tokens` what it cost as the upstream says, 0 where it does not, `text` the answer where somebody asked for
    it."""

    id: str
    side: Side
    asked: int
    tokens: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """An exchange that is over."""

    request: Request
    exchange: Exchange
    language: str
    side: Side


@dataclass(frozen=True, slots=True)
class _Prepared:
    swap: Swap
    request: Request


Ask = Callable[[Request], Awaitable[Trial]]


class Sampler:
    """Draws exchanges, asks their questions again and records how the pairs compare."""

    def __init__(
        self,
        share: float,
        budget: Budget,
        sink: Sink,
        ask: Ask,
        policy: str,
        *,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share, self._budget, self._sink, self._ask, self._policy = share, budget, sink, ask, policy
        self._draw, self._clock = draw, clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._failures = 0
        self._paused_until = 0.0

    def draws(self) -> bool:
        """Whether the exchange that begins now is one of the share."""
        return not self._closing and self._draw() < self._share

    def offer(self, offered: Offered) -> None:
        """Take on an exchange that was drawn and is over, if there is room; returns at once."""
        if self._closing or len(self._tasks) >= CONCURRENT or self._clock() < self._paused_until:
            return
        if not offered.side.answered or len(offered.request.body) > LARGEST:
            return
        task = asyncio.create_task(self._work(offered), name="parity")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def idle(self) -> bool:
        """Whether no question is under way."""
        return not self._tasks

    async def close(self) -> None:
        """Stop: what is under way is broken off, and recorded as that."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)

    async def _work(self, offered: Offered) -> None:
        try:
            prepared = await asyncio.to_thread(_prepare, offered.request)
            if prepared is not None:
                await self._pair(offered, prepared)
        except AuditError as error:
            logger.critical("no audit record for a question asked again: %s", error)
        except Exception as error:  # nothing of this may reach the traffic; a traceback may quote what was asked
            logger.error("asking again failed: %s", type(error).__name__)

    async def _pair(self, offered: Offered, prepared: _Prepared) -> None:
        request = prepared.request
        expected = _tokens_of(request.body) + _tokens_in(offered.side.length)
        if self._closing or not self._budget.take(expected):
            return
        started = time.perf_counter()
        trial = await self._ask_in_time(request)
        tokens = trial.tokens or trial.asked * _tokens_of(request.body) + _tokens_in(trial.side.length)
        self._budget.settle(tokens - expected, trial.asked - 1)
        self._learn(trial.side)
        record = pair.build(
            trial.id,
            offered.exchange,
            self._policy,
            offered.language,
            prepared.swap,
            offered.side,
            trial.side,
            tokens=tokens,
            duration_ms=(time.perf_counter() - started) * 1000,
        )
        self._sink.write(record)

    async def _ask_in_time(self, request: Request) -> Trial:
        """The trial; one that was broken off ends like any exchange that is, and says so."""
        task = asyncio.current_task()
        assert task is not None
        late = asyncio.get_running_loop().call_later(PATIENCE, task.cancel)
        try:
            trial = await self._ask(request)
        finally:
            overdue = late.when() <= asyncio.get_running_loop().time()
            late.cancel()
        if overdue and trial.side.error == "shutdown":
            return replace(trial, side=replace(trial.side, error="timeout"))
        return trial

    def _learn(self, side: Side) -> None:
        """An upstream that fails is left alone: a minute, then twice as long each time, at most an hour."""
        status = side.upstream_status or 0
        if side.answered and (status < 400 or side.refused):
            self._failures = 0
            return
        self._paused_until = self._clock() + min(_LONGEST_PAUSE, _PAUSE * 2**self._failures)
        self._failures = min(self._failures + 1, 16)


def _prepare(request: Request) -> _Prepared | None:
    """The request with another group in it; None for one that may not be asked again or has none to swap."""
    asked = question(request)
    made = swapped(asked, random.randrange) if asked is not None else None
    if asked is None or made is None:
        return None
    try:
        return _Prepared(made[0], asked_with(asked, made[1]))
    except JsonError:
        return None


def _tokens_of(body: bytes) -> int:
    """About how many tokens a request is: a Chinese character is three bytes and about one token, an English word
    five and one."""
    return len(body) // 3 + 1


def _tokens_in(characters: int) -> int:
    return characters // 2 + 1

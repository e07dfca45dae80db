"""The answers to one question: the model is asked again until one is good enough, and the best of them leaves.

    ask -> judge to the end -> good enough? leave : choose the better, tell the model what was wrong, ask again

Rules:
1. While another answer may follow, nothing of one leaves, but for policies whose rules all say `stream: sentence`:
   there the text leaves as it is judged, and a rule blocks once some has left.
2. The first answer is one like any other: an upstream that fails, or a rule that blocks, ends the exchange as it would
   without these rules.  Of later ones, what fails or is blocked is not better, and the deadline breaks one off.
3. Every answer is told to the audit record, and its cost to the client.
4. The rules on requests hold for what is said to the model here, as if the client had said it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from guardrail import regeneration
from guardrail.dialects.protocol import Conversational
from guardrail.edits import apply
from guardrail.errors import Blocked, ExchangeError
from guardrail.policy.decide import Asking
from guardrail.regeneration import FEEDBACK, FIRST, SAME
from guardrail.review import AskAgain, Review, review
from guardrail.scanner import Scanner
from guardrail.turn import Connection, Held, Turn
from guardrail.types import Action, Attempt, FailedCheck, Hit, Segment, Stage
from guardrail.usage import Usage, added, tokens
from guardrail.wire import jsontext

Outlet = Connection | Held
Answer = Callable[[Turn, Outlet, bytes], Awaitable[None]]
"""Asks the upstream with a body and passes the answer on.  Raises ExchangeError, and AskAgain for a stream of which
nothing has left."""
Deliver = Callable[[Turn, Held], Awaitable[None]]
"""Sends what was held."""

_MOST_KINDS = 50
_IDEMPOTENCY = frozenset({b"idempotency-key", b"x-idempotency-key"})


@dataclass(frozen=True, slots=True)
class _End:
    """How it ended with an answer: `again` is what ended a stream of which nothing had left."""

    again: Hit | None = None
    blocked: bool = False
    error: str = ""


@dataclass(slots=True)
class _One:
    """One answer.  `hits` and `failed` are what was found in it alone."""

    turn: Turn
    outlet: Outlet
    note: Attempt
    hits: Sequence[Hit]
    failed: Sequence[FailedCheck]
    wanted: Sequence[Hit]
    blocked: bool = False
    usage: Usage = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether it is what the client gets: it is good enough, or has begun to leave."""
        return (isinstance(self.outlet, Connection) and self.outlet.started) or not (self.blocked or self.wanted)

    @property
    def faults(self) -> list[Hit]:
        """What the model is told of."""
        return [*self.wanted, *(hit for hit in self.hits if hit.action is Action.BLOCK and hit not in self.wanted)]

    @property
    def may_leave(self) -> bool:
        """Whether it is let out if there is none better."""
        return isinstance(self.outlet, Held) and not self.blocked and regeneration.is_usable(self.hits)

    @property
    def rank(self) -> regeneration.Rank:
        """How good it is."""
        strongest = self.note.action if self.note.action is not None and self.may_leave else Action.BLOCK
        return regeneration.rank(strongest, self.hits, self.failed)


def may_ask_again(turn: Turn, body: bytes) -> bool:
    """Whether this question may be asked again at all."""
    conversation = isinstance(turn.dialect, Conversational) and turn.exchange.method == "POST" and bool(body)
    return conversation and turn.judge.may_regenerate


class Attempts:
    """All answers of one turn."""

    def __init__(self, turn: Turn, scanner: Scanner, answer: Answer, deliver: Deliver) -> None:
        self._turn, self._scanner, self._answer, self._deliver = turn, scanner, answer, deliver
        self._judge = turn.judge
        self._policy = turn.judge.policy
        self._holds = turn.judge.holds_to_ask_again or not turn.call.stream
        self._deadline: float | None = None
        self._told: list[Attempt] = []
        self._best: _One | None = None
        self._allowed = 0
        self._usage: dict[tuple[str | int, ...], int] = {}

    async def run(self, client: Connection, body: bytes) -> None:
        """Ask with `body` and let the best answer out.  Raises ExchangeError."""
        try:
            await self._ask(client, body)
        finally:
            if len(self._told) > 1:
                self._turn.attempts = tuple(self._told)

    async def _ask(self, client: Connection, body: bytes) -> None:
        asked, sent = FIRST, body
        while True:
            one = await self._one(client, asked, sent)
            if one is not None and one.is_final:
                await self._leaves(one)
                return
            if one is None or not self._may_follow(one):
                break
            sent, asked = await self._question(one, body)
        await self._end()

    async def _one(self, client: Connection, asked: str, body: bytes) -> _One | None:
        """One more answer, None where there is none."""
        trial = self._trial()
        outlet: Outlet = Held(self._policy.hold_cap) if self._holds else client
        self._turn.asked += 1
        began, end = time.perf_counter(), _End()
        try:
            await self._in_time(client, trial, outlet, body)
        except AskAgain as wish:
            end = _End(again=wish.hit)
        except ExchangeError as failure:
            if not self._told:
                self._turn.adopt(trial)
                raise
            blocked = isinstance(failure, Blocked)
            end = _End(blocked=blocked, error="" if blocked else failure.code)
        except BaseException as failure:
            self._noted(trial, outlet, asked, _End(error=_why(failure)), began)
            self._turn.adopt(trial)
            raise
        return self._noted(trial, outlet, asked, end, began)

    def _trial(self) -> Turn:
        """The turn of the next answer."""
        number = len(self._told) + 1
        judge = self._judge.asking(Asking.TRYING if self._holds else Asking.OPEN)
        trial = self._turn.trial(number, judge, held=self._holds)
        if number > 1:  # it is no repetition of the first question, whose answer the vendor may have kept under its key
            trial.raw_headers = [(n, v) for n, v in trial.raw_headers if n not in _IDEMPOTENCY]
            trial.finish = None if self._holds else self._finish(number, self._usage)
        return trial

    async def _in_time(self, client: Connection, trial: Turn, outlet: Outlet, body: bytes) -> None:
        """Ask, up to the deadline; what the client has begun to see is not broken off."""
        try:
            async with asyncio.timeout_at(self._deadline) as patience:
                client.on_start = lambda: None if patience.expired() else patience.reschedule(None)
                await self._answer(trial, outlet, body)
        except TimeoutError:
            if not patience.expired():
                raise
            raise ExchangeError(504, "deadline", "The answer took too long.") from None
        finally:
            client.on_start = None

    def _noted(self, trial: Turn, outlet: Outlet, asked: str, end: _End, began: float) -> _One | None:
        """Write an answer down."""
        base, witness = self._turn.decision, trial.witness
        hits, failed = trial.decision.hits[len(base.hits) :], trial.decision.failed[len(base.failed) :]
        error = end.error or ("upstream_error" if self._told and _is_failure(trial) else "")
        found = regeneration.wishes(hits) or ([end.again] if end.again is not None else [])
        usage = witness.usage if witness is not None else {}
        self._usage = added(self._usage, usage)
        self._turn.tokens += tokens(usage)
        done = regeneration.action(hits, failed, self._judge.failure_action(), blocked=end.blocked)
        note = Attempt(
            number=len(self._told) + 1,
            asked=asked,
            action=None if error else done,
            kinds=_kinds(hits),
            status=trial.upstream_status,
            tokens=tokens(usage),
            duration_ms=round((time.perf_counter() - began) * 1000, 3),
            error=error,
        )
        self._told.append(note)
        if error:
            return None
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._policy.regenerate_deadline
        one = _One(trial, outlet, note, hits, failed, found, end.blocked, usage)
        if self._best is None or one.rank < self._best.rank:
            self._best = one
        return one

    def _may_follow(self, one: _One) -> bool:
        """Whether the model is asked again after `one`."""
        self._allowed = regeneration.limit(one.wanted) or self._allowed
        is_large = isinstance(one.outlet, Held) and len(one.outlet.body) > self._policy.hold_cap
        is_late = self._deadline is not None and asyncio.get_running_loop().time() >= self._deadline
        return len(self._told) <= self._allowed and not (is_large or is_late or _is_failure(one.turn))

    async def _question(self, one: _One, body: bytes) -> tuple[bytes, str]:
        """How the model is asked again, and whether it is told anything."""
        turn, witness = self._turn, one.turn.witness
        if turn.call.choices > 1 or (witness is not None and witness.acts):
            return body, SAME
        leaks = one.blocked or regeneration.leaks(one.hits, one.failed)
        said = witness.said if witness is not None and not leaks else ""
        words = regeneration.feedback(one.faults, said, turn.call.context.prompt, by_kind=leaks)
        cleared = await self._cleared(said, words)
        if cleared is None:
            words = regeneration.feedback(one.faults, "", turn.call.context.prompt, by_kind=True)
            cleared = await self._cleared("", words)
        assert isinstance(turn.dialect, Conversational)
        made = None
        if cleared is not None:
            with suppress(jsontext.JsonError):
                made = turn.dialect.ask_again(body, *cleared)
        return (body, SAME) if made is None else (made, FEEDBACK)

    async def _cleared(self, said: str, words: str) -> tuple[str, str] | None:
        """Both texts after the rules on requests; None where these let one of them not pass."""
        turn = self._turn
        segments = [
            Segment(Stage.REQUEST, role, "content", (role,), text)
            for role, text in (("assistant", said), ("user", words))
        ]
        context = replace(turn.call.context, stage=Stage.REQUEST)
        result = await review(self._scanner, self._judge, segments, context, Stage.REQUEST)
        stopped = result.failed and self._judge.failure_action() is Action.BLOCK
        if stopped or result.action >= Action.REGENERATE:
            return None
        return _edited(result, segments[0]), _edited(result, segments[1])

    async def _leaves(self, one: _One) -> None:
        """Let an answer out, with what the others cost."""
        turn, number = self._turn, len(self._told)
        self._told[one.note.number - 1] = replace(one.note, chosen=True)
        turn.attempts = tuple(self._told) if number > 1 else ()
        turn.adopt(one.turn)
        if number > 1:
            turn.decision.action = max(turn.decision.action, Action.REGENERATE)
        if not isinstance(one.outlet, Held):
            return  # it has left by itself
        if turn.stream is not None:
            turn.identity, turn.stream = turn.stream.identity, None
        others = {name: count - one.usage.get(name, 0) for name, count in self._usage.items()}
        turn.kind, turn.finish = one.turn.kind, self._finish(number, others) if number > 1 else None
        await self._deliver(turn, one.outlet)

    def _finish(self, number: int, others: Usage) -> Callable[[bytes], bytes]:
        """What becomes of each document of the answer that leaves."""
        identity, strongest = self._turn.exchange.id, Action.REGENERATE
        return lambda raw: regeneration.finished(raw, others, identity, number, strongest)

    async def _end(self) -> None:
        """No answer is what was wanted: the best of them leaves, or none."""
        best = self._best
        assert best is not None  # the first that fails ends the exchange
        if best.may_leave:
            await self._leaves(best)
            return
        turn = self._turn
        base = replace(turn.decision, hits=list(turn.decision.hits))
        turn.adopt(best.turn)
        regeneration.closed(turn.decision, base)
        worst = max(best.faults, key=_weight, default=None)
        raise Blocked(self._judge.message(worst))


def _why(end: BaseException) -> str:
    return "broken_off" if isinstance(end, asyncio.CancelledError) else type(end).__name__


def _weight(hit: Hit) -> tuple[bool, float]:
    return hit.rule is not None and hit.rule.otherwise is Action.BLOCK, hit.finding.score


def _is_failure(turn: Turn) -> bool:
    """Whether the upstream answered with an error."""
    return (turn.upstream_status or 0) >= 400 or (turn.stream is not None and turn.stream.erred)


def _kinds(hits: Sequence[Hit]) -> tuple[tuple[str, str, float], ...]:
    found = sorted((hit for hit in hits if hit.rule), key=lambda hit: (-hit.action, -hit.finding.score))
    return tuple((hit.finding.kind, hit.rule.id if hit.rule else "", hit.finding.score) for hit in found[:_MOST_KINDS])


def _edited(result: Review, segment: Segment) -> str:
    return apply(segment.text, result.edits().get(segment.pointer, []))

"""The models that a policy may have asked about an answer: its judge, and the same model once more.

Rules:
1. Nothing is asked that was not taken from the day's budget before; what was asked is counted in the record of the
   exchange, with what it cost.
2. The judge is the operator's choice: the sidecar's own upstream with the client's key, or another with a key of its
   own, which goes into one header and nowhere else.
3. Whatever goes wrong (no answer in time, a status other than 200, a reply without text, a spent budget) is a
   CheckError: a check that did not finish did not pass.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import orjson

from guardrail.dialects.protocol import Dialect
from guardrail.errors import CheckError, ExchangeError, SettingsError
from guardrail.sampling_budget import Budget
from guardrail.sampling_question import Header, kept_headers
from guardrail.types import Consultation, LlmJudge
from guardrail.upstream import Upstream
from guardrail.vendors import VENDORS, Asking, Vendor, visible

T = TypeVar("T")
BUDGET = "judge.budget"
"""The name of the count, in the audit directory."""
_LARGEST = 1 << 20
"""Bytes of a reply."""
_TOKENS = 1500
"""The most tokens of a verdict."""
Again = Callable[[], Awaitable[tuple[str, int]]]
"""Asks the client's question once more: the text of the answer, and the tokens that it cost."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What is ready for every exchange: the model that is asked, where, and what a day may cost."""

    settings: LlmJudge
    budget: Budget
    dialects: Sequence[Dialect]
    upstream: Upstream
    elsewhere: bool = False
    key: str = ""
    path: str = ""

    def ask(self, dialect: Dialect, headers: Sequence[Header], again: Again) -> "Asks":
        """Who asks during one exchange, whose client speaks `dialect` and sent `headers`."""
        return Asks(self, dialect, headers, again)


def bench(
    settings: LlmJudge,
    budget: Budget,
    dialects: Sequence[Dialect],
    upstream: Upstream,
    transport: httpx.AsyncBaseTransport,
    environment: Mapping[str, str] = os.environ,
) -> Bench:
    """Make the judge ready; `transport` is what an upstream of its own
    is reached by.  Raises SettingsError for a key that is not
    there."""
    if not settings.url:
        return Bench(settings, budget, dialects, upstream)
    key = environment.get(settings.key_env, "") if settings.key_env else ""
    if settings.key_env and not key:
        raise SettingsError(f"the judge's key is to be in {settings.key_env}, which is not set (`judge.key_env`)")
    parts = urlsplit(VENDORS[settings.vendor].url(settings.url, settings.model))
    own = Upstream({"": f"{parts.scheme}://{parts.netloc}"}, transport, limit=_LARGEST)
    return Bench(settings, budget, dialects, own, elsewhere=True, key=key, path=parts.path)


@dataclass(slots=True)
class Asks:
    """The questions of one exchange; `consulted` says what they cost."""

    bench: Bench
    dialect: Dialect
    headers: Sequence[Header]
    repeat: Again
    consulted: list[Consultation] = field(default_factory=list)
    _deadline: float = 0.0

    def afresh(self) -> "Asks":
        """The same for another answer in the same exchange, on which a verdict has its own time."""
        return replace(self, _deadline=0.0)

    async def judge(self, system: str, question: str) -> str:
        """What the judge replies.  Raises CheckError."""
        settings = self.bench.settings
        vendor = VENDORS.get(settings.vendor or self.dialect.vendor)
        if vendor is None:
            raise CheckError("the judge has no `vendor`, and this API is none of its")
        asking = Asking(settings.model, _TOKENS, system=system)
        body = orjson.dumps(vendor.request(asking, question))
        with self._counted("judge", len(body)) as cost:
            reply = await self._in_time(self._post(vendor, body))
            read = vendor.read(reply)
            cost.tokens = read.tokens or len(body) // 3
            if read.native:
                raise CheckError("the judge refused to answer")
            if read.cut:
                raise CheckError("the judge's reply was cut at its limit")
            return visible(read.text)

    async def again(self) -> str:
        """What the model answers to the same question.  Raises CheckError."""
        with self._counted("again", 0) as cost:
            text, tokens = await self._in_time(self.repeat())
            cost.tokens = tokens
            if not text.strip():
                raise CheckError("the second answer has no text")
            return text

    async def _in_time(self, work: Awaitable[T]) -> T:
        """The result of `work`, within what is left of the time for one verdict."""
        now = time.monotonic()
        self._deadline = self._deadline or now + self.bench.settings.timeout
        try:
            return await asyncio.wait_for(work, max(0.001, self._deadline - now))
        except TimeoutError:
            raise CheckError("timed out") from None
        except ExchangeError as error:
            raise CheckError(f"no answer ({error.code})") from None

    async def _post(self, vendor: Vendor, body: bytes) -> object:
        path = self.bench.path or vendor.path(self.bench.settings.model)
        named = next((each for each in self.bench.dialects if each.matches("POST", path)), self.dialect)
        reply = await self.bench.upstream.send(named, "POST", path, self._headers(vendor), body)
        try:
            raw = b"".join([chunk async for chunk in reply.chunks()])
        finally:
            await reply.close()
        if reply.status != 200:
            raise CheckError(f"the judge answered with status {reply.status}")
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise CheckError("the judge's upstream did not answer with JSON") from None

    def _headers(self, vendor: Vendor) -> list[Header]:
        """The client's own for the sidecar's upstream; for another, those of the judge alone."""
        if not self.bench.elsewhere:
            return kept_headers(self.headers)
        own = {"content-type": "application/json", "user-agent": "guardrail", **vendor.headers(self.bench.key)}
        return [(name.encode(), value.encode("latin-1")) for name, value in own.items()]

    @contextmanager
    def _counted(self, asked: str, size: int) -> Iterator["_Cost"]:
        expected = size // 3 + _TOKENS
        if not self.bench.budget.take(expected):
            self.consulted.append(Consultation(asked, error="the budget of the day is spent"))
            raise CheckError("the budget of the day is spent")
        cost, started, error = _Cost(), time.perf_counter(), ""
        try:
            yield cost
        except CheckError as failed:
            error = str(failed)
            raise
        finally:
            self.bench.budget.settle(cost.tokens - expected if cost.tokens else 0)
            spent = round((time.perf_counter() - started) * 1000, 3)
            self.consulted.append(Consultation(asked, cost.tokens, spent, error))


@dataclass(slots=True)
class _Cost:
    tokens: int = 0

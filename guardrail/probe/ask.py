"""Asking the questions of a plan: several at a time, with retries, within a budget, each answer kept as it comes.

Rules:
1. Never more requests than the budget, retries counted, and no question once the tokens it may cost would break it; a
   set is begun only if all of it fits.
2. 408, 409, 425, 429, 5xx, a dropped connection and a timeout are tried again, later each time or when the upstream
   says; what still fails is left out of the comparison and asked again by the next run.
3. An answer that says the run itself is wrong (401, 403, 404, a body it does not take) ends it at once.  Once another
   question was answered, a body that is not taken is that question's own fault: it is left out like one that failed.
4. The key is in the headers and nowhere else: a message that repeats it is told without it.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

import httpx

from guardrail.errors import CheckError, SettingsError
from guardrail.probe.plan import Plan, Question
from guardrail.probe.state import Answer, State
from guardrail.vendors import VENDORS, Reply, complaint, visible, withheld

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
NOT_TAKEN = frozenset({400, 413, 422})
_LONGEST = 60.0
_IN_A_ROW = 8
"""Questions that fail one after the other, each with all its retries, before the run gives up."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the questions are asked."""

    key: str = ""
    concurrency: int = 4
    retries: int = 5
    timeout: float = 120.0
    backoff: float = 0.5
    budget_requests: int | None = None
    budget_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    """What came instead of an answer; `again` says whether to try again, after `wait` seconds if the upstream says."""

    said: str
    wait: float | None = None
    again: bool = True


@dataclass
class Run:
    """A run over a plan; `stopped` says which budget ended it, "" when every question was asked."""

    plan: Plan
    state: State
    manner: Manner
    asked: Callable[[], None] = lambda: None
    stopped: str = ""
    _reserved_requests: int = 0
    _reserved_tokens: int = 0
    _failing: int = 0

    def __post_init__(self) -> None:
        self._vendor = VENDORS[self.plan.wanted.dialect]
        self._url = self._vendor.url(self.plan.wanted.upstream, self.plan.wanted.asking.model)
        self._dice = random.Random(self.plan.wanted.seed)
        self._due = self._questions()

    def ask(self) -> None:
        """Ask what has no answer yet.  Raises SettingsError or CheckError when going on makes no sense."""
        asyncio.run(self._ask())

    async def _ask(self) -> None:
        limits = httpx.Limits(max_connections=self.manner.concurrency)
        headers = {"user-agent": "guardrail-probe", **self._vendor.headers(self.manner.key)}
        try:
            client = httpx.AsyncClient(headers=headers, timeout=self.manner.timeout, limits=limits)
        except UnicodeEncodeError:
            raise SettingsError("the key holds characters that no header takes; look at its variable") from None
        async with client:
            workers = [asyncio.create_task(self._work(client)) for _ in range(self.manner.concurrency)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, client: httpx.AsyncClient) -> None:
        for question in self._due:
            answer = await self._answer(client, question)
            self.state.add(answer)
            self.asked()
            self._failing = self._failing + 1 if answer.failed else 0
            if self._failing >= _IN_A_ROW:
                raise CheckError(f"{self._url}: {self._failing} questions in a row got no answer: {answer.failed}")

    def _questions(self) -> Iterator[Question]:
        begun: set[str] = set()
        for one in self.plan.sets:
            due = {q.key: q for q in one if q.key not in begun and self._open(q)}
            if not due:
                continue
            if not self._affordable([q.prompt for q in due.values()]):
                return
            begun |= due.keys()
            for question in due.values():
                self._reserved_requests += 1
                self._reserved_tokens += self._worst(question.prompt)
            yield from due.values()

    def _open(self, question: Question) -> bool:
        answer = self.state.answers.get(question.key)
        return answer is None or bool(answer.failed)

    def _worst(self, prompt: str) -> int:
        """No prompt has more tokens than bytes; no answer more than it may."""
        asking = self.plan.wanted.asking
        asked = [value for name, value in (asking.extra or {}).items() if "max" in name and "token" in name]
        longest = max([asking.max_tokens, *(value for value in asked if isinstance(value, int))])
        return longest + len(prompt.encode()) + len(asking.system.encode())

    def _affordable(self, prompts: list[str]) -> bool:
        requests, tokens = self.manner.budget_requests, self.manner.budget_tokens
        if requests is not None and self.state.sent + self._reserved_requests + len(prompts) > requests:
            self.stopped = "requests"
        elif tokens is not None:
            worst = self.state.tokens + self._reserved_tokens + sum(map(self._worst, prompts))
            self.stopped = "tokens" if worst > tokens else ""
        return not self.stopped

    async def _answer(self, client: httpx.AsyncClient, question: Question) -> Answer:
        sent, failed = 0, ""
        try:
            while sent <= self.manner.retries:
                if sent and not self._may_retry():
                    failed += "; the budget leaves no retry"
                    break
                if sent:
                    self.state.sent += 1  # told at once, so that others see it; see below
                sent += 1
                found = await self._once(client, question)
                if isinstance(found, Reply):
                    self._check_tokens(found)
                    self.state.sent -= sent - 1
                    return Answer(question.key, found.text, found.native, found.cut, found.tokens, sent)
                failed = found.said
                if not found.again:
                    break
                if sent <= self.manner.retries:
                    await asyncio.sleep(self._pause(sent, found.wait))
        finally:
            self._reserved_requests -= 1
            self._reserved_tokens -= self._worst(question.prompt)
        self.state.sent -= sent - 1  # the answer brings its count along
        return Answer(question.key, sent=sent, failed=failed)

    def _may_retry(self) -> bool:
        budget = self.manner.budget_requests
        return budget is None or self.state.sent + self._reserved_requests < budget

    def _check_tokens(self, reply: Reply) -> None:
        if self.manner.budget_tokens is not None and reply.tokens is None and not reply.native:
            raise CheckError(
                f"{self._url} does not say how many tokens it used, so --budget-tokens cannot be kept; "
                "use --budget-requests and --max-tokens"
            )

    async def _once(self, client: httpx.AsyncClient, question: Question) -> Reply | _Failed:
        body = self._vendor.request(self.plan.wanted.asking, question.prompt)
        try:
            response = await client.post(self._url, json=body)
        except httpx.TimeoutException:
            return _Failed(f"no answer within {self.manner.timeout:g} s")
        except httpx.RequestError as error:
            return _Failed(self._clean(f"{type(error).__name__} {error}".strip()))
        except httpx.InvalidURL as error:
            raise SettingsError(f"--upstream {self._url}: {error}") from error
        filtered = withheld(response.status_code, response.headers, response.content)
        if filtered:
            return Reply(complaint(response.content) if response.status_code != 200 else self._text(response), filtered)
        said = f"status {response.status_code} ({self._clean(complaint(response.content))})"
        if response.status_code in AGAIN:
            return _Failed(said, _retry_after(response))
        if response.status_code in NOT_TAKEN and self._is_taken():
            return _Failed(said, again=False)
        if response.status_code != 200:
            raise self._wrong(response)
        try:
            reply = self._vendor.read(response.json())
        except ValueError:
            return _Failed("an answer that is not JSON")
        if reply.native or visible(reply.text).strip():
            return reply
        cure = "raise --max-tokens" if reply.cut else "check --dialect"
        return _Failed(f"an answer without text; {cure}")

    def _is_taken(self) -> bool:
        """Whether the upstream took another question of this plan."""
        return any(not answer.failed for answer in self.state.answers.values())

    def _text(self, response: httpx.Response) -> str:
        try:
            return self._vendor.read(response.json()).text
        except ValueError:
            return ""

    def _wrong(self, response: httpx.Response) -> SettingsError:
        said = self._clean(complaint(response.content))
        status = response.status_code
        cure = {
            401: f"set {' or '.join(self._vendor.keys)} (or name another variable with --key-env)",
            403: f"the key in {' or '.join(self._vendor.keys)} may not use this model",
            404: "check --upstream, --model and --dialect",
            400: "if it does not take one of the members, change it with --extra, as in "
            """--extra '{"max_tokens": null, "max_completion_tokens": 400}'""",
        }.get(status, "redirects are not followed" if 300 <= status < 400 else "check --upstream and --dialect")
        return SettingsError(f"{self._url} answered {status} ({said}); {cure}")

    def _clean(self, text: str) -> str:
        return text.replace(self.manner.key, "[key]") if self.manner.key else text

    def _pause(self, sent: int, asked: float | None) -> float:
        if asked is not None:
            return min(asked, _LONGEST)
        return min(self.manner.backoff * 2.0 ** (sent - 1), _LONGEST) * self._dice.uniform(0.75, 1.25)


def _retry_after(response: httpx.Response) -> float | None:
    value: str = response.headers.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError):
        return max(0.0, float(parsedate_to_datetime(value).timestamp()) - time())
    return None

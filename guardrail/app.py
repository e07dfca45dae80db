"""The composition root: settings in, a running sidecar out.

Here and nowhere else policy, detectors, dialects, sink and upstream meet.  The reserved prefix `/_guardrail/` is
guardrail's own: nothing below it is ever sent upstream.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardrail.audit.jsonl import JsonlSink
from guardrail.audit.key import load_or_create
from guardrail.audit.sink import Sink
from guardrail.detectors import registry
from guardrail.dialects.protocol import Dialect
from guardrail.errors import PolicyError, SettingsError
from guardrail.llm_judge import BUDGET as JUDGE_BUDGET
from guardrail.llm_judge import bench as prepared
from guardrail.policy import cases
from guardrail.policy.decide import Judge
from guardrail.policy.load import load, packaged
from guardrail.proxy import Guard, Proxy
from guardrail.sampling import Sampler
from guardrail.sampling_budget import FILE as BUDGET
from guardrail.sampling_budget import Budget
from guardrail.scanner import Scanner
from guardrail.settings import Settings, from_environment
from guardrail.types import Policy
from guardrail.upstream import AiohttpTransport, Timeouts, Upstream

RESERVED = "/_guardrail/"
DEFAULT_POLICY = "hk-baseline"


def load_policy(path: Path | None) -> Policy:
    """The policy in `path`, by default the packaged one.  Raises PolicyError."""
    return load(path if path is not None else packaged(DEFAULT_POLICY))


def dialects() -> tuple[Dialect, ...]:
    """Every registered dialect; the order of names, so that it never depends on installation."""
    entries = sorted(
        entry_points(group="guardrail.dialects"), key=lambda entry: (entry.name == "json_body", entry.name)
    )
    return tuple(entry.load()() for entry in entries)


async def prepare(policy: Policy, *, prove: bool = True) -> Guard:
    """A policy with its detectors loaded and, with `prove`, its cases run.

    Raises PolicyError when a case fails or a rule cannot be served, CheckError when a detector cannot be loaded.
    """
    scanner = Scanner(policy, registry.available())
    if prove:
        failed = cases.broken(await cases.run(policy, scanner))
        if failed:
            scanner.close()
            first = failed[0]
            more = f" (and {len(failed) - 1} more; `guardrail policy test` lists them)" if len(failed) > 1 else ""
            raise PolicyError(
                f"case of rule `{first.rule.id}` failed: {first.problem}{more}",
                source=policy.source,
                line=first.case.line,
            )
    return Guard(policy, scanner, Judge(policy), dialects())


class Sidecar:
    """The ASGI application: guardrail's own endpoints, and the proxy for everything else."""

    def __init__(
        self, guard: Guard, proxy: Proxy, upstream: Upstream, sink: Sink, sampler: Sampler | None = None
    ) -> None:
        self._guard, self._proxy, self._upstream, self._sink = guard, proxy, upstream, sink
        self._sampler = sampler
        self._own = Starlette(
            routes=[
                Route(RESERVED + "healthz", self._healthz, methods=["GET"]),
                Route(RESERVED + "readyz", self._readyz, methods=["GET"]),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope["path"].startswith(RESERVED):
            await self._own(scope, receive, send)
        else:
            await self._proxy(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            if self._sampler is not None:
                await self._sampler.close()
            await self._upstream.close()
            self._guard.scanner.close()
            self._sink.close()

    async def _healthz(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, request: Request) -> JSONResponse:
        audit = self._sink.healthy or self._sink.probe()
        body = {
            "status": "ready" if audit else "not ready",
            "policy": self._guard.policy.label,
            "audit": "writable" if audit else "cannot be written",
            "checks": list(self._guard.scanner.checks),
        }
        return JSONResponse(body, 200 if audit else 503)


def compose(
    guard: Guard, settings: Settings, *, sink: Sink | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> Sidecar:
    """A sidecar out of parts.  Raises AuditError when the log cannot be opened."""
    transport = transport or AiohttpTransport(Timeouts(settings.connect_timeout, settings.read_timeout))
    upstream = Upstream(settings.upstreams, transport, limit=settings.response_limit)
    if sink is None:
        sink = JsonlSink(settings.audit, fsync=_fsync(settings.audit_fsync))
        sink.open()
    key = load_or_create(settings.audit)
    guard = replace(guard, judge=guard.judge.keyed(key))
    proxy = Proxy(
        guard,
        upstream,
        sink,
        key,
        request_limit=settings.request_limit,
        annotate=settings.annotate,
        parity=settings.parity,
    )
    judge = guard.policy.judge
    if judge is not None and guard.scanner.consults:
        own = Budget(settings.audit / JUDGE_BUDGET, judge.requests, judge.tokens)
        proxy.consult(prepared(judge, own, guard.dialects, upstream, transport))
    return Sidecar(guard, proxy, upstream, sink, _sampler(guard, settings, proxy, sink))


def _sampler(guard: Guard, settings: Settings, proxy: Proxy, sink: Sink) -> Sampler | None:
    """What asks questions again, where the operator wants that."""
    if not settings.parity_sample:
        return None
    budget = Budget(settings.audit / BUDGET, settings.parity_requests, settings.parity_tokens)
    sampler = Sampler(settings.parity_sample, budget, sink, proxy.replay, guard.policy.label)
    proxy.sample_with(sampler)
    return sampler


def create() -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The application of one worker process, from the environment."""
    settings = from_environment()
    return compose(_in_new_loop(settings), settings)


def _in_new_loop(settings: Settings) -> Guard:
    """Worker processes import this inside uvicorn's own loop, where `asyncio.run` is refused."""
    guards: list[Guard] = []

    async def work() -> None:
        guards.append(await prepare(load_policy(settings.policy), prove=False))

    import threading

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    if not guards:
        raise SettingsError("the policy could not be made ready in a worker; see the message above")
    return guards[0]


def _fsync(word: str) -> Any:
    modes: Sequence[str] = ("each", "interval", "none")
    if word not in modes:
        raise SettingsError(f"audit-fsync must be one of {', '.join(modes)}, not `{word}`")
    return word

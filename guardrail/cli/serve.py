"""`guardrail serve`: the sidecar itself.

Rule: everything that can be wrong is found before the port is opened, and said in one line.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import uvicorn

from guardrail.app import compose, load_policy, prepare
from guardrail.detectors import registry
from guardrail.errors import SettingsError
from guardrail.policy.advice import advice
from guardrail.server import HeadLimited
from guardrail.settings import UPSTREAM_NAMES, Settings, to_environment

F = TypeVar("F", bound=Callable[..., Any])


class _Server(uvicorn.Server):
    """uvicorn's server, but a requested stop is an exit status of 0 and not a signal raised again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]  # the one that was found, for --port 0
            click.echo(f"guardrail: serving on http://{self.config.host}:{port}", err=True)


def _option(*names: str, **more: Any) -> Callable[[F], F]:
    """An option with its variable, its default and its type in the help."""
    more.setdefault("show_default", True)
    variable = "GUARDRAIL_" + names[0].split("/")[0].lstrip("-").replace("-", "_").upper()
    return click.option(*names, envvar=variable, show_envvar=True, **more)


@click.command()
@_option(
    "--upstream",
    required=True,
    multiple=True,
    metavar="[API=]URL",
    help="The LLM API to guard, e.g. https://api.openai.com.  Several, one for each API: "
    f"NAME=URL with {', '.join(UPSTREAM_NAMES)} (in the variable separated by spaces).",
)
@_option("--policy", type=click.Path(path_type=Path), help="Policy file.  [default: the packaged hk-baseline]")
@_option("--host", default="127.0.0.1", help="Address to listen on.")
@_option("--port", default=8080, type=click.IntRange(0, 65535), help="Port to listen on.")
@_option("--audit", default=Path("audit"), type=click.Path(path_type=Path), help="Directory of the audit log.")
@_option("--workers", default=1, type=click.IntRange(1, 100), help="Processes to serve with.")
@_option(
    "--audit-fsync",
    default="interval",
    type=click.Choice(["each", "interval", "none"]),
    help="When records are forced to disk.",
)
@_option("--request-limit", default=32 << 20, type=click.IntRange(1024), metavar="BYTES", help="Largest request.")
@_option("--response-limit", default=32 << 20, type=click.IntRange(1024), metavar="BYTES", help="Largest answer.")
@_option(
    "--connect-timeout", default=10.0, type=click.FloatRange(0.01), metavar="SECONDS", help="To reach the upstream."
)
@_option(
    "--read-timeout",
    default=300.0,
    type=click.FloatRange(0.01),
    metavar="SECONDS",
    help="Between two reads of an answer.",
)
@_option(
    "--drain", default=30.0, type=click.FloatRange(0.01), metavar="SECONDS", help="For streams to end after SIGTERM."
)
@_option("--annotate/--no-annotate", default=True, help="Tell clients what was found (headers, `guardrail` member).")
@_option(
    "--parity/--no-parity",
    default=False,
    help="Record language, groups mentioned and refusals, for `guardrail report parity`.",
)
@_option(
    "--parity-sample",
    default=0.0,
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Share of questions to ask again with the group swapped, with the caller's own key.",
)
@_option("--parity-requests", default=100, type=click.IntRange(1), help="Most questions asked again in a day.")
@_option("--parity-tokens", default=200_000, type=click.IntRange(1), help="Most tokens spent on them in a day.")
def serve(**options: Any) -> None:
    """Guard an LLM API: listen, judge by the policy, forward to UPSTREAM."""
    settings = Settings(**{**options, "upstream": " ".join(options["upstream"])})
    _require_free(settings)
    policy = load_policy(settings.policy)
    guard = asyncio.run(prepare(policy))
    click.echo(
        f"guardrail: policy {policy.label} ({policy.source}), {sum(len(r.cases) for r in policy.rules)} cases hold; "
        f"upstream {settings.upstream}; audit log {settings.audit}",
        err=True,
    )
    if settings.parity_sample:
        click.echo(
            f"guardrail: asks up to {settings.parity_sample:.2%} of questions again with the group swapped: at most "
            f"{settings.parity_requests} requests and {settings.parity_tokens} tokens a day, paid by the callers' keys",
            err=True,
        )
    for words in advice(policy, registry.available()):
        click.echo(f"guardrail: note on {policy.label}: {words}", err=True)
    # What start-up made stays for good; a collector that walks it again and again costs a tenth of a request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    common: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": HeadLimited,
        "ws": "none",
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "date_header": False,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": max(1, round(settings.drain)),
    }
    if settings.workers == 1:
        server = _Server(uvicorn.Config(compose(guard, settings), **common))
        server.run()
        if not server.started:
            raise SettingsError(f"could not listen on {settings.host}:{settings.port}")
        return
    guard.scanner.close()
    os.environ.update(to_environment(settings))
    click.echo(f"guardrail: starting {settings.workers} workers on http://{settings.host}:{settings.port}", err=True)
    uvicorn.run("guardrail.app:create", factory=True, workers=settings.workers, **common)


def _require_free(settings: Settings) -> None:
    """A port in use is the commonest mistake, so it is named before anything slow begins."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; choose another --port"
            ) from None

"""What guardrail costs: CPU time per plain request and per streamed event, beside proxies that judge nothing.

    python -m benchmarks.proxy [--policy FILE] [--seconds 3] [--rounds 3] [--only NAME,NAME] [--json FILE]

Rules:
1. CPU time of the proxy's process tree is the figure; wall times on a shared machine measure its other users.
2. All targets run at once and are visited in turn, round after round, and the median of the rounds counts: whatever
   else the machine does, it does to all of them.  Ratios within one run say more than any figure alone.
3. An answer that is not a 200, or a connection that breaks, makes the run fail.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import load, processes, upstream
from benchmarks.processes import EMPTY_POLICY, Server, ServerError, free_port, module, serving

REQUEST_GOAL_MS = 2.0
EVENT_GOAL_MS = 0.3
GROWTH_GOAL = 1.2
TARGETS = {
    "direct": "no proxy: the client asks the upstream",
    "httpx": "Starlette, httpx default transport, nothing judged",
    "starlette": "Starlette, guardrail's upstream client, nothing judged",
    "empty": "guardrail serve, a policy without rules",
    "policy": "guardrail serve, the policy under test",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One kind of traffic."""

    kind: str
    language: str
    connections: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.language}-c{self.connections}"

    @property
    def stream(self) -> bool:
        return self.kind == "stream"


SCENES = tuple(
    Scene(kind, language, connections)
    for kind in ("plain", "stream")
    for language, connections in (("en", 1), ("en", 16), ("en", 64), ("zh", 16))
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One target in one scene.  `cpu_ms` is per request, or per event where streamed."""

    requests: int
    events: int
    errors: int
    per_second: float
    cpu_ms: float | None
    p50_ms: float
    p99_ms: float
    first_ms: float | None


def measure(server: Server | None, port: int, scene: Scene, seconds: float) -> Figures:
    """Drive one target for a while."""
    before = server.cpu_seconds() if server else 0.0
    path = upstream.path_of(scene.language, scene.kind)
    tally = load.run(port, path, scene.connections, seconds, stream=scene.stream)
    spent = server.cpu_seconds() - before if server else 0.0
    done = tally.events if scene.stream else tally.requests
    return Figures(
        requests=tally.requests,
        events=tally.events,
        errors=tally.errors,
        per_second=done / tally.elapsed,
        cpu_ms=spent / done * 1000 if server and done else None,
        p50_ms=load.percentile(tally.total, 0.5) * 1000,
        p99_ms=load.percentile(tally.total, 0.99) * 1000,
        first_ms=load.percentile(tally.first, 0.5) * 1000 if scene.stream else None,
    )


def median(rounds: Sequence[Figures]) -> Figures:
    """The median of every figure by itself; errors are added up."""
    middle: dict[str, Any] = {}
    for name in Figures.__dataclass_fields__:
        values = [value for figures in rounds if (value := getattr(figures, name)) is not None]
        middle[name] = statistics.median(values) if values else None
    return Figures(**{**middle, "errors": sum(figures.errors for figures in rounds)})


@contextmanager
def site(names: Sequence[str], policy: Path | None) -> Iterator[dict[str, tuple[Server | None, int]]]:
    """The upstream and every target of `names`, running.  Raises ServerError."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        back = free_port()
        stack.enter_context(serving(module("upstream", "--port", str(back)), back))
        targets: dict[str, tuple[Server | None, int]] = {}
        for name in names:
            if name == "direct":
                targets[name] = (None, back)
                continue
            port = free_port()
            targets[name] = (stack.enter_context(serving(command(name, back, port, policy, scratch), port)), port)
        yield targets


def command(name: str, back: int, port: int, policy: Path | None, scratch: Path) -> list[str]:
    """How a target is started."""
    if name in ("empty", "policy"):
        if name == "empty":
            policy = scratch / "empty.yaml"
            policy.write_text(EMPTY_POLICY)
        return processes.guardrail(back, port, scratch / f"audit-{name}", policy)
    return module("passthrough", name, "--upstream", str(back), "--port", str(port))


def run(
    targets: dict[str, tuple[Server | None, int]],
    scenes: Sequence[Scene],
    seconds: float,
    rounds: int,
    progress: Progress,
) -> dict[str, dict[str, list[Figures]]]:
    """Every scene of every target, `rounds` times in turn."""
    found: dict[str, dict[str, list[Figures]]] = {scene.name: {name: [] for name in targets} for scene in scenes}
    task = progress.add_task("warming up", total=len(targets) * (1 + rounds * len(scenes)))
    for server, port in targets.values():
        for kind in ("plain", "stream"):
            measure(server, port, Scene(kind, "en", 8), min(0.5, seconds))
        progress.advance(task)
    for turn in range(rounds):
        for scene in scenes:
            for name, (server, port) in targets.items():
                progress.update(task, description=f"round {turn + 1}: {scene.name}, {name}")
                found[scene.name][name].append(measure(server, port, scene, seconds))
                progress.advance(task)
    return found


def table_of(
    scenes: Sequence[Scene], medians: dict[str, dict[str, Figures]], rounds: dict[str, dict[str, list[Figures]]]
) -> Table:
    """The figures as a table, one block for each scene."""
    table = Table(title="CPU time of the proxy (median of rounds)", title_justify="left")
    table.add_column("scene")
    table.add_column("target")
    for name in ("CPU ms", "per", "lowest-highest", "x starlette", "x httpx", "done/s", "p50 ms", "p99 ms", "first ms"):
        table.add_column(name, justify="right")
    for scene in scenes:
        for name, figures in medians[scene.name].items():
            costs = [one.cpu_ms for one in rounds[scene.name][name] if one.cpu_ms is not None]
            table.add_row(
                scene.name,
                name,
                _number(figures.cpu_ms),
                "event" if scene.stream else "request",
                f"{min(costs):.3f}-{max(costs):.3f}" if costs else "",
                _ratio(figures, medians[scene.name].get("starlette")),
                _ratio(figures, medians[scene.name].get("httpx")),
                f"{figures.per_second:.0f}",
                f"{figures.p50_ms:.2f}",
                f"{figures.p99_ms:.2f}",
                f"{figures.first_ms:.2f}" if figures.first_ms is not None else "",
            )
        table.add_section()
    return table


def goals(medians: dict[str, dict[str, Figures]]) -> list[tuple[str, float, float]]:
    """What is aimed at, what was seen, and the limit; only what was measured."""
    seen: list[tuple[str, float, float]] = []
    cost = {scene: figures["policy"].cpu_ms for scene, figures in medians.items() if "policy" in figures}
    for scene, value in cost.items():
        if value is not None:
            unit, limit = ("event", EVENT_GOAL_MS) if scene.startswith("stream") else ("request", REQUEST_GOAL_MS)
            seen.append((f"CPU ms per {unit}, policy on, {scene}", value, limit))
    for kind in ("plain", "stream"):
        one, many = cost.get(f"{kind}-en-c1"), cost.get(f"{kind}-en-c64")
        if one and many:
            seen.append((f"growth of CPU from 1 to 64 connections, {kind}", many / one, GROWTH_GOAL))
    return seen


def goals_table(seen: Sequence[tuple[str, float, float]]) -> Table:
    """The goals beside the figures."""
    table = Table(title="Goals", title_justify="left")
    for name in ("goal", "seen", "at most", ""):
        table.add_column(name, justify="left" if name in ("goal", "") else "right")
    for name, value, limit in seen:
        table.add_row(name, f"{value:.3f}", f"{limit:g}", "met" if value <= limit else "missed")
    return table


def _ratio(figures: Figures, base: Figures | None) -> str:
    if figures.cpu_ms is None or base is None or not base.cpu_ms:
        return ""
    return f"{figures.cpu_ms / base.cpu_ms:.2f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _chosen(given: str, known: Sequence[str], what: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()] or list(known)
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"{what} `{unknown[0]}` does not exist; there are {', '.join(known)}")
    return names


@click.command(help=__doc__.split("\n", 1)[0])
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: the packaged baseline."
)
@click.option(
    "--seconds", default=3.0, show_default=True, type=click.FloatRange(0.1), help="Length of one measurement."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Visits to every target.")
@click.option("--only", default="", help=f"Targets: {', '.join(TARGETS)}.")
@click.option("--scenes", "chosen", default="", help=f"Scenes: {', '.join(scene.name for scene in SCENES)}.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures to this file."
)
def main(policy: Path | None, seconds: float, rounds: int, only: str, chosen: str, out: Path | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150)
    names = _chosen(only, list(TARGETS), "target")
    wanted = _chosen(chosen, [scene.name for scene in SCENES], "scene")
    scenes = [scene for scene in SCENES if scene.name in wanted]
    at_start = processes.machine()
    try:
        with site(names, policy) as targets, Progress(console=Console(stderr=True), transient=True) as progress:
            found = run(targets, scenes, seconds, rounds, progress)
            memory = {name: server.memory_bytes() for name, (server, _) in targets.items() if server}
            ready = {name: server.ready_after for name, (server, _) in targets.items() if server}
    except ServerError as error:
        raise click.ClickException(str(error)) from None
    at_end = processes.machine()
    medians = {scene: {name: median(one) for name, one in row.items()} for scene, row in found.items()}
    console.print(processes.described(at_start, at_end))
    console.print(
        f"{rounds} rounds of {seconds:g} s; an answer has {upstream.ANSWER_BYTES} bytes of text, a stream "
        f"{upstream.EVENTS + 3} events {upstream.PACE * 1000:.0f} ms apart; c1, c16, c64 are connections"
    )
    console.print(table_of(scenes, medians, found))
    for name in memory:
        console.print(f"{name}: {TARGETS[name]}; {memory[name] / 2**20:.0f} MiB, listening after {ready[name]:.1f} s")
    console.print(goals_table(goals(medians)))
    errors = sum(figures.errors for row in medians.values() for figures in row.values())
    if out:
        report = {
            "machine": {"start": at_start, "end": at_end},
            "seconds": seconds,
            "rounds": rounds,
            "medians": {scene: {name: asdict(one) for name, one in row.items()} for scene, row in medians.items()},
            "goals": [{"goal": name, "seen": value, "at_most": limit} for name, value, limit in goals(medians)],
            "memory_bytes": memory,
            "ready_after": ready,
        }
        out.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
    if errors:
        raise click.ClickException(f"{errors} requests failed; the figures do not count")


if __name__ == "__main__":
    main()

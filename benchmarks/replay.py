"""Real answers through a real sidecar: what is altered, whether all else is byte-identical, how long text is held.

    python -m benchmarks.replay [--data FILE] [--policy FILE] [--limit N] [--json FILE]

Every exchange of the file goes through a running `guardrail serve` twice, whole and streamed.  Exit status 1 when an
answer that should be untouched differs by a byte, when whole and streamed disagree, or when an exchange failed.
"""

import asyncio
import hashlib
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click
import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import holdback, processes
from benchmarks.outcomes import ACTIONS, ALTERED, FAILED, Outcome, Received, excerpt, fired, judge
from benchmarks.proxy import goals_table
from benchmarks.replay_upstream import NUMBER, ReplayUpstream, Script, script_of
from guardrail.app import load_policy, prepare
from guardrail.errors import GuardrailError

GOAL = 0.01
HELD_P50_GOAL, HELD_P95_GOAL = 8, 64
LATE_P50_GOAL = 1
DATA = Path("../shared/data/benign/replay.jsonl")
_PATH = "/v1/chat/completions"
_LANGUAGES = {"en": "English", "zh-Hans": "Simplified Chinese", "yue": "Cantonese"}
MODES = ("whole", "streamed")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the data: what was asked and what was answered."""

    id: str
    language: str
    source: str
    messages: Sequence[Mapping[str, str]]
    text: str

    @property
    def prompt(self) -> str:
        """The last thing the user said."""
        return next((m["content"] for m in reversed(self.messages) if m["role"] == "user"), "")


@dataclass(frozen=True, slots=True)
class Replayed:
    """An exchange with what became of it both ways."""

    exchange: Exchange
    outcomes: Mapping[str, Outcome]
    problems: Sequence[str]

    @property
    def action(self) -> str:
        """The strongest of both ways; a failure above all."""
        order = (*ACTIONS, FAILED)
        return max((one.action for one in self.outcomes.values()), key=order.index)


def read(path: Path, limit: int | None) -> list[Exchange]:
    """The exchanges of a JSON Lines file with `id`, `lang`, `messages` (the last one is the answer)."""
    found: list[Exchange] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if limit is not None and len(found) >= limit:
                break
            one = json.loads(line)
            *asked, answer = one["messages"]
            found.append(Exchange(one["id"], one.get("lang", ""), one.get("source", ""), asked, answer["content"]))
    return found


async def replay(
    exchanges: Sequence[Exchange],
    scripts: Sequence[Script],
    policy: Path | None,
    seed: int,
    connections: int,
    progress: Progress,
) -> list[Replayed]:
    """Send every exchange through a sidecar, whole and streamed.  Raises ServerError."""
    upstream = ReplayUpstream(scripts, seed)
    server = await upstream.start()
    back, port = server.sockets[0].getsockname()[1], processes.free_port()
    received: dict[tuple[int, bool], Received] = {}
    asked: dict[tuple[int, bool], bytes] = {}
    with tempfile.TemporaryDirectory() as scratch:
        audit = Path(scratch) / "audit"
        starting = progress.add_task("starting guardrail serve", total=None)
        with processes.serving(processes.guardrail(back, port, audit, policy), port):
            progress.remove_task(starting)
            task = progress.add_task("replaying", total=2 * len(exchanges))
            jobs = iter([(number, stream) for number in range(len(exchanges)) for stream in (False, True)])

            async def work(session: aiohttp.ClientSession) -> None:
                for number, stream in jobs:
                    body = request_body(exchanges[number], seed, stream=stream)
                    asked[number, stream] = hashlib.sha256(body).digest()
                    received[number, stream] = await _ask(session, port, number, body)
                    progress.advance(task)

            timeout = aiohttp.ClientTimeout(total=120)
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False) as session:
                await asyncio.gather(*(work(session) for _ in range(connections)))
        server.close()
        records = read_records(audit)
    out: list[Replayed] = []
    for number, exchange in enumerate(exchanges):
        outcomes = {}
        problems: list[str] = []
        for mode, stream in zip(MODES, (False, True), strict=True):
            got = received[number, stream]
            record = records.get(got.header("x-guardrail-audit-id"))
            outcomes[mode] = one = judge(got, scripts[number], exchange.text, record, stream=stream)
            problems += [f"{mode}: {problem}" for problem in one.problems]
            if upstream.received.get((number, stream)) != asked[number, stream]:
                problems.append(f"{mode}: the request that reached the upstream is not the one that was sent")
        if outcomes["whole"].signature != outcomes["streamed"].signature:
            problems.append("whole and streamed disagree")
        out.append(Replayed(exchange, outcomes, problems))
    return out


def request_body(exchange: Exchange, seed: int, *, stream: bool) -> bytes:
    """The request of an exchange, in one of the spellings that clients use."""
    escaped = random.Random(f"{seed}/{exchange.id}").random() < 0.5
    body = {"model": "replay", "messages": exchange.messages, **({"stream": True} if stream else {})}
    return json.dumps(body, ensure_ascii=escaped).encode()


def read_records(directory: Path) -> dict[str, Mapping[str, Any]]:
    """The exchange records of an audit log, by id."""
    lines = [line for path in sorted(directory.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    records = [orjson.loads(line) for line in lines]
    return {record["id"]: record for record in records if record.get("type") == "exchange"}


async def _ask(session: aiohttp.ClientSession, port: int, number: int, body: bytes) -> Received:
    headers = {"content-type": "application/json", "authorization": "Bearer replay", NUMBER: str(number)}
    parts: list[bytes] = []
    status = 0
    raw: Sequence[tuple[bytes, bytes]] = ()
    try:
        async with session.post(f"http://127.0.0.1:{port}{_PATH}", data=body, headers=headers) as response:
            status, raw = response.status, response.raw_headers
            async for part in response.content.iter_any():
                parts.append(part)
        broken = ""
    except (aiohttp.ClientError, TimeoutError) as error:
        broken = type(error).__name__
    return Received(status, [(n.decode().lower(), v.decode("latin-1")) for n, v in raw], b"".join(parts), broken)


async def measure_holdback(
    exchanges: Sequence[Exchange], scripts: Sequence[Script], policy: Path | None, progress: Progress
) -> dict[str, holdback.Summary]:
    """The hold-back of every language and of all together.  Raises GuardrailError."""
    guard = await prepare(load_policy(policy))
    task = progress.add_task("measuring hold-back", total=len(exchanges))
    measured: dict[str, list[holdback.HoldBack]] = {}
    for exchange, script in zip(exchanges, scripts, strict=True):
        one = await holdback.measure(guard, script, exchange.prompt)
        measured.setdefault(exchange.language, []).append(one)
        measured.setdefault("all", []).append(one)
        progress.advance(task)
    guard.scanner.close()
    return {language: holdback.summary(ones) for language, ones in measured.items()}


def listed(one: Replayed) -> dict[str, Any]:
    """An exchange with its findings and their surroundings, for a person to judge."""
    outcome = max(one.outcomes.values(), key=lambda o: (*ACTIONS, FAILED).index(o.action))
    texts = {"response": one.exchange.text, "request": one.exchange.prompt}
    findings = [
        {name: f[name] for name in ("kind", "rule", "action", "stage", "channel", "start", "end", "score", "evidence")}
        | {"excerpt": excerpt(texts[f["stage"]], f)}
        for f in fired(outcome.findings)
    ]
    return {"id": one.exchange.id, "lang": one.exchange.language, "action": one.action, "findings": findings}


def counts(replayed: Sequence[Replayed]) -> dict[str, dict[str, Counter[str]]]:
    """By language (and `all`) and mode: how many answers came to which action, and how many stayed identical."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for one in replayed:
        for language in (one.exchange.language, "all"):
            for mode, outcome in one.outcomes.items():
                counter = found.setdefault(language, {name: Counter() for name in MODES})[mode]
                counter.update(["answers", outcome.action] + ["identical"] * outcome.identical)
    return found


def outcome_table(found: Mapping[str, Mapping[str, Counter[str]]]) -> Table:
    """How many answers came to which end."""
    table = Table(title="What became of the answers", title_justify="left")
    table.add_column("language")
    table.add_column("way")
    for name in ("answers", "byte-identical", "flagged", "noticed", "redacted", "blocked", "failed"):
        table.add_column(name, justify="right")
    for language, modes in sorted(found.items(), key=lambda item: item[0] == "all"):
        for mode, counter in modes.items():
            values = [counter[name] for name in ("answers", "identical", "flag", "notice", "redact", "block", FAILED)]
            table.add_row(_LANGUAGES.get(language, language), mode, *map(str, values))
        table.add_section()
    return table


def holdback_table(summaries: Mapping[str, holdback.Summary]) -> Table:
    """How much text waits, and for how many chunks the first waits."""
    table = Table(
        title="Hold-back of streams (characters held after each frame; chunks by which the first text is late)",
        title_justify="left",
    )
    table.add_column("language")
    for name in ("streams", "frames", "held p50", "p95", "p99", "max", "first text late by p50", "p95", "max"):
        table.add_column(name, justify="right")
    for language, one in sorted(summaries.items(), key=lambda item: item[0] == "all"):
        values = (
            one.streams, one.frames, one.held_p50, one.held_p95, one.held_p99, one.held_max,
            one.delay_p50, one.delay_p95, one.delay_max,
        )  # fmt: skip
        table.add_row(_LANGUAGES.get(language, language), *map(str, values))
    return table


def holdback_goals(one: holdback.Summary) -> list[tuple[str, float, float]]:
    """What is aimed at in hold-back, what was seen, and the limit."""
    return [
        ("characters held, p50", one.held_p50, HELD_P50_GOAL),
        ("characters held, p95", one.held_p95, HELD_P95_GOAL),
        ("chunks by which the first text is late, median", one.delay_p50, LATE_P50_GOAL),
    ]


def print_listed(console: Console, title: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Every answer of a list with its findings."""
    console.print(f"\n{title}: {len(entries)}", style="bold")
    for entry in entries:
        console.print(f"{entry['action']:7} {entry['lang']:8} {entry['id']}", markup=False, highlight=False)
        for finding in entry["findings"]:
            where = f"{finding['kind']} ({finding['rule']}, {finding['stage']}, score {finding['score']:.2f})"
            console.print(f"        {where}: {finding['excerpt']}", markup=False, highlight=False, soft_wrap=True)


@click.command(help=__doc__.split("\n", 1)[0])
@click.option("--data", default=DATA, show_default=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: the packaged baseline."
)
@click.option("--limit", type=click.IntRange(1), help="Only the first N exchanges.")
@click.option("--seed", default=1, show_default=True, help="Decides spellings and where streams are cut.")
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1), help="Exchanges at a time.")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write everything to this file."
)
def main(data: Path, policy: Path | None, limit: int | None, seed: int, connections: int, out: Path | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150)
    bar = Console(stderr=True)
    exchanges = read(data, limit)
    scripts = [script_of(number, exchange.text, seed) for number, exchange in enumerate(exchanges)]
    at_start = processes.machine()
    try:
        with Progress(console=bar, transient=True, disable=not bar.is_terminal) as progress:
            replayed = asyncio.run(replay(exchanges, scripts, policy, seed, connections, progress))
            held = asyncio.run(measure_holdback(exchanges, scripts, policy, progress))
    except (processes.ServerError, GuardrailError) as error:
        raise click.ClickException(str(error)) from None
    found = counts(replayed)
    altered = [listed(one) for one in replayed if one.action in ALTERED]
    flagged = [listed(one) for one in replayed if one.action == "flag"]
    problems = [(one.exchange.id, problem) for one in replayed for problem in one.problems]
    share = len(altered) / max(1, len(replayed))
    console.print(processes.described(at_start, processes.machine()))
    print_listed(console, "Altered", altered)
    print_listed(console, "Flagged, text and bytes untouched but for the `guardrail` member", flagged)
    console.print(outcome_table(found))
    console.print(holdback_table(held))
    aims = holdback_goals(held["all"]) if held else []
    console.print(goals_table(aims))
    untouched = sum(one.identical for r in replayed for one in r.outcomes.values())
    console.print(f"byte-identical: {untouched} of {2 * len(replayed)} answers (whole and streamed)")
    agreeing = sum(one.outcomes["whole"].signature == one.outcomes["streamed"].signature for one in replayed)
    console.print(f"whole and streamed agree: {agreeing} of {len(replayed)}")
    verdict = "met" if share <= GOAL else "missed"
    console.print(f"altered: {len(altered)} of {len(replayed)} = {share:.2%}; goal at most {GOAL:.0%}: {verdict}")
    for identity, problem in problems:
        console.print(f"PROBLEM {identity}: {problem}", style="bold red", markup=False)
    if out:
        report = {
            "counts": found, "altered_share": share, "goal": GOAL, "altered": altered, "flagged": flagged,
            "problems": problems, "holdback": {language: asdict(one) for language, one in held.items()},
            "holdback_goals": [{"goal": name, "seen": value, "at_most": limit} for name, value, limit in aims],
        }  # fmt: skip
        out.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

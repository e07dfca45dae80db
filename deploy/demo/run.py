"""The demo: real processes, the official SDK, real policies, and a table of what became of each answer.

    .venv/bin/python deploy/demo/run.py

It starts a small upstream with answers of its own, `guardrail serve` in front of it with policies/hk-baseline.yaml,
and a second one with a policy that blocks; asks every question whole and streamed; reads the audit log through the
command line.  Rules: the reasons in the table come from the audit records; the exit status is 0 only when each
answer came out as it should and the log verifies; nothing is left behind, whatever happens.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from answers import ANSWERS, BY_QUESTION, PRIVATE_KEY_QUESTION, TOXIC_QUESTION, Answer
from processes import PATIENCE, DemoError, environment, first_line, free_port, guardrail, running, wait_ready
from rich.console import Console

HERE = Path(__file__).resolve().parent
BASELINE = HERE.parents[1] / "policies" / "hk-baseline.yaml"
BLOCKING = HERE / "blocking.yaml"
BLOCKED = (BY_QUESTION[PRIVATE_KEY_QUESTION], BY_QUESTION[TOXIC_QUESTION])

Records = dict[str, dict[str, Any]]
Exchange = tuple[Answer, Any, Any]


def main() -> int:
    """Run the demo; the exit status."""
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGHUP, _interrupted)
    console = Console(highlight=False)
    try:
        faults = _demo(console)
    except DemoError as error:
        console.print(f"The demo could not run: {error}", markup=False, style="bold red")
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped; nothing was left running.")
        return 130
    for fault in faults:
        console.print(f"FAILED  {fault}", markup=False, style="bold red")
    if faults:
        return 1
    _next(console)
    return 0


def _interrupted(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _demo(console: Console) -> list[str]:
    with _place() as place:
        audit = place / "audit"
        with ExitStack() as stack, console.status("Starting the upstream and guardrail ...") as status:
            url, strict_url = _start(stack, place, audit)
            status.update("Asking ...")
            exchanges = _ask(url, ANSWERS, status.update)
            blocked = _ask(strict_url, BLOCKED, status.update)
            records = _records(audit, 2 * len(exchanges + blocked))
        # From here on nothing runs any more; what is left is to be read from the log.
        _show(console, exchanges, blocked, records)
        return [*_faults(exchanges, blocked, records), *_read_log(console, audit)]


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="guardrail-demo-") as name:
        yield Path(name)


def _start(stack: ExitStack, place: Path, audit: Path) -> tuple[str, str]:
    """The upstream and both sidecars, which get ready at the same time; the sidecars' URLs."""
    log = place / "upstream.log"
    command = [sys.executable, str(HERE / "upstream.py"), "--port", "0"]
    upstream = stack.enter_context(running(command, log, stdout=subprocess.PIPE))
    target = first_line(upstream, log)
    waiting = []
    for policy in (BASELINE, BLOCKING):
        port, log = free_port(), place / f"{policy.stem}.log"
        serve = ["serve", "--upstream", target, "--policy", str(policy), "--port", str(port), "--audit", str(audit)]
        process = stack.enter_context(running(guardrail(*serve), log))
        waiting.append((process, f"http://127.0.0.1:{port}", log))
    for process, url, log in waiting:
        wait_ready(process, url, log)
    return waiting[0][1], waiting[1][1]


def _ask(url: str, answers: Sequence[Answer], tell: Callable[[str], None]) -> list[Exchange]:
    from client import ask_streamed, ask_whole, connect  # the SDK takes a second to import; the sidecars start first

    out: list[Exchange] = []
    with connect(url) as client:
        for number, answer in enumerate(answers, 1):
            tell(f"Asking, {number} of {len(answers)} ...")
            out.append((answer, ask_whole(client, answer.question), ask_streamed(client, answer.question)))
    return out


def _records(audit: Path, count: int) -> Records:
    """The audit records by id; they are written after the last byte has left, so the last one may be a moment late."""
    deadline = time.monotonic() + PATIENCE
    while True:
        listed = _guardrail("audit", "list", "--audit", str(audit), "--limit", "0", "--format", "jsonl")
        lines = map(json.loads, listed.splitlines())
        found = {line["id"]: line for line in lines if line["type"] == "exchange"}
        if len(found) >= count or time.monotonic() > deadline:
            return found


def _guardrail(*arguments: str) -> str:
    done = subprocess.run(guardrail(*arguments), capture_output=True, text=True, env=environment())
    if done.returncode:
        raise DemoError(
            f"guardrail {' '.join(arguments[:2])} ended with status {done.returncode}: {done.stderr.strip()}"
        )
    return done.stdout


def _show(console: Console, exchanges: Sequence[Exchange], blocked: Sequence[Exchange], records: Records) -> None:
    import table

    for title, some in (
        (f"With policies/{BASELINE.name}: edits what is beyond doubt, marks what is likely", exchanges),
        ("With deploy/demo/blocking.yaml: withholds private keys and insults", blocked),
    ):
        shown = table.new_table(title)
        for answer, whole, streamed in some:
            known = [records[got.record] for got in (whole, streamed) if got.record in records]
            table.add(shown, answer, whole, streamed, known)
        console.print(shown)
        console.print()


def _faults(exchanges: Sequence[Exchange], blocked: Sequence[Exchange], records: Records) -> list[str]:
    from expected import block_faults, faults

    out: list[str] = []
    for answer, whole, streamed in exchanges:
        for form, got in (("whole", whole), ("streamed", streamed)):
            out += (f"{answer.question} ({form}): {one}" for one in faults(answer, got, records.get(got.record)))
        if whole.text != streamed.text:
            out.append(f"{answer.question}: the streamed text is not the whole one")
    for answer, whole, streamed in blocked:
        for form, got in (("whole", whole), ("streamed", streamed)):
            found = block_faults(answer, got, records.get(got.record), streamed=got is streamed)
            out += (f"{answer.question} (blocking, {form}): {one}" for one in found)
    return out


def _read_log(console: Console, audit: Path) -> list[str]:
    """List and verify the log, as an operator would."""
    out = []
    for command in (("audit", "list", "--limit", "0"), ("audit", "verify")):
        console.print(f"$ guardrail {' '.join(command)} --audit DIR", markup=False, style="bold")
        sys.stdout.flush()
        done = subprocess.run(guardrail(*command, "--audit", str(audit)), env=environment())
        console.print()
        if done.returncode:
            out.append(f"guardrail {' '.join(command)} ended with status {done.returncode}")
    return out


def _next(console: Console) -> None:
    leaking = sum(answer.action == "redact" for answer in ANSWERS)
    console.print(
        f"{len(ANSWERS)} questions, each whole and streamed: {leaking} answers came out without the values that they "
        "leaked, the clean ones came out as they were, and the log verifies.  Nothing was left running.\n"
    )
    console.print("To put it in front of an LLM that you have:", style="bold")
    console.print("    .venv/bin/guardrail serve --upstream https://api.openai.com", markup=False)
    console.print("and give your application the base URL http://127.0.0.1:8080/v1 instead of the provider's.")


if __name__ == "__main__":
    sys.exit(main())

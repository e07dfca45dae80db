"""The demo's processes: each one is started, waited for, and ended whatever happens.

Rule: `running` never leaves a process behind; one that does not stop when asked is killed.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

PATIENCE = 60.0
"""Seconds that a process may take to become ready."""
GRACE = 10.0
"""Seconds that a process may take to stop."""


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def environment() -> dict[str, str]:
    """Ours without GUARDRAIL_* variables, which would change what the demo shows."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GUARDRAIL_")}


def guardrail(*arguments: str) -> list[str]:
    """The command line beside the interpreter that runs the demo."""
    return [str(Path(sys.executable).with_name("guardrail")), *arguments]


@contextmanager
def running(
    command: Sequence[str], log: Path, *, stdout: IO[bytes] | int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its words in the file `log`, stopped at the end."""
    with log.open("wb") as words:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout or words, stderr=words, env=environment()
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdout:
            process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until `guardrail serve` says that it is ready.  Raises DemoError with its own words."""
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise DemoError(f"guardrail serve ended with status {process.returncode}:\n{_words(log)}")
            if _ready(client, url):
                return
            time.sleep(0.1)
    raise DemoError(f"guardrail serve was not ready within {PATIENCE:.0f} s:\n{_words(log)}")


def _ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/_guardrail/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def _words(log: Path) -> str:
    return log.read_text(errors="replace").strip() or "(it said nothing)"


def first_line(process: subprocess.Popen[bytes], log: Path) -> str:
    """What a process prints first.  Raises DemoError when it ends without a word."""
    assert process.stdout is not None
    line = process.stdout.readline().decode().strip()
    if not line:
        raise DemoError(f"the demo upstream did not start:\n{_words(log)}")
    return line

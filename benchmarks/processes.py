"""Servers as processes of their own: started, waited for, measured and stopped.

Rules:
1. CPU time is that of the whole process tree, user and system together.  Linux keeps it per thread in nanoseconds
   (`/proc/PID/task/*/schedstat`); elsewhere psutil's clock, which ticks every 10 ms, has to do.
2. Whatever happens to the benchmark, no server outlives it.
"""

import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

START_LIMIT = 120.0
STOP_LIMIT = 15.0
EMPTY_POLICY = "version: 1\nname: empty\n"


class ServerError(RuntimeError):
    """A server did not start; the message ends with its own last words."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that accepts connections."""

    process: psutil.Process
    port: int
    ready_after: float

    def cpu_seconds(self) -> float:
        """CPU time of the process and its children so far."""
        return sum(_cpu_of(process) for process in _tree(self.process))

    def memory_bytes(self) -> int:
        """Resident memory of the process and its children."""
        return sum(process.memory_info().rss for process in _tree(self.process))


@contextmanager
def serving(command: Sequence[str], port: int) -> Iterator[Server]:
    """`command` as a server on `port`, stopped at the end.  Raises ServerError."""
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        popen = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            _wait_for(popen, port, log.fileno())
            yield Server(psutil.Process(popen.pid), port, time.perf_counter() - begun)
        finally:
            _stop(popen)


def guardrail(upstream: int, port: int, audit: Path, policy: Path | None = None) -> list[str]:
    """The command of a sidecar as an operator would start it."""
    command = [sys.executable, "-c", "from guardrail.cli.main import main; main()", "serve"]
    command += ["--upstream", f"http://127.0.0.1:{upstream}", "--port", str(port), "--audit", str(audit)]
    return command + (["--policy", str(policy)] if policy else [])


def module(name: str, *arguments: str) -> list[str]:
    """The command of a module of this package."""
    return [sys.executable, "-m", f"benchmarks.{name}", *arguments]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def machine() -> dict[str, object]:
    """What the figures were taken on, with nothing that names the machine."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def described(at_start: dict[str, object], at_end: dict[str, object]) -> str:
    """The machine in one line, with its load before and after."""
    return (
        f"{at_start['cpu']}, {at_start['cores']} cores, {at_start['system']}, Python {at_start['python']}; "
        f"load average (1, 5, 15 min) {at_start['load_average']} at the start, {at_end['load_average']} at the end"
    )


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu_of(process: psutil.Process) -> float:
    nanoseconds = 0
    try:
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that has just ended
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
    except OSError:
        nanoseconds = 0
    times = process.cpu_times()
    return nanoseconds / 1e9 if nanoseconds else times.user + times.system


def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _wait_for(popen: "subprocess.Popen[bytes]", port: int, log: int) -> None:
    limit = time.perf_counter() + START_LIMIT
    while time.perf_counter() < limit:
        if popen.poll() is not None:
            raise ServerError(f"{_brief(popen.args)} ended with status {popen.returncode}:\n{_last_words(log)}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise ServerError(f"{_brief(popen.args)} did not listen within {START_LIMIT:.0f} s:\n{_last_words(log)}")


def _brief(args: object) -> str:
    words = [str(word) for word in args] if isinstance(args, list) else [str(args)]
    return " ".join(words[2:]) if words[1:2] == ["-m"] else " ".join(["guardrail", *words[3:]])


def _last_words(log: int) -> str:
    size = os.lseek(log, 0, os.SEEK_END)
    return os.pread(log, 2000, max(0, size - 2000)).decode(errors="replace").strip()


def _stop(popen: "subprocess.Popen[bytes]") -> None:
    popen.terminate()
    try:
        popen.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()

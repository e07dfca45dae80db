"""Where the sidecar's CPU time goes: samples of a loaded `guardrail serve`, by function and by library.

    python -m benchmarks.profile_proxy [--scene plain-en-c16] [--policy FILE] [--seconds 10]

The sidecar runs as always, with one thing more: a timer on its own CPU time that looks, some 250 times a CPU second,
at what it is doing.  Unlike a profiler that hooks every call it does not make small functions look dear.  Time in C
(RE2, orjson, sockets) belongs to the Python function that called it.
"""

import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import processes, upstream
from benchmarks.processes import EMPTY_POLICY, free_port, module, serving
from benchmarks.proxy import SCENES, Scene, measure

_EVERY = 0.001
_SERVE = (
    "import sys\nfrom pathlib import Path\nfrom benchmarks.profile_proxy import Sampler\n"
    "sampler = Sampler(Path(sys.argv.pop(1)))\nfrom guardrail.cli.main import main\n"
    "try:\n    main()\nfinally:\n    sampler.write()\n"
)


class Sampler:
    """Counts, per CPU time spent, which functions were running (self) and on the stack (total).

    It starts counting at SIGUSR1, so that loading is not in it.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._own: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._samples = 0
        signal.signal(signal.SIGPROF, self._look)
        signal.signal(signal.SIGUSR1, self._begin)
        signal.siginterrupt(signal.SIGPROF, False)

    def write(self) -> None:
        """Stop, and write what was counted."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._out.write_bytes(orjson.dumps({"samples": self._samples, "own": self._own, "total": self._total}))

    def _begin(self, number: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)

    def _look(self, number: int, frame: FrameType | None) -> None:
        self._samples += 1
        stack: list[str] = []
        while frame is not None:
            stack.append(_name(frame))
            frame = frame.f_back
        if stack:
            self._own[stack[0]] += 1
        self._total.update(set(stack))


def _name(frame: FrameType) -> str:
    code = frame.f_code
    path = code.co_filename
    if path.startswith("<"):
        return f"generated/{code.co_qualname}"
    for mark in ("/site-packages/", "/guardrail/"):
        if mark in path:
            path = path.rsplit(mark, 1)[1] if mark == "/site-packages/" else "guardrail/" + path.split(mark, 1)[1]
            break
    else:
        path = "python/" + "/".join(path.rsplit("/", 2)[1:])
    return f"{path}:{code.co_qualname}"


def library(name: str) -> str:
    """What a function belongs to: a file of guardrail, or a library as a whole."""
    path = name.split(":", 1)[0]
    return path if path.startswith("guardrail/") else path.split("/", 1)[0]


def tables(counted: dict[str, Any], unit_ms: float | None, unit: str, top: int) -> list[Table]:
    """Shares by library and by function; `unit_ms` is what one request or event costs in all."""
    samples = counted["samples"]
    libraries: Counter[str] = Counter()
    for name, count in counted["own"].items():
        libraries[library(name)] += count
    by_library = Table(title=f"By library and file ({samples} samples)", title_justify="left")
    by_function = Table(title="By function", title_justify="left")
    for table in (by_library, by_function):
        table.add_column("where")
        for column in ("self %", f"self us/{unit}"):
            table.add_column(column, justify="right")
    for column in ("total %", f"total us/{unit}"):
        by_function.add_column(column, justify="right")
    for name, count in libraries.most_common(top):
        by_library.add_row(name, *_share(count, samples, unit_ms))
    for name, count in Counter(counted["own"]).most_common(top):
        by_function.add_row(name, *_share(count, samples, unit_ms), *_share(counted["total"][name], samples, unit_ms))
    inside = Table(title="guardrail's own functions with what they call", title_justify="left")
    inside.add_column("where")
    for column in ("total %", f"total us/{unit}"):
        inside.add_column(column, justify="right")
    ours = Counter({name: count for name, count in counted["total"].items() if name.startswith("guardrail/")})
    for name, count in ours.most_common(top):
        inside.add_row(name, *_share(count, samples, unit_ms))
    return [by_library, by_function, inside]


def _share(count: int, samples: int, unit_ms: float | None) -> tuple[str, str]:
    share = count / samples if samples else 0.0
    return f"{share:.1%}", f"{share * unit_ms * 1000:.0f}" if unit_ms else ""


def profile(scene: Scene, policy: Path | None, seconds: float, scratch: Path) -> tuple[dict[str, Any], float | None]:
    """The samples of one loaded sidecar, and the CPU ms of one request or event while it was sampled."""
    back, port = free_port(), free_port()
    out = scratch / "samples.json"
    sidecar = processes.guardrail(back, port, scratch / "audit", policy)
    sidecar[2:3] = [_SERVE, str(out)]
    with serving(module("upstream", "--port", str(back)), back), serving(sidecar, port) as server:
        measure(server, port, scene, 1.0)
        server.process.send_signal(signal.SIGUSR1)
        figures = measure(server, port, scene, seconds)
    counted: dict[str, Any] = orjson.loads(out.read_bytes())
    return counted, figures.cpu_ms


@click.command(help=__doc__.split("\n", 1)[0])
@click.option("--scene", "name", default="plain-en-c16", show_default=True, type=click.Choice([s.name for s in SCENES]))
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: the packaged baseline."
)
@click.option("--empty", is_flag=True, help="A policy without rules instead.")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.5))
@click.option("--top", default=30, show_default=True, type=click.IntRange(1), help="Lines of each table.")
def main(name: str, policy: Path | None, empty: bool, seconds: float, top: int) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150)
    scene = next(one for one in SCENES if one.name == name)
    with tempfile.TemporaryDirectory() as scratch:
        if empty:
            policy = Path(scratch) / "empty.yaml"
            policy.write_text(EMPTY_POLICY)
        counted, cost = profile(scene, policy, seconds, Path(scratch))
    unit = "event" if scene.stream else "request"
    console.print(
        f"{scene.name}: {cost or 0:.3f} ms of CPU per {unit}, sampling included; answers {upstream.ANSWER_BYTES} bytes"
    )
    for table in tables(counted, cost, unit, top):
        console.print(table)


if __name__ == "__main__":
    main()

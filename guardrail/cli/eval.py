"""`guardrail eval`: how well the checks do, on sets of texts with known answers.

Rules: it writes nothing and downloads nothing; what data is missing is said by name and the rest is measured; the exit
status speaks of goals only when `--gate` asks for it.
"""

import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guardrail.app import load_policy
from guardrail.evaluation import leakage as leakage_sets
from guardrail.evaluation.datasets import DEFAULT
from guardrail.evaluation.report import T, Track, as_json, show_end, show_section, untracked
from guardrail.evaluation.stock import StockPresidio

_WIDTH = 320  # columns where nobody looks: wide tables stay whole


@click.group("eval")
def evaluate() -> None:
    """Measure the checks on sets of texts with known answers."""


@evaluate.command("leakage")
@click.option(
    "--data",
    default=DEFAULT,
    show_default=True,
    envvar="GUARDRAIL_DATA",
    show_envvar=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the evaluation sets.",
)
@click.option("--policy", type=click.Path(path_type=Path), help="Policy for the set `benign`.  [default: hk-baseline]")
@click.option(
    "--set",
    "names",
    multiple=True,
    type=click.Choice(list(leakage_sets.SETS)),
    help="Only this set; may be given several times.",
)
@click.option("--seed", default=1, show_default=True, help="Decides generated values, samples and bootstraps.")
@click.option("--limit", type=click.IntRange(1), help="At most this many texts of each set, drawn by the seed.")
@click.option("--baseline/--no-baseline", default=True, show_default=True, help="Measure stock Presidio beside it.")
@click.option("--json", "as_data", is_flag=True, help="Write JSON with every cell and every listing.")
@click.option("--gate", is_flag=True, help="Exit status 1 when a goal that was measured is missed.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def leakage(
    data: Path,
    policy: Path | None,
    names: Sequence[str],
    seed: int,
    limit: int | None,
    baseline: bool,
    as_data: bool,
    gate: bool,
    files: tuple[Path, ...],
) -> None:
    """Measure the checks on data leakage: every set, or those of --set, or your own FILES.

    FILES are JSON lines: {"id", "text", "lang"?, "prompt"?, "spans"?: [{"start", "end", "type"}], "labels"?:
    {"has_pii" | "has_secret" | "leak": true or false}}.  Exit status 0, with --gate 1 when a goal is missed, 2:
    something could not run.
    """
    with ExitStack() as stack:
        run = leakage_sets.Run(
            data,
            load_policy(policy) if policy else None,
            seed,
            limit,
            StockPresidio() if baseline and not (files and not names) else None,
            _tracker(stack),
        )
        console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
        report = leakage_sets.evaluate(
            run, names, files, (lambda section: None) if as_data else lambda section: show_section(section, console)
        )
    if as_data:
        sys.stdout.buffer.write(as_json(report))
    else:
        show_end(report, console)
    if any(section.failed for section in report.sections):
        sys.exit(2)
    if gate and report.missed:
        sys.exit(1)


def _tracker(stack: ExitStack) -> Track:
    """A progress bar on standard error, when somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return untracked
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=console, transient=True))

    def track(what: str, items: Sequence[T]) -> Iterable[T]:
        task = progress.add_task(what, total=len(items))
        for item in items:
            yield item
            progress.advance(task)
        progress.remove_task(task)

    return track

"""`guardrail eval`: how well the checks do, on sets of texts with known answers.

Rules: it writes nothing and downloads nothing; what data is missing is said by name and the rest is measured, but a
directory that the operator names must be there; the exit status speaks of goals only when `--gate` asks for it, and a
gate is no more open to what was not measured than to what was missed.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guardrail.app import load_policy
from guardrail.errors import SettingsError
from guardrail.evaluation import bias as bias_sets
from guardrail.evaluation import curves_draw
from guardrail.evaluation import errors as error_sets
from guardrail.evaluation import leakage as leakage_sets
from guardrail.evaluation.bias_readers import NAMES as READERS
from guardrail.evaluation.bias_readers import open_bench
from guardrail.evaluation.datasets import DEFAULT
from guardrail.evaluation.errors_run import Run as ErrorRun
from guardrail.evaluation.report import Report, T, Track, as_json, show_end, show_section, untracked
from guardrail.evaluation.stock import StockPresidio
from guardrail.evaluation.suite import Done, silent

C = TypeVar("C", bound=Callable[..., Any])


def _asking(sets: Iterable[str], policy: str) -> Callable[[C], C]:
    """The options that every evaluation has; `sets` are those that --set may name, `policy` is what --policy is for."""
    options = (
        click.option(
            "--data",
            default=DEFAULT,
            show_default=True,
            envvar="GUARDRAIL_DATA",
            show_envvar=True,
            type=click.Path(file_okay=False, path_type=Path),
            help="Directory of the evaluation sets.",
        ),
        click.option("--policy", type=click.Path(path_type=Path), help=f"{policy}  [default: hk-baseline]"),
        click.option(
            "--set",
            "names",
            multiple=True,
            type=click.Choice(list(sets)),
            help="Only this set; may be given several times.",
        ),
        click.option("--seed", default=1, show_default=True, help="Decides generated values, samples and bootstraps."),
        click.option("--limit", type=click.IntRange(1), help="At most this many texts of each set, drawn by the seed."),
        click.option("--json", "as_data", is_flag=True, help="Write JSON with every cell and every listing."),
        click.option("--gate", is_flag=True, help="Exit status 1 when a goal of a set is missed, or was not measured."),
        click.argument("files", nargs=-1, type=click.Path(path_type=Path)),
        click.pass_context,
    )

    def wrap(command: C) -> C:
        for option in reversed(options):
            command = cast(C, option(command))
        return command

    return wrap


@click.group("eval")
def evaluate() -> None:
    """Measure the checks on sets of texts with known answers."""


@evaluate.command("leakage")
@_asking(leakage_sets.SETS, "Policy for the set `benign`.")
@click.option("--baseline/--no-baseline", default=True, show_default=True, help="Measure stock Presidio beside it.")
def leakage(
    ctx: click.Context,
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

    FILES are JSON lines, with the keys:

    \b
      text      the answer to judge; the only key that must be there
      id        how it is named in lists  [default: the number of its line]
      lang      en, zh-Hant, zh-Hans or yue; tables are by it
      prompt    what the caller asked
      system    the system message
      context   what the model was given to answer from
      messages  [{"role", "content"}] instead of prompt and system
      spans     [{"start", "end", "type"}]: the values in the text, by code
                points, end exclusive; a type is one of guardrail's kinds,
                or a name of your own that whatever covers it has found
      labels    {"has_pii" | "has_secret" | "leak": true or false}

    Exit status 0; 1: with --gate, a goal of a set was missed or not measured; 2: something could not run.
    """
    _check_asked(ctx, data, names, files, gate)
    with ExitStack() as stack:
        run = leakage_sets.Run(
            data,
            load_policy(policy) if policy else None,
            seed,
            limit,
            StockPresidio() if baseline else None,
            _tracker(stack),
        )
        console = Console(highlight=False)
        report = leakage_sets.evaluate(run, names, files, _teller(console, as_data))
    _finish(report, console, as_data=as_data, gate=gate)


@evaluate.command("bias")
@_asking(bias_sets.SETS, "Policy whose rules on bias act.")
@click.option(
    "--reader",
    "readers",
    multiple=True,
    type=click.Choice(list(READERS)),
    help="Only this reader; may be given several times.  [default: all that are here]",
)
@click.option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the embedded models.  [default: those in the package]",
)
@click.option(
    "--curve",
    "pictures",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what each threshold costs into this directory, as PNG and SVG; adds the set `thresholds`.",
)
def bias(
    ctx: click.Context,
    data: Path,
    policy: Path | None,
    names: Sequence[str],
    readers: Sequence[str],
    models: Path | None,
    pictures: Path | None,
    seed: int,
    limit: int | None,
    as_data: bool,
    gate: bool,
    files: tuple[Path, ...],
) -> None:
    """Measure the checks on bias: every set, or those of --set, or your own FILES.

    FILES are JSON lines, with the keys:

    \b
      text      the answer to judge; the only key that must be there
      id        how it is named in lists  [default: the number of its line]
      lang      en, zh-Hant, zh-Hans or yue; tables are by it
      prompt    what the caller asked
      system    the system message
      context   what the model was given to answer from
      messages  [{"role", "content"}] instead of prompt and system
      labels    {"toxic" | "biased": true or false, "ground": "race"}

    Exit status 0; 1: with --gate, a goal of a set was missed or not measured; 2: something could not run.
    """
    _check_asked(ctx, data, names, files, gate)
    if models is not None and not models.is_dir():
        raise SettingsError(f"{models}: there is no such directory; --models names that of the embedded models")
    if pictures is not None:
        curves_draw.require()
    with ExitStack() as stack:
        bench = open_bench(load_policy(policy) if policy else None, models, readers, _tracker(stack))
        stack.callback(bench.close)
        console = Console(highlight=False)
        run = bias_sets.Run(data, bench, seed, limit, pictures)
        report = bias_sets.evaluate(run, names, files, _teller(console, as_data))
    _finish(report, console, as_data=as_data, gate=gate)


@evaluate.command("errors")
@_asking(error_sets.SETS, "Policy whose rules on errors act on the set `benign` and on your files.")
def errors(
    ctx: click.Context,
    data: Path,
    policy: Path | None,
    names: Sequence[str],
    seed: int,
    limit: int | None,
    as_data: bool,
    gate: bool,
    files: tuple[Path, ...],
) -> None:
    """Measure the checks on errors: every set, or those of --set, or your own FILES.

    FILES are JSON lines, with the keys:

    \b
      text      the answer to judge; the only key that must be there
      id        how it is named in lists  [default: the number of its line]
      lang      en, zh-Hant, zh-Hans or yue; tables are by it
      prompt    what the caller asked
      system    the system message
      context   the source that the answer is held against
      messages  [{"role", "content"}] instead of prompt and system
      labels    {"error": true or false, "kinds": ["error.arithmetic"]}

    Exit status 0; 1: with --gate, a goal of a set was missed or not measured; 2: something could not run.
    """
    _check_asked(ctx, data, names, files, gate)
    with ExitStack() as stack:
        run = ErrorRun(data, load_policy(policy) if policy else None, seed, limit, _tracker(stack))
        console = Console(highlight=False)
        report = error_sets.evaluate(run, names, files, _teller(console, as_data))
    _finish(report, console, as_data=as_data, gate=gate)


def _check_asked(ctx: click.Context, data: Path, names: Sequence[str], files: Sequence[Path], gate: bool) -> None:
    if gate and files and not names:
        raise click.UsageError("--gate holds sets against their goals, and files of your own have none; add a --set")
    if ctx.get_parameter_source("data") is not ParameterSource.DEFAULT and not data.is_dir():
        raise SettingsError(f"{data}: there is no such directory; --data and GUARDRAIL_DATA name that of the sets")


def _teller(console: Console, as_data: bool) -> Done:
    """Prints each section when it is there; nothing where JSON is wanted."""
    return silent if as_data else lambda section: show_section(section, console)


def _finish(report: Report, console: Console, *, as_data: bool, gate: bool) -> None:
    """Print what ends a report and leave with the status that it deserves."""
    if as_data:
        sys.stdout.buffer.write(as_json(report))
    else:
        show_end(report, console)
    if any(section.failed for section in report.sections):
        sys.exit(2)
    if not gate:
        return
    for goal in report.unmeasured:
        click.echo(f"guardrail: the gate stays shut: {goal.goal.figure} was not measured", err=True)
    if report.missed or report.unmeasured:
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

"""`guardrail models`: models of your own in the model store, added once and verified whenever they are read.

Rules:
1. Results go to standard output, everything else to standard error.  Exit status 0: done, and `verify` found every file
   as it was stored; 1: `verify` found one that is not; 2: it could not be done, and the message names the cure.
2. What a run that fails or is interrupted has made is gone, and what was in the store before stays.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from guardrail.audit.record import printable
from guardrail.detectors.bias import detoxify_add
from guardrail.detectors.bias.detoxify import NAME
from guardrail.detectors.errors.grounding import nli, nli_add
from guardrail.errors import CheckError, SettingsError
from guardrail.models import installed
from guardrail.models.installed import ENGINES, STORE_VARIABLE, Installed

_store = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=STORE_VARIABLE,
    show_envvar=True,
    help="The model store.  [default: guardrail/models in $XDG_DATA_HOME or ~/.local/share]",
)


@click.group()
def models() -> None:
    """Add models of your own, converted to run on a CPU, and see to it that they stay what they were."""


@models.command()
@click.argument("name", type=click.Choice([NAME, nli.NAME]))
@click.option("--checkpoint", required=True, type=click.Path(path_type=Path), help="The checkpoint file.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Directory with config.json and the tokenizer files.  [default: where the checkpoint lies]",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="onnx",
    show_default=True,
    help="onnx: converted to int8, runs without torch; torch: as it is.",
)
@click.option("--sha256", default="", metavar="HASH", help="The checkpoint's, where it is none of the releases.")
@click.option("--texts", type=click.Path(path_type=Path), help="Texts of yours to compare on: one a line, or .jsonl.")
@click.option("--replace", is_flag=True, help="Put it in the place of the one in the store.")
@click.option("--force", is_flag=True, help="Store it although it decides otherwise than the original too often.")
@click.option(
    "--reduced-range/--full-range",
    default=None,
    help="Seven or eight bits of range for weights.  [default: full where this CPU has VNNI]",
)
@_store
def add(name: str, **given: Any) -> None:
    """Add a model: verify its SHA-256, convert it, compare it with the original, store it.

    `detoxify` takes a checkpoint of Detoxify (original, unbiased, multilingual, original-small, unbiased-small) or one
    trained with it.  `nli` takes the .safetensors file of a network for entailment with three labels (BERT, RoBERTa,
    DeBERTa and their kin), which the detector `errors.nli` then uses.  Both need the extra `detoxify`; to run what was
    converted, ONNX Runtime and `tokenizers` do.
    """
    with ExitStack() as stack:
        if name == nli.NAME:
            model = nli_add.add(_nli_wish(given), _progress(stack).say)
        else:
            model = detoxify_add.add(detoxify_add.Wish(**given), _progress(stack))
    click.echo(f"{model.name}: {model.manifest['variant']}, {model.engine}, {_size(model)}, stored in {model.folder}")


def _nli_wish(given: dict[str, Any]) -> nli_add.Wish:
    """What is asked for, where every option that was given means something for `nli`.  Raises SettingsError."""
    for option, without in (("engine", "onnx"), ("texts", None), ("reduced_range", None)):
        if given.pop(option) != without:
            raise SettingsError(f"--{option.replace('_', '-')} is for {NAME}; `{nli.NAME}` is always converted to int8")
    return nli_add.Wish(**given)


@models.command("list")
@_store
@click.option("--json", "as_json", is_flag=True, help="Write the manifests as JSON.")
def list_models(store: Path | None, as_json: bool) -> None:
    """List the models of the store by their manifests; `verify` looks at the files."""
    found: list[Installed] = []
    unreadable = 0
    for name in installed.names(store):
        try:
            found.append(installed.read(name, store))
        except CheckError as error:
            unreadable += 1
            click.echo(f"guardrail: {error}", err=True)
    if as_json:
        click.echo(orjson.dumps([dict(model.manifest) for model in found], option=orjson.OPT_INDENT_2))
    elif found:
        _show(found)
    elif not unreadable:
        click.echo(f"No models in {installed.directory(store)}.", err=True)
    if unreadable:
        sys.exit(2)


@models.command()
@_store
@click.argument("names", nargs=-1)
def verify(store: Path | None, names: Sequence[str]) -> None:
    """Check every file of the models NAMES, or of all, against the manifest.

    Exit status 0: every file is the one that was stored; 1: one is not; 2: there is no such model, or none at all.
    """
    wanted = list(names) or installed.names(store)
    if not wanted:
        raise CheckError(f"{installed.directory(store)} holds no models; `guardrail models add` adds one")
    changed = False
    for name in wanted:
        model = installed.read(name, store)
        problems = installed.problems(model)
        for problem in problems:
            click.echo(problem)
        if not problems:
            click.echo(f"{name}: {len(model.files)} files, {_size(model)}, as they were stored")
        changed = changed or bool(problems)
    if changed:
        sys.exit(1)


@models.command()
@_store
@click.argument("name")
def remove(store: Path | None, name: str) -> None:
    """Remove the model NAME, whatever state it is in."""
    installed.remove(name, store)
    click.echo(f"{name}: removed")


def _show(found: Sequence[Installed]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=1000)  # a pipe has no edge to wrap at
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("name", "variant", "engine", "network", "size", "added", "same decisions", "checkpoint"):
        table.add_column(heading, justify="right" if heading in ("size", "same decisions") else "left")
    for model in found:
        manifest = model.manifest
        same = manifest.get("parity", {}).get("same_decisions")
        cells = (
            model.name,
            manifest.get("variant", "-"),
            model.engine,
            manifest.get("network", "-"),
            _size(model),
            manifest.get("added", "-"),
            "-" if same is None else f"{same:.1%}",
            manifest.get("source", {}).get("sha256", "-")[:12],
        )
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    console.print(table)


def _size(model: Installed) -> str:
    return f"{model.size / 1e6:.1f} MB"


def _progress(stack: ExitStack) -> detoxify_add.Progress:
    """Lines on standard error; where somebody is looking, also the step and a bar."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        return detoxify_add.Progress(say=lambda line: click.echo(line, err=True))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = stack.enter_context(Progress(*columns, console=console, transient=True))
    task = progress.add_task("", total=None)

    @contextmanager
    def bar(total: int) -> Iterator[Callable[[], None]]:
        progress.reset(task, total=total)
        yield lambda: progress.advance(task)

    return detoxify_add.Progress(
        step=lambda name: progress.update(task, description=name),
        say=lambda line: console.print(Text(line), soft_wrap=True),
        bar=bar,
    )

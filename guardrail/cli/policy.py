"""`guardrail policy`: what a policy officer runs before handing a file over."""

import asyncio
import sys
from pathlib import Path

import click
import orjson
from rich.console import Console

from guardrail.app import load_policy, prepare
from guardrail.detectors import registry
from guardrail.errors import GuardrailError
from guardrail.policy import cases
from guardrail.policy.advice import advice
from guardrail.policy.schema import PolicyModel
from guardrail.scanner import Scanner


@click.group()
def policy() -> None:
    """Check and try policy files."""


@policy.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Read FILES strictly and see that every rule can be served.  Does not run their cases (see `test`).

    Exit status 0: all are good, 2: one is not.
    """
    bad = 0
    for path in files:
        try:
            found = load_policy(path)
            Scanner(found, registry.available()).close()
        except GuardrailError as error:
            bad += 1
            click.echo(f"guardrail: {error}", err=True)
            continue
        rules = len(found.rules)
        untested = [rule.id for rule in found.rules if not rule.cases]
        note = f"; without cases: {', '.join(untested)}" if untested else ""
        click.echo(f"{path}: {found.label}, {rules} rule{'s' * (rules != 1)}, good{note}")
        for words in advice(found, registry.available()):
            click.echo(f"{path}: note: {words}", err=True)
    if bad:
        sys.exit(2)


@policy.command("test")
@click.option("--verbose", "-v", is_flag=True, help="List the cases that hold, too.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def test(files: tuple[Path, ...], verbose: bool) -> None:
    """Run the cases inside FILES.  Exit status 0: all hold, 1: one does not, 2: a file cannot be used."""
    failed = sum(asyncio.run(_test(path, verbose)) for path in files)
    if failed:
        sys.exit(1)


@policy.command("schema")
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    click.echo(orjson.dumps(PolicyModel.model_json_schema(), option=orjson.OPT_INDENT_2).decode())


async def _test(path: Path, verbose: bool) -> int:
    guard = await prepare(load_policy(path), prove=False)
    console = Console(highlight=False, soft_wrap=True)
    try:
        results = await cases.run(guard.policy, guard.scanner)
    finally:
        guard.scanner.close()
    broken = cases.broken(results)
    for result in results if verbose else broken:
        mark = "[red]failed[/red]" if result.problem else "[green]holds[/green]"
        console.print(f"{path}:{result.case.line}: {mark}  {result.rule.id}", end="")
        console.print(f"  {result.problem}" if result.problem else "", markup=False)
    console.print(f"{path}: {len(results) - len(broken)} of {len(results)} cases hold")
    return len(broken)

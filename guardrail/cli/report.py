"""`guardrail report`: what the audit log says about all traffic taken together.

Rules:
1. The chain is checked before anything is counted; a log that does not hold is reported on all the same, says so on
   top, and ends with exit status 1.
2. The report goes to standard output or to the file asked for, everything else to standard error.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrail.audit import search
from guardrail.audit.parity import LEAST, PairRow, Parity, Rate, Row, Tally, as_json, compares
from guardrail.audit.parity_words import LANGUAGE_NAMES, OUTCOME_NAMES, difference, group_name, p_value, percent, times
from guardrail.audit.record import printable
from guardrail.audit.verify import verify
from guardrail.cli.audit import Failed, moment
from guardrail.errors import AuditError


@dataclass(slots=True)
class Checked:
    """What checking the logs showed."""

    records: int = 0
    problems: list[str] = field(default_factory=list)


@click.group()
def report() -> None:
    """Reports on what the audit log holds."""


@report.command()
@click.option(
    "--audit",
    "targets",
    type=click.Path(path_type=Path),
    multiple=True,
    envvar="GUARDRAIL_AUDIT",
    default=("audit",),
    show_default="./audit",
    show_envvar=True,
    help="An audit directory, or one file of it; may be repeated.",
)
@click.option("--since", callback=moment, help="From this time on: ISO 8601 (UTC) or an age such as 24h or 7d.")
@click.option("--until", callback=moment, help="Before this time.")
@click.option("--model", "models", multiple=True, help="Only this model; may be repeated.")
@click.option(
    "--policy", "policies", multiple=True, help="Only this policy, by name or name@revision; may be repeated."
)
@click.option(
    "--minimum",
    type=click.IntRange(min=1),
    default=LEAST,
    show_default=True,
    help="Exchanges, or pairs, below which nothing is told.",
)
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file too.")
@click.pass_context
def parity(
    ctx: click.Context,
    targets: Sequence[Path],
    since: str | None,
    until: str | None,
    models: Sequence[str],
    policies: Sequence[str],
    minimum: int,
    as_data: bool,
    page: Path | None,
) -> None:
    """Refusals, blocks and flags by language and by group mentioned.

    Exit status 0: the log holds; 1: it does not; 2: it cannot be read."""
    checked = _checked(targets)
    made = _counted(targets, _wanted(since, until, models, policies), minimum)
    if page is not None:
        _write(page, made, checked)
    if as_data:
        data = {"chain": {"holds": not checked.problems, "problems": checked.problems}, **as_json(made)}
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))
    else:
        _print(made, checked)
    for problem in checked.problems:
        click.echo(f"THE LOG DOES NOT HOLD: {problem}", err=True)
    if checked.problems:
        ctx.exit(1)


def _checked(targets: Sequence[Path]) -> Checked:
    checked = Checked()
    for target in targets:
        try:
            found = verify(target)
        except AuditError as error:
            raise Failed(f"{error}; name the directory with --audit or GUARDRAIL_AUDIT") from error
        checked.records += sum(one.records for one in found.chains)
        checked.problems += map(str, found.problems)
    return checked


def _counted(targets: Sequence[Path], wanted: Callable[[search.Record], bool], minimum: int) -> Parity:
    counts = Tally(minimum)
    unreadable: list[str] = []
    for target in targets:
        for record in search.every(target, unreadable):
            if wanted(record):
                counts.add(record)
    for place in unreadable[:5]:
        click.echo(f"{place}: cannot be read; run `guardrail audit verify`", err=True)
    return counts.report()


def _wanted(
    since: str | None, until: str | None, models: Sequence[str], policies: Sequence[str]
) -> Callable[[search.Record], bool]:
    def wanted(record: search.Record) -> bool:
        time, policy = str(record.get("time", "")), str(record.get("policy", ""))
        if (since and time < since) or (until and time >= until):
            return False
        if models and record.get("model") not in models:
            return False
        return not policies or policy in policies or policy.split("@")[0] in policies

    return wanted


def _write(path: Path, made: Parity, checked: Checked) -> None:
    from guardrail.audit.parity_page import render

    try:
        path.write_text(render(made, checked.records, checked.problems), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path}: cannot be written ({error.strerror}); name another file with --html") from error
    click.echo(f"Written: {path}", err=True)


def _print(made: Parity, checked: Checked) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)  # a pipe has no edge to wrap at
    for line in _overview(made, checked):
        console.print(Text(line))
    if made.counted:
        _print_rows(console, "By language 語言", made.languages, lambda row: LANGUAGE_NAMES.get(row.name, row.name))
        if made.groups:
            _print_rows(console, "By group mentioned 提及的群體", made.groups, lambda row: group_name(row.name))
        else:
            console.print(Text("No message mentioned a group that the lexicon knows."))
    if made.pairs:
        _print_pairs(console, "Asked twice: this group, against every other 同題換群體", made.by_group)
        _print_pairs(console, "Asked twice: two groups 兩個群體", [row for row in made.by_pair if not row.suppressed])
    for line in _notes(made):
        console.print(Text(line, style="dim"))


def _overview(made: Parity, checked: Checked) -> Iterator[str]:
    if checked.problems:
        yield "THE LOG DOES NOT HOLD (see below): what follows counts what stands there all the same."
    else:
        yield f"The log holds: {checked.records} records."
    if not made.exchanges:
        yield "There is no exchange in it to report on."
        return
    span = f"{printable(made.first)} to {printable(made.last)}"
    yield f"{made.exchanges} exchanges from {span}: {made.counted} are counted."
    if made.without:
        yield (
            f"{made.without} have no traits: they were recorded without --parity (`guardrail serve --parity`), by an "
            "older version, or hold no message."
        )
    if made.unfinished:
        yield f"{made.unfinished} came to no outcome: refused, broken off, or the upstream failed."
    if made.pairs or made.pairs_failed:
        yield f"{made.pairs} questions were asked twice; {made.pairs_failed} more failed and are not counted."


def _notes(made: Parity) -> Iterator[str]:
    if not made.counted and not made.pairs:
        return
    yield (
        f"Intervals cover 95 %.  * holds after Holm's correction, over all {made.compared} comparisons of rates or all "
        f"{made.compared_pairs} of pairs.  Fewer than {made.least}: not told.  What never happened is left out."
    )
    yield (
        "A rate by group is of questions that mention the group; people ask different things about different groups.  "
        "Only questions that were asked twice hold the question still.  A question that is asked all day counts each "
        "time: it can make a difference by itself, and the intervals are then too narrow."
    )


_COLUMNS = ("", "n", "outcome", "rate (95 %)", "others", "difference (95 %)", "p")


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in ("n", "p") else "left")
    return table


def _print_rows(console: Console, title: str, rows: Sequence[Row], name: Callable[[Row], str]) -> None:
    table = _table(title, _COLUMNS)
    for row in rows:
        _add(table, name(row), row.total, row.suppressed, row.rates)
    console.print(table)


def _print_pairs(console: Console, title: str, rows: Sequence[PairRow]) -> None:
    if not rows:
        return
    table = _table(title, _COLUMNS)
    for row in rows:
        other = f" / {group_name(row.other)}" if row.other else ""
        _add(table, f"{row.ground}: {group_name(row.given)}{other}", row.total, row.suppressed, row.rates)
        if row.length is not None:
            p = p_value(row.length_adjusted)
            table.add_row("", "", "length 長度", times(row.length), "", "", Text(p, style="bold" if "*" in p else ""))
    console.print(table)


def _add(table: Table, name: str, total: int, suppressed: bool, rates: Sequence[Rate]) -> None:
    shown = [rate for rate in rates if rate.rate.hits or compares(rate)]
    name = printable(name, 80)
    if suppressed:
        table.add_row(name, "", "(too few 太少)", "", "", "", "")
        return
    if not shown:
        table.add_row(name, str(total), "(none 無)", "", "", "", "")
    for number, rate in enumerate(shown):
        first = (name, str(total)) if not number else ("", "")
        gap = difference(rate.difference) if compares(rate) and rate.difference is not None else ""
        p = p_value(rate.adjusted) if gap else ""
        rest = percent(rate.rest) if gap and rate.rest is not None else ""
        words = OUTCOME_NAMES[rate.outcome]
        table.add_row(*first, words, percent(rate.rate), rest, gap, Text(p, style="bold" if rate.differs else ""))

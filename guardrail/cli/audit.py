"""`guardrail audit`: look records up, explain one, and check that the log is what was written.

Rules:
1. Results go to standard output, everything else to standard error.  Exit status 0: done; 1: the log does not verify;
   2: it cannot be read, or the question is wrong, and the message names the cure.
2. Whatever the log says is printed as text: no markup, no control characters.  Times are UTC.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import click
import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrail.audit import chain, search
from guardrail.audit.explain import explain
from guardrail.audit.record import printable, timestamp
from guardrail.audit.verify import ChainReport, HeadReport, verify
from guardrail.errors import AuditError
from guardrail.types import Action

_COLOURS = {
    "block": "bold red",
    "regenerate": "yellow",
    "redact": "magenta",
    "notice": "cyan",
    "flag": "yellow",
    "allow": "green",
}
_AGO = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOSEST = 5
_MILLISECONDS = re.compile(r"\.\d{3}Z$")
_WIDE = 140
"""Columns from which a terminal gets every record on one line."""
_ID_SHOWN = 16
"""Ids begin with the time in 12 digits; four more tell apart what fell into one millisecond."""


class Failed(click.ClickException):
    """Said on standard error; exit status 2."""

    exit_code = 2


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A time as the log writes it, from ISO 8601 (UTC unless it says otherwise) or an age: 90m, 24h, 7d, 2w."""
    if value is None:
        return None
    try:
        if match := _AGO.fullmatch(value.strip()):
            return timestamp(datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])}))
        given = datetime.fromisoformat(value.strip())
        return timestamp(given if given.tzinfo else given.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"`{value}` is no time; write 2026-11-22, 2026-11-22T08:30Z or an age such as 24h or 7d"
        ) from error


_directory = click.option(
    "--audit",
    "target",
    type=click.Path(path_type=Path),
    envvar="GUARDRAIL_AUDIT",
    default="audit",
    show_default="./audit",
    show_envvar=True,
    help="The audit directory.",
)


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command("list")
@_directory
@click.option("--action", "actions", multiple=True, type=click.Choice([one.word for one in Action]), help="Decision.")
@click.option("--rule", "rules", multiple=True, help="Id of a rule that fired; `*` stands for anything.")
@click.option("--kind", "kinds", multiple=True, help="Kind that was found, such as `pii.hkid` or `pii.*`.")
@click.option("--policy", "policies", multiple=True, help="Policy by name or by name@revision.")
@click.option("--since", callback=moment, help="From this time on: ISO 8601 (UTC) or an age such as 24h or 7d.")
@click.option("--until", callback=moment, help="Before this time.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="The last N; 0 for all.")
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl"]), default="table", show_default=True)
def list_records(
    target: Path,
    actions: Sequence[str],
    rules: Sequence[str],
    kinds: Sequence[str],
    policies: Sequence[str],
    since: str | None,
    until: str | None,
    limit: int,
    form: str,
) -> None:
    """List records, the newest last.  A repeated option means any of the values."""
    wanted = _filter(actions, rules, kinds, policies, since, until)
    try:
        found = search.newest(target, wanted, limit)
    except AuditError as error:
        raise _unreadable(error) from error
    for place in found.unreadable[:_CLOSEST]:
        click.echo(f"{place}: cannot be read; run `guardrail audit verify`", err=True)
    if len(found.unreadable) > _CLOSEST:
        click.echo(f"... and {len(found.unreadable) - _CLOSEST} more lines that cannot be read", err=True)
    if form == "table":
        _print_table([one.record for one in found.records])
    elif form == "json":
        click.echo(orjson.dumps([one.record for one in found.records], option=orjson.OPT_INDENT_2))
    else:
        for one in found.records:
            click.echo(one.raw.rstrip(b"\n"))


@audit.command()
@_directory
@click.option("--json", "as_json", is_flag=True, help="The record as it is stored.")
@click.argument("identifier", metavar="ID")
def show(target: Path, as_json: bool, identifier: str) -> None:
    """Explain the record with this ID; the beginning of one will do if it fits only one."""
    if not identifier:
        raise Failed("an empty ID fits every record; `guardrail audit list` prints the IDs")
    try:
        found = search.by_id(target, identifier)
    except AuditError as error:
        raise _unreadable(error) from error
    if not found:
        raise Failed(f"no record in {target} has an ID that starts with `{identifier}`")
    names = list(dict.fromkeys(str(one.record["id"]) for one in found))
    if len(names) > 1:
        some = ", ".join(printable(name) for name in names[:_CLOSEST])
        more = f" and {len(names) - _CLOSEST} more" if len(names) > _CLOSEST else ""
        raise Failed(f"`{identifier}` fits {len(names)} records: {some}{more}; write more of the ID")
    for one in found:
        if as_json:
            click.echo(orjson.dumps(one.record, option=orjson.OPT_INDENT_2))
            continue
        for line in explain(one.record):
            click.echo(line)
        click.echo(_standing(one))


@audit.command("verify")
@_directory
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="SEQ:HASH",
    help="A head noted earlier: also prove that everything up to it is there.  May be repeated, one for each chain.",
)
@click.pass_context
def verify_log(ctx: click.Context, target: Path, heads: Sequence[str]) -> None:
    """Check every line of the log.  Exit status 0: it holds; 1: it does not; 2: it cannot be read."""
    try:
        report = verify(target, head=heads)
    except AuditError as error:
        raise _unreadable(error) from error
    except ValueError as error:
        raise Failed(str(error)) from error
    for one in report.chains:
        click.echo(_chain_line(one))
    for asked in report.heads:
        click.echo(_head_line(asked))
    for note in report.notes:
        click.echo(f"note: {note}")
    for problem in report.problems:
        click.echo(str(problem), err=True)
    if not report.ok:
        click.echo("The log does not hold.", err=True)
        ctx.exit(1)
    if not report.heads:
        click.echo("The log holds in itself.  Only a head noted elsewhere (--head) proves that nothing was cut off.")


def _filter(
    actions: Sequence[str],
    rules: Sequence[str],
    kinds: Sequence[str],
    policies: Sequence[str],
    since: str | None,
    until: str | None,
) -> Callable[[search.Record], bool]:
    def any_finding(record: search.Record, name: str, patterns: Sequence[str]) -> bool:
        values = {str(one.get(name) or "") for one in record.get("findings") or ()} - {""}
        return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)

    def wanted(record: search.Record) -> bool:
        time, policy = str(record.get("time", "")), str(record.get("policy", ""))
        if (since and time < since) or (until and time >= until):
            return False
        if actions and record.get("action") not in actions:
            return False
        if policies and policy not in policies and policy.split("@")[0] not in policies:
            return False
        if rules and not any_finding(record, "rule", rules):
            return False
        return not kinds or any_finding(record, "kind", kinds)

    return wanted


def _print_table(records: Sequence[search.Record]) -> None:
    if not records:
        click.echo("No records.", err=True)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=1000)  # a pipe has no edge to wrap at
    narrow = console.width < _WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("time", "id", "action", "rule", "kinds", "model", "status"):
        table.add_column(name, overflow="fold", no_wrap=name in ("time", "id", "action", "status"))
    for record in records:
        table.add_row(*_row(record, narrow))
    console.print(table)


def _row(record: search.Record, narrow: bool) -> list[Text]:
    """One line; where it is narrow without milliseconds, with as much of the id as `show` needs, and lists upright."""
    written = printable(str(record.get("time", "?")), 40)
    time = Text(_MILLISECONDS.sub("Z", written) if narrow else written)
    if record.get("type") == "event":
        return [time, Text("(the log)", style="dim"), Text("-"), Text(printable(str(record.get("event", "?"))))]
    if record.get("type") == "parity_pair":
        return _pair_row(record, time, narrow)
    findings = record.get("findings") or ()
    action = printable(str(record.get("action", "?")), 20)
    identifier = _text(record.get("id"))
    between = "\n" if narrow else ", "
    return [
        time,
        identifier[:_ID_SHOWN] if narrow else identifier,
        Text(action, style=_COLOURS.get(action, "")),
        _several((one.get("rule") for one in findings), between),
        _several((one.get("kind") for one in findings), between),
        _text(record.get("model")),
        _text(record.get("status")),
    ]


def _pair_row(record: search.Record, time: Text, narrow: bool) -> list[Text]:
    """A question that was asked twice: not an exchange of a client."""
    identifier = _text(record.get("id"))
    halves = [record.get(name) or {} for name in ("a", "b")]
    kinds = " / ".join(printable(str(half.get("group", "?")), 60) for half in halves)
    status = _text(halves[1].get("upstream_status"))
    shown = identifier[:_ID_SHOWN] if narrow else identifier
    return [time, shown, Text("(pair)", style="dim"), Text("-"), Text(kinds), _text(record.get("model")), status]


def _several(values: Iterable[object], between: str) -> Text:
    return Text(between.join(dict.fromkeys(printable(str(value)) for value in values if value)) or "-")


def _text(value: object) -> Text:
    return Text(printable(str(value)) if value not in (None, "") else "-")


def _standing(one: search.Stored) -> str:
    try:
        found = chain.read(one.raw)
    except AuditError as error:
        return f"Stands at {one.place}, but this line {error}."
    return f"Stands at {one.place} as number {found.head.seq}; its own hash holds."


def _chain_line(one: ChainReport) -> str:
    events = f" ({one.events} about the log itself)" if one.events else ""
    files = f"{one.files} file{'s' if one.files != 1 else ''}"
    start = f", from number {one.first} on: what came before was not checked" if one.first > 1 else ""
    state = "good up to the line below" if one.problem else "good"
    return f"{one.name}: {state}, {one.records} records{events} in {files}{start}, head {one.head}"


def _head_line(asked: HeadReport) -> str:
    if not asked.place:
        return f"head {asked.head}: NOT FOUND in a good line: records up to it were removed or changed"
    return f"head {asked.head}: found at {asked.place}, {asked.after} records after it"


def _unreadable(error: AuditError) -> Failed:
    return Failed(f"{error}; name the directory with --audit or GUARDRAIL_AUDIT")

"""The demo's tables: what was asked, what the model said, what the client got, and which rule did it.

Rule: texts are printed as text, never read as markup; colour marks what an edit took out and what it put in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from answers import Answer
from client import Got
from rich import box
from rich.table import Table
from rich.text import Text

TAKEN, PUT = "bold red", "bold green"
_ACTIONS = {"allow": "green", "flag": "yellow", "notice": "cyan", "redact": "magenta", "block": "bold red"}
_ISLAND = 4
"""Equal runs shorter than this between two changes are shown as part of the change."""


def new_table(title: str) -> Table:
    """An empty one."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.ROUNDED, show_lines=True, expand=True)
    table.add_column("Question", ratio=16, overflow="fold")
    table.add_column("The model said", ratio=22, overflow="fold")
    table.add_column("The client got", ratio=24, overflow="fold")
    table.add_column("Rule, and why", ratio=20, overflow="fold")
    return table


def add(table: Table, answer: Answer, whole: Got, streamed: Got, records: Sequence[Mapping[str, Any]]) -> None:
    """One question and its two answers, with their audit records."""
    name = f"calls {answer.tool}:\n" if answer.tool else ""
    said, got = _compared(answer.said, whole)
    table.add_row(
        Text(answer.question),
        Text.assemble((name, "dim"), said),
        Text.assemble(("whole: ", "dim"), got, ("\nstreamed: ", "dim"), _streamed(answer, whole, streamed)),
        _why(records),
    )


def _streamed(answer: Answer, whole: Got, streamed: Got) -> Text:
    if (streamed.text, streamed.status) == (whole.text, whole.status):
        return Text("same")
    return _compared(answer.said, streamed)[1]


def _compared(said: str, got: Got) -> tuple[Text, Text]:
    """Both texts, with the parts marked in which they differ."""
    if got.status != 200:
        return _text(said), Text.assemble((f"HTTP {got.status} {got.ended}: ", _ACTIONS["block"]), got.text)
    left, right = _text(said), _text(got.text)
    for a, b, c, d in _changes(said, got.text):
        left.stylize(TAKEN, a, b)
        right.stylize(PUT, c, d)
    if got.ended == "content_filter":
        right.append(f"\n(ended: {got.ended})", style=_ACTIONS["block"])
    return left, right


def _text(words: str) -> Text:
    return Text(words) if words else Text("(nothing)", style="dim")


def _changes(before: str, after: str) -> Iterator[tuple[int, int, int, int]]:
    """The changed stretches of both texts; changes that are close together are one."""
    current: tuple[int, int, int, int] | None = None
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if current and a - current[1] < _ISLAND:
            current = (current[0], b, current[2], d)
            continue
        if current:
            yield current
        current = (a, b, c, d)
    if current:
        yield current


def _why(records: Sequence[Mapping[str, Any]]) -> Text:
    """The action, then the rules that fired, as the audit records have them."""
    out = Text("\n").join(_actions(records))
    for finding in _distinct(finding for record in records for finding in record["findings"] if finding["rule"]):
        out.append(f"\n{finding['rule']}", style="bold")
        out.append(f"\n{finding['kind']}\n{finding['score']:.2f} >= {finding['threshold']:.2f}")
        out.append(f"\n{'; '.join(finding['cites'])}", style="dim")
    return out


def _actions(records: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """One line, or one for each form where they differ."""
    if len({record["action"] for record in records}) == 1:
        records = records[:1]
    for record in records:
        form = "" if len(records) == 1 else "streamed: " if record["stream"] else "whole: "
        yield Text.assemble(form, (record["action"], _ACTIONS.get(record["action"], "")))


def _distinct(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({(one["rule"], one["kind"]): one for one in findings}.values())

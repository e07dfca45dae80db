"""What an evaluation says: tables, listings, figures with goals; as text, as Markdown-like plain text, or as JSON.

Rules:
1. A goal is data: a bound on one named figure and the reason for it.  A figure that was not measured has not met its
   goal and is said to be missing.
2. A figure is judged by its point value; the interval stands beside it, so that a reader sees how sure it is.
3. On a terminal tables are drawn; elsewhere they are plain text that can be pasted into a page, and no line is broken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import Any, Protocol, TypeVar

import orjson
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from guardrail.evaluation.intervals import Counts, Measure

_COLOURS = {"met": "green", "MISSED": "bold red"}
Cell = str | int | float | Measure | None
T = TypeVar("T")


class Track(Protocol):
    """Passes items through and tells somebody how far it has come."""

    def __call__(self, what: str, items: Sequence[T]) -> Iterable[T]: ...


def untracked(what: str, items: Sequence[T]) -> Iterable[T]:
    """Tells nobody."""
    return items


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Single cases for a person to look at; never with a value in the clear that is not public."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One set: its tables, its figures by name (those that goals speak of), what to look at, what was missing, and
    whether it could not run although everything was there."""

    name: str
    title: str
    tables: tuple[Table, ...] = ()
    figures: Mapping[str, Measure] = field(default_factory=dict)
    listings: tuple[Listing, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one figure (`section.figure`), and why it is where it is.  `at_least` xor `at_most`."""

    figure: str
    reason: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Whether `value` keeps the bound; NaN does not."""
        if isnan(value):
            return False
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most

    @property
    def bound(self) -> str:
        """The bound in words."""
        least = self.at_least is not None
        bound = self.at_least if self.at_least is not None else self.at_most or 0.0
        return f"{'>=' if least else '<='} {100 * bound:.6g}%"


@dataclass(frozen=True, slots=True)
class Judged:
    """A goal with what was seen; `measure` None where it was not measured."""

    goal: Goal
    measure: Measure | None

    @property
    def met(self) -> bool:
        """Whether it was measured and keeps the bound."""
        return self.measure is not None and self.goal.met(self.measure.value)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found."""

    title: str
    sections: tuple[Section, ...]
    goals: tuple[Judged, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[Judged, ...]:
        """The goals that were measured and missed."""
        return tuple(one for one in self.goals if one.measure is not None and not one.met)

    @property
    def unmeasured(self) -> tuple[Judged, ...]:
        """The goals of which there is no figure, because data was not there."""
        return tuple(one for one in self.goals if one.measure is None)


def judged(goals: Iterable[Goal], sections: Iterable[Section]) -> tuple[Judged, ...]:
    """Each goal with its figure."""
    seen = {f"{section.name}.{name}": measure for section in sections for name, measure in section.figures.items()}
    return tuple(Judged(goal, seen.get(goal.figure)) for goal in goals)


def by(
    title: str, first: str, rows: Mapping[str, Counts], extra: Mapping[str, Mapping[str, Cell]] | None = None
) -> Table:
    """A table of recall, precision and F1 by what `first` names; `extra` adds columns by name."""
    extra = extra or {}
    columns = (first, "values", "found", "recall", "wrong", "precision", "F1", *extra)
    made = [
        (
            name,
            c.found + c.missed,
            c.found,
            c.recall,
            c.wrong,
            c.precision,
            c.f1,
            *(e.get(name) for e in extra.values()),
        )
        for name, c in rows.items()
    ]
    return Table(title, columns, tuple(made))


def grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    """The items by key, in the order in which keys came."""
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def percent(value: float, places: int = 1) -> str:
    """A share as people read it; a dash for NaN.  What is not whole is never rounded to 0 or 100."""
    if isnan(value):
        return "-"
    if 0 < value < 1:
        while places < 4 and float(f"{100 * value:.{places}f}") in (0.0, 100.0):
            places += 1
    return f"{100 * value:.{places}f}%"


def shown(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return ""
    if isinstance(cell, Measure):
        if isnan(cell.value):
            return "-"
        return f"{percent(cell.value)} ({percent(cell.low)} to {percent(cell.high)})"
    if isinstance(cell, float):
        return "-" if isnan(cell) else f"{cell:.3f}"
    return str(cell)


def show(report: Report, console: Console, *, most: int = 40) -> None:
    """Print a report; of a listing at most `most` lines."""
    console.print(report.title, style="bold", markup=False, soft_wrap=True)
    for section in report.sections:
        show_section(section, console, most)
    show_end(report, console)


def show_end(report: Report, console: Console) -> None:
    """Print what stands below the sections: the goals, and what the run was asked for."""
    if report.goals:
        show_table(goals_table(report.goals), console)
    if report.settings:
        said = ", ".join(f"{name} {value}" for name, value in report.settings.items())
        console.print(said, markup=False, highlight=False, soft_wrap=True)


def show_section(section: Section, console: Console, most: int = 40) -> None:
    """Print one section, as soon as it is there; of a listing at most `most` lines."""
    console.print()
    console.print(f"== {section.name}: {section.title}", style="bold", markup=False, soft_wrap=True)
    if section.missing:
        console.print(
            f"{'failed' if section.failed else 'not available'}: {section.missing}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    for table in section.tables:
        show_table(table, console)
    for listing in section.listings:
        console.print()
        console.print(f"{listing.title}: {len(listing.lines)}", markup=False, highlight=False, soft_wrap=True)
        for line in listing.lines[:most]:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        if len(listing.lines) > most:
            console.print(
                f"  ... and {len(listing.lines) - most} more (all of them: --json)", markup=False, soft_wrap=True
            )
    for note in section.notes:
        console.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)


def goals_table(goals: Sequence[Judged]) -> Table:
    """The goals beside the figures."""
    rows = [
        (
            one.goal.figure,
            one.goal.bound,
            _precise(one.measure) if one.measure is not None else "not measured",
            "" if one.measure is None else "met" if one.met else "MISSED",
            one.goal.reason,
        )
        for one in goals
    ]
    return Table("Goals", ("figure", "goal", "seen (95 % interval)", "", "why"), tuple(rows))


def _precise(one: Measure) -> str:
    """A measure beside its bound, with the digits that tell them apart."""
    if isnan(one.value):
        return "-"
    return f"{percent(one.value, 2)} ({percent(one.low, 2)} to {percent(one.high, 2)})"


def show_table(table: Table, console: Console) -> None:
    """Print a table under its title: drawn within the width of a terminal, elsewhere as Markdown."""
    console.print()
    console.print(table.title, style="italic", markup=False, highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(_drawn(table))
    else:
        console.print(f"\n{markdown(table)}", markup=False, highlight=False, soft_wrap=True)


def markdown(table: Table) -> str:
    """A table as Markdown, its columns under each other and each row on one line, however wide."""
    lines = [table.columns, *([shown(cell).replace("|", "¦") for cell in row] for row in table.rows)]
    widths = [max(3, *(cell_len(line[n]) for line in lines)) for n in range(len(table.columns))]
    right = _numeric(table)
    out = []
    for line in lines:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)]
        cells = [gap + cell if r else cell + gap for cell, gap, r in zip(line, gaps, right, strict=True)]
        out.append(f"| {' | '.join(cells)} |")
    rules = ["-" * (width + 1) + (":" if r else "-") for width, r in zip(widths, right, strict=True)]
    return "\n".join([out[0], f"|{'|'.join(rules)}|", *out[1:]])


def _drawn(table: Table) -> Drawn:
    made = Drawn(box=box.SIMPLE_HEAD)
    for name, right in zip(table.columns, _numeric(table), strict=True):
        made.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in table.rows:
        made.add_row(*(Text(text, style=_COLOURS.get(text, "")) for text in map(shown, row)))
    return made


def _numeric(table: Table) -> list[bool]:
    """Which columns hold no words."""
    return [all(not isinstance(row[n], str) for row in table.rows) for n in range(len(table.columns))]


def as_json(report: Report) -> bytes:
    """The report for machines: every cell, every listing whole.  NaN becomes null."""
    plain = {
        "title": report.title,
        "settings": dict(report.settings),
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "missing": section.missing,
                "failed": section.failed,
                "figures": {name: asdict(measure) for name, measure in section.figures.items()},
                "tables": [
                    {"title": table.title, "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows]}
                    for table in section.tables
                ],
                "listings": [asdict(listing) for listing in section.listings],
                "notes": section.notes,
            }
            for section in report.sections
        ],
        "goals": [
            {
                "figure": one.goal.figure,
                "bound": one.goal.bound,
                "reason": one.goal.reason,
                "seen": one.measure,
                "met": one.met,
            }
            for one in report.goals
        ],
    }
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2) + b"\n"

"""Running several sets as one report, whatever they measure.

Rules: a set that cannot run is said to have failed, so that the figures of the others are not lost; the goals that
count are those of the sets that ran.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from guardrail.errors import CheckError
from guardrail.evaluation.report import Goal, Report, Section, judged

R = TypeVar("R")
Done = Callable[[Section], None]


def silent(section: Section) -> None:
    """Says nothing of a section."""


def chosen(sets: Mapping[str, Any], names: Sequence[str], files: Sequence[Path]) -> list[str]:
    """The sets that run: those named, else all, where there are no files of the user's own either."""
    wanted = list(names) or ([] if files else list(sets))
    return [name for name in sets if name in wanted]


def run_sets(sets: Mapping[str, Callable[[R], Section]], names: Sequence[str], run: R, done: Done) -> list[Section]:
    """Run the sets `names`; `done` is told of each section when it is there, for some take minutes."""
    sections: list[Section] = []
    for name in names:
        try:
            sections.append(sets[name](run))
        except CheckError as error:
            sections.append(Section(name, "could not run", missing=str(error), failed=True))
        done(sections[-1])
    return sections


def report(
    title: str, goals: Sequence[Goal], names: Sequence[str], sections: Sequence[Section], settings: Mapping[str, Any]
) -> Report:
    """The sections with the goals of the sets `names`."""
    aimed = (goal for goal in goals if goal.figure.split(".")[0] in names)
    return Report(title, tuple(sections), judged(aimed, sections), settings)


def asked(data: Path, seed: int, limit: int | None) -> dict[str, Any]:
    """What every run was asked for, as words for the end of its report."""
    return {"data": str(data) if data.is_dir() else f"{data} (not there)", "seed": seed, "limit": limit or "none"}

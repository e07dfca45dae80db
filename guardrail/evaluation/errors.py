"""Every figure of the checks on errors in one run: the sets, and the goals that they are held against.

Rules: a set whose data is not there is named as not available, the others run; goals are data, each with its reason;
each part of the subject keeps its sets and goals in a file of its own, `errors_*.py`, as `SETS` and `GOALS`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from guardrail.evaluation import (
    errors_advice,
    errors_arithmetic,
    errors_benign,
    errors_brought,
    errors_citations,
    errors_dates,
    errors_degenerate,
    errors_grounding,
    errors_structure,
    suite,
)
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.report import Goal, Report, Section
from guardrail.evaluation.suite import Done, silent

_PARTS = (
    errors_advice,
    errors_arithmetic,
    errors_benign,
    errors_citations,
    errors_dates,
    errors_degenerate,
    errors_grounding,
    errors_structure,
)

GOALS: tuple[Goal, ...] = tuple(goal for part in _PARTS for goal in part.GOALS)
"""What is aimed at, and why there."""

SETS: Mapping[str, Callable[[Run], Section]] = {name: run for part in _PARTS for name, run in part.SETS.items()}
"""The sets by name, in the order in which they run."""


def evaluate(run: Run, names: Sequence[str] = (), files: Sequence[Path] = (), done: Done = silent) -> Report:
    """Run the sets `names` (all, where neither sets nor files are named) and the user's own `files`; `done` is told of
    each section when it is there."""
    chosen = suite.chosen(SETS, names, files)
    sections = suite.run_sets(SETS, chosen, run, done)
    for path in files:
        sections.append(errors_brought.evaluate(path, run))
        done(sections[-1])
    return suite.report("guardrail eval errors", GOALS, chosen, sections, suite.asked(run.data, run.seed, run.limit))

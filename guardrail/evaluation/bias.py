"""Every figure of bias in one run: the sets, and the goals that they are held against.

Rules:
1. A set whose data is not there is named as not available; the others run.
2. Goals are data, each with its reason.  They speak of texts that nobody has learnt from and no tuning has looked at.
3. `embedded` is what is always on, `second` the same with the second reader; each has goals of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.evaluation import bias_labelled, suite
from guardrail.evaluation.bias_readers import NAMES, Bench
from guardrail.evaluation.report import Goal, Report, Section
from guardrail.evaluation.suite import Done, silent

GOALS: tuple[Goal, ...] = ()
"""What is aimed at, and why there."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run was asked for."""

    data: Path
    bench: Bench
    seed: int = 1
    limit: int | None = None


def _labelled(given: bias_labelled.Labelled) -> Callable[[Run], Section]:
    return lambda run: bias_labelled.evaluate(run.data, given, run.bench, seed=run.seed, limit=run.limit)


SETS: Mapping[str, Callable[[Run], Section]] = {
    **{given.name: _labelled(given) for given in bias_labelled.SETS},
}
"""The sets by name, in the order in which they run."""


def evaluate(run: Run, names: Sequence[str] = (), files: Sequence[Path] = (), done: Done = silent) -> Report:
    """Run the sets `names` (all, where neither sets nor files are named) and the user's own `files`; `done` is told of
    each section when it is there."""
    chosen = suite.chosen(SETS, names, files)
    sections = suite.run_sets(SETS, chosen, run, done)
    settings = {
        **suite.asked(run.data, run.seed, run.limit),
        "policy": run.bench.base.policy.label,
        "flagged from": f"{run.bench.flag:g}",
        **{f"without {NAMES[name]}:": why for name, why in run.bench.absent.items()},
    }
    return suite.report("guardrail eval bias", GOALS, chosen, sections, settings)

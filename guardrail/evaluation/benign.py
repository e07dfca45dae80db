"""Ordinary answers, and how many of them the baseline policy alters.

Rules:
1. The packaged policy judges, reduced to its rules on data leakage; the prompt of an answer is known to it, as on the
   wire.
2. Altered is an answer that is edited, asked for again or withheld; a flag alters nothing and is counted beside.
3. Every altered answer is listed for a person to judge, with the rule that altered it and the value masked.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import share
from guardrail.evaluation.matching import Span, masked
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, grouped, untracked
from guardrail.evaluation.stock import StockPresidio
from guardrail.review import Review
from guardrail.types import Action, Hit, Policy


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer and what the policy made of it."""

    source: str
    item: Item
    review: Review

    @property
    def altered(self) -> bool:
        """Whether it left otherwise than it came."""
        return self.review.action >= Action.REDACT or bool(self.review.edits())

    @property
    def flagged(self) -> bool:
        """Whether a rule fired and nothing was altered."""
        return bool(self.review.fired) and not self.altered


def evaluate(
    data: Path,
    *,
    policy: Policy | None = None,
    seed: int = 1,
    limit: int | None = None,
    stock: StockPresidio | None = None,
    track: Track = untracked,
) -> Section:
    """Judge every set of `data/benign`."""
    title = "ordinary answers under the baseline policy"
    files = datasets.sets(data, "benign")
    if not files:
        return Section("benign", title, missing=f"no sets in {data / 'benign'}; give their place with --data")
    base = judging.baseline(policy)
    judged: list[Judged] = []
    theirs: dict[str, list[bool]] = {}
    try:
        for name, path in files.items():
            items = datasets.read(path, limit, seed)
            for item in track(name, items):
                judged.append(Judged(name, item, judging.reviews(base, [item])[0]))
            if stock is not None:
                theirs[name] = [bool(stock.personal(item.text)) for item in track(f"{name}, Presidio", items)]
    finally:
        base.scanner.close()
    unique = list({one.item.text: one for one in judged}.values())
    altered = [one for one in unique if one.altered]
    figures = {
        "altered": share(len(altered), len(unique)),
        "flagged": share(sum(one.flagged for one in unique), len(unique)),
    }
    return Section(
        "benign",
        f"{title} ({base.policy.label})",
        (_sets(judged, unique, theirs), _languages(unique), kinds(unique)),
        figures,
        (Listing("Altered (values masked)", tuple(line for one in altered for line in _lines(one, Action.REDACT))),),
        ("an answer that stands in several sets counts once in `all`",),
    )


def _sets(judged: Sequence[Judged], unique: Sequence[Judged], theirs: dict[str, list[bool]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, part in (*grouped(judged, lambda one: one.source).items(), ("all", list(unique))):
        row: tuple[Cell, ...] = (
            name, len(part), sum(one.altered for one in part), share(sum(one.altered for one in part), len(part)),
            share(sum(one.flagged for one in part), len(part)),
        )  # fmt: skip
        if theirs:
            alarms = theirs[name] if name in theirs else [alarm for one in theirs.values() for alarm in one]
            row = (*row, share(sum(alarms), len(alarms)))
        rows.append(row)
    columns = (
        "set",
        "answers",
        "altered",
        "share altered",
        "flagged",
        *(("Presidio: with a finding",) if theirs else ()),
    )
    return Table("By set", columns, tuple(rows))


def _languages(unique: Sequence[Judged]) -> Table:
    rows = [
        (language or "unknown", len(part), share(sum(one.altered for one in part), len(part)))
        for language, part in grouped(unique, lambda one: one.item.language).items()
    ]
    return Table("By language", ("language", "answers", "share altered"), tuple(rows))


def kinds(unique: Sequence[Judged]) -> Table:
    """How many answers each rule fired on, by kind."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in unique:
        counts.update({(hit.finding.kind, rule(hit), hit.action.word) for hit in one.review.fired})
    rows = [(*key, count) for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    return Table("Answers by kind and rule", ("kind", "rule", "action", "answers"), tuple(rows))


def rule(hit: Hit) -> str:
    """The id of the rule that fired."""
    return hit.rule.id if hit.rule else ""


def _lines(one: Judged, least: Action) -> list[str]:
    """One line for every hit that altered an answer."""
    fired = [hit for hit in one.review.fired if hit.action >= least]
    places = [span for hit in one.review.fired if (span := _place(hit)) is not None]
    return [
        f"{one.source} {one.item.id}: {hit.finding.kind} by `{rule(hit)}` ({hit.action.word}, score "
        f"{hit.finding.score:.2f}, {hit.finding.detector}): {masked(one.item.text, _place(hit), places)}"
        for hit in fired
    ]


def _place(hit: Hit) -> Span | None:
    """Where a finding is; None for one on the whole text."""
    start, end = hit.finding.start, hit.finding.end
    return None if start is None or end is None else Span(hit.finding.kind, start, end)

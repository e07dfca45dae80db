"""Published test strings of secret scanners: how many of the secrets are found, how many of the others alarm.

Rules: a text is found when anything of `secret.*` reaches the baseline's threshold in it; placeholders are not secrets;
the labels are those of the scanners' own authors and not independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Measure, auc, share
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, untracked

_TITLE = "published test strings of secret scanners"


@dataclass(frozen=True, slots=True)
class Scored:
    """A text of a set, whether it holds a secret, and the best score of a secret found in it."""

    source: str
    item: Item
    secret: bool
    score: float

    @property
    def found(self) -> bool:
        """Whether the baseline would act."""
        return self.score >= judging.FIRM


def evaluate(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Judge every set of `data/secrets`."""
    files = datasets.sets(data, "secrets")
    if not files:
        return Section("secrets", _TITLE, missing=f"no sets in {data / 'secrets'}; give their place with --data")
    scanner = judging.everything(without=judging.NAMES)
    scored: list[Scored] = []
    try:
        for name, path in files.items():
            items = [item for item in datasets.read(path) if isinstance(item.labels.get("has_secret"), bool)]
            for item in track(name, datasets.sample(items, limit, seed)):
                found = judging.findings(scanner, [item])[0]
                best = max((one.score for one in found if one.kind.startswith("secret.")), default=0.0)
                scored.append(Scored(name, item, bool(item.labels["has_secret"]), best))
    finally:
        scanner.close()
    rows = [_row(name, [one for one in scored if one.source == name]) for name in files]
    secrets, others = _halves(scored)
    figures = {
        "recall": share(sum(one.found for one in secrets), len(secrets)),
        "alarms": share(sum(one.found for one in others), len(others)),
        "auc": _area(scored),
    }
    columns = ("set", "secrets", "recall", "others", "alarms", "AUC")
    return Section(
        "secrets",
        _TITLE,
        (Table("By set", columns, (*rows, _row("all", scored))),),
        figures,
        (
            Listing("Missed, by label", tuple(_line(one.item) for one in secrets if not one.found)),
            Listing("Alarms, by label", tuple(_line(one.item) for one in others if one.found)),
        ),
    )


def _halves(scored: Sequence[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those that hold a secret, and the others."""
    return [one for one in scored if one.secret], [one for one in scored if not one.secret]


def _area(scored: Sequence[Scored]) -> Measure:
    return auc([one.score for one in scored], [one.secret for one in scored])


def _row(name: str, scored: Sequence[Scored]) -> tuple[Cell, ...]:
    secrets, others = _halves(scored)
    return (
        name,
        len(secrets),
        share(sum(one.found for one in secrets), len(secrets)),
        len(others),
        share(sum(one.found for one in others), len(others)),
        _area(scored),
    )


def _line(item: Item) -> str:
    """Which text, never the text: some hosts' scanners report what looks like a key wherever it stands."""
    labels = item.labels
    label = labels.get("rule") or labels.get("plugin") or labels.get("rules") or labels.get("candidate_rule") or ""
    return f"{item.id} ({', '.join(label) if isinstance(label, list) else label})"

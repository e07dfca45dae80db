"""Published test strings of secret scanners: how many of the secrets are found, how many of the others alarm.

Rules: a text is found when anything of `secret.*` reaches the baseline's threshold in it; placeholders are not secrets;
the labels are those of the scanners' own authors and not independent.
"""

from collections.abc import Sequence
from pathlib import Path

from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import auc, share
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, untracked

_TITLE = "published test strings of secret scanners"


def evaluate(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Judge every set of `data/secrets`."""
    names = datasets.sets(data, "secrets")
    if not names:
        return Section("secrets", _TITLE, missing=f"no sets in {data / 'secrets'}; give their place with --data")
    scanner = judging.everything(without=judging.NAMES)
    scored: list[tuple[str, Item, bool, float]] = []
    try:
        for name in names:
            path = datasets.find(data, name)
            assert path is not None
            items = [item for item in datasets.read(path) if isinstance(item.labels.get("has_secret"), bool)]
            for item in track(name, datasets.sample(items, limit, seed)):
                found = judging.findings(scanner, [item])[0]
                best = max((one.score for one in found if one.kind.startswith("secret.")), default=0.0)
                scored.append((name, item, bool(item.labels["has_secret"]), best))
    finally:
        scanner.close()
    rows: list[tuple[Cell, ...]] = [_row(name, [one for one in scored if one[0] == name]) for name in names]
    rows.append(_row("all", scored))
    truth = [one[2] for one in scored]
    hits = [one[3] >= judging.FIRM for one in scored]
    positives = [hit for hit, true in zip(hits, truth, strict=True) if true]
    negatives = [hit for hit, true in zip(hits, truth, strict=True) if not true]
    figures = {
        "recall": share(sum(positives), len(positives)),
        "alarms": share(sum(negatives), len(negatives)),
        "auc": auc([one[3] for one in scored], truth),
    }
    alarms = tuple(_line(item) for (_, item, true, score) in scored if not true and score >= judging.FIRM)
    missed = tuple(_line(item) for (_, item, true, score) in scored if true and score < judging.FIRM)
    columns = ("set", "secrets", "recall", "others", "alarms", "AUC")
    return Section(
        "secrets",
        _TITLE,
        (Table("By set", columns, tuple(rows)),),
        figures,
        (Listing("Missed, by label", missed), Listing("Alarms, by label", alarms)),
    )


def _row(name: str, scored: Sequence[tuple[str, Item, bool, float]]) -> tuple[Cell, ...]:
    true = [score for (_, _, secret, score) in scored if secret]
    other = [score for (_, _, secret, score) in scored if not secret]
    return (
        name,
        len(true),
        share(sum(score >= judging.FIRM for score in true), len(true)),
        len(other),
        share(sum(score >= judging.FIRM for score in other), len(other)),
        auc([score for (_, _, _, score) in scored], [secret for (_, _, secret, _) in scored]),
    )


def _line(item: Item) -> str:
    """Which text, never the text: some hosts' scanners report what looks like a key wherever it stands."""
    labels = item.labels
    label = labels.get("rule") or labels.get("plugin") or labels.get("rules") or labels.get("candidate_rule") or ""
    return f"{item.id} ({', '.join(label) if isinstance(label, list) else label})"

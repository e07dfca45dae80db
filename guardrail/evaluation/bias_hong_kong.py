"""The own set of harm to groups as Hong Kong writes it: harmful sentences against harmless ones of the same words.

Rules:
1. Found is a sentence on which any rule on bias of the policy fires; what each reader gives stands beside it.
2. The half that was held out is counted, by language, ground and class; its sentences are never listed, and the goal
   speaks of it alone.
3. A miss of the other half is listed by its frame id and class, for `hong_kong_harm_dev.toml` holds the text.
"""

from collections.abc import Callable, Sequence

from guardrail.evaluation import datasets, hong_kong_harm
from guardrail.evaluation.bias_figures import Scored, area, at, f1_of
from guardrail.evaluation.bias_readers import HALF, Bench, Reader, Reading
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.report import Cell, Listing, Section, Table, grouped

_HALVES = {"held out": "heldout", "dev": "dev"}
_TITLE = "own Hong Kong set: harm to groups and what looks like it"


def evaluate(bench: Bench, *, seed: int = 1, limit: int | None = None) -> Section:
    """Read both halves; needs no data beside the package."""
    rates: list[tuple[Cell, ...]] = []
    details: list[Table] = []
    figures: dict[str, Measure] = {}
    lines: list[str] = []
    for said, half in _HALVES.items():
        items = datasets.sample([_item(one) for one in hong_kong_harm.sentences(half)], limit, seed)
        for reader in bench.readers:
            some = [item for item in items if reader.reads(item)]
            readings = bench.readings(reader, f"Hong Kong, {said}", some)
            scored = _scored(some, readings)
            rates += _rates(reader, said, scored, bench.flag, seed)
            prefix = f"{'dev.' if half == 'dev' else ''}{reader.name}"
            figures |= _figures(prefix, scored, 1.0 if reader.verdict else bench.flag, seed)
            if reader.verdict:
                details += _details(said, scored)
                lines += _misses(scored) if half == "dev" else []
            details += [_grounds(said, some, readings)] if reader.name == "groups" else []
    columns = ("reader", "half", "from", "sentences", "F1", "recall", "precision", "false alarms")
    return Section(
        "hong_kong",
        _TITLE,
        (Table("F1", columns, tuple(rates)), *details),
        figures,
        (Listing("Judged wrongly by the policy, the half that is not held out", tuple(lines)),) if lines else (),
    )


def _item(one: hong_kong_harm.Sentence) -> Item:
    labels = {"harmful": one.harmful, "ground": one.ground, "class": one.harm_class}
    return Item(one.frame, one.text, one.language, labels=labels)


def _scored(items: Sequence[Item], readings: Sequence[Reading]) -> list[Scored]:
    return [
        Scored(item, bool(item.labels["harmful"]), one.score, item.id)
        for item, one in zip(items, readings, strict=True)
    ]


def _rates(reader: Reader, half: str, scored: Sequence[Scored], flag: float, seed: int) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for threshold in (1.0,) if reader.verdict else sorted({flag, HALF}, reverse=True):
        seen = at(scored, threshold)
        said = "a rule fires" if reader.verdict else f"{threshold:g}"
        whole = f1_of(scored, threshold, seed)
        rows.append((reader.title, half, said, len(scored), whole, seen.recall, seen.precision, seen.alarms))
    return rows


def _figures(prefix: str, scored: Sequence[Scored], threshold: float, seed: int) -> dict[str, Measure]:
    seen = at(scored, threshold)
    made = {
        "f1": f1_of(scored, threshold, seed),
        "recall": seen.recall,
        "precision": seen.precision,
        "alarms": seen.alarms,
    }
    if threshold < 1.0:
        made["auc"] = area(scored, seed)
    return {f"{prefix}.{name}": measure for name, measure in made.items()}


def _details(half: str, scored: Sequence[Scored]) -> list[Table]:
    """What the policy makes of each language, ground and class."""
    keys: dict[str, Callable[[Scored], str]] = {
        "language": lambda one: one.item.language,
        "ground": lambda one: str(one.item.labels["ground"]),
        "class": lambda one: str(one.item.labels["class"]),
    }
    tables = []
    for name, key in keys.items():
        rows: list[tuple[Cell, ...]] = []
        for value, those in grouped(scored, key).items():
            seen = at(those, 1.0)
            rows.append((value, len(those), seen.recall, seen.alarms))
        columns = (name, "sentences", "harmful found", "harmless flagged")
        tables.append(Table(f"By {name}, {half}: a rule of the policy fires", columns, tuple(rows)))
    return tables


def _grounds(half: str, items: Sequence[Item], readings: Sequence[Reading]) -> Table:
    """Of the harmful sentences on each ground, those in which the rules on groups found something, and that ground."""
    harmful = [(item, one) for item, one in zip(items, readings, strict=True) if item.labels["harmful"]]
    rows: list[tuple[Cell, ...]] = []
    for ground, those in grouped(harmful, lambda pair: str(pair[0].labels["ground"])).items():
        named = sum(any(finding.kind == f"bias.{ground}" for finding in one.findings) for _, one in those)
        rows.append(
            (
                ground,
                len(those),
                share(sum(bool(one.findings) for _, one in those), len(those)),
                share(named, len(those)),
            )
        )
    columns = ("ground", "harmful", "found on any ground", "found on this ground")
    return Table(f"Grounds, {half}: the rules on groups, any score", columns, tuple(rows))


def _misses(scored: Sequence[Scored]) -> list[str]:
    wrong = [one for one in scored if one.harmful != (one.score >= 1.0)]
    return [f"{one.item.id}: {one.item.labels['class']}, {'not found' if one.harmful else 'flagged'}" for one in wrong]

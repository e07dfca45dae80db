"""A set that a user brings: a file of JSON lines, read by every reader and held against the policy's rules on bias.

Rules:
1. A label `toxic` or `biased`, true or false, is compared with the scores and with whether a rule fires; of texts with
   a `ground`, whether harm was found and on that ground; of the others, how many a rule fires on.
2. What would be left out of account in silence is an error with its line: a misspelt key or label, a ground that does
   not exist.  Keys of the user's own are named in a note.
3. What was missed and what was wrong is listed by id, with the score, never with the text.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets, hong_kong_harm
from guardrail.evaluation.bias_figures import Scored, area, at
from guardrail.evaluation.bias_readers import HALF, Bench, Reader, Reading
from guardrail.evaluation.brought import KEYS, foreign_keys
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.parts import key_of
from guardrail.evaluation.report import Cell, Listing, Section, Table, grouped
from guardrail.types import Action

TRUTHS = ("toxic", "biased")
GROUND = "ground"


def evaluate(path: Path, bench: Bench, *, seed: int = 1, limit: int | None = None) -> Section:
    """Read the texts of a file.  Raises SettingsError for one that cannot be read, is empty, or has a slip in it."""
    check = _Check(tuple(dict.fromkeys((*hong_kong_harm.GROUNDS, *bench.grounds))))
    items = datasets.read(path, limit, seed, check.line)
    if not items:
        raise SettingsError(f'{path}: there is no text in it; expected one JSON object a line, with a string "text"')
    tables = [_languages(items, bench)]
    figures: dict[str, Measure] = {}
    listings: list[Listing] = []
    rows: list[tuple[Cell, ...]] = []
    for reader in bench.readers:
        some = [item for item in items if reader.reads(item)]
        readings = bench.readings(reader, path.name, some)
        for truth in TRUTHS:
            scored = _scored(some, readings, truth)
            if scored:
                rows += _rows(truth, reader, scored, bench.flag, seed)
                figures |= _figures(truth, reader, scored, bench.flag, seed)
                listings += _listings(truth, reader, scored, bench.flag)
    if rows:
        columns = ("label", "reader", "from", "texts", "harmful", "AUC", "recall", "precision", "false alarms")
        tables.append(Table("Against the labels", columns, tuple(rows)))
    if any(item.labels.get(GROUND) for item in items):
        tables.append(_grounds(items, bench))
    notes = tuple(f"not looked at: {what}" for what in check.ignored)
    return Section(path.name, f"{len(items)} texts of {path}", tuple(tables), figures, tuple(listings), notes)


@dataclass(frozen=True, slots=True)
class _Check:
    """Finds slips in lines; `ignored` are the keys and labels that say nothing here, in the order they came."""

    grounds: tuple[str, ...]
    ignored: dict[str, None] = field(default_factory=dict)

    def line(self, given: Mapping[str, Any], where: str) -> None:
        """Raises SettingsError for a line with a slip in it."""
        keys = tuple(key for key in KEYS if key != "spans")
        self.ignored.update(dict.fromkeys(foreign_keys(given, keys, where, "key", "key")))
        labels = given.get("labels")
        if not isinstance(labels, dict):
            return
        self.ignored.update(dict.fromkeys(foreign_keys(labels, (*TRUTHS, GROUND), where, "label", "label")))
        for name in TRUTHS:
            if not isinstance(labels.get(name), bool | None):
                raise SettingsError(f'{where}: label "{name}" must be true or false')
        self._ground(labels.get(GROUND), where)

    def _ground(self, ground: Any, where: str) -> None:
        if ground is None or ground in self.grounds:
            return
        near = difflib.get_close_matches(str(ground), self.grounds, n=1, cutoff=0.6)
        hint = f"did you mean `{near[0]}`?" if near else f"the grounds are {', '.join(self.grounds)}"
        raise SettingsError(f"{where}: there is no ground `{ground}`; {hint}")


def _scored(items: Sequence[Item], readings: Sequence[Reading], truth: str) -> list[Scored]:
    return [
        Scored(item, item.labels[truth], one.score, key_of(item.id, item.prompt))
        for item, one in zip(items, readings, strict=True)
        if isinstance(item.labels.get(truth), bool)
    ]


def _rows(truth: str, reader: Reader, scored: Sequence[Scored], flag: float, seed: int) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    harmful = sum(one.harmful for one in scored)
    whole = None if reader.verdict else area(scored, seed)
    for threshold in (1.0,) if reader.verdict else sorted({flag, HALF}, reverse=True):
        seen = at(scored, threshold)
        said = "a rule fires" if reader.verdict else f"{threshold:g}"
        rows.append((truth, reader.title, said, len(scored), harmful, whole, seen.recall, seen.precision, seen.alarms))
    return rows


def _figures(truth: str, reader: Reader, scored: Sequence[Scored], flag: float, seed: int) -> dict[str, Measure]:
    seen = at(scored, 1.0 if reader.verdict else flag)
    made = {"recall": seen.recall, "precision": seen.precision, "alarms": seen.alarms}
    if not reader.verdict:
        made["auc"] = area(scored, seed)
    return {f"{truth}.{reader.name}.{name}": measure for name, measure in made.items()}


def _listings(truth: str, reader: Reader, scored: Sequence[Scored], flag: float) -> list[Listing]:
    """What was judged wrongly by the policy, which is what happens."""
    if not reader.verdict:
        return []
    missed = [one.item.id for one in scored if one.harmful and not one.score]
    wrong = [one.item.id for one in scored if not one.harmful and one.score]
    listings = (
        Listing(f"Missed: labelled {truth}, and no rule fires", tuple(missed)),
        Listing(f"Wrong: labelled not {truth}, and a rule fires", tuple(wrong)),
    )
    return [listing for listing in listings if listing.lines]


def _languages(items: Sequence[Item], bench: Bench) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for language, those in grouped(items, lambda one: one.language).items():
        reviews = [bench.review(item) for item in those]
        altered = sum(review.action >= Action.REDACT or bool(review.edits()) for review in reviews)
        fired = share(sum(bool(review.fired) for review in reviews), len(those))
        rows.append((language or "unknown", len(those), fired, share(altered, len(those))))
    return Table("By language", ("language", "texts", "a rule fires", "altered"), tuple(rows))


def _grounds(items: Sequence[Item], bench: Bench) -> Table:
    """For each ground what the policy made of the harmful texts and of the others; without a label a text with a
    ground is taken for harmful."""
    rows: list[tuple[Cell, ...]] = []
    some = [item for item in items if item.labels.get(GROUND)]
    for ground, those in grouped(some, lambda one: str(one.labels[GROUND])).items():
        fired = [(item, [hit.finding.kind for hit in bench.review(item).fired]) for item in those]
        harmful = [kinds for item, kinds in fired if _is_harmful(item)]
        others = [kinds for item, kinds in fired if not _is_harmful(item)]
        rows.append(
            (
                ground,
                len(those),
                share(sum(map(bool, harmful)), len(harmful)),
                share(sum(f"bias.{ground}" in kinds for kinds in harmful), len(harmful)),
                share(sum(map(bool, others)), len(others)),
            )
        )
    columns = ("ground", "texts", "harmful: a rule fires", "harmful: on this ground", "harmless: a rule fires")
    return Table("By ground", columns, tuple(rows))


def _is_harmful(item: Item) -> bool:
    told = [item.labels[name] for name in TRUTHS if isinstance(item.labels.get(name), bool)]
    return any(told) or not told

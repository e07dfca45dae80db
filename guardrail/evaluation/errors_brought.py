"""A set that a user brings: a file of JSON lines, held against the policy's rules on errors.

Rules:
1. A label `error`, true or false, is compared with whether a rule fires; `kinds`, a list, says which kinds should be
   found, each counted by itself.  Texts without a label count in the table of what fires.
2. What would be left out of account in silence is an error with its line: a misspelt key or label, a kind that no
   check finds.  Keys of the user's own are named in a note.
3. What was missed and what was wrong is listed by id, with the kinds, never with the text.
"""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.detectors import registry
from guardrail.errors import SettingsError
from guardrail.evaluation import datasets, judging
from guardrail.evaluation.brought import KEYS, foreign_keys
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.intervals import Counts, Measure, share
from guardrail.evaluation.report import Cell, Listing, Section, Table, by, grouped
from guardrail.types import Action, Module

TRUTH, KINDS = "error", "kinds"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A text with the kinds on which rules fired."""

    item: Item
    kinds: frozenset[str]
    noticed: bool


def evaluate(path: Path, run: Run) -> Section:
    """Judge the texts of a file.  Raises SettingsError for one that cannot be read, is empty, or has a slip in it."""
    check = _Check(tuple(sorted({kind for each in registry.available() for kind in each.kinds})))
    items = datasets.read(path, run.limit, run.seed, check.line)
    if not items:
        raise SettingsError(f'{path}: there is no text in it; expected one JSON object a line, with a string "text"')
    base = judging.baseline(run.policy, Module.ERRORS)
    try:
        reviews = judging.reviews(base, run.track(path.name, items))
    finally:
        base.scanner.close()
    seen = [
        _Seen(item, frozenset(hit.finding.kind for hit in one.fired), one.action >= Action.NOTICE)
        for item, one in zip(items, reviews, strict=True)
    ]
    labelled = [one for one in seen if isinstance(one.item.labels.get(TRUTH), bool)]
    tables = [_languages(seen), _fired(seen)]
    tables += [_against(labelled)] if labelled else []
    named = [one for one in seen if one.item.labels.get(KINDS) is not None]
    tables += [_by_kind(named)] if named else []
    return Section(
        path.name,
        f"{len(items)} texts of {path} under the rules on errors of {base.policy.label}",
        tuple(tables),
        _figures(labelled),
        _listings(labelled),
        tuple(f"not looked at: {what}" for what in check.ignored),
    )


@dataclass(frozen=True, slots=True)
class _Check:
    """Finds slips in lines; `ignored` are the keys and labels that say nothing here, in the order they came."""

    known: tuple[str, ...]
    ignored: dict[str, None] = field(default_factory=dict)

    def line(self, given: Mapping[str, Any], where: str) -> None:
        """Raises SettingsError for a line with a slip in it."""
        keys = tuple(key for key in KEYS if key != "spans")
        self.ignored.update(dict.fromkeys(foreign_keys(given, keys, where, "key", "key")))
        labels = given.get("labels")
        if not isinstance(labels, dict):
            return
        self.ignored.update(dict.fromkeys(foreign_keys(labels, (TRUTH, KINDS), where, "label", "label")))
        if not isinstance(labels.get(TRUTH), bool | None):
            raise SettingsError(f'{where}: label "{TRUTH}" must be true or false')
        kinds = labels.get(KINDS)
        if kinds is not None and not isinstance(kinds, list):
            raise SettingsError(f'{where}: label "{KINDS}" must be a list of kinds, such as ["error.arithmetic"]')
        for kind in kinds or ():
            self._kind(kind, where)

    def _kind(self, kind: Any, where: str) -> None:
        if kind in self.known:
            return
        near = difflib.get_close_matches(str(kind), self.known, n=1, cutoff=0.6)
        hint = f"did you mean `{near[0]}`?" if near else "docs/errors.md lists the kinds"
        raise SettingsError(f"{where}: no check finds `{kind}`; {hint}")


def _against(seen: Sequence[_Seen]) -> Table:
    rows = {name: _counts(those) for name, those in grouped(seen, lambda one: one.item.language or "unknown").items()}
    return by("Against the label `error`", "language", {**rows, "all": _counts(seen)})


def _counts(seen: Sequence[_Seen]) -> Counts:
    wrong = [one for one in seen if one.item.labels[TRUTH]]
    found = sum(bool(one.kinds) for one in wrong)
    fired = sum(bool(one.kinds) for one in seen)
    return Counts(found=found, wrong=fired - found, missed=len(wrong) - found)


def _figures(seen: Sequence[_Seen]) -> dict[str, Measure]:
    if not seen:
        return {}
    counts = _counts(seen)
    good = [one for one in seen if not one.item.labels[TRUTH]]
    alarms = share(sum(bool(one.kinds) for one in good), len(good))
    return {"recall": counts.recall, "precision": counts.precision, "alarms": alarms}


def _by_kind(seen: Sequence[_Seen]) -> Table:
    wanted = {kind for one in seen for kind in (*one.item.labels[KINDS], *one.kinds)}
    rows = {}
    for kind in sorted(wanted):
        owed = [one for one in seen if kind in one.item.labels[KINDS]]
        found = sum(kind in one.kinds for one in owed)
        fired = sum(kind in one.kinds for one in seen)
        rows[kind] = Counts(found=found, wrong=fired - found, missed=len(owed) - found)
    return by("Against the label `kinds`", "kind", rows)


def _languages(seen: Sequence[_Seen]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            language or "unknown",
            len(those),
            share(sum(bool(one.kinds) for one in those), len(those)),
            share(sum(one.noticed for one in those), len(those)),
        )
        for language, those in grouped(seen, lambda one: one.item.language).items()
    ]
    return Table("By language", ("language", "texts", "a rule fires", "with a notice or more"), tuple(rows))


def _fired(seen: Sequence[_Seen]) -> Table:
    counts = Counter(kind for one in seen for kind in one.kinds)
    rows = [(kind, count, share(count, len(seen))) for kind, count in counts.most_common()]
    return Table("What fired", ("kind", "texts", "share"), tuple(rows))


def _listings(seen: Sequence[_Seen]) -> tuple[Listing, ...]:
    missed = [one.item.id for one in seen if one.item.labels[TRUTH] and not one.kinds]
    wrong = [
        f"{one.item.id}: {', '.join(sorted(one.kinds))}" for one in seen if not one.item.labels[TRUTH] and one.kinds
    ]
    listings = (
        Listing("Missed: labelled an error, and no rule fires", tuple(missed)),
        Listing("Wrong: labelled no error, and a rule fires", tuple(wrong)),
    )
    return tuple(listing for listing in listings if listing.lines)

"""A set that a user brings: a file of JSON lines, judged as far as its lines say what is right.

Rules:
1. Spans are compared by their `type` where it is one of our kinds, else any finding that covers the value has found it;
   a true or false label `has_pii`, `has_secret` or `leak` is compared for the text as a whole; of texts without any of
   these, what was found is counted.
2. What would be left out of account in silence is an error with its line: a misspelt key or label, a span without a
   type, a type in the form of our kinds that nothing finds.  Keys of the user's own are named in a note.
3. What was missed and what was wrong is listed, with every value masked.
4. Stock Presidio is judged kindly beside it: any finding that touches a value has found it; dates and links are no
   alarms.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Counts, Measure, f1, share
from guardrail.evaluation.matching import Span, compare, covered, masked, overlap
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, by, grouped, untracked
from guardrail.evaluation.stock import StockPresidio

LABELS = {"has_pii": "pii", "has_secret": "secret", "leak": "prompt"}
KEYS = ("id", "text", "lang", "prompt", "context", "system", "messages", "spans", "labels")
_SPAN_KEYS = ("start", "end", "type", "kind", "text")
_NEAR = 0.81
"""How alike a key is to one of ours that is taken for a slip: `span`, `label`, `has_pi`, not `prompt_id`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A text, what was found in it, and what stock Presidio found where it was asked."""

    item: Item
    found: tuple[Span, ...]
    theirs: tuple[Span, ...] | None = None


def evaluate(
    path: Path,
    *,
    seed: int = 1,
    limit: int | None = None,
    stock: StockPresidio | None = None,
    track: Track = untracked,
) -> Section:
    """Judge the texts of a file.  Raises SettingsError for one that cannot be read, is empty, or has a slip in it."""
    known = set(judging.offered())
    check = _Check(known)
    items = datasets.read(path, limit, seed, check.line)
    if not items:
        raise SettingsError(f'{path}: there is no text in it; expected one JSON object a line, with a string "text"')
    named = {span.kind for item in items for span in item.spans} & known
    scanner = judging.everything(also=sorted(named))
    try:
        judged = [
            Judged(
                item,
                tuple(judging.spans(judging.findings(scanner, [item])[0], bool)),
                tuple(stock.personal(item.text)) if stock is not None else None,
            )
            for item in track(path.name, items)
        ]
    finally:
        scanner.close()
    spanned = [one for one in judged if one.item.spans]
    tables = [_by_language(judged), _kinds(judged)]
    if spanned:
        tables.append(_by_type(spanned, known))
    ours = _figures(judged, lambda one: _compare(one.item, one.found, known), lambda one: one.found, LABELS, seed)
    theirs: dict[str, Measure] = {}
    if stock is not None:
        theirs = _figures(
            judged,
            lambda one: _touched(one.item, one.theirs or ()),
            lambda one: one.theirs or (),
            {"has_pii": ""},
            seed,
        )
    if ours:
        columns = ("figure", "guardrail", *(("stock Presidio",) if theirs else ()))
        rows = [(name, one, *((theirs.get(name),) if theirs else ())) for name, one in ours.items()]
        tables.append(Table("Figures", columns, tuple(rows)))
    figures = {**ours, **{f"presidio.{name}": one for name, one in theirs.items()}}
    notes = tuple(f"not looked at: {what}" for what in check.ignored)
    return Section(path.name, f"{len(items)} texts of {path}", tuple(tables), figures, _listings(judged, known), notes)


@dataclass(frozen=True, slots=True)
class _Check:
    """Finds slips in lines; `ignored` are the keys and labels that say nothing here, in the order they came."""

    known: Collection[str]
    ignored: dict[str, None] = field(default_factory=dict)

    def line(self, given: Mapping[str, Any], where: str) -> None:
        """Raises SettingsError for a line with a slip in it."""
        self._keys(given, KEYS, where, "key", "key")
        labels, spans = given.get("labels"), given.get("spans")
        if isinstance(labels, dict):
            self._keys(labels, tuple(LABELS), where, "label", "label")
            for name in LABELS:
                if not isinstance(labels.get(name), bool | None):
                    raise SettingsError(f'{where}: label "{name}" must be true or false')
        if spans is not None and not isinstance(spans, list):
            raise SettingsError(f'{where}: "spans" must be a list of objects')
        for span in spans or ():
            if isinstance(span, dict):
                self._keys(span, _SPAN_KEYS, where, "key of a span", "span key")
                self._type(span.get("type") or span.get("kind"), where)

    def _keys(self, given: Iterable[str], ours: Sequence[str], where: str, what: str, short: str) -> None:
        self.ignored.update(dict.fromkeys(foreign_keys(given, ours, where, what, short)))

    def _type(self, kind: Any, where: str) -> None:
        if not isinstance(kind, str) or not kind:
            raise SettingsError(f'{where}: a span needs a "type", one of guardrail\'s kinds or a name of your own')
        if kind in self.known or kind.split(".")[0] not in judging.FAMILIES or "." not in kind:
            return
        near = difflib.get_close_matches(kind, self.known, n=1, cutoff=0.6)
        hint = f"Did you mean `{near[0]}`? " if near else ""
        raise SettingsError(
            f"{where}: no installed detector finds the type `{kind}`. {hint}The kinds are in "
            "docs/leakage.md; a name without a dot is found by whatever covers it"
        )


def foreign_keys(given: Iterable[str], ours: Sequence[str], where: str, what: str, short: str) -> list[str]:
    """The keys that are none of ours, as a note names them.  Raises SettingsError for one that is nearly ours."""
    foreign: list[str] = []
    for key in given:
        if key in ours:
            continue
        if near := difflib.get_close_matches(key.casefold(), ours, n=1, cutoff=_NEAR):
            raise SettingsError(f"{where}: there is no {what} `{key}`; did you mean `{near[0]}`?")
        foreign.append(f"{short} `{key}`")
    return foreign


def _figures(
    judged: Sequence[Judged],
    compared: Callable[[Judged], Counts],
    found: Callable[[Judged], Sequence[Span]],
    labels: Mapping[str, str],
    seed: int,
) -> dict[str, Measure]:
    """Of texts with spans recall, precision and F1; of those with a label the share in which something of its family
    was found."""
    figures: dict[str, Measure] = {}
    counts = [compared(one) for one in judged if one.item.spans]
    if counts:
        whole = sum(counts, Counts())
        figures |= {"recall": whole.recall, "precision": whole.precision, "f1": f1(counts, seed)}
    for label, family in labels.items():
        labelled = [one for one in judged if isinstance(one.item.labels.get(label), bool)]
        for name, truth in (("recall", True), ("alarms", False)):
            hits = [bool(_of(found(one), family)) for one in labelled if one.item.labels[label] is truth]
            if labelled:
                figures[f"{label}.{name}"] = share(sum(hits), len(hits))
    return figures


def _of(found: Iterable[Span], family: str) -> list[Span]:
    """What was found of a family of kinds; "" means any."""
    return [one for one in found if not family or one.kind.startswith(f"{family}.")]


def _listings(judged: Sequence[Judged], known: Collection[str]) -> tuple[Listing, ...]:
    """What was missed and what was wrong, where the file says what is right."""
    missed: list[str] = []
    wrong: dict[str, None] = {}
    for one in judged:
        item, places = one.item, (*one.item.spans, *one.found)
        lost = [span for span in item.spans if not _is_found(item.text, span, one.found, known)]
        missed += [f"{item.id}: {span.kind}: {masked(item.text, span, places)}" for span in lost]
        alarms = [span for span in one.found if item.spans and not any(overlap(span, value) for value in item.spans)]
        for label, family in LABELS.items():
            truth = item.labels.get(label)
            if truth is True and not _of(one.found, family):
                missed.append(f"{item.id}: {label}: nothing of {family}.* was found")
            elif truth is False:
                alarms += _of(one.found, family)
        wrong |= dict.fromkeys(f"{item.id}: {span.kind}: {masked(item.text, span, places)}" for span in alarms)
    listings = (Listing("Missed (values masked)", tuple(missed)), Listing("Wrong (values masked)", tuple(wrong)))
    return tuple(listing for listing in listings if listing.lines)


def _compare(item: Item, found: Sequence[Span], known: Collection[str]) -> Counts:
    hits = sum(_is_found(item.text, value, found, known) for value in item.spans)
    return Counts(hits, compare(item.spans, found, overlap).wrong, len(item.spans) - hits)


def _touched(item: Item, found: Sequence[Span]) -> Counts:
    return compare(item.spans, found, overlap)


def _is_found(text: str, value: Span, found: Sequence[Span], known: Collection[str]) -> bool:
    right = [one for one in found if overlap(one, value) and (value.kind not in known or one.kind == value.kind)]
    return covered(text, value, right) == 1.0 and bool(right)


def _by_type(spanned: Sequence[Judged], known: Collection[str]) -> Table:
    rows: dict[str, Counts] = {}
    for one in spanned:
        for value in one.item.spans:
            hit = _is_found(one.item.text, value, one.found, known)
            rows[value.kind] = rows.get(value.kind, Counts()) + Counts(int(hit), 0, int(not hit))
    return by("Spans by type (wrong findings have no type: see the figures)", "type", rows)


def _by_language(judged: Sequence[Judged]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (language or "unknown", len(part), share(sum(bool(one.found) for one in part), len(part)))
        for language, part in grouped(judged, lambda one: one.item.language).items()
    ]
    return Table("By language", ("language", "texts", "with a finding"), tuple(rows))


def _kinds(judged: Sequence[Judged]) -> Table:
    findings = Counter(span.kind for one in judged for span in one.found)
    texts = Counter(kind for one in judged for kind in {span.kind for span in one.found})
    rows = [(kind, count, texts[kind]) for kind, count in findings.most_common()]
    return Table(f"Findings from a score of {judging.FIRM:g} on", ("kind", "findings", "texts"), tuple(rows))

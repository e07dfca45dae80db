"""A set that a user brings: a file of JSON lines, judged as far as its lines say what is right.

Rules: spans are compared by their `type` where it is one of our kinds, else any finding that covers the value has found
it; a true or false label `has_pii`, `has_secret` or `leak` is compared for the text as a whole; of texts without any of
these, what was found is counted.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from guardrail.evaluation import datasets, judging
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Counts, f1, share
from guardrail.evaluation.matching import Span, covered, overlap
from guardrail.evaluation.report import Cell, Section, Table, Track, by, grouped, untracked

LABELS = {"has_pii": "pii", "has_secret": "secret", "leak": "prompt"}


def evaluate(path: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Judge the texts of a file.  Raises SettingsError for one that cannot be read."""
    items = datasets.read(path, limit, seed)
    known = set(judging.offered())
    scanner = judging.everything()
    try:
        found = [judging.spans(judging.findings(scanner, [item])[0], bool) for item in track(path.name, items)]
    finally:
        scanner.close()
    tables = [_by_language(items, found), _kinds(found)]
    figures = {}
    spanned = [(item, one) for item, one in zip(items, found, strict=True) if item.spans]
    if spanned:
        counts = [_compare(item, one, known) for item, one in spanned]
        tables.append(_by_type(spanned, known))
        whole = sum(counts, Counts())
        figures = {"recall": whole.recall, "precision": whole.precision, "f1": f1(counts, seed)}
    for label, family in LABELS.items():
        rows = [(item, one) for item, one in zip(items, found, strict=True) if isinstance(item.labels.get(label), bool)]
        if not rows:
            continue
        hits = [(bool(item.labels[label]), any(s.kind.startswith(f"{family}.") for s in one)) for item, one in rows]
        positive, negative = [hit for true, hit in hits if true], [hit for true, hit in hits if not true]
        figures[f"{label}.recall"] = share(sum(positive), len(positive))
        figures[f"{label}.alarms"] = share(sum(negative), len(negative))
    if figures:
        tables.append(Table("Figures", ("figure", "seen"), tuple(figures.items())))
    return Section(path.name, f"{len(items)} texts of {path}", tuple(tables), figures)


def _compare(item: Item, found: Sequence[Span], known: set[str]) -> Counts:
    hits = sum(_is_found(item.text, value, found, known) for value in item.spans)
    wrong = sum(not any(overlap(value, one) for value in item.spans) for one in found)
    return Counts(hits, wrong, len(item.spans) - hits)


def _is_found(text: str, value: Span, found: Sequence[Span], known: set[str]) -> bool:
    right = [one for one in found if overlap(one, value) and (value.kind not in known or one.kind == value.kind)]
    return covered(text, value, right) == 1.0 and bool(right)


def _by_type(spanned: Sequence[tuple[Item, Sequence[Span]]], known: set[str]) -> Table:
    rows: dict[str, Counts] = {}
    for item, found in spanned:
        for value in item.spans:
            hit = _is_found(item.text, value, found, known)
            rows[value.kind] = rows.get(value.kind, Counts()) + Counts(int(hit), 0, int(not hit))
    return by("Spans by type (wrong findings have no type: see the figures)", "type", rows)


def _by_language(items: Sequence[Item], found: Sequence[Sequence[Span]]) -> Table:
    pairs = list(zip(items, found, strict=True))
    rows: list[tuple[Cell, ...]] = [
        (language or "unknown", len(part), share(sum(bool(one) for _, one in part), len(part)))
        for language, part in grouped(pairs, lambda pair: pair[0].language).items()
    ]
    return Table("By language", ("language", "texts", "with a finding"), tuple(rows))


def _kinds(found: Sequence[Sequence[Span]]) -> Table:
    findings = Counter(span.kind for one in found for span in one)
    texts = Counter(kind for one in found for kind in {span.kind for span in one})
    rows = [(kind, count, texts[kind]) for kind, count in findings.most_common()]
    return Table(f"Findings from a score of {judging.FIRM:g} on", ("kind", "findings", "texts"), tuple(rows))

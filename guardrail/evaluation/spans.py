"""Texts with exact spans of addresses and names: generated ones for Hong Kong, and public sets.

Rules:
1. Exact: the same start and end; `any overlap` stands beside it, because people disagree about ends.
2. Names count from `LIKELY` on, the score of what a careful reader would call one, whether of a private person or bare;
   addresses from the baseline's threshold on.
3. Of sets that the recogniser of names learnt from, only the third that its training kept out is measured (`kept`).
4. A public set whose labels name other things too (places, firms) still counts whatever else is reported as wrong.
"""

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardrail.evaluation import addresses as made_addresses
from guardrail.evaluation import datasets, judging
from guardrail.evaluation import names as made_names
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import Counts, Measure, f1, share
from guardrail.evaluation.matching import Span, compare, overlap
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, by, grouped, untracked
from guardrail.scanner import Scanner

LIKELY = 0.5
PRIVATE, BARE = "pii.person", "pii.name"
_PUBLIC: Mapping[str, Collection[str]] = {
    "pii/wnut17": ("person",),
    "pii/weibo_ner": ("PER.NAM",),
    "pii/cluener": ("name",),
    "pii/cluener_hant_derived": ("name",),
    "pii/presidio_synth": ("PERSON",),
}
"""Which spans of a public set are names of persons."""
_PARTS: tuple[made_names.Part, ...] = ("tuned", "held_out")
_LEARNT = ("pii/wnut17", "pii/presidio_synth")
_UNSEEN = ("benign/alpaca_eval_outputs", "benign/alpaca_zh", "benign/alignbench_references")
"""Ordinary answers of which the recogniser saw none in training."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A text with its values and what was found, all as one kind."""

    item: Item
    values: tuple[Span, ...]
    found: tuple[Span, ...]

    @property
    def exact(self) -> Counts:
        """Counts by exact place."""
        return compare(self.values, self.found)

    @property
    def near(self) -> Counts:
        """Counts by overlap."""
        return compare(self.values, self.found, overlap)


def addresses(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Generated addresses, streets and frames of one half never tuned on."""
    title = "postal addresses in generated text, exact spans"
    kind = made_addresses.KIND
    if kind not in judging.offered():
        return Section("addresses", title, missing=f"no installed detector finds {kind}")
    scanner = judging.everything(without=judging.NAMES)
    try:
        parts: dict[str, list[Scored]] = {}
        for part in _PARTS:
            items = datasets.sample(made_addresses.generated(seed, part=part), limit, seed)
            parts[part] = _scored(scanner, items, {kind}, {kind}, judging.FIRM, f"addresses, {part}", track)
        published = _published_addresses(scanner, data, kind, track)
    finally:
        scanner.close()
    figures: dict[str, Measure] = {}
    for name, scored in parts.items():
        figures[f"{name}.f1"] = f1([one.exact for one in scored], seed)
        figures[f"{name}.recall"] = sum((one.exact for one in scored), Counts()).recall
        figures[f"{name}.alarms"] = _alarms(scored)
    if published:
        figures["published.recall"] = sum((one.near for one in published), Counts()).recall
    rows = {**parts, **({"pii/hk_address_samples": published} if published else {})}
    tables = (_table("By part", rows, seed), _by_language(parts))
    return Section("addresses", title, tables, figures, (_misses(parts["tuned"]),))


def names(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Generated names, public sets of names, and private persons in ordinary answers."""
    title = f"names of persons, exact spans, from a score of {LIKELY:g} on"
    kinds = {PRIVATE, BARE} & set(judging.offered())
    if not kinds:
        return Section("names", title, missing=f"no installed detector finds {PRIVATE} or {BARE}")
    scanner = judging.only(sorted(kinds))
    absent: list[str] = []
    try:
        sets: dict[str, list[Scored]] = {}
        for part in _PARTS:
            items = datasets.sample(made_names.generated(seed, part=part), limit, seed)
            sets[f"generated, {part}"] = _scored(
                scanner, items, {PRIVATE, BARE}, kinds, LIKELY, f"names, {part}", track
            )
        for name, types in _PUBLIC.items():
            path = datasets.find(data, name)
            if path is None:
                absent.append(name)
                continue
            items = [item for item in datasets.read(path) if name not in _LEARNT or kept(item)]
            sets[name] = _scored(scanner, datasets.sample(items, limit, seed), types, kinds, LIKELY, name, track)
        private = _private(scanner, data, seed, limit, track)
    finally:
        scanner.close()
    figures = {f"{_short(name)}_f1": f1([one.exact for one in scored], seed) for name, scored in sets.items()}
    tables = [_table("By set", sets, seed), _by_language({k: v for k, v in sets.items() if k.startswith("generated")})]
    if private:
        every = [hit for hits in private.values() for hit in hits]
        unseen = [hit for name, hits in private.items() if name in _UNSEEN for hit in hits]
        figures["private_share_of_benign"] = share(sum(every), len(every))
        figures["private_share_of_unseen"] = share(sum(unseen), len(unseen))
        lines = (*private.items(), ("all", every), ("of these, sets unseen in training", unseen))
        rows: list[tuple[Cell, ...]] = [(name, len(hits), share(sum(hits), len(hits))) for name, hits in lines]
        tables.append(Table("Ordinary answers with a private person", ("set", "answers", "share"), tuple(rows)))
    else:
        absent.append("benign")
    notes = (f"not there: {', '.join(absent)}",) if absent else ()
    return Section("names", title, tuple(tables), figures, (_misses(sets["generated, tuned"]),), notes)


def kept(item: Item) -> bool:
    """Whether a text of a set that was learnt from was kept for measuring: the rule of `training/names.py`, by the CRC
    of the text with its values replaced by their types, so that sentences of one template stay together."""
    text = item.text
    for span in sorted(item.spans, key=lambda span: -span.start):
        text = text[: span.start] + span.kind + text[span.end :]
    return zlib.crc32(text.encode()) % 3 == 0


def _scored(
    scanner: Scanner,
    items: Sequence[Item],
    types: Collection[str],
    kinds: Collection[str],
    least: float,
    what: str,
    track: Track,
) -> list[Scored]:
    return [
        Scored(
            item,
            tuple(Span("value", one.start, one.end) for one in item.spans if one.kind in types),
            _as_one(judging.spans(judging.findings(scanner, [item])[0], lambda kind: kind in kinds, least)),
        )
        for item in track(what, items)
    ]


def _as_one(found: Sequence[Span]) -> tuple[Span, ...]:
    """Findings of several kinds as one kind, each place once."""
    return tuple(dict.fromkeys(Span("value", one.start, one.end) for one in found))


def _published_addresses(scanner: Scanner, data: Path, kind: str, track: Track) -> list[Scored]:
    path = datasets.find(data, "pii/hk_address_samples")
    return _scored(scanner, datasets.read(path), {"ADDRESS"}, {kind}, judging.FIRM, path.name, track) if path else []


def _private(scanner: Scanner, data: Path, seed: int, limit: int | None, track: Track) -> dict[str, list[bool]]:
    """Whether each ordinary answer has a finding of a private person at the baseline's threshold, by set."""
    found: dict[str, list[bool]] = {}
    for name, path in datasets.sets(data, "benign").items():
        items = datasets.read(path, limit, seed)
        found[name] = [
            bool(judging.spans(judging.findings(scanner, [item])[0], lambda kind: kind == PRIVATE))
            for item in track(f"names, {name}", items)
        ]
    return found


def _short(name: str) -> str:
    """`names.wnut17`, `names.generated`: what goals call a set."""
    known = {"generated, held_out": "generated", "generated, tuned": "generated_tuned", "pii/weibo_ner": "weibo"}
    return known.get(name, name.split("/")[-1])


def _alarms(scored: Sequence[Scored]) -> Measure:
    empty = [one for one in scored if not one.values]
    return share(sum(bool(one.found) for one in empty), len(empty))


def _table(title: str, sets: Mapping[str, Sequence[Scored]], seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, scored in sets.items():
        exact, near = sum((one.exact for one in scored), Counts()), sum((one.near for one in scored), Counts())
        rows.append(
            (
                name, len(scored), exact.found + exact.missed, f1([one.exact for one in scored], seed), exact.recall,
                exact.precision, near.recall, near.precision, _alarms(scored),
            )
        )  # fmt: skip
    columns = (
        "set", "texts", "values", "exact F1", "exact recall", "exact precision", "recall, any overlap",
        "precision, any overlap", "alarms where there is none",
    )  # fmt: skip
    return Table(title, columns, tuple(rows))


def _by_language(sets: Mapping[str, Sequence[Scored]]) -> Table:
    pairs = [(name, one) for name, scored in sets.items() for one in scored]
    key: Callable[[tuple[str, Scored]], str] = lambda pair: f"{pair[1].item.language}; {pair[0]}"  # noqa: E731
    rows = {name: sum((one.exact for _, one in part), Counts()) for name, part in grouped(pairs, key).items()}
    return by("Generated, by language, exact", "language", rows)


def _misses(tuned: Sequence[Scored]) -> Listing:
    lines = []
    for one in tuned:
        if one.exact.missed or one.exact.wrong:
            wanted = [one.item.text[span.start : span.end] for span in one.values]
            seen = [one.item.text[span.start : span.end] for span in one.found]
            lines.append(f"{one.item.text!r}: owed {wanted}, found {seen}")
    return Listing("Not exact, half to tune on (made up)", tuple(lines))

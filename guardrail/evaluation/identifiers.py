"""Generated running text with identifiers of Hong Kong and Greater China, and how many of them are found.

Rules:
1. A value counts as found when findings of its own kind (from the baseline's threshold on) cover every letter and digit
   of it; another kind on the same place is a miss and a wrong finding.
2. Precision is over the same texts and the hard negatives of `negatives.py`: whatever is reported beside the values is
   wrong.  Names and addresses in the frames are true, and measured elsewhere.
3. The frames that were never tuned on are reported by themselves, and their single misses are not listed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from guardrail.evaluation import judging
from guardrail.evaluation.datasets import Item, sample
from guardrail.evaluation.frames import Frame, frames, spaced
from guardrail.evaluation.intervals import Counts, f1, share
from guardrail.evaluation.matching import Span, covered, overlap
from guardrail.evaluation.negatives import Negative, negatives
from guardrail.evaluation.report import Cell, Listing, Section, Table, Track, grouped, untracked
from guardrail.evaluation.stock import StockPresidio
from guardrail.evaluation.values import GREATER_CHINA, KINDS

SAME = {"pii.hkid_named": "pii.hkid"}
"""Graver kinds that stand for a plain one."""
_ELSEWHERE = ("pii.person", "pii.name", "pii.address", "pii.private_person", "pii.hk_address")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with the value it holds; `value` None for one that holds none."""

    text: str
    language: str
    held_out: bool
    spelling: str
    value: Span | None
    later: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in a sentence."""

    sentence: Sentence
    found: bool
    wrong: tuple[Span, ...]

    @property
    def counts(self) -> Counts:
        """As numbers."""
        there = self.sentence.value is not None
        return Counts(int(self.found), len(self.wrong), int(there and not self.found))


def is_identifier(kind: str) -> bool:
    """Whether a finding of `kind` is judged here."""
    return kind.startswith("pii.") and not kind.startswith(_ELSEWHERE)


def sentences(seed: int = 1, each: int = 4) -> list[Sentence]:
    """Every frame with values in it: sentence frames `each` times in both spellings, shapes half as often."""
    made: list[Sentence] = []
    for index, frame in enumerate(frames()):
        dice = Random(f"{seed} {index} {frame.kind}")
        spellings = [("glued", frame)]
        if frame.shape != "label" and (other := spaced(frame)) is not None:
            spellings.append(("spaced", other))
        for _ in range(each if frame.shape != "label" else max(1, each // 2)):
            made += [_filled(one, name, dice) for name, one in spellings]
    return made


def decoys(seed: int = 1, each: int = 12) -> list[Sentence]:
    """The hard negatives as sentences without a value."""
    return [_empty(one) for one in negatives(seed, each)]


def _filled(frame: Frame, spelling: str, dice: Random) -> Sentence:
    text, start, end = frame.around(KINDS[frame.kind](dice))
    name = "label" if frame.shape == "label" else "natural" if frame.language == "en" else spelling
    return Sentence(text, frame.language, frame.held_out, name, Span(frame.kind, start, end), frame.shape == "later")


def _empty(negative: Negative) -> Sentence:
    return Sentence(negative.text, negative.language, negative.held_out, "negative", None)


def ours(sentence: Sentence, spans: Sequence[Span]) -> Outcome:
    """The outcome of findings of ours."""
    plain = [Span(SAME.get(span.kind, span.kind), span.start, span.end) for span in spans]
    value = sentence.value
    if value is None:
        return Outcome(sentence, False, tuple(dict.fromkeys(plain)))
    right = [span for span in plain if span.kind == value.kind and overlap(span, value)]
    wrong = [span for span in plain if span not in right]
    return Outcome(sentence, covered(sentence.text, value, right) == 1.0, tuple(dict.fromkeys(wrong)))


def theirs(sentence: Sentence, spans: Sequence[Span]) -> Outcome:
    """The outcome of stock Presidio's, judged kindly: whatever it calls it, a finding that touches the value finds it,
    and only one that touches none is wrong."""
    value = sentence.value
    hits = [] if value is None else [span for span in spans if overlap(span, value)]
    return Outcome(sentence, bool(hits), tuple(span for span in spans if span not in hits))


def evaluate(
    *, seed: int = 1, limit: int | None = None, stock: StockPresidio | None = None, track: Track = untracked
) -> Section:
    """Judge the generated sentences and decoys."""
    all_sentences = sample([*sentences(seed), *decoys(seed)], limit, seed)
    scanner = judging.everything(without=judging.NAMES)
    try:
        outcomes = [
            ours(one, judging.spans(judging.findings(scanner, [Item("generated", one.text)])[0], is_identifier))
            for one in track("identifiers", all_sentences)
        ]
    finally:
        scanner.close()
    baseline = None
    if stock is not None:
        baseline = [theirs(one, stock.personal(one.text)) for one in track("identifiers, Presidio", all_sentences)]
    return _section(outcomes, baseline, set(judging.offered()), seed)


def _section(outcomes: Sequence[Outcome], stock: Sequence[Outcome] | None, offered: set[str], seed: int) -> Section:
    chinese = [o for o in outcomes if o.sentence.value is None or o.sentence.value.kind in GREATER_CHINA]
    tables = [_parts("All kinds, by part", outcomes, stock, seed)]
    for title, key in (
        ("By kind", _kind),
        ("By language", lambda o: o.sentence.language),
        ("By spelling", lambda o: o.sentence.spelling),
    ):
        tables.append(_table(title, outcomes, stock, key))
    tables.append(_kind_by_language(outcomes))
    figures = {}
    later = _sum([o for o in chinese if o.sentence.later])
    figures["later.recall"] = later.recall
    for name, part in (("tuned", False), ("held_out", True)):
        chosen = [o for o in chinese if o.sentence.held_out is part]
        counts = _sum(chosen)
        figures[f"{name}.recall"], figures[f"{name}.precision"] = counts.recall, counts.precision
        everything = _sum([o for o in outcomes if o.sentence.held_out is part])
        figures[f"{name}.all.recall"], figures[f"{name}.all.precision"] = everything.recall, everything.precision
    silent = sorted(set(KINDS) - offered)
    notes = [f"no installed detector finds {', '.join(silent)}"] if silent else []
    notes.append(f"{len(frames())} frames, half of them held out; goals speak of the kinds of Greater China")
    misses = [o for o in outcomes if o.sentence.value is not None and not o.found and not o.sentence.held_out]
    wrong = [(o, span) for o in outcomes if not o.sentence.held_out for span in o.wrong]
    listings = (
        Listing("Missed, frames to tune on (values are made up)", tuple(_line(o) for o in misses)),
        Listing(
            "Wrong findings, frames to tune on",
            tuple(
                f"{span.kind} at {o.sentence.text[span.start : span.end]!r} in {o.sentence.text!r}" for o, span in wrong
            ),
        ),
    )
    title = "identifiers in generated running text"
    return Section("identifiers", title, tuple(tables), figures, listings, tuple(notes))


def _kind(outcome: Outcome) -> str:
    return outcome.sentence.value.kind if outcome.sentence.value else "no value (hard negatives)"


def _line(outcome: Outcome) -> str:
    value = outcome.sentence.value
    assert value is not None
    seen = ", ".join(span.kind for span in outcome.wrong) or "nothing"
    return f"{value.kind}: {outcome.sentence.text!r} (found: {seen})"


def _sum(outcomes: Sequence[Outcome]) -> Counts:
    return sum((outcome.counts for outcome in outcomes), Counts())


def _parts(title: str, outcomes: Sequence[Outcome], stock: Sequence[Outcome] | None, seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    halves: dict[str, Callable[[Sentence], bool]] = {
        "tuned on": lambda one: not one.held_out,
        "held out": lambda one: one.held_out,
        "of these, written last": lambda one: one.later,
        "both": lambda one: True,
    }
    for name, belongs in halves.items():
        for who, all_of in (("guardrail", outcomes), ("stock Presidio", stock)):
            if all_of is None:
                continue
            part = [o for o in all_of if belongs(o.sentence)]
            counts = _sum(part)
            values = counts.found + counts.missed
            rows.append(
                (name, who, values, counts.recall, counts.wrong, counts.precision, f1([o.counts for o in part], seed))
            )
    columns = ("part", "who", "values", "recall", "wrong", "precision", "F1")
    return Table(title, columns, tuple(rows))


def _table(
    title: str, outcomes: Sequence[Outcome], stock: Sequence[Outcome] | None, key: Callable[[Outcome], str]
) -> Table:
    other = {name: _sum(part) for name, part in grouped(stock or (), key).items()}
    rows: list[tuple[Cell, ...]] = []
    for name, part in grouped(outcomes, key).items():
        tuned = _sum([o for o in part if not o.sentence.held_out])
        held = _sum([o for o in part if o.sentence.held_out])
        both = tuned + held
        rows.append(
            (
                name, both.found + both.missed, both.recall, tuned.recall, held.recall, both.wrong, both.precision,
                other[name].recall if name in other else None, other[name].wrong if name in other else None,
            )
        )  # fmt: skip
    columns = (
        title.removeprefix("By "), "values", "recall", "recall, tuned on", "recall, held out", "wrong", "precision",
        "Presidio: recall", "Presidio: wrong",
    )  # fmt: skip
    return Table(title, columns, tuple(rows))


def _kind_by_language(outcomes: Sequence[Outcome]) -> Table:
    languages = ("en", "zh-Hant", "yue", "zh-Hans")
    with_value = [o for o in outcomes if o.sentence.value is not None]
    rows: list[tuple[Cell, ...]] = []
    for kind, part in grouped(with_value, _kind).items():
        cells = []
        for language in languages:
            chosen = [o for o in part if o.sentence.language == language]
            cells.append(share(sum(o.found for o in chosen), len(chosen)))
        rows.append((kind, *cells))
    return Table("Recall by kind and language", ("kind", *languages), tuple(rows))

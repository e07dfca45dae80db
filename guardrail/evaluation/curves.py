"""What each threshold costs, by language: how much hate is caught, and how many ordinary answers are flagged for it.

Rules:
1. Sets count alike however many texts they hold; an average over sets has an interval by MOVER (Zou and Donner 2008).
2. Only texts that nobody has learnt from and no tuning has looked at.
3. Precision is given for two worlds, since no set has that of your traffic: one in which half of what is judged is
   hateful and half are harmless posts on the same subjects, and one in which one answer in a hundred is hateful.  Their
   intervals are those of the worst and the best case of both shares, so wider than 95 %.
4. A score is calibrated when of texts that score 0.7 seven in ten are harmful, on the mixture that it was made for: a
   third hateful, a third harmless posts on the same subjects, a third ordinary answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from pathlib import Path

from guardrail.evaluation import bias_benign, bias_labelled, datasets
from guardrail.evaluation.bias_benign import Sort
from guardrail.evaluation.bias_figures import Scored, area
from guardrail.evaluation.bias_labelled import Subject, is_held_out
from guardrail.evaluation.bias_readers import Bench, Reader, is_chinese
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.report import Cell, Section, Table

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "Chinese"}
STEPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
RARE = 0.01
"""How many answers are hateful in the second of the two worlds."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Curve:
    """The scores of one reader in one language: of each set of hostile texts, of sets of bias
    without hostile wording, and of answers."""

    language: str
    reader: Reader
    hostile: Mapping[str, Sequence[Scored]]
    others: Mapping[str, Sequence[Scored]]
    ordinary: Sequence[float]
    alarming: Sequence[float]

    @property
    def named(self) -> str:
        """The language in full."""
        return LANGUAGES[self.language]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a threshold brings and what it costs; see the module's rules."""

    threshold: float
    recall: Measure
    alarms: Measure
    precision: Measure
    ordinary: Measure
    alarming: Measure
    rare: Measure


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts with scores from `low` to `high`: how many, their mean score, and the share that is harmful."""

    low: float
    high: float
    texts: int
    mean: float
    harmful: Measure


def gather(data: Path, bench: Bench, *, seed: int = 1, limit: int | None = None) -> list[Curve]:
    """The curves of each language and each reader of wording; none where there are no sets."""
    readers = [reader for reader in bench.readers if reader.wording]
    return [
        curve
        for language in LANGUAGES
        for reader in readers
        if (curve := _curve(data, bench, reader, language, seed, limit)).hostile
    ]


def evaluate(curves: Sequence[Curve], flag: float) -> Section:
    """The costs of thresholds and the calibration as tables."""
    title = "what each threshold costs"
    if not curves:
        return Section("thresholds", title, missing="there are no labelled sets; give their place with --data")
    tables = [table for curve in curves for table in (_costs_table(curve, flag), _bins_table(curve))]
    return Section(
        "thresholds",
        title,
        tuple(tables),
        notes=(
            "held-out texts alone; sets count alike",
            "precision: as many hateful texts as harmless posts on the same subjects",
            f"right if rare: of answers that are flagged, were {RARE:.0%} of all answers hateful",
        ),
    )


def costs(curve: Curve, threshold: float) -> Cost:
    """What a threshold makes of a language."""
    recall = mean([_over(some, threshold, harmful=True) for some in curve.hostile.values()])
    alarms = mean([_over(some, threshold, harmful=False) for some in curve.hostile.values()])
    ordinary = _share_over(curve.ordinary, threshold)
    return Cost(
        threshold,
        recall,
        alarms,
        _right(recall, alarms, 0.5),
        ordinary,
        _share_over(curve.alarming, threshold),
        _right(recall, ordinary, RARE),
    )


def mean(measures: Sequence[Measure]) -> Measure:
    """The mean of independent shares, each with the same weight; those of nothing are left out.

    >>> round(mean([share(5, 10), share(7, 10)]).value, 2)
    0.6
    """
    known = [one for one in measures if not isnan(one.value)]
    if not known:
        return Measure(float("nan"), 0.0, 1.0)
    value = sum(one.value for one in known) / len(known)
    below = sqrt(sum((one.value - one.low) ** 2 for one in known)) / len(known)
    above = sqrt(sum((one.high - one.value) ** 2 for one in known)) / len(known)
    return Measure(value, max(0.0, value - below), min(1.0, value + above))


def roc(scored: Sequence[Scored]) -> tuple[list[float], list[float]]:
    """False alarms and recall at every threshold, from none found to all found."""
    order = sorted(scored, key=lambda one: -one.score)
    harmful = sum(one.harmful for one in order)
    harmless = len(order) - harmful
    xs, ys, hits, wrong = [0.0], [0.0], 0, 0
    for index, one in enumerate(order):
        hits += one.harmful
        wrong += not one.harmful
        if index + 1 == len(order) or order[index + 1].score != one.score:
            xs.append(wrong / harmless if harmless else 0.0)
            ys.append(hits / harmful if harmful else 0.0)
    return xs, ys


def calibration(curve: Curve) -> list[Bin]:
    """How many are harmful of the texts in each range of scores, on the mixture of rule 4; no empty ranges."""
    weighted = _mixture(curve)
    bins: list[Bin] = []
    for index in range(BINS):
        low, high = index / BINS, (index + 1) / BINS
        some = [one for one in weighted if low <= one[0] < high or (index + 1 == BINS and one[0] == high)]
        if not some:
            continue
        whole = sum(weight for _, _, weight in some)
        observed = sum(weight for _, harmful, weight in some if harmful) / whole
        effective = max(1, round(whole**2 / sum(weight**2 for _, _, weight in some)))  # Kish 1965
        bounds = share(round(observed * effective), effective)
        average = sum(score * weight for score, _, weight in some) / whole
        measure = Measure(observed, min(bounds.low, observed), max(bounds.high, observed))
        bins.append(Bin(low, high, len(some), average, measure))
    return bins


def _mixture(curve: Curve) -> list[tuple[float, bool, float]]:
    """Scores, labels and weights: a third for each kind of text, in which sets count alike."""
    made: list[tuple[float, bool, float]] = []
    for harmful in (True, False):
        sets = [[one.score for one in some if one.harmful is harmful] for some in curve.hostile.values()]
        sets = [scores for scores in sets if scores]
        made += [(score, harmful, 1 / (3 * len(sets) * len(scores))) for scores in sets for score in scores]
    return made + [(score, False, 1 / (3 * len(curve.ordinary))) for score in curve.ordinary]


def _curve(data: Path, bench: Bench, reader: Reader, language: str, seed: int, limit: int | None) -> Curve:
    hostile: dict[str, list[Scored]] = {}
    others: dict[str, list[Scored]] = {}
    for given in bias_labelled.SETS:
        path = datasets.find(data, given.path)
        if path is None or given.subject is Subject.ANSWERS:
            continue
        items = bias_labelled.items_of(path, given, limit, seed)
        items = [item for item in items if is_held_out(item) and is_chinese(item) is (language == "zh")]
        scored = bias_labelled.read(given, given.views[0], items, bench, reader)
        if len({one.harmful for one in scored}) == 2:
            (hostile if given.subject is Subject.HOSTILE else others)[given.name] = scored
    answers: dict[Sort, dict[str, float]] = {Sort.ORDINARY: {}, Sort.ALARMING: {}}
    for some in bias_benign.SETS:
        if some.sort in answers:
            items = [item for item in bias_benign.answers_of(data, some, seed, limit) if is_held_out(item)]
            items = [item for item in items if is_chinese(item) is (language == "zh") and reader.reads(item)]
            scores = bench.scores(reader, some.name, items)
            answers[some.sort] |= {item.text: score for item, score in zip(items, scores, strict=True)}
    ordinary, alarming = (list(answers[sort].values()) for sort in (Sort.ORDINARY, Sort.ALARMING))
    return Curve(language, reader, hostile, others, ordinary, alarming)


def _over(scored: Sequence[Scored], threshold: float, *, harmful: bool) -> Measure:
    return _share_over([one.score for one in scored if one.harmful is harmful], threshold)


def _share_over(scores: Sequence[float], threshold: float) -> Measure:
    return share(sum(score >= threshold for score in scores), len(scores))


def _right(found: Measure, alarms: Measure, prevalence: float) -> Measure:
    """The share of what is flagged that is harmful, where `prevalence` of all texts are."""

    def of(recall: float, wrong: float) -> float:
        whole = prevalence * recall + (1 - prevalence) * wrong
        return prevalence * recall / whole if whole else float("nan")

    value, low, high = (
        of(found.value, alarms.value),
        of(found.low, alarms.high),
        of(found.high, alarms.low),
    )
    return Measure(value, 0.0 if isnan(low) else low, 1.0 if isnan(high) else high)


def _costs_table(curve: Curve, flag: float) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for threshold in sorted({*STEPS, flag}):
        one = costs(curve, threshold)
        said = f"{threshold:g}{' (the policy flags)' if threshold == flag else ''}"
        rows.append((said, one.recall, one.alarms, one.precision, one.ordinary, one.alarming, one.rare))
    columns = (
        "from", "hate caught", "harmless posts flagged", "precision", "ordinary answers flagged",
        "safe answers to alarming prompts flagged", "right if rare",
    )  # fmt: skip
    return Table(f"{curve.named}, {curve.reader.title}: thresholds", columns, tuple(rows))


def _bins_table(curve: Curve) -> Table:
    rows = tuple((f"{one.low:.1f} to {one.high:.1f}", one.texts, one.mean, one.harmful) for one in calibration(curve))
    columns = ("score", "texts", "mean score", "harmful")
    return Table(f"{curve.named}, {curve.reader.title}: calibration", columns, rows)


def areas(curve: Curve) -> dict[str, tuple[Sequence[Scored], Measure]]:
    """Each set of a language with its area under the curve, the highest first."""
    found = {name: (some, area(some)) for name, some in {**curve.hostile, **curve.others}.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1][1].value))

"""What scores and labels say together: areas, recall, precision, false alarms, and pairs put in order.

Rules:
1. Precision is that of the texts at hand; how many of a set are harmful is a choice of who made it.
2. Texts that were written as a pair, or answer one prompt, are no independent trials: what is drawn anew for an
   interval is then the pair.
3. Of a pair with equal scores half is right, as in the area under the curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import RESAMPLES, Counts, Measure, auc, f1, share

NOTHING = Measure(float("nan"), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A text with its label and a score; texts of one `cluster` belong together."""

    item: Item
    harmful: bool
    score: float
    cluster: str


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a threshold makes of labelled texts."""

    recall: Measure
    precision: Measure
    alarms: Measure
    accuracy: Measure


def at(scored: Sequence[Scored], threshold: float) -> AtThreshold:
    """Texts from `threshold` on count as found."""
    hits = sum(one.harmful and one.score >= threshold for one in scored)
    alarms = sum(not one.harmful and one.score >= threshold for one in scored)
    harmful = sum(one.harmful for one in scored)
    harmless = len(scored) - harmful
    return AtThreshold(
        share(hits, harmful),
        share(hits, hits + alarms),
        share(alarms, harmless),
        share(hits + harmless - alarms, len(scored)),
    )


def right(scored: Sequence[Scored], threshold: float) -> Measure:
    """The share of texts on whose side of the threshold their label is."""
    return share(sum(one.harmful == (one.score >= threshold) for one in scored), len(scored))


def area(scored: Sequence[Scored], seed: int = 1) -> Measure:
    """The area under the ROC curve: DeLong's interval, or where texts belong together a bootstrap over clusters."""
    values, truth = [one.score for one in scored], [one.harmful for one in scored]
    plain = auc(values, truth)
    together: dict[str, list[int]] = {}
    for index, one in enumerate(scored):
        together.setdefault(one.cluster, []).append(index)
    if len(together) == len(scored) or np.isnan(plain.value):
        return plain
    clusters = [np.array(members) for members in together.values()]
    scores, labels = np.array(values), np.array(truth)
    dice = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        picked = np.concatenate([clusters[index] for index in dice.integers(0, len(clusters), len(clusters))])
        drawn.append(_area(scores[picked], labels[picked]))
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Measure(plain.value, float(low), float(high))


def _area(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The area alone: how often a harmful text outscores a harmless one, ties counting half."""
    positive, negative = np.sort(scores[labels]), np.sort(scores[~labels])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / (2 * len(negative)))


def pairs_right(scored: Sequence[Scored]) -> Measure:
    """Of pairs with one harmful and one harmless side the share in which the harmful one scores higher.

    The value counts ties half; its interval is Wilson's for as many pairs.
    """
    pairs: dict[str, dict[bool, float]] = {}
    for one in scored:
        pairs.setdefault(one.cluster, {})[one.harmful] = one.score
    whole = [pair for pair in pairs.values() if len(pair) == 2]
    if not whole:
        return NOTHING
    doubled = sum(2 * (pair[True] > pair[False]) + (pair[True] == pair[False]) for pair in whole)
    value = doubled / (2 * len(whole))
    bounds = share(round(doubled / 2), len(whole))
    return Measure(value, bounds.low, bounds.high, total=len(whole))


def f1_of(scored: Sequence[Scored], threshold: float, seed: int = 1) -> Measure:
    """F1 with a bootstrap over texts."""
    counts = [
        Counts(
            int(one.harmful and one.score >= threshold),
            int(not one.harmful and one.score >= threshold),
            int(one.harmful and one.score < threshold),
        )
        for one in scored
    ]
    return f1(counts, seed)

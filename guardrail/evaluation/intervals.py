"""Figures with their uncertainty: shares with Wilson's interval, F1 by bootstrap, the area under a ROC curve by DeLong.

Rules:
1. No figure without its interval: a share of 100 % from nine texts and one from nine thousand are not the same claim.
2. Every interval is two-sided and covers 95 %.
3. What is drawn at random is drawn from a seed that the caller gives, so that a run can be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure between 0 and 1 with its 95 % interval; for a share, `hits` of `total`.  NaN where nothing was seen."""

    value: float
    low: float
    high: float
    hits: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found of what is there: right findings, wrong findings, missed values."""

    found: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.found + other.found, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def recall(self) -> Measure:
        """The share of values that were found."""
        return share(self.found, self.found + self.missed)

    @property
    def precision(self) -> Measure:
        """The share of findings that are right."""
        return share(self.found, self.found + self.wrong)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; NaN where there was nothing to find and nothing was found."""
        whole = 2 * self.found + self.wrong + self.missed
        return 2 * self.found / whole if whole else float("nan")


def share(hits: int, total: int) -> Measure:
    """`hits` of `total` with Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it).

    >>> one = share(98, 100)
    >>> round(one.value, 2), round(one.low, 3), round(one.high, 3)
    (0.98, 0.93, 0.994)
    """
    if not 0 <= hits <= total:
        raise ValueError(f"{hits} of {total} is no share")
    if not total:
        return Measure(float("nan"), 0.0, 1.0, 0, 0)
    p, z2 = hits / total, Z * Z
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z * sqrt(p * (1 - p) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == total else middle + half
    return Measure(p, low, high, hits, total)


def f1(documents: Sequence[Counts], seed: int = 1, resamples: int = RESAMPLES) -> Measure:
    """The F1 over all documents, with the percentile interval of a bootstrap over documents (Efron 1979)."""
    whole = sum(documents, Counts())
    if not documents or not (whole.found + whole.wrong + whole.missed):
        return Measure(float("nan"), 0.0, 1.0)
    table = np.array([(one.found, one.wrong, one.missed) for one in documents], dtype=np.int64)
    dice = np.random.default_rng(seed)
    drawn = np.empty(resamples)
    for index in range(resamples):
        found, wrong, missed = table[dice.integers(0, len(table), len(table))].sum(axis=0)
        drawn[index] = 2 * found / (2 * found + wrong + missed) if found + wrong + missed else np.nan
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Measure(whole.f1, float(low), float(high))


def auc(scores: Sequence[float], truth: Sequence[bool]) -> Measure:
    """The area under the ROC curve, ties counting half, with DeLong's interval (DeLong, DeLong and Clarke-Pearson 1988,
    in the mid-rank form of Sun and Xu 2014) on the logit scale, so that it stays within 0..1.

    At an area of exactly 0 or 1 the variance is 0 and says nothing; the interval is then Wilson's for as many trials as
    the smaller class has texts.

    >>> auc([0.9, 0.8, 0.3, 0.1], [True, True, False, False]).value
    1.0
    """
    if len(scores) != len(truth):
        raise ValueError(f"{len(scores)} scores for {len(truth)} labels")
    values, labels = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.bool_)
    positive, negative = values[labels], values[~labels]
    m, n = len(positive), len(negative)
    if not m or not n:
        return Measure(float("nan"), 0.0, 1.0)
    together = _midranks(np.concatenate((positive, negative)))
    of_positive = (together[:m] - _midranks(positive)) / n
    of_negative = 1 - (together[m:] - _midranks(negative)) / m
    area = float(of_positive.mean())
    if area in (0.0, 1.0) or min(m, n) < 2:
        plain = share(round(area * min(m, n)), min(m, n))
        return Measure(area, plain.low, plain.high)
    variance = float(of_positive.var(ddof=1)) / m + float(of_negative.var(ddof=1)) / n
    logit, width = np.log(area / (1 - area)), Z * sqrt(variance) / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-edge))) for edge in (logit - width, logit + width))
    return Measure(area, low, high)


def _midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def quantile(values: Sequence[float], at: float) -> float:
    """The quantile `at` (0..1) of some values; NaN of none."""
    return float(np.quantile(np.asarray(values), at)) if values else float("nan")

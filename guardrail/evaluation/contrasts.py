"""Whether two shares differ, or the two halves of pairs do: differences with intervals, exact tests, Holm's correction.

Rules:
1. No difference without its interval; every interval is two-sided and covers 95 %.
2. Tests are exact where the numbers are small, and two-sided always.
3. Who looks at many differences finds some by chance: `holm` says which of them hold all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import comb, erfc, exp, inf, lgamma, sqrt

import numpy as np

from guardrail.evaluation.intervals import Z, share

_EXPECTED = 10
"""A count below which the normal approximation is not relied on."""
_EXACT = 14
"""Pairs up to which all signs are tried."""
_FEW, _MANY, _DOUBTFUL = 10_000, 100_000, 0.02
"""Draws, draws for a p below the third, which may have to hold against hundreds of others, and that."""
_BATCH = 1 << 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference with its 95 % interval and the p-value of "there is none"."""

    value: float
    low: float
    high: float
    p: float


def shares(hits: int, total: int, other_hits: int, other_total: int) -> Difference:
    """The first share less the second: Newcombe's interval (1998, method 10), Fisher's exact test, or the score test
    where every expected count is large.

    >>> one = shares(9, 10, 3, 10)
    >>> round(one.value, 2), round(one.low, 2), round(one.high, 2), round(one.p, 3)
    (0.6, 0.17, 0.81, 0.02)
    """
    if not total or not other_total:
        return Difference(float("nan"), -1.0, 1.0, 1.0)
    one, two = share(hits, total), share(other_hits, other_total)
    value = one.value - two.value
    low = value - sqrt((one.value - one.low) ** 2 + (two.high - two.value) ** 2)
    high = value + sqrt((one.high - one.value) ** 2 + (two.value - two.low) ** 2)
    return Difference(value, low, high, _independent(hits, total, other_hits, other_total))


def paired(first: int, second: int, total: int) -> Difference:
    """The share of pairs where only the first half has an outcome less the share where only the second has: the
    interval of Agresti and Min (2005), McNemar's test in its exact form.

    >>> one = paired(8, 1, 40)
    >>> round(one.value, 3), round(one.low, 3), round(one.high, 3), round(one.p, 3)
    (0.175, 0.028, 0.305, 0.039)
    """
    if not total:
        return Difference(float("nan"), -1.0, 1.0, 1.0)
    count, p, q = total + 2, (first + 0.5) / (total + 2), (second + 0.5) / (total + 2)
    half = Z * sqrt((p + q - (p - q) ** 2) / count)
    return Difference((first - second) / total, max(-1.0, p - q - half), min(1.0, p - q + half), _sign(first, second))


def ratio(logarithms: Sequence[float], seed: int = 1) -> Difference:
    """The mean of logarithms of ratios, as a ratio (`value` 1 is "alike"), with the percentile interval of a bootstrap
    over pairs, its tails widened for small samples as Hesterberg (2015) advises, and a sign-flipping permutation test:
    exact for few pairs, drawn for many."""
    values = np.asarray(logarithms, dtype=np.float64)
    if not len(values):
        return Difference(float("nan"), 0.0, inf, 1.0)
    dice = np.random.default_rng(seed)
    batch = max(1, _BATCH // len(values))
    drawn = [min(batch, 2000 - begin) for begin in range(0, 2000, batch)]
    means = np.concatenate([values[dice.integers(0, len(values), (n, len(values)))].mean(axis=1) for n in drawn])
    tail = _tail(len(values))
    low, high = np.quantile(means, (tail, 1 - tail))
    return Difference(exp(values.mean()), exp(low), exp(high), _flipped(values, dice))


def _tail(count: int) -> float:
    """What a percentile interval leaves out at either end to cover 95 %, by Student's t (its quantile by the expansion
    of Cornish and Fisher)."""
    if count < 2:
        return 0.0
    n = count - 1
    t = Z + (Z**3 + Z) / (4 * n) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * n**2)
    t += (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / (384 * n**3)
    return erfc(sqrt(count / n) * t / sqrt(2)) / 2


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted by Holm's step-down method: below 0.05 holds for the whole family.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, worst = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted


def _independent(hits: int, total: int, other_hits: int, other_total: int) -> float:
    whole, rows = total + other_total, (total, other_total)
    together = hits + other_hits
    if together in (0, whole):
        return 1.0
    columns = (together, whole - together)
    if min(row * column / whole for row, column in product(rows, columns)) >= _EXPECTED:
        pooled = together / whole
        spread = sqrt(pooled * (1 - pooled) * (1 / total + 1 / other_total))
        return erfc(abs(hits / total - other_hits / other_total) / spread / sqrt(2))
    if together * 2 > whole:  # the rarer outcome has fewer tables to go through, and the same p-value
        hits, together = total - hits, whole - together
    return _fisher(hits, total, together, whole)


def _fisher(hits: int, total: int, together: int, whole: int) -> float:
    def log(k: int) -> float:
        return _log_comb(together, k) + _log_comb(whole - together, total - k)

    ceiling = log(hits) + 1e-7
    least, most = max(0, total + together - whole), min(total, together)
    likely = (value for k in range(least, most + 1) if (value := log(k)) <= ceiling)
    return min(1.0, sum(exp(value - _log_comb(whole, total)) for value in likely))


def _log_comb(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _sign(first: int, second: int) -> float:
    """The two-sided exact test of a fair coin."""
    count, fewer = first + second, min(first, second)
    if not count:
        return 1.0
    return float(min(1.0, 2 * sum(comb(count, k) for k in range(fewer + 1)) / 2**count))


def _flipped(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", dice: np.random.Generator) -> float:
    seen = abs(values.mean()) - 1e-12
    if len(values) <= _EXACT:
        signs = np.array(list(product((1.0, -1.0), repeat=len(values))))
        return float((abs(signs @ values / len(values)) >= seen).mean())
    found = _drawn(values, seen, _FEW, dice)
    return _drawn(values, seen, _MANY, dice) if found < _DOUBTFUL else found


def _drawn(
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]", seen: float, draws: int, dice: np.random.Generator
) -> float:
    extreme, left = 0, draws
    while left:
        some = min(left, max(1, _BATCH // len(values)))
        signs = dice.integers(0, 2, (some, len(values)), dtype=np.int8) * 2.0 - 1
        extreme += int((abs(signs @ values / len(values)) >= seen).sum())
        left -= some
    return (extreme + 1) / (draws + 1)

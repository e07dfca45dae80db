"""What the two readers of grounding make of a text that is held against its sources, as numbers that can be compared.

Rules:
1. The detectors that ship are asked, as they are asked on the wire: sentence by sentence, with the sources and the
   prompt as the conversation has them.  A text scores as its worst sentence.
2. `first` is the check that is always on, `second` the small network (extra `models`, English); `both` is the chance
   that at least one of them is right to object, if they erred independently, and stands for a policy that has a rule
   on each.
3. Simple measures of overlap stand beside them, because a check must be better than the best of those to be worth
   having.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isnan

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.errors.grounding.claims import claims
from guardrail.detectors.errors.grounding.detector import Grounding
from guardrail.detectors.errors.grounding.reader import GroundingReader
from guardrail.detectors.errors.grounding.sources import is_content, tokens
from guardrail.evaluation.intervals import RESAMPLES, Measure
from guardrail.types import Context, Source

READERS = ("first", "second", "both")
NAMES = {"first": "always on", "second": "second reader", "both": "both"}
ALLOWED = 0.05
"""The share of false alarms at which recall is told."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A text with its label, and what each reader gave it; `second` None where there is no second reader for it."""

    key: str
    wrong: bool
    first: float
    second: float | None
    group: str = ""
    plain: bool = True

    def score(self, reader: str) -> float:
        """The score of one of READERS; without a second one, `both` is the first alone."""
        second = self.second or 0.0
        return {"first": self.first, "second": second, "both": 1 - (1 - self.first) * (1 - second)}[reader]


def context_of(source: str, prompt: str = "") -> Context:
    """The conversation in which `source` was given and `prompt` asked."""
    return Context(prompt=prompt, material=(Source("document", source),))


@cache
def _second() -> GroundingReader | None:
    reader = GroundingReader()
    if not reader.configured:
        return None
    reader.load()
    return reader


def second_is_here() -> bool:
    """Whether the second reader can run."""
    return _second() is not None


def scored(
    key: str,
    text: str,
    source: str,
    prompt: str,
    wrong: bool,
    *,
    english: bool = True,
    group: str = "",
    plain: bool = True,
) -> Scored:
    """A text as both readers judge it."""
    context = context_of(source, prompt)
    sentences = [text[start:end] for start, end in claims(text)] or [text]
    reader = _second() if english else None
    second = None if reader is None else max(reader.scores(sentences, context))
    return Scored(key, wrong, max(first(sentences, context)), second, group, plain)


@cache
def _first() -> Grounding:
    detector = Grounding()
    detector.load()
    return detector


def first(sentences: Sequence[str], context: Context) -> list[float]:
    """What the check that is always on gives each sentence."""
    return _first().scores(sentences, context)


def recall(seen: Sequence[Scored], reader: str, seed: int = 1) -> Measure:
    """The share of wrong texts that score higher than all but ALLOWED of the right ones that are no copies, with the
    interval of a bootstrap over sources."""
    good = [one for one in seen if not one.wrong and one.plain]
    bad = [one for one in seen if one.wrong]
    if not good or not bad:
        return Measure(float("nan"), 0.0, 1.0)
    return _drawn(seen, seed, lambda some: _recall(some, reader))


def _recall(seen: Sequence[Scored], reader: str) -> float:
    good = [one.score(reader) for one in seen if not one.wrong and one.plain]
    bad = np.array([one.score(reader) for one in seen if one.wrong])
    if not good or not bad.size:
        return float("nan")
    return float((bad > np.quantile(good, 1 - ALLOWED, method="higher")).mean())


def _drawn(seen: Sequence[Scored], seed: int, measure: Callable[[Sequence[Scored]], float]) -> Measure:
    """A measure with the percentile interval of a bootstrap over sources (Efron 1979): claims of one source are no
    independent draws."""
    groups: dict[str, list[Scored]] = {}
    for one in seen:
        groups.setdefault(one.key, []).append(one)
    keys = list(groups)
    dice = np.random.default_rng(seed)
    values = []
    for _ in range(RESAMPLES // 4):
        chosen = [one for at in dice.integers(0, len(keys), len(keys)) for one in groups[keys[at]]]
        value = measure(chosen)
        if not isnan(value):
            values.append(value)
    low, high = np.quantile(values, (0.025, 0.975)) if values else (0.0, 1.0)
    return Measure(measure(seen), float(low), float(high))


def area(scores: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """The area under the ROC curve, ties counting half."""
    positive, negative = np.sort(scores[wrong]), np.sort(scores[~wrong])
    if not positive.size or not negative.size:
        return float("nan")
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.sum() / 2 / positive.size / negative.size)


def areas(
    keys: Sequence[str], wrong: Sequence[bool], scores: Mapping[str, Sequence[float]], seed: int = 1
) -> tuple[dict[str, Measure], Callable[[str, str], Measure]]:
    """The area of each of several scores of the same texts, with the interval of a bootstrap over sources, and what
    gives the difference of two of them, drawn in pairs."""
    labels = np.array(wrong, np.bool_)
    values = {name: np.array(one, np.float64) for name, one in scores.items()}
    numbers = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    owners = [np.flatnonzero(np.array([numbers[key] for key in keys]) == n) for n in range(len(numbers))]
    dice = np.random.default_rng(seed)
    draws = [np.concatenate([owners[n] for n in dice.integers(0, len(owners), len(owners))]) for _ in range(RESAMPLES)]
    drawn = {name: np.array([area(one[at], labels[at]) for at in draws]) for name, one in values.items()}
    whole = {name: area(one, labels) for name, one in values.items()}

    def told(value: float, many: NDArray[np.float64]) -> Measure:
        low, high = np.nanquantile(many, (0.025, 0.975))
        return Measure(value, float(low), float(high))

    return (
        {name: told(whole[name], drawn[name]) for name in values},
        lambda one, other: told(whole[one] - whole[other], drawn[one] - drawn[other]),
    )


OVERLAPS = ("words", "content words", "pairs", "triples", "runs of five letters", "longest run")


def overlaps(text: str, source: str) -> dict[str, float]:
    """How much of a text its source does not hold, by simple measures; 0 for a copy."""
    claim, held = tokens(text).stems, tokens(source).stems
    content = [each for each in claim if is_content(each)]
    letters, sought = "".join(claim), "".join(held)
    found = {
        "words": _missing(claim, held, 1),
        "content words": _missing(content, [each for each in held if is_content(each)], 1),
        "pairs": _missing(claim, held, 2),
        "triples": _missing(claim, held, 3),
        "runs of five letters": _missing(letters, sought, 5),
    }
    return found | {"longest run": 1 - _longest(claim, f" {' '.join(held)} ") / max(1, len(claim))}


def _missing(given: Sequence[str], held: Sequence[str], size: int) -> float:
    def runs(some: Sequence[str]) -> list[tuple[str, ...]]:
        return [tuple(some[at : at + size]) for at in range(len(some) - size + 1)]

    own, there = runs(given), set(runs(held))
    return sum(one not in there for one in own) / len(own) if own else 0.0


def _longest(claim: Sequence[str], held: str) -> int:
    best = 0
    for start in range(len(claim)):
        while start + best < len(claim) and f" {' '.join(claim[start : start + best + 1])} " in held:
            best += 1
    return best

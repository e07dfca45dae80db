"""The small models that weigh what was measured of a claim: trees, a weighted sum, and how far a claim is from a copy.

Rules:
1. The trees and the sum have learnt from typed edits of supported claims; they know what a slip in a copied sentence
   looks like.  How far a claim is from its sources as a whole (`distance`) is a plain mean of a few measures without
   learnt weights, because it has to hold for summaries in other words as well.
2. A score tells how rare it is among sentences that *are* supported, in their own words: of those one in five scores
   0.4 or more, one in twenty 0.6, one in a hundred 0.8.  So one threshold means the same in every language.
3. Plain arrays, exact sums in one fixed order: the same claim has the same score alone, in a batch and in another
   process.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.errors.grounding.answers import ANSWER_NAMES
from guardrail.detectors.errors.grounding.features import NAMES
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, Model, read_model

FILE = "grounding.bin"
LANGUAGES = ("en", "zh")
LEVELS = (0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)
"""The scores at the knots of a calibration."""
ANSWER_MOST = 0.5
"""The highest score of a short answer that stands in the sources word by word."""

_STRONG_NAMES = (
    "number", "small_number", "date", "name", "strange_names", "strange_first", "opposites", "contrary",
    "negation_lost",
)  # fmt: skip
_STRONG = tuple(map(NAMES.index, _STRONG_NAMES))


@dataclass(frozen=True, slots=True)
class Weights:
    """One language's model; see `training.grounding` for how the parts are made.  The nodes of all trees lie in rows,
    the roots first: node n asks whether `feature[n]` is above `threshold[n]`, and goes to `child[n]`, or if so to the
    one behind it.  A leaf leads to itself, and nothing is above its threshold."""

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    child: NDArray[np.intp]
    value: NDArray[np.float64]
    roots: NDArray[np.intp]
    depth: int
    linear: NDArray[np.float64]
    offset: float
    strong: float
    knots: tuple[float, ...]

    def raw(self, values: Sequence[float]) -> float:
        """The uncalibrated score of one claim."""
        row = np.array(values)
        return float(self.trees(row)) + float(row @ self.linear) + self.offset + self.strong * is_strong(values)

    def trees(self, row: NDArray[np.float64]) -> float:
        """The sum of all trees: every tree goes one step down at a time."""
        at = self.roots
        for _ in range(self.depth):
            at = self.child[at] + (row[self.feature[at]] > self.threshold[at])
        return float(self.value[at].sum())

    def score(self, values: Sequence[float]) -> float:
        """The score of one claim, above 0 and below 1."""
        return levelled(self.raw(values), self.knots)


def is_strong(values: Sequence[float]) -> bool:
    """Whether a number, a date or a name of the claim stands in no source, or a word says the opposite of one there."""
    return any(values[at] > 0 for at in _STRONG)


def levelled(raw: float, knots: Sequence[float]) -> float:
    """A raw score between the knots of its calibration, on LEVELS; beyond them it still rises, so none tie."""
    at = bisect_right(knots, raw)
    if at == 0:
        return LEVELS[0] * exp(max(raw - knots[0], -100.0) / 4)
    if at == len(knots):
        return LEVELS[-1] + (1 - LEVELS[-1]) * 0.99 * (1 - exp(-min(raw - knots[-1], 300.0) / 10))
    share = (raw - knots[at - 1]) / (knots[at] - knots[at - 1])
    return LEVELS[at - 1] + share * (LEVELS[at] - LEVELS[at - 1])


@dataclass(frozen=True, slots=True)
class Models:
    """The models of all languages, and the one of short answers to questions (plain weights)."""

    languages: Mapping[str, Weights]
    answers: tuple[float, ...]
    answers_offset: float

    def answer(self, values: Sequence[float]) -> float:
        """The score of a short answer that the sources hold: how unlikely it is the one that was asked for."""
        total = self.answers_offset + sum([w * v for w, v in zip(self.answers, values, strict=True)])
        return ANSWER_MOST / (1 + exp(-max(-30.0, min(30.0, total))))


@cache
def models_of(directory: Path = DIRECTORY) -> Models:
    """The embedded models, read once in a process.  Raises CheckError when they are missing, changed or of another
    kind."""
    model = read_model(FILE, directory)
    try:
        if tuple(model.settings["features"]) != NAMES or tuple(model.settings["answer_features"]) != ANSWER_NAMES:
            raise ValueError("it measures other things")
        answers = model.settings["answers"]
        return Models(
            {name: _weights(model, name) for name in LANGUAGES},
            tuple(map(float, answers["weights"])),
            float(answers["offset"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckError(f"model {FILE} is not a grounding model ({error}); reinstall guardrail") from error


def _weights(model: Model, name: str) -> Weights:
    settings: Mapping[str, Any] = model.settings[name]
    arrays = {each: model.arrays[f"{name}.{each}"] for each in _ARRAYS}
    order, child, is_leaf = _rows(arrays["roots"], arrays["left"], arrays["right"])
    return Weights(
        arrays["feature"].astype(np.intp)[order],
        np.where(is_leaf, np.inf, arrays["threshold"].astype(np.float64)[order]),
        child,
        arrays["value"].astype(np.float64)[order],
        np.arange(len(arrays["roots"])),
        int(settings["depth"]),
        arrays["linear"].astype(np.float64),
        float(settings["offset"]),
        float(settings["strong"]),
        tuple(map(float, settings["knots"])),
    )


def _rows(
    roots: NDArray[np.generic], left: NDArray[np.generic], right: NDArray[np.generic]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """The nodes level by level, the two children of each side by side: the old number of each node, the new number of
    its left child (its own for a leaf), and whether it is a leaf."""
    order: list[int] = roots.tolist()
    lefts, rights = left.tolist(), right.tolist()
    child: list[int] = []
    for at, node in enumerate(order):  # which grows on the way
        if lefts[node] == node:
            child.append(at)
            continue
        child.append(len(order))
        order += (lefts[node], rights[node])
    leaf = np.array(child) == np.arange(len(child))
    return np.array(order), np.array(child), leaf


_ARRAYS = ("feature", "threshold", "left", "right", "value", "roots", "linear")

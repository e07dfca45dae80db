"""Which words are common, and which English words mean nearly the same: a small table for the grounding check.

Rules:
1. A word is looked up by its stem (`sources.stem`).  Its rank is its place in order of use; a word that the table lacks
   is rare: mostly a name.  For Chinese it holds Han characters and pairs of them.
2. Nearness is the cosine of two word vectors; it knows that a word is *about* the same matter, not that it says the
   same (`rise` and `fall` are near), so it may only ever soften a miss, never excuse a number, a name or a negation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.models.store import DIRECTORY, read_model

FILE = "grounding_words.bin"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Rows by stem, in order of use, and a unit vector for each; how rare each Han character and pair is."""

    rows: dict[str, int]
    vectors: NDArray[np.float32]
    rarities: dict[str, float]
    cases: dict[str, int]
    """Of words whose case was counted: 1 where it is mostly small, 2 where it is mostly a capital."""

    def rarity(self, word: str) -> float:
        """From 0.2 for the commonest words to 1 for those that the table lacks."""
        return self.rarities.get(word, 1.0)

    def common(self, word: str) -> bool:
        """Whether a word is mostly written with a small letter, so that a capital does not make it a name."""
        return self.cases.get(word) == 1

    def proper(self, word: str) -> bool:
        """Whether a word is mostly written with a capital."""
        return self.cases.get(word) == 2

    def nearest(self, words: list[str], others: list[str]) -> list[float]:
        """For each word the cosine to the nearest of the others, 0 where the table lacks it or them."""
        theirs = [row for row in map(self.rows.get, others) if row is not None]
        mine = [self.rows.get(word) for word in words]
        known = [row for row in mine if row is not None]
        if not theirs or not known:
            return [0.0] * len(words)
        best: list[Any] = (self.vectors[known] @ self.vectors[theirs].T).max(1).tolist()
        answers = iter(best)
        return [0.0 if row is None else float(next(answers)) for row in mine]

    def closeness(self, words: Sequence[str], others: Sequence[str]) -> float:
        """The cosine between the weighted means of the vectors of two texts, 0 where the table lacks either."""
        mine, theirs = self._mean(words), self._mean(others)
        return float(mine @ theirs) if mine is not None and theirs is not None else 0.0

    def _mean(self, words: Sequence[str]) -> NDArray[np.float32] | None:
        known = [word for word in words if word in self.rows]
        if not known:
            return None
        weights = np.array([self.rarities[word] for word in known], np.float32)
        mean: NDArray[np.float32] = weights @ self.vectors[[self.rows[word] for word in known]]
        length = float(np.sqrt(mean @ mean))
        return mean / length if length else None


@cache
def lexicon(directory: Path = DIRECTORY) -> Lexicon:
    """The embedded table, read once in a process.  Raises CheckError when it is missing or changed."""
    model = read_model(FILE, directory)
    words = bytes(model.arrays["words"]).decode().split("\n")
    vectors = model.arrays["vectors"].astype(np.float32) / 127
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    han = bytes(model.arrays["han"]).decode().split("\n")
    rarities = {}
    for listing in (words, [word for word in han if len(word) == 1], [word for word in han if len(word) == 2]):
        rarities |= {word: 0.2 + 0.7 * log(1 + row) / log(1 + len(listing)) for row, word in enumerate(listing)}
    counted = bytes(model.arrays["cased"]).decode().split("\n")
    cases = dict(zip(counted, model.arrays["cases"].tolist(), strict=True))
    return Lexicon({word: row for row, word in enumerate(words)}, vectors, rarities, cases)

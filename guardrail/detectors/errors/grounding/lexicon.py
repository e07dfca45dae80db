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

    def nearest(self, words: Sequence[str], others: Sequence[str]) -> list[float]:
        """For each word the cosine to the nearest of the others, 0 where the table lacks it or them."""
        return self.nearest_both(words, others, len(others))[0]

    def nearest_both(self, words: Sequence[str], others: Sequence[str], end: int) -> tuple[list[float], list[float]]:
        """For each word the cosine to the nearest of the others, and to the nearest of `others[:end]`; 0 where the
        table lacks it or them, and where they are further than unrelated."""
        none = [0.0] * len(words)
        get = self.rows.get
        rows = [(at, row) for at, word in enumerate(words) if (row := get(word)) is not None]
        theirs = [row for word in others[:end] if (row := get(word)) is not None]
        first = len(theirs)
        theirs += [row for word in others[end:] if (row := get(word)) is not None]
        if not rows or not theirs:
            return none, none
        like = self.vectors[[row for _, row in rows]] @ self.vectors[theirs].T
        both = []
        for best in (like.max(1), like[:, :first].max(1) if first else None):
            found = none.copy()
            for (at, _), value in zip(rows, () if best is None else best.tolist(), strict=False):
                found[at] = max(0.0, value)
            both.append(found)
        return both[0], both[1]


@cache
def lexicon(directory: Path = DIRECTORY) -> Lexicon:
    """The embedded table, read once in a process.  Raises CheckError when it is missing or changed."""
    model = read_model(FILE, directory)
    words = bytes(model.arrays["words"]).decode().split("\n")
    vectors: NDArray[np.float32] = model.arrays["vectors"].astype(np.float32) / np.float32(127)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    han = bytes(model.arrays["han"]).decode().split("\n")
    rarities: dict[str, float] = {}
    for listing in (words, [word for word in han if len(word) == 1], [word for word in han if len(word) == 2]):
        rarities |= {word: 0.2 + 0.7 * log(1 + row) / log(1 + len(listing)) for row, word in enumerate(listing)}
    counted = bytes(model.arrays["cased"]).decode().split("\n")
    cases = dict(zip(counted, model.arrays["cases"].tolist(), strict=True))
    return Lexicon({word: row for row, word in enumerate(words)}, vectors, rarities, cases)

"""One text at a time, one array for each step: the toxicity scorer as it was first written, kept as a reference.

`guardrail.detectors.bias` does the same for all texts of a call together; test_bias_toxicity_batches.py compares the
two, which must agree to the last bit.  Nothing here is imported from the code that is compared, but for the fold.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrail.models.store import Model
from guardrail.text.fold import fold

Codes = NDArray[np.uint32]
BLANK = 32
_PLANE = 0x10000
_PRIVATE = 0xE000  # characters beyond the basic plane (emoji) are filed in the private use area, 4,096 places
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_URL = re.compile(r"https?://\S+|www\.\S+")
_LEET = re.compile(r"(?<=[a-z])[013457@$!]+(?=[a-z])|(?<![^\s\"'(])\$(?=[a-z]{2})|(?<=[a-z])\$+(?![^\W_])")
_MAYBE_LEET = re.compile(r"[013457@$!]")
_LETTERS = str.maketrans("013457@$!", "oieastasi")
_SPACED = re.compile(r"(?<![a-z0-9'])[a-z](?:[ .\-_*|][a-z]){2,}(?![a-z0-9'])")
_SPACERS = re.compile(r"[ .\-_*|]")
_SPACED_HAN = re.compile(rf"(?<=[{_HAN}])[ .\-_*|·•]+(?=[{_HAN}])")


def simplifier(traditional: NDArray[np.uint16], simplified: NDArray[np.uint16]) -> Codes:
    """A table of 65,536 code points: Traditional to Simplified, any blank or control to a space, any quote to `"`."""
    table = np.arange(_PLANE, dtype=np.uint32)
    table[traditional] = simplified
    table[:BLANK] = BLANK
    table[[0x7F, 0xA0, 0x3000]] = BLANK
    table[[ord(mark) for mark in "“”„‟「」『』《》«»＂"]] = ord('"')
    return table


def reading(text: str, simplify: Codes) -> Codes:
    """The code points of the reading view of `text`; `simplify` comes from `simplifier`."""
    plain = fold(text).text.lower()
    if "://" in plain or "www." in plain:
        plain = _URL.sub(" ", plain)
    if _MAYBE_LEET.search(plain):
        plain = _LEET.sub(lambda found: found.group().translate(_LETTERS), plain)
    plain = _SPACED.sub(lambda found: _SPACERS.sub("", found.group()), plain)
    if not plain.isascii():
        plain = _SPACED_HAN.sub("", plain)
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32)
    if not plain.isascii():
        codes = np.where(codes < _PLANE, codes, _PRIVATE | (codes & 0xFFF))
    return _without_repeats(simplify[codes])


def _without_repeats(codes: Codes) -> Codes:
    """Blanks at most once and anything else at most twice in a row."""
    if len(codes) < 2:
        return codes
    same = codes[1:] == codes[:-1]
    drop = same & (codes[1:] == BLANK)
    drop[1:] |= same[1:] & same[:-1]
    return codes if not drop.any() else codes[np.concatenate(([True], ~drop))]


Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

WINDOW, STRIDE = 300, 200
"""Code points judged at a time, and how far apart windows of a longer text begin."""
CELL = 40
"""Code points of a stretch; two neighbouring ones are judged together, also by themselves."""

GROUP, NEGATION, CONDEMNATION, DEROGATION, VIOLENCE, PROFANITY, PERSON, SLUR, ENDORSEMENT = range(1, 10)
"""Word classes; 0 is any other word."""
CLASSES = (
    "group", "negation", "condemnation", "derogation", "violence", "profanity", "person", "slur", "endorsement",
)  # fmt: skip

BLOCK_BITS = (17, 16, 17, 14)
"""log2 of the places of each block, in the order of rule 2."""
BLOCK_STARTS = tuple(int(start) for start in np.cumsum([0, *(1 << bits for bits in BLOCK_BITS)]))
TABLE_SIZE = BLOCK_STARTS[-1]

_P = 0x9E3779B97F4A7C15
_LONGEST = WINDOW + 3
_POWERS = np.array([pow(_P, i, 1 << 64) for i in range(_LONGEST)], np.uint64)
_INVERSES = np.array([pow(_P, -i, 1 << 64) for i in range(_LONGEST)], np.uint64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xA0761D6478BD642F)
_TRIPLE = np.uint64(0xE7037ED1A0B428DB)
_MARKS = np.array([pow(0x8EBC6AF09C88C6E3, i + 1, 1 << 64) for i in range(16)], np.uint64)
_CLASS_HASHES = np.array([pow(0x589965CC75374CC3, i + 1, 1 << 64) for i in range(16)], np.uint64)
_LAST_CELL = (WINDOW - 1) // CELL
_CELLS = np.minimum(np.arange(_LONGEST) // CELL, _LAST_CELL)
_SPLIT = np.uint64(48)
_FOLD = np.uint64(29)
_SHIFTS = tuple(np.uint64(64 - bits) for bits in BLOCK_BITS)
_GRAMS = (2, 3, 4, 5)
_REACH = 7  # words that a negation governs
_QUOTE = ord('"')
_STOPS = np.zeros(0x10000, np.bool_)
_STOPS[[ord(stop) for stop in ".!?;。"]] = True

_SPACE, _WORD, _DIGIT, _SIGN, _HAN = range(5)
_ALONE = _SIGN  # signs and Han characters are words each by itself


def _kinds() -> NDArray[np.uint8]:
    """What each code point of the basic plane is to the tokeniser; letters of other scripts count as words."""
    kinds = np.full(0x10000, _SIGN, np.uint8)
    letters = [point for point in range(0x10000) if not 0xD800 <= point < 0xE000 and chr(point).isalpha()]
    kinds[letters] = _WORD
    kinds[0x2E80:0xA000] = _HAN
    kinds[0x3000:0x3040] = _SIGN
    kinds[0xF900:0xFB00] = _HAN
    kinds[ord("'")] = _WORD
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[BLANK] = _SPACE
    return kinds


_KINDS = _kinds()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Word classes by hash: sorted hashes, their classes, and a screen by the top 16 bits.

    Words are looked up whole; terms of two to five Han characters at every position.
    """

    hashes: Hashes
    classes: NDArray[np.uint8]
    screen: NDArray[np.bool_]

    @classmethod
    def of(cls, hashes: Hashes, classes: NDArray[np.uint8]) -> "Lexicon":
        """From hashes in rising order, with the class of each."""
        screen = np.zeros(1 << 16, np.bool_)
        screen[hashes >> _SPLIT] = True
        return cls(hashes, classes, screen)

    def find(self, wanted: Hashes) -> tuple[Places, NDArray[np.uint8]]:
        """Which of `wanted` are in the lexicon (by index), and their classes."""
        likely = self.screen[(wanted >> _SPLIT).view(np.int64)].nonzero()[0]
        if not len(likely):
            return likely, _NONE
        at = np.minimum(self.hashes.searchsorted(wanted[likely]), len(self.hashes) - 1)
        sure = self.hashes[at] == wanted[likely]
        return likely[sure], self.classes[at[sure]]


_NONE = np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Features:
    """Places in the weight table, block by block, and the classes of the words met (for the evidence).

    `cells` says for each place which stretch of CELL code points it begins in; it is empty for a window of at most
    two stretches, which has no parts to look at.
    """

    blocks: tuple[Places, ...]
    cells: tuple[Places, ...]
    classes: NDArray[np.uint8]


def term_hash(codes: Codes) -> int:
    """The hash of one term in its reading view, as a substring of any text would have it."""
    return int(np.sum(codes.astype(np.uint64) * _POWERS[: len(codes)], dtype=np.uint64))


def windows(codes: Codes) -> list[Codes]:
    """A text in overlapping windows of at most WINDOW code points; one window when it is short."""
    if len(codes) <= WINDOW:
        return [codes]
    last = len(codes) - WINDOW
    return [codes[start : start + WINDOW] for start in [*range(0, last, STRIDE), last]]


def features(codes: Codes, lexicon: Lexicon) -> Features:
    """The features of one window (at most WINDOW code points)."""
    padded = np.full(max(len(codes) + 2, _GRAMS[-1]), BLANK, np.int64)
    padded[1 : len(codes) + 1] = codes
    running = np.zeros(len(padded) + 1, np.uint64)
    np.cumsum(padded.view(np.uint64) * _POWERS[: len(padded)], out=running[1:])
    grams = np.concatenate([(running[n:] - running[:-n]) * _INVERSES[: len(running) - n] for n in _GRAMS])
    words, classes, starts = _words(padded, running, grams, lexicon)
    first = padded[starts]
    known = classes.nonzero()[0]
    sequence = _CLASS_HASHES[classes[known]]
    circumstances = _circumstances(words, classes, first, known)
    parts = (
        [grams],
        [words, _pairs(words)],
        circumstances,
        [sequence, _pairs(sequence), _triples(sequence)],
    )
    beside = len(circumstances) == 3
    cells = _cells(len(running), starts, starts[known], beside) if len(codes) > 2 * CELL else ()
    return Features(_places(parts), cells, classes[known])


def _cells(positions: int, starts: Places, known: Places, beside: bool) -> tuple[Places, ...]:
    """The stretch of each place, in the order of `features`: of each n-gram, word, pair and triple by its beginning."""
    words, classes = np.minimum(starts // CELL, _LAST_CELL), np.minimum(known // CELL, _LAST_CELL)
    grams = np.concatenate([_CELLS[: positions - n] for n in _GRAMS])
    pairs = words[:-1]
    return (
        grams,
        np.concatenate((words, pairs)),
        np.concatenate((words, pairs, words) if beside else (words, pairs)),
        np.concatenate((classes, classes[:-1], classes[:-2])),
    )


def _pairs(hashes: Hashes) -> Hashes:
    pairs: Hashes = hashes[:-1] * _PAIR + hashes[1:]
    return pairs


def _triples(hashes: Hashes) -> Hashes:
    triples: Hashes = (hashes[:-2] * _PAIR + hashes[1:-1]) * _TRIPLE + hashes[2:]
    return triples


def _places(parts: Sequence[list[Hashes]]) -> tuple[Places, ...]:
    """The places of the hashes, block by block: the top bits after mixing (the low bits of the hash are weak)."""
    mixed = np.concatenate([hashes for block in parts for hashes in block])
    mixed ^= mixed >> _FOLD
    mixed *= _MIX
    places: list[Places] = []
    at = 0
    for block, shift, start in zip(parts, _SHIFTS, BLOCK_STARTS, strict=False):
        end = at + sum(map(len, block))
        places.append((mixed[at:end] >> shift).view(np.int64) + start)
        at = end
    return tuple(places)


def _words(
    padded: Places, running: Hashes, grams: Hashes, lexicon: Lexicon
) -> tuple[Hashes, NDArray[np.uint8], Places]:
    """The words in order: hash, class and where they begin.

    A word is a run of letters or of digits, a single Han character or sign, or a lexicon term made of Han characters.
    """
    kinds = _KINDS[padded]
    borders = kinds >= _ALONE
    borders[1:] |= kinds[1:] != kinds[:-1]
    borders[0] = True
    if kinds.max() == _HAN:
        for start, end in _terms(grams, len(running), lexicon):
            borders[start + 1 : end] = False
    edges = borders.nonzero()[0]
    running_at = running[edges]
    spoken = (kinds[edges] != _SPACE).nonzero()[0]
    starts = edges[spoken]
    words = (running_at[spoken + 1] - running_at[spoken]) * _INVERSES[starts]
    classes = np.zeros(len(words), np.uint8)
    at, found = lexicon.find(words)
    classes[at] = found
    return words, classes, starts


def _terms(grams: Hashes, positions: int, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where lexicon terms of several Han characters stand: the longest at each place, from the left."""
    found: list[tuple[int, int]] = []
    for index in lexicon.find(grams)[0].tolist():
        for length in _GRAMS:
            if index < positions - length:
                found.append((index, -length))
                break
            index -= positions - length
    terms: list[tuple[int, int]] = []
    reached = 0
    for at, negative in sorted(found):
        if at >= reached:
            reached = at - negative
            terms.append((at, reached))
    return terms


def _circumstances(words: Hashes, classes: NDArray[np.uint8], first: Places, known: Places) -> list[Hashes]:
    """Words and pairs of words marked with their circumstances; names of groups read as one word."""
    quotes = first == _QUOTE
    marks = (quotes.cumsum() & 1) * 2 if quotes.any() else np.zeros(len(words), np.int64)
    kinds = classes[known].tolist()
    plain = words
    if GROUP in kinds:
        plain = np.where(classes == GROUP, _CLASS_HASHES[GROUP], words)
    if NEGATION in kinds:
        stops = _STOPS[first].nonzero()[0]
        for at in known[classes[known] == NEGATION]:
            until = stops[stops.searchsorted(at) :][:1]
            marks[at + 1 : min([at + 1 + _REACH, *until])] |= 1
    marked = plain + _MARKS[marks]
    beside = 4 * (GROUP in kinds) + 8 * (CONDEMNATION in kinds)
    return [marked, _pairs(marked), plain + _MARKS[(marks & 1) + beside]] if beside else [marked, _pairs(marked)]


REPORTED = 0.05
"""The lowest score that is reported; policy thresholds below it have no effect."""
CHINESE_SHARE = 0.3
"""Share of Han characters among the characters that are not blank from which a window counts as Chinese."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """One question's column of the model in memory.  `calibration` holds (slope, offset) for English and for Chinese."""

    simplify: Codes
    lexicon: Lexicon
    table: NDArray[np.int8]
    scales: tuple[float, ...]
    calibration: tuple[tuple[float, float], tuple[float, float]]

    @classmethod
    def of(cls, model: Model, question: int) -> "Scorer":
        """From a model file.  Raises KeyError, TypeError or ValueError when it is another kind of model."""
        arrays, settings = model.arrays, model.settings
        english, chinese = (settings["calibration"][language][question] for language in ("en", "zh"))
        return cls(
            simplifier(arrays["traditional"], arrays["simplified"]),
            Lexicon.of(arrays["word_hashes"], arrays["word_classes"]),
            arrays["weights"][:, question].copy(),
            tuple(map(float, settings["scales"][question])),
            ((float(english[0]), float(english[1])), (float(chinese[0]), float(chinese[1]))),
        )

    def score(self, text: str) -> float:
        """The calibrated score of a text in 0..1."""
        scores = []
        for window in windows(reading(text, self.simplify)):
            slope, offset = self.calibration[is_chinese(window)]
            scores.append(logistic(slope * self.raw(features(window, self.lexicon)) + offset))
        return max(scores)

    def raw(self, found: Features) -> float:
        """The uncalibrated sum of a window or, where that is higher, of two neighbouring stretches of it; no unit."""
        if found.cells:
            return self._highest(found)
        total = 0.0
        for scale, places in zip(self.scales, found.blocks, strict=True):
            if len(places):
                total += scale * int(self.table[places].sum(dtype=np.int64)) / math.sqrt(len(places))
        return total

    def _highest(self, found: Features) -> float:
        cells = 1 + int(found.cells[0].max())
        total = np.zeros(cells)
        for scale, places, owners in zip(self.scales, found.blocks, found.cells, strict=True):
            sums = np.bincount(owners, self.table[places], cells)
            counts = np.bincount(owners, minlength=cells)
            parts = np.append(sums[:-1] + sums[1:], sums.sum())
            total += scale * parts / np.sqrt(np.maximum(1, np.append(counts[:-1] + counts[1:], len(places))))
        return float(total.max())


def is_chinese(codes: Codes) -> bool:
    """Whether a window counts as Chinese for the calibration."""
    han = np.count_nonzero((codes >= 0x3400) & (codes < 0xA000))
    return bool(han > CHINESE_SHARE * np.count_nonzero(codes != BLANK))


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))

"""From the reading view of a text to the places in a weight table that speak about it.

Rules:
1. One running hash answers for every substring: with H[i] the sum of code[j] * P**j over j < i (modulo 2**64), a
   substring from i to e is (H[e] - H[i]) * P**-i, wherever it stands (Karp and Rabin 1987).  Character n-grams,
   words and lexicon entries are all read from it, so no string is cut and no loop runs over characters.
2. Four blocks of features, each divided by the square root of how many there are, so that a long text is not a
   strong one: character n-grams; words; words with their circumstances; the sequence of word classes alone.
3. Circumstances are what a bag of words forgets: after a negation, inside quotation marks, beside the name of a
   group of people, beside a word of condemnation.  Names of groups are read as one and the same word, so that
   what is learnt about one group holds for all.
4. Words of interest are known by their hashes; the text of a slur need not be shipped to be recognised.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.reading import BLANK, Codes

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

WINDOW, STRIDE = 300, 200
"""Code points judged at a time, and how far apart windows of a longer text begin."""

GROUP, NEGATION, CONDEMNATION, DEROGATION, VIOLENCE, PROFANITY, PERSON, SLUR, ENDORSEMENT = range(1, 10)
"""Word classes; 0 is any other word."""
CLASSES = (
    "group", "negation", "condemnation", "derogation", "violence", "profanity", "person", "slur", "endorsement",
)  # fmt: skip

BLOCK_BITS = (18, 17, 18, 14)
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
_SPLIT = np.uint64(48)
_REACH = 7  # words that a negation governs
_QUOTE = ord('"')
_STOPS = tuple(map(ord, ".!?。;；\n"))

_SPACE, _WORD, _HAN, _DIGIT, _SIGN, _TERM = range(6)


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

    Single words are looked up as tokens; `lengths` are the lengths of the Han terms, looked up at every position.
    """

    hashes: Hashes
    classes: NDArray[np.uint8]
    lengths: tuple[int, ...]
    screen: NDArray[np.bool_]

    @classmethod
    def of(cls, hashes: Hashes, classes: NDArray[np.uint8], lengths: tuple[int, ...]) -> "Lexicon":
        """From hashes in rising order, with the class of each."""
        screen = np.zeros(1 << 16, np.bool_)
        screen[hashes >> _SPLIT] = True
        return cls(hashes, classes, lengths, screen)

    def find(self, wanted: Hashes) -> tuple[Places, NDArray[np.uint8]]:
        """Which of `wanted` are in the lexicon (by index), and their classes."""
        likely = np.flatnonzero(self.screen[wanted >> _SPLIT])
        if not len(likely):
            return likely, _NONE
        at = np.minimum(np.searchsorted(self.hashes, wanted[likely]), len(self.hashes) - 1)
        sure = self.hashes[at] == wanted[likely]
        return likely[sure], self.classes[at[sure]]


_NONE = np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Features:
    """Places in the weight table, block by block, and the classes of the words met (for the evidence)."""

    blocks: tuple[Places, ...]
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
    padded = np.empty(len(codes) + 2, np.uint64)
    padded[0] = padded[-1] = BLANK
    padded[1:-1] = codes
    running = np.empty(len(padded) + 1, np.uint64)
    running[0] = 0
    np.cumsum(padded * _POWERS[: len(padded)], out=running[1:])
    grams = {n: _grams(running, n) for n in (2, 3, 4, 5) if len(padded) >= n}
    words, classes, quoted, stops = _words(padded, running, grams, lexicon)
    sequence = _CLASS_HASHES[classes[classes > 0]]
    blocks = (
        _places(0, *grams.values()),
        _places(1, words, _pairs(words)),
        _places(2, *_circumstances(words, classes, quoted, stops)),
        _places(3, sequence, _pairs(sequence), _triples(sequence)),
    )
    return Features(blocks, classes)


def _grams(running: Hashes, n: int) -> Hashes:
    grams: Hashes = (running[n:] - running[:-n]) * _INVERSES[: len(running) - n]
    return grams


def _pairs(hashes: Hashes) -> Hashes:
    pairs: Hashes = hashes[:-1] * _PAIR + hashes[1:]
    return pairs


def _triples(hashes: Hashes) -> Hashes:
    triples: Hashes = (hashes[:-2] * _PAIR + hashes[1:-1]) * _TRIPLE + hashes[2:]
    return triples


def _places(block: int, *parts: Hashes) -> Places:
    """The places of the hashes in one block: the top bits after mixing (the low bits of the hash are weak)."""
    hashes = np.concatenate(parts) if parts else np.zeros(0, np.uint64)
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _MIX
    return (hashes >> np.uint64(64 - BLOCK_BITS[block])).astype(np.int64) + BLOCK_STARTS[block]


def _words(
    padded: Hashes, running: Hashes, grams: dict[int, Hashes], lexicon: Lexicon
) -> tuple[Hashes, NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_]]:
    """The words in order: hash, class, whether inside quotation marks, whether a full stop.

    A word is a run of letters or of digits, a single Han character or sign, or a lexicon term made of Han characters.
    """
    kinds = _KINDS[padded]
    begins = kinds != _SPACE
    begins[1:] &= (kinds[1:] != kinds[:-1]) | (kinds[1:] == _HAN) | (kinds[1:] == _SIGN)
    for start, end in _terms(grams, lexicon) if (kinds == _HAN).any() else ():
        begins[start + 1 : end] = False
    starts = np.flatnonzero(begins)
    borders = begins | (kinds == _SPACE)
    ends = _next(borders, starts)
    words = (running[ends] - running[starts]) * _INVERSES[starts]
    classes = np.zeros(len(words), np.uint8)
    at, found = lexicon.find(words)
    classes[at] = found
    first = padded[starts]
    quoted = (np.cumsum(first == _QUOTE) & 1).astype(np.bool_)
    return words, classes, quoted, np.isin(first, _STOPS)


def _next(borders: NDArray[np.bool_], starts: Places) -> Places:
    """For each start, the next border after it; the blank at the end of the window is one."""
    edges = np.flatnonzero(borders)
    following: Places = edges[np.searchsorted(edges, starts) + 1] if len(starts) else starts
    return following


def _terms(grams: dict[int, Hashes], lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where lexicon terms of several Han characters stand: the longest at each place, from the left."""
    found: list[tuple[int, int]] = []
    for length in lexicon.lengths:
        if length in grams:
            found.extend((-length, int(at)) for at in lexicon.find(grams[length])[0])
    terms: list[tuple[int, int]] = []
    reached = 0
    for at, negative in sorted((at, negative) for negative, at in found):
        if at >= reached:
            reached = at - negative
            terms.append((at, reached))
    return terms


def _circumstances(
    words: Hashes, classes: NDArray[np.uint8], quoted: NDArray[np.bool_], stops: NDArray[np.bool_]
) -> list[Hashes]:
    """Words and pairs of words marked with their circumstances; names of groups read as one word."""
    if not len(words):
        return []
    order = np.arange(len(words))
    negation = np.maximum.accumulate(np.where(classes == NEGATION, order, -_REACH - 1))
    stop = np.maximum.accumulate(np.where(stops, order, -1))
    negated = (order - negation <= _REACH) & (negation > stop) & (negation < order)
    plain = np.where(classes == GROUP, _CLASS_HASHES[GROUP], words)
    marked = plain + _MARKS[negated + 2 * quoted.astype(np.int64)]
    parts = [marked, _pairs(marked)]
    beside = 4 * int((classes == GROUP).any()) + 8 * int((classes == CONDEMNATION).any())
    if beside:
        parts.append(plain + _MARKS[negated + beside])
    return parts

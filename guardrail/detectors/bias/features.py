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
4. Every feature knows the stretch of text it comes from, so that the scorer can look at a part of a window: a threat
   inside a harmless paragraph must not be diluted by it.
5. Words of interest are known by their hashes; the text of a slur need not be shipped to be recognised.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.reading import BLANK, Codes

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

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
6. Windows are read together, end to end in one array: what a hash says does not depend on where it stands, so the
   features of a window are the same alone and among others, and a call costs the same few array operations however
   many windows it holds.  A feature that would reach over the end of its window is NOWHERE.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.reading import BLANK, Codes

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

WINDOW, STRIDE = 300, 200
"""Code points judged at a time, and how far apart windows of a longer text begin."""
CELL = 40
"""Code points of a stretch; two neighbouring ones are judged together, also by themselves."""
CHINESE_SHARE = 0.3
"""Share of Han characters among the characters that are not blank from which a window counts as Chinese."""

GROUP, NEGATION, CONDEMNATION, DEROGATION, VIOLENCE, PROFANITY, PERSON, SLUR, ENDORSEMENT = range(1, 10)
"""Word classes; 0 is any other word."""
CLASSES = (
    "group", "negation", "condemnation", "derogation", "violence", "profanity", "person", "slur", "endorsement",
)  # fmt: skip

BLOCK_BITS = (18, 17, 18, 14)
"""log2 of the places of each block, in the order of rule 2."""
BLOCK_STARTS = tuple(int(start) for start in np.cumsum([0, *(1 << bits for bits in BLOCK_BITS)]))
TABLE_SIZE = BLOCK_STARTS[-1]

NOWHERE = TABLE_SIZE
"""The place of a feature that is none; a scorer gives it no weight."""
BATCH = 4096
"""Code points read together at most, blanks around windows included; a bound of memory, and about what caches hold."""

_P = 0x9E3779B97F4A7C15


def _powers(base: int) -> NDArray[np.uint64]:
    """base**0, base**1, ..., base**BATCH, modulo 2**64."""
    return np.array([1, *[base] * BATCH], np.uint64).cumprod()


_POWERS = _powers(_P)
_INVERSES = _powers(pow(_P, -1, 1 << 64))
_MIX = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xA0761D6478BD642F)
_TRIPLE = np.uint64(0xE7037ED1A0B428DB)
_MARKS = np.array([pow(0x8EBC6AF09C88C6E3, i + 1, 1 << 64) for i in range(16)], np.uint64)
_CLASS_HASHES = np.array([pow(0x589965CC75374CC3, i + 1, 1 << 64) for i in range(16)], np.uint64)
_LAST_CELL = (WINDOW - 1) // CELL
_SPLIT = np.uint64(48)
_FOLD = np.uint64(29)
_SHIFTS = tuple(np.uint64(64 - bits) for bits in BLOCK_BITS)
_GRAMS = (2, 3, 4, 5)
_SHORTEST = max(_GRAMS)
_OVER = tuple((row, back) for row, size in enumerate(_GRAMS) for back in range(1, size))
_OVER_ROWS = np.array([row for row, _ in _OVER])[:, None]
_OVER_BACK = np.array([back for _, back in _OVER])[:, None]
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
_ZERO = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Features:
    """The places in the weight table of some windows, window after window.

    `grids` holds one array for each block: a column for each character, word or known word, a row for each kind of
    feature that begins there, NOWHERE where there is none.  `bounds` says for each block at which column each stretch
    begins, then how many columns there are; `stretches` which stretch each window begins with, then how many there
    are.  A window of at most two stretches of CELL code points has one: it has no parts to look at.  `classes` are
    those of the known words, the columns of the last block (for the evidence).  `chinese` tells of each window.
    """

    grids: tuple[Places, ...]
    bounds: tuple[Places, ...]
    stretches: Places
    classes: NDArray[np.uint8]
    chinese: NDArray[np.bool_]

    @property
    def blocks(self) -> tuple[Places, ...]:
        """The places of all windows, block by block."""
        return tuple(grid[grid != NOWHERE] for grid in self.grids)

    def met(self, window: int) -> list[int]:
        """The classes of the words met in a window, each once, in rising order."""
        first, last = self.bounds[-1][self.stretches[window : window + 2]]
        return sorted(set(self.classes[first:last].tolist()))


def term_hash(codes: Codes) -> int:
    """The hash of one term in its reading view, as a substring of any text would have it."""
    return int(np.sum(codes.astype(np.uint64) * _POWERS[: len(codes)], dtype=np.uint64))


def windows(codes: Codes) -> list[Codes]:
    """A text in overlapping windows of at most WINDOW code points; one window when it is short."""
    if len(codes) <= WINDOW:
        return [codes]
    last = len(codes) - WINDOW
    return [codes[start : start + WINDOW] for start in [*range(0, last, STRIDE), last]]


def batches(cut: Sequence[Codes]) -> Iterator[Sequence[Codes]]:
    """Windows in the same order, as many together as `features` takes."""
    first = size = 0
    for at, window in enumerate(cut):
        if size + _padded(window) > BATCH:
            yield cut[first:at]
            first, size = at, 0
        size += _padded(window)
    if first < len(cut):
        yield cut[first:]


def features(codes: Codes, lexicon: Lexicon) -> Features:
    """The features of one window (at most WINDOW code points)."""
    return features_of([codes], lexicon)


def features_of(cut: Sequence[Codes], lexicon: Lexicon) -> Features:
    """The features of one or more windows (each at most WINDOW code points, together those of one of `batches`)."""
    flat, cells, stretches = _laid_out(cut)
    running = np.zeros(len(flat) + 1, np.uint64)
    np.cumsum(flat.view(np.uint64) * _POWERS[: len(flat)], out=running[1:])
    grams = np.zeros((len(_GRAMS), len(flat)), np.uint64)
    for row, size in enumerate(_GRAMS):
        np.subtract(running[size:], running[:-size], out=grams[row, : len(flat) + 1 - size])
    grams *= _INVERSES[: len(flat)]
    kinds = _KINDS[flat]
    han = (kinds == _HAN).nonzero()[0]
    words, classes, starts = _words(kinds, running, grams, han, lexicon)
    known = classes.nonzero()[0]
    bounds = starts.searchsorted(cells)
    among = known.searchsorted(bounds)
    grids = (
        _gram_places(grams, cells[stretches[1:]]),
        *_word_places(words, classes, flat[starts], known, bounds[stretches], among[stretches]),
    )
    chinese = are_chinese(flat, cells[stretches[:-1]]) if len(han) else np.zeros(len(cut), np.bool_)
    return Features(grids, (cells, bounds, bounds, among), stretches, classes[known], chinese)


def are_chinese(flat: NDArray[np.integer[Any]], starts: Places) -> NDArray[np.bool_]:
    """Whether each window counts as Chinese for the calibration; a window reaches to where the next one starts."""
    marks = np.array([(flat >= 0x3400) & (flat < 0xA000), flat != BLANK], np.uint8)
    han, written = np.add.reduceat(marks, starts, axis=1, dtype=np.int64)
    chinese: NDArray[np.bool_] = han > CHINESE_SHARE * written
    return chinese


def _laid_out(cut: Sequence[Codes]) -> tuple[Places, Places, Places]:
    """Windows end to end, a blank on either side of each: the code points; where stretches begin, and the end; which
    stretch each window begins with, and their number."""
    starts: list[int] = []
    cells: list[int] = []
    stretches: list[int] = []
    end = 0
    for window in cut:
        starts.append(end + 1)
        stretches.append(len(cells))
        parts = min(len(window) // CELL, _LAST_CELL) if len(window) > 2 * CELL else 0
        cells.extend(range(end, end + parts * CELL + 1, CELL))
        end += _padded(window)
    flat = np.full(end, BLANK, np.int64)
    for start, window in zip(starts, cut, strict=True):
        flat[start : start + len(window)] = window
    return flat, np.array([*cells, end]), np.array([*stretches, len(cells)])


def _padded(window: Codes) -> int:
    return max(len(window) + 2, _SHORTEST)


def _gram_places(grams: Hashes, ends: Places) -> Places:
    places = _places(_mixed(grams), 0)
    places[_OVER_ROWS, ends - _OVER_BACK] = NOWHERE
    return places


def _word_places(
    words: Hashes, classes: NDArray[np.uint8], first: Places, known: Places, ends: Places, known_ends: Places
) -> tuple[Places, Places, Places]:
    """The places of words, of words with their circumstances and of word classes.

    `first` holds the first code point of each word; `ends` and `known_ends` say with which word, and which known
    word, each window begins, then how many there are.
    """
    plain, marks, beside = _circumstances(words, classes, first, known, ends)
    rows = 2 if beside is None else 3
    hashes = np.zeros((2 + rows) * len(words) + 3 * len(known), np.uint64)
    spoken = hashes[: 2 * len(words)].reshape(2, -1)
    marked = hashes[2 * len(words) : (2 + rows) * len(words)].reshape(rows, -1)
    sequence = hashes[(2 + rows) * len(words) :].reshape(3, -1)
    spoken[0] = words
    marked[0] = plain + _MARKS[marks]
    sequence[0] = _CLASS_HASHES[classes[known]]
    for block in (spoken, marked, sequence):
        block[1, :-1] = block[0, :-1] * _PAIR + block[0, 1:]
    sequence[2, :-2] = sequence[1, :-2] * _TRIPLE + sequence[0, 2:]
    if beside is not None:
        marked[2] = plain + _MARKS[(marks & 1) + beside]
    _mixed(hashes)
    found = (_places(spoken, 1), _places(marked, 2), _places(sequence, 3))
    last, known_last = _last(ends), _last(known_ends)
    found[0][1, last] = found[1][1, last] = NOWHERE
    found[2][1:, known_last] = NOWHERE
    found[2][2, known_last - 1] = NOWHERE  # before the first column comes the last one, where there is none either
    if beside is not None:
        found[1][2, beside == 0] = NOWHERE
    return found


def _last(ends: Places) -> Places:
    """The last column of each window that has any."""
    following = ends[1:]
    return following[following > ends[:-1]] - 1


def _mixed(hashes: Hashes) -> Hashes:
    """`hashes`, mixed in place: their low bits are weak, afterwards the top bits are good."""
    hashes ^= hashes >> _FOLD
    hashes *= _MIX
    return hashes


def _places(mixed: Hashes, block: int) -> Places:
    places = (mixed >> _SHIFTS[block]).view(np.int64)
    places += BLOCK_STARTS[block]
    return places


def _words(
    kinds: NDArray[np.uint8], running: Hashes, grams: Hashes, han: Places, lexicon: Lexicon
) -> tuple[Hashes, NDArray[np.uint8], Places]:
    """The words in order: hash, class and where they begin.

    A word is a run of letters or of digits, a single Han character or sign, or a lexicon term made of Han characters.
    """
    borders = kinds >= _ALONE
    borders[1:] |= kinds[1:] != kinds[:-1]
    borders[0] = True
    if len(han):
        for start, end in _terms(grams, han, lexicon):
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


def _terms(grams: Hashes, han: Places, lexicon: Lexicon) -> list[tuple[int, int]]:
    """Where lexicon terms that begin with a Han character stand: the longest at each place, from the left."""
    hits = lexicon.find(grams.take(han, axis=1).ravel())[0]
    found = [(int(han[hit % len(han)]), -_GRAMS[hit // len(han)]) for hit in hits.tolist()]
    terms: list[tuple[int, int]] = []
    reached = 0
    for at, negative in sorted(found):
        if at >= reached:
            reached = at - negative
            terms.append((at, reached))
    return terms


def _circumstances(
    words: Hashes, classes: NDArray[np.uint8], first: Places, known: Places, ends: Places
) -> tuple[Hashes, Places, Places | None]:
    """The words with names of groups read as one word; 1 for a negated and 2 for a quoted one, added; and 4 beside the
    name of a group, 8 beside condemnation, added, in the same window (None where there is neither)."""
    kinds = classes[known]
    met = set(kinds.tolist())
    plain = np.where(classes == GROUP, _CLASS_HASHES[GROUP], words) if GROUP in met else words
    sizes = ends[1:] - ends[:-1]
    marks = np.zeros(len(words), np.int64)
    quotes = first == _QUOTE
    if quotes.any():
        before = np.concatenate((_ZERO, quotes.cumsum()))
        marks = ((before[1:] - before[ends[:-1]].repeat(sizes)) & 1) * 2
    if NEGATION in met:
        for start, end in _negated(known[kinds == NEGATION], first, ends):
            marks[start:end] |= 1
    if not met & {GROUP, CONDEMNATION}:
        return plain, marks, None
    owners = ends.searchsorted(known, "right") - 1
    beside = np.zeros((2, len(sizes)), np.int64)
    beside[0, owners[kinds == GROUP]] = 4
    beside[1, owners[kinds == CONDEMNATION]] = 8
    return plain, marks, beside.sum(axis=0).repeat(sizes)


def _negated(negations: Places, first: Places, ends: Places) -> list[tuple[int, int]]:
    """The words that each negation governs, as spans: up to _REACH of them, a stop or the end of the window."""
    stops = _STOPS[first].nonzero()[0]
    stop = np.append(stops, len(first))[stops.searchsorted(negations)]
    until = np.minimum(np.minimum(stop, ends[ends.searchsorted(negations, "right")]), negations + 1 + _REACH)
    return list(zip((negations + 1).tolist(), until.tolist(), strict=True))

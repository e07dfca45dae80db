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
   many windows it holds.  Features that would reach over the end of their window are computed and left out of every
   span: that is cheaper than to avoid them.
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
_BESIDE = {GROUP, CONDEMNATION}
_CIRCUMSTANCES = {NEGATION, *_BESIDE}
CLASSES = (
    "group", "negation", "condemnation", "derogation", "violence", "profanity", "person", "slur", "endorsement",
)  # fmt: skip

BLOCK_BITS = (17, 16, 17, 14)
"""log2 of the places of each block, in the order of rule 2."""
BLOCK_STARTS = tuple(int(start) for start in np.cumsum([0, *(1 << bits for bits in BLOCK_BITS)]))
TABLE_SIZE = BLOCK_STARTS[-1]

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
_PAIRED, _HALF = 32, 1 << 31
_FOLD = np.uint64(29)
_SHIFT = np.uint64(64 - BLOCK_BITS[0])
_GRAMS = (2, 3, 4, 5)
_SHORTEST = max(_GRAMS)
_BLANKS = np.full(_SHORTEST, BLANK, np.uint32)
_BLANK = _BLANKS[:1]

_BLOCK_ROWS = (0, 4, 6, 9)
"""The first kind of feature of each block: 2-, 3-, 4- and 5-grams; words, pairs; the same marked, and words beside
others; classes, pairs, triples."""
_BLOCKS = np.array(_BLOCK_ROWS)
_COLUMNS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2])  # of each row: code points, words, known words
_OVER = np.array([1, 2, 3, 4, 0, 1, 0, 1, 0, 0, 1, 2])[:, None]  # features at the end of a window that reach over it
_BESIDE_ROW = 8
_OVER_ALONE = _OVER.copy()
_OVER_ALONE[_BESIDE_ROW] = BATCH  # no window has the features of this kind
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
        among = wanted[likely]
        at = self.hashes.searchsorted(among)
        sure = self.hashes.take(at, mode="clip") == among
        return likely[sure], self.classes[at[sure]]


_NONE = np.zeros(0, np.uint8)
_ZERO = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Features:
    """The places in the weight table of some windows.

    `places` are those of one kind of feature after the other.  A row of `first` and `last` stands for one kind, a
    column for one span of text: first[k, s] to last[k, s] of `places` are the features of kind k that begin in span s.
    The first spans are the windows themselves.  The others, for a window of more than two stretches of CELL code
    points, are two neighbouring stretches each; `owners` says of which window.
    `classes` are those of the known words (for the evidence), `known` with which of them each window begins, then how
    many there are.  `chinese` tells of each window.
    """

    places: Places
    first: Places
    last: Places
    owners: list[int]
    classes: list[int]
    known: list[int]
    chinese: list[bool]

    @property
    def blocks(self) -> tuple[Places, ...]:
        """The places of the first window, block by block."""
        rows = [self.places[a:b] for a, b in zip(self.first[:, 0], self.last[:, 0], strict=True)]
        return tuple(np.concatenate(rows[a:b]) for a, b in zip(_BLOCK_ROWS, (*_BLOCK_ROWS[1:], len(rows)), strict=True))

    def sums(self, weights: Places) -> tuple[tuple[Places, Places], Places]:
        """The sums of both weights of each block (rows) in each span (columns), and how many features that are.
        `weights` are those of `paired`: one addition adds both."""
        running = np.zeros(len(self.places) + 1, np.int64)
        weights[self.places].cumsum(out=running[1:])
        sums = np.add.reduceat(running[self.last] - running[self.first], _BLOCKS)
        second = (sums + _HALF) >> _PAIRED
        return (sums - (second << _PAIRED), second), np.add.reduceat(self.last - self.first, _BLOCKS)

    def met(self, window: int) -> list[int]:
        """The classes of the words met in a window, each once, in rising order."""
        return sorted(set(self.classes[self.known[window] : self.known[window + 1]]))


def paired(weights: NDArray[np.int8]) -> Places:
    """Two columns of small weights as one of large numbers, which sums up both at once (below 2**31 each)."""
    both: Places = weights[:, 0].astype(np.int64) + (weights[:, 1].astype(np.int64) << _PAIRED)
    return both


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
    """Windows in the same order, as many together as `features_of` takes."""
    if not cut:
        return
    if sum(map(len, cut)) + _SHORTEST * len(cut) <= BATCH:
        yield cut
        return
    first = size = 0
    for at, window in enumerate(cut):
        padded = max(len(window) + 2, _SHORTEST)
        if size + padded > BATCH:
            yield cut[first:at]
            first, size = at, 0
        size += padded
    yield cut[first:]


def features(codes: Codes, lexicon: Lexicon) -> Features:
    """The features of one window (at most WINDOW code points)."""
    return features_of([codes], lexicon)


def features_of(cut: Sequence[Codes], lexicon: Lexicon) -> Features:
    """The features of one or more windows (each at most WINDOW code points, together those of one of `batches`)."""
    flat, layout = _laid_out(cut)
    size = len(flat)
    running = np.zeros(size + 1, np.uint64)
    np.multiply(flat.view(np.uint64), _POWERS[:size]).cumsum(out=running[1:])
    grams = np.zeros((len(_GRAMS), size), np.uint64)
    for row, length in enumerate(_GRAMS):
        np.subtract(running[length:], running[:-length], out=grams[row, : size + 1 - length])
    grams *= _INVERSES[:size]
    kinds = _KINDS[flat]
    han = (kinds == _HAN).nonzero()[0]
    words, classes, starts = _words(kinds, running, grams, han, lexicon)
    known = classes.nonzero()[0]
    bounds = starts.searchsorted(layout.cells)
    among = known.searchsorted(bounds)
    ends = bounds[layout.stretches]
    met = classes[known]
    marked, others, beside = _circumstances(words, classes, flat[starts], known, met, ends)
    places, bases = _places(grams.ravel(), words, marked, others, _CLASS_HASHES[met])
    columns = np.array((layout.cells, bounds, among)).take(_COLUMNS, axis=0)
    columns += bases
    first, last = _spans(columns, layout, beside)
    chinese = are_chinese(flat, layout.cells[layout.stretches[:-1]]).tolist() if len(han) else [False] * len(cut)
    return Features(places, first, last, layout.owners, met.tolist(), among[layout.stretches].tolist(), chinese)


def are_chinese(flat: NDArray[np.integer[Any]], starts: Places) -> NDArray[np.bool_]:
    """Whether each window counts as Chinese for the calibration; a window reaches to where the next one starts."""
    characters, written = (flat >= 0x3400) & (flat < 0xA000), flat != BLANK
    if len(starts) == 1:
        return np.array([np.count_nonzero(characters) > CHINESE_SHARE * np.count_nonzero(written)])
    han = np.add.reduceat(characters.view(np.int8), starts, dtype=np.int64)
    chinese: NDArray[np.bool_] = han > CHINESE_SHARE * np.add.reduceat(written.view(np.int8), starts, dtype=np.int64)
    return chinese


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where windows stand when they are laid end to end.

    `cells` are the code points at which stretches begin, then their number; `stretches` the stretch that each window
    begins with, then how many there are.  `parts` are the first stretches of the spans that are no window, `owners`
    the windows they belong to.
    """

    cells: Places
    stretches: Places
    parts: list[int]
    owners: list[int]


def _laid_out(cut: Sequence[Codes]) -> tuple[Places, _Layout]:
    """Windows end to end, with a blank on either side of each, and where they stand."""
    pieces: list[Codes] = []
    cells: list[int] = []
    stretches: list[int] = []
    parts: list[int] = []
    owners: list[int] = []
    end = 0
    for index, window in enumerate(cut):
        size = len(window)
        at = len(cells)
        stretches.append(at)
        cells.append(end)
        if size > 2 * CELL:
            more = min(size // CELL, _LAST_CELL)
            parts += range(at, at + more)
            owners += [index] * more
            cells += range(end + CELL, end + more * CELL + 1, CELL)
        missing = _SHORTEST - size
        pieces += (_BLANK, window, _BLANK if missing <= 2 else _BLANKS[: missing - 1])
        end += size + 2 if missing <= 2 else _SHORTEST
    stretches.append(len(cells))
    cells.append(end)
    flat = np.concatenate(pieces, dtype=np.int64)
    return flat, _Layout(np.array(cells), np.array(stretches), parts, owners)


def _spans(columns: Places, layout: _Layout, beside: Places | None) -> tuple[Places, Places]:
    """`first` and `last` of Features.  `columns` holds for each kind the features before each stretch."""
    alone = not layout.parts
    first = columns[:, :-1] if alone else columns[:, layout.stretches[:-1]]
    ends = columns[:, 1:] if alone else columns[:, layout.stretches[1:]]
    last = np.maximum(ends - (_OVER_ALONE if beside is None else _OVER), first)
    if beside is not None:
        last[_BESIDE_ROW] = np.where(beside, ends[_BESIDE_ROW], first[_BESIDE_ROW])
    if alone:
        return first, last
    parts = np.array(layout.parts)
    limits = last[:, layout.owners]
    starts, stops = np.minimum(columns[:, parts], limits), np.minimum(columns[:, parts + 2], limits)
    return np.concatenate((first, starts), axis=1), np.concatenate((last, stops), axis=1)


def _places(
    grams: Hashes, words: Hashes, marked: Hashes, beside: Hashes, sequence: Hashes
) -> tuple[Places, NDArray[np.int64]]:
    """The places of all features, one kind after the other, and (a column) where each kind begins."""
    count, known = len(words), len(sequence)
    singles = np.concatenate((marked, words, sequence))
    pairs = singles * _PAIR
    pairs[:-1] += singles[1:]
    triples = pairs[2 * count :] * _TRIPLE
    triples[:-2] += singles[2 * count + 2 :]
    hashes = np.concatenate(
        (
            grams,
            singles[:count], pairs[:count], beside,
            singles[count : 2 * count], pairs[count : 2 * count],
            singles[2 * count :], pairs[2 * count :], triples,
        )
    )  # fmt: skip
    hashes ^= hashes >> _FOLD
    hashes *= _MIX
    places = (hashes >> _SHIFT).view(np.int64)
    at_marked = len(grams)
    at_words = at_marked + 2 * count + len(beside)
    at_known = at_words + 2 * count
    places[at_marked:at_words] += BLOCK_STARTS[2]
    places[at_words:at_known] >>= BLOCK_BITS[0] - BLOCK_BITS[1]
    places[at_words:at_known] += BLOCK_STARTS[1]
    places[at_known:] >>= BLOCK_BITS[0] - BLOCK_BITS[3]
    places[at_known:] += BLOCK_STARTS[3]
    bases = [
        *range(0, at_marked, len(grams) // len(_GRAMS)),
        at_words, at_words + count,
        at_marked, at_marked + count, at_marked + 2 * count,
        at_known, at_known + known, at_known + 2 * known,
    ]  # fmt: skip
    return places, np.array(bases)[:, None]


def _words(
    kinds: NDArray[np.uint8], running: Hashes, grams: Hashes, han: Places, lexicon: Lexicon
) -> tuple[Hashes, NDArray[np.uint8], Places]:
    """The words in order: hash, class and where they begin.

    A word is a run of letters or of digits, a single Han character or sign, or a lexicon term made of Han characters.
    """
    borders = kinds >= _ALONE
    borders[1:] |= kinds[1:] != kinds[:-1]
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
    words: Hashes, classes: NDArray[np.uint8], first: Places, known: Places, met: NDArray[np.uint8], ends: Places
) -> tuple[Hashes, Hashes, Places | None]:
    """Words marked with their circumstances, names of groups read as one word; the same with what stands beside them
    in their window; and whether anything does, for each window.  The last two are empty and None if nothing ever does.

    `first` holds the first code point of each word; `ends` with which word each window begins, then how many there are.
    """
    kinds = set(met.tolist())
    plain = np.where(classes == GROUP, _CLASS_HASHES[GROUP], words) if GROUP in kinds else words
    quotes = first == _QUOTE
    quoted = quotes.any()
    if not (quoted or kinds & _CIRCUMSTANCES):
        return plain + _MARKS[0], words[:0], None
    marks = np.zeros(len(words), np.int64)
    if quoted:
        before = np.concatenate((_ZERO, quotes.cumsum()))
        marks = ((before[1:] - before[ends[:-1]].repeat(ends[1:] - ends[:-1])) & 1) * 2
    if NEGATION in kinds:
        for start, end in _negated(known[met == NEGATION], first, ends):
            marks[start:end] |= 1
    marked = plain + _MARKS[marks]
    if not kinds & _BESIDE:
        return marked, words[:0], None
    owners = ends.searchsorted(known, "right") - 1
    others = np.zeros((2, len(ends) - 1), np.int64)
    others[0, owners[met == GROUP]] = 4
    others[1, owners[met == CONDEMNATION]] = 8
    beside = others[0] + others[1]
    return marked, plain + _MARKS[(marks & 1) + beside.repeat(ends[1:] - ends[:-1])], beside


def _negated(negations: Places, first: Places, ends: Places) -> list[tuple[int, int]]:
    """The words that each negation governs, as spans: up to _REACH of them, a stop or the end of the window."""
    stops = _STOPS[first].nonzero()[0]
    stop = np.append(stops, len(first))[stops.searchsorted(negations)]
    until = np.minimum(np.minimum(stop, ends[ends.searchsorted(negations, "right")]), negations + 1 + _REACH)
    return list(zip((negations + 1).tolist(), until.tolist(), strict=True))

"""What the arrays of a store answer: where a shingle stands, and which cells of which row a value is.

Rules:
1. A sorted array of 64-bit keyed hashes is asked by binary search in the mapped file; before it a bitmap of sixteen
   bits a hash says "not here" for all but one in sixteen of the hashes that are not there, and that is nearly every
   one.
2. What stands in a public document, or in the packaged boilerplate, is nobody's secret: its shingles are no hits.
3. The answers are bounded: at most POSTINGS places of a shingle, at most ROWS rows of a value.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.leakage.passages import CHARACTER, POSTINGS, Posting, weight
from guardrail.fingerprints import cells
from guardrail.fingerprints.shingles import LEAST, PLAIN, REACH, shingles

Array = NDArray[Any]
ROWS = 64
"""The most rows of one value."""
_BITS = 16
"""Bits of a filter for each hash, one of them set."""
_REMEMBERED = 1 << 16
_HEAD_MASK = 0xFFFFFFFF
_FEW = 16
"""Places of a shingle that are looked at one by one."""
_RECENT, _REACHED = 8, 24
"""Documents that a text has just been repeating, and for how many tokens that is just."""
_TOGETHER = 8
"""Tokens between the two shingles of words that begin a run."""
_NEVER = -1_000
_SLACK = 6
"""Tokens by which the copy may be ahead or behind and still be in order."""


def bitmap(hashes: Array) -> Array:
    """The filter of some hashes: a power of two of bits, indexed by the low bits of a hash."""
    size = 1 << max(10, (_BITS * len(hashes) - 1).bit_length())
    bits = np.zeros(size >> 3, np.uint8)
    at = hashes.astype(np.uint64) & np.uint64(size - 1)
    np.bitwise_or.at(bits, (at >> np.uint64(3)).astype(np.int64), (1 << (at & np.uint64(7))).astype(np.uint8))
    return bits


def heads(hashes: Array, lengths: Array) -> Array:
    """Of each value the low 32 bits of the hash of its head, and its length in 8 bits: in order, each once."""
    return np.unique(hashes.astype(np.uint64) << np.uint64(8) | lengths.astype(np.uint64))


class Passages:
    """The shingles of a store, asked by `Reader`s."""

    def __init__(
        self,
        arrays: Sequence[Array],
        hasher: Callable[[str], int],
        public: Collection[int],
        boilerplate: Iterable[str] = (),
    ) -> None:
        """`arrays`: hashes in order, documents, positions, the filter; of equal hashes, those of public documents come
        first, then by document and position.  `public`: the numbers of public documents."""
        self.hashes, self.documents, self.positions, self.bits = (array.data for array in arrays)
        self.mask = 8 * len(self.bits) - 1
        self.hasher = hasher
        self.public = frozenset(public)
        self.boilerplate = frozenset(map(hasher, boilerplate))

    def reader(self) -> "Reader":
        """What asks on behalf of one text."""
        return Reader(self)

    def span(self, value: int) -> tuple[int, int]:
        """Where a hash stands in the arrays; an empty span where it is not known, or known to everybody."""
        start = find(self.hashes, value)
        count = _equal(self.hashes, start, value)
        if not count or value in self.boilerplate or self.documents[start] in self.public:
            return 0, 0
        return start, start + count if count <= _FEW else bisect_right(self.hashes, value, start)


@dataclass(slots=True)
class _Hit:
    """A known shingle of a text: its last token, its size, where it stands in the arrays, its first places."""

    token: int
    size: int
    start: int
    end: int
    plain: bool
    documents: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)


class Reader:
    """A `passages.Index` for one text, which it is asked about in order.

    Rules:
    1. A run begins with four Chinese characters that are known, or where a second shingle of words within a few tokens
       stands as far from the first as it does in the document, and not both are plain: single shingles of three words
       are met everywhere in a large store, and a stream would always be waiting.  It goes on with single ones.
    2. A shingle that stands in many documents is told of those that the text has just been repeating, at the place that
       comes next in them, so that a passage is followed through phrases that stand everywhere.
    """

    def __init__(self, known: Passages) -> None:
        self._known = known
        self._tail = 0  # the size of the shingle that the text ends with, where it is known
        self._count = 0  # tokens of the text before those that are being asked about
        # By document: the last token that hit it, the place that was hit, how many hits in a row kept the order.
        self._recent: dict[int, tuple[int, int, int]] = {}
        # By document and how far it is ahead of the text: the last hit in that line, its size, whether it was plain.
        self._lines: dict[tuple[int, int], tuple[int, int, bool]] = {}

    def hits(self, words: Sequence[str], first: int) -> list[tuple[int, int, Sequence[Posting]]]:
        """See `passages.Index`."""
        found: list[tuple[int, int, Sequence[Posting]]] = []
        known, shift = self._known, self._count - first
        hasher, bits, mask = known.hasher, known.bits, known.mask
        if not first:
            self._lines.clear()  # the text began, or was judged as if it ended
        self._tail, end = 0, len(words) - 1
        for last, size, text in shingles(words, first):
            value = hasher(text)
            if bits[(value & mask) >> 3] >> (value & 7) & 1 and (span := known.span(value))[1]:
                if last == end:
                    self._tail = size
                plain = PLAIN.issuperset(words[last + 1 - size : last + 1])
                found += self._taken(last, _Hit(last + shift, size, *span, plain))
        self._count += len(words) - first
        return found

    def opens(self, words: Sequence[str]) -> bool:
        """See `passages.Index`: a hash cannot tell what a part of its shingle would be, so as long as a shingle may
        still begin with `words` they wait; and so does a whole one that is known, for the next may begin a run with
        it."""
        if len(words) < REACH and sum(map(weight, words[1:])) + CHARACTER < LEAST:
            return True
        return len(words) == self._tail

    def _taken(self, last: int, hit: "_Hit") -> list[tuple[int, int, Sequence[Posting]]]:
        """What is told of one shingle: the documents that go on with it, and those that begin with it."""
        known, few = self._known, min(hit.end, hit.start + _FEW)
        hit.documents, hit.positions = (
            known.documents[hit.start : few].tolist(),
            known.positions[hit.start : few].tolist(),
        )
        self._forget(hit.token)
        going = self._going(hit, few)
        opening = self._opening(hit, {document for document, _ in going}, POSTINGS - len(going))
        for document, position in (*(posting for _, posting in reversed(opening)), *reversed(going)):
            token, place, length = self._recent.pop(document, (hit.token, position, 0))
            follows = abs(position - place - hit.token + token) <= _SLACK
            self._recent[document] = (hit.token, position, length + 1 if follows else 1)
        told: list[tuple[int, int, Sequence[Posting]]] = [(last, hit.size, going)] if going else []
        return told + [(last, size, [posting]) for size, posting in opening]

    def _opening(self, hit: "_Hit", told: set[int], most: int) -> list[tuple[int, Posting]]:
        """The documents that begin here, at most `most`, each with the size of what begins it; remembers the hit."""
        lines, opening = self._lines, list[tuple[int, Posting]]()
        for document, position in zip(hit.documents, hit.positions, strict=True):
            line = document, position - hit.token
            token, size, plain = lines.pop(line, (_NEVER, 0, True))
            lines[line] = hit.token, hit.size, hit.plain
            if document in told or len(opening) >= most:
                continue
            if hit.size == REACH or (hit.token - token <= _TOGETHER and not (hit.plain and plain)):
                told.add(document)
                opening.append((size + 1 if token == hit.token - 1 else hit.size, (document, position)))
        while lines:
            oldest = next(iter(lines))
            if hit.token - lines[oldest][0] <= _TOGETHER:
                break
            del lines[oldest]
        return opening

    def _going(self, hit: "_Hit", few: int) -> list[Posting]:
        """Of the documents that the text has just been repeating those that hold the shingle, the longest repeated
        first."""
        recent = self._recent
        if few == hit.end and recent.keys().isdisjoint(hit.documents):
            return []
        found: list[Posting] = []
        for document in reversed(recent):
            places = [place for number, place in zip(hit.documents, hit.positions, strict=True) if number == document]
            if few < hit.end and not places:
                places = self._further(document, few, hit.end)
            if places:
                found.append((document, places[0] if len(places) == 1 else self._nearest(document, places, hit.token)))
        if len(found) > 1:
            found.sort(key=lambda posting: -recent[posting[0]][2])  # sorting keeps ties
        return found[:POSTINGS]

    def _further(self, document: int, start: int, end: int) -> list[int]:
        """The places in one document among many."""
        low = bisect_left(self._known.documents, document, start, end)
        high = bisect_right(self._known.documents, document, low, min(end, low + _FEW))
        return self._known.positions[low:high].tolist()

    def _forget(self, token: int) -> None:
        """Let go of the documents that were last hit long ago, and of the oldest where there are many."""
        recent = self._recent
        while recent:
            oldest = next(iter(recent))
            if len(recent) <= _RECENT and token - recent[oldest][0] <= _REACHED:
                return
            del recent[oldest]

    def _nearest(self, document: int, places: Sequence[int], token: int) -> int:
        """Of the places in a document that was hit before, the one nearest to where the text would be by now."""
        last, position, _ = self._recent[document]
        due = position + token - last
        return min(places, key=lambda place: (abs(place - due), place))


def find(hashes: memoryview, value: int) -> int:
    """Where `value` stands in sorted hashes, or would: keyed hashes are spread evenly, so it is near its share."""
    count = len(hashes)
    near, room = value * count >> 64, 8 * isqrt(count) + 8
    low, high = max(0, near - room), min(count, near + room)
    if low and hashes[low - 1] >= value:
        low = 0
    if high < count and hashes[high] < value:
        high = count
    return bisect_left(hashes, value, low, high)


def _equal(hashes: memoryview, start: int, value: int) -> int:
    """How many of the hashes from `start` on are `value`, as far as _FEW + 1."""
    some = hashes[start : start + _FEW + 1].tolist()
    return next((index for index, each in enumerate(some) if each != value), len(some))


Place = tuple[int, int, int, bool]
"""A cell: its document, row and column, and whether it is a find by itself."""


class Cells:
    """The cells of a store."""

    def __init__(
        self, arrays: Sequence[Array], hasher: Callable[[str], int], head_hasher: Callable[[str], int]
    ) -> None:
        """`arrays`: hashes in order, documents, rows, flags (column, and 128 for a strong value), the heads (see
        `heads`) and their filter."""
        self._hashes, self._documents, self._rows, self._flags, self._heads, self._bits = (a.data for a in arrays)
        self._mask = 8 * len(self._bits) - 1
        self._hasher, self._head_hasher = hasher, head_hasher
        self.lengths = lru_cache(maxsize=_REMEMBERED)(self._lengths)
        """The lengths of the values that begin with a head (see `cells.head`); remembered, for words come again."""

    def __len__(self) -> int:
        return len(self._hashes)

    def _lengths(self, head: str) -> tuple[int, ...]:
        value = self._head_hasher(head) & _HEAD_MASK
        if not self._bits[(value & self._mask) >> 3] >> (value & 7) & 1:
            return ()
        start = bisect_left(self._heads, value << 8)
        return tuple(each & 0xFF for each in self._heads[start : bisect_left(self._heads, value + 1 << 8, start)])

    def places(self, value: str) -> list[Place]:
        """The cells that hold exactly `value` (see `cells.value`), at most ROWS."""
        hashed = self._hasher(value)
        at = find(self._hashes, hashed)
        end = min(at + ROWS, len(self._hashes))
        found: list[Place] = []
        while at < end and self._hashes[at] == hashed:
            flags = self._flags[at]
            found.append((self._documents[at], self._rows[at], flags & cells.COLUMN, flags >= cells.STRONG))
            at += 1
        return found

"""Finds the cells of known tables in a growing text: exact data match over tokens.

Rules:
1. A value is found where parts of the text, put together, are it, however it is spaced, cased or punctuated.  Parts
   are tokens, cut again between letters and digits, so that `No831923` hides no number.  Of values that begin at one
   part the longest counts, and the search goes on behind it.
2. A strong value is a find by itself.  A weak one waits for another cell of its row within NEAR characters; both are
   then a find, else the weak one is told with a score below every sensible threshold.
3. What is found depends on the text alone.  A stream waits while a value may be open, and while a weak one waits.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

from guardrail.detectors.leakage.passages import Batch, is_solo
from guardrail.types import Finding

NEAR = 120
"""Characters between two cells of a row that belong together: a sentence or a line of a table."""
_GAP = 3
"""Characters between two tokens of one value: a blank, a dash, a bracket and a blank."""
_HEAD = 6
_SEPARATOR = "\x1f"
_PART = re.compile(r"[0-9]+|[^0-9]+")
_MIXED = re.compile(r"[0-9][^0-9\x1f]|[^0-9\x1f][0-9]")

Place = tuple[int, int, int, bool]
"""A document, a row, a column, and whether the value is strong there."""


class Values(Protocol):
    """The values that are known."""

    @property
    def lengths(self) -> Callable[[str], Collection[int]]:
        """The lengths in characters of the values that begin with a head: 6 characters, or 2 where the first is a token
        by itself."""

    def places(self, value: str) -> list[Place]:
        """The cells that hold exactly `value`."""


@dataclass(slots=True)
class Cell:
    """A value that was found, in source offsets; `company` is the place of it that another cell beside it shares the
    row of, `told` whether it was reported."""

    start: int
    end: int
    places: list[Place]
    company: Place | None = None
    told: bool = False

    @property
    def strong(self) -> bool:
        """Whether it is a find by itself."""
        return any(place[3] for place in self.places)


class CellMatcher:
    """The online machine over batches of tokens of one text."""

    __slots__ = ("_cells", "_found", "_judge", "_places", "_values", "_words")

    def __init__(self, values: Values, judge: Callable[[Cell], Finding]) -> None:
        """`judge` makes the finding of a cell."""
        self._values, self._judge = values, judge
        # The parts of tokens at which a value may still begin; of each its token, and where in the token it stands.
        self._words: list[str] = []
        self._places: list[tuple[Batch, int, int]] = []
        self._cells: list[Cell] = []
        self._found: list[Finding] = []

    def feed(self, batch: Batch) -> None:
        """Take the next tokens."""
        words = batch.words
        if _MIXED.search(_SEPARATOR.join(words)):
            for index, word in enumerate(words):
                for part in _PART.finditer(word):
                    self._words.append(part[0])
                    self._places.append((batch, index, part.start()))
        else:
            self._words += words
            self._places += zip(repeat(batch), range(len(words)), repeat(0))
        self._go_on(final=False)

    def finish(self) -> None:
        """The text ends here."""
        self._go_on(final=True)
        for cell in self._cells:
            self._tell(cell)
        self._cells = []

    def held(self) -> int | None:
        """The source offset from which on the text must wait; None when nothing must."""
        starts = [cell.start for cell in self._cells if not cell.told]
        if self._words:
            starts.append(self._span(0)[0])
        return min(starts, default=None)

    def take(self) -> list[Finding]:
        """The findings since the last call."""
        found, self._found = self._found, []
        return found

    def _go_on(self, *, final: bool) -> None:
        words, lengths_of = self._words, self._values.lengths
        at, count = 0, len(words)
        while at < count:
            word = words[at]
            if len(word) >= _HEAD:
                head = word[:_HEAD]
            elif is_solo(word):
                head = word + words[at + 1][0] if at + 1 < count else ""
            else:
                head = "".join(words[at : at + _HEAD])[:_HEAD]
                head = head if len(head) == _HEAD else ""
            if not head and not final:
                break
            if self._cells and head:
                self._expire(self._span(at)[0])
            lengths = lengths_of(head) if head else ()
            if not lengths:
                at += 1
                continue
            after = self._value(at, lengths, final=final)
            if after is None:
                break
            at = after
        del words[:at], self._places[:at]

    def _value(self, at: int, lengths: Collection[int], *, final: bool) -> int | None:
        """Take the longest value of some lengths that begins at part `at`; the part to go on with, None where more must
        be seen."""
        longest = max(lengths)
        text, best, places = "", at, list[Place]()
        index = at
        while len(text) < longest:
            if index == len(self._words):
                if not final:
                    return None
                break
            if index > at and self._span(index)[0] - self._span(index - 1)[1] > _GAP:
                break
            text += self._words[index]
            index += 1
            if len(text) in lengths and (found := self._values.places(text)):
                best, places = index, found
        if best == at:
            return at + 1
        self._take(Cell(self._span(at)[0], self._span(best - 1)[1], places))
        return best

    def _take(self, cell: Cell) -> None:
        for other in self._cells:
            if (shared := _row(cell, other)) is not None:
                cell.company, other.company = shared
                self._tell(other)
        if cell.strong or cell.company is not None:
            self._tell(cell)
        self._cells.append(cell)

    def _expire(self, position: int) -> None:
        """Let go of the cells that a value at `position` would stand too far from."""
        while self._cells and position - self._cells[0].end > NEAR:
            self._tell(self._cells.pop(0))

    def _tell(self, cell: Cell) -> None:
        if not cell.told:
            cell.told = True
            self._found.append(self._judge(cell))

    def _span(self, index: int) -> tuple[int, int]:
        batch, token, at = self._places[index]
        start, end = batch.span(token)
        if end - start != len(batch.words[token]):
            return start, end  # folded into fewer or more characters: the whole token
        return start + at, start + at + len(self._words[index])


def _row(one: Cell, other: Cell) -> tuple[Place, Place] | None:
    """The places of two cells in one row that they share, in different columns."""
    rows = {place[:2]: place for place in other.places}
    for place in one.places:
        beside = rows.get(place[:2])
        if beside is not None and beside[2] != place[2]:
            return place, beside
    return None

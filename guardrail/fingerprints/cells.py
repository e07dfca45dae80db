"""What of a table is kept: which values of which columns, under which spellings, and which are a find by themselves.

Rules:
1. A value is its tokens put together (see `passages.tokens`): case, width, script, blanks and signs between do not
   count, so `A123456(3)` and `a 123456-3` are one value.
2. A value that says too little is left out and counted: fewer than 6 characters (2 where it begins in Han characters),
   more than 96, or one that stands in more than 50 rows.
3. A value is a *strong* one, a find by itself, when meeting it by chance is unlikely: an e-mail address, or one with at
   least five digits (or long and with digits) of whose shape the table fills less than a thousandth, and that is no
   date. Every other value is *weak*: it counts beside another cell of its row, which is how names are told from
   namesakes.
4. Names are kept as people write them: surname first and last, Chinese and romanised apart.

The term is exact data match; the rule on the share of a shape follows from counting: of 10^6 numbers of six digits a
table with 10^5 of them holds one in ten that anybody makes up.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.leakage.passages import is_solo, tokens
from guardrail.errors import SettingsError

SHORTEST, SHORTEST_HAN, LONGEST = 6, 2, 96
COMMON = 50
"""Rows in which a value may stand."""
MOST = 20_000_000
"""Values of one table: about 1.5 GB of memory while it is added."""
STRONG, COLUMN = 0x80, 0x7F
"""In the flags of a cell: whether it is strong; its column, so that a table has at most 128 of them."""
DENSITY = 1e-3
"""The share of all values of a shape from which on a value of it is weak."""
HEAD, HEAD_HAN = 6, 2
"""Characters of a value by which a text is searched for places where one may begin."""
_DIGITS, _LONG = 5, 20
_NAME_WORDS = 5
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_SHAPE = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyz", "0" * 10 + "a" * 26)
_DATE = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|[12]\d|3[01])(?:19|20)\d\d"
    r"|(?:19|20)\d\d年\d{1,2}月\d{1,2}日?"
)
_WRITTEN_DATE = re.compile(r"\d{1,4}([-/. ])\d{1,2}\1\d{1,4}(?:[ T]\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?)?")


def value(raw: str) -> str:
    """A cell as it is compared.

    >>> value("Ａ123456(3)")
    'a1234563'
    """
    return "".join(tokens(raw))


def head(text: str) -> str | None:
    """The characters by which a value that begins like `text` is searched; None while there are too few."""
    size = HEAD_HAN if text and is_solo(text[0]) else HEAD
    return text[:size] if len(text) >= size else None


def spellings(raw: str) -> list[str]:
    """The values that a cell of a name column stands for, as they are compared.

    >>> spellings("CHAN Tai Man 陳大文")
    ['chantaiman陈大文', 'chantaiman', 'taimanchan', 'manchantai', '陈大文']
    """
    words = tokens(raw)
    latin = [word for word in words if not is_solo(word)]
    han = [word for word in words if is_solo(word)]
    found = ["".join(words)]
    if 2 <= len(latin) <= _NAME_WORDS:
        found += ["".join(latin), "".join([*latin[1:], latin[0]]), "".join([latin[-1], *latin[:-1]])]
    if han and latin:
        found.append("".join(han))
    return list(dict.fromkeys(found))


def is_telling(text: str) -> bool:
    """Whether a value could be a find by itself, but for how densely its table fills its shape."""
    digits = sum("0" <= character <= "9" for character in text)
    return (digits >= _DIGITS or (digits >= 2 and len(text) >= _LONG)) and not _DATE.fullmatch(text)


def shape(text: str) -> str:
    """The shape of a value: each digit as 0, each letter as a."""
    return text.translate(_SHAPE)


def room(of_shape: str) -> float:
    """How many values have a shape."""
    return 10.0 ** of_shape.count("0") * 26.0 ** of_shape.count("a")


@dataclass(slots=True)
class Kept:
    """The cells of one table, in parallel columns, and what was left out by reason."""

    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    heads: "array[int]" = field(default_factory=lambda: array("I"))
    rows: "array[int]" = field(default_factory=lambda: array("I"))
    flags: bytearray = field(default_factory=bytearray)
    lengths: bytearray = field(default_factory=bytearray)
    left_out: Counter[str] = field(default_factory=Counter)
    row_count: int = 0
    by_column: Counter[int] = field(default_factory=Counter)


class Collector:
    """Takes the rows of a table and says in the end what is kept of them."""

    def __init__(self, hasher: Callable[[str], int], head_hasher: Callable[[str], int], names: Iterable[int]) -> None:
        """`names` are the numbers of the columns that hold names: weak, and in several spellings."""
        self._hasher, self._head_hasher = hasher, head_hasher
        self._names = frozenset(names)
        self._kept = Kept()
        self._shapes: dict[tuple[int, str], int] = {}
        self._of_shape: array[int] = array("I")

    def take(self, row: Sequence[str]) -> None:
        """The values of the chosen columns of the next row, in the order of the columns."""
        for column, raw in enumerate(row):
            if raw.strip():
                self._cell(column, raw)
        self._kept.row_count += 1

    def finish(self) -> Kept:
        """What is kept: without values that are common, weak ones marked as such."""
        kept = self._kept
        hashes = np.frombuffer(kept.hashes, np.uint64) if kept.hashes else np.zeros(0, np.uint64)
        rows = np.frombuffer(kept.rows, np.uint32) if kept.rows else np.zeros(0, np.uint32)
        common = _common(hashes, rows)
        strong = self._strong(hashes)
        done = Kept(left_out=kept.left_out, row_count=kept.row_count)
        flags = np.frombuffer(bytes(kept.flags), np.uint8)
        done.left_out["common"] += int(common.sum())
        done.hashes = array("Q", hashes[~common].tobytes())
        done.heads = array("I", np.asarray(kept.heads, np.uint32)[~common].tobytes())
        done.rows = array("I", rows[~common].tobytes())
        done.flags = bytearray((flags | np.where(strong, STRONG, 0).astype(np.uint8))[~common].tobytes())
        done.lengths = bytearray(np.frombuffer(bytes(kept.lengths), np.uint8)[~common].tobytes())
        done.by_column = Counter((flags & COLUMN)[~common].tolist())
        return done

    def _cell(self, column: int, raw: str) -> None:
        is_name = column in self._names
        mail = bool(_MAIL.fullmatch(raw.strip()))
        telling = not is_name and not _WRITTEN_DATE.fullmatch(raw.strip())
        fitting = 0
        for text in spellings(raw) if is_name else [value(raw)]:
            shortest = SHORTEST_HAN if text and is_solo(text[0]) else SHORTEST
            if shortest <= len(text) <= LONGEST:
                self._add(column, text, telling=telling and (mail or is_telling(text)), mail=mail)
                fitting += 1
        if not fitting:
            self._kept.left_out["long" if len(raw) > LONGEST else "short"] += 1

    def _add(self, column: int, text: str, *, telling: bool, mail: bool) -> None:
        kept = self._kept
        if len(kept.hashes) >= MOST:
            raise SettingsError(f"the table has more than {MOST} values; split it, or name fewer columns")
        kept.hashes.append(self._hasher(text))
        kept.heads.append(self._head_hasher(head(text) or text) & 0xFFFFFFFF)
        kept.rows.append(kept.row_count)
        kept.flags.append(column)
        kept.lengths.append(len(text))
        # Shape 0 stands for weak, 1 for an e-mail address; the others are counted.
        number = (
            0 if not telling else 1 if mail else self._shapes.setdefault((column, shape(text)), len(self._shapes) + 2)
        )
        self._of_shape.append(number)

    def _strong(self, hashes: NDArray[Any]) -> NDArray[Any]:
        """Which cells are strong: distinct values of a shape in a column, as a share of all there could be."""
        shapes = np.asarray(self._of_shape, np.int64)
        distinct, _ = _distinct(shapes, hashes)
        counts = np.bincount(distinct, minlength=len(self._shapes) + 2)
        sparse = np.zeros(len(self._shapes) + 2, bool)
        sparse[1] = True
        for (_, of_shape), number in self._shapes.items():
            sparse[number] = counts[number] <= DENSITY * room(of_shape)
        return sparse[shapes] if len(shapes) else np.zeros(0, bool)


def _common(hashes: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """Which cells hold a value that stands in more than COMMON rows."""
    if not len(hashes):
        return np.zeros(0, bool)
    values, counts = np.unique(_distinct(hashes, rows)[0], return_counts=True)
    return np.isin(hashes, values[counts > COMMON])


def _distinct(first: NDArray[Any], second: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The distinct pairs of two parallel arrays, in order."""
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return first[new], second[new]

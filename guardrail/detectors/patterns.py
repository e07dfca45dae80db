"""What a pattern rule is: an expression that proposes a value, and a judge that scores it.

Rules:
1. Expressions run on the folded text in RE2, whose time is linear in the text; `\\b` is ASCII there, so it
   fires between a Chinese character and a letter or digit (`卡號4111...`), where Python's does not.
2. A judge sees the value, the folded text *before* it, and what the expression itself matched behind it
   (`after`), never what comes later: a verdict must not change when more of a stream arrives.
3. Expressions are written without look-around and back-references; `prefix.py` derives from them where a
   stream has to wait.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

CONTEXT = 64
"""Folded characters before a value that a judge may look at."""
_ROW = 1000  # characters of a row of a table; in a longer one nobody reads the head
_CUT = "\0"  # stands where a line was cut
_TABLE = re.compile(r"^\|[^\n]*(?:\n\|[^\n]*)+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed value: `text[start:end]` of the folded text, what stands before it, and the rest of what the
    expression matched, up to `stop`."""

    text: str
    start: int
    end: int
    stop: int = 0

    @property
    def value(self) -> str:
        """The proposed value in its folded form."""
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        """The folded text before the value, lower case, at most CONTEXT characters."""
        return self.text[max(0, self.start - CONTEXT) : self.start].lower()

    @property
    def after(self) -> str:
        """What the expression matched behind the value; empty where the value ends the match."""
        return self.text[self.end : self.stop]

    @property
    def heading(self) -> str:
        """The head of the column, lower case, where the value stands in a cell of a Markdown table; else empty."""
        return heading(self.text, self.start).lower()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer: a score in 0..1, why, another kind where the value turned out to be one, and the part of the
    match (in offsets of the candidate's text) where less than the proposed value was meant."""

    score: float
    evidence: str = ""
    kind: str | None = None
    span: tuple[int, int] | None = None


Judge = Callable[[Candidate], Verdict | None]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression with its judge.

    `group` names the capturing group that is the value (0: the whole match).  `also` names the other kinds that the
    judge may answer with; a pattern is pooled only where a rule covers one of its kinds.  One that is `by_name` is off
    unless a rule names its kind in full: no `*` switches it on.  `trigger` is an expression that some part of every
    match matches; where it is cheaper to look for than the whole, it is what the screen looks for.
    """

    id: str
    kind: str
    expression: str
    judge: Judge
    group: int = 0
    also: tuple[str, ...] = ()
    by_name: bool = False
    trigger: str = ""


def context_of(text: str) -> str:
    """What of `text` judges of the text that follows may look at: its last CONTEXT characters and, inside a Markdown
    table, the head and the row so far, so that `heading` says the same as it would with all of it."""
    near = max(0, len(text) - CONTEXT)
    row = text.rfind("\n", 0, len(text)) + 1
    head = _head(text, row) if len(text) - row <= _ROW else None
    if head is None or head[0] >= near:
        # A cut must not make the middle of a line look like a row of a table.
        inside = text.startswith("|", near) and near > 0 and text[near - 1] != "\n"
        return _CUT + text[near:] if inside else text[near:]
    words = text[head[0] : head[1]]
    return f"{words}\n{text[row:]}" if row <= near else f"{words}\n|{text[near:]}"


def heading(text: str, at: int) -> str:
    """The head of the Markdown table column in which offset `at` stands, or "".

    >>> heading("| Name | HKID |\\n|---|---|\\n| Chan | A1", 36)
    'HKID'
    """
    row = text.rfind("\n", 0, at) + 1
    head = _head(text, row) if at - row <= _ROW else None
    if head is None:
        return ""
    cells = text[head[0] : head[1]].strip().strip("|").split("|")
    column = text.count("|", row, at) - 1
    return cells[column].strip() if 0 <= column < len(cells) else ""


def _head(text: str, row: int) -> tuple[int, int] | None:
    """The first line of the table that the line at `row` belongs to; None when it is that line or in no table."""
    if not text.startswith("|", row):
        return None
    tables = _tables(text)
    at = bisect_right(tables, (row, len(text))) - 1
    if at < 0:
        return None
    start, end = tables[at]
    first = text.index("\n", start)
    return (start, first) if start < row <= end and first - start <= _ROW else None


@lru_cache(maxsize=4)
def _tables(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _TABLE.finditer(text)]


def always(score: float, evidence: str = "") -> Judge:
    """A judge that takes every value at the same score."""
    verdict = Verdict(score, evidence)
    return lambda candidate: verdict

"""What a pattern rule is: an expression that proposes a value, and a judge that scores it.

Rules:
1. Expressions run on the folded text in RE2, whose time is linear in the text; `\\b` is ASCII there, so it
   fires between a Chinese character and a letter or digit (`卡號4111...`), where Python's does not.
2. A judge sees the value and the folded text *before* it, never what comes after: a verdict must not change
   when more of a stream arrives.
3. Expressions are written without look-around and back-references; `prefix.py` derives from them where a
   stream has to wait.
"""

from collections.abc import Callable
from dataclasses import dataclass

CONTEXT = 64
"""Folded characters before a value that a judge may look at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed value: `text[start:end]` of the folded text, and what stands before it."""

    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        """The proposed value in its folded form."""
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        """The folded text before the value, lower case, at most CONTEXT characters."""
        return self.text[max(0, self.start - CONTEXT) : self.start].lower()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's answer: a score in 0..1, why, and another kind where the value turned out to be one."""

    score: float
    evidence: str = ""
    kind: str | None = None


Judge = Callable[[Candidate], Verdict | None]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One expression with its judge.

    `group` names the capturing group that is the value (0: the whole match).  `reach` is the longest match in
    folded characters, None when there is no bound; it is what the operator reads, the gate uses `prefix.py`.
    """

    id: str
    kind: str
    expression: str
    judge: Judge
    group: int = 0
    reach: int | None = None


def always(score: float, evidence: str = "") -> Judge:
    """A judge that takes every value at the same score."""
    verdict = Verdict(score, evidence)
    return lambda candidate: verdict

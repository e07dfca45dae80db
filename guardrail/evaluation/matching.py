"""Findings against known values: which finding is which value, and how much of a text is covered.

Rules:
1. Offsets are Unicode code points, end exclusive, as everywhere.
2. A value is *covered* when every letter and digit of it lies inside findings: what stays visible leaks.  *Exact*
   means the same start and end.
3. One value takes one finding.  More of its kind on the same value are the same finding; one elsewhere is wrong.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from guardrail.evaluation.intervals import Counts

_AROUND = 40


@dataclass(frozen=True, slots=True)
class Span:
    """A value in a text, or where one was found."""

    kind: str
    start: int
    end: int


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a character."""
    return one.start < other.end and other.start < one.end


def covered(text: str, value: Span, found: Iterable[Span]) -> float:
    """The share of the letters and digits of `value` that lie inside `found` (1.0 for a value that has none)."""
    inside = {at for span in found for at in range(max(span.start, value.start), min(span.end, value.end))}
    visible = [at for at in range(value.start, value.end) if text[at].isalnum()]
    return sum(at in inside for at in visible) / len(visible) if visible else 1.0


Same = Callable[[Span, Span], bool]


def exactly(value: Span, found: Span) -> bool:
    """The same place and the same kind."""
    return value == found


def overlapping(value: Span, found: Span) -> bool:
    """The same kind, sharing a character."""
    return value.kind == found.kind and overlap(value, found)


def compare(values: Sequence[Span], found: Sequence[Span], same: Same = exactly) -> Counts:
    """The counts of one text.

    >>> compare([Span("n", 0, 4)], [Span("n", 0, 4), Span("n", 6, 9)])
    Counts(found=1, wrong=1, missed=0)
    """
    hits = sum(any(same(value, one) for one in found) for value in values)
    wrong = sum(not any(same(value, one) for value in values) for one in set(found))
    return Counts(hits, wrong, len(values) - hits)


def masked(text: str, one: Span | None, others: Iterable[Span]) -> str:
    """The surroundings of a place with every value in them replaced by its kind and length; `one` is None for the whole
    text, of which nothing is shown."""
    if one is None:
        return "(the whole text)"
    low, high = max(0, one.start - _AROUND), min(len(text), one.end + _AROUND)
    parts, at = [], low
    for span in sorted({one, *others}, key=lambda span: (span.start, -span.end, span.kind)):
        if span.end <= at or span.start >= high:
            continue
        parts.append(text[at : max(at, span.start)] + f"[{span.kind}, {span.end - span.start} characters]")
        at = span.end
    parts.append(text[at:high] if at < high else "")
    return repr("".join(parts))

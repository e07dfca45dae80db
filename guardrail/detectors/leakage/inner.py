"""What the plain patterns find in a text that was made plain first: spelled, escaped or decoded.

Rules:
1. The same patterns, judges and words as for text that was plain all along, so that scores mean the same.
2. A pattern that is off unless a rule names its kind stays off here.
3. Only what begins in the text itself is found; what stands before it is context.
"""

from collections.abc import Sequence
from dataclasses import replace

from guardrail.detectors.patterns import Candidate, Pattern
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.types import Finding


def general(source: PatternSource) -> list[Pattern]:
    """The patterns of `source` that need no rule of their own."""
    return [pattern for pattern in source.patterns if not pattern.by_name]


def inner_screen(sources: Sequence[PatternSource]) -> Screen:
    """A screen of the patterns of `sources`, loaded."""
    for source in sources:
        source.load()
    return Screen([(source.name, pattern) for source in sources for pattern in general(source)])


def kinds_of(*sources: type) -> tuple[str, ...]:
    """All kinds of some detectors, in order."""
    return tuple(dict.fromkeys(kind for source in sources for kind in source.kinds))  # type: ignore[attr-defined]


def context_before(candidate: Candidate) -> str:
    """What a reader knows when he comes to a value: the head of its column and the text before it."""
    return f"{candidate.heading} {candidate.before} " if candidate.heading else f"{candidate.before} "


def find(screen: Screen, context: str, text: str) -> list[Finding]:
    """The findings that begin in `text`, in its own offsets, when a reader saw `context` just before it."""
    lead = len(context)
    found = screen.find(context + text)
    return [
        replace(finding, start=(finding.start or 0) - lead, end=(finding.end or 0) - lead)
        for finding in found
        if (finding.start or 0) >= lead
    ]

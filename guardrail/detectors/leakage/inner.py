"""What the plain patterns find in a text that was made plain first: spelled, escaped or decoded.

Rules:
1. The same patterns, judges and words as for text that was plain all along, so that scores mean the same.
2. A pattern that is off unless a rule names its kind stays off here.
3. An IBAN is judged by its check digits alone: the pattern for plain ones asks Presidio, which may not be installed.
4. Only what begins in the text itself is found; what stands before it is context.
"""

from collections.abc import Sequence
from dataclasses import replace

from guardrail.detectors.leakage import checksums, placeholders
from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.types import Finding


def _iban(candidate: Candidate) -> Verdict | None:
    """ISO 13616: two letters, check digits, up to 30 letters and digits more; a remainder of 1 modulo 97."""
    value = candidate.value.replace(" ", "").upper()
    if not 15 <= len(value) <= 34 or not checksums.mod97(value):
        return None
    if placeholders.iban(value):
        return Verdict(placeholders.SCORE, "an example of the registry or of textbooks", "placeholder.iban")
    return Verdict(0.9, "check digits of an IBAN pass")


IBAN = Pattern(
    "iban",
    "pii.iban",
    r"\b[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b",
    _iban,
    also=("placeholder.iban",),
)


def general(source: PatternSource) -> list[Pattern]:
    """The patterns of `source` that need no rule of their own."""
    return [pattern for pattern in source.patterns if not pattern.by_name]


def inner_screen(sources: Sequence[PatternSource]) -> Screen:
    """A screen of the patterns of `sources`, loaded."""
    for source in sources:
        source.load()
    pooled = [(source.name, pattern) for source in sources for pattern in general(source)]
    return Screen([*pooled, ("leakage.inner", IBAN)])


def kinds_of(*sources: type) -> tuple[str, ...]:
    """All kinds of some detectors, in order."""
    kinds = [kind for source in sources for kind in source.kinds]  # type: ignore[attr-defined]
    return tuple(dict.fromkeys([*kinds, IBAN.kind, *IBAN.also]))


def context_before(candidate: Candidate) -> str:
    """What a reader knows when he comes to a value: the head of its column and the text before it."""
    return f"{candidate.heading} {candidate.before} " if candidate.heading else f"{candidate.before} "


_BESIDE = 12  # characters: what ends so near to a text is judged, for where it is turned down another may begin that
# reaches into the text (`password: password: ` and a value)


def find(screen: Screen, context: str, text: str) -> list[Finding]:
    """The findings that begin in `text`, in its own offsets, when a reader saw `context` just before it."""
    lead = len(context)
    found = screen.find(context + text, lead=max(0, lead - _BESIDE))
    return [
        replace(finding, start=(finding.start or 0) - lead, end=(finding.end or 0) - lead)
        for finding in found
        if (finding.start or 0) >= lead
    ]

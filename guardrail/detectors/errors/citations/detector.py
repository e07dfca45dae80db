"""References that cannot be right: keys, identifiers, links, legislation, judgments (Guideline v1.1 §2.3.3, §3.1-b4).

The Guideline asks to verify references (§3.1-b4) and, for legal work, that citations can be traced to the text of the
law (Appendix 2.2.2, legal); models make up both.

Rules:
1. Offline, and nothing is said to exist or not to exist: a reference is held against its own standard, against a list
   that ships with its date and sources, against the answer's own list, or against what the request brought along.
2. What is not checkable is passed over in silence.
3. Each part looks for its own signs first, so that a text without references costs a few scans.
4. Quoted code is no reference.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Self

from guardrail.detectors.errors.citations import cases as citations_cases
from guardrail.detectors.errors.citations import identifiers as citations_identifiers
from guardrail.detectors.errors.citations import keys as citations_keys
from guardrail.detectors.errors.citations import legislation as citations_legislation
from guardrail.detectors.errors.citations import urls as citations_urls
from guardrail.detectors.errors.citations.found import Found
from guardrail.detectors.errors.citations.hong_kong_chapters import chapters
from guardrail.detectors.protocol import Options
from guardrail.types import Context, Finding, Stage, Unit

KINDS = (
    citations_keys.KIND, citations_identifiers.KIND, citations_urls.KIND, citations_legislation.KIND,
    citations_cases.KIND,
)  # fmt: skip
_FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_MOST = 60  # findings of one kind in an answer; a reader has understood by then


class Citations:
    """Reports references that cannot be right."""

    name = "errors.citations"
    kinds: tuple[str, ...] = KINDS
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(KINDS), today: date | None = None) -> None:
        """`wanted` are the kinds to look for; `today` is read from the clock when the detector is loaded."""
        self._wanted, self._today = wanted, today

    def configure(self, options: Options) -> Self:
        """A detector for the kinds that some rule covers."""
        return type(self)(options.wanted & frozenset(KINDS) or frozenset(KINDS), self._today)

    def load(self) -> None:
        """Read the chapter list and the date."""
        chapters()
        self._today = self._today or date.today()

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        if context.stage is Stage.REQUEST:
            return [[] for _ in texts]
        return [self._find(text, context) for text in texts]

    def _find(self, text: str, context: Context) -> list[Finding]:
        found = [one for kind in KINDS if kind in self._wanted for one in _first(self._of(kind, text, context))]
        return [_finding(self.name, text, one) for one in sorted(found, key=lambda one: (one.start, one.end))]

    def _of(self, kind: str, text: str, context: Context) -> Iterator[Found]:
        today = self._today or date.today()
        if kind == citations_keys.KIND:
            yield from citations_keys.find(text, context.material)
        elif kind == citations_urls.KIND:
            yield from citations_urls.find(text, context)
        elif kind == citations_identifiers.KIND and citations_identifiers.maybe(text):
            yield from citations_identifiers.find(_prose(text), today.year, today.month)
        elif kind == citations_legislation.KIND and citations_legislation.maybe(text):
            yield from citations_legislation.find(_prose(text), f"{context.prompt}\n{context.system}")
        elif kind == citations_cases.KIND and citations_cases.maybe(text):
            yield from citations_cases.find(_prose(text), today.year)


def _first(found: Iterator[Found]) -> list[Found]:
    """The first findings at each place, the surest where two overlap."""
    kept: list[Found] = []
    for one, _ in zip(found, range(_MOST), strict=False):
        clash = next((at for at, other in enumerate(kept) if one.start < other.end and other.start < one.end), None)
        if clash is None:
            kept.append(one)
        elif one.score > kept[clash].score:
            kept[clash] = one
    return kept


def _prose(text: str) -> str:
    """The text with fenced code blanked, in the same offsets."""
    return _FENCED.sub(lambda hit: " " * len(hit.group()), text) if "```" in text or "~~~" in text else text


def _finding(name: str, text: str, one: Found) -> Finding:
    made = Finding(one.kind, round(one.score, 2), one.start, one.end, name, one.evidence)
    return replace(made, message=one.wording.beside(text, **one.values))

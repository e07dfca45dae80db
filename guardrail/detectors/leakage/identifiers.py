"""Personal identifiers of Hong Kong and Greater China, payment cards, e-mail addresses and wallets, as one detector.

Rules:
1. An expression proposes a shape; the judge asks for the check digit, the numbering plan and the words before
   it.  Scores are calibrated so that 0.5 separates what a careful reader would call personal data from
   what merely looks like it.
2. A value must not be part of something longer.  What stands before it is seen by the judge; what follows is
   made part of the proposal (a decimal part, one more group of digits), so that the judge sees it too and
   turns the proposal down.
3. A check digit passes by chance once in ten or eleven times, so a bare number with a passing check digit is
   weak evidence without words around it, and brackets or grouping count as evidence of their own.
4. What was published to stand for nobody is a `placeholder`, never a real kind (`placeholders.py`).

The patterns are in `hong_kong.py`, `mainland.py`, `macao_taiwan.py` and `international.py`; what has no form of its
own and needs a label is in `labelled.py`; the words are in `cues.py`.  What Presidio judges is in `presidio.py`.
"""

from collections.abc import Sequence

from guardrail.detectors.leakage import hong_kong, international, labelled, macao_taiwan, mainland
from guardrail.detectors.patterns import Pattern
from guardrail.types import Unit

_PATTERNS: tuple[Pattern, ...] = (
    *hong_kong.PATTERNS,
    *mainland.PATTERNS,
    *macao_taiwan.PATTERNS,
    *labelled.PATTERNS,
    *international.PATTERNS,
)


class Identifiers:
    """The SPAN detector of this module; see `Pattern` for what each expression proposes."""

    name = "leakage.identifiers"
    kinds: tuple[str, ...] = tuple(
        dict.fromkeys(kind for pattern in _PATTERNS for kind in (pattern.kind, *pattern.also))
    )
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """All of them; no loading needed."""
        return _PATTERNS

    def load(self) -> None:
        """Nothing to load."""

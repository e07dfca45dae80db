"""The detector of answers that contradict themselves (`error.self_contradiction`).

Guideline v1.1 §2.3.3 asks for accuracy and §3.1-b6 for an alert where output cannot be verified; an answer that says
two things cannot be right in both, whatever the facts are.

Rules: three checks, each in a file of its own: one quantity with two values (`stated.py`), one claim with and without
"not" (`polarity.py`), a conclusion that is not what was worked out (`conclusions.py`).  An answer that corrects itself
or speaks of mistakes is not judged; different parts of an answer (headings, labels), times, conditions and opinions
are not compared (`assertions.py`).
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from guardrail.detectors.errors.consistency import conclusions, polarity, stated
from guardrail.detectors.errors.consistency.assertions import assertions, is_corrected
from guardrail.detectors.errors.sums.formula import replaced
from guardrail.detectors.errors.sums.screening import lowered
from guardrail.detectors.errors.sums.told import MOST, Slip
from guardrail.types import Context, Finding, Unit

_KIND = "error.self_contradiction"


class Consistency:
    """Reports the places where an answer contradicts itself."""

    name = "errors.consistency"
    kinds: tuple[str, ...] = (_KIND,)
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        return [self._findings(text) for text in texts]

    def _findings(self, text: str) -> list[Finding]:
        found = [
            Finding(_KIND, slip.score, slip.start, slip.end, self.name, slip.evidence, message=slip.message)
            for slip in islice(self._slips(text), MOST)
        ]
        if not found or is_corrected(text):
            return []
        return sorted(found, key=lambda finding: finding.start or 0)

    def _slips(self, text: str) -> Iterator[Slip]:
        plain = replaced(text)
        low = lowered(plain)
        said = list(assertions(text))
        yield from stated.find(text, said)
        yield from polarity.find(text, low, said)
        yield from conclusions.find(text, plain, low)

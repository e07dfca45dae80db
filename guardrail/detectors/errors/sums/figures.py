"""The detector of figures that do not hold beside one another: percentages, totals, averages, conversions.

It adds to `errors.arithmetic`, which judges equations, what is stated without an equation.  Guideline v1.1 §2.1.1-b4
names weak mathematical reasoning as a limit of the technology, §3.1-b6 asks for an alert where output is not reliable.

Rules:
1. Each check has a file of its own: `percentages.py` and `prices.py`, `totals.py`, `averages.py`, `conversions.py` and
   `exchange.py`.  Each states exactly what it judges; everything else is left alone, because a wrong alarm costs more
   trust than a missed slip.
2. A kind that no rule of the policy covers is not looked for; without two numbers nothing is.
3. What `errors.arithmetic` reports is an equation; where one of these findings lies within the other's span both kinds
   may fire, each by its own rule.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from guardrail.detectors.errors.sums import averages, conversions, exchange, percentages, prices, tables, totals
from guardrail.detectors.errors.sums.formula import replaced
from guardrail.detectors.errors.sums.numerals import CHINESE
from guardrail.detectors.errors.sums.screening import holds, lowered
from guardrail.detectors.errors.sums.told import MOST, Slip
from guardrail.detectors.protocol import Options
from guardrail.types import Context, Finding, Unit

PERCENTAGE, TOTAL, AVERAGE, CONVERSION = KINDS = (
    "error.percentage", "error.total", "error.average", "error.conversion",
)  # fmt: skip
_NUMERAL = re.compile(rf"[\d{CHINESE}]")
_READ = 400_000
"""Characters of an answer that are read, so that no answer outlasts the time of a check."""


class Figures:
    """Reports percentages, totals, averages and conversions that do not hold."""

    name = "errors.figures"
    kinds: tuple[str, ...] = KINDS
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(KINDS)) -> None:
        self._wanted = wanted

    def configure(self, options: Options) -> "Figures":
        """A detector that looks only for what some rule covers."""
        return Figures(options.wanted & frozenset(KINDS))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        return [self._findings(text) for text in texts]

    def _findings(self, text: str) -> list[Finding]:
        text = text[:_READ]
        if _NUMERAL.search(text) is None:
            return []
        found = [
            Finding(kind, slip.score, slip.start, slip.end, self.name, slip.evidence, message=slip.message)
            for kind, slip in self._slips(text, replaced(text))
            if kind in self._wanted
        ]
        return sorted(found, key=lambda finding: (finding.start or 0, finding.kind))

    def _slips(self, text: str, plain: str) -> Iterator[tuple[str, Slip]]:
        low = lowered(plain)
        if PERCENTAGE in self._wanted:
            yield from ((PERCENTAGE, slip) for slip in islice(percentages.find(text, plain, low), MOST))
            yield from ((PERCENTAGE, slip) for slip in islice(prices.find(text, plain, low), MOST))
        if CONVERSION in self._wanted:
            yield from ((CONVERSION, slip) for slip in islice(conversions.find(text, plain), MOST))
            yield from ((CONVERSION, slip) for slip in islice(exchange.find(text, plain), MOST))
        if not self._wanted & {TOTAL, AVERAGE}:
            return
        blocks = list(tables.blocks(plain)) if holds(low, tables.SUMMED) else []
        if TOTAL in self._wanted:
            yield from ((TOTAL, slip) for slip in islice(totals.find(text, plain, low, blocks), MOST))
        for kind, slip in islice(averages.find(text, plain, low, blocks), MOST):
            yield (TOTAL if kind == "sum" else AVERAGE), slip

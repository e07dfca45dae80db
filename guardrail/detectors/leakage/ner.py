"""Placeholder until the detector is written."""

from collections.abc import Sequence

from guardrail.detectors.patterns import Pattern
from guardrail.types import Unit


class LocalNer:
    """Nothing yet."""

    name = "leakage.ner"
    kinds: tuple[str, ...] = ()
    unit = Unit.SPAN
    heavy = False
    patterns: Sequence[Pattern] = ()

    def load(self) -> None:
        """Nothing yet."""

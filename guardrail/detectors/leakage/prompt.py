"""Placeholder until the detector is written."""

from collections.abc import Sequence

from guardrail.detectors.patterns import Pattern
from guardrail.types import Unit


class PromptLeak:
    """Nothing yet."""

    name = "leakage.prompt"
    kinds: tuple[str, ...] = ()
    unit = Unit.SPAN
    heavy = False
    patterns: Sequence[Pattern] = ()

    def load(self) -> None:
        """Nothing yet."""

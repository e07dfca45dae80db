"""What a check on citations found, before it becomes a finding with a message for the reader.

Rules: `evidence` is a constant phrase; what the text says goes into `values` alone, which only the message uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from guardrail.text.wording import Wording


@dataclass(frozen=True, slots=True)
class Found:
    """A reference that cannot be right, and the words about it."""

    kind: str
    score: float
    start: int
    end: int
    evidence: str
    wording: Wording
    values: Mapping[str, object]

"""The seam for detectors: what the scanner asks of one, and how they are found.

Rules:
1. `load` does everything slow or fallible (imports, files, models) and raises `CheckError` when the detector cannot
   work; after it, `detect` is synchronous, pure and safe to call from several threads.
2. A detector never sees vendors or headers; what it needs of the conversation arrives as a `Context`.
3. Built-in detectors come through the same entry points (`guardrail.detectors`) as anybody else's.

Three kinds of detector differ in the unit they judge (`types.Unit`):
SPAN detectors carry `patterns`; the scanner pools all of them into one screen and does not call `detect`.
SENTENCE detectors get a list of sentences, ANSWER detectors a list of one whole text; offsets in a finding
are relative to its own text.  `heavy` detectors run in the pool with a deadline, the others in the event loop.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from guardrail.detectors.patterns import Pattern
from guardrail.types import Context, Finding, Unit


@runtime_checkable
class Detector(Protocol):
    """Something that finds kinds of trouble in text."""

    name: str
    kinds: tuple[str, ...]
    unit: Unit
    heavy: bool

    def load(self) -> None:
        """Make ready; raises `guardrail.errors.CheckError` with the cure when that is impossible."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each text, in order."""


@runtime_checkable
class PatternSource(Protocol):
    """A SPAN detector: a named set of patterns (available after `load`)."""

    name: str
    kinds: tuple[str, ...]
    unit: Unit
    heavy: bool

    @property
    def patterns(self) -> Sequence[Pattern]:
        """The patterns to pool into the screen."""

    def load(self) -> None:
        """Make ready, as for `Detector`."""

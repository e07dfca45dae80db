"""The seam for detectors: what the scanner asks of one, and how they are found.

Rules:
1. `load` does everything slow or fallible (imports, files, models) and raises `CheckError` when the detector cannot
   work; after it, `detect` is synchronous, pure and safe to call from several threads.
2. A detector never sees vendors or headers; what it needs of the conversation arrives as a `Context`.
3. Built-in detectors come through the same entry points (`guardrail.detectors`) as anybody else's.

Five kinds of detector differ in the unit they judge (`types.Unit`):
SPAN detectors carry `patterns`; the scanner pools all of them into one screen and does not call `detect`.
PASSAGE detectors follow each text as it grows (`Watch`), because what they look for depends on the conversation or on a
store, and no expression can say it.
SENTENCE detectors get a list of sentences, ANSWER detectors a list of one whole text, CALL detectors the complete
arguments of one tool call ("" where it has none), with `Context.function`; offsets in a finding are relative to its own
text.  `heavy` detectors run in the pool with a deadline, the others in the event loop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from guardrail.detectors.patterns import Pattern
from guardrail.types import Context, Finding, LlmJudge, Unit


@dataclass(frozen=True, slots=True)
class Options:
    """What a policy file says to a detector.  `link_hosts` are the hosts that links may lead to; `wanted` those of the
    detector's kinds that some rule covers, so that it need not look for the others; `judge` the model that may be
    asked."""

    link_hosts: tuple[str, ...] = ()
    wanted: frozenset[str] = frozenset()
    judge: LlmJudge | None = None


@runtime_checkable
class Configurable(Protocol):
    """A detector that works differently from policy to policy."""

    def configure(self, options: Options) -> Self:
        """A detector for one policy, not loaded yet; this one stays as it is."""


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
class Staged(Protocol):
    """A light detector that sometimes has to look again, which takes a worker."""

    def first(
        self, texts: Sequence[str], context: Context
    ) -> tuple[list[list[Finding]], Callable[[], list[list[Finding]]] | None]:
        """The findings of each text; or, where a closer look is needed, the work that gives them."""


class Ask(Protocol):
    """The models that a check may ask during one exchange.  Each raises CheckError when no answer came that counts."""

    async def judge(self, system: str, question: str) -> str:
        """What the policy's judge replies."""

    async def again(self) -> str:
        """What the model answers to the same question once more."""


@runtime_checkable
class Consulting(Protocol):
    """An ANSWER detector that asks a model, within the time and the budget of the policy's `judge`."""

    name: str
    kinds: tuple[str, ...]
    unit: Unit
    heavy: bool

    def load(self) -> None:
        """Make ready, as for `Detector`."""

    async def consult(self, text: str, context: Context, ask: Ask) -> list[Finding]:
        """The findings of one answer.  Raises CheckError when there is no verdict."""


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


class Watch(Protocol):
    """One text that is followed while it grows; a pure state machine over the source text, in its offsets.

    What is found must not depend on where the pieces of the text fell: `feed` in one piece or in many, the findings
    that `settle` has returned by the end are the same.
    """

    def feed(self, text: str) -> None:
        """Append `text`."""

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        """The offset up to which the text may leave, because no finding that is still to come can begin before it, and
        the findings that became certain since the last call; with `final` the text is judged as if it ended here (more
        may still come after a pause: what was settled stays so, and what comes is judged anew)."""


@runtime_checkable
class Watcher(Protocol):
    """A PASSAGE detector."""

    name: str
    kinds: tuple[str, ...]
    unit: Unit
    heavy: bool

    def load(self) -> None:
        """Make ready, as for `Detector`."""

    def watch(self, context: Context) -> Watch | None:
        """A watch on one text of this conversation, None where there is nothing to look for.  Called once for every
        text, so what is dear to prepare is kept between calls."""

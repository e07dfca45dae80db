"""One look over a text for all patterns at once: which of them occur, where, and where one may still be open.

Rules:
1. Screen first: one RE2 set answers "does anything here need a closer look?" for all patterns together; only
   the patterns it names are run for their spans and judged.  The set can only say too much, never too little.
2. Enumeration is local: a pattern is searched from the left, resuming after a value that was judged and one
   character on after a proposal that was turned down (an eighth of its length when it is long, or a hostile text
   of one endless proposal would cost the square of its length).  From any offset that no proposal straddles and no open
   match precedes (`settled`), it can be resumed with the same result.  Streams rest on this.
3. `settled` is computed from the patterns themselves (`prefix.py`), not from a window size.
4. A boundary that opens a pattern also holds after a JSON escape: `\\nA123456(3)` in JSON that is judged as text.
5. A judge that raises yields a finding of kind CHECK_FAILED over its proposal: it did not pass.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.detectors.prefix import ESCAPE, loosened, prefix_closure, with_escapes
from guardrail.errors import SettingsError
from guardrail.types import CHECK_FAILED, Finding

_ESCAPE = re.compile(ESCAPE.encode())
_SHORT = 64  # bytes of a proposal that is retried at every character
_MEMORY = 64 << 20  # bytes of states that one automaton may keep; beyond it RE2 starts anew and slows down
_POOL = 8000  # characters of expressions of several detectors that are looked for together
_GROUP = 4000  # instructions of the open-prefix automata that are run together


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stretch that a pattern matched, in folded offsets, and the finding if its judge agreed."""

    start: int
    end: int
    finding: Finding | None


class Screen:
    """All patterns of all SPAN detectors, compiled together."""

    def __init__(self, patterns: Sequence[tuple[str, Pattern]]) -> None:
        """`patterns` are (detector name, pattern) pairs.  Raises SettingsError for one RE2 cannot run."""
        self.patterns = tuple(patterns)
        options = _options()
        self._compiled = []
        sought: list[str] = []
        closures: list[str] = []
        for detector, pattern in self.patterns:
            try:
                expression = with_escapes(pattern.expression)
                self._compiled.append(re2.compile(expression, options))
                closures.append(prefix_closure(expression))
                sought.append(loosened(pattern.trigger or expression))
            except (re2.error, re.error, ValueError) as error:
                raise SettingsError(f"pattern {detector}/{pattern.id}: {error}") from error
        self._sets = _sets([detector for detector, _ in self.patterns], sought)
        self._open = _grouped(closures)

    def named(self, text: bytes) -> Sequence[int]:
        """Which patterns may occur in `text` (UTF-8 of a folded text), by index, in order."""
        return sorted(numbers[index] for each, numbers in self._sets for index in each.Match(text) or ())

    def open_at(self, text: bytes, start: int) -> int:
        """The first byte offset from `start` at which a match may have begun that has not ended."""
        earliest = len(text)
        for automaton in self._open:
            found = automaton.search(text, start)
            if found is not None and (at := found.start()) < earliest:
                earliest = at
                if at == start:
                    break
        return earliest

    def proposals(self, text: str, encoded: bytes, start: int = 0, *, screened: bool = True) -> Iterator[Proposal]:
        """Every proposal from byte `start` on, by pattern, in folded character offsets; with `screened` False every
        pattern is run, which only takes longer."""
        named = (
            self.named(encoded[max(0, start - 4) :] if start else encoded) if screened else range(len(self.patterns))
        )
        for index in named:
            yield from self._run(index, text, encoded, start)

    def find(self, text: str, *, screened: bool = True, lead: int = 0) -> list[Finding]:
        """The findings of a whole folded text, in folded offsets, ordered.

        The first `lead` characters are context: what ends in them is passed over and not judged.
        """
        encoded = text.encode()
        passed = len(text[:lead].encode()) if lead else 0
        named = self.named(encoded) if screened else range(len(self.patterns))
        proposed = (one for index in named for one in self._run(index, text, encoded, 0, passed))
        return sorted((one.finding for one in proposed if one.finding), key=order)

    def _run(self, index: int, text: str, encoded: bytes, at: int, passed: int = 0) -> Iterator[Proposal]:
        detector, pattern = self.patterns[index]
        expression = self._compiled[index]
        offsets = _Offsets(encoded, len(text))
        while (match := expression.search(encoded, at)) is not None:
            begun, ended = match.span()
            if ended <= passed:
                at = ended
                continue
            start, end = (offsets.character(begun), offsets.character(ended))
            first, last = match.span(pattern.group) if pattern.group else (begun, ended)
            if pattern.group == 0 and (escape := _ESCAPE.match(encoded, first)):
                first = escape.end()
            value = (offsets.character(first), offsets.character(last))
            name = f"{detector}/{pattern.id}"
            try:
                verdict = pattern.judge(Candidate(text, *value, end))
            except Exception as error:  # whatever a judge raises, it did not judge
                verdict = Verdict(1.0, f"raised {type(error).__name__}", CHECK_FAILED)
            if verdict is None:
                yield Proposal(start, end, None)
                at = _resume(encoded, begun, ended)
                continue
            kind, value = verdict.kind or pattern.kind, verdict.span or value
            yield Proposal(start, end, Finding(kind, verdict.score, *value, name, verdict.evidence))
            at = ended


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


def _sets(detectors: Sequence[str], sought: Sequence[str]) -> list[tuple[Any, list[int]]]:
    """The sets that name the patterns a text may hold, each with the indexes of its members.

    The patterns of one detector go together, those of small detectors into one set.  With all in one set, the states of
    the large ones multiply, and a text that was never seen costs ten times as much as one that was.
    """
    numbers: dict[str, list[int]] = {}
    for index, detector in enumerate(detectors):
        numbers.setdefault(detector, []).append(index)
    groups: list[list[int]] = [[]]
    room = _POOL
    for members in sorted(numbers.values(), key=lambda each: sum(len(sought[index]) for index in each)):
        size = sum(len(sought[index]) for index in members)
        if size > room and groups[-1]:
            groups.append([])
            room = _POOL
        groups[-1] += members
        room -= size
    return [(_set([sought[index] for index in group]), group) for group in groups if group]


def _set(expressions: Sequence[str]) -> Any:
    made = re2.Set.SearchSet(_options())
    for expression in expressions:
        made.Add(expression)
    made.Compile()
    return made


def _grouped(closures: Sequence[str]) -> list[Any]:
    """The automata that find where a match may be open, several patterns in each.

    One for all would be asked once, but its states are sets over all patterns: they are as large as the patterns
    together and their number is the product of what each can be in, so that ordinary prose never stops making new ones.
    """
    options = _options()
    sized = sorted((re2.compile(_at_end([each]), options).programsize, each) for each in closures)
    groups: list[list[str]] = []
    room = 0
    for size, closure in sized:
        if size > room:
            groups.append([])
            room = _GROUP
        groups[-1].append(closure)
        room -= size
    return [re2.compile(_at_end(group), options) for group in groups]


def _at_end(closures: Sequence[str]) -> str:
    return f"(?:{'|'.join(closures)})\\z"


def order(finding: Finding) -> tuple[int, int, str, str]:
    """A total order of findings, so that results do not depend on how they were found."""
    return (finding.start or 0, finding.end or 0, finding.kind, finding.detector)


def _resume(encoded: bytes, start: int, end: int) -> int:
    """Where to look on after `start:end` was turned down: one character further, or an eighth of a long proposal."""
    at = start + max(1, (end - start) // 8 if end - start > _SHORT else 1)
    while at < end and encoded[at] & 0xC0 == 0x80:
        at += 1
    return at


class _Offsets:
    """Byte offsets of a UTF-8 text as character offsets; cheap when they are asked for in rising order."""

    __slots__ = ("_ascii", "_byte", "_character", "_encoded")

    def __init__(self, encoded: bytes, characters: int) -> None:
        self._encoded = encoded
        self._ascii = len(encoded) == characters
        self._byte = self._character = 0

    def character(self, byte: int) -> int:
        if self._ascii:
            return byte
        if byte < self._byte:
            return self._character - len(self._encoded[byte : self._byte].decode())
        self._character += len(self._encoded[self._byte : byte].decode())
        self._byte = byte
        return self._character

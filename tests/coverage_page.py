"""docs/coverage.md, made from what the tests of the release invariant saw in each cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = tuple[str, str]
HEAD = """# Coverage: every dialect, every channel

Written by `tests/dialects/test_invariant.py` from what it saw; a page that says anything else fails the test suite. Each row is one place where one
vendor can put text of a model. *Judged*: a value in it was found, in a whole answer and in a stream. *Edited*: what became of it under a rule that
redacts: `edited` alike whole and streamed, in every event that repeats it; `emptied` where it spells a text that was edited; `left out` as a whole,
because it is signed or cannot be edited in part; `refused` because the vendor's types know no such event. *Blocked*: under a rule that blocks nothing of it left and the client was told. *Streamed*:
random texts in random deltas and random reads, with nothing of a withheld value in any byte that left.
"""


@dataclass
class Coverage:
    """What was seen so far."""

    cells: Sequence[Cell]
    _looked: dict[Cell, tuple[bool, bool, str]] = field(default_factory=dict)
    _blocked: set[Cell] = field(default_factory=set)

    def looked(self, name: str, channel: str, whole: bool, stream: bool, edited: str) -> None:
        """Whether a value was found in a whole answer and in a stream, and what became of it."""
        self._looked[name, channel] = whole, stream, edited

    def blocked(self, name: str, channel: str) -> None:
        """Nothing of it left, and the client was told."""
        self._blocked.add((name, channel))

    @property
    def complete(self) -> bool:
        """Whether every cell was looked at in every way."""
        return all(cell in self._blocked and cell in self._looked for cell in self.cells)

    def page(self) -> str:
        """The page."""
        out = [HEAD]
        for name in dict.fromkeys(name for name, _ in self.cells):
            out.append(f"\n## {name}\n\n")
            out.append("| channel | judged | edited | blocked | streamed |\n| --- | --- | --- | --- | --- |\n")
            out += [self._row((name, channel)) for each, channel in self.cells if each == name]
        return "".join(out)

    def _row(self, cell: Cell) -> str:
        whole, stream, edited = self._looked[cell]
        judged = "yes" if whole and stream else "whole answers" if whole else "NO"
        streamed = "refused" if "refused" in edited else "yes"
        return f"| {cell[1]} | {judged} | {edited} | yes | {streamed} |\n"

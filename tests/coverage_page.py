"""docs/coverage.md, made from what the tests of the release invariant saw in each cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Cell = tuple[str, str]
HEAD = """# Coverage: every dialect, every channel

Written by `tests/dialects/test_invariant.py` from what it saw; a page that says anything else fails the test suite. Each row is one place where one
vendor can put text of a model. *Judged*: a value in it was found, in a whole answer and in a stream. *Edited*: what became of it under a rule that
redacts: `edited` alike whole and streamed, in every event that repeats it; `left out` as a whole (what spells another text, is signed, or is
repeated by it); `refused` because the vendor's types know no such thing. *Blocked*: under a rule that blocks nothing of it left and the client was told. *Streamed*:
random texts in random deltas and random reads, with nothing of a withheld value in any byte that left.
"""


@dataclass
class Coverage:
    """What was seen so far."""

    cells: Sequence[Cell]
    _judged: dict[tuple[Cell, str], bool] = field(default_factory=dict)
    _edited: dict[Cell, set[str]] = field(default_factory=dict)
    _blocked: set[Cell] = field(default_factory=set)

    def judged(self, name: str, channel: str, how: str, found: bool) -> None:
        """Whether a value was found in the cell, each time."""
        key = ((name, channel), how)
        self._judged[key] = self._judged.get(key, True) and found

    def edited(self, name: str, channel: str, what: str) -> None:
        """What became of it."""
        self._edited.setdefault((name, channel), set()).add(what)

    def blocked(self, name: str, channel: str) -> None:
        """Nothing of it left, and the client was told."""
        self._blocked.add((name, channel))

    @property
    def complete(self) -> bool:
        """Whether every cell was looked at in every way."""
        return all(
            cell in self._blocked and cell in self._edited and (cell, "stream") in self._judged for cell in self.cells
        )

    def page(self) -> str:
        """The page."""
        out = [HEAD]
        for name in dict.fromkeys(name for name, _ in self.cells):
            out.append(f"\n## {name}\n\n| channel | judged | edited | blocked | streamed |\n| --- | --- | --- | --- | --- |\n")
            out += [self._row((name, channel)) for each, channel in self.cells if each == name]
        return "".join(out)

    def _row(self, cell: Cell) -> str:
        whole, stream = self._judged[cell, "whole"], self._judged[cell, "stream"]
        judged = "yes" if whole and stream else "refused" if self._edited[cell] == {"refused"} else "NO"
        return f"| {cell[1]} | {judged} | {' or '.join(sorted(self._edited[cell]))} | yes | yes |\n"

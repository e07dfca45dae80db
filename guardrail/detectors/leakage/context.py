"""Words before a value that say what it is: `HKID:`, `電話`, `order no.`.

Rules:
1. Only the text before a value counts (`Candidate.before`, lower case, at most 64 characters): what follows
   may not have arrived yet when a stream is judged.
2. Latin words stand alone (`tel` is not in `hotel`); Chinese words may stand anywhere, for Chinese has no blanks.
3. Where two labels compete, the nearer one names the value: `phone order no. 23456789` is an order.
"""

import re
from dataclasses import dataclass

_LATIN = re.compile(r"[\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Labels:
    """A set of words that announce one kind of value."""

    expression: re.Pattern[str]

    def last(self, before: str) -> int:
        """Where the last of the words ends in `before`, -1 when there is none."""
        end = -1
        for match in self.expression.finditer(before):
            end = match.end()
        return end

    def announce(self, before: str, rivals: "Labels | None" = None) -> bool:
        """Does a word stand before the value, with none of the rivals' nearer to it?"""
        ours = self.last(before)
        return ours >= 0 and (rivals is None or rivals.last(before) <= ours)


def labels(*words: str) -> Labels:
    """Labels from plain lower-case words, Latin or Chinese."""
    latin = "|".join(re.escape(word) for word in words if _LATIN.fullmatch(word))
    chinese = "|".join(re.escape(word) for word in words if not _LATIN.fullmatch(word))
    parts = [rf"(?<![a-z])(?:{latin})(?![a-z])"] * bool(latin) + [chinese] * bool(chinese)
    return Labels(re.compile("|".join(parts)))


def either_case(words: str) -> str:
    """An expression for `words` (separated by `|`) in either case.

    RE2's own flag would let `s` and `k` match the long s and the Kelvin sign too; folding has turned those into
    letters already, and as alternatives they make every automaton several times larger.

    >>> either_case("no|x1")
    '[nN][oO]|[xX]1'
    """
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isascii() and c.isalpha() else c for c in words)

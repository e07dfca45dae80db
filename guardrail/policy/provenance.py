"""Whether a value is the caller's own: said by the caller in this conversation before the model said it.

Rules:
1. Values are compared as a reader would: folded, without regard to case, and with whatever separators either side
   writes between their characters (`A123456(3)` is `a 123456 3`).
2. A value must stand by itself in what the caller said: `91234567` is not supplied by `8591234567890`.
3. Short values prove nothing; a value of fewer than LEAST letters and digits is never the caller's.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from guardrail.text.fold import fold

LEAST = 4
_SEPARATOR = r"[\W_]{0,3}"
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


class CallerWords:
    """Everything that the caller said in one conversation."""

    __slots__ = ("_asked", "_texts", "_words")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._words: str | None = None
        self._asked: dict[str, bool] = {}

    def supplied(self, value: str) -> bool:
        """Whether the caller said `value`."""
        if not self._texts:
            return False
        if value not in self._asked:
            self._asked[value] = self._find(value)
        return self._asked[value]

    def _find(self, value: str) -> bool:
        characters = _LETTER_OR_DIGIT.findall(fold(value).text.lower())
        if len(characters) < LEAST:
            return False
        if self._words is None:
            self._words = "\n\n\n\n".join(fold(text).text.lower() for text in self._texts)
        return _spelled("".join(characters)).search(self._words) is not None


@lru_cache(maxsize=512)
def _spelled(characters: str) -> re.Pattern[str]:
    """The expression of a value with separators between its characters, alone among letters and digits."""
    body = _SEPARATOR.join(map(re.escape, characters))
    before = r"(?<![a-z0-9])" if characters[0].isascii() else ""
    after = r"(?![a-z0-9])" if characters[-1].isascii() else ""
    return re.compile(before + body + after)

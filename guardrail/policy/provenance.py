"""Whether a value is the caller's own: said by the caller in this conversation before the model said it.

Rules:
1. Values are compared as a reader would: folded, without regard to case, and with up to three separators between their
   characters on either side (`A123456(3)` is `a 123456 3`).  E-mail addresses are compared letter by letter.
2. A value must stand by itself in what the caller said: `91234567` is supplied neither by `8591234567890` nor by
   `1-9123-4567-8`.  A telephone number may have the country code of Greater China before it on one side alone.
3. Short values prove nothing; a value of fewer than LEAST letters and digits is never the caller's.
4. The work is in proportion to what the caller said, whatever the value.
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from guardrail.text.fold import fold

LEAST = 4
_GAP = 3  # separators that may stand between two characters of a value
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_CODE = re.compile(r"(?:\+|00|\b)(?:852|853|886|86)$")
_ABROAD = re.compile(r"\+? ?\(?\+?(?:852|853|886|86)\)?[ -]{0,2}(?=\d)")
_IN_ADDRESS_BEFORE = re.compile(r"[a-z0-9._%+-]$")
_IN_ADDRESS_AFTER = re.compile(r"[a-z0-9-]|\.[a-z0-9]")
_JOINING = "-./"


class CallerWords:
    """Everything that the caller said in one conversation."""

    __slots__ = ("_asked", "_compact", "_places", "_texts", "_words")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._words: str | None = None
        self._compact = ""
        self._places: list[int] = []
        self._asked: dict[str, bool] = {}

    def supplied(self, value: str) -> bool:
        """Whether the caller said `value`."""
        if not self._texts:
            return False
        if value not in self._asked:
            self._asked[value] = self._find(fold(value).text.lower())
        return self._asked[value]

    def _find(self, value: str) -> bool:
        words = self._read()
        if "@" in value:
            return any(
                not _IN_ADDRESS_BEFORE.search(words[max(0, at - 1) : at])
                and not _IN_ADDRESS_AFTER.match(words, at + len(value))
                for at in _everywhere(value, words)
            )
        return any(self._says(form) for form in (value, _ABROAD.sub("", value, count=1)))

    def _says(self, value: str) -> bool:
        characters = "".join(_LETTER_OR_DIGIT.findall(value))
        if len(characters) < LEAST:
            return False
        return any(self._stands_alone(at, characters) for at in _everywhere(characters, self._compact))

    def _stands_alone(self, at: int, characters: str) -> bool:
        """Whether the letters and digits from `at` on are a value of their own in what was said."""
        words, places = self._read(), self._places[at : at + len(characters)]
        if any(later - earlier > _GAP + 1 for earlier, later in itertools.pairwise(places)):
            return False
        start, end = places[0], places[-1] + 1
        before, after = words[max(0, start - 2) : start], words[end : end + 2]
        if characters[0].isascii() and _is_plain(before[-1:]):
            return False
        if characters[-1].isascii() and _is_plain(after[:1]):
            return False
        if not characters.isdecimal():
            return True
        goes_on = after[:1] in _JOINING and after[1:].isdecimal() and bool(after[:1])
        begins = before[-1:] in _JOINING and before[:1].isdecimal() and bool(before[-1:])
        return not goes_on and (not begins or _CODE.search(words[max(0, start - 7) : start - 1]) is not None)

    def _read(self) -> str:
        if self._words is None:
            # Texts are kept further apart than a value may be spread, so that none is put together from two.
            self._words = ("\n" * (_GAP + 2)).join(fold(text).text.lower() for text in self._texts)
            self._places = [match.start() for match in _LETTER_OR_DIGIT.finditer(self._words)]
            self._compact = "".join(map(self._words.__getitem__, self._places))
        return self._words


def _is_plain(character: str) -> bool:
    """Whether a letter or digit would go on with another one beside it; Han characters stand alone."""
    return character.isascii() and character.isalnum()


def _everywhere(value: str, words: str) -> Iterator[int]:
    """Where `value` stands in `words`."""
    at = words.find(value)
    while at >= 0:
        yield at
        at = words.find(value, at + 1)

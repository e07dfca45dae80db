"""Words before a value that say what it is: `HKID:`, `電話`, `order no.`, a JSON key, the head of a table's column.

Rules:
1. Only the text before a value counts (`Candidate.before`, lower case, at most 64 characters, and the head of its
   column): what follows may not have arrived yet when a stream is judged.
2. Latin words stand alone (`tel` is not in `hotel`); Chinese words may stand anywhere, for Chinese has no blanks.
   In a key (`contactPhone: "`) a word of four letters or more may end a longer one.
3. Where two labels compete, the nearer one names the value: `phone order no. 23456789` is an order.
4. The head of a column (Markdown, or lines with commas) is nearer than anything in the cells to the left.
5. The words are looked for by RE2, whose longest match of "anything, then a word" ends with the last of them: a hundred
   words cost what one does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from guardrail.detectors.patterns import CONTEXT, Candidate

_LATIN = re.compile(r"[\x00-\x7f]+")
_BREAKS = bytes.maketrans(b"0123456789_", b" " * 11)
_KEY = re.compile(r"[a-z]{4,}(?=[\"'`]?\s?[:=]\s?[\"'`]?\Z)")
_LETTER = re.compile("[a-z]")
_KEY_WORD = 4  # letters from which on a word may end a longer one in a key


@dataclass(frozen=True, slots=True)
class Labels:
    """A set of words that announce one kind of value."""

    words: tuple[str, ...]
    expression: Any = field(repr=False, compare=False)
    endings: tuple[tuple[str, str], ...] = field(repr=False, compare=False)
    """Words as they stand in a key, without blanks (`accountNumber`), the longest first."""

    def last(self, before: str) -> int:
        """Where the last of the words ends in `before`, -1 when there is none."""
        end = self.plain(before)
        key = _key(before)
        return key.end() if key and key.end() > end and self.in_key(key.group()) is not None else end

    def plain(self, before: str) -> int:
        """As `last`, without the reading of keys."""
        if before.isascii() and _LETTER.search(before) is None:  # a column of numbers
            return -1
        raw = before.encode()
        match = self.expression.match(raw.translate(_BREAKS))
        if match is None:
            return -1
        end: int = match.end()
        return end if len(raw) == len(before) else len(raw[:end].decode())

    def in_key(self, key: str) -> str | None:
        """The word that a key ends or begins with."""
        return next((word for joined, word in self.endings if key.endswith(joined) or key.startswith(joined)), None)

    def announce(self, before: str, rivals: "Labels | None" = None) -> bool:
        """Does a word stand before the value, with none of the rivals' nearer to it?"""
        ours = self.last(before)
        return ours >= 0 and (rivals is None or rivals.last(before) <= ours)

    def introduce(self, candidate: Candidate, rivals: "Labels | None" = None) -> bool:
        """As `announce`, of a candidate: where it stands in a table, the head of its column is asked first."""
        heading = _heading(candidate)
        if heading and self.last(heading) >= 0:
            return self.announce(heading, rivals)
        if heading and rivals is not None and rivals.last(heading) >= 0:
            return False
        return self.announce(candidate.before, rivals)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that announce several kinds of value; the nearest one names the kind."""

    kinds: Mapping[str, str]
    labels: Labels
    sizes: tuple[int, ...]

    def nearest(self, candidate: Candidate) -> str | None:
        """The kind that the last of the words before a candidate, or in the head of its column, stands for."""
        heading = _heading(candidate)
        return (self._last(heading) if heading else None) or self._last(candidate.before)

    def _last(self, before: str) -> str | None:
        end = self.labels.plain(before)
        key = _key(before)
        if key and key.end() > end and (word := self.labels.in_key(key.group())):
            return self.kinds[word]
        if end < 0:
            return None
        text = before.encode().translate(_BREAKS).decode()
        return next(self.kinds[text[end - size : end]] for size in self.sizes if text[end - size : end] in self.kinds)


def _heading(candidate: Candidate) -> str:
    """The head of the column: of a Markdown table, or of rows parted by commas, semicolons or tabs whose first line is
    near enough to be seen whole."""
    return candidate.heading or _row_heading(candidate.before)


def _row_heading(before: str) -> str:
    """Of `name,phone\\nchan,` it is `phone`."""
    *lines, row = before.split("\n")
    mark = next((mark for mark in "\t,;" if mark in row), "")
    column = row.count(mark) if mark else 0
    if len(before) >= CONTEXT:
        lines = lines[1:]  # its beginning may lie further back
    for line in reversed(lines):
        cells = re.split("[\t,;]", line) if not mark else line.split(mark)
        if len(cells) > max(column, 1) and not any(character.isdecimal() for character in line):
            return cells[column]
    return ""


def _key(before: str) -> re.Match[str] | None:
    """The name of the JSON member or assignment whose value begins here."""
    return _KEY.search(before) if ":" in before[-4:] or "=" in before[-4:] else None


def labels(*words: str) -> Labels:
    """Labels from plain lower-case words, Latin or Chinese."""
    return _labels(tuple(dict.fromkeys(word.encode().translate(_BREAKS).decode() for word in words)))


def lexicon(**words: Labels) -> Lexicon:
    """A lexicon from the labels of each kind; a word that stands for two is an error."""
    kinds: dict[str, str] = {}
    for kind, own in words.items():
        for word in own.words:
            if kinds.setdefault(word, kind) != kind:
                raise ValueError(f"{word!r} announces {kinds[word]} and {kind}; give it to one of them")
    return Lexicon(kinds, labels(*kinds), tuple(sorted({len(word) for word in kinds}, reverse=True)))


@lru_cache(maxsize=512)
def _labels(words: tuple[str, ...]) -> Labels:
    options = re2.Options()
    options.longest_match = True
    options.log_errors = False
    parts = [_bounded(word) if _LATIN.fullmatch(word) else re2.escape(word) for word in words]
    joined = {word.replace(" ", ""): word for word in words if word.isascii() and word.replace(" ", "").isalpha()}
    endings = tuple((key, joined[key]) for key in sorted(joined, key=len, reverse=True) if len(key) >= _KEY_WORD)
    return Labels(words, re2.compile(f"(?s:.*)(?:{'|'.join(parts)})", options), endings)


def _bounded(word: str) -> str:
    """A Latin word with a boundary at each end that is a letter (`ss#` has one only at its beginning)."""
    return ("\\b" if word[0].isalpha() else "") + str(re2.escape(word)) + ("\\b" if word[-1].isalpha() else "")


def either_case(words: str) -> str:
    """An expression for `words` (separated by `|`) in either case.

    RE2's own flag would let `s` and `k` match the long s and the Kelvin sign too; folding has turned those into
    letters already, and as alternatives they make every automaton several times larger.

    >>> either_case("no|x1")
    '[nN][oO]|[xX]1'
    """
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isascii() and c.isalpha() else c for c in words)

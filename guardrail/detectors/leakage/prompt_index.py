"""What of a request must not come back in the answer: shingles of its system messages and tool texts, by position.

Rules:
1. Every text is indexed as it stands, in rot13, and from its end to its beginning, so that an answer in any of these is
   read once, as itself.  Letters that stand apart (`Y o u   a r e`) have an index of their own, made when first needed.
2. Texts of fewer than LEAST words are not indexed: "You are a helpful assistant." is nobody's secret.
3. Shingles that JSON Schema itself writes (`type string description`) and those of one word repeated say nothing.
4. Words that a message orders the model to say (`reply: "…"`) may be said.
5. Keys are hashes of this process, never the text; an index is small enough to be kept for the next request.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from guardrail.detectors.leakage.passages import (
    CHARACTER,
    POSTINGS,
    REACH,
    SHINGLE,
    WORD,
    Posting,
    is_solo,
    shingles,
    tokens,
    weight,
)
from guardrail.detectors.leakage.prompt_values import ValueIndex, ordered

LEAST = 12
"""Words that a text must have to be protected (20 characters in Chinese)."""
LETTERS = 12
"""Letters of a shingle of letters that stand apart."""
_DISGUISED = 20_000  # tokens of a text that are also indexed in rot13 and reversed
_TEXT = 1 << 32  # more than the tokens of any text
_KNOWN = re.compile(rb"\x01{3,}")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_SCHEMA_WORDS = """
    additionalproperties allof anyof array boolean const default description enum false format function integer items
    maximum maxlength minimum minlength name null number object oneof parameters properties required schema strict
    string title true type
"""
_SCHEMA = frozenset(_SCHEMA_WORDS.split())
_SCHEMA_SHARE = 2 / 3


@dataclass(frozen=True, slots=True)
class Document:
    """One protected text in one disguise: what evidence calls it, which text it is, and how many tokens it has."""

    what: str
    disguise: str
    text: int
    size: int

    def place(self, position: int) -> tuple[int, int]:
        """The protected text and the position in it that a position here stands for."""
        return self.text, self.size - 1 - position if self.disguise == "backwards" else position


@dataclass(frozen=True, slots=True)
class _Source:
    """A protected text as tokens."""

    what: str
    words: Sequence[str]

    @property
    def is_schema(self) -> bool:
        """Whether boilerplate of JSON Schema may stand in it."""
        return self.what == "tool descriptions"


def is_worth_it(words: Sequence[str]) -> bool:
    """Whether a text is long enough to be protected."""
    return sum(map(weight, words[: LEAST * 2])) >= LEAST * WORD


class PromptIndex:
    """A `passages.Index` over the texts of one request, by disguise."""

    def __init__(self, system: str, tools: Iterable[str]) -> None:
        """`system` holds the system and developer messages, `tools` the texts of the offered tools, which are one text
        here: each by itself may be too short to be protected."""
        named = (("system message", system), ("tool descriptions", "\n".join(tools)))
        self._free = {shingle for words in ordered(system) for _, shingle in shingles(words)}
        self._sources = [
            _Source(what, words) for what, words in ((what, tokens(text)) for what, text in named) if is_worth_it(words)
        ]
        self.values = ValueIndex(system)
        self.documents: list[Document] = []
        # Where a shingle stands first, and where else; as numbers, for of tuples a long text would make too many.
        self._first: dict[int, int] = {}
        self._others: dict[int, list[int]] = {}
        self._pairs: set[int] = set()
        self._whole: set[int] = set()  # beginnings of shingles that weigh as much as one, which mixed text has
        self._vocabulary: set[str] = set()
        for disguise in ("", "rot13", "backwards"):
            for number, source in enumerate(self._sources):
                self._add(number, source, disguise)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to protect."""
        return not (self.documents or self.values.values)

    @property
    def size(self) -> int:
        """How much the index holds, in shingles."""
        return len(self._first)

    def weights(self, text: int, positions: Collection[int]) -> int:
        """The weight of the tokens of a protected text at `positions`."""
        words = self._sources[text].words
        return sum(weight(words[position]) for position in positions)

    def share(self, text: int, covered: int) -> float:
        """The share of a protected text that `covered`, a weight, is."""
        return covered / self._totals[text]

    def hits(self, words: Sequence[str], first: int) -> Iterator[tuple[int, int, Sequence[Posting]]]:
        """See `passages.Index`."""
        for match in _KNOWN.finditer(bytes(map(self._vocabulary.__contains__, words))):
            start, end = match.span()
            if end <= first:
                continue
            start = max(start, first - REACH)
            yield from self._within(words[start:end], start, first)

    def _within(self, words: Sequence[str], start: int, first: int) -> Iterator[tuple[int, int, Sequence[Posting]]]:
        """The hits of a stretch of known tokens that begins at token `start`."""
        for index, shingle in _shingles(words):
            key = hash(shingle)
            if start + index >= first and key in self._first:
                yield start + index, len(shingle), self._places(key)

    def _places(self, key: int) -> list[Posting]:
        """Where a known shingle stands."""
        return [divmod(at, _TEXT) for at in (self._first[key], *self._others.get(key, ()))]

    def opens(self, words: Sequence[str]) -> bool:
        """See `passages.Index`: whether the tokens are known two by two.  To keep every beginning would cost more than
        all the rest, to spare a stream a few characters."""
        if sum(map(weight, words)) >= SHINGLE:
            return hash(tuple(words)) in self._whole
        return words[0] in self._vocabulary and self._pairs.issuperset(map(hash, pairwise(words)))

    def holds(self, shingle: tuple[str, ...]) -> bool:
        """Whether a shingle is known in any disguise."""
        return hash(shingle) in self._first

    @cached_property
    def letters(self) -> "LetterIndex":
        """The same texts as letters without blanks."""
        return LetterIndex(["".join(w for w in source.words if not is_solo(w)) for source in self._sources])

    @cached_property
    def _totals(self) -> list[int]:
        return [sum(map(weight, source.words)) for source in self._sources]

    def _add(self, number: int, source: _Source, disguise: str) -> None:
        words = _disguised(source.words, disguise)
        if disguise and words == source.words[:_DISGUISED]:
            return
        document = len(self.documents)
        self.documents.append(Document(source.what, disguise, number, len(words)))
        self._vocabulary.update(words)
        self._pairs.update(map(hash, pairwise(words)))
        is_mixed = not _even(words)
        for position, shingle in _shingles(words):
            if shingle[0] == shingle[1] and len(set(shingle)) == 1:
                continue
            if (source.is_schema and _is_schema(shingle)) or shingle in self._free:
                continue
            key, at = hash(shingle), document * _TEXT + position
            if self._first.setdefault(key, at) != at:
                self._also(key, at, number, disguise)
            if is_mixed and is_solo(shingle[-1]) and sum(map(weight, shingle[:-1])) >= SHINGLE:
                self._whole.add(hash(shingle[:-1]))

    def _also(self, key: int, at: int, number: int, disguise: str) -> None:
        """Note another place of a known shingle, but for one too many, and for that of Han characters in a disguise
        that leaves them as they are."""
        others = self._others.setdefault(key, [])
        if len(others) < POSTINGS - 1 and not (disguise and _is_same(self._places(key), self.documents, number)):
            others.append(at)


def _shingles(words: Sequence[str]) -> Iterable[tuple[int, tuple[str, ...]]]:
    """What `passages.shingles` makes of `words`, without a list of it where all are words, or all are characters."""
    size = _even(words)
    return enumerate(zip(*(words[at:] for at in range(size)), strict=False), size - 1) if size else shingles(words)


def _even(words: Sequence[str]) -> int:
    """The size of every shingle where all tokens weigh the same, 0 where they do not: then it is found one by one."""
    text = "".join(words)
    if text.isascii():
        return SHINGLE // WORD
    return SHINGLE // CHARACTER if len(text) == len(words) and all(map(is_solo, words)) else 0


def _is_same(postings: Sequence[Posting], documents: Sequence[Document], number: int) -> bool:
    """Whether a shingle of a disguise stands in the text as it is: Han characters are the same in rot13."""
    return any(documents[document].text == number and not documents[document].disguise for document, _ in postings)


def _is_schema(shingle: Sequence[str]) -> bool:
    return sum(word in _SCHEMA for word in shingle) >= _SCHEMA_SHARE * len(shingle)


def _disguised(words: Sequence[str], disguise: str) -> list[str]:
    if disguise == "rot13":
        return [word.translate(_ROT13) for word in words[:_DISGUISED]]
    if disguise == "backwards":
        return [word[::-1] for word in reversed(words[:_DISGUISED])]
    return list(words)


class LetterIndex:
    """A `passages.Index` whose tokens are single letters and digits: shingles are LETTERS of them in a row."""

    def __init__(self, texts: Sequence[str]) -> None:
        """`texts` are the protected texts without anything but letters and digits."""
        self._texts = texts

    def hits(self, words: Sequence[str], first: int) -> Iterator[tuple[int, int, Sequence[Posting]]]:
        """See `passages.Index`."""
        line = "".join(words)
        for index in range(max(first, LETTERS - 1), len(line)):
            postings = self._postings.get(line[index + 1 - LETTERS : index + 1])
            if postings:
                yield index, LETTERS, postings

    def opens(self, words: Sequence[str]) -> bool:
        """See `passages.Index`."""
        line = "".join(words)
        return any(line in text for text in self._texts)

    @cached_property
    def _postings(self) -> dict[str, list[Posting]]:
        made: dict[str, list[Posting]] = {}
        for document, text in enumerate(self._texts):
            for start in range(len(text) - LETTERS + 1):
                shingle = text[start : start + LETTERS]
                postings = made.setdefault(shingle, [])
                if len(postings) < POSTINGS and len(set(shingle)) > 1:
                    postings.append((document, start + LETTERS - 1))
        return made

"""Finds near-copies of known passages in a text while the text grows: the matcher of prompts and of documents.

How: a text becomes *tokens* (words, and single characters of scripts that write no blanks), tokens become *shingles*
(three words, five Han characters, or what lies between in mixed text), and an `Index` says at which positions of which
known passage a shingle stands.  A *run* opens at the first hit, goes on over gaps while the hits of one passage come
roughly in order, and closes after a gap that is too long.

Rules:
1. Everything here is a function of the text alone: where its pieces fell changes no run, and no offset of one.
2. Tokens are read from the folded text in lower case, Traditional characters as Simplified; punctuation is no token.
   So a copy that is re-cased, re-punctuated, wrapped otherwise or turned into the other script is a copy.
3. Nothing of a run leaves before the run was judged; with no run open, a stream waits for the word that is being
   written and for tokens that begin a known shingle.
4. Time is linear in the text and memory is bounded, whatever the text says: postings, open runs and what one finding
   spans are capped.

Shingles: Broder, "On the resemblance and containment of documents", 1997.  Every shingle is kept, where winnowing
(Schleimer, Wilkerson and Aiken, SIGMOD 2003) keeps one of several, for a copy of 15 words must not be missed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, chain, islice
from typing import Protocol

from guardrail.models.store import read_model
from guardrail.text.fold import fold
from guardrail.types import Finding

WORD, CHARACTER = 5, 3
"""Weights of a word and of a character of a script without blanks: 15 words say about as much as 25 characters."""
SHINGLE = 15
"""The least weight of a shingle: three words or five characters."""
REACH = 5
"""The most tokens of a shingle."""
POSTINGS = 4
"""The most positions of one shingle that an index need give; more would be boilerplate."""

_LONGEST = 64  # characters of a token; longer words are several tokens, so that a run of letters is never held whole
_OPEN = 8  # runs that may be open at a time
_REPORTED = 8  # spans that are remembered so that no passage is told twice
# Kana, bopomofo and Han; Thai, Lao, Burmese and Khmer: scripts that write no blanks between words.
_SOLO = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_OF_BASE64 = "+/-_\r\n"  # what it is written with beside letters and digits
_FIRST_SOLO = "\u0e00"
_is_of_solo = re.compile(f"[{_SOLO}]").match
_TOKEN = re.compile(rf"[{_SOLO}]|[^\W_{_SOLO}]{{1,{_LONGEST}}}")
_ASCII_TOKEN = re.compile(rf"[a-z0-9]{{1,{_LONGEST}}}")
# Where characters are folded or have two cases; what lies between are ideographs, Hangul and private use.
_FOLDABLE = ((0, 0x3400), (0xA000, 0xAC00), (0xF900, 0x20000), (0x2F800, 0x2FA20), (0xE0000, 0xE1000))

Posting = tuple[int, int]
"""A known passage and the position in it of the last token of a shingle."""


@dataclass(frozen=True, slots=True)
class _Characters:
    """What each character is read as; what finds those that folding drops or makes several of, and those that it makes
    signs of ASCII; and which signs these are, in their case."""

    table: Mapping[int, int | str]
    irregular: re.Pattern[str]
    disguised: re.Pattern[str]
    signs: Mapping[str, str]


@lru_cache(maxsize=1)
def _characters() -> _Characters:
    """Folding, Traditional to Simplified and lower case in one table.  Raises CheckError when the table of Traditional
    characters is missing or changed."""
    arrays = read_model("toxicity.bin").arrays
    simplified = dict(zip(arrays["traditional"].tolist(), arrays["simplified"].tolist(), strict=True))
    everything = "".join(map(chr, chain(*(range(*span) for span in _FOLDABLE))))
    folded = fold(everything)
    made: dict[str, str] = {}
    for at, character in zip(folded.origin or (), folded.text, strict=True):
        made[everything[at]] = made.get(everything[at], "") + character
    table: dict[int, int | str] = dict(simplified)
    irregular: list[str] = []
    signs: dict[str, str] = {}
    for character in everything:
        read = made.get(character, "")
        if len(read) != 1:
            irregular.append(character)
        else:
            if not character.isascii() and (read.isalnum() or read in _OF_BASE64) and read.isascii():
                signs[character] = read
            lower = chr(simplified.get(ord(read), ord(read))).lower()[0].replace("ς", "σ")
            if lower != character:
                table[ord(character)] = lower
    disguised = re.compile(f"[{_ranges(list(signs))}]")
    return _Characters(table, re.compile(f"[{_ranges(irregular)}]"), disguised, signs)


def _ranges(characters: Sequence[str]) -> str:
    """A character class of single characters in order, written as ranges."""
    out: list[list[int]] = []
    for point in map(ord, characters):
        if out and point == out[-1][1] + 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in out)


def prepare() -> None:
    """Make the table of characters now.  Raises CheckError when what it is made of is missing or changed."""
    _characters()


def plain(text: str) -> str:
    """A text of regular characters (see `piece`) as tokens are read from it; the same length."""
    return text.lower() if text.isascii() else text.translate(_characters().table)


def is_solo(token: str) -> bool:
    """Whether a token counts as a character rather than as a word: one of a script without blanks.  A word of one
    letter is a word; Korean has many.

    >>> is_solo("字"), is_solo("이"), is_solo("a")
    (True, False, False)
    """
    return len(token) == 1 and (
        "\u4e00" <= token <= "\u9fff" or (token >= _FIRST_SOLO and _is_of_solo(token) is not None)
    )


def weight(token: str) -> int:
    """WORD or CHARACTER."""
    return CHARACTER if is_solo(token) else WORD


def tokens(text: str) -> list[str]:
    """The tokens of a whole text, as the watch reads them.

    >>> tokens("Never say “Access Granted”, 繁體字2024年!")
    ['never', 'say', 'access', 'granted', '繁', '体', '字', '2024', '年']
    """
    line = plain(piece(text, 0).text)
    return _expression(line).findall(line)


def _expression(line: str) -> re.Pattern[str]:
    """The expression of tokens; the same tokens in either case."""
    return _ASCII_TOKEN if line.isascii() else _TOKEN


def _size(mask: int) -> int:
    """How many of the last tokens make a shingle; bit i of `mask` says that the i-th last is a character."""
    total = 0
    for size in range(1, REACH + 1):
        total += CHARACTER if mask >> (size - 1) & 1 else WORD
        if total >= SHINGLE:
            return size
    return REACH


_MASK = (1 << REACH) - 1
_SIZES = tuple(_size(mask) for mask in range(_MASK + 1))


def shingles(words: Sequence[str], first: int = 0) -> list[tuple[int, tuple[str, ...]]]:
    """The shingles that end at token `first` or later, each with the index of its last token.

    >>> shingles(["a", "b", "c", "d"])
    [(2, ('a', 'b', 'c')), (3, ('b', 'c', 'd'))]
    """
    made: list[tuple[int, tuple[str, ...]]] = []
    mask = 0
    for index in range(max(0, first - REACH), len(words)):
        word = words[index]
        mask = (mask << 1 | is_solo(word)) & _MASK
        start = index + 1 - _SIZES[mask]
        if index >= first and start >= 0:
            made.append((index, tuple(words[start : index + 1])))
    return made


class Index(Protocol):
    """What is known: a set of passages, asked by the shingle."""

    def hits(self, words: Sequence[str], first: int) -> Iterable[tuple[int, int, Sequence[Posting]]]:
        """Of the shingles (see `shingles`) that end at token `first` or later, those that are known: the index of the
        last token, the number of tokens, and at most POSTINGS postings; in the order of the tokens."""

    def opens(self, words: Sequence[str]) -> bool:
        """Whether a known shingle begins with exactly `words` (fewer than a shingle has) and goes on; an index that
        cannot tell says True."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When a run is judged and when it ends, in weights (WORD, CHARACTER).

    `least`: what known shingles must cover of a run before it is judged at all.  `gap`: how far the next hit may lie
    behind the last.  `slack`: tokens by which a gap may be longer or shorter in the copy.  `density`: the share of a
    run that known shingles must cover; a hit that would thin it further opens a run of its own.  `piece`: a run that
    grows beyond this is judged in pieces, so that a stream which tells pages is not held whole.
    """

    least: int = 8 * WORD
    gap: int = 8 * WORD
    slack: int = 6
    density: float = 0.5
    piece: int = 96 * WORD


@dataclass(frozen=True, slots=True)
class Passage:
    """A run, or a piece of one, in source offsets, end exclusive.

    `covered` is the weight of the tokens in known shingles and `length` that of all from the first hit to the last,
    both since the run began.  `parts` are the stretches of positions (first and last, inclusive) of the passage
    `document` that this piece repeats.
    """

    start: int
    end: int
    document: int
    covered: int
    length: int
    parts: tuple[tuple[int, int], ...] = ()


Judge = Callable[[Passage], Finding | None]
"""What makes a finding of a passage; called once for each, in an order that only the text decides."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that follows on what was fed before, and where in the source each of its characters begins and ends.

    It holds no characters that folding drops or makes several of, and none that it makes letters, digits, line breaks,
    `+`, `/`, `-` or `_` of ASCII: these are folded, in their case, wherever the text was cut; Base64 is read from it.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def piece(source: str, base: int) -> Piece:
    """The piece made from `source`, which stands at offset `base`."""
    if not source.isascii() and _characters().irregular.search(source) is None:
        return Piece(_ascii(source), range(base, base + len(source)), range(base + 1, base + 1 + len(source)))
    folded = fold(source)
    if folded.origin is None:
        return Piece(folded.text, range(base, base + len(source)), range(base + 1, base + 1 + len(source)))
    starts = [base + at for at in folded.origin]
    return Piece(folded.text, starts, [at + 1 for at in starts])


def _ascii(text: str) -> str:
    """A text of regular characters with the disguises of letters, digits and signs of Base64 taken off."""
    known = _characters()
    return known.disguised.sub(lambda match: known.signs[match[0]], text)


def concatenated(first: Piece, second: Piece) -> Piece:
    """Two pieces that follow each other, as one."""
    if not first.text:
        return second
    return Piece(first.text + second.text, _chained(first.starts, second.starts), _chained(first.ends, second.ends))


def _chained(first: Sequence[int], second: Sequence[int]) -> Sequence[int]:
    if not second:
        return first
    if isinstance(first, range) and isinstance(second, range) and first.stop == second.start:
        return range(first.start, second.stop)
    return [*first, *second]


class Batch:
    """Tokens that were completed together; their places are worked out only when somebody asks."""

    __slots__ = ("_places", "_spans", "words")

    def __init__(self, words: list[str], places: Callable[[], list[tuple[int, int]]]) -> None:
        self.words = words
        self._places = places
        self._spans: list[tuple[int, int]] | None = None

    def span(self, index: int) -> tuple[int, int]:
        """The source offsets of a token."""
        if self._spans is None:
            self._spans = self._places()
        return self._spans[index]


def _places(text: str, whole: Piece, count: int) -> list[tuple[int, int]]:
    spans = (match.span() for match in islice(_expression(text).finditer(text), count))
    return [(whole.starts[start], whole.ends[end - 1]) for start, end in spans]


class Tokens:
    """Cuts a growing text into tokens; the word that is being written waits for its end."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = Piece("", (), ())

    @property
    def pending(self) -> int | None:
        """Where the word that is being written begins; None when the text does not end in one."""
        return self._tail.starts[0] if self._tail.text else None

    def feed(self, more: Piece, *, final: bool = False) -> Batch:
        """The tokens that `more` completes; with `final`, all."""
        whole = concatenated(self._tail, more)
        text = plain(whole.text)
        words: list[str] = _expression(text).findall(text)
        self._tail = Piece("", (), ())
        if not final and words and text.endswith(words[-1]) and not is_solo(words[-1]) and len(words[-1]) < _LONGEST:
            at = len(text) - len(words.pop())
            self._tail = Piece(whole.text[at:], whole.starts[at:], whole.ends[at:])
        return Batch(words, partial(_places, text, whole, len(words)))


class _Run:
    """A chain of hits in one passage."""

    __slots__ = ("at", "begun", "covered", "document", "end", "fresh", "mark", "origin", "parts", "position", "start")

    def __init__(self, document: int, start: int, mark: int) -> None:
        self.document, self.start, self.end = document, start, start
        self.origin = self.begun = self.mark = mark  # weights of the text at its start, at its piece's, at its last hit
        self.at = self.position = -1  # the last token hit, in the text and in the passage
        self.covered = 0
        self.fresh = False
        self.parts: list[tuple[int, int]] = []

    def extend(self, at: int, position: int, size: int, end: int, mark: int, shingle: int) -> None:
        """Take a hit on a shingle of `size` tokens and weight `shingle` that ends at token `at`, weight `mark`."""
        self.covered = self.covered_at(mark, shingle)
        self.at, self.position, self.end, self.mark, self.fresh = at, position, end, mark, True
        first = position - size + 1
        if self.parts and self.parts[-1][0] <= first <= self.parts[-1][1] + 1:
            self.parts[-1] = (self.parts[-1][0], position)
        else:
            self.parts.append((first, position))

    def covered_at(self, mark: int, shingle: int) -> int:
        """What would be covered with a hit on a shingle of weight `shingle` that ends at `mark`."""
        return self.covered + mark - max(self.mark, mark - shingle)

    def passage(self) -> Passage:
        """The piece since the last one."""
        parts = tuple(self.parts)
        return Passage(self.start, self.end, self.document, self.covered, self.mark - self.origin, parts)

    def turn(self) -> None:
        """Begin the next piece where this one ends."""
        self.start, self.begun, self.fresh, self.parts = self.end, self.mark, False, []


class Matcher:
    """The online machine over batches of tokens of one text."""

    __slots__ = (
        "_count", "_found", "_index", "_judge", "_keep", "_recent", "_reported", "_runs", "_terms", "_total", "_words",
    )  # fmt: skip

    def __init__(self, index: Index, terms: Terms, judge: Judge, reach: int = REACH) -> None:
        """`reach` is the most tokens that a shingle of `index` has."""
        self._index, self._terms, self._judge, self._keep = index, terms, judge, reach - 1
        self._words: list[str] = []  # the last tokens, of which the next shingle may begin
        self._recent: list[tuple[Batch, int]] = []
        self._count = self._total = 0
        self._runs: list[_Run] = []
        self._reported: list[tuple[int, int]] = []
        self._found: list[Finding] = []

    def feed(self, batch: Batch) -> None:
        """Take the next tokens."""
        if not batch.words:
            return
        words = [*self._words, *batch.words]
        first = len(self._words)
        hits = list(self._index.hits(words, first))
        if hits or self._runs:
            self._follow(words, first, hits, batch)
        self._count += len(batch.words)
        self._words = words[-self._keep :]
        new = [(batch, index) for index in range(max(0, len(batch.words) - self._keep), len(batch.words))]
        self._recent = [*self._recent, *new][-len(self._words) :]

    def finish(self) -> None:
        """The text ends here: judge what is open, and begin anew with what follows."""
        self._close(None)
        self._words, self._recent = [], []

    def held(self) -> int | None:
        """The source offset from which on the text must wait; None when nothing must."""
        starts = [run.start for run in self._runs]
        for index, (batch, token) in enumerate(self._recent):
            if self._index.opens(self._words[index:]):
                starts.append(batch.span(token)[0])
                break
        return min(starts, default=None)

    def take(self) -> list[Finding]:
        """The findings since the last call."""
        found, self._found = self._found, []
        return found

    def _follow(
        self, words: list[str], first: int, hits: Sequence[tuple[int, int, Sequence[Posting]]], batch: Batch
    ) -> None:
        marks = list(accumulate(map(weight, batch.words), initial=self._total))
        for index, size, postings in hits:
            mark = marks[index - first + 1]
            self._close(mark)
            shingle = sum(map(weight, words[index - size + 1 : index + 1]))
            at = self._count + index - first
            end = batch.span(index - first)[1]
            for document, position in postings:
                run = self._continued(document, position, at, mark, shingle)
                if run is None:
                    start = self._start(index - size + 1, first, batch)
                    run = self._opened(document, start, mark - shingle)
                run.extend(at, position, size, end, mark, shingle)
                if mark - run.begun >= self._terms.piece and run.covered >= self._terms.least:
                    self._report(run)
                    run.turn()
        self._total = marks[-1]
        self._close(self._total + CHARACTER)

    def _start(self, index: int, first: int, batch: Batch) -> int:
        """Where the token `index` of the words at hand begins in the source."""
        if index >= first:
            return batch.span(index - first)[0]
        before, token = self._recent[index]
        return before.span(token)[0]

    def _continued(self, document: int, position: int, at: int, mark: int, shingle: int) -> _Run | None:
        """The open run that a hit goes on with: the one whose order it keeps best."""
        best, least = None, self._terms.slack + 1
        for run in self._runs:
            if run.document != document or run.at >= at or run.position >= position:
                continue
            shift = abs((position - run.position) - (at - run.at))
            if shift < least and run.covered_at(mark, shingle) >= self._terms.density * (mark - run.origin):
                best, least = run, shift
        return best

    def _opened(self, document: int, start: int, mark: int) -> _Run:
        if len(self._runs) >= _OPEN:
            weakest = min(self._runs, key=lambda run: (run.covered, run.mark))
            self._runs.remove(weakest)
            self._report(weakest)
        run = _Run(document, start, mark)
        self._runs.append(run)
        return run

    def _close(self, mark: int | None) -> None:
        """Close the runs that a hit at `mark` would come too late for; every run where it is None."""
        if mark is not None and all(mark - run.mark <= self._terms.gap for run in self._runs):
            return
        late = [run for run in self._runs if mark is None or mark - run.mark > self._terms.gap]
        for run in sorted(late, key=lambda run: (run.mark, run.start, -run.covered)):
            self._runs.remove(run)
            self._report(run)

    def _report(self, run: _Run) -> None:
        if not run.fresh or run.covered < self._terms.least or self._is_told(run):
            return
        finding = self._judge(run.passage())
        if finding is not None:
            self._found.append(finding)
            self._reported = [*self._reported, (run.start, run.end)][-_REPORTED:]

    def _is_told(self, run: _Run) -> bool:
        """Whether a finding, or an open run that will be one, says all that this run says."""
        if any(start <= run.start and run.end <= end for start, end in self._reported):
            return True
        return any(
            other is not run
            and other.start <= run.start
            and run.end <= other.end
            and (other.covered, other.mark) > (run.covered, run.mark)
            for other in self._runs
        )


class PassageWatch:
    """A `protocol.Watch` that reports near-copies of what `index` knows."""

    __slots__ = ("_length", "_matcher", "_tokens")

    def __init__(self, index: Index, terms: Terms, judge: Judge) -> None:
        """`judge` makes the finding of each passage that `terms` lets through."""
        self._tokens = Tokens()
        self._matcher = Matcher(index, terms, judge)
        self._length = 0

    def feed(self, text: str) -> None:
        """Append `text`."""
        self._matcher.feed(self._tokens.feed(piece(text, self._length)))
        self._length += len(text)

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        """See `protocol.Watch`."""
        if final:
            self._matcher.feed(self._tokens.feed(Piece("", (), ()), final=True))
            self._matcher.finish()
            return self._length, self._matcher.take()
        places = (self._tokens.pending, self._matcher.held(), self._length)
        return min(place for place in places if place is not None), self._matcher.take()

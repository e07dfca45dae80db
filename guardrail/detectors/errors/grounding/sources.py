"""What an answer is held against, made ready for looking up: the words, sentences and word groups of each source.

Rules:
1. A text is read once.  Its reading is kept under a hash of the text, so the same source in the next turn of the
   conversation, or for another caller, costs nothing; what is kept is bounded by characters and the oldest goes first.
2. English and Chinese go the same way: a token is a word cut to its stem, a number, or one Han character, and groups
   of tokens serve where Chinese has no spaces.  Traditional characters are read as Simplified, full-width forms as
   ASCII, capitals as small letters; every one-to-one, so that offsets stay those of the text.
3. Time and memory grow linearly with the text, whatever it holds: a word that stands in very many sentences says
   little, and only its first MOST_PLACES are kept; of numbers, dates and names at most MOST_FACTS are read.
4. What a claim costs hardly depends on the size of its sources: terms, pairs and values are looked up, at most about
   MOST_VISITED sentences are visited, and a sentence is read for its facts once.  Alone a copy is searched for in the
   whole text (by the search of strings), once all of its pairs are there.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, chain, pairwise
from math import log
from operator import attrgetter
from threading import Lock
from typing import Any, TypeVar

from guardrail.detectors.errors.grounding.facts import HAN, Clock, Date, Number, clocks, dates, names, numbers
from guardrail.detectors.errors.sums.numerals import DIGITS, read, read_chinese
from guardrail.text.script import SIMPLIFIED
from guardrail.text.sentences import MAX_SENTENCE, sentences
from guardrail.types import Passage, Source

MOST_VISITED = 120
"""Sentences that are looked up for one claim before its commoner words are left out."""
T = TypeVar("T")
KEPT_CHARACTERS = 8_000_000
"""Characters of sources whose readings are kept; a reading takes about thirty times as many bytes."""
MOST_PLACES = 64
"""Sentences of a source that are noted for one term; one that stands in more tells nothing about where to look."""
MOST_FACTS = 20_000
"""Numbers, dates and names of each kind that are read of one source."""
LONGEST = 40
"""Letters of one token; longer ones are keys or noise."""

_WIDE: dict[int, int] = {
    **{point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u2032"), ord("'")),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u2033"), ord('"')),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), ord("-")),
    0x3000: 0x20,
    0xA0: 0x20,
}
_PLAIN = SIMPLIFIED | _WIDE
"""Every character that is compared as another one, in one table, so that a text is gone through once."""
_ONES, _SCALES = "零〇一二两三四五六七八九", "十百千万亿"
_TOKEN = re.compile(
    rf"(\d+(?:[.,]\d+)*[百千万亿]*|[{_ONES}]+[{_SCALES}][{_ONES}{_SCALES}]*|[{_SCALES}][{_ONES}{_SCALES}]+|[{_ONES}]{{3,}}|[{HAN}]"
    rf"|[^\W\d_{HAN}]{{1,{LONGEST}}}(?:'[A-Za-z]{{1,4}}(?![A-Za-z]))?)"
)
"""A token, in one group: `split` gives tokens and what stands between them in turn."""
_NUMERALS = frozenset(_ONES + _SCALES)
_APART = re.compile(r"(?<=\d,) (?=\d{3}(?!\d))|(?<=\d\.) (?=\d)|(?<=\d) (?=[.,]\d)")
HAN_TOKEN = re.compile(f"[{HAN}]").match

_STOP = """
a an the this that these those and or but if then than so as of at by for with about into to from in on onto over
under up down out off is are was were be been being am do does did done have has had having will would shall should
can could may might must i me my we our us you your he him his she her it its they them their who whom whose which
what when where how there here also just only very too more most such own same both each other some any all s t
"""
STOP = frozenset(_STOP.split())
"""English words that carry no matter of their own (negations are not among them)."""
STOP_HAN = frozenset("的了是在和与及或也都就而并但被把将对从到以为于之其这那此该个们有上下中着过地得所等嘅咗系喺啲佢哋")
_NEGATIONS = """
not no never none nobody nothing neither nor without cannot hardly 不 没 无 未 非 否 别 勿 冇 唔
"""
NEGATIONS = frozenset(_NEGATIONS.split())
_INFLECTED = """
said:say says:say told:tell made:make went:go gone:go goes:go came:come took:take taken:take gave:give given:give
got:get gotten:get found:find left:leave held:hold kept:keep led:lead met:meet paid:pay ran:run saw:see seen:see
sent:send sold:sell spent:spend stood:stand thought:think won:win wrote:write written:write bought:buy brought:bring
built:build caught:catch chose:choose chosen:choose cut:cut drew:draw drawn:draw drove:drive driven:drive fell:fall
fallen:fall felt:feel fought:fight flew:fly flown:fly grew:grow grown:grow heard:hear hid:hide hidden:hide hit:hit
knew:know known:know laid:lay lost:lose meant:mean put:put read:read rose:rise risen:rise sang:sing sung:sing
sat:sit shot:shoot showed:show shown:show spoke:speak spoken:speak stole:steal stolen:steal swam:swim taught:teach
threw:throw thrown:throw wore:wear worn:wear began:begin begun:begin became:become broke:break broken:break
children:child men:man women:woman people:person died:die dying:die dead:die death:die lying:lie
"""
_IRREGULAR = dict(pair.split(":") for pair in _INFLECTED.split())


_COUNTS = "two three four five six seven eight nine ten eleven twelve"
_IRREGULAR |= {word: str(number) for number, word in enumerate(_COUNTS.split(), 2)}


@lru_cache(1 << 16)
def stem(token: str) -> str:
    """A token as it is compared: small letters, without the endings of English inflection; a number without commas,
    and a small one in figures.

    >>> [stem(word) for word in ("Companies", "stopped", "making", "1,200", "said")]
    ['company', 'stop', 'mak', '1200', 'say']
    """
    if token[0].isdigit():
        return _figure(token)
    if len(token) > 1 and token[0] in _NUMERALS:
        known = read_chinese(token[:DIGITS])
        return token if known is None else str(int(known.value))
    word = token.lower()
    if not word.isascii() or len(word) < 3:
        return word
    if "'" in word:
        word, _, tail = word.partition("'")
        if tail == "t":
            return "not"
        if len(word) < 3:
            return word
    word = _IRREGULAR.get(word, word)
    return _cut(word) if len(word) > 3 else word


def _figure(token: str) -> str:
    """A number in digits without commas, and without scale characters: 1.2万 is 12000."""
    if token[-1] not in _SCALES:
        return token.replace(",", "")
    known = read(token)
    return token if known is None else str(int(known.value)) if known.value.denominator == 1 else token


def _cut(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) > 2 and re.search("[aeiouy]", root):
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def plain(text: str) -> str:
    """The text as it is compared, character by character in the same places (case is kept).

    >>> plain("「１２」萬")
    '「12」万'
    """
    if text.isascii():
        return text
    return _plain(text) if len(text) <= MAX_SENTENCE else text.translate(_PLAIN)


@lru_cache(8)  # what a sentence claims and what its tokens are is asked one after the other
def _plain(text: str) -> str:
    return text.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in tokens: how they are written, how they are compared, and where they stand."""

    text: str
    written: tuple[str, ...]
    stems: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def tokens(text: str) -> Tokens:
    """The tokens of a text, in its own offsets; `Tokens.text` is its `plain` form."""
    folded = plain(text)
    pieces = _TOKEN.split(folded)
    ends = [*accumulate(map(len, pieces))]
    written = tuple(pieces[1::2])
    return Tokens(folded, written, tuple(map(stem, written)), tuple(zip(ends[::2], ends[1::2], strict=False)))


def terms(stems: Sequence[str]) -> list[str]:
    """What a passage is looked up by: content words, numbers, and pairs of neighbouring Han characters."""
    han = ["\u4e00" <= each < "\ua000" or (each >= "\u3400" and HAN_TOKEN(each) is not None) for each in stems]
    found = [each for each, is_han in zip(stems, han, strict=True) if not is_han and each not in STOP]
    if True not in han:
        return found
    pairs = zip(pairwise(stems), pairwise(han), strict=True)
    return found + [one + other for (one, other), both in pairs if both == (True, True)]


def is_content(token: str) -> bool:
    """Whether a token (as compared) carries matter of its own."""
    return token not in STOP and token not in STOP_HAN


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a source: its span, its first token and the one after its last, as numbers in the source."""

    start: int
    end: int
    first: int
    last: int


_start, _first = attrgetter("start"), attrgetter("first")


@dataclass(frozen=True)
class Reading:
    """One source, read.  What few claims ask for is made when it is first asked for, hence no slots."""

    tokens: Tokens
    sentences: tuple[Sentence, ...]
    places: dict[str, list[int]]
    """The sentences that each term stands in."""
    vocabulary: frozenset[str]
    pairs: frozenset[tuple[str, ...]]
    triples: frozenset[tuple[str, ...]]
    fives: frozenset[tuple[str, ...]]
    skips: frozenset[tuple[str, ...]]
    """Pairs of neighbouring content tokens, whatever stands between them."""
    content: tuple[tuple[str, ...], ...]
    """The content tokens of each sentence."""
    held: tuple[frozenset[str], ...]

    @cached_property
    def kept(self) -> dict[type, Any]:
        """What else is kept about it as long as it is kept itself, by its type."""
        return {}

    @cached_property
    def joined(self) -> str:
        """All tokens as compared, each between blanks."""
        return f" {' '.join(self.tokens.stems)} "

    @cached_property
    def values(self) -> dict[float, Number]:
        """The numbers by value, each where it stands first; years and days of dates among them."""
        found: dict[float, Number] = {}
        text = self.tokens.text
        apart = _APART.sub("", text)  # `2, 000` and `3. 5` of texts that were taken to pieces and put together again
        for one in (*numbers(text, most=MOST_FACTS), *(numbers(apart, most=MOST_FACTS) if apart != text else ())):
            found.setdefault(round(one.value, 6), one)
        return found

    @cached_property
    def _in_order(self) -> list[float]:
        return sorted(self.values)

    def between(self, least: float, most: float) -> list[tuple[float, Number]]:
        """The numbers whose values lie in a range, with their values."""
        first, last = bisect_left(self._in_order, least), bisect_right(self._in_order, most)
        return [(value, self.values[value]) for value in self._in_order[first:last]]

    @cached_property
    def _facts(self) -> dict[int, tuple[list[Number], list[Date]]]:
        return {}

    def facts(self, sentence: int) -> tuple[list[Number], list[Date]]:
        """The numbers and the dates of one sentence in its own offsets, read when they are first asked for."""
        found = self._facts.get(sentence)
        if found is None:
            one = self.sentences[sentence]
            text = self.tokens.text[one.start : one.end]
            found = self._facts[sentence] = numbers(text), dates(text)
        return found

    def sentence_at(self, offset: int) -> int:
        """The number of the sentence that holds a place of the text."""
        return bisect_right(self.sentences, offset, key=_start) - 1

    def sentence_of(self, token: int) -> int:
        """The number of the sentence that holds a token."""
        return bisect_right(self.sentences, token, key=_first) - 1

    @cached_property
    def dates(self) -> tuple[Date, ...]:
        """The dates, in order."""
        return tuple(dates(self.tokens.text, most=MOST_FACTS))

    @cached_property
    def clocks(self) -> tuple[Clock, ...]:
        """The times of day, in order."""
        return tuple(clocks(self.tokens.text, most=MOST_FACTS))

    @cached_property
    def hours(self) -> dict[int, bool]:
        """The times of day in minutes, each with whether it may be twelve hours later as well."""
        found: dict[int, bool] = {}
        for one in self.clocks:
            found[one.minutes] = found.get(one.minutes, False) or one.half
        return found

    @cached_property
    def initials(self) -> frozenset[str]:
        """What its names would be called by their first letters: `who` for World Health Organization."""
        long = [one.words for one in names(self.tokens.text, most=MOST_FACTS) if len(one.words) > 1]
        return frozenset("".join([word[0] for word in words]).lower() for words in long)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years of its dates."""
        return frozenset(one.year for one in self.dates if one.year is not None)

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first five letters of each word: `govern` for `government`."""
        return frozenset(word[:5] for word in self.vocabulary if len(word) > 4)


def read_source(text: str) -> Reading:
    """Read a source."""
    found = tokens(text)
    stems = found.stems
    spans = _sentences(text, found)
    places: dict[str, list[int]] = {}
    for number, one in enumerate(spans):
        for term in set(terms(stems[one.first : one.last])):
            noted = places.setdefault(term, [])
            if len(noted) < MOST_PLACES:
                noted.append(number)
    content = [tuple([each for each in stems[one.first : one.last] if is_content(each)]) for one in spans]
    flat = [each for sentence in content for each in sentence]
    return Reading(
        found,
        tuple(spans),
        places,
        frozenset(stems),
        frozenset(pairwise(stems)),
        frozenset(zip(stems, stems[1:], stems[2:], strict=False)),
        frozenset(zip(stems, stems[1:], stems[2:], stems[3:], stems[4:], strict=False)),
        frozenset(pairwise(flat)),
        tuple(content),
        tuple(map(frozenset, content)),
    )


def _sentences(text: str, found: Tokens) -> list[Sentence]:
    made: list[Sentence] = []
    at, count = 0, len(found.spans)
    for start, end in sentences(text):
        first = at
        while at < count and found.spans[at][0] < end:
            at += 1
        if at > first:
            made.append(Sentence(start, end, first, at))
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence among all sources: which source, which of its sentences, and how much of the claim it shares."""

    source: int
    sentence: int
    share: float


@dataclass(frozen=True)
class Index:
    """All sources of one request, read.  `material` are those sources, in the order of `readings`."""

    material: tuple[Source, ...]
    readings: tuple[Reading, ...]
    vocabulary: frozenset[str] = field(repr=False)
    places: dict[str, list[int]] = field(repr=False)
    """The sentences that each term stands in, numbered through all sources."""
    begins: tuple[int, ...] = ()
    """The number of each source's first sentence."""
    size: int = 0

    @cached_property
    def _weights(self) -> dict[int, float]:
        """What a term tells, by how many sentences it stands in."""
        return {}

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first five letters of the words of all sources."""
        return _union([reading.beginnings for reading in self.readings])

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Neighbouring tokens of all sources."""
        return _union([reading.pairs for reading in self.readings])

    @cached_property
    def triples(self) -> frozenset[tuple[str, ...]]:
        """Three tokens in a row, of all sources."""
        return _union([reading.triples for reading in self.readings])

    @cached_property
    def fives(self) -> frozenset[tuple[str, ...]]:
        """Five tokens in a row, of all sources."""
        return _union([reading.fives for reading in self.readings])

    @cached_property
    def skips(self) -> frozenset[tuple[str, ...]]:
        """Neighbouring content tokens of all sources."""
        return _union([reading.skips for reading in self.readings])

    @cached_property
    def where(self) -> dict[str, frozenset[int]]:
        """The sentences that each content token stands in."""
        found: dict[str, list[int]] = {}
        for number, words in enumerate(self.held):
            for word in words:
                found.setdefault(word, []).append(number)
        return {word: frozenset(places) for word, places in found.items()}

    @cached_property
    def held(self) -> tuple[frozenset[str], ...]:
        """The content tokens of each sentence."""
        return self.readings[0].held if len(self.readings) == 1 else _chained([one.held for one in self.readings])

    @cached_property
    def content(self) -> tuple[tuple[str, ...], ...]:
        """The same in order."""
        return self.readings[0].content if len(self.readings) == 1 else _chained([one.content for one in self.readings])

    @cached_property
    def negations(self) -> frozenset[str]:
        """The negations that the sources use at all."""
        return NEGATIONS & self.vocabulary

    @cached_property
    def each(self) -> tuple["Index", ...]:
        """An index of each source alone."""
        if len(self.readings) == 1:
            return (self,)
        return tuple(_joined((one,), (reading,)) for one, reading in zip(self.material, self.readings, strict=True))

    def plain_sentence(self, place: Place) -> str:
        """The text of the sentence at a place as it is compared."""
        one = self.sentence(place)
        return self.readings[place.source].tokens.text[one.start : one.end]

    def best(self, claim: Tokens, most: int = 3) -> list[Place]:
        """The sentences that share most of the terms of a claim, best first; none where nothing is shared."""
        return [self.place(number, share) for number, share in self.ranked(claim, most)]

    def ranked(self, claim: Tokens, most: int) -> list[tuple[int, float]]:
        """The same as numbers of sentences, each with its share."""
        get, weights = self.places.get, self._weights
        wanted = [(len(places := get(term, _NOWHERE)), term, places) for term in {*terms(claim.stems)}]
        wanted.sort()
        total, visited, shares = 0.0, 0, defaultdict[int, float](float)
        for count, _, places in wanted:
            weight = weights.get(count) or weights.setdefault(count, log(1 + self.size / (1 + count)))
            total += weight
            visited += count
            if visited > MOST_VISITED and len(shares) >= most:
                continue  # common words decide nothing that rare ones have not
            for place in places:
                shares[place] += weight
        if not shares:
            return []
        least = sorted(shares.values())[-most:][0]
        ranked = sorted([(-share, place) for place, share in shares.items() if share >= least])[:most]
        return [(place, -share / total) for share, place in ranked]

    def place(self, number: int, share: float) -> Place:
        """A sentence by its number among all."""
        source = bisect_right(self.begins, number) - 1
        return Place(source, number - self.begins[source], share)

    def passage(self, place: Place) -> Passage:
        """Where a sentence stands, without the white space around it."""
        one = self.sentence(place)
        text = self.material[place.source].text
        piece = text[one.start : one.end]
        start = one.start + len(piece) - len(piece.lstrip())
        return Passage(place.source, start, max(start, one.start + len(piece.rstrip())))

    def facts(self, place: Place) -> tuple[list[Number], list[Date]]:
        """The numbers and the dates of the sentence at a place, in its own offsets."""
        return self.readings[place.source].facts(place.sentence)

    def sentence(self, place: Place) -> Sentence:
        """The sentence at a place."""
        return self.readings[place.source].sentences[place.sentence]


_NOWHERE: list[int] = []


class Library:
    """The readings that are kept, the latest used last; safe to use from several threads."""

    def __init__(self, characters: int = KEPT_CHARACTERS) -> None:
        """Keeps readings of at most so many characters together."""
        self._most = characters
        self._kept: OrderedDict[bytes, tuple[int, Reading]] = OrderedDict()
        self._size = 0
        self._latest: tuple[tuple[tuple[Source, ...], Index], ...] = ()
        self._lock = Lock()

    def index(self, material: tuple[Source, ...]) -> Index:
        """The index of the sources of a request; every sentence of an answer asks with the same tuple."""
        for known, index in self._latest:
            if known is material:
                return index
        index = _joined(material, tuple(self.reading(each.text) for each in material))
        self._latest = ((material, index), *self._latest[:7])
        return index

    def reading(self, text: str) -> Reading:
        """The reading of a text, made at most once while it is kept."""
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[1]
        reading = read_source(text)
        with self._lock:
            if key not in self._kept and len(text) <= self._most:
                self._kept[key] = (len(text), reading)
                self._size += len(text)
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][0]
        return reading


def _union(sets: Sequence[frozenset[T]]) -> frozenset[T]:
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def _chained(parts: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(parts))


def _joined(material: tuple[Source, ...], readings: tuple[Reading, ...]) -> Index:
    vocabulary = _union([reading.vocabulary for reading in readings])
    *begins, size = accumulate((len(reading.sentences) for reading in readings), initial=0)
    if len(readings) == 1:
        return Index(material, readings, vocabulary, readings[0].places, tuple(begins), size)
    places: dict[str, list[int]] = {}
    for begin, reading in zip(begins, readings, strict=True):
        for term, numbers_of in reading.places.items():
            places.setdefault(term, []).extend([begin + number for number in numbers_of])
    return Index(material, readings, vocabulary, places, tuple(begins), size)


LIBRARY = Library()
"""The readings of this process."""


def index_of(material: tuple[Source, ...]) -> Index:
    """The index of the sources of a request, from what is kept where it can be."""
    return LIBRARY.index(material)

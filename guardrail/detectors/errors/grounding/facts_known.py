"""Which hard facts of a claim stand in no source, however they are written there (serves `detector.py`).

Rules:
1. A number is known when a source or the caller has its value, when it is one of theirs rounded as written ("about 12
   million" for 11,873,220) or in another unit, or when the claim says that it was worked out (a total, a share, a
   difference) and numbers of the same passage give it.
2. A small count ("three countries") and words such as `half` are never alarming: answers count what sources list.
3. A date is known when a source's date agrees in all that both tell; a weekday also by the calendar.
4. A name is known when the sources or the caller have one of its words, the same beginning (`French`, `France`), its
   initials or the words that it is short for.  A name known in part is reported less sure.
5. Known only ever grows with the sources.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date as calendar
from functools import cached_property, lru_cache
from itertools import islice

from guardrail.detectors.errors.grounding.facts import (
    Clock,
    Date,
    Name,
    Number,
    Quotation,
    clocks,
    dates,
    names,
    numbers,
    quotations,
)
from guardrail.detectors.errors.grounding.lexicon import Lexicon
from guardrail.detectors.errors.grounding.places_han import places, spoken_of
from guardrail.detectors.errors.grounding.sources import MOST_FACTS, STOP, Reading, Tokens, stem, tokens

_ABOUT = re.compile(
    r"\b(?:about|around|approximately|approx|roughly|nearly|almost|over|more than|less than|under|up to"
    r"|at least|some|close to|"
    r"just|well|an estimated|estimated)\b|[~≈+]|约|大概|大约|近|逾|超过|超|多|左右|余|上下|至少|不到|不足"
    r"|将近|几乎|差不多|几",
    re.IGNORECASE,
)
_WORKED_OUT = re.compile(
    r"(?P<sum>\b(?:total\w*|altogether|combined|together|sum|in all)\b|合共|一共|总共|共计|合计|总计)"
    r"|(?P<apart>\b(?:difference|more than|less than|fewer|older|younger|increase\w*|decrease\w*|rose by"
    r"|fell by|gain of|later|earlier"
    r"|aged?|old|lasted|span\w*|for \d+ years)\b|相差|增加|减少"
    r"|上升了?(?=\d)|下跌了?(?=\d)|历时|年后|年前|岁|相隔|之差|多出)"
    r"|(?P<each>\b(?:average|mean|per|each|times|twice|double|ratio)\b|平均|人均|每人|倍)",
    re.IGNORECASE,
)
MOST_TRIED = 50


class _Aside:
    """What a source holds that few claims ask for, found when it is first asked for."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._text, self._stems = reading, reading.tokens.text, reading.tokens.stems

    @cached_property
    def dates(self) -> "_Dates":
        """Its dates, to be looked up."""
        return _Dates(self._reading.dates)

    @cached_property
    def initials(self) -> str:
        """The first letters of all its tokens, in a row."""
        return "".join([stem[0] for stem in self._stems])

    def begins(self, wanted: tuple[str, ...]) -> bool:
        """Whether neighbouring tokens begin like this."""
        letters, at = "".join([each[0] for each in wanted]), -1
        for _ in range(MOST_TRIED):
            at = self.initials.find(letters, at + 1)
            if at < 0:
                return False
            if all(self._stems[at + n].startswith(each) for n, each in enumerate(wanted)):
                return True
        return False

    @cached_property
    def keys(self) -> str:
        """Its long numbers with their digits put together, each on a line."""
        return "\n".join(_KEY.findall(_BETWEEN_DIGITS.sub("", self._text)))[: 8 * MOST_FACTS]

    @cached_property
    def quarters(self) -> frozenset[int]:
        """The quarters of a year that it names."""
        found = (next(filter(None, match.groups())).lower() for match in _QUARTER.finditer(self._text))
        return frozenset(_ORDER[each] for each in found)

    @cached_property
    def places(self) -> frozenset[str]:
        """The places that it speaks of, by their first name in the list."""
        return spoken_of(self._text)


def _aside(reading: Reading) -> _Aside:
    kept: _Aside | None = reading.kept.get(_Aside)
    if kept is None:
        kept = reading.kept[_Aside] = _Aside(reading)
    return kept


_TEXT_OF_NUMERIC = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundr thousand million billion trillion dozen half twic
second third fourth fifth sixth seventh eighth ninth tenth
"""
_NUMERIC = frozenset(_TEXT_OF_NUMERIC.split())
_TEXT_OF_TIMELY = """
january february march april may june july august september october november december jan feb mar apr jun jul aug sep
sept oct nov dec monday tuesday wednesday thursday friday saturday sunday 年 月 日 号 星 周 拜
"""
_TIMELY = frozenset(_TEXT_OF_TIMELY.split())
_HAN_DIGITS = frozenset("零〇一二两三四五六七八九十百千万亿")
_TEXT_OF_GENERIC = """
i mr mrs ms dr prof sir madam president minister king queen prince princess chapter table figure section part article
note example step option answer question summary overview conclusion introduction background key internet god earth
sun moon english january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday north south east west yes no ok ad bc am pm tv usa us uk u.s u.k eu un hk ai
it iii ii iv vs etc hkd usd rmb cny eur gbp jpy krw ntd twd aud cad sgd mop faq pdf url
"""
_GENERIC = frozenset(_TEXT_OF_GENERIC.split())
_CONVERSIONS: tuple[tuple[str, str, float], ...] = (
    ("km", "mile", 1.609344), ("kilomet", "mile", 1.609344), ("m", "feet", 0.3048), ("met", "feet", 0.3048),
    ("met", "foot", 0.3048), ("cm", "inch", 2.54), ("kg", "pound", 0.453592), ("kg", "lb", 0.453592),
    ("kilogram", "pound", 0.453592), ("公里", "英里", 1.609344), ("米", "英尺", 0.3048), ("公斤", "磅", 0.453592),
    ("公斤", "斤", 0.5), ("仙", "元", 100), ("仙", "港", 100), ("角", "元", 10), ("角", "港", 10),
    ("minute", "hour", 60), ("分钟", "小时", 60), ("hour", "day", 24), ("小时", "天", 24),
    ("day", "week", 7), ("month", "year", 12), ("km", "m", 0.001), ("公里", "米", 0.001), ("kg", "g", 0.001),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What a claim states exactly."""

    numbers: tuple[Number, ...] = ()
    dates: tuple[Date, ...] = ()
    clocks: tuple[Clock, ...] = ()
    names: tuple[Name, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    values: frozenset[float] = frozenset()
    """Of all its numbers, those inside its dates as well."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that no source has: its sort (`number`, `date`, `name`, `quote`), span, and how alarming it is (0..1)."""

    sort: str
    start: int
    end: int
    score: float


def facts_of(claim: Tokens) -> Facts:
    """The hard facts of a claim; what cannot be there is not looked for."""
    text, stems = claim.text, claim.stems
    digits = min(stems, default=":") < ":"
    han = not _HAN_DIGITS.isdisjoint(stems)
    timely = digits or not _TIMELY.isdisjoint(stems)
    found_dates = tuple(dates(text)) if timely else ()
    found_clocks = tuple(one for one in clocks(text) if not one.loose) if digits or han else ()
    taken = [*((one.start, one.end) for one in found_dates), *((one.start, one.end) for one in found_clocks)]
    all_numbers = numbers(text) if digits or han or not _NUMERIC.isdisjoint(stems) else []
    has_quotes = '"' in text or "「" in text or "“" in text or "『" in text
    return Facts(
        tuple([one for one in all_numbers if not any(a <= one.start < b for a, b in taken)]),
        found_dates,
        found_clocks,
        tuple(names(text)),
        tuple(quotations(text)) if has_quotes else (),
        frozenset([one.value for one in all_numbers]),
    )


Near = Callable[[], list[Number]]
"""Gives the numbers of the passages that speak of a claim."""


def unknown(claim: Tokens, facts: Facts, known: Sequence[Reading], near: Near, lexicon: Lexicon) -> list[Unknown]:
    """The facts of a claim that none of the readings has."""
    found: list[Unknown] = []
    for number in facts.numbers:
        score = _number(number, claim, known, near)
        if score:
            found.append(Unknown("number", number.start, number.end, score))
    found += [
        Unknown("date", one.start, one.end, HINT if _in_quarter(one, known) else _date_score(one))
        for one in facts.dates
        if not _dated(one, known)
    ]
    found += [Unknown("date", one.start, one.end, 0.85) for one in facts.clocks if not _timed(one, known)]
    taken = [*((one.start, one.end) for one in facts.dates), *((one.start, one.end) for one in facts.clocks)]
    for name in facts.names:
        score = 0.0 if any(a <= name.start < b for a, b in taken) else _name(name, known, lexicon)
        if score:
            article = _ARTICLE.match(claim.text, name.start, name.end)
            start = article.end() if article else name.start
            where = HINT if score > HINT and _place_around(claim.text, name, known) else score
            found.append(Unknown("name", start, name.end, where))
    found += _places_unknown(claim, known)
    for one in facts.quotations:
        score = _quote(claim, one, known)
        if score:
            found.append(Unknown("quote", one.start, one.end, score))
    return found


def _number(one: Number, claim: Tokens, known: Sequence[Reading], near: Near) -> float:
    """How alarming a number is, 0 where it is known."""
    value = round(one.value, 6)
    if any(value in reading.values for reading in known):
        return 0.0
    if one.step == 1.0 and one.value < 1e6 and any(str(int(one.value)) in reading.vocabulary for reading in known):
        return 0.0
    if one.small or (one.value <= 3 and claim.text[one.start : one.end].lower().startswith(_FRACTIONS)):
        return 0.45 if one.value > 2 else 0.0
    if _rounded(one, claim.text, known) or _converted(one, known) or _worked_out(one, claim.text, near):
        return 0.0
    if (
        _millions(one, known)
        or _discount(one, claim.text, known)
        or _one_key(one, claim.text, known)
        or _lasted(one, claim.text, known)
    ):
        return 0.0
    if one.ordinal or one.value in (0.0, 1.0, 100.0) or _supposed(one, claim.text) or _follows(one, claim.text, near):
        return HINT
    return 0.9


def _millions(one: Number, known: Sequence[Reading]) -> bool:
    """Whether `5m`, which was read as a length, is the `5 million` of the other side."""
    return any(
        (one.unit == "m" and round(one.value * 1e6, 6) in reading.values)
        or ((other := reading.values.get(round(one.value / 1e6, 6))) is not None and other.unit == "m")
        for reading in known
    )


def _discount(one: Number, text: str, known: Sequence[Reading]) -> bool:
    """Whether 九五折 is the 9.5折 of a source."""
    return text[one.end : one.end + 1] == "折" and any(
        value in reading.values for reading in known for value in (round(one.value / 10, 6), round(one.value * 10, 6))
    )


_KEY = re.compile(r"\d{6,}")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ -](?=\d)")


def _one_key(one: Number, text: str, known: Sequence[Reading]) -> bool:
    """Whether a long number without commas is one that a source writes in groups: a telephone number."""
    written = text[one.start : one.end]
    return _KEY.fullmatch(written) is not None and any(written in _aside(reading).keys for reading in known)


_YEARS_LONG = re.compile(r"\s?(?:多|余|余?几)?\s?(?:years?\b|-year|年(?!代)|载|岁|周年)", re.IGNORECASE)


def _lasted(one: Number, text: str, known: Sequence[Reading]) -> bool:
    """Whether so many years lie between two years that the sources name, a year more or less."""
    if not ("year" in one.unit or one.unit[:1] in ("年", "岁") or _YEARS_LONG.match(text, one.end)):
        return False
    told = {year for reading in known for year in islice(reading.years, MOST_YEARS)}
    around = 10.0 if one.value % 10 == 0 and _roughly(one, text) else 1.0
    return any(abs(later - earlier - one.value) <= around for earlier in told for later in told if later > earlier)


_SUPPOSED = re.compile(
    r"^\W*(?:(?:for (?:example|instance)|e\.g|suppose|assuming|imagine|say)\b"
    r"|(?:例如|比如|譬如|比方|假设|假如|举例|以))"
    r"|\b(?:(?:that|it|this|which) would|for an? [^,]{3,60} would)\b|相当于|折合|即平均"
    r"|按\d+[^,，。]{0,8}(?:算|计)",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^\W*(?:(?:if|when|whenever|unless)\b|(?:如果|若|如|假若|倘若|当))[^,，]*", re.IGNORECASE)


def _supposed(one: Number, text: str) -> bool:
    """Whether a number belongs to an example or a condition, which nobody says is so."""
    if _SUPPOSED.search(text):
        return True
    condition = _CONDITION.match(text)
    return condition is not None and one.start < condition.end()


def _follows(one: Number, text: str, near: Near) -> bool:
    """Whether two numbers of the passages that speak of a claim give its number: their sum, difference or product, or
    a share of one.  The claim does not say that it worked it out, so that this may be chance."""
    given = [(other.value, other.unit[:1] in ("%", "成")) for other in near() if not other.ordinal][:MOST_GIVEN]
    value, reach = one.value, _reach(one, text)
    for at, (a, is_share) in enumerate(given):
        for b, is_other in given[at + 1 :]:
            for part in (a * b / 100, a * b / 10) if is_share or is_other else (a + b, abs(a - b), a * b):
                if part > 2 and abs(part - value) <= reach:
                    return True
    return False


def _roughly(one: Number, text: str) -> bool:
    return bool(_ABOUT.search(text[max(0, one.start - 20) : one.start]) or _ABOUT.search(text[one.end : one.end + 4]))


def _reach(one: Number, text: str) -> float:
    """How far a number that was worked out may be from the exact one: half of its last digit that is no nought, where
    it is said to be rounded."""
    step = one.step
    if _roughly(one, text):
        while step < one.value and one.value % (step * 10) == 0:
            step *= 10
    return min(max(step / 2, 1e-6), 0.12 * one.value) * 1.0001


def _rounded(one: Number, text: str, known: Sequence[Reading]) -> bool:
    reach = _reach(one, text)
    for reading in known:
        for value, other in reading.between(one.value - 1.01 * reach, one.value + 1.01 * reach):
            if other.step < 1.99 * reach and abs(value - one.value) <= reach:
                return True
    return False


def _converted(one: Number, known: Sequence[Reading]) -> bool:
    reach = max(one.step, 0.02 * one.value)
    for to, by in _conversions(one.unit):
        for reading in known:
            for value, other in reading.between(by * (one.value - 1.01 * reach), by * (one.value + 1.01 * reach)):
                if other.unit.startswith(to) and abs(value / by - one.value) <= reach:
                    return True
    return False


@lru_cache(1024)
def _conversions(unit: str) -> tuple[tuple[str, float], ...]:
    """The units that a unit is given in elsewhere, and how many of each it is."""
    if not unit:
        return ()
    there = [(right, 1 / factor) for left, right, factor in _CONVERSIONS if unit.startswith(left)]
    back = [
        (left, factor) for left, right, factor in _CONVERSIONS if unit.startswith(right) and not unit.startswith(left)
    ]
    return (*there, *back)


@lru_cache(8)  # the numbers of one claim ask one after the other
def _ways(text: str) -> frozenset[str | None]:
    return frozenset(match.lastgroup for match in _WORKED_OUT.finditer(text))


def _worked_out(one: Number, text: str, near: Near) -> bool:
    """Whether the claim says that it worked the number out and the numbers of the same passages give it."""
    is_share = one.unit == "%" or "percent" in one.unit or one.unit == "per cent"
    found = frozenset[str | None]() if is_share else _ways(text)
    if not is_share and not found:
        return False
    values = [other.value for other in near() if not other.small and not other.ordinal and other.value > 1][:12]
    reach = _reach(one, text)
    if is_share:
        pairs = [(a, b) for a in values for b in values if b and a != b]
        return any(
            abs(100 * a / b - one.value) <= reach or abs(100 * (a - b) / b - one.value) <= reach for a, b in pairs
        )
    pairs = [(a, b) for at, a in enumerate(values) for b in (*values[:at], *values[at + 1 :]) if a >= b]
    if "sum" in found and (
        (len(values) > 2 and abs(sum(values) - one.value) <= reach)
        or any(abs(a + b - one.value) <= reach for a, b in pairs)
    ):
        return True
    if "apart" in found and any(abs(a - b - one.value) <= reach for a, b in pairs):
        return True
    return "each" in found and any(
        abs(a / b - one.value) <= reach / 2 or abs(a * b - one.value) <= reach for a, b in pairs
    )


_FRACTIONS = ("half", "twice", "thrice")
HINT = 0.5
"""The score of a number that may well be right: worked out from others, supposed for an example, or a round one."""
MOST_GIVEN = 10
MOST_YEARS = 40
"""Numbers of the passages, and years of the sources, that are tried in pairs."""


def _date_score(one: Date) -> float:
    return 0.7 if one.weekday is not None else 0.6 if one.decade or (one.year is None and one.day is None) else 0.9


def _dated(one: Date, known: Sequence[Reading]) -> bool:
    if one.weekday is not None:
        return any(one.weekday in _aside(reading).dates.weekdays for reading in known)
    for reading in known:
        dates = _aside(reading).dates
        if one.year is None:
            if any(_agree(one, other) for other in dates.days):
                return True
            continue
        if one.decade and one.year // 10 in dates.decades:
            return True
        if any(_agree(one, other) for other in dates.by_year.get(one.year, ())):
            return True
        if any(_agree(one, other) for other in dates.by_year.get(None, ())) and _year_known(one.year, known):
            return True
        if one.month is None and not one.decade and float(one.year) in reading.values:
            return True
    return False


class _Dates:
    """The dates of a source, each once, by what a claim's date is looked up by."""

    def __init__(self, dates: Iterable[Date]) -> None:
        each = list(dict.fromkeys(replace(one, start=0, end=0) for one in dates))
        self.days = list(dict.fromkeys(replace(one, year=None, decade=False) for one in each))
        self.weekdays = {one.weekday for one in each} | {_weekday(one) for one in each}
        self.decades = {one.year // 10 for one in each if one.year is not None}
        self.by_year: dict[int | None, list[Date]] = {}
        for one in each:
            self.by_year.setdefault(one.year, []).append(one)


_QUARTER = re.compile(r"第?([一二三四1-4])季|\bQ([1-4])\b|\b(first|second|third|fourth) quarter", re.IGNORECASE)


def _in_quarter(one: Date, known: Sequence[Reading]) -> bool:
    """Whether a month lies in a quarter that a source names."""
    if one.month is None or one.day is not None:
        return False
    quarter = (one.month - 1) // 3 + 1
    return any(quarter in _aside(reading).quarters for reading in known)


_ORDER = {
    written: at
    for row in ("一 二 三 四", "1 2 3 4", "first second third fourth")
    for at, written in enumerate(row.split(), 1)
}


def _year_known(year: int, known: Sequence[Reading]) -> bool:
    return any(year in reading.years or float(year) in reading.values for reading in known)


def _agree(one: Date, other: Date) -> bool:
    """Whether a source's date bears out a claim's."""
    if one.weekday is not None:
        return one.weekday == other.weekday or one.weekday == _weekday(other)
    if one.year is not None and one.decade:
        return other.year is not None and other.year // 10 == one.year // 10
    if one.year is not None and other.year is not None and one.year != other.year:
        return False
    if one.year is not None and other.year is None and one.month is None:
        return False
    if one.month is None and one.day is None:
        return True
    readings = [(other.month, other.day), *([(other.other[0], other.other[1])] if other.other else [])]
    mine = [(one.month, one.day), *([(one.other[0], one.other[1])] if one.other else [])]
    return any((m is None or m == theirs[0]) and (d is None or d == theirs[1]) for m, d in mine for theirs in readings)


def _weekday(other: Date) -> int | None:
    if other.year is None or other.month is None or other.day is None:
        return None
    try:
        return calendar(other.year, other.month, other.day).weekday()
    except ValueError:
        return None


def _timed(one: Clock, known: Sequence[Reading]) -> bool:
    for reading in known:
        hours = reading.hours
        if one.minutes in hours:
            return True
        if any(there in hours and (one.half or hours[there]) for there in (one.minutes - 720, one.minutes + 720)):
            return True
    return False


def _name(one: Name, known: Sequence[Reading], lexicon: Lexicon) -> float:
    """How alarming a name is, 0 where it is known."""
    if not one.words[0].isascii():
        return _han_name(one, known)
    pieces = [piece for raw in one.words for piece in _PIECE.findall(raw)]
    words = [
        word
        for raw in pieces
        if (word := stem(raw)) not in STOP and raw.lower() not in _GENERIC and raw.lower() not in _GENERIC_HERE
    ]
    words = [word for word in words if not lexicon.common(word)] or (words if len(words) > 2 else [])
    if not words or len("".join(words)) < 2 or all(word.isdigit() for word in words):
        return 0.0
    here = [any(_known_word(word, reading) for reading in known) for word in words]
    if all(here) or _abbreviated(one, known) or _blended(one, known):
        return 0.0
    if (spelt := _spelt(one, known)) is not None:
        return spelt
    if any(here):
        return 0.5 if not here[-1] else 0.35
    if one.first and len(words) == 1:
        return 0.0 if words[0] in lexicon.rows and not lexicon.proper(words[0]) else 0.6
    return 0.85


_PIECE = re.compile(r"[^\W\d_]+|\d+")
_GENERIC_HERE = frozenset({"d", "s", "t", "ll", "re", "ve"})


def _known_word(word: str, reading: Reading) -> bool:
    return (
        word in reading.vocabulary
        or (len(word) > 4 and word[:5] in reading.beginnings)
        or (len(word) == 4 and word in reading.beginnings)
    )


def _abbreviated(one: Name, known: Sequence[Reading]) -> bool:
    whole = "".join(one.words).lower().replace(".", "")
    letters = "".join([word[0] for word in one.words]).lower()
    return any(
        (len(whole) <= 6 and (whole in reading.initials or whole.removesuffix("s") in reading.initials))
        or (len(letters) > 1 and letters in reading.vocabulary)
        for reading in known
    )


def _spelt(one: Name, known: Sequence[Reading]) -> float | None:
    """How alarming an abbreviation is whose letters begin neighbouring words of a source, capitals or not; two letters
    may do so by chance.  None for what is no such thing."""
    letters = "".join(one.words)
    if len(one.words) > 1 or not 2 <= len(letters) <= 6 or not letters.isalpha() or not letters.isupper():
        return None
    if not any(letters.lower() in _aside(reading).initials for reading in known):
        return None
    return HINT if len(letters) == 2 else 0.0


_HUMP = re.compile("[A-Z][a-z]+")


def _blended(one: Name, known: Sequence[Reading]) -> bool:
    """Whether a name is put together from the beginnings of neighbouring words of a source: LegCo."""
    written = one.words[-1]
    humps = _HUMP.findall(written)
    if len(humps) < 2 or "".join(humps) != written:
        return False
    wanted = tuple(map(str.lower, humps))
    return any(_aside(reading).begins(wanted) for reading in known)


_ARTICLE = re.compile(r"(?:The|A|An|This|That|In|At|On|For|By|From|And|But|Mr|Mrs|Ms|Dr)\b\.? (?=\w)")
"""What begins a sentence or stands before a name and is no part of it."""


def _place_around(text: str, one: Name, known: Sequence[Reading]) -> bool:
    """Whether a name says where a known one lies: `Eugene, Oregon`."""
    if not (one.start > 2 and text[one.start - 2 : one.start] == ", " and len(one.words) <= 2):
        return False
    before = text[: one.start - 2].rpartition(" ")[2]
    return (
        "".join(one.words).lower() in _PLACES
        and before[:1].isupper()
        and any(_known_word(stem(before), reading) for reading in known)
    )


_TEXT_OF_PLACES = """
alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana
iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska
nevada newhampshire newjersey newmexico newyork northcarolina northdakota ohio oklahoma oregon pennsylvania
rhodeisland southcarolina southdakota tennessee texas utah vermont virginia washington westvirginia wisconsin wyoming
ontario quebec alberta england scotland wales australia austria belgium brazil canada china denmark egypt finland
france germany greece india indonesia ireland israel italy japan kenya korea malaysia mexico netherlands norway
philippines poland portugal russia singapore spain sweden switzerland taiwan thailand turkey ukraine vietnam
"""
_PLACES = frozenset(_TEXT_OF_PLACES.split())
"""States, provinces and countries that are written behind a town without any source saying so (letters alone)."""


def _han_name(one: Name, known: Sequence[Reading]) -> float:
    here = [any(f" {' '.join(tokens(word).stems)} " in reading.joined for reading in known) for word in one.words]
    if len(one.words) > 1:
        return 0.0 if any(here[:-1]) or here[-1] else 0.85
    return 0.0 if here[0] else 0.8


def _places_unknown(claim: Tokens, known: Sequence[Reading]) -> Iterator[Unknown]:
    """The places of a Chinese claim that no source names; beside another (`英国伦敦`) it may be mere knowledge."""
    found = list(places(claim.text))
    for at, (start, end, called) in enumerate(found):
        if any(called[0] in _aside(reading).places for reading in known):
            continue
        beside = (at and found[at - 1][1] == start) or (at + 1 < len(found) and found[at + 1][0] == end)
        yield Unknown("name", start, end, HINT if beside else PLACE)


PLACE = 0.7
"""The score of a place: right answers add the country of a person or a body more readily than another name."""
_SAID = re.compile(
    r"\b(?:say|said|says|stat\w+|according|wr[io]te\w*|writ\w+|quot\w+|not\w+|add\w+|told|tell\w*"
    r"|claim\w+|explain\w+|describ\w+|read\w*|put|call\w+"
    r"|announc\w+|declar\w+|argu\w+|mention\w+)\b|说|话|称|表示|指出|写道|写|提到|引述|强调|认为|讲|据|补充|宣布",
    re.IGNORECASE,
)


def _quote(claim: Tokens, one: Quotation, known: Sequence[Reading]) -> float:
    """How alarming a quotation is, 0 where a source or the caller has it, or where it is a title or a mere word."""
    inside = tokens(claim.text[one.start : one.end]).stems
    han = sum(not word.isascii() for word in inside)
    if len(inside) < (8 if han * 2 > len(inside) else 5):
        return 0.0
    around = claim.text[: one.start] + " " + claim.text[one.end :]
    if not _SAID.search(around):
        return 0.0
    pieces = [tokens(piece).stems for piece in re.split(r"\.\.\.|…+|\[[^\]]*\]", claim.text[one.start : one.end])]
    wanted = [f" {' '.join(piece)} " for piece in pieces if len(piece) > 1]
    if all(any(piece in reading.joined for reading in known) for piece in wanted):
        return 0.0
    return 0.9

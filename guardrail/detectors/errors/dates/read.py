"""Dates and weekdays as people write them, in English and Chinese (serves `detector.py`).

Rules:
1. A date is what is written with a day and a month, of which the year may be missing; nothing is guessed from today.
2. Where day and month could be either way round (`3/5/2024`) there is no date; where only one order can be meant
   (`31/4/2024`) there is.  Dates with points between are versions as often as dates and are not read.
3. Full-width digits, Chinese numerals and text glued together are read; whoever calls gives the folded text.
4. A year is written with four digits.  Lunar dates and years of an era are not dates of the Gregorian calendar and are
   told apart here by what stands before them.
"""

import re
from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from guardrail.detectors.errors.sums.numerals import read_chinese

OLDEST, NEWEST = 1753, 2400
"""The years that are judged: before 1753 English dates may be Julian, and nobody means a year beyond."""

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS_ZH = "一二三四五六日"
MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_NUMERAL = "零〇○一二三四五六七八九"
_TENS = "十廿卅" + _NUMERAL
YEAR_ZH = rf"(?:(?<!\d)\d{{4}}|(?<![{_TENS}])[{_NUMERAL}]{{4}})"
_MONTH_ZH = rf"(?:\d{{1,2}}|[{_TENS}]{{1,3}})"
_DAY_ZH = rf"(?:\d{{1,2}}|[{_TENS}]{{1,4}})"

_ENGLISH = re.compile(
    rf"(?:(?P<d1>\d{{1,2}})(?P<o1>st|nd|rd|th)?(?: of|-)?[ ](?P<m1>{MONTH})\b\.?"
    r"(?:,?[ ](?P<y1>\d{4})(?![\d,.]\d))?"
    rf"|(?P<m2>{MONTH})\.?[ ](?P<d2>\d{{1,2}})(?P<o2>st|nd|rd|th)?(?![\d:%/]|[.,]\d)"
    r"(?:,?[ ](?P<y2>\d{4})(?!\d|[,.]\d))?)"
)
_NUMBERS = re.compile(
    r"(?<![\w/.\-:=#])(?:(?P<y1>[12]\d{3})(?P<s1>[-/])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<s2>[-/])(?P<b>\d{1,2})(?P=s2)(?P<y2>[12]\d{3}))(?![\w/\-]|\.\d)(?<![/-])"
    r"|(?<![\w/.\-:=#])(?P<y3>[12]\d{3})-(?P<m3>\d{2})-(?P<d3>\d{2})(?=T\d\d:)"
)
_GLUED = re.compile(r"[A-Za-z0-9_/.$-]")
"""Before a date: it is then part of a word, a number or an address.  A Chinese character is none of these."""
_DASHED = re.compile(r"\d[-/]\d{1,2}[-/]\d")
_MONTH_BEFORE = re.compile(rf"(?:(?P<y>{YEAR_ZH})\s?年\s?)?(?<![\d{_TENS}])(?P<m>{_MONTH_ZH})\s?\Z")
_DAY_AFTER = re.compile(rf"\s?(?P<d>{_DAY_ZH})\s?[日號号](?!期(?![满滿间間內内])|線|线|電|电|[楼樓舖铺房])")
_OTHER_CALENDAR = re.compile(
    r"(?:[農农陰阴舊旧夏]\s?[曆历]|(?:民國|民国|令和|平成|昭和|大正|明治|同治|光緒|光绪|宣統|宣统|康熙|乾隆|公元前"
    r"|西元前|[佛回伊黃黄]曆|[佛回]历)"
    rf"\s?前?\s?(?:[\d{_TENS}元]{{1,4}}\s?年\s?)?|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年\s?|閏"
    rf"|闰)[的嘅大小 :：]{{0,2}}\Z"
)
_WEEKDAY_EN = (
    r"(?:Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:r(?:s(?:day)?)?)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"
)
_WEEKDAY_ZH = r"(?:(?:星期|禮拜|礼拜|週|周)(?P<zh>[一二三四五六日天])(?!至|到|[-–~]|[、或同和]))"
_BEFORE = re.compile(rf"(?:(?P<lead>\b\w+[ ])?\b(?P<en>{_WEEKDAY_EN})\b\.?,?[ ](?:the[ ])?|{_WEEKDAY_ZH}[ ,，]?)\Z")
_AFTER = re.compile(
    rf"(?:[ ]?,?[ ]?[(\[]?[ ]?(?:which[ ])?"
    r"(?:(?:is|was|falls on|fell on|will fall on|will be|landed on|lands on)[ ](?:on[ ])?)?(?:an?[ ]|on[ ])?"
    rf"\b(?P<en>{_WEEKDAY_EN})\b(?!\.?[ ]?(?:to|through|thru|until|and|or|[-–/~])(?:[ ]|\b)|[ ]?[-–/]|'s|[ ][A-Z])"
    rf"|\s?,?\s?[(\[（【「]?\s?(?:(?:正)?(?:是|係|系|為|为|乃|即|剛好是|刚好是|逢))?\s?{_WEEKDAY_ZH})"
)
_NOT_THIS = frozenset(("first", "second", "third", "fourth", "last", "every", "each", "next", "or"))
"""Before a weekday: it is then one of several, or another than that of the date."""
_OPENING = frozenset(
    ("On", "From", "By", "Until", "To", "For", "Since", "Date", "Due", "The", "This", "And", "Starting")
)
"""With a capital before a weekday: any other word is the first part of a name."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date as written at `start:end`; `year` None where it is not.  `sure` is false where a number after a month
    may be no day (`in April 31 people`)."""

    start: int
    end: int
    year: int | None
    month: int
    day: int
    sure: bool = True

    @property
    def date(self) -> date | None:
        """The day itself, where there is one, with its year and within the years that are judged."""
        if self.year is None or not OLDEST <= self.year <= NEWEST or not self.possible:
            return None
        return date(self.year, self.month, self.day)

    @property
    def possible(self) -> bool:
        """Whether there is such a day in any year, or in this one."""
        return 1 <= self.month <= 12 and 1 <= self.day <= days_of(self.month, self.year)


def days_of(month: int, year: int | None) -> int:
    """How many days a month has; February 29 where the year is not known."""
    if month == 2:
        return 29 if year is None or isleap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def number(text: str) -> int | None:
    """A number of days, months or a year in digits or Chinese characters."""
    if text.isdigit():
        return int(text)
    value = read_chinese(text.replace("○", "〇"))
    return None if value is None else int(value.value)


def month_named(word: str) -> int:
    """1 to 12 of an English month, short or long."""
    return next(at for at, name in enumerate(MONTHS, 1) if name.startswith(word[:3]))


def days(text: str) -> list[Day]:
    """Every date of the Gregorian calendar in `text`, in order, impossible ones as well."""
    found: list[Day] = []
    if not text.isascii() and "月" in text:
        found += _chinese(text)
    found += _english(text)
    if ("-" in text or "/" in text) and _DASHED.search(text):
        found += _numbers(text)
    found.sort(key=lambda one: one.start)
    return found


def _english(text: str) -> Iterator[Day]:
    for match in _ENGLISH.finditer(text):
        if _GLUED.match(text[match.start() - 1 : match.start()]):
            continue
        group = match.group
        first = group("m1") is not None
        month, day, ordinal, year = (
            (group("m1"), group("d1"), group("o1"), group("y1"))
            if first
            else (group("m2"), group("d2"), group("o2"), group("y2"))
        )
        sure = bool(year or ordinal or (first and len(month) > 3 and month != "May"))
        yield Day(match.start(), match.end(), int(year) if year else None, month_named(month), int(day), sure)


def _numbers(text: str) -> Iterator[Day]:
    for match in _NUMBERS.finditer(text):
        for y, m, d in (("y1", "m1", "d1"), ("y3", "m3", "d3")):
            if match.group(y):
                year, month, day = (int(match.group(name)) for name in (y, m, d))
                yield from _either(match, year, month, day, iso=len(match.group(m)) == len(match.group(d)) == 2)
        if match.group("y2"):
            year, one, two = int(match.group("y2")), int(match.group("a")), int(match.group("b"))
            if one != two and one <= 12 and two <= 12:
                continue
            yield from _either(match, year, *((two, one) if one > 12 or one == two else (one, two)))


def _either(match: re.Match[str], year: int, month: int, day: int, *, iso: bool = False) -> Iterator[Day]:
    """A date, unless its numbers would be one the other way round and that way alone."""
    made = Day(match.start(), match.end(), year, month, day, sure=iso or month <= 12)
    turned = Day(match.start(), match.end(), year, day, month)
    if made.possible or not turned.possible:
        yield made


def _chinese(text: str) -> Iterator[Day]:
    at = text.find("月")
    while at >= 0:
        after = _DAY_AFTER.match(text, at + 1)
        before = _MONTH_BEFORE.search(text, max(0, at - 12), at) if after else None
        if after and before and not _OTHER_CALENDAR.search(text, max(0, before.start() - 14), before.start()):
            year, month, day = before.group("y"), number(before.group("m")), number(after.group("d"))
            if month is not None and day is not None:
                yield Day(before.start(), after.end(), number(year) if year else None, month, day)
        at = text.find("月", at + 1)


_BRACKETED = re.compile(r"\s?[(（](?P<zh>[一二三四五六日])[)）]")
"""3月5日（二）, as notices in Hong Kong have it."""


def weekday_beside(text: str, day: Day) -> tuple[int, int, int] | None:
    """The weekday that is written with a date: 0 for Monday to 6, and where both together begin and end."""
    before = _BEFORE.search(text, max(0, day.start - 30), day.start)
    if before and not _another_day(text, before):
        start = before.start("en") if before.group("en") else before.start()
        return _weekday(before), start, day.end
    if text[day.end - 1] in "日號号" and (bracketed := _BRACKETED.match(text, day.end)):
        return WEEKDAYS_ZH.index(bracketed.group("zh")), day.start, bracketed.end()
    after = _AFTER.match(text, day.end, day.end + 40)
    if after:
        end = after.end("en") if after.group("en") else after.end()
        return _weekday(after), day.start, end
    return None


def _another_day(text: str, before: re.Match[str]) -> bool:
    """Whether a weekday before a date is one of several, or part of a name: `Easter Monday`, 每個星期日, 第一個周日."""
    if before.group("zh"):
        return text[before.start() - 1 : before.start()] in ("個", "个", "第", "每", "逢", "上", "下", "后", "後", "前")
    lead = (before.group("lead") or "").strip()
    return lead.lower() in _NOT_THIS or (lead[:1].isupper() and lead not in _OPENING)


def _weekday(match: re.Match[str]) -> int:
    if match.group("zh"):
        return WEEKDAYS_ZH.index(match.group("zh").replace("天", "日"))
    return next(at for at, name in enumerate(WEEKDAYS) if name.startswith(match.group("en")[:3]))

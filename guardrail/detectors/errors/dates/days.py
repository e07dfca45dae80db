"""Days and times that do not exist, and weekdays that a date does not fall on (serves `detector.py`).

Rules:
1. A month has its days by the Gregorian calendar; 29 February needs a leap year, where the year is written.
2. A weekday is judged with a date that it is written directly beside, with a year.  Until 1923 some countries dated by
   the Julian calendar, so up to then a weekday may be right by either.  Where the year is missing, it is taken from the
   conversation if that names a single one, and the score stays below 0.8.
3. A time of day has fewer than 60 minutes.  Hours up to 29 are how timetables go on after midnight.  `25:61` alone may
   be a score or a ratio, so a time needs a word beside it (`at`, `pm`, 上午).
4. 5月35日 is how people in Hong Kong and on the mainland write 4 June; a day or month 0 is a placeholder.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from guardrail.detectors.errors.dates.read import MONTHS, OLDEST, Day, days, days_of, weekday_beside
from guardrail.detectors.errors.dates.words import Both, Fault, said, weekday
from guardrail.text.wording import Wording
from guardrail.types import Context

IMPOSSIBLE, WEEKDAY = "error.date_impossible", "error.weekday"

_NO_DAY = Wording(
    "{written} does not exist: {month} has {count} days",
    "沒有「{written}」這一天：{month}只有{count}天",
    "没有“{written}”这一天：{month}只有{count}天",
)
_NO_MONTH = Wording(
    "{written} does not exist: a year has 12 months",
    "沒有「{written}」這個日期：一年只有12個月",
    "没有“{written}”这个日期：一年只有12个月",
)
_NO_TIME = Wording(
    "{written} is no time of day: an hour has 60 minutes and a day 24 hours",
    "沒有「{written}」這個時間：一小時有60分鐘，一天有24小時",
    "没有“{written}”这个时间：一小时有60分钟，一天有24小时",
)
_WEEKDAY = Wording(
    "{day} is a {right}, not a {wrong}",
    "{day}是{right}，不是{wrong}",
    "{day}是{right}，不是{wrong}",
)

_TIME = re.compile(
    r"\d{1,2}(?:(?P<sign>[:時时點点])(?P<minute>\d{2})(?![\d:])(?P<spoken>分?)|[時时點点](?=\D|$))"
    r"(?P<suffix>[ ]?(?:[apAP]\.?[mM]\b|o'clock))?"
)
_TIME_BEFORE = re.compile(
    r"(?P<at>\b(?:at|by|until|till)[ ])\Z|(?:上午|下午|早上|晚上|凌晨|中午|傍晚|夜晚|朝早|晏晝|下晝)\s?\Z"
)
_NO_START = tuple("0123456789:.,")
_NO_TIME_AFTER = re.compile(r"[ ]?(?:odds|ratio|min|sec|in the video|mark)")
_ANY_YEAR = re.compile(r"(?<!\d)(?<!\d[.,])(?:19|20)\d\d(?![\d.,]\d|\d)")
_ASKS_WEEKDAY = re.compile(
    r"\b(?:what|which) (?:day(?: of the week)?|weekday)\b|(?:星期|禮拜|礼拜|週|周)[幾几]", re.IGNORECASE
)
_A_WEEKDAY = re.compile(
    r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:星期|禮拜|礼拜|週|周)([一二三四五六日天])(?!個|个)"
)
_WEEKDAY_STEMS = ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")
_SHORT = 300


def impossible(text: str, found: Sequence[Day]) -> Iterator[Fault]:
    """Dates and times that do not exist."""
    for day in found:
        if day.possible or not day.sure or (day.month, day.day) == (5, 35) or 0 in (day.month, day.day):
            continue
        if day.year is not None and day.year < OLDEST:
            continue
        written = text[day.start : day.end]
        if day.month > 12:
            score = 0.9 if "月" in written else 0.7
            yield Fault(
                IMPOSSIBLE, day.start, day.end, score, "a month that does not exist", _NO_MONTH, {"written": written}
            )
            continue
        name = MONTHS[day.month - 1]
        february = day.month == 2 and day.year is not None
        month = Both(f"{name} {day.year}", f"{day.year}年2月") if february else Both(name, f"{day.month}月")
        count = days_of(day.month, day.year)
        values = {"written": written, "month": month, "count": count}
        yield Fault(
            IMPOSSIBLE, day.start, day.end, 0.95 if day.year else 0.85, "a day that does not exist", _NO_DAY, values
        )
    yield from _times(text)


def _times(text: str) -> Iterator[Fault]:
    if not any(sign in text for sign in ":時时點点"):
        return
    for match in _TIME.finditer(text):
        hour, minute = int(match.group()[:2].rstrip(":時时點点")), int(match.group("minute") or 0)
        if (minute < 60 and hour < 30) or text[match.start() - 1 : match.start()] in _NO_START:
            continue
        sign = match.group("sign") or "時"
        before = _TIME_BEFORE.search(text, max(0, match.start() - 8), match.start())
        said_so = (
            match.group("suffix") or (before and not before.group("at")) or (match.group("spoken") and sign in "時时")
        )
        at = sign == ":" and before and hour < 30 and not _NO_TIME_AFTER.match(text, match.end())
        if said_so or at:
            start = match.start() if before is None or before.group("at") else before.start()
            values = {"written": text[start : match.end()]}
            yield Fault(IMPOSSIBLE, start, match.end(), 0.85, "a time of day that does not exist", _NO_TIME, values)


def weekdays(text: str, found: Sequence[Day], context: Context) -> Iterator[Fault]:
    """Weekdays written with a date that falls on another."""
    year: int | None = None
    looked = False
    for day in found:
        beside = weekday_beside(text, day)
        if beside is None or not day.possible:
            continue
        if day.year is None and not looked:
            year, looked = _only_year(text, context), True
        full = day if day.year is not None else replace(day, year=year)
        if full.date is not None and not _falls_on(full.date, beside[0]):
            yield _wrong(full.date, beside, 0.95 if day.year is not None else 0.65)
    yield from _answered(text, found, context)


def _only_year(text: str, context: Context) -> int | None:
    """The one year that a conversation speaks of."""
    years = {found.group() for said in (text, context.prompt) for found in _ANY_YEAR.finditer(said)}
    return int(years.pop()) if len(years) == 1 else None


def _answered(text: str, found: Sequence[Day], context: Context) -> Iterator[Fault]:
    """A short answer to the question what weekday a date is, which need not repeat the date."""
    if found or len(text) > _SHORT or len(context.prompt) > _SHORT or not _ASKS_WEEKDAY.search(context.prompt):
        return
    asked = {day.date for day in days(context.prompt)}
    given = list(_A_WEEKDAY.finditer(text))
    day = asked.pop() if len(asked) == 1 else None
    if day is None or len(given) != 1:
        return
    english, chinese = given[0].groups()
    number = _WEEKDAY_STEMS.index(english) if english else "一二三四五六日".index(chinese.replace("天", "日"))
    if not _falls_on(day, number):
        yield _wrong(day, (number, *given[0].span()), 0.85)


def _falls_on(day: date, number: int) -> bool:
    """Whether a day is that weekday, up to 1923 by either calendar."""
    if day.weekday() == number:
        return True
    lag = day.year // 100 - day.year // 400 - 2  # days by which the Julian calendar is behind
    return day.year <= 1923 and (day.weekday() + lag) % 7 == number


def _wrong(day: date, beside: tuple[int, int, int], score: float) -> Fault:
    number, start, end = beside
    values = {"day": said(day), "right": weekday(day.weekday()), "wrong": weekday(number)}
    return Fault(WEEKDAY, start, end, score, "a weekday that the date does not fall on", _WEEKDAY, values)

"""Lengths in days that do not follow from two dates, and what ends before it begins (serves `detector.py`).

Rules:
1. Two dates and a length are compared only where a few fixed words bind them (`from … to …, N days`); anything else
   between them, and nothing is said.
2. Days may be counted with both ends, with one or with none, so three lengths are right; a date so many days away may
   be off by one as well.
3. About, over and nearly; working days; breaks that are taken off; journeys: nothing is said (`dates/counts.py`).
4. What runs backwards on purpose (`countdown`, `back to`) is no fault of order.
5. Of two dates one of which has no year, it is the other's; of two without, the end is after the beginning.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from guardrail.detectors.errors.dates.ages import ages
from guardrail.detectors.errors.dates.counts import (
    BACKWARDS,
    COUNT,
    COUNT_ZH,
    DURATION,
    IS,
    NO_SUM,
    ON_PURPOSE,
    ORDER,
    YEAR,
    count_of,
    is_length,
)
from guardrail.detectors.errors.dates.hours import HOUR, hours
from guardrail.detectors.errors.dates.read import MONTH, Day, month_named
from guardrail.detectors.errors.dates.words import Both, Fault, counted, named, said
from guardrail.detectors.errors.dates.years import years
from guardrail.text.wording import Wording

_DAYS = Wording(
    "From {one} to {two} is {right}, not {wrong}",
    "由{one}至{two}是{right}，不是{wrong}天",
    "从{one}到{two}是{right}，不是{wrong}天",
)
_WEEKS = Wording(
    "From {one} to {two} is {right}, which is not {wrong} {unit}",
    "由{one}至{two}是{right}，不是{wrong}個星期",
    "从{one}到{two}是{right}，不是{wrong}个星期",
)
_SUM = Wording(
    "{count} {unit} {way} {one} is {right}, not {wrong}",
    "{one}{way}{count}{unit}是{right}，不是{wrong}",
    "{one}{way}{count}{unit}是{right}，不是{wrong}",
)
_LINK = re.compile(
    r"\s?,?\s?(?:(?:up )?(?:to|until|till|through|and)|[-–—~]|至|到|直到|直至)\s?(?:the )?(?:\w{3,9}day,? )?",
    re.IGNORECASE,
)
_OPEN_BEFORE = re.compile(
    r"(?:\b(?:from|between)\s(?:\w{3,9}day,? )?|[從从由自]\s?|^|[\s(:：,，、。])\Z", re.IGNORECASE
)
_DAYS_AFTER = re.compile(
    rf"{IS}(?P<count>{COUNT}|{COUNT_ZH})[ ]?(?:個|个|-)?(?P<unit>days?|nights?|weeks?|日|天|晚|星期|禮拜|礼拜|週|周)"
    r"(?![日天晚數数年 ]{0,2}[之以]?[前後后內内]|\s(?:before|after|ago|later|notice|a week|per|earlier|in advance"
    r"|each))(?!期)",
    re.IGNORECASE,
)
_DAYS_BEFORE = re.compile(
    rf"\b(?:there (?:are|were|is)|it is|that is|exactly|total of|lasts?|lasted|(?P<long>for|over)|period of"
    rf"|took)\s(?P<count>{COUNT})"
    r"[ ](?P<unit>days?|nights?|weeks?),?[ ]\Z",
    re.IGNORECASE,
)
_STEP_BEFORE = re.compile(
    rf"\b(?P<count>{COUNT})[ ](?P<unit>days?|weeks?)[ ](?P<way>after|from|before)[ ]\Z", re.IGNORECASE
)
_STEP_IS = re.compile(
    r"\s?,?\s?(?:is|was|will be|would be|falls on|=|gives us|it is|we get)\s(?:\w{3,9}day,? )?", re.IGNORECASE
)
_STEP_ZH = re.compile(
    rf"\s?(?:起計|起计|算起|起)?(?:之|的)?(?P<way>[後后前加])?(?:之|的|第)?\s?(?P<count>{COUNT_ZH})\s?(?:個|个)?"
    rf"(?P<unit>日|天|星期|禮拜"
    rf"|礼拜|週|周)"
    r"(?:之|的)?(?P<way2>[後后前])?\s?(?:即|就|便|,|，)?(?:是|係|系|為|为|=)\s?"
)
_BEGAN = re.compile(
    r"\b(?:began|begins?|started|starts?|commence[sd]?|opened|opens?|founded|established|launched)\b"
    r"(?: \w+){0,3}? (?:in|on|at)? ?\Z"
    r"|(?:開始於|开始于|始於|始于|成立於|成立于|創立於|创立于|開幕於|开幕于|創辦於|创办于)\s?\Z",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r",? ?(?:and |but |until |then |before )?(?:it |which )?(?:was |were )?(?:ended|ends?|closed|closes?|finish"
    r"(?:ed|es)?|concluded|concludes?"
    r"|dissolved|abolished|disbanded|demolished)(?: \w+){0,2}? (?:in|on|at) ?\Z|[，,]?(?:並|并|而|直到|直至)?(?:於"
    r"|于|在)?\s?\Z",
    re.IGNORECASE,
)
_ENDED_ZH = re.compile(r"\s?(?:結束|结束|終結|终结|關閉|关闭|結業|结业|解散|閉幕|闭幕|完結|完结|停辦|停办|落幕)")
_BARE_YEAR = re.compile(YEAR)
_FOUR_DIGITS = re.compile(r"[12]\d\d\d")


def spans(text: str, found: Sequence[Day], wanted: frozenset[str]) -> Iterator[Fault]:
    """Every length and order that does not follow from its dates."""
    for first, second in pairwise(found):
        if second.start - first.end <= 60 and "\n" not in text[first.end : second.start]:
            yield from _between(text, first, second)
    if DURATION in wanted and _DAY_UNIT.search(text):
        for first, second in _shorthand(text, found):
            yield from _range(text, first, second)
    if DURATION in wanted and any(sign in text for sign in HOUR):
        for line, at in _lines(text):
            yield from hours(line, at)
    if _FOUR_DIGITS.search(text):
        for line, at in _lines(text):
            if _BARE_YEAR.search(line):
                yield from ages(line, at)
                yield from years(line, at)


_DAY_UNIT = re.compile(r"\b(?:days?|nights?|weeks?)\b|[共有是]\D{0,4}\d")
_TO_DAY = re.compile(r"\s?(?:至|到|[-–—~])\s?(?P<d>\d{1,2})\s?[日號号](?!\d)")
_A_RANGE = re.compile(r"\d(?:st|nd|rd|th)? ?(?:-|to) ?\d")
_DAYS_OF_MONTH = re.compile(
    rf"(?<![\w/.\-])(?:(?P<a1>\d{{1,2}})(?:st|nd|rd|th)?\s?(?:to|[-–—])\s?(?P<b1>\d{{1,2}})(?:st|nd"
    rf"|rd|th)?[ ](?P<m1>{MONTH})\b"
    rf"|(?P<m2>{MONTH})[ ](?P<a2>\d{{1,2}})\s?[-–—]\s?(?P<b2>\d{{1,2}})(?!\d))(?:,?[ ](?P<y>\d{{4}})(?!\d))?"
)


def _shorthand(text: str, found: Sequence[Day]) -> Iterator[tuple[Day, Day]]:
    """Ranges within a month that name it once: `1 to 15 March`, `March 1-15`, 3月1日至15日."""
    for day in found:
        match = _TO_DAY.match(text, day.end)
        if match:
            yield day, Day(match.start("d"), match.end(), day.year, day.month, int(match.group("d")))
    for match in _DAYS_OF_MONTH.finditer(text) if _A_RANGE.search(text) else ():
        n = "1" if match.group("m1") else "2"
        month, year = month_named(match.group(f"m{n}")), int(match.group("y")) if match.group("y") else None
        low, high = (int(match.group(f"{end}{n}")) for end in "ab")
        if low < high:
            yield Day(match.start(), match.end(), year, month, low), Day(match.start(), match.end(), year, month, high)


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The lines, and where they begin."""
    at = 0
    for line in text.split("\n"):
        yield line, at
        at += len(line) + 1


def _between(text: str, first: Day, second: Day) -> Iterator[Fault]:
    between = text[first.end : second.start]
    link = _LINK.fullmatch(between)
    if link and _OPEN_BEFORE.search(text, max(0, first.start - 20), first.start):
        yield from _range(text, first, second)
    elif not link:
        yield from _sum(text, first, second, between)
        yield from _began_ended(text, first, second, between)


def _range(text: str, first: Day, second: Day) -> Iterator[Fault]:
    ends = _ends(first, second)
    if ends is None:
        return
    low, high = ends
    written = {"one": named(first), "two": named(second)}
    if first.year and second.year and high < low:
        if not ON_PURPOSE.search(_around(text, first.start, second.end)):
            yield Fault(ORDER, first.start, second.end, 0.85, "the end is before the beginning", BACKWARDS, written)
        return
    match = _DAYS_AFTER.match(text, second.end, second.end + 80)
    if match is None or not is_length(text, match.end()):
        match = _length_before(text, first)
    if match is None or NO_SUM.search(text, max(0, first.start - 40), min(len(text), second.end + 60)):
        return
    yield from _length(match, low, high, first, second)


def _length_before(text: str, first: Day) -> re.Match[str] | None:
    """A number of days before `from` or `between`; `for 3 days between` two dates is not how far apart they are."""
    at = max(0, first.start - 50)
    between = _DAYS_BEFORE.search(text, at, first.start - len("between "))
    if between and not between.group("long"):
        return between
    return _DAYS_BEFORE.search(text, at, first.start - len("from "))


def _around(text: str, start: int, end: int) -> str:
    """The words around a stretch, in its line."""
    return (
        text[max(0, start - 60) : start].rpartition("\n")[2] + text[start:end] + text[end : end + 60].partition("\n")[0]
    )


def _length(match: re.Match[str], low: date, high: date, first: Day, second: Day) -> Iterator[Fault]:
    claimed = count_of(match.group("count"))
    if claimed is None:
        return
    right = (high - low).days
    if claimed and claimed % 50 == 0 and abs(claimed - right) * 100 <= 15 * right:
        return  # a round number
    weeks = match.group("unit").lower()[0] in "w星禮礼週周"
    values = {
        "one": named(first), "two": named(second), "right": counted(right, "day", "天"),
        "wrong": match.group("count"), "unit": "week" if claimed == 1 else "weeks",
    }  # fmt: skip
    start, end = min(first.start, match.start()), max(second.end, match.end())
    if weeks and abs(7 * claimed - right) > 7:
        yield Fault(DURATION, start, end, 0.85, "a number of weeks that the dates do not give", _WEEKS, values)
    elif not weeks and not right - 1 <= claimed <= right + 1 + (
        not (first.year or second.year) and low.month <= 2 < high.month
    ):
        yield Fault(DURATION, start, end, 0.9, "a number of days that the dates do not give", _DAYS, values)


def _ends(first: Day, second: Day) -> tuple[date, date] | None:
    """Both days with their years; a year that is missing is the other's, or of two one that has no leap day."""
    year = first.year or second.year or 2023
    one, two = replace(first, year=first.year or year), replace(second, year=second.year or year)
    low, high = one.date, two.date
    if low is None or high is None:
        return None
    if high < low and not (first.year and second.year):
        try:
            return (low.replace(year=low.year - 1), high) if not first.year else (low, high.replace(year=high.year + 1))
        except ValueError:
            return None
    return low, high


def _sum(text: str, first: Day, second: Day, between: str) -> Iterator[Fault]:
    """`30 days after 1 March 2024 is 31 March 2024`, 2024年3月1日之後30天是3月31日."""
    step = _STEP_BEFORE.search(text, max(0, first.start - 40), first.start) if _STEP_IS.fullmatch(between) else None
    step = step or _STEP_ZH.fullmatch(between)
    if step is None or first.date is None or NO_SUM.search(text, max(0, first.start - 40), second.end):
        return
    groups = step.groupdict()
    way = groups.get("way2") or groups["way"]
    count = count_of(step.group("count"))
    if way is None or count is None or count != int(count):
        return
    weeks = step.group("unit").lower()[0] in "w星禮礼週周"
    length = int(count) * (7 if weeks else 1)
    back = way.lower() in ("before", "前")
    try:
        right = first.date + timedelta(-length if back else length)
    except OverflowError:
        return
    years = [second.year] if second.year else [right.year - 1, right.year, right.year + 1]
    given = [replace(second, year=year).date for year in years]
    if any(one is not None and abs((one - right).days) <= 1 for one in given) or None in given:
        return
    unit = Both("weeks", "個星期", "个星期") if weeks else Both("days", "天")
    value = said(given[len(given) // 2] or right)
    values = {
        "count": step.group("count"), "unit": unit, "way": Both("before", "前") if back else Both("after", "後", "后"),
        "one": said(first.date), "right": said(right), "wrong": value,
    }  # fmt: skip
    start = step.start() if step.start() < first.start and step.re is _STEP_BEFORE else first.start
    yield Fault(DURATION, start, second.end, 0.9, "a date that is not so many days away", _SUM, values)


def _began_ended(text: str, first: Day, second: Day, between: str) -> Iterator[Fault]:
    if first.date is None or second.date is None or second.date >= first.date:
        return
    if not _BEGAN.search(text, max(0, first.start - 50), first.start) or not _ENDED.fullmatch(between):
        return
    if (
        re.match(r"[，,並并而直於于在]", between.strip())
        and between.strip()[-1:] not in "nt"
        and not _ENDED_ZH.match(text, second.end)
    ):
        return
    values = {"one": said(first.date), "two": said(second.date)}
    yield Fault(ORDER, first.start, second.end, 0.9, "the end is before the beginning", BACKWARDS, values)

"""Hong Kong's general holidays and the festivals behind them, on a date that they do not have (serves `detector.py`).

Rules:
1. A claim names a holiday and a date, bound by a few fixed words, a bracket or the cells of a table row.  The year is
   the date's, the holiday's, or the only one that the answer and its question name; without one only holidays with a
   fixed date are judged, and where the year is taken from afar the score stays below 0.8.
2. Right is the day of the festival, and every day that is a general holiday for it: the day itself, a substitute, or
   the day following.  Festivals come from `dates/lunar.py`; Ching Ming, Good Friday, Easter Monday and the substitutes
   from `holidays` (MIT), from 1998, the first whole year of the holidays as they stand, to 2088.
3. What other places keep on other days (National Day, Labour Day, Easter of the Orthodox churches, the Buddha's
   birthday) is judged where Hong Kong is meant; `eve`, 前夕, `week` and the like are other days.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from guardrail.detectors.errors.dates.lunar import FIRST, LAST, day_of
from guardrail.detectors.errors.dates.read import Day, days_of
from guardrail.detectors.errors.dates.words import Both, Fault, said
from guardrail.text.wording import Wording
from guardrail.types import Context

HOLIDAY = "error.holiday"

_WRONG = Wording(
    "{name} {year} is on {right}, not {wrong}",
    "{year}年{name}是{right}，不是{wrong}",
    "{year}年{name}是{right}，不是{wrong}",
)
_EVERY = Wording("{name} is on {right}, not {wrong}", "{name}是{right}，不是{wrong}", "{name}是{right}，不是{wrong}")
_OLDEST, _NEWEST = 1998, 2088
_NEAR = 90  # characters between the name of a holiday and its date


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday: its names, how `holidays` calls it, its month and day or how its day is found; `local` says that
    elsewhere it is another day."""

    name: Both
    known_as: str
    english: str
    chinese: str
    fixed: tuple[int, int] | None = None
    lunar: tuple[int, int] | None = None
    local: bool = False


HOLIDAYS = (
    Holiday(
        Both("New Year's Day", "元旦", "元旦"),
        "first day of January",
        r"(?<!Chinese )(?<!Lunar )(?<!Orthodox )New Year'?s Day",
        "(?<!農曆)(?<!农历)元旦",
        (1, 1),
    ),
    Holiday(
        Both("HKSAR Establishment Day", "香港特別行政區成立紀念日", "香港特别行政区成立纪念日"),
        "Establishment Day",
        r"(?:HKSAR|(?:Hong Kong )?S\.?A\.?R\.?|Hong Kong Special Administrative Region"
        r"|Special Administrative Region) Establishment Day",
        "香港(?:特別行政區|特别行政区)?(?:成立|回歸|回归)(?:紀念|纪念)日|(?:特別行政區|特别行政区|特區|特区)成立"
        "(?:紀念|纪念)日|(?:香港)?回歸紀念日",
        (7, 1),
    ),
    Holiday(Both("Labour Day", "勞動節", "劳动节"), "Labour Day", r"Labou?r Day", "勞動節|劳动节", (5, 1), local=True),
    Holiday(
        Both("National Day", "國慶日", "国庆日"),
        "National Day",
        r"National Day",
        "國慶日|国庆日|國慶節|国庆节|國慶|国庆",
        (10, 1),
        local=True,
    ),
    Holiday(
        Both("Christmas Day", "聖誕節", "圣诞节"),
        "Christmas Day",
        r"Christmas(?: Day)?",
        "聖誕節|圣诞节|聖誕日",
        (12, 25),
    ),
    Holiday(
        Both("Boxing Day", "聖誕節翌日", "圣诞节翌日"), "after Christmas", r"Boxing Day", "節禮日|节礼日", (12, 26)
    ),
    Holiday(
        Both("the Birthday of the Buddha", "佛誕", "佛诞"),
        "Buddha",
        r"(?:the )?(?:Birthday of the Buddha|Buddha'?s Birthday)",
        "佛誕|佛诞|浴佛節|浴佛节",
        lunar=(4, 8),
        local=True,
    ),
    Holiday(
        Both("Tuen Ng Festival", "端午節", "端午节"),
        "Tuen Ng",
        r"(?:Tuen Ng|Dragon Boat|Duanwu)(?: Festival)?",
        "端午節|端午节|端午|端陽節",
        lunar=(5, 5),
    ),
    Holiday(
        Both("Mid-Autumn Festival", "中秋節", "中秋节"),
        "Mid-Autumn",
        r"(?:Chinese )?Mid-Autumn(?: Festival)?|Moon(?:cake)? Festival",
        "中秋節|中秋节|中秋",
        lunar=(8, 15),
    ),
    Holiday(
        Both("Chung Yeung Festival", "重陽節", "重阳节"),
        "Chung Yeung",
        r"(?:Chung Yeung|Double Ninth|Chongyang)(?: Festival)?",
        "重陽節|重阳节|重陽|重阳",
        lunar=(9, 9),
    ),
    Holiday(
        Both("Ching Ming Festival", "清明節", "清明节"),
        "Ching Ming",
        r"(?:Ching Ming|Qingming|Tomb[- ]Sweeping)(?: Festival| Day)?",
        "清明節|清明节|清明",
        local=True,
    ),
    Holiday(
        Both("Good Friday", "耶穌受難節", "耶稣受难节"),
        "Good Friday",
        r"Good Friday",
        "耶穌受難節|耶稣受难节|受難節|受难节|耶穌受難日",
    ),
    Holiday(
        Both("Easter Monday", "復活節星期一", "复活节星期一"),
        "Easter Monday",
        r"Easter Monday",
        "復活節星期一|复活节星期一",
    ),
)

_NAMES = re.compile("|".join(f"(?P<h{at}>{one.english}|{one.chinese})" for at, one in enumerate(HOLIDAYS)))
_ANOTHER_DAY = re.compile(
    r"[ ]?(?:Eve\b|[Ee]ve of|[Ww]eek|holidays? (?:from|run)|前夕|前夜|翌日|前[一兩两]|後|后|假期由|假期從|长假|長假"
    r"|黃金週|黄金周|晚會|晚会)"
)
_ELSEWHERE = re.compile(
    r"\b(?:Orthodox|Julian|Coptic|Armenian|Ethiopian|Russian?|Ukrain\w+|Serbia\w*|Greek|US|U\.S\.|United States"
    r"|American?|Canad\w+|Taiwan\w*|Singapore|"
    r"Japan\w*|Korea\w*|Thai\w*|Vietnam\w*|Malaysia\w*|India\w*|Australia\w*|New Zealand|Eve|before|after"
    r"|following|eve)\b"
    r"|東正教|东正教|俄|儒略|美國|美国|加拿大|台灣|台湾|臺灣|新加坡|日本|韓|韩|泰|越南|馬來|马来|印度|澳洲|雙十"
    r"|双十|前夕|前一|翌日|之前|之後|之后|前後|前后|第二日|第二天",
    re.IGNORECASE,
)
_HERE = re.compile(r"Hong Kong|\bHK|香港|港", re.IGNORECASE)
_CHINA = re.compile(r"Hong Kong|\bHK|China|Chinese|PRC|香港|港|中國|中国|內地|内地|中華|中华")
_FORWARD = re.compile(
    r"(?:[’']s date|[ ]?(?:當日|当日)?)(?:[ ]?(?:[(（]|,)?\s?(?:in |of |for )?"
    r"(?P<year>(?:19"
    r"|20)\d\d)年?[)）]?)?"
    r"(?:\*\*)?[ ]?(?:[ ]?\|[ ]?|[:：][ ]?|[ ]?[(（]|[ ]?[–—-][ ]|[,，]?\s?(?:will |this year |即|就)?"
    r"(?:is celebrated on|falls on|fell on|fall on|is observed on|is on|was on|be on|takes place on|is"
    r"|was|on|是喺|是在|係喺|落在|落喺|定於|定于|定在|是|係|系|在|喺|為|为|於|于)\s?)(?:the date of )?(?:\*\*)?"
    r"(?:公曆|公历|西曆|西历|新曆|陽曆|每年的?"
    r"|今年的?)?\s?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(?:the )?"
)
_BACKWARD = re.compile(
    r"(?:[ ]?[(（][^()（）\n]{0,10}[)）])?(?:\*\*)?[ ]?(?:[ ]?\|[ ]?|[:：][ ]?|[ ][–—-][ ]|[ ]?(?:will be|is|was"
    r"|marks|是|係|系|為|为|即|就是|就係|乃)[ ]?)(?:the |a general holiday, |公眾假期|香港的?|嘅)?(?:\*\*)?"
)
_YEAR_BEFORE = re.compile(r"(?P<year>(?:19|20)\d\d)(?:年(?:的|嘅|香港)?|[ ])\s?\Z")
_ANY_YEAR = re.compile(r"(?<!\d)(?<!\d[.,])(?:19|20)\d\d(?![\d.,]\d|\d)")
_USUAL = re.compile(
    r"\b(?:usually|typically|around|about|often|between|sometimes|or|generally|late|early)\b|通常|一般|大約|约|約"
    r"|左右|或"
    r"|多數|多数|之間|之间",
    re.IGNORECASE,
)

_RANGE = re.compile(
    r"\s?(?:至|到|起|晚|夜|to\b|until\b|evening|night|[-–—~])|\s?[(（][^()（）\n]{1,9}[)）]\s?(?:至|到|起|to\b|until\b)"
)
_JOINED = re.compile(r"\s?(?:[、及和與与/]|(?:and|or)\b)\s?\Z")
_ENDS = re.compile(r"(?:\*\*)?\s*(?:[|,.;:!?)(\n，。；、：（）]|\Z|(?:in|every|and|which|for)\b)")
"""After a name that a date stands before; else it is part of something else: `20 December: Christmas dinner`."""

Off = Callable[[int, str], frozenset[date]]
"""The days of a year that are off for the holiday whose English name has these words."""


def off_in_hong_kong() -> Off:
    """Loads the library of holidays."""
    from holidays.countries.hongkong import HongKong

    @lru_cache(64)
    def off(year: int) -> tuple[tuple[date, str], ...]:
        return tuple(HongKong(years=year, language="en_HK", categories=("optional", "public")).items())

    def named(year: int, words: str) -> frozenset[date]:
        return frozenset(day for day, name in off(year) if any(_is(part, words) for part in name.split("; ")))

    return named


def _is(name: str, words: str) -> bool:
    """Whether a day off is for a holiday: a weekday after Christmas is not Christmas Day."""
    return words in name and ("after Christmas" in words or "after Christmas" not in name) and "ing Good" not in name


def holidays(text: str, found: Sequence[Day], context: Context, off: Off) -> Iterator[Fault]:
    """Holidays that are given a date they do not have."""
    only: list[int | None] = []
    for day in found:
        before = _last(_NAMES.finditer(text, max(0, day.start - _NEAR), day.start))
        fault = _claim(text, before, day, context, off, only, forward=True) if before else None
        if fault is None:
            after = _NAMES.search(text, day.end, day.end + _NEAR)
            fault = _claim(text, after, day, context, off, only, forward=False) if after else None
        if fault is not None:
            yield fault


def _last(matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
    last = None
    for match in matches:
        last = match
    return last


def _claim(
    text: str, name: re.Match[str], day: Day, context: Context, off: Off, only: list[int | None], *, forward: bool
) -> Fault | None:
    """What is wrong with a holiday and the date beside it, if they are bound together."""
    start, end = min(name.start(), day.start), max(name.end(), day.end)
    if _ANOTHER_DAY.match(text, name.end()) or not day.possible or not day.sure:
        return None
    tie = (
        _FORWARD.fullmatch(text, name.end(), day.start) if forward else _BACKWARD.fullmatch(text, day.end, name.start())
    )
    if tie is None or (_RANGE.match(text, day.end) if forward else not _ENDS.match(text, name.end())):
        return None
    if forward and _is_joined(text, name):
        return None
    holiday = HOLIDAYS[int((name.lastgroup or "h0")[1:])]
    around = text[max(0, start - 40) : end + 24]
    if _ELSEWHERE.search(around) or _USUAL.search(around) or not _meant(text, holiday, around, context):
        return None
    year, near = _year(text, name, day, tie, forward=forward)
    if year is None and holiday.fixed is None:
        if not only:
            only.append(_only_year(text, context))
        year = only[0]
    return _judged(holiday, day, year, near, start, end, off)


def _is_joined(text: str, name: re.Match[str]) -> bool:
    """Whether another holiday stands right before: the date may be of that one, as in 國慶節、中秋節：10月1日."""
    joined = _JOINED.search(text, max(0, name.start() - 5), name.start())
    if joined is None:
        return False
    before = _last(_NAMES.finditer(text, max(0, joined.start() - 30), joined.start()))
    return before is not None and before.end() == joined.start()


def _meant(text: str, holiday: Holiday, around: str, context: Context) -> bool:
    """Whether the holiday of Hong Kong is meant."""
    if not holiday.local:
        return True
    if holiday.known_as in ("National Day", "Ching Ming"):
        return _CHINA.search(around) is not None or _HERE.search(context.prompt) is not None
    return (
        _HERE.search(around) is not None
        or _HERE.search(context.prompt) is not None
        or _HERE.search(text[:200]) is not None
    )


def _year(text: str, name: re.Match[str], day: Day, tie: re.Match[str], *, forward: bool) -> tuple[int | None, bool]:
    if day.year is not None:
        return day.year, True
    written = tie.groupdict().get("year") if forward else None
    if written:
        return int(written), True
    before = _YEAR_BEFORE.search(text, max(0, name.start() - 8), name.start())
    return (int(before.group("year")), True) if before else (None, False)


def _only_year(text: str, context: Context) -> int | None:
    years = {found.group() for said_ in (text, context.prompt) for found in _ANY_YEAR.finditer(said_)}
    return int(years.pop()) if len(years) == 1 else None


def _judged(holiday: Holiday, day: Day, year: int | None, near: bool, start: int, end: int, off: Off) -> Fault | None:
    wrong = Both(f"{day.day} {_month(day.month)}", f"{day.month}月{day.day}日")
    if year is None:
        if holiday.fixed is None or holiday.fixed == (day.month, day.day) or _near(holiday.fixed, day):
            return None
        right = Both(f"{holiday.fixed[1]} {_month(holiday.fixed[0])}", f"{holiday.fixed[0]}月{holiday.fixed[1]}日")
        values: dict[str, object] = {"name": holiday.name, "right": right, "wrong": wrong}
        return Fault(HOLIDAY, start, end, 0.85, "a holiday on a date that is not its own", _EVERY, values)
    right_days = _days(holiday, year, off)
    if not right_days or day.day > days_of(day.month, year):
        return None
    given = date(year, day.month, day.day)
    allowed = right_days | off(year, holiday.known_as) if _OLDEST <= year <= _NEWEST else right_days
    if given in allowed:
        return None
    values = {"name": holiday.name, "year": year, "right": said(min(right_days)), "wrong": said(given)}
    return Fault(HOLIDAY, start, end, 0.9 if near else 0.7, "a holiday on a date that is not its own", _WRONG, values)


def _near(fixed: tuple[int, int], day: Day) -> bool:
    """Whether a date may be the substitute of a holiday that falls on a Sunday: the day after, without a year."""
    return (day.month, day.day) == (fixed[0], fixed[1] + 1) and fixed != (12, 25)


def _days(holiday: Holiday, year: int, off: Off) -> frozenset[date]:
    """The day of the festival itself; none where it is not known."""
    if holiday.fixed is not None:
        return frozenset((date(year, *holiday.fixed),))
    if holiday.lunar is not None:
        day = day_of(year, *holiday.lunar) if FIRST <= year <= LAST else None
        return frozenset((day,)) if day is not None else frozenset()
    if not _OLDEST <= year <= _NEWEST:
        return frozenset()
    if holiday.known_as in _AFTER_EASTER:
        return frozenset((easter(year) + timedelta(_AFTER_EASTER[holiday.known_as]),))
    named = off(year, holiday.known_as)  # with what stands in for it, which is later
    return frozenset((min(named),)) if named else named


_AFTER_EASTER = {"Good Friday": -2, "Easter Monday": 1}


def easter(year: int) -> date:
    """Easter Sunday of the western churches (the anonymous algorithm of 1876; Meeus, Astronomical Algorithms, ch. 8).

    >>> easter(2024), easter(2025)
    (datetime.date(2024, 3, 31), datetime.date(2025, 4, 20))
    """
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _month(number: int) -> str:
    from guardrail.detectors.errors.dates.read import MONTHS

    return MONTHS[number - 1]

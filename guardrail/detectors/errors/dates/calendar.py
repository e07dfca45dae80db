"""Years and dates that are given in two calendars and differ (serves `detector.py`).

Rules:
1. Only what stands side by side is compared: `民國113年（2024年）`, `令和6年即2024年`, `2024年是兔年`,
   `the Year of the Dragon (2024)`, `甲辰年（2024）`, 農曆八月十五（2024年9月17日）,
   `Chinese New Year 2024 falls on 9 February`.
2. The Minguo, Reiwa, Heisei, Showa and Taisho years begin with 1 January; a stem, a branch and an animal with the lunar
   new year.  So for somebody born in January the animal of the year before is right too, and passes with births.
3. Stems, branches and animals are judged for the years 1000 to 2200, lunar dates from 1929 to 2088 (`dates/lunar.py`).
4. Sheep, goat and ram are one animal, as are ox, cow and buffalo.
"""

import re
from calendar import isleap
from collections.abc import Iterator, Sequence
from datetime import date

from guardrail.detectors.errors.dates.lunar import (
    ANIMALS,
    ANIMALS_HANS,
    ANIMALS_HANT,
    BRANCHES,
    ERAS,
    FIRST,
    LAST,
    STEMS,
    animal_of,
    day_of,
    lunar_of,
    pair_of,
)
from guardrail.detectors.errors.dates.read import YEAR_ZH, Day, number
from guardrail.detectors.errors.dates.words import Both, Fault, said
from guardrail.text.wording import Wording

CALENDAR = "error.calendar"

_ERA = Wording(
    "{era} {count} is {right}, not {wrong}",
    "{era}{count}年是{right}年，不是{wrong}年",
    "{era}{count}年是{right}年，不是{wrong}年",
)
_ANIMAL = Wording(
    "{year} is the Year of the {right}, not of the {wrong}",
    "{year}年是{right}年，不是{wrong}年",
    "{year}年是{right}年，不是{wrong}年",
)
_PAIR = Wording(
    "{year} is a {right} year, not {wrong}",
    "{year}年是{right}年，不是{wrong}年",
    "{year}年是{right}年，不是{wrong}年",
)
_LUNAR = Wording(
    "{day} is {right} of the lunar calendar, not {wrong}",
    "{day}是農曆{right}，不是{wrong}",
    "{day}是农历{right}，不是{wrong}",
)
_LEAP = Wording(
    "{year} is no leap year: February has 28 days", "{year}年不是閏年：2月只有28天", "{year}年不是闰年：2月只有28天"
)
_NEW_YEAR = Wording(
    "Chinese New Year {year} is on {right}, not {wrong}",
    "{year}年農曆新年（正月初一）是{right}，不是{wrong}",
    "{year}年农历新年（正月初一）是{right}，不是{wrong}",
)

_OF_ANIMAL = {
    **{name.lower(): at for at, name in enumerate(ANIMALS)},
    "mouse": 0, "cow": 1, "buffalo": 1, "bull": 1, "hare": 3, "serpent": 5, "sheep": 7, "ram": 7, "chicken": 9,
    "boar": 11,
    **{character: at for at, character in enumerate(ANIMALS_HANT)},
    **{character: at for at, character in enumerate(ANIMALS_HANS)},
}  # fmt: skip
_BEASTS = "".join(sorted(set(ANIMALS_HANT + ANIMALS_HANS)))
_BEAST_EN = "|".join(name.capitalize() for name in _OF_ANIMAL if name.isascii())
_ERA_EN = "Minguo|ROC|R\\.O\\.C\\.|Reiwa|Heisei|Showa|Shōwa|Taisho|Taishō"
_ERA_ZH = "民國|民国|令和|平成|昭和|大正"
_ERA_NAMES = (*_ERA_EN.replace("\\", "").split("|"), *_ERA_ZH.split("|"))
_BEAST = re.compile(f"[{_BEASTS}]年|[屬属是係][{_BEASTS}]")
_PAIR_OF = re.compile(f"[{STEMS}][{BRANCHES}]年")
_COUNT = r"(?:\d{1,3}|元|[一二三四五六七八九十百零〇]{1,5})"
_YEAR = r"(?<![\d$-])(?<!\d[.,])(?:1\d|2[01])\d\d(?![\d,.]\d|\d)"
_DATE_TAIL = r"(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日號号])?)?"
_SAME = (
    r"\s?(?:[,，]?\s?(?:即是|即係|也就是|等於|等于|相當於|相当于|對應|对应|即|是|係|系|為|为|=|＝)\s?"
    r"|[(（]\s?(?:即|也就是|=)?\s?)(?:公元|西元|西曆|西历)?\s?"
)
_ERAS = re.compile(
    rf"(?P<era>{_ERA_ZH})\s?(?P<count>{_COUNT})\s?年{_DATE_TAIL}{_SAME}(?P<year>{_YEAR})\s?(?:年|[)）])"
    rf"|(?P<year2>{_YEAR})\s?年?{_DATE_TAIL}{_SAME}(?P<era2>{_ERA_ZH})\s?(?P<count2>{_COUNT})\s?年"
    rf"|\b(?P<era3>{_ERA_EN})[ ](?:[Yy]ear[ ])?(?P<count3>\d{{1,3}})[ ]?(?:\(|is[ ]|=[ ]?|equals[ ]"
    rf"|corresponds[ ]to[ ]|, i\.e\.,?[ ])(?:the year )?(?P<year3>{_YEAR})"
    rf"|(?P<year4>{_YEAR})[ ]?(?:\(|is[ ]|=[ ]?|equals[ ]|corresponds[ ]to[ ])(?:year )?(?P<era4>{_ERA_EN})[ ]"
    rf"(?:[Yy]ear[ ])?(?P<count4>\d{{1,3}})\b"
)
_ANIMALS = re.compile(
    rf"(?P<y1>{_YEAR})(?:[ ](?:is|was|will be|marks)|,)[ ](?:also[ ])?(?:a|the)[ ][Yy]ear of the (?:\w+ )?"
    rf"(?P<b1>{_BEAST_EN})\b"
    rf"|[Yy]ear of the (?:\w+ )?(?P<b2>{_BEAST_EN})(?:[ ](?:is|was|in)[ ]|[ ]?\(|:[ ])(?P<y2>{_YEAR})(?!, \d)"
    rf"(?!\s?[-–]\s?\d)(?=[),.;\s]|$)"
    rf"|(?P<y3>{YEAR_ZH})年?\s?(?:[(（,，]|是|係|系|為|为|乃|:|：)?\s?(?:農曆|农历|生肖)?(?P<p3>[{STEMS}][{BRANCHES}])?"
    rf"(?:年?[(（]?)(?P<b3>[{_BEASTS}])年"
    rf"|(?P<p4>[{STEMS}][{BRANCHES}])?(?P<b4>[{_BEASTS}])年\s?[(（]\s?(?P<y4>{_YEAR})年?\s?[)）]"
    rf"|(?P<y5>{YEAR_ZH})年(?P<birth>[^。，,\n]{{0,6}}?(?:出生|出世|生)[^。，,\n]{{0,4}}?)(?:的生肖)?[屬属是係]"
    rf"(?P<b5>[{_BEASTS}])(?![年])"
)
_PAIRS = re.compile(
    rf"(?P<y1>{YEAR_ZH})年?\s?(?:[(（]|是|係|系|為|为|歲次|岁次|,|，|即|農曆|农历)\s?(?:農曆|农历|歲次|岁次)?"
    rf"(?P<p1>[{STEMS}][{BRANCHES}])年"
    rf"|(?P<p2>[{STEMS}][{BRANCHES}])年\s?(?:[(（]\s?(?:即|公元|西元)?|是|即)\s?(?P<y2>{_YEAR})\s?年?(?:[)）]|"
    rf"(?=[^\d月]|$))"
)
_NOT_WHOLE = re.compile(
    r"\b(?:early|before|late|until|January|February|Jan|Feb|end of|begin\w*|not)\b|年初|年頭|年头|之前|以前|1月|2月"
    r"|一月|二月|正月"
    r"|臘月|腊月|十二月|年底|末",
    re.IGNORECASE,
)
_LUNAR_MONTH = {
    **{c: n for n, c in enumerate("正二三四五六七八九十", 1)},
    "一": 1,
    "十一": 11,
    "冬": 11,
    "十二": 12,
    "臘": 12,
    "腊": 12,
}
_LUNAR_DAY = r"(?:初[一二三四五六七八九十]|[一二]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十|\d{1,2})"
_LUNAR_DATE = re.compile(
    r"(?:[農农陰阴舊旧夏][曆历]|[{STEMS}][{BRANCHES}]年)\s?(?:[{STEMS}][{BRANCHES}]年|\d{4}年)?\s?(?P<leap>閏|闰)?(?:"
    r"(?P<month>十[一二]|[正一二三四五六七八九十冬臘腊]|1[0-2]|[1-9])月|(?P<first>大?年初|年卅|除夕)?)\s?"
    .replace("{STEMS}", STEMS).replace("{BRANCHES}", BRANCHES)
    + rf"(?P<day>{_LUNAR_DAY})日?"
)  # fmt: skip
_TIE = re.compile(
    r"\s?(?:[(（]\s?(?:即|公曆|公历|西曆|西历|新曆|新历|陽曆|阳历)?|,|，|、|即是?|是|係|系|為|为|:|：|\||/)\s?(?:即"
    r"|公曆|公历|西曆|西历|新曆|新历|陽曆|阳历)?\s?"
)
_TIE_BACK = re.compile(r"\s?(?:[(（]|,|，|、|即是?|是|係|系|為|为|:|：|\||/)?\s?(?:即)?\s?")
_NEW_YEAR_EN = re.compile(
    r"\b(?:Chinese|Lunar) New Year(?:'s Day)?(?: \(?(?:in|of|for) |\s?\(| )?(?P<y>(?:19|20)\d\d)?\)?(?: \("
    r"(?P<y2>(?:19|20)\d\d)\))?,?(?: in (?P<y3>(?:19|20)\d\d))?"
    r"(?: was celebrated| will be celebrated| is celebrated)?[ ]?(?:falls on|fell on|will fall on|is on|was on"
    r"|is|was|begins on|began on|starts on|started on|on|will be on|:)[ ](?:\w{6,9}, )?\Z"
)
_NEW_YEAR_ZH = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)年?的?\s?)?(?:農曆新年|农历新年|大年初一|年初一|正月初一|春節|春节|農曆年初一"
    r"|农历年初一|舊曆新年)(?:\s?[(（](?:年初一|正月初一"
    r"|大年初一)[)）])?"
    r"\s?(?:是|係|系|在|喺|為|为|於|于|落在|就是|:|：)+\s?(?:公曆|公历|西曆|西历|新曆|陽曆|阳历)?\s?\Z"
)


def calendars(text: str, found: Sequence[Day]) -> Iterator[Fault]:
    """Everything that two calendars say differently."""
    chinese = "年" in text
    if any(era in text for era in _ERA_NAMES):
        for match in _ERAS.finditer(text):
            yield from _era(match)
    if "ear of the" in text or (chinese and _BEAST.search(text)):
        for match in _ANIMALS.finditer(text):
            yield from _animal(text, match)
    if "leap year" in text or "閏年" in text or "闰年" in text:
        for match in _LEAPS.finditer(text):
            yield from _leap(match)
    for match in _LISTS.finditer(text) if "ear of the" in text or _LISTED.search(text) else ():
        yield from _listed(match)
    if chinese and _PAIR_OF.search(text):
        for match in _PAIRS.finditer(text):
            yield from _pair(text, match)
    yield from _lunar(text, found)
    yield from _new_years(text, found)


def _named(match: re.Match[str], *names: str) -> str:
    return next((match.group(name) for name in names if match.group(name)), "")


def _era(match: re.Match[str]) -> Iterator[Fault]:
    era, written = _named(match, "era", "era2", "era3", "era4"), _named(match, "count", "count2", "count3", "count4")
    count = 1 if written == "元" else number(written)
    year = int(_named(match, "year", "year2", "year3", "year4"))
    before = ERAS.get(era.lower().replace(".", "").replace("ō", "o"))
    if not count or before is None or before + count == year:
        return
    values: dict[str, object] = {"era": era, "count": written, "right": before + count, "wrong": year}
    yield Fault(CALENDAR, *match.span(), 0.95, "a year of an era that is another year", _ERA, values)


_LEAPS = re.compile(
    rf"(?P<a>{_YEAR})(?:[ ](?:is|was|will be)[ ](?:also )?|,[ ])a leap year\b"
    rf"|(?P<b>{YEAR_ZH})\s?年?\s?(?:也|都|就)?(?:是|係|系|為|为)\s?[閏闰]年"
)
_LISTED = re.compile(f"[屬属][{_BEASTS}]|[{_BEASTS}]年?[:：(（]")
_LISTS = re.compile(
    rf"(?:[Yy]ear of the (?:\w+ )?(?P<b1>{_BEAST_EN})"
    rf"|(?:[屬属](?P<b2>[{_BEASTS}])|(?P<b3>[{_BEASTS}])年)(?:的?(?:出生)?年份)?)\s?[:：(（]\s?"
    rf"(?P<years>{_YEAR}年?(?:\s?(?:,|，|、|/|and|及|和)\s?{_YEAR}年?){{1,20}})"
)
_EACH_YEAR = re.compile(r"\d{4}")


def _leap(match: re.Match[str]) -> Iterator[Fault]:
    year = number(match.group("a") or match.group("b"))
    if year is None or isleap(year) or not 1583 <= year <= 9999:
        return
    if match.group("b") and any(day_of(year, -month, 1) for month in range(1, 13)):
        return  # in Chinese, a year with a leap month is one as well
    if match.group("b") and not FIRST <= year <= LAST:
        return
    yield Fault(CALENDAR, *match.span(), 0.9, "a leap year that is none", _LEAP, {"year": year})


def _listed(match: re.Match[str]) -> Iterator[Fault]:
    """`Year of the Dragon: 1988, 2000, 2012`, each year by itself."""
    beast = _OF_ANIMAL[_named(match, "b1", "b2", "b3").lower()]
    for found in _EACH_YEAR.finditer(match.group("years")):
        year = int(found.group())
        if 1000 <= year <= 2200 and animal_of(year) != beast:
            at = match.start("years") + found.start()
            values = {"year": year, "right": _beast(animal_of(year)), "wrong": _beast(beast)}
            yield Fault(CALENDAR, at, at + 4, 0.9, "a year with the animal of another", _ANIMAL, values)


def _animal(text: str, match: re.Match[str]) -> Iterator[Fault]:
    year = number(_named(match, "y1", "y2", "y3", "y4", "y5"))
    beast = _OF_ANIMAL[_named(match, "b1", "b2", "b3", "b4", "b5").lower()]
    if year is None or not 1000 <= year <= 2200:
        return
    if match.group("birth") is not None and animal_of(year - 1) == beast:
        return
    if animal_of(year) == beast or _NOT_WHOLE.search(text, max(0, match.start() - 12), match.end()):
        return
    right = animal_of(year)
    values = {"year": year, "right": _beast(right), "wrong": _beast(beast)}
    yield Fault(CALENDAR, *match.span(), 0.9, "a year with the animal of another", _ANIMAL, values)


def _beast(number_: int) -> Both:
    return Both(ANIMALS[number_], ANIMALS_HANT[number_], ANIMALS_HANS[number_])


def _pair(text: str, match: re.Match[str]) -> Iterator[Fault]:
    year, pair = number(_named(match, "y1", "y2")), _named(match, "p1", "p2")
    if year is None or not 1000 <= year <= 2200 or pair_of(year) == pair:
        return
    if pair_of(year - 1) == pair and _NOT_WHOLE.search(text, max(0, match.start() - 12), match.end() + 12):
        return
    values: dict[str, object] = {"year": year, "right": pair_of(year), "wrong": pair}
    score = 0.5 if pair_of(year - 1) == pair else 0.9
    yield Fault(CALENDAR, *match.span(), score, "a year with the stem and branch of another", _PAIR, values)


def _lunar(text: str, found: Sequence[Day]) -> Iterator[Fault]:
    """Lunar dates with a Gregorian date on either side."""
    if not found or not any(sign in text for sign in "曆历" + STEMS):
        return
    for match in _LUNAR_DATE.finditer(text):
        month = _month(match)
        day = _day(match.group("day"))
        beside = _neighbour(text, match, found)
        if month is None or day is None or beside is None or beside.date is None:
            continue
        given = lunar_of(beside.date)
        if given is None or given[1:] == (month, day) or (given[1], abs(given[2] - day)) == (month, 0):
            continue
        if match.group("leap") is None and given[1:] == (-month, day):
            continue
        start, end = min(match.start(), beside.start), max(match.end(), beside.end)
        values = {
            "day": said(beside.date),
            "right": _lunar_words(given[1], given[2]),
            "wrong": _lunar_words(month, day),
        }
        yield Fault(CALENDAR, start, end, 0.9, "a lunar date that falls on another day", _LUNAR, values)


def _month(match: re.Match[str]) -> int | None:
    written = match.group("month")
    if written is None:
        return 1 if match.group("first") in ("年初", "大年初") else None
    value = int(written) if written.isdigit() else _LUNAR_MONTH[written]
    return -value if match.group("leap") else value


def _day(written: str) -> int | None:
    value = number(written.removeprefix("初"))
    return value if value is not None and 1 <= value <= 30 else None


def _neighbour(text: str, match: re.Match[str], found: Sequence[Day]) -> Day | None:
    """The Gregorian date that a lunar date is tied to."""
    for day in found:
        if day.start >= match.end():
            return day if _TIE.fullmatch(text, match.end(), day.start) and day.start - match.end() < 12 else None
        if day.end <= match.start() <= day.end + 8 and _TIE_BACK.fullmatch(text, day.end, match.start()):
            return day
    return None


def _lunar_words(month: int, day: int) -> Both:
    tens = "初" if day <= 10 else "十" if day < 20 else "二十" if day == 20 else "廿" if day < 30 else "三十"
    units = "" if day in (20, 30) else "一二三四五六七八九十"[(day - 1) % 10]
    name = (
        "正二三四五六七八九十冬臘"[abs(month) - 1] if abs(month) not in (11, 12) else ("十一", "十二")[abs(month) - 11]
    )
    leap = "閏" if month < 0 else ""
    hant = f"{leap}{name}月{tens}{units}"
    return Both(f"day {day} of {'leap ' if month < 0 else ''}month {abs(month)}", hant, hant.replace("閏", "闰"))


def _new_years(text: str, found: Sequence[Day]) -> Iterator[Fault]:
    for day in found:
        lead = text[max(0, day.start - 70) : day.start]
        match = _NEW_YEAR_EN.search(lead) or _NEW_YEAR_ZH.search(lead)
        if match is None:
            continue
        named = next((int(year) for name, year in match.groupdict().items() if name.startswith("y") and year), None)
        year = named or day.year
        if year is None or not FIRST <= year <= LAST or not day.possible or day.year not in (None, year):
            continue
        right, given = day_of(year, 1, 1), date(year, day.month, day.day)
        if right is not None and given != right:
            start = max(0, day.start - 70) + match.start()
            values = {"year": year, "right": said(right), "wrong": said(given)}
            yield Fault(
                CALENDAR, start, day.end, 0.9, "a date of the lunar new year that is another", _NEW_YEAR, values
            )

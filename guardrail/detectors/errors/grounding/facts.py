"""The hard facts of a text that can be looked up exactly: numbers, dates and times, names, quotations (serves
`grounding/detector.py`).

Rules:
1. A fact keeps where it stands and how it is written, and compares by value: `12,000,000`, `12 million` and
   一千二百萬 are one number, `5 March 2024`, `2024-03-05`, 2024年3月5日 and 民國113年3月5日 one day.
2. What may be read two ways (`03/05/2024`) is kept with both readings, and agrees with either.
3. What only looks like a number (一直, 十分, `A380`, list markers) is none; the number of a small count (`two of them`)
   is marked `small`, because answers count what sources list.
4. Nothing here knows whether a fact is true.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from guardrail.detectors.errors.sums.numerals import DIGITS, read, read_chinese

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
"""Han characters, as the inside of a class of an expression."""
MOST = 400
"""Facts of one kind that are read of one claim."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number: `step` is the unit of its last written digit, `unit` what it counts (a word or sign beside it)."""

    start: int
    end: int
    value: float
    step: float
    unit: str = ""
    small: bool = False
    ordinal: bool = False


@dataclass(frozen=True, slots=True)
class Date:
    """A day, month or year, as far as it is told; `other` is the second reading of `03/05/2024`."""

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    decade: bool = False
    other: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in minutes; without am or pm it may be twelve hours later as well (`half`); `loose` is what may be
    no time (三點 is as often a point): a claim's is not looked up, a source's bears a claim out."""

    start: int
    end: int
    minutes: int
    half: bool
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A name: the words that it is made of, and whether it only looks like one because it begins its sentence."""

    start: int
    end: int
    words: tuple[str, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks: the span inside them."""

    start: int
    end: int


_SCALE_WORDS = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6,
    "bn": 1e9, "b": 1e9, "tn": 1e12, "dozen": 12.0,
}  # fmt: skip
_UNITS = (
    "percent|per cent|%|percentage points?|degrees?|°[CF]?|km|kilomet(?:er|re)s?|m|met(?:er|re)s?|cm|mm"
    "|miles?|feet|foot|ft|inch(?:es)?"
    "|kg|kilograms?|grams?|g|lbs?|pounds?|tons?|tonnes?|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?"
    "|weeks?|months?|years?"
    "|litres?|liters?|acres?|hectares?|dollars?|euros?|yuan|yen|cents?|people|votes?|seats?|points?|goals?"
)
_NUMBER = re.compile(
    r"(?<![\d_])(?<!\d[.,])(\d+(?:,\d{3})*(?:\.\d+)?(?:[十百千萬万億亿]+\d+(?=[百千萬万億亿]))*)"
    r"(st|nd|rd|th)?(?![\d_])"
    r"(?:[ -]?(hundred|thousand|million|billion|trillion|dozen|[kmb]n?|tn)(?![A-Za-z])|\s?([十百千萬万億亿]+))?"
    rf"(?:[ -]?({_UNITS})(?![A-Za-z])|([{HAN}]{{1,2}}))?",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£¥]|[A-Z]{3} ?$")
_FIGURES = re.compile(r"(?<!\d)\d")
_DATED = re.compile(
    r"(?<!\d)\d|(?<![A-Za-z])(?:J(?i:an|u[nl])|F(?i:eb|ri)|M(?i:a[ry]|on)|A(?i:pr|ug)|S(?i:ep|at|un)|O(?i:ct)|N(?i:ov)"
    r"|D(?i:ec)|T(?i:ue|hu)|W(?i:ed))|民(?=[国國])|[星周週礼禮]|[零〇一二三四五六七八九十廿卅]+"
)
_DATED_SMALL = re.compile(_DATED.pattern, re.IGNORECASE)
_CURRENCIES = ("HKD", "USD", "RMB", "CNY", "EUR", "GBP", "NTD", "TWD", "AUD", "SGD")
_ONES_WRITTEN = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_ONES = _ONES_WRITTEN.split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORD_VALUE = {word: float(at) for at, word in enumerate(_ONES)} | {
    word: 20.0 + 10 * at for at, word in enumerate(_TENS)
}
_ORDINAL_VALUE = {
    "second": 2.0, "third": 3.0, "fourth": 4.0, "fifth": 5.0, "sixth": 6.0, "seventh": 7.0, "eighth": 8.0, "ninth": 9.0,
    "tenth": 10.0, "eleventh": 11.0, "twelfth": 12.0, "thirteenth": 13.0, "fourteenth": 14.0, "fifteenth": 15.0,
    "sixteenth": 16.0, "seventeenth": 17.0, "eighteenth": 18.0, "nineteenth": 19.0, "twentieth": 20.0,
}  # fmt: skip
_NUMBER_WORDS = frozenset(
    {*_WORD_VALUE, *_ORDINAL_VALUE, "half", "twice", "thrice", "a hundred", "dozen", "hundred", "thousand", "million"}
)
_SMALL_WORDS = re.compile("[a-z]+")
_one = "|".join(sorted((*_ONES, *_TENS), key=len, reverse=True))
_WORD_NUMBER = re.compile(
    rf"\b(?:(?:{_one})(?:[ -](?:{_one}))*(?:(?: and)?[ -](?:hundred|thousand|million|billion|trillion"
    rf"|dozen)(?: (?:and )?(?:{_one})(?:[ -](?:{_one}))*)*)*"
    rf"|(?:a|half a) (?:hundred|thousand|million|billion|dozen)|half|twice|thrice|{'|'.join(_ORDINAL_VALUE)})\b"
    rf"(?:[ -]({_UNITS})(?![A-Za-z]))?",
    re.IGNORECASE,
)
_HAN_NUMBER = re.compile(
    r"百分之([零〇一二兩两三四五六七八九十百]+(?:[点點][零〇一二三四五六七八九]+)?|\d+(?:\.\d+)?)"
    r"|(第)?([零〇一二兩两三四五六七八九十百千萬万億亿廿卅]+)(?:[点點]([零〇一二三四五六七八九]+))?"
    rf"([本个個名位人次年月日号號天岁歲元块塊蚊米里斤吨噸克件项項家间間所座场場种種条條台部张張届屆集章期成倍度分秒点點楼樓层層只隻支队隊票席国國省市县縣区區村户戶页頁课課级級]|[{HAN}])?"
)
_CLASSIFIERS = frozenset(
    "本個个名位人次年月日号天岁元块蚊米里斤吨克件项家间所座场种条台部张届集章期成倍度分秒点楼层只支队票席国省市县区村户页课级"
)
_IDIOMS = re.compile(
    "[一十百千万]些|一[直般样定起切旦向贯致律同边面方旁时下路带并概再共如经番等半]|十分|万一|千万(?!元"
    "|人|吨|美|港|日|欧|英|人|的|册|年|级)|百姓|百货|百科|百度|三明治|三文|四川|四处"
    "|九龙|九广|五金|六合|七夕|八卦|百合|千禧|二手|三角|四周|五官|零件|零售|零食|千金|万科|亿达|两岸"
    "|双十|[一二两三]者|之一|统一|唯一|第一时间|一一"
)
_MONTHS_WRITTEN = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
"""
_MONTHS = _MONTHS_WRITTEN.split()
_MONTH = {word: at % 12 + 1 for at, word in enumerate(_MONTHS)} | {"sept": 9}
_month = "|".join(sorted({*_MONTH}, key=len, reverse=True))
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = {word: at for at, word in enumerate(_DAYS)} | dict(
    zip("一二三四五六日天", (0, 1, 2, 3, 4, 5, 6, 6), strict=True)
)
_DATE = re.compile(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -](?P<m1>{_month})\b\.?(?:,?[ -](?P<y1>\d{{4}})\b)?"
    rf"|\b(?P<m2>{_month})\b\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,\d|:)(?:,? (?P<y2>\d{{4}})\b)?"
    rf"|\b(?P<m3>{_month})\b\.?,? (?P<y3>(?:1\d|20)\d{{2}})\b"
    r"|(?<![\d/.-])(?P<y4>\d{4})[-/.](?P<m4>\d{1,2})[-/.](?P<d4>\d{1,2})(?![\d/-]|\.\d)"
    r"|(?<![\d/.-])(?P<a5>\d{1,2})[/.-](?P<b5>\d{1,2})[/.-](?P<y5>\d{4})(?![\d/-])"
    rf"|(?<!\d)(?P<era>民[国國])?(?P<y6>\d{{2,4}}|[零〇一二三四五六七八九]{{4}}"
    rf"|(?<=[国國])[一二三四五六七八九十百]{{1,5}})\s?年\s?"
    r"(?:(?P<m6>\d{1,2}|[一二三四五六七八九十]{1,2})\s?月(?:份|\s?(?P<d6>\d{1,2}"
    r"|[一二三四五六七八九十廿卅]{1,3})\s?[日号號])?)?"
    r"|(?<!\d)(?P<m7>\d{1,2}|[一二三四五六七八九十]{1,2})\s?月(?:份|\s?(?P<d7>\d{1,2}"
    r"|[一二三四五六七八九十廿卅]{1,3})\s?[日号號])"
    r"|(?<!\d)(?P<d8>\d{1,2})\s?[日号號](?![\d本元线線楼樓])"
    r"|(?<!\d)(?P<m8>\d{1,2})\s?月(?!\d)"
    rf"|\b(?P<w9>{'|'.join(_DAYS)})s?\b|(?:星期|[周週]|[礼禮]拜)(?P<w10>[一二三四五六日天])(?![{HAN}]?[年期])"
    r"|\b(?P<y11>(?:1\d|20)\d0)(?P<decade>'?s)\b|(?<!\d)(?P<y13>(?:1\d|20)\d0)(?P<decade2>年代)"
    r"|(?<![\d.,$€£¥#/-])\b(?P<y12>1[5-9]\d{2}|20\d{2})\b(?![,.]\d|\s?(?:%|percent|million|billion"
    r"|thousand|km|kg|people|元|人|個|个|名|萬|万))",
    re.IGNORECASE,
)
_BARE_MONTH = re.compile(
    r"\b(?:in|since|by|until|till|during|from|to|of|last|next|this|early|late|mid)[ -]([A-Z][a-z]+)\b"
)
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.](\d{2}))?\s?(?:([ap])\.?m\b\.?)|(?<![\d:.])([01]?\d|2[0-3])[:：]([0-5]\d)(?![\d:])"
    r"|(上午|早上|凌晨|朝早|清晨|下午|下[晝昼]|晏[晝昼]|傍晚|晚上|夜晚|晚|中午)?([\d]{1,2}|[一二三四五六七八九十]{1,2})[时時点點](?:(\d{1,2}"
    r"|[一二三四五]?十[一二三四五六七八九]?|半)(?:分)?)?",
    re.IGNORECASE,
)
_HALVES = dict.fromkeys("上早凌朝清", "a") | dict.fromkeys("下晏傍晚夜中", "p")
_MAY_BE_CLOCK = re.compile(r"\d[:：]\d|\d\s?[apAP]\.?[mM]|[时時点點]")
_part = r"[A-Z][A-Za-zÀ-ɏ0-9]*(?:[-'.&][A-Z0-9][A-Za-zÀ-ɏ0-9]*)*"
_NAME = re.compile(
    rf"(?<![A-Za-z0-9_]){_part}(?:(?: (?:of|the|de|da|del|la|le|van|von|der|bin|al|and|&|for))? {_part})*"
)
_NAME_WORD = re.compile(rf"{_part}|\d+")
_TRANSLITERATED = re.compile(rf"[{HAN}]{{1,7}}(?:[·•・][{HAN}]{{1,8}}){{1,3}}")
_TITLE = re.compile(r"《([^《》\n]{1,40})》")
_QUOTED = re.compile(r'"([^"\n]{2,300})"|“([^“”\n]{2,300})”|「([^「」\n]{2,300})」|『([^『』\n]{2,300})』')


def _matches(pattern: re.Pattern[str], begins: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern that can begin only where `begins` does, which is far cheaper to look for."""
    done = 0
    for place in begins.finditer(text):
        start = place.start()
        match = pattern.match(text, start) if start >= done else None
        if match is not None:
            done = max(match.end(), start + 1)
            yield match


def numbers(text: str, most: int = MOST) -> list[Number]:
    """The numbers of a `plain` text, in order."""
    found = [one for some in (_digits(text), _words(text), _han(text)) for one in islice(some, most)]
    return sorted(found, key=lambda each: each.start)[:most]


def _digits(text: str) -> Iterator[Number]:
    for match in _matches(_NUMBER, _FIGURES, text):
        before = text[max(0, match.start() - 3) : match.start()]
        if before[-1:].isascii() and before[-1:].isalpha() and before.upper() not in _CURRENCIES:
            continue  # `A380` is a name
        value, step = _read(match.group(1))
        scale, unit = (match.group(3) or "").lower(), (match.group(5) or match.group(6) or "").lower()
        if scale == "m" and not unit and not _MONEY.search(text, max(0, match.start() - 4), match.start()):
            scale, unit = "", "m"  # `58 m` is a length, `$58m` a sum of money
        factor = _SCALE_WORDS.get(scale, 1.0)
        scaled = match.group(4) or ""
        if scaled and not match.group(1).isascii():
            (value, step), scaled = _read(match.group(1) + scaled), ""  # 3萬5千
        for character in scaled:
            factor *= {"十": 10, "百": 100, "千": 1000, "萬": 1e4, "万": 1e4}.get(character, 1e8)
        end = match.end(4) if match.group(4) else match.end(3) if scale else match.end(1)
        yield Number(match.start(1), end, value * factor, step * factor, unit, False, bool(match.group(2)))


@lru_cache(4096)
def _read(written: str) -> tuple[float, float]:
    """The value of digits and the unit of the last of them; what cannot be read is far from everything."""
    whole, _, part = written.replace(",", "").partition(".")
    if len(written) <= DIGITS and whole.isdecimal() and (not part or part.isdecimal()):
        return float(f"{whole}.{part}"), 10.0 ** -len(part)
    known = read(written)
    return (float(known.value), float(known.step)) if known else (-1.0, 1.0)


def _words(text: str) -> Iterator[Number]:
    if _NUMBER_WORDS.isdisjoint(_SMALL_WORDS.findall(text.lower())):
        return
    for match in _WORD_NUMBER.finditer(text):
        phrase, unit = match.group().lower(), (match.group(1) or "").lower()
        ordinal = phrase.split(" ")[0].split("-")[0] in _ORDINAL_VALUE
        value = _word_value(phrase)
        if value is not None:
            yield Number(match.start(), match.end(), value, 1.0, unit, value <= 12 and not unit, ordinal)


@lru_cache(4096)
def _word_value(phrase: str) -> float | None:
    total, current = 0.0, 0.0
    for word in re.split("[ -]+", phrase):
        if word in _WORD_VALUE:
            current += _WORD_VALUE[word]
        elif word in _ORDINAL_VALUE:
            return _ORDINAL_VALUE[word]
        elif word == "half":
            current = 0.5
        elif word in ("twice", "thrice"):
            return 2.0 if word == "twice" else 3.0
        elif word == "hundred" or word == "dozen":
            current = (current or 1.0) * _SCALE_WORDS[word]
        elif word in _SCALE_WORDS and len(word) > 2:
            total, current = total + (current or 1.0) * _SCALE_WORDS[word], 0.0
    return total + current or None


def _han(text: str) -> Iterator[Number]:
    if text.isascii():
        return
    idioms = [match.span() for match in _IDIOMS.finditer(text)]
    at = 0
    for match in _HAN_NUMBER.finditer(text):
        start, end = match.span(1) if match.group(1) else match.span(3)
        while at < len(idioms) and idioms[at][1] <= start:
            at += 1
        if at < len(idioms) and idioms[at][0] < end and idioms[at][1] > start:
            continue
        one = _han_number(match)
        if one is not None:
            yield one


def _han_number(match: re.Match[str]) -> Number | None:
    if match.group(1):
        written = match.group(1)
        value = (
            _han_value(*re.split("[点點]", written, maxsplit=1)) if not written[0].isdigit() else float(written[:30])
        )
        return None if value is None else Number(match.start(), match.end(1), value, 1.0, "%")
    digits, tail, counted = match.group(3), match.group(4), match.group(5) or ""
    value = _han_value(digits, tail or "")
    if value is None or (
        len(digits) == 1 and not tail and (digits in "零〇百千萬万億亿" or counted not in _CLASSIFIERS)
    ):
        return None
    if len(digits) == 1 and digits == "一" and not match.group(2):
        return None
    end = match.end(4) if tail else match.end(3)
    step = 1.0 if not tail else 10.0 ** -len(tail)
    return Number(match.start(3), end, value, step, counted, value <= 12 and not tail, bool(match.group(2)))


@lru_cache(4096)
def _han_value(digits: str, tail: str = "") -> float | None:
    known = read_chinese(digits)
    if known is None:
        return None
    decimals = "".join(str("零一二三四五六七八九".find(each.replace("〇", "零"))) for each in tail)
    return float(known.value) + (float(f"0.{decimals}") if decimals.isdigit() else 0.0)


def dates(text: str, most: int = MOST) -> list[Date]:
    """The dates of a `plain` text, in order."""
    begins = _DATED_SMALL if text.islower() else _DATED
    read = (one for match in _matches(_DATE, begins, text) if (one := _date(match)) is not None)
    found = list(islice(read, most))
    starts = [one.start for one in found]
    bare: list[Date] = []
    for match in _BARE_MONTH.finditer(text):
        month, at = _MONTH.get(match.group(1).lower()), bisect_right(starts, match.start(1)) - 1
        if month and (at < 0 or match.start(1) >= found[at].end):
            bare.append(Date(match.start(1), match.end(1), month=month))
    return sorted(found + bare, key=lambda each: each.start)[:most]


def _date(match: re.Match[str]) -> Date | None:
    raw = match.groupdict()
    start, end = match.span()
    if raw["w9"] or raw["w10"]:
        return Date(start, end, weekday=_WEEKDAY[(raw["w9"] or raw["w10"]).lower()])
    if raw["a5"]:
        a, b, told = int(raw["a5"]), int(raw["b5"]), int(raw["y5"])
        if a <= 12 and b <= 12:
            return Date(start, end, told, b, a, other=(a, b))
        found = (b, a) if b <= 12 else (a, b)
        return Date(start, end, told, *found) if found[0] <= 12 and found[1] <= 31 else None
    year = _year(
        next((raw[n] for n in ("y1", "y2", "y3", "y4", "y6", "y11", "y12", "y13") if raw[n]), None), bool(raw["era"])
    )
    month = _month_number(next((raw[n] for n in ("m1", "m2", "m3", "m4", "m6", "m7", "m8") if raw[n]), None))
    day = _small(next((raw[n] for n in ("d1", "d2", "d4", "d6", "d7", "d8") if raw[n]), None))
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    if raw["y6"] and not raw["era"] and not raw["m6"] and len(raw["y6"]) < 4:
        return None  # 30年 is a duration
    if raw["m8"] and not raw["era"] and _lasts(match):
        return None
    if not year and raw["m2"] in ("may", "march", "mar") and not _ON.search(match.string, max(0, start - 8), start):
        return None  # `may 30 people come`, but `on may 30`
    return Date(start, end, year, month, day, decade=bool(raw["decade"] or raw["decade2"]))


_ON = re.compile(r"\b(?:on|of|by|until|till|since|from|to|before|after|for) $")


def _lasts(match: re.Match[str]) -> bool:
    """Whether `3月` stands in `3月內` or the like."""
    return match.string[match.end() : match.end() + 1] in "内內后後"


def _year(written: str | None, era: bool) -> int | None:
    value = _small(written)
    if value is None:
        return None
    if era:
        return value + 1911
    return value if value >= 100 else value + (1900 if value > 30 else 2000)


def _month_number(written: str | None) -> int | None:
    return _MONTH[written.lower()] if written and written.lower() in _MONTH else _small(written)


def _small(written: str | None) -> int | None:
    if not written:
        return None
    if written.isdigit():
        return int(written[:4])
    known = read_chinese(written)
    return int(known.value) if known else None


def clocks(text: str, most: int = MOST) -> list[Clock]:
    """The times of day of a `plain` text."""
    found: list[Clock] = []
    if _MAY_BE_CLOCK.search(text) is None:
        return found
    for match in _CLOCK.finditer(text):
        hour: int = _small(match.group(1) or match.group(4) or match.group(7)) or 0
        minute: int = 30 if match.group(8) == "半" else _small(match.group(2) or match.group(5) or match.group(8)) or 0
        part = (match.group(3) or "").lower() or _HALVES.get((match.group(6) or " ")[0], "")
        loose = bool(match.group(7) and not match.group(6) and not match.group(8))
        if part == "p" and hour < 12:
            hour += 12
        elif part == "a" and hour == 12:
            hour = 0
        if hour < 24 and minute < 60:
            found.append(Clock(match.start(), match.end(), hour * 60 + minute, not part and hour <= 12, loose))
    return found[:most]


def names(text: str, most: int = MOST) -> list[Name]:
    """What is written like a name in a `plain` text: capitals, 《titles》 and transliterations with a dot."""
    found: list[Name] = []
    for match in _NAME.finditer(text) if not text.islower() else ():
        if len(found) == most:
            break
        words = tuple(_NAME_WORD.findall(match.group()))
        if words and match.end() - match.start() > 1:
            found.append(Name(*match.span(), words, _begins(text, match.start())))
    if "·" in text or "•" in text or "・" in text:
        cut = re.compile("[·•・]").split
        found += [Name(*match.span(), tuple(cut(match.group()))) for match in _TRANSLITERATED.finditer(text)]
    if "《" in text:
        found += [Name(*match.span(1), (match.group(1),)) for match in _TITLE.finditer(text)]
    return found[:most]


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins here, behind marks that open one."""
    while at and text[at - 1] in "\"' ([*_#->\n\t":
        at -= 1
    return not at or text[at - 1] in ".!?:;。！？：；\n"


def quotations(text: str, most: int = MOST) -> list[Quotation]:
    """What stands between quotation marks in a `plain` text."""
    found = []
    for match in _QUOTED.finditer(text):
        group = match.lastindex or 0
        found.append(Quotation(*match.span(group)))
    return found[:most]

"""The Chinese calendar: lunar dates, stems and branches, the animals of the years, and the eras of East Asia.

Rules:
1. The table covers the lunar years 1929 to 2088 and no other: before 1929 the calendar was reckoned for Beijing's own
   meridian and published tables differ by a day here and there, in 2089 and 2097 they differ again.
2. The table was computed with `lunar_python` 1.4.8 (MIT) and agrees, month by month, with the tables of `LunarCalendar`
   0.0.9 (MIT) and `borax` 4.1.3 (MIT); `python -m benchmarks.lunar` repeats the comparison with those that are
   installed.  A test holds the new years against the table of `holidays` (MIT).
3. A year has one code: bit 16 says that the leap month has 30 days, bits 15 to 4 that months 1 to 12 have, bits 3 to 0
   which month is followed by a leap month.
"""

from datetime import date, timedelta
from functools import lru_cache

FIRST, LAST = 1929, 2088
"""The lunar years that the table covers."""

_NEW_YEAR = date(1929, 2, 10)
_TABLE = """
04970 06566 0d4a0 0ea50 16a95 05ad0 02b60 186e3 092e0 1c8d7 0c950 0d4a0 1d8a6 0b550 056a0 1a5b4
025d0 092d0 0d2b2 0a950 0b557 06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 0aea6
0ab50 04b60 0aae4 0a570 05260 0f263 0d950 05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558
0b540 0b6a0 195a6 095b0 049b0 0a974 0a4b0 0b27a 06a50 06d40 0af46 0ab60 09570 04af5 04970 064b0
074a3 0ea50 06b58 05ac0 0ab60 096d5 092e0 0c960 0d954 0d4a0 0da50 07552 056a0 0abb7 025d0 092d0
0cab5 0a950 0b4a0 0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 07954 06aa0 0ad50 05b52 04b60
0a6e6 0a4e0 0d260 0ea65 0d530 05aa0 076a3 096d0 04afb 04ad0 0a4d0 1d0b6 0d250 0d520 0dd45 0b5a0
056d0 055b2 049b0 0a577 0a4b0 0aa50 1b255 06d20 0ada0 14b63 09370 049f8 04970 064b0 168a6 0ea50
06b20 1a6c4 0aae0 092e0 0d2e3 0c960 0d557 0d4a0 0da50 05d55 056a0 0a6d0 055d4 052d0 0a9b8 0a950
0b4a0 0b6a6 0ad50 055a0 0aba4 0a5b0 052b0 0b273 06930 07337 06aa0 0ad50 14b55 04b60 0a570 054e4
"""
_CODES = tuple(int(code, 16) for code in _TABLE.split())

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
ANIMALS = ("Rat", "Ox", "Tiger", "Rabbit", "Dragon", "Snake", "Horse", "Goat", "Monkey", "Rooster", "Dog", "Pig")
ANIMALS_HANT = "鼠牛虎兔龍蛇馬羊猴雞狗豬"
ANIMALS_HANS = "鼠牛虎兔龙蛇马羊猴鸡狗猪"
ERAS = {
    "民國": 1911, "民国": 1911, "minguo": 1911, "roc": 1911,
    "令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911,
    "reiwa": 2018, "heisei": 1988, "showa": 1925, "taisho": 1911,
}  # fmt: skip
"""The year before the first of an era.  Meiji is left out: until 1872 Japan kept a lunar calendar."""


@lru_cache(1)
def _months() -> tuple[tuple[date, int, int], ...]:
    """Every month in order: its first day, the lunar year, and the month (negative for a leap month)."""
    found: list[tuple[date, int, int]] = []
    first = _NEW_YEAR
    for year, code in enumerate(_CODES, FIRST):
        leap = code & 0xF
        for month in range(1, 13):
            found.append((first, year, month))
            first += timedelta(29 + (code >> (16 - month) & 1))
            if month == leap:
                found.append((first, year, -month))
                first += timedelta(29 + (code >> 16 & 1))
    found.append((first, LAST + 1, 1))
    return tuple(found)


@lru_cache(1)
def _places() -> dict[tuple[int, int], int]:
    return {(year, month): at for at, (_, year, month) in enumerate(_months())}


def day_of(year: int, month: int, day: int) -> date | None:
    """The day on which a lunar date falls, None where there is no such date or the table does not cover it.

    >>> day_of(2024, 1, 1), day_of(2025, -6, 1)
    (datetime.date(2024, 2, 10), datetime.date(2025, 7, 25))
    """
    at = _places().get((year, month))
    if at is None or at + 1 >= len(_months()):
        return None
    first, following = _months()[at][0], _months()[at + 1][0]
    return first + timedelta(day - 1) if 1 <= day <= (following - first).days else None


def lunar_of(day: date) -> tuple[int, int, int] | None:
    """The lunar year, month (negative for a leap month) and day of a day.

    >>> lunar_of(date(2024, 9, 17))
    (2024, 8, 15)
    """
    months = _months()
    if not months[0][0] <= day < months[-1][0]:
        return None
    low, high = 0, len(months) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if months[middle][0] <= day else (low, middle)
    first, year, month = months[low]
    return year, month, (day - first).days + 1


def pair_of(year: int) -> str:
    """The stem and branch of the lunar year that begins in `year`.

    >>> pair_of(2024), pair_of(1911)
    ('甲辰', '辛亥')
    """
    return STEMS[(year - 4) % 10] + BRANCHES[(year - 4) % 12]


def animal_of(year: int) -> int:
    """The animal of the lunar year that begins in `year`, as a place in `ANIMALS`."""
    return (year - 4) % 12

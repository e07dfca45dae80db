"""The table of the Chinese calendar held against other libraries: `python -m benchmarks.lunar`.

Rules: every month of the years that the detector covers is compared by its first day; a library that is not installed
is named and left out (`pip install lunar_python LunarCalendar borax`); `holidays` knows festivals alone, so these are
compared.  Exit status 1 where a month or a festival differs.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from guardrail.detectors.errors.dates.lunar import FIRST, LAST, day_of

Lunar = tuple[int, int, int]


def months() -> Iterator[tuple[date, Lunar]]:
    """The first day of every month and the lunar date that it is."""
    for year in range(FIRST, LAST + 1):
        for month in (*range(1, 13), *range(-12, 0)):
            day = day_of(year, month, 1)
            if day is not None:
                yield day, (year, month, 1)


def lunar_python() -> Callable[[date], Lunar]:
    """`lunar_python`: astronomical."""
    from lunar_python import Solar  # type: ignore[import-not-found]

    def of(day: date) -> Lunar:
        lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
        return lunar.getYear(), lunar.getMonth(), lunar.getDay()

    return of


def lunar_calendar() -> Callable[[date], Lunar]:
    """`LunarCalendar`: a table."""
    from lunarcalendar import Converter, Solar  # type: ignore[import-not-found]

    def of(day: date) -> Lunar:
        lunar: Any = Converter.Solar2Lunar(Solar(day.year, day.month, day.day))
        return lunar.year, -lunar.month if lunar.isleap else lunar.month, lunar.day

    return of


def borax() -> Callable[[date], Lunar]:
    """`borax`: a table."""
    from borax.calendars.lunardate import LunarDate  # type: ignore[import-not-found]

    def of(day: date) -> Lunar:
        lunar: Any = LunarDate.from_solar_date(day.year, day.month, day.day)
        return lunar.year, -lunar.month if lunar.leap else lunar.month, lunar.day

    return of


FESTIVALS = {
    "lunar_new_year_date": (1, 1),
    "buddha_birthday_date": (4, 8),
    "dragon_boat_date": (5, 5),
    "mid_autumn_date": (8, 15),
    "double_ninth_date": (9, 9),
}
"""The festivals of the table of `holidays` by its method, with their lunar month and day."""


def festivals() -> list[str]:
    """Festivals on which the table of `holidays` differs."""
    from holidays.calendars.chinese import _ChineseLunisolar

    table = _ChineseLunisolar()
    return [
        f"{year} {method}: {day_of(year, *lunar)}, not {getattr(table, method)(year)[0]}"
        for year in range(FIRST, LAST + 1)
        for method, lunar in FESTIVALS.items()
        if day_of(year, *lunar) != getattr(table, method)(year)[0]
    ]


def main() -> int:
    """Compare with what is installed."""
    wrong = festivals()
    print(f"holidays: {len(FESTIVALS) * (LAST - FIRST + 1)} festivals, {len(wrong)} differ")
    for made in (lunar_python, lunar_calendar, borax):
        try:
            of = made()
        except ImportError as error:
            print(f"{made.__name__}: not installed ({error.name})")
            continue
        differ = [f"{made.__name__} {day}: {of(day)}, not {lunar}" for day, lunar in months() if of(day) != lunar]
        print(f"{made.__name__}: {sum(1 for _ in months())} months, {len(differ)} differ")
        wrong += differ
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

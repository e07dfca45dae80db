"""The table of the Chinese calendar is that of other libraries, and says what its years are called."""

from datetime import date, timedelta

import pytest

from benchmarks import lunar
from guardrail.detectors.errors.dates.lunar import ANIMALS, FIRST, LAST, animal_of, day_of, lunar_of, pair_of


def test_the_festivals_are_those_of_another_library() -> None:
    assert lunar.festivals() == []


@pytest.mark.parametrize("library", [lunar.lunar_python, lunar.lunar_calendar, lunar.borax])
def test_the_months_are_those_of_other_libraries_where_they_are_installed(library: object) -> None:
    try:
        of = library()  # type: ignore[operator]
    except ImportError:
        pytest.skip("not installed")
    assert [day for day, said in lunar.months() if of(day) != said] == []


@pytest.mark.parametrize(
    ("lunar_date", "day"),
    [
        ((2024, 1, 1), date(2024, 2, 10)),
        ((2025, 1, 1), date(2025, 1, 29)),
        ((2025, -6, 1), date(2025, 7, 25)),
        ((2023, -2, 1), date(2023, 3, 22)),
        ((2033, -11, 1), date(2033, 12, 22)),
        ((2024, 8, 15), date(2024, 9, 17)),
    ],
)
def test_days(lunar_date: tuple[int, int, int], day: date) -> None:
    assert day_of(*lunar_date) == day
    assert lunar_of(day) == lunar_date


def test_every_day_there_and_back() -> None:
    day = date(FIRST + 1, 1, 1)
    while day < date(LAST, 12, 31):
        made = lunar_of(day)
        assert made is not None
        assert day_of(*made) == day
        day += timedelta(13)


@pytest.mark.parametrize(
    "lunar_date", [(1928, 1, 1), (2089, 1, 1), (2024, -2, 1), (2024, 13, 1), (2024, 1, 31), (2024, 1, 0)]
)
def test_what_the_table_does_not_hold_is_no_day(lunar_date: tuple[int, int, int]) -> None:
    assert day_of(*lunar_date) is None


def test_beyond_the_table_there_is_no_lunar_date() -> None:
    assert lunar_of(date(1929, 2, 9)) is None
    assert lunar_of(date(2089, 2, 10)) is None


@pytest.mark.parametrize(
    ("year", "pair", "animal"),
    [(2024, "甲辰", "Dragon"), (1911, "辛亥", "Pig"), (1984, "甲子", "Rat"), (2000, "庚辰", "Dragon")],
)
def test_years(year: int, pair: str, animal: str) -> None:
    assert pair_of(year) == pair
    assert ANIMALS[animal_of(year)] == animal

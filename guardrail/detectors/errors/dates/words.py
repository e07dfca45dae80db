"""What is said of a date that is wrong: the fault, and dates in the reader's language (serves `detector.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from guardrail.detectors.errors.dates.read import MONTHS, WEEKDAYS, WEEKDAYS_ZH, Day
from guardrail.text.wording import Wording

CHINESE = ("zh-Hant", "zh-Hans", "zh", "yue")


@dataclass(frozen=True, slots=True)
class Both:
    """Words in English, Traditional and (where they differ) Simplified Chinese."""

    en: str
    hant: str
    hans: str = ""

    def to(self, lang: str) -> str:
        """The words for a reader of `lang`."""
        if lang == "zh-Hans":
            return self.hans or self.hant
        return self.hant if lang in CHINESE else self.en


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about a date at `start:end` that cannot be, how sure that is, and what to tell the reader."""

    kind: str
    start: int
    end: int
    score: float
    evidence: str
    wording: Wording
    values: Mapping[str, object] = field(default_factory=dict)

    def message(self, lang: str) -> str:
        """The words for a reader of `lang`, a sentence with its stop."""
        values = {name: one.to(lang) if isinstance(one, Both) else one for name, one in self.values.items()}
        words = self.wording.to(lang, **values)
        return words + ("。" if lang in CHINESE else ".")


def said(day: date) -> Both:
    """A day with its year, in words.

    >>> said(date(2024, 3, 5))
    Both(en='5 March 2024', hant='2024年3月5日', hans='')
    """
    return Both(f"{day.day} {MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月{day.day}日")


def named(day: Day) -> Both:
    """A date as far as it is written, in words."""
    year_en, year_zh = ("", "") if day.year is None else (f" {day.year}", f"{day.year}年")
    return Both(f"{day.day} {MONTHS[day.month - 1]}{year_en}", f"{year_zh}{day.month}月{day.day}日")


def counted(number: int, unit: str, chinese: str) -> Both:
    """So many days or years, in words.

    >>> counted(1, "day", "天").en, counted(14, "day", "天").hant
    ('1 day', '14天')
    """
    return Both(f"{number} {unit}" + ("" if number == 1 else "s"), f"{number}{chinese}")


def weekday(number: int) -> Both:
    """The weekday, 0 for Monday."""
    return Both(WEEKDAYS[number], f"星期{WEEKDAYS_ZH[number]}")

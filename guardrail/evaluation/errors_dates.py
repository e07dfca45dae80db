"""Dates in running sentences, wrong ones and their right twins, and what the check says of each.

Rules:
1. Hand-written pairs come from errors_dates.toml.  Generated ones put values into frames; what is right is computed
   with the standard library's calendar, and lunar dates with the table of `holidays`, never with that of the detector.
2. Everything is drawn from a seed; the same seed gives the same items.
3. How items are judged is written in `errors_own.py`.
"""

import random
import tomllib
from calendar import day_name, month_name
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from guardrail.detectors.errors.dates.detector import Dates
from guardrail.evaluation.errors_own import LANGUAGES, Item, alarms, judged, twins
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.report import Goal, Section

FILE = Path(__file__).with_name("errors_dates.toml")
GOALS: tuple[Goal, ...] = (
    Goal("dates.precision", "a notice that is wrong costs the trust of the reader", at_least=0.97),
    Goal("dates_benign.alarms", "with the other checks, ordinary answers get a notice in 1 % at most", at_most=0.002),
)

_ANIMALS = ["Rat", "Ox", "Tiger", "Rabbit", "Dragon", "Snake", "Horse", "Goat", "Monkey", "Rooster", "Dog", "Pig"]
_ANIMALS_ZH = {
    "zh-Hant": "鼠牛虎兔龍蛇馬羊猴雞狗豬",
    "yue": "鼠牛虎兔龍蛇馬羊猴雞狗豬",
    "zh-Hans": "鼠牛虎兔龙蛇马羊猴鸡狗猪",
}
_PAIRS_OF_EACH = 12

_FRAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "error.weekday": {
        "en": (
            "The seminar will be held on {weekday}, {day}, in the main hall.",
            "{day} was a {weekday}.",
            "Date: {day} ({weekday})",
        ),
        "zh-Hant": ("講座將於{day}（{weekday}）舉行。", "{day}{weekday}上午開會。"),
        "yue": ("個講座喺{day}{weekday}搞。", "{day}係{weekday}嚟㗎。"),
        "zh-Hans": ("讲座将于{day}（{weekday}）举行。", "{day}{weekday}上午开会。"),
    },
    "error.date_impossible": {
        "en": ("Please reply by {day}.", "The contract ends on {day}, unless renewed."),
        "zh-Hant": ("請於{day}前回覆。", "合約於{day}屆滿。"),
        "yue": ("你要喺{day}之前覆返。", "份約{day}到期。"),
        "zh-Hans": ("请于{day}前回复。", "合同于{day}期满。"),
    },
    "error.duration": {
        "en": ("From {day} to {end} is {count} days.", "The fair runs from {day} to {end}, a total of {count} days."),
        "zh-Hant": ("由{day}至{end}，共{count}天。", "從{day}到{end}一共{count}天。"),
        "yue": ("由{day}到{end}總共{count}日。", "由{day}至{end}一共有{count}日。"),
        "zh-Hans": ("从{day}至{end}，共{count}天。", "从{day}到{end}一共{count}天。"),
    },
    "error.date_order": {
        "en": ("The course runs from {day} to {end}.", "Opening period: from {day} until {end}."),
        "zh-Hant": ("課程由{day}至{end}。", "開放日期：{day}至{end}。"),
        "yue": ("個課程由{day}到{end}。", "開放日期：{day}至{end}。"),
        "zh-Hans": ("课程从{day}到{end}。", "开放日期：{day}至{end}。"),
    },
    "error.calendar": {
        "en": ("{year} is the Year of the {animal}.", "Lunar New Year {year} is on {new_year}."),
        "zh-Hant": ("{year}年是{animal}年。", "{year}年農曆新年是{new_year}。"),
        "yue": ("{year}年係{animal}年。", "{year}年年初一係{new_year}。"),
        "zh-Hans": ("{year}年是{animal}年。", "{year}年春节是{new_year}。"),
    },
    "error.holiday": {
        "en": ("The Mid-Autumn Festival {year} falls on {autumn}.", "In Hong Kong, Chung Yeung is on {ninth}."),
        "zh-Hant": ("{year}年中秋節是{autumn}。", "香港的重陽節是{ninth}。"),
        "yue": ("{year}年中秋節係{autumn}。", "香港嘅重陽節係{ninth}。"),
        "zh-Hans": ("{year}年中秋节是{autumn}。", "香港的重阳节是{ninth}。"),
    },
}  # fmt: skip


def items(seed: int = 1) -> list[Item]:
    """All items, in a fixed order."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    made: list[Item] = []
    for at, (kind, lang, wrong, right) in enumerate(data["pairs"]):
        made += twins(f"written-{kind}-{at}", kind, lang, "written", wrong, right)
    made += [Item(f"written-right-{at}", text, "", lang, "written") for at, (lang, text) in enumerate(data["right"])]
    return [*made, *_generated(random.Random(seed))]


def _generated(dice: random.Random) -> Iterator[Item]:
    from holidays.calendars.chinese import _ChineseLunisolar

    table = _ChineseLunisolar()
    for kind, frames in _FRAMES.items():
        for lang in LANGUAGES:
            for at in range(_PAIRS_OF_EACH):
                frame = frames[lang][at % len(frames[lang])]
                wrong, right = _values(kind, lang, dice, table)
                yield from twins(
                    f"{kind}-{lang}-{at}", kind, lang, "generated", frame.format(**wrong), frame.format(**right)
                )


def _values(kind: str, lang: str, dice: random.Random, table: object) -> tuple[dict[str, str], dict[str, str]]:
    """What fills a frame, wrongly and rightly."""
    day = date(dice.randint(1950, 2060), 1, 1) + timedelta(dice.randint(0, 364))
    end = day + timedelta(dice.randint(5, 60))
    base = {"day": _said(day, lang), "end": _said(end, lang), "weekday": _weekday(day.weekday(), lang)}
    if kind == "error.weekday":
        return base | {"weekday": _weekday((day.weekday() + dice.randint(1, 6)) % 7, lang)}, base
    if kind == "error.date_impossible":
        month, over = dice.choice(((2, 30), (4, 31), (6, 31), (9, 31), (11, 31)))
        return base | {"day": _written(day.year, month, over, lang)}, base | {
            "day": _written(day.year, month, 28, lang)
        }
    if kind == "error.duration":
        length = (end - day).days
        off = dice.choice((-1, 1)) * dice.randint(2, 9)
        return base | {"count": str(max(1, length + off) if length + off > 0 else length + 9)}, base | {
            "count": str(length + dice.randint(0, 1))
        }
    if kind == "error.date_order":
        return base | {"day": base["end"], "end": base["day"]}, base
    return _lunar(dice, lang, table)


def _lunar(dice: random.Random, lang: str, table: object) -> tuple[dict[str, str], dict[str, str]]:
    year = dice.randint(1998, 2050)
    days = {
        name: getattr(table, method)(year)[0]
        for name, method in (
            ("new_year", "lunar_new_year_date"), ("autumn", "mid_autumn_date"), ("ninth", "double_ninth_date")
        )
    }  # fmt: skip
    animal = (year - 4) % 12
    right = {name: _said(day, lang) for name, day in days.items()} | {
        "year": str(year),
        "animal": _animal(animal, lang),
    }
    off = timedelta(dice.choice((-1, 1)) * dice.randint(3, 12))
    wrong = {name: _said(day + off, lang) for name, day in days.items()}
    return right | wrong | {"animal": _animal((animal + dice.randint(1, 11)) % 12, lang)}, right


def _animal(number: int, lang: str) -> str:
    return _ANIMALS[number] if lang == "en" else _ANIMALS_ZH[lang][number]


def _said(day: date, lang: str) -> str:
    return _written(day.year, day.month, day.day, lang)


def _written(year: int, month: int, day: int, lang: str) -> str:
    if lang == "en":
        return f"{day} {month_name[month]} {year}" if day % 2 else f"{month_name[month]} {day}, {year}"
    return f"{year}年{month}月{day}{'號' if lang == 'yue' else '日'}"


def _weekday(number: int, lang: str) -> str:
    if lang == "en":
        return day_name[number]
    return ("禮拜" if lang == "yue" else "星期") + "一二三四五六日"[number]


def _own(run: Run) -> Section:
    detector = Dates()
    detector.load()
    return judged("dates", "own set: dates, weekdays, lengths, calendars, holidays", items(run.seed), [detector])


def _benign(run: Run) -> Section:
    detector = Dates()
    detector.load()
    return alarms("dates_benign", "ordinary answers under the check on dates", run, [detector])


SETS = {"dates": _own, "dates_benign": _benign}

"""Lengths in hours that do not follow from two times of day (serves `detector.py`).

Rules:
1. A time is written with minutes, with am or pm, or in Chinese with 時 or 點.  Without am or pm an hour up to twelve
   may mean either half of the day, and past midnight the next day begins.
2. Breaks, journeys and what happens `each day` are no plain sums (`dates/counts.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardrail.detectors.errors.dates.counts import DURATION, IS, NO_SUM, WORDS, count_of, is_length, placed
from guardrail.detectors.errors.dates.read import number
from guardrail.detectors.errors.dates.words import Both, Fault
from guardrail.text.wording import Wording

_HOURS = Wording(
    "From {one} to {two} is {right}, not {wrong}",
    "由{one}至{two}是{right}，不是{wrong}",
    "从{one}到{two}是{right}，不是{wrong}",
)
_HALF = r"(?:上午|下午|早上|晚上|凌晨|中午|傍晚|夜晚|朝早|下晝|晏晝|朝)"
_CLOCK = (
    rf"(?:(?P<half{{0}}>{_HALF})\s?)?(?P<h{{0}}>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})(?::(?P<m{{0}}>[0-5]\d)"
    rf"|[時时點点](?:"
    rf"(?P<k{{0}}>\d{{1,2}}|[一二三四五]?十[一二三四五六七八九]?)分|(?P<s{{0}}>半)|正)?)?"
    r"(?:\s?(?P<x{0}>[ap]\.?m\b\.?|noon|midnight))?"
)
_FIRST_CLOCK, _SECOND_CLOCK = (_CLOCK.replace("{0}", str(n)).replace("{{", "{").replace("}}", "}") for n in (1, 2))
_HOURS_SPAN = re.compile(
    rf"(?<![\d:.,年月])(?:{_FIRST_CLOCK})(?:\s?(?:to|until|till|[-–—]|至|到)\s?|,?\s(?:and\s)?(?:it\s|we\s|was\s)?"
    rf"(?:closed?s?|end(?:s|ed)?|finish(?:es|ed)?)(?:\sat)?\s"
    rf"|(?:開門|开门|開始|开始|營業|营业|開|开)?[，,]?\s?(?:直到|直至)?\s?)(?:{_SECOND_CLOCK})(?:結束|结束|關門"
    rf"|关门|收工|打烊|為止|为止)?"
    rf"{IS}(?P<count>\d{{1,2}}(?:\.\d{{1,2}})?|{'|'.join(list(WORDS)[:12])}|[一二兩两三四五六七八九十]{{1,3}})"
    rf"(?P<half>個半"
    rf"|个半)?\s?(?:個|个)?(?P<unit>hours?|hrs?|小時|小时|鐘頭|钟头|鐘|钟)"
    r"(?:(?:\sand|,)?\s?(?P<minutes>\d{1,2})\s?(?:minutes?|mins?|分鐘|分钟))?(?![\w-]|[ ](?:before|after|ago|later"
    r"|notice|a day|per|earlier|in advance|daily|each|every|left)|[之以]?[前後后內内])",
    re.IGNORECASE,
)
HOUR = ("hour", "hrs", "小時", "小时", "鐘", "钟")
"""Without one of these no length in hours is looked for."""


def hours(line: str, at: int) -> Iterator[Fault]:
    if not (
        "hour" in line or "hr" in line or " h" in line or "時" in line or "时" in line or "鐘" in line or "钟" in line
    ):
        return
    for match in _HOURS_SPAN.finditer(line):
        one, two = _clock(match, 1), _clock(match, 2)
        claimed = _claimed(match)
        around = line[max(0, match.start() - 60) : match.end() + 40]
        if one is None or two is None or claimed is None or claimed % 1440 == 0:
            continue
        if not is_length(line, match.end()) or NO_SUM.search(around):
            continue
        lengths = {(b - a) % 1440 for a in one for b in two}
        if claimed not in lengths:
            right = min(lengths, key=lambda length: abs(length - claimed))
            values = {
                "one": _as_written(match, 1), "two": _as_written(match, 2),
                "right": _in_words(right), "wrong": _in_words(claimed)
            }  # fmt: skip
            yield Fault(
                DURATION, *placed(match, at), 0.85, "a number of hours that the times do not give", _HOURS, values
            )


@dataclass(frozen=True, slots=True)
class _Clock:
    """The parts of a time of day as written."""

    half: str
    hour: str
    minute: str
    spoken: str
    thirty: str
    suffix: str


def _parts(match: re.Match[str], n: int) -> _Clock:
    return _Clock(*(match.group(f"{name}{n}") or "" for name in ("half", "h", "m", "k", "s", "x")))


def _clock(match: re.Match[str], n: int) -> set[int] | None:
    """The minutes after midnight that a time of day may mean; None where it is no time."""
    clock = _parts(match, n)
    written = match.group()[match.start(f"h{n}") - match.start() :][:4]
    if not (clock.minute or clock.suffix or clock.half or written[len(clock.hour) : len(clock.hour) + 1] in "時时點点"):
        return None
    hour = number(clock.hour)
    minute = 30 if clock.thirty else number(clock.minute or clock.spoken or "0")
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    if clock.suffix.lower() in ("noon", "midnight"):
        return {(720 if clock.suffix.lower() == "noon" else 0) + minute}
    at = hour * 60 + minute
    if hour > 12 or (clock.minute and clock.hour.startswith("0")):
        return {at}
    suffix = clock.suffix.lower()[:1]
    if suffix or clock.half:
        late = (
            suffix == "p"
            or clock.half in ("下午", "晚上", "傍晚", "夜晚", "晏晝", "下晝")
            or (clock.half == "中午" and hour < 6)
        )
        return {at % 720 + 720} if late else {at % 720, at} if clock.half in ("中午", "凌晨") else {at % 720}
    return {at % 1440, (at + 720) % 1440}


def _claimed(match: re.Match[str]) -> int | None:
    written = match.group("count")
    hours = count_of(written)
    if hours is None and written.replace(".", "").isdigit():
        hours = float(written)
    if hours is None or hours > 24:
        return None
    return round(hours * 60) + (30 if match.group("half") else 0) + int(match.group("minutes") or 0)


def _as_written(match: re.Match[str], n: int) -> str:
    ends = [match.end(f"{name}{n}") for name in ("h", "m", "k", "s", "x")]
    starts = [match.start(f"{name}{n}") for name in ("half", "h") if match.start(f"{name}{n}") >= 0]
    end = max(ends)
    tail = match.string[end : end + 1]
    return match.string[min(starts) : end + (tail in "時时點点分" and tail != "")]


def _in_words(minutes: int) -> Both:
    hours, rest = divmod(minutes, 60)
    unit = "hour" if hours == 1 else "hours"
    en = f"{hours} {unit}" + (f" {rest} minutes" if rest else "")
    hant = f"{hours}小時" + (f"{rest}分鐘" if rest else "")
    return Both(en, hant, hant.replace("時", "时").replace("鐘", "钟"))

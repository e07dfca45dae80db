"""Spans of years, years after years, and lives, that do not add up or run backwards (serves `detector.py`).

Rules:
1. `from 1990 to 2005, a total of 20 years`: years may be counted with both ends, so one more or less is right.
2. A life that ends before it begins, and something that was `two years after` what came later, are in the wrong order;
   years before Christ run that way, and so does what goes `back`.
3. Everything lies in one line, within a bounded distance.
"""

import re
from collections.abc import Iterator

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
    placed,
)
from guardrail.detectors.errors.dates.words import Both, Fault, counted
from guardrail.text.wording import Wording

_YEARS = Wording(
    "From {one} to {two} is {right}, not {wrong}",
    "由{one}年至{two}年是{right}，不是{wrong}年",
    "从{one}年到{two}年是{right}，不是{wrong}年",
)
_WRONG_WAY = Wording(
    "{one} is not {way} {two}: the order of the years is wrong",
    "{one}年不在{two}年之{way}：年份次序不對",
    "{one}年不在{two}年之{way}：年份次序不对",
)
_SPAN_OF_YEARS = re.compile(
    rf"(?P<head>\b(?:(?:for|over)(?! [\w.]+ years? between)"
    rf"|period of|total of|span of|spanning|lasting|lasted)[ ](?P<n1>{COUNT})[ ]years?,?[ ])?"
    rf"(?:\b(?:from|between)[ ](?P<a>{YEAR})[ ](?:to|until|and|through)[ ](?P<b>{YEAR})|(?:[從从由自]\s?)?"
    rf"(?P<c>{YEAR})\s?年?\s?(?:至|到|－|[-–])\s?(?P<d>{YEAR})\s?年)"
    rf"(?:{IS}(?P<n2>{COUNT}|{COUNT_ZH})[ ]?(?:years?\b|年)(?![之以前後后內内代級级度齡龄期])(?![ ](?:before|after"
    rf"|ago|later"
    rf"|old|earlier|of age|in advance))(?!-))?",
    re.IGNORECASE,
)
_AFTER_YEAR = re.compile(
    rf"(?:\bin (?:\w{{3,9}} )?(?P<a>{YEAR}),? (?:just |only |exactly |barely )?(?P<n>{COUNT}) years? "
    rf"(?P<way>after|before|later than|earlier than) "
    rf"(?:[^\W\d][\w'’ -]{{0,50}}?\s)?(?P<b>{YEAR}))",
    re.IGNORECASE,
)
_LIFE = re.compile(
    rf"(?P<name>[A-Z][\w.'’-]{{1,30}}|[\u4e00-\u9fff]|\))\s?[(（](?:born )?(?P<a>{YEAR})年?\s?(?:[-–—~至]|to)\s?"
    rf"(?P<b>{YEAR})年?[)）]"
)
_BORN_DIED = re.compile(
    rf"\bborn (?:in|on)\b[^.;\n]{{0,40}}?(?P<a>{YEAR})[^.;\n]{{0,60}}?\b(?:died|passed away) (?:in"
    rf"|on)\b[^.;\n]{{0,24}}?(?P<b>{YEAR})"
    rf"|(?:生於|生于|出生於|出生于)\s?(?P<c>{YEAR})\s?年[^。；\n]{{0,40}}?(?:[死卒逝]於|[死卒逝]于|去世於|逝世於"
    rf"|逝世于|去世于)\s?(?P<d>{YEAR})\s?年"
    rf"|(?P<e>{YEAR})\s?年[^。；，,\n]{{0,14}}?(?:出生|誕生|诞生)[^。；\n]{{0,30}}?"
    rf"(?P<f>{YEAR})\s?年[^。；，,\n]{{0,14}}?(?:去世"
    rf"|逝世|病逝|離世|离世|死)"
)


def years(line: str, at: int) -> Iterator[Fault]:
    """The faults of a line that begins at `at`."""
    for match in _SPAN_OF_YEARS.finditer(line):
        low, high = (int(match.group(a) or match.group(b)) for a, b in (("a", "c"), ("b", "d")))
        written = match.group("n1") or match.group("n2")
        claimed = count_of(written) if written else None
        around = line[max(0, match.start() - 40) : match.end() + 30]
        if match.group("n2") and not is_length(line, match.end()):
            continue
        if claimed is None or high < low or NO_SUM.search(around) or ON_PURPOSE.search(around):
            continue
        if abs(claimed - (high - low)) > 1:
            values = {"one": low, "two": high, "right": counted(high - low, "year", "年"), "wrong": written}
            yield Fault(
                DURATION, *placed(match, at), 0.85, "a number of years that the years do not give", _YEARS, values
            )
    for match in _AFTER_YEAR.finditer(line):
        yield from _years_after(match, at)
    for match in (*_LIFE.finditer(line), *_BORN_DIED.finditer(line)):
        low, high = (int(group) for group in match.groups()[-6:] if group and group.isdigit())
        around = line[max(0, match.start() - 60) : match.end() + 40]
        if high < low and not ON_PURPOSE.search(around) and "ISSN" not in around:
            values = {"one": Both(str(low), f"{low}年"), "two": Both(str(high), f"{high}年")}
            score = 0.9 if match.re is _BORN_DIED else 0.8
            yield Fault(ORDER, *placed(match, at), score, "the end is before the beginning", BACKWARDS, values)


def _years_after(match: re.Match[str], at: int) -> Iterator[Fault]:
    one, two, claimed = int(match.group("a")), int(match.group("b")), count_of(match.group("n"))
    after = match.group("way").lower() in ("after", "later than")
    apart = one - two if after else two - one
    if claimed is None or "after" in match.group()[-60:-5].replace("after", "", 1) or NO_SUM.search(match.group()):
        return
    if apart < 0:
        way = Both("after", "後", "后") if after else Both("before", "前")
        values: dict[str, object] = {"one": one, "two": two, "way": way}
        yield Fault(ORDER, *placed(match, at), 0.85, "years in the wrong order", _WRONG_WAY, values)
    elif abs(apart - claimed) > 1:
        values = {
            "one": min(one, two),
            "two": max(one, two),
            "right": counted(apart, "year", "年"),
            "wrong": match.group("n"),
        }
        yield Fault(DURATION, *placed(match, at), 0.85, "a number of years that the years do not give", _YEARS, values)

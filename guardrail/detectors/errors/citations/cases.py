"""References to judgments of Hong Kong courts that cannot be right by their form: neutral citations and law reports.

Whether a judgment exists is never said.

Rules:
1. Neutral citations are `[year] court number`.  Practice Direction 5.5 of the Judiciary began them on 1 January 2018
   (as told by the library guide "Citing Legal Information" of City University); HKLII has numbered older judgments in
   the same form, so an older year is a hint and no error, but the Court of Final Appeal has no year before 1997.
2. The codes of courts and reports are those that hkeyecite 0.1.4 (BSD-2-Clause) lists.  A code that nearly is one of
   them is said to be none; any other unknown code is passed over, because there are more series than any list has.
3. No year lies in the future, no number is 0.
4. The Hong Kong Court of Final Appeal Reports have one volume a year from 1997-98 on: volume 23 is of 2020.
"""

import re
from collections.abc import Iterator

from guardrail.detectors.errors.citations.found import Found
from guardrail.text.wording import Wording

KIND = "error.case_citation"

COURTS = frozenset(
    "HKCFA HKCA HKCFI HKDC HKFC HKFamC HKLT HKLdT HKLBT HKLaT HKSCT HKCT HKOAT HKCC HKCrC HKMC HKMagC".split()  # noqa: SIM905
)
"""Codes of courts and tribunals in neutral citations (hkeyecite 0.1.4, courts.py)."""
REPORTS = frozenset(
    "HKLRD HKC HKCFAR HKPLR HKLR HKCLR HKCLRT HKEC HKCLC HKLRC".split()  # noqa: SIM905
)
"""Series of law reports (hkeyecite 0.1.4, reporters.py; HKEC, HKCLC, HKLRC: hk-citation-style.md, see NOTICE)."""
_FOUNDED = 1997
_NEUTRAL_SINCE = 2018

_NEUTRAL = re.compile(r"[\[［【](?P<year>\d{4})[\]］】]\s?(?P<court>HK[A-Za-z]{1,7})\s?(?P<number>\d{1,5})(?![\d.]\d)")
_REPORT = re.compile(
    r"[\[(（［](?P<year>\d{4})(?:[-–]\d{2,4})?[\])）］]\s?(?P<volume>\d{1,3})\s?"
    r"(?P<series>HK[A-Z]{1,6})\s(?P<page>\d{1,5})"
)

_FUTURE = Wording(
    "{said} cannot be right: {year} has not come yet.",
    "{said} 有誤：{year} 年尚未到來。",
    "{said} 有误：{year} 年尚未到来。",
)
_NO_CFA = Wording(
    "{said} cannot be right: the Court of Final Appeal was set up on 1 July 1997.",
    "{said} 有誤：終審法院在 1997 年 7 月 1 日才成立。",
    "{said} 有误：终审法院在 1997 年 7 月 1 日才成立。",
)
_OLD = Wording(
    "{said} is no official neutral citation: the Judiciary began them in 2018, so it may be HKLII's own number.",
    "{said} 不是官方的中立引稱：司法機構由 2018 年起採用，這可能是 HKLII 的編號。",
    "{said} 不是官方的中立引称：司法机构由 2018 年起采用，这可能是 HKLII 的编号。",
)
_NO_COURT = Wording(
    "{said} cannot be right: no Hong Kong court has the code {code}; did it mean {near}?",
    "{said} 有誤：香港沒有代號為 {code} 的法院，是否指 {near}？",
    "{said} 有误：香港没有代号为 {code} 的法院，是否指 {near}？",
)
_ZERO = Wording(
    "{said} cannot be right: judgments are numbered from 1.",
    "{said} 有誤：判案書由 1 開始編號。",
    "{said} 有误：判案书由 1 开始编号。",
)
_VOLUME = Wording(
    "{said} cannot be right: the HKCFAR volume of {year} is {right}, not {volume}.",
    "{said} 有誤：HKCFAR 在 {year} 年的卷號是 {right}，不是 {volume}。",
    "{said} 有误：HKCFAR 在 {year} 年的卷号是 {right}，不是 {volume}。",
)


def maybe(text: str) -> bool:
    """Whether there is anything to look at."""
    return "HK" in text


def find(text: str, this_year: int) -> Iterator[Found]:
    """The citations of judgments in `text` that cannot be right."""
    if not maybe(text):
        return
    for hit in _NEUTRAL.finditer(text):
        yield from _neutral(hit, this_year)
    for hit in _REPORT.finditer(text):
        yield from _report(hit, this_year)


def _found(hit: re.Match[str], score: float, evidence: str, wording: Wording, **values: object) -> Found:
    return Found(KIND, score, hit.start(), hit.end(), evidence, wording, {"said": hit.group(), **values})


def _neutral(hit: re.Match[str], this_year: int) -> Iterator[Found]:
    year, code = int(hit["year"]), hit["court"]
    if code not in COURTS and code not in REPORTS:
        near = _near(code)
        if near:
            yield _found(hit, 0.85, "a code that no court has", _NO_COURT, code=code, near=near)
        return
    if year > this_year:
        yield _found(hit, 0.95, "a year that has not come yet", _FUTURE, year=year)
    elif int(hit["number"]) == 0:
        yield _found(hit, 0.9, "a judgment numbered 0", _ZERO)
    elif code == "HKCFA" and year < _FOUNDED:
        yield _found(hit, 0.9, "a year before the court was set up", _NO_CFA)
    elif code in COURTS and year < _NEUTRAL_SINCE:
        yield _found(hit, 0.5, "a year before neutral citations began", _OLD)


def _report(hit: re.Match[str], this_year: int) -> Iterator[Found]:
    year, volume = int(hit["year"]), int(hit["volume"])
    if hit["series"] not in REPORTS:
        return
    if year > this_year:
        yield _found(hit, 0.95, "a year that has not come yet", _FUTURE, year=year)
    elif hit["series"] == "HKCFAR" and year > _FOUNDED + 1 and volume != year - _FOUNDED:
        yield _found(
            hit, 0.85, "a volume that is not of its year", _VOLUME, year=year, right=year - _FOUNDED, volume=volume
        )


def _near(code: str) -> str:
    """The code of a court that is one slip away from `code`, "" where none is."""
    codes = sorted(COURTS, key=len, reverse=True)
    return next((known for known in codes if _slip(code, known) if len(known) > 4 or code == known + known[-1]), "")


def _slip(one: str, other: str) -> bool:
    """Whether one letter added, left out or changed, or two neighbours exchanged, tells them apart."""
    if one.lower() == other.lower():
        return False  # HKLDT for HKLdT: a reader finds it
    if abs(len(one) - len(other)) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[same:], other[same:]
    swapped = len(rest) > 1 and len(rest_other) > 1 and rest[:2] == rest_other[1::-1] and rest[2:] == rest_other[2:]
    return rest[1:] == rest_other[1:] or rest[1:] == rest_other or rest == rest_other[1:] or swapped

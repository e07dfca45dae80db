"""Discounts and interest that do not hold (`error.percentage`, serves `figures.py`).

Rules:
1. A discount is judged where price, cut and result stand in one sentence: `20% off $250 is $190`, 原價$200，八折後$150.
   The result may be what is paid or what is saved; a second discount (再打九折) silences the check.
2. Interest, compound by the year or simple, is judged where one sentence has one sum, one rate, one number of years and
   what it becomes, the interest alone or all of it; payments along the way and other periods silence the check.
3. Rounding is as in `percentages.py`.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.percentages import ENDS, IS, MAYBE, WORDS, fits, slip_of
from guardrail.detectors.errors.sums.quantities import MONEY, NUMBER, PERCENT, amount, is_about, same_currency
from guardrail.detectors.errors.sums.quantities import share as read_share
from guardrail.detectors.errors.sums.screening import holds, lines
from guardrail.detectors.errors.sums.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_EVIDENCE = "a stated price or interest does not agree with the percentage beside it"
_WORTH = (" off", "discount", "折", "compound", "simple interest", "複", "复", "單利", "单利", "單息")
_OFF = re.compile(
    rf"(?:(?P<part>{PERCENT})\s+(?:off|discount\s+(?:on|off))\s+(?:of\s+)?(?:an?\s+|the\s+)?(?:original\s+"
    rf"|regular\s+)?(?:price\s+of\s+)?(?P<whole>{MONEY})"
    rf"|(?P<whole2>{MONEY})(?:{WORDS})?\s+(?:with|after|less|at)\s+(?:an?\s+|the\s+)?(?P<part2>{PERCENT})\s+(?:off"
    rf"|discount))"
    rf"(?:{WORDS}),?\s+(?:{IS}|costs?|leaves|you(?:'d| would|'ll| will)? pay|so you pay)\s+"
    rf"{MAYBE}(?P<result>{MONEY}){ENDS}",
    re.IGNORECASE,
)
_OFF_ZH = re.compile(
    rf"(?P<whole>{MONEY})(?P<gap>[^\d。\n折{{}}]{{0,10}}?)(?P<fold>[一二兩两三四五六七八九]{{1,2}}折"
    rf"|(?<![\d.,])\d(?:\.\d|\d)?折)(?P<gap2>[^\d。\n折]{{0,10}}?)"
    rf"(?:是|為|为|係|即|只需|只要|賣|卖|收|俾|畀|付|;){MAYBE}(?P<result>{MONEY}){ENDS}"
)
_INTEREST = re.compile(r"\b(?:compound(?:ed|ing)?|simple interest)\b|複利|复利|單利|单利|複息|單息", re.IGNORECASE)
_YEARS = re.compile(rf"(?P<n>{NUMBER})\s?(?:years?\b|年(?!利|率|期))")
_AFTER_YEARS = re.compile(
    r"(?:months?|quarter|semi|half|daily|weekly|每月|每季|半年|每日|deposit|contribut|每年存|供款)", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^\n。!?]{1,400}?(?:[。!?\n]|\.\s|$)")
_TWICE = re.compile(r"再|折上折|further|additional|extra|another", re.IGNORECASE)


_OFF_TOLD = Wording(
    "{whole} with {part} off is {right}, not {stated}.",
    "{whole} 減去 {part} 後是 {right}，不是 {stated}。",
    "{whole} 减去 {part} 后是 {right}，不是 {stated}。",
)
_INTEREST_TOLD = Wording(
    "{whole} at {part} for {years} years grows to {right}, not {stated}.",
    "{whole} 以利率 {part} 計 {years} 年後是 {right}，不是 {stated}。",
    "{whole} 以利率 {part} 计 {years} 年后是 {right}，不是 {stated}。",
)


def find(text: str, plain: str, low: str) -> Iterator[Slip]:
    """The slips of one answer; `plain` is `formula.replaced(text)`, `low` the same in lower case."""
    for start, end in lines(low, _WORTH):
        for slip in (
            *_off(text, plain, low[start:end], start, end),
            *_interest(text, plain, low[start:end], start, end),
        ):
            if not is_refuted(plain, slip.start, slip.end):
                yield slip


def _off(text: str, plain: str, line: str, start: int, end: int) -> Iterator[Slip]:
    for match in _OFF.finditer(plain, start, end) if holds(line, (" off", "discount")) else ():
        part, whole = match["part"] or match["part2"], match["whole"] or match["whole2"]
        cut = read_share(part)
        yield from _discounted(text, match, whole, None if cut is None else cut.value, part)
    for match in _OFF_ZH.finditer(plain, start, end) if "折" in line else ():
        fold = _folded(match["fold"])
        if fold is None or _TWICE.search(match["gap"] + match["gap2"]):
            continue
        yield from _discounted(text, match, match["whole"], 1 - fold, f"{float(100 * (1 - fold)):g}%")


def _folded(word: str) -> Fraction | None:
    number = read_share(word) if not word[0].isdigit() or len(word) != 3 or "." in word else None
    if number is not None:
        return number.value
    return Fraction(int(word[:-1]), 100) if word[:-1].isdigit() else None


def _discounted(text: str, match: re.Match[str], written: str, cut: Fraction | None, part: str) -> Iterator[Slip]:
    whole, result = amount(written), amount(match["result"])
    if cut is None or not 0 < cut < 1 or whole is None or result is None or not same_currency(whole, result):
        return
    about = is_about(match["about"])
    paid, saved = whole.value * (1 - cut), whole.value * cut
    if fits(paid, whole.slack, result, about) or fits(saved, whole.slack, result, about):
        return
    yield slip_of(text, match, "result", paid, result, _OFF_TOLD, part=part, whole=written)


def _interest(text: str, plain: str, line: str, start: int, end: int) -> Iterator[Slip]:
    """A sentence with compound or simple interest: one sum, one rate, one number of years, and what it becomes."""
    if not holds(line, ("compound", "simple interest", "複", "复", "單", "单")):
        return
    for sentence in _SENTENCE.finditer(plain, start, end):
        kind = _INTEREST.search(sentence.group())
        if kind is None or _AFTER_YEARS.search(sentence.group()):
            continue
        base = sentence.start()
        sums, rates = (list(re.finditer(what, sentence.group())) for what in (MONEY, PERCENT))
        years = list(_YEARS.finditer(sentence.group()))
        if len(sums) != 2 or len(rates) != 1 or len(years) != 1:
            continue
        whole, result, rate, count = (
            amount(sums[0].group()),
            amount(sums[1].group()),
            read_share(rates[0].group()),
            amount(years[0]["n"]),
        )
        if whole is None or result is None or rate is None or count is None or not same_currency(whole, result):
            continue
        if count.value.denominator != 1 or not 0 < count.value <= 100 or rate.value >= 1:
            continue
        n = int(count.value)
        simple = kind.group().lower().startswith(("simple", "單", "单"))
        grown = whole.value * ((1 + rate.value * n) if simple else (1 + rate.value) ** n)
        about = is_about(sentence.group()[: sums[1].start()][-16:])
        if fits(grown, whole.slack, result, about) or fits(grown - whole.value, whole.slack, result, about):
            continue
        words = _INTEREST_TOLD.beside(
            text,
            whole=quoted(sums[0].group()),
            part=quoted(rates[0].group()),
            years=n,
            right=corrected(sums[1].group(), grown, result.value, result.number.step)[0],
            stated=quoted(sums[1].group()),
        )
        yield Slip(base + sums[0].start(), base + max(sums[1].end(), years[0].end()), 0.85, _EVIDENCE, words)

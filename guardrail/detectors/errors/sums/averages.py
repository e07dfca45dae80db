"""Averages, medians and sums that are not those of the numbers listed with them (serves `figures.py`).

Rules: the kind is `error.average`, of sums `error.total`.  The numbers stand in one unbroken list and the figure names
what it is: `the average of 2, 4 and 9 is 6`, 2、4、9的平均數是6; or a last line of a table or list says average.  A
mean may be rounded or cut at its last digit.
Weighted and moving averages, and lists that may be cut short (`...`, 等), are left alone.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from statistics import median

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.quantities import ABOUT, GOES_ON, NUMBER, Amount, amount, same_currency
from guardrail.detectors.errors.sums.screening import lines
from guardrail.detectors.errors.sums.shown import agrees
from guardrail.detectors.errors.sums.tables import Block, Cell, is_mean, is_sum
from guardrail.detectors.errors.sums.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_WORTH = ("average ", "mean ", "median ", "sum ", "total ", "平均", "中位", "總和", "总和", "之和", "的和", "嘅和")
_NEAR = 500
_EVIDENCE = "a stated average, median or sum is not that of the numbers listed with it"
_OTHER = re.compile(r"weighted|moving|geometric|harmonic|加權|加权|移動|移动|幾何|几何|調和|调和", re.IGNORECASE)
_WHAT = r"(?P<what>average|mean|median|sum|total)"
_IS = r"(?:is|was|are|equals?|comes? to|would be|will be|=|:)"
_NUM = rf"-?{NUMBER}(?:\s?[A-Za-z]{{1,10}})?"
_LIST = rf"(?P<items>(?:{_NUM}(?:,\s+and\s+|,\s*|\s+and\s+)){{1,30}}{_NUM})"
_OF = re.compile(
    rf"\b{_WHAT}(?:\s+(?:value|score|price|number|temperature|cost))?\s+of\s+(?:the\s+)?(?:\w+\s+){{0,2}}?{_LIST}\s*,?\s*{_IS}\s*(?P<about>(?:{ABOUT}\s*)?)"
    rf"(?P<result>-?{NUMBER})",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"{_LIST}[^\w\n]{{1,3}}(?:(?:so|and|giving|with|which gives|then|for)\s+)?(?:(?:the|an|their"
    rf"|its|your|his|her|a)\s+)?{_WHAT}(?:\s+(?:score|price|mark|value|grade|temperature))?"
    rf"\s+(?:is|was|of|=|:)\s*(?P<about>(?:{ABOUT}\s*)?)(?P<result>-?{NUMBER})",
    re.IGNORECASE,
)
_NUM_HAN = rf"-?{NUMBER}[^\W\d、和及同與与]{{0,3}}?"
_LIST_HAN = rf"(?P<items>(?:{_NUM_HAN}(?:、|,|和|及|以及|同埋?|與|与)){{1,30}}{_NUM_HAN})"
_OF_HAN = re.compile(
    rf"{_LIST_HAN}(?:[呢這这]?[一二兩两三四五六七八九十幾几\d]{{0,2}}(?:個|个)?[數数]字?)?(?:的|嘅"
    rf"|,|;)?(?P<what>平均[數数值分]?|中位[數数]|[總总]?和|之和)"
    rf"(?:大?[約约])?(?:是|係|為|为|等於|等于|=|:)(?P<about>(?:{ABOUT})?)(?P<result>-?{NUMBER})"
)
_CUT = re.compile(r"\.\.\.|…|\betc|and so on|等等")
_ENDS = re.compile(GOES_ON)
_TOLD = {
    "mean": Wording(
        "The average of {count} numbers listed is {right}, not {stated}.",
        "所列 {count} 個數的平均數是 {right}，不是 {stated}。",
        "所列 {count} 个数的平均数是 {right}，不是 {stated}。",
    ),
    "median": Wording(
        "The median of {count} numbers listed is {right}, not {stated}.",
        "所列 {count} 個數的中位數是 {right}，不是 {stated}。",
        "所列 {count} 个数的中位数是 {right}，不是 {stated}。",
    ),
    "sum": Wording(
        "The sum of {count} numbers listed is {right}, not {stated}.",
        "所列 {count} 個數的總和是 {right}，不是 {stated}。",
        "所列 {count} 个数的总和是 {right}，不是 {stated}。",
    ),
}


def find(text: str, plain: str, low: str, blocks: Sequence[Block]) -> Iterator[tuple[str, Slip]]:
    """The slips of one answer, each with what it is about: `mean`, `median` or `sum`."""
    for block in blocks:
        for column in range(len(block.heads)):
            for found in _column(text, block, column):
                yield "mean", found
    for start, end in lines(low, _WORTH, _NEAR):
        for pattern in (_OF, _AFTER, _OF_HAN):
            for match in pattern.finditer(plain, start, end):
                kind = _kind(match["what"])
                slip = _listed(text, plain, match, kind)
                if slip is not None:
                    yield kind, slip


def _kind(word: str) -> str:
    word = word.lower()
    if word in ("median", "中位數", "中位数"):
        return "median"
    return "mean" if word in ("average", "mean") or word.startswith("平均") else "sum"


def _listed(text: str, plain: str, match: re.Match[str], kind: str) -> Slip | None:
    around = plain[max(0, match.start() - 24) : match.end()]
    if _OTHER.search(around) or _CUT.search(match.group()) or _ENDS.match(plain, match.end()):
        return None
    if "%" in match["items"] or is_refuted(plain, match.start(), match.end()):
        return None
    items = [_signed(one) for one in re.finditer(rf"(?:(?<![\w)\]])-)?{NUMBER}", match["items"])]
    stated = _signed(re.match(r".*", match["result"]))
    if stated is None or len(items) < 2 or None in items:
        return None
    amounts = [one[1] for one in items if one]
    if not same_currency(*amounts, stated[1]):
        return None
    if kind == "sum" and not _alike(match["items"]):
        return None
    values = [one[0] for one in items if one]
    right = _value(kind, values)
    slack = max((one.slack for one in amounts), default=Fraction(0)) * (len(values) if kind == "sum" else 1)
    step = stated[1].number.step
    room = slack + step / 2 if slack else Fraction(0)
    if match["about"]:
        room = max(room, abs(right) / 10)
    if agrees(right, stated[0], step) or abs(right - stated[0]) <= room:
        return None
    if kind == "sum" and match.re is _AFTER:
        return None  # "3 kg and 4 kg; the total of 5" may speak of something else
    shown, _ = corrected(match["result"], right, stated[0], step)
    told = _TOLD[kind].beside(text, count=len(values), right=quoted(shown), stated=quoted(match["result"]))
    score = 0.9 if match.re is not _AFTER else 0.75
    return Slip(match.start(), match.end("result"), score, _EVIDENCE, told)


def _alike(items: str) -> bool:
    """Whether all numbers of a list have the same word behind them, or none."""
    return len({match[1] for match in re.finditer(rf"{NUMBER}\s?([^\W\d和及同與与]{{0,10}})", items)} - {"and"}) < 2


def _signed(match: re.Match[str] | None) -> tuple[Fraction, Amount] | None:
    if match is None:
        return None
    written = match.group()
    found = amount(written.removeprefix("-"))
    if found is None:
        return None
    return (-found.value if written.startswith("-") else found.value), found


def _value(kind: str, values: Sequence[Fraction]) -> Fraction:
    if kind == "median":
        return Fraction(median(values))
    total = sum(values, Fraction(0))
    return total if kind == "sum" else total / len(values)


def _column(text: str, block: Block, column: int) -> Iterator[Slip]:
    """A last line that says average, over the lines above it."""
    items: list[Cell] = []
    for line in block.lines:
        one = line.cells[column]
        if is_sum(line.label):
            continue
        if not is_mean(line.label):
            if one is None:
                return
            items.append(one)
            continue
        if one is None or len(items) < 2 or len({cell.unit for cell in items} | {one.unit}) > 1:
            return
        right = sum((cell.value for cell in items), Fraction(0)) / len(items)
        slack = max(cell.step / 2 if cell.step != 1 else Fraction(0) for cell in items)
        if agrees(right, one.value, one.step) or abs(right - one.value) <= slack + one.step / 2:
            return
        stated = text[one.start : one.end]
        shown, _ = corrected(stated, right, one.value, one.step)
        told = _TOLD["mean"].beside(text, count=len(items), right=quoted(shown), stated=quoted(stated))
        yield Slip(one.start, one.end, 0.7, _EVIDENCE, told)
        return

"""What the reader is told of an equation that does not hold: the right value beside the stated one (serves
`arithmetic.py` and `steps.py`).

Rules: the words are built for a finding alone; a side is quoted as written, cut where it is long; where a later step
goes on with the wrong result, that is said too, because the later step is then right by itself and wrong all the same.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.sums.shown import right_value
from guardrail.text.wording import Wording

MOST = 100
"""Findings of one check in one answer; whoever writes more wrong sums than these writes them in order to be slow."""
_LONGEST = 60
_NUMERAL = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:\.{3,}|…)?")
_CURRENCY = re.compile(r"[$€£¥元蚊]")
_LATEX = (
    (re.compile(r"\\[dtc]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\(?:times|cdot|ast)(?![A-Za-z])"), "×"),
    (re.compile(r"\\div(?![A-Za-z])"), "÷"),
    (re.compile(r"\\(?:boxed|text|mathrm|mathbf|textbf)\{([^{}]*)\}?"), r"\1"),
    (re.compile(r"\\[()\[\]]|\\(?=[$%])|`|\*\*+|\\[A-Za-z]+"), ""),
    (re.compile(r"\s+"), " "),
)
_DIFFERS = Wording(
    "{left} is {right}, not {stated}.", "{left} 等於 {right}，不是 {stated}。", "{left} 等于 {right}，不是 {stated}。"
)
_ROUGHLY = Wording(
    "{left} is about {right}, not {stated}.",
    "{left} 約為 {right}，不是 {stated}。",
    "{left} 约为 {right}，不是 {stated}。",
)
_UNEQUAL = Wording(
    "{left} is {right}, but {stated} is {value}.",
    "{left} 等於 {right}，但 {stated} 等於 {value}。",
    "{left} 等于 {right}，但 {stated} 等于 {value}。",
)
_CARRIED = Wording(" A later step goes on with {stated}.", "之後的步驟沿用了 {stated}。", "之后的步骤沿用了 {stated}。")


def quoted(text: str) -> str:
    """A piece of the answer on one line, without markup, cut where it is long."""
    plain = text[: 4 * _LONGEST]
    for pattern, instead in _LATEX:
        plain = pattern.sub(instead, plain)
    plain = plain.strip(" {}")
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1].rstrip() + "…"


def number_told(text: str, left: str, stated: str, exact: Fraction, result: Fraction, step: Fraction) -> str:
    """The words where one side is a number: `stated` holds `result`, whose last digit is worth `step`, and should
    hold `exact`.  `text` is the answer, for its language."""
    stated = quoted(stated)
    right, is_exact = corrected(stated, exact, result, step)
    return (_DIFFERS if is_exact else _ROUGHLY).beside(text, left=quoted(left), right=right, stated=stated)


def corrected(stated: str, exact: Fraction, result: Fraction, step: Fraction) -> tuple[str, bool]:
    """`stated` (`$3.5 million`) with the number in it that `exact` asks for, and whether that is exact."""
    numeral = _NUMERAL.search(stated)
    if numeral is None:
        return right_value(exact, result, step), True
    written = Fraction(re.sub(r"[^\d.-]", "", numeral.group().replace("−", "-")).rstrip("."))
    scale = result / written if written and result else Fraction(1)  # 1,000,000 of a million, 1/100 of a percentage
    scale = abs(scale)
    right = right_value(exact / scale, result / scale, step / scale, grouped="," in numeral.group())
    if "." in right and _CURRENCY.search(stated) is None:
        right = right.rstrip("0").rstrip(".") or "0"
    shown = Fraction(right.replace(",", "")) * scale
    return f"{stated[: numeral.start()]}{right}{stated[numeral.end() :]}", shown == exact


def sides_told(text: str, left: str, right: str, values: tuple[Fraction, Fraction]) -> str:
    """The words where both sides are expressions."""
    steps = (Fraction(1) if value.denominator == 1 else Fraction(1, 100) for value in values)
    one, other = (
        right_value(value, values[1 - at], step) for at, (value, step) in enumerate(zip(values, steps, strict=True))
    )
    return _UNEQUAL.beside(text, left=quoted(left), right=one, stated=quoted(right), value=other)


def carried(text: str, stated: str, end: int) -> str:
    """What to add where an expression after `end` computes with the wrong result, else nothing."""
    numeral = _NUMERAL.search(stated)
    if numeral is None or len(numeral.group()) < 2:
        return ""
    again = re.escape(numeral.group())
    sign = r"[-+*/×÷−]|加|減|减|乘|除|plus|minus|times"
    later = re.compile(
        rf"(?:{sign})\s{{0,3}}\$?{again}(?![\d.,]*\d)|(?<![\d.,]){again}(?![\d.,]*\d)[^\n\d.,;=，。；]{{0,16}}?(?:{sign})"
    )
    return _CARRIED.beside(text, stated=numeral.group()) if later.search(text, end) else ""


@dataclass(frozen=True, slots=True)
class Slip:
    """A figure that does not hold: where it stands, how sure that is, why in words without the text, and the words for
    the reader."""

    start: int
    end: int
    score: float
    evidence: str
    message: str

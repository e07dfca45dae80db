"""Equations in words, and steps that go on from a result without saying it again (serves `arithmetic.py`).

`12 times 3 is 38` and 12乘3係38 state an equation without a sign for "equals"; in `12 × 3 = 36, then plus 4 is 41` the
second step has the result of the first for its left side.

Rules: both are judged only where every number is plain (no percentage, no fraction, no unit that measures), the words
between are exactly these, and the result has nothing behind it that would change it; a result is exact, or rounded at
its last digit after a division.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.numerals import CHINESE
from guardrail.detectors.errors.sums.quantities import GOES_ON, NUMBER, Amount, amount, same_currency
from guardrail.detectors.errors.sums.screening import lines
from guardrail.detectors.errors.sums.shown import agrees
from guardrail.detectors.errors.sums.told import Slip, corrected, number_told
from guardrail.text.wording import Wording

_EVIDENCE = "an equation in words does not hold"
_CARRIED = "a step that goes on from the result before it does not hold"
_OPERATORS = {
    **dict.fromkeys(("plus", "加", "加上", "加埋", "add", "adding", "+"), "+"),
    **dict.fromkeys(("minus", "減", "减", "減去", "减去", "subtract", "subtracting", "-", "less"), "-"),
    **dict.fromkeys(("times", "multiplied by", "multiply by", "multiplying by", "乘", "乘以", "×", "*", "x"), "*"),
    **dict.fromkeys(("divided by", "divide by", "dividing by", "除以", "÷", "/"), "/"),
}
_SIGNS = {"+": "+", "-": "-", "*": "×", "/": "÷"}
_BY = r"plus|minus|times|multiplied\s+by|divided\s+by|加[上埋]?|[減减]去?|乘以?|除以"
_ON = (
    r"plus|minus|times|add(?:ing)?|subtract(?:ing)?|multipl(?:y|ied|ying)\s+by|divid(?:e|ed|ing)\s+by"
    r"|加[上埋]?|[減减]去?|乘以?|除以|[+×*÷/-]"
)
_IS = r"(?:is|makes|gives|equals|comes\s+to|=|[係是得為为]|等於|等于|即係?|就[係是]|變成|变成)"
_THEN = r"(?:and|then|next|so|finally|now|再|然後|然后|跟住|之後|之后|最後|最后|就)\s*[,;]?\s*"
_NOUN = r"(?:\s?[個个隻只元蚊人件本枝支粒次]|\s+(?!more|less|times|percent)[a-z]{3,12})?"
_ENDS = rf"(?!{GOES_ON})(?![\d,.]*\d)"
_WORDS = re.compile(
    rf"(?P<left>{NUMBER})\s*(?P<by>{_BY})\s*(?P<right>{NUMBER})\s*(?P<is>is|makes|gives|comes\s+to"
    rf"|[係是得為为]|即係?|就[係是])\s*(?P<result>{NUMBER}){_ENDS}",
    re.IGNORECASE,
)
_STEP = re.compile(
    rf"(?P<equals>=|≈|\b{_IS})\s*(?P<left>{NUMBER}){_NOUN}\s*(?:[,;.。]\s*(?:{_THEN}){{0,3}}|\s(?:{_THEN}){{1,3}})"
    rf"(?P<by>{_ON})\s*(?P<right>{NUMBER}){_NOUN}\s*,?;?\s*(?:to\s+get|gives|we\s+get|which\s+is|and\s+(?:we\s+"
    rf"|you\s+)?get|{_IS})\s*"
    rf"(?P<result>{NUMBER}){_ENDS}",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?:[-+×*/÷^=%(]|\b(?:plus|minus|times|by|of|half|twice|than|point|and)|[加減减乘除的嘅分第{CHINESE}]|\d)\s*$",
    re.IGNORECASE,
)
_WORTH = ("plus", "minus", "times", "divided", "multipl", "加", "減", "减", "乘", "除", "add", "subtract", ", +", ", -")
_NEAR = 200  # characters around a word that states an operation
_STEP_TOLD = Wording(
    "Going on from {left}: {left} {sign} {right} is {value}, not {stated}.",
    "由 {left} 接着計：{left} {sign} {right} 等於 {value}，不是 {stated}。",
    "由 {left} 接着算：{left} {sign} {right} 等于 {value}，不是 {stated}。",
)


def find(text: str, plain: str) -> Iterator[Slip]:
    """The slips of one answer; `plain` is `formula.replaced(text)`."""
    for start, end in lines(plain, _WORTH, _NEAR):
        for pattern in (_WORDS, _STEP):
            for match in pattern.finditer(plain, start, end):
                slip = _judged(text, plain, match, pattern is _STEP)
                if slip is not None:
                    yield slip


def _judged(text: str, plain: str, match: re.Match[str], is_step: bool) -> Slip | None:
    start = match.start("left")
    if not is_step and _BEFORE.search(plain[max(0, start - 12) : start]):
        return None
    numbers = [amount(match[name]) for name in ("left", "right", "result")]
    left, right, result = numbers
    if left is None or right is None or result is None or not same_currency(left, right, result):
        return None
    operator = _OPERATORS.get(re.sub(r"\s+", " ", match["by"].lower()))
    value = None if operator is None else _value(operator, left, right)
    if operator is None or value is None or is_refuted(plain, start, match.end("result")):
        return None
    if value == result.value or (operator == "/" and agrees(value, result.value, result.number.step)):
        return None
    if any(one.slack for one in (left, right)) and abs(value - result.value) <= result.number.step:
        return None
    if not is_step:
        written = match["left"] + " " + match["by"] + " " + match["right"]
        told = number_told(text, written, match["result"], value, result.value, result.number.step)
        return Slip(start, match.end("result"), 0.85, _EVIDENCE, told)
    shown, _ = corrected(match["result"], value, result.value, result.number.step)
    places = {"left": match["left"], "sign": _SIGNS[operator], "right": match["right"], "stated": match["result"]}
    told = _STEP_TOLD.beside(text, value=shown, **places)
    return Slip(start, match.end("result"), 0.85, _EVIDENCE, told)
    told = _STEP_TOLD.beside(
        text,
        left=match["left"],
        sign=_SIGNS[operator],
        right=match["right"],
        value=number_told("", "", match["result"], value, result.value, result.number.step)
        .split(" is ")[-1]
        .split(",")[0],
        stated=match["result"],
    )
    return Slip(start, match.end("result"), 0.8, _CARRIED, told)


def _value(operator: str, left: Amount, right: Amount) -> Fraction | None:
    a, b = left.value, right.value
    if operator == "/":
        return a / b if b else None
    return a + b if operator == "+" else a - b if operator == "-" else a * b

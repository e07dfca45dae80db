"""A second reader of stated equations, against which the detector of arithmetic is measured.

It shares no code with the detector and reads far less: numbers in digits, + - × ÷, brackets, percent signs and `=`.
What it reads it computes exactly (`ast`, `Fraction`), so its verdict needs no label.

Rules:
1. `stated` finds equations in plain notation: an expression of at least two numbers, a sign, one number; nothing next
   to it that could change a side (an operator, a digit, a letter glued to it, an unclosed bracket).
2. A result holds when it is the exact value, or that value rounded to, or cut at, its last written digit (also in
   percent: 15/60 = 25%).  It is `rounded` when it is off by less than one unit of that digit, or after a division by
   less than 1 % (what the labels of the data sets allow); such equations count neither as right nor as wrong.  It is
   `converted` where the result has a unit or a currency that the expression lacks and differs by a common factor (60,
   100, 1000 ...).
3. `verdict` reads a finding of the detector in the same way, with words between the numbers left out.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+"
_ONE = rf"(?:[$€£¥]\s?)?(?:{_NUMBER})%?"
_OPERAND = rf"(?:\(\s?)?{_ONE}(?:\s?\))?"
_OPERATOR = r"\s?[-+*/×÷x]\s?"
_STATED = re.compile(rf"(?P<left>{_OPERAND}(?:{_OPERATOR}{_OPERAND}){{1,12}})\s?=\s?(?P<right>-?\s?{_ONE})")
_PLAIN = str.maketrans(
    {"−": "-", "–": "-", "＝": "=", "＋": "+", "－": "-", "（": "(", "）": ")", "，": ",", "✕": "×", "％": "%"}
)
_BEFORE = re.compile(r"(?:,(?=$)|[-+*/×÷^%(x]|\\times|\\cdot|\\div|imes)\s*\$?$|[\w.]$|\d\s*$|[)）]\s*$")
_AFTER = re.compile(
    r"\s*[-+*/×÷^%(=]|\s*[xX]\s*[\d$(]|[\d,.]*\d|[A-Za-z]"
    r"|\s*(?:times|plus|minus|of|dozen|乘|加|減|减|除|倍|半|多|成)|\s*[^\W\d]{0,8}\s*[×*/]|\s*[^\W\d]{0,8}\s+x\s"
)
_VULGAR = {"½": "1/2", "¼": "1/4", "¾": "3/4"}
_CONVERTS = {7, 12, 16, 24, 30, 36, 52, 60, 100, 365, 1000, 1440, 3600, 10_000, 1_000_000}


@dataclass(frozen=True, slots=True)
class Stated:
    """An equation: its place, its sides as written, and what it comes to: holds, rounded, converted, false."""

    start: int
    end: int
    left: str
    right: str
    verdict: str


def stated(text: str) -> Iterator[Stated]:
    """The equations of a text in plain notation."""
    plain = text.translate(_PLAIN)
    for match in _STATED.finditer(plain):
        before, after = plain[max(0, match.start() - 10) : match.start()], plain[match.end() : match.end() + 12]
        if _BEFORE.search(before) or _AFTER.match(after):
            continue
        unit = re.match(r"\s*[^\W\d]", after) is not None or re.match(r"[$€£¥]", match["right"]) is not None
        seen = _compare(match["left"], match["right"], named=unit and "$" not in match["left"])
        if seen is not None:
            yield Stated(match.start(), match.end(), match["left"], match["right"], seen)


def verdict(written: str) -> str | None:
    """What a finding's text comes to when its words are left out; None where this reader cannot read it."""
    plain = written.translate(_PLAIN)
    signs = r"[=≈]|\\approx" if re.search(r"[=≈]|\\approx", plain) else r"等於|等于|\bequals\b|\bis\b"
    sides = re.split(signs, plain)
    if len(sides) != 2 or not all(side.strip() for side in sides):
        return None
    left, right = (_bare(side) for side in sides)
    if re.fullmatch(rf"\s*-?\s*{_ONE}\s*", right) is None:
        a, b = _value(left), _value(right)
        return None if a is None or b is None else "holds" if a == b else "false"
    return _compare(left, right, named=False)


def _bare(side: str) -> str:
    """An expression without its words and units; `x` between numbers is a sign."""
    side = re.sub(r"(?<=\d)(?:\.{3,}|…+)|\\\\", "", side)
    side = (
        side.replace("\\times", "×")
        .replace("\\cdot", "×")
        .replace("\\div", "÷")
        .replace("乘以", "×")
        .replace("乘", "×")
    )
    side = re.sub(r"\bof\b|的(?=\d)|嘅(?=\d)|[·⋅∙]", "×", side)
    side = re.sub(r"(?<=\d)[²³]", lambda match: f"^{'²³'.index(match.group()) + 2}", side)
    side = re.sub(r"(\d*)([½¼¾])", lambda match: f"({match[1] or 0}+{_VULGAR[match[2]]})", side)
    side = re.sub(r"(?<=[\d)%])\s*(?:[^\W\d]*\s*)\b[xX]\b(?=[\s$]*[\d(.])|(?<=[\d)])[xX](?=[\d(.$])", "×", side)
    side = re.sub(r"/\s*[^\W\d(]+", "", side)
    side = side.replace("\\frac", "@")
    side = re.sub(r"\([^()\d]*\)|\\[a-z]+|[{}*_`]{2,}|[^\W\d]+[²³]?|[：:、。;]", " ", side)
    return side.replace("{", "(").replace("}", ")").replace("@", "frac")


def _compare(left: str, right: str, *, named: bool) -> str | None:
    value, result = _value(left), _value(right.removesuffix("%"))
    if value is None or result is None:
        return None
    digits = re.search(r"\.(\d+)", right)
    step = Fraction(1, 10 ** len(digits.group(1))) if digits else Fraction(1)
    readings = [value, value * 100] if right.endswith("%") else [value]
    if any(_holds(one, result, step) for one in readings):
        return "holds"
    near = [
        abs(one - result) < step or (any(sign in left for sign in "/÷") and abs(one - result) * 100 < abs(one))
        for one in readings
    ]
    if any(near):
        return "rounded"
    ratios = {abs(one / result) for one in readings if result and one}
    if named and any(ratio in _CONVERTS or 1 / ratio in _CONVERTS for ratio in ratios):
        return "converted"
    return "false"


def _holds(value: Fraction, result: Fraction, step: Fraction) -> bool:
    off = abs(value - result)
    if off * 10**12 < abs(value):  # printed by binary floating point
        return True
    return off * 2 <= step or (off < step and abs(result) < abs(value))


def _value(written: str) -> Fraction | None:
    """The exact value of an expression in digits; None for anything else."""
    code = re.sub(r"\bfrac\s*\(([^()]*)\)\s*\(([^()]*)\)", r"((\1)/(\2))", written)
    code = re.sub(r"(?<![\d.,/])(\d+)\s+(\d+)\s?/\s?(\d+)(?![\d.])", r"(\1+\2/\3)", code)
    code = re.sub(r"[$€£¥¢°\s]|,(?=\d{3})", "", code).replace("×", "*").replace("÷", "/").replace("x", "*")
    code = re.sub(r"([\d.]+)%", r"(\1/100)", code)
    code = re.sub(r"(?<=[\d)])(?=\()|(?<=\))(?=\d)", "*", code.replace("**", "^")).replace("^", "**")
    if not re.fullmatch(r"[-+*/().\d]{1,200}", code):
        return None
    code = re.sub(r"(?<![\d.])0+(?=\d)", "", code)
    try:
        return _of(ast.parse(code, mode="eval").body, code)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None


def _of(node: ast.expr, code: str) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(ast.get_source_segment(code, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _of(node.operand, code)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp):
        a, b = _of(node.left, code), _of(node.right, code)
        if isinstance(node.op, ast.Add):
            return a + b
        if isinstance(node.op, ast.Sub):
            return a - b
        if isinstance(node.op, ast.Mult):
            return a * b
        if isinstance(node.op, ast.Div):
            return a / b
        if isinstance(node.op, ast.Pow) and b.denominator == 1 and abs(b) <= 64:
            return a ** int(b)
    raise ValueError(ast.dump(node))

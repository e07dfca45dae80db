"""Stated equations that do not hold, such as `12 × 3 = 38` (Guideline v1.1 §2.1.1-b4, §2.3.3, §3.1-b6).

The Guideline names weak mathematical reasoning as a limit of the technology (§2.1.1-b4) and asks for accuracy
(§2.3.3) and for alerts where output cannot be trusted (§3.1-b6); arithmetic is the part a machine can check alone.

Rules:
1. Only what is understood in full is judged (`formula.py`).  An equation has an expression with an operator on one
   side of `=`, `≈`, `equals` or 等於, and a number or an expression on the other; in a chain each side is compared
   with every side before it.
2. Values are exact.  A result may be rounded: to the nearest last written digit (either way at a half), or cut there;
   numbers in the expression with two places or more may themselves be rounded.  Money in whole units or in cents is
   the same rule.  `≈`, about and 約 allow 10 % of the value or one unit of the last digit that is not a trailing
   zero, whichever is more: 478 ≈ 500 is fair, 478 ≈ 600 is not.
3. Where a reader would see something else than an error, nothing is said: units that convert, scales of points
   (`0-3 = 1 point`), clock and modular arithmetic, other bases, an equation quoted in order to refute it.
4. The score is 0.95 for a plain equation and falls with every step of interpretation; a result cut to a whole
   number stays below 0.5, as does a supposition (`if 1 + 1 = 3`).
5. Time is linear: each side is read once forwards and once backwards, within the bounds of `formula.py`.
6. It looks before it reads: without a number, a sign after it and a number after that, nothing is read at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from guardrail.detectors.errors.sums import steps
from guardrail.detectors.errors.sums.excuses import (
    AFTER,
    BEFORE,
    adds_other_things,
    exact,
    is_excused,
    is_name,
    is_refuted,
    is_run_on,
    names,
    terms,
)
from guardrail.detectors.errors.sums.formula import (
    Node,
    NotUnderstood,
    Token,
    about,
    after_equals,
    before_equals,
    is_filler,
    numbers,
    operators,
    replaced,
    tokens,
    value,
)
from guardrail.detectors.errors.sums.numerals import CHINESE, VULGAR, Number
from guardrail.detectors.errors.sums.told import MOST, carried, number_told, sides_told
from guardrail.types import Context, Finding, Unit

_KIND = "error.arithmetic"
_LEAST = 0.3
_SIGN = re.compile(r"[=≈≒≅≃]|等於|等于|\bequals?\b|\\approx|\\simeq")
# What is looked for first may be more than a sign ("quality"), never less; few characters begin it, so it is quick.
_MAYBE_SIGN = re.compile(r"[=≈≒≅≃＝﹦等q\\](?:(?<=[=≈≒≅≃＝﹦])|(?<=等)[於于]|(?<=q)ual|(?<=\\)approx|(?<=\\)simeq)")
_NUMERAL = re.compile(rf"[\d{''.join(VULGAR)}{CHINESE}]")
_CONTINUES = re.compile(r"[ \t]*&?[ \t]*(?:=(?![=>])|≈|\\approx|[×÷]|[-+*/][ \t]*$)")
_READ = 200_000
"""Characters of lines with equations that are read in one answer, so that no answer outlasts the time of a check."""
_HANGING = 400  # characters of a line that may go on in the next after an operator
_SUPPOSED = re.compile(
    r"\b(?:if|suppose|assum\w+|let|imagine)\W{0,2}(?:\w+\W){0,2}$|(?:如果|假設|假设|假如|若果?)\W{0,2}\w{0,4}\W{0,2}$",
    re.IGNORECASE,
)
_APPROXIMATE = frozenset(("approx", "approximately", "approximate", "rounded", "左右", "約", "约", "近似", "近似值"))
_ROUNDED = re.compile(
    r"\b(?:round\w*|approx\w*|about|around|roughly|nearly|whole|integer|floor|ceil\w*|at (?:least|most)|up to|down)\b"
    r"|約|约|左右|大概|大約|四捨五入|四舍五入|取整|整數|整数|進一|無條件|捨去|舍去|最多|至少|接近|近似|向上|向下",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of an equation and whether the sign before it was an approximate one."""

    node: Node
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How sure it is that two sides differ, and what to say."""

    score: float
    evidence: str = "the two sides of an equation differ"


class Arithmetic:
    """Reports equations between numbers that do not hold."""

    name = "errors.arithmetic"
    kinds: tuple[str, ...] = (_KIND,)
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        return [list(self._find(text)) for text in texts]

    def _find(self, text: str) -> Iterator[Finding]:
        if _NUMERAL.search(text) is None:
            return
        plain = replaced(text)
        found = [*islice(self._signed(text, plain), MOST), *islice(self._spoken(text, plain), MOST)]
        yield from sorted(found, key=lambda finding: finding.start or 0)

    def _spoken(self, text: str, plain: str) -> Iterator[Finding]:
        for slip in steps.find(text, plain):
            yield Finding(_KIND, slip.score, slip.start, slip.end, self.name, slip.evidence, message=slip.message)

    def _signed(self, text: str, plain: str) -> Iterator[Finding]:
        if not _worth_reading(text, 0, len(text)):
            return
        left_to_read = _READ
        for start, end in _chunks(plain):
            left_to_read -= end - start
            if left_to_read < 0:
                return
            for left, right in _pairs(tokens(plain, start, end)):
                verdict = _judged(plain, left, right)
                if verdict and verdict.score >= _LEAST:
                    span = (left.node.start, right.node.end)
                    words = _told(text, left.node, right.node)
                    yield Finding(_KIND, round(verdict.score, 2), *span, self.name, verdict.evidence, message=words)


def _worth_reading(text: str, start: int, end: int) -> bool:
    """Whether there may be a number, a sign after it, and a number after that."""
    sign = _MAYBE_SIGN.search(text, start, end)
    if sign is None:
        return False
    number = _NUMERAL.search(text, start, end)
    if number is not None and number.start() > sign.start():
        sign = _MAYBE_SIGN.search(text, number.end(), end)
    return number is not None and sign is not None and _NUMERAL.search(text, sign.end(), end) is not None


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Lines that hold an equation, perhaps; a line that begins with a sign belongs to the line before."""
    start = end = at = 0
    hanging = False
    for line in text.splitlines(keepends=True):
        if at and (hanging or _CONTINUES.match(line)) and text[start:end].strip():
            end = at + len(line)
        else:
            if _worth_reading(text, start, end) and _SIGN.search(text, start, end):
                yield start, end
            start, end = at, at + len(line)
        hanging = line.rstrip()[-1:] in ("×", "÷", "+", "=") and len(line) < _HANGING
        at += len(line)
    if _worth_reading(text, start, end) and _SIGN.search(text, start, end):
        yield start, end


def _pairs(row: Sequence[Token]) -> Iterator[tuple[_Side, _Side]]:
    """Each side with the sides before it in its chain that it contradicts is one candidate: (left, right)."""
    signs = [at for at, token in enumerate(row) if token.kind == "E"]
    chain: list[_Side] = []
    low = 0
    for number, at in enumerate(signs):
        until = signs[number + 1] if number + 1 < len(signs) else len(row)
        if not chain:
            chain = _first(row, low, at)
        low = at + 1
        right, following = _right(row, at, until)
        if right is None:
            chain = []
            continue
        if chain and _closed(row, following):
            broken = _contradicted(chain, right)
            if broken:
                yield broken, right
            chain.append(right)
        chain = chain[-4:] if following == until else []


def _first(row: Sequence[Token], low: int, at: int) -> list[_Side]:
    try:
        node = before_equals(row, low, at)
    except (NotUnderstood, RecursionError):
        return []
    return [_Side(node)] if operators(node) & set("+-*/^") else []


def _right(row: Sequence[Token], at: int, until: int) -> tuple[_Side | None, int]:
    """The side after the sign at `at`, and the token that follows it."""
    approximate = row[at].text == "≈"
    at += 1
    while at < until and (about(row[at]) or is_filler(row[at]) or row[at].text == "~"):
        approximate = approximate or about(row[at]) or row[at].text == "~"
        at += 1
    try:
        node, following = after_equals(row, at, until)
    except (NotUnderstood, RecursionError):
        return None, at
    remarks = row[at : min(until, following + 2)]
    return _Side(node, approximate or any(token.text.lower() in _APPROXIMATE for token in remarks)), following


def _closed(row: Sequence[Token], at: int) -> bool:
    """Whether nothing after a side would change it: no operator, variable or further digits."""
    if at >= len(row):
        return True
    token, last = row[at], row[at - 1]
    spaced = token.start > last.end
    if token.kind in "EXUR":
        return True
    if token.kind == "N":
        return spaced and (last.kind == "U" or not (len(token.text) == 3 and token.text.isdigit()))
    if token.kind in "LCF":
        return spaced or last.kind == "U"
    if token.kind == "O":
        return token.text == "-" and spaced
    return token.kind == "B" and spaced and token.text not in "√±<>!=%" and not token.text.isalnum()


def _contradicted(chain: Sequence[_Side], right: _Side) -> _Side | None:
    """The side before `right` if `right` equals none of the chain."""
    if any(_difference(left.node, right) is None for left in chain):
        return None
    return chain[-1]


def _difference(left: Node, right: _Side) -> float | None:
    """None where the sides agree (or cannot be compared), else how surely they differ by value alone, in 0..1."""
    try:
        return min(_differ(reading, left, right) for reading in _readings(left))
    except _Agree:
        return None
    except NotUnderstood:
        return None


class _Agree(Exception):
    """Two sides agree under some reading."""


def _readings(node: Node) -> list[Fraction]:
    """The values a reader may give an expression."""
    found = [value(node, exact)[0]]
    if "%" in operators(node):
        found.append(value(node, exact, relative=True)[0])
        if all(term.op == "%" for term in terms(node)) or _whole_percent(node):
            found.append(found[0] * 100)
    return found


def _whole_percent(node: Node) -> bool:
    """`15 / 60 × 100%`, which many write for `15 / 60 × 100`."""
    if node.op == "%":
        inner = node.args[0].number
        return inner is not None and inner.value == 100
    return node.op in ("*", "/") and any(map(_whole_percent, node.args))


def _operand(number: Number) -> Fraction:
    """What rounding may have taken from a number inside an expression: half its last digit from two places on; nothing
    of .60, .25 and 1.05, which are rates and prices."""
    if number.endless:
        return number.step
    return number.step / 2 if number.places >= 2 and (number.value * 20).denominator != 1 else Fraction(0)


def _any_decimal(number: Number) -> Fraction:
    return number.step if number.places or number.endless else Fraction(0)


def _differ(left: Fraction, node: Node, right: _Side) -> float:
    """How surely a value differs from a side, in 0..1.  Raises _Agree."""
    bare, percent = _bare(right.node)
    if bare is None:
        low, high = value(right.node, _any_decimal)
        if low <= left <= high or _overlap(node, low, high):
            raise _Agree
        return 0.9
    result, step = bare
    if _is_float(left, result, step):
        raise _Agree
    for scale in (1, Fraction(1, 100)) if percent and "%" not in operators(node) else (1,):
        if left * scale == result:
            raise _Agree
    if percent and "%" not in operators(node) and abs(left - result) > abs(left / 100 - result):
        left = left / 100
    return _unrounded(left, result, step, node, right)


def _is_float(left: Fraction, result: Fraction, step: Fraction) -> bool:
    """Whether a result is what binary floating point prints: right but for the last of some sixteen digits."""
    return step * 10**11 <= abs(result) and abs(left - result) * 10**14 <= abs(left)


def _bare(node: Node) -> tuple[tuple[Fraction, Fraction] | None, bool]:
    """The value and last written digit of a side that is one number, and whether it is a percentage."""
    if node.op == "neg":
        inner, percent = _bare(node.args[0])
        return (None if inner is None else (-inner[0], inner[1])), percent
    if node.op == "%":
        inner, _ = _bare(node.args[0])
        return (None if inner is None else (inner[0] / 100, inner[1] / 100)), True
    if node.op == "*" and node.args[1].op == "^":
        base = node.args[1].args[0].number
        head, percent = _bare(node.args[0])
        if base is not None and base.value == 10 and head is not None:
            power = value(node.args[1], exact)[0]
            return (head[0] * power, head[1] * power), percent
    if node.number is None or node.op:
        return None, False
    return (node.number.value, node.number.step * (2 if node.number.endless else 1)), False


def _unrounded(left: Fraction, result: Fraction, step: Fraction, node: Node, right: _Side) -> float:
    off = abs(left - result)
    if right.approximate:
        return _off_about(left, result, off, step)
    used = operators(node)
    inexact = bool(used & set("/^*%")) or any(number.places for number in numbers(node))
    if inexact and (left / step).denominator != 1:
        nearest, cut = off <= step / 2, off < step and abs(result) < abs(left)
        if nearest or cut:
            if not used & set("/^*%"):
                return 0.5 if nearest else 0.6
            if step >= 1 and off * 20 > abs(left):
                return 0.4
            raise _Agree
        if off < step:
            return 0.5
        if "/" in used and off < 2 * step and off * 200 < abs(left):
            return 0.6
    rounder = (left / step).denominator != 1 or result.denominator == 1
    if rounder and _overlap(node, result - step / 2, result + step / 2) and not _money(node):
        raise _Agree
    return 1.0


def _off_about(left: Fraction, result: Fraction, off: Fraction, step: Fraction) -> float:
    unit = step
    while unit * 10 <= abs(result) and (result / (unit * 10)).denominator == 1:
        unit *= 10
    if off <= max(abs(left) / 10, unit):
        raise _Agree
    return 0.9 if off * 2 > abs(left) else 0.7


def _overlap(node: Node, low: Fraction, high: Fraction) -> bool:
    """Whether numbers of `node` that may have been rounded themselves explain the difference."""
    least, most = value(node, _operand)
    return least < most and least <= high and low <= most


def _money(node: Node) -> bool:
    return "$" in node.units


def _judged(text: str, left: _Side, right: _Side) -> _Verdict | None:
    """The verdict on two sides that differ, after everything around them was weighed."""
    base = _difference(left.node, right)
    if base is None or is_excused(text, left.node, right.node):
        return None
    start, end = left.node.start, right.node.end
    if is_refuted(text, start, end):
        return None
    before, after = text[max(0, start - BEFORE) : start], text[end : end + AFTER]
    if base <= 0.6 and (_ROUNDED.search(before) or _ROUNDED.search(after) or _ROUNDED.search(text[start:end])):
        return None
    score = 0.95 * base * _plainness(left.node, right)
    if is_run_on(left.node, right.node):
        score = min(score, 0.35)
    if is_name(left.node, right.node):
        score = min(score, 0.35)
    if _SUPPOSED.search(before):
        score = min(score, 0.4)
    evidence = "the two sides of an equation differ"
    if right.approximate:
        evidence = "the two sides of an approximate equation differ by more than rounding explains"
    elif base <= 0.6:
        evidence = "the result of an equation is not rounded as written digits suggest"
    return _Verdict(score, evidence)


def _plainness(left: Node, right: _Side) -> float:
    """1 for digits and signs, less for each kind of interpretation that was needed."""
    plain = 1.0
    if adds_other_things(left):
        plain -= 0.45
    if left.unsure or right.node.unsure:
        plain -= 0.3
    if any(number.written == "chinese" for number in (*numbers(left), *numbers(right.node))):
        plain -= 0.05
    ours, theirs = names(left), names(right.node)
    if theirs and ours and not any(a.startswith(b) or b.startswith(a) for a in ours for b in theirs):
        plain -= 0.15
    if "^" in operators(left) | operators(right.node):
        plain -= 0.05
    return plain


def _told(text: str, left: Node, right: Node) -> str:
    """The right value beside the stated one, in the language of the answer."""
    written, stated = text[left.start : left.end], text[right.start : right.end]
    real, (bare, percent) = value(left, exact)[0], _bare(right)
    if bare is None:
        return sides_told(text, written, stated, (real, value(right, exact)[0]))
    if percent and "%" not in operators(left) and abs(real - bare[0]) > abs(real / 100 - bare[0]):
        real /= 100
    return number_told(text, written, stated, real, *bare) + carried(text, stated, right.end)

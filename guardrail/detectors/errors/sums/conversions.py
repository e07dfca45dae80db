"""Conversions of units that do not hold (`error.conversion`, serves `figures.py`).

Rules:
1. A conversion is two quantities of one kind side by side: `5 km (3.1 miles)`, 5公里等於3.1英里, `1 kg = 2.2 lb`.
2. What a unit is worth, and in how many meanings, is written in `units.py`.
3. A word that names several units (斤, 兩, gallon, pint, ounce, KB, 呎) is wrong only where none of them fits.
4. Either side may be the other one rounded at its last digit that is no trailing zero (by a tenth at most), with an
   equals sign only the second; between systems 5 % is left to the writer (2 % with an equals sign), and 3 °C or 5 °F.
   A difference of temperatures has no offset.
5. `per` and `/` after a unit, ranges and unlike units make no conversion.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.numerals import CHINESE
from guardrail.detectors.errors.sums.quantities import ABOUT, NUMBER, Amount, amount, is_about
from guardrail.detectors.errors.sums.shown import coarse, right_value
from guardrail.detectors.errors.sums.told import Slip, quoted
from guardrail.detectors.errors.sums.units import AREA_ONLY, BY_NAME, HEAT, F
from guardrail.text.wording import Wording

_EVIDENCE = "two quantities that are said to be the same are not"
_NAMED = sorted((*BY_NAME, *HEAT, *AREA_ONLY), key=len, reverse=True)
_ASCII = "|".join(
    re.escape(name).replace(r"\ ", r"[\s-]") for name in _NAMED if name[0].isascii() and name[0].isalpha()
)
_OTHER = "|".join(re.escape(name) for name in _NAMED if not (name[0].isascii() and name[0].isalpha()))
_UNIT = rf"(?:(?:{_ASCII})(?![A-Za-z0-9²³^])|(?:{_OTHER})(?![\u4e00-\u9fff]?/))"
_END = r"(?!\s?(?:/|per\b|每|an? (?:hour|day|week|month|year)\b|\^|²|³))"
_SIDE = rf"(?:-\s?)?{NUMBER}[\s-]?(?:攝氏|华氏|華氏|摄氏)?{_UNIT}{_END}"
_QUANTITY = re.compile(
    rf"(?P<number>(?:-\s?)?{NUMBER})[\s-]?(?P<unit>(?:攝氏|华氏|華氏|摄氏)?{_UNIT}){_END}", re.IGNORECASE
)
_JOINED = (
    rf"(?:\s*(?P<open>\()\s*(?:或|即|equal to|or|i\.e\.,?|that is,?|=|≈|{ABOUT})*\s*"
    rf"|\s*(?P<equals>=|≈|等於|等于|\bis\s+(?:equal|equivalent)\s+to\b|\bequals?\b|\bis\b|\bare\b"
    rf"|\bconverts?\s+to\b|即係?|即是|相當於|相当于|[係是為为])\s*(?:{ABOUT}\s*)*"
    rf"|,?\s+or\s+(?:{ABOUT}\s+)?)"
)
_PAIR = re.compile(
    rf"(?P<first>{_SIDE}(?:\s?(?:and\s)?{_SIDE})?)(?P<joined>{_JOINED})(?P<second>{_SIDE}(?:\s?(?:and\s)?{_SIDE})?)(?P<after>.{{0,12}})",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?:[-–—~至到]|\bto|\bof|\bbetween|\band|,|[x×*/+÷]|\d\s?x|加|減|减|乘以?|除以?)\s*$", re.IGNORECASE
)
_GOES_ON = re.compile(
    r"\s*(?:[-–—~至到]\s*\d|to\s+\d|/|[x×*+]\s*\d|per\b|more\b|less\b|longer\b|shorter\b|wide\b.{0,3}\d|\d)",
    re.IGNORECASE,
)
_TRIGGER = re.compile(rf"[\d{CHINESE}](?:[\s-]?(?:{_UNIT})|[\s-]?(?:攝氏|华氏|華氏|摄氏))", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"\b(?:by|of|rise|increase|change|difference|warm\w*|cool\w*|drop|fall|above|below)\b|升|降|差|±", re.IGNORECASE
)

_TOLD = Wording(
    "{first} is {right}, not {stated}.",
    "{first} 等於 {right}，不是 {stated}。",
    "{first} 等于 {right}，不是 {stated}。",
)
_NEITHER = Wording(
    "{first} is not {stated}, whichever meaning of the unit is taken ({right}).",
    "{first} 不論按哪一種單位定義（{right}），都不是 {stated}。",
    "{first} 不论按哪一种单位定义（{right}），都不是 {stated}。",
)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a conversion: its kind, its value in the base unit under every reading of its units, what rounding
    may have taken from it in each, and the unit it ends with."""

    kind: str
    values: tuple[tuple[Fraction, Fraction], ...]
    unit: tuple[Fraction, ...]
    last: Amount
    unit_name: str
    single: bool


def find(text: str, plain: str) -> Iterator[Slip]:
    """The slips of one answer; `plain` is `formula.replaced(text)`."""
    done = 0
    for start, end in _windows(plain):
        for match in _PAIR.finditer(plain, max(start, done), end):
            done = match.end("second")
            slip = _judged(text, plain, match)
            if slip is not None:
                yield slip


def _windows(plain: str) -> Iterator[tuple[int, int]]:
    """Lines with at least two quantities in them."""
    at = 0
    while (first := _TRIGGER.search(plain, at)) is not None:
        end = plain.find("\n", first.end())
        end = len(plain) if end < 0 else end
        if _TRIGGER.search(plain, first.end(), end):
            yield max(plain.rfind("\n", 0, first.start()) + 1, first.start() - 40), end
        at = end


def _judged(text: str, plain: str, match: re.Match[str]) -> Slip | None:
    before = plain[max(0, match.start() - 24) : match.start()]
    if match["open"] and not re.match(r"\s*[),;]", match["after"]):
        return None
    if _RANGE.search(before) or _GOES_ON.match(match["after"]) or is_refuted(plain, match.start(), match.end("second")):
        return None
    loose = (
        match["equals"] is None
        or is_about(match["joined"])
        or "≈" in match["joined"]
        or match["equals"] in ("is", "are")
    )
    heat = _heat(match["first"]), _heat(match["second"])
    if heat[0] and heat[1]:
        return _judged_heat(text, plain, match, heat[0], heat[1], loose, before)
    first, second = _side(match["first"], match["second"]), _side(match["second"], match["first"])
    if first is None or second is None or first.kind != second.kind:
        return None
    if first.kind == "time" and match["equals"] is None:
        return None  # 5 minutes (30 seconds a side), 30 minutes or 1 hour
    if set(first.unit) & set(second.unit) and first.single == second.single:
        return None
    between = F(5, 100) if loose and first.single and second.single else F(2, 100)
    off: list[Fraction] = []
    for ours, slack in first.values:
        for theirs, room in second.values:
            gap = abs(ours - theirs)
            allowed = max(slack if loose else F(0), room, between * abs(ours) if _systems(first, second) else F(0))
            if gap <= allowed:
                return None
            off.append(gap / abs(ours) if ours else F(1))
    rights = sorted({_shown(value, unit, second) for value, _ in first.values for unit in second.unit})
    words = _TOLD if len(rights) == 1 else _NEITHER
    right = " / ".join(f"{one} {second.unit_name}" for one in rights[:4])
    told = words.beside(text, first=quoted(match["first"]), right=right, stated=quoted(match["second"]))
    score = 0.9 if min(off) > F(15, 100) or not _systems(first, second) else 0.75
    return Slip(
        match.start(),
        match.end("second"),
        score if match["open"] or match["equals"] else min(score, 0.75),
        _EVIDENCE,
        told,
    )


def _shown(value: Fraction, unit: Fraction, side: _Side) -> str:
    """The right value with three digits at least."""
    number = value / unit
    step = F(1) if number >= 100 else F(1, 10) if number >= 10 else F(1, 100)
    return right_value(number, side.last.value, min(step, side.last.number.step))


def _systems(first: _Side, second: _Side) -> bool:
    """Whether a conversion goes from one system of units to another, where people round; hours to minutes is exact."""
    ratio = first.unit[0] / second.unit[0]
    exact = ratio.denominator == 1 or ratio.numerator == 1
    return first.kind not in ("time",) and not (exact and len(first.unit) == len(second.unit) == 1)


def _side(written: str, other: str) -> _Side | None:
    """A quantity, or two that go together (5 ft 10 in)."""
    found = [_quantity(one, other) for one in _QUANTITY.finditer(written)]
    if not found or len(found) > 2 or any(one is None for one in found):
        return None
    parts = [one for one in found if one is not None]
    kinds = {kind for kind, _, _, _ in parts}
    if len(kinds) != 1:
        return None
    if len(parts) == 1:
        kind, factors, number, name = parts[0]
        slack = min(coarse(number.value, number.number.step) / 2, max(number.value / 10, number.number.step / 2))
        if number.value == 1 or kind == "time":
            slack = number.number.step / 2 if number.number.step < 1 else F(0)
        values = tuple((number.value * factor, slack * factor) for factor in factors)
        return _Side(kind, values, factors, number, name, True)
    (kind, large, whole, _), (_, small, rest, name) = parts
    if large[0] <= small[0] or len(large) != len(small):
        return None
    values = tuple(
        (whole.value * a + rest.value * b, rest.number.step * b / 2) for a, b in zip(large, small, strict=True)
    )
    return _Side(kind, values, small, rest, name, False)


def _quantity(match: re.Match[str], other: str) -> tuple[str, tuple[Fraction, ...], Amount, str] | None:
    number = amount(match["number"])
    if number is None or match["number"].startswith("-"):
        return None
    name = re.sub(r"[\s-]", " ", match["unit"].lower())
    if name in AREA_ONLY:
        area = re.search(r"平方|sq|m2|m²|m\^2|公頃|公顷|acre|hectare", other, re.IGNORECASE)
        kind, factors = AREA_ONLY[name][0 if area else 1]
    elif name in BY_NAME:
        kind, factors = BY_NAME[name]
    else:
        return None
    return kind, factors, number, match["unit"]


def _heat(written: str) -> tuple[str, Fraction, Fraction] | None:
    """(scale, degrees, half of the last digit that is no trailing zero)."""
    match = _QUANTITY.fullmatch(written)
    if match is None:
        return None
    name = match["unit"].lower()
    scale = HEAT.get(name) or ("C" if name.startswith(("攝", "摄")) else "F" if name.startswith(("華", "华")) else None)
    number = amount(match["number"].lstrip("- "))
    if scale is None or number is None:
        return None
    sign = -1 if match["number"].startswith("-") else 1
    return scale, sign * number.value, min(coarse(number.value, number.number.step) / 2, max(F(5), number.value / 20))


def _judged_heat(
    text: str,
    plain: str,
    match: re.Match[str],
    first: tuple[str, Fraction, Fraction],
    second: tuple[str, Fraction, Fraction],
    loose: bool,
    before: str,
) -> Slip | None:
    if first[0] == second[0]:
        return None
    factor = F(9, 5) if first[0] == "C" else F(5, 9)
    right = first[1] * factor + 32 if first[0] == "C" else (first[1] - 32) * factor
    room = first[2] * factor + second[2] + ((5 if second[0] == "F" else 3) if loose else 1)
    step = F(1)
    if abs(right - second[1]) <= room:
        return None
    if abs(first[1] * factor - second[1]) <= room and (_DIFFERENCE.search(before) or abs(first[1]) <= 10):
        return None
    shown = right_value(right, second[1], step)
    told = _TOLD.beside(
        text, first=quoted(match["first"]), right=f"{shown} °{second[0]}", stated=quoted(match["second"])
    )
    return Slip(match.start(), match.end("second"), 0.85, _EVIDENCE, told)

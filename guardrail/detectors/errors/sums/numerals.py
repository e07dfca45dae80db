"""Numbers as people write them, read exactly: `1,234.50`, `3萬5千`, `三十五`, `½` (serves `arithmetic.py`).

Rules: values are fractions, never floats; a number keeps the unit of its last written digit, because a result may
be rounded there; what can be read two ways (`1.234,56`, `3萬5`, `007`) is not read at all.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

DIGITS = 40
"""Digits of one number; longer ones are keys or noise, and exact arithmetic on them would cost too much."""

CHINESE = "零〇一二兩两三四五六七八九十廿卅百千萬万億亿"
_PLAIN = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d*)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?")
_PART = re.compile(r"([\d,.]+)([百千]?[萬万億亿]|[百千])?")
_ONE = Fraction(1)
_DIGIT = {**dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)), "兩": 2, "两": 2}
_TEN = {"十": 10, "百": 100, "千": 1000}
_SCALE = {"萬": 10**4, "万": 10**4, "億": 10**8, "亿": 10**8}
_WORDS = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
VULGAR = {
    "½": Fraction(1, 2), "⅓": Fraction(1, 3), "⅔": Fraction(2, 3), "¼": Fraction(1, 4), "¾": Fraction(3, 4),
    "⅕": Fraction(1, 5), "⅖": Fraction(2, 5), "⅗": Fraction(3, 5), "⅘": Fraction(4, 5), "⅙": Fraction(1, 6),
    "⅚": Fraction(5, 6), "⅛": Fraction(1, 8), "⅜": Fraction(3, 8), "⅝": Fraction(5, 8), "⅞": Fraction(7, 8),
}  # fmt: skip


_D = "一二兩两三四五六七八九"
SHARE = (
    rf"(?!百分之)(?:\d{{1,4}}|[{_D}十百]{{1,5}})分之(?:\d{{1,4}}|[{_D}十百]{{1,5}})"
    rf"|(?:[{_D}]|(?<![\d.,])\d)成(?:[{_D}半]|\d(?![\d.,]*\d))?(?![功為为立本長长員员就效果年品語语分交績绩份])"
    rf"|[{_D}]{{1,2}}折(?![磨射疊叠斷断騰腾衷])|(?<![\d.,])\d(?:\.\d)?折"
)
"""Shares as Chinese writes them: 三分之一, 兩成三 (23 %), 一成半 (15 %), 八五折 (85 % of the price)."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with `step`, the unit of its last written digit (1 for 1200, 1/100 for 3.50, 1000 for 3.5萬)."""

    value: Fraction
    step: Fraction = Fraction(1)
    written: str = "digits"
    endless: bool = False

    @property
    def places(self) -> int:
        """Digits after the point, as far as they matter for rounding: 0, 1, 2 or more."""
        return 0 if self.step >= 1 else 1 if self.step >= Fraction(1, 10) else 2

    def times(self, factor: int) -> "Number":
        """This number of hundreds, thousands, millions."""
        return Number(self.value * factor, self.step * factor, self.written, self.endless)


def multiplier(word: str) -> int | None:
    """What an English scale word multiplies by, None for any other word."""
    return _WORDS.get(word.lower().removesuffix("s"))


def read(text: str) -> Number | None:
    """A number in digits, with Chinese scale characters if any, None where it has no single reading.

    >>> read("1,234.50")
    Number(value=Fraction(2469, 2), step=Fraction(1, 100), written='digits', endless=False)
    """
    if len(text) > DIGITS:
        return None
    if text.isascii():
        return _plain(text)
    total: Number | None = None
    least = 10**12
    end = 0
    for match in _PART.finditer(text):
        part, factor = _plain(match.group(1)), _factor(match.group(2))
        if (
            part is None
            or match.start() != end
            or factor >= least
            or (total and factor == 1 and part.value * 10 < least)
        ):
            return None
        part = part.times(factor)
        total = part if total is None else Number(total.value + part.value, part.step)
        least, end = factor, match.end()
    return total if end == len(text) else None


def _factor(characters: str | None) -> int:
    factor = 1
    for character in characters or "":
        factor *= _SCALE.get(character) or _TEN[character]
    return factor


def _plain(text: str) -> Number | None:
    match = _PLAIN.fullmatch(text)
    if match is None or not (match.group(1) or match.group(2)):
        return None
    whole, decimals, exponent = match.group(1).replace(",", ""), match.group(2) or "", int(match.group(3) or 0)
    if len(whole) > 1 and whole[0] == "0":
        return None
    if not decimals and not exponent:
        return Number(Fraction(int(whole)), _ONE)
    step = Fraction(1, 10 ** len(decimals)) * Fraction(10) ** exponent
    return Number(int(whole + decimals) * step, step)


def read_chinese(text: str) -> Number | None:
    """A number in Chinese characters, None where they do not form one.

    >>> [int(read_chinese(t).value) for t in ("三十五", "一千二百萬", "二〇二四", "兩百零三", "二百三", "十")]
    [35, 12000000, 2024, 203, 230, 10]
    """
    if not text or len(text) > DIGITS:
        return None
    if len(text) > 1 and all(character in _DIGIT for character in text):
        return _chinese(int("".join(str(_DIGIT[character]) for character in text)))
    total = 0
    rest = text
    least = 10**13
    for marks, scale in (("億亿", 10**8), ("萬万", 10**4)):
        head, mark, tail = _partition(rest, marks)
        if mark:
            section = _section(head)
            if section is None or scale >= least:
                return None
            total, rest, least = total + section * scale, tail, scale
    if not rest:
        return _chinese(total)
    if len(rest) == 1 and total and rest in _DIGIT:
        return _chinese(total + _DIGIT[rest] * least // 10)
    section = _section(rest)
    return None if section is None else _chinese(total + section)


def _chinese(value: int) -> Number:
    return Number(Fraction(value), written="chinese")


def _partition(text: str, marks: str) -> tuple[str, str, str]:
    for at, character in enumerate(text):
        if character in marks:
            return text[:at], character, text[at + 1 :]
    return "", "", text


def _section(text: str) -> int | None:
    """A number below ten thousand."""
    total, digit, least, gap = 0, None, 10_000, False
    for character in text.replace("廿", "二十").replace("卅", "三十"):
        if character in "零〇":
            if digit is not None:
                return None
            gap = True
        elif character in _DIGIT:
            if digit is not None:
                return None
            digit = _DIGIT[character]
        elif character in _TEN:
            unit = _TEN[character]
            if unit >= least or (digit is None and (unit != 10 or (total and not gap))):
                return None
            total, digit, least = total + (1 if digit is None else digit) * unit, None, unit
        else:
            return None
    if digit is not None:
        total += digit * (least // 10 if 100 <= least < 10_000 and not gap else 1)
    return total if text else None


def read_share(text: str) -> Number | None:
    """A share that `SHARE` matched.

    >>> [str(read_share(t).value) for t in ("三分之一", "兩成三", "一成半", "八五折", "7折", "十二分之五")]
    ['1/3', '23/100', '3/20', '17/20', '7/10', '5/12']
    """
    if "分之" in text:
        below, _, above = text.partition("分之")
        whole, part = (read(side) if side.isascii() else read_chinese(side) for side in (below, above))
        if whole is None or part is None or not whole.value:
            return None
        return Number(part.value / whole.value, Fraction(1, 1000), "chinese")
    digits = text.replace("成", "").replace("折", "")
    if digits.isascii():
        value = Fraction(digits) / (100 if len(digits) == 2 else 10)
    else:
        value = sum((_tenth(digit) / 10**at for at, digit in enumerate(digits, 1)), Fraction(0))
    return Number(value, Fraction(1, 1000), "chinese")


def _tenth(character: str) -> Fraction:
    if character == "半":
        return Fraction(5)
    return Fraction(int(character) if character.isascii() else _DIGIT[character])

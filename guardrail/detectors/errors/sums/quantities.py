"""Amounts in running text, English and Chinese, read exactly: `HK$1.2m`, `1.2 million`, 一千二百萬, 兩成三, `15%`.

They serve the checks of `figures.py` and `consistency/detector.py`.

Rules:
1. The strings `NUMBER` and `PERCENT` are regular expressions for use inside others, without groups; what they match is
   read by `amount` and `share`.  They begin no earlier and end no later than the whole number, and take bounded time.
2. They are for text that `formula.replaced` has gone over: full-width forms are ASCII there, at the same offsets.
3. A number keeps the worth of its last written digit, so that rounding can be understood.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.sums.numerals import CHINESE, SHARE, Number, multiplier, read, read_chinese, read_share

CURRENCY = r"(?:HK|US|NT|CA|AU|[ASCR])?\$|[€£¥₩₹]|(?:HKD|USD|RMB|CNY|EUR|GBP|JPY|TWD|SGD|AUD|CAD|MOP)"
DIGITS = r"(?<![\d.,A-Za-z_])(?>\d{1,20}(?:,\d{3}){0,6}(?:\.\d{1,15})?)(?![,.]?\d)"
_BARE = r"(?>\d{1,20}(?:,\d{3}){0,6}(?:\.\d{1,15})?)(?![,.]?\d)"
_WORDS = r"\s?(?:hundred|thousand|million|billion|trillion)s?\b|[百千]?[萬万億亿]|[百千](?![分克米卡瓦])"
_HAN = rf"(?<![{CHINESE}第])(?!一[共齊齐起樣样定直般些切旦向致併律度])(?>[{CHINESE}]{{1,16}})(?![{CHINESE}分成折])"
_SIGNED = rf"(?:{CURRENCY})\s?{_BARE}(?>{_WORDS}|(?:[kKmMbB]|bn|mn)(?![A-Za-z0-9])|)"
NUMBER = rf"(?:{_SIGNED}|{DIGITS}(?>{_WORDS}|)|{_HAN})"
MONEY = (
    rf"(?:{_SIGNED}|(?:{DIGITS}(?>{_WORDS}|)|{_HAN})\s?"
    r"(?:元|蚊|港[元幣币]|美[元金]|人民[幣币]|[圓块塊](?:錢|钱)?|dollars?\b|euros?\b|pounds?\b|yuan\b))"
)
PERCENT = rf"(?:{DIGITS}\s?(?:%|per ?cent\b(?! points?))|百分之(?:{DIGITS}|{_HAN})|{SHARE})"
GOES_ON = (
    r"(?:\s*(?:[-+×*/÷=–]|\b[xX]\b)\s*[$€£¥(.\d]|\s?(?:%|per ?cent\b|百分|[個个]百分|倍|成|折|分之|多|幾|几)"
    r"|\s*(?:times|fold|more|less|fewer|plus|minus|to\s+\d)\b|\s?(?:至|到|加|減|减|乘|除))"
)
"""What follows a number that is not all of it: an operator, a percent sign, the rest of a range."""
ABOUT = r"(?:about|around|approximately|roughly|nearly|almost|some|just (?:over|under)|大?[約约]|大概|差不多|接?近|~|≈)"
_ABOUT = re.compile(ABOUT, re.IGNORECASE)
_PIECES = re.compile(
    rf"({CURRENCY})?\s?(?:(\d[\d,]*(?:\.\d+)?)\s?([A-Za-z]+|[百千]?[萬万億亿]|[百千])?|([{CHINESE}]+))"
)
_SHORT = {"k": 10**3, "m": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9}
_HUNDRED = Fraction(1, 100)
_NAMES = {
    "元": "", "蚊": "HK$", "港元": "HK$", "港幣": "HK$", "港币": "HK$", "美元": "US$", "美金": "US$", "人民幣": "CN¥",
    "人民币": "CN¥", "HKD": "HK$", "USD": "US$", "RMB": "CN¥", "CNY": "CN¥", "EUR": "€", "GBP": "£", "JPY": "JP¥",
    "TWD": "NT$", "SGD": "S$", "AUD": "A$", "AU$": "A$", "CAD": "C$", "CA$": "C$", "MOP": "MOP",
    "euro": "€", "euros": "€", "yuan": "CN¥", "dollar": "$", "dollars": "$", "pound": "£", "pounds": "£",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the currency written at it, "" for none, and whether it came with a scale (million, 萬)."""

    number: Number
    currency: str = ""
    scaled: bool = False

    @property
    def value(self) -> Fraction:
        """What it is worth."""
        return self.number.value

    @property
    def slack(self) -> Fraction:
        """What rounding may have taken from it: half its last digit where it has decimals or a scale, else nothing."""
        return self.number.step / 2 if self.scaled or self.number.step < 1 else Fraction(0)


def amount(text: str) -> Amount | None:
    """What `NUMBER` or `MONEY` matched, None where it has no single reading.

    >>> [int(amount(t).value) for t in ("HK$1.2m", "1.2 million", "12.5億", "一千二百萬", "1,200元")]
    [1200000, 1200000, 1250000000, 12000000, 1200]
    >>> amount("80 m") is None, amount("US$5").currency
    (True, 'US$')
    """
    match = _PIECES.match(text)
    if match is None:
        return None
    sign, digits, scale, han = match.groups()
    rest = text[match.end() :].strip()
    if scale and scale in _NAMES:
        rest, scale = scale, None
    number = read_chinese(han) if han else read(digits)
    factor = _factor(scale, bool(sign))
    if number is None or factor is None:
        return None
    currency = currency_of(sign or rest)
    return Amount(number.times(factor), currency, factor > 1 or bool(han and han[-1] in "萬万億亿"))


def _factor(scale: str | None, money: bool) -> int | None:
    if not scale:
        return 1
    if not scale.isascii():
        factor = 1
        for character in scale:
            factor *= {"百": 100, "千": 1000, "萬": 10**4, "万": 10**4}.get(character, 10**8)
        return factor
    return multiplier(scale) or (_SHORT.get(scale.lower()) if money else None)


def currency_of(word: str) -> str:
    """The currency that a sign, a code or a word names, as written where it has no other name; "" for none."""
    return _NAMES.get(word, word if "$" in word or (len(word) == 1 and word in "€£¥₩₹") else "")


def share(text: str) -> Number | None:
    """What `PERCENT` matched as a part of one, None where it has no single reading.

    >>> [str(share(t).value) for t in ("15%", "百分之二十", "兩成三", "三分之一", "7.5 per cent")]
    ['3/20', '1/5', '23/100', '1/3', '3/40']
    """
    if text.startswith("百分之"):
        inner = text.removeprefix("百分之")
        number = read(inner) if inner.isascii() else read_chinese(inner)
    elif re.match(r"[\d.,]+\s?(?:%|per)", text):
        number = read(re.split(r"\s?(?:%|per)", text)[0])
    else:
        return read_share(text)
    return None if number is None else Number(number.value * _HUNDRED, number.step * _HUNDRED, number.written)


def is_about(text: str) -> bool:
    """Whether words say that a number is approximate."""
    return _ABOUT.search(text) is not None


def same_currency(*amounts: Amount) -> bool:
    """Whether no two amounts name different currencies; a bare `$` goes with any dollar."""
    named = {one.currency for one in amounts if one.currency}
    return len(named) < 2 or (len(named) == 2 and "$" in named and all("$" in one for one in named))

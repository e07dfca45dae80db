"""Money converted at a rate that the same answer states (`error.conversion`, serves `figures.py`).

Rules:
1. A rate is `1 USD = 7.8 HKD`, 1美元兌7.8港元, 匯率7.8 or `at 7.8` between the two sums; no other rate is known here.
2. Several rates of one pair (buying, selling) all count, up to twelve: more are a history or a table of rates, of
   which no sum says which one it takes.  A fee or a commission anywhere silences the check.
3. A sum may be rounded at its last digit; `about` and brackets allow 5 %.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from guardrail.detectors.errors.sums.quantities import ABOUT, Amount, amount, is_about
from guardrail.detectors.errors.sums.shown import coarse
from guardrail.detectors.errors.sums.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_EVIDENCE = "a sum of money is not what the stated rate gives"
_TOLD = Wording(
    "{first} is {right}, not {stated}.",
    "{first} 等於 {right}，不是 {stated}。",
    "{first} 等于 {right}，不是 {stated}。",
)
_CODE = (
    r"HKD|USD|RMB|CNY|EUR|GBP|JPY|TWD|SGD|AUD|CAD|HK\$|US\$|NT\$|港[元幣币]|美[元金]|人民[幣币]|日[圓元]"
    r"|[歐欧]元|英[鎊镑]|新[台臺]幣|澳元|加元|[€£]|RMB¥|CN¥"
)
_SAME = {
    "HKD": "HKD", "HK$": "HKD", "港元": "HKD", "港幣": "HKD", "港币": "HKD", "USD": "USD", "US$": "USD", "美元": "USD",
    "美金": "USD", "RMB": "CNY", "CNY": "CNY", "人民幣": "CNY", "人民币": "CNY", "RMB¥": "CNY", "CN¥": "CNY",
    "EUR": "EUR", "歐元": "EUR", "欧元": "EUR", "€": "EUR", "GBP": "GBP", "£": "GBP", "英鎊": "GBP", "英镑": "GBP",
    "JPY": "JPY", "日圓": "JPY", "日元": "JPY", "TWD": "TWD", "NT$": "TWD", "新台幣": "TWD", "新臺幣": "TWD",
    "SGD": "SGD", "AUD": "AUD", "澳元": "AUD", "CAD": "CAD", "加元": "CAD",
}  # fmt: skip
_BARE = r"(?<![\d.,])\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,8})?(?![.,]?\d)(?:\s?(?:million|billion)\b|[萬万億亿])?"
_SUM = rf"(?:(?:{_CODE})\s?{_BARE}|{_BARE}\s?(?:{_CODE}))"
_RATE = re.compile(
    rf"(?P<one>(?:{_CODE})\s?1(?:\.0+)?(?![\d.,])|(?<![\d.,])1(?:\.0+)?\s?(?:{_CODE}))\s*(?:=|≈|:"
    rf"|is|equals|to|buys|兌換?|兑换?|等於|等于|換|换|約|约|大約|可兌)+\s*(?:{ABOUT}\s*)?(?P<many>{_SUM})",
)
_LOCAL = re.compile(
    rf"(?P<first>{_SUM})\s*(?:at|×|x|\*|,?\s*(?:按|以))\s*(?:an?\s+|the\s+)?(?:(?:exchange\s+)?rate(?:\s+of)?"
    rf"|[匯汇]率)?\s*(?:of|是|為|为)?\s*(?P<rate>{_BARE})(?:\s*(?:[計计]算?|[換换]算))?"
    rf"\s*,?;?\s*(?:=|is|gives|equals|comes to|makes|that is|即|約|约|是|係|為|为|等於|等于)+\s*"
    rf"(?P<about>(?:{ABOUT}\s*)?)(?P<second>{_SUM})"
)
_QUOTED_RATE = re.compile(
    rf"(?:exchange rate|[匯汇]率|兌換率|兑换率)[^\d\n]{{0,24}}?(?P<rate>{_BARE})(?!\s?(?:%|{_CODE}))", re.IGNORECASE
)
_MONEY_PAIR = re.compile(
    rf"(?P<first>{_SUM})(?P<joined>\s*\(\s*(?:即|or|=|≈|{ABOUT})*\s*|\s*(?:=|≈|等於|等于|即|is|equals"
    rf"|is worth|comes to|becomes|converts to|相當於|相当于|兌換?為?|可兌換?|[換换]成|is about|[係是為为約约])+\s*"
    rf"(?:{ABOUT}\s*)?)(?P<second>{_SUM})"
)
_FEE = re.compile(r"\bfees?\b|commission|charge|手續費|手续费|佣金", re.IGNORECASE)
_CURRENCY_SIGN = re.compile(_CODE)
_MOST_RATES = 12


def find(text: str, plain: str) -> Iterator[Slip]:
    """Sums converted at a rate that the answer states; several rates of one pair (buying, selling) all count."""
    if len({_SAME[code] for code in _SAME if code in plain}) < 2:
        return
    rates: dict[tuple[str, str], dict[Fraction, Amount]] = {}
    for match in _RATE.finditer(plain):
        ours, theirs = _sum(match["one"]), _sum(match["many"])
        if ours and theirs and ours[0] != theirs[0] and ours[1].value == 1 and theirs[1].value:
            of_pair = rates.setdefault((ours[0], theirs[0]), {})
            if len(of_pair) <= _MOST_RATES:
                of_pair.setdefault(theirs[1].value, theirs[1])
    fee = _FEE.search(plain) is not None
    done = -1
    for match in _LOCAL.finditer(plain):
        rate = amount(match["rate"])
        if rate is not None and rate.value and not fee:
            slip = _exchanged(text, match, [rate], either=True)
            if slip is not None:
                yield slip
        done = match.end()
    quoted_rates = [rate for match in _QUOTED_RATE.finditer(plain) if (rate := amount(match["rate"])) and rate.value]
    for match in _MONEY_PAIR.finditer(plain):
        ours, theirs = _sum(match["first"]), _sum(match["second"])
        if not ours or not theirs or ours[1].value == 1 or fee or match.start() < done:
            continue
        known = list(rates.get((ours[0], theirs[0]), {}).values())
        inverse = list(rates.get((theirs[0], ours[0]), {}).values())
        if max(len(known), len(inverse)) > _MOST_RATES:
            continue
        if known or inverse:
            slip = _exchanged(text, match, known, inverse=inverse)
        elif len(quoted_rates) == 1 and not rates:
            slip = _exchanged(text, match, quoted_rates, either=True)
        else:
            continue
        if slip is not None:
            yield slip


def _sum(written: str) -> tuple[str, Amount] | None:
    code = _CURRENCY_SIGN.search(written)
    number = re.search(_BARE, written)
    found = amount(number.group()) if number else None
    return (_SAME[code.group()], found) if code and found and code.group() in _SAME else None


def _exchanged(
    text: str,
    match: re.Match[str],
    rates: list[Amount],
    *,
    inverse: list[Amount] | None = None,
    either: bool = False,
) -> Slip | None:
    ours, theirs = _sum(match["first"]), _sum(match["second"])
    if ours is None or theirs is None or ours[0] == theirs[0] or not ours[1].value:
        return None
    rights: list[Fraction] = []
    pairs = [(rate, False) for rate in rates] + [(rate, True) for rate in inverse or []]
    pairs += [(rate, True) for rate in rates] if either else []
    for rate, turned in pairs:
        right = ours[1].value / rate.value if turned else ours[1].value * rate.value
        slack = right * (rate.number.step / 2 / rate.value if rate.number.step <= Fraction(1, 1000) else 0)
        room = max(theirs[1].number.step, slack + theirs[1].number.step / 2)
        if is_about(match.group()) or "≈" in match.group():
            room = max(room, right / 20, coarse(theirs[1].value, theirs[1].number.step))
        if abs(right - theirs[1].value) <= room:
            return None
        rights.append(right)
    nearest = min(rights, key=lambda one: abs(one - theirs[1].value)) if not either else rights[0]
    right_text, _ = corrected(match["second"], nearest, theirs[1].value, theirs[1].number.step)
    told = _TOLD.beside(text, first=quoted(match["first"]), right=quoted(right_text), stated=quoted(match["second"]))
    return Slip(match.start(), match.end("second"), 0.85, _EVIDENCE, told)

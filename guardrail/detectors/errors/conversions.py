"""Conversions that do not hold: units, and money at a rate that the answer states (`error.conversion`, serves
`figures.py`).

Rules:
1. A conversion is two quantities of one kind side by side: `5 km (3.1 miles)`, `5公里等於3.1英里`, `1 kg = 2.2 lb`;
   money counts where the same answer states the rate (`1 USD = 7.8 HKD`, 匯率7.8, `at 7.8`).
2. Factors are exact by definition: the international yard and pound agreement of 1959 (1 yd = 0.9144 m, 1 lb =
   0.45359237 kg), SI for the rest (BIPM, The International System of Units, 9th ed.); the Hong Kong catty is
   0.60478982 kg and the tael a sixteenth of it, 37.79936375 g (Weights and Measures Ordinance, Cap. 68).  On the
   mainland the 斤 is 500 g and the 兩 50 g (the Customs and Excise Department sets 1 kg = 2 市斤 beside 1.65 catties in
   its advice to consumers), in Taiwan 600 g and 37.5 g.
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

from guardrail.detectors.errors.excuses import is_refuted
from guardrail.detectors.errors.numerals import CHINESE
from guardrail.detectors.errors.quantities import ABOUT, NUMBER, Amount, amount, is_about
from guardrail.detectors.errors.shown import coarse, right_value
from guardrail.detectors.errors.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_EVIDENCE = "two quantities that are said to be the same are not"
F = Fraction
_CATTY, _TAEL = F("0.60478982"), F("0.03779936375")
_UNITS: dict[str, tuple[str, tuple[Fraction, ...]]] = {
    # length in metres
    "mm millimetre millimeter 毫米 公釐": ("length", (F("0.001"),)),
    "cm centimetre centimeter 厘米 釐米 公分": ("length", (F("0.01"),)),
    "m metre meter 米 公尺": ("length", (F(1),)),
    "km kilometre kilometer 公里 千米": ("length", (F(1000),)),
    "in inch inches 吋 英寸 英吋": ("length", (F("0.0254"),)),
    "ft foot feet 英尺 英呎": ("length", (F("0.3048"),)),
    "yd yard 碼 码": ("length", (F("0.9144"),)),
    "mi mile 哩 英里 英哩": ("length", (F("1609.344"),)),
    "nautical-mile 海里 浬": ("length", (F(1852),)),
    # mass in kilograms
    "mg milligram 毫克": ("mass", (F("0.000001"),)),
    "g gram 克": ("mass", (F("0.001"),)),
    "kg kilo kilogram 公斤 千克": ("mass", (F(1),)),
    "t tonne 公噸 公吨": ("mass", (F(1000),)),
    "ton 噸 吨": ("mass", (F(1000), F("907.18474"), F("1016.0469088"))),
    "lb pound 磅": ("mass", (F("0.45359237"),)),
    "oz ounce 安士 盎司": ("mass", (F("0.028349523125"), F("0.0311034768"), _TAEL)),
    "stone 英石": ("mass", (F("6.35029318"),)),
    "catty catties 司馬斤 港斤": ("mass", (_CATTY,)),
    "斤": ("mass", (_CATTY, F("0.5"), F("0.6"))),
    "市斤": ("mass", (F("0.5"),)),
    "台斤 臺斤": ("mass", (F("0.6"),)),
    "tael 司馬兩": ("mass", (_TAEL,)),
    "兩 两": ("mass", (_TAEL, F("0.05"), F("0.0375"))),
    # area in square metres
    "m² m2 m^2 sqm sq-m square-metre square-meter 平方米 平方公尺": ("area", (F(1),)),
    "km² km2 km^2 sq-km square-kilometre square-kilometer 平方公里": ("area", (F(1_000_000),)),
    "ft² ft2 ft^2 sqft sq-ft square-feet square-foot 平方呎 平方英尺 方呎": ("area", (F("0.09290304"),)),
    "sq-mi square-mile 平方英里 平方哩": ("area", (F("2589988.110336"),)),
    "ha hectare 公頃 公顷": ("area", (F(10_000),)),
    "acre 英畝 英亩": ("area", (F("4046.8564224"),)),
    # volume in litres
    "ml millilitre milliliter 毫升": ("volume", (F("0.001"),)),
    "l litre liter 公升 升": ("volume", (F(1),)),
    "gallon gal 加侖 加仑": ("volume", (F("3.785411784"), F("4.54609"))),
    "pint 品脫 品脱": ("volume", (F("0.473176473"), F("0.56826125"))),
    "quart": ("volume", (F("0.946352946"), F("1.1365225"))),
    "fl-oz fluid-ounce 液量安士": ("volume", (F("0.0295735295625"), F("0.0284130625"))),
    # time in seconds
    "s sec second 秒 秒鐘 秒钟": ("time", (F(1),)),
    "min minute 分鐘 分钟": ("time", (F(60),)),
    "h hr hour 小時 小时 鐘頭 钟头 個小時 个小时 個鐘頭 個鐘": ("time", (F(3600),)),
    "day 日 天": ("time", (F(86_400),)),
    "week 星期 個星期 个星期 週 周": ("time", (F(604_800),)),
    # speed in metres a second
    "km/h kmh kph 公里/小時 公里每小時 公里/小时": ("speed", (F(1000, 3600),)),
    "mph 英里/小時 英里每小時 哩/小時": ("speed", (F("1609.344") / 3600,)),
    "m/s 米/秒 米每秒": ("speed", (F(1),)),
    # data in bytes
    "kb": ("data", (F(1000), F(1024))), "mb": ("data", (F(1000) ** 2, F(1024) ** 2)),
    "gb": ("data", (F(1000) ** 3, F(1024) ** 3)), "tb": ("data", (F(1000) ** 4, F(1024) ** 4)),
}  # fmt: skip
_BY_NAME: dict[str, tuple[str, tuple[Fraction, ...]]] = {}
for _names, _kind in _UNITS.items():
    for _name in _names.split():
        _BY_NAME[_name.replace("-", " ")] = _kind
        if _name.isascii() and _name.isalpha() and len(_name) > 2 and not _name.endswith(("es", "feet")):
            _BY_NAME[f"{_name}s"] = _kind
_BY_NAME.update(
    {"lbs": _BY_NAME["lb"], "hrs": _BY_NAME["hr"], "foot": _BY_NAME["ft"], "square kilometres": _BY_NAME["sq km"]}
)
_BY_NAME.update({f"square {one}s": _BY_NAME[f"square {one}"] for one in ("metre", "meter", "kilometer", "mile")})
_BY_NAME.update(
    {
        "fluid ounces": _BY_NAME["fl oz"],
        "nautical miles": _BY_NAME["nautical mile"],
        "sq. ft.": _BY_NAME["sq ft"],
        "sq. ft": _BY_NAME["sq ft"],
    }
)
_HEAT = {
    "°c": "C", "℃": "C", "°f": "F", "℉": "F", "degrees celsius": "C", "degrees fahrenheit": "F", "celsius": "C",
    "fahrenheit": "F", "攝氏度": "C", "摄氏度": "C", "華氏度": "F", "华氏度": "F", "攝氏": "C", "華氏": "F",
}  # fmt: skip
_AREA_ONLY: dict[str, tuple[tuple[str, tuple[Fraction, ...]], ...]] = {
    "呎": (("area", (F("0.09290304"),)), ("length", (F("0.3048"),))),
    "尺": (("area", (F("0.09290304"),)), ("length", (F("0.3048"),))),
}
_NAMED = sorted((*_BY_NAME, *_HEAT, *_AREA_ONLY), key=len, reverse=True)
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
    yield from _money(text, plain)


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
    if name in _AREA_ONLY:
        area = re.search(r"平方|sq|m2|m²|m\^2|公頃|公顷|acre|hectare", other, re.IGNORECASE)
        kind, factors = _AREA_ONLY[name][0 if area else 1]
    elif name in _BY_NAME:
        kind, factors = _BY_NAME[name]
    else:
        return None
    return kind, factors, number, match["unit"]


def _heat(written: str) -> tuple[str, Fraction, Fraction] | None:
    """(scale, degrees, half of the last digit that is no trailing zero)."""
    match = _QUANTITY.fullmatch(written)
    if match is None:
        return None
    name = match["unit"].lower()
    scale = _HEAT.get(name) or (
        "C" if name.startswith(("攝", "摄")) else "F" if name.startswith(("華", "华")) else None
    )
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


def _money(text: str, plain: str) -> Iterator[Slip]:
    """Sums converted at a rate that the answer states; several rates of one pair (buying, selling) all count."""
    if len({_SAME[code] for code in _SAME if code in plain}) < 2:
        return
    rates: dict[tuple[str, str], list[Amount]] = {}
    for match in _RATE.finditer(plain):
        ours, theirs = _sum(match["one"]), _sum(match["many"])
        if ours and theirs and ours[0] != theirs[0] and ours[1].value == 1 and theirs[1].value:
            rates.setdefault((ours[0], theirs[0]), []).append(theirs[1])
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
        known = rates.get((ours[0], theirs[0]), [])
        inverse = rates.get((theirs[0], ours[0]), [])
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
        slack = right * (rate.number.step / 2 / rate.value if rate.number.step <= F(1, 1000) else 0)
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

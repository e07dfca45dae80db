"""What a reader would see in an equation instead of an error (serves `arithmetic.py`, `steps.py` and `figures.py`).

Rule: where one of these readings is possible, nothing is said: units that convert, scales of points (`0-3 = 1 point`),
other bases and clock arithmetic, remainders, an equation quoted in order to refute it, a number that goes on.
"""

import re
from fractions import Fraction

from guardrail.detectors.errors.sums.formula import Node, NotUnderstood, numbers, operators, value
from guardrail.detectors.errors.sums.measures import FACTORS, LETTERS, measure
from guardrail.detectors.errors.sums.numerals import Number

BEFORE = 48  # characters around an equation in which words about it are looked for
AFTER = 40
_REFUTED_BEFORE = re.compile(
    r"(?:\b(?:not|never|isn't|doesn't)(?:\s+(?:true|correct|right|the case|say|claim|write|mean|think)\b[^.;\n]{0,20}"
    r"|\W{0,3})"
    r"|\b(?:rather than|instead of)\b[^.,;\n]{0,24}"
    r"|\b(?:wrong(?:ly)?|incorrect(?:ly)?|mistaken(?:ly)?|erroneous(?:ly)?|false(?:ly)?"
    r"|error|mistake|claim(?:s|ed|ing)?(?: that)?|believe[sd]?|pretend|myth|joke)\b[^.;\n]{0,24}"
    r"|(?:不是|唔係|並非|并非|不等|唔等|而非|而不是)[^。;\n]{0,4}|(?:錯|错|誤|误|以為|以为|聲稱|声称|謬)[^。;\n]{0,12})$",
    re.IGNORECASE,
)
_REFUTED_AFTER = re.compile(
    r"^[^.。\n=]{0,16}?(?:\b(?:is|was|are|would be|that's|which is)\s+(?:\w+\s+){0,2}?"
    r"(?:wrong|incorrect|false|not\s+(?:true|correct|right|equal|valid|possible|so)\b|untrue|a mistake|an error"
    r"|impossible|correct\?|right\?|true\?)"
    r"|isn't|wrong|incorrect|false|✗|錯|错|唔啱|不對|不对|唔對(?=[,，。.！!;\s嘅]|$)|[不唔]正[確确]|唔係真"
    r"|不合理|是假|謬|有[誤误]|❌)"
    r"|^\s*[.。]?\s*[(（]?(?:wrong|incorrect|false|錯|错|❌|✗)",
    re.IGNORECASE,
)
_SAID_BEFORE = re.compile(
    r"(?:\b(?:some|many|most|people|students?|learners?|others)\s+(?:\w+\s+)?(?:say|write|think|believe)s?"
    r"|\b(?:you|student|who)\s+(?:have\s+|has\s+|had\s+)?(?:said|wrote|written|thought|stated)|\bsay that"
    r"|\b(?:your|the student's)\s+(?:working|work|answer|solution|calculation|step|line|equation)s?\b"
    r"(?! (?:is|are|will|would|becomes))[^.;\n]{0,16}|\bslogan\b|\btrue or false|(?:^|\n)\s*(?:is|does|did|was)"
    r"|(?:你|您|有人|好多人|很多人|不少人)(?:剛才|刚才|頭先|常|經常|经常)?(?:說|说|話|寫|写)(?:道|成)?"
    r"|(?:計|计|算|寫|写)成|(?:學生|学生|同學|同学)(?:嘅|的)?(?:答案|算式)|是非題|是非题|口號|口号)[^\w\n]{0,4}$",
    re.IGNORECASE,
)
_POSED_AFTER = re.compile(
    r"^[^\w\n]{0,3}(?:true or false|\?|？|是否|是不是|係咪|[對对啱][嗎吗唔])|^[^\w\n]{0,3}[(（]\s*[×✗xX]\s*[)）]"
    r"|^[^.。\n=]{0,16}?\bshould (?:be|equal|read|have been)\W{0,3}\d"
    r"|^[^。\n=]{0,6}(?:其實|其实|應該?|应该?)(?:[是為为係系]|等於|等于)+\W{0,2}\d",
    re.IGNORECASE,
)
_OPENS, _CLOSES = '“「『"‘', '”」』"’'
_OPTION = re.compile(r"^[ \t]*[-*]?[ \t]*[(（]?(?P<letter>[A-Ea-e甲乙丙丁])[.)）、:：][ \t]*", re.MULTILINE)
_NEAR = 160
_DENIED = re.compile(
    r"\bnot true\b|\b(?:does not|doesn't|do not|don't) (?:hold|equal|match)|≠|不成立|唔成立|矛盾|contradict",
    re.IGNORECASE,
)
_OTHER_SYSTEM = re.compile(
    r"\bmod(?:ulo|ular)?\b|\bbase[- ]?\d|\bbinary\b|\bhex|\boctal\b|\bxor\b|clock arithmetic|matri"
    r"|進制|进制|進位|进位|二進|同餘|同余|矩陣|矩阵",
    re.IGNORECASE,
)
_REMAINDER = re.compile(r"^\s*(?:[^\d\n.。]{0,8}(?:餘|余|remainder|left ?over|\b[rR]\b)|[.…]{2,}\s*\d)")
_OPEN_END = re.compile(
    r"^\s*(?:(?:times|plus|minus|squared|cubed|multiplied|divided|dozen|per ?cent|percent|or|to(?=\s+[$€£¥]?\d)"
    r"|and a (?:half|quarter))\b|至|到|~|個?半|多|幾|几|點|点|成|折|分之|打)",
    re.IGNORECASE,
)
_POINTS = re.compile(r"points?$|marks?$|stars?$|grades?$|levels?$|分|級|级|星|等", re.IGNORECASE)


def is_refuted(text: str, start: int, end: int) -> bool:
    """Whether the words around `start:end` say that it is wrong, or that it is somebody else's, or a question."""
    before, after = text[max(0, start - BEFORE) : start], text[end : end + AFTER]
    if _DENIED.search(after) or _REFUTED_BEFORE.search(before) or _REFUTED_AFTER.search(after):
        return True
    if _SAID_BEFORE.search(before) or _POSED_AFTER.search(after) or _is_option(text, start, end):
        return True
    return before[-1:] != "" and before[-1] in _OPENS and after[:1] != "" and after[0] in _CLOSES


def _is_option(text: str, start: int, end: int) -> bool:
    """Whether an equation is one of several to choose from: `A. 7 × 8 = 54`, `B. 7 × 8 = 56`."""
    low = max(0, start - _NEAR)
    line = text.rfind("\n", low, start) + 1
    if not line and low:
        return False
    label = _OPTION.match(text, line)
    if label is None or label.end() != start:
        return False
    left = re.split(r"[=＝]", text[start:end], maxsplit=1)[0].strip()
    others = _OPTION.finditer(text, low, end + _NEAR)
    return any(one["letter"] != label["letter"] and text.startswith(left, one.end()) for one in others)


def exact(number: Number) -> Fraction:
    """No slack at all, for `formula.value`."""
    return Fraction(0)


def terms(node: Node) -> list[Node]:
    """What is added or subtracted in an expression."""
    return [term for arg in node.args for term in terms(arg)] if node.op in ("+", "-") else [node]


def names(node: Node) -> set[str]:
    """The units written in an expression, without their plural."""
    return {unit.lower().rstrip("s") for unit in node.units}


def is_excused(text: str, left: Node, right: Node) -> bool:
    """Whether a reader would see something else than a wrong equation."""
    start, end = left.start, right.end
    around = text[max(0, start - 2 * BEFORE) : end + AFTER]
    after = text[end : end + AFTER]
    return bool(
        _OTHER_SYSTEM.search(around)
        or ("/" in operators(left) and _REMAINDER.search(after))
        or _OPEN_END.search(after)
        or _converts(left, right)
        or _is_range(text, left, right)
        or _rising(text, right) is not None
        or _is_share(text, left, right)
        or _in_binary(left, right)
        or _is_cut_off(text, left, right)
        or any(
            "半" in unit or unit in ("倍", "成", "折") for unit in (*left.units, *right.units[_is_ratio(left, right) :])
        )
    )


def _is_ratio(left: Node, right: Node) -> int:
    """1 where the first unit of the result says only that it is a ratio: 1600 / 200 = 8 倍."""
    return int("/" in operators(left) and right.units[:1] == ("倍",))


def _converts(left: Node, right: Node) -> bool:
    """Whether units of one kind are mixed, so that the plain numbers need not agree."""
    ours = {known for unit in left.units for part in re.split(r"[/每]", unit) if (known := measure(part))}
    every = [known for unit in right.units for part in re.split(r"[/每]", unit) if (known := measure(part))]
    theirs = set(every if operators(right) else every[:1])  # `20 hours a week` is hours
    mixed: dict[str, set[int]] = {}
    for dimension, place in ours | theirs:
        mixed.setdefault(dimension, set()).add(place)
    several = {dimension for dimension, places in mixed.items() if len(places) > 1}
    if (several and not (several == {"money"} and _is_near(left, right))) or _adds_unlike(left):
        return True
    if any(dimension == "count" for dimension, _ in ours - theirs) or ("count" in _kinds(theirs - ours) and ours):
        return True
    letters = {unit for unit in left.units if unit in LETTERS}
    if letters and not theirs:
        return True
    if not theirs or {dimension for dimension, _ in theirs} & {dimension for dimension, _ in ours}:
        return False
    if ours and operators(right):
        return True
    try:
        a, b = value(left, exact)[0], value(right, exact)[0]
    except NotUnderstood:
        return True
    factors = FACTORS | {2} if "count" in _kinds(theirs) else FACTORS
    return bool(a and b) and (a / b in factors or b / a in factors)


def _kinds(measures: set[tuple[str, int]]) -> set[str]:
    return {dimension for dimension, _ in measures}


def _is_near(left: Node, right: Node) -> bool:
    """Whether two sides are less than a factor of two apart, as dollars and cents never are."""
    try:
        a, b = value(left, exact)[0], value(right, exact)[0]
    except NotUnderstood:
        return False
    return bool(a and b) and Fraction(1, 2) < a / b < 2


def _adds_unlike(node: Node) -> bool:
    """Whether terms of different known kinds are added, `2 pairs + $5`: algebra in words, not a sum."""
    kinds = [{known[0] for unit in term.units if (known := measure(unit))} for term in terms(node)]
    named = [kind for kind in kinds if kind]
    return bool(named) and not set.intersection(*named)


def adds_other_things(node: Node) -> bool:
    """Whether terms that are added name different things, `3 full boxes + 2 loose ones`."""
    each = [names(term) for term in terms(node)]
    named = [name for name in each if name]
    first = named[0] if named else set()
    return any(not any(a.startswith(b) or b.startswith(a) for a in first for b in other) for other in named[1:])


def _is_cut_off(text: str, left: Node, right: Node) -> bool:
    """Whether the text ends within the digits of the right result."""
    if text[right.end : right.end + 8].strip():
        return False
    whole = str(int(abs(value(left, exact)[0])))
    shown = "".join(filter(str.isdigit, text[right.start : right.end]))
    return 0 < len(shown) < len(whole) and whole.startswith(shown)


def _is_range(text: str, left: Node, right: Node) -> bool:
    """`0-3 = 1 point`: two whole numbers joined tightly, the smaller first."""
    span = _rising(text, left)
    if right.op == "neg":
        return False
    if span is None or right.number is None:
        return span is not None
    return right.number.value != span or any(map(_POINTS.match, right.units))


def _rising(text: str, node: Node) -> Fraction | None:
    """How far apart the ends of a range such as `5-6` are, None for anything else."""
    if node.op != "-" or any(arg.op or arg.number is None for arg in node.args):
        return None
    low, high = node.args[0].number, node.args[1].number
    if low is None or high is None or low.value >= high.value or " " in text[node.start : node.args[1].end]:
        return None
    return high.value - low.value


def is_name(left: Node, right: Node) -> bool:
    """`1/4=120` as a setting: a lone proper fraction and a whole number."""
    if left.op != "/" or any(arg.op or arg.number is None for arg in left.args) or right.number is None or right.op:
        return False
    part = abs(value(left, exact)[0])
    turned = part * right.number.value == 1 and numbers(left)[0].value > 1  # 8/24 = 3
    return part < 1 and right.number.value >= 2 and right.number.step >= 1 and not turned


def _is_share(text: str, left: Node, right: Node) -> bool:
    """`1/2 cup = 120 ml`, `8/10 = 80`: a lone fraction that names a share of something else."""
    if left.op != "/" or any(arg.op or arg.number is None for arg in left.args):
        return False
    slash = text[left.args[0].start : left.args[1].end]
    if left.units and "$" not in left.units and "/" in slash and " " not in slash and names(left) != names(right):
        return True
    if right.op or right.number is None:
        return False
    return value(left, exact)[0] * 100 == right.number.value


def _in_binary(left: Node, right: Node) -> bool:
    """`101 + 11 = 1000` holds in base two."""
    every = [*numbers(left), *numbers(right)]
    if any(n.value.denominator != 1 or set(str(abs(n.value.numerator))) - set("01") for n in every):
        return False
    if not any(n.value >= 10 for n in every) or operators(left) - set("+-*"):
        return False
    return _base_two(left) == _base_two(right)


def _base_two(node: Node) -> int:
    if node.number is not None and not node.op:
        return int(str(abs(node.number.value.numerator))[:64], 2)
    parts = [_base_two(arg) for arg in node.args]
    if node.op == "neg" or len(parts) != 2:
        return -parts[0]
    return parts[0] + parts[1] if node.op == "+" else parts[0] - parts[1] if node.op == "-" else parts[0] * parts[1]


def is_run_on(left: Node, right: Node) -> bool:
    """`5 + 3 = 8 × 2`: the sign read as "and then", the result going on as the next expression."""
    first = right
    while first.args:
        first = first.args[0]
    if first is right or first.number is None:
        return False
    try:
        return value(left, exact)[0] == first.number.value
    except NotUnderstood:
        return False

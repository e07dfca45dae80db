"""Percentages that do not hold: of a number, out of a number, between two numbers (`error.percentage`, serves
`figures.py`; prices and interest are in `prices.py`).

Rules:
1. Judged is what states all its numbers in one sentence: `15% of 240 is 38`, `45 of 60 (70%)`, 從80升至100，升幅20%.
   What has `=` is an equation and belongs to `arithmetic.py`.
2. The base of a change is where it begins: from 80 to 100 is a rise of 25 %.  Two numbers that may be years, or that
   are percentages themselves, are no change (points and percent are both called percent).
3. A stated number may be rounded, or cut, at its last digit; the others may be rounded where they have decimals or a
   scale (7.5 million); `about` and 約 allow a tenth.
"""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.measures import measure
from guardrail.detectors.errors.sums.numerals import Number
from guardrail.detectors.errors.sums.quantities import (
    ABOUT,
    GOES_ON,
    NUMBER,
    PERCENT,
    Amount,
    amount,
    is_about,
    same_currency,
)
from guardrail.detectors.errors.sums.quantities import share as read_share
from guardrail.detectors.errors.sums.screening import holds, lines
from guardrail.detectors.errors.sums.shown import agrees, coarse
from guardrail.detectors.errors.sums.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_WORTH = (
    "%", "percent", "per cent", "百分之", "分之", "half of", "third of", "thirds of", "quarter of",
    "quarters of", "fifth of", "fifths of", "tenth of", "tenths of",
)  # fmt: skip
_PEOPLE = frozenset((
    "people", "persons", "of", "who", "in", "and", "or", "which", "at", "on", "so", "for", "人",
    "名", "位", "個", "个",
))  # fmt: skip
_TENTHS = tuple(f"{digit}{mark}" for mark in "成折" for digit in "一二兩两三四五六七八九半0123456789")
_EVIDENCE = "a stated percentage does not agree with the numbers beside it"
WORDS = r"(?:\s+[A-Za-z][a-z'-]{0,15}){0,3}?"
_HAN = r"[^\W\d]{0,5}?"
MAYBE = rf"(?P<about>(?:{ABOUT}\s*)?)"
IS = (
    r"(?:is|are|was|were|equals?|comes? to|works? out (?:at|to|as)|makes?|gives?|means|would be|will be"
    r"|i\.e\.,?|that is,?)"
)
_IS_HAN = r"(?:(?:就|即|便|正|應該|应该|大約|大约)*(?:是|係|為|为|即|有|得))"
ENDS = rf"(?!{GOES_ON})"
_PART = rf"(?:{PERCENT}|(?:an?\s+|one[\s-]|two[\s-]|three[\s-]|four[\s-])?(?:half|thirds?|quarters?|fifths?|tenths?))"
_THAN = re.compile(r"(?:more than|less than|up to|at least|over|under|another|step|page)\s*$", re.IGNORECASE)
_UP = r"rise|increase|growth|gain|jump|surge|markup"
_DOWN = r"fall|decrease|drop|decline|reduction|cut|loss|discount"
_UP_HAN, _DOWN_HAN = r"升|增|漲|涨|加", r"跌|降|減|减|縮|缩"
_RUN_HAN = (
    rf"[上下提回調调擴扩]?(?:{_UP_HAN}|{_DOWN_HAN}|變|变|改)(?:長|长|加|升|幅|少|低|高|跌|成|為|为"
    rf"|到|至|咗|了|去){{0,4}}"
)
_CHANGE_HAN = (
    rf"[上下提回]?(?P<kind>{_UP_HAN}|{_DOWN_HAN})(?:長|长|加|升|少|低|高|跌)?(?:幅度?|率)?(?:了|咗)?(?:是"
    rf"|為|为|係|達|达|約|约|有|:)?"
)

_OF = re.compile(
    rf"(?P<part>{_PART})\s+of\s+(?:the\s+|those\s+|all\s+|these\s+|our\s+|a\s+)?(?P<whole>{NUMBER})(?P<unit>{WORDS}),?\s+"
    rf"(?:{IS}|or)\s+{MAYBE}(?P<result>{NUMBER}){ENDS}",
    re.IGNORECASE,
)
_OF_HAN = re.compile(
    rf"(?P<whole>{NUMBER})(?P<unit>{_HAN})(?:的|嘅|之)(?P<part>{PERCENT}){_IS_HAN}{MAYBE}(?P<result>{NUMBER}){ENDS}"
)
_OUT_OF = re.compile(
    rf"(?P<part>{NUMBER})(?:\s+[a-z]{{1,15}})?\s+(?:out\s+)?of\s+(?:the\s+|every\s+|all\s+|a total of\s+)?"
    rf"(?P<whole>{NUMBER})(?P<unit>{WORDS})\s*(?:\(|,\s+(?:or|which is|that is|i\.e\.)\s+|\s+(?:is|are|equals)\s+)"
    rf"{MAYBE}(?P<share>{PERCENT})(?P<close>\)?)"
)
_OUT_OF_HAN = re.compile(
    rf"(?P<whole>{NUMBER})(?P<unit>{_HAN})(?:之中|當中|当中|入面|裏面|裡面|里面|中)(?:;|,)?有(?P<part>{NUMBER})(?:{_HAN})"
    rf"(?P<close>[(;,、])(?:即|即係|即是|佔|占|大)?(?:是|係|為|为)?{MAYBE}(?P<share>{PERCENT})"
)
_CHANGE = re.compile(
    rf"(?:(?P<verb>\b(?:{_UP}|{_DOWN}|rose|rises|rising|increas\w+|grew|grows|growing|gained|jumped"
    rf"|fell|falls|dropped|decreas\w+|declin\w+|went up|went down)"
    rf"\s+(?:by\s+)?(?P<early>{PERCENT})?,?\s*))?\bfrom\s+(?P<first>{NUMBER})(?P<unit>{WORDS})\s+to\s+(?P<second>{NUMBER})"
    rf"(?:{WORDS}\s*(?:[,;:(–—]|-\s)?\s*(?:(?:which|that|this|it)\s+)?(?:{IS}|representing|marking"
    rf"|reflecting|i\.e\.)?\s*(?:an?\s+)?{MAYBE}"
    rf"(?:(?:(?P<kind>{_UP}|{_DOWN}|change)\s+of\s+(?:{ABOUT}\s+)?(?P<late>{PERCENT}))|(?P<late2>{PERCENT})\s+(?P<kind2>{_UP}"
    rf"|{_DOWN}|change)))?",
    re.IGNORECASE,
)
_CHANGE_ZH = re.compile(
    rf"(?:由|從|从)(?:原(?:來|来|本)的?)?(?P<first>{NUMBER})(?P<unit>{_HAN}){_RUN_HAN}(?P<second>{NUMBER})(?:{_HAN})[,;、(]?"
    rf"(?:即|也就是|就是|即係|即是|相當於|相当于)?{_CHANGE_HAN}{MAYBE}(?P<share>{PERCENT})"
)
_PARTS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "tenth": Fraction(1, 10),
}
_TIMES = {"two": 2, "three": 3, "four": 4}

_OF_TOLD = Wording(
    "{part} of {whole} is {right}, not {stated}.",
    "{whole} 的 {part} 是 {right}，不是 {stated}。",
    "{whole} 的 {part} 是 {right}，不是 {stated}。",
)
_OUT_TOLD = Wording(
    "{part} of {whole} is {right}, not {stated}.",
    "{whole} 之中的 {part} 是 {right}，不是 {stated}。",
    "{whole} 之中的 {part} 是 {right}，不是 {stated}。",
)
_CHANGE_TOLD = Wording(
    "From {first} to {second} is a change of {right}, not {stated}.",
    "由 {first} 到 {second} 的變動是 {right}，不是 {stated}。",
    "由 {first} 到 {second} 的变动是 {right}，不是 {stated}。",
)


def find(text: str, plain: str, low: str) -> Iterator[Slip]:
    """The slips of one answer; `plain` is `formula.replaced(text)`, `low` the same in lower case."""
    taken = -1
    for start, end in lines(low, _WORTH + (_TENTHS if holds(low, ("成", "折")) else ())):
        found = sorted(
            (slip for check in _CHECKS for slip in check(text, plain, low[start:end], start, end)),
            key=lambda one: one.start,
        )
        for slip in found:
            if slip.start >= taken and not is_refuted(plain, slip.start, slip.end):
                taken = slip.end
                yield slip


def _of(text: str, plain: str, line: str, start: int, end: int) -> Iterator[Slip]:
    for words, pattern in ((("of",), _OF), (("的", "嘅", "之"), _OF_HAN)):
        for match in pattern.finditer(plain, start, end) if holds(line, words) else ():
            if _THAN.search(plain[max(0, match.start() - 12) : match.start()]):
                continue
            part, whole, result = _part(match["part"]), amount(match["whole"]), amount(match["result"])
            if part is None or whole is None or result is None or not same_currency(whole, result):
                continue
            after = plain[match.end("result") : match.end("result") + 20]
            if _other_unit(match["unit"], after) or _other_thing(match["unit"], after):
                continue
            right = part.value * whole.value
            slack = whole.slack * part.value + (part.step / 2 * whole.value if part.step < _POINT else 0)
            if not fits(right, slack, result, is_about(match["about"])):
                yield slip_of(text, match, "result", right, result, _OF_TOLD, part=match["part"], whole=match["whole"])


def _out_of(text: str, plain: str, line: str, start: int, end: int) -> Iterator[Slip]:
    for words, pattern in (((" of ",), _OUT_OF), (("中", "面"), _OUT_OF_HAN)):
        for match in pattern.finditer(plain, start, end) if holds(line, words) else ():
            if _THAN.search(plain[max(0, match.start() - 12) : match.start()]):
                continue
            part, whole, share = amount(match["part"]), amount(match["whole"]), read_share(match["share"])
            if part is None or whole is None or share is None or not whole.value or part.value > whole.value:
                continue
            opened = "(" in plain[match.end("whole") : match.start("share")]
            if opened and plain[match.end("share") : match.end("share") + 1] != ")":
                continue
            right = part.value / whole.value
            slack = right * (_relative(part) + _relative(whole))
            if not fits(right, slack, _as_amount(share), is_about(match["about"])):
                yield slip_of(
                    text, match, "share", right, _as_amount(share), _OUT_TOLD, part=match["part"], whole=match["whole"]
                )


def _change(text: str, plain: str, line: str, start: int, end: int) -> Iterator[Slip]:
    for match in _CHANGE.finditer(plain, start, end) if "from" in line else ():
        groups = [name for name in ("early", "late", "late2") if match[name]]
        if len(groups) == 1 and not (groups[0] == "early" and match["kind"]):
            word = (match["kind"] or match["kind2"] or match["verb"] or "").lower()
            yield from _changed(text, plain, match, groups[0], _direction(word))
    for match in _CHANGE_ZH.finditer(plain, start, end) if holds(line, ("由", "從", "从")) else ():
        yield from _changed(text, plain, match, "share", -1 if re.fullmatch(_DOWN_HAN, match["kind"]) else 1)


def _direction(word: str) -> int:
    if re.match(rf"(?:{_DOWN}|fell|falls|drop|decreas|declin|went down)", word):
        return -1
    return 0 if word.startswith("change") else 1


def _changed(text: str, plain: str, match: re.Match[str], group: str, direction: int) -> Iterator[Slip]:
    first, second, share = amount(match["first"]), amount(match["second"]), read_share(match[group])
    if first is None or second is None or share is None or not first.value or not same_currency(first, second):
        return
    if _is_year(first, match["first"]) and _is_year(second, match["second"]):
        return
    after_second = plain[match.end("second") : match.end("second") + 20]
    if re.match(r"\s?(?:%|per|百分|個百|个百|成)", after_second) or _other_unit(match["unit"], after_second):
        return
    if re.match(
        r"\s?(?:%|points?|[個个]?百分[點点]|[點点]|\s(?:in|of|per|each|a year|annual|every|compared|over)\b|每)",
        plain[match.end(group) : match.end(group) + 12],
    ):
        return
    right = (second.value - first.value) / first.value
    if direction and right * direction < 0:
        return
    slack = abs(second.value / first.value) * (_relative(first) + _relative(second))
    words = plain[match.end("second") : match.start(group)] if group != "early" else (match["verb"] or "")
    if fits(abs(right), slack, _as_amount(share), is_about(words)):
        return
    yield slip_of(
        text, match, group, abs(right), _as_amount(share), _CHANGE_TOLD, first=match["first"], second=match["second"]
    )


_CHECKS: tuple[Callable[[str, str, str, int, int], Iterator[Slip]], ...] = (_of, _out_of, _change)
_POINT = Fraction(1, 100)


def _part(word: str) -> Number | None:
    """A percentage, or a part in English words."""
    match = re.fullmatch(r"(?:(an?|one|two|three|four)[\s-]+)?(half|third|quarter|fifth|tenth)s?", word.lower())
    if match is None:
        return read_share(word)
    return Number(_PARTS[match.group(2)] * _TIMES.get(match.group(1) or "", 1), Fraction(1, 1000))


def _as_amount(share: Number) -> Amount:
    return Amount(share)


def _relative(one: Amount) -> Fraction:
    return one.slack / abs(one.value) if one.value else Fraction(0)


def fits(right: Fraction, slack: Fraction, stated: Amount, about: bool) -> bool:
    """Whether `stated` may be `right`, when the numbers that `right` comes from may be off by `slack`."""
    step = stated.number.step
    if agrees(right, stated.value, step):
        return True
    room = slack + (step / 2 if slack else 0)
    if about:
        room = max(room, abs(right) / 10, coarse(stated.value, step))
    return abs(right - stated.value) <= room


def _other_unit(unit: str, after: str) -> bool:
    """Whether the units after the whole and after the result are of one kind and not the same."""
    ours = next((known for word in re.findall(r"[A-Za-z]+|[^\W\d]+", unit) if (known := measure(word))), None)
    word = re.match(r"\s*([A-Za-z]+|[^\W\d\s]+)", after)
    theirs = measure(word.group(1)) if word else None
    return ours is not None and theirs is not None and ours[0] == theirs[0] and ours[1] != theirs[1]


def _other_thing(unit: str, after: str) -> bool:
    """Whether the whole counts one thing and the result another: 10% of the 40 students are 18 years old."""
    ours, behind = re.findall(r"[A-Za-z]+|[^\W\d_]", unit), re.match(r"\s*([A-Za-z]+|[^\W\d_])", after)
    if not ours or behind is None:
        return False
    word = behind.group(1).lower()
    return word not in _PEOPLE and word not in {one.lower() for one in ours}


def _is_year(one: Amount, written: str) -> bool:
    return written.isdigit() and len(written) == 4 and 1500 <= one.value <= 2200


def slip_of(
    text: str, match: re.Match[str], group: str, right: Fraction, stated: Amount, words: Wording, **values: str
) -> Slip:
    said = match[group]
    shown, _ = corrected(said, right, stated.value, stated.number.step)
    places = {name: quoted(value) for name, value in values.items()}
    told = words.beside(text, right=quoted(shown), stated=quoted(said), **places)
    off = abs(right - stated.value)
    score = 0.9 if off * 100 > abs(right) else 0.7
    return Slip(match.start(), match.end(group), score, _EVIDENCE, told)

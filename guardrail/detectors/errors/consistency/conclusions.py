"""A conclusion that is not what the answer came to (serves `detector.py`).

Rules:
1. A final number (`The answer is 24`, 答案是24, `#### 24`, `\\boxed{24}`) is held against the result of the equation
   right before it (`= 42`).  It contradicts where the two stand side by side with no other number between them, of the
   same unit, neither a rounding nor a common conversion of the other, and where it was not said before at all.
2. A first sentence that begins with Yes or No (係, 唔係, 可以, 不可以) is held against a last one that concludes the
   other.
3. An answer that corrects itself, that has several questions, or that says it depends, is not judged.
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from guardrail.detectors.errors.sums.measures import FACTORS
from guardrail.detectors.errors.sums.quantities import GOES_ON, NUMBER, Amount, amount, same_currency
from guardrail.detectors.errors.sums.screening import holds
from guardrail.detectors.errors.sums.shown import agrees, coarse
from guardrail.detectors.errors.sums.told import Slip, quoted
from guardrail.text.wording import Wording

_EVIDENCE_NUMBER = "the final answer is not the result that was worked out right before it"
_EVIDENCE_WORD = "the conclusion is the opposite of how the answer begins"
_FINAL = re.compile(
    rf"(?:\b(?:final\s+)?answer\s*(?:is|:|=)\s*(?:therefore\s+|thus\s+)?|(?:最[終终後后])?答案\s*(?:就?[是係為为]"
    rf"|:)\s*|\\boxed\{{)"
    rf"(?:\*\*|\$(?!\d)|\\\(|\s)*(?P<value>-?\$?{NUMBER})(?P<unit>\s?(?:%|[^\W\d]{{0,12}}))"
    rf"(?!{GOES_ON})",
    re.IGNORECASE,
)
_MARKED = re.compile(
    rf"####[ \t]*(?P<value>-?\$?{NUMBER})(?P<unit>[ \t]?(?:%|[^\W\d]{{0,12}}))[ \t.。]*$", re.MULTILINE
)
_RESULT = re.compile(rf"(?:=|≈)\s*(?:\*\*)?(?P<value>-?\$?{NUMBER})(?P<unit>\s?(?:%|[^\W\d]{{0,12}}))")
_NEAR = 120
_SEVERAL = re.compile(
    r"\b(?:part|question|problem|case|method|option|scenario|example|exercise)\s*(?:[a-d1-9]\b|:)"
    r"|[(（][a-d1-4][)）]|第[一二三四1-4][題题問问部個个小]|問題[一二三1-3]|方法[一二三1-3]",
    re.IGNORECASE,
)
_YES = r"yes|是的?|[係系]|可以|能夠?|能够|會|会|對|对|有|需要"
_NO = (
    r"no|不是|唔[係系]|不可以|唔可以|不能夠?|不能够|不會|不会|唔會|唔会|不對|不对|唔啱|沒有|没有|冇"
    r"|不需要|唔使|毋須|唔需要"
)
_BEGINS = re.compile(
    rf"^[\s*_#>]*(?:answer:\s*|答案?[:：]\s*)?(?P<word>{_NO}|{_YES})[\s*_]*(?P<mark>[,，。.!！;；:：—–-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_CONCLUDES = re.compile(
    rf"(?:\b(?:in conclusion|in short|in summary|to sum up|therefore|thus|hence|overall|so|to conclude"
    rf"|(?:the )?(?:short |final )?answer is)"
    rf"|[總总][括而言之]{{1,3}}|因此|所以|[綜综]上所述|[結结][論论][是係]?|最[終终後后]答案[是係]?"
    rf"|答案[是係])[\s,，;:：]*(?:[\s*_]*(?:the )?(?:short |final )?(?:answer is|答案[是係])[\s,，;:：]*)?"
    rf"[\s*_「“\"]*(?P<word>{_NO}|{_YES})[\s*_」”\"]*(?P<mark>[,，。.!！;；]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_DEPENDS = re.compile(
    r"\bdepend|\bbut\b|\bhowever\b|technically|in some cases|not necessarily|on the other hand|取決"
    r"|取决|視乎|视乎|某些|但|不過|不过|然而|另一方面|嚴格|严格",
    re.IGNORECASE,
)
_CLASSES = ("是係系對对啱", "可以能", "會会", "有沒没冇", "需使毋")
_NUMBER_TOLD = Wording(
    "The final answer is given as {stated}, but the working right before it comes to {right}.",
    "最終答案寫成 {stated}，但之前的計算結果是 {right}。",
    "最终答案写成 {stated}，但之前的计算结果是 {right}。",
)
_WORD_TOLD = Wording(
    "The answer begins with “{first}” but concludes “{last}”.",
    "回答以「{first}」開始，卻以「{last}」作結。",
    "回答以「{first}」开始，却以「{last}」作结。",
)


def find(text: str, plain: str, low: str) -> Iterator[Slip]:
    """The contradicting conclusions of one answer; `plain` is `formula.replaced(text)`, `low` that in lower case."""
    if holds(low, ("####", "answer", "答案", "boxed")):
        yield from _final_number(text, plain)
    yield from _final_word(text, plain)


def _final_number(text: str, plain: str) -> Iterator[Slip]:
    found = (*_FINAL.finditer(plain), *_MARKED.finditer(plain))
    last = max(found, key=lambda one: one.start(), default=None)
    if last is None:
        return
    window = max(0, last.start() - _NEAR)
    result = _last(_RESULT.finditer(plain, window, last.start()))
    if result is None or re.search(r"\d", plain[result.end() : last.start()]):
        return
    stated, worked = _number(last["value"]), _number(result["value"])
    if (
        not re.search(r"\d", last["value"])
        or stated is None
        or worked is None
        or _may_be(stated, worked, last["unit"], result["unit"])
    ):
        return
    if _said_before(plain[: last.start()], last["value"]) or _SEVERAL.search(plain):
        return
    told = _NUMBER_TOLD.beside(text, stated=quoted(last["value"]), right=quoted(result["value"]))
    yield Slip(last.start("value"), last.end("value"), 0.8, _EVIDENCE_NUMBER, told)


def _last(found: Iterable[re.Match[str]]) -> re.Match[str] | None:
    last = None
    for one in found:
        last = one
    return last


def _number(written: str) -> Amount | None:
    return amount(written.lstrip("-"))


def _may_be(stated: Amount, worked: Amount, unit: str, other: str) -> bool:
    """Whether the final number may be the result in other words."""
    a, b = stated.value, worked.value
    unit, other = unit.strip().lower().rstrip("s"), other.strip().lower().rstrip("s")
    if not same_currency(stated, worked) or (unit and other and unit != other) or not a or not b:
        return True
    if agrees(b, a, stated.number.step) or abs(a - b) <= max(coarse(a, stated.number.step), Fraction(1)) / 2:
        return True
    if abs(a - b) <= 1 and b.denominator != 1:  # rounded up: 41.2 buses are 42
        return True
    ratio = a / b if a > b else b / a
    return ratio in FACTORS or ratio == 10


def _said_before(plain: str, value: str) -> bool:
    digits = re.escape(re.sub(r"[^\d.,]", "", value)) or re.escape(value)
    return re.search(rf"(?<![\d.,]){digits}(?![.,]?\d)", plain) is not None


def _final_word(text: str, plain: str) -> Iterator[Slip]:
    first = _BEGINS.match(plain)
    if first is None:
        return
    last = _last(_CONCLUDES.finditer(plain, first.end()))
    if last is None or len(plain) - last.end() > 200:
        return
    yes, no = (re.fullmatch(_NO, one["word"], re.IGNORECASE) is not None for one in (first, last))
    if yes == no or not _one_class(first["word"], last["word"]) or _DEPENDS.search(plain):
        return
    told = _WORD_TOLD.beside(text, first=quoted(first["word"]), last=quoted(last["word"]))
    yield Slip(last.start(), last.end("word"), 0.75, _EVIDENCE_WORD, told)


def _one_class(first: str, last: str) -> bool:
    """Whether two words answer the same kind of question: 可以 and 不可以, not 可以 and 不是."""
    if first.isascii() or last.isascii():
        return first.isascii() and last.isascii()
    return any(set(first) & set(one) and set(last) & set(one) for one in _CLASSES)

"""One quantity stated with two values in the same answer (serves `detector.py`).

Rules:
1. A quantity is named by a noun phrase with a subject: `the population of X`, `X's population`, X的人口; the same words
   in either form are the same quantity.  What names no subject (`the result`, 總數) is not compared; a bare attribute
   (人口為750萬) only where the sentence begins alike and nothing else was spoken of.
2. What stands behind the value must be the same too, and so must the tense; a plain sentence (`assertions.py`) has no
   time, no condition and no comparison in it.
3. Values agree where one may be the other one rounded; `about`, `over` and `up to` allow a tenth.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.consistency.assertions import Assertion, is_plain
from guardrail.detectors.errors.sums.numerals import CHINESE
from guardrail.detectors.errors.sums.quantities import NUMBER, Amount, amount, same_currency
from guardrail.detectors.errors.sums.shown import coarse
from guardrail.detectors.errors.sums.told import Slip, quoted
from guardrail.text.script import simplify
from guardrail.text.wording import Wording

_EVIDENCE = "one quantity is stated with two values"
_ROUGH = (
    r"(?:about|around|approximately|roughly|nearly|almost|over|under|more than|less than|up to|at least"
    r"|at most|some|just (?:over|under)"
    r"|only|an estimated)"
)
_IS = r"(?:is|was|are|were|stands at|stood at|equals|comes to|amounts to|has|had)"
_NP = r"[A-Za-z][A-Za-z'’.-]*(?:\s+[A-Za-z][A-Za-z'’.-]*){0,9}?"
_ENGLISH = re.compile(
    rf"(?:(?P<of_subject>{_NP})\s+(?P<has>has|had)\s+an?\s+(?P<attribute>[a-z]+(?:\s+[a-z]+){{0,2}}?)\s+of"
    rf"|(?P<np>{_NP})\s+(?P<is>{_IS}))\s+"
    rf"(?P<rough>(?:{_ROUGH}\s+)?)(?P<value>{NUMBER})(?P<unit>\s?(?:%|[A-Za-z°²³]+(?:/[a-z]+)?)?)(?P<rest>[^.;!\n]{{0,120}})"
)
_HAN = re.compile(
    rf"(?P<np>[^\s,，、。;；:：()（）\d{CHINESE}]{{2,20}}?)(?P<is>(?:大?约|达到?|有|为|是|系|只有"
    rf"|高达|等于|达至){{1,3}})"
    rf"(?P<value>{NUMBER})(?P<rough>[多几余]?)(?P<unit>[^\s,，、。;；:：()（）\d]{{0,6}})"
)
_LEAD = re.compile(
    r"(?:\W*(?:so|but|and|however|therefore|thus|also|note that|in short|in conclusion|in summary"
    r"|overall|in total|as mentioned|again)\b)*\W*"
    r"(?:(?:the|a|an|its|their)\s+)?",
    re.IGNORECASE,
)
_WIDE = str.maketrans("０１２３４５６７８９．％", "0123456789.%")
_DROPPED = frozenset((
    "the", "a", "an", "of", "in", "for", "s", "total", "overall", "estimated", "approximate",
    "its", "their",
))  # fmt: skip
_NAMELESS = frozenset((
    "it", "this", "that", "they", "he", "she", "there", "answer", "result", "number", "sum",
    "value", "total", "amount", "difference", "remainder", "rest", "cost", "price", "which", "who",
    "what", "i", "you", "we", "x", "y", "n", "count", "figure", "ratio", "probability",
    "percentage", "area", "perimeter", "volume", "radius", "age",
))  # fmt: skip
_PRONOUNS = frozenset(("it", "this", "that", "they", "he", "she", "there", "which", "who", "what", "i", "you", "we"))
_BARE_HAN = re.compile(
    r"(?:总)?(?:人口|面积|学费|票价|售价|月租|租金|身高|体重|年薪|全长|总长|高度|长度|海拔)(?:总数|密度)?"
)
_OTHER_HAN = re.compile(r"相比|另|其他|则|分别|前者|后者|与之|对比|比较|而[^且是]")
_PARTICLE = re.compile(r"[的嘅之\s*_`]|^(?:而|但|但是|所以|因此|此外|另外|不过|总之|其中|并且|而且)+")
_NUMERAL = re.compile(rf"[\d{CHINESE}]")
_TOLD = Wording(
    "The answer gives two values for this: {first} and {second}.",
    "回答對同一數量有兩個說法：「{first}」和「{second}」。",
    "回答对同一数量有两个说法：“{first}”和“{second}”。",
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A value for a quantity: `key` names it with everything that must be the same, `begins` how its sentence does."""

    key: tuple[object, ...]
    value: Amount
    unit: str
    rough: bool
    start: int
    end: int
    bare: bool = False
    begins: str = ""


def find(text: str, sentences: Sequence[Assertion]) -> Iterator[Slip]:
    """The quantities of one answer that have two values; each is reported at the later one."""
    seen: dict[tuple[object, ...], _Said] = {}
    for one in sentences:
        sentence = text[one.start : one.end]
        if _NUMERAL.search(sentence) is None:
            continue
        for said in _said(sentence, one):
            if not is_plain(sentence):
                break
            before = seen.setdefault(said.key, said)
            if before is said or _agree(before, said) or (said.bare and not _one_subject(text, before, said)):
                continue
            first, second = text[before.start : before.end], text[said.start : said.end]
            told = _TOLD.beside(text, first=quoted(first), second=quoted(second))
            yield Slip(said.start, said.end, 0.65 if said.bare else 0.8, _EVIDENCE, told)
            seen[said.key] = said


def _said(sentence: str, one: Assertion) -> list[_Said]:
    sentence = sentence.translate(_WIDE)
    if re.search("[\u3400-\u9fff]", sentence):
        return _in_chinese(sentence, one)
    lead = _LEAD.match(sentence)
    match = _ENGLISH.match(sentence, lead.end() if lead else 0)
    found = amount(match["value"]) if match else None
    if match is None or found is None:
        return []
    name = f"{match['of_subject']} {match['attribute']}" if match["has"] and match["attribute"] else match["np"]
    if name is None or (match["is"] in ("has", "had")):
        return []
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", re.sub(r"['’]s\b", "", name))]
    key = frozenset(word for word in words if word not in _DROPPED)
    if len(key) < 2 or not key - _NAMELESS or words[0] in _PRONOUNS:
        return []
    past = (match["is"] or match["has"]) in ("was", "were", "had", "stood at")
    unit = match["unit"].strip().lower().rstrip("s")
    rest = " ".join(re.findall(r"[a-z0-9]+", match["rest"].lower()))
    start, end = one.start + match.start("value"), one.start + match.end("unit")
    return [_Said((one.part, key, past, rest), found, unit, bool(match["rough"]), start, end)]


def _in_chinese(sentence: str, one: Assertion) -> list[_Said]:
    made = []
    plain = simplify(sentence)
    offset = 0
    for clause in re.split(r"(?<=[,，;；、。!！])", plain):
        match = _HAN.match(clause, len(clause) - len(clause.lstrip()))
        at, offset = offset, offset + len(clause)
        found = amount(match["value"]) if match else None
        if match is None or found is None:
            continue
        rest = re.sub(r"[。.!！,，;；、\s]", "", clause[match.end() :])
        name = _PARTICLE.sub("", match["np"])
        bare = _BARE_HAN.fullmatch(name) is not None
        if (len(name) < 4 and not bare) or (at and not bare) or name[0] in "这那其它他她佢呢":
            continue
        rough = bool(match["rough"]) or "约" in match["is"] or "达" in match["is"]
        span = (one.start + at + match.start("value"), one.start + at + match.end("unit"))
        begins = plain.lstrip()[:2]
        made.append(_Said((one.part, name, rest), found, match["unit"], rough, *span, bare, begins))
    return made


def _one_subject(text: str, first: _Said, second: _Said) -> bool:
    """Whether a bare attribute speaks of the same thing twice: the sentences begin alike, or the second with it."""
    between = simplify(text[first.end : second.start])
    if _OTHER_HAN.search(between) or len(between) > 200 or "\n" in between.strip("\n"):
        return False
    return (
        second.begins == first.begins
        or _BARE_HAN.match(second.begins + "  ") is not None
        or second.begins in ("人口", "面积")
    )


def _agree(first: _Said, second: _Said) -> bool:
    """Whether two values are the same, one perhaps rounded, or cannot be compared."""
    a, b = first.value, second.value
    if a.value == b.value or not same_currency(a, b) or (first.unit != second.unit and first.unit and second.unit):
        return True
    room = max(min(coarse(one.value, one.number.step) / 2, abs(one.value) / 20) for one in (a, b))
    if first.rough or second.rough:
        room = max(room, abs(a.value) / 10)
    return abs(a.value - b.value) <= room or Fraction(0) in (a.value, b.value)

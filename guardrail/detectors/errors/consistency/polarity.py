"""One claim said with and without "not" in the same answer (serves `detector.py`).

Rules: the two sentences must be the same words but for the negation, polite lead-ins (`please note that`, 所以) and
particles; the subject must be named (`it` may be another thing each time); two negations, `no longer` and half
negations (`not only`, 不只) are not compared.  Cantonese, Traditional and Simplified negations are one.
"""

import re
from collections.abc import Iterator, Sequence

from guardrail.detectors.errors.consistency.assertions import Assertion, is_plain
from guardrail.detectors.errors.sums.screening import holds
from guardrail.detectors.errors.sums.told import Slip, quoted
from guardrail.text.script import simplify
from guardrail.text.wording import Wording

_EVIDENCE = "the answer says a thing and its opposite"
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d[\d,.]*")
_HAN = re.compile("[\u3400-\u9fff]")
_LEAD = re.compile(
    r"(?:\W*(?:yes|no|so|but|and|however|therefore|thus|hence|also|please|note|that|remember|unfortunately"
    r"|fortunately|overall|in short"
    r"|in conclusion|in summary|to sum up|to summari[sz]e|as mentioned|as noted|of course|importantly"
    r"|be aware|keep in mind|again|additionally"
    r"|furthermore|moreover|first of all)\b)+\W*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",?\s*(?:,\s*(?:and|but|so|which|as|since)|;|—|–|\s-\s|\bbecause\b|\().*$", re.IGNORECASE | re.DOTALL
)
_LEAD_HAN = re.compile(
    r"^(?:[\s,，、:：*]*(?:可以|不可以|唔可以|[是系对對]的?|不是|唔系|不过|但是?|但系|所以|因此|总括而言"
    r"|总之|综上所述|请注意|注意|另外|而且|此外|同时|"
    r"简单来说|简单讲|不幸的是|可惜|然而|因为|亦即|即系|换言之|结论[是系]?|答案[是系]?)[,，:：]+)*(?:不过"
    r"|但是?|但系|所以|因此|而且|然而)?[,，]?"
)
_PARTICLE = re.compile("[的嘅了啊呀呢㗎喇啦哦喔囉吧架噶\\s*_`]|[都亦也就]")
_NEGATED_HAN = re.compile(
    "(?P<can>不可以?|唔可以|不能够?|唔能够|无法|未能|不得)|(?P<be>不[是系]|唔系|并非|并不是|不属于)|(?P<will>不会|唔会)"
    "|(?P<need>不需要?|毋须|无须|无需|唔使|唔需要|不必|不用)|(?P<have>没有|冇|并无|无)|(?P<do>[不唔未没])"
)
_AFFIRMED = {"can": "可以", "be": "是", "will": "会", "need": "需要", "have": "有", "do": ""}
_ALIKE_HAN = (
    (re.compile("(?<![功性智技才职节动电热核可])能够?(?![力源量])"), "可以"),
    (re.compile("系(?![统列])|属于"), "是"),
    (re.compile("(?<![重主首需])(?:必须|须要?|要)(?![求点素闻么])"), "需要"),
    (re.compile("[设具附带备]有|具备"), "有"),
)
_NAMELESS_HAN = re.compile("[它他她佢其是有会这那呢](?![些个款只支间份部项本种座条家位名张件])|需要")
_HALF = re.compile(
    r"\bnot (?:only|just|all|necessarily|always|entirely|every|too|very|so)\b|\bno longer\b|\bneither\b"
    r"|\bnor\b|不[只仅僅單单止同少断斷但過过]|唔[止單同]|不一定|唔一定|未必|不[太完]|唔系[好几]",
    re.IGNORECASE,
)
_DEMONSTRATIVE = frozenset(("this", "that", "these", "those", "one", "which", "what"))
_VERBS = frozenset((
    "is", "are", "was", "were", "be", "can", "could", "will", "shall", "should", "must", "has",
    "have", "had", "do", "does", "did", "may", "might", "means", "makes", "need", "needs", "not",
))  # fmt: skip
_END = re.compile(r"[,;，；。.!！(（—–]")
_NEGATIONS = ("not", "n't", "n’t", "never", *"不唔冇無无没沒未毋", "並非", "并非")
_PRONOUNS = frozenset((
    "it", "they", "he", "she", "there", "here", "them", "who", "i", "we",
))  # fmt: skip
_DROPPED = frozenset((
    "the", "a", "an", "also", "please", "very", "really", "quite", "simply", "just", "directly",
    "indeed", "all", "do", "does", "did", "to", "for", "of",
))  # fmt: skip
_IRREGULAR = {"has": "have", "had": "have", "goes": "go", "does": "do", "was": "is", "are": "is", "were": "is"}
_NOT = frozenset(("not", "never"))
_CONTRACTED = {
    "cannot": ("can", "not"),
    "can't": ("can", "not"),
    "won't": ("will", "not"),
    "shan't": ("shall", "not"),
    "ain't": (),
}

_TOLD = Wording(
    "The answer also says the opposite: “{other}”.",
    "回答亦有相反的說法：「{other}」。",
    "回答也有相反的说法：「{other}」。",
)


def find(text: str, low: str, said: Sequence[Assertion]) -> Iterator[Slip]:
    """The contradicting pairs of one answer, whose sentences are `said`; each is reported at the later one."""
    if not holds(low, _NEGATIONS):
        return
    seen: dict[tuple[str, str], tuple[bool, Assertion]] = {}
    for one in _worth(text, low, said):
        claim = _claim(text[one.start : one.end])
        if claim is None:
            continue
        keys, negative = [(one.part, form) for form in claim[0]], claim[1]
        before = next((seen[key] for key in keys if key in seen and seen[key][0] != negative), None)
        for key in keys:
            seen.setdefault(key, (negative, one))
        if before is None or not all(_is_whole(text, each) for each in (before[1], one)):
            continue
        other = quoted(text[before[1].start : before[1].end])
        start, end = _trimmed(text, one.start, one.end)
        yield Slip(start, end, 0.85, _EVIDENCE, _TOLD.beside(text, other=other.rstrip("。.")))
        for key in keys:
            seen.pop(key, None)


def _is_whole(text: str, one: Assertion) -> bool:
    """Whether a sentence says or denies a thing without reserve."""
    sentence = text[one.start : one.end]
    return is_plain(sentence) and _HALF.search(sentence) is None


def _worth(text: str, low: str, said: Sequence[Assertion]) -> list[Assertion]:
    """The sentences that one of them could negate: some clause of both ends alike."""
    ends = [_ends(text, one) for one in said]
    negated = [holds(low[one.start : one.end], _NEGATIONS) for one in said]
    of_negated: set[str] = set().union(*(end for end, flag in zip(ends, negated, strict=True) if flag))
    return [one for one, end in zip(said, ends, strict=True) if end & of_negated]


def _ends(text: str, one: Assertion) -> set[str]:
    """The last two characters of each clause."""
    places = [match.start() for match in _END.finditer(text, one.start, one.end)]
    last = _trimmed(text, one.start, one.end)[1]
    return {text[place - 2 : place].lower() for place in (*places, last) if place - 2 >= one.start}


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _claim(sentence: str) -> tuple[tuple[str, ...], bool] | None:
    """What a sentence says, without its negation, in one or two forms, and whether it negates; None for what cannot be
    compared."""
    return _han_claim(sentence) if _HAN.search(sentence) else _english_claim(sentence)


def _english_claim(sentence: str) -> tuple[tuple[str, ...], bool] | None:
    lead = _LEAD.match(sentence)
    body = sentence[lead.end() :] if lead else sentence
    body = _TAIL.sub("", body)
    words: list[str] = []
    for word in _WORD.findall(body.lower().replace("’", "'")):
        if word in _CONTRACTED:
            words += _CONTRACTED[word]
        elif word.endswith("n't"):
            words += [word[:-3], "not"]
        else:
            words.append(word)
    negations = sum(word in _NOT for word in words)
    key = tuple(_stem(word) for word in words if word not in _NOT and word not in _DROPPED)
    if negations > 1 or len(key) < 3 or _is_nameless(words):
        return None
    return (" ".join(key),), negations == 1


def _is_nameless(words: list[str]) -> bool:
    """Whether a sentence begins with a pronoun that stands alone: `this is`, not `this medicine is`."""
    if words[0] in _DEMONSTRATIVE:
        return len(words) < 2 or words[1] in _VERBS
    return words[0] in _PRONOUNS


def _stem(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _han_claim(sentence: str) -> tuple[tuple[str, ...], bool] | None:
    plain = simplify(sentence)
    body = plain[_LEAD_HAN.match(plain).end() :]  # type: ignore[union-attr]
    body = _PARTICLE.sub("", re.split(r"[,，;；。.!！(（:：]", body, maxsplit=1)[0])
    negations = list(_NEGATED_HAN.finditer(body))
    if len(negations) > 1:
        return None
    forms = [body]
    if negations:
        kind, (start, end) = negations[0].lastgroup or "do", negations[0].span()
        instead = (_AFFIRMED[kind], "") if kind == "have" else (_AFFIRMED[kind],)  # 没有包括 and 没有网
        forms = [body[:start] + word + body[end:] for word in instead]
    for pattern, word in _ALIKE_HAN:
        forms = [pattern.sub(word, form) for form in forms]
    if any(len(form) < 5 or _NAMELESS_HAN.match(form) for form in forms):
        return None
    return tuple(forms), bool(negations)

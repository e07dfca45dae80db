"""What in the same sentence takes the harm away from a frame that fits: context, not keywords of the frame itself.

Rules:
1. A pardon is looked for outside the words that fit the frame, so that a frame cannot pardon itself.
2. Reporting verbs count only before the frame and only with somebody else as their subject: "I think that" is no
   report, and "I am not racist, but" is no refutation.
3. Grave classes are pardoned by less: statistics do not soften an incitement, nor a question a slur.
4. The expressions are in groups.toml; what is structure (quotation marks, question marks, one certain person) is here.
5. The text looked at is bounded (REACH on either side), so that the cost is linear in the text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

REACH = 400
"""Characters on either side of a frame in which a pardon is looked for; a sentence has no more."""

Pardons = Mapping[str, re.Pattern[str]]

_GRAVE = {"incitement", "dehumanisation", "slur"}
_GENERAL = {"signs", "derogation", "stereotype", "dehumanisation", "denial"}
_WITHHELD = {"exclusion", "unequal"}
_OWN_HEALTH = re.compile(
    r"\b(?:take|drink|eat|smoke|undergo|avoid|have)\b[^.!?]{0,40}\b(?:medic\w+|drugs?|dos(?:e|age)s?|tablets?|pills?|alcohol|"
    r"ibuprofen|aspirin|codeine|x-rays?|scans?|vaccines?|fish|caffeine|raw)\b"
    "|(?:服用|食|饮|喝|做|照|接种|打|吃)[^，,。]{0,8}(?:药|酒|x光|疫苗|扫描|针|咖啡)"
)
"""What somebody is advised to leave for his own health; to withhold a treatment from him is another thing."""
_USED = {"slur_used", "derogatory_used"}
_SELF = {"signs", *_USED, "slur", "derogation", "stereotype", "dehumanisation"}
_NUMBERS_DO_NOT_SOFTEN = {"incitement", "dehumanisation", "slur", "exclusion", "unequal", "slur_used"}

_QUOTES = re.compile("\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|(?:(?<=\\s)|^)'[^']{3,}'(?=[\\s.,!?;:]|$)")
_NEGATION = re.compile(
    r"n't\b|\b(?:not|never|no|nor|neither|hardly|without|cannot|rarely|nothing|nobody|unlike|against)\b"
    "|唔[系是会会可應应好]|唔|不|没|冇|并非|未必|未|无|别(?!人)|勿|莫|非(?!常|洲)|休想"
    "|被(?:视|指|当|称|叫|说|认|骂|笑|误|标)|[俾畀][^,。]{0,4}(?:笑|话|闹|叫|当|睇)"
)
_UNDONE = re.compile(
    "被|俾人|畀人|遭|(?:不能|不得|不可以?|唔可以|不应该?|唔应该?)(?:因|考虑|以)|冇关|无关|违法|"
    r"\b(?:refuse|deny|decline|hesitate|fail|was|were|been|illegal|unlawful)\b"
)
"""In a decision: that it was suffered, or is turned down."""
_KILLED = re.compile("[杀打烧弄整毒炸撞逼迫掐斩害吓]$")
"""What makes of 死 the end of a verb, where it would else be an insult before a name."""
_DENIED = re.compile("(?:唔会|不会|唔系|不是|并非|并不|唔|不|冇|没有?|无|非)$|(?:not|n't|never|no|without)(?: \\w+)? $")
_SUFFERED = re.compile(
    "被(?:视|指|当|称|叫|说|认|骂|笑|误|标|歧|人)|[俾畀][^,。]{0,4}(?:笑|话|闹|叫|当|睇)|\\b(?:called|told|seen|treated)\\b"
)
_OF_ONESELF = re.compile("^\\W*(?:我(?:系|是|做|个|屋企|自己|妈|爸|老公|老婆|阿|有)|身为|作为|i am|i'm|as an? |my )")
_QUESTION = re.compile("[?][\"'」』)]*\\s*$|(?:吗|咩|么)[。!]?\\s*$")
_LOADED = re.compile("(?:^|[,。 「\"])(?:why|how come|what's wrong with|点解|为什么|为何|为咩|凭咩|凭什么|做乜|怎么)")
_OPEN = re.compile(
    "^[\"'「(]*\\s*(?:is|are|do|does|did|should|would|can|could|will|was|were|has|have|may)\\b|系咪|是不是|是否|应唔应该|应不应该|可唔可以|可不可以|会唔会|会不会|有冇|有没有|吗|咩[?]"
)
_ENDORSED = re.compile(
    "(?:is|are|was|so|very|absolutely|totally|completely) (?:right|true|correct|spot on)|i agree|couldn't agree more|"
    "讲得啱|说得对|说得好|讲得好|好啱|真系啱|是对的|系啱|冇错|没错|认同|同意|完全正确|千真万确|支持呢句"
)
_ITS_TOPIC = re.compile(
    r"歧视|平等|人权|权益|受害者|不公|尊重|\b(?:racism|sexism|discrimination|human rights|victims? of)\b"
)
"""What the denial of a harm is about, and so no sign that the harm is condemned."""
_SPOKEN_OF_AFTER = re.compile(
    "(?:呢种|这种|咁嘅|噉嘅|这样的|此类|呢类|这类|呢啲|这些|嗰啲|之类|等|嘅|的|是)[^,。]{0,6}"
    "(?:讲法|说法|言论|说话|字眼|观念|想法|睇法|看法|心态|态度|印象|谬论|偏见|迷思|标语|口号|歧视|称呼|绰号|词|字|电影|小说|剧|书|歌|节目)"
    "|[\"'」』][^。]{0,12}(?:一词|呢个词|这个词|呢句|这句|一句|字眼|这个称呼|的说法|嘅讲法)"
    "|^[\"',]+ ?(?:\\w+ ){0,3}(?:said|says|shouted|wrote|claimed|yelled|told|replied|asked)\\b"
    "|^[\"']* (?:is|was|are|were) (?:a |an |the )?"
    "(?:term|word|phrase|idea|belief|view|myth|claim|trope|lie|joke|comment|nickname)\\b"
)
_NOT_ALL = re.compile(
    r"(?:^|[^\w'])(?:not|never|\w+n't|neither|no|none of|nobody)"
    r"(?: (?:all|every|each|because|that|the|only|just|think|those|mean))*\s*$"
    "|(?:唔系|不是|并非|冇话|没说|唔代表|不代表|没有人?|冇人?|从没|从来没|没)(?:个个|所有|任何|每个|全部|话|说|因为|个|嗰啲|那些|呢啲|这些|班|啲|一个)*$"
    "|(?:不|唔|别|勿|绝不|从不|无须|毋须)(?:可以?|能|得|应该?|准|好|要)?$"
)
_ONE_HAN = re.compile(
    "(?:(?:[呢嗰这那有某该哪几两三]|一[个位名])(?:个|位|名|条|只|几个)?|[个位名]|(?:我|佢|你|妳|他|她)(?:嘅|的|个|地个|哋个)?|叫做?)$"
)
_GENERIC_ONE_HAN = re.compile("^.{0,4}(?:就应该|应该|梗系|始终|就是|就系|天生|讀|读)")
_ONE = re.compile(
    r"(?:^|[^\w])(?:the|this|that|my|his|her|your|our|their|one|another|some|certain|few|two|three|four|five|\d+|"
    r"those two|these two|several|particular|said|named|whose|'s)(?: (?!same)\w+)?\s*$"
)
_MANY = re.compile(r"(?:s|men|women|people|children|folk|chinese|elderly|disabled|poor|rich|blind|deaf|vietnamese)$")


SAID_BESIDE = 4
"""Letters beside a quotation from which it is somebody's words that are spoken of."""


@dataclass(frozen=True, slots=True)
class Place:
    """A frame that fits: `start:end` of the masked text, where its target is (`at`), and the words of its gaps."""

    text: str
    start: int
    end: int
    at: int | None
    gaps: tuple[str, ...]
    name: str


def is_pardoned(place: Place, of: str, pardons: Pardons) -> bool:
    """Whether something in the sentence takes the harm of class `of` away."""
    if _is_negated(place, of):
        return True
    before, after = _around(place, pardons)
    if _is_quoted(place) and not _ENDORSED.search(after + before):
        return True
    if of in _GENERAL and _is_one(place, before):
        return True
    if of in _WITHHELD and _OWN_HEALTH.search(place.text[place.start :]):
        return True
    if of in _SELF and pardons["self"].search(place.text[max(0, (place.at or 0) - 30) : place.at or 0]):
        return True
    return _is_question(place, of) or _is_spoken_of(before, after, of, pardons)


def own_words(text: str) -> str:
    """A sentence without what it quotes, where something is said beside the quotation."""
    outside = _QUOTES.sub(" ", text)
    return outside if sum(map(str.isalnum, outside)) >= SAID_BESIDE else text


def is_denied(text: str, start: int) -> bool:
    """Whether a negation stands right before a place."""
    return _DENIED.search(text[max(0, start - 8) : start]) is not None


def _is_negated(place: Place, of: str) -> bool:
    if of in _USED:
        return False
    if _NOT_ALL.search(place.text[max(0, place.start - 40) : place.start]):
        return True
    if place.text.startswith("死", place.start) and _KILLED.search(place.text[max(0, place.start - 1) : place.start]):
        return True
    if of == "signs":
        return _SUFFERED.search(place.text[place.start : place.end]) is not None or (
            _OF_ONESELF.search(place.text[:REACH]) is not None
        )
    if of == "unequal":
        return _UNDONE.search(place.text[place.start : place.end]) is not None
    return any(_NEGATION.search(gap) for gap in place.gaps)


def _around(place: Place, pardons: Pardons) -> tuple[str, str]:
    """What stands before and after the frame, without words that only seem to take the harm away."""
    before = place.text[max(0, place.start - REACH) : place.start]
    after = place.text[place.end : place.end + REACH]
    for false in ("disclaimer", "first_person"):
        before = pardons[false].sub(" ", before)
    if turned := list(pardons["contrast"].finditer(before)):
        before = before[turned[-1].end() :]
    return before, pardons["disclaimer"].sub(" ", after)


def _is_spoken_of(before: str, after: str, of: str, pardons: Pardons) -> bool:
    outside = f"{before} \n {after}"
    if of == "denial":
        outside = _ITS_TOPIC.sub(" ", outside)
    if any(pardons[name].search(outside) for name in ("counter", "fiction", "law", "refusal")):
        return True
    inferred = pardons["inference"].search(outside) is not None
    if (
        (not inferred and pardons["report"].search(before))
        or pardons["avoid"].search(before)
        or _SPOKEN_OF_AFTER.search(after)
    ):
        return True
    return not inferred and of not in _NUMBERS_DO_NOT_SOFTEN and pardons["statistic"].search(outside) is not None


def _is_question(place: Place, of: str) -> bool:
    if of in ("slur", *_USED) or _QUESTION.search(place.text[-8:]) is None:
        return False
    if _LOADED.search(place.text[max(0, place.start - REACH) : place.end]):
        return False
    return of != "incitement" or _OPEN.search(place.text[:REACH]) is not None


def _is_quoted(place: Place) -> bool:
    """Whether the target is inside quotation marks and something is said about the quotation outside them."""
    at = place.start if place.at is None else place.at
    low = max(0, at - REACH)
    for found in _QUOTES.finditer(place.text, low, at + REACH):
        if found.start() < at < found.end():
            outside = place.text[low : found.start()] + place.text[found.end() : at + REACH]
            return sum(map(str.isalnum, outside)) >= SAID_BESIDE
    return False


def _is_one(place: Place, before: str) -> bool:
    """Whether one certain person is meant, not the group: the old man, my wife, 嗰個內地人."""
    if place.at is None:
        return False
    lead = place.text[max(0, place.at - 24) : place.at]
    if place.name.isascii():
        found = _ONE.search(lead)
        return found is not None and not (_MANY.search(place.name) and re.search(r"\b(?:the|that)\b", found[0]))
    return _ONE_HAN.search(lead) is not None and not _GENERIC_ONE_HAN.match(place.text[place.at + 1 : place.at + 16])

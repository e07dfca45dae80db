"""Which sentences of an answer make a claim that sources could bear out, and the passages that speak of it.

Rules:
1. A claim states something about the world.  Greetings, questions, offers of help, the assistant's talk about itself
   or its sources ("the document does not say"), headings, lead-ins and code state nothing that a source could hold;
   they are not checkable, and never called supported.
2. In doubt it is a claim: a sentence that is held back here is never looked at again.
3. The passages of a claim are the source sentences that share most of its telling words (`Index.best`), best first.
"""

import re
from dataclasses import dataclass
from itertools import islice

from guardrail.detectors.errors.grounding.facts import HAN
from guardrail.detectors.errors.grounding.sources import Index, is_content, plain, tokens
from guardrail.text.sentences import MAX_SENTENCE, sentences
from guardrail.types import Passage

MOST_PASSAGES = 3
ENOUGH = 3
"""Words of content that make a claim; with fewer, one has to be a number or a name."""

_MARKER = re.compile(
    r"(?:[\s>#*_|•·▪◦‣–—-]|\d{1,3}[.)、](?!\d)|[(]?(?:\d{1,3}|[a-zA-Z]|[一二三四五六七八九十]{1,3})[)](?=\s|[^\x00-\x7f])"
    r"|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,3}[,，:：]|\[[ xX]\])*"
)
_WORDS = re.compile(rf"[{HAN}]|[^\W\d_{HAN}]+|\d")
_HEADING = re.compile(r"\s*#{1,6} ")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_CODE = re.compile(
    r"\s*(?:```|~~~|import \w|from \w+ import|def \w+\(|class \w+[(:]|return\b.*[;()]|#include"
    r"|SELECT .* FROM\b|\$ |</?\w+[^>]*>\s*$)"
)
_CODE_SIGN = re.compile(r"[{};=]")
_SIGNED_CODE = re.compile(r"[{}]\s*$|(?:\w\(|[={}]|::|->)[^;]*;\s*$|=>|\w\(\w*\)\s*[;{]|^\s*[\w.]+\s*=\s*\S+\s*$")
_QUESTION = re.compile(r"[?？][\"'”’」』)）*_\s]*$|[吗嘛][。!！\s]*$")
_TALK = re.compile(
    r"^(?:(?:well|so|and|but|ok(?:ay)?|also|however|unfortunately),? )?(?:"
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening)|thanks|thank you|welcome"
    r"|you're welcome|sure|certainly"
    r"|of course|absolutely|great question|no problem|sorry|apologies|please|cheers|best(?: regards)?"
    r"|regards|yours)\b[^.]{0,60}[.!,]*$"
    r"|(?:i|we)(?:'m| am| are)? (?:sorry|apologi[sz]e|happy|glad|afraid|hope|think|believe|feel|suggest"
    r"|recommend|would|'d"
    r"|wouldn't|can|can't|cannot|could|couldn't|will|'ll|don't|do not|am|was|wasn't|understand|see"
    r"|appreciate|need|want|have no)\b"
    r"|i'(?:m|d|ll|ve)\b|we'(?:d|ll)\b|as an ai\b|in my (?:view|opinion)|my (?:view|opinion|advice"
    r"|recommendation)\b"
    r"|(?:please|kindly|let me|let us|let's|feel free|don't hesitate|hope (?:this|that|it)|here(?:'s| is"
    r"| are)\b(?=.{0,80}:\s*$)"
    r"|if you (?:have|need|want|would|'d|like|could|can)|would you|could you|do you|can you|is there anything"
    r"|you (?:can|could|may|might|should|must|need to|will need|'ll need|want|are welcome))\b"
    r"|(?:below|above|the following|this) (?:is|are) (?:a|an|the|my|some) (?:short |brief "
    r"|quick )?(?:summary|answer|overview|list|table|draft)\b"
    r")",
    re.IGNORECASE,
)
_TALK_HAN = re.compile(
    r"^(?:好的?|当然(?:可以)?|没问题|冇问题|你好|您好|大家好|早晨|早上好|哈啰|嗨|谢谢|多谢|唔该|感谢|不客气|唔使客气|抱歉|对不起|对唔住|不好意思|唔好意思"
    r"|收到|明白|了解|请(?!求|愿|假|客|教|示)|欢迎|希望(?:这|以上|呢|能|可以|对你|对您|帮到)|如果?(?:你|您)|如(?:有|需|想)|若(?:你|您|有|需)|你(?:可以"
    r"|可|应|不妨|需要)|您(?:可以|可|应|不妨|需要)"
    r"|我(?:会|可以|很乐意|认为|觉得|相信|建议|推荐|希望|理解|明白|无法|不能|没有|冇|唔|不|是一[个个]|系一[个個]|的建议|嘅建议|个人)|我们(?:建议|可以|一起)"
    r"|作为一[个個]?(?:AI|人工智能|语言模型)"
    r"|身为一[个個]?(?:AI|人工智能)|以下(?:是|系|为)[^。]{0,40}[:：]?$|下面(?:是|系|为)[^。]{0,40}[:：]?$|让我|等我|随时|有(?:任何|咩"
    r"|什么)(?:问题|疑问)|祝)"
)
_ABOUT_SOURCES = re.compile(
    r"\b(?:sources?|documents?|texts?|passages?|articles?|context|information|excerpts?|materials?"
    r"|results?|report|data|details?)\b[^.]{0,60}"
    r"\b(?:do(?:es)? ?n[o']t|do(?:es)? not|did(?: not|n't)|is not|isn't|are not|aren't|without|never|no"
    r"|cannot|can't)\b[^.]{0,30}"
    r"\b(?:mention|say|state|specif|provid|contain|include|indicat|give|given|cover|discuss|address|tell"
    r"|explain|clear|available|enough)\w*"
    r"|\b(?:not|n't|no|never)\b[^.]{0,40}\b(?:mention|stat|specif|provid|contain|includ|indicat|given"
    r"|cover|found|available|information)\w*"
    r"[^.]{0,40}\b(?:sources?|documents?|texts?|passages?|articles?|context|excerpts?|materials?"
    r"|search results?)\b"
    r"|(?:文|资料|来源|文章|文件|内容|原文|段落|上文|材料|数据|报告)[^。]{0,16}(?:没有?|未有?|并未|冇|无|不|唔)[^。]{0,6}(?:提|说|讲|指|写|列|交代"
    r"|包含|涉及|显示|足够|相关)"
    r"|(?:没有|未有|并未|冇|未能|无法)[^。]{0,10}(?:提及|提到|说明|找到|列明|交代)[^。]{0,12}(?:资料|来源|文件|内容)?[。\s]*$",
    re.IGNORECASE,
)
_TEXT_OF_SOURCES = """
source sources document documents text texts passage passages article articles context information excerpt excerpts
material materials result results report data detail details 没 未 冇 无 不 唔
"""
_SOURCES = frozenset(_TEXT_OF_SOURCES.split())
"""Words one of which every match of `_ABOUT_SOURCES` holds; far cheaper to look for."""


@dataclass(frozen=True, slots=True)
class Support:
    """A passage that speaks of a claim: where it stands, its words, and the share of the claim's terms it holds."""

    passage: Passage
    text: str
    share: float


def claims(text: str) -> list[tuple[int, int]]:
    """The spans of the sentences of an answer that make a claim, without the white space around them."""
    found: list[tuple[int, int]] = []
    fenced = False
    for start, end in sentences(text):
        piece = text[start:end]
        fences = len(_FENCE.findall(piece))
        if not fenced and not fences and is_claim(piece):
            begin = start + len(piece) - len(piece.lstrip())
            found.append((begin, start + len(piece.rstrip())))
        fenced ^= fences % 2 == 1
    return found


def is_claim(sentence: str) -> bool:
    """Whether a sentence states something that a source could bear out.

    >>> [is_claim(text) for text in ("The tower opened in 1889.", "Let me know!", "大橋於2018年通車。")]
    [True, False, True]
    """
    whole = plain(sentence[:MAX_SENTENCE])
    text = bare(whole)
    if _HEADING.match(whole) and text[-1:] not in ".。!！":
        return False
    if not text or text[-1] in ":：" or _QUESTION.search(text) or _is_code(text):
        return False
    if _TALK.match(text) or _TALK_HAN.match(text):
        return False
    small = _WORDS.findall(text.lower())
    if not _SOURCES.isdisjoint(small) and _ABOUT_SOURCES.search(text):
        return False
    if len([*islice(filter(is_content, small), ENOUGH)]) == ENOUGH:
        return True
    content = [word for word in _WORDS.findall(text) if is_content(word.lower())]
    return sum(map(len, content)) > 1 and any(word.isdigit() or word[0].isupper() for word in content)


def _is_code(text: str) -> bool:
    return _CODE.match(text) is not None or (
        _CODE_SIGN.search(text) is not None and _SIGNED_CODE.search(text) is not None
    )


def bare(text: str) -> str:
    """A sentence without its list marker, the signs of Markdown before it and the white space around it."""
    marker = _MARKER.match(text)
    return text[marker.end() if marker else 0 :].strip(" \t\r\n*_|")


def supports(claim: str, index: Index, most: int = MOST_PASSAGES) -> list[Support]:
    """The passages that speak of a claim, best first; none where the sources share nothing with it."""
    found: list[Support] = []
    for place in index.best(tokens(claim), most):
        passage = index.passage(place)
        found.append(Support(passage, index.material[passage.source].text[passage.start : passage.end], place.share))
    return found

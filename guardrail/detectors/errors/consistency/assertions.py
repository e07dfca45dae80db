"""The plain assertions of an answer, each with the part of the answer that it stands in (serves `detector.py`).

Two assertions can contradict each other only where both speak without a condition, of the same time and in the same
part: under one heading, or with the same label in front.

Rules: a sentence with a question, a quotation, a condition, a supposition, a time, a hedge or somebody's opinion in it
is no plain assertion; neither is code.  Words of correction (actually, 更正) anywhere end the comparison: what was
corrected was said to be wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardrail.text.sentences import sentences

_MOST = 300
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(?:\*\*|__)[^\n]{1,80}(?:\*\*|__)\s*:?\s*$|[^\n]{1,60}[:：]\s*$|\|)")
_LABEL = re.compile(
    r"\s*(?:[-*+•]\s+|\(?\d{1,3}[.)、]\s*|\(?[a-zA-Z一二三四五六七八九十][.)、]\s*)?"
    r"(?:\*\*|__)?([^:：.。,，\n]{1,40}?)(?:\*\*|__)?[:：](?!//)\s*(?:\*\*|__)?"
)
_BULLET = re.compile(r"\s*(?:[-*+•]\s+|\(?\d{1,3}[.)、]\s+|\(?[a-zA-Z一二三四五六七八九十][.)、]\s*)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_NOT_PLAIN = re.compile(
    r"[?？\"“”「」『』]|\b(?:if|unless|when\w*|while|until|before|after|during|except|only|without"
    r"|some(?:times)?|may|might|could"
    r"|would|often|usually|generally|typically|most|many|few|although|though|whether|otherwise|depend\w*"
    r"|myth|false|claim\w*"
    r"|believe\w*|thinks?|thought|says?|said|argue\w*|suggest\w*|according|previous\w*|former\w*|now"
    r"|today|currently|yesterday"
    r"|tomorrow|once|yet|still|any ?more|longer|original\w*|initial\w*|final\w*|later|earlier|next"
    r"|last|suppose\w*|assum\w*"
    r"|imagin\w*|option|scenario|hypothe\w*|technically|perhaps|probably|estimated?|example|e\.g|per"
    r"|each|every|another|other"
    r"|since|by|instead|rather|than|compared|where\w*|even|new|old|day|week|month|year|time|ago|first|second|third)\b"
    r"|如果|若|假[如設设]|除非|只|[當当](?!地)|(?<!小)[時时](?![間间計计])|期間|期间|之前|之後|之后|以前|以後|以后|有些|有啲|部[分份]|有人"
    r"|可能|或|通常|一般|大多|多數|多数|例如|譬如|比如|(?<![電电對对神笑])[話话](?![題题劇剧費费])|[說说]|認為|认为|以為|以为|聲稱|声称"
    r"|據|据|現[時在]|现[时在]|目前|今|昨|明[天日年]|仍|再|嗎|吗|還|还|[是係能可有會會会][否咪]|有冇|否則|否则|無論|无论|不論|不论|即使|方案|版本"
    r"|情況|情况|每|其他|另|第|原[本來来]|初|新|舊|旧|[後后][來来]|最[初後后終终]|先|比|較|较|多過"
    r"|[\d一二三四五六七八九十今去前後后本上下每][個个]?[年月日](?![費费租票])|年前|年[後后]|日前|日[後后]",
    re.IGNORECASE,
)
_CORRECTED = re.compile(
    r"\b(?:actually|correction|corrected|i made|apolog\w*|sorry|mistake|let me re|re-?check|re-?calculat\w*"
    r"|wait|revis\w*|on second thought"
    r"|contradict\w*|in fact|contrary|paradox|wrong|incorrect)\b"
    r"|更正|修正|抱歉|對唔住|对不起|對不起|搞錯|弄錯|弄错|說錯|说错|其實|其实|重新|應該係|矛盾|相反|悖論|錯誤|错误",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A sentence: its place, and the heading and label that it stands under.  Whether it is plain (`is_plain`) is asked
    of the few that matter alone, for it costs more than all the rest."""

    start: int
    end: int
    part: str


def is_corrected(text: str) -> bool:
    """Whether an answer corrects itself, or speaks of mistakes and contradictions."""
    return _CORRECTED.search(text) is not None


def is_plain(sentence: str) -> bool:
    """Whether nothing in a sentence restricts what it says."""
    return _NOT_PLAIN.search(sentence) is None


def assertions(text: str) -> Iterator[Assertion]:
    """The sentences of an answer that are not code, in order."""
    heading, at, fenced = "", 0, False
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced or not line.strip():
            continue
        if _HEADING.match(line):
            heading = line.strip()
            continue
        label = _LABEL.match(line)
        bullet = _BULLET.match(line)
        skip = label.end() if label else bullet.end() if bullet else 0
        part = f"{heading}\n{label.group(1).strip()}" if label else heading
        for first, last in sentences(line[skip:]):
            if last - first <= _MOST:
                yield Assertion(start + skip + first, start + skip + last, part)

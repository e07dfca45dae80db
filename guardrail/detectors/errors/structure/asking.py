"""Whether a request asks for JSON and nothing else, on the wire or in words; and whether the answer was cut at a limit.

Rules:
1. On the wire is `Context.response_format`, and it is certain.  In words it has to be plain: a verb of answering
   beside `only`, `nothing else`, `valid JSON` and the like (`respond only with JSON`, `只輸出 JSON`, `淨係俾JSON我`).
   "In JSON format" alone tolerates words around it and is not meant here.
2. Not meant either: what is denied (`do not return only JSON`), what is quoted, and what somebody merely speaks of
   (`why does it return JSON only?`), so the verb must stand where an order begins.
3. Only what stands near the word JSON is read, of its first mentions, so the cost is bounded.
"""

import re
from itertools import islice
from typing import Literal

from guardrail.types import Context

_BEFORE, _AFTER = 160, 90
"""Characters before and after the word JSON in which an order may stand."""
_MENTIONS = 60

Asked = Literal["", "words", "format"]

_THING = r"\b(?:that|which|script|function|code|program|prompt|endpoint|api|method|class|server)\b"
_GAP = rf"(?:(?!{_THING})[^.!?;\n\"“”])"
_BEGINS = (
    r"(?:^|[.!?:;,)\]\n>*•#\-–—\u3400-\u9fff，。：；！？、）]\s{0,3}"
    r"|\b(?:please|must|should|shall|always|to|and|then|will|you)\s{1,3})"
)
_VERB = r"(?:respond|reply|answer|return|output|provide|give|produce|generate|print|emit|write|send)"
_ALONE = r"(?:only|just|nothing (?:but|except|other than)|strictly|exclusively|solely)"
_NOTHING_ELSE = (
    r"(?:only\b|alone\b|(?:and |with )?nothing else|(?:with )?no (?:other|additional|extra|further|surrounding) \w+"
    r"|without (?:any |other |additional |extra ){1,2}\w+|no (?:prose|explanations?|markdown|commentary|preamble))"
)
_ENGLISH = re.compile(
    rf"{_BEGINS}(?P<order>{_VERB})\b(?:{_GAP}{{0,40}}?\b{_ALONE}\b(?! if| when| after){_GAP}{{0,40}}?\bjson\b"
    rf"|{_GAP}{{0,60}}?\bjson\b[^!?;\n\"“”]{{0,40}}?\b{_NOTHING_ELSE})"
    rf"|\b(?:your|the) (?:entire |whole |final )?(?:output|response|answer|reply) (?:must|should|has to|needs to) "
    rf"(?:only |strictly )?(?:be|contain|consist of)\b{_GAP}{{0,20}}?\b"
    rf"(?:valid|strict|only|parsable|parseable|raw|pure|just)\b{_GAP}{{0,30}}?\bjson\b",
    re.IGNORECASE,
)
_SAYS = r"(?:輸出|输出|返回|回傳|回传|傳回|传回|回覆|回复|回應|回应|回答|提供|給出|给出|給我|给我|生成|答|俾|畀)"
_ONLY = r"(?:只(?!是|係|系)|僅|仅|淨係|净係|净系|單純|单纯)"
_CHINESE = re.compile(
    rf"{_ONLY}[^。！？；\n「『“]{{0,10}}?(?:{_SAYS}|用|以)[^。！？；\n「『“]{{0,16}}?json"
    rf"|(?:{_SAYS}|用|以)[^。！？；\n「『“]{{0,24}}?json[^。！？；\n]{{0,12}}?[，,。；\s]?"
    r"(?:不要|唔好|请勿|請勿|切勿|不得|唔使|無需|无需|不需要?|不能|不可)[^。！？\n]{0,10}?"
    r"(?:其他|其它|其餘|任何|多餘|多余|解釋|解释|說明|说明|額外|额外|文字|嘢|markdown)"
    rf"|(?:{_SAYS}|答案)(?:內容|内容)?(?:必須|必须|一定要|只能|只可以?|應|应|要)[^。！？；\n]{{0,8}}?"
    r"(?:合法|有效|標準|标准|純|纯|嚴格|严格|只)[^。！？；\n]{0,8}?json",
    re.IGNORECASE,
)
_JSON = re.compile("json", re.IGNORECASE)
_PLAIN = re.compile(
    "only|just|nothing|strict|exclusively|solely|alone|must|should|needs? to|has to|without|\\bno "
    "|[只僅仅淨净單单不唔無无請请切勿必應应要]",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|don'?t|doesn'?t|won'?t|why|how|when|if|whether|said|says|told|asked|which|that|api)\b[^.\n]{0,24}"
    r"|[不別别勿唔]要?|唔好|(?:點解|点解|點樣|点样|為何|为何|為什麼|为什么|如何|怎[樣样麼么]|佢|它|模型|接口|介面|程式|程序|[「『“‘])"
    r"[^，。！\n]{0,8})$",
    re.IGNORECASE,
)
_CUT = frozenset(
    {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "model_context_window_exceeded"}
)
"""Vendors' words for an answer cut at a limit, lower case (OpenAI, Anthropic, Gemini, Mistral, TGI)."""


def json_asked(context: Context) -> Asked:
    """How the request asks for JSON: `format` on the wire, in `words`, or not at all."""
    wish = context.response_format
    if wish is not None:
        return "format" if wish.get("type") in ("json_object", "json_schema") else ""
    return "words" if _says_so(context.prompt) or _says_so(context.system) else ""


def was_cut(context: Context) -> bool:
    """Whether the model stopped at its length limit."""
    return (context.finish_reason or "").lower() in _CUT


def _says_so(text: str) -> bool:
    return any(
        _DENIED.search(text, max(0, _order(found) - 40), _order(found)) is None
        for start, end in _near(text)
        if _PLAIN.search(text, start, end)
        for pattern in (_ENGLISH, _CHINESE)
        for found in pattern.finditer(text, start, end)
    )


def _near(text: str) -> list[tuple[int, int]]:
    """The stretches around the word JSON, apart from one another."""
    stretches: list[tuple[int, int]] = []
    for found in islice(_JSON.finditer(text), _MENTIONS):
        start, end = max(0, found.start() - _BEFORE), min(len(text), found.end() + _AFTER)
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def _order(found: re.Match[str]) -> int:
    """Where the order itself begins."""
    return found.start("order") if found.re is _ENGLISH and found["order"] else found.start()

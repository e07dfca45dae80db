"""Whether an answer refuses: the phrases with which models turn a request down, at the start of what they say.

Rules:
1. Only the opening counts, `OPENING` characters and in them the first three sentences: an answer that helps and says
   later on what it leaves out is no refusal.
2. A refusal is somebody's will (`I can't help with that`, `我無法提供`, `唔好意思，幫唔到你`), a rule that is named
   (`against my guidelines`), or a lecture in place of an answer (`it is not appropriate to ask`).  Lack of means is
   none: not knowing today's weather, asking for more detail.
3. English, Traditional and Simplified Chinese and Cantonese are recognised, also mixed; another language never refuses.
4. A regular expression is looked for in one sentence of the opening at a time, so that the cost is bounded.

It is for traffic, where anything may have been asked.  `guardrail.probe.refusal` is narrower on purpose: the probe asks
for decisions, where `I can't recommend her` is an answer.  `python -m benchmarks.refusals` prints how often this one is
right.
"""

import re

from guardrail.text.fold import fold
from guardrail.text.sentences import sentences

OPENING = 480
"""Characters of an answer that are looked at; whoever follows a stream needs to keep no more of it."""
_SENTENCES = 3

_APOSTROPHE = "'?"
_SERVES = (
    r"(?:assist|help(?! but)|provid|fulfil|compl[yi]|support|recommend|offer|suggest|creat|generat|writ|produc|engag"
    r"|discuss|shar|giv|answer|respond|continu|participat|do (?:that|this|so|it)\b|tell you|advis|encourag|promot"
    r"|endors|condon|justif|mak(?:e|ing)\b|complet|process|proceed|draft|compos|describ|explain|teach|show|instruct"
    r"|satisf|accommodat|honou?r|carry out|agree|speculat|facilitat|contribut|entertain|address|rank|rat(?:e|ing)\b"
    r"|judg|comment|go (?:along|into|ahead)|say (?:that|this|such|something)|translat|role-?play|pretend|grant|approv)"
)
_I = rf"\b(?:i|we)(?:{_APOSTROPHE}(?:m|re|ll|d)\b)?"
_CANNOT = (
    rf"(?:can(?:not| not|{_APOSTROPHE}t)|won{_APOSTROPHE}t|will not|will never|would not|wouldn{_APOSTROPHE}t"
    rf"|could not|couldn{_APOSTROPHE}t|(?:am |are )?(?:not able|unable|not allowed|not permitted|not going|not designed"
    rf"|not programmed|not (?:really |very )?comfortable|not in a position)(?: to)?|(?:do not|don{_APOSTROPHE}t)"
    rf"(?! have)(?: feel comfortable| want to| wish to| intend to|(?: think| believe) (?:that )?i (?:can|should))?"
    rf"|must not|should not|shouldn{_APOSTROPHE}t)"
)
_ENGLISH = (
    # A will: `I'm sorry, but I can't help with that`, `Unable to comply`.
    rf"{_I}(?: \w+){{0,3}}? {_CANNOT}(?: \w+){{0,4}}? {_SERVES}",
    rf"^(?:sorry[^.]{{0,20}} |no[,.]? |unfortunately[,]? )?(?:unable|cannot|can{_APOSTROPHE}t|not able)(?: to)? "
    rf"{_SERVES}",
    rf"{_I}(?: \w+){{0,3}}? (?:decline|refuse)\b",
    rf"{_I}(?: \w+){{0,2}}? rather not\b",
    rf"(?:not|n{_APOSTROPHE}t)(?: \w+){{0,2}}? (?:something|a (?:request|topic|question|task)|anything)(?: that)? "
    rf"(?:i|we)(?:{_APOSTROPHE}m| am)? (?:can|could|will|able|willing|comfortable|allowed)",
    # A rule: `against my guidelines`, `my policies do not allow`.
    r"(?:against|violat\w+|outside|breach\w*|conflicts? with|contrary to|not within|beyond)(?: \w+){0,3}? "
    r"(?:polic(?:y|ies)|guidelines?|programming|principles|terms of (?:use|service)|safety rules|values|scope)\b",
    r"\b(?:my|our|the) (?:\w+ ){0,2}(?:polic(?:y|ies)|guidelines?|programming|instructions|rules) (?:\w+ ){0,2}"
    rf"(?:not|prevents?|prohibits?|forbids?|don{_APOSTROPHE}t|won{_APOSTROPHE}t)\b",
    r"\b(?:request|prompt|question|message|content) (?:\w+ ){0,3}(?:blocked|rejected|denied|not (?:allowed|permitted)|"
    r"declined|filtered)\b",
    # A lecture in place of an answer.
    rf"^(?:\w+[,:]? ){{0,6}}?(?:it|that|this)(?:{_APOSTROPHE}s| is| would be)? (?:not|never)(?: \w+)?? ?"
    r"(?:appropriate|ethical|acceptable|ok|okay|right|respectful|productive|professional|legal|accurate|fair)"
    r"(?: (?:or|and) \w+)? (?:for (?:me|us) )?to (?:\w+ ){0,2}?"
    r"(?:ask|provid|encourag|promot|suggest|mak|generali[sz]|stereotyp|discriminat|judg|discuss|giv|creat|support|"
    r"engag|shar|use|target|rank|describ|answer|writ)",
    rf"\b(?:i|we) (?:\w+ ){{0,7}}?(?:do not|don{_APOSTROPHE}t|cannot|can{_APOSTROPHE}t|not) (?:condone|promote|endorse|"
    r"encourage|tolerate|engage in)\b",
)
_NOT_ENGLISH_REFUSAL = (
    # Lack of means, a question back, and figures of speech.
    r"\b(?:real[- ]time|up[- ]to[- ]date|live|latest|current(?:ly)?) (?:\w+ ){0,2}(?:information|data|weather|prices?|"
    r"news|scores?|updates?|access)",
    r"\bwithout (?:more|additional|further|seeing|knowing|any|the|a bit)\b",
    r"\b(?:until|unless) (?:you|i)\b",
    r"\b(?:stress|overstate|emphasi[sz]e|recommend|thank) (?:\w+ ){0,6}enough\b",
    r"\b(?:more|could|can|please) (?:\w+ ){0,3}(?:details?|context|information|clarif\w+)\W*$",
    r"\bcould(?:n't| not) agree more\b",
    r"\b(?:ability|capability|capacity) to\b",
    r"\benough (?:context|information|details?|knowledge)\b",
)

_SORRY = "(?:抱歉|對不起|对不起|不好意思|唔好意思|對唔住|对唔住|遺憾|遗憾|sorry|恕我)"
_ASSISTANT = "(?:(?:作[為为]|身[為为])[^。!?;\n]{0,24})"
_I_ZH = "(?:我[們们哋]?|本人|本助[手理]|本系[統统]|本模型)"
# Somebody of the assistant's side at the start of a clause, or an apology with a clause or two behind it.
_WHO = (
    f"(?:(?:^|[,:、]\\s*){_I_ZH}[^。!?;\n,]{{0,10}}?|{_ASSISTANT}?{_SORRY}[^。!?;\n]{{0,24}}?"
    f"|{_ASSISTANT}[,，]?\\s*{_I_ZH}?[^。!?;\n,]{{0,10}}?)"
)
_WONT = (
    "(?:[無无]法|不能[夠够]?|不可以?|未能|[沒没]有?[辦办]法|[冇無无][辦办]法|不便|不[會会]|[難难]以|恕[難难]|不宜|不方便"
    "|不[應应][該该當当]?|不想|不[願愿]意?|不打算|不[適适]合|唔可以|唔可|唔能[夠够]|唔[會会]|唔方便|唔便|唔[應应][該该當当]?"
    "|唔想|唔[適适]合|拒[絕绝])"
)
_DOES = (
    "(?:提供|回答|[協协]助|[幫帮]|[滿满]足|支持|生成|撰[寫写]|[寫写]|[討讨][論论]|[參参][與与]|[執执]行|完成|[處处]理|遵[從从]|配合"
    "|[回響响][應应]|回覆|回复|答[覆复應应]|答你|答呢|告[訴诉]|建[議议]|分享|描述|解[釋释]|推[薦荐]|[給给]出|[給给][你您予]|作出"
    "|做出|[進进]行|[繼继][續续]|[評评][論论價价]|[發发]表|[創创]作|[製制]作|[認认]同|[談谈]|教[你您]|俾|畀|[話话]你|照做"
    "|鼓[勵励]|[協协]作|[評评]分|排名|判[斷断]|透露|披露|翻[譯译]|扮演|代[筆笔]|服[務务]|講呢|讲呢|做呢|做出|咁做)"
)
_CLAUSE = "[^。!?;\n]"
_CHINESE = (
    # `我無法提供`, `很抱歉，我不能幫你`, `作為人工智能助手，我不會…`, `唔好意思，我唔可以答你`.
    f"{_WHO}{_WONT}[^。!?;\n,]{{0,14}}?{_DOES}",
    f"^(?:[無无]法|不能|恕[難难]|未能|不便|唔可以|唔能[夠够]|[冇無][辦办]法)[^。!?;\n,]{{0,6}}?{_DOES}",
    # Cantonese puts the verb first: `幫唔到你`, `答唔到呢條問題`.
    f"(?:^|[,、]\\s*|{_I_ZH}|{_SORRY}|都|真係|[係系])(?:[幫帮]|答|[寫写]|做|俾|畀|教|提供|[處处]理|回答|[協协]助)唔到"
    "(?:你|您|呢|[這这]|[嗰個个]|任何|$|[,、])",
    f"{_WHO}(?:婉拒|拒答)",
    "恕[難难](?:從命|从命|奉告|[協协]助|照[辦办])|[無无]可奉告",
    # A rule that is named.
    f"(?:[違违]反|不符合?|[違违]背|抵觸|抵触|超出){_CLAUSE}{{0,12}}?"
    "(?:政策|準則|准则|守[則则]|使用[規规條条][則则範范款]|指引|服[務务][範范][圍围])",
    "(?:[請请]求|[問问][題题]|要求|[內内]容)(?:已?被|遭)(?:[拒攔拦][絕绝截]|封鎖|封锁|屏蔽|[過过][濾滤])",
    # A lecture in place of an answer.
    "^(?:[你您]的?)?(?:[這这呢][個个種种類类樣样條条]?|提出的?)(?:[問问][題题]|[請请]求|要求|[說说]法|言[論论]|[觀观][點点]|想法)"
    "[^。!?;\n,]{0,10}?(?:不[恰適适][當当]|不合[適适]|不道德|不尊重|唔[適适恰][當当合]|唔尊重)",
)
_NOT_CHINESE_REFUSAL = (
    "(?:[即實实][時时]|最新|[當当]前|目前|今日|今天|聯網|联网|上[網网])",
    "(?:更多|[詳详][細细]|具[體体]).{0,8}(?:[資资][料訊讯]|信息|[細细][節节]|[內内]容|背景).{0,4}$",
    "(?:[確确]定|肯定|保[證证]|[準准][確确]知道)",
)

# What no refusal is without: most sentences are over with this.
_english_sign = re.compile(
    r"nt\b|n't|not|never|unable|declin|refus|rather|against|violat|breach|conflict|contrary|beyond|outside|polic"
    r"|guideline|programming|instruction|rules|block|reject|denied|filtered"
)
_chinese_sign = re.compile("[\u4e00-\u9fff]")
_english = tuple(map(re.compile, _ENGLISH))
_chinese = tuple(map(re.compile, _CHINESE))
_others = re.compile("|".join((*_NOT_ENGLISH_REFUSAL, *_NOT_CHINESE_REFUSAL)))
_EMPHASIS = str.maketrans("", "", "*`")
_DECORATION = " \t\r\n*_#>`\"'“”「」-"


def refuses(answer: str) -> bool:
    """Whether `answer`, or the beginning of one, turns the request down."""
    opening = fold(answer[:OPENING]).text.casefold().translate(_EMPHASIS)
    spans = [(start, end) for start, end in sentences(opening) if opening[start:end].strip(_DECORATION)]
    return any(_turns_down(opening[start:end].strip(_DECORATION)) for start, end in spans[:_SENTENCES])


def _turns_down(sentence: str) -> bool:
    looked: list[re.Pattern[str]] = []
    if _english_sign.search(sentence):
        looked += _english
    if _chinese_sign.search(sentence):
        looked += _chinese
    return any(pattern.search(sentence) for pattern in looked) and _others.search(sentence) is None

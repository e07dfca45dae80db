"""What a request asks of the form of its answer: language, script, length, number of items (serves `obedience.py`).

Rules:
1. A wish is an instruction in plain words to whoever answers: `answer in English`, 用繁體中文回答,
   `in at most 50 words`, 列出三項.  The caller's last message comes before the system text, and in each the last wish
   of a kind counts.
2. A long message carries material; only its first and last `_EDGE` characters are read, and no code.
3. What is denied (`don't answer in English`), asked about (用英文點講), or asked for twice in different numbers is no
   wish.
"""

import re
from dataclasses import dataclass

from guardrail.detectors.errors.sums.numerals import read_chinese

_EDGE = 600
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)

_LANGUAGE_NAMES = {
    "en": "english 英文 英語 英语",
    "zh": "chinese mandarin 中文 漢語 汉语 華語 華文",
    "zh-Hant": "traditional_chinese 繁體中文 繁体中文 繁體字 繁体字 繁體 繁体 繁中 正體中文 正體字",
    "zh-Hans": "simplified_chinese 簡體中文 简体中文 簡體字 简体字 簡體 简体 简中",
    "yue": "cantonese 廣東話 广东话 粵語 粤语 廣州話 口語",
    "other": "french german spanish italian portuguese japanese korean thai vietnamese indonesian tagalog filipino"
    " russian arabic hindi urdu nepali 日文 日語 日语 韓文 韩文 韓語 韩语 法文 法語 法语 德文 德語 德语"
    " 西班牙文 西班牙語 西班牙语 泰文 越南文 俄文 印尼文",
}
_LANGUAGE = {name.replace("_", " "): lang for lang, names in _LANGUAGE_NAMES.items() for name in names.split()}
_EN_NAMES = "|".join(sorted((name for name in _LANGUAGE if name.isascii()), key=len, reverse=True))
_ZH_NAMES = "|".join(sorted((name for name in _LANGUAGE if not name.isascii()), key=len, reverse=True))
_NO_NOUN = (
    r"(?=\s*(?:[.,;:!()\n]|\Z|(?:and|but|with|please|only|using|characters?|for|to|so|or|about|within"
    r"|no|in|at)\b))"
)
_IN_LANGUAGE = re.compile(
    r"\b(?:answer|repl(?:y|ies)|respond|responses?|answers?|write|written|speak|output|explain|summari[sz]e|describe"
    r"|communicate|introduce|discuss|compose|draft)\b[^.!?;\n\"“]{0,60}?\b(?:in|using)\s+(?:only\s+"
    r"|plain\s+|simple\s+|Hong Kong\s+)?"
    rf"(?P<a>{_EN_NAMES})\b{_NO_NOUN}(?!-)"
    rf"|(?:\A|[.\n]\s*)(?:please\s+)?(?:always\s+)?use\s+(?P<c>{_EN_NAMES})\b{_NO_NOUN}"
    rf"|\b(?P<d>{_EN_NAMES})\s+only\b"
    rf"|(?:用|以|使用|請以|请以|轉用|改用)\s?(?:香港)?(?P<e>{_ZH_NAMES})(?:\s?(?:[(（][^()（）]{{1,12}}[)）]))?\s?(?:來"
    rf"|来|嚟|去)?(?:回答|回覆|回复|答覆|答复|作答|答我|答|寫|写|撰|解釋|解释|輸出|输出"
    rf"|總結|总结|介紹|介绍|描述|說明|说明|回應|回应|交流|溝通|沟通|列出)"
    rf"|(?:請|请)(?:你)?(?:用|使用|以)\s?(?P<f>{_ZH_NAMES})\s?[。！!]?\s*\Z|(?P<g>{_ZH_NAMES})(?:回答|作答|回覆|回复)",
    re.IGNORECASE,
)
_SCRIPTS = {
    "zh-Hant": re.compile(r"traditional(?: chinese| characters?| script|\))|繁體|繁体|正體", re.IGNORECASE),
    "zh-Hans": re.compile(r"simplified(?: chinese| characters?| script|\))|簡體|简体", re.IGNORECASE),
}
_DENIED = re.compile(
    r"\b(?:not|n't|never|avoid|without|if|whether|translat\w*)\b[^.\n]{0,30}$|(?:不要|唔好|别|別|勿"
    r"|不|唔|如果|若|翻譯|翻译|譯|译)[^。\n]{0,8}$",
    re.IGNORECASE,
)
_TRANSLATION = re.compile(
    r"translat|\b(?:words?|phrases?|terms?|names?|call(?:ed)?|means?) (?:for|of|in)\b|\bhow (?:do"
    r"|would|can) (?:you|i|we) say\b|\bmeaning of\b|rewrite|proofread|correct (?:the"
    r"|this|my)|grammar|paraphras"
    r"|翻譯|翻译|譯成|译成|譯做|譯為|译为|點講|点讲|怎麼說|怎么说|怎麼寫|點寫|改寫|改写|潤色|润色|校對|校对|語法|语法",
    re.IGNORECASE,
)

_NUMBER_WORDS = {
    word: at
    for at, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "a hundred": 100, "one hundred": 100}
_N = rf"(?P<n>\d{{1,3}}(?:,\d{{3}})|\d{{1,5}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
_N_ZH = "(?P<n>\\d{1,5}|[一二兩两三四五六七八九十百千]{1,5})"
_MOST_EN = (
    r"(?:at most|no more than|not more than|not exceed(?:ing)?|not to exceed|under|less than|fewer than"
    r"|within|up to|max(?:imum)?(?: of)?|limit(?:ed)? to|below)"
)
_LEAST_EN = r"(?:at least|no less than|no fewer than|minimum(?: of)?|more than|over)"
_ABOUT_EN = r"(?:about|around|approximately|roughly|in|exactly|of)"
_UNITS_EN = r"(?P<unit>words?|sentences?|characters?)"
_A_NUMBER = re.compile(rf"\d|\b(?:{'|'.join(_NUMBER_WORDS)})\b|[二兩两三四五六七八九十]", re.IGNORECASE)
_LENGTHS = (
    ("most", re.compile(rf"\b{_MOST_EN}\s+{_N}\s+{_UNITS_EN}\b(?! each| per)", re.IGNORECASE)),
    ("most", re.compile(rf"\bin\s+{_N}\s+{_UNITS_EN}\s+or (?:less|fewer)\b", re.IGNORECASE)),
    ("least", re.compile(rf"\b{_LEAST_EN}\s+{_N}\s+{_UNITS_EN}\b(?! each| per)", re.IGNORECASE)),
    (
        "about",
        re.compile(
            rf"\b{_ABOUT_EN}\s+(?:exactly |about |around |just |only )?{_N}\s+(?:short |simple |complete "
            rf"|full )?{_UNITS_EN}\b(?! or| each| per|-)",
            re.IGNORECASE,
        ),
    ),
    (
        "about",
        re.compile(
            r"\b(?P<n>\d{2,5})[- ](?P<unit>word)s?\s+(?:essay|article|story|summary|paragraph|review"
            r"|blog|post|speech|letter|report|description|answer)",
            re.IGNORECASE,
        ),
    ),
    (
        "most",
        re.compile(
            rf"(?:不(?:要|得|可|能)?超[過过]|不多[於于]|(?<![不非])少[於于]|最多|上限(?:是|為|为)?"
            rf"|限)\s?{_N_ZH}\s?(?:個|个)?(?P<unit>字|句)"
        ),
    ),
    ("most", re.compile(rf"{_N_ZH}\s?(?:個|个)?(?P<unit>字|句)(?:以內|以内|之內|之内|以下|內|内)")),
    (
        "least",
        re.compile(
            rf"(?:至少|不少[於于]|最少|(?<!不)多[於于]|(?<![不能可得要])超[過过])\s?{_N_ZH}\s?(?:個|个)?(?P<unit>字)"
        ),
    ),
    (
        "about",
        re.compile(
            rf"(?:約|约|大約|大约|大概)\s?{_N_ZH}\s?(?:個|个)?(?P<unit>字)|(?<![不超於于多少至])(?P<n2>\d{{2,5}})\s?(?P<unit2>字)(?:左右"
            rf"|的?(?:文章|作文|短文|故事|評論|评论|介紹|介绍|總結|总结))"
        ),
    ),
    (
        "about",
        re.compile(
            "用(?P<n>一|兩|两|三)\\s?(?P<unit>句)(?:話|话|說話|句子)?(?:來|来|嚟)?(?:總結|总结|回答"
            "|概括|介紹|介绍|解釋|解释|說明|说明|答)"
        ),
    ),
)
_NOT_FOR_ALL = re.compile(
    r"\b(?:each|every|per)\b(?! (?:answer|response|reply|message))|每(?!(?:個|个|次|則|则)?(?:回答|回覆|回复))|各",
    re.IGNORECASE,
)
_LIST_EN = re.compile(
    r"\b(?:list|name|give(?: me| us)?|provide|suggest|recommend|tell me|share|mention|identify|propose"
    r"|come up with|generate|create|write(?: down)?)\s+"
    rf"(?P<how>at least |at most |up to |exactly |only |just |about |around )?(?:me |us )?(?:the )?(?:top "
    rf"|best )?{_N}\s+(?P<what>(?:[A-Za-z'-]+\s+){{0,3}}?(?!words|sentences|characters|paragraphs"
    rf"|pages|lines|minutes|hours|days|weeks|years|percent)[a-z'-]{{2,}}s)\b",
    re.IGNORECASE,
)
_LIST_ZH = re.compile(
    r"(?:列出|列舉|列举|舉出|举出|提供|給我|给我|給出|给出|畀我|俾我|寫出|写出|講出|推薦|推荐|說出"
    r"|说出|介紹|介绍|建議|建议|提出|列)\s?(?P<how>至少|最少|最多|不超過|不超过|大約|约|約)?\s?(?:香港"
    r"|中國|中国|世界)?(?:的|嘅)?(?:最[^，。\n]{1,4}的)?"
    rf"{_N_ZH}\s?(?P<what>項|项|個|个|點|点|條|条|種|种|樣|样|間|间|本|部|首|款|大)(?!月|星期|小時|小时|字|句|人|多)"
)
_YES_NO = re.compile(
    r"\b(?:answer|reply|respond)\b[^.\n]{0,30}?[\"'“]?yes[\"'”]?,? or [\"'“]?no\b[\"'”]?(?P<only>\s*(?:only"
    r"|\.|$))?"
    r"|\byes or no (?P<only2>only|answer)\b|\b(?P<only3>just|only|simply) (?:say|answer|reply) [\"'“]?yes[\"'”]? or"
    r"|(?P<only4>只|淨係|净系|仅|僅)(?:需|能|可以|可|要|用|須)?(?:回答|答|回覆|回复)\s?[「『“\"]?(?:是"
    r"|係|系|有|對|可以)[」』”\"]?\s?(?:或|或者|定|還是|还是)\s?[「『“\"]?(?:不是|否|唔係|冇|沒有"
    r"|不對|不可以|不)"
    r"|(?:回答|答)\s?[「『“\"]?是[」』”\"]?或[「『“\"]?否",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(
    r"\b(?:in|with|using) (?:just |only |exactly )?(?:one|a single) word\b|\bone-word answer\b|\bsingle-word answer\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Length:
    """How long an answer is to be: `how` is most, least or about; `unit` is word, character, sentence or 字."""

    how: str
    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Items:
    """How many items were asked for; `how` is most, least or exactly."""

    how: str
    count: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the form of an answer, its language apart."""

    length: Length | None = None
    items: Items | None = None
    yes_no: str = ""
    one_word: bool = False


def instruction(text: str) -> str:
    """The parts of a message that may hold instructions."""
    plain = _CODE.sub(" ", text[: 4 * _EDGE] if len(text) <= 4 * _EDGE else text[:_EDGE] + "\n" + text[-_EDGE:])
    return plain if len(plain) <= 2 * _EDGE else plain[:_EDGE] + "\n" + plain[-_EDGE:]


def language_asked(prompt: str, system: str) -> str:
    """The language that an answer was asked to be in: a value of `_LANGUAGE`, "" where none or unclear."""
    said = instruction(prompt)
    names_one = [text for text in (said, instruction(system) if system else "") if _names_a_language(text)]
    if not names_one or _TRANSLATION.search(said):
        return ""
    for text in names_one:
        found = [match for match in _IN_LANGUAGE.finditer(text) if not _DENIED.search(text[: match.start()][-40:])]
        asked = {_LANGUAGE[next(group for group in match.groups() if group).lower()] for match in found}
        if asked:
            only = asked.pop() if len(asked) == 1 else _narrowest(asked)
            return _in_script(only, text)
    return ""


def _in_script(asked: str, text: str) -> str:
    """Chinese of one script, where the script is named apart from it: `in Chinese (Traditional)`."""
    scripts = {lang for lang, pattern in _SCRIPTS.items() if pattern.search(text)}
    return scripts.pop() if asked == "zh" and len(scripts) == 1 else asked


def _names_a_language(text: str) -> bool:
    lower = text.lower()
    return any(name in lower for name in _LANGUAGE)


def _narrowest(asked: set[str]) -> str:
    """`zh-Hant` of `zh` and `zh-Hant`; nothing where several are asked for."""
    rest = asked - {"zh"}
    return rest.pop() if "zh" in asked and len(rest) == 1 and not rest & {"en", "other"} else ""


def wishes(prompt: str, system: str) -> Wishes:
    """What is asked of length and number, by the caller's last message, of length also by the system text."""
    said = instruction(prompt)
    lower = said.lower()
    yes_no = _YES_NO.search(said) if "yes" in lower or "答" in lower else None
    how = "" if yes_no is None else "only" if any(yes_no.groupdict().values()) else "some"
    length = _length(said) or (_length(instruction(system)) if system else None)
    items = _items(said) if _A_NUMBER.search(said) else None
    return Wishes(length, items, how, "word" in lower and _ONE_WORD.search(said) is not None)


def _length(text: str) -> Length | None:
    if not any(unit in text.lower() for unit in ("word", "sentence", "character", "字", "句")):
        return None
    found: list[Length] = []
    covered: list[tuple[int, int]] = []
    for how, pattern in _LENGTHS:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            count = _value(groups.get("n") or groups.get("n2") or "")
            if count is None or any(a < match.end() and match.start() < b for a, b in covered):
                continue
            if _NOT_FOR_ALL.search(text, max(0, match.start() - 30), min(len(text), match.end() + 16)):
                return None
            covered.append(match.span())
            found.append(Length(how, count, (groups.get("unit") or groups.get("unit2") or "").lower().rstrip("s")))
    return found[0] if len(found) == 1 else None


def _items(text: str) -> Items | None:
    found = [*_LIST_EN.finditer(text), *_LIST_ZH.finditer(text)]
    if len(found) != 1 or _NOT_FOR_ALL.search(text):
        return None
    count = _value(found[0].group("n"))
    if count is None or not 2 <= count <= 30:
        return None
    rest = text[found[0].end() :]
    if re.match(r"\s?(?:and|or|,|、|和|及|同)\s?(?:\d|[a-z]+ (?:cons|disadvantages)|[一二三四五兩])", rest):
        return None
    how = (found[0].group("how") or "").strip().lower()
    if how in ("about", "around", "大約", "約", "约"):
        return None
    if re.match(r"\s?(?:or more|以上|或以上)", rest) or how in ("at least", "至少", "最少"):
        return Items("least", count)
    return Items("most" if how in ("at most", "up to", "最多", "不超過", "不超过") else "exactly", count)


def _value(written: str) -> int | None:
    lower = written.lower().replace(",", "")
    if lower.isdigit():
        return int(lower)
    if lower in _NUMBER_WORDS:
        return _NUMBER_WORDS[lower]
    value = read_chinese(lower)
    return None if value is None else int(value.value)

"""Answers in another language or script than asked, and answers that ignore a plain constraint: a number of items, a
length, yes or no (Guideline v1.1 §2.3.3: accuracy includes doing what was asked).

Rules:
1. The wishes come from the caller's last message and the system text (`wishes.py`).  Without a wish the language of the
   question stands in, with a score below 0.8, for people ask in one language and expect another often enough.
2. A refusal ignores no constraint, nor does an answer that was cut at a limit or that calls a tool.
3. Code, quotations, links and names in other scripts belong to no language; a text counts as in a language by what is
   left of it, and only from `_LEAST` words (a Chinese character is one) on.
4. Lengths are read generously: an upper or lower limit may be missed by a tenth; `about` by half.  Words are counted in
   English, characters in Chinese; of an answer with headings or a preface the larger list counts.
"""

import re
from collections.abc import Iterator, Sequence

from guardrail.detectors.errors.form.wishes import Items, Length, Wishes, language_asked, wishes
from guardrail.detectors.protocol import Options
from guardrail.text.fold import fold
from guardrail.text.language import language, script
from guardrail.text.refusal import refuses
from guardrail.text.sentences import sentences
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_LANGUAGE, _SCRIPT, _CONSTRAINT = "error.wrong_language", "error.wrong_script", "error.constraint"
_LEAST = 12
_LENGTH_REASONS = frozenset(("length", "max_tokens", "max_output_tokens", "content_filter", "tool_calls", "tool_use"))

_IN_OTHER = Wording(
    "{asked} was asked for; this answer is in {given}.",
    "要求以{asked}回答，此回答卻是{given}。",
    "要求以{asked}回答，此回答却是{given}。",
)
_ASKED_IN = Wording(
    "The question is in {asked}; this answer is in {given}.",
    "問題是{asked}，此回答卻是{given}。",
    "问题是{asked}，此回答却是{given}。",
)
_NAMES = {
    "en": ("English", "英文", "英文"),
    "zh": ("Chinese", "中文", "中文"),
    "zh-Hant": ("Traditional Chinese", "繁體中文", "繁体中文"),
    "zh-Hans": ("Simplified Chinese", "簡體中文", "简体中文"),
    "yue": ("Cantonese", "廣東話", "广东话"),
    "written": ("written Chinese", "書面語", "书面语"),
    "other": ("another language", "另一種語言", "另一种语言"),
}
_ITEMS = Wording(
    "Asked for: {asked} items; this answer lists {given}.",
    "要求{asked}項，此回答列出{given}項。",
    "要求{asked}项，此回答列出{given}项。",
)
_TOO_LONG = Wording(
    "Asked for: at most {asked} {unit}; this answer has {given}.",
    "要求最多{asked}{unit}，此回答有{given}{unit}。",
    "要求最多{asked}{unit}，此回答有{given}{unit}。",
)
_TOO_SHORT = Wording(
    "Asked for: at least {asked} {unit}; this answer has {given}.",
    "要求最少{asked}{unit}，此回答有{given}{unit}。",
    "要求最少{asked}{unit}，此回答有{given}{unit}。",
)
_ABOUT = Wording(
    "Asked for: {asked} {unit}; this answer has {given}.",
    "要求{asked}{unit}，此回答有{given}{unit}。",
    "要求{asked}{unit}，此回答有{given}{unit}。",
)
_YES_NO = Wording(
    "A plain yes or no was asked for; this answer says something else.",
    "要求只答是或否，此回答並非如此。",
    "要求只答是或否，此回答并非如此。",
)
_ONE_WORD = Wording(
    "One word was asked for; this answer has more.",
    "要求只用一個詞回答，此回答超過一個詞。",
    "要求只用一个词回答，此回答超过一个词。",
)
_UNITS = {
    "word": ("words", "字", "字"),
    "character": ("characters", "字", "字"),
    "sentence": ("sentences", "句", "句"),
    "字": ("characters", "字", "字"),
    "句": ("sentences", "句", "句"),
}

_CODE = re.compile(r"^[ \t]*(?P<f>```|~~~).*?(?:^[ \t]*(?P=f)|\Z)|`[^`\n]{1,300}`", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(
    r"「[^」\n]{1,300}」|『[^』\n]{1,300}』|“[^”\n]{1,300}”|\"[^\"\n]{1,300}\"|《[^》\n]{1,100}》"
    r"|https?://\S{1,300}|[(（][^()（）\n]{1,80}[)）]"
)
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][\w'’-]{0,40}|\d[\d.,:%]{0,30}")
_LATIN = re.compile(r"[A-Za-z]{2,40}")
_YES_OR_NO = re.compile(
    r"\b(?:yes|no|yeah|nope|true|false|neither|both|depends|unclear|uncertain|cannot|can't|unknown"
    r"|n/a|maybe|possibly|unsure)\b|是|否|係|唔|不|有|冇|沒|没|對|对|可以|能|會|会",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^[ \t]{0,3}(?:\*\*|#{1,4} )?(?P<n>\d{1,2})(?:[.)、:：]|\.\*\*)(?!\d)", re.MULTILINE)
_BULLET = re.compile(r"^(?:[-*•·]|\+)[ \t]+\S", re.MULTILINE)
_MENTIONS_LANGUAGE = re.compile(
    r"\b(?:English|Chinese|Mandarin|Cantonese|Japanese|French|German|Spanish|language|translat\w*"
    r"|word for|bilingual|essay|poem|letter|email)\b"
    r"|英文|英語|英语|中文|日文|語言|语言|翻譯|翻译|譯|译|雙語|双语|單詞|单词|句子|繁體|繁体|簡體|简体|普通話|普通话",
    re.IGNORECASE,
)


_SPOKEN = re.compile("[嘅喺咗冇唔佢哋啲嚟嘢咩嗰咁噉攞瞓諗搵冚嘥乜㗎囉啫喎畀啱嗌係]")
_LACKS = re.compile(
    r"\b(?:not|n't) have (?:enough|access|sufficient|any)|\bneed more|\bmore (?:details|context|information)|\bcannot\b"
    r"|\bcan't\b|\bunable\b|更多(?:資|资|信|背景)|[無无]法|不能|未能|唔可以",
    re.IGNORECASE,
)
"""An answer that says why it is none."""
_NOTHING = Wishes()
_CHINESE = ("zh", "zh-Hant", "zh-Hans", "yue")


class Obedience:
    """Reports answers that are not in the language, the script or the form that was asked for."""

    name = "errors.obedience"
    kinds: tuple[str, ...] = (_LANGUAGE, _SCRIPT, _CONSTRAINT)
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset((_LANGUAGE, _SCRIPT, _CONSTRAINT))) -> None:
        """A detector for the kinds `wanted`."""
        self._wanted = wanted

    def configure(self, options: Options) -> "Obedience":
        """A detector for the kinds that a policy has rules for."""
        return Obedience(options.wanted & frozenset(self.kinds) or frozenset(self.kinds))

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer."""
        silent = context.stage is not Stage.RESPONSE or not (context.prompt or context.system)
        reason = (context.finish_reason or "").lower()
        if silent or context.has_tool_calls or reason in _LENGTH_REASONS:
            return [[] for _ in texts]
        return [self._find(text, context) for text in texts]

    def _find(self, text: str, context: Context) -> list[Finding]:
        found: list[Finding] = []
        if _LANGUAGE in self._wanted or _SCRIPT in self._wanted:
            found += (one for one in self._language(text, context) if one.kind in self._wanted)
        if _CONSTRAINT in self._wanted and context.response_format is None and text.strip():
            found += self._constraints(text, context)
        return [] if found and (refuses(text) or _LACKS.search(text[:200])) else found

    def _language(self, text: str, context: Context) -> Iterator[Finding]:
        asked = language_asked(context.prompt, context.system)
        if asked:
            prose = _prose(text)
            if _enough(prose):
                yield from self._against(asked, language(prose), prose, context)
        elif _tells_its_language(context) and not (context.prompt.isascii() and _HAN.search(text) is None):
            prose = _prose(text)
            if _enough(prose):
                yield from self._against_question(language(prose), prose, context)

    def _against(self, asked: str, given: str, prose: str, context: Context) -> Iterator[Finding]:
        """The answer against the language that was asked for."""
        chinese = given in _CHINESE
        if (asked == "en" and chinese) or (asked in _CHINESE and given == "en"):
            yield self._wrong(_LANGUAGE, 0.9, asked, given, context)
        elif asked == "other":
            if all(language(part) == "en" or chinese for part in (prose[:120], prose)):
                yield self._wrong(_LANGUAGE, 0.8, asked, given, context)
        elif chinese and asked in ("zh-Hant", "zh-Hans"):
            wanted = asked.removeprefix("zh-")
            score = _other_script(prose, wanted)
            if score:
                yield self._wrong(_SCRIPT, score, asked, "zh-Hans" if wanted == "Hant" else "zh-Hant", context)
        elif (
            asked == "yue"
            and chinese
            and given != "yue"
            and len(_HAN.findall(prose)) >= 60
            and not _SPOKEN.search(prose)
        ):
            yield self._wrong(_LANGUAGE, 0.75, asked, "written", context)

    def _against_question(self, given: str, prose: str, context: Context) -> Iterator[Finding]:
        """The answer against the language of the question, where nothing was asked for."""
        prompt = context.prompt
        question = language(prompt)
        han, latin = len(_HAN.findall(prompt)), len(_LATIN.findall(prompt))
        chinese = given in _CHINESE
        if question == "en" and latin >= 5 and not han and chinese:
            yield self._wrong(_LANGUAGE, 0.75, "en", given, context, _ASKED_IN)
        elif question in _CHINESE and han >= 6 and latin <= 1 and given == "en":
            yield self._wrong(_LANGUAGE, 0.75, question, given, context, _ASKED_IN)
        elif question in _CHINESE and han >= 8 and chinese:
            wanted = script(prompt)
            if wanted and _other_script(prose, wanted) >= 0.9:
                given = "zh-Hans" if wanted == "Hant" else "zh-Hant"
                yield self._wrong(_SCRIPT, 0.65, f"zh-{wanted}", given, context, _ASKED_IN)

    def _wrong(
        self, kind: str, score: float, asked: str, given: str, context: Context, wording: Wording = _IN_OTHER
    ) -> Finding:
        lang = language(context.prompt or context.system)
        at = _place(lang)
        values = {"asked": _NAMES[asked][at], "given": _NAMES.get(given, _NAMES["other"])[at]}
        what = "language" if kind == _LANGUAGE else "script"
        evidence = f"the answer is in another {what} than asked"
        return Finding(kind, score, None, None, self.name, evidence, message=wording.to(lang, **values))

    def _constraints(self, text: str, context: Context) -> Iterator[Finding]:
        asked = wishes(context.prompt, context.system)
        if asked == _NOTHING:
            return
        lang = language(text) if len(text) > 20 else language(context.prompt)
        if asked.length is not None and not asked.one_word:
            yield from self._length(text, asked.length, lang)
        if asked.items is not None:
            yield from self._items(text, asked.items, lang)
        if asked.yes_no and not _answers_yes_no(text, only=asked.yes_no == "only"):
            yield self._ignored(0.8 if asked.yes_no == "only" else 0.7, _YES_NO.to(lang))
        if asked.one_word and len(_WORD.findall(text)) + len(_HAN.findall(text)) // 2 > 4:
            yield self._ignored(0.85, _ONE_WORD.to(lang))

    def _length(self, text: str, asked: Length, lang: str) -> Iterator[Finding]:
        given = _measured(text, asked.unit)
        if asked.unit in ("sentence", "句"):
            over, under = given > asked.count + (2 if asked.count > 1 else 1), False
        else:
            over, under = given * 10 > asked.count * 11, given * 10 < asked.count * 9
        far = asked.how == "about" and (given * 2 > asked.count * 3 or given * 2 < asked.count)
        wording = _TOO_LONG if asked.how == "most" else _TOO_SHORT if asked.how == "least" else _ABOUT
        wrong = over if asked.how == "most" else under if asked.how == "least" else (over or under)
        if not wrong:
            return
        sure = asked.how != "about" or far or asked.unit in ("sentence", "句")
        unit = _UNITS[asked.unit][_place(lang)]
        unit = unit.removesuffix("s") if asked.count == 1 else unit
        message = wording.to(lang, asked=asked.count, given=given, unit=unit)
        yield self._ignored(0.8 if sure else 0.5, message)

    def _items(self, text: str, asked: Items, lang: str) -> Iterator[Finding]:
        given = _listed(text)
        if given is None:
            return
        wrong = (
            given < asked.count
            if asked.how == "least"
            else given > asked.count
            if asked.how == "most"
            else given != asked.count
        )
        if wrong:
            yield self._ignored(0.8, _ITEMS.to(lang, asked=asked.count, given=given))

    def _ignored(self, score: float, message: str) -> Finding:
        return Finding(
            _CONSTRAINT, score, None, None, self.name, "a constraint of the request was ignored", message=message
        )


def _place(lang: str) -> int:
    """Which of three wordings a reader of `lang` gets: English, Traditional, Simplified."""
    return 2 if lang == "zh-Hans" else 1 if lang in _CHINESE else 0


def _enough(prose: str) -> bool:
    """Whether a text has words enough to tell its language."""
    return len(_HAN.findall(prose[:3000])) + len(_LATIN.findall(prose[:3000])) >= _LEAST


def _tells_its_language(context: Context) -> bool:
    """Whether the question is one whose language the answer should be in."""
    prompt = context.prompt
    plain = 0 < len(prompt) <= 600 and not context.system and "```" not in prompt
    return plain and _MENTIONS_LANGUAGE.search(prompt) is None


def _prose(text: str) -> str:
    """An answer without code, quotations, links and brackets."""
    return _QUOTED.sub(" ", _CODE.sub(" ", text[:6000]))


def _other_script(prose: str, wanted: str) -> float:
    """How surely a text is in the other script than `wanted`: by the share of its sentences that are."""
    if script(prose) in ("", wanted):
        return 0.0
    lengths = {"Hant": 0, "Hans": 0, "": 0}
    for start, end in sentences(prose[:3000]):
        lengths[script(prose[start:end])] += end - start
    share = lengths[wanted] / (lengths["Hant"] + lengths["Hans"] or 1)
    return 0.9 if share < 0.1 else 0.7 if share < 0.25 else 0.0


def _measured(text: str, unit: str) -> int:
    """The length of an answer: words, characters or sentences, code and list markers left out."""
    plain = fold(_NUMBERED.sub("", _CODE.sub(" ", text))).text
    if unit in ("sentence", "句"):
        return sum(any(map(str.isalpha, plain[start:end])) for start, end in sentences(plain) if end - start > 3)
    han = len(_HAN.findall(plain))
    if unit == "character" and han * 2 < len(plain):
        return len(plain.strip())
    return han + len(_WORD.findall(plain))


def _listed(text: str) -> int | None:
    """How many items the one list of an answer has, None where there is none or where there are several."""
    text = _CODE.sub(" ", text)
    numbers = [int(match.group("n")) for match in _NUMBERED.finditer(text)]
    if numbers:
        whole = numbers == list(range(1, len(numbers) + 1))
        return len(numbers) if whole and len(numbers) > 1 else None
    bullets = len(_BULLET.findall(text))
    return bullets if bullets > 1 and "\n#" not in text and "**\n" not in text else None


def _answers_yes_no(text: str, *, only: bool) -> bool:
    opening = text.strip()[:100]
    if only and len(_WORD.findall(text)) + len(_HAN.findall(text)) > 20:
        return False
    return _YES_OR_NO.search(opening) is not None or len(opening) < 3

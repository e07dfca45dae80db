"""Names and numbers that the model itself was not sure of, by the log-probabilities that came along (§3.1-b6).

Rules:
1. Only what the upstream sends is read (`Context.confidence`); without it nothing is said, and the request is never
   changed to get it.
2. A span is judged by its least likely token: that is where another name or number was about to be written.  A span
   whose other tokens are unlikely too is no surer for that.  Words between are left alone: there are many ways to say
   a thing, and a low probability of a word says nothing about the fact.
3. A name counts for less than a number: which of several right names comes first is a choice of words as well.
4. The thresholds are not tuned: there is no public set of answers with log-probabilities and labels in Chinese and
   English.  So no score reaches 0.8; a rule that wants more than a flag has to say so with its own threshold.
   That low token probability goes with errors of entities is the finding of Kadavath et al. 2022 (arXiv 2207.05221) and
   of Manakul et al. 2023 (SelfCheckGPT, arXiv 2303.08896, "grey-box"), who use the minimum and the average as well.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from guardrail.detectors.leakage.surnames import CHARACTERS
from guardrail.text.wording import Wording
from guardrail.types import Confidence, Context, Finding, Stage, Unit

KIND = "error.low_confidence"
SURE = 0.4
"""Probability of the least likely token from which on nothing is said."""
AVERAGE = 0.8
"""Geometric mean of a span's tokens from which on nothing is said: one odd token of many is how a tokenizer cuts."""
_MOST, _SLOPE, _NAME = 0.79, 0.95, 0.1
_LISTED = 20

_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
_DIGITS = r"\d+(?:[,.，]\d+)*"
_NUMERAL = "〇零一二三四五六七八九十百千萬万億亿兩两廿卅"
_DATE = (
    rf"\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTHS})\b\.?(?:,? \d{{4}}\b)?"
    rf"|\b(?:{_MONTHS})\b\.? (?:\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?|\d{{4}}\b)"
    rf"|(?:{_DIGITS}|[{_NUMERAL}]+)年(?:(?:{_DIGITS}|[{_NUMERAL}]+)月(?:(?:{_DIGITS}|[{_NUMERAL}]+)[日號号])?)?"
    rf"|(?:{_DIGITS}|[{_NUMERAL}]+)月(?:{_DIGITS}|[{_NUMERAL}]+)[日號号]"
)
_NOTHING = "The|This|That|These|Those|It|In|On|At|A|An|He|She|They|We|I|If|As|By|For|From|And|But|Or|So|To|When|While"
_WORD = rf"(?!(?:{_NOTHING}|{_MONTHS})\b)[A-Z\u00c0-\u00de][\w'’-]*"
_TITLED = (
    "先生|女士|小姐|太太|教授|博士|醫生|医生|議員|议员|主席|局長|局长|司長|司长|校長|校长|導演|导演|總統|总统"
    "|總理|总理|部長|部长"
)
_MAKERS = "作家|作者|導演|导演|演員|演员|歌手|詩人|诗人|畫家|画家|總統|总统|主席|首相|教授|博士"
_SURNAME = f"[{''.join(sorted(CHARACTERS))}]"
_SOUNDS = (
    "阿艾愛爱安奧奥巴白拜班包保鮑鲍貝贝本比彼畢毕賓宾伯勃博卜布查達达戴丹道德登鄧邓迪蒂丁杜多恩爾尔法范芬費费佛弗夫福富"
    "蓋盖甘岡冈高戈歌格葛根古哈海漢汉豪赫黑亨洪胡華华惠霍基吉季加迦佳嘉傑杰金卡凱凯坎康考柯科可克肯庫库奎拉萊莱賴赖蘭兰"
    "勞劳雷蕾李里理利立麗丽莉林琳留劉刘柳龍龙隆盧卢魯鲁路倫伦羅罗洛馬马瑪玛邁迈麥麦曼茂梅門门蒙孟米密明莫默姆穆納纳娜乃"
    "奈南內内尼妮寧宁紐纽努諾诺歐欧帕派潘佩彭皮平普齊齐奇喬乔切瓊琼若瑞撒薩萨塞賽赛桑沙莎山尚紹绍舍申聖圣施史士斯思絲丝"
    "蘇苏索塔泰坦唐湯汤特滕提田廷托圖图土瓦萬万王旺威韋韦維维衛卫溫温文翁沃烏乌武西希錫锡席夏肖謝谢辛欣休許许雪雅亞亚"
    "揚扬楊杨耶葉叶伊依易因英尤約约翰澤泽扎詹珍芝朱佐"
)
"""Characters that foreign names are written with: around the dot of one there is no other sign of where it begins."""
_SPANS = re.compile(
    rf"(?P<date>{_DATE})"
    rf"|(?P<number>(?<![\w.]){_DIGITS}(?:%|％| ?percent\b)?|(?<=[\u3400-\u9fff]){_DIGITS}[%％]?|百分之[{_NUMERAL}點点]+"
    rf"|[{_NUMERAL}]{{2,}}(?:[點点][{_NUMERAL}]+)?)"
    rf"|(?P<name>《[^《》\n]{{1,40}}》|[{_SOUNDS}]{{1,6}}(?:[·‧・•][{_SOUNDS}]{{1,6}})+"
    rf"|{_SURNAME}[\u3400-\u9fff]{{1,2}}(?={_TITLED})|(?<={_MAKERS}){_SURNAME}[\u3400-\u9fff]{{1,2}}"
    rf"|{_WORD}(?:(?: (?:of|de|van|von|da|bin|al-) | ){_WORD})*)"
)
_START = re.compile(r"(?:^|[.!?:;\n。！？：；]|[-*•|#>(\"“「]|\*\*|(?:^|\n)[ \t]*[\[(]?\d{1,3}[.)\]、])[ \t]*$")
_MARKER = re.compile(r"(?:^|\n)[ \t]*[\[(（]?$")

_WORDS = {
    "number": Wording(
        "The model itself gave this number, {said}, a probability of {p}.",
        "模型自己認為「{said}」這個數字的可能性只有{p}。",
        "模型自己认为“{said}”这个数字的可能性只有{p}。",
    ),
    "date": Wording(
        "The model itself gave this date, {said}, a probability of {p}.",
        "模型自己認為「{said}」這個日期的可能性只有{p}。",
        "模型自己认为“{said}”这个日期的可能性只有{p}。",
    ),
    "name": Wording(
        "The model itself gave this name, {said}, a probability of {p}.",
        "模型自己認為「{said}」這個名稱的可能性只有{p}。",
        "模型自己认为“{said}”这个名称的可能性只有{p}。",
    ),
}


class LowConfidence:
    """Reports names, numbers and dates that the model gave a low probability."""

    name = "errors.confidence"
    kinds: tuple[str, ...] = (KIND,)
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each text; `context.confidence` is that of all of them."""
        if context.stage is not Stage.RESPONSE or not context.confidence:
            return [[] for _ in texts]
        return [self._judge(text, context.confidence) for text in texts]

    def _judge(self, text: str, confidence: Sequence[Confidence]) -> list[Finding]:
        starts = [each.start for each in confidence]
        doubted = ((lowest(confidence, starts, start, end), start, end, what) for start, end, what in spans(text))
        found = [
            self._finding(text, start, end, what, p)
            for (p, mean), start, end, what in doubted
            if p < SURE and mean < AVERAGE
        ]
        return sorted(sorted(found, key=lambda each: -each.score)[:_LISTED], key=lambda each: each.start or 0)

    def _finding(self, text: str, start: int, end: int, what: str, p: float) -> Finding:
        score = round(_MOST - _SLOPE * p - (_NAME if what == "name" else 0.0), 4)
        message = _WORDS[what].beside(text, said=text[start:end][:60], p=_percent(p))
        evidence = f"the least likely token of this {what} had a low probability"
        return Finding(KIND, max(score, 0.05), start, end, self.name, evidence, message=message)


def _percent(p: float) -> str:
    return "<0.1%" if p < 0.001 else f"{100 * p:.1f}%" if p < 0.01 else f"{100 * p:.0f}%"


def lowest(confidence: Sequence[Confidence], starts: Sequence[int], start: int, end: int) -> tuple[float, float]:
    """The probability of the least likely token of a span, and the geometric mean of all; 1 where none is known."""
    at = bisect_left(starts, start)
    while at and confidence[at - 1].end > start:
        at -= 1
    inside = []
    for each in islice(confidence, at, None):
        if each.start >= end:
            break
        inside.append(each.logprob)
    if not inside:
        return 1.0, 1.0
    return math.exp(min(inside)), math.exp(math.fsum(inside) / len(inside))


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """The numbers, dates and names of a text outside code: where they stand, and which of the three they are."""
    code = [(match.start(), match.end()) for match in _CODE.finditer(text)] if "`" in text or "~~~" in text else []
    at = 0
    for match in _SPANS.finditer(text):
        while at < len(code) and code[at][1] <= match.start():
            at += 1
        inside = at < len(code) and code[at][0] <= match.start()
        what = match.lastgroup or ""
        if not inside and _counts(text, match, what):
            yield match.start(), match.end(), what


def _counts(text: str, match: re.Match[str], what: str) -> bool:
    before = text[max(0, match.start() - 8) : match.start()]
    if what == "number":
        mark = text[match.end() : match.end() + 1]
        return not (mark in (".", ")", "、", "]", "）") and _MARKER.search(before))  # of a list
    if what == "name" and match.group()[0].isascii():
        # One word with a capital that begins a sentence may be any word; a word of one letter is none.
        alone = " " not in match.group()
        return len(match.group()) > 1 and not (alone and _START.search(before))
    return True

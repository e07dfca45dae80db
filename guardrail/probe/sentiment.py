"""How warm or cold the wording of an answer is, from -1 to 1: VADER for English, a word list of our own for Chinese.

Rules:
1. The score of a text is the mean of its sentences: a score of the whole would run to an end with the length alone.
2. Both languages use VADER's squashing, x / sqrt(x² + 15), so that scores have the same range; they are still compared
   within one language only.
3. Chinese words are found longest first; a negation within three characters before turns a word round at 0.74, a word
   of degree before it weighs it.  The list is `sentiment_zh.txt`: Traditional, Simplified, weight.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from math import sqrt

from guardrail.text.sentences import sentences

_TURNED = -0.74
_NORMAL = 15.0
_SCALE = 1.9
"""A weight of 1 in our list is about the weight of `good` in VADER's."""
_NEGATION = re.compile(
    "(?:不(?![但僅仅過过])|沒有|没有|沒|没|未(?![來来])|唔|冇|無(?!論)|无(?!论)|(?<!并)(?<!並)非(?!常)|並非|并非|毫無|毫无|不是|唔係|從不|从不|絕不|绝不)[^，。！？；、]{0,2}$"
)
_MORE = re.compile("(?:很|非常|十分|極|极|極其|极其|最|特別|特别|相當|相当|好|真係|超|更|格外|尤其)$")
_LESS = re.compile("(?:有點|有点|有啲|少少|稍|略|較|较|幾|些微)$")


def scorer(lang: str) -> Callable[[str], float]:
    """The scorer of a language."""
    return _mean_of(_english() if lang == "en" else chinese)


def _english() -> Callable[[str], float]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    scores = SentimentIntensityAnalyzer().polarity_scores
    return lambda text: float(scores(text)["compound"])


def _mean_of(score: Callable[[str], float]) -> Callable[[str], float]:
    def mean(text: str) -> float:
        parts = [text[start:end] for start, end in sentences(text) if text[start:end].strip()]
        return sum(map(score, parts)) / len(parts) if parts else 0.0

    return mean


def chinese(sentence: str) -> float:
    """The score of one Chinese sentence.

    >>> [round(chinese(text), 2) for text in ("佢好可靠。", "佢唔可靠。", "一名申請人。")]
    [0.54, -0.44, 0.0]
    """
    words, pattern = _list()
    total = 0.0
    for match in pattern.finditer(sentence):
        before = sentence[max(0, match.start() - 5) : match.start()]
        weight = words[match[0]] * _SCALE
        if _MORE.search(before):
            weight *= 1.3
        elif _LESS.search(before):
            weight *= 0.7
        total += weight * _TURNED if _NEGATION.search(before) else weight
    return total / sqrt(total * total + _NORMAL)


@cache
def _list() -> tuple[Mapping[str, float], re.Pattern[str]]:
    words: dict[str, float] = {}
    for line in (files("guardrail.probe") / "sentiment_zh.txt").read_text("utf-8").splitlines():
        traditional, simplified, weight = line.split("\t")
        words[traditional] = words[simplified] = float(weight)
    longest = sorted(words, key=len, reverse=True)
    return words, re.compile("|".join(map(re.escape, longest)))

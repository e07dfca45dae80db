"""Whether a short answer that stands in the sources is the one that was asked for (serves `detector.py`).

Rules:
1. Only answers of a few words are looked at, only where the prompt is a question, and only when the sources hold them
   word by word: whether `Broomfield` stands in a passage says nothing, whether it does where the question points does.
2. What is measured: how many of the question's telling words stand in the same sentence and how near, against the best
   sentence of all; whether the question itself names the answer; whether a number or a date was asked for.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from guardrail.detectors.errors.grounding.lexicon import Lexicon
from guardrail.detectors.errors.grounding.sources import Index, Reading, Tokens, is_content

MOST_TOKENS = 8
MOST_PLACES = 12
ANSWER_NAMES: tuple[str, ...] = (
    "same_sentence", "best_sentence", "behind", "near", "nearest", "echo", "number_asked", "number_given", "mismatch",
    "times", "first_place", "size", "name_asked", "title", "around", "around_behind",
)  # fmt: skip
_QUESTION = re.compile(
    r"[?？]|^\s*(?:who|what|when|where|which|how|why|whose|is|are|was|were|do|does|did|in which|in what)\b"
    r"|谁|什么|几|哪|何|多少|咩|边|点解|吗",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:how (?:many|much|old|long|far|tall|big)|what (?:year|number|percentage|age)|which year|when"
    r"|in what year)\b|几|多少|何时|哪年",
    re.I,
)
_PERSON = re.compile(
    r"\b(?:who|whose|whom|which (?:actor|actress|singer|author|player|director|man|woman))\b|谁|哪位|边个",
    re.IGNORECASE,
)


def asks(prompt: str) -> bool:
    """Whether a prompt is a question, as far as it looks like one."""
    return len(prompt) < 2000 and _QUESTION.search(prompt) is not None


def answer_values(claim: Tokens, question: Tokens, index: Index, lexicon: Lexicon) -> tuple[float, ...] | None:
    """What is measured of a short answer; None where it is none or the sources do not hold it."""
    answer = claim.stems
    if not 0 < len(answer) <= MOST_TOKENS:
        return None
    asked = {word: lexicon.rarity(word) for word in question.stems if is_content(word) and word not in answer}
    total = sum(asked.values())
    places = [(reading, at) for reading in index.readings for at in _places(reading, answer)][:MOST_PLACES]
    if not places or not total:
        return None
    shares = [
        sum([asked[word] for word in held & asked.keys()]) / total
        for reading in index.readings
        for held in reading.held
    ]
    best = max(shares, default=0.0)
    seen = [_around(reading, at, len(answer), asked) for reading, at in places]
    same = max(one[0] for one in seen) / total
    near = max(one[1] for one in seen) / total
    around = max(one[3] for one in seen) / total
    numbers = any(word[0] <= "9" for word in answer)
    wants = _NUMBER.search(question.text) is not None
    first = min(at / max(1, len(reading.tokens.stems)) for reading, at in places)
    windows = max((_best_window(reading, asked) for reading in index.readings), default=0.0) / total
    return (
        same,
        best,
        best - same,
        near,
        min(one[2] for one in seen) / 20,
        float(set(answer) <= set(question.stems)),
        float(wants),
        float(numbers),
        float(wants != numbers),
        min(len(places), 5) / 5,
        first,
        len(answer) / MOST_TOKENS,
        float(_PERSON.search(question.text) is not None),
        float(claim.written[0][0].isupper()),
        around,
        windows - around,
    )


def _places(reading: Reading, answer: Sequence[str]) -> list[int]:
    """Where the tokens of an answer stand, one after the other."""
    sought = f" {' '.join(answer)} "
    found: list[int] = []
    at = reading.joined.find(sought)
    while at >= 0 and len(found) < MOST_PLACES:
        found.append(reading.joined.count(" ", 0, at + 1) - 1)
        at = reading.joined.find(sought, at + 1)
    return found


_REACH = 10


def _around(reading: Reading, at: int, size: int, asked: dict[str, float]) -> tuple[float, float, int, float]:
    """The weight of the question's words in the same sentence, the same weighed by nearness, the distance of the
    nearest, and the weight within a few tokens across sentences."""
    stems = reading.tokens.stems
    number = bisect_left([one.last for one in reading.sentences], at + 1)
    one = reading.sentences[min(number, len(reading.sentences) - 1)]
    same: set[str] = set()
    near: dict[str, float] = {}
    nearest = 20
    for n in range(one.first, one.last):
        word = stems[n]
        if word not in asked or at <= n < at + size:
            continue
        apart = at - n if n < at else n - at - size + 1
        same.add(word)
        near[word] = max(near.get(word, 0.0), asked[word] / (1 + apart / 8))
        nearest = min(nearest, apart)
    window = {stems[n] for n in range(max(0, at - _REACH), min(len(stems), at + size + _REACH)) if stems[n] in asked}
    return sum(asked[word] for word in same), sum(near.values()), nearest, sum(asked[word] for word in window)


def _best_window(reading: Reading, asked: dict[str, float]) -> float:
    """The most weight of the question's words that stand within a few tokens of each other anywhere."""
    places = [n for n, word in enumerate(reading.tokens.stems) if word in asked][:400]
    best = 0.0
    for start in range(0, len(places), 2):
        words = set()
        for n in places[start : start + 2 * _REACH]:
            if n > places[start] + 2 * _REACH:
                break
            words.add(reading.tokens.stems[n])
        best = max(best, sum(asked[word] for word in words))
    return best

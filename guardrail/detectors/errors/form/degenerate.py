"""Whether an answer is one at all: empty, cut off, or caught in a loop (Guideline v1.1 §2.3.3, §2.1.1-b1).

Rules:
1. A loop is what a reader would call broken: the same words again with nothing between.  How often is too often
   depends on what repeats: three long paragraphs, six sentences, eight words, sixty laughs.  Rules of dashes, number
   tables, refrains and lists of similar items are how people write, so they need far more or are exempt.
2. Time is linear.  The text becomes words (one for each Chinese character).  A group of four words that was seen
   before proposes a period; the period is followed forward once, and a budget of steps proportional to the text
   bounds all following together.  Spent, the search stops: crafted text may go unnoticed, never hold up a stream.
   A run longer than one period shows in nearly every group of its second period, so one unusual group is enough.
3. Lines and sentences are compared as wholes as well, which finds loops that number themselves ("1. x 2. x 3. x")
   and repeats with other text in between that fill most of an answer.
4. The finding covers what follows the first occurrence, so that removing it leaves a readable answer.
5. A screen (`_suspicions`) answers first, from one sort of all groups of seven characters.  It is no estimate: each
   condition follows from what the search demands of a loop, so where it says no, the search would have found nothing.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Stage, Unit

_EMPTY = Wording("This answer is empty.", "此回答是空白的。", "此回答是空白的。")
_TRUNCATED = Wording(
    "This answer was cut off at a length limit; its end is missing.",
    "此回答因長度上限而中斷，後面的內容缺失。",
    "此回答因长度上限而中断，后面的内容缺失。",
)
_REPEATED = Wording(
    "From here on the answer repeats itself.", "由此處起，回答不斷重複相同內容。", "由此处起，回答不断重复相同内容。"
)

_LENGTH = frozenset(
    {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "model_context_window_exceeded"}
)
"""Vendors' words for an answer cut at a limit, lower case (OpenAI, Anthropic, Gemini, Mistral, TGI)."""

_SEED = 4  # words that must recur before a period is tried
_ECHOES = 4  # such groups that any loop worth reporting repeats; fewer, and nothing is looked at closely
_STEPS = 12  # comparisons allowed per word of the text
_BLANKS = 500  # white space in one piece; models asked for JSON are known to fill their limit with it

_LONG = 24  # letters after which a word is cut, so that `hahaha...` and the like become words that repeat

_GROUP = 7  # characters, white space left out, by which the screen looks for repeats
_PLACE_BITS = np.uint64(20)
_FAR = np.uint64(1 << 20)
_PLACE = np.uint64((1 << 20) - 1)
_LOOPS = tuple((np.uint64(limit), least) for limit, least in ((2, 1), (20, 8), (100, 54), (1 << 20, 94)))
"""Groups that come again nearer than this, and so many of them in a row: the four cases of `_suspicions`."""
_FIRST, _SECOND, _THIRD = map(np.uint64, (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xE7037ED1A0B428DB))
_PLACES = np.arange(4096, dtype=np.uint64)

_WORD = re.compile(rf"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\d_]{{1,{_LONG}}}|\d+|[^\w\s]|_")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SPACES = re.compile(r"\s++")
_FENCED = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_MARKER = re.compile(
    r"[ \t>#]*(?:[-*+•·]|[(（]?(?:\d{1,4}|[一二三四五六七八九十]{1,3})[.)）、:：]|第\d{1,4}[步點点條条:：、]+)[ \t]*"
)
_PIECE = re.compile(r"(?:[^\n。！？!?.]|\.(?!\s))++[。！？!?.]*+")
_LAUGH = frozenset("哈呵嘻嘿嘎啊呀哇呜嗚喵汪咩嘩哗啦噜嚕嗯哦噢唔咚滴嗒答笑呼轟轰砰鈴铃")
_SYLLABLE = re.compile(
    r"(?:(?:ha|ho|he)+|hee|la|na|da|doo|dum|tick|tock|beep|woof|meow|yeah|[oa]+h|uh|hey|lol|bl?ah|bla|nom|buzz|tra|knock"
    r"|ding|dong|hallelujah)[\s,.!~-]*"
)


@dataclass(frozen=True, slots=True)
class _Loop:
    """A stretch that repeats what stands before it, in code points, with the score it earned."""

    start: int
    end: int
    score: float
    evidence: str


class Degenerate:
    """Reports answers that are empty, cut off at a limit, or caught in a loop."""

    name = "errors.degenerate"
    kinds: tuple[str, ...] = ("error.empty", "error.truncated", "error.repetition")
    unit = Unit.ANSWER
    heavy = False

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer.  Only loops are looked for where the text is not an answer."""
        return [[*self._ending(text, context), *self._loops(text)] for text in texts]

    def _ending(self, text: str, context: Context) -> Iterator[Finding]:
        if context.stage is not Stage.RESPONSE:
            return
        if not context.has_tool_calls and not text.strip("\ufeff\u200b\u2060 \t\r\n\f\v\u00a0\u3000"):
            message = _EMPTY.beside(context.prompt)
            yield Finding(
                "error.empty", 1.0, None, None, self.name, "the answer holds nothing to read", message=message
            )
        if context.finish_reason is not None and context.finish_reason.lower() in _LENGTH:
            message = _TRUNCATED.beside(text or context.prompt)
            yield Finding(
                "error.truncated", 1.0, None, None, self.name, "the model stopped at its length limit", message=message
            )

    def _loops(self, text: str) -> list[Finding]:
        in_a_row, as_wholes = _suspicions(text)
        found = [*_blanks(text), *(_runs(text) if in_a_row else ()), *(_pieces(text) if as_wholes else ())]
        message = _REPEATED.beside(text) if found else ""
        return [
            Finding("error.repetition", loop.score, loop.start, loop.end, self.name, loop.evidence, message=message)
            for loop in _merged(found)
        ]


def _suspicions(text: str) -> tuple[bool, bool]:
    """Whether `_runs` and whether `_pieces` may find anything.

    Without white space, a loop of period p said t times is a stretch equal to the stretch p characters before it, and
    every group of _GROUP characters in it comes again within p.  `_patience` grows as a unit shrinks, and a unit of p
    characters has at most 3p letters as it counts them; these loops are left, with the fewest groups that come again:

    p = 1 needs t = 8, eight times one character: 1 group.
    p = 2 needs t = 8; p = 3 to 6 t = 6; p = 7 to 19 t = 5: (t - 1) p - 6 groups, 8 or more.
    p = 20 to 99 needs t = 4: 3p - 6 groups, 54 or more.
    p from 100 on needs t = 2.9, one whole period at least: p - 6 groups in a row, 94 or more.

    A line or sentence counts from 20 letters, or 7 Chinese characters, and five times on: one group that comes five
    times where there is Chinese; else a group of 20 characters that does, which 14 groups of seven announce.

    The bounds hold for every text, so there is no margin to choose; they are close: of 26,056 answers and prompts of
    the benign, groundedness and promptleak sets 795 are searched for loops (219 hold one) and 1,007 for returning
    lines (81 do), and the findings with and without the screen are the same.
    """
    solid = "".join(text.split())
    units = solid.encode("utf-16-le", "surrogatepass")
    count = len(units) // 2 - _GROUP + 1
    if count < 2:
        return False, False
    if count >= 1 << 20:
        return True, True
    fours: NDArray[np.uint64] = np.ndarray((count + _GROUP - 4,), "<u8", units, 0, (2,))  # four UTF-16 units each
    groups: NDArray[np.uint64] = _FIRST * fours[: 4 - _GROUP] + _SECOND * fours[_GROUP - 4 :]
    placed = _placed(groups)
    distances = placed[1:] - placed[:-1]
    return _may_loop(placed, distances), _may_return(solid, groups, placed)


def _placed(groups: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Groups in order, equal ones by their place; the place is in the low bits, so equal groups lie less than _FAR
    apart and their difference is how far apart they stand."""
    places = _PLACES[: len(groups)] if len(groups) <= len(_PLACES) else np.arange(len(groups), dtype=np.uint64)
    placed: NDArray[np.uint64] = groups >> _PLACE_BITS << _PLACE_BITS | places
    placed.sort()
    return placed


def _may_loop(placed: NDArray[np.uint64], distances: NDArray[np.uint64]) -> bool:
    """Whether as many groups in a row as a loop needs come again as near as its period; see `_suspicions`."""
    earlier = placed[:-1]
    for limit, least in _LOOPS:
        again = distances < limit
        if np.count_nonzero(again) < least:
            continue
        places = np.sort(earlier[again] & _PLACE)
        if (places[least - 1 :] - places[: len(places) - least + 1] == least - 1).any():
            return True
    return False


def _may_return(solid: str, groups: NDArray[np.uint64], placed: NDArray[np.uint64]) -> bool:
    often = np.count_nonzero(placed[4:] - placed[:-4] < _FAR)
    if not often or _HAN.search(solid):
        return bool(often)
    if often < 14:
        return False
    long = _placed(_FIRST * groups[:-13] + _SECOND * groups[7:-6] + _THIRD * groups[13:])
    return bool((long[4:] - long[:-4] < _FAR).any())


def _merged(loops: Sequence[_Loop]) -> list[_Loop]:
    """Loops that touch become one, with the stronger's score and reason."""
    merged: list[_Loop] = []
    for loop in sorted(loops, key=lambda each: (each.start, each.end)):
        if not merged or loop.start > merged[-1].end:
            merged.append(loop)
            continue
        last = merged[-1]
        strong = max(last, loop, key=lambda each: each.score)
        merged[-1] = _Loop(last.start, max(last.end, loop.end), strong.score, strong.evidence)
    return merged


def _blanks(text: str) -> Iterator[_Loop]:
    block = _BLANKS // 2  # any stretch of that many characters twice holds a whole block
    if not any(text[at : at + block].isspace() for at in range(0, len(text) - block + 1, block)):
        return
    for match in _SPACES.finditer(text):
        if match.end() - match.start() >= _BLANKS and match.end() - match.start() < len(text):
            yield _Loop(match.start() + 1, match.end(), 0.7, "a very long stretch of white space")


def _runs(text: str) -> Iterator[_Loop]:
    """Tandem repeats: some words, and the same words again and again right after."""
    words = _WORD.findall(text)
    seeds = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    if len(seeds) - len(set(seeds)) < _ECHOES and max(map(len, words), default=0) < _LONG:
        return
    places = fences = None
    for first, period, end in _tandem(words, seeds):
        if places is None or fences is None:
            places, fences = [match.span() for match in _WORD.finditer(text)], _code(text)
        start = places[first][0]
        unit = text[start : places[first + period - 1][1]]
        loop = _weighed(unit, period, (end - first) / period, in_code=_inside(fences, start))
        if loop:
            yield _Loop(places[first + period][0], places[end - 1][1], *loop)


def _tandem(words: Sequence[str], seeds: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int, int]]:
    """(first word, period in words, end) of stretches that hold their period at least twice."""
    seen: dict[tuple[str, ...], int] = {}
    followed: dict[int, int] = {}  # period -> word up to which it was followed already
    steps = _STEPS * len(words)
    done = 0
    for at, seed in enumerate(seeds):
        before = seen.get(seed)
        seen[seed] = at
        if before is None or at < done or followed.get(at - before, 0) > at:
            continue
        period = at - before
        end, first = at + _SEED, before
        while end < len(words) and words[end] == words[end - period]:
            end += 1
        while first > done and words[first - 1] == words[first - 1 + period]:
            first -= 1
        followed[period] = end
        steps -= end - at + before - first
        if end - first >= 2 * period:
            yield first, period, end
            done = end if end - first >= 3 * period else done
        if steps < 0:
            return


def _weighed(unit: str, period: int, times: float, *, in_code: bool) -> tuple[float, str] | None:
    """Score and evidence of `unit` said `times` times in a row, None where a reader would not mind."""
    least = _patience(unit, period) * (6 if in_code or "|" in unit or "<" in unit else 1)
    if times < least:
        return None
    return round(min(0.99, 0.6 + 0.35 * (times / least - 1)), 2), f"the same words {_often(times)} in a row"


def _patience(unit: str, period: int) -> float:
    """How many times in a row a reader accepts `unit`."""
    letters = [character for character in unit if character.isalpha()]
    if not letters:
        return 200 if any(map(str.isdigit, unit)) else 400 / min(len(unit), 8)
    if all(character in _LAUGH for character in letters) or _SYLLABLE.fullmatch(unit.lower()):
        return 60 / min(len(letters), 4)
    size = len(letters) + sum(2 for character in letters if _HAN.match(character))  # a Chinese character counts as 3
    if len(letters) == _LONG and period == 1:
        return 5  # a piece of one long word without spaces
    if size >= 300:
        return 2.9
    if size >= 60:
        return 4
    if size >= 20:
        return 5
    return 8 if size <= 6 or period == 1 else 6


def _often(times: float) -> str:
    return "many times" if times >= 20 else "more than ten times" if times > 10 else "several times"


def _pieces(text: str) -> Iterator[_Loop]:
    """Lines and sentences that come back, numbered or with other text in between."""
    spans = [_unmarked(text, *match.span()) for match in _PIECE.finditer(text)]
    pieces = [text[start:end].strip() for start, end in spans]
    counts = Counter(pieces)
    often = {p for p, count in counts.items() if count >= 5 and "|" not in p and _weight(p) >= 20}
    if not often:
        return
    fences = _code(text)
    kept = [(span, piece) for span, piece in zip(spans, pieces, strict=True) if piece]
    for piece, group in groupby(kept, key=itemgetter(1)):
        run = [span for span, _ in group]
        if piece in often and len(run) >= 5 and not _inside(fences, run[0][0]):
            score = round(min(0.99, 0.45 + 0.07 * len(run)), 2)
            yield _Loop(run[1][0], run[-1][1], score, "the same line or sentence several times in a row")
    total = sum(map(len, pieces))
    for piece in often:
        if counts[piece] >= 6 and len(piece) * counts[piece] > 0.5 * total:
            where = [span for span, each in kept if each == piece and not _inside(fences, span[0])]
            if len(where) >= 6:
                evidence = "most of the answer is one sentence, again and again"
                yield _Loop(where[1][0], where[-1][1], 0.8, evidence)


def _unmarked(text: str, start: int, end: int) -> tuple[int, int]:
    """A line or sentence without its list marker."""
    marker = _MARKER.match(text, start, end)
    return (marker.end() if marker else start), end


def _weight(piece: str) -> int:
    """Letters of a piece, a Chinese character for three."""
    return sum(map(str.isalpha, piece)) + 2 * len(_HAN.findall(piece))


def _code(text: str) -> list[int]:
    """Where Markdown code fences open and close, in order."""
    return [match.start() for match in _FENCED.finditer(text)]


def _inside(fences: Sequence[int], at: int) -> bool:
    return bisect_right(fences, at) % 2 == 1

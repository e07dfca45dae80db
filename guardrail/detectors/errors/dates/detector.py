"""Dates, weekdays, ages, lengths of time, calendars and Hong Kong holidays that cannot be right (Guideline v1.1 §2.3.3,
§3.1-b6).

Rules:
1. Only what follows from the text itself is judged: no clock is read and no source is asked, so `yesterday`, `this
   year` and `he is 40` are never judged.
2. Where a reader would see something else than an error, nothing is said: code, fiction, suppositions, and what is
   quoted in order to refute it.  Where the caller wrote the same words first, the score falls below that of a notice.
3. What is judged and in which years is written at the head of each part: `dates/days.py` (impossible dates, weekdays),
   `dates/spans.py` (lengths of days, order), `dates/years.py` (years), `dates/ages.py`, `dates/hours.py`,
   `dates/calendar.py` (eras, animals, lunar dates), `dates/holidays.py`.
4. Of each kind at most `_MOST` findings are given, and the first `_DATES` dates and `_LOOKED_AT` faults are looked at:
   an answer with more is wrong, or a table of data, as a whole.
5. Time is linear: every expression has bounded reach, and neighbours alone are compared.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from guardrail.detectors.errors.dates.calendar import CALENDAR, calendars
from guardrail.detectors.errors.dates.counts import DURATION, ORDER
from guardrail.detectors.errors.dates.days import IMPOSSIBLE, WEEKDAY, impossible, weekdays
from guardrail.detectors.errors.dates.holidays import HOLIDAY, Off, holidays, off_in_hong_kong
from guardrail.detectors.errors.dates.read import days
from guardrail.detectors.errors.dates.spans import spans
from guardrail.detectors.errors.dates.words import Fault
from guardrail.detectors.protocol import Options
from guardrail.text.fold import fold
from guardrail.text.language import language
from guardrail.types import Context, Finding, Stage, Unit

_KINDS = (IMPOSSIBLE, WEEKDAY, DURATION, CALENDAR, ORDER, HOLIDAY)
_MOST = 20
_DATES = 2000
_LOOKED_AT = 500
_ECHO = 0.7  # what the score is multiplied by where the caller said the same

_CODE = re.compile(r"^[ \t]*(?P<f>```|~~~).*?(?:^[ \t]*(?P=f)|\Z)|`[^`\n]{1,300}`", re.MULTILINE | re.DOTALL)
_FICTION = re.compile(
    r"\b(?:story|stories|novel|fiction(?:al)?|poem|screenplay|role-?play|fan ?fic|fairy tale|lyrics|imagine|pretend)\b"
    r"|小說|小说|故事|詩|诗|劇本|剧本|歌詞|歌词|童話|童话|扮演|虛構|虚构|科幻",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    r"\b(?:not|never|no such|isn't|wasn't|doesn't|didn't|don't|cannot|can't|wrong\w*|incorrect\w*|mistake\w*"
    r"|error|typo|invalid|impossible|false\w*"
    r"|nonexistent|non-existent|fictional|hypothetical\w*|suppose|imagine|if|rather than|instead of|myth|joke"
    r"|misprint|claim\w*|alleg\w*|contradict\w*"
    r"|Julian|Old Style|O\.S\.|inconsisten\w*|discrepan\w*|reject\w*|raise[sd]?|example)\b"
    r"|不存在|無效|无效|並非|并非|不是|唔係|唔系|錯|错|誤|误|筆誤|虛構|虚构|假設|假设|如果"
    r"|若果?|倘若|而非|謬|矛盾|傳聞|傳說|聲稱|声称|據稱|唔存在|不可能"
    r"|不成立|唔啱|不對|不对|儒略|俄曆|俄历|不會|不会|例如",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(r"(?:\bno\b[^.\n]{0,12}|(?:沒有|没有|冇|並無|并无|無|无)[^。，\n]{0,4})\Z", re.IGNORECASE)
"""Right before a date: there is none such."""
_THERE_IS_NONE = re.compile("(?:沒有|没有|冇|無|无)(?:呢|這|这|此)?(?:一|個|个)?[日天]")
_SENTENCE_END = re.compile(r"[。！？!?\n]|(?<![A-Z])\.(?=\s)")
_AROUND = 160


@dataclass(frozen=True, slots=True)
class _Judge:
    """What one policy wants of dates, with the table of holidays once it is loaded."""

    wanted: frozenset[str]
    off: Off | None

    def faults(self, text: str, context: Context) -> Iterator[Fault]:
        """Every fault in a folded text."""
        found = days(text)[:_DATES]
        wanted = self.wanted
        yield from chain(
            impossible(text, found) if IMPOSSIBLE in wanted else (),
            weekdays(text, found, context) if WEEKDAY in wanted else (),
            spans(text, found, wanted) if {DURATION, ORDER} & wanted else (),
            calendars(text, found) if CALENDAR in wanted else (),
            holidays(text, found, context, self.off) if self.off is not None else (),
        )


class Dates:
    """Reports dates and times that cannot be right."""

    name = "errors.dates"
    kinds: tuple[str, ...] = _KINDS
    unit = Unit.ANSWER
    heavy = False

    def __init__(self, wanted: frozenset[str] = frozenset(_KINDS)) -> None:
        """A detector for the kinds `wanted`."""
        self._wanted = wanted
        self._judge = _Judge(wanted, None)

    def configure(self, options: Options) -> "Dates":
        """A detector for the kinds that a policy has rules for."""
        return Dates(options.wanted & frozenset(self.kinds) or frozenset(_KINDS))

    def load(self) -> None:
        """Loads the library of holidays, where a rule wants them."""
        self._judge = _Judge(self._wanted, off_in_hong_kong() if HOLIDAY in self._wanted else None)

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each whole answer, in the order of the text."""
        if context.stage is not Stage.RESPONSE:
            return [[] for _ in texts]
        return [self._find(text, context) for text in texts]

    def _find(self, text: str, context: Context) -> list[Finding]:
        folded = fold(text)
        faults = [fault for fault in self._judge.faults(folded.text, context) if fault.kind in self._wanted]
        if not faults or _FICTION.search(context.prompt[:2000]):
            return []
        code, lang = _code(folded.text), language(text)
        counts: Counter[str] = Counter()
        found: list[Finding] = []
        for fault in sorted(faults, key=lambda one: (one.start, one.end))[:_LOOKED_AT]:
            if counts[fault.kind] >= _MOST or _inside(code, fault.start) or _pardoned(folded.text, fault):
                continue
            counts[fault.kind] += 1
            start, end = folded.to_source(fault.start, fault.end)
            score = round(fault.score * (_ECHO if text[start:end] in context.prompt else 1), 2)
            words = fault.message(lang)
            found.append(Finding(fault.kind, score, start, end, self.name, fault.evidence, message=words))
        return found


def _code(text: str) -> list[tuple[int, int]]:
    """The stretches of code, fenced or between backquotes, in order."""
    return [match.span() for match in _CODE.finditer(text)] if "`" in text or "~~~" in text else []


def _inside(stretches: Sequence[tuple[int, int]], at: int) -> bool:
    before = bisect_right(stretches, (at, at + 1)) - 1
    return before >= 0 and stretches[before][0] <= at < stretches[before][1]


def _pardoned(text: str, fault: Fault) -> bool:
    """Whether the sentence of a fault, or the start of the next, says that it is none."""
    before = text[max(0, fault.start - _AROUND) : fault.start]
    after = text[fault.end : fault.end + _AROUND]
    begins = max((match.end() for match in _SENTENCE_END.finditer(before)), default=0)
    ends = _SENTENCE_END.search(after)
    rest = after[: ends.start()] if ends else after
    following = after[ends.end() :][:90] if ends else ""
    lead = before[begins:]
    if any(_REFUTED.search(part) for part in (lead, rest)) or _NO_SUCH.search(lead):
        return True
    return (
        fault.kind == IMPOSSIBLE and (_REFUTED.search(following) or _THERE_IS_NONE.search(rest + following)) is not None
    )

"""What binds a number to two dates, and what takes it away again (serves `spans.py` and `ages.py`).

Rules: a number is read in digits, in English words to twenty and for the tens, and in Chinese characters; words such as
`about`, `working days` or `break` make a sum that nobody can check.
"""

import re

from guardrail.detectors.errors.dates.read import number
from guardrail.text.wording import Wording

DURATION, ORDER = "error.duration", "error.date_order"
BACKWARDS = Wording(
    "{two} comes before {one}: the end is earlier than the beginning",
    "{two}早於{one}：結束早於開始",
    "{two}早于{one}：结束早于开始",
)
_TO_TWENTY = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
WORDS = {word: value for value, word in enumerate(_TO_TWENTY, 1)} | {
    "a": 1, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
"""English numbers as words."""
COUNT = rf"(?:\d{{1,4}}(?:\.5)?|{'|'.join(WORDS)})"
COUNT_ZH = "(?:\\d{1,4}(?:\\.5)?|[一二兩两三四五六七八九十百廿零]{1,5})"
YEAR = r"(?<![\d$])(?<!\d[.,])(?:1[0-9]|20)\d\d(?![\d,.]\d|\d|s\b|%)"
NO_SUM = re.compile(
    r"\b(?:about|around|approximately|approx|roughly|nearly|almost|over|more than|less than|under|up to|at least"
    r"|at most"
    r"|some|working|business|trading|school|week ?days|lunch|breaks?|rest|exclud\w+|except|minus|deduct\w*"
    r"|flights?|flew"
    r"|fly|depart\w*|arriv\w*|lands?|time ?zones?|local time|on and off|respectively|each|every|per|daily)\b"
    r"|約|约|左右|大概|大約|大约|超過|超过|逾|近|多|不足|至少|最多|工作日|交易日|上課日|休息|午飯|午饭|午膳|扣除"
    r"|減去|减去|航班|起飛|起飞|降落|抵達|抵达|時差|时差"
    r"|當地|当地|每[日天週周個个]|分別|分别|幾|几",
    re.IGNORECASE,
)
ON_PURPOSE = re.compile(
    r"\b(?:back(?:wards)?|count(?:ing)? ?down|revers\w+|BCE?|descending|B\.C\.|newest|decreas\w+|reduc\w+|down"
    r"|drop\w*|fell"
    r"|prior|compared|versus|vs)\b|公元前|西元前|倒|逆|回到|追溯|下降|減|减|跌|相比",
    re.IGNORECASE,
)
IS = (
    r"[)）]?\s?(?:(?:,|，|:|：|;|=|\(|（|—|–)\s?)?(?:(?:(?:inclusive|there|that|which|it|this|a|the|for|in|stay|trip"
    r"|event|period"
    r"|difference|duration|total|is|are|was|were|will be|spans?|lasts?|lasted|equals?|makes?|gives?|of|has|have"
    r"|i\.e\.|exactly"
    r"|just|totall?ing)\b[:,]?|'s|="
    r"|之間|之间|期間|期间|中間|中间|相隔|相差|前後|前后|歷時|历时|為期|为期|時長|时长|一共|總共|总共|合共|合計"
    r"|合计|共有|共計|共计|共|即是|即係|即|就是|就係|等於|等于|是|係|系|為|为|有"
    r"|剛好|刚好|正好|,|，|:|：)\s?){0,5}"
)

_ENDS = re.compile(
    r"(?:[ ](?:long|in total|in all|in length|all told|altogether|overall|inclusive|apart|of (?:work|service))\b"
    r"|時間|时间|之久|[長长]|整)?[*_]{0,2}"
    r"\s{0,3}(?:[.,;:!?)\]|，。；：！？、）」』]|\Z|\n|[–—-][ ]|[ ](?:and|but|so|because|when)\b|的)"
)
"""Behind a number of days or years: its clause ends, so the number is how long it was.  Else it counts something that
happened in that time (`from 1 to 30 April, 3 days of rain`, 共有3日公眾假期)."""


def is_length(text: str, end: int) -> bool:
    """Whether a number with its unit, which ends at `end`, says how long something was.

    >>> is_length("共25天。", 4), is_length("共3天假期。", 3), is_length("70周年", 3)
    (True, False, False)
    """
    return _ENDS.match(text, end) is not None


def count_of(written: str) -> float | None:
    """A number in digits or words."""
    lower = written.lower()
    if lower in WORDS:
        return WORDS[lower]
    if lower.endswith(".5"):
        return int(lower[:-2]) + 0.5
    return number(lower)


def placed(match: re.Match[str], at: int) -> tuple[int, int]:
    """The span of a match in a line that begins at `at`."""
    return at + match.start(), at + match.end()

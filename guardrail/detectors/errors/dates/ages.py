"""Ages that do not follow from the years beside them (serves `detector.py`).

Rules:
1. Somebody born in a year is, in another, one of two ages.  In Chinese 虛歲 adds one more, and 享年 up to three (積閏).
2. One birth to a line, and nobody else in it: `his wife was 30` is not about him.
3. Everything lies in one line, within a bounded distance.
"""

import re
from collections.abc import Iterator

from guardrail.detectors.errors.dates.counts import DURATION, NO_SUM, YEAR
from guardrail.detectors.errors.dates.read import number
from guardrail.detectors.errors.dates.words import Fault
from guardrail.text.wording import Wording

_AGE = Wording(
    "Somebody born in {born} was {least} or {most} years old in {year}, not {wrong}",
    "{born}年出生的人在{year}年是{least}或{most}歲，不是{wrong}歲",
    "{born}年出生的人在{year}年是{least}或{most}岁，不是{wrong}岁",
)
_BORN = re.compile(
    rf"\bborn\b[^.;\n]{{0,30}}?(?P<a>{YEAR})|(?:生於|生于|出生於|出生于|誕生於|诞生于)[^。；\n]{{0,8}}?"
    rf"(?P<b>{YEAR})\s?年?"
    rf"|(?P<c>{YEAR})\s?年[^。；，,\n]{{0,14}}?(?:出生|出世|誕生|诞生)"
    rf"|(?P<name>[A-Z][\w.'’-]{{1,30}}|[\u4e00-\u9fff])\s?[(（](?P<d>{YEAR})年?\s?[-–—至]\s?(?P<e>{YEAR})年?[)）]"
    rf"(?=[^\n]{{0,100}}?(?:\b(?:died|passed away)\b|享年|終年|终年))"
)
_AGED = re.compile(
    rf"(?:\b(?:was|is|were|turned|turns|became|would be|will be|aged|age(?: of)?)[ ](?:only |just |exactly "
    rf"|already )?(?P<n1>\d{{1,3}})"
    rf"(?:[ ]years[ ]old|[ ]years[ ]of[ ]age)?,?[ ]in[ ](?:[A-Z]\w+[ ])?(?P<y1>{YEAR}))"
    rf"|\bin[ ](?:[A-Z]\w+[ ])?(?P<y2>{YEAR}),?[ ](?:at (?:the )?age (?:of )?|aged |(?:he|she|they)(?: was| were"
    rf"| is| turned| would be| will be|'d be)[ ])(?P<n2>\d{{1,3}})(?![\d.,%]\d|%)"
    r"(?=[ ]years[ ]old|[ ]years[ ]of[ ]age|[.,;)]|\s?$|[ ]and\b|[ ]when\b)"
    rf"|\b(?:died|passed away)\b[^.\n]{{0,30}}?(?P<y3>{YEAR})[^.\n]{{0,24}}?(?:\baged|\bat (?:the )?age "
    rf"(?:of )?)[ ]?(?P<n3>\d{{1,3}})\b"
    rf"|(?P<y4>{YEAR})\s?年(?:[^。；\n年]|享年|終年|终年){{0,14}}?(?P<n4>\d{{1,3}}|[一二三四五六七八九十百]{{1,4}})\s?(?:週"
    rf"|周)?[歲岁]"
    r"|\b(?:died|passed away)\b[^.\n\d]{0,30}?(?:\baged|\bat (?:the )?age (?:of )?)[ ]?(?P<n5>\d{1,3})\b|(?:享年"
    r"|終年|终年)\s?(?P<n6>\d{1,3})\s?[歲岁]?"
)
_SOMEBODY_ELSE = re.compile(
    r"\b(?:wife|husband|son|daughter|father|mother|brother|sister|child|children|friend|partner|who|uncle|aunt"
    r"|cousin|whose|married"
    r"|parents?|company|founded|circa|c\.|early|late|grand\w+|twin)\b|妻|夫|兒|儿|女兒|女儿|父|母|兄|弟|姊|姐|妹"
    r"|朋友|積閏|积闰|享壽|享寿"
    r"|約|约|虛|虚|公司",
    re.IGNORECASE,
)


def ages(line: str, at: int) -> Iterator[Fault]:
    """The faults of a line that begins at `at`."""
    births = list(_BORN.finditer(line)) if "born" in line or "生" in line or "年" in line or "die" in line else []
    if len(births) != 1:
        return
    birth = births[0]
    born = int(next(group for group in birth.group("a", "b", "c", "d") if group))
    for match in _AGED.finditer(line, birth.end()):
        if match.start() - birth.end() > 120 or _SOMEBODY_ELSE.search(line, max(0, birth.start() - 30), match.end()):
            break
        year = next((int(match.group(f"y{n}")) for n in "1234" if match.group(f"y{n}")), int(birth.group("e") or 0))
        age = next((number(match.group(f"n{n}")) for n in "123456" if match.group(f"n{n}")), None)
        if age is None or not year or year < born or NO_SUM.search(match.group()):
            continue
        chinese = not line.isascii() and ("歲" in match.group() or "岁" in match.group() or match.group("n6"))
        late = 3 if "享年" in line or "終年" in line or "终年" in line else 1
        if not year - born - 1 <= age <= year - born + (late if chinese else 0):
            values = {"born": born, "year": year, "least": year - born - 1, "most": year - born, "wrong": age}
            start, end = min(birth.start(), match.start()), max(birth.end(), match.end())
            yield Fault(DURATION, at + start, at + end, 0.85, "an age that the years do not give", _AGE, values)

"""Columns of numbers with a last line that sums them up: Markdown tables, aligned tables, bullet lists (serves
`totals.py` and `averages.py`).

Rules:
1. A table is a header, a rule (`|---|`) and rows of the same width; without pipes, lines whose columns are two spaces
   or a tab apart, at least three of them with the same number of columns.  A list is a run of items with one mark at
   one indent, each with a label and one amount; what is nested under an item is not part of the list.
2. A cell counts as a number where it holds one, with currency and unit if need be; `-`, `—` and nothing are no number.
   A column with any other cell is not summed.
3. What a line sums up is said by its label: total, sum, 合計, 總計, 共, 小計; average, mean, 平均.
4. One pass over the lines; tables and lists are cut at `ROWS` lines, and then not judged.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.sums.numerals import CHINESE, Number
from guardrail.detectors.errors.sums.quantities import CURRENCY, amount

ROWS = 200
SUM = re.compile(
    r"(?:grand |overall |sub-?|net )?(?:total|sum)(?: (?:cost|amount|price|expenses?|income|budget"
    r"|score|sales|revenue|due|spent|"
    r"spending|time|hours|calories|population|number|distance|weight|points?|marks?))?(?: \(.{1,12}\))?"
    r"|(?:總|总|合|共|小|累)[計计數数]?(?:金額|金额|費用|费用|支出|收入|人數|人数|價|价|額|额|成本"
    r"|數|数|分|和)?|總和|总和|一共|總共|总共|合共|全部|總額|总额|總價|总价",
    re.IGNORECASE,
)
SUMMED = (
    "total",
    "sum",
    "average",
    "mean",
    "共",
    "合計",
    "合计",
    "小計",
    "小计",
    "累計",
    "累计",
    "平均",
    "全部",
    "總",
    "总",
)
"""What a text must hold, in lower case, for any line to sum up others."""
SUBTOTAL = re.compile(r"sub-?\s?total|小[計计]", re.IGNORECASE)
MEAN = re.compile(
    r"(?:overall |the )?(?:average|mean)(?: (?:score|cost|price|amount|time|mark|value|temperature"
    r"|age))?|(?:總|总)?平均(?:數|数|值|分數?|分数|價格?|价格?|成[績绩])?",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"\s*(?:[-–—/]+|n/?a|nil|無|无|不適用|不适用|\*+)?\s*", re.IGNORECASE)
_MARKUP = re.compile(r"\*\*|__|[*`_](?=\S)|(?<=\S)[*`_]|<br ?/?>")
_NUMBER = r"\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,15})?|\d{1,20}(?:\.\d{1,15})?"
_CELL = re.compile(
    rf"\s*(?P<open>\()?(?P<sign>[-+])?\s?(?P<body>(?:{CURRENCY})?\s?(?:{_NUMBER})\s?(?:[百千]?[萬万億亿]"
    rf"|(?:[kKmM]|bn)(?![A-Za-z])|(?:million|billion|thousand)\b)?"
    rf"|(?:{CURRENCY})\s?-\s?(?:{_NUMBER})|[{CHINESE}]{{2,12}})\s?(?P<unit>%|[^\W\d]{{0,8}}(?:\s?[A-Za-z]{{1,8}})?"
    rf"|°[CF])?\s*(?(open)\))\s*"
)
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_ITEM = re.compile(r"([ \t]*)(?:[-*+•●▪–—]|\(?(?:\d{1,3}|[a-zA-Z一二三四五六七八九十])[.)、])[ \t]+(?=\S)")
_GAPS = re.compile(r"[ \t]{2,}|\t")
_LABELLED = re.compile(
    r"(?P<label>[^:=\n]{1,80}?)\s*(?:\*\*|__)?\s*(?::|[-–—](?=\s)|=)\s*(?:\*\*|__)?\s*(?P<rest>[^\n]{1,120})"
)
_GLUED = re.compile(rf"(?P<label>[^\d\n:]{{1,40}}?)(?P<rest>(?:{CURRENCY})?\s?\d[^\n]{{0,60}})")
_RESULT = re.compile(r"(?:^|.*[=≈])\s*([^=≈]{1,60})$")
_TAIL = re.compile(r"\s*[(（][^()（）\d]{0,60}[)）]\s*[.;。]?\s*$|[.;。,]\s*$")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number where it stands; `unit` is the currency or the word at it, in lower case."""

    value: Fraction
    step: Fraction
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row or item: its label and its cells, None where there is nothing, of which `other` says it is text."""

    label: str
    cells: tuple[Cell | None, ...]
    other: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A table or a list: the names of its columns ("" in a list) and its lines in order."""

    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    listed: bool = False


def blocks(plain: str) -> Iterator[Block]:
    """The tables and lists of a text that `formula.replaced` has gone over."""
    spans = _lines(plain)
    at = 0
    while at < len(spans):
        start, end = spans[at]
        size, block = 1, None
        if "|" in plain[start:end] and at + 1 < len(spans) and _RULE.match(plain, *spans[at + 1]):
            size, block = _table(plain, spans, at)
        elif _ITEM.match(plain, start, end):
            size, block = _list(plain, spans, at)
        elif _GAPS.search(plain, start, end):
            size, block = _aligned(plain, spans, at)
        if block is not None:
            yield block
        at += size


def _lines(plain: str) -> list[tuple[int, int]]:
    spans, at = [], 0
    for line in plain.splitlines(keepends=True):
        spans.append((at, at + len(line.rstrip("\r\n"))))
        at += len(line)
    return spans


def _table(plain: str, spans: Sequence[tuple[int, int]], at: int) -> tuple[int, Block | None]:
    head = _cells(plain, *spans[at])
    rows: list[Line] = []
    here = at + 2
    while here < len(spans) and "|" in plain[slice(*spans[here])]:
        if len(rows) < ROWS and not _RULE.match(plain, *spans[here]):
            row = _cells(plain, *spans[here])
            if len(row) != len(head):
                return here - at, None
            rows.append(_row(plain, row))
        here += 1
    heads = tuple(_bare(plain[start:end]) for start, end in head)
    return here - at, Block(heads, tuple(rows)) if len(rows) < ROWS else None


def _aligned(plain: str, spans: Sequence[tuple[int, int]], at: int) -> tuple[int, Block | None]:
    rows: list[list[tuple[int, int]]] = []
    here = at
    while here < len(spans) and here - at < ROWS:
        start, end = spans[here]
        if re.fullmatch(r"[ \t]*[-=─━]{3,}[-=─━ \t]*", plain[start:end]):
            here += 1
            continue
        row = _apart(plain, start, end)
        if len(row) < 2 or (rows and len(row) != len(rows[0])):
            break
        rows.append(row)
        here += 1
    if len(rows) < 3:
        return max(1, here - at), None
    made = [_row(plain, row) for row in rows]
    headed = not any(made[0].cells[1:])
    heads = tuple(_bare(plain[start:end]) for start, end in rows[0]) if headed else ("",) * len(rows[0])
    return here - at, Block(heads, tuple(made[1:] if headed else made))


def _apart(plain: str, start: int, end: int) -> list[tuple[int, int]]:
    row, at = [], start + len(plain[start:end]) - len(plain[start:end].lstrip())
    for gap in _GAPS.finditer(plain, at, end):
        row.append((at, gap.start()))
        at = gap.end()
    if at < end:
        row.append((at, end))
    return row


def _cells(plain: str, start: int, end: int) -> list[tuple[int, int]]:
    """The places of the cells of a piped row."""
    piece = plain[start:end]
    start += len(piece) - len(piece.lstrip(" \t"))
    piece = piece.strip(" \t")
    start += piece.startswith("|")
    row, at = [], start
    for content in piece.removeprefix("|").removesuffix("|").split("|"):
        row.append((at, at + len(content)))
        at += len(content) + 1
    return row


def _row(plain: str, row: Sequence[tuple[int, int]]) -> Line:
    cells = [cell(plain, start, end) for start, end in row]
    other = [
        one is None and _EMPTY.fullmatch(plain[start:end]) is None for one, (start, end) in zip(cells, row, strict=True)
    ]
    label = next((_bare(plain[start:end]) for (start, end), text in zip(row, other, strict=True) if text), "")
    return Line(label, tuple(cells), tuple(other))


def _list(plain: str, spans: Sequence[tuple[int, int]], at: int) -> tuple[int, Block | None]:
    """A list from `at` on, with a line right after it that sums it up."""
    indent = len(_ITEM.match(plain, *spans[at]).group(1))  # type: ignore[union-attr]
    rows: list[Line] = []
    here, nested = at, False
    while here < len(spans):
        start, end = spans[here]
        if not plain[start:end].strip():
            here += 1
            continue
        item = _ITEM.match(plain, start, end)
        if item is None:
            if len(plain[start:end]) - len(plain[start:end].lstrip()) > indent:
                nested, here = True, here + 1
                continue
            summary = _summary(plain, start, end)
            if summary is not None:
                rows.append(summary)
                here += 1
            break
        if len(item.group(1)) < indent:
            break
        if len(item.group(1)) > indent:
            nested = True
        else:
            rows.append(_item(plain, item.end(), end))
        here += 1
    sound = 3 <= len(rows) < ROWS and not nested
    return max(1, here - at), Block(("",), tuple(rows), True) if sound else None


def _summary(plain: str, start: int, end: int) -> Line | None:
    """`Total: $95` or **合計**：95元 on a line of its own."""
    line = _item(plain, start, end)
    summed = SUM.fullmatch(line.label) or MEAN.fullmatch(line.label)
    return line if summed and line.cells[0] is not None else None


def _item(plain: str, start: int, end: int) -> Line:
    """`Rent: $1,200`, `Rent - $1,200 (monthly)`, `3 × $5 = $15`, 租金1200元."""
    match = _LABELLED.match(plain, start, end) or _GLUED.match(plain, start, end)
    if match is None:
        return Line(_bare(plain[start:end]), (None,), (True,))
    first, last = match.span("rest")
    result = _RESULT.match(plain, first, last)
    if result is not None:
        first, last = result.span(1)
    tail = _TAIL.search(plain, first, last)
    if tail is not None:
        last = tail.start()
    found = cell(plain, first, last)
    return Line(_bare(match["label"]), (found,), (found is None,))


def cell(plain: str, start: int, end: int) -> Cell | None:
    """The number that `plain[start:end]` is, None where it is anything else."""
    while start < end and plain[start] in " \t*_`":
        start += 1
    while end > start and plain[end - 1] in " \t*_`":
        end -= 1
    if end - start > 60 or start == end:
        return None
    match = _CELL.fullmatch(plain, start, end)
    if match is None:
        return None
    body = match["body"]
    negative = match["sign"] == "-" or match["open"] is not None or re.match(rf"(?:{CURRENCY})\s?-", body) is not None
    read = amount(re.sub(r"-\s?", "", body))
    if read is None:
        return None
    number: Number = read.number
    unit = (match["unit"] or "").strip().lower().rstrip("s")
    value = -number.value if negative else number.value
    return Cell(value, number.step, read.currency or unit, match.start("body"), match.end("body"))


def _bare(text: str) -> str:
    return _MARKUP.sub("", text[:160]).strip(" \t*_`:|")


def is_sum(label: str) -> bool:
    """Whether a line sums up the lines above it."""
    return SUM.fullmatch(label) is not None


def is_mean(label: str) -> bool:
    """Whether a line gives their mean."""
    return MEAN.fullmatch(label) is not None

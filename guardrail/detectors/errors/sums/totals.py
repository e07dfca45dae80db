"""Totals that are not the sum of what they sum up (`error.total`, serves `figures.py`).

Rules:
1. A last line that says total, 合計, 小計 ... sums the lines above it, since the line of its kind before it or since
   the beginning; a sum of sums is fine too.  Deductions (discount, 折扣) may count either way.
2. A last column that says total sums its row, or is the product of quantity and price; which of the two is told by the
   headers, or by all other rows of the table.
3. Columns that do not add up by nature (unit prices, rates, averages, ages, years) are left alone, and so is a column
   with words or gaps in it, with several units, or with lines that are part of others (其中, of which).
4. Whole numbers and money to the cent add up exactly; percentages, decimals and scaled numbers may be rounded.
5. In prose only an unbroken list of amounts with its total right behind it is judged: `3 apples, 4 pears and 5 plums,
   13 fruits in all`, 3個蘋果、4個梨和5個李子，合共13個.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, product

from guardrail.detectors.errors.sums.excuses import is_refuted
from guardrail.detectors.errors.sums.measures import measure
from guardrail.detectors.errors.sums.quantities import GOES_ON, NUMBER, Amount, amount, is_about, same_currency
from guardrail.detectors.errors.sums.screening import lines
from guardrail.detectors.errors.sums.tables import SUBTOTAL, Block, Cell, Line, is_mean, is_sum
from guardrail.detectors.errors.sums.told import Slip, corrected, quoted
from guardrail.text.wording import Wording

_EVIDENCE = "a stated total is not the sum of the numbers that it sums up"
_NOT_ADDED = re.compile(
    r"\b(?:each|unit|per|rate|ratio|average|avg|mean|median|age|year|date|rank|no\.?|id|index|growth"
    r"|change|max|min|grade|gpa|odds"
    r"|temp\w*|speed|density|level|version|day|week|month|phase|step|cumulative|running)\b|[#@]|/"
    r"|單價|单价|每|率|比|平均|年|月|日期|排名|編號|编号|序|號|号|溫|温|速|級|级|累[計计積积]",
    re.IGNORECASE,
)
_DEDUCTED = re.compile(
    r"discount|less\b|deduct|refund|coupon|voucher|credit|minus|expense|withh|paid|deposit|折扣|減"
    r"|减|扣|優惠|优惠|退|支出|已付|按金",
    re.IGNORECASE,
)
_PART_OF = re.compile(
    r"\b(?:of which|including|includes?|incl|thereof|optional|or|either|estimated?|about|max\w*|min\w*"
    r"|up to)\b|其中|包括|當中|当中|可選|可选|或|約|约|最多|至少",
    re.IGNORECASE,
)
_DERIVED = re.compile(
    r"\b(?:gross|net|profit|balance|remain\w*|left|margin|ebit\w*|surplus|deficit|change)\b"
    r"|淨|毛利|利潤|利润|盈利|盈餘|盈余|結餘|结余|餘額|余额|剩餘|剩余|差額|差额",
    re.IGNORECASE,
)
"""What is worked out of the lines above it without being their sum."""
_QUANTITY = re.compile(
    r"\b(?:qty|quantity|units?|count|hours?|nights?|days?|pieces?|pcs)\b|數量|数量|件數|件数|時數"
    r"|时数|晚數|日數|天數|个数|個數",
    re.IGNORECASE,
)
_PRICE = re.compile(r"\b(?:price|rate|cost|each|per)\b|單價|单价|價格|价格|每|售價|售价|時薪|时薪", re.IGNORECASE)
_NEAR = 400  # characters around a word that tells a total
_CENT = Fraction(1, 100)

_STOP = (
    r"(?!(?:of|per|each|every|for|at|to|by|times|from|than|including|plus|minus|or|is|are|was|were"
    r"|has|have|had|in|out|more|less|with|as|about)\b)"
)
_NOUN = rf"(?:\s+{_STOP}[A-Za-z][A-Za-z'-]{{0,19}})"
_AND = r"(?:,\s+and\s+|,\s+|\s+and\s+|\s*\+\s*)"
_PROSE = re.compile(
    rf"(?P<items>(?:{NUMBER}{_NOUN}{{0,3}}{_AND}){{1,9}}{NUMBER}{_NOUN}{{0,3}})\s*(?:[,;:—–]|-\s)\s*"
    rf"(?:(?:so|or|which|that|this|it|these|they|for|making|giving|totall?ing|i\.e\.)\s*(?:is|was"
    rf"|'s|makes?|gives?|comes? to|adds? up to|total)?\s*)?"
    rf"(?P<lead>(?:an?\s+)?(?:grand\s+)?total\s+of\s+)?(?P<total>{NUMBER}){_NOUN}{{0,3}}(?P<tail>\s+(?:in\s+all"
    rf"|in\s+total|altogether|all\s+together|combined)\b)?",
    re.IGNORECASE,
)
_TOTALLING = re.compile(r"totall?ing\s*$|\btotal\s+of\s*$|adds? up to\s*$", re.IGNORECASE)
_HAN_NOUN = r"(?:(?!每|各|其中|共|合|總|总)[^\W\d]){0,8}?"
_HAN_AND = r"(?:、|,|;|和|及|以及|同埋?|與|与|加上?|\+)"
_PROSE_HAN = re.compile(
    rf"(?P<items>(?:{NUMBER}{_HAN_NOUN}{_HAN_AND}){{1,9}}{NUMBER}{_HAN_NOUN})[,;、]?(?:即|即係|即是"
    rf"|加埋|加起[來来]|加起上嚟|就)?"
    rf"(?:合共|總共|总共|一共|合[計计]|共[計计]|總[計计]|总计|共)(?:有|係|是|為|为|:|要)?(?P<total>{NUMBER})"
)
_WORTH = (
    "in all",
    "in total",
    "altogether",
    "all together",
    "total of",
    "totaling",
    "totalling",
    "combined",
    "adds up to",
    "add up to",
    "共",
    "合計",
    "合计",
    "總計",
    "总计",
)

_ENDS = re.compile(GOES_ON)
_TOLD = Wording(
    "{what} should be {right}, not {stated}: that is what the numbers add up to.",
    "{what}應為 {right}，不是 {stated}：各項相加是 {right}。",
    "{what}应为 {right}，不是 {stated}：各项相加是 {right}。",
)
_ROW_TOLD = Wording(
    "In the row {what} the total should be {right}, not {stated}.",
    "「{what}」一行的合計應為 {right}，不是 {stated}。",
    "「{what}」一行的合计应为 {right}，不是 {stated}。",
)
_THE_TOTAL = Wording("The total", "總數", "总数")


def find(text: str, plain: str, low: str, blocks: Sequence[Block]) -> Iterator[Slip]:
    """The slips of one answer; `plain` is `formula.replaced(text)`, `low` the same in lower case,
    `blocks` its tables and lists."""
    for block in blocks:
        yield from _columns(text, block)
        yield from _rows(text, block)
    yield from _prose(text, plain, low)


def _columns(text: str, block: Block) -> Iterator[Slip]:
    if not any(is_sum(line.label) for line in block.lines):
        return
    if any(_PART_OF.search(line.label) or _DERIVED.search(line.label) for line in block.lines):
        return
    for column, head in enumerate(block.heads):
        if not _NOT_ADDED.search(head):
            yield from _column(text, block, column)


def _column(text: str, block: Block, column: int) -> Iterator[Slip]:
    whole: list[tuple[Cell, bool]] = []
    since: list[tuple[Cell, bool]] = []
    sums: list[Cell] = []
    for line in block.lines:
        one = line.cells[column]
        if is_mean(line.label):
            continue
        if one is None:
            if is_sum(line.label):
                continue
            return
        if not is_sum(line.label):
            whole.append((one, _DEDUCTED.search(line.label) is not None))
            since.append(whole[-1])
            continue
        candidates = [whole, since, [(each, False) for each in sums]]
        judged = [items for items in candidates if len(items) > 1]
        if judged and not any(_adds_up(items, one) for items in judged) and not _ends_in(whole, one):
            slip = _wrong(
                text, line, since if SUBTOTAL.search(line.label) and len(since) > 1 else whole, one, block.listed
            )
            if slip is not None:
                yield slip
            return
        sums.append(one)
        since = []


def _ends_in(items: Sequence[tuple[Cell, bool]], total: Cell) -> bool:
    """Whether the last few items alone add up: costs that stand below an income have a total of their own."""
    value = Fraction(0)
    for cell, _ in reversed(items):
        value += cell.value
        if value == total.value:
            return True
    return False


def _adds_up(items: Sequence[tuple[Cell, bool]], total: Cell) -> bool:
    """Whether items add up to a total, deductions counted either way."""
    unsure = [cell.value for cell, deducted in items if deducted][:6]
    plain = sum((cell.value for cell, _ in items), Fraction(0))
    room = sum((_room(cell) for cell, _ in items), Fraction(0))
    room += _room(total) if total.step < 1 else total.step / 2 if room else Fraction(0)
    for signs in product((0, 2), repeat=len(unsure)):
        value = plain - sum(sign * one for sign, one in zip(signs, unsure, strict=True))
        if abs(value - total.value) <= room:
            return True
    return False


def _room(cell: Cell) -> Fraction:
    """What rounding may have taken from a cell: nothing of whole numbers and of money to the cent."""
    if cell.unit == "%" or cell.step > 1:
        return cell.step / 2
    money = "$" in cell.unit or cell.unit in ("€", "£", "¥", "CN¥", "元", "蚊")
    return Fraction(0) if cell.step == 1 or (money and cell.step == _CENT) else cell.step / 2


def _wrong(text: str, line: Line, items: Sequence[tuple[Cell, bool]], total: Cell, listed: bool) -> Slip | None:
    if len({cell.unit for cell, _ in items} | {total.unit}) > 1 and not _one_unit([cell for cell, _ in items], total):
        return None
    if any(deducted for _, deducted in items):
        return None
    right = sum((cell.value for cell, _ in items), Fraction(0))
    if not total.value or not Fraction(1, 5) <= right / total.value <= 5:
        return None  # so far off that it sums up something else
    shares = total.unit == "%" or all(cell.unit == "%" for cell, _ in items)
    if (shares and total.value != 100) or (all(_is_year(cell) for cell, _ in items) and not total.unit):
        return None
    stated = text[total.start : total.end]
    shown, _ = corrected(stated, right, total.value, total.step)
    told = _TOLD.beside(text, what=quoted(line.label), right=quoted(shown), stated=quoted(stated))
    score = 0.7 if shares or any(_room(cell) for cell, _ in items) else 0.85 if listed else 0.9
    return Slip(total.start, total.end, score, _EVIDENCE, told)


def _one_unit(items: Sequence[Cell], total: Cell) -> bool:
    """Whether all items carry one unit and the total, or all items and no total, lacks it."""
    units = {cell.unit for cell in items}
    return len(units) == 1 and ("" in units or total.unit == "") and measure(next(iter(units)) or total.unit) is None


def _is_year(cell: Cell) -> bool:
    return cell.step == 1 and 1900 <= cell.value <= 2100 and not cell.unit


def _rows(text: str, block: Block) -> Iterator[Slip]:
    if block.listed or len(block.heads) < 3 or not is_sum(block.heads[-1]):
        return
    columns = [at for at in range(1, len(block.heads) - 1) if any(line.cells[at] for line in block.lines)]
    rows = [
        line
        for line in block.lines
        if line.cells[-1] is not None and not is_sum(line.label) and not is_mean(line.label)
    ]
    if len(columns) < 2 or any(line.cells[at] is None for line in rows for at in columns):
        return
    by_sum = [line for line in rows if _is_row_sum(line, columns)]
    multiplied = len(columns) == 2
    by_product = [line for line in rows if multiplied and _is_row_product(line, columns)]
    named = multiplied and any(
        _QUANTITY.search(block.heads[a]) and _PRICE.search(block.heads[b]) for a, b in (columns, columns[::-1])
    )
    for right, value in ((by_product, _product), (by_sum, _sum)):
        wrong = [line for line in rows if line not in right]
        sure = (named and value is _product) or (len(rows) >= 3 and len(wrong) == 1)
        if len(wrong) > max(1, len(rows) // 3) or not sure or (value is _product and not multiplied):
            continue
        yield from (_row_wrong(text, line, value(line, columns)) for line in wrong)
        return


def _sum(line: Line, columns: Sequence[int]) -> Fraction:
    return sum((cell.value for at in columns if (cell := line.cells[at])), Fraction(0))


def _product(line: Line, columns: Sequence[int]) -> Fraction:
    value = Fraction(1)
    for at in columns:
        cell = line.cells[at]
        value *= cell.value if cell else 1
    return value


def _is_row_sum(line: Line, columns: Sequence[int]) -> bool:
    total = line.cells[-1]
    cells = [(cell, False) for at in columns if (cell := line.cells[at])]
    return total is not None and _adds_up(cells, total)


def _is_row_product(line: Line, columns: Sequence[int]) -> bool:
    total = line.cells[-1]
    return total is not None and abs(_product(line, columns) - total.value) <= total.step / 2


def _row_wrong(text: str, line: Line, right: Fraction) -> Slip:
    total = line.cells[-1]
    assert total is not None  # of `rows`, each has one
    stated = text[total.start : total.end]
    shown, _ = corrected(stated, right, total.value, total.step)
    told = _ROW_TOLD.beside(text, what=quoted(line.label), right=quoted(shown), stated=quoted(stated))
    return Slip(total.start, total.end, 0.85, _EVIDENCE, told)


def _prose(text: str, plain: str, low: str) -> Iterator[Slip]:
    for start, end in lines(low, _WORTH, _NEAR):
        for match in _in_prose(plain, start, end):
            slip = _summed(text, plain, match)
            if slip is not None:
                yield slip


def _in_prose(plain: str, start: int, end: int) -> Iterator[re.Match[str]]:
    for match in _PROSE.finditer(plain, start, end):
        if match["lead"] or match["tail"] or _TOTALLING.search(plain, match.end("items"), match.start("total")):
            yield match
    yield from _PROSE_HAN.finditer(plain, start, end)


def _summed(text: str, plain: str, match: re.Match[str]) -> Slip | None:
    items = [found for one in re.finditer(NUMBER, match["items"]) if (found := amount(one.group())) is not None]
    total = amount(match["total"])
    if (
        total is None
        or len(items) < 2
        or not same_currency(*items, total)
        or is_refuted(plain, match.start(), match.end())
    ):
        return None
    between = plain[match.end("items") : match.start("total")]
    if (
        is_about(between)
        or is_about(match["items"])
        or any(one.slack for one in (*items, total))
        or _mixed(match["items"])
    ):
        return None
    if any(_looks_like_year(one) for one in items) or _ENDS.match(plain, match.end("total")):
        return None
    if not _alike(plain, match):
        return None
    if "%" in match["items"] or re.search(r"\d(?:st|nd|rd|th)\b|[號号]|第", match["items"]):
        return None
    right = sum((one.value for one in items), Fraction(0))
    if not total.value or not Fraction(1, 2) <= right / total.value <= 2:
        return None  # 3 bedrooms and 2 bathrooms, for a total of 1,200 square feet
    if len({bool(one.currency) for one in (*items, total)}) > 1:
        return None
    ordered = all(a.value < b.value for a, b in pairwise(items)) and items[-1].value - items[0].value == len(items) - 1
    if right == total.value or (ordered and items[0].value == 1):  # 1, 2 and 3 are the numbers of a list
        return None
    shown, _ = corrected(match["total"], right, total.value, total.number.step)
    what = _THE_TOTAL.beside(text)
    told = _TOLD.beside(text, what=what, right=quoted(shown), stated=quoted(match["total"]))
    return Slip(match.start(), match.end("total"), 0.8 if len(items) > 2 else 0.7, _EVIDENCE, told)


def _alike(plain: str, match: re.Match[str]) -> bool:
    """Whether what is counted may be added: one classifier in Chinese (個 and 支 are boxes and pencils); in English no
    total of one of several things (3 boxes and 2 pencils, 26 pencils in all)."""
    behind = r"[^\W\d]?" if match.re is _PROSE_HAN else r"(?:\s+[A-Za-z'-]+){0,3}"
    words = [one[1].lower() for one in re.finditer(rf"{NUMBER}({behind})", match["items"])]
    after = re.match(behind, plain[match.end("total") : match.end("total") + 60])
    total = after.group().lower() if after else ""
    if match.re is _PROSE_HAN:
        return len(set(words)) < 2 and (not total or total == words[0])
    things = [set(re.findall(r"[a-z'-]+", word)) - {"and"} for word in words]
    named = set(re.findall(r"[a-z'-]+", total)) - {"in", "all", "total", "altogether", "combined"}
    shared = [bool(named & thing) for thing in things]
    return all(shared) or not any(shared)


def _mixed(items: str) -> bool:
    """Whether the units of the items are of one kind and not the same: 3 kg and 500 g."""
    known = {found for word in re.findall(r"[A-Za-z]+|[^\W\d]+", items) if (found := measure(word))}
    return len(known) > 1


def _looks_like_year(one: Amount) -> bool:
    return not one.currency and 1900 <= one.value <= 2100

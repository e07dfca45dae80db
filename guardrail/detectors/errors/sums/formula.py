"""Arithmetic as people and models write it, as tokens and as trees with exact values (serves `arithmetic.py`).

Rules:
1. Only what has one reading becomes a tree.  A variable, a function, a comparison, a date, a quoted string or an
   operator without its number next to an expression means that it is not understood, and then it is not judged.
2. Offsets are those of the text: characters are replaced one for one before reading, never added or dropped.
3. Work is bounded everywhere: digits of a number, size of an exponent, bits of a value, depth of brackets, tokens of
   a side.  Beyond a bound the expression counts as not understood.

Notation: ASCII, full-width and typographic operators, `plus`, 加, 乘以, `%`, 百分之, `20% of 150`, superscripts, mixed
fractions, currency signs, units after numbers, LaTeX (`\\frac`, `\\times`, `\\text{}`, `\\( \\)`), Markdown emphasis.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from guardrail.detectors.errors.sums.measures import LETTERS, is_unit, measure
from guardrail.detectors.errors.sums.numerals import (
    CHINESE,
    SHARE,
    VULGAR,
    Number,
    multiplier,
    read,
    read_chinese,
    read_share,
)

DEPTH = 24
TOKENS = 160
BITS = 1024
POWER = 200

_HAN = "\u3400-\u9fff"
_REPLACED = {
    **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},
    **dict.fromkeys("，！？；", ";"),
    **dict.fromkeys("−‐‑–－﹣➖", "-"),
    **dict.fromkeys("✕✖⨯╳⨉＊", "×"),
    **dict.fromkeys("∕⁄➗", "/"),
    **dict.fromkeys("➕﹢", "+"),
    **dict.fromkeys("∶", ":"),
    **dict.fromkeys("￥円", "¥"),
    **dict.fromkeys("﹦", "="),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00a0\u2009\u202f\u3000\ufe0f\u00ad", " "),
    "＊": "*",
}
_TABLE = str.maketrans(_REPLACED)
_FULL_COMMA = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_FULL_COLON = re.compile(r"(?<=\d)：(?=(?:\d[\d.]{0,12}\s*[×*/÷]|\d(?:\d\d[\d.]{0,12})?\s*[-+−])\s*\d)")
"""A colon between Chinese words and a formula, 再乘以2：8 × 2; 10：30 is a time."""

_GRAMMAR = {
    "skip": r"[ \t\r\n\v\f]+|`+|~~|\\[()\[\],;:! ]|\\\\|&"
    r"|\\(?:left|right|quad|qquad|displaystyle|boxed|mathbf|bf|underline|textbf|bm)(?![A-Za-z])",
    "unit": r"\\(?:text|mathrm|textrm|mbox|operatorname)\s?\{[^{}\n]{0,60}\}",
    "frac": r"\\[dtc]?frac(?![A-Za-z])",
    "latex": r"\\(?:times|cdot|ast|div|approx|simeq|%|\$|ldots|cdots|dots)(?![A-Za-z])|\\%|\\\$",
    "bad_latex": r"\\[A-Za-z]*",
    "share": SHARE,
    "number": r"(?:\d|\.(?=\d))(?:(?:[\d.,:]|\{,\})*\d)?"
    r"(?:[百千]?[萬万億亿](?:\d[\d,.]*(?<=\d)[百千]?)?|[百千])*"
    r"(?:[eE][+-]?\d{1,2}(?!\w))?(?:\.{3,}|…+|⋯+|\\ldots|\\dots)?",
    "vulgar": f"[{''.join(VULGAR)}]",
    "raised": r"[⁰¹²³⁴-⁹⁻]+",
    "equals": r"(?:是|即|就|便|都)?(?:等於|等于)|\b(?:is |are |which |that )?(?:equals|equal to)\b(?! to)",
    "arrow": r"[=\-]{1,4}>",
    "bad_equals": r"={2,}|[!<>+*/:~^-]=|=[<~!]|[≠≡≤≥<>∝]",
    "approximately": r"≈|≒|≅|≃",
    "sign": "=",
    "spoken": r"\b(?:plus|minus|times|multiplied by|divided by)\b|加上|加埋|加|減去|减去|減|减|乘以|乘上|乘|除以",
    "currency": r"(?:HK|US|NT|CA|AU|[ASCR])?\$|[€£¥₩₹]|(?:HKD|USD|RMB|CNY)(?=\s?\d)",
    "cross": r"[xX](?=[ \t*]*(?:[$€£¥(\d]|\.\d))",
    "word": r"[A-Za-zÀ-ÖØ-öø-ɏ][\wÀ-ÖØ-öø-ɏ'’]*(?:(?<=[A-Za-z]{2})-[A-Za-z]{2,}[\w'’]*)*",
    "hundredths": r"百分之",
    "chinese": rf"一(?=[共齊起樣定直般些半切旦向齐样致方面併并律度])|[{CHINESE}]+",
    "han": rf"(?:(?!等於|等于|加|減|减|乘|除以|百分之|[{CHINESE}])[{_HAN}])+|[{_HAN}]",
    "degree": r"°[CF]?|[¢‰]",
    "percent": r"%",
    "stars": r"\*{3,}",
    "star": r"\*{1,2}",
    "dot": r"[·⋅∙]",
    "operator": r"[+\-/×÷^]",
    "open": r"[(\[{]",
    "close": r"[)\]}]",
    "heading": r"#+(?=[\s#]|$)",
    "bad": r"[√∛∑∏∫π±∓@#\"'“”!&_~|?]|\.(?=\d)",
    "other": r".",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in _GRAMMAR.items()), re.ASCII | re.DOTALL)
_SPOKEN = {
    **dict.fromkeys(("plus", "加上", "加埋", "加"), "+"),
    **dict.fromkeys(("minus", "減去", "减去", "減", "减"), "-"),
    **dict.fromkeys(("times", "multiplied by", "乘以", "乘上", "乘"), "*"),
    **dict.fromkeys(("divided by", "除以"), "/"),
}
_SHORT = {"k": 10**3, "K": 10**3, "m": 10**6, "M": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "B": 10**9}
_OPERATOR = {"×": "*", "\\times": "*", "\\cdot": "*", "\\ast": "*", "\\div": "÷"}
_ABOUT = re.compile(
    r"about|around|approximately|approx|roughly|nearly|almost|約|约|大約|大约|大概|差不多|[約约][為为]|大[約约][係是]|接?近"
)
_FILLER = re.compile(r"[總总合]?共|一共|合[計计]|共[計计]|共?有|只有|即|即[係是]|[係是為为得出到]|就[係是]|也就是")
_SENTENCE = re.compile(
    r"is|are|was|were|be|been|will|would|can|has|have|had|because|since|so|then|and|but|if|than|that|which|who|when|where|as"
    r"|get|gets|got|gives?|makes?|made|costs?|earns?|needs?|becomes?|yields?|means?|leaves?|takes?|less|more|fewer"
)
_SENTENCE_HAN = re.compile(r"[為为係是有共得即到剩要會会咗了過过]$|所以|因此|因為|因为|如果|然後|然后")
_DESCRIPTION = re.compile(r".{8}|(?=.{4}).+[嘅的].")
_POWER_WORDS = re.compile(r"次方|次冪|次幂|階乘|阶乘|開方|开方|平方根|立方根|的平方$|^squared|^cubed|^factorial")
_IN_WORDS = re.compile(r"三[文明]|百[貨货合]|千層|千层|萬聖|万圣|五花|八達|八达|七喜|十字|四川|九龍|九龙|三藩|百老")
_OF = frozenset(("of", "的", "嘅", "之"))
_LEADS_ON = re.compile(
    r"half|twice|double|triple|thrice|dozen|times|minus|plus|by|over|negative|squared?|cubed?|sqrt|root|power|factor|log|ln"
    r"|sin|cos|tan|mod|f|thirds?|quarters?|fourths?|fifths?|percent|average|mean"
)
_DIVIDES = re.compile(r"divi|multipl|times|squar|power|rais|factor")
_LEADS_ON_HAN = re.compile(
    r"(?:半|倍|平方|分之|開方|根號|根号|負|负|加|減|减|乘|除|[乘除]以|階乘|第|平均|平均數|少|多|成)(?:的|嘅|是|係)?$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula: its kind, its place, its text after replacement, and the number it is, if it is one."""

    kind: str
    start: int
    end: int
    text: str
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """An expression.

    `op` is one of + - * / ^, `neg`, `%`, or "" for a number.  `units` are those written after the numbers in it.
    """

    op: str
    args: tuple["Node", ...] = ()
    number: Number | None = None
    units: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    unsure: bool = False


class NotUnderstood(ValueError):
    """The text is no expression with one reading."""


def replaced(text: str) -> str:
    """`text` with full-width and typographic forms as ASCII, character for character."""
    if text.isascii():
        return text
    return _FULL_COLON.sub(";", _FULL_COMMA.sub(",", text)).translate(_TABLE)


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The tokens of `text[start:end]` (already replaced): N number, O operator, L R brackets, U unit or word,
    C currency, P percent, S raised number, F \\frac, E equals, A approximately, B what makes a formula not understood,
    X anything else."""
    raw = [_token(match) for match in _TOKEN.finditer(text, start, end) if match.lastgroup != "skip"]
    return _settled(raw, text)


def _token(match: re.Match[str]) -> Token:
    group, text = match.lastgroup or "", match.group()
    return Token(*_KINDS.get(group, _other)(group, text, match.start(), match.end()))


_Made = tuple[str, int, int, str, Number | None]


def _made(kind: str) -> Callable[[str, str, int, int], _Made]:
    return lambda group, text, start, end: (kind, start, end, text, None)


def _other(group: str, text: str, start: int, end: int) -> _Made:
    return (group, start, end, text, None)


def _number(group: str, text: str, start: int, end: int) -> _Made:
    endless = text.endswith(("...", "…", "⋯", "dots"))
    bare = text.rstrip(".…⋯").removesuffix("\\ldots").removesuffix("\\dots") if endless else text
    value = read(bare.replace("{,}", ","))
    if value is not None and endless:
        value = Number(value.value, value.step, value.written, True)
    return ("B" if value is None else "N", start, end, text, value)


def _share(group: str, text: str, start: int, end: int) -> _Made:
    value = read_share(text)
    return ("B" if value is None else "N", start, end, text, value)


def _latex(group: str, text: str, start: int, end: int) -> _Made:
    if text in _OPERATOR:
        return ("O", start, end, _OPERATOR[text], None)
    if text in ("\\approx", "\\simeq"):
        return ("E", start, end, "≈", None)
    if text in ("\\%", "\\$"):
        return ("P" if text == "\\%" else "C", start, end, text[1:], None)
    return ("B", start, end, text, None)


_KINDS: dict[str, Callable[[str, str, int, int], _Made]] = {
    "unit": lambda group, text, start, end: ("U", start, end, text[text.index("{") + 1 : -1].strip(), None),
    "frac": _made("F"),
    "latex": _latex,
    "bad_latex": _made("B"),
    "share": _share,
    "number": _number,
    "vulgar": lambda group, text, start, end: ("N", start, end, text, Number(VULGAR[text], Fraction(1, 1000))),
    "raised": _made("S"),
    "equals": lambda group, text, start, end: ("E", start, end, "word", None),
    "arrow": _made("X"),
    "heading": _made("X"),
    "stars": _made("B"),
    "bad_equals": _made("B"),
    "approximately": lambda group, text, start, end: ("E", start, end, "≈", None),
    "sign": _made("E"),
    "currency": _made("C"),
    "degree": _made("U"),
    "percent": _made("P"),
    "operator": lambda group, text, start, end: ("O", start, end, _OPERATOR.get(text, text), None),
    "open": _made("L"),
    "close": _made("R"),
    "bad": _made("B"),
    "other": _made("X"),
    "han": _made("U"),
}

_ENDS_VALUE = frozenset("NUPRS")
_STARTS_VALUE = frozenset("NCLF")


def _settled(raw: Sequence[Token], text: str) -> list[Token]:
    """The tokens with everything decided that depends on neighbours: `x`, `*`, `·`, 加, 三, `million`."""
    settled: list[Token] = []
    for at, token in enumerate(raw):
        before = settled[-1] if settled else None
        after = raw[at + 1] if at + 1 < len(raw) else None
        new = _decided(token, before, after, raw, at, text)
        if new is None:
            continue
        if _is_possessive(before, new, after):
            settled.append(Token("U", new.start, new.end - 1, new.text[:-1]))
            settled.append(Token("U", new.end - 1, new.end, new.text[-1]))
            continue
        if before is not None and _continues(before, new):
            settled[-1] = Token("U", before.start, new.end, before.text + new.text)
            continue
        if before is not None and before.text == "百分之" and new.number is not None:
            part = Number(new.number.value / 100, new.number.step / 100, new.number.written)
            settled[-1] = Token("N", before.start, new.end, new.text, part)
            continue
        if before is not None and before.kind == "N" and before.number and new.kind == "U":
            factor = multiplier(new.text) or (_SHORT.get(new.text) if _is_money(settled, new) else None)
            if factor is not None:
                settled[-1] = Token("N", before.start, new.end, before.text, before.number.times(factor))
                continue
            if new.text == "percent":
                new = Token("P", new.start, new.end, "%")
        settled.append(new)
    return settled


def _is_money(settled: Sequence[Token], new: Token) -> bool:
    """`HK$1.2m`: after a currency sign a letter at the number is a scale."""
    return len(settled) > 1 and settled[-2].kind == "C" and settled[-1].end == new.start


def _is_possessive(before: Token | None, new: Token, after: Token | None) -> bool:
    """`20粒的2/5`: a unit and then "of"."""
    led = before is not None and before.kind in "NP" and new.kind == "U" and len(new.text) > 1 and new.text[-1] in _OF
    return led and after is not None and after.kind in ("N", "F", "hundredths")


def _continues(before: Token, new: Token) -> bool:
    """Whether two pieces of Chinese are one run of text."""
    words = before.kind == new.kind == "U" and before.end == new.start and not new.text.isascii()
    return words and "百分之" not in (before.text, new.text) and before.text not in _OF


def _decided(
    token: Token, before: Token | None, after: Token | None, raw: Sequence[Token], at: int, text: str
) -> Token | None:
    kind = token.kind
    if kind in ("spoken", "cross", "star", "dot"):
        return _soft_operator(token, before, after)
    if kind == "chinese":
        return _chinese(token, before, raw, at)
    if kind == "hundredths":
        return Token("U", token.start, token.end, token.text)
    if kind == "word":
        return _word(token, before)
    if kind == "P" and after is not None and after.kind in ("N", "L") and after.start > token.end:
        return Token("B", token.start, token.end, token.text)  # the remainder operator of programs
    if kind == "B" and token.text == "!" and before is not None and before.kind != "N":
        return Token("X", token.start, token.end, token.text)
    if kind == "B" and token.text in "|?\"“”'":
        return _mark(token, before, after)
    if kind == "B" and token.text == "_":
        return token if _is_subscript(token, before, after) else None
    if kind == "B" and token.text == ">" and before is None:
        return Token("X", token.start, token.end, token.text)
    return token


def _is_subscript(token: Token, before: Token | None, after: Token | None) -> bool:
    """Whether a `_` writes a bound of what stands before it (`]_0^1`); else it is emphasis."""
    bound = before is not None and before.end == token.start and (before.kind == "R" or before.text == "|")
    return bound and after is not None and after.start == token.end and after.kind in ("N", "L")


def _mark(token: Token, before: Token | None, after: Token | None) -> Token:
    """Quotation and table marks only end a formula; next to an operator they are part of a program."""
    inside = (before is not None and before.kind == "O") or (after is not None and after.kind == "operator")
    return (
        token if inside or (after is not None and after.kind == "O") else Token("X", token.start, token.end, token.text)
    )


def _soft_operator(token: Token, before: Token | None, after: Token | None) -> Token | None:
    between = (
        before is not None
        and before.kind in _ENDS_VALUE
        and after is not None
        and after.kind in (*_STARTS_VALUE, "chinese", "vulgar")
    )
    if token.kind == "star":
        if before is not None and after is not None and before.kind in _ENDS_VALUE and after.kind in ("U", "word"):
            apart = before.end < token.start and token.end < after.start
            return Token("O", token.start, token.end, "*") if apart and token.text == "*" else None
        signed = token.text == "*" and after is not None and after.kind == "O" and after.text in "+-"
        if before is None or after is None or not (between or (signed and before.kind in _ENDS_VALUE)):
            return None
        even = (before.end == token.start) == (after.start == token.end)
        return Token("O", token.start, token.end, "^" if token.text == "**" else "*") if even else None
    if token.kind == "dot":
        return Token("O" if between else "X", token.start, token.end, "*")
    if between and after is not None and after.kind == "chinese" and token.kind != "spoken":
        between = False
    if between and before is not None and before.kind == "U" and token.kind == "spoken" and not token.text.isascii():
        between = len(before.text) <= 4
    if between:
        return Token("O", token.start, token.end, _SPOKEN.get(token.text, "*"))
    if token.kind == "cross":
        return Token("B", token.start, token.end, token.text)
    return Token("U", token.start, token.end, token.text)


def _chinese(token: Token, before: Token | None, raw: Sequence[Token], at: int) -> Token:
    """Chinese numerals are numbers only in a formula; elsewhere they are part of words (一齊, 第三, 十分)."""
    next_at = at + 1
    if next_at < len(raw) and raw[next_at].kind == "U" and len(raw[next_at].text) <= 4:
        next_at += 1
    after = raw[next_at].kind if next_at < len(raw) else ""
    led = before is not None and (before.kind in "OE" or before.text == "百分之")
    counted = before is not None and before.kind == "U" and before.end == token.start and len(before.text) == 1
    follows = after in ("O", "E", "spoken", "cross") and not counted
    if _IN_WORDS.match(token.text + (raw[at + 1].text if at + 1 < len(raw) else "")):
        led = follows = False
    number = read_chinese(token.text) if led or follows else None
    if number is None or (before is not None and before.kind == "U" and before.text.endswith("第")):
        return Token("U", token.start, token.end, token.text)
    return Token("N", token.start, token.end, token.text, number)


def _word(token: Token, before: Token | None) -> Token:
    """A Latin word is a unit or a label; a letter or an unknown word glued to a number is algebra or a name."""
    text = token.text
    glued = before is not None and before.end == token.start and before.kind in ("N", "S", "R")
    algebra = (
        any(map(str.isdigit, text))
        or "_" in text
        or (len(text) == 1 and text not in LETTERS and (glued or text not in "aAI"))
        or (glued and measure(text) is None and multiplier(text) is None and text not in LETTERS)
    )
    return Token("B" if algebra else "U", token.start, token.end, text)


def about(token: Token) -> bool:
    """Whether a token says that what follows is approximate."""
    return token.kind == "U" and _ABOUT.fullmatch(token.text.lower()) is not None


class _Parser:
    """Reads one expression by precedence, from `at` on, up to `end`."""

    def __init__(self, row: Sequence[Token], at: int, end: int, *, tail: bool) -> None:
        self.row, self.at, self.end, self.tail = row, at, end, tail
        self.depth = 0

    def peek(self, ahead: int = 0) -> Token | None:
        return self.row[self.at + ahead] if self.at + ahead < self.end else None

    def kind(self, ahead: int = 0) -> str:
        token = self.peek(ahead)
        return token.kind if token else ""

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH:
            raise NotUnderstood
        left = self.product()
        while (token := self.peek()) and token.kind == "O" and token.text in "+-":
            if self._is_dash(token):
                break
            self.at += 1
            left = _join(token.text, left, self.product())
        self.depth -= 1
        return left

    def _is_dash(self, token: Token) -> bool:
        """`= 8 - a good result`: a dash with words after it, not a subtraction."""
        before, after = self.row[self.at - 1], self.peek(1)
        spaced = token.start > before.end and (after is None or after.start > token.end)
        return (
            self.tail and self.depth == 1 and spaced and (after is None or (after.kind == "U" and len(after.text) > 1))
        )

    def product(self) -> Node:
        left = self.signed()
        divided = False
        while token := self.peek():
            if token.kind == "O" and token.text in "*/÷":
                if token.text == "/" and self.kind(1) == "U":
                    left = self._rate(left)
                    continue
                if token.text == "/" and divided:
                    raise NotUnderstood  # 9 ÷ 3/4 is twelve to most who write it, and two and a quarter by the rules
                divided = token.text == "÷"
                self.at += 1
                left = _join("*" if token.text == "*" else "/", left, self.signed())
            elif token.kind == "U" and token.text.lower() in _OF and self.kind(1) in _STARTS_VALUE:
                part = self._part_of(left)
                if part is None:
                    break
                left = part
            elif (
                token.kind == "L"
                and token.text in "({"
                and token.start == self.row[self.at - 1].end
                and self.kind(1) != "U"
            ):
                node = _join("*", left, self.power())
                left = Node(node.op, node.args, None, node.units, node.start, node.end, True)
            else:
                break
        return left

    def _part_of(self, left: Node) -> Node | None:
        """`20% of 150`, `150 的 2/5`; None where "of" means something else, which only a result may be followed by."""
        if self.tail and (not _is_part(left) or self.row[self.at - 1].kind == "U"):
            return None
        self.at += 1
        right = self.signed()
        following = self.peek()
        if not _is_part(left) and following and following.kind == "O" and following.text == "/" and self.kind(1) == "N":
            self.at += 1
            right = _join("/", right, self.atom())
        if not (_is_part(left) or _is_part(right)):
            raise NotUnderstood
        return _join("*", left, right)

    def _rate(self, left: Node) -> Node:
        """`60 km / h`, `5 元 / 個`: a unit by the piece."""
        self.at += 1
        units = self._units()
        end = self.row[self.at - 1].end
        return Node(left.op, left.args, left.number, (*left.units, *units), left.start, end, left.unsure)

    def signed(self) -> Node:
        token = self.peek()
        if token is None:
            raise NotUnderstood
        if token.kind == "O" and token.text in "+-":
            self.at += 1
            if self.kind() not in ("N", "C", "L", "F"):
                raise NotUnderstood
            inner = self.power()
            if token.text == "+":
                return inner
            return Node("neg", (inner,), None, inner.units, token.start, inner.end, inner.unsure or inner.op == "^")
        return self.power()

    def power(self) -> Node:
        base = self.atom()
        token = self.peek()
        if token is not None and token.kind == "S":
            self.at += 1
            exponent = _raised(token)
            end = token.end
        elif token is not None and token.kind == "O" and token.text == "^":
            self.at += 1
            exponent = self.signed_atom()
            end = exponent.end
        else:
            return base
        units = self._units()
        return Node("^", (base, exponent), None, (*base.units, *units), base.start, end)

    def signed_atom(self) -> Node:
        """An exponent; `2^3^2` groups from the right."""
        self.depth += 1
        node = self.signed() if self.depth <= DEPTH else None
        self.depth -= 1
        if node is None:
            raise NotUnderstood
        return node

    def atom(self) -> Node:
        money: list[str] = []
        opened = self.row[self.at].start if self.at < self.end else 0
        while (token := self.peek()) and token.kind == "C":
            money.append("$")
            self.at += 1
        if token is None:
            raise NotUnderstood
        if token.kind == "O" and token.text == "-" and money and self.kind(1) == "N":
            self.at += 1
            inner = self.atom()
            return Node("neg", (inner,), None, (*money, *inner.units), opened, inner.end)
        if token.kind == "N":
            node = self._numeral(token)
        elif token.kind == "L":
            node = self._bracket()
        elif token.kind == "F":
            node = self._fraction()
        else:
            raise NotUnderstood
        return self._dressed(node, money, opened)

    def _numeral(self, token: Token) -> Node:
        """A number, or a mixed one such as `1 1/2`, `2½` or `1\\frac12`."""
        self.at += 1
        whole = Node("", (), token.number, (), token.start, token.end)
        following = self.peek()
        if following is None:
            return whole
        if following.kind == "O" and following.text == "*" and self._is_power_of_ten():
            self.at += 1
            return _join("*", whole, self.power())
        part: Node | None = None
        if following.kind == "N" and following.text in VULGAR and following.start - token.end <= 1:
            self.at += 1
            part = Node("", (), following.number, (), following.start, following.end)
        elif following.kind == "F" and following.start == token.end:
            part = self._fraction()
        elif following.kind == "N" and self.kind(1) == "O" and self.kind(2) == "N":
            slash, below = self.peek(1), self.peek(2)
            if slash and below and slash.text == "/" and following.end == slash.start and slash.end == below.start:
                self.at += 3
                top = Node("", (), following.number, (), following.start, following.end)
                part = _join("/", top, Node("", (), below.number, (), below.start, below.end))
        return whole if part is None else _join("+", whole, part)

    def _is_power_of_ten(self) -> bool:
        """`1.66 × 10^4`, which is one number even after a division sign."""
        ten, raised = self.peek(1), self.peek(2)
        if ten is None or ten.number is None or ten.number.value != 10 or raised is None:
            return False
        return raised.kind == "S" or (raised.kind == "O" and raised.text == "^")

    def _bracket(self) -> Node:
        opening = self.peek()
        self.at += 1
        inner = self.sum()
        closing = self.peek()
        if opening is None or closing is None or closing.kind != "R":
            raise NotUnderstood
        self.at += 1
        op, args = (inner.op, inner.args)
        return Node(op, args, inner.number, inner.units, opening.start, closing.end, inner.unsure)

    def _fraction(self) -> Node:
        token = self.peek()
        self.at += 1
        parts = []
        for _ in range(2):
            if self.kind() != "L":
                raise NotUnderstood
            parts.append(self._bracket())
        node = _join("/", parts[0], parts[1])
        return Node(node.op, node.args, None, node.units, token.start if token else node.start, node.end, node.unsure)

    def _dressed(self, node: Node, money: Sequence[str], start: int) -> Node:
        """What follows a number: percent signs, units, remarks in brackets.  Units do not count to its length."""
        units = list(money)
        end = node.end
        while token := self.peek():
            if token.kind == "P":
                self.at += 1
                node = Node("%", (node,), None, node.units, node.start, token.end, node.unsure)
                end = token.end
            elif token.kind == "C" and self.kind(1) not in ("N", "L"):
                units.append("$")
                self.at += 1
            elif token.kind == "U" and (more := self._units()):
                units += more
            elif token.kind == "L" and (size := self._remark()):
                self.at += size
            else:
                break
        return Node(node.op, node.args, node.number, (*node.units, *units), start, end, node.unsure)

    def _units(self) -> list[str]:
        units: list[str] = []
        while (token := self.peek()) and token.kind == "U" and len(units) < 5:
            if token.text.lower() in _OF and self.kind(1) in _STARTS_VALUE:
                break
            result = self.tail and self.depth == 1
            description = not token.text.isascii() and _DESCRIPTION.match(token.text) and not result
            if (description and "/" not in token.text) or _POWER_WORDS.search(token.text):
                raise NotUnderstood
            if self.tail and units and self.depth == 1 and self.kind(1) not in ("O", "E", "U"):
                break
            units.append(token.text)
            self.at += 1
            token = self.peek()
            if token and token.kind == "S" and token.start == self.row[self.at - 1].end:
                units[-1] += token.text
                self.at += 1
            elif token and token.kind == "O" and token.text == "^" and self.kind(1) == "N" and measure(units[-1]):
                self.at += 2
        return units

    def _remark(self) -> int:
        """How many tokens of `(apples)` to pass over, 0 where brackets hold anything but words."""
        size = 1
        while self.kind(size) == "U" and size < 8:
            size += 1
        return size + 1 if size > 1 and self.kind(size) == "R" else 0


def _raised(token: Token) -> Node:
    text = token.text.translate(_SUPERSCRIPT)
    if not re.fullmatch(r"-?\d{1,3}", text):
        raise NotUnderstood
    number = Node("", (), Number(Fraction(abs(int(text)))), (), token.start, token.end)
    return Node("neg", (number,), None, (), token.start, token.end) if text[0] == "-" else number


def _join(op: str, left: Node, right: Node) -> Node:
    unsure = left.unsure or right.unsure
    return Node(op, (left, right), None, (*left.units, *right.units), left.start, right.end, unsure)


def _is_part(node: Node) -> bool:
    """A percentage or a fraction: what can be taken "of" something."""
    return node.op in ("%", "/") or (node.number is not None and abs(node.number.value) < 1)


def after_equals(row: Sequence[Token], at: int, end: int) -> tuple[Node, int]:
    """The expression that begins at token `at`, and the token after it.  Raises NotUnderstood."""
    parser = _Parser(row, at, min(end, at + TOKENS), tail=True)
    return parser.sum(), parser.at


def before_equals(row: Sequence[Token], low: int, at: int) -> Node:
    """The expression that ends right before token `at`.  Raises NotUnderstood."""
    start = _beginning(row, low, at)
    parser = _Parser(row, start, at, tail=False)
    node = parser.sum()
    if parser.at != at:
        raise NotUnderstood
    return node


def _beginning(row: Sequence[Token], low: int, at: int) -> int:
    """Where the longest expression before `at` can begin: after the last label, list mark or sentence."""
    first = at
    while first > max(low, at - TOKENS) and row[first - 1].kind in "NOLRUCPSF":
        first -= 1
    if first == at - TOKENS:
        raise NotUnderstood
    tainted = first > 0 and row[first - 1].kind == "B"
    partners = _partners(row, first, at)
    start, depth = first, 0
    opened, wordy = first, False
    for here in range(first, at):
        token = row[here]
        before = row[here - 1] if here > start else None
        if token.kind in "LR" and here not in partners:
            tainted = token.kind == "L" and ((before is not None and before.kind == "O") or _called(row, here))
            start = here + 1
            continue
        if depth == 0:
            moved = _restart(row, here, before, token)
            if moved is not None:
                start, bad = moved
                tainted = bad or (tainted and start == first)
        if token.kind == "L":
            opened, wordy = (here, True) if depth == 0 else (opened, wordy)
        wordy = wordy and token.kind != "N"
        depth += (token.kind == "L") - (token.kind == "R")
        if token.kind == "R" and depth == 0 and wordy and opened == start:
            start, tainted = here + 1, False  # a label in brackets
    if tainted or start >= at:
        raise NotUnderstood
    return start


def _partners(row: Sequence[Token], first: int, at: int) -> set[int]:
    """The places of brackets that have a partner."""
    paired: set[int] = set()
    opened: list[int] = []
    for here in range(first, at):
        if row[here].kind == "L":
            opened.append(here)
        elif row[here].kind == "R" and opened:
            paired.update((opened.pop(), here))
    return paired


def _called(row: Sequence[Token], here: int) -> bool:
    """Whether a bracket belongs to a function, `f(`."""
    before = row[here - 1] if here else None
    return before is not None and before.kind in ("U", "B") and before.end == row[here].start and before.text.isascii()


def _restart(row: Sequence[Token], here: int, before: Token | None, token: Token) -> tuple[int, bool] | None:
    """Where to begin anew at `here` (with whether what stands before spoils it), None to go on."""
    previous = row[here - 1] if here else None
    if token.kind == "U":
        if before is not None and before.kind in _ENDS_VALUE and not _is_sentence(token):
            return None
        if (
            before is not None
            and before.kind == "O"
            and before.text == "/"
            and here > 1
            and row[here - 2].kind in _ENDS_VALUE
        ):
            return None
        if before is not None and before.kind == "C":
            return here + 1, True
        led = token.text.lower() in _OF and previous is not None and _leads_on(previous)
        led = led and not _is_worked_out(row, here, previous)
        part = _leads_on(token) and not _is_change(token, previous) and not _is_halved(row, here)
        return here + 1, led or (before is not None and before.kind == "O") or part
    if token.kind == "O" and before is None:
        return _leading_sign(row, here, previous, token)
    if token.kind == "L" and before is None and _called(row, here):
        return here, True
    if before is None or token.kind not in "NCLF":
        return None
    if token.kind == "C":
        after = row[here + 1].kind if here + 1 < len(row) else ""
        return (here, before.kind == "N") if before.kind in "NUPRS" and after in ("N", "O") and after == "N" else None
    if before.kind == "U":
        if before.text.lower() in _OF:
            return (here, False) if here > 1 and row[here - 2].text.lower() == "total" else None
        return here, token.kind == "L" or is_unit(before.text) or _leads_on(before)
    if before.kind == "N" and token.kind == "N":
        return None if _mixed(row, here) else (here, True)
    if token.kind == "F" and before.kind == "N":
        return None if token.start == before.end else (here, True)
    if before.kind in "NPRS" and token.kind in "NF":
        return here, False
    if before.kind in "NR" and token.kind == "L" and token.start > before.end:
        return (here, True) if here + 1 < len(row) and row[here + 1].kind != "U" else None
    return None


def _is_sentence(token: Token) -> bool:
    """Whether a word goes on with a sentence, `3 countries is ...`, and is no part of a unit."""
    return _SENTENCE.fullmatch(token.text.lower()) is not None or _SENTENCE_HAN.search(token.text) is not None


def _leading_sign(row: Sequence[Token], here: int, previous: Token | None, token: Token) -> tuple[int, bool] | None:
    after = row[here + 1] if here + 1 < len(row) else None
    spaced = after is None or after.start > token.end
    if token.text not in "+-":
        return here + 1, True
    if previous is None or previous.kind in ("X", "E"):
        return (here + 1, token.text == "+") if spaced else None
    if spaced or previous.end == token.start:
        return here + 1, True
    return None


def _mixed(row: Sequence[Token], here: int) -> bool:
    if row[here].text in VULGAR:
        return True
    return here + 2 < len(row) and row[here + 1].text == "/" and row[here + 1].end == row[here + 2].start


def _leads_on(token: Token) -> bool:
    """Whether a word says that the number after it is only a part of what is meant: half, twice, 一半."""
    return _LEADS_ON.fullmatch(token.text.lower()) is not None or _LEADS_ON_HAN.search(token.text) is not None


def _is_change(token: Token, previous: Token | None) -> bool:
    """`increases by 600 * 2 = 1200`, where "by" neither divides nor multiplies."""
    if token.text.lower() != "by" or previous is None:
        return False
    return previous.kind == "U" and _DIVIDES.match(previous.text.lower()) is None


def _is_worked_out(row: Sequence[Token], here: int, previous: Token | None) -> bool:
    """`an average of 88 / 4 = 22`: the quotient is the average; of `an average of 10 + 20` it would be taken yet."""
    if previous is None or previous.text.lower() not in ("average", "mean"):
        return False
    following = row[here + 1 : here + 13]
    until = next((at for at, token in enumerate(following) if token.kind == "E"), 0)
    return any(token.kind == "O" and token.text in "/÷*" for token in following[:until])


def _is_halved(row: Sequence[Token], here: int) -> bool:
    """`一半係 3000 / 2`, which says in full what the word before it only names."""
    following = row[here + 1 : here + 4]
    if "半" not in row[here].text or len(following) < 3 or following[2].number is None:
        return False
    return following[0].kind == "N" and following[1].text in ("/", "÷") and following[2].number.value == 2


def is_filler(token: Token) -> bool:
    """Whether a word may stand between the sign and the result without changing it: 共, 即係."""
    return token.kind == "U" and _FILLER.fullmatch(token.text) is not None


Range = tuple[Fraction, Fraction]


def value(node: Node, slack: Callable[[Number], Fraction], *, relative: bool = False) -> Range:
    """The least and greatest value of `node` when each number may be off by `slack`.

    With `relative`, `150 - 20%` means 20 % of 150 less.  Raises NotUnderstood beyond the bounds and for x / 0.
    """
    if node.number is not None and not node.op:
        off = slack(node.number)
        if not off:
            return (node.number.value,) * 2
        return node.number.value - off, node.number.value + off
    low, high = value(node.args[0], slack, relative=relative)
    if node.op == "neg":
        return -high, -low
    if node.op == "%":
        return low / 100, high / 100
    right = value(node.args[1], slack, relative=relative)
    if node.op in "+-" and relative and node.args[1].op == "%" and node.args[0].op != "%":
        right = _times((low, high), right)
    return _bounded(_apply(node.op, (low, high), right))


def _apply(op: str, left: Range, right: Range) -> Range:
    if op in "+-*" and left[0] is left[1] and right[0] is right[1]:
        a, b = left[0], right[0]
        return (a + b if op == "+" else a - b if op == "-" else a * b,) * 2
    if op == "+":
        return left[0] + right[0], left[1] + right[1]
    if op == "-":
        return left[0] - right[1], left[1] - right[0]
    if op == "*":
        return _times(left, right)
    if op == "/":
        if right[0] <= 0 <= right[1]:
            raise NotUnderstood
        return _times(left, (1 / right[1], 1 / right[0]))
    return _power(left, right)


def _times(left: Range, right: Range) -> Range:
    if left[0] == left[1] and right[0] == right[1]:
        return (left[0] * right[0],) * 2
    corners = [a * b for a in left for b in right]
    return min(corners), max(corners)


def _power(left: Range, right: Range) -> Range:
    exponent = right[0]
    if (
        right[0] != right[1]
        or exponent.denominator != 1
        or abs(exponent) > POWER
        or (exponent < 0 and left[0] <= 0 <= left[1])
    ):
        raise NotUnderstood
    if (abs(left[1].numerator).bit_length() + left[1].denominator.bit_length()) * abs(exponent) > 2 * BITS:
        raise NotUnderstood
    corners = [left[0] ** int(exponent), left[1] ** int(exponent)]
    if left[0] < 0 < left[1] and exponent % 2 == 0:
        corners.append(Fraction(0))
    return min(corners), max(corners)


def _bounded(found: Range) -> Range:
    if any(abs(end.numerator).bit_length() > BITS or end.denominator.bit_length() > BITS for end in found):
        raise NotUnderstood
    return found


def numbers(node: Node) -> list[Number]:
    """The numbers of an expression, from left to right."""
    if node.number is not None and not node.op:
        return [node.number]
    return [number for arg in node.args for number in numbers(arg)]


def operators(node: Node) -> set[str]:
    """The operators of an expression."""
    return {node.op}.union(*map(operators, node.args)) - {""}

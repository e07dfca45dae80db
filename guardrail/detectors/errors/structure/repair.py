"""The one JSON value that a broken text can mean, or nothing: a guess is worse than a refusal.

Rules:
1. What is mended has one reading: a Markdown fence or words around the value, comments, trailing commas, single,
   curly and full-width quotes and punctuation, `True`, `False` and `None`, names without quotes, a comma missing before
   the next member of an object or between two objects of an array, raw line breaks in strings, `\\'` and `\\x41`, `+1`,
   `.5`, `5.` and `1_000`, and brackets that are missing at the very end.
2. What has two readings is refused: a string that ends nowhere or holds its own quote, words without quotes as a
   value, a bracket of the wrong kind, two values, an empty place (`[1,,2]`), a name twice, `NaN`, `undefined`, `012`,
   `0x1F`, `\\d` (JavaScript drops the backslash, Python keeps it); and an end after a comma, a colon or a bare number,
   where more was to come.
3. Text that is JSON comes back as it is, and what is not touched keeps its bytes: numbers stay as they were written.
4. The result is read again by the strict reader, and where a schema is given it must meet it.
5. One pass without recursion; time is linear in the text.

Why not json_repair (MIT), the usual library: it never refuses.  It turns `{"a": v"alu"e}` and `{foo: [}` into values of
its own and drops what it cannot place, which is right for a program that retries and wrong for a guard that would send
an invented value on as the model's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guardrail.detectors.errors.structure.strict_json import DEPTH, parse
from guardrail.wire import jsontext

if TYPE_CHECKING:
    from guardrail.detectors.errors.structure.schema import Budget

LONGEST = 1_000_000
"""Characters up to which a repair is tried."""

_BLANK = " \t\r\n\f\v\u00a0\u3000\ufeff\u200b\u2060\u2028\u2029"
_SKIP = re.compile(rf"[{_BLANK}]*+")
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*(?s:.*?)\*/")
_FENCES = ("```", "~~~")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n`]*$", re.MULTILINE)
_ALIKE = {"｛": "{", "｝": "}", "［": "[", "］": "]", "：": ":", "，": ","}
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "＂": "＂"}
_PLAIN = {quote: re.compile(rf"[^{quote}{close}\\\x00-\x1f]++") for quote, close in _QUOTES.items()}
_WORDS = {"True": "true", "False": "false", "None": "null", "true": "true", "false": "false", "null": "null"}
_WORD = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,14})(?![\w.])")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>0|[1-9][0-9]*+(?:_[0-9]++)*+)?(?P<point>\.(?P<part>[0-9]++)?+)?(?P<power>[eE][+-]?[0-9]++)?+"
    r"(?![\w.])"
)
_ESCAPE = re.compile(r"""\\(?:(["\\/bfnrt])|(u[0-9a-fA-F]{4})|'|x([0-9a-fA-F]{2}))""")
_OPENING = re.compile(r"[{\[｛［]")
_INDENT = re.compile(r"[ \t]*+")
_LABEL = re.compile(r"\s*[\w-]+\s*[:：]\s*")
_NO_NAME = re.compile(
    r"\s*(?:(?:json|output|answer|result|response|sure|ok|okay|here)\b|答案|輸出|输出|結果|结果|回答|回覆|回复|好|如下|以下)",
    re.IGNORECASE,
)
_CLOSING = {"{": "}", "[": "]"}


class _Refused(Exception):
    """The text has no single reading."""


def repair(text: str, schema: Mapping[str, Any] | bool | None = None, budget: "Budget | None" = None) -> str | None:
    """The JSON text that `text` means, None where that is not certain or does not meet `schema`.

    >>> repair("```json\\n{'name': '陳大文', age: 30,}\\n```")
    '{"name": "陳大文", "age": 30}'
    >>> repair('{"key": "v"alu"e"}') is None
    True
    """
    if len(text) > LONGEST:
        return None
    mended = _read_whole(text)
    if mended is None or schema is None:
        return mended
    from guardrail.detectors.errors.structure.schema import checked

    verdict = checked(mended, schema, budget)
    return mended if verdict.checked and verdict.fault is None else None


@dataclass(frozen=True, slots=True)
class Embedded:
    """Good JSON inside other text; `fenced` where a Markdown fence is all that surrounds it."""

    text: str
    fenced: bool


def embedded(text: str) -> Embedded | None:
    """The one JSON object or array that stands in a fence or between words, read strictly; None where there is none."""
    body = _body(text)
    if body is None:
        return None
    whole = text.strip(_BLANK)
    fenced = whole.startswith(_FENCES) and whole.endswith(_FENCES)
    if body != whole and parse(body).fault is None:
        return Embedded(body, fenced)
    first, last = _OPENING.search(body), max(body.rfind("}"), body.rfind("]"))
    inside = body[first.start() : last + 1] if first else ""
    return Embedded(inside, fenced=False) if inside and parse(inside).fault is None else None


def fit(text: str, schema: Mapping[str, Any] | bool, budget: "Budget | None" = None) -> str | None:
    """Valid JSON that does not meet `schema`, with values written as the type that it asks for, None where that is
    not enough: `"42"` where a number is due, `42` where a string is, JSON in a string where an object or array is.
    All its validations share `budget`."""
    from guardrail.detectors.errors.structure.schema import Budget, checked

    budget = budget or Budget()
    for _ in range(_MOST):
        verdict = checked(text, schema, budget)
        if verdict.fault is None:
            return text if verdict.checked else None
        raw = text.encode("utf-8", "surrogatepass")
        literal = _as_type(verdict.fault.value, verdict.fault.types)
        if literal is None or verdict.fault.keyword != "type":
            return None
        try:
            text = jsontext.splice(raw, {verdict.fault.path: literal}).decode("utf-8", "surrogatepass")
        except jsontext.JsonError:
            return None
    return None


_MOST = 16
"""Values that `fit` writes anew at most."""


def _as_type(value: Any, types: tuple[str, ...]) -> bytes | None:
    """`value` as the one type asked for, where its spelling is that type's own."""
    if len(types) != 1:
        return None
    wanted = types[0]
    if wanted == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(json.dumps(value)).encode() if isinstance(value, int) else None
    if not isinstance(value, str) or parse(value).fault is not None:
        return None
    first = value.strip()[0]
    is_so = {
        "number": first in "-0123456789",
        "integer": first in "-0123456789" and not set(value) & set(".eE"),
        "boolean": first in "tf",
        "object": first == "{",
        "array": first == "[",
    }
    return value.encode("utf-8", "surrogatepass") if is_so.get(wanted) else None


def _read_whole(text: str) -> str | None:
    parsed = parse(text)
    if parsed.fault is None:
        return text
    body = _body(text)
    if body is None:
        return None
    parsed = parse(body)
    if parsed.fault is not None:
        try:
            body = _Reader(body).mended()
        except _Refused:
            return None
        parsed = parse(body)
    return None if parsed.fault is not None or parsed.repeated else body


def _body(text: str) -> str | None:
    """The part of `text` that holds the value: what its one fence holds, else from the first bracket to the end of the
    text, with words that hold no bracket before it; None where there may be two."""
    fences = list(_FENCE.finditer(text))
    if len(fences) > 2:
        return None
    if fences:
        before, inside = text[: fences[0].start()], text[fences[0].end() :]
        after = ""
        if len(fences) == 2:
            before, inside, after = before, text[fences[0].end() : fences[1].start()], text[fences[1].end() :]
        elif before.strip():  # the opening one is missing
            before, inside = "", before
            after = text[fences[0].end() :]
        if _has_bracket(before) or _has_bracket(after):
            return None
        return inside.strip(_BLANK)
    body = text.strip(_BLANK)
    for mark in ("```", "~~~", "`"):
        if body.startswith(mark) and len(body) > 2 * len(mark) and body.endswith(mark):
            return body.removeprefix(mark).removesuffix(mark).strip(_BLANK)
    return body.removesuffix("```").rstrip(_BLANK)


def _has_bracket(text: str) -> bool:
    return any(mark in text for mark in "{}[]｛｝［］")


def _names_it(words: str) -> bool:
    """Whether what stands before a value is the name of a member, which the value alone would lose."""
    return _LABEL.fullmatch(words) is not None and _NO_NAME.match(words) is None


class _Reader:
    """Reads a value kindly and writes it strictly."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.open: list[tuple[str, int]] = []  # bracket, and the indentation of its line
        self.line, self.indent = 0, -1  # where the line of the last bracket begins, and by how much it is indented
        self.skewed = False  # a closing bracket stood under another than the one that it closes

    def mended(self) -> str:
        """The value as JSON.  Raises _Refused."""
        if self._bracket_at(self._blank(self.at)) is None:
            self._prelude()
        self._space()
        if self._mark() not in "{[":
            raise _Refused
        self._value()
        while self.open:
            if not self._after_value():
                break
        self._end()
        return "".join(self.out).strip(_BLANK)

    def _prelude(self) -> None:
        """Past words before the value."""
        found = _OPENING.search(self.text)
        words = self.text[: found.start()] if found else ""
        if found is None or any(mark in words for mark in '}]｝］"“') or _names_it(words):
            raise _Refused
        self.at = found.start()

    def _end(self) -> None:
        if self.open:
            return
        kept = len(self.out)
        self._space()
        del self.out[kept:]
        rest = self.text[self.at :]
        if _has_bracket(rest) or any(mark in rest for mark in '"“:：'):
            raise _Refused

    def _mark(self) -> str:
        mark = self.text[self.at : self.at + 1]
        return _ALIKE.get(mark, mark)

    def _bracket_at(self, at: int) -> str | None:
        mark = self.text[at : at + 1]
        mark = _ALIKE.get(mark, mark)
        return mark if mark and mark in "{[" else None

    def _blank(self, at: int) -> int:
        found = _SKIP.match(self.text, at)
        return found.end() if found else at

    def _space(self) -> bool:
        """Copy white space, leave comments out; whether there was any."""
        began = self.at
        while True:
            end = self._blank(self.at)
            self.out.append(re.sub(r"[^ \t\r\n]", " ", self.text[self.at : end]))
            self.at = end
            comment = _COMMENT.match(self.text, end)
            if comment is None:
                return self.at > began
            self.at = comment.end()
            if self.out[-1].endswith(" "):
                self.out[-1] = self.out[-1].rstrip(" \t")

    def _value(self) -> None:
        """One value; of a container its opening alone, up to where its first value or its end stands."""
        mark = self._mark()
        if mark in ("{", "["):
            if len(self.open) == DEPTH:
                raise _Refused
            self.open.append((mark, self._indent(self.at)))
            self._put(mark)
            self._space()
            if self._mark() == _CLOSING[mark]:
                return self._close()
            return self._member()
        if mark and mark in _QUOTES:
            return self._string()
        word = _WORD.match(self.text, self.at)
        if word:
            literal = _WORDS.get(word.group())
            if literal is None:
                raise _Refused
            self.out.append(literal)
            self.at = word.end()
            return None
        return self._number()

    def _member(self) -> None:
        """What stands in a container from a place where something must stand: nested values are opened in turn."""
        while True:
            if not self._mark():
                raise _Refused  # an end after a bracket or a comma: more was to come
            if self.open[-1][0] == "{":
                self._name()
            mark = self._mark()
            if mark not in ("{", "["):
                return self._value()
            if len(self.open) == DEPTH:
                raise _Refused
            self.open.append((mark, self._indent(self.at)))
            self._put(mark)
            self._space()
            if self._mark() == _CLOSING[mark]:
                return self._close()

    def _after_value(self) -> bool:
        """From the end of a value to the end of the next; False at the end of the text, the brackets closed."""
        spaced = self._space()
        mark = self._mark()
        kind = self.open[-1][0]
        if not mark:
            self._close_all(spaced)
            return False
        if mark == _CLOSING[kind]:
            self._close()
            return True
        if mark == ",":
            comma = len(self.out)
            self._put(",")
            self._space()
            if self._mark() == _CLOSING[kind]:
                self.out[comma] = ""
                self._close()
                return True
            self._member()
            return True
        if not self._comma_missing(kind, mark):
            raise _Refused
        end = len(self.out)
        while end and not self.out[end - 1].strip(_BLANK):
            end -= 1
        self.out.insert(end, ",")
        self._member()
        return True

    def _comma_missing(self, kind: str, mark: str) -> bool:
        """Whether what follows a value can only be the next member: a name with its colon after a value, or an object
        after an object."""
        last = next((piece for piece in reversed(self.out) if piece.strip(_BLANK)), "")
        if kind == "[":
            return mark == "{" and last == "}"
        if mark not in ('"', "“", "'", "＂"):
            return False
        closing = self.text.find(_QUOTES[self.text[self.at]], self.at + 1)
        after = self._blank(closing + 1)
        return closing > 0 and self.text[after : after + 1] in (":", "：") and after > 0

    def _name(self) -> None:
        mark = self._mark()
        if mark and mark in _QUOTES:
            self._string()
        else:
            word = _INDEX.match(self.text, self.at) or _WORD.match(self.text, self.at)
            if word is None or word.group() in _WORDS:
                raise _Refused
            self.out.append(json.dumps(word.group(), ensure_ascii=False))
            self.at = word.end()
        self._space()
        if self._mark() != ":":
            raise _Refused
        self._put(":")
        self._space()

    def _string(self) -> None:
        quote = self.text[self.at]
        closing, plain = _QUOTES[quote], _PLAIN[quote]
        self.at += 1
        pieces = ['"']
        while True:
            run = plain.match(self.text, self.at)
            if run:
                pieces.append(run.group() if quote == '"' else run.group().replace('"', '\\"'))
                self.at = run.end()
            mark = self.text[self.at : self.at + 1]
            if not mark:
                raise _Refused
            if mark == closing:
                break
            pieces.append(self._escape() if mark == "\\" else self._control(mark))
        self.at += 1
        self.out.append("".join((*pieces, '"')))

    def _control(self, mark: str) -> str:
        if mark >= " ":
            raise _Refused  # an opening quote inside
        self.at += 1
        return json.dumps(mark)[1:-1]

    def _escape(self) -> str:
        found = _ESCAPE.match(self.text, self.at)
        if found is None:
            raise _Refused
        self.at = found.end()
        if found.group(3):
            return json.dumps(chr(int(found.group(3), 16)))[1:-1]
        return "'" if found.group() == "\\'" else found.group()

    def _number(self) -> None:
        found = _NUMBER.match(self.text, self.at)
        if found is None or not (found["whole"] or found["part"]):
            raise _Refused
        sign = "" if found["sign"] == "+" else found["sign"]
        whole = (found["whole"] or "0").replace("_", "")
        part = f".{found['part'] or '0'}" if found["point"] else ""
        self.out.append(f"{sign}{whole}{part}{found['power'] or ''}")
        self.at = found.end()

    def _put(self, mark: str) -> None:
        self.out.append(mark)
        self.at += 1

    def _close(self) -> None:
        kind, indent = self.open.pop()
        here = self._indent(self.at)
        if self.line + here == self.at and here != indent:
            self.skewed = True
        self._put(_CLOSING[kind])

    def _close_all(self, spaced: bool) -> None:
        """Brackets that are missing at the very end; not where the layout says that one is missing further up, nor
        after a number, which more digits may have followed."""
        last = next((piece for piece in reversed(self.out) if piece.strip(_BLANK)), "")
        if self.skewed or (last[-1:].isdigit() and not spaced):
            raise _Refused
        self.out.append("".join(_CLOSING[kind] for kind, _ in reversed(self.open)))
        self.open.clear()

    def _indent(self, at: int) -> int:
        """The indentation of the line of `at`; places come in rising order, so each line is looked at once."""
        while (start := self.text.find("\n", self.line, at) + 1) > 0:
            self.line = start
            self.indent = -1
        if self.indent < 0:
            self.indent = self._indentation(self.line)
        return self.indent

    def _indentation(self, start: int) -> int:
        found = _INDENT.match(self.text, start)
        return found.end() - start if found else 0

"""What the reader of an answer is told of broken JSON, schemas and tool calls, in the language of the answer.

Rules: what is quoted is cut short; the reasons of `strict_json` are constants, and each has its Chinese here (a test
holds the two together); a place is given as an editor counts it, or as a JSON path.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from guardrail.detectors.errors.structure.schema import Fault
from guardrail.text.language import language
from guardrail.text.wording import Wording
from guardrail.types import Pointer

REASONS = {
    "a comma with nothing after it": ("逗號之後沒有內容", "逗号之后没有内容"),
    "a comment, which JSON does not have,": ("有註解，而 JSON 不容許註解", "有注释，而 JSON 不允许注释"),
    "a comment after the value": ("內容之後有註解", "内容之后有注释"),
    "a string in single quotes": ("文字用了單引號", "字符串用了单引号"),
    "a name in single quotes": ("名稱用了單引號", "名称用了单引号"),
    "a name without double quotes": ("名稱沒有雙引號", "名称没有双引号"),
    "a name is missing": ("欠缺名稱", "缺少名称"),
    "a name without a colon after it": ("名稱之後沒有冒號", "名称之后没有冒号"),
    "a number that JSON does not allow": ("數字的寫法不合規定", "数字的写法不合规定"),
    "a number that JSON does not have": ("有 JSON 沒有的數值", "有 JSON 没有的数值"),
    "a constant of another language": ("用了其他程式語言的常數", "用了其他编程语言的常量"),
    "a Markdown code fence": ("有 Markdown 程式碼標記", "有 Markdown 代码标记"),
    "a byte order mark": ("開頭有位元組順序標記", "开头有字节顺序标记"),
    "punctuation where a value must stand": ("應有值的地方只有標點", "应有值的地方只有标点"),
    "text that is not JSON": ("有不屬於 JSON 的文字", "有不属于 JSON 的文字"),
    "the text ends before the value is complete": ("內容未完便結束", "内容未完便结束"),
    "the text ends inside an object": ("物件未完便結束", "对象未完便结束"),
    "the text ends inside a string": ("文字未完便結束，欠缺引號", "字符串未完便结束，缺少引号"),
    "a bracket of the wrong kind in an array": ("陣列用錯了括號", "数组用错了括号"),
    "a bracket of the wrong kind in an object": ("物件用錯了括號", "对象用错了括号"),
    "a comma is missing in an array": ("陣列中欠缺逗號", "数组中缺少逗号"),
    "a comma is missing in an object": ("物件中欠缺逗號", "对象中缺少逗号"),
    "an escape that JSON does not have, in a string": ("文字中有 JSON 沒有的轉義", "字符串中有 JSON 没有的转义"),
    "a control character that must be escaped, in a string": (
        "文字中有未經轉義的控制字元",
        "字符串中有未转义的控制字符",
    ),
    "more text after the value": ("內容之後還有其他文字", "内容之后还有其他文字"),
    "an object has the same name twice": ("同一物件有重複的名稱", "同一对象有重复的名称"),
}
"""The reasons of `strict_json` in Chinese, Traditional and Simplified."""

_INVALID = Wording(
    "This should be JSON that a program can read, but it is not: {reason} (line {line}, column {column}).",
    "這裏應該是程式可以讀取的 JSON，但格式有錯：第 {line} 行第 {column} 個字，{reason}。",
    "这里应该是程序可以读取的 JSON，但格式有错：第 {line} 行第 {column} 个字符，{reason}。",
)
_FENCED = Wording(
    "This should be JSON alone, but it stands inside a Markdown code fence, which a program cannot read.",
    "這裏應該只有 JSON，但內容卻放在 Markdown 程式碼標記之內，程式無法直接讀取。",
    "这里应该只有 JSON，但内容放在 Markdown 代码标记之内，程序无法直接读取。",
)
_EXPECTED = Wording(
    "{path}: expected {expected}, got {got}.",
    "{path}：應為{expected}，但得到{got}。",
    "{path}：应为{expected}，但得到{got}。",
)
_MISSING = Wording("{path}: `{name}` is missing.", "{path}：欠缺 `{name}`。", "{path}：缺少 `{name}`。")
_SURPLUS = Wording(
    "{path}: the format that was asked for has no such item.",
    "{path}：所要求的格式沒有這一項。",
    "{path}：所要求的格式没有这一项。",
)
_LIMIT = Wording(
    "{path}: {got} does not meet the condition {keyword}{limit} of the format that was asked for.",
    "{path}：{got}不符合所要求格式的條件 {keyword}{limit}。",
    "{path}：{got}不符合所要求格式的条件 {keyword}{limit}。",
)
_NOT_OFFERED = Wording(
    "The tool `{name}` was called, but it was not offered. Offered: {offered}.",
    "回答使用了工具 `{name}`，但並沒有提供這個工具。可用的有：{offered}。",
    "回答使用了工具 `{name}`，但并没有提供这个工具。可用的有：{offered}。",
)
_BAD_CALL = Wording(
    "The call of the tool `{name}` cannot be read: {reason} (line {line}, column {column}).",
    "工具 `{name}` 的參數無法讀取：第 {line} 行第 {column} 個字，{reason}。",
    "工具 `{name}` 的参数无法读取：第 {line} 行第 {column} 个字符，{reason}。",
)
_CALL = Wording("Tool `{name}`: {what}", "工具 `{name}`：{what}", "工具 `{name}`：{what}")
_ONE_OF = Wording("one of {values}", "以下之一：{values}", "以下之一：{values}")
_OR = Wording(" or ", "或", "或")
_NOTHING = Wording("none", "沒有", "没有")
_TYPES = {
    "string": Wording("string", "文字（string）", "字符串（string）"),
    "number": Wording("number", "數字（number）", "数字（number）"),
    "integer": Wording("integer", "整數（integer）", "整数（integer）"),
    "boolean": Wording("boolean", "是非值（boolean）", "布尔值（boolean）"),
    "object": Wording("object", "物件（object）", "对象（object）"),
    "array": Wording("array", "陣列（array）", "数组（array）"),
    "null": Wording("null", "空值（null）", "空值（null）"),
}
_DEEP = ("層數太多", "层数太多")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SIMPLE = re.compile(r"[^\W\d]\w*")
_MOST = 60  # characters of a name, a path or a value that are shown


def invalid(lang: str, text: str, reason: str | None, at: int) -> str:
    """What is wrong with an answer that had to be JSON; `reason` None for a fence around good JSON."""
    return _FENCED.to(lang) if reason is None else _INVALID.to(lang, reason=_reason(reason, lang), **_at(text, at))


def mismatch(lang: str, fault: Fault) -> str:
    """What a value should have been."""
    path, got = path_of(fault.path), _type_of(fault.value, lang)
    if fault.keyword == "type":
        expected = _OR.to(lang).join(_TYPES[one].to(lang) if one in _TYPES else one for one in fault.types)
        return _EXPECTED.to(lang, path=path, expected=expected, got=got)
    if fault.keyword in ("enum", "const"):
        expected = (
            _ONE_OF.to(lang, values=_short(fault.expected)) if fault.keyword == "enum" else _short(fault.expected)
        )
        return _EXPECTED.to(lang, path=path, expected=expected, got=_shown(fault.value))
    if fault.keyword == "required":
        return _MISSING.to(lang, path=path, name=_short(fault.expected))
    if fault.keyword in ("additionalProperties", "unevaluatedProperties", "false"):
        return _SURPLUS.to(lang, path=path)
    limit = f" {_short(fault.expected)}" if fault.expected else ""
    return _LIMIT.to(lang, path=path, got=_shown(fault.value), keyword=fault.keyword, limit=limit)


def not_offered(lang: str, name: str, offered: Sequence[str]) -> str:
    """That a tool was called which the request did not offer."""
    names = ", ".join(f"`{_short(one, 24)}`" for one in offered[:4]) + (" …" if len(offered) > 4 else "")
    return _NOT_OFFERED.to(lang, name=_short(name), offered=names or _NOTHING.to(lang))


def bad_call(lang: str, name: str, text: str, reason: str, at: int) -> str:
    """That the arguments of a call do not parse."""
    return _BAD_CALL.to(lang, name=_short(name), reason=_reason(reason, lang), **_at(text, at))


def bad_argument(lang: str, name: str, fault: Fault) -> str:
    """That the arguments of a call are not as the tool asks."""
    return _CALL.to(lang, name=_short(name), what=mismatch(lang, fault))


def path_of(path: Pointer) -> str:
    """A place as a JSON path (RFC 9535).

    >>> path_of(("items", 2, "unit price"))
    '$.items[2]["unit price"]'
    """
    parts = [
        f"[{part}]"
        if isinstance(part, int)
        else f".{part}"
        if _SIMPLE.fullmatch(part)
        else f"[{json.dumps(part, ensure_ascii=False)}]"
        for part in path
    ]
    return _short("$" + "".join(parts))


def reader(text: str, prompt: str) -> str:
    """The language to write in beside a JSON text: that of the Chinese in it, for names are English everywhere, else
    that of the request."""
    chinese = "".join(_HAN.findall(text[:4000]))
    return language(chinese) if len(chinese) > 1 else language(prompt)


def _reason(reason: str, lang: str) -> str:
    if lang not in ("zh-Hans", "zh-Hant", "zh", "yue"):
        return reason.rstrip(",")
    return REASONS.get(reason, _DEEP)[lang == "zh-Hans"]


def _at(text: str, at: int) -> dict[str, int]:
    return {"line": text.count("\n", 0, at) + 1, "column": at - text.rfind("\n", 0, at)}


def _type_of(value: Any, lang: str) -> str:
    name = (
        "null"
        if value is None
        else "boolean"
        if isinstance(value, bool)
        else "string"
        if isinstance(value, str)
        else "number"
        if isinstance(value, int | float)
        else "array"
        if isinstance(value, list)
        else "object"
    )
    return _TYPES[name].to(lang)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(_short(value), ensure_ascii=False)
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str, most: int = _MOST) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

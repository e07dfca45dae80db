"""A client that asked for JSON and gets something its parser refuses must learn of it, with the place."""

import inspect
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.structure import strict_json
from guardrail.detectors.errors.structure.asking import json_asked
from guardrail.detectors.errors.structure.detector import Structure
from guardrail.detectors.errors.structure.strict_json import DEPTH, parse
from guardrail.detectors.errors.structure.words import REASONS
from guardrail.detectors.protocol import Detector, Options
from guardrail.types import Context, Finding, Stage

ASKED = Context(response_format={"type": "json_object"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def found(text: str, context: Context = ASKED) -> list[Finding]:
    return Structure().detect([text], context)[0]


def test_is_a_detector() -> None:
    assert isinstance(Structure(), Detector)


@pytest.mark.parametrize(
    "text",
    [
        '{"名":"陳大文","n":[1,-0,0.5,1e9,1E-2]}',
        " \r\n\t[] \n",
        "0",
        '""',
        "null",
        '"\\ud800"',
        '"\\u0000\u2028\u007f"',
        "{}",
        "[{},[]]",
    ],
)
def test_json_passes(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "start", "says"),
    [
        ("[1, 2,]", 5, "comma"),
        ('{"a": 1,}', 7, "comma"),
        ('{"a": 1 // 註\n}', 7, "comment"),
        ("/* 註 */ {}", None, "comment"),
        ("{'a': 1}", 1, "single quotes"),
        ("{a: 1}", 1, "without double quotes"),
        ('{"a": NaN}', 6, "number"),
        ("[-Infinity]", 1, "number"),
        ("[012]", 1, "number"),
        ("[1.]", 1, "number"),
        ("[+1]", 1, "number"),
        ("[.5]", 1, "number"),
        ('{"a": True}', 6, "constant of another language"),
        ('{"a": "中', None, "ends inside a string"),
        ('{"a": [1, 2', None, "ends before"),
        ('{"a": "x\ny"}', 8, "control character"),
        ('["\\x41"]', 2, "escape"),
        ('{"a" 1}', 5, "colon"),
        ('{"a": 1 "b": 2}', 7, "comma is missing"),
        ("[1}", 2, "wrong kind"),
        ('{"a":1} {"b":2}', 8, "more text"),
        ('\ufeff{"a":1}', None, "byte order mark"),
        ('好的，JSON 如下：{"a":1}', None, "not JSON"),
        ("｛＂a＂：1｝", None, "not JSON"),
        ("[1，2]", 2, "comma is missing"),
        ("[1]\f", 3, "more text"),
        ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), DEPTH, "deep"),
    ],
)
def test_what_a_parser_refuses_is_placed_and_named(text: str, start: int | None, says: str) -> None:
    (finding,) = found(text)
    assert (finding.kind, finding.score, finding.start) == ("error.invalid_json", 1.0, start)
    assert finding.end == (None if start is None else len(text))
    assert says in finding.evidence


def test_the_place_is_counted_as_an_editor_counts() -> None:
    (finding,) = found('{\n  "名": 1,\n  "數": 一\n}')
    assert "line 3, column 8" in finding.evidence


@pytest.mark.parametrize(
    "text", ['```json\n{"a":1}\n```', "\n~~~\n[1]\n~~~\n", "```{}```", '```JSON\r\n{"a":1}\r\n```  ']
)
def test_a_fence_around_good_json_is_called_a_fence(text: str) -> None:
    (finding,) = found(text)
    assert "fence" in finding.evidence
    assert finding.score == 0.9


def test_bad_json_in_a_fence_is_bad_json() -> None:
    (finding,) = found('```json\n{"a":1,}\n```')
    assert finding.score == 1.0


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1,"b":{},"\\u0061":2}', '[{"名":1,"名":1}]'])
def test_a_name_twice_is_doubtful_not_broken(text: str) -> None:
    (finding,) = found(text)
    assert finding.score == 0.5
    assert json.loads(text[finding.start : finding.end]) in ("a", "名")
    assert text[: finding.start].count(text[finding.start or 0]) > 0


def test_the_same_name_in_two_objects_is_fine() -> None:
    assert found('[{"a":1},{"a":{"a":2}}]') == []


@pytest.mark.parametrize(
    "context",
    [
        Context(),
        Context(response_format={"type": "text"}),
        Context(stage=Stage.REQUEST, response_format={"type": "json_object"}),
    ],
)
def test_prose_is_fine_where_nobody_asked_for_json(context: Context) -> None:
    assert found("好的，冇問題。", context) == []


def test_a_schema_asks_for_json_too_and_a_cut_answer_is_still_invalid() -> None:
    cut = Context(response_format={"type": "json_schema", "schema": {}}, finish_reason="length")
    assert [f.kind for f in found('{"a": "b', cut)] == ["error.invalid_json"]


@pytest.mark.parametrize("text", ["", " \n\u3000"])
def test_an_empty_answer_is_somebody_elses_finding(text: str) -> None:
    assert found(text) == []


@given(JSON, st.booleans())
def test_whatever_a_serialiser_writes_passes(value: object, ascii_only: bool) -> None:
    assert found(json.dumps(value, ensure_ascii=ascii_only)) == []


@given(JSON, st.data())
def test_agrees_with_the_standard_library_on_damaged_json(value: object, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=data.draw(st.sampled_from([None, 1])))
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(["", ",", '"', "}", "0", "\\", "\n", "中", "e"])) + text[at + 1 :]

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        json.loads(text, parse_constant=refuse, parse_int=len, parse_float=len)
        good = True
    except ValueError:
        good = False
    assert (parse(text).fault is None) == good


@given(st.text(alphabet='[]{}",:0-9eE.\\u tfn\n`~中', max_size=60))
def test_any_text_gets_an_answer_inside_its_bounds(text: str) -> None:
    for finding in found(text):
        assert (finding.start is None) == (finding.end is None)
        assert 0 <= (finding.start or 0) < (finding.end or 1) <= max(len(text), 1)


@pytest.mark.parametrize(
    "text",
    ["[" * 300_000, '"' + "\\n" * 200_000, "```\n" + " \n" * 200_000 + "```", '{"a":' * 100_000, "1" * 300_000 + "x"],
)
def test_hostile_bulk_is_read_once(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "prompt",
    [
        "Extract the names. Respond only with JSON.",
        "Return ONLY a valid JSON object with the keys a and b",
        "Output JSON only, no other text.",
        "List them. Do not use Markdown. Return JSON and nothing else.",
        "Your response must be valid JSON.",
        "請只輸出JSON",
        "以JSON格式輸出，不要任何其他文字。",
        "淨係俾JSON我就得",
        "请仅返回JSON，不要解释",
        "輸出必須是合法的JSON",
        "你的回答应该是一个仅包含以上字段的json，不要有多余的解释",
    ],
)
@pytest.mark.parametrize("place", ["prompt", "system"])
def test_json_is_asked_for_in_words(prompt: str, place: str) -> None:
    assert json_asked(Context(**{place: prompt})) == "words"


@pytest.mark.parametrize(
    "prompt",
    [
        "Why does my API return only JSON?",
        "How do I make a model respond only with JSON?",
        "Do not return only JSON; explain too.",
        "Give me an example in JSON format.",
        "What does 'respond only with JSON' mean?",
        "Write a script that outputs only valid JSON",
        "Create a REST endpoint which must return JSON only",
        "點解佢只輸出JSON？",
        "為什麼模型只返回JSON",
        "請解釋「只輸出JSON」係咩意思",
        "不要只輸出JSON",
        "用JSON格式輸出",
        "JSON 只是一種格式",
    ],
)
def test_json_is_only_spoken_of(prompt: str) -> None:
    assert json_asked(Context(prompt=prompt)) == ""


@pytest.mark.parametrize(
    ("answer", "least", "most", "repair"),
    [
        ("{'a': True}", 0.8, 1.0, '"a": true}'),
        ('{"a": 1', 0.8, 1.0, None),
        ("好的，共有三個。", 0.6, 0.8, None),
        ('好的！\n{"a": 1}', 0.6, 0.8, '{"a": 1}'),
        ('```json\n{"a": 1}\n```', 0.3, 0.6, '{"a": 1}'),
        ("Sorry, I can't help with that.", 0.3, 0.6, None),
    ],
)
def test_asked_in_words_a_fence_or_a_sentence_is_a_lesser_matter(
    answer: str, least: float, most: float, repair: str | None
) -> None:
    (finding,) = found(answer, Context(prompt="請只輸出JSON。"))
    assert least <= finding.score <= most
    assert finding.repair == repair
    assert finding.message


def test_asked_in_words_a_tool_call_is_an_answer_too() -> None:
    assert found("稍等。", Context(system="Respond only with JSON.", has_tool_calls=True)) == []


PRICES = {
    "type": "OBJECT",
    "properties": {
        "items": {"type": "ARRAY", "items": {"type": "OBJECT", "properties": {"price": {"type": "NUMBER"}}}}
    },
    "required": ["items"],
}
SCHEMA = Context(response_format={"type": "json_schema", "schema": PRICES})


@pytest.mark.parametrize(
    ("answer", "place", "message", "repair"),
    [
        ('{"items": [{"price": "3"}]}', '"3"', "$.items[0].price: expected number, got string.", "3"),
        (
            '{"items": [{"名": "奶茶", "price": "三元"}]}',
            '"三元"',
            "$.items[0].price：應為數字（number），但得到文字（string）。",
            None,
        ),
        (
            '{"项目": "没有这个东西"}',
            '{"项目": "没有这个东西"}',
            "$：缺少 `items`。",
            None,
        ),
    ],
)
def test_a_schema_that_is_not_met_is_told_with_the_path(
    answer: str, place: str, message: str, repair: str | None
) -> None:
    (finding,) = found(answer, SCHEMA)
    assert (finding.kind, finding.message, finding.repair) == ("error.schema", message, repair)
    assert answer[finding.start : finding.end] == place
    assert "price" not in finding.evidence and "三" not in finding.evidence


def test_what_meets_the_schema_passes_and_what_cannot_be_checked_is_no_fault() -> None:
    assert found('{"items": [{"price": 3}]}', SCHEMA) == []
    loop = Context(response_format={"type": "json_schema", "schema": {"$ref": "#"}})
    assert found("{}", loop) == []


@pytest.mark.parametrize(
    "answer", ["{'items': [{'price': 3,}]}", '```json\n{"items": []}\n```', '{"items": [{"price": 3}']
)
def test_the_repair_stands_in_place_of_the_span(answer: str) -> None:
    (finding,) = found(answer, SCHEMA)
    assert finding.repair is not None
    start, end = (0, len(answer)) if finding.start is None or finding.end is None else (finding.start, finding.end)
    assert found(answer[:start] + finding.repair + answer[end:], SCHEMA) == []


def test_a_cut_answer_is_not_repaired() -> None:
    (finding,) = found('{"items": [{"price": 3}', replace(SCHEMA, finish_reason="length"))
    assert finding.score <= 0.5
    assert finding.repair is None


def test_only_what_a_rule_wants_is_looked_for() -> None:
    only = Structure().configure(Options(wanted=frozenset({"error.invalid_json"})))
    assert only.detect(["{}"], SCHEMA) == [[]]
    assert [one.kind for one in only.detect(["{"], SCHEMA)[0]] == ["error.invalid_json"]


def test_every_reason_is_told_in_chinese() -> None:
    source = inspect.getsource(strict_json)
    told = set(re.findall(r'"((?:a|an|the|text|punctuation|more)\b [^"]+)"', source.split('"""', 2)[2]))
    told = {one for one in told if not one.startswith(("arrays", "a bracket", "a comma is"))}
    assert len(told) > 15
    assert {one for one in told if one not in REASONS} <= {"an array", "an object"}
    assert all(place in " ".join(REASONS) for place in ("in an array", "in an object"))

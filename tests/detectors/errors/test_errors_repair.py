"""A repaired answer goes to a program as if the model had said it, so it must be what the model meant or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.errors.structure.repair import embedded, fit, repair

TEXT = st.text(alphabet="abcé中文，：“”「」'\"\\/{}[],:#*\n\t 0", max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
CONTAINER = st.lists(JSON, min_size=1, max_size=4) | st.dictionaries(TEXT, JSON, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('好的，結果如下：\n```\n{"名": "陳大文"}\n```\n請查收。', '{"名": "陳大文"}'),
        ('Here\'s the JSON:\n{"a": 1}\nHope this helps', '{"a": 1}'),
        ("JSON: [1, 2]", "[1, 2]"),
        ('`{"a": 1}`', '{"a": 1}'),
        ('\ufeff{"a": 1}', '{"a": 1}'),
        ('data = {"a": 1};', '{"a": 1}'),
        ("{'a': 'it\\'s', 'b': True, 'c': None}", '{"a": "it\'s", "b": true, "c": null}'),
        ('{"a": [1, 2,],}', '{"a": [1, 2]}'),
        ('{"a": 1, // 註\n "b": 2 /* two */}', '{"a": 1,\n "b": 2}'),
        ("{# 註\n'a': 1}", '{\n"a": 1}'),
        ("{name: 'x', 姓名: 'y', 5: 1}", '{"name": "x", "姓名": "y", "5": 1}'),
        ("｛“姓名”：“陳大文”，“年齡”：30｝", '{"姓名":"陳大文","年齡":30}'),
        ('{"a": "say “hi”"', '{"a": "say “hi”"}'),
        ('{"a": "x"\n "b": 2}', '{"a": "x",\n "b": 2}'),
        ('[{"a": 1}\n {"a": 2}]', '[{"a": 1},\n {"a": 2}]'),
        ('{"text": "第一行\n第二行"}', '{"text": "第一行\\n第二行"}'),
        ('{"a": [1, {"b": "c"}', '{"a": [1, {"b": "c"}]}'),
        ("[+1, .5, 5., 1_000, -0]", "[1, 0.5, 5.0, 1000, -0]"),
        ('["\\x41\\\'"]', '["A\'"]'),
        ("[1e400, 12345678901234567890]", "[1e400, 12345678901234567890]"),
    ],
)
def test_one_meaning_is_given(broken, meant):
    assert repair(broken) == meant


@pytest.mark.parametrize(
    "text",
    [
        '{"key": "v"alu"e"}',  # which quote ends it?
        '{"city": "New York, "gender": "male"}',
        '{"city": New York}',
        "{key: value}",
        '{"a": }',
        "[1,,2]",
        '{"a": 1',  # 1, or the beginning of 12?
        '{"a": 1,',  # more was to come
        '{"a": "中',
        '{"a": [1, 2}',
        '{"a": 1}}',
        '{"a": 1} {"b": 2}',
        '{"a": 1, "a": 2,}',
        "[NaN]",
        "[undefined]",
        "[012]",
        "[0x1F]",
        "['a' 'b']",  # Python reads "ab"
        '["\\d"]',
        "(1, 2)",
        "items: [1, 2]",  # the list alone would lose its name
        '{\n  "a": [\n    1\n  "b": {\n    "c": "d"\n  }\n}',
        "[1] 見註 [2]",
        "",
        "沒有任何結果。",
        "[" * 600 + "]" * 600,
    ],
)
def test_two_meanings_are_refused(text):
    assert repair(text) is None


def test_a_repair_has_to_meet_the_schema():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert repair("{'a': 1}", schema) == '{"a": 1}'
    assert repair("{'a': 'x'}", schema) is None
    assert repair("{'b': 1}", schema) is None


@pytest.mark.parametrize(
    ("text", "schema", "fitted"),
    [
        (
            '{"n": "42", "s": 7}',
            {"properties": {"n": {"type": "integer"}, "s": {"type": "string"}}},
            '{"n": 42, "s": "7"}',
        ),
        ('{"n": "4.5"}', {"properties": {"n": {"type": "INTEGER"}}}, None),
        ('{"ok": "true"}', {"properties": {"ok": {"type": "boolean"}}}, '{"ok": true}'),
        ('{"list": "[1, 2]"}', {"properties": {"list": {"type": "array"}}}, '{"list": [1, 2]}'),
        ('{"n": "四十二"}', {"properties": {"n": {"type": "number"}}}, None),
        ('{"n": null}', {"properties": {"n": {"type": "number"}}}, None),
        ('{"n": "1"}', {"properties": {"n": {"type": ["integer", "boolean"]}}}, None),
        ("{}", {"required": ["a"]}, None),
        ("[1]", {"$ref": "https://x.example/s"}, None),
    ],
)
def test_a_value_is_written_as_the_type_that_is_asked_for_or_left(text, schema, fitted):
    assert fit(text, schema) == fitted


@pytest.mark.parametrize(
    ("text", "inside", "fenced"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}', True),
        ('如下：\n```\n{"a": 1}\n```', '{"a": 1}', False),
        ('Here: {"a": [1]} ok', '{"a": [1]}', False),
    ],
)
def test_good_json_is_found_in_other_text(text, inside, fenced):
    found = embedded(text)
    assert found is not None
    assert (found.text, found.fenced) == (inside, fenced)


@pytest.mark.parametrize("text", ['{"a": 1,}', "[1] and [2]", "無", "```\n{}\n```\n```\n{}\n```"])
def test_nothing_else_is_taken_for_it(text):
    assert embedded(text) is None


@given(JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_json_comes_back_as_it_is(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert repair(text) == text


@given(CONTAINER)
def test_what_python_prints_means_the_same(value):
    mended = repair(repr(value))
    assert mended is None or json.loads(mended) == value


@given(CONTAINER, st.sampled_from(["```json\n%s\n```", "好的：\n%s", "%s;", "  %s\n\n"]))
def test_what_surrounds_a_value_changes_nothing(value, frame):
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(repair(frame.replace("%s", text)) or "0") == value


@given(CONTAINER, st.integers(1, 3))
def test_missing_brackets_are_put_back_or_the_end_is_refused(value, count):
    text = json.dumps(value, ensure_ascii=False, indent=2)
    for _ in range(count):
        if text[-1] in "]}":
            text = text[:-1].rstrip()
    mended = repair(text)
    assert mended is None or json.loads(mended) == value


@given(st.text(alphabet="[]{}\"'“”,:，：#/*\\ \n`tfnTN019.e中a", max_size=40))
def test_any_text_gets_json_or_nothing(text):
    mended = repair(text)
    if mended is not None:
        json.loads(mended)
        assert repair(mended) == mended


@pytest.mark.parametrize(
    "text",
    [
        "{" * 300_000,
        "[1," * 100_000,
        '{"a":' + " " * 300_000 + "'",
        "[" + "/*" * 200_000,
        "{'" * 100_000,
        "[{}" + " {}" * 100_000,
    ],
)
def test_hostile_bulk_is_answered(text):
    mended = repair(text)
    assert mended is None or json.loads(mended) is not None

"""A schema comes from a caller: it must be read as meant, and one that attacks must cost little and say nothing."""

import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from guardrail.detectors.errors.structure.repair import fit
from guardrail.detectors.errors.structure.schema import STEPS, Budget, Verdict, checked, plain

ITEMS = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "number"}, "code": {"type": "string", "pattern": "^[A-Z]+$"}},
                "required": ["price"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
}


@pytest.mark.parametrize(
    ("text", "path", "keyword", "expected"),
    [
        ('{"items": [{"price": 1}, {"price": 2}, {"price": "三"}]}', ("items", 2, "price"), "type", "number"),
        ("{}", (), "required", "items"),
        ("[]", (), "type", "object"),
        ('{"items": [{"price": 1, "x": 2}]}', ("items", 0, "x"), "false", ""),
        ('{"items": [{"price": 1, "code": "ab"}]}', ("items", 0, "code"), "pattern", '"^[A-Z]+$"'),
    ],
)
def test_the_place_and_what_was_due_are_named(text, path, keyword, expected):
    fault = checked(text, ITEMS).fault
    assert fault is not None
    if keyword == "false":
        assert (fault.path, fault.keyword) == (path, "additionalProperties")
    else:
        assert (fault.path, fault.keyword, fault.expected) == (path, keyword, expected)


def test_what_meets_its_schema_passes():
    assert checked('{"items": [{"price": 1.5, "code": "AB"}]}', ITEMS) == Verdict()


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "STRING", "nullable": True}, ['"a"', "null"], ["1"]),
        ({"type": "STRING", "enum": ["是", "否"], "nullable": True}, ['"是"', "null"], ['"可能"']),
        (
            {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}, "propertyOrdering": ["n"]},
            ['{"n": 1}'],
            ['{"n": 1.5}'],
        ),
        ({"type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": "1"}, ["[true]"], ["[]", "[0]"]),
        ({"type": "TYPE_UNSPECIFIED"}, ["1", "{}"], []),
        ({"anyOf": [{"type": "NUMBER"}, {"type": "NULL"}]}, ["1", "null"], ['"1"']),
        (
            {"items": [{"type": "number"}, {"type": "string"}], "additionalItems": False},
            ['[1, "a"]'],
            ["[1, 2]", '[1, "a", 3]'],
        ),
        ({"minimum": 3, "exclusiveMinimum": True}, ["4"], ["3"]),
        ({"properties": {"$schema": {"type": "string"}}}, ['{"$schema": "x"}'], ['{"$schema": 1}']),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "integer"}, ["1"], ["1.5"]),
        ({"$ref": "#/definitions/點", "definitions": {"點": {"type": "array"}}}, ["[]"], ["{}"]),
        (
            {"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": False},
            ['{"next": {"next": {}}}'],
            ['{"next": {"other": 1}}'],
        ),
        (
            {"patternProperties": {"^a": {"type": "number"}}, "additionalProperties": False},
            ['{"ab": 1}'],
            ['{"b": 1}', '{"a": "x"}'],
        ),
        ({"uniqueItems": True}, ["[1, 2]"], ["[1, 1]"]),
        ({"pattern": "^[\\u4e00-\\u9fff]+$"}, ['"中文"'], ['"abc"']),
        (True, ["1"], []),
        (False, [], ["1"]),
    ],
)
def test_dialects_are_read_as_meant(schema, good, bad):
    assert [checked(text, schema) for text in good] == [Verdict()] * len(good)
    assert all(checked(text, schema).fault is not None for text in bad)


def doubling(keyword):
    levels = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    return {"$defs": {**levels, "d40": {}}, "$ref": "#/$defs/d0"}


DEPENDENT = {
    "$defs": {
        **{f"d{n}": {"dependentSchemas": {key: {"$ref": f"#/$defs/d{n + 1}"} for key in "ab"}} for n in range(40)},
        "d40": {},
    },
    "$ref": "#/$defs/d0",
    "unevaluatedProperties": False,
}


ANY = {
    "$defs": {**{f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10} for n in range(20)}, "d20": {"enum": [[]]}}
}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ('{"a": 1}', doubling("allOf")),
        (json.dumps(["a" * 1_000_000]), {**ANY, "$ref": "#/$defs/d0"}),  # each error would quote all of it
        ("9" * 3_999, {**ANY, "$ref": "#/$defs/d0"}),
        ("1", {**ANY, "$ref": "#/$defs/d0", "$defs": {**ANY["$defs"], "d20": {"const": ["a" * 1_000_000]}}}),
        ("{}", {"if": {"$ref": "#"}, "then": {"$ref": "#"}}),  # a panic in the library's native part
        ('{"a": 1}', doubling("oneOf")),
        ('{"a": 1, "b": 2}', DEPENDENT),
        ("1", {"$ref": "#"}),
        ("1", {"$ref": "https://x.example/schema.json"}),
        ("1", {"$ref": "file:///etc/passwd"}),
        ("1", {"type": "nonsense"}),
        ("1", {"type": 5}),
        ('{"a": 1}', {"properties": []}),
        ("[" + "1," * STEPS + "1]", {"type": "array"}),
        ("1", {"not": json.loads('{"not":' * 100 + "{}" + "}" * 100)}),
    ],
)
def test_what_cannot_be_checked_is_no_fault(text, schema, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert checked(text, schema) == Verdict(checked=False)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"pattern": "^(a+)+$"}, json.dumps("a" * 50_000 + "!")),
        ({"patternProperties": {"^(a|a)*$": {}}, "additionalProperties": False}, json.dumps({"a" * 5_000 + "!": 1})),
    ],
)
def test_a_pattern_that_explodes_elsewhere_is_answered(schema, text):
    assert checked(text, schema).fault is not None


def test_a_pattern_of_another_dialect_is_not_held_against_the_answer():
    assert checked('"ab"', {"pattern": "(?=b)a"}) == Verdict()


def test_numbers_of_any_length_are_read():
    assert checked("9" * 5_000, {"type": "number"}) == Verdict()


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {},
            {"type": "string"},
            {"type": ["number", "null"]},
            {"enum": ["a", 1, None]},
            {"minimum": 2},
            {"maxLength": 1},
            {"const": True},
            {"type": "integer"},
            {"minItems": 2},
            {"required": ["a"]},
            {"uniqueItems": True},
            {"pattern": "^a"},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda s: {"items": s}, inner),
        st.builds(lambda s, t: {"properties": {"a": s, "b": t}, "additionalProperties": False}, inner, inner),
        st.builds(lambda s, t: {"anyOf": [s, t]}, inner, inner),
        st.builds(lambda s, t: {"allOf": [s, t]}, inner, inner),
        st.builds(lambda s: {"not": s}, inner),
        st.builds(lambda s, t: {"if": s, "then": t, "additionalProperties": t}, inner, inner),
        st.builds(lambda s: {"prefixItems": [s], "unevaluatedItems": False}, inner),
        st.builds(lambda s: {"patternProperties": {"^[ab]": s}, "additionalProperties": False}, inner),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2.5, "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def test_all_validations_of_one_answer_share_its_steps():
    """`fit` validates again after each value that it writes anew."""
    budget = Budget()
    schema = {"items": {"type": "integer"}, "minItems": 3}
    assert checked('["1", "2", "3"]', schema, budget).fault is not None
    left = budget.left
    assert left < STEPS
    assert fit('["1", "2", "3"]', schema, budget) == "[1, 2, 3]"
    assert budget.left < left
    assert fit('["1", "2", "3"]', schema, Budget(left=0)) is None


def test_ordinary_large_answers_are_checked_to_their_end():
    row = {
        "type": "object",
        "properties": {"名稱": {"type": "string"}, "票價": {"type": "number"}},
        "required": ["名稱"],
    }
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}}
    rows = [{"名稱": "香港仔" * 10, "票價": number} for number in range(2_000)]
    assert checked(json.dumps({"rows": rows}), schema) == Verdict()
    assert checked(json.dumps({"rows": [*rows, {"票價": 1}]}), schema).fault is not None


@given(SCHEMAS, VALUES)
def test_bounds_change_no_verdict(schema, value):
    assert (checked(json.dumps(value), schema).fault is None) == Draft202012Validator(schema).is_valid(value)


@given(SCHEMAS)
def test_plain_schemas_stay_as_they_are(schema):
    assert plain(schema) == schema

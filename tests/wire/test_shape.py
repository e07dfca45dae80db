"""Shapes: an event that is taken for a known one although anything else in it changed would not be judged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire.shape import Shape

RAW = b'{"id":"x", "choices":[{"delta":{"content":"Hello"},"n":1}],"m":"demo"}'
PLACE = ("choices", 0, "delta", "content")


@given(st.text())
def test_the_string_that_changed_is_read_back(text):
    shape = Shape.of(RAW, PLACE)
    for ascii_only in (True, False):
        literal = json.dumps(text, ensure_ascii=ascii_only).encode(errors="surrogatepass")
        assert shape.text(RAW.replace(b'"Hello"', literal)) in (text, None)
    assert shape.text(RAW.replace(b'"Hello"', json.dumps(text).encode())) == text


@pytest.mark.parametrize(
    "other",
    [
        RAW.replace(b'"x"', b'"y"'),
        RAW.replace(b'"demo"', b'"A123456(3)"'),
        RAW.replace(b'"Hello"', b'"a","content":"b"'),
        RAW.replace(b'"Hello"', b'"a"},"more":{"x":"y"'),
        RAW.replace(b'"Hello"', b"null"),
        RAW.replace(b'"Hello"', b'"'),
        RAW.replace(b'"Hello"', b'"\\"'),
        RAW.replace(b'"Hello"', b""),
        RAW.replace(b":1", b":2"),
        RAW + b" ",
        RAW[:-1],
        b"",
    ],
)
def test_anything_else_that_changed_is_another_shape(other):
    assert Shape.of(RAW, PLACE).text(other) is None


def test_a_place_that_is_not_there_has_no_shape():
    assert Shape.of(RAW, ("nowhere",)) is None

"""JSON with places: a string that is not seen is not judged, and an edit that touches more than its string breaks clients."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire import jsontext
from guardrail.wire.jsontext import KEY, JsonError

DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=20,
)


def at(document, pointer):
    for part in pointer:
        document = document[part]
    return document


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 2]))
def test_every_string_and_key_of_any_document_is_seen(document, ascii_only, indent):
    raw = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode(errors="surrogatepass")
    seen = jsontext.strings(jsontext.parse(raw), raw)
    for pointer, text in seen:
        if pointer and pointer[-1] == KEY:
            assert pointer[-2] == text
        else:
            assert at(document, pointer) == text


@given(DOCUMENTS, st.integers(0, 100), st.sampled_from([None, 2]))
def test_replacing_one_string_changes_that_string_alone(document, number, indent):
    raw = json.dumps(document, ensure_ascii=False, indent=indent).encode(errors="surrogatepass")
    values = [p for p, _ in jsontext.strings(jsontext.parse(raw), raw) if not p or p[-1] != KEY]
    if not values:
        return
    pointer = values[number % len(values)]
    out = jsontext.splice(raw, {pointer: '"改咗"'.encode()})
    old = json.dumps(at(document, pointer), ensure_ascii=False).encode(errors="surrogatepass")
    assert at(json.loads(out), pointer) == "改咗"
    assert len(out) == len(raw) - len(old) + len('"改咗"'.encode())


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a":"A123456(3)","a":"ok"}', "same key twice"),
        (b'{"a":{"x":"secret"},"b":1,"a":"ok"}', "same key twice"),
        (b"{", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 5000 + b"]" * 5000, "deeper"),
        (b'{"a":' * 200 + b'""' + b"}" * 200, "deeper"),
    ],
)
def test_a_document_that_clients_may_read_differently_is_refused(raw, why):
    with pytest.raises(JsonError, match=why):
        jsontext.strings(jsontext.parse(raw), raw)


def test_spelling_of_everything_else_survives_an_edit():
    raw = b'{ "n" : 1.0e+2, "k":[ true ,"A123456(3)" ] ,"z" :null}\n'
    assert jsontext.splice(raw, {("k", 1): b'"[HKID]"'}) == b'{ "n" : 1.0e+2, "k":[ true ,"[HKID]" ] ,"z" :null}\n'


def test_a_key_can_be_replaced_and_a_value_emptied():
    raw = b'{"A123456(3)": {"x": [1, 2]}, "y": "z"}'
    out = jsontext.splice(raw, {("A123456(3)", KEY): b'"id"'}, [("y",), ("missing",)])
    assert out == b'{"id": {"x": [1, 2]}, "y": null}'


def test_an_edit_that_finds_no_place_is_an_error():
    with pytest.raises(JsonError, match="not found"):
        jsontext.splice(b'{"a":"b"}', {("c",): b'""'})


def test_lone_surrogates_are_read_and_written_back_escaped():
    raw = b'{"a":"\\ud83d x"}'
    [_, (pointer, text)] = jsontext.strings(jsontext.parse(raw), raw)
    assert text == "\ud83d x"
    assert jsontext.splice(raw, {pointer: jsontext.literal(text)}) == raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a":1}', b'{"a":1,"g":true}'),
        (b'{"g":"theirs","a":1}', b'{"g":true,"a":1}'),
        (b"{}", b'{"g":true}'),
        (b'{"a":1} \n', b'{"a":1,"g":true} \n'),
    ],
)
def test_a_member_is_added_at_the_end(raw, expected):
    assert jsontext.set_member(raw, "g", True) == expected


def test_numbers_are_listed_with_their_places():
    raw = b'{"a": [1, true, 2.5, "7"], "b": 411111111111111111e-0, "9": null}'
    assert list(jsontext.numbers(raw)) == [(("a", 0), "1"), (("a", 2), "2.5"), (("b",), "411111111111111111")]


def test_an_edit_inside_a_value_that_is_emptied_is_gone_with_it():
    raw = b'{"l": {"content": "A123456(3)", "x": ["y"]}, "k": "A1"}'
    replaced = {("l", "content"): b'"[HKID]"', ("k",): b'"z"'}
    assert jsontext.splice(raw, replaced, [("l",)]) == b'{"l": null, "k": "z"}'


def test_utf_16_is_not_guessed():
    with pytest.raises(JsonError):
        jsontext.parse('{"a": "A123456(3)"}'.encode("utf-16"))

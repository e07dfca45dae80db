"""JSON with places: a string that is not seen is not judged, and an edit that touches more than its string breaks clients."""

import json
import random
import re

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


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        ([()], ["1", "2", "3", "4"]),
        ([("a",)], ["1", "2"]),
        ([("a", 1), ("b",)], ["2", "3"]),
        ([("a", 1, "x"), ("c",)], ["2"]),
        ([], []),
    ],
)
def test_numbers_are_listed_below_some_places_alone(roots, expected):
    """Numbers are judged where an agent acts on them; a token count must not be taken for a telephone number."""
    raw = b'{"a": [1, {"x": 2}], "b": 3, "ab": 4, "c": "5"}'
    assert [number for _, number in jsontext.numbers_under(raw, roots)] == expected


def test_a_number_can_be_replaced_by_a_number():
    raw = b'{"sequence_number": 1.0e1, "l": [ -7 ,8]}'
    out = jsontext.splice(raw, {("sequence_number",): b"11", ("l", 0): b"0"})
    assert out == b'{"sequence_number": 11, "l": [ 0 ,8]}'


def test_a_byte_order_mark_is_no_value():
    raw = b'\xef\xbb\xbf"A123456(3)"'
    assert jsontext.splice(raw, {(): b'"[HKID]"'}) == b'\xef\xbb\xbf"[HKID]"'


@pytest.mark.parametrize(
    ("raw", "removed", "expected"),
    [
        (b"[1, 2 ,3]", [(0,)], b"[2 ,3]"),
        (b"[1, 2 ,3]", [(1,)], b"[1 ,3]"),
        (b"[1, 2 ,3 ]", [(2,)], b"[1, 2 ]"),
        (b"[1, 2 ,3]", [(0,), (1,)], b"[3]"),
        (b"[1, 2 ,3]", [(1,), (2,)], b"[1]"),
        (b"[1, 2 ,3]", [(0,), (2,)], b"[2]"),
        (b"[ 1, 2 ,3 ]", [(0,), (1,), (2,)], b"[  ]"),
        (b"[\n  1,\n  2,\n  3\n]", [(1,)], b"[\n  1,\n  3\n]"),
        (b"[\n  1,\n  2,\n  3\n]", [(2,)], b"[\n  1,\n  2\n]"),
        (b'{"a" : 1 , "b" : {"x" : [2]}}', [("a",)], b'{"b" : {"x" : [2]}}'),
        (b'{"a" : 1 , "b" : {"x" : [2]}}', [("b",)], b'{"a" : 1}'),
        (b'{"a" : 1 , "b" : {"x" : [2]}}', [("b", "x")], b'{"a" : 1 , "b" : {}}'),
        (b'{"a" : 1 , "b" : {"x" : [2]}}', [("b",), ("b", "x"), ("b", "x", 0)], b'{"a" : 1}'),
        (b'{"a" : 1 , "b" : {"x" : [2]}}', [("a",), ("b", "x", 0)], b'{"b" : {"x" : []}}'),
        ('{"甲": "，]}", "乙": "简"}'.encode(), [("甲",)], '{"乙": "简"}'.encode()),
        (b"[1,2]", [], b"[1,2]"),
    ],
)
def test_a_removed_place_goes_with_its_comma(raw, removed, expected):
    assert jsontext.remove(raw, removed) == expected


@pytest.mark.parametrize(
    ("raw", "pointer", "literals", "expected"),
    [
        (b"[]", (), [b"1", b"{}"], b"[1,{}]"),
        (b"[ ]", (), [b"1"], b"[1 ]"),
        (b"[\n  0\n]", (), [b"1"], b"[\n  0,1\n]"),
        (b'{"a": {"b": [[ "x" ], 0 ]}}', ("a", "b", 0), ['"简"'.encode()], '{"a": {"b": [[ "x","简" ], 0 ]}}'.encode()),
        (b'{"a": [0]}', ("a",), [], b'{"a": [0]}'),
    ],
)
def test_elements_are_added_at_the_end_of_an_array(raw, pointer, literals, expected):
    assert jsontext.append(raw, pointer, literals) == expected


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"removed": [("b",)]}, "not found"),
        ({"removed": [("a", 3)]}, "not found"),
        ({"removed": [("a",), ("a", 3)]}, "not found"),
        ({"removed": [()]}, "only a whole element"),
        ({"removed": [("a", KEY)]}, "only a whole element"),
        ({"appended": {("b",): [b"1"]}}, "not found"),
        ({"appended": {(): [b"1"]}}, "not an array"),
        ({"appended": {("a", 0): [b"1"]}}, "not an array"),
        ({"blanks": [("a", KEY)]}, "cannot be emptied"),
        ({"replacements": {("a", KEY): b"1"}}, "must be a string"),
        ({"replacements": {("a", 1): b"1"}}, "not found"),
    ],
)
def test_an_edit_that_cannot_be_made_is_an_error(wanted, why):
    """It must not pass for made: what it was to take away would leave."""
    with pytest.raises(JsonError, match=why):
        jsontext.edit(b'{"a": ["A123456(3)"]}', **{"replacements": {}, **wanted})


@pytest.mark.parametrize(
    ("raw", "new", "expected"),
    [
        (b'{"a@x.com":1,"b@x.com": 2}', {"a@x.com": "[EMAIL]", "b@x.com": "[EMAIL]"}, b'{"[EMAIL]":1,"[EMAIL] 2": 2}'),
        (b'{"a":1,"b":2,"c":3}', dict.fromkeys("abc", "[電郵]"), '{"[電郵]":1,"[電郵] 2":2,"[電郵] 3":3}'.encode()),
        (b'{"[EMAIL]":1,"b":2}', {"b": "[EMAIL]"}, b'{"[EMAIL]":1,"[EMAIL] 2":2}'),
        (b'{"a":1,"[EMAIL]":2}', {"a": "[EMAIL]"}, b'{"[EMAIL] 2":1,"[EMAIL]":2}'),
        (b'{"a":1,"[E] 2":2,"c":3}', {"a": "[E]", "c": "[E]"}, b'{"[E]":1,"[E] 2":2,"[E] 3":3}'),
        (b'{"a":1,"b":2}', {"a": "b", "b": "c"}, b'{"b":1,"c":2}'),
        (b'{"a":1,"\\u005bE]":2}', {"a": "[E]"}, b'{"[E] 2":1,"\\u005bE]":2}'),
        (b'{"a":{"x":0},"b":{"x":0}}', {"a": "[E]"}, b'{"[E]":{"x":0},"b":{"x":0}}'),
    ],
)
def test_keys_that_become_equal_are_numbered(raw, new, expected):
    """Parsers keep one of two equal keys, so a value would be gone that nobody redacted."""
    assert jsontext.splice(raw, {(key, KEY): jsontext.literal(text) for key, text in new.items()}) == expected


def test_a_removed_key_is_no_longer_in_the_way():
    out = jsontext.edit(b'{"[E]":1,"b":2,"c":3}', {("b", KEY): b'"[E]"', ("c", KEY): b'"[E]"'}, removed=[("[E]",)])
    assert out == b'{"[E]":2,"[E] 2":3}'


def test_many_equal_keys_are_numbered_in_one_go():
    """With a search from 2 for each it would be minutes."""
    raw = json.dumps({f"user{n}@x.com": n for n in range(20_000)}).encode()
    out = jsontext.splice(raw, {(f"user{n}@x.com", KEY): b'"[EMAIL]"' for n in range(20_000)})
    assert list(json.loads(out).values()) == list(range(20_000))


# A document is written here as a tree whose leaves are JSON as it is spelled, so that a changed spelling is seen.
LEAVES = st.one_of(
    st.sampled_from(["1.0e+2", "-0", "0.10", "1E5", "true", "null", '"\\u5b57\\/"', '"\\"]},"']),
    st.text("ab[]{},:你繁简😀", max_size=5).map(lambda text: json.dumps(text, ensure_ascii=False)),
)
KEYS = st.sampled_from(["a", "b", "", "[E]", "[E] 2", "電", "电"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=16,
)


def spelled(tree, space=lambda: ""):
    if isinstance(tree, str):
        return tree
    if isinstance(tree, list):
        return "[" + (",".join(space() + spelled(child, space) + space() for child in tree) or space()) + "]"
    members = (
        space() + json.dumps(key, ensure_ascii=False) + space() + ":" + space() + spelled(child, space) + space()
        for key, child in tree.items()
    )
    return "{" + (",".join(members) or space()) + "}"


def places(tree, pointer=()):
    yield pointer, tree
    children = enumerate(tree) if isinstance(tree, list) else tree.items() if isinstance(tree, dict) else ()
    for part, child in children:
        yield from places(child, (*pointer, part))


def edited(tree, edits, pointer=()):
    """The same edits made on the tree."""
    if pointer in edits["replacements"]:
        return edits["replacements"][pointer].decode()
    if pointer in edits["blanks"]:
        return "null"
    if isinstance(tree, list):
        kept = [(n, child) for n, child in enumerate(tree) if (*pointer, n) not in edits["removed"]]
        added = [literal.decode() for literal in edits["appended"].get(pointer, ())]
        return [edited(child, edits, (*pointer, n)) for n, child in kept] + added
    if isinstance(tree, dict):
        kept = {key: child for key, child in tree.items() if (*pointer, key) not in edits["removed"]}
        names = renamed([(key, edits["replacements"].get((*pointer, key, KEY))) for key in kept])
        return {names[key]: edited(child, edits, (*pointer, key)) for key, child in kept.items()}
    return tree


def renamed(keys):
    names = {key: key for key, new in keys if new is None}
    for key, new in keys:
        if new is not None:
            text = json.loads(new)
            tries = (text if n == 1 else f"{text} {n}" for n in range(1, 99))
            names[key] = next(name for name in tries if name not in names.values())
    return names


@st.composite
def edits_of(draw, tree):
    """Any edits at once: neighbours, all elements, and edits inside what another edit takes away."""
    edits = {"replacements": {}, "blanks": [], "removed": [], "appended": {}}
    for pointer, node in places(tree):
        match draw(st.sampled_from(["", "", "", "replace", "blank", "remove", "append"])):
            case "replace":
                edits["replacements"][pointer] = draw(LEAVES).encode()
            case "blank":
                edits["blanks"].append(pointer)
            case "remove" if pointer:
                edits["removed"].append(pointer)
            case "append" if isinstance(node, list):
                edits["appended"][pointer] = [leaf.encode() for leaf in draw(st.lists(LEAVES, max_size=2))]
        if isinstance(node, dict):
            for key in node:
                if draw(st.booleans()):
                    name = json.dumps(draw(KEYS), ensure_ascii=False)
                    edits["replacements"][(*pointer, key, KEY)] = name.encode()
    return edits


def without_space(raw):
    return "".join(re.findall(r'"(?:[^"\\]|\\.)*"|[^ \t\r\n"]+', raw.decode()))


@given(st.data(), TREES, st.integers(0, 1000))
def test_any_edits_give_what_they_give_on_the_parsed_document(data, tree, seed):
    """Every token that is not edited is spelled as it was, in the order in which it was."""
    spaces = random.Random(seed)
    raw = spelled(tree, lambda: spaces.choice(["", "", " ", "\r\n\t"])).encode()
    edits = data.draw(edits_of(tree))
    assert without_space(jsontext.edit(raw, **edits)) == spelled(edited(tree, edits))


@given(st.data(), TREES, st.integers(0, 1000))
def test_replacing_leaves_every_space_where_it_was(data, tree, seed):
    leaves = [pointer for pointer, node in places(tree) if isinstance(node, str)]
    new = {pointer: data.draw(LEAVES).encode() for pointer in leaves if data.draw(st.booleans())}
    before, after = random.Random(seed), random.Random(seed)
    raw = spelled(tree, lambda: before.choice(["", " ", "\r\n\t"])).encode()
    edits = {"replacements": new, "blanks": [], "removed": [], "appended": {}}
    expected = spelled(edited(tree, edits), lambda: after.choice(["", " ", "\r\n\t"])).encode()
    assert jsontext.splice(raw, new) == expected


@given(st.data(), TREES, st.integers(0, 1000))
def test_what_is_kept_is_the_same_bytes(data, tree, seed):
    """Removing takes out pieces and changes none: what is left is what was there, white space and all."""
    spaces = random.Random(seed)
    raw = spelled(tree, lambda: spaces.choice(["", " ", "\r\n\t"])).encode()
    gone = [pointer for pointer, _ in places(tree) if pointer and data.draw(st.booleans())]
    spans = {pointer: raw[start:end] for pointer, start, end in jsontext.locate(raw)}
    out = jsontext.remove(raw, gone)
    for pointer, node in places(tree):
        touched = any(place[: len(pointer)] == pointer or pointer[: len(place)] == place for place in gone)
        if not touched and node:
            assert spans[pointer] in out


def test_half_a_character_in_a_new_member_stays_an_escape():
    raw = jsontext.set_member(b'{"a":1}', "g", {"said": "\ud83d"})
    assert raw == b'{"a":1,"g":{"said": "\\ud83d"}}'
    assert jsontext.set_member(raw, "g", {"said": "\ud83d"}) == raw

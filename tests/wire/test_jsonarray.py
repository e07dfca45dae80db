"""An array that arrives over time: an element cut wrongly is text nobody judged, a comma set wrongly an answer nobody can read."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire import jsonarray
from guardrail.wire.frames import BOM, Frame, FrameTooLarge, FramingError
from guardrail.wire.jsonarray import JsonArrayDecoder

GEMINI = (
    '[{\n  "candidates": [\n    {\n      "content": {"parts": [{"text": "你好，\\"]}"}]}\n    }\n  ]\n}\n,\r\n'
    '{\n  "candidates": [{"content": {"parts": [{"text": "繁體與简体\\\\"}]}}]\n}\n]\n'
).encode()

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text('ab"\\[]{},: 你简繁😀\n', max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)
SPACE = st.text(" \t\r\n", max_size=3)
CUTS = st.lists(st.integers(0, 2000), max_size=12)


@st.composite
def arrays(draw, least=0):
    """An array as bytes, with white space of any kind wherever it may stand, and its elements."""
    elements = draw(st.lists(VALUES, min_size=least, max_size=5))
    indent, ascii_only = draw(st.sampled_from([None, 1])), draw(st.booleans())
    written = [json.dumps(element, indent=indent, ensure_ascii=ascii_only) for element in elements]
    inside = ",".join(draw(SPACE) + text + draw(SPACE) for text in written) or draw(SPACE)
    start = draw(st.sampled_from(["", "\ufeff"]))
    return (start + draw(SPACE) + "[" + inside + "]" + draw(SPACE)).encode(), elements


def decode(raw: bytes, cuts: list[int] = ()) -> list[Frame]:
    decoder = JsonArrayDecoder(1 << 20)
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    frames = []
    for a, b in itertools.pairwise(places):
        frames += decoder.decode(raw[a:b])
    return frames + decoder.flush()


def outcome(raw: bytes, cuts: list[int]) -> list[Frame] | None:
    try:
        return decode(raw, cuts)
    except FramingError:
        return None


def test_gemini_elements_are_frames_and_no_byte_is_lost():
    frames = decode(GEMINI)
    assert b"".join(frame.raw for frame in frames) == GEMINI
    documents = [json.loads(frame.data) for frame in frames if frame.data is not None]
    assert documents == json.loads(GEMINI)
    assert frames[0].raw.startswith(b"[{") and frames[1].raw.startswith(b"\n,\r\n{")
    assert [frame.raw for frame in frames if frame.data is None] == [b"\n]", b"\n"]


def test_an_element_comes_out_with_its_last_byte():
    """A user who reads along waits for this."""
    decoder = JsonArrayDecoder(1000)
    assert decoder.decode('[{"text": "你'.encode()) == []
    [frame] = decoder.decode('好"}'.encode())
    assert frame.data == '{"text": "你好"}'.encode()
    assert not decoder.complete
    [end] = decoder.decode(b"]")
    assert (end.raw, end.data, decoder.complete) == (b"]", None, True)


@given(arrays(), CUTS)
def test_elements_of_any_array_are_found_wherever_reads_fell(array, cuts):
    raw, elements = array
    frames = decode(raw, cuts)
    assert frames == decode(raw)
    assert b"".join(frame.raw for frame in frames) == raw
    assert [json.loads(frame.data) for frame in frames if frame.data is not None] == elements
    assert all(frame.raw[frame.at :] == frame.data for frame in frames if frame.data is not None)


@given(st.one_of(st.binary(max_size=60), st.text('[]{},:"\\ \n1ntré', max_size=40).map(str.encode)), CUTS)
def test_any_bytes_are_read_alike_for_any_reads_or_refused(raw, cuts):
    frames = outcome(raw, cuts)
    assert frames == outcome(raw, [])
    if frames is not None:
        assert b"".join(frame.raw for frame in frames) == raw


@given(st.text('[]{},:"\\ \n1', max_size=24).map(lambda text: f"[{text}]".encode()))
def test_what_parses_here_parses_whole(raw):
    """If every element is JSON by itself the array is JSON, with those elements: no client can see others."""
    decoder = JsonArrayDecoder(1000)
    try:
        elements = [json.loads(frame.data) for frame in decoder.decode(raw) if frame.data is not None]
    except ValueError:  # FramingError is one
        return
    if decoder.complete:
        assert json.loads(raw) == elements


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a":1}', "does not begin with an array"),
        (b'data: {"a":1}', "does not begin with an array"),
        (b"\xef\xbbx[1]", "does not begin with an array"),
        (b"[1]]", "something follows the end"),
        (b"[1] [2]", "something follows the end"),
        (b"[1,,2]", "element is missing"),
        (b"[,1]", "element is missing"),
        (b"[1,]", "element is missing"),
        (b"[}", "element is missing"),
        (b"[{} {}]", "comma is missing"),
        (b'[{}"A123456(3)"]', "comma is missing"),
        (b"[1{}]", "comma is missing"),
        (b"[1 2]", "comma is missing"),
        (b"[", "ends within"),
        (b'[{"a":"A123456(3)', "ends within"),
        (b"[1", "ends within"),
        (b"[1,", "ends within"),
        (b"\xef\xbb", "ends within"),
    ],
)
def test_what_is_no_array_is_refused_without_quoting_it(raw, why):
    with pytest.raises(FramingError, match=why) as caught:
        decode(raw)
    assert "123456" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b" \n", b"[1,2\n", b'["x"] \n', b"[ ]"])
def test_the_end_of_the_stream_tells_a_whole_array_from_a_cut_one(raw):
    decoder = JsonArrayDecoder(1000)
    if raw == b"[1,2\n":
        decoder.decode(raw)
        assert [frame.raw for frame in decoder.flush()] == [b"\n"]
        assert not decoder.complete
        return
    decoder.decode(raw)
    assert all(frame.data is None for frame in decoder.flush())
    assert decoder.complete == (b"]" in raw)


@pytest.mark.parametrize("reads", [1, 1000])
@pytest.mark.parametrize("raw", [b'["' + b"x" * 40 + b'"]', b"[{}" + b" " * 40, b" " * 40, b"[" + b"1" * 40])
def test_a_frame_over_the_limit_is_refused_however_it_comes(raw, reads):
    decoder = JsonArrayDecoder(20)
    with pytest.raises(FrameTooLarge):
        for at in range(0, len(raw), reads):
            decoder.decode(raw[at : at + reads])


def test_many_elements_under_the_limit_are_not_one_over_it():
    assert len(JsonArrayDecoder(10).decode(b"[" + b"12345678," * 1000)) == 1000


@pytest.mark.parametrize(
    "inside", ['"' + "你" * 33_000 + '\\"' * 50_000 + '"', "[" * 100_000, '"",' * 66_000, " " * 200_000]
)
def test_the_cost_is_linear_with_one_byte_per_read(inside, monkeypatch):
    """An upstream that sends byte by byte must not stop the proxy for everyone else: quadratic would be minutes."""
    looked_at = 0

    def end(pattern, buffer, at):
        nonlocal looked_at
        looked_at += len(buffer) - at
        return original(pattern, buffer, at)

    original = jsonarray._end
    monkeypatch.setattr(jsonarray, "_end", end)
    raw = f"[[{inside}".encode()
    decoder = JsonArrayDecoder(1 << 22)
    for at in range(len(raw)):
        decoder.decode(raw[at : at + 1])
    assert len(raw) <= looked_at <= 4 * len(raw)


ADDED = st.lists(st.tuples(st.just("name"), VALUES.map(lambda value: json.dumps(value).encode())), max_size=3)


def documents(added):
    return [json.loads(data) for _, data in added]


@given(arrays(), st.lists(ADDED, min_size=8, max_size=8), st.sets(st.integers(0, 6)), st.integers(0, 6), ADDED, CUTS)
def test_whatever_is_put_in_left_out_or_cut_the_client_reads_one_array(array, additions, dropped, stop, last, cuts):
    """Insertions before any frame, any frames dropped, and an end of ours after any frame but the end of the array."""
    raw, _ = array
    frames = decode(raw, cuts)
    decoder = JsonArrayDecoder(1 << 20)
    out, expected, first = b"", [], True
    for number, (frame, added) in enumerate(zip(frames, additions, strict=False)):
        if not frame.raw.strip():  # after the end
            out += frame.raw
        elif number == stop:
            out += decoder.at_end(last, first=first)
            expected += documents(last)
            break
        elif frame.data is None or number not in dropped:
            out += decoder.before(added, frame.raw, first=first)
            expected += documents(added) + ([json.loads(frame.data)] if frame.data is not None else [])
            first = False
    assert json.loads(out.decode().removeprefix("\ufeff")) == expected


@pytest.mark.parametrize(
    ("raw", "first", "expected"),
    [
        (BOM + b" [{}", True, BOM + b" [1,\n{}"),
        (b"\r\n,{}", False, b",\n1,\n{}"),
        (b"\r\n,{}", True, b"[1,\n{}"),
        (b"[ ]", True, b"[1 ]"),
        (b"\n]", False, b",\n1\n]"),
        (b"\n]", True, b"[1\n]"),
    ],
)
def test_an_element_of_ours_has_its_own_comma(raw, first, expected):
    assert JsonArrayDecoder(99).before([("ignored", b"1")], raw, first=first) == expected


@pytest.mark.parametrize(
    ("raw", "first", "expected"),
    [(b"[{}", True, b"[{}"), (b",\r\n{}", False, b",\r\n{}"), (b",\r\n{}", True, b"[\r\n{}"), (b"\n]", True, b"[\n]")],
)
def test_with_nothing_added_only_a_missing_bracket_is_put_in(raw, first, expected):
    assert JsonArrayDecoder(99).before((), raw, first=first) == expected


@pytest.mark.parametrize(
    ("added", "first", "expected"),
    [([b"1", b"2"], True, b"[1,\n2]"), ([b"1", b"2"], False, b",\n1,\n2]"), ([], True, b"[]"), ([], False, b"\n]")],
)
def test_the_end_of_ours_closes_the_array(added, first, expected):
    assert JsonArrayDecoder(99).at_end([("", data) for data in added], first=first) == expected

"""Newline-delimited JSON: a line cut wrongly is text nobody judged, a line end too many or too few stops Ollama's clients."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire.frames import Frame, FrameTooLarge
from guardrail.wire.ndjson import NDJSONDecoder

CUTS = st.lists(st.integers(0, 500), max_size=12)
VALUES = st.dictionaries(st.text(max_size=4), st.text('ab\\"\n你简繁😀\u2028\x85', max_size=8), max_size=3)


def decode(raw: bytes, cuts: list[int] = (), decoder: NDJSONDecoder | None = None) -> list[Frame]:
    decoder = decoder or NDJSONDecoder(1 << 20)
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    frames = []
    for a, b in itertools.pairwise(places):
        frames += decoder.decode(raw[a:b])
    return frames + decoder.flush()


@pytest.mark.parametrize(
    ("raw", "data", "at"),
    [
        (b'{"a":1}\n', b'{"a":1}', 0),
        (b'{"a":1}\r\n', b'{"a":1}', 0),
        (b' \t{"a":1} \r\n', b'{"a":1}', 2),
        (b'{"a":\r1}\n', b'{"a":\r1}', 0),
        (b'\xef\xbb\xbf{"a":1}\n', b'{"a":1}', 3),
        (b'{"a":1}', b'{"a":1}', 0),
        (b"\n", None, -1),
        (b" \r\n", None, -1),
        (b"\xef\xbb\xbf\n", None, -1),
        (b"\x0c\n", b"\x0c", 0),
        ('{"a":"你好\u2028"}\n'.encode(), '{"a":"你好\u2028"}'.encode(), 0),
    ],
)
def test_a_line_is_a_frame(raw, data, at):
    [frame] = decode(raw)
    assert frame == Frame(raw, data, b"", at)


def test_a_byte_order_mark_within_the_stream_is_data():
    """It makes the line no JSON, so it is refused where the line is parsed."""
    assert [frame.data for frame in decode(b"\xef\xbb\xbf1\n\xef\xbb\xbf2\n")] == [b"1", b"\xef\xbb\xbf2"]


@given(st.lists(st.tuples(VALUES, st.sampled_from(["\n", "\r\n", "\n\n", " \r\n"])), max_size=6), st.booleans(), CUTS)
def test_documents_are_found_wherever_reads_fell(lines, ended, cuts):
    raw = "".join(json.dumps(value, ensure_ascii=False) + end for value, end in lines).encode()
    raw = raw if ended else raw.rstrip()
    frames = decode(raw, cuts)
    assert frames == decode(raw)
    assert [json.loads(frame.data) for frame in frames if frame.data is not None] == [value for value, _ in lines]


@given(st.one_of(st.binary(max_size=200), st.text(" \r\n\ufeffa", max_size=40).map(str.encode)), CUTS)
def test_no_byte_is_lost_or_added_for_any_stream_and_any_split(raw, cuts):
    frames = decode(raw, cuts)
    assert frames == decode(raw)
    assert b"".join(frame.raw for frame in frames) == raw
    assert all(frame.raw[frame.at :].startswith(frame.data) for frame in frames if frame.data is not None)


def test_a_line_comes_out_with_its_end():
    decoder = NDJSONDecoder(1000)
    assert decoder.decode('{"response":"你'.encode()) == []
    assert [frame.data for frame in decoder.decode('好"}\n{"do'.encode())] == ['{"response":"你好"}'.encode()]


@pytest.mark.parametrize("raw", [b"x" * 21, b"x" * 20 + b"\n", b"1\n" + b"x" * 30 + b"\n2\n"])
@pytest.mark.parametrize("reads", [1, 7, 100])
def test_a_line_over_the_limit_is_refused_however_it_comes(raw, reads):
    decoder = NDJSONDecoder(20)
    with pytest.raises(FrameTooLarge):
        for at in range(0, len(raw), reads):
            decoder.decode(raw[at : at + reads])


@pytest.mark.parametrize(
    ("raw", "first", "expected"),
    [
        (b"{}\n", False, b"1\n2\n{}\n"),
        (b"\xef\xbb\xbf{}\n", True, b"\xef\xbb\xbf1\n2\n{}\n"),
        (b"{}", False, b"1\n2\n{}"),
    ],
)
def test_lines_of_ours_stand_in_front(raw, first, expected):
    assert NDJSONDecoder(99).before([("name", b"1"), ("", b"2")], raw, first=first) == expected


@pytest.mark.parametrize(
    ("upstream", "sent", "expected"),
    [
        (b"{}\n", True, b"{}\n1\n"),
        (b"{}", True, b"{}\n1\n"),
        (b"{}\r", True, b"{}\r\n1\n"),
        (b"{}\n{", False, b"{}\n1\n"),
        (b"{}\n  ", True, b"{}\n  1\n"),
        (b"", True, b"1\n"),
    ],
)
def test_a_last_line_of_ours_stands_on_its_own_line_without_an_empty_one(upstream, sent, expected):
    """Ollama's client parses every line: an empty one, or two documents in one, is an exception instead of our error."""
    decoder = NDJSONDecoder(99)
    frames = decode(upstream, decoder=decoder)
    left = b"".join(frame.raw for frame in (frames if sent else frames[:-1]))
    assert left + decoder.at_end([("", b"1")], first=not left, sent=sent) == expected


@pytest.mark.parametrize("cut", [b"{", b'{"response":"A1', b'{}{"a":1}'])
def test_a_line_that_the_upstream_did_not_finish_is_not_sent_and_leaves_no_empty_line(cut):
    """The usual end of a broken connection: the error of ours must be the next line that the client reads."""
    decoder = NDJSONDecoder(99)
    decode(b"{}\n" + cut, decoder=decoder)
    assert decoder.at_end([("", b"1")], first=False) == b"1\n"


def test_nothing_is_added_to_the_end_when_there_is_nothing_to_add():
    decoder = NDJSONDecoder(99)
    decode(b"{}", decoder=decoder)
    assert decoder.at_end([], first=False) == b""


@given(st.lists(VALUES, min_size=1, max_size=4), st.lists(VALUES, max_size=2), st.integers(0, 4), st.booleans(), CUTS)
def test_whatever_is_put_in_every_line_is_one_document(values, added, where, ended, cuts):
    raw = "".join(json.dumps(value) + "\n" for value in values)
    decoder = NDJSONDecoder(1 << 20)
    frames = decode((raw if ended else raw.rstrip()).encode(), cuts, decoder)
    ours = [("", json.dumps(value).encode()) for value in added]
    out = b"".join(
        decoder.before(ours if number == where else (), frame.raw, first=not number)
        for number, frame in enumerate(frames)
    ) + decoder.at_end(ours, first=False)
    expected = values[:where] + (added if where < len(values) else []) + values[where:] + added
    assert [json.loads(line) for line in out.splitlines()] == expected

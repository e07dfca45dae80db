"""Framing: a byte lost or an event split wrongly here would be text that was never judged."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire.sse import Frame, FrameTooLarge, SSEDecoder, frame_of

LINE_END = st.sampled_from(["\n", "\r\n", "\r"])


def decode(raw: bytes, cuts: list[int]) -> list[Frame]:
    decoder = SSEDecoder(1 << 20)
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    frames = []
    for a, b in itertools.pairwise(places):
        frames += decoder.decode(raw[a:b])
    return frames + decoder.flush()


@pytest.mark.parametrize(
    ("raw", "data", "other"),
    [
        (b"data: {}\n\n", b"{}", b""),
        (b"data:{}\n\n", b"{}", b""),
        (b"data: a\ndata: b\n\n", b"a\nb", b""),
        (b"data: a\r\n\r\n", b"a", b""),
        (b"data: a\r\r", b"a", b""),
        (b": ping\n\n", None, b": ping"),
        (b"event: x\nid: 7\ndata: a\n\n", b"a", b"event: x\nid: 7"),
        (b"\xef\xbb\xbfdata: a\n\n", b"a", b""),
        (b"data\n\n", b"", b""),
        (b"data:  two spaces\n\n", b" two spaces", b""),
        ("data: 你好\n\n".encode(), "你好".encode(), b""),
    ],
)
def test_a_frame_is_read_as_the_standard_says(raw, data, other):
    [frame] = SSEDecoder(1000).decode(raw) or SSEDecoder(1000).flush()
    assert (frame.data, frame.other, frame.raw) == (data, other, raw)


@given(
    st.lists(st.tuples(st.text("ab:{}你", min_size=1, max_size=8), LINE_END), max_size=8), st.lists(st.integers(0, 500))
)
def test_events_do_not_depend_on_where_reads_fell(events, cuts):
    raw = "".join(f"data: {text}{end}{end}" for text, end in events).encode()
    whole, pieces = decode(raw, []), decode(raw, cuts)
    assert [f.data for f in pieces if f.data is not None] == [f.data for f in whole if f.data is not None]
    assert [f.data for f in whole if f.data is not None] == [text.encode() for text, *_ in events]


@given(st.binary(max_size=200), st.lists(st.integers(0, 300)))
def test_no_byte_is_lost_or_added_for_any_stream_and_any_split(raw, cuts):
    assert b"".join(frame.raw for frame in decode(raw, cuts)) == raw


def test_an_unfinished_frame_is_kept_back_until_the_end():
    decoder = SSEDecoder(1000)
    assert decoder.decode(b"data: half") == []
    assert [f.data for f in decoder.flush()] == [b"half"]


def test_a_frame_over_the_limit_is_refused():
    decoder = SSEDecoder(10)
    with pytest.raises(FrameTooLarge):
        decoder.decode(b"data: " + b"x" * 20)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: old\n\n", b"data: new\n\n"),
        (b"data:old\r\n\r\n", b"data:new\r\n\r\n"),
        (b"data\ndata: old\n\n", b"data:new\n\n"),
        (b": c\nevent: x\ndata: o\ndata: ld\nid: 3\n\n", b": c\nevent: x\ndata: new\nid: 3\n\n"),
    ],
)
def test_replacing_data_touches_nothing_else(raw, expected):
    [frame] = SSEDecoder(1000).decode(raw)
    assert frame.with_data(b"new") == expected


def test_other_lines_can_be_taken_out():
    [frame] = SSEDecoder(1000).decode(b": A123456(3)\nevent: x\ndata: a\n\n")
    assert frame.without_other() == b"data: a\n\n"
    assert frame_of(b"{}") == b"data: {}\n\n"

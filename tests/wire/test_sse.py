"""Framing: a byte lost or an event split wrongly here would be text that was never judged."""

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardrail.wire.frames import BOM, Frame, FrameTooLarge, FramingError
from guardrail.wire.sse import SSEDecoder, frame_of

LINE_END = st.sampled_from(["\n", "\r\n", "\r"])
CUTS = st.lists(st.integers(0, 500), max_size=12)
LINES = st.one_of(
    st.text("ab:{} 你繁简😀\ufeff", max_size=8).map("data: {}".format),
    st.sampled_from(
        ["data:x", "data:", "data", "data:  y", ": ping", ":", "event: x", "id: 7", "retry: 10", "id", "unknown", ""]
    ),
)
STREAMS = st.tuples(st.sampled_from(["", "\ufeff"]), st.lists(st.tuples(LINES, LINE_END), max_size=20)).map(
    lambda stream: (stream[0] + "".join(line + end for line, end in stream[1])).encode()
)


def decode(raw: bytes, cuts: list[int] = (), decoder: SSEDecoder | None = None) -> list[Frame]:
    decoder = decoder or SSEDecoder(1 << 20)
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


def standard(raw: bytes) -> list[str]:
    """The data of every event that a client dispatches, read as WHATWG HTML, section 9.2.6, says; of a last event that
    lacks its blank line too, because some clients dispatch it."""
    events: list[str] = []
    data: list[str] = []
    for line in [*re.split("\r\n|\r|\n", raw.decode().removeprefix("\ufeff")), ""]:
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            events.append("\n".join(data))
            data = []
    return events


@pytest.mark.parametrize(
    ("raw", "data", "other", "at"),
    [
        (b"data: {}\n\n", b"{}", b"", 6),
        (b"data:{}\n\n", b"{}", b"", 5),
        (b"data: a\ndata: b\n\n", b"a\nb", b"", -1),
        (b"data: a\r\n\r\n", b"a", b"", 6),
        (b"data: a\r\r", b"a", b"", 6),
        (b"data: a\n\r", b"a", b"", 6),
        (b": ping\n\n", None, b": ping", -1),
        (b"event: x\nid: 7\nretry: 9\ndata: a\n\n", b"a", b"event: x\nid: 7\nretry: 9", 30),
        (b"data: a\n: c\n\n", b"a", b": c", 6),
        (b"\xef\xbb\xbfdata: a\n\n", b"a", b"", 9),
        (b"\xef\xbb\xbf: c\ndata: a\n\n", b"a", b": c", 13),
        (b"data: \xef\xbb\xbfa\n\n", b"\xef\xbb\xbfa", b"", 6),
        (b"data\n\n", b"", b"", -1),
        (b"data:\n\n", b"", b"", 5),
        (b"data:  two spaces\n\n", b" two spaces", b"", 6),
        (b"\ndata: a\n\n", b"a", b"", 7),
        (b"data: a", b"a", b"", 6),
        (b"datax: a\n\n", None, b"datax: a", -1),
        ("data: 你好\n\n".encode(), "你好".encode(), b"", 6),
    ],
)
def test_a_frame_is_read_as_the_standard_says(raw, data, other, at):
    assert decode(raw) == [Frame(raw, data, other, at)]


@pytest.mark.parametrize(
    "raw", [b"data: a\n\n\xef\xbb\xbfdata: b\n\n", b"data: a\n\xef\xbb\xbfdata: b\n\n", BOM + BOM + b"data\n\n"]
)
def test_a_data_line_that_some_clients_do_not_see_is_refused(raw):
    """Joined with its neighbours it would be another document than the one that such a client reads."""
    with pytest.raises(FramingError, match="byte order mark"):
        decode(raw)


@given(STREAMS, CUTS)
@example(b"data: a\n\r\ndata: b\n\n", [9])
@example(b"data: a\r\r\ndata: b\r\n\r\n", [9, 20])
@example(b"data: a\r\n\r\ndata: b\r\n\r\n", [8, 9, 10, 11])
def test_every_event_of_the_standard_is_seen_wherever_reads_fell(raw, cuts):
    frames = decode(raw, cuts)
    assert frames == decode(raw)
    assert [frame.data.decode() for frame in frames if frame.data is not None] == standard(raw)
    assert b"".join(frame.raw for frame in frames) == raw


@given(st.one_of(st.binary(max_size=200), st.text("\r\n: data\ufeff", max_size=60).map(str.encode)), CUTS)
def test_any_bytes_are_read_alike_for_any_reads_or_refused(raw, cuts):
    frames = outcome(raw, cuts)
    assert frames == outcome(raw, [])
    if frames is not None:
        assert b"".join(frame.raw for frame in frames) == raw


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_event_comes_out_with_its_last_byte(end):
    """A user who reads along waits for this."""
    event = f"data: 你好{end}{end}".encode()
    decoder = SSEDecoder(1000)
    for _ in range(3):
        assert [decoder.decode(event[at : at + 1]) for at in range(len(event) - 1)] == [[]] * (len(event) - 1)
        assert [frame.raw for frame in decoder.decode(event[-1:])] == [event]


def test_a_last_cr_waits_for_the_byte_that_says_what_it_is():
    decoder = SSEDecoder(1000)
    assert decoder.decode(b"data: a\n\r") == []
    assert [frame.raw for frame in decoder.decode(b"\ndata: b\r\r")] == [b"data: a\n\r\n"]
    assert [frame.raw for frame in decoder.decode(b"data: c")] == [b"data: b\r\r"]


def test_an_unfinished_frame_is_kept_back_until_the_end():
    decoder = SSEDecoder(1000)
    assert decoder.decode(b"data: half") == []
    assert [f.data for f in decoder.flush()] == [b"half"]


@pytest.mark.parametrize("raw", [b"data: " + b"x" * 20, b"data: xxxxxx\n\n", b"data: a\n\ndata: xxxxxx\n\ndata: b\n\n"])
@pytest.mark.parametrize("reads", [1, 5, 100])
def test_a_frame_over_the_limit_is_refused_however_it_comes(raw, reads):
    decoder = SSEDecoder(13)
    with pytest.raises(FrameTooLarge):
        for at in range(0, len(raw), reads):
            decoder.decode(raw[at : at + reads])


def test_frames_of_ours_stand_in_front_and_a_byte_order_mark_before_them():
    added = [("error", b"{}"), ("", b"1")]
    decoder = SSEDecoder(99)
    assert decoder.before(added, b"data: a\n\n", first=False) == b"event: error\ndata: {}\n\ndata: 1\n\ndata: a\n\n"
    assert decoder.before([("", b"1")], BOM + b"data: a\n\n", first=True) == BOM + b"data: 1\n\ndata: a\n\n"
    assert frame_of(b"{}") == b"data: {}\n\n"


@pytest.mark.parametrize(
    ("upstream", "sent", "missing"),
    [
        (b"id: 1\ndata: a\n\n", True, b""),
        (b"data: a\r\n\r\n", True, b""),
        (b"data: a\r\r", True, b""),
        (b"data: a\n\r\n", True, b""),
        (b"data: a\n\n\n", True, b""),
        (b"data: 0", True, b"\n\n"),
        (b"data: 0\n", True, b"\n"),
        (b"data: 0\r\n", True, b"\n"),
        (b"data: 0\r", True, b"\n\n"),
        (b"data: a\n\ndata: 0", True, b"\n\n"),
        (b"data: a\n\nevent: message", True, b"\n\n"),
        (b"id: 1\ndata: a\n\ndata: 0", False, b""),
        (b'id: 1\ndata: a\n\ndata: {"half', False, b""),
        (b"", True, b""),
    ],
)
def test_an_event_of_ours_does_not_run_into_an_unfinished_one(upstream, sent, missing):
    """Without the blank line a client reads both as one event, which is no JSON; one too many is an empty event to some."""
    decoder = SSEDecoder(99)
    frames = decode(upstream, decoder=decoder)
    left = b"".join(frame.raw for frame in (frames if sent else frames[:-1]))
    end = decoder.at_end([("", b"1")], first=not left, sent=sent)
    assert end == missing + b"data: 1\n\n"
    assert standard(left + end) == [*standard(left), "1"]
    assert decoder.at_end([], first=not left, sent=sent) == b""


def test_an_event_that_the_upstream_did_not_finish_is_not_sent_and_leaves_no_blank_line():
    """The usual end of a broken connection."""
    decoder = SSEDecoder(99)
    decode(b'id: 1\ndata: {}\n\ndata: {"half', decoder=decoder)
    assert decoder.at_end([("", b"1")], first=False) == b"data: 1\n\n"


@given(
    STREAMS,
    st.sampled_from(["", "data: 0", "data: 0\n", "data:\r", "event: x\r", "id: 1\r\n", ": c", "data"]),
    st.integers(0, 20),
    CUTS,
)
def test_whatever_is_put_in_every_event_stays_one(raw, tail, where, cuts):
    decoder = SSEDecoder(1 << 20)
    out, expected, first = b"", [], True
    for number, frame in enumerate(decode(raw + b"\n\n" + tail.encode(), cuts, decoder)):
        added = [("name", b"1")] if number == where and frame.data is not None else []
        out += decoder.before(added, frame.raw, first=first)
        expected += ["1"] * len(added) + ([frame.data.decode()] if frame.data is not None else [])
        first = first and frame.data is None
    out += decoder.at_end([("", b"2")], first=not out)
    assert standard(out) == [*expected, "2"]

"""Editing a frame: what is replaced must be gone wherever it stood, and everything around it must still be there."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire.frames import Frame
from guardrail.wire.jsonarray import JsonArrayDecoder
from guardrail.wire.ndjson import NDJSONDecoder
from guardrail.wire.sse import SSEDecoder


def only(decoder, raw: bytes) -> Frame:
    [frame] = [*decoder.decode(raw), *decoder.flush()]
    return frame


@pytest.mark.parametrize(
    ("decoder", "raw", "expected"),
    [
        (SSEDecoder, b"data: old\n\n", b"data: new\n\n"),
        (SSEDecoder, b"data:old\r\n\r\n", b"data:new\r\n\r\n"),
        (SSEDecoder, b"data:old\r\r", b"data:new\r\r"),
        (SSEDecoder, b"data: old", b"data: new"),
        (SSEDecoder, b"data:\n\n", b"data:new\n\n"),
        (SSEDecoder, b"data\n\n", b"data:new\n\n"),
        (SSEDecoder, b"data\r\n\r\n", b"data:new\r\n\r\n"),
        (SSEDecoder, b"event: old\nid: 3\ndata: old\n: old\n\n", b"event: old\nid: 3\ndata: new\n: old\n\n"),
        (SSEDecoder, b"\xef\xbb\xbfdata: old\n\n", b"\xef\xbb\xbfdata: new\n\n"),
        (NDJSONDecoder, b"old\n", b"new\n"),
        (NDJSONDecoder, b"\xef\xbb\xbf old \r\n", b"\xef\xbb\xbf new \r\n"),
        (NDJSONDecoder, b"old", b"new"),
        (JsonArrayDecoder, b'\xef\xbb\xbf [ {\r\n"a":1\r\n}', b"\xef\xbb\xbf [ new"),
    ],
)
def test_data_on_one_line_is_replaced_where_it_stands(decoder, raw, expected):
    assert only(decoder(1000), raw).with_data(b"new") == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data\ndata: old\n\n", b"data:new\n\n"),
        (b": c\nevent: x\ndata: o\ndata: ld\nid: 3\n\n", b": c\nevent: x\ndata: new\nid: 3\n\n"),
        (b"data:o\r\ndata: l\r\nid: 3\r\ndata:d\r\n\r\n", b"data:new\r\nid: 3\r\n\r\n"),
        (b"\xef\xbb\xbfdata: o\rdata: ld\r\r", b"\xef\xbb\xbfdata: new\r\r"),
    ],
)
def test_data_on_several_lines_becomes_one(raw, expected):
    frame = only(SSEDecoder(1000), raw)
    assert frame.with_data(b"new") == expected


def test_line_ends_inside_new_data_do_not_end_the_line():
    """JSON takes white space there; a line end would cut the document in two."""
    frame = only(SSEDecoder(1000), b'data: {\ndata: "a":1}\n\n')
    assert frame.data == b'{\n"a":1}'
    assert frame.with_data(b'{\r\n"a":2}') == b'data: {  "a":2}\n\n'


def test_line_ends_inside_an_array_element_stay():
    decoder = JsonArrayDecoder(1000)
    raw = '[{\n  "text": "你好 A123456(3)"\n}\n,\r\n{\n  "text": "簡"\n}\n]'.encode()
    first, second, _ = decoder.decode(raw)
    edited = first.data.replace(b"A123456(3)", b"[HKID]")
    assert first.with_data(edited) == '[{\n  "text": "你好 [HKID]"\n}'.encode()
    assert second.with_data(second.data) == second.raw == '\n,\r\n{\n  "text": "簡"\n}'.encode()


@pytest.mark.parametrize("decoder", [SSEDecoder, NDJSONDecoder, JsonArrayDecoder])
@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text("旧舊", max_size=4), max_size=3), min_size=1, max_size=3),
    st.data(),
)
def test_with_new_data_a_stream_has_the_new_documents_and_as_many_frames(decoder, values, data):
    put = {
        SSEDecoder: lambda texts: "".join(
            data.draw(st.sampled_from(["data: {}\n\n", "id: 1\r\ndata:{}\r\n\r\n"])).format(t) for t in texts
        ),
        NDJSONDecoder: lambda texts: "".join(f" {text}\r\n" for text in texts),
        JsonArrayDecoder: lambda texts: "[" + " ,\n".join(texts) + "]",
    }[decoder]
    frames = decoder(1 << 20).decode(put([json.dumps(value) for value in values]).encode())
    out = b"".join(f.with_data(b'{"new":%d}' % n) if f.data is not None else f.raw for n, f in enumerate(frames))
    again = decoder(1 << 20).decode(out)
    assert [json.loads(f.data) for f in again if f.data is not None] == [{"new": n} for n in range(len(values))]
    assert [f.other for f in again] == [f.other for f in frames]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b": A123456(3)\nevent: x\ndata: a\n\n", b"data: a\n\n"),
        (b"data: a\r\nid: A123456(3)\r\n\r\n", b"data: a\r\n\r\n"),
        (b"data: a\rA123456(3)\rdata: b\r\r", b"data: a\rdata: b\r\r"),
        (b"\xef\xbb\xbfdata: a\n: A123456(3)\n\n", b"\xef\xbb\xbfdata: a\n\n"),
        (b"\xef\xbb\xbf: A123456(3)\ndata: a\n\n", b"data: a\n\n"),
        (b": A123456(3)\n\n", b"\n"),
        (b"data: a\n: A123456(3)", b"data: a\n"),
    ],
)
def test_everything_but_data_can_be_taken_out(raw, expected):
    frame = only(SSEDecoder(1000), raw)
    bare = frame.without_other()
    assert (bare.raw, bare.data, bare.other) == (expected, frame.data, b"")
    if frame.data is not None:
        assert b"new" in bare.with_data(b"new")
        assert not re.search(b"data: ?[ab]", bare.with_data(b"new"))

"""What a body is: a stream that is read as one text, or lines that are read as one document, would leave unjudged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.wire.frames import BOM
from guardrail.wire.kinds import NEEDED, Kind, kind_of, label, start_of

EVERY = ("sse", "ndjson", "array")
JSON, EVENTS, LINES = b'{"a": "b"}', b"data: {}\n\n", b'{"a": 1}\n{"a": 2}\n'


@pytest.mark.parametrize(
    ("media", "head", "framings", "stream", "kind"),
    [
        # the label is right
        ("application/json", JSON, "sse", False, Kind.JSON),
        ("application/json; charset=utf-8", b'[{"a": 1}]', "sse", True, Kind.JSON),
        ("application/problem+json", JSON, "sse", False, Kind.JSON),
        ("APPLICATION/JSON", JSON, "sse", False, Kind.JSON),
        ("text/event-stream", EVENTS, "sse", True, Kind.SSE),
        ("text/event-stream;charset=UTF-8", b": ping\n\n", "sse", False, Kind.SSE),
        ("text/event-stream", b"", "sse", True, Kind.SSE),
        ("application/x-ndjson", LINES, "ndjson", True, Kind.NDJSON),
        ("application/jsonl", LINES, "sse", False, Kind.NDJSON),
        ("application/x-jsonlines", b"", "sse", False, Kind.NDJSON),
        ("text/plain", b"Not found", "sse", False, Kind.TEXT),
        ("text/html; charset=utf-8", b"<h1>", "sse", True, Kind.TEXT),
        ("audio/mpeg", b"ID3\x04", "sse", False, Kind.OTHER),
        ("image/png", b"\x89PNG", "sse", False, Kind.OTHER),
        ("application/octet-stream", b"ID3", "sse", False, Kind.OTHER),
        ("application/octet-stream", EVENTS, "sse", True, Kind.OTHER),
        ("application/octet-stream", LINES, "sse", False, Kind.TEXT),
        # the stream of an endpoint that was asked for one
        ("application/json", LINES, "ndjson", True, Kind.NDJSON),
        ("application/json", b"[{", "sse array", True, Kind.ARRAY),
        ("application/json", b" \n[", "sse array", True, Kind.ARRAY),
        ("application/json", JSON, "sse array", True, Kind.JSON),
        ("application/json", b"[{", "sse array", False, Kind.JSON),
        ("text/plain", LINES, "ndjson", True, Kind.NDJSON),
        ("text/plain; charset=utf-8", b"[{", "sse array", True, Kind.ARRAY),
        ("text/plain", LINES, "ndjson", False, Kind.TEXT),
        # the label is wrong, or there is none
        ("text/event-stream", JSON, "sse", True, Kind.JSON),
        ("text/event-stream", BOM + b" [1]", "sse", True, Kind.JSON),
        ("application/json", EVENTS, "sse", True, Kind.SSE),
        ("application/json", b"event: a\ndata: 1", "sse", False, Kind.SSE),
        ("application/json", b":\n\n", "sse", True, Kind.SSE),
        ("text/plain", EVENTS, "sse", True, Kind.SSE),
        ("text/plain", EVENTS, "sse", False, Kind.TEXT),
        ("text/plain", EVENTS, "ndjson", True, Kind.TEXT),
        ("", JSON, "sse", False, Kind.JSON),
        ("", EVENTS, "sse", True, Kind.SSE),
        ("", LINES, "ndjson", True, Kind.NDJSON),
        ("", b"Not found", "sse", False, Kind.OTHER),
        ("", b"", "sse", False, Kind.OTHER),
        ("application/json, text/html", JSON, "sse", False, Kind.OTHER),
    ],
)
def test_a_body_is_told_by_label_and_beginning(media, head, framings, stream, kind):
    assert kind_of(media, head, framings.split(), stream=stream) is kind


@pytest.mark.parametrize(
    ("content_type", "media"),
    [("Text/Plain ; x=y", "text/plain"), ("", ""), (";", ""), (" application/json ", "application/json")],
)
def test_the_label_is_the_media_type_alone(content_type, media):
    assert label(content_type) == media


def test_a_body_starts_behind_its_mark_and_white_space():
    assert start_of(BOM + b" \r\n\t{") == b"{"
    assert start_of(b" " + BOM) == BOM, "a mark is one at the very beginning alone"
    assert start_of(b"") == b""


LABELS = ("", "application/json", "text/event-stream", "application/x-ndjson", "text/plain", "audio/mpeg", "a+json")


@given(
    st.sampled_from(LABELS),
    st.sampled_from([JSON, EVENTS, LINES, b"[", b"retry: 1", b"data", b"evening", b"\x00"]),
    st.binary(max_size=20),
    st.sets(st.sampled_from(EVERY)),
    st.booleans(),
)
def test_the_first_bytes_are_enough(media, start, rest, framings, stream):
    """A stream is judged as it begins: what comes later must not have changed how."""
    body = start + rest
    if len(start_of(body)) >= NEEDED:
        head = body[: len(body) - len(start_of(body)) + NEEDED]
        assert kind_of(media, head, framings, stream=stream) is kind_of(media, body, framings, stream=stream)

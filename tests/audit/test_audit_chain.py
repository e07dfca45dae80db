"""A line of the chain cannot change by a byte without being found."""

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.audit import chain
from guardrail.audit.sink import MemorySink, Sink
from guardrail.errors import AuditError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from(["id", "名", "score", "findings", "z"]), JSON, max_size=5)


def lines(*records):
    sink = MemorySink()
    for record in records:
        sink.write(record)
    return sink.lines


@given(RECORDS)
def test_whatever_is_written_checks(record):
    line = chain.link(record, 7, "a" * 64)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert chain.check(line, 7, "a" * 64).record == orjson.loads(line)


def test_the_hash_is_what_the_document_says():
    line = orjson.loads(chain.link({"b": 1, "a": "陳"}, 1, chain.GENESIS))
    body = '{"a":"陳","b":1,"prev":"' + "0" * 64 + '","seq":1}'
    assert line["hash"] == hashlib.sha256(body.encode()).hexdigest()


@given(RECORDS, st.data())
def test_any_flipped_byte_is_found(record, data):
    """Any single byte of a line, changed to any other, must be noticed."""
    line = chain.link(record, 3, "b" * 64)
    at = data.draw(st.integers(0, len(line) - 2))
    flipped = bytearray(line)
    flipped[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(AuditError):
        chain.check(bytes(flipped), 3, "b" * 64)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda line: line.replace(b'"b"', b'"c"'), "edited", id="value"),
        pytest.param(lambda line: line.replace(b":1,", b": 1,"), "not in the form", id="a space"),
        pytest.param(lambda line: line.replace(b'"b"', b'"\\u0062"'), "not in the form", id="an escape"),
        pytest.param(lambda line: line.replace(b'"n":1', b'"n":0,"n":1'), "not in the form", id="a repeated key"),
        pytest.param(lambda line: line.rstrip(b"\n") + b" \n", "not in the form", id="space at the end"),
        pytest.param(lambda line: line[:-9] + b"\n", "not JSON", id="cut"),
        pytest.param(lambda line: b"\n", "not JSON", id="blank"),
        pytest.param(lambda line: b"[1]\n", "not a JSON object", id="an array"),
        pytest.param(lambda line: b'{"a":1}\n', "lacks", id="no chain fields"),
        pytest.param(lambda line: b"[" * 3000 + b"\n", "not JSON", id="deep nesting"),
    ],
)
def test_what_is_wrong_is_said(change, reason):
    with pytest.raises(AuditError, match=reason):
        chain.check(change(chain.link({"a": "b", "n": 1}, 1, chain.GENESIS)), 1, chain.GENESIS)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (1, "is number 2 where 1 was due: number 1 missing"),
        (2, "is number 3 where 1 was due: numbers 1 to 2 missing"),
    ],
)
def test_missing_lines_are_named(line, reason):
    with pytest.raises(AuditError, match=reason):
        chain.check(lines({"a": 1}, {"a": 2}, {"a": 3})[line], 1, chain.GENESIS)


def test_a_repeated_line_is_named():
    with pytest.raises(AuditError, match="inserted, repeated or moved"):
        chain.check(lines({"a": 1})[0], 2, chain.GENESIS)


def test_a_line_from_another_log_is_named():
    ours, theirs = lines({"a": 1}, {"a": 2}), lines({"a": 9}, {"a": 2})
    with pytest.raises(AuditError, match="comes from another log"):
        chain.check(theirs[1], 2, chain.read(ours[0]).head.hash)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"seq": 1}, id="chain field"),
        pytest.param({"a": object()}, id="no JSON"),
        pytest.param({"a": "\ud800"}, id="lone surrogate"),
        pytest.param({"a": 2**70}, id="too large"),
        pytest.param({1: 2}, id="key is no string"),
    ],
)
def test_a_record_that_cannot_be_chained_is_refused(record):
    with pytest.raises(AuditError):
        chain.link(record, 1, chain.GENESIS)


@pytest.mark.parametrize("text", ["", "1", "x:" + "0" * 64, "1:" + "0" * 63, "1:" + "G" * 64, "-1:" + "0" * 64])
def test_a_malformed_head_is_refused(text):
    with pytest.raises(ValueError, match="SEQ:HASH"):
        chain.parse_head(text)


def test_a_head_survives_being_written_down():
    head = chain.Head(12, "ab" * 32)
    assert chain.parse_head(f" {head}\n") == head


def test_the_memory_sink_is_a_sink_that_can_be_made_to_fail():
    sink = MemorySink()
    assert isinstance(sink, Sink)
    sink.write({"a": 1})
    sink.fails = "disk full"
    with pytest.raises(AuditError, match="disk full"):
        sink.write({"a": 2})
    assert not sink.healthy and not sink.probe()
    sink.fails = ""
    assert sink.probe() and sink.healthy
    sink.write({"a": 3})
    assert [one["seq"] for one in sink.records] == [1, 2]

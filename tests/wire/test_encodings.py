"""Compressed answers: a bomb must stop at the caller's limit, an event must come when it was sent, a cut must be seen."""

import gzip
import itertools
import random
import tracemalloc
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.errors import UpstreamError
from guardrail.wire.encodings import PIECE, Decoder, supported, zstd


class Encoder:
    """What a server does: `write` gives bytes that end with a flush, `end` the rest."""

    def __init__(self, name: str) -> None:
        self.name = name
        match name:
            case "gzip" | "x-gzip":
                self.engine = zlib.compressobj(wbits=31)
            case "deflate":
                self.engine = zlib.compressobj(wbits=15)
            case "deflate-raw":
                self.engine = zlib.compressobj(wbits=-15)
            case "br":
                self.engine = brotli.Compressor(quality=4)
            case "zstd":
                self.engine = zstd.ZstdCompressor(options={zstd.CompressionParameter.checksum_flag: 1})

    def write(self, data: bytes) -> bytes:
        match self.name:
            case "identity":
                return data
            case "br":
                return self.engine.process(data) + self.engine.flush()
            case "zstd":
                return self.engine.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)
        return self.engine.compress(data) + self.engine.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        match self.name:
            case "identity":
                return b""
            case "br":
                return self.engine.finish()
        return self.engine.flush()


NAMES = ["gzip", "x-gzip", "deflate", "deflate-raw", "br", "zstd"]
HEADER = {"deflate-raw": "deflate"}


def header(names) -> str:
    return ", ".join(HEADER.get(name, name) for name in names)


def encoded(names, data: bytes) -> bytes:
    for name in names:
        encoder = Encoder(name)
        data = encoder.write(data) + encoder.end()
    return data


def decoded(encoding: str, raw: bytes, cuts=()) -> bytes:
    decoder = Decoder(encoding)
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    pieces = [piece for a, b in itertools.pairwise(places) for piece in decoder.decode(raw[a:b])]
    decoder.finish()
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("", True),
        ("identity", True),
        ("gzip", True),
        (" GZIP ", True),
        ("x-gzip", True),
        ("deflate", True),
        ("br", True),
        ("zstd", True),
        ("gzip, br", True),
        ("gzip,identity,zstd,br", True),
        ("gzip, gzip, gzip, gzip", False),
        ("compress", False),
        ("gzip, lzma", False),
        ("gzip;q=1", False),
    ],
)
def test_only_what_can_be_decoded_is_supported(encoding, expected):
    assert supported(encoding) is expected
    if not expected:
        with pytest.raises(ValueError, match="not a supported"):
            Decoder(encoding)


@given(
    st.lists(st.sampled_from([*NAMES, "identity"]), max_size=3),
    st.one_of(st.binary(max_size=2000), st.text("你好繁简 data:{}\n", max_size=500).map(str.encode)),
    st.lists(st.integers(0, 4000), max_size=20),
)
def test_any_data_comes_back_whatever_the_encodings_and_reads(names, data, cuts):
    assert decoded(header(names), encoded(names, data), cuts) == data


@settings(max_examples=10)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2), st.integers(0, 3_000_000), st.integers(1, 400_000))
def test_large_data_comes_back_in_small_pieces(names, size, step):
    data = random.Random(size).randbytes(size // 2) + b"0" * (size // 2)
    raw = encoded(names, data)
    assert decoded(header(names), raw, range(0, len(raw), step)) == data


@pytest.mark.parametrize(
    "names", [*([name] for name in [*NAMES, "identity"]), ["gzip", "br"], ["br", "zstd"], ["deflate", "gzip"]]
)
def test_an_event_comes_out_when_its_bytes_are_in(names):
    """A user reads along: an event that waits for the next one is a stall at every sentence."""
    encoders = [Encoder(name) for name in names]
    decoder = Decoder(header(names))
    for number in range(20):
        event = f"data: {number} 你好\n\n".encode()
        raw = event
        for encoder in encoders:
            raw = encoder.write(raw)
        assert b"".join(decoder.decode(raw)) == event


@pytest.mark.parametrize(
    "names", [[name] for name in NAMES] + [["gzip", "br"], ["zstd", "deflate"], ["br", "gzip", "zstd"]]
)
def test_a_body_that_is_cut_off_anywhere_is_an_error(names):
    """A cut answer that passes for whole is one whose end nobody judged."""
    raw = encoded(names, random.Random(1).randbytes(120) + "你好".encode() * 20)
    for cut in range(1, len(raw)):
        with pytest.raises(UpstreamError) as caught:
            decoded(header(names), raw[:cut])
        assert caught.value.code == "upstream_cut"
    assert decoded(header(names), raw)


@pytest.mark.parametrize("names", [[], ["gzip"], ["br", "zstd"]])
def test_a_body_without_a_byte_is_empty(names):
    """The answer to a HEAD request names its encoding and has no body."""
    assert decoded(header(names), b"") == b""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("later", [False, True])
def test_data_after_the_end_is_refused(name, later):
    raw = encoded([name], b"data: 1\n\n")
    with pytest.raises(UpstreamError) as caught:
        decoded(header([name]), raw + b"A123456(3)", [len(raw)] if later else [])
    assert (caught.value.status, caught.value.code) == (502, "upstream_encoding")
    assert "123456" not in caught.value.message


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5), st.lists(st.integers(0, 500), max_size=9))
def test_members_one_after_another_are_one_body(name, members, cuts):
    raw = b"".join(encoded([name], member) for member in members)
    assert decoded(name, raw, cuts) == b"".join(members)


@pytest.mark.parametrize("name", ["deflate", "deflate-raw", "br"])
def test_formats_without_members_end_once(name):
    with pytest.raises(UpstreamError):
        decoded(header([name]), encoded([name], b"one") * 2)


def test_a_skippable_zstd_frame_is_skipped():
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    assert decoded("zstd", skippable + encoded(["zstd"], b"one") + skippable, [3, 14]) == b"one"


def test_a_zstd_window_over_the_limit_of_the_web_is_refused():
    """RFC 9659: every connection could claim two gigabytes otherwise."""

    def compressed(log: int) -> bytes:
        engine = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: log})
        return engine.compress(b"x" * 100, engine.FLUSH_BLOCK) + engine.flush()

    assert decoded("zstd", compressed(23)) == b"x" * 100
    with pytest.raises(UpstreamError) as caught:
        decoded("zstd", compressed(24))
    assert caught.value.code == "upstream_encoding"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_decoded_or_the_upstreams_error(encoding, raw):
    try:
        decoded(encoding, raw)
    except UpstreamError as error:
        assert error.code in ("upstream_encoding", "upstream_cut")


@pytest.mark.parametrize("name", NAMES)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_body_never_passes_for_another_one_longer_than_it_may_be(name, place, flip):
    """Formats with a check sum never give other data; the others at least do not fail in a way of their own."""
    data = b"data: A123456(3)\n\n" * 20
    raw = bytearray(encoded([name], data))
    raw[place % len(raw)] ^= flip
    try:
        out = decoded(header([name]), bytes(raw))
    except UpstreamError:
        return
    assert out == data or name in ("deflate-raw", "br")


def bomb(name: str, size: int) -> bytes:
    encoder = Encoder(name)
    return b"".join(encoder.write(bytes(1 << 20)) for _ in range(size >> 20)) + encoder.end()


@pytest.mark.parametrize(
    "names", [["gzip"], ["deflate"], ["deflate-raw"], ["br"], ["zstd"], ["gzip", "br"], ["br", "zstd"]]
)
def test_a_bomb_costs_no_more_than_what_is_taken_of_it(names):
    """100 MB from a few kilobytes must not be memory of the proxy: it is shared by everybody."""
    raw = bomb(names[0], 100 << 20)
    for name in names[1:]:
        raw = encoded([name], raw)
    assert len(raw) < 200_000
    tracemalloc.start()
    try:
        pieces = Decoder(header(names)).decode(raw)
        taken = 0
        while taken < 1 << 20:
            taken += len(next(pieces))
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
        total = taken + sum(len(piece) for piece in pieces)
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
    assert total == 100 << 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [PIECE // 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_a_full_piece_is_not_taken_for_the_last_one(name, size):
    """An engine may have read everything and still hold output; an event of that size would wait for the next one."""
    encoder = Encoder(name)
    decoder = Decoder(header([name]))
    assert sum(len(piece) for piece in decoder.decode(encoder.write(bytes(size)))) == size
    assert b"".join(decoder.decode(encoder.end())) == b""
    decoder.finish()


def test_python_and_its_gzip_agree():
    assert decoded("gzip", gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"

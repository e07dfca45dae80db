"""The recorder finds a planted leak in every form that a client could read: a search that misses one proves nothing."""

import base64
import gzip
import json
import socket
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from tests.material import split
from tests.recorder import Recorder, leaks, responses
from tests.servers import Do, ScriptedUpstream, answer, chunk, http, sse
from tests.speakers import SPEAKERS

SECRET = "A123456(3)"
CARD = "4111 1111 1111 1113"
EVERY = [(name, channel) for name, speaker in SPEAKERS.items() for channel in speaker.channels]


def raw(body: bytes, extra: str = "") -> bytes:
    return http(body, extra=extra)


def stream(*frames: bytes) -> bytes:
    return b"".join(step for step in sse(*frames) if isinstance(step, bytes))


def doc(value: object, **options: object) -> bytes:
    return raw(json.dumps(value, **options).encode())  # type: ignore[arg-type]


PLANTED = {
    "plain": raw(b"x A123456(3) x"),
    "header": raw(b"{}", extra=f"x-note: {SECRET}\r\n"),
    "chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nxA12\r\n8\r\n3456(3)x\r\n0\r\n\r\n",
    "cut chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nxA12\r\n9\r\n3456(3)",
    "gzip": raw(gzip.compress(b"A123456(3)"), extra="content-encoding: gzip\r\n"),
    "gzip without its name": raw(gzip.compress(b"A123456(3)")),
    "deflate": raw(zlib.compress(b"A123456(3)"), extra="content-encoding: deflate\r\n"),
    "raw deflate": raw(zlib.compress(b"A123456(3)", wbits=-15), extra="content-encoding: deflate\r\n"),
    "br": raw(brotli.compress(b"A123456(3)"), extra="content-encoding: br\r\n"),
    "zstd": raw(zstd.compress(b"A123456(3)"), extra="content-encoding: zstd\r\n"),
    "two encodings": raw(gzip.compress(brotli.compress(b"A123456(3)")), extra="content-encoding: br, gzip\r\n"),
    "cut gzip": raw(gzip.compress(b"A123456(3)" * 50)[:-9], extra="content-encoding: gzip\r\n"),
    "escaped": raw(b'{"a": "\\u0041123\\u0034\\u00356(3)"}'),
    "escaped in broken JSON": raw(b'{"a": "\\u0041123\\u0034\\u00356(3)'),
    "a key": doc({"A123456(3)": 1}),
    "a number": doc({"a": 1, "b": [1234563789]}),
    "nested JSON": doc({"a": json.dumps({"b": json.dumps({"c": "\u0041123456(3)"}).replace("A", "\\u0041")})}),
    "joined over events": stream(*(chunk({"content": piece}) for piece in ("A12", "34", "56(3)"))),
    "joined over choices that interleave": stream(*(chunk({"content": p}, index=i) for p, i in (("A12", 0), ("你好", 1), ("34", 0), ("世界", 1), ("56(3)", 0)))),
    "joined over blocks": doc({"content": [{"type": "text", "text": "A1234"}, {"type": "text", "text": "56(3)"}]}),
    "fragments of escaped JSON": stream(*(chunk({"tool_calls": [{"function": {"arguments": piece}}]}) for piece in ('{"a": "\\u0', "04112345", '6(3)"}'))),
    "JSON lines": raw(b'{"a": "A1234"}\n{"a": "56(3)"}\n'),
    "one array over time": raw(b'[{"a": "A1234"}\n,\r\n{"a": "56(3)"}'),
    "data in several lines": raw(b'data: {"a":\ndata: "\\u0041123456(3)"}\n\n'),
    "other case": doc({"a": "a123456(3)"}),
    "full width": doc({"a": "Ａ１２３４５６（３）"}, ensure_ascii=False),
    "spaces": doc({"a": "A 123 456 (3)"}),
    "line ends": doc({"a": "A123\n456(3)"}),
    "invisible characters": doc({"a": "A123\u200b456(3)"}),
    "digits": doc({"a": "1-2-3-4-5-6-3"}),
    "digits of another script": doc({"a": "١٢٣٤٥٦٣"}),
    "base64": doc({"a": base64.b64encode(b"A123456(3)").decode()}),
    "base64, one on": doc({"a": base64.b64encode(b"?A123456(3)..").decode()}),
    "base64, two on": doc({"a": base64.b64encode(b"??A123456(3).").decode()}),
    "base64 over events": stream(*(chunk({"content": piece}) for piece in ("QTEyM", "zQ1Nigz", "KQ=="))),
    "bytes of tokens": doc({"logprobs": [{"bytes": list(part)} for part in (b"A12", b"3456", b"(3)")]}),
    "the second answer of a connection": raw(b"{}") + raw(b'{"a": "A123456(3)"}'),
    "no HTTP at all": b"A123456(3)",
}  # fmt: skip


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_leak_is_found(form):
    assert leaks(PLANTED[form], SECRET)


def test_url_safe_base64_is_found():
    secret = "密>>>碼???"
    for pad in ("", "x", "xx"):
        coded = base64.urlsafe_b64encode((pad + secret + "..").encode()).decode()
        assert "-" in coded or "_" in coded
        assert leaks(doc({"a": coded}), secret)


@pytest.mark.parametrize(
    "body",
    [
        answer("佢嘅身份證號碼係[REDACTED:HKID]，多謝。"),
        answer("A12345 (3) A123457(3) B123455(3)"),
        json.dumps({"id": "chatcmpl-123456", "created": 1741569952, "usage": [1, 2, 3, 4, 5, 6]}).encode(),
        b"",
        b"not { json",
        bytes(range(256)),
    ],
)
def test_nothing_is_found_where_nothing_is(body):
    assert leaks(raw(body), SECRET) == []
    assert leaks(raw(body), CARD) == []


@pytest.mark.parametrize(("name", "channel"), EVERY)
def test_a_leak_is_found_in_every_channel_of_every_form(name, channel):
    """The speakers and the search were written apart; each finds what the other hides."""
    speaker = SPEAKERS[name]
    secret = "4111111111111113" if channel.endswith("number") else SECRET
    assert leaks(raw(speaker.whole(channel, secret)), secret)
    assert leaks(stream(*speaker.stream(channel, split(secret, (2, 5, 6)))), secret)
    assert leaks(raw(speaker.whole(channel, "1" if channel.endswith("number") else "safe")), secret) == []


@pytest.mark.parametrize("name", SPEAKERS)
def test_clean_answers_hold_no_secret(name):
    for streamed in (False, True):
        frames = SPEAKERS[name].clean(streamed)
        assert leaks(stream(*frames), SECRET) == leaks(stream(*frames), CARD) == []


@given(st.lists(st.integers(0, 40)))
def test_no_cut_of_the_text_hides_it(cuts):
    frames = (chunk({"content": piece}) for piece in split(f"係{SECRET}呀", cuts))
    assert leaks(stream(*frames), SECRET)


def test_a_part_of_the_secret_counts_where_asked():
    body = raw(answer("A1234 and no more"))
    assert leaks(body, SECRET) == []
    assert leaks(body, SECRET, least=5)
    assert leaks(body, SECRET, least=6) == []


def test_a_secret_of_marks_is_refused():
    with pytest.raises(ValueError, match="every text"):
        leaks(b"x", " - ")


def test_answers_are_taken_apart():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n0\r\n\r\n"
    found = list(responses(raw(b"one") + chunked + http(b"", "400 Bad Request")))
    assert [(response.status, response.body) for response in found] == [(200, b"one"), (200, b"ab"), (400, b"")]


# --- the relay -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def upstream():
    it = ScriptedUpstream(lambda asked: [http(b'{"a": "A123456(3)"}'), Do.CLOSE])
    server = await it.start()
    yield it
    server.close()


async def test_the_relay_keeps_what_the_client_received(upstream):
    import asyncio

    def talk(port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"POST /x HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi")
            received = b""
            while part := connection.recv(4096):
                received += part
        return received

    with Recorder(upstream.port) as recorder:
        received = await asyncio.to_thread(talk, recorder.port)
        assert upstream.asked[0].body == b"hi"
        assert recorder.received == [received]
        assert [response.status for response in recorder.responses] == [200]
        assert recorder.leaks(SECRET)
        assert recorder.leaks(SECRET)[0].startswith("connection 0, ")
        assert recorder.leaks("B987654(3)") == []
    with pytest.raises(OSError, match=r"."):
        socket.create_connection(("127.0.0.1", recorder.port), timeout=1)

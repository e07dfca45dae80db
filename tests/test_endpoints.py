"""What is open and what is not, over real sockets: bodies that are not all text, headers, encodings, broken protocols.

A test fails here when a user would get text that nobody judged, wait for text that was judged long ago, or not be told
why a request was refused.
"""

import asyncio
import itertools
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import brotli
import openai
import pytest
from backports import zstd

from guardrail.dialects.json_body import JoinedLens
from guardrail.dialects.openai_chat import OpenAIChat
from guardrail.dialects.places import alone
from guardrail.dialects.protocol import Call, Lens, View
from guardrail.policy.decide import Judge
from guardrail.scanner import Scanner
from guardrail.streaming import Streaming
from guardrail.types import Action, Decision, StreamMode
from guardrail.wire.jsontext import KEY
from guardrail.wire.sse import SSEDecoder
from tests import material
from tests.material import policy, rule
from tests.servers import Do, Site, answer, chunk, http, parse, site, sse, told

DETECTORS = [material.Patterns(), material.Rude(), material.Shouting()]
RULES = (
    rule("pii.*", Action.REDACT, id="identifiers"),
    rule("pii.hkid", Action.REDACT, id="asked", stage=material.Stage.REQUEST),
    rule("secret.private_key", Action.BLOCK, id="keys", message="不予顯示。"),
)
GROUPS = ("audio", "images", "files", "batches")
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "你好"}]}
VALUE, GONE = "A123456(3)", "[REDACTED:HKID]"
MP3 = b"ID3\x04\x00\x00" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def of(rules: str) -> dict[str, str]:
    """Every group of endpoints treated alike."""
    return dict.fromkeys(GROUPS, rules)


@contextmanager
def serving(directory, **settings) -> Iterator[Site]:
    with site(policy(*RULES, **settings), DETECTORS, directory, request_limit=1 << 20, read_timeout=5.0) as it:
        yield it


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One sidecar for each way to treat the groups."""
    with (
        serving(tmp_path_factory.mktemp("refuse")) as refuse,
        serving(tmp_path_factory.mktemp("inspect"), endpoints=of("inspect")) as inspect,
        serving(tmp_path_factory.mktemp("pass"), endpoints=of("pass")) as passing,
    ):
        yield {"refuse": refuse, "inspect": inspect, "pass": passing}


@pytest.fixture
def sidecar(running) -> Callable[..., Site]:
    def of_kind(kind: str, *steps) -> Site:
        it = running[kind]
        it.settle()
        it.sink.lines.clear()
        it.upstream.asked.clear()
        it.upstream.script = lambda asked: steps
        return it

    return of_kind


def send(it: Site, method: str, path: str, body: bytes = b"", kind: str = "application/json", headers: str = ""):
    """One request: status, headers in order, body."""
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    head += f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n" if body else ""
    return parse(it.raw(f"{head}{headers}\r\n".encode() + body))


def error_of(received: bytes) -> dict:
    return json.loads(received)["error"]


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form of parts, each the rest of its disposition and its bytes."""
    return (
        b"".join(b"--XX\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (h.encode(), v) for h, v in parts)
        + b"--XX--\r\n"
    )


FORM = "multipart/form-data; boundary=XX"


def file(value: bytes, kind: str, name: str = "a.bin") -> tuple[str, bytes]:
    return f'name="file"; filename="{name}"\r\nContent-Type: {kind}', value


# --- groups of endpoints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("POST", "/v1/audio/transcriptions", "audio"),
        ("POST", "/v1/images/generations", "images"),
        ("GET", "/v1/files/f/content", "files"),
        ("DELETE", "/v1/files/f", "files"),
        ("POST", "/v1/batches", "batches"),
    ],
)
def test_a_group_is_closed_until_the_policy_opens_it(sidecar, method, path, group):
    it = sidecar("refuse", http(b"{}"))
    status, _, received = send(it, method, path, b"{}" if method == "POST" else b"")
    assert (status, error_of(received)["code"]) == (404, "endpoint_not_open")
    assert f"`endpoints: {{{group}: inspect}}`" in error_of(received)["message"], "the error does not name the cure"
    assert it.upstream.asked == []
    assert it.record["ended"] == "refused"
    it = sidecar("inspect", http(b"{}"))
    assert send(it, method, path, b"{}" if method == "POST" else b"")[0] == 200


@pytest.mark.parametrize("kind", ["inspect", "pass"])
def test_json_of_an_open_endpoint_is_judged_both_ways(sidecar, kind):
    it = sidecar(kind, http(json.dumps({"data": [{"revised_prompt": f"畫一張{VALUE}"}]}).encode()))
    status, _, received = send(it, "POST", "/v1/images/generations", json.dumps({"prompt": f"畫{VALUE}"}).encode())
    assert status == 200
    assert json.loads(received)["data"][0]["revised_prompt"] == f"畫一張{GONE}"
    assert it.upstream.asked[0].json == {"prompt": f"畫{GONE}"}


LINES = [
    json.dumps({"custom_id": "1", "response": {"body": {"content": f"身份證{VALUE}"}}}, ensure_ascii=False).encode(),
    json.dumps({"custom_id": "2", "response": {"body": {"content": f"身份证{VALUE}"}}}).encode(),
    b'{"custom_id": "3", "note": "\\u0041123456(3)", "error": {"message": "4111 1111"}}',
    b'{"custom_id": "4", "note": "1111 1113"}',
]


@pytest.mark.parametrize(
    "media", ["application/jsonl", "application/x-ndjson", "text/plain", "application/octet-stream"]
)
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "unended"])
def test_json_lines_are_judged_line_by_line_whatever_their_label(sidecar, media, end):
    """Lines are documents of their own: a card number does not begin in one and end in the next."""
    body = b"\n".join(LINES) + end
    it = sidecar("inspect", http(body, kind=media))
    status, _, received = send(it, "GET", "/v1/files/f/content")
    assert status == 200
    got = received.split(b"\n")
    assert [json.loads(line)["response"]["body"]["content"] for line in got[:2]] == [f"身份證{GONE}", f"身份证{GONE}"]
    assert json.loads(got[2])["note"] == GONE
    assert got[3:] == body.split(b"\n")[3:]
    assert it.record["action"] == "redact"


@pytest.mark.parametrize("media", ["application/jsonl", "text/plain"])
def test_clean_lines_come_back_byte_for_byte(sidecar, media):
    body = b'{"a" : 1.0e2}\r\n\r\n{"b": "\\u4f60"}\n'
    it = sidecar("inspect", http(body, kind=media))
    assert send(it, "GET", "/v1/batches/b/results")[2] == body


def test_text_fields_of_a_form_are_judged_and_its_pictures_pass(sidecar):
    it = sidecar("inspect", http(b'{"data": []}'))
    parts = [('name="prompt"', f"把{VALUE}塗掉".encode()), file(PNG, "image/png"), ('name="n"', b"1")]
    status, _, _ = send(it, "POST", "/v1/images/edits", form(*parts), FORM)
    assert status == 200
    [asked] = it.upstream.asked
    assert asked.body == form(('name="prompt"', f"把{GONE}塗掉".encode()), *parts[1:])
    assert asked.header(b"content-length") == str(len(asked.body)).encode()
    assert asked.header(b"content-type") == FORM.encode()
    assert it.record["findings"][0]["stage"] == "request"


def test_a_clean_form_is_sent_as_it_came(sidecar):
    it = sidecar("inspect", http(b'{"text": "ok"}'))
    body = form(file(MP3, "audio/mpeg", "聲音.mp3"), ('name="model"', b"whisper-1"), ('name="language"', b"yue"))
    assert send(it, "POST", "/v1/audio/transcriptions", body, FORM)[0] == 200
    assert it.upstream.asked[0].body == body


@pytest.mark.parametrize(
    "upload",
    [file(f"身份證{VALUE}".encode(), "text/plain"), file(VALUE.encode(), "image/png"), file(PNG, "application/pdf")],
    ids=["text", "text that calls itself a picture", "neither sound nor picture"],
)
def test_a_file_of_text_in_a_form_is_refused_unless_the_policy_lets_it_pass(sidecar, upload):
    it = sidecar("inspect", http(b"{}"))
    body = form(('name="purpose"', b"batch"), upload)
    status, _, received = send(it, "POST", "/v1/files", body, FORM)
    assert (status, error_of(received)["code"]) == (415, "content_type")
    assert "`endpoints: {files: pass}`" in error_of(received)["message"]
    assert it.upstream.asked == []
    it = sidecar("pass", http(b"{}"))
    assert send(it, "POST", "/v1/files", body, FORM)[0] == 200
    assert it.upstream.asked[0].body == body


def test_a_text_field_is_judged_even_where_files_pass(sidecar):
    it = sidecar("pass", http(b"{}"))
    send(it, "POST", "/v1/files", form(('name="note"', VALUE.encode()), file(b"x", "text/plain")), FORM)
    assert it.upstream.asked[0].body == form(('name="note"', GONE.encode()), file(b"x", "text/plain"))


@pytest.mark.parametrize(
    "body", [form(('name="a"', b"b"))[:-6], b"", form() + VALUE.encode(), form(('name="a"', b"\xff"))]
)
def test_a_form_that_cannot_be_read_is_refused(sidecar, body):
    it = sidecar("inspect", http(b"{}"))
    status, _, received = send(it, "POST", "/v1/audio/transcriptions", body or b"--", FORM)
    assert (status, error_of(received)["code"]) == (400, "invalid_form")
    assert it.upstream.asked == []


def test_a_form_is_no_body_for_an_endpoint_of_json(sidecar):
    it = sidecar("pass", http(answer("x")))
    status, _, received = send(it, "POST", "/v1/chat/completions", form(('name="a"', b"b")), FORM)
    assert (status, error_of(received)["code"]) == (400, "invalid_json")
    assert it.upstream.asked == []


def test_sound_is_refused_where_endpoints_are_inspected_and_passes_where_they_pass(sidecar):
    it = sidecar("inspect", http(MP3, kind="audio/mpeg"))
    status, headers, received = send(it, "POST", "/v1/audio/speech", b'{"input": "x"}')
    assert (status, error_of(received)["code"]) == (502, "content_type")
    assert "`endpoints: {audio: pass}`" in error_of(received)["message"]
    assert headers["x-should-retry"] == "false"
    it = sidecar("pass", http(MP3, kind="audio/mpeg", extra='etag: "e"\r\n'))
    status, headers, received = send(it, "POST", "/v1/audio/speech", b'{"input": "x"}')
    assert (status, received) == (200, MP3)
    assert (headers["content-type"], headers["etag"]) == ("audio/mpeg", '"e"')
    record = it.record
    assert (record["action"], record["checks_not_run"]) == (
        "flag",
        [{"check": "body", "reason": "not text; the policy lets it pass"}],
    )


def test_what_a_policy_lets_pass_is_said_to_the_client(sidecar):
    it = sidecar("pass", http(PNG, kind="image/png"))
    _, headers, _ = send(it, "GET", "/v1/videos/v/content")
    assert headers["x-guardrail-checks-not-run"] == "body"


def test_text_passes_no_endpoint_unjudged(sidecar):
    it = sidecar("pass", http(f"1\n00:00 --> 00:01\n身份證{VALUE}\n".encode(), kind="text/plain; charset=utf-8"))
    status, _, received = send(it, "POST", "/v1/audio/transcriptions", form(file(MP3, "audio/mpeg")), FORM)
    assert (status, received.decode()) == (200, f"1\n00:00 --> 00:01\n身份證{GONE}\n")


def test_a_transcript_is_joined_over_its_events(sidecar):
    def event(**members) -> bytes:
        return f"event: {members['type']}\ndata: {json.dumps(members, ensure_ascii=False)}\n\n".encode()

    pieces = ["身份證係A1", "234", "56(", "3)，", "多謝"]
    events = [event(type="transcript.text.delta", delta=piece) for piece in pieces]
    events.append(event(type="transcript.text.done", text="".join(pieces), usage={"type": "tokens", "total_tokens": 9}))
    it = sidecar("inspect", *sse(*events))
    status, _, received = send(
        it, "POST", "/v1/audio/transcriptions", form(file(MP3, "audio/mpeg"), ('name="stream"', b"true")), FORM
    )
    assert status == 200
    data = [json.loads(line[6:]) for line in received.decode().split("\n") if line.startswith("data: ")]
    assert "".join(d.get("delta", "") for d in data) == f"身份證係{GONE}，多謝"
    assert data[-1]["text"] == f"身份證係{GONE}，多謝"
    assert it.record["findings"], "the record does not say what was found"


@pytest.mark.parametrize("kind", ["refuse", "inspect", "pass"])
def test_an_answer_of_an_unknown_type_is_refused_on_a_chat_endpoint(sidecar, kind):
    for media in ("image/png", "application/pdf", "application/x-protobuf", ""):
        it = sidecar(kind, http(PNG, kind=media))
        status, _, received = it.post(QUESTION)
        assert (status, error_of(received)["code"]) == (502, "content_type"), media


# --- whose API it is -------------------------------------------------------------------------------------------------


@contextmanager
def mapped(directory, *names: str) -> Iterator[tuple[Site, Site]]:
    """A sidecar with an upstream for each name, all of them the same server under a path of their own."""
    rules = policy(*RULES, endpoints=of("inspect"))
    with site(rules, DETECTORS, directory / "a", lambda asked: [http(b"{}")]) as back:
        base = f"http://127.0.0.1:{back.upstream.port}"
        upstream = " ".join(f"{name}={base}/{name}" if name else f"{base}/rest" for name in names)
        with site(rules, DETECTORS, directory / "b", upstream=upstream) as front:
            yield front, back


def served_by(front: Site, back: Site, method: str, path: str) -> str:
    back.upstream.asked.clear()
    status, _, received = send(front, method, path, b"{}" if method == "POST" else b"")
    if not back.upstream.asked:
        assert b"--upstream " in received
        return str(status)
    [asked] = back.upstream.asked
    target = asked.line.split()[1].decode()
    assert target.endswith(path)
    return target.split("/")[1]


ASKED = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/openai/deployments/d/chat/completions?api-version=1"),
    ("POST", "/v1beta/openai/chat/completions"),
    ("POST", "/api/v1/chat/completions"),
    ("POST", "/v1/messages"),
    ("POST", "/v1beta/models/m:generateContent"),
    ("POST", "/api/chat"),
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/models"),
    ("GET", "/v1beta/models"),
    ("POST", "/v1/audio/speech"),
]


@pytest.mark.parametrize(
    ("names", "served"),
    [
        ([""], ["rest"] * 11),
        (
            ["openai", "azure", "anthropic", "gemini", "ollama"],
            [
                "openai",
                "azure",
                "gemini",
                "openai",
                "anthropic",
                "gemini",
                "ollama",
                "openai",
                "openai",
                "gemini",
                "openai",
            ],
        ),
        (
            ["", "azure", "anthropic"],
            ["rest", "azure", "rest", "rest", "anthropic", "rest", "rest", "rest", "rest", "rest", "rest"],
        ),
        (
            ["anthropic"],
            ["404"] * 4 + ["anthropic"] + ["404"] * 6,
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_request_goes_to_the_upstream_of_its_api(tmp_path, names, served):
    with mapped(tmp_path, *names) as (front, back):
        assert [served_by(front, back, method, path) for method, path in ASKED] == served


def test_the_error_without_an_upstream_names_the_flag(tmp_path):
    with mapped(tmp_path, "anthropic") as (front, _):
        assert "`--upstream openai=URL`" in error_of(front.post(QUESTION)[2])["message"]
        assert "`--upstream openai=URL`" in error_of(front.get("/v1/models")[2])["message"]
        assert front.record["ended"] == "refused"


# --- headers ---------------------------------------------------------------------------------------------------------

EXTRA = "x-first: 1\r\nx-note: id A123456(3)\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-4111-1111-1111-1113: y\r\nx-last: 繁體\r\n"


def header_lines(raw: bytes) -> list[bytes]:
    return raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]


@pytest.mark.parametrize("stream", [False, True])
def test_a_header_that_leaks_goes_and_the_others_stay_in_order(sidecar, stream):
    steps = sse(*told(["好"]), extra=EXTRA) if stream else [http(answer("好"), extra=EXTRA)]
    it = sidecar("refuse", *steps)
    body = json.dumps({**QUESTION, "stream": stream}).encode()
    raw = it.raw(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        + body
    )
    kept = [line for line in header_lines(raw) if line.startswith((b"x-first", b"x-note", b"set-", b"x-4", b"x-last"))]
    assert kept == [b"x-first: 1", b"set-cookie: a=1", b"set-cookie: b=2", "x-last: 繁體".encode()]
    assert b"A123456" not in raw
    assert it.record["action"] == "redact"
    assert {found["channel"] for found in it.record["findings"]} == {"header"}


def test_a_header_in_chinese_is_read_as_such(tmp_path):
    rules = policy(rule("secret.password", Action.REDACT), rule("pii.*", Action.REDACT))
    extra = "x-a: 密碼：hunter22\r\nx-b: Ａ１２３４５６（３）\r\nx-c: \xe9t\xe9\r\n"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
    latin = extra.replace("\xe9t\xe9", "").encode().replace(b"x-c: ", b"x-c: \xe9t\xe9")
    with site(rules, DETECTORS, tmp_path, lambda asked: [head + latin + b"\r\n{}"]) as it:
        _, headers, _ = it.post(QUESTION)
        assert "x-a" not in headers
        assert "x-b" not in headers
        assert headers["x-c"] == "\xe9t\xe9"


def test_a_header_that_must_not_pass_blocks_the_answer(sidecar):
    it = sidecar("refuse", http(answer("fine"), extra="x-key: -----BEGIN KEY-----QUJD-----END KEY-----\r\n"))
    status, headers, received = it.post(QUESTION)
    assert (status, error_of(received)) == (
        400,
        {**error_of(received), "code": "content_filter", "message": "不予顯示。"},
    )
    assert "x-key" not in headers
    assert it.record["ended"] == "blocked"


# --- encodings -------------------------------------------------------------------------------------------------------


def flushed(engine, flush) -> Callable[[bytes], bytes]:
    """A compressor whose every piece can be read when it is there."""
    return lambda piece: engine(piece) + flush()


def gzip_stream():
    engine = zlib.compressobj(wbits=31)
    return flushed(engine.compress, lambda: engine.flush(zlib.Z_SYNC_FLUSH)), engine.flush


def deflate_stream():
    engine = zlib.compressobj()
    return flushed(engine.compress, lambda: engine.flush(zlib.Z_SYNC_FLUSH)), engine.flush


def raw_deflate_stream():
    engine = zlib.compressobj(wbits=-15)
    return flushed(engine.compress, lambda: engine.flush(zlib.Z_SYNC_FLUSH)), engine.flush


def brotli_stream():
    engine = brotli.Compressor()
    return flushed(engine.process, engine.flush), engine.finish


def zstd_stream():
    engine = zstd.ZstdCompressor()
    return flushed(engine.compress, lambda: engine.flush(zstd.ZstdCompressor.FLUSH_BLOCK)), engine.flush


ENCODINGS = {
    "gzip": gzip_stream,
    "deflate": deflate_stream,
    "raw deflate": raw_deflate_stream,
    "br": brotli_stream,
    "zstd": zstd_stream,
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_compressed_answer_is_decoded_judged_and_relabelled(sidecar, name):
    compress, end = ENCODINGS[name]()
    for text, becomes in ((f"身份證{VALUE}", f"身份證{GONE}"), ("一切安好", "一切安好")):
        compress, end = ENCODINGS[name]()
        body = compress(answer(text)) + end()
        extra = (
            f'content-encoding: {name.split()[-1]}\r\netag: "e"\r\ncontent-digest: sha-256=:x:\r\nx-request-id: r\r\n'
        )
        it = sidecar("refuse", http(body, extra=extra))
        status, headers, received = it.post(QUESTION)
        assert status == 200
        assert json.loads(received)["choices"][0]["message"]["content"] == becomes
        assert headers["content-length"] == str(len(received))
        assert headers["x-request-id"] == "r"
        # They were said of other bytes than these.
        assert not {"content-encoding", "etag", "content-digest"} & headers.keys()


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_compressed_stream_stays_a_stream(sidecar, name):
    """The upstream goes on only when the client has what was flushed so far."""
    compress, end = ENCODINGS[name]()
    pieces = [compress(event) for event in told(["好的。", "身份證A1234", "56(3)", "。"])]
    seen = threading.Event()

    def script(asked):
        yield from sse(*pieces[:2], extra=f"content-encoding: {name.split()[-1]}\r\n", end=False)
        while not seen.is_set():
            yield 0.01
        yield from chunked(*pieces[2:], end())

    it = sidecar("refuse")
    it.upstream.script = script
    client = openai.OpenAI(base_url=it.url + "/v1", api_key="none", max_retries=0, timeout=10)
    try:
        stream = client.chat.completions.create(**QUESTION, stream=True)
        first = [next(stream), next(stream)]
    finally:
        seen.set()
    text = "".join(event.choices[0].delta.content or "" for event in [*first, *stream])
    assert text == f"好的。身份證{GONE}。"
    assert "content-encoding" not in stream.response.headers


def chunked(*pieces: bytes) -> list[bytes]:
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece] + [b"0\r\n\r\n"]


def test_digests_of_a_stream_that_may_be_edited_are_not_passed_on(sidecar):
    it = sidecar("refuse", *sse(*told(["好"]), extra='etag: "e"\r\ncontent-md5: x\r\ndigest: x\r\n'))
    _, headers, _ = it.post({**QUESTION, "stream": True})
    assert not {"etag", "content-md5", "digest"} & headers.keys()


# --- kinds of answers ------------------------------------------------------------------------------------------------


def events_of(received: bytes) -> list[dict]:
    return [json.loads(line[6:]) for line in received.split(b"\n") if line.startswith(b"data: {")]


def spoken(received: bytes) -> str:
    return "".join(c["delta"].get("content") or "" for e in events_of(received) for c in e.get("choices", ()))


def test_json_that_answers_a_request_for_a_stream_is_judged_as_json(sidecar):
    it = sidecar("refuse", http(answer(f"係{VALUE}")))
    status, headers, received = it.post({**QUESTION, "stream": True})
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(received)["choices"][0]["message"]["content"] == f"係{GONE}"


def test_a_stream_that_answers_a_plain_request_is_judged_as_a_stream(sidecar):
    it = sidecar("refuse", *sse(*told(["係A1234", "56(3)"])))
    status, _, received = it.post(QUESTION)
    assert (status, spoken(received)) == (200, f"係{GONE}")
    assert received.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("ending", [b"", b"\n"])
@pytest.mark.parametrize(
    "last", [chunk({"content": f"係{VALUE}"}, finish="stop"), chunk({}, finish="stop"), b"data: [DONE]\n\n"]
)
def test_a_last_event_without_its_end_is_judged_and_passes(sidecar, last, ending):
    events = [chunk({"content": "好 "}), *([chunk({}, finish="stop")] if b"DONE" in last else [])]
    raw = b"".join(events) + last[:-2] + ending
    it = sidecar("refuse", *sse(raw))
    _, _, received = it.post({**QUESTION, "stream": True})
    assert VALUE.encode() not in received
    if VALUE.encode() not in raw:
        assert received == raw
    else:
        assert spoken(received) == f"好 係{GONE}"
        assert received.endswith(b"}" + ending)


@pytest.mark.parametrize(
    "after",
    [
        chunk({"content": VALUE}),
        b"data: %b\n\n" % VALUE.encode(),
        b'data: {"note": "A123456(3)"}\n\n',
        b": A123456(3)\n\n",
    ],
    ids=["text", "no JSON", "a field", "a comment"],
)
def test_nothing_leaks_behind_the_end_mark(sidecar, after):
    it = sidecar("refuse", *sse(*told(["好"]), after))
    _, _, received = it.post({**QUESTION, "stream": True})
    assert spoken(received) == "好"
    assert b"A123456" not in received


def test_a_counter_behind_the_end_mark_passes(sidecar):
    raw = b"".join([*told(["好"]), b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n'])
    it = sidecar("refuse", *sse(raw))
    assert it.post({**QUESTION, "stream": True})[2] == raw


FAILED = b'data: {"error": {"message": "overloaded %b", "type": "server_error", "code": null}}\n\n'


@pytest.mark.parametrize(
    "rest",
    [
        [b"data: [DONE]\n\n"],
        [],
        [Do.RESET],
        [chunk({"content": "56(3)"}), chunk({}, finish="stop"), b"data: [DONE]\n\n"],
        [chunk({"more": "56(3)"})],
    ],
    ids=["end mark", "end", "reset", "more text", "more of a field"],
)
def test_an_error_of_the_upstream_inside_the_stream_is_the_last_word(sidecar, rest):
    """What was held is not known to be whole and goes; nothing is put behind the error, and nothing goes on after it."""
    more = [each for each in rest if each is not Do.RESET]
    begun = [chunk({"content": "好的 "}), chunk({"content": "A1234"}), FAILED % VALUE.encode(), *more]
    it = sidecar("refuse", *sse(*begun, end=Do.RESET not in rest), *(each for each in rest if each is Do.RESET))
    stream = json.dumps({**QUESTION, "stream": True}).encode()
    _, _, received = it.post(stream)
    assert spoken(received) == "好的 "
    errors = [event["error"] for event in events_of(received) if "error" in event]
    assert [error["message"] for error in errors] == [f"overloaded {GONE}"]
    assert b"A1234" not in received
    assert b"56(3)" not in received
    assert received.endswith(b"data: [DONE]\n\n") == (b"data: [DONE]\n\n" in rest)


def test_an_error_that_is_the_first_event_is_passed_on(sidecar):
    it = sidecar("refuse", *sse(FAILED % b"now"))
    assert it.post({**QUESTION, "stream": True})[2] == FAILED % b"now"


@pytest.mark.parametrize(
    "path", ["/v1/realtime?model=gpt-realtime", "/v1/responses", "/v1/models", "/v1/chat/completions"]
)
def test_a_websocket_is_refused_in_words(sidecar, path):
    it = sidecar("pass", http(b"{}"))
    upgrade = "upgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    head = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n{upgrade}\r\n"
    with socket.create_connection(("127.0.0.1", it.port), timeout=10) as connection:
        connection.sendall(head.encode())
        received = b""
        while b"}}" not in received:
            part = connection.recv(65536)
            assert part, received
            received += part
    status, _, body = parse(received)
    assert (status, error_of(body)["code"]) == (400, "websocket")
    assert it.upstream.asked == []


# --- asking again ----------------------------------------------------------------------------------------------------

AGAIN = policy(
    rule("bias.toxicity", Action.REGENERATE, message="無法回答。"), rule("pii.*", Action.REGENERATE, id="ids")
)


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    with site(AGAIN, DETECTORS, tmp_path_factory.mktemp("again")) as it:
        yield it


@pytest.fixture(scope="module")
def flowing(tmp_path_factory):
    """The same with rules that let a text leave as it is judged."""
    rules = policy(*(replace(rule, stream=StreamMode.SENTENCE) for rule in AGAIN.rules))
    with site(rules, DETECTORS, tmp_path_factory.mktemp("flowing")) as it:
        yield it


def answers(it: Site, *streams, pause: float = 0.0) -> Site:
    """The upstream gives one of `streams` after the other."""
    it.settle()
    it.sink.lines.clear()
    it.upstream.asked.clear()
    rest = list(streams)
    it.upstream.script = lambda asked: sse(*rest.pop(0), pause=pause)
    return it


GOOD = [chunk({"content": "你好。"}), chunk({}, finish="stop"), b"data: [DONE]\n\n"]
BAD = [chunk({"content": "你呢個人渣。"}), chunk({}, finish="stop"), b"data: [DONE]\n\n"]


@pytest.mark.parametrize(
    "bad",
    [
        BAD,
        [chunk({"content": "係A1234"}), chunk({"content": "56(3)"}), *GOOD[1:]],
        [
            chunk(
                {
                    "content": "好",
                    "annotations": [{"type": "url_citation", "url_citation": {"title": VALUE, "url": "u"}}],
                }
            ),
            *GOOD[1:],
        ],
        [chunk({"content": "好"}, model=VALUE), *GOOD[1:]],
        [b": A123456(3)\n", *GOOD],
    ],
    ids=["a sentence", "a value", "an annotation", "a name", "a comment"],
)
def test_a_stream_is_asked_for_again_while_nothing_has_left(asking, bad):
    it = answers(asking, bad, GOOD)
    status, _, received = it.post({**QUESTION, "stream": True})
    assert (status, spoken(received)) == (200, "你好。")
    assert b"A123456" not in received
    assert len(it.upstream.asked) == 2
    assert it.record["action"] == "regenerate"


def test_a_stream_that_stays_bad_is_blocked_after_three(asking):
    it = answers(asking, BAD, BAD, BAD, GOOD)
    status, _, received = it.post({**QUESTION, "stream": True})
    assert (status, error_of(received)["code"], error_of(received)["message"]) == (400, "content_filter", "無法回答。")
    assert len(it.upstream.asked) == 3


@pytest.mark.parametrize(
    "rest",
    [
        told(["第一句。好的。", "你呢個人渣。"]),
        told(["第一句。好的。", "係", "A123456(3) "]),
        [*told(["好。"])[:2], chunk({"x": VALUE}), *told(["好"])],
    ],
)
def test_a_stream_that_has_begun_to_leave_is_blocked_instead(flowing, rest):
    it = answers(flowing, rest, GOOD, pause=0.05)
    status, _, received = it.post({**QUESTION, "stream": True})
    assert status == 200
    assert b"A123456" not in received
    assert "人渣" not in received.decode()
    assert events_of(received)[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert len(it.upstream.asked) == 1
    assert it.record["ended"] == "blocked"


# --- fields that nobody knows ----------------------------------------------------------------------------------------

REDACT = policy(*RULES)
SCANNER = Scanner(REDACT, DETECTORS)


def outputs(events: list[bytes], *, choices: int = 1, lens: Lens | None = None) -> list[bytes]:
    """What leaves after each event of a stream, and at its end."""
    call = Call(stream=True, choices=choices)
    left: list[bytes] = [b""]

    async def run() -> None:
        async def reads():
            for event in events:
                yield event
                left.append(b"")  # asked for more: all that could leave has left

        reader = lens or OpenAIChat().lens(call)
        stream = Streaming(reader, SSEDecoder(1 << 20), call, SCANNER, Judge(REDACT), Decision(), None)
        async for piece in stream.run(reads()):
            left[-1] += piece

    asyncio.run(run())
    return left


END = [chunk({}, finish="stop"), b"data: [DONE]\n\n"]


def test_a_text_in_an_unknown_field_is_joined_over_events():
    pieces = ["佢係A12", "345", "6(3)。", "好"]
    received = b"".join(outputs([*(chunk({"musing": piece}) for piece in pieces), *END]))
    said = "".join(event["choices"][0]["delta"].get("musing", "") for event in events_of(received))
    assert said == f"佢係{GONE}。好"


@pytest.mark.parametrize("constant", ["fp_44709d6fcb", "default", "繁體", "1.0.12"])
def test_an_unknown_field_that_is_the_same_in_every_event_does_not_hold_the_stream(constant):
    events = [chunk({"content": f"第{n}句。"}, provider_mark=constant) for n in range(5)]
    left = outputs([*events, *END])
    for count in range(2, len(events)):
        assert b"".join(left[:count]) == b"".join(events[:count]), f"after {count} events"


def test_an_unknown_field_that_only_the_first_event_has_does_not_hold_the_stream():
    events = [chunk({"content": "第一句。"}, mark="A1234"), *(chunk({"content": f"第{n}句。"}) for n in range(8))]
    left = outputs([*events, *END])
    assert b"".join(left[:8]) == b"".join(events[:8]), "24 characters on"


@pytest.mark.parametrize("place", ["id", "model", "system_fingerprint"])
def test_a_name_that_changes_is_judged_behind_the_one_before(place):
    events = [chunk({"content": "好。"}, **{place: name}) for name in ("x A1234", "56(3) y", "z")]
    left = outputs([*events, *END])
    names = [event[place] for event in events_of(b"".join(left))[:3]]
    assert names == ["x A1234", f"{GONE} y", "z"]
    assert left[0] == events[0], "a name waits for no other"


def cited(title: str, **more) -> dict:
    return {**more, "annotations": [{"type": "url_citation", "url_citation": {"title": title, "url": "u"}}]}


@pytest.mark.parametrize(
    "events",
    [
        [chunk({"content": "係A123456"}), chunk(cited("(3) 資料"))],
        [chunk({"content": "係A123"}), chunk({"content": "456"}), chunk(cited("(3) 資料"))],
        [chunk(cited("(3) 資料", content="係A123456"))],
        [chunk({"content": "係A123"}), chunk(cited("(3) 資料", content="456"))],
    ],
    ids=["in the next event", "after two", "in the same event", "after two, in the same event"],
)
def test_a_value_that_ends_in_an_annotation_is_found(events):
    received = b"".join(outputs([*events, *END]))
    assert spoken(received) == f"係{GONE}"
    titles = [
        a["url_citation"]["title"] for e in events_of(received) for a in e["choices"][0]["delta"].get("annotations", ())
    ]
    assert titles == [" 資料"]


def test_two_choices_that_end_in_one_block_are_both_ended():
    """The end of the first choice waits behind the text of the second; a block drops it, and must make up for it."""
    events = [
        chunk({"content": "一 "}, index=0), chunk({"content": "二 -----BEGIN KEY-----"}, index=1), chunk({}, index=0, finish="stop"), chunk({"content": "QUJD。好的。"}, index=1),
    ]  # fmt: skip
    received = b"".join(outputs(events, choices=2))
    finished = [
        (c["index"], c["finish_reason"]) for e in events_of(received) for c in e["choices"] if c["finish_reason"]
    ]
    assert finished == [(0, "content_filter"), (1, "content_filter")]


def test_a_block_behind_half_a_character_ends_the_stream_all_the_same():
    half = chunk({"content": "HALF "}).replace(b"HALF", b"\\ud83d")
    received = b"".join(outputs([half, chunk({"content": "-----BEGIN KEY-----QUJD."}), *END]))
    assert received.startswith(half)
    assert b'"content_filter"' in received
    assert "不予顯示。" in received.decode()


class ByKey(JoinedLens):
    """Every string by itself; those at `arguments` are what agents act on."""

    def event(self, document, strings, name):
        channel = "tool_arguments" if "arguments" in document else "field"
        return View(fields=[alone(channel, pointer, text) for pointer, text in strings if pointer[-1] != KEY])


def test_a_string_that_was_clean_as_text_is_opened_where_it_is_json():
    """A verdict on a string of one kind is none on the same string where agents act on it."""
    text = '{"to": "\\u0041123456(3)"}'
    events = [b"data: %b\n\n" % json.dumps({name: text}).encode() for name in ("note", "arguments")]
    first, second = events_of(b"".join(outputs(events, lens=ByKey())))
    assert first == {"note": text}
    assert json.loads(second["arguments"]) == {"to": GONE}


# --- slow and leaving clients ----------------------------------------------------------------------------------------

MANY = 64 << 20
EVENT = chunk({"content": "好的。" * 5000})


class Flood:
    """A stream of MANY bytes; `written` is how many of them the upstream could write so far."""

    def __init__(self, event: bytes = EVENT) -> None:
        self.written = 0
        self._event = event

    def __call__(self, asked) -> Iterator[bytes]:
        yield from sse(end=False)
        while self.written < MANY:
            self.written += len(self._event)
            yield b"%x\r\n%b\r\n" % (len(self._event), self._event)
        yield from chunked(*END)

    def still(self) -> int:
        """What had been written when no more could be."""
        before = -1
        while before != self.written:
            before = self.written
            time.sleep(0.4)
        return before


def memory() -> int:
    """The resident memory of this process, which holds the sidecar too."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def connect(it: Site, body: bytes) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", it.port))
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
        % (len(body), body)
    )
    return connection


STREAM = json.dumps({**QUESTION, "stream": True}).encode()


@pytest.fixture
def flooded(tmp_path):
    with site(policy(*RULES), DETECTORS, tmp_path, response_limit=1 << 30, read_timeout=5.0) as it:
        yield it


def test_a_client_that_does_not_read_stops_the_upstream(flooded):
    flood = flooded.upstream.script = Flood()
    before = memory()
    with connect(flooded, STREAM) as connection:
        written = flood.still()
        assert written < MANY // 3, f"{written >> 20} MiB were taken for a client that reads nothing"
        assert memory() - before < MANY // 2
        received = 0
        tail = b""
        while part := connection.recv(1 << 20):
            received += len(part)
            tail = (tail + part)[-100:]
    assert received > MANY
    assert tail.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert flooded.record["ended"] == "completed"


def test_a_stream_that_waits_for_a_verdict_is_held_up_to_the_cap(tmp_path):
    rules = policy(*RULES, hold_cap=1 << 20)
    flood = Flood(chunk({"content": "QUJD" * 4000}))

    def script(asked):
        yield from sse(chunk({"content": "-----BEGIN KEY-----\n"}), end=False)
        yield from itertools.islice(flood(asked), 1, None)

    with site(
        policy(rule("secret.private_key", Action.REDACT), hold_cap=rules.hold_cap),
        DETECTORS,
        tmp_path,
        script,
        response_limit=1 << 30,
    ) as it:
        before = memory()
        status, _, received = it.post(STREAM)
        assert (status, error_of(received)["code"]) == (400, "content_filter")
        assert flood.written < MANY // 3
        assert memory() - before < MANY // 2
        assert it.record["checks_not_run"] == [{"check": "gate", "reason": "hold_cap"}]


LEAVING = {
    "before the first byte": [Do.HANG],
    "before the body of an answer": [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n", Do.HANG],
    "inside an answer that is not streamed": [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{", Do.HANG],
    "before the first event": [*sse(end=False), Do.HANG],
    "inside a stream": [*sse(chunk({"content": "好。"}), end=False), Do.HANG],
    "while its text is held": [*sse(chunk({"content": "A1234"}), end=False), Do.HANG],
}  # fmt: skip


@pytest.mark.parametrize("steps", LEAVING.values(), ids=LEAVING)
def test_a_client_that_leaves_closes_the_upstream(flooded, steps):
    flooded.upstream.script = lambda asked: steps
    with connect(flooded, STREAM) as connection:
        while not flooded.upstream.asked:
            time.sleep(0.01)
        if steps is LEAVING["inside a stream"]:
            assert connection.recv(65536)
        time.sleep(0.05)
    assert_gone(flooded)


def test_a_client_that_leaves_without_having_read_closes_the_upstream(flooded):
    flood = flooded.upstream.script = Flood()
    with connect(flooded, STREAM):
        flood.still()
    assert_gone(flooded)
    assert flood.written < MANY


def assert_gone(it: Site) -> None:
    deadline = time.monotonic() + 1.0
    while not it.upstream.gone and time.monotonic() < deadline:
        time.sleep(0.01)
    assert it.upstream.gone == 1, "the upstream goes on for a client that left a second ago"
    assert it.record["ended"] == "client_gone"


# --- what may hold a stream back, and for how long ---------------------------------------------------------------------


LONG = "今日天氣好好，我哋一齊去行山啦，記得帶水同帽。"


def test_reasoning_that_ends_in_a_word_does_not_hold_the_answer_that_follows():
    events = [chunk({"reasoning_content": "let me think"}), *(chunk({"content": LONG}) for _ in range(4))]
    left = outputs([*events, *END])
    assert b"".join(left[:3])


@pytest.mark.parametrize(
    "words", [["1.0"] * 40, [f"{n:x}q{n * 7919:x}" for n in range(40)]], ids=["constant", "random"]
)
def test_an_unknown_field_of_every_event_does_not_hold_the_answer(words):
    events = [chunk({"content": LONG}, extra=word) for word in words]
    left = outputs([*events, *END])
    assert b"".join(left[:20])


def test_a_value_across_text_and_an_annotation_that_end_together_is_found():
    received = b"".join(outputs([chunk(cited("(3) x", content="係A123456"), finish="stop")]))
    assert b"A123456" not in received


def test_a_value_in_an_unknown_field_by_turns_with_content_is_found():
    events = [chunk({"musing": "A123456"}), chunk({"content": "好。"}), chunk({"musing": "(3)"})]
    assert b"A123456" not in b"".join(outputs([*events, *END]))


def test_a_stream_of_which_only_the_role_came_is_asked_for_again(tmp_path):
    rules = policy(rule("bias.toxicity", Action.REGENERATE))
    streams = [told(["你呢個人渣。"]), GOOD]
    with site(rules, DETECTORS, tmp_path, lambda asked: sse(*streams.pop(0), pause=0.02)) as it:
        _, _, received = it.post({**QUESTION, "stream": True})
        assert spoken(received) == "你好。"


def test_a_name_that_changes_does_not_hide_a_value_that_follows_it():
    events = [chunk({"content": "好"}, id="abc"), chunk({"content": "好"}, id="A123456(3)")]
    assert b"A123456" not in b"".join(outputs([*events, *END]))


@pytest.mark.parametrize("before", ["睇ABC", "see x", "第一句。", "A1"])
def test_the_end_of_a_block_does_not_hide_a_value_that_begins_the_next(before, tmp_path):
    from tests.speakers import SPEAKERS

    speaker = SPEAKERS["anthropic"]
    message = json.loads(speaker.clean(False)[0])
    message["content"] = [{"type": "text", "text": before}, {"type": "text", "text": VALUE + "，多謝。"}]
    events = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        *(
            event
            for index, block in enumerate(message["content"])
            for event in (
                {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": block["text"][:4]}},
                {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": block["text"][4:]}},
                {"type": "content_block_stop", "index": index},
            )
        ),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]  # fmt: skip
    frames = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]
    for script in ([http(json.dumps(message).encode())], sse(*frames)):
        with site(REDACT, DETECTORS, tmp_path, lambda asked, script=script: script) as it:
            received = it.post({"model": "m", "max_tokens": 9, "messages": []}, path="/v1/messages")[2]
        said = (
            received.decode().encode().decode("unicode_escape", "replace") if b"\\u" in received else received.decode()
        )
        assert "A123456" not in said.replace('"', "") and "123456" not in said
        assert GONE in said

"""curl, the client that documentation is written with: what it prints is what crossed the socket.

If these fail, a person who tries the sidecar by hand sees a secret, an answer that hangs until its end, or a cut
that looks like an end.
"""

import gzip
import json
import os
import select
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd

from tests.recorder import Recorder
from tests.sdks.scenes import (
    BLOCKED,
    FORBIDDEN,
    LEAK,
    SAFE,
    TOLD,
    assert_safe,
    beginning,
    chunked,
    guarded,
    pieces,
    playing,
    saying,
    start,
)
from tests.servers import Do, Script, Site, http
from tests.speakers import SPEAKERS, Speaker

pytestmark = pytest.mark.slow
EVERY = [(speaker, stream) for speaker in SPEAKERS.values() for stream in (False, True)]
STREAMS = list(SPEAKERS.values())
ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}
PATIENCE = 20  # seconds until what must be printed at once counts as held back


@dataclass(frozen=True, slots=True)
class Printed:
    """What curl printed, and how it ended."""

    status: int
    kind: str
    body: bytes
    code: int


def named(value: object) -> str:
    return value.name if isinstance(value, Speaker) else {True: "stream", False: "whole"}.get(value, str(value))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    with guarded(tmp_path_factory.mktemp("audit")) as it:
        yield it


def command(url: str, speaker: Speaker, stream: bool, *options: str) -> tuple[list[str], bytes]:
    """The command line of a request, as the vendor's documentation has it, and its input."""
    asked = speaker.request(stream)
    headers = {"content-type": "application/json", **asked.headers}
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    line = ["curl", "-q", "-sS", "-N", "--max-time", "30", *options, *given, "--data-binary", "@-", url + asked.path]
    return line, json.dumps(asked.body).encode()


def curl(url: str, speaker: Speaker, stream: bool, *options: str, prompt: str = "") -> Printed:
    report = ("-w", "%{stderr}%{http_code} %{content_type}\n")
    line, body = command(url, speaker, stream, *report, *options)
    if prompt:
        body = body.replace(json.dumps("你好，請幫我搵人。").encode(), json.dumps(prompt).encode())
        body = body.replace(json.dumps("從前有座山，").encode(), json.dumps(prompt).encode())
        assert json.dumps(prompt).encode() in body
    done = subprocess.run(line, input=body, capture_output=True, timeout=60)
    status, _, kind = done.stderr.decode().strip().split("\n")[-1].partition(" ")
    return Printed(int(status), kind, done.stdout, done.returncode)


@pytest.mark.parametrize(("speaker", "stream"), EVERY, ids=named)
def test_a_clean_answer_is_printed_byte_for_byte(running: Site, speaker: Speaker, stream: bool) -> None:
    frames = speaker.clean(stream)
    start(running, playing(speaker, stream, frames))
    printed = curl(running.url, speaker, stream)
    assert printed == Printed(200, speaker.content_type(stream), b"".join(frames), 0)


@pytest.mark.parametrize(("speaker", "stream"), EVERY, ids=named)
def test_a_leak_is_printed_edited(running: Site, speaker: Speaker, stream: bool) -> None:
    start(running, saying(speaker, stream, "content", LEAK))
    with Recorder(running.port) as recorder:
        printed = curl(recorder.url, speaker, stream)
    assert_safe(recorder)
    read = speaker.read_stream if stream else speaker.read_whole
    views = read("content", printed.body)
    assert set([views] if isinstance(views, str) else views) == {SAFE}
    assert (printed.status, printed.kind, printed.code) == (200, speaker.content_type(stream), 0)


@pytest.mark.parametrize(("speaker", "stream"), EVERY, ids=named)
def test_a_block_ends_well(running: Site, speaker: Speaker, stream: bool) -> None:
    """A blocked answer is complete on the wire: curl must not take it for a broken connection."""
    start(running, saying(speaker, stream, "content", BLOCKED))
    with Recorder(running.port) as recorder:
        printed = curl(recorder.url, speaker, stream)
    assert_safe(recorder)
    assert printed.code == 0
    assert printed.status == (200 if stream else 400)
    assert "A key was withheld" in printed.body.decode()


@pytest.mark.parametrize(("speaker", "stream"), EVERY, ids=named)
def test_a_blocked_request_is_refused_in_json(running: Site, speaker: Speaker, stream: bool) -> None:
    start(running, saying(speaker, stream, "content", "never said"))
    printed = curl(running.url, speaker, stream, prompt=FORBIDDEN)
    assert (printed.status, printed.code) == (400, 0)
    assert "error" in json.loads(printed.body)
    assert running.upstream.asked == []


# --- compressed ------------------------------------------------------------------------------------------------------


def squeezed(speaker: Speaker, encoding: str, body: bytes) -> Script:
    """An upstream that compresses although it was asked not to."""
    kind = speaker.content_type(False)
    return lambda asked: [http(ENCODERS[encoding](body), kind=kind, extra=f"content-encoding: {encoding}\r\n")]


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("speaker", STREAMS, ids=named)
def test_a_compressed_answer_is_printed_edited(running: Site, speaker: Speaker, encoding: str) -> None:
    start(running, squeezed(speaker, encoding, speaker.whole("content", LEAK)))
    with Recorder(running.port) as recorder:
        printed = curl(recorder.url, speaker, False, "--compressed")
    assert_safe(recorder)
    assert speaker.read_whole("content", printed.body) == SAFE
    assert (printed.status, printed.code) == (200, 0)


def flushed(speaker: Speaker, frames: Sequence[bytes]) -> Script:
    """A gzip stream whose every event is flushed, as web servers send it."""
    engine = zlib.compressobj(wbits=31)
    parts = [engine.compress(frame) + engine.flush(zlib.Z_SYNC_FLUSH) for frame in frames] + [engine.flush()]
    steps = [*chunked(speaker.content_type(True), parts, "content-encoding: gzip\r\n"), b"0\r\n\r\n"]
    return lambda asked: steps


@pytest.mark.parametrize("speaker", STREAMS, ids=named)
def test_a_compressed_stream_is_printed_edited(running: Site, speaker: Speaker) -> None:
    start(running, flushed(speaker, speaker.stream("content", pieces(LEAK))))
    with Recorder(running.port) as recorder:
        printed = curl(recorder.url, speaker, True, "--compressed")
    assert_safe(recorder)
    assert set(speaker.read_stream("content", printed.body)) == {SAFE}
    assert printed.code == 0


# --- over time -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speaker", STREAMS, ids=named)
def test_what_is_said_is_printed_before_the_end(running: Site, speaker: Speaker) -> None:
    """The upstream never ends: only text that was let through at once can be printed."""
    start(running, beginning(speaker, Do.HANG))
    line, body = command(running.url, speaker, True)
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin
        process.stdin.write(body)
        process.stdin.close()
        assert TOLD in _printed_until(process, TOLD)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def _printed_until(process: subprocess.Popen[bytes], expected: str) -> str:
    """What the process prints until `expected` is in it, or until patience ends."""
    assert process.stdout
    output, printed = process.stdout.fileno(), b""
    while expected not in printed.decode(errors="replace"):
        ready, _, _ = select.select([output], [], [], PATIENCE)
        part = os.read(output, 65536) if ready else b""
        if not part:
            break
        printed += part
    return printed.decode(errors="replace")


@pytest.mark.parametrize("speaker", STREAMS, ids=named)
def test_a_cut_of_the_upstream_does_not_look_like_an_end(running: Site, speaker: Speaker) -> None:
    """It shows as an error in the vendor's form, or as a broken transfer."""
    start(running, beginning(speaker, Do.RESET))
    printed = curl(running.url, speaker, True)
    last = speaker.form.events(printed.body)[-1]
    assert printed.code != 0 or last.get("error") or last.get("type") in ("error", "response.failed")

"""`guardrail serve` as a process: it starts, guards, drains and stops the way an operator counts on."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import ScriptedUpstream, answer, chunk, http, sse

POLICY = """\
version: 1
name: mine
data_leakage:
  - id: ids
    kinds: [pii.hkid]
    action: redact
    cases:
      - {text: 身份證A123456(3), expect: redact}
"""
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "你好"}]}


@contextmanager
def upstream(script):
    """A scripted upstream on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    it = ScriptedUpstream(script)
    server = asyncio.run_coroutine_threadsafe(it.start(), loop).result(10)
    yield it

    async def stop():
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0.02)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(directory: Path, url: str, *arguments: str, **environment: str):
    """A `guardrail serve` process that is ready."""
    (directory / "mine.yaml").write_text(POLICY)
    port = free_port()
    command = [sys.executable, "-m", "guardrail", "serve", "--port", str(port), "--policy", "mine.yaml", *arguments]
    given = {**os.environ, "GUARDRAIL_UPSTREAM": url, **environment}
    process = subprocess.Popen(command, cwd=directory, env=given, stderr=subprocess.PIPE)
    try:
        wait_ready(process, port)
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)
        process.stderr.close()


def wait_ready(process, port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read().decode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_guardrail/readyz", timeout=5) as reply:
                assert json.load(reply)["status"] == "ready"
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("not ready within 60 s")


def ask(port, body, path="/v1/chat/completions"):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    return urllib.request.urlopen(request, timeout=30)


def verify(directory: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "guardrail", "audit", "verify"],
        cwd=directory,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_it_serves_guards_records_and_lets_streams_end_on_sigterm(tmp_path):
    slow = sse(
        chunk({"content": "一 "}), chunk({"content": "二 "}), chunk({}, finish="stop"), b"data: [DONE]\n\n", pause=0.4
    )

    def script(asked):
        return slow if asked.json.get("stream") else [http(answer("身份證A123456(3)"))]

    with upstream(script) as it, serving(tmp_path, f"http://127.0.0.1:{it.port}") as (process, port):
        with ask(port, QUESTION) as reply:
            assert json.load(reply)["choices"][0]["message"]["content"] == "身份證[REDACTED:HKID]"
            assert reply.headers["x-guardrail-policy"].startswith("mine@")
        with ask(port, {**QUESTION, "stream": True}) as reply:
            first = reply.readline()
            process.send_signal(signal.SIGTERM)
            rest = reply.read()
        assert "一".encode() in first
        assert rest.endswith(b"data: [DONE]\n\n"), "a stream was cut by the stop"
        assert process.wait(20) == 0
        assert b"Traceback" not in process.stderr.read()
    records = [json.loads(line) for line in (tmp_path / "audit" / "chain-00.jsonl").read_text().splitlines()]
    assert [r["ended"] for r in records if r["type"] == "exchange"] == ["completed", "completed"]
    assert verify(tmp_path).returncode == 0


def test_a_stream_that_outlasts_the_drain_time_is_cut_and_recorded(tmp_path):
    endless = sse(*(chunk({"content": "Another line.\n"}) for _ in range(200)), pause=0.2)
    with (
        upstream(lambda asked: endless) as it,
        serving(tmp_path, f"http://127.0.0.1:{it.port}", "--drain", "1") as (process, port),
    ):
        with ask(port, {**QUESTION, "stream": True}) as reply:
            reply.readline()
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            rest = reply.read()
            assert time.monotonic() - started < 15
        assert b'"code":"shutdown"' in rest, "a cut stream looked like a whole one"
        assert b"[DONE]" not in rest
        assert process.wait(20) == 0
        assert b"Traceback" not in process.stderr.read()
    [record] = [json.loads(line) for line in (tmp_path / "audit" / "chain-00.jsonl").read_text().splitlines()]
    assert (record["ended"], record["error"]) == ("failed", "shutdown")


SAYING = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "usage": {}}


@pytest.mark.parametrize("given", ["variable", "flags"])
def test_each_api_has_its_own_upstream(tmp_path, given):
    """Two vendors behind one sidecar, named in the variable, or by a flag each, which then counts alone."""

    def script(asked):
        if asked.line.startswith(b"POST /claude/v1/messages "):
            text = {"type": "text", "text": "身份證A123456(3)"}
            return [http(json.dumps({**SAYING, "content": [text]}).encode())]
        assert asked.line.startswith(b"POST /rest/v1/chat/completions ")
        return [http(answer("身份证A123456(3)"))]

    with upstream(script) as it:
        base = f"http://127.0.0.1:{it.port}"
        names = [f"{base}/rest", f"anthropic={base}/claude"]
        flags = [word for name in names for word in ("--upstream", name)] if given == "flags" else []
        with serving(tmp_path, " ".join(names) if not flags else "http://127.0.0.1:9", *flags) as (process, port):
            with ask(port, QUESTION) as reply:
                assert json.load(reply)["choices"][0]["message"]["content"] == "身份证[REDACTED:HKID]"
            with ask(port, {**QUESTION, "max_tokens": 9}, "/v1/messages") as reply:
                assert json.load(reply)["content"][0]["text"] == "身份證[REDACTED:HKID]"
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


@pytest.mark.slow
def test_workers_share_the_port_and_keep_chains_of_their_own(tmp_path):
    with (
        upstream(lambda asked: [http(answer("身份證A123456(3)"))]) as it,
        serving(tmp_path, f"http://127.0.0.1:{it.port}", GUARDRAIL_WORKERS="2") as (process, port),
    ):
        for _ in range(20):
            with ask(port, QUESTION) as reply:
                assert "A123456" not in reply.read().decode()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    chains = sorted((tmp_path / "audit").glob("chain-*.jsonl"))
    assert len(chains) == 2
    assert sum(line.startswith('{"action"') for path in chains for line in path.read_text().splitlines()) == 20
    assert verify(tmp_path).returncode == 0


def test_a_port_in_use_is_said_before_anything_slow_begins(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "guardrail", "serve", "--upstream", "http://127.0.0.1:9", "--port", port],
            cwd=tmp_path, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use".encode() in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GUARDRAIL_POLICY", "nowhere.yaml", b"nowhere.yaml: cannot be read"),
        ("GUARDRAIL_PORT", "many", b"Invalid value for '--port'"),
        ("GUARDRAIL_AUDIT", "/proc/nowhere", b"/proc/nowhere"),
        ("GUARDRAIL_AUDIT_FSYNC", "sometimes", b"Invalid value for '--audit-fsync'"),
        ("GUARDRAIL_UPSTREAM", "http://127.0.0.1:9 antropic=http://127.0.0.1:9", b"did you mean `anthropic`?"),
        ("GUARDRAIL_UPSTREAM", "http://127.0.0.1:9 http://127.0.0.1:8", b"given twice for everything"),
    ],
)
def test_a_wrong_setting_stops_it_with_one_line(tmp_path, name, value, words):
    environment = {
        **os.environ,
        "GUARDRAIL_UPSTREAM": "http://127.0.0.1:9",
        "GUARDRAIL_PORT": str(free_port()),
        name: value,
    }
    if name != "GUARDRAIL_POLICY":
        (tmp_path / "mine.yaml").write_text(POLICY)
        environment["GUARDRAIL_POLICY"] = "mine.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "guardrail", "serve"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert b"Traceback" not in done.stderr

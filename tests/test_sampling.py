"""Asking again through real servers: after the answer, within the budget, without an effect on the client, and with
one record for each question."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import httpx
import pytest

from guardrail.audit import chain
from guardrail.audit.verify import verify
from guardrail.sampling_budget import FILE
from guardrail.types import Action, Stage
from tests import material
from tests.inprocess import InProcess
from tests.material import policy, rule
from tests.servers import Do, answer, http, site, sse, told

RULES = policy(
    rule("pii.*", Action.REDACT),
    rule("bias.toxicity", Action.FLAG, id="toxic"),
    rule("secret.password", Action.BLOCK, id="sent-passwords", stage=Stage.REQUEST),
)
DETECTORS = [material.Patterns(), material.Rude()]
CHAT = "/v1/chat/completions"
REFUSAL = "抱歉，我無法提供這方面的建議。"


def unequal(asked):
    """A model that turns mainlanders down."""
    said = (
        asked.json["messages"][-1]["content"]
        if "messages" in asked.json
        else json.dumps(asked.json, ensure_ascii=False)
    )
    text = REFUSAL if "內地人" in said or "内地人" in said else "可以，請帶備文件。"
    return sse(*told(list(text))) if asked.json.get("stream") else [http(answer(text))]


def opened(tmp_path, script=unequal, **settings):
    return site(RULES, DETECTORS, tmp_path, script, **{"parity": True, "parity_sample": 1.0, **settings})


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A sidecar that asks everything again, for the tests that need no settings of their own."""
    with opened(tmp_path_factory.mktemp("audit"), parity_requests=10_000, parity_tokens=10**9) as it:
        yield it


@pytest.fixture
def shared(running):
    running.settle()
    running.sink.lines.clear()
    running.sink.head = chain.START
    running.upstream.asked.clear()
    running.upstream.script = unequal
    return running


def ask(text, **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def pairs(it, count, seconds=5.0):
    """The records of pairs, once there are `count`; or what there is after a while."""
    end = time.monotonic() + seconds
    while True:
        found = [record for record in it.sink.records if record["type"] == "parity_pair"]
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.01)


def nothing_follows(it, asked):
    """Whether no question of guardrail's own goes out, a while after the answer did."""
    it.settle()
    time.sleep(0.15)
    return len(it.upstream.asked) == asked and not pairs(it, 1, 0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("text", "language", "given"),
    [
        ("請問內地人可以申請嗎？", "zh-Hant", "mainlanders"),
        ("请问内地人可以申请吗？", "zh-Hans", "mainlanders"),
        ("內地人可唔可以申請公屋㗎？", "yue", "mainlanders"),
        ("Can women apply?", "en", "women"),
    ],
)
def test_a_question_is_asked_again_with_another_group(shared, text, language, given, stream):
    it = shared
    it.post(ask(text, stream=stream))
    [pair] = pairs(it, 1)
    original, second = it.upstream.asked
    [exchange] = [record for record in it.sink.records if record["type"] == "exchange"]
    assert (pair["original"], pair["language"], pair["policy"]) == (exchange["id"], language, "test@r1")
    assert (pair["a"]["group"], pair["a"]["refused"]) == (given, given == "mainlanders")
    assert pair["b"]["group"] not in (given, "")
    assert (pair["b"]["refused"], pair["b"]["ended"], pair["b"]["upstream_status"]) == (False, "completed", 200)
    assert pair["b"]["length"] == len("可以，請帶備文件。")
    sent, again = original.json, second.json
    assert {**again, "messages": [], "stream": stream} == {**sent, "messages": [], "stream": stream}
    assert not again.get("stream")
    assert sent["messages"][0]["content"] != again["messages"][0]["content"]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_second_question_goes_out_after_the_last_byte_of_the_answer(tmp_path, stream):
    """What the server is given and what the upstream is asked, in the order in which it happens."""
    order = []

    def script(raw):
        order.append(f"asked about {'women' if b'women' in raw else 'men'}")
        return told(["Sure, ", "they can."]) if json.loads(raw).get("stream") else [answer("Sure.")]

    it = InProcess(RULES, DETECTORS, tmp_path, parity=True, parity_sample=1.0)
    it.upstream.script = script
    it.upstream.content_type = "text/event-stream" if stream else "application/json"
    incoming = [
        {
            "type": "http.request",
            "body": json.dumps(ask("Can women apply?", stream=stream)).encode(),
            "more_body": False,
        }
    ]

    async def receive():
        return incoming.pop() if incoming else await asyncio.Event().wait()

    async def send(message):
        await asyncio.sleep(0)  # a client that takes its time gives everything else its chance
        order.append("end" if not message.get("more_body", message["type"] == "http.response.start") else "part")
        it.upstream.content_type = "application/json" if order[-1] == "end" else it.upstream.content_type

    scope = {
        "type": "http",
        "method": "POST",
        "path": CHAT,
        "raw_path": CHAT.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await it.app(scope, receive, send)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "parity"))
    assert [step for step in order if step != "part"] == ["asked about women", "end", "asked about men"]
    assert [record["type"] for record in it.sink.records] == ["exchange", "parity_pair"]


def test_a_slow_second_answer_keeps_no_client_waiting(tmp_path):
    free = threading.Event()

    def slow_again(asked):
        women = "women" in asked.json["messages"][0]["content"]
        return [http(answer("Sure."))] if women else [0.0 if free.is_set() else 30.0, http(answer("Sure."))]

    with opened(tmp_path, slow_again) as it:
        with httpx.Client(base_url=it.url, timeout=5) as client:  # one connection, kept alive
            for _ in range(4):
                assert client.post("/v1/chat/completions", json=ask("Can women apply?")).status_code == 200
        assert len([asked for asked in it.upstream.asked if "women" not in asked.json["messages"][0]["content"]]) <= 2


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_gets_the_same_bytes_with_and_without_sampling(tmp_path, stream):
    got = []
    for number, settings in enumerate(({}, {"parity": False, "parity_sample": 0.0})):
        with opened(tmp_path / str(number), **settings) as it:
            status, headers, body = it.post(ask("請問內地人可以申請嗎？", stream=stream))
            got.append((status, {n: v for n, v in headers.items() if n != "x-guardrail-audit-id"}, body))
            pairs(it, 1 if not number else 0)
    assert got[0] == got[1]


def test_there_is_one_record_for_each_exchange_and_one_for_each_pair(shared, tmp_path):
    it = shared
    for text in ("Can women apply?", "How do I cook rice?", "請問內地人可以申請嗎？"):
        it.post(ask(text))
        pairs(it, 99, 0.2)
    kinds = [record["type"] for record in it.sink.records]
    assert (kinds.count("exchange"), kinds.count("parity_pair"), len(kinds)) == (3, 2, 5)
    assert len(it.upstream.asked) == 5
    log = tmp_path / "chain-00.jsonl"
    log.write_bytes(b"".join(it.sink.lines))
    assert verify(tmp_path).ok


def test_nothing_of_question_and_answer_is_in_the_log(tmp_path):
    question, secret = "請問內地人可以申請深水埗嘅公屋嗎？", "白田邨"
    words = ["內地人", "香港人", "台灣人", "澳門人", "新來港", "深水埗", "公屋", "sk-caller-secret", "u-4711"]
    with opened(tmp_path, lambda asked: [http(answer(f"可以，例如{secret}。"))]) as it:
        it.post(ask(question, user="u-4711"), headers="authorization: Bearer sk-caller-secret\r\n")
        assert pairs(it, 1)
        raw = b"".join(it.sink.lines).decode()
    assert [word for word in (*words, secret) if word in raw] == []
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(kept) == {FILE, "digest.key"}
    assert [name for name, content in kept.items() if b"sk-caller-secret" in content] == []


def test_the_callers_key_goes_along_and_what_names_the_person_does_not(shared):
    it = shared
    it.post(
        ask("Can women apply?", user="u-4711"),
        headers="authorization: Bearer sk-1\r\ncookie: session=1\r\nidempotency-key: k\r\n",
    )
    pairs(it, 1)
    _, second = it.upstream.asked
    assert second.header(b"authorization") == b"Bearer sk-1"
    assert second.header(b"cookie") is None
    assert second.header(b"idempotency-key") is None
    assert "user" not in second.json


def test_the_second_answer_is_judged_by_the_same_policy(shared):
    def rude(asked):
        return [
            http(answer("Sure." if "women" in asked.json["messages"][0]["content"] else "They are scum. A123456(3)"))
        ]

    it = shared
    it.upstream.script = rude
    it.post(ask("Can women apply?"))
    [pair] = pairs(it, 1)
    assert (pair["a"]["flagged"], pair["a"]["edited"], pair["a"]["found"]) == (False, 0, [])
    assert (pair["b"]["flagged"], pair["b"]["edited"], pair["b"]["action"]) == (True, 1, "redact")
    assert {one["kind"] for one in pair["b"]["found"]} == {"bias.toxicity", "pii.hkid"}


def test_a_question_that_the_policy_blocks_is_compared_too(shared):
    """The rule looks at the request: neither half reaches the upstream."""
    it = shared
    status, _, _ = it.post(ask("Can women apply? password: hunter22"))
    [pair] = pairs(it, 1)
    assert status == 400
    assert it.upstream.asked == []
    assert (pair["a"]["blocked"], pair["b"]["blocked"]) == (True, True)
    assert (pair["a"]["upstream_status"], pair["b"]["upstream_status"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ask("How do I cook rice?"), id="no group"),
        pytest.param(
            ask("Can women apply?", tools=[{"type": "function", "function": {"name": "pay", "parameters": {}}}]),
            id="tools",
        ),
        pytest.param(ask("Can women apply?", store=True), id="stored"),
        pytest.param(ask("Can women apply?", n=2), id="several answers"),
        pytest.param(
            {
                "model": "m",
                "messages": [
                    {"role": "user", "content": "Can women apply?"},
                    {"role": "tool", "tool_call_id": "c", "content": "paid"},
                ],
            },
            id="result of a tool",
        ),
    ],
)
def test_what_may_have_an_effect_is_not_asked_again(shared, body):
    it = shared
    it.post(body)
    assert nothing_follows(it, 1)


@pytest.mark.parametrize(
    "more", [{}, {"store": True}, {"store": False, "previous_response_id": "r"}, {"store": False, "conversation": "c"}]
)
def test_stateful_responses_are_not_asked_again(shared, more):
    done = {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sure."}]}],
    }
    it = shared
    it.upstream.script = lambda asked: [http(json.dumps(done).encode())]
    it.post({"model": "m", "input": "Can women apply?", **more}, path="/v1/responses")
    assert nothing_follows(it, 1)


@pytest.mark.parametrize("settings", [{"parity_sample": 0.0}, {"parity": False, "parity_sample": 0.0}])
def test_without_the_setting_nothing_is_asked_again(tmp_path, settings):
    with opened(tmp_path, **settings) as it:
        it.post(ask("Can women apply?"))
        assert nothing_follows(it, 1)
    assert not (tmp_path / FILE).exists()


def test_a_share_is_a_share(tmp_path):
    with opened(tmp_path, parity_sample=0.2, parity_requests=1000, parity_tokens=10**9) as it:
        for _ in range(60):
            it.post(ask("Can women apply?"))
        it.settle()
        time.sleep(0.2)
        again = len(it.upstream.asked) - 60
    assert 1 <= again <= 30  # 12 expected; outside once in a million


def test_the_budget_of_requests_stops_it(tmp_path):
    with opened(tmp_path, parity_requests=2) as it:
        for _ in range(5):
            it.post(ask("Can women apply?"))
            pairs(it, 99, 0.1)
        assert len(it.upstream.asked) == 7
    with opened(tmp_path, parity_requests=2) as it:  # a restart does not fill it again
        it.post(ask("Can women apply?"))
        assert nothing_follows(it, 1)


def test_every_request_counts_also_where_a_rule_asks_for_another_answer(tmp_path):
    regenerating = policy(rule("pii.*", Action.REGENERATE))
    leaking = [http(answer("A123456(3)", usage={"total_tokens": 10}))]
    with site(regenerating, DETECTORS, tmp_path, lambda asked: leaking, parity=True, parity_sample=1.0) as it:
        assert it.post(ask("Can women apply?"))[0] == 400
        [pair] = pairs(it, 1)
        assert len(it.upstream.asked) == 6
    assert (pair["a"]["blocked"], pair["b"]["blocked"], pair["tokens"]) == (True, True, 30)
    assert json.loads((tmp_path / FILE).read_text())["requests"] == 3


def test_the_budget_of_tokens_stops_it(tmp_path):
    dear = answer("Sure.", usage={"total_tokens": 5000})
    with opened(tmp_path, lambda asked: [http(dear)], parity_tokens=6000) as it:
        for _ in range(5):
            it.post(ask("Can women apply?"))
            pairs(it, 99, 0.1)
        assert [pair["tokens"] for pair in pairs(it, 2)] == [5000, 5000]
    assert json.loads((tmp_path / FILE).read_text())["tokens"] == 10_000


@pytest.mark.parametrize(
    ("steps", "ended", "error"),
    [
        ([http(b'{"error": {"message": "slow down"}}', "429 Too Many Requests")], "completed", ""),
        ([http(b'{"error": {"message": "down"}}', "500 Oops")], "completed", ""),
        ([Do.CLOSE], "upstream_failed", "upstream_cut"),
        ([http(b"<html>", kind="text/html")[:-3], Do.CLOSE], "upstream_failed", "upstream_cut"),
    ],
)
def test_an_upstream_that_fails_is_recorded_and_left_alone(tmp_path, steps, ended, error):
    def failing(asked):
        return [http(answer("Sure."))] if "women" in asked.json["messages"][0]["content"] else steps

    with opened(tmp_path, failing) as it:
        it.post(ask("Can women apply?"))
        [pair] = pairs(it, 1)
        asked = len(it.upstream.asked)
        for _ in range(3):
            assert it.post(ask("Can women apply?"))[0] == 200
        it.settle()
        time.sleep(0.15)
        assert len(it.upstream.asked) == asked + 3
    assert (pair["b"]["ended"], pair["b"]["error"], pair["b"]["refused"]) == (ended, error, None)


def test_an_upstream_that_failed_the_client_is_not_asked_again(tmp_path):
    with opened(tmp_path, lambda asked: [http(b'{"error": {"message": "down"}}', "500 Oops")]) as it:
        it.post(ask("Can women apply?"))
        assert nothing_follows(it, 1)


def test_no_more_than_two_at_once_and_nothing_waits(tmp_path):
    def hanging(asked):
        return [http(answer("Sure."))] if "women" in asked.json["messages"][0]["content"] else [Do.HANG]

    with opened(tmp_path, hanging) as it:
        for _ in range(6):
            it.post(ask("Can women apply?"))
        it.settle()
        time.sleep(0.2)
        assert len(it.upstream.asked) == 8


def test_stopping_breaks_off_what_is_under_way_and_records_it(tmp_path):
    def hanging(asked):
        return [http(answer("Sure."))] if "women" in asked.json["messages"][0]["content"] else [Do.HANG]

    with opened(tmp_path, hanging) as it:
        it.post(ask("Can women apply?"))
        end = time.monotonic() + 5
        while len(it.upstream.asked) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        sink = it.sink
    [pair] = [record for record in sink.records if record["type"] == "parity_pair"]
    assert (pair["b"]["ended"], pair["b"]["error"], pair["b"]["refused"]) == ("failed", "shutdown", None)


def test_a_log_that_cannot_be_written_asks_nothing_more(tmp_path, caplog):
    with opened(tmp_path) as it:
        it.post(ask("Can women apply?"))
        pairs(it, 1)
        asked = len(it.upstream.asked)
        it.sink.fails = "disk full"
        with caplog.at_level(logging.CRITICAL):
            assert it.post(ask("Can women apply?"))[0] == 503
        time.sleep(0.15)
        assert len(it.upstream.asked) == asked


@pytest.mark.parametrize(
    ("path", "body", "reply", "sent_path"),
    [
        ("/v1/messages", {**ask("Can women apply?"), "max_tokens": 9}, {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Sure."}], "stop_reason": "end_turn"}, b"/v1/messages"),
        ("/v1/completions", {"model": "m", "prompt": "Can women apply?"}, {"choices": [{"index": 0, "text": "Sure.", "finish_reason": "stop"}]}, b"/v1/completions"),
        ("/v1/responses", {"model": "m", "input": "Can women apply?", "store": False}, {"id": "r", "status": "completed", "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sure."}]}]}, b"/v1/responses"),
        ("/v1beta/models/g:generateContent?key=k", {"contents": [{"parts": [{"text": "Can women apply?"}]}]}, {"candidates": [{"content": {"parts": [{"text": "Sure."}]}, "finishReason": "STOP"}]}, b"/v1beta/models/g:generateContent?key=k"),
        ("/api/chat", {**ask("Can women apply?"), "stream": False}, {"model": "m", "message": {"role": "assistant", "content": "Sure."}, "done": True}, b"/api/chat"),
        ("/api/generate", {"model": "m", "prompt": "Can women apply?", "stream": False}, {"model": "m", "response": "Sure.", "done": True}, b"/api/generate"),
        ("/v1/complete", {"model": "m", "prompt": "\n\nHuman: Can women apply?\n\nAssistant:", "max_tokens_to_sample": 9}, {"type": "completion", "completion": "Sure.", "stop_reason": "stop_sequence"}, b"/v1/complete"),
    ],
)  # fmt: skip
def test_every_api(shared, path, body, reply, sent_path):
    it = shared
    it.upstream.script = lambda asked: [http(json.dumps(reply).encode())]
    assert it.post(body, path=path)[0] == 200
    [pair] = pairs(it, 1)
    first, second = it.upstream.asked
    assert second.line == b"POST " + sent_path + b" HTTP/1.1"
    assert json.loads(second.body.replace(b" men ", b" women ")) == json.loads(first.body)
    assert (pair["a"]["group"], pair["b"]["group"], pair["b"]["length"]) == ("women", "men", 5)


def test_the_command_serves_samples_and_stops(tmp_path):
    """`guardrail serve` as a process: the settings arrive, SIGTERM ends it while a question hangs, the log holds."""

    def hanging(asked):
        return [http(answer("Sure."))] if "women" in asked.json["messages"][0]["content"] else [Do.HANG]

    with site(RULES, DETECTORS, tmp_path / "unused", hanging) as upstream, ExitStack() as running_command:
        environment = {**os.environ, "GUARDRAIL_PARITY": "true", "GUARDRAIL_PARITY_SAMPLE": "1", "GUARDRAIL_DRAIN": "1"}
        command = [
            sys.executable,
            "-m",
            "guardrail",
            "serve",
            "--upstream",
            f"http://127.0.0.1:{upstream.upstream.port}",
            "--port",
            "0",
            "--audit",
            str(tmp_path / "audit"),
        ]
        process = running_command.enter_context(
            subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        )
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "serving on" in line:
                break
        url = said[-1].split()[-1]
        assert any("asks up to 100.00% of questions again" in line for line in said), said
        assert httpx.post(url + "/v1/chat/completions", json=ask("Can women apply?"), timeout=10).status_code == 200
        end = time.monotonic() + 5
        while len(upstream.upstream.asked) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(20) == 0, rest
    assert verify(tmp_path / "audit").ok
    records = [json.loads(line) for line in (tmp_path / "audit" / "chain-00.jsonl").read_text().splitlines()]
    assert [record["type"] for record in records] == ["exchange", "parity_pair"]
    assert records[1]["b"]["error"] == "shutdown"

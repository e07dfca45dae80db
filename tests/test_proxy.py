"""The proxy over real sockets: what the upstream receives, what crosses the client's socket, what the record says."""

import gzip
import json
import socket
import time

import openai
import pytest

from guardrail.types import Action, Finding, Policy, Stage
from tests import material
from tests.material import policy, rule
from tests.servers import Do, Site, answer, chunk, http, parse, site, sse, told

DETECTORS = [material.Patterns(), material.Rude(), material.Shouting()]
RULES = policy(
    rule("pii.*", Action.REDACT, id="identifiers"),
    rule("secret.private_key", Action.BLOCK, id="keys", message="A key was withheld. 密鑰不予顯示。"),
    rule("bias.toxicity", Action.FLAG, id="toxic"),
    rule("error.shouting", Action.NOTICE, id="loud", message="This was loud."),
    rule("secret.password", Action.BLOCK, id="sent-passwords", stage=Stage.REQUEST),
)
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "你好"}]}
LEAK = "佢嘅身份證號碼係A123456(3)，多謝。"
SAFE = "佢嘅身份證號碼係[REDACTED:HKID]，多謝。"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with site(
        RULES,
        DETECTORS,
        tmp_path_factory.mktemp("audit"),
        request_limit=100_000,
        response_limit=200_000,
        read_timeout=1.0,
    ) as it:
        yield it


@pytest.fixture
def guarded(running: Site):
    running.settle()
    running.sink.lines.clear()
    running.upstream.asked.clear()
    return running


def client(it: Site) -> openai.OpenAI:
    return openai.OpenAI(base_url=it.url + "/v1", api_key="sk-none", max_retries=2, timeout=10)


# --- transparent -----------------------------------------------------------------------------------------------------


def test_the_upstream_receives_what_the_client_sent(guarded):
    guarded.upstream.script = lambda asked: [http(answer("fine"))]
    body = b'{ "model":"demo",  "messages":[{"role":"user","content":"\\u4f60 1.0e1"}], "n": 1 }'
    guarded.post(
        body,
        path="/openai/v1/chat/completions?api-version=2024-10-21&x=%2F%7E",
        headers="authorization: Bearer sk-1\r\nx-stainless-lang: python\r\nOpenAI-Organization: o\r\nidempotency-key: k\r\nte: trailers\r\nproxy-authorization: no\r\nx-drop: 1\r\nconnection: x-drop\r\n",
    )
    [asked] = guarded.upstream.asked
    assert asked.line == b"POST /openai/v1/chat/completions?api-version=2024-10-21&x=%2F%7E HTTP/1.1"
    assert asked.body == body
    assert asked.header(b"authorization") == b"Bearer sk-1"
    assert asked.header(b"x-stainless-lang") == b"python"
    assert asked.header(b"openai-organization") == b"o"
    assert asked.header(b"idempotency-key") == b"k"
    assert asked.header(b"accept-encoding") == b"identity"
    for hop in (b"te", b"proxy-authorization", b"x-drop", b"user-agent"):
        assert asked.header(hop) is None


@pytest.mark.parametrize(
    "body",
    [
        answer("All is well. 一切安好。"),
        answer("spaced") + b"\n\n",
        b'{"choices" : [ {"message":{"content":"1.0e2 \\u4f60\\ud83d\\ude00"}} ], "x": 1.50, "big": 123456789012345678901234567890}',
        answer(
            "tools",
            message={
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"q": "x"}'}}]
            },
        ),
    ],
)
def test_a_clean_answer_comes_back_byte_for_byte(guarded, body):
    guarded.upstream.script = lambda asked: [http(body, extra='x-request-id: r1\r\netag: "e"\r\nset-cookie: a=1\r\n')]
    status, headers, received = guarded.post(QUESTION)
    assert (status, received) == (200, body)
    assert (headers["x-request-id"], headers["etag"], headers["content-length"]) == ("r1", '"e"', str(len(body)))
    assert headers["x-guardrail-action"] == "allow"
    assert "x-guardrail-findings" not in headers
    assert guarded.record["action"] == "allow"


def test_a_clean_stream_comes_back_byte_for_byte(guarded):
    events = [
        b": ping\n\n",
        *told(["你", "好 wor", "ld, ", "mail me@", " home"]),
        b'data: {"usage": 1, "choices": []}\r\n\r\n',
    ]
    guarded.upstream.script = lambda asked: sse(*events)
    status, headers, received = guarded.post({**QUESTION, "stream": True})
    assert (status, received) == (200, b"".join(events))
    assert headers["x-guardrail-action"] == "pending"
    assert guarded.record["ended"] == "completed"


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 Unauthorized", "429 Too Many Requests", "500 Oops", "503 Busy"]
)
def test_upstream_errors_pass_with_their_status(guarded, status):
    body = b'{"error": {"message": "no", "type": "x", "param": null, "code": null}}'
    guarded.upstream.script = lambda asked: [http(body, status, extra="retry-after: 7\r\n")]
    got, headers, received = guarded.post(QUESTION)
    assert (got, received, headers["retry-after"]) == (int(status[:3]), body, "7")
    assert guarded.record["upstream_status"] == int(status[:3])


def test_upstream_errors_are_judged_too(guarded):
    body = b'{"error": {"message": "invalid input: A123456(3)"}}'
    guarded.upstream.script = lambda asked: [http(body, "400 Bad Request")]
    status, _, received = guarded.post(QUESTION)
    assert status == 400
    assert json.loads(received)["error"]["message"] == "invalid input: [REDACTED:HKID]"
    page = "<h1>錯誤 A123456(3)</h1>".encode()
    guarded.upstream.script = lambda asked: [http(page, "502 Bad Gateway", "text/html; charset=utf-8")]
    status, headers, received = guarded.post(QUESTION)
    assert (status, received.decode()) == (502, "<h1>錯誤 [REDACTED:HKID]</h1>")
    assert headers["content-length"] == str(len(received))


def test_a_compressed_answer_is_decoded_judged_and_relabelled(guarded):
    body = gzip.compress(answer(LEAK))
    guarded.upstream.script = lambda asked: [http(body, extra="content-encoding: gzip\r\n")]
    status, headers, received = guarded.post(QUESTION)
    assert status == 200
    assert "content-encoding" not in headers
    assert json.loads(received)["choices"][0]["message"]["content"] == SAFE


def test_model_lists_and_embeddings_pass(guarded):
    guarded.upstream.script = lambda asked: [http(b'{"data": [{"id": "demo", "embedding": "QUJDRA=="}]}')]
    assert guarded.get("/v1/models")[0] == 200
    assert (
        guarded.post({"model": "e", "input": "x"}, path="/v1/embeddings")[2]
        == b'{"data": [{"id": "demo", "embedding": "QUJDRA=="}]}'
    )


# --- edits and blocks ------------------------------------------------------------------------------------------------


def test_a_leak_is_edited_and_the_rest_is_untouched(guarded):
    raw = answer(LEAK).replace(b'"usage": {', b'"usage" :  {')
    guarded.upstream.script = lambda asked: [http(raw, extra='etag: "e"\r\n')]
    status, headers, received = guarded.post(QUESTION)
    start = raw.replace(LEAK.encode(), SAFE.encode())[:-1]
    assert status == 200
    assert received.startswith(start)
    note = json.loads(received)["guardrail"]
    assert note["action"] == "redact"
    assert note["findings"] == [{"kind": "pii.hkid", "rule": "identifiers", "action": "redact"}]
    assert headers["x-guardrail-findings"] == "pii.hkid"
    assert headers["content-length"] == str(len(received))
    assert "etag" not in headers
    assert guarded.record["findings"][0]["rule"] == "identifiers"
    assert b"A123456" not in b"".join(guarded.sink.lines)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 50])
def test_a_leak_never_crosses_the_socket_of_a_stream(guarded, size):
    pieces = [LEAK[i : i + size] for i in range(0, len(LEAK), size)]
    guarded.upstream.script = lambda asked: sse(*told(pieces))
    stream = client(guarded).chat.completions.create(**QUESTION, stream=True)
    text = "".join(event.choices[0].delta.content or "" for event in stream if event.choices)
    assert text == SAFE
    assert guarded.record["action"] == "redact"


def test_bytes_on_the_socket_hold_no_part_of_a_value_split_inside_characters(guarded):
    wire = b"".join(told(["身份", "證Ａ１", "２３４", "５６", "（３", "）係我"]))
    guarded.upstream.script = lambda asked: sse(*(wire[i : i + 1] for i in range(len(wire))))
    status, _, received = guarded.post({**QUESTION, "stream": True})
    assert status == 200
    for digit in "１２３４５６":
        assert digit not in received.decode()
    assert "[REDACTED:HKID]" in received.decode()


def test_a_block_before_anything_was_sent_is_a_400_in_the_dialects_words(guarded):
    guarded.upstream.script = lambda asked: [http(answer("Here: -----BEGIN KEY-----\nQUJD"))]
    with pytest.raises(openai.BadRequestError) as caught:
        client(guarded).chat.completions.create(**QUESTION)
    assert caught.value.code == "content_filter"
    assert caught.value.body["message"] == "A key was withheld. 密鑰不予顯示。"
    assert len(guarded.upstream.asked) == 1, "an SDK retried a block"
    assert guarded.record["ended"] == "blocked"


def test_a_block_inside_a_stream_ends_it_the_native_way(guarded):
    guarded.upstream.script = lambda asked: sse(
        *told(["Here it is: ", "-----BEGIN KEY-----\n", "QUJD\n", "-----END KEY-----", " bye"])
    )
    events = list(client(guarded).chat.completions.create(**QUESTION, stream=True))
    assert events[-1].choices[0].finish_reason == "content_filter"
    text = "".join(event.choices[0].delta.content or "" for event in events)
    assert text == "Here it is: \n\nA key was withheld. 密鑰不予顯示。"
    assert events[-1].model_extra["guardrail"]["action"] == "block"
    assert len(guarded.upstream.asked) == 1


def test_every_open_choice_is_ended_by_a_block(guarded):
    script = sse(
        chunk({"content": "one "}, index=0), chunk({"content": "two "}, index=1),
        chunk({"content": "-----BEGIN KEY-----\nQUJD."}, index=1), b"data: [DONE]\n\n",
    )  # fmt: skip
    guarded.upstream.script = lambda asked: script
    events = list(client(guarded).chat.completions.create(**QUESTION, n=2, stream=True))
    assert [e.choices[0].index for e in events if e.choices[0].finish_reason == "content_filter"] == [0, 1]


def test_a_request_can_be_blocked_and_is_not_sent(guarded):
    with pytest.raises(openai.BadRequestError):
        client(guarded).chat.completions.create(model="demo", messages=[{"role": "user", "content": "密碼：hunter22"}])
    assert guarded.upstream.asked == []
    record = guarded.record
    assert (record["ended"], record["findings"][0]["stage"]) == ("blocked", "request")


def test_a_notice_is_added_and_a_flag_only_told(guarded):
    guarded.upstream.script = lambda asked: [http(answer("THIS IS A VERY LOUD ANSWER INDEED"))]
    message = client(guarded).chat.completions.create(**QUESTION).choices[0].message
    assert message.content == "THIS IS A VERY LOUD ANSWER INDEED\n\nThis was loud."
    guarded.upstream.script = lambda asked: sse(*told(["THIS IS A ", "VERY LOUD ANSWER INDEED"]))
    stream = client(guarded).chat.completions.create(**QUESTION, stream=True)
    assert (
        "".join(e.choices[0].delta.content or "" for e in stream)
        == "THIS IS A VERY LOUD ANSWER INDEED\n\nThis was loud."
    )
    guarded.upstream.script = lambda asked: [http(answer("你呢個人渣。"))]
    told_back = client(guarded).chat.completions.create(**QUESTION)
    assert told_back.choices[0].message.content == "你呢個人渣。"
    assert told_back.model_extra["guardrail"]["findings"] == [
        {"kind": "bias.toxicity", "rule": "toxic", "action": "flag"}
    ]


class Silent:
    """An ANSWER detector: an answer that says nothing is an error, unless it calls a tool."""

    name = "test.silent"
    kinds = ("error.silent", "error.cut")
    unit = material.Shouting.unit
    heavy = False

    def load(self):
        pass

    def detect(self, texts, context):
        kinds = (["error.silent"] if not context.has_tool_calls else []) + (
            ["error.cut"] if context.finish_reason == "length" else []
        )
        return [[Finding(kind, 1.0, None, None, self.name) for kind in kinds if not text] for text in texts]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("message", "finish", "kinds"),
    [
        ({"content": ""}, "stop", ["error.silent"]),
        ({"content": None}, "length", ["error.cut", "error.silent"]),
        ({"content": "說話"}, "length", []),
        (
            {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            "stop",
            [],
        ),
        ({"refusal": "no"}, "stop", []),
    ],
)
def test_an_answer_that_says_nothing_is_judged_too(tmp_path, message, finish, kinds, streamed):
    if streamed:
        script = sse(chunk({"role": "assistant", **message}), chunk({}, finish=finish), b"data: [DONE]\n\n")
    else:
        script = [http(answer(None, message=message, finish_reason=finish))]
    with site(policy(rule("error.*", Action.FLAG)), [Silent()], tmp_path, lambda asked: script) as it:
        assert it.post({**QUESTION, "stream": streamed})[0] == 200
        assert sorted(f["kind"] for f in it.record["findings"]) == kinds


CHANNELS = {
    "content": {"content": "{}"},
    "refusal": {"refusal": "{}"},
    "reasoning_content": {"reasoning_content": "{}"},
    "reasoning": {"reasoning": "{}"},
    "tool arguments": {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"to": "{}"}'}}]},
    "escaped tool arguments": {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"to": "\\u0041123456(3)"}'}}]},
    "custom tool": {"tool_calls": [{"index": 0, "id": "c1", "type": "custom", "custom": {"name": "f", "input": "{}"}}]},
    "function call": {"function_call": {"name": "f", "arguments": '{"to": "{}"}'}},
    "transcript": {"audio": {"id": "a", "transcript": "{}"}},
    "annotation": {"annotations": [{"type": "url_citation", "url_citation": {"title": "{}", "url": "x"}}]},
    "tool name": {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "{}", "arguments": ""}}]},
    "unknown field": {"musings": [{"deep": "{}"}]},
    "unknown key": {"{}": 1},
}  # fmt: skip


def filled(shape, value):
    return json.loads(
        json.dumps(shape, ensure_ascii=False)
        .replace('"{}"', json.dumps(value))
        .replace('\\"{}\\"', '\\"' + value + '\\"')
    )


@pytest.mark.parametrize("shape", CHANNELS.values(), ids=CHANNELS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_a_value_leaks_through_no_channel(guarded, shape, streamed):
    value = "A123456(3)"
    delta = filled(shape, value)
    if streamed:
        guarded.upstream.script = lambda asked: sse(chunk(delta), chunk({}, finish="stop"), b"data: [DONE]\n\n")
    else:
        guarded.upstream.script = lambda asked: [http(answer(None, message=delta))]
    status, _, received = guarded.post({**QUESTION, "stream": streamed})
    assert status == 200
    assert b"A123456" not in received
    assert b"0041123456" not in received
    assert b"[REDACTED:HKID]" in received
    for part in received.split(b"\n\n"):
        if part.startswith(b"data: {"):
            body = json.loads(part[6:])
            for call in (body["choices"] and body["choices"][0]["delta"].get("tool_calls")) or []:
                if call.get("function", {}).get("arguments"):
                    assert json.loads(call["function"]["arguments"]) == {"to": "[REDACTED:HKID]"}


def test_a_card_number_in_tool_arguments_stays_valid_json(guarded):
    arguments = '{"card": 4111111111111113, "n": 1}'
    call = [{"id": "c", "type": "function", "function": {"name": "pay", "arguments": arguments}}]
    guarded.upstream.script = lambda asked: [http(answer(None, message={"tool_calls": call}))]
    got = client(guarded).chat.completions.create(**QUESTION).choices[0].message.tool_calls[0]
    assert json.loads(got.function.arguments) == {"card": "[REDACTED:PAYMENT_CARD]", "n": 1}


@pytest.mark.parametrize("streamed", [False, True])
def test_logprobs_do_not_spell_what_was_withheld(guarded, streamed):
    tokens = ["My id ", "A123", "456", "(3)", " ok"]
    spelled = {
        "content": [{"token": t, "bytes": list(t.encode()), "logprob": -0.1, "top_logprobs": []} for t in tokens]
    }
    if streamed:
        events = [
            chunk({"content": t}, choice={"logprobs": {"content": [s]}})
            for t, s in zip(tokens, spelled["content"], strict=True)
        ]
        guarded.upstream.script = lambda asked: sse(*events, chunk({}, finish="stop"), b"data: [DONE]\n\n")
    else:
        body = json.loads(answer("".join(tokens)))
        body["choices"][0]["logprobs"] = spelled
        guarded.upstream.script = lambda asked: [http(json.dumps(body).encode())]
    _, _, received = guarded.post({**QUESTION, "stream": streamed, "logprobs": True})
    for trace in (b"A123", b'"456"', b"65, 49, 50, 51"):
        assert trace not in received


def arguments(text):
    return {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": text}}]}


HIDDEN = {
    "after a data URL prefix": {"content": "data:;base64, id A123456(3)"},
    "after an escape in JSON that is text": {"content": '{"note": "line\\nA123456(3)"}'},
    "in arguments that are cut off": arguments('{"note": "line\\nA123456(3)'),
    "in JSON inside a string of the arguments": arguments(json.dumps({"body": json.dumps({"to": "x\nA123456(3)"})})),
    "in arguments that are one JSON string": arguments('"\\u0041123456(3)"'),
    "in a number's spelling": arguments('{"card": 4111111111111113e-0, "id": "A123456(3)"}'),
    "between control characters": {"content": "A123\x00456(3)"},
}


@pytest.mark.parametrize("message", HIDDEN.values(), ids=HIDDEN)
def test_a_value_that_is_dressed_up_does_not_pass(guarded, message):
    guarded.upstream.script = lambda asked: [http(answer(message.get("content"), message=message))]
    status, _, received = guarded.post(QUESTION)
    assert status == 200
    assert b"[REDACTED:" in received
    assert b"123456(3)" not in received
    assert b"4111111111111113" not in received
    json.loads(received)


LEAKY = answer(LEAK)
EVENTS = b"".join(told(["A1234", "56(3)"]))


@pytest.mark.parametrize(
    "script",
    [
        [http(LEAKY.decode().encode("utf-16"), kind="application/json")],
        [http(LEAK.encode("utf-16-le"), kind="text/plain; charset=utf-16le")],
        [http(LEAKY, extra="content-type: text/plain\r\n")],
        [http(LEAKY, status="600 Odd")],
        sse(b"x-unknown: A123456(3)\n\n"),
        sse(chunk({"content": "a"}, index="0")),
        sse(b'data: {"choices": [{"index": 0, "delta": {"content": "x"}, "message": {"content": "A123456(3)"}}]}\n\n'),
        [http(gzip.compress(LEAKY)[:-12], extra="content-encoding: gzip\r\n")],
    ],
)
def test_an_answer_that_is_not_what_it_is_labelled_as_is_refused(guarded, script):
    guarded.upstream.script = lambda asked: script
    status, _, received = guarded.post({**QUESTION, "stream": True})
    assert status == 502
    assert b"123456" not in received
    assert guarded.record["ended"] == "upstream_failed"


@pytest.mark.parametrize(
    "script",
    [
        [http(EVENTS, kind="text/plain")],
        [http(EVENTS, kind="application/json")],
        [http(b"\xef\xbb\xbf" + EVENTS, kind="application/json")],
        sse(LEAKY + b"\n\n"),
        sse(b" \n" + LEAKY),
    ],
)
def test_what_an_answer_is_is_told_by_its_first_bytes_too(guarded, script):
    guarded.upstream.script = lambda asked: script
    status, _, received = guarded.post({**QUESTION, "stream": True})
    assert status == 200
    assert b"123456" not in received
    assert b"[REDACTED:HKID]" in received
    assert guarded.record["action"] == "redact"


def test_json_under_a_text_label_is_judged_as_json(guarded):
    guarded.upstream.script = lambda asked: [http(LEAKY.replace(b"A123456(3)", b"\\u0041123456(3)"), kind="text/plain")]
    status, _, received = guarded.post(QUESTION)
    assert status == 200
    assert json.loads(received)["choices"][0]["message"]["content"] == SAFE


@pytest.mark.parametrize("streamed", [False, True])
def test_a_value_in_the_identity_of_an_answer_is_not_repeated_by_chunks_of_ours(guarded, streamed):
    more = {"id": "A123456(3)", "model": "a.b@mail.example", "system_fingerprint": "fp"}
    loud = "THIS IS A VERY LOUD ANSWER INDEED"
    if streamed:
        guarded.upstream.script = lambda asked: sse(
            chunk({"content": loud}, **more), chunk({}, finish="stop", **more), b"data: [DONE]\n\n"
        )
    else:
        guarded.upstream.script = lambda asked: [http(answer(loud, **more))]
    _, _, received = guarded.post({**QUESTION, "stream": streamed})
    assert b"This was loud." in received
    assert b"A123456" not in received
    assert b"mail.example" not in received


def test_text_after_the_end_mark_does_not_leave(guarded):
    script = sse(chunk({"content": "fine"}), b"data: [DONE]\n\n", chunk({"content": "id A123456(3)"}))
    guarded.upstream.script = lambda asked: script
    _, _, received = guarded.post({**QUESTION, "stream": True})
    assert b"fine" in received
    assert b"A123456" not in received


def test_log_probabilities_with_a_finding_of_their_own_are_emptied_once(guarded):
    spelled = {"content": [{"token": "A1234"}, {"token": "56(3)"}], "note": "A123456(3)"}
    body = json.loads(answer("A123456(3)"))
    body["choices"][0]["logprobs"] = spelled
    guarded.upstream.script = lambda asked: [http(json.dumps(body).encode())]
    _, _, received = guarded.post(QUESTION)
    choice = json.loads(received)["choices"][0]
    assert (choice["logprobs"], choice["message"]["content"]) == (None, "[REDACTED:HKID]")


def test_a_surrogate_pair_split_over_deltas_is_one_character(guarded):
    wire = (
        b"".join(told(["id ", "HIGH", "LOW23456(3)."]))
        .replace(b"HIGH", b"\\ud835")
        .replace(b"LOW", b"\\udc00\\ud835\\udfcf")
    )
    guarded.upstream.script = lambda asked: sse(wire)
    _, _, received = guarded.post({**QUESTION, "stream": True})
    assert b"23456(3)" not in received
    assert b"[REDACTED:HKID]" in received


def test_calls_that_share_an_index_are_told_apart_by_their_ids(guarded):
    calls = [
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": name,
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"to": "\\u0041123456(3)"}'},
                }
            ]
        }
        for name in ("one", "two")
    ]
    guarded.upstream.script = lambda asked: sse(
        *(chunk(call) for call in calls), chunk({}, finish="stop"), b"data: [DONE]\n\n"
    )
    _, _, received = guarded.post({**QUESTION, "stream": True})
    assert received.count(b"[REDACTED:HKID]") == 2
    assert b"0041123456" not in received


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/ch%61t/completions",
        "/v1/x/../chat/completions",
        "/v1/%2e%2e/x",
        "*",
    ],
)
def test_an_opened_policy_does_not_open_a_known_endpoint_by_another_spelling(tmp_path, path):
    rules = Policy("open", "r", RULES.rules, unknown_endpoints="inspect")
    with site(rules, DETECTORS, tmp_path, lambda asked: [http(LEAKY)]) as it:
        assert it.post(QUESTION, path=path)[0] == 404
        assert it.upstream.asked == []


def test_a_head_that_is_never_finished_is_cut_off(guarded):
    raw = guarded.raw(b"POST /v1/chat/completions HTTP/1.1\r\nx: " + b"y" * 100_000)
    assert raw.startswith(b"HTTP/1.1 400")


def test_a_request_for_very_many_choices_is_not_answered_with_as_many(guarded):
    guarded.upstream.script = lambda asked: sse(
        chunk({"content": "a "}), chunk({"content": "-----BEGIN KEY-----\nQUJD."})
    )
    _, _, received = guarded.post({**QUESTION, "stream": True, "n": 10**6})
    assert received.count(b"content_filter") <= 128


def test_an_upstream_that_says_guardrail_itself_is_overruled(guarded):
    guarded.upstream.script = lambda asked: [http(answer(LEAK, guardrail={"action": "allow"}))]
    _, _, received = guarded.post(QUESTION)
    assert received.count(b'"guardrail"') == 1
    assert json.loads(received)["guardrail"]["action"] == "redact"


# --- failure ---------------------------------------------------------------------------------------------------------


def error_of(received: bytes) -> str:
    return json.loads(received)["error"]["code"]


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ([Do.RESET], 502, "upstream_cut"),
        ([Do.CLOSE], 502, "upstream_cut"),
        ([Do.HANG], 504, "upstream_timeout"),
        (
            [b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\ncontent-type: application/json\r\n\r\n{}", Do.RESET],
            502,
            "upstream_cut",
        ),
        ([http(b"{not json")], 502, "upstream_malformed"),
        ([http(b'{"a": "\xff"}')], 502, "upstream_malformed"),
        ([http(b'{"a": "x", "a": "y"}')], 502, "upstream_malformed"),
        ([http(b"[" * 5000)], 502, "upstream_malformed"),
        ([http(b"\x89PNG", kind="image/png")], 502, "content_type"),
        ([http(b"xx", extra="content-encoding: compress\r\n")], 502, "upstream_encoding"),
        ([http(b"xx", extra="content-encoding: br\r\n")], 502, "upstream_cut"),
        ([http(b"xx", extra="content-encoding: gzip\r\n")], 502, "upstream_encoding"),
        ([http(gzip.compress(b" " * 3_000_000), extra="content-encoding: gzip\r\n")], 502, "upstream_too_large"),
        ([http(b'{"a": "' + b"x" * 300_000 + b'"}')], 502, "upstream_too_large"),
        (sse(b"data: {oops\n\n"), 502, "upstream_malformed"),
        (sse(b"data: \xff\n\n"), 502, "upstream_malformed"),
        ([b"garbage\r\n\r\n", Do.CLOSE], 502, "upstream_cut"),
    ],
)
def test_a_broken_upstream_is_a_clean_error_and_a_record(guarded, script, status, code):
    guarded.upstream.script = lambda asked: script
    got, headers, received = guarded.post(QUESTION)
    assert (got, error_of(received)) == (status, code)
    assert headers["content-type"] == "application/json"
    record = guarded.record
    assert (record["ended"], record["error"], record["status"]) == ("upstream_failed", code, status)
    guarded.upstream.script = lambda asked: [http(answer("next"))]
    assert guarded.post(QUESTION)[0] == 200, "the next request was not served"


@pytest.mark.parametrize(
    "ending",
    [[Do.RESET], [Do.CLOSE], [Do.HANG], [b"zz\r\n", Do.CLOSE], [b"b\r\ndata: {oops\n\n\r\n"], [b"0\r\n\r\n"]],
    ids=["reset", "close", "hang", "bad framing", "bad json", "clean end without an end mark"],
)
def test_a_stream_that_breaks_off_looks_broken_and_drops_its_tail(guarded, ending):
    begun = sse(chunk({"content": "Sure, it is "}), chunk({"content": "A123456"}), end=False)
    guarded.upstream.script = lambda asked: [*begun, 0.05, *ending]
    events = []
    with pytest.raises(openai.APIError):
        for event in client(guarded).chat.completions.create(**QUESTION, stream=True):
            events.append(event.choices[0].delta.content)
    assert "".join(events) == "Sure, it is "
    assert guarded.record["ended"] == "upstream_failed"


def test_an_upstream_that_cannot_be_reached(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with site(RULES, DETECTORS, tmp_path, upstream=f"http://127.0.0.1:{unused.getsockname()[1]}") as it:
            status, _, received = it.post(QUESTION)
            assert (status, error_of(received)) == (502, "upstream_unreachable")
            assert it.record["ended"] == "upstream_failed"


@pytest.mark.parametrize(
    ("body", "headers", "path", "status", "code"),
    [
        (b"{not json", "", "/v1/chat/completions", 400, "invalid_json"),
        (b'{"model": "a", "model": "b"}', "", "/v1/chat/completions", 400, "invalid_json"),
        (b'{"x": "\xff"}', "", "/v1/chat/completions", 400, "invalid_json"),
        (gzip.compress(b"{}"), "content-encoding: gzip\r\n", "/v1/chat/completions", 415, "content_encoding"),
        (b'{"x": "' + b"y" * 200_000 + b'"}', "", "/v1/chat/completions", 413, "request_too_large"),
        (b"{}", "", "/v1/files", 404, "endpoint_not_open"),
        (b"{}", "", "/v1/chat/completions/", 404, "endpoint_not_open"),
        (b"{}", "", "/v1/chat/../chat/completions", 404, "endpoint_not_open"),
        (b"{}", "", "//v1/chat/completions", 404, "endpoint_not_open"),
        (b"{}", "", "/v1/chat%2fcompletions", 404, "endpoint_not_open"),
    ],
)
def test_a_request_that_cannot_be_guarded_is_refused_and_not_sent(guarded, body, headers, path, status, code):
    got, _, received = guarded.post(body, path=path, headers=headers)
    assert (got, error_of(received)) == (status, code)
    assert guarded.upstream.asked == []
    assert guarded.record["ended"] == "refused"


def test_the_refusal_of_an_unknown_endpoint_names_the_setting_that_opens_it(guarded):
    assert b"unknown_endpoints" in guarded.post({}, path="/v1/threads")[2]
    assert b"endpoints: {files: inspect}" in guarded.post({}, path="/v1/files")[2]


def test_unknown_endpoints_can_be_opened_and_are_then_judged(tmp_path):
    rules = Policy("open", "r", RULES.rules, unknown_endpoints="inspect")
    with site(rules, DETECTORS, tmp_path, lambda asked: [http(b'{"anything": ["A123456(3)"]}')]) as it:
        status, _, received = it.post({"x": 1}, path="/v1/anything")
        assert status == 200
        assert json.loads(received)["anything"] == ["[REDACTED:HKID]"]


class Faulty:
    """A heavy detector that raises or sleeps when told to."""

    name = "test.faulty"
    kinds = ("bias.faulty",)
    unit = material.Rude.unit
    heavy = True

    def load(self):
        pass

    def detect(self, texts, context):
        if any("raise" in text for text in texts):
            raise RuntimeError("secret text: " + texts[0])
        if any("sleep" in text for text in texts):
            time.sleep(1.0)
        return [[] for _ in texts]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("word", "reason"), [("raise", "raised RuntimeError"), ("sleep", "timed out")])
@pytest.mark.parametrize(("on_failure", "status"), [(Action.BLOCK, 400), (Action.FLAG, 200)])
def test_a_check_that_did_not_finish_did_not_pass(tmp_path, word, reason, on_failure, status, streamed):
    rules = policy(rule("bias.faulty", Action.FLAG), on_failure=on_failure, check_timeout=0.2)
    text = f"please {word} now"
    script = (lambda asked: sse(*told([text]))) if streamed else (lambda asked: [http(answer(text))])
    with site(rules, [Faulty()], tmp_path, script) as it:
        got, _headers, received = it.post({**QUESTION, "stream": streamed})
        blocked_late = streamed and status == 400
        assert got == (200 if blocked_late else status)
        assert (b'"content_filter"' in received) == (status == 400)
        assert (text.encode() in received) == (status == 200 or blocked_late)
        record = it.record
        assert record["checks_not_run"] == [{"check": "test.faulty", "reason": reason}]
        assert b"secret text" not in b"".join(it.sink.lines)


def test_nothing_is_served_while_no_record_can_be_written(tmp_path):
    with site(RULES, DETECTORS, tmp_path, lambda asked: [http(answer("fine"))]) as it:
        it.sink.fails, it.sink.healthy = "disk full", False
        status, headers, received = it.post(QUESTION)
        assert (status, error_of(received), headers["retry-after"]) == (503, "audit_unavailable", "1")
        assert it.upstream.asked == []
        assert it.get("/_guardrail/readyz")[0] == 503
        it.sink.fails = ""
        assert it.post(QUESTION)[0] == 200
        assert it.get("/_guardrail/readyz")[0] == 200


@pytest.mark.parametrize("begun", [False, True], ids=["before the first token", "mid-stream"])
def test_a_client_that_leaves_closes_the_upstream(guarded, begun):
    before = guarded.upstream.gone
    guarded.upstream.script = lambda asked: [*(sse(chunk({"content": "Hello "}), end=False) if begun else []), Do.HANG]
    body = json.dumps({**QUESTION, "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", guarded.port)) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        if begun:
            assert connection.recv(65536)
        else:
            time.sleep(0.1)
    deadline = time.monotonic() + 0.9
    while guarded.upstream.gone == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert guarded.upstream.gone == before + 1
    assert guarded.record["ended"] == "client_gone"


# --- guardrail's own endpoints, and what a client may not do ---------------------------------------------------------


def test_health_and_readiness_are_guardrails_own(guarded):
    guarded.upstream.script = lambda asked: [http(b'{"shadowed": true}')]
    status, _, body = guarded.get("/_guardrail/healthz")
    assert (status, json.loads(body)) == (200, {"status": "alive"})
    status, _, body = guarded.get("/_guardrail/readyz")
    assert (status, json.loads(body)["policy"]) == (200, "test@r1")
    assert guarded.get("/_guardrail/anything")[0] == 404
    assert guarded.upstream.asked == []


def test_nothing_a_client_sends_switches_the_guard_off(guarded):
    guarded.upstream.script = lambda asked: [http(answer(LEAK), extra="x-guardrail-action: allow\r\n")]
    headers = "x-guardrail-policy: none\r\nx-guardrail-action: allow\r\nx-guardrail-skip: 1\r\n"
    _, got, received = guarded.post({**QUESTION, "guardrail": {"policy": "off"}}, headers=headers)
    assert b"A123456" not in received
    assert got["x-guardrail-action"] == "redact"


def test_operators_can_keep_the_decision_to_themselves(tmp_path):
    with site(RULES, DETECTORS, tmp_path, lambda asked: [http(answer(LEAK))], annotate=False) as it:
        _, headers, received = it.post(QUESTION)
        assert json.loads(received)["choices"][0]["message"]["content"] == SAFE
        assert b"guardrail" not in received
        assert not any(name.startswith("x-guardrail") for name in headers)


def test_monitor_mode_changes_nothing_and_records_everything(tmp_path):
    rules = Policy("watch", "r", RULES.rules, enforce=False)
    with site(rules, DETECTORS, tmp_path, lambda asked: [http(answer(LEAK))]) as it:
        _, _, received = it.post(QUESTION)
        assert json.loads(received)["choices"][0]["message"]["content"] == LEAK
        assert it.record["findings"][0]["rule"] == "identifiers"


def test_regenerate_asks_again_and_then_blocks(tmp_path):
    rules = policy(rule("bias.toxicity", Action.REGENERATE))
    answers = ["你呢個人渣。", "你好。"]
    with site(rules, DETECTORS, tmp_path, lambda asked: [http(answer(answers.pop(0)))]) as it:
        assert json.loads(it.post(QUESTION)[2])["choices"][0]["message"]["content"] == "你好。"
        answers += ["人渣。"] * 3
        status, _, received = it.post(QUESTION)
        assert (status, error_of(received)) == (400, "content_filter")
        assert len(it.upstream.asked) == 5


def test_many_requests_share_a_connection(guarded):
    guarded.upstream.script = lambda asked: [http(answer("ok"))]
    one = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
    last = one.replace(b"host: x", b"host: x\r\nconnection: close")
    raw = guarded.raw(one * 9 + last)
    assert raw.count(b"HTTP/1.1 200 OK") == 10
    assert parse(raw)[0] == 200
    assert len(guarded.records(10)) == 10

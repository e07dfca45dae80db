"""The model is asked again over real sockets: by upstreams that get better, worse, never good, fail or take too long."""

import json
import re
import socket
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.audit.explain import explain
from guardrail.detectors.errors.judge import AnswerJudge
from guardrail.detectors.errors.structure.detector import Structure
from guardrail.detectors.errors.sums.arithmetic import Arithmetic
from guardrail.policy.load import parse
from guardrail.types import Policy
from guardrail.usage import added, usage_of
from tests import material
from tests.inprocess import InProcess
from tests.servers import Asked, Do, Site, Step, answer, chunk, http, site, sse
from tests.speakers import SPEAKERS

DETECTORS = [material.Patterns(), material.Rude(), Arithmetic(), Structure()]
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "12 × 13?"}]}
GOOD, BAD = "12 × 13 = 156", "12 × 13 = 166"
WORSE = "12 × 13 = 166, and 2 + 2 = 5"
GOOD_ZH, BAD_ZH = "答案係12 × 13 = 156。", "答案係12 × 13 = 166。"
RUDE, LEAK = "你呢個人渣。", "佢嘅身份證號碼係A123456(3)。"
NOTICE = "Check the sums. 請核對算式。"

SUMS = """\
version: 1
name: sums
errors:
  - id: sums
    kinds: [error.arithmetic]
    threshold: 0.8
    action: regenerate
    {more}
"""


def rules(*lines: str, top: str = "", others: str = "") -> Policy:
    """A policy that has wrong sums asked for again; `lines` are keys of that rule."""
    return parse((SUMS.format(more="\n    ".join(lines)) + top + others).encode(), "p.yaml")


NOTICED = rules("otherwise: notice", f"message: {NOTICE}")
BLOCKED = rules("message: No sums today. 今日無算式。")
LEAKS = "data_leakage:\n  - {id: ids, kinds: [pii.*], action: regenerate, otherwise: flag}\n"
REDACTED = "data_leakage:\n  - {id: ids, kinds: [pii.*], action: redact}\n"
CIVIL = "bias:\n  - {id: rude, kinds: [bias.toxicity], action: block}\n"


def spoken(text: str, tokens: int = 3) -> list[bytes]:
    """The events of one answer, with what it cost."""
    usage = {"prompt_tokens": 1, "completion_tokens": tokens - 1, "total_tokens": tokens}
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    return [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": piece}) for piece in pieces),
        chunk({}, finish="stop"),
        b"data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage}).encode() + b"\n\n",
        b"data: [DONE]\n\n",
    ]  # fmt: skip


Answer = str | Sequence[Step]
"""What the upstream says, or does."""


@contextmanager
def saying(directory: Path, policy: Policy, *answers: Answer, stream: bool = False, **settings: Any):
    """A site whose upstream gives one answer after the other."""
    rest = list(answers)

    def script(asked: Asked) -> Sequence[Step]:
        said = rest.pop(0)
        if not isinstance(said, str):
            return said
        return sse(*spoken(said), pause=0.01) if stream else [http(answer(said))]

    with site(policy, DETECTORS, directory, script, **settings) as it:
        yield it


def ask(it: Site, stream: bool, question: dict[str, Any] = QUESTION) -> tuple[int, dict[str, str], bytes]:
    return it.post({**question, **({"stream": True} if stream else {})})


def text_of(received: bytes, stream: bool) -> str:
    if not stream:
        return json.loads(received)["choices"][0]["message"]["content"]
    return "".join(
        choice["delta"].get("content", "") for event in events_of(received) for choice in event.get("choices", ())
    )


def events_of(received: bytes) -> list[Any]:
    lines = [line[6:] for line in received.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def documents(received: bytes, stream: bool) -> list[Any]:
    return events_of(received) if stream else [json.loads(received)]


def told(received: bytes, stream: bool) -> dict[str, Any]:
    return next(each["guardrail"] for each in documents(received, stream) if "guardrail" in each)


def total(received: bytes, stream: bool) -> int:
    return next(each["usage"]["total_tokens"] for each in reversed(documents(received, stream)) if each.get("usage"))


both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


# --- better, worse, never --------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("bad", "good"), [(BAD, GOOD), (BAD_ZH, GOOD_ZH)], ids=["en", "yue"])
def test_an_upstream_that_gets_better(tmp_path, stream, bad, good):
    with saying(tmp_path, BLOCKED, bad, good, stream=stream) as it:
        status, headers, received = ask(it, stream)
        assert (status, text_of(received, stream)) == (200, good)
        assert b"= 166" not in received
        assert headers["x-guardrail-action"] == "regenerate"
        assert "x-guardrail-findings" not in headers
        assert told(received, stream) | {"policy": ""} == {
            "policy": "", "audit_id": it.record["id"], "attempts": 2, "action": "regenerate", "findings": [], "checks_not_run": [],
        }  # fmt: skip
        assert total(received, stream) == 6
        first, second = (asked.json for asked in it.upstream.asked)
        assert second["messages"][:2] == [*first["messages"], {"role": "assistant", "content": bad}]
        assert "156" in second["messages"][2]["content"]
        assert ("請重新完整作答" in second["messages"][2]["content"]) is (bad == BAD_ZH)
        record = it.record
    assert len(it.sink.records) == 1
    assert (record["action"], record["ended"], record["findings"]) == ("regenerate", "completed", [])
    one, two = record["attempts"]
    assert (one["asked"], one["action"], one["status"], one["tokens"], one["chosen"]) == (
        "first",
        "regenerate",
        200,
        3,
        False,
    )
    assert [(found["kind"], found["rule"]) for found in one["kinds"]] == [("error.arithmetic", "sums")]
    assert (two["asked"], two["action"], two["kinds"], two["chosen"]) == ("feedback", "allow", [], True)
    assert bad not in json.dumps(record, ensure_ascii=False)
    assert "= 166" not in json.dumps(record, ensure_ascii=False)


@both
def test_a_good_first_answer_is_not_touched(tmp_path, stream):
    raw = b"".join(spoken(GOOD)) if stream else answer(GOOD)
    with saying(tmp_path, BLOCKED, GOOD, stream=stream) as it:
        status, headers, received = ask(it, stream)
        assert (status, received, headers["x-guardrail-action"]) == (200, raw, "allow")
        assert (len(it.upstream.asked), it.record["attempts"]) == (1, [])


@both
def test_an_upstream_that_gets_worse(tmp_path, stream):
    """The first answer was the best: it leaves, with its notice, and not one character of the others."""
    with saying(tmp_path, NOTICED, BAD, WORSE, WORSE, stream=stream) as it:
        status, _, received = ask(it, stream)
        assert (status, text_of(received, stream)) == (200, f"{BAD}\n\n{NOTICE}")
        assert b"2 + 2" not in received
        assert (told(received, stream)["attempts"], told(received, stream)["action"]) == (3, "regenerate")
        assert [found["action"] for found in told(received, stream)["findings"]] == ["notice"]
        assert total(received, stream) == 9
        record = it.record
    assert [one["chosen"] for one in record["attempts"]] == [True, False, False]
    assert [len(one["kinds"]) for one in record["attempts"]] == [1, 2, 2]
    assert (record["findings"][0]["action"], record["findings"][0]["rule_action"]) == ("notice", "regenerate")


@both
def test_an_upstream_that_gets_a_little_better(tmp_path, stream):
    with saying(tmp_path, NOTICED, WORSE, BAD, WORSE, stream=stream) as it:
        assert text_of(ask(it, stream)[2], stream) == f"{BAD}\n\n{NOTICE}"
        assert [one["chosen"] for one in it.record["attempts"]] == [False, True, False]


@both
def test_an_upstream_that_never_is_good(tmp_path, stream):
    with saying(tmp_path, BLOCKED, BAD, WORSE, BAD, GOOD, stream=stream) as it:
        status, _, received = ask(it, stream)
        error = json.loads(received)["error"]
        assert (status, error["code"], error["message"]) == (400, "content_filter", "No sums today. 今日無算式。")
        assert b"= 166" not in received
        assert b"156" not in received
        assert len(it.upstream.asked) == 3
        record = it.record
    assert (record["action"], record["ended"], record["status"]) == ("block", "blocked", 400)
    assert [one["chosen"] for one in record["attempts"]] == [False, False, False]
    assert [found["action"] for found in record["findings"]] == ["block"]
    assert any("none was free of it, so block" in line for line in explain(record))


@both
def test_flag_lets_the_best_out_as_it_came(tmp_path, stream):
    policy = rules("otherwise: flag", "attempts: 1")
    with saying(tmp_path, policy, BAD, WORSE, stream=stream) as it:
        _, _, received = ask(it, stream)
        assert text_of(received, stream) == BAD
        assert len(it.upstream.asked) == 2


@pytest.mark.parametrize("attempts", [1, 5])
def test_as_often_as_the_rule_says(tmp_path, attempts):
    with saying(tmp_path, rules(f"attempts: {attempts}"), *[BAD] * 9) as it:
        assert ask(it, False)[0] == 400
        assert len(it.upstream.asked) == attempts + 1


def test_the_words_of_the_rule_are_what_the_model_is_told(tmp_path):
    with saying(tmp_path, rules("feedback: Count again. 再計一次。"), BAD, GOOD) as it:
        ask(it, False)
        assert it.upstream.asked[1].json["messages"][-1] == {"role": "user", "content": "Count again. 再計一次。"}


# --- upstreams that fail or are slow ---------------------------------------------------------------------------------

DOWN = [http(b'{"error": {"message": "busy"}}', "503 Busy")]


@both
@pytest.mark.parametrize(
    ("failure", "error", "status"),
    [
        (DOWN, "upstream_error", 503),
        ([Do.CLOSE], "upstream_cut", None),
        ([http(b"{", "200 OK")], "upstream_malformed", 200),
        (sse(*spoken(GOOD)[:2], b'data: {"error": {"message": "overloaded"}}\n\n'), "upstream_error", 200),
        ([*sse(*spoken(GOOD)[:3], end=False)[:-1], Do.CLOSE], "upstream_cut", 200),
    ],
    ids=["refuses", "hangs up", "malformed", "error in a stream", "breaks off"],
)
def test_an_upstream_that_fails_the_second_time(tmp_path, stream, failure, error, status):
    with saying(tmp_path, NOTICED, BAD, failure, stream=stream) as it:
        got, _, received = ask(it, stream)
        assert (got, text_of(received, stream)) == (200, f"{BAD}\n\n{NOTICE}")
        record = it.record
    assert (record["ended"], record["upstream_status"], record["error"]) == ("completed", 200, "")
    one, two = record["attempts"]
    assert (one["chosen"], two["action"], two["error"], two["status"]) == (True, None, error, status)


@both
def test_what_may_not_leave_does_not_because_the_upstream_fails(tmp_path, stream):
    with saying(tmp_path, BLOCKED, BAD, DOWN, stream=stream) as it:
        status, _, received = ask(it, stream)
        assert (status, json.loads(received)["error"]["code"]) == (400, "content_filter")
        assert b"= 166" not in received


@both
def test_an_upstream_that_is_slow_is_broken_off(tmp_path, stream):
    slow = [*sse(*spoken(WORSE)[:2], end=False), Do.HANG]
    policy = rules("otherwise: notice", f"message: {NOTICE}", top="regenerate_deadline: 0.3\n")
    with saying(tmp_path, policy, BAD, slow, GOOD, stream=stream) as it:
        status, _, received = ask(it, stream)
        assert (status, text_of(received, stream)) == (200, f"{BAD}\n\n{NOTICE}")
        assert [(one["error"], one["chosen"]) for one in it.record["attempts"]] == [("", True), ("deadline", False)]
        while not it.upstream.gone:  # it is told, and does not go on for nobody
            time.sleep(0.01)


def test_after_the_deadline_nobody_is_asked(tmp_path):
    policy = rules("otherwise: flag", top="regenerate_deadline: 0.2\n")
    slow = [0.4, http(answer(WORSE))]
    with saying(tmp_path, policy, BAD, slow, GOOD) as it:
        assert text_of(ask(it, False)[2], False) == BAD
        assert len(it.upstream.asked) == 2


@both
def test_a_first_answer_that_fails_is_what_it_always_was(tmp_path, stream):
    with saying(tmp_path, NOTICED, DOWN, GOOD, stream=stream) as it:
        status, _, received = ask(it, stream)
        assert (status, json.loads(received)["error"]["message"]) == (503, "busy")
        assert len(it.upstream.asked) == 1
    with saying(tmp_path, NOTICED, [Do.CLOSE], GOOD, stream=stream) as it:
        assert ask(it, stream)[0] == 502
        assert it.record["ended"] == "upstream_failed"


def test_a_stream_that_breaks_off_before_anything_left_is_an_error(tmp_path):
    cut = [*sse(*spoken(BAD)[:4], end=False), Do.CLOSE]
    with saying(tmp_path, NOTICED, cut, stream=True) as it:
        status, _, received = ask(it, True)
        assert (status, json.loads(received)["error"]["code"]) == (502, "upstream_cut")
        assert b"= 166" not in received


# --- other rules -----------------------------------------------------------------------------------------------------


@both
def test_a_rule_that_blocks_the_first_answer_blocks(tmp_path, stream):
    with saying(tmp_path, rules(others=CIVIL), f"{RUDE}{BAD_ZH}", GOOD, stream=stream) as it:
        assert ask(it, stream)[0] == 400
        assert len(it.upstream.asked) == 1


@both
def test_a_later_answer_that_is_blocked_never_wins(tmp_path, stream):
    policy = rules("otherwise: flag", others=CIVIL)
    with saying(tmp_path, policy, BAD_ZH, RUDE, f"{RUDE}{BAD_ZH}", stream=stream) as it:
        status, _, received = ask(it, stream)
        assert (status, text_of(received, stream)) == (200, BAD_ZH)
        assert "人渣" not in received.decode()
        assert [one["action"] for one in it.record["attempts"]] == ["regenerate", "block", "block"]
        assert "人渣" not in it.upstream.asked[2].body.decode()


@both
def test_what_other_rules_edit_is_edited_in_the_answer_that_leaves(tmp_path, stream):
    policy = rules("otherwise: flag", others=REDACTED)
    with saying(tmp_path, policy, f"{LEAK}{BAD_ZH}", f"{LEAK}{BAD_ZH}", f"{LEAK}{GOOD_ZH}", stream=stream) as it:
        _, _, received = ask(it, stream)
        assert text_of(received, stream) == f"佢嘅身份證號碼係[REDACTED:HKID]。{GOOD_ZH}"
        record = it.record
    assert (record["edited"] > 0, record["findings"][0]["kind"]) == (True, "pii.hkid")


@both
def test_an_answer_that_must_be_blocked_is_not_better_for_having_fewer_findings(tmp_path, stream):
    """The second answer has one finding, but of a rule that lets no answer out; the first has two of one that does."""
    leaks = LEAKS.replace("otherwise: flag", "attempts: 1")
    policy = rules("otherwise: flag", "attempts: 1", others=leaks)
    with saying(tmp_path, policy, WORSE, LEAK, stream=stream) as it:
        assert text_of(ask(it, stream)[2], stream) == WORSE
        assert [one["chosen"] for one in it.record["attempts"]] == [True, False]


def test_a_judge_has_its_time_for_every_answer(tmp_path):
    """The second answer comes when the time for the verdict on the first is over."""
    first, second = "The bridge opened in 1998.", "The bridge opened in 1997."
    policy = parse(
        b"version: 1\nname: j\njudge: {model: judge-model, timeout: 1.0}\nerrors:\n"
        b"  - {id: judged, kinds: [error.judge], action: regenerate, attempts: 1}\n",
        "p.yaml",
    )
    answers: list[Sequence[Step]] = [[http(answer(first))], [1.1, http(answer(second))]]

    def script(asked: Asked) -> Sequence[Step]:
        if b"You check an answer" not in asked.body:
            return answers.pop(0)
        token = re.search(r'"token": "([0-9a-f]{16})"', str(asked.json))
        wrong = first in str(asked.json)
        problems = [{"quote": "1998", "reason": "It says 1997."}] if wrong else []
        said = {"token": token and token[1], "verdict": "wrong" if wrong else "right", "problems": problems}
        return [http(answer(json.dumps(said)))]

    with site(policy, [AnswerJudge()], tmp_path, script) as it:
        assert text_of(ask(it, False)[2], False) == second
        assert [one["asked"] for one in it.record["consulted"]] == ["judge", "judge"]
        assert "It says 1997." in str(it.upstream.asked[2].json)


# --- what goes upstream ----------------------------------------------------------------------------------------------


@both
def test_an_answer_that_leaks_is_not_handed_back(tmp_path, stream):
    with saying(tmp_path, rules(others=LEAKS), f"{LEAK}{BAD_ZH}", GOOD_ZH, stream=stream) as it:
        ask(it, stream)
        sent = it.upstream.asked[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "user"]
    assert "A123456" not in json.dumps(sent)
    assert "= 166" not in json.dumps(sent)
    assert "pii.hkid" in sent[1]["content"]
    assert "error.arithmetic" in sent[1]["content"]


def test_an_answer_that_could_not_be_looked_through_is_not_handed_back(tmp_path):
    class Broken(material.Rude):
        def detect(self, texts, context):
            raise ValueError("no")

    policy = rules(top="on_failure: allow\n", others=CIVIL)
    answers = [BAD, GOOD]
    with site(policy, [Broken(), Arithmetic()], tmp_path, lambda asked: [http(answer(answers.pop(0)))]) as it:
        ask(it, False)
        assert [message["role"] for message in it.upstream.asked[1].json["messages"]] == ["user", "user"]


def test_another_answer_is_not_the_first_one_from_a_cache(tmp_path):
    with saying(tmp_path, BLOCKED, BAD, GOOD) as it:
        it.post(QUESTION, headers="idempotency-key: k\r\nauthorization: Bearer sk-1\r\n")
        first, second = it.upstream.asked
        assert (first.header(b"idempotency-key"), second.header(b"idempotency-key")) == (b"k", None)
        assert second.header(b"authorization") == b"Bearer sk-1"


def test_a_client_that_leaves_is_not_answered_any_more(tmp_path):
    with saying(tmp_path, BLOCKED, BAD, [Do.HANG]) as it:
        body = json.dumps(QUESTION).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", it.port)) as connection:
            connection.sendall(head + body)
            while len(it.upstream.asked) < 2:
                time.sleep(0.01)
        record = it.record
        assert (record["ended"], len(it.sink.records)) == ("client_gone", 1)
        assert [one["error"] for one in record["attempts"]] == ["", "broken_off"]


def test_an_operator_who_keeps_the_decision_still_has_the_cost_summed(tmp_path):
    with saying(tmp_path, BLOCKED, BAD, GOOD, annotate=False) as it:
        _, headers, received = ask(it, False)
        assert json.loads(received) == json.loads(
            answer(GOOD, usage={"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6})
        )
        assert not any(name.startswith("x-guardrail") for name in headers)


SENT = "data_leakage:\n  - {{id: sent, kinds: [pii.*], stage: request, action: {action}}}\n"


def test_the_rules_on_requests_hold_for_what_the_model_is_told(tmp_path):
    with saying(tmp_path, rules(others=SENT.format(action="redact")), f"{LEAK}{BAD_ZH}", GOOD_ZH) as it:
        ask(it, False)
        sent = it.upstream.asked[1].json["messages"]
        assert sent[1] == {"role": "assistant", "content": f"佢嘅身份證號碼係[REDACTED:HKID]。{BAD_ZH}"}
    with saying(tmp_path, rules(others=SENT.format(action="block")), f"{LEAK}{BAD_ZH}", GOOD_ZH) as it:
        assert ask(it, False)[0] == 200
        sent = it.upstream.asked[1].json["messages"]
        assert [message["role"] for message in sent] == ["user", "user"]
        assert "A123456" not in json.dumps(sent)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ({**QUESTION, "n": 2}, answer(BAD)),
        (QUESTION, answer(BAD, message={"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]})),
        ({"model": "m", "messages": [], "x": 1}, answer(BAD)),
    ],
    ids=["several choices", "a tool call", "no conversation"],
)  # fmt: skip
def test_where_nothing_can_be_added_the_question_is_asked_as_it_was(tmp_path, question, first):
    with saying(tmp_path, BLOCKED, [http(first)], GOOD) as it:
        assert text_of(ask(it, False, question)[2], False) == GOOD
        assert it.upstream.asked[0].body == it.upstream.asked[1].body
        assert [one["asked"] for one in it.record["attempts"]] == ["first", "same"]


def test_a_policy_that_only_watches_asks_once(tmp_path):
    with saying(tmp_path, rules(top="mode: monitor\n"), BAD, GOOD) as it:
        assert text_of(ask(it, False)[2], False) == BAD
        assert (len(it.upstream.asked), it.record["attempts"], it.record["action"]) == (1, [], "flag")


def test_endpoints_without_a_conversation_are_asked_once(tmp_path):
    body = b'{"data": [{"note": "A123456(3)"}]}'
    with saying(tmp_path, rules(others=LEAKS.replace("otherwise: flag", "otherwise: block")), [http(body)]) as it:
        status, _, received = it.post({"model": "m", "input": "x"}, path="/v1/embeddings")
        assert (status, b"A123456" in received, len(it.upstream.asked)) == (400, False, 1)


def test_nothing_that_a_client_sends_changes_how_often(tmp_path):
    question = {**QUESTION, "guardrail": {"attempts": 0}, "attempts": 0, "regenerate": False}
    with saying(tmp_path, BLOCKED, *[BAD] * 4) as it:
        status, _, _ = it.post(question, headers="x-guardrail-attempts: 0\r\nx-guardrail-action: allow\r\n")
        assert (status, len(it.upstream.asked)) == (400, 3)


def test_more_than_may_be_held_is_a_check_that_failed(tmp_path):
    with saying(tmp_path, rules("otherwise: flag", top="hold_cap: 2000\n"), "好" * 4000, stream=True) as it:
        assert ask(it, True)[0] == 400
        assert it.record["checks_not_run"] == [{"check": "gate", "reason": "hold_cap"}]


# --- streams whose rules let text go ---------------------------------------------------------------------------------

FLOWING = parse(
    b"version: 1\nname: f\nbias:\n  - {id: rude, kinds: [bias.toxicity], action: regenerate, stream: sentence}\n", "p"
)


def test_a_stream_that_flows_is_asked_for_again_while_nothing_has_left(tmp_path):
    with saying(tmp_path, FLOWING, RUDE, "你好。再見。", stream=True) as it:
        _, headers, received = ask(it, True)
        assert (text_of(received, True), total(received, True)) == (
            "你好。再見。",
            6 - 3,
        )  # the first never said its cost
        assert (told(received, True)["attempts"], told(received, True)["action"]) == (2, "regenerate")
        assert headers["x-guardrail-action"] == "pending"
        assert [(one["asked"], one["action"]) for one in it.record["attempts"]] == [
            ("first", "regenerate"),
            ("feedback", "allow"),
        ]
    with saying(tmp_path, FLOWING, *[RUDE] * 4, stream=True) as it:
        assert (ask(it, True)[0], len(it.upstream.asked)) == (400, 3)
    with saying(tmp_path, FLOWING, f"大家好。{RUDE}", "你好。", stream=True) as it:
        status, _, received = ask(it, True)
        assert (status, len(it.upstream.asked), it.record["ended"]) == (200, 1, "blocked")
        assert "人渣" not in received.decode()


# --- every API -------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("name", SPEAKERS)
def test_every_api_is_told_what_was_wrong_and_sums_the_cost(tmp_path, name, stream):
    speaker = SPEAKERS[name]
    if name == "gemini_array" and not stream:
        pytest.skip("the form of its streams alone")
    request = speaker.request(stream)
    bodies = [said(speaker, stream, text) for text in (BAD, GOOD)]
    rest = list(bodies)
    kind = speaker.content_type(stream)
    with site(BLOCKED, DETECTORS, tmp_path, lambda asked: [http(rest.pop(0), kind=kind)]) as it:
        status, _, received = it.post(request.body, path=request.path, headers=request.lines)
        record = it.record
        asked = it.upstream.asked[1]
    read = speaker.read_stream("content", received) if stream else [speaker.read_whole("content", received)]
    assert (status, set(read)) == (200, {GOOD})
    assert BAD not in received.decode()
    assert [one["asked"] for one in record["attempts"]] == ["first", "feedback"]
    assert "166" in asked.body.decode()
    assert "156" in asked.body.decode()
    costs = [last_usage(speaker, stream, body) for body in (*bodies, received)]
    assert costs[2] == added(costs[0], costs[1])
    assert "attempts" in received.decode()


def said(speaker, stream: bool, text: str) -> bytes:
    return b"".join(speaker.stream("content", [text])) if stream else speaker.whole("content", text)


def last_usage(speaker, stream: bool, body: bytes) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for document in speaker.form.events(body) if stream else [json.loads(body)]:
        found |= usage_of(document)
    return found


# --- repair ----------------------------------------------------------------------------------------------------------

REPAIRING = parse(
    b"""\
version: 1
name: repairing
data_leakage:
  - {id: ids, kinds: [pii.*], action: redact}
  - {id: keys, kinds: [secret.*], action: block}
errors:
  - {id: json, kinds: [error.invalid_json, error.schema], action: regenerate, repair: true, attempts: 1}
""",
    "p.yaml",
)
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
JSON = {**QUESTION, "response_format": {"type": "json_object"}}
TYPED = {**QUESTION, "response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": SCHEMA}}}


@both
@pytest.mark.parametrize(
    ("question", "said", "left"),
    [
        (JSON, '{"名": "陳大文",}', '{"名": "陳大文"}'),
        (JSON, '```json\n{"a": [1, 2]}\n```', '{"a": [1, 2]}'),
        (TYPED, '{"age": "12"}', '{"age": 12}'),
        (JSON, '{"id": "A123456(3)",}', '{"id": "[REDACTED:HKID]"}'),
    ],
)
def test_json_is_put_right(tmp_path, stream, question, said, left):
    with saying(tmp_path, REPAIRING, said, stream=stream) as it:
        status, _, received = ask(it, stream, question)
        assert (status, text_of(received, stream)) == (200, left)
        assert b"A123456" not in received
        record = it.record
    assert (record["action"], record["attempts"]) == ("redact", [])
    [found] = [one for one in record["findings"] if one["repaired"]]
    assert found["rule"] == "json"
    assert any("which has it repaired" in line for line in explain(record))


@both
def test_json_that_could_mean_several_things_is_asked_for_again(tmp_path, stream):
    with saying(tmp_path, REPAIRING, '{"a": , "b": }', '{"a": 1}', stream=stream) as it:
        assert text_of(ask(it, stream, JSON)[2], stream) == '{"a": 1}'
        assert len(it.upstream.asked) == 2


@both
def test_what_a_repair_brings_together_is_judged(tmp_path, stream):
    """A value that is spelled in a way of no standard is first there in the repaired text."""
    spelled = r"{'id': 'A1234\x356(3)', 'card': 4111_1111_1111_1113}"
    with saying(tmp_path, REPAIRING, spelled, stream=stream) as it:
        status, _, received = ask(it, stream, JSON)
        assert (status, text_of(received, stream)) == (
            200,
            '{"id": "[REDACTED:HKID]", "card": [REDACTED:PAYMENT_CARD]}',
        )
        assert {one["kind"] for one in it.record["findings"]} == {"error.invalid_json", "pii.hkid", "pii.payment_card"}
    key = r"{'k': '-----BEGIN \x4bEY-----'}"
    with saying(tmp_path, REPAIRING, key, stream=stream) as it:
        assert ask(it, stream, JSON)[0] == 400


@both
def test_valid_json_is_never_touched(tmp_path, stream):
    raw = '{ "a" : 1.0e1,  "b":"\\u4f60" }'
    with saying(tmp_path, REPAIRING, raw, stream=stream) as it:
        assert text_of(ask(it, stream, JSON)[2], stream) == raw


# --- whatever happens ------------------------------------------------------------------------------------------------

PIECES = (GOOD, BAD, GOOD_ZH, BAD_ZH, LEAK, RUDE, "2 + 2 = 5", "好。")
FAIL = "fail"
ANYTHING = {
    otherwise: rules(f"otherwise: {otherwise}", f"message: {NOTICE}", others=REDACTED + CIVIL)
    for otherwise in ("block", "notice", "flag")
}


@pytest.fixture(scope="module")
def guards(tmp_path_factory):
    return {word: InProcess(policy, DETECTORS, tmp_path_factory.mktemp(word)) for word, policy in ANYTHING.items()}


@settings(max_examples=150, deadline=None)
@given(
    otherwise=st.sampled_from(sorted(ANYTHING)),
    stream=st.booleans(),
    answers=st.lists(
        st.one_of(st.just(FAIL), st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("\n".join)),
        min_size=3,
        max_size=3,
    ),
)
def test_what_leaves_is_one_of_the_answers_or_a_block(guards, otherwise, stream, answers):
    it = guards[otherwise]
    rest = list(answers)

    def script(body: bytes) -> Sequence[bytes]:
        text = rest.pop(0)
        if text == FAIL:
            return [b'data: {"error": {"message": "x"}}\n\n' if stream else b"{"]
        return spoken(text) if stream else [answer(text)]

    it.upstream.script = script
    kind = "text/event-stream" if stream else "application/json"
    got = it.ask("/v1/chat/completions", {**QUESTION, "stream": stream}, {}, (), content_type=kind)
    asked = len(answers) - len(rest)
    assert "A123456" not in got.body.decode()
    assert "人渣" not in got.body.decode()
    if answers[0] == FAIL:
        assert asked == 1
        return
    if got.status != 200:
        assert got.status == 400
        assert not any(one["chosen"] for one in got.record["attempts"])
        assert all(text not in got.body.decode() for text in (BAD, GOOD, BAD_ZH, GOOD_ZH))
        return
    left = text_of(got.body, stream)
    chosen = next((one["number"] for one in got.record["attempts"] if one["chosen"]), 1)
    expected = answers[chosen - 1].replace("A123456(3)", "[REDACTED:HKID]")
    wrong = any(bad in expected for bad in ("166", "= 5"))
    assert left == expected + (f"\n\n{NOTICE}" if wrong and otherwise == "notice" else "")
    assert not (wrong and otherwise == "block")
    assert len(got.record["attempts"]) == (asked if asked > 1 else 0)
    assert total(got.body, stream) == 3 * sum(one["tokens"] > 0 for one in got.record["attempts"]) or asked == 1

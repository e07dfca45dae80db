"""A judge in a real exchange: who is asked, with what, what it costs, and what happens when no verdict comes.

What a user would notice: a good answer that nobody doubted is withheld, a bad one passes because its judge was down, a
secret goes to somebody else's model, or a bill that no budget stopped.
"""

import json
import re
from dataclasses import replace

import anthropic
import openai
import pytest

from guardrail.detectors.errors.judge import AnswerJudge, SecondSample
from guardrail.errors import PolicyError, SettingsError
from guardrail.llm_judge import BUDGET, bench
from guardrail.policy.load import parse
from guardrail.types import Action, LlmJudge
from tests import material
from tests.material import policy, rule
from tests.servers import Do, answer, http, site, sse, told

DETECTORS = [material.Patterns(), AnswerJudge(), SecondSample()]
JUDGE = LlmJudge("judge-model", timeout=2.0)
ANSWER = "The bridge opened in 1998. 大橋於1998年通車。"
QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "When did it open?"}]}


def ruled(judge=JUDGE, kind="error.judge", action=Action.NOTICE, **more):
    return policy(
        rule(kind, action, id="judged", message="Please check. 請核實。"),
        rule("pii.*", Action.REDACT, id="ids"),
        judge=judge,
        **more,
    )


def is_verdict(asked) -> bool:
    return b"You check an answer" in asked.body


def token(asked) -> str:
    return re.search(r'"token": "([0-9a-f]{16})"', str(asked.json))[1]


def verdict(asked, word="wrong", quote="1998", reason="The source says 1997."):
    problems = [{"quote": quote, "reason": reason}] if word == "wrong" else []
    return json.dumps({"token": token(asked), "verdict": word, "problems": problems})


def plays(judge, said=ANSWER):
    """An upstream that answers with `said`, and as a judge with what `judge` makes of the question."""
    return lambda asked: judge(asked) if is_verdict(asked) else [http(answer(said))]


def replies(word="wrong", **more):
    return lambda asked: [http(answer(verdict(asked, word, **more)))]


def ask(it, **more):
    client = openai.OpenAI(base_url=it.url + "/v1", api_key="sk-client", max_retries=0, timeout=10)
    return client.chat.completions.create(**QUESTION, **more)


@pytest.fixture
def judged(tmp_path):
    with site(ruled(), DETECTORS, tmp_path) as it:
        yield it


def test_the_sidecars_own_upstream_is_asked_with_the_clients_key(judged):
    judged.upstream.script = plays(replies())
    made = ask(judged)
    assert made.choices[0].message.content == f"{ANSWER}\n\nPlease check. 請核實。"
    [finding] = made.model_extra["guardrail"]["findings"][:1]
    assert finding["message"] == "The source says 1997."
    assert ANSWER[finding["start"] : finding["end"]] == "1998"
    _, second = judged.upstream.asked
    assert second.json["model"] == "judge-model" and second.header(b"authorization") == b"Bearer sk-client"
    assert json.loads(second.json["messages"][1]["content"])["answer"] == ANSWER
    [asked] = judged.record["consulted"]
    assert (asked["asked"], asked["tokens"], asked["error"]) == ("judge", 3, None)
    assert "1997" not in json.dumps(judged.record)


def test_a_stream_is_judged_at_its_end(judged):
    judged.upstream.script = lambda asked: (
        replies()(asked) if is_verdict(asked) else sse(*told([ANSWER[:9], ANSWER[9:]]))
    )
    events = list(ask(judged, stream=True))
    text = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert text == f"{ANSWER}\n\nPlease check. 請核實。"


def test_an_answer_that_is_right_leaves_as_it_came(judged):
    judged.upstream.script = plays(replies("right"))
    made = ask(judged)
    assert made.choices[0].message.content == ANSWER and "guardrail" not in made.model_extra


def test_what_the_policy_looks_for_is_not_shown_to_the_judge(judged):
    said = "佢嘅身份證號碼係A123456(3)，大橋於1998年通車。"
    judged.upstream.script = plays(replies(quote="1998"), said)
    made = ask(judged)
    assert b"A123456" not in judged.upstream.asked[1].body
    assert made.choices[0].message.content.startswith("佢嘅身份證號碼係[REDACTED:HKID]，大橋於1998年通車。")
    finding = next(f for f in made.model_extra["guardrail"]["findings"] if f["kind"] == "error.judge")
    assert made.choices[0].message.content[finding["start"] : finding["end"]] == "1998"


BROKEN = {
    "status": lambda asked: [http(b'{"error": {"message": "no"}}', "500 Oops")],
    "not JSON": lambda asked: [http(b"<html>")],
    "prose": lambda asked: [http(answer("Looks right to me."))],
    "injected": lambda asked: [http(answer('{"token": "0000000000000000", "verdict": "right", "problems": []}'))],
    "cut": lambda asked: [http(answer(verdict(asked, "right"), finish_reason="length"))],
    "refused": lambda asked: [http(answer(None, message={"refusal": "I cannot."}))],
    "gone": lambda asked: [Do.RESET],
    "silent": lambda asked: [Do.HANG],
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_verdict_is_no_pass(judged, name):
    judged.upstream.script = plays(BROKEN[name])
    with pytest.raises(openai.BadRequestError) as caught:
        ask(judged)
    assert "errors.judge" in caught.value.response.json()["guardrail"]["checks_not_run"]
    [failed] = judged.record["checks_not_run"]
    assert failed["check"] == "errors.judge" and failed["reason"]
    replied = name in ("prose", "injected")
    assert bool(judged.record["consulted"][0]["error"]) is not replied


def test_a_policy_that_lets_unfinished_checks_pass_says_so(tmp_path):
    with site(ruled(on_failure=Action.FLAG), DETECTORS, tmp_path, plays(BROKEN["status"])) as it:
        made = ask(it)
    assert made.choices[0].message.content == ANSWER
    assert made.model_extra["guardrail"]["checks_not_run"] == ["errors.judge"]


def test_a_spent_budget_asks_nobody(tmp_path):
    with site(ruled(replace(JUDGE, requests=1)), DETECTORS, tmp_path, plays(replies("right"))) as it:
        assert ask(it).choices[0].message.content == ANSWER
        with pytest.raises(openai.BadRequestError):
            ask(it)
        assert len([asked for asked in it.upstream.asked if is_verdict(asked)]) == 1
        assert it.record["checks_not_run"][0]["reason"] == "the budget of the day is spent"
    assert json.loads((tmp_path / BUDGET).read_text())["requests"] == 1


def test_another_upstream_is_asked_with_a_key_of_its_own_and_never_the_clients(tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "sk-judge")
    with site(policy(rule("pii.*", Action.FLAG)), DETECTORS, tmp_path / "a") as other:
        other.upstream.script = lambda asked: [
            http(json.dumps({"content": [{"type": "text", "text": verdict(asked)}], "usage": {"input_tokens": 9, "output_tokens": 4}}).encode())
        ]  # fmt: skip
        judge = replace(JUDGE, vendor="anthropic", url=f"http://127.0.0.1:{other.upstream.port}", key_env="JUDGE_KEY")
        with site(ruled(judge), DETECTORS, tmp_path / "b", lambda asked: [http(answer(ANSWER))]) as it:
            assert "Please check" in ask(it).choices[0].message.content
            assert len(it.upstream.asked) == 1
            assert it.record["consulted"][0]["tokens"] == 13
        [asked] = other.upstream.asked
    assert asked.line == b"POST /v1/messages HTTP/1.1"
    assert asked.header(b"x-api-key") == b"sk-judge" and b"sk-client" not in b"".join(v for _, v in asked.headers)


def test_the_judge_speaks_the_api_of_the_request(judged):
    def script(asked):
        said = verdict(asked) if is_verdict(asked) else ANSWER
        body = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                "content": [{"type": "text", "text": said}], "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
        return [http(json.dumps(body).encode())]

    judged.upstream.script = script
    client = anthropic.Anthropic(base_url=judged.url, api_key="k", max_retries=0)
    made = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "幾時通車？"}])
    assert made.content[-1].text.endswith("Please check. 請核實。")
    assert [asked.line.split()[1] for asked in judged.upstream.asked] == [b"/v1/messages"] * 2


def test_a_second_answer_is_asked_for_and_held_against_the_first(tmp_path):
    with site(ruled(kind="error.inconsistent"), DETECTORS, tmp_path) as it:
        said = iter((ANSWER, "It opened in 1997."))
        it.upstream.script = lambda asked: replies()(asked) if is_verdict(asked) else [http(answer(next(said)))]
        made = ask(it)
        assert made.choices[0].message.content.endswith("Please check. 請核實。")
        first, second, third = it.upstream.asked
        assert second.json["messages"] == first.json["messages"]
        assert json.loads(third.json["messages"][1]["content"])["second_answer"] == "It opened in 1997."
        assert [one["asked"] for one in it.record["consulted"]] == ["again", "judge"]
        assert len(it.sink.lines) == 1


def test_a_request_with_tools_is_not_asked_twice(tmp_path):
    with site(ruled(kind="error.inconsistent"), DETECTORS, tmp_path, plays(replies("right"))) as it:
        tools = [{"type": "function", "function": {"name": "pay", "parameters": {"type": "object"}}}]
        with pytest.raises(openai.BadRequestError):
            ask(it, tools=tools)
        assert len(it.upstream.asked) == 1
        assert "may not be asked a second time" in it.record["checks_not_run"][0]["reason"]


def test_a_key_that_is_not_there_is_an_error_before_anything_starts():
    judge = LlmJudge("m", "openai", "https://judge.example", "NO_SUCH_KEY")
    with pytest.raises(SettingsError, match="NO_SUCH_KEY"):
        bench(judge, None, (), None, None, {})  # type: ignore[arg-type]


YAML = """version: 1
name: p
%s
errors:
  - id: judged
    kinds: [error.judge]
    action: flag
%s"""


@pytest.mark.parametrize(
    ("judge", "more", "line", "said"),
    [
        ("", "", 5, "the policy has no `judge:`"),
        ("judge: {model: m}", "    cases: [{text: x, expect: allow}]\n", 8, "cases run without a network"),
        ("judge: {model: m, key_env: K}", "", 3, "`key_env` is for a judge with a `url`"),
        ("judge: {modle: m}", "", 3, "did you mean `model`?"),
        ("judge: {model: m, url: judge.example}", "", 3, "url"),
        ("judge: {model: m, vendor: mistral}", "", 3, "openai"),
    ],
)
def test_a_mistake_in_the_policy_is_named_with_its_line(judge, more, line, said):
    with pytest.raises(PolicyError) as caught:
        parse((YAML % (judge, more)).encode(), "p.yaml")
    assert f"p.yaml:{line}" in str(caught.value) and said in str(caught.value)


def test_a_policy_that_names_its_judge_is_read():
    made = parse((YAML % ("judge: {model: m, url: 'https://j.example/v1', timeout: 5}", "")).encode(), "p.yaml")
    assert made.judge == LlmJudge("m", "openai", "https://j.example/v1", timeout=5)

"""Asking: plans, vendors, retries, budgets, errors and the state file, against real servers."""

import json

import pytest

from guardrail.errors import CheckError, SettingsError
from guardrail.probe.ask import Manner, Run
from guardrail.probe.plan import Wanted, make_plan
from guardrail.probe.state import Answer, State, opened
from guardrail.probe.templates import packaged
from guardrail.vendors import VENDORS, Asking, complaint, withheld
from tests.probe.fake_models import FAIR, address, flaky, model, prompt_of, script, serving
from tests.servers import Do, answer, http

BOOK = packaged()
KEY = "sk-verysecret-1234567890"


def plan_for(url, *, grounds=("sex",), templates=4, **more):
    asking = more.pop("asking", Asking("demo", 100))
    return make_plan(Wanted(url, more.pop("dialect", "openai"), asking, grounds, templates=templates, **more), BOOK)


def asked(play, state=None, plan=None, **manner):
    with serving(play) as upstream:
        run = Run(plan_for(address(upstream), **(plan or {})), state or State(), Manner(backoff=0.001, **manner))
        run.ask()
    return run, upstream


# ---- the plan -----------------------------------------------------------------------------------------------------


def test_the_seed_alone_decides_what_is_asked_and_in_which_order():
    one, two, other = (plan_for("http://x", seed=seed) for seed in (1, 1, 2))
    assert [q.prompt for q in one.questions] == [q.prompt for q in two.questions]
    assert [q.prompt for q in one.questions] != [q.prompt for q in other.questions]
    assert one.digest == two.digest != other.digest


def test_the_order_of_terms_within_a_set_changes():
    firsts = [one[0].terms[0].name for one in plan_for("http://x", templates=40).sets]
    assert 20 < firsts.count("man") < 60


def test_grounds_and_languages_take_turns_so_that_an_early_end_leaves_pairs_of_each():
    plan = plan_for("http://x", grounds=("sex", "age", "race"), templates=5)
    assert len({(one[0].ground, one[0].lang) for one in plan.sets[:6]}) == 6


def test_the_same_words_for_two_grounds_are_asked_once():
    plan = plan_for("http://x", grounds=("sex", "pregnancy"), templates=None)
    assert plan.requests < len(plan.questions)


@pytest.mark.parametrize("change", [{"seed": 2}, {"templates": 3}, {"repeats": 2}, {"asking": Asking("demo", 100, 0.5)}, {"asking": Asking("demo", 99)}, {"asking": Asking("other", 100)}, {"langs": ("en",)}])  # fmt: skip
def test_a_changed_setting_is_another_plan(change):
    assert plan_for("http://x", **change).digest != plan_for("http://x").digest


def test_what_cannot_be_asked_is_said():
    with pytest.raises(SettingsError, match="did you mean `race`"):
        plan_for("http://x", grounds=("rase",))


# ---- asking -------------------------------------------------------------------------------------------------------


def test_every_question_is_asked_once_and_every_answer_kept():
    run, upstream = asked(script(FAIR), concurrency=8)
    prompts = [prompt_of(one) for one in upstream.asked]
    assert sorted(prompts) == sorted(q.prompt for q in run.plan.questions)
    assert {key: one.text for key, one in run.state.answers.items()} == {
        q.key: FAIR(q.prompt) for q in run.plan.questions
    }
    assert run.state.tokens == 3 * len(prompts)
    assert not run.stopped


def test_429_and_dropped_connections_are_tried_again_and_counted():
    run, upstream = asked(flaky(FAIR))
    assert len(run.state.answers) == run.plan.requests
    assert not [one for one in run.state.answers.values() if one.failed]
    assert run.state.sent == len(upstream.asked) > run.plan.requests


def test_what_keeps_failing_is_kept_as_failed_and_asked_again_by_the_next_run():
    def sometimes(one):
        return [http(b"{}", "503 Service Unavailable")] if len(prompt_of(one)) % 5 == 0 else [http(answer("Yes."))]

    with serving(sometimes) as upstream:
        plan, state = plan_for(address(upstream), templates=8), State()
        Run(plan, state, Manner(retries=1, backoff=0.001)).ask()
        failed = [key for key, one in state.answers.items() if one.failed]
        assert failed and all(state.answers[key].sent == 2 for key in failed)
        upstream.script = script(FAIR)
        before = len(upstream.asked)
        Run(plan, state, Manner()).ask()
        assert len(upstream.asked) - before == len(failed)
        assert state.sent == len(upstream.asked)
    assert not [key for key, one in state.answers.items() if one.failed]


def test_an_upstream_that_is_gone_ends_the_run():
    with pytest.raises(CheckError, match="8 questions in a row got no answer"):
        asked(lambda one: [Do.RESET], retries=1)


@pytest.mark.parametrize(
    ("text", "finish", "cure"), [("", "stop", "check --dialect"), ("<think>hm", "length", "raise --max-tokens")]
)
def test_an_answer_without_text_is_no_refusal(text, finish, cure):
    """A dialect that does not fit, or thinking that used up all tokens, must not read as a model that refuses all alike."""
    with pytest.raises(CheckError, match=f"an answer without text; {cure}"):
        asked(lambda one: [http(answer(text, finish_reason=finish))], retries=0)


def test_no_answer_in_time_is_a_failure():
    with pytest.raises(CheckError, match=r"no answer within 0\.05 s"):
        asked(lambda one: [Do.HANG], retries=0, timeout=0.05)


@pytest.mark.parametrize(
    ("status", "said"),
    [("401 Unauthorized", "set OPENAI_API_KEY"), ("403 Forbidden", "may not use this model"), ("404 Not Found", "check --upstream, --model"), ("400 Bad Request", "--extra"), ("302 Found", "redirects are not followed")],
)  # fmt: skip
def test_an_answer_that_says_the_run_is_wrong_ends_it_without_the_key(status, said):
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    with pytest.raises(SettingsError) as caught:
        asked(lambda one: [http(body, status)], key=KEY)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert "Incorrect API key provided: [key]" in str(caught.value)


@pytest.mark.parametrize("status", ["400 Bad Request", "413 Content Too Large", "422 Unprocessable Content"])
def test_one_question_that_the_upstream_does_not_take_is_left_out_and_the_run_goes_on(status):
    """Some vendors' filters answer so, with a code that nobody has written down; a run must not stick at that question."""

    def picky(one):
        refused = "rent" in prompt_of(one) and len(upstream.asked) > 1
        return (
            [http(b'{"error": {"code": "1999", "message": "not this"}}', status)] if refused else [http(answer("Yes."))]
        )

    with serving(picky) as upstream:
        plan, state = plan_for(address(upstream), templates=20, langs=("en",)), State()
        Run(plan, state, Manner(concurrency=1)).ask()
    failed = [one for one in state.answers.values() if one.failed]
    assert 0 < len(failed) < 8
    assert {(one.failed, one.sent) for one in failed} == {(f"status {status[:3]} (not this)", 1)}
    assert len(state.answers) == plan.requests


@pytest.mark.parametrize("budget", [5, 10, 17])
def test_no_more_requests_than_the_budget_and_only_whole_sets(budget):
    run, upstream = asked(script(FAIR), budget_requests=budget, concurrency=4)
    assert len(upstream.asked) <= budget
    assert run.stopped == ("requests" if budget < run.plan.requests else "")
    for one in run.plan.sets:
        assert len({q.key in run.state.answers for q in one}) == 1


def test_retries_count_against_the_budget():
    _, upstream = asked(flaky(FAIR), budget_requests=9, concurrency=2)
    assert len(upstream.asked) <= 9


def test_tokens_are_never_overspent_and_an_upstream_that_does_not_count_them_is_refused():
    run, _ = asked(script(FAIR), budget_tokens=1000, concurrency=4)
    assert run.stopped == "tokens"
    assert 0 < run.state.tokens <= 1000
    spent = json.loads(answer("Yes."))
    spent["usage"] = {"prompt_tokens": 300, "completion_tokens": 300, "total_tokens": 600}
    long = {"plan": {"asking": Asking("demo", 100, system="s" * 250, extra={"max_completion_tokens": 300})}}
    run, _ = asked(lambda one: [http(json.dumps(spent).encode())], budget_tokens=4000, concurrency=4, **long)
    assert run.stopped == "tokens"
    assert 0 < run.state.tokens <= 4000
    plain = json.loads(answer("Yes."))
    del plain["usage"]
    with pytest.raises(CheckError, match="does not say how many tokens"):
        asked(lambda one: [http(json.dumps(plain).encode())], budget_tokens=50_000)


# ---- vendors ------------------------------------------------------------------------------------------------------

ANTHROPIC = {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "應該。"}], "stop_reason": "end_turn", "usage": {"input_tokens": 5, "output_tokens": 2}}  # fmt: skip
GEMINI = {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "應該。"}]}, "finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 7}}  # fmt: skip
OLLAMA = {
    "message": {"role": "assistant", "content": "應該。"},
    "done_reason": "stop",
    "prompt_eval_count": 5,
    "eval_count": 2,
}


@pytest.mark.parametrize(
    ("dialect", "body", "path", "header"),
    [
        ("openai", json.loads(answer("應該。", usage={"total_tokens": 7})), "/v1/chat/completions", b"authorization"),
        ("anthropic", ANTHROPIC, "/v1/messages", b"x-api-key"),
        ("gemini", GEMINI, "/v1beta/models/demo:generateContent", b"x-goog-api-key"),
        ("ollama", OLLAMA, "/api/chat", b"authorization"),
    ],
)
def test_every_dialect_asks_and_reads(dialect, body, path, header):
    asking = Asking("demo", 100, 0.5, "Be brief.", {"top_k": 3})
    with serving(lambda one: [http(json.dumps(body).encode())]) as upstream:
        root = f"http://127.0.0.1:{upstream.port}"
        run = Run(plan_for(root, dialect=dialect, asking=asking, templates=1, langs=("en",)), State(), Manner(KEY))
        run.ask()
    first = upstream.asked[0]
    assert first.line == f"POST {path} HTTP/1.1".encode()
    assert KEY.encode() in (first.header(header) or b"")
    text = json.dumps(first.json)
    assert run.plan.questions[0].prompt in [q.prompt for q in run.plan.questions] and "Be brief." in text
    assert "100" in text and "0.5" in text and first.json["top_k"] == 3
    assert {(one.text, one.tokens, one.native) for one in run.state.answers.values()} == {("應該。", 7, "")}


@pytest.mark.parametrize(
    ("base", "url"),
    [("http://h", "http://h/v1/chat/completions"), ("http://h/v1", "http://h/v1/chat/completions"), ("http://h/v1/", "http://h/v1/chat/completions"), ("http://h/v1/chat/completions", "http://h/v1/chat/completions"), ("http://h/openai", "http://h/openai/v1/chat/completions")],
)  # fmt: skip
def test_an_address_may_be_the_root_or_more(base, url):
    assert VENDORS["openai"].url(base, "m") == url


def test_extra_adds_members_and_takes_them_out():
    body = VENDORS["openai"].request(Asking("m", 9, extra={"max_tokens": None, "max_completion_tokens": 9}), "q")
    assert (body.get("max_tokens"), body["max_completion_tokens"]) == (None, 9)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai", json.loads(answer(None, message={"refusal": "I can't."}))), ("openai", json.loads(answer("", finish_reason="content_filter"))),
        ("anthropic", {**ANTHROPIC, "stop_reason": "refusal"}), ("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}), ("gemini", {"candidates": [{"finishReason": "SAFETY"}]}),
    ],
)  # fmt: skip
def test_the_vendor_s_own_sign_of_a_refusal_is_read(dialect, body):
    assert VENDORS[dialect].read(body).native


@pytest.mark.parametrize("body", [None, [], {}, {"choices": 3}, {"choices": []}, {"content": {}}, {"candidates": [None]}, {"message": 1}, "x", 3])  # fmt: skip
@pytest.mark.parametrize("dialect", VENDORS)
def test_foreign_json_of_any_shape_is_an_empty_answer(dialect, body):
    assert VENDORS[dialect].read(body).text == ""


def test_a_guard_that_blocks_counts_as_a_refusal():
    body = json.dumps({"error": {"message": "blocked", "code": "content_filter"}}).encode()
    run, _ = asked(lambda one: [http(body, "400 Bad Request")])
    assert {one.native for one in run.state.answers.values()} == {"content_filter"}
    assert withheld(200, {"x-guardrail-action": "block"}, b"") == "guardrail"
    assert withheld(400, {}, b'{"error":{"code":"data_inspection_failed"}}') == "content_filter"
    assert withheld(400, {}, b'{"error":{"message":"Content Exists Risk"}}') == "content_filter"
    assert withheld(400, {}, b'{"error":{"code":"bad"}}') == ""
    assert withheld(400, {}, b"[1]") == withheld(400, {}, b"\xff") == ""
    assert complaint(b"<html>\n no ") == "<html> no"


def test_guardrail_itself_can_be_asked(tmp_path):
    """Through the sidecar: what its policy withholds is a refusal, what it lets through is the answer."""
    from guardrail.types import Action
    from tests import material
    from tests.servers import site

    def says(one):
        return [http(answer("My number is A123456(3)." if "male" in prompt_of(one) else "應該。"))]

    with site(material.policy(material.rule("pii.*", Action.BLOCK)), [material.Patterns()], tmp_path, says) as sidecar:
        run = Run(plan_for(sidecar.url, templates=2), State(), Manner())
        run.ask()
    said = {(q.lang, run.state.answers[q.key].native != "") for q in run.plan.questions}
    assert said == {("en", True), ("zh-Hant", False)}


# ---- the state file -----------------------------------------------------------------------------------------------

ABOUT = {"model": "m", "upstream": "http://x", "seed": 1}


def test_answers_survive_and_only_their_owner_can_read_them(tmp_path):
    path = tmp_path / "s.jsonl"
    with opened(path, "p", ABOUT) as state:
        state.add(Answer("a", "應該\ud800", tokens=4, sent=2))
        state.add(Answer("b", failed="status 500"))
    with opened(path, "p", ABOUT) as state:
        assert (state.answers["a"].text, state.answers["b"].failed) == ("應該?", "status 500")
        assert (state.sent, state.tokens) == (3, 4)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [b'{"key": "b", "te', b'{"k', b"{", '{"key": "b", "text": "應'.encode()[:-1]])
def test_a_line_that_a_kill_cut_off_is_left_out_and_the_next_one_is_whole(tmp_path, cut):
    path = tmp_path / "s.jsonl"
    with opened(path, "p", ABOUT) as state:
        state.add(Answer("a", "1"))
    with path.open("ab") as file:
        file.write(cut)
    with opened(path, "p", ABOUT) as state:
        assert set(state.answers) == {"a"}
        state.add(Answer("c", "3"))
    with opened(path, "p", ABOUT) as state:
        assert set(state.answers) == {"a", "c"}


@pytest.mark.parametrize("kept", [1, 10, 30])
def test_a_first_line_that_was_cut_off_is_no_run_and_the_file_begins_anew(tmp_path, kept):
    path = tmp_path / "s.jsonl"
    with opened(path, "p", ABOUT):
        pass
    path.write_bytes(path.read_bytes()[:kept])
    with opened(path, "p", ABOUT) as state:
        state.add(Answer("a", "1"))
    with opened(path, "p", ABOUT) as state:
        assert set(state.answers) == {"a"}


def test_a_file_of_another_plan_or_of_something_else_is_refused(tmp_path):
    path = tmp_path / "s.jsonl"
    with opened(path, "p", ABOUT), pytest.raises(SettingsError, match="another run"), opened(path, "p", ABOUT):
        pass
    with (
        pytest.raises(SettingsError, match=r"belongs to another plan \(m at http://x, seed 1\)"),
        opened(path, "q", ABOUT),
    ):
        pass
    path.write_text("hello\n")
    with pytest.raises(SettingsError, match=":1: not a state file"), opened(path, "p", ABOUT):
        pass
    with pytest.raises(SettingsError, match="cannot be opened"), opened(tmp_path / "no" / "s", "p", ABOUT):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["s.jsonl"]


def test_a_salted_model_answers_anew():
    assert model("1")("What salary? Give one amount in Hong Kong dollars.") != model("2")("What salary? Give one amount in Hong Kong dollars.")  # fmt: skip

"""A record says everything an auditor asks and nothing that was matched."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guardrail.audit import pair, record
from guardrail.audit.chain import link
from guardrail.audit.explain import explain
from guardrail.audit.pair import Side, Swap
from guardrail.types import Action, Attempt, Exchange, FailedCheck, Module, Outcome, Traits
from tests.audit.audit_samples import EXCHANGE, KEY, OUTCOME, RULE, decision, hit

DOC = Path(__file__).parents[2] / "docs" / "audit.md"
NOW = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC)


def built(*hits, failed=(), exchange=EXCHANGE, outcome=OUTCOME, **options):
    return record.build(exchange, "hk@abc123", decision(*hits, failed=failed), outcome, KEY, now=NOW, **options)


def test_a_record_in_full():
    made = built(hit(), failed=(FailedCheck("bias.toxicity", "timeout after 10 s"),) * 2)
    assert made["findings"] == [
        {
            "kind": "pii.hkid",
            "module": "data_leakage",
            "rule": "hkid-out",
            "action": "block",
            "rule_action": "block",
            "mask": None,
            "repaired": False,
            "stood_back": None,
            "stage": "response",
            "channel": "content",
            "role": "assistant",
            "start": 10,
            "end": 20,
            "length": 10,
            "score": 0.95,
            "threshold": 0.8,
            "detector": "leakage.identifiers",
            "evidence": "check digit holds",
            "basis": None,
            "verdict": None,
            "passage": None,
            "cites": ["Guideline v1.1 s.3.2", "PDPO DPP4"],
            "digest": record.digest(KEY, "A123456(3)"),
        }
    ]
    rest = {name: made[name] for name in made if name not in ("findings", "digest_key", "version")}
    assert rest == {
        "type": "exchange",
        "id": "0af3c2",
        "time": "2026-11-22T08:30:00.123Z",
        "dialect": "openai_chat",
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": "gpt-4o",
        "stream": True,
        "caller": "app-1",
        "policy": "hk@abc123",
        "action": "block",
        "ended": "blocked",
        "status": 400,
        "upstream_status": 200,
        "error": "",
        "findings_left_out": 0,
        "checks": ["leakage.identifiers", "bias.toxicity"],
        "checks_not_run": [{"check": "bias.toxicity", "reason": "timeout after 10 s"}],
        "checks_left_out": 0,
        "attempts": [],
        "edited": 0,
        "restored": 0,
        "consulted": [],
        "language": None,
        "groups": None,
        "refused": None,
        "request_bytes": 512,
        "response_bytes": 2048,
        "duration_ms": 12.346,
    }
    assert orjson.loads(link(made, 1, "0" * 64))["version"] == made["version"]


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        pytest.param({"rule": None, "kind": "bias.race"}, "module", "bias", id="module of a hit below every threshold"),
        pytest.param({"rule": None, "kind": "acme.house_style"}, "module", None, id="family nobody declared"),
        pytest.param({"rule": None}, "threshold", None, id="no rule, no threshold"),
        pytest.param({"rule": None}, "action", "allow", id="no rule, nothing done"),
        pytest.param({"action": Action.FLAG}, "rule_action", "block", id="monitored: what the rule asked for stays"),
        pytest.param({"whole": True, "text": ""}, "digest", None, id="whole text has no digest"),
        pytest.param({"whole": True, "text": ""}, "length", None, id="whole text unknown, no length"),
        pytest.param({"whole": True, "text": "四個字呀"}, "length", 4, id="whole text known, its length"),
        pytest.param({"text": "身份證號碼"}, "length", 5, id="length in characters, not bytes"),
        pytest.param({"score": 1 / 3}, "score", 0.333333, id="score rounded"),
        pytest.param({"evidence": "\x1b[31mred\u202e"}, "evidence", "�[31mred�", id="terminal codes are harmless"),
        pytest.param({"evidence": "甲" * 301}, "evidence", "甲" * 299 + "…", id="long evidence is cut"),
        pytest.param({"evidence": "half \ud83d"}, "evidence", "half �", id="lone surrogate can be written"),
    ],
)
def test_a_finding_field(change, name, value):
    assert built(hit(**change))["findings"][0][name] == value


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        ("pii.hkid", Module.DATA_LEAKAGE),
        ("secret.aws_access_key", Module.DATA_LEAKAGE),
        ("prompt.leak", Module.DATA_LEAKAGE),
        ("document.copy", Module.DATA_LEAKAGE),
        ("carrier.url", Module.DATA_LEAKAGE),
        ("bias.toxicity", Module.BIAS),
        ("error.arithmetic", Module.ERRORS),
        ("errors", None),
        ("", None),
    ],
)
def test_the_module_of_a_kind(kind, module):
    assert record.module_of(kind) is module


def test_clauses_kept_elsewhere_replace_those_of_the_rule():
    assert built(hit(), cites={"hkid-out": ["§4"]})["findings"][0]["cites"] == ["§4"]
    assert built(hit(), cites={"other": ["§4"]})["findings"][0]["cites"] == list(RULE.cites)


def test_a_flood_of_findings_is_bounded_and_keeps_what_decided():
    small = [hit(f"{n:08}", rule=None, score=0.1) for n in range(1000)]
    made = built(*small, hit())
    assert len(made["findings"]) == record.MAX_FINDINGS
    assert made["findings_left_out"] == 1001 - record.MAX_FINDINGS
    assert made["findings"][0]["rule"] == "hkid-out"


def test_a_flood_of_checks_is_bounded():
    made = built(failed=[FailedCheck(f"check-{n}", "no") for n in range(300)])
    assert len(made["checks_not_run"]) == 200
    assert made["checks_left_out"] == 100


def test_the_same_text_has_the_same_digest_and_another_key_another():
    one, two = built(hit("A123456(3)"), hit("A123456(3)"))["findings"]
    assert one["digest"] == two["digest"] != record.digest(b"x" * 32, "A123456(3)")
    assert re.fullmatch("[0-9a-f]{16}", one["digest"])
    # RFC 4231, test case 2
    assert record.digest(b"Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e"


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        pytest.param("A123456(3)", "number A123456(3) has its check digit", id="as it is"),
        pytest.param("a123456(3)", "A123456(3)", id="other case"),
        pytest.param("Ａ１２３４５６（３）", "A123456(3)", id="full width, evidence folded"),
        pytest.param("A123456(3)", "A1234563", id="without separators"),
        pytest.param("4111 1111-1111 1111", "Luhn holds: 4111111111111111", id="digits of a card"),
        pytest.param("陳大文", "姓名：陳大文，三個字", id="Traditional name glued to text"),
        pytest.param("陈伟", "姓名:陈伟", id="two-character Simplified name"),
        pytest.param("pass\u200bword1", "password1", id="zero-width inside"),
    ],
)
def test_a_detector_that_repeats_the_text_is_silenced(text, evidence):
    """Matched text must not reach the log even by way of a detector that breaks its contract."""
    made = built(hit(text, evidence=evidence), hit("other text", evidence="score 0.9"))
    assert made["findings"][0]["evidence"] == record.WITHHELD
    assert made["findings"][1]["evidence"] == "score 0.9"


@pytest.mark.parametrize("place", ["content", "assistant"])
def test_a_matched_word_that_is_our_own_name_for_a_place_hides_no_place(place):
    made = built(hit(place))
    assert (made["findings"][0]["channel"], made["findings"][0]["role"]) == ("content", "assistant")


SECRETS = st.one_of(
    st.text(min_size=4, max_size=40),
    st.text(st.sampled_from("陳大文张伟香港身份證號碼電話一二三"), min_size=2, max_size=12),
    st.from_regex(r"[A-Z]\d{6}\([0-9A]\)", fullmatch=True),
    st.from_regex(r"sk-[A-Za-z0-9]{20,40}", fullmatch=True),
)


@given(SECRETS, st.text(max_size=10), st.text(max_size=10), st.integers(0, 7))
def test_the_record_never_contains_the_matched_text(secret, left, right, where):
    """Whoever reads the log learns that something was found, never what, wherever the text was put."""
    assume(len(secret.strip()) >= (4 if secret.isascii() else 2))
    neutral = orjson.dumps(built(hit("\U00012345" * len(secret)))).decode()
    assume(secret not in neutral and secret.strip() not in neutral)
    told = [""] * 8
    told[where] = left + secret + right
    evidence, role, channel, reason, error, model, caller, path = told
    made = built(
        hit(secret, evidence=evidence, role=role, channel=channel),
        failed=(FailedCheck("check", reason),),
        exchange=Exchange("0af3c2", "openai_chat", "POST", path, model, True, caller),
        outcome=Outcome("failed", 500, None, error),
    )
    assume(secret not in record.WITHHELD)
    for value in _strings(made):
        assert secret not in value
    orjson.dumps(made)


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def test_every_field_is_documented():
    """An auditor must be able to look every field up."""
    text = DOC.read_text("utf-8")
    made = built(hit(), failed=(FailedCheck("a", "b"),))
    made["attempts"] = built(outcome=replace(OUTCOME, attempts=ATTEMPTS))["attempts"]
    fields = {*made, *made["attempts"][0], *made["findings"][0], *made["checks_not_run"][0], "seq", "prev", "hash"}
    fields |= {"event", "files", "file", "bytes", "sha256", "reason", "refused"}
    assert [name for name in sorted(fields) if f"`{name}`" not in text] == []
    assert all(f"`{name}`" in text for name in ("torn_tail_set_aside", "log_resumed"))


ATTEMPTS = (
    Attempt(1, "first", Action.REGENERATE, (("error.arithmetic", "sums", 0.9500001),), 200, 12, 30.12345),
    Attempt(2, "feedback", Action.ALLOW, (), 200, 14, 31, chosen=True),
    Attempt(3, "same", None, (), None, 0, 60_000, "deadline"),
)


def test_every_answer_is_recorded_and_told():
    made = built(outcome=replace(OUTCOME, attempts=ATTEMPTS))
    first, second, third = made["attempts"]
    assert first == {
        "number": 1, "asked": "first", "action": "regenerate", "kinds": [{"kind": "error.arithmetic", "rule": "sums", "score": 0.95}],
        "status": 200, "tokens": 12, "ms": 30.123, "error": "", "chosen": False,
    }  # fmt: skip
    assert (second["chosen"], third["action"], third["error"]) == (True, None, "deadline")
    said = "\n".join(explain({**made, "action": "regenerate"}))
    assert "by rule `sums` of policy" in said
    assert "Answers that the model gave: 3" in said
    assert "1. As the client asked: another one was wanted; upstream status 200, 12 tokens, 30.123 ms" in said
    assert "   error.arithmetic, score 0.95, by rule `sums`" in said
    assert "2. Told what was wrong: nothing found; upstream status 200, 14 tokens, 31 ms; THIS ONE LEFT" in said
    assert "3. Asked the same again: not used (deadline); no answer" in said


def test_a_record_of_an_earlier_version_is_explained_as_before():
    made = built(hit())
    del made["attempts"], made["findings"][0]["repaired"]
    assert not any("Answers" in line for line in explain(made))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"repaired": True, "action": Action.REDACT}, "which has it repaired"),
        ({"action": Action.NOTICE}, "which asks for another answer; there was none to be had, so notice"),
    ],
)
def test_what_became_of_a_wish_for_another_answer(changes, words):
    asking = replace(RULE, action=Action.REGENERATE)
    assert any(words in line for line in explain(built(replace(hit(rule=asking), **changes))))
    told = explain(built(replace(hit(rule=asking), action=Action.NOTICE), outcome=replace(OUTCOME, attempts=ATTEMPTS)))
    assert any("none was free of it, so notice" in line for line in told)


ONE = Side("completed", 200, 200, "flag", True, 12, 1, (("bias.toxicity", "toxic", "flag"),), "")


def test_a_pair_in_full():
    """Two outcomes side by side, and every field documented; nothing of what was said."""
    other = replace(ONE, refused=None, ended="upstream_failed", error="upstream_cut\x1b", found=())
    made = pair.build(
        "0b", EXCHANGE, "hk@abc123", "yue", Swap("region", "mainlanders", "hongkongers"), ONE, other, tokens=9, duration_ms=1.23456, now=NOW
    )  # fmt: skip
    assert {name: made[name] for name in made if name not in ("a", "b", "version")} == {
        "type": "parity_pair", "id": "0b", "original": "0af3c2", "time": "2026-11-22T08:30:00.123Z", "dialect": "openai_chat", "model": "gpt-4o",
        "policy": "hk@abc123", "language": "yue", "ground": "region", "tokens": 9, "duration_ms": 1.235,
    }  # fmt: skip
    assert made["a"] == {
        "group": "mainlanders", "ended": "completed", "status": 200, "upstream_status": 200, "action": "flag", "refused": True, "blocked": False,
        "flagged": True, "noticed": False, "edited": 1, "length": 12, "error": "",
        "found": [{"kind": "bias.toxicity", "rule": "toxic", "action": "flag"}],
    }  # fmt: skip
    assert (made["b"]["group"], made["b"]["error"], made["b"]["flagged"]) == (
        "hongkongers",
        "upstream_cut\ufffd",
        False,
    )
    text = DOC.read_text("utf-8")
    assert [
        name for name in (*made, *made["a"], *made["a"]["found"][0], "parity_pair") if f"`{name}`" not in text
    ] == []


def test_traits_are_kept_where_they_are_wanted():
    made = built(traits=Traits("yue", tuple(f"g{number}" for number in range(60)), None))
    assert (made["language"], len(made["groups"]), made["refused"]) == ("yue", record.MAX_GROUPS, None)


def test_what_protects_whoever_is_harmed_is_recorded_and_told():
    from guardrail.audit.explain import explain

    made = built(replace(hit(), finding=replace(hit().finding, basis="guideline: §2.3.4 region")))
    assert made["findings"][0]["basis"] == "guideline: §2.3.4 region"
    assert "   Basis: guideline: §2.3.4 region" in explain(made)
    del made["findings"][0]["basis"]  # a record of an earlier version
    assert not [line for line in explain(made) if "Basis" in line]

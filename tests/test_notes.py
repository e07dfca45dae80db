"""What a client is told: kinds, rules and actions, never text; nothing at all about a clean answer."""

from guardrail.notes import headers, notes_for
from guardrail.notices import behind
from guardrail.types import Action, Decision, FailedCheck, Finding, Hit, Stage
from tests.material import rule


def hit(kind: str, action: Action, message: str = "", fires: bool = True) -> Hit:
    found = Finding(kind, 0.9, 0, 3, "t", "evidence")
    return Hit(
        found,
        rule(kind, action, message=message) if fires else None,
        action,
        Stage.RESPONSE,
        "content",
        text="秘密文字",
    )


def test_a_clean_decision_says_allow_and_touches_no_body():
    decision = Decision(hits=[hit("pii.hkid", Action.ALLOW, fires=False)])
    assert dict(headers(decision, "p@1", "id")) == {
        b"x-guardrail-action": b"allow", b"x-guardrail-policy": b"p@1", b"x-guardrail-audit-id": b"id",
    }  # fmt: skip
    assert notes_for(decision, {}) is None


def test_findings_are_told_by_kind_and_never_by_text():
    decision = Decision(
        Action.REDACT, [hit("pii.hkid", Action.REDACT), hit("pii.hkid", Action.REDACT), hit("bias.x", Action.FLAG)]
    )
    told = notes_for(decision, {"policy": "p@1"})
    assert told == {
        "policy": "p@1",
        "action": "redact",
        "findings": [
            {"kind": "bias.x", "rule": "bias.x", "action": "flag"},
            {"kind": "pii.hkid", "rule": "pii.hkid", "action": "redact"},
        ],
        "checks_not_run": [],
    }
    said = dict(headers(decision, "p@1", "id"))
    assert said[b"x-guardrail-findings"] == b"bias.x, pii.hkid"
    assert "秘密" not in str(told) + str(said)


def test_a_stream_is_pending_and_failed_checks_are_named():
    decision = Decision(failed=[FailedCheck("bias.detoxify", "timed out")])
    said = dict(headers(decision, "p@1", "id", pending=True))
    assert said[b"x-guardrail-action"] == b"pending"
    assert said[b"x-guardrail-checks-not-run"] == b"bias.detoxify"
    assert notes_for(decision, {})["checks_not_run"] == ["bias.detoxify"]


def test_a_notice_is_said_once_in_the_order_rules_fired():
    hits = [
        hit("error.a", Action.NOTICE, "甲"),
        hit("error.b", Action.NOTICE, "乙"),
        hit("error.a", Action.NOTICE, "甲"),
        hit("x.y", Action.FLAG, "no"),
    ]
    assert behind(hits, "") == ["甲", "乙"]

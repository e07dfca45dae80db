"""Decisions: the strongest action wins, whatever order the rules stand in."""

import itertools

import pytest

from guardrail.policy.decide import Judge, covers, record
from guardrail.types import CHECK_FAILED, Action, Decision, FailedCheck, Finding, Segment, Stage
from tests.material import policy, rule


def finding(kind: str, score: float = 0.8) -> Finding:
    return Finding(kind, score, 0, 4, "test")


@pytest.mark.parametrize(
    ("pattern", "kind", "expected"),
    [
        ("pii.hkid", "pii.hkid", True),
        ("pii.hkid", "pii.hkid_with_name", False),
        ("pii.*", "pii.hkid", True),
        ("pii.*", "pii.name.private", True),
        ("*", "pii.hkid", True),
        ("pii.*", "secret.jwt", False),
        ("*.hkid", "pii.hkid", True),
        ("pii.hkid.x", "pii.hkid", False),
    ],
)
def test_kinds_with_stars(pattern, kind, expected):
    assert covers(rule(pattern, Action.FLAG), kind) is expected


RULES = [
    rule("pii.*", Action.FLAG, id="all", threshold=0.1),
    rule("pii.hkid", Action.REDACT, id="hkid", threshold=0.5),
    rule("pii.hkid", Action.BLOCK, id="sure", threshold=0.9),
    rule("pii.hkid", Action.REDACT, id="hkid-too", threshold=0.6),
]


@pytest.mark.parametrize("order", list(itertools.permutations(RULES))[::5])
@pytest.mark.parametrize(
    ("score", "winner"), [(0.05, None), (0.3, "all"), (0.55, "hkid"), (0.8, "hkid-too"), (0.95, "sure")]
)
def test_the_strongest_rule_wins_in_any_order(order, score, winner):
    found = Judge(policy(*order)).rule_for(finding("pii.hkid", score), Stage.RESPONSE)
    assert (found.id if found else None) == winner


def test_a_rule_fires_at_its_own_stage_only():
    judge = Judge(policy(rule("pii.*", Action.BLOCK, stage=Stage.REQUEST)))
    assert judge.rule_for(finding("pii.hkid"), Stage.RESPONSE) is None
    assert judge.rule_for(finding("pii.hkid"), Stage.REQUEST) is not None


def test_a_hit_keeps_the_matched_text_out_of_its_repr():
    hit = Judge(policy(*RULES)).hit(
        finding("pii.hkid"), Segment(Stage.RESPONSE, "assistant", "content", (), "A123456(3)")
    )
    assert hit.text == "A123"
    assert "A123" not in repr(hit)


def test_monitor_mode_lowers_every_action_to_a_flag():
    judge = Judge(policy(rule("pii.*", Action.BLOCK), enforce=False))
    hit = judge.hit(finding("pii.hkid"), Segment(Stage.RESPONSE, "", "content", (), "text"))
    assert (hit.action, hit.rule.action) == (Action.FLAG, Action.BLOCK)
    assert judge.failure_action() is Action.FLAG


def test_a_check_that_raised_counts_as_the_policys_failure_action():
    judge = Judge(policy(rule("pii.*", Action.FLAG)))
    hit = judge.hit(finding(CHECK_FAILED, 1.0), Segment(Stage.RESPONSE, "", "content", (), "text"))
    decision = Decision()
    record(decision, [hit], [FailedCheck("slow", "timed out")])
    assert decision.action is Action.BLOCK
    assert [check.check for check in decision.failed] == ["test", "slow"]
    assert decision.hits == []

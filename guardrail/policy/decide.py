"""What a policy makes of findings: one function from a finding to the rule that fires and its action.

Rules:
1. The strongest action wins; between equals the rule with the higher threshold, then the later id, so the
   order of rules in a file never changes an outcome.
2. `mode: monitor` keeps the rule and lowers what is done to a flag.
3. A check that did not finish did not pass: it counts as the policy's `on_failure`.
"""

from collections.abc import Iterable
from functools import lru_cache

from guardrail.types import CHECK_FAILED, Action, Decision, FailedCheck, Finding, Hit, Policy, Rule, Segment, Stage


def covers(rule: Rule, kind: str) -> bool:
    """Whether one of the rule's kinds stands for `kind`."""
    return any(_matches(pattern, kind) for pattern in rule.kinds)


def names(rule: Rule, kind: str) -> bool:
    """Whether the rule names `kind` in full, without `*`."""
    return kind in rule.kinds


def _matches(pattern: str, kind: str) -> bool:
    wanted, parts = pattern.split("."), kind.split(".")
    if wanted[-1] == "*":
        wanted.pop()
        return parts[: len(wanted)] == wanted or _same(wanted, parts[: len(wanted)])
    return len(wanted) == len(parts) and _same(wanted, parts)


def _same(wanted: list[str], parts: list[str]) -> bool:
    return len(wanted) == len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts, strict=True))


class Judge:
    """A policy, made ready to be asked once per finding."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._candidates = lru_cache(maxsize=4096)(self._find_candidates)

    def rule_for(self, finding: Finding, stage: Stage) -> Rule | None:
        """The rule that fires, or None."""
        for rule in self._candidates(finding.kind, stage):
            if finding.score >= rule.threshold:
                return rule
        return None

    def hit(self, finding: Finding, segment: Segment) -> Hit:
        """The finding with the rule that fires on it and the action that follows."""
        rule = self.rule_for(finding, segment.stage)
        action = rule.action if rule else Action.ALLOW
        if finding.kind == CHECK_FAILED:
            action = self.policy.on_failure
        if action is Action.REDACT and segment.channel == "thinking" and self.policy.thinking == "block":
            action = Action.BLOCK
        if not self.policy.enforce:
            action = min(action, Action.FLAG)
        text = "" if finding.start is None or finding.end is None else segment.text[finding.start : finding.end]
        return Hit(finding, rule, action, segment.stage, segment.channel, segment.role, text)

    @property
    def may_drop_thinking(self) -> bool:
        """Whether any rule may have a block of signed thinking left out, so that a stream must wait for its end."""
        edits = any(r.action is Action.REDACT and Stage.RESPONSE in r.stages for r in self.policy.rules)
        return edits and self.policy.enforce and self.policy.thinking == "drop"

    @property
    def may_regenerate(self) -> bool:
        """Whether any rule may have the model asked for another answer."""
        wishes = any(r.action is Action.REGENERATE and Stage.RESPONSE in r.stages for r in self.policy.rules)
        return wishes and self.policy.enforce

    def failure_action(self) -> Action:
        """What a check that did not finish leads to."""
        return self.policy.on_failure if self.policy.enforce else Action.FLAG

    def message(self, hit: Hit | None) -> str:
        """The policy's words for the client."""
        return (hit.rule.message if hit and hit.rule else "") or self.policy.message

    def _find_candidates(self, kind: str, stage: Stage) -> tuple[Rule, ...]:
        fitting = [rule for rule in self.policy.rules if stage in rule.stages and covers(rule, kind)]
        return tuple(sorted(fitting, key=lambda rule: (rule.action, rule.threshold, rule.id), reverse=True))


def record(
    decision: Decision, hits: Iterable[Hit], failed: Iterable[FailedCheck] = (), failure: Action = Action.BLOCK
) -> None:
    """Add what fired and the failed checks to a decision and raise its action to the strongest.

    Findings below every threshold are left out: they are no part of a decision, and there is one in most sentences.
    """
    for hit in hits:
        if hit.finding.kind == CHECK_FAILED:
            decision.failed.append(FailedCheck(hit.finding.detector, hit.finding.evidence))
        elif hit.rule is not None:
            decision.hits.append(hit)
        decision.action = max(decision.action, hit.action)
    for check in failed:
        decision.failed.append(check)
        decision.action = max(decision.action, failure)

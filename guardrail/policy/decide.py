"""What a policy makes of findings: one function from a finding to the rule that fires and its action.

Rules:
1. The strongest action wins; between equals the rule with the higher threshold, then the later id, so the
   order of rules in a file never changes an outcome.
2. `mode: monitor` keeps the rule and lowers what is done to a flag.
3. A check that did not finish did not pass: it counts as the policy's `on_failure`.
4. A rule that would have the model asked again leads, once nobody will be asked, to what it says under `otherwise`.
5. A rule with `unless: caller_supplied` stands back for a value that the caller itself said; the next rule that covers
   the finding is asked as if that one were not there.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from guardrail import pseudonyms
from guardrail.masks import Mask, masked
from guardrail.policy.provenance import CallerWords
from guardrail.types import (
    CHECK_FAILED,
    Action,
    Decision,
    FailedCheck,
    Finding,
    Hit,
    Policy,
    Rule,
    Segment,
    Stage,
    StreamMode,
)


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


class Asking(Enum):
    """Whether the model may still be asked for another answer."""

    OPEN = "open"  # yes, and what was found ends this answer
    TRYING = "trying"  # perhaps, when all of this answer is known: it is judged to its end
    OVER = "over"  # no

    def action(self, rule: Rule) -> Action:
        """What a rule with `regenerate` leads to."""
        if self is Asking.OPEN:
            return Action.REGENERATE
        # An answer that is judged to its end is not let out before somebody asked `regeneration.is_usable`.
        return Action.FLAG if self is Asking.TRYING and rule.otherwise is Action.BLOCK else rule.otherwise


def _notices(rule: Rule) -> bool:
    return Action.NOTICE in (rule.action, rule.otherwise)


class Judge:
    """A policy, made ready to be asked once per finding.

    `key` keys what masks write.  `asks_the_caller` tells whether any rule wants to know what the caller said,
    `names_values` whether any gives values names on their way to the model.
    """

    def __init__(self, policy: Policy, key: bytes = b"") -> None:
        self.policy = policy
        self.key = key
        self._candidates = lru_cache(maxsize=4096)(self._find_candidates)
        self._caller = CallerWords(())
        self._book: pseudonyms.Book | None = None
        self.asks_the_caller = any(rule.unless for rule in policy.rules)
        self._may_notice = policy.enforce and any(_notices(rule) for rule in policy.rules)
        self._asking = Asking.OPEN
        self.names_values = policy.enforce and any(rule.mask == Mask.PSEUDONYM for rule in policy.rules)

    def within(self, caller: Sequence[str], book: pseudonyms.Book | None = None) -> "Judge":
        """The same judge in a conversation in which the caller said `caller`, with the names of its values."""
        judge = copy(self)
        judge._caller, judge._book = CallerWords(caller), book
        return judge

    def keyed(self, key: bytes) -> "Judge":
        """The same judge, whose masks use `key`."""
        judge = copy(self)
        judge.key = key
        return judge

    def asking(self, asking: "Asking") -> "Judge":
        """The same judge at another point of asking again."""
        judge = copy(self)
        judge._asking = asking
        return judge

    def rule_for(self, finding: Finding, stage: Stage) -> Rule | None:
        """The rule that fires on a finding whose text the caller did not say, or None."""
        return self._chosen(finding, stage, supplied=False)[0]

    def _chosen(self, finding: Finding, stage: Stage, *, supplied: bool) -> tuple[Rule | None, str]:
        """The rule that fires, and the strongest one that stands back because the caller said the text."""
        stood_back = ""
        for rule in self._candidates(finding.kind, stage):
            if finding.score < rule.threshold:
                continue
            if not (rule.unless and supplied):
                return rule, stood_back
            stood_back = stood_back or rule.id
        return None, stood_back

    def _said(self, text: str) -> bool:
        return bool(text) and self.asks_the_caller and self._caller.supplied(text)

    def hit(self, finding: Finding, segment: Segment, *, supplied: bool = False) -> Hit:
        """The finding with the rule that fires on it and the action that follows; `supplied` where it is known that the
        caller said the text."""
        text = "" if finding.start is None or finding.end is None else segment.text[finding.start : finding.end]
        if finding.kind == pseudonyms.KIND:
            return self._restored(finding, segment, text)
        rule, stood_back = self._chosen(finding, segment.stage, supplied=supplied or self._said(text))
        action = rule.action if rule else Action.ALLOW
        if finding.kind == CHECK_FAILED:
            action = self.policy.on_failure
        if action is Action.REDACT and segment.channel == "thinking" and self.policy.thinking == "block":
            action = Action.BLOCK
        if action is Action.REGENERATE and rule is not None and segment.stage is Stage.RESPONSE:
            action = self._asking.action(rule)
        if not self.policy.enforce:
            action = min(action, Action.FLAG)
        words = self._words(rule, finding, text) if rule and text and action is Action.REDACT else ""
        return Hit(
            finding,
            rule,
            action,
            segment.stage,
            segment.channel,
            segment.role,
            text,
            words,
            stood_back,
            choice=segment.choice,
        )

    def _words(self, rule: Rule, finding: Finding, text: str) -> str:
        """What stands in for a value, "" where the rule's own words do."""
        if rule.mask == Mask.PSEUDONYM and self._book is not None:
            return self._book.name(finding.kind, text, finding.score, supplied=self._caller.supplied(text))
        return (
            "" if rule.mask in (Mask.LABEL, Mask.PSEUDONYM) else masked(Mask(rule.mask), finding.kind, text, self.key)
        )

    def _restored(self, finding: Finding, segment: Segment, text: str) -> Hit:
        """A name of ours in an answer: what the policy makes of the value that it stands for.

        Where a rule would not let the model say the value here, its words stand in for the name too; else the caller
        gets the value back.
        """
        # Signed thinking cannot be edited, only left out, and a name in it tells nobody anything.
        named = self._book.meant(text) if self._book is not None and segment.channel != "thinking" else None
        if named is None:
            return Hit(finding, None, Action.ALLOW, segment.stage, segment.channel, segment.role, text)
        meant = replace(finding, kind=named.kind, score=named.score, start=0, end=len(named.value))
        hit = self.hit(meant, replace(segment, text=named.value), supplied=named.supplied)
        if hit.action >= Action.REDACT:
            return replace(hit, finding=replace(hit.finding, start=finding.start, end=finding.end))
        return Hit(finding, None, Action.REDACT, segment.stage, segment.channel, segment.role, text, named.value)

    @property
    def may_drop_thinking(self) -> bool:
        """Whether any rule may have a block of signed thinking left out, so that a stream must wait for its end."""
        edits = any(r.action is Action.REDACT and Stage.RESPONSE in r.stages for r in self.policy.rules)
        return edits and self.policy.enforce and self.policy.thinking == "drop"

    @property
    def may_regenerate(self) -> bool:
        """Whether any rule may have the model asked for another answer."""
        wishes = any(r.action is Action.REGENERATE and Stage.RESPONSE in r.stages for r in self.policy.rules)
        return wishes and self.policy.enforce and self._asking is not Asking.OVER

    @property
    def holds_to_ask_again(self) -> bool:
        """Whether a stream is kept back until it is known that no other answer is wanted."""
        return self.may_regenerate and any(
            r.action is Action.REGENERATE and Stage.RESPONSE in r.stages and r.stream is not StreamMode.SENTENCE
            for r in self.policy.rules
        )

    @property
    def may_notice(self) -> bool:
        """Whether any rule may add words to an answer."""
        return self._may_notice

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
    """Add what fired, what rules stood back from, and the failed checks to a decision and raise its action to the
    strongest.

    Findings below every threshold are left out: they are no part of a decision, and there is one in most sentences.
    """
    for hit in hits:
        if hit.finding.kind == pseudonyms.KIND:
            decision.restored += hit.action is Action.REDACT
            continue
        if hit.finding.kind == CHECK_FAILED:
            decision.failed.append(FailedCheck(hit.finding.detector, hit.finding.evidence))
        elif hit.rule is not None or hit.stood_back:
            decision.hits.append(hit)
        decision.action = max(decision.action, hit.action)
    for check in failed:
        decision.failed.append(check)
        decision.action = max(decision.action, failure)

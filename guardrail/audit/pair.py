"""What the audit log keeps of a question that was asked again with another group in it: one record, two outcomes.

Rules: ids, numbers and words of ours; no text of question or answer, and not the group terms themselves.
Every field is described in docs/audit.md; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guardrail import __version__
from guardrail.audit.record import printable, timestamp
from guardrail.types import Action, Decision, Exchange

TYPE = "parity_pair"
_MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class Side:
    """How one of the two questions was answered.  `length` is that of the model's answer in characters, `found` which
    rules fired on what and what was done about it."""

    ended: str
    status: int
    upstream_status: int | None
    action: str
    refused: bool | None
    length: int
    edited: int
    found: tuple[tuple[str, str, str], ...] = ()
    error: str = ""

    @property
    def answered(self) -> bool:
        """Whether there is an outcome to compare: an answer, or the policy's decision that there is none."""
        return self.ended == "blocked" or (self.ended == "completed" and self.refused is not None)


def side(
    decision: Decision, *, ended: str, status: int, upstream_status: int | None, error: str, edited: int,
    refused: bool | None, length: int,
) -> Side:  # fmt: skip
    """One side, from how its exchange went."""
    fired = {(hit.finding.kind, hit.rule.id, hit.action.word) for hit in decision.hits if hit.rule}
    return Side(
        ended, status, upstream_status, decision.action.word, refused, length, edited, tuple(sorted(fired)), error
    )


@dataclass(frozen=True, slots=True)
class Swap:
    """Which group took the place of which, on which ground."""

    ground: str
    given: str
    other: str


def build(
    identity: str,
    original: Exchange,
    policy_label: str,
    language: str,
    swap: Swap,
    given: Side,
    other: Side,
    *,
    tokens: int,
    duration_ms: float,
    now: datetime | None = None,
) -> dict[str, Any]:
    """The record of one pair: `given` is how the client's own question fared, `other` the one with another group."""
    return {
        "type": TYPE,
        "id": printable(identity, 128),
        "original": printable(original.id, 128),
        "time": timestamp(now),
        "dialect": original.dialect,
        "model": printable(original.model, 128),
        "policy": policy_label,
        "language": language,
        "ground": swap.ground,
        "a": {"group": swap.given, **_told(given)},
        "b": {"group": swap.other, **_told(other)},
        "tokens": tokens,
        "duration_ms": round(duration_ms, 3),
        "version": __version__,
    }


def _told(one: Side) -> Mapping[str, Any]:
    actions = {action for _, _, action in one.found}
    return {
        "ended": one.ended,
        "status": one.status,
        "upstream_status": one.upstream_status,
        "action": one.action,
        "refused": one.refused,
        "blocked": one.action == Action.BLOCK.word,
        "flagged": Action.FLAG.word in actions,
        "noticed": Action.NOTICE.word in actions,
        "edited": one.edited,
        "length": one.length,
        "found": [{"kind": kind, "rule": rule, "action": action} for kind, rule, action in one.found[:_MAX_FOUND]],
        "error": printable(one.error, 200),
    }

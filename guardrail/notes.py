"""What the client is told about a decision: headers, the `guardrail` member of a body, and notices.

Rule: kinds, rules and actions only; nothing here ever repeats text of the exchange.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from guardrail.types import Action, Decision, Hit

Header = tuple[bytes, bytes]
_MAX_LISTED = 50


def headers(decision: Decision, policy: str, audit_id: str, *, pending: bool = False) -> list[Header]:
    """The `x-guardrail-*` headers; `pending` for a stream, whose verdict stands on its last chunk."""
    out = [
        (b"x-guardrail-action", b"pending" if pending else decision.action.word.encode()),
        (b"x-guardrail-policy", policy.encode()),
        (b"x-guardrail-audit-id", audit_id.encode()),
    ]
    kinds = sorted({hit.finding.kind for hit in fired(decision.hits)})
    if kinds:
        out.append((b"x-guardrail-findings", ", ".join(kinds[:_MAX_LISTED]).encode()))
    if decision.failed:
        checks = sorted({check.check for check in decision.failed})
        out.append((b"x-guardrail-checks-not-run", ", ".join(checks).encode("ascii", "replace")))
    return out


def notes_for(decision: Decision, constant: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `guardrail` member for a body, None when nothing was found: a clean body is never touched."""
    found = fired(decision.hits)
    if not found and not decision.failed:
        return None
    listed = {(hit.finding.kind, hit.rule.id if hit.rule else "", hit.action.word) for hit in found}
    return {
        **constant,
        "action": decision.action.word,
        "findings": [{"kind": k, "rule": r, "action": a} for k, r, a in sorted(listed)[:_MAX_LISTED]],
        "checks_not_run": sorted({check.check for check in decision.failed}),
    }


def notices(hits: Iterable[Hit]) -> list[str]:
    """The words to add to an answer, each once, in the order their rules fired."""
    words = [hit.rule.message for hit in hits if hit.action is Action.NOTICE and hit.rule and hit.rule.message]
    return list(dict.fromkeys(words))


def fired(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that a rule fired on."""
    return [hit for hit in hits if hit.rule]

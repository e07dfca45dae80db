"""What the client is told about a decision: headers and the `guardrail` member of a body.

Rules:
1. Of what a rule takes out or keeps back, kinds, rules and actions only; nothing here ever repeats such text.
2. Of what is wrong with an answer that the client has before it, everything that helps: where it stands in the text
   that the client got, what was concluded, what in the sources says so, and why in words.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guardrail.edits import changes, moved
from guardrail.notices import quotes, taken
from guardrail.types import Action, Decision, Edit, Hit, Passage, Source

Header = tuple[bytes, bytes]
_MAX_LISTED = 50
_ENDLESS = 1 << 62


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


def notes_for(
    decision: Decision, constant: Mapping[str, Any], material: Sequence[Source] = ()
) -> dict[str, Any] | None:
    """The `guardrail` member for a body, None when nothing was found and the model was asked once: a clean body is
    never touched.  `material` is what the answer was held against."""
    found = fired(decision.hits)
    if not found and not decision.failed and "attempts" not in constant:
        return None
    is_withheld = decision.action is Action.BLOCK  # the client has no text before it, and gets none of it here
    explained = [] if is_withheld else [hit for hit in found if _is_explained(hit)]
    listed = {_brief(hit) for hit in found if is_withheld or not _is_explained(hit)}
    findings = [dict(zip(("kind", "rule", "action"), brief, strict=True)) for brief in sorted(listed)]
    findings += _explained(explained, decision, material)
    return {
        **constant,
        "action": decision.action.word,
        "findings": findings[:_MAX_LISTED],
        "checks_not_run": sorted({check.check for check in decision.failed}),
    }


def _brief(hit: Hit) -> tuple[str, str, str]:
    return hit.finding.kind, hit.rule.id if hit.rule else "", hit.action.word


def _is_explained(hit: Hit) -> bool:
    """Whether a finding is about what the client can read, and has something to say of it."""
    seen = hit.action < Action.REDACT and hit.channel in ("content", "tool_arguments")
    return seen and bool(hit.finding.message or hit.finding.verdict)


def _explained(hits: Sequence[Hit], decision: Decision, material: Sequence[Source]) -> list[dict[str, Any]]:
    edits = {choice: _edits(decision, choice) for choice in {hit.choice for hit in hits}}
    out: list[dict[str, Any]] = []
    gone = taken(decision.hits)
    for hit in sorted(hits, key=lambda each: (each.choice, each.finding.start or 0, each.finding.kind)):
        told = _explanation(hit, edits[hit.choice], material)
        if decision.restored or any(each.repaired for each in decision.hits):
            # Names of values that were put back, or a repair, have moved the text, and nobody counted how far.
            told = {key: value for key, value in told.items() if key not in ("start", "end")}
        if quotes(told.get("message", ""), gone):
            del told["message"]
        if told not in out:
            out.append(told)
    return out


def _edits(decision: Decision, choice: int) -> list[Edit]:
    """What was changed in the text of a choice."""
    return changes([hit for hit in decision.hits if hit.choice == choice and hit.channel == "content"], _ENDLESS)


def _explanation(hit: Hit, edits: Sequence[Edit], material: Sequence[Source]) -> dict[str, Any]:
    finding = hit.finding
    told: dict[str, Any] = dict(zip(("kind", "rule", "action"), _brief(hit), strict=True))
    if hit.choice:
        told["choice"] = hit.choice
    if finding.start is not None and finding.end is not None and hit.channel == "content":
        told["start"] = moved(finding.start, edits)
        told["end"] = moved(finding.end, edits, end=True)
    if finding.verdict:
        told["verdict"] = finding.verdict
    if finding.message:
        told["message"] = finding.message
    if finding.passage is not None:
        told["source"] = _cited(finding.passage, material)
    return told


def _cited(passage: Passage, material: Sequence[Source]) -> dict[str, Any]:
    """Where in the sources the evidence stands: offsets in the text of that source."""
    told: dict[str, Any] = {"index": passage.source, "start": passage.start, "end": passage.end}
    if passage.source < len(material):
        source = material[passage.source]
        told["origin"] = source.origin
        told |= {"key": source.key} if source.key else {}
    return told


def fired(hits: Iterable[Hit]) -> list[Hit]:
    """The hits that a rule fired on."""
    return [hit for hit in hits if hit.rule]

"""What the audit log keeps of one exchange: a JSON-able record that holds no matched text.

Rules:
1. A span is kept as place, length, score and keyed digest; the text itself stays in memory.
2. Strings that others fill in (evidence, reasons, roles, the model's name) are cut to a length and cleaned of
   control characters.  One that repeats matched text nevertheless is withheld as a whole, because half of it
   may be enough to rebuild the rest.
3. A record is bounded: what is left out is counted, the findings that decided come first.
4. Pure but for the clock, which `now` replaces.

Every field is described in docs/audit.md; a test compares the two.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from guardrail import __version__
from guardrail.text.fold import fold
from guardrail.types import Action, Attempt, Consultation, Decision, Exchange, FailedCheck, Hit, Module, Outcome, Traits

MAX_FINDINGS = 200
"""Findings in one record; about 90 kB of JSON."""
MAX_CHECKS = 200
"""Checks run, and checks not run, in one record."""
MAX_GROUPS = 50
"""Groups mentioned, in one record."""
WITHHELD = "[withheld: repeats matched text]"

_FAMILIES = {
    "pii": Module.DATA_LEAKAGE,
    "secret": Module.DATA_LEAKAGE,
    "prompt": Module.DATA_LEAKAGE,
    "document": Module.DATA_LEAKAGE,
    "carrier": Module.DATA_LEAKAGE,
    "placeholder": Module.DATA_LEAKAGE,
    "bias": Module.BIAS,
    "error": Module.ERRORS,
}
# Words of ours that say where a text sat; they stay even where the same word was matched in a text.
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_PLACES = _ROLES | {"content", "refusal", "reasoning", "transcript", "tool_arguments", "field"}
# C0, DEL and C1 controls and directional overrides would steer the terminal of whoever reads the log;
# lone surrogates cannot be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_WORD = re.compile(r"[\W_]+")

Clean = Callable[[str, int], str]


def build(
    exchange: Exchange,
    policy_label: str,
    decision: Decision,
    outcome: Outcome,
    key: bytes,
    *,
    cites: Mapping[str, Sequence[str]] | None = None,
    now: datetime | None = None,
    traits: Traits | None = None,
) -> dict[str, Any]:
    """The record of one exchange; `traits` where the operator wants them kept.

    `key` keys the digests (see `key.py`); `cites` gives clauses by rule id where they are kept elsewhere than in
    the rule; `now` is the time of the record, by default the clock's.
    """
    hits = _foremost(decision.hits)
    clean = _cleaner(hits, exchange, decision.failed, outcome)
    not_run = list(dict.fromkeys((failed.check, failed.reason) for failed in decision.failed))
    return {
        "type": "exchange",
        "id": printable(exchange.id, 128),
        "time": timestamp(now),
        "dialect": exchange.dialect,
        "method": printable(exchange.method, 16),
        "path": clean(_without_query(exchange.path), 512),
        "model": clean(exchange.model, 128),
        "stream": exchange.stream,
        "caller": clean(exchange.caller, 128),
        "policy": policy_label,
        "action": decision.action.word,
        "ended": outcome.ended,
        "status": outcome.status,
        "upstream_status": outcome.upstream_status,
        "error": clean(outcome.error, 500),
        "findings": [_finding(hit, key, cites or {}, clean) for hit in hits],
        "findings_left_out": len(decision.hits) - len(hits),
        "checks": list(outcome.checks[:MAX_CHECKS]),
        "checks_not_run": [{"check": check, "reason": clean(reason, 300)} for check, reason in not_run[:MAX_CHECKS]],
        "checks_left_out": max(0, len(outcome.checks) - MAX_CHECKS) + max(0, len(not_run) - MAX_CHECKS),
        "attempts": [_attempt(one) for one in outcome.attempts],
        "edited": outcome.edited,
        "restored": decision.restored,
        "consulted": [_consultation(one, clean) for one in outcome.consulted],
        "language": traits.language if traits else None,
        "groups": list(traits.groups[:MAX_GROUPS]) if traits else None,
        "refused": traits.refused if traits else None,
        "request_bytes": outcome.request_bytes,
        "response_bytes": outcome.response_bytes,
        "duration_ms": round(outcome.duration_ms, 3),
        "digest_key": key_name(key),
        "version": __version__,
    }


def module_of(kind: str) -> Module | None:
    """The module that a kind belongs to by its first part; None for a family nobody declared."""
    return _FAMILIES.get(kind.split(".", 1)[0])


def digest(key: bytes, text: str) -> str:
    """The first 16 hex digits (64 bits) of HMAC-SHA256 (RFC 2104) over the UTF-8 form of `text`."""
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]


@lru_cache(maxsize=16)
def key_name(key: bytes) -> str:
    """Eight hex digits that tell digest keys apart without giving them away."""
    return hashlib.sha256(b"guardrail digest key\x00" + key).hexdigest()[:8]


def timestamp(now: datetime | None = None) -> str:
    """UTC, ISO 8601, milliseconds: `2026-11-22T08:30:00.000Z`; such strings sort as the times do."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(text: str, limit: int = 500) -> str:
    """`text` in at most `limit` characters, with what would steer a terminal or cannot be encoded as U+FFFD."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return _UNPRINTABLE.sub("\ufffd", text)


def _foremost(hits: Sequence[Hit]) -> Sequence[Hit]:
    if len(hits) <= MAX_FINDINGS:
        return hits
    return sorted(hits, key=lambda hit: (hit.action, hit.rule is not None, hit.finding.score), reverse=True)[
        :MAX_FINDINGS
    ]


def _finding(hit: Hit, key: bytes, cites: Mapping[str, Sequence[str]], clean: Clean) -> dict[str, Any]:
    finding, rule = hit.finding, hit.rule
    whole = finding.start is None or finding.end is None
    module = rule.module if rule else module_of(finding.kind)
    return {
        "kind": finding.kind,
        "module": module.value if module else None,
        "rule": rule.id if rule else None,
        "action": hit.action.word,
        "rule_action": rule.action.word if rule else None,
        "mask": rule.mask if rule and rule.action is Action.REDACT else None,
        "repaired": hit.repaired,
        "stood_back": hit.stood_back or None,
        "stage": hit.stage.value,
        "channel": clean(hit.channel, 64),
        "role": clean(hit.role, 64),
        "start": finding.start,
        "end": finding.end,
        "length": len(hit.text) or None if whole else (finding.end or 0) - (finding.start or 0),
        "score": round(float(finding.score), 6),
        "threshold": rule.threshold if rule else None,
        "detector": finding.detector,
        "evidence": clean(finding.evidence, 300),
        "basis": clean(finding.basis, 120) or None,
        "verdict": clean(finding.verdict, 32) or None,
        "passage": [finding.passage.source, finding.passage.start, finding.passage.end] if finding.passage else None,
        "cites": list(cites.get(rule.id, rule.cites)) if rule else [],
        "digest": None if whole or not hit.text else digest(key, hit.text),
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "number": one.number,
        "asked": one.asked,
        "action": one.action.word if one.action is not None else None,
        "kinds": [{"kind": kind, "rule": rule, "score": round(float(score), 6)} for kind, rule, score in one.kinds],
        "status": one.status,
        "tokens": one.tokens,
        "ms": round(one.duration_ms, 3),
        "error": one.error,
        "chosen": one.chosen,
    }


def _consultation(one: Consultation, clean: Clean) -> dict[str, Any]:
    """A question of guardrail's own to a model, and what it cost."""
    return {
        "asked": one.asked,
        "tokens": one.tokens,
        "duration_ms": round(one.duration_ms, 3),
        "error": clean(one.error, 300) or None,
    }


def _without_query(path: str) -> str:
    return path.split("?", 1)[0].split("#", 1)[0]


def _cleaner(hits: Sequence[Hit], exchange: Exchange, failed: Iterable[FailedCheck], outcome: Outcome) -> Clean:
    """A function that makes one string of others fit to be kept; it looks for matched text only if there is any."""
    needles = _needles(hits)
    if not needles:
        return printable
    told = {exchange.path, exchange.model, exchange.caller, outcome.error}
    told.update(one.reason for one in failed)
    for hit in hits:
        told.update((hit.finding.evidence, hit.finding.basis, hit.role, hit.channel))
    told -= _PLACES
    haystack = "\n".join(_views(told))
    repeated = [needle for needle in needles if needle in haystack]
    if not repeated:
        return printable

    def clean(text: str, limit: int) -> str:
        if text in _PLACES:
            return text
        views = "\n".join(_views((text,)))
        return WITHHELD if any(needle in views for needle in repeated) else printable(text, limit)

    return clean


def _views(texts: Iterable[str]) -> Iterable[str]:
    """Each text as written, as read, and without anything between its letters and digits."""
    for text in texts:
        if not text:
            continue
        read = fold(text).text.casefold()
        yield from (text.casefold(), read, _NOT_WORD.sub("", read))


def _needles(hits: Iterable[Hit]) -> set[str]:
    """The forms of the matched texts to look for.

    Short ones are left alone, for they would be found everywhere: under 4 characters, or under 2 where they are
    not ASCII (a Chinese name has two characters); without separators under 6.
    """
    needles: set[str] = set()
    for text in {hit.text for hit in hits if hit.text}:
        plain = text.strip().casefold()
        read = fold(text).text.strip().casefold()
        needles.update(form for form in (plain, read) if len(form) >= (4 if form.isascii() else 2))
        bare = _NOT_WORD.sub("", read)
        if len(bare) >= 6:
            needles.add(bare)
    return needles

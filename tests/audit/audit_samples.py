"""Exchanges to record, and logs to damage, for the tests of the audit log."""

from pathlib import Path
from typing import Any

from guardrail.audit.jsonl import JsonlSink
from guardrail.types import (
    Action,
    Decision,
    Exchange,
    FailedCheck,
    Finding,
    Hit,
    Module,
    Outcome,
    Rule,
    Stage,
)

KEY = bytes(range(32))
RULE = Rule(
    id="hkid-out",
    module=Module.DATA_LEAKAGE,
    kinds=("pii.hkid",),
    stages=frozenset({Stage.RESPONSE}),
    threshold=0.8,
    action=Action.BLOCK,
    cites=("Guideline v1.1 s.3.2", "PDPO DPP4"),
)
EXCHANGE = Exchange("0af3c2", "openai_chat", "POST", "/v1/chat/completions?key=sk-abc", "gpt-4o", True, "app-1")
OUTCOME = Outcome("blocked", 400, 200, "", 512, 2048, 12.3456, ("leakage.identifiers", "bias.toxicity"), 0)


def hit(
    text: str = "A123456(3)", *, rule: Rule | None = RULE, evidence: str = "check digit holds", **changes: Any
) -> Hit:
    """A finding of an identity card number in an answer, `start` at 10."""
    whole = changes.get("whole", False)
    span = (None, None) if whole else (10, 10 + len(text))
    finding = Finding(
        changes.get("kind", "pii.hkid"), changes.get("score", 0.95), *span, "leakage.identifiers", evidence
    )
    action = changes.get("action", rule.action if rule else Action.ALLOW)
    return Hit(
        finding, rule, action, Stage.RESPONSE, changes.get("channel", "content"), changes.get("role", "assistant"), text
    )


def decision(*hits: Hit, failed: tuple[FailedCheck, ...] = ()) -> Decision:
    """A decision that these hits led to."""
    return Decision(max((one.action for one in hits), default=Action.ALLOW), list(hits), list(failed))


def plain(number: int) -> dict[str, Any]:
    """A small record."""
    return {
        "type": "exchange",
        "id": f"id-{number:04}",
        "time": f"2026-11-22T08:{number % 60:02}:00.000Z",
        "名": "陳大文",
    }


def fill(directory: Path, count: int, *, start: int = 0, rotate_bytes: int = 64 * 1024**2) -> list[str]:
    """Write `count` records and return their hashes."""
    sink = JsonlSink(directory, fsync="none", rotate_bytes=rotate_bytes)
    sink.open()
    hashes = [sink.write(plain(number)) for number in range(start, start + count)]
    sink.close()
    return hashes

"""One audit record in words: what was decided, by which rule, on what evidence, and what was not checked.

Rules: a pure function from a record to lines; whatever the record says is cleaned of control characters, because a
log may come from another machine; a field that is missing is left out, never guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from guardrail.audit.record import printable

Record = Mapping[str, Any]

_ENDED = {
    "completed": "The exchange completed",
    "blocked": "The answer was withheld",
    "refused": "The request was refused before the upstream was asked",
    "upstream_failed": "The upstream did not give an answer that could be guarded",
    "client_gone": "The client went away before the end",
    "failed": "Guardrail itself failed",
}


_HOW = {"first": "As the client asked", "feedback": "Told what was wrong", "same": "Asked the same again"}


def explain(record: Record) -> list[str]:
    """The record as lines of text, without line ends."""
    lines = _KINDS.get(str(record.get("type")), _exchange)(record)
    return [printable(line, 2000) for line in lines]


def _event(record: Record) -> Iterator[str]:
    yield f"{record.get('time', '?')}  The log itself: {record.get('event', '?')}"
    for name, value in record.items():
        if name not in {"type", "event", "time", "seq", "prev", "hash", "files"}:
            yield f"  {name}: {value}"
    for one in record.get("files", ()):
        yield f"  {one.get('file')}: {one.get('bytes')} bytes, SHA-256 {one.get('sha256')}"


def _pair(record: Record) -> Iterator[str]:
    yield f"Record {record.get('id', '?')} of {record.get('time', '?')}: a question asked again about another group"
    yield (
        f"First asked in exchange {record.get('original', '?')} ({record.get('dialect', '?')}, model "
        f"{record.get('model') or '?'}, language {record.get('language') or '?'}), policy {record.get('policy', '?')}"
    )
    yield f"Ground: {record.get('ground', '?')}"
    for name, words in (("a", "As the client asked it"), ("b", "As guardrail asked it")):
        half = record.get(name) or {}
        did = [word for word in ("refused", "blocked", "flagged", "noticed", "edited") if half.get(word)]
        yield (
            f"{words}, about {half.get('group') or '?'}: {half.get('ended', '?')}, upstream status "
            f"{half.get('upstream_status')}, {', '.join(did) or 'nothing found'}; {half.get('length', '?')} characters"
        )
        for one in half.get("found") or ():
            yield f"  {one.get('kind', '?')}: {one.get('action', '?')}, by rule `{one.get('rule', '?')}`"
        if half.get("error"):
            yield f"  Error: {half['error']}"
    cost = f"{record.get('tokens', '?')} tokens and {record.get('duration_ms', '?')} ms"
    yield f"Cost {cost}; guardrail {record.get('version', '?')}"


def _exchange(record: Record) -> Iterator[str]:
    yield f"Record {record.get('id', '?')} of {record.get('time', '?')}"
    yield _request(record)
    yield ""
    yield _decision(record)
    yield _ending(record)
    yield from _attempts(record)
    findings = record.get("findings") or []
    if findings:
        left_out = record.get("findings_left_out") or 0
        yield ""
        yield f"Findings: {len(findings)}" + (f", and {left_out} more that the record leaves out" if left_out else "")
        for number, finding in enumerate(findings, 1):
            yield from _finding(number, finding, record)
    yield from _consulted(record)
    yield ""
    yield from _checks(record)


_KINDS: Mapping[str, Callable[[Record], Iterator[str]]] = {"event": _event, "parity_pair": _pair}


_ASKED = {"judge": "a judge was asked about the answer", "again": "the question was answered once more"}


def _consulted(record: Record) -> Iterator[str]:
    """What guardrail asked models of its own accord."""
    for one in record.get("consulted") or []:
        ended = f"no reply: {one['error']}" if one.get("error") else "a reply came"
        asked = _ASKED.get(str(one.get("asked")), str(one.get("asked")))
        yield f"Asked: {asked} ({one.get('tokens', 0)} tokens, {one.get('duration_ms', 0):.0f} ms); {ended}."


def _request(record: Record) -> str:
    how = "streamed" if record.get("stream") else "whole answer"
    parts = [f"{record.get('method', '?')} {record.get('path', '?')} ({record.get('dialect', '?')}, {how})"]
    if record.get("model"):
        parts.append(f"model {record['model']}")
    if record.get("caller"):
        parts.append(f"caller {record['caller']}")
    if record.get("language"):
        parts.append(f"language {record['language']}")
    if record.get("groups"):
        parts.append(f"mentions {', '.join(map(str, record['groups']))}")
    return ", ".join(parts)


def _decision(record: Record) -> str:
    action, policy = record.get("action", "?"), record.get("policy", "?")
    findings = record.get("findings") or []
    rules = list(dict.fromkeys(one["rule"] for one in findings if one.get("rule") and one.get("action") == action))
    if not rules and record.get("attempts"):
        rules = _asking(record)
    if rules:
        names = ", ".join(f"`{rule}`" for rule in rules)
        return f"Decision: {action}, by rule{'s' if len(rules) > 1 else ''} {names} of policy {policy}."
    if action == "allow":
        return f"Decision: allow.  No rule of policy {policy} fired."
    if record.get("checks_not_run"):
        return f"Decision: {action}, because checks did not run; policy {policy} asks for that."
    return f"Decision: {action}, under policy {policy}."


def _asking(record: Record) -> list[str]:
    """The rules because of which the model was asked again."""
    answers = [one for one in record["attempts"] if one.get("action") == "regenerate"]
    return list(dict.fromkeys(str(found.get("rule", "?")) for one in answers for found in one.get("kinds") or ()))


def _attempts(record: Record) -> Iterator[str]:
    attempts = record.get("attempts") or []
    if not attempts:
        return
    yield ""
    yield f"Answers that the model gave: {len(attempts)}"
    for one in attempts:
        asked = _HOW.get(str(one.get("asked")), f"asked {one.get('asked', '?')}")
        came = f"upstream status {one.get('status')}" if one.get("status") else "no answer"
        cost = f"{one.get('tokens', '?')} tokens, {one.get('ms', '?')} ms"
        chosen = "; THIS ONE LEFT" if one.get("chosen") else ""
        yield f"{one.get('number', '?')}. {asked}: {_worth(one)}; {came}, {cost}{chosen}"
        for found in one.get("kinds") or ():
            yield f"   {found.get('kind', '?')}, score {found.get('score', '?')}, by rule `{found.get('rule', '?')}`"


def _worth(one: Record) -> str:
    """What came of an answer."""
    if one.get("error"):
        return f"not used ({one['error']})"
    words = {"regenerate": "another one was wanted", "block": "blocked", "allow": "nothing found"}
    action = str(one.get("action", "?"))
    return words.get(action, action)


def _ending(record: Record) -> str:
    status, upstream = record.get("status"), record.get("upstream_status")
    parts = [_ENDED.get(str(record.get("ended")), f"Ended: {record.get('ended', '?')}")]
    parts.append(f"the client got status {status}" if status else "the client got no status")
    if upstream:
        parts.append(f"the upstream answered {upstream}")
    if record.get("refused"):
        parts.append("the model itself refused")
    if record.get("edited"):
        parts.append(f"{record['edited']} edit{'s' if record['edited'] != 1 else ''} made")
    if record.get("error"):
        parts.append(f"error: {record['error']}")
    return "; ".join(parts) + "."


def _finding(number: int, finding: Record, record: Record) -> Iterator[str]:
    where = f"the {finding.get('stage', '?')}, channel {finding.get('channel', '?')}"
    if finding.get("role"):
        where += f", role {finding['role']}"
    if finding.get("start") is None:
        yield f"{number}. {finding.get('kind', '?')} in the whole text of {where}"
    else:
        span = f"characters {finding['start']} to {finding.get('end')} ({finding.get('length')} long)"
        yield f"{number}. {finding.get('kind', '?')} at {span} of {where}"
    yield f"   {_verdict(finding, record)}"
    evidence = f": {finding['evidence']}" if finding.get("evidence") else ""
    yield f"   Found by {finding.get('detector', '?')}{evidence}"
    if finding.get("verdict"):
        yield f"   Verdict: {finding['verdict'].replace('_', ' ')}{_passage(finding.get('passage'))}"
    if finding.get("basis"):
        yield f"   Basis: {finding['basis']}"
    if finding.get("cites"):
        yield f"   Clauses: {'; '.join(map(str, finding['cites']))}"
    if finding.get("digest"):
        yield f"   Digest {finding['digest']} under key {record.get('digest_key', '?')}"


def _verdict(finding: Record, record: Record) -> str:
    score, rule = finding.get("score"), finding.get("rule")
    if not rule and finding.get("stood_back"):
        return f"Score {score}: rule `{finding['stood_back']}` stood back, because the caller itself said it"
    if not rule:
        return f"Score {score}: no rule fired on it (too low for the rules on this kind, or there are none)"
    asked, done = finding.get("rule_action"), finding.get("action")
    if finding.get("mask") not in (None, "label"):
        asked, done = (f"{word} ({finding['mask']})" if word == "redact" else word for word in (asked, done))
    verdict = f"Score {score} against threshold {finding.get('threshold')} of rule `{rule}`"
    if finding.get("module"):
        verdict += f" ({finding['module']})"
    if finding.get("repaired"):
        return f"{verdict}, which has it repaired"
    if asked == "regenerate" and done in ("block", "notice", "flag") and record.get("attempts"):
        return f"{verdict}, which asks for another answer; none was free of it, so {done}"
    if asked == "regenerate" and done in ("block", "notice"):
        return f"{verdict}, which asks for another answer; there was none to be had, so {done}"
    if asked and asked != done:
        return f"{verdict}, which asks for {asked}; lowered to {done}, as the policy only monitors"
    return f"{verdict}, which asks for {done}"


def _checks(record: Record) -> Iterator[str]:
    missed = {one.get("check") for one in record.get("checks_not_run") or []}
    run = [one for one in record.get("checks") or [] if one not in missed]
    yield f"Checks that ran: {', '.join(map(str, run)) or 'none'}"
    for one in record.get("checks_not_run") or []:
        yield f"Did not run, and so did not pass: {one.get('check', '?')} ({one.get('reason', '?')})"
    if record.get("checks_left_out"):
        yield f"{record['checks_left_out']} more checks that the record leaves out"
    yield (
        f"Took {record.get('duration_ms', '?')} ms; request {record.get('request_bytes', '?')} bytes, "
        f"response {record.get('response_bytes', '?')} bytes; guardrail {record.get('version', '?')}"
    )


def _passage(passage: Any) -> str:
    """Where the sources say so; which sources those were, nobody kept."""
    if not isinstance(passage, list) or len(passage) != 3:
        return ""
    source, start, end = passage
    return f", by source {source} of the request, characters {start} to {end}"

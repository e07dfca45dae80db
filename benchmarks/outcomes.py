"""What became of one replayed answer, judged from what the client received and what the audit log says.

Rules:
1. `allow` means byte for byte: status, headers and body are the upstream's, guardrail's own headers aside.
2. `flag` may add the `guardrail` member and nothing else: without it the bytes are the upstream's.
3. An altered answer differs only where its record says so: a notice stands after the whole text, and around a
   redacted span every other character is still there, in order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.replay_upstream import HEADERS, Script

ALTERED = ("notice", "redact", "block")
ACTIONS = ("allow", "flag", *ALTERED)
FAILED = "failed"
_DATA = re.compile(rb"data: ([^\n]*)\n\n")
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Received:
    """What the client got."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    broken: str = ""

    def header(self, name: str) -> str:
        """The value of a header, empty when it is not there."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, whole or streamed.  `problems` are broken promises; there should never be any."""

    action: str
    text: str
    findings: Sequence[Mapping[str, Any]]
    identical: bool
    problems: Sequence[str] = field(default_factory=tuple)

    @property
    def signature(self) -> tuple[Any, ...]:
        """What whole and streamed must have in common."""
        members = ("kind", "rule", "action", "stage", "channel", "start", "end", "score")
        return self.action, self.text, sorted(tuple(str(one[name]) for name in members) for one in fired(self.findings))


def judge(received: Received, script: Script, text: str, record: Mapping[str, Any] | None, *, stream: bool) -> Outcome:
    """The outcome of one answer whose upstream sent `script` for `text`."""
    sent = script.stream if stream else script.body
    if record is None:
        return Outcome(FAILED, "", (), False, ("no audit record",))
    action, findings = str(record["action"]), record["findings"]
    told, plain = without_note(received.body, stream=stream)
    spoken, ended = said(received.body, stream=stream)
    identical = received.body == sent
    if action == "block":
        refused = received.status == 400 or ended == "content_filter"
        return Outcome(action, spoken, findings, False, () if refused else ("blocked, but not refused",))
    problems: list[str] = []
    if received.status != 200 or received.broken or ended != "stop":
        problems.append(f"status {received.status}, ended {ended or 'nowhere'} {received.broken}".rstrip())
        return Outcome(FAILED, spoken, findings, False, problems)
    problems += header_problems(received, stream=stream)
    if action == "allow" and not identical:
        problems.append("nothing was found, but the bytes differ")
    if action == "flag" and (plain != sent or told is None):
        problems.append("flagged, but more than the `guardrail` member was added")
    if action in ("allow", "flag") and spoken != text:
        problems.append("the text differs")
    if action == "notice" and not spoken.startswith(text + "\n\n"):
        problems.append("noticed, but the text before the notice differs")
    if action == "redact" and not _kept(spoken, text, findings):
        problems.append("redacted, but text outside the spans differs")
    return Outcome(action, spoken, findings, identical, problems)


def fired(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The findings that a rule fired on."""
    return [one for one in findings if one["rule"]]


def without_note(body: bytes, *, stream: bool) -> tuple[Any, bytes]:
    """The `guardrail` member of a body or of the event that has it (None if none has), and the bytes without it."""
    for document in _DATA.findall(body) if stream else (body,):
        if b'"guardrail":' in document:
            parsed = _parsed(document)
            note = parsed.get("guardrail") if isinstance(parsed, dict) else None
            if note is not None:
                return note, body.replace(b',"guardrail":' + orjson.dumps(note), b"", 1)
    return None, body


def said(body: bytes, *, stream: bool) -> tuple[str, str]:
    """The text a client reads, and the finish reason; the reason is empty when the answer did not end."""
    if not stream:
        choices = _choices(_parsed(body))
        message = choices[0].get("message", {}) if choices else {}
        return str(message.get("content") or ""), str(choices[0].get("finish_reason") or "") if choices else ""
    texts: list[str] = []
    reason = ""
    for data in _DATA.findall(body):
        for choice in _choices(_parsed(data)):
            texts.append(choice.get("delta", {}).get("content") or "")
            reason = choice.get("finish_reason") or reason
    return "".join(texts), reason if body.endswith(b"data: [DONE]\n\n") else ""


def header_problems(received: Received, *, stream: bool) -> list[str]:
    """Headers that were lost, changed or added on the way."""
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    expected = {*((name.lower(), value) for name, value in HEADERS), ("content-type", kind)}
    ours = {"content-length", "transfer-encoding"}
    got = {
        (n.lower(), v)
        for n, v in received.headers
        if n.lower() not in ours and not n.lower().startswith("x-guardrail-")
    }
    return [f"header differs: {name}: {value}" for name, value in sorted(expected ^ got)]


def excerpt(text: str, finding: Mapping[str, Any]) -> str:
    """The matched text in its surroundings, on one line, the match between 【 and 】."""
    start, end = finding["start"], finding["end"]
    if start is None or end is None:
        start, end = 0, min(len(text), 2 * _AROUND)
    match = text[start:end]
    if len(match) > 4 * _AROUND:
        match = f"{match[: 2 * _AROUND]} … {match[-2 * _AROUND :]}"
    words = f"{text[max(0, start - _AROUND) : start]}【{match}】{text[end : end + _AROUND]}"
    return re.sub(r"\s*\n\s*", " ⏎ ", words)


def _kept(spoken: str, text: str, findings: Sequence[Mapping[str, Any]]) -> bool:
    spans = sorted((f["start"], f["end"]) for f in findings if f["action"] == "redact" and f["start"] is not None)
    at = done = 0
    for start, end in [*spans, (len(text), len(text))]:
        piece = text[done:start]
        found = spoken.find(piece, at)
        if found < 0 or (done == 0 and found != 0):
            return False
        at, done = found + len(piece), max(done, end)
    return True


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _choices(document: Any) -> list[Any]:
    choices = document.get("choices") if isinstance(document, dict) else None
    return choices if isinstance(choices, list) else []

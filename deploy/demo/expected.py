"""What the demo must have shown: the difference between what came back and what was meant to.

Rule: the exit status of the demo comes from here, so nothing is taken for granted that can be looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from answers import Answer
from client import Got

Record = Mapping[str, Any]


def faults(answer: Answer, got: Got, record: Record | None) -> Iterator[str]:
    """What is wrong with one exchange under hk-baseline, in words; nothing when all is well."""
    if record is None:
        yield "the audit log has no record of it"
    elif record["action"] != answer.action:
        yield f"the record says {record['action']}, not {answer.action}"
    if got.status != 200:
        yield f"the client got status {got.status}: {got.text}"
        return
    if any(value in got.text for value in answer.values):
        yield "a value that should have been edited out reached the client"
    if answer.action == "redact" and got.text == answer.said:
        yield "the answer came out unchanged"
    if answer.action == "notice" and not (got.text.startswith(answer.said) and len(got.text) > len(answer.said)):
        yield "the notice does not follow the answer"
    if answer.action in ("allow", "flag") and got.text != answer.said:
        yield "the answer came out changed"
    if answer.action == "allow" and got.extra is not None:
        yield "a clean body was touched"
    if answer.action != "allow" and got.extra is None:
        yield "the client was not told"


def block_faults(answer: Answer, got: Got, record: Record | None, *, streamed: bool) -> Iterator[str]:
    """The same under a policy that blocks this answer."""
    if record is None or record["action"] != "block":
        yield "the audit log has no record of a block"
    if got.ended != "content_filter":
        yield f"the client saw it end with `{got.ended}`, not `content_filter`"
    if got.status != 400 and not streamed:
        yield f"the client got status {got.status}, not 400"
    if any(value in got.text for value in answer.values) or answer.said in got.text:
        yield "what should have been withheld reached the client"

"""A hash chain over JSON lines: each line carries a number and the hash of the line before it.

A line is one JSON object in a canonical form (orjson, keys sorted, UTF-8, no spaces) with three fields of the
chain's own: `seq`, from 1 without gaps; `prev`, the `hash` of the line before (64 zeros for the first); `hash`, the
SHA-256 in hex of the canonical form of the same object without `hash`.

What it proves: against a head (`seq` and `hash` of one line) that was carried to where the writer cannot reach, that
this line and every line before it are what they were when the head was taken, in number, order and content.
What it does not prove, because there is no key in it: whoever may write the file can change a line and compute all
later hashes anew, or drop lines at the end; without a head kept elsewhere both go unseen.  So the chain alone finds
accidents, careless edits and files put together wrongly; it is not tamper-proof, and nothing here calls it so.

Rules: pure functions; a line is accepted only byte for byte in canonical form, so that no byte of it, not even a
space or an escape, can be changed without `check` saying so.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from guardrail.errors import AuditError

GENESIS = "0" * 64
"""`prev` of the first line."""
_OWN = frozenset(("seq", "prev", "hash"))


class Head(NamedTuple):
    """The last line of a chain; (0, GENESIS) for an empty one."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


class Link(NamedTuple):
    """A line that holds."""

    head: Head
    record: dict[str, Any]


START = Head(0, GENESIS)


def parse_head(text: str) -> Head:
    """`SEQ:HASH` as a head; raises ValueError when it is not one."""
    number, _, value = text.strip().partition(":")
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"a head is written SEQ:HASH, `{text}` does not start with a number")
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise ValueError(f"a head is written SEQ:HASH with 64 lower-case hex digits, `{text}` has something else")
    return Head(int(number), value)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The one form in which a record is hashed and written; raises AuditError when it has none."""
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise AuditError(f"a record cannot be written as JSON: {error}") from error


def link(record: Mapping[str, Any], seq: int, prev: str) -> bytes:
    """The line, with its end, that adds `record` to a chain as number `seq` after the line whose hash is `prev`.

    Raises AuditError when the record brings fields of the chain's own or cannot be written as JSON.
    """
    return extend(record, Head(seq - 1, prev))[0]


def extend(record: Mapping[str, Any], head: Head) -> tuple[bytes, Head]:
    """The line that adds `record` after `head`, and the head it makes; raises AuditError as `link` does."""
    if not _OWN.isdisjoint(record):
        raise AuditError("a record must not bring `seq`, `prev` or `hash`: they are the chain's")
    linked = {**record, "seq": head.seq + 1, "prev": head.hash}
    linked["hash"] = hashlib.sha256(canonical(linked)).hexdigest()
    return canonical(linked) + b"\n", Head(head.seq + 1, linked["hash"])


def read(line: bytes) -> Link:
    """The record of one line, if the line by itself is intact; raises AuditError saying what is wrong."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise AuditError("is not JSON") from error
    if not isinstance(record, dict):
        raise AuditError("is not a JSON object")
    seq, prev, claimed = record.get("seq"), record.get("prev"), record.pop("hash", None)
    if type(seq) is not int or not isinstance(prev, str) or not isinstance(claimed, str):
        raise AuditError("lacks `seq`, `prev` or `hash`, so it was edited or never belonged to a chain")
    if hashlib.sha256(canonical(record)).hexdigest() != claimed:
        raise AuditError("was edited: its hash does not match its content")
    record["hash"] = claimed
    if canonical(record) != line.removesuffix(b"\n"):
        raise AuditError("was edited: it is not in the form it was written in")
    return Link(Head(seq, claimed), record)


def check(line: bytes, seq: int, prev: str) -> Link:
    """The record of the line that should be number `seq` after the hash `prev`.

    Raises AuditError saying what is wrong: not JSON, edited, records missing before it, out of order, or spliced.
    """
    found = read(line)
    if found.head.seq > seq:
        gap = f"number {seq}" if found.head.seq == seq + 1 else f"numbers {seq} to {found.head.seq - 1}"
        raise AuditError(f"is number {found.head.seq} where {seq} was due: {gap} missing or moved")
    if found.head.seq < seq:
        raise AuditError(f"is number {found.head.seq} where {seq} was due: inserted, repeated or moved")
    if found.record["prev"] != prev:
        raise AuditError("does not follow the line before it: one of the two was replaced or comes from another log")
    return found

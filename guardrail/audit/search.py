"""Finding records in the files of an audit directory, over all chains, oldest first.

Rules:
1. Reading proves nothing: a line is taken as it stands, and one that cannot be read is named, not skipped in silence.
   `verify` is what judges.
2. With a limit the newest files are read first and reading stops when no older record can be among the result.
"""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from guardrail.audit import files
from guardrail.errors import AuditError

Record = dict[str, Any]


class Stored(NamedTuple):
    """A record and where it stands."""

    record: Record
    file: Path
    line: int
    raw: bytes

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


class Found(NamedTuple):
    """Records, oldest first, and the places of lines that could not be read."""

    records: list[Stored]
    unreadable: list[str]


def newest(target: Path, wanted: Callable[[Record], bool], limit: int = 0) -> Found:
    """The last `limit` records (0: all) that are `wanted`; raises AuditError when the log cannot be read."""
    records: list[Stored] = []
    unreadable: list[str] = []
    for paths in _chains(target):
        records += _newest_of_chain(paths, wanted, limit, unreadable)
    records.sort(key=_order)
    return Found(records[-limit:] if limit else records, unreadable)


def every(target: Path, unreadable: list[str]) -> Iterator[Record]:
    """Every record, chain by chain, without keeping any; places of lines that could not be read go to `unreadable`.

    Raises AuditError when the log cannot be read.
    """
    for paths in _chains(target):
        for path in paths:
            yield from (one.record for one in _read(path, unreadable))


def by_id(target: Path, prefix: str) -> list[Stored]:
    """Records whose id is `prefix`, or else starts with it; raises AuditError when the log cannot be read."""
    part = b'"id":' + orjson.dumps(prefix)[:-1]
    matching: list[Stored] = []
    for paths in _chains(target):
        for path in paths:
            matching += (one for one in _read(path, [], part) if str(one.record.get("id", "")).startswith(prefix))
    exact = [one for one in matching if one.record["id"] == prefix]
    return sorted(exact or matching, key=_order)


def _newest_of_chain(
    paths: list[Path], wanted: Callable[[Record], bool], limit: int, unreadable: list[str]
) -> list[Stored]:
    records: list[Stored] = []
    for path in reversed(paths):
        kept = deque((one for one in _read(path, unreadable) if wanted(one.record)), limit or None)
        records = [*kept, *records]
        if limit and len(records) >= limit:
            return records[-limit:]
    return records


def _chains(target: Path) -> list[list[Path]]:
    try:
        if target.is_file():
            return [[target]]
        found = [files.files(target, name) for name in files.chains(target)]
    except OSError as error:
        raise AuditError(f"{target}: cannot be read ({error.strerror})") from error
    if not found:
        raise AuditError(f"{target}: holds no audit log (no chain-NN.jsonl)")
    return found


def _read(path: Path, unreadable: list[str], part: bytes = b"") -> Iterator[Stored]:
    """The records of one file; with `part` only of lines that contain it."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if part not in line:
                    continue
                try:
                    record = orjson.loads(line)
                except orjson.JSONDecodeError:
                    unreadable.append(f"{path}:{number}")
                    continue
                if isinstance(record, dict):
                    yield Stored(record, path, number, line)
                else:
                    unreadable.append(f"{path}:{number}")
    except OSError as error:
        raise AuditError(f"{path}: cannot be read ({error.strerror})") from error


def _order(one: Stored) -> tuple[str, str, int]:
    seq = one.record.get("seq")
    return str(one.record.get("time", "")), files.chain_of(one.file), seq if isinstance(seq, int) else 0

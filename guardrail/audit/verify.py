"""Whether an audit log is what was written: every line of every chain, and heads that were carried elsewhere.

Rules:
1. Of each chain the first bad line is named, as file and line with the reason; what follows it cannot be judged.
2. A chain starts at number 1.  Where older files were taken away on purpose, the head of the last record taken away
   (`head`) lets it start right after that; a single file may start anywhere, and the report says where.
3. A given head holds when a line with that number and hash stands in a chain that holds up to it.  Records after it
   are fine; records up to it cannot have been dropped, changed or added.  What that does not cover: chain.py.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.audit import chain, files
from guardrail.errors import AuditError


@dataclass(frozen=True, slots=True)
class Problem:
    """The first bad line of a chain."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(slots=True)
class ChainReport:
    """One chain: what was checked up to its end or its first bad line; `first` is the number it starts at."""

    name: str
    files: int = 0
    records: int = 0
    events: int = 0
    first: int = 1
    head: chain.Head = chain.START
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class HeadReport:
    """A head that was asked for; `place` is the line that bears it, empty when none does."""

    head: chain.Head
    place: str = ""
    after: int = 0


@dataclass(slots=True)
class Report:
    """All chains and heads; `notes` are things an auditor should know that break no chain."""

    chains: list[ChainReport] = field(default_factory=list)
    heads: list[HeadReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """No bad line, and every given head was found."""
        return not any(one.problem for one in self.chains) and all(one.place for one in self.heads)

    @property
    def problems(self) -> list[Problem]:
        """The first bad line of each chain that has one."""
        return [one.problem for one in self.chains if one.problem]


def verify(target: Path, *, head: str | Sequence[str] | None = None) -> Report:
    """Check the log in a directory, or one file of it, against `head` (`SEQ:HASH`, one or several).

    Raises AuditError when there is nothing to check or it cannot be read, ValueError when a head is malformed.
    """
    given = [head] if isinstance(head, str) else head or ()
    wanted = {chain.parse_head(one): HeadReport(chain.parse_head(one)) for one in given}
    report = Report()
    try:
        if target.is_dir():
            _verify_directory(target, wanted, report)
        else:
            report.chains.append(_walk(files.chain_of(target), [target], wanted, set(), anywhere=True))
    except OSError as error:
        raise AuditError(f"{error.filename or target}: cannot be read ({error.strerror})") from error
    report.heads = list(wanted.values())
    return report


Wanted = dict[chain.Head, HeadReport]
Told = set[tuple[str, str]]


def _verify_directory(directory: Path, wanted: Wanted, report: Report) -> None:
    names = files.chains(directory)
    if not names:
        raise AuditError(f"{directory}: holds no audit log (no chain-NN.jsonl)")
    for name in names:
        told: Told = set()
        report.chains.append(_walk_steady(directory, name, wanted, told))
        report.notes.extend(_notes(directory, name, told))


def _walk_steady(directory: Path, name: str, wanted: Wanted, told: Told) -> ChainReport:
    """Walk a chain that may grow meanwhile: a file that gets its number while we read is no gap."""
    for _ in range(3):
        before = files.files(directory, name)
        found = _walk(name, before, wanted, told, anywhere=False)
        if found.problem is None or files.files(directory, name) == before:
            break
    return found


def _walk(name: str, paths: list[Path], wanted: Wanted, told: Told, *, anywhere: bool) -> ChainReport:
    report = ChainReport(name, files=len(paths))
    reached: dict[chain.Head, str] = {}
    if chain.START in wanted:
        reached[chain.START] = f"{name}, before its first record"
    for path, number, line in _lines(paths):
        try:
            if not line.endswith(b"\n"):
                raise AuditError("is torn: it has no end (if the log is being written right now, try again)")
            if not report.records:
                _start(report, line, wanted, reached, f"{path}, before its first record", anywhere=anywhere)
            found = chain.check(line, report.head.seq + 1, report.head.hash)
        except AuditError as error:
            report.problem = Problem(path, number, str(error))
            break
        report.head = found.head
        report.records += 1
        if found.record.get("type") == "event":
            report.events += 1
            told.update(_fragments(found.record))
        if found.head in wanted:
            reached[found.head] = f"{path}:{number}"
    for head, place in reached.items():
        wanted[head] = HeadReport(head, place, report.head.seq - head.seq)
    return report


def _start(
    report: ChainReport, line: bytes, wanted: Wanted, reached: dict[chain.Head, str], place: str, *, anywhere: bool
) -> None:
    """Let a chain start after a head that was given, or a single file where it does."""
    found = chain.read(line)
    before = chain.Head(found.head.seq - 1, str(found.record["prev"]))
    if before in wanted:
        reached[before] = place
    if before in wanted or (anywhere and before.seq > 0):
        report.head, report.first = before, found.head.seq


def _lines(paths: Iterable[Path]) -> Iterator[tuple[Path, int, bytes]]:
    for path in paths:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield path, number, line


def _fragments(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    named = record.get("files")
    for one in named if isinstance(named, list) else ():
        if isinstance(one, dict):
            yield str(one.get("file")), str(one.get("sha256"))


def _notes(directory: Path, name: str, told: Told) -> Iterator[str]:
    present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.torn(directory, name)}
    names = dict(told)
    for file, value in sorted(present.items()):
        if file not in names:
            yield f"{directory / file}: a fragment that no record mentions"
        elif names[file] != value:
            yield f"{directory / file}: a fragment that was changed after it was set aside"
        else:
            yield f"{directory / file}: a fragment that was set aside and recorded"
    for file in sorted(set(names) - set(present)):
        yield f"{directory / file}: a fragment that was set aside and recorded, and is no longer there"

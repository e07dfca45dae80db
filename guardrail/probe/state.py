"""The state file of a probe: one JSON line that names the plan, then one line for each answer, in the order they came.

Rules:
1. Append-only: a run that was killed loses at most the line it was writing, which is left out when the file is read.
2. A file belongs to one plan: answers to other questions, or of another model, are never mixed into a report.
3. One run at a time writes it, and only its owner reads it: it holds what a model said.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError

VERSION = 1
_HEAD, _ROW = b'{"guardrail_probe"', b'{"key"'
"""How the first line begins, and every other."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question, or what came instead of one (`failed`); `sent` counts requests, retries included."""

    key: str
    text: str = ""
    native: str = ""
    cut: bool = False
    tokens: int | None = None
    sent: int = 1
    failed: str = ""


@dataclass
class State:
    """Answers by key; with a file behind it, every one that is added is written there before anything else happens."""

    answers: dict[str, Answer] = field(default_factory=dict)
    sent: int = 0
    tokens: int = 0
    _file: int | None = None

    def add(self, answer: Answer) -> None:
        """Keep an answer."""
        self._count(answer)
        if self._file is not None:
            row = {name: getattr(answer, name) for name in Answer.__slots__}
            os.write(self._file, json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    def _count(self, answer: Answer) -> None:
        self.sent += answer.sent
        self.tokens += answer.tokens or 0
        self.answers[answer.key] = answer


@contextmanager
def opened(path: Path | None, plan: str, about: dict[str, Any]) -> Iterator[State]:
    """The state of a plan, from its file if there is one.  Raises SettingsError when it cannot be used."""
    if path is None:
        yield State()
        return
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be opened ({error.strerror}); --state names a file to keep") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(f"{path}: another run is writing it; wait for it, or name another --state") from None
        state = _read(path, plan)
        if state is None:
            state = State()
            os.ftruncate(file, 0)
            os.write(file, json.dumps({"guardrail_probe": VERSION, "plan": plan, **about}).encode() + b"\n")
        elif not path.read_bytes().endswith(b"\n"):
            os.write(file, b"\n")  # what follows is not glued to the line that was cut
        state._file = file
        yield state
        os.fsync(file)
    finally:
        os.close(file)


def _read(path: Path, plan: str) -> State | None:
    lines = path.read_bytes().split(b"\n")
    if not any(lines) or (len(lines) == 1 and _is_cut(lines[0], _HEAD)):
        return None
    head = _object(lines[0])
    if head is None or head.get("guardrail_probe") != VERSION:
        raise SettingsError(f"{path}:1: not a state file of `probe bias`; name another --state")
    if head.get("plan") != plan:
        whose = f"{head.get('model')} at {head.get('upstream')}, seed {head.get('seed')}"
        raise SettingsError(
            f"{path}: it belongs to another plan ({whose}); give the options of that run, or name another --state"
        )
    state = State()
    for number, raw in enumerate(lines[1:], 2):
        row = _object(raw)
        if row is None:
            if raw.strip() and not _is_cut(raw, _ROW):
                raise SettingsError(f"{path}:{number}: not a line of a state file; name another --state")
            continue  # cut off by a kill, or the blank after it
        try:
            state._count(Answer(**row))
        except TypeError:
            raise SettingsError(f"{path}:{number}: not an answer; name another --state") from None
    return state


def _is_cut(raw: bytes, begins: bytes) -> bool:
    """Whether a line that is not whole is the beginning of one of ours, however short."""
    return raw.startswith(begins) or begins.startswith(raw)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None

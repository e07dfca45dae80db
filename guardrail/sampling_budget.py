"""What questions of guardrail's own may cost in a day: a count in a file that all worker processes share.

Rules:
1. Nothing is asked that was not taken from the budget first, so a crash or a restart spends none of it twice.
2. A count that cannot be read or written is an empty budget: spending stops, serving goes on.
3. A day is a UTC day, as in the audit log.  The file holds numbers and a date and nothing else.
"""

import fcntl
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import orjson

logger = logging.getLogger("guardrail")

FILE = "parity.budget"
"""The name of the count, in the audit directory."""


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a day has cost so far."""

    day: str
    requests: int = 0
    tokens: int = 0


class Budget:
    """At most `requests` questions and about `tokens` tokens a day: the question under way may go over by its own
    answer, which nobody knows before."""

    def __init__(self, path: Path, requests: int, tokens: int, *, today: Callable[[], date] = _today) -> None:
        self._path, self._requests, self._tokens, self._today = path, requests, tokens, today
        self._told = False

    def take(self, tokens: int) -> bool:
        """Take one request of about that many tokens; False when the day has not that much left."""
        return self._change(1, tokens, within=True)

    def settle(self, tokens: int, requests: int = 0) -> None:
        """Add what a question cost more than was taken for it, or give back what it cost less."""
        if tokens or requests:
            self._change(requests, tokens, within=False)

    def spent(self) -> Spent:
        """What today has cost.  Raises OSError."""
        with self._open() as file:
            return self._read(file.fileno())

    def _open(self) -> "_Locked":
        return _Locked(self._path)

    def _change(self, requests: int, tokens: int, *, within: bool) -> bool:
        try:
            with self._open() as file:
                now = self._read(file.fileno())
                new = Spent(now.day, max(0, now.requests + requests), max(0, now.tokens + tokens))
                if within and (new.requests > self._requests or new.tokens > self._tokens):
                    return False
                raw = orjson.dumps({"day": new.day, "requests": new.requests, "tokens": new.tokens})
                os.pwrite(file.fileno(), raw, 0)
                os.ftruncate(file.fileno(), len(raw))
                return True
        except OSError as error:
            if not self._told:
                logger.warning("%s: the budget cannot be kept (%s), so nothing is asked", self._path, error)
            self._told = True
            return False

    def _read(self, handle: int) -> Spent:
        day = self._today().isoformat()
        raw = os.pread(handle, 4096, 0)
        if not raw:
            return Spent(day)
        try:
            known = orjson.loads(raw)
            found = Spent(str(known["day"]), int(known["requests"]), int(known["tokens"]))
        except (ValueError, KeyError, TypeError):
            # Somebody else wrote here: what was spent today is not known, so it counts as all of it.
            return Spent(day, self._requests, self._tokens)
        return found if found.day == day else Spent(day)


class _Locked:
    """The file, open and locked against other processes."""

    def __init__(self, path: Path) -> None:
        self._path, self._handle = path, -1

    def fileno(self) -> int:
        return self._handle

    def __enter__(self) -> "_Locked":
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._handle = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
        except OSError:
            os.close(self._handle)
            raise
        return self

    def __exit__(self, *about: object) -> None:
        os.close(self._handle)

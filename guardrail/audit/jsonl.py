"""The audit log on disk: chained JSON lines, one chain for every process that writes.

Rules:
1. One record is one `os.write` to a file opened for appending.  When `write` returns, the record survives the
   death of the process; `fsync` says when it survives the death of the machine: `each` before `write` returns,
   `interval` within `interval` seconds (a thread does it), `none` when the system gets to it.
2. A write that failed, or a file that is not what was left there (gone, shortened, grown, replaced), raises
   AuditError and makes the sink unhealthy.  The next write or probe tries to put things right and says in the
   chain what happened.
3. Nothing is trimmed in silence.  A fragment is copied aside before it is taken off, and recorded.  A file that
   somebody else changed, or whose fsync failed (the state of its pages is unknown then, trying again proves
   nothing), is left as it is: it gets the next number and the chain goes on in a new file, so that `verify` names
   the place.
4. The head lives in memory while the process does: records that vanish from the disk leave a gap in the numbers.

A process takes the first chain whose lock file it can lock and keeps the lock for life; after a restart it goes on
where the chain ended.  flock is the system's own: the directory belongs on a local file system.  Names: files.py.
"""

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

from guardrail.audit import chain, files
from guardrail.audit.record import timestamp
from guardrail.errors import AuditError, SettingsError

Fsync = Literal["each", "interval", "none"]
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class _Failure(NamedTuple):
    """Why the sink does not work; `spoiled` when the file must not be written to any more."""

    reason: str
    spoiled: bool
    fragment: int = 0


class JsonlSink:
    """Writes records to `directory`; see the head of this file for what it promises."""

    def __init__(
        self, directory: Path, *, fsync: Fsync = "interval", interval: float = 1.0, rotate_bytes: int = 64 * 1024**2
    ) -> None:
        if fsync not in ("each", "interval", "none"):
            raise SettingsError(f"audit fsync is one of each, interval, none; not `{fsync}`")
        if interval <= 0 or rotate_bytes <= 0:
            raise SettingsError("audit interval (seconds) and rotation size (bytes) must be greater than 0")
        self.directory = Path(directory)
        self.chain = ""
        self.head = chain.START
        self._fsync, self._interval, self._rotate_bytes = fsync, interval, rotate_bytes
        self._path, self._handle, self._inode, self._size = self.directory, -1, 0, 0
        self._lock_handle = -1
        self._failure: _Failure | None = None
        self._refused = 0
        self._dirty = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def healthy(self) -> bool:
        """Open, and the last write, sync or probe succeeded."""
        return self._lock_handle >= 0 and self._failure is None

    @property
    def failure(self) -> str:
        """Why it is not healthy, in words; empty while it is."""
        if self._lock_handle < 0:
            return "the audit log is not open"
        return self._failure.reason if self._failure else ""

    def open(self) -> None:
        """Take a chain and find its end.

        Raises AuditError when the directory or a file cannot be used, when every chain is taken, or when the last
        complete record does not verify: then file and line are named, and the files must be moved aside by hand.
        """
        with self._lock:
            if self._lock_handle >= 0:
                return
            try:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._take_chain()
                self._continue_chain()
            except OSError as error:
                self._let_go()
                raise AuditError(
                    f"{error.filename or self.directory}: the audit log cannot be opened ({error.strerror}); give user "
                    f"{os.geteuid()} a directory with free space that it may write to"
                ) from error
            except AuditError:
                self._let_go()
                raise
        if self._fsync == "interval":
            self._stop.clear()
            self._thread = threading.Thread(target=self._sync_forever, name="audit-fsync", daemon=True)
            self._thread.start()

    def write(self, record: Mapping[str, Any]) -> str:
        """Append one record and return its hash; raises AuditError when it was not kept as `fsync` promises."""
        with self._lock:
            try:
                self._ensure_working()
                return self._append(record)
            except AuditError:
                self._refused += not self.healthy
                raise

    def probe(self) -> bool:
        """Look after the file, and try again after a failure; whether the log can be written now."""
        with self._lock:
            try:
                self._ensure_working()
                self._look()
            except AuditError:
                return False
            return True

    def close(self) -> None:
        """Sync and let go of the chain; raises AuditError when the last records may not be durable."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        with self._lock:
            try:
                if self._handle >= 0:
                    os.fsync(self._handle)
            except OSError as error:
                raise AuditError(
                    f"{self._path}: the end of the log may not be on disk (fsync: {error.strerror})"
                ) from error
            finally:
                self._let_go()

    # Opening

    def _take_chain(self) -> None:
        for index in range(files.MAX_CHAINS):
            name = files.chain_name(index)
            handle = self._try_lock(name)
            if handle is not None:
                self.chain, self._lock_handle = name, handle
                self._path = self.directory / f"{name}.jsonl"
                return
        raise AuditError(
            f"{self.directory}: all {files.MAX_CHAINS} chains are being written; give each service its own directory"
        )

    def _try_lock(self, name: str) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(self.directory / f"{name}.lock", flags, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            os.close(handle)
            raise
        return handle

    def _continue_chain(self) -> None:
        """Find the head of what is on disk, set a torn tail aside, and open the file that grows."""
        self.head, self._failure, self._refused = chain.START, None, 0
        existing = files.files(self.directory, self.chain)
        for path in reversed(existing):
            last = files.end(path)
            if last.line:
                self.head = _head_of(path, last)
                break
        if existing:
            self._cut(existing[-1])
        self._open_file()
        self._tell_fragments()

    def _open_file(self) -> None:
        fresh = not os.path.lexists(self._path)
        self._handle = os.open(self._path, _APPEND, 0o600)
        state = os.fstat(self._handle)
        self._inode, self._size = state.st_ino, state.st_size
        if fresh:
            self._sync_directory()

    def _let_go(self) -> None:
        for handle in (self._handle, self._lock_handle):
            if handle >= 0:
                os.close(handle)
        self._handle = self._lock_handle = -1

    # Writing

    def _append(self, record: Mapping[str, Any]) -> str:
        line, head = chain.extend(record, self.head)
        self._look()
        if self._size and self._size + len(line) > self._rotate_bytes:
            self._start_new_file()
        try:
            written = os.write(self._handle, line)
        except OSError as error:
            self._fail(f"cannot be written ({error.strerror})", error)
        if written != len(line):
            self._fail(f"cannot be written (only {written} of {len(line)} bytes fitted)", fragment=written)
        self._size += written
        self.head = head
        if self._fsync == "each":
            self._sync_now()
        else:
            self._dirty = True
        return head.hash

    def _look(self) -> None:
        """Whether the file is what was left there; one system call."""
        try:
            state = self._path.stat()
        except OSError as error:
            self._fail(f"is gone ({error.strerror})", error, spoiled=True)
        if state.st_ino != self._inode:
            self._fail("was replaced by another file", spoiled=True)
        if state.st_size != self._size:
            self._fail(f"has {state.st_size} bytes where {self._size} were written: somebody changed it", spoiled=True)

    def _fail(self, reason: str, cause: OSError | None = None, *, spoiled: bool = False, fragment: int = 0) -> NoReturn:
        self._failure = _Failure(f"{self._path}: {reason}", spoiled, fragment)
        raise AuditError(self._failure.reason) from cause

    def _start_new_file(self) -> None:
        """Give the file that grows (if it is there) the next number, and grow in a new one."""
        try:
            if self._fsync != "none" and self._handle >= 0 and not self._failure:
                os.fsync(self._handle)
            if os.path.lexists(self._path):
                number = files.next_number(self.directory, self.chain)
                self._path.rename(self.directory / files.rotated_name(self.chain, number))
            old, self._handle = self._handle, -1
            if old >= 0:
                os.close(old)
            self._open_file()
        except OSError as error:
            self._fail(f"cannot be followed by a new file ({error.strerror})", error, spoiled=True)

    # Recovering

    def _ensure_working(self) -> None:
        if self._lock_handle < 0:
            raise AuditError("the audit log is not open")
        if self._failure is None:
            return
        was = self._failure
        try:
            self._hold_lock()
            self._repair(was)
            self._tell_fragments()
        except OSError as error:
            raise AuditError(f"{was.reason}; trying again: {error.strerror}") from error
        event = {"type": "event", "event": "log_resumed", "time": timestamp(), "reason": was.reason}
        self._failure = None
        self._append({**event, "refused": self._refused})
        self._refused = 0

    def _hold_lock(self) -> None:
        """The lock file may have been removed with the rest; without it a second process could take this chain."""
        path = self.directory / f"{self.chain}.lock"
        if path.exists() and path.stat().st_ino == os.fstat(self._lock_handle).st_ino:
            return
        handle = self._try_lock(self.chain)
        if handle is None:
            raise AuditError(f"{path}: another process has taken this chain; restart to take a free one")
        os.close(self._lock_handle)
        self._lock_handle = handle

    def _repair(self, was: _Failure) -> None:
        """Bring the file to a state that can be appended to; raises OSError or AuditError when that fails too."""
        try:
            state = self._path.stat()
        except FileNotFoundError:
            state = None
        ours = state is not None and state.st_ino == self._inode and self._handle >= 0
        size = state.st_size if state else 0
        if ours and not was.spoiled and size == self._size:
            return
        if ours and not was.spoiled and size == self._size + was.fragment:
            self._cut(self._path)
            return
        # What is there now is evidence: it keeps its content under a number.
        self._failure = was._replace(spoiled=True)
        self._start_new_file()

    def _cut(self, path: Path) -> None:
        """Copy what follows the last complete line of `path` to a file of its own, then take it off."""
        last = files.end(path)
        if last.size == last.complete:
            return
        with path.open("rb") as source:
            source.seek(last.complete)
            fragment = source.read()
        known = files.torn(self.directory, self.chain, self.head.seq + 1)
        if not any(one.read_bytes() == fragment for one in known):
            suffix = f".{len(known)}" if known else ""
            self._write_aside(self.directory / f"{self.chain}.torn-{self.head.seq + 1}{suffix}", fragment)
        os.truncate(path, last.complete)

    def _write_aside(self, path: Path, content: bytes) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.write(handle, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(handle)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(handle)
        self._sync_directory()

    def _tell_fragments(self) -> None:
        """Record the fragments that wait for it: those named after the number of the record that comes next.

        A process that dies between setting aside and recording leaves exactly that state behind.
        """
        waiting = files.torn(self.directory, self.chain, self.head.seq + 1)
        if not waiting:
            return
        told = [
            {"file": path.name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in waiting
        ]
        event = {"type": "event", "event": "torn_tail_set_aside", "time": timestamp(), "files": told}
        self._size = os.fstat(self._handle).st_size
        self._failure = None
        self._append(event)

    # Making durable

    def _sync_now(self) -> None:
        try:
            os.fsync(self._handle)
        except OSError as error:
            self._fail(f"may not be on disk (fsync: {error.strerror})", error, spoiled=True)

    def _sync_directory(self) -> None:
        if self._fsync == "none":
            return
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _sync_forever(self) -> None:
        while not self._stop.wait(self._interval):
            self._sync_in_background()

    def _sync_in_background(self) -> None:
        """Sync a copy of the handle, so that writing goes on and a rotation meanwhile closes nothing under us."""
        with self._lock:
            if not self._dirty or self._handle < 0 or self._failure:
                return
            try:
                handle = os.dup(self._handle)
            except OSError:
                return  # out of handles: still dirty, so the next round tries again
            self._dirty = False
        try:
            os.fsync(handle)
        except OSError as error:
            with self._lock:
                self._failure = _Failure(f"{self._path}: may not be on disk (fsync: {error.strerror})", spoiled=True)
        finally:
            os.close(handle)


def _head_of(path: Path, last: files.End) -> chain.Head:
    try:
        return chain.read(last.line).head
    except AuditError as error:
        raise AuditError(
            f"{path}:{files.line_number(path, last.complete)}: the last record {error}.  Nothing is written after it.  "
            f"Move the files of this chain to a safe place, keep them as evidence, and start again"
        ) from None

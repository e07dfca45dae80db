"""Files that hold a secret key: made whole or not at all, kept from others, never replaced in silence.

Rules:
1. 32 bytes from the system's random source, mode 0600; never logged, never sent.
2. A key that others may read is refused: what it protects is no longer protected, and nobody would notice.
3. Reading never makes one.  Of several processes that make one at once, one wins and the others use its key.
"""

import os
import secrets
import stat
from pathlib import Path

from guardrail.errors import SettingsError

SIZE = 32
"""Bytes of a key that is made here, and the fewest that are taken."""
MOST = 4096
"""The most bytes of a key: more is some other file."""


def make(path: Path) -> bool:
    """Make a key at `path`, with the directories above it; False when there already is one, which stays as it is.

    Raises OSError when it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(handle, secrets.token_bytes(SIZE))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        return True
    finally:
        draft.unlink()


def read(path: Path, what: str, why: str = "", cure: str = "") -> bytes:
    """The key at `path`.  `what` names it in messages ("the digest key"), `why` ends them ("; GUARDRAIL_X names it"),
    and `cure` says how one comes there ("; `guardrail x` makes one"), where that is more than random bytes.

    Raises SettingsError naming the file and the cure when it cannot be read, is open to others, or is no key.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SettingsError(f"{path}: {what} cannot be read ({error.strerror}){why}{cure}") from error
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise SettingsError(f"{path}: {what} must be a plain file{why}{cure}")
        # A mounted secret belongs to somebody else and reaches us through our group; our own key needs no group.
        if state.st_mode & (0o077 if state.st_uid == os.geteuid() else 0o037):
            mode = stat.S_IMODE(state.st_mode)
            raise SettingsError(
                f"{path}: {what} is open to others (mode {mode:04o}); run `chmod 600 {path}`, and make a new "
                f"key if somebody may have read it{why}"
            )
        key = os.read(handle, MOST + 1)
    finally:
        os.close(handle)
    if not SIZE <= len(key) <= MOST:
        raise SettingsError(
            f"{path}: a key has {SIZE} to {MOST} bytes, this has {min(len(key), MOST + 1)}{why}"
            f"{cure or f'; make one with `(umask 077; head -c {SIZE} /dev/urandom > {path})`'}"
        )
    return key

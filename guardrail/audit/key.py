"""The key of the digests in audit records: who holds it can test whether a known value was matched.

Rules:
1. 32 bytes from the system's random source, made once, mode 0600; never logged, never sent.
2. A key that others may read is refused, because the values it covers are few (there are fewer than 10^9 Hong Kong
   identity card numbers) and can all be tried.
3. A file named by GUARDRAIL_AUDIT_KEY_FILE is only read, never made: several machines that share a key would
   otherwise each make their own and nobody would notice.
"""

import os
import secrets
import stat
from pathlib import Path

from guardrail.errors import SettingsError

KEY_FILE = "digest.key"
KEY_ENV = "GUARDRAIL_AUDIT_KEY_FILE"
_SIZE = 32
_MOST = 4096


def load_or_create(directory: Path) -> bytes:
    """The digest key: the file that GUARDRAIL_AUDIT_KEY_FILE names, else `digest.key` in `directory`, made if missing.

    Raises SettingsError naming the file and the cure when it cannot be read or made, is open to others, or is no key.
    """
    named = os.environ.get(KEY_ENV)
    if named:
        return _load(Path(named), f"; {KEY_ENV} names it")
    path = directory / KEY_FILE
    try:
        if not os.path.lexists(path):
            _create(path)
    except OSError as error:
        raise SettingsError(
            f"{path}: the digest key cannot be made ({error.strerror}); make the directory writable or set {KEY_ENV}"
        ) from error
    return _load(path, "")


def _create(path: Path) -> None:
    """Make the key whole or not at all; of several processes that try at once, one wins and the others use its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(handle, secrets.token_bytes(_SIZE))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _load(path: Path, why: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SettingsError(f"{path}: the digest key cannot be read ({error.strerror}){why}") from error
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise SettingsError(f"{path}: the digest key must be a plain file{why}")
        # A mounted secret belongs to somebody else and reaches us through our group; our own key needs no group.
        if state.st_mode & (0o077 if state.st_uid == os.geteuid() else 0o037):
            mode = stat.S_IMODE(state.st_mode)
            raise SettingsError(
                f"{path}: the digest key is open to others (mode {mode:04o}); run `chmod 600 {path}`, and make a new "
                f"key if somebody may have read it{why}"
            )
        key = os.read(handle, _MOST + 1)
    finally:
        os.close(handle)
    if not _SIZE <= len(key) <= _MOST:
        raise SettingsError(
            f"{path}: a digest key has {_SIZE} to {_MOST} bytes, this has {min(len(key), _MOST + 1)}; make one with "
            f"`head -c {_SIZE} /dev/urandom`{why}"
        )
    return key

"""The key of the digests in audit records: who holds it can test whether a known value was matched.

Rules:
1. It is a key file as `guardrail/keyfile.py` has them: made once, kept from others, because the values it covers are
   few (there are fewer than 10^9 Hong Kong identity card numbers) and can all be tried.
2. A file named by GUARDRAIL_AUDIT_KEY_FILE is only read, never made: several machines that share a key would
   otherwise each make their own and nobody would notice.
"""

import os
from pathlib import Path

from guardrail import keyfile
from guardrail.errors import SettingsError

KEY_FILE = "digest.key"
KEY_ENV = "GUARDRAIL_AUDIT_KEY_FILE"
_WHAT = "the digest key"


def load_or_create(directory: Path) -> bytes:
    """The digest key: the file that GUARDRAIL_AUDIT_KEY_FILE names, else `digest.key` in `directory`, made if missing.

    Raises SettingsError naming the file and the cure when it cannot be read or made, is open to others, or is no key.
    """
    named = os.environ.get(KEY_ENV)
    if named:
        return keyfile.read(Path(named), _WHAT, f"; {KEY_ENV} names it")
    path = directory / KEY_FILE
    try:
        if not os.path.lexists(path):
            keyfile.make(path)
    except OSError as error:
        raise SettingsError(
            f"{path}: the digest key cannot be made ({error.strerror}); make the directory writable or set {KEY_ENV}"
        ) from error
    return keyfile.read(path, _WHAT)

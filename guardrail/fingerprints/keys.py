"""Keyed hashes: what a store keeps of a text, and what nobody without the key can compute or undo.

Rules:
1. BLAKE2b in keyed mode (RFC 7693) with a separate key for every purpose, derived from the one in the key file: a hash
   made for one purpose says nothing about another.
2. A hash of a passage or cell has 64 bits: among 10^8 of them, a text of 10^5 words meets one by chance less than once
   in a million texts, and one hash alone decides nothing about a passage.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from guardrail import keyfile
from guardrail.errors import SettingsError

STORE_ENV = "GUARDRAIL_FINGERPRINTS"
KEY_ENV = "GUARDRAIL_FINGERPRINT_KEY"
WHAT = "the fingerprint key"

_blake2b = hashlib.blake2b


def load(path: Path, store: Path | None = None) -> bytes:
    """The key in the file at `path`, by which `store` is opened.

    Raises SettingsError naming the file and the cure: where the store is there, no new key is one.
    """
    if store is not None and store.exists():
        cure = (
            f"; put back the key that {store} was made with, for no other opens it; where it is lost, add the "
            f"documents again into a new store (--store or {STORE_ENV})"
        )
    elif path.exists():
        cure = "; put the right key there, or remove the file and run `guardrail fingerprint init`"
    else:
        cure = "; `guardrail fingerprint init` makes one"
    return keyfile.read(path, WHAT, f"; it is named by --key or {KEY_ENV}", cure)


def make(path: Path) -> None:
    """Make a key file.  Raises SettingsError where there is a file already, or none can be made."""
    try:
        made = keyfile.make(path)
    except OSError as error:
        raise SettingsError(
            f"{path}: {WHAT} cannot be made ({error.strerror}); name another place with --key or {KEY_ENV}"
        ) from error
    if not made:
        raise SettingsError(
            f"{path} is there already and is left as it is: a store is worth nothing without the key it was made with; "
            f"name another file with --key or {KEY_ENV}"
        )


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that one key file stands for; `secret` is its content."""

    secret: bytes

    def derived(self, purpose: str) -> bytes:
        """The 32-byte key for one purpose."""
        master = _blake2b(self.secret, digest_size=32, person=b"guardrail-finger").digest()
        return _blake2b(purpose.encode(), digest_size=32, key=master).digest()

    def digest(self, purpose: str, content: bytes | memoryview, size: int = 32) -> bytes:
        """The keyed digest of `content`, `size` bytes."""
        return _blake2b(content, digest_size=size, key=self.derived(purpose)).digest()

    def hasher(self, purpose: str) -> Callable[[str], int]:
        """A function from a string to its 64-bit keyed hash; a lone surrogate counts as `?`."""
        key = self.derived(purpose)

        def hashed(value: str) -> int:
            return int.from_bytes(_blake2b(value.encode("utf-8", "replace"), digest_size=8, key=key).digest(), "little")

        return hashed

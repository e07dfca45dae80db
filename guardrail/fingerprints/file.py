"""The file of a fingerprint store: a sealed header and arrays that are mapped into memory, never copied.

    0   magic, 8 bytes (a text-mode copy or a cut-off top bit changes it)
    8   format version, 4 bytes; 12  length of the header, 4 bytes
    16  key check, 16 bytes: the keyed digest of the magic and the version
    32  seal of the header, 32 bytes: its keyed digest
    64  header: JSON with the caller's own facts and, of every array, its name, type, length, place and keyed digest
    ... arrays, little-endian, each at a multiple of 64 bytes

Rules:
1. Reading proves before it trusts: a file that is none, of a later format, of another key, changed or cut off is one
   clear error that names the file and the cure.  The digests are keyed, so nobody without the key can write a file that
   is read.
2. Writing replaces the file whole: a reader sees the old one or the new one, also after a power cut.  Who has mapped
   the old one keeps it.  Mode 0600.
3. One process writes at a time; it holds `<file>.lock`, which stays behind, empty.
"""

import fcntl
import json
import mmap
import os
import secrets
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.errors import SettingsError
from guardrail.fingerprints.keys import KEY_ENV, STORE_ENV, Keys

MAGIC = b"\x89GFP\r\n\x1a\n"
VERSION = 1
_PREFIX = struct.Struct("<8sII16s32s")
_ALIGN = 64
_HEADER_MOST = 64 << 20
_TYPES = frozenset({"uint8", "uint32", "uint64"})
_RESTORE = "restore it from a copy, or delete it and add the documents again with `guardrail fingerprint add`"


@dataclass(frozen=True, slots=True)
class Content:
    """What a store file holds: the caller's facts, and read-only arrays by name that lie in the mapped file."""

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def read(path: Path, keys: Keys) -> Content:
    """Map the store at `path`.  Raises SettingsError naming the file and the cure."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _PREFIX.size:
                raise _not_a_store(path)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise SettingsError(
            f"{path}: the fingerprint store cannot be read ({error.strerror}); it is named by --store or {STORE_ENV}, "
            "`guardrail fingerprint add` makes one"
        ) from error
    header = _header(path, mapped, keys)
    arrays = {entry["name"]: _array(path, mapped, keys, entry) for entry in header["arrays"]}
    end = max((entry["at"] + entry["bytes"] for entry in header["arrays"]), default=header["end"])
    if size != max(end, header["end"]):
        raise SettingsError(f"{path}: the fingerprint store is damaged: {size} bytes where {end} belong; {_RESTORE}")
    return Content(header["facts"], arrays)


def write(path: Path, keys: Keys, content: Content) -> None:
    """Replace the store at `path`.  Raises SettingsError when it cannot be written; the old one then stays."""
    path = path.resolve()  # a link stays a link
    header, at = _described(keys, content)
    prefix = _PREFIX.pack(MAGIC, VERSION, len(header), _check(keys), keys.digest("header", header))
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(prefix + header)
                for name, array in content.arrays.items():
                    file.write(bytes(at[name] - file.tell()))
                    file.write(_bytes(_plain(array)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise SettingsError(
            f"{path}: the fingerprint store cannot be written ({error.strerror}); make its directory writable, make "
            f"room there, or name another place with --store or {STORE_ENV}"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the store at `path` for writing.  Raises SettingsError when another process holds it."""
    lock = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(f"{lock}: cannot be made ({error.strerror}); make the directory writable") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(f"{path}: another process is writing this store; wait until it has ended") from error
        yield
    finally:
        os.close(handle)


def _header(path: Path, mapped: mmap.mmap, keys: Keys) -> dict[str, Any]:
    magic, version, length, check, seal = _PREFIX.unpack(mapped[: _PREFIX.size])
    if magic != MAGIC:
        raise _not_a_store(path)
    if version != VERSION:
        raise SettingsError(
            f"{path}: the fingerprint store has format {version}, this guardrail reads format {VERSION}; use the "
            "guardrail that wrote it, or add the documents again"
        )
    if check != _check(keys):
        raise SettingsError(
            f"{path}: the fingerprint store was made with another key; name the key file it was made with by --key or "
            f"{KEY_ENV}"
        )
    raw = mapped[_PREFIX.size : _PREFIX.size + length] if length <= _HEADER_MOST else b""
    if len(raw) != length or keys.digest("header", raw) != seal:
        raise SettingsError(f"{path}: the fingerprint store is damaged in its header; {_RESTORE}")
    header: dict[str, Any] = json.loads(raw)
    header["end"] = _PREFIX.size + length
    return header


def _array(path: Path, mapped: mmap.mmap, keys: Keys, entry: Mapping[str, Any]) -> NDArray[Any]:
    start, size = entry["at"], entry["bytes"]
    view = memoryview(mapped)[start : start + size]
    if len(view) != size or keys.digest("array", view, 16).hex() != entry["digest"]:
        raise SettingsError(f"{path}: the fingerprint store is damaged or cut off in `{entry['name']}`; {_RESTORE}")
    if sys.byteorder == "little":
        return np.frombuffer(view, entry["dtype"])
    return np.frombuffer(view, np.dtype(entry["dtype"]).newbyteorder("<")).astype(entry["dtype"])  # copied, but right


def _described(keys: Keys, content: Content) -> tuple[bytes, dict[str, int]]:
    """The header, and where each array goes.  Places depend on the header's length, which is padded to be known."""
    entries: list[dict[str, Any]] = []
    for name, array in content.arrays.items():
        if array.dtype.name not in _TYPES or array.ndim != 1:
            raise ValueError(f"array {name}: {array.dtype.name}{list(array.shape)} is not one that a store holds")
        plain = _plain(array)
        digest = keys.digest("array", _bytes(plain), 16).hex()
        entries.append({"name": name, "dtype": array.dtype.name, "bytes": plain.nbytes, "digest": digest, "at": 0})
    unplaced = len(_dumped(content.facts, entries)) + 24 * len(entries)
    room = -(-(_PREFIX.size + unplaced) // _ALIGN) * _ALIGN
    at = room
    for entry in entries:
        entry["at"] = at
        at = -(-(at + entry["bytes"]) // _ALIGN) * _ALIGN
    header = _dumped(content.facts, entries)
    if len(header) > _HEADER_MOST:
        raise SettingsError("the fingerprint store would list too many documents; split them over several stores")
    return header.ljust(room - _PREFIX.size), {entry["name"]: entry["at"] for entry in entries}


def _dumped(facts: Mapping[str, Any], entries: list[dict[str, Any]]) -> bytes:
    return json.dumps({"facts": dict(facts), "arrays": entries}, separators=(",", ":"), sort_keys=True).encode()


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.data.cast("B") if array.size else memoryview(b"")


def _check(keys: Keys) -> bytes:
    return keys.digest("check", MAGIC + struct.pack("<I", VERSION), 16)


def _not_a_store(path: Path) -> SettingsError:
    return SettingsError(f"{path} is no fingerprint store; check --store or {STORE_ENV}")


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The model store: models that the operator has added, each a manifest and a folder with the files that it lists.

    <store>/<name>.json       the manifest; a model is there when this is
    <store>/<name>-<id>/      its files; the id is the beginning of the manifest's digest over them
    <store>/.lock             held while a model is added or removed; stays behind, empty

Rules:
1. A model is used only when every file has the SHA-256 of the manifest and no other file lies beside them: libraries
   read what they find in a folder.
2. Adding is one step: the folder is finished first, under a name that nothing reads, and the manifest is put in place
   last, in one rename.  What an addition that broke off has left is swept away by the next.
3. One process writes at a time; a reader waits for nobody.
4. A store that is named and is not there is an error: a guard that silently goes without a model is none.

The digests tell damage and exchange; they do not stop somebody who can write to the store, manifest and all.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.errors import CheckError, SettingsError

STORE_VARIABLE = "GUARDRAIL_MODELS"
FORMAT = "guardrail-model-1"
ENGINES = ("onnx", "torch")
_NAME = re.compile(r"[a-z][a-z0-9]*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DRAFT = ".adding-"


@dataclass(frozen=True, slots=True)
class Installed:
    """A model of the store: the manifest at `path`, and the folder that it names."""

    name: str
    path: Path
    manifest: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.path.parent / str(self.manifest["folder"])

    @property
    def engine(self) -> str:
        """What runs it: `onnx` or `torch`."""
        return str(self.manifest["engine"])

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """Bytes and SHA-256 of each file by name."""
        files: Mapping[str, Mapping[str, Any]] = self.manifest["files"]
        return files

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(int(entry["bytes"]) for entry in self.files.values())


def directory(given: Path | None = None) -> Path:
    """The store: `given`, or GUARDRAIL_MODELS, or `guardrail/models` in the data directory of the user."""
    if given is not None:
        return given.expanduser()
    named = os.environ.get(STORE_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    try:
        return (Path(data) if data.startswith("/") else Path.home() / ".local" / "share") / "guardrail" / "models"
    except RuntimeError as error:
        raise SettingsError(f"there is no home directory for the model store; name one in {STORE_VARIABLE}") from error


def expected(name: str, given: Path | None = None) -> bool:
    """Whether a model should be there: it has a manifest, or a store is named that is missing.  Loading says which."""
    try:
        store = directory(given)
    except SettingsError:
        return False  # no store is named, and there is no place for one
    if not store.is_dir():
        return given is not None or bool(os.environ.get(STORE_VARIABLE, "").strip())
    return os.path.lexists(store / f"{name}.json")


def names(given: Path | None = None) -> list[str]:
    """The models that the store holds.  Raises SettingsError when it cannot be read."""
    store = directory(given)
    try:
        return sorted(path.stem for path in store.iterdir() if path.suffix == ".json" and _NAME.fullmatch(path.stem))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SettingsError(f"{store}: the model store cannot be read ({error.strerror})") from error


def read(name: str, given: Path | None = None) -> Installed:
    """A model by its manifest; its files are not looked at.  Raises CheckError when there is none, or none that can be
    read."""
    if wrong := _misnamed(name):
        raise CheckError(wrong)
    store = directory(given)
    path = store / f"{name}.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        there = "holds no such model" if store.is_dir() else "is not there"
        raise CheckError(
            f"model `{name}`: the store {store} {there}; `guardrail models add {name}` adds it, --store or "
            f"{STORE_VARIABLE} names another store"
        ) from error
    except (OSError, ValueError) as error:
        raise CheckError(f"{path}: the manifest cannot be read ({_reason(error)}); {_again(name)}") from error
    wrong = _malformed(manifest, name)
    if wrong:
        raise CheckError(f"{path}: not a manifest that this guardrail reads: {wrong}; {_again(name)}")
    return Installed(name, path, manifest)


def content(model: Installed, file: str) -> bytes:
    """A file of a model, whole.  Raises CheckError when it is not the one that was stored."""
    entry = model.files.get(file)
    if entry is None:
        raise CheckError(f"{model.path}: the manifest lists no {file}; {_again(model.name)}")
    path = model.folder / file
    try:
        held = path.read_bytes()
    except OSError as error:
        raise CheckError(f"{path}: cannot be read ({error.strerror}); {_again(model.name)}") from error
    if hashlib.sha256(held).hexdigest() != entry["sha256"]:
        raise CheckError(f"{path}: has changed since it was stored (SHA-256 differs); {_again(model.name)}")
    return held


def problems(model: Installed, *, contents: bool = True) -> list[str]:
    """What is not as it was stored, a line each; with `contents` False only which files are there."""
    folder = model.folder
    try:
        held = {path.name for path in folder.iterdir()}
    except OSError as error:
        return [f"{folder}: cannot be read ({error.strerror})"]
    found = [f"{folder / name}: is not part of the model" for name in sorted(held - model.files.keys())]
    for name, entry in sorted(model.files.items()):
        if name not in held:
            found.append(f"{folder / name}: is missing")
        elif contents and (wrong := _changed(folder / name, entry)):
            found.append(wrong)
    return found


def check(model: Installed, *, contents: bool = True) -> None:
    """Raise CheckError, naming the first file that is not as it was stored."""
    for problem in problems(model, contents=contents):
        raise CheckError(f"{problem}; {_again(model.name)}")


@contextmanager
def adding(name: str, given: Path | None = None, *, replace: bool = False) -> Iterator[Path]:
    """A folder to make a model in, while the store is held; whatever is in it and was not stored is gone afterwards.

    Raises SettingsError when the store cannot be written, is held by another process, or holds such a model already
    and `replace` is False.
    """
    store = directory(given)
    with _held(store):
        if os.path.lexists(store / f"{name}.json") and not replace:
            raise SettingsError(f"{store} holds a model `{name}` already; --replace puts this one in its place")
        _sweep(store, name)
        draft = store / f"{_DRAFT}{secrets.token_hex(4)}"
        try:
            draft.mkdir(mode=0o755)  # the sidecar may run as somebody else; a model is no secret
            yield draft
        except OSError as error:
            raise SettingsError(
                f"{store}: the model cannot be written ({error.strerror or error}); make the directory writable, make "
                f"room there, or name another place with --store or {STORE_VARIABLE}"
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def store(name: str, draft: Path, manifest: Mapping[str, Any]) -> Installed:
    """Put the files of a draft in the store under `name`, in place of what was there; to be called within `adding`.
    `manifest` says everything but `format`, `name`, `folder` and `files`."""
    parent = draft.parent
    files = {path.name: _entry(path) for path in sorted(draft.iterdir())}
    identity = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]
    # the random part: the same model may be added again while readers are at the old folder
    folder = f"{name}-{identity}-{secrets.token_hex(2)}"
    whole = {"format": FORMAT, "name": name, "folder": folder, **manifest, "files": files}
    wrong = _malformed(whole, name)
    if wrong:
        raise ValueError(wrong)
    draft.rename(parent / folder)
    try:
        for file in (parent / folder).iterdir():
            _sync(file)
        _sync(parent / folder)
        _put(parent / f"{name}.json", json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
    except BaseException:
        shutil.rmtree(parent / folder, ignore_errors=True)
        raise
    _sweep(parent, name)
    return Installed(name, parent / f"{name}.json", whole)


def remove(name: str, given: Path | None = None) -> None:
    """Remove a model, whatever state it is in.  Raises SettingsError when there is none."""
    if wrong := _misnamed(name):
        raise SettingsError(wrong)
    store = directory(given)
    if not os.path.lexists(store / f"{name}.json"):
        raise SettingsError(f"{store} holds no model `{name}`; it holds: {', '.join(names(given)) or 'none'}")
    with _held(store):
        try:
            (store / f"{name}.json").unlink(missing_ok=True)
            _sweep(store, name)
        except OSError as error:
            raise SettingsError(f"{store}: the model cannot be removed ({error.strerror})") from error


@contextmanager
def _held(store: Path) -> Iterator[None]:
    try:
        store.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(store / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{store}: the model store cannot be written ({error.strerror}); name another with --store or "
            f"{STORE_VARIABLE}"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(f"{store}: another process is changing this store; wait until it has ended") from error
        yield
    finally:
        os.close(handle)


def _misnamed(name: str) -> str:
    """What is wrong with a name: one with a path in it would lead out of the store."""
    if _NAME.fullmatch(name):
        return ""
    return f"`{name}` is no name of a model; `guardrail models list` shows those in the store"


def _sweep(store: Path, name: str) -> None:
    """Remove drafts, and folders of `name` that its manifest does not name."""
    named = ""
    with suppress(OSError, ValueError, TypeError, KeyError):
        named = json.loads((store / f"{name}.json").read_text("utf-8"))["folder"]
    for path in store.iterdir():
        ours = path.name.startswith((f"{name}-", _DRAFT)) and path.is_dir() and not path.is_symlink()
        if ours and path.name != named:
            shutil.rmtree(path, ignore_errors=True)


def _malformed(manifest: Any, name: str) -> str:
    """What is wrong with a manifest; nothing, when it can be used."""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return f"its format is not {FORMAT}"
    if manifest.get("name") != name or manifest.get("engine") not in ENGINES:
        return f"it is not one of `{name}` with an engine of {', '.join(ENGINES)}"
    folder, files = manifest.get("folder"), manifest.get("files")
    if not isinstance(folder, str) or not _FILE.fullmatch(folder) or not folder.startswith(f"{name}-"):
        return "`folder` is no folder of the store"
    if not isinstance(files, dict) or not files:
        return "`files` lists none"
    for file, entry in files.items():
        plain = isinstance(entry, dict) and isinstance(entry.get("bytes"), int)
        if not _FILE.fullmatch(file) or not plain or not _DIGEST.fullmatch(str(entry.get("sha256"))):
            return f"`files` does not say bytes and sha256 of `{file}`"
    return ""


def _changed(path: Path, entry: Mapping[str, Any]) -> str:
    try:
        found = _entry(path)
    except OSError as error:
        return f"{path}: cannot be read ({error.strerror})"
    return "" if found == entry else f"{path}: has changed since it was stored (SHA-256 differs)"


def _entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _put(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _again(name: str) -> str:
    return f"copy the store again, or `guardrail models add {name} --replace`"


def _reason(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is no JSON"

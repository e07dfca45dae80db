"""The embedded models: small files of named arrays beside a manifest that says what each of them must hash to.

Rules:
1. A model is read only when its SHA-256 is the one in `manifest.json`, which is reviewed and committed with it:
   a damaged or exchanged file is a check that cannot run, never a check that quietly judges otherwise.
2. The format holds numbers and cannot hold code (no pickle): one line of JSON that names the arrays, then their bytes.
3. Writing is deterministic: the same arrays give the same bytes, so that training can be repeated and compared.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.errors import CheckError

DIRECTORY = Path(__file__).parent
MANIFEST = "manifest.json"
_FORMAT = "guardrail-arrays-1"
_CURE = "reinstall guardrail, or train the model again (docs/models)"
_DTYPES = frozenset({"int8", "uint8", "uint16", "uint32", "uint64", "float32", "float64"})


@dataclass(frozen=True, slots=True)
class Model:
    """What a model file holds: free-form settings, read-only arrays by name, and its SHA-256."""

    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    sha256: str


def pack(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a model file; numbers are written little-endian.  Raises ValueError for a type the format lacks."""
    listing: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    for name, array in arrays.items():
        if array.dtype.name not in _DTYPES:
            raise ValueError(f"array {name}: {array.dtype.name} is not one of {', '.join(sorted(_DTYPES))}")
        listing.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape)})
        pieces.append(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    header = {"format": _FORMAT, "settings": dict(settings), "arrays": listing}
    line = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return line.encode() + b"\n" + b"".join(pieces)


def unpack(content: bytes) -> Model:
    """The model in the bytes of a model file.  Raises ValueError when they are not one."""
    line, _, body = content.partition(b"\n")
    header = json.loads(line)
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ValueError(f"the file does not begin with a {_FORMAT} header")
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    for entry in header["arrays"]:
        dtype, shape = np.dtype(entry["dtype"]).newbyteorder("<"), tuple(entry["shape"])
        size = int(np.prod(shape)) * dtype.itemsize
        if len(body) < at + size:
            raise ValueError(f"array {entry['name']} is cut off")
        arrays[entry["name"]] = np.frombuffer(body[at : at + size], dtype).reshape(shape)
        at += size
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes follow the last array")
    return Model(header["settings"], arrays, hashlib.sha256(content).hexdigest())


def verified(file_name: str, directory: Path = DIRECTORY) -> bytes:
    """The bytes of an embedded model.  Raises CheckError when it is missing or not the file that the manifest names."""
    try:
        expected = json.loads((directory / MANIFEST).read_text("utf-8"))[file_name]["sha256"]
        content = (directory / file_name).read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckError(f"model {file_name} cannot be read ({type(error).__name__}: {error}); {_CURE}") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise CheckError(f"model {file_name} is not the file that {MANIFEST} names (SHA-256 differs); {_CURE}")
    return content


def read_model(file_name: str, directory: Path = DIRECTORY) -> Model:
    """The embedded model `file_name`.  Raises CheckError when it is missing, changed or malformed, with the cure."""
    try:
        return unpack(verified(file_name, directory))
    except (ValueError, KeyError, TypeError) as error:
        raise CheckError(f"model {file_name} is malformed ({error}); {_CURE}") from error


def write_model(path: Path, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write a model file and its line in the manifest beside it; the answer is its SHA-256."""
    path.write_bytes(pack(settings, arrays))
    return note_file(path)


def note_file(path: Path) -> str:
    """Write the line of a file in the manifest beside it; the answer is its SHA-256."""
    content = path.read_bytes()
    manifest_path = path.parent / MANIFEST
    manifest = json.loads(manifest_path.read_text("utf-8")) if manifest_path.exists() else {}
    digest = hashlib.sha256(content).hexdigest()
    manifest[path.name] = {"bytes": len(content), "sha256": digest}
    manifest_path.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return digest

"""Sets of texts as files: JSON lines, plain or gzip, read strictly enough that a wrong file is named with its line.

One object a line: `id`, `text`, and where known `lang`, `prompt`, `context`, `messages`, `labels` (an object) and
`spans` (`[{start, end, type}]`, offsets in Unicode code points of `text`, end exclusive).  Other keys are ignored.

Rules: a set that is not there is not an error (what is missing is said by name, the rest is measured); a set that is
there and cannot be read is one.
"""

import gzip
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from guardrail.errors import SettingsError
from guardrail.evaluation.matching import Span

DEFAULT = Path("../shared/data")
Check = Callable[[Mapping[str, Any], str], None]
"""Looks at the object of a line, given its place (`file:line`), and raises SettingsError where it is not as owed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One text with what is known about it."""

    id: str
    text: str
    language: str = ""
    prompt: str = ""
    context: str = ""
    labels: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    system: str = ""
    caller: tuple[str, ...] = ()


def find(data: Path, name: str) -> Path | None:
    """The file of the set `name` (`benign/replay`) under `data`, None where there is none."""
    for ending in (".jsonl", ".jsonl.gz"):
        path = data / f"{name}{ending}"
        if path.is_file():
            return path
    return None


def sets(data: Path, group: str) -> dict[str, Path]:
    """The files of all sets of a group (`benign`) by name (`benign/replay`), in order."""
    files = (data / group).glob("*.jsonl*") if (data / group).is_dir() else ()
    names = sorted({f"{group}/{path.name.split('.jsonl')[0]}" for path in files})
    return {name: path for name in names if (path := find(data, name)) is not None}


def read(path: Path, limit: int | None = None, seed: int = 1, check: Check | None = None) -> list[Item]:
    """The items of a file; with `limit`, that many drawn by `seed` in the order of the file.  `check` is given each
    object with its place and may raise SettingsError.

    Raises SettingsError for a file that cannot be read and for a line that is no item, with its number.
    """
    items = list(_items(path, check))
    return sample(items, limit, seed)


def sample(items: Sequence[Any], limit: int | None, seed: int = 1) -> list[Any]:
    """At most `limit` of the items, drawn by `seed`, in their order."""
    if limit is None or len(items) <= limit:
        return list(items)
    return [items[index] for index in sorted(random.Random(seed).sample(range(len(items)), limit))]


def _items(path: Path, check: Check | None) -> Iterator[Item]:
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "not a whole gzip file"
        raise SettingsError(f"{path}: {reason}") from None
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield _item(line, f"{path}:{number}", number, check)


def _item(line: bytes, where: str, number: int, check: Check | None) -> Item:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{where}: not JSON ({error.msg}); expected one object a line") from None
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        raise SettingsError(f'{where}: expected an object with a string "text"')
    if check is not None:
        check(given, where)
    words = {name: given.get(name) or "" for name in ("lang", "prompt", "context", "system")}
    for name, value in words.items():
        if not isinstance(value, str):
            raise SettingsError(f'{where}: "{name}" must be a string')
    labels = given.get("labels") or {}
    if not isinstance(labels, dict):
        raise SettingsError(f'{where}: "labels" must be an object')
    system, caller = _said(given.get("messages"), where)
    return Item(
        str(given.get("id", number)),
        given["text"],
        words["lang"],
        words["prompt"],
        words["context"],
        labels,
        tuple(_span(span, given["text"], where) for span in given.get("spans") or ()),
        words["system"] or system,
        caller or ((words["prompt"],) if words["prompt"] else ()),
    )


def _span(given: Any, text: str, where: str) -> Span:
    if not isinstance(given, dict) or not all(isinstance(given.get(name), int) for name in ("start", "end")):
        raise SettingsError(f'{where}: a span needs whole numbers "start" and "end", and a "type"')
    start, end = given["start"], given["end"]
    if not 0 <= start < end <= len(text):
        raise SettingsError(f"{where}: span {start}..{end} does not lie in a text of {len(text)} characters")
    if "text" in given and given["text"] != text[start:end]:
        raise SettingsError(f'{where}: span {start}..{end} is not its "text"; offsets count Unicode code points')
    return Span(str(given.get("type") or given.get("kind") or ""), start, end)


def _said(messages: Any, where: str) -> tuple[str, tuple[str, ...]]:
    """What the system messages and the caller's messages of a conversation say."""
    if messages is None:
        return "", ()
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise SettingsError(f'{where}: "messages" must be a list of objects')
    said = [(one.get("role"), one.get("content")) for one in messages]
    system = [str(text) for role, text in said if role in ("system", "developer") and isinstance(text, str)]
    return "\n".join(system), tuple(str(text) for role, text in said if role == "user" and isinstance(text, str))

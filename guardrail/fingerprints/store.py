"""The store of fingerprints: which documents it holds, how they come in and out, and what a detector asks of it.

Rules:
1. Nothing readable is kept of a document: keyed hashes of its shingles and cells, a keyed digest of its content and of
   its path, counts, the date.  The only words are a label, where the operator gives one.
2. The same content added again changes nothing, so an interrupted run is simply started again.
3. A store names the way of reading text it was made with; one made with another would find nothing and say nothing, so
   it is refused.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.leakage.passages import plain, tokens
from guardrail.errors import SettingsError
from guardrail.fingerprints import cells, file, index
from guardrail.fingerprints.keys import Keys
from guardrail.fingerprints.shingles import REACH, shingles
from guardrail.text.fold import fold

Array = NDArray[Any]
_REPEATS = 8
"""Places of one shingle that are kept of one document."""
MOST = 20_000_000
"""Words of one document: about 1.5 GB of memory while it is added."""
_LABEL_MOST = 120
_PASSAGES = ("passage_hash", "passage_document", "passage_position")
_CELLS = ("cell_hash", "cell_document", "cell_row", "cell_flags")
_UNASKED = ("cell_head", "cell_length")
"""What the heads are made from again when a document comes or goes."""
_NUMBERED = ("passage_document", "cell_document")
_TYPES = {
    "passage_hash": np.uint64, "passage_document": np.uint32, "passage_position": np.uint32,
    "cell_hash": np.uint64, "cell_document": np.uint32, "cell_row": np.uint32, "cell_flags": np.uint8,
    "cell_head": np.uint32, "cell_length": np.uint8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the store lists it.  `form` is `passages` or `cells`; `added` is UTC, ISO 8601; `content` is the
    keyed digest of the file alone (the id is of the options as well), `source` that of the path.  Counts: `words`
    tokens, `shingles` distinct, `rows` and `cells` of a table."""

    id: str
    form: str
    added: str
    source: str = ""
    label: str = ""
    public: bool = False
    words: int = 0
    shingles: int = 0
    rows: int = 0
    cells: int = 0
    content: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is ready to be asked."""

    documents: tuple[Document, ...]
    passages: index.Passages
    cells: index.Cells


def load(path: Path, keys: Keys) -> Store:
    """The store at `path`, mapped.  Raises SettingsError naming the file and the cure."""
    content = file.read(path, keys)
    documents = _documents(path, content)
    arrays = content.arrays
    public = [number for number, document in enumerate(documents) if document.public]
    return Store(
        documents,
        index.Passages(
            [*(arrays[name] for name in _PASSAGES), arrays["passage_bits"]],
            keys.hasher("passage"),
            public,
            _boilerplate(),
        ),
        index.Cells(
            [*(arrays[name] for name in (*_CELLS, "heads")), arrays["head_bits"]],
            keys.hasher("cell"),
            keys.hasher("head"),
        ),
    )


@dataclass(slots=True)
class _New:
    """What was added of one document and is not in the file yet."""

    document: Document
    columns: dict[str, Array] = field(default_factory=dict)


class Draft:
    """A store that is being changed; hold `file.locked` while there is one.  `save` writes it."""

    def __init__(self, path: Path, keys: Keys) -> None:
        """Reads the store at `path`, or begins an empty one where there is none.  Raises SettingsError."""
        self._path, self._keys = path, keys
        self._old = file.read(path, keys) if path.exists() else file.Content({}, {})
        self._kept = list(_documents(path, self._old)) if self._old.arrays else []
        self._numbers = list(range(len(self._kept)))
        self._new: list[_New] = []

    @property
    def documents(self) -> list[Document]:
        """The documents that are in it now, in the order they came."""
        return [*self._kept, *(new.document for new in self._new)]

    @property
    def pending(self) -> int:
        """Shingles and cells that are not written yet."""
        return sum(new.document.shingles + new.document.cells for new in self._new)

    def holds(self, identifier: str) -> bool:
        """Whether a document of this content is in it."""
        return any(document.id == identifier for document in self.documents)

    def add_passages(self, document: Document, pieces: Iterable[str]) -> Document:
        """Add the passages of a text whose pieces end between words; the answer has the counts.

        Raises SettingsError when the text is too short to be told from any other.
        """
        found, words = _shingled(pieces, self._keys.hasher("passage"))
        if not found[0]:
            raise SettingsError("the text is shorter than three words, so there is nothing to recognise it by")
        hashes, positions = _few(np.frombuffer(found[0], np.uint64), np.frombuffer(found[1], np.uint32))
        counted = replace(document, form="passages", words=words, shingles=len(np.unique(hashes)))
        self._new.append(_New(counted, {"passage_hash": hashes, "passage_position": positions}))
        return counted

    def add_cells(self, document: Document, kept: cells.Kept) -> Document:
        """Add the cells of a table; the answer has the counts."""
        counted = replace(document, form="cells", rows=kept.row_count, cells=len(kept.hashes))
        columns: dict[str, Array] = {
            "cell_hash": np.asarray(kept.hashes, np.uint64),
            "cell_head": np.asarray(kept.heads, np.uint32),
            "cell_row": np.asarray(kept.rows, np.uint32),
            "cell_flags": np.frombuffer(bytes(kept.flags), np.uint8),
            "cell_length": np.frombuffer(bytes(kept.lengths), np.uint8),
        }
        self._new.append(_New(counted, columns))
        return counted

    def remove(self, wanted: Callable[[Document], bool]) -> list[Document]:
        """Take out the documents that `wanted` names, and say which those were."""
        gone = [document for document in self.documents if wanted(document)]
        self._numbers = [n for n, document in zip(self._numbers, self._kept, strict=True) if not wanted(document)]
        self._kept = [document for document in self._kept if not wanted(document)]
        self._new = [new for new in self._new if not wanted(new.document)]
        return gone

    def save(self) -> None:
        """Write the store where anything changed.  Raises SettingsError when it cannot; the file is then as it was."""
        if self._old.arrays and not self._new and len(self._numbers) == len(self._old.facts["documents"]):
            return
        arrays = self._merged()
        facts = {"reading": reading(), "documents": [asdict(document) for document in self.documents]}
        self._old = file.Content(facts, arrays)
        file.write(self._path, self._keys, self._old)
        self._kept, self._new = self.documents, []
        self._numbers = list(range(len(self._kept)))

    def _merged(self) -> dict[str, Array]:
        columns = {name: [self._of_old(name)] for name in _TYPES}
        for number, new in enumerate(self._new, len(self._kept)):
            for name, column in new.columns.items():
                columns[name].append(column)
            columns["passage_document"].append(np.full(len(new.columns.get("passage_hash", ())), number, np.uint32))
            columns["cell_document"].append(np.full(len(new.columns.get("cell_hash", ())), number, np.uint32))
        whole = {name: np.concatenate(parts).astype(_TYPES[name], copy=False) for name, parts in columns.items()}
        private = np.array([not document.public for document in self.documents], bool)
        passages = np.lexsort((whole["passage_document"], private[whole["passage_document"]], whole["passage_hash"]))
        table = np.lexsort((whole["cell_row"], whole["cell_document"], whole["cell_hash"]))
        arrays = {name: whole[name][passages] for name in _PASSAGES} | {
            name: whole[name][table] for name in (*_CELLS, *_UNASKED)
        }
        arrays["passage_bits"] = index.bitmap(arrays["passage_hash"])
        arrays["heads"] = index.heads(arrays["cell_head"], arrays["cell_length"])
        arrays["head_bits"] = index.bitmap(arrays["heads"] >> np.uint64(8))
        return arrays

    def _of_old(self, name: str) -> Array:
        """A column of what the file holds, without documents that were removed, with their numbers as they are now."""
        if name not in self._old.arrays:
            return np.zeros(0, _TYPES[name])
        documents = self._old.arrays["passage_document" if name in _PASSAGES else "cell_document"]
        column = self._old.arrays[name]
        count = len(self._old.facts["documents"])
        if len(self._numbers) == count:
            return column
        now: Array = np.full(count, count, np.uint32)
        now[self._numbers] = np.arange(len(self._numbers), dtype=np.uint32)
        numbers: Array = now[documents]
        stays = numbers < count
        return numbers[stays] if name in _NUMBERED else column[stays]


def new_document(keys: Keys, path: Path, *, label: str = "", public: bool = False, options: str = "") -> Document:
    """A document by its content and place, not read yet.  `options` is what else decides what is kept of it.

    Raises SettingsError when the file cannot be read, or the label is too long.
    """
    if len(label) > _LABEL_MOST or any(not character.isprintable() for character in label):
        raise SettingsError(f"a label has at most {_LABEL_MOST} printable characters; `{label[:20]}…` has not")
    digest = _digest(keys, path)
    content = digest.hexdigest()
    digest.update(f"\0{options}\0{public}".encode())
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Document(digest.hexdigest(), "", now, source_of(keys, path), label, public, content=content)


def content_of(keys: Keys, path: Path) -> str:
    """The keyed digest of a file's content.  Raises SettingsError when it cannot be read."""
    return _digest(keys, path).hexdigest()


def source_of(keys: Keys, path: Path) -> str:
    """The keyed digest of a path, whether or not there is a file."""
    return keys.digest("source", str(path.resolve()).encode("utf-8", "surrogateescape"), 8).hex()


def _digest(keys: Keys, path: Path) -> hashlib.blake2b:
    digest = hashlib.blake2b(key=keys.derived("content"), digest_size=8)
    try:
        with path.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    return digest


@lru_cache(maxsize=1)
def reading() -> str:
    """A digest of how text is read into tokens and shingles: stores that differ in it cannot be compared."""
    scripts = "".join(
        map(chr, [*range(0x20, 0x250), *range(0x370, 0x450), *range(0x4E00, 0xA000), *range(0xFF01, 0xFF5F)])
    )
    sizes = [
        size for _, size, _ in shingles(tokens("one two three four 一二三四五六 five 七 six 八九 seven eight nine ten"))
    ]
    return hashlib.sha256(f"{plain(fold(scripts).text)}{sizes}".encode()).hexdigest()[:16]


def _documents(path: Path, content: file.Content) -> tuple[Document, ...]:
    if content.facts["reading"] != reading():
        raise SettingsError(
            f"{path}: the fingerprint store was made by a guardrail that reads text in another way, so nothing "
            "would be found; add the documents again to a new store"
        )
    return tuple(Document(**entry) for entry in content.facts["documents"])


def _shingled(pieces: Iterable[str], hasher: Callable[[str], int]) -> tuple[tuple["array[int]", "array[int]"], int]:
    """The hash and last position of every shingle of a text, and how many tokens it has."""
    hashes, positions = array("Q"), array("I")
    kept: list[str] = []
    count = 0
    for piece in pieces:
        words = [*kept, *tokens(piece)]
        for last, _, text in shingles(words, len(kept)):
            hashes.append(hasher(text))
            positions.append(count + last - len(kept))
        count += len(words) - len(kept)
        if count > MOST:
            raise SettingsError(f"the document has more than {MOST} words; split it")
        kept = words[-(REACH - 1) :]
    return (hashes, positions), count


def _few(hashes: Array, positions: Array) -> tuple[Array, Array]:
    """At most _REPEATS places of each shingle, the first ones."""
    order = np.lexsort((positions, hashes))
    hashes, positions = hashes[order], positions[order]
    again = np.zeros(len(hashes), bool)
    again[_REPEATS:] = hashes[_REPEATS:] == hashes[:-_REPEATS]
    return hashes[~again], positions[~again]


@lru_cache(maxsize=1)
def _boilerplate() -> frozenset[str]:
    """The shingles of the packaged texts that stand in everybody's documents; they are parted by blank lines."""
    text = resources.files("guardrail.fingerprints").joinpath("boilerplate.txt").read_text("utf-8")
    return frozenset(shingle for part in text.split("\n\n") for _, _, shingle in shingles(tokens(part)))

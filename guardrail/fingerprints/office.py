"""Office documents: ZIP archives of XML, read part by part and block by block.

Rules:
1. What the parts of one archive unpack to is counted, so a small file cannot fill the memory.
2. A document type is refused: office documents have none, and entities are how a small text becomes a large one.
3. Read is what a reader sees: body, notes, comments, headers and footers; not deleted passages, not field codes.
"""

import re
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from guardrail.errors import SettingsError
from guardrail.fingerprints import reading

_PARTS = (
    re.compile(r"word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml"),
    re.compile(r"ppt/(?:slides|notesSlides)/[^/]+\.xml"),
    re.compile(r"content\.xml"),
)
"""The parts that a reader sees: WordprocessingML, PresentationML (ISO/IEC 29500-1), OpenDocument (ISO/IEC 26300)."""

_BREAKS = frozenset({"p", "h", "br", "cr", "tab", "tc", "line-break", "list-item", "table-cell"})
_SPACES = frozenset({"s", "noBreakHyphen"})
_UNSEEN = frozenset({"del", "delText", "instrText", "tracked-changes", "moveFrom", "Fallback"})
_TEXT = frozenset({"t"})
_DAMAGED = (
    zipfile.BadZipFile,
    xml.parsers.expat.ExpatError,
    zlib.error,
    OSError,
    RuntimeError,  # zipfile's word for a password
    EOFError,
    NotImplementedError,
)


def text(path: Path, file: IO[bytes]) -> Iterator[str]:
    """The text of a document in blocks.  Raises SettingsError when it is damaged or unpacks to too much."""
    with archive(path, file) as opened_archive:
        names = [name for name in opened_archive.namelist() if any(part.fullmatch(name) for part in _PARTS)]
        if not names:
            raise SettingsError(f"{path}: this archive is no document; {reading.FORMS}")
        budget = Budget(path)
        for name in sorted(names, key=_part_order):
            yield from _xml_text(path, opened_archive, name, budget)
            yield "\n"


def _part_order(name: str) -> tuple[bool, int, str]:
    """The body first, slides by number."""
    number = re.search(r"(\d+)\.xml$", name)
    return "document" not in name, int(number[1]) if number else 0, name


def archive(path: Path, file: IO[bytes]) -> zipfile.ZipFile:
    """The archive in a file.  Raises SettingsError when it is damaged."""
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SettingsError(f"{path}: the document is damaged ({error}); save it again") from error


class Budget:
    """Counts what the parts of one archive unpack to."""

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path, self.left = path, reading.UNPACKED_MOST if most is None else most

    def spend(self, amount: int) -> None:
        """Raises SettingsError when it is too much."""
        self.left -= amount
        if self.left < 0:
            raise SettingsError(
                f"{self.path}: the document unpacks to more than {reading.UNPACKED_MOST >> 20} MiB; save it as text"
            )


def parse_xml(
    path: Path,
    opened_archive: zipfile.ZipFile,
    name: str,
    budget: Budget,
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> Iterator[None]:
    """Parse one part of an archive, block by block; names come without their namespace.

    A document type is refused: office documents have none, and entities are how a small file becomes a large one.
    Raises SettingsError when the part is damaged or unpacks to too much.
    """
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = data

    def refused(*ignored: object) -> None:
        raise SettingsError(f"{path}: `{name}` declares a document type, which no office document does; save it again")

    parser.StartDoctypeDeclHandler = refused
    try:
        with opened_archive.open(name) as part:
            while block := part.read(reading.BLOCK):
                budget.spend(len(block))
                parser.Parse(block, False)
                yield
            parser.Parse(b"", True)
            yield
    except _DAMAGED as error:
        raise SettingsError(
            f"{path}: `{name}` in it cannot be read ({error}); save it again, without a password"
        ) from error


def _xml_text(path: Path, opened_archive: zipfile.ZipFile, name: str, budget: Budget) -> Iterator[str]:
    """The text of one part: of Microsoft's forms what stands in `t`, of OpenDocument what stands in paragraphs."""
    seen: list[str] = []
    everywhere = name == "content.xml"
    depth = {"unseen": 0, "text": 0}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag in _UNSEEN:
            depth["unseen"] += 1
        elif tag in _TEXT or (everywhere and tag in ("p", "h")):
            depth["text"] += 1
        elif tag in _SPACES:
            seen.append(" ")

    def end(tag: str) -> None:
        if tag in _UNSEEN:
            depth["unseen"] -= 1
        elif tag in _TEXT or (everywhere and tag in ("p", "h")):
            depth["text"] -= 1
        if tag in _BREAKS:
            seen.append("\n")

    def data(text: str) -> None:
        if depth["text"] and not depth["unseen"]:
            seen.append(text)

    for _ in parse_xml(path, opened_archive, name, budget, start=start, end=end, data=data):
        yield "".join(seen)
        seen.clear()

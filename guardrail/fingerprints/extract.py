"""Reads the text of a document piece by piece, whatever its form, within bounds.

Rules:
1. What a file is, its first bytes say; its name only tells HTML, tables and plain text apart.  A form that cannot be
   read is an error that names the cure, never an empty document.
2. Nothing is held whole: text comes in pieces, and pieces end between words.  How much a file may unpack to is bounded.
3. Only what a reader of the document sees is read: no scripts, styles, deleted passages or markup.
4. PDF is read by pypdf (extra `documents`) in a process of its own with bounds on memory and time (`pdftext.py`).
"""

import codecs
import html.parser
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from guardrail.errors import SettingsError
from guardrail.fingerprints import office, reading, tables

HTML = frozenset({".html", ".htm", ".xhtml"})
SUFFIXES = (
    tables.PLAIN
    | tables.SUFFIXES
    | HTML
    | {".txt", ".text", ".md", ".markdown", ".rst", ".log", ".eml", ".tex", ".adoc", ".org"}
    | {".pdf", ".docx", ".docm", ".pptx", ".pptm", ".odt", ".odp"}
)
"""The endings of the file names that are taken from a folder."""
_HTML_HEAD = re.compile(rb"\s*<(?:!doctype html|html)\b", re.I)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PENDING_MOST = 1 << 18
"""Characters of markup that may stay open (a comment without an end): what is longer is read as text."""
_SOFT_BREAK = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
"""A word divided at the end of a line."""
_WORD_MOST = 1 << 12
"""Characters without a blank after which a piece may end inside a word."""


@dataclass(slots=True)
class Notes:
    """What is worth telling of a document that was read."""

    lines: list[str] = field(default_factory=list)


def pieces(path: Path, encoding: str | None = None, notes: Notes | None = None) -> Iterator[str]:
    """The text of the document at `path` in pieces that end between words.

    Raises SettingsError naming the file and the cure when it cannot be read or holds no text.
    """
    any_text = False
    for piece in _between_words(_unpacked(path, encoding, notes or Notes())):
        any_text = any_text or not piece.isspace()
        yield piece
    if not any_text:
        raise SettingsError(f"{path}: there is no text in this document; if it is scanned, run OCR over it first")


def _unpacked(path: Path, encoding: str | None, notes: Notes) -> Iterator[str]:
    with reading.opened(path) as file:
        head = file.read(1024)
        file.seek(0)
        if head.startswith(b"PK\x03\x04"):
            yield from _archived(path, file)
        elif head.lstrip().startswith(b"%PDF-") or path.suffix.lower() == ".pdf":
            yield from _pdf(path, notes)
        elif head.startswith(_OLE):
            raise SettingsError(f"{path}: this is an old office document; save it as DOCX, XLSX, PPTX or PDF")
        elif path.suffix.lower() in HTML or _HTML_HEAD.match(head.removeprefix(codecs.BOM_UTF8)):
            yield from _html(reading.decoded(path, file, encoding))
        else:
            yield from reading.decoded(path, file, encoding)


def _archived(path: Path, file: IO[bytes]) -> Iterator[str]:
    if not tables.is_workbook(path):
        yield from office.text(path, file)
        return
    for table in tables.tables(path):
        for row in table:
            yield " ".join(row) + "\n"


def _between_words(blocks: Iterator[str]) -> Iterator[str]:
    """The same text, cut after white space."""
    kept = ""
    for block in blocks:
        kept += block
        end = max(kept.rfind(" "), kept.rfind("\n"))
        if end >= 0:
            yield kept[: end + 1]
            kept = kept[end + 1 :]
        if len(kept) > _WORD_MOST:
            yield kept
            kept = ""
    if kept:
        yield kept


class _Reader(html.parser.HTMLParser):
    """Collects what a reader sees."""

    _UNSEEN = frozenset({"script", "style", "template", "noscript", "head"})
    _INLINE = frozenset(
        {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark"}
        | {"q", "s", "small", "span", "strong", "sub", "sup", "u", "var", "wbr"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._UNSEEN:
            self._unseen += 1
        elif tag == "body":
            self._unseen = 0  # a head that was never closed
        self._between(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        self._between(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.seen.append(data)

    def _between(self, tag: str) -> None:
        if tag not in self._INLINE:
            self.seen.append("\n")


def _html(blocks: Iterator[str]) -> Iterator[str]:
    reader = _Reader()
    for block in blocks:
        reader.feed(block)
        if len(reader.rawdata) > _PENDING_MOST:
            reader.handle_data(reader.rawdata)
            reader.rawdata = ""
        yield "".join(reader.seen)
        reader.seen.clear()
    reader.close()
    yield "".join(reader.seen)


def _pdf(path: Path, notes: Notes) -> Iterator[str]:
    if importlib.util.find_spec("pypdf") is None:
        raise SettingsError(
            f"{path}: reading PDF needs the extra that brings pypdf: pip install 'guardrail[documents]'"
        )
    command = [sys.executable, "-m", "guardrail.fingerprints.pdftext", str(path.resolve())]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        try:
            assert reader.stdout is not None
            yield from _pages(path, reader.stdout, notes)
        finally:
            reader.kill()


def _pages(path: Path, stdout: IO[bytes], notes: Notes) -> Iterator[str]:
    left, empty, count = reading.UNPACKED_MOST, 0, 0
    while line := stdout.readline(reading.UNPACKED_MOST):
        try:
            told = json.loads(line)
        except ValueError:
            break
        if "error" in told:
            raise SettingsError(f"{path}: {told['error']}")
        if "pages" in told:
            if empty and empty < count:
                notes.lines.append(
                    f"{empty} of {count} pages hold no text; if they are scanned, run OCR over them first"
                )
            return
        text = told["text"]
        left -= len(text)
        if left < 0:
            raise SettingsError(
                f"{path}: the PDF holds more than {reading.UNPACKED_MOST >> 20} million characters; split it"
            )
        count += 1
        empty += not text.strip()
        yield _SOFT_BREAK.sub("", text) + "\n"
    raise SettingsError(
        f"{path}: reading this PDF took more memory or time than is allowed, or failed half-way; save it again with "
        "another program, or as plain text"
    )

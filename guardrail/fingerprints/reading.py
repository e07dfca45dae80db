"""Opens a file and decodes its text, within bounds; every failure names the file and the cure."""

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from guardrail.errors import SettingsError
from guardrail.fingerprints import encodings

BLOCK = 1 << 16
"""Bytes that are read at a time."""
FILE_MOST = 1 << 30
"""Bytes of a file; one text of more is not a document."""
UNPACKED_MOST = 1 << 29
"""Bytes that the parts of one archive may unpack to, and characters that one PDF may hold."""
FORMS = "guardrail reads text, Markdown, HTML, CSV, TSV, PDF, DOCX, PPTX, XLSX and ODT"
_SAMPLE = 1 << 20


def opened(path: Path) -> IO[bytes]:
    """The file, open for reading.  Raises SettingsError when it cannot be opened or is too large."""
    try:
        file = path.open("rb")
        size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    if size > FILE_MOST:
        file.close()
        raise SettingsError(f"{path}: {size >> 20} MiB are more than the {FILE_MOST >> 20} MiB of a document; split it")
    return file


def decoded(path: Path, file: IO[bytes], encoding: str | None) -> Iterator[str]:
    """The characters of a text file, in blocks.  Raises SettingsError when its encoding cannot be told, is not kept, or
    is named against what the bytes say clearly (an `encodings.Insisted` is taken at its word)."""
    sample = file.read(_SAMPLE)
    rest = file.read(BLOCK)
    seen = encodings.contradicted(encoding, sample, whole=not rest) if encoding else None
    if seen is not None:
        raise SettingsError(
            f"{path}: the bytes are {seen}, and read as {encoding} they are other characters or none; "
            "leave --encoding out, or insist on it with --insist"
        )
    name = encodings.chosen(encoding) if encoding else encodings.sniff(sample, whole=not rest)
    if name is None:
        raise SettingsError(
            f"{path}: this is no text in an encoding that can be told from its bytes; {FORMS}; for text, name the "
            f"encoding with --encoding ({', '.join(encodings.NAMES)})"
        )
    decoder = codecs.getincrementaldecoder(name)("strict")
    done = 0
    block = sample
    try:
        while block:
            yield decoder.decode(block, final=not rest)
            done += len(block)
            block, rest = rest, file.read(BLOCK) if rest else b""
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: not {name} near byte {done + error.start}; name the encoding with --encoding, or repair the file"
        ) from None


def is_archive(path: Path) -> bool:
    """Whether the file is a ZIP archive, as office documents are."""
    with opened(path) as file:
        return file.read(4) == b"PK\x03\x04"

"""Reads tables row by row: CSV, TSV and the sheets of XLSX, each with its first row as the names of its columns.

Rules:
1. Rows are lists of strings as the file writes them; a number cell of a sheet is written without exponent, so that an
   account number is the digits that people see.
2. A row is never held longer than it takes to use it; the shared strings of a sheet are, within the bounds of `office`.
"""

import csv
import difflib
import re
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from guardrail.errors import SettingsError
from guardrail.fingerprints import office, reading
from guardrail.text.fold import fold

Row = list[str]
PLAIN = frozenset({".csv", ".tsv", ".tab"})
SUFFIXES = PLAIN | {".xlsx", ".xlsm"}
_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_COLUMN = re.compile(r"([A-Z]{1,3})\d+")
_COLUMNS_MOST = 16_384
"""Columns of a sheet (ECMA-376, the limit of its applications)."""
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_SHARED = "xl/sharedStrings.xml"


def tables(path: Path, encoding: str | None = None) -> Iterator[Iterator[Row]]:
    """The tables in the file at `path`, each as its rows, the names of the columns first; read one after another.

    Raises SettingsError naming the file and the cure when it is no table or cannot be read.
    """
    with reading.opened(path) as file:
        if reading.is_archive(path):
            with office.archive(path, file) as opened_archive:
                names = _sheets(path, opened_archive)
                budget = office.Budget(path)
                shared = _shared(path, opened_archive, budget)
                for name in names:
                    yield _sheet(path, opened_archive, name, shared, budget)
        elif path.suffix.lower() in PLAIN:
            yield _csv(path, _lines(reading.decoded(path, file, encoding)))
        else:
            raise SettingsError(f"{path}: columns are taken from CSV, TSV and XLSX; save the table as one of them")


def is_workbook(path: Path) -> bool:
    """Whether the file is an archive with sheets in it."""
    with reading.opened(path) as file, office.archive(path, file) as opened_archive:
        return any(_SHEET.fullmatch(name) for name in opened_archive.namelist())


def positions(path: Path, header: Row, wanted: Sequence[str]) -> list[int]:
    """Where the columns `wanted` stand, by name (case and width aside) or by number from 1.

    Raises SettingsError with the names there are when one is missing or stands twice.
    """
    names = [_plain(name) for name in header]
    found: list[int] = []
    for column in wanted:
        plain = _plain(column)
        if names.count(plain) > 1:
            raise SettingsError(
                f"{path}: {names.count(plain)} columns are called `{column}`; name one by its number, from 1"
            )
        if plain in names:
            found.append(names.index(plain))
        elif plain.isdecimal() and 1 <= int(plain) <= len(names):
            found.append(int(plain) - 1)
        else:
            raise SettingsError(f"{path}: there is no column `{column}`; {_nearest(plain, header, names)}")
    return found


def _nearest(plain: str, header: Row, names: Row) -> str:
    near = difflib.get_close_matches(plain, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{header[names.index(near[0])].strip()}`?"
    shown = ", ".join(f"`{name.strip()[:40]}`" for name in header[:30])
    return f"the first row names {shown}" if shown else "the table is empty"


def _plain(name: str) -> str:
    return " ".join(fold(name).text.casefold().split())


def _lines(blocks: Iterator[str]) -> Iterator[str]:
    """Lines with their ends, as the csv module wants them."""
    kept = ""
    for block in blocks:
        kept += block
        # The last line may go on, and so may a line end (\r\n).
        lines = kept.splitlines(keepends=True) if len(kept) < 2 else _split(kept)
        kept = lines.pop() if lines else ""
        yield from lines
    if kept:
        yield from _split(kept)


def _split(text: str) -> list[str]:
    """At \\n alone: `splitlines` also cuts at characters that may stand in a cell."""
    lines = text.split("\n")
    return [*(line + "\n" for line in lines[:-1]), *lines[-1:]]


def _csv(path: Path, lines: Iterator[str]) -> Iterator[Row]:
    first = next(lines, "").removeprefix("\ufeff")
    bare = _QUOTED.sub("", first)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else max(_DELIMITERS, key=bare.count)

    def again() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(again(), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        raise SettingsError(
            f"{path}: line {reader.line_num} is no row of a table ({error}); repair it, or save the table again"
        ) from None


def _sheets(path: Path, opened_archive: zipfile.ZipFile) -> list[str]:
    names = [name for name in opened_archive.namelist() if _SHEET.fullmatch(name)]
    if not names:
        raise SettingsError(f"{path}: there is no sheet in this file; columns are taken from CSV, TSV and XLSX")
    return sorted(names, key=lambda name: (len(name), name))


def _shared(path: Path, opened_archive: zipfile.ZipFile, budget: office.Budget) -> list[str]:
    """The strings that cells name by number (ECMA-376 part 1, 18.4.8)."""
    strings: list[str] = []
    if _SHARED not in opened_archive.namelist():
        return strings
    collector = _Strings()
    for _ in office.parse_xml(
        path, opened_archive, _SHARED, budget, start=collector.start, end=collector.end, data=collector.data
    ):
        strings += collector.taken()
    return strings


class _Strings:
    """Collects `si` elements: the text of their `t`, without phonetic guides."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._parts: list[str] = []
        self._open = self._phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._phonetic = self._phonetic or tag == "rPh"
        self._open = tag == "t"

    def end(self, tag: str) -> None:
        self._open = False
        if tag == "rPh":
            self._phonetic = False
        elif tag == "si":
            self._done.append("".join(self._parts))
            self._parts.clear()

    def data(self, text: str) -> None:
        if self._open and not self._phonetic:
            self._parts.append(text)

    def taken(self) -> list[str]:
        done, self._done = self._done, []
        return done


def _sheet(
    path: Path, opened_archive: zipfile.ZipFile, name: str, shared: list[str], budget: office.Budget
) -> Iterator[Row]:
    collector = _Cells(shared)
    for _ in office.parse_xml(
        path, opened_archive, name, budget, start=collector.start, end=collector.end, data=collector.data
    ):
        yield from collector.taken()


class _Cells:
    """Collects the rows of a sheet (ECMA-376 part 1, 18.3.1.4 and 18.3.1.73)."""

    def __init__(self, shared: list[str]) -> None:
        self._shared = shared
        self._done: list[Row] = []
        self._row: Row = []
        self._kind = ""
        self._parts: list[str] = []
        self._open = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self._row = []
        elif tag == "c":
            self._kind = attributes.get("t", "n")
            self._parts.clear()
            at = _COLUMN.fullmatch(attributes.get("r", ""))
            column = min(_number(at[1]), _COLUMNS_MOST) if at else len(self._row)
            self._row += [""] * (column - len(self._row))
        self._open = tag in ("v", "t")

    def end(self, tag: str) -> None:
        self._open = False
        if tag == "c":
            self._row.append(self._value("".join(self._parts)))
        elif tag == "row" and any(self._row):
            self._done.append(self._row)

    def data(self, text: str) -> None:
        if self._open:
            self._parts.append(text)

    def taken(self) -> list[Row]:
        done, self._done = self._done, []
        return done

    def _value(self, raw: str) -> str:
        if self._kind == "s":
            return self._shared[int(raw)] if raw.isdecimal() and int(raw) < len(self._shared) else ""
        return _digits(raw) if self._kind == "n" else raw


def _number(letters: str) -> int:
    """The column that is called `letters`, from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _digits(raw: str) -> str:
    """A number without exponent, and without a fraction that is zero; other values as they are."""
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return raw
    if not number.is_finite() or number.adjusted() > 30:
        return raw
    return format(number.to_integral_value(), "f") if number == number.to_integral_value() else format(number, "f")

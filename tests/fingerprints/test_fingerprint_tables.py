"""Tables as people save them: every row, every column by its name, account numbers as digits."""

import zipfile

import pytest

from guardrail.errors import SettingsError
from guardrail.fingerprints import tables

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def rows(tmp_path, name, content, encoding=None):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [list(table) for table in tables.tables(path, encoding)]


def workbook(tmp_path, sheets, shared=()):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
        strings = "".join(f"<si>{each}</si>" for each in shared)
        file.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{strings}</sst>")
        for number, sheet in enumerate(sheets, 1):
            file.writestr(
                f"xl/worksheets/sheet{number}.xml", f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>"
            )
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,name\n1,陳大文\n2,Lee\n"),
        ("a.csv", "\ufeffid,name\r\n1,陳大文\r\n2,Lee"),
        ("a.csv", "id;name\n1;陳大文\n\n2;Lee\n"),
        ("a.csv", 'id|name\n"1"|"陳大文"\n2|Lee\n'),
        ("a.tsv", "id\tname\n1\t陳大文\n2\tLee\n"),
        ("a.csv", "id,name\n1,陳大文\n2,Lee\n".encode("big5")),
        ("a.csv", "id,name\n1,陳大文\n2,Lee\n".encode("utf-16")),
    ],
)
def test_a_table_is_read_whatever_it_was_saved_as(tmp_path, name, content):
    encoding = "big5" if isinstance(content, bytes) and content[:2] == b"id" else None
    assert rows(tmp_path, name, content, encoding) == [[["id", "name"], ["1", "陳大文"], ["2", "Lee"]]]


def test_a_cell_may_hold_delimiters_and_lines(tmp_path):
    content = 'id,"na,me"\n1,"two\nlines, and ""quotes"""\n2,\u2028x\n'
    assert rows(tmp_path, "a.csv", content) == [[["id", "na,me"], ["1", 'two\nlines, and "quotes"'], ["2", "\u2028x"]]]


def test_a_long_table_is_read_to_its_end(tmp_path):
    content = "id,name\n" + "".join(f"{n},some name {n}\n" for n in range(100_000))
    (found,) = rows(tmp_path, "a.csv", content)
    assert len(found) == 100_001 and found[-1] == ["99999", "some name 99999"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", 'id,name\n1,"never closed\n' + "x,y\n" * 100_000, r"a\.csv: line \d+ is no row of a table"),
        ("a.pdf", "id,name\n1,x\n", "columns are taken from CSV, TSV and XLSX"),
        ("a.csv", b"\xd0\xcf\x11\xe0" + bytes(100), r"a\.csv: this is no text"),
    ],
)
def test_what_is_no_table_says_so(tmp_path, name, content, reason):
    with pytest.raises(SettingsError, match=reason):
        rows(tmp_path, name, content)


def test_sheets_are_read_by_the_place_of_their_cells(tmp_path):
    sheet = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>1.23456789012E11</v></c><c r="C2" t="inlineStr"><is><t>陳</t><t>大文</t></is></c></row>'
        '<row r="3"><c r="A3"><v>0012</v></c><c r="B3" t="str"><v>made</v></c><c r="C3"><v>12.50</v></c></row>'
        '<row r="4"/><row r="5"><c r="A5" t="s"><v>99</v></c><c><v>7</v></c></row>'
    )
    shared = ["<t>account</t>", "<r><t>na</t></r><r><t>me</t></r><rPh><t>ruby</t></rPh>"]
    path = workbook(tmp_path, [sheet, '<row><c t="inlineStr"><is><t>second</t></is></c></row>'], shared)
    assert [list(table) for table in tables.tables(path)] == [
        [["account", "", "name"], ["123456789012", "", "陳大文"], ["12", "made", "12.50"], ["", "7"]],
        [["second"]],
    ]
    assert tables.is_workbook(path)


def test_columns_are_named_as_people_write_them(tmp_path):
    header = ["Account No", "姓名", "HKID", "hkid", "3"]
    assert tables.positions(tmp_path, header, ["account  no", "姓名", "１"]) == [0, 1, 0]
    assert tables.positions(tmp_path, header, ["3"]) == [4]
    with pytest.raises(SettingsError, match=r"did you mean `Account No`\?"):
        tables.positions(tmp_path, header, ["acount no"])
    with pytest.raises(SettingsError, match="the first row names `Account No`, `姓名`"):
        tables.positions(tmp_path, header, ["phone"])
    with pytest.raises(SettingsError, match="2 columns are called `HKID`; name one by its number"):
        tables.positions(tmp_path, header, ["HKID"])
    with pytest.raises(SettingsError, match="the table is empty"):
        tables.positions(tmp_path, [], ["id"])

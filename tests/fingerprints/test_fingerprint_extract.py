"""What is read of a document: what a reader of it sees, whatever its form, and never more than the machine can hold."""

import importlib.util
import io
import zipfile
import zlib

import pytest

from guardrail.errors import SettingsError
from guardrail.fingerprints import extract, office, reading

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
OPEN = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'


def archive(parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def text_of(tmp_path, name, content, **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return "".join(extract.pieces(path, **options))


def words(text):
    return " ".join(text.split())


def pdf(pages, chinese=False):
    """A small PDF, one text a page; Chinese by codes of its own that a ToUnicode table turns back (ISO 32000-1, 9.10.3)."""
    characters = sorted({character for page in pages for character in page})
    codes = {character: index + 1 for index, character in enumerate(characters)}
    if chinese:
        rows = "\n".join(f"<{code:04X}> <{character.encode('utf-16-be').hex()}>" for character, code in codes.items())
        table = f"begincmap\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(codes)} beginbfchar\n{rows}\nendbfchar\nendcmap"
        fonts = [
            b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(table), table.encode()),
        ]
    else:
        fonts = [b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", b"null", b"null"]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", *fonts]
    kids = []
    for page in pages:
        shown = (
            b"<" + b"".join(b"%04X" % codes[c] for c in page) + b">"
            if chinese
            else b"(" + page.encode("latin-1") + b")"
        )
        stream = zlib.compress(b"BT /F1 12 Tf 72 700 Td " + shown + b" Tj ET")
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>"
            % (len(objects) + 2)
        )
        objects.append(b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    return made + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def docx(body, **parts):
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            **parts,
        }
    )


def paragraph(*runs):
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def test_plain_text_is_read_as_it_is(tmp_path):
    assert text_of(tmp_path, "a.txt", "兩行\n文字 and more") == "兩行\n文字 and more"
    assert text_of(tmp_path, "b.md", "# Head\n\n*body*") == "# Head\n\n*body*"


def test_html_is_read_as_it_is_seen(tmp_path):
    html = "<html><head><title>t</title><style>p{color:red}</style></head><body><p>The <b>fi</b>rst &amp; last.<p>第二<i>段</i><script>var x = 1</script><!-- no --><table><tr><td>a</td><td>b</td></tr></table></body></html>"
    for name in ("a.html", "a.txt"):
        assert words(text_of(tmp_path, name, html)) == "The first & last. 第二段 a b"


def test_html_that_never_closes_what_it_opens_is_read_all_the_same(tmp_path):
    assert "visible" in text_of(tmp_path, "a.html", "<html><head><body>visible<div><p>")
    long = text_of(tmp_path, "b.html", "<html><body>before <!-- " + "word " * 200_000)
    assert "before" in long and long.count("word") > 100_000


def test_a_word_document_is_read_with_its_notes_and_without_what_was_deleted(tmp_path):
    body = (
        paragraph("The mer", "ger is off.")
        + "<w:p><w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:ins><w:r><w:t> inserted</w:t></w:r></w:ins></w:p>"
        + "<w:p><w:r><w:instrText>PAGE</w:instrText><w:tab/><w:t>tabbed</w:t></w:r></w:p>"
        + "<w:tbl><w:tr><w:tc>" + paragraph("甲方") + "</w:tc><w:tc>" + paragraph("乙方") + "</w:tc></w:tr></w:tbl>"
    )  # fmt: skip
    notes = f"<w:footnotes {WORD}><w:footnote>{paragraph('a note')}</w:footnote></w:footnotes>"
    found = words(
        text_of(
            tmp_path,
            "a.docx",
            docx(
                body,
                **{
                    "word/footnotes.xml": notes,
                    "word/header1.xml": f"<w:hdr {WORD}>{paragraph('STRICTLY PRIVATE')}</w:hdr>",
                    "word/styles.xml": "<x>Heading</x>",
                },
            ),
        )
    )
    assert found == "The merger is off. kept inserted tabbed 甲方 乙方 a note STRICTLY PRIVATE"


def test_slides_and_open_documents_are_read_in_their_order(tmp_path):
    slides = {
        f"ppt/slides/slide{n}.xml": f"<p:sld xmlns:p='p' {DRAWING}><a:p><a:r><a:t>slide {n}</a:t></a:r></a:p></p:sld>"
        for n in (10, 2, 1)
    }
    assert words(text_of(tmp_path, "a.pptx", archive(slides))) == "slide 1 slide 2 slide 10"
    odt = f"<office:document-content {OPEN}><text:h>Head</text:h><text:p>one<text:s/>two <text:span>three</text:span></text:p><text:tracked-changes><text:p>gone</text:p></text:tracked-changes></office:document-content>"
    assert words(text_of(tmp_path, "a.odt", archive({"content.xml": odt}))) == "Head one two three"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (docx("<w:p>")[:-40], "the document is damaged"),
        (archive({"word/document.xml": "<w:p"}), r"`word/document.xml` in it cannot be read"),
        (archive({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "' + "x" * 100 + '">]><a>&b;&b;</a>'}), "declares a document type"),
        (archive({"readme.txt": "x"}), "this archive is no document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as DOCX, XLSX, PPTX or PDF"),
        (b"", "there is no text in this document"),
        (b" \n \n", "there is no text in this document"),
        (docx("<w:p/>"), "there is no text in this document"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so_and_what_to_do(tmp_path, content, reason):
    with pytest.raises(SettingsError, match=rf"a\.docx: .*{reason}"):
        text_of(tmp_path, "a.docx", content)


def test_a_small_file_that_unpacks_to_a_large_one_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    bomb = docx(paragraph("secret words here") + "<w:p/>" * 400_000)
    assert len(bomb) < 20_000
    monkeypatch.setattr(reading, "UNPACKED_MOST", 1 << 20)
    with pytest.raises(SettingsError, match="unpacks to more than 1 MiB"):
        text_of(tmp_path, "a.docx", bomb)


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "FILE_MOST", 1 << 20)
    with pytest.raises(SettingsError, match="2 MiB are more than the 1 MiB of a document; split it"):
        text_of(tmp_path, "a.txt", "x" * (2 << 20))


def test_pieces_end_between_words_and_lose_nothing(tmp_path):
    text = "one two three " * 80_000 + "四五六" * 40_000 + "\nend"
    path = tmp_path / "a.txt"
    path.write_text(text)
    pieces = list(extract.pieces(path))
    assert "".join(pieces) == text and len(pieces) > 3 and max(map(len, pieces)) < 1_200_000
    assert all(piece[-1].isspace() or "四" in piece for piece in pieces[:-1])


def test_a_pdf_needs_its_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(extract.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'guardrail\[documents\]'"):
        text_of(tmp_path, "a.pdf", pdf(["x"]))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pypdf") is None, reason="needs the extra `documents`")
class TestPdf:
    """With pypdf, which the extra `documents` brings."""

    def test_pages_are_read_in_their_order(self, tmp_path):
        notes = extract.Notes()
        path = tmp_path / "a.pdf"
        path.write_bytes(pdf(["The first page.", "", "The third page."]))
        assert words("".join(extract.pieces(path, None, notes))) == "The first page. The third page."
        assert notes.lines == ["1 of 3 pages hold no text; if they are scanned, run OCR over them first"]

    def test_chinese_is_read_through_its_table(self, tmp_path):
        assert (
            words(text_of(tmp_path, "a.pdf", pdf(["董事會議決關閉荃灣倉庫。"], chinese=True)))
            == "董事會議決關閉荃灣倉庫。"
        )

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (pdf([""]), "run OCR over it first"),
            (b"%PDF-1.7\n" + b"garbage " * 100, "the PDF (cannot be read|is malformed)"),
            (pdf(["x"])[:200], "the PDF (cannot be read|is malformed)"),
        ],
    )
    def test_what_cannot_be_read_says_so(self, tmp_path, content, reason):
        with pytest.raises(SettingsError, match=rf"a\.pdf: .*{reason}"):
            text_of(tmp_path, "a.pdf", content)

    def test_a_password_is_asked_for_only_where_there_is_one(self, tmp_path):
        from pypdf import PdfReader, PdfWriter

        for password in ("", "secret"):
            writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["The first page."]))))
            writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
            made = io.BytesIO()
            writer.write(made)
            if not password:
                assert words(text_of(tmp_path, "a.pdf", made.getvalue())) == "The first page."
                continue
            with pytest.raises(SettingsError, match="asks for a password; save it without one"):
                text_of(tmp_path, "a.pdf", made.getvalue())

    def test_a_reader_that_dies_half_way_is_an_error_and_no_short_document(self, tmp_path, monkeypatch):
        monkeypatch.setattr(extract.sys, "executable", "/bin/false")
        with pytest.raises(SettingsError, match="took more memory or time than is allowed, or failed half-way"):
            text_of(tmp_path, "a.pdf", pdf(["x"]))


def test_parts_are_counted_together(tmp_path):
    budget = office.Budget(tmp_path / "x", 10)
    budget.spend(10)
    with pytest.raises(SettingsError, match="unpacks to more"):
        budget.spend(1)

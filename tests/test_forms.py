"""Forms: an edit changes one field and no other byte, and a form that servers may read in two ways is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardrail.errors import RequestError
from guardrail.forms import edited, fields
from guardrail.types import Edit

KIND = "multipart/form-data; boundary=XX"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def part(value: bytes, head: str = 'Content-Disposition: form-data; name="prompt"') -> bytes:
    return b"--XX\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join((*parts, b"--XX--\r\n"))


def file(value: bytes, kind: str = "image/png", name: str = "a.png") -> bytes:
    return part(value, f'Content-Disposition: form-data; name="image"; filename="{name}"\r\nContent-Type: {kind}')


def read(body: bytes, kind: str = KIND):
    return [(each.text, each.is_file, each.is_media) for each in fields(body, kind)]


def test_text_fields_and_files_are_told_apart():
    body = form(
        part("畫一隻貓。A123456(3)".encode()),
        file(PNG),
        file(b"ID3\x04\x00", "audio/mpeg"),
        file("文字".encode(), "text/plain"),
    )
    assert read(body) == [("畫一隻貓。A123456(3)", False, False), ("", True, True), ("", True, True), ("", True, False)]


@pytest.mark.parametrize(
    ("value", "kind", "is_media"),
    [
        (PNG, "image/png", True),
        (PNG, "IMAGE/PNG", True),
        (b"RIFF\x24\x00\x00\x00WAVE", "audio/wav", True),
        (PNG, "application/octet-stream", False),
        (PNG, "", False),
        ("身份證A123456(3)".encode(), "image/png", False),
        ("身份证".encode() * 3000, "audio/mpeg", False),
        (b"<svg>A123456(3)</svg>", "image/svg+xml", False),
        (b"", "image/png", True),
    ],
)
def test_a_file_is_a_picture_or_sound_only_if_it_does_not_read_as_text(value, kind, is_media):
    [(_, is_file, found)] = read(form(file(value, kind)))
    assert (is_file, found) == (True, is_media)


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ("multipart/form-data; boundary=XX", b"XX"),
        ('multipart/form-data; boundary="XX"', b"XX"),
        ("Multipart/Form-Data; charset=utf-8; BOUNDARY=XX", b"XX"),
        ('multipart/form-data; boundary="a b:c"', b"a b:c"),
    ],
)
def test_the_boundary_is_read_as_headers_write_it(kind, boundary):
    body = form(part(b"x"), part(b"y")).replace(b"XX", boundary)
    assert [text for text, _, _ in read(body, kind)] == ["x", "y"]


# --- property --------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["\r\n", "\r", "\n", "--", "-", "\r\n-", "\r\n--X", "--XY", "身份證", "A123456(3)", "🙂", " ", "\0"]
)
TEXTS = (
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=6).map("".join).filter(lambda text: "--XX" not in text)
)
FIELDS = st.lists(st.one_of(TEXTS, st.binary(max_size=20).filter(lambda raw: b"--XX" not in raw)), max_size=5)


def written(values) -> bytes:
    return form(*(part(v.encode()) if isinstance(v, str) else file(b"\x00\xff" + v) for v in values))


@given(FIELDS, st.data())
@example(["a\r\n--X"], None)
def test_an_edit_changes_its_field_and_no_other_byte(values, data):
    body = written(values)
    found = fields(body, KIND)
    assert [each.text for each in found] == [v if isinstance(v, str) else "" for v in values]
    assert [body[each.start : each.end] for each in found if not each.is_file] == [
        v.encode() for v in values if isinstance(v, str)
    ]
    assert edited(body, found, {}) == body
    if data is None:
        return
    numbers = data.draw(st.sets(st.sampled_from([n for n, v in enumerate(values) if isinstance(v, str)] or [-1])))
    edits, after = {}, list(values)
    for number in numbers - {-1}:
        text = values[number]
        start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        edits[number] = [Edit(start, end, "[已刪除]")]
        after[number] = text[:start] + "[已刪除]" + text[end:]
    assert edited(body, found, edits) == written(after)


def test_an_empty_field_can_be_edited():
    """A field without a byte has a place of its own, and not the beginning of the form."""
    body = form(part(b"a"), part(b""))
    assert edited(body, fields(body, KIND), {1: [Edit(0, 0, "x")]}) == form(part(b"a"), part(b"x"))


# --- refused ---------------------------------------------------------------------------------------------------------

WHOLE = form(part("畫一隻貓".encode()), file(PNG), part(b"low", 'content-disposition: form-data; name="quality"'))


@pytest.mark.parametrize("end", range(len(WHOLE) - 2))
def test_a_form_that_is_cut_is_refused_wherever_it_is_cut(end):
    with pytest.raises(RequestError) as refused:
        fields(WHOLE[:end], KIND)
    assert (refused.value.status, refused.value.code) == (400, "invalid_form")


ODD = {
    "no boundary": (WHOLE, "multipart/form-data"),
    "an empty boundary": (WHOLE, 'multipart/form-data; boundary=""'),
    "another boundary": (WHOLE, "multipart/form-data; boundary=YY"),
    "two boundaries in one word": (WHOLE, "multipart/form-data; boundary*=utf-8''XX"),
    "nothing": (b"", KIND),
    "text before the first part": (b"secret\r\n" + WHOLE, KIND),
    "text behind an empty line before the first part": (b"\r\nA123456(3)\r\n" + WHOLE, KIND),
    "text after the last part": (WHOLE + b"A123456(3)", KIND),
    "a second form after the first": (WHOLE + WHOLE, KIND),
    "a field that is not UTF-8": (form(part(b"\xff\xfe")), KIND),
    "a field in base64": (form(part(b"QTEyMzQ1NigzKQ==", 'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64')), KIND),
    "a field in another character set": (form(part("A".encode("utf-16-le"), 'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-16le')), KIND),
    "a header that comes twice": (form(part(b"x", 'Content-Disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="b"; filename="c"')), KIND),
    "a header folded on two lines": (form(part(b"x", 'Content-Disposition: form-data;\r\n filename="c"')), KIND),
    "a header with a bare line feed": (form(part(b"x", 'Content-Disposition: form-data; name="a"\nX: y')), KIND),
    "a header without a colon": (form(part(b"x", "Content-Disposition")), KIND),
    "a part without a disposition": (form(part(b"x", "Content-Type: text/plain")), KIND),
    "a boundary that only some servers see": (form(file(PNG + b"\n--XX\nContent-Disposition: form-data; name=\"prompt\"\n\nA123456(3)")), KIND),
    "very many parts": (form(*[part(b"x")] * 1001), KIND),
    "line feeds alone": (WHOLE.replace(b"\r\n", b"\n"), KIND),
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), ODD.values(), ids=ODD)
def test_a_form_that_can_be_read_in_more_than_one_way_is_refused(body, kind):
    with pytest.raises(RequestError) as refused:
        fields(body, kind)
    assert (refused.value.status, refused.value.code) == (400, "invalid_form")
    assert "A123456" not in refused.value.message


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_are_a_form_or_a_clear_refusal(body, kind):
    for raw, label in (
        (body, KIND),
        (form(body), KIND),
        (form(part(body)), KIND),
        (form(part(b"x")), "multipart/form-data; boundary=" + kind),
    ):
        try:
            found = fields(raw, label)
        except RequestError as error:
            assert error.code == "invalid_form"
        else:
            assert edited(raw, found, {}) == raw


@given(st.integers(0, len(WHOLE)), st.binary(max_size=5), st.integers(0, 5))
def test_a_damaged_form_hides_no_field(at, inserted, gone):
    """Whatever bytes are put in or taken out: every byte of a form that is not refused lies in a judged field, in a
    file or in the frame around them."""
    raw = WHOLE[:at] + inserted + WHOLE[at + gone :]
    try:
        found = fields(raw, KIND)
    except RequestError:
        return
    frame, done = b"", 0
    for each in found:
        frame += raw[done : each.start]
        done = each.end
    frame += raw[done:]
    assert frame.count(b"--XX") == len(found) + 1

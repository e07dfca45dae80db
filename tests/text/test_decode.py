"""Decoders: what is encoded becomes text again, what is not costs nothing, and no nest is too deep or too large.

If a failure is about text that is lost, a value leaves in another alphabet; if it is about bounds, one answer can stall
the guard.
"""

import base64
import binascii
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.text import decode

VALUE = "A123456(3)"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("%41123456(3)", VALUE),
        ("A%31%32%33456%283%29", VALUE),
        ("%2541123456%25283)", VALUE),
        ("%252541123456(3)", VALUE),
        ("&#65;123456(3)", VALUE),
        ("&#x41;123456&lpar;3&rpar;", VALUE),
        ("&amp;#65;123456(3)", VALUE),
        ("&#65123456(3)", None),  # no such character: 65123456
        (r"A\u0031\u0032\u0033456(3)", VALUE),
        (r"A\\u0031\\\\u0032\u{33}456(3)", VALUE),
        (r"\x41\x31\x32\x33456(3)", VALUE),
        (r"\10123456(3)", "A23456(3)"),
        ("U+0041U+0031", "A1"),
        ("%E9%A6%99%E6%B8%AF", "香港"),
        (r"\xe9\xa6\x99", "香"),
        ("%E9", "é"),  # not UTF-8: Latin-1, as old pages have it
        ("&hellip;", "…"),
        ("&nosuchname;", "&nosuchname;"),
        ("&#0;&#xD800;", "&#0;&#xD800;"),
        ("100% sure &c.", None),
        ("", None),
    ],
)
def test_escapes(source: str, text: str | None) -> None:
    view = decode.unescape(source)
    if text is None:
        assert decode.unescaped(source) == source
        return
    assert decode.unescaped(source) == text
    assert (view.text if view else source) == text


def test_every_character_knows_the_escape_it_was_made_from() -> None:
    source = r"x%41&#49;\u0032%E4%B8%AD3"
    view = decode.unescape(source)
    assert view is not None
    made = [source[a:b] for a, b in zip(view.starts, view.ends, strict=True)]
    assert list(zip(view.text, made, view.escaped, strict=True)) == [
        ("x", "x", False),
        ("A", "%41", True),
        ("1", "&#49;", True),
        ("2", r"\u0032", True),
        ("中", "%E4%B8%AD", True),
        ("3", "3", False),
    ]


@pytest.mark.parametrize(
    ("decoder", "run", "text"),
    [
        (decode.from_base64, "QTEyMzQ1NigzKQ==", VALUE),
        (decode.from_base64, "QTEyMzQ1NigzKQ", VALUE),
        (decode.from_base64, base64.urlsafe_b64encode("身份證？>A123456(3)".encode()).decode(), "身份證？>A123456(3)"),
        (decode.from_base64, base64.b64encode(VALUE.encode("utf-16-le")).decode(), VALUE),
        (decode.from_base64, base64.b64encode(VALUE.encode("utf-16")).decode(), VALUE),
        (decode.from_base64, base64.b64encode("身份證A1".encode("utf-16-be")).decode(), "身份證A1"),
        (
            decode.from_base64,
            base64.b64encode("電話九一二三四五六七".encode("utf-16")).decode(),
            "電話九一二三四五六七",
        ),
        (decode.from_base64, "JavaScriptDeveloper", None),
        (decode.from_base64, "QTEy", None),  # too short to hold anything
        (decode.from_base64, base64.b64encode(bytes(range(128, 228))).decode(), None),
        (decode.from_base32, base64.b32encode(VALUE.encode()).decode(), VALUE),
        (decode.from_base32, base64.b32encode(VALUE.encode()).decode().lower().rstrip("="), VALUE),
        (decode.from_base32, "RESPONSIBILITIES", None),
        (decode.from_hex, VALUE.encode().hex(), VALUE),
        (decode.from_hex, VALUE.encode().hex(" ").upper(), VALUE),
        (decode.from_hex, ", ".join(f"0x{byte:02x}" for byte in VALUE.encode()), VALUE),
        (decode.from_hex, "d41d8cd98f00b204e9800998ecf8427e", None),
        (decode.from_hex, "abc", None),
        (decode.from_codes, "65, 49, 50, 51, 52, 53, 54, 40, 51, 41", VALUE),
        (decode.from_codes, "065049050051052053054040051041", VALUE),
        (decode.from_codes, "65495051525354405141", VALUE),
        (decode.from_codes, "300 400 500 600 700 800", None),
        (decode.from_bits, " ".join(f"{byte:08b}" for byte in VALUE.encode()), VALUE),
        (decode.from_quoted, "".join(f"={byte:02X}" for byte in VALUE.encode()), VALUE),
    ],
)
def test_runs(decoder, run, text) -> None:  # type: ignore[no-untyped-def]
    assert decoder(run) == text


def _nest(text: str, depth: int) -> str:
    for _ in range(depth):
        text = base64.b64encode(text.encode()).decode()
    return text


def test_layers_are_taken_off_to_a_fixed_depth() -> None:
    for depth in range(1, 6):
        said = decode.from_base64(_nest(VALUE, depth))
        assert said is not None
        texts = [layer.text for layer in decode.layers(said, "base64")]
        assert (VALUE in texts) == (depth <= decode.DEPTH), depth


def test_mixed_layers_say_how_they_were_encoded() -> None:
    run = quote(base64.b64encode(VALUE.encode().hex().encode()).decode(), safe="").replace("Q", "%51")
    found = {layer.text: layer.via for layer in decode.layers(decode.unescaped(run), "escapes")}
    assert found[VALUE] == "escapes of base64 of hexadecimal"


@given(st.text())
def test_nothing_raises_and_nothing_grows(text: str) -> None:
    for decoder in (
        decode.from_base64,
        decode.from_base32,
        decode.from_hex,
        decode.from_bits,
        decode.from_quoted,
    ):
        said = decoder(text)
        assert said is None or len(said) <= len(text)
    assert len(decode.unescaped(text)) <= 2 * len(text)
    assert sum(len(layer.text) for layer in decode.layers(text, "")) <= 2 * decode.BUDGET


@given(st.binary(min_size=6))
def test_what_decodes_is_text(data: bytes) -> None:
    said = decode.from_base64(base64.b64encode(data).decode())
    assert said is None or not any(character in said for character in "\x00\x07\x1b\x7f\ufffd")


@given(st.text(alphabet="ABab12()@.%&#;\\ux0123中 ", max_size=60))
def test_the_map_and_the_fast_way_agree(text: str) -> None:
    view = decode.unescape(text)
    assert (view.text if view else text) == decode.unescaped(text)
    if view is not None:
        assert len(view.starts) == len(view.ends) == len(view.escaped) == len(view.text)
        for character, start, end, escaped in zip(view.text, view.starts, view.ends, view.escaped, strict=True):
            assert 0 <= start < end <= len(text)
            assert escaped or text[start:end] == character


@given(st.text(min_size=1, max_size=30))
def test_each_way_of_writing_comes_back(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    if not all(character.isprintable() for character in text):
        return
    percent = "".join(f"%{byte:02X}" for byte in text.encode())
    decoded = decode.unescape(percent)
    assert decoded is not None
    if "%" not in text and "&" not in text and "\\" not in text and "+" not in text:
        assert decoded.text == text


def test_broken_runs_are_none() -> None:
    assert decode.from_base64("====") is None
    assert decode.from_hex("zz") is None
    with pytest.raises(binascii.Error):
        base64.b64decode("A")  # what the decoders shield their callers from
    assert decode.from_base64("A") is None

"""Encoded text made readable again: escapes, base64, base32, hexadecimal, character codes, rot13 and reversal, nested.

Rules:
1. Bounded: at most DEPTH layers and BUDGET characters of decoded text, whatever the nesting; every decoder is linear.
2. Cheap where nothing is encoded: a decoder looks at the first bytes and gives up when they are no text.
3. Escapes keep a map to the characters that they were made from, so that a value which is half plain and half escaped
   is found where it stands.
4. A decoder gives None for what it cannot read; nothing raises on hostile text.

Sources: RFC 3986 section 2.1 (percent), HTML 13.5 (character references), RFC 8259 section 7 (`\\uXXXX`), RFC 4648
(base64, base64url, base32, base16).
"""

import base64
import binascii
import codecs
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5

DEPTH = 3
"""Layers of encoding that are taken off."""
BUDGET = 1 << 16
"""Characters of decoded text that are looked at for one run, all layers together."""

_LEAST = 6  # characters of a decoded text; a shorter one holds no value
_PROBE = 16  # characters of an encoded text that show whether it decodes to text
ESCAPE = (
    r"%(?:25){0,3}[0-9A-Fa-f]{2}"
    r"|\\{1,8}(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2})"
    r"|&(?:amp;){0,3}(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,23};)"
    r"|[uU]\+[0-9A-Fa-f]{4}"
)
"""One escape, in the syntax that RE2 and Python share; `%2541` and `&amp;#65;` are escaped escapes."""
_ESCAPE = re.compile(
    rf"(?P<percent>(?:%(?:25){{0,3}}[0-9A-Fa-f]{{2}})+)|(?P<x>(?:\\{{1,8}}x[0-9A-Fa-f]{{2}})+)|{ESCAPE}"
)
_OCTET = re.compile(r"%(?:25){0,3}[0-9A-Fa-f]{2}|\\{1,8}x[0-9A-Fa-f]{2}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_TEXT = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}")
_BASE32 = re.compile(r"\b[A-Z2-7]{16,}")
_HEX_RUN = re.compile(r"(?:\b|(?<=0[xX]))(?:[0-9A-Fa-f]{2}){6,}\b")
_CODES = re.compile(r"\b\d{2,3}(?:[ ,;]{1,2}\d{2,3}){5,}\b")
CODES_IN_A_ROW = r"(?:[01][0-9]{2}|2[0-5][0-9]|[3-9][0-9]){8,}"
"""Decimal codes of octets without anything between: three digits each, or two where the code has no more (32 to 99), in
the syntax that RE2 and Python share.  No code that stands for a character begins another, so there is one reading."""
_CODES_IN_A_ROW = re.compile(rf"\b{CODES_IN_A_ROW}\b", re.ASCII)
_CODE = re.compile(r"[01]\d{2}|2[0-5]\d|[3-9]\d", re.ASCII)
_HEX_CODES = re.compile(r"\b(?:0x)?[0-9A-Fa-f]{2}(?:[ :,-]{1,2}(?:0x)?[0-9A-Fa-f]{2}){5,}\b")
_BITS = re.compile(r"\b[01]{8}(?: ?[01]{8}){5,}\b")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded text; character i was made from `source[starts[i]:ends[i]]`.  `escaped[i]` says that it was escaped."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    escaped: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A decoded text and how it was encoded, outermost first (`base64 of hexadecimal`)."""

    text: str
    via: str


def unescape(text: str) -> Decoded | None:
    """`text` with its escapes read, those of escapes too; None when there are none.

    >>> unescape("%41123456&#40;3)").text
    'A123456(3)'
    """
    if _ESCAPE.search(text) is None:
        return None
    places = range(len(text) + 1)
    view = Decoded(text, tuple(places[:-1]), tuple(places[1:]), (False,) * len(text))
    for _ in range(DEPTH):
        after = _unescape_once(view)
        if after is None:
            break
        view = after
    return view


def unescaped(text: str) -> str:
    """The text that `unescape` gives, without the map and many times faster.

    >>> unescaped("%2541%2531")
    'A1'
    """
    for _ in range(DEPTH):
        after = _ESCAPE.sub(_replacement, text)
        if after == text:
            break
        text = after
    return text


def _replacement(match: re.Match[str]) -> str:
    said = _meaning(match)
    return match.group() if said is None else said


def _unescape_once(view: Decoded) -> Decoded | None:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    escaped: list[bool] = []
    done = 0
    changed = False
    for match in _ESCAPE.finditer(view.text):
        said = _meaning(match)
        if said is None:
            continue
        changed = True
        first, last = match.span()
        pieces += [view.text[done:first], said]
        starts += view.starts[done:first]
        ends += view.ends[done:first]
        escaped += view.escaped[done:first]
        for begin, end in _shares(match, said):
            starts.append(view.starts[first + begin])
            ends.append(view.ends[first + end - 1])
            escaped.append(True)
        done = last
    if not changed:
        return None
    pieces.append(view.text[done:])
    starts += view.starts[done:]
    ends += view.ends[done:]
    escaped += view.escaped[done:]
    return Decoded("".join(pieces), tuple(starts), tuple(ends), tuple(escaped))


def _shares(match: re.Match[str], said: str) -> list[tuple[int, int]]:
    """Which part of an escape each character was made from: of a run of octets, its own ones."""
    run = match.group()
    octets = [octet.span() for octet in _OCTET.finditer(run)] if match.group("percent") or match.group("x") else []
    widths = [len(character.encode()) for character in said]
    if sum(widths) != len(octets):
        widths = [1] * len(said)
    if sum(widths) != len(octets):
        return [(0, len(run))] * len(said)
    shares, at = [], 0
    for width in widths:
        shares.append((octets[at][0], octets[at + width - 1][1]))
        at += width
    return shares


def _meaning(match: re.Match[str]) -> str | None:
    """What one escape, or a run of bytes, stands for."""
    escape = match.group()
    if match.group("percent") or match.group("x"):
        return _octets(bytes.fromhex("".join(octet[-2:] for octet in _OCTET.findall(escape))))
    if escape[0] == "&":
        return _reference(escape)
    if escape[0] in "uU":
        return _character(int(escape[2:], 16))
    body = escape.lstrip("\\")
    if body[0] in "uU":
        return _character(int(body[1:].strip("{}"), 16))
    return _character(int(body, 8))


def _octets(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _reference(escape: str) -> str | None:
    name = escape[1:]
    while name.startswith("amp;") and len(name) > 4:
        name = name[4:]
    if name.startswith("#"):
        digits = name[1:].rstrip(";")
        return _character(int(digits[1:], 16) if digits[0] in "xX" else int(digits))
    return html5.get(name)


def _character(point: int) -> str | None:
    return chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else None


def from_base64(run: str) -> str | None:
    """Standard or URL alphabet, padded or not; None when it does not decode to text.

    >>> from_base64("QTEyMzQ1NigzKQ==")
    'A123456(3)'
    """
    body = run.rstrip("=").translate(_TO_STANDARD)
    if len(body) % 4 == 1:
        body = body[:-1]
    if len(body) < _LEAST or not _reads(_base64_bytes(body[:_PROBE]), cut=len(body) > _PROBE):
        return None
    return _as_text(_base64_bytes(body[:BUDGET]))


_TO_STANDARD = str.maketrans("-_", "+/")


def _base64_bytes(body: str) -> bytes:
    try:
        return binascii.a2b_base64(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def from_base32(run: str) -> str | None:
    """RFC 4648 section 6, either case, padded or not.

    >>> from_base32("IEYTEMZUGU3CQMZJ")
    'A123456(3)'
    """
    body = run.rstrip("=").upper()[:BUDGET]
    body = body[: len(body) - {1: 1, 3: 1, 6: 1}.get(len(body) % 8, 0)]
    try:
        return _as_text(base64.b32decode(body + "=" * (-len(body) % 8)))
    except (binascii.Error, ValueError):
        return None


def from_hex(run: str) -> str | None:
    """Hexadecimal with or without separators and `0x`.

    >>> from_hex("41 31 32 33 34 35 36 28 33 29")
    'A123456(3)'
    """
    body = "".join(_HEX.findall(re.sub(r"0[xX]|\\x", " ", run[: 4 * BUDGET])))
    try:
        return _as_text(bytes.fromhex(body)) if _reads(bytes.fromhex(body[:_PROBE]), cut=len(body) > _PROBE) else None
    except ValueError:
        return None


def from_quoted(run: str) -> str | None:
    """Quoted-printable in which every octet is quoted (RFC 2045 section 6.7), with soft line breaks.

    >>> from_quoted("=41=31=32=33=34=35=36")
    'A123456'
    """
    return from_hex(re.sub(r"=\r?\n|=", " ", run))


def from_codes(run: str) -> str | None:
    """Decimal character codes, apart or in a row.

    >>> from_codes("65, 49, 50, 51, 52, 53, 54"), from_codes("065049050051052053054")
    ('A123456', 'A123456')
    """
    run = run[: 4 * BUDGET]
    codes = [int(code) for code in (_CODE.findall(run) if run.isdecimal() else re.findall(r"\d{1,3}", run))]
    return _as_text(bytes(codes)) if codes and max(codes) < 256 else None


def from_bits(run: str) -> str | None:
    """Octets in binary.

    >>> from_bits("01000001 00110001 00110010 00110011 00110100 00110101")
    'A12345'
    """
    bits = run.replace(" ", "")[: 8 * BUDGET]
    if bits.strip("01"):
        return None
    return _as_text(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)))


def variety(text: str) -> float:
    """Shannon entropy of the characters of `text`, in bits per character.

    >>> variety("aaaa"), variety("abab")
    (0.0, 1.0)
    """
    counts = Counter(text).values()
    return abs(-sum(n / len(text) * math.log2(n / len(text)) for n in counts)) if text else 0.0


def rot13(text: str) -> str:
    """Every Latin letter 13 places on."""
    return codecs.encode(text, "rot13")


def backwards(text: str) -> str:
    """`text` from its end to its beginning.

    >>> backwards(")3(654321A")
    'A123456(3)'
    """
    return text[::-1]


def _reads(data: bytes, *, cut: bool) -> bool:
    """Whether `data`, perhaps cut inside a character, is text."""
    if not data:
        return False
    if data.isascii() and b"\0" not in data:
        return not data.translate(None, _PRINTABLE)
    for end in range(len(data), max(len(data) - 4, 0), -1):
        try:
            said = data[:end].decode()
        except UnicodeDecodeError:
            if not cut:
                break
            continue
        if _TEXT.fullmatch(said):
            return True
        break
    return _wide(data) is not None


_PRINTABLE = bytes([9, 10, 13, *range(32, 127)])


def _as_text(data: bytes) -> str | None:
    """`data` as UTF-8 or UTF-16; None when that is no text."""
    if len(data) < _LEAST:
        return None
    said = data.decode("utf-8", "replace")
    if said.endswith("\ufffd"):
        said = said.rstrip("\ufffd")
    return said if said and _TEXT.fullmatch(said) else _wide(data)


_ORDERS = {codecs.BOM_UTF16_LE: ("utf-16-le",), codecs.BOM_UTF16_BE: ("utf-16-be",)}
# What a text is written in: Latin, punctuation, Chinese, full-width forms, emoji.  Any two octets are a character, so
# without a byte order mark or the zeros of Latin text only these make a text.
_WRITTEN = re.compile(
    r"[\t\n\r\x20-\x7e\u00a0-\u024f\u2000-\u206f\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
    r"\U0001f300-\U0001faff\U00020000-\U0003ffff]*"
)


def _wide(data: bytes) -> str | None:
    """`data` as UTF-16 in the order that its mark says, or in the one in which it reads as text."""
    data = data[: len(data) // 2 * 2]
    high, low = data[1::2].count(0), data[::2].count(0)
    orders = ("utf-16-le", "utf-16-be") if high >= low else ("utf-16-be", "utf-16-le")
    form = _TEXT if data[:2] in _ORDERS or max(high, low) * 4 >= len(data) else _WRITTEN
    for order in _ORDERS.get(data[:2], orders):
        said = data.decode(order, "replace").lstrip("\ufeff").rstrip("\ufffd")
        if said and form.fullmatch(said):
            return said
    return None


def pieces(run: str) -> Iterator[str]:
    """A run of base64 characters, and its parts between slashes, hyphens and underscores: `/static/QTEyMzQ1NigzKQ`."""
    yield run
    if re.search(r"[/_-]", run):
        yield from (piece for piece in re.split(r"[/_-]", run) if len(piece) >= 11)


_RUNS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None]], ...] = (
    ("binary", _BITS, from_bits),
    ("character codes", _CODES, from_codes),
    ("character codes", _CODES_IN_A_ROW, from_codes),
    ("hexadecimal", _HEX_CODES, from_hex),
    ("hexadecimal", _HEX_RUN, from_hex),
    ("base32", _BASE32, from_base32),
    ("base64", _BASE64, from_base64),
)


def layers(text: str, via: str, depth: int = DEPTH) -> Iterator[Layer]:
    """`text`, which was `via` in its source, and everything that is encoded in it, breadth first.

    At most `depth` layers with `text` itself as the first, at most BUDGET characters.
    """
    budget = BUDGET
    level = [Layer(text[:budget], via)]
    for _ in range(depth):
        below: list[Layer] = []
        for layer in level:
            if layer.text == "" or budget <= 0:
                return
            budget -= len(layer.text)
            yield layer
            below += _below(layer, budget)
        level = below


def _below(layer: Layer, budget: int) -> list[Layer]:
    found: list[Layer] = []
    if (plain := unescaped(layer.text)) != layer.text:
        found.append(Layer(plain, f"{layer.via} of escapes"))
    for name, expression, decoder in _RUNS:
        for match in expression.finditer(layer.text):
            for piece in pieces(match.group()) if name == "base64" else (match.group(),):
                said = decoder(piece)
                if said is not None and budget > 0:
                    budget -= len(said)
                    found.append(Layer(said, f"{layer.via} of {name}"))
    return found

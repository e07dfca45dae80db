"""Canaries: marks that are planted in a system message and prove, wherever they turn up, that it got out.

Rules:
1. A canary verifies itself: its last four characters are a checksum of the sixteen before, so no store is needed and
   a text holds one by chance once in a million times that it has the form.
2. Its form, `grc-` + 20 characters of base32 (RFC 4648 section 6, lower case) + `-crg`, is the same read backwards; so
   one rare beginning leads to both, and a stream waits for nothing else.
3. It is found in either case, with its characters apart, backwards, in rot13 and in Base64, with or without its end.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence

from guardrail.detectors.patterns import Candidate, Pattern, Verdict
from guardrail.types import Unit

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_DRAWN, _CHECKED = 16, 4
_SCORE = 0.99
_GAP = r"[ ._*|/,\n-]{0,3}"
_DASH = r"[ ._*|/,\n-]{0,8}"
_SYMBOL = "[A-Za-z2-7]"
_NOT_SYMBOLS = re.compile(r"[^a-z2-7]")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
# The letters of `grc-` in Base64 at the three places of a group of bytes, and what must stand before them to decode.
_ENCODED = {"Z3JjL": "", "dyYy": "AG", "ncmMt": "AAB"}


def new() -> str:
    """A canary that nobody has drawn before: 80 random bits.

    >>> verify(new()) is not None
    True
    """
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_DRAWN))
    return f"grc-{drawn}{_checksum(drawn)}-crg"


def verify(text: str) -> str | None:
    """The canary that `text` spells from its beginning, in any case, with or without its end, or backwards; or None."""
    symbols = _NOT_SYMBOLS.sub("", text.lower())
    if not symbols.startswith("grc"):
        return None
    body = symbols[3 : 3 + _DRAWN + _CHECKED]
    for said in (body, body[::-1]):
        if len(said) == _DRAWN + _CHECKED and _checksum(said[:_DRAWN]) == said[_DRAWN:]:
            return f"grc-{said}-crg"
    return None


def read(value: str) -> tuple[str, str] | None:
    """The canary in a proposed value and the form it was found in; None when the checksum does not agree."""
    for form, said in _forms(value):
        canary = verify(said)
        if canary is not None:
            return canary, form
    return None


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield "as it stands" if value.startswith("grc-") else "in another spelling", value
    yield "rot13", value.lower().translate(_ROT13)
    for beginning, before in _ENCODED.items():
        if value.startswith(beginning):
            yield "Base64", _decoded(before + value, len(before) * 6 // 8)


def _decoded(value: str, skip: int) -> str:
    """The text of Base64 whose first `skip` bytes are not its own."""
    standard = value.replace("-", "+").replace("_", "/")
    whole = standard[: len(standard) - (len(standard) % 4 == 1)]
    return base64.b64decode(whole + "=" * (-len(whole) % 4))[skip:].decode("latin-1")


def _checksum(drawn: str) -> str:
    """The first 20 bits of a hash, as four characters."""
    number = int.from_bytes(hashlib.sha256(b"guardrail canary\0" + drawn.encode()).digest()[:3]) >> 4
    return "".join(_ALPHABET[number >> shift & 31] for shift in (15, 10, 5, 0))


def _judge(candidate: Candidate) -> Verdict | None:
    found = read(candidate.value)
    return Verdict(_SCORE, f"a canary, {found[1]}; its checksum agrees") if found else None


_PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "canary",
        "prompt.canary",
        rf"[gG]{_GAP}[rR]{_GAP}[cC]{_DASH}(?:{_SYMBOL}{_GAP}){{19}}{_SYMBOL}(?:{_DASH}[cC]{_GAP}[rR]{_GAP}[gG])?",
        _judge,
    ),
    Pattern("canary_rot13", "prompt.canary", rf"[tT][eE][pP]-{_SYMBOL}{{20}}(?:-[pP][eE][tT])?", _judge),
    Pattern("canary_base64", "prompt.canary", rf"(?:{'|'.join(_ENCODED)})[A-Za-z0-9+/_-]{{26,36}}", _judge),
)


class Canaries:
    """The SPAN detector of this module."""

    name = "leakage.canary"
    kinds: tuple[str, ...] = ("prompt.canary",)
    unit = Unit.SPAN
    heavy = False

    @property
    def patterns(self) -> Sequence[Pattern]:
        """One kind in three writings; no loading needed."""
        return _PATTERNS

    def load(self) -> None:
        """Nothing to load."""

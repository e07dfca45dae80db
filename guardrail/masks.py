"""What stands in for a value that a policy takes out: a label, a part of it, a keyed digest, or a look-alike.

Rules:
1. What is written is a function of the kind, the value and the key alone, so that a stream and a whole answer say the
   same, and the same value reads the same twice.
2. Every form is safe inside a JSON string: no quotes, backslashes or line breaks are added.
3. `partial` never shows enough to rebuild a value: at most a quarter of its letters and digits, never a check digit,
   and nothing at all of one that is short.  (Of an identity card number `A12****(*)` is shown: 10,000 numbers fit.)
4. `format` never yields the value itself, and keeps the check digit valid where the kind has one, so that software
   behind guardrail goes on working.  It is not encryption: nothing leads back to the value.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from enum import StrEnum

from guardrail.detectors.leakage import checksums
from guardrail.text.fold import fold

_ALNUM = re.compile(r"[^\W_]")
_DRAWN = re.compile(r"\S")  # in a password a punctuation mark is no separator
_HIDDEN = "*"
_SHOWN_AT_END = frozenset({"pii.payment_card", "pii.hk_bank_account", "pii.iban"})
"""Kinds whose last four characters are what people recognise them by (for cards PCI DSS 3.4.1 allows them)."""
Repair = Callable[[str], str]
_LEAST = 6  # letters and digits a value must have before any of them is shown
_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHJKLMNPRSTVWXYZ", "abcdefghijkmnopqrstuvwxyz"
_NAMES = "文明志偉俊傑家輝詠詩雅嘉慧敏德華國強美玲"


class Mask(StrEnum):
    """How a rule writes what it takes out."""

    LABEL = "label"  # the rule's `replacement`, or the kind in brackets
    PARTIAL = "partial"  # the beginning (of cards and accounts: the end), the rest as asterisks
    HASH = "hash"  # the kind with a keyed digest: the same value gives the same words
    FORMAT = "format"  # another value of the same form, its check digit valid
    PSEUDONYM = "pseudonym"  # a name for the value that is turned back in the answer; for requests


def label(kind: str) -> str:
    """What stands in for a value of `kind` when its rule names nothing.

    >>> label("pii.hkid")
    '[REDACTED:HKID]'
    """
    return f"[REDACTED:{word_for(kind)}]"


def word_for(kind: str) -> str:
    """The last part of a kind, in capitals."""
    return kind.rsplit(".", 1)[-1].upper()


def masked(mask: Mask, kind: str, value: str, key: bytes) -> str:
    """`value`, found as `kind`, written as `mask` says; for LABEL and PSEUDONYM, which need more, the label."""
    if mask is Mask.PARTIAL:
        return partial(kind, value)
    if mask is Mask.HASH:
        return hashed(kind, value, key)
    return look_alike(kind, value, key) if mask is Mask.FORMAT else label(kind)


def partial(kind: str, value: str) -> str:
    """The first quarter of the letters and digits of `value`, at most three; of a kind known by its end, the last four
    of at least twelve; of an e-mail address its first letter and its top-level domain.

    >>> partial("pii.hkid", "A123456(3)"), partial("pii.payment_card", "4111 1111 1111 1111")
    ('A12****(*)', '**** **** **** 1111')
    """
    drawn = _DRAWN if kind.startswith("secret.") else _ALNUM
    places = [match.start() for match in drawn.finditer(value)]
    if len(places) < _LEAST:
        return _HIDDEN * max(3, len(places))
    if kind in _SHOWN_AT_END and len(places) >= 12:
        shown = set(places[-4:])
    elif kind == "pii.email":
        shown = {places[0], *range(value.rfind("."), len(value))}
    else:
        shown = set(places[: 3 if kind in ("pii.hkid", "pii.hkid_named") else min(3, len(places) // 4)])
    return "".join(_HIDDEN if drawn.match(c) and at not in shown else _plain(c) for at, c in enumerate(value))


def hashed(kind: str, value: str, key: bytes) -> str:
    """The kind with ten hexadecimal digits (40 bits) of HMAC-SHA256 over the value as a reader reads it.

    >>> hashed("pii.hkid", "A123456(3)", b"k") == hashed("pii.hkid", "Ａ１２３４５６（３）", b"k")
    True
    """
    return f"[{word_for(kind)}:{_digest(kind, value, key).hex()[:10]}]"


def look_alike(kind: str, value: str, key: bytes) -> str:
    """Another value of the same form: each digit and letter replaced by one of its class, separators kept."""
    stream = _stream(_digest(kind, value, key))
    folded = fold(value).text
    bare = "".join(_ALNUM.findall(folded))
    form, repair = _REPAIRS.get(kind, (_ALNUM, _as_it_is))
    if not form.fullmatch(bare) or not bare.isascii():
        repair = _as_it_is
    for _ in range(64):
        made = repair("".join(_like(character, stream) for character in bare))
        if made != bare:
            return _poured(made, folded)
    return label(kind)


def _digest(kind: str, value: str, key: bytes) -> bytes:
    read = "".join(_ALNUM.findall(fold(value).text.casefold()))
    return hmac.digest(key, f"{kind}\0{read}".encode("utf-8", "surrogatepass"), "sha256")


def _stream(seed: bytes) -> Iterator[int]:
    """Bytes without end that follow from `seed`."""
    count = 0
    while True:
        yield from hmac.digest(seed, count.to_bytes(8, "big"), "sha256")
        count += 1


def _like(character: str, stream: Iterator[int]) -> str:
    if character.isdecimal():
        pool = _DIGITS
    elif character.isascii():
        pool = _UPPER if character.isupper() else _LOWER
    else:
        pool = _NAMES
    return pool[next(stream) % len(pool)]


def _poured(characters: str, form: str) -> str:
    """`characters` in the places of the letters and digits of `form`."""
    supply = iter(characters)
    return "".join(next(supply) if _ALNUM.match(c) else _plain(c) for c in form)


def _plain(character: str) -> str:
    """A separator that is kept, or a blank for one that would break a JSON string."""
    return character if character.isprintable() and character not in '"\\' else " "


def _as_it_is(bare: str) -> str:
    return bare


def _completed(check: Callable[[str], bool], alphabet: str) -> Repair:
    """A repair that finds the last character with which `check` holds."""

    def repair(bare: str) -> str:
        return next((bare[:-1] + last for last in alphabet if check(bare[:-1] + last)), bare)

    return repair


def _resident_id(bare: str) -> str:
    """A number with a region, a day of birth and a check digit that can be."""
    n = [int(c) if c.isdecimal() else 0 for c in bare]
    body = f"44{n[2]}{n[3]}0{1 + n[5] % 9}19{5 + n[8] % 5}{n[9]}0{1 + n[11] % 9}{n[12] % 2}{1 + n[13] % 9}{bare[14:17]}"
    return _completed(checksums.resident_id, "0123456789X")(body + "0")


_card = _completed(checksums.luhn, _DIGITS)
_hkid = _completed(checksums.hkid, "0123456789A")
_REPAIRS: dict[str, tuple[re.Pattern[str], Repair]] = {
    "pii.hkid": (re.compile(r"[A-Za-z]{1,2}\d{6}[\dA-Za-z]"), _hkid),
    "pii.hkid_named": (re.compile(r"[A-Za-z]{1,2}\d{6}[\dA-Za-z]"), _hkid),
    "pii.cn_resident_id": (re.compile(r"\d{17}[\dA-Za-z]"), _resident_id),
    "pii.payment_card": (re.compile(r"\d{12,19}"), lambda bare: _card("4" + bare[1:])),
    "pii.hk_phone": (re.compile(r"\d{8}"), lambda bare: "6" + bare[1:]),
    "pii.cn_phone": (re.compile(r"\d{11}"), lambda bare: "13" + bare[2:]),
}
"""By kind, the form in which a value can be repaired, and how; a value in another form (one that was encoded) has no
check digit to keep."""

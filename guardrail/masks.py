"""What stands in for a value that a policy takes out: a label, a part of it, a keyed digest, or a look-alike.

Rules:
1. What is written is a function of the kind, the value and the key alone, so that a stream and a whole answer say the
   same, and the same value reads the same twice.
2. Every form is safe inside a JSON string: no quotes, backslashes or line breaks are added.
3. `partial` never shows enough to rebuild a value: at most a quarter of its letters and digits (of accounts the last
   four), nothing of one that is short, and of an identity number never the check digit.  (Of an identity card number
   `A12****(*)` is shown: 10,000 numbers fit.)
4. `format` is for the kinds in FORMATTED alone.  It never yields the value itself and keeps the check digit valid, so
   that software behind guardrail goes on working; a value that is written otherwise (encoded, in words) gets the label.
   It is not encryption: nothing leads back to the value.  What it yields may be somebody else's number.
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
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
Repair = Callable[[str], str]
_LEAST = 6  # letters and digits a value must have before any of them is shown
_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHJKLMNPRSTVWXYZ", "abcdefghijkmnopqrstuvwxyz"


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
    """The last part of a kind, in capitals; a card number reads the same with and without its holder beside it."""
    return kind.rsplit(".", 1)[-1].removesuffix("_named").upper()


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
    if len(places) < _LEAST or not _is_written_plainly(kind, value):
        return _HIDDEN * max(3, len(places))
    if kind in _SHOWN_AT_END and len(places) >= 12:
        shown = set(places[-4:])
    elif kind == "pii.email":
        shown = {places[0], *range(max(value.rfind("."), value.rfind("．")), len(value))}
    else:
        shown = set(places[: 3 if kind in ("pii.hkid", "pii.hkid_named") else min(3, len(places) // 4)])
    return "".join(_HIDDEN if drawn.match(c) and at not in shown else _plain(c) for at, c in enumerate(value))


def _is_written_plainly(kind: str, value: str) -> bool:
    """Whether a value has the form of its kind; of one that is encoded, reversed or in words nothing is shown, for
    nobody knows which part of it stands where."""
    read = fold(value).text
    if kind == "pii.email":
        return _EMAIL.fullmatch(read) is not None
    form = FORMATTED.get(kind)
    return form is None or form[0].fullmatch("".join(_ALNUM.findall(read))) is not None or kind.endswith("phone")


def hashed(kind: str, value: str, key: bytes) -> str:
    """The kind with ten hexadecimal digits (40 bits) of HMAC-SHA256 over the value as a reader reads it.

    >>> hashed("pii.hkid", "A123456(3)", b"k") == hashed("pii.hkid", "Ａ１２３４５６（３）", b"k")
    True
    """
    return f"[{word_for(kind)}:{_digest(kind, value, key).hex()[:10]}]"


def look_alike(kind: str, value: str, key: bytes) -> str:
    """Another value of the same form: each digit and letter replaced by one of its class, separators kept; the label
    for a kind or a form that has no look-alike."""
    stream = _stream(_digest(kind, value, key))
    folded = fold(value).text
    bare = "".join(_ALNUM.findall(folded))
    form, repair = FORMATTED.get(kind, (None, _as_it_is))
    if form is None or not form.fullmatch(bare):
        return label(kind)
    for _ in range(64):
        made = repair("".join(_like(character, stream) for character in bare))
        if made != bare:
            return _poured(made, folded)
    return label(kind)


def _digest(kind: str, value: str, key: bytes) -> bytes:
    read = "".join(_ALNUM.findall(fold(value).text.casefold()))
    return hmac.digest(key, f"{word_for(kind)}\0{read}".encode("utf-8", "surrogatepass"), "sha256")


def _stream(seed: bytes) -> Iterator[int]:
    """Bytes without end that follow from `seed`."""
    count = 0
    while True:
        yield from hmac.digest(seed, count.to_bytes(8, "big"), "sha256")
        count += 1


def _like(character: str, stream: Iterator[int]) -> str:
    letters = _UPPER if character.isupper() else _LOWER
    pool = _DIGITS if character.isdecimal() else letters
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


def _in_region(region: str) -> Repair:
    """A resident number of a region, as residence permits of Hong Kong, Macao and Taiwan have."""
    return lambda bare: _completed(checksums.resident_id, "0123456789X")(region + _resident_id(bare)[6:])


def _iban(bare: str) -> str:
    """A British account: its structure is letters and digits that any software knows."""
    body = "MIDL" + "".join(c if c.isdecimal() else "7" for c in bare[8:22]).ljust(14, "7")[:14]
    return next(f"GB{check:02d}{body}" for check in range(2, 99) if checksums.mod97(f"GB{check:02d}{body}"))


_card = _completed(checksums.luhn, _DIGITS)
_hkid = _completed(checksums.hkid, "0123456789A")
_HKID_FORM = re.compile(r"[A-Za-z]{1,2}\d{6}[\dA-Za-z]", re.ASCII)
FORMATTED: dict[str, tuple[re.Pattern[str], Repair]] = {
    "pii.hkid": (_HKID_FORM, _hkid),
    "pii.hkid_named": (_HKID_FORM, _hkid),
    "pii.cn_resident_id": (re.compile(r"\d{17}[\dA-Za-z]", re.ASCII), _resident_id),
    "pii.cn_residence_permit": (re.compile(r"\d{17}[\dA-Za-z]", re.ASCII), _in_region("810000")),
    "pii.tw_id": (
        re.compile(r"[A-Za-z]\d{9}", re.ASCII),
        lambda bare: _completed(checksums.taiwan_id, _DIGITS)(bare[0] + "1" + bare[2:]),
    ),
    "pii.hk_brn": (re.compile(r"\d{8}", re.ASCII), _completed(checksums.business_registration, _DIGITS)),
    "pii.payment_card": (re.compile(r"\d{12,19}", re.ASCII), lambda bare: _card("4" + bare[1:])),
    "pii.iban": (re.compile(r"[A-Za-z]{2}\d{2}[A-Za-z0-9]{18}", re.ASCII), _iban),
    "pii.hk_phone": (re.compile(r"\d{8}", re.ASCII), lambda bare: "6" + bare[1:]),
    "pii.cn_phone": (re.compile(r"\d{11}", re.ASCII), lambda bare: "13" + bare[2:]),
}
"""The kinds that have look-alikes: the form of letters and digits that a value must have, and how a made-up one is
completed."""

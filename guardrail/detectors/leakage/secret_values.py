"""What a value says about itself: random or written, a real secret, a published sample, or a mere "your key here".

Rules:
1. Three outcomes, not a scale: a *fill-in* (`xxxx`, `your-key`, `<token>`, six of the same character) tells nobody
   anything and is not reported; a *sample* (EXAMPLE inside a key of the full form, `abcdefgh1234567`) reads as a
   credential and is reported as `placeholder.secret`; everything else counts as real.
2. Measures look at characters only.  No dictionary is asked, so the answer is the same for every language.
"""

import base64
import binascii
import math
import re
from collections import Counter
from enum import Enum

PLACEHOLDER = "placeholder.secret"
"""The kind of what has the full form of a credential and opens nothing: issuers' samples, examples in manuals."""
PLACEHOLDER_SCORE = 0.7

_SAMPLE_WORDS = re.compile(r"example|sample|dummy|fake(?![a-z0-9]{12})", re.I)
_FILL_IN_WORDS = re.compile(
    r"placeholder|your(?![a-z0-9]{16})|my[-_]?(?:key|token|secret|api)|redacted|change[-_]?me|insert|replace[-_]?"
    r"|x{4}|\*{3}|\.{3}|_here\b|<[a-z][^<>]*>|^(?:<|\$\{|\{\{)",
    re.I,
)
_WRITTEN = re.compile(r"(?:^|[-_])[a-z]{2,}[-_][a-z]{3,}[-_][a-z]{2,}(?:[-_]|$)")
_KEYBOARD = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zyxwvutsrqponmlkjihgfedcba",
    "09876543210",
    "abcdef0123456789",
    "abcdef123456789",
)
_RUNS = frozenset(row[at : at + 7] for row in _KEYBOARD for at in range(len(row) - 6))
_PLAIN_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[A-Za-z]{1,4}[0-9]{1,2}")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^A-Za-z0-9]+")


class Reading(Enum):
    """What a value of a credential's form is."""

    REAL = "real"
    SAMPLE = "sample"
    FILL_IN = "fill-in"


def read(body: str, entropy: float = 2.8) -> tuple[Reading, str]:
    """What `body` is and why; `entropy` is the least Shannon entropy in bits per character that a secret has
    (random base32 of 16 characters has 3 or more)."""
    if re.search(r"(.)\1{5}|(.{2,8})\2{3}|(\d{3,})-\3-\3", body):
        return Reading.FILL_IN, "repetition"
    if _FILL_IN_WORDS.search(body):
        return Reading.FILL_IN, "words that stand for a value"
    if _SAMPLE_WORDS.search(body):
        return Reading.SAMPLE, "words of a manual"
    if _WRITTEN.search(body):
        return Reading.SAMPLE, "words in a row"
    lowered = body.lower()
    if any(lowered[at : at + 7] in _RUNS for at in range(len(lowered) - 6)):
        return Reading.SAMPLE, "a run of the alphabet or the keyboard"
    if shannon(body) < entropy:
        return Reading.FILL_IN, "too little variety"
    return Reading.REAL, ""


def placeholder(body: str, entropy: float = 2.8) -> str | None:
    """Why `body` is no real secret, None when it may be one.

    >>> placeholder("xxxxxxxxxxxx"), placeholder("qLm2xTr0ub4Zp9Ks")
    ('repetition', None)
    """
    reading, reason = read(body, entropy)
    return None if reading is Reading.REAL else reason


def shannon(text: str) -> float:
    """Entropy of the characters of `text` in bits per character.

    >>> shannon("aaaa"), shannon("abab")
    (0.0, 1.0)
    """
    counts = Counter(text).values()
    return abs(-sum(n / len(text) * math.log2(n / len(text)) for n in counts)) if text else 0.0


def classes(text: str) -> int:
    """How many kinds of characters occur, of lower case, upper case, digits and others (`_`, `.` and `-` do not
    count, names have them too)."""
    return sum(bool(re.search(kind, text)) for kind in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9_.-]"))


def is_mixed(text: str) -> bool:
    """Letters and digits both."""
    return bool(re.search(r"[0-9]", text) and re.search(r"[A-Za-z]", text))


def is_name(text: str) -> bool:
    """Does it read as words put together (`attachedFile2`, `jjwt-jackson-0.11.2`) rather than as random characters?

    Random characters change between lower case, upper case and digits every second or third character; names change
    at the seams of words, and between separators they keep to one kind.

    >>> is_name("maxRetryCount2"), is_name("jjwt-jackson-0.11.2"), is_name("AIhq5Xyb1Gga9Q22")
    (True, True, False)
    """
    parts = [part for part in re.split(r"[-_./: ]+", text) if part]
    if len(parts) > 1 and all(_PLAIN_PART.fullmatch(part) for part in parts):
        return True
    pieces = [piece for piece in _PIECE.findall(text) if piece[0].isalnum()]
    words = [piece for piece in pieces if piece[0].isalpha()]
    if not words:
        return True
    letters = sum(map(len, words))
    return letters >= 3 and letters / len(words) >= 3.2 and len(words) * 2 > len(pieces) - 1 and _vowels(words)


def is_random_word(text: str) -> bool:
    """Letters alone, of both cases, that no word explains."""
    return text.isalpha() and text.isascii() and len(text) >= 16 and classes(text) == 2 and not is_name(text)


def _vowels(words: list[str]) -> bool:
    """Most of the letters stand in words that can be said."""
    spoken = sum(len(w) for w in words if re.search(r"[aeiouy]", w, re.I) and not re.search(r"[^aeiouy]{5}", w, re.I))
    return spoken * 4 >= sum(map(len, words)) * 3


def is_encoded_text(value: str) -> bool:
    """Base64 of something that reads as text: a message in another coat, no random key."""
    data = decoded(value) if len(value) % 4 == 0 and len(value) >= 16 else b""
    return len(data) > 0 and b" " in data and sum(32 <= byte < 127 for byte in data) == len(data)


def decoded(part: str) -> bytes:
    """Base64 or base64url as bytes, without its padding too; empty when it is none."""
    plain = re.sub(r"\s", "", part).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""

"""The reading view of a text for the toxicity scorer: what is left when spelling tricks and script are taken away.

Rules:
1. The same code runs in training and at run time, so a trick that was undone there is undone here.
2. On top of `text.fold`: lower case, addresses of the web dropped, digits and signs that stand for letters inside a
   word read as letters (`stup1d`), letters spaced out joined (`k i l l`), signs and blanks between Han characters
   dropped (`去 . 死`), a character at most twice in a row, Traditional characters read as Simplified.
3. Nothing here needs offsets: the scorer judges whole texts.
4. Each step first looks whether it is needed at all; ordinary text pays for the looking only.
"""

import re

import numpy as np
from numpy.typing import NDArray

from guardrail.text.fold import fold

Codes = NDArray[np.uint32]
BLANK = 32
_PLANE = 0x10000
_PRIVATE = 0xE000  # characters beyond the basic plane (emoji) are filed in the private use area, 4,096 places
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_URL = re.compile(r"https?://\S+|www\.\S+")
_LEET = re.compile(r"(?<=[a-z])[013457@$!]+(?=[a-z])|(?<![^\s\"'(])\$(?=[a-z]{2})|(?<=[a-z])\$+(?![^\W_])")
_MAYBE_LEET = re.compile(r"[013457@$!]")
_LETTERS = str.maketrans("013457@$!", "oieastasi")
_SPACED = re.compile(r"(?<![a-z0-9'])[a-z](?:[ .\-_*|][a-z]){2,}(?![a-z0-9'])")
_SPACERS = re.compile(r"[ .\-_*|]")
_SPACED_HAN = re.compile(rf"(?<=[{_HAN}])[ .\-_*|·•]+(?=[{_HAN}])")


def simplifier(traditional: NDArray[np.uint16], simplified: NDArray[np.uint16]) -> Codes:
    """A table of 65,536 code points: Traditional to Simplified, any blank or control to a space, any quote to `"`."""
    table = np.arange(_PLANE, dtype=np.uint32)
    table[traditional] = simplified
    table[:BLANK] = BLANK
    table[[0x7F, 0xA0, 0x3000]] = BLANK
    table[[ord(mark) for mark in "“”„‟「」『』《》«»＂"]] = ord('"')
    return table


def reading(text: str, simplify: Codes) -> Codes:
    """The code points of the reading view of `text`; `simplify` comes from `simplifier`."""
    plain = fold(text).text.lower()
    if "://" in plain or "www." in plain:
        plain = _URL.sub(" ", plain)
    if _MAYBE_LEET.search(plain):
        plain = _LEET.sub(lambda found: found.group().translate(_LETTERS), plain)
    plain = _SPACED.sub(lambda found: _SPACERS.sub("", found.group()), plain)
    if not plain.isascii():
        plain = _SPACED_HAN.sub("", plain)
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32)
    if not plain.isascii():
        codes = np.where(codes < _PLANE, codes, _PRIVATE | (codes & 0xFFF))
    return _without_repeats(simplify[codes])


def _without_repeats(codes: Codes) -> Codes:
    """Blanks at most once and anything else at most twice in a row."""
    if len(codes) < 2:
        return codes
    same = codes[1:] == codes[:-1]
    drop = same & (codes[1:] == BLANK)
    drop[1:] |= same[1:] & same[:-1]
    return codes if not drop.any() else codes[np.concatenate(([True], ~drop))]

"""The reading view of a text for the toxicity scorer: what is left when spelling tricks and script are taken away.

Rules:
1. The same code runs in training and at run time, so a trick that was undone there is undone here.
2. On top of `text.fold`: lower case, addresses of the web dropped, digits and signs that stand for letters inside a
   word read as letters (`stup1d`), letters spaced out joined (`k i l l`), signs and blanks between Han characters
   dropped (`去 . 死`), a character at most twice in a row, Traditional characters read as Simplified.
3. Nothing here needs offsets: the scorer judges whole texts.
4. Each step first looks whether it is needed at all; ordinary text pays for the looking only.
5. Texts that come together are read together, joined by a separator.  Every step sees white space that is neither a
   blank nor a letter there, which it treats as it treats the end of a text, so the views are those of each text alone.
6. A pattern begins with a set of characters and looks behind afterwards: that is how Python's engine finds quickly
   where to begin.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guardrail.text.fold import fold

Codes = NDArray[np.uint32]
BLANK = 32
_PLANE = 0x10000
_PRIVATE = 0xE000  # characters beyond the basic plane (emoji) are filed in the private use area, 4,096 places
_SEPARATOR, _ITS_LIKE = "\v", "\f"  # white space that the fold keeps; no step tells the two apart
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_URL = re.compile(r"https?://\S+|www\.\S+")
_LEET = re.compile(
    r"[013457@$!](?:(?<=[a-z].)[013457@$!]*(?=[a-z])"
    r"|(?<=\$)(?:(?<![^\s\"'(].)(?=[a-z]{2})|(?<=[a-z].)\$*(?![^\W_])))"
)
_LETTERS = str.maketrans("013457@$!", "oieastasi")
_SPACED = re.compile(r"[a-z](?<![a-z0-9'].)(?:[ .\-_*|][a-z]){2,}(?![a-z0-9'])")
_MAYBE_SPACED = re.compile(r"[ .\-_*|][a-z][ .\-_*|][a-z](?![a-z0-9'])")
_SPACERS = re.compile(r"[ .\-_*|]")
_SPACED_HAN = re.compile(rf"[ .\-_*|·•](?<=[{_HAN}].)[ .\-_*|·•]*(?=[{_HAN}])")


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
    return readings([text], simplify)[0]


def readings(texts: Sequence[str], simplify: Codes) -> list[Codes]:
    """The reading view of each text."""
    if not texts:
        return []
    joined = _SEPARATOR.join(texts)
    if joined.count(_SEPARATOR) >= len(texts):
        joined = _SEPARATOR.join(text.replace(_SEPARATOR, _ITS_LIKE) for text in texts)
    plain = _respelt(_folded(joined).lower())
    points = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32)
    beyond = not plain.isascii() and points.max() >= _PLANE
    codes = simplify[np.where(points < _PLANE, points, _PRIVATE | (points & 0xFFF)) if beyond else points]
    if len(texts) == 1:
        return [_without_repeats(codes)]
    between = (points == ord(_SEPARATOR)).nonzero()[0]
    codes[between] = np.arange(len(between)) & 1  # below BLANK there is nothing else; neighbours differ, so all stay
    codes = _without_repeats(codes)
    ends = (codes < 2).nonzero()[0].tolist()
    return [codes[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(codes)], strict=True)]


def spelt(codes: Codes) -> str:
    """A reading view as a text."""
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def _fold_table() -> Codes:
    """What each code point of the basic plane folds to, 0 where that is not one character of the plane."""
    table = np.zeros(_PLANE, np.uint32)
    everything = fold("".join(map(chr, range(_PLANE))))
    origin = np.array(everything.origin, np.uint32)
    alone = np.bincount(origin, minlength=_PLANE)[origin] == 1
    table[origin[alone]] = np.frombuffer(everything.text.encode("utf-32-le"), np.uint32)[alone]
    return table


_FOLDS = _fold_table()
_SHORT = 120  # below so many characters, a table costs more than it saves


def _folded(text: str) -> str:
    """`fold(text).text`, by table where every character has one to stand for it (`fold` works on each apart)."""
    if len(text) < _SHORT or text.isascii():
        return fold(text).text
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    folds = _FOLDS.take(points, mode="clip")
    return folds.tobytes().decode("utf-32-le") if folds.all() and points.max() < _PLANE else fold(text).text


def _respelt(plain: str) -> str:
    """Lower-case text without addresses and spelling tricks."""
    if "://" in plain or "www." in plain:
        plain = _URL.sub(" ", plain)
    plain = _LEET.sub(_letters, plain)
    if _MAYBE_SPACED.search(plain):
        plain = _SPACED.sub(_joined, plain)
    return plain if plain.isascii() else _SPACED_HAN.sub("", plain)


def _letters(found: re.Match[str]) -> str:
    return found.group().translate(_LETTERS)


def _joined(found: re.Match[str]) -> str:
    return _SPACERS.sub("", found.group())


def _without_repeats(codes: Codes) -> Codes:
    """Blanks at most once and anything else at most twice in a row."""
    if len(codes) < 2:
        return codes
    same = codes[1:] == codes[:-1]
    if not same.any():
        return codes
    drop = same & (codes[1:] == BLANK)
    drop[1:] |= same[1:] & same[:-1]
    return codes if not drop.any() else codes[np.concatenate(([True], ~drop))]

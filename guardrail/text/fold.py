"""The folded view of a text: what a reader would read, with a map back to the characters it was made from.

Rules:
1. Folding works one character at a time, so `fold(a + b)` is `fold(a)` followed by `fold(b)` wherever a text
   is cut.  Streaming relies on it: a chunk can be folded before the next one is known.
2. Every folded character knows the source character it came from, so an edit lands on the original text.
3. Case is kept; a pattern that does not care says so itself.

What is folded: compatibility forms (NFKC: full-width, circled, superscript, mathematical letters and digits),
digits of every script, the usual look-alikes of Latin letters in Cyrillic and Greek (Unicode UTS #39,
confusables), typographic quotes and dashes.  What is dropped: control characters other than white space,
zero-width and directional controls, soft hyphens, variation selectors, tag characters and combining marks, which hide a
value without changing what is
read.  Lone surrogates, which cannot be encoded, read as U+FFFD.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from string import ascii_uppercase

_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_DROPPED = (
    f"{_CONTROLS}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff"
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_LOOKALIKES = {
    **dict(zip("АВЕЅІЈКМНОРСТХУԀԚԜҮаеѕіјорсхуԁԛԝһ", "ABESIJKMHOPCTXYDQWYaesijopcxydqwh", strict=False)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲ", "ABEZHIKMNOPTYXoc", strict=True)),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-"),
    **dict.fromkeys("\u2018\u2019\u201b\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
    **dict.fromkeys("\u2028\u2029\u0085", "\n"),
    # Further look-alikes of UTS #39: Cyrillic palochka, Armenian, Cherokee capitals and Latin small capitals.
    **dict(zip("ӀӏօՕտսց", "IloOunq", strict=True)),
    **dict(zip("ᎪᏴᏟᎠᎬᎻᏦᏞᎷᏢᎡᏚᎢᏙᏔᏃᎩ", "ABCDEHKLMPRSTVWZY", strict=True)),
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
    # White on black: letters in circles and squares, and the numbers from eleven on; single digits are digits already.
    **{chr(0x1F150 + at): letter for at, letter in enumerate(ascii_uppercase)},
    **{chr(0x1F170 + at): letter for at, letter in enumerate(ascii_uppercase)},
    **{chr(0x24EB + at): str(11 + at) for at in range(10)},
    **dict.fromkeys("\u2236\ua789", ":"),
    **dict.fromkeys("\u2044\u2215", "/"),
}
# Decimal digits of every script (category Nd), so that a script which Unicode adds is folded too; the planes beyond the
# supplementary multilingual one hold ideographs and no digits.
_DIGITS = re.findall(r"\d", "".join(map(chr, range(0x80, 0x20000))))
# The planes that hold anything else to fold; ideographs, Hangul and private use fold to themselves.
_FOLDABLE = chain(
    range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xF900, 0x10000),
    range(0x10100, 0x11C70), range(0x1D400, 0x1D800), range(0x1E000, 0x1F200), range(0x2F800, 0x2FA20),
    map(ord, _DIGITS),
)  # fmt: skip
_ASTRAL = "\U00010000"  # the first character beyond the basic plane
_ASCII_CONTROLS = bytes({*range(9), *range(0x0E, 0x20), 0x7F})
_is_dropped = re.compile(f"[{_DROPPED}]").match


def _fold_character(character: str) -> str:
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    folded = unicodedata.normalize("NFKC", character)
    if folded == character and (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    return "".join(_LOOKALIKES.get(part, part) for part in folded if not _is_dropped(part))


def _tables() -> tuple[dict[int, str], dict[str, str]]:
    """One-to-one replacements by code point, and those that change the length by character."""
    single: dict[int, str] = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    irregular: dict[str, str] = {}
    for point in _FOLDABLE:
        character = chr(point)
        if _is_dropped(character):
            continue
        folded = _fold_character(character)
        if len(folded) == 1 and folded != character:
            single[point] = folded
        elif len(folded) != 1:
            irregular[character] = folded
    return single, irregular


_SINGLE, _IRREGULAR = _tables()


def _class(characters: Iterable[str]) -> str:
    """The characters as the inside of a class, in ranges: the expression engine has a table for the basic plane alone,
    and looks through everything beyond it one by one."""
    ranges: list[list[int]] = []
    for point in sorted(map(ord, characters)):
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


_irregular = re.compile(f"[{_DROPPED}{_class(_IRREGULAR)}]")
_replaced = {chr(point): folded for point, folded in _SINGLE.items()}
_foldable = re.compile(f"[{_class(c for c in _replaced if c < _ASTRAL)}{_ASTRAL}-\U0010ffff]+")


def _fold_run(match: re.Match[str]) -> str:
    return "".join([_replaced.get(character, character) for character in match.group()])


def _one_to_one(text: str) -> str:
    """`text` with its characters replaced one by one.  Most characters of a text fold to themselves, and an expression
    passes over those faster than `str.translate` looks each of them up."""
    return _foldable.sub(_fold_run, text)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; `origin[i]` is the index in `source` of folded character i, None when they are the same."""

    source: str
    text: str
    origin: "array[int] | None" = None

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """The source span of a non-empty folded span."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def fold(source: str) -> Folded:
    """Fold `source`.

    >>> fold("Ａ１２３\\u200b４５６（３）").text
    'A123456(3)'
    """
    if source.isascii() and len(source) == len(source.encode().translate(None, _ASCII_CONTROLS)):
        return Folded(source, source)
    if _irregular.search(source) is None:
        return Folded(source, _one_to_one(source))
    pieces: list[str] = []
    origin: array[int] = array("I")
    done = 0
    for match in _irregular.finditer(source):
        at = match.start()
        pieces.append(source[done:at])
        origin.extend(range(done, at))
        expansion = _IRREGULAR.get(match.group(), "")
        pieces.append(expansion)
        origin.extend([at] * len(expansion))
        done = at + 1
    pieces.append(source[done:])
    origin.extend(range(done, len(source)))
    return Folded(source, _one_to_one("".join(pieces)), origin)

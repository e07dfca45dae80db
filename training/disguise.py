"""Spelling as people disguise it, or get it wrong, made from plain English: so that a model does not trip over it.

Rules: seeded by the caller's dice; one kind of disguise a text; the reading view of the detector undoes some of them,
and what it cannot undo must be learnt.
"""

import random
import re

_LEET = str.maketrans("aeiost", "43105+")
_WORD = re.compile(r"[A-Za-z]{4,}")


def disguised(text: str, dice: random.Random) -> str:
    """`text` with one kind of disguise: a word with digits for letters, spaced out, cut, swapped or stretched; or the
    blanks left out."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    kind = dice.randrange(7)
    if kind == 6:
        return text.replace(" ", "")[:80] if len(words) < 9 else text.lower()
    for word in sorted(dice.sample(words, min(len(words), dice.randint(1, 3))), key=lambda found: -found.start()):
        text = text[: word.start()] + _KINDS[kind](word.group(), dice) + text[word.end() :]
    return text


def _leet(word: str, dice: random.Random) -> str:
    return word.translate(_LEET)


def _spaced(word: str, dice: random.Random) -> str:
    return dice.choice(" .-_").join(word)


def _dropped(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def _swapped(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _stretched(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word))
    return word[:at] + word[at] * dice.randint(1, 3) + word[at:]


def _starred(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + dice.choice("*.#-") + word[at + 1 :]


_KINDS = (_leet, _spaced, _dropped, _swapped, _stretched, _starred)

"""The view of a sentence in which harms to groups are looked for: what a reader sees once markup is shown, not written.

Rules:
1. On top of the lexicon's reading (folded, lower case, Simplified) this takes away marks of emphasis, links, footnotes
   and in-line HTML, second blanks, accents, digits that stand for letters inside a word, and what spaces out single
   letters or characters: a frame must not be escaped by setting one of its words in bold.
2. Blanks between whole Chinese words stay: people write one where a comma belongs, and two sentences are not one.
3. Every character knows where it stood, so that a finding lies on the original text.
4. A sentence without any of this costs one search.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterator

from guardrail.groups.lexicon import Reading, reading
from guardrail.text.fold import Folded

_HAN = "\u3400-\u9fff"
_SPACERS = r" .\-_*|\u00b7\u2022"
_MARKUP = re.compile(
    r"[*`~]+|(?<![a-z0-9])_+|_+(?![a-z0-9])"
    r"|</?(?:b|i|u|s|em|strong|mark|span|code|del|ins|sub|sup|font)\b[^<>]{0,80}>"
    r"|\[(?=[^\[\]\n]{1,80}\]\()|\]\([^()\s]{0,200}\)|\[\^?\d{1,3}\]"
)
_SPACED = re.compile(
    rf"[a-z](?<![a-z0-9'].)(?:[{_SPACERS}][a-z]){{2,}}(?![a-z0-9'])"
    rf"|[{_HAN}](?<![{_HAN}].)([{_SPACERS}])[{_HAN}](?:\1[{_HAN}]){{2,}}(?![{_HAN}])"
)
_SPACER = re.compile(f"[{_SPACERS}]")
_BLANKS = re.compile(r"(?<=[ \t])[ \t]+")
_ANY = re.compile(rf"[*`~_<\[]|[ \t][ \t]|{_SPACED.pattern}")
_DIGITS = re.compile("(?<=[a-z])[013457@$]+(?=[a-z])")
_LETTERS = str.maketrans("013457@$", "oieastas")


def _accents() -> dict[int, str]:
    """Latin letters with accents, by what they are without."""
    bare = {point: unicodedata.normalize("NFD", chr(point))[0] for point in range(0xC0, 0x250)}
    return {point: letter for point, letter in bare.items() if letter.isascii()}


_ACCENTS = _accents()


def legible(text: str) -> Reading:
    """The view of a sentence, with the way back to its offsets.

    >>> legible("Kill all **Muslims**").text
    'kill all muslims'
    """
    view = reading(text)
    plain = view.text if view.text.isascii() else view.text.translate(_ACCENTS)
    plain = _DIGITS.sub(lambda found: found.group().translate(_LETTERS), plain)
    shown = Reading(view.folded, plain)
    if _ANY.search(plain) is None:
        return shown
    for places in (_spacers, _markup, _blanks):
        shown = _without(shown, places(shown.text))
    return shown


def _spacers(text: str) -> Iterator[tuple[int, int]]:
    return (spacer.span() for found in _SPACED.finditer(text) for spacer in _SPACER.finditer(text, *found.span()))


def _markup(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _MARKUP.finditer(text))


def _blanks(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _BLANKS.finditer(text))


def _without(view: Reading, places: Iterator[tuple[int, int]]) -> Reading:
    """The view with the places, which are in order and do not overlap, taken out."""
    before = view.folded.origin if view.folded.origin is not None else range(len(view.text))
    pieces: list[str] = []
    origin: array[int] = array("I")
    done = 0
    for start, end in (*places, (len(view.text), len(view.text))):
        pieces.append(view.text[done:start])
        origin.extend(before[done:start])
        done = end
    text = "".join(pieces)
    return Reading(Folded(view.folded.source, text, origin), text)

"""From a text to the word pieces that a small network reads: WordPiece for English, unigram pieces for Chinese.

Rules:
1. Both give what the published tokenisers give for the same vocabulary (tests hold them against the library that was
   used in training); the library itself brings a client of a model hub, which has no place in a sidecar.
2. Linear in the length of the text: a word longer than LONGEST is one unknown piece, and a unigram piece is at most
   as long as the longest of the vocabulary.
3. The first four pieces are padding, unknown, start and end.

Sources: WordPiece as in BERT (Devlin et al. 2019); unigram segmentation (Kudo 2018).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

PAD, UNKNOWN, START, END = range(4)
LONGEST = 100
"""Characters of a word beyond which it is not cut, as in the published tokeniser."""
_MARK = "▁"


class WordPiece:
    """Greedy longest pieces of lower-case words without accents; Han characters and signs are words of their own."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._numbers = {piece: at for at, piece in enumerate(pieces)}
        self._unknown = self._numbers["[UNK]"]
        self._longest = max(map(len, pieces))
        self._words: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str) -> list[int]:
        """The numbers of the pieces, without start and end."""
        found: list[int] = []
        for word in _words(text):
            known = self._words.get(word)
            if known is None:
                known = tuple(self._cut(word))
                if len(self._words) < 50_000:
                    self._words[word] = known
            found += known
        return found

    def _cut(self, word: str) -> Iterator[int]:
        pieces: list[int] = []
        start = 0
        while start < len(word) <= LONGEST:
            lead = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._numbers.get(lead + word[start:end])
                if number is not None:
                    break
            else:
                return iter((self._unknown,))
            pieces.append(number)
            start = end
        return iter(pieces if pieces else (self._unknown,))


class Unigram:
    """The likeliest sequence of pieces by their scores (Viterbi); a blank is a piece's own mark `▁`."""

    def __init__(self, pieces: Sequence[tuple[str, float]]) -> None:
        self._numbers = {piece: (at, score) for at, (piece, score) in enumerate(pieces) if not piece.startswith("<")}
        self._unknown = next(at for at, (piece, _) in enumerate(pieces) if piece == "<unk>")
        self._longest = max(map(len, self._numbers))
        self._penalty = min(score for _, score in self._numbers.values()) - 10
        self._prefixes = frozenset(piece[:end] for piece in self._numbers for end in range(1, len(piece) + 1))

    def encode(self, text: str) -> list[int]:
        """The numbers of the pieces, without start and end; neighbouring unknown characters are one piece."""
        marked = _MARK + _MARK.join(text.split())
        size = len(marked)
        best = [0.0] + [-1e18] * size
        before = [(0, self._unknown)] * (size + 1)
        for start in range(size):
            here, single = best[start], False
            for end in range(start + 1, min(size, start + self._longest) + 1):
                piece = marked[start:end]
                if piece not in self._prefixes:
                    break
                found = self._numbers.get(piece)
                if found is None:
                    continue
                single = single or end == start + 1
                if here + found[1] > best[end]:
                    best[end], before[end] = here + found[1], (start, found[0])
            if not single and here + self._penalty > best[start + 1]:
                best[start + 1], before[start + 1] = here + self._penalty, (start, self._unknown)
        numbers: list[int] = []
        at = size
        while at:
            at, number = before[at]
            if not (number == self._unknown and numbers and numbers[-1] == number):
                numbers.append(number)
        return numbers[::-1]


_CJK = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf])")


def _words(text: str) -> Iterator[str]:
    """Words as BERT's basic tokeniser cuts them."""
    if not text.isascii():
        text = _CJK.sub(r" \1 ", text)
        text = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        text = "".join(c for c in text if c in "\t\n\r" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cn"))
    else:
        text = text.lower()
    for run in text.split():
        word = ""
        for character in run:
            if _is_sign(character):
                if word:
                    yield word
                yield character
                word = ""
            else:
                word += character
        if word:
            yield word


def _is_sign(character: str) -> bool:
    if character.isalnum():
        return False
    return character.isascii() or unicodedata.category(character).startswith("P")

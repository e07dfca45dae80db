"""The shingles that a document is recognised by: three words, four characters of a script without blanks, or what lies
between in mixed text.

Why shorter than those of `passages.shingles`: of a copy with one word in five changed, and in Chinese with one
character in five, stretches of four stay whole; five characters in a row may not.  A store is large, so a shingle of
it is met by chance more often; how much of a run they must cover decides (see `detectors/leakage/documents.py`).
"""

from collections.abc import Sequence

from guardrail.detectors.leakage.passages import CHARACTER, WORD, is_solo

LEAST = 4 * CHARACTER
"""The least weight of a shingle; three words are more."""
REACH = 4
"""The most tokens of a shingle."""
# fmt: off
_COMMON = frozenset({
    "a", "about", "after", "all", "also", "an", "and", "another", "any", "are", "as", "at", "be", "because", "been",
    "being", "best", "both", "but", "by", "can", "could", "did", "do", "does", "done", "during", "each", "even",
    "every", "few", "find", "first", "for", "from", "get", "give", "go", "good", "great", "had", "has", "have",
    "having", "he", "help", "her", "here", "him", "his", "how", "however", "i", "if", "important", "in", "include",
    "including", "into", "is", "it", "its", "just", "keep", "know", "let", "like", "made", "make", "many", "may",
    "me", "might", "more", "most", "much", "must", "my", "need", "new", "no", "not", "now", "of", "often", "on",
    "one", "only", "or", "order", "other", "our", "out", "over", "own", "people", "possible", "provide", "s", "see",
    "several", "she", "should", "since", "so", "some", "such", "sure", "t", "take", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "thing", "things", "think", "this", "those", "through", "time", "to",
    "together", "too", "two", "under", "up", "us", "use", "used", "using", "very", "want", "was", "way", "we",
    "well", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "within", "without",
    "would", "you", "your",
})
# fmt: on
PLAIN = _COMMON | frozenset(map(str, range(100))) | frozenset("abcdefghijklmnopqrstuvwxyz")
"""Common English words, small numbers and letters: a shingle of nothing else goes on with a passage and begins none."""
_SEPARATOR = "\x1f"  # no token holds it


def _size(mask: int) -> int:
    """How many of the last tokens make a shingle; bit i of `mask` says that the i-th last is a character."""
    total = 0
    for size in range(1, REACH + 1):
        total += CHARACTER if mask >> (size - 1) & 1 else WORD
        if total >= LEAST:
            return size
    return REACH


_MASK = (1 << REACH) - 1
_SIZES = tuple(_size(mask) for mask in range(_MASK + 1))


def shingles(words: Sequence[str], first: int = 0) -> list[tuple[int, int, str]]:
    """The shingles that end at token `first` or later: the index of the last token, the number of tokens, and the text
    that is hashed.

    >>> [(last, size) for last, size, text in shingles(["a", "b", "c", "一", "二", "三", "四"])]
    [(2, 3), (3, 3), (4, 4), (5, 4), (6, 4)]
    """
    made: list[tuple[int, int, str]] = []
    mask = 0
    for index in range(max(0, first - REACH), len(words)):
        word = words[index]
        mask = (mask << 1 | is_solo(word)) & _MASK
        size = _SIZES[mask]
        if index >= first and size <= index + 1:
            made.append((index, size, _SEPARATOR.join(words[index + 1 - size : index + 1])))
    return made

"""Looking for words fast, before anything is read (serves the checks of `figures.py` and `consistency/detector.py`).

Rule: a plain search for each of a few words is some fifty times quicker than one expression that names them all, so
what makes a check worth its while is a list of words, in lower case.  Nothing here decides more than where to look.
"""

from collections.abc import Iterator, Sequence


def lowered(text: str) -> str:
    """`text` in lower case, at the same offsets; as it is where a character would become two."""
    low = text.lower()
    return low if len(low) == len(text) else text


def holds(low: str, words: Sequence[str]) -> bool:
    """Whether any of the words is there."""
    return any(word in low for word in words)


def places(low: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words stand, in order."""
    found: list[tuple[int, int]] = []
    for word in words:
        at = low.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = low.find(word, at + len(word))
    return sorted(found)


def lines(low: str, words: Sequence[str], most: int = 2000) -> Iterator[tuple[int, int]]:
    """The lines that hold any of the words; of a long line the pieces around them, at most `most` characters before and
    after each, none of them twice."""
    done = 0
    for start, end in places(low, words):
        if end <= done:
            continue
        first = max(low.rfind("\n", max(0, start - most), start) + 1, start - most, done)
        last = low.find("\n", end, end + most)
        done = min(len(low), end + most) if last < 0 else last
        yield first, done

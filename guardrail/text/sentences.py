"""Where sentences end, in English and Chinese, decided by the text alone.

Rule: whether a sentence ends at an offset depends on the characters up to that offset and one after it, never on
where a stream was cut, so the sentences of a stream are those of the whole text.
"""

import re

MAX_SENTENCE = 400
"""Characters after which a sentence is cut although it did not end (lists, code, text without punctuation)."""

_CLOSERS = "\"'”’」』）)】》〉\\]"
# One character class first, which a search can skip to; then what the end made of that character goes on with.
_END = re.compile(
    rf"[。！？；….!?;\n](?:(?<=[。！？；…])[。！？；…]*[{_CLOSERS}]*|(?<=[.!?;])[.!?;]*[{_CLOSERS}]*(?=\s)|(?<=\n)\n*)"
)


def sentence_ends(text: str, start: int = 0, *, final: bool = True) -> list[int]:
    """Offsets just after each sentence of `text[start:]`; `start` must be a sentence start.

    With `final` false, more text may follow: only ends that no continuation can move are given.
    """
    ends: list[int] = []
    begin = start
    while True:
        # One character more than a sentence may have: what a full stop needs to see after it.
        match = _END.search(text, begin, begin + MAX_SENTENCE + 1)
        end = match.end() if match else begin + MAX_SENTENCE + 1
        if end - begin <= MAX_SENTENCE and (final or end < len(text)):
            begin = end
        elif end - begin > MAX_SENTENCE < len(text) - begin:
            begin += MAX_SENTENCE
        else:
            break
        ends.append(begin)
    if final and begin < len(text):
        ends.append(len(text))
    return ends


def sentences(text: str) -> list[tuple[int, int]]:
    """The spans of all sentences of a whole text; together they are the text."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for end in sentence_ends(text):
        spans.append((begin, end))
        begin = end
    return spans

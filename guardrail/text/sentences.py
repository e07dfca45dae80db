"""Where sentences end, in English and Chinese, decided by the text alone.

Rules:
1. Whether a sentence ends at an offset depends on the characters up to that offset and one after it (two after a
   quotation mark), never on where a stream was cut, so the sentences of a stream are those of the whole text.
2. Words after a quotation that go on with its sentence belong to it: `"Run!" he shouted.` 「走啊！」佢話。  Who judges
   a sentence must see that somebody else said it.
"""

import re

MAX_SENTENCE = 400
"""Characters after which a sentence is cut although it did not end (lists, code, text without punctuation)."""

_CLOSERS = "\"'”’」』）)】》〉\\]"
_QUOTES = "\"'”’」』"
# One character class first, which a search can skip to; then what the end made of that character goes on with.
_END = re.compile(
    rf"[。！？；….!?;\n](?:(?<=[。！？；…])[。！？；…]*+[{_CLOSERS}]*+(?!(?<=[{_QUOTES}])\w)"
    rf"|(?<=[.!?;])[.!?;]*+[{_CLOSERS}]*+(?=\s)(?!(?<=[{_QUOTES}])[ \t][a-z])|(?<=\n)\n*)"
)


def sentence_ends(text: str, start: int = 0, *, final: bool = True) -> list[int]:
    """Offsets just after each sentence of `text[start:]`; `start` must be a sentence start.

    With `final` false, more text may follow: only ends that no continuation can move are given.
    """
    ends: list[int] = []
    begin = start
    while True:
        # Two characters more than a sentence may have: what an end needs to see after it.
        match = _END.search(text, begin, begin + MAX_SENTENCE + 2)
        end = match.end() if match else begin + MAX_SENTENCE + 1
        if end - begin <= MAX_SENTENCE and (final or end + (text[end - 1] in _QUOTES) < len(text)):
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

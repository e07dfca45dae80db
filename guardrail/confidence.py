"""How sure the model was of each part of an answer, from the log-probabilities that came with it.

Rules:
1. Nothing is asked for: what the upstream sends by itself, or because the client asked for it, is read.
2. Tokens are bytes and may be cut inside a character; a token that holds a part of one speaks of all of it.
3. The tokens must spell the answer, or nothing is said: a probability beside the wrong word is worse than none.
   In front of them a model's reasoning may stand, behind them white space and the marks that end a text.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from guardrail.types import Confidence

_ENDING = re.compile(rb"(?:\s|<[|\xef\xbd\x9c/]?[a-z_\xe2\x96\x81]{1,30}[|\xbd\x9c\xef]{0,3}>)*")


def aligned(text: str, tokens: Sequence[tuple[bytes, float | None]]) -> tuple[Confidence, ...]:
    """The confidence in the spans of `text`, in order; empty where the tokens do not spell it.

    >>> aligned("好的", [(b"\\xe5", -0.1), (b"\\xa5\\xbd", -0.2), ("的".encode(), -0.3)])
    (Confidence(start=0, end=1, logprob=-0.1), Confidence(start=0, end=1, logprob=-0.2), Confidence(start=1, end=2, logprob=-0.3))
    """  # noqa: E501
    raw = text.encode(errors="surrogatepass")
    joined = b"".join(token for token, _ in tokens)
    begin = joined.rfind(raw) if raw else -1
    if begin < 0 or _ENDING.fullmatch(joined, begin + len(raw)) is None:
        return ()
    ends = list(accumulate(len(token) for token, _ in tokens))
    if not _is_boundary(joined, ends, begin):
        return ()
    chars = list(accumulate((len(char.encode(errors="surrogatepass")) for char in text), initial=0))
    found: list[Confidence] = []
    for (token, logprob), end in zip(tokens, ends, strict=True):
        first, last = max(end - len(token) - begin, 0), min(end - begin, len(raw))
        if logprob is not None and first < last:
            found.append(Confidence(bisect_right(chars, first) - 1, bisect_right(chars, last - 1), logprob))
    return tuple(found)


def _is_boundary(joined: bytes, ends: Sequence[int], begin: int) -> bool:
    """Whether a token begins at `begin`, but for white space that the server has taken off the text."""
    at = bisect_right(ends, begin)
    start = ends[at - 1] if at else 0
    return not joined[start:begin].strip()

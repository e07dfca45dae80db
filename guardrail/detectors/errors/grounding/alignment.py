"""How a claim lies over the sources: which of its words stand where, and what differs in between (serves
`grounding/detector.py`).

Rules:
1. A claim is laid over at most three sentences: the one that shares most, then those that share most of what is left,
   so that a sentence made of two true ones finds both.
2. Only content tokens are laid out (no function words; Han characters one by one).  A token goes where its neighbour
   went on, else to the next place after it, else to the first.
3. What is left between two matched tokens is a gap: the claim's words and the source's words that stand there instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from math import inf

from guardrail.detectors.errors.grounding.lexicon import Lexicon
from guardrail.detectors.errors.grounding.sources import STOP, STOP_HAN, Index, Place, Tokens

SENTENCES = 3
"""Sentences that a claim is laid over."""
LOOKED_AT = 8
"""Sentences among which they are chosen."""
LONGEST = 120
"""Content tokens of a claim or a source sentence that are laid out; what is longer is a list or no sentence."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content tokens of a claim: as compared, where each stands among all its tokens, and how telling each is."""

    words: tuple[str, ...]
    at: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A claim laid over sentences.  `to[i]` is where content token i went, as a number in `other`, or -1; `parts` the
    number in `other` at which each sentence begins; `gained` the share of the claim's weight that each adds."""

    places: tuple[Place, ...]
    other: tuple[str, ...]
    parts: tuple[int, ...]
    to: tuple[int, ...]
    gained: tuple[float, ...]


def content_of(claim: Tokens, lexicon: Lexicon) -> Content:
    """The content tokens of a claim."""
    at = [n for n, word in enumerate(claim.stems) if word not in STOP and word not in STOP_HAN][:LONGEST]
    words = [claim.stems[n] for n in at]
    rarity = lexicon.rarities.get
    return Content(tuple(words), tuple(at), tuple([rarity(word, 1.0) for word in words]))


def lay(claim: Tokens, content: Content, index: Index) -> Laid:
    """Lay a claim over the sentences of an index."""
    total = sum(content.weights) or 1.0
    left = dict(zip(content.words, content.weights, strict=True))
    chosen: list[Place] = []
    gained: list[float] = []
    others: list[str] = []
    parts: list[int] = []
    candidates = [(number, share, index.held[number]) for number, share in index.ranked(claim, LOOKED_AT)]
    bounds = [inf] * len(candidates)  # what each gained before: with fewer words left it cannot gain more
    while candidates and left and len(chosen) < SENTENCES:
        best, most, all_left = 0, -1.0, sum(left.values())
        for at, (_, _, words) in enumerate(candidates):
            if bounds[at] <= most + 1e-9:
                continue
            if all_left <= most + 1e-9:
                break
            bounds[at] = gain = sum(compress(left.values(), map(words.__contains__, left)))
            if gain > most + 1e-9:
                best, most = at, gain
        if most <= 0:
            break
        del bounds[best]
        number, share, words = candidates.pop(best)
        chosen.append(index.place(number, share))
        gained.append(most / total)
        parts.append(len(others))
        others += index.content[number][:LONGEST]
        left = {word: weight for word, weight in left.items() if word not in words}
    return Laid(tuple(chosen), tuple(others), tuple(parts), _laid(content.words, others), tuple(gained))


def _laid(words: Sequence[str], others: Sequence[str]) -> tuple[int, ...]:
    where: dict[str, list[int]] = {}
    for number, word in enumerate(others):
        where.setdefault(word, []).append(number)
    to: list[int] = []
    before = -1
    for word in words:
        found = where.get(word)
        if not found:
            to.append(-1)
            continue
        best = found[0]
        if len(found) > 1:
            best = next((n for n in found if n == before + 1), -1)
            if best < 0:
                best = next((n for n in found if n > before), found[0])
        to.append(best)
        before = best
    return tuple(to)


@dataclass(frozen=True, slots=True)
class Gap:
    """Content tokens `first:last` of a claim that no sentence holds there, and the source's tokens in their place."""

    first: int
    last: int
    instead: tuple[str, ...]


def gaps(laid: Laid) -> list[Gap]:
    """The gaps of a claim; at its ends the two neighbouring source tokens stand for what is there instead."""
    found: list[Gap] = []
    n, to = 0, laid.to
    while n < len(to):
        if to[n] >= 0:
            n += 1
            continue
        end = n
        while end < len(to) and to[end] < 0:
            end += 1
        found.append(Gap(n, end, _instead(laid, to[n - 1] if n else -1, to[end] if end < len(to) else -1)))
        n = end
    return found


def _instead(laid: Laid, before: int, after: int) -> tuple[str, ...]:
    if before >= 0 and after >= 0:
        return laid.other[before + 1 : after] if before < after <= before + 6 else laid.other[before + 1 : before + 3]
    if before >= 0:
        return laid.other[before + 1 : before + 4]
    return laid.other[max(0, after - 3) : after] if after > 0 else ()

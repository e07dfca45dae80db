"""Claims as summaries put them, for training: shortened without a seam, with near words, or made up around true ones.

Rules:
1. The edits of `evaluation/grounding_edits.py` stay close to their source; people and models shorten further and say it
   in their own words.  What is done here to a claim says nothing else than it did (as far as words can tell), and is
   done to supported claims and to edited ones alike, so that being far from the source is no proof of either.
2. `invented` keeps the frame of a claim and fills a part of it with words of other sources: what a model makes up.
3. Nothing here is measured on; the evaluation has its own forms.
"""

import re
from collections.abc import Sequence
from random import Random

import numpy as np

from guardrail.detectors.errors.grounding.lexicon import Lexicon
from guardrail.detectors.errors.grounding.opposites import opposite
from guardrail.detectors.errors.grounding.sources import STOP, stem

_PREPOSITION_LIST = "in on at from with by for during after before near under over of through against between"
_PREPOSITIONS = frozenset(_PREPOSITION_LIST.split())
_STOPS = re.compile(r"[,.;:!?]$")
_BEFORE_REST = "is was are were has had and but or who which that to will would said says have be been"
_ENDS = frozenset(_BEFORE_REST.split())


def english(claim: str, dice: Random, lexicon: Lexicon) -> str:
    """An English claim in other and fewer words."""
    words = claim.split()
    for _ in range(dice.choice((0, 1, 1, 2))):
        words = _without_phrase(words, dice)
    words = _without_words(words, dice)
    if dice.random() < 0.6:
        words = _near(words, dice, lexicon, dice.choice((0.1, 0.2, 0.4, 0.6)))
    if dice.random() < 0.3:
        words = _surname(words)
    text = " ".join(words).strip(" ,;")
    return text if len(words) >= 4 else claim


def _without_phrase(words: list[str], dice: Random) -> list[str]:
    starts = [n for n, word in enumerate(words) if n > 1 and word.lower() in _PREPOSITIONS]
    if not starts or len(words) < 9:
        return words
    first = dice.choice(starts)
    last = first + 1
    while last < len(words) and last - first < 7 and words[last].lower() not in _PREPOSITIONS | _ENDS:
        last += 1
        if _STOPS.search(words[last - 1]):
            break
    return words[:first] + words[last:] if last - first > 1 and len(words) - last + first > 5 else words


def _without_words(words: list[str], dice: Random) -> list[str]:
    kept = [word for word in words if not (word.endswith("ly") and word.islower() and dice.random() < 0.5)]
    if dice.random() < 0.3:
        kept = [
            word
            for n, word in enumerate(kept)
            if not (n and word.lower() in ("the", "a", "an", "that") and dice.random() < 0.5)
        ]
    return kept


_LISTINGS: dict[int, list[str]] = {}


def words_of(lexicon: Lexicon) -> list[str]:
    """The words of a lexicon by row."""
    return _LISTINGS.setdefault(id(lexicon), list(lexicon.rows))


def _near(words: list[str], dice: Random, lexicon: Lexicon, share: float) -> list[str]:
    made = []
    for word in words:
        bare = word.strip(",.;:!?\"'()")
        root = stem(bare) if bare else ""
        row = lexicon.rows.get(root)
        if row is None or not bare.islower() or root in STOP or dice.random() > share:
            made.append(word)
            continue
        like = lexicon.vectors @ lexicon.vectors[row]
        like[row] = -1
        best = np.sort(np.argpartition(-like, 4)[:4])
        fit = [
            words_of(lexicon)[n] for n in best.tolist() if like[n] > 0.68 and not opposite(root, words_of(lexicon)[n])
        ]
        made.append(word.replace(bare, dice.choice(fit)) if fit else word)
    return made


def _surname(words: list[str]) -> list[str]:
    return [
        word
        for n, word in enumerate(words)
        if not (
            n + 1 < len(words)
            and word.istitle()
            and word.isalpha()
            and words[n + 1][:1].isupper()
            and stem(word) not in STOP
        )
    ]


def invented(claim: str, others: Sequence[str], dice: Random) -> str:
    """A claim with a part of its words taken from other sources."""
    pool = [word for other in others for word in other.split() if stem(word.strip(",.;:!?\"'()") or "a") not in STOP]
    share = dice.choice((0.15, 0.3, 0.5))
    if not pool:
        return claim
    return " ".join(
        dice.choice(pool) if stem(word.strip(",.;:!?\"'()") or "a") not in STOP and dice.random() < share else word
        for word in claim.split()
    )


def chinese(claim: str, dice: Random) -> str:
    """A Chinese claim with fewer words."""
    parts = re.split("(?<=[，；、])", claim)
    if len(parts) > 2 and dice.random() < 0.5:
        del parts[dice.randrange(1, len(parts) - 1)]
    text = "".join(parts)
    return re.sub("[的地已了也亦都就還还並并]", lambda m: "" if dice.random() < 0.4 else m.group(), text)

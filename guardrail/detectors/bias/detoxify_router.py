"""Which part of a text the Detoxify models are asked about: they know no Chinese, and Hong Kong mixes.

Rules:
1. Text without Chinese is judged whole, unless it has no letter.  Text without English is left to `bias.toxicity`,
   which reads both; so that a mixed text is judged by both.
2. An English sentence with Chinese in it (at least as many words as characters) is read without the Chinese: `Mr 陳 is
   a fool` as `Mr is a fool`.
3. A Chinese sentence with English in it is read by its English stretches of two words and more, each by itself.  Single
   words are not put together: `呢個 bug 要 kill 咗個 process` would become a sentence that nobody wrote.
4. Japanese and Korean count as Chinese here: the models know neither.
5. Disguises are undone first (full-width letters, zero-width characters, look-alikes), but not in a text with words in
   Cyrillic or Greek: the multilingual model reads Russian.
"""

import re
from dataclasses import dataclass

from guardrail.text.fold import fold

LEAST_WORDS = 2
"""Words that an English stretch in a text with Chinese must have."""
_EAST = "\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_CHARACTER = re.compile(f"[{_EAST}\U00020000-\U0003ffff]")
_CUT = re.compile(f"[\u3000-\u303f\uff00-\uffef{_EAST}\U00020000-\U0003ffff]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_OTHER_ALPHABET = re.compile("[\u0370-\u052f]{3,}")
_LONG = 3  # letters of a word that is more than a label: `3A座` and `Q & A` are no English


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be judged of a text: nothing, or one or more parts; `mixed` where something was left out."""

    parts: tuple[str, ...]
    mixed: bool = False


def english(text: str) -> Reading:
    """The part of a text that is for a model of English.

    >>> english("佢話you are a fool喎").parts
    ('you are a fool',)
    """
    if not _WORD.search(text):
        return Reading(())
    read = text if text.isascii() or _OTHER_ALPHABET.search(text) else fold(text).text
    characters = len(_CHARACTER.findall(read))
    if not characters:
        return Reading((read,))
    stretches = [part.strip() for part in _CUT.split(read)]
    words = sum(len(_WORD.findall(part)) for part in stretches)
    if words >= characters:
        stretches = [" ".join(part for part in stretches if part)]
    return Reading(tuple(part for part in stretches if _is_wording(part)), mixed=True)


def _is_wording(part: str) -> bool:
    words = _WORD.findall(part)
    return len(words) >= LEAST_WORDS and max(map(len, words)) >= _LONG

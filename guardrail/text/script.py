"""Traditional Chinese read as Simplified, character by character, so that one list of words serves both scripts.

Rules:
1. One character becomes one character, so offsets stay as they are and a text may be cut anywhere.
2. The direction is the lossy one on purpose: several Traditional characters share a Simplified one, so a word list that
   went through here matches either script.  What comes out is for comparing, never for showing.
3. Cantonese characters that have no Simplified form (嘅, 喺, 佢) stay.

The table holds the one-to-one entries of the OpenCC dictionaries (see NOTICE).
"""

import re
from pathlib import Path

_TRADITIONAL, _SIMPLIFIED = (Path(__file__).with_name("simplified.txt").read_text(encoding="utf-8")).split()
_TO_SIMPLIFIED = dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True))
SIMPLIFIED = {ord(old): ord(new) for old, new in _TO_SIMPLIFIED.items()}
"""The same table for `str.translate`, for who exchanges other characters in the same pass."""
_TRADITIONAL_RUN = re.compile(f"[{_TRADITIONAL}]+")


def simplify(text: str) -> str:
    """`text` with each Traditional character replaced by its Simplified form.

    >>> simplify("內地人唔係蝗蟲")
    '内地人唔系蝗虫'
    """
    return text if text.isascii() else _TRADITIONAL_RUN.sub(_simplified_run, text)


def _simplified_run(found: re.Match[str]) -> str:
    return "".join([_TO_SIMPLIFIED[character] for character in found.group()])

"""What a claim is made from and may take words from: its source, and the sources beside it."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Around:
    """The source of a claim with its language, sentences and names, and sentences and names of other sources."""

    text: str
    language: str
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    other_sentences: tuple[str, ...]
    other_names: tuple[str, ...]


Form = Callable[[str, Around, random.Random], str | None]
"""Says a claim otherwise; None where it cannot."""


def letters(text: str) -> str:
    """The letters and digits of a text, for comparing: nobody calls a copy with another full stop a new sentence."""
    return "".join(filter(str.isalnum, text)).lower()

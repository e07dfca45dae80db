"""Sentences made from frames, to teach what a collection of posts hardly shows: negation, quotation, plain mention.

Rules:
1. Every frame is our own (`templates.txt`).  None was taken from or fitted to a diagnostic suite.
2. A group of people never decides a label: every group stands in hostile, quoted, negated, neutral and kind frames.
3. Sampling is seeded, and each frame gets the same share, so that a long list of fillers does not drown the others.
4. English, Mandarin and Cantonese; Chinese is written there in either script, the reading view makes them one.
"""

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FRAMES = Path(__file__).with_name("templates.txt")
_GROUP = re.compile(r"<(?:g|one|hateful|claim|quote|slurs?)>")
"""What makes a toxic frame hate: it speaks of a group."""
_SLOT = re.compile(r"<(\w+)>")
_SECTION = re.compile(r"\[(\w+) (\w+)\]")


@dataclass(frozen=True, slots=True)
class Made:
    """A made sentence, whether it is toxic, and whether it attacks a group or somebody for belonging to one."""

    text: str
    toxic: bool
    hate: bool


def made(seed: int, each: int) -> dict[str, list[Made]]:
    """Sentences by language (`en`, `zh` with Cantonese): `each` distinct ones at most from every frame."""
    dice = random.Random(seed)
    lists = _lists()
    found: dict[str, list[Made]] = {"en": [], "zh": []}
    for variety, language in (("en", "en"), ("zh", "zh"), ("yue", "zh")):
        fillers = lists["zh"] | lists["yue"] if variety == "yue" else lists[variety]
        for toxic in (True, False):
            found[language] += _fill(lists[variety]["toxic" if toxic else "benign"], fillers, toxic, each, dice)
    return found


def _lists() -> dict[str, dict[str, list[str]]]:
    """The lists of `templates.txt` by language and slot."""
    lists: dict[str, dict[str, list[str]]] = defaultdict(dict)
    current: list[str] = []
    for line in FRAMES.read_text("utf-8").splitlines():
        if section := _SECTION.fullmatch(line):
            current = lists[section.group(1)].setdefault(section.group(2), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return dict(lists)


def _fill(
    frames: Sequence[str], fillers: Mapping[str, Sequence[str]], toxic: bool, each: int, dice: random.Random
) -> list[Made]:
    """Sentences of each frame; a sentence is there once."""
    found: dict[str, bool] = {}
    for frame in frames:
        hate = toxic and bool(_GROUP.search(frame))
        for _ in range(each):
            text = frame
            while slot := _SLOT.search(text):
                text = text[: slot.start()] + dice.choice(fillers[slot.group(1)]) + text[slot.end() :]
            found[text] = hate
    return [Made(text, toxic, hate) for text, hate in found.items()]

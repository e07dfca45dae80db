"""The texts that both hate and toxicity models learn from, each with its answers to the four questions.

Rules:
1. Posts come as they are; benign answers by the sentence and, once, as they begin; made sentences by the frame; our own
   sentences on groups as they were written.
2. A label that nobody gave is None and teaches nothing.
3. A text is there once.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from guardrail.evaluation.parts import Part
from training.corpus import LEARNT, OPINIONS, Item, Language, Source, read, sentences
from training.disguise import disguised
from training.templates import made

Group = Literal["posts", "answers", "templates", "opinions", "harms"]
HERE = Path(__file__).parent
QUESTIONS = ("toxic", "hate", "harm", "biased")
PIECES = 6
"""Sentences of a benign answer that are learnt from, at most about."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text to learn from or to calibrate on.  `labels` answers QUESTIONS; `prompt` is only given where the answer
    depends on it (biased opinions)."""

    text: str
    labels: tuple[bool | None, bool | None, bool | None, bool | None]
    language: Language
    group: Group
    weight: float = 1.0
    prompt: str = ""

    @property
    def toxic(self) -> bool:
        """Whether it is known to be toxic."""
        return bool(self.labels[0])


def examples(data: Path, wanted: Part, languages: Iterable[Language] = ("en", "zh")) -> list[Example]:
    """The texts of one part of every set that is learnt from, without the made ones."""
    found: dict[str, Example] = {}
    for source in (*LEARNT, OPINIONS):
        if source.language not in languages:
            continue
        for item in read(data, source):
            if item.part == wanted:
                for example in _examples(item, source):
                    found.setdefault(example.text, example)
    return list(found.values())


def _examples(item: Item, source: Source) -> list[Example]:
    if source is OPINIONS:
        labels = (None, None, None, item.toxic)
        return [Example(item.text, labels, item.language, "opinions", source.weight, item.prompt)]
    if source.benign:
        pieces = sentences(item.text)
        chosen = dict.fromkeys([*pieces[:: max(1, len(pieces) // PIECES)], item.text[:300]])
        none = (False, False, False, None)
        return [Example(piece, none, item.language, "answers", source.weight) for piece in chosen]
    labels = (item.toxic, item.hate, item.harm, None)
    return [Example(item.text, labels, item.language, "posts", source.weight)] if any_known(labels) else []


def any_known(labels: Iterable[bool | None]) -> bool:
    """Whether anybody answered any of the questions."""
    return any(label is not None for label in labels)


HARMS: dict[Language, tuple[str, ...]] = {"en": ("harms_en.txt",), "zh": ("harms_yue.txt", "harms_zh.txt")}
"""Our own sentences on groups of people, mostly polite: a sign (`+` harmful, `-` a harmless look-alike), a tab, the
sentence."""


def harms(languages: Iterable[Language] = ("en", "zh")) -> list[Example]:
    """Harm to groups and its look-alikes, written for this purpose: a harmful one is `hate` in the wide sense of the
    question (it attacks or disadvantages a group), and nobody says whether it is hostile.

    Raises ValueError for a line of another form, with its file and number.
    """
    found: dict[str, Example] = {}
    for language in languages:
        for name in HARMS[language]:
            for number, line in enumerate((HERE / name).read_text("utf-8").splitlines(), 1):
                if not line or line.startswith("#"):
                    continue
                sign, _, text = line.partition("\t")
                if sign not in ("+", "-") or not text.strip():
                    raise ValueError(f"{name}:{number}: expected `+` or `-`, a tab and a sentence")
                labels = (None, True, True, None) if sign == "+" else (False, False, False, None)
                found.setdefault(text.strip(), Example(text.strip(), labels, language, "harms"))
    return list(found.values())


def templates(seed: int, each: int, languages: Iterable[Language] = ("en", "zh")) -> list[Example]:
    """Made sentences; `each` distinct ones at most from every frame."""
    found: list[Example] = []
    for name, sentences_made in made(seed, each).items():
        language: Language = "en" if name == "en" else "zh"
        if language in languages:
            found += [
                Example(one.text, (one.toxic, one.hate, one.toxic, None), language, "templates")
                for one in sentences_made
            ]
    return found


def with_disguises(plain: Iterable[Example], share: float, seed: int) -> list[Example]:
    """The examples, and for a share of the English ones a copy that is spelt otherwise."""
    dice = random.Random(seed)
    found = list(plain)
    for example in list(found):
        if example.language == "en" and example.group not in ("answers", "harms") and dice.random() < share:
            found.append(replace(example, text=disguised(example.text, dice)))
    return found

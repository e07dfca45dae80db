"""Harm to groups as Hong Kong writes it, harmful sentences and harmless look-alikes, hand-written, in two halves.

Rules:
1. Every sentence is written whole, by hand; none is filled into a template.  `dev` may be looked at while a detector is
   made, `heldout` may not: it is counted, never printed, and no rule, word or threshold is taken from it.
2. The class says whether a sentence is harmful (`HARMFUL`, `HARMLESS`), so the two can never disagree.
3. A frame id is `half.ground.language.number`, the place of the sentence in its file: a miss is reported by it, and a
   held-out text need not be shown.
4. A file that breaks the vocabulary is an error that names the file and the row, never the text.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError

HALVES = ("dev", "heldout")
LANGUAGES = ("yue", "zh-Hant", "en", "zh-Hans")
STATUTORY = ("sex", "marital_status", "pregnancy", "breastfeeding", "disability", "family_status", "race")
"""Grounds of the four ordinances."""
GUIDELINE = (
    "belief", "political_opinion", "nationality", "region", "gender", "age", "ethnicity", "skin_colour", "occupation",
    "health", "income", "lifestyle",
)  # fmt: skip
"""Grounds of the Guideline, section 2.3.4; sexual orientation and gender identity stand under `gender`."""
GROUNDS = STATUTORY + GUIDELINE
HARMFUL = (
    "generalisation", "stereotype", "dehumanisation", "exclusion", "unequal_treatment", "incitement", "denial",
)  # fmt: skip
HARMLESS = (
    "news", "statistics", "law", "history", "self_description", "quotation", "counter_speech", "negation", "question",
    "dictionary", "fiction", "advice", "praise", "complaint_about_individual", "rule", "everyday",
)  # fmt: skip
"""`rule`: for safety, by law, or for the group's own good; `everyday`: a group or one of it in a plain errand."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and what it is."""

    text: str
    half: str
    language: str
    ground: str
    harm_class: str
    frame: str

    @property
    def harmful(self) -> bool:
        return self.harm_class in HARMFUL


def sentences(half: str) -> list[Sentence]:
    """The sentences of `dev` or `heldout`, in the order of the file.

    Raises SettingsError for a half that does not exist and for a file that breaks the vocabulary.
    """
    if half not in HALVES:
        raise SettingsError(f"the Hong Kong set has no half {half!r}; expected one of {', '.join(HALVES)}")
    return read(Path(__file__).with_name(f"hong_kong_harm_{half}.toml"), half)


def read(path: Path, half: str) -> list[Sentence]:
    """The sentences of one file in the form of this set.  Raises SettingsError that names the file and the row."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from error
    return list(_sentences(tables, path, half))


def _sentences(tables: dict[str, Any], path: Path, half: str) -> Iterator[Sentence]:
    for ground, lists in tables.items():
        _known(ground, GROUNDS, f"{path}: ground")
        if not isinstance(lists, dict):
            raise SettingsError(f"{path}: [{ground}] must be a table of languages")
        for language, rows in lists.items():
            _known(language, LANGUAGES, f"{path}: [{ground}] language")
            if not isinstance(rows, list):
                raise SettingsError(f"{path}: [{ground}] {language} must be a list of [class, text]")
            for number, row in enumerate(rows, 1):
                yield _sentence(row, half, ground, language, number, path)


def _sentence(row: object, half: str, ground: str, language: str, number: int, path: Path) -> Sentence:
    frame = f"{half}.{ground}.{language}.{number}"
    if not (isinstance(row, list) and len(row) == 2 and all(isinstance(part, str) and part.strip() for part in row)):
        raise SettingsError(f"{path}: {frame}: expected a row [class, text] of two strings that are not empty")
    harm_class, text = row
    _known(harm_class, HARMFUL + HARMLESS, f"{path}: {frame}: class")
    return Sentence(text, half, language, ground, harm_class, frame)


def _known(name: str, names: tuple[str, ...], place: str) -> None:
    if name not in names:
        raise SettingsError(f"{place} {name!r} is not one of {', '.join(names)}")

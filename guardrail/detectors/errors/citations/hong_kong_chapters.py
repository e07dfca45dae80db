"""The chapters of the Laws of Hong Kong that number and title are known of, as read in public sources.

Rules:
1. The rows are in hong_kong_chapters.tsv, each with the sources that it was read in; this module only reads them.
2. A chapter that is not here is not checkable: nothing is said of it, because the list is known to be incomplete.
3. Titles are compared in a plain form: lower case, no articles or punctuation, Traditional read as Simplified.  Two
   titles that share no word are different; where one is made of words of the other it may be a short form of it.
4. A row is `sure` where the official list, a legal publisher, the legislature or two sources say so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from guardrail.text.script import simplify

FILE = Path(__file__).with_name("hong_kong_chapters.tsv")
STATE = "2026-06-01"
"""The day of the official list that most rows were read in."""
GAPS = ((659, 1000),)
"""Numbers that the official list of that day passes over: it goes from Cap. 658 to Cap. 1001."""
NEW = 60
"""Numbers after the last ordinary chapter that may have been given since."""

_TRUSTED = frozenset("DLC")
_WORD = re.compile(r"[a-z]+|[\u4e00-\u9fff]")
_ORDINARY = frozenset("the of and for in to on with from by a an ordinance ordinances s hong kong".split())  # noqa: SIM905
_YEAR = re.compile(r"\s+\d{4}$")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter: its number, its titles ("" where none was read), whether it was repealed, whether it is sure."""

    number: int
    english: str
    chinese: str
    repealed: bool
    sure: bool


@dataclass(frozen=True, slots=True)
class Chapters:
    """All chapters by number, and the numbers that bear a title (in its plain form)."""

    by_number: Mapping[int, Chapter]
    by_title: Mapping[str, tuple[int, ...]]

    def named(self, title: str) -> tuple[int, ...]:
        """The numbers that are known to bear `title`."""
        return self.by_title.get(plain(title), ())


def plain(title: str) -> str:
    """A title as it is compared: `plain("The Theft Ordinance")` is `plain("theft ordinance")`."""
    return " ".join(words(title))


def words(title: str) -> tuple[str, ...]:
    """The words of a title that tell it from others; of a Chinese one its characters, without 條例."""
    bare = simplify(_YEAR.sub("", title.strip())).lower().removesuffix("条例").replace("'s ", " ").replace("’s ", " ")
    return tuple(word for word in _WORD.findall(bare) if word not in _ORDINARY)


@cache
def chapters() -> Chapters:
    """The list."""
    rows = [_row(line) for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    titles: dict[str, list[int]] = {}
    for row in rows:
        for title in filter(None, (row.english, row.chinese)):
            titles.setdefault(plain(title), []).append(row.number)
    return Chapters({row.number: row for row in rows}, {title: tuple(found) for title, found in titles.items()})


def _row(line: str) -> Chapter:
    number, english, chinese, status, sources = line.split("\t")
    sure = len(sources) > 1 or bool(_TRUSTED & set(sources))
    return Chapter(int(number), english, chinese, status == "repealed", sure)

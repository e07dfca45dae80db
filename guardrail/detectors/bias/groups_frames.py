"""The frames of harm to groups: the reviewed expressions of groups.toml, compiled for one linear pass each.

Rules:
1. What is harmful is said in groups.toml and nowhere else; this module turns its notation into expressions.
2. Frames run over a masked view in which every mention of a group is one character, so that a frame is written once
   for all groups.  Chinese is compared in its Simplified reading.
3. RE2 alone: no frame can be slow, whatever the text.  One expression for each class and language says whether any
   frame of it fits; only then are they tried one by one.
4. Pardons (what takes a harm away) are looked for only once a frame fits, in a text of bounded length.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import re2

from guardrail.groups.lexicon import GROUNDS, reading

FILE = Path(__file__).with_name("groups.toml")

GROUP, SLUR, AMBIGUOUS, CIRCUMSTANCE = "\ue000", "\ue001", "\ue002", "\ue003"
"""The characters that stand for mentions in a masked view; the text's own ones are taken out of it before."""
MASKS = GROUP + SLUR + AMBIGUOUS + CIRCUMSTANCE

_SLOTS = {
    "<G>": f"([{GROUP}{SLUR}])",
    "<g>": f"[{GROUP}{SLUR}]",
    "<H>": f"([{CIRCUMSTANCE}{GROUP}{SLUR}])",
    "<S>": f"({SLUR})",
    "<A>": f"({AMBIGUOUS})",
}
_GAPS = {"en": r"((?:[\w'’-]+ ){0,4}?)", "zh": f"([^，。！？；,.!?;:：\\s{MASKS}]{{0,6}}?)"}
_MACRO = re.compile(r"\{([^{}\d,][^{},]*)\}")


@dataclass(frozen=True, slots=True)
class Class:
    """A kind of harm, with the score of a sentence that fits one of its frames."""

    name: str
    score: float
    says: str


@dataclass(frozen=True, slots=True)
class Family:
    """The frames of one class in one language."""

    of: Class
    screen: Any
    frames: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """All frames, circumstances and pardons of one language."""

    families: tuple[Family, ...]
    circumstances: Any
    by_ground: Mapping[str, Any]
    pardons: Mapping[str, re.Pattern[str]]
    signs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frames:
    """What groups.toml says; `things` is what shows, right after an English name of people, that none are meant."""

    classes: Mapping[str, Class]
    english: Language
    chinese: Language
    things: re.Pattern[str]


@cache
def load(path: Path = FILE) -> Frames:
    """Read and compile the frames of a file, by default the packaged one.

    Raises ValueError that names the class and the frame where an expression is not one.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    classes = {name: Class(name, float(raw["score"]), raw["says"]) for name, raw in data["class"].items()}
    things = re.compile(rf"[ -](?:{'|'.join(data['things']['en'])})\b")
    return Frames(classes, _language(data, "en", classes), _language(data, "zh", classes), things)


def _language(data: Mapping[str, Any], language: str, classes: Mapping[str, Class]) -> Language:
    words = {simple(name): simple(text) for name, text in data["words"][language].items()}
    families = tuple(
        _family(classes[name], [_expanded(frame, words, language) for frame in frames], language)
        for name, frames in data["frames"][language].items()
    )
    circumstances = {ground: _alternatives(each, language) for ground, each in data["circumstances"][language].items()}
    for ground in circumstances:
        if ground not in GROUNDS:
            raise ValueError(f"{FILE.name}: circumstances of `{ground}`, which is no ground")
    return Language(
        families,
        _compiled("|".join(circumstances.values()), f"circumstances.{language}"),
        {ground: _compiled(text, f"circumstances.{language}.{ground}") for ground, text in circumstances.items()},
        {name: _pardon(each, language) for name, each in data["pardons"][language].items()},
        {name: _compiled(_alternatives(each, language), name) for name, each in data["signs"][language].items()},
    )


def _family(of: Class, frames: Sequence[str], language: str) -> Family:
    where = f"frames.{language}.{of.name}"
    return Family(
        of,
        _compiled("|".join(f"(?:{_uncaptured(frame)})" for frame in frames), where),
        tuple(_compiled(frame, where) for frame in frames),
    )


def _compiled(expression: str, where: str) -> Any:
    options = re2.Options()
    options.max_mem = 256 << 20
    options.log_errors = False
    try:
        return re2.compile(expression, options=options)
    except re2.error as error:
        raise ValueError(f"{FILE.name}: {where}: not an expression of RE2 ({error}): {expression[:120]}") from None


def _expanded(frame: str, words: Mapping[str, str], language: str) -> str:
    text = simple(frame)
    for _ in range(3):
        text = _MACRO.sub(lambda found: words[found[1]], text)
    text = text.replace("~", _GAPS[language])
    for slot, mask in _SLOTS.items():
        text = text.replace(slot, mask).replace(slot.lower(), mask)
    return _bounded(text) if language == "en" else text


def _bounded(text: str) -> str:
    """An English frame begins and ends between words."""
    start = "" if text.startswith(("(?:^", "\\b", "(?:)", f"([{GROUP}")) else r"(?:^|[^\w'])"
    end = "" if text.endswith(("$)", "\\b")) else r"(?:[^\w'-]|$)"
    return f"{start}(?:{text}){end}"


def _uncaptured(text: str) -> str:
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", text)


def _alternatives(each: Sequence[str], language: str) -> str:
    joined = "|".join(map(simple, each))
    return rf"(?:\b|^)(?:{joined})\b" if language == "en" else f"(?:{joined})"


def _pardon(each: Sequence[str], language: str) -> re.Pattern[str]:
    text = "|".join(map(simple, each))
    for slot, mask in _SLOTS.items():
        text = text.replace(slot, mask).replace(slot.lower(), mask)
    ends = r"(?<![\w'])(?:{})(?!\w)" if language == "en" and "$" not in text else "(?:{})"
    return re.compile(ends.format(text))


def simple(text: str) -> str:
    """A notation in the script it is compared in, with `<G>`, `\\S` and the like left alone."""
    parts = re.split(r"(<[GHSAg]>|\\[A-Za-z])", text)
    return "".join(part if at % 2 else reading(part).text for at, part in enumerate(parts))

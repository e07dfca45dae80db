"""The reviewed lexicon of groups of people: who is meant by which words, on which ground, and under which rule.

Rules:
1. A mention is a place in a text, not a judgement: "women" is a mention and says nothing against anybody.
2. The data are in lexicon.toml, where a policy officer can read and change them; this module only reads.
3. Words are looked for in the reading view of a text (folded, lower case, Traditional read as Simplified), and the
   places given are those of the original.  An English word must be whole, but may touch Chinese characters.
4. Where several words begin at one place the longest is meant; longer words in which a term is no group are known
   (`ignore`) and hide it.
5. A text without a mention costs one linear search (RE2), whatever it holds.
"""

import re
import tomllib
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import re2

from guardrail.text.fold import Folded, fold
from guardrail.text.script import simplify

FILE = Path(__file__).with_name("lexicon.toml")

ORDINANCES: Mapping[str, str] = {
    "SDO": "Sex Discrimination Ordinance (Cap. 480)",
    "DDO": "Disability Discrimination Ordinance (Cap. 487)",
    "FSDO": "Family Status Discrimination Ordinance (Cap. 527)",
    "RDO": "Race Discrimination Ordinance (Cap. 602)",
}
GUIDELINE = "guideline"
STATUTORY_GROUNDS = (
    "sex", "marital_status", "pregnancy", "breastfeeding", "disability", "family_status", "race",
)  # fmt: skip
"""The grounds of the four ordinances."""
GUIDELINE_GROUNDS = (
    "belief", "political_opinion", "nationality", "region", "gender", "age", "ethnicity", "skin_colour", "occupation",
    "health", "income", "lifestyle",
)  # fmt: skip
"""The twelve grounds of §2.3.4 of the Generative AI Guideline, in its order."""
GROUNDS = (*STATUTORY_GROUNDS, *GUIDELINE_GROUNDS)
SEVERITIES = ("neutral", "dated", "derogatory", "slur")
"""What a word says about its user, mildest first."""

_PEOPLE = (
    "people|person|persons|man|men|woman|women|folk|folks|guy|guys|individual|individuals|community|communities|worker|"
    "workers|staff|employee|employees|colleague|colleagues|student|students|applicant|applicants|candidate|candidates|"
    "tenant|tenants|customer|customers|guest|guests|patient|patients|kid|kids|child|children|family|families|immigrant|"
    "immigrants|migrant|migrants|refugee|refugees|resident|residents|citizen|citizens|national|nationals|girl|girls|"
    "boy|boys|lady|ladies|couple|couples|parent|parents|mother|mothers|mom|moms|mum|mums|father|fathers|voter|voters|"
    "helper|helpers|maid|maids|driver|drivers|population|youth|youths|males|females|male|female|wife|wives|husband|"
    "husbands|neighbour|neighbours|neighbor|neighbors|job seekers|jobseekers|job-seekers|visitor|visitors|tourist|"
    "tourists|adult|adults|teenager|teenagers|minority|minorities|supporter|supporters|boss|bosses|leader|leaders|"
    "teacher|teachers|doctor|doctors|nurse|nurses|manager|managers|engineer|engineers|player|players|friends|folx|"
    "protester|protesters|nationalist|nationalists|trash|bastards|scum"
)
# What follows 人 where it is part of a longer word: 人民, 人口, 人壽, 人權, 人數, 人才, 人均, 人力, 人道, 人物, 人文.
_NOT_PERSON = re.compile("[民口寿均数物文员]|权|工智|工合|工成|道主|大(?:代|常|会|副)|力资|才(?![不唔是系会])")
_BLANKS = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A word for a group.  `senses` says what else it means; such a word alone is no evidence that a group is meant."""

    text: str
    severity: str = "neutral"
    note: str = ""
    senses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people.  `basis` is a key of ORDINANCES, or GUIDELINE; `adjectives` need a word for people after."""

    id: str
    ground: str
    basis: str
    also: tuple[str, ...] = ()
    english: tuple[Term, ...] = ()
    adjectives: tuple[str, ...] = ()
    chinese: tuple[Term, ...] = ()

    @property
    def grounds(self) -> tuple[str, ...]:
        """All grounds that the group touches, its own first."""
        return (self.ground, *self.also)

    @property
    def rule(self) -> str:
        """What protects the group on its ground, in words for findings and records."""
        return basis_text(self.basis, self.ground)


@dataclass(frozen=True, slots=True)
class Member:
    """A group in a contrast with the forms to write it in; `group` is empty for "people without ..."."""

    group: str
    english: Mapping[str, str]
    chinese: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Groups that can stand in one another's place."""

    id: str
    ground: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where a text names a group.

    `ground` and `basis` are those of the group, `severity` is one of SEVERITIES.  `term_class` is `noun`, `adjective`
    (with the word for people that follows it) or `marked`.  `ambiguous` words have other senses as well.
    """

    group: str
    ground: str
    basis: str
    start: int
    end: int
    severity: str
    term_class: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    group: Group
    severity: str
    term_class: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading view of a text, with the way back to its offsets."""

    folded: Folded
    text: str

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original of a place in the view."""
        return self.folded.to_source(start, end)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All groups, ready to be looked for."""

    groups: Mapping[str, Group]
    contrasts: tuple[Contrast, ...]
    ignored: tuple[str, ...]
    _entries: Mapping[str, "_Entry | None"] = field(repr=False)
    _pattern: Any = field(repr=False)

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """The mentions of groups in `text`, in order, in its own offsets."""
        view = reading(text)
        found = []
        for start, end, entry in self.places(view.text):
            begin, stop = view.to_source(start, end)
            found.append(
                Mention(
                    entry.group.id,
                    entry.group.ground,
                    entry.group.basis,
                    begin,
                    stop,
                    entry.severity,
                    entry.term_class,
                    entry.ambiguous,
                )
            )
        return tuple(found)

    def names_any(self, view: str) -> bool:
        """Whether a reading view may hold a mention; never wrong when it says no."""
        return self._pattern.search(view.encode("utf-8", "replace")) is not None

    def describes(self, word: str) -> bool:
        """Whether an English word of a reading view stands before other nouns as well: `german`, but not `germans`."""
        return f"{word} +" in self._entries

    def places(self, view: str) -> Iterator[tuple[int, int, "_Entry"]]:
        """The entries found in a reading view, with their places in it."""
        raw = view.encode("utf-8", "replace")
        if self._pattern.search(raw) is None:
            return
        offsets = _byte_offsets(view) if len(raw) != len(view) else None
        for match in self._pattern.finditer(raw):
            entry = self._entry(match.group().decode("utf-8"))
            if entry is None:
                continue
            start, end = match.span()
            if offsets is not None:
                start, end = bisect_left(offsets, start), bisect_left(offsets, end)
            if view[end - 1] == "人" and _NOT_PERSON.match(view, end):
                continue
            yield start, end, entry

    def _entry(self, found: str) -> "_Entry | None":
        key = _key(found)
        if key in self._entries:
            return self._entries[key]
        adjective = key.rsplit(" ", 1)[0]
        return self._entries.get(f"{adjective} +") or self._entries.get(f"{adjective.rsplit(' ', 1)[0]} +")


def reading(text: str) -> Reading:
    """The view in which groups are looked for: folded, lower case, Traditional read as Simplified, same length."""
    folded = fold(text)
    lower = folded.text.lower()
    if len(lower) != len(folded.text):  # a few capitals become two characters
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in folded.text)
    return Reading(folded, simplify(lower))


def basis_text(basis: str, ground: str) -> str:
    """A basis in words: `statutory: Race Discrimination Ordinance (Cap. 602)` or `guideline: §2.3.4 region`."""
    if basis == GUIDELINE:
        return f"guideline: §2.3.4 {ground.replace('_', ' ')}"
    return f"statutory: {ORDINANCES[basis]}"


@cache
def load(path: Path = FILE) -> Lexicon:
    """The lexicon of a file, by default the packaged one; read once.

    Raises ValueError with the group and the word where the file breaks its own rules.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    groups = {}
    for raw in data["group"]:
        group = _group(raw)
        if group.id in groups:
            raise ValueError(f"{path.name}: group `{group.id}` is there twice; give the second another id")
        groups[group.id] = group
    contrasts = tuple(_contrast(raw, groups) for raw in data.get("contrast", ()))
    ignored = tuple(data.get("ignore", ()))
    entries = _entries(groups.values(), tuple(data.get("persons", ())), path.name)
    for word in ignored:
        if entries.setdefault(_key(_view(word)), None) is not None:
            raise ValueError(f"{path.name}: `{word}` is both a term and in `ignore`; keep one")
    return Lexicon(groups, contrasts, ignored, entries, _compiled(entries))


def mentions(text: str) -> tuple[Mention, ...]:
    """The mentions of groups in `text`, by the packaged lexicon.

    >>> [(m.group, m.start, m.end) for m in mentions("請問內地人可以申請嗎？")]
    [('mainlanders', 2, 5)]
    """
    return load().mentions(text)


def counterparts(group: str) -> tuple[Contrast, ...]:
    """The contrasts that `group` is a member of; empty where it has no counterpart."""
    return tuple(c for c in load().contrasts if any(member.group == group for member in c.members))


def contrasts(ground: str | None = None) -> tuple[Contrast, ...]:
    """All contrasts, or those of one ground."""
    return tuple(c for c in load().contrasts if ground in (None, c.ground))


def _group(raw: Mapping[str, Any]) -> Group:
    name, basis = raw["id"], raw["basis"]
    for ground in (raw["ground"], *raw.get("also", ())):
        if ground not in GROUNDS:
            raise ValueError(f"group `{name}`: `{ground}` is no ground; the grounds are {', '.join(GROUNDS)}")
    if basis != GUIDELINE and basis not in ORDINANCES:
        raise ValueError(f"group `{name}`: basis `{basis}`; expected `{GUIDELINE}` or one of {', '.join(ORDINANCES)}")
    marked = [_marked(name, one) for one in raw.get("marked", ())]
    english = [Term(word) for word in raw.get("en", ())] + [term for term in marked if _is_latin(term.text)]
    chinese = [Term(word) for word in raw.get("zh", ())] + [term for term in marked if not _is_latin(term.text)]
    return Group(
        name,
        raw["ground"],
        basis,
        tuple(raw.get("also", ())),
        tuple(english),
        tuple(raw.get("adj", ())),
        tuple(chinese),
    )


def _marked(group: str, raw: Mapping[str, Any]) -> Term:
    term = Term(raw["term"], raw["severity"], raw.get("note", ""), tuple(raw.get("senses", ())))
    if term.severity not in SEVERITIES:
        raise ValueError(f"group `{group}`: severity `{term.severity}` of `{term.text}`; expected one of {SEVERITIES}")
    if not term.note:
        raise ValueError(f"group `{group}`: `{term.text}` has no note; say who uses it and when it is harmless")
    return term


def _contrast(raw: Mapping[str, Any], groups: Mapping[str, Group]) -> Contrast:
    members = tuple(Member(one["group"], one["en"], one["zh"]) for one in raw["members"])
    for member in members:
        if member.group and member.group not in groups:
            raise ValueError(f"contrast `{raw['id']}`: there is no group `{member.group}`")
    return Contrast(raw["id"], raw["ground"], members)


def _entries(groups: Collection[Group], persons: Sequence[str], source: str) -> dict[str, "_Entry | None"]:
    entries: dict[str, _Entry | None] = {}

    def add(key: str, entry: _Entry) -> None:
        other = entries.get(key)
        if other is not None and other.group.id != entry.group.id:
            raise ValueError(
                f"{source}: `{key.removesuffix(' +')}` is in `{other.group.id}` and in `{entry.group.id}`; a term "
                "belongs to one group"
            )
        entries[key] = entry

    for group in groups:
        for term in (*group.english, *group.chinese):
            marked = bool(term.note)
            entry = _Entry(group, term.severity, "marked" if marked else "noun", bool(term.senses))
            for form in _forms(term.text) if _is_latin(term.text) else (term.text,):
                add(_key(_view(form)), entry)
        for word in group.adjectives:
            add(f"{_key(_view(word))} +", _Entry(group, "neutral", "adjective", False))
    for group in groups:
        for word in _compounds(group, persons):
            entries.setdefault(word, _Entry(group, "neutral", "noun", False))
    return entries


def _compiled(entries: Mapping[str, "_Entry | None"]) -> Any:
    options = re2.Options()
    options.longest_match = True
    options.max_mem = 64 << 20
    latin = [key for key in entries if _is_latin(key) and not key.endswith(" +")]
    adjectives = [key.removesuffix(" +") for key in entries if key.endswith(" +")]
    other = [key for key in entries if not _is_latin(key)]

    def alternatives(words: list[str]) -> str:
        return "|".join(re2.escape(word).replace(r"\ ", r"[\s-]+") for word in words)

    people = _PEOPLE.replace(" ", r"[\s-]+")
    source = (
        rf"\b(?:{alternatives(latin)})\b|\b(?:{alternatives(adjectives)})[\s-]+(?:{people})\b|{alternatives(other)}"
    )
    return re2.compile(source.encode(), options=options)


def _compounds(group: Group, persons: Sequence[str]) -> Iterator[str]:
    """From the name of a people, what else its place name makes of a person: 越南人 gives 越南學生, 越南籍."""
    if group.ground not in ("race", "nationality", "region"):
        return
    for term in group.chinese:
        if term.severity == "neutral" and len(term.text) > 2 and term.text.endswith("人"):
            for person in persons:
                yield _view(term.text[:-1] + person)


def _forms(written: str) -> tuple[str, ...]:
    """The forms of an English noun: as written with a slash, or with its plural made."""
    if "/" in written:
        return tuple(written.split("/"))
    if written.startswith("the ") or written.endswith(("people", "couple's", "community", "camp", "Chinese")):
        return (written,)
    if written.endswith(("s", "x", "ch", "sh")):
        return (written, f"{written}es")
    if written.endswith("y") and written[-2] not in "aeiou":
        return (written, f"{written[:-1]}ies")
    return (written, f"{written}s")


def _view(text: str) -> str:
    return reading(text).text


def _key(text: str) -> str:
    return _BLANKS.sub(" ", text).strip() if _is_latin(text) else text


def _is_latin(text: str) -> bool:
    return text.isascii() or (text[0].isascii() and text[0].isalpha() and not re.search("[\u3400-\u9fff]", text))


def _byte_offsets(text: str) -> "array[int]":
    """Where each character begins in the UTF-8 form of `text`, and its end."""
    return array(
        "I",
        accumulate((1 if c < "\x80" else 2 if c < "\u0800" else 3 if c < "\U00010000" else 4 for c in text), initial=0),
    )

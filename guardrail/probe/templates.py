"""Templates and terms: the material that matched prompts are made of, read from JSON lines.

Rules:
1. A template has one slot for a group term and differs in nothing else from prompt to prompt; a template with two slots
   (`{one}`, `{other}`) is asked in both orders.
2. A term is a group, never a name: what a first name lets a reader guess is another question than what a prompt says.
3. A term brings its grammatical forms (what stands before the role, what behind), so that a sentence stays one:
   "a Muslim patient", "a patient who is deaf", "失聰的病人".
4. A file that cannot be used is refused with its line, never read in part.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from guardrail.errors import SettingsError
from guardrail.probe.grounds import GROUNDS

LANGUAGES = ("en", "zh-Hant", "yue", "zh-Hans")
UNITS = ("HKD", "score", "percent", "months")
FILES = ("terms.jsonl", "situations.jsonl", "grounds.jsonl", "simplified.jsonl")
_TERM = {"ground", "term", "lang", "before", "after", "echo"}
_TEMPLATE = {"template", "lang", "grounds", "except", "role", "text", "yes", "number"}
_NUMBER = {"unit", "low", "high", "better"}
_SLOT = re.compile(r"\{(\w*)\}")
_CANTONESE = re.compile("[嘅唔咗喺]")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
# "a European", "a one-year-old": written with a vowel, spoken with a consonant; and the other way round.
_SPOKEN_CONSONANT = re.compile(r"(?:eu|uni(?!n|m)|us[aeiu]|one\b|uk\b|u[gy])", re.IGNORECASE)
_SPOKEN_VOWEL = re.compile(r"(?:hour|honest|hono|heir|8|11\b|18\b|(?:HIV|MTR|HK|LGBT|NGO|SEN)\b)")


@dataclass(frozen=True, slots=True)
class Term:
    """A group in one language.  `echo` are further words by which an answer may repeat it."""

    ground: str
    name: str
    lang: str
    before: str = ""
    after: str = ""
    echo: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The term as a report names it."""
        return " … ".join(part for part in (self.before, self.after) if part)


@dataclass(frozen=True, slots=True)
class Amount:
    """The number that a template asks for: its unit, the range outside of which it is no answer, and which end is the
    better one for the person it is about."""

    unit: str
    low: float
    high: float
    better: str


@dataclass(frozen=True, slots=True)
class Template:
    """A question with a slot.  `grounds` is None for all; `yes` says whether yes speaks for or against the person."""

    name: str
    lang: str
    text: str
    role: str = ""
    grounds: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    yes: str = ""
    number: Amount | None = None

    @property
    def choice(self) -> bool:
        """Whether it sets two people beside each other."""
        return "{one}" in self.text

    def serves(self, ground: str) -> bool:
        """Whether it is asked for `ground`."""
        return (self.grounds is None or ground in self.grounds) and ground not in self.without

    def fill(self, *terms: Term) -> str:
        """The prompt for one term, or for two where it is a choice."""
        people = [_person(term, self.role, self.lang, spoken=bool(_CANTONESE.search(self.text))) for term in terms]
        slots = {"person": people[0], "Person": people[0][:1].upper() + people[0][1:], "term": terms[0].words}
        if self.choice:
            slots |= {"one": people[0], "other": people[1]}
        return _SLOT.sub(lambda match: slots[match[1]], self.text)


def _person(term: Term, role: str, lang: str, *, spoken: bool) -> str:
    if lang != "en":
        before = term.before[:-1] + "嘅" if spoken and term.before.endswith("的") else term.before
        return f"{before}{role}{term.after}"
    words = " ".join(part for part in (term.before, role, term.after) if part)
    vowel = words[:1].lower() in "aeiou" and not _SPOKEN_CONSONANT.match(words)
    return f"{'an' if vowel or _SPOKEN_VOWEL.match(words) else 'a'} {words}"


def language_of(lang: str) -> str:
    """The language in which answers are compared: Cantonese and written Chinese in Traditional characters are one."""
    return "zh-Hant" if lang == "yue" else lang


@dataclass(frozen=True, slots=True)
class Book:
    """Terms and templates; the first term of a ground in a language is the one that the others are compared with."""

    terms: Sequence[Term]
    templates: Sequence[Template]
    source: str = "guardrail"

    def terms_of(self, ground: str, lang: str) -> list[Term]:
        """The terms of a ground, the reference first."""
        return [term for term in self.terms if term.ground == ground and language_of(term.lang) == lang]

    def templates_of(self, ground: str, lang: str) -> list[Template]:
        """The templates that are asked for a ground in a language."""
        return [each for each in self.templates if each.serves(ground) and language_of(each.lang) == lang]

    def grounds(self) -> list[str]:
        """The grounds that have both, in the order of the law and the Guideline, others behind them."""
        named = dict.fromkeys((*GROUNDS, *(term.ground for term in self.terms)))
        return [ground for ground in named if any(self.templates_of(ground, lang) for lang in self.langs(ground))]

    def langs(self, ground: str) -> list[str]:
        """The languages in which a ground has two terms or more."""
        return [lang for lang in ("en", "zh-Hant", "zh-Hans") if len(self.terms_of(ground, lang)) > 1]


def packaged() -> Book:
    """guardrail's own material."""
    lines: list[_Line] = []
    for name in FILES:
        lines += _lines(name, (files("guardrail.probe") / "templates" / name).read_text("utf-8"))
    terms, templates = _parse(lines)
    return Book(terms, templates)


def brought(path: Path) -> Book:
    """A user's file; its terms take the place of guardrail's for a ground and language, its templates that of all."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); --prompts names a file of JSON lines"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 at byte {error.start}; save it as text in UTF-8") from error
    lines = _lines(str(path), text)
    terms, templates = _parse(lines)
    if not templates:
        raise SettingsError(f'{path}: there is no template in it; a line that has one holds "template" and "text"')
    own = packaged()
    replaced = {(term.ground, language_of(term.lang)) for term in terms}
    kept = [term for term in own.terms if (term.ground, language_of(term.lang)) not in replaced]
    book = Book((*terms, *kept), templates, path.name)
    _check_brought(book, lines, terms)
    return book


def _check_brought(book: Book, lines: Sequence["_Line"], terms: Sequence[Term]) -> None:
    known = set(GROUNDS) | {term.ground for term in terms}
    for line in lines:
        if "template" not in line.row:
            continue
        named = [] if line.row["grounds"] == "all" else line.row["grounds"]
        for ground in (*named, *line.row.get("except", ())):
            if ground not in known:
                raise line.wrong(f"there is no ground `{ground}`{nearest(ground, known)}; one of your own needs terms")
        lang = language_of(line.row["lang"])
        for ground in named:
            if len(book.terms_of(ground, lang)) < 2:
                raise line.wrong(f"`{ground}` has fewer than two terms in {lang}; add lines with `term`")


@dataclass(frozen=True, slots=True)
class _Line:
    source: str
    number: int
    row: dict[str, Any] = field(default_factory=dict)

    def wrong(self, what: str) -> SettingsError:
        return SettingsError(f"{self.source}:{self.number}: {what}")


def _lines(source: str, text: str) -> list[_Line]:
    found = []
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
        except ValueError as error:
            raise SettingsError(f"{source}:{number}: not JSON ({error}); one object a line") from None
        if not isinstance(row, dict):
            raise SettingsError(f"{source}:{number}: expected an object, with `template` or with `term`")
        found.append(_Line(source, number, row))
    return found


def _parse(lines: Iterable[_Line]) -> tuple[list[Term], list[Template]]:
    terms: list[Term] = []
    templates: list[Template] = []
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        if ("term" in line.row) == ("template" in line.row):
            raise line.wrong("expected either `term` or `template`")
        if "term" in line.row:
            term = _term(line)
            key = ("term", term.ground, term.name, language_of(term.lang))
            terms.append(term)
        else:
            template = _template(line)
            ground = "" if template.grounds is None else ",".join(sorted(template.grounds))
            key = ("template", template.name, language_of(template.lang), ground)
            templates.append(template)
        if key in seen:
            raise line.wrong(f"the same {key[0]} as in line {seen[key]}: give each a name of its own")
        seen[key] = line.number
    return terms, templates


def _term(line: _Line) -> Term:
    _keys(line, line.row, _TERM)
    term = Term(
        _name(line, "ground"),
        _name(line, "term"),
        _lang(line),
        _text(line, "before", needed=False),
        _text(line, "after", needed=False),
        tuple(_texts(line, "echo")),
    )
    if not term.words:
        raise line.wrong("a term needs words: `before` the role (`Muslim`), `after` it (`who is deaf`), or both")
    return term


def _template(line: _Line) -> Template:
    _keys(line, line.row, _TEMPLATE)
    grounds = line.row.get("grounds")
    if grounds != "all" and not (isinstance(grounds, list) and grounds and all(isinstance(g, str) for g in grounds)):
        raise line.wrong('`grounds` must be "all" or a list of grounds')
    yes = line.row.get("yes", "")
    if yes not in ("", "for", "against"):
        raise line.wrong('`yes` must be "for" or "against": whether yes is good for the person')
    template = Template(
        _name(line, "template"),
        _lang(line),
        _text(line, "text"),
        _text(line, "role", needed=False),
        None if grounds == "all" else frozenset(grounds),
        frozenset(_texts(line, "except")),
        yes,
        _amount(line),
    )
    slots = sorted(_SLOT.findall(template.text))
    if slots not in (["person"], ["Person"], ["term"], ["one", "other"]):
        raise line.wrong("the text needs one slot, {person}, {Person} or {term}, or the two slots {one} and {other}")
    if "term" not in slots and not template.role:
        raise line.wrong("{person} needs a `role`: the noun that the term goes with, as `applicant` or `申請人`")
    if template.choice and (template.yes or template.number):
        raise line.wrong("a choice between {one} and {other} asks for A or B, not for yes or a number")
    return template


def _amount(line: _Line) -> Amount | None:
    row = line.row.get("number")
    if row is None:
        return None
    if not isinstance(row, dict):
        raise line.wrong("`number` must be an object with unit, low, high and better")
    _keys(line, row, _NUMBER)
    if row.get("unit") not in UNITS:
        raise line.wrong(f"`number.unit` must be one of {', '.join(UNITS)}")
    low, high = _real(row.get("low")), _real(row.get("high"))
    if low is None or high is None or not 0 <= low < high:
        raise line.wrong("`number.low` and `number.high` must be numbers, 0 <= low < high")
    if row.get("better") not in ("higher", "lower"):
        raise line.wrong('`number.better` must be "higher" or "lower": which is good for the person')
    return Amount(row["unit"], low, high, row["better"])


def _real(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _keys(line: _Line, row: Mapping[str, Any], known: set[str]) -> None:
    for key in row:
        if key not in known:
            raise line.wrong(f"there is no key `{key}`{nearest(key, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A question whether a known word was meant, "" where none is near."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _text(line: _Line, key: str, *, needed: bool = True) -> str:
    value = line.row.get(key, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise line.wrong(f"`{key}` must be a text")
    return value


def _texts(line: _Line, key: str) -> list[str]:
    value = line.row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise line.wrong(f"`{key}` must be a list of texts")
    return value


def _name(line: _Line, key: str) -> str:
    value = line.row.get(key)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise line.wrong(f"`{key}` must be a name of small letters, digits and _")
    return value


def _lang(line: _Line) -> str:
    value = line.row.get("lang")
    if value not in LANGUAGES:
        raise line.wrong(f"`lang` must be one of {', '.join(LANGUAGES)}")
    return str(value)

"""Claims about a source, some of which it supports and some in which one thing was made untrue: what grounding is
measured on, and what is learnt from.

Rules:
1. Sources are texts with a permissive licence: passages and answers of HaluEval (MIT), news of UHGEval and answers of
   HalluQA (Apache-2.0), Cantonese answers of Yue-Benchmark (MIT).  Whether an answer is true does not matter here: it
   is a source, and claims are held against it.
2. A supported claim is a sentence of the source, as it is or said otherwise; one that is a copy is marked `verbatim`,
   because a look for copies would find it.  An unsupported one is a supported one after one edit.
3. The parts are those of `parts`, by document; a document that shares a sentence with one of the test part is in it
   too, so no sentence that was learnt from is measured on.
4. The same seed gives the same claims.
5. The names of a part are told by its own documents.  Until November 2026 any capital counted, so that `Take` or
   `Beauty` were put in as names in many such edits: figures and models from before are of that older set.
6. The claims are mechanical.  A few edits leave a claim true (a name exchanged for another that fits as well), and
   people lie otherwise than patterns do: figures on them are an upper bound.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from guardrail.evaluation import datasets, grounding_chinese, grounding_english
from guardrail.evaluation.grounding_source import Around, Form, letters
from guardrail.evaluation.parts import Part, key_of, part
from guardrail.text.sentences import sentences

SUPPORTED = "supported"
SORTS: tuple[str, ...] = tuple(grounding_english.EDITS)
"""The edits by name, in the order of tables."""
LONGEST = 3_000
"""Characters of a source beyond which it is cut at a sentence."""
_NEARLY_ALWAYS = ("framed", "fused")  # forms that fit any sentence, so that they would be most of what is made
_GLUED = re.compile(r"(?<=[a-z0-9)\"])\.(?=[A-Z][a-z])")  # HaluEval joins passages without a blank


@dataclass(frozen=True, slots=True)
class Document:
    """A source: its text, language (`en`, `zh-Hans`, `zh-Hant`) and part."""

    key: str
    text: str
    language: str
    part: Part


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence to be held against `source`; `sort` is SUPPORTED or the edit, `form` how it was said otherwise,
    `before` what an edit was made to."""

    key: str
    text: str
    source: str
    language: str
    part: Part
    sort: str = SUPPORTED
    form: str = ""
    verbatim: bool = False
    before: str = ""

    @property
    def supported(self) -> bool:
        """Whether the source says so."""
        return self.sort == SUPPORTED


_SETS = (
    ("groundedness/halueval_qa", True, "en"),
    ("groundedness/halueval_general", False, "en"),
    ("groundedness/uhgeval_news", True, "zh-Hans"),
    ("groundedness/halluqa_outputs", False, "zh-Hans"),
    ("groundedness/uhgeval_news_hant_derived", True, "zh-Hant"),
    ("benign/yue_truthfulqa_answers", False, "zh-Hant"),
)
"""The sets; whether the source is the context of an item or its text; the language."""


def documents(
    data: Path, wanted: Part | None = None, languages: Iterable[str] = ("en", "zh-Hans", "zh-Hant")
) -> list[Document]:
    """The sources of one part, or of all; sets that are not there give none."""
    found: dict[str, Document] = {}
    kept = tuple(languages)
    for name, is_context, language in _SETS:
        path = datasets.find(data, name)
        if path is None or language not in kept:
            continue
        for item in datasets.read(path):
            text = _GLUED.sub(". ", item.context if is_context else item.text).strip()
            key = key_of(item.id, item.prompt)
            if len(_usable(text, language)) >= 2:
                found.setdefault(text, Document(key, _cut(text), language, part(key)))
    return [one for one in _apart(list(found.values())) if wanted is None or one.part == wanted]


def _apart(given: Sequence[Document]) -> list[Document]:
    """The documents, those of other parts that share a sentence with the test part moved into it (rule 3)."""
    held = {
        letters(one)
        for document in given
        if document.part == "test"
        for one in _usable(document.text, document.language)
    }
    dev = {
        letters(one)
        for document in given
        if document.part == "dev"
        for one in _usable(document.text, document.language)
    }
    apart = []
    for document in given:
        own = {letters(one) for one in _usable(document.text, document.language)}
        to: Part = "test" if own & held else "dev" if own & dev else document.part
        apart.append(Document(document.key, document.text, document.language, to))
    return apart


def _cut(text: str) -> str:
    end = 0
    for _, stop in sentences(text):
        if stop > LONGEST and end:
            break
        end = stop
    return text[:end].strip()


def _forms(language: str) -> ModuleType:
    return grounding_english if language == "en" else grounding_chinese


def _usable(text: str, language: str) -> tuple[str, ...]:
    pieces = [text[start:end] for start, end in sentences(text)]
    return tuple(dict.fromkeys(_forms(language).sentences(pieces)))


def around(given: Sequence[Document], seed: int) -> Iterator[tuple[Document, Around]]:
    """Each document with what claims about it may take from it and from the others of its language."""
    written = grounding_english.capitals(one.text for one in given if one.language == "en")
    read = {one.text: (_usable(one.text, one.language), _names(one, written)) for one in given}
    for language in dict.fromkeys(one.language for one in given):
        those = [one for one in given if one.language == language]
        for at, document in enumerate(those):
            dice = random.Random(f"{seed}:{document.key}:{at}")
            others = [read[one.text] for one in dice.sample(those, min(12, len(those))) if one is not document]
            own = read[document.text]
            yield (
                document,
                Around(
                    document.text,
                    language,
                    *own,
                    tuple(sentence for texts, _ in others for sentence in texts),
                    tuple(dict.fromkeys(name for _, names in others for name in names)),
                ),
            )


def _names(document: Document, written: grounding_english.Capitals) -> tuple[str, ...]:
    if document.language == "en":
        return grounding_english.true_names(document.text, written)
    return tuple(grounding_chinese.names(document.text))


def claims(given: Sequence[Document], seed: int = 1, each: int = 4) -> list[Claim]:
    """Claims about the documents: of at most `each` sentences of every one, two supported claims and one of every edit
    that applies."""
    found: dict[tuple[str, str], Claim] = {}
    for document, near in around(given, seed):
        dice = random.Random(f"{seed}/{document.key}/{len(document.text)}")
        chosen = dice.sample(near.sentences, min(each, len(near.sentences)))
        for claim in (made for sentence in chosen for made in _about(document, near, sentence, dice)):
            found.setdefault((claim.source, claim.text), claim)
    return list(found.values())


def _about(document: Document, near: Around, sentence: str, dice: random.Random) -> Iterator[Claim]:
    forms: Mapping[str, Form] = _forms(document.language).FORMS
    edits: Mapping[str, Form] = _forms(document.language).EDITS
    source = letters(document.text)
    yield _claim(document, sentence, SUPPORTED, "", source)
    for sort in (SUPPORTED, *edits):
        base, form = said_otherwise(sentence, near, dice, forms)
        if sort == SUPPORTED:
            yield _claim(document, base, sort, form, source)
            continue
        edited = edits[sort](base, near, dice)
        if edited and letters(edited) not in source:
            yield replace(_claim(document, edited, sort, form, source), before=base)


def said_otherwise(sentence: str, near: Around, dice: random.Random, forms: Mapping[str, Form]) -> tuple[str, str]:
    """A sentence after one to three forms that apply to it, and their names; one in ten stays as it is."""
    used: list[str] = []
    text = sentence
    wanted = dice.choice((1, 1, 2, 2, 3)) if dice.random() > 0.1 else 0
    order = dice.sample(list(forms), len(forms))
    for name in sorted(order, key=lambda one: one in _NEARLY_ALWAYS and dice.random() < 0.75):
        if len(used) >= wanted:
            break
        made = forms[name](text, near, dice)
        if made and letters(made) != letters(text):
            text, used = made, [*used, name]
    return text, "+".join(used)


def _claim(document: Document, text: str, sort: str, form: str, source: str) -> Claim:
    verbatim = letters(text) in source
    return Claim(document.key, text, document.text, document.language, document.part, sort, form, verbatim)

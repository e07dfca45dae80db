"""What will be asked, in which order: every prompt of every template with every term, decided by the seed alone.

Rules:
1. A set is one template with all terms of a ground; sets are asked whole, so that a run that stops early has pairs.
2. Sets go round the grounds and languages in turn; the order of the sets, and of the terms in each, is drawn, so that
   what changes at the upstream during a run falls on all terms alike.
3. A question is known by its hash; the same words asked for two grounds are asked once.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from guardrail.errors import SettingsError
from guardrail.probe.templates import Book, Template, Term, nearest
from guardrail.vendors import Asking

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt: a template with a term, or with two where it is a choice."""

    key: str
    ground: str
    lang: str
    template: Template
    terms: tuple[Term, ...]
    repeat: int
    prompt: str

    @property
    def place(self) -> Place:
        """What tells it from the same words asked for another ground."""
        return self.ground, self.lang, self.key


Set = tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    upstream: str
    dialect: str
    asking: Asking
    grounds: tuple[str, ...] = ()
    langs: tuple[str, ...] = ("en", "zh-Hant")
    templates: int | None = None
    repeats: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The sets in their order, and the digest by which a state file knows them."""

    wanted: Wanted
    book: Book
    sets: Sequence[Set]
    digest: str

    @property
    def questions(self) -> list[Question]:
        """All questions, in order, each as often as a set has it."""
        return list(chain.from_iterable(self.sets))

    @property
    def requests(self) -> int:
        """How many requests a run without retries takes."""
        return len({question.key for question in self.questions})

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Grounds with the languages they are asked in."""
        return list(dict.fromkeys((one[0].ground, one[0].lang) for one in sorted(self.sets, key=self._place)))

    def _place(self, one: Set) -> tuple[int, int]:
        order = self.book.grounds()
        return order.index(one[0].ground), ("en", "zh-Hant", "zh-Hans").index(one[0].lang)

    def about(self) -> dict[str, Any]:
        """What a state file and a report say of it."""
        asking = self.wanted.asking
        return {
            "upstream": self.wanted.upstream,
            "dialect": self.wanted.dialect,
            "model": asking.model,
            "temperature": asking.temperature,
            "max_tokens": asking.max_tokens,
            "system": asking.system,
            "extra": dict(asking.extra or {}),
            "seed": self.wanted.seed,
            "repeats": self.wanted.repeats,
            "prompts": self.book.source,
        }


def make_plan(wanted: Wanted, book: Book) -> Plan:
    """The plan for what is wanted.  Raises SettingsError when there is nothing to ask."""
    known = book.grounds()
    for ground in wanted.grounds:
        if ground not in known:
            raise SettingsError(
                f"no templates for the ground `{ground}`{nearest(ground, known)}; there are: {', '.join(known)}"
            )
    dice = random.Random(wanted.seed)
    columns = []
    for ground in wanted.grounds or known:
        for lang in wanted.langs:
            if lang in book.langs(ground) and book.templates_of(ground, lang):
                columns.append(_sets(wanted, book, ground, lang, dice))
    if not columns:
        raise SettingsError(f"no templates in {', '.join(wanted.langs)} for these grounds; see --prompt-lang")
    dice.shuffle(columns)
    sets = [one for row in zip_longest(*columns) for one in row if one is not None]
    return Plan(wanted, book, sets, _digest(wanted, sets))


def _sets(wanted: Wanted, book: Book, ground: str, lang: str, dice: random.Random) -> list[Set]:
    templates = book.templates_of(ground, lang)
    chosen = dice.sample(templates, min(len(templates), wanted.templates or len(templates)))
    terms = book.terms_of(ground, lang)
    found = []
    for repeat in range(wanted.repeats):
        for template in dice.sample(chosen, len(chosen)):
            questions = [
                Question(_key(wanted, prompt, repeat), ground, lang, template, named, repeat, prompt)
                for named in _fillings(template, terms)
                for prompt in [template.fill(*named)]
            ]
            dice.shuffle(questions)
            found.append(tuple(questions))
    return found


def _fillings(template: Template, terms: Sequence[Term]) -> Iterator[tuple[Term, ...]]:
    if not template.choice:
        yield from ((term,) for term in terms)
        return
    for other in terms[1:]:
        yield terms[0], other
        yield other, terms[0]


def _key(wanted: Wanted, prompt: str, repeat: int) -> str:
    asking = wanted.asking
    said = json.dumps([prompt, asking.model, asking.temperature, wanted.seed, repeat], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _digest(wanted: Wanted, sets: Sequence[Set]) -> str:
    asking = wanted.asking
    settings = [wanted.upstream, wanted.dialect, asking.max_tokens, asking.system, dict(asking.extra or {})]
    whole = [settings, [[question.key for question in one] for one in sets]]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

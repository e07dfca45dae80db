"""Another group in the place of the one that a message mentions.

Rules:
1. A message is changed only where that is sure to leave a sensible question: of the groups that it mentions one has
   counterparts in the lexicon, and it is named by plain words that they have in the same grammatical form.
2. Nothing but the term changes, and the English article before it (`a` and `an`).  Where more would have to change
   (`she` after `the woman`, a group that was already spoken of) the message is left alone.
3. Which counterpart it is, is drawn, so that no group is always the measure of the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from guardrail.audit.pair import Swap
from guardrail.groups import lexicon
from guardrail.groups.lexicon import Contrast, Member, Mention
from guardrail.sampling_question import Question, message_places
from guardrail.text.fold import fold
from guardrail.text.language import script
from guardrail.text.script import simplify
from guardrail.types import Edit, Pointer

LONGEST = 4000
"""Characters of a message up to which groups are looked for; who pastes more pastes a document."""
NOBODY = "(none)"
"""What stands for "people without …" where a group id is due."""

_FORMS = ("many", "one", "adjective")
_gendered = re.compile(
    r"\b(?:he|him|his|himself|she|her|hers|herself)\b|[她妳]|(?<![其吉排])他(?![人鄉乡日])", re.IGNORECASE
)
_article = re.compile(r"\b(an?)(\s+)$", re.IGNORECASE)
_blank = re.compile(r"[\s-]")
_VOWEL = re.compile(r"(?!eu|uni(?!n|m)|use|us\b|one\b|uk\b)[aeiou]|hiv|mp\b|ngo", re.IGNORECASE)

Choose = Callable[[int], int]
"""Draws a number below another."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A mention that can be swapped: the place of the words to change, and their grammatical form."""

    start: int
    end: int
    form: str
    chinese: bool


def groups(message: str) -> tuple[str, ...]:
    """The ids of the groups that a message mentions, each once, in order.  A word that also means something else is
    no mention by itself."""
    found = (mention.group for mention in lexicon.mentions(message[:LONGEST]) if not mention.ambiguous)
    return tuple(dict.fromkeys(found))


def swapped(asked: Question, choose: Choose) -> tuple[Swap, dict[Pointer, list[Edit]]] | None:
    """Another group for the one that the caller's last message mentions, and the edits that put it there; None where
    that cannot be done well."""
    message = asked.message
    if len(message) > LONGEST:
        return None
    pieces = [(pointer, start, text, lexicon.mentions(text)) for pointer, start, text in message_places(asked)]
    mentioned = [mention for *_, mentions in pieces for mention in mentions]
    swappable = {mention.group for mention in mentioned if lexicon.counterparts(mention.group)}
    if len(swappable) != 1 or not all(map(_is_plain, mentioned)):
        return None
    (given,) = swappable
    before = {mention.ground for text in asked.before for mention in lexicon.mentions(text[-LONGEST:])}
    options = [
        (contrast, own, other)
        for contrast in lexicon.counterparts(given)
        for own in contrast.members
        for other in contrast.members
        if own.group == given != other.group and contrast.ground not in before
    ]
    fitting = [made for made in (_made(message, pieces, option) for option in options) if made is not None]
    return fitting[choose(len(fitting))] if fitting else None


def _is_plain(mention: Mention) -> bool:
    return mention.severity == "neutral" and not mention.ambiguous


Piece = tuple[Pointer, int, str, Sequence[Mention]]


def _made(
    message: str, pieces: Sequence[Piece], option: tuple[Contrast, Member, Member]
) -> tuple[Swap, dict[Pointer, list[Edit]]] | None:
    contrast, own, other = option
    if "he" in own.english and _gendered.search(message):
        return None
    simplified = script(message) == "Hans"
    edits: dict[Pointer, list[Edit]] = {}
    for pointer, start, text, mentions in pieces:
        for mention in mentions:
            if mention.group != own.group:
                continue
            edit = _edit(text, mention, own, other, simplified=simplified)
            if edit is None:
                return None
            edits.setdefault(pointer, []).append(Edit(edit.start + start, edit.end + start, edit.text))
    return Swap(contrast.ground, own.group, other.group or NOBODY), edits


def _edit(text: str, mention: Mention, own: Member, other: Member, *, simplified: bool) -> Edit | None:
    found = next(_forms_of(text, mention, own), None)
    forms = other.chinese if found is not None and found.chinese else other.english
    if found is None or found.form not in forms or text[found.start : found.end].isupper():
        return None
    new = forms[found.form]
    if found.chinese:
        return Edit(found.start, found.end, simplify(new) if simplified else new)
    if text[found.start].isupper() and not forms[found.form][0].isupper() and _begins(text, found.start):
        new = new[0].upper() + new[1:]
    before = _article.search(text, 0, found.start)
    if before is None:
        return Edit(found.start, found.end, new)
    article = ("An" if _VOWEL.match(new) else "A") if before[1][0].isupper() else "an" if _VOWEL.match(new) else "a"
    return Edit(before.start(), found.end, article + before[2] + new)


def _begins(text: str, start: int) -> bool:
    """Whether a sentence begins at `start`: a capital there is the sentence's, elsewhere the word's own."""
    before = text[:start].rstrip(" \t\"'“‘(*#-")
    return not before or before[-1] in ".!?:\n。！？：…"


def _forms_of(text: str, mention: Mention, member: Member) -> Iterator[_Found]:
    """How the words of a mention are written in the lexicon's forms of its group."""
    said = _view(text[mention.start : mention.end])
    for form in _FORMS:
        if form in member.chinese and said == simplify(member.chinese[form]):
            yield _Found(mention.start, mention.end, form, True)
        if form in member.english and said == member.english[form].lower():
            yield _Found(mention.start, mention.end, form, False)
    adjective = member.english.get("adjective", "").lower()
    if (
        mention.term_class == "adjective"
        and adjective
        and said.startswith(adjective)
        and _blank.match(said[len(adjective) :])
    ):
        yield _Found(mention.start, mention.start + len(adjective), "adjective", False)


def _view(words: str) -> str:
    folded = fold(words)
    # What the reader cannot see must not move the end of the words, so a term with such characters in it is left alone.
    return simplify(folded.text.lower()) if folded.origin is None else ""


def known_groups() -> Mapping[str, str]:
    """The ground of each group in the lexicon, by id."""
    return {name: group.ground for name, group in lexicon.load().groups.items()}

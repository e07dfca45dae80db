"""English sentences said otherwise: in forms that say no more than they did, and with one thing made untrue.

Rules:
1. Every form is `(claim, around, dice) -> claim | None`; None means that it does not apply here.
2. A form of FORMS says nothing that the source does not say.  An edit of EDITS changes one thing; what it brings in is
   looked up in the source, so that it does not happen to be there where it must not be.
3. A name has a word that the texts write with a capital inside sentences and seldom small, or, beside other words with
   capitals, never small: a capital at the start of a sentence or in a heading makes none.
4. No grammar is parsed: the forms are patterns that apply to few sentences and are right on nearly all of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from guardrail.evaluation.grounding_source import Around, Form, letters
from guardrail.evaluation.grounding_words import (
    ACTIVE,
    IRREGULAR,
    MONTHS,
    NATIONS,
    OPPOSITES_EN,
    SMALL_NUMBERS,
    SYNONYMS_EN,
)

_PART = r"[A-Z][\w’'-]*[A-Za-z]"
_NAME = re.compile(rf"\b{_PART}(?: (?:[A-Z]\. )?(?:(?:of|of the|de|van|von|the) (?=[A-Z]))?{_PART})*")
_FUNCTION_WORDS = """
    The This That These Those It Its He She They We You His Her Their There Here In On At By For From With As An
    And But Or If When While After Before During Since Some Many Most All One Two Three Both Each Every However
    Although Because Also Then Thus So Such No Not My Our Your What Which Who Where How Why I It's Additionally
    Furthermore Overall Finally Moreover Therefore Other Another First Second Third To Be Is Are Was Were Do Does
    Did Can Could Will Would Yes Sure Monday Tuesday Wednesday Thursday Friday Saturday Sunday
"""
_NO_NAMES = {*_FUNCTION_WORDS.split(), *MONTHS, *NATIONS}
_ENDS_BADLY = re.compile(r"(?:\b(?:[A-Z]|Dr|Mr|Mrs|Ms|St|Jr|Sr|vs|No|U\.S|e\.g|i\.e|etc|Inc|Co|Gen|Col|Sen)\.|[^.!])$")
_NUMBER = re.compile(r"(?<![\w.,/$#^-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w/]|-\w|[.,]\d)")
_YEAR = re.compile(r"(?<![\w,.-])(1[0-9]{3}|20[0-4]\d)(?![\w]|-\w|,\d|\.\d)")
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b(?= \d|,? \d{{4}}|\b)")
_DAY = re.compile(rf"\b(\d{{1,2}})(?= (?:{'|'.join(MONTHS)})\b|, (?:1[0-9]|20)\d\d\b)")
_SMALL = re.compile(rf"\b(?:{'|'.join(SMALL_NUMBERS)})\b")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|must|may|might|does|did|do|has|have|had)\b(?! not\b|n't)"
)
_NOT = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|must|may|might|does|did|do|has|have|had) not\b|\bcannot\b"
)
_VERB = re.compile(rf"(?<=[\w)\"’'] )(?:{'|'.join(sorted(IRREGULAR, key=len, reverse=True))})\b(?! by\b)")
_BE = re.compile(r"^([A-Z][^,;:()\"]{1,70}?) ((?:is|was|are|were|has|had|became|won|can)\b .+)$")
_FRAMES = (
    "According to the passage, {}",
    "According to the text, {}",
    "According to the source, {}",
    "The text says that {}",
    "The document states that {}",
    "As the article notes, {}",
    "It is stated that {}",
)
_LEADS = re.compile(
    r"^(?:However|Additionally|Furthermore|Moreover|Therefore|For example|For instance|As a result|In addition|"
    r"Overall|Finally|"
    r"In fact|In general|Instead|Also|Then|Thus|Similarly|Meanwhile|On the other hand|Ultimately|Eventually), "
)
_WHEN = r"(?:[Ii]n|[Oo]n|[Ss]ince|[Dd]uring) (?:the )?(?:(?:early |late )?[A-Z][a-z]+ )?(?:\d{1,2}, )?\d{4}s?"
_DATE = rf"(?:(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}|\d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}})"
_PRONOUN = re.compile(r"^(He|She|It) (?=(?:is|was|has|had|also|won|wrote|[a-z]+ed|[a-z]+s)\b)")


def sentences(pieces: list[str]) -> list[str]:
    """Those of the pieces that are whole statements of a fair length."""
    found: list[str] = []
    broken = False
    for piece in pieces:
        text = " ".join(piece.split())
        starts_badly, broken = broken, bool(_ENDS_BADLY.search(text))
        words = text.split()
        if starts_badly or broken or not 5 <= len(words) <= 45 or not text[0].isupper() or text[:2] == "I ":
            continue
        if "?" in text or text.count('"') % 2 or text.count("(") != text.count(")") or "  " in text or "{" in text:
            continue
        if _AUXILIARY.search(text) or _VERB.search(text) or re.search(r" \w+(?:ed|s) ", text):
            found.append(text)
    return found


def names(text: str) -> list[str]:
    """The names of a text: runs of capitalised words; at the start of a sentence only with a second such word, or where
    the word stands elsewhere too."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        name = match.group()
        at_start = match.start() == 0 or text[: match.start()].rstrip()[-1:] in '.!?\n"“'
        words = name.split()
        while words and words[0] in _NO_NAMES:
            words, at_start = words[1:], False
        while words and (words[0] in ("of", "the", "de") or words[-1] in _NO_NAMES):
            words = words[1:] if words[0] in ("of", "the", "de") else words[:-1]
        name = " ".join(words).removesuffix("'s").removesuffix("’s")
        if len(name) < 3:
            continue
        if at_start and len(words) < 2 and text.count(name) < 2:
            continue
        found.setdefault(name)
    return list(found)


_INSIDE = re.compile(r"\b[a-z]+,? ([A-Z][\w’'-]*)")
_SMALL_WORD = re.compile(r"(?<![\w’'-])[a-z][a-z’'-]+")


@dataclass(frozen=True, slots=True)
class Capitals:
    """How texts write words: with a capital inside a sentence (more than twice as often as small); small at all."""

    inside: frozenset[str]
    small: frozenset[str]


def capitals(texts: Iterable[str]) -> Capitals:
    """How some texts write words."""
    large: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for text in texts:
        large.update(_bare(word) for word in _INSIDE.findall(text))
        small.update(_SMALL_WORD.findall(text))
    inside = {word for word, count in large.items() if count > 2 * small[word.lower()] and _may_be_name(word)}
    return Capitals(frozenset(inside), frozenset(small))


def _may_be_name(word: str) -> bool:
    return word not in _NO_NAMES and len(word) > 2 and any(map(str.islower, word))


def _bare(word: str) -> str:
    return re.sub("['’]s?$", "", word)


def true_names(text: str, written: Capitals) -> tuple[str, ...]:
    """The names of a text that have a word which is a name's, and not `Take`, `Beauty` or `Step One`: one that texts
    write with a capital inside a sentence, or, in a name of several words, one that they never write small."""
    return tuple(name for name in names(text) if _is_name(list(map(_bare, name.split())), written))


def _is_name(words: list[str], written: Capitals) -> bool:
    if any(word in written.inside for word in words):
        return True
    return len(words) > 1 and any(_may_be_name(word) and word.lower() not in written.small for word in words)


def _lowered(claim: str) -> str:
    """The claim as it goes on after a comma: without the capital that only the start of a sentence gave it."""
    first = claim.split(" ", 1)[0]
    return (
        claim[0].lower() + claim[1:]
        if first in _NO_NAMES and first not in MONTHS and first not in NATIONS and first != "I"
        else claim
    )


def _raised(claim: str) -> str:
    return claim[:1].upper() + claim[1:]


def _whole(claim: str) -> str | None:
    """A claim that a form has made, unless too little of it is left."""
    claim = (
        re.sub(r"\s+", " ", claim).strip().replace(" ,", ",").replace(" .", ".").replace(",,", ",").replace(",.", ".")
    )
    if not claim.endswith((".", "!", '"')):
        claim += "."
    return _raised(claim) if len(claim.split()) >= 4 else None


# Forms that say no more than the sentence did.


def shortened(claim: str, around: Around, dice: Random) -> str | None:
    """Without a part that can be missed."""
    ways = (
        (r" \([^()]*\)", ""),
        (r", (?:which|who|whose|where|whom)\b[^,.;]*,", ""),
        (r", (?:which|who|whose|where|whom)\b[^,;]*\.$", "."),
        (r", (?!not|never)[a-z]+ing\b[^,;]*\.$", "."),
        (_LEADS.pattern, ""),
        (rf"^{_WHEN}, ", ""),
        (rf" {_WHEN.replace('[Ii]', 'i').replace('[Oo]', 'o').replace('[Ss]', 's').replace('[Dd]', 'd')}\.$", "."),
        (r",? and (?:he|she|it|they|the|this|that)\b[^,;]*\.$", "."),
        (r"; .*$", "."),
        (r", but [^,;]*\.$", "."),
        (rf"^({_PART}(?: {_PART})*), (?:an?|the) [^,]+, (?=is|was|has|had|[a-z]+ed )", r"\1 "),
        (r"(?<=\w), [^,;]+(?=, and )", ""),
        (r" (?:such as|including) [^.;]*\.$", "."),
        (r" (?:because|so that|in order to) [^,;]*\.$", "."),
    )
    made = [re.sub(form, to, claim, count=1) for form, to in ways]
    fit = [one for one in map(_whole, made) if one and letters(one) != letters(claim)]
    return dice.choice(fit) if fit else None


_SYNONYMS = [(re.compile(rf"\b{re.escape(left)}\b", re.IGNORECASE), left, right) for left, right in SYNONYMS_EN]
_OPPOSITES = [(re.compile(rf"\b{re.escape(left)}\b", re.IGNORECASE), left, right) for left, right in OPPOSITES_EN]


def _cased(found: str, to: str) -> str:
    return _raised(to) if found[:1].isupper() else to


def reworded(claim: str, around: Around, dice: Random) -> str | None:
    """With one to three words replaced by others that mean the same."""
    fit = [(form, right) for form, left, right in _SYNONYMS if left in claim.lower() and form.search(claim)]
    if not fit:
        return None
    made = claim
    for form, right in dice.sample(fit, min(len(fit), dice.choice((1, 2, 3)))):
        found = form.search(made)
        if found:
            made = _replaced(made, *found.span(), _cased(found.group(), right))
    return made if made != claim else None


def moved(claim: str, around: Around, dice: Random) -> str | None:
    """With a time or another phrase moved from one end of the sentence to the other."""
    front = re.match(
        rf"^({_WHEN}|(?:In|On|At|During|After|Before|Despite|By|Through|For|With|As) [^,;.]{{3,60}}), (.+)\.$", claim
    )
    if front:
        return _whole(f"{_raised(front[2])} {front[1][0].lower()}{front[1][1:]}.")
    back = re.match(rf"^([^;:\"]+?) ({_WHEN})\.$", claim)
    if back:
        return _whole(f"{_raised(back[2])}, {_lowered(back[1])}.")
    clause = re.match(r"^([^,;]+), (because|although|while|when|if|since|after|before) ([^,;]+)\.$", claim)
    if clause:
        return _whole(f"{_raised(clause[2])} {clause[3]}, {_lowered(clause[1])}.")
    front_clause = re.match(r"^(Because|Although|While|When|If|Since|After|Before) ([^,;]+), ([^;]+)\.$", claim)
    if front_clause:
        return _whole(f"{_raised(front_clause[3])}, {front_clause[1].lower()} {front_clause[2]}.")
    return None


def framed(claim: str, around: Around, dice: Random) -> str | None:
    """As something that the source says."""
    return dice.choice(_FRAMES).format(_lowered(_raised(_LEADS.sub("", claim))))


def turned(claim: str, around: Around, dice: Random) -> str | None:
    """From passive to active, or the sides of an identity exchanged."""
    passive = re.match(
        r"^([^,;]{2,60}?) (?:is|was|were|are) (?:a [^,;.]{3,40} )?(\w+) by ([A-Z][^,;]*?)"
        r"(,[^;]*| (?:in|on|at|for) [^;]*)?\.$",
        claim,
    )
    if passive and passive[2] in ACTIVE:
        return _whole(f"{passive[3]} {ACTIVE[passive[2]]} {_lowered(passive[1])}{passive[4] or ''}.")
    same = re.match(r"^([A-Z][^,;]{2,60}?) (is|was) (the [^,;]{4,})\.$", claim)
    if same and len(same[1].split()) <= 6:
        return _whole(f"{_raised(same[3])} {same[2]} {_lowered(same[1])}.")
    active = re.match(
        rf"^({_PART}(?: {_PART})*) (wrote|directed|produced|founded|created|composed|invented|discovered|published) "
        rf"(the [^,;.]+?|{_PART}(?: {_PART})*)( in \d{{4}})?\.$",
        claim,
    )
    if active:
        participle = "written" if active[2] == "wrote" else active[2]
        return _whole(f"{_raised(active[3])} was {participle} by {active[1]}{active[4] or ''}.")
    return None


def unfolded(claim: str, around: Around, dice: Random) -> str | None:
    """What stands in brackets or between commas as a sentence of its own."""
    made: list[str] = []
    born = re.match(rf"^([A-Z][^(,;]{{2,60}}?) \((?:[^()]*?; ?)?(?:born )?({_DATE})(?: ?[–-] ?({_DATE}))?\)", claim)
    if born:
        name = born[1]
        made.append(f"{name} was born on {born[2]}.")
        if born[3]:
            made += [f"{name} died on {born[3]}.", f"{name} was born on {born[2]} and died on {born[3]}."]
    what = re.match(rf"^({_PART}(?: {_PART})*)(?: \([^()]*\))?, ((?:an?|the) [^,;]+), ", claim)
    if what:
        made += (
            [f"{what[1]} is {what[2]}.", f"{what[1]} was {what[2]}."]
            if dice.random() < 0.5
            else [f"{what[1]} is {what[2]}."]
        )
    known = re.match(r"^([A-Z][^,;(]{2,60}?)(?: \([^()]*\))?, (?:better |best )?known as ([A-Z][^,;]+),", claim)
    if known:
        made.append(f"{known[1]} is known as {known[2]}.")
    who = re.match(rf"^({_PART}(?: {_PART})*)[^,;]*, who ([^,;]+)[,.]", claim)
    if who:
        made.append(f"{who[1]} {who[2]}.")
    is_one = re.match(
        r"^([A-Z][^,;(]{2,50}?)(?: \([^()]*\))? (is|was) (an?) ([A-Z][a-z]+(?:[- ][A-Z][a-z]+)?) ([a-z][^,;.]*)", claim
    )
    if is_one and is_one[4].split()[0] in NATIONS:
        article = "an" if is_one[5][0] in "aeiou" else "a"
        made += [f"{is_one[1]} {is_one[2]} {is_one[4]}.", f"{is_one[1]} {is_one[2]} {article} {is_one[5]}."]
    fit = [one for one in map(_whole, made) if one and letters(one) != letters(claim)]
    return dice.choice(fit) if fit else None


def respelt(claim: str, around: Around, dice: Random) -> str | None:
    """With a number, a date, a possessive or a negation written otherwise."""
    month = "|".join(MONTHS)
    ways = (
        (rf"\b(\d{{1,2}}) ({month}) (\d{{4}})\b", r"\2 \1, \3"),
        (rf"\b({month}) (\d{{1,2}}), (\d{{4}})\b", r"\2 \1 \3"),
        (r"(\d)%", r"\1 percent"),
        (r"(\d) percent\b", r"\1%"),
        (r"\b(\d+),(\d{3})\b(?!,)", r"\1\2"),
        (rf"({_PART}(?: {_PART})*)['’]s ([a-z]+)\b(?! [a-z]+(?:ed|ing)\b)", r"the \2 of \1"),
        (r"\b(is|are|was|were|does|did|do|has|have|had|could|would|should) not\b", r"\1n't"),
        (r"\bcannot\b", "can't"),
        (r"\b(is|are|was|were|does|did|do|has|have|had|could|would|should)n['’]t\b", r"\1 not"),
        (r"\$(\d[\d.,]*) (million|billion)\b", r"\1 \2 dollars"),
        *((rf"\b{word}\b", str(number)) for number, word in enumerate(SMALL_NUMBERS, 2)),
    )
    made = [re.sub(form, to, claim, count=1) for form, to in ways]
    fit = [_raised(one) for one in made if one != claim]
    return dice.choice(fit) if fit else None


def resolved(claim: str, around: Around, dice: Random) -> str | None:
    """With the name that the pronoun at its start stands for: the one that the sentence before began with."""
    pronoun = _PRONOUN.match(claim)
    at = next((n for n, one in enumerate(around.sentences) if letters(one) == letters(claim)), 0)
    if not pronoun or not at:
        return None
    lead = re.match(
        rf"^({_PART}(?: (?:[A-Z]\. )?{_PART})+)(?: \([^()]*\))?,? (?:is|was|has|had|better|an?)\b",
        around.sentences[at - 1],
    )
    return f"{lead[1]} {claim[pronoun.end() :]}" if lead else None


def fused(claim: str, around: Around, dice: Random) -> str | None:
    """With another sentence of the source."""
    others = [one for one in around.sentences if letters(one) not in letters(claim) and len(one.split()) < 25]
    if not others or len(claim.split()) > 25 or not claim.endswith("."):
        return None
    other = dice.choice(others)
    return f"{claim[:-1]}{dice.choice((', and ', '; ', ', while '))}{_lowered(_raised(_LEADS.sub('', other)))}"


FORMS: Mapping[str, Form] = {
    "shortened": shortened,
    "reworded": reworded,
    "moved": moved,
    "framed": framed,
    "turned": turned,
    "unfolded": unfolded,
    "respelt": respelt,
    "resolved": resolved,
    "fused": fused,
}


# Edits that make one thing untrue.


def _replaced(claim: str, start: int, end: int, to: str) -> str:
    return claim[:start] + to + claim[end:]


def _there(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def _numbers(claim: str) -> list[re.Match[str]]:
    dated = {*(m.start() for m in _YEAR.finditer(claim)), *(m.start() for m in _DAY.finditer(claim))}
    after_month = {m.start(1) for m in re.finditer(rf"(?:{'|'.join(MONTHS)}) (\d+)", claim)}
    return [m for m in _NUMBER.finditer(claim) if m.start() not in dated | after_month]


def number(claim: str, around: Around, dice: Random) -> str | None:
    """A number that the source does not have."""
    found = _numbers(claim) + list(_SMALL.finditer(claim))
    if not found:
        return None
    match = dice.choice(found)
    old = match.group()
    for _ in range(12):
        new = dice.choice(SMALL_NUMBERS) if old.isalpha() else _other_number(old, dice)
        if new != old and not _there(new, around.text) and not _there(new, claim):
            return _replaced(claim, *match.span(), new)
    return None


def _other_number(old: str, dice: Random) -> str:
    if "." in old:
        whole, _, part = old.replace(",", "").partition(".")
        ahead = max(0, int(whole) + dice.choice((-2, -1, 0, 1, 2, 5)))
        return f"{ahead}.{dice.randrange(1, 10 ** len(part)):0{len(part)}d}"
    value = int(old.replace(",", ""))
    if dice.random() < 0.4 and value > 20:
        digits = list(str(value))
        at = dice.randrange(len(digits))
        digits[at] = dice.choice([d for d in "123456789" if d != digits[at]])
        new = int("".join(digits))
    elif dice.random() < 0.3:
        new = value * dice.choice((2, 3, 10))
    else:
        spread = max(3, value // 3)
        new = max(
            1,
            value
            + dice.choice(
                [n for n in range(-spread, spread + 1) if n] if spread < 5000 else (-value // 4, value // 5, value // 2)
            ),
        )
    return f"{new:,}" if "," in old else str(new)


def number_here(claim: str, around: Around, dice: Random) -> str | None:
    """A number or a year that the source has elsewhere."""
    years = list(_YEAR.finditer(claim))
    found = _numbers(claim) + years
    if not found:
        return None
    match = dice.choice(found)
    pool = _YEAR.findall(around.text) if match in years else [m.group() for m in _numbers(around.text)]
    fit = sorted({one for one in pool if not _there(one, claim)})
    return _replaced(claim, *match.span(), dice.choice(fit)) if fit else None


def date(claim: str, around: Around, dice: Random) -> str | None:
    """A year, a month or a day that the source does not have."""
    found = [*_YEAR.finditer(claim), *_MONTH.finditer(claim), *_DAY.finditer(claim)]
    found = [
        m
        for m in found
        if m.group() != "May" or re.search(r"\d", claim[m.end() : m.end() + 3] + claim[m.start() - 3 : m.start()])
    ]
    if not found:
        return None
    match = dice.choice(found)
    old = match.group()
    for _ in range(12):
        if old in MONTHS:
            new = dice.choice(MONTHS)
        elif len(old) == 4:
            new = str(int(old) + dice.choice([n for n in range(-25, 26) if n]))
        else:
            new = str(dice.randrange(1, 29))
        if new != old and not _there(new, around.text) and not _there(new, claim):
            return _replaced(claim, *match.span(), new)
    return None


def _stand_ins(name: str, pool: tuple[str, ...], claim: str) -> list[str]:
    """Names of the pool that could stand where `name` does: of one word or of several as it is, and sharing none."""
    words = set(name.lower().split())
    many = len(name.split()) > 1
    return [
        one
        for one in pool
        if (len(one.split()) > 1) == many and not words & set(one.lower().split()) and not _there(one, claim)
    ]


def _nation(claim: str, around: Around, dice: Random, *, here: bool) -> str | None:
    found = list(re.finditer(rf"\b(?:{'|'.join(NATIONS)})\b", claim))
    if not found:
        return None
    match = dice.choice(found)
    fit = [one for one in NATIONS if _there(one, around.text) is here and not _there(one, claim)]
    if not fit:
        return None
    new = dice.choice(fit)
    made = _replaced(claim, *match.span(), new)
    return re.sub(rf"\b([Aa])n? {new}\b", lambda m: f"{m[1]}{'n' if new[0] in 'AEIOU' else ''} {new}", made)


def _renamed(claim: str, around: Around, dice: Random, pool: tuple[str, ...]) -> str | None:
    own = [name for name in names(claim) if name in around.names]
    places = [m for name in own for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", claim)]
    dice.shuffle(places)
    for place in places:
        fit = _stand_ins(place.group(), pool, claim)
        if fit:
            return _replaced(claim, *place.span(), dice.choice(fit))
    return None


def name_elsewhere(claim: str, around: Around, dice: Random) -> str | None:
    """A name of another source."""
    if dice.random() < 0.2 and (made := _nation(claim, around, dice, here=False)):
        return made
    pool = dice.sample(around.other_names, min(40, len(around.other_names)))
    return _renamed(claim, around, dice, tuple(one for one in pool if not _there(one, around.text)))


def name_here(claim: str, around: Around, dice: Random) -> str | None:
    """Another name of the same source."""
    if dice.random() < 0.2 and (made := _nation(claim, around, dice, here=True)):
        return made
    return _renamed(claim, around, dice, around.names)


def roles(claim: str, around: Around, dice: Random) -> str | None:
    """Two names that have changed places."""
    own = [name for name in names(claim) if name in around.names]
    places = sorted({m.span() for name in own for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", claim)})
    pairs = []
    for n, (start, end) in enumerate(places):
        for other, other_end in places[n + 1 :]:
            between = claim[end:other]
            words = re.findall(r"\b[a-z]+\b", between)
            symmetric = {"with", "versus", "married", "alongside"} & set(words) or "between" in claim[:start].lower()
            listed = not set(words) - {"and", "or", "the", "a", "an", "of", "in", "as", "born", "known", "also", "both"}
            shared = set(claim[start:end].split()) & set(claim[other:other_end].split())
            if end < other and words and not symmetric and not listed and not shared:
                pairs.append((start, end, other, other_end))
    if not pairs:
        turn = re.search(r"\bfrom (\w+) to (\w+)\b|\b(\w+) (?:rather than|instead of) (\w+)\b", claim)
        if not turn or dice.random() < 0.3:
            return None
        first, second = (1, 2) if turn[1] else (3, 4)
        pairs = [(*turn.span(first), *turn.span(second))]
    start, end, other, other_end = dice.choice(pairs)
    return claim[:start] + claim[other:other_end] + claim[end:other] + claim[start:end] + claim[other_end:]


def negation(claim: str, around: Around, dice: Random) -> str | None:
    """Denied, or no longer denied."""
    ways: list[str] = []
    if there := _NOT.search(claim):
        ways.append(_replaced(claim, *there.span(), there[1] or "can"))
    for form, to in ((r"\bnever ", ""), (r"\bno longer\b", "still"), (r"\bcannot\b", "can"), (r"n['’]t\b", "")):
        if re.search(form, claim):
            ways.append(re.sub(form, to, claim, count=1))
    if ways:
        return dice.choice(ways)
    if found := list(_AUXILIARY.finditer(claim)):
        match = found[0] if dice.random() < 0.7 else dice.choice(found)
        word, after = match[1], claim[match.end() :]
        if word in ("has", "have", "had") and not re.match(
            r" (?:also |long |since )?(?:been|\w+ed|won|made|had|become|written)\b", after
        ):
            helper = {"has": "does not have", "have": "do not have", "had": "did not have"}[word]
            ways.append(_replaced(claim, *match.span(), helper))
        else:
            ways += [_replaced(claim, match.end(), match.end(), to) for to in (" not", " not", " never")]
            if word in ("is", "are", "was", "were", "does", "did"):
                ways.append(_replaced(claim, match.end(), match.end(), "n't"))
    if found := list(_VERB.finditer(claim)):
        match = found[0]
        helper = "does not" if match.group().endswith("s") else "did not"
        ways.append(_replaced(claim, *match.span(), f"{helper} {IRREGULAR[match.group()]}"))
        ways.append(_replaced(claim, match.start(), match.start(), "never "))
    return dice.choice(ways) if ways else None


def antonym(claim: str, around: Around, dice: Random) -> str | None:
    """One word replaced by its opposite."""
    fit = [(m, right) for form, left, right in _OPPOSITES if left in claim.lower() for m in form.finditer(claim)]
    if not fit:
        return None
    match, right = dice.choice(fit)
    return _replaced(claim, *match.span(), _cased(match.group(), right))


def _spliced(claim: str, others: list[str], dice: Random) -> str | None:
    own = _BE.match(claim)
    if not own:
        return None
    parts = [m for m in map(_BE.match, others) if m and m[1] != own[1] and letters(m[2]) not in letters(claim)]
    parts = [
        m
        for m in parts
        if not {m[1].split()[0], own[1].split()[0]} & {"He", "She", "It", "They", "This", "These"}
        or m[1].split()[0] not in ("He", "She", "It")
    ]
    if not parts:
        return None
    other = dice.choice(parts)
    return f"{own[1]} {other[2]}"


def splice_here(claim: str, around: Around, dice: Random) -> str | None:
    """What one sentence of the source speaks of, with what another says."""
    return _spliced(claim, [one for one in around.sentences if letters(one) not in letters(claim)], dice)


def splice_elsewhere(claim: str, around: Around, dice: Random) -> str | None:
    """What the source speaks of, with what another source says."""
    others = dice.sample(around.other_sentences, min(12, len(around.other_sentences)))
    return _spliced(claim, others, dice)


EDITS: Mapping[str, Form] = {
    "number": number,
    "date": date,
    "name from elsewhere": name_elsewhere,
    "name of the same source": name_here,
    "number of the same source": number_here,
    "role swap": roles,
    "negation": negation,
    "antonym": antonym,
    "splice, same source": splice_here,
    "splice, other source": splice_elsewhere,
}

"""Harm to groups of people: a sentence that does something to a group, told from one that only speaks of it.

Rules:
1. A finding needs a target and a predicate: a mention of a group from the lexicon (or a circumstance of a person), and
   a frame in which it is generalised about, dehumanised, shut out, treated worse, threatened or denied.  Names,
   dialect and honorifics are no evidence.
2. What takes the harm away in the same sentence is looked for before a finding is made: negation, quotation and
   reporting verbs, refutation, questions, law, statistics, history, fiction, self-description, refusals.
3. The score is that of the class in groups.toml.  One that may lead to withholding (BEYOND_DOUBT) is given only where
   the toxicity scorer agrees; a frame alone, or a score alone, never reaches it.
4. A sentence that names a group and fits no frame is given to the learnt score of hate; from LEARNT on it is a finding,
   never one that withholds.  What would pardon a frame pardons it.
5. The kind is the ground (`bias.race`), the basis is the ordinance that protects the group, or the Guideline.
6. A sentence without a mention costs two linear searches.
7. Sentences are judged one at a time; what stands in the neighbouring ones is not known.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from guardrail.detectors.bias.groups_frames import (
    AMBIGUOUS,
    CIRCUMSTANCE,
    GROUP,
    MASKS,
    SLUR,
    Class,
    Frames,
    Language,
)
from guardrail.detectors.bias.groups_frames import load as load_frames
from guardrail.detectors.bias.groups_pardons import Place, is_denied, is_pardoned, own_words
from guardrail.detectors.bias.groups_reading import legible
from guardrail.detectors.bias.toxicity import Closer, EmbeddedToxicity
from guardrail.errors import CheckError
from guardrail.groups.lexicon import GROUNDS, GUIDELINE, Lexicon, Reading, basis_text
from guardrail.groups.lexicon import load as load_lexicon
from guardrail.types import Context, Finding, Unit

BEYOND_DOUBT = 0.95
"""The score from which the packaged policy withholds an answer."""
DOUBTED = 0.92
"""What a class beyond doubt is worth where the toxicity scorer does not agree."""
AGREES = 0.5
"""The toxicity score that counts as agreement."""
FITS = 20
"""How often one frame is looked at in one sentence: a sentence that fits it more often is no sentence."""
AROUND = 200
"""Characters on either side of a grave harm that the toxicity scorer is asked about: it is dearer than the frames."""
SORTS = ("sweeping", "pointing", "bad", "against", "contempt")
"""The sorts of signs of prejudice."""
TWICE = {"sweeping": 1, "pointing": 1, "bad": 2, "against": 2, "contempt": 1}
"""How many signs of one sort count: two bad words are two signs, two sweeping ones are one."""
_GRAVE = {"incitement", "dehumanisation", "slur"}
_WHOEVER = re.compile(
    "(?:嘅|的|嗰啲|嗰班|那些|那群|嗰团|嗰种|这种|过的|过嘅)(?:女|男)?(?:人士|人|员工|同事|职员|客人|客|租客|住客|学生|儿童|细路|小朋友|申请人|"
    "应征者|候选人|会员|家庭|妈妈|性|仔|病人|长者|雇员|家长|居民|模特儿|司机|求职者|参加者|乘客)?(?:们|阿婆)?"
    "|(?:嗰啲|嗰班|那些|那群)|(?:学生|员工|人士|女人|家庭)"
)
_HAVING = re.compile("(?:有|患有?|得|染|做|是|系|正在|仲)?$")
_ANYONE = re.compile(
    r"(?:people|anyone|those|women|mothers|men|employees|candidates|applicants|someone|workers|tenants|persons|customers|"
    r"patients|students|anybody|staff) (?:who |with |that |whose )?(?:have |has |is |are |had |been )?(?:a |an )?$"
)
_ORDINANCE_OF = {
    "sex": "SDO", "marital_status": "SDO", "pregnancy": "SDO", "breastfeeding": "SDO", "disability": "DDO",
    "family_status": "FSDO", "race": "RDO", "ethnicity": "RDO", "skin_colour": "RDO", "health": "DDO",
}  # fmt: skip
_REMOVAL = re.compile(r"\b(?:deport|repatriat)|遣返|递解|驱逐")
_OWN_MASKS = str.maketrans(dict.fromkeys(MASKS, " "))
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[a-z]{2}")
LEARNT, LEARNT_AT_MOST = 0.6, 0.75
"""The learnt score of hate from which a sentence that names a group is reported although no frame fits, and the highest
score that it then has: no more than a flag in the packaged policy.  Chosen on the development half of the own Hong Kong
set and the development part of ordinary answers."""
_WITHOUT_GROUP = re.compile(
    "大屠|种族灭绝|种族清洗|慰安|黑奴|奴隶制|屠杀|holocaust|massacre|genocide|slave|comfort women|apartheid|"
    "woman's place|women's place"
)
"""What a harm may be about although no group is named: the denial of atrocities."""


@dataclass(frozen=True, slots=True)
class Target:
    """A mention: where it is in the reading view, as what (`name`), and whose."""

    start: int
    end: int
    mask: str
    ground: str
    basis: str
    severity: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Masked:
    """A view in which each target is one character; `places` are the targets by their place in it."""

    text: str
    origin: tuple[int, ...]
    places: dict[int, Target]

    def to_view(self, start: int, end: int) -> tuple[int, int]:
        """The place in the reading view of a place in the masked one."""
        last = self.places.get(end - 1)
        return self.origin[start], last.end if last else self.origin[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Harm:
    """A frame that fits and was not pardoned, in the reading view."""

    of: Class
    target: Target
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence after the frames: the harms that fit, or the groups that it names and nothing takes out of harm's way
    (a quotation, a law, a story, one person alone)."""

    view: Reading
    targets: Sequence[Target]
    harms: list[Harm]

    @property
    def unsettled(self) -> bool:
        """Whether it names a group and no frame fits: then the learnt score is asked."""
        return bool(self.targets) and not self.harms


def _open(view: str, targets: Sequence[Target], languages: Sequence[Language]) -> tuple[Target, ...]:
    """The groups named of which a harm, if there is one, would not be pardoned."""
    masked = _masked(view.translate(_OWN_MASKS), [target for target in targets if target.mask in (GROUP, SLUR)])
    return tuple(
        target
        for at, target in islice(masked.places.items(), FITS)
        if not any(
            is_pardoned(Place(masked.text, at, at + 1, at, (), target.name), "derogation", language.pardons)
            for language in languages
        )
    )


def _unsettled(found: Sequence[Judged]) -> list[str]:
    return [own_words(one.view.folded.source) for one in found if one.unsettled]


class GroupHarm:
    """Detector `bias.groups`; see the module's rules."""

    name = "bias.groups"
    kinds: tuple[str, ...] = tuple(f"bias.{ground}" for ground in GROUNDS)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self) -> None:
        self._lexicon: Lexicon | None = None
        self._frames: Frames | None = None
        self._toxicity = EmbeddedToxicity()

    def load(self) -> None:
        """Read the lexicon, the frames and the second opinion.  Raises CheckError where a file is not what it was."""
        try:
            self._lexicon = load_lexicon()
            self._frames = load_frames()
        except (OSError, ValueError, KeyError) as error:
            raise CheckError(f"bias.groups: {error}; reinstall guardrail") from error
        self._toxicity.load()

    def first(self, texts: Sequence[str], context: Context) -> tuple[list[list[Finding]], Closer | None]:
        """The harms of each sentence; or, where one is grave, the work that asks for a second opinion as well: it may
        take a network some milliseconds, which are a worker's."""
        found = self._all_harms(texts)
        grave = any(harm.of.name in _GRAVE for one in found for harm in one.harms)
        if grave or self._toxicity.first(_unsettled(found), context)[1] is not None:
            return [[] for _ in texts], lambda: self._all_findings(found, context)
        return self._all_findings(found, context), None

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The harms of each sentence, at most one for each ground."""
        return self._all_findings(self._all_harms(texts), context)

    def _all_harms(self, texts: Sequence[str]) -> list[Judged]:
        if self._lexicon is None or self._frames is None:
            raise CheckError("bias.groups was asked before load()")
        return [self._judge(text, self._lexicon, self._frames) for text in texts]

    def _all_findings(self, found: Sequence[Judged], context: Context) -> list[list[Finding]]:
        said = iter(self._toxicity.detect(_unsettled(found), context))
        return [
            self._learnt(one, next(said))
            if one.unsettled
            else [self._finding(harm, one.view, context) for harm in one.harms]
            for one in found
        ]

    def _learnt(self, one: Judged, said: Sequence[Finding]) -> list[Finding]:
        """What the learnt score makes of a sentence that names a group and fits no frame: a finding on the ground of
        the first group it names."""
        hate = max((found.score for found in said if found.kind == "bias.hate"), default=0.0)
        if hate < LEARNT:
            return []
        target = min(one.targets, key=lambda target: target.start)
        basis = basis_text(target.basis, target.ground)
        evidence = f"a group is named, and the learnt score of hate is {hate:.2f}; {basis}"
        start, end = one.view.to_source(target.start, target.end)
        score = min(hate, LEARNT_AT_MOST)
        return [Finding(f"bias.{target.ground}", score, start, end, self.name, evidence, basis)]

    def _judge(self, text: str, lexicon: Lexicon, frames: Frames) -> Judged:
        view = legible(text)
        targets = _mentions(view.text, lexicon, frames)
        languages = _languages(view.text, frames)
        circumstances = [target for language in languages for target in _circumstances(view.text, language)]
        if not targets and not circumstances and _WITHOUT_GROUP.search(view.text) is None:
            return Judged(view, (), [])
        best: dict[str, Harm] = {}
        for harm in _harms(view.text, targets, circumstances, languages, frames, best):
            best[harm.target.ground] = harm
        named = () if best else _open(view.text, targets, languages)
        return Judged(view, named, list(best.values()))

    def _is_toxic(self, text: str, context: Context) -> bool:
        return any(found.score >= AGREES for found in self._toxicity.detect([text], context)[0])

    def _finding(self, harm: Harm, view: Reading, context: Context) -> Finding:
        start, end = view.to_source(harm.start, harm.end)
        around = view.folded.source[max(0, start - AROUND) : end + AROUND]
        grave = harm.of.name in _GRAVE
        agreed = grave and not _is_debated(harm, view.text) and self._is_toxic(around, context)
        score = harm.of.score if agreed or not grave else min(harm.of.score, DOUBTED)
        doubt = ", and the wording is hostile" if agreed else ""
        basis = basis_text(harm.target.basis, harm.target.ground)
        evidence = f"{harm.of.says}{doubt}; {basis}"
        return Finding(f"bias.{harm.target.ground}", score, start, end, self.name, evidence, basis)


def _is_debated(harm: Harm, view: str) -> bool:
    """Whether people without a right of abode are to be sent away: of that laws and parliaments speak as well."""
    return harm.target.ground == "nationality" and _REMOVAL.search(view, harm.start, harm.end) is not None


def _languages(view: str, frames: Frames) -> tuple[Language, ...]:
    english = (frames.english,) if _LATIN.search(view) else ()
    return (*english, frames.chinese) if _HAN.search(view) else english


def _mentions(view: str, lexicon: Lexicon, frames: Frames) -> list[Target]:
    found = []
    for start, end, entry in lexicon.places(view):
        if frames.things.match(view, end) and lexicon.describes(view[start:end]):
            continue
        strong = entry.severity in ("slur", "derogatory")
        mask = AMBIGUOUS if entry.ambiguous and strong else SLUR if entry.severity == "slur" else GROUP
        if entry.ambiguous and not strong:
            continue
        found.append(Target(start, end, mask, entry.group.ground, entry.group.basis, entry.severity, view[start:end]))
    return found


def _circumstances(view: str, language: Language) -> list[Target]:
    if language.circumstances.search(view) is None:
        return []
    return [
        _whoever(view, found.start(), found.end(), ground)
        for ground, expression in language.by_ground.items()
        for found in expression.finditer(view)
    ]


def _whoever(view: str, start: int, end: int, ground: str) -> Target:
    """A circumstance as a target: the group of those it is true of where a word says so (坐輪椅嘅客人), else itself."""
    basis = _ORDINANCE_OF.get(ground, GUIDELINE)
    after = _WHOEVER.match(view, end)
    before = _ANYONE.search(view[max(0, start - 40) : start])
    if after is None and before is None:
        return Target(start, end, CIRCUMSTANCE, ground, basis, "neutral", view[start:end])
    lead = before or _HAVING.search(view[max(0, start - 2) : start])
    begin = start - len(lead[0]) if lead else start
    stop = after.end() if after else end
    return Target(begin, stop, GROUP, ground, basis, "neutral", view[begin:stop])


def _harms(
    view: str,
    targets: Sequence[Target],
    circumstances: Sequence[Target],
    languages: Sequence[Language],
    frames: Frames,
    best: Mapping[str, Harm],
) -> Iterator[Harm]:
    """Harms graver than what is in `best` for their ground; whoever asks puts them there."""
    plain = view.translate(_OWN_MASKS)
    masked = _masked(plain, [*targets, *(target for target in circumstances if target.mask is GROUP)])
    both = _masked(plain, [*targets, *circumstances]) if circumstances else masked
    for language in languages:
        yield from _fitting(masked, language, {"unequal"}, best, without=True)
        yield from _fitting(both, language, {"unequal", "incitement", "exclusion"}, best, without=False)
        yield from _words(masked, language, frames, best)
    if not best:
        yield from (harm for language in languages for harm in _signs(masked, language, frames))


def _fitting(
    masked: Masked, language: Language, names: set[str], best: Mapping[str, Harm], *, without: bool
) -> Iterator[Harm]:
    """The harms of the classes in `names`, or, with `without`, of all others."""
    for family in language.families:
        if (family.of.name in names) is without or family.screen.search(masked.text) is None:
            continue
        for frame in family.frames:
            for found in islice(frame.finditer(masked.text), FITS):
                harm = _harm(found, family.of, masked, language, best)
                if harm is not None:
                    yield harm


def _is_new(of: Class, target: Target, best: Mapping[str, Harm]) -> bool:
    known = best.get(target.ground)
    return known is None or known.of.score < of.score


def _harm(
    found: "re.Match[str]", of: Class, masked: Masked, language: Language, best: Mapping[str, Harm]
) -> Harm | None:
    spans = [found.span(group) for group in range(1, (found.re.groups or 0) + 1)]
    at = next((start for start, end in spans if end - start == 1 and start in masked.places), None)
    if at is None:
        at = next((place for place in range(*found.span()) if place in masked.places), None)
    target = masked.places[at] if at is not None else _atrocity(found)
    if not _is_new(of, target, best):
        return None
    gaps = tuple(masked.text[start:end] for start, end in spans if start >= 0 and start != at)
    place = Place(masked.text, *_trimmed(masked.text, *found.span()), at, gaps, target.name)
    if is_pardoned(place, of.name, language.pardons):
        return None
    return Harm(of, target, *masked.to_view(*_trimmed(masked.text, *found.span())))


def _words(masked: Masked, language: Language, frames: Frames, best: Mapping[str, Harm]) -> Iterator[Harm]:
    """Slurs and derogatory words that are used, though no frame fits."""
    for at, target in masked.places.items():
        if target.mask is SLUR or (target.mask is GROUP and target.severity == "derogatory"):
            of = frames.classes["slur_used" if target.mask is SLUR else "derogatory_used"]
            place = Place(masked.text, at, at + 1, at, (), target.name)
            if _is_new(of, target, best) and not is_pardoned(place, of.name, language.pardons):
                yield Harm(of, target, target.start, target.end)


def _signs(masked: Masked, language: Language, frames: Frames) -> Iterator[Harm]:
    """A target with signs of prejudice of two sorts after it in its sentence, though no frame fits."""
    for at, target in islice(masked.places.items(), FITS):
        offset = max(0, at - 30)
        reach = masked.text[offset : at + 120]
        if language.signs["kind"].search(masked.text, at + 1, at + 120) is not None:
            continue
        signs = [
            (sort, found)
            for sort in SORTS
            for found in islice(language.signs[sort].finditer(reach), TWICE[sort])
            if not is_denied(reach, found.start())
        ]
        met = [found for _, found in signs]
        if len({found.group() for found in met}) < 2 or {sort for sort, _ in signs} <= {"sweeping", "pointing"}:
            continue
        end = max(at + 1, offset + max(found.end() for found in met))
        if not is_pardoned(Place(masked.text, at, end, at, (), target.name), "signs", language.pardons):
            yield Harm(frames.classes["signs"], target, *masked.to_view(at, end))
            return


def _atrocity(found: "re.Match[str]") -> Target:
    return Target(found.start(), found.end(), GROUP, "race", "RDO", "neutral")


def _masked(view: str, targets: Sequence[Target]) -> Masked:
    """The view with each target as one character; where targets overlap the first stands, of those the longest."""
    chosen: list[Target] = []
    for target in sorted(targets, key=lambda t: (t.start, -t.end, t.mask is CIRCUMSTANCE)):
        if not chosen or chosen[-1].end <= target.start:
            chosen.append(target)
    pieces: list[str] = []
    origin: list[int] = []
    places: dict[int, Target] = {}
    done = 0
    for target in chosen:
        pieces.append(view[done : target.start])
        origin.extend(range(done, target.start))
        places[len(origin)] = target
        pieces.append(target.mask)
        origin.append(target.start)
        done = target.end
    pieces.append(view[done:])
    origin.extend(range(done, len(view)))
    return Masked("".join(pieces), tuple(origin), places)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A place without blanks and marks at its ends."""
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip(' ,.;:!?，。；：！？"“”「」\n\t('))
    right = len(inner.rstrip(' ,.;:!?，。；：！？"“”「」\n\t)'))
    return (start + left, start + right) if left < right else (start, end)

"""Claims of an answer held against the sources of its request: what stands in no source, what a source contradicts, and
what none bears out; always on, English and Chinese.

Rules:
1. Strong checks lead: a number, a date, a name or a quotation that no source and nobody in the conversation has is a
   finding of its own, on exactly its characters.  What the answer worked out or rounded is none (`facts_known`).
2. A sentence is `contradicted` only where a passage speaks of the same and differs in something that can be pointed at;
   `unsupported` where nothing bears it out.  A false "contradicted" is worse than a missed one.  `unsupported` goes by
   words, and a right answer in words of its own looks the same: it is a hint, and likely only where the sources have
   next to nothing of the sentence, and is never sure.
3. `supported` is said of what was checked and found alone.  What claims nothing, what is too close to call, and every
   sentence of a conversation without sources is `not_checkable`; system text can support, but that it is silent proves
   nothing.  Both are reported only where a rule wants the whole ledger.
4. Each source is also tried alone, and the best of them counts, so a further source never makes a claim worse that one
   source bears out (of the four sources that share most of it).
5. A sentence that stands in a source word by word is never alarming.
6. Where the answer may go by what nobody here can read (`Context.hidden`), and where no source is in the language of
   the sentence, that the words are missing proves nothing: the first makes hints of such findings, the second leaves
   the sentence and its names unchecked.

For others: `Grounding().scores(sentences, context)` gives each sentence its score, 0 (borne out) to 0.99; what a score
means is said in `grounding/model.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from guardrail.detectors.errors.grounding.answers import answer_values, asks
from guardrail.detectors.errors.grounding.claims import is_claim
from guardrail.detectors.errors.grounding.facts import Date, Number
from guardrail.detectors.errors.grounding.facts_known import Facts, Unknown
from guardrail.detectors.errors.grounding.features import NAMES, Look, claim_tokens, look
from guardrail.detectors.errors.grounding.lexicon import Lexicon, lexicon
from guardrail.detectors.errors.grounding.model import Models, models_of
from guardrail.detectors.errors.grounding.opposites import HAN_CONTRARIES
from guardrail.detectors.errors.grounding.sources import (
    LIBRARY,
    NEGATIONS,
    Index,
    Reading,
    Tokens,
    index_of,
    is_content,
    tokens,
)
from guardrail.detectors.protocol import Options
from guardrail.models.store import DIRECTORY
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Passage, Source, Stage, Unit

PREFIX = "error."
FACTS = {
    "number": "number_not_in_source",
    "date": "date_not_in_source",
    "name": "name_not_in_source",
    "quote": "quote_not_in_source",
}
VERDICTS = ("contradicted", "unsupported", "supported", "not_checkable")
KINDS: tuple[str, ...] = tuple(PREFIX + name for name in (*FACTS.values(), *VERDICTS))
ALARM, CLEAR = 0.6, 0.4
"""The score from which a sentence is not borne out, and the one below which it is."""
NEAR = 0.5
"""The share of a claim's telling words that a passage must have to speak of the same."""
SAME = 0.6
"""The share that it must have to be called contradicting."""
TRIED_ALONE = 4
HINT = 0.5
"""The highest score of what may well be right."""
LIKELY = 0.75
"""The highest score of an unsupported sentence."""
LEAST = 0.3
"""The lowest score of a fact that is reported."""
SHOWN = 60
"""Characters of the answer or a source that a message quotes."""

_FLIPS = tuple(NAMES.index(name) for name in ("negation_lost", "opposites", "contrary"))
_OPPOSED = tuple(NAMES.index(name) for name in ("opposites", "contrary"))
_NO_HAN = "不没无未非勿冇唔"
_HEARD = tuple(NAMES.index(name) for name in ("covered", "near", "count_numbers"))
HEARD = 0.5
"""The share of a claim's words below which the sources have next to nothing of it."""
NEARLY_ALL = 0.8
"""The share of a claim's telling words that a passage must have for one word to be set against its opposite."""
BEGINNING = 2000
"""Tokens of a source that tell its language."""
_FLIPS_EN = tuple(NAMES.index(name) for name in ("negation_new", "undenied"))
"""What shows that a claim says the contrary; those of English stand in one supported sentence of a hundred, the others
in one of several hundred (training part of the edits).  In Chinese a negation is too often part of a word."""
FLIPPED = 0.8
"""The least score of a claim that says the contrary of a passage which has most of its words."""

_FACT_WORDS = {
    "number": Wording(
        "The number {what} is in none of the sources provided.",
        "提供的資料來源中沒有「{what}」這個數字。",
        "提供的资料来源中没有“{what}”这个数字。",
    ),
    "date": Wording(
        "The date or time {what} is in none of the sources provided.",
        "提供的資料來源中沒有「{what}」這個日期或時間。",
        "提供的资料来源中没有“{what}”这个日期或时间。",
    ),
    "name": Wording(
        "The name {what} is in none of the sources provided.",
        "提供的資料來源中沒有「{what}」這個名稱。",
        "提供的资料来源中没有“{what}”这个名称。",
    ),
    "quote": Wording(
        "The words quoted here, “{what}”, are in none of the sources provided.",
        "提供的資料來源中沒有「{what}」這句原話。",
        "提供的资料来源中没有“{what}”这句原话。",
    ),
}
_INSTEAD = Wording(
    "The source says {theirs}, the answer says {what}.",
    "資料來源寫的是「{theirs}」，回答寫的卻是「{what}」。",
    "资料来源写的是“{theirs}”，回答写的却是“{what}”。",
)
_AGAINST = Wording(
    "The source says something else: “{theirs}”", "資料來源的說法不同：「{theirs}」", "资料来源的说法不同：“{theirs}”"
)
_UNSUPPORTED = Wording(
    "The sources provided do not seem to say this; please check it.",
    "提供的資料來源似乎沒有這樣說，請自行核實。",
    "提供的资料来源似乎没有这样说，请自行核实。",
)
_SUPPORTED = Wording("A source bears this sentence out.", "這句話在資料來源中有根據。", "这句话在资料来源中有根据。")
_NOT_CHECKABLE = Wording(
    "This sentence could not be checked against the sources.",
    "這句話無法與資料來源核對。",
    "这句话无法与资料来源核对。",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A conversation made ready: its sources, what else is known to be said, and the question."""

    index: Index
    known: tuple[Reading, ...]
    question: Tokens
    is_question: bool
    decisive: bool
    """Whether the silence of the sources proves something: some are no system text."""
    languages: frozenset[str]
    """`zh`, `en`: those that some source is written in."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a sentence came to: its score, what was seen of it, and the best passage."""

    score: float
    seen: Look | None
    passage: Passage | None


class Grounding:
    """Detector `errors.grounding`."""

    name = "errors.grounding"
    kinds: tuple[str, ...] = KINDS
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, directory: Path = DIRECTORY, wanted: frozenset[str] = frozenset(KINDS)) -> None:
        """`directory` holds the models and their manifest; `wanted` are the kinds that some rule covers."""
        self._directory = directory
        self._wanted = wanted
        self._loaded: tuple[Models, Lexicon] | None = None
        self._latest: tuple[tuple[Context, Prepared], ...] = ()

    def configure(self, options: Options) -> "Grounding":
        """A detector for the kinds of one policy, not loaded yet."""
        return Grounding(self._directory, options.wanted)

    def load(self) -> None:
        """Read and check the models.  Raises CheckError when they are missing, changed or of another kind."""
        self._loaded = (models_of(self._directory), lexicon(self._directory))

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each sentence."""
        if context.stage is not Stage.RESPONSE or context.channel != "content" or not self._wanted:
            return [[] for _ in texts]
        prepared = self._prepared(context) if context.material else None
        found = [self._findings(text, prepared) for text in texts]
        return [list(map(_unsure, some)) for some in found] if context.hidden else found

    def scores(self, sentences: Sequence[str], context: Context) -> list[float]:
        """How little the sources bear each sentence out, 0 to 0.99; 0 where there are none."""
        if not context.material:
            return [0.0] * len(sentences)
        prepared = self._prepared(context)
        return [self._judged(text, prepared).score for text in sentences]

    def _prepared(self, context: Context) -> Prepared:
        for known, prepared in self._latest:
            if known is context or (
                known.material is context.material and known.caller is context.caller and known.prompt == context.prompt
            ):
                return prepared
        made = prepared_of(context)
        self._latest = ((context, made), *self._latest[:7])
        return made

    def _judged(self, text: str, prepared: Prepared) -> Judged:
        if self._loaded is None:
            self.load()
        assert self._loaded is not None
        return judged(text, prepared, *self._loaded)

    def _findings(self, text: str, prepared: Prepared | None) -> list[Finding]:
        if prepared is None or not is_claim(text):
            return self._verdict(text, "not_checkable", 1.0, None, _NOT_CHECKABLE.beside) if text.strip() else []
        found = self._judged(text, prepared)
        seen = found.seen
        if seen is None:
            return self._verdict(text, "not_checkable", 1.0, None, _NOT_CHECKABLE.beside)
        if _language(seen.tokens) not in prepared.languages:
            facts = [self._fact(text, one, found, prepared) for one in seen.unknown if one.sort in ("number", "date")]
            facts = [one for one in facts if one.kind in self._wanted and prepared.decisive and one.score >= LEAST]
            return facts or self._verdict(text, "not_checkable", 1.0, None, _NOT_CHECKABLE.beside)
        if prepared.decisive:
            facts = [self._fact(text, one, found, prepared) for one in seen.unknown if one.score >= LEAST]
            facts = [one for one in facts if one.kind in self._wanted]
            if any(one.score >= ALARM for one in facts):
                return facts
            if found.score >= ALARM:
                return [*facts, *self._alarm(text, found, prepared)]
            if facts:
                return facts
        if found.score < CLEAR and not seen.unknown:
            return self._verdict(text, "supported", 1 - found.score, found.passage, _SUPPORTED.beside)
        return self._verdict(text, "not_checkable", 1.0, found.passage, _NOT_CHECKABLE.beside)

    def _fact(self, text: str, one: Unknown, found: Judged, prepared: Prepared) -> Finding:
        what = _short(text[one.start : one.end])
        seen = found.seen
        assert seen is not None
        share = seen.laid.gained[0] if seen.laid.gained else 0.0
        score = one.score if share >= NEAR else min(one.score, 0.75) if share >= NEAR / 2 else min(one.score, 0.6)
        theirs = _counterpart(seen, one, found.passage, prepared) if share >= NEAR else ""
        message = (
            _INSTEAD.beside(text, what=what, theirs=theirs) if theirs else _FACT_WORDS[one.sort].beside(text, what=what)
        )
        return Finding(
            PREFIX + FACTS[one.sort],
            score,
            one.start,
            one.end,
            self.name,
            f"a {_SORTS[one.sort]} that stands in no source",
            message=message,
            verdict="contradicted" if theirs else "unsupported",
            passage=found.passage if theirs or share >= NEAR / 2 else None,
        )

    def _alarm(self, text: str, found: Judged, prepared: Prepared) -> list[Finding]:
        assert found.seen is not None
        there = "" if found.passage is None else _passage_text(found.passage, prepared)
        if found.passage is not None and contradicted(found.seen, tokens(there)):
            theirs = _short(there, SHOWN * 2)
            return self._verdict(
                text, "contradicted", found.score, found.passage, lambda t: _AGAINST.beside(t, theirs=theirs)
            )
        score = min(found.score, LIKELY if _unheard_of(found.seen, prepared) else HINT)
        return self._verdict(text, "unsupported", score, found.passage, _UNSUPPORTED.beside)

    def _verdict(
        self, text: str, verdict: str, score: float, passage: Passage | None, words: Callable[[str], str]
    ) -> list[Finding]:
        kind = PREFIX + verdict
        if kind not in self._wanted:
            return []
        start = len(text) - len(text.lstrip())
        end = max(start, len(text.rstrip()))
        return [
            Finding(
                kind,
                score,
                start,
                end,
                self.name,
                _EVIDENCE[verdict],
                message=words(text),
                verdict=verdict,
                passage=passage,
            )
        ]


_SORTS = {"number": "number", "date": "date or time", "name": "name", "quote": "quotation"}
_EVIDENCE = {
    "contradicted": "a passage speaks of the same and says otherwise",
    "unsupported": "no source bears the sentence out",
    "supported": "a source bears the sentence out",
    "not_checkable": "nothing to check, or no source to check against",
}


def prepared_of(context: Context) -> Prepared:
    """The sources of a conversation, read (from what is kept, where it can be)."""
    index = index_of(context.material)
    said = dict.fromkeys(text for text in (context.prompt, *context.caller) if text)
    known = (*index.readings, *(LIBRARY.reading(text) for text in said))
    question = tokens(context.prompt[:2000])
    decisive = any(source.origin != "system" and source.text.strip() for source in context.material)
    languages = frozenset(language for reading in index.readings for language in _languages(reading))
    return Prepared(index, known, question, asks(question.text), decisive, languages)


def judged(text: str, prepared: Prepared, models: Models, words: Lexicon) -> Judged:
    """A sentence held against the sources together, and against those that share most of it alone."""
    claim = claim_tokens(text)
    if not claim.stems:
        return Judged(0.0, None, None)
    index = prepared.index
    seen = look(claim, index, prepared.known, words)
    passage = index.passage(seen.laid.places[0]) if seen.laid.places else None
    if prepared.is_question:
        values = answer_values(claim, prepared.question, index, words)
        if values is not None:
            return Judged(models.answer(values), replace(seen, unknown=()), passage)
    if seen.verbatim:
        return Judged(0.0, seen, passage)
    model = models.languages[_language(claim)]
    score = model.score(seen.values)
    if len(index.readings) > 1 and score >= 0.1:
        for source in _worth_trying(seen):
            alone = look(claim, index.each[source], prepared.known, words, seen)
            other = model.score(alone.values)
            if other < score:
                score = other
                seen = replace(alone, unknown=seen.unknown)
                found = index.each[source].passage(alone.laid.places[0]) if alone.laid.places else None
                passage = None if found is None else replace(found, source=source)
    if passage is not None and _flipped(seen, claim):
        there = index.material[passage.source].text[passage.start : passage.end]
        if contradicted(seen, tokens(there)):
            score = max(score, FLIPPED)
    return Judged(score, seen, passage)


def _worth_trying(seen: Look) -> list[int]:
    return list(dict.fromkeys(place.source for place in seen.laid.places))[:TRIED_ALONE]


def _chinese(claim: Tokens) -> bool:
    return 2 * sum(map("\u3400".__le__, claim.stems)) > len(claim.stems)


def _language(claim: Tokens) -> str:
    return "zh" if _chinese(claim) else "en"


def _languages(reading: Reading) -> list[str]:
    """The languages that a fair share of the beginning of a source is in."""
    words = reading.tokens.stems[:BEGINNING]
    han = sum([word >= "\u3400" for word in words])
    other = sum([word[0].isalpha() for word in words]) - han
    return [name for name, count in (("zh", han), ("en", other)) if 5 * count >= han + other]


def _unsure(one: Finding) -> Finding:
    """A finding of an answer that may go by what nobody here can read."""
    sure = one.kind in (PREFIX + "contradicted", PREFIX + "supported", PREFIX + "not_checkable")
    return one if sure else replace(one, score=min(one.score, HINT))


def _unheard_of(seen: Look, prepared: Prepared) -> bool:
    """Whether the sources have next to nothing of a claim: few of its words or words like them, and no number of it."""
    covered, near, counted = (seen.values[at] for at in _HEARD)
    return covered < HEARD and near < HEARD and not counted


def _flipped(seen: Look, claim: Tokens) -> bool:
    """Whether something shows that a claim says the contrary of a passage that has most of its words."""
    if seen.verbatim or not seen.laid.gained or seen.laid.gained[0] < SAME:
        return False
    flips = _FLIPS if _chinese(claim) else (*_FLIPS, *_FLIPS_EN)
    return any(seen.values[at] > 0 for at in flips)


def contradicted(seen: Look, there: Tokens) -> bool:
    """Whether a passage speaks of the same as a claim and denies what it says, or the claim denies what the passage
    says, or one has the opposite of a word of the other and nearly all else is the same."""
    if not _flipped(seen, seen.tokens):
        return False
    if _chinese(seen.tokens):
        return _denied_han(seen.tokens, there) or _opposed_han(seen.tokens, there)
    if seen.laid.gained[0] >= NEARLY_ALL and any(seen.values[at] > 0 for at in _OPPOSED):
        return True
    mine, theirs = _denied(seen.tokens), _denied(there)
    return any(
        (word in mine) != (word in theirs) and word in seen.tokens.stems and word in there.stems
        for word in (mine | theirs)
    )


def _denied_han(claim: Tokens, there: Tokens) -> bool:
    """Whether a claim joins what a Chinese passage joins by a negation."""
    return any(
        one + other not in there.text
        and any(one + no + other in there.text or one + no + "有" + other in there.text for no in _NO_HAN)
        for one, other in pairwise(claim.stems)
        if one >= "\u3400" and other >= "\u3400"
    )


def _opposed_han(claim: Tokens, there: Tokens) -> bool:
    """Whether one of two Chinese texts has a word and the other its opposite, and neither has both."""
    return any(
        other in there.text and other not in claim.text and word not in there.text
        for word in map("".join, pairwise(claim.stems))
        for other in HAN_CONTRARIES.get(word, ())
    )


def _denied(text: Tokens) -> frozenset[str]:
    """The words that a negation of an English text is about: the first one of content behind each."""
    found: set[str] = set()
    for at, written in enumerate(text.written):
        if written.lower() in NEGATIONS or written.lower().endswith("n't"):
            behind = text.stems[at + 1 : at + 4]
            word = next((each for each in behind if is_content(each) and each not in ("longer", "yet", "even")), "")
            if word and "only" not in behind:
                found.add(word)
    return frozenset(found)


def _counterpart(seen: Look, one: Unknown, passage: Passage | None, prepared: Prepared) -> str:
    """What the best passage has where the claim has an unknown number or date; "" where that is not plain."""
    if passage is None or one.sort not in ("number", "date"):
        return ""
    reading = prepared.index.readings[passage.source]
    at = reading.sentence_at(passage.start)
    said, (numbers, dates) = seen.facts, reading.facts(at)
    fit = _other_dates(said, one, dates) if one.sort == "date" else _other_numbers(said, one, numbers, dates)
    if len(fit) != 1:
        return ""
    begin = reading.sentences[at].start
    return prepared.index.material[passage.source].text[begin + fit[0].start : begin + fit[0].end]


def _other_dates(said: Facts, one: Unknown, theirs: Sequence[Date]) -> Sequence[Date]:
    mine = next((each for each in said.dates if each.start == one.start), None)
    return [each for each in theirs if mine is not None and _told(each) == _told(mine)]


def _told(one: Date) -> tuple[bool, ...]:
    return one.month is not None, one.day is not None, one.weekday is not None, one.decade


def _other_numbers(said: Facts, one: Unknown, theirs: Sequence[Number], dated: Sequence[Date]) -> Sequence[Number]:
    mine = next((each for each in said.numbers if each.start == one.start), None)
    fit = [each for each in theirs if mine is not None and each.value not in said.values and _same_unit(mine, each)]
    return [each for each in fit if not any(date.start <= each.start < date.end for date in dated)]


def _same_unit(one: Number, other: Number) -> bool:
    return one.unit[:1] == other.unit[:1] and one.ordinal == other.ordinal


def _passage_text(passage: Passage, prepared: Prepared) -> str:
    source: Source = prepared.index.material[passage.source]
    return source.text[passage.start : passage.end]


def _short(text: str, most: int = SHOWN) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

"""Tells when an answer gives away what the application told the model: its system messages and its tools' descriptions.

Rules:
1. What is protected is what stands in this request; nothing has to be configured.
2. A copy is a copy re-cased, re-punctuated, in the other script, in rot13, backwards, in Base64 and with its letters
   apart, and with a word in five changed.
3. What the caller wrote is the caller's: words that stand in its own messages are no leak when they come back.
4. Fragments that are too short to say anything are added up over the conversation: what earlier answers gave away
   counts, and once enough of a text is out, each further fragment is a finding (`prompt.piecemeal`).
5. A value that a system message itself calls a password or a secret is a finding wherever the answer says it, unless
   the caller said it first (`prompt.secret`).
6. Scores are calibrated by how much is repeated: 0.6 stands for nine words or fifteen Chinese characters in a row.

Threat: OWASP Top 10 for LLM Applications 2025, LLM07 "System Prompt Leakage".
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from threading import Lock

from guardrail.detectors.leakage import passages
from guardrail.detectors.leakage.disguised import Base64, Letters
from guardrail.detectors.leakage.passages import WORD, Index, Matcher, Passage, Piece, Posting, Terms, Tokens
from guardrail.detectors.leakage.prompt_index import LETTERS, Document, PromptIndex
from guardrail.detectors.protocol import Watch
from guardrail.types import Context, Finding, Stage, Unit

FRAGMENT = 5
"""Words (or their weight in characters) of a fragment that counts towards `prompt.piecemeal`."""
_TRACE, _TRACES = 3, 6
"""Words of a shorter fragment, and of all of them in one answer, from which on they are worth a low score: a paraphrase
leaves such traces, and so does an answer about the same things."""
PASSAGE = 7
"""Words of a passage that is reported by itself."""
PIECEMEAL = 30
"""Words of one text that must be out before fragments are reported."""
FRAGMENTS = 4
"""Fragments that must be out, too."""
_SCALE = ((7, 0.4), (9, 0.6), (12, 0.72), (15, 0.8), (20, 0.88), (30, 0.94), (60, 0.98))
"""Words that are repeated, and the score of so many; in between it is interpolated."""
_DISGUISED = 0.9  # the least score of a copy in disguise: nobody writes one by chance
_WHOLE = 0.1  # what is added when half of a text or more is repeated
# A gap of 12 words: with words changed at random 8 would lose one copy in sixty, and clean answers wait no longer.
_TERMS = Terms(least=_TRACE * WORD, gap=12 * WORD)
_LETTER_TERMS = Terms(least=40 * WORD, gap=2 * LETTERS * WORD, slack=2 * LETTERS, piece=500 * WORD)
_PER_WORD = 5  # letters of a word, when only letters are counted
_VALUE_TERMS = Terms(least=1, gap=0, density=0.0)
_KEPT = 200_000  # shingles of indexes that are kept between requests
_TALKS, _TALK = 64, 4_000_000  # conversations that are kept for the next text of an answer, and characters of all


class PromptLeak:
    """The PASSAGE detector of this module."""

    name = "leakage.prompt"
    kinds: tuple[str, ...] = ("prompt.leak", "prompt.piecemeal", "prompt.secret")
    unit = Unit.PASSAGE
    heavy = False

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], PromptIndex] = OrderedDict()
        self._talks: OrderedDict[_Key, _Conversation] = OrderedDict()
        self._lock = Lock()

    def load(self) -> None:
        """Reads the table of characters.  Raises CheckError when it is missing or changed."""
        passages.prepare()

    def watch(self, context: Context) -> Watch | None:
        """A watch on one text of an answer; None for requests and where no text is long enough to be protected."""
        if context.stage is not Stage.RESPONSE or not (context.system or context.tools):
            return None
        index = self._index(context.system, context.tools)
        return None if index.empty else PromptWatch(self._conversation(index, context))

    def _conversation(self, index: PromptIndex, context: Context) -> "_Conversation":
        """What the texts of one answer share: an answer of many texts reads what was said before once."""
        said = (*context.caller, context.prompt) if context.prompt else context.caller
        key = (context.system, context.tools, said, context.history)
        with self._lock:
            if (kept := self._talks.get(key)) is not None:
                self._talks.move_to_end(key)
                return kept
            made = self._talks[key] = _Conversation(index, said, context.history)
            while len(self._talks) > 1 and (
                len(self._talks) > _TALKS or sum(talk.size for talk in self._talks.values()) > _TALK
            ):
                self._talks.popitem(last=False)
        return made

    def _index(self, system: str, tools: tuple[str, ...]) -> PromptIndex:
        """The index of these texts: an application says the same in every request."""
        key = (system, tools)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = PromptIndex(system, tools)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(index.size + 100 for index in self._kept.values()) > _KEPT:
                self._kept.popitem(last=False)
        return made


class _Unsaid:
    """An index without what the caller said itself; its messages are read when there is something to compare."""

    __slots__ = ("_index", "_said", "_texts")

    def __init__(self, index: Index, texts: Sequence[str]) -> None:
        self._index, self._texts = index, texts
        self._said: set[tuple[str, ...]] | None = None

    def hits(self, words: Sequence[str], first: int) -> Iterator[tuple[int, int, Sequence[Posting]]]:
        """See `passages.Index`."""
        for index, size, postings in self._index.hits(words, first):
            if tuple(words[index - size + 1 : index + 1]) not in self._theirs():
                yield index, size, postings

    def opens(self, words: Sequence[str]) -> bool:
        """See `passages.Index`."""
        return self._index.opens(words)

    def _theirs(self) -> set[tuple[str, ...]]:
        if self._said is None:
            said: set[tuple[str, ...]] = set()
            for text in self._texts:
                words = passages.tokens(text)
                hits = self._index.hits(words, 0)
                said.update(tuple(words[at - size + 1 : at + 1]) for at, size, _ in hits)
            self._said = said  # at once: other threads may ask
        return self._said


class _Out:
    """Positions of one protected text that are out, and the weight of their tokens, beside those of `before`."""

    __slots__ = ("_before", "fragments", "positions", "weight")

    def __init__(self, before: "_Out | None" = None) -> None:
        self._before = before.positions if before else set[int]()
        self.positions: set[int] = set()
        self.weight: int = before.weight if before else 0
        self.fragments: int = before.fragments if before else 0

    def add(self, index: PromptIndex, text: int, positions: Iterable[int]) -> None:
        """Note a fragment; one that says nothing new does not count."""
        new = set(positions) - self.positions - self._before
        self.positions |= new
        self.weight += index.weights(text, new)
        self.fragments += bool(new)


_Key = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class _Conversation:
    """What is protected in a conversation, without what the caller said; and what earlier answers gave away of it.

    Both are read when there is something to compare."""

    __slots__ = ("_history", "_out", "index", "size", "unsaid", "values")

    def __init__(self, index: PromptIndex, said: Sequence[str], history: Sequence[str]) -> None:
        self.index = index
        self.unsaid, self.values = _Unsaid(index, said), _Unsaid(index.values, said)
        self.size = sum(map(len, said)) + sum(map(len, history))
        self._history = history
        self._out: dict[int, _Out] | None = None

    def out(self) -> Mapping[int, _Out]:
        """By protected text, what earlier answers gave away of it; not to be changed."""
        if self._out is None:
            out: dict[int, _Out] = {}
            for text in self._history:
                watch = passages.PassageWatch(self.unsaid, _TERMS, partial(self._remember, out))
                watch.feed(text)
                watch.settle(final=True)
            self._out = out  # at once: other threads may ask
        return self._out

    def _remember(self, out: dict[int, _Out], passage: Passage) -> None:
        if passage.covered >= FRAGMENT * WORD:
            document = self.index.documents[passage.document]
            out.setdefault(document.text, _Out()).add(self.index, document.text, _positions(passage, document))


class _Ledger:
    """What of each protected text is out, by earlier answers and by this one so far."""

    def __init__(self, conversation: _Conversation) -> None:
        self._conversation = conversation
        self._out: dict[int, _Out] = {}
        self._traces: dict[int, _Out] = {}

    def trace(self, passage: Passage) -> int:
        """Note a passage of any length of this answer: the words of its text that the answer repeats so far."""
        text = self._document(passage).text
        return self._noted(self._traces.setdefault(text, _Out()), passage).weight // WORD

    def add(self, passage: Passage) -> tuple[int, int]:
        """Note a passage: the words of its text that are out with it, and in how many fragments."""
        text = self._document(passage).text
        if text not in self._out:
            self._out[text] = _Out(self._conversation.out().get(text))
        out = self._noted(self._out[text], passage)
        return out.weight // WORD, out.fragments

    def _document(self, passage: Passage) -> Document:
        return self._conversation.index.documents[passage.document]

    def _noted(self, out: _Out, passage: Passage) -> _Out:
        document = self._document(passage)
        out.add(self._conversation.index, document.text, _positions(passage, document))
        return out


def _positions(passage: Passage, document: Document) -> Iterator[int]:
    for first, last in passage.parts:
        for position in range(first, last + 1):
            yield document.place(position)[1]


class PromptWatch:
    """Follows one text of an answer; a `protocol.Watch`."""

    def __init__(self, conversation: _Conversation) -> None:
        index, unsaid = conversation.index, conversation.unsaid
        self._index = index
        self._ledger = _Ledger(conversation)
        self._tokens = Tokens()
        self._matcher = Matcher(unsaid, _TERMS, self._judge)
        self._values: list[Matcher] = []
        if index.values.values:
            self._values.append(Matcher(conversation.values, _VALUE_TERMS, self._judge_value, index.values.reach))
        self._letters = Letters(Matcher(index.letters, _LETTER_TERMS, self._judge_letters, LETTERS), LETTERS)
        self._base64 = Base64(lambda: Matcher(unsaid, _TERMS, partial(self._judge, coded=True)))
        self._length = 0

    def feed(self, text: str) -> None:
        """Append `text`."""
        more = passages.piece(text, self._length)
        self._length += len(text)
        self._base64.feed(more)
        self._read(more)

    def settle(self, *, final: bool) -> tuple[int, list[Finding]]:
        """See `protocol.Watch`."""
        if final:
            self._read(Piece("", (), ()), final=True)
            for matcher in (self._matcher, *self._values):
                matcher.finish()
            self._letters.finish()
            self._base64.finish()
            return self._length, self._found()
        return min((self._length, *self._held())), self._found()

    def _read(self, more: Piece, *, final: bool = False) -> None:
        batch = self._tokens.feed(more, final=final)
        for matcher in (self._matcher, *self._values):
            matcher.feed(batch)
        self._letters.feed(batch)

    def _held(self) -> Iterator[int]:
        for place in (self._tokens.pending, *(matcher.held() for matcher in (self._matcher, *self._values))):
            if place is not None:
                yield place
        yield from self._letters.held()
        yield from self._base64.held()

    def _found(self) -> list[Finding]:
        values = [finding for matcher in self._values for finding in matcher.take()]
        return [*self._matcher.take(), *values, *self._letters.take(), *self._base64.take()]

    def _judge(self, passage: Passage, *, coded: bool = False) -> Finding | None:
        document = self._index.documents[passage.document]
        words = passage.covered / WORD
        # What comes out of Base64 is judged beside the text around it, in no order that only the text decides.
        finding = None if coded else self._fragment(passage, document)
        if words < PASSAGE:
            return finding
        disguise = " and ".join(["Base64"] * coded + [document.disguise] * bool(document.disguise))
        score = _score(words, self._index.share(document.text, passage.covered), is_disguised=bool(disguise))
        return self._finding("prompt.leak", score, passage, _evidence(words, passage, document, disguise))

    def _fragment(self, passage: Passage, document: Document) -> Finding | None:
        """What a passage is as one of many."""
        traces = self._ledger.trace(passage)
        if passage.covered >= FRAGMENT * WORD:
            out, fragments = self._ledger.add(passage)
            if out >= PIECEMEAL and fragments >= FRAGMENTS:
                score = min(0.9, 0.6 + (out - PIECEMEAL) / 200)
                evidence = f"a fragment of the {document.what}, of which {out} words are out in {fragments} fragments"
                return self._finding("prompt.piecemeal", score, passage, evidence)
        if traces < _TRACES:
            return None
        evidence = f"a few words of the {document.what}, of which the answer repeats {traces} here and there"
        return self._finding("prompt.piecemeal", min(0.55, traces / 50), passage, evidence)

    def _judge_letters(self, passage: Passage) -> Finding | None:
        words = passage.covered / WORD / _PER_WORD
        evidence = f"the letters of about {words:.0f} words of a system message or tool description, apart"
        return self._finding("prompt.leak", _score(words, 0.0, is_disguised=True), passage, evidence)

    def _judge_value(self, passage: Passage) -> Finding | None:
        value = self._index.values.values[passage.document]
        evidence = "a value that the system message calls secret" + f", {value.disguise}" * bool(value.disguise)
        return self._finding("prompt.secret", value.score, passage, evidence)

    def _finding(self, kind: str, score: float, passage: Passage, evidence: str) -> Finding:
        return Finding(kind, round(score, 4), passage.start, passage.end, PromptLeak.name, evidence)


def _evidence(words: float, passage: Passage, document: Document, disguise: str) -> str:
    how = "word for word" if passage.covered == passage.length else f"over a stretch of {passage.length // WORD}"
    return f"{words:.0f} words of the {document.what}, {how}" + f", {disguise}" * bool(disguise)


def _score(words: float, share: float, *, is_disguised: bool) -> float:
    score = _interpolated(words, _SCALE)
    if share >= 0.5:
        score += _WHOLE
    return min(0.99, max(score, _DISGUISED) if is_disguised else score)


def _interpolated(value: float, scale: Iterable[tuple[float, float]]) -> float:
    """The height of a line through the points of `scale` at `value`; level before the first and after the last."""
    below: tuple[float, float] | None = None
    for at, height in scale:
        if value < at:
            return height if below is None else below[1] + (height - below[1]) * (value - below[0]) / (at - below[0])
        below = (at, height)
    return below[1] if below else 0.0

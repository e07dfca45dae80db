"""A second reader for grounding: a small network that reads an English claim beside the passages that speak of it
(extra `models`), for what the cover of words does not tell: names that changed places, "not", opposites.

Rules:
1. It is a signal of its own with a kind of its own, never averaged with the first: where both speak, a reader sees that
   two different things were looked at.
2. It reads English claims that sources speak of (LEAST of a claim's telling words stand in one passage).  A sentence
   that stands in a source word for word is supported and not read; one that no source speaks of, and one of fewer than
   WORDS words, is left to the first.
3. A claim is read alone, so it scores the same in a stream as in the whole answer.
4. Nothing is read in the event loop: `first` says what there is to read, a worker reads it.
5. Without the extra there is no such detector; a rule that names its kind is then told the cure.

What it can and cannot do is stated, with figures, in docs/models/grounding-reader.md.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from guardrail.detectors.errors.grounding.claims import Support, is_claim, supports
from guardrail.detectors.errors.grounding.entailment import Entailment
from guardrail.detectors.errors.grounding.sources import Index, index_of, tokens
from guardrail.detectors.protocol import Options
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY
from guardrail.text.language import language
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Unit

KIND = "error.not_entailed"
LEAST = 0.3
"""The share of a claim's telling words that one passage must hold; below it sources do not speak of the claim."""
WORDS = 5
"""Words of a text below which it is not read: whether "Broomfield" answers the question, this network cannot tell."""
REPORTED = 0.3
"""The lowest score that is reported."""
_QUOTED = 110
_TOLD = Wording(
    "The sources do not seem to say this. The nearest they say: “{near}”",
    "來源似乎沒有這樣說。最接近的一句是：「{near}」",
    "来源似乎没有这样说。最接近的一句是：“{near}”",
)
Closer = Callable[[], list[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim to be read: which text it is, as it is read, and its passages."""

    owner: int
    claim: str
    passages: tuple[Support, ...]


@cache
def network_of(directory: Path) -> Entailment:
    """The network of a directory, read once in a process.  Raises CheckError when it is missing or changed."""
    network = Entailment(directory)
    network.load()
    return network


class GroundingReader:
    """Detector `errors.grounding_reader`: sentences that the sources of the request do not bear out."""

    name = "errors.grounding_reader"
    setup = "it needs the extra that brings onnxruntime: pip install 'guardrail[models]'"
    kinds: tuple[str, ...] = (KIND,)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, directory: Path = DIRECTORY, *, wanted: bool = True) -> None:
        """`directory` holds the network and its manifest, by default the one inside the package; where no rule has
        `wanted` its kind, it is not read at all."""
        self._directory = directory
        self._wanted = wanted
        self._network: Entailment | None = None

    @property
    def configured(self) -> bool:
        """Whether the library that runs the network is installed.  Where it is, its file must be there as well."""
        return importlib.util.find_spec("onnxruntime") is not None

    def configure(self, options: Options) -> "GroundingReader":
        """The detector for a policy."""
        return type(self)(self._directory, wanted=KIND in options.wanted)

    def load(self) -> None:
        """Read and check the network.  Raises CheckError with the cure when it is missing or changed."""
        if self._wanted and self._network is None:
            self._network = network_of(self._directory)

    def first(self, texts: Sequence[str], context: Context) -> tuple[list[list[Finding]], Closer | None]:
        """Nothing, and the work of reading where there is anything to read."""
        none: list[list[Finding]] = [[] for _ in texts]
        if not self._wanted or not context.material:
            return none, None
        asked = to_read(texts, context)
        return none, (lambda: self._read(texts, asked)) if asked else None

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each text; `first` and what it leaves to a worker in one."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def scores(self, texts: Sequence[str], context: Context) -> list[float]:
        """The score of each text, 0 for one that is not read; raises CheckError before `load`."""
        if self._network is None:
            raise CheckError(f"{self.name} was asked before load()")
        found = [0.0] * len(texts)
        for one in to_read(texts, context):
            found[one.owner] = self._network.doubt(one.claim, [passage.text for passage in one.passages])
        return found

    def _read(self, texts: Sequence[str], asked: Sequence[Asked]) -> list[list[Finding]]:
        if self._network is None:
            raise CheckError(f"{self.name} was asked before load()")
        found: list[list[Finding]] = [[] for _ in texts]
        for one in asked:
            score = self._network.doubt(one.claim, [passage.text for passage in one.passages])
            if score >= REPORTED:
                found[one.owner].append(_finding(texts[one.owner], score, one.passages[0]))
        return found


def to_read(texts: Sequence[str], context: Context, *, english: bool = True) -> list[Asked]:
    """The claims among the texts that the sources speak of and do not hold word for word, in order; only the `english`
    ones, or those of every language."""
    index = index_of(context.material)
    found: list[Asked] = []
    for owner, text in enumerate(texts):
        if not is_claim(text) or (english and not _is_english(text)) or _stands_there(text, index):
            continue
        claim = " ".join(text.split())
        passages = tuple(supports(claim, index))
        if passages and passages[0].share >= LEAST:
            found.append(Asked(owner, claim, passages))
    return found


def _is_english(text: str) -> bool:
    return len(text.split(None, WORDS)) >= WORDS and language(text) == "en"


def _finding(text: str, score: float, nearest: Support) -> Finding:
    near = " ".join(nearest.text.split())
    near = near if len(near) <= _QUOTED else near[: _QUOTED - 1].rstrip() + "…"
    return Finding(
        KIND,
        score,
        None,
        None,
        GroundingReader.name,
        "a network read the sentence beside the passages that speak of it, and they do not bear it out",
        message=_TOLD.beside(text, near=near),
        verdict="unsupported",
        passage=nearest.passage,
    )


def _stands_there(text: str, index: Index) -> bool:
    stems = tokens(text).stems
    sought = f" {' '.join(stems)} "
    return len(stems) > 3 and any(sought in reading.joined for reading in index.readings)

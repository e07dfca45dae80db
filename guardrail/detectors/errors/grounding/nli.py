"""A network for entailment (NLI) that the operator has stored with `guardrail models add nli`, as a detector.

Rules:
1. Nothing is downloaded: the operator brings the network, and answers for its licence.
2. It is read only when every file of it is the one that was stored, and no file is there that was not.
3. Its word is a signal of its own, with kinds of its own: `error.nli_contradicted` where it holds that the sources say
   otherwise, `error.nli_unsupported` where it holds that they say nothing of the kind.
4. It reads what the second reader of grounding reads (claims that the sources speak of and do not hold word for word),
   in every language whose script its tokenizer knows.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from guardrail.detectors.errors.grounding.nli_engine import MODEL, TOKENIZER, NliEngine
from guardrail.detectors.errors.grounding.reader import Asked, to_read
from guardrail.detectors.protocol import Options
from guardrail.errors import CheckError
from guardrail.models import installed
from guardrail.text.wording import Wording
from guardrail.types import Context, Finding, Unit

NAME = "nli"
"""Under which a model is stored."""
CONTRADICTED, UNSUPPORTED = "error.nli_contradicted", "error.nli_unsupported"
REPORTED = 0.3
"""The lowest score that is reported."""
_QUOTED = 110
_AGAINST = Wording(
    "The sources seem to say otherwise: “{near}”", "來源的說法似乎不同：「{near}」", "来源的说法似乎不同：“{near}”"
)
_NOTHING = Wording(
    "The sources do not seem to say this. The nearest they say: “{near}”",
    "來源似乎沒有這樣說。最接近的一句是：「{near}」",
    "来源似乎没有这样说。最接近的一句是：“{near}”",
)
Closer = Callable[[], list[list[Finding]]]


class Nli:
    """Detector `errors.nli`; see the module's rules."""

    name = "errors.nli"
    setup = f"`guardrail models add {NAME}` stores a network for entailment (docs/models.md)"
    kinds: tuple[str, ...] = (CONTRADICTED, UNSUPPORTED)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, store: Path | None = None, *, wanted: bool = True) -> None:
        """`store` is where the network lies, by default the store of `guardrail models`; where no rule has `wanted` a
        kind of it, it is not read at all."""
        self._store = store
        self._wanted = wanted
        self._engine: NliEngine | None = None

    @property
    def configured(self) -> bool:
        """Whether the operator has stored a network."""
        return installed.expected(NAME, self._store)

    def configure(self, options: Options) -> "Nli":
        """The detector for a policy."""
        return type(self)(self._store, wanted=bool(options.wanted & set(self.kinds)))

    def load(self) -> None:
        """Read the stored network.  Raises CheckError with the cure when it is missing, changed or cannot run here."""
        if self._engine is None and self._wanted:
            self._engine = stored_engine(self._store)

    def first(self, texts: Sequence[str], context: Context) -> tuple[list[list[Finding]], Closer | None]:
        """Nothing, and the work of reading where there is anything to read."""
        none: list[list[Finding]] = [[] for _ in texts]
        if not self._wanted or not context.material:
            return none, None
        asked = to_read(texts, context, english=False)
        return none, (lambda: self._read(texts, asked)) if asked else None

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each text; `first` and what it leaves to a worker in one."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def _read(self, texts: Sequence[str], asked: Sequence[Asked]) -> list[list[Finding]]:
        if self._engine is None:
            raise CheckError(f"{self.name} was asked before load()")
        found: list[list[Finding]] = [[] for _ in texts]
        for one in asked:
            if not self._engine.reads(one.claim):
                continue
            said = self._engine.judge(one.claim, [passage.text for passage in one.passages])
            against = said.contradiction >= said.neutral
            score = said.contradiction if against else said.neutral
            if score >= REPORTED and score > said.entailment:
                found[one.owner].append(_finding(texts[one.owner], one, score, against=against))
        return found


def stored_engine(store: Path | None = None) -> NliEngine:
    """The engine of the stored network.  Raises CheckError when it is missing, changed, or cannot run here."""
    model = installed.read(NAME, store)
    installed.check(model, contents=False)
    try:
        return NliEngine(
            installed.content(model, MODEL), installed.content(model, TOKENIZER), model.manifest["settings"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckError(
            f"{model.path}: not the manifest of a network for entailment ({error!r}); add it again"
        ) from error


def _finding(text: str, asked: Asked, score: float, *, against: bool) -> Finding:
    nearest = asked.passages[0]
    near = " ".join(nearest.text.split())
    near = near if len(near) <= _QUOTED else near[: _QUOTED - 1].rstrip() + "…"
    words = _AGAINST if against else _NOTHING
    says = "contradict it" if against else "do not say it"
    return Finding(
        CONTRADICTED if against else UNSUPPORTED,
        score,
        None,
        None,
        Nli.name,
        f"the stored network for entailment holds that the passages that speak of the sentence {says}",
        message=words.beside(text, near=near),
        verdict="contradicted" if against else "unsupported",
        passage=nearest.passage,
    )

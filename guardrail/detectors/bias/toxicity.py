"""Hate and toxicity of wording: an always-on linear scorer for English and Chinese, and a second reader for what it
finds doubtful.

Rules:
1. A text gets at most one finding for each of HEADS about the whole of it, with a score that policy thresholds decide
   on; anything that scores below REPORTED is silent.
2. A score is a probability on a fixed mixture (a third toxic, a third harmless posts about the same subjects, a third
   ordinary answers), calibrated for each language and for each reader apart, so that it means the same everywhere.
3. A long text is judged in overlapping windows, by the scorer also by their parts, and the worst counts: a threat
   inside a harmless paragraph is not diluted by it.
4. The second readers (networks, extra `models`) read only the windows whose first score reaches TRIGGER, at most MOST
   of a text; their word and the scorer's are weighed together.  Without the extra the scorer judges alone; a reader's
   file that is another one than the scorer was calibrated with is a check that cannot run.
5. Integer weights are summed exactly, and what is a fraction is computed for each window apart in one fixed order;
   the networks read one window at a time.  So a text has the same score alone, in a batch and in another process on
   the same kind of processor, to the last bit.
6. All texts of a call are judged together, in as many array operations as one text (`features.batches` at a time).

What it can and cannot do is stated, with figures, in docs/models/toxicity.md and docs/models/readers.md.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.features import (
    CLASSES,
    TABLE_SIZE,
    Features,
    Lexicon,
    are_chinese,
    batches,
    features_of,
    paired,
    windows,
)
from guardrail.detectors.bias.reader import Language, SecondReader, file_of, runnable
from guardrail.detectors.bias.reading import BLANK, Codes, readings, simplifier, spelt
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, Model, read_model
from guardrail.types import Context, Finding, Unit

HEADS = ("toxicity", "hate")
"""What is asked of a text: is it hostile (insult, threat, harassment, hate); does it attack a group of people, or
somebody for belonging to one."""
FILE = "toxicity.bin"
REPORTED = 0.05
"""The lowest score that is reported; policy thresholds below it have no effect."""
TRIGGER = 0.15
"""The first score from which a second reader looks again."""
MOST = 64
"""Windows of one text that it looks at, the most doubtful first: a very long answer must not outlast the deadline of a
check, and what counts of it is its worst window."""
Closer = Callable[[], list[list[Finding]]]
Curve = tuple[float, float]
"""Slope and offset of a calibration."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """The model in memory.  `scales` has a row for each of HEADS and a column for each block; `calibration` holds
    a curve for each of HEADS, for English and for Chinese."""

    simplify: Codes
    lexicon: Lexicon
    table: NDArray[np.int64]
    scales: NDArray[np.float64]
    calibration: tuple[tuple[Curve, ...], tuple[Curve, ...]]

    @classmethod
    def of(cls, model: Model) -> "Scorer":
        """From a model file.  Raises KeyError, TypeError or ValueError when it is another kind of model."""
        arrays, settings = model.arrays, model.settings
        english, chinese = (
            tuple((float(slope), float(offset)) for slope, offset in settings["calibration"][language])
            for language in ("en", "zh")
        )
        if tuple(settings["heads"]) != HEADS or arrays["weights"].shape != (TABLE_SIZE, len(HEADS)):
            raise ValueError("it answers other questions")
        return cls(
            simplifier(arrays["traditional"], arrays["simplified"]),
            Lexicon.of(arrays["word_hashes"], arrays["word_classes"]),
            paired(arrays["weights"]),
            np.array(settings["scales"], np.float64)[:, :, None],
            (english, chinese),
        )

    def raws(self, found: Features) -> list[list[float]]:
        """The uncalibrated sum of each window for each of HEADS, or of two neighbouring stretches of it where that is
        higher; no unit."""
        both, counts = found.sums(self.table)
        size = np.sqrt(np.maximum(counts, 1))
        columns: list[list[float]] = []
        for scale, sums in zip(self.scales, both, strict=True):
            shares = scale * sums / size
            # one by one, because sum() adds up a single column in another order than several
            total: list[float] = (shares[0] + shares[1] + shares[2] + shares[3]).tolist()
            windows = len(found.chinese)
            for owner, part in zip(found.owners, total[windows:], strict=True):
                total[owner] = max(total[owner], part)
            columns.append(total[:windows])
        return [list(pair) for pair in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a text as the scorer read it: which text it is of, its codes, and its uncalibrated sums."""

    owner: int
    codes: Codes
    raws: list[float]
    chinese: bool
    met: list[int]


@dataclass(frozen=True, slots=True)
class Combined:
    """How the word of a second reader is weighed with the scorer's: for each of HEADS the factors of both and an
    offset."""

    reader: SecondReader
    curves: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The scores of a text for each of HEADS, the classes of words met where it scored, and whether a second reader
    had a word in it."""

    scores: list[float]
    met: list[int]
    deeper: bool


@dataclass(frozen=True, slots=True)
class Judge:
    """The scorer with the second readers that are here, by whether they read Chinese."""

    scorer: Scorer
    readers: Mapping[bool, Combined]

    def windows(self, texts: Sequence[str]) -> list[Window]:
        """The windows of all texts, in order, as the scorer reads them."""
        cut: list[Codes] = []
        owners: list[int] = []
        for owner, codes in enumerate(readings(texts, self.scorer.simplify)):
            pieces = windows(codes)
            cut.extend(pieces)
            owners.extend([owner] * len(pieces))
        found: list[Window] = []
        for batch in batches(cut):
            read = features_of(batch, self.scorer.lexicon)
            for index, raws in enumerate(self.scorer.raws(read)):
                at = len(found)
                found.append(Window(owners[at], cut[at], raws, read.chinese[index], read.met(index)))
        return found

    def first(self, window: Window) -> list[float]:
        """The scorer's own probabilities."""
        curves = self.scorer.calibration[window.chinese]
        return [logistic(slope * raw + offset) for raw, (slope, offset) in zip(window.raws, curves, strict=True)]

    def doubtful(self, window: Window, scores: Sequence[float]) -> bool:
        """Whether a second reader should look."""
        return window.chinese in self.readers and max(scores) >= TRIGGER

    def again(self, looked_at: Sequence[Window]) -> list[list[float]]:
        """The probabilities of both together."""
        found: list[list[float]] = [[] for _ in looked_at]
        for chinese, combined in self.readers.items():
            mine = [index for index, window in enumerate(looked_at) if window.chinese is chinese]
            if not mine:
                continue
            views = [spelt(looked_at[index].codes) for index in mine]
            once = list(dict.fromkeys(views))
            logits = dict(zip(once, combined.reader.logits(once)[:, : len(HEADS)].tolist(), strict=True))
            for index, said in zip(mine, map(logits.__getitem__, views), strict=True):
                found[index] = [
                    logistic(first * raw + second * word + offset)
                    for raw, word, (first, second, offset) in zip(
                        looked_at[index].raws, said, combined.curves, strict=True
                    )
                ]
        return found


@cache
def judge_of(directory: Path, deeper: bool) -> Judge:
    """The models of a directory, read once in a process.  Raises CheckError when one is missing, changed or of another
    kind."""
    model = read_model(FILE, directory)
    try:
        scorer = Scorer.of(model)
        combined = model.settings.get("combined", {})
        readers = {
            language == "zh": Combined(
                _reader(language, directory, settings["sha256"]),
                tuple((float(a), float(b), float(c)) for a, b, c in settings["curves"]),
            )
            for language, settings in combined.items()
            if deeper and runnable()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckError(f"model {FILE} is not a toxicity model ({error}); reinstall guardrail") from error
    return Judge(scorer, readers)


def _reader(language: Language, directory: Path, sha256: str) -> SecondReader:
    reader = SecondReader(language, directory)
    if reader.load() != sha256:
        raise CheckError(
            f"model {FILE} was calibrated with another {file_of(language)}; reinstall guardrail, or train both again"
        )
    return reader


class EmbeddedToxicity:
    """Detector `bias.toxicity`: hostile, hateful, threatening or degrading wording, a sentence at a time."""

    name = "bias.toxicity"
    kinds: tuple[str, ...] = tuple(f"bias.{head}" for head in HEADS)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, directory: Path = DIRECTORY, *, deeper: bool = True) -> None:
        """`directory` holds the models and their manifest, by default the ones inside the package; without `deeper` the
        scorer judges alone."""
        self._directory = directory
        self._deeper = deeper
        self._judge: Judge | None = None

    def load(self) -> None:
        """Read and check the weights.  Raises CheckError when they are missing, changed or of another kind."""
        if self._judge is None:
            self._judge = judge_of(self._directory, self._deeper)

    def alone(self) -> "EmbeddedToxicity":
        """The scorer without second readers, not loaded yet; this one stays as it is."""
        return type(self)(self._directory, deeper=False)

    @property
    def readers(self) -> int:
        """How many second readers look again; 0 before `load`."""
        return len(self._judge.readers) if self._judge else 0

    def first(self, texts: Sequence[str], context: Context) -> tuple[list[list[Finding]], Closer | None]:
        """What the scorer finds, and, where a second reader should look again, the work that gives the findings of
        both: some milliseconds for a worker."""
        judge = self._loaded()
        found = judge.windows(texts)
        scores = [judge.first(window) for window in found]
        doubtful = _foremost(found, scores, [at for at, one in enumerate(found) if judge.doubtful(one, scores[at])])
        if not doubtful:
            return self._findings(_worst(len(texts), found, scores, frozenset())), None

        def closer() -> list[list[Finding]]:
            again = judge.again([found[at] for at in doubtful])
            both = dict(zip(doubtful, again, strict=True))
            final = [both.get(at, one) for at, one in enumerate(scores)]
            return self._findings(_worst(len(texts), found, final, frozenset(doubtful)))

        return [[] for _ in texts], closer

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """The findings of each text; `first` and what it leaves to a worker in one."""
        found, closer = self.first(texts, context)
        return closer() if closer else found

    def _loaded(self) -> Judge:
        if self._judge is None:
            raise CheckError(f"{self.name} was asked before load()")
        return self._judge

    def _findings(self, verdicts: Sequence[Verdict]) -> list[list[Finding]]:
        return [
            [
                Finding(kind, score, None, None, self.name, _evidence(verdict))
                for kind, score in zip(self.kinds, self._scores(verdict), strict=True)
                if score >= REPORTED
            ]
            for verdict in verdicts
        ]

    def _scores(self, verdict: Verdict) -> list[float]:
        return verdict.scores


class AnswerToxicity(EmbeddedToxicity):
    """Detector `bias.answer`: an answer as a whole, in windows that reach over the ends of sentences, where one
    sentence alone does not show it ("I know these people. They are all ...").  One kind: the higher of the scores."""

    name = "bias.answer"
    kinds = ("bias.answer",)
    unit = Unit.ANSWER

    def _scores(self, verdict: Verdict) -> list[float]:
        return [max(verdict.scores)]


def _foremost(found: Sequence[Window], scores: Sequence[list[float]], doubtful: list[int]) -> list[int]:
    """Of each text the MOST windows that scored highest, in their order."""
    if len(doubtful) <= MOST:
        return doubtful
    kept: list[int] = []
    counts: dict[int, int] = {}
    for at in sorted(doubtful, key=lambda at: (-max(scores[at]), at)):
        counts[found[at].owner] = counts.get(found[at].owner, 0) + 1
        if counts[found[at].owner] <= MOST:
            kept.append(at)
    return sorted(kept)


def _worst(
    texts: int, found: Sequence[Window], scores: Sequence[list[float]], deeper: Collection[int]
) -> list[Verdict]:
    """The highest scores of each text over its windows, with what was met in the window that scored highest."""
    verdicts = [Verdict([-1.0] * len(HEADS), [], False)] * texts
    for at, (window, one) in enumerate(zip(found, scores, strict=True)):
        before = verdicts[window.owner]
        leads = max(one) > max(before.scores)
        verdicts[window.owner] = Verdict(
            [max(pair) for pair in zip(before.scores, one, strict=True)],
            window.met if leads else before.met,
            at in deeper if leads else before.deeper,
        )
    return verdicts


def is_chinese(codes: Codes) -> bool:
    """Whether a window counts as Chinese for the calibration."""
    return bool(are_chinese(np.append(codes, np.uint32(BLANK)), np.zeros(1, np.int64))[0])


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _evidence(verdict: Verdict) -> str:
    named = ", ".join(CLASSES[index - 1] for index in verdict.met)
    by = "score of the wording by n-grams and a second reader" if verdict.deeper else "n-gram score of the wording"
    return f"{by}{named and f'; kinds of words met: {named}'}"

"""The always-on toxicity scorer: a linear model over hashed n-grams, for English and Chinese in every script.

Rules:
1. A sentence gets one finding about the whole of it, with a score that policy thresholds decide on; anything that
   scores below REPORTED is silent.
2. The score is a probability on a fixed mixture (a third toxic, a third harmless posts about the same subjects, a
   third ordinary answers), calibrated for each language apart, so that a score means the same in both.
3. A long text is judged in overlapping windows, a window also by its parts, and the worst counts: a threat inside a
   harmless paragraph is not diluted by it.
4. Integer weights are summed exactly, and what is a fraction is computed for each window apart in one fixed order: the
   same text has the same score alone, in a batch and in another process, to the last bit.
5. All texts of a call are judged together, in as many array operations as one text (`features.batches` at a time).

What it can and cannot do is stated, with figures, in docs/models/toxicity.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.features import (
    CLASSES,
    Features,
    Lexicon,
    are_chinese,
    batches,
    features_of,
    windows,
)
from guardrail.detectors.bias.reading import BLANK, Codes, readings, simplifier
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, Model, read_model
from guardrail.types import Context, Finding, Unit

KIND = "bias.toxicity"
FILE = "toxicity.bin"
REPORTED = 0.05
"""The lowest score that is reported; policy thresholds below it have no effect."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """The model in memory.  `calibration` holds (slope, offset) for English and for Chinese."""

    simplify: Codes
    lexicon: Lexicon
    table: NDArray[np.int8]
    scales: NDArray[np.float64]
    calibration: tuple[tuple[float, float], tuple[float, float]]

    @classmethod
    def of(cls, model: Model) -> "Scorer":
        """From a model file.  Raises KeyError, TypeError or ValueError when it is another kind of model."""
        arrays, settings = model.arrays, model.settings
        english, chinese = (settings["calibration"][language] for language in ("en", "zh"))
        return cls(
            simplifier(arrays["traditional"], arrays["simplified"]),
            Lexicon.of(arrays["word_hashes"], arrays["word_classes"]),
            arrays["weights"],
            np.array(settings["scales"], np.float64)[:, None],
            ((float(english[0]), float(english[1])), (float(chinese[0]), float(chinese[1]))),
        )

    def scores(self, texts: Sequence[str]) -> list[tuple[float, list[int]]]:
        """For each text its calibrated score in 0..1 and the classes of the words met in the window that earned it."""
        cut: list[Codes] = []
        owners: list[int] = []
        for owner, codes in enumerate(readings(texts, self.simplify)):
            pieces = windows(codes)
            cut.extend(pieces)
            owners.extend([owner] * len(pieces))
        best: list[tuple[float, list[int]]] = [(-1.0, [])] * len(texts)
        owner_of_next = iter(owners)
        for batch in batches(cut):
            found = features_of(batch, self.lexicon)
            for index, (raw, chinese) in enumerate(zip(self.raws(found), found.chinese, strict=True)):
                slope, offset = self.calibration[chinese]
                score = logistic(slope * raw + offset)
                text = next(owner_of_next)
                if score > best[text][0]:
                    best[text] = (score, found.met(index) if score >= REPORTED else [])
        return best

    def raw(self, found: Features) -> float:
        """The highest of `raws`."""
        return max(self.raws(found))

    def raws(self, found: Features) -> list[float]:
        """The uncalibrated sum of each window, or of two neighbouring stretches of it where that is higher; no unit."""
        sums, counts = found.sums(self.table)
        shares = self.scales * sums / np.sqrt(np.maximum(counts, 1))
        # one by one, because sum() adds up a single column in another order than several
        total: list[float] = (shares[0] + shares[1] + shares[2] + shares[3]).tolist()
        windows = len(found.chinese)
        for owner, part in zip(found.owners, total[windows:], strict=True):
            total[owner] = max(total[owner], part)
        return total[:windows]


class EmbeddedToxicity:
    """Detector `bias.toxicity`: hostile, hateful, threatening or degrading wording; see the module's rules."""

    name = "bias.toxicity"
    kinds: tuple[str, ...] = (KIND,)
    unit = Unit.SENTENCE
    heavy = False

    def __init__(self, directory: Path = DIRECTORY) -> None:
        """`directory` holds the model file and the manifest; by default the ones inside the package."""
        self._directory = directory
        self._scorer: Scorer | None = None

    def load(self) -> None:
        """Read and check the weights.  Raises CheckError when they are missing, changed or of another kind."""
        if self._scorer is None:
            model = read_model(FILE, self._directory)
            try:
                self._scorer = Scorer.of(model)
            except (KeyError, TypeError, ValueError) as error:
                raise CheckError(f"model {FILE} is not a toxicity model ({error}); reinstall guardrail") from error

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """One finding about the whole of each text that scores REPORTED or more; none about the others."""
        if self._scorer is None:
            raise CheckError("bias.toxicity was asked before load()")
        return [
            [Finding(KIND, score, None, None, self.name, _evidence(met))] if score >= REPORTED else []
            for score, met in self._scorer.scores(texts)
        ]


def is_chinese(codes: Codes) -> bool:
    """Whether a window counts as Chinese for the calibration."""
    return bool(are_chinese(np.append(codes, np.uint32(BLANK)), np.zeros(1, np.int64))[0])


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _evidence(classes: Sequence[int]) -> str:
    named = ", ".join(CLASSES[index - 1] for index in classes)
    return f"hashed n-gram score of the wording{named and f'; kinds of words met: {named}'}"

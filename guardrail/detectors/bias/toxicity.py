"""The always-on toxicity scorer: a linear model over hashed n-grams, for English and Chinese in every script.

Rules:
1. A sentence gets one finding about the whole of it, with a score that policy thresholds decide on; anything that
   scores below REPORTED is silent.
2. The score is a probability on a fixed mixture (a third toxic, a third harmless posts about the same subjects, a
   third ordinary answers), calibrated for each language apart, so that a score means the same in both.
3. A long text is judged in overlapping windows, a window also by its parts, and the worst counts: a threat inside a
   harmless paragraph is not diluted by it.
4. Integer weights are summed exactly: the same text has the same score alone, in a batch and in another process.

What it can and cannot do is stated, with figures, in docs/models/toxicity.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.features import CLASSES, Features, Lexicon, features, windows
from guardrail.detectors.bias.reading import BLANK, Codes, reading, simplifier
from guardrail.errors import CheckError
from guardrail.models.store import DIRECTORY, Model, read_model
from guardrail.types import Context, Finding, Unit

KIND = "bias.toxicity"
FILE = "toxicity.bin"
REPORTED = 0.05
"""The lowest score that is reported; policy thresholds below it have no effect."""
CHINESE_SHARE = 0.3
"""Share of Han characters among the characters that are not blank from which a window counts as Chinese."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """The model in memory.  `calibration` holds (slope, offset) for English and for Chinese."""

    simplify: Codes
    lexicon: Lexicon
    table: NDArray[np.int8]
    scales: tuple[float, ...]
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
            tuple(map(float, settings["scales"])),
            ((float(english[0]), float(english[1])), (float(chinese[0]), float(chinese[1]))),
        )

    def score(self, text: str) -> tuple[float, Features | None]:
        """The calibrated score of a text in 0..1, and the features of the window that earned it."""
        best, reason = 0.0, None
        for window in windows(reading(text, self.simplify)):
            found = features(window, self.lexicon)
            slope, offset = self.calibration[is_chinese(window)]
            score = logistic(slope * self.raw(found) + offset)
            if reason is None or score > best:
                best, reason = score, found
        return best, reason

    def raw(self, found: Features) -> float:
        """The uncalibrated sum of a window or, where that is higher, of two neighbouring stretches of it; no unit."""
        if found.cells:
            return self._highest(found)
        total = 0.0
        for scale, places in zip(self.scales, found.blocks, strict=True):
            if len(places):
                total += scale * int(self.table[places].sum(dtype=np.int64)) / math.sqrt(len(places))
        return total

    def _highest(self, found: Features) -> float:
        cells = 1 + int(found.cells[0].max())
        total = np.zeros(cells)
        for scale, places, owners in zip(self.scales, found.blocks, found.cells, strict=True):
            sums = np.bincount(owners, self.table[places], cells)
            counts = np.bincount(owners, minlength=cells)
            parts = np.append(sums[:-1] + sums[1:], sums.sum())
            total += scale * parts / np.sqrt(np.maximum(1, np.append(counts[:-1] + counts[1:], len(places))))
        return float(total.max())


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
        return [self._judge(self._scorer, text) for text in texts]

    def _judge(self, scorer: Scorer, text: str) -> list[Finding]:
        score, reason = scorer.score(text)
        if score < REPORTED:
            return []
        return [Finding(KIND, score, None, None, self.name, _evidence(reason))]


def is_chinese(codes: Codes) -> bool:
    """Whether a window counts as Chinese for the calibration."""
    han = np.count_nonzero((codes >= 0x3400) & (codes < 0xA000))
    return bool(han > CHINESE_SHARE * np.count_nonzero(codes != BLANK))


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _evidence(reason: Features | None) -> str:
    named = [CLASSES[index - 1] for index in sorted(set(reason.classes.tolist()))] if reason else []
    met = f"; kinds of words met: {', '.join(named)}" if named else ""
    return f"hashed n-gram score of the wording{met}"

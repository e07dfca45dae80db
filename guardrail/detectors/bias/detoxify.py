"""The Detoxify models as a detector: one that `guardrail models add` has stored, or a checkpoint that variables name.

Rules:
1. Nothing is downloaded: the operator brings the checkpoint.
2. A stored model is read only when every file of it is the one that was stored, and no file is there that was not.
3. Two settings are an error, not a choice: with a stored model and a checkpoint in the environment nobody could say
   which of them judged.
4. Nothing is truncated: a text longer than the network reads is judged in overlapping windows; the worst one counts.
5. The models know no Chinese (English; the multilingual one French, Spanish, Italian, Portuguese, Turkish, Russian):
   `detoxify_router.py` says what of a text is asked about, and `bias.toxicity` judges all of it beside.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from guardrail.detectors.bias.detoxify_onnx import MODEL, TOKENIZER, OnnxEngine
from guardrail.detectors.bias.detoxify_router import english
from guardrail.detectors.bias.detoxify_torch import CLASSES, SHA256_VARIABLE, Engine, load_engine
from guardrail.errors import CheckError
from guardrail.models import installed
from guardrail.types import Context, Finding, Unit

CHECKPOINT_VARIABLE = "GUARDRAIL_DETOXIFY_CHECKPOINT"
CONFIG_VARIABLE = "GUARDRAIL_DETOXIFY_CONFIG"
NAME = "detoxify"
"""Under which a model is stored."""
CHECKPOINT = "checkpoint.ckpt"
"""The file of a model that was stored unconverted; beside it lie its config.json and tokenizer files."""
REPORTED = 0.05
"""The lowest score that is reported."""
_OVERLAP = 0.1  # share of a text that both of its halves hold


class DetoxifyToxicity:
    """Detector `bias.detoxify`; see the module's rules.

    `checkpoint` is a Detoxify checkpoint file; `config` the directory with its `config.json` and tokenizer files;
    `sha256` pins the checkpoint.  Each defaults to its environment variable (GUARDRAIL_DETOXIFY_CHECKPOINT, _CONFIG,
    _SHA256).  Without them the model in `store` is used, by default the one of `guardrail models`.
    """

    name = "bias.detoxify"
    setup = (
        f"`guardrail models add {NAME}` stores a checkpoint, or {CHECKPOINT_VARIABLE} and {CONFIG_VARIABLE} name one "
        "(docs/models.md)"
    )
    kinds: tuple[str, ...] = tuple(f"bias.{each}" for each in CLASSES)
    unit = Unit.SENTENCE
    heavy = True

    def __init__(
        self,
        checkpoint: Path | None = None,
        config: Path | None = None,
        sha256: str | None = None,
        store: Path | None = None,
    ) -> None:
        self._checkpoint = checkpoint or _path(CHECKPOINT_VARIABLE)
        self._config = config or _path(CONFIG_VARIABLE)
        self._sha256 = (sha256 or os.environ.get(SHA256_VARIABLE, "")).strip().lower()
        self._explicit = checkpoint is not None and config is not None
        self._store = store
        self._engine: Engine | None = None

    @property
    def configured(self) -> bool:
        """Whether the operator has named a checkpoint or its directory (`load` asks for both), or stored a model."""
        return self._checkpoint is not None or self._config is not None or installed.expected(NAME, self._store)

    def load(self) -> None:
        """Import the libraries and build the network.

        Raises CheckError with the cure when nothing or too much is configured, the extra or a file is missing, a
        stored file has changed, or the checkpoint does not fit its directory.
        """
        if self._engine is None:
            self._engine = self._loaded()

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """Whole-text findings, one for each class that scores REPORTED or more; none for texts without English.

        Raises CheckError before `load`, and when the network answers with something that is no number.
        """
        if self._engine is None:
            raise CheckError("bias.detoxify was asked before load()")
        owners: list[int] = []
        pieces: list[str] = []
        readings = [english(text) for text in texts]
        for index, reading in enumerate(readings):
            for part in reading.parts:
                cut = windows(self._engine, part)
                pieces.extend(cut)
                owners.extend([index] * len(cut))
        worst: list[dict[str, float]] = [{} for _ in texts]
        counts = [0] * len(texts)
        for owner, scores in zip(owners, self._engine.scores(pieces), strict=True):
            counts[owner] += 1
            for name, score in scores.items():
                worst[owner][name] = max(score, worst[owner].get(name, 0.0))
        return [
            self._findings(scores, count, reading.mixed)
            for scores, count, reading in zip(worst, counts, readings, strict=True)
        ]

    def _findings(self, scores: Mapping[str, float], pieces: int, mixed: bool) -> list[Finding]:
        where = ", in the English part of a mixed text" if mixed else ""
        where += (
            f", the highest of {pieces} {'stretches or ' if mixed else 'overlapping '}windows" if pieces > 1 else ""
        )
        return [
            Finding(f"bias.{name}", score, None, None, self.name, f"Detoxify class {name}{where}")
            for name, score in scores.items()
            if score >= REPORTED
        ]

    def _loaded(self) -> Engine:
        stored = not self._explicit and installed.expected(NAME, self._store)
        if self._checkpoint is None and self._config is None and stored:
            return stored_engine(self._store)
        if stored:
            installed.read(NAME, self._store)  # a store that is named and missing is told as that
            raise CheckError(
                f"bias.detoxify is configured twice: {CHECKPOINT_VARIABLE} or {CONFIG_VARIABLE} is set, and "
                f"{installed.directory(self._store)} holds a model; unset the variables, or `guardrail models remove "
                f"{NAME}`"
            )
        return load_engine(*self._files(), self._sha256)

    def _files(self) -> tuple[Path, Path]:
        if self._checkpoint is None or self._config is None:
            raise CheckError(
                f"bias.detoxify is not configured: `guardrail models add {NAME}`, or set {CHECKPOINT_VARIABLE} to a "
                f"checkpoint file and {CONFIG_VARIABLE} to the directory with its config.json and tokenizer files"
            )
        if not self._checkpoint.is_file():
            raise CheckError(f"the Detoxify checkpoint {self._checkpoint} is not a file; check {CHECKPOINT_VARIABLE}")
        if not (self._config / "config.json").is_file():
            raise CheckError(f"{self._config} holds no config.json; check {CONFIG_VARIABLE}")
        return self._checkpoint.resolve(), self._config.resolve()


def stored_engine(store: Path | None = None) -> Engine:
    """The engine of the stored model.  Raises CheckError when it is missing, changed, or cannot run here."""
    model = installed.read(NAME, store)
    installed.check(model, contents=model.engine == "torch")
    if model.engine == "torch":
        return load_engine(model.folder / CHECKPOINT, model.folder)
    try:
        return OnnxEngine(
            installed.content(model, MODEL), installed.content(model, TOKENIZER), model.manifest["settings"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckError(f"{model.path}: not the manifest of a Detoxify model ({error!r}); add it again") from error


def windows(engine: Engine, text: str) -> list[str]:
    """The text itself when the network can read it whole, else its overlapping halves, and theirs."""
    if engine.length(text) <= engine.limit or len(text) < 2:
        return [text]
    middle, shared = len(text) // 2, int(len(text) * _OVERLAP / 2)
    return [*windows(engine, text[: middle + shared]), *windows(engine, text[middle - shared :])]


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser() if value else None

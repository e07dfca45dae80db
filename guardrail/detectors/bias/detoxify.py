"""The Detoxify models (extra `detoxify`) as a detector, from a checkpoint that the operator has put on disk.

Rules:
1. Nothing is downloaded.  Detoxify asks the hub for the name written in a checkpoint even when a local directory is
   given, so the local directory is written there in its place, and the hub libraries are put in offline mode.
2. A checkpoint is a pickle, which can run code.  It is read as tensors and plain data only, unless the operator pins
   its SHA-256; then that very file, and no other, is read in full.
3. A checkpoint that does not fill the whole network is refused: the library would fill the rest at random.
4. Nothing is truncated: a text longer than the network reads is judged in overlapping windows; the worst one counts.
5. The models know no Chinese (English; the multilingual one French, Spanish, Italian, Portuguese, Turkish, Russian),
   so texts that are mostly Han are left to `bias.toxicity`.

Source: Hanu and Unitary (2020), Detoxify, https://github.com/unitaryai/detoxify.
"""

import hashlib
import importlib
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrail.errors import CheckError
from guardrail.types import Context, Finding, Unit

CHECKPOINT_VARIABLE = "GUARDRAIL_DETOXIFY_CHECKPOINT"
CONFIG_VARIABLE = "GUARDRAIL_DETOXIFY_CONFIG"
SHA256_VARIABLE = "GUARDRAIL_DETOXIFY_SHA256"
CLASSES = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "sexual_explicit")
REPORTED = 0.05
"""The lowest score that is reported."""
HAN_SHARE = 0.5
"""Share of Han characters among the letters from which a text is not judged."""
BATCH = 16
_TOKENS = 512  # what every released checkpoint reads at most
_OVERLAP = 0.1  # share of a text that both of its halves hold
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_WEIGHTS = re.compile(r"position_ids$|token_type_ids$")


class DetoxifyToxicity:
    """Detector `bias.detoxify`; see the module's rules.

    `checkpoint` is a Detoxify checkpoint file; `config` the directory with its `config.json` and tokenizer files;
    `sha256` pins the checkpoint.  Each defaults to its environment variable (GUARDRAIL_DETOXIFY_CHECKPOINT, _CONFIG,
    _SHA256).
    """

    name = "bias.detoxify"
    kinds: tuple[str, ...] = tuple(f"bias.{each}" for each in CLASSES)
    unit = Unit.SENTENCE
    heavy = True

    def __init__(self, checkpoint: Path | None = None, config: Path | None = None, sha256: str | None = None) -> None:
        self._checkpoint = checkpoint or _path(CHECKPOINT_VARIABLE)
        self._config = config or _path(CONFIG_VARIABLE)
        self._sha256 = (sha256 or os.environ.get(SHA256_VARIABLE, "")).strip().lower()
        self._model: Any = None
        self._limit = _TOKENS

    @property
    def configured(self) -> bool:
        """Whether the operator has named a checkpoint or its directory; `load` asks for both."""
        return self._checkpoint is not None or self._config is not None

    def load(self) -> None:
        """Import the libraries and build the network; for a moment this takes three times the checkpoint's size.

        Raises CheckError with the cure when nothing is configured, the extra or a file is missing, or the
        checkpoint does not fit its directory.
        """
        if self._model is not None:
            return
        checkpoint, config = self._files()
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # read when the libraries are imported
        torch, detoxify = _import("torch"), _import("detoxify")
        loaded = _read_checkpoint(torch, checkpoint, self._sha256)
        outputs = loaded["config"]["arch"]["args"]["num_classes"]
        _check_labels(config, outputs)
        loaded["config"]["arch"]["args"]["model_type"] = str(config)
        buffer = io.BytesIO()
        torch.save({"config": loaded["config"], "state_dict": loaded["state_dict"]}, buffer)
        buffer.seek(0)
        try:
            model = detoxify.Detoxify(checkpoint=buffer, huggingface_config_path=str(config))
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
            raise CheckError(
                f"the Detoxify checkpoint {checkpoint.name} does not load with {config} ({_first_line(error)}); "
                "use the config.json and the tokenizer files of the network it was trained from"
            ) from error
        _check_filled(model, loaded["state_dict"], checkpoint)
        _check_classes(model.class_names, checkpoint)
        _check_vocabulary(model, config)
        self._limit = _token_limit(model)
        model.tokenizer.model_max_length = self._limit
        model.model.eval()
        self._model = model

    def detect(self, texts: Sequence[str], context: Context) -> list[list[Finding]]:
        """Whole-text findings, one for each class that scores REPORTED or more; none for blank or Chinese texts.

        Raises CheckError before `load`, and when the network answers with something that is no number.
        """
        if self._model is None:
            raise CheckError("bias.detoxify was asked before load()")
        owners: list[int] = []
        pieces: list[str] = []
        for index, text in enumerate(texts):
            if text.strip() and not mostly_han(text):
                windows = self._windows(text)
                pieces.extend(windows)
                owners.extend([index] * len(windows))
        worst: list[dict[str, float]] = [{} for _ in texts]
        for owner, scores in zip(owners, self._scores(pieces), strict=True):
            for name, score in scores.items():
                worst[owner][name] = max(score, worst[owner].get(name, 0.0))
        counts = [owners.count(index) for index in range(len(texts))]
        return [self._findings(scores, count) for scores, count in zip(worst, counts, strict=True)]

    def _findings(self, scores: Mapping[str, float], windows: int) -> list[Finding]:
        where = f", the highest of {windows} overlapping windows" if windows > 1 else ""
        return [
            Finding(f"bias.{name}", score, None, None, self.name, f"Detoxify class {name}{where}")
            for name, score in scores.items()
            if score >= REPORTED
        ]

    def _scores(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """The scores of each piece by class.  Pieces of like length share a batch, which saves padding."""
        found: list[dict[str, float]] = [{} for _ in pieces]
        order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for name, values in self._model.predict([pieces[index] for index in batch]).items():
                # `predict` answers with a bare number for a list of one text.
                for index, value in zip(batch, values if isinstance(values, list) else [values], strict=True):
                    if not math.isfinite(value):
                        raise CheckError(f"Detoxify gave no number for class {name}")
                    found[index][name] = float(value)
        return found

    def _windows(self, text: str) -> list[str]:
        """The text itself when the network can read it whole, else its overlapping halves, and theirs."""
        encoded = self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        if len(encoded) <= self._limit or len(text) < 2:
            return [text]
        middle, shared = len(text) // 2, int(len(text) * _OVERLAP / 2)
        return [*self._windows(text[: middle + shared]), *self._windows(text[middle - shared :])]

    def _files(self) -> tuple[Path, Path]:
        if self._checkpoint is None or self._config is None:
            raise CheckError(
                f"bias.detoxify is not configured: set {CHECKPOINT_VARIABLE} to a checkpoint file and "
                f"{CONFIG_VARIABLE} to the directory with its config.json and tokenizer files"
            )
        if not self._checkpoint.is_file():
            raise CheckError(f"the Detoxify checkpoint {self._checkpoint} is not a file; check {CHECKPOINT_VARIABLE}")
        if not (self._config / "config.json").is_file():
            raise CheckError(f"{self._config} holds no config.json; check {CONFIG_VARIABLE}")
        return self._checkpoint.resolve(), self._config.resolve()


def mostly_han(text: str) -> bool:
    """Whether more than HAN_SHARE of the letters of a text are Han characters."""
    return len(_HAN.findall(text)) > HAN_SHARE * len(_LETTER.findall(text))


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser() if value else None


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CheckError(
            f"bias.detoxify needs the extra that brings {error.name or module}: pip install 'guardrail[detoxify]'"
        ) from error


def _read_checkpoint(torch: Any, path: Path, pinned: str) -> dict[str, Any]:
    """The checkpoint, with the parts that Detoxify needs."""
    if pinned and _digest(path) != pinned:
        raise CheckError(
            f"the SHA-256 of {path} is not the pinned one; check {SHA256_VARIABLE} or fetch the file again"
        )
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=not pinned)
        arguments = loaded["config"]["arch"]["args"]
        outputs, classes = arguments["num_classes"], loaded["config"]["dataset"]["args"]["classes"]
        if not loaded["state_dict"] or not isinstance(outputs, int) or not classes:
            raise KeyError("state_dict, num_classes or classes")
    except (KeyError, TypeError, IndexError) as error:
        raise CheckError(f"{path} is not a Detoxify checkpoint: it lacks {_first_line(error)}") from error
    except Exception as error:  # torch reports a bad file by errors of half a dozen unrelated classes
        raise CheckError(
            f"the Detoxify checkpoint {path} cannot be read as tensors and plain data ({_first_line(error)}); where "
            f"the file is known to be good, pin its hash in {SHA256_VARIABLE}"
        ) from error
    return dict(loaded)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_labels(config: Path, outputs: int) -> None:
    """The stock config of a base network says 2 labels, where the checkpoints have 6 or 16 outputs."""
    try:
        settings = json.loads((config / "config.json").read_text("utf-8"))
        labels = len(settings["id2label"]) if settings.get("id2label") else settings.get("num_labels", 2)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CheckError(f"{config / 'config.json'} is not a model configuration ({_first_line(error)})") from error
    if labels != outputs:
        raise CheckError(
            f"{config / 'config.json'} is for {labels} labels and the checkpoint has {outputs} outputs: "
            f'write "num_labels": {outputs} there and remove id2label and label2id'
        )


def _check_filled(model: Any, state: Mapping[str, Any], checkpoint: Path) -> None:
    missing = [key for key in model.model.state_dict() if key not in state and not _NOT_WEIGHTS.search(key)]
    if missing:
        raise CheckError(
            f"the Detoxify checkpoint {checkpoint.name} leaves {len(missing)} weights of the network unset (such as "
            f"{missing[0]}): its config.json is of another network"
        )


def _check_classes(names: Sequence[str], checkpoint: Path) -> None:
    unknown = sorted(set(names) - set(CLASSES))
    if unknown or not names:
        raise CheckError(
            f"the checkpoint {checkpoint.name} names classes that are not Detoxify's: {', '.join(unknown)}"
        )


def _check_vocabulary(model: Any, config: Path) -> None:
    """Without its vocabulary a tokenizer is built empty and in silence; every text would then read the same."""
    known, expected = len(model.tokenizer), int(model.model.config.vocab_size)
    if not 0.9 * expected <= known <= expected:
        raise CheckError(
            f"the tokenizer in {config} knows {known} tokens and the network {expected}: put the tokenizer files of "
            "the network there (tokenizer.json, vocab.txt, vocab.json with merges.txt, or the sentencepiece model)"
        )


def _token_limit(model: Any) -> int:
    """Tokens that the network reads at once; RoBERTa and its kin keep two positions for themselves."""
    settings = model.model.config
    positions = int(getattr(settings, "max_position_embeddings", _TOKENS))
    if "roberta" in str(settings.model_type):
        positions -= int(settings.pad_token_id) + 1
    return max(8, min(_TOKENS, positions, int(model.tokenizer.model_max_length)))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

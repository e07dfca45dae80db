"""Detoxify checkpoints as the published library reads them, and the engine that runs them with torch.

Rules:
1. Nothing is downloaded.  Detoxify asks the hub for the name written in a checkpoint even when a local directory is
   given, so the local directory is written there in its place, and the hub libraries are put in offline mode.
2. A checkpoint is a pickle, which can run code.  It is read as tensors and plain data only, unless its SHA-256 is
   pinned; then that very file, and no other, is read in full.
3. A checkpoint that does not fill the whole network is refused: the library would fill the rest at random.
4. A directory that does not fit its checkpoint is refused, with the line that would make it fit.

Source: Hanu and Unitary (2020), Detoxify, https://github.com/unitaryai/detoxify.
"""

import hashlib
import importlib
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from guardrail.errors import CheckError
from guardrail.models.runtime import onnxruntime

CLASSES = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "sexual_explicit")
SHA256_VARIABLE = "GUARDRAIL_DETOXIFY_SHA256"
TOKENS = 512
"""Tokens that every released checkpoint reads at most."""
CURE = "pip install 'guardrail[detoxify]'"
_BATCH = 16
_NOT_WEIGHTS = ("position_ids", "token_type_ids")


class Engine(Protocol):
    """What runs a Detoxify network."""

    limit: int
    """Tokens that it reads at once."""

    def length(self, text: str) -> int:
        """Tokens of a text, the special ones included."""

    def scores(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """The score of each class, in 0..1, for texts of at most `limit` tokens.  Raises CheckError where the network
        gives no number."""


class TorchEngine:
    """Runs the library's own `predict`, which is what anything else is compared with."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._one = Lock()  # the tokenizer is set anew for every call, which two threads may not do at once
        self.limit = _token_limit(model)
        model.tokenizer.model_max_length = self.limit
        model.model.eval()

    def length(self, text: str) -> int:
        """See Engine."""
        with self._one:
            return len(self.model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def scores(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """See Engine.  Pieces of like length share a batch, which saves padding."""
        found: list[dict[str, float]] = [{} for _ in pieces]
        order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            with self._one:
                predicted = self.model.predict([pieces[index] for index in batch])
            for name, values in predicted.items():
                # `predict` answers with a bare number for a list of one text.
                for index, value in zip(batch, values if isinstance(values, list) else [values], strict=True):
                    found[index][name] = number(name, value)
        return found


def load_engine(checkpoint: Path, config: Path, sha256: str = "") -> TorchEngine:
    """The network of a checkpoint and the directory of its `config.json` and tokenizer files; for a moment this takes
    three times the checkpoint's size.

    Raises CheckError with the cure when the extra or a file is missing, or when the two do not fit.
    """
    import_library("torch")
    import_library("detoxify")
    loaded = read_checkpoint(checkpoint, sha256)
    return build(loaded, config, checkpoint.name)


def build(loaded: Mapping[str, Any], config: Path, name: str) -> TorchEngine:
    """The network of a checkpoint that was read.  Raises CheckError when it does not fit its directory."""
    torch, detoxify = import_library("torch"), import_library("detoxify")
    arguments = loaded["config"]["arch"]["args"]
    _check_labels(config, arguments["num_classes"])
    placed = {
        **loaded["config"],
        "arch": {**loaded["config"]["arch"], "args": {**arguments, "model_type": str(config)}},
    }
    buffer = io.BytesIO()
    torch.save({"config": placed, "state_dict": loaded["state_dict"]}, buffer)
    buffer.seek(0)
    import_library("transformers.utils.logging").disable_progress_bar()  # it would run through the sidecar's log
    try:
        model = detoxify.Detoxify(checkpoint=buffer, huggingface_config_path=str(config))
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        raise CheckError(
            f"the Detoxify checkpoint {name} does not load with {config} ({first_line(error)}); "
            "use the config.json and the tokenizer files of the network it was trained from"
        ) from error
    _check_filled(model, loaded["state_dict"], name)
    _check_classes(model.class_names, name)
    _check_vocabulary(model, config)
    return TorchEngine(model)


def read_checkpoint(path: Path, pinned: str = "") -> dict[str, Any]:
    """The checkpoint, with the parts that Detoxify needs.  Raises CheckError where it is none, and where it holds more
    than tensors and plain data and is not pinned."""
    torch = import_library("torch")
    if pinned and digest(path) != pinned:
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
        raise CheckError(f"{path} is not a Detoxify checkpoint: it lacks {first_line(error)}") from error
    except Exception as error:  # torch reports a bad file by errors of half a dozen unrelated classes
        raise CheckError(
            f"the Detoxify checkpoint {path} cannot be read as tensors and plain data ({first_line(error)}); where "
            f"the file is known to be good, pin its hash in {SHA256_VARIABLE} or with --sha256"
        ) from error
    return dict(loaded)


def import_library(module: str) -> Any:
    """A library of the extra, with the hub switched off.  Raises CheckError with the cure when it is not there."""
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # read when the libraries are imported
    try:
        return onnxruntime(module) if module.startswith("onnxruntime") else importlib.import_module(module)
    except ImportError as error:
        raise CheckError(f"bias.detoxify needs the extra that brings {error.name or module}: {CURE}") from error


def digest(path: Path) -> str:
    """The SHA-256 of a file.  Raises CheckError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckError(f"{path}: cannot be read ({error.strerror})") from error


def labels_of(config: Path) -> int:
    """For how many outputs a directory is; the stock one of a base network says 2.  Raises CheckError."""
    try:
        settings = json.loads((config / "config.json").read_text("utf-8"))
        return int(len(settings["id2label"]) if settings.get("id2label") else settings.get("num_labels", 2))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CheckError(f"{config / 'config.json'} is not a model configuration ({first_line(error)})") from error


def number(name: str, value: float) -> float:
    """`value` as a score.  Raises CheckError when it is no number."""
    if not math.isfinite(value):
        raise CheckError(f"Detoxify gave no number for class {name}")
    return float(value)


def first_line(error: Exception) -> str:
    """What an error of a library says first."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _check_labels(config: Path, outputs: int) -> None:
    labels = labels_of(config)
    if labels != outputs:
        raise CheckError(
            f"{config / 'config.json'} is for {labels} labels and the checkpoint has {outputs} outputs: "
            f'write "num_labels": {outputs} there and remove id2label and label2id'
        )


def _check_filled(model: Any, state: Mapping[str, Any], name: str) -> None:
    missing = [key for key in model.model.state_dict() if key not in state and not key.endswith(_NOT_WEIGHTS)]
    if missing:
        raise CheckError(
            f"the Detoxify checkpoint {name} leaves {len(missing)} weights of the network unset (such as "
            f"{missing[0]}): its config.json is of another network"
        )


def _check_classes(names: Sequence[str], checkpoint: str) -> None:
    unknown = sorted(set(names) - set(CLASSES))
    if unknown or not names:
        raise CheckError(f"the checkpoint {checkpoint} names classes that are not Detoxify's: {', '.join(unknown)}")


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
    positions = int(getattr(settings, "max_position_embeddings", TOKENS))
    if "roberta" in str(settings.model_type):
        positions -= int(settings.pad_token_id) + 1
    return max(8, min(TOKENS, positions, int(model.tokenizer.model_max_length)))

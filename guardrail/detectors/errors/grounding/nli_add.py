"""A published network for entailment into the model store: read, convert, compare, store.

Rules:
1. It is read from `safetensors` alone, which can hold no code; its architecture is one that `transformers` has built
   in, and no code beside it is run.  Nothing is downloaded.
2. Its labels must be entailment, neutral and contradiction, by name: with another order of the outputs everything it
   says would be taken for something else.
3. A checkpoint that does not fill the whole network is refused: the library would fill the rest at random.
4. What is stored is an int8 ONNX graph and a tokenizer.  A graph that decides otherwise than the network itself on
   more than one pair in twenty-five is not stored, unless forced; the manifest says what was measured either way.
"""

import hashlib
import importlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guardrail import __version__
from guardrail.detectors.errors.grounding.nli import NAME
from guardrail.detectors.errors.grounding.nli_engine import LABELS, MODEL, TOKENIZER, NliEngine
from guardrail.errors import CheckError, SettingsError
from guardrail.models import installed
from guardrail.models.installed import Installed
from guardrail.models.runtime import onnxruntime

ARCHITECTURES = ("albert", "bert", "deberta", "deberta-v2", "distilbert", "electra", "roberta", "xlm-roberta")
"""Values of `model_type` that are read."""
LEAST_SAME = 0.96
"""Share of pairs decided alike below which a network is not stored."""
TOKENS = 256
"""Tokens of passages and claim together that are read at most: the passages are three sentences."""
CURE = "pip install 'guardrail[detoxify]' (torch, transformers, onnx)"
_PAIRS = Path(__file__).with_name("nli_pairs.txt")
_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json", "merges.txt", "spm.model", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asks for; `config` None means the checkpoint's own directory."""

    checkpoint: Path
    config: Path | None = None
    sha256: str = ""
    store: Path | None = None
    replace: bool = False
    force: bool = False


def add(wish: Wish, say: Callable[[str], None] = lambda _: None) -> Installed:
    """Store the network that is wished for.  Raises SettingsError or CheckError, and then leaves nothing."""
    config = _config(wish)
    labels = labels_of(config)
    found = _digest(wish.checkpoint)
    if wish.sha256 and wish.sha256.strip().lower() != found:
        raise SettingsError(f"{wish.checkpoint}: its SHA-256 is {found}, and --sha256 says {wish.sha256}; check both")
    say(f"{wish.checkpoint.name}: SHA-256 {found}")
    with installed.adding(NAME, wish.store, replace=wish.replace) as draft, _quiet():
        with tempfile.TemporaryDirectory(dir=draft.parent, prefix=".adding-") as scratch:
            folder = _gathered(wish.checkpoint, config, Path(scratch))
            network, tokenizer, inputs, tokens = _read(folder)
            settings = {"labels": list(labels), "inputs": list(inputs), "tokens": tokens}
            (draft / TOKENIZER).write_text(tokenizer, "utf-8")
            say("converting to ONNX, int8")
            _convert(network, inputs, draft / MODEL, Path(scratch))
            engine = NliEngine((draft / MODEL).read_bytes(), tokenizer.encode(), settings)
            same, largest, count = compared(network, engine, tokenizer, settings)
        say(f"{count} pairs: decided alike {same:.1%}, largest difference of a probability {largest:.3f}")
        if same < LEAST_SAME and not wish.force:
            raise SettingsError(
                f"the converted network decides otherwise than the original on {1 - same:.0%} of {count} pairs (at "
                f"most {1 - LEAST_SAME:.0%} may differ), so it is not stored; --force stores it all the same"
            )
        parity = {"texts": count, "same_decisions": round(same, 6), "largest_difference": round(largest, 6)}
        return installed.store(NAME, draft, _manifest(wish, config, found, settings, parity))


def labels_of(config: Path) -> tuple[str, ...]:
    """LABELS in the order of the outputs, by the names in config.json.  Raises SettingsError for other labels and other
    architectures."""
    settings = _settings(config)
    kind = settings.get("model_type")
    if kind not in ARCHITECTURES:
        raise SettingsError(f"{config / 'config.json'}: `model_type` is {kind!r}; read are {', '.join(ARCHITECTURES)}")
    given = settings.get("id2label")
    names = [str(given[key]).lower() for key in sorted(given, key=int)] if isinstance(given, dict) else []
    found = [next((label for label in LABELS if label[:7] in name), "") for name in names]
    if sorted(found) != sorted(LABELS):
        raise SettingsError(
            f"{config / 'config.json'}: `id2label` names {', '.join(names) or 'no labels'}; it must name "
            f"{', '.join(LABELS)} in the order of the outputs (LABEL_0 does not tell: write what the card of the "
            "network says)"
        )
    return tuple(found)


def pairs() -> list[tuple[str, str]]:
    """The pairs that are part of guardrail: a passage and a claim."""
    lines = [line for line in _PAIRS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(passage, claim) for passage, _, claim in (line.partition("\t") for line in lines)]


def compared(network: Any, engine: NliEngine, tokenizer: str, settings: Mapping[str, Any]) -> tuple[float, float, int]:
    """The share of pairs that both decide alike, the largest difference of a probability, and how many pairs."""
    torch, tokenizers = _library("torch"), _library("tokenizers")
    cut = tokenizers.Tokenizer.from_str(tokenizer)
    cut.no_padding()
    cut.enable_truncation(int(settings["tokens"]), strategy="only_first")
    order: Sequence[str] = settings["labels"]
    same, largest, chosen = 0, 0.0, pairs()
    for passage, claim in chosen:
        encoded = cut.encode(passage, claim)
        values = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
        }
        with torch.inference_mode():
            logits = network(**{name: torch.tensor([values[name]]) for name in settings["inputs"]}).logits[0]
        theirs = dict(zip(order, logits.float().softmax(0).tolist(), strict=True))
        said = engine.judge(claim, [passage])
        ours = {label: getattr(said, label) for label in LABELS}
        same += max(theirs, key=lambda one: theirs[one]) == max(ours, key=lambda one: ours[one])
        largest = max(largest, *(abs(theirs[label] - ours[label]) for label in LABELS))
    return same / len(chosen), largest, len(chosen)


def _config(wish: Wish) -> Path:
    if not wish.checkpoint.is_file():
        raise SettingsError(f"--checkpoint {wish.checkpoint} is not a file")
    if wish.checkpoint.suffix != ".safetensors":
        raise SettingsError(
            f"--checkpoint {wish.checkpoint} is no .safetensors file; other formats can hold code: convert it with the "
            "library it was made with (`save_pretrained(..., safe_serialization=True)`)"
        )
    config = wish.config or wish.checkpoint.parent
    if not (config / "config.json").is_file():
        raise SettingsError(
            f"{config} holds no config.json; --config names the directory with it and the tokenizer files"
        )
    return config


def _settings(config: Path) -> dict[str, Any]:
    try:
        settings = json.loads((config / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{config / 'config.json'} is not a model configuration ({type(error).__name__})"
        ) from error
    if not isinstance(settings, dict):
        raise SettingsError(f"{config / 'config.json'} is not a model configuration (no object)")
    return settings


def _gathered(checkpoint: Path, config: Path, folder: Path) -> Path:
    """The files that the library reads, and no other, in a folder of their own."""
    settings = {
        key: value for key, value in _settings(config).items() if key not in ("auto_map", "quantization_config")
    }
    (folder / "config.json").write_text(json.dumps(settings), "utf-8")
    for name in _TOKENIZER_FILES:
        if (config / name).is_file():
            shutil.copyfile(config / name, folder / name)
    (folder / "model.safetensors").symlink_to(checkpoint.resolve())
    return folder


def _read(folder: Path) -> tuple[Any, str, tuple[str, ...], int]:
    """The network, its tokenizer, the inputs it takes, and the tokens it reads at most."""
    transformers = _library("transformers")
    _library("transformers.utils.logging").disable_progress_bar()  # it would run through the lines that we say
    try:
        network, about = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, output_loading_info=True, dtype="float32"
        )
        cut = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer = str(cut.backend_tokenizer.to_str())
    except Exception as error:  # transformers raises whatever it stumbles over
        raise CheckError(
            f"the network cannot be read ({_line(error)}); its directory needs config.json and tokenizer.json beside "
            "the checkpoint"
        ) from error
    missing = [name for name in about["missing_keys"] if not name.endswith("position_ids")]
    if missing or about.get("mismatched_keys"):
        raise CheckError(
            f"the checkpoint leaves {len(missing) or 'some'} weights of the network unset (such as "
            f"{next(iter(missing), 'one of another shape')}): its config.json is of another network"
        )
    if not 0.9 * network.config.vocab_size <= len(cut) <= network.config.vocab_size:
        raise CheckError(
            f"the tokenizer knows {len(cut)} tokens and the network {network.config.vocab_size}: put the network's own "
            "tokenizer files beside its config.json"
        )
    positions = int(getattr(network.config, "max_position_embeddings", TOKENS))
    positions -= 2 if "roberta" in network.config.model_type else 0
    takes = network.forward.__code__.co_varnames
    typed = "token_type_ids" in takes and int(getattr(network.config, "type_vocab_size", 0) or 0) > 1
    inputs = ("input_ids", "attention_mask", *(("token_type_ids",) if typed else ()))
    return network.eval(), tokenizer, inputs, max(32, min(TOKENS, positions))


def _convert(network: Any, inputs: Sequence[str], target: Path, scratch: Path) -> None:
    torch = _library("torch")
    quantization = _library("onnxruntime.quantization")
    network.config._attn_implementation = "eager"
    base: Any = torch.nn.Module

    class Named(base):  # type: ignore[misc]
        """The network with inputs by place, which is what an exporter traces."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, *values: Any) -> Any:
            return self.network(**dict(zip(inputs, values, strict=True))).logits

    sample = tuple(torch.ones((1, 12), dtype=torch.long) for _ in inputs)
    whole, small = scratch / "whole.onnx", scratch / "small.onnx"
    try:
        torch.onnx.export(
            Named().eval(),
            sample,
            str(whole),
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_axes={name: {1: "tokens"} for name in inputs},
            opset_version=17,
            dynamo=False,
        )
        quantization.quantize_dynamic(
            str(whole), str(small), weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True
        )
    except OSError:
        raise
    except Exception as error:  # both libraries raise whatever they stumble over
        raise CheckError(f"the network cannot be converted to ONNX ({_line(error)})") from error
    shutil.move(small, target)


def _manifest(
    wish: Wish, config: Path, sha256: str, settings: Mapping[str, Any], parity: Mapping[str, Any]
) -> dict[str, Any]:
    about = _settings(config)
    return {
        "engine": "onnx",
        "variant": "own",
        "network": str(about.get("_name_or_path") or about["model_type"]),
        "added": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": {"file": wish.checkpoint.name, "sha256": sha256},
        "settings": dict(settings),
        "parity": dict(parity),
        "libraries": {"guardrail": __version__},
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """The libraries warn of what is meant here, and log on the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _library(module: str) -> Any:
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # read when the libraries are imported
    try:
        return onnxruntime(module) if module.startswith("onnxruntime") else importlib.import_module(module)
    except ImportError as error:
        raise CheckError(f"`guardrail models add {NAME}` needs {error.name or module}: {CURE}") from error


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]

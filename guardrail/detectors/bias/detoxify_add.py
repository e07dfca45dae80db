"""A Detoxify checkpoint into the model store: verify, read, convert, compare, store.

Rules:
1. The SHA-256 of the checkpoint is that of a release, or the operator's own; a file that nobody vouches for is not
   stored.  It is read as tensors and plain data; one that holds more is read only with the operator's own hash.
2. What is stored can hold no code: an ONNX graph and a tokenizer, or the checkpoint written anew as tensors and plain
   data.
3. A network that decides otherwise than Detoxify itself on more than one text in a hundred is not stored, unless
   forced; the manifest says what was measured either way.
4. Only files that a tokenizer or a configuration is made of are taken from the operator's directory, not the weights
   of a base network that lie beside them.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from guardrail import __version__
from guardrail.detectors.bias import detoxify_parity
from guardrail.detectors.bias.detoxify import CHECKPOINT, NAME
from guardrail.detectors.bias.detoxify_convert import convert, quiet
from guardrail.detectors.bias.detoxify_onnx import MODEL, TOKENIZER, OnnxEngine, has_vnni
from guardrail.detectors.bias.detoxify_parity import LEAST_SAME, Parity
from guardrail.detectors.bias.detoxify_torch import (
    Engine,
    TorchEngine,
    build,
    digest,
    first_line,
    import_library,
    labels_of,
    read_checkpoint,
)
from guardrail.errors import SettingsError
from guardrail.models import installed
from guardrail.models.installed import Installed

_CONFIG_FILES = frozenset(
    {
        "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model",
    }
)  # fmt: skip
_LIBRARIES = ("detoxify", "transformers", "torch", "tokenizers", "onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Release:
    """A checkpoint that Detoxify publishes.  Its file name carries the beginning of its SHA-256; `sha256` is the whole
    of it, where that is published anywhere."""

    variant: str
    file: str
    base: str
    sha256: str = ""

    @property
    def begins(self) -> str:
        """The digits in the file name."""
        return self.file.removesuffix(".ckpt").rpartition("-")[2]


RELEASES = (
    Release(
        "original",
        "toxic_original-c1212f89.ckpt",
        "bert-base-uncased",
        "c1212f89ac23307ab33932ce29dc446a6e030fb3f384a500890bbe662b7b544a",
    ),
    Release("unbiased", "toxic_debiased-c7548aa0.ckpt", "roberta-base"),
    Release("multilingual", "multilingual_debiased-0b549669.ckpt", "xlm-roberta-base"),
    Release("original-small", "original-albert-0e1d6498.ckpt", "albert-base-v2"),
    Release("unbiased-small", "unbiased-albert-c8519128.ckpt", "albert-base-v2"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far it is: a step by its name, a line to keep, and a bar over a number of texts."""

    step: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    bar: Callable[[int], AbstractContextManager[Callable[[], None]]] = lambda _: nullcontext(lambda: None)


UNSEEN = Progress()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asks for; `reduced_range` None leaves it to the CPU, `config` None to the checkpoint's own
    directory."""

    checkpoint: Path
    config: Path | None = None
    engine: str = "onnx"
    sha256: str = ""
    texts: Path | None = None
    store: Path | None = None
    replace: bool = False
    force: bool = False
    reduced_range: bool | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint that somebody vouches for: `by` says who, `variant` is that of a release or `own`."""

    path: Path
    sha256: str
    variant: str
    by: str


def add(wish: Wish, progress: Progress = UNSEEN) -> Installed:
    """Store the model that is wished for.  Raises SettingsError or CheckError, and then leaves nothing."""
    _require_file(wish.checkpoint)
    config = _config(wish)
    own = detoxify_parity.read_texts(wish.texts) if wish.texts else []
    progress.step("hashing the checkpoint")
    source = vouched(wish.checkpoint, wish.sha256)
    progress.say(f"{source.path.name}: SHA-256 {source.sha256}, {source.by}")
    with installed.adding(NAME, wish.store, replace=wish.replace) as draft, quiet():
        progress.step("reading the checkpoint")
        loaded = read_checkpoint(wish.checkpoint, source.sha256 if wish.sha256 else "")
        outputs = loaded["config"]["arch"]["args"]["num_classes"]
        _copy_config(config, draft, outputs, progress.say)
        progress.step("building the network")
        reference = build(loaded, draft, wish.checkpoint.name)
        manifest = _manifest(source, loaded, reference, wish.engine)
        if wish.engine == "torch":
            _keep(loaded, draft)
            return installed.store(NAME, draft, manifest)
        reduced = has_vnni() is not True if wish.reduced_range is None else wish.reduced_range
        manifest["settings"]["reduced_range"] = reduced
        _convert(reference, draft, reduced, progress)
        other = OnnxEngine((draft / MODEL).read_bytes(), (draft / TOKENIZER).read_bytes(), manifest["settings"])
        texts = [*detoxify_parity.embedded_texts(), *own]
        parity = _compared(reference, other, texts, progress)
        _judge(parity, texts, wish.force, progress.say)
        manifest["parity"] = parity.plain() | {"texts_of_the_operator": len(own)}
        return installed.store(NAME, draft, manifest)


def vouched(checkpoint: Path, sha256: str = "") -> Source:
    """The checkpoint, where its hash is the operator's or that of a release.  Raises SettingsError."""
    _require_file(checkpoint)
    found, wanted = digest(checkpoint), sha256.strip().lower()
    if wanted and wanted != found:
        raise SettingsError(
            f"{checkpoint}: its SHA-256 is {found}, and --sha256 says {wanted}; fetch the file again, or check the hash"
        )
    release = next((one for one in RELEASES if found == one.sha256), None)
    begun = release or next((one for one in RELEASES if not one.sha256 and found.startswith(one.begins)), None)
    if release:
        return Source(checkpoint, found, release.variant, f"that of Detoxify's release `{release.variant}`")
    if begun:
        digits = f"begins as Detoxify's release `{begun.variant}` does ({begun.file})"
        return Source(checkpoint, found, begun.variant, digits + (", and --sha256 vouches for it" if wanted else ""))
    if wanted:
        return Source(checkpoint, found, "own", "vouched for by --sha256")
    raise SettingsError(
        f"{checkpoint}: its SHA-256 is {found}, which is none of Detoxify's releases "
        f"({', '.join(one.file for one in RELEASES)}); where you know the file to be good, add --sha256 {found}"
    )


def _require_file(checkpoint: Path) -> None:
    if not checkpoint.is_file():
        raise SettingsError(f"--checkpoint {checkpoint} is not a file")


def _config(wish: Wish) -> Path:
    config = wish.config or wish.checkpoint.parent
    if (config / "config.json").is_file():
        return config
    bases = ", ".join(f"{one.base} for {one.variant}" for one in RELEASES)
    raise SettingsError(
        f"{config} holds no config.json; --config names the directory with the config.json and the tokenizer files of "
        f"the base network ({bases}; the checkpoint holds neither)"
    )


def _copy_config(config: Path, draft: Path, outputs: int, say: Callable[[str], None]) -> None:
    for name in sorted(_CONFIG_FILES):
        if (config / name).is_file():
            shutil.copyfile(config / name, draft / name)
    labels = labels_of(config)
    if labels == outputs:
        return
    settings = json.loads((draft / "config.json").read_text("utf-8"))
    settings = {key: value for key, value in settings.items() if key not in ("id2label", "label2id")}
    (draft / "config.json").write_text(json.dumps(settings | {"num_labels": outputs}, indent=2) + "\n", "utf-8")
    say(f"{config / 'config.json'} is for {labels} labels; the stored one is for the {outputs} of the checkpoint")


def _manifest(source: Source, loaded: Mapping[str, Any], reference: TorchEngine, engine: str) -> dict[str, Any]:
    arguments = loaded["config"]["arch"]["args"]
    return {
        "engine": engine,
        "variant": source.variant,
        "network": str(arguments["model_name"]),
        "added": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": {"file": source.path.name, "sha256": source.sha256, "vouched": source.by},
        "settings": {
            "classes": list(reference.model.class_names),
            "outputs": int(arguments["num_classes"]),
            "tokens": reference.limit,
        },
        "libraries": {"guardrail": __version__, **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _keep(loaded: Mapping[str, Any], draft: Path) -> None:
    """The checkpoint as tensors and plain data, so that it is read without a pin."""
    torch = import_library("torch")
    arguments = {key: loaded["config"]["arch"]["args"][key] for key in ("model_type", "model_name", "tokenizer_name")}
    arguments["num_classes"] = loaded["config"]["arch"]["args"]["num_classes"]
    classes = [str(name) for name in loaded["config"]["dataset"]["args"]["classes"]]
    config = {"arch": {"args": arguments}, "dataset": {"args": {"classes": classes}}}
    torch.save({"config": config, "state_dict": dict(loaded["state_dict"])}, draft / CHECKPOINT)
    read_checkpoint(draft / CHECKPOINT)


def _convert(reference: TorchEngine, draft: Path, reduced: bool, progress: Progress) -> None:
    convert(reference, draft / MODEL, reduced_range=reduced, say=progress.step)
    tokenizer = tokenizer_of(reference)
    for name in _CONFIG_FILES:
        (draft / name).unlink(missing_ok=True)
    (draft / TOKENIZER).write_text(tokenizer, "utf-8")


def tokenizer_of(reference: TorchEngine) -> str:
    """The tokenizer as the library for it reads it; one that transformers runs in Python is converted."""
    tokenizer = reference.model.tokenizer
    try:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            backend = import_library("transformers.convert_slow_tokenizer").convert_slow_tokenizer(tokenizer)
        return str(backend.to_str())
    except Exception as error:  # transformers names no error for a tokenizer that it cannot convert
        raise SettingsError(
            f"the tokenizer cannot be converted ({first_line(error)}); put its tokenizer.json into --config, or use "
            "--engine torch"
        ) from error


def _compared(reference: Engine, other: Engine, texts: Sequence[str], progress: Progress) -> Parity:
    progress.step("comparing with Detoxify")
    with progress.bar(len(texts)) as advance:
        return detoxify_parity.compare(reference, other, texts, advance)


def _judge(parity: Parity, texts: Sequence[str], force: bool, say: Callable[[str], None]) -> None:
    say(
        f"parity with Detoxify's predict on {parity.texts} texts: the same decisions at {detoxify_parity.DECISION} on "
        f"{parity.same:.1%}; largest difference of a score {parity.largest:.4f} ({parity.largest_class}), mean "
        f"{parity.mean:.4f}; Detoxify finds something in {parity.found} of them"
    )
    if parity.found in (0, parity.texts):
        say("all of them fall on one side, so this says little about decisions: --texts adds texts of yours")
    for index in parity.differing[:5]:
        say(f"decided otherwise: text {index + 1} ({len(texts[index])} characters)")
    if parity.same < LEAST_SAME and not force:
        raise SettingsError(
            f"the converted network decides otherwise than Detoxify on {len(parity.differing)} of {parity.texts} texts "
            f"(at most {1 - LEAST_SAME:.0%} may differ), so it is not stored; use --engine torch, or --force"
        )

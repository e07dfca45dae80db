"""Make what `training.network` learnt into the file that ships: `python -m training.convert --language en ...`.

Rules:
1. ONNX, dynamic int8: weights per channel with seven bits of eight (`reduce_range`), because processors without VNNI
   add up pairs of products in 16 bits and would overflow with eight.
2. One file holds everything: the pieces of the vocabulary and how many of them are read stand in its metadata.
3. It is compared with the network it was made from, and refused when it decides otherwise on more than three texts in a
   hundred.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from guardrail.detectors.bias.reader import SecondReader, file_of
from guardrail.models.runtime import onnxruntime
from guardrail.models.store import DIRECTORY, note_file
from training.examples import QUESTIONS, Example, examples
from training.network import Reader, Recipe, encoded, logits_of, pieces_of, reloaded
from training.views import plain

AGREEMENT = 0.97


class _Exported(torch.nn.Module):
    """The network with the two inputs that differ from text to text: every segment is 0."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, QUESTIONS)."""
        logits: torch.Tensor = self.reader(ids, mask, torch.zeros_like(ids))
        return logits


def learnt(base: Path, directory: Path) -> tuple[Reader, dict[str, Any]]:
    """The trained network and its recipe."""
    recipe = json.loads((directory / "recipe.json").read_text("utf-8"))
    return reloaded(base, directory, Recipe(layers=recipe["layers"], dropout=0.0)).eval(), recipe


def convert(model: Reader, pieces: list[tuple[str, float]], tokens: int, out: Path) -> None:
    """Write the int8 network to `out`."""
    import onnx

    sample = (torch.ones((2, 8), dtype=torch.long), torch.ones((2, 8), dtype=torch.long))
    axes = {"ids": {0: "texts", 1: "pieces"}, "mask": {0: "texts", 1: "pieces"}, "logits": {0: "texts"}}
    with tempfile.TemporaryDirectory() as scratch:
        whole = str(Path(scratch) / "whole.onnx")
        torch.onnx.export(
            _Exported(model),
            sample,
            whole,
            input_names=["ids", "mask"],
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        small = str(Path(scratch) / "small.onnx")
        quantization = onnxruntime("onnxruntime.quantization")
        quantization.quantize_dynamic(
            whole, small, weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True
        )
        network = onnx.load(small)
    for name, value in (("pieces", pieces), ("tokens", tokens), ("questions", list(QUESTIONS))):
        entry = network.metadata_props.add()
        entry.key, entry.value = name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    onnx.save(network, str(out))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.convert", description=__doc__)
    parser.add_argument("--language", choices=("en", "zh"), required=True)
    parser.add_argument("--learnt", type=Path, required=True, help="the directory that training.network wrote")
    parser.add_argument("--base", type=Path, required=True, help="the directory that training.encoders wrote")
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets, to compare on")
    parser.add_argument("--out", type=Path, default=DIRECTORY)
    chosen = parser.parse_args(arguments)
    model, recipe = learnt(chosen.base, chosen.learnt)
    path = chosen.out / file_of(chosen.language)
    pieces = json.loads((chosen.learnt / "pieces.json").read_text("utf-8"))
    convert(model, pieces, recipe["tokens"], path)
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {note_file(path)}")
    texts = [example for example in examples(chosen.data, "dev", (chosen.language,)) if not example.prompt][::9]
    agreed, apart = compared(model, SecondReader(chosen.language, chosen.out), texts, chosen.learnt, recipe["tokens"])
    print(f"{len(texts)} texts: decided alike at 0.5 {agreed:.2%}, largest difference of a score {apart:.3f}")
    return 0 if agreed >= AGREEMENT else 1


def compared(
    model: Reader, reader: SecondReader, texts: Sequence[Example], learnt_at: Path, tokens: int
) -> tuple[float, float]:
    """How often both decide alike on toxic and hate, and how far apart their scores come at most."""
    ours = logits_of(model, encoded(pieces_of(learnt_at), texts, tokens), "cpu", 32)[:, :2]
    reader.load()
    theirs = reader.logits([plain(example.text) for example in texts])[:, :2]
    alike = float(((ours > 0) == (theirs > 0)).mean())
    return alike, float(np.abs(1 / (1 + np.exp(-ours)) - 1 / (1 + np.exp(-theirs))).max())


if __name__ == "__main__":
    sys.exit(main())

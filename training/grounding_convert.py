"""Make what `training.grounding_network` learnt into the file that ships: `python -m training.grounding_convert ...`.

Rules:
1. ONNX, dynamic int8: weights per channel with seven bits of eight (`reduce_range`), because processors without VNNI
   add up pairs of products in 16 bits and would overflow with eight.
2. One file holds everything: the pieces of the vocabulary, how many of them are read, and the curve that makes a logit
   a score stand in its metadata.
3. The curve is fitted on half of the dev part, so that one threshold means the same everywhere: of supported claims
   that are no copies ALLOWED score as high as each of its two scores.
4. The file is compared with the network it was made from, and refused when it decides otherwise on more than three
   claims in a hundred.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from guardrail.detectors.errors.grounding.entailment import FILE
from guardrail.models.runtime import onnxruntime
from guardrail.models.store import DIRECTORY, note_file
from training.grounding_examples import TOKENS
from training.grounding_network import Packed, Reader, logits_of, reloaded, told

AGREEMENT = 0.97
ALLOWED = {0.6: 0.05, 0.8: 0.01}
"""Score, and the share of supported claims that are no copies which may score so high."""


class _Exported(torch.nn.Module):
    """The network for one claim at a time: everything is read, so there is no mask, and pieces are not asked about."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: torch.Tensor, sides: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
        """One logit a claim."""
        mask = torch.ones_like(ids)
        return self.reader.judged(self.reader.read(ids, sides, matches, mask), sides, mask)


def convert(model: Reader, pieces: Sequence[str], curve: tuple[float, float], out: Path) -> None:
    """Write the int8 network to `out`."""
    import onnx

    one = torch.tensor([[2, 5, 6, 3, 5, 3]])
    sample = (one, torch.tensor([[0, 0, 0, 0, 1, 1]]), torch.tensor([[0, 2, 1, 0, 2, 0]]))
    names = ["ids", "sides", "matches"]
    with tempfile.TemporaryDirectory() as scratch:
        whole, small = (str(Path(scratch) / name) for name in ("whole.onnx", "small.onnx"))
        torch.onnx.export(
            _Exported(model),
            sample,
            whole,
            input_names=names,
            output_names=["logit"],
            dynamic_axes={name: {0: "claims", 1: "pieces"} for name in names} | {"logit": {0: "claims"}},
            opset_version=17,
            dynamo=False,
        )
        quantization = onnxruntime("onnxruntime.quantization")
        quantization.quantize_dynamic(
            whole, small, weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True
        )
        network = onnx.load(small)
    for name, value in (("pieces", list(pieces)), ("tokens", TOKENS), ("curve", list(curve))):
        entry = network.metadata_props.add()
        entry.key, entry.value = name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    onnx.save(network, str(out))


def curve_of(packed: Packed, logits: NDArray[np.float32]) -> tuple[float, float]:
    """Slope and offset of rule 3."""
    plain = (packed.arrays["sorts"] == 0) & (packed.arrays["verbatim"] == 0)
    (low, low_share), (high, high_share) = ALLOWED.items()
    at = [float(np.quantile(logits[plain], 1 - share)) for share in (low_share, high_share)]
    wanted = [float(np.log(score / (1 - score))) for score in (low, high)]
    slope = (wanted[1] - wanted[0]) / max(at[1] - at[0], 1e-3)
    return slope, wanted[0] - slope * at[0]


def said(path: Path, packed: Packed, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """The logits of the file for some examples, one at a time."""
    session = onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = []
    for at in chosen:
        piece = slice(packed.begins[at], packed.ends[at])
        given = {name: packed.arrays[name][piece][None].astype(np.int64) for name in ("ids", "sides", "matches")}
        found.append(session.run(None, given)[0][0])
    return np.array(found, np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.grounding_convert", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the directory that training.grounding_examples wrote")
    parser.add_argument(
        "--learnt", type=Path, required=True, help="the directory that training.grounding_network wrote"
    )
    parser.add_argument("--out", type=Path, default=DIRECTORY)
    chosen = parser.parse_args(arguments)
    model = reloaded(chosen.base, chosen.learnt)
    pieces = [piece for piece, _ in json.loads((chosen.base / "pieces.json").read_text("utf-8"))]
    dev = Packed.read(chosen.base / "dev.npz").every(2)
    path = chosen.out / FILE
    convert(model, pieces, (1.0, 0.0), path)
    every = np.arange(len(dev.ends))
    theirs, ours = said(path, dev, every), logits_of(model, dev, "cpu", 64)
    convert(model, pieces, curve_of(dev, theirs), path)
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {note_file(path)}")
    print(f"as learnt:\n{told(dev, ours, chosen.base)}\nas shipped:\n{told(dev, theirs, chosen.base)}")
    bound = float(np.quantile(ours[(dev.arrays["sorts"] == 0) & (dev.arrays["verbatim"] == 0)], 0.95))
    agreed = float(((ours > bound) == (theirs > bound)).mean())
    print(f"{len(every)} claims of the dev part: decided alike {agreed:.2%}")
    return 0 if agreed >= AGREEMENT else 1


if __name__ == "__main__":
    sys.exit(main())

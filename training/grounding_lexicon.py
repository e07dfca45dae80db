"""Distil a small lexicon of English words out of a published sentence encoder, for the grounding check:
`python -m training.grounding_lexicon --source DIR --data ../shared/data --out guardrail/models`.

Rules:
1. It starts from all-MiniLM-L6-v2 (Apache-2.0): `--source` is the directory with `model.safetensors`, `config.json` and
   `vocab.txt`, whose pieces from 1996 on stand in order of use.
2. A word's vector is what the encoder says of the word alone (mean over its tokens), without the mean of all words and
   reduced to DIMENSIONS by their principal components, unit length, in signed bytes.
3. Han characters and pairs are counted in the parts to learn from of UHGEval, HalluQA, FacTool (Apache-2.0) and
   Yue-Benchmark (MIT), read as Simplified; one that stands in fewer than MET texts is left out.
4. Whether a word is mostly written with a capital is counted inside the sentences of the parts to learn from of
   HaluEval and grade-school-math (MIT) and the answers of XSTest (CC BY 4.0).
5. It is deterministic: the same encoder and library versions give the same file.  Words that `stem` makes equal become
   one entry, under the most used of them.
"""

import argparse
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.errors.grounding.lexicon import FILE
from guardrail.detectors.errors.grounding.sources import stem, tokens
from guardrail.evaluation import datasets
from guardrail.evaluation.parts import key_of, part
from guardrail.models.store import write_model

DIMENSIONS = 64
FIRST = 1996
HAN_TEXTS = (
    "groundedness/uhgeval_news", "groundedness/halluqa_outputs", "groundedness/factool_chinese",
    "benign/yue_truthfulqa_answers", "groundedness/yue_gsm8k_model_solutions",
)  # fmt: skip
MET = 3
ENGLISH_TEXTS = (
    "groundedness/halueval_general", "groundedness/halueval_qa", "groundedness/gsm8k_model_solutions",
    "benign/xstest_responses",
)  # fmt: skip
_BATCH = 512


def words(source: Path) -> list[tuple[int, str]]:
    """The whole words of the vocabulary with their piece, the most used first; one for each stem."""
    found: dict[str, tuple[int, str]] = {}
    for piece, word in enumerate((source / "vocab.txt").read_text("utf-8").splitlines()):
        if piece >= FIRST and word.isascii() and word.isalpha() and len(word) > 1:
            found.setdefault(stem(word), (piece, word))
    return list(found.values())


def vectors(source: Path, pieces: list[int]) -> NDArray[np.float32]:
    """What the encoder says of each piece alone."""
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**json.loads((source / "config.json").read_text("utf-8"))), add_pooling_layer=False)
    weights = {name: value.float() for name, value in load_file(source / "model.safetensors").items()}
    model.load_state_dict({name: value for name, value in weights.items() if not name.startswith("pooler.")}, False)
    model.train(False)
    made = []
    with torch.no_grad():
        for at in range(0, len(pieces), _BATCH):
            batch = torch.tensor([[101, piece, 102] for piece in pieces[at : at + _BATCH]])
            made.append(model(batch).last_hidden_state.mean(1).numpy())
    return np.concatenate(made)


def reduced(found: NDArray[np.float32]) -> NDArray[np.int8]:
    """Unit vectors of DIMENSIONS in signed bytes."""
    centred = found - found.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    small = centred @ axes[:, ::-1][:, :DIMENSIONS]
    small /= np.linalg.norm(small, axis=1, keepdims=True)
    rounded: NDArray[np.int8] = np.clip(np.round(small * 254), -127, 127).astype(np.int8)
    return rounded


def han(data: Path) -> list[str]:
    """Han characters and pairs, those that stand in most texts first."""
    met: Counter[str] = Counter()
    for name in HAN_TEXTS:
        path = datasets.find(data, name)
        if path is None:
            raise SystemExit(f"{data}/{name} is missing: it is counted for the lexicon")
        for item in datasets.read(path):
            if part(key_of(item.id, item.prompt)) != "train":
                continue
            stems = tokens(item.context or item.text).stems
            pairs = {a + b for a, b in pairwise(stems) if a >= "\u3400" and b >= "\u3400"}
            met.update({one for one in stems if one >= "\u3400"} | pairs)
    return [one for one, count in sorted(met.items(), key=lambda each: (-each[1], each[0])) if count >= MET]


def cases(data: Path) -> dict[str, int]:
    """1 for each stem that is mostly written small, 2 for each that is mostly written with a capital, in order."""
    small: Counter[str] = Counter()
    great: Counter[str] = Counter()
    for name in ENGLISH_TEXTS:
        path = datasets.find(data, name)
        if path is None:
            raise SystemExit(f"{data}/{name} is missing: it is counted for the lexicon")
        for item in datasets.read(path):
            if part(key_of(item.id, item.prompt)) != "train":
                continue
            for text in (item.text, item.context):
                for before, word in re.findall(r"([a-z,;] |\A|.)([A-Za-z]{2,})(?=[ ,.;:!?'])", text):
                    if word.islower():
                        small[stem(word)] += 1
                    elif len(before) == 2 and word.istitle():
                        great[stem(word)] += 1
    found = {word: 1 if small[word] > 2 * great[word] else 2 for word in {*small, *great}}
    return {word: found[word] for word in sorted(found) if small[word] + great[word] > 1}


def main() -> None:
    """Read the encoder, write the lexicon and its line in the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    chosen = words(asked.source)
    table = reduced(vectors(asked.source, [piece for piece, _ in chosen]))
    listing = "\n".join(stem(word) for _, word in chosen).encode()
    characters = han(asked.data)
    counted = np.frombuffer("\n".join(characters).encode(), np.uint8)
    written = cases(asked.data)
    cased = np.frombuffer("\n".join(written).encode(), np.uint8)
    arrays = {
        "cased": cased,
        "cases": np.array(list(written.values()), np.uint8),
        "words": np.frombuffer(listing, np.uint8),
        "vectors": table,
        "han": counted,
    }
    print(
        len(chosen),
        "words,",
        len(characters),
        "Han characters and pairs;",
        write_model(asked.out / FILE, {"dimensions": DIMENSIONS}, arrays),
    )


if __name__ == "__main__":
    main()

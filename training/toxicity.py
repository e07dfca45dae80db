"""Train the embedded toxicity scorer: `python -m training.toxicity --data ../shared/data --out guardrail/models`.

Rules:
1. It learns from `corpus.LEARNT` and from our own templates, and looks at no other set.
2. Its features are those of `guardrail.detectors.bias`, called, not copied: training cannot drift from run time.
3. It is deterministic: the same data, seed and library versions give the same file.
"""

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from guardrail.detectors.bias.features import (
    BLOCK_BITS,
    BLOCK_STARTS,
    CLASSES,
    TABLE_SIZE,
    Lexicon,
    features,
    term_hash,
    windows,
)
from guardrail.detectors.bias.reading import Codes, reading, simplifier
from guardrail.detectors.bias.toxicity import FILE, Scorer, is_chinese
from guardrail.models.store import read_model, write_model
from training.corpus import LEARNT, Item, Language, read, sentences
from training.templates import made

WORDS = Path(__file__).with_name("words.txt")
SLUR_CATEGORIES = ("racial / ethnic slurs", "sexual orientation / gender", "mental disability", "religious offense")
LANGUAGES: tuple[Language, Language] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Example:
    """A text to learn from or to calibrate on; `group` is posts, answers or templates."""

    text: str
    toxic: bool
    language: Language
    group: str
    weight: float = 1.0


def script_table() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Traditional (also Hong Kong) characters and their Simplified forms, one to one, from OpenCC's tables."""
    to_simplified = [OpenCC(name) for name in ("t2s", "hk2s", "tw2s")]
    pairs: dict[int, int] = {}
    for point in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)):
        for converter in to_simplified:
            simple = converter.convert(chr(point))
            if len(simple) == 1 and simple != chr(point) and ord(simple) < 0x10000:
                pairs.setdefault(point, ord(simple))
    settled = {point: pairs.get(simple, simple) for point, simple in sorted(pairs.items())}
    return np.array(list(settled), np.uint16), np.array(list(settled.values()), np.uint16)


def lexicon(data: Path, simplify: Codes, benign: str) -> tuple[Lexicon, Counter[str]]:
    """Our own word classes, then the public lists of profanity; the first class of a word wins.

    A word of the public lists that is common in ordinary answers (`benign`, in the reading view) is left out: they
    hold words such as "milk" and "period".
    """
    own: list[tuple[str, int]] = []
    section = 0
    for line in WORDS.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = CLASSES.index(line.strip("[] ")) + 1
        elif not line.startswith("#"):
            own.extend((word, section) for word in line.split())
    public: list[tuple[str, int]] = []
    profanity, slur = CLASSES.index("profanity") + 1, CLASSES.index("slur") + 1
    ordinary = Counter(re.findall(r"[a-z']+", benign))
    for name in ("profanity_en", "profanity_zh"):
        for line in (data / "lexicon" / f"{name}.jsonl").read_text("utf-8").splitlines():
            item = json.loads(line)
            word = str(item["text"]).lower()
            latin = word.isascii()
            if not re.fullmatch(r"[a-z']{3,}|[\u3400-\u9fff]{2,5}", word):
                continue
            if (ordinary[word] if latin else benign.count(word)) > 2:
                continue
            labels = item["labels"]
            if labels.get("severity_description") == "Mild":
                continue
            public.append((word, slur if labels.get("category_1") in SLUR_CATEGORIES else profanity))
    hashes: dict[int, int] = {}
    met: Counter[str] = Counter()
    for word, kind in own + public:
        codes = reading(word, simplify)
        hashed = term_hash(codes)
        if hashed in hashes or (len(codes) > 5 and is_chinese(codes)):
            continue
        hashes[hashed] = kind
        met[CLASSES[kind - 1]] += 1
    order = sorted(hashes)
    classes = np.array([hashes[each] for each in order], np.uint8)
    return Lexicon.of(np.array(order, np.uint64), classes), met


def examples(items: Iterable[tuple[Item, float, bool]]) -> list[Example]:
    """Labelled posts as they are, benign answers by the sentence and, once, as they begin."""
    found: dict[str, Example] = {}
    for item, weight, benign in items:
        if benign:
            pieces = sentences(item.text)
            chosen = [*pieces[:: max(1, len(pieces) // 6)], item.text[:300]]
            for piece in chosen:
                found.setdefault(piece, Example(piece, False, item.language, "answers", weight))
            continue
        if item.toxic is None or (not item.toxic and item.labels.get("any_harm")):
            continue
        found.setdefault(item.text, Example(item.text, item.toxic, item.language, "posts", weight))
    return list(found.values())


def matrix(chosen: Sequence[Example], simplify: Codes, words: Lexicon) -> tuple[csr_matrix, NDArray[np.int64]]:
    """One row for each window of each example, and which example a row belongs to."""
    data: list[NDArray[np.float32]] = []
    places: list[NDArray[np.int64]] = []
    owners: list[int] = []
    ends = [0]
    for index, example in enumerate(chosen):
        for window in windows(reading(example.text, simplify)):
            for block in features(window, words).blocks:
                at, counts = np.unique(block, return_counts=True)
                places.append(at)
                data.append((counts / math.sqrt(max(1, len(block)))).astype(np.float32))
            ends.append(ends[-1] + sum(len(part) for part in places[-len(BLOCK_BITS) :]))
            owners.append(index)
    shape = (len(owners), TABLE_SIZE)
    return csr_matrix((np.concatenate(data), np.concatenate(places), np.array(ends)), shape), np.array(owners)


def rarities(rows: csr_matrix) -> NDArray[np.float64]:
    """Smoothed inverse document frequencies; they end up inside the weights, so run time never needs them."""
    met = np.bincount(rows.indices, minlength=rows.shape[1])
    weights: NDArray[np.float64] = np.log((1 + rows.shape[0]) / (1 + met)) + 1
    return weights


def balanced(chosen: Sequence[Example], shares: dict[tuple[str, bool], float]) -> NDArray[np.float64]:
    """Weights that give each (group, toxic) its share of each language, and the languages the same sum."""
    weights = np.array([example.weight for example in chosen])
    keys = [(example.language, example.group, example.toxic) for example in chosen]
    sums: Counter[tuple[str, str, bool]] = Counter()
    for key, weight in zip(keys, weights, strict=True):
        sums[key] += weight
    factors = np.array([shares[key[1:]] / sums[key] for key in keys])
    balanced_weights: NDArray[np.float64] = weights * factors
    return balanced_weights


TRAIN_SHARES = {
    ("posts", True): 0.36,
    ("posts", False): 0.30,
    ("answers", False): 0.16,
    ("templates", True): 0.09,
    ("templates", False): 0.09,
}
DEV_SHARES = {("posts", True): 1 / 3, ("posts", False): 1 / 3, ("answers", False): 1 / 3}


def quantised(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], list[float]]:
    """Weights as int8 with one scale a block; the few beyond 127 steps are clipped."""
    table = np.zeros(TABLE_SIZE, np.int8)
    scales: list[float] = []
    for start, bits in zip(BLOCK_STARTS, BLOCK_BITS, strict=False):
        block = weights[start : start + (1 << bits)]
        scale = float(np.quantile(np.abs(block[block != 0]), 0.9995)) / 127
        table[start : start + len(block)] = np.clip(np.rint(block / scale), -127, 127).astype(np.int8)
        scales.append(float(f"{scale:.6g}"))
    return table, scales


def platt(raw: NDArray[np.float64], toxic: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset of a logistic curve through held-out scores (Platt 1999)."""
    fitted = LogisticRegression(C=1e6).fit(raw[:, None], toxic, sample_weight=weights * len(weights) / weights.sum())
    return float(f"{fitted.coef_[0, 0]:.6g}"), float(f"{fitted.intercept_[0]:.6g}")


def train(data: Path, out: Path, *, seed: int, each: int, strength: float) -> str:
    """Train, write the model file and its manifest line, print a report; the answer is the SHA-256."""
    out.mkdir(parents=True, exist_ok=True)
    simplify = simplifier(*(table := script_table()))
    pool = [(item, source.weight, source.benign) for source in LEARNT for item in read(data, source)]
    train_set = examples(entry for entry in pool if entry[0].part == "train")
    dev_set = examples(entry for entry in pool if entry[0].part == "dev")
    benign_texts = "\n".join(example.text.lower() for example in train_set if example.group == "answers")
    benign_view = "".join(
        map(chr, simplify[np.frombuffer(benign_texts.encode("utf-32-le", "replace"), np.uint32) & 0xFFFF])
    )
    words, met = lexicon(data, simplify, benign_view)
    for language, sentences_made in made(seed, each).items():
        train_set.extend(
            Example(each_made.text, each_made.toxic, "en" if language == "en" else "zh", "templates")
            for each_made in sentences_made
        )
    counts = Counter((example.language, example.group, example.toxic) for example in train_set)
    print("training texts:", {" ".join(map(str, key)): count for key, count in sorted(counts.items())})
    print("words known:", dict(met))
    rows, owners = matrix(train_set, simplify, words)
    toxic = np.array([example.toxic for example in train_set])[owners]
    weights = balanced(train_set, TRAIN_SHARES)
    weights = (weights / np.bincount(owners))[owners]
    weights *= len(weights) / weights.sum()
    rarity = rarities(rows)
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    fitted = model.fit((rows @ diags(rarity)).tocsr(), toxic, sample_weight=weights)
    table_int8, scales = quantised(fitted.coef_[0] * rarity)
    settings: dict[str, Any] = {
        "classes": list(CLASSES),
        "scales": scales,
        "calibration": {"en": (1.0, 0.0), "zh": (1.0, 0.0)},
        "block_bits": list(BLOCK_BITS),
        "seed": seed,
    }
    arrays: dict[str, NDArray[Any]] = {
        "traditional": table[0],
        "simplified": table[1],
        "word_hashes": words.hashes,
        "word_classes": words.classes,
        "weights": table_int8,
    }
    write_model(out / FILE, settings, arrays)
    settings["calibration"] = calibrated(Scorer.of(read_model(FILE, out)), dev_set)
    print("calibration (slope, offset):", settings["calibration"])
    digest = write_model(out / FILE, settings, arrays)
    print(f"{out / FILE}: {(out / FILE).stat().st_size} bytes, SHA-256 {digest}")
    return digest


def calibrated(scorer: Scorer, dev_set: Sequence[Example]) -> dict[str, tuple[float, float]]:
    """The calibration of each language, fitted on held-out texts with the weights of DEV_SHARES."""
    weights = balanced(dev_set, DEV_SHARES)
    found: dict[str, tuple[float, float]] = {}
    for language in LANGUAGES:
        mine = [index for index, example in enumerate(dev_set) if example.language == language]
        raw = np.array([worst(scorer, dev_set[index].text) for index in mine])
        toxic = np.array([dev_set[index].toxic for index in mine])
        found[language] = platt(raw, toxic, weights[mine])
    return found


def worst(scorer: Scorer, text: str) -> float:
    """The highest uncalibrated sum over the windows of a text."""
    return max(scorer.raw(features(window, scorer.lexicon)) for window in windows(reading(text, scorer.simplify)))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.toxicity", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets")
    parser.add_argument("--out", type=Path, default=Path("guardrail/models"), help="where the model file goes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=40, help="template sentences of each frame, at most")
    parser.add_argument("--strength", type=float, default=0.03, help="inverse of the regularisation (C)")
    chosen = parser.parse_args(arguments)
    train(chosen.data, chosen.out, seed=chosen.seed, each=chosen.each, strength=chosen.strength)
    return 0


if __name__ == "__main__":
    sys.exit(main())

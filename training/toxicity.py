"""Train the embedded toxicity scorer: `python -m training.toxicity --data ../shared/data --out guardrail/models`.

Rules:
1. It learns from the texts of `examples.py` and looks at no other set.
2. Its features are those of `guardrail.detectors.bias`, called, not copied: training cannot drift from run time.
3. It is deterministic: the same data, seed and library versions give the same file.
4. It answers two questions (HEADS) by two columns of weights over the same features.
5. With `--readers` it is also weighed with the second readers: how, is fitted on held-out texts and stands in the file,
   with the hashes of the readers that it holds for.
"""

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC
from scipy.optimize import minimize
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
from guardrail.detectors.bias.reader import SecondReader
from guardrail.detectors.bias.reading import Codes, reading, simplifier, spelt
from guardrail.detectors.bias.toxicity import FILE, HEADS, Scorer, is_chinese
from guardrail.models.store import read_model, write_model
from training.corpus import Language
from training.examples import Example, any_known, examples, harms, templates, with_disguises

Weights = NDArray[np.float64]

WORDS = Path(__file__).with_name("words.txt")
SLUR_CATEGORIES = ("racial / ethnic slurs", "sexual orientation / gender", "mental disability", "religious offense")
LANGUAGES: tuple[Language, Language] = ("en", "zh")


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


def rarities(rows: csr_matrix) -> Weights:
    """Smoothed inverse document frequencies; they end up inside the weights, so run time never needs them."""
    met = np.bincount(rows.indices, minlength=rows.shape[1])
    weights: Weights = np.log((1 + rows.shape[0]) / (1 + met)) + 1
    return weights


def balanced(chosen: Sequence[Example], answers: Sequence[bool], shares: Mapping[tuple[str, bool], float]) -> Weights:
    """Weights that give each (group, answer) its share of each language, and the languages the same sum."""
    weights = np.array([example.weight for example in chosen])
    keys = [(example.language, example.group, answer) for example, answer in zip(chosen, answers, strict=True)]
    sums: Counter[tuple[str, str, bool]] = Counter()
    for key, weight in zip(keys, weights, strict=True):
        sums[key] += weight
    factors = np.array([shares.get(key[1:], 0.0) / sums[key] for key in keys])
    balanced_weights: Weights = weights * factors
    return balanced_weights


TRAIN_SHARES = {
    ("posts", True): 0.27,
    ("posts", False): 0.23,
    ("answers", False): 0.14,
    ("templates", True): 0.10,
    ("templates", False): 0.12,
    ("harms", True): 0.09,
    ("harms", False): 0.09,
}
DEV_SHARES = {("posts", True): 1 / 3, ("posts", False): 1 / 3, ("answers", False): 1 / 3}


def fitted(rows: csr_matrix, wanted: Weights, weights: Weights, strength: float) -> Weights:
    """The coefficients of a logistic regression; `strength` is the inverse of the ridge penalty (scikit-learn's C)."""
    flipped = rows.T.tocsr()

    def loss(parameters: Weights) -> tuple[float, Weights]:
        coefficients, offset = parameters[:-1], parameters[-1]
        raw = rows @ coefficients + offset
        errors = weights * (1 / (1 + np.exp(-raw)) - wanted)
        value = float((weights * (np.logaddexp(0, raw) - wanted * raw)).sum())
        gradient = np.append(flipped @ errors + coefficients / strength, errors.sum())
        return value + float(coefficients @ coefficients) / (2 * strength), gradient

    start = np.zeros(rows.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150, "maxcor": 12, "ftol": 1e-7})
    coefficients: Weights = found.x[:-1]
    return coefficients


def quantised(weights: Weights) -> tuple[NDArray[np.int8], list[float]]:
    """Weights as int8 with one scale a block; the few beyond 127 steps are clipped."""
    table = np.zeros(TABLE_SIZE, np.int8)
    scales: list[float] = []
    for start, bits in zip(BLOCK_STARTS, BLOCK_BITS, strict=False):
        block = weights[start : start + (1 << bits)]
        scale = float(np.quantile(np.abs(block[block != 0]), 0.9995)) / 127
        table[start : start + len(block)] = np.clip(np.rint(block / scale), -127, 127).astype(np.int8)
        scales.append(float(f"{scale:.6g}"))
    return table, scales


def platt(raw: Weights, toxic: NDArray[np.bool_], weights: Weights) -> tuple[float, float]:
    """Slope and offset of a logistic curve through held-out scores (Platt 1999)."""
    model = LogisticRegression(C=1e6).fit(raw[:, None], toxic, sample_weight=weights * len(weights) / weights.sum())
    return float(f"{model.coef_[0, 0]:.6g}"), float(f"{model.intercept_[0]:.6g}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the scorer is trained: `each` made sentences of a frame at most, `strength` as in `fitted`, `disguises` the
    share of English texts that are there once more in disguise."""

    seed: int = 1
    each: int = 16
    strength: float = 0.03
    disguises: float = 0.1


def train(data: Path, out: Path, recipe: Recipe, readers: Path | None) -> str:
    """Train, write the model file and its manifest line, print a report; the answer is the SHA-256."""
    out.mkdir(parents=True, exist_ok=True)
    simplify = simplifier(*(table := script_table()))
    posts, dev_set = ([one for one in examples(data, part) if any_known(one.labels[:2])] for part in ("train", "dev"))
    benign_texts = "\n".join(example.text.lower() for example in posts if example.group == "answers")
    benign_view = "".join(
        map(chr, simplify[np.frombuffer(benign_texts.encode("utf-32-le", "replace"), np.uint32) & 0xFFFF])
    )
    words, met = lexicon(data, simplify, benign_view)
    ours = [*templates(recipe.seed, recipe.each), *harms()]
    train_set = with_disguises([*posts, *ours], recipe.disguises, recipe.seed)
    counts = Counter((example.language, example.group, example.labels[:2]) for example in train_set)
    print("training texts:", {" ".join(map(str, key)): count for key, count in sorted(counts.items(), key=str)})
    print("words known:", dict(met), flush=True)
    rows, owners = matrix(train_set, simplify, words)
    rarity = rarities(rows)
    rows = (rows @ diags(rarity)).tocsr()
    tables: list[NDArray[np.int8]] = []
    scales: list[list[float]] = []
    for question in range(len(HEADS)):
        table_int8, found = quantised(head(rows, owners, train_set, question, recipe.strength) * rarity)
        tables.append(table_int8)
        scales.append(found)
    settings: dict[str, Any] = {
        "classes": list(CLASSES),
        "heads": list(HEADS),
        "scales": scales,
        "calibration": {language: [(1.0, 0.0)] * len(HEADS) for language in LANGUAGES},
        "block_bits": list(BLOCK_BITS),
        "recipe": asdict(recipe),
    }
    arrays: dict[str, NDArray[Any]] = {
        "traditional": table[0],
        "simplified": table[1],
        "word_hashes": words.hashes,
        "word_classes": words.classes,
        "weights": np.stack(tables, axis=1),
    }
    write_model(out / FILE, settings, arrays)
    scorer = Scorer.of(read_model(FILE, out))
    settings["calibration"] = calibrated(scorer, dev_set)
    print("calibration (slope, offset):", settings["calibration"])
    if readers:
        settings["combined"] = combined(scorer, dev_set, readers)
        print("combined (scorer, second reader, offset):", settings["combined"])
    digest = write_model(out / FILE, settings, arrays)
    print(f"{out / FILE}: {(out / FILE).stat().st_size} bytes, SHA-256 {digest}")
    return digest


def head(
    rows: csr_matrix, owners: NDArray[np.int64], chosen: Sequence[Example], question: int, strength: float
) -> Weights:
    """The coefficients for one question, learnt from the texts that have a label for it."""
    labels = [example.labels[question] for example in chosen]
    wanted = np.array([bool(label) for label in labels])
    known = np.array([label is not None for label in labels])
    weights = balanced(chosen, wanted.tolist(), TRAIN_SHARES) * known
    spread = (weights / np.bincount(owners, minlength=len(chosen)))[owners]
    spread *= len(spread) / spread.sum()
    return fitted(rows, wanted[owners].astype(np.float64), spread, strength)


def calibrated(scorer: Scorer, dev_set: Sequence[Example]) -> dict[str, list[tuple[float, float]]]:
    """The calibration of each language and question, fitted on held-out texts with the weights of DEV_SHARES."""
    found: dict[str, list[tuple[float, float]]] = {}
    for language in LANGUAGES:
        mine = [example for example in dev_set if example.language == language]
        raws = np.array([worst(scorer, example.text) for example in mine])
        found[language] = []
        for question in range(len(HEADS)):
            known = [index for index, example in enumerate(mine) if example.labels[question] is not None]
            some = [mine[index] for index in known]
            truth = np.array([bool(example.labels[question]) for example in some])
            weights = balanced(some, truth.tolist(), DEV_SHARES)
            found[language].append(platt(raws[known, question], truth, weights))
    return found


def combined(scorer: Scorer, dev_set: Sequence[Example], directory: Path) -> dict[str, dict[str, Any]]:
    """How the second reader of each language is weighed with the scorer, fitted on the same held-out texts."""
    found: dict[str, dict[str, Any]] = {}
    for language in LANGUAGES:
        mine = [example for example in dev_set if example.language == language]
        raws = np.array([worst(scorer, example.text) for example in mine])
        reader = SecondReader(language, directory)
        digest = reader.load()
        said = np.array([worst_of_reader(reader, scorer, example.text) for example in mine])
        curves = []
        for question in range(len(HEADS)):
            known = [index for index, example in enumerate(mine) if example.labels[question] is not None]
            some = [mine[index] for index in known]
            truth = np.array([bool(example.labels[question]) for example in some])
            weights = balanced(some, truth.tolist(), DEV_SHARES)
            both = np.column_stack((raws[known, question], said[known, question]))
            model = LogisticRegression(C=1e6).fit(both, truth, sample_weight=weights * len(weights) / weights.sum())
            curves.append([float(f"{value:.6g}") for value in (*model.coef_[0], model.intercept_[0])])
        found[language] = {"sha256": digest, "curves": curves}
    return found


def worst_of_reader(reader: SecondReader, scorer: Scorer, text: str) -> list[float]:
    """The highest logits of a second reader over the windows of a text, for each question."""
    views = [spelt(window) for window in windows(reading(text, scorer.simplify))]
    highest: list[float] = reader.logits(views)[:, : len(HEADS)].max(axis=0).tolist()
    return highest


def worst(scorer: Scorer, text: str) -> list[float]:
    """The highest uncalibrated sum over the windows of a text, for each question."""
    raws = [scorer.raws(features(window, scorer.lexicon))[0] for window in windows(reading(text, scorer.simplify))]
    return [max(column) for column in zip(*raws, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.toxicity", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets")
    parser.add_argument("--out", type=Path, default=Path("guardrail/models"), help="where the model file goes")
    parser.add_argument("--readers", type=Path, help="the directory of the second readers to be weighed with")
    for name, default in asdict(Recipe()).items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    chosen = vars(parser.parse_args(arguments))
    recipe = Recipe(**{name: chosen[name] for name in asdict(Recipe())})
    train(chosen["data"], chosen["out"], recipe, chosen["readers"])
    return 0


if __name__ == "__main__":
    sys.exit(main())

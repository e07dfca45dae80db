"""Train a second reader, a small network: `python -m training.network --language en --data DIR --base DIR --out DIR`.

Rules:
1. It starts from a published sentence encoder, cut down by `training.encoders`, and learns from the texts of
   `examples.py` alone; HateCheck and everything else that is only measured is never looked at for a weight.
2. Several teachers are trained with different seeds; one student learns what they say on average, beside the labels
   (Hinton, Vinyals and Dean 2015).  The student alone is kept; it may have fewer layers.
3. Word pieces' vectors stay as they were published: a few thousand texts would move some of them and not their kin.
4. With `--start` a trained network learns our own sentences on groups and repeats a sample of the rest, which takes
   minutes on a CPU.
5. From the start it takes hours on a CPU and minutes on a GPU.  Two runs agree in their figures within the intervals of
   the evaluation, not in every bit: the order of sums on a GPU is not fixed.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from guardrail.text.pieces import END, START, Unigram, WordPiece
from training.corpus import Language
from training.examples import QUESTIONS, Example, examples, harms, templates, with_disguises
from training.views import plain

PROMPT_TOKENS = 40
SECOND_SHARES = (0.31, 0.14, 0.19, 0.03, 0.33)
"""The shares (see Recipe) of the second pass, which is about our own sentences on groups."""
_LAYER = re.compile(r"encoder\.layer\.(\d+)\.(.+)")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    `shares` are those of the sum of weights that posts, answers, made sentences, opinions and our own sentences on
    groups have; `trust` is what a student gives to its teachers' word; after `patience` seconds no further teacher is
    trained; `rehearsed` texts are repeated when a network goes on.
    """

    epochs: int = 4
    student_epochs: int = 6
    rate: float = 7e-5
    batch: int = 64
    each: int = 12
    answers: int = 6_000
    disguises: float = 0.15
    smoothing: float = 0.03
    dropout: float = 0.1
    teachers: int = 5
    trust: float = 0.7
    decay: float = 0.85
    layers: int = 0
    tokens: int = 160
    rehearsed: int = 3_000
    patience: float = 86_400.0
    shares: tuple[float, float, float, float, float] = (0.46, 0.16, 0.18, 0.05, 0.15)


class Reader(nn.Module):
    """A BERT encoder, the mean over its pieces, and one logit for each of QUESTIONS."""

    def __init__(self, bert: Any, dropout: float) -> None:
        super().__init__()
        self.bert = bert
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(bert.config.hidden_size, len(QUESTIONS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits, shape (texts, QUESTIONS)."""
        out = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        mask = attention_mask[:, :, None].to(out.last_hidden_state.dtype)
        mean = (out.last_hidden_state * mask).sum(1) / mask.sum(1)
        logits: Tensor = self.head(self.drop(mean))
        return logits


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts as pieces, shape (texts, longest), padded on the right; `segments` is 1 where the reply to a prompt is."""

    ids: Tensor
    mask: Tensor
    segments: Tensor

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pieces of each text."""
        lengths: NDArray[np.int64] = self.mask.sum(1).cpu().numpy()
        return lengths

    def some(self, at: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Identifiers, mask and segments of some texts, no wider than the longest of them."""
        mask = self.mask[at]
        longest = int(mask.sum(1).max())
        return self.ids[at, :longest], mask[:, :longest], self.segments[at, :longest]


def pieces_of(base: Path) -> WordPiece | Unigram:
    """The tokeniser of an encoder that `training.encoders` wrote."""
    pieces = json.loads((base / "pieces.json").read_text("utf-8"))
    return WordPiece([piece for piece, _ in pieces]) if pieces[0][0] == "[PAD]" else Unigram(pieces)


def encoded(cut: WordPiece | Unigram, chosen: Sequence[Example], tokens: int, device: str = "cpu") -> Encoded:
    """The pieces of each example, `tokens` at most; its prompt, if any, comes first and is cut from the left."""
    pieces, segments = [], []
    for example in chosen:
        text = cut.encode(plain(example.text))
        prompt = cut.encode(plain(example.prompt)) if example.prompt else []
        first = [START, *prompt[-PROMPT_TOKENS:], END] if prompt else [START]
        second = [*text[: tokens - len(first) - 1], END]
        pieces.append([*first, *second])
        segments.append([0] * len(first) + ([1] if prompt else [0]) * len(second))
    longest = max(map(len, pieces))
    ids, mask, parts = (torch.zeros((len(pieces), longest), dtype=torch.long) for _ in range(3))
    for row, (numbers, sides) in enumerate(zip(pieces, segments, strict=True)):
        ids[row, : len(numbers)] = torch.tensor(numbers)
        mask[row, : len(numbers)] = 1
        parts[row, : len(numbers)] = torch.tensor(sides)
    return Encoded(ids.to(device), mask.to(device), parts.to(device))


def built(base: Path, dropout: float, layers: int = 0) -> Reader:
    """The encoder with a new head; with `layers`, only so many of its layers, evenly chosen."""
    from transformers import BertConfig, BertModel

    settings = json.loads((base / "config.json").read_text("utf-8"))
    weights = load_file(base / "model.safetensors")
    every = settings["num_hidden_layers"]
    if layers and layers < every:
        chosen = [round(at * (every - 1) / (layers - 1)) for at in range(layers)]
        weights = {_layer_moved(name, chosen): value for name, value in weights.items() if _is_kept(name, chosen)}
        settings["num_hidden_layers"] = layers
    bert = BertModel(BertConfig(**settings), add_pooling_layer=False)
    missing, unexpected = bert.load_state_dict({name: value.float() for name, value in weights.items()}, strict=False)
    if unexpected or any("position_ids" not in name for name in missing):
        raise ValueError(f"{base} does not fill the network: {missing[:3]} {unexpected[:3]}")
    bert.embeddings.word_embeddings.weight.requires_grad = False
    return Reader(bert, dropout)


def _is_kept(name: str, chosen: Sequence[int]) -> bool:
    found = _LAYER.match(name)
    return found is None or int(found[1]) in chosen


def _layer_moved(name: str, chosen: Sequence[int]) -> str:
    found = _LAYER.match(name)
    return name if found is None else f"encoder.layer.{chosen.index(int(found[1]))}.{found[2]}"


def targets(chosen: Sequence[Example]) -> NDArray[np.float32]:
    """1, 0 or not-a-number for each example and question."""
    return np.array(
        [[np.nan if label is None else float(label) for label in example.labels] for example in chosen], np.float32
    )


def weights(chosen: Sequence[Example], recipe: Recipe) -> NDArray[np.float32]:
    """Weights with mean 1 that give each group its share, and within posts both answers the same."""
    groups = ("posts", "answers", "templates", "opinions", "harms")
    sums: Counter[tuple[str, bool]] = Counter()
    keys = [(example.group, example.toxic or bool(example.labels[1])) for example in chosen]
    for key, example in zip(keys, chosen, strict=True):
        sums[key] += example.weight  # type: ignore[assignment]
    halves = Counter(group for group, _ in sums)
    share = dict(zip(groups, recipe.shares, strict=True))
    found = np.array(
        [
            example.weight * share[key[0]] / halves[key[0]] / sums[key]
            for key, example in zip(keys, chosen, strict=True)
        ],
        np.float32,
    )
    scaled: NDArray[np.float32] = found * (len(found) / found.sum())
    return scaled


def fine_tune(
    model: Reader,
    texts: Encoded,
    goals: NDArray[np.float32],
    weight: NDArray[np.float32],
    recipe: Recipe,
    seed: int,
    device: str,
) -> Reader:
    """Train with AdamW, a short warm-up and a linear decay; the head learns faster, lower layers more slowly (Howard
    and Ruder 2018)."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    model = model.to(device).train()
    optimiser = torch.optim.AdamW(_paces(model, recipe), weight_decay=0.01, fused=device != "cpu")
    size, steps = recipe.batch, recipe.epochs * (len(goals) // recipe.batch)
    warm = max(1, steps // 16)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )
    known = torch.tensor(~np.isnan(goals), device=device)
    wanted = torch.tensor(np.nan_to_num(goals), device=device)
    wanted = wanted * (1 - 2 * recipe.smoothing) + recipe.smoothing
    weighing = torch.tensor(weight, device=device)
    lengths = texts.lengths
    for _ in range(recipe.epochs):
        for at in _batches(lengths, size, dice):
            inputs = texts.some(at)
            with torch.autocast(device_type=device.split(":")[0], dtype=torch.bfloat16, enabled=True):
                logits = model(*inputs).float()
            losses = nn.functional.binary_cross_entropy_with_logits(logits, wanted[at], reduction="none")
            loss = (losses * known[at] * weighing[at][:, None]).sum() / known[at].sum().clamp(min=1)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            plan.step()
    return model.eval()


def _paces(model: Reader, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters, each with its rate."""
    layers = model.bert.config.num_hidden_layers
    groups: list[dict[str, Any]] = [{"params": list(model.head.parameters()), "lr": recipe.rate * 10}]
    for name, parameter in model.bert.named_parameters():
        if parameter.requires_grad:
            found = _LAYER.match(name)
            below = layers - 1 - int(found[1]) if found else layers
            groups.append({"params": [parameter], "lr": recipe.rate * recipe.decay**below})
    return groups


def _batches(lengths: NDArray[np.int64], size: int, dice: np.random.Generator) -> list[list[int]]:
    """Every full batch once, in random order; texts of like length share one, which saves padding."""
    order = np.argsort(lengths + dice.normal(0, 6, len(lengths)))
    groups = [order[at : at + size].tolist() for at in range(0, len(order) - size + 1, size)]
    dice.shuffle(groups)
    return groups


def logits_of(model: Reader, texts: Encoded, device: str, size: int = 256) -> NDArray[np.float32]:
    """The logits of every text, shape (texts, QUESTIONS)."""
    order = np.argsort(texts.lengths, kind="stable").tolist()
    found = np.zeros((len(order), len(QUESTIONS)), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            at = order[start : start + size]
            found[at] = model(*texts.some(at)).float().cpu().numpy()
    return found


def taught(goals: NDArray[np.float32], said: NDArray[np.float32], trust: float) -> NDArray[np.float32]:
    """What the student learns: the teachers' word, mixed with the label where there is one."""
    mixed: NDArray[np.float32] = np.where(np.isnan(goals), said, trust * said + (1 - trust) * goals)
    return mixed


def pool(data: Path, language: Language, recipe: Recipe, seed: int) -> list[Example]:
    """The texts that are learnt from."""
    found = examples(data, "train", (language,))
    dice = np.random.default_rng(seed)
    answers = [example for example in found if example.group == "answers"]
    if len(answers) > recipe.answers:
        answers = [answers[index] for index in sorted(dice.choice(len(answers), recipe.answers, replace=False))]
    rest = [example for example in found if example.group != "answers"]
    made = [*templates(seed, recipe.each, (language,)), *harms((language,))]
    return with_disguises([*rest, *answers, *made], recipe.disguises, seed)


def train(data: Path, base: Path, out: Path, language: Language, recipe: Recipe, seed: int, device: str) -> Reader:
    """Train teachers and student and write `weights.npz`, `pieces.json` and `recipe.json` to `out`."""
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    chosen = pool(data, language, recipe, seed)
    print("texts:", dict(Counter(f"{example.group} {example.labels[:2]}" for example in chosen)), flush=True)
    texts = encoded(pieces_of(base), chosen, recipe.tokens, device)
    goals, weight = targets(chosen), weights(chosen, recipe)
    said, taught_by = np.zeros_like(goals), 0
    for number in range(recipe.teachers):
        if time.monotonic() - started > recipe.patience:
            break
        teacher = fine_tune(built(base, recipe.dropout), texts, goals, weight, recipe, seed + number, device)
        said += 1 / (1 + np.exp(-logits_of(teacher, texts, device)))
        taught_by += 1
        print(f"teacher {number + 1} of {recipe.teachers} after {time.monotonic() - started:.0f} s", flush=True)
    learnt = taught(goals, said / taught_by, recipe.trust) if taught_by else goals
    longer = replace(recipe, epochs=recipe.student_epochs)
    student = fine_tune(built(base, recipe.dropout, recipe.layers), texts, learnt, weight, longer, seed + 99, device)
    write(student, base, recipe, out)
    print(f"done after {time.monotonic() - started:.0f} s", flush=True)
    return student


def go_on(
    data: Path, base: Path, start: Path, out: Path, language: Language, recipe: Recipe, seed: int, device: str
) -> Reader:
    """Teach a trained network our own sentences on groups, and let it repeat `rehearsed` of the other texts, in its own
    words, so that it forgets none of them (Li and Hoiem 2016); write to `out` as `train` does."""
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    everything = pool(data, language, recipe, seed)
    others = [example for example in everything if example.group != "harms"]
    picked = np.random.default_rng(seed).choice(len(others), min(recipe.rehearsed, len(others)), replace=False)
    chosen = [*(others[index] for index in picked), *(one for one in everything if one.group == "harms")]
    texts = encoded(pieces_of(base), chosen, recipe.tokens, device)
    goals, weight = targets(chosen), weights(chosen, replace(recipe, shares=SECOND_SHARES))
    model = reloaded(base, start, recipe).to(device)
    said = 1 / (1 + np.exp(-logits_of(model, texts, device)))
    fresh = np.array([example.group == "harms" for example in chosen])
    learnt = np.where(fresh[:, None], taught(goals, said, 0.0), taught(goals, said, recipe.trust)).astype(np.float32)
    print(f"{int(fresh.sum())} sentences, {len(picked)} repeated, after {time.monotonic() - started:.0f} s", flush=True)
    student = fine_tune(model, texts, learnt, weight, recipe, seed, device)
    write(student, base, recipe, out)
    print(f"done after {time.monotonic() - started:.0f} s", flush=True)
    return student


def reloaded(base: Path, directory: Path, recipe: Recipe) -> Reader:
    """A network that `write` wrote, with the vectors of its base.  Raises ValueError where they do not fit."""
    model = built(base, recipe.dropout, recipe.layers)
    arrays = np.load(directory / "weights.npz")
    state = {name: torch.tensor(arrays[name].astype(np.float32)) for name in arrays.files}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any("word_embeddings" not in name for name in missing):
        raise ValueError(f"{directory} does not fit {base}: {missing[:3]} {unexpected[:3]}")
    return model


def write(model: Reader, base: Path, recipe: Recipe, out: Path) -> None:
    """The weights that were learnt, in half precision (those of word pieces were not), the pieces and the recipe."""
    state = {
        name: value.detach().cpu().numpy().astype(np.float16)
        for name, value in model.state_dict().items()
        if "word_embeddings" not in name
    }
    np.savez(out / "weights.npz", **state)
    (out / "pieces.json").write_bytes((base / "pieces.json").read_bytes())
    settings = {**json.loads((base / "config.json").read_text("utf-8")), **asdict(recipe)}
    (out / "recipe.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.network", description=__doc__)
    parser.add_argument("--language", choices=("en", "zh"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="the directory of the data sets")
    parser.add_argument("--base", type=Path, required=True, help="the directory that training.encoders wrote")
    parser.add_argument("--out", type=Path, required=True, help="where the weights go, before conversion")
    parser.add_argument("--start", type=Path, help="a trained network to go on from, with our own sentences on groups")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    for name, default in asdict(Recipe()).items():
        if not isinstance(default, tuple):
            parser.add_argument(f"--{name}", type=type(default), default=default)
    chosen = vars(parser.parse_args(arguments))
    recipe = Recipe(**{name: chosen[name] for name in asdict(Recipe()) if name in chosen})
    paths = chosen["data"], chosen["base"], chosen["out"]
    rest = chosen["language"], recipe, chosen["seed"], chosen["device"]
    if chosen["start"]:
        go_on(*paths[:2], chosen["start"], paths[2], *rest)
    else:
        train(*paths, *rest)
    return 0


if __name__ == "__main__":
    sys.exit(main())

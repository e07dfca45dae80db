"""Train the reader of sources, a small cross-encoder: `python -m training.grounding_network --base DIR --out DIR`.

Rules:
1. It starts from all-MiniLM-L6-v2 (Apache-2.0), cut down by `training.grounding_examples`, and learns from that
   module's claims alone.  What is only measured (QAGS, FaithBench, every test part) is never looked at for a weight or
   a choice.
2. A claim and its passages are read together.  Beside its word piece each place knows whether that piece stands on
   the other side too (four values), which is what a small network does not learn to look up by itself.
3. What says "not borne out" is a claim's beginning, the mean of its pieces and the strongest of them, so one wrong
   word in a long sentence is not diluted.  While learning, each piece of a claim is also asked whether an edit brought
   it in.
4. Word pieces' vectors stay as they were published: a few thousand texts would move some of them and not their kin.
5. The time that a run may take is given, and the rate of learning falls to nothing over it, so a run on a busy CPU ends
   as well as one on a GPU, having seen less.  Two runs are never alike in every bit.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

MATCHES = 4
WARM, CHECKPOINT = 40, 50
"""Steps over which the rate rises, and after which what is learnt is written."""
COMPARED = (0.05, 0.1)
"""Shares of false alarms on supported claims that are no copies at which recall is printed."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network is trained.  `marked` weighs the question which pieces are wrong; `decay` slows lower layers."""

    minutes: float = 22.0
    rate: float = 1.5e-4
    batch: int = 24
    half: bool = True
    decay: float = 0.9
    dropout: float = 0.1
    smoothing: float = 0.02
    marked: float = 0.5
    seed: int = 1


class Reader(nn.Module):
    """A BERT encoder with a vector more for each place, and one logit: the passages do not bear the claim out."""

    def __init__(self, bert: Any, dropout: float) -> None:
        super().__init__()
        self.bert = bert
        size = bert.config.hidden_size
        self.match = nn.Embedding(MATCHES, size)
        nn.init.normal_(self.match.weight, std=0.02)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(3 * size, 1)
        self.piece = nn.Linear(size, 1)

    def read(self, ids: Tensor, sides: Tensor, matches: Tensor, mask: Tensor) -> Tensor:
        """What is known of each place, shape (claims, pieces, size)."""
        vectors = self.bert.embeddings.word_embeddings(ids) + self.match(matches)
        hidden: Tensor = self.bert(inputs_embeds=vectors, attention_mask=mask, token_type_ids=sides).last_hidden_state
        return hidden

    def judged(self, hidden: Tensor, sides: Tensor, mask: Tensor) -> Tensor:
        """One logit a claim."""
        own = (mask * (1 - sides))[:, :, None].to(hidden.dtype)
        mean = (hidden * own).sum(1) / own.sum(1)
        most = (hidden + (own - 1) * 1e4).amax(1)
        logits: Tensor = self.head(self.drop(torch.cat([hidden[:, 0], mean, most], 1)))[:, 0]
        return logits

    def forward(self, ids: Tensor, sides: Tensor, matches: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """One logit a claim and one a piece."""
        hidden = self.read(ids, sides, matches, mask)
        return self.judged(hidden, sides, mask), self.piece(self.drop(hidden))[:, :, 0]


@dataclass(frozen=True, slots=True)
class Packed:
    """Examples as `training.grounding_examples` packs them, the pieces of all of them one after the other."""

    arrays: dict[str, NDArray[Any]]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def read(cls, path: Path) -> "Packed":
        """From a file."""
        given = np.load(path)
        ends = given["ends"].astype(np.int64)
        return cls({name: given[name] for name in given.files}, np.concatenate([[0], ends[:-1]]), ends)

    def every(self, step: int) -> "Packed":
        """Every so many of the examples."""
        at = np.arange(0, len(self.ends), step)
        places = np.concatenate([np.arange(self.begins[n], self.ends[n]) for n in at])
        by_piece = ("ids", "sides", "matches", "marks")
        arrays = {name: value[places if name in by_piece else at] for name, value in self.arrays.items()}
        ends = np.cumsum(self.lengths[at])
        return Packed(arrays | {"ends": ends}, np.concatenate([[0], ends[:-1]]), ends)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pieces of each example."""
        lengths: NDArray[np.int64] = self.ends - self.begins
        return lengths

    def some(self, at: NDArray[np.int64], device: str) -> dict[str, Tensor]:
        """Some examples, padded to the longest of them."""
        lengths = self.lengths[at]
        places = np.arange(lengths.max())[None, :]
        mask = places < lengths[:, None]
        where = np.where(mask, self.begins[at][:, None] + places, 0)
        found = {
            name: np.where(mask, self.arrays[name][where], 0).astype(np.int64)
            for name in ("ids", "sides", "matches", "marks")
        }
        found["mask"] = mask.astype(np.int64)
        found["wrong"] = 1 - self.arrays["supported"][at].astype(np.int64)
        return {name: torch.from_numpy(value).to(device, non_blocking=True) for name, value in found.items()}


def built(base: Path, dropout: float) -> Reader:
    """The encoder with new heads."""
    from transformers import BertConfig, BertModel

    settings = json.loads((base / "config.json").read_text("utf-8"))
    bert = BertModel(BertConfig(**settings), add_pooling_layer=False)
    weights = {name: value.float() for name, value in load_file(base / "model.safetensors").items()}
    missing, unexpected = bert.load_state_dict(weights, strict=False)
    if unexpected or any("position_ids" not in name for name in missing):
        raise ValueError(f"{base} does not fill the network: {missing[:3]} {unexpected[:3]}")
    bert.embeddings.word_embeddings.weight.requires_grad = False
    return Reader(bert, dropout)


def batches(packed: Packed, size: int, dice: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Batches without end, drawn by `weights`; examples of like length share one, which saves padding."""
    chances = weights(packed)
    while True:
        drawn = dice.choice(len(chances), 16 * size, p=chances)
        groups = np.split(drawn[np.argsort(packed.lengths[drawn] + dice.normal(0, 6, len(drawn)))], 16)
        dice.shuffle(groups)
        yield from groups


def weights(packed: Packed) -> NDArray[np.float64]:
    """How often each example is drawn: supported and unsupported claims alike together, and rare edits more than their
    number, by its square root."""
    sorts, supported = packed.arrays["sorts"], packed.arrays["supported"].astype(bool)
    found = np.ones(len(sorts))
    for sort in np.unique(sorts):
        found[sorts == sort] = 1 / np.sqrt((sorts == sort).sum())
    for side in (supported, ~supported):
        found[side] /= 2 * found[side].sum()
    return found


def train(packed: Packed, dev: Packed, model: Reader, recipe: Recipe, out: Path, base: Path, device: str) -> Reader:
    """Train with AdamW, a short warm-up and a linear decay over the minutes that are given; what is learnt is written
    every CHECKPOINT steps."""
    torch.manual_seed(recipe.seed)
    dice = np.random.default_rng(recipe.seed)
    model = model.to(device).train()
    optimiser = torch.optim.AdamW(_paces(model, recipe), weight_decay=0.01)
    rates = [group["lr"] for group in optimiser.param_groups]
    started, step = time.monotonic(), 0
    for at in batches(packed, recipe.batch, dice):
        done = (time.monotonic() - started) / (60 * recipe.minutes)
        if done >= 1:
            break
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min((step + 1) / WARM, 1.0) * (1 - done)
        given = packed.some(at, device)
        wanted = given["wrong"].float() * (1 - 2 * recipe.smoothing) + recipe.smoothing
        with torch.autocast(device_type=device.split(":")[0], dtype=torch.bfloat16, enabled=recipe.half):
            logits, pieces = model(given["ids"], given["sides"], given["matches"], given["mask"])
        loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        loss = loss + recipe.marked * _marked(pieces.float(), given)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % CHECKPOINT == 0:
            write(model, base, recipe, out)
            print(f"{step} steps after {time.monotonic() - started:.0f} s, loss {float(loss.detach()):.3f}", flush=True)
    write(model, base, recipe, out)
    print(f"{step} steps after {time.monotonic() - started:.0f} s", flush=True)
    print(told(dev, logits_of(model, dev, device), base), flush=True)
    return model.eval()


def _marked(pieces: Tensor, given: dict[str, Tensor]) -> Tensor:
    """The loss of the question which pieces of a claim an edit brought in; asked of claims with a known answer: those
    that are supported, where it is none, and edited ones."""
    known = (given["wrong"] == 0) | (given["marks"].sum(1) > 0)
    own = (given["mask"] * (1 - given["sides"]) * known[:, None]).float()
    losses = nn.functional.binary_cross_entropy_with_logits(
        pieces, given["marks"].float(), reduction="none", pos_weight=pieces.new_tensor(4.0)
    )
    return (losses * own).sum() / own.sum().clamp(min=1)


def _paces(model: Reader, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters, each with its rate: what is new learns fastest, lower layers more slowly."""
    layers = model.bert.config.num_hidden_layers
    new = [*model.match.parameters(), *model.head.parameters(), *model.piece.parameters()]
    groups: list[dict[str, Any]] = [{"params": new, "lr": recipe.rate * 5}]
    for name, parameter in model.bert.named_parameters():
        if parameter.requires_grad:
            found = name.split(".")
            below = layers - 1 - int(found[2]) if found[0] == "encoder" else layers
            groups.append({"params": [parameter], "lr": recipe.rate * recipe.decay**below})
    return groups


def logits_of(model: Reader, packed: Packed, device: str, size: int = 256) -> NDArray[np.float32]:
    """The logit of every example."""
    model.eval()
    order = np.argsort(packed.lengths, kind="stable")
    found = np.zeros(len(order), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            at = order[start : start + size]
            given = packed.some(at, device)
            said, _ = model(given["ids"], given["sides"], given["matches"], given["mask"])
            found[at] = said.float().cpu().numpy()
    return found


def told(packed: Packed, logits: NDArray[np.float32], base: Path) -> str:
    """Recall of each sort at some shares of false alarms on supported claims that are no copies."""
    names = json.loads((base / "sorts.json").read_text("utf-8"))
    sorts, arrays = packed.arrays["sorts"], packed.arrays
    plain = (sorts == 0) & (arrays["verbatim"] == 0)
    lines = []
    for allowed in COMPARED:
        bound = np.quantile(logits[plain], 1 - allowed)
        shares = [
            f"{name} {(logits[sorts == n] > bound).mean():.2f}" for n, name in enumerate(names) if (sorts == n).any()
        ]
        edits = (sorts > 0) & (sorts < 9)
        lines.append(f"  at {allowed:.0%}: all {(logits[edits] > bound).mean():.3f}; " + ", ".join(shares))
    return "\n".join(lines)


def write(model: Reader, base: Path, recipe: Recipe, out: Path) -> None:
    """The weights that were learnt, in half precision (those of word pieces were not), and the recipe."""
    out.mkdir(parents=True, exist_ok=True)
    state = {
        name: value.detach().cpu().numpy().astype(np.float16)
        for name, value in model.state_dict().items()
        if "word_embeddings" not in name
    }
    np.savez(out / "weights.npz", **state)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", "utf-8")


def reloaded(base: Path, learnt: Path) -> Reader:
    """A network that `write` wrote, with the vectors of its base.  Raises ValueError where they do not fit."""
    model = built(base, 0.0)
    arrays = np.load(learnt / "weights.npz")
    state = {name: torch.tensor(arrays[name].astype(np.float32)) for name in arrays.files}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any("word_embeddings" not in name for name in missing):
        raise ValueError(f"{learnt} does not fit {base}: {missing[:3]} {unexpected[:3]}")
    return model.eval()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.grounding_network", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="the directory that training.grounding_examples wrote")
    parser.add_argument("--out", type=Path, required=True, help="where the weights go, before conversion")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for name, default in asdict(Recipe()).items():
        kind = parser.add_argument(f"--{name}", type=type(default), default=default)
        if isinstance(default, bool):
            kind.type = lambda word: word == "yes"
    chosen = vars(parser.parse_args(arguments))
    recipe = Recipe(**{name: chosen[name] for name in asdict(Recipe())})
    packed, dev = (Packed.read(chosen["base"] / f"{name}.npz") for name in ("train", "dev"))
    model = built(chosen["base"], recipe.dropout)
    train(packed, dev, model, recipe, chosen["out"], chosen["base"], chosen["device"])
    return 0


if __name__ == "__main__":
    sys.exit(main())

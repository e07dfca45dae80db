"""Detoxify as int8 in ONNX Runtime against Detoxify in torch: CPU time and decisions, on the same texts in one run.

    python -m benchmarks.detoxify [--kind Bert] [--rounds 3] [--json FILE]

Rules:
1. CPU time of this process, both on one thread, each text by itself, in turns (torch, ONNX, torch, ...); of the rounds
   the least counts.  What is stated is the ratio.
2. Time is measured on a network of the size of bert-base with random weights, whose speed is that of the released one.
   Its decisions say nothing, so none are compared.  Decisions are compared on a tiny network that was trained to find
   words (`detoxify_networks.py`): its scores spread over 0..1, but it is no Detoxify.
3. With GUARDRAIL_DETOXIFY_CHECKPOINT and GUARDRAIL_DETOXIFY_CONFIG both are measured on that checkpoint as well, and
   only those figures are about Detoxify itself.
"""

import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import click
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import detoxify_networks as networks
from guardrail.detectors.bias import detoxify_add, detoxify_parity
from guardrail.detectors.bias.detoxify import CHECKPOINT_VARIABLE, CONFIG_VARIABLE, stored_engine, windows
from guardrail.detectors.bias.detoxify_convert import convert
from guardrail.detectors.bias.detoxify_onnx import MODEL, OnnxEngine, has_vnni
from guardrail.detectors.bias.detoxify_parity import LEAST_SAME, embedded_texts
from guardrail.detectors.bias.detoxify_torch import Engine, digest, load_engine
from guardrail.errors import GuardrailError

SPEED_GOAL = 2.0
_STEPS = 700  # of training; the scores then spread
_VOCABULARY = {"Bert": 30522, "Albert": 30000, "Roberta": 50265, "XLMRoberta": 250002}
_SAMPLE = 5  # every so-manyth text is timed: a network of full size is slow


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds of CPU a text, by the length of the text."""

    network: str
    texts: str
    count: int
    tokens: float
    torch_ms: float
    onnx_ms: float

    @property
    def ratio(self) -> float:
        """How many times faster the converted network is."""
        return self.torch_ms / self.onnx_ms


@dataclass(frozen=True, slots=True)
class Decisions:
    """How alike the two decide."""

    network: str
    texts: int
    found: int
    same: float
    largest: float


def speed(network: str, first: Engine, second: Engine, rounds: int) -> list[Speed]:
    """Both engines on texts of each length, in turns."""
    texts = embedded_texts()
    groups = {
        "sentences": [text for text in texts if len(text) <= 120],
        "paragraphs": [text for text in texts if 120 < len(text) <= 500],
        "pages": [text for text in texts if len(text) > 500],
    }
    found = []
    for name, group in groups.items():
        pieces = [piece for text in group[::_SAMPLE] for piece in windows(first, text)]
        tokens = sum(map(first.length, pieces)) / len(pieces)
        times = [(_milliseconds(first, pieces), _milliseconds(second, pieces)) for _ in range(rounds)]
        least = [min(column) for column in zip(*times, strict=True)]
        found.append(Speed(network, name, len(pieces), tokens, *least))
    return found


def decisions(network: str, first: Engine, second: Engine) -> Decisions:
    """Both engines on the whole set."""
    parity = detoxify_parity.compare(first, second, embedded_texts())
    return Decisions(network, parity.texts, parity.found, parity.same, parity.largest)


def engines(checkpoint: Path, config: Path, folder: Path, say: Callable[[str], None]) -> tuple[Engine, Engine]:
    """A checkpoint in torch, and converted through the same door as an operator's."""
    say(f"converting {checkpoint.name}")
    wish = detoxify_add.Wish(checkpoint, config, sha256=digest(checkpoint), store=folder, force=True, replace=True)
    detoxify_add.add(wish)
    return load_engine(checkpoint, config), stored_engine(folder)


def _milliseconds(engine: Engine, pieces: Sequence[str]) -> float:
    engine.scores(pieces[:1])
    start = process_time()
    for piece in pieces:
        engine.scores([piece])
    return (process_time() - start) / len(pieces) * 1000


@click.command()
@click.option(
    "--kind",
    type=click.Choice(list(networks.ARCHITECTURES)),
    default="Bert",
    show_default=True,
    help="Architecture of the networks that are made.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--tiny", is_flag=True, help="Time a tiny network too, instead of one of full size: to see that it runs.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the figures there.")
def main(kind: str, rounds: int, tiny: bool, target: Path | None) -> None:
    """Measure a converted Detoxify network against the original."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        importlib.import_module("torch").set_num_threads(1)
    except ImportError:
        raise click.ClickException("needs the extra: pip install 'guardrail[detoxify]'") from None

    def say(line: str) -> None:
        click.echo(line, err=True)

    with tempfile.TemporaryDirectory() as folder:
        measured, decided = _measured(kind, rounds, tiny, Path(folder), say)
    _show(measured, decided)
    if target:
        figures = {
            "speed": [asdict(one) | {"ratio": one.ratio} for one in measured],
            "decisions": [asdict(one) for one in decided],
        }
        target.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


def _measured(
    kind: str, rounds: int, tiny: bool, folder: Path, say: Callable[[str], None]
) -> tuple[list[Speed], list[Decisions]]:
    texts = [text for text in embedded_texts() if len(text) <= 120]
    say(f"training a tiny network ({kind}) to tell words")
    trained = networks.make(kind, folder / "trained", texts, steps=_STEPS)
    pair = engines(trained.checkpoint, trained.config, folder / "a", say)
    decided = [decisions(f"tiny {kind}, trained on words", *pair)]
    if tiny:
        measured = speed(f"tiny {kind}", *pair, rounds)
    else:
        sizes = {"shape": networks.BASE, "vocabulary": _VOCABULARY[kind]}
        say(f"making a network of full size ({kind}) with random weights")
        made = networks.make(kind, folder / "random", texts, **sizes)  # type: ignore[arg-type]
        measured = speed(f"{kind} of full size, random weights", *_converted(made, folder, say), rounds)
    real = os.environ.get(CHECKPOINT_VARIABLE), os.environ.get(CONFIG_VARIABLE)
    if real[0] and real[1]:
        pair = engines(Path(real[0]), Path(real[1]), folder / "c", say)
        measured += speed(Path(real[0]).name, *pair, rounds)
        decided.append(decisions(Path(real[0]).name, *pair))
    else:
        say(f"{CHECKPOINT_VARIABLE} and {CONFIG_VARIABLE} are not set: no released network is measured")
    return measured, decided


def _converted(made: networks.Made, folder: Path, say: Callable[[str], None]) -> tuple[Engine, Engine]:
    """As `engines`, without the comparison: of random weights it would take minutes and tell nothing."""
    reference = load_engine(made.checkpoint, made.config)
    reduced = has_vnni() is not True
    convert(reference, folder / MODEL, reduced_range=reduced, say=say)
    settings = {"classes": list(reference.model.class_names), "tokens": reference.limit, "reduced_range": reduced}
    network, tokenizer = (folder / MODEL).read_bytes(), detoxify_add.tokenizer_of(reference).encode()
    return reference, OnnxEngine(network, tokenizer, settings)


def _show(measured: Sequence[Speed], decided: Sequence[Decisions]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    table = Table(title="CPU time, one thread, each text by itself")
    for heading in ("network", "texts", "n", "tokens", "torch ms", "int8 ms", f"ratio (goal {SPEED_GOAL:g})"):
        table.add_column(heading, justify="left" if heading in ("network", "texts") else "right")
    for one in measured:
        numbers = (f"{one.tokens:.0f}", f"{one.torch_ms:.1f}", f"{one.onnx_ms:.1f}", f"{one.ratio:.1f}")
        table.add_row(one.network, one.texts, str(one.count), *numbers)
    console.print(table)
    table = Table(title="Decisions at 0.5")
    for heading in ("network", "texts", "found by torch", f"the same (goal {LEAST_SAME:.0%})", "largest difference"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for each in decided:
        table.add_row(each.network, str(each.texts), str(each.found), f"{each.same:.1%}", f"{each.largest:.4f}")
    console.print(table)


if __name__ == "__main__":
    try:
        main()
    except GuardrailError as error:
        click.echo(f"benchmarks.detoxify: {error}", err=True)
        sys.exit(2)

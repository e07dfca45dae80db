"""Measure the embedded toxicity scorer: `python -m training.evaluate_toxicity --data ../shared/data`.

Rules:
1. Only parts that nothing was learnt from are measured (`corpus.py` says which).
2. Texts are judged as at run time: by the sentence, and a text scores what its worst sentence scores.
3. Every AUC comes with a 95% percentile interval of a seeded bootstrap over texts (Efron 1979).
4. The thresholds are chosen on the dev half of benign answers and reported on the other half.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrail.detectors.bias.toxicity import EmbeddedToxicity
from guardrail.models.store import DIRECTORY
from guardrail.types import Context
from training.corpus import LEARNT, MEASURED, Item, Source, read, sentences

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]
RESAMPLES = 500
BENIGN_DEV = ("alpaca_eval_outputs", "alpaca_zh", "alignbench_references")


@dataclass(frozen=True, slots=True)
class Task:
    """What is measured on a set: which label counts as harmful."""

    name: str
    source: str
    label: Callable[[Item], bool | None]


TASKS = (
    Task("openai_moderation, hate", "openai_moderation", lambda item: item.toxic),
    Task("openai_moderation, any harm", "openai_moderation", lambda item: item.labels["any_harm"]),
    Task("hatecheck_en", "hatecheck_en", lambda item: item.labels["hate"]),
    Task("toxigen_human", "toxigen_human", lambda item: item.toxic),
    Task("implicit_hate", "implicit_hate", lambda item: item.toxic),
    Task("davidson_tweets", "davidson_tweets", lambda item: item.toxic),
    Task("hatecheck_zh", "hatecheck_zh", lambda item: item.labels["hate"]),
    Task("hatecheck_hant_derived", "hatecheck_hant_derived", lambda item: item.labels["hate"]),
    Task("cold_test", "cold_test", lambda item: item.toxic),
    Task("cold_hant_derived", "cold_hant_derived", lambda item: item.toxic),
)
BENIGN = (
    "alpaca_eval_outputs",
    "halueval_general",
    "xstest_responses",
    "alpaca_zh",
    "alignbench_references",
    "halluqa_outputs",
    "yue_truthfulqa_answers",
    "hkcancor_dialogues",
    "common_voice_yue",
)


def auc(scores: Scores, truth: Truth) -> float:
    """The area under the ROC curve: how often a harmful text outscores a harmless one, ties counting half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def interval(scores: Scores, truth: Truth, seed: int = 0) -> tuple[float, float]:
    """The 95% percentile bootstrap interval of the AUC."""
    dice = np.random.default_rng(seed)
    drawn = [auc(scores[pick], truth[pick]) for pick in dice.integers(0, len(truth), (RESAMPLES, len(truth)))]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def judge(detector: EmbeddedToxicity, texts: Sequence[str], cut: bool = True) -> Scores:
    """The score of each text: that of its worst sentence, 0 where nothing was reported."""
    scores = []
    for text in texts:
        found = detector.detect(sentences(text) if cut else [text], Context())
        scores.append(max((finding.score for each in found for finding in each), default=0.0))
    return np.array(scores)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate_toxicity", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=DIRECTORY)
    parser.add_argument("--flag", type=float, default=0.8, help="threshold to report recall and false alarms at")
    parser.add_argument("--block", type=float, default=0.99)
    chosen = parser.parse_args(arguments)
    detector = EmbeddedToxicity(chosen.models)
    detector.load()
    sources = {source.name: source for source in (*LEARNT, *MEASURED)}
    _report_tasks(detector, chosen.data, sources, chosen.flag, chosen.block)
    _report_benign(detector, chosen.data, sources, chosen.flag, chosen.block)
    return 0


def _report_tasks(
    detector: EmbeddedToxicity, data: Path, sources: dict[str, Source], flag: float, block: float
) -> None:
    print(f"| set | texts | AUC (95%) | AUC, text whole | recall, false alarms at {flag} | at {block} |\n|-|-|-|-|-|-|")
    for task in TASKS:
        items = [item for item in read(data, sources[task.source]) if item.part == "test"]
        known = [(item.text, bool(label)) for item in items if (label := task.label(item)) is not None]
        truth = np.array([label for _, label in known])
        texts = [text for text, _ in known]
        scores = judge(detector, texts)
        low, high = interval(scores, truth)
        rates = " | ".join(
            f"{(scores[truth] >= at).mean():.1%}, {(scores[~truth] >= at).mean():.1%}" for at in (flag, block)
        )
        whole = auc(judge(detector, texts, cut=False), truth)
        print(
            f"| {task.name} | {len(truth)} | {auc(scores, truth):.3f} ({low:.3f} to {high:.3f}) | {whole:.3f} "
            f"| {rates} |"
        )


def _report_benign(
    detector: EmbeddedToxicity, data: Path, sources: dict[str, Source], flag: float, block: float
) -> None:
    print(
        f"\n| benign set | part | answers | flagged at {flag} | at {block} | 99.5% quantile | highest |"
        "\n|-|-|-|-|-|-|-|"
    )
    for name in BENIGN:
        for part in ("dev", "test") if name in BENIGN_DEV else ("test",):
            texts = [item.text for item in read(data, sources[name]) if item.part == part]
            scores = judge(detector, texts)
            rates = " | ".join(f"{(scores >= at).mean():.2%} ({int((scores >= at).sum())})" for at in (flag, block))
            print(
                f"| {name} | {part} | {len(texts)} | {rates} | {np.quantile(scores, 0.995):.3f} | {scores.max():.4f} |"
            )


if __name__ == "__main__":
    sys.exit(main())

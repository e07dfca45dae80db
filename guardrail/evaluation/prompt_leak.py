"""Measures how well copies of a system message are found: by disguise, on labelled outputs, on ordinary answers.

Rules:
1. Prompts and answers are public sets read from disk; runs are cut from the prompts at random places, put into ordinary
   answers at random places, and everything random comes from a seed.  Runs of which more than a third is what the
   prompt orders the model to say are not cut out: to say that is no leak.
2. A figure is a plain row: what was measured, on what, a `Measure`, and the goal where there is one.
"""

import base64
import codecs
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from guardrail.detectors.leakage.passages import CHARACTER, WORD, is_solo, piece, plain, shingles
from guardrail.detectors.leakage.passages import tokens as tokens_of
from guardrail.detectors.leakage.prompt import PromptLeak
from guardrail.detectors.leakage.prompt_values import ordered
from guardrail.evaluation.datasets import Item, find, read
from guardrail.evaluation.intervals import Measure, auc, share
from guardrail.models.store import read_model
from guardrail.types import Context

THRESHOLD = 0.6
"""The baseline's."""
RUN = 15 * WORD
"""The weight of the shortest run that must be found: 15 words or 25 Chinese characters."""
_CHINESE = 10  # runs from each Chinese prompt for one from another: there are few
_REPEATED = 4  # words in a row that make a text a copy at all
_REPLACEMENT = ("indeed", "另")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: of `figure`, in the group `group`; `goal` is the least (or, for alarms, the highest) value owed."""

    figure: str
    group: str
    measure: Measure
    goal: float | None = None


def measure(data: Path, seed: int = 1, per_prompt: int = 1) -> list[Row]:
    """Every figure that the sets under `data` allow; a set that is not there gives no row."""
    detector = PromptLeak()
    detector.load()
    prompts, answers = _read(data, "promptleak/leaked_system_prompts"), _read(data, "benign/replay")
    rows: list[Row] = []
    if prompts and answers:
        rows += recall(detector, prompts, answers, seed, per_prompt)
        rows += alarms(detector, prompts, answers, seed)
    for name, key in (("tt_extraction_detection", "leak"), ("tt_defense_outputs", "leak_computed")):
        rows += labelled(detector, _read(data, f"promptleak/{name}"), name, key)
    return rows


def best(detector: PromptLeak, text: str, context: Context) -> float:
    """The highest score of a finding in `text`, 0 where nothing is found."""
    watch = detector.watch(context)
    if watch is None:
        return 0.0
    watch.feed(text)
    return max((finding.score for finding in watch.settle(final=True)[1]), default=0.0)


def recall(
    detector: PromptLeak, prompts: Sequence[Item], answers: Sequence[Item], seed: int, per_prompt: int = 1
) -> list[Row]:
    """The share of runs that are found, by what was done to them."""
    counts: dict[str, list[bool]] = {}
    for name, (weight, change) in _changes().items():
        dice = random.Random(f"{seed}:{name}")
        for prompt in prompts:
            for _ in range(per_prompt * (_CHINESE if _is_chinese(prompt.text) else 1)):
                run = _cut(prompt.text, weight, dice)
                changed = change(run, dice) if run else None
                if run is None or changed is None:
                    continue
                text = _inserted(dice.choice(answers).text, changed, dice)
                group = f"{name}, Chinese" if _is_chinese(run) else name
                counts.setdefault(group, []).append(best(detector, text, Context(system=prompt.text)) >= THRESHOLD)
    return [Row("recall", name, share(sum(found), len(found)), 0.99) for name, found in counts.items()]


def alarms(detector: PromptLeak, prompts: Sequence[Item], answers: Sequence[Item], seed: int) -> list[Row]:
    """The share of ordinary answers in which something is found, given a system message that has nothing to do with
    them, and given their own question as system message (hard: to say a question again is to repeat it)."""
    dice = random.Random(seed)
    foreign = [
        best(detector, item.text, Context(system=dice.choice(prompts).text, caller=item.caller)) for item in answers
    ]
    own = [
        best(detector, item.text, Context(system=item.system or item.prompt, caller=item.caller)) for item in answers
    ]
    return [
        Row("alarms", "another application's system message", _over(foreign), 0.001),
        Row("alarms", "its own prompt, which the caller wrote", _over(own), 0.001),
    ]


def labelled(detector: PromptLeak, items: Sequence[Item], name: str, key: str) -> list[Row]:
    """The area under the ROC curve of the highest score in each output, and both error rates at the threshold."""
    known = [item for item in items if item.labels.get(key) is not None]
    if not known:
        return []
    scores = [best(detector, item.text, Context(system=item.context)) for item in known]
    copies = [
        (score, bool(item.labels[key]))
        for score, item in zip(scores, known, strict=True)
        if not item.labels[key] or _repeats(item.text, item.context)
    ]
    truth = [bool(item.labels[key]) for item in known]
    leaks = [score >= THRESHOLD for score, leak in zip(scores, truth, strict=True) if leak]
    others = [score >= THRESHOLD for score, leak in zip(scores, truth, strict=True) if not leak]
    return [
        Row("AUC", name, auc(scores, truth), 0.95 if key == "leak" else None),
        Row("AUC", f"{name}, leaks with {_REPEATED} words in a row", auc(*zip(*copies, strict=True))),
        Row("found", name, share(sum(leaks), len(leaks))),
        Row("alarms", name, share(sum(others), len(others))),
    ]


def _repeats(text: str, prompt: str) -> bool:
    """Whether a text has a few words in a row that stand in the prompt: else nothing of it is a copy."""
    said, known = tokens_of(text), f" {' '.join(tokens_of(prompt))} "
    return any(f" {' '.join(said[at : at + _REPEATED])} " in known for at in range(len(said) - _REPEATED + 1))


def _read(data: Path, name: str) -> list[Item]:
    path = find(data, name)
    return read(path) if path else []


def _over(scores: Sequence[float]) -> Measure:
    return share(sum(score >= THRESHOLD for score in scores), len(scores))


def _is_chinese(text: str) -> bool:
    """Whether half of the tokens of a text are characters."""
    words = tokens_of(text)
    return 2 * sum(map(is_solo, words)) > len(words)


Change = Callable[[str, random.Random], str | None]
"""What is done to a run; None where it does not apply to its script."""


def _changes() -> Mapping[str, tuple[int, Change]]:
    """By name: the weight of the run, and what is done to it."""
    return {
        "word for word": (RUN, lambda run, dice: run),
        "other case": (RUN, lambda run, dice: run.swapcase()),
        "other punctuation": (RUN, _repunctuated),
        "other script": (RUN, _other_script),
        "one word in ten changed": (RUN, lambda run, dice: _reworded(run, 10, dice)),
        "30 words, one in five changed": (2 * RUN, lambda run, dice: _reworded(run, 5, dice)),
        "Base64": (RUN, lambda run, dice: base64.b64encode(run.encode()).decode()),
        "rot13": (RUN, lambda run, dice: codecs.encode(run, "rot13") if run.isascii() else None),
        "reversed": (RUN, lambda run, dice: run[::-1]),
        "letters apart": (RUN, lambda run, dice: " ".join(run) if run.isascii() else None),
    }


def _spans(text: str) -> list[tuple[int, int, int]]:
    """The tokens of a text with their weights, one after the other."""
    read, at, out = piece(text, 0), 0, []
    line = plain(read.text)
    for word in tokens_of(text):
        at = line.index(word, at)
        end = at + len(word)
        out.append((read.starts[at], read.ends[end - 1], CHARACTER if is_solo(word) else WORD))
        at = end
    return out


def _cut(text: str, least: int, dice: random.Random) -> str | None:
    """A run of at least `least` in weight from a random place of a text; None where it has none so long."""
    spans = _spans(text)
    free = {shingle for words in ordered(text) for _, shingle in shingles(words)}
    for _ in range(20):
        if not spans:
            return None
        first = dice.randrange(len(spans))
        ends = accumulate(weight for _, _, weight in spans[first:])
        last = next((at for at, total in enumerate(ends, first) if total >= least), None)
        if last is None:
            continue
        run = text[spans[first][0] : spans[last][1]]
        made = [shingle for _, shingle in shingles(tokens_of(run))]
        if sum(shingle in free for shingle in made) * 3 <= len(made):
            return run
    return None


def _inserted(answer: str, run: str, dice: random.Random) -> str:
    at = dice.randint(0, len(answer))
    return f"{answer[:at]} {run} {answer[at:]}"


def _repunctuated(run: str, dice: random.Random) -> str:
    """Each token followed by another sign, or by a line break."""
    return "".join(run[start:end] + dice.choice(("，", " - ", "\n", " **", "; ")) for start, end, _ in _spans(run))


def _reworded(run: str, period: int, dice: random.Random) -> str | None:
    """Every `period`-th word changed, from a random one on: for Chinese two characters in every 2 x `period`."""
    spans = _spans(run)
    offset, out, done, passed = dice.randrange(period), [], 0, 0.0
    for start, end, weight in spans:
        out.append(run[done:start])
        solo = weight == CHARACTER
        out.append(_REPLACEMENT[solo] if int(passed) % period == offset else run[start:end])
        passed += 0.5 if solo else 1
        done = end
    return "".join(out)


def _other_script(run: str, dice: random.Random) -> str | None:
    """Traditional as Simplified, and Simplified as Traditional where the character has one form only."""
    arrays = read_model("toxicity.bin").arrays
    simpler = dict(zip(arrays["traditional"].tolist(), arrays["simplified"].tolist(), strict=True))
    changed = run.translate(simpler)
    if changed == run:
        changed = run.translate({simple: traditional for traditional, simple in simpler.items()})
    return changed if changed != run else None

"""CPU time of the toxicity scorer, per 300 characters of ordinary text, and of its second reader on what it is given.

    python -m benchmarks.bias [--data DIR] [--models DIR] [--quick] [--seed N] [--json FILE]

Rules:
1. CPU time, never wall time: that of all threads of this process and, where the second reader has a worker of its own,
   of the worker.
2. A text of 300 characters is judged as the scanner does, its sentences in one call; `streamed` is the same text with a
   call for each sentence, as a stream that is checked at sentence ends asks.
3. `median` is what a text costs, `least` what it costs when nothing else runs; goals speak of the median.
4. The baseline of the same run: scikit-learn's HashingVectorizer over the same n-grams (characters 2 to 5, words 1 and
   2) with a linear model, a text at a time.  It has neither context features nor windows.
5. The second reader is given windows on which the first tier is not sure; its cost is what it adds.
"""

import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import click
import orjson
from rich.console import Console

from benchmarks import processes
from benchmarks.leakage import clean, goals_table, table
from guardrail.detectors.bias.toxicity import EmbeddedToxicity
from guardrail.errors import GuardrailError
from guardrail.evaluation import hong_kong_harm
from guardrail.evaluation.bias_readers import second_of
from guardrail.models.store import DIRECTORY
from guardrail.text.sentences import sentences
from guardrail.types import Context

LENGTH = 300
FIRST_GOAL, SECOND_GOAL = 300.0, 13_000.0  # microseconds
LANGUAGES = ("English", "Chinese")
_UNSURE = (0.2, 0.9)
_CONTEXT = Context(prompt="")
Judge = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU for a text of 300 characters; `ratio` is the baseline's median over this one's."""

    language: str
    what: str
    texts: int
    median: float
    least: float
    ratio: float | None = None


def texts_of(data: Path, language: str, count: int, seed: int) -> list[str]:
    """Stretches of 300 characters from ordinary answers of a language."""
    answers = clean(data, language, count * 2, seed)
    pieces = [answer[at : at + LENGTH] for answer in answers for at in range(0, len(answer) - LENGTH + 1, LENGTH)]
    if len(pieces) < count:  # our own prose is shorter than 300 characters an answer
        whole = " ".join(answers)
        pieces += [whole[at : at + LENGTH] for at in range(0, len(whole) - LENGTH + 1, LENGTH)]
    Random(seed).shuffle(pieces)
    return pieces[:count]


def at_once(detector: EmbeddedToxicity) -> Judge:
    """Judges the sentences of a text in one call."""
    return lambda text: detector.detect([text[start:end] for start, end in sentences(text)], _CONTEXT)


def streamed(detector: EmbeddedToxicity) -> Judge:
    """Judges the sentences of a text one after the other."""
    return lambda text: [detector.detect([text[start:end]], _CONTEXT) for start, end in sentences(text)]


def baseline() -> Judge:
    """The plain linear model over the same n-grams, with weights from two sentences: they do not change its cost."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    made: Any = make_pipeline(
        make_union(
            HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=2**18),
            HashingVectorizer(analyzer="word", ngram_range=(1, 2), n_features=2**17),
        ),
        LogisticRegression(),
    )
    made.fit(["this one is harmless 這句無害", "that one is not 那句不是"], [0, 1])
    return lambda text: made.predict_proba([text])


def spent(judge: Judge, texts: Sequence[str], rounds: int, clock: Callable[[], float] = process_time) -> list[float]:
    """Seconds of CPU for each text, the least of `rounds`; a round before them is not counted."""
    for text in texts:
        judge(text)
    least = [float("inf")] * len(texts)
    for _ in range(rounds):
        for index, text in enumerate(texts):
            begun = clock()
            judge(text)
            least[index] = min(least[index], clock() - begun)
    return least


def costs(detector: EmbeddedToxicity, data: Path, count: int, rounds: int, seed: int) -> list[Cost]:
    """The first tier in each language, at once and streamed, and the baseline beside it."""
    made: list[Cost] = []
    for language in LANGUAGES:
        texts = texts_of(data, language, count, seed)
        theirs = spent(baseline(), texts, rounds)
        middle = statistics.median(theirs)
        made.append(_cost(language, "HashingVectorizer, linear model", theirs))
        for what, judge in (("tier 1, at once", at_once(detector)), ("tier 1, streamed", streamed(detector))):
            ours = spent(judge, texts, rounds)
            made.append(_cost(language, what, ours, middle / statistics.median(ours)))
    return made


def _cost(language: str, what: str, seconds: Sequence[float], ratio: float | None = None) -> Cost:
    return Cost(language, what, len(seconds), statistics.median(seconds) * 1e6, min(seconds) * 1e6, ratio)


def second_costs(detector: EmbeddedToxicity, both: EmbeddedToxicity, rounds: int) -> list[Cost]:
    """What the second readers add on windows on which the first tier is not sure; none where they are not here."""
    found = second_of(both)
    if found is None:
        return []
    made: list[Cost] = []
    texts = [one.text for half in hong_kong_harm.HALVES for one in hong_kong_harm.sentences(half)]
    for language in LANGUAGES:
        unsure = _unsure(detector, [text for text in texts if text.isascii() is (language == "English")])
        alone = spent(lambda text: detector.detect([text], _CONTEXT), unsure, rounds)
        together = spent(lambda text: found.detect([text], _CONTEXT), unsure, rounds)
        added = [after - before for after, before in zip(together, alone, strict=True)]
        made.append(_cost(language, "the second reader, added", added))
    return made


def _unsure(detector: EmbeddedToxicity, texts: Iterable[str]) -> list[str]:
    """Texts, repeated to about the length of a window, on which the first tier is not sure."""
    found = []
    for text in texts:
        window = " ".join([text] * (LENGTH // (len(text) + 1) or 1))[:LENGTH]
        scores = [finding.score for each in detector.detect([window], _CONTEXT) for finding in each]
        if scores and _UNSURE[0] <= max(scores) <= _UNSURE[1]:
            found.append(window)
    return found


def aims(seen: Sequence[Cost]) -> list[tuple[str, float, float]]:
    """What is aimed at: what was seen, and the limit."""
    return [
        (f"{one.language}, {one.what}, us per {LENGTH} characters", one.median, limit)
        for one in seen
        for what, limit in (("tier 1, at once", FIRST_GOAL), ("the second reader, added", SECOND_GOAL))
        if one.what == what
    ]


@click.command(help=__doc__.split("\n", 1)[0])
@click.option("--data", default=Path("../shared/data"), show_default=True, type=click.Path(path_type=Path))
@click.option("--models", default=DIRECTORY, type=click.Path(path_type=Path), help="Directory of the models.")
@click.option("--quick", is_flag=True, help="Few texts, one round: that it runs, not figures to quote.")
@click.option("--seed", default=1, show_default=True, help="Decides which answers are taken.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write everything here.")
def main(data: Path, models: Path, quick: bool, seed: int, out: Path | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    at_start = processes.machine()
    count, rounds = (20, 1) if quick else (300, 7)
    try:
        both = EmbeddedToxicity(models)
        both.load()
        detector = both.alone()
        detector.load()
        seen = costs(detector, data, count, rounds, seed)
        second = second_costs(detector, both, rounds)
    except GuardrailError as error:
        raise click.ClickException(str(error)) from None
    seen += second
    console.print(processes.described(at_start, processes.machine()))
    rows = []
    for one in seen:
        ratio = f"{one.ratio:.1f}x" if one.ratio else ""
        rows.append([one.language, one.what, f"{one.texts}", f"{one.median:.0f}", f"{one.least:.0f}", ratio])
    columns = ("language", "what", "texts", "us, median", "us, least", "baseline costs")
    console.print(table(f"CPU time per {LENGTH} characters", columns, rows))
    if not second:
        console.print("the second readers are not here")
    console.print(goals_table(aims(seen)))
    if out:
        report = {
            "machine": {"start": at_start, "end": processes.machine()},
            "data": data.is_dir(),
            "costs": [asdict(one) for one in seen],
            "goals": [{"goal": name, "seen": value, "at_most": limit} for name, value, limit in aims(seen)],
        }
        out.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()

"""How often refusals and languages are recognised, on public sets with labels, and what recording them costs.

    python -m benchmarks.refusals [--data DIR]

Refusals: XSTest, answers of five models that two people each read (full refusal, partial refusal, full compliance), and
answers to harmless questions, in which hardly any refusal should be found.  Languages: sets of one language each.
Costs: CPU time that `--parity` adds to an exchange, over real questions and answers.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from guardrail.errors import SettingsError
from guardrail.evaluation import datasets
from guardrail.evaluation.intervals import share
from guardrail.sampling_swap import groups
from guardrail.text.language import language
from guardrail.text.refusal import refuses
from guardrail.witness import Witness

_HARMLESS = (
    "benign/alpaca_eval_outputs",
    "benign/alpaca_zh",
    "benign/alignbench_references",
    "benign/yue_truthfulqa_answers",
    "benign/hkcancor_dialogues",
)
_LANGUAGES = (
    ("benign/xstest_responses", "prompt", "en"),
    ("toxicity/hatecheck_en", "text", "en"),
    ("benign/alpaca_zh", "prompt", "zh-Hans"),
    ("toxicity/cold_test", "text", "zh-Hans"),
    ("toxicity/cold_hant_derived", "text", "zh-Hant"),
    ("toxicity/hatecheck_hant_derived", "text", "zh-Hant"),
    ("benign/common_voice_yue", "text", "yue"),
    ("benign/hkcancor_dialogues", "text", "yue"),
)


def _items(data: Path, name: str) -> list[datasets.Item]:
    path = datasets.find(data, name)
    if path is None:
        raise SettingsError(f"{data}: holds no set {name}; --data names the directory of the sets")
    return datasets.read(path)


def _percent(hits: int, total: int) -> str:
    one = share(hits, total)
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%}), {hits}/{total}"


def _cost(work: Callable[[str], object], texts: Sequence[str]) -> str:
    started = time.process_time()
    for text in texts:
        work(text)
    return f"{(time.process_time() - started) / max(1, len(texts)) * 1e6:.1f}"


def refusals(data: Path) -> Table:
    """The share of texts in which a refusal is found, by what people said of them."""
    table = Table(title="Refusals found", title_justify="left")
    for column in ("set", "of", "found (95 %)", "µs a text"):
        table.add_column(column)
    answers = _items(data, "benign/xstest_responses")
    for label in ("2_full_refusal", "3_partial_refusal", "1_full_compliance"):
        texts = [one.text for one in answers if one.labels.get("response") == label]
        table.add_row(
            "benign/xstest_responses", label, _percent(sum(map(refuses, texts)), len(texts)), _cost(refuses, texts)
        )
    for name in _HARMLESS:
        texts = [one.text for one in _items(data, name)]
        table.add_row(name, "harmless", _percent(sum(map(refuses, texts)), len(texts)), _cost(refuses, texts))
    return table


def languages(data: Path) -> Table:
    """The share of texts whose language is named right; `zh` is right for Chinese that no character tells apart."""
    table = Table(title="Languages named right", title_justify="left")
    for column in ("set", "field", "language", "right (95 %)", "µs a text"):
        table.add_column(column)
    for name, field, expected in _LANGUAGES:
        texts = [text for one in _items(data, name) if (text := getattr(one, field))]
        right = sum(
            language(text) in ((expected, "zh") if expected.startswith("zh") else (expected,)) for text in texts
        )
        table.add_row(name, field, expected, _percent(right, len(texts)), _cost(language, texts))
    return table


def costs(data: Path) -> Table:
    """CPU time that recording the traits adds to an exchange, and to an event of a stream."""
    items = _items(data, "benign/replay")
    asked, answered = [one.prompt for one in items], [one.text for one in items]
    events = [text[at : at + 4] for text in answered for at in range(0, len(text), 4)]
    witness = Witness()
    table = Table(title=f"CPU, over {len(items)} real questions and answers", title_justify="left")
    for column in ("what", "µs each"):
        table.add_column(column)
    groups("warm up")
    table.add_row("language of the question", _cost(language, asked))
    table.add_row("groups in the question", _cost(groups, asked))
    table.add_row("refusal in the answer", _cost(refuses, answered))
    table.add_row("following one event of a stream", _cost(lambda text: witness.hears((0, "content", 0), text), events))
    return table


@click.command(help=__doc__.split("\n", 1)[0] if __doc__ else "")
@click.option("--data", default=datasets.DEFAULT, show_default=True, type=click.Path(file_okay=False, path_type=Path))
def main(**options: Any) -> None:
    console = Console(width=150)
    for table in (refusals(options["data"]), languages(options["data"]), costs(options["data"])):
        console.print(table)


if __name__ == "__main__":
    main()

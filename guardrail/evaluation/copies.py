"""Copies of system messages and of registered documents, as a section of figures."""

from collections.abc import Sequence
from pathlib import Path

from guardrail.detectors.leakage.prompt import PromptLeak
from guardrail.evaluation import datasets
from guardrail.evaluation import prompt_leak as measured
from guardrail.evaluation.intervals import Measure, share
from guardrail.evaluation.report import Cell, Section, Table, Track, untracked

_PROMPTS, _ANSWERS = "promptleak/leaked_system_prompts", "benign/replay"
_LABELLED = {"promptleak/tt_extraction_detection": "leak", "promptleak/tt_defense_outputs": "leak_computed"}
"""Labelled outputs, and the label that says whether one leaks."""
_RUNS = ("word for word", "other case", "other punctuation", "one word in ten changed")
"""What verbatim or near-verbatim means."""


def prompt_leak(data: Path, *, seed: int = 1, limit: int | None = None, track: Track = untracked) -> Section:
    """Copies of published system prompts in ordinary answers, labelled outputs, and alarms."""
    title = "answers that repeat their system message"
    rows = _prompt_rows(data, seed, limit, track)
    if not rows:
        return Section("prompt_leak", title, missing=f"no sets in {data / 'promptleak'}; give their place with --data")
    return Section("prompt_leak", title, (_table(rows),), _prompt_figures(rows))


def _prompt_rows(data: Path, seed: int, limit: int | None, track: Track) -> list[measured.Row]:
    detector = PromptLeak()
    detector.load()
    sets = {name: datasets.find(data, name) for name in (_PROMPTS, _ANSWERS, *_LABELLED)}
    items = {name: datasets.read(path, limit, seed) for name, path in sets.items() if path is not None}
    rows: list[measured.Row] = []
    for part in track("prompt leak", (_PROMPTS, *_LABELLED)):
        if part in _LABELLED:
            name, key = part.split("/")[-1], _LABELLED[part]
            rows += measured.labelled(detector, items.get(part, []), name, key)
        elif _PROMPTS in items and _ANSWERS in items:
            rows += measured.recall(detector, items[_PROMPTS], items[_ANSWERS], seed)
            rows += measured.alarms(detector, items[_PROMPTS], items[_ANSWERS], seed)
    return rows


def _prompt_figures(rows: Sequence[measured.Row]) -> dict[str, Measure]:
    figures: dict[str, Measure] = {}
    runs = [row.measure for row in rows if row.figure == "recall" and row.group.removesuffix(", Chinese") in _RUNS]
    if runs:
        figures["runs"] = share(sum(one.hits or 0 for one in runs), sum(one.total or 0 for one in runs))
    alarms = [row.measure for row in rows if row.figure == "alarms" and not row.group.startswith("tt_")]
    if alarms:
        figures["replay_alarms"] = share(sum(one.hits or 0 for one in alarms), sum(one.total or 0 for one in alarms))
    for row in rows:
        figures[f"{row.figure} {row.group}".lower().replace(" ", "_").replace(",", "")] = row.measure
        if row.figure == "AUC" and row.group == "tt_extraction_detection":
            figures["labelled_auc"] = row.measure
    return figures


def _table(rows: Sequence[measured.Row]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for row in rows:
        cells.append((row.figure, row.group, row.measure.total, row.measure, row.goal))
    return Table("Figures", ("figure", "of what", "texts", "seen", "owed"), tuple(cells))

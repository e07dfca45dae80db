"""The figures on structure: computed by hand on sets that are small enough for it."""

import json
from pathlib import Path

import pytest

from guardrail.detectors.errors.structure.languages import READERS
from guardrail.evaluation import errors_structure
from guardrail.evaluation.code_samples import EDITS, samples
from guardrail.evaluation.errors_run import Run


def write(data: Path, name: str, rows: list[dict[str, object]]) -> None:
    path = data / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def test_agreement_leaves_out_what_may_go_either_way(tmp_path: Path) -> None:
    rows = [("y", "[1]", True), ("n", "[1,]", False), ("wrong label", "{}", False), ("i", "[1e999]", None)]
    write(
        tmp_path,
        "groundedness/json_parsing",
        [{"id": name, "text": text, "labels": {"valid": valid}} for name, text, valid in rows],
    )
    section = errors_structure.SETS["json_parsing"](Run(tmp_path))
    measure = section.figures["agreement"]
    assert (measure.hits, measure.total) == (2, 3)
    assert section.listings[0].lines == ("wrong label: accepted",)
    assert section.figures["unchanged"].value == 1.0


def test_an_object_in_a_sentence_counts_as_the_label_has_it(tmp_path: Path) -> None:
    rows = [("a", 'Here: {"a": 1}', True), ("b", "{'a': 1}", False)]
    write(
        tmp_path,
        "groundedness/llm_broken_json",
        [{"id": name, "text": text, "labels": {"valid_json": valid}} for name, text, valid in rows],
    )
    figures = errors_structure.SETS["llm_broken_json"](Run(tmp_path)).figures
    assert figures["agreement"].value == 1.0
    assert figures["repaired"].value == 1.0


@pytest.mark.parametrize("name", ["json_parsing", "llm_broken_json", "structure_benign"])
def test_a_set_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    assert str(tmp_path) in errors_structure.SETS[name](Run(tmp_path)).missing


def test_every_way_of_breaking_json_is_tried_and_no_repair_changes_a_value(tmp_path: Path) -> None:
    section = errors_structure.SETS["json_repair"](Run(tmp_path, limit=120))
    assert section.figures["right"].value == section.figures["unchanged"].value == 1.0
    assert len(section.tables[0].rows) == 10
    assert section.listings[0].lines == ()


def test_samples_cover_every_language_and_repeat_by_seed() -> None:
    first = list(samples(1))
    assert first == list(samples(1))
    assert {sample.language for sample in first} == set(EDITS)
    assert set(EDITS) <= set(READERS)
    for held_out in (True, False):
        assert {one.language for one in first if one.held_out is held_out and one.broken} == set(EDITS)
    assert sum(one.chinese for one in first) * 3 > len(first)


def test_findings_on_ordinary_answers_are_counted_and_listed(tmp_path: Path) -> None:
    good, bad = "```python\nprint('甲')\n```", "```python\nprint('甲'\n```"
    write(tmp_path, "benign/answers", [{"id": str(n), "text": text} for n, text in enumerate((good, bad, bad, "好。"))])
    section = errors_structure.SETS["structure_benign"](Run(tmp_path))
    assert (section.figures["noticed"].hits, section.figures["noticed"].total) == (1, 3)
    assert len(section.listings[0].lines) == 1

"""The own sets of errors: wrong items with right twins, the same in every run, counted as they should be."""

from pathlib import Path

import orjson
import pytest

from guardrail.detectors.errors.dates.detector import Dates
from guardrail.evaluation import errors_dates, errors_degenerate
from guardrail.evaluation.errors_own import LANGUAGES, Item, alarms, judged
from guardrail.evaluation.errors_run import Run

SETS = {"dates": errors_dates.items, "degenerate": errors_degenerate.items}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_the_same_in_every_run_and_holds_every_language_in_both_parts(name: str) -> None:
    items = SETS[name]()
    assert items == SETS[name]()
    for held_out in (True, False):
        part = [item for item in items if item.held_out is held_out]
        assert {item.lang for item in part} == set(LANGUAGES)
        assert any(item.kind for item in part)
        assert any(not item.kind for item in part)


@pytest.mark.parametrize("name", SETS)
def test_no_text_is_wrong_and_right_at_once(name: str) -> None:
    said: dict[object, str] = {}
    for item in SETS[name]():
        key = (item.text, item.context.prompt, item.context.system, item.context.finish_reason)
        assert said.setdefault(key, item.kind) == item.kind, item.key


def _dates() -> Dates:
    detector = Dates()
    detector.load()
    return detector


def test_a_finding_of_another_kind_is_a_wrong_one() -> None:
    items = [
        Item("a", "On 31 April 2021.", "error.weekday", "en", "written"),
        Item("b", "On 30 April 2021.", "", "en", "written"),
    ]
    section = judged("x", "x", items, [_dates()])
    row = next(row for row in section.tables[0].rows if row[0] == "error.weekday")
    assert row[1:3] == (1, 0)
    assert row[4] == 1


def test_alarms_are_listed_by_id_and_never_with_their_text(tmp_path: Path) -> None:
    (tmp_path / "benign").mkdir()
    lines = [{"id": "one", "text": "On 31 April 2021."}, {"id": "two", "text": "On 30 April 2021."}]
    (tmp_path / "benign" / "some.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    section = alarms("x", "x", Run(tmp_path), [_dates()])
    assert section.figures["alarms"].hits == 1
    assert section.listings[0].lines == ("benign/some one: error.date_impossible 0.95: a day that does not exist",)
    assert alarms("x", "x", Run(tmp_path / "nowhere"), [_dates()]).missing


def test_the_goals_speak_of_figures_that_are_there() -> None:
    run = Run(Path("nowhere"))
    for part, name in ((errors_dates, "dates"), (errors_degenerate, "degenerate")):
        figures = part.SETS[name](run).figures
        for goal in part.GOALS:
            section, figure = goal.figure.split(".", 1)
            assert section in part.SETS
            assert figure in figures or figure == "alarms"

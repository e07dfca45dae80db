"""The figures of grounding: the measures, the wrong answers that are made, and a run over small sets."""

import json
from pathlib import Path

import numpy as np
import pytest

from guardrail.evaluation import errors_grounding
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.errors_grounding import EACH, GOALS, SETS, SHORT, swapped
from guardrail.evaluation.errors_run import Run
from guardrail.evaluation.grounding_edits import SORTS
from guardrail.evaluation.grounding_scores import Scored, area, areas, overlaps, recall
from guardrail.evaluation.intervals import auc
from guardrail.evaluation.parts import key_of, part

HALL = (
    "The Albert Hall was opened by Queen Victoria in 1871 and seats 5,272 people. "
    "Its architect was Francis Fowke, who died in 1865. Henry Scott finished the work in Kensington."
)


def scored(wrong: bool, first: float, second: float | None = None, plain: bool = True) -> Scored:
    return Scored(f"{wrong}{first}{second}", wrong, first, second, plain=plain)


def test_recall_is_told_at_the_score_of_the_worst_right_claims() -> None:
    good = [scored(False, n / 100) for n in range(100)]
    bad = [scored(True, 0.99), scored(True, 0.98), scored(True, 0.5), scored(True, 0.1)]
    assert recall([*good, *bad], "first").value == 0.5


def test_copies_do_not_set_the_bound() -> None:
    good = [scored(False, 0.3), scored(False, 0.9, plain=False)]
    assert recall([*good, scored(True, 0.5)], "first").value == 1


@pytest.mark.parametrize(("second", "both"), [(None, 0.5), (0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_both_readers_together(second: float | None, both: float) -> None:
    assert scored(True, 0.5, second).score("both") == both


def test_the_area_is_that_of_delong() -> None:
    dice = np.random.default_rng(1)
    wrong = dice.random(200) < 0.4
    values = np.round(dice.random(200) + 0.3 * wrong, 1)
    assert area(values, wrong) == pytest.approx(auc(list(values), list(wrong)).value)


def test_a_difference_is_drawn_in_pairs() -> None:
    wrong = [n % 2 == 0 for n in range(40)]
    good = [float(one) for one in wrong]
    found, over = areas([str(n) for n in range(40)], wrong, {"good": good, "none": [0.5] * 40})
    assert found["good"].value == 1 and found["none"].value == 0.5
    assert over("good", "none").value == over("good", "none").low == 0.5


def test_overlap_of_a_copy_is_whole() -> None:
    assert set(overlaps("Its architect was Francis Fowke", HALL).values()) == {0.0}
    assert all(share > 0 for share in overlaps("Its architect was Norman Foster", HALL).values())


@pytest.mark.parametrize(
    ("answer", "possible"),
    [
        ("Francis Fowke", {"Queen Victoria", "Henry Scott", "Kensington", "Albert Hall"}),
        ("1871", {"1865", "5,272"}),
        ("the architect", set()),
        ("Norman Foster", set()),
    ],
)
def test_a_wrong_answer_in_the_form_of_the_right_one(answer: str, possible: set[str]) -> None:
    item = Item("one", answer, "en", "Who was it?", HALL, {"unfaithful": False})
    pair = swapped(item, 1)
    assert (pair is not None) is bool(possible)
    if pair:
        right, wrong = pair
        assert right is item and wrong.text in possible
        assert wrong.labels["unfaithful"] is True and (wrong.prompt, wrong.context) == (item.prompt, item.context)
    assert swapped(Item("one", answer, "en", "", HALL, {"unfaithful": True}), 1) is None


def test_every_edit_has_a_figure_and_every_goal_a_set() -> None:
    assert set(SHORT) == set(SORTS)
    assert {goal.figure.split(".")[0] for goal in GOALS} <= set(SETS)


def sets(directory: Path) -> Path:
    (directory / "groundedness").mkdir(parents=True)
    ids = [f"one:{n}" for n in range(200)]
    test = [one for one in ids if part(key_of(one)) == "test"][:8]
    rows = {
        "qags": [
            {
                "id": one,
                "text": "Francis Fowke opened the Albert Hall in 1971."
                if n % 2
                else "The Albert Hall seats 5,272 people.",
                "context": HALL,
                "labels": {"unfaithful": bool(n % 2), "corpus": "xsum" if n < 4 else "cnndm"},
            }
            for n, one in enumerate(test)
        ],
        "halueval_qa": [
            {
                "id": one,
                "text": "It was opened by Napoleon in a year of war." if n % 2 else "Francis Fowke",
                "context": HALL.replace("5,272", str(5000 + n)),
                "labels": {"unfaithful": bool(n % 2)},
            }
            for n, one in enumerate(test)
        ],
    }
    for name, lines in rows.items():
        (directory / "groundedness" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return directory


@pytest.mark.parametrize("name", ["qags", "halueval_qa"])
def test_a_run_gives_figures_and_a_table(tmp_path: Path, name: str) -> None:
    section = SETS[name](Run(sets(tmp_path)))
    assert not section.missing and section.tables[0].rows
    goals = [goal.figure.removeprefix(f"{name}.") for goal in GOALS if goal.figure.startswith(f"{name}.")]
    assert set(goals) <= set(section.figures)


@pytest.mark.parametrize("name", list(SETS))
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    assert str(tmp_path) in SETS[name](Run(tmp_path)).missing


def test_no_edit_drowns_the_others() -> None:
    assert EACH <= errors_grounding.GOOD

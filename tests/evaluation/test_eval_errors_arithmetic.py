"""The second reader must be right by itself, and the sets of our own must be what they say."""

from pathlib import Path

import orjson
import pytest

from guardrail.errors import SettingsError
from guardrail.evaluation import errors_arithmetic
from guardrail.evaluation.equations import stated, verdict
from guardrail.evaluation.errors_arithmetic import GOALS, SETS, items, pairs
from guardrail.evaluation.errors_run import Run


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("So 2 + 2 = 5.", ["false"]),
        ("So 12 x 3 = 36 apples, 36 + 4 = 41.", ["holds", "false"]),
        ("10 / 3 = 3.33 and 10 / 3 = 3.3", ["holds", "holds"]),
        ("20 / 3 = 6.66 and 2/3 * 10 = 6", ["holds", "holds"]),
        ("12.8/2 = 6.415", ["rounded"]),
        ("15 / 60 = 25%", ["holds"]),
        ("10 x 25 = 2.5 元", ["converted"]),
        ("70+19.8+29.9 = 119.69999999999999", ["holds"]),
        ("1 1/2*12 = 18", []),
        ("21 - 3 = 2S", []),
        ("4 x 7 = 12 個打 x 7", []),
        ("(2 + 3) × (1 + 1) = 11", ["false"]),
    ],
)
def test_plain_equations_are_read_and_judged(text: str, seen: list[str]) -> None:
    assert [equation.verdict for equation in stated(text)] == seen


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("360 grams x 7 = 5040", "false"),
        ("12+3(34)=78", "false"),
        ("2 1/2*12 = 30", "holds"),
        ("6 × (2 + 3) = 30", "holds"),
        (r"5 \times 3 = 16", "false"),
        ("¼ × 8 = 3", "false"),
        ("5² + 1 = 26", "holds"),
        ("⅙ × 8 = 3", None),
        ("no equation", None),
    ],
)
def test_a_finding_is_read_without_its_words(written: str, seen: str | None) -> None:
    assert verdict(written) == seen


def test_generated_figures_are_drawn_anew_by_their_seed_alone() -> None:
    assert items(1) == items(1) and items(1) != items(2)
    made = items()
    assert {item.lang for item in made} == {"en", "zh-Hant", "yue", "zh-Hans"}
    assert len([item for item in made if item.kind]) * 2 == len(made)
    assert all(wrong.text != right.text for wrong, right in zip(made[::2], made[1::2], strict=True))


def test_half_of_the_pairs_is_for_testing() -> None:
    halves = [pair.part for pair in pairs()]
    assert len(halves) >= 60 and halves.count("test") * 2 == len(halves)


def test_a_pair_that_is_not_as_owed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.toml"
    path.write_text('[[pair]]\npart = "dev"\nlang = "en"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"pairs\.toml, pair 1"):
        pairs(path)


def test_worked_solutions_are_counted_against_the_second_reader(tmp_path: Path) -> None:
    folder = tmp_path / "groundedness"
    folder.mkdir()
    lines = [
        {"id": f"x:{number}", "text": f"We get {number} + 2 = {number + 2 + (number % 5 == 0)} apples.", "labels": {}}
        for number in range(10, 90)
    ]
    (folder / "gsm8k_model_solutions.jsonl").write_bytes(b"\n".join(map(orjson.dumps, lines)))
    section = SETS["gsm8k"](Run(tmp_path))
    assert section.figures["recall"].value == section.figures["precision"].value == 1
    assert section.figures["planted"].value == 1 and section.figures["alarms"].value == 0


def test_a_set_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "is not in" in SETS["yue_gsm8k"](Run(tmp_path)).missing
    assert "no sets" in SETS["equations_benign"](Run(tmp_path)).missing


def test_each_goal_is_a_figure_of_a_set() -> None:
    assert {goal.figure.split(".")[0] for goal in GOALS} <= set(SETS)
    assert errors_arithmetic.SETS is SETS

"""`guardrail eval errors` as a person or a script would call it."""

import json

import pytest
from click.testing import CliRunner

from guardrail.cli.eval import evaluate
from guardrail.errors import SettingsError

LINES = (
    {"id": "a", "text": "12 × 13 = 166.", "lang": "en", "labels": {"error": True, "kinds": ["error.arithmetic"]}},
    {"id": "b", "text": "12 × 13 = 156.", "lang": "en", "labels": {"error": False, "kinds": []}},
    {"id": "c", "text": "總共 12 × 13 = 166 元。", "lang": "yue", "labels": {"error": False}},
    {"id": "d", "text": "香港的首都是北京。", "lang": "zh-Hant", "labels": {"error": True}},
    {"id": "e", "text": "没有标签。", "lang": "zh-Hans"},
)


def run(tmp_path, lines, *arguments):
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return CliRunner().invoke(evaluate, ["errors", "--json", str(path), *arguments])


def test_a_set_of_ones_own_is_held_against_its_labels(tmp_path):
    result = run(tmp_path, LINES)
    assert result.exit_code == 0, result.output
    [section] = json.loads(result.stdout)["sections"]
    assert section["figures"]["recall"]["value"] == 0.5  # a found, d cannot be known
    assert section["figures"]["alarms"]["value"] == 0.5  # c was labelled wrongly
    listed = {listing["title"]: listing["lines"] for listing in section["listings"]}
    assert listed["Missed: labelled an error, and no rule fires"] == ["d"]
    assert listed["Wrong: labelled no error, and a rule fires"] == ["c: error.arithmetic"]
    languages = {row["language"] for table in section["tables"] for row in table["rows"] if "language" in row}
    assert {"en", "yue", "zh-Hant", "zh-Hans"} <= languages


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"eror": True}, "error"),
        ({"error": "yes"}, 'label "error" must be true or false'),
        ({"kinds": "error.arithmetic"}, "must be a list of kinds"),
        ({"kinds": ["error.arithmetics"]}, "did you mean `error.arithmetic`?"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path, labels, said):
    result = run(tmp_path, [LINES[0], {"text": "x", "labels": labels}])
    assert isinstance(result.exception, SettingsError)
    assert "mine.jsonl:2" in str(result.exception) and said in str(result.exception)


def test_what_is_not_there_is_named_and_the_gate_stays_shut(tmp_path):
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    result = CliRunner().invoke(evaluate, ["errors", "--data", str(nowhere), "--set", "benign", "--gate"])
    assert result.exit_code == 1
    assert "nowhere" in result.output

"""The benchmark of the toxicity scorer: what it measures, and one small run."""

import json

import pytest
from click.testing import CliRunner

from benchmarks.bias import FIRST_GOAL, LANGUAGES, LENGTH, Cost, aims, main, texts_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_as_long_as_is_said_with_and_without_data(tmp_path, language):
    texts = texts_of(tmp_path, language, 20, 1)
    assert len(texts) == 20
    assert {len(text) for text in texts} == {LENGTH}
    assert texts == texts_of(tmp_path, language, 20, 1) != texts_of(tmp_path, language, 20, 2)


def test_goals_speak_of_the_median_at_once_and_of_what_the_second_reader_adds():
    seen = [
        Cost("English", "HashingVectorizer, linear model", 9, 900.0, 800.0),
        Cost("English", "tier 1, at once", 9, 200.0, 100.0, 4.5),
        Cost("English", "tier 1, streamed", 9, 400.0, 300.0, 2.2),
        Cost("English", "the second reader, added", 9, 12_000.0, 11_000.0),
    ]
    assert [(value, limit) for _, value, limit in aims(seen)] == [(200.0, FIRST_GOAL), (12_000.0, 13_000.0)]


def test_it_runs_without_data(tmp_path):
    out = tmp_path / "out.json"
    done = CliRunner().invoke(main, ["--quick", "--data", str(tmp_path / "none"), "--json", str(out)])
    assert done.exit_code == 0, done.output
    plain = json.loads(out.read_text())
    ratios = [one["ratio"] for one in plain["costs"] if one["what"] == "tier 1, at once"]
    assert len(ratios) == len(LANGUAGES) and all(ratios)
    assert not plain["data"]

"""The benchmark of the leakage checks: what it measures, and one small run."""

import json

import pytest
from click.testing import CliRunner

from benchmarks import leakage
from benchmarks.leakage import HOSTILE, Cost, Growth, clean, goals, kilobytes_of, main, with_hits


@pytest.mark.parametrize("name", HOSTILE)
def test_a_slow_text_is_about_as_long_as_asked_and_doubles(name):
    short, long = HOSTILE[name](4_000), HOSTILE[name](8_000)
    assert 3_200 <= len(short) <= 4_100
    assert len(long) == pytest.approx(2 * len(short), rel=0.02)


@pytest.mark.parametrize("language", ["English", "Chinese"])
def test_there_is_ordinary_text_without_data(tmp_path, language):
    texts = clean(tmp_path, language, 20, 1)
    assert 20 <= kilobytes_of(texts) < 24
    assert texts == clean(tmp_path, language, 20, 1) != clean(tmp_path, language, 20, 2)


def test_hits_are_put_into_the_same_texts(tmp_path):
    texts = clean(tmp_path, "English", 5, 1)
    hit = with_hits(texts, 1)
    assert len(hit) == len(texts)
    assert sum(map(len, hit)) > 1.05 * sum(map(len, texts))


@pytest.mark.parametrize(
    ("seconds", "per_doubling", "exponent"), [((1.0, 2.0, 4.0), 2.0, 1.0), ((1.0, 4.0, 16.0), 4.0, 2.0)]
)
def test_growth(seconds, per_doubling, exponent):
    one = Growth("x", 1000, seconds)
    assert (one.per_doubling, one.exponent) == (pytest.approx(per_doubling), pytest.approx(exponent))


def test_goals_speak_of_new_text_without_names_and_of_the_worst_growth():
    seen = [
        Cost("English, clean", "stock Presidio", 1, 4000.0),
        Cost("English, clean", "all but names", 1, 50.0, 40.0, 80.0),
        Cost("English, clean", "all", 1, 90.0, 80.0),
        Cost("English, with hits", "all but names", 1, 500.0),
    ]
    grown = [Growth("a", 1, (1, 2, 4)), Growth("b", 1, (1, 3, 9))]
    assert goals(seen, grown) == [
        ("English, clean, us/KB", 50.0, leakage.CLEAN_GOAL),
        ("English, with hits, us/KB", 500.0, leakage.HITS_GOAL),
        ("growth per doubling, worst text (b)", 3.0, leakage.GROWTH_GOAL),
    ]


def test_one_slow_text_is_measured(tmp_path):
    out = tmp_path / "out.json"
    done = CliRunner().invoke(main, ["--quick", "--only", "blanks", "--json", str(out)])
    assert done.exit_code == 0, done.output
    plain = json.loads(out.read_text())
    [grown] = plain["growth"]
    assert grown["text"] == "blanks"
    assert 0 < grown["seconds"][0] < grown["seconds"][2]
    assert plain["goals"][0]["at_most"] == leakage.GROWTH_GOAL
    assert "Slow texts" in done.output

"""What thresholds cost, as numbers and as pictures."""

import sys

import pytest

from guardrail.errors import SettingsError
from guardrail.evaluation import curves, curves_draw
from guardrail.evaluation.bias_figures import Scored
from guardrail.evaluation.bias_readers import Reader, Reading
from guardrail.evaluation.curves import Curve, calibration, costs, mean, roc
from guardrail.evaluation.datasets import Item
from guardrail.evaluation.intervals import share

READER = Reader("embedded", "tier 1", lambda item: Reading(0.0), wording=True)


def a_set(*pairs):
    return [Scored(Item(str(n), ""), harmful, score, str(n)) for n, (harmful, score) in enumerate(pairs)]


def a_curve(alarming=(0.1, 0.9)):
    return Curve(
        "zh",
        READER,
        {
            "large": a_set(*[(True, 0.9)] * 30, *[(True, 0.2)] * 10, *[(False, 0.1)] * 36, *[(False, 0.85)] * 4),
            "small": a_set((True, 0.9), (True, 0.1), (False, 0.2), (False, 0.3)),
        },
        {"quiet": a_set((True, 0.3), (False, 0.4))},
        [0.02] * 98 + [0.85, 0.95],
        list(alarming),
    )


def test_a_threshold_costs_what_it_flags_and_sets_count_alike():
    one = costs(a_curve(), 0.8)
    assert one.recall.value == pytest.approx((0.75 + 0.5) / 2)
    assert one.alarms.value == pytest.approx(0.05)
    assert one.precision.value == pytest.approx(0.625 / 0.675)
    assert (one.ordinary.hits, one.ordinary.total) == (2, 100)
    assert one.alarming.value == 0.5
    assert one.rare.value == pytest.approx(0.01 * 0.625 / (0.01 * 0.625 + 0.99 * 0.02))
    for measure in (one.recall, one.alarms, one.precision, one.rare):
        assert measure.low <= measure.value <= measure.high


def test_a_higher_threshold_never_flags_more():
    steps = [costs(a_curve(), threshold / 20) for threshold in range(20)]
    for what in ("recall", "alarms", "ordinary", "alarming"):
        shares = [getattr(one, what).value for one in steps]
        assert shares == sorted(shares, reverse=True)


def test_a_mean_of_shares_is_surer_than_each_and_leaves_out_what_was_not_seen():
    one, other = share(50, 100), share(70, 100)
    both = mean([one, other, share(0, 0)])
    assert both.value == pytest.approx(0.6)
    assert both.high - both.low < one.high - one.low
    assert mean([]).low == 0.0


def test_a_curve_passes_every_threshold_once():
    xs, ys = roc(a_set((True, 0.9), (True, 0.5), (False, 0.5), (False, 0.1)))
    assert list(zip(xs, ys, strict=True)) == [(0.0, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]


def test_calibration_weighs_hate_harmless_posts_and_ordinary_answers_alike():
    bins = {one.low: one for one in calibration(a_curve())}
    top = bins[0.9]
    hate = (0.75 + 0.5) / 2 / 3
    assert top.harmful.value == pytest.approx(hate / (hate + 0.01 / 3))
    assert top.texts == 30 + 1 + 1
    assert top.harmful.low <= top.harmful.value <= top.harmful.high
    assert 0.4 not in bins


def test_tables_say_where_the_policy_flags():
    section = curves.evaluate([a_curve()], 0.8)
    assert [table.title for table in section.tables] == ["Chinese, tier 1: thresholds", "Chinese, tier 1: calibration"]
    assert "0.8 (the policy flags)" in [row[0] for row in section.tables[0].rows]
    assert "--data" in curves.evaluate([], 0.8).missing


@pytest.mark.parametrize("alarming", [(0.1, 0.9), ()])
def test_pictures_are_written_twice_and_the_same_each_time(tmp_path, alarming):
    written = curves_draw.draw(a_curve(alarming), 0.8, tmp_path / "new" / "one")
    assert [path.name for path in written] == [
        f"{what}-zh-embedded.{ending}" for what in ("thresholds", "roc", "calibration") for ending in ("png", "svg")
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[::2])
    again = curves_draw.draw(a_curve(alarming), 0.8, tmp_path / "two")
    assert [path.read_bytes() for path in written[1::2]] == [path.read_bytes() for path in again[1::2]]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--curve names a directory"):
        curves_draw.draw(a_curve(), 0.8, tmp_path / "file")


def test_without_matplotlib_the_cure_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SettingsError, match=r"pip install 'guardrail\[reports\]'"):
        curves_draw.draw(a_curve(), 0.8, tmp_path)

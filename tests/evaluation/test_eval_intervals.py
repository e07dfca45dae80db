"""Figures and their intervals: a wrong one here would make every published figure wrong."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.evaluation.intervals import Counts, auc, f1, share


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Brown, Cai and DasGupta 2001 and R's binom.confint(method="wilson")
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (1, 2, 0.09453, 0.90547),
        (98, 100, 0.93000, 0.99450),
        (20, 400, 0.03260, 0.07596),
    ],
)
def test_a_share_has_wilsons_interval(hits, total, low, high):
    one = share(hits, total)
    assert (one.low, one.high) == (pytest.approx(low, abs=2e-5), pytest.approx(high, abs=2e-5))
    assert one.value == hits / total


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_an_interval_holds_its_value(hits, more):
    one = share(hits, hits + more)
    assert 0 <= one.low <= one.high <= 1
    assert isnan(one.value) or one.low <= one.value <= one.high


def test_a_share_of_nothing_is_no_figure():
    assert isnan(share(0, 0).value)
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)


def test_recall_precision_and_f1_of_counts():
    counts = Counts(found=8, wrong=2, missed=4)
    assert (counts.recall.value, counts.precision.value) == (8 / 12, 8 / 10)
    assert counts.f1 == pytest.approx(2 * (8 / 12) * (8 / 10) / (8 / 12 + 8 / 10))
    assert isnan(Counts().f1)


def test_f1_is_of_all_documents_and_its_interval_follows_from_the_seed():
    documents = [Counts(1, 0, 0)] * 60 + [Counts(0, 1, 0)] * 20 + [Counts(0, 0, 1)] * 20
    one = f1(documents, seed=3)
    assert one.value == pytest.approx(120 / 160)
    assert one.low < one.value < one.high
    assert one == f1(documents, seed=3) != f1(documents, seed=4)
    assert isnan(f1([Counts()]).value)


scored = st.lists(st.tuples(st.integers(0, 6).map(float), st.booleans()), min_size=2, max_size=40)


@given(scored)
def test_the_area_is_how_often_a_true_text_outscores_another(pairs):
    true = [score for score, label in pairs if label]
    other = [score for score, label in pairs if not label]
    one = auc([score for score, _ in pairs], [label for _, label in pairs])
    if not true or not other:
        assert isnan(one.value)
        return
    wins = sum((a > b) + (a == b) / 2 for a in true for b in other)
    assert one.value == pytest.approx(wins / (len(true) * len(other)))
    assert 0 <= one.low <= one.value <= one.high <= 1


def test_delongs_variance_on_a_worked_example():
    # 4 positive, 3 negative; placements by hand: V10 = (1, 1, 2/3, 1/3), V01 = (1, 3/4, 1/2).
    one = auc([9, 8, 6, 3, 1, 5, 7], [True, True, True, True, False, False, False])
    area = 0.75
    variance = (1 / 3) * sum((v - area) ** 2 for v in (1, 1, 2 / 3, 1 / 3)) / 4
    variance += (1 / 2) * sum((v - area) ** 2 for v in (1, 3 / 4, 1 / 2)) / 3
    from math import exp, log, sqrt

    half = 1.959963984540054 * sqrt(variance) / (area * (1 - area))
    assert one.value == area
    assert one.low == pytest.approx(1 / (1 + exp(-(log(area / (1 - area)) - half))))
    assert one.high == pytest.approx(1 / (1 + exp(-(log(area / (1 - area)) + half))))


def test_an_area_of_one_from_few_texts_is_not_certain():
    one = auc([1, 1, 1, 0, 0, 0, 0], [True] * 3 + [False] * 4)
    assert one.value == 1.0
    assert one.low < 0.6

"""The comparison: what it finds and what it leaves alone, and what it says about its own reach."""

import numpy as np
import pytest

from guardrail.probe.compare import (  # fmt: skip
    compare,
    comparisons,
    detectable,
    interval,
    matched_pairs,
    permutation,
    share_detectable,
    smallest_p,
)
from guardrail.probe.measures import Measured, Measurer
from guardrail.probe.plan import Wanted, make_plan
from guardrail.probe.state import Answer
from guardrail.probe.templates import packaged
from guardrail.vendors import Asking
from tests.probe.fake_models import model

BOOK, MEASURER = packaged(), Measurer()


def plan_of(*grounds, seed=1, **more):
    return make_plan(Wanted("http://x", "openai", Asking("m", 100), grounds, seed=seed, **more), BOOK)


def values_of(plan, say):
    return {
        one.place: MEASURER.measure(one, Answer(one.key, say(one.prompt)), BOOK.terms_of(one.ground, one.lang))
        for one in plan.questions
    }


def compared(plan, say):
    return compare(plan, values_of(plan, say))


def found(tests):
    return {(test.other, test.measure) for test in tests if test.found}


def test_a_biased_model_is_found_where_it_is_biased_and_nowhere_else():
    tests = compared(plan_of("race", "sex"), model(refuses=0.4, pays=0.75))
    assert {("south_asian", "refusal"), ("south_asian", "number")} <= found(tests)
    assert {other for other, _ in found(tests)} == {"south_asian"}
    refusal = next(test for test in tests if (test.other, test.measure, test.lang) == ("south_asian", "refusal", "all"))
    number = next(test for test in tests if (test.other, test.measure, test.lang) == ("south_asian", "number", "all"))
    assert 0 < refusal.low < refusal.effect < refusal.high
    assert number.low < number.effect < number.high < 0
    assert number.low < 2 * (0.75 - 1) / 1.75 < number.high


def alarms(**more):
    """In how many of twenty runs over a fair model something is found."""
    runs = (compared(plan_of("sex", "age", seed=seed, **more), model(f"fair {seed}")) for seed in range(20))
    return sum(bool(found(tests)) for tests in runs)


def test_a_fair_model_yields_findings_no_more_often_than_q_over_twenty_seeds():
    """Under the null hypothesis a run has any finding with a chance of q at most; 4 or more in 20 runs then come once
    in 60 times."""
    assert alarms(langs=("en",), templates=13) < 4


@pytest.mark.slow
def test_a_fair_model_yields_findings_no_more_often_than_q_with_all_templates_and_languages():
    assert alarms() < 4


def test_a_choice_counts_who_was_taken_in_either_order():
    plan = plan_of("race", langs=("en",))
    always_a = {one.place: Measured(0.0, chosen=0) for one in plan.questions if one.template.choice}
    assert all(abs(test.effect) < 1e-9 for test in compare(plan, always_a) if test.pairs)

    def takes_chinese(one):
        return Measured(
            0.0,
            chosen=[term.name for term in one.terms].index("chinese")
            if "chinese" in {t.name for t in one.terms}
            else 0,
        )

    tests = compare(plan, {one.place: takes_chinese(one) for one in plan.questions if one.template.choice})
    assert {test.effect for test in tests if test.measure == "recommendation"} == {-1.0}


def test_repeats_are_averaged_and_do_not_count_as_templates():
    once, thrice = (plan_of("sex", langs=("en",), templates=10, repeats=n) for n in (1, 3))
    many = [next(t for t in compared(plan, model()) if t.measure == "length") for plan in (once, thrice)]
    assert many[0].templates == many[1].templates <= 10
    assert many[1].pairs > 2 * many[0].pairs


def test_what_could_not_be_compared_has_no_p():
    plan = plan_of("sex", langs=("en",), templates=3)
    assert all(not test.measured and not test.found for test in compared(plan, model()))
    assert all(test.templates == 0 for test in compare(plan, {}))


def test_every_pair_has_the_reference_on_one_side():
    for pair in matched_pairs(plan_of("race")):
        assert (pair.reference.name, pair.first.template) == ("chinese", pair.second.template)
        assert pair.first.prompt != pair.second.prompt


def test_the_same_seed_gives_the_same_figures():
    one, two = (compare(plan, values_of(plan, model())) for plan in (plan_of("sex"), plan_of("sex")))
    assert [(t.p, t.low, t.high) for t in one] == [(t.p, t.low, t.high) for t in two]


def dice():
    return np.random.default_rng(1)


@pytest.mark.parametrize(
    ("gaps", "p"),
    [([1, 1, 1, 1, 1, 1], 2 / 64), ([1, -1, 1, -1], 1.0), ([0, 0, 0], 1.0), ([2, 1, 1, 1], 2 / 16)],
)  # fmt: skip
def test_p_is_exact_where_templates_are_few(gaps, p):
    """By hand: the share of sign patterns with a mean as far from zero."""
    assert permutation(np.array(gaps, float), dice()) == pytest.approx(p)


def test_p_agrees_with_the_binomial_sign_test():
    from scipy.stats import binomtest

    gaps = np.array([1.0] * 22 + [-1.0] * 6)
    assert permutation(gaps, dice()) == pytest.approx(binomtest(22, 28).pvalue, abs=0.001)


def test_an_interval_holds_what_it_should():
    """Of 300 samples of 15 about 1, some 95 in 100 intervals hold 1."""
    draws = np.random.default_rng(2)
    held = 0
    for _ in range(300):
        low, high = interval(draws.normal(1, 1, 15), "length", draws)
        held += low <= 1 <= high
    assert 0.91 <= held / 300 <= 0.985


def test_no_difference_in_any_pair_is_not_an_interval_of_nothing():
    low, high = interval(np.zeros(20), "refusal", dice())
    assert (round(low, 3), round(high, 3)) == (-0.168, 0.168)


def test_what_is_out_of_reach_is_said():
    assert smallest_p(6) == 2 / 64
    assert share_detectable(5, 0.05) is None
    assert share_detectable(40, 0.05) < share_detectable(20, 0.05) < share_detectable(20, 0.001)
    assert detectable(np.zeros(5), "refusal", 0.05) is None
    assert detectable(np.zeros(20), "refusal", 0.05) == pytest.approx(0.366, abs=0.001)


@pytest.mark.parametrize("measure", ["number", "length", "sentiment", "toxicity"])
def test_answers_that_are_all_alike_do_not_put_every_difference_in_reach(measure):
    """A model that says the same to all: had it been harsh to one group in a tenth of the templates, no test would
    have found it."""
    assert detectable(np.zeros(40), measure, 0.001) > 0.1
    mostly = np.array([0.6, 0.6, 0.6, *[0.0] * 37])
    assert permutation(mostly, dice()) > 0.2
    assert detectable(mostly, measure, 0.001) >= 0.6 * share_detectable(40, 0.001)


def test_enough_signs_are_drawn_for_a_finding_to_hold_against_all_others():
    """With --q 0.01 and all grounds a lone finding needs a p below 0.01 / 810."""
    level = 0.01 / 810
    assert permutation(np.ones(40), dice(), level) <= level
    assert permutation(np.array([1.0, -1.0] * 20), dice(), level) > 0.5


def test_the_difference_called_detectable_is_found_four_times_in_five():
    draws, level, n = np.random.default_rng(3), 0.01, 30
    least = detectable(draws.normal(0, 1, 4000)[:n], "length", level)
    hits = sum(permutation(draws.normal(least, 1, n), draws) <= level for _ in range(30))
    assert 16 <= hits <= 30


def test_comparisons_over_all_languages_are_there_when_there_is_more_than_one():
    assert {key[1] for key in comparisons(plan_of("sex"))} == {"en", "zh-Hant", "all"}
    assert {key[1] for key in comparisons(plan_of("sex", langs=("zh-Hans",)))} == {"zh-Hans"}

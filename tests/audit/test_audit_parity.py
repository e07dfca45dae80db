"""The parity report counts what the log says, tells no small number, and calls nothing a difference that chance makes."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.audit.parity import OUTCOMES, Tally, as_json, compares, tally


def exchange(
    language="en", groups=(), *, refused=False, action="allow", actions=(), edited=0, ended="completed", **more
):
    findings = [{"action": each, "kind": "bias.toxicity"} for each in actions]
    return {
        "type": "exchange", "id": "x", "time": "2026-11-20T08:00:00.000Z", "model": "m", "policy": "p@1", "ended": ended, "action": action,
        "findings": findings, "edited": edited, "language": language, "groups": list(groups), "refused": refused, **more,
    }  # fmt: skip


def half(group, *, refused=False, length=100, **more):
    made = {
        "group": group,
        "ended": "completed",
        "status": 200,
        "upstream_status": 200,
        "action": "allow",
        "refused": refused,
        "length": length,
    }
    return {**made, "blocked": False, "flagged": False, "noticed": False, "edited": 0, "found": [], "error": "", **more}


def pair(one, two, ground="region"):
    return {
        "type": "parity_pair",
        "id": "p",
        "original": "x",
        "time": "2026-11-21T08:00:00.000Z",
        "ground": ground,
        "language": "yue",
        "a": one,
        "b": two,
    }


def rate(row, outcome):
    return next(each for each in row.rates if each.outcome == outcome)


def row(rows, name):
    return next(each for each in rows if each.name == name)


def test_every_outcome_is_counted_by_language():
    made = tally(
        [exchange()] * 6
        + [exchange(refused=True)] * 2
        + [exchange(action="block", ended="blocked", refused=None)]
        + [exchange(actions=("flag", "notice"), edited=2, action="notice")]
        + [exchange("zh-Hant")] * 12
    )
    english = row(made.languages, "en")
    assert english.total == 10
    assert {each.outcome: (each.rate.hits, each.rate.total) for each in english.rates} == {
        "refused": (2, 9), "blocked": (1, 10), "flagged": (1, 10), "edited": (1, 10), "noticed": (1, 10),
    }  # fmt: skip
    refused = rate(english, "refused")
    assert refused.rest is not None
    assert (refused.rest.hits, refused.rest.total) == (0, 12)


def test_an_outcome_that_nobody_had_compares_nothing():
    made = tally([exchange()] * 20 + [exchange("yue")] * 20)
    assert made.compared == 0
    assert not any(compares(each) for one in made.languages for each in one.rates)


def test_a_group_is_compared_with_those_that_mention_another():
    made = tally(
        [exchange("en", ["women"], refused=True)] * 10
        + [exchange("en", ["men"])] * 20
        + [exchange("en", ["men", "women"])] * 5
        + [exchange()] * 100
    )
    women = rate(row(made.groups, "women"), "refused")
    assert women.rest is not None
    assert (women.rate.hits, women.rate.total, women.rest.hits, women.rest.total) == (10, 15, 0, 20)
    assert women.differs
    none = row(made.groups, "")
    assert (none.total, rate(none, "refused").difference) == (100, None)


def test_a_true_difference_is_found_and_chance_is_not():
    dice = random.Random(5)
    alike = tally(
        exchange(
            dice.choice(("en", "yue", "zh-Hant")),
            [dice.choice(("women", "men", "muslims"))],
            refused=dice.random() < 0.1,
        )
        for _ in range(3000)
    )
    assert not any(each.differs for one in (*alike.languages, *alike.groups) for each in one.rates)
    unequal = tally(
        exchange("en", [group], refused=dice.random() < (0.3 if group == "muslims" else 0.1))
        for group in dice.choices(("women", "men", "muslims"), k=1500)
    )
    assert rate(row(unequal.groups, "muslims"), "refused").differs


def test_small_cells_are_not_told():
    made = tally([exchange()] * 50 + [exchange("yue", ["women"], refused=True)] * 9 + [exchange("zh-Hant")] * 60)
    hidden = {each.name for each in made.languages if each.suppressed}
    # 9 could be worked out from the whole, so the next smallest goes with it.
    assert hidden == {"yue", "en"}
    assert [each.suppressed for each in made.groups if each.name == "women"] == [True]
    plain = json.dumps(as_json(made))
    assert '"yue", "suppressed": true' in plain
    assert not any(f'"{name}", "exchanges": 9' in plain for name in ("yue", "women"))


def test_no_small_number_of_a_group_can_be_worked_out():
    """Nine messages mention women; who takes those that mention none, or the other groups, from the whole has them."""
    one = tally([exchange()] * 110 + [exchange("en", ["women"], refused=True)] * 9)
    assert {each.name: each.suppressed for each in one.groups} == {"women": True, "": True}
    some = [exchange()] * 110 + [exchange("en", ["men"])] * 12 + [exchange("en", ["muslims"])] * 40
    made = tally(some + [exchange("en", ["women"], refused=True)] * 3)
    assert {each.name: each.suppressed for each in made.groups} == {"women": True, "men": True, "muslims": False, "": False}  # fmt: skip
    assert {each.name for each in tally(some).groups if each.suppressed} == set()


@given(
    st.dictionaries(st.sampled_from(("en", "yue", "zh-Hant", "zh-Hans", "mixed")), st.integers(1, 30), min_size=1),
    st.integers(1, 15),
)
def test_no_small_number_of_a_language_can_be_worked_out(totals, least):
    counts = Tally(least)
    for name, total in totals.items():
        for _ in range(total):
            counts.add(exchange(name))
    made = counts.report()
    told = sum(each.total for each in made.languages if not each.suppressed)
    left = made.counted - told
    assert all(each.total >= least for each in made.languages if not each.suppressed)
    assert left == 0 or left >= least or told == 0


def test_old_records_and_unfinished_exchanges_are_counted_and_left_out():
    old = {name: value for name, value in exchange().items() if name not in ("language", "groups", "refused")}
    made = tally(
        [old] * 3
        + [exchange(None)] * 2
        + [exchange(ended="upstream_failed", refused=None)] * 4
        + [exchange()] * 12
        + [{"type": "event", "event": "log_resumed"}]
    )
    assert (made.exchanges, made.without, made.unfinished, made.counted) == (21, 5, 4, 12)


def test_an_empty_log():
    made = tally([])
    assert (made.exchanges, made.counted, made.pairs, made.languages, made.groups, made.by_pair) == (
        0,
        0,
        0,
        (),
        (),
        (),
    )
    assert as_json(made)["from"] is None


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"type": None},
        {"type": "exchange", "language": 1},
        {"type": "parity_pair"},
        {"type": "parity_pair", "a": [], "b": 1},
        {**exchange(), "findings": "x", "groups": 3, "edited": "many", "refused": "no"},
    ],
)
def test_what_is_not_as_it_should_be_breaks_nothing(record):
    assert json.dumps(as_json(tally([record] * 12)))


def test_pairs_are_told_apart_by_the_half_that_was_turned_down():
    asked = [pair(half("mainlanders", refused=True), half("hongkongers"))] * 12
    asked += [pair(half("hongkongers"), half("mainlanders", refused=True))] * 4  # the other way round
    asked += [pair(half("mainlanders", refused=True), half("hongkongers", refused=True))] * 3 + [
        pair(half("hongkongers"), half("mainlanders"))
    ] * 20
    made = tally(asked)
    assert made.pairs == 39
    [both] = made.by_pair
    assert (both.given, both.other, both.total) == ("hongkongers", "mainlanders", 39)
    refused = rate(both, "refused")
    assert refused.rest is not None and refused.difference is not None
    assert (refused.rate.hits, refused.rest.hits) == (3, 19)
    assert refused.difference.value == pytest.approx(-16 / 39)
    assert refused.differs
    [hong_kong, mainland] = made.by_group
    assert (hong_kong.given, mainland.given) == ("hongkongers", "mainlanders")
    assert rate(mainland, "refused").difference.value == pytest.approx(16 / 39)  # type: ignore[union-attr]


def test_the_length_of_answers_is_compared_where_both_answered():
    asked = [pair(half("women", length=100), half("men", length=200), "sex")] * 12 + [
        pair(half("women", refused=True, length=5), half("men"), "sex")
    ] * 5
    [both] = tally(asked).by_pair
    assert both.length is not None
    assert (both.given, both.lengths, round(both.length.value, 6)) == ("men", 12, 2.0)
    assert both.length_adjusted < 0.05


def test_a_pair_that_failed_is_counted_and_left_out():
    failed = half("men", ended="upstream_failed", refused=None, error="upstream_cut")
    overloaded = half("men", upstream_status=500, refused=None)
    made = tally(
        [pair(half("women"), failed)] * 2 + [pair(half("women"), overloaded)] + [pair(half("women"), half("men"))] * 10
    )
    assert (made.pairs, made.pairs_failed) == (10, 3)


def test_few_pairs_are_not_told():
    [both] = tally([pair(half("women", refused=True), half("men"), "sex")] * 9).by_pair
    assert (both.suppressed, both.total, both.rates) == (True, 0, ())


def test_the_names_of_outcomes_are_those_of_the_report():
    made = tally([exchange()] * 10)
    assert tuple(each.outcome for each in made.languages[0].rates) == OUTCOMES

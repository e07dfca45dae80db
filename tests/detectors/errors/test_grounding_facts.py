"""Numbers, dates, names and quotations as people write them."""

import pytest

from guardrail.detectors.errors.grounding.facts import clocks, dates, names, numbers, quotations
from guardrail.detectors.errors.grounding.sources import plain, stem, tokens


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("12,000,000 people", [12_000_000]),
        ("12 million people", [12_000_000]),
        ("一千二百萬人", [12_000_000]),
        ("1200萬人", [12_000_000]),
        ("１２００萬", [12_000_000]),
        ("3萬5千人", [35_000]),
        ("HK$3.5 million", [3_500_000]),
        ("HKD20", [20]),
        ("百分之三十五", [35]),
        ("35%", [35]),
        ("twenty-five cows", [25]),
        ("two hundred and five", [205]),
        ("三個人", [3]),
        ("十個人", [10]),
        ("十分開心，一直如此，萬一下雨", []),
        ("the A380 and H7N9", []),
    ],
)
def test_a_number_is_its_value_however_it_is_written(text, values):
    assert [one.value for one in numbers(plain(text))] == values


@pytest.mark.parametrize(
    "text",
    [
        "on 5 March 2024",
        "March 5, 2024",
        "Mar 5th 2024",
        "2024-03-05",
        "2024/3/5",
        "2024年3月5日",
        "二零二四年三月五日",
        "民國113年3月5日",
    ],
)
def test_a_day_is_one_day_however_it_is_written(text):
    assert [(one.year, one.month, one.day) for one in dates(plain(text))] == [(2024, 3, 5)]


def test_what_has_two_readings_keeps_both():
    (one,) = dates("03/05/2024")
    assert {(one.month, one.day), one.other} == {(5, 3), (3, 5)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30年後", []),
        ("你可以三月內申請", []),
        ("星期二", [(None, None, None, 1)]),
        ("in May", [(None, 5, None, None)]),
    ],
)
def test_durations_are_no_dates_but_days_and_months_are(text, found):
    assert [(one.year, one.month, one.day, one.weekday) for one in dates(plain(text))] == found


def test_times_of_day():
    assert [one.minutes for one in clocks(plain("at 2:30 pm, 14:30 or 下午三時半"))] == [870, 870, 930]


def test_names_and_quotations():
    assert [one.words for one in names("we met Barack Obama in New York")] == [("Barack", "Obama"), ("New", "York")]
    assert [one.words for one in names(plain("佢讀過《百年孤寂》"))] == [("百年孤寂",)]
    text = "佢話「我哋唔會放棄」。"
    assert [text[one.start : one.end] for one in quotations(plain(text))] == ["我哋唔會放棄"]


def test_tokens_are_the_same_in_both_scripts_and_all_widths():
    assert tokens("香港大橋２０１８年").stems == tokens("香港大桥2018年").stems
    assert stem("Companies") == stem("company")
    assert tokens("耗資一千二百萬元").stems == tokens("耗资1200万元").stems

"""A date that cannot be right gets words that say what would be; a date that is right, or no date at all, gets none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.dates.detector import Dates
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Finding, Stage

DETECTOR = Dates()
DETECTOR.load()


def found(text: str, context: Context | None = None) -> list[Finding]:
    return DETECTOR.detect([text], context or Context())[0]


def _without_its_stop(message: str) -> str:
    assert message[-1] in ".。"
    return message[:-1]


def said(text: str, context: Context | None = None) -> list[tuple[str, str]]:
    return [(one.kind.removeprefix("error."), _without_its_stop(one.message)) for one in found(text, context)]


def test_is_a_detector() -> None:
    assert isinstance(Dates(), Detector)
    assert isinstance(Dates(), Configurable)


IMPOSSIBLE = [
    ("The contract ends on 31 April 2021.", "31 April 2021 does not exist: April has 30 days"),
    ("By February 29th, 2027.", "February 29th, 2027 does not exist: February 2027 has 28 days"),
    ("Deadline: 2025-06-31", "2025-06-31 does not exist: June has 30 days"),
    ("Deadline: 31/04/2024.", "31/04/2024 does not exist: April has 30 days"),
    ("合約於2023年2月29日屆滿。", "沒有「2023年2月29日」這一天：2023年2月只有28天"),
    ("合同于2023年2月29日期满。", "没有“2023年2月29日”这一天：2023年2月只有28天"),
    ("二零二五年九月三十一日", "沒有「二零二五年九月三十一日」這一天：9月只有30天"),
    ("截止２０２５年６月３１日", "沒有「2025年6月31日」這一天：6月只有30天"),
    ("你要喺2月30號之前交表，過咗就冇得報。", "沒有「2月30號」這一天：2月只有29天"),
    ("會議定於2025年13月5日。", "沒有「2025年13月5日」這個日期：一年只有12個月"),
    ("The train leaves at 25:61.", "25:61 is no time of day: an hour has 60 minutes and a day 24 hours"),
    ("It opens at 9:75 am.", "9:75 am is no time of day: an hour has 60 minutes and a day 24 hours"),
    ("下午3點75分開會。", "沒有「下午3點75分」這個時間：一小時有60分鐘，一天有24小時"),
]


@pytest.mark.parametrize(("text", "message"), IMPOSSIBLE)
def test_a_day_or_time_that_does_not_exist(text: str, message: str) -> None:
    assert said(text) == [("date_impossible", message)]


WEEKDAYS = [
    ("See you on Monday, 5 March 2024.", "5 March 2024 is a Tuesday, not a Monday"),
    ("See you on Mon 5 Mar 2024.", "5 March 2024 is a Tuesday, not a Monday"),
    ("March 5, 2024 was a Monday.", "5 March 2024 is a Tuesday, not a Monday"),
    ("Date: 2024-03-05 (Monday)", "5 March 2024 is a Tuesday, not a Monday"),
    ("2024年3月5日（一）開會", "2024年3月5日是星期二，不是星期一"),
    ("2024年3月5日星期一開會", "2024年3月5日是星期二，不是星期一"),
    ("会议定于2024年3月5日（周一）举行。", "2024年3月5日是星期二，不是星期一"),
    ("個會喺二零二四年三月五號禮拜一開", "2024年3月5日是星期二，不是星期一"),
]


@pytest.mark.parametrize(("text", "message"), WEEKDAYS)
def test_a_weekday_that_the_date_does_not_fall_on(text: str, message: str) -> None:
    assert said(text) == [("weekday", message)]


def test_the_finding_covers_date_and_weekday_in_the_offsets_of_the_answer() -> None:
    text = "會議\u200b在２０２４年３月５日（星期一）開。"
    (one,) = found(text)
    assert text[one.start : one.end] == "２０２４年３月５日（星期一"
    assert one.score >= 0.8


def test_a_short_answer_is_held_against_the_date_of_the_question() -> None:
    asked = Context(prompt="What day of the week was 5 March 2024?")
    assert said("It was a Monday.", asked) == [("weekday", "5 March 2024 is a Tuesday, not a Monday")]
    assert said("It was a Tuesday.", asked) == []
    assert said("係禮拜一。", Context(prompt="2024年3月5日係禮拜幾？")) == [
        ("weekday", "2024年3月5日是星期二，不是星期一")
    ]


def test_a_date_without_a_year_takes_the_only_one_that_is_spoken_of_and_is_less_sure() -> None:
    (one,) = found("The 2024 season opens on Monday, 5 March.")
    assert 0.6 <= one.score < 0.8
    assert found("The 2024 and 2025 seasons open on Monday, 5 March.") == []


LENGTHS = [
    ("From 3 March to 4 March is 5 days.", "From 3 March to 4 March is 1 day, not 5"),
    ("From 3 March to 30 March is one week.", "From 3 March to 30 March is 27 days, which is not one week"),
    ("From 3 March to 10 March is 9 days.", "From 3 March to 10 March is 7 days, not 9"),
    ("由2024年3月1日至3月15日，共25天。", "由2024年3月1日至3月15日是14天，不是25天"),
    ("The fair is from 1 to 15 March 2024 (20 days).", "From 1 March 2024 to 15 March 2024 is 14 days, not 20"),
    ("由3月1日至15日，共25天。", "由3月1日至3月15日是14天，不是25天"),
    ("It lasted 5 days, from March 1 to March 15, 2024.", "From 1 March to 15 March 2024 is 14 days, not 5"),
    ("由8月3號到8月10號一共有12日", "由8月3日至8月10日是7天，不是12天"),
    ("30 days after 1 March 2024 is 5 April 2024.", "30 days after 1 March 2024 is 31 March 2024, not 5 April 2024"),
    ("2024年3月1日之後30天是4月5日。", "2024年3月1日後30天是2024年3月31日，不是2024年4月5日"),
    ("He worked there from 1990 to 2005, a total of 20 years.", "From 1990 to 2005 is 15 years, not 20"),
    ("由1990年至2010年，一共30年。", "由1990年至2010年是20年，不是30年"),
    ("She was born in 1990 and was 40 in 2020.", "Somebody born in 1990 was 29 or 30 years old in 2020, not 40"),
    ("Einstein (1879–1955) died at the age of 86.", "Somebody born in 1879 was 75 or 76 years old in 1955, not 86"),
    ("他生於1990年，2020年時40歲。", "1990年出生的人在2020年是29或30歲，不是40歲"),
    ("The shop opened at 9:00 and closed at 17:30, 9 hours.", "From 9:00 to 17:30 is 8 hours 30 minutes, not 9 hours"),
    ("上午9時至下午5時半，共9小時。", "由上午9時至下午5時半是8小時30分鐘，不是9小時"),
    ("由朝早10點到下晝4點，總共8個鐘。", "由朝早10點至下晝4點是6小時，不是8小時"),
]


@pytest.mark.parametrize(("text", "message"), LENGTHS)
def test_a_length_that_does_not_follow_from_its_ends(text: str, message: str) -> None:
    assert said(text) == [("duration", message)]


@pytest.mark.parametrize("days", [6, 7, 8])
def test_days_are_counted_with_both_ends_with_one_or_with_none(days: int) -> None:
    assert said(f"From 3 March to 10 March is {days} days.") == []
    assert said(f"由3月3日至3月10日，共{days}天。") == []


@pytest.mark.parametrize("hours", ["8.5 hours", "8 hours and 30 minutes"])
def test_hours_are_read_to_the_minute(hours: str) -> None:
    assert said(f"From 9:00 to 17:30 is {hours}.") == []
    assert said(f"From 9:00 to 5:30 is {hours}.") == []


WHAT_HAPPENED_MEANWHILE = [
    "From 1 March to 31 March there were 5 days of rain.",
    "From 10 to 14 March 2025, 2 days are for interviews and 3 days for tests.",
    "The pass is valid from 1 May 2025 to 31 May 2025 (3 days of your choice).",
    "The exhibition runs from 1 March to 31 May 2025, 3 days a week.",
    "It rained for 3 days between 1 March 2025 and 31 March 2025.",
    "From 2010 to 2020, 3 years saw negative growth.",
    "She lived in London for 3 years between 2010 and 2020.",
    "From 9:00 to 17:00, 3 hours are set aside for training.",
    "由4月1日至4月30日，共有3日公眾假期。",
    "由2025年4月1日至30日，共有3天下雨。",
    "推廣期：2025年7月1日至8月31日，3天通行證$300。",
    "由2010年至2020年，共5年有盈餘。",
    "由2015年至2025年，3年虧損、7年盈利。",
    "由09:00至21:00，2小時免費泊車。",
    "从1949年10月1日到2019年10月1日，正好是70周年。",
    "由2019年10月1日至2024年10月1日，五周年。",
]


@pytest.mark.parametrize("text", WHAT_HAPPENED_MEANWHILE)
def test_a_number_of_days_within_a_span_is_not_its_length(text: str) -> None:
    assert said(text) == []


ORDERS = [
    "In 2019, two years after the company was founded in 2020, it closed.",
    "Chan Ka-ming (1972–1934) wrote several novels.",
    "He was born in 1955 and died in 1920.",
    "The fair began on 10 March 2024 and ended on 3 March 2024.",
    "展覽日期：2025年11月20日至2025年11月8日。",
    "他1950年出生，1932年逝世。",
]


@pytest.mark.parametrize("text", ORDERS)
def test_what_ends_before_it_begins(text: str) -> None:
    ((kind, message),) = said(text)
    assert kind == "date_order"
    assert message


CALENDARS = [
    ("民國113年（2025年）", "民國113年是2024年，不是2025年"),
    ("令和5年即2024年", "令和5年是2023年，不是2024年"),
    ("Minguo 110 (2020)", "Minguo 110 is 2021, not 2020"),
    ("2024 is the Year of the Rabbit.", "2024 is the Year of the Dragon, not of the Rabbit"),
    ("2024年是兔年。", "2024年是龍年，不是兔年"),
    ("1988年出生的人属蛇。", "1988年是龙年，不是蛇年"),
    ("2023 is a leap year.", "2023 is no leap year: February has 28 days"),
    ("2022年是閏年。", "2022年不是閏年：2月只有28天"),
    ("Year of the Dragon: 1988, 2000, 2013.", "2013 is the Year of the Snake, not of the Dragon"),
    ("屬龍（1988、2000、2011年出生）", "2011年是兔年，不是龍年"),
    ("甲辰年（2023年）", "2023年是癸卯年，不是甲辰年"),
    ("2025年10月9日（農曆八月十五）", "2025年10月9日是農曆八月十八，不是八月十五"),
    ("農曆八月十五（2025年10月9日）", "2025年10月9日是農曆八月十八，不是八月十五"),
    ("Chinese New Year 2024 falls on 9 February.", "Chinese New Year 2024 is on 10 February 2024, not 9 February 2024"),
    ("2024年春节是2月12日。", "2024年农历新年（正月初一）是2024年2月10日，不是2024年2月12日"),
]


@pytest.mark.parametrize(("text", "message"), CALENDARS)
def test_two_calendars_that_differ(text: str, message: str) -> None:
    assert said(text) == [("calendar", message)]


HOLIDAYS = [
    ("Christmas Day 2024 falls on 24 December.", "Christmas Day 2024 is on 25 December 2024, not 24 December 2024"),
    ("HKSAR Establishment Day is on 2 August.", "HKSAR Establishment Day is on 1 July, not 2 August"),
    ("| Tuen Ng Festival | 30 May 2025 |", "Tuen Ng Festival 2025 is on 31 May 2025, not 30 May 2025"),
    ("Good Friday is on 20 April 2025.", "Good Friday 2025 is on 18 April 2025, not 20 April 2025"),
    ("2024年重陽節是10月12日。", "2024年重陽節是2024年10月11日，不是2024年10月12日"),
    ("2025年佛誕係5月6號，香港放假。", "2025年佛誕是2025年5月5日，不是2025年5月6日"),
    ("香港2026年的佛誕在5月20日。", "2026年佛誕是2026年5月24日，不是2026年5月20日"),
]


@pytest.mark.parametrize(("text", "message"), HOLIDAYS)
def test_a_holiday_on_another_day(text: str, message: str) -> None:
    assert said(text) == [("holiday", message)]


RIGHT = """
See you on Tuesday, 5 March 2024, or on Wednesday, 6 March 2024.
2024年2月29日是閏日。
The deadline is the first Monday after 5 March 2024.
Open from Monday 4 March 2024 to Friday 8 March 2024.
It was Monday Night Football on 5 March 2024. Monday was free.
In April 31 people came; in May 45.
The score was 25:61. The ratio is 60:75. See Psalm 119:105.
The last bus leaves at 25:30.
Version 2024.2.30 of the file 2024-02-30-notes.txt
Call 2024-5678-90 or write to a/31/04/2024/b.
他說那天是5月35日。
民國113年3月5日，農曆正月廿五。
農曆八月三十日也有月亮。
Anyone born in January 1990 is a Snake. 1990年出生屬蛇或馬。
她生於1990年，2020年虛歲31歲。
He was born in 1950; his son was 30 in 2010.
From 9:00 to 17:30 is 7.5 hours without the lunch break.
The flight leaves at 9:00 and lands at 17:30, 13 hours later.
From 3 March to 10 March 2025 there are 5 working days.
Rome was at war from 264 to 241 BC (23 years).
It counts down from 10 March 2024 to 3 March 2024.
Sales went down from 2020 to 1850 units.
Orthodox Christmas Day is on 7 January. Christmas Eve is on 24 December.
Labour Day is on 1 September 2025 in Canada.
2024年中秋節是9月17日，中秋節翌日9月18日放假。
2024年中秋節假期：9月18日
2026年佛誕翌日5月25日補假，佛誕（2026年5月25日）公眾假期
The October Revolution began on Wednesday, 25 October 1917 (Julian).
On Wednesday 25 October 1899 the war had begun.
1 January 1650 was a Monday.
2023年是閏年，閏二月。
聖誕節假期是12月24日至1月2日。聖誕節在12月24日晚上開始慶祝。
20 December: Christmas dinner. 12月20日：聖誕節派對
24 December is Christmas Eve; 12月24日是聖誕節前夕
屬龍的人在2024年、2025年的運程
第一个周日12月26日，每個星期日1月1日開放。Easter Monday April 4, 2024.
The genocide lasted for 100 days, from April 7 to July 4, 1994.
2025年国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。
2025年中秋節：10月4日（六）至7日
""".strip().split("\n")


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_or_no_claim_draws_nothing(text: str) -> None:
    assert said(text) == []


REFUTED = """
There is no 31 April.
The date 31 April 2024 does not exist.
If it were Monday, 5 March 2024, we would be closed.
It is a mistake to say that 2024 is the Year of the Rabbit.
「2023年2月29日」並不存在。
冇2月30號呢日㗎。
有人寫2023年2月29日，其實沒有這一天。
`2023-02-30` is rejected by the form.
""".strip().split("\n")


@pytest.mark.parametrize("text", REFUTED)
def test_what_is_said_in_order_to_refute_it_draws_nothing(text: str) -> None:
    assert said(text) == []


def test_code_and_fiction_draw_nothing() -> None:
    assert said("```python\nd = '2023-02-30'\n```") == []
    assert said("She was born on 31 April 1990.", Context(prompt="Write a story about a witch.")) == []
    assert said("佢喺4月31號出世。", Context(prompt="寫個故事")) == []


def test_what_the_caller_wrote_first_is_a_flag_and_no_notice() -> None:
    context = Context(prompt="Draft an invitation for Monday, 5 March 2024.")
    (one,) = found("You are invited on Monday, 5 March 2024.", context)
    assert 0.6 <= one.score < 0.8


def test_only_the_wanted_kinds_are_looked_for() -> None:
    text = "Monday, 5 March 2024; Christmas Day is 24 December 2024; 31 April 2024."
    only = DETECTOR.configure(Options(wanted=frozenset({"error.weekday", "pii.hkid"})))
    only.load()
    assert [one.kind for one in only.detect([text], Context())[0]] == ["error.weekday"]
    assert len(found(text)) == 3


def test_a_request_is_not_judged() -> None:
    assert said("31 April 2024", Context(stage=Stage.REQUEST)) == []


def test_an_answer_full_of_wrong_dates_gets_a_bounded_number_of_findings() -> None:
    assert len(found("31 April 2024. " * 500)) == 20


@pytest.mark.parametrize(
    "unit",
    ["2024年3月", "31 April ", "from 2020 to 2010 ", "9:00 to ", "民國", "甲辰年(", "born in 1990 ", "A", "1", "年", "Christmas Day 24 ",
     "農曆八月十五", "`", "\n", " ", "(1999-1990) ", "Monday, ", "5 March 2024 ", "3 days after ", "由", "0:", "一"],
)  # fmt: skip
def test_hostile_repeats_end_soon(unit: str) -> None:
    assert len(found(unit * (200_000 // len(unit)))) <= 20, "of the same mistake a reader needs no more"


PART = st.sampled_from(
    ["2024", "年", "3", "月", "5", "日", "31", " April ", "Monday, ", "星期一", "（", "農曆", "民國", "是", "兔年", " to ", "-", "/", ":",
     "born in ", "from ", "共", "9 days", "\n", "「", "`", "上午", "點", "小時", "Christmas Day ", "屬", "甲辰", "初一", "\u200b", "③"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PART | st.text(max_size=3), max_size=40).map("".join))
def test_any_text_gives_findings_within_it(text: str) -> None:
    for one in found(text):
        assert one.start is not None
        assert one.end is not None
        assert 0 <= one.start < one.end <= len(text)
        assert 0 < one.score <= 1
        assert 0 < len(one.message) < 250
        assert one.kind in Dates.kinds

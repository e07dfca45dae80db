"""Answers held against the sources of their request."""

import sys
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.grounding.detector import KINDS, Grounding
from guardrail.detectors.errors.grounding.sources import MOST_FACTS, MOST_PLACES, Library, index_of, read_source
from guardrail.detectors.protocol import Options
from guardrail.text.script import simplify
from guardrail.types import Context, Source

BRIDGE = (
    "The bridge opened to the public on 12 March 1999. It was designed by John Smith, an engineer from London, and cost "
    "3 million pounds. Anna Brown led the building work. The bridge carries 12,400 vehicles a day. "
    '"We will keep it free for everyone," the mayor said at the opening.'
)
HARBOUR = "香港大橋於2018年10月24日通車，由陳大文設計，耗資一千二百萬元。政府表示不會加價，支持市民使用。大橋每日有三萬架次車輛經過。"


@cache
def detector() -> Grounding:
    made = Grounding()
    made.load()
    return made


def context(*texts: str, origin: str = "document", prompt: str = "", caller: tuple[str, ...] = ()) -> Context:
    return Context(prompt=prompt, caller=caller, material=tuple(Source(origin, text) for text in texts))


def found(text: str, where: Context, *kinds: str):
    judge = detector() if not kinds else Grounding(wanted=frozenset(kinds))
    return judge.detect([text], where)[0]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("The bridge opened on 21 March 1999.", "error.date_not_in_source", "21 March 1999"),
        ("The bridge was designed by John Smith and cost 5 million pounds.", "error.number_not_in_source", "5 million"),
        ("The bridge carries 18,400 vehicles a day.", "error.number_not_in_source", "18,400"),
        ("It was designed by Peter Jones, an engineer from London.", "error.name_not_in_source", "Peter Jones"),
        (
            'The mayor said "we will never ask anybody to pay for it" at the opening.',
            "error.quote_not_in_source",
            "we will never ask anybody to pay for it",
        ),
        ("大橋於2018年10月26日通車。", "error.date_not_in_source", "2018年10月26日"),
        ("大桥耗资1300万元。", "error.number_not_in_source", "1300万"),
        ("大橋每日有五萬架次車輛經過。", "error.number_not_in_source", "五萬"),
    ],
)
def test_what_stands_in_no_source_is_named_exactly(text, kind, part):
    alarms = [one for one in found(text, context(BRIDGE, HARBOUR)) if one.score >= 0.6]
    assert [(one.kind, text[one.start : one.end]) for one in alarms] == [(kind, part)]
    assert part[:20] in alarms[0].message


def test_the_message_says_what_the_source_has_in_the_language_of_the_answer():
    (one,) = found("The bridge opened on 21 March 1999.", context(BRIDGE))
    assert one.message == "The source says 12 March 1999, the answer says 21 March 1999."
    assert one.verdict == "contradicted"
    assert BRIDGE[one.passage.start : one.passage.end] == "The bridge opened to the public on 12 March 1999."
    (one,) = found("大橋於2018年10月26日通車。", context(HARBOUR))
    assert "2018年10月24日" in one.message and "資料來源" in one.message
    assert one.evidence == "a date or time that stands in no source"


@pytest.mark.parametrize(
    "text",
    [
        "The bridge opened to the public in March 1999.",
        "The bridge opened on 1999-03-12.",
        "The bridge cost 3,000,000 pounds.",
        "The bridge carries about 12,000 vehicles a day.",
        "大橋耗資1200萬元。",
        "大桥每日有30,000架次车辆经过。",
        "大橋於二零一八年十月二十四日通車。",
    ],
)
def test_what_is_written_otherwise_or_rounded_is_known(text):
    facts = [one for one in found(text, context(BRIDGE, HARBOUR)) if one.kind.endswith("_in_source")]
    assert facts == []


def test_a_number_of_a_text_that_was_taken_to_pieces_is_known():
    where = context("Some 2, 000 women were taken , and 3. 5 million people left .")
    kinds = {one.kind for one in found("About 2,000 women were taken and 3.5 million people left.", where)}
    assert "error.number_not_in_source" not in kinds


LIBRARY = (
    "The library welcomed 148,320 visitors in 2023/24, up from 131,905 the year before. Mrs. Margaret O'Neill, the "
    "chief librarian since September 2016, retired on 30 June 2024. The children's section received US$1.2 million from "
    "the Jockey Club. The library opens at 9:00 am and closes at 8:30 pm. Late books cost HK$1.5 per day, for at most "
    "14 days. The new room has 64 seats and a floor area of 210 square metres. The Legislative Council approved the plan "
    "in 2015. It has four electric-vehicle chargers. "
    "Its shop sold 5 million postcards. The hall is no longer closed on Mondays."
)
FAIR = "the fair in eugene starts on may 30 and is for free."
COMPANY = (
    "星河科技2023年收入達12.8億港元，較2022年的10.4億港元增長23%。公司有員工2,340人，其中研發人員占四成。全年股息為0.30港元。"
    "公司成立於2009年。查詢電話為2345 6789。學校放學時間為下午4點20分，延時服務至6點。鑽石卡會員享9.5折。計劃自2024年第三季起推行。"
)


@pytest.mark.parametrize(
    "text",
    [
        "The library had about 16,400 more visitors than the year before.",
        "Margaret O'Neill was the chief librarian for almost eight years.",
        "The Jockey Club gave USD 1.2 million for children.",
        "The new room covers 210 m².",
        "LegCo approved the plan in 2015.",
        "There are four EV chargers.",
        "The fair in Eugene, Oregon starts on May 30.",
        "The shop sold 5m postcards.",
        "For example, a book that is 4 days late costs HK$6.",
        "If you visit with 35 pupils, the library opens at 9 am.",
        "公司的收入增加2.4億港元。",
        "約四成即約936人從事研發。",
        "全年股息為每股三角。",
        "公司至今已有14年歷史。",
        "查詢電話為23456789。",
        "延時服務至18:00。",
        "延時服務至傍晚6點。",
        "鑽石卡會員可享九五折。",
        "計劃由2024年7月起推行。",
    ],
)
def test_a_right_answer_in_words_of_its_own_raises_no_more_than_a_hint(text):
    alarms = [
        one for one in found(text, context(LIBRARY, COMPANY, FAIR)) if one.verdict not in ("supported", "not_checkable")
    ]
    assert [one for one in alarms if one.score >= 0.6] == []


def test_a_passive_is_never_a_sure_alarm():
    alarms = found("The work was led by Anna Brown.", context(BRIDGE))
    assert max([one.score for one in alarms if one.kind == "error.unsupported"], default=0) <= 0.5


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The hall isn't closed on Mondays any more.", set()),
        ("It's noted that the library welcomed 148,320 visitors in 2023/24.", set()),
        ("The library does not open at 9:00 am and close at 8:30 pm.", {"error.contradicted"}),
    ],
)
def test_a_contradiction_denies_a_word_that_the_passage_has(text, kinds):
    assert {one.kind for one in found(text, context(LIBRARY))} & {"error.contradicted"} == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("由於措施增加，人口減少，吸煙嘅人亦都減少。", set()),
        ("由於措施增加，吸煙嘅人口明顯上升。", {"error.contradicted"}),
    ],
)
def test_a_chinese_passage_with_both_words_contradicts_neither(text, kinds):
    where = context("過去幾十年，由於措施增加，吸煙嘅人口明顯下降。大橋人口減少。")
    assert {one.kind for one in found(text, where)} & {"error.contradicted"} == kinds


@pytest.mark.parametrize(
    ("text", "part"), [("大橋由英國公司設計，於2018年10月24日通車。", "英國"), ("大桥在东京通车。", "东京")]
)
def test_a_chinese_place_that_no_source_names_is_likely_wrong(text, part):
    names = [one for one in found(text, context(HARBOUR)) if one.kind == "error.name_not_in_source"]
    assert [text[one.start : one.end] for one in names] == [part]
    assert 0.5 < names[0].score < 0.8


@pytest.mark.parametrize("text", ["發展中國家支持香港大橋。", "今日本港大橋通車。", "大橋在中國香港通車。"])
def test_what_only_looks_like_a_chinese_place_is_none(text):
    assert not [one for one in found(text, context(HARBOUR)) if "name" in one.kind and one.score > 0.5]


@pytest.mark.parametrize(
    "text",
    ["The bridge opened on 21 March 1999 and Peter Jones designed it.", "The mayor bought seven elephants in Vienna."],
)
def test_where_the_answer_may_go_by_what_cannot_be_read_nothing_is_more_than_a_hint(text):
    seen = context(BRIDGE)
    assert any(one.score >= 0.6 for one in found(text, seen))
    hidden = replace(seen, hidden=True)
    assert all(one.score <= 0.5 for one in found(text, hidden) if one.kind != "error.not_checkable")
    assert found(text, hidden)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The hall will seat 450 people, said Ms Chan Mei-ling.", "翻新後會堂可容納450人，負責人為陳美玲女士。"),
        ("會堂可容納450人，負責人是陳美玲。", "The hall will seat 450 people, said Ms Chan Mei-ling, who runs it."),
    ],
)
def test_an_answer_in_another_language_than_its_sources_is_not_checkable(text, source):
    assert {one.kind for one in found(text, context(source))} == {"error.not_checkable"}


def test_a_wrong_number_is_seen_across_languages():
    (one,) = found("The hall will seat 780 people.", context("翻新後會堂可容納450人。"))
    assert one.kind == "error.number_not_in_source" and one.score == 0.6


def test_the_callers_own_words_support_a_fact():
    where = context(BRIDGE, prompt="Was it Peter Jones, in 1987?", caller=("Was it Peter Jones, in 1987?",))
    kinds = {one.kind for one in found("It was not designed by Peter Jones in 1987.", where)}
    assert not kinds & {"error.name_not_in_source", "error.date_not_in_source"}


@pytest.mark.parametrize("text", ["Let me know if you need more.", "What else?", "The source does not say.", "你好！"])
def test_what_claims_nothing_is_not_checkable(text):
    assert [one.kind for one in found(text, context(BRIDGE))] == ["error.not_checkable"]


def test_what_was_never_checked_is_never_called_supported():
    assert [one.kind for one in found("The bridge opened in 1999.", Context())] == ["error.not_checkable"]


def test_silence_of_the_system_text_proves_nothing_but_it_can_support():
    where = context("You are a helpful guide. " + BRIDGE, origin="system")
    assert {one.kind for one in found("The bridge opened in 2011 in Paris.", where)} == {"error.not_checkable"}
    assert [one.kind for one in found("Anna Brown led the building work.", where)] == ["error.supported"]


def test_only_what_a_rule_wants_is_reported():
    text = "The bridge opened on 21 March 1999."
    assert found(text, context(BRIDGE), "error.number_not_in_source") == []
    assert Grounding().configure(Options(wanted=frozenset())).detect([text], context(BRIDGE)) == [[]]


def test_a_denial_of_what_the_source_says_is_contradicted():
    kinds = {one.kind for one in found("政府表示會加價，支持市民使用。", context(HARBOUR))}
    assert kinds == {"error.contradicted"}


def test_a_source_is_read_once():
    library = Library(characters=100)
    one = library.reading("The tower opened in 1889.")
    assert library.reading("The tower opened " + "in 1889.") is one
    library.reading("x" * 90)
    assert library.reading("The tower opened in 1889.") is not one


def sentences_of(text: str) -> list[str]:
    reading = read_source(text)
    return [text[one.start : one.end] for one in reading.sentences]


@pytest.mark.parametrize("sentence", [*sentences_of(BRIDGE), *sentences_of(HARBOUR)])
def test_a_copy_is_never_alarmed(sentence):
    assert {one.kind for one in found(sentence, context(BRIDGE, HARBOUR))} <= {"error.supported", "error.not_checkable"}


words = st.sampled_from(
    [
        *BRIDGE.split(),
        *(HARBOUR[n : n + 3] for n in range(0, len(HARBOUR), 3)),
        "not",
        "5",
        "1999年",
        "Peter",
        "，",
        ". ",
    ]
)
claim = st.lists(words, min_size=1, max_size=14).map(" ".join)


@given(claim, st.lists(st.text(max_size=80), max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_further_source_never_makes_a_supported_claim_worse(text, others):
    before = detector().scores([text], context(BRIDGE))[0]
    after = detector().scores([text], context(BRIDGE, *others))[0]
    if before < 0.1:
        assert after <= 0.4


@given(st.one_of(st.text(max_size=120), claim), st.lists(st.one_of(st.text(max_size=200), st.just(BRIDGE)), max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_text_beside_any_sources_has_offsets_inside_both(text, sources):
    where = context(*sources)
    for one in detector().detect([text], where)[0]:
        assert 0 <= (one.start or 0) <= (one.end or 0) <= len(text)
        assert 0 <= one.score <= 1 and one.kind in KINDS and len(one.message) < 300
        if one.passage is not None:
            assert 0 <= one.passage.start <= one.passage.end <= len(sources[one.passage.source])


@pytest.mark.parametrize("text", [*sentences_of(HARBOUR), "大橋由王小明設計，耗資五百萬元。", "政府反對市民使用大橋。"])
def test_both_scripts_are_judged_alike(text):
    traditional = detector().scores([text], context(HARBOUR))
    assert detector().scores([simplify(text)], context(HARBOUR)) == traditional
    assert detector().scores([text], context(simplify(HARBOUR))) == traditional


@pytest.mark.parametrize(
    "piece", ["a", "1", "1,", "一", "A ", "two ", '"', "A.b ", "三月", "May ", "Mr. ", "《", "·", "不"]
)
def test_hostile_sources_and_sentences_take_linear_work(piece):
    some, many = calls_for(piece, 2_000), calls_for(piece, 8_000)
    assert many < 5 * some + 5_000


def calls_for(piece: str, size: int) -> int:
    """How many functions are called to read a source of so many characters and to hold a sentence against it."""
    where = context((piece * size)[:size])
    calls = 0

    def count(frame: object, event: str, what: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    detector()
    sys.setprofile(count)
    try:
        detector().detect([(piece * 400)[:400]], where)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", ["the bridge is open. ", "大橋開放。", "12 May 1999, ", "Anna Brown. "])
def test_what_is_kept_of_a_source_is_bounded(piece):
    reading = read_source(piece * 30_000)
    assert max(map(len, reading.places.values())) <= MOST_PLACES
    assert max(len(reading.values), len(reading.dates), len(reading.clocks), len(reading.initials)) <= MOST_FACTS


def test_a_copy_points_at_the_sentence_that_it_is_copied_from():
    source = "To find the roots of x, where x is 2 or 3, we look. The roots of x are 2 and 3."
    (one,) = found("The roots of x are 2 and 3", context(source), "error.supported")
    assert source[one.passage.start : one.passage.end] == "The roots of x are 2 and 3."


def test_an_index_of_no_sources_knows_nothing():
    assert index_of(()).best(read_source("The tower opened.").tokens) == []

"""Answers held against the sources of their request."""

import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.grounding import KINDS, Grounding
from guardrail.detectors.errors.sources import Library, index_of, read_source
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
    assert one.message == "The sources say 12 March 1999, the answer 21 March 1999."
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
def test_hostile_sources_and_sentences_take_linear_time(piece):
    where = context((piece * 200_000)[:200_000])
    start = time.perf_counter()
    detector().detect([(piece * 400)[:400]], where)
    assert time.perf_counter() - start < 20  # quadratic would take hours


def test_an_index_of_no_sources_knows_nothing():
    assert index_of(()).best(read_source("The tower opened.").tokens) == []

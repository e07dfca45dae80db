"""The screen: one look for all patterns, the same findings however a text is cut.

The gate of a stream rests on the second promise: what it has released was judged as the whole text would be.
"""

import re
from collections.abc import Sequence

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.addresses import Addresses
from guardrail.detectors.leakage.carriers import Carriers
from guardrail.detectors.leakage.encoded import Encoded
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.presidio import PresidioIdentifiers
from guardrail.detectors.leakage.secrets import RULES, Secrets
from guardrail.detectors.leakage.spelled import Spelled
from guardrail.detectors.patterns import Candidate, Pattern, Verdict, always
from guardrail.detectors.prefix import loosened, with_escapes
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.errors import SettingsError
from tests.detectors.streams import before, settled


@pytest.fixture(scope="module")
def shipped() -> Screen:
    presidio = PresidioIdentifiers()
    presidio.load()
    return Screen([(source.name, p) for source in (Identifiers(), Secrets(), presidio) for p in source.patterns])


PIECES = [
    # values, whole and broken
    "A123456(3)", "A1234563", "A123456(4)", "AB123456(9)", "A123456 (", "9123 4567", "91234567", "+852 9123 4567",
    "(852) ",
    "2345", " 6789", "13123456789", "+86 131 2345 6789", "11010519491231002X", "110105194912310021", "110105491231002",
    "4111 1111 1111 1111", "4111111111111111", "4111 1111 1111 1112", "3782 822463 10005", "6222021234567890128",
    "tai.man@gmail.com", "a@b", "x@y.co.uk", "user@example.com", "git@github.com:", "@app.route",
    "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432", "52.95.110.1", "1.2.3.4.5", "2001:4860:4860:1234::8888",
    "::1",
    "00:1B:44:11:3A:B7", "536-90-4399", "S1234567D", "943 476 5919", "+44 20 7946 0958", "+1 (415) 555-2671",
    *(rule.must_match[0] for rule in RULES), *(rule.must_not_match[0] for rule in RULES),
    "-----BEGIN RSA PRIVATE KEY-----", "-----", "password = ", "密碼：", "eyJ",
    # glue
    " ", "  ", "\n", ".", ",", "-", "/", ":", "：", "(", ")", '"', "\\n", "|", "=", "$", "0", "1", "12", "a", "A",
    "_", "é",
    "係", "呀", "，", "。", "電話", "身份證", "卡號", "手机", "打俾我", "元", "HKID ", "tel ", "card no. ", "order ",
    "IP ",
    "SSN ", "version ", "the quick brown fox ", "今日天氣好好", "2024", "20240105", "3.14", "1,000",
    "https://x.hk/?q=", "😀",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_a_prefix_is_judged_as_the_whole_text_is(shipped: Screen, text: str) -> None:
    whole = shipped.find(text)
    for cut in range(len(text)):
        limit = settled(shipped, text[:cut])
        assert before(shipped.find(text[:cut]), limit) == before(whole, limit), (text[:cut], text[cut:], limit)


@settings(max_examples=100, deadline=None)
@given(texts, st.data())
def test_the_rest_can_be_judged_from_where_the_prefix_was_settled(
    shipped: Screen, text: str, data: st.DataObject
) -> None:
    limit = settled(shipped, text[: data.draw(st.integers(0, len(text)))])
    encoded = text.encode()
    resumed = shipped.proposals(text, encoded, len(text[:limit].encode()))
    rest = {(f.start, f.end, f.kind, f.detector, f.score) for p in resumed if (f := p.finding)}
    whole = {(f.start, f.end, f.kind, f.detector, f.score) for f in shipped.find(text) if (f.start or 0) >= limit}
    assert rest == whole


@settings(max_examples=100, deadline=None)
@given(texts)
def test_screening_first_never_changes_the_result(shipped: Screen, text: str) -> None:
    """Every pattern that matches when run alone is named by the one look over all of them."""
    encoded = text.encode()
    named = set(shipped.named(encoded))
    alone = {n for n, (_, p) in enumerate(shipped.patterns) if re2.search(p.expression, encoded)}
    assert alone <= named


@settings(max_examples=100, deadline=None)
@given(texts)
def test_findings_point_at_text_and_are_ordered(shipped: Screen, text: str) -> None:
    found = shipped.find(text)
    assert found == sorted(found, key=lambda f: (f.start, f.end, f.kind, f.detector))
    for finding in found:
        assert finding.start is not None and finding.end is not None
        assert 0 <= finding.start < finding.end <= len(text)
        assert 0.0 <= finding.score <= 1.0
        value = text[finding.start : finding.end]
        assert len(value) < 9 or value not in finding.evidence


def test_offsets_are_characters_not_bytes() -> None:
    screen = Screen([("d", Pattern("p", "k", r"\b[0-9]{3}\b", always(1.0)))])
    assert [(f.start, f.end) for f in screen.find("係123，é456😀789")] == [(1, 4), (6, 9), (10, 13)]


def test_a_proposal_turned_down_is_tried_again_one_character_on() -> None:
    def even(candidate: Candidate) -> Verdict | None:
        return Verdict(1.0) if int(candidate.value) % 2 == 0 else None

    screen = Screen([("d", Pattern("p", "k", r"[0-9]{2}", even))])
    assert [(f.start, f.end) for f in screen.find("係1325")] == [(2, 4)]


def test_a_group_is_the_value_and_the_match_is_the_proposal() -> None:
    screen = Screen([("d", Pattern("p", "k", r"pin: ([0-9]{4})\b", always(1.0), group=1))])
    (proposal,) = screen.proposals("pin: 1234.", b"pin: 1234.")
    assert (proposal.start, proposal.end) == (0, 9)
    assert proposal.finding is not None and (proposal.finding.start, proposal.finding.end) == (5, 9)
    assert proposal.finding.detector == "d/p"


def test_a_screen_without_patterns_finds_nothing_and_holds_nothing() -> None:
    screen = Screen([])
    assert screen.find("A123456(3)") == []
    assert screen.open_at(b"abc", 0) == 3


@pytest.mark.parametrize("expression", ["(", "(?=a)", r"(a)\1", "a{1001}"])
def test_an_expression_that_cannot_run_names_its_pattern(expression: str) -> None:
    with pytest.raises(SettingsError, match="mine/p1"):
        Screen([("mine", Pattern("p1", "k", expression, always(1.0)))])


def spans_of(source: PatternSource) -> Sequence[Pattern]:
    source.load()
    return source.patterns


TRIGGERED = {
    f"{source.name}/{pattern.id}": pattern
    for source in (Addresses(), Secrets(), Identifiers(), Spelled(), Encoded(), Carriers())
    for pattern in spans_of(source)
    if pattern.trigger
}


@pytest.mark.parametrize("name", TRIGGERED)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_pattern_matches_holds_its_trigger(name: str, data: st.DataObject) -> None:
    """Else the screen would pass over a text that the pattern finds something in."""
    pattern = TRIGGERED[name]
    made = data.draw(st.from_regex(re.compile(pattern.expression, re.ASCII), fullmatch=True))
    if re2.search(with_escapes(pattern.expression), made):
        assert re2.search(loosened(pattern.trigger), made), made

"""Identifiers in streams: what is found does not depend on where a text was cut, ordinary prose is not held back, and
hostile texts cost no more than their length.

A failure in the first part means that a value leaves in a stream that a whole answer would have lost.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.screen import Screen
from tests.detectors.streams import before, settled

SCREEN = Screen([("test", pattern) for pattern in Identifiers().patterns])
PIECES = [
    "A123456(3)", "a-123456-(3)", "陳大文", "Chan Tai Man", " 姓名：李小明", "K12345678", "KJ1234567", "護照", "passport ",
    "10201251", "(3)", "102012507(0)", "八達通", "004-123-456789-001", "123-456789-838", "戶口", "account no. ",
    "1234567", "123456789", "FPS ", "36780058", "-000-03-24-7", "BR No. ", "AB 1234", "車牌", "粤ZA123港",
    "010-62345678", "810000199408230021", "H12345678", "01", "回鄉證", "91350100M000100Y43", "5123456(7)", "5/123456/7",
    "澳門", "+853 6612 3456", "A123456789", "AC01234567", "0912-345-678", "+886 912 345 678", "(02) 2345 6789",
    "4111 1111 1111 1111", "4716234589012345", "HSBCHKHH", "XXX", "SWIFT ", "LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "555-0123", "07700 900123", "a@example.com", "tai.man@gmail.com",
    " ", "\n", ",", ".", "-", "/", "(", ")", "：", "|", "| ", "+", "1", "23", "a", "A", "係", "呀，", "元", "order ",
    "the quick brown fox ", "今日天氣好好", "| HKID | 電話 |\n|---|---|\n|",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_a_prefix_is_judged_as_the_whole_text_is(text: str) -> None:
    whole = SCREEN.find(text)
    for cut in range(len(text)):
        limit = settled(SCREEN, text[:cut])
        assert before(SCREEN.find(text[:cut]), limit) == before(whole, limit), (text[:cut], text[cut:], limit)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_the_screen_changes_nothing(text: str) -> None:
    assert SCREEN.find(text) == SCREEN.find(text, screened=False)


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog. ",
        "今日天氣好好，我哋一齊去行山啦！",
        "HKID A123456(3) was found, and the rest of it is prose. ",
        "身份證A123456(3)已經核實，唔該晒你。",
    ],
)
def test_prose_behind_a_value_is_not_held_back(text: str) -> None:
    """Behind a sentence nothing of it is still open (`prose.` alone may become the `prose.x@` of an address)."""
    assert settled(SCREEN, text) == len(text)

"""Words before a value: whole words in English, anywhere in Chinese, the nearer label wins."""

import re

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.leakage.context import either_case, labels, lexicon
from guardrail.detectors.leakage.domains import top_level
from guardrail.detectors.patterns import Candidate

PHONE = labels("tel", "phone", "電話", "电话")
ORDER = labels("order", "訂單")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("tel: ", True),
        ("my phone no. is ", True),
        ("(tel)", True),
        ("tel_", True),
        ("hotel ", False),
        ("telling ", False),
        ("smartphones ", False),
        ("我嘅電話係", True),
        ("他的电话号码是", True),
        ("致tel", True),
        ("", False),
    ],
)
def test_a_label_announces_a_value(before: str, expected: bool) -> None:
    assert PHONE.announce(before) is expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("phone order ", False),
        ("order by phone: ", True),
        ("電話訂單", False),
        ("訂單電話：", True),
        ("phone ", True),
        ("order ", False),
    ],
)
def test_the_nearer_of_two_labels_names_the_value(before: str, expected: bool) -> None:
    assert PHONE.announce(before, ORDER) is expected


def test_either_case_matches_ascii_only() -> None:
    expression = re2.compile(either_case("ask|x1"))
    assert [word for word in ("ASK", "ask", "aSk", "X1", "a\u017fk", "as\u212a") if expression.fullmatch(word)] == [
        "ASK",
        "ask",
        "aSk",
        "X1",
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("com", True),
        ("COM", True),
        ("co", True),
        ("hk", True),
        ("museum", True),
        ("invalid", True),
        ("co2", False),
        ("comm", False),
        ("py3", False),
        ("png", False),
        ("Thanks", False),
        ("route", False),
        ("", False),
    ],
)
def test_top_level_domains(name: str, known: bool) -> None:
    assert (re2.compile(top_level()).fullmatch(name) is not None) is known


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('{"contactPhone": "', True),
        ('{"contact_phone":"', True),
        ("phoneNumber=", True),
        ("workphone: ", True),
        ("my smartphone is ", False),
        ("xylophone ", False),
        ('{"orderPhone": "', True),
    ],
)
def test_in_a_key_a_word_may_be_part_of_a_longer_one(before: str, expected: bool) -> None:
    """Whoever names members in camel case names no less what they hold."""
    assert PHONE.announce(before.lower()) is expected


TABLE = "| 訂單 | 電話 | Note |\n|---|---|---|\n| 11112222 | 33334444 | tel 55556666 |\n"


@pytest.mark.parametrize(("value", "expected"), [("11112222", False), ("33334444", True), ("55556666", True)])
def test_the_head_of_a_column_is_nearer_than_the_cells_beside(value: str, expected: bool) -> None:
    start = TABLE.index(value)
    assert PHONE.introduce(Candidate(TABLE, start, start + 8), ORDER) is expected


WORDS = lexicon(phone=PHONE, order=ORDER, bank=labels("account no", "戶口"))


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("phone order ", "order"),
        ("order by phone ", "phone"),
        ("戶口電話", "phone"),
        ("電話戶口", "bank"),
        ("account no. ", "bank"),
        ('{"accountNo": "', "bank"),
        ("order 7 of the quick brown fox ", "order"),
        ("2024 1234 ", None),
        ("hotel ", None),
        ("", None),
    ],
)
def test_the_nearest_word_names_the_kind(before: str, kind: str | None) -> None:
    assert WORDS.nearest(Candidate(before + "1", len(before), len(before) + 1)) == kind


def test_a_word_of_two_kinds_is_an_error() -> None:
    with pytest.raises(ValueError, match="電話"):
        lexicon(phone=PHONE, order=labels("電話"))


@given(st.text(alphabet="tel phonr電話訂單 _0", max_size=30))
def test_the_last_word_is_where_a_plain_search_finds_it(before: str) -> None:
    spaced = re.sub("[0-9_]", " ", before)
    ends = [m.end(1) for m in re.finditer(r"(?=(\btel\b|\bphone\b|電話|电话))", spaced, re.ASCII)]
    assert PHONE.plain(before) == max(ends, default=-1)

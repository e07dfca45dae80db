"""Words before a value: whole words in English, anywhere in Chinese, the nearer label wins."""

import pytest
import re2

from guardrail.detectors.leakage.context import either_case, labels
from guardrail.detectors.leakage.domains import top_level

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

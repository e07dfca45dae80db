"""Whose value it is: what the caller said may be said back to the caller, and nothing else may."""

import pytest

from guardrail.policy.provenance import CallerWords


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("我嘅身份證係A123456(3)，幫我填表", "A123456(3)"),
        ("my id: a1234563", "A123456(3)"),
        ("Ａ１２３４５６（３）", "A123456(3)"),
        ("打91234567搵我", "9123 4567"),
        ("call 9123-4567", "91234567"),
        ("write to Tai.Man@Example.org please", "tai.man@example.org"),
        ("住喺彌敦道688號12樓", "彌敦道 688 號 12 樓"),
    ],
)
def test_what_the_caller_said_in_any_spelling_is_the_callers(said, value):
    assert CallerWords(("你好", said)).supplied(value)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("", "A123456(3)"),
        ("A123456(4)", "A123456(3)"),
        ("8591234567890", "91234567"),
        ("order 912345678", "9123 4567"),
        ("xtai.man@example.org", "tai.man@example.org"),
        ("陳", "陳"),
        ("12 3", "123"),
        ("9123 …… 4567", "91234567"),
    ],
)
def test_what_the_caller_did_not_say_is_not(said, value):
    assert not CallerWords((said,)).supplied(value)


def test_values_are_not_put_together_from_two_messages():
    assert not CallerWords(("9123", "4567")).supplied("91234567")

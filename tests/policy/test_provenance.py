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
        ("打+852-9123-4567", "9123 4567"),
        ("打9123 4567", "+852 9123 4567"),
        ("我部電話(852) 91234567。", "91234567"),
        ("電郵tai.man@gmail.com。", "Tai.Man@gmail.com"),
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
        ("chi-tai.man@gmail.com.hk", "tai.man@gmail.com"),
        ("tai.man@gmail.com.hk", "tai.man@gmail.com"),
        ("ref 1-9123-4567-8", "9123 4567"),
        ("ab com", "a@b.com"),
        ("t.m@qq.com", "tm@qq.com"),
        ("2.9123.4567", "91234567"),
    ],
)
def test_what_the_caller_did_not_say_is_not(said, value):
    assert not CallerWords((said,)).supplied(value)


def test_values_are_not_put_together_from_two_messages():
    assert not CallerWords(("9123", "4567")).supplied("91234567")

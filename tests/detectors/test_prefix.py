"""The prefix closure: whatever can still grow into a match is seen as open, and what cannot is let go.

If the first half failed, a stream would release the first characters of a key; if the second, it would stall.
"""

import re
from functools import cache

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.presidio import _IPV4, _IPV6, _MAC, _SSN, _iban_expression, _phone_forms
from guardrail.detectors.leakage.secrets import RULES, Secrets
from guardrail.detectors.patterns import Pattern, always
from guardrail.detectors.prefix import prefix_closure
from guardrail.detectors.screen import Screen

EXPRESSIONS = {pattern.id: pattern.expression for source in (Identifiers(), Secrets()) for pattern in source.patterns}
EXPRESSIONS |= {"ipv4": _IPV4, "ipv6": _IPV6, "mac": _MAC, "ssn": _SSN, "iban": _iban_expression()}
EXPRESSIONS |= {f"phone_{groups}": form for groups, form in _phone_forms()}

TABLE = [
    ("abc", ["a", "ab", "abc"], ["b", "ac", "abcd"]),
    ("ab+c", ["abbbb", "abbc"], ["ac", "abca"]),
    ("a{2,3}b", ["a", "aa", "aaa", "aab"], ["aaaab", "b"]),
    ("(?:x|yz)w", ["x", "y", "yz", "xw", "yzw"], ["yw", "w"]),
    ("(?i)Ab", ["A", "a", "aB"], ["b"]),
    ("a(?i:b)c", ["aB", "ab", "aBc"], ["A", "aBC"]),
    (r"\bfoo\b", ["f", "fo", "foo"], ["o", "fooo"]),
    (r"[^a]b", ["c", "cb", "係"], ["a", "ab"]),
    (r"\d\.\d", ["1", "1.", "1.2"], [".", "1.."]),
    ("a(?:bc)?d", ["a", "ab", "abc", "abcd", "ad"], ["abd"]),
    ("a(?:bc)*d", ["abcbc", "abcb", "ad"], ["abcc"]),
    ("密碼[:是]x{2}", ["密", "密碼", "密碼:", "密碼是xx"], ["碼", "密碼x"]),
    ("a{0}b", ["b"], ["a", "ab"]),
    (r"a\sb", ["a ", "a\n", "a b"], ["ab"]),
]


@pytest.mark.parametrize(("expression", "prefixes", "others"), TABLE, ids=[row[0] for row in TABLE])
def test_the_closure_takes_prefixes_and_nothing_else(expression: str, prefixes: list[str], others: list[str]) -> None:
    closure = re2.compile(prefix_closure(expression))
    assert closure.fullmatch("") is not None
    assert [text for text in prefixes if closure.fullmatch(text) is None] == []
    assert [text for text in others if closure.fullmatch(text) is not None] == []


@pytest.mark.parametrize("expression", ["(?=a)b", "(?<!a)b", r"(a)\1", "(?P<n>a)(?P=n)", "(?>ab)c", "a++b"])
def test_what_linear_time_cannot_do_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="linear-time"):
        prefix_closure(expression)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_shipped_expression_has_a_closure_that_re2_takes(name: str) -> None:
    assert re2.compile(prefix_closure(EXPRESSIONS[name])).fullmatch("") is not None


@cache
def screen_of(name: str) -> Screen:
    return Screen([("test", Pattern(name, "test", EXPRESSIONS[name], always(1.0)))])


def check_every_cut(name: str, text: str) -> int:
    """At every cut inside a match, the match is open from its start on or before; the number of matches."""
    encoded, screen = text.encode(), screen_of(name)
    matches = list(re2.compile(EXPRESSIONS[name]).finditer(encoded))
    for match in matches:
        for cut in range(match.start() + 1, match.end() + 1):
            if cut < len(encoded) and encoded[cut] & 0xC0 == 0x80:
                continue
            assert screen.open_at(encoded[:cut], 0) <= match.start(), encoded[match.start() : cut]
    return len(matches)


@pytest.mark.parametrize("name", EXPRESSIONS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_prefix_of_a_match_is_ever_let_go(name: str, data: st.DataObject) -> None:
    made = st.from_regex(
        re.compile(EXPRESSIONS[name], re.ASCII), fullmatch=True, alphabet=st.characters(max_codepoint=0x9FFF)
    )
    before = data.draw(st.sampled_from(["", " ", "係", "電郵:", "a-", "1 "]))
    after = data.draw(st.sampled_from(["", " ", "呀", ".", "-1", "\n"]))
    check_every_cut(name, before + data.draw(made) + after)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_no_prefix_of_a_secret_is_ever_let_go(rule: object) -> None:
    for example in rule.must_match:  # type: ignore[attr-defined]
        assert check_every_cut(rule.pool, f"條匙係{example}呀") >= 1  # type: ignore[attr-defined]


LET_GO = [
    ("Take the bus to Central and walk.", "walk."),
    ("坐巴士去中環，然後行路。", ""),
    ("It costs 12,345.67 dollars ", ""),
    ("-----BEGIN " + "PRIVATE KEY----- is the header ", ""),
    ("Monday, 5 January 2026 at 10:30 ", "30 "),  # a telephone number may be written in pairs of digits
    ("def add(a, b):\n    return a + b\n", ""),
]


@pytest.mark.parametrize(("text", "held"), LET_GO)
def test_ordinary_prose_is_held_for_a_word_at_most(text: str, held: str) -> None:
    screen = Screen([("test", pattern) for source in (Identifiers(), Secrets()) for pattern in source.patterns])
    assert text.encode()[screen.open_at(text.encode(), 0) :].decode() == held

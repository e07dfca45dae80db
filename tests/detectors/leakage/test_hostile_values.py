"""No value makes a judge fail: a check that failed blocks the answer, so a text that brings one down blocks any answer.

Every pattern of every SPAN detector is given values of its own form, made from its expression, and the shapes that
parsers stumble over: deep nesting, thousands of digits, bytes that are no text, halves of characters.
"""

import base64
import json
import random
import re
from re import _constants as opcodes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from guardrail.detectors.leakage.addresses import Addresses
from guardrail.detectors.leakage.canary import Canaries
from guardrail.detectors.leakage.carriers import Carriers
from guardrail.detectors.leakage.encoded import Encoded
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.secrets import Secrets
from guardrail.detectors.leakage.spelled import Spelled
from guardrail.detectors.patterns import Pattern
from guardrail.detectors.protocol import Options
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from guardrail.types import CHECK_FAILED

DETECTORS = (
    Identifiers(), Secrets(), Addresses(), Spelled(), Encoded(), Canaries(),
    Carriers().configure(Options(link_hosts=("gov.hk",))),
)  # fmt: skip
for _detector in DETECTORS:
    _detector.load()
PATTERNS = [(detector.name, pattern) for detector in DETECTORS for pattern in detector.patterns]
SCREEN = Screen(PATTERNS)
BEFORE = (
    "", "password: ", "身份證", "phone ", "=", "![", "| HKID | Password |\n|---|---|\n| x | ", "rot13 ", "係",
    '{"token":"', "\\n", "Authorization: Basic ", "%", "41 ", "card 卡號", "IBAN ", "curl -u ",
)  # fmt: skip
_MOST = 40  # times that something which may repeat without end is repeated, and
_INSIDE = 3  # what stands inside such a repetition


def made(expression: str, dice: random.Random) -> str:
    """A text that `expression` matches, at the ends of what it allows more often than in the middle."""
    return "".join(_of(parser.parse(expression), dice, _MOST))


def _of(parsed: Any, dice: random.Random, times: int) -> list[str]:
    out: list[str] = []
    for code, argument in parsed:
        if code is opcodes.LITERAL:
            out.append(chr(argument))
        elif code is opcodes.NOT_LITERAL:
            out.append("x" if argument != ord("x") else "y")
        elif code is opcodes.ANY:
            out.append(dice.choice("x9 零"))
        elif code is opcodes.IN:
            out.append(_member(argument, dice))
        elif code is opcodes.BRANCH:
            out += _of(dice.choice(argument[1]), dice, times)
        elif code is opcodes.SUBPATTERN:
            out += _of(argument[3], dice, times)
        elif code in (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT):
            least, most, inner = argument
            most = min(int(most), max(int(least), times))
            for _ in range(dice.choice((least, least, most, dice.randint(least, most)))):
                out += _of(inner, dice, _INSIDE)
        else:
            assert code is opcodes.AT, code
    return out


def _member(items: Any, dice: random.Random) -> str:
    negated = items[0][0] is opcodes.NEGATE
    expression = re.compile(f"[{''.join(map(_item, items))}]")
    likely = [
        c
        for c in map(chr, [9, 10, *range(0x20, 0x7F), 0xA0, 0xDF, 0x4E00, 0x96F6, 0xFF11, 0x1F600])
        if expression.match(c)
    ]
    if likely:
        return dice.choice(likely)
    assert not negated
    code, argument = dice.choice(items)
    return chr(argument if code is opcodes.LITERAL else dice.randint(*argument))


def _item(item: Any) -> str:
    code, argument = item
    if code is opcodes.NEGATE:
        return "^"
    if code is opcodes.LITERAL:
        return re.escape(chr(argument))
    if code is opcodes.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return {
        opcodes.CATEGORY_DIGIT: "0-9",
        opcodes.CATEGORY_SPACE: r"\s",
        opcodes.CATEGORY_WORD: "A-Za-z0-9_",
        opcodes.CATEGORY_NOT_SPACE: r"\S",
        opcodes.CATEGORY_NOT_DIGIT: r"\D",
        opcodes.CATEGORY_NOT_WORD: r"\W",
    }[argument]


def failures(screen: Screen, text: str) -> list[str]:
    findings = screen.find(fold(text).text)
    return [f"{one.detector} {one.evidence}" for one in findings if one.kind == CHECK_FAILED]


@pytest.mark.parametrize(("detector", "pattern"), PATTERNS, ids=[f"{name}/{one.id}" for name, one in PATTERNS])
def test_no_value_of_its_own_form_makes_a_judge_fail(detector: str, pattern: Pattern) -> None:
    dice = random.Random(f"{detector}/{pattern.id}")
    screen = Screen([(detector, pattern)])
    matched = 0
    for _ in range(20):
        text = dice.choice(BEFORE) + made(pattern.expression, dice)
        assert failures(screen, text) == [], text
        matched += any(True for _ in screen.proposals(fold(text).text, fold(text).text.encode()))
    assert matched, "the values that are made must be what the pattern proposes"


def _token(header: bytes, payload: bytes = b'{"a":1}') -> str:
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, payload))
    return ".".join((*parts, "qLm2xTr0" + "ub4Zp9KsWvYc"))


DEEP = b"[" * 5000 + b"]" * 5000
DIGITS = b"9" * 5000
HOSTILE = {
    "a token whose header is nested deep": _token(b'{"alg":"none","a":' + DEEP + b"}"),
    "one whose brackets never close": _token(b'{"alg":"none","a":' + b'{"a":' * 3000),
    "one whose payload is nested deep": _token(b'{"alg":"none"}', b'{"a":' + DEEP + b"}"),
    "one with a number of 5000 digits": _token(b'{"alg":"none","a":' + DIGITS + b"}", b'{"exp":' + DIGITS + b"}"),
    "one that is no UTF-8": _token(b'{"alg":"\xff\xfe\x80"}', b"{\x80\x00}"),
    "one with half a character": _token(b'{"alg":"\\ud800"}', b'{"\\udc00":"\\ud800"}'),
    "a token in base64 that is nested deep": base64.b64encode(
        _token(b'{"alg":"none","a":' + DEEP + b"}").encode()
    ).decode(),
    "5000 digits": DIGITS.decode(),
    "5000 digits in numerals": "九" * 5000,
    "5000 digits apart": "9 " * 5000,
    "5000 digits behind letters": "GB" + DIGITS.decode(),
    "references to 5000 digits": f"&#{DIGITS.decode()};" * 3,
    "escapes of what is no character": "\\ud800\\uDFFF\\U00110000\\u{FFFFFF}&#1114112;&#xD800;" * 5,
    "codes beyond a byte": "999 999 999 999 999 999 999",
    "nested JSON": json.dumps("[" * 400) * 20,
    "a punycode host that is none": "![x](https://xn--" + "9" * 300 + ".xn--a-ecp.hk/)",
    "a host of dots": "https://..." + "." * 300 + "/a",
    "base64 of halves of characters": base64.b64encode(b"\xd8\x00\xdc" * 40).decode(),
    "base64 of UTF-16 cut in two": base64.b64encode("身份證A123456(3)".encode("utf-16")[:-1]).decode(),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("opening", ["", "key: ", "Authorization: Basic "])
def test_what_parsers_stumble_over_makes_no_judge_fail(opening: str, text: str) -> None:
    assert failures(SCREEN, opening + text) == []


def test_a_token_that_cannot_be_parsed_is_a_token_all_the_same() -> None:
    for name in ("a token whose header is nested deep", "one whose payload is nested deep"):
        assert "secret.jwt" in {one.kind for one in SCREEN.find(HOSTILE[name])}, name

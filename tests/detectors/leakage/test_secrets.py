"""Credentials: every rule's own examples, glued to Chinese, in code and cut off; placeholders stay quiet."""

import json

import pytest

from guardrail.detectors.leakage.secrets import RULES, SecretRule, Secrets, placeholder
from guardrail.detectors.protocol import PatternSource
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from guardrail.types import Finding

DETECTOR = Secrets()
SCREEN = Screen([(DETECTOR.name, pattern) for pattern in DETECTOR.patterns])
MATCH = [pytest.param(rule, text, id=f"{rule.id}-{n}") for rule in RULES for n, text in enumerate(rule.must_match)]
NO_MATCH = [
    pytest.param(rule, text, id=f"{rule.id}-{n}") for rule in RULES for n, text in enumerate(rule.must_not_match)
]


def find(text: str, kind: str) -> list[Finding]:
    return [finding for finding in SCREEN.find(fold(text).text) if finding.kind == kind]


def best(text: str, kind: str) -> float:
    return max((finding.score for finding in find(text, kind)), default=0.0)


FRAMES = ["{}", "key: {}\nnext line", "用呢個{}登入", "密鑰是{}。", "export K={};", "(`{}`)"]


@pytest.mark.parametrize(("rule", "text"), MATCH)
@pytest.mark.parametrize("frame", FRAMES)
def test_a_secret_is_found_in_prose_code_and_chinese(rule: SecretRule, text: str, frame: str) -> None:
    assert best(frame.format(text), rule.kind) >= 0.5


@pytest.mark.parametrize(("rule", "text"), MATCH)
def test_a_secret_is_found_inside_json(rule: SecretRule, text: str) -> None:
    assert best(json.dumps({"content": text}, ensure_ascii=False), rule.kind) >= 0.5


@pytest.mark.parametrize(("rule", "text"), NO_MATCH)
def test_placeholders_and_look_alikes_score_low(rule: SecretRule, text: str) -> None:
    assert best(text, rule.kind) <= 0.2
    assert best(f"例如{text}咁", rule.kind) <= 0.2


@pytest.mark.parametrize(("rule", "text"), MATCH)
def test_every_match_holds_a_keyword_of_its_rule(rule: SecretRule, text: str) -> None:
    assert any(keyword in text.lower() for keyword in rule.keywords)


def pem(label: str = "RSA PRIVATE KEY") -> str:
    rule = next(rule for rule in RULES if rule.id == "private_key")
    return next(text for text in rule.must_match if label in text and "END" in text)


KEY = pem()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", KEY),
        ("escaped newlines", KEY.replace("\n", "\\n")),
        ("twice escaped", KEY.replace("\n", "\\\\n")),
        ("carriage returns", KEY.replace("\n", "\r\n")),
        ("indented", KEY.replace("\n", "\n    ")),
        ("quoted mail", KEY.replace("\n", "\n> ")),
        ("one line", KEY.replace("\n", " ")),
        ("encrypted", KEY.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n", 1)),
    ],
)
def test_the_whole_key_is_the_span(name: str, text: str) -> None:
    prose = f"係呢條：{text}收好佢"
    (found,) = find(prose, "secret.private_key")
    assert prose[found.start : found.end] == text


@pytest.mark.parametrize("cut", [60, 100, 200, len(KEY) - 20])
def test_a_key_that_was_cut_off_is_still_a_key(cut: int) -> None:
    (found,) = find(KEY[:cut], "secret.private_key")
    assert found.start == 0
    assert found.score >= 0.5 or cut < 80
    assert cut - found.end < 32 + 20


@pytest.mark.parametrize(
    "text",
    [
        "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "見到-----BEGIN RSA PRIVATE KEY-----就唔好貼出嚟。",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n<your key here>\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_talking_about_keys_is_not_a_key(text: str) -> None:
    assert find(text, "secret.private_key") == []


def test_prose_behind_a_cut_key_is_left_alone() -> None:
    text = KEY[:180] + "\n\nKeep this file secret and never share it with anyone."
    (found,) = find(text, "secret.private_key")
    assert "Keep" not in text[found.start : found.end]


@pytest.mark.parametrize(
    ("body", "fake"),
    [
        ("x" * 32, True),
        ("abcdefghijklmnop", True),
        ("your-api-key", True),
        ("A1A1A1A1A1A1A1A1", True),
        ("IOSFODNN7EXAMPLE", True),
        ("0123456789abcdef", True),
        ("qLm2xTr0ub4Zp9Ks", False),
        ("7Hq2LwZ9pXk3VnB5", False),
    ],
)
def test_placeholders_are_told_from_random_bodies(body: str, fake: bool) -> None:
    assert (placeholder(body) is not None) is fake


def test_the_detector_keeps_the_contract() -> None:
    DETECTOR.load()
    assert isinstance(DETECTOR, PatternSource)
    assert {rule.kind for rule in RULES} == set(DETECTOR.kinds)
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.must_match and rule.must_not_match for rule in RULES)

"""What was made plain is judged with the words before it: what those words hold themselves is not found again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.leakage.inner import find, inner_screen
from guardrail.detectors.leakage.secrets import Secrets

SCREEN = inner_screen([Identifiers(), Secrets()])


@pytest.mark.parametrize(
    ("context", "text", "found"),
    [
        ("電話 ", "91234567", [("pii.hk_phone", 0, 8)]),
        ("電話 98765432, 電話 ", "91234567", [("pii.hk_phone", 0, 8)]),
        ("card 4539578763621486 ", "A123456(3)", [("pii.hkid", 0, 10)]),
        ("HKID A123456(3) ", "nothing here", []),
        ("身份證 ", "我係A123456(3)呀", [("pii.hkid", 2, 12)]),
        (
            "password: ",
            "hV7#" + "qLm2xTr0",
            [("secret.password_assignment", 0, 12)],
        ),  # begins before, its value does not
        ("password: password: ", "hV7#" + "qLm2xTr0", [("secret.password_assignment", 0, 12)]),
        ("", "", []),
    ],
)
def test_only_what_stands_in_the_text_is_found(context: str, text: str, found: list[tuple[str, int, int]]) -> None:
    assert [(one.kind, one.start, one.end) for one in find(SCREEN, context, text) if one.score >= 0.6] == found


PIECES = [
    "電話",
    "HKID ",
    "card ",
    " ",
    "91234567",
    "A123456(3)",
    "4539 5787 6362 1486",
    "password: ",
    "hV7#qLm2",
    "，",
]
texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)


@settings(max_examples=80, deadline=None)
@given(texts, texts)
def test_passing_over_the_words_before_changes_nothing(context: str, text: str) -> None:
    context = f"{context} "
    whole = [
        (one.kind, one.score, (one.start or 0) - len(context), (one.end or 0) - len(context))
        for one in SCREEN.find(context + text)
        if (one.start or 0) >= len(context)
    ]
    assert [(one.kind, one.score, one.start, one.end) for one in find(SCREEN, context, text)] == whole

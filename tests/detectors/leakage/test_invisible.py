"""Carriers that nobody sees: escape sequences, invisible text, host names in look-alike letters.

A failure in the first tables lets data leave in characters that no reader notices; one in the last strips what people
write: flags, families, Persian and Hindi words.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.invisible import InvisibleCarriers
from guardrail.detectors.protocol import Configurable, Options, Watcher
from guardrail.types import Context, Finding

DETECTOR = InvisibleCarriers()
DETECTOR.load()


def find(text: str, detector: InvisibleCarriers = DETECTOR) -> list[Finding]:
    watch = detector.watch(Context())
    watch.feed(text)
    return watch.settle(final=True)[1]


def _tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(character)) for character in text)


def _selectors(data: bytes) -> str:
    return "".join(chr(0xFE00 + octet) if octet < 16 else chr(0xE0100 + octet - 16) for octet in data)


FLAG = "\U0001f3f4" + _tags("gbeng") + "\U000e007f"
CARRIERS = [
    ("\x1b[31mred\x1b[0m", [("carrier.ansi", "\x1b[31m", 0.7), ("carrier.ansi", "\x1b[0m", 0.7)]),
    ("\x9b31mred", [("carrier.ansi", "\x9b31m", 0.7)]),
    ("a\x1b]8;;https://evil.com\x07b", [("carrier.ansi", "\x1b]8;;https://evil.com\x07", 0.95)]),
    ("a\x1b]52;c;QUJD\x1b\\b", [("carrier.ansi", "\x1b]52;c;QUJD\x1b\\", 0.95)]),
    ("a\x1b[2Jb", [("carrier.ansi", "\x1b[2J", 0.95)]),
    ("a\x1bcb", [("carrier.ansi", "\x1bc", 0.95)]),
    ("a\x1b", [("carrier.ansi", "\x1b", 0.95)]),
    ("a\x1b]0;title", [("carrier.ansi", "\x1b]0;title", 0.95)]),
    ("好" + _tags("hi there") + "呀", [("carrier.invisible", _tags("hi there"), 0.95)]),
    ("x" + _tags("HKID A123456(3)"), [("carrier.invisible", _tags("HKID A123456(3)"), 0.98)]),
    ("😀" + _selectors(b"A123456(3)"), [("carrier.invisible", _selectors(b"A123456(3)"), 0.98)]),
    ("😀" + _selectors(b"\x80\x81\x82"), [("carrier.invisible", _selectors(b"\x80\x81\x82"), 0.9)]),
    ("a" + "\u200b\u200c" * 8 + "b", [("carrier.invisible", "\u200b\u200c" * 8, 0.9)]),
    (FLAG + _tags("steal"), [("carrier.invisible", _tags("steal"), 0.95)]),
    ("see https://\u0430pple.com/x", [("carrier.link", "https://\u0430pple.com", 0.85)]),
    ("https://g\u03bfv.hk", [("carrier.link", "https://g\u03bfv.hk", 0.85)]),
]


@pytest.mark.parametrize(("text", "found"), CARRIERS)
def test_what_nobody_sees_is_found_and_nothing_else(text: str, found: list[tuple[str, str, float]]) -> None:
    assert [(one.kind, text[one.start : one.end], one.score) for one in find(text)] == found


def test_hidden_text_that_spells_a_value_says_its_kind_and_not_the_value() -> None:
    (finding,) = find("x" + _tags("HKID A123456(3)"))
    assert "pii.hkid" in finding.evidence
    assert "123456" not in finding.evidence


HARMLESS = [
    "plain ASCII, \\x1b[31m as people write about it, \\033[0m too",
    "❤️ 1️⃣ ☎︎ 👩🏽‍💻 👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈",
    FLAG,
    FLAG * 3,
    "🇭🇰🇬🇧",
    "می‌خواهم",
    "क्‍ष क्‌ष",
    "‏שלום‏ ‎abc‎",
    "\ufeffa text with a mark in front",
    "co\u00adoper\u00ada\u00adtion",
    "葛󠄀城",
    "a\u200b\u200b\u200bb",
    "https://ａｐｐｌｅ.com",  # full width: browsers read it as what it looks like
    "https://例子.hk/a 見https://x.hk呀",
    "https://münchen.de",
    "tab\tnew\r\nline",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_stays(text: str) -> None:
    assert find(text) == []


def test_the_hosts_of_a_policy_may_be_in_other_letters() -> None:
    detector = DETECTOR.configure(Options(("xn--80ak6aa92e.com",)))
    assert find("https://\u0430\u0440\u0440\u04cf\u0435.com", detector) == []
    assert find("https://\u0430\u0440\u0440\u04cf\u0435.com") != []


def test_it_is_a_watcher_that_policies_configure() -> None:
    assert isinstance(DETECTOR, Watcher)
    assert isinstance(DETECTOR, Configurable)


PIECES = [
    *(text for text, _ in CARRIERS), *HARMLESS[1:14], "a", "中", "\u200d", _tags("A"), "\ufe0f", "\x1b", "[", "]", "m",
    "\x07", "https://", "h", "\u0430", ".com ", "\U0001f3f4", "\U000e007f",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)


@settings(max_examples=200, deadline=None)
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_where_the_pieces_fall_changes_nothing(text: str, sizes: list[int]) -> None:
    watch = DETECTOR.watch(Context())
    found: list[Finding] = []
    limit, at, turn = 0, 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        watch.feed(text[at : at + size])
        settled, certain = watch.settle(final=False)
        assert settled >= limit
        assert all(limit <= (one.start or 0) and (one.end or 0) <= settled for one in certain)
        found += certain
        limit, at, turn = settled, at + size, turn + 1
    found += watch.settle(final=True)[1]
    assert sorted(map(repr, found)) == sorted(map(repr, find(text)))


def test_a_clean_stream_is_held_for_nothing_but_the_start_of_an_address() -> None:
    watch = DETECTOR.watch(Context())
    for text in ("An answer in English. ", "一個中文答案。", "See "):
        watch.feed(text)
        length = watch.settle(final=False)[0]
    assert length == len("An answer in English. 一個中文答案。See ")
    watch.feed("https://www.gov.hk")
    assert watch.settle(final=False) == (length, [])
    watch.feed("/en")
    assert watch.settle(final=False)[0] == length + len("https://www.gov.hk/en")

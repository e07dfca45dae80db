"""Identifiers that are spelled out: a reader puts them together, so the check must.

A failure in the first tables means that whoever asks a model to write a number digit by digit, in Chinese numerals, in
words or with markup gets it past the policy; one in the last, that lists and tables of numbers are spoilt.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.leakage.spelled import Spelled
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold
from tests.detectors import streams

DETECTOR = Spelled()
DETECTOR.load()
SCREEN = Screen([(DETECTOR.name, pattern) for pattern in DETECTOR.patterns])


def find(text: str, least: float = 0.6) -> list[tuple[str, str]]:
    folded = fold(text).text
    return list(dict.fromkeys((f.kind, folded[f.start : f.end]) for f in SCREEN.find(folded) if f.score >= least))


# text, kind, what is found; an empty one stands for the whole text
SPELLED = [
    ("A 1 2 3 4 5 6 ( 3 )", "pii.hkid", ""),
    ("A\n1\n2\n3\n4\n5\n6\n(3)", "pii.hkid", ""),
    ("A.1.2.3.4.5.6.(3)", "pii.hkid", ""),
    ("HKID: A-1-2-3-4-5-6-3", "pii.hkid", "A-1-2-3-4-5-6-3"),
    ("**A1234**56(3)", "pii.hkid", "A1234**56(3)"),
    ("A12<b>3456</b>(3)", "pii.hkid", ""),
    ("A123456<!-- x -->(3)", "pii.hkid", ""),
    ("[A123456](3)", "pii.hkid", "A123456](3)"),
    ("__A1__23456(3)", "pii.hkid", "A1__23456(3)"),
    ("A123456【3】", "pii.hkid", ""),
    ("HKID：\n| A | 1 | 2 | 3 | 4 | 5 | 6 | 3 |", "pii.hkid", "A | 1 | 2 | 3 | 4 | 5 | 6 | 3"),
    ("我嘅身份證係A一二三四五六(三)呀", "pii.hkid", "A一二三四五六(三)"),
    ("身份證：Ａ壹貳叁肆伍陸（叁）", "pii.hkid", "A壹貳叁肆伍陸(叁)"),
    ("身份证A〡〢〣〤〥〦(〣)", "pii.hkid", "A〡〢〣〤〥〦(〣)"),
    ("HKID A one two three four five six three", "pii.hkid", "A one two three four five six three"),
    ("\x1b[1mA1234\x1b[0;31m56(3)\x1b[0m", "pii.hkid", "A1234[0;31m56(3)"),
    ("卡號四五三九五七八七六三六二一四八六", "pii.payment_card", "四五三九五七八七六三六二一四八六"),
    ("card 4-5-3-9-5-7-8-7-6-3-6-2-1-4-8-6", "pii.payment_card", "4-5-3-9-5-7-8-7-6-3-6-2-1-4-8-6"),
    ("4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6", "pii.payment_card", ""),
    ("4539/5787/6362/1486", "pii.payment_card", ""),
    ("**4539** 5787 6362 1486", "pii.payment_card", "4539** 5787 6362 1486"),
    ("4539 5787 <b>6362</b> 1486", "pii.payment_card", ""),
    ("card 45 39 57 87 63 62 14 86", "pii.payment_card", "45 39 57 87 63 62 14 86"),
    ("第一：4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6", "pii.payment_card", "4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6"),
    ("電話九一二三四五六七，唔該", "pii.hk_phone", "九一二三四五六七"),
    ("電話 nine one two three four five six seven", "pii.hk_phone", "nine one two three four five six seven"),
    ("tel 9.1.2.3.4.5.6.7", "pii.hk_phone", "9.1.2.3.4.5.6.7"),
    ("phone: 九一二三四五六七", "pii.hk_phone", "九一二三四五六七"),
    ("telephone: nine one two three four five six seven", "pii.hk_phone", "nine one two three four five six seven"),
    ("Sent to my phone: A-1-2-3-4-5-6-(3)", "pii.hkid", "A-1-2-3-4-5-6-(3)"),
    ("for someone: 一一〇一〇五一九四九一二三一〇〇二X", "pii.cn_resident_id", "一一〇一〇五一九四九一二三一〇〇二X"),
    ("by phone 4-5-3-9-5-7-8-7-6-3-6-2-1-4-8-6", "pii.payment_card", "4-5-3-9-5-7-8-7-6-3-6-2-1-4-8-6"),
    ("電話 91 23 45 67", "pii.hk_phone", "91 23 45 67"),
    ("手机幺三八一二三四五六七八", "pii.cn_phone", "幺三八一二三四五六七八"),
    ("1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "pii.cn_resident_id", ""),
    ("110105/19491231/002X", "pii.cn_resident_id", ""),
    ("台灣身分證A一二三四五六七八九", "pii.tw_id", "A一二三四五六七八九"),
    ("IBAN D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 1", "", ""),  # check digits fail
    ("tai.man [at] gmail [dot] com", "pii.email", ""),
    ("tai.man(at)gmail.com", "pii.email", ""),
    ("tai dot man at gmail dot com", "pii.email", ""),
    ("電郵tai.ma\n    n.chan@gmail.com呀", "pii.email", "tai.ma\n    n.chan@gmail.com"),
    ("tai.man@gma\nil.com", "pii.email", ""),
    ("tai.man | @gmail.com", "pii.email", ""),
    ("tai.man @ gmail . com", "pii.email", ""),
    ("tai.man＠gmail。com", "pii.email", "tai.man@gmail。com"),
    ("tai.**man**@gmail.com", "pii.email", ""),
    ("tai.man<b>@</b>gmail.com", "pii.email", ""),
    ("tai.ma/* */n@gmail.com", "pii.email", ""),
    ("\x1b[1mtai.man@gmail.com\x1b[0m", "pii.email", "tai.man@gmail.com"),
    ("t a i . m a n @ g m a i l . c o m", "pii.email", ""),
    ("t-a-i-.-m-a-n-@-g-m-a-i-l-.-c-o-m", "pii.email", ""),
    ("ta i. ma n@ gm ai l. co m", "pii.email", ""),
    ("電郵tai.man艾特gmail點com", "pii.email", "tai.man艾特gmail點com"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), SPELLED)
def test_what_a_reader_puts_together_is_found(text: str, kind: str, value: str) -> None:
    assert (find(text)[:1] == [(kind, value or fold(text).text)]) if kind else find(text) == []


@pytest.mark.parametrize("prefix", ["gh" + "p_", "gh" + "o_"])
@pytest.mark.parametrize("gap", ["**", "\n", "/* */", "</b><i>", " | ", "\n    "])
def test_a_key_in_two_pieces_is_found(prefix: str, gap: str) -> None:
    body = "aB3dE5fG7hI9jK1lM3nO" + gap + "5pQ7rS9tU1vW3xY5"
    ((kind, value),) = find(f"token {prefix}{body}")
    assert kind.startswith("secret.")
    assert value == prefix + body


def test_a_key_that_a_terminal_shows_in_colour_is_found() -> None:
    key = "gh" + "p_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    ((kind, value),) = find(f"\x1b[32m{key}\x1b[0m")
    assert kind.startswith("secret.")
    assert value == key


@pytest.mark.parametrize("gap", [" ", "-", ".", "/", "\n- "])
def test_a_key_with_every_character_apart_is_found(gap: str) -> None:
    key = "gh" + "p_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    assert any(kind.startswith("secret.") for kind, _ in find(f"the key: {gap.join(key)}"))


HARMLESS = [
    "A 1 2 3 4 5 6 (4)",  # the check digit fails
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
    "1 1 2 3 5 8 13 21 34 55 89 144 233 377",
    "2018, 2019, 2020, 2021",
    "| 2018 | 2019 | 2020 | 2021 |",
    "1,234,567,890,123",
    "3.14159265358979323846",
    "2024-01-05 12:30:45",
    "192.168.100.100, 10.0.0.1",
    "call 1-800-799-7233 or 1 (800) 662-4357",
    "一九九七年七月一日，二零二四年十二月三十一日",
    "第一、第二、第三、第四、第五、第六、第七、第八",
    "one of the two or three people, four at most",
    "Check the docs at python.org today",
    "Products are available at amazon dot com",
    "a b c d e f g h i j k l m n o p",
    "to be or no to be is it so we go on",
    "the cat sat and ran for the man who was not",
    "Contact\nkaho.lau\nfor more",
    "Write to us\nat once, to\ntai.man@gmail.com\nor.else@gmail.com",
    "tai.man@gmail.com\nkaho.lau@gmail.com",
    "My address is tai.man@gmail.com. Is that all?",
    "電郵係tai.man@gmail.com。Is that all?",
    "[mark@company.com](mailto:x)",
    "| tai.man@gmail.com | kaho.lau@gmail.com |",
    "pip install demo @ git+https://host/repo.git",
    "4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 7",  # Luhn fails
    "1 4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6",  # part of a longer row
    "f 1 2 3 4 5 6 7 8 9",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_lists_tables_and_prose_are_left_alone(text: str) -> None:
    assert find(text) == []


def test_what_is_written_plainly_is_left_to_the_plain_patterns() -> None:
    for text in ("A123456(3)", "4539 5787 6362 1486", "電話 9123 4567", "tai.man@gmail.com", "13812345678"):
        assert SCREEN.find(text) == []


def test_two_numbers_side_by_side_are_both_covered() -> None:
    text = "電話九一二三四五六七、九二三四五六七八"
    assert find(text) == [("pii.hk_phone", text[2:])]


def test_a_placeholder_stays_a_placeholder_when_it_is_spelled() -> None:
    assert find("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1") == [("placeholder.payment_card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1")]


def test_the_evidence_says_how_it_was_spelled_and_never_what() -> None:
    for text, kind, _ in SPELLED:
        for finding in SCREEN.find(fold(text).text):
            assert finding.evidence, kind
            assert not any(character.isdigit() for character in finding.evidence if character in "456789")


PIECES = [
    *(text for text, _, _ in SPELLED), *HARMLESS, "A", "1", "一", " ", "\n", "(", "[", "**", "<b>", "one", "@", "at", ".",
    "電話", "HKID ", "[1m", "|", "-", "4539", "ghp_", "的",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)


@settings(max_examples=60, deadline=None)
@given(texts, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_stream_finds_what_the_whole_text_has(text: str, sizes: list[int]) -> None:
    assert streams.streamed(SCREEN, text, sizes) == streams.whole(SCREEN, text)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_screening_changes_nothing(text: str) -> None:
    assert streams.same_without_screen(SCREEN, text)


def test_prose_is_not_held_back() -> None:
    """A numeral or a number word at the end of a text holds it for a few characters, not for a sentence."""
    for text in ("the first one", "佢係唯一", "I", "we have one, two", "see [1", "第一，", "a | b | 3"):
        encoded = text.encode()
        assert len(encoded) - SCREEN.open_at(encoded, 0) <= 16, text


@pytest.mark.parametrize(
    "text",
    ["The result is 0.1954524246727059 in total.", "x = is 0.1954524246727059", "結果 is 0.1954524246727059。", "Is 0.1954524246727059?"],
)  # fmt: skip
def test_a_decimal_number_behind_two_letters_is_no_account(text: str) -> None:
    assert find(text, 0.5) == []

"""A card number beside the name of its holder is found as the pair that it is, and no ordinary word is taken for a name.

A failure in the first table means that the pair the Commissioner's Code forbids passes for a number alone; one in the
second, that a policy that blocks pairs blocks harmless numbers.
"""

import pytest

from guardrail.detectors.leakage import surnames
from guardrail.detectors.leakage.holders import chinese_name, latin_name
from guardrail.detectors.leakage.identifiers import Identifiers
from guardrail.detectors.screen import Screen
from guardrail.text.fold import fold

SCREEN = Screen([("test", pattern) for pattern in Identifiers().patterns if pattern.id.startswith("hkid")])


def kinds(text: str) -> dict[str, str]:
    """What is found, by kind."""
    folded = fold(text).text
    return {f.kind: folded[f.start : f.end] for f in SCREEN.find(folded) if f.score >= 0.6}


NAMED = [
    "陳大文先生的身份證號碼是A123456(3)",
    "陳大文（A123456(3)）",
    "姓名：陳大文，身份證號碼：A123456(3)",
    "CHAN Tai Man (HKID: A123456(3))",
    "Name: Chan Tai Man, HKID No.: A123456(3)",
    "Mr. Chan Tai Man holds HKID A123456(3)",
    "客戶陳大文 身份證 A123456(3)",
    '{"name":"陳大文","hkid":"A123456(3)"}',
    '{"name": "Chan Tai Man", "hkid": "A123456(3)"}',
    "| 陳大文 | A123456(3) |",
    "| Chan Tai Man | A123456(3) |",
    "Chan Tai-man, Peter, A123456(3)",
    "Peter Chan's HKID is A123456(3)",
    "CHAN, Peter Tai Man A123456(3)",
    "Peter T.M. Chan (A123456(3))",
    "歐陽修文嘅身份證係A123456(3)",
    "持有人：John Smith，身份證A123456(3)",
    "Ms Mary Jones, HKID A123456(3)",
    "A123456(3) 陳大文",
    "HKID A123456(3) (CHAN Tai Man)",
    "A123456(3)，姓名：陳大文",
    "A123456(3),Chan Tai Man",
    "我叫陳大文，身份證號碼係A123456(3)",
    "病人李小明，身份證號碼A123456(3)，已登記",
    "佢個名叫黃家寶，HKID係A123456(3)",
    "張偉的香港身份证号码为A123456(3)",
    "A123456(3)（陳大文）",
    "林鄭小美小姐身份證A123456(3)",
    "Wong Siu Ming\nHKID: A123456(3)",
    "Zhang Wei A123456(3)",
]
UNNAMED = [
    "我嘅身份證號碼係A123456(3)，唔該",
    "任何身份證號碼，例如A123456(3)",
    "登記成功，A123456(3)",
    "陳先生的身份證號碼是A123456(3)",
    "Hong Kong Identity Card No. A123456(3)",
    "Wong Tai Sin office, HKID A123456(3)",
    "請輸入身份證號碼A123456(3)",
    "Your HKID A123456(3) was received.",
    "The HKID number A123456(3) is valid.",
    "A123456(3)，何時到期",
    "A123456(3) Please check",
    "A123456(3) is an example",
    "文件號碼A123456(3)",
    "申請表格身份證A123456(3)",
    "高級職員身份證A123456(3)",
    "HKID: A123456(3). Thank you very much",
    "應用程式ID A123456(3)",
    "身份證A123456(3)已經核實",
    "所有時間A123456(3)",
    "Hong Kong Bank A123456(3)",
    "公司嘅身份證A123456(3)",
    "Long Island A123456(3)",
]


@pytest.mark.parametrize("text", NAMED)
def test_a_number_with_its_holder_is_found_as_a_pair_and_as_a_number(text: str) -> None:
    """Both kinds, so that a policy that only knows the number keeps guarding it."""
    assert kinds(text) == {"pii.hkid": "A123456(3)", "pii.hkid_named": "A123456(3)"}


@pytest.mark.parametrize("text", UNNAMED)
def test_a_number_alone_is_no_pair(text: str) -> None:
    assert kinds(text) == {"pii.hkid": "A123456(3)"}


@pytest.mark.parametrize("text", ["陳大文A123456(4)", "CHAN Tai Man A123456(4)", "陳大文 C668668(E)"])
def test_a_wrong_number_beside_a_name_is_nothing(text: str) -> None:
    assert "pii.hkid_named" not in kinds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("陳大文", True), ("张伟", True), ("歐陽修", True), ("司徒美堂", True), ("任何", False), ("大文陳", False),
        ("陳", False), ("陳大文先", False), ("公司", False),
    ],
)  # fmt: skip
def test_chinese_names(text: str, expected: bool) -> None:
    assert chinese_name(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CHAN Tai Man", True), ("Peter Chan", True), ("Au-Yeung Wai", True), ("Zhang Wei", True), ("Chan", False),
        ("Hong Kong", False), ("Identity Card", False), ("John Smith", False),
    ],
)  # fmt: skip
def test_latin_names(text: str, expected: bool) -> None:
    assert latin_name(text) is expected


def test_every_family_name_is_written_as_it_is_compared() -> None:
    assert all(len(name) == 1 for name in surnames.CHARACTERS)
    assert all(len(name) == 2 for name in surnames.COMPOUND)
    assert all(name == name.lower() for name in surnames.ROMANISED)

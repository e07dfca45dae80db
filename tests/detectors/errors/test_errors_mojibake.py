"""Text in the wrong encoding is named with what it should read; accented words and rare characters are left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.form.mojibake import Mojibake
from guardrail.detectors.protocol import Detector
from guardrail.types import Context, Finding, Stage

HANT = "香港天文台預測明天下午將有驟雨，市民外出時請攜帶雨具，並留意最新的天氣消息。"
HANS = "气象台预测明天下午将有阵雨，市民外出时请携带雨具，并留意最新的天气消息。"


def found(text: str, context: Context | None = None) -> list[Finding]:
    return Mojibake().detect([text], context or Context())[0]


def test_is_a_detector() -> None:
    assert isinstance(Mojibake(), Detector)


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ("The cafÃ© is open.", "é"),
        ("Itâ€™s fine.", "’"),
        ("ItÃ¢â‚¬â„¢s fine.", "’"),
        ("He said â€œhelloâ€ to us.", "“"),
        ("It is 31Â°C in ZÃ¼rich.", "°"),
        ("你好，世界".encode().decode("latin-1"), "你好，世界"),
        ("你好，世界".encode().decode("cp1252", "replace").replace("\ufffd", "\x8d"), None),
    ],
)
def test_utf8_read_as_latin_1_is_repaired(text: str, repair: str | None) -> None:
    first = found(text)[0]
    assert first.score >= 0.8
    if repair is not None:
        assert first.repair == repair
        assert repair in first.message


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        (HANT, "utf-8", "gbk"), (HANS, "utf-8", "gbk"), (HANT, "utf-8", "big5"), (HANS, "gbk", "big5"), (HANS, "gbk", "latin-1"),
        (HANT, "utf-8", "ascii"), (HANT, "big5", "utf-8"),
    ],
)  # fmt: skip
def test_chinese_in_the_wrong_encoding_is_found(text: str, wrong: str, right: str) -> None:
    assert found(text.encode(wrong, "ignore").decode(right, "replace"))[0].score >= 0.8


def test_the_reader_is_told_what_it_should_read_in_the_language_of_the_question() -> None:
    garbled = HANS.encode("gbk").decode("latin-1")
    message = found(garbled, Context(prompt="明天的天气怎么样？"))[0].message
    assert message.startswith("此处是乱码（字符编码错误），原文应为“气象台预测明天下午")
    assert found("锟斤拷锟斤拷", Context(prompt="聽日天氣點呀？"))[0].message == "此處有字元因編碼錯誤而遺失。"


def test_lost_characters_count_by_how_many_there_are() -> None:
    assert found("好\ufffd\ufffd的")[0].score >= 0.8
    assert found("好\ufffd的")[0].score < 0.6


@pytest.mark.parametrize(
    "text",
    [
        "Le café est à l'Élysée, naïve, façade, Müller, groß, señor, Århus, São Paulo.",
        "«CAFÉ» “touché”—he said; “fiancé”… MANHÃ”. ÇA VA? À «Paris»",
        "50°C ± 2 µm ½ × ÷ £5 §3 ©®™ … – — • “quoted”",
        "Đường phố Hà Nội rất đẹp; Þórður á Íslandi; İstanbul'da çay",
        "ÀÈÌÒÙ ÁÉÍÓÚ ÂÊÎÔÛ ÄËÏÖÜ",
        "浣熊、浣腸、鎴崎、瀹、鐢、濂——都係字。",
        "烫烫烫烫！屯屯屯",
        "待續······",
        "饕餮、鱟、龘、犇、贔屭、夔、彳亍、耄耋、氤氳、囹圄、魑魅魍魎、觥籌交錯、踽踽獨行、蹣跚",
        "日本語のテキスト、東京都千代田区。한국어 텍스트입니다.",
        HANT,
        HANS,
    ],
)
def test_ordinary_text_draws_nothing(text: str) -> None:
    assert found(text) == []


def test_code_what_the_caller_wrote_and_talk_of_encodings_draw_nothing() -> None:
    assert found("`cafÃ©`") == []
    assert found("You wrote cafÃ©.", Context(prompt="What does cafÃ© mean?")) == []
    assert found("cafÃ© is mojibake for café.") == []
    assert found("锟斤拷", Context(prompt="为什么会出现乱码？")) == []
    assert found("cafÃ©", Context(stage=Stage.REQUEST)) == []


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(max_codepoint=0x2FF) | st.sampled_from("â€™œÃÂ©鐨勬槸锟斤拷\ufffd的中文"), max_size=80))
def test_any_text_gives_findings_within_it(text: str) -> None:
    for one in found(text):
        assert one.start is not None
        assert one.end is not None
        assert 0 <= one.start < one.end <= len(text)
        assert one.message


def test_a_long_text_of_nothing_else_is_told_in_pieces() -> None:
    """One piece of a megabyte would be copied once for each character in it."""
    found = Mojibake().detect(["â€™ " * 300_000], Context())[0]
    assert len(found) == 20
    assert all(one.end - one.start <= 2000 for one in found)

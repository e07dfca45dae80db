"""The language of a text, told by characters and words that anybody can point at."""

import pytest

from guardrail.text.language import LANGUAGES, LOOKED_AT, language, script


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # English
        ("Can a Filipino helper rent a flat?", "en"),
        ("hi", "en"),
        ("What’s the deadline?", "en"),
        ("Ｗｈｙ　ｎｏｔ？", "en"),
        # Traditional and Simplified, told apart by single characters
        ("請問內地人可以申請嗎？", "zh-Hant"),
        ("请问内地人可以申请吗？", "zh-Hans"),
        ("這個問題", "zh-Hant"),
        ("这个问题", "zh-Hans"),
        ("我關係很好", "zh-Hant"),
        ("中國的教育有問題，而家庭幸福很重要", "zh-Hant"),  # 而家 inside 而家庭 is not Cantonese
        ("郁金香很漂亮，抑郁症要治疗", "zh-Hans"),
        # Cantonese, in either script, short and glued
        ("點解佢要咁做", "yue"),
        ("佢系边个", "yue"),
        ("菲傭可唔可以放假?", "yue"),
        ("呢個project個deadline係幾時", "yue"),
        ("唔該幫我book位", "yue"),
        ("內地人可唔可以申請公屋㗎？", "yue"),
        # Written Chinese that quotes one Cantonese word stays written Chinese
        (
            "香港人常說的「嘅」字相當於書面語的「的」字，在正式文件中不應該使用，公務員撰寫公文時尤其需要留意。",
            "zh-Hant",
        ),
        # Chinese in characters that both scripts share
        ("你好", "zh"),
        ("今天天气很好", "zh-Hans"),
        # Chinese with English in it is Chinese, about half of each is mixed
        ("我想book張flight", "zh-Hant"),
        ("请用英文写一封信给 Mr Chan", "zh-Hans"),
        ("Please translate 你好", "mixed"),
        # What is written in Hong Kong beside these, and elsewhere
        ("Kumusta ka? Paano ako mag-apply?", "other"),
        ("Bagaimana cara saya memperpanjang visa?", "other"),
        ("Bonjour, comment puis-je vous aider ?", "other"),
        ("こんにちは、元気ですか", "other"),
        ("東京の天気はどうですか", "other"),
        ("안녕하세요", "other"),
        ("नमस्ते, आप कैसे हैं?", "other"),
        ("สวัสดีครับ", "other"),
        ("Здравствуйте", "other"),
        # No letters at all
        ("", "other"),
        ("12345 + 678 = ?", "other"),
        ("🙂🙂", "other"),
    ],
)
def test_the_language_of_a_text(text, expected):
    assert language(text) == expected
    assert expected in LANGUAGES


def test_only_the_beginning_decides():
    assert language("Is this right? " * 100 + "點解佢要咁做" * 1000) == "en"
    assert language("佢" * LOOKED_AT + "a b " * 100_000) == "yue"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("這個", "Hant"), ("这个", "Hans"), ("你好", ""), ("這个", ""), ("book", ""), ("佢哋問", "Hant")],
)
def test_the_script_of_a_text(text, expected):
    assert script(text) == expected

"""What of a text the Detoxify models are asked about.

If these fail, English glued into Chinese goes unjudged, or a model is asked about a language that it does not know.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.detectors.bias.detoxify_router import Reading, english


@pytest.mark.parametrize(
    "text",
    ["You are a fool.", "a1", "Où est la gare ?", "Ты дурак", "hello。", "“Quoted” — and a dash", "a 😀 b"],
)
def test_text_without_chinese_is_judged_whole(text):
    found = english(text)
    assert len(found.parts) == 1 and not found.mixed


@pytest.mark.parametrize(
    "text",
    [
        "你這個廢物",  # Traditional
        "你这个废物",  # Simplified
        "佢哋成班人都係垃圾，ok？",  # Cantonese, with a word
        "呢個 bug 好 stupid，我要 kill 咗個 process",  # single words are no sentence
        "請到 A 座 3 樓 B 室",
        "我今日去咗IKEA買嘢",
        "バカです",
        "너는 바보야",
        "",
        " \n",
        "。，！",
        "12345 😀",
    ],
)
def test_text_without_english_is_left_to_the_scorer_that_knows_it(text):
    assert english(text).parts == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # glued, Cantonese, Traditional, Simplified
        ("佢話you are a fool喎", ("you are a fool",)),
        ("佢成日鬧人you stupid idiot咁樣", ("you stupid idiot",)),
        ("他總是罵我you stupid idiot然後走了", ("you stupid idiot",)),
        ("他总是骂我you stupid idiot然后走了", ("you stupid idiot",)),
        ("「you stupid idiot」佢係咁樣鬧我哋㗎", ("you stupid idiot",)),
        ("你呢個人真係好討厭，go to hell啦，以後唔好再返嚟，you piece of shit。", ("go to hell", "you piece of shit.")),
        # an English sentence with Chinese in it
        ("Mr 陳 is a complete idiot", ("Mr is a complete idiot",)),
        ("The 香港 people are 曱甴 and should be killed", ("The people are and should be killed",)),
        ("All 內地人 are locusts, every one of them", ("All are locusts, every one of them",)),
        # disguises
        ("佢話ｙｏｕ ａｒｅ ａ ｆｏｏｌ喎", ("you are a fool",)),
        ("他說y\u200bou are a f\u200bool啊", ("you are a fool",)),
    ],
)
def test_of_mixed_text_the_english_part_is_judged(text, parts):
    found = english(text)
    assert found.mixed
    assert [part.strip(" ,.") for part in found.parts] == [part.strip(" ,.") for part in parts]


def test_disguises_are_undone_in_english_and_not_in_russian():
    assert english("ｙｏｕ are а fооl").parts == ("you are a fool",)  # Cyrillic а and о
    assert english("Привет, ты дурак").parts == ("Привет, ты дурак",)


def test_a_reading_of_nothing_is_not_mixed():
    assert english("") == Reading(())


@given(st.text(alphabet="你係廢a b可以fool。， \n", max_size=60))
def test_what_is_asked_holds_no_chinese(text):
    found = english(text)
    assert not found.mixed or not any("\u3040" <= character <= "\u9fff" for part in found.parts for character in part)
    assert all(part.strip() for part in found.parts)

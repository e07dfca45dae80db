"""An answer in another language, script or form than asked is named; a generous reader's doubts draw nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.form.obedience import Obedience
from guardrail.detectors.errors.form.wishes import Items, Length, language_asked, wishes
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Stage

EN = "The harbour is a deep channel between the island and the peninsula, and ships from many countries call here every day."
HANT = "維多利亞港是香港島與九龍半島之間的天然深水港，每天都有來自世界各地的船隻停泊。這裡的夜景聞名世界，遊客都會來觀賞，是這個城市最重要的地標。"
HANS = "维多利亚港是香港岛与九龙半岛之间的天然深水港，每天都有来自世界各地的船只停泊。这里的夜景闻名世界，游客都会来观赏，是这个城市最重要的地标。"
YUE = "維港係香港島同九龍半島中間嘅天然深水港，日日都有好多船嚟泊。佢哋話呢度夜景好靚，好多遊客都會嚟睇，係呢個城市最緊要嘅地標。"


def _without_its_stop(message: str) -> str:
    assert message[-1] in ".。"
    return message[:-1]


def found(text: str, prompt: str, system: str = "", **more: object) -> list[tuple[str, str]]:
    context = Context(prompt=prompt, system=system, **more)  # type: ignore[arg-type]
    return [
        (one.kind.removeprefix("error."), _without_its_stop(one.message))
        for one in Obedience().detect([text], context)[0]
    ]


def test_is_a_detector() -> None:
    assert isinstance(Obedience(), Detector)
    assert isinstance(Obedience(), Configurable)


@pytest.mark.parametrize(
    ("prompt", "system", "asked"),
    [
        ("Answer in English: 維港係咩？", "", "en"),
        ("Please reply in Traditional Chinese.", "", "zh-Hant"),
        ("請用繁體中文回答", "", "zh-Hant"),
        ("请用简体中文回答", "", "zh-Hans"),
        ("用廣東話答我", "", "yue"),
        ("用香港中文（繁體）寫一封信", "", "zh-Hant"),
        ("Write a poem in French.", "", "other"),
        ("What is this?", "Always respond in Chinese, in Traditional Chinese.", "zh-Hant"),
        ("用英文答", "你必須用中文回答。", "en"),
        ("What is this?", "", ""),
        ("How do you say hello in Chinese?", "", ""),
        ("Explain tea in Chinese culture.", "", ""),
        ("用英文點講「唔該」？", "", ""),
        ("Translate into Chinese: answer in English.", "", ""),
        ("Do not answer in English.", "", ""),
        ("請不要用英文回答", "", ""),
        ("Answer in English or write in Chinese.", "", ""),
    ],
)
def test_the_language_that_is_asked_for(prompt: str, system: str, asked: str) -> None:
    assert language_asked(prompt, system) == asked


@pytest.mark.parametrize(
    ("prompt", "length", "items"),
    [
        ("Describe it in at most 50 words.", Length("most", 50, "word"), None),
        ("Describe it in 50 words or less.", Length("most", 50, "word"), None),
        ("Write a 500-word essay.", Length("about", 500, "word"), None),
        ("Explain in two sentences.", Length("about", 2, "sentence"), None),
        ("用不超過一百字介紹", Length("most", 100, "字"), None),
        ("100字以內", Length("most", 100, "字"), None),
        ("不少於800字", Length("least", 800, "字"), None),
        ("用一句話總結", Length("about", 1, "句"), None),
        ("List five fruits.", None, Items("exactly", 5)),
        ("Give me at least 3 good reasons.", None, Items("least", 3)),
        ("列出三項理由", None, Items("exactly", 3)),
        ("畀我五個方法", None, Items("exactly", 5)),
        ("List 3 pros and 2 cons.", None, None),
        ("List 5 fruits for each season.", None, None),
        ("List about 5 fruits.", None, None),
        ("What are the 3 laws of motion?", None, None),
        ("每段不超過50字", None, None),
    ],
)
def test_lengths_and_numbers_that_are_asked_for(prompt: str, length: Length | None, items: Items | None) -> None:
    asked = wishes(prompt, "")
    assert (asked.length, asked.items) == (length, items)


@pytest.mark.parametrize(
    ("prompt", "system", "answer", "kind", "message"),
    [
        ("Answer in English: what is it?", "", HANT, "wrong_language", "English was asked for; this answer is in Traditional Chinese"),
        ("請用英文回答：維港是什麼？", "", HANT, "wrong_language", "要求以英文回答，此回答卻是繁體中文"),
        ("請用中文回答：維港是什麼？", "", EN, "wrong_language", "要求以中文回答，此回答卻是英文"),
        ("What is it?", "Always reply in Cantonese.", EN, "wrong_language", "Cantonese was asked for; this answer is in English"),
        ("用廣東話答我：維港係咩？", "", HANT, "wrong_language", "要求以廣東話回答，此回答卻是書面語"),
        ("請用繁體中文回答：維港是什麼？", "", HANS, "wrong_script", "要求以繁體中文回答，此回答卻是簡體中文"),
        ("请用简体中文回答：维港是什么？", "", HANT, "wrong_script", "要求以简体中文回答，此回答却是繁体中文"),
        ("What is the harbour like these days?", "", HANS, "wrong_language", "The question is in English; this answer is in Simplified Chinese"),
        ("維港係點樣嘅地方，有咩好睇？", "", EN, "wrong_language", "問題是廣東話，此回答卻是英文"),
        ("維港係點樣嘅地方，有咩好睇？", "", HANS, "wrong_script", "問題是繁體中文，此回答卻是簡體中文"),
        ("List 5 fruits.", "", "1. a\n2. b\n3. c", "constraint", "Asked for: 5 items; this answer lists 3"),
        ("列出三項", "", "1. 一\n2. 二\n3. 三\n4. 四", "constraint", "要求3項，此回答列出4項"),
        ("Describe it in at most 10 words.", "", EN, "constraint", "Asked for: at most 10 words; this answer has 21"),
        ("What is it?", "Keep every answer under 10 words.", EN, "constraint", "Asked for: at most 10 words; this answer has 21"),
        ("用不超過20字介紹", "", HANT, "constraint", "要求最多20字，此回答有64字"),
        ("In one sentence, what is it?", "", f"{EN} {EN} {EN}", "constraint", "Asked for: 1 sentence; this answer has 3"),
        ("Answer yes or no only: is it deep?", "", EN, "constraint", "A plain yes or no was asked for; this answer says something else"),
        ("只需回答是或否：水深嗎？", "", HANT, "constraint", "要求只答是或否，此回答並非如此"),
        ("In one word, what is it?", "", EN, "constraint", "One word was asked for; this answer has more"),
    ],
)  # fmt: skip
def test_what_is_not_what_was_asked(prompt: str, system: str, answer: str, kind: str, message: str) -> None:
    assert found(answer, prompt, system) == [(kind, message)]


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Answer in English: what is it?", EN),
        ("請用繁體中文回答：維港是什麼？", HANT),
        ("用廣東話答我：維港係咩？", YUE),
        ("維港係點樣嘅地方，有咩好睇？", HANT),
        ("What is it called in Chinese characters?", HANT),
        ("Translate to Chinese: the harbour is deep.", HANS),
        ("請用繁體中文回答：維港是什麼？", f"```\n{HANS}\n```"),
        ("請用繁體中文回答：那句話怎樣寫？", f"原文是「{HANS[:20]}」，意思是說海港的水很深，船隻很多，遊客也很多。"),
        ("Answer in English: what is it?", "維多利亞港"),
        ("List 5 fruits.", "I'm sorry, but I can't help with that."),
        ("List 5 fruits.", "Apples, pears, plums, figs and more."),
        ("List 5 fruits.", "1. a\n2. b\n3. c\n\nVegetables:\n1. d\n2. e"),
        ("Describe it in at most 20 words.", EN),
        ("Describe it in about 15 words.", " ".join(["word"] * 17)),
        ("Explain in one sentence.", "It is deep."),
        ("Is it deep? Answer yes or no.", "Yes, it is."),
        ("水深嗎？請答是或否。", "是。"),
        ("List 10 reasons.", "1. Because it"),
    ],
)
def test_what_is_as_asked_or_beyond_telling_draws_no_notice(prompt: str, answer: str) -> None:
    sure = [one for one in Obedience().detect([answer], Context(prompt=prompt))[0] if one.score >= 0.6]
    assert sure == []


def test_an_answer_that_was_cut_or_calls_a_tool_ignores_nothing() -> None:
    assert found("1. a\n2. b", "List 5 fruits.", finish_reason="length") == []
    assert found("1. a\n2. b", "List 5 fruits.", has_tool_calls=True) == []
    assert found("1. a\n2. b", "List 5 fruits.", stage=Stage.REQUEST) == []


def test_a_question_tells_less_than_a_wish() -> None:
    (implied,) = Obedience().detect([EN], Context(prompt="維港係點樣嘅地方，有咩好睇？"))[0]
    (wished,) = Obedience().detect([EN], Context(prompt="請用中文回答"))[0]
    assert implied.score < 0.8 <= wished.score


def test_only_the_wanted_kinds_are_looked_for() -> None:
    only = Obedience().configure(Options(wanted=frozenset({"error.wrong_script"})))
    context = Context(prompt="請用繁體中文列出三項")
    assert [one.kind for one in only.detect([f"1. {HANS}\n2. {HANS}"], context)[0]] == ["error.wrong_script"]


PART = st.sampled_from(
    [
        "List 5 ",
        "列出三項",
        "in English",
        "用廣東話答",
        "at most 3 words",
        "1. ",
        "\n",
        "是",
        "不",
        "。",
        "yes or no",
        "```",
        "「",
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(PART | st.text(max_size=5), max_size=20).map("".join),
    st.lists(PART | st.text(max_size=5), max_size=20).map("".join),
)
def test_any_request_and_answer_is_judged(prompt: str, answer: str) -> None:
    for one in Obedience().detect([answer], Context(prompt=prompt, system=prompt[::-1]))[0]:
        assert one.kind in Obedience.kinds
        assert one.message
        assert (one.start, one.end) == (None, None)

"""A refusal is known by how an answer begins, in English, Traditional and Simplified Chinese and Cantonese."""

import pytest

from guardrail.text.refusal import OPENING, refuses

REFUSALS = (
    # English
    "I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I'm sorry, but I cannot provide advice on this.",
    "As an AI language model, I am unable to recommend one group over another.",
    "I won't write that.",
    "I must decline.",
    "No. I refuse to do this.",
    "I'd rather not answer that.",
    "I'm not comfortable giving an opinion on that.",
    "Unable to comply.",
    "This request violates our content policy.",
    "That's not something I'm able to help with.",
    "It is not appropriate to make generalisations about people based on where they come from.",
    "**I cannot** fulfil this request.",
    "Thank you for asking. I understand why this matters. However, I can't answer it.",
    "Ｉ ｃａｎ＇ｔ ｈｅｌｐ ｗｉｔｈ ｔｈａｔ．",
    # Traditional Chinese
    "抱歉，我無法提供這方面的建議。",
    "很抱歉，我不能協助你撰寫這類內容。",
    "作為人工智能助手，我不會對任何群體作出貶低的評價。",
    "恕我無法協助。",
    "恕難從命。",
    "這個要求不恰當，請尊重他人。",
    "您的請求違反使用政策。",
    "我無法回答您提出的問題。",
    # Simplified Chinese
    "很抱歉，我不能帮你写这个。",
    "对不起,我不能回答涉及政治敏感和违反法律的话题。",
    "作为一个人工智能语言模型，我不会对任何群体作出贬低的评价。",
    "我拒绝回答这个问题。",
    # Cantonese
    "唔好意思，呢個我幫唔到你。",
    "對唔住，我唔可以答呢條問題。",
    "sorry，呢個我唔可以寫俾你",
    "我唔會寫呢啲嘢",
    "呢個問題唔適合討論",
    "我冇辦法幫你做呢件事",
    "答唔到你呀，唔好意思",
)
ANSWERS = (
    "",
    "Sure! Here is the letter.",
    "I'm sorry to hear that your mother is ill. Here is what you can do.",
    "I can't help but notice how happy you are.",
    "I can't recommend this book highly enough.",
    "I cannot stress this enough: book early.",
    "I don't have access to real-time data, but the usual price is 40 dollars.",
    "I can't say without more context; could you give more details?",
    "You can't apply before June; the form is on the website.",
    "The landlord cannot refuse to rent to a tenant because of race.",
    "Yes. " * 200 + "I can't help with that.",
    "很抱歉聽到你媽媽病了，你可以這樣做。",
    "我無法提供即時天氣，請查天文台。",
    "佢唔可以提供證明，所以申請被拒。",
    "你不能提供假文件。",
    "可以，請帶備文件。",
    "房东不能拒绝把房子租给少数族裔。",
    "唔使擔心，你可以即刻申請。",
    "點解唔得？當然得啦。",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_known(text):
    assert refuses(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_none(text):
    assert not refuses(text)


@pytest.mark.parametrize("text", REFUSALS)
def test_only_the_opening_counts_and_is_enough(text):
    assert refuses((text + " " + "x" * 5000)[:OPENING])
    assert not refuses("當然可以。請看以下步驟。\n第一，帶備文件。\n第二，交表。\n" + text)


@pytest.mark.parametrize(
    "piece", ["i " * 300, "我" * 600, "i can't " * 100, "作為" * 300, "抱歉" * 300, "not " * 150, "a " * 300 + "can't"]
)
def test_hostile_openings_cost_little(piece):
    """Bounded repeats in bounded text: nothing here may take the time of a catastrophe."""
    assert refuses(piece) in (True, False)

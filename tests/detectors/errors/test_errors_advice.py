"""Advice on the reader's own case gets the notice that is missing; information, care and fiction get none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.detectors.errors.advice import KINDS, Advice
from guardrail.detectors.protocol import Configurable, Detector, Options
from guardrail.types import Context, Finding, Source, Stage


def found(prompt: str, answer: str) -> list[Finding]:
    detector = Advice()
    detector.load()
    return detector.detect([answer], Context(prompt=prompt))[0]


def sure(prompt: str, answer: str) -> list[str]:
    return [one.kind for one in found(prompt, answer) if one.score >= 0.8]


ADVICE = [
    (
        "error.advice_medical",
        "I have had a fever since yesterday. What should I take?",
        "Take 400 mg of ibuprofen every six hours until the fever is gone.",
        "Please see a doctor if it lasts.",
    ),
    (
        "error.advice_medical",
        "我有高血压，最近头晕，药要不要减？",
        "你应该把降压药减到每天半片，头晕很快就会好。",
        "请先咨询医生。",
    ),
    (
        "error.advice_medical",
        "我個仔發燒，可以食咩藥？",
        "你可以畀佢食必理痛，每次250毫克，一日四次。",
        "不過都係要問過醫生先好。",
    ),
    (
        "error.advice_legal",
        "My landlord will not return my deposit. What can I do?",
        "You should sue him in the Small Claims Tribunal and refuse to sign anything.",
        "A solicitor should look at your tenancy agreement first.",
    ),
    (
        "error.advice_legal",
        "業主唔肯還按金畀我，我可以點做？",
        "你告佢啦，去小額錢債審裁處入稟，一定追得返。",
        "行動前請先諮詢律師。",
    ),
    (
        "error.advice_financial",
        "I saved $50,000. How should I invest my money?",
        "Put 80% of your savings into Nvidia shares and buy bitcoin with the rest.",
        "This is not financial advice.",
    ),
    (
        "error.advice_financial",
        "我有五十萬積蓄，應該點投資？",
        "你應該將四十萬買入騰訊，其餘轉投比特幣。",
        "以上只供參考，投資涉及風險。",
    ),
    (
        "error.advice_tax",
        "I rent out my flat. How do I file my tax return?",
        "Leave the rent out of your tax return and claim the repairs as an expense.",
        "Please check this with a tax adviser.",
    ),
    (
        "error.advice_tax",
        "我做自雇，报税时怎么填？",
        "你不用申报现金收入，把家里的租金填在业务开支就可以扣除全部。",
        "请向税务师查询。",
    ),
]


def test_is_a_detector() -> None:
    assert isinstance(Advice(), Detector)
    assert isinstance(Advice(), Configurable)


@pytest.mark.parametrize(("kind", "prompt", "answer", "notice"), ADVICE)
def test_advice_without_a_notice_is_found(kind: str, prompt: str, answer: str, notice: str) -> None:
    assert sure(prompt, answer) == [kind]


@pytest.mark.parametrize(("kind", "prompt", "answer", "notice"), ADVICE)
@pytest.mark.parametrize("order", ["before", "after"])
def test_advice_with_a_notice_is_not(kind: str, prompt: str, answer: str, notice: str, order: str) -> None:
    parts = [notice, answer] if order == "before" else [answer, notice]
    assert found(prompt, " ".join(parts)) == []


@pytest.mark.parametrize(("kind", "prompt", "answer", "notice"), ADVICE)
def test_the_proposed_notice_is_a_notice(kind: str, prompt: str, answer: str, notice: str) -> None:
    [one] = found(prompt, answer)
    assert one.message
    assert found(prompt, f"{answer}\n\n{one.message}") == []


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is paracetamol?", "Paracetamol is a painkiller. Adults take 500 mg to 1 g up to four times a day."),
        ("I have a headache. What is ibuprofen?", "Ibuprofen is a painkiller that many people take for headaches."),
        ("I have a headache, what can I take?", "I'm sorry, but I cannot give medical advice."),
        ("How do I set the tax rate in my WooCommerce store?", "You can set the tax field in the config to 0.15."),
        ("我點樣用Python計稅？", "你可以用Python計稅：tax = income * 0.15。"),
        ("I feel ill. Translate: 「每日食兩粒藥」", "I see: it says that patients swallow two pills a day."),
        ("Write a story in which I sell my shares.", '"Sell all your shares!" he said. I sold my shares at once.'),
        ("How do I make my pasta sauce?", "Take two cloves of garlic, add 5 g of salt and reduce the heat."),
        ("How do tenants get a deposit back?", "You can file a claim in the Small Claims Tribunal."),
        ("扑热息痛是什么？", "扑热息痛是一种退烧止痛药，成人一般每次服用500毫克。"),
        ("香港嘅業主唔還按金會點？", "租客可以去小額錢債審裁處入稟。"),
        ("我想买股票，有什么要注意？", "投资要谨慎，避免把全部积蓄买入一只股票。"),
        ("我想煮麵，要落幾多鹽？", "你落五克鹽就得，水滾先落麵。"),
        ("", "Take 400 mg of ibuprofen every six hours."),
    ],
)
def test_what_is_no_advice_on_ones_own_case_is_left_alone(prompt: str, answer: str) -> None:
    assert sure(prompt, answer) == []


def test_to_need_no_doctor_is_no_notice() -> None:
    answer = "You don't need to see a doctor. Take 400 mg of ibuprofen every six hours."
    assert sure("I have a fever, what should I take?", answer) == ["error.advice_medical"]
    assert sure("我發燒，食咩好？", "唔使睇醫生，你食兩粒必理痛就得。") == ["error.advice_medical"]


@pytest.mark.parametrize(
    ("prompt", "answer", "words"),
    [
        ("我個仔發燒，可以食咩藥？", "你可以畀佢食必理痛，每次250毫克，一日四次。", "人工智能生成"),
        ("我发烧，吃什么药好？", "你应该每天吃三次布洛芬，每次两片，别去医院。", "人工智能生成"),
        ("My fever is high, what should I take?", "Take two paracetamol tablets every four hours.", "written by AI"),
    ],
)
def test_the_notice_is_in_the_language_of_the_answer(prompt: str, answer: str, words: str) -> None:
    [one] = found(prompt, answer)
    assert words in (one.message or "")


def test_a_short_question_stands_on_what_was_said_before() -> None:
    context = Context(prompt="What now?", caller=("I have a fever and my head hurts.", "What now?"))
    assert Advice().detect(["Take 400 mg of ibuprofen every six hours."], context)[0]


def test_the_place_is_the_sentence_that_advises() -> None:
    answer = "Fever is common. Take 400 mg of ibuprofen every six hours. It will pass."
    [one] = found("I have a fever, what should I take?", answer)
    assert answer[one.start : one.end].strip() == "Take 400 mg of ibuprofen every six hours."


def test_only_what_a_rule_wants_is_looked_for() -> None:
    detector = Advice().configure(Options(wanted=frozenset({"error.advice_tax"})))
    _, prompt, answer, _ = ADVICE[0]
    assert detector.detect([answer], Context(prompt=prompt)) == [[]]


def test_a_request_is_not_judged() -> None:
    _, prompt, answer, _ = ADVICE[0]
    assert Advice().detect([answer], Context(prompt=prompt, stage=Stage.REQUEST)) == [[]]


def test_sources_are_not_advice() -> None:
    context = Context(prompt="What is in it?", material=(Source("document", "Take 400 mg of my ibuprofen.", "1"),))
    assert Advice().detect(["The leaflet tells patients to take 400 mg."], context) == [[]]


@pytest.mark.parametrize(
    "unit", ["if yes, no, first, ", "take 400 mg ", "告", "no need to ", "put all half ", " ", '"']
)
def test_long_texts_cost_little(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    asked = Context(prompt="I have pain, my landlord, my shares, my tax")
    [found_in_answer] = Advice().detect([text], asked)
    [found_beside_prompt] = Advice().detect([ADVICE[0][2]], Context(prompt=text))
    assert {one.kind for one in (*found_in_answer, *found_beside_prompt)} <= set(KINDS)
    assert len(found_in_answer) <= len(KINDS), "one notice for each field of advice, however long the answer"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_read(prompt: str, answer: str) -> None:
    for one in found(prompt, answer):
        assert one.kind in KINDS
        assert one.start is not None and one.end is not None
        assert 0 <= one.start < one.end <= len(answer)
        assert 0.5 <= one.score <= 1

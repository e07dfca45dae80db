"""Another group in the place of the one that was mentioned: only where the question stays a sensible one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail.edits import apply
from guardrail.groups import lexicon
from guardrail.sampling_question import Request, asked_with, question
from guardrail.sampling_swap import LONGEST, NOBODY, groups, swapped


def ask(*said):
    """A conversation: user and model by turns."""
    roles = ("user", "assistant")
    turns = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said)]
    asked = question(
        Request(
            "openai_chat",
            "POST",
            "/v1/chat/completions",
            "",
            [],
            json.dumps({"model": "m", "messages": turns}).encode(),
        )
    )
    assert asked is not None
    return asked


def outcomes(*said):
    """Every message that the last one can become, with the groups."""
    asked, found, number = ask(*said), {}, 0
    while True:
        count = []

        def choose(n, number=number, count=count):
            count.append(n)
            return min(number, n - 1)

        made = swapped(asked, choose)
        if made is None:
            return found
        swap, edits = made
        sent = json.loads(asked_with(asked, edits).body)["messages"]
        assert sent[:-1] == json.loads(asked.request.body)["messages"][:-1]
        found[sent[-1]["content"]] = (swap.given, swap.other)
        number += 1
        if number >= count[0]:
            return found


@pytest.mark.parametrize(
    ("text", "becomes", "pair"),
    [
        # English: number, adjectives, articles, capitals
        ("Can women drive?", "Can men drive?", ("women", "men")),
        ("Is a woman fit for this job?", "Is a man fit for this job?", ("women", "men")),
        ("Should I rent a flat to a Filipino person?", "Should I rent a flat to an Indonesian person?", ("filipinos", "indonesians")),
        ("Would an Indonesian person pass?", "Would a Nepali person pass?", ("indonesians", "nepalis")),
        ("Women in tech: why so few?", "Men in tech: why so few?", ("women", "men")),
        ("Christians, why?", "Muslims, why?", ("christians", "muslims")),
        ("What do Muslim tenants need?", "What do Christian tenants need?", ("muslims", "christians")),
        ("Would you hire a person with a disability?", "Would you hire a person without a disability?", ("disabled_people", NOBODY)),
        ("Women and women alone", "Men and men alone", ("women", "men")),
        # Traditional, Simplified, Cantonese: glued, in the script of the question
        ("請問內地人可以申請嗎？", "請問香港人可以申請嗎？", ("mainlanders", "hongkongers")),
        ("请问内地人可以申请吗？", "请问台湾人可以申请吗？", ("mainlanders", "taiwanese")),
        ("內地人可唔可以申請公屋㗎？", "新來港人士可唔可以申請公屋㗎？", ("mainlanders", "new_arrivals")),
        ("點解銀行唔借錢俾南亞裔人士？", "點解銀行唔借錢俾華人？", ("south_asians", "chinese_people")),
        ("一個離婚人士點樣申請綜援", "一個已婚人士點樣申請綜援", ("divorced_people", "married_people")),
        ("聽障人士可否報讀?", "視障人士可否報讀?", ("deaf_people", "blind_people")),
        ("残疾人士可以报名吗？", "没有残疾的人可以报名吗？", ("disabled_people", NOBODY)),
        ("呢份 job 請唔請 Muslims?", "呢份 job 請唔請 Christians?", ("muslims", "christians")),
    ],
)  # fmt: skip
def test_a_group_takes_the_place_of_another(text, becomes, pair):
    assert outcomes(text).get(becomes) == pair


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(("How do I cook rice?",), id="no group"),
        pytest.param(("你好",), id="no group in Chinese"),
        pytest.param(("Who earns more, men or women?",), id="two groups"),
        pytest.param(("男人同女人邊個叻啲？",), id="two groups in Cantonese"),
        pytest.param(("Is a woman fit for this job? She is 30.",), id="a pronoun that would have to change"),
        pytest.param(("個女人話佢得，但她未試過",), id="a Chinese pronoun that would have to change"),
        pytest.param(("Write a story about a Filipino helper.",), id="a word that says more than the group"),
        pytest.param(("Why are chinks so loud?",), id="a slur"),
        pytest.param(("點解啲業主唔租樓俾南亞裔人士？",), id="landlords have counterparts too"),
        pytest.param(("CAN WOMEN DRIVE?",), id="capitals"),
        pytest.param(
            ("Can women drive?", "Yes, women can.", "What about women in Saudi Arabia, are women allowed?"),
            id="a group that was spoken of",
        ),
        pytest.param(("內地人可以申請嗎？", "可以。", "香港人呢？"), id="another group of the same ground before"),
        pytest.param(("Can women drive? " + "x" * LONGEST,), id="a document"),
    ],
)
def test_a_message_is_left_alone_where_the_question_would_not_stay_the_same(said):
    assert outcomes(*said) == {}


def test_every_counterpart_can_be_drawn():
    assert set(outcomes("內地人可以申請嗎？").values()) == {
        ("mainlanders", other) for other in ("hongkongers", "new_arrivals", "taiwanese", "macao_people")
    }


FORMS = [
    (contrast, member, text)
    for contrast in lexicon.contrasts()
    for member in contrast.members
    if member.group
    for text in (f"What about {member.english['many']} here?", f"請問{member.chinese['many']}可以嗎？")
]


@pytest.mark.parametrize(("contrast", "member", "text"), FORMS)
def test_every_contrast_of_the_lexicon(contrast, member, text):
    """Whatever comes out differs from the question in the term alone, and no longer mentions the group."""
    for made, (group, other) in outcomes(text).items():
        assert group == member.group
        assert other in {each.group or NOBODY for each in contrast.members} or len(lexicon.counterparts(group)) > 1
        start = next(i for i, (a, b) in enumerate(zip(made, text, strict=False)) if a != b)
        tail = next(i for i, (a, b) in enumerate(zip(reversed(made), reversed(text), strict=False)) if a != b)
        mention = lexicon.mentions(text)[0]
        assert mention.start <= start and len(text) - tail <= mention.end


@given(
    st.text(max_size=30),
    st.sampled_from(["women", "內地人", "内地人", "Muslims", "a Filipino person"]),
    st.text(max_size=30),
)
def test_around_any_text(before, term, after):
    text = f"{before} {term} {after}"
    made = swapped(ask(text), lambda count: 0)
    if made is not None:
        (edits,) = made[1].values()
        changed = apply(text, edits)
        assert changed.startswith(text[: edits[0].start])
        assert changed.endswith(text[edits[-1].end :])


def test_groups_are_named_once_in_order_and_ambiguous_words_do_not_count():
    assert groups("女人、男人、女人") == ("women", "men")
    assert groups("The broad road") == ()
    assert groups("x" * LONGEST + " women") == ()

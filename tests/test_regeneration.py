"""Which of several answers is the better one, and what a model is told of one that was not good enough."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrail import regeneration
from guardrail.types import Action, Decision, FailedCheck, Finding, Hit, Module, Rule, Stage

SLOW = FailedCheck("bias.toxicity", "timed out")
MODULES = {"pii": Module.DATA_LEAKAGE, "bias": Module.BIAS, "error": Module.ERRORS}


def hit(kind="error.arithmetic", action=Action.FLAG, score=0.9, *, message="", text="", channel="content", **rule):
    asked = Rule(kind, MODULES[kind.split(".")[0]], (kind,), frozenset({Stage.RESPONSE}), 0.5, Action.REGENERATE)
    finding = Finding(kind, score, None, None, "test", message=message)
    return Hit(finding, replace(asked, **rule), action, Stage.RESPONSE, channel, text=text)


def hit_of_another_rule():
    blocked = hit(action=Action.BLOCK)
    return replace(blocked, rule=replace(blocked.rule, action=Action.BLOCK))


def ranked(*hits, failed=(), blocked=False):
    strongest = regeneration.action(hits, failed, Action.BLOCK, blocked=blocked)
    return regeneration.rank(strongest, hits, failed)


def test_the_better_answer_has_the_weaker_action_then_fewer_and_weaker_findings():
    flagged = hit("bias.toxicity", action=Action.FLAG)
    flagged = replace(flagged, rule=replace(flagged.rule, action=Action.FLAG))
    order = [
        ranked(),
        ranked(flagged),
        ranked(hit(score=0.6)),
        ranked(hit(score=0.9)),
        ranked(hit(score=0.5), hit(score=0.5)),
        ranked(hit(score=0.9), flagged),
        ranked(blocked=True),
    ]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_what_was_not_looked_for_is_not_absent():
    """An answer on which a check did not finish is not better for having fewer findings."""
    allowed = regeneration.rank(Action.REGENERATE, [hit()], [SLOW])
    assert allowed > regeneration.rank(Action.REGENERATE, [hit(), hit()], [])


@given(st.lists(st.lists(st.sampled_from((0.5, 0.7, 0.9)), max_size=4), min_size=1, max_size=6))
def test_the_earlier_of_equals_wins_and_order_is_total(answers):
    ranks = [ranked(*(hit(score=score) for score in scores)) for scores in answers]
    best = min(range(len(ranks)), key=lambda index: ranks[index])
    assert ranks[best] <= min(ranks)
    assert all(ranks[index] > ranks[best] for index in range(best))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (hit(), True),
        (hit(channel="header"), False),
        (replace(hit(), stage=Stage.REQUEST), False),
        (replace(hit(), repaired=True), False),
        (replace(hit(), rule=None), False),
        (hit_of_another_rule(), False),
    ],
)
def test_what_another_answer_is_wanted_for(found, wanted):
    assert bool(regeneration.wishes([found])) is wanted


def test_the_rule_with_the_fewest_attempts_says_how_often():
    assert regeneration.limit([hit(attempts=5), hit(attempts=1)]) == 1
    assert regeneration.limit([]) == 0


def test_only_an_answer_that_every_rule_lets_out_is_usable():
    assert regeneration.is_usable([hit(otherwise=Action.NOTICE), hit(otherwise=Action.FLAG)])
    assert not regeneration.is_usable([hit(otherwise=Action.NOTICE), hit()])


def test_leaks_and_checks_that_did_not_finish_keep_an_answer_from_being_handed_back():
    assert regeneration.leaks([hit("pii.hkid")], [])
    assert regeneration.leaks([], [SLOW])
    assert not regeneration.leaks([hit(), hit("bias.toxicity")], [])
    assert not regeneration.leaks([hit("pii.hkid", action=Action.ALLOW)], [])


SUM = "12 × 13 is 156, not 166"


@pytest.mark.parametrize(
    ("answer", "message", "words"),
    [
        ("12 × 13 = 166, so it is more.", SUM, ("Your last answer cannot be used:", f"- {SUM}", "Please answer again")),
        ("所以12 × 13 = 166，總數是這樣。", "12 × 13 等於 156，不是 166", ("你剛才的回答未能採用：", "- 12 × 13 等於 156，不是 166", "請重新完整作答")),
        ("所以12 × 13 = 166，总数是这样。", "12 × 13 等于 156，不是 166", ("你刚才的回答未能采用：", "- 12 × 13 等于 156", "请重新完整作答")),
        ("即係12 × 13 = 166，冇錯㗎。", "x", ("你剛才的回答未能採用：", "- x")),
        ("Le total est 166.", "", ("Your last answer", "- it has a fault (error.arithmetic)")),
    ],
)  # fmt: skip
def test_the_model_is_told_what_is_wrong_in_the_language_of_its_answer(answer, message, words):
    told = regeneration.feedback([hit(message=message)], answer, "")
    assert all(word in told for word in words), told


def test_without_an_answer_to_show_the_language_is_that_of_the_question():
    told = regeneration.feedback([hit("pii.hkid", text="A123456(3)", message="A123456(3)")], "", "佢哋嘅號碼係乜嘢？")
    assert told.startswith("就此作出的回答未能採用：\n- 內容透露了不應透露的資料（pii.hkid）")
    assert "A123456" not in told


def test_of_leaks_and_of_what_is_blocked_the_kind_alone_is_told():
    found = [hit("pii.hkid", message="A123456(3) is one"), hit("bias.toxicity", action=Action.BLOCK, message="scum")]
    told = regeneration.feedback(found, "", "Who?")
    assert "(pii.hkid)" in told
    assert "(bias.toxicity)" in told
    assert "A123456" not in told
    assert "scum" not in told
    assert SUM not in regeneration.feedback([hit(message=SUM)], "", "Who?", by_kind=True)


def test_the_words_of_the_rule_come_instead():
    assert regeneration.feedback([hit(feedback="Check your sums.")] * 2, "answer", "") == "Check your sums."
    both = regeneration.feedback([hit(feedback="Check your sums."), hit("bias.toxicity")], "the answer", "")
    assert "Check your sums." in both
    assert "(bias.toxicity)" in both


def test_a_hundred_faults_are_ten_and_a_long_one_is_cut():
    told = regeneration.feedback([hit(message=f"{number} " + "x" * 5000) for number in range(100)], "answer", "")
    assert told.count("\n- ") == 10
    assert len(told) < 6000


def test_when_none_was_good_enough_nothing_is_told_of_what_nobody_gets():
    before = replace(hit("bias.toxicity"), stage=Stage.REQUEST)
    decision = Decision(Action.FLAG, [before, hit(message=SUM, text="166"), hit("bias.toxicity", message="scum")])
    regeneration.closed(decision, Decision(Action.ALLOW, [before]))
    assert decision.action is Action.BLOCK
    assert decision.hits[0] == before
    assert all((one.action, one.finding.message) == (Action.BLOCK, "") for one in decision.hits[1:])


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b"[1]", b'{"guardrail": 1}', b'{"guardrail": {"audit_id": "other"}}']
)
def test_a_document_that_is_not_ours_to_change_stays(raw):
    assert regeneration.finished(raw, {("total_tokens",): 5}, "id", 2, Action.REGENERATE) == raw

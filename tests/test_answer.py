"""Whole answers: what a reader joins is judged as one text, and nothing spells in another form what was taken out."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail import answer
from guardrail.dialects.places import alone
from guardrail.dialects.protocol import Delta, View
from guardrail.policy.decide import Judge
from guardrail.review import review
from guardrail.scanner import Scanner
from guardrail.types import Action, Context, Stage
from guardrail.wire import jsontext
from tests import material
from tests.material import policy, rule, split, texts

REDACT = policy(
    rule("pii.*", Action.REDACT),
    rule("bias.toxicity", Action.NOTICE, message="請留意。Mind this."),
    rule("error.shouting", Action.NOTICE, id="loud", message="This was loud."),
)
DETECTORS = [material.Patterns(), material.Rude(), material.Shouting()]
SCANNERS = {id(REDACT): Scanner(REDACT, DETECTORS)}


def written(document):
    """JSON as servers write it; half a character has no UTF-8 and is escaped."""
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(document).encode()


class Judged:
    """A document after the policy: its text, its hits, and how many places changed."""

    def __init__(self, document, view, rules=REDACT, raw=None):
        self.raw = raw or written(document)
        scanner = SCANNERS.get(id(rules)) or SCANNERS.setdefault(id(rules), Scanner(rules, DETECTORS))
        judge = Judge(rules)
        strings = dict(jsontext.strings(document, self.raw))
        self.reading = answer.read(view, self.raw, document)
        result = asyncio.run(
            review(scanner, judge, self.reading.segments, Context(), Stage.RESPONSE, None, self.reading.pieces)
        )
        self.beside = answer.judge_asides(self.reading, result, scanner, judge)
        self.hits = [*result.fired, *self.beside]
        self.out, self.count = answer.edited(self.raw, document, strings, self.reading, result, rules, Context())

    @property
    def document(self):
        return json.loads(self.out)


def content(*pointer, text, **more):
    return Delta((0, "content", 0), pointer, text, **more)


def parts(*pieces):
    """An answer whose text stands in several strings."""
    return {"parts": list(pieces)}, View([content("parts", n, text=piece) for n, piece in enumerate(pieces)])


# --- joined ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (["佢嘅身份證係A123", "456(3)，多謝"], ["佢嘅身份證係[REDACTED:HKID]", "，多謝"]),
        (["她的身份证是A1", "2345", "6(3)"], ["她的身份证是[REDACTED:HKID]", "", ""]),
        (["A123456", "", "(3)"], ["[REDACTED:HKID]", "", ""]),
        (["A123456(3) and A12", "3456(3)!"], ["[REDACTED:HKID] and [REDACTED:HKID]", "!"]),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_a_value_that_straddles_strings_is_found_and_each_loses_its_part(pieces, left):
    assert Judged(*parts(*pieces)).document["parts"] == left


@settings(max_examples=80)
@given(texts(), st.lists(st.integers(0, 400), max_size=8))
def test_wherever_a_text_is_cut_into_strings_it_reads_as_the_edited_whole(text, cuts):
    whole = Judged(*parts(text)).document["parts"][0]
    assert "".join(Judged(*parts(*split(text, cuts))).document["parts"]) == whole


def test_channels_and_choices_and_blocks_are_apart():
    document = {"a": "A123", "b": "456(3)", "c": "456(3)", "d": "456(3)"}
    deltas = [
        Delta((0, "content", 0), ("a",), "A123"),
        Delta((1, "content", 0), ("b",), "456(3)"),
        Delta((0, "refusal", 0), ("c",), "456(3)"),
        Delta((0, "content", 1), ("d",), "456(3)"),
    ]
    assert Judged(document, View(deltas)).count == 0


def test_a_clean_answer_keeps_every_byte():
    raw = b'{"parts" : ["1.0e2 \\u4f60", "\\ud83d\\ude00" ],"n":1.50}'
    document = json.loads(raw)
    got = Judged(document, parts(*document["parts"])[1], raw=raw)
    assert (got.out, got.count) == (raw, 0)


# --- tool arguments --------------------------------------------------------------------------------------------------


def arguments(*pieces):
    return {"parts": list(pieces)}, View(
        [Delta((0, "tool_arguments", 0), ("parts", n), piece) for n, piece in enumerate(pieces)]
    )


@settings(max_examples=60)
@given(st.lists(st.integers(0, 100), max_size=5))
def test_arguments_in_several_strings_are_edited_as_the_json_they_are(cuts):
    text = '{"to": "\\u0041123456(3)", "card": 4111111111111113, "keep": "好\\n"}'
    got = Judged(*arguments(*split(text, cuts))).document["parts"]
    assert json.loads("".join(got)) == {"to": "[REDACTED:HKID]", "card": "[REDACTED:PAYMENT_CARD]", "keep": "好\n"}
    assert got[1:] == [""] * (len(got) - 1), "the parts of edited JSON do not say where they were cut"


def test_arguments_that_are_no_json_are_edited_as_text():
    assert Judged(*arguments('{"to": "A123', "456(3)")).document["parts"] == ['{"to": "[REDACTED:HKID]', ""]


def test_numbers_of_an_object_of_arguments_are_judged_under_their_names():
    document = {"input": {"card": 4111111111111113, "n": 1}, "usage": 4111111111111113}
    got = Judged(document, View(trees=[("input",)]))
    assert got.document == {"input": {"card": "[REDACTED:PAYMENT_CARD]", "n": 1}, "usage": 4111111111111113}


# --- annotations -----------------------------------------------------------------------------------------------------


def cited(text, title, *, before=False):
    said = content("text", text=text)
    note = Delta((0, "content", 0), ("title",), title, aside=True)
    return {"text": text, "title": title}, View([note, said] if before else [said, note])


@pytest.mark.parametrize("before", [False, True], ids=["after the text", "before the text"])
def test_a_value_that_begins_in_the_text_and_ends_in_its_annotation_is_found(before):
    got = Judged(*cited("身份證A123456", "(3) 資料", before=before))
    assert got.document == {"text": "身份證[REDACTED:HKID]", "title": "[REDACTED:HKID] 資料"}
    assert [hit.finding.kind for hit in got.beside] == ["pii.hkid"]


def test_an_annotation_is_judged_by_itself_too():
    got = Judged(*cited("plain", "A123456(3)"))
    assert got.document == {"text": "plain", "title": "[REDACTED:HKID]"}
    assert got.beside == []


def test_an_annotation_without_a_text_is_judged():
    note = Delta((0, "content", 0), ("title",), "A123456(3)", aside=True)
    assert Judged({"title": "A123456(3)"}, View([note])).document == {"title": "[REDACTED:HKID]"}


def test_an_annotation_inside_a_text_does_not_break_it():
    document = {"a": "A123", "title": "x", "b": "456(3)"}
    note = Delta((0, "content", 0), ("title",), "x", aside=True)
    got = Judged(document, View([content("a", text="A123"), note, content("b", text="456(3)")]))
    assert got.document == {"a": "[REDACTED:HKID]", "title": "x", "b": ""}


# --- what spells the same text in another form -----------------------------------------------------------------------


def test_log_probabilities_of_an_edited_text_are_emptied_and_others_stay():
    document = {"a": "A123456(3)", "b": "fine", "la": {"tokens": ["A1"]}, "lb": {"tokens": ["fi"]}}
    deltas = [
        Delta((0, "content", 0), ("a",), "A123456(3)", logprobs=("la",)),
        Delta((1, "content", 0), ("b",), "fine", logprobs=("lb",)),
    ]
    assert Judged(document, View(deltas)).document == {**document, "a": "[REDACTED:HKID]", "la": None}


def test_log_probabilities_that_spell_a_value_of_their_own_are_emptied():
    document = {"a": "fine", "l": [{"token": "A1234"}, {"token": "56(3)"}]}
    deltas = [
        Delta((0, "content", 0), ("a",), "fine", logprobs=("l",)),
        Delta((0, "logprobs", 0), ("l",), "A123456(3)", logprobs=("l",)),
        Delta((0, "logprobs", 1), ("l",), "other\n", logprobs=("l",)),
    ]
    assert Judged(document, View(deltas)).document == {"a": "fine", "l": None}


@pytest.mark.parametrize(("text", "left"), [("A123456(3)", []), ("fine", [1, 2])])
def test_echoes_of_the_conversation_go_with_the_first_edit(text, left):
    got = Judged({"text": text, "context": [1, 2]}, View([content("text", text=text)], echoes=[("context",)]))
    assert got.document["context"] == left


@pytest.mark.parametrize("enforce", [True, False])
@pytest.mark.parametrize("opaque", ["pass", "drop"])
def test_opaque_values_are_emptied_where_the_policy_says_so(opaque, enforce):
    signed = "Q" * 60
    rules = policy(rule("pii.*", Action.REDACT), opaque=opaque, enforce=enforce)
    got = Judged({"data": signed, "rest": [signed]}, View(opaque=[("data",), ("rest",)]), rules)
    changed = opaque == "drop" and enforce
    assert got.document == ({"data": "", "rest": []} if changed else {"data": signed, "rest": [signed]})


@pytest.mark.parametrize("opaque", ["pass", "drop"])
def test_plain_text_in_the_place_of_an_opaque_value_is_judged(opaque):
    rules = policy(rule("pii.*", Action.REDACT), opaque=opaque)
    got = Judged({"data": "身份證A123456(3)"}, View(opaque=[("data",)]), rules)
    assert got.document == {"data": "身份證[REDACTED:HKID]" if opaque == "pass" else ""}


# --- thinking --------------------------------------------------------------------------------------------------------


def thought(*pieces):
    blocks = [{"thinking": piece, "signature": "c2ln"} for piece in pieces]
    deltas = [
        Delta((0, "thinking", 0), ("blocks", n, "thinking"), piece, unit=("blocks", n))
        for n, piece in enumerate(pieces)
    ]
    blocks.append({"text": "好的"})
    return {"blocks": blocks}, View([*deltas, content("blocks", len(pieces), "text", text="好的")])


@pytest.mark.parametrize("pieces", [["佢係A123456(3)"], ["佢係A123", "456(3)"]])
def test_signed_thinking_with_a_finding_goes_as_a_whole(pieces):
    """Edited, its signature would be wrong, and the next turn refused."""
    assert Judged(*thought(*pieces)).document == {"blocks": [{"text": "好的"}]}


def test_signed_thinking_without_a_finding_stays_byte_for_byte():
    document, view = thought("想一想")
    assert Judged(document, view).out == written(document)


def test_thinking_that_is_no_unit_is_edited():
    document = {"thinking": "佢係A123456(3)"}
    view = View([Delta((0, "thinking", 0), ("thinking",), document["thinking"])])
    assert Judged(document, view).document == {"thinking": "佢係[REDACTED:HKID]"}


def test_a_policy_may_block_over_thinking_instead():
    rules = policy(rule("pii.*", Action.REDACT), thinking="block")
    assert {hit.action for hit in Judged(*thought("A123456(3)"), rules).hits} == {Action.BLOCK}


# --- notices ---------------------------------------------------------------------------------------------------------


def test_a_notice_stands_once_at_the_end_of_the_last_string_of_its_choice():
    document = {"a": "你呢個人渣。", "b": "你这个人渣。", "c": "你好", "d": "身份證A123456(3)"}
    deltas = [
        Delta((0, "content", 0), ("a",), document["a"]),
        Delta((0, "content", 0), ("b",), document["b"]),
        Delta((1, "content", 0), ("c",), document["c"]),
        Delta((0, "reasoning", 0), ("d",), document["d"]),
    ]
    assert Judged(document, View(deltas)).document == {
        "a": "你呢個人渣。",
        "b": "你这个人渣。\n\n請留意。Mind this.",
        "c": "你好",
        "d": "身份證[REDACTED:HKID]",
    }


def test_a_notice_on_the_reasoning_stands_behind_the_answer():
    document = {"r": "你呢個人渣。", "a": "好的 A123456(3)"}
    deltas = [Delta((0, "reasoning", 0), ("r",), document["r"]), content("a", text=document["a"])]
    assert Judged(document, View(deltas)).document["a"] == "好的 [REDACTED:HKID]\n\n請留意。Mind this."


def test_two_notices_stand_one_after_the_other():
    text = "THIS IS A VERY LOUD ANSWER INDEED 人渣"
    got = Judged({"a": text}, View([content("a", text=text)])).document["a"]
    assert got == text + "\n\n請留意。Mind this.\n\nThis was loud."


def test_an_answer_that_has_no_string_for_it_gets_no_notice():
    document = {"r": "人渣。", "content": None}
    deltas = [Delta((0, "reasoning", 0), ("r",), "人渣。"), content("content", text="")]
    got = Judged(document, View(deltas))
    assert (got.document, got.count) == (document, 0)
    assert [hit.action for hit in got.hits] == [Action.NOTICE]


# --- context ---------------------------------------------------------------------------------------------------------


def test_a_check_of_the_answer_knows_how_its_own_choice_ended():
    document = {"a": "x", "b": '{"k": "y"}'}
    deltas = [Delta((0, "content", 0), ("a",), "x"), Delta((1, "tool_arguments", 0), ("b",), document["b"])]
    view = View(deltas, [alone("field", ("z",), "z")], finishes=[(0, "length"), (1, "tool_calls")], acts=frozenset({1}))
    reading = answer.read(view, json.dumps(document).encode(), document)
    known = [reading.context(segment, Context(prompt="p")) for segment in reading.segments[:2]]
    assert [(c.prompt, c.finish_reason, c.has_tool_calls) for c in known] == [
        ("p", "length", False),
        ("p", "tool_calls", True),
    ]

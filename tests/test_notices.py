"""Notices: in the reader's language, where a person reads, and the same streamed as whole.

What a user would notice: a warning in the wrong language, one inside code or JSON that then no longer parses, one that
stands somewhere else when the answer is streamed, or offsets in the `guardrail` object that point at other words.
"""

import asyncio
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail import answer
from guardrail.dialects.openai_chat import OpenAIChat
from guardrail.dialects.protocol import Call
from guardrail.errors import PolicyError
from guardrail.notes import notes_for
from guardrail.notices import behind, is_code_open, may_follow, may_stand, worded
from guardrail.policy.decide import Judge, record
from guardrail.policy.load import parse
from guardrail.review import review
from guardrail.scanner import Scanner
from guardrail.streaming import Streaming
from guardrail.types import (
    Action,
    Context,
    Decision,
    Finding,
    Hit,
    Passage,
    Place,
    Rule,
    Source,
    Stage,
    StreamMode,
    Unit,
)
from guardrail.wire import jsontext
from guardrail.wire.sse import SSEDecoder
from tests import material
from tests.material import policy, rule, split
from tests.servers import chunk

WORDS = (("en", "(Note: {finding})"), ("zh-Hant", "（注意：{finding}）"), ("zh-Hans", "（注意：{finding}）"))
NEUTRAL = "(Note) （注意）"


class Sums:
    """`N + N = N` that does not hold: by sentence or by answer, with what is right for a message."""

    name = "test.sums"
    kinds = ("error.sum",)
    heavy = False

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def load(self) -> None:
        pass

    def detect(self, texts, context):
        return [list(self._find(text)) for text in texts]

    def _find(self, text):
        for found in re.finditer(r"(\d) \+ (\d) = (\d+)", text):
            a, b, c = map(int, found.groups())
            if a + b != c:
                said = f"{a} + {b} = {a + b}"
                yield Finding(
                    "error.sum", 0.9, *found.span(), self.name, "sum", message=said, verdict="contradicted",
                    passage=Passage(0, 1, 3),
                )  # fmt: skip


def ruled(place: Place, *more: Rule) -> Rule:
    return Rule(
        id="sums", module=rule("error.sum", Action.NOTICE).module, kinds=("error.sum",),
        stages=frozenset({Stage.RESPONSE}), threshold=0.5, action=Action.NOTICE, message=NEUTRAL, messages=WORDS,
        place=place,
    )  # fmt: skip


def guard(place: Place, unit: Unit, *more: Rule) -> tuple[Scanner, Judge]:
    rules = policy(ruled(place), *more)
    return Scanner(rules, [material.Patterns(), Sums(unit)]), Judge(rules)


SOURCES = (Source("document", "abcdef", key="doc1"),)
KNOWN = Context(material=SOURCES)


def whole(text: str, scanner: Scanner, judge: Judge, context: Context = KNOWN) -> tuple[str, dict | None]:
    """The text that leaves, and what the `guardrail` object says."""
    raw = json.dumps({"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}]}).encode()
    document = jsontext.parse(raw)
    strings = jsontext.strings(document, raw)
    reading = answer.read(OpenAIChat().answer(document, strings), raw, document)
    result = asyncio.run(
        review(scanner, judge, reading.segments, context, Stage.RESPONSE, None, reading.pieces)
    )  # fmt: skip
    decision = Decision()
    record(decision, result.all_hits, result.failed)
    out, _ = answer.edited(raw, document, dict(strings), reading, result, judge.policy, context)
    return json.loads(out)["choices"][0]["message"]["content"], notes_for(decision, {}, context.material)


def streamed(pieces: list[str], scanner: Scanner, judge: Judge, context: Context = KNOWN) -> tuple[str, dict | None]:
    frames = [*(chunk({"content": piece}) for piece in pieces), chunk({}, finish="stop"), b"data: [DONE]\n\n"]

    async def reads():
        for frame in frames:
            yield frame

    async def run():
        call = Call(stream=True, context=context)
        stream = Streaming(OpenAIChat().lens(call), SSEDecoder(1 << 20), call, scanner, judge, Decision(), {})
        return b"".join([piece async for piece in stream.run(reads())])

    events = [json.loads(part[6:]) for part in asyncio.run(run()).split(b"\n\n") if part.startswith(b"data: {")]
    text = "".join(each["delta"].get("content") or "" for event in events for each in event["choices"])
    return text, next((event["guardrail"] for event in events if "guardrail" in event), None)


EN, HANT, HANS = "So 1 + 1 = 3. Fine.", "計到 1 + 1 = 3。好啦，唔該晒。", "所以 1 + 1 = 3。这样就对了。"


@pytest.mark.parametrize(
    ("place", "unit", "text", "expected"),
    [
        (Place.AFTER, Unit.SENTENCE, EN, f"{EN}\n\n(Note: 1 + 1 = 2)"),
        (Place.AFTER, Unit.ANSWER, HANT, f"{HANT}\n\n（注意：1 + 1 = 2）"),
        (Place.BESIDE, Unit.SENTENCE, EN, "So 1 + 1 = 3. (Note: 1 + 1 = 2) Fine."),
        (Place.BESIDE, Unit.ANSWER, EN, "So 1 + 1 = 3. (Note: 1 + 1 = 2) Fine."),
        (Place.BESIDE, Unit.SENTENCE, HANT, "計到 1 + 1 = 3。（注意：1 + 1 = 2）好啦，唔該晒。"),
        (Place.BESIDE, Unit.SENTENCE, HANS, "所以 1 + 1 = 3。（注意：1 + 1 = 2）这样就对了。"),
        (Place.BEFORE, Unit.SENTENCE, HANS, f"（注意：1 + 1 = 2）\n\n{HANS}"),
        (Place.BEFORE, Unit.ANSWER, EN, f"(Note: 1 + 1 = 2)\n\n{EN}"),
        (Place.AFTER, Unit.SENTENCE, "それは 1 + 1 = 3 です。", f"それは 1 + 1 = 3 です。\n\n{NEUTRAL}"),
        # Two that say the same are said once behind the answer, and each beside its own sentence.
        (Place.AFTER, Unit.SENTENCE, "1 + 1 = 3 is it. 1 + 1 = 3 is it, too.",
         "1 + 1 = 3 is it. 1 + 1 = 3 is it, too.\n\n(Note: 1 + 1 = 2)"),
        (Place.BESIDE, Unit.SENTENCE, "So 1 + 1 = 3 or 2 + 2 = 5.\n\nThe end.",
         "So 1 + 1 = 3 or 2 + 2 = 5. (Note: 1 + 1 = 2) (Note: 2 + 2 = 4)\n\nThe end."),
        # Where nobody reads, none stands.
        (Place.BESIDE, Unit.SENTENCE, "See:\n```python\n# 1 + 1 = 3\n```\nThat is the code.",
         "See:\n```python\n# 1 + 1 = 3\n```\nThat is the code.\n\n(Note: 1 + 1 = 2)"),
        (Place.BESIDE, Unit.SENTENCE, "| a | b |\n|---|---|\n| 1 + 1 = 3 | x |\n\nThat is the table.",
         "| a | b |\n|---|---|\n| 1 + 1 = 3 | x |\n\nThat is the table.\n\n(Note: 1 + 1 = 2)"),
        (Place.BESIDE, Unit.SENTENCE, "It is\n$$\n1 + 1 = 3\n$$\nas you see.",
         "It is\n$$\n1 + 1 = 3\n$$\nas you see.\n\n(Note: 1 + 1 = 2)"),
        (Place.AFTER, Unit.SENTENCE, '{"sum": "1 + 1 = 3"}', '{"sum": "1 + 1 = 3"}'),
        (Place.BESIDE, Unit.SENTENCE, '{"sum": "1 + 1 = 3"}', '{"sum": "1 + 1 = 3"}'),
        (Place.BEFORE, Unit.SENTENCE, '["1 + 1 = 3"]', '["1 + 1 = 3"]'),
        (Place.AFTER, Unit.SENTENCE, "Code:\n```\n1 + 1 = 3\n", "Code:\n```\n1 + 1 = 3\n"),
    ],
)  # fmt: skip
def test_where_a_notice_stands_and_in_which_language(place, unit, text, expected):
    scanner, judge = guard(place, unit)
    got, told = whole(text, scanner, judge)
    assert got == expected
    assert told["findings"][0]["message"] == "1 + 1 = 2"
    for pieces in ([text], list(text), split(text, [3, 7, 11])):
        assert streamed(pieces, scanner, judge) == (got, told)


def test_nothing_is_added_to_an_answer_that_was_asked_for_as_json():
    asked = Context(response_format={"type": "json_object"}, material=SOURCES)
    for place in Place:
        scanner, judge = guard(place, Unit.SENTENCE)
        got, told = whole("Well, 1 + 1 = 3.", scanner, judge, asked)
        assert got == "Well, 1 + 1 = 3."
        assert told["action"] == "notice"
        assert streamed(["Well, 1 + ", "1 = 3."], scanner, judge, asked) == (got, told)


PARTS = ["So 1 + 1 = 3. ", "計到 2 + 2 = 5。", "A123456(3)", "Fine. ", "\n\n", "```\n1 + 1 = 3\n```\n", "唔該。", "1 + 2 = 3! ",
         "| 4 + 4 = 9 |\n", "$$", "me@a.org "]  # fmt: skip
REDACTING = rule("pii.*", Action.REDACT)


@pytest.mark.parametrize("unit", [Unit.SENTENCE, Unit.ANSWER])
@pytest.mark.parametrize("place", list(Place))
@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=8), cuts=st.lists(st.integers(0, 200), max_size=10))
def test_any_stream_reads_as_the_whole_and_offsets_point_at_what_they_speak_of(place, unit, parts, cuts):
    scanner, judge = guard(place, unit, REDACTING)
    text = "".join(parts)
    got, told = whole(text, scanner, judge)
    assert streamed(split(text, cuts), scanner, judge) == (got, told)
    for finding in (told or {"findings": ()})["findings"]:
        if finding["kind"] == "error.sum":
            assert re.fullmatch(r"\d \+ \d = \d+", got[finding["start"] : finding["end"]])
    assert "A123456(3)" not in got and "A123456(3)" not in json.dumps(told)


def test_the_client_is_told_what_was_concluded_from_which_part_of_which_source():
    scanner, judge = guard(Place.BESIDE, Unit.SENTENCE)
    _, told = whole(EN, scanner, judge)
    assert told["findings"] == [{
        "kind": "error.sum", "rule": "sums", "action": "notice", "start": 3, "end": 12, "verdict": "contradicted",
        "message": "1 + 1 = 2", "source": {"index": 0, "start": 1, "end": 3, "origin": "document", "key": "doc1"},
    }]  # fmt: skip


class Telltale(Sums):
    """Says in its message what another rule takes out."""

    def _find(self, text):
        if "sum" in text:
            yield Finding("error.sum", 0.9, 0, 3, self.name, message="It was A123456(3).", verdict="unsupported")


@pytest.mark.parametrize("place", list(Place))
def test_a_message_never_says_what_a_rule_takes_out(place):
    rules = policy(ruled(place), REDACTING)
    scanner, judge = Scanner(rules, [material.Patterns(), Telltale(Unit.SENTENCE)]), Judge(rules)
    got, told = whole("The sum is off.", scanner, judge)
    assert "A123456(3)" not in got + json.dumps(told)
    assert "(Note" in got
    assert streamed(["The sum", " is off."], scanner, judge) == (got, told)


class Echo(Sums):
    """Quotes the first sentence of the answer in its message, cut as messages are."""

    def _find(self, text):
        if "sum" in text:
            yield Finding("error.sum", 0.9, 0, 3, self.name, message=f"It says “{text[:20]}…”.", verdict="unsupported")


@pytest.mark.parametrize("stream", [StreamMode.HOLD, StreamMode.SENTENCE])
@pytest.mark.parametrize(
    "text", ["They are scum from abroad. The sum is off.", "佢哋係人渣嚟嘅，唔好理。計個sum出嚟。"]
)
def test_a_message_never_quotes_a_sentence_that_a_rule_takes_out(text, stream):
    """A sentence that a model judged is no pattern: the same words, cut, would not be found in the message again."""
    rules = policy(ruled(Place.AFTER), replace(rule("bias.*", Action.REDACT), stream=stream))
    scanner = Scanner(rules, [material.Rude(), Echo(Unit.ANSWER)])
    got, told = whole(text, scanner, Judge(rules))
    assert text[:8] not in got + json.dumps(told, ensure_ascii=False)
    assert streamed(split(text, [5, 20]), scanner, Judge(rules)) == (got, told)


class Quoting(Sums):
    """Quotes what stands in brackets."""

    def _find(self, text):
        for found in re.finditer(r"\[(.*)\]", text, re.DOTALL):
            yield Finding("error.sum", 0.9, *found.span(), self.name, message=f"“{found[1]}” is wrong.")


@pytest.mark.parametrize(
    "quoted", ["\u202e1 + 1 = 3", "1 + 1\x00 = 3", "1 + 1\n = 3", "1 + 1 = 3\ud83d", "\u20661 + 1 = 3"]
)
def test_what_a_message_quotes_can_neither_turn_what_follows_nor_break_the_object(quoted):
    rules = policy(ruled(Place.AFTER))
    got, told = whole(f"So [{quoted}].", Scanner(rules, [Quoting(Unit.ANSWER)]), Judge(rules))
    assert got.endswith("\n\n(Note: “1 + 1 = 3” is wrong.)")
    assert json.loads(jsontext.set_member(b"{}", "guardrail", told))["guardrail"] == told


def test_nothing_is_explained_of_an_answer_that_is_withheld():
    """What a check says may quote the answer, which nobody gets."""
    scanner, judge = guard(Place.AFTER, Unit.SENTENCE)
    _, told = whole(EN, scanner, judge)
    assert told["findings"][0]["message"]
    decision = Decision(Action.BLOCK, [replace(hit("1 + 1 = 2"), channel="content")])
    assert notes_for(decision, {})["findings"] == [{"kind": "error.x", "rule": "r", "action": "notice"}]


def hit(said: str = "", **rule_words) -> Hit:
    made = Rule(
        "r", ruled(Place.AFTER).module, ("error.x",), frozenset({Stage.RESPONSE}), 0.5, Action.NOTICE, **rule_words
    )  # fmt: skip
    return Hit(Finding("error.x", 0.9, 0, 1, "t", message=said), made, Action.NOTICE, Stage.RESPONSE, "content")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("en", "E"), ("zh-Hant", "T"), ("yue", "T"), ("zh-Hans", "S"), ("zh", "T"), ("other", "all"), ("mixed", "all")],
)
def test_the_words_fit_the_language(lang, expected):
    words = (("en", "E"), ("zh-Hant", "T"), ("zh-Hans", "S"))
    assert worded(hit(messages=words, message="all"), lang) == expected
    assert worded(hit(messages=(*words, ("yue", "Y")), message="all"), "yue") == "Y"


def test_a_place_for_a_finding_that_says_nothing_goes_with_its_colon():
    assert worded(hit(messages=(("en", "Please check: {finding}"),)), "en") == "Please check"
    assert behind([hit(messages=(("zh-Hant", "請核實：{finding}"),))], "好啦好啦，我知道。") == ["請核實"]


def test_notices_stand_in_the_order_of_what_they_speak_of():
    late, early = hit("late", messages=(("en", "{finding}"),)), hit("early", messages=(("en", "{finding}"),))
    late = replace(late, finding=replace(late.finding, start=9, end=10))
    assert behind([late, early], "An answer in English.") == ["early", "late"]


def test_of_one_rule_at_most_five_different_notices_stand_behind_an_answer():
    hits = [hit(str(number), messages=(("en", "{finding}"),)) for number in range(9)]
    assert behind([*hits, *hits], "An answer in English.") == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("```\ncode", True), ("```\ncode\n```", False), ("````\n```\n", True), ("~~~\n```\n~~~", False), ("a ``` b", False),
        ("   ```py\nx", True), ("", False),
        ("1. Run:\n\n    ```bash\n    make", True), ("1. Run:\n\n    ```bash\n    make\n    ```\n", False),
        ("> ```\n> x", True), ("- ```sh\n  ls", True), ("```pip install x```", False), ("```a``` and", False),
        ("```py\nx\n```py\ny\n```", False),
    ],
)  # fmt: skip
def test_whether_code_is_open(text, is_open):
    assert is_code_open(text) is is_open


@pytest.mark.parametrize(
    "text",
    [
        "`1 + 1 = 3",
        r"\[ 1 + 1",
        r"\begin{align} a",
        "  | cell",
        "$$ x",
        "So:\n\n    1 + 1 = 3",
        "1. Run\n\n     ```sh\n     ls 1 + 1 = 3",
    ],
)
def test_no_words_stand_in_code_tables_and_formulas(text):
    assert not may_stand(text, len(text))


@pytest.mark.parametrize(
    "text", ["- a\n    - 1 + 1 = 3", "    1. 1 + 1 = 3", "   Three spaces.", "（一）\n    （甲） 1 + 1 = 3"]
)
def test_words_stand_in_lists(text):
    assert may_stand(text, len(text))


@given(text=st.text(max_size=200))
def test_any_text_has_an_answer_to_where_words_may_stand(text):
    assert may_follow(text, Context()) in (True, False)
    assert may_stand(text, len(text)) in (True, False)


YAML = """version: 1
name: p
errors:
  - id: sums
    kinds: [error.sum]
    action: %s
    place: %s
    message: %s
"""


def test_a_policy_says_where_and_in_which_languages():
    [made] = parse((YAML % ("notice", "beside", "{en: E, zh-Hans: S}")).encode(), "p.yaml").rules
    assert (made.place, made.messages, made.message) == (Place.BESIDE, (("en", "E"), ("zh-Hans", "S")), "E S")


@pytest.mark.parametrize(
    ("action", "place", "message", "line", "cure"),
    [
        ("flag", "beside", "x", 7, "`place` is for `action: notice`"),
        ("notice", "above", "x", 7, "'after', 'beside' or 'before'"),
        ("notice", "after", "{fr: x}", 8, ""),
        ("notice", "after", "{}", 6, "a notice needs a `message`"),
    ],
)
def test_a_mistake_is_named_with_its_line(action, place, message, line, cure):
    with pytest.raises(PolicyError) as caught:
        parse((YAML % (action, place, message)).encode(), "p.yaml")
    assert f"p.yaml:{line}" in str(caught.value) and cure in str(caught.value)


def test_a_notice_beside_a_sentence_is_not_for_patterns_and_not_for_text_that_has_left():
    beside = Rule("r", ruled(Place.BESIDE).module, ("pii.*",), frozenset({Stage.RESPONSE}), 0.5, Action.NOTICE,
                  message="x", place=Place.BESIDE)  # fmt: skip
    with pytest.raises(PolicyError, match="judged by sentence or by answer"):
        Scanner(policy(beside), [material.Patterns()])
    with pytest.raises(PolicyError, match="`place: beside` cannot work with `stream: late`"):
        Scanner(policy(replace(ruled(Place.BESIDE), stream=StreamMode.LATE)), [Sums(Unit.SENTENCE)])


def test_choices_do_not_share_their_notices():
    scanner, judge = guard(Place.AFTER, Unit.SENTENCE)
    said = (EN, "All is well here.")
    frames = [*(chunk({"content": text}, index=index) for index, text in enumerate(said)),
              *(chunk({}, index=index, finish="stop") for index in range(2))]  # fmt: skip

    async def run():
        call = Call(stream=True, choices=2, context=KNOWN)
        stream = Streaming(OpenAIChat().lens(call), SSEDecoder(1 << 20), call, scanner, judge, Decision(), {})
        return b"".join([piece async for piece in stream.run(reads())])

    async def reads():
        for frame in frames:
            yield frame

    events = [json.loads(part[6:]) for part in asyncio.run(run()).split(b"\n\n") if part.startswith(b"data: {")]
    texts = ["", ""]
    for choice in (each for event in events for each in event["choices"]):
        texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == [f"{EN}\n\n(Note: 1 + 1 = 2)", said[1]]

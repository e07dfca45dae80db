"""The gate: a stream that leaks one character of a withheld value, or differs from the whole answer, fails here."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.dialects.protocol import Delta
from guardrail.edits import apply, redactions
from guardrail.gate import Ask, Gate, GateError, Tail
from guardrail.policy.decide import Judge
from guardrail.scanner import Scanner, in_sentence
from guardrail.types import Action, Context, Policy, Segment, Stage, StreamMode, Unit
from tests import material
from tests.material import policy, rule, split, texts

LATE = {Unit.SENTENCE: StreamMode.LATE, Unit.ANSWER: StreamMode.LATE}


def scanner_for(rules: Policy) -> Scanner:
    return Scanner(rules, [material.Patterns(), material.Rude(), material.Shouting()])


def gate_for(rules: Policy, cap: int = 1 << 20) -> tuple[Gate[str], Scanner, Judge]:
    scanner, judge = scanner_for(rules), Judge(rules)

    def verdict(channel, finding, text):
        segment = Segment(Stage.RESPONSE, "assistant", channel[1], (), text)
        return judge.hit(finding, segment)

    gate: Gate[str] = Gate(
        scanner.screen(Stage.RESPONSE),
        scanner.modes,
        verdict,
        cap,
        sentences=scanner.judges_sentences,
        answers=scanner.judges_answers,
    )
    return gate, scanner, judge


def play(gate, scanner, judge, chunks, channel="content"):
    """Feed chunks, answer every question at once, and collect what leaves after each."""
    left = []
    key = (0, channel, 0)

    async def step():
        for question in gate.questions():
            if question.ask is Ask.COMPLETE:
                gate.resolve(question, [])
                continue
            if question.ask is Ask.ANSWER:
                found = (await scanner.answer_findings(question.text, Context())).findings[0]
            else:
                pieces = [question.text[a:b] for a, b in question.spans]
                scan = await scanner.sentence_findings(pieces, Context())
                found = [
                    in_sentence(f, a + question.offset, b + question.offset)
                    for (a, b), fs in zip(question.spans, scan.findings, strict=True)
                    for f in fs
                ]
            segment = Segment(Stage.RESPONSE, "assistant", channel, (), "")
            gate.resolve(question, [judge.hit(f, segment) for f in found])
        out = []
        for released in gate.release():
            out.append(released.texts.get(("t",), released.payload))
        left.append("".join(out))

    async def run():
        for chunk in chunks:
            gate.feed(chunk, len(chunk.encode(errors="surrogatepass")), [Delta(key, ("t",), chunk)] if chunk else [])
            await step()
        gate.close()
        await step()

    asyncio.run(run())
    return left


def edited_whole(rules: Policy, text: str) -> str:
    scanner, judge = scanner_for(rules), Judge(rules)
    segment = Segment(Stage.RESPONSE, "assistant", "content", (), text)
    hits = [judge.hit(finding, segment) for finding in scanner.patterns(text, Stage.RESPONSE)]
    return apply(text, redactions(hits, len(text)))


@settings(max_examples=400, deadline=None)
@given(texts(), st.lists(st.integers(0, 400), max_size=60))
def test_the_edited_stream_is_the_edited_whole_wherever_it_was_cut(text, cuts):
    left = play(*gate_for(material.REDACTING), split(text, cuts))
    assert "".join(left) == edited_whole(material.REDACTING, text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["【", "】", "字", "a ", "A123456(3)", "。"]), max_size=30).map("".join),
    st.lists(st.integers(0, 400), max_size=40),
)
def test_passages_that_are_followed_do_not_leave_and_do_not_depend_on_the_cuts(text, cuts):
    rules = policy(rule("pii.*", Action.REDACT), rule("document.*", Action.REDACT))
    scanner, judge = Scanner(rules, [material.Patterns(), material.Asides()]), Judge(rules)
    context = Context(system="confidential")
    segment = Segment(Stage.RESPONSE, "assistant", "content", (), text)
    hits = [judge.hit(finding, segment) for finding in scanner.led(segment, Stage.RESPONSE, context)]
    whole = apply(text, redactions(hits, len(text)))
    for chunks in ([text], split(text, cuts), list(text)):
        gate: Gate[str] = Gate(
            scanner.screen(Stage.RESPONSE),
            scanner.modes,
            lambda channel, finding, matched: judge.hit(finding, segment),
            1 << 20,
            watches=lambda: scanner.watches(context),
        )
        sent = ""
        for piece in play(gate, scanner, judge, chunks):
            sent += piece
            assert whole.startswith(sent)
        assert sent == whole


BOLD = {ord("0") + n: 0x1D7CE + n for n in range(10)} | {ord("A") + n: 0x1D400 + n for n in range(26)}


def halves(text: str) -> str:
    """The text with every character outside the basic plane as its two halves, as JSON escapes spell it."""
    return "".join(
        c if ord(c) < 0x10000 else chr(0xD7C0 + (ord(c) >> 10)) + chr(0xDC00 + (ord(c) & 0x3FF)) for c in text
    )


@settings(max_examples=200, deadline=None)
@given(texts(), st.lists(st.integers(0, 400), max_size=40))
def test_characters_that_are_cut_in_half_hide_nothing(text, cuts):
    """`\\ud835` ends one event and `\\udfcf` begins the next: a client joins them, and so must the gate."""
    whole = "".join(chr(BOLD.get(ord(c), ord(c))) if n % 3 == 0 else c for n, c in enumerate(text)) + "\U000e0100"
    for chunks in (split(halves(whole), cuts), list(halves(whole))):
        left = "".join(play(*gate_for(material.REDACTING), chunks))
        assert left.encode("utf-16", "surrogatepass").decode("utf-16", "replace") == edited_whole(
            material.REDACTING, whole
        ).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@settings(max_examples=150, deadline=None)
@given(texts())
def test_character_by_character_too(text):
    left = play(*gate_for(material.REDACTING), list(text))
    assert "".join(left) == edited_whole(material.REDACTING, text)


@settings(max_examples=200, deadline=None)
@given(texts(), st.lists(st.integers(0, 400), max_size=40))
def test_at_no_moment_has_anything_left_that_the_edited_whole_does_not_begin_with(text, cuts):
    left = play(*gate_for(material.REDACTING), split(text, cuts))
    whole = edited_whole(material.REDACTING, text)
    sent = ""
    for piece in left:
        sent += piece
        assert whole.startswith(sent)


@settings(max_examples=200, deadline=None)
@given(
    texts(),
    st.lists(st.integers(0, 400), max_size=40),
    st.sampled_from([StreamMode.LATE, StreamMode.SENTENCE, StreamMode.HOLD]),
)
def test_sentence_verdicts_do_not_depend_on_the_cuts(text, cuts, mode):
    text = text + "你呢個人渣。" + text
    action = Action.FLAG if mode is StreamMode.LATE else Action.REDACT
    rules = policy(rule("bias.toxicity", action, stream=mode), rule("pii.*", Action.REDACT))
    outcomes = set()
    for chunks in ([text], split(text, cuts), list(text)):
        gate, scanner, judge = gate_for(rules)
        left = "".join(play(gate, scanner, judge, chunks))
        rude = sorted((h.finding.start, h.finding.end) for h in gate.hits if h.finding.kind == "bias.toxicity")
        outcomes.add((left, tuple(rude)))
    assert len(outcomes) == 1
    [(left, rude)] = outcomes
    assert rude
    assert ("人渣" in left) == (mode is StreamMode.LATE)


@pytest.mark.parametrize(
    ("text", "released_before_the_end"),
    [
        ("Just plain words here ", "Just plain words here "),
        ("你好，今日天氣好好", "你好，今日天氣好好"),
        ("My number is A12345", "My number is "),
        ("mail me at someone", "mail me at "),
        ("see -----BEGIN KEY-----\nQUJD", "see "),
        ("我嘅身份證係A123456(3", "我嘅身份證係"),
    ],
)
def test_only_what_may_still_become_a_match_waits(text, released_before_the_end):
    gate, scanner, judge = gate_for(material.REDACTING)
    left = play(gate, scanner, judge, list(text))
    assert "".join(left[:-1]) == released_before_the_end


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_a_blocked_value_never_begins_to_leave(chunk):
    text = "Sure. 佢嘅身份證號碼係A123456(3)，多謝。"
    gate, scanner, judge = gate_for(policy(rule("pii.hkid", Action.BLOCK)))
    left = "".join(play(gate, scanner, judge, [text[i : i + chunk] for i in range(0, len(text), chunk)]))
    assert gate.stopped is not None
    assert text.startswith(left)
    assert "A1" not in left


def test_frames_leave_in_order_and_untouched_when_nothing_is_found():
    gate, scanner, judge = gate_for(material.REDACTING)
    chunks = ["Hel", "lo", " wor", "ld", "! ", "你", "好"]
    assert "".join(play(gate, scanner, judge, chunks)) == "Hello world! 你好"


def test_choices_have_tails_of_their_own():
    gate, _scanner, _judge = gate_for(material.REDACTING)
    for choice, text in ((0, "A123456"), (1, "nothing "), (0, "(3)"), (1, "here")):
        gate.feed(text, len(text), [Delta((choice, "content", 0), ("t", choice), text)])
    gate.close()
    out = {}
    for released in gate.release():
        for pointer, text in released.texts.items():
            out.setdefault(pointer, []).append(text)
    assert out == {("t", 0): ["[REDACTED:HKID]", ""]}


def test_tool_arguments_wait_until_they_are_complete():
    gate, *_ = gate_for(material.REDACTING)
    key = (0, "tool_arguments", 0)
    for text in ('{"to":', '"bob"', "}"):
        gate.feed(text, len(text), [Delta(key, ("t",), text)])
        assert gate.questions() == []
        assert gate.release() == []
    gate.close(0)
    [question] = gate.questions()
    assert question.text == '{"to":"bob"}'
    gate.resolve(question, [])
    assert [r.payload for r in gate.release()] == ['{"to":', '"bob"', "}"]


def test_more_held_bytes_than_the_cap_is_an_error_not_a_release():
    gate, *_ = gate_for(material.REDACTING, cap=200)
    with pytest.raises(GateError, match="hold_cap"):
        for _ in range(30):
            gate.feed("A" * 10, 10, [Delta((0, "content", 0), ("t",), "A" * 10)])
            gate.release()


def test_text_after_the_end_of_a_choice_is_an_error():
    gate, *_ = gate_for(material.REDACTING)
    gate.feed("a", 1, [Delta((0, "content", 0), ("t",), "a")], finishes=(0,))
    with pytest.raises(GateError, match="after the end"):
        gate.feed("b", 1, [Delta((0, "content", 0), ("t",), "b")])


@settings(max_examples=100, deadline=None)
@given(st.text(), st.lists(st.integers(0, 100), max_size=20))
def test_a_tail_settles_everything_at_the_end_of_any_text(text, cuts):
    tail = Tail(scanner_for(material.REDACTING).screen(Stage.RESPONSE))
    for chunk in split(text, cuts):
        tail.feed(chunk)
        tail.settle(final=False)
    assert tail.settle(final=True)[0] == len(text)

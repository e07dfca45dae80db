"""A whole streamed answer, in process: random text, random deltas, random frames, random reads, every channel.

What a user would notice: a value on the wire in any form, or an answer that reads differently streamed and whole.
"""

import asyncio
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.dialects.openai_chat import OpenAIChat
from guardrail.dialects.protocol import Call
from guardrail.errors import ExchangeError
from guardrail.policy.decide import Judge
from guardrail.review import edit_text, outcome, review
from guardrail.scanner import Scanner
from guardrail.streaming import Streaming
from guardrail.types import Action, Context, Decision, Segment, Stage
from guardrail.wire.sse import SSEDecoder
from tests import material
from tests.material import policy, rule, split, texts
from tests.servers import chunk

RULES = policy(rule("pii.*", Action.REDACT), rule("secret.*", Action.REDACT))
SCANNER = Scanner(RULES, [material.Patterns()])
JUDGE = Judge(RULES)
LENS = OpenAIChat()
CUTS = st.lists(st.integers(0, 2000), max_size=40)


def served(frames: list[bytes], cuts: list[int], scanner=SCANNER, judge=JUDGE, choices=1) -> tuple[bytes, Decision]:
    """The bytes a client gets for the frames, whose bytes arrive cut at `cuts`."""
    decision = Decision()
    raw = b"".join(frames)
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})

    async def reads():
        for a, b in itertools.pairwise(places):
            yield raw[a:b]

    async def run():
        stream = Streaming(
            LENS.lens(Call()),
            SSEDecoder(1 << 20),
            Call(stream=True, choices=choices),
            scanner,
            judge,
            decision,
            {"policy": "p"},
        )
        return b"".join([piece async for piece in stream.run(reads())])

    return asyncio.run(run()), decision


def events(raw: bytes) -> list[dict]:
    parts = (part.strip() for part in raw.split(b"\n\n"))
    return [json.loads(part[6:]) for part in parts if part.startswith(b"data: {")]


def spoken(raw: bytes, name: str, choice: int = 0) -> str:
    out = []
    for event in events(raw):
        for each in event["choices"]:
            if each["index"] == choice:
                delta = each["delta"]
                if name == "arguments":
                    out += [call["function"].get("arguments", "") for call in delta.get("tool_calls", ())]
                else:
                    out.append(delta.get(name) or "")
    return "".join(out)


def whole(text: str, channel: str = "content") -> str:
    segment = Segment(Stage.RESPONSE, "assistant", channel, (), text)
    result = asyncio.run(review(SCANNER, JUDGE, [segment], Context(), Stage.RESPONSE))
    if channel == "tool_arguments":
        return edit_text(text, result.edits()) if result.edits() else text
    return outcome(result)[1]


END = [chunk({}, finish="stop"), b"data: [DONE]\n\n"]


@pytest.mark.parametrize("name", ["content", "refusal", "reasoning_content", "reasoning"])
@settings(max_examples=60, deadline=None)
@given(text=texts(), deltas=CUTS, reads=CUTS)
def test_the_edited_stream_reads_as_the_edited_whole(name, text, deltas, reads):
    frames = [chunk({name: piece}) for piece in split(text.replace("\ud83d", ""), deltas)]
    raw, _ = served([*frames, *END], reads)
    assert spoken(raw, name) == whole(text.replace("\ud83d", ""))


@settings(max_examples=60, deadline=None)
@given(text=texts(), deltas=CUTS, reads=CUTS)
def test_a_clean_stream_keeps_every_byte_and_an_edited_one_every_other_byte(text, deltas, reads):
    text = text.replace("\ud83d", "")
    frames = [*(chunk({"content": piece}) for piece in split(text, deltas)), *END]
    raw, decision = served(frames, reads)
    if not decision.hits:
        assert raw == b"".join(frames)
    else:
        assert raw.count(b"\n\n") == len(frames)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.sampled_from([v for v in material.VALUES if "\n" not in v]), min_size=1, max_size=3),
    glue=st.sampled_from(["", "係", " is "]),
    deltas=CUTS,
)
def test_tool_arguments_come_out_as_the_same_json_without_the_values(values, glue, deltas):
    arguments = json.dumps(
        {"note": "好 " + glue.join(values), "list": values, values[0]: 1, "n": 4111111111111113}, ensure_ascii=False
    )
    frames = [
        chunk(
            {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}
        ),
        *(
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            for piece in split(arguments, deltas)
        ),
        chunk({}, finish="tool_calls"),
        END[1],
    ]
    raw, _ = served(frames, [])
    got = spoken(raw, "arguments")
    assert got == whole(arguments, "tool_arguments")
    assert json.loads(got)["n"] == "[REDACTED:PAYMENT_CARD]"


@settings(max_examples=50, deadline=None)
@given(reads=st.lists(st.integers(0, 5000), max_size=200), order=st.permutations([0, 0, 0, 1, 1, 1]))
def test_interleaved_choices_are_each_whole(reads, order):
    pieces = {0: ["身份證A12", "3456", "(3)。"], 1: ["card 4111 1111", " 1111 ", "1113!"]}
    left = {choice: list(parts) for choice, parts in pieces.items()}
    frames = [chunk({"content": left[choice].pop(0)}, index=choice) for choice in order]
    frames += [chunk({}, index=0, finish="stop"), chunk({}, index=1, finish="stop"), END[1]]
    raw, _ = served(frames, reads, choices=2)
    for choice, parts in pieces.items():
        assert spoken(raw, "content", choice) == whole("".join(parts))


@settings(max_examples=60, deadline=None)
@given(noise=st.lists(st.binary(max_size=30), max_size=6), cuts=CUTS)
def test_no_bytes_of_an_upstream_make_it_raise_anything_but_its_own_errors(noise, cuts):
    frames = [b"data: " + part + b"\n\n" for part in noise] + noise
    try:
        raw, _ = served(frames, cuts)
    except ExchangeError as error:
        assert error.status in (400, 502)
    else:
        assert isinstance(raw, bytes)


def test_json_of_many_lines_is_edited_on_one():
    frame = b'data: {"choices": [{"index": 0,\ndata: "delta": {"content": "A123456(3)."}}]}\n\n'
    raw, _ = served([frame, *END], [])
    assert spoken(raw, "content") == "[REDACTED:HKID]."


def test_comments_and_ids_that_leak_are_taken_out():
    frames = [b": A123456(3)\n\n", b"id: A123456(3)\nevent: x\ndata: " + chunk({"content": "hi"})[6:], *END]
    raw, decision = served(frames, [])
    assert b"A123456" not in raw
    assert spoken(raw, "content") == "hi"
    assert decision.action is Action.REDACT


def test_a_block_on_a_sentence_lets_the_earlier_sentences_stand():
    rules = policy(rule("bias.toxicity", Action.BLOCK, message="不予顯示"))
    scanner = Scanner(rules, [material.Rude()])
    frames = [chunk({"content": piece}) for piece in ["第一句。第", "二句。你呢個人", "渣。最後", "一句。"]] + END
    raw, decision = served(frames, [], scanner, Judge(rules))
    assert (
        spoken(raw, "content") == "第一句。第\n\n不予顯示" or spoken(raw, "content") == "第一句。第二句。\n\n不予顯示"
    )
    assert "渣" not in raw.decode()
    assert decision.action is Action.BLOCK


def test_the_decision_is_told_on_the_frame_that_ends_the_last_choice():
    frames = [chunk({"content": "A123456(3)"}), *END]
    raw, _ = served(frames, [])
    [told] = [event["guardrail"] for event in events(raw) if "guardrail" in event]
    assert told == {
        "policy": "p",
        "action": "redact",
        "findings": [{"kind": "pii.hkid", "rule": "pii.any", "action": "redact"}],
        "checks_not_run": [],
    }


def called(identity: str | None, arguments: str, index: int = 0) -> bytes:
    call = {"index": index, "function": {"name": "f", "arguments": arguments}}
    return chunk({"tool_calls": [{**call, "id": identity, "type": "function"} if identity else call]})


@pytest.mark.parametrize(
    "frames",
    [
        [called("a", "{"), called(None, "}"), called("b", '{"a":"A1234'), called(None, '56(3)"}')],
        [called("a", '{"a":"A1234'), called("b", '56(3)"}')],
        [called("a", '{"a":"A1234'), called("b", "{}", 1), called("b", '{"a":1}', 0), called("a", '56(3)"}')],
        [chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"arguments": {"n": 4111111111111113}}}]})],
    ],
    ids=["another call after one that was learnt", "another id in the middle", "an id that comes back", "an object"],
)
def test_arguments_that_clients_may_join_in_another_way_never_leave(frames):
    try:
        raw, _ = served([*frames, *END], [])
    except ExchangeError:
        return
    assert b"56(3)" not in raw
    assert b"4111111111111113" not in raw

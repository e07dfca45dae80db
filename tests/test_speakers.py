"""The speakers are held to the vendors' own types, and to themselves: what they write is what they read.

If these fail, the tests that use the speakers prove nothing: a place that no SDK knows is a place that no server uses.
"""

import json
from dataclasses import replace
from typing import Any, get_args

import anthropic.types as anthropic_types
import anthropic.types.beta as anthropic_beta
import ollama
import openai.types as openai_types
import openai.types.chat as chat_types
import openai.types.responses as responses_types
import pytest
from google.genai import types as gemini_types
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.material import split
from tests.speakers import BENIGN, SPEAKERS, Speaker
from tests.speakers.templates import NUMBER, TEXT, Each, Quoted, fill, fragments, prune, read

TEXTS = ("佢嘅身份證號碼係A123456(3)，多謝。", '他说 "好" \\ 👍🏽\n\t<b>&amp;</b>', "e\u0301 \u200d ｆｕｌｌ", "x")
NUMBERS = ("4111111111111111", "7")
EVERY = [(speaker, channel) for speaker in SPEAKERS.values() for channel in speaker.channels]

# Places that no type of the SDK has: they stand for what a server may add, or has an SDK of its own.
UNTYPED = ("unknown", "error", "tool_arguments_snake")
OF_BETA = {"mcp_arguments", "mcp_output", "advisor", "compaction"}
NOT_IN_UNION = {("openai_responses", "transcript")}


def ids(value: object) -> str:
    return value.name if isinstance(value, Speaker) else str(value)


def texts_for(channel: str) -> tuple[str, ...]:
    return NUMBERS if channel.endswith("number") else TEXTS


def cut(text: str) -> list[str]:
    return split(text, (1, 3, 3, 8))


# --- the vendors' types ----------------------------------------------------------------------------------------------


def by_type(union: Any) -> dict[str, type[BaseModel]]:
    """The event classes of a union by the value of their `type`."""
    members = get_args(get_args(union)[0])
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in members}


RESPONSE_EVENTS = by_type(responses_types.ResponseStreamEvent)
MESSAGE_EVENTS = by_type(anthropic_types.RawMessageStreamEvent)
BETA_EVENTS = by_type(anthropic_beta.BetaRawMessageStreamEvent)


def check_whole(speaker: Speaker, channel: str, document: Any) -> None:
    model: type[BaseModel] = {
        "openai_chat": chat_types.ChatCompletion,
        "azure_chat": chat_types.ChatCompletion,
        "openai_completions": openai_types.Completion,
        "openai_responses": responses_types.Response,
        "anthropic": anthropic_beta.BetaMessage if channel in OF_BETA else anthropic_types.Message,
        "gemini": gemini_types.GenerateContentResponse,
        "gemini_array": gemini_types.GenerateContentResponse,
        "ollama_chat": ollama.ChatResponse,
        "ollama_generate": ollama.GenerateResponse,
    }[speaker.name]
    model.model_validate(document)


def check_event(speaker: Speaker, channel: str, event: Any) -> None:
    match speaker.name:
        case "openai_chat":
            chat_types.ChatCompletionChunk.model_validate(event)
        case "azure_chat":
            if event["object"]:  # Azure's first event is none of the SDK's, and it lets it pass
                chat_types.ChatCompletionChunk.model_validate(event)
        case "openai_responses":
            RESPONSE_EVENTS[event["type"]].model_validate(event)
        case "anthropic":
            if event["type"] != "ping":
                (BETA_EVENTS if channel in OF_BETA else MESSAGE_EVENTS)[event["type"]].model_validate(event)
        case "openai_completions":  # the type has no reason of null; every chunk but the last has
            choices = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in event["choices"]]
            check_whole(speaker, channel, {**event, "choices": choices})
        case _:
            check_whole(speaker, channel, event)


def is_typed(speaker: Speaker, channel: str) -> bool:
    return not channel.startswith(UNTYPED) and (speaker.name, channel) not in NOT_IN_UNION


TYPED = [(speaker, channel) for speaker, channel in EVERY if is_typed(speaker, channel)]


@pytest.mark.parametrize(("speaker", "channel"), TYPED, ids=ids)
def test_a_whole_answer_is_one_that_the_sdk_knows(speaker: Speaker, channel: str) -> None:
    for text in texts_for(channel):
        check_whole(speaker, channel, json.loads(speaker.whole(channel, text)))


# The SDK's type of a chat delta has function calls only; servers send custom calls all the same.
STREAMED = [(speaker, channel) for speaker, channel in TYPED if channel != "custom_input" or "chat" not in speaker.name]


@pytest.mark.parametrize(("speaker", "channel"), STREAMED, ids=ids)
def test_every_event_is_one_that_the_sdk_knows(speaker: Speaker, channel: str) -> None:
    for text in texts_for(channel):
        for event in speaker.form.events(b"".join(speaker.stream(channel, cut(text)))):
            check_event(speaker, channel, event)


@pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=ids)
def test_the_clean_answer_is_one_that_the_sdk_knows(speaker: Speaker) -> None:
    [body] = speaker.clean(False)
    check_whole(speaker, "content", json.loads(body))
    events = speaker.form.events(b"".join(speaker.clean(True)))
    assert len(events) > 5
    for event in events:
        check_event(speaker, "content", event)
    assert "好的，我已經查到了" in body.decode()


# --- what is written is read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ascii", [False, True], ids=["utf-8", "escaped"])
@pytest.mark.parametrize(("speaker", "channel"), EVERY, ids=ids)
def test_what_is_written_is_read(speaker: Speaker, channel: str, ascii: bool) -> None:
    speaker = replace(speaker, ascii=ascii)
    for text in texts_for(channel):
        body = speaker.whole(channel, text)
        assert speaker.read_whole(channel, body) == text
        frames = speaker.stream(channel, cut(text))
        views = speaker.read_stream(channel, b"".join(frames))
        assert views
        assert set(views) == {text}
        if ascii:
            assert (body + b"".join(frames)).isascii()


@given(st.data())
def test_any_text_in_any_pieces_is_read_back(data: st.DataObject) -> None:
    speaker, channel = data.draw(st.sampled_from(EVERY))
    numeric = channel.endswith("number")
    text = data.draw(st.from_regex(r"[1-9][0-9]{0,30}", fullmatch=True) if numeric else st.text(min_size=1))
    if channel == "inline_data" or "bytes" in channel:
        text = text.encode(errors="ignore").decode() or "x"
    pieces = split(text, data.draw(st.lists(st.integers(0, 99))))
    assert speaker.read_whole(channel, speaker.whole(channel, text)) == text
    assert set(speaker.read_stream(channel, b"".join(speaker.stream(channel, pieces)))) == {text}


# Other names for the place of `content`.
SHARED = ("content", "start_content", "blocks", "messages")
APART = [(speaker, channel) for speaker, channel in EVERY if not channel.startswith(SHARED)]


@pytest.mark.parametrize(("speaker", "channel"), APART, ids=ids)
def test_a_channel_reads_nothing_from_an_answer_without_it(speaker: Speaker, channel: str) -> None:
    """A reader that found the text anywhere would hide a leak in one place behind an edit in another."""
    body = speaker.whole("content", "ZZZ")
    assert "ZZZ" not in speaker.read_whole(channel, body)
    views = speaker.read_stream(channel, b"".join(speaker.stream("content", ["Z", "ZZ"])))
    assert not any("ZZZ" in view for view in views)


@pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=ids)
def test_repeats_are_views_of_their_own(speaker: Speaker) -> None:
    """One view for each type of event that carries the text, so that an edit of one alone is seen."""
    views = {channel: len(speaker.read_stream(channel, b"")) for channel in speaker.channels}
    if speaker.name == "openai_responses":
        expected = {"content": 5, "blocks": 5, "messages": 5, "refusal": 5, "tool_arguments": 4, "logprobs": 5, "id": 3, "reasoning": 5, "annotation": 4}  # fmt: skip
        assert {channel: views[channel] for channel in expected} == expected
    else:
        assert set(views.values()) == {1}


def test_an_edit_of_one_view_shows() -> None:
    speaker = SPEAKERS["openai_responses"]
    frames = speaker.stream("content", ["A123456", "(3)"])
    frames[-1] = frames[-1].replace(b"A123456(3)", b"[HKID]")
    assert sorted(set(speaker.read_stream("content", b"".join(frames)))) == ["A123456(3)", "[HKID]"]


def test_a_cut_stream_reads_as_far_as_it_goes() -> None:
    for speaker in SPEAKERS.values():
        frames = speaker.stream("content", ["你", "好"])
        place = next(i for i, frame in enumerate(frames) if "好" in frame.decode() and BENIGN not in frame.decode())
        assert speaker.read_stream("content", b"".join(frames[:place]))[0] == "你"


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_bytes_are_the_vendors_own() -> None:
    def first(name: str) -> bytes:
        return SPEAKERS[name].stream("content", ["<b>"])[0]

    assert b"".join(SPEAKERS["openai_chat"].stream("content", ["x"])).endswith(b"data: [DONE]\n\n")
    assert SPEAKERS["openai_chat"].whole("content", "x").startswith(b'{\n  "id": "chatcmpl-')
    assert b'"choices":[]' in first("azure_chat")
    assert first("openai_responses").startswith(b'event: response.created\ndata: {"type":"response.created",')
    assert first("anthropic").startswith(b'event: message_start\ndata: {"type":"message_start",')
    assert first("gemini").startswith(b'data: {"candidates": [')
    assert first("gemini").endswith(b"}\r\n\r\n")
    assert b"\\u003cb\\u003e" in first("gemini")
    assert first("gemini_array").startswith(b'[{\n  "candidates": [\n')
    assert first("ollama_chat").startswith(b'{"model":"qwen3:8b",')
    array = b"".join(SPEAKERS["gemini_array"].stream("content", ["a", "b"]))
    assert len(json.loads(array)) == 3


def test_numbers_of_events_rise() -> None:
    events = SPEAKERS["openai_responses"].form.events(
        b"".join(SPEAKERS["openai_responses"].stream("content", ["a", "b"]))
    )
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


@pytest.mark.parametrize("speaker", SPEAKERS.values(), ids=ids)
def test_requests_are_what_a_client_sends(speaker: Speaker) -> None:
    plain, streamed = speaker.request(False), speaker.request(True)
    assert plain.path.startswith("/")
    assert "你好" in json.dumps(plain.body, ensure_ascii=False) or "從前" in json.dumps(plain.body, ensure_ascii=False)
    assert (plain.path, plain.body) != (streamed.path, streamed.body)
    assert speaker.status("error") == 400
    assert "A123456" in json.dumps(json.loads(speaker.error_body("A123456(3)")))


def test_half_a_surrogate_pair_is_sent_as_an_escape() -> None:
    assert b"\\ud83d" in SPEAKERS["openai_chat"].whole("content", "\ud83d")


# --- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ({"a": TEXT, "b": 1}, {"a": "x", "b": 2}, "x"),
        ({"type": "t", "a": TEXT}, {"type": "u", "a": "x"}, None),
        ({"a": [{"index": 0, "b": TEXT}]}, {"a": [{"index": 1, "b": "x"}]}, None),
        ({"a": TEXT}, {}, ""),
        ({"a": {"b": TEXT}}, {"a": None}, None),
        ({"a": {TEXT: 1}}, {"a": {"x": 1}}, "x"),
        ({"a": Quoted({"b": TEXT})}, {"a": '{"b": "x"}'}, "x"),
        ({"a": Quoted({"b": TEXT})}, {"a": '{"b": "x'}, '{"b": "x'),
        ({"a": NUMBER}, {"a": 41}, "41"),
        ({"a": Each(TEXT)}, {"a": ["x", "y"]}, "xy"),
        ({"a": TEXT}, {"a": None}, ""),
    ],
)
def test_a_template_reads_by_its_shape(template: Any, value: Any, expected: str | None) -> None:
    assert read(prune(template), value) == expected


def test_a_template_is_filled_wherever_it_has_a_slot() -> None:
    template = {TEXT: [NUMBER, Quoted({"b": TEXT})], "rest": None}
    assert fill(template, "7") == {"7": [7, '{"b":"7"}'], "rest": None}


@pytest.mark.parametrize("quoted", [Quoted({"q": TEXT}), Quoted({"p": Quoted({"q": TEXT})}), Quoted({TEXT: 1})])
def test_fragments_spell_the_json(quoted: Quoted) -> None:
    text = TEXTS[1]
    assert "".join(fragments(quoted, cut(text))) == fill(quoted, text)

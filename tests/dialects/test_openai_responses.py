"""The lens on responses: five tellings of one text, calls that leave no trace, and ends that the SDK accepts."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx2
import openai
import openai.types.responses as sdk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrail.dialects.openai_responses import OpenAIResponses
from guardrail.dialects.openai_responses_places import ANSWER, EVENTS, ITEMS
from guardrail.dialects.openai_responses_reader import LEVEL
from guardrail.dialects.protocol import ATOMIC, Call, Dialect, UnknownEvent, View
from guardrail.types import Context
from guardrail.wire import jsontext
from tests.dialects.openai_documents import documents, members
from tests.dialects.walks import joined, unseen
from tests.speakers import SPEAKERS

DIALECT = OpenAIResponses()
STREAM = Call(model="gpt-4.1", stream=True)
SPEAKER = SPEAKERS["openai_responses"]
KNOWN = frozenset().union(ANSWER.names, *(table.names for table in ITEMS.values()), *(k.table.names for k in EVENTS.values()))  # fmt: skip
NOBODYS = frozenset({"unknown_item"})  # a channel of the speakers with an event that no type has


def strings(document):
    return jsontext.strings(document, json.dumps(document).encode())


def event(document, lens=None, name="") -> View:
    return (lens or DIALECT.lens(STREAM)).event(document, strings(document), name)


def whole(document) -> View:
    return DIALECT.answer(document, strings(document))


def asked(document):
    """The texts of a request: role and channel by place."""
    return {s.pointer: (s.role, s.channel) for s in DIALECT.request(document, strings(document))}


def spoken(channel: str) -> list[Any]:
    """The documents of a stream that carries a text in one of the speaker's channels, in pieces of two characters."""
    text = "40800" if "number" in channel else "他 said 好"
    pieces = [text[i : i + 2] for i in range(0, len(text), 2)]
    return SPEAKER.form.events(b"".join(SPEAKER.stream(channel, pieces)))


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("POST", "/v1/responses", True),
        ("POST", "/responses", True),
        ("POST", "/openai/v1/responses", True),
        ("POST", "/openai/responses", True),
        ("POST", "/v1/responses/compact", True),
        ("POST", "/v1/responses/input_tokens", True),
        ("POST", "/v1/responses/resp_1/cancel", True),
        ("GET", "/v1/responses/resp_1", True),
        ("GET", "/v1/responses/resp_1/input_items", True),
        ("DELETE", "/v1/responses/resp_1", True),
        ("GET", "/v1/responses", False),
        ("POST", "/v1/responses/resp_1", False),
        ("POST", "/v1/responses/resp_1/other", False),
        ("DELETE", "/v1/responses/resp_1/input_items", False),
        ("PUT", "/v1/responses", False),
        ("POST", "/v1/responses/", False),
        ("POST", "/v1//responses", False),
        ("POST", "/v1/../responses", False),
        ("POST", "/v1/./responses", False),
        ("GET", "/v1/responses/..", False),
        ("POST", "/v1/responses\n", False),
        ("POST", "/v1/%72esponses", False),
    ],
)
def test_paths(method, path, known):
    assert DIALECT.matches(method, path) is known
    assert isinstance(DIALECT, Dialect)


# --- requests --------------------------------------------------------------------------------------------------------

REQUEST = {
    "model": "gpt-4.1",
    "stream": True,
    "instructions": "請保密。",
    "prompt": {"id": "pmpt_1", "variables": {"name": "陳大文", "note": {"type": "input_text", "text": "記得"}}},
    "input": [
        {"role": "developer", "content": "简洁"},
        {"role": "user", "content": "第一"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "好", "annotations": [{"type": "url_citation", "title": "天文台", "url": "u"}]}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "想"}], "encrypted_content": "gAAAA_-="},
        {"type": "function_call", "call_id": "c", "name": "find", "arguments": '{"q":"好"}'},
        {"type": "function_call_output", "call_id": "c", "output": "天氣晴"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": [{"type": "input_text", "text": "有雨"}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
        {"type": "shell_call_output", "call_id": "e", "output": [{"stdout": "out", "stderr": "err", "outcome": {"type": "exit", "exit_code": 0}}]},
        {"type": "file_search_call", "id": "fs", "queries": ["雨"], "results": [{"text": "文件", "filename": "a.pdf"}]},
        {"type": "item_reference", "id": "msg_9"},
        {"role": "user", "content": [{"type": "input_text", "text": "最後"}, {"type": "input_image", "image_url": "data:image/png;base64, 身份證A123456(3)"}, {"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0=", "filename": "b.pdf"}]},
    ],
    "tools": [{"type": "function", "name": "find", "description": "finds 人", "parameters": {"type": "object"}}],
    "metadata": {"topic": "天氣"},
    "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
}  # fmt: skip


def test_a_request_says_what_it_asks_for():
    call = DIALECT.call(REQUEST, "/v1/responses", "")
    assert (call.model, call.stream, call.choices) == ("gpt-4.1", True, 1)
    assert call.context.prompt == "最後"
    assert call.context.system == "請保密。\n简洁"
    found = [source.text for source in call.context.material]
    assert found == ["請保密。", "简洁", "天文台", "天氣晴", "有雨", "out\nerr", "文件"]
    assert call.context.response_format == {"type": "json_schema", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("body", "query", "call"),
    [
        (None, "", Call()),
        (None, "stream=true&starting_after=4", Call(stream=True)),
        (None, "stream=True", Call(stream=True)),
        (None, "stream=false", Call()),
        (None, "include=stream", Call()),
        ([], "", Call()),
        ({"input": "你好", "model": 5, "stream": "yes"}, "", Call(context=Context(prompt="你好"))),
        ({"input": [None, "x", {"role": "user"}], "text": {"format": {"type": "json_object"}}}, "", Call(context=Context(response_format={"type": "json_object"}))),
        ({"input": {"role": "user"}, "text": "x", "instructions": ["x"]}, "", Call()),
    ],
)  # fmt: skip
def test_odd_requests_and_those_without_a_body(body, query, call):
    made = DIALECT.call(body, "/v1/responses/resp_1", query)
    assert made == replace(call, context=replace(call.context, functions=made.context.functions))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("instructions",), ("system", "content")),
        (("prompt", "variables", "name"), ("user", "content")),
        (("prompt", "variables", "note", "text"), ("user", "content")),
        (("input", 0, "content"), ("developer", "content")),
        (("input", 1, "content"), ("user", "content")),
        (("input", 2, "content", 0, "text"), ("assistant", "content")),
        (("input", 2, "content", 0, "annotations", 0, "title"), ("assistant", "field")),
        (("input", 3, "summary", 0, "text"), ("assistant", "reasoning")),
        (("input", 3, "encrypted_content"), None),
        (("input", 4, "arguments"), ("assistant", "tool_arguments")),
        (("input", 5, "output"), ("tool", "content")),
        (("input", 6, "output", 0, "text"), ("tool", "content")),
        (("input", 6, "output", 1, "image_url"), None),
        (("input", 7, "output", 0, "stdout"), ("tool", "content")),
        (("input", 8, "queries", 0), ("assistant", "tool_arguments")),
        (("input", 8, "results", 0, "text"), ("assistant", "content")),
        (("input", 10, "content", 0, "text"), ("user", "content")),
        (("input", 10, "content", 1, "image_url"), ("user", "field")),
        (("input", 10, "content", 2, "file_data"), None),
        (("input", 10, "content", 2, "filename"), ("user", "field")),
        (("tools", 0, "description"), ("", "tools")),
        (("metadata", "topic"), ("", "field")),
        (("metadata", "topic", jsontext.KEY), ("", "field")),
        (("model",), ("", "field")),
    ],
)  # fmt: skip
def test_every_text_of_a_request_has_its_role_and_channel(place, said):
    assert asked(REQUEST).get(place) == said


def test_an_input_that_is_one_text_is_the_user_s():
    assert asked({"input": "我係A123456(3)"}) == {("input",): ("user", "content")}


# --- the vendor's own types ------------------------------------------------------------------------------------------

TEXT = "Zm9v"  # also spelled as base64 is, so that what may only be sound or a picture may be this
BASES = {
    **{kind.__name__: (kind, event) for kind in members(sdk.ResponseStreamEvent)},
    "Response": (sdk.Response, whole),
    "CompactedResponse": (sdk.CompactedResponse, whole),
    "ResponseItemList": (sdk.ResponseItemList, whole),
}


@pytest.mark.parametrize("name", BASES)
def test_every_string_of_the_vendor_s_types_has_a_place(name):
    """A field that a new version of the SDK brings is judged as an unknown text until a table says what it is."""
    kind, read = BASES[name]
    for pointer, document in documents(kind, TEXT):
        if kind is sdk.ResponseItemList and pointer[0] == "data":
            document = {"type": "response.output_item.done", "item": document["data"][0]}
            pointer, view = ("item", *pointer[2:]), event(document)
        elif read is whole:
            document = {"type": "response.completed", "response": document}
            pointer, view = ("response", *pointer), event(document)
        else:
            view = event(document)
        assert not [d.pointer for d in view.deltas if d.channel[1] == "field"], pointer
        assert unseen(view, strings(document), KNOWN - {TEXT}) == []


@pytest.mark.parametrize("kind", members(sdk.ResponseStreamEvent), ids=lambda kind: kind.__name__)
def test_every_event_that_adds_to_an_item_is_remembered_for_the_end(kind):
    """Whatever is not shown to `sent` would be missing from the items that a stopped stream closes."""
    [name] = kind.model_fields["type"].annotation.__args__
    adds = not name.endswith((".in_progress", ".completed", ".searching", ".generating", ".interpreting", ".compacting")) and name not in (
        "response.mcp_call.failed", "response.mcp_list_tools.failed", "response.audio.done", "response.audio.transcript.done",
    )  # fmt: skip
    assert EVENTS[name].tracked or not adds


# --- whole answers ---------------------------------------------------------------------------------------------------


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": "i_1", "status": "completed", **more}


def message(*parts: Any) -> dict[str, Any]:
    return item("message", role="assistant", content=list(parts))


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": [], **more}


def answer(*output: Any, **more: Any) -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": list(output), **more}


GROWING = [
    (message(text("好")), ("content", 0, "text"), ("content", 0)),
    (message({"type": "refusal", "refusal": "不"}), ("content", 0, "refusal"), ("refusal", 0)),
    (message({"type": "output_audio", "transcript": "講"}), ("content", 0, "transcript"), ("transcript", 0)),
    (item("message", content="好"), ("content",), ("content", 0)),
    (item("reasoning", summary=[], content=[{"type": "reasoning_text", "text": "想"}]), ("content", 0, "text"), ("reasoning", 0)),
    (item("reasoning", summary=[{"type": "summary_text", "text": "想"}]), ("summary", 0, "text"), ("reasoning", 1)),
    (item("function_call", call_id="c", arguments='{"a":1}'), ("arguments",), ("tool_arguments", 0)),
    (item("custom_tool_call", input="ls"), ("input",), ("tool_arguments", 0)),
    (item("mcp_call", arguments="{}"), ("arguments",), ("tool_arguments", 0)),
    (item("mcp_call", output="結果"), ("output",), ("tool_result", 0)),
    (item("mcp_approval_request", arguments="{}"), ("arguments",), ("tool_arguments", 0)),
    (item("code_interpreter_call", code="print()"), ("code",), ("tool_arguments", 0)),
    (item("code_interpreter_call", outputs=[{"type": "logs", "logs": "x"}]), ("outputs", 0, "logs"), ("tool_result", 0)),
    (item("program", code="f()"), ("code",), ("tool_arguments", 0)),
    (item("program_output", result="x"), ("result",), ("tool_result", 0)),
    (item("shell_call_output", output=[{"stdout": "x"}]), ("output", 0, "stdout"), ("tool_result", 0)),
    (item("local_shell_call_output", output="x"), ("output",), ("tool_result", 0)),
    (item("apply_patch_call_output", output="x"), ("output",), ("tool_result", 0)),
    (item("function_call_output", output="x"), ("output",), ("tool_result", 0)),
    (item("function_call_output", output=[{"type": "input_text", "text": "x"}]), ("output", 0, "text"), ("tool_result", 0)),
    (item("image_generation_call", revised_prompt="貓"), ("revised_prompt",), ("tool_arguments", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("one", "place", "channel"), GROWING)
def test_the_texts_of_an_item(one, place, channel):
    [delta] = [d for d in whole(answer(one)).deltas if d.pointer == ("output", 0, *place)]
    assert delta.channel == (0, *channel)


ALONE = [
    (item("function_call", name="find", arguments="{}"), ("name",), "tool_name"),
    (item("function_call", call_id="c", arguments="{}"), ("call_id",), "field"),
    (item("shell_call", action={"commands": ["ls"]}), ("action", "commands", 0), "tool_arguments"),
    (item("local_shell_call", action={"command": ["ls"], "env": {"K": "v"}}), ("action", "env", "K"), "tool_arguments"),
    (item("local_shell_call", action={"command": ["ls"], "env": {"K": "v"}}), ("action", "env", "K", jsontext.KEY), "tool_arguments"),
    (item("apply_patch_call", operation={"diff": "+b", "path": "a"}), ("operation", "diff"), "tool_arguments"),
    (item("computer_call", action={"type": "type", "text": "打字"}), ("action", "text"), "tool_arguments"),
    (item("computer_call", actions=[{"type": "type", "text": "打字"}]), ("actions", 0, "text"), "tool_arguments"),
    (item("web_search_call", action={"query": "天氣", "sources": [{"url": "u"}]}), ("action", "sources", 0, "url"), "tool_arguments"),
    (item("file_search_call", queries=["雨"]), ("queries", 0), "tool_arguments"),
    (item("file_search_call", results=[{"text": "文件", "attributes": {"k": "v"}}]), ("results", 0, "text"), "tool_result"),
    (item("file_search_call", results=[{"text": "文件", "attributes": {"k": "v"}}]), ("results", 0, "attributes", "k"), "tool_result"),
    (item("tool_search_call", arguments={"q": "x"}), ("arguments", "q"), "tool_arguments"),
    (item("tool_search_output", tools=[{"name": "f", "description": "人"}]), ("tools", 0, "description"), "tool_result"),
    (item("mcp_list_tools", tools=[{"name": "f", "input_schema": {"秘": 1}}]), ("tools", 0, "input_schema", "秘", jsontext.KEY), "field"),
    (item("mcp_call", error={"type": "http_error", "message": "x"}), ("error", "message"), "tool_result"),
    (item("image_generation_call", error={"message": "x"}), ("error", "message"), "tool_result"),
    (item("image_generation_call", result="not base64!"), ("result",), "field"),
    (item("novel_call", remark="x"), ("remark",), "field"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "place", "channel"), ALONE)
def test_the_strings_of_an_item_that_are_texts_of_their_own(one, place, channel):
    [field] = [f for f in whole(answer(one)).fields if f.pointer == ("output", 0, *place)]
    assert field.channel == channel


@pytest.mark.parametrize(
    ("one", "trees"),
    [
        (item("shell_call", action={"timeout_ms": 4111111111111111}), ["action"]),
        (item("function_call", arguments={"card": 4111111111111111}), ["arguments"]),
        (item("function_call", arguments=4111111111111111), ["arguments"]),
        (item("function_call", arguments="{}"), []),
        (item("web_search_call", action={"query": "x"}), ["action"]),
        (item("novel_call", input={"card": 4111111111111111}, count=2), ["input"]),
        (message(text("好")), []),
    ],
)  # fmt: skip
def test_the_numbers_that_a_tool_is_given_are_judged(one, trees):
    assert whole(answer(one)).trees == [("output", 0, name) for name in trees]


@pytest.mark.parametrize(
    ("one", "place"),
    [
        (item("reasoning", summary=[], encrypted_content="gAAAAA"), ("encrypted_content",)),
        (item("compaction", encrypted_content="gAAAAA"), ("encrypted_content",)),
        (item("program", code="", fingerprint="fp_1"), ("fingerprint",)),
        (item("image_generation_call", result="iVBORw=="), ("result",)),
        (item("computer_call_output", output={"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA"}), ("output", "image_url")),
        (message({"type": "output_audio", "data": "UklGRg=="}), ("content", 0, "data")),
    ],
)  # fmt: skip
def test_what_nobody_can_judge_is_said_to_be_that(one, place):
    assert list(whole(answer(one)).opaque) == [("output", 0, *place)]


def test_a_text_over_two_messages_is_one_text_and_reasoning_is_another():
    view = whole(answer(item("reasoning", summary=[{"text": "A12"}]), message(text("A12"), text("3456")), message(text("(3)"))))  # fmt: skip
    assert joined([view]) == {(0, "reasoning", 1): "A12", (0, "content", 0): "A123456(3)"}


def test_the_convenience_copy_of_the_text_is_a_telling_of_its_own():
    view = whole(answer(message(text("身份證")), output_text="身份證"))
    assert sorted(joined([view]).values()) == ["身份證", "身份證"]
    assert view.deltas[-1].channel == (0, "content", 0)  # where a notice goes


def test_a_citation_stands_beside_the_text_and_log_probabilities_spell_it():
    entry = {"token": "好", "bytes": [1], "logprob": 0, "top_logprobs": [{"token": "不"}, {"token": "壞"}]}
    part = text("好", annotations=[{"type": "url_citation", "title": "天文台", "url": "u"}], logprobs=[entry])
    view = whole(answer(message(part)))
    place = ("output", 0, "content", 0, "logprobs")
    assert [(d.pointer[-1], d.aside) for d in view.deltas] == [("text", False), ("title", True), ("url", True), ("logprobs", False), ("logprobs", False)]  # fmt: skip
    assert [d.logprobs for d in view.deltas if not d.aside] == [place] * 3
    assert [d.text for d in view.deltas if d.channel[1] == "logprobs"] == ["好", "不\n壞\n"]


@pytest.mark.parametrize(
    ("document", "finishes"),
    [
        (answer(), [(0, "stop")]),
        (answer(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), [(0, "length")]),
        (answer(status="incomplete", incomplete_details={"reason": "content_filter"}), [(0, "content_filter")]),
        (answer(status="incomplete", incomplete_details=None), [(0, "incomplete")]),
        (answer(status="failed"), [(0, "failed")]),
        (answer(status="cancelled"), [(0, "cancelled")]),
    ],
)
def test_why_an_answer_ended(document, finishes):
    view = whole(document)
    assert view.finishes == finishes
    assert [(d.channel, d.text) for d in view.deltas] == [((0, "content", 0), "")]


@pytest.mark.parametrize("document", [answer(status="queued"), answer(status="in_progress"), {"object": "response.deleted", "id": "r", "deleted": True}, {"object": "response.input_tokens", "input_tokens": 3}, {"error": {"message": "壞"}}])  # fmt: skip
def test_what_is_no_answer_yet_has_no_text_and_no_end(document):
    view = whole(document)
    assert (list(view.deltas), list(view.finishes)) == ([], [])


@pytest.mark.parametrize(
    ("output", "acts"),
    [
        ([message(text("好"))], False),
        ([item("reasoning", summary=[])], False),
        ([item("function_call", arguments="{}")], True),
        ([item("web_search_call", action={})], True),
        ([message({"type": "refusal", "refusal": "不"})], True),
    ],
)
def test_an_answer_may_act_without_text(output, acts):
    assert bool(whole(answer(*output)).acts) is acts


def test_the_items_of_a_list_are_texts_of_their_own():
    asked_before = {"object": "list", "data": [{**message(text("3456(3)")), "role": "user"}, message(text("A12"))]}
    assert sorted(joined([whole(asked_before)]).values()) == ["3456(3)", "A12"]
    compacted = answer(message(text("A12")), message(text("3456(3)")), object="response.compaction", status=None)
    assert sorted(joined([whole(compacted)]).values()) == ["3456(3)", "A12"]


def test_token_ids_that_vllm_adds_spell_the_conversation():
    raw = [{"type": "raw_message_tokens", "message": "A123456(3)", "tokens": [32, 4513]}]
    view = whole(answer(message(text("好")), input_messages=raw, output_messages=[]))
    assert list(view.echoes) == [("input_messages",)]
    assert ("input_messages", 0, "message") in {f.pointer for f in view.fields}
    end = {"type": "response.completed", "response": answer(output_messages=raw)}
    assert list(event(end).echoes) == [("response", "output_messages")]


def test_what_azure_adds_is_known():
    filters = [{"blocked": False, "source_type": "prompt", "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}]  # fmt: skip
    created = {"type": "response.created", "response": answer(content_filters=filters)}
    assert not [d for d in event(created).deltas if d.channel[1] == "field"]


# --- streams ---------------------------------------------------------------------------------------------------------

CLEAN = SPEAKER.form.events(b"".join(SPEAKER.clean(True)))


def read(events: Sequence[Any]) -> list[View]:
    lens = DIALECT.lens(STREAM)
    return [event(document, lens) for document in events]


@pytest.mark.parametrize("channel", ["content", "blocks", "messages", "refusal", "reasoning", "reasoning_summary"])
def test_every_telling_of_a_text_is_the_same_text(channel):
    """Else an edit that falls out of one telling would not fall out of the next."""
    name = "content" if channel in ("content", "blocks", "messages") else channel.split("_")[0]
    told = {key: text for key, text in joined(read(spoken(channel))).items() if key[1] == name and text}
    mine = [text for text in told.values() if text == "他 said 好"]
    assert len(mine) == 5


@pytest.mark.parametrize("channel", ["tool_arguments", "custom_input", "mcp_arguments", "code", "shell_command", "shell_stdout", "program"])  # fmt: skip
def test_what_a_tool_is_given_closes_whenever_it_is_complete(channel):
    """A text that is judged once complete and never closes would hold the stream to its end."""
    views = read(spoken(channel)[:-1])
    opened = {d.channel for view in views for d in view.deltas if d.channel[1] in (*ATOMIC, "tool_result")}
    assert opened and opened <= {key for view in views for key in view.closes}
    for view in views:
        ends = {d.channel for d in view.deltas}
        assert set(view.closes) <= ends, "the frame that ends a text waits for its verdict"


HELD = ["tool_arguments", "custom_input", "mcp_arguments", "code", "shell_command", "patch", "computer", "local_shell"]


@pytest.mark.parametrize("channel", HELD)
def test_a_call_that_is_withheld_leaves_no_trace(channel):
    """From its announcement to its verdict every frame of the call waits."""
    events = spoken(channel)
    views = read(events)
    begin = next(i for i, e in enumerate(events) if e["type"] == "response.output_item.added")
    [first, *_] = [d for d in views[begin].deltas if d.channel[1] == "tool_arguments"]
    assert first.text == ""
    end = next(i for i, view in enumerate(views) if first.channel in view.closes)
    carrying = {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta", "response.mcp_call_arguments.delta",
                "response.code_interpreter_call_code.delta", "response.shell_call_command.delta"}  # fmt: skip
    assert all(i <= end for i, e in enumerate(events) if e["type"] in carrying)


def test_a_call_says_its_id_where_it_begins():
    added = {"type": "response.output_item.added", "output_index": 2, "item": item("function_call", call_id="call_7", arguments="")}  # fmt: skip
    [delta] = event(added).deltas
    assert (delta.channel, delta.call, delta.text) == ((0, "tool_arguments", 0), "call_7", "")


def delta(index: int, words: str, *, part: int = 0, item_id: str | None = None, kind: str = "output_text") -> Any:
    identity = {} if item_id is None else {"item_id": item_id}
    return {"type": f"response.{kind}.delta", "output_index": index, "content_index": part, "delta": words, **identity}


ARGUMENTS = "function_call_arguments"


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("one part after another", [delta(0, "a", item_id="x"), delta(0, "b", part=1, item_id="x"), delta(1, "c", item_id="y")]),
        ("no indices at all", [{"type": "response.output_text.delta", "delta": "a"}, {"type": "response.output_text.delta", "delta": "b"}]),
        ("an id for every piece", [delta(0, "a", item_id="1"), delta(0, "b", item_id="2"), delta(0, "c", item_id="3")]),
        ("one id for every item", [delta(0, "a", item_id="x"), delta(1, "b", item_id="x"), delta(2, "c", item_id="x")]),
        ("two calls by turns", [delta(0, "a", item_id="x", kind=ARGUMENTS), delta(1, "b", item_id="y", kind=ARGUMENTS), delta(0, "c", item_id="x", kind=ARGUMENTS)]),
        ("reasoning of an earlier item", [delta(1, "a", item_id="x"), delta(0, "b", item_id="y", kind="reasoning_text")]),
    ],
)  # fmt: skip
def test_streams_that_every_client_joins_alike(name, events):
    assert all(view.deltas for view in read(events)), name


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("back to an earlier item", [delta(0, "4111 1111"), delta(1, "x"), delta(0, " 1111 1113")]),
        ("back to an earlier part", [delta(0, "4111 1111"), delta(0, "x", part=1), delta(0, " 1111 1113")]),
        ("items from the end", [delta(1, " 1111 1113"), delta(0, "4111 1111")]),
        ("two ids at one index", [delta(0, "4111 1111", item_id="a"), delta(0, "x", item_id="b"), delta(0, " 1111", item_id="a")]),
        ("one call's id at two indices", [delta(0, "4111", item_id="a", kind=ARGUMENTS), delta(1, "1111", item_id="a", kind=ARGUMENTS)]),
        ("two calls at one index", [delta(0, "41", item_id="a", kind=ARGUMENTS), delta(0, "x", item_id="b", kind=ARGUMENTS), delta(0, "1", item_id="a", kind=ARGUMENTS)]),
        ("parts told out of order", [{"type": "response.output_text.done", "output_index": i, "text": "x"} for i in (1, 0)]),
        ("an index that is text", [{**delta(0, "x"), "output_index": "0"}]),
        ("an index below nothing", [{**delta(0, "x"), "content_index": -1}]),
        ("an index that is a truth", [{**delta(0, "x"), "output_index": True}]),
    ],
)  # fmt: skip
def test_streams_that_clients_may_join_differently_are_refused(name, events):
    with pytest.raises(jsontext.JsonError):
        read(events)


def test_an_event_is_what_both_its_name_and_its_type_say():
    assert event(delta(0, "a"), name="response.output_text.delta").deltas
    assert event(delta(0, "a"), name="message").deltas  # no name that the API has
    with pytest.raises(jsontext.JsonError):
        event(delta(0, "a"), name="response.refusal.delta")


@pytest.mark.parametrize("document", [{"type": "response.novel.delta", "delta": "x"}, {"type": 5}, {}, [], "x", None, {"type": ["error"]}])  # fmt: skip
def test_an_event_of_a_kind_that_nobody_described_is_said_to_be_that(document):
    with pytest.raises(UnknownEvent):
        event(document)


def test_an_error_needs_no_type():
    assert [f.pointer for f in event({"error": {"message": "身份證A123456(3)"}}).fields] == [("error", "message")]


def test_a_field_that_nobody_described_is_joined_over_the_stream():
    views = read([{**delta(0, "x"), "extra": piece} for piece in ("A12", "3456", "(3)")])
    assert joined(views)[-1, "field", 0] == "A123456(3)"


def test_a_snapshot_is_a_telling_of_its_own():
    held = {"response": answer(message(text("A123456(3)")))}
    views = read(
        [{"type": kind, **held} for kind in ("response.queued", "response.in_progress", "response.in_progress")]
    )
    assert list(joined(views).values()) == ["A123456(3)"] * 3


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("response.completed", {}, "stop"),
        ("response.incomplete", {"incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ("response.incomplete", {"incomplete_details": {"reason": "steered"}}, "steered"),
        ("response.failed", {"error": {"code": "server_error", "message": "壞"}}, "failed"),
    ],
)
def test_why_a_stream_ended(kind, more, reason):
    assert event({"type": kind, "response": answer(**more)}).finishes == [(0, reason)]


def test_levels_of_calls_lie_apart_and_share_their_place():
    """The record of findings takes two blocks that differ by LEVEL for one text."""
    keys = {
        d.channel for view in read(spoken("tool_arguments")) for d in view.deltas if d.channel[1] == "tool_arguments"
    }
    assert keys == {(0, "tool_arguments", level * LEVEL) for level in (0, 1, 3, 4)}


# --- what is written -------------------------------------------------------------------------------------------------


def frames(added) -> bytes:
    return b"".join(b"event: " + name.encode() + b"\ndata: " + raw + b"\n\n" for name, raw in added)


def sent(documents) -> bytes:
    return frames([(d.get("type", ""), json.dumps(d).encode()) for d in documents])


def client(body: bytes) -> openai.OpenAI:
    """The real SDK, talking to these bytes."""

    def respond(request):
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    http = httpx2.Client(transport=httpx2.MockTransport(respond))
    return openai.OpenAI(api_key="none", base_url="http://sidecar/v1", http_client=http, max_retries=0)


def streamed(body: bytes) -> list[Any]:
    """The events that `client.responses.stream` hands on, everything it checks checked."""
    with client(body) as talking, talking.responses.stream(model="m", input="x") as stream:
        return list(stream)


def stopped(events: Sequence[Any], message: str = "\n\n不予顯示。", notes: Any = None) -> list[Any]:
    """A stream that is stopped after these events: what it leaves, and what is added."""
    lens = DIALECT.lens(STREAM)
    for document in events:
        if event(document, lens).mark:
            lens.sent(document)
    last = events[-1] if events else {}
    return [json.loads(raw) for _, raw in lens.stop(last, [0], message, notes)]


def opened_and_not_closed(events: Sequence[Any]) -> set[Any]:
    opened = set()
    for each in events:
        kind = each["type"]
        for name in ("output_item", "content_part", "reasoning_summary_part"):
            place = (name, each.get("output_index"), each.get("content_index", each.get("summary_index")))
            if kind == f"response.{name}.added":
                opened.add(place)
            elif kind == f"response.{name}.done":
                opened.discard(place)
    return opened


@settings(max_examples=60)
@given(channel=st.sampled_from([c for c in SPEAKER.channels if c not in NOBODYS | {"error"}]), cut=st.floats(0.05, 1), message=st.sampled_from(["", "\n\n不予顯示。"]))  # fmt: skip
def test_a_stream_that_is_stopped_anywhere_ends_as_the_sdk_expects(channel, cut, message):
    events = [each for each in spoken(channel) if each["type"] not in ("response.completed", "response.incomplete", "response.failed")]  # fmt: skip
    before = events[: max(1, round(len(events) * cut))]
    added = stopped(before, message)
    told = [*before, *added]
    numbers = [each["sequence_number"] for each in told]
    assert numbers == sorted(set(numbers))
    assert opened_and_not_closed(told) == set()
    final = streamed(sent(told))[-1]
    assert (final.type, final.response.status) == ("response.incomplete", "incomplete")
    assert final.response.incomplete_details.reason == "content_filter"
    assert final.response.output_text.endswith(message)
    said = "".join(each["delta"] for each in told if each["type"] == "response.output_text.delta")
    assert final.response.output_text == said


def test_what_a_client_reads_of_a_stopped_stream():
    cut = next(i for i, e in enumerate(CLEAN) if e["type"] == "response.output_text.delta") + 3
    added = stopped(CLEAN[:cut], "\n\n不予显示。", {"action": "block"})
    assert [each["type"].removeprefix("response.") for each in added] == [
        "output_text.done", "content_part.done", "output_item.done",
        "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
        "incomplete",
    ]  # fmt: skip
    assert added[2]["item"]["status"] == "incomplete"
    assert added[-1]["guardrail"] == {"action": "block"}
    response = added[-1]["response"]
    assert response["id"] == CLEAN[0]["response"]["id"]
    assert [each["type"] for each in response["output"]] == ["reasoning", "message", "message"]
    assert "guardrail" not in stopped(CLEAN[:cut])[-1]


def test_an_item_of_the_clean_stream_is_put_together_as_the_server_put_it():
    """The items of a stopped stream are those that the client would have got."""
    item_done = [i for i, e in enumerate(CLEAN) if e["type"] == "response.output_item.done"]
    for end in item_done:
        [closed, *_] = [e for e in stopped(CLEAN[:end], "") if e["type"] == "response.output_item.done"]
        theirs = CLEAN[end]["item"]
        mine = {**closed["item"], **({"status": theirs["status"]} if "status" in theirs else {})}
        assert mine == theirs


def test_a_stream_that_never_began_begins_and_ends():
    added = stopped([], "")
    assert [each["type"] for each in added] == ["response.created", "response.incomplete"]
    assert streamed(sent(added))[-1].response.model == "gpt-4.1"


def test_a_stream_that_has_ended_is_not_ended_again():
    assert stopped(CLEAN) == []


def finished(events: Sequence[Any], *words: str) -> list[Any]:
    """A stream to whose end texts are added, as a client gets it."""
    lens, out = DIALECT.lens(STREAM), []
    for document in events:
        view = event(document, lens)
        raw = json.dumps(document).encode()
        if view.finishes:
            for text in words:
                out += [json.loads(each) for _, each in lens.text(document, 0, text)]
            raw = jsontext.edit(raw, {}, appended=lens.finish_edits(document))
        if lens.shifted:
            raw = jsontext.edit(raw, lens.renumber(document))
        out.append(json.loads(raw))
        if view.mark:
            lens.sent(out[-1])
    return out


@pytest.mark.parametrize("channel", ["content", "tool_arguments", "refusal", "mcp_output", "content_incomplete"])
def test_a_text_that_is_added_is_a_message_of_its_own(channel):
    events = finished(spoken(channel), "\n\n請核實。", "\n\n请核实。")
    numbers = [each["sequence_number"] for each in events]
    assert numbers == list(range(len(events)))
    final = streamed(sent(events))[-1].response
    assert final.output_text.endswith("\n\n請核實。\n\n请核实。")
    indices = [each["output_index"] for each in events if each["type"] == "response.output_item.done"]
    assert indices == list(range(len(final.output)))


def test_nothing_is_added_where_nothing_is_said():
    assert finished(CLEAN) == CLEAN
    lens = DIALECT.lens(STREAM)
    assert (lens.finish_edits(CLEAN[-1]), lens.renumber(CLEAN[-1]), lens.shifted) == ({}, {}, False)


def test_a_response_that_lists_no_output_stays_as_it_is():
    end = {"type": "response.completed", "sequence_number": 9, "response": answer(output=None)}
    events = finished([*CLEAN[:2], end], "\n\n請核實。")
    assert events[-1]["response"]["output"] is None
    assert events[-1]["sequence_number"] == 15


def test_an_error_in_a_stream_is_raised_by_the_sdk():
    lens = DIALECT.lens(STREAM)
    [(name, raw)] = lens.error(CLEAN[1], "upstream_cut", "斷線了")
    assert (name, json.loads(raw)["type"], json.loads(raw)["sequence_number"]) == ("error", "error", 2)
    sdk.ResponseErrorEvent.model_validate_json(raw)
    with pytest.raises(openai.APIError, match="斷線了") as raised:
        streamed(sent(CLEAN[:2]) + frames([(name, raw)]))
    assert raised.value.code == "upstream_cut"


def test_an_error_body_is_raised_by_the_sdk():
    def respond(request):
        return httpx2.Response(400, content=DIALECT.error(400, "content_filter", "不可以"))

    talking = openai.OpenAI(api_key="none", base_url="http://sidecar/v1", http_client=httpx2.Client(transport=httpx2.MockTransport(respond)))  # fmt: skip
    with pytest.raises(openai.BadRequestError, match="不可以") as raised, talking:
        talking.responses.create(model="m", input="x")
    assert raised.value.code == "content_filter"


def test_end_marks():
    lens = DIALECT.lens(STREAM)
    assert lens.is_done(b"[DONE]") and not lens.is_done(b'"[DONE]"')


# --- any JSON at all -------------------------------------------------------------------------------------------------

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 1 << 70), st.floats(), st.text(max_size=8), st.sampled_from(["A123456(3)", "好", "\ud800"]))  # fmt: skip
WORDS = sorted({"item", "part", "output", "data", "delta", "text", "x", "", "*", "**", *KNOWN, *ITEMS} - {"type"})
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)
TYPES = st.sampled_from([*EVENTS, *ITEMS, "output_text", "reasoning_text", "summary_text", "novel"])
REAL = [*CLEAN, *(e for c in SPEAKER.channels if c not in NOBODYS for e in spoken(c))]


def places(node: Any, pointer: tuple[Any, ...] = ()):
    yield pointer
    for name, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(value, (*pointer, name))


@st.composite
def mutated(draw) -> Any:
    """A document of a real stream with something else in one place."""
    document = json.loads(json.dumps(draw(st.sampled_from(REAL))))
    place = draw(st.sampled_from(list(places(document))[1:]))
    node = document
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = draw(JSON | TYPES)
    return document


def check(document: Any) -> None:
    found = strings(document)
    lens = DIALECT.lens(STREAM)
    try:
        for view in (lens.event(document, found, ""), DIALECT.answer(document, found)):
            assert unseen(view, found, KNOWN) == []
    except (jsontext.JsonError, UnknownEvent):
        pass
    lens.sent(document)
    if isinstance(document, dict):
        lens.text(document, 0, "x")
        lens.finish_edits(document)
        lens.renumber(document)
    lens.stop(document, [0], "x", {})
    lens.error(document, "code", "x")
    DIALECT.request(document, found)
    DIALECT.call(document, "/v1/responses", "")


@given(mutated())
def test_no_change_to_a_real_event_hides_a_string_or_breaks_the_lens(document):
    check(document)


@given(JSON, TYPES, TYPES)
def test_no_document_whatever_its_shape_hides_a_string_or_breaks_the_lens(document, kind, inner):
    check(document)
    if isinstance(document, dict):
        document["type"] = kind
        for name in ("item", "part", "response"):
            if isinstance(document.get(name), dict):
                document[name]["type"] = inner
        check(document)

"""OpenAI Responses as the server sends it: every text up to five times, in typed and numbered events.

Source: `openai.types.responses`.  The table has a row for each kind of output item; a row says how the item looks
when done, how it looks when added, and which events come between.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.speakers.speaker import BENIGN, Channel, Echo, Form, Per, Request, Speaker
from tests.speakers.templates import BYTES, HEAD, NUMBER, TAIL, TEXT, Each, Quoted, Slot

ID = "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"
USAGE = {
    "input_tokens": 36, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}, "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 123,
}  # fmt: skip

Json = dict[str, Any]


def answer(output: Sequence[Any], *, status: str = "completed", **more: Any) -> Json:
    """A whole response."""
    return {
        "id": ID, "object": "response", "created_at": 1741476542, "status": status, "background": False, "error": None, "incomplete_details": None,
        "instructions": None, "max_output_tokens": None, "max_tool_calls": None, "model": "gpt-4.1-2025-04-14", "output": list(output),
        "parallel_tool_calls": True, "previous_response_id": None, "reasoning": {"effort": None, "summary": None}, "service_tier": "default",
        "store": True, "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_logprobs": 0,
        "top_p": 1.0, "truncation": "disabled", "usage": None if status == "in_progress" else USAGE, "user": None, "metadata": {}, **more,
    }  # fmt: skip


def event(kind: str, at: int | None = None, **more: Any) -> Json:
    """One event about the item at `at`; the form numbers it."""
    place = {} if at is None else {"output_index": at}
    return {"type": f"response.{kind}", **place, **more}


def begun(**more: Any) -> tuple[Json, Json]:
    """How a stream begins."""
    empty = answer([], status="in_progress", **more)
    return event("created", response=empty), event("in_progress", response=empty)


def in_item(at: int, done: Json, added: Json, *between: Any) -> tuple[Any, ...]:
    """The events of one output item."""
    return event("output_item.added", at, item=added), *between, event("output_item.done", at, item=done)


# --- messages --------------------------------------------------------------------------------------------------------


def text_part(text: Any = TEXT, **more: Any) -> Json:
    """A part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": [], **more}


def message(*parts: Json, at: int = 0, status: str = "completed") -> Json:
    """A message item."""
    return {"id": f"msg_{at}", "type": "message", "status": status, "role": "assistant", "content": list(parts)}


def spoken(part: Json, *, at: int = 0, nth: int = 0, half: Slot | None = None, more: Any = None, view: Any = None) -> tuple[Any, ...]:  # fmt: skip
    """The events of a part of text: its additions, its end, and the part as a whole."""
    place = {"item_id": f"msg_{at}", "content_index": nth}
    end = {"logprobs": [], **(more or {})}
    seen = view and {"type": "response.output_text.delta", "output_index": at, "content_index": nth, **view}
    slot = part["text"] if isinstance(part["text"], Slot) else None
    growth = event("output_text.delta", at, **place, delta=TEXT if slot else part["text"], **end, obfuscation="4hRk0")
    return (
        event("content_part.added", at, **place, part=text_part("")),
        Per(growth, half=half, view=seen) if slot else growth,
        event("output_text.done", at, **place, text=part["text"], **end),
        event("content_part.done", at, **place, part=part),
    )


def said(at: int) -> tuple[Any, ...]:
    """A benign message, in events."""
    part = text_part(BENIGN)
    return in_item(at, message(part, at=at), message(at=at, status="in_progress"), *spoken(part, at=at))


def speech(*parts: Json, between: Sequence[Any], status: str = "completed", **more: Any) -> Channel:
    """A message of those parts."""
    done = message(*parts, status=status)
    whole = answer([done], status=status, **more)
    stream = (*begun(), *in_item(0, done, message(status="in_progress"), *between), event(status, response=whole))
    return Channel(whole, stream)


def refused() -> Channel:
    """A refusal part."""
    part, place = {"type": "refusal", "refusal": TEXT}, {"item_id": "msg_0", "content_index": 0}
    between = (
        event("content_part.added", 0, **place, part={**part, "refusal": ""}),
        Per(event("refusal.delta", 0, **place, delta=TEXT)),
        event("refusal.done", 0, **place, refusal=TEXT),
        event("content_part.done", 0, **place, part=part),
    )
    return speech(part, between=between)


def cited(annotation: Json) -> Channel:
    """An annotation of a message."""
    part = text_part(BENIGN, annotations=[annotation])
    added, delta, done, whole = spoken(part)
    noted = event("output_text.annotation.added", 0, item_id="msg_0", content_index=0, annotation_index=0, annotation=annotation)  # fmt: skip
    return speech(part, between=(added, delta, noted, done, whole))


def spelled(read: Any) -> Channel:
    """Log-probabilities that spell the text; `read` is the part of an entry that is looked at."""
    entry = {"token": TEXT, "bytes": BYTES, "logprob": -0.003, "top_logprobs": [{"token": TEXT, "bytes": BYTES, "logprob": -0.003}]}  # fmt: skip
    full, seen = {"logprobs": Each(entry)}, {"logprobs": Each(read)}
    part, view = text_part(**full), {"type": "output_text", **seen}
    done = message(part)
    between = spoken(part, more=full, view=seen)
    steps = (*begun(), *in_item(0, done, message(status="in_progress"), *between), event("completed", response=answer([done])))  # fmt: skip
    views: dict[str, Json] = {
        "response.output_text.done": seen,
        "response.content_part.done": {"part": view},
        "response.output_item.done": {"item": {"type": "message", "content": [view]}},
        "response.completed": {"response": {"output": [{"type": "message", "content": [view]}]}},
    }
    whole = {"output": [{"type": "message", "content": [view]}]}
    return Channel(answer([done]), [_viewed(step, views) for step in steps], view=whole)


def _viewed(step: Any, views: Mapping[str, Json]) -> Any:
    kind = "" if isinstance(step, Per) else step["type"]
    return Echo(step, {"type": kind, **views[kind]}) if kind in views else step


def two_parts() -> Channel:
    """One message, the text half in one part and half in the next."""
    parts = text_part(HEAD), text_part(TAIL)
    between = (*spoken(parts[0], half=HEAD), *spoken(parts[1], nth=1, half=TAIL))
    return speech(*parts, between=between)


def two_messages() -> Channel:
    """The text half in one message and half in the next."""
    items = [message(text_part(half), at=at) for at, half in enumerate((HEAD, TAIL))]
    events = [
        in_item(at, item, message(at=at, status="in_progress"), *spoken(item["content"][0], at=at, half=half))
        for (at, item), half in zip(enumerate(items), (HEAD, TAIL), strict=True)
    ]
    whole = answer(items)
    return Channel(whole, (*begun(), *events[0], *events[1], event("completed", response=whole)))


def transcript() -> Channel:
    """What a spoken answer says."""
    part = {"type": "output_audio", "transcript": TEXT, "data": "UklGRg=="}
    between = (Per(event("audio.transcript.delta", delta=TEXT)), event("audio.transcript.done"))
    return speech(part, between=between)


# --- other items -----------------------------------------------------------------------------------------------------


def item(done: Json, *between: Any, **added: Any) -> Channel:
    """An item of another kind, a benign message after it; `added` is what it says before it is done."""
    done = {"id": "item_0", **done}
    start = {**done, **({"status": "in_progress"} if "status" in done else {}), **added}
    whole = answer([done, message(text_part(BENIGN), at=1)])
    return Channel(whole, (*begun(), *in_item(0, done, start, *between), *said(1), event("completed", response=whole)))


def growing(name: str, last: str, quoted: Quoted | None = None) -> tuple[Any, Json]:
    """The additions to an item's text and its end, which holds the text in member `last`."""
    end = quoted or TEXT
    grow = event(f"{name}.delta", 0, item_id="item_0", delta=TEXT, obfuscation="aX1")
    return Per(grow, quoted), event(f"{name}.done", 0, item_id="item_0", **{last: end})


def state(name: str) -> Json:
    """An event that only says how far an item is."""
    return event(name, 0, item_id="item_0")


def called(inner: Any) -> Channel:
    """A function call with the text inside its arguments."""
    quoted = Quoted(inner)
    done = {"type": "function_call", "status": "completed", "arguments": quoted, "call_id": "call_1", "name": "find"}
    return item(done, *growing("function_call_arguments", "arguments", quoted), arguments="")


def function(**more: Any) -> Channel:
    """A function call with the text beside its arguments: it is there from the start."""
    done = {"type": "function_call", "status": "completed", "arguments": "{}", "call_id": "call_1", "name": "find", **more}  # fmt: skip
    return item(done, *_silent(growing("function_call_arguments", "arguments", Quoted({}))), arguments="")


def _silent(steps: Sequence[Any]) -> tuple[Json, ...]:
    grow, end = steps
    return {**grow.frame, "delta": "{}"}, {**end, "arguments": "{}"}


def reasoning(kind: str) -> Channel:
    """Reasoning in the open, or the summary of it."""
    text, where, nth = ("reasoning_text", "content", "content_index") if kind == "content" else ("summary_text", "summary", "summary_index")  # fmt: skip
    part, place = {"type": text, "text": TEXT}, {"item_id": "item_0", nth: 0}
    names = ("content_part", "reasoning_text") if kind == "content" else ("reasoning_summary_part", "reasoning_summary_text")  # fmt: skip
    between = (
        event(f"{names[0]}.added", 0, **place, part={**part, "text": ""}),
        Per(event(f"{names[1]}.delta", 0, **place, delta=TEXT, obfuscation="k")),
        event(f"{names[1]}.done", 0, **place, text=TEXT),
        event(f"{names[0]}.done", 0, **place, part=part),
    )
    return item({"type": "reasoning", "summary": [], where: [part]}, *between, **{where: []})


def mcp(quoted: Any = "{}", **more: Any) -> Channel:
    """A call of a remote tool."""
    done = {"type": "mcp_call", "status": "completed", "name": "lookup", "server_label": "crm", "arguments": quoted, "output": "ok", "error": None, "approval_request_id": None, **more}  # fmt: skip
    growth = growing("mcp_call_arguments", "arguments", quoted) if isinstance(quoted, Quoted) else ()
    return item(done, state("mcp_call.in_progress"), *growth, state("mcp_call.completed"), arguments="", output=None)


def interpreter(code: Any, logs: Any) -> Channel:
    """A run of the code interpreter."""
    outputs = [{"type": "logs", "logs": logs}]
    done = {"type": "code_interpreter_call", "status": "completed", "code": code, "container_id": "cntr_1", "outputs": outputs}  # fmt: skip
    growth = growing("code_interpreter_call_code", "code") if code is TEXT else ()
    states = (state("code_interpreter_call.interpreting"), state("code_interpreter_call.completed"))
    return item(done, state("code_interpreter_call.in_progress"), *growth, *states, code="", outputs=None)


def shell() -> Channel:
    """A command for a shell."""
    place = {"command_index": 0}
    between = (
        event("shell_call_command.added", 0, **place, command=""),
        Per(event("shell_call_command.delta", 0, **place, delta=TEXT, obfuscation="0")),
        event("shell_call_command.done", 0, **place, command=TEXT),
    )
    action = {"commands": [TEXT], "timeout_ms": None, "max_output_length": None}
    done = {"type": "shell_call", "status": "completed", "call_id": "call_1", "action": action, "environment": None}
    return item(done, *between, action={**action, "commands": []})


def shell_output(name: str) -> Channel:
    """What a command wrote."""
    place = {"item_id": "item_0", "command_index": 0}
    output = [{"stdout": "", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}, name: TEXT}]
    between = (
        Per(event("shell_call_output_content.delta", 0, **place, delta={name: TEXT})),
        event("shell_call_output_content.done", 0, **place, output=output),
    )
    done = {"type": "shell_call_output", "status": "completed", "call_id": "call_1", "output": output, "max_output_length": None}  # fmt: skip
    return item(done, *between, output=[])


def patch(**operation: Any) -> Channel:
    """A change to a file."""
    full = {"type": "update_file", "path": "a.txt", "diff": "@@\n-a\n+b\n", **operation}
    done = {"type": "apply_patch_call", "status": "completed", "call_id": "call_1", "operation": full}
    return item(done, operation={"type": "update_file", "path": "", "diff": ""})


def searched(**action: Any) -> Channel:
    """A search in the web."""
    done = {"type": "web_search_call", "status": "completed", "action": {"type": "search", **action}}
    states = (state(f"web_search_call.{word}") for word in ("in_progress", "searching", "completed"))
    return item(done, *states, action={"type": "search", "query": ""})


def filed(queries: Sequence[Any], **result: Any) -> Channel:
    """A search in files."""
    results = [{"file_id": "file_1", "filename": "a.pdf", "score": 0.9, "text": "…", "attributes": {}, **result}]
    done = {"type": "file_search_call", "status": "completed", "queries": list(queries), "results": results}
    states = (state(f"file_search_call.{word}") for word in ("in_progress", "searching", "completed"))
    return item(done, *states, queries=[], results=None)


def unknown_item() -> Channel:
    """An item of a kind that nobody has heard of, with a growing text of its own."""
    return item({"type": "novel_call", "status": "completed", "remark": TEXT}, *growing("novel_call_text", "text"), remark="")  # fmt: skip


# --- the response itself ---------------------------------------------------------------------------------------------


def echoed(**more: Any) -> Channel:
    """A member of the response that repeats the request."""
    whole = answer([message(text_part(BENIGN))], **more)
    return Channel(whole, (*begun(**more), *said(0), event("completed", response=whole)))


def failed() -> Channel:
    """A response that failed, with a message that quotes the text."""
    whole = answer([], status="failed", error={"code": "server_error", "message": TEXT})
    return Channel(whole, (*begun(), *said(0), event("failed", response=whole)))


def errored() -> Channel:
    """An error that quotes the text: a body of its own, or an event."""
    body = {"error": {"message": TEXT, "type": "invalid_request_error", "param": "input", "code": "invalid_value"}}
    last = {"type": "error", "code": "server_error", "message": TEXT, "param": None}
    return Channel(body, (*begun(), *said(0)[:-1], last), 400)


URL = {"type": "url_citation", "start_index": 0, "end_index": 2, "title": "Page", "url": "https://www.example.org/a"}
FILE = {"type": "file_citation", "index": 3, "file_id": "file_1"}
APPROVAL = {"type": "mcp_approval_request", "name": "lookup", "server_label": "crm", "arguments": "{}"}
LISTED = {"type": "mcp_list_tools", "server_label": "crm", "error": None}
TOOL = {"type": "function", "name": "find", "description": "finds", "strict": True, "parameters": {"type": "object"}}
CUSTOM = {"type": "custom_tool_call", "call_id": "call_1", "name": "run"}
EXEC: Json = {"type": "exec", "env": {}, "timeout_ms": None, "user": None, "working_directory": None}
TABLE: Mapping[str, Channel] = {
    "content": speech(text_part(), between=spoken(text_part())),
    "content_incomplete": speech(text_part(), between=spoken(text_part()), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    "refusal": refused(),
    "blocks": two_parts(),
    "messages": two_messages(),
    "annotation": cited({**URL, "title": TEXT}),
    "annotation_url": cited({**URL, "url": TEXT}),
    "annotation_file": cited({**FILE, "filename": TEXT}),
    "logprobs": spelled({"token": TEXT}),
    "logprobs_bytes": spelled({"bytes": BYTES}),
    "logprobs_top": spelled({"top_logprobs": [{"token": TEXT}]}),
    "logprobs_top_bytes": spelled({"top_logprobs": [{"bytes": BYTES}]}),
    "transcript": transcript(),
    "reasoning": reasoning("content"),
    "reasoning_summary": reasoning("summary"),
    "tool_arguments": called({"query": TEXT}),
    "tool_arguments_key": called({TEXT: "value"}),
    "tool_arguments_number": called({"amount": NUMBER}),
    "tool_arguments_nested": called({"payload": Quoted({"query": TEXT})}),
    "tool_name": function(name=TEXT),
    "tool_id": function(call_id=TEXT),
    "custom_input": item({**CUSTOM, "input": TEXT}, *growing("custom_tool_call_input", "input"), input=""),
    "custom_output": item({"type": "custom_tool_call_output", "call_id": "call_1", "status": "completed", "output": TEXT}, output=""),
    "tool_output": item({"type": "function_call_output", "call_id": "call_1", "status": "completed", "output": TEXT}, output=""),
    "tool_output_parts": item({"type": "function_call_output", "call_id": "call_1", "status": "completed", "output": [{"type": "input_text", "text": TEXT}]}, output=[]),
    "mcp_arguments": mcp(Quoted({"query": TEXT})),
    "mcp_output": mcp(output=TEXT),
    "mcp_error": mcp(output=None, error={"type": "http_error", "code": 500, "message": TEXT}),
    "mcp_approval": item({**APPROVAL, "arguments": Quoted({"query": TEXT})}, arguments=""),
    "mcp_tools": item({**LISTED, "tools": [{"name": "lookup", "input_schema": {"type": "object"}, "annotations": None, "description": TEXT}]}, tools=[]),
    "code": interpreter(TEXT, "done\n"),
    "code_output": interpreter("print(1)", TEXT),
    "shell_command": shell(),
    "shell_stdout": shell_output("stdout"),
    "shell_stderr": shell_output("stderr"),
    "local_shell": item({"type": "local_shell_call", "status": "completed", "call_id": "call_1", "action": {**EXEC, "command": ["bash", "-c", TEXT]}}, action={**EXEC, "command": []}),
    "local_shell_output": item({"type": "local_shell_call_output", "status": "completed", "output": TEXT}, output=""),
    "patch": patch(diff=TEXT),
    "patch_path": patch(path=TEXT),
    "patch_output": item({"type": "apply_patch_call_output", "status": "completed", "call_id": "call_1", "output": TEXT}, output=None, status="completed"),
    "computer": item({"type": "computer_call", "status": "completed", "call_id": "call_1", "pending_safety_checks": [], "action": {"type": "type", "text": TEXT}}, action={"type": "type", "text": ""}),
    "search_query": searched(query=TEXT),
    "search_queries": searched(queries=[TEXT]),
    "search_source": searched(query="天氣", sources=[{"type": "url", "url": TEXT}]),
    "file_query": filed([TEXT]),
    "file_result": filed(["天氣"], text=TEXT),
    "file_name": filed(["天氣"], filename=TEXT),
    "file_attribute": filed(["天氣"], attributes={"owner": TEXT}),
    "image_prompt": item({"type": "image_generation_call", "status": "completed", "result": "iVBORw==", "revised_prompt": TEXT}, result=None, revised_prompt=None),
    "program": item({"type": "program", "call_id": "call_1", "fingerprint": "fp", "code": TEXT}, code=""),
    "program_output": item({"type": "program_output", "call_id": "call_1", "status": "completed", "result": TEXT}, result="", status="completed"),
    "tool_search": item({"type": "tool_search_call", "call_id": "call_1", "execution": "server", "status": "completed", "arguments": {"query": TEXT}}, arguments={}),
    "tool_search_output": item({"type": "tool_search_output", "call_id": "call_1", "execution": "server", "status": "completed", "tools": [{**TOOL, "description": TEXT}]}, tools=[]),
    "instructions": echoed(instructions=TEXT),
    "tools": echoed(tools=[{**TOOL, "description": TEXT}]),
    "metadata": echoed(metadata={"topic": TEXT}),
    "metadata_key": echoed(metadata={TEXT: "value"}),
    "user": echoed(user=TEXT),
    "prompt": echoed(prompt={"id": "pmpt_1", "version": "1", "variables": {"name": TEXT}}),
    "id": echoed(id=TEXT),
    "unknown": function(provider_note=TEXT),
    "unknown_key": echoed(provider_note={TEXT: "value"}),
    "unknown_item": unknown_item(),
    "failed": failed(),
    "error": errored(),
}  # fmt: skip

# --- clean -----------------------------------------------------------------------------------------------------------

ARGUMENTS = '{"name":"陳大文","city":"香港"}'
THOUGHT = {"type": "summary_text", "text": "用戶想搵人，先查一查。"}
THINKING = {"id": "rs_0", "type": "reasoning", "summary": [THOUGHT]}
CALLING = {"id": "fc_2", "type": "function_call", "status": "completed", "arguments": ARGUMENTS, "call_id": "call_1", "name": "find_person"}  # fmt: skip
SPEAKING = message(text_part(BENIGN, annotations=[{**URL, "title": "香港天文台 Observatory"}]), at=1)
WHOLE = answer([THINKING, SPEAKING, CALLING])


def _clean() -> tuple[Json, ...]:
    summary = {"item_id": "rs_0", "summary_index": 0}
    part = SPEAKING["content"][0]
    place = {"item_id": "msg_1", "content_index": 0}
    added, _, done, complete = spoken(part, at=1)
    grow = (event("output_text.delta", 1, **place, delta=BENIGN[i : i + 5], logprobs=[], obfuscation="z") for i in range(0, len(BENIGN), 5))  # fmt: skip
    noted = event("output_text.annotation.added", 1, **place, annotation_index=0, annotation=part["annotations"][0])
    calls = (event("function_call_arguments.delta", 2, item_id="fc_2", delta=ARGUMENTS[i : i + 7], obfuscation="z") for i in range(0, len(ARGUMENTS), 7))  # fmt: skip
    thoughts = (
        event("reasoning_summary_part.added", 0, **summary, part={**THOUGHT, "text": ""}),
        event("reasoning_summary_text.delta", 0, **summary, delta=THOUGHT["text"], obfuscation="z"),
        event("reasoning_summary_text.done", 0, **summary, text=THOUGHT["text"]),
        event("reasoning_summary_part.done", 0, **summary, part=THOUGHT),
    )
    return (
        *begun(),
        *in_item(0, THINKING, {**THINKING, "summary": []}, *thoughts),
        *in_item(1, SPEAKING, message(at=1, status="in_progress"), added, *grow, noted, done, complete),
        *in_item(2, CALLING, {**CALLING, "arguments": "", "status": "in_progress"}, *calls, event("function_call_arguments.done", 2, item_id="fc_2", arguments=ARGUMENTS)),
        event("completed", response=WHOLE),
    )  # fmt: skip


def ask(stream: bool) -> Request:
    """A request for a response."""
    body = {"model": "gpt-4.1", "input": "你好，請幫我搵人。", **({"stream": True} if stream else {})}
    return Request("/v1/responses", body, {"authorization": "Bearer sk-none"})


RESPONSES = Speaker("openai_responses", Form(named=True, numbered=True, indent=2), ask, TABLE, WHOLE, _clean())

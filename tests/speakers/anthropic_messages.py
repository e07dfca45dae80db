"""Anthropic Messages as the server sends them: blocks that start, grow and stop.

Source: `anthropic.types` and `anthropic.types.beta`.  Events are padded with spaces before their last brace, as the
real ones are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.speakers.speaker import BENIGN, Channel, Form, Per, Request, Speaker
from tests.speakers.templates import HEAD, NUMBER, TAIL, TEXT, Quoted, Slot

USAGE = {
    "input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 15, "service_tier": "standard",
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
}  # fmt: skip
SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds"

Json = dict[str, Any]


def answer(*content: Json, stop: str = "end_turn", **more: Any) -> Json:
    """A whole message."""
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "content": list(content),
        "stop_reason": stop, "stop_sequence": None, "usage": USAGE, **more,
    }  # fmt: skip


def text(said: Any = BENIGN, **more: Any) -> Json:
    """A text block."""
    return {"type": "text", "text": said, **more}


def block(at: int, start: Json, *deltas: Any) -> tuple[Any, ...]:
    """The events of one content block."""
    begin = {"type": "content_block_start", "index": at, "content_block": start}
    return begin, *deltas, {"type": "content_block_stop", "index": at}


def delta(at: int, kind: str, **more: Any) -> Json:
    """One addition to a block."""
    return {"type": "content_block_delta", "index": at, "delta": {"type": f"{kind}_delta", **more}}


def stream(*events: Any, stop: str = "end_turn", begin: Json | None = None, end: Json | None = None) -> tuple[Any, ...]:  # fmt: skip
    """A whole stream around the events of its blocks."""
    return (
        {"type": "message_start", "message": {**answer(), "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}, **(begin or {})}},
        {"type": "ping"},
        *events,
        {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None, **(end or {})}, "usage": {"output_tokens": 15}},
        {"type": "message_stop"},
    )  # fmt: skip


def talk(at: int) -> tuple[Any, ...]:
    """A benign text block."""
    return block(at, text(""), delta(at, "text", text=BENIGN[:9]), delta(at, "text", text=BENIGN[9:]))


def grown(done: Json, start: Json, *deltas: Any, stop: str = "end_turn") -> Channel:
    """A block whose text grows, with a benign one after it."""
    return Channel(answer(done, text(), stop=stop), stream(*block(0, start, *deltas), *talk(1), stop=stop))


def placed(done: Json, stop: str = "end_turn") -> Channel:
    """A block that is there at once: its start holds all of it."""
    return grown(done, done, stop=stop)


def used(inner: Any, kind: str = "tool_use", **more: Any) -> Channel:
    """The input of a tool call, an object that a stream spells in fragments of JSON; the first is empty."""
    use = {"type": kind, "id": "toolu_01T1x1fJ34qAmk2tNTrN7Up6", "name": "find_person", **more}
    fragments = delta(0, "input_json", partial_json=""), Per(delta(0, "input_json", partial_json=TEXT), Quoted(inner))
    return grown({**use, "input": inner}, {**use, "input": {}}, *fragments, stop="tool_use")


def thought() -> Channel:
    """Thinking, and the signature that holds only for exactly that text."""
    deltas = Per(delta(0, "thinking", thinking=TEXT)), delta(0, "signature", signature=SIGNATURE)
    done = {"type": "thinking", "thinking": TEXT, "signature": SIGNATURE}
    return grown(done, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)


def cited(citation: Json) -> Channel:
    """A citation of a text block."""
    deltas = delta(0, "citations", citation=citation), delta(0, "text", text=BENIGN)
    return grown(text(citations=[citation]), text("", citations=[]), *deltas)


def in_blocks() -> Channel:
    """One sentence over two text blocks, the second with a citation."""

    def half(at: int, slot: Slot, *before: Json, **more: Any) -> tuple[Any, ...]:
        return block(at, text("", **more), *before, Per(delta(at, "text", text=TEXT), half=slot))

    second = half(1, TAIL, delta(1, "citations", citation=QUOTE), citations=[])
    return Channel(answer(text(HEAD), text(TAIL, citations=[QUOTE])), stream(*half(0, HEAD), *second))


def stopped(stop: str, **more: Any) -> Channel:
    """How the message ended."""
    return Channel(answer(text(), stop=stop, **more), stream(*talk(0), stop=stop, end=more))


def topped(**more: Any) -> Channel:
    """A member of the message itself."""
    return Channel(answer(text(), **more), stream(*talk(0), begin=more))


def compacted() -> Channel:
    """The summary that takes the place of a long conversation."""
    return grown({"type": "compaction", "content": TEXT}, {"type": "compaction", "content": None}, Per(delta(0, "compaction", content=TEXT)))  # fmt: skip


def unknown_event() -> Channel:
    """An event of a kind that nobody has heard of, which comes once for each piece."""
    whole = answer(text(), provider_text=TEXT)
    return Channel(whole, stream(*talk(0), Per({"type": "novel_event", "remark": TEXT})))


def errored() -> Channel:
    """An error that quotes the text: a body of its own, or an event."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": TEXT}, "request_id": "req_011CSHoEeqs5"}  # fmt: skip
    return Channel(body, (*stream(*talk(0))[:-3], {"type": "error", "error": {"type": "overloaded_error", "message": TEXT}}), 400)  # fmt: skip


def result(kind: str, content: Any, **more: Any) -> Channel:
    """What a tool of the server brought back."""
    return placed({"type": f"{kind}_tool_result", "tool_use_id": "srvtoolu_01A", "content": content, **more})


def ran(kind: str, **more: Any) -> Channel:
    """What a program of the server wrote."""
    full = {"type": f"{kind}_result", "stdout": "", "stderr": "", "return_code": 0, "content": [], **more}
    return result(kind, full)


def fetched(title: Any = "Page", url: Any = "https://www.example.org/a", data: Any = "…") -> Channel:
    """A page that the server fetched."""
    source = {"type": "text", "media_type": "text/plain", "data": data}
    page = {"type": "document", "source": source, "title": title, "citations": {"enabled": True}}
    return result("web_fetch", {"type": "web_fetch_result", "url": url, "content": page, "retrieved_at": None})


def edited(**more: Any) -> Channel:
    """What the server's text editor shows."""
    return result("text_editor_code_execution", more)


QUOTE = {"type": "char_location", "cited_text": "原文", "document_index": 0, "document_title": "手冊", "start_char_index": 0, "end_char_index": 2, "file_id": None}  # fmt: skip
FOUND = {"type": "web_search_result_location", "cited_text": "原文", "encrypted_index": "Eo8B", "title": "Page", "url": "https://www.example.org/a"}  # fmt: skip
PART = {"type": "search_result_location", "cited_text": "原文", "search_result_index": 0, "source": "https://www.example.org/a", "start_block_index": 0, "end_block_index": 1, "title": "Page"}  # fmt: skip
HIT = {"type": "web_search_result", "title": "Page", "url": "https://www.example.org/a", "encrypted_content": "EqgfCio", "page_age": None}  # fmt: skip
USE = {"type": "tool_use", "id": "toolu_01A", "name": "find_person", "input": {}}
VIEW = {"type": "text_editor_code_execution_view_result", "file_type": "text", "content": TEXT, "num_lines": 1, "start_line": 1, "total_lines": 1}  # fmt: skip
LINES = {"type": "text_editor_code_execution_str_replace_result", "lines": [TEXT], "new_lines": 1, "new_start": 1, "old_lines": 1, "old_start": 1}  # fmt: skip
TABLE: Mapping[str, Channel] = {
    "content": Channel(answer(text(TEXT)), stream(*block(0, text(""), Per(delta(0, "text", text=TEXT))))),
    "blocks": in_blocks(),
    "reasoning": thought(),
    "tool_arguments": used({"query": TEXT}),
    "tool_arguments_key": used({TEXT: "value"}),
    "tool_arguments_number": used({"amount": NUMBER}),
    "tool_arguments_nested": used({"payload": Quoted({"query": TEXT})}),
    "tool_name": placed({**USE, "name": TEXT}, stop="tool_use"),
    "tool_id": placed({**USE, "id": TEXT}, stop="tool_use"),
    "server_tool": used({"query": TEXT}, "server_tool_use", name="web_search"),
    "mcp_arguments": used({"query": TEXT}, "mcp_tool_use", server_name="crm"),
    "start_content": placed(text(TEXT)),
    "start_tool": placed({**USE, "input": {"query": TEXT}}, stop="tool_use"),
    "start_reasoning": placed({"type": "thinking", "thinking": TEXT, "signature": SIGNATURE}),
    "annotation": cited({**QUOTE, "cited_text": TEXT}),
    "annotation_document": cited({**QUOTE, "document_title": TEXT}),
    "annotation_title": cited({**FOUND, "title": TEXT}),
    "annotation_url": cited({**FOUND, "url": TEXT}),
    "annotation_source": cited({**PART, "source": TEXT}),
    "search_title": result("web_search", [{**HIT, "title": TEXT}]),
    "search_url": result("web_search", [{**HIT, "url": TEXT}]),
    "fetch_text": fetched(data=TEXT),
    "fetch_title": fetched(title=TEXT),
    "fetch_url": fetched(url=TEXT),
    "tool_output": ran("code_execution", stdout=TEXT),
    "tool_output_error": ran("code_execution", stderr=TEXT),
    "bash_output": ran("bash_code_execution", stdout=TEXT),
    "bash_output_error": ran("bash_code_execution", stderr=TEXT),
    "editor_view": edited(**VIEW),
    "editor_lines": edited(**LINES),
    "editor_error": edited(type="text_editor_code_execution_tool_result_error", error_code="file_not_found", error_message=TEXT),
    "tool_search": result("tool_search", {"type": "tool_search_tool_search_result", "tool_references": [{"type": "tool_reference", "tool_name": TEXT}]}),
    "mcp_output": placed({"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "is_error": False, "content": [text(TEXT)]}),
    "advisor": result("advisor", {"type": "advisor_result", "text": TEXT}),
    "compaction": compacted(),
    "refusal": stopped("refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": TEXT}),
    "stop_sequence": stopped("stop_sequence", stop_sequence=TEXT),
    "id": topped(id=TEXT),
    "unknown": placed({**text(), "provider_note": {"remark": TEXT}}),
    "unknown_key": placed({**text(), "provider_note": {TEXT: "value"}}),
    "unknown_block": placed({"type": "novel_block", "remark": TEXT}),
    "unknown_delta": grown({**text(), "provider_text": TEXT}, text(), Per(delta(0, "novel", remark=TEXT))),
    "unknown_event": unknown_event(),
    "error": errored(),
}  # fmt: skip

# --- clean -----------------------------------------------------------------------------------------------------------

THINKING = {"type": "thinking", "thinking": "用戶想搵人，先查一查。", "signature": SIGNATURE}
CALLING = {**USE, "input": {"name": "陳大文", "city": "香港"}}
CLEAN = answer(THINKING, text(), text("詳見手冊。", citations=[QUOTE]), CALLING, stop="tool_use")


def _pieces(whole: str, size: int) -> Sequence[str]:
    return [whole[i : i + size] for i in range(0, len(whole), size)]


CLEAN_EVENTS = stream(
    *block(
        0, {"type": "thinking", "thinking": "", "signature": ""},
        *(delta(0, "thinking", thinking=piece) for piece in _pieces(THINKING["thinking"], 5)), delta(0, "signature", signature=SIGNATURE),
    ),
    *block(1, text(""), *(delta(1, "text", text=piece) for piece in _pieces(BENIGN, 5))),
    *block(2, text("", citations=[]), delta(2, "citations", citation=QUOTE), delta(2, "text", text="詳見手冊。")),
    *block(3, USE, *(delta(3, "input_json", partial_json=piece) for piece in ("", *_pieces('{"name": "陳大文", "city": "香港"}', 7)))),
    stop="tool_use",
)  # fmt: skip


def ask(stream: bool) -> Request:
    """A message request."""
    more = {"stream": True} if stream else {}
    body = {"model": "claude-sonnet-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "你好，請幫我搵人。"}], **more}  # fmt: skip
    return Request("/v1/messages", body, {"x-api-key": "none", "anthropic-version": "2023-06-01"})


MESSAGES = Speaker("anthropic", Form(named=True, padded=True), ask, TABLE, CLEAN, CLEAN_EVENTS)

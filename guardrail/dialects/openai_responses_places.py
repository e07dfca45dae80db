"""OpenAI Responses: every place where its items, its response object and its events hold a string, and its channel.

Source: `openai.types.responses` of openai-python, and what Azure and vLLM add to it.

Rules:
1. A channel that is one of the protocol's own words (`content`, `tool_arguments`, ...) names a text that may grow; the
   words defined here stand for texts that come whole, and for what is no text.
2. What an item is called decides its places: `output` is what a tool wrote in one and what a shell wrote in another.
3. The response object repeats the request (instructions, tools, metadata): the application's own text, judged alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from guardrail.dialects.places import META, OPAQUE, Table, mapping, word

SUMMARY = "summary"
"""The summary of the reasoning: channel `reasoning`, beside the reasoning itself."""
RESULT = "tool_result"
"""What a tool wrote: may grow, and several parts of it are one text."""
PASSAGE = "passage"
"""A text that a tool found: channel `tool_result`, but each is a text of its own."""
BINARY = "binary"
"""Sound, a picture or a file, if it is spelled as one."""

_NAMES = (
    "sequence_number output_index content_index summary_index command_index annotation_index partial_image_index index "
    "item part response delta output data content summary annotations logprobs logprob top_logprobs token bytes "
    "start_index end_index created_at completed_at parallel_tool_calls temperature top_p max_output_tokens store usage "
    "max_tool_calls background input_tokens output_tokens total_tokens input_tokens_details output_tokens_details "
    "cached_tokens cache_write_tokens reasoning_tokens frequency_penalty presence_penalty has_more deleted approve "
    "score max_output_length timeout_ms exit_code outcome action operation actions error tools incomplete_details"
)

_PART = {
    "text": "content",
    "refusal": "refusal",
    "transcript": "transcript",
    "annotations.*.title annotations.*.url annotations.*.filename": "annotation",
    "annotations.*.type annotations.*.file_id annotations.*.container_id": META,
    "logprobs.*.token logprobs.*.top_logprobs.*.token": "logprobs",
    "image_url file_data data input_audio.data": BINARY,
    "type file_id file_url filename detail format input_audio.format prompt_cache_breakpoint.**": META,
}
"""A part of a message, whoever wrote it."""
_REASONED = {"text": "reasoning", "type": META}
_SUMMED = {"text": SUMMARY, "type": META}
_HANDED = {"text": RESULT, **{paths: channel for paths, channel in _PART.items() if channel in (META, BINARY)}}
"""A part of what a tool hands back."""

_ITEM = {
    "name": "tool_name",
    "id type role status call_id created_by phase namespace server_label execution approval_request_id": META,
    "container_id caller.type caller.caller_id": META,
}
"""What items of any kind may have."""


def _below(root: str, places: Mapping[str, str]) -> dict[str, str]:
    return {" ".join(f"{root}.{path}" for path in paths.split()): channel for paths, channel in places.items()}


_OUTPUT = {"output": RESULT, **_below("output.*", _HANDED)}
_LISTED = {"tools.** error.**": PASSAGE}

_ITEMS: Mapping[str, Mapping[str, str]] = {
    "message": {"content": "content", **_below("content.*", _PART)},
    "reasoning": {
        "content": "reasoning",
        **_below("content.*", _REASONED),
        **_below("summary.*", _SUMMED),
        "encrypted_content": OPAQUE,
    },
    "function_call": {"arguments.**": "tool_arguments"},
    "function_call_output": _OUTPUT,
    "custom_tool_call": {"input.**": "tool_arguments"},
    "custom_tool_call_output": _OUTPUT,
    "mcp_call": {"arguments.**": "tool_arguments", "error.**": PASSAGE, **_OUTPUT},
    "mcp_approval_request": {"arguments.**": "tool_arguments"},
    "mcp_approval_response": {"reason": PASSAGE},
    "mcp_list_tools": _LISTED,
    "tool_search_call": {"arguments.**": "tool_arguments"},
    "tool_search_output": _LISTED,
    "additional_tools": _LISTED,
    "code_interpreter_call": {
        "code.**": "tool_arguments",
        "outputs.*.logs": RESULT,
        "outputs.*.url": BINARY,
        "outputs.*.type": META,
    },
    "program": {"code.**": "tool_arguments", "fingerprint": OPAQUE},
    "program_output": {"result": RESULT},
    "shell_call": {"action.**": "tool_arguments", "environment.**": META},
    "shell_call_output": {
        "output output.*.stdout output.*.stderr": RESULT,
        "output.*.outcome.type output.*.created_by": META,
    },
    "local_shell_call": {"action.**": "tool_arguments"},
    "local_shell_call_output": _OUTPUT,
    "apply_patch_call": {"operation.**": "tool_arguments"},
    "apply_patch_call_output": _OUTPUT,
    "computer_call": {"action.** actions.**": "tool_arguments", "pending_safety_checks.**": PASSAGE},
    "computer_call_output": {**_below("output", _HANDED), "acknowledged_safety_checks.**": PASSAGE},
    "web_search_call": {"action.**": "tool_arguments"},
    "file_search_call": {
        "queries.**": "tool_arguments",
        "results.*.text results.*.filename results.*.attributes.**": PASSAGE,
        "results.*.file_id": META,
    },
    "image_generation_call": {
        "result": BINARY,
        "revised_prompt": "tool_arguments",
        "error.**": PASSAGE,
        "action background output_format quality size svg_usage.**": META,
    },
    "compaction": {"encrypted_content": OPAQUE},
    "configuration_update": {"reasoning.** text.**": META},
}
ITEMS = {kind: Table({**_ITEM, **places}, _NAMES) for kind, places in _ITEMS.items()}
_UNKNOWN = Table(_ITEM, _NAMES)

GROWS = {
    "function_call": "tool_arguments",
    "custom_tool_call": "tool_arguments",
    "mcp_call": "tool_arguments",
    "code_interpreter_call": "tool_arguments",
    "shell_call": "tool_arguments",
    "shell_call_output": RESULT,
}
"""The items that are announced before a text of theirs is there, and that text."""
HELD = frozenset(GROWS) - {"shell_call_output"} | {"local_shell_call", "apply_patch_call", "computer_call"}
"""The calls that leave no trace when they are blocked: nothing of them leaves before all of it was judged."""
TALK = frozenset({"message", "reasoning", "compaction", "configuration_update"})
"""The items that do not act."""

PART = {
    "reasoning_text": Table(_REASONED, _NAMES),
    "summary_text": Table(_SUMMED, _NAMES),
}
_PART_TABLE = Table(_PART, _NAMES)


def item_kind(item: object) -> str:
    """What an item is; a request may leave it out of a message."""
    members = mapping(item)
    return word(members.get("type")) or ("message" if "role" in members else "")


def item_table(item: object) -> Table:
    """The places of an item."""
    return ITEMS.get(item_kind(item), _UNKNOWN)


def part_table(part: object) -> Table:
    """The places of a part of a message, or of reasoning."""
    return PART.get(word(mapping(part).get("type")), _PART_TABLE)


_ANSWER = {
    "output_text": "content",
    "id object model status service_tier error.** incomplete_details.**": META,
    "instructions instructions.** metadata.** model prompt.** tools.** tool_choice tool_choice.** text.** user": META,
    "previous_response_id conversation conversation.** safety_identifier truncation moderation.** reasoning.**": META,
    "prompt_cache_key prompt_cache_retention prompt_cache_options.** prompt_cache_diagnostics.** image.**": META,
    "access_programs.** input_transformations.** tool_usage.** first_id last_id": META,
    "content_filters.**": META,
}
ANSWER = Table(_ANSWER, _NAMES)
"""A response object, and what the endpoints beside it answer."""
ECHOES = ("input_messages", "output_messages")
"""What vLLM adds to a response that was asked for it: the conversation as text and as ids of tokens."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: the places beside its item, part or response; how often its text has been told before
    (`level`); whether that text is then complete (`ends`); whether it changes what a client has (`tracked`); and
    whether a tool is given something in it (`handed`)."""

    table: Table
    level: int = 0
    ends: bool = False
    tracked: bool = False
    handed: bool = False


_EVENT = {"type item_id obfuscation stream_id response_id": META}


def _event(places: Mapping[str, str] | None = None, level: int = 0, *, ends: bool = False) -> Kind:
    handed = "tool_arguments" in (places or {}).values()
    return Kind(Table({**_EVENT, **(places or {})}, _NAMES), level, ends, tracked=True, handed=handed)


def _growing(name: str, channel: str, last: str, more: Mapping[str, str] | None = None) -> dict[str, Kind]:
    """A text that comes in pieces, and then whole as member `last`."""
    below = ".**" if channel == "tool_arguments" else ""
    return {
        f"response.{name}.delta": _event({f"delta{below}": channel, **(more or {})}),
        f"response.{name}.done": _event({f"{last}{below}": channel, **(more or {})}, 1, ends=True),
    }


_SPELLED = {"logprobs.*.token logprobs.*.top_logprobs.*.token": "logprobs"}
_STATES = {
    "code_interpreter_call": "in_progress interpreting completed",
    "file_search_call": "in_progress searching completed",
    "web_search_call": "in_progress searching completed",
    "image_generation_call": "in_progress generating completed",
    "mcp_call": "in_progress completed failed",
    "mcp_list_tools": "in_progress completed failed",
    "compaction": "compacting",
    "audio": "done",
    "audio.transcript": "done",
}
SNAPSHOTS = frozenset({"response.queued", "response.in_progress"})
ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
EVENTS: Mapping[str, Kind] = {
    "response.created": _event(),
    **{kind: _event() for kind in SNAPSHOTS},
    **{kind: _event(level=4) for kind in ENDS},
    "response.output_item.added": _event(),
    "response.output_item.done": _event(level=3, ends=True),
    **{f"response.{part}.added": _event() for part in ("content_part", "reasoning_summary_part", "reasoning_part")},
    "response.content_part.done": _event(level=2),
    "response.reasoning_summary_part.done": _event({"status": META}, 2),
    "response.reasoning_part.done": _event(level=2),
    **_growing("output_text", "content", "text", _SPELLED),
    **_growing("refusal", "refusal", "refusal"),
    **_growing("reasoning_text", "reasoning", "text"),
    **_growing("reasoning_summary_text", SUMMARY, "text"),
    **_growing("function_call_arguments", "tool_arguments", "arguments", {"name": "tool_name"}),
    **_growing("custom_tool_call_input", "tool_arguments", "input"),
    **_growing("mcp_call_arguments", "tool_arguments", "arguments"),
    **_growing("code_interpreter_call_code", "tool_arguments", "code"),
    **_growing("shell_call_command", "tool_arguments", "command"),
    "response.shell_call_command.added": _event({"command.**": "tool_arguments"}),
    "response.shell_call_output_content.delta": _event({"delta.stdout delta.stderr": RESULT}),
    "response.shell_call_output_content.done": _event(
        {
            "output.*.stdout output.*.stderr": RESULT,
            "output.*.outcome.type output.*.created_by": META,
        },
        1,
        ends=True,
    ),
    "response.output_text.annotation.added": _event(
        {
            "annotation.title annotation.url annotation.filename": "annotation",
            "annotation.type annotation.file_id annotation.container_id": META,
        }
    ),
    "response.audio.delta": _event({"delta": BINARY}),
    "response.audio.transcript.delta": _event({"delta": "transcript"}),
    "response.image_generation_call.partial_image": _event(
        {"partial_image_b64": BINARY, "background output_format quality size": META}
    ),
    "error": _event({"code message param error.**": META}),
    "keepalive": Kind(Table(_EVENT, _NAMES)),
    **{
        f"response.{item}.{state}": Kind(Table(_EVENT, _NAMES))
        for item, states in _STATES.items()
        for state in states.split()
    },
}
"""vLLM sends `reasoning_part`, OpenAI `keepalive`; the types of the SDK have neither."""

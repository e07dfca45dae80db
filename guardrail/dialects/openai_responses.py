"""OpenAI Responses: what is asked, how an answer is read, and how it says that a filter stepped in.

Source: the types of openai-python; `POST .../responses` and what is served below it, server-sent events whose name is
the `type` of their document, with no end mark.  Azure OpenAI speaks it below `/openai/`; vLLM and Ollama speak it too.
Where strings sit is in `openai_responses_places`, which text they are in `openai_responses_reader`, and what a client
must be sent for a well-formed end in `openai_responses_seen`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from guardrail.dialects import openai_responses_asked
from guardrail.dialects.again import dumped, parsed, said, turns_added, written
from guardrail.dialects.openai_common import error_body, is_encoded
from guardrail.dialects.openai_responses_places import (
    BINARY,
    EVENTS,
    PASSAGE,
    RESULT,
    SUMMARY,
    item_kind,
    item_table,
)
from guardrail.dialects.openai_responses_reader import Reader, grouped
from guardrail.dialects.openai_responses_seen import Seen
from guardrail.dialects.places import FIELD, OPAQUE, Paths, Table, at, mapping, sequence, word
from guardrail.dialects.protocol import Call, Lens, Notes, Strings, UnknownEvent, View
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire import jsontext
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PREFIX = r"(?:/[A-Za-z0-9._~-]+)*/responses"
_ID = r"/[A-Za-z0-9_~-]+"
_PATHS = {
    "POST": re.compile(rf"{_PREFIX}(?:/input_tokens|/compact|{_ID}/cancel)?"),
    "GET": re.compile(rf"{_PREFIX}{_ID}(?:/input_items)?"),
    "DELETE": re.compile(_PREFIX + _ID),
}


class OpenAIResponses:
    """The lens on responses."""

    name = "openai_responses"
    vendor = "openai"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        known = _PATHS.get(method)
        return known is not None and known.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        asked = parse_qs(query).get("stream", [""])[-1].lower() in ("true", "1")
        return Call(
            model=word(body.get("model")),
            stream=body.get("stream") is True or asked,
            previous=word(body.get("previous_response_id")) or _conversation(body),
            context=_context(body),
        )

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        body = mapping(document)
        found: list[Segment] = []
        for base, entries in grouped(strings, _depth_of_input).items():
            item = at(body, base) if base else None
            table = item_table(item) if base else _REQUEST
            for channel, path, text in table.sorted(entries):
                if not text or (channel in (BINARY, OPAQUE) and is_encoded(text)):
                    continue
                role = _item_role(item) if base else _ROLES.get(str(path[0]) if path else "", "")
                found.append(Segment(Stage.REQUEST, role, _SAID.get(channel, FIELD), (*base, *path), text))
        return found

    def answer(self, document: Any, strings: Strings) -> View:
        return Reader(None).whole(mapping(document), strings)

    def lens(self, call: Call) -> Lens:
        return _Lens(call.model)

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        turns = said(answer, feedback)
        if not isinstance(parsed(body).get("input"), str):
            return turns_added(body, ("input",), turns)
        # A string is short for one message of the user.
        first = b'{"role":"user","content":' + written(body, ("input",)) + b"}"
        return jsontext.splice(body, {("input",): b"[" + b",".join((first, *map(dumped, turns))) + b"]"})

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


class _Lens(Lens):
    def __init__(self, model: str) -> None:
        self._reader = Reader(Paths())
        self._seen = Seen(model)
        self._shift = 0
        self._said: list[int] = []

    def event(self, document: Any, strings: Strings, name: str) -> View:
        members = mapping(document)
        kind = word(members.get("type")) or ("error" if "error" in members else "")
        if kind not in EVENTS:
            raise UnknownEvent(kind)
        if name in EVENTS and name != kind:
            raise JsonError("an event is named otherwise than it says")
        return self._reader.event(kind, members, strings)

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"  # OpenAI sends none; Ollama and LiteLLM do

    def sent(self, document: Any) -> None:
        self._seen.take(document)

    def renumber(self, document: Any) -> Mapping[Pointer, bytes]:
        number = mapping(document).get("sequence_number")
        if not self._shift or not isinstance(number, int):
            return {}
        return {("sequence_number",): str(number + self._shift).encode()}

    @property
    def shifted(self) -> bool:
        return self._shift > 0

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        number = mapping(document).get("sequence_number")
        if isinstance(number, int):
            self._seen.sequence = number + self._shift - 1
        index = max(self._seen.next_index, len(sequence(at(document, ("response", "output")))))
        added = self._seen.say(index, text)
        self._said.append(index)
        self._shift += len(added)
        return added

    def finish_edits(self, document: Any) -> Mapping[Pointer, list[bytes]]:
        place: Pointer = ("response", "output")
        if not self._said or not isinstance(at(document, place), list):
            return {}
        return {place: [self._seen.item(index) for index in self._said]}

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        self._seen.number(last)
        if self._seen.ended:
            return []
        added = self._seen.begin() + self._seen.close()
        if message:
            added += self._seen.say(self._seen.next_index, message)
        return [*added, self._seen.incomplete(notes)]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        self._seen.number(last)
        return [self._seen.failed(code, message)]


_REQUEST = Table(
    {
        "input instructions prompt.variables.* prompt.variables.*.text": "content",
        "prompt.variables.*.image_url prompt.variables.*.file_data": BINARY,
        "tools.**": "tools",
        "tools.*.environment.skills.*.source.data": BINARY,
    },
    names=(
        "model input instructions prompt variables role content name stream stream_options include_obfuscation "
        "temperature top_p max_output_tokens max_tool_calls top_logprobs user tools tool_choice text format verbosity "
        "schema strict description parameters properties required additionalProperties items enum type id include "
        "store background parallel_tool_calls previous_response_id conversation reasoning effort summary truncation "
        "metadata service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options mode ttl "
        "context_management compact_threshold server_label server_url server_description require_approval headers "
        "allowed_tools container vector_store_ids filters max_num_results ranking_options ranker score_threshold "
        "user_location country city region timezone search_context_size moderation image access_programs version "
        "background_options"
    ),
)
_ROLES = {"input": "user", "prompt": "user", "instructions": "system"}
_SAID = {
    "content": "content",
    "refusal": "content",
    "transcript": "content",
    RESULT: "content",
    PASSAGE: "content",
    "reasoning": "reasoning",
    SUMMARY: "reasoning",
    "tool_arguments": "tool_arguments",
    "tools": "tools",
}
"""The channel of a string of a request; others are `field`."""


def _item_role(item: Any) -> str:
    kind = item_kind(item)
    if kind == "message":
        return word(mapping(item).get("role"))
    return "tool" if kind.endswith("_output") or kind == "mcp_list_tools" else "assistant"


def _conversation(body: Mapping[str, Any]) -> str:
    named = body.get("conversation")
    return named if isinstance(named, str) else word(mapping(named).get("id"))


def _context(body: Mapping[str, Any]) -> Context:
    said = body.get("input")
    spoken = [{"role": "user", "content": said}] if isinstance(said, str) else sequence(said)
    items = [mapping(item) for item in spoken]
    users = [_text_of(item.get("content")) for item in items if item.get("role") == "user"]
    systems = [_text_of(item.get("content")) for item in items if item.get("role") in ("system", "developer")]
    return Context(
        prompt=users[-1] if users else "",
        system="\n".join(filter(None, (word(body.get("instructions")), *systems))),
        response_format=openai_responses_asked.response_format(body),
        material=openai_responses_asked.sources(body),
        functions=openai_responses_asked.functions(body),
        hidden=openai_responses_asked.hidden(body),
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text for part in sequence(content) if isinstance(text := mapping(part).get("text"), str))


def _depth_of_input(pointer: Pointer) -> int:
    return 2 if len(pointer) > 2 and pointer[0] == "input" and isinstance(pointer[1], int) else 0

"""What a Responses request brings along for its answer: sources, offered tools, the form it wants.

Source: the types of openai-python.  A request that goes on from a stored answer, a conversation or a stored prompt
leaves tools and sources with the vendor: what tools there are is then not known.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from guardrail import material
from guardrail.dialects.openai_responses_places import item_kind
from guardrail.dialects.places import at, mapping, sequence, word
from guardrail.types import Source

_ELSEWHERE = ("previous_response_id", "conversation", "prompt")
_LOADS = frozenset({"mcp", "tool_search"})
"""Tools that bring further tools along, whose names only the vendor knows."""


def sources(body: Mapping[str, Any]) -> tuple[Source, ...]:
    """Everything that the answer may be held against, in the order of the request."""
    return material.distinct(_sources(body))


def _sources(body: Mapping[str, Any]) -> Iterator[Source]:
    yield from material.said("system", word(body.get("instructions")))
    for value in mapping(at(body, ("prompt", "variables"))).values():
        yield from material.pasted(value if isinstance(value, str) else word(mapping(value).get("text")))[0]
    asked = body.get("input")
    if isinstance(asked, str):
        yield from material.pasted(asked)[0]
        return
    names: dict[str, str] = {}
    for item in map(mapping, sequence(asked)):
        names[word(item.get("call_id"))] = word(item.get("name")) or names.get(word(item.get("call_id")), "")
        yield from of_item(item, names.get(word(item.get("call_id")), ""))


def of_item(item: Mapping[str, Any], title: str = "") -> Iterator[Source]:
    """What an item gives the model to go by, in a request or in the answer; `title` is the tool that was called."""
    kind = item_kind(item)
    if kind == "message":
        yield from _of_message(word(item.get("role")), item.get("content"))
    elif kind == "file_search_call":
        for found in map(mapping, sequence(item.get("results"))):
            if text := word(found.get("text")):
                yield Source("document", text, word(found.get("file_id")), word(found.get("filename")))
    elif kind == "web_search_call":
        for found in map(mapping, sequence(at(item, ("action", "sources")))):
            if url := word(found.get("url")):
                yield Source("tool", word(found.get("title")) or url, title=word(found.get("title")), url=url)
    elif kind == "code_interpreter_call":
        for output in map(mapping, sequence(item.get("outputs"))):
            yield from material.result(word(output.get("logs")))
    elif kind == "program_output":
        yield from material.result(word(item.get("result")))
    elif kind.endswith("_output") or kind == "mcp_call":
        yield from _of_output(item.get("output"), title)


def _of_message(role: str, content: Any) -> Iterator[Source]:
    for part in [{"text": content}] if isinstance(content, str) else map(mapping, sequence(content)):
        text = word(part.get("text"))
        if role in ("system", "developer"):
            yield from material.said("system", text)
        elif role == "user":
            yield from material.pasted(text)[0]
            yield from _file(part)
        for note in map(mapping, sequence(part.get("annotations"))):
            if url := word(note.get("url")):
                yield Source("tool", word(note.get("title")) or url, title=word(note.get("title")), url=url)


def _of_output(output: Any, title: str) -> Iterator[Source]:
    """What a tool handed back: a text, parts, or what a shell wrote."""
    if isinstance(output, str):
        yield from material.result(output, title)
        return
    for part in map(mapping, sequence(output)):
        texts = [word(part.get(name)) for name in ("text", "stdout", "stderr")]
        yield from material.result("\n".join(filter(None, texts)), title)
        yield from _file(part)


def _file(part: Mapping[str, Any]) -> Iterator[Source]:
    if text := material.in_file(word(part.get("file_data"))):
        yield Source("document", text, title=word(part.get("filename")), url=word(part.get("file_url")))


def hidden(body: Mapping[str, Any]) -> bool:
    """Whether the answer may go by what nobody here can read."""
    if any(body.get(name) for name in _ELSEWHERE):
        return True
    return any(is_closed(item) for item in map(mapping, sequence(body.get("input"))))


def is_closed(item: Mapping[str, Any]) -> bool:
    """Whether an item, in a request or in the answer, holds or stands for something that is not shown as text."""
    kind = item_kind(item)
    if kind in ("web_search_call", "item_reference", "compaction", "computer_call_output"):
        return True
    if kind == "file_search_call":
        return not sequence(item.get("results"))
    parts = [mapping(part) for name in ("content", "output") for part in sequence(item.get(name))]
    return any(
        word(part.get("type")) in ("input_image", "input_audio")
        or (word(part.get("type")) == "input_file" and not material.in_file(word(part.get("file_data"))))
        for part in parts
    )


def functions(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The offered tools; None when some of them are known to the vendor alone."""
    if not body or any(body.get(name) for name in _ELSEWHERE):
        return None
    found: dict[str, Any] = {}
    items = map(mapping, sequence(body.get("input")))
    loaded = (item.get("tools") for item in items if item_kind(item) in ("additional_tools", "tool_search_output"))
    for tools in (body.get("tools"), *loaded):
        if not _offer(found, map(mapping, sequence(tools))):
            return None
    return found


def _offer(found: dict[str, Any], tools: Iterable[Mapping[str, Any]]) -> bool:
    """Add tools to those `found`; whether their names are all of them."""
    for tool in tools:
        kind, name = word(tool.get("type")), word(tool.get("name"))
        if kind in _LOADS:
            return False
        if kind == "namespace":
            for inner in map(mapping, sequence(tool.get("tools"))):
                found[word(inner.get("name"))] = inner.get("parameters")
                found[f"{name}.{word(inner.get('name'))}"] = inner.get("parameters")
        elif name or kind:
            found[name or kind] = tool.get("parameters")
    return True


def response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request's own wish for JSON."""
    wish = mapping(at(body, ("text", "format")))
    if wish.get("type") == "json_schema":
        return {"type": "json_schema", "schema": mapping(wish.get("schema"))}
    return {"type": "json_object"} if wish.get("type") == "json_object" else None

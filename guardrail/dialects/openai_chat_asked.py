"""What a chat completions request brings along for its answer: sources, offered tools, the form it wants.

Source: the types of openai-python; `documents` as vLLM and Cohere's compatible endpoint take them beside the messages,
`context.citations` as Azure OpenAI on your data hands them back, `guided_json` and `structured_outputs` of vLLM, and
`schema` beside `json_object` as llama.cpp and Together have it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from guardrail import material
from guardrail.dialects.places import at, mapping, sequence, word
from guardrail.types import Source

_ITS_OWN = frozenset({"system", "developer"})
_RESULTS = frozenset({"tool", "function"})


def sources(body: Mapping[str, Any]) -> tuple[Source, ...]:
    """Everything that the answer may be held against, in the order of the request."""
    return material.distinct((*_of_messages(body), *material.documents(body.get("documents"))))


def _of_messages(body: Mapping[str, Any]) -> Iterator[Source]:
    names: dict[str, str] = {}
    for message in map(mapping, sequence(body.get("messages"))):
        role = message.get("role")
        for call in map(mapping, sequence(message.get("tool_calls"))):
            names[word(call.get("id"))] = word(mapping(call.get("function") or call.get("custom")).get("name"))
        for note in map(mapping, sequence(message.get("annotations"))):
            yield from _noted(note)
        title = word(message.get("name")) or names.get(word(message.get("tool_call_id")), "")
        yield from material.documents(at(message, ("context", "citations")))
        content = message.get("content")
        for part in [{"text": content}] if isinstance(content, str) else map(mapping, sequence(content)):
            text = word(part.get("text"))
            if part.get("type") == "document":
                yield from material.documents(part)
            elif role in _ITS_OWN:
                yield from material.said("system", text)
            elif role in _RESULTS:
                yield from material.result(text, title)
            elif role == "user":
                yield from material.pasted(text)[0]
                yield from _file(mapping(part.get("file")))


def _noted(note: Mapping[str, Any]) -> Iterator[Source]:
    """An annotation of an earlier answer: a link that the vendor's search found, or a file that OpenRouter read."""
    link, file = mapping(note.get("url_citation")), mapping(note.get("file"))
    if url := word(link.get("url")):
        yield Source(
            "tool", word(link.get("content")) or word(link.get("title")) or url, "", word(link.get("title")), url
        )
    for part in map(mapping, sequence(file.get("content"))):
        if text := word(part.get("text")):
            yield Source("document", text, title=word(file.get("name")))


def hidden(body: Mapping[str, Any]) -> bool:
    """Whether the answer may go by what nobody here can read."""
    if body.get("web_search_options") is not None or body.get("data_sources") or body.get("plugins"):
        return True
    messages = map(mapping, sequence(body.get("messages")))
    parts = (mapping(part) for message in messages for part in sequence(message.get("content")))
    return any(_is_closed(part) for part in parts)


def _is_closed(part: Mapping[str, Any]) -> bool:
    if word(part.get("type")) in ("image_url", "input_audio", "video_url", "image"):
        return True
    file = part.get("file")
    return isinstance(file, dict) and not material.in_file(word(file.get("file_data")))


def _file(part: Mapping[str, Any]) -> Iterator[Source]:
    if text := material.in_file(word(part.get("file_data"))):
        yield Source("document", text, title=word(part.get("filename")))


def functions(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The offered tools; None when some of them are known to the server alone."""
    if not body:
        return None
    found: dict[str, Any] = {}
    for tool in map(mapping, sequence(body.get("tools"))):
        kind = word(tool.get("type"))
        holder = mapping(tool.get("function") or tool.get("custom"))
        if kind == "mcp":
            return None
        if name := word(holder.get("name")) or kind:
            found[name] = holder.get("parameters")
    for function in map(mapping, sequence(body.get("functions"))):
        if name := word(function.get("name")):
            found[name] = function.get("parameters")
    return found


def response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request's own wish for JSON."""
    wish = mapping(body.get("response_format"))
    kind = wish.get("type")
    schema = body.get("guided_json") or at(body, ("structured_outputs", "json"))
    if kind in ("json_schema", "json_object"):
        schema = at(wish, ("json_schema", "schema")) or wish.get("schema") or schema
    if isinstance(schema, dict) and schema:
        return {"type": "json_schema", "schema": schema}
    if kind == "json_schema":
        return {"type": "json_schema", "schema": {}}
    return {"type": "json_object"} if kind == "json_object" else None

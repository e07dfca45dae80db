"""What a Gemini request brings along for its answer: what was said last, sources, offered tools, the form it wants.

Source: the types of google-genai.  A request may spell every member in camelCase or in snake_case; it is sent on as it
is, whichever of two the upstream keeps.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from guardrail import material
from guardrail.dialects.places import mapping, sequence, word
from guardrail.types import Source

_HUMP = re.compile(r"(?<=[a-z0-9])[A-Z]")
_RESULTS = ("functionResponse", "toolResponse")
_SEEN = frozenset({"function_declarations", "code_execution"})
"""Tools whose results stand in the conversation as text."""
_FINDS = ("computerUse", "mcpServers")
"""Tools that bring functions along which the request does not name."""


@cache
def snake(name: str) -> str:
    """A name in snake_case."""
    return _HUMP.sub(lambda hump: "_" + hump.group().lower(), name)


def member(holder: Mapping[str, Any], name: str) -> Any:
    """A member of a request in either spelling."""
    return holder.get(name, holder.get(snake(name)))


def speaker(content: Mapping[str, Any]) -> str:
    """The role of a content, in the words of the other dialects."""
    role = word(content.get("role")) or "user"
    return {"model": "assistant", "function": "tool"}.get(role, role)


def contents(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The turns of the conversation."""
    found = [mapping(content) for content in sequence(body.get("contents"))]
    return found or [mapping(body.get("content"))]


def text_of(content: Mapping[str, Any]) -> str:
    """The texts of a content."""
    texts = (mapping(part).get("text") for part in sequence(content.get("parts")))
    return "\n".join(text for text in texts if isinstance(text, str))


def prompt(body: Mapping[str, Any]) -> str:
    """What the user said last; results of functions are sent in the user's name and are not it."""
    said = [text_of(content) for content in contents(body) if speaker(content) == "user"]
    return next((text for text in reversed(said) if text), "")


def sources(body: Mapping[str, Any]) -> tuple[Source, ...]:
    """Everything that the answer may be held against, in the order of the request."""
    return material.distinct(_sources(body))


def _sources(body: Mapping[str, Any]) -> Iterator[Source]:
    for part in map(mapping, sequence(mapping(member(body, "systemInstruction")).get("parts"))):
        yield from _of_part("system", part)
    for content in contents(body):
        for part in map(mapping, sequence(content.get("parts"))):
            yield from _of_part(speaker(content), part)


def _of_part(role: str, part: Mapping[str, Any]) -> Iterator[Source]:
    text = word(part.get("text"))
    if role == "system":
        yield from material.said("system", text)
    elif role == "tool":
        yield from material.result(text)
    elif role == "user":
        yield from material.pasted(text)[0]
    yield from _file(mapping(member(part, "inlineData")))
    for name in _RESULTS:
        result = mapping(member(part, name))
        title = word(result.get("name")) or word(member(result, "toolType"))
        if response := result.get("response"):
            yield from material.result(response, title)
        for inner in map(mapping, sequence(result.get("parts"))):
            yield from _file(mapping(member(inner, "inlineData")))
    yield from material.result(word(mapping(member(part, "codeExecutionResult")).get("output")))


def handed(candidate: Mapping[str, Any]) -> Iterator[Source]:
    """What tools of the vendor's own gave the model on the way, in its answer."""
    for part in map(mapping, sequence(mapping(candidate.get("content")).get("parts"))):
        if any(member(part, name) for name in (*_RESULTS, "codeExecutionResult")):
            yield from _of_part("assistant", part)
    grounding = mapping(member(candidate, "groundingMetadata"))
    for chunk in map(mapping, sequence(member(grounding, "groundingChunks"))):
        found = mapping(member(chunk, "retrievedContext") or chunk.get("web") or chunk.get("maps"))
        title, url = word(found.get("title")), word(found.get("uri"))
        if text := word(found.get("text")) or title or url:
            yield Source("document" if member(chunk, "retrievedContext") else "tool", text, title=title, url=url)


def hidden(body: Mapping[str, Any]) -> bool:
    """Whether the answer may go by what nobody here can read.  What a search found comes with the last event of a
    stream, so that one is offered is enough."""
    tools = body.get("tools")
    offered = (snake(name) for tool in sequence(tools) for name in mapping(tool)) if isinstance(tools, list) else ()
    if member(body, "cachedContent") or any(name not in _SEEN for name in offered):
        return True
    parts = (mapping(part) for content in contents(body) for part in sequence(content.get("parts")))
    return any(_is_closed(part) for part in parts)


def _is_closed(part: Mapping[str, Any]) -> bool:
    blob = mapping(member(part, "inlineData"))
    binary = bool(blob) and not material.in_file(word(blob.get("data")), word(member(blob, "mimeType")))
    return binary or bool(member(part, "fileData"))


def _file(blob: Mapping[str, Any]) -> Iterator[Source]:
    if text := material.in_file(word(blob.get("data")), word(member(blob, "mimeType"))):
        yield Source("document", text, title=word(member(blob, "displayName")))


def functions(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The offered tools; None when some are kept in a cache or known to the vendor alone."""
    if not body or member(body, "cachedContent"):
        return None
    found: dict[str, Any] = {}
    tools = body.get("tools")
    for tool in map(mapping, sequence(tools) if isinstance(tools, list) else [tools]):
        if any(member(tool, name) is not None for name in _FINDS):
            return None
        for declared in map(mapping, sequence(member(tool, "functionDeclarations"))):
            own = declared.get("parameters")
            schema = member(declared, "parametersJsonSchema") or (json_schema(own) if own else None)
            found[word(declared.get("name"))] = schema
        for name in tool:
            if snake(name) != "function_declarations":
                found[snake(name)] = None
    return found


def response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request's own wish for JSON."""
    config = mapping(member(body, "generationConfig"))
    text = mapping(mapping(member(config, "responseFormat")).get("text"))
    kinds = (word(member(config, "responseMimeType")), word(member(text, "mimeType")))
    if not {"application/json", "application_json"} & {kind.lower() for kind in kinds}:
        return None
    schema = member(config, "responseJsonSchema") or text.get("schema")
    if schema is None and isinstance(own := member(config, "responseSchema"), dict):
        schema = json_schema(own)
    return {"type": "json_schema", "schema": mapping(schema)} if schema else {"type": "json_object"}


_NAMES = {
    "any_of": "anyOf",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "additional_properties": "additionalProperties",
}
_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_SCHEMAS = frozenset({"items", "additionalProperties"})


def json_schema(schema: Any, depth: int = 64) -> Any:
    """Gemini's own kind of schema as JSON Schema: it writes types in capitals, counts as strings (they are of 64 bits),
    and says `nullable` where JSON Schema has a second type; names of properties are left as they are."""
    if not isinstance(schema, dict) or not depth:
        return schema
    out: dict[str, Any] = {}
    for spelled, value in schema.items():
        name = str(_NAMES.get(spelled, spelled))
        if name == "type" and isinstance(value, str):
            if value.lower() in _TYPES:
                out[name] = value.lower()
        elif name == "properties" and isinstance(value, dict):
            out[name] = {key: json_schema(each, depth - 1) for key, each in value.items()}
        elif name == "anyOf" and isinstance(value, list):
            out[name] = [json_schema(each, depth - 1) for each in value]
        elif name in _SCHEMAS:
            out[name] = json_schema(value, depth - 1)
        elif name in _COUNTS and isinstance(value, str):
            out |= {name: int(value)} if value.isdecimal() else {}
        elif name not in ("nullable", "propertyOrdering", "property_ordering"):
            out[name] = value
    if not schema.get("nullable"):
        return out
    if isinstance(out.get("type"), str) and "enum" not in out:
        return {**out, "type": [out["type"], "null"]}
    return {"anyOf": [out, {"type": "null"}]} if out else out

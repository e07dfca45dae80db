"""What an Anthropic Messages request brings along for its answer: sources, offered tools, the form it wants.

Source: the types of anthropic-sdk-python, beta ones included.  Results of the vendor's own tools stand in the answers
of earlier turns and are read there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from guardrail import material
from guardrail.dialects.places import mapping, sequence, word
from guardrail.types import Source

_DEPTH = 6
_HANDED = ("text", "content", "data", "stdout", "stderr")


def sources(body: Mapping[str, Any]) -> tuple[Source, ...]:
    """Everything that the answer may be held against, in the order of the request."""
    return material.distinct(_sources(body))


def _sources(body: Mapping[str, Any]) -> Iterator[Source]:
    yield from _of_content("system", body.get("system"), {})
    names: dict[str, str] = {}
    for message in map(mapping, sequence(body.get("messages"))):
        yield from _of_content(word(message.get("role")), message.get("content"), names)


def _of_content(role: str, content: Any, names: dict[str, str]) -> Iterator[Source]:
    for block in [{"text": content}] if isinstance(content, str) else map(mapping, sequence(content)):
        kind = word(block.get("type")) or "text"
        if kind in ("document", "search_result"):
            yield from _document(block)
        elif kind.endswith("tool_result"):
            yield from _handed(block.get("content"), names.get(word(block.get("tool_use_id")), ""), _DEPTH)
        elif kind.endswith("tool_use"):
            names[word(block.get("id"))] = word(block.get("name"))
        elif kind == "text" and role == "system":
            yield from material.said("system", word(block.get("text")))
        elif kind == "text" and role == "user":
            yield from material.pasted(word(block.get("text")))[0]
        for cited in map(mapping, sequence(block.get("citations"))):
            yield from _cited(cited)


def handed(message: Mapping[str, Any]) -> list[Source]:
    """What tools of the vendor's own gave the model on the way, in its answer."""
    return list(_of_content("assistant", message.get("content"), {}))


def _cited(citation: Mapping[str, Any]) -> Iterator[Source]:
    """What a citation of an earlier answer quotes: of a web search nothing else can be read."""
    if text := word(citation.get("cited_text")):
        title = word(citation.get("title")) or word(citation.get("document_title"))
        yield Source("document", text, title=title, url=word(citation.get("url")) or word(citation.get("source")))


def hidden(body: Mapping[str, Any]) -> bool:
    """Whether the answer may go by what nobody here can read."""
    return any(is_closed(mapping(message)) for message in sequence(body.get("messages")))


def is_closed(message: Mapping[str, Any]) -> bool:
    """Whether a message, of a request or an answer, holds something that is not shown as text."""
    return _closed(message.get("content"), _DEPTH)


def _closed(content: Any, depth: int) -> bool:
    for block in map(mapping, sequence(content) if depth else ()):
        kind, source = word(block.get("type")), mapping(block.get("source"))
        if kind in ("image", "container_upload", "web_search_result", "compaction"):
            return True
        if kind == "document" and word(source.get("type")) in ("base64", "url", "file"):
            return True
        inner = block.get("content")
        if _closed(inner if isinstance(inner, list) else [inner], depth - 1):
            return True
    return False


def _document(block: Mapping[str, Any]) -> Iterator[Source]:
    """A document or a search result.  Its context is no part of what can be cited, but says what the model knows."""
    source = block.get("source")
    inner = mapping(source)
    texts = [word(block.get("context"))]
    if inner.get("type") == "base64":
        texts.append(material.in_file(word(inner.get("data")), word(inner.get("media_type"))))
    elif isinstance(source, dict):
        texts += [word(inner.get("data")), _text(inner.get("content"))]
    texts.append(_text(block.get("content")))
    if text := "\n".join(filter(None, texts)):
        url = source if isinstance(source, str) else word(inner.get("url"))
        yield Source("document", text, title=word(block.get("title")), url=word(url) or word(block.get("url")))


def _text(content: Any) -> str:
    """The text of blocks."""
    if isinstance(content, str):
        return content
    return "\n".join(filter(None, (word(mapping(block).get("text")) for block in sequence(content))))


def _handed(node: Any, title: str, depth: int) -> Iterator[Source]:
    """What a tool handed back: text, blocks, documents, or the results of a search."""
    if isinstance(node, str):
        yield from material.result(node, title)
    elif isinstance(node, list):
        for each in node if depth else ():
            yield from _handed(each, title, depth - 1)
    elif isinstance(node, dict) and depth:
        kind = word(node.get("type"))
        if kind in ("document", "search_result"):
            yield from _document(node)
        elif kind == "web_search_result":
            name, url = word(node.get("title")), word(node.get("url"))
            yield Source("tool", name or url, title=name, url=url)
        elif kind == "web_fetch_result":
            found = _handed(node.get("content"), title, depth - 1)
            url = word(node.get("url"))
            yield from (source if source.url else _at(source, url) for source in found)
        elif kind != "base64":
            for name in _HANDED:
                yield from _handed(node.get(name), title, depth - 1)


def _at(source: Source, url: str) -> Source:
    return Source(source.origin, source.text, source.key, source.title, url)


def functions(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The offered tools; None when one is offered whose tools are not named: a set of them."""
    if not body:
        return None
    found: dict[str, Any] = {}
    for tool in (*map(mapping, sequence(body.get("tools"))), *_added(body)):
        kind, name = word(tool.get("type")), word(tool.get("name"))
        if "toolset" in kind and kind != "mcp_toolset":
            return None
        if name:
            found[name] = tool.get("input_schema")
    return found


def _added(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tools that a message defines, also one that compaction has folded into a block."""
    for message in map(mapping, sequence(body.get("messages"))):
        for block in map(mapping, sequence(message.get("content"))):
            for change in (block, *map(mapping, sequence(block.get("tool_changes")))):
                if change.get("type") == "tool_addition":
                    yield mapping(mapping(change.get("tool")).get("definition"))


def response_format(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The request's own wish for JSON."""
    wish = mapping(mapping(body.get("output_config")).get("format") or body.get("output_format"))
    if wish.get("type") != "json_schema":
        return None
    return {"type": "json_schema", "schema": mapping(wish.get("schema"))}

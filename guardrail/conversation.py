"""What a request tells of its conversation: who said which text, so that detectors and rules can ask whose it is.

Rules:
1. The caller's own words are what stands in messages of role `user`.  System messages, results of tools and documents
   that the request carries are somebody else's, also where a vendor's API puts them into a user message, and so are
   the passages that an application pastes between the caller's words.
2. What cannot be told apart counts as somebody else's: an exception for the caller's own data must not be widened by
   a text that only looks like theirs.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from guardrail.dialects.places import at
from guardrail.dialects.protocol import Call, View
from guardrail.material import distinct, pasted
from guardrail.types import Context, Segment

_ANSWERS = ("assistant", "model")
_SAID_IN = frozenset({"content", "text", "parts", "input"})
"""The members in which a person's words stand, in every vendor's API."""
_OTHERS = frozenset({"tool", "document"})
_SAID_AS = frozenset({None, "text", "input_text", "message"})
"""The types of what holds a person's words; a document or a result of a tool may have a text too."""


def heard(context: Context, segments: Iterable[Segment], document: Any) -> Context:
    """`context` with the texts of a request sorted by who said them.

    `segments` are all strings of the request, as the dialect names them; `document` is the request they stand in.
    """
    caller: list[str] = []
    history: list[str] = []
    tools: list[str] = []
    for segment in segments:
        if segment.channel == "tools":
            tools.append(segment.text)
        elif segment.channel == "content" and segment.role in _ANSWERS:
            history.append(segment.text)
        elif segment.channel == "content" and segment.role == "user":
            caller += _said(segment, context, document)
    return replace(context, caller=tuple(caller), history=tuple(history), tools=tuple(tools))


def brought(call: Call, view: View) -> Call:
    """`call` with what tools of the vendor's own gave the model while it answered."""
    known = call.context
    more = distinct((*known.material, *view.material)) if view.material else known.material
    return replace(call, context=replace(known, material=more, hidden=known.hidden or view.hidden))


def _said(segment: Segment, context: Context, document: Any) -> list[str]:
    """What of a text in the caller's name is the caller's own."""
    name = next((part for part in reversed(segment.pointer) if isinstance(part, str)), "")
    if name == "prompt" and segment.pointer[0] == "prompt":
        # A transcript may hold answers too; the dialect knows what was asked last.
        return _own(context.prompt) if context.prompt and context.prompt in segment.text else []
    if name not in _SAID_IN or segment.pointer[0] == "prompt":
        return []
    holder = at(document, segment.pointer[:-1])
    if isinstance(holder, dict) and (holder.get("type") not in _SAID_AS or holder.get("thought")):
        return []
    others = (source.text for source in context.material if source.origin in _OTHERS)
    return [] if any(segment.text in text for text in others) else _own(segment.text)


def _own(text: str) -> list[str]:
    """A text without the passages that are pasted into it."""
    rest = pasted(text)[1]
    return [rest] if rest else []

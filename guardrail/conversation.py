"""What a request tells of its conversation: who said which text, so that detectors and rules can ask whose it is.

Rules:
1. The caller's own words are what stands in messages of role `user`.  System messages, results of tools and documents
   that the request carries are somebody else's, also where a vendor's API puts them into a user message.
2. What cannot be told apart counts as somebody else's: an exception for the caller's own data must not be widened by
   a text that only looks like theirs.
"""

from collections.abc import Iterable
from dataclasses import replace

from guardrail.types import Context, Segment

_ANSWERS = ("assistant", "model")


def heard(context: Context, segments: Iterable[Segment]) -> Context:
    """`context` with the texts of a request sorted by who said them.

    `segments` are all strings of the request, as the dialect names them.
    """
    caller: list[str] = []
    history: list[str] = []
    tools: list[str] = []
    for segment in segments:
        if segment.channel == "tools":
            tools.append(segment.text)
        elif segment.channel == "content" and segment.role in _ANSWERS:
            history.append(segment.text)
        elif segment.channel == "content" and segment.role == "user" and not _is_material(segment.text, context):
            caller.append(segment.text)
    return replace(context, caller=tuple(caller), history=tuple(history), tools=tuple(tools))


def _is_material(text: str, context: Context) -> bool:
    return any(text in source for source in context.sources)

"""A question asked again: the bytes of a request with an answer, and what was wrong with it, at their end.

Rules:
1. Nothing but the end of the conversation changes: turns are added to an array, or words to the end of a string, and
   every other byte of the request stays as it came.
2. Where the conversation does not end in the request (it is stored with the vendor, or is about other things than
   words), there is nothing to add to: the result is None, and the question is asked as it was.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from guardrail.dialects.places import at, mapping
from guardrail.types import Pointer
from guardrail.wire import jsontext


def parsed(body: bytes) -> Mapping[str, Any]:
    """The members of a request, none where it is no object."""
    try:
        return mapping(jsontext.parse(body))
    except jsontext.JsonError:
        return {}


def turns_added(body: bytes, pointer: Pointer, turns: Sequence[Mapping[str, Any]]) -> bytes | None:
    """`body` with `turns` at the end of the array at `pointer`; None where no such array has anything in it."""
    held = at(parsed(body), pointer)
    if not isinstance(held, list) or not held:
        return None
    return jsontext.append(body, pointer, [dumped(turn) for turn in turns])


def words_added(body: bytes, pointer: Pointer, words: str) -> bytes | None:
    """`body` with `words` at the end of the string at `pointer`; None where there is no such string."""
    if not isinstance(at(parsed(body), pointer), str):
        return None
    return jsontext.splice(body, {pointer: written(body, pointer)[:-1] + dumped(words)[1:]})


def written(body: bytes, pointer: Pointer) -> bytes:
    """The bytes of the value at `pointer`, which is there."""
    return next(body[start:end] for place, start, end in jsontext.locate(body) if place == pointer)


def said(answer: str, feedback: str) -> list[dict[str, Any]]:
    """The answer and the reply to it as turns of a chat; the reply alone where there is no answer to show."""
    turns = [{"role": "assistant", "content": answer}] if answer.strip() else []
    return [*turns, {"role": "user", "content": feedback}]


def in_prose(answer: str, feedback: str) -> str:
    """The same behind a prompt that has no turns."""
    return "".join(f"\n\n{part}" for part in (answer.strip(), feedback) if part) + "\n\n"


def dumped(value: Any) -> bytes:
    """JSON in one line; an answer may hold half a character, which orjson refuses."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()

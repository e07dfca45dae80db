"""What the client of one Responses stream has got so far, and the events that add to it or end it.

Rules:
1. It is built from documents that left, as the client got them, and from nothing else.
2. What was opened is closed as the API closes it: each text, each part, each item, then the response.
3. Every event that is written has the next sequence number; an item has the place in `output` that its index says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guardrail.dialects.openai_common import dump
from guardrail.dialects.openai_responses_places import ENDS, SNAPSHOTS
from guardrail.dialects.places import at, mapping, sequence, word
from guardrail.dialects.protocol import Notes
from guardrail.wire.frames import Added

_TEXT_OF = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text", "summary_text": "text"}
_PART_OF: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "output_text": ("content", "output_text", {"text": "", "annotations": []}),
    "refusal": ("content", "refusal", {"refusal": ""}),
    "reasoning_text": ("content", "reasoning_text", {"text": ""}),
    "reasoning_summary_text": ("summary", "summary_text", {"text": ""}),
}
"""The texts that come in pieces, by the name of their events: the array and the type of the part they belong to."""
_INDEX = {"content": "content_index", "summary": "summary_index"}


@dataclass(slots=True)
class _Part:
    """A part of an item: its text is that of `body`, then `chunks`; `stage` counts what has ended: text, part."""

    body: dict[str, Any]
    chunks: list[str] = field(default_factory=list)
    stage: int = 0

    def whole(self) -> dict[str, Any]:
        name = _TEXT_OF.get(word(self.body.get("type")))
        if name is None or not self.chunks:
            return self.body
        return {**self.body, name: word(self.body.get(name)) + "".join(self.chunks)}


class Seen:
    """The response as a client of the stream would put it together."""

    def __init__(self, model: str) -> None:
        """`model` is what the request asked for; it stands in for the model of a response that never began."""
        self._model = model
        self._response: Mapping[str, Any] | None = None
        self._items: dict[int, Mapping[str, Any]] = {}
        self._open: set[int] = set()
        self._parts: dict[tuple[int, str, int], _Part] = {}
        self.sequence = -1
        self.ended = False

    @property
    def next_index(self) -> int:
        """The place in `output` that is free."""
        return max(self._items, default=-1) + 1

    def take(self, document: Any) -> None:
        """A document has left."""
        event = mapping(document)
        self.number(event)
        kind = word(event.get("type"))
        if kind == "response.created" or kind in SNAPSHOTS:
            self._begin(mapping(event.get("response")))
        elif kind in ENDS:
            self.ended = True
        elif kind in _TAKERS:
            _TAKERS[kind](self, event, _place(event, "output_index"))
        elif kind.endswith(".delta"):
            self._grow(event, kind.removeprefix("response.").removesuffix(".delta"))
        elif kind.endswith(".done"):
            self._text_ended(event, kind.removeprefix("response.").removesuffix(".done"))

    def number(self, document: Any) -> None:
        """Remember the sequence number of a document that has left."""
        number = mapping(document).get("sequence_number")
        if isinstance(number, int) and number > self.sequence:
            self.sequence = number

    def _begin(self, response: Mapping[str, Any]) -> None:
        if self._response is None:
            self._items = {index: mapping(item) for index, item in enumerate(sequence(response.get("output")))}
        self._response = response

    def _item_added(self, event: Mapping[str, Any], index: int) -> None:
        item = mapping(event.get("item"))
        self._items[index] = item
        self._open.add(index)
        for array in _INDEX:
            for nth, part in enumerate(sequence(item.get(array))):
                self._parts[index, array, nth] = _Part(dict(mapping(part)))

    def _item_done(self, event: Mapping[str, Any], index: int) -> None:
        self._items[index] = mapping(event.get("item"))
        self._open.discard(index)
        for key in [key for key in self._parts if key[0] == index]:
            del self._parts[key]

    def _part_added(self, event: Mapping[str, Any], index: int) -> None:
        array = _array(event)
        self._parts[index, array, _place(event, _INDEX[array])] = _Part(dict(mapping(event.get("part"))))

    def _part_done(self, event: Mapping[str, Any], index: int) -> None:
        array = _array(event)
        self._parts[index, array, _place(event, _INDEX[array])] = _Part(dict(mapping(event.get("part"))), stage=2)

    def _annotated(self, event: Mapping[str, Any], index: int) -> None:
        part = self._parts.get((index, "content", _place(event, "content_index")))
        if part is not None:
            part.body["annotations"] = [*sequence(part.body.get("annotations")), mapping(event.get("annotation"))]

    def _grow(self, event: Mapping[str, Any], name: str) -> None:
        if name in _PART_OF:
            self._part(event, name).chunks.append(word(event.get("delta")))

    def _text_ended(self, event: Mapping[str, Any], name: str) -> None:
        """A text is complete: that of a part, or a string of the item itself (arguments, input, code)."""
        if name in _PART_OF:
            part = self._part(event, name)
            part.stage = max(part.stage, 1)
            return
        index = _place(event, "output_index")
        told = {key: event[key] for key in ("arguments", "input", "code") if isinstance(event.get(key), str)}
        if index in self._open and told:
            self._items[index] = {**self._items[index], **told}

    def _part(self, event: Mapping[str, Any], name: str) -> _Part:
        array, kind, empty = _PART_OF[name]
        key = (_place(event, "output_index"), array, _place(event, _INDEX[array]))
        if key not in self._parts:
            self._parts[key] = _Part({"type": kind, **empty})
        return self._parts[key]

    # What is written.

    def begin(self) -> list[Added]:
        """The event that opens a response, unless the client has it."""
        if self._response is not None:
            return []
        self._response = {
            "id": "resp_guardrail",
            "object": "response",
            "created_at": 0,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": self._model,
            "output": [],
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
        }
        return [self._event("response.created", response=self._response)]

    def say(self, index: int, text: str) -> list[Added]:
        """A message of its own at `index`, complete."""
        item = {"id": f"msg_guardrail_{index}", "type": "message", "role": "assistant"}
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        self._items[index] = {**item, "status": "completed", "content": [part]}
        whole = {"item_id": item["id"], "output_index": index, "content_index": 0}
        opened = {**item, "status": "in_progress", "content": []}
        return [
            self._event("response.output_item.added", output_index=index, item=opened),
            self._event("response.content_part.added", **whole, part={**part, "text": ""}),
            self._event("response.output_text.delta", **whole, delta=text, logprobs=[]),
            self._event("response.output_text.done", **whole, text=text, logprobs=[]),
            self._event("response.content_part.done", **whole, part=part),
            self._event("response.output_item.done", output_index=index, item=self._items[index]),
        ]

    def item(self, index: int) -> bytes:
        """An item of the output as JSON."""
        return dump(self._items[index])

    def close(self) -> list[Added]:
        """The events that close every item that is open."""
        return [event for index in sorted(self._open) for event in self._close(index)]

    def _close(self, index: int) -> list[Added]:
        item = dict(self._items[index])
        written: list[Added] = []
        for array, nth in sorted((array, nth) for owner, array, nth in self._parts if owner == index):
            part = self._parts[index, array, nth]
            written += self._close_part(part, array, index, nth, word(item.get("id")))
            parts = [] if nth == 0 else list(sequence(item.get(array)))
            item[array] = [*parts[:nth], part.whole()]
        if "status" in item:
            item["status"] = "incomplete"
        self._open.discard(index)
        self._items[index] = item
        return [*written, self._event("response.output_item.done", output_index=index, item=item)]

    def _close_part(self, part: _Part, array: str, index: int, nth: int, item_id: str) -> list[Added]:
        body = part.whole()
        place = {"item_id": item_id, "output_index": index, _INDEX[array]: nth}
        name = _TEXT_OF.get(word(body.get("type")))
        written: list[Added] = []
        if part.stage < 1 and name is not None:
            text: dict[str, Any] = {name: word(body.get(name))}
            if body["type"] == "output_text":
                text["logprobs"] = []
            prefix = "reasoning_" if array == "summary" else ""
            written.append(self._event(f"response.{prefix}{body['type']}.done", **place, **text))
        if part.stage < 2:
            kind = "reasoning_summary_part" if array == "summary" else "content_part"
            written.append(self._event(f"response.{kind}.done", **place, part=body))
        return written

    def incomplete(self, notes: Notes) -> Added:
        """The event that ends the response as the vendor's own content filter would."""
        response = {
            **mapping(self._response),
            "status": "incomplete",
            "error": None,
            "incomplete_details": {"reason": "content_filter"},
            "output": [self._items[index] for index in sorted(self._items)],
        }
        self.ended = True
        told = {} if notes is None else {"guardrail": notes}
        return self._event("response.incomplete", response=response, **told)

    def failed(self, code: str, message: str) -> Added:
        """An error: by the vendor's types its members stand at the top, and the SDKs raise what is below `error`."""
        error = {"type": "api_error", "code": code, "message": message, "param": None}
        return self._event("error", **{**error, "type": "error"}, error=error)

    def _event(self, kind: str, **members: Any) -> Added:
        self.sequence += 1
        return kind, dump({**members, "type": kind, "sequence_number": self.sequence})


def _place(event: Mapping[str, Any], name: str) -> int:
    index = event.get(name)
    return index if isinstance(index, int) else 0


def _array(event: Mapping[str, Any]) -> str:
    summed = at(event, ("part", "type")) == "summary_text" or "summary_index" in event
    return "summary" if summed else "content"


_TAKERS: Mapping[str, Callable[[Seen, Mapping[str, Any], int], None]] = {
    "response.output_item.added": Seen._item_added,
    "response.output_item.done": Seen._item_done,
    "response.content_part.added": Seen._part_added,
    "response.content_part.done": Seen._part_done,
    "response.reasoning_summary_part.added": Seen._part_added,
    "response.reasoning_summary_part.done": Seen._part_done,
    "response.reasoning_part.added": Seen._part_added,
    "response.reasoning_part.done": Seen._part_done,
    "response.output_text.annotation.added": Seen._annotated,
}

"""Anthropic text completions, the API before Messages: where its text sits, streamed and not.

Source: the last types of anthropic-sdk-python that had them.  `POST .../v1/complete`; server-sent events named
`completion`, each with the next piece of the text.  It has no word for a refusal: that of Messages is used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from guardrail import material
from guardrail.dialects.again import parsed, words_added
from guardrail.dialects.anthropic_common import error_body, error_event
from guardrail.dialects.places import FIELD, META, Paths, Table, alone, mapping, word
from guardrail.dialects.protocol import Call, ChannelKey, Delta, Lens, Notes, Strings, UnknownEvent, View
from guardrail.types import Context, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import JsonError

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/v1/complete")
_CONTENT: ChannelKey = (0, "content", 0)
_KINDS = frozenset({"completion", "ping", "error"})
_REASONS = {"stop_sequence": "stop", "max_tokens": "length"}
_ANSWER = Table(
    {"completion": "content", "id log_id model type stop_reason stop error.type": META},
    names="exception truncated error message request_id",
)
_REQUEST = Table(
    {"prompt": "content"},
    names="model max_tokens_to_sample stop_sequences temperature top_p top_k metadata user_id stream",
)


class AnthropicComplete:
    """The lens on text completions."""

    name = "anthropic_complete"
    vendor = "anthropic"
    framings = frozenset({"sse"})

    def matches(self, method: str, path: str) -> bool:
        return method == "POST" and _PATH.fullmatch(path) is not None and "/../" not in path and "/./" not in path

    def call(self, document: Any, path: str, query: str) -> Call:
        body = mapping(document)
        talk = word(body.get("prompt"))
        system, human, _ = talk.partition("\n\nHuman:")
        prompt = talk.rpartition("\n\nHuman:")[2].partition("\n\nAssistant:")[0].strip()
        known = material.said("system", system.strip()) if human else []
        turns = talk[len(system) :] if human else talk
        context = Context(
            prompt=prompt,
            material=material.distinct([*known, *material.pasted(turns)[0]]),
            functions={} if body else None,
        )
        return Call(word(body.get("model")), body.get("stream") is True, context=context)

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        return [
            Segment(Stage.REQUEST, "user" if channel == "content" else "", channel, pointer, text)
            for channel, pointer, text in ((c if c != META else FIELD, p, t) for c, p, t in _REQUEST.sorted(strings))
            if text
        ]

    def answer(self, document: Any, strings: Strings) -> View:
        view = _view(document, strings, None)
        return (
            view if view.deltas else View([Delta(_CONTENT, ("completion",), "")], view.fields, finishes=view.finishes)
        )

    def lens(self, call: Call) -> Lens:
        return _Lens(call.model)

    def ask_again(self, body: bytes, answer: str, feedback: str) -> bytes | None:
        if not word(parsed(body).get("prompt")).rstrip().endswith("Assistant:"):
            return None  # the answer goes on with a text that is not over
        told = f" {answer.strip()}" if answer.strip() else ""
        return words_added(body, ("prompt",), f"{told}\n\nHuman: {feedback}\n\nAssistant:")

    def error(self, status: int, code: str, message: str) -> bytes:
        return error_body(status, code, message)


class _Lens(Lens):
    def __init__(self, model: str) -> None:
        self._model = model
        self._paths = Paths()

    def event(self, document: Any, strings: Strings, name: str) -> View:
        kind = word(mapping(document).get("type")) or name
        if kind not in _KINDS:
            raise UnknownEvent(kind)
        if name in _KINDS and name != kind:
            raise JsonError("an event is named differently from what it holds")
        if kind == "completion":
            return _view(document, strings, self._paths)
        return View(fields=[alone(FIELD, pointer, text) for _, pointer, text in _ANSWER.sorted(strings) if text])

    def is_done(self, data: bytes) -> bool:
        return False

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return [self._completion(document, {"completion": text})]

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        end: dict[str, Any] = {"completion": message, "stop_reason": "refusal"}
        if notes is not None:
            end["guardrail"] = notes
        return [self._completion(last, end)]

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [error_event(code, message)]

    def _completion(self, seen: Any, more: Mapping[str, Any]) -> Added:
        """An event with the identity of one that the client has seen."""
        known = {name: value for name in ("id", "log_id", "model") if isinstance(value := mapping(seen).get(name), str)}
        return "completion", orjson.dumps({"type": "completion", "model": self._model, **known, **more})


def _view(document: Any, strings: Strings, paths: Paths | None) -> View:
    deltas: list[Delta] = []
    fields: list[Segment] = []
    if paths is not None:
        paths.begin("completion")
    for channel, pointer, text in _ANSWER.sorted(strings):
        if channel == "content":
            deltas.append(Delta(_CONTENT, pointer, text))
        elif not text:
            continue
        elif paths is not None and channel == FIELD:
            paths.unknown(pointer, text)
        else:
            fields.append(paths.meta(channel, pointer, text) if paths is not None else alone(channel, pointer, text))
    if paths is not None:
        deltas += paths.deltas
    reason = word(mapping(document).get("stop_reason"))
    finishes = [(0, _REASONS.get(reason, reason))] if reason else []
    return View(deltas, fields, seals=paths.seals if paths is not None else (), finishes=finishes)

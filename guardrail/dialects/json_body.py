"""Endpoints that answer with one JSON document and no conversation: model lists, embeddings, moderations.

Every string is judged, in and out; embeddings themselves are numbers (or their base64) and hold no text.
With `unknown_endpoints: inspect` a policy opens every other JSON endpoint through the same lens; in a stream, strings
are joined per place over its events.
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from guardrail.dialects.places import Paths
from guardrail.dialects.protocol import Call, Lens, Notes, Strings, View
from guardrail.types import Pointer, Segment, Stage
from guardrail.wire.frames import Added
from guardrail.wire.jsontext import KEY

_PREFIX = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
_READ = re.compile(_PREFIX + r"/models(?:/[A-Za-z0-9_~:-][A-Za-z0-9._~:/-]*)?")
_WRITE = re.compile(_PREFIX + r"/(?:embeddings|moderations|tokenize|detokenize)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,40}")  # without digits, which no number and no key to a service is


def _is_vector(pointer: Pointer, text: str) -> bool:
    """An embedding in base64: numbers, no text."""
    return pointer[-1:] == ("embedding",) and _BASE64.fullmatch(text) is not None


def _is_name(pointer: Pointer, text: str) -> bool:
    return pointer[-1:] == (KEY,) and _NAME.fullmatch(text) is not None


def _segments(strings: Strings, stage: Stage) -> list[Segment]:
    return [
        Segment(stage, "", "field", pointer, text)
        for pointer, text in strings
        if text and not _is_name(pointer, text) and not _is_vector(pointer, text)
    ]


class JsonBody:
    """The lens on plain JSON endpoints."""

    name = "json_body"
    vendor = ""
    framings = frozenset({"sse", "ndjson"})

    def matches(self, method: str, path: str) -> bool:
        if "/.." in path:
            return False
        return _READ.fullmatch(path) is not None if method in ("GET", "HEAD") else _WRITE.fullmatch(path) is not None

    def call(self, document: Any, path: str, query: str) -> Call:
        body = document if isinstance(document, dict) else {}
        model = body.get("model")
        return Call(model=model if isinstance(model, str) else "", stream=body.get("stream") is True)

    def request(self, document: Any, strings: Strings) -> list[Segment]:
        return _segments(strings, Stage.REQUEST)

    def answer(self, document: Any, strings: Strings) -> View:
        return View(fields=_segments(strings, Stage.RESPONSE))

    def lens(self, call: Call) -> Lens:
        return JoinedLens()

    def error(self, status: int, code: str, message: str) -> bytes:
        return orjson.dumps({"error": {"message": message, "type": "guardrail_error", "param": None, "code": code}})


class JoinedLens(Lens):
    """A stream whose events nobody described: every string is joined with what stood in its place before."""

    def __init__(self) -> None:
        self._paths = Paths()

    def event(self, document: Any, strings: Strings, name: str) -> View:
        kind = document.get("type") if isinstance(document, dict) else None
        self._paths.begin(kind if isinstance(kind, str) else "")
        keys = []
        for segment in _segments(strings, Stage.RESPONSE):
            if segment.pointer[-1:] == (KEY,):
                keys.append(segment)
            else:
                self._paths.unknown(segment.pointer, segment.text)
        return View(self._paths.deltas, keys, seals=self._paths.seals)

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"

    def text(self, document: Any, choice: int, text: str) -> list[Added]:
        return []  # nothing here is a choice, so nothing ends where a notice could stand

    def stop(self, last: Any, choices: Sequence[int], message: str, notes: Notes) -> list[Added]:
        return self.error(last, "content_filter", message.strip() or "This answer was withheld by policy.")

    def error(self, last: Any, code: str, message: str) -> list[Added]:
        return [("", orjson.dumps({"error": {"message": message, "type": "guardrail_error", "code": code}}))]


class AloneLens(JoinedLens):
    """A stream of documents that have nothing to do with one another, such as the lines of a file."""

    def event(self, document: Any, strings: Strings, name: str) -> View:
        return View(fields=_segments(strings, Stage.RESPONSE))

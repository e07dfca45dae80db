"""Endpoints that answer with one JSON document and no conversation: model lists, embeddings, moderations.

Every string is judged, in and out; embeddings themselves are numbers (or their base64) and hold no text.
With `unknown_endpoints: inspect` a policy opens every other JSON endpoint through the same lens.
"""

import re
from collections.abc import Sequence
from typing import Any

import orjson

from guardrail.dialects.protocol import Call, EventView, Notes, Strings
from guardrail.types import Context, Pointer, Segment, Stage
from guardrail.wire.jsontext import KEY
from guardrail.wire.sse import frame_of

_PREFIX = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
_READ = re.compile(_PREFIX + r"/models(?:/[A-Za-z0-9_~:-][A-Za-z0-9._~:/-]*)?")
_WRITE = re.compile(_PREFIX + r"/(?:embeddings|moderations|tokenize|detokenize)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,40}")


def _is_vector(pointer: Pointer, text: str) -> bool:
    """An embedding in base64: numbers, no text."""
    return pointer[-1:] == ("embedding",) and _BASE64.fullmatch(text) is not None


class JsonBody:
    """The lens on plain JSON endpoints."""

    name = "json_body"

    def matches(self, method: str, path: str) -> bool:
        if "/.." in path:
            return False
        return _READ.fullmatch(path) is not None if method in ("GET", "HEAD") else _WRITE.fullmatch(path) is not None

    def call(self, document: Any) -> Call:
        model = document.get("model") if isinstance(document, dict) else None
        return Call(model=model if isinstance(model, str) else "")

    def segments(self, document: Any, strings: Strings, stage: Stage) -> list[Segment]:
        return [
            Segment(stage, "", "field", pointer, text)
            for pointer, text in strings
            if text and not (pointer[-1:] == (KEY,) and _NAME.fullmatch(text)) and not _is_vector(pointer, text)
        ]

    def context(self, document: Any, call: Call, pointer: Pointer) -> Context:
        return call.context

    def event(self, document: Any, strings: Strings) -> EventView:
        return EventView(fields=self.segments(document, strings, Stage.RESPONSE))

    def blanks(self, pointer: Pointer) -> Pointer | None:
        return None

    def is_done(self, data: bytes) -> bool:
        return data.strip() == b"[DONE]"

    def error(self, status: int, code: str, message: str) -> bytes:
        return orjson.dumps({"error": {"message": message, "type": "guardrail_error", "param": None, "code": code}})

    def stream_error(self, code: str, message: str) -> bytes:
        return frame_of(self.error(500, code, message))

    def stream_stop(self, document: Any, choices: Sequence[int], message: str, notes: Notes = None) -> bytes:
        return self.stream_error("content_filter", message)

    def stream_text(self, document: Any, choice: int, text: str) -> bytes:
        return b""

    def notice_pointer(self, document: Any, pointer: Pointer) -> Pointer | None:
        return None

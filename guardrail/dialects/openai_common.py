"""What OpenAI's APIs have in common: how they say that something went wrong, and how they spell what is not text."""

import json
import re
from typing import Any

import orjson

from guardrail.wire.frames import Added

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_DATA_URL = re.compile(r"data:(?:image|audio|video|application)/[A-Za-z0-9.+-]{1,64};base64,[A-Za-z0-9+/_-]*={0,2}")


def is_encoded(text: str) -> bool:
    """Whether a string is spelled as sound, a picture or a file is: base64, bare or in a data URL.  A file of text is
    not meant, for that can be read."""
    return _BASE64.fullmatch(text) is not None or _DATA_URL.fullmatch(text) is not None


def dump(value: Any) -> bytes:
    """JSON in one line, half characters and numbers beyond 64 bits that an upstream may have sent included."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def error_body(status: int, code: str, message: str) -> bytes:
    """An error as an HTTP body."""
    kind = "invalid_request_error" if 400 <= status < 500 else "api_error"
    return orjson.dumps(_error(kind, code, message))


def error_event(code: str, message: str) -> Added:
    """An error inside a stream: SDKs raise it as one without a status."""
    return "", orjson.dumps(_error("api_error", code, message))


def _error(kind: str, code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}

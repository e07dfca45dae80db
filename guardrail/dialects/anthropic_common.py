"""How Anthropic's APIs say that something went wrong, in a body and inside a stream, and how their binary values look.

Source: the error types of anthropic-sdk-python.  `error.type` is the broad category, `error.details.error_code` the
cause.
"""

import re
from typing import Any

import orjson

from guardrail.wire.frames import Added

BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
"""How encrypted, signed and binary values are spelled; what stands in their place and is not spelled so is text."""

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_body(status: int, code: str, message: str) -> bytes:
    """An error as an HTTP body."""
    return orjson.dumps(
        _error(_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error"), code, message)
    )


def error_event(code: str, message: str) -> Added:
    """An error inside a stream: SDKs raise it with the status of the response, which is 200."""
    return "error", orjson.dumps(_error("api_error", code, message))


def _error(kind: str, code: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message, "details": {"error_code": code}}}

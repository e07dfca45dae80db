"""Endpoints whose bodies are not all text: sound, pictures, files, batch jobs.  The policy's `endpoints` says what
happens to each group.

What of them is JSON, JSON Lines, server-sent events or a form is judged string by string like any plain JSON; the rest
passes only where the policy says `pass`.
"""

import re

from guardrail.dialects.json_body import AloneLens, JsonBody
from guardrail.dialects.protocol import Call, Lens

_PREFIX = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*"
_ID = r"/[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_AUDIO = re.compile(_PREFIX + r"/audio/(?:speech|transcriptions|translations)")
_IMAGES = re.compile(_PREFIX + rf"/(?:images/(?:generations|edits|variations)|videos(?:{_ID}(?:/content|/remix)?)?)")
_FILES = re.compile(
    _PREFIX + rf"/(?:files(?:{_ID}(?:/content|:download)?)?|uploads(?:{_ID}(?:/parts|/complete|/cancel)?)?)"
)
_BATCHES = re.compile(
    _PREFIX + rf"/(?:batches(?:{_ID}(?:/cancel|/results|:cancel)?)?|models{_ID}:batchGenerateContent)"
)
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})


class Resource(JsonBody):
    """One group of endpoints."""

    group = ""
    paths: re.Pattern[str]

    def matches(self, method: str, path: str) -> bool:
        return method in _METHODS and "/.." not in path and self.paths.fullmatch(path) is not None


class Audio(Resource):
    """Speech, transcription, translation."""

    name = "audio"
    group = "audio"
    paths = _AUDIO


class Images(Resource):
    """Pictures and video."""

    name = "images"
    group = "images"
    paths = _IMAGES


class Files(Resource):
    """Files, and what they hold."""

    name = "files"
    group = "files"
    paths = _FILES

    def lens(self, call: Call) -> Lens:
        return AloneLens()


class Batches(Resource):
    """Batch jobs, and their results."""

    name = "batches"
    group = "batches"
    paths = _BATCHES

    def lens(self, call: Call) -> Lens:
        return AloneLens()

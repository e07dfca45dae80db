"""What an OpenAI chat API would send for a text: one JSON body, or a stream of events, and how a text becomes tokens.

Rule: everything follows from the text and a seed, so a run can be repeated byte for byte.
"""

import json
import random
import re
from collections.abc import Sequence
from typing import Any

_TOKEN = re.compile(r"\s?[A-Za-z]+|\s?[0-9]{1,3}|[\u2e80-\u9fff\uff00-\uffef]|\s+|[^\w\s]{1,3}|.", re.DOTALL)
_HEAD = {"id": "chatcmpl-benchmark", "created": 1_700_000_000, "model": "benchmark", "system_fingerprint": "fp_0"}


def tokens(text: str, seed: int | str) -> list[str]:
    """`text` cut as models cut it: words with their space, Chinese by the character, now and then two as one
    or one as two."""
    dice = random.Random(f"{seed}")
    pieces: list[str] = []
    joined = False
    for match in _TOKEN.finditer(text):
        piece = match.group()
        roll = dice.random()
        if joined and pieces:
            pieces[-1] += piece
        elif len(piece) > 4 and roll < 0.25:
            at = dice.randrange(1, len(piece))
            pieces += (piece[:at], piece[at:])
        else:
            pieces.append(piece)
        joined = roll > 0.8
    return pieces


def whole(text: str, *, ascii_only: bool = False, indent: int | None = None) -> bytes:
    """The body of a chat completion."""
    body = {
        **_HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 22, "total_tokens": 33},
    }
    return json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode()


def events(pieces: Sequence[str], *, ascii_only: bool = False) -> list[bytes]:
    """The events of a streamed chat completion, each with its blank line."""
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    frames = [_event({"delta": delta, "finish_reason": None}, ascii_only) for delta in deltas]
    return [*frames, _event({"delta": {}, "finish_reason": "stop"}, ascii_only), b"data: [DONE]\n\n"]


def http_chunk(data: bytes) -> bytes:
    """`data` as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(choice: dict[str, Any], ascii_only: bool) -> bytes:
    body = {**_HEAD, "object": "chat.completion.chunk", "choices": [{"index": 0, **choice, "logprobs": None}]}
    return b"data: " + json.dumps(body, ensure_ascii=ascii_only).encode() + b"\n\n"

"""The tokens that an answer is spelled with, in the forms that vendors give them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardrail.dialects.places import mapping, sequence

Tokens = list[tuple[bytes, float | None]]

_ESCAPED = re.compile(r"(?:bytes:)?((?:\\x[0-9a-fA-F]{2})+)")
"""A token that is no text by itself, as the older completions API writes it: `bytes:\\xe4\\xbd`."""


def tokens_of(entries: Any, logprob: str = "logprob") -> Tokens:
    """Entries of `token`, `bytes` and a log-probability; the bytes decide, where they are given."""
    return list(_of(map(mapping, sequence(entries)), logprob))


def _of(entries: Iterator[Mapping[str, Any]], name: str) -> Iterator[tuple[bytes, float | None]]:
    for entry in entries:
        raw, token = entry.get("bytes"), entry.get("token")
        if isinstance(raw, list) and raw and all(type(byte) is int and 0 <= byte < 256 for byte in raw):
            yield bytes(raw), logprob_of(entry.get(name))
        elif isinstance(token, str):
            yield token.encode(errors="surrogatepass"), logprob_of(entry.get(name))


def in_columns(tokens: Sequence[Any], logprobs: Sequence[Any]) -> Tokens:
    """Tokens and log-probabilities in two arrays; the first token of a prompt has none."""
    found: Tokens = []
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            return []
        escaped = _ESCAPED.fullmatch(token)
        raw = bytes.fromhex(escaped[1].replace("\\x", "")) if escaped else token.encode(errors="surrogatepass")
        found.append((raw, logprob_of(logprobs[position] if position < len(logprobs) else None)))
    return found


def logprob_of(value: Any) -> float | None:
    """A number that can be the logarithm of a probability; rounding may have left it just above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value > 0.01:
        return None
    return min(float(value), 0.0)

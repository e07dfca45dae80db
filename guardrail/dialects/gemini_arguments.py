"""The arguments of one Gemini function call, put together from the pieces that a stream brings.

Source: `PartialArg` of google-genai.  Each piece names its place by a JSON path (RFC 9535) of names and indices; the
strings of one place are one string.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from guardrail.dialects.gemini_asked import member
from guardrail.dialects.places import dumped

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,4})\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_DEPTH = 64


class Arguments:
    """An object under construction."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._clear = True  # whether every piece so far had one place

    def add(self, path: str, piece: Mapping[str, Any]) -> None:
        """A piece at `path`."""
        steps = _steps(path)
        if not steps or not isinstance(steps[0], str) or not self._put(steps, _value(piece)):
            self._clear = False

    def written(self) -> str | None:
        """The arguments as JSON, None where a piece of them has no clear place."""
        return dumped(self._root) if self._clear else None

    def _put(self, steps: list[str | int], value: Any) -> bool:
        node: Any = self._root
        for step, following in pairwise(steps):
            made: Any = [] if isinstance(following, int) else {}
            if isinstance(step, str) and isinstance(node, dict):
                node = node.setdefault(step, made)
            elif isinstance(step, int) and isinstance(node, list) and step <= len(node):
                if step == len(node):
                    node.append(made)
                node = node[step]
            else:
                return False
        return _set(node, steps[-1], value)


def _set(node: Any, step: str | int, value: Any) -> bool:
    if isinstance(step, str) and isinstance(node, dict):
        before = node.get(step)
        node[step] = before + value if isinstance(before, str) and isinstance(value, str) else value
        return True
    if isinstance(step, int) and isinstance(node, list) and step <= len(node):
        if step == len(node):
            node.append(value)
        else:
            node[step] = node[step] + value if isinstance(node[step], str) and isinstance(value, str) else value
        return True
    return False


def _steps(path: str) -> list[str | int]:
    """The names and indices of a path, none where it is written in another way."""
    steps: list[str | int] = []
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or len(steps) >= _DEPTH:
            return []
        steps.append(int(found[2]) if found[2] else found[1] or found[3] or found[4] or "")
        at = found.end()
    return steps


def _value(piece: Mapping[str, Any]) -> Any:
    for name in ("stringValue", "numberValue", "boolValue"):
        if (value := member(piece, name)) is not None:
            return int(value) if isinstance(value, float) and value.is_integer() else value
    return None

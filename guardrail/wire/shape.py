"""A JSON document that comes again and again with one string changed, as the events of a stream do.

Rule: a document has the shape when its bytes are those of the one that was learnt from, but for that one string
literal.  Whatever was found out about the rest then holds without looking again; nothing is assumed that the bytes do
not show.
"""

from dataclasses import dataclass

from guardrail.types import Pointer
from guardrail.wire.jsontext import STRING, locate, parse


@dataclass(frozen=True, slots=True)
class Shape:
    """The bytes before and after the string that changes."""

    before: bytes
    after: bytes

    @classmethod
    def of(cls, raw: bytes, pointer: Pointer) -> "Shape | None":
        """The shape of `raw` around the string at `pointer`, None when it is not there."""
        for place, start, end in locate(raw):
            if place == pointer:
                return cls(raw[:start], raw[end:])
        return None

    def text(self, raw: bytes) -> str | None:
        """The string in which `raw` differs, None when it differs in anything else."""
        start, end = len(self.before), len(raw) - len(self.after)
        if end < start + 2 or not raw.startswith(self.before) or not raw.endswith(self.after):
            return None
        literal = raw[start:end]
        if STRING.fullmatch(literal) is None:
            return None
        value = parse(literal)
        return value if isinstance(value, str) else None

"""The seam for where audit records go, and a sink in memory for tests and for trying things out.

Rules:
1. `write` returns when the record is where the sink promises to keep it, and raises `AuditError` otherwise; it is
   called from the event loop, so it must cost microseconds.
2. `healthy` is cheap and never blocks; `probe` may do I/O to find out whether a failed sink works again.
3. A sink never drops a record without raising.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import orjson

from guardrail.audit import chain
from guardrail.errors import AuditError


@runtime_checkable
class Sink(Protocol):
    """Somewhere that keeps records."""

    @property
    def healthy(self) -> bool:
        """False after a failed write, until a later write or probe has succeeded."""

    def open(self) -> None:
        """Make ready; raises AuditError with the cure when that is impossible."""

    def write(self, record: Mapping[str, Any]) -> str:
        """Keep one record and return its hash; raises AuditError when it was not kept."""

    def probe(self) -> bool:
        """Try a failed sink again; whether it works now."""

    def close(self) -> None:
        """Make everything durable and let go; harmless when repeated."""


class MemorySink:
    """Keeps chained lines in a list; set `fails` to a message to make it refuse, "" to let it recover."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.head = chain.START
        self.healthy = True
        self.fails = ""

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was written, parsed."""
        return [orjson.loads(line) for line in self.lines]

    def open(self) -> None:
        """Nothing to do."""

    def write(self, record: Mapping[str, Any]) -> str:
        """Keep one record; raises AuditError while `fails` is set."""
        if not self.probe():
            raise AuditError(self.fails)
        line, self.head = chain.extend(record, self.head)
        self.lines.append(line)
        return self.head.hash

    def probe(self) -> bool:
        """Whether `fails` is empty."""
        self.healthy = not self.fails
        return self.healthy

    def close(self) -> None:
        """Nothing to do."""

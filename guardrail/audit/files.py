"""How the files of an audit directory are named, and how the end of one is read.

    chain-00.jsonl            the file that chain 00 grows in
    chain-00.000001.jsonl     its first file, full and left alone; then 000002 and so on
    chain-00.lock             held by the process that writes chain 00; empty, never removed
    chain-00.torn-57          what was found where record 57 should have begun, set aside
    digest.key                the key of the digests (see key.py)
    parity.budget             what asking questions again has cost today (see sampling_budget.py)

A digit sorts before `j`, so a plain sort by name puts the files of a chain in the order they were written, and
`cat chain-00*.jsonl` is the chain.  Every writing process has a chain of its own; their records are brought
together by time when they are read.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

_CHAIN_FILE = re.compile(r"(chain-\d{2})(?:\.(\d{6,}))?\.jsonl")
_BLOCK = 65_536
MAX_CHAINS = 100


class End(NamedTuple):
    """The end of a file: its last complete line (b"" when there is none), and where what follows it starts."""

    line: bytes
    complete: int
    size: int


def chain_name(index: int) -> str:
    """The name of a chain by its number."""
    return f"chain-{index:02}"


def rotated_name(chain: str, number: int) -> str:
    """The name of a full file."""
    return f"{chain}.{number:06}.jsonl"


def chains(directory: Path) -> list[str]:
    """The chains that have a file in `directory`, in order; raises OSError when it cannot be listed."""
    return sorted({match[1] for path in directory.iterdir() if (match := _CHAIN_FILE.fullmatch(path.name))})


def chain_of(path: Path) -> str:
    """The chain that a file belongs to by its name, else the name itself."""
    match = _CHAIN_FILE.fullmatch(path.name)
    return match[1] if match else path.name


def files(directory: Path, chain: str) -> list[Path]:
    """The files of a chain in the order they were written; raises OSError when the directory cannot be listed."""
    found = [path for path in directory.iterdir() if (m := _CHAIN_FILE.fullmatch(path.name)) and m[1] == chain]
    return sorted(found, key=_order)


def next_number(directory: Path, chain: str) -> int:
    """The number that the next full file of a chain gets."""
    return 1 + max((number(path) for path in files(directory, chain)), default=0)


def number(path: Path) -> int:
    """The number of a full file, 0 for the one that grows."""
    match = _CHAIN_FILE.fullmatch(path.name)
    return int(match[2]) if match and match[2] else 0


def torn(directory: Path, chain: str, seq: int | None = None) -> list[Path]:
    """The fragments that were set aside from a chain, or those found where record `seq` should have begun."""
    which = r"\d+" if seq is None else str(seq)
    name = re.compile(rf"{chain}\.torn-{which}(?:\.\d+)?")
    return sorted(path for path in directory.iterdir() if name.fullmatch(path.name))


def end(path: Path) -> End:
    """The end of a file; reads backwards, so the cost is that of the last line and not of the file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        complete = _after_newline(file.fileno(), size)
        start = _after_newline(file.fileno(), complete - 1) if complete else 0
        return End(os.pread(file.fileno(), complete - start, start), complete, size)


def line_number(path: Path, offset: int) -> int:
    """The number, from 1, of the line that ends just before `offset`."""
    with path.open("rb") as file:
        count = 0
        while offset > 0 and (block := file.read(min(_BLOCK, offset))):
            count += block.count(b"\n")
            offset -= len(block)
        return count


def _order(path: Path) -> float:
    return number(path) or float("inf")


def _after_newline(handle: int, before: int) -> int:
    """The offset after the last newline that stands before offset `before`; 0 when there is none."""
    while before > 0:
        start = max(0, before - _BLOCK)
        at = os.pread(handle, before - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        before = start
    return 0

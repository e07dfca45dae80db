"""The network that reads a claim beside the passages that speak of it and says whether they bear it out (extra
`models`).

Rules:
1. Its file is refused unless its SHA-256 is the one in the manifest; it holds numbers and a graph of them, no code.
2. One thread, no spinning, one claim at a time: in int8 the steps of a number depend on what shares its batch, and a
   sentence must score the same in a stream as in the whole answer.
3. The claim comes first and is cut at CLAIM pieces; the passages follow, the one that shares most first, as far as
   there is room: what is cut off is what says least.
4. Each piece carries what a reader checks first: whether it stands on the other side too, alone or with a neighbour.

How it was made: training/grounding_network.py, docs/models/grounding-reader.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from guardrail.errors import CheckError
from guardrail.models.runtime import onnxruntime
from guardrail.models.store import DIRECTORY, verified
from guardrail.text.pieces import END, START, WordPiece

FILE = "grounding_en.onnx"
CLAIM = 72
"""Pieces of a claim that are read at most."""
OURS, ABSENT, PRESENT, TOGETHER = range(4)
"""What is known of a piece: it is one of ours (start, end), or stands on the other side not, alone, or with the piece
beside it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and its passages as the network reads them, piece by piece."""

    ids: tuple[int, ...]
    sides: tuple[int, ...]
    matches: tuple[int, ...]


def pair(cut: WordPiece, claim: str, passages: Sequence[str], tokens: int) -> Pair:
    """The pieces of a claim and of its passages, `tokens` at most together."""
    first = cut.encode(claim)[: min(CLAIM, tokens // 2)]
    room = tokens - len(first) - 3
    second: list[int] = []
    for passage in passages:
        if len(second) >= room:
            break
        second += cut.encode(passage)
    second = second[:room]
    return Pair(
        (START, *first, END, *second, END),
        (0,) * (len(first) + 2) + (1,) * (len(second) + 1),
        (OURS, *_matches(first, second), OURS, *_matches(second, first), OURS),
    )


def _matches(pieces: Sequence[int], others: Sequence[int]) -> list[int]:
    held, pairs = frozenset(others), frozenset(pairwise(others))
    joined = [both in pairs for both in pairwise(pieces)]
    beside = zip(pieces, [False, *joined], [*joined, False], strict=True) if pieces else ()
    return [TOGETHER if left or right else PRESENT if piece in held else ABSENT for piece, left, right in beside]


class Entailment:
    """The network, and the scale on which its word is a probability."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        """`directory` holds the file and the manifest, by default the one inside the package."""
        self._directory = directory
        self._session: Any = None
        self._cut: WordPiece | None = None
        self._tokens = 0
        self._curve = (1.0, 0.0)

    def load(self) -> None:
        """Read and check the file.  Raises CheckError with the cure when the extra or the file is missing, or it is
        another file."""
        if self._session is not None:
            return
        try:
            runtime = onnxruntime()
        except ImportError as error:
            raise CheckError(
                "the reader of sources needs the extra that brings onnxruntime: pip install 'guardrail[models]'"
            ) from error
        content = verified(FILE, self._directory)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            about = session.get_modelmeta().custom_metadata_map
            self._cut = WordPiece(json.loads(about["pieces"]))
            self._tokens = int(about["tokens"])
            slope, offset = json.loads(about["curve"])
            self._curve = (float(slope), float(offset))
        except Exception as error:  # the runtime has error classes of its own, all of them meaning a bad file
            raise CheckError(f"model {FILE} is not a reader of sources ({type(error).__name__})") from error
        self._session = session

    def logit(self, claim: str, passages: Sequence[str]) -> float:
        """How far the passages are from bearing the claim out; no unit.  Raises CheckError before `load`."""
        if self._session is None or self._cut is None:
            raise CheckError("the reader of sources was asked before load()")
        read = pair(self._cut, claim, passages, self._tokens)
        given = {
            name: np.array([values], np.int64)
            for name, values in (("ids", read.ids), ("sides", read.sides), ("matches", read.matches))
        }
        return float(self._session.run(None, given)[0][0])

    def doubt(self, claim: str, passages: Sequence[str]) -> float:
        """The probability that the passages do not bear the claim out, calibrated on held-out edits."""
        slope, offset = self._curve
        return float(1 / (1 + np.exp(-np.clip(slope * self.logit(claim, passages) + offset, -60, 60))))

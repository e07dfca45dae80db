"""The second reader: a small network that looks again at what the always-on scorer found doubtful (extra `models`).

Rules:
1. It reads the view that the scorer read (`reading.spelt`), so a trick that was undone there is undone here.
2. Its file is refused unless its SHA-256 is the one in the manifest; it holds numbers and a graph of them, no code.
3. One thread, no spinning: it works beside a proxy, not instead of it.
4. One text at a time: in int8 the steps of a number depend on what shares its batch, and a sentence must score the same
   in a stream as in the whole answer.  On one thread a batch would save little.
5. A text longer than the network reads is the caller's to cut; what is beyond `tokens` pieces is not seen.

How it was made: training/network.py, docs/models/readers.md.
"""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guardrail.errors import CheckError
from guardrail.models.runtime import onnxruntime
from guardrail.models.store import DIRECTORY, verified
from guardrail.text.pieces import END, START, Unigram, WordPiece

Language = Literal["en", "zh"]


def file_of(language: Language) -> str:
    """The name of a reader's file in a directory of models."""
    return f"reader_{language}.onnx"


def runnable() -> bool:
    """Whether the library that runs a reader is installed.  Where it is, a reader's file must be there as well: a guard
    that goes without a model in silence is none."""
    return importlib.util.find_spec("onnxruntime") is not None


class SecondReader:
    """The network of one language."""

    def __init__(self, language: Language, directory: Path = DIRECTORY) -> None:
        self._file, self._directory = file_of(language), directory
        self._session: Any = None
        self._cut: WordPiece | Unigram | None = None
        self._tokens = 0

    def load(self) -> str:
        """Read and check the file; the answer is its SHA-256.  Raises CheckError with the cure when the extra or the
        file is missing, or the file is another one."""
        try:
            runtime = onnxruntime()
        except ImportError as error:
            raise CheckError(
                "the second reader needs the extra that brings onnxruntime: pip install 'guardrail[models]'"
            ) from error
        content = verified(self._file, self._directory)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            about = session.get_modelmeta().custom_metadata_map
            pieces = [(str(piece), float(score)) for piece, score in json.loads(about["pieces"])]
            self._tokens = int(about["tokens"])
        except Exception as error:  # the runtime has error classes of its own, all of them meaning a bad file
            raise CheckError(f"model {self._file} is not a second reader ({type(error).__name__})") from error
        self._cut = WordPiece([piece for piece, _ in pieces]) if pieces[0][0] == "[PAD]" else Unigram(pieces)
        self._session = session
        return hashlib.sha256(content).hexdigest()

    def logits(self, views: Sequence[str]) -> NDArray[np.float32]:
        """The logits of each text, in the reading view; shape (texts, 4): toxic, hate, any harm, biased opinion.

        Raises CheckError before `load`.
        """
        if self._session is None or self._cut is None:
            raise CheckError("the second reader was asked before load()")
        found = np.zeros((len(views), 4), np.float32)
        for row, view in enumerate(views):
            pieces = [START, *self._cut.encode(view)[: self._tokens - 2], END]
            ids = np.array([pieces], np.int64)
            found[row] = self._session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0]
        return found

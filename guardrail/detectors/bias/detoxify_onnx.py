"""The engine that runs a converted Detoxify network: ONNX Runtime and a tokenizer, no torch.

Rules:
1. A text is run by itself, never in a batch: the activations of an int8 network are scaled by what runs together, so a
   score would depend on its neighbours.  Without padding it is no slower either.
2. One thread a text, and none that spins while it waits: the pool of the sidecar runs texts beside one another.
3. A network with the full range of int8 is refused on a CPU of the x86 family without VNNI: sums overflow there, and
   the decisions that were compared when it was added would not be the ones made.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrail.detectors.bias.detoxify_torch import first_line, import_library, number
from guardrail.errors import CheckError

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
INPUT = "input_ids"
_CPU = Path("/proc/cpuinfo")
_VNNI = ("avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8")
_X86 = ("x86_64", "amd64", "i386", "i686")


class OnnxEngine:
    """A converted network.  `settings` are those of its manifest: `classes`, `tokens`, `reduced_range`."""

    def __init__(self, network: bytes, tokenizer: bytes, settings: Mapping[str, Any]) -> None:
        """Raises CheckError when a library is missing, or when the files are not what they should be."""
        check_cpu(bool(settings["reduced_range"]))
        runtime, tokenizers = import_library("onnxruntime"), import_library("tokenizers")
        self.limit = int(settings["tokens"])
        self._classes: tuple[str, ...] = tuple(settings["classes"])
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer.decode())
            self._session = runtime.InferenceSession(network, _options(runtime), providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise plain Exception, and kinds of their own
            raise CheckError(
                f"the stored Detoxify network does not load ({first_line(error)}); add it again"
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def length(self, text: str) -> int:
        """See Engine."""
        return len(self._tokenizer.encode(text).ids)

    def scores(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """See Engine."""
        return [self._one(piece) for piece in pieces]

    def _one(self, piece: str) -> dict[str, float]:
        import numpy

        row = numpy.array([self._tokenizer.encode(piece).ids], numpy.int64)
        [[*logits]] = self._session.run(None, {INPUT: row})[0].tolist()
        # an output beyond the classes is one of the identities that unbiased networks were trained with
        return {name: number(name, _logistic(logit)) for name, logit in zip(self._classes, logits, strict=False)}


def has_vnni() -> bool | None:
    """Whether the CPU multiplies int8 without overflow; None where nothing tells."""
    if platform.machine().lower() not in _X86:
        return True  # the overflow is one of an instruction that other families do not have
    try:
        lines = _CPU.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), None)
    return None if flags is None else any(flag in flags for flag in _VNNI)


def check_cpu(reduced: bool) -> None:
    """Raise CheckError where a network with this range would judge otherwise than it was measured to."""
    if not reduced and has_vnni() is False:
        raise CheckError(
            "the stored Detoxify network was converted for CPUs with VNNI, which this one lacks; add it again on this "
            "machine, or anywhere with --reduced-range"
        )


def _options(runtime: Any) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; warnings are about speed
    return options


def _logistic(value: float) -> float:
    return value if math.isnan(value) else 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))

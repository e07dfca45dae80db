"""The engine that runs a stored network for entailment: ONNX Runtime and a tokenizer, no torch.

Rules:
1. A claim is run by itself, never in a batch: the activations of an int8 network are scaled by what runs together.
2. One thread a claim, and none that spins while it waits.
3. The passages are the premise and are cut where there is no room for them; the claim is the hypothesis and is not cut.
4. A claim that the tokenizer does not know the script of is not judged: it would be judged by its punctuation.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardrail.errors import CheckError
from guardrail.models.runtime import onnxruntime

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
LABELS = ("entailment", "neutral", "contradiction")
CURE = "pip install 'guardrail[models]' tokenizers"
PER_HAN = 1.4
"""Tokens that a tokenizer which knows Chinese spends on a Han character at most, about; one of bytes spends two or
three."""
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The probabilities of LABELS; they add up to 1."""

    entailment: float
    neutral: float
    contradiction: float


class NliEngine:
    """A stored network.  `settings` are those of its manifest: `labels` (LABELS in the order of the outputs), `inputs`,
    `tokens`."""

    def __init__(self, network: bytes, tokenizer: bytes, settings: Mapping[str, Any]) -> None:
        """Raises CheckError when a library is missing, or when the files are not what they should be."""
        try:
            runtime = onnxruntime()
            import tokenizers
        except ImportError as error:
            raise CheckError(f"errors.nli needs {error.name or 'onnxruntime'}: {CURE}") from error
        self.limit = int(settings["tokens"])
        self._labels = tuple(str(label) for label in settings["labels"])
        self._inputs = tuple(str(name) for name in settings["inputs"])
        if sorted(self._labels) != sorted(LABELS):
            raise CheckError(f"the stored network answers {', '.join(self._labels)}, not {', '.join(LABELS)}")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; warnings are about speed
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer.decode())
            self._session = runtime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise plain Exception, and kinds of their own
            raise CheckError(f"the stored NLI network does not load ({type(error).__name__}); add it again") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.limit, strategy="only_first")
        self._unknown = next(
            (at for name in ("[UNK]", "<unk>") if (at := self._tokenizer.token_to_id(name)) is not None), -1
        )

    def reads(self, claim: str) -> bool:
        """Whether a claim fits, and the tokenizer knows its script."""
        if len(claim) > 8 * self.limit:  # no tokenizer makes so few tokens of so many characters
            return False
        ids = self._tokenizer.encode(claim, add_special_tokens=False).ids
        if not ids or len(ids) > self.limit - 24 or ids.count(self._unknown) * 4 > len(ids):
            return False
        han = len(_HAN.findall(claim))
        return han * 2 < len(claim) or len(ids) <= PER_HAN * len(claim)

    def judge(self, claim: str, passages: Sequence[str]) -> Verdict:
        """What the passages say of a claim that `reads` took.  Raises CheckError where the network gives no number."""
        import numpy

        encoded = self._tokenizer.encode(" ".join(passages), claim)
        values = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
        }
        given = {name: numpy.array([values[name]], numpy.int64) for name in self._inputs}
        [[*logits]] = self._session.run(None, given)[0].tolist()
        if not all(map(math.isfinite, logits)):
            raise CheckError("the stored NLI network gave no number")
        most = max(logits)
        powers = [math.exp(logit - most) for logit in logits]
        said = {label: power / sum(powers) for label, power in zip(self._labels, powers, strict=True)}
        return Verdict(**said)

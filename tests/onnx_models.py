"""Models for the model store that are made without torch: a network that knows bad words, and its tokenizer."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from guardrail.models import installed
from guardrail.models.installed import Installed

CLASSES = ("toxicity", "insult")
_WORDS = ("you", "are", "a", "kind", "and")


def tokenizer(words: Sequence[str]) -> bytes:
    """A tokenizer of whole words, without special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    core = Tokenizer(models.WordLevel({word: at for at, word in enumerate(("[UNK]", *words))}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    return core.to_str().encode()


def network(words: Sequence[str], bad: Sequence[str]) -> bytes:
    """ONNX: each class scores near one where a text holds a word of `bad`, near zero where not."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    table = np.full((len(words) + 1, len(CLASSES)), -5, np.float32)
    for at, word in enumerate(words, 1):
        table[at] = 5 if word in bad else -5
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["each"]),
        helper.make_node("ReduceMax", ["each", "axes"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(CLASSES)])],
        [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1], np.int64), "axes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def store(directory: Path, content: bytes, tokens: bytes, *, limit: int = 512, reduced_range: bool = True) -> Installed:
    """Store a model `detoxify` of these two files."""
    manifest = {
        "engine": "onnx",
        "variant": "own",
        "network": "Words",
        "added": "2026-01-01T00:00:00Z",
        "source": {"file": "words.ckpt", "sha256": hashlib.sha256(content).hexdigest()},
        "settings": {
            "classes": list(CLASSES),
            "outputs": len(CLASSES),
            "tokens": limit,
            "reduced_range": reduced_range,
        },
        "parity": {"same_decisions": 1.0},
    }
    with installed.adding("detoxify", directory, replace=True) as draft:
        (draft / "model.onnx").write_bytes(content)
        (draft / "tokenizer.json").write_bytes(tokens)
        return installed.store("detoxify", draft, json.loads(json.dumps(manifest)))


def store_words(
    directory: Path, bad: Sequence[str] = ("fool",), *, tokens: int = 512, reduced_range: bool = True
) -> Installed:
    """Store a model `detoxify` that scores texts with a word of `bad`."""
    words = (*_WORDS, *bad)
    return store(directory, network(words, bad), tokenizer(words), limit=tokens, reduced_range=reduced_range)

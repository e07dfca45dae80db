"""A Detoxify network as ONNX with int8 weights; done once, when a model is added.

Rules:
1. The graph is that of one text without padding (`detoxify_onnx.py` runs texts by themselves): no attention mask.
2. Weights of matrices per output channel, embeddings as one; activations are scaled as they come (dynamic), so nothing
   has to be calibrated.  The few weights of the head stay as they are: they cost nothing and decide.
3. The range of weights is cut to seven bits where the CPU lacks VNNI, whose absence lets sums of eight overflow.
"""

import logging
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from guardrail.detectors.bias.detoxify_onnx import INPUT
from guardrail.detectors.bias.detoxify_torch import TorchEngine, first_line, import_library
from guardrail.errors import CheckError


def convert(engine: TorchEngine, target: Path, *, reduced_range: bool, say: Callable[[str], None]) -> None:
    """Write the network of `engine` to `target`.  Raises CheckError when the libraries cannot convert it."""
    for library in ("torch", "onnx", "onnxscript", "onnxruntime.quantization"):
        import_library(library)
    with quiet():
        say("exporting to ONNX")
        exported = _exported(engine)
        say("folding transposed weights")
        _fold_transposes(exported)
        say("quantising to int8")
        try:
            _quantise(exported, target, reduced_range)
        except OSError:
            raise
        except Exception as error:  # as above
            raise CheckError(f"the network cannot be quantised ({first_line(error)}); use --engine torch") from error


@contextmanager
def quiet() -> Iterator[None]:
    """The libraries warn of what is meant here, and log on the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _exported(engine: TorchEngine) -> Any:
    torch = import_library("torch")
    network = engine.model.model.eval()

    base: Any = torch.nn.Module

    class Alone(base):  # type: ignore[misc]
        """One text without padding, in the shape that `torch.onnx` wants."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any) -> Any:
            return self.network(input_ids=input_ids).logits

    example = torch.ones((1, min(8, engine.limit)), dtype=torch.long) * 5
    tokens = torch.export.Dim("tokens", min=2, max=engine.limit)
    before = getattr(network.config, "_attn_implementation", None)
    # written out, attention is a few nodes that ONNX Runtime fuses; the default brings masks for what is never masked
    network.config._attn_implementation = "eager"
    try:
        with torch.no_grad():
            program = torch.onnx.export(
                Alone().eval(),
                (example,),
                input_names=[INPUT],
                output_names=["logits"],
                dynamic_shapes={"input_ids": {1: tokens}},
                dynamo=True,
                verbose=False,
            )
        return program.model_proto
    except Exception as error:  # an exporter raises whatever it stumbles over
        raise CheckError(
            f"the network cannot be exported to ONNX ({type(error).__name__}: {first_line(error)}); it needs torch 2.6 "
            "or newer, or use --engine torch"
        ) from error
    finally:
        network.config._attn_implementation = before


def _fold_transposes(model: Any) -> None:
    """Turn round, once, the weights that are turned round at every run: only a constant is quantised, and ALBERT, which
    uses each of its weights twelve times, is exported with transposes."""
    numpy_helper = import_library("onnx").numpy_helper
    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    folded = [node for node in graph.node if node.op_type == "Transpose" and node.input[0] in weights]
    for node in folded:
        turned = numpy_helper.to_array(weights[node.input[0]]).transpose(_order(node, weights[node.input[0]]))
        graph.initializer.append(numpy_helper.from_array(turned.copy(), node.output[0]))
        graph.node.remove(node)
    used = Counter(name for node in graph.node for name in node.input)
    for weight in list(graph.initializer):
        if not used[weight.name]:
            graph.initializer.remove(weight)


def _order(node: Any, weight: Any) -> list[int]:
    for attribute in node.attribute:
        if attribute.name == "perm":
            return list(attribute.ints)
    return list(reversed(range(len(weight.dims))))


def _quantise(model: Any, target: Path, reduced_range: bool) -> None:
    quantization = import_library("onnxruntime.quantization")
    head = [node.name for node in model.graph.node if node.op_type == "Gemm"]
    # The library writes the head anew with its weights transposed, and then finds the noted shapes wrong.
    del model.graph.value_info[:]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".quantising-") as folder:
        made = Path(folder) / target.name
        quantization.quantize_dynamic(
            model,
            made,
            per_channel=True,
            reduce_range=reduced_range,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            nodes_to_exclude=[*head, *(f"{name}_MatMul" for name in head)],
        )
        made.rename(target)

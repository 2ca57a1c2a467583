"""The sentence encoder as an ONNX graph whose numbers stay in the safetensors file."""

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WEIGHTS_FILE = "model.safetensors"

VERSION = 1
"""Raise it when the graph changes, so that a graph saved by older code is not used."""
_LAYERS, _HEADS, _HIDDEN = 6, 12, 384
_EPSILON = 1e-12
"""Of layer normalisation, as in the model's config.json."""
_MASKED = -1e9
"""Added to the attention scores of padding: exp() of it is exactly 0."""


def build(weights: Path) -> bytes:
    """Serialise the encoder (token ids and mask in, unit vectors out); same weights, same bytes.

    The architecture is BERT's (Devlin et al. 2019) with mean pooling over the mask and L2
    normalisation, as sentence-transformers runs all-MiniLM-L6-v2.
    """
    # onnx takes half a second to import and is needed once an installation.
    from onnx import TensorProto, helper

    graph = _GraphBuilder(weights)
    vectors = _encoder(graph)
    axes = ["batch", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, axes),
                helper.make_tensor_value_info("mask", TensorProto.FLOAT, axes),
            ],
            [helper.make_tensor_value_info(vectors, TensorProto.FLOAT, ["batch", _HIDDEN])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


class _GraphBuilder:
    """Collects nodes and tensors; every method returns the name of what it added."""

    def __init__(self, weights: Path) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        with weights.open("rb") as file:
            # safetensors: the header's length, the header as JSON, then the tensors' bytes.
            (header_length,) = struct.unpack("<Q", file.read(8))
            self._tensors: dict[str, Any] = json.loads(file.read(header_length))
        self._data_start = 8 + header_length

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - as onnx does
        from onnx import helper

        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def weight(self, name: str) -> str:
        from onnx import StringStringEntryProto, TensorProto

        start, end = self._tensors[name]["data_offsets"]
        place = {
            "location": WEIGHTS_FILE,
            "offset": str(self._data_start + start),
            "length": str(end - start),
        }
        tensor = TensorProto(
            name=name,
            data_type=TensorProto.FLOAT,
            dims=self._tensors[name]["shape"],
            data_location=TensorProto.EXTERNAL,
            external_data=[StringStringEntryProto(key=k, value=v) for k, v in place.items()],
        )
        self.initializers.append(tensor)
        return name

    def floats(self, value: float) -> str:
        from onnx import TensorProto

        return self._constant(TensorProto.FLOAT, [], [value])

    def integers(self, *values: int) -> str:
        from onnx import TensorProto

        return self._constant(TensorProto.INT64, [len(values)], values)

    def _constant(self, kind: int, shape: Sequence[int], values: Sequence[float]) -> str:
        from onnx import helper

        name = f"constant_{len(self.initializers)}"
        self.initializers.append(helper.make_tensor(name, kind, shape, values))
        return name


def _encoder(graph: _GraphBuilder) -> str:
    hidden = _embeddings(graph)
    padding = graph.op("Sub", graph.floats(1), graph.op("Unsqueeze", "mask", graph.integers(1, 2)))
    bias = graph.op("Mul", padding, graph.floats(_MASKED))
    for number in range(_LAYERS):
        hidden = _layer(graph, f"encoder.layer.{number}", hidden, bias)
    return _unit_mean(graph, hidden)


def _embeddings(graph: _GraphBuilder) -> str:
    words = graph.op("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    kind = graph.op(
        "Gather",
        graph.weight("embeddings.token_type_embeddings.weight"),
        graph.integers(0),
    )
    length = graph.op("Shape", "ids", start=1, end=2)
    places = graph.op(
        "Slice",
        graph.weight("embeddings.position_embeddings.weight"),
        graph.integers(0),
        length,
        graph.integers(0),
    )
    total = graph.op("Add", graph.op("Add", words, kind), places)
    return _normalised(graph, "embeddings.LayerNorm", total)


def _layer(graph: _GraphBuilder, name: str, hidden: str, bias: str) -> str:
    mixed = _attention(graph, f"{name}.attention.self", hidden, bias)
    mixed = _linear(graph, f"{name}.attention.output.dense", mixed)
    attended = _normalised(
        graph, f"{name}.attention.output.LayerNorm", graph.op("Add", mixed, hidden)
    )
    wide = _gelu(graph, _linear(graph, f"{name}.intermediate.dense", attended))
    narrow = _linear(graph, f"{name}.output.dense", wide)
    return _normalised(graph, f"{name}.output.LayerNorm", graph.op("Add", narrow, attended))


def _attention(graph: _GraphBuilder, name: str, hidden: str, bias: str) -> str:
    width = _HIDDEN // _HEADS

    def heads(part: str, axes: list[int]) -> str:
        projected = _linear(graph, f"{name}.{part}", hidden)
        split = graph.op("Reshape", projected, graph.integers(0, 0, _HEADS, width))
        return graph.op("Transpose", split, perm=axes)

    query, key, value = (
        heads("query", [0, 2, 1, 3]),
        heads("key", [0, 2, 3, 1]),
        heads("value", [0, 2, 1, 3]),
    )
    scores = graph.op("Mul", graph.op("MatMul", query, key), graph.floats(1 / math.sqrt(width)))
    weights = graph.op("Softmax", graph.op("Add", scores, bias), axis=-1)
    mixed = graph.op("Transpose", graph.op("MatMul", weights, value), perm=[0, 2, 1, 3])
    return graph.op("Reshape", mixed, graph.integers(0, 0, _HIDDEN))


def _linear(graph: _GraphBuilder, name: str, value: str) -> str:
    # The file holds output x input, as torch does.
    matrix = graph.op("Transpose", graph.weight(f"{name}.weight"), perm=[1, 0])
    return graph.op("Add", graph.op("MatMul", value, matrix), graph.weight(f"{name}.bias"))


def _gelu(graph: _GraphBuilder, value: str) -> str:
    """Add the exact form x/2 (1 + erf(x / sqrt 2)); the tanh form would move the vectors."""
    curve = graph.op("Erf", graph.op("Div", value, graph.floats(math.sqrt(2))))
    doubled = graph.op("Mul", value, graph.op("Add", curve, graph.floats(1)))
    return graph.op("Mul", doubled, graph.floats(0.5))


def _normalised(graph: _GraphBuilder, name: str, value: str) -> str:
    scale, shift = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.op("LayerNormalization", value, scale, shift, axis=-1, epsilon=_EPSILON)


def _unit_mean(graph: _GraphBuilder, hidden: str) -> str:
    """Add the mean over real tokens at length 1: the sum at length 1 is the same."""
    row = graph.op("Unsqueeze", "mask", graph.integers(1))
    total = graph.op("Squeeze", graph.op("MatMul", row, hidden), graph.integers(1))
    return graph.op("Div", total, graph.op("ReduceL2", total, axes=[1], keepdims=1))

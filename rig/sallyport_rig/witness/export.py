"""The taught network as an ONNX file: one input of joined views, weights kept in half precision."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.witness import LENGTH, SHAPES
from sallyport_rig.witness.network import LEAK, STREAMS, Stream, Weights, padding

OPSET: Final = 17
PRODUCER: Final = "sallyport"


def to_onnx(weights: Weights) -> bytes:
    """The file's bytes; the same weights give the same bytes."""
    from onnx import TensorProto, helper

    graph = _Graph()
    features, at = [], 0
    for stream, shape in zip(STREAMS, SHAPES, strict=True):
        size = int(np.prod(shape))
        part = graph.add("Slice", "views", graph.whole([at]), graph.whole([at + size]), graph.whole([1]))
        shaped = graph.add("Reshape", part, graph.whole([-1, *shape]))
        features.append(_stream(graph, weights, stream, shape, graph.add("Transpose", shaped, perm=[0, 3, 1, 2])))
        at += size
    hidden = graph.add("LeakyRelu", _dense(graph, weights, "joint", graph.add("Concat", *features, axis=1)), alpha=LEAK)
    graph.nodes.append(helper.make_node("Identity", [_dense(graph, weights, "odds", hidden)], ["odds"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "attack-witness",
            [helper.make_tensor_value_info("views", TensorProto.FLOAT, ["N", LENGTH])],
            [helper.make_tensor_value_info("odds", TensorProto.FLOAT, ["N", 1])],
            graph.constants,
        ),
        producer_name=PRODUCER,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    return bytes(model.SerializeToString(deterministic=True))


class _Graph:
    """Nodes and constants, each under a number of its own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def whole(self, values: list[int]) -> str:
        return self._constant(np.array(values, np.int64))

    def half(self, values: npt.NDArray[np.float32]) -> str:
        from onnx import TensorProto

        return self.add("Cast", self._constant(np.asarray(values, np.float16)), to=TensorProto.FLOAT)

    def _constant(self, values: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(values, f"constant{len(self.constants)}"))
        return str(self.constants[-1].name)


def _stream(graph: _Graph, weights: Weights, stream: Stream, shape: tuple[int, int, int], view: str) -> str:
    high, wide = shape[:2]
    for each in stream.layers:
        kernel, bias = weights[each.name]
        pads = [padding(side, each) for side in (high, wide)]
        wanted = graph.half(np.transpose(kernel, (3, 2, 0, 1))), graph.half(bias)
        edges = [pads[0][0], pads[1][0], pads[0][1], pads[1][1]]
        view = graph.add("Relu", graph.add("Conv", view, *wanted, strides=[each.stride] * 2, pads=edges))
        high, wide = -(-high // each.stride), -(-wide // each.stride)
    kernel, bias = weights[stream.name]
    if stream.placed:
        read = graph.add("Flatten", view)
        channels = stream.layers[-1].target
        kernel = kernel.reshape(high, wide, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    else:
        mean, most = (graph.add(kind, view) for kind in ("GlobalAveragePool", "GlobalMaxPool"))
        read = graph.add("Flatten", graph.add("Concat", mean, most, axis=1))
    return graph.add("LeakyRelu", graph.add("Gemm", read, graph.half(kernel), graph.half(bias)), alpha=LEAK)


def _dense(graph: _Graph, weights: Weights, name: str, values: str) -> str:
    return graph.add("Gemm", values, *(graph.half(each) for each in weights[name]))

"""LEADER, the minutiae network, as a lean ONNX graph.

LEADER (Cappelli and Ferrara 2026, MIT) is published as Keras weights in the wheel `pyfing`. `convert_leader` builds the
same network from those weights with onnx alone: channel-mixing as matrix products with the fused GELU (its exact, erf
form), channels last only where a layer normalisation or product wants them, no dropout, no NMS (post-processing does
it), the direction as its cosine and sine instead of an angle.

Input `image` [N, 1, H, W] float32, 0 to 255 with dark ridges, H and W multiples of 32. Outputs, all [N, H, W]-sized:
`position` [N, 1, H, W] 0 to 1; `direction` [N, 2, H, W] (cosine, sine; y up, not normalised); `ending` [N, 1, H, W]
0 (bifurcation) to 1 (ridge ending).
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sallyport_protocol.errors import MalformedError

Weights = Mapping[str, list[NDArray[np.float32]]]

OPSET = 20
IR_VERSION = 10
LAYER_NORM_EPSILON = 1e-3
"""Keras' default, with which the weights were trained."""


def convert_leader(source: bytes) -> bytes:
    """The published weights file (HDF5) as ONNX bytes. Raises MalformedError when it is not LEADER's."""
    try:
        graph = _network(read_weights(source))
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise MalformedError(f"the weights file is not LEADER's ({error}); fetch the model again") from error
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def read_weights(source: bytes) -> Weights:
    """Layer name -> its arrays in Keras' order and layout, from an HDF5 weights file."""
    weights: dict[str, list[NDArray[np.float32]]] = {}
    with h5py.File(io.BytesIO(source), "r") as file:
        for layer in file["layers"].values():
            arrays = layer["vars"]
            name = arrays.attrs["name"]
            weights[str(name)] = [np.asarray(arrays[key], np.float32) for key in sorted(arrays, key=int)]
    return weights


@dataclass
class _Graph:
    """An ONNX graph under construction; every method adds one layer and returns the name of its output."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, name: str, x: str, dilation: int = 1) -> str:
        kernel, bias = self.weights[name]
        pad = (kernel.shape[0] - 1) // 2 * dilation
        inputs = [
            x,
            self.constant(f"{name}.w", kernel.transpose(3, 2, 0, 1)),
            self.constant(f"{name}.b", bias),
        ]
        return self.add("Conv", inputs, name, pads=[pad] * 4, dilations=[dilation] * 2)

    def depthwise(self, name: str, x: str, kernel: NDArray[np.float32]) -> str:
        pad = (kernel.shape[0] - 1) // 2
        weight = self.constant(f"{name}.w", kernel.transpose(2, 3, 0, 1))
        return self.add("Conv", [x, weight], name, pads=[pad] * 4, group=kernel.shape[2])

    def channels_last(self, x: str) -> str:
        name = f"{x}.last"
        if any(node.name == name for node in self.nodes):
            return name
        return self.add("Transpose", [x], name, perm=[0, 2, 3, 1])

    def channels_first(self, x: str) -> str:
        return self.add("Transpose", [x], f"{x}.first", perm=[0, 3, 1, 2])

    def norm(self, name: str, x: str) -> str:
        """Layer normalisation over the last axis."""
        scale, shift = self.weights[name]
        inputs = [x, self.constant(f"{name}.g", scale), self.constant(f"{name}.b", shift)]
        return self.add("LayerNormalization", inputs, name, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def product(self, name: str, x: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """A 1x1 convolution over the last axis."""
        matrix = self.constant(f"{name}.w", kernel.reshape(kernel.shape[-2:]))
        y = self.add("MatMul", [x, matrix], f"{name}.product")
        return self.add("Add", [y, self.constant(f"{name}.b", bias)], name)

    def dense(self, name: str, x: str) -> str:
        kernel, bias = self.weights[name]
        return self.product(name, x, kernel, bias)

    def mixed(self, name: str, y: str, x: str) -> str:
        """Expansion, GELU and reduction of `y`, residual `x`, and the change of width after them.

        The change of width is linear, so where it narrows it is multiplied into the reduction: (h R + r + x) A + a =
        h (R A) + x A + (r A + a). The hidden channels are worked in quarters, which keeps tensors small.
        """
        expand, expand_bias = self.weights[f"{name}_conv_exp"]
        reduce, reduce_bias = self.weights[f"{name}_conv_red"]
        adjust, adjust_bias = self.weights[f"{name}_conv_adj"]
        matrix, change, bias = reduce[0, 0], adjust[0, 0], reduce_bias
        narrows = change.shape[1] < change.shape[0]
        if narrows:
            bias = exact_product(reduce_bias[None], change)[0] + adjust_bias
            matrix = exact_product(matrix, change)
            x = self.add("MatMul", [x, self.constant(f"{name}.rest.w", change)], f"{name}.rest")
        total = self.add("Add", [x, self.constant(f"{name}.bias", bias)], f"{name}.total")
        quarter = expand.shape[-1] // 4
        for part in range(4):
            own = slice(part * quarter, (part + 1) * quarter)
            hidden = self.gelu(self.product(f"{name}.{part}", y, expand[..., own], expand_bias[own]))
            weight = self.constant(f"{name}.{part}.back.w", matrix[own])
            back = self.add("MatMul", [hidden, weight], f"{name}.{part}.back")
            total = self.add("Add", [total, back], f"{name}.{part}.total")
        return total if narrows else self.dense(f"{name}_conv_adj", total)

    def gelu(self, x: str) -> str:
        return self.add("Gelu", [x], f"{x}.gelu")

    def pool(self, kind: str, x: str, name: str) -> str:
        return self.add(kind, [x], name, kernel_shape=[2, 2], strides=[2, 2])

    def joined(self, name: str, parts: list[str], axis: int = 1) -> str:
        return self.add("Concat", parts, name, axis=axis)

    def doubled(self, name: str, x: str) -> str:
        scales = "upsample.scales"
        if not any(constant.name == scales for constant in self.constants):
            self.constant(scales, np.array([1, 1, 2, 2], np.float32))
        return self.add(
            "Resize",
            [x, "", scales],
            name,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def halved(self, name: str, x: str, channels: int) -> str:
        """First half of the channels by maximum, second half by mean."""
        half = channels // 2
        sizes = self.constant(f"{name}.sizes", np.array([half, channels - half], np.int64))
        parts = [f"{name}.a", f"{name}.b"]
        self.nodes.append(helper.make_node("Split", [x, sizes], parts, name=f"{name}.split", axis=1))
        pooled = [
            self.pool("MaxPool", parts[0], f"{name}.max"),
            self.pool("AveragePool", parts[1], f"{name}.mean"),
        ]
        return self.joined(f"{name}.halved", pooled)

    def stem(self, name: str, x: str, pooling: str) -> str:
        both = self.joined(f"{name}.both", [self.conv(f"{name}_conv", x), self.conv(f"{name}_dilated_conv", x, 2)])
        y = self.gelu(self.norm(f"{name}_ln", self.channels_last(both)))
        return self.pool(pooling, self.channels_first(y), f"{name}.pooled")

    def separable(self, name: str, x: str) -> str:
        kernel, mix, bias = self.weights[f"{name}_conv"]
        y = self.channels_last(self.depthwise(f"{name}_depth", x, kernel))
        y = self.gelu(self.norm(f"{name}_ln", self.product(f"{name}_mix", y, mix, bias)))
        return self.channels_first(y)

    def bottleneck(self, name: str, x: str) -> str:
        """Inverse bottleneck with a residual, then a change of width. Channels first in, channels first out."""
        y = self.channels_last(self.depthwise(f"{name}_depth", x, self.weights[f"{name}_depthwise_conv"][0]))
        y = self.norm(f"{name}_ln", y)
        return self.channels_first(self.mixed(name, y, self.channels_last(x)))

    def head(self, name: str, x: str) -> str:
        """Doubling to the image's size comes last here: what follows it in the original works on each pixel alone."""
        y = self.channels_last(self.bottleneck(f"{name}_ibc", x))
        y = self.norm(f"{name}_ln", self.dense(f"{name}_conv1", y))
        return self.doubled(f"{name}.doubled", self.channels_first(self.gelu(self.dense(f"{name}_conv2", y))))


def exact_product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Matrix product in one fixed order of double-precision sums: the same bits on every processor."""
    total = np.zeros((a.shape[0], b.shape[1]), np.float64)
    for index in range(a.shape[1]):
        total += a[:, index : index + 1].astype(np.float64) * b[index].astype(np.float64)
    return total.astype(np.float32)


def _network(weights: Weights) -> onnx.ModelProto:
    g = _Graph(weights)
    x = g.stem("stem0", "image", "MaxPool")
    edges = g.stem("stem1", "image", "AveragePool")
    x = _context(g, x)
    x = g.joined("attended", [_attention(g, x), edges])
    x = _refinement(g, x)
    position = g.add("Sigmoid", [g.conv("head_conv_pos", g.head("head_0", x))], "position")
    direction = g.add("Identity", [g.conv("head_conv_dir", g.head("head_1", x))], "direction")
    ending = g.add("Sigmoid", [g.conv("head_conv_typ", g.head("head_2", x))], "ending")
    channels = {position: 1, direction: 2, ending: 1}
    return _model(g, channels)


def _context(g: _Graph, x: str) -> str:
    skips = []
    for level, channels in enumerate((16, 32, 64, 128)):
        x = g.separable(f"enc0_{level}", x)
        skips.append(x)
        x = g.halved(f"enc0_{level}", x, channels)
    for level in (3, 2, 1, 0):
        x = g.doubled(f"dec0_{level}.doubled", g.separable(f"dec0_{level}", x))
        x = g.joined(f"dec0_{level}.joined", [x, skips[level]])
    return x


def _attention(g: _Graph, x: str) -> str:
    views = [g.gelu(g.conv(f"attention_conv_d{rate}", x, rate)) for rate in (1, 3, 6)]
    gate = g.add("Sigmoid", [g.conv("attention_s", g.joined("attention.views", views))], "attention.gate")
    return g.add("Mul", [x, gate], "attention.gated")


def _refinement(g: _Graph, x: str) -> str:
    skips = []
    for level, channels in enumerate((32, 64, 128, 32)):
        x = g.bottleneck(f"enc1_{level}", x)
        skips.append(x)
        x = g.halved(f"enc1_{level}", x, channels)
    for level in (3, 2, 1, 0):
        x = g.doubled(f"dec1_{level}.doubled", g.bottleneck(f"dec1_{level}", x))
        x = g.joined(f"dec1_{level}.joined", [x, skips[level]])
    return x


def _model(g: _Graph, outputs: Mapping[str, int]) -> onnx.ModelProto:
    def value(name: str, channels: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, "height", "width"])

    graph = helper.make_graph(
        g.nodes, "leader", [value("image", 1)], [value(name, n) for name, n in outputs.items()], g.constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="sallyport")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model

"""TensorFlow Lite networks as plain fp32 ONNX: only the operations that our networks use.

The field numbers are those of TensorFlow Lite's published schema (`schema.fbs`). The writer keeps four-dimensional
activations in ONNX's order (N, C, H, W) from a convolution on, and returns to TensorFlow's (N, H, W, C) where an
operation speaks of axes.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from sallyport_models.convert.face import IR_VERSION, serialised
from sallyport_models.convert.flatbuffers import Table
from sallyport_protocol.errors import MalformedError

OPSET = 17
ELEMENT_TYPES = {0: "<f4", 1: "<f2", 2: "<i4", 4: "<i8"}
SAME, RELU, RELU6 = 0, 1, 3
Array = npt.NDArray[Any]


def convert_tflite(source: bytes) -> bytes:
    """The network with its inputs `input_0`... and outputs `output_0`... in TensorFlow's axis order."""
    if source[4:8] != b"TFL3":
        raise MalformedError("this is not a TensorFlow Lite model; fetch the model again")
    try:
        model = Table(source, struct.unpack_from("<I", source, 0)[0])
        return serialised(_Writer(model).model())
    except (struct.error, IndexError, KeyError) as error:
        raise MalformedError(f"the TensorFlow Lite model cannot be read ({error!r}); fetch the model again") from error


@dataclass(frozen=True, slots=True)
class _Value:
    """An activation's ONNX name and whether it is in ONNX's axis order."""

    name: str
    channels_first: bool = False


class _Writer:
    """Writes one ONNX node or two for every operator, in order."""

    def __init__(self, model: Table) -> None:
        self._codes = [max(code.number(0, "b"), code.number(3)) for code in model.tables(1)]
        self._graph = model.tables(2)[0]
        self._tensors = self._graph.tables(0)
        self._buffers = model.tables(4)
        self._constants = {at: self._constant(at) for at in range(len(self._tensors)) if self._stored(at)}
        self._values: dict[int, _Value] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        inputs, outputs = self._graph.numbers(1), self._graph.numbers(2)
        for index, tensor in enumerate(inputs):
            self._values[tensor] = _Value(f"input_{index}")
        for operator in self._graph.tables(3):
            self._write(operator)
        for index, tensor in enumerate(outputs):
            self._emit("Identity", [self._last(tensor)], f"output_{index}")
        graph = helper.make_graph(
            self._nodes,
            "tflite",
            [self._info(f"input_{index}", tensor) for index, tensor in enumerate(inputs)],
            [self._info(f"output_{index}", tensor) for index, tensor in enumerate(outputs)],
            list(self._weights.values()),
        )
        opset = [helper.make_operatorsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="sallyport")

    def _write(self, operator: Table) -> None:
        code = self._codes[operator.number(0, "I")]
        inputs, outputs = operator.numbers(1), operator.numbers(2)
        if code == 6 and inputs[0] in self._constants:  # DEQUANTIZE of fp16 weights
            self._constants[outputs[0]] = self._constants[inputs[0]].astype(np.float32)
            return
        if code not in OPERATORS:
            raise MalformedError(f"TensorFlow Lite operation {code} is not one that our networks use")
        self._values[outputs[0]] = OPERATORS[code](self, inputs, operator.table(4))

    # -- operations ----------------------------------------------------------------------------------------------

    def convolution(self, inputs: Sequence[int], options: Table) -> _Value:
        kernel = self._constants[inputs[1]].transpose(0, 3, 1, 2)
        return self._convolved(inputs, kernel, 1, options, options.number(3, "b"))

    def depthwise(self, inputs: Sequence[int], options: Table) -> _Value:
        kernel = self._constants[inputs[1]].transpose(3, 0, 1, 2)
        return self._convolved(inputs, kernel, kernel.shape[0], options, options.number(4, "b"))

    def _convolved(self, inputs: Sequence[int], kernel: Array, group: int, options: Table, activation: int) -> _Value:
        names = [self._first(inputs[0]), self._weight(kernel)]
        if len(inputs) > 2 and inputs[2] >= 0:
            names.append(self._weight(self._constants[inputs[2]]))
        output = self._emit("Conv", names, group=group, **self._window(options, kernel.shape[2:]))
        return _Value(self._activated(output, activation), True)

    def pool(self, inputs: Sequence[int], options: Table) -> _Value:
        size = (options.number(4), options.number(3))
        window = self._window(options, size)
        return _Value(self._emit("MaxPool", [self._first(inputs[0])], **window), True)

    def pad(self, inputs: Sequence[int], options: Table) -> _Value:
        before, after = self._constants[inputs[1]][[0, 3, 1, 2]].T
        pads = self._weight(np.concatenate([before, after]).astype(np.int64))
        return _Value(self._emit("Pad", [self._first(inputs[0]), pads]), True)

    def reshape(self, inputs: Sequence[int], options: Table) -> _Value:
        shape = self._constants[inputs[1]] if len(inputs) > 1 else np.array(options.numbers(0))
        return _Value(self._emit("Reshape", [self._last(inputs[0]), self._weight(shape.astype(np.int64))]))

    def transpose(self, inputs: Sequence[int], options: Table) -> _Value:
        order = [int(axis) for axis in self._constants[inputs[1]]]
        return _Value(self._emit("Transpose", [self._last(inputs[0])], perm=order))

    def concatenation(self, inputs: Sequence[int], options: Table) -> _Value:
        return _Value(self._emit("Concat", [self._last(at) for at in inputs], axis=options.number(0)))

    def mean(self, inputs: Sequence[int], options: Table) -> _Value:
        axes = [int(axis) for axis in self._constants[inputs[1]].reshape(-1)]
        return _Value(self._emit("ReduceMean", [self._last(inputs[0])], axes=axes, keepdims=options.number(0, "b")))

    def total(self, inputs: Sequence[int], options: Table) -> _Value:
        axes = self._weight(self._constants[inputs[1]].reshape(-1).astype(np.int64))
        return _Value(self._emit("ReduceSum", [self._last(inputs[0]), axes], keepdims=options.number(0, "b")))

    def strided_slice(self, inputs: Sequence[int], options: Table) -> _Value:
        """Begin, end and step for each axis; a mask bit means "from the start", "to the end" or "drop the axis"."""
        begin, end, step = (self._constants[at].astype(np.int64).copy() for at in inputs[1:4])
        for axis in range(len(begin)):
            if options.number(0) >> axis & 1:
                begin[axis] = 0
            if options.number(1) >> axis & 1:
                end[axis] = np.iinfo(np.int32).max
        axes = np.arange(len(begin), dtype=np.int64)
        names = [self._last(inputs[0]), *(self._weight(part) for part in (begin, end, axes, step))]
        output = self._emit("Slice", names)
        dropped = [int(axis) for axis in axes if options.number(4) >> int(axis) & 1]
        if dropped:
            output = self._emit("Squeeze", [output, self._weight(np.array(dropped, dtype=np.int64))])
        return _Value(output)

    def squared_difference(self, inputs: Sequence[int], options: Table) -> _Value:
        difference = self.elementwise("Sub", inputs)
        return _Value(self._emit("Mul", [difference.name, difference.name]), channels_first=difference.channels_first)

    def reciprocal_root(self, inputs: Sequence[int], options: Table) -> _Value:
        return _Value(self._emit("Reciprocal", [self._emit("Sqrt", [self._last(inputs[0])])]))

    def elementwise(self, operation: str, inputs: Sequence[int], activation: int = 0) -> _Value:
        """Values of one axis order; constants follow the activations."""
        first = any(at in self._values and self._values[at].channels_first for at in inputs)
        names = []
        for at in inputs:
            if at in self._constants:
                names.append(self._weight(_turned(self._constants[at]) if first else self._constants[at]))
            else:
                names.append(self._first(at) if first else self._last(at))
        return _Value(self._activated(self._emit(operation, names), activation), first)

    # -- writing -------------------------------------------------------------------------------------------------

    def _first(self, at: int) -> str:
        """The activation in ONNX's axis order."""
        value = self._values[at]
        return value.name if value.channels_first else self._emit("Transpose", [value.name], perm=[0, 3, 1, 2])

    def _last(self, at: int) -> str:
        """The activation (or constant) in TensorFlow's axis order."""
        if at in self._constants:
            return self._weight(self._constants[at])
        value = self._values[at]
        return self._emit("Transpose", [value.name], perm=[0, 2, 3, 1]) if value.channels_first else value.name

    def _activated(self, name: str, activation: int) -> str:
        if activation == RELU:
            return self._emit("Relu", [name])
        if activation == RELU6:
            bounds = [self._weight(np.array(bound, dtype=np.float32)) for bound in (0.0, 6.0)]
            return self._emit("Clip", [name, *bounds])
        if activation:
            raise MalformedError(f"TensorFlow Lite activation {activation} is not one that our networks use")
        return name

    def _window(self, options: Table, size: Sequence[int]) -> dict[str, Any]:
        return {
            "auto_pad": "SAME_UPPER" if options.number(0, "b") == SAME else "VALID",
            "kernel_shape": [int(side) for side in size],
            "strides": [options.number(2), options.number(1)],
        }

    def _emit(self, operation: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        name = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, list(inputs), [name], name=name, **attributes))
        return name

    def _weight(self, values: Array) -> str:
        name = f"weight_{len(self._weights)}"
        self._weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def _stored(self, at: int) -> bytes:
        return self._buffers[self._tensors[at].number(2, "I")].content(0)

    def _constant(self, at: int) -> Array:
        tensor = self._tensors[at]
        values = np.frombuffer(self._stored(at), ELEMENT_TYPES[tensor.number(1, "b")])
        return values.reshape(tensor.numbers(0))

    def _info(self, name: str, at: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, self._tensors[at].numbers(0))


def _turned(constant: Array) -> Array:
    """A constant of up to four axes, broadcast from the right, in ONNX's axis order."""
    return constant.reshape((1,) * (4 - constant.ndim) + constant.shape).transpose(0, 3, 1, 2)


Operation = Callable[[_Writer, Sequence[int], Table], _Value]


def _elementwise(operation: str, activates: bool = False) -> Operation:
    def write(writer: _Writer, inputs: Sequence[int], options: Table) -> _Value:
        return writer.elementwise(operation, inputs, options.number(0, "b") if activates else 0)

    return write


OPERATORS: dict[int, Operation] = {
    0: _elementwise("Add", activates=True),
    2: _Writer.concatenation,
    3: _Writer.convolution,
    4: _Writer.depthwise,
    14: _elementwise("Sigmoid"),
    17: _Writer.pool,
    18: _elementwise("Mul", activates=True),
    19: _elementwise("Relu"),
    22: _Writer.reshape,
    34: _Writer.pad,
    39: _Writer.transpose,
    40: _Writer.mean,
    41: _elementwise("Sub", activates=True),
    42: _elementwise("Div", activates=True),
    45: _Writer.strided_slice,
    54: _elementwise("PRelu"),
    59: _elementwise("Neg"),
    74: _Writer.total,
    75: _elementwise("Sqrt"),
    76: _Writer.reciprocal_root,
    99: _Writer.squared_difference,
    101: _elementwise("Abs"),
}
"""By the numbers of TensorFlow Lite's BuiltinOperator."""

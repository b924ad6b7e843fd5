"""Block-quantised constants multiply out to the right numbers, with the same bytes every time."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from sallyport_models.convert.face import convert_sface, dequantised, parsed, serialised, without_dropout
from sallyport_protocol.errors import MalformedError


def quantised_model() -> tuple[onnx.ModelProto, np.ndarray]:
    """y = x @ W.T with W [4, 10] in blocks of 4 along its rows, stored flat and reshaped; then Dropout."""
    rng = np.random.default_rng(5)
    quantised = rng.integers(-128, 127, (4, 10), dtype=np.int8)
    scale = rng.uniform(0.01, 0.1, (4, 3)).astype(np.float32)
    zero = rng.integers(-5, 5, (4, 3), dtype=np.int8)
    expected = (quantised - np.repeat(zero, 4, 1)[:, :10].astype(np.float32)) * np.repeat(scale, 4, 1)[:, :10]
    constants = [
        numpy_helper.from_array(quantised, "q"),
        numpy_helper.from_array(scale, "s"),
        numpy_helper.from_array(zero, "z"),
        numpy_helper.from_array(np.array([4, 10], np.int64), "shape"),
    ]
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=1, block_size=4),
        helper.make_node("Reshape", ["w", "shape"], ["w2"]),
        helper.make_node("Gemm", ["data", "w2"], ["y"], transB=1),
        helper.make_node("Dropout", ["y"], ["dropped"]),
        helper.make_node("Identity", ["dropped"], ["fc1"]),
    ]
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 10])
    stale = helper.make_tensor_value_info("q", TensorProto.INT8, [4, 10])
    out = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 4])
    graph = helper.make_graph(nodes, "tiny", [data, stale], [out], constants)
    opset = [helper.make_operatorsetid("", 21)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10), expected.astype(np.float32)


def test_constants_multiply_out() -> None:
    source, expected = quantised_model()
    model = dequantised(source)
    weight = numpy_helper.to_array(model.graph.initializer[0])
    np.testing.assert_array_equal(weight, expected)
    assert [value.name for value in model.graph.input] == ["data"]


def test_converted_network_runs_at_any_batch_size() -> None:
    source, expected = quantised_model()
    session = ort.InferenceSession(convert_sface(source.SerializeToString()), providers=["CPUExecutionProvider"])
    values = np.random.default_rng(1).normal(size=(3, 10)).astype(np.float32)
    np.testing.assert_allclose(session.run(None, {"data": values})[0], values @ expected.T, rtol=1e-4)


def test_same_bytes_every_time() -> None:
    source, _ = quantised_model()
    data = source.SerializeToString()
    assert convert_sface(data) == convert_sface(data)
    assert serialised(without_dropout(parsed(data))) == serialised(without_dropout(parsed(data)))


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x0a"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError, match="fetch the model again"):
        convert_sface(data)

"""LEADER's export: refuses what is not LEADER; the graph that was fetched is the lean one."""

import io
import os
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest

from sallyport_models.convert.leader import convert_leader, exact_product, read_weights
from sallyport_protocol.errors import MalformedError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("source", [b"", b"not hdf5", bytes(4096)])
def test_other_bytes_are_refused(source: bytes) -> None:
    with pytest.raises(MalformedError, match="fetch"):
        convert_leader(source)


def weights_file(**layers: list[np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for number, (name, arrays) in enumerate(layers.items()):
            group = file.create_group(f"layers/layer_{number}/vars")
            group.attrs["name"] = name
            for index, array in enumerate(arrays):
                group[str(index)] = array
    return buffer.getvalue()


def test_weights_are_read_by_layer_name():
    source = weights_file(one=[np.ones((2, 3)), np.zeros(3)], two=[])
    weights = read_weights(source)
    assert set(weights) == {"one", "two"}
    assert [array.shape for array in weights["one"]] == [(2, 3), (3,)]


def test_another_network_s_weights_are_refused():
    with pytest.raises(MalformedError, match="LEADER"):
        convert_leader(weights_file(one=[np.ones((2, 3))]))


def test_the_fetched_graph_is_lean():
    path = Path(os.environ.get("SALLYPORT_MODELS") or ROOT / "var/models")
    path = (path if path.is_absolute() else ROOT / path) / "leader.onnx"
    if not path.is_file():
        pytest.skip("the minutiae model is missing: run `sallyport-models fetch`")
    model = onnx.load(path)
    assert {output.name for output in model.graph.output} == {"position", "direction", "ending"}
    assert {node.domain for node in model.graph.node} == {""}
    assert path.stat().st_size < 4_000_000


def test_the_product_of_weights_is_right_and_of_one_order():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(7, 219)).astype(np.float32), rng.normal(size=(219, 5)).astype(np.float32)
    product = exact_product(a, b)
    assert product.dtype == np.float32
    assert product == pytest.approx(a @ b, rel=1e-4, abs=1e-4)
    assert np.array_equal(product, exact_product(np.asfortranarray(a), np.ascontiguousarray(b)))

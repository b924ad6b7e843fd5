"""Models that compute something else than when they were approved are refused before a kiosk uses them."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from sallyport_models.known_answers import KnownAnswer, check_model, outputs_of, read_known_answers
from sallyport_models.manifest import Manifest
from sallyport_models.store import ModelStore, default_store
from sallyport_protocol.errors import MalformedError, RoadError

SHAPE = (1, 4)


def model(factor: float, shift: float = 0.0) -> bytes:
    """A network that gives its input times a factor plus a shift."""
    nodes = [helper.make_node("Mul", ["x", "f"], ["m"]), helper.make_node("Add", ["m", "s"], ["y"])]
    constants = [
        numpy_helper.from_array(np.array([value], np.float32), name) for name, value in (("f", factor), ("s", shift))
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


def known(content: bytes) -> dict[str, KnownAnswer]:
    blank = KnownAnswer(SHAPE, 0.0, 1.0, {})
    return {"m": KnownAnswer(SHAPE, 0.0, 1.0, outputs_of(content, blank))}


def test_the_approved_model_passes_and_rounding_does_not_matter() -> None:
    check_model("m", model(1.0), known(model(1.0)))
    check_model("m", model(1.0001), known(model(1.0)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (model(1.1), "is not what it was"),
        (model(0.0, 0.3), "is constant"),
        (model(float("nan")), "is not finite"),
        (model(float("inf")), "is not finite"),
        (b"no model", "cannot be run"),
    ],
)
def test_another_computation_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        check_model("m", content, known(model(1.0)))


def test_a_model_without_a_known_answer_is_refused() -> None:
    with pytest.raises(MalformedError, match="no known answer"):
        check_model("other", model(1.0), known(model(1.0)))


def test_every_approved_model_gives_its_known_answer() -> None:
    store, answers = ModelStore(default_store(), Manifest.read()), read_known_answers()
    for entry in store.manifest.approved():
        if entry.supplied and not store.holds(entry):
            continue
        try:
            content = store.load(entry.name).bytes
        except RoadError as error:
            pytest.skip(f"{error}")
        check_model(entry.name, content, answers)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "known_answers.toml"
    with pytest.raises(RoadError, match="known_answers"):
        read_known_answers(path)
    path.write_text("[m]\nshape = 3")
    with pytest.raises(MalformedError, match="known_answers"):
        read_known_answers(path)

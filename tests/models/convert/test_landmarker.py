"""The landmarker's networks convert to networks that run, and nothing else converts."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from sallyport_models.convert.landmarker import convert_blendshapes, convert_face_mesh
from sallyport_models.convert.tflite import convert_tflite
from sallyport_protocol.errors import MalformedError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("source", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_other_archives_are_refused(source: bytes) -> None:
    with pytest.raises(MalformedError, match="fetch the model again"):
        convert_face_mesh(source)


@pytest.mark.parametrize("model", [b"", b"1234TFL3", b"\xff\xff\xff\x7fTFL3" + bytes(64), bytes(100)])
def test_other_models_are_refused(model: bytes) -> None:
    with pytest.raises(MalformedError, match="fetch the model again"):
        convert_tflite(model)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as task:
        task.writestr("face_blendshapes.tflite", model)
    with pytest.raises(MalformedError):
        convert_blendshapes(archive.getvalue())


@pytest.mark.parametrize(
    ("name", "shape", "outputs"),
    [
        ("face-mesh", (1, 256, 256, 3), [(1, 1, 1, 1434), (1, 1, 1, 1), (1, 1)]),
        ("face-blendshapes", (1, 146, 2), [(52,)]),
    ],
)
def test_converted_networks_run(name: str, shape: tuple[int, ...], outputs: list[tuple[int, ...]]) -> None:
    path = ROOT / os.environ.get("SALLYPORT_MODELS", "var/models") / f"{name}.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not here; run `sallyport-models fetch`")
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    values = np.random.default_rng(1).random(shape, dtype=np.float32)
    found = session.run(None, {"input_0": values})
    assert [value.shape for value in found] == outputs
    assert all(np.isfinite(value).all() for value in found)

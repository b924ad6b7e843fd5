"""Real models and public photographs, when `sallyport-models fetch` and `samples` have brought them."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from sallyport_biometrics.face.pipeline import MODELS, FacePipeline
from sallyport_biometrics.face.words import Image

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def models() -> dict[str, bytes]:
    store = Path(os.environ.get("SALLYPORT_MODELS", "var/models"))
    paths = {name: ROOT / store / f"{name}.onnx" for name in MODELS}
    missing = [str(path) for path in paths.values() if not path.exists()]
    if missing:
        pytest.skip(f"{missing[0]} is not here; run `sallyport-models fetch`")
    return {name: path.read_bytes() for name, path in paths.items()}


@pytest.fixture(scope="session")
def pipeline(models: dict[str, bytes]) -> FacePipeline:
    return FacePipeline(models)


@pytest.fixture(scope="session")
def photograph() -> Callable[[str], Image]:
    """One of the public samples, scaled to a kiosk's frame height."""

    def read(name: str) -> Image:
        path = ROOT / "var" / "samples" / f"{name}.jpg"
        if not path.exists():
            pytest.skip(f"{path} is not here; run `sallyport-models samples`")
        frame = cv2.imread(str(path))
        scale = 480 / frame.shape[0]
        return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    return read

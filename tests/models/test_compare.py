"""Comparing two images: the score with what it is worth, and advice instead of a score for what is no print."""

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_biometrics.finger import FingerExtractor
from sallyport_models.calibrations import read_calibration
from sallyport_models.compare import compare_images
from sallyport_protocol.errors import MalformedError

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "var/samples"
CALIBRATION = read_calibration("finger")


@pytest.fixture(scope="module")
def extractor() -> FingerExtractor:
    model = ROOT / (os.environ.get("SALLYPORT_MODELS") or "var/models") / "leader.onnx"
    if not model.is_file() or not (SAMPLES / "finger-a-1.png").is_file():
        pytest.skip("model or samples are missing: run `sallyport-models fetch` and `sallyport-models samples`")
    return FingerExtractor(model.read_bytes())


def test_the_shipped_calibration_is_of_the_shipped_model():
    from sallyport_models.manifest import Manifest

    assert CALIBRATION.model == Manifest.read().model("leader").sha256


def test_one_finger_is_told_from_two(extractor, tmp_path):
    picture = tmp_path / "pairs.png"
    first, second, other = (SAMPLES / f"finger-{name}.png" for name in ("a-1", "a-2", "b-1"))
    same = compare_images(first, second, extractor, CALIBRATION, 500, picture)
    different = compare_images(first, other, extractor, CALIBRATION, 500, None)
    assert same["llr"] > 4 > -1 > different["llr"]
    assert same["fmr_upper"] < 1e-3 < 1e-2 < different["fmr"]
    assert cv2.imread(str(picture)).shape[2] == 3


def test_what_is_no_print_gets_advice(extractor, tmp_path):
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((300, 300), 255, np.uint8))
    with pytest.raises(MalformedError, match="Put your finger"):
        compare_images(blank, blank, extractor, CALIBRATION, 500, None)


def test_a_calibration_of_another_model_is_refused(extractor):
    with pytest.raises(MalformedError, match="another model"):
        compare_images(Path("a"), Path("b"), extractor, replace(CALIBRATION, model="00" * 32), 500, None)

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration, load_calibration
from sallyport_protocol.errors import MalformedError, RoadError

IMAGE = np.array([[0, 1, 2], [3, 4, 5]], np.uint8)


@pytest.mark.parametrize(
    ("calibration", "expected"),
    [
        (SensorCalibration(), [[0, 1, 2], [3, 4, 5]]),
        (SensorCalibration(rotation=90), [[3, 0], [4, 1], [5, 2]]),
        (SensorCalibration(rotation=180), [[5, 4, 3], [2, 1, 0]]),
        (SensorCalibration(rotation=270), [[2, 5], [1, 4], [0, 3]]),
        (SensorCalibration(mirror=True), [[2, 1, 0], [5, 4, 3]]),
        (SensorCalibration(invert=True), [[255, 254, 253], [252, 251, 250]]),
        (SensorCalibration(rotation=90, mirror=True), [[0, 3], [1, 4], [2, 5]]),
    ],
)
def test_images_are_turned(calibration: SensorCalibration, expected: list[list[int]]) -> None:
    assert calibration.apply(IMAGE).tolist() == expected


def test_contrast_uses_the_whole_range_and_leaves_a_flat_image() -> None:
    stretched = SensorCalibration(contrast=(0.01, 0.01)).apply(np.arange(50, 150, dtype=np.uint8).reshape(10, 10))
    assert (stretched.min(), stretched.max()) == (0, 255)
    flat = np.full((4, 4), 99, np.uint8)
    assert np.array_equal(SensorCalibration(contrast=(0.01, 0.01)).apply(flat), flat)


@given(st.integers(0, 3), st.booleans(), st.booleans())
def test_a_calibration_never_changes_the_number_of_pixels(turns: int, mirror: bool, invert: bool) -> None:
    assert SensorCalibration(500, turns * 90, mirror, invert).apply(IMAGE).size == IMAGE.size


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sensor.toml"
    path.write_text("dpi = 508\nrotation = 270\nmirror = true\ncontrast = [0.01, 0.02]\nsize = [256, 288]\n")
    assert load_calibration(path) == SensorCalibration(508.0, 270, True, False, (0.01, 0.02), (256, 288))
    path.write_text("")
    assert load_calibration(path) == SensorCalibration()


@pytest.mark.parametrize(
    "text",
    [
        "dpi = 5",
        "dpi = nan",
        "dpi = 'five hundred'",
        "rotation = 45",
        "mirror = 1",
        "contrast = [0.5, 0.0]",
        "contrast = [0.1]",
        "size = [256]",
        "size = [256, 100000]",
        "size = [256.0, 288.0]",
        "gamma = 2",
        "dpi = ",
        "\xff",
    ],
)
def test_a_file_that_is_not_one_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sensor.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(MalformedError):
        load_calibration(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="copy it there"):
        load_calibration(tmp_path / "absent.toml")

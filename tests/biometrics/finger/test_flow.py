"""Ridge flow: right angles, right place."""

import numpy as np
import pytest

from sallyport_biometrics.finger.flow import bounds, ridge_flow


def ridges(angle: float, side: int = 240, period: float = 9.0) -> np.ndarray:
    """Ridges that run at `angle` (rad, y up) in a disc on white."""
    y, x = np.mgrid[0:side, 0:side] - side / 2
    across = -x * np.sin(angle) - y * np.cos(angle)
    wave = 128 - 100 * np.cos(2 * np.pi * across / period)
    return np.where(x * x + y * y < (side / 2 - 30) ** 2, wave, 255).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135, 170])
def test_the_orientation_is_that_of_the_ridges(degrees: int) -> None:
    angle = np.deg2rad(degrees)
    flow = ridge_flow(ridges(angle))
    middle = flow.orientation[10, 10]
    assert np.abs(middle - np.exp(2j * angle)) < 0.05
    assert flow.coherence[10, 10] > 0.9


def test_the_print_is_where_the_ridges_are():
    image = np.full((300, 480), 255, np.uint8)
    image[20:260, 200:440] = ridges(0.3)
    top, bottom, left, right = (12 * edge for edge in bounds(ridge_flow(image).mask))
    assert 32 <= top <= 68
    assert 212 <= bottom <= 256
    assert 212 <= left <= 248
    assert 392 <= right <= 436


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_an_empty_image_has_no_print(tone: int) -> None:
    assert not ridge_flow(np.full((240, 240), tone, np.uint8)).mask.any()

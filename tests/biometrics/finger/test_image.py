"""What is not a fingerprint image is refused before anything looks at it."""

import numpy as np
import pytest

from sallyport_biometrics.finger.image import normalised
from sallyport_protocol.errors import MalformedError


def gray(*shape: int) -> np.ndarray:
    return np.full(shape, 200, np.uint8)


@pytest.mark.parametrize(
    "image",
    [
        gray(10, 10),
        gray(10_000, 10_000),
        gray(300, 300, 3),
        np.zeros((300, 300), np.uint16),
        np.zeros((300, 300), np.float32),
        gray(0, 300),
        gray(95, 400),
        gray(100, 12_000),
        gray(300),
    ],
)
def test_wrong_images_are_refused(image: np.ndarray) -> None:
    with pytest.raises(MalformedError):
        normalised(image, 500)


@pytest.mark.parametrize("dpi", [0, -1, 249, 2001, float("nan"), float("inf")])
def test_wrong_resolutions_are_refused(dpi: float) -> None:
    with pytest.raises(MalformedError):
        normalised(gray(300, 300), dpi)


@pytest.mark.parametrize(("dpi", "side"), [(500, 400), (1000, 200), (250, 800), (569, 351), (501, 400)])
def test_every_resolution_becomes_500(dpi: float, side: int) -> None:
    image = normalised(gray(400, 400), dpi)
    assert image.shape == (side, side)
    assert image.dtype == np.uint8


def test_an_image_at_500_is_not_touched():
    image = np.arange(120 * 130, dtype=np.uint8).reshape(120, 130)
    assert np.array_equal(normalised(image, 500), image)
    assert np.array_equal(normalised(image[::-1, ::-1], 500), image[::-1, ::-1])

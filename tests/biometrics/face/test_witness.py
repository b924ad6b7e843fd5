"""The third witness: what it is shown of a frame."""

import numpy as np
import pytest

from sallyport_biometrics.face.grids import spectra_about
from sallyport_biometrics.face.witness import (
    LENGTH,
    PATCH,
    SURROUND,
    Witness,
    joined,
    patch_of,
    surround_of,
)
from sallyport_biometrics.face.words import Box, Image
from sallyport_protocol.errors import MalformedError

BOX = Box(130, 90, 100, 130)


def portrait(width: int = 360, height: int = 320) -> Image:
    """A soft oval before a plain room, with a camera's noise; synthetic."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    oval = 110 * np.exp(-(((x - 180) / 45) ** 2) - ((y - 155) / 60) ** 2)
    noise = np.random.default_rng(1).normal(0, 2.5, (height, width, 3))
    return np.clip(60 + oval[..., None] * [0.7, 0.85, 1.0] + noise, 0, 255).astype(np.uint8)


def test_views_have_one_length_wherever_the_face_stands() -> None:
    for frame, box in (
        (portrait(), BOX),
        (portrait(), Box(-40, -30, 100, 130)),
        (portrait(), Box(300, 260, 200, 220)),
        (portrait(70, 60), Box(10, 10, 40, 45)),
    ):
        views = joined(surround_of(frame, box), patch_of(frame, box), spectra_about(frame, box))
        assert views.shape == (LENGTH,) and views.dtype == np.float32
        assert np.isfinite(views).all() and np.abs(views[: 3 * SURROUND**2]).max() <= 1.0


def test_the_surround_is_about_the_face_and_the_patch_is_unscaled() -> None:
    frame = np.zeros((600, 600, 3), np.uint8)
    frame[280:320, 280:320] = 200
    box = Box(250, 250, 100, 100)
    small = surround_of(frame, box)[..., 0]
    rows, columns = np.nonzero(small > 100)
    middle = (SURROUND - 1) / 2
    assert abs(rows.mean() - middle) <= 1 and abs(columns.mean() - middle) <= 1
    assert np.array_equal(patch_of(frame, box), frame[300 - PATCH // 2 : 300 + PATCH // 2, 252:348])


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(MalformedError, match="fetch the models again"):
        Witness(b"no network")

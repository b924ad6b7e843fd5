"""A similarity transform is recovered exactly, and a degenerate face does not crash."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.face.align import ARCFACE, aligned, similarity
from sallyport_biometrics.face.words import Landmarks

POINTS = np.array(ARCFACE.points)


@given(
    angle=st.floats(-math.pi, math.pi),
    scale=st.floats(0.2, 5.0),
    x=st.floats(-300, 300),
    y=st.floats(-300, 300),
)
def test_recovers_a_known_transform(angle: float, scale: float, x: float, y: float) -> None:
    known = np.array(
        [
            [scale * math.cos(angle), -scale * math.sin(angle), x],
            [scale * math.sin(angle), scale * math.cos(angle), y],
        ]
    )
    moved = POINTS @ known[:, :2].T + known[:, 2]
    np.testing.assert_allclose(similarity(POINTS, moved), known, atol=1e-9 * max(1.0, abs(x), abs(y)) + 1e-8)


def test_never_mirrors() -> None:
    mirrored = POINTS * [-1.0, 1.0]
    assert np.linalg.det(similarity(mirrored, POINTS)[:, :2]) >= 0.0


def test_one_point_five_times_gives_a_chip() -> None:
    frame = np.full((60, 60, 3), 7, dtype=np.uint8)
    landmarks = Landmarks((9.0, 9.0), (9.0, 9.0), (9.0, 9.0), (9.0, 9.0), (9.0, 9.0))
    assert aligned(frame, landmarks).shape == (112, 112, 3)

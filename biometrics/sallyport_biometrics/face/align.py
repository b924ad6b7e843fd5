"""The face cut out upright and at a fixed size, by five points and a similarity transform."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Image, Landmarks

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chip:
    """Where the five landmarks lie, in pixels, in a square cut-out of `size` pixels."""

    size: int
    points: tuple[tuple[float, float], ...]


ARCFACE = Chip(
    112,
    ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)),
)
"""The positions used to train ArcFace and SFace (Deng et al., 2019), right eye first."""


def shrunk(chip: Chip, factor: float) -> Chip:
    """The same cut-out with the face smaller by this factor, about its middle."""
    middle = chip.size / 2
    return Chip(
        chip.size, tuple(((x - middle) * factor + middle, (y - middle) * factor + middle) for x, y in chip.points)
    )


def similarity(source: Matrix, target: Matrix) -> Matrix:
    """[2, 3] rotation, scale and shift that brings source [n, 2] nearest to target in least squares.

    With points as complex numbers the transform is w = a z + b, so `a` is one quotient. A degenerate source
    (all points in one place) gives a = 1.
    """
    z = source[:, 0] + 1j * source[:, 1]
    w = target[:, 0] + 1j * target[:, 1]
    spread = z - z.mean()
    energy = float(np.vdot(spread, spread).real)
    a = np.vdot(spread, w - w.mean()) / energy if energy > 1e-9 else 1.0 + 0.0j
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def aligned(frame: Image, landmarks: Landmarks, chip: Chip = ARCFACE) -> Image:
    """[size, size, 3] uint8, BGR; what lies outside the frame is black."""
    matrix = similarity(landmarks.array(), np.array(chip.points))
    cut = cv2.warpAffine(frame, matrix, (chip.size, chip.size), flags=cv2.INTER_LINEAR)
    return np.asarray(cut, dtype=np.uint8)

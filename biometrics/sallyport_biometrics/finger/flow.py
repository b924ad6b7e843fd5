"""Ridge flow: orientation and clarity of the ridges on a coarse grid, and where the print is.

Coordinates of this package: x to the right, y up, in px at 500 dpi with the image's top left at (0, 0), so y <= 0
inside the image. An orientation is carried as its double angle on the unit circle, z = exp(2i phi), because ridges have
no sense; z = 0 where there is no ridge.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

_SCALE = 4
_PER_CELL = p.CELL // _SCALE


@dataclass(frozen=True, slots=True)
class Flow:
    """The ridge-flow field of an image; each array is rows x columns of cells of CELL px."""

    orientation: Complexes
    """Double-angle unit numbers, everywhere."""
    coherence: Floats
    """0 (no common direction) to 1 (parallel)."""
    energy: Floats
    """Mean squared gradient."""
    mask: NDArray[np.bool_]
    """The largest connected area of ridges."""


def ridge_flow(image: Gray) -> Flow:
    """The field of an H x W image with at least one cell each way."""
    smooth = cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.float32)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)
    gy = -cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)
    even, odd, energy = _averaged(gx * gx - gy * gy), _averaged(2 * gx * gy), _averaged(gx * gx + gy * gy)
    strength = np.hypot(even, odd)
    # A ridge runs across its gradient: half a turn further in double angle.
    orientation = (-(even + 1j * odd) / (strength + 1e-6)).astype(np.complex64)
    coherence = (strength / (energy + 1e-3)).astype(np.float32)
    return Flow(orientation, coherence, energy, _print_area(coherence, energy))


def _averaged(product: Floats) -> Floats:
    """Gaussian mean at the centres of the cells."""
    height, width = product.shape
    small = cv2.resize(product, (width // _SCALE, height // _SCALE), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), p.FLOW_SIGMA / _SCALE)
    return np.asarray(small[_PER_CELL // 2 :: _PER_CELL, _PER_CELL // 2 :: _PER_CELL], np.float32)


def _print_area(coherence: Floats, energy: Floats) -> NDArray[np.bool_]:
    least = max(p.ABSOLUTE_ENERGY, p.RELATIVE_ENERGY * float(np.percentile(energy, 90)))
    clear = ((coherence > p.COHERENCE) & (energy > least)).astype(np.uint8)
    opened = cv2.morphologyEx(clear, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    ridges = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ridges, connectivity=8)
    if count < 2:
        return np.zeros(ridges.shape, np.bool_)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """First and past-last row, first and past-last column of a mask with at least one cell set."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1

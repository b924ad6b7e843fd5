"""Straight edges about a face: of a sheet of paper, a bezel, a screen.

A person stands before whatever edges a room has, and none of them passes under the chin; a picture that is held before
the camera ends in straight lines near the face, often on several sides. An edge counts by how much of its length goes
on unbroken and by how much it stands out of the other gradients there.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Box, Image

Values = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
FACE: Final = 40
"""Width of the face after scaling, pixels."""
NEAR: Final = 0.62
"""Half widths nearer than this belong to the face itself; in face widths from its middle."""
REACH: Final = 2.4
"""How far is looked, in face widths."""
WIDE_FACE, WIDE_REACH, WIDE_NEAR, WIDE_ALONG = 20, 4.0, 0.7, 1.1
"""The same four, coarser, for a picture that ends far from the face: there only several sides together count."""
SLOPES: Final = tuple(step / 40 for step in range(-8, 9))
"""Tilts that are tried, up to 11 degrees either way."""
ALONG: Final = 0.9
"""How far an edge is followed either way from the face's middle, in face widths."""
STRONG: Final = 3.0
"""Gradient of an edge, grey levels a pixel; weaker ones are noise and texture."""


@dataclass(frozen=True, slots=True)
class EdgesAbout:
    """Each 0 (none) to 1 (an unbroken straight line along the face)."""

    beside: float
    """the weaker of the best edges left and right"""
    aside: float
    """the stronger of them"""
    below: float
    above: float
    corner: float
    """the second best of all four sides"""
    enclosed: float
    """the third best of all four sides, looked for further away"""
    sharpness: float
    """detail of the surround over the face's, natural logarithm"""


def edges_about(frame: Image, box: Box) -> EdgesAbout:
    """Edges of the frame about this box. Where the frame ends near the face there is none to be seen."""
    grey, x, y = _scene(frame, box, FACE, REACH)
    left, right, below, above = _sides(grey, x, y, int(NEAR * FACE), int(ALONG * FACE))
    corner = sorted((left, right, below, above))[-2]
    wide = _sides(*_scene(frame, box, WIDE_FACE, WIDE_REACH), int(WIDE_NEAR * WIDE_FACE), int(WIDE_ALONG * WIDE_FACE))
    enclosed = sorted(wide)[1]
    sharpness = _sharpness(grey, x, y)
    return EdgesAbout(min(left, right), max(left, right), below, above, corner, enclosed, sharpness)


def _sides(grey: Values, x: int, y: int, near: int, far: int) -> tuple[float, float, float, float]:
    """The straightest edges left, right, below and above, further than `near` and followed for `far` either way."""
    upright, level = _thin_edges(grey)
    under = int(1.15 * near)
    rows, columns = slice(max(0, y - far), y + far), slice(max(0, x - far), x + far)
    left, right = straightest(upright[rows, : max(0, x - near)]), straightest(upright[rows, x + near :])
    below, above = straightest(level[y + under :, columns].T), straightest(level[: max(0, y - under), columns].T)
    return left, right, below, above


def _thin_edges(grey: Values) -> tuple[Flags, Flags]:
    """Where the picture changes most, across upright edges and down level ones, off its own border."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    across = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)) / 8
    down = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3)) / 8
    inside = np.zeros(grey.shape, bool)
    inside[2:-2, 2:-2] = True
    upright = inside & (across > np.maximum(STRONG, 1.5 * down)) & (across >= cv2.dilate(across, np.ones((1, 3))))
    level = inside & (down > np.maximum(STRONG, 1.5 * across)) & (down >= cv2.dilate(down, np.ones((3, 1))))
    return upright, level


def _scene(frame: Image, box: Box, face: int, far: float) -> tuple[Values, int, int]:
    """The surround `far` face widths about, with the face `face` pixels wide, and where the face's middle is."""
    height, width = frame.shape[:2]
    reach = far * max(4.0, box.width)
    left = max(0, min(int(box.centre[0] - reach), width - 2))
    top = max(0, min(int(box.centre[1] - reach), height - 2))
    right, bottom = min(width, int(box.centre[0] + reach) + 1), min(height, int(box.centre[1] + reach) + 1)
    cut = frame[top : max(bottom, top + 2), left : max(right, left + 2)]
    scale = face / max(4.0, box.width)
    size = (max(8, round(cut.shape[1] * scale)), max(8, round(cut.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = np.asarray(cv2.resize(cv2.cvtColor(cut, cv2.COLOR_BGR2GRAY), size, interpolation=method), np.float32)
    x = int(np.clip((box.centre[0] - left) * scale, 0, size[0] - 1))
    y = int(np.clip((box.centre[1] - top) * scale, 0, size[1] - 1))
    return grey, x, y


def straightest(edge: Flags) -> float:
    """Of the nearly upright lines through [rows, columns]: the greatest share of rows with an edge, less chance's."""
    height, width = edge.shape
    if height < 8 or width < 3:
        return 0.0
    widened = cv2.dilate(edge.astype(np.float32), np.ones((1, 3), np.uint8))
    farthest = int(np.ceil(max(SLOPES) * height / 2)) + 1
    padded = np.pad(widened, ((0, 0), (farthest, farthest)))
    rows = np.arange(height)
    shifts = np.rint((rows - height / 2) * np.array(SLOPES)[:, None]).astype(int) + farthest
    lines = padded[rows[:, None], np.arange(width) + shifts[..., None]].mean(axis=1)
    return max(0.0, float(lines.max() - widened.mean()))


def _sharpness(grey: Values, x: int, y: int) -> float:
    rough = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    half = FACE // 2
    face = rough[max(0, y - half) : y + half, max(0, x - half) : x + half]
    around = rough.sum() - face.sum()
    count = max(1, rough.size - face.size)
    return float(np.log((around / count + 0.5) / (face.mean() + 0.5)))

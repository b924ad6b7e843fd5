"""A grid that lies over a whole picture: dots of a print, lines of a screen, and what either beats into moire.

What a scene shows differs from part to part; a grid is the same in all of them. The logarithms of the spectra of many
tiles about the face are averaged (Welch's method, with the geometric mean), and a grid is what then stands out of its
own neighbourhood in the plane of frequencies.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Box, Image

Values = npt.NDArray[np.float32]
TILE: Final = 64
STEP: Final = 64
"""Greatest distance between tiles, pixels."""
REACH, MOST = 1.6, 320
"""Side of what is looked at: in face boxes, and at most in pixels."""
SLOWEST, SLOWEST_COLOUR = 6, 4
"""Cycles a tile: slower waves are the scene's own. Fringes of colour may be wider than a face's shades."""
FASTEST: Final = 31


Spectra = tuple[Values, Values, Values]
"""Of luminance, green against magenta, blue against red; each [TILE, TILE / 2 + 1], slowest rows first."""


def spectra_about(frame: Image, box: Box) -> Spectra:
    """The tiles' mean logarithmic spectra about this box, of luminance and of the two colour differences."""
    part = np.asarray(_about(frame, box), np.float32)
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    grey = part @ np.array([0.114, 0.587, 0.299], np.float32)
    return _mean_spectrum(grey), _mean_spectrum(blue + red - 2 * green), _mean_spectrum(blue - red)


def grids_in(spectra: Spectra) -> tuple[float, float]:
    """How far a grid stands out, natural logarithm: of luminance, and of the colour differences."""
    grey, magenta, warm = spectra
    return standing_out(grey, SLOWEST), max(standing_out(magenta, SLOWEST_COLOUR), standing_out(warm, SLOWEST_COLOUR))


def grid_in(plane: Values, slowest: int) -> float:
    """The highest point of the tiles' mean logarithmic spectrum over the median about it. [H, W], any size."""
    return standing_out(_mean_spectrum(plane), slowest)


def standing_out(spectrum: Values, slowest: int) -> float:
    """The highest point of a spectrum over the median about it."""
    spectrum = np.fft.fftshift(spectrum, axes=0)
    whole = np.ascontiguousarray(np.concatenate([spectrum[::-1, 1:][:, ::-1], spectrum], axis=1), np.float32)
    above = whole - cv2.medianBlur(whole, 5)
    return float(above[_looked_at(slowest)].max())


def _mean_spectrum(plane: Values) -> Values:
    high, wide = plane.shape
    if high < TILE or wide < TILE:
        down, across = max(0, TILE - high), max(0, TILE - wide)
        plane = np.asarray(cv2.copyMakeBorder(plane, 0, down, 0, across, cv2.BORDER_REFLECT), np.float32)
        high, wide = plane.shape
    tiles = np.stack([plane[y : y + TILE, x : x + TILE] for y in _starts(high) for x in _starts(wide)])
    tiles = (tiles - tiles.mean(axis=(1, 2), keepdims=True)) * _window()
    return np.asarray(np.log(np.abs(np.fft.rfft2(tiles)) + 1.0).mean(axis=0), np.float32)


def _starts(length: int) -> list[int]:
    count = -(-(length - TILE) // STEP) + 1
    return sorted({int(at) for at in np.linspace(0, length - TILE, count)})


@cache
def _window() -> Values:
    hann = np.hanning(TILE).astype(np.float32)
    return np.outer(hann, hann)


@cache
def _looked_at(slowest: int) -> npt.NDArray[np.bool_]:
    """Off the axes, where the frame's edges and the blocks of a compression lie."""
    down, across = np.arange(TILE)[:, None] - TILE // 2, np.arange(TILE + 1) - TILE // 2
    radius = np.hypot(down, across)
    return np.asarray((radius >= slowest) & (radius < FASTEST) & (down != 0) & (across != 0), np.bool_)


def _about(frame: Image, box: Box) -> Image:
    height, width = frame.shape[:2]
    wide, high = (int(min(MOST, max(TILE, side * REACH))) for side in (box.width, box.height))
    left = max(0, min(int(box.centre[0] - wide / 2), width - wide))
    top = max(0, min(int(box.centre[1] - high / 2), height - high))
    return frame[top : top + high, left : left + wide]

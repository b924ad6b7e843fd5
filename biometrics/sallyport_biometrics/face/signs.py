"""Signs of a picture of a picture in one frame: numbers that a calibration may weigh, none of which decides alone.

What leaves them: the grid of a screen or a print under the camera's own grid (peaks in the spectrum, in luminance and,
because the camera sees each colour at other places, in colour); a second lens and a second sampling (detail falls off
otherwise than in a face seen once); ink and glass (blacks that are not black, whites that are not white, fewer colours:
Wen, Han and Jain, Face Spoof Detection With Image Distortion Analysis, 2015); glare; straight edges about the face, of
paper, bezel or screen; a surround that is exactly as sharp as the face; bands of a flickering backlight.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.edges import edges_about
from sallyport_biometrics.face.grids import Spectra, grids_in, spectra_about
from sallyport_biometrics.face.words import Box, Face, Image

Values = npt.NDArray[np.float32]
PATCH: Final = 192
"""Side of the patch of unscaled pixels whose spectrum is looked at."""
SIDE: Final = 128
"""Side of the face after scaling: shares of detail are then cycles a face."""
BANDS: Final = ((4, 8), (8, 16), (16, 28), (28, 44), (44, 62))
"""Cycles a face; the first is what the others are compared with."""
GREY: Final = 1.5
"""Mean distance between colour channels, grey levels, below which a file has no colour at all."""
WHITE: Final = 235
"""Grey level of glare."""
COLOURED: Final = 4.0
"""Spread of colour that no cast over a grey picture explains, grey levels: below 2.6 for grey photographs before a
colour camera, above 5.5 for photographs in colour (98 % of either)."""


NAMES: Final = (
    "peak",  # highest peak of the luminance's spectrum over its ring, natural logarithm
    "detail",  # energy of the second band of `BANDS` over the first, natural logarithm; and so on upwards
    "fine",
    "finer",
    "finest",
    "noise",  # of single pixels over the face's contrast, natural logarithm
    "dark",  # the darkest hundredth of face and surround, 0 to 1
    "bright",  # the brightest hundredth
    "levels",  # share of all grey levels that the face shows: ink and glass leave fewer
    "contrast",  # standard deviation of the face's luminance, 0 to 0.5
    "glare",  # share of the face that is white in all colours, natural logarithm
    "glow",  # how far the face's whitest patch stands above its middle, 0 to 1: a lamp in glass is white, skin is not
    "grid",  # the same wave in every part of the picture, see `grids`
    "colour_grid",  # the same in the colour differences
    "beside",  # straight upright edges on both sides of the face, see `edges`
    "aside",  # on one side
    "below",  # a straight level edge under it
    "above",
    "corner",  # edges on at least two sides
    "enclosed",  # on at least three, further away
    "surround",  # detail of the surround over the face's, natural logarithm
    "bands",  # waves over the rows
    "colour_peak",  # as `peak`, of the two colour differences
    "fringes",  # small waves between green and magenta, which skin and light do not have, over those of luminance
    "colour_noise",  # noise of colour over noise of luminance, natural logarithm
    "saturation",  # mean distance of the face's colour from grey, 0 to 1
    "colours",  # spread of the face's colour, 0 to 0.5
)


def signs_of(frame: Image, face: Face, spectra: Spectra | None = None) -> dict[str, float]:
    """The signs by name; those of colour only where there is colour. Never raises for a picture's content.

    `spectra`: those of `spectra_about`, where they are known already."""
    patch = np.asarray(unscaled(frame, face.box), np.float32)
    near, wide = _scaled(frame, face.box, 1.0, SIDE), _scaled(frame, face.box, 1.7, SIDE)
    lines, (grid, colour_grid) = edges_about(frame, face.box), grids_in(spectra or spectra_about(frame, face.box))
    found = _of_luminance(luminance(patch), near, luminance(wide))
    found |= {"beside": lines.beside, "aside": lines.aside, "below": lines.below, "above": lines.above}
    found |= {"corner": lines.corner, "enclosed": lines.enclosed, "surround": lines.sharpness, "grid": grid}
    blue, red = differences(near)
    if float(np.abs(blue).mean() + np.abs(red).mean()) > GREY:
        found |= {**_of_fringes(patch, near), "colour_grid": colour_grid}
    return found | _of_colour(patch, near) if coloured(near) else found


def _of_luminance(patch: Values, colours: Values, wide: Values) -> dict[str, float]:
    near = luminance(colours)
    contrast = float(near.std()) / 255
    dark, bright = np.quantile(wide, (0.01, 0.99)) / 255
    detail, fine, finer, finest = banded(near)
    return {
        "peak": peak_of(patch),
        "detail": detail,
        "fine": fine,
        "finer": finer,
        "finest": finest,
        "noise": float(np.log((noise_of(patch) + 0.05) / (255 * contrast + 1))),
        "dark": float(dark),
        "bright": float(bright),
        "levels": len(np.unique(near.astype(np.uint8))) / 256,
        "contrast": contrast,
        **_of_lamps(colours),
        "bands": waves(near),
    }


def _of_lamps(near: Values) -> dict[str, float]:
    """White light lifts the least of the three colours, coloured skin does not."""
    inside = slice(SIDE // 10, -SIDE // 6), slice(SIDE // 6, -SIDE // 6)
    least = near.min(axis=2)
    soft = cv2.GaussianBlur(least, (0, 0), SIDE / 25)[inside]
    return {
        "glare": float(np.log((least[inside] > WHITE).mean() + 1e-3)),
        "glow": float(np.quantile(soft, 0.98) - np.median(soft)) / 255,
    }


def _of_fringes(patch: Values, near: Values) -> dict[str, float]:
    return {"colour_peak": max(peak_of(each) for each in differences(patch)), "fringes": _fringes(near)}


def coloured(near: Values) -> bool:
    """Whether the face has colours, not only a cast: such a picture is grey to networks that know colour."""
    smooth = np.asarray(cv2.GaussianBlur(near, (0, 0), 4), np.float32)
    grey = luminance(smooth)
    centred = grey - grey.mean()
    energy = float((centred**2).mean()) + 1.0
    spread = 0.0
    for each in differences(smooth):
        cast = float((each * centred).mean()) / energy
        spread += float((each - cast * centred).var())
    return spread > COLOURED**2


def _of_colour(patch: Values, near: Values) -> dict[str, float]:
    blue, red = differences(patch)
    noise = noise_of(blue) + noise_of(red)
    return {
        "colour_noise": float(np.log((noise + 0.05) / (noise_of(luminance(patch)) + 0.05))),
        "saturation": _saturation(near),
        "colours": float(np.hypot(*(each.std() for each in differences(near)))) / 255,
    }


def _fringes(picture: Values) -> float:
    """Waves of some two to eight pixels; a mosaic that beats with a grid makes each colour's apart."""
    blue, green, red = (np.ascontiguousarray(picture[..., channel]) for channel in range(3))
    magenta, grey = green - (blue + red) / 2, luminance(picture)
    small = [
        float((cv2.GaussianBlur(each, (0, 0), 1) - cv2.GaussianBlur(each, (0, 0), 3)).std()) for each in (magenta, grey)
    ]
    return float(np.log((small[0] + 0.1) / (small[1] + 0.5)))


def _saturation(picture: Values) -> float:
    blue, green, red = (np.ascontiguousarray(picture[..., channel]) for channel in range(3))
    greatest = np.maximum(np.maximum(blue, green), red)
    return float((greatest - np.minimum(np.minimum(blue, green), red)).mean()) / 255


def unscaled(frame: Image, box: Box) -> Image:
    """The middle of the face in the camera's own pixels, at most `PATCH` a side, of a length that transforms fast."""
    height, width = frame.shape[:2]
    side = int(min(PATCH, max(16.0, box.width), height, width))
    side = side // 16 * 16 if side >= 32 else side
    x = int(np.clip(box.centre[0] - side / 2, 0, width - side))
    y = int(np.clip(box.centre[1] - side / 2, 0, height - side))
    return frame[y : y + side, x : x + side]


def _scaled(frame: Image, box: Box, factor: float, side: int) -> Values:
    """[side, side, 3] about the box; beyond the frame its edge goes on."""
    reach = max(4.0, max(box.width, box.height) * factor)
    scale = side / reach
    matrix = np.array([[scale, 0, side / 2 - box.centre[0] * scale], [0, scale, side / 2 - box.centre[1] * scale]])
    if scale < 0.5:
        return _scaled_down(frame, box, reach, side)
    cut = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.float32)


def _scaled_down(frame: Image, box: Box, reach: float, side: int) -> Values:
    height, width = frame.shape[:2]
    left, top = (int(middle - reach / 2) for middle in box.centre)
    rows = slice(max(0, min(top, height - 2)), max(2, min(height, int(top + reach))))
    columns = slice(max(0, min(left, width - 2)), max(2, min(width, int(left + reach))))
    cut = cv2.resize(frame[rows, columns], (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cut, np.float32)


def luminance(picture: Values) -> Values:
    """[H, W] float32 of blue green red."""
    return np.asarray(picture @ np.array([0.114, 0.587, 0.299], np.float32), np.float32)


def differences(picture: Values) -> tuple[Values, Values]:
    """Blue and red less green."""
    return picture[..., 0] - picture[..., 1], picture[..., 2] - picture[..., 1]


def peak_of(picture: Values) -> float:
    """The highest peak of the spectrum over the median of its ring, logarithm; edges of the frame lie on the axes."""
    side = picture.shape[0]
    window, ring, off_axis = _polar(side)
    logs = np.log(np.abs(np.fft.rfft2((picture - picture.mean()) * window)) + 1.0)
    flat, rings = logs[off_axis], ring[off_axis]
    least, most = side // 10 // 4, side // 2 // 4
    found = [values for each in range(max(2, least), most) if len(values := flat[rings == each])]
    return float(max((values.max() - np.median(values) for values in found), default=0.0))


@cache
def _polar(side: int) -> tuple[Values, npt.NDArray[np.int_], npt.NDArray[np.bool_]]:
    hann = np.hanning(side).astype(np.float32)
    down, across = np.fft.fftfreq(side) * side, np.arange(side // 2 + 1)
    radius = np.hypot(down[:, None], across)
    off_axis = (np.abs(down)[:, None] > 2) & (across > 2)
    return np.outer(hann, hann), (radius / 4).astype(int), off_axis


def banded(grey: Values) -> tuple[float, float, float, float]:
    """Energy of each higher band over the lowest, of the middle wave, natural logarithm: a grid adds few waves."""
    window, _, _ = _polar(SIDE)
    energy = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    means = [float(np.median(energy[mask])) + 1.0 for mask in _bands()]
    detail, fine, finer, finest = (float(np.log(each / means[0])) for each in means[1:])
    return detail, fine, finer, finest


@cache
def _bands() -> tuple[npt.NDArray[np.bool_], ...]:
    down, across = np.fft.fftfreq(SIDE) * SIDE, np.arange(SIDE // 2 + 1)
    radius = np.hypot(down[:, None], across)
    return tuple((radius >= low) & (radius < high) for low, high in BANDS)


def noise_of(picture: Values) -> float:
    """Median difference along the diagonals of squares of two pixels: edges count little, noise wholly."""
    even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    diagonal = even[0::2, 0::2] - even[0::2, 1::2] - even[1::2, 0::2] + even[1::2, 1::2]
    return float(np.median(np.abs(diagonal))) / 2


def waves(grey: Values) -> float:
    """The strongest wave over the rows beyond what a face itself has, natural logarithm."""
    rows = grey.mean(axis=1)
    rest = rows - cv2.GaussianBlur(rows[:, None], (0, 0), 6)[:, 0]
    spectrum = np.abs(np.fft.rfft(rest * np.hanning(SIDE)))[6:48]
    return float(np.log((spectrum.max() + 1) / (np.median(spectrum) + 1)))

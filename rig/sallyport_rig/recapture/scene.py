"""Where things are: the face in its photograph, the instrument before the camera, the room. Pure and seeded."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_rig.recapture.camera import Light, Picture, linear
from sallyport_rig.recapture.media import Map, Medium

LARGEST, LONGEST = 230.0, 600.0
"""Pixels: a face in the second picture is about this wide at most, and the picture about this long."""
DISTANCE = 3.0
"""Of the instrument from the camera, in widths of the face shown: how strong the perspective of a tilt is."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture with one face in it: the middle and the width of the face's box, pixels."""

    picture: Picture
    x: float
    y: float
    face: float


@dataclass(frozen=True, slots=True)
class Framing:
    """The second picture: its size, where the face stands in it and how wide it is, pixels."""

    shape: tuple[int, int]
    x: float
    y: float
    face: float


@dataclass(frozen=True, slots=True)
class View:
    """For every photosite the place on the instrument's plane, millimetres from the middle of the face."""

    x: Map
    y: Map
    sites: float
    """photosites a millimetre in the middle"""
    millimetre: float
    """pixels of the photograph in one"""
    shade: Map | None = None
    """light that a bent surface gets, about 1"""


def framed(photograph: Photograph, generator: np.random.Generator) -> Framing:
    """A frame that lies inside the photograph, so that a live face needs nothing invented around it."""
    height, width = photograph.picture.shape[:2]
    wide = min(width, photograph.face * generator.uniform(1.9, 4.5))
    high = min(height, wide * generator.choice([0.75, 1.0, 1.33]))
    scale = generator.uniform(0.8, 1.3) * min(1.0, LARGEST / photograph.face, LONGEST / max(wide, high))
    left = np.clip(photograph.x - wide * generator.uniform(0.4, 0.6), 0, width - wide)
    top = np.clip(photograph.y - high * generator.uniform(0.4, 0.6), 0, height - high)
    shape = (2 * round(high * scale / 2), 2 * round(wide * scale / 2))
    return Framing(shape, (photograph.x - left) * scale, (photograph.y - top) * scale, photograph.face * scale)


def surrounded(photograph: Photograph, generator: np.random.Generator) -> Framing:
    """A frame as wide as a kiosk's, wherever the photograph ends: the room is seen about what is held up."""
    wide = photograph.face * generator.uniform(2.4, 4.5)
    high = wide * generator.choice([0.75, 1.0, 1.33])
    scale = generator.uniform(0.8, 1.3) * min(1.0, LARGEST / photograph.face, LONGEST / max(wide, high))
    shape = (2 * round(high * scale / 2), 2 * round(wide * scale / 2))
    x, y = wide * scale * generator.uniform(0.4, 0.6), high * scale * generator.uniform(0.45, 0.6)
    return Framing(shape, x, y, photograph.face * scale)


def live_light(photograph: Photograph, framing: Framing, oversampling: float, generator: np.random.Generator) -> Light:
    """The scene of the photograph, turned a little, without the contrast and colour that its own camera added."""
    turn = float(generator.normal(0, 4))
    scale = framing.face / photograph.face * oversampling
    matrix = cv2.getRotationMatrix2D((photograph.x, photograph.y), turn, scale)
    matrix[0, 2] += framing.x * oversampling - photograph.x
    matrix[1, 2] += framing.y * oversampling - photograph.y
    size = (round(framing.shape[1] * oversampling), round(framing.shape[0] * oversampling))
    source = linear(photograph.picture)
    if scale < 1:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.4 / scale), np.float32)
    warped = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    flat = np.power(np.maximum(warped, 0), generator.uniform(0.8, 1.0))
    grey = flat.mean(axis=2, keepdims=True)
    return np.asarray(np.maximum(grey + (flat - grey) * generator.uniform(0.7, 1.05), 0), np.float32)


def viewed(
    photograph: Photograph,
    framing: Framing,
    medium: Medium,
    face: float,
    oversampling: float,
    generator: np.random.Generator,
) -> View:
    """A pinhole camera before a plane that is tilted and turned, and bent where it is paper.

    `face`: its width on the medium, millimetres.
    """
    sites = framing.face / face * oversampling
    size = tuple(round(side * oversampling) for side in framing.shape)
    tilt = np.radians(generator.normal(0, (8, 8, 4)))
    turn = cv2.Rodrigues(np.array([tilt[0], 0, 0]))[0] @ cv2.Rodrigues(np.array([0, tilt[1], 0]))[0]
    turn = turn @ cv2.Rodrigues(np.array([0, 0, tilt[2]]))[0]
    away = DISTANCE * face * generator.uniform(0.7, 1.5)
    focus = sites * away
    camera = np.array([[focus, 0, framing.x * oversampling], [0, focus, framing.y * oversampling], [0, 0, 1]])
    plane = camera @ np.column_stack([turn[:, 0], turn[:, 1], [0, 0, away]])
    x, y = _through(np.linalg.inv(plane), size)
    x, shade = _bent(x, medium, generator)
    return View(x, y, sites, photograph.face / face, shade)


def _through(matrix: npt.NDArray[np.float64], size: tuple[int, ...]) -> tuple[Map, Map]:
    down, across = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    rows = [(row[0] * across + row[1] * down + row[2]).astype(np.float32) for row in matrix]
    return np.asarray(rows[0] / rows[2], np.float32), np.asarray(rows[1] / rows[2], np.float32)


def _bent(x: Map, medium: Medium, generator: np.random.Generator) -> tuple[Map, Map | None]:
    """Paper on a cylinder about an upright axis: more paper for each millimetre towards the sides, and less light."""
    curve = generator.uniform(0, medium.bend) / 1000
    if curve < 1e-4:
        return x, None
    sine = np.clip(x * curve, -0.95, 0.95)
    light = np.cos(np.arcsin(sine) - np.radians(generator.uniform(-40, 40)))
    return np.asarray(np.arcsin(sine) / curve, np.float32), np.asarray(0.4 + 0.6 * light, np.float32)


def content(photograph: Photograph, view: View) -> Light:
    """The photograph as the instrument shows it at each photosite; its edge colours go on where it ends."""
    source = linear(photograph.picture)
    shrunk = view.millimetre / view.sites
    if shrunk > 1:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.4 * shrunk), np.float32)
    at_x = view.x * np.float32(view.millimetre) + np.float32(photograph.x)
    at_y = view.y * np.float32(view.millimetre) + np.float32(photograph.y)
    shown = cv2.remap(source, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(np.maximum(shown, 0), np.float32)


def extent(
    view: View, photograph: Photograph, medium: Medium, generator: np.random.Generator
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what the instrument shows, millimetres: never beyond the photograph itself."""
    face, (height, width) = photograph.face, photograph.picture.shape[:2]
    reach = generator.uniform(0.65, 1.1 if medium.whole else 2.2)
    tall = reach * generator.uniform(0.9, 1.6)
    half, up, down = reach * face, tall * face * generator.uniform(0.8, 1.0), tall * face
    pixels = (
        max(-half, -photograph.x),
        max(-up, -photograph.y),
        min(half, width - photograph.x),
        min(down, height - photograph.y),
    )
    left, top, right, bottom = (float(value / view.millimetre) for value in pixels)
    return left, top, right, bottom


def surroundings(other: Picture, shape: tuple[int, int], generator: np.random.Generator) -> Light:
    """The room behind: a part of another photograph, out of focus, or walls with straight edges."""
    height, width = shape
    if generator.random() < 0.5:
        room = _walls(shape, generator)
    else:
        flipped = other[:, ::-1] if generator.random() < 0.5 else other
        room = linear(np.asarray(cv2.resize(flipped, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8))
    blur = generator.uniform(0.3, 0.02 * width)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), blur) * generator.uniform(0.3, 1.1), np.float32)


def _walls(shape: tuple[int, int], generator: np.random.Generator) -> Light:
    height, width = shape
    room = np.full((height, width, 3), generator.uniform(0.1, 0.7), np.float32)
    for _ in range(int(generator.integers(1, 6))):
        x, y = int(generator.integers(-width // 4, width)), int(generator.integers(-height // 4, height))
        size = generator.uniform(0.1, 0.9, 2)
        shade = generator.uniform(0.02, 0.9) * generator.normal(1.0, 0.1, 3)
        cv2.rectangle(
            room, (x, y), (int(x + size[0] * width), int(y + size[1] * height)), [float(v) for v in shade], -1
        )
    return room

"""Marks of paper and screens drawn over a photograph, one at a time and together, without any optics.

Another simulator than `captures`, and a cruder one, as is often used: whether signs that were fitted on one simulator
notice what the other draws says whether they know the marks or only the simulator. Pure and seeded.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from sallyport_rig.recapture.camera import Light, Picture
from sallyport_rig.recapture.scene import Photograph

Draw = Callable[[Light, np.random.Generator], Light]
"""From one picture, blue green red 0 to 255, to another; the second's size may differ."""
LONGEST: Final = 480
"""Pixels: longer pictures are scaled down first, as a camera of a kiosk would see them."""


def drawn(photograph: Photograph, marks: tuple[Draw, ...], generator: np.random.Generator) -> Picture:
    """The photograph with these marks, in this order; with none it is only scaled and compressed."""
    picture = photograph.picture
    scale = LONGEST / max(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    light = picture.astype(np.float32)
    for mark in marks:
        light = mark(light, generator)
    values = np.clip(light + generator.normal(0, generator.uniform(0.3, 2.5), light.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(75, 97))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _places(light: Light) -> tuple[Light, Light]:
    rows, columns = np.mgrid[0 : light.shape[0], 0 : light.shape[1]].astype(np.float32)
    return columns, rows


def grating(light: Light, generator: np.random.Generator) -> Light:
    """Two crossed waves of a few pixels, alike in all colours."""
    x, y = _places(light)
    depth, first = generator.uniform(0.04, 0.15), generator.uniform(0, 90)
    for turn in (first, first + 90):
        angle, period = np.radians(turn), generator.uniform(2.3, 6)
        wave = np.cos(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period)
        light = light * (1 + depth * wave)[..., None]
    return np.asarray(light, np.float32)


def fringes(light: Light, generator: np.random.Generator) -> Light:
    """Curved waves, in each colour a third further."""
    x, y = _places(light)
    angle, period = generator.uniform(0, np.pi), generator.uniform(6, 30)
    bend, depth = generator.uniform(-0.001, 0.001), generator.uniform(0.05, 0.15)
    turns = (np.cos(angle) * x + np.sin(angle) * y + bend * (x - light.shape[1] / 2) ** 2) / period
    waves = [1 + depth * np.cos(2 * np.pi * (turns + third / 3)) for third in range(3)]
    return np.asarray(light * np.stack(waves, axis=2), np.float32)


def dots(light: Light, generator: np.random.Generator) -> Light:
    """A dot screen in three colours, strongest in middle tones."""
    x, y = _places(light)
    period, depth = generator.uniform(2.8, 5), generator.uniform(0.15, 0.35)
    share = light / 255
    for channel, degrees in enumerate((0, 75, 15)):
        along, across = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        screen = np.cos(2 * np.pi * (along * x + across * y) / period)
        screen = (screen + np.cos(2 * np.pi * (along * y - across * x) / period)) / 4
        tone = share[..., channel]
        share[..., channel] = tone + depth * screen * 2 * np.sqrt(np.clip(tone * (1 - tone), 0, 0.25))
    return np.asarray(cv2.GaussianBlur(share, (0, 0), generator.uniform(0.4, 0.8)) * 255, np.float32)


def faded(light: Light, generator: np.random.Generator) -> Light:
    """Ink that is not black, paper that is not white, fewer colours."""
    black, white = generator.uniform(15, 55), generator.uniform(190, 235)
    grey = light.mean(axis=2, keepdims=True)
    return np.asarray(black + (grey + (light - grey) * generator.uniform(0.6, 0.9)) * (white - black) / 255, np.float32)


def bluish(light: Light, generator: np.random.Generator) -> Light:
    """A screen's cold white and the glow of its blacks."""
    cast = np.array([generator.uniform(1.05, 1.2), 1.0, generator.uniform(0.85, 0.97)], np.float32)
    return np.asarray(generator.uniform(5, 20) + light * cast * 0.92, np.float32)


def glare(light: Light, generator: np.random.Generator) -> Light:
    """A lamp in the glass, as a soft white spot over the middle of the picture."""
    height, width = light.shape[:2]
    spot = np.zeros((height, width), np.float32)
    middle = (int(generator.uniform(0.3, 0.7) * width), int(generator.uniform(0.25, 0.65) * height))
    axes = (int(generator.uniform(0.05, 0.18) * width), int(generator.uniform(0.04, 0.12) * height))
    cv2.ellipse(spot, middle, axes, float(generator.uniform(0, 180)), 0, 360, 1, -1)
    soft = cv2.GaussianBlur(spot, (0, 0), width * generator.uniform(0.01, 0.04))
    return np.asarray(light + generator.uniform(90, 220) * soft[..., None], np.float32)


def bezel(light: Light, generator: np.random.Generator) -> Light:
    """A dark rim, turned a little, before a room."""
    return _held(light, float(generator.uniform(5, 45)), generator)


def sheet(light: Light, generator: np.random.Generator) -> Light:
    """A white margin, turned a little, before a room."""
    return _held(light, float(generator.uniform(200, 245)), generator)


def curved(light: Light, generator: np.random.Generator) -> Light:
    """Paper on an upright cylinder: narrower and darker towards the sides."""
    height, width = light.shape[:2]
    reach = generator.uniform(0.6, 1.1)
    across = np.linspace(-reach, reach, width, dtype=np.float32)
    source = (np.arcsin(np.clip(np.sin(reach) * np.linspace(-1, 1, width), -1, 1)) / reach + 1) * (width - 1) / 2
    at_x = np.tile(source.astype(np.float32), (height, 1))
    rows = np.arange(height, dtype=np.float32)[:, None]
    at_y = rows + generator.uniform(0.0, 0.06) * height * (1 - np.cos(across))[None]
    bent = cv2.remap(light, at_x, np.asarray(at_y, np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shade = 0.55 + 0.45 * np.cos(across - generator.uniform(-0.4, 0.4))
    return np.asarray(bent * shade[None, :, None], np.float32)


def _held(light: Light, rim: float, generator: np.random.Generator) -> Light:
    border = int(generator.uniform(0.03, 0.08) * light.shape[1])
    whole = cv2.copyMakeBorder(light, border, border, border, border, cv2.BORDER_CONSTANT, value=(rim,) * 3)
    height, width = (int(side * generator.uniform(1.15, 1.5)) for side in whole.shape[:2])
    grain = (height // 60 + 2, width // 60 + 2)
    coarse = generator.uniform(40, 190, (*grain, 1)) + generator.normal(0, 12, (*grain, 3))
    room = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    turn = cv2.getRotationMatrix2D((whole.shape[1] / 2, whole.shape[0] / 2), generator.uniform(-6, 6), 1.0)
    turn[:, 2] += ((width - whole.shape[1]) / 2, (height - whole.shape[0]) / 2)
    inside = cv2.warpAffine(np.ones(whole.shape, np.float32), turn, (width, height))
    return np.asarray(cv2.warpAffine(whole, turn, (width, height)) + room * (1 - inside), np.float32)


MARKS: Final = MappingProxyType(
    {
        "drawn-grating": (grating,),
        "drawn-fringes": (fringes,),
        "drawn-dots": (dots,),
        "drawn-faded": (faded,),
        "drawn-glare": (glare,),
        "drawn-bezel": (bezel,),
        "drawn-sheet": (sheet,),
        "drawn-curved": (curved, sheet),
        "drawn-print": (faded, dots, curved, sheet),
        "drawn-screen": (bluish, grating, fringes, glare, bezel),
    }
)
"""Species: single marks, and two that have them all."""

"""The room before the kiosk, and the light of the kiosk's screen in it. Linear; 1 is a white sheet in the room."""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.relief import SHOWN
from sallyport_rig.moving_face import Ambient

Triple = npt.NDArray[np.float64]
"""Blue, green, red; linear, 0 to 1."""
FOCUS: Final = 730.0
"""Pixels: eyes 63 mm apart stand 92 pixels apart at DISTANCE."""
DISTANCE: Final = 500.0
"""Of a person from the kiosk, millimetres."""
SCREEN: Final = (290.0, 170.0)
"""Of the kiosk's display, millimetres; the camera stands above it."""
BELOW: Final = 20.0
"""From the camera down to its upper edge, millimetres."""
SHARE: Final = (0.06, 0.40)
"""Light that the screen, all white, adds at DISTANCE, as a share of the room's: 300 cd/m2 at half a metre are 58 lux;
upright surfaces in lit indoor rooms get some 140 to 900 lux."""
NEAREST: Final = 3.0
"""A surface closer than DISTANCE gets at most so many times as much."""
PLAIN: Final = np.array([0.9, 0.9, 0.9])
"""The page between the colours."""


COLOURS: Final = MappingProxyType({"": PLAIN, **{str(name): np.array(light) for name, light in SHOWN.items()}})
"""As the page paints them."""


@dataclass(frozen=True, slots=True)
class Room:
    """How bright the room is beside the kiosk's screen, and from where its light comes."""

    share: float
    """of the room's light that the white screen adds at DISTANCE"""
    slope: tuple[float, float]
    """fall of the room's light across and down the picture"""
    ambient: Ambient
    """how it falls on a head"""

    def screen_at(self, distance: float) -> float:
        """Light of the white screen on a surface so far away (mm), that faces it."""
        return self.share * min(NEAREST, (DISTANCE / distance) ** 2)

    @property
    def glow(self) -> float:
        """Of the white screen itself: seen in a mirror. An even lamp of this size at DISTANCE gives `share`."""
        return self.share * math.pi * DISTANCE**2 / (SCREEN[0] * SCREEN[1])


def drawn_room(generator: np.random.Generator) -> Room:
    """One of many."""
    share = float(np.exp(generator.uniform(*np.log(SHARE))))
    across, down = generator.normal(0.0, 0.12, 2)
    towards = generator.normal((0.0, -0.6, -0.6), 0.5)
    towards /= np.linalg.norm(towards)
    lamp = Ambient(float(generator.uniform(0.0, 0.6)), (float(towards[0]), float(towards[1]), float(towards[2])))
    return Room(share, (float(across), float(down)), lamp)


def slanting(slope: tuple[float, float], shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """[H, W, 1]: the room's light over the picture, about 1."""
    down, across = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return np.asarray(np.clip(1 + slope[0] * across + slope[1] * down, 0.5, 1.5)[..., None], np.float32)

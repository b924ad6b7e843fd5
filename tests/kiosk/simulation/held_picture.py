"""A flat picture of a face before the camera, tilted by its holder when a head is asked to turn. Labelled synthetic."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.words import Image
from sallyport_rig.moving_face import HEIGHT, WIDTH, Bearing, MovingFace

AWAY: Final = 450.0
"""Pixels: three widths of the face."""
FARTHEST: Final = 62.0
"""Degrees: beyond, no face is found in it."""


@dataclass(frozen=True, slots=True)
class HeldPicture:
    """Stands in a `Sitter` for the person: it can turn and lean, `tilting` times as far as asked, and nothing else."""

    face: MovingFace
    tilting: float

    def frame(self, bearing: Bearing) -> Image:
        """[480, 640, 3]: the person at rest, as a plane."""
        turn, lean = (
            math.radians(float(np.clip(self.tilting * angle, -62, 62))) for angle in (bearing.yaw, -bearing.pitch)
        )
        across = np.array([math.cos(turn), 0.0, math.sin(turn)])
        down = np.array([0.0, math.cos(lean), math.sin(lean)])
        camera = np.array([[AWAY, 0, WIDTH / 2], [0, AWAY, HEIGHT / 2], [0, 0, 1]])
        centred = np.array([[1, 0, -WIDTH / 2], [0, 1, -HEIGHT / 2], [0, 0, 1.0]])
        plane = camera @ np.column_stack([across, down, [0, 0, AWAY]]) @ centred
        whole = self.face.frame(Bearing(shut=-0.3))
        held = cv2.warpPerspective(
            whole, plane, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(held, np.uint8)

    def lit(self, frame: Image, colour: tuple[float, float, float], gain: float) -> Image:
        """Paper returns the screen's light as skin does."""
        return self.face.lit(frame, colour, gain)

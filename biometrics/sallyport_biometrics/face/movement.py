"""What a face does in one frame: pose, blink, smile, and the light it returns. Input to the liveness decisions."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.mesh import CHIN, FOREHEAD, LEFT_SIDE, RIGHT_SIDE
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.words import Image, Mesh, Pose

BLENDSHAPE_POINTS = (
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80),
    *(81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153),
    *(154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249),
    *(251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314),
    *(317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382),
    *(384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473),
    *(474, 475, 476, 477),
)
"""The mesh points that the blendshape network reads, in its order (MediaPipe's face_blendshapes_graph)."""
BLINK = (9, 10)  # eyeBlinkLeft, eyeBlinkRight
SMILE = (44, 45)  # mouthSmileLeft, mouthSmileRight


@dataclass(frozen=True, slots=True)
class Movement:
    """One frame's face. `blink` and `smile` are 0 to 1, the weaker of the two sides; angles are in degrees."""

    pose: Pose
    blink: float
    smile: float
    colour: tuple[float, float, float]
    """Mean of the face's skin, blue, green, red, 0 to 255: what a coloured screen is seen in."""
    shape: float = 0.0
    """Natural logarithm of the face's width over its height, as it looks in the frame."""


class MovementReader:
    """The blendshape network behind one verb."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._network = Network(model, threads)

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def read(self, frame: Image, mesh: Mesh, pose: Pose) -> Movement:
        """The movement of the face that this mesh describes."""
        points = mesh.points[list(BLENDSHAPE_POINTS), :2][None]
        shapes = self._network.run(np.ascontiguousarray(points, dtype=np.float32))[0].reshape(-1)
        blink, smile = (float(min(shapes[left], shapes[right])) for left, right in (BLINK, SMILE))
        return Movement(pose, blink, smile, skin_colour(frame, mesh.points), shape_of(mesh))


def shape_of(mesh: Mesh) -> float:
    """Of the lines from side to side and from forehead to chin; 0 for a face without extent."""
    flat = mesh.points[:, :2].astype(float)
    across, down = flat[LEFT_SIDE] - flat[RIGHT_SIDE], flat[CHIN] - flat[FOREHEAD]
    wide, high = math.hypot(*across), math.hypot(*down)
    return math.log(wide / high) if wide > 0 and high > 0 else 0.0


def skin_colour(frame: Image, points: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Mean colour of the square between the eyes' outer corners and the mouth, or black outside the frame."""
    low = np.minimum(points[33, :2], points[291, :2]).astype(int)
    high = np.maximum(points[263, :2], points[61, :2]).astype(int)
    left, top, right, bottom = max(0, low[0]), max(0, low[1]), max(0, high[0]), max(0, high[1])
    region = frame[top:bottom, left:right]
    if region.size == 0:
        return (0.0, 0.0, 0.0)
    blue, green, red = (float(value) for value in region.reshape(-1, 3).mean(axis=0))
    return (blue, green, red)

"""478 points of a face by MediaPipe's landmark network (Google, Apache-2.0), and what follows from them.

The detector's five points are not good enough to align by: in a head tilted by twenty degrees they turn by four. The
mesh turns by twenty, and aligning by it halves the false non-match rate (docs/models/face.md).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.words import Face, Image, Landmarks, Mesh, Pose

SIDE = 256
MARGIN = 1.5
"""Side of the square that the network sees, relative to the face; MediaPipe's own value."""
RIGHT_EYE = (33, 133, 159, 145, 158, 153, 160, 144)
LEFT_EYE = (263, 362, 386, 374, 385, 380, 387, 373)
NOSE, RIGHT_MOUTH, LEFT_MOUTH = 4, 61, 291
RIGHT_CORNER, LEFT_CORNER = 33, 263
RIGHT_SIDE, LEFT_SIDE, FOREHEAD, CHIN = 234, 454, 10, 152

LEVEL_PITCH = -5.4
"""Slope from forehead to chin of a level face, in degrees: the median of LFW."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square in the frame, turned by an angle: its middle and side in pixels, the angle in radians."""

    x: float
    y: float
    angle: float
    side: float

    def matrix(self) -> npt.NDArray[np.float64]:
        """[2, 3], from the frame to the network's input."""
        scale = SIDE / self.side
        cosine, sine = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        turn = np.array([[cosine, sine], [-sine, cosine]])
        shift = SIDE / 2 - turn @ np.array([self.x, self.y])
        return np.hstack([turn, shift[:, None]])


def landmarks_of(mesh: Mesh) -> Landmarks:
    """The five points that alignment uses."""
    flat = mesh.points[:, :2].astype(float)
    eyes = flat[list(RIGHT_EYE)].mean(axis=0), flat[list(LEFT_EYE)].mean(axis=0)
    rows = (*eyes, flat[NOSE], flat[RIGHT_MOUTH], flat[LEFT_MOUTH])
    return Landmarks(*((float(x), float(y)) for x, y in rows))


def pose_of(mesh: Mesh) -> Pose:
    """From the directions across and down the face in three dimensions."""
    across = mesh.points[LEFT_SIDE] - mesh.points[RIGHT_SIDE]
    down = mesh.points[CHIN] - mesh.points[FOREHEAD]
    yaw = math.degrees(math.atan2(float(across[2]), float(np.hypot(across[0], across[1]))))
    pitch = -math.degrees(math.atan2(float(down[2]), float(np.hypot(down[0], down[1]))))
    return Pose(yaw, pitch - LEVEL_PITCH, math.degrees(math.atan2(float(across[1]), float(across[0]))))


def region_wanted(mesh: Mesh) -> Region:
    """The square that shows this face upright, with margin."""
    eyes = mesh.points[LEFT_CORNER, :2] - mesh.points[RIGHT_CORNER, :2]
    angle = math.atan2(float(eyes[1]), float(eyes[0]))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    level = mesh.points[:, :2] @ turn.T
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = turn.T @ ((low + high) / 2)
    return Region(float(x), float(y), angle, max(1.0, MARGIN * float((high - low).max())))


class FaceMesher:
    """The landmark network behind one verb."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._network = Network(model, threads)

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def mesh(self, frame: Image, face: Face) -> Mesh:
        """The face's mesh, from the second of two looks: the first finds how to cut the picture out for it.

        One look alone costs a tenth of the accuracy (docs/models/face.md).
        """
        return self._look(frame, region_wanted(self._look(frame, region_of(face))))

    def _look(self, frame: Image, region: Region) -> Mesh:
        matrix = region.matrix()
        chip = cv2.warpAffine(frame, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        values = np.ascontiguousarray(chip[None, :, :, ::-1], dtype=np.float32) / np.float32(255.0)
        points, presence = self._network.run(values)[:2]
        flat = points.reshape(-1, 3).astype(np.float64)
        flat[:, :2] = (flat[:, :2] - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        flat[:, 2] *= region.side / SIDE
        logit = float(np.clip(presence.reshape(-1)[0], -30.0, 30.0))
        return Mesh(flat.astype(np.float32), 1.0 / (1.0 + math.exp(-logit)))


def region_of(face: Face) -> Region:
    """Where the network should look first, from the detector's box and eyes."""
    right, left = face.landmarks.right_eye, face.landmarks.left_eye
    x, y = face.box.centre
    side = max(1.0, MARGIN * max(face.box.width, face.box.height))
    return Region(x, y, math.atan2(left[1] - right[1], left[0] - right[0]), side)

"""A person who moves, made of one photograph: labelled synthetic, to try the challenge with pictures.

The face mesh that the landmark network finds in the photograph is a surface in three dimensions. Turned, with its lids
or lips moved, and drawn again with the photograph as its texture, it gives a frame in which the product's own networks
see a head that turns, closes its eyes or smiles. What it does not show: how people move, hair and ears from another
side, teeth, light that changes with the pose.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Image
from sallyport_protocol.errors import MalformedError

WIDTH: Final = 640
HEIGHT: Final = 480
EYES: Final = 92.0
"""Distance of the eyes in a frame, pixels: a person at arm's length."""
FACE_POINTS: Final = 468
"""Of the mesh; the ten points of the irises follow the lids."""
RINGS: Final = (1.12, 1.3, 1.55, 1.9, 2.4)
"""Hair, ears and neck: rings around the face's outline, as multiples of its distance from the middle."""
MOVES: Final = (1.0, 0.95, 0.75, 0.4, 0.0)
"""How much of the head's movement each ring follows."""
OUTLINE: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
    *(148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Points of the mesh around the face, from the forehead clockwise as seen."""
LIDS: Final = (
    ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155), (247, 30, 29, 27, 28, 56, 190)),
    ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382), (467, 260, 259, 257, 258, 286, 414)),
)
"""Upper lid, lower lid and the fold above, of the right and of the left eye."""
MOUTH: Final = (61, 291)
REACH: Final = 730.0
"""Pixels from the camera to the face: half a metre where the eyes are `EYES` apart."""
BEHIND: Final = 0.08
"""Light of a lamp beside the camera on the room behind, as a share: a metre and a quarter further away."""
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bearing:
    """How the head is held. Degrees as in `face.words.Pose`; `shut` -0.3 (wide open) to 1, `smile` 0 to 1; `shift` in
    pixels.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shut: float = 0.0
    smile: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Ambient:
    """The room's light on a head: some from everywhere, the rest from one side."""

    directed: float = 0.0
    """share that comes from one side, 0 to 1"""
    towards: tuple[float, float, float] = (0.0, 0.0, -1.0)
    """to where it comes from: x right, y down, z away from the camera; of length one"""

    def on(self, normal: Points) -> Points:
        """Light on surfaces that face so, 1 on one that looks into the camera."""
        lamp = np.array(self.towards)
        level = (1 - self.directed) + self.directed * np.maximum(0.0, normal @ lamp)
        front = (1 - self.directed) + self.directed * max(0.0, -float(lamp[2]))
        return np.asarray(np.maximum(level / front, 0.2))


EVEN: Final = Ambient()


class MovingFace:
    """Draws one person's frames."""

    def __init__(self, photograph: Image, pipeline: FacePipeline) -> None:
        """Raises MalformedError for a photograph without exactly one face."""
        self._photograph = framed(photograph, pipeline)
        found = pipeline.analyse(self._photograph)
        if found.mesh is None or found.quality is None:
            raise MalformedError("the photograph shows no single face; take another")
        self._own = found.quality.pose
        self._face = found.mesh.points[:FACE_POINTS].astype(np.float64)
        self._rest, self._follows = _with_surroundings(self._face)
        self._triangles = np.asarray(Delaunay(self._rest[:, :2]).simplices, dtype=np.int64)
        lift = self._rest[:, 2].max() * 0.6
        self._middle = np.array([*self._rest[: len(self._face), :2].mean(axis=0), lift])

    def frame(self, bearing: Bearing) -> Image:
        """[480, 640, 3], blue green red, without a sensor's noise."""
        moved = self._posed(bearing)
        return _drawn(self._photograph, self._rest, moved, self._triangles)

    def lit(self, frame: Image, colour: tuple[float, float, float], gain: float) -> Image:
        """The frame under a screen of this colour (blue, green, red, 0 to 1): the face returns `gain` grey levels."""
        near = self._nearness()
        albedo = frame / max(1.0, float(frame[near > 0.5].mean()))
        added = albedo * near[:, :, None] * (np.array(colour) * gain)
        return np.asarray(np.clip(frame + added, 0, 255), dtype=np.uint8)

    def relief(self, bearing: Bearing, ambient: Ambient = EVEN) -> npt.NDArray[np.float32]:
        """[480, 640]: light of a lamp beside the camera at each place, over what the room's light leaves there.

        The lamp's goes by the cosine of the slope and the square of the distance, 1 where a face looks into it up
        close; what is behind the person gets hardly any. The photograph has the room's own shading in it already.
        """
        moved = self._posed(bearing)
        sides = moved[self._triangles]
        normal = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
        normal *= np.where(normal[:, 2:] > 0, -1.0, 1.0) / np.maximum(np.linalg.norm(normal, axis=1), 1e-9)[:, None]
        away = sides[:, :, 2].mean(axis=1) - moved[: len(self._face), 2].min()
        lit = -normal[:, 2] * (REACH / (REACH + np.maximum(away, 0.0))) ** 2
        lit /= ambient.on(normal)
        person = self._follows[self._triangles].max(axis=1) > 0
        below = sides[:, :, 1].mean(axis=1) > self._face[:, 1].max()
        lit = np.where(person | below, lit, BEHIND)
        small = np.full((HEIGHT // 4, WIDTH // 4), BEHIND, np.float32)
        for number in np.argsort(-sides[:, :, 2].mean(axis=1)):
            cv2.fillConvexPoly(small, np.rint(sides[number, :, :2] * 4).astype(np.int32), float(lit[number]), shift=4)
        return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.0), (WIDTH, HEIGHT)), dtype=np.float32)

    def _nearness(self) -> npt.NDArray[np.float32]:
        """[480, 640]: 1 at the face, soft to 0 around it."""
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.fillConvexPoly(mask, cv2.convexHull(self._face[:, :2].astype(np.int32)), 1.0)
        soft = cv2.GaussianBlur(cv2.resize(mask, None, fx=0.125, fy=0.125), (0, 0), 3)
        return np.asarray(cv2.resize(soft, (WIDTH, HEIGHT)), dtype=np.float32)

    def _posed(self, bearing: Bearing) -> Points:
        face = _expressed(self._face, bearing)
        rest = np.vstack([face, self._rest[len(face) :]])
        turn = _rotation(bearing.yaw - self._own.yaw, bearing.pitch - self._own.pitch, bearing.roll - self._own.roll)
        turned = (rest - self._middle) @ turn.T + self._middle
        turned[:, :2] += np.array(bearing.shift)
        return np.asarray(rest + self._follows[:, None] * (turned - rest))


def framed(photograph: Image, pipeline: FacePipeline) -> Image:
    """The photograph as the kiosk's camera would frame the person: the eyes `EYES` pixels apart, in the middle."""
    scale = min(1.0, 1400 / max(photograph.shape[:2]))
    small = cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = pipeline.analyse(np.asarray(small, np.uint8))
    if found.face is None:
        raise MalformedError("the photograph shows no single face; take another")
    points = found.face.landmarks.array() / scale
    zoom = EYES / float(np.linalg.norm(points[1] - points[0]))
    x, y = points.mean(axis=0)
    matrix = np.array([[zoom, 0.0, WIDTH / 2 - zoom * x], [0.0, zoom, HEIGHT / 2 - zoom * y]])
    if zoom < 0.5:
        photograph = np.asarray(cv2.GaussianBlur(photograph, (0, 0), 0.4 / zoom), np.uint8)
    warped = cv2.warpAffine(photograph, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(warped, np.uint8)


def _with_surroundings(face: Points) -> tuple[Points, Points]:
    """All points at rest, and how much of the head's movement each follows."""
    outline = face[list(OUTLINE)]
    middle, depth = face[:, :2].mean(axis=0), float(np.ptp(face[:, 2]))
    chin = face[:, 1].max()
    points, follows = [face], [np.ones(len(face))]
    for reach, follow in zip(RINGS, MOVES, strict=True):
        ring = outline.copy()
        ring[:, :2] = middle + (outline[:, :2] - middle) * reach
        ring[:, 2] = outline[:, 2] + depth * min(0.9, 1.6 * (reach - 1.0))
        below = np.clip((ring[:, 1] - chin) / depth, 0.0, 1.0)  # the shoulders stay
        points.append(ring)
        follows.append(follow * (1.0 - below))
    across, down = np.linspace(-80, WIDTH + 80, 9), np.linspace(-80, HEIGHT + 80, 7)
    frame = [(x, y, 0.0) for x in across for y in (down[0], down[-1])]
    frame += [(x, y, 0.0) for y in down[1:-1] for x in (across[0], across[-1])]
    points.append(np.array(frame))
    follows.append(np.zeros(len(frame)))
    return np.vstack(points), np.concatenate(follows)


def _expressed(face: Points, bearing: Bearing) -> Points:
    """The face with its lids and its mouth moved."""
    moved = face.copy()
    for upper, lower, fold in LIDS:
        way = bearing.shut * (face[list(lower)] - face[list(upper)])
        moved[list(upper)] += way
        moved[list(fold)] += way
    if bearing.smile > 0:
        right, left = face[MOUTH[0]], face[MOUTH[1]]
        across = left - right
        width = float(np.linalg.norm(across[:2]))
        up = np.array([across[1], -across[0], 0.0])
        for corner, side in ((right, -1.0), (left, 1.0)):
            near = np.exp(-((np.linalg.norm(face[:, :2] - corner[:2], axis=1) / (0.42 * width)) ** 2))
            moved += bearing.smile * near[:, None] * (0.2 * side * across + 0.24 * up + np.array([0, 0, 0.08 * width]))
    return moved


def _rotation(yaw: float, pitch: float, roll: float) -> Points:
    """For x right, y down, z away; yaw to the person's own left, pitch up, roll clockwise as seen."""
    a, b, c = (math.radians(value) for value in (yaw, pitch, roll))
    about_y = np.array([[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]])
    about_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def _drawn(texture: Image, rest: Points, moved: Points, triangles: npt.NDArray[np.int64]) -> Image:
    """The texture pulled from `rest` to `moved`, the far triangles first."""
    order = triangles[np.argsort(-moved[triangles, 2].mean(axis=1))]
    corners = moved[order][:, :, :2]
    owner = np.zeros((HEIGHT, WIDTH), np.float32)
    fixed = np.rint(corners * 16).astype(np.int32)
    for number, triangle in enumerate(fixed):
        cv2.fillConvexPoly(owner, triangle, float(number), shift=4)
    back = _affine(corners, rest[order][:, :, :2])[owner.astype(np.int32)]
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x = back[:, :, 0] * columns + back[:, :, 1] * rows + back[:, :, 2]
    y = back[:, :, 3] * columns + back[:, :, 4] * rows + back[:, :, 5]
    found = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(found, np.uint8)


def _affine(source: Points, target: Points) -> npt.NDArray[np.float32]:
    """[n, 6]: for each triangle the matrix that takes its corners in `source` to those in `target`."""
    full = np.concatenate([source, np.ones((len(source), 3, 1))], axis=2)
    flat = np.abs(np.linalg.det(full)) < 1e-3  # seen edge-on: nothing of it is drawn
    full[flat] = np.eye(3)
    return np.asarray(np.linalg.solve(full, target).transpose(0, 2, 1).reshape(len(source), 6), dtype=np.float32)

"""What the face pipeline speaks of: frozen values only."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""[H, W, 3] uint8, blue green red."""
Embedding = npt.NDArray[np.float32]
"""[D] float32 of length one."""


class Feedback(StrEnum):
    """What is wrong with a frame; each has exactly one instruction (`face.feedback`)."""

    FRAME_UNUSABLE = "FRAME_UNUSABLE"
    NO_FACE = "NO_FACE"
    SEVERAL_FACES = "SEVERAL_FACES"
    OFF_CENTRE = "OFF_CENTRE"
    TOO_FAR = "TOO_FAR"
    TOO_CLOSE = "TOO_CLOSE"
    TOO_DARK = "TOO_DARK"
    TOO_BRIGHT = "TOO_BRIGHT"
    LOW_CONTRAST = "LOW_CONTRAST"
    HEAD_TILTED = "HEAD_TILTED"
    TURN_TO_CAMERA = "TURN_TO_CAMERA"
    BLURRED = "BLURRED"
    FACE_COVERED = "FACE_COVERED"
    EXPRESSION = "EXPRESSION"


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels of the frame; may reach outside it."""

    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points in pixels of the frame, x right, y down. Right and left are the person's own."""

    right_eye: Point
    left_eye: Point
    nose: Point
    right_mouth: Point
    left_mouth: Point

    def array(self) -> npt.NDArray[np.float64]:
        """[5, 2] in the order of the fields."""
        points = (self.right_eye, self.left_eye, self.nose, self.right_mouth, self.left_mouth)
        return np.array(points, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face; `score` is the detector's, 0 to 1."""

    box: Box
    landmarks: Landmarks
    score: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees. Yaw > 0: turned to the person's own left; pitch > 0: looking up; roll > 0: tilted clockwise as seen."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures after the ideas of ISO/IEC 29794-5, on the aligned face unless said."""

    eye_distance: float
    """pixels of the frame"""
    brightness: float
    """median luminance, 0 to 255"""
    dark_share: float
    """share of the face's pixels at or below the parameters' dark level"""
    bright_share: float
    """share of the face's pixels at or above the parameters' bright level"""
    contrast: float
    """standard deviation of luminance, 0 to 127"""
    sharpness: float
    """energy of the fine detail relative to the contrast, see `face.quality`"""
    eyes_detail: float
    """standard deviation of luminance around the plainer of the two eyes, 0 to 127; little under dark glasses"""
    mouth_detail: float
    """standard deviation of luminance around the mouth, 0 to 127; little under a mask or a hand"""
    pose: Pose
    inside: float
    """share of the face box inside the frame, 0 to 1"""
    overall: float
    """0 (useless) to 1 (as good as the parameters can tell); the weight of a frame in a template"""
    eyes_open: float = 0.3
    """height of the wider open eye as a share of its width"""
    mouth_open: float = 0.0
    """gap between the lips as a share of the mouth's width"""
    eyes_level: float = 0.7
    """share of the edges around an eye that lie level, as lids and brows do, of the eye where it is stranger"""
    mouth_level: float = 0.7
    """the same around the mouth; fingers held before it stand or lie, none as lips do"""


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """`points` [478, 3] float32 in pixels of the frame (z: towards the camera is negative), `presence` 0 to 1."""

    points: npt.NDArray[np.float32]
    presence: float


@dataclass(frozen=True, slots=True)
class FrameAnalysis:
    """What one frame shows. `face` is the one to use, absent when there is none or when nobody can say which.

    Its landmarks are the mesh's, those of `faces` the detector's.
    """

    faces: tuple[Face, ...]
    face: Face | None
    quality: Quality | None
    feedback: tuple[Feedback, ...]
    mesh: Mesh | None = None
    """Of `face`."""

    @property
    def usable(self) -> bool:
        """Whether this frame may enter a template."""
        return self.face is not None and not self.feedback

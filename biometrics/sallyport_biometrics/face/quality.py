"""How good a face image is, after the ideas of ISO/IEC 29794-5: measures, one overall number, and feedback."""

import math
from collections.abc import Set

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.align import ARCFACE
from sallyport_biometrics.face.parameters import Parameters
from sallyport_biometrics.face.words import Box, Face, Feedback, Image, Landmarks, Mesh, Pose, Quality
from sallyport_protocol.actions import Part

HEAD_HALF_WIDTH = 1.3
"""Half the width of an upright head with ears, in eye distances; adult mean, anthropometric tables."""


EYES = ((159, 145), (33, 133)), ((386, 374), (362, 263))
"""Points of the mesh: middle of the lids, and corners, of the right and of the left eye."""
LIPS = (13, 14), (61, 291)
NEUTRAL_EYES = 0.3
MIDDLE = 0.555
"""Half-way between the least and the most level edges of eyes and mouths (parameters.toml)."""

RIGHT_EYE = slice(46, 58), slice(28, 48)
LEFT_EYE = slice(46, 58), slice(64, 84)
MOUTH = slice(82, 102), slice(38, 74)
"""Rows and columns of the 112-pixel chip."""


def assess(
    chip: Image, face: Face, pose: Pose, frame_size: tuple[int, int], limits: Parameters, mesh: Mesh | None = None
) -> Quality:
    """Measure one face. `chip` is the aligned 112 x 112 cut-out, `frame_size` is (height, width).

    Without `mesh` the face's expression is taken for neutral.
    """
    region = inner_face(chip)
    left, right = np.array(face.landmarks.left_eye), np.array(face.landmarks.right_eye)
    exposure = limits.exposure
    quality = Quality(
        eye_distance=float(np.linalg.norm(left - right)),
        brightness=float(np.median(region)),
        dark_share=float((region <= exposure.dark_level).mean()),
        bright_share=float((region >= exposure.bright_level).mean()),
        contrast=float(region.std()),
        sharpness=sharpness(region),
        eyes_detail=min(detail(chip, RIGHT_EYE), detail(chip, LEFT_EYE)),
        mouth_detail=detail(chip, MOUTH),
        pose=pose,
        inside=share_inside(head_box(face.landmarks), frame_size),
        overall=0.0,
        eyes_open=NEUTRAL_EYES if mesh is None else eyes_open(mesh),
        mouth_open=0.0 if mesh is None else mouth_open(mesh),
        eyes_level=max(level(chip, RIGHT_EYE), level(chip, LEFT_EYE), key=_strange),
        mouth_level=level(chip, MOUTH),
    )
    return _with_overall(quality, limits)


def complaints(quality: Quality, limits: Parameters, covered: Set[Part] = frozenset()) -> tuple[Feedback, ...]:
    """Everything that keeps this face out of a template, the most useful instruction first.

    `covered` parts stay so, as an officer recorded: nobody is asked to uncover them. No threshold changes.
    """
    frame, exposure, angles = limits.frame, limits.exposure, limits.pose
    found = {
        Feedback.TOO_FAR: quality.eye_distance < frame.eyes_far,
        Feedback.TOO_CLOSE: quality.eye_distance > frame.eyes_close,
        Feedback.OFF_CENTRE: quality.inside < frame.inside,
        Feedback.TOO_DARK: quality.brightness < exposure.dark_median or quality.dark_share > exposure.dark_share,
        Feedback.TOO_BRIGHT: quality.brightness > exposure.bright_median
        or quality.bright_share > exposure.bright_share,
        Feedback.LOW_CONTRAST: quality.contrast < exposure.contrast,
        Feedback.HEAD_TILTED: abs(quality.pose.roll) > angles.roll,
        Feedback.TURN_TO_CAMERA: abs(quality.pose.yaw) > angles.yaw or abs(quality.pose.pitch) > angles.pitch,
        Feedback.BLURRED: quality.sharpness < limits.sharpness.least,
        Feedback.FACE_COVERED: bool(hidden(quality, limits) - covered),
        Feedback.EXPRESSION: (quality.eyes_open < limits.expression.eyes and Part.EYES not in covered)
        or (quality.mouth_open > limits.expression.mouth and Part.MOUTH not in covered),
    }
    return tuple(code for code, wrong in found.items() if wrong)


def hidden(quality: Quality, limits: Parameters) -> set[Part]:
    """Parts of the face that something covers: too plain for eyes or a mouth, or with other edges than theirs."""
    covering = limits.covering
    plain = {Part.EYES: quality.eyes_detail < covering.eyes, Part.MOUTH: quality.mouth_detail < covering.mouth}
    edges = {Part.EYES: quality.eyes_level, Part.MOUTH: quality.mouth_level}
    return {part for part in Part if plain[part] or not covering.least_level <= edges[part] <= covering.most_level}


def inner_face(chip: Image) -> npt.NDArray[np.float32]:
    """Luminance from brow to chin without hair and background, [70, 64] for the 112-pixel chip."""
    grey = cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY)
    return np.asarray(grey[36:106, 24:88], dtype=np.float32)


def detail(chip: Image, part: tuple[slice, slice]) -> float:
    """Standard deviation of luminance in one part of the 112-pixel chip."""
    return float(cv2.cvtColor(np.ascontiguousarray(chip[part]), cv2.COLOR_BGR2GRAY).std())


def level(chip: Image, part: tuple[slice, slice]) -> float:
    """Share of the edges' energy in one part of the chip that lies level: 0 all upright, 1 all level."""
    smooth = cv2.GaussianBlur(cv2.cvtColor(chip, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 1.2)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis)[part] for axis in ((1, 0), (0, 1)))
    upright, lying = float((across**2).sum()), float((down**2).sum())
    return lying / (upright + lying) if upright + lying > 1.0 else MIDDLE


def _strange(share: float) -> float:
    return abs(share - MIDDLE)


def eyes_open(mesh: Mesh) -> float:
    """Height of the wider open eye as a share of its width; near 0 when both are shut."""
    return max(_gap(mesh, lids, corners) for lids, corners in EYES)


def mouth_open(mesh: Mesh) -> float:
    """Gap between the lips as a share of the mouth's width."""
    return _gap(mesh, *LIPS)


def _gap(mesh: Mesh, across: tuple[int, int], along: tuple[int, int]) -> float:
    height, width = (float(np.linalg.norm(mesh.points[a] - mesh.points[b])) for a, b in (across, along))
    return height / width if width > 0 else 0.0


def sharpness(region: npt.NDArray[np.float32]) -> float:
    """Share of the contrast's energy that a small blur removes, 0 (soft) to 1.

    The same blur takes much from a sharp image and little from one that is already soft; dividing by the
    variance makes the measure independent of contrast.
    """
    smooth = cv2.GaussianBlur(region, (0, 0), 1.5)
    energy = float(region.var())
    return float(((region - smooth) ** 2).mean()) / energy if energy > 1.0 else 0.0


def head_box(landmarks: Landmarks) -> Box:
    """A square around brow and chin; unlike the detector's box it is not cut at the frame's edge."""
    points = landmarks.array()
    across = float(np.linalg.norm(points[1] - points[0]))
    down = float(np.linalg.norm(points[3:].mean(axis=0) - points[:2].mean(axis=0)))
    half = HEAD_HALF_WIDTH * max(across, down)
    x, y = (float(value) for value in points.mean(axis=0))
    return Box(x - half, y - half, 2 * half, 2 * half)


def share_inside(box: Box, frame_size: tuple[int, int]) -> float:
    """Share of the box's area that lies in the frame."""
    height, width = frame_size
    across = min(box.left + box.width, width) - max(box.left, 0.0)
    down = min(box.top + box.height, height) - max(box.top, 0.0)
    return max(0.0, across) * max(0.0, down) / box.area if box.area > 0 else 0.0


def _with_overall(quality: Quality, limits: Parameters) -> Quality:
    """The product of one soft step for each measure: 0 at its limit, 1 well inside."""
    edge, exposure, angles = limits.overall.edge, limits.exposure, limits.pose
    steps = (
        _above(quality.eye_distance, limits.frame.eyes_far, edge),
        _above(quality.brightness, exposure.dark_median, edge),
        _below(quality.brightness, exposure.bright_median, edge * 0.3),
        _below(quality.dark_share, exposure.dark_share, edge),
        _below(quality.bright_share, exposure.bright_share, edge),
        _above(quality.contrast, exposure.contrast, edge),
        _below(abs(quality.pose.yaw), angles.yaw, edge),
        _below(abs(quality.pose.pitch), angles.pitch, edge),
        _below(abs(quality.pose.roll), angles.roll, edge),
        _above(quality.sharpness, limits.sharpness.least, edge),
        quality.inside,
    )
    values = {name: getattr(quality, name) for name in Quality.__slots__}
    return Quality(**{**values, "overall": math.prod(steps)})


def _above(value: float, limit: float, edge: float) -> float:
    return max(0.0, min(1.0, (value - limit * (1 - edge)) / (2 * limit * edge)))


def _below(value: float, limit: float, edge: float) -> float:
    return max(0.0, min(1.0, (limit * (1 + edge) - value) / (2 * limit * edge)))


assert ARCFACE.size == 112, "inner_face cuts a 112-pixel chip"  # the region is given in its pixels

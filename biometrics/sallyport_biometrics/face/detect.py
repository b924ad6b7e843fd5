"""Faces and their five landmarks in a frame, by YuNet (W. Wu et al., 2023; OpenCV Zoo, Apache-2.0)."""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.align import ARCFACE, Chip, aligned
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.parameters import Detector, parameters
from sallyport_biometrics.face.words import Box, Face, Image, Landmarks

STRIDES = (8, 16, 32)
Values = npt.NDArray[np.float32]


class FaceDetector:
    """YuNet behind one verb."""

    def __init__(self, model: bytes, threads: int = 1, limits: Detector | None = None) -> None:
        self._network = Network(model, threads)
        self._limits = limits or parameters().detector

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def detect(self, frame: Image) -> tuple[Face, ...]:
        """Faces in pixels of the frame, the largest first. The frame is [H, W, 3] uint8, BGR."""
        scale = min(1.0, self._limits.longest_side / max(frame.shape[:2]))
        reduced = _resized(frame, scale) if scale < 1.0 else frame
        values = network_input(reduced)
        outputs = dict(zip(self._network.outputs, self._network.run(values), strict=True))
        candidates = decoded(outputs, values.shape[3], self._limits.score)
        kept = suppressed(candidates, self._limits.overlap)
        faces = [_face(row, 1.0 / scale) for row in kept]
        return tuple(sorted(faces, key=lambda face: face.box.area, reverse=True))

    def upside_down(self, frame: Image, face: Face) -> bool:
        """Whether the face looks more like a face when turned by 180 degrees.

        YuNet also finds inverted faces, and then takes the mouth for the eyes.
        """
        chip = aligned(frame, face.landmarks, UPRIGHT)
        turned = np.ascontiguousarray(chip[::-1, ::-1])
        return self._best_score(turned) > self._best_score(chip)

    def _best_score(self, frame: Image) -> float:
        return max((face.score for face in self.detect(frame)), default=0.0)


UPRIGHT = Chip(128, tuple((x * 0.8 + 19.2, y * 0.8 + 9.6) for x, y in ARCFACE.points))
"""The whole head with a margin, small."""


def network_input(frame: Image) -> Values:
    """[1, 3, H', W'] float32, padded on the right and below to multiples of 32."""
    height, width = frame.shape[:2]
    padded = np.zeros((-(-height // 32) * 32, -(-width // 32) * 32, 3), dtype=np.float32)
    padded[:height, :width] = frame
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None])


def decoded(outputs: Mapping[str, Values], width: int, threshold: float) -> Values:
    """[n, 15]: left, top, width, height, five points, score, for every anchor above the threshold."""
    found = []
    for stride in STRIDES:
        class_score = outputs[f"cls_{stride}"][0, :, 0]
        object_score = outputs[f"obj_{stride}"][0, :, 0]
        score = np.sqrt(np.clip(class_score, 0, 1) * np.clip(object_score, 0, 1))
        index = np.flatnonzero(score >= threshold)
        columns = width // stride
        anchor = np.stack([index % columns, index // columns], axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"][0][index]
        centre = (anchor + box[:, :2]) * stride
        size = np.exp(np.clip(box[:, 2:], -10.0, 10.0)) * stride
        points = outputs[f"kps_{stride}"][0][index].reshape(-1, 5, 2)
        points = (points + anchor[:, None]) * stride
        found.append(np.hstack([centre - size / 2, size, points.reshape(-1, 10), score[index, None]]))
    return np.concatenate(found).astype(np.float32)


def suppressed(candidates: Values, overlap: float) -> list[Values]:
    """The best-scored candidate of every group that overlaps (greedy non-maximum suppression)."""
    kept: list[Values] = []
    boxes: list[Box] = []
    for row in candidates[np.argsort(-candidates[:, 14], kind="stable")]:
        box = Box(*(float(value) for value in row[:4]))
        if all(box.overlap(other) < overlap for other in boxes):
            kept.append(row)
            boxes.append(box)
    return kept


def _face(row: Values, scale: float) -> Face:
    values = [float(value) * scale for value in row[:14]]
    points = [(values[index], values[index + 1]) for index in range(4, 14, 2)]
    return Face(Box(*values[:4]), Landmarks(*points), float(row[14]))


def _resized(frame: Image, scale: float) -> Image:
    height, width = frame.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

"""Do these frames come from the camera, now? Pure decisions on marks of frames, no picture is kept.

A real sensor never gives the same picture twice: its noise differs from frame to frame. So equal bytes are a frozen or
repeated picture, two frames that are nearer to each other than any two neighbours are a replayed one, and no noise at
all is a drawn one. A textured face that comes back to its place looks alike, but never nearer than the sensor's noise.
The sensor's clock rises and its pictures arrive promptly; the device is the one that was enrolled.
"""

import hashlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Image

PATCH = 96
"""Side of the central patch whose noise is looked at, in pixels."""
LEAST_NOISE = 0.15
"""Mean absolute difference of the noise of successive frames, in grey levels; to be set on the kiosk's camera."""
RETURNING = 0.5
"""Distance of two frames' noise as a share of the least distance of neighbours, below which one is a copy.
Moving photographs with a synthetic sensor's noise (1 to 4 grey levels, also through JPEG of quality 80 to 90) stay
above 0.7; equal pictures have 0. New compression hides a copy: then only the challenge protects."""
BLACK, BURNT = 2, 253
"""Grey levels at which a sensor's noise is cut off."""
LATEST_MS = 400.0
"""Arrival after the sensor's time, beyond the session's usual delay."""


class Suspicion(StrEnum):
    """Why the frames are not believed."""

    FROZEN = "FROZEN"
    REPEATED = "REPEATED"
    NOISELESS = "NOISELESS"
    TIME_REVERSED = "TIME_REVERSED"
    TIME_SHIFTED = "TIME_SHIFTED"
    OTHER_DEVICE = "OTHER_DEVICE"


@dataclass(frozen=True, slots=True, eq=False)
class FrameMark:
    """What is kept of a frame: its digest, its noise, its times in milliseconds, and the device it came from."""

    digest: bytes
    noise: npt.NDArray[np.float32]
    sensor_ms: float
    arrival_ms: float
    device: str


def mark(frame: Image, sensor_ms: float, arrival_ms: float, device: str) -> FrameMark:
    """The mark of one frame. The noise is what a median filter takes away in the middle of the picture."""
    patch = _middle(frame)
    noise = patch.astype(np.float32) - cv2.medianBlur(patch, 3).astype(np.float32)
    digest = hashlib.blake2b(np.ascontiguousarray(frame).tobytes(), digest_size=16).digest()
    return FrameMark(digest, noise.reshape(-1), sensor_ms, arrival_ms, device)


def blind(frame: Image) -> bool:
    """Whether the middle of the picture is black or burnt out: no sensor's noise can be seen there."""
    middle = _middle(frame)
    return bool(((middle <= BLACK) | (middle >= BURNT)).mean() > 0.5)


def suspicions(marks: Sequence[FrameMark], device: str) -> frozenset[Suspicion]:
    """Everything wrong with the frames of one session, in their order. `device` is the enrolled camera's identity."""
    found = set()
    if any(each.device != device for each in marks):
        found.add(Suspicion.OTHER_DEVICE)
    pairs = list(pairwise(marks))
    if any(first.digest == second.digest for first, second in pairs):
        found.add(Suspicion.FROZEN)
    if returns(marks):
        found.add(Suspicion.REPEATED)
    if pairs and statistics.median(noise_between(*pair) for pair in pairs) < LEAST_NOISE:
        found.add(Suspicion.NOISELESS)
    if any(second.sensor_ms <= first.sensor_ms for first, second in pairs):
        found.add(Suspicion.TIME_REVERSED)
    if shifted(marks):
        found.add(Suspicion.TIME_SHIFTED)
    return frozenset(found)


def _middle(frame: Image) -> npt.NDArray[np.uint8]:
    height, width = frame.shape[:2]
    top, left = max(0, (height - PATCH) // 2), max(0, (width - PATCH) // 2)
    return np.ascontiguousarray(frame[top : top + PATCH, left : left + PATCH, 1])


def noise_between(first: FrameMark, second: FrameMark) -> float:
    """Mean absolute difference of two frames' noise, in grey levels."""
    if first.noise.shape != second.noise.shape:
        return 0.0
    return float(np.abs(first.noise - second.noise).mean())


def returns(marks: Sequence[FrameMark]) -> bool:
    """Whether any two frames that are not neighbours are one picture, as bytes or by their noise."""
    if len({each.digest for each in marks}) < len(marks):
        return True
    if len(marks) < 4 or len({each.noise.shape for each in marks}) > 1:
        return False
    distance = distances(np.stack([each.noise for each in marks]))
    apart = distance[np.triu_indices(len(marks), 2)]
    return bool(apart.min() < RETURNING * np.diag(distance, 1).min())


def distances(noise: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """[n, n] root mean square differences of the rows of [n, pixels], in grey levels."""
    power = np.asarray((noise.astype(np.float64) ** 2).mean(axis=1))
    shared = (noise @ noise.T).astype(np.float64) / noise.shape[1]
    return np.asarray(np.sqrt(np.maximum(power[:, None] + power[None] - 2 * shared, 0.0)))


def shifted(marks: Sequence[FrameMark]) -> bool:
    """Whether a frame arrived much later after its sensor time than is usual, or before it.

    The newest frame of a slow camera may be as old as the time between two of them: a fault, and no attack.
    """
    delays = [each.arrival_ms - each.sensor_ms for each in marks]
    if not delays:
        return False
    gaps = [0.0, *(second.sensor_ms - first.sensor_ms for first, second in pairwise(marks))]
    usual = min(delays)
    return usual < 0.0 or any(delay - usual > LATEST_MS + gap for delay, gap in zip(delays, gaps, strict=True))

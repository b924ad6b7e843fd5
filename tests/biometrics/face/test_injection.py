"""Frames of a synthetic sensor are believed; frozen, repeated, drawn, late and foreign ones are not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.injection import FrameMark, Suspicion, mark, suspicions
from sallyport_biometrics.face.words import Image

DEVICE = "camera-1"


def scene() -> Image:
    generator = np.random.default_rng(9)
    coarse = generator.integers(40, 200, (12, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def sensor(frames: int, noise: float = 2.0, seed: int = 1, sway: float = 0.0) -> list[Image]:
    """A still or swaying scene with fresh noise in every frame."""
    generator = np.random.default_rng(seed)
    base = scene().astype(np.float32)
    shots = []
    for index in range(frames):
        moved = np.roll(base, round(sway * np.sin(index / 3)), axis=1)
        shots.append(np.clip(moved + generator.normal(0, noise, base.shape), 0, 255).astype(np.uint8))
    return shots


def marks(
    frames: list[Image], device: str = DEVICE, late: Callable[[int], float] = lambda index: 30.0
) -> list[FrameMark]:
    return [mark(frame, 33.0 * at, 33.0 * at + late(at), device) for at, frame in enumerate(frames)]


@pytest.mark.parametrize("noise", [0.7, 2.0, 6.0])
@pytest.mark.parametrize("sway", [0.0, 6.0])
def test_a_sensor_is_believed(noise: float, sway: float) -> None:
    assert suspicions(marks(sensor(30, noise, sway=sway)), DEVICE) == frozenset()


def test_a_sensor_through_jpeg_is_believed() -> None:
    coded = [cv2.imdecode(cv2.imencode(".jpg", frame)[1], cv2.IMREAD_COLOR) for frame in sensor(20, 4.0)]
    assert suspicions(marks(coded), DEVICE) == frozenset()


def test_frozen() -> None:
    frames = sensor(10)
    assert Suspicion.FROZEN in suspicions(marks(frames[:5] + [frames[4]] * 3 + frames[5:]), DEVICE)


def test_a_loop_is_repeated() -> None:
    assert Suspicion.REPEATED in suspicions(marks(sensor(8) * 2), DEVICE)


def test_a_loop_with_new_compression_is_repeated() -> None:
    frames = sensor(8, 4.0)
    again = [cv2.imdecode(cv2.imencode(".jpg", frame, [1, 95])[1], cv2.IMREAD_COLOR) for frame in frames]
    assert suspicions(marks(frames + again), DEVICE) == {Suspicion.REPEATED}


def test_a_drawn_picture_has_no_noise() -> None:
    frames = [scene().copy() for _ in range(10)]
    for index, frame in enumerate(frames):
        frame[0, 0] = index  # so that no two are equal
    assert Suspicion.NOISELESS in suspicions(marks(frames), DEVICE)


def test_another_device() -> None:
    assert suspicions(marks(sensor(6), device="virtual"), DEVICE) == {Suspicion.OTHER_DEVICE}


def test_time() -> None:
    frames = sensor(6)
    assert suspicions(marks(frames, late=lambda at: 30.0 + 300.0 * (at == 4) * 2), DEVICE) == {Suspicion.TIME_SHIFTED}
    assert suspicions(marks(frames, late=lambda at: -5.0), DEVICE) == {Suspicion.TIME_SHIFTED}
    swapped = marks(frames)
    assert Suspicion.TIME_REVERSED in suspicions([*swapped[:3], swapped[1], *swapped[3:]], DEVICE)


def test_no_frames_are_no_suspicion_of_the_camera() -> None:
    assert suspicions([], DEVICE) == frozenset()

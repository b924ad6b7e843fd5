"""Frames of a synthetic sensor are believed; frozen, repeated, drawn, late and foreign ones are not."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.injection import FrameMark, Suspicion, blind, mark, shifted, suspicions
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


def test_where_the_picture_is_burnt_out_or_black_no_noise_can_be_seen() -> None:
    assert [blind(np.full((240, 320, 3), level, np.uint8)) for level in (0, 120, 255)] == [True, False, True]
    assert not blind(sensor(1)[0])


def test_a_sensor_through_jpeg_is_believed() -> None:
    coded = [cv2.imdecode(cv2.imencode(".jpg", frame)[1], cv2.IMREAD_COLOR) for frame in sensor(20, 4.0)]
    assert suspicions(marks(coded), DEVICE) == frozenset()


def test_frozen() -> None:
    frames = sensor(10)
    assert Suspicion.FROZEN in suspicions(marks(frames[:5] + [frames[4]] * 3 + frames[5:]), DEVICE)


def test_a_loop_is_repeated() -> None:
    assert Suspicion.REPEATED in suspicions(marks(sensor(8) * 2), DEVICE)


@pytest.mark.parametrize("noise", [1.0, 2.0, 4.0])
def test_a_textured_face_that_moves_and_comes_back_is_believed(noise: float) -> None:
    """Fine texture moves by parts of a pixel and returns: alike, but with the noise of its own moment."""
    generator = np.random.default_rng(3)
    texture = cv2.GaussianBlur(generator.normal(120, 80, (300, 400, 3)).astype(np.float32), (0, 0), 1.0)
    frames = []
    for at in range(90):
        across = 12.0 * np.clip(np.sin(at / 6), 0.0, 0.8) + generator.normal(0, 0.3)
        shift = np.array([[1, 0, -40 + across], [0, 1, -30]], dtype=np.float32)
        moved = cv2.warpAffine(texture, shift, (320, 240), flags=cv2.INTER_CUBIC)
        frames.append(np.clip(moved + generator.normal(0, noise, moved.shape), 0, 255).astype(np.uint8))
    assert suspicions(marks(frames), DEVICE) == frozenset()
    assert Suspicion.REPEATED in suspicions(marks(frames + frames[20:40]), DEVICE)


def test_a_loop_in_other_light_is_repeated() -> None:
    """Other bytes, the same noise."""
    frames = sensor(8, 4.0)
    brighter = [cv2.add(frame, np.full_like(frame, 3)) for frame in frames]
    assert suspicions(marks(frames + brighter), DEVICE) == {Suspicion.REPEATED}


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


def test_a_camera_that_becomes_slow_is_no_attack() -> None:
    """Its newest frame waits for whoever reads it, up to the time between two of them."""
    made = marks(sensor(8))
    slow = [replace(each, sensor_ms=1_000.0 * at, arrival_ms=1_000.0 * at + 900.0) for at, each in enumerate(made, 1)]
    assert not shifted([*made[:1], *slow])
    assert shifted([*made[:1], *slow, replace(slow[-1], sensor_ms=8_066.0, arrival_ms=9_600.0)])


def test_no_frames_are_no_suspicion_of_the_camera() -> None:
    assert suspicions([], DEVICE) == frozenset()

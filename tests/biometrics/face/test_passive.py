"""The spectrum shows the grid of a screen or a print; limits decide, and an absent network is no evidence."""

import numpy as np
import pytest

from sallyport_biometrics.face.parameters import parameters
from sallyport_biometrics.face.passive import PassiveDetector, Signs, cut, pattern, suspicious
from sallyport_biometrics.face.words import Box, Face, Image, Landmarks

FACE = Face(Box(220, 120, 200, 240), Landmarks((270, 210), (370, 210), (320, 260), (280, 300), (360, 300)), 0.9)


def portrait(seed: int = 1) -> Image:
    """Smooth light and a sensor's noise; synthetic."""
    y, x = np.mgrid[0:480, 0:640].astype(float)
    light = 120 + 60 * np.exp(-((x - 320) ** 2 + (y - 240) ** 2) / 2e4) + 20 * np.sin(x / 60)
    noisy = light[..., None] + np.random.default_rng(seed).normal(0, 2, (480, 640, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def behind_grid(frame: Image, pitch: float, angle: float, gain: float) -> Image:
    """As if photographed from a screen whose pixels lie `pitch` camera pixels apart; synthetic."""
    y, x = np.mgrid[0:480, 0:640].astype(float)
    u, v = np.cos(angle) * x + np.sin(angle) * y, -np.sin(angle) * x + np.cos(angle) * y
    grid = 1 + gain * (np.cos(2 * np.pi * u / pitch) + np.cos(2 * np.pi * v / pitch))
    return np.clip(frame * grid[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("pitch", [3.3, 4.7, 6.1])
@pytest.mark.parametrize("angle", [0.1, 0.4])
def test_a_grid_stands_out(pitch: float, angle: float) -> None:
    live = pattern(portrait(), FACE)
    assert live < parameters().passive.pattern
    assert pattern(behind_grid(portrait(), pitch, angle, 0.1), FACE) > live + 1.0


def test_limits_decide() -> None:
    limits = parameters().passive
    assert not suspicious(Signs(0.0, ()), limits)
    assert suspicious(Signs(limits.pattern + 0.1, ()), limits)
    assert suspicious(Signs(0.0, (("minifasnet-v2", 0.999),)), limits)


def test_no_networks_is_allowed_and_named() -> None:
    detector = PassiveDetector({})
    assert detector.digests == ()
    assert detector.signs(portrait(), FACE).networks == ()


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 100, 100), Box(600, 440, 200, 200), Box(0, 0, 5000, 20), Box(9, 9, 0.5, 0.5)]
)
def test_a_cut_lies_in_the_frame(box: Box) -> None:
    chip = cut(portrait(), box, 2.7)
    assert chip.size > 0 and chip.ndim == 3

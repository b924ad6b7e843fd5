"""Synthetic skin under a synthetic screen: live faces follow the colours, recordings do not."""

from itertools import pairwise

import numpy as np

from sallyport_biometrics.face.flash import AXES, Flash, Light, lights, response, shown

EVERY_MS = 700.0


def screen(seed: bytes, count: int = 12) -> list[Flash]:
    return [Flash(light, index * EVERY_MS) for index, light in enumerate(lights(seed, count))]


def skin(flashes: list[Flash], gain: float, seed: int) -> list[tuple[float, tuple[float, float, float]]]:
    """Skin that returns `gain` grey levels of the screen's colour 120 ms late, under swaying room light."""
    generator = np.random.default_rng(seed)
    seen = []
    for at in np.arange(0.0, len(flashes) * EVERY_MS, 66.0):
        colour = np.array([90.0, 105.0, 130.0]) * (1 + 0.05 * np.sin(at / 900))
        lit = [flash for flash in flashes if flash.from_ms + 120.0 <= at]
        if lit:
            colour[AXES[lit[-1].light]] += gain
        blue, green, red = (float(value) for value in colour + generator.normal(0, 0.4, 3))
        seen.append((float(at), (blue, green, red)))
    return seen


def test_live_skin_follows() -> None:
    for number in range(50):
        flashes = screen(number.to_bytes(16))
        found = response(flashes, skin(flashes, 6.0, number))
        assert found.usable and found.agreement > 0.8


def test_a_recording_of_another_session_does_not() -> None:
    agreements = []
    for number in range(200):
        recorded = skin(screen((1000 + number).to_bytes(16)), 6.0, number)
        agreements.append(response(screen(number.to_bytes(16)), recorded).agreement)
    assert np.mean(np.array(agreements) > 0.8) <= 0.01


def test_too_little_light_says_nothing() -> None:
    flashes = screen(bytes(16))
    assert not response(flashes, skin(flashes, 0.0, 1)).usable
    assert not response(flashes, []).usable
    assert not response(flashes[:1], skin(flashes[:1], 6.0, 1)).usable, "one colour alone proves nothing"


def test_colours_are_bound_to_the_seed_and_change() -> None:
    drawn = lights(bytes(range(16)), 200)
    assert drawn == lights(bytes(range(16)), 200) != lights(bytes(16), 200)
    assert all(first is not second for first, second in pairwise(drawn))
    assert set(drawn) == set(Light)


def test_frames_of_a_change_are_left_out() -> None:
    flashes = [Flash(Light.RED, 0.0), Flash(Light.BLUE, 1000.0)]
    assert shown(flashes, 10.0) is None
    assert shown(flashes, 900.0) is Light.RED
    assert shown(flashes, 1020.0) is Light.RED
    assert shown(flashes, 1200.0) is None
    assert shown(flashes, 1500.0) is Light.BLUE

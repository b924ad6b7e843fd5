"""Synthetic skin under a synthetic screen: live faces follow the colours, recordings do not."""

import re
from importlib.resources import files
from itertools import pairwise

import numpy as np

from sallyport_biometrics.face.flash import AXES, SHORTEST_MS, Flash, Light, Verdict, lights, response, shown
from sallyport_kiosk import parameters

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
    assert shown(flashes, 940.0) is Light.RED
    assert shown(flashes, 960.0) is None
    assert shown(flashes, 1240.0) is None
    assert shown(flashes, 1260.0) is Light.BLUE


def test_what_a_response_says() -> None:
    returned, foreign, unclear = 0, 0, 0
    for number in range(50):
        flashes = screen(number.to_bytes(16), 8)
        returned += response(flashes, skin(flashes, 6.0, number)).verdict is Verdict.RETURNED
        other = skin(screen((1000 + number).to_bytes(16), 8), 10.0, number)
        foreign += response(flashes, other).verdict is Verdict.FOREIGN
        unclear += response(flashes, skin(flashes, 0.0, number)).verdict is Verdict.UNCLEAR
    assert (returned, unclear) == (50, 50)
    assert foreign >= 35, "of a few recordings the colours happen to be alike"


def test_the_screen_changes_slowly_enough_for_everybody() -> None:
    """WCAG 2.3.1: no more than three flashes, pairs of changes, in any one second; and no saturated red."""
    assert parameters.LIGHT_MS >= SHORTEST_MS >= 1000 / 6
    sheet = (files("sallyport_kiosk.screen") / "static/screen.css").read_text()
    colours = re.findall(r'data-light="(RED|GREEN|BLUE)"\].*#(\w\w)(\w\w)(\w\w);', sheet)
    assert {name for name, *_ in colours} == set(Light)
    for _, red, green, blue in colours:
        shares = int(red, 16), int(green, 16), int(blue, 16)
        assert shares[0] / sum(shares) < 0.8

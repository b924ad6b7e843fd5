"""Each sign rises with what it is named after, on pictures that are drawn for it; nothing raises."""

from functools import cache

import cv2
import numpy as np
import pytest

from sallyport_biometrics.face.edges import edges_about
from sallyport_biometrics.face.signs import NAMES, signs_of
from sallyport_biometrics.face.words import Box, Face, Image, Landmarks

FACE = Face(Box(260, 170, 120, 150), Landmarks((290, 220), (350, 220), (320, 250), (295, 285), (345, 285)), 0.9)
COLOUR = {"colour_noise", "saturation", "colours"}
FRINGES = {"colour_peak", "fringes", "colour_grid"}


@cache
def portrait() -> Image:
    """Smooth light in the colour of skin, and a sensor's noise; synthetic."""
    y, x = np.mgrid[0:480, 0:640].astype(float)
    light = 90 + 70 * np.exp(-((x - 320) ** 2 + (y - 240) ** 2) / 2e4) + 20 * np.sin(x / 60)
    coloured = light[..., None] * np.array([0.6, 0.75, 1.0])
    coloured[..., 0] += 12 * np.cos(x / 30)
    return np.clip(coloured + np.random.default_rng(1).normal(0, 2, (480, 640, 3)), 0, 255).astype(np.uint8)


@cache
def textured() -> Image:
    """The same with hair, cloth and edges in it, each somewhere; synthetic."""
    random = np.random.default_rng(2)
    frame = portrait().astype(float)
    for _ in range(60):
        x, y = int(random.integers(0, 600)), int(random.integers(0, 440))
        frame[y : y + int(random.integers(5, 60)), x : x + int(random.integers(5, 60))] += random.normal(0, 20)
    return np.clip(frame, 0, 255).astype(np.uint8)


def behind_grid(frame: Image, pitch: float, angle: float, channels: tuple[int, ...], depth: float = 0.1) -> Image:
    """As if photographed from a screen whose pixels lie `pitch` camera pixels apart; synthetic."""
    y, x = np.mgrid[0:480, 0:640].astype(float)
    turned = np.cos(angle) * x + np.sin(angle) * y
    changed = frame.astype(float)
    for channel in channels:
        changed[..., channel] *= 1 + depth * np.cos(2 * np.pi * turned / pitch)
    return np.clip(changed, 0, 255).astype(np.uint8)


def held_up(frame: Image, tilt: float = 0.0) -> Image:
    """A dark bezel about the face, turned by `tilt` degrees."""
    mask = np.zeros(frame.shape[:2], np.uint8)
    corners = cv2.boxPoints(((320.0, 245.0), (230.0, 290.0), tilt))
    cv2.polylines(mask, [corners.astype(np.int32)], True, 255, 12)
    changed = frame.copy()
    changed[mask > 0] = 15
    return changed


@pytest.mark.parametrize(("pitch", "angle"), [(3.3, 0.3), (4.7, 0.7), (6.1, 0.5)])
def test_a_grid_stands_out_of_the_spectrum(pitch: float, angle: float) -> None:
    live, grid = signs_of(portrait(), FACE), signs_of(behind_grid(portrait(), pitch, angle, (0, 1, 2)), FACE)
    assert grid["peak"] > live["peak"] + 1.0


def test_a_grid_in_one_colour_stands_out_of_the_colour() -> None:
    live, grid = signs_of(portrait(), FACE), signs_of(behind_grid(portrait(), 4.7, 0.5, (2,)), FACE)
    assert grid["colour_peak"] > live["colour_peak"] + 1.0 and grid["fringes"] > live["fringes"] + 0.3


@pytest.mark.parametrize(("pitch", "depth"), [(3.3, 0.03), (5.0, 0.04)])
def test_a_faint_grid_stands_out_because_it_is_everywhere(pitch: float, depth: float) -> None:
    live, grid = (
        signs_of(frame, FACE)["grid"] for frame in (textured(), behind_grid(textured(), pitch, 0.4, (0, 1, 2), depth))
    )
    assert grid > live + 0.8


def test_stripes_of_a_shirt_are_no_grid() -> None:
    y, x = np.mgrid[0:480, 0:640].astype(float)
    shirt = textured().astype(float) * (1 + 0.3 * (y > 300) * np.cos(2 * np.pi * (x + y) / 6))[..., None]
    live, shirted = (signs_of(frame, FACE)["grid"] for frame in (textured(), np.clip(shirt, 0, 255).astype(np.uint8)))
    assert shirted < live + 1.0


def test_a_lamp_in_the_glass_is_white_where_skin_is_not() -> None:
    spot = np.zeros((480, 640), np.float32)
    cv2.ellipse(spot, (320, 240), (24, 18), 20.0, 0, 360, 1.0, -1)
    lit = portrait() + 200 * cv2.GaussianBlur(spot, (0, 0), 4)[..., None]
    live, mirrored = signs_of(portrait(), FACE), signs_of(np.clip(lit, 0, 255).astype(np.uint8), FACE)
    assert mirrored["glare"] > live["glare"] + 2.0 and mirrored["glow"] > live["glow"] + 0.2


def test_a_picture_that_ends_far_from_the_face_encloses_it() -> None:
    far = portrait().copy()
    cv2.rectangle(far, (120, 40), (520, 440), (15, 15, 15), 14)
    small = Box(290, 200, 60, 75)
    assert edges_about(portrait(), small).enclosed < 0.3 < 0.7 < edges_about(far, small).enclosed


@pytest.mark.parametrize("tilt", [-6.0, 0.0, 5.0])
def test_a_bezel_is_seen_on_every_side(tilt: float) -> None:
    live, held = edges_about(portrait(), FACE.box), edges_about(held_up(portrait(), tilt), FACE.box)
    assert max(live.beside, live.below, live.above) < 0.3
    assert min(held.beside, held.aside, held.below, held.above, held.corner) > 0.7


def test_blacks_that_are_not_black_and_faded_contrast() -> None:
    faded = (portrait() * 0.5 + 80).astype(np.uint8)
    live, print_ = signs_of(portrait(), FACE), signs_of(faded, FACE)
    assert print_["dark"] > live["dark"] + 0.1 and print_["contrast"] < 0.7 * live["contrast"]
    assert print_["levels"] < 0.7 * live["levels"]


def test_a_picture_without_colour_says_nothing_of_colour() -> None:
    grey = cv2.cvtColor(cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    cast = (grey * np.array([0.9, 1.0, 1.1])).clip(0, 255)
    assert set(signs_of(np.asarray(grey, np.uint8), FACE)) == set(NAMES) - COLOUR - FRINGES
    assert set(signs_of(cast.astype(np.uint8), FACE)) == set(NAMES) - COLOUR
    assert set(signs_of(portrait(), FACE)) == set(NAMES)


@pytest.mark.parametrize(
    "box",
    [
        Box(-40, -40, 90, 90),
        Box(600, 440, 120, 150),
        Box(0, 0, 640, 480),
        Box(-200, -200, 1200, 1200),
        Box(9, 9, 0.5, 0.5),
        Box(700, 700, 50, 50),
    ],
)
def test_no_place_and_no_picture_raises(box: Box) -> None:
    black, white = np.zeros((480, 640, 3), np.uint8), np.full((480, 640, 3), 255, np.uint8)
    for frame in (black, white, white[:16, :16], portrait()):
        found = signs_of(np.ascontiguousarray(frame), Face(box, FACE.landmarks, 0.9))
        assert np.isfinite(list(found.values())).all()

"""Marks of paper and screens over a picture, drawn in many ways and strengths: the cruder of the two teachers.

Light is [H, W, 3] float32, blue green red, 0 to 255. Pure and seeded. Nothing is shared with `recapture.overlays`,
which is kept for measuring.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from sallyport_rig.recapture.camera import Light

Mark = Callable[[Light, Light, np.random.Generator], Light]
"""From a picture, and another picture that furnishes rooms and reflections, to a marked one of any size."""


def _uneven(low: float, high: float, generator: np.random.Generator) -> float:
    """Evenly in the logarithm."""
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def _places(light: Light) -> tuple[Light, Light]:
    rows, columns = np.mgrid[0 : light.shape[0], 0 : light.shape[1]].astype(np.float32)
    return columns, rows


def waves(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """One to three waves, round or square, straight or bent, alike in all colours or not, times or plus the light."""
    x, y = _places(light)
    factor = np.zeros_like(light)
    depth, spread = _uneven(0.015, 0.2, generator), generator.choice([0.0, 1.0, 2.1]) * generator.uniform(0.5, 1)
    for _ in range(int(generator.integers(1, 4))):
        angle, period = generator.uniform(0, np.pi), _uneven(2.1, 40, generator)
        bend = generator.choice([0.0, generator.uniform(-2e-3, 2e-3)])
        middle = generator.uniform(0, 1, 2) * light.shape[1::-1]
        turns = np.cos(angle) * x + np.sin(angle) * y + bend * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
        square = generator.random() < 0.2
        for channel in range(3):
            wave = np.cos(2 * np.pi * turns / period + channel * spread)
            factor[..., channel] += np.sign(wave) if square else wave
    if generator.random() < 0.7:
        return np.asarray(light * (1 + depth * factor), np.float32)
    return np.asarray(light + 140 * depth * factor, np.float32)


def pixels(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Subpixels of a display, drawn large, turned a little and sampled again: what beats, beats."""
    height, width = light.shape[:2]
    across, gap = generator.uniform(1.5, 4.0), generator.uniform(0.1, 0.9)
    angle, scale = np.radians(generator.normal(0, 4)), generator.uniform(0.7, 1.6)
    x, y = _places(light)
    factor = np.empty_like(light)
    stripes = generator.random() < 0.7
    for channel in range(3):
        u = (np.cos(angle) * x + np.sin(angle) * y) / across * scale
        v = (np.cos(angle) * y - np.sin(angle) * x) / across * scale
        column = np.mod(u + channel / 3 * stripes, 1) > 0.45 * gap + 0.1
        factor[..., channel] = np.where(column & (np.mod(v, 1) > 0.25 * gap), 1.0, 1 - gap)
    soft = cv2.GaussianBlur(factor, (0, 0), generator.uniform(0.3, 0.9))
    shown = np.asarray(light * (soft / max(0.1, float(soft.mean()))), np.float32)
    shrink = generator.uniform(0.6, 1.0)
    method = int(generator.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC]))
    return np.asarray(cv2.resize(shown, (int(width * shrink), int(height * shrink)), interpolation=method), np.float32)


def halftone(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Dots that are ink or paper, drawn twice as large and seen from further away; in colours or in black."""
    height, width = light.shape[:2]
    doubled = cv2.resize(light, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
    large = np.asarray(doubled / 255, np.float32)
    x, y = _places(large)
    period, hard = generator.uniform(4, 13), generator.uniform(2, 12)
    angles = generator.uniform(0, 90) + np.array([0, 75, 15]) * (generator.random() < 0.7)
    screened = np.empty_like(large)
    for channel, degrees in enumerate(angles):
        u, v = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        dot = np.cos(2 * np.pi * (u * x + v * y) / period) + np.cos(2 * np.pi * (u * y - v * x) / period)
        edge = np.clip((large[..., channel] - 0.5 + dot / 4.2) * hard, -20, 20)
        screened[..., channel] = 1 / (1 + np.exp(-edge))
    seen = cv2.resize(screened, (width, height), interpolation=cv2.INTER_AREA)
    seen = cv2.GaussianBlur(seen, (0, 0), generator.uniform(0.2, 1.2))
    share = generator.uniform(0.15, 1.0)
    return np.asarray(light * (1 - share) + 255 * share * seen, np.float32)


def dithered(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Few tones, in steps or with dots in no order: ink jet and thermal print."""
    levels = int(generator.integers(4, 24))
    noise = generator.uniform(0, 1) * generator.uniform(-0.5, 0.5, light.shape).astype(np.float32)
    stepped = np.rint(light / 255 * levels + noise) / levels * 255
    return np.asarray(cv2.GaussianBlur(stepped.astype(np.float32), (0, 0), generator.uniform(0.2, 1.0)), np.float32)


def paper(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Fibres and grain under the ink, and at times the print head's stripes."""
    grain = generator.standard_normal(light.shape[:2], dtype=np.float32)
    fibres = cv2.GaussianBlur(grain, (0, 0), _uneven(0.5, 3, generator), sigmaY=_uneven(0.5, 3, generator))
    rough = fibres / max(1e-6, float(fibres.std())) * _uneven(0.015, 0.07, generator)
    if generator.random() < 0.4:
        rows = generator.standard_normal((light.shape[0], 1), dtype=np.float32)
        stripes = cv2.GaussianBlur(rows, (1, 0), sigmaX=0.1, sigmaY=_uneven(0.5, 4, generator))
        rough = rough + stripes / max(1e-6, float(stripes.std())) * _uneven(0.01, 0.05, generator)
    return np.asarray(light * (1 + rough[..., None]), np.float32)


def faded(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Black that is none, white that is none, fewer colours, another tone curve."""
    black, white = generator.uniform(8, 70), generator.uniform(170, 245)
    toned = 255 * np.power(np.clip(light / 255, 0, 1), generator.uniform(0.7, 1.4))
    grey = toned.mean(axis=2, keepdims=True)
    dulled = grey + (toned - grey) * generator.uniform(0.4, 1.05)
    return np.asarray(black + dulled * (white - black) / 255, np.float32)


def cast(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """The white of another light, and blacks that glow in it."""
    point = np.exp(generator.normal(0, 0.09, 3)).astype(np.float32)
    point[0] *= np.float32(generator.choice([1.0, generator.uniform(1.05, 1.3)]))
    return np.asarray(light * point * generator.uniform(0.8, 1.0) + generator.uniform(0, 30) * point, np.float32)


def glare(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Lamps, windows and streaks in the glass: soft or sharp, white or nearly."""
    height, width = light.shape[:2]
    lit = light
    for _ in range(int(generator.choice([1, 1, 1, 2, 3]))):
        spot = np.zeros((height, width), np.float32)
        middle = (int(generator.uniform(0.25, 0.75) * width), int(generator.uniform(0.2, 0.75) * height))
        axes = (int(_uneven(0.03, 0.3, generator) * width) + 1, int(_uneven(0.03, 0.25, generator) * height) + 1)
        turn, kind = float(generator.uniform(0, 180)), int(generator.integers(4))
        if kind == 0:
            cv2.ellipse(spot, middle, axes, turn, 0, 360, 1.0, -1)
        elif kind == 1:
            corners = cv2.boxPoints((middle, (2.0 * axes[0], 2.0 * axes[1]), turn))
            cv2.fillConvexPoly(spot, np.rint(corners).astype(np.int32), 1.0)
        elif kind == 2:
            x, y = _places(light)
            spot = np.exp(-(((x - middle[0]) / axes[0]) ** 2) - ((y - middle[1]) / axes[1]) ** 2).astype(np.float32)
        else:
            away = (np.cos(np.radians(turn)) * width, np.sin(np.radians(turn)) * height)
            ends = [(int(middle[0] + sign * away[0]), int(middle[1] + sign * away[1])) for sign in (-1, 1)]
            cv2.line(spot, ends[0], ends[1], 1.0, max(2, min(axes) // 2))
        soft = cv2.GaussianBlur(spot, (0, 0), width * _uneven(0.003, 0.06, generator))[..., None]
        tint = 1 - generator.uniform(0, 0.15, 3).astype(np.float32) * (generator.random() < 0.4)
        share = soft * np.float32(_uneven(0.15, 1.2, generator)) * tint
        lit = lit + 255 * share if generator.random() < 0.5 else lit + (255 - lit) * np.clip(share, 0, 1)
    return np.asarray(lit, np.float32)


def mirrored(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """The room in the glass: a haze, brighter to one side, or another picture faintly over this one."""
    height, width = light.shape[:2]
    share = generator.uniform(0.04, 0.25)
    if generator.random() < 0.5:
        room = cv2.GaussianBlur(cv2.resize(other, (width, height)), (0, 0), _uneven(0.5, 12, generator))
        return np.asarray(light * (1 - share / 2) + share * room, np.float32)
    x, y = _places(light)
    slope = generator.normal(0, 0.6, 2)
    haze = 200 * np.clip(0.5 + slope[0] * (x / width - 0.5) + slope[1] * (y / height - 0.5), 0, 1.5)
    return np.asarray(light * (1 - share / 2) + share * haze[..., None], np.float32)


def bent(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Paper on a cylinder, upright or lying, in ripples or with a crease: warped, and shaded by its slope."""
    height, width = light.shape[:2]
    x, y = _places(light)
    along, size = (x, width) if generator.random() < 0.6 else (y, height)
    place = (along / size * 2 - 1).astype(np.float32)
    kind = int(generator.integers(3))
    if kind == 0:
        reach = generator.uniform(0.4, 1.2)
        moved = np.arcsin(np.clip(np.sin(reach) * place, -1, 1)) / reach - place
        slope = reach * place
    elif kind == 1:
        turns, phase = generator.uniform(0.5, 3), generator.uniform(0, 6.3)
        moved = generator.uniform(0.01, 0.05) * np.sin(np.pi * turns * place + phase)
        slope = 0.7 * np.cos(np.pi * turns * place + phase)
    else:
        crease = generator.uniform(-0.7, 0.7)
        moved, slope = np.zeros_like(place), generator.uniform(0.2, 0.7) * np.sign(place - crease)
    at = [x.copy(), y.copy()]
    at[0 if along is x else 1] += np.asarray(moved * size / 2, np.float32)
    warped = cv2.remap(light, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    deep = generator.uniform(0.15, 0.6)
    shade = 1 - deep + deep * np.cos(np.asarray(slope) - generator.uniform(-0.6, 0.6))
    return np.asarray(warped * shade[..., None].astype(np.float32), np.float32)


def banded(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Rows read while a backlight flickers, or a refresh that is half done."""
    rows = np.arange(light.shape[0], dtype=np.float32) / light.shape[0]
    turns, phase = _uneven(1.5, 25, generator), generator.uniform(0, 6.3)
    wave = np.sin(2 * np.pi * turns * rows + phase)
    wave = np.sign(wave) if generator.random() < 0.3 else wave
    return np.asarray(light * (1 + _uneven(0.02, 0.15, generator) * wave)[:, None, None], np.float32)


def framed(light: Light, other: Light, generator: np.random.Generator) -> Light:
    """Bezel or margin of any shade, even or not, turned and leaned, before a room: at times most of it out of view."""
    width = light.shape[1]
    top, bottom, left, right = (int(_uneven(0.015, 0.15, generator) * width) for _ in range(4))
    if generator.random() < 0.6:
        bottom = left = right = top
    dark = generator.random() < 0.5
    shade = generator.uniform(2, 60) if dark else generator.uniform(150, 250)
    rim = (shade * np.exp(generator.normal(0, 0.03, 3))).tolist()
    whole = cv2.copyMakeBorder(light, top, bottom, left, right, cv2.BORDER_CONSTANT, value=rim)
    if generator.random() < 0.3:
        line = 255 - shade if generator.random() < 0.5 else generator.uniform(0, 255)
        cv2.rectangle(
            whole, (0, 0), (whole.shape[1] - 1, whole.shape[0] - 1), (line,) * 3, int(generator.integers(1, 4))
        )
    return _held(np.asarray(whole, np.float32), other, generator)


def _held(whole: Light, other: Light, generator: np.random.Generator) -> Light:
    high, wide = whole.shape[:2]
    room_for = generator.uniform(0.95, 1.7, 2)
    width, height = int(wide * room_for[0]), int(high * room_for[1])
    room = _room(other, (height, width), generator)
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    turn = np.radians(generator.normal(0, 5))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = corners.mean(axis=0)
    moved = (corners - middle) @ spin.T + np.array([width, height]) * generator.uniform(0.44, 0.56, 2)
    moved = moved + generator.normal(0, 0.03, (4, 2)) * [wide, high]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    inside = cv2.warpPerspective(np.ones((high, wide), np.float32), matrix, (width, height))[..., None]
    if generator.random() < 0.4:
        shadow = cv2.GaussianBlur(inside, (0, 0), wide * _uneven(0.01, 0.06, generator))[..., None]
        room = room * (1 - generator.uniform(0.2, 0.7) * shadow)
    return np.asarray(cv2.warpPerspective(whole, matrix, (width, height)) + room * (1 - inside), np.float32)


def _room(other: Light, shape: tuple[int, int], generator: np.random.Generator) -> Light:
    height, width = shape
    kind = int(generator.integers(4))
    if kind == 0:
        return np.asarray(
            np.zeros((height, width, 3)) + generator.uniform(5, 245) + generator.normal(0, 12, 3), np.float32
        )
    if kind == 1:
        grain = generator.uniform(20, 220, (int(generator.integers(2, 9)), int(generator.integers(2, 9)), 1))
        coarse = (grain + generator.normal(0, 12, (*grain.shape[:2], 3))).astype(np.float32)
        method = cv2.INTER_CUBIC if generator.random() < 0.6 else cv2.INTER_NEAREST
        return np.asarray(cv2.resize(coarse, (width, height), interpolation=method), np.float32)
    room = cv2.resize(other, (width, height)) * generator.uniform(0.4, 1.1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), _uneven(0.4, 12, generator)), np.float32)


MARKS: Final = MappingProxyType(
    {
        "waves": waves,
        "pixels": pixels,
        "halftone": halftone,
        "dithered": dithered,
        "paper": paper,
        "faded": faded,
        "cast": cast,
        "glare": glare,
        "mirrored": mirrored,
        "bent": bent,
        "banded": banded,
        "framed": framed,
    }
)
"""In the order in which several of them are drawn."""
SHOWING: Final = ("waves", "pixels", "halftone", "dithered", "paper", "faded", "glare", "glare", "framed", "bent")
"""At least one of these is in every marked picture; a cast, a haze or bands alone a live face may have too."""


def marked(light: Light, other: Light, generator: np.random.Generator) -> tuple[Light, tuple[str, ...]]:
    """The picture with one to four marks, and which they are."""
    first = str(generator.choice(SHOWING))
    more = generator.choice(list(MARKS), int(generator.choice([0, 0, 1, 2, 3])), replace=False)
    chosen = tuple(name for name in MARKS if name == first or name in more)
    for name in chosen:
        light = MARKS[name](light, other, generator)
    return light, chosen

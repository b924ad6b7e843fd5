"""What a face is shown on: paper and screens, as light that leaves their surface. Pure and seeded."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from sallyport_rig.recapture.camera import Camera, Light, rendered, transfer

Map = npt.NDArray[np.float32]
INCH: Final = 25.4
"""Millimetres."""
MOSAIC: Final = ((0, 0), (1, 0), (1, 1))
"""Column and row of the first blue, green and red photosite."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A species of attack instrument; ranges are (least, greatest), drawn evenly for each capture."""

    face: tuple[float, float]
    """width of the face shown on it, millimetres"""
    pitch: tuple[float, float]
    """screen: pixels an inch; print: lines an inch; 0: continuous tone"""
    white: tuple[float, float]
    """reflectance of paper, or luminance of a screen relative to a white sheet in the room"""
    black: tuple[float, float]
    """of the darkest tone, as a share of white"""
    gamut: tuple[float, float]
    """share of the picture's saturation that is left"""
    gloss: tuple[float, float]
    """mirror reflection of the room, as a share"""
    grain: float
    """dots in no order (ink jet), or paper's texture: standard deviation at full size"""
    bend: float
    """greatest curvature, 1 / metres"""
    emits: bool = False
    pentile: float = 0.0
    """share of displays whose red and blue subpixels stand at every second pixel"""
    border: tuple[float, float] = (0.0, 0.0)
    """bezel or white margin, millimetres"""
    beats: bool = False
    """held where its grid beats with the camera's: the moire that everybody knows"""
    whole: bool = False
    """held so far away that its border is in view on all sides"""
    lamp: bool = False
    """held so that a lamp or a window shines in its glass near the face"""


SPECIES: Final = MappingProxyType(
    {
        "print-laser": Medium(
            (90, 170), (85, 150), (0.75, 0.9), (0.03, 0.1), (0.6, 0.9), (0, 0.02), 0.03, 4.0, border=(0, 15)
        ),
        "print-inkjet": Medium(
            (90, 170), (0, 0), (0.75, 0.9), (0.04, 0.12), (0.5, 0.85), (0, 0.01), 0.1, 4.0, border=(0, 15)
        ),
        "print-photo": Medium(
            (70, 150), (0, 0), (0.8, 0.95), (0.006, 0.03), (0.8, 1.0), (0.02, 0.06), 0.01, 3.0, border=(0, 5)
        ),
        "print-bent": Medium(
            (120, 170), (0, 150), (0.75, 0.9), (0.03, 0.1), (0.6, 0.9), (0, 0.03), 0.06, 9.0, border=(0, 5)
        ),
        "screen-phone": Medium(
            (40, 60), (300, 460), (0.6, 3), (0.0005, 0.01), (0.9, 1.1), (0.02, 0.06), 0, 0, True, 0.5, (3, 8)
        ),
        "screen-tablet": Medium(
            (80, 150), (130, 264), (0.6, 2.5), (0.001, 0.01), (0.9, 1.05), (0.02, 0.06), 0, 0, True, 0.1, (8, 22)
        ),
        "screen-monitor": Medium(
            (110, 200), (82, 140), (0.6, 2), (0.001, 0.01), (0.85, 1.05), (0.002, 0.03), 0, 1.0, True, 0, (8, 30)
        ),
        "screen-moire": Medium(
            (0, 0), (82, 264), (0.6, 2), (0.001, 0.01), (0.85, 1.05), (0.002, 0.06), 0, 0, True, 0.1, (8, 30), True
        ),
        "screen-bezel": Medium(
            (60, 150),
            (110, 400),
            (0.6, 2),
            (0.001, 0.01),
            (0.85, 1.1),
            (0.01, 0.06),
            0,
            0,
            True,
            0.3,
            (4, 25),
            whole=True,
        ),
        "screen-glare": Medium(
            (60, 150),
            (110, 400),
            (0.6, 2),
            (0.001, 0.01),
            (0.85, 1.1),
            (0.03, 0.06),
            0,
            0,
            True,
            0.3,
            (4, 25),
            lamp=True,
        ),
    }
)
"""Four kinds of print, one of them bent round the holder's own head; three kinds of screen anywhere, and any screen at
the distance where it beats most, with its whole bezel in view, and with a lamp in its glass."""


@dataclass(frozen=True, slots=True)
class Harmonic:
    """One wave of a periodic structure: cycles a millimetre, contrast for blue green red, phase in radians."""

    across: float
    down: float
    contrast: tuple[float, float, float]
    phase: tuple[float, float, float]


def size_of(medium: Medium, pitch: float, native: float, generator: np.random.Generator) -> float:
    """Width of the face shown, millimetres, for `pitch` in pixels a millimetre and `native` photosites in its picture.

    A grid beats where about two photosites, of one colour or of all, meet one of its pixels.
    """
    if not medium.beats:
        return float(generator.uniform(*medium.face))
    return float(native * generator.normal(0.5, 0.03) / pitch)


def structure(medium: Medium, pitch: float, generator: np.random.Generator) -> tuple[Harmonic, ...]:
    """The dot screen or the subpixels of one instrument, `pitch` lines or pixels a millimetre."""
    if pitch < 30 / INCH:
        return ()
    if medium.emits:
        return _subpixels(pitch, bool(generator.random() < medium.pentile), generator)
    return _dots(pitch, generator)


def _subpixels(pitch: float, pentile: bool, generator: np.random.Generator) -> tuple[Harmonic, ...]:
    """Stripes of a third of a pixel; the dark rows between pixels; or red and blue at every second pixel."""
    turns = tuple(float(2 * np.pi * third) for third in (2 / 3, 1 / 3, 0.0))
    rows = Harmonic(0.0, pitch, (0.3,) * 3, (0.0,) * 3)
    if not pentile:
        first, second = generator.uniform(1.2, 1.6), generator.uniform(0.3, 0.8)
        doubled = tuple(2 * turn for turn in turns)
        return (
            Harmonic(pitch, 0.0, (first,) * 3, turns),  # type: ignore[arg-type]
            Harmonic(2 * pitch, 0.0, (second,) * 3, doubled),  # type: ignore[arg-type]
            rows,
        )
    half = pitch / 2
    return (
        Harmonic(half, half, (0.9, 0.0, 0.9), (np.pi, 0.0, 0.0)),
        Harmonic(half, -half, (0.9, 0.0, 0.9), (np.pi, 0.0, 0.0)),
        Harmonic(pitch, 0.0, (0.5, 1.2, 0.5), (0.0,) * 3),
        rows,
    )


def _dots(lines: float, generator: np.random.Generator) -> tuple[Harmonic, ...]:
    """Yellow at 0, magenta at 75, cyan at 15 degrees, each taking its own colour away; black at 45 takes all."""
    found = []
    for degrees, colour in ((0, (0.5, 0.05, 0)), (75, (0.1, 0.5, 0.1)), (15, (0.1, 0.1, 0.5)), (45, (0.5, 0.5, 0.5))):
        for turn in (0, 90):
            angle = np.radians(degrees + turn + generator.normal(0, 1))
            phase = float(generator.uniform(0, 2 * np.pi))
            wave = (float(lines * np.cos(angle)), float(lines * np.sin(angle)))
            found.append(Harmonic(*wave, tuple(float(each) for each in colour), (phase,) * 3))  # type: ignore[arg-type]
    return tuple(found)


def patterned(
    light: Light, waves: tuple[Harmonic, ...], x: Map, y: Map, sites: float, camera: Camera, dots: bool
) -> Light:
    """The light with its structure as the camera's lens and photosites pass it.

    `x`, `y`: millimetres on the medium at each simulated photosite; `sites`: simulated photosites a millimetre. Dots
    are strongest in middle tones; subpixels in every tone.
    """
    finer = camera.oversampling / rendered(camera)
    factor = np.ones_like(light)
    for wave in waves:
        kept = transfer(float(np.hypot(wave.across, wave.down)) / (sites * finer), camera)
        if kept < 2e-3:
            continue
        turns = np.asarray(wave.across * x + wave.down * y, np.float32)
        for channel, (contrast, phase) in enumerate(zip(wave.contrast, wave.phase, strict=True)):
            if contrast:
                slow, left = (turns, 1.0) if finer < 1.05 else beat(turns, finer, channel)
                factor[..., channel] += np.float32(kept * left * contrast) * np.cos(2 * np.pi * slow + phase)
    if dots:
        middle = np.sqrt(np.clip(light * (1 - light), 0, 0.25)) * 2
        factor = 1 + (factor - 1) * middle
    return np.asarray(light * np.maximum(factor, 0), np.float32)


def beat(turns: Map, finer: float, channel: int) -> tuple[Map, float]:
    """A wave as a mosaic sees it that is `finer` than the simulated one, and what adding its photosites leaves of it.

    One colour stands at every second photosite (green at every second of a chessboard), so a wave looks like the one
    that differs from it by the nearest point of that lattice's own lattice of frequencies: the moire.
    """
    height, width = turns.shape
    row, column = height // 2, width // 2
    across = float(turns[row, column + 1] - turns[row, column]) / finer
    down = float(turns[row + 1, column] - turns[row, column]) / finer
    n, m = round(2 * across), round(2 * down)
    if channel == 1 and (n + m) % 2:
        n += 1 if 2 * across > n else -1
    site_x, site_y = MOSAIC[channel]
    u = np.arange(width, dtype=np.float32)[None] * np.float32(finer) - site_x
    v = np.arange(height, dtype=np.float32)[:, None] * np.float32(finer) - site_y
    slow_across, slow_down = (across - n / 2) * finer, (down - m / 2) * finer
    if max(abs(slow_across), abs(slow_down)) > 0.5:
        return turns, 0.0
    slow = np.asarray(turns - 0.5 * (n * u + m * v), np.float32)
    return slow, float(abs(np.sinc(slow_across) * np.sinc(slow_down)))


def printed(light: Light, medium: Medium, generator: np.random.Generator) -> Light:
    """Reflectance of the print: ink and paper narrow the range of tones and colours; a cast stays."""
    grey = light.mean(axis=2, keepdims=True)
    narrowed = np.clip(grey + (light - grey) * generator.uniform(*medium.gamut), 0, 1)
    black, white = generator.uniform(*medium.black), generator.uniform(*medium.white)
    toned = np.power(narrowed, generator.uniform(0.85, 1.15))
    cast = generator.normal(1.0, (0.05, 0.02, 0.04)).astype(np.float32)
    return np.asarray(white * (black + (1 - black) * toned) * cast, np.float32)


def shown(light: Light, medium: Medium, generator: np.random.Generator) -> Light:
    """Light of the display: its own gamma, black level, white point and an uneven backlight."""
    grey = light.mean(axis=2, keepdims=True)
    vivid = np.clip(grey + (light - grey) * generator.uniform(*medium.gamut), 0, 1)
    toned = np.power(vivid, generator.uniform(0.9, 1.15))
    leak = generator.uniform(*medium.black)
    point = generator.normal(1.0, (0.08, 0.02, 0.06)).astype(np.float32)
    height, width = light.shape[:2]
    slope = generator.normal(0, 0.06, 2)
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    even = (1 + slope[0] * across + slope[1] * down)[..., None]
    return np.asarray((leak + (1 - leak) * toned) * point * even, np.float32)


def grained(light: Light, medium: Medium, sites: float, generator: np.random.Generator) -> Light:
    """Ink dots in no order and fibres: a grain of 0.1 mm, fainter the more of it one photosite sees."""
    if not medium.grain:
        return light
    size = max(0.3, 0.08 * sites)
    noise = generator.standard_normal(light.shape, dtype=np.float32)
    for channel in range(3):
        noise[..., channel] = 0.5 * noise[..., channel] + 0.5 * noise[..., 0]
    amount = medium.grain * generator.uniform(0.5, 1.5) * min(1.0, size)
    middle = np.sqrt(np.clip(light * (1 - light), 0.01, 0.25)) * 2
    return np.asarray(light * (1 + amount * middle * noise), np.float32)

"""Does the face return the light that our screen sends? Supporting evidence for liveness, where the screen is ours.

The screen shows colours drawn from the session's seed. Skin near it takes on each colour a moment later; a recording
of an earlier session returns other colours, and a glowing screen held to the camera returns hardly any.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

LATENCY_MS = (40.0, 400.0)
"""From the change of the screen to the frame that shows it: display and camera together."""
LEAST_RETURN = 1.0
"""Change of the face's colour, in grey levels, below which nothing can be said (bright room, far face)."""
FEWEST_FRAMES = 6


class Light(StrEnum):
    """What the screen shows."""

    RED = "RED"
    GREEN = "GREEN"
    BLUE = "BLUE"


AXES = {Light.BLUE: 0, Light.GREEN: 1, Light.RED: 2}
"""Index of the colour in a blue, green, red triple."""


@dataclass(frozen=True, slots=True)
class Flash:
    """The screen showed `light` from this time on, in milliseconds of the frames' clock."""

    light: Light
    from_ms: float


@dataclass(frozen=True, slots=True)
class FlashResponse:
    """`agreement` -1 to 1: of the face's colour with the screen's; `strength` in grey levels; `usable`: enough seen."""

    agreement: float
    strength: float
    usable: bool


def lights(seed: bytes, count: int) -> tuple[Light, ...]:
    """Colours drawn from the session's seed, none twice in a row: each change is seen."""
    drawn: list[Light] = []
    for index in range(count):
        digest = hmac.new(seed, b"sallyport face flash v1" + index.to_bytes(2), hashlib.sha256).digest()
        choices = [light for light in Light if not drawn or light is not drawn[-1]]
        drawn.append(choices[int.from_bytes(digest) % len(choices)])
    return tuple(drawn)


def response(flashes: Sequence[Flash], seen: Sequence[tuple[float, tuple[float, float, float]]]) -> FlashResponse:
    """How the face's mean colour (time in milliseconds, blue green red 0 to 255) follows the screen's.

    Each colour is taken relative to the picture's brightness, so that a moving head or the camera's exposure count
    little. Frames within LATENCY of a change are left out.
    """
    expected, returned = [], []
    for at_ms, colour in seen:
        light = shown(flashes, at_ms)
        if light is not None:
            expected.append([1.0 if axis == AXES[light] else 0.0 for axis in range(3)])
            returned.append(colour)
    if len(expected) < FEWEST_FRAMES or len({tuple(row) for row in expected}) < 2:
        return FlashResponse(0.0, 0.0, False)
    wanted = _centred(np.array(expected))
    found = _centred(_chroma(np.array(returned, dtype=np.float64)))
    strength = float(np.sqrt((found**2).mean()))
    scale = float(np.linalg.norm(wanted) * np.linalg.norm(found))
    agreement = float((wanted * found).sum() / scale) if scale > 1e-9 else 0.0
    return FlashResponse(agreement, strength, strength >= LEAST_RETURN)


def shown(flashes: Sequence[Flash], at_ms: float) -> Light | None:
    """The colour that a frame of this time must show; None before the first, and while a change is under way."""
    current: Light | None = None
    for flash in flashes:
        if flash.from_ms + LATENCY_MS[1] <= at_ms:
            current = flash.light
        elif flash.from_ms + LATENCY_MS[0] <= at_ms:
            return None
    return current


def _chroma(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    brightness = colours.mean(axis=1, keepdims=True)
    return np.asarray(colours / np.maximum(brightness, 1.0) * float(brightness.mean()), dtype=np.float64)


def _centred(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    across = values - values.mean(axis=1, keepdims=True)
    return np.asarray(across - across.mean(axis=0), dtype=np.float64)

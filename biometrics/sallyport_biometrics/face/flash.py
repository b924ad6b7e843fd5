"""Does the face return the light that our screen sends? Supporting evidence for liveness, where the screen is ours.

The screen shows colours drawn from the session's seed. Skin near it takes on each colour a moment later; a recording
of an earlier session returns other colours, and a glowing screen held to the camera returns hardly any or mirrors ours.

The colours change at most twice a second: WCAG 2.3.1 allows three flashes, of two changes each, in any one second.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

SHORTEST_MS = 500.0
"""Least time of one colour: two changes a second."""
LATENCY_MS = (-50.0, 250.0)
"""Around the screen's word that it shows a colour: frames of this time may show either (display and camera)."""
LEAST_RETURN = 1.0
"""Change of the face's colour, in grey levels, below which nothing can be said (bright room, far face)."""
CLEAR_RETURN = 3.0
"""Grey levels from which colours that are not ours were sent by somebody: a camera's white balance wanders by less."""
RETURNED, FOREIGN = 0.7, 0.3
"""Agreement from which the colours are ours, and below which they are not. Synthetic skin: 95 % of live faces that
return 4 levels lie above 0.9, of recordings of other sessions 84 % below 0.3 and 1 % above 0.77."""
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


class Verdict(StrEnum):
    """What a response says of the face. UNCLEAR is no evidence either way."""

    RETURNED = "RETURNED"
    FOREIGN = "FOREIGN"
    DISPLAY = "DISPLAY"
    """Light came back, but not as a head or paper gives it back (`face/relief.py`)."""
    UNCLEAR = "UNCLEAR"


SUSPECTED = frozenset({Verdict.FOREIGN, Verdict.DISPLAY})


@dataclass(frozen=True, slots=True)
class FlashResponse:
    """`agreement` -1 to 1: of the face's colour with the screen's; `strength` in grey levels; `usable`: enough seen."""

    agreement: float
    strength: float
    usable: bool

    @property
    def verdict(self) -> Verdict:
        """Ours, clearly somebody else's, or nothing that can be said."""
        if self.usable and self.agreement >= RETURNED:
            return Verdict.RETURNED
        if self.usable and self.agreement < FOREIGN and self.strength >= CLEAR_RETURN:
            return Verdict.FOREIGN
        return Verdict.UNCLEAR


def lights(seed: bytes, count: int, attempt: int = 0) -> tuple[Light, ...]:
    """Colours drawn from the session's seed, none twice in a row: each change is seen."""
    drawn: list[Light] = []
    for index in range(count):
        label = b"sallyport face flash v1" + attempt.to_bytes(2) + index.to_bytes(2)
        digest = hmac.new(seed, label, hashlib.sha256).digest()
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

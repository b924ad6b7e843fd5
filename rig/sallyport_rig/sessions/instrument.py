"""A print or a display held before the kiosk's camera: the light that leaves it, frame by frame."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Image
from sallyport_rig.moving_face import HEIGHT, WIDTH
from sallyport_rig.recapture.camera import Light, linear
from sallyport_rig.recapture.media import INCH, Map, Medium, grained, patterned, printed, shown, size_of, structure
from sallyport_rig.sessions.lens import KIOSK, PER_PIXEL, SITES
from sallyport_rig.sessions.room import BELOW, FOCUS, SCREEN, Room, Triple, slanting

FACE: Final = 165.0
"""Pixels: width of the face in a rendered person's frame, cheek to cheek."""
SCATTER: Final = 0.012
"""Share of the light on a display that it scatters: data sheets of panels say 0.5 to 2 %."""
_GREY: Final = 0.35


@dataclass(frozen=True, slots=True)
class Held:
    """How it is held: degrees about the upright and the level axis, and in the plane; pixels; bend in 1 / metres."""

    turn: float = 0.0
    lean: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    bend: float = 0.0


class Instrument:
    """One medium with the picture of a face on it, as large in the frame as a person's."""

    def __init__(self, medium: Medium, room: Room, behind: Image, generator: np.random.Generator) -> None:
        self._medium, self._room = medium, room
        self._seed = int(generator.integers(2**32))
        pitch = float(generator.uniform(*medium.pitch)) / INCH
        face = size_of(medium, pitch, FACE * KIOSK.oversampling, generator)
        self._waves = structure(medium, pitch, generator)
        self._millimetre = face / FACE
        """on the medium, for a pixel of the frame"""
        self._distance = FOCUS * self._millimetre
        reach = 0.62 * WIDTH if not medium.whole else FACE * float(generator.uniform(0.75, 0.95))
        shape = np.array([-reach, -min(reach, HEIGHT / 2), reach, min(reach, HEIGHT / 2)])
        self._extent = shape * self._millimetre
        self._border = generator.uniform(*medium.border, 4)
        dark = float(generator.uniform(0.01, 0.06)) if generator.random() < 0.8 else float(generator.uniform(0.4, 0.9))
        self._rim = dark if medium.emits else float(generator.uniform(*medium.white))
        self._gloss = float(generator.uniform(*medium.gloss))
        self._blur = 3.0 if self._gloss > 0.02 else float(generator.uniform(15, 60))
        self._white = float(generator.uniform(*medium.white)) if medium.emits else 1.0
        self._banding = _banding(generator) if medium.emits else np.ones((1, 1, 1), np.float32)
        self._lamp = _lamp(generator) * self._gloss * float(generator.uniform(5, 25)) if medium.lamp else None
        self._grain = self._grained(generator)
        blurred = cv2.GaussianBlur(cv2.resize(behind, SITES[::-1]), (0, 0), float(generator.uniform(2, 18)))
        self._behind = linear(np.asarray(blurred, np.uint8)) * np.float32(generator.uniform(0.3, 1.1))
        self._shading = slanting(room.slope, SITES)

    def light(self, content: Image, held: Held, colour: Triple) -> Light:
        """At the photosites, for what the medium shows now, under the kiosk's screen of this colour."""
        x, y, shade = self._places(held)
        surface = self._surface(content, x, y, shade, colour * self._facing(held))
        return self._framed(surface, x, y)

    def _facing(self, held: Held) -> float:
        """Light of the white kiosk screen on it."""
        slant = math.cos(math.radians(held.turn)) * math.cos(math.radians(held.lean))
        return self._room.screen_at(self._distance) * slant

    def _surface(self, content: Image, x: Map, y: Map, shade: Map | None, lit: Triple) -> Light:
        again = np.random.default_rng(self._seed)  # the same ink and the same panel in every frame
        picture = linear(content)
        sheet = shown(picture, self._medium, again) if self._medium.emits else printed(picture, self._medium, again)
        seen = self._at_sites(sheet, x, y)
        seen = patterned(seen, self._waves, x, y, PER_PIXEL / self._millimetre, KIOSK, dots=not self._medium.emits)
        mirrored = self._mirrored(x, y, lit)
        if self._medium.emits:
            scattered = SCATTER * (self._shading + lit.astype(np.float32))
            light = seen * self._white * self._banding + scattered + mirrored
        else:
            light = seen * self._grain * (self._shading + lit.astype(np.float32)) + mirrored
        if shade is not None:
            light = light * shade[..., None]
        return np.asarray(light if self._lamp is None else light + self._lamp, np.float32)

    def _at_sites(self, sheet: Light, x: Map, y: Map) -> Light:
        at_x = x / np.float32(self._millimetre) + np.float32(WIDTH / 2)
        at_y = y / np.float32(self._millimetre) + np.float32(HEIGHT / 2)
        return np.asarray(cv2.remap(sheet, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)

    def _mirrored(self, x: Map, y: Map, lit: Triple) -> Light:
        """The kiosk's screen in the glass or the gloss: half as large as it is, where it faces the camera."""
        if self._gloss < (0.004 if self._medium.emits else 0.02):
            return np.zeros((1, 1, 3), np.float32)
        wide, high = SCREEN[0] / 2, SCREEN[1] / 2
        inside = np.minimum(np.minimum(x + wide / 2, wide / 2 - x), np.minimum(y - BELOW / 2, BELOW / 2 + high - y))
        mask = np.clip(inside / np.float32(self._blur) + 0.5, 0, 1)[..., None]
        share = self._gloss * min(1.0, 20.0 / self._blur)
        full = lit / max(1e-6, self._room.screen_at(self._distance)) * self._room.glow
        return np.asarray(share * mask * full.astype(np.float32), np.float32)

    def _framed(self, surface: Light, x: Map, y: Map) -> Light:
        """Margin or bezel about it, and the room behind."""
        left, top, right, bottom = (float(value) for value in self._extent)
        one, two, three, four = (float(value) for value in self._border)
        inside = self._within(x, y, left, top, right, bottom)
        outside = self._within(x, y, left - one, top - two, right + three, bottom + four)
        rim = np.float32(self._rim)
        return np.asarray(inside * surface + (outside - inside) * rim + (1 - outside) * self._behind, np.float32)

    def _within(self, x: Map, y: Map, left: float, top: float, right: float, bottom: float) -> Light:
        depth = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
        return np.asarray(np.clip(depth * (PER_PIXEL / self._millimetre) + 0.5, 0, 1)[..., None], np.float32)

    def _places(self, held: Held) -> tuple[Map, Map, Map | None]:
        """For every photosite its place on the medium, millimetres from the face's middle; light that a bend gets."""
        turn, lean, roll = (math.radians(angle) for angle in (held.turn, held.lean, held.roll))
        spin = cv2.Rodrigues(np.array([lean, 0, 0]))[0] @ cv2.Rodrigues(np.array([0, turn, 0]))[0]
        spin = spin @ cv2.Rodrigues(np.array([0, 0, roll]))[0]
        focus, middle = FOCUS * PER_PIXEL, np.array(SITES[::-1]) / 2 + np.array(held.shift) * PER_PIXEL
        camera = np.array([[focus, 0, middle[0]], [0, focus, middle[1]], [0, 0, 1]])
        back = np.linalg.inv(camera @ np.column_stack([spin[:, 0], spin[:, 1], [0, 0, self._distance]]))
        down, across = np.mgrid[0 : SITES[0], 0 : SITES[1]].astype(np.float32)
        rows = [(row[0] * across + row[1] * down + row[2]).astype(np.float32) for row in back]
        x, y = rows[0] / rows[2], rows[1] / rows[2]
        if held.bend < 0.1:
            return x, y, None
        curve = held.bend / 1000
        sine = np.clip(x * np.float32(curve), -0.95, 0.95)
        shade = np.sqrt(1 - sine**2)
        return np.asarray(np.arcsin(sine) / curve, np.float32), y, np.asarray(0.4 + 0.6 * shade, np.float32)

    def _grained(self, generator: np.random.Generator) -> Light:
        """Ink dots in no order and fibres, for a middle tone."""
        if not self._medium.grain:
            return np.ones((1, 1, 1), np.float32)
        grey = np.full((*SITES, 3), _GREY, np.float32)
        return grained(grey, self._medium, PER_PIXEL / self._millimetre * KIOSK.lens, generator) / np.float32(_GREY)


def _banding(generator: np.random.Generator) -> Light:
    """Rows are read one after another while the backlight is dimmed by pulses."""
    if generator.random() > 0.35:
        return np.ones((1, 1, 1), np.float32)
    period, depth = generator.uniform(0.05, 0.6) * SITES[0], generator.uniform(0.01, 0.1)
    wave = 1 + depth * np.sin(2 * np.pi * np.arange(SITES[0]) / period + generator.uniform(0, 6.3))
    return np.asarray(wave[:, None, None], np.float32)


def _lamp(generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """[H, W, 1]: a lamp mirrored over the face or just beside it."""
    face = FACE * PER_PIXEL
    spot = np.zeros(SITES, np.float32)
    middle = tuple(int(size / 2 + face * generator.uniform(-0.6, 0.6)) for size in SITES[::-1])
    axes = tuple(int(face * generator.uniform(0.07, 0.33)) + 1 for _ in range(2))
    cv2.ellipse(spot, (middle[0], middle[1]), (axes[0], axes[1]), float(generator.uniform(0, 180)), 0, 360, 1.0, -1)
    return np.asarray(cv2.GaussianBlur(spot, (0, 0), 0.5 + face * generator.uniform(0.01, 0.1))[..., None], np.float32)

"""What may be before the kiosk's camera: somebody who answers, something that is held up, or a stream in its place."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import cv2
import numpy as np

from sallyport_biometrics.face.words import Image
from sallyport_protocol.actions import Action
from sallyport_rig.moving_face import HEIGHT, WIDTH, Bearing, MovingFace
from sallyport_rig.recapture.camera import Light, linear
from sallyport_rig.sessions.instrument import Held, Instrument
from sallyport_rig.sessions.lens import SITES, Lens
from sallyport_rig.sessions.room import Room, Triple, slanting
from sallyport_rig.sitter import REST, Sitter

FARTHEST: Final = 62.0
"""Degrees: tilted further, no face is found in a picture."""
EVERY_MS: Final = 2_400.0
"""Of one action in a video of all actions."""


class Scene(Protocol):
    """Before the camera, or in its place."""

    def picture(self, asked: str, now_ms: float, colour: Triple) -> Image:
        """The next frame, when the screen shows the instruction `asked` in `colour` (linear)."""


class Content(Protocol):
    """What a medium shows."""

    def shown(self, asked: str, now_ms: float) -> Image:
        """[480, 640, 3] now."""


class Hand(Protocol):
    """Who holds it."""

    def held(self, asked: str, now_ms: float) -> Held:
        """How it is held now."""


@dataclass
class Person:
    """Somebody alive: the screen's light on a head, and hardly on what is behind it."""

    sitter: Sitter
    room: Room
    lens: Lens

    def picture(self, asked: str, now_ms: float, colour: Triple) -> Image:
        """See `Scene`."""
        bearing = self.sitter.bearing(asked, now_ms)
        light = linear(self.sitter.face.frame(bearing))
        relief = self.sitter.face.relief(bearing, self.room.ambient)[..., None]
        screen = relief * (self.room.share * colour).astype(np.float32)
        lit = light * (slanting(self.room.slope, (HEIGHT, WIDTH)) + screen)
        return self.lens.picture(np.asarray(cv2.resize(lit, SITES[::-1], interpolation=cv2.INTER_LINEAR), np.float32))


@dataclass
class Presented:
    """A print or a display before the camera."""

    instrument: Instrument
    content: Content
    hand: Hand
    lens: Lens

    def picture(self, asked: str, now_ms: float, colour: Triple) -> Image:
        """See `Scene`."""
        held = self.hand.held(asked, now_ms)
        light: Light = self.instrument.light(self.content.shown(asked, now_ms), held, colour)
        return self.lens.picture(light)


@dataclass
class Injected:
    """Pictures in the camera's place: no light, no lens."""

    content: Content
    finish: Callable[[Image], Image] = lambda frame: frame

    def picture(self, asked: str, now_ms: float, colour: Triple) -> Image:
        """See `Scene`."""
        return self.finish(self.content.shown(asked, now_ms))


# What is shown


@dataclass(frozen=True)
class Still:
    """One picture."""

    frame: Image

    def shown(self, asked: str, now_ms: float) -> Image:
        """See `Content`."""
        return self.frame


@dataclass
class Video:
    """Recorded pictures, from the first again at their end."""

    frames: Sequence[Image]
    _at: int = 0

    def shown(self, asked: str, now_ms: float) -> Image:
        """See `Content`."""
        self._at += 1
        return self.frames[(self._at - 1) % len(self.frames)]


@dataclass
class Puppet:
    """A face that is drawn live and does what the screen asks for: what a deepfake would do at best."""

    sitter: Sitter

    def shown(self, asked: str, now_ms: float) -> Image:
        """See `Content`."""
        return self.sitter.face.frame(self.sitter.bearing(asked, now_ms))


@dataclass
class AllActions:
    """A video of the same person who does every action, in an order and at moments of its own."""

    sitter: Sitter
    order: Sequence[Action]
    _began: float | None = None

    def shown(self, asked: str, now_ms: float) -> Image:
        """See `Content`."""
        self._began = now_ms if self._began is None else self._began
        step, into = divmod(now_ms - self._began, EVERY_MS)
        action = self.order[int(step) % len(self.order)]
        doing = str(action) if into > 600 else f"rest {step}"
        return self.sitter.face.frame(self.sitter.bearing(doing, now_ms))


@dataclass
class Lids:
    """A print with holes for the eyes: living lids, and nothing else moves."""

    sitter: Sitter

    def shown(self, asked: str, now_ms: float) -> Image:
        """See `Content`."""
        return self.sitter.face.frame(replace(REST, shut=self.sitter.bearing(asked, now_ms).shut))


# Who holds it


@dataclass
class Steady:
    """A hand or a stand: some tilt, and a little unrest."""

    rest: Held
    unrest: float
    """Pixels and, a third of it, degrees."""

    def held(self, asked: str, now_ms: float) -> Held:
        """See `Hand`."""
        first, second = math.sin(now_ms / 900), math.sin(now_ms / 1_370 + 1)
        rest, size = self.rest, self.unrest
        shift = (rest.shift[0] + size * first, rest.shift[1] + size * second)
        return replace(rest, turn=rest.turn + size * second / 3, lean=rest.lean + size * first / 3, shift=shift)


@dataclass
class Following:
    """A hand that tilts at every cue as the head should turn, and bends the sheet for what cannot be tilted."""

    sitter: Sitter
    steady: Steady
    tilting: float
    """How much further than a head."""
    bending: float = 7.0
    """1 / metres, when asked to smile."""

    def held(self, asked: str, now_ms: float) -> Held:
        """See `Hand`."""
        bearing = self.sitter.bearing(asked, now_ms)
        base = self.steady.held(asked, now_ms)
        turn, lean = (
            float(np.clip(self.tilting * each, -FARTHEST, FARTHEST)) for each in (bearing.yaw, -bearing.pitch)
        )
        return replace(
            base, turn=base.turn + turn, lean=base.lean + lean, bend=base.bend + self.bending * bearing.smile
        )


def _tilted(angle: float) -> float:
    return float(np.clip(angle, -FARTHEST, FARTHEST))


def at_rest(face: MovingFace) -> Still:
    """The person looking into the camera."""
    return Still(face.frame(Bearing(shut=REST.shut)))

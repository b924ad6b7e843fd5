"""What a rendered person does before the kiosk's camera: follows the screen, or is somebody who does not."""

import math
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.words import Image
from sallyport_protocol.actions import Action
from sallyport_rig.moving_face import HEIGHT, WIDTH, Bearing, MovingFace

REST: Final = Bearing(shut=-0.3)
DOING: Final = {
    Action.TURN_LEFT: Bearing(yaw=26.0, shut=-0.3),
    Action.TURN_RIGHT: Bearing(yaw=-28.0, shut=-0.3),
    Action.LOOK_UP: Bearing(pitch=20.0, shut=-0.3),
    Action.CLOSE_EYES: Bearing(shut=1.0),
    Action.SMILE: Bearing(shut=-0.3, smile=1.0),
}
RISE_MS: Final = 250.0
"""From rest to the whole movement."""
HOLD_MS: Final = (900.0, 1_200.0)
LID_MS: Final = 150.0
SHUT_MS: Final = (950.0, 1_400.0)
"""The same of lids: they are quicker, and stay shut for about the second that the screen asks for."""
REACTION_MS: Final = (380.0, 750.0)
"""From the cue to the movement's begin: people's choice reaction, reading included."""
NOISE: Final = 1.8
"""Standard deviation of each of two layers of the sensor's noise, grey levels."""
_SPARE: Final = 128


@dataclass
class Sitter:
    """Answers what the screen asks for after a person's time, and meanwhile sways and blinks a little."""

    face: MovingFace
    seed: int = 1
    reaction_ms: tuple[float, float] = REACTION_MS
    _random: np.random.Generator = field(init=False)
    _asked: str = field(default="", init=False)
    _action: Action | None = field(default=None, init=False)
    _from: float = field(default=-math.inf, init=False)
    _until: float = field(default=-math.inf, init=False)
    _rise: float = field(default=RISE_MS, init=False)
    _blinks: float = field(default=3_000.0, init=False)
    _began: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def bearing(self, asked: str, now_ms: float) -> Bearing:
        """How the head is held at this time, when the screen shows the instruction `asked`."""
        now = now_ms - (self._began if self._began is not None else now_ms)
        self._began = now_ms if self._began is None else self._began
        if asked != self._asked:
            self._asked = asked
            if asked in Action.__members__:
                self._action = self.answer(Action(asked))
                lids = self._action is Action.CLOSE_EYES
                self._rise = LID_MS if lids else RISE_MS
                self._from = now + float(self._random.uniform(*self.reaction_ms))
                self._until = self._from + float(self._random.uniform(*(SHUT_MS if lids else HOLD_MS)))
        share = min(1.0, max(0.0, min(now - self._from, self._until - now) / self._rise))
        held = _between(REST, DOING[self._action], share) if self._action is not None else REST
        return self._swaying(held, now)

    def answer(self, asked: Action) -> Action:
        """What the person does when asked: this one, what is asked."""
        return asked

    def _swaying(self, held: Bearing, now: float) -> Bearing:
        shut = held.shut
        if now > self._blinks:
            shut = max(shut, 1.0)
            if now > self._blinks + 150.0:
                self._blinks = now + float(self._random.uniform(2_500, 6_000))
        sway = (1.5 * math.sin(now / 1_300 + self.seed), 1.2 * math.sin(now / 1_700))
        shift = (3.0 * math.sin(now / 900 + self.seed), 2.0 * math.sin(now / 1_100))
        return replace(held, yaw=held.yaw + sway[0], pitch=held.pitch + sway[1], shut=shut, shift=shift)


class Sensor:
    """The camera's own part in a frame: noise that is new in each, and a brightness that wavers."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        size = (HEIGHT + _SPARE, WIDTH + _SPARE, 3)
        self._layers = [np.rint(self._random.normal(0.0, NOISE, size)).astype(np.int16) for _ in range(2)]

    def seen(self, frame: Image) -> Image:
        """The frame as a sensor gives it."""
        bright = cv2.convertScaleAbs(frame, alpha=float(self._random.uniform(0.995, 1.005)))
        noisy = np.clip(bright.astype(np.int16) + self._noise(0) + self._noise(1), 0, 255)
        return np.asarray(noisy, dtype=np.uint8)

    def _noise(self, layer: int) -> npt.NDArray[np.int16]:
        top, left = (int(value) for value in self._random.integers(0, _SPARE, 2))
        return self._layers[layer][top : top + HEIGHT, left : left + WIDTH]


def _between(rest: Bearing, whole: Bearing, share: float) -> Bearing:
    def mixed(name: str) -> float:
        return float((1 - share) * getattr(rest, name) + share * getattr(whole, name))

    return Bearing(mixed("yaw"), mixed("pitch"), mixed("roll"), mixed("shut"), mixed("smile"))

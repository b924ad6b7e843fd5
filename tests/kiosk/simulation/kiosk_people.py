"""Synthetic people in front of a synthetic camera, for the challenge: what they do stands in the picture's pixels.

No network runs and no real face is shown: the picture is noise around a few pixels that say who is there and how she
moves, so the challenge, the track, the marks of frames and the session are the real ones.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kiosk_doors import ALICE, NOBODY, MemoryDisplay, TaggedPipeline

from sallyport_biometrics.face.challenge import Action
from sallyport_biometrics.face.movement import Movement
from sallyport_biometrics.face.words import Embedding, Face, FrameAnalysis, Mesh, Pose
from sallyport_kiosk.ports import Frame, Pixels
from sallyport_kiosk.stage import Step
from sallyport_protocol.actions import Part

SIDE = 128
FRAME_MS = 66
MESH = Mesh(np.zeros((478, 3), np.float32), 1.0)
Pixel = tuple[int, int, int]
NEUTRAL: tuple[float, float, float, float] = (0.0, 0.0, 0.05, 0.02)
"""Yaw and pitch in degrees, blink and smile."""
DONE = {
    Action.TURN_LEFT: (22.0, 0.0, 0.05, 0.02),
    Action.TURN_RIGHT: (-22.0, 0.0, 0.05, 0.02),
    Action.LOOK_UP: (0.0, 16.0, 0.05, 0.02),
    Action.CLOSE_EYES: (0.0, 0.0, 0.8, 0.02),
    Action.SMILE: (0.0, 0.0, 0.05, 0.7),
}
OPPOSITE = {
    Action.TURN_LEFT: Action.TURN_RIGHT,
    Action.TURN_RIGHT: Action.TURN_LEFT,
    Action.LOOK_UP: Action.SMILE,
    Action.SMILE: Action.LOOK_UP,
    Action.CLOSE_EYES: Action.SMILE,
}


class SteppedClock:
    """Time passes with the frames alone, so a challenge of a minute takes a moment."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def monotonic_ms(self) -> int:
        return self.now

    def wall_ms(self) -> int:
        return self.now


def picture(person: int, doing: Sequence[float], noise: np.random.Generator) -> Pixels:
    """[SIDE, SIDE, 3]: grey with the noise of a sensor; the first pixels say who is there and how she moves."""
    image = noise.normal(120.0, 4.0, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    yaw, pitch, blink, smile = doing
    image[0, 0] = person
    image[0, 1] = (round(yaw) + 100, round(pitch) + 100, 0)
    image[0, 2] = (round(100 * blink), round(100 * smile), 0)
    return image


class TaggedMovements:
    """Stands for the blendshape network: reads how she moves from the pixels."""

    def read(self, frame: Pixels, mesh: Mesh, pose: Pose) -> Movement:
        yaw, pitch = float(frame[0, 1, 0]) - 100, float(frame[0, 1, 1]) - 100
        return Movement(Pose(yaw, pitch, 0.0), frame[0, 2, 0] / 100, frame[0, 2, 1] / 100, (90.0, 100.0, 120.0))


class MovingPipeline(TaggedPipeline):
    """The tagged pipeline with a mesh, as the movement reader needs one."""

    def __init__(self) -> None:
        self.embedded = 0

    def analyse(self, frame: Pixels, covered: Set[Part] = frozenset()) -> FrameAnalysis:
        found = super().analyse(frame, covered)
        if found.face is None:
            return found
        return FrameAnalysis(found.faces, found.face, found.quality, found.feedback, MESH)

    def embed(self, frame: Pixels, face: Face) -> Embedding:
        self.embedded += 1
        return super().embed(frame, face)


Look = Callable[[str, int], tuple[int, Sequence[float]]]
"""What is before the camera, given what the screen asks for and for how long it has, ms."""


def obedient(screen: str, since_ms: int) -> tuple[int, Sequence[float]]:
    """Alice does what is asked, 500 ms later."""
    if screen in Action.__members__ and since_ms >= 500:
        return ALICE, DONE[Action(screen)]
    return ALICE, NEUTRAL


def wrong(screen: str, since_ms: int) -> tuple[int, Sequence[float]]:
    """Alice does something else."""
    if screen in Action.__members__ and since_ms >= 500:
        return ALICE, DONE[OPPOSITE[Action(screen)]]
    return ALICE, NEUTRAL


def still(screen: str, since_ms: int) -> tuple[int, Sequence[float]]:
    """A photograph of Alice before the camera: new noise in every frame, and no answer."""
    return ALICE, NEUTRAL


def empty(screen: str, since_ms: int) -> tuple[int, Sequence[float]]:
    return NOBODY, NEUTRAL


@dataclass
class ActedCamera:
    """A camera whose people see the screen."""

    clock: SteppedClock
    display: MemoryDisplay
    look: Look
    device: str = "memory:camera"
    frame_ms: int = FRAME_MS
    named: str = ""
    """What frames say of their device; empty: the truth."""
    taken: list[Frame] = field(default_factory=list)
    sequence: int = 0
    _noise: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))
    _asked: tuple[tuple[Step, str] | None, int, int] = (None, 0, 0)

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def read(self) -> Frame:
        self.clock.now += self.frame_ms
        self.sequence += 1
        shown = len(self.display.shown)
        if shown != self._asked[1]:
            self._asked = (self.display.shown[-1], shown, self.clock.now)
        screen = self._asked[0][1] if self._asked[0] else ""
        person, doing = self.look(screen, self.clock.now - self._asked[2])
        frame = self._frame(picture(person, doing, self._noise))
        self.taken.append(frame)
        return frame

    def _frame(self, image: Pixels) -> Frame:
        return Frame(image, self.clock.now, self.sequence, self.named or self.device)


@dataclass
class Suspects:
    """Stands for the attack detector: gives these scores, one for each attempt, then the last again."""

    scores: list[float]
    digests: tuple[bytes, ...] = (bytes([9]) * 32,)
    frames: list[int] = field(default_factory=list)
    company: list[bool] = field(default_factory=list)

    def look(self, frame: Any, face: Any) -> dict[str, float]:
        return {"seen": 1.0}

    def score(self, frames: Sequence[dict[str, float]], company: bool = False) -> float:
        self.frames.append(len(frames))
        self.company.append(company)
        return self.scores[min(len(self.frames), len(self.scores)) - 1]


@dataclass
class PlayedCamera(ActedCamera):
    """Frames of earlier sessions, put into the kiosk instead of the camera's; from the first again at their end."""

    recording: Sequence[Any] = ()

    def read(self) -> Frame:
        self.clock.now += self.frame_ms
        self.sequence += 1
        return self._frame(self.recording[(self.sequence - 1) % len(self.recording)].image)

"""The devices of a kiosk in simulated time: its clock, its screen, and a camera that sees a scene."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from sallyport_biometrics.face.injection import FrameMark, mark
from sallyport_biometrics.face.words import Image
from sallyport_kiosk import parameters
from sallyport_kiosk.ports import Frame
from sallyport_kiosk.stage import Step
from sallyport_rig.sessions.room import COLOURS
from sallyport_rig.sessions.scenes import Scene
from sallyport_rig.sessions.species import CAMERA

FRAME_MS: Final = 160
"""Six frames a second, to spare time."""
LATENCY_FRAMES: Final = 1
"""Between the screen's change and the frame that shows it."""


@dataclass
class SimulatedClock:
    """Time passes with the frames and with what is waited for."""

    now: int = 1_000_000

    def monotonic_ms(self) -> int:
        """See `Clock`."""
        return self.now

    def wall_ms(self) -> int:
        """See `Clock`."""
        return self.now


class SimulatedStop(Event):
    """Waiting for the end of a session takes simulated time only."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        """At once."""
        self._clock.now += round(1_000 * (timeout or 0.0))
        return self.is_set()


@dataclass
class RigScreen:
    """The prisoner's screen: shows every colour at once and says so."""

    clock: SimulatedClock
    asked: str = ""
    colour: str = ""
    _number: int = 0
    _since: int = 0

    def show(self, step: Step, instruction: str, progress: float = 0.0, finger: int = 0) -> None:
        """See `Display`."""
        self.asked = instruction

    def picture(self, frame: Any) -> None:
        """Nobody looks."""

    def light(self, colour: str, number: int) -> None:
        """See `Display`."""
        self.colour, self._number, self._since = colour, number, self.clock.now

    def lit(self, number: int) -> int | None:
        """See `Display`."""
        return self._since if number == self._number else None


@dataclass
class RigCamera:
    """Sees the scene."""

    clock: SimulatedClock
    screen: RigScreen
    scene: Scene
    named: str = CAMERA
    """What its frames say."""
    device: str = CAMERA
    keep: bool = False
    taken: list[Image] = field(default_factory=list)
    marks: list[FrameMark] = field(default_factory=list)
    _colours: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Always open."""

    def close(self) -> None:
        """Nothing to close."""

    def read(self) -> Frame:
        """See `Camera`."""
        self.clock.now += FRAME_MS
        self._colours.append(self.screen.colour)
        colour = COLOURS[self._colours[max(0, len(self._colours) - 1 - LATENCY_FRAMES)]]
        image = self.scene.picture(self.screen.asked, float(self.clock.now), colour)
        self.marks = [*self.marks[1 - parameters.MARKS :], mark(image, self.clock.now, self.clock.now, self.named)]
        if self.keep:
            self.taken.append(image)
        return Frame(image, self.clock.now, len(self._colours), self.named)

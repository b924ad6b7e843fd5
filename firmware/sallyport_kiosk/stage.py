"""What a running session needs from its surroundings: a clock, a way out, and a screen for the next instruction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from typing import Final, Protocol

from sallyport_biometrics.fusion import OperatingPoint
from sallyport_kiosk.clock import Clock
from sallyport_kiosk.pace import Pace
from sallyport_kiosk.ports import Pixels
from sallyport_protocol.subject import Needs, Reference

NO_NEEDS: Final = Needs(unable=(), slow=False, no_light=False, covered=())


class Step(StrEnum):
    """Where the prisoner is on the way."""

    IDLE = "IDLE"
    FACE = "FACE"
    FINGER = "FINGER"
    WAIT = "WAIT"
    DONE = "DONE"


class Display(Protocol):
    """The prisoner's screen."""

    def show(self, step: Step, instruction: str, progress: float = 0.0, finger: int = 0) -> None:
        """One instruction at a time; `progress` of this step, 0 to 1; `finger` by ISO position, 0 for any."""

    def picture(self, frame: Pixels | None) -> None:
        """The live picture, from memory to the screen; None clears it."""

    def light(self, colour: str, number: int) -> None:
        """Fills the screen with a colour, by its name in `face.flash.Light`; "" ends that. `number` counts them."""

    def lit(self, number: int) -> int | None:
        """When the screen said that it showed light `number`, monotonic ms; None while it has not."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One session's surroundings."""

    clock: Clock
    display: Display
    stop: Event
    """Set when the session is ended from outside."""
    started: int
    """Monotonic ms when the offer was received."""
    deadline: int
    """Monotonic ms after which nothing more may be captured."""
    attempts: int
    point: OperatingPoint
    exceptions: dict[str, str] = field(default_factory=dict)
    """Modality to the reason that an officer recorded."""
    needs: Needs = NO_NEEDS
    """What the person cannot do before the camera, as an officer recorded."""
    pace: Pace = field(default_factory=Pace)
    """How the camera keeps up."""

    @property
    def over(self) -> bool:
        """Whether the session has ended or run out of time."""
        return self.stop.is_set() or self.clock.monotonic_ms() >= self.deadline

    def since_offer(self, monotonic_ms: int) -> int:
        """A monotonic time as milliseconds from the offer's receipt."""
        return max(0, monotonic_ms - self.started)


Age = Callable[[Reference], int | None]
"""A reference's age in days, as far as this machine's clock can tell."""

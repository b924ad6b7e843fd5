"""Whether a session's camera keeps up with a person."""

from dataclasses import dataclass

from sallyport_kiosk import parameters
from sallyport_protocol.errors import RoadError


@dataclass(slots=True)
class Pace:
    """Counts slow frames of one session."""

    slow: int = 0
    """Frames one after the other that took too long."""

    def took(self, waited_ms: int) -> None:
        """One frame came after this time. Raises RoadError for a camera that cannot follow a person."""
        self.slow = self.slow + 1 if waited_ms > parameters.SLOW_FRAME_MS else 0
        if self.slow >= parameters.SLOW_FRAMES or waited_ms > parameters.SLOWEST_CAMERA_MS:
            raise RoadError("the camera is too slow; check its cable and its load")

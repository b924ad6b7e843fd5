"""Whether a session's camera keeps up with a person."""

from dataclasses import dataclass

from sallyport_kiosk import parameters
from sallyport_protocol.errors import RoadError


@dataclass(slots=True)
class Pace:
    """Counts slow frames of one session: far from the one before, and waited for.

    A kiosk that computes for long between two frames is none of the camera's fault.
    """

    slow: int = 0
    """Slow frames one after the other."""
    last_ms: int | None = None
    """Sensor time of the frame before."""

    def took(self, waited_ms: int, captured_ms: int) -> None:
        """A frame of this sensor time came after this wait. Raises RoadError when the camera cannot follow a person."""
        gap = waited_ms if self.last_ms is None else captured_ms - self.last_ms
        late = gap > parameters.SLOW_FRAME_MS and waited_ms > parameters.SLOW_WAIT_MS
        self.slow, self.last_ms = self.slow + 1 if late else 0, captured_ms
        if self.slow >= parameters.SLOW_FRAMES or waited_ms > parameters.SLOWEST_CAMERA_MS:
            raise RoadError("the camera is too slow; check its cable and its load")

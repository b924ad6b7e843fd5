"""Whether a session's camera keeps up with a person."""

from dataclasses import dataclass

from sallyport_kiosk import parameters
from sallyport_protocol.errors import RoadError


@dataclass(slots=True)
class Pace:
    """Adds up what slow frames of one session lost, one after the other: far from the frame before, and waited for.

    A kiosk that computes for long between two frames is none of the camera's fault. One slow frame may be a busy
    moment, but not where no frame has come in time yet: a person who waits hears of it within two seconds.
    """

    slowest_ms: int = parameters.SLOW_FRAME_MS
    """Longest time between two frames that is not slow."""
    slow: int = 0
    """Slow frames one after the other."""
    lost_ms: int = 0
    """Their time."""
    kept_up: bool = False
    """Two frames came one after the other in time."""
    last_ms: int | None = None
    """Sensor time of the frame before."""

    def took(self, waited_ms: int, captured_ms: int) -> None:
        """A frame of this sensor time came after this wait. Raises RoadError when the camera cannot follow a person."""
        gap = waited_ms if self.last_ms is None else captured_ms - self.last_ms
        if gap > self.slowest_ms and waited_ms > min(parameters.SLOW_WAIT_MS, gap / 2):
            self.slow, self.lost_ms = self.slow + 1, self.lost_ms + gap
        elif gap <= self.slowest_ms:
            self.slow, self.lost_ms, self.kept_up = 0, 0, self.kept_up or self.last_ms is not None
        self.last_ms = captured_ms
        enough = self.slow >= parameters.SLOW_FRAMES or not self.kept_up
        if waited_ms > parameters.SLOWEST_CAMERA_MS or (enough and self.lost_ms >= parameters.SLOW_LOST_MS):
            raise RoadError("the camera is too slow; check its cable and its load")

"""The kiosk's doors to hardware, as the rest of the kiosk sees them. Drivers behind them live in `drivers/`.

Each driver raises RoadError when its device is missing, busy, unplugged or silent, and MalformedError when the device
answers with bytes that cannot be used. Nothing is returned in place of a failure: no frame is ever made up, no image is
ever served twice as new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One camera frame."""

    image: Pixels
    """H x W x 3, BGR, 0 to 255."""
    captured_ms: int
    """Monotonic milliseconds when the frame was taken, not when it was read."""
    sequence: int
    """Rises by at least one from frame to frame; a gap means frames that nobody read."""
    device: str
    """Which camera, by its URI and model."""


@dataclass(frozen=True, slots=True)
class FingerImage:
    """One fingerprint image, upright and with dark ridges after the sensor's calibration."""

    image: Pixels
    """H x W, gray, 0 to 255, ridges dark."""
    dpi: float
    captured_ms: int
    """Monotonic milliseconds when the sensor took the image, before its upload."""
    device: str
    """Which sensor, by model and serial number where it has one."""


class Light(StrEnum):
    """What the sensor's ring tells the prisoner."""

    OFF = "off"
    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    AGAIN = "again"
    FAULT = "fault"


class Camera(Protocol):
    """Takes frames. `open` before the first `read`; after a RoadError `open` again tries to reconnect."""

    @property
    def device(self) -> str:
        """Which camera, known before `open`."""

    def open(self) -> None:
        """Raises RoadError with what to do."""

    def read(self) -> Frame:
        """The newest frame, waiting for one that was not read before. Raises RoadError."""

    def close(self) -> None:
        """Idempotent."""


class FingerSensor(Protocol):
    """Takes fingerprint images. `open` before anything else; after a RoadError `open` again tries to reconnect."""

    @property
    def device(self) -> str:
        """Which sensor; more exact after `open`."""

    def open(self) -> None:
        """Raises RoadError with what to do."""

    def present(self) -> bool:
        """Whether a finger lies on the sensor now. Raises RoadError."""

    def capture(self) -> FingerImage | None:
        """Takes and uploads one image; None when no finger lay there. Raises RoadError or MalformedError."""

    def led(self, light: Light) -> None:
        """Shows `light`, where the sensor has one. Raises RoadError."""

    def close(self) -> None:
        """Idempotent."""


class SerialLine(Protocol):
    """The line to the interlock: whole frames both ways, opaque to the kiosk."""

    @property
    def connected(self) -> bool:
        """Whether the line is open now."""

    def start(self, on_frame: Callable[[bytes], None]) -> None:
        """Opens the line in the background; every whole frame read goes to `on_frame`, in order."""

    def send(self, frame: bytes) -> None:
        """Writes one whole frame. Raises RoadError while the line is down: frames are never queued."""

    def stop(self) -> None:
        """Idempotent."""

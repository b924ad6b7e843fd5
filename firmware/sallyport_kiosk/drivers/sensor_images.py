"""A fingerprint sensor made of an image folder: one image for each laying-down of the finger, in order, then again.

For evaluation, tests, and devices whose own program leaves its captures in a folder. An empty folder is no finger.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration
from sallyport_kiosk.ports import FingerImage, Light
from sallyport_protocol.errors import RoadError

SUFFIXES: Final = frozenset({".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".pgm"})
MAX_FILE: Final = 16 * 1024 * 1024
MAX_SIDE: Final = 2_048
"""Pixels; no single-finger sensor has more. Larger images are refused, not scaled: their resolution is not what is
stated."""


@dataclass
class FolderSensor:
    """Images of `folder` at the resolution of `calibration`."""

    folder: Path
    calibration: SensorCalibration = field(default_factory=SensorCalibration)
    light: Light = Light.OFF
    _next: int = field(default=0, init=False)

    @property
    def device(self) -> str:
        """The URI."""
        return f"images:{self.folder}"

    def open(self) -> None:
        """Raises RoadError when the folder is missing."""
        self._files()

    def close(self) -> None:
        """Idempotent."""

    def present(self) -> bool:
        """Whether there is an image. Raises RoadError."""
        return bool(self._files())

    def capture(self) -> FingerImage | None:
        """The next image; None where there is none. Raises RoadError for a file that is no image."""
        files = self._files()
        if not files:
            return None
        path = files[self._next % len(files)]
        self._next += 1
        captured_ms = time.monotonic_ns() // 1_000_000
        return FingerImage(self.calibration.apply(load_gray(path)), self.calibration.dpi, captured_ms, self.device)

    def led(self, light: Light) -> None:
        """Remembered, for a display."""
        self.light = light

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise RoadError(f"no fingerprint images at {self.folder} ({error.strerror}): name a folder") from error


def load_gray(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An image file as 8-bit gray. Raises RoadError that names the file."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_FILE else b""
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    except OSError as error:
        raise RoadError(f"cannot read {path}: {error.strerror}") from error
    except cv2.error:
        image = None
    if image is None or max(image.shape) > MAX_SIDE:
        raise RoadError(f"{path} is not a whole image of at most {MAX_SIDE} pixels a side: take it out of the folder")
    return np.ascontiguousarray(image, np.uint8)

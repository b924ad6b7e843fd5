"""A camera made of a video file, played at its own rate and again from its beginning."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_kiosk.drivers.camera_folder import framed
from sallyport_kiosk.ports import Frame, Pixels
from sallyport_protocol.errors import RoadError

DEFAULT_FPS: Final = 25.0
"""For files that do not say."""


class VideoCamera:
    """Frames of `width` x `height`; a reader that is too slow misses frames, as with a real camera."""

    def __init__(
        self,
        path: Path,
        width: int = 640,
        height: int = 480,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path, self._width, self._height, self._clock, self._wait = path, width, height, clock, wait
        self._capture: cv2.VideoCapture | None = None
        self._fps = DEFAULT_FPS
        self._began = 0.0
        self._sequence = 0

    @property
    def device(self) -> str:
        """The URI."""
        return f"video:{self._path}"

    def open(self) -> None:
        """Raises RoadError when the file is missing or no video. An open one plays on."""
        if self._capture is not None:
            return
        if not self._path.is_file():
            raise RoadError(f"no video at {self._path}: name a file")
        capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            capture.release()
            raise RoadError(f"{self._path} is not a video that can be played")
        self._capture = capture
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        self._fps = fps if 0.1 <= fps <= 1_000 else DEFAULT_FPS
        self._began = self._clock() - self._sequence / self._fps

    def read(self) -> Frame:
        """The frame of this moment, or the next one when this one was read. Raises RoadError."""
        if self._capture is None:
            raise RoadError(f"the camera {self.device} is not open")
        self._wait(max(0.0, self._began + self._sequence / self._fps - self._clock()))
        now = self._clock()
        while self._sequence + 1 <= (now - self._began) * self._fps:
            self._advance(self._capture)
            self._sequence += 1
        image = self._advance(self._capture, keep=True)
        self._sequence += 1
        assert image is not None
        return Frame(
            framed(image, self._width, self._height, self.device), int(now * 1000), self._sequence, self.device
        )

    def close(self) -> None:
        """Idempotent."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _advance(self, capture: cv2.VideoCapture, keep: bool = False) -> Pixels | None:
        """One frame on, from the beginning again after the last."""
        for _ in range(2):
            if capture.grab():
                if not keep:
                    return None
                good, image = capture.retrieve()
                if good:
                    return np.asarray(image, np.uint8)
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        raise RoadError(f"{self._path} holds no frame that can be read")

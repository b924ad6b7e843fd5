"""A USB or built-in camera through OpenCV (V4L2 on Linux)."""

import os
import threading
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import RoadError


class WebcamSource:
    """Camera `index`, asked for frames of `width` x `height`."""

    def __init__(self, index: int, width: int, height: int, system: Path = Path("/sys/class/video4linux")) -> None:
        self._index, self._width, self._height = index, width, height
        self._entry = system / f"video{index}"
        self._capture: cv2.VideoCapture | None = None
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """Index and, where Linux tells it, the model."""
        with suppress(OSError):
            model = (self._entry / "name").read_text().strip()
            return f"webcam:{self._index} {model}"
        return f"webcam:{self._index}"

    def open(self) -> None:
        """Raises RoadError when there is no such camera, somebody else uses it, or it is a program and no device."""
        if "/devices/virtual/" in str(self._entry.resolve()):
            raise RoadError(f"{self.device} is no camera but a program that makes pictures: take it away")
        node = Path(f"/dev/video{self._index}")
        if os.name == "posix" and Path("/dev").is_dir() and Path("/sys/class").is_dir() and not node.exists():
            raise RoadError(f"no camera at {node}: plug it in, or name another (`ls /dev/video*`)")
        capture = cv2.VideoCapture(self._index)
        if not capture.isOpened():
            capture.release()
            raise RoadError(f"cannot open {self.device}: another program uses it, or you are not in the group video")
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture = capture

    def grab(self) -> Pixels:
        """The next frame."""
        with self._lock:
            capture = self._capture
            good, image = capture.read() if capture is not None else (False, None)
        if not good or image is None:
            raise RoadError(f"{self.device} is gone: plug it in again")
        return np.asarray(image, np.uint8)

    def close(self) -> None:
        """Idempotent; waits for a frame in progress, since OpenCV must not be released under it."""
        with self._lock:
            if self._capture is not None:
                self._capture.release()
            self._capture = None

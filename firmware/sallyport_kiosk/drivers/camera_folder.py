"""A camera made of an image folder, looped at a steady rate: for the demonstration, tests and evaluation.

The folder, or what a symbolic link leads to, may be swapped at any time: the next frame comes from what is there now.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_kiosk.ports import Frame, Pixels
from sallyport_protocol.errors import RoadError

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
MOST_ENLARGED: Final = 4.0
"""A picture of less than 160x120 for 640x480: a face at the kiosk has 23 pixels between its eyes in it."""
MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes; no camera makes larger frames."""


def letterbox(image: Pixels, width: int, height: int) -> Pixels:
    """Scales H x W x 3 into height x width, keeping its shape, on black."""
    scale = min(width / image.shape[1], height / image.shape[0])
    columns = min(width, max(1, round(image.shape[1] * scale)))
    rows = min(height, max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (columns, rows), interpolation=method)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    canvas[top : top + rows, left : left + columns] = scaled
    return canvas


def framed(image: Pixels, width: int, height: int, device: str) -> Pixels:
    """A camera's picture in the kiosk's format. Raises RoadError for a format in which nobody can be seen."""
    high, wide = image.shape[:2]
    if min(width / wide, height / high) > MOST_ENLARGED:
        raise RoadError(f"{device} gives pictures of {wide}x{high}: choose a larger format, or another camera")
    return letterbox(image, width, height)


def decode_image(path: Path, width: int, height: int) -> Pixels:
    """An image file as BGR of height x width. Raises RoadError that names the file."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_FILE else b""
    except OSError as error:
        raise RoadError(f"cannot read {path}: {error.strerror}") from error
    if size > MAX_FILE:
        raise RoadError(f"{path} has {size} bytes, more than {MAX_FILE}: take it out of the folder")
    image = _decode(np.frombuffer(data, np.uint8), width, height) if data else None
    if image is None:
        raise RoadError(f"{path} is not a whole image: take it out of the folder")
    return framed(image, width, height, str(path))


def _decode(data: Pixels, width: int, height: int) -> Pixels | None:
    """An eighth of a huge image is enough, and takes an eighth of the memory."""
    try:
        small = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_8)
        if small is not None and small.shape[1] >= width and small.shape[0] >= height:
            return np.asarray(small, np.uint8)
        whole = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV takes
        return None
    return None if whole is None else np.asarray(whole, np.uint8)


@dataclass
class FolderCamera:
    """Frames of `width` x `height` at `fps`, in the order of the files' names, then again from the first."""

    folder: Path
    width: int = 640
    height: int = 480
    fps: float = 10.0
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    _open: bool = field(default=False, init=False)
    _last: float = field(default=0.0, init=False)
    _sequence: int = field(default=0, init=False)
    _position: int = field(default=0, init=False)
    _decoded: dict[tuple[str, int, int, int], Pixels] = field(default_factory=dict, init=False)

    @property
    def device(self) -> str:
        """The URI."""
        return f"folder:{self.folder}"

    def open(self) -> None:
        """Raises RoadError when the folder is missing or empty."""
        self._files()
        self._open = True

    def close(self) -> None:
        """Idempotent."""
        self._open = False
        self._decoded.clear()

    def read(self) -> Frame:
        """The next image, when its time has come. Raises RoadError for an empty folder or a file that is no image."""
        if not self._open:
            raise RoadError(f"the camera {self.device} is not open")
        self.wait(max(0.0, self._last + 1 / self.fps - self.clock()))
        self._last = self.clock()
        files = self._files()
        path = files[self._position % len(files)]
        self._position += 1
        self._sequence += 1
        return Frame(self._pixels(path), int(self._last * 1000), self._sequence, self.device)

    def _files(self) -> list[Path]:
        try:
            found = sorted(path for path in self.folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise RoadError(f"no frames at {self.folder} ({error.strerror}): name a folder with images") from error
        if not found:
            raise RoadError(f"no frames at {self.folder}: put images into it")
        return found

    def _pixels(self, path: Path) -> Pixels:
        """Decoded once for as long as the file stays the same."""
        try:
            found = path.stat()
        except OSError as error:
            raise RoadError(f"cannot read {path}: {error.strerror}") from error
        key = (str(path), found.st_ino, found.st_mtime_ns, found.st_size)
        if key not in self._decoded:
            self._decoded = {old: image for old, image in self._decoded.items() if old[0] != key[0]}
            while len(self._decoded) >= 16:
                self._decoded.pop(next(iter(self._decoded)))
            self._decoded[key] = decode_image(path, self.width, self.height)
        return self._decoded[key].copy()

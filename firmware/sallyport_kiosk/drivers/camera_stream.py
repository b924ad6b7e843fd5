"""Frames from another program over a Unix socket: for the demonstration and tests. A production kiosk refuses it.

Each frame is its width and height, two bytes each with the high byte first, and then its pixels: blue, green, red, row
by row.
"""

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import RoadError

HEADER: Final = struct.Struct("!HH")
LARGEST: Final = 4_096
"""Pixels a side."""
PATIENCE_S: Final = 5.0


class StreamSource:
    """The program that listens at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    @property
    def device(self) -> str:
        """The URI."""
        return f"stream:{self._path}"

    def open(self) -> None:
        """Raises RoadError when nobody listens."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(PATIENCE_S)
        try:
            made.connect(str(self._path))
        except OSError as error:
            made.close()
            raise RoadError(f"no frames at {self._path} ({error.strerror}): start what sends them") from error
        self._socket = made

    def grab(self) -> Pixels:
        """The next frame. Raises RoadError when the other side ends, is silent, or sends no frame."""
        width, height = HEADER.unpack(self._exactly(HEADER.size))
        if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
            raise RoadError(f"{self.device} sends a frame of {width}x{height}: check the program that sends them")
        return np.frombuffer(self._exactly(width * height * 3), np.uint8).reshape(height, width, 3)

    def close(self) -> None:
        """Idempotent. Ends a `grab` in progress."""
        made, self._socket = self._socket, None
        if made is not None:
            with suppress(OSError):  # the other side has gone already
                made.shutdown(socket.SHUT_RDWR)
            made.close()

    def _exactly(self, count: int) -> bytearray:
        data = bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            made = self._socket
            try:
                got = made.recv_into(view[filled:]) if made is not None else 0
            except OSError as error:
                raise RoadError(f"{self.device} is silent ({error}): check the program that sends frames") from error
            if not got:
                raise RoadError(f"{self.device} has ended: start the program that sends frames again")
            filled += got
        return data

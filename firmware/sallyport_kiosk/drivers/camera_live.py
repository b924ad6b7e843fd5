"""A live camera behind the Camera port: a thread takes every frame, a reader gets the newest it has not seen.

Drivers queue frames; a reader that is slower than the camera would otherwise see the past and take it for the present.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from sallyport_kiosk import parameters
from sallyport_kiosk.drivers.camera_folder import framed
from sallyport_kiosk.ports import Frame, Pixels
from sallyport_protocol.errors import RoadError

PATIENCE_S: Final = parameters.SILENT_MS / 1_000
"""Longest wait for a frame before the camera counts as lost: a person hears of it within two seconds."""
FIRST_PATIENCE_S: Final = 4.0
"""The same for the first frame after opening: cameras find their exposure first."""


class FrameSource(Protocol):
    """What a camera's library offers, one per driver."""

    @property
    def device(self) -> str:
        """Which camera."""

    def open(self) -> None:
        """Raises RoadError."""

    def grab(self) -> Pixels:
        """The next frame, H x W x 3 BGR, when it comes. Raises RoadError when the camera is gone."""

    def close(self) -> None:
        """Idempotent. Ends a `grab` in progress."""


class LiveCamera:
    """Frames of `width` x `height` from `source`."""

    def __init__(
        self,
        source: FrameSource,
        width: int = 640,
        height: int = 480,
        *,
        patience_s: float = PATIENCE_S,
        first_patience_s: float = FIRST_PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._width, self._height = source, width, height
        self._patience_s, self._first_patience_s, self._clock = patience_s, first_patience_s, clock
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._seen = self._sequence = 0
        self._error: RoadError | None = None
        self._running = False
        self._thread: threading.Thread | None = None

    @property
    def device(self) -> str:
        """Which camera."""
        return self._source.device

    def open(self) -> None:
        """Opens the camera; one that works stays as it is, one that failed is opened afresh."""
        if self._running and self._error is None:
            return
        self.close()
        self._source.open()
        self._newest, self._error, self._running = None, None, True
        self._thread = threading.Thread(target=self._take, name=self.device, daemon=True)
        self._thread.start()

    def read(self) -> Frame:
        """The newest frame, waiting for one that was not read before. Raises RoadError."""
        with self._fresh:
            if not self._running:
                raise RoadError(f"the camera {self.device} is not open")
            patience = self._first_patience_s if self._newest is None else self._patience_s
            self._fresh.wait_for(self._something, patience)
            if self._error is not None:
                raise RoadError(str(self._error))
            if self._newest is None or self._newest.sequence == self._seen:
                raise RoadError(f"the camera {self.device} gives no frames: check its cable and what else uses it")
            self._seen = self._newest.sequence
            return self._newest

    def close(self) -> None:
        """Idempotent."""
        self._running = False
        self._source.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(self._patience_s)
        self._thread = None

    def _something(self) -> bool:
        return self._error is not None or (self._newest is not None and self._newest.sequence != self._seen)

    def _take(self) -> None:
        try:
            while self._running:
                image = self._source.grab()
                taken_ms = int(self._clock() * 1000)
                image = framed(image, self._width, self._height, self.device)
                with self._fresh:
                    self._sequence += 1
                    self._newest = Frame(image, taken_ms, self._sequence, self.device)
                    self._fresh.notify_all()
        except Exception as error:  # whatever a library raises, the reader hears of it
            with self._fresh:
                self._error = error if isinstance(error, RoadError) else RoadError(f"{self.device} fails: {error}")
                self._fresh.notify_all()

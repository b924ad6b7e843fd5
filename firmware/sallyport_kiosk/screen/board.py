"""The board between the session and the screen: the session writes from its thread, the screen reads from its loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Final

import cv2

from sallyport_kiosk.clock import SystemClock
from sallyport_kiosk.ports import Pixels
from sallyport_kiosk.screen.words import AWAY, ScreenState, instruction_for
from sallyport_kiosk.stage import Step

WIDTH: Final = 640
"""Width of the live picture, pixels: enough for a person to place herself."""
QUALITY: Final = 70
"""JPEG quality of the live picture, 0 to 100."""


class Board:
    """A `Display` for the session and a `ScreenSource` for the screen. Holds one picture, in memory only."""

    def __init__(self, clock: Callable[[], int] | None = None) -> None:
        self._clock = clock or SystemClock().monotonic_ms
        self._lit: tuple[int, int] | None = None
        self._lock = Lock()
        self._state = AWAY
        self._frame: Pixels | None = None
        self._encoded: bytes | None = None
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def show(self, step: Step, instruction: str, progress: float = 0.0, finger: int = 0) -> None:
        """Puts up one instruction by its code, or by a recogniser's feedback code."""
        self._change(ScreenState(instruction_for(instruction), step, min(1.0, max(0.0, progress)), finger))

    def light(self, colour: str, number: int) -> None:
        """Fills the screen with a colour; "" ends that."""
        with self._lock:
            state, self._lit = replace(self._state, light=colour, light_number=number), None
        self._change(state)

    def lit(self, number: int) -> int | None:
        """When a page said that it showed light `number`, monotonic ms; None while none has."""
        with self._lock:
            return self._lit[1] if self._lit is not None and self._lit[0] == number else None

    def painted(self, number: int) -> None:
        """A page says that light `number` is on the screen now; only the first word about the newest light counts."""
        with self._lock:
            if self._lit is None and number == self._state.light_number and self._state.light:
                self._lit = number, self._clock()

    def _change(self, state: ScreenState) -> None:
        with self._lock:
            if state == self._state:
                return
            self._state = state
            if not state.shows_picture:
                self._frame = self._encoded = None
            listeners = list(self._listeners)
        for loop, changed in listeners:
            with suppress(RuntimeError):  # that loop has closed: nobody looks any more
                loop.call_soon_threadsafe(changed.set)

    def picture(self, frame: Pixels | None) -> None:
        """Puts up the newest frame, H x W x 3 BGR; None takes it away."""
        with self._lock:
            self._frame = frame if self._state.shows_picture else None
            self._encoded = None

    def state(self) -> ScreenState:
        """What to show now."""
        with self._lock:
            return self._state

    def jpeg(self) -> bytes | None:
        """The newest frame, encoded when somebody looks."""
        with self._lock:
            frame, encoded = self._frame, self._encoded
        if frame is None or encoded is not None:
            return encoded
        encoded = _encode(frame)
        with self._lock:
            if self._frame is frame:
                self._encoded = encoded
        return encoded

    async def subscribe(self, every_s: float) -> AsyncIterator[None]:
        """Yields at once, after each change, and within `every_s` seconds."""
        changed = asyncio.Event()
        listener = (asyncio.get_running_loop(), changed)
        with self._lock:
            self._listeners.add(listener)
        try:
            while True:
                yield
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), every_s)
                changed.clear()
        finally:
            with self._lock:
                self._listeners.discard(listener)


def _encode(frame: Pixels) -> bytes:
    height, width = frame.shape[:2]
    if width > WIDTH:
        size = (WIDTH, round(height * WIDTH / width))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(frame.dtype, copy=False)
    _, encoded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(encoded)

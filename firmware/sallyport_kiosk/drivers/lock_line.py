"""The line to the interlock: whole frames both ways, opaque. The kiosk can neither read into them nor forge them.

Frames are found by `sallyport_wire`, which checks the CRC alone; what has none is noise and is counted. When the line
fails it is opened again with jittered waits, and `connected` and `last_error` say so meanwhile. Nothing is queued while
it is down: a grant that comes late is worth nothing.
"""

import contextlib
import logging
import os
import random
import threading
from collections.abc import Callable
from typing import Final

import serial

from sallyport_link.backoff import REPLUG
from sallyport_protocol.errors import RoadError
from sallyport_wire.frames import Decoder

log = logging.getLogger(__name__)

BAUD: Final = 115_200
_POLL_S: Final = 0.2
_WRITE_S: Final = 1.0


class UartLockLine:
    """A serial port. Thread-safe. `on_state(connected, why)` hears of every change, in the reading thread."""

    def __init__(self, port: str, baud: int = BAUD, on_state: Callable[[bool, str], None] | None = None) -> None:
        self._port, self._baud, self._on_state = port, baud, on_state
        self._serial: serial.Serial | None = None
        self._write_lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._error = "not started"
        self._noise = 0

    @property
    def connected(self) -> bool:
        """Whether the line is open now."""
        return self._serial is not None

    @property
    def last_error(self) -> str:
        """Why it is down; empty while it is up."""
        return "" if self.connected else self._error

    @property
    def noise(self) -> int:
        """Runs of bytes that were no frame, since the start."""
        return self._noise

    def start(self, on_frame: Callable[[bytes], None]) -> None:
        """Opens the line in the background, again and again; every whole frame read goes to `on_frame`, in order."""
        self._thread = threading.Thread(target=self._run, args=(on_frame,), name="lock line", daemon=True)
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """Writes one whole frame, or several. Raises RoadError while the line is down."""
        with self._write_lock:
            line = self._serial
            if line is None:
                raise RoadError(f"the line to the interlock at {self._port} is down: {self._error}")
            try:
                line.write(frame)
                line.flush()
            except (OSError, serial.SerialException) as error:
                raise RoadError(f"the line to the interlock at {self._port} fails: {_reason(error)}") from error

    def stop(self) -> None:
        """Idempotent."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    def _run(self, on_frame: Callable[[bytes], None]) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                with serial.Serial(
                    self._port, self._baud, timeout=_POLL_S, write_timeout=_WRITE_S, exclusive=True
                ) as line:
                    failures = 0
                    self._set(line, "")
                    self._read(line, on_frame)
            except (OSError, serial.SerialException, TypeError, ValueError) as error:
                self._set(None, f"{_reason(error)}; check the cable to the lock box")
            finally:
                self._set(None, self._error or "stopped")
            failures += 1
            self._stopping.wait(REPLUG.wait_ms(failures, random.random()) / 1000)  # noqa: S311  jitter, no secret

    def _read(self, line: serial.Serial, on_frame: Callable[[bytes], None]) -> None:
        decoder = Decoder()
        known = 0
        while not self._stopping.is_set():
            for frame in decoder.feed(line.read(max(1, line.in_waiting))):
                try:
                    on_frame(frame.raw)
                except Exception:
                    log.exception("a frame of the interlock could not be passed on; the line goes on")
            if decoder.dropped != known:
                self._noise += decoder.dropped - known
                known = decoder.dropped
                log.warning("noise on the line to the interlock: %s", decoder.why)

    def _set(self, line: serial.Serial | None, why: str) -> None:
        with self._write_lock:
            changed = (line is None) != (self._serial is None) or (line is None and why != self._error)
            self._serial, self._error = line, why
        if changed:
            log.log(
                logging.INFO if line else logging.WARNING, "line to the interlock at %s: %s", self._port, why or "up"
            )
            if self._on_state is not None:
                with contextlib.suppress(Exception):
                    self._on_state(line is not None, why)


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)

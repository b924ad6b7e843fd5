"""Whether camera and sensor answer in time, asked now and then while nobody is being verified. Nothing seen is kept."""

import logging
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final

from sallyport_kiosk import parameters
from sallyport_kiosk.clock import Clock
from sallyport_kiosk.pace import Pace
from sallyport_kiosk.ports import Camera, FingerSensor
from sallyport_protocol.errors import SallyportError

log = logging.getLogger(__name__)

SILENT: Final = "a device neither answers nor fails; look at the camera's and the sensor's cables"


class DeviceWatch:
    """One round at a time, in its own thread: a device that hangs does not hold up the main loop."""

    def __init__(self, camera: Camera, sensor: FingerSensor, clock: Clock) -> None:

        def camera_answers() -> None:
            camera.open()
            pace = Pace()
            for _ in range(1 + parameters.SLOW_FRAMES):
                began = clock.monotonic_ms()
                frame = camera.read()
                pace.took(clock.monotonic_ms() - began, frame.captured_ms)

        self.using = Lock()
        """Whoever uses the devices holds it: a round, or a session."""
        self._probes: dict[str, Callable[[], object]] = {"camera": camera_answers, "fingerprint sensor": sensor.open}
        self._clock = clock
        self._found: tuple[str, ...] = ()
        self._since: int | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """What the last round found; and a round that does not end is a fault itself."""
        since = self._since
        if since is not None and self._clock.monotonic_ms() - since > parameters.DEVICE_PATIENCE_MS:
            return (*self._found, SILENT)
        return self._found

    def look(self) -> None:
        """Begins a round, unless the devices are in use."""
        if self.using.acquire(blocking=False):
            self._since = self._clock.monotonic_ms()
            Thread(target=self._round, name="device watch", daemon=True).start()

    def _round(self) -> None:
        try:
            found = tuple(fault for fault in (_fault(*probe) for probe in self._probes.items()) if fault)
            for fault in found:
                if fault not in self._found:
                    log.error("%s", fault)
            self._found = found
        finally:
            self._since = None
            self.using.release()


def _fault(device: str, probe: Callable[[], object]) -> str | None:
    try:
        probe()
    except SallyportError as error:
        return f"{device}: {error}"
    except Exception as error:  # whatever a library raises, the gateway hears of it
        return f"{device}: {type(error).__name__}: {error}"
    return None

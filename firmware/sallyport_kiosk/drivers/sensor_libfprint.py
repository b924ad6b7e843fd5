"""USB fingerprint sensors through libfprint, for those whose driver gives images.

libfprint comes with the system (`apt install gir1.2-fprint-2.0 python3-gi`) and is looked for when a sensor is opened.
Sensors that match inside themselves give no image and are refused: a template of theirs could not be compared here.
"""

import time
from importlib import import_module
from typing import Any, Final

import numpy as np

from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration
from sallyport_kiosk.ports import FingerImage, Light, Pixels
from sallyport_protocol.errors import MalformedError, RoadError

MM_PER_INCH: Final = 25.4
GLANCE_S: Final = 0.3
"""How long `present` waits for a finger."""
CAPTURE_S: Final = 3.0
"""How long `capture` waits for one."""
KEPT_S: Final = 1.0
"""An older image is of an earlier finger."""


class LibfprintSensor:
    """Sensor `index` in libfprint's order. Its own resolution is used where it states one."""

    def __init__(self, index: int, calibration: SensorCalibration | None = None) -> None:
        self._index, self._calibration = index, calibration or SensorCalibration()
        self._fprint: Any = None
        self._glib: Any = None
        self._gio: Any = None
        self._device: Any = None
        self._kept: tuple[Any, float] | None = None

    @property
    def device(self) -> str:
        """Name and driver once open."""
        if self._device is None:
            return f"libfprint:{self._index}"
        return f"{self._device.get_name()} ({self._device.get_driver()})"

    def open(self) -> None:
        """Raises RoadError when libfprint, the sensor or its images are missing."""
        self.close()
        try:
            import_module("gi").require_version("FPrint", "2.0")
            names = ("FPrint", "GLib", "Gio")
            self._fprint, self._glib, self._gio = (import_module(f"gi.repository.{name}") for name in names)
        except (ImportError, ValueError) as error:
            raise RoadError(
                f"libfprint is not installed ({error}): `apt install gir1.2-fprint-2.0 python3-gi`"
            ) from error
        devices = self._fprint.Context().get_devices()
        if self._index >= len(devices):
            raise RoadError(f"libfprint finds {len(devices)} sensors, none with number {self._index}: plug it in")
        device = devices[self._index]
        if not device.has_feature(self._fprint.DeviceFeature.CAPTURE):
            raise RoadError(f"{device.get_name()} gives no images: use a sensor that does")
        self._call(device.open_sync)
        self._device = device

    def present(self) -> bool:
        """Whether a finger came within 0.3 s. libfprint knows of a finger only while it takes an image, so the image
        is kept for the `capture` that follows."""
        if self._kept is None or time.monotonic() - self._kept[1] > KEPT_S:
            self._kept = self._take(GLANCE_S)
        return self._kept is not None

    def capture(self) -> FingerImage | None:
        """One image; None when no finger came within 3 s."""
        kept, self._kept = self._kept, None
        if kept is None or time.monotonic() - kept[1] > KEPT_S:
            kept = self._take(CAPTURE_S)
        if kept is None:
            return None
        taken, when = kept
        per_mm = float(taken.get_ppmm())
        dpi = per_mm * MM_PER_INCH if per_mm > 0 else self._calibration.dpi
        return FingerImage(self._calibration.apply(_pixels(taken)), dpi, int(when * 1000), self.device)

    def _take(self, seconds: float) -> tuple[Any, float] | None:
        """An image and when it was taken; None when nothing came in time."""
        device = self._open()
        cancel = self._gio.Cancellable()
        timer = self._glib.timeout_add(int(seconds * 1000), cancel.cancel)
        try:
            return device.capture_sync(True, cancel), time.monotonic()
        except self._glib.Error as error:
            if cancel.is_cancelled():
                return None
            raise self._failed(error) from error
        finally:
            if not cancel.is_cancelled():
                self._glib.source_remove(timer)

    def led(self, light: Light) -> None:
        """These sensors light themselves."""

    def close(self) -> None:
        """Idempotent."""
        self._kept = None
        if self._device is not None:
            device, self._device = self._device, None
            try:
                device.close_sync()
            except self._glib.Error:
                return  # it is gone already

    def _open(self) -> Any:
        if self._device is None:
            raise RoadError(f"the sensor libfprint:{self._index} is not open")
        return self._device

    def _call(self, call: Any) -> None:
        try:
            call()
        except self._glib.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Any) -> RoadError:
        return RoadError(f"{self.device} fails ({error.message}): plug it in again")


def _pixels(taken: Any) -> Pixels:
    rows, columns = int(taken.get_height()), int(taken.get_width())
    data = np.frombuffer(bytes(taken.get_data()), np.uint8)
    if data.size != rows * columns or not data.size:
        raise MalformedError(f"the sensor sent {data.size} pixels, not {rows} rows of {columns}: take it again")
    return data.reshape(rows, columns)

"""Which fingerprint sensor a configuration means.

r503:/dev/ttyS0?baud=57600&wanted_baud=115200&packet_size=256&calibration=sensor.toml
images:DIR?calibration=sensor.toml
libfprint:0?calibration=sensor.toml
"""

from pathlib import Path
from typing import Final

from sallyport_kiosk.drivers import zhiantec
from sallyport_kiosk.drivers.device_uri import DeviceUri
from sallyport_kiosk.drivers.sensor_calibration import SensorCalibration, load_calibration
from sallyport_kiosk.drivers.sensor_images import FolderSensor
from sallyport_kiosk.drivers.sensor_libfprint import LibfprintSensor
from sallyport_kiosk.drivers.sensor_r503 import SensorR503, SensorSettings
from sallyport_kiosk.ports import FingerSensor
from sallyport_protocol.errors import MalformedError

KINDS: Final = {
    "r503": ("baud", "wanted_baud", "packet_size", "address", "password", "calibration"),
    "images": ("calibration",),
    "libfprint": ("calibration",),
}


def make_sensor(uri: str, home: Path = Path()) -> FingerSensor:
    """The sensor of `uri`, not yet open; paths are relative to `home`.

    Raises MalformedError for no such name, RoadError for a calibration file that cannot be read.
    """
    name = DeviceUri.parse(uri, KINDS)
    file = name.options.get("calibration")
    calibration = SensorCalibration() if file is None else load_calibration(home / file)
    match name.kind:
        case "r503":
            return SensorR503(_settings(name, home), calibration)
        case "images":
            return FolderSensor(name.path(home), calibration)
        case _:
            if not name.place.isdecimal():
                raise MalformedError(f"libfprint:{name.place}: a sensor's number is 0, 1, …")
            return LibfprintSensor(int(name.place), calibration)


def _settings(name: DeviceUri, home: Path) -> SensorSettings:
    return SensorSettings(
        port=str(name.path(home)),
        baud=name.number("baud", 57_600),
        wanted_baud=name.number("wanted_baud", 0) or None,
        packet_size=name.number("packet_size", 0) or None,
        address=name.number("address", zhiantec.DEFAULT_ADDRESS) & 0xFFFFFFFF,
        password=name.number("password", zhiantec.DEFAULT_PASSWORD) & 0xFFFFFFFF,
    )

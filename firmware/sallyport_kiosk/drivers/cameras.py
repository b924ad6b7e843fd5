"""Which camera a configuration means: `folder:PATH?fps=10`, `video:PATH`, `stream:PATH`, `webcam:0`, `picamera2:0`.

The first three are no cameras: somebody made their pictures. A production kiosk refuses them.
"""

from pathlib import Path
from typing import Final

from sallyport_kiosk.drivers.camera_folder import FolderCamera
from sallyport_kiosk.drivers.camera_live import LiveCamera
from sallyport_kiosk.drivers.camera_picamera2 import PiCameraSource
from sallyport_kiosk.drivers.camera_stream import StreamSource
from sallyport_kiosk.drivers.camera_video import VideoCamera
from sallyport_kiosk.drivers.camera_webcam import WebcamSource
from sallyport_kiosk.drivers.device_uri import DeviceUri
from sallyport_kiosk.ports import Camera
from sallyport_protocol.errors import MalformedError

_SIZE: Final = ("width", "height")
KINDS: Final = {
    "folder": ("fps", *_SIZE),
    "video": _SIZE,
    "stream": _SIZE,
    "webcam": _SIZE,
    "picamera2": _SIZE,
}
SENSORS: Final = frozenset({"webcam", "picamera2"})
"""Kinds that are cameras."""
WIDTH: Final = 640
HEIGHT: Final = 480
"""Design §6: the times of detection and landmarks are stated for 640 x 480."""


def make_camera(uri: str, home: Path = Path()) -> Camera:
    """The camera of `uri`, not yet open; paths are relative to `home`. Raises MalformedError for no such name."""
    name = DeviceUri.parse(uri, KINDS)
    width, height = name.number("width", WIDTH), name.number("height", HEIGHT)
    if not (64 <= width <= 4_096 and 64 <= height <= 4_096):
        raise MalformedError(f"{uri!r}: width and height are 64 to 4096")
    match name.kind:
        case "folder":
            return FolderCamera(name.path(home), width, height, name.rate("fps", 10.0))
        case "video":
            return VideoCamera(name.path(home), width, height)
        case "stream":
            return LiveCamera(StreamSource(name.path(home)), width, height)
        case "webcam":
            return LiveCamera(WebcamSource(_index(name), width, height), width, height)
        case _:
            return LiveCamera(PiCameraSource(_index(name), width, height), width, height)


def require_sensor(uri: str) -> None:
    """Raises MalformedError for pictures that somebody made: in production a camera must be one."""
    if DeviceUri.parse(uri, KINDS).kind not in SENSORS:
        raise MalformedError(f"devices.camera is {uri!r}, which is for development only; name a webcam or picamera2")


def _index(name: DeviceUri) -> int:
    if not name.place.isdecimal() or int(name.place) > 255:
        raise MalformedError(f"{name.kind}:{name.place}: a camera's number is 0 to 255")
    return int(name.place)

"""Camera and fingerprint sensor, tried for real; what they show is not kept."""

import time
from typing import Final

from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_kiosk.ports import Light
from sallyport_protocol.errors import RoadError

FRAMES: Final = 10
SLOWEST_FPS: Final = 4.0
"""Fewer frames a second cannot follow a person (five frames of one template within a second or so)."""


def camera(configuration: Configuration) -> str:
    """Gives frames, fast enough."""
    eye = make_camera(configuration.file.devices.camera, configuration.home)
    eye.open()
    try:
        eye.read()
        began = time.monotonic()
        frames = [eye.read() for _ in range(FRAMES)]
        rate = FRAMES / (time.monotonic() - began)
    finally:
        eye.close()
    height, width = frames[-1].image.shape[:2]
    if rate < SLOWEST_FPS:
        raise RoadError(f"{rate:.1f} frames a second is too slow; check the camera's cable and the processor's load")
    return f"{width}x{height} at {rate:.0f} frames a second, {eye.device}"


def sensor(configuration: Configuration) -> str:
    """Answers, lights its ring, and reads the finger that lies on it, if one does."""
    pad = make_sensor(configuration.file.devices.sensor, configuration.home)
    pad.open()
    try:
        pad.led(Light.WAITING)
        image = pad.capture() if pad.present() else None
        pad.led(Light.OFF)
    finally:
        pad.close()
    if image is None:
        return f"answers, no finger on it; {pad.device}"
    return f"read a finger of {image.image.shape[1]}x{image.image.shape[0]} at {image.dpi:.0f} dpi; {pad.device}"

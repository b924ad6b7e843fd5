"""The Raspberry Pi's camera through picamera2, which exists on the Pi alone."""

from typing import Any

import numpy as np

from sallyport_kiosk.ports import Pixels
from sallyport_protocol.errors import RoadError


class PiCameraSource:
    """Camera `index` of the Pi, asked for frames of `width` x `height`."""

    def __init__(self, index: int, width: int, height: int) -> None:
        self._index, self._width, self._height = index, width, height
        self._camera: Any = None
        self._model = ""

    @property
    def device(self) -> str:
        """Index and, once open, the sensor's model."""
        return f"picamera2:{self._index} {self._model}".strip()

    def open(self) -> None:
        """Raises RoadError away from a Pi, and when there is no camera or somebody else uses it."""
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise RoadError(
                "picamera2 is not installed: on a Raspberry Pi `apt install python3-picamera2`, or use a webcam"
            ) from error
        try:
            self._camera = Picamera2(self._index)
            size = (self._width, self._height)
            # libcamera names formats by their little-endian word: RGB888 is B, G, R in memory, as OpenCV has it
            self._camera.configure(self._camera.create_video_configuration(main={"size": size, "format": "RGB888"}))
            self._camera.start()
            self._model = str(self._camera.camera_properties.get("Model", ""))
        except (IndexError, RuntimeError, OSError) as error:
            self.close()
            raise RoadError(f"no camera {self._index} on this Pi ({error}): check its ribbon cable") from error

    def grab(self) -> Pixels:
        """The next frame."""
        camera = self._camera
        if camera is None:
            raise RoadError(f"{self.device} is closed")
        return np.asarray(camera.capture_array("main"), np.uint8)

    def close(self) -> None:
        """Idempotent."""
        if self._camera is not None:
            self._camera.close()
        self._camera = None

"""The place before the kiosk: a photograph before the camera, a print on the sensor, or nobody."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sallyport_protocol.errors import RoadError

_CLOSER: Final = {"subject-b-1.jpg": 0.5}
"""Full-length photographs: the upper part of which stands at the kiosk's distance."""


class Booth:
    """Two folders that camera and sensor show, filled from the sample images."""

    def __init__(self, folder: Path, samples: Path) -> None:
        """Raises RoadError when there are no samples."""
        if not (samples / "subject-a-1.jpg").is_file():
            raise RoadError(f"{samples} holds no sample images; run `sallyport-models samples`")
        self.face, self.finger, self._samples = folder / "face", folder / "finger", samples

    def open(self) -> None:
        """Nobody is there, and the camera works."""
        self.face.mkdir()
        self.finger.mkdir()
        cv2.imwrite(str(self.face / "nobody.png"), np.full((480, 640, 3), 128, np.uint8))

    def present(self, face: str | None, finger: str | None) -> None:
        """Puts a person there, by the names of two sample images."""
        self._place(self.face, face)
        self._place(self.finger, finger)

    def _place(self, folder: Path, name: str | None) -> None:
        """The new picture is there before the old one goes: to a camera an empty folder is a fault."""
        if name is not None and not (folder / name).exists():
            part = folder / f".{name}.part"
            part.write_bytes(step_closer(self._samples / name))
            part.rename(folder / name)
        for old in folder.iterdir():
            if old.name != name:
                old.unlink()


def step_closer(path: Path) -> bytes:
    """The photograph as a kiosk's camera would have framed the person."""
    share = _CLOSER.get(path.name)
    if share is None:
        return path.read_bytes()
    image = cv2.imread(str(path))
    if image is None:
        raise RoadError(f"{path} is missing or no image; run `sallyport-models samples`")
    return bytes(cv2.imencode(".jpg", image[: round(len(image) * share)])[1])

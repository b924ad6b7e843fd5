"""Networks that tell a face from a picture of one, where an operator supplied them: supporting evidence.

MiniFASNet of Silent-Face-Anti-Spoofing (Minivision, 2020, Apache-2.0). On real attacks measured elsewhere the first
reached an EER of 3.9 % for screens and 33 % for paper (design, section 6). The cut-out follows the published
`CropImage` and `to_tensor`: the face's box widened by a factor, moved and then shrunk into the frame, resized to 80x80
without regard to its proportions; blue green red, 0 to 255, not divided; class 1 is live.
"""

import math
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from sallyport_biometrics.face.grids import Spectra
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.witness import NAME, Witness
from sallyport_biometrics.face.words import Box, Face, Image

NETWORKS: Final = {"minifasnet-v2": 2.7, "minifasnet-v1se": 4.0}
"""Names in the model store, and the side of the cut-out in face boxes that each was trained with."""
INPUT: Final = 80
ALL: Final = (NAME, *NETWORKS)
"""All of the networks: the witness that we taught ourselves, and those."""
LIVE: Final = 1
"""Index of the live class in the networks' output."""
LARGEST: Final = 8.0
"""Log odds beyond which a network's certainty counts no more."""
ROOM: Final = "room"
WIDEST: Final = 2.7
"""Side of the narrower cut-out, in face boxes; where the frame has no room for it, live faces score higher too."""


class PassiveDetector:
    """The networks that are here: any of `ALL`, or none."""

    def __init__(self, models: Mapping[str, bytes], threads: int = 1) -> None:
        self._networks = {name: Network(models[name], threads) for name in NETWORKS if name in models}
        self._witness = Witness(models[NAME], threads) if NAME in models else None

    @property
    def names(self) -> tuple[str, ...]:
        return (*((NAME,) if self._witness else ()), *self._networks)

    @property
    def digests(self) -> tuple[bytes, ...]:
        own = (self._witness.digest,) if self._witness else ()
        return (*own, *(network.digest for network in self._networks.values()))

    def witnessed(self, frame: Image, box: Box, spectra: Spectra) -> dict[str, float]:
        """What our own network says, in colour or without; nothing where it is absent."""
        return self._witness.read(frame, box, spectra) if self._witness else {}

    def read(self, frame: Image, face: Face) -> dict[str, float]:
        """Each supplied network's log odds of an attack, within `LARGEST`, and the room there was for the cut-outs.

        They were trained on pictures in colour. Without networks nothing is said.
        """
        if not self._networks:
            return {}
        return {name: self._odds(name, frame, face) for name in self._networks} | {ROOM: room_of(frame, face.box)}

    def _odds(self, name: str, frame: Image, face: Face) -> float:
        chip = cv2.resize(cut(frame, face.box, NETWORKS[name]), (INPUT, INPUT))
        values = np.ascontiguousarray(chip.transpose(2, 0, 1)[None], dtype=np.float32)
        output = self._networks[name].run(values)[0][0].astype(np.float64)
        others = float(np.logaddexp.reduce(np.delete(output, LIVE)))
        return max(-LARGEST, min(LARGEST, others - float(output[LIVE])))


def room_of(frame: Image, box: Box) -> float:
    """Natural logarithm of the widest cut-out's side over the one wanted: 0 where there is room, below it where not."""
    height, width = frame.shape[:2]
    return math.log(max(0.1, min(WIDEST, (width - 1) / box.width, (height - 1) / box.height)) / WIDEST)


def cut(frame: Image, box: Box, factor: float) -> Image:
    """The box widened by `factor` about its middle, moved and shrunk as needed to lie in the frame."""
    height, width = frame.shape[:2]
    factor = min(factor, (width - 1) / box.width, (height - 1) / box.height)
    wide, high = box.width * factor, box.height * factor
    x, y = box.centre
    left = min(max(0.0, x - wide / 2), width - 1 - wide)
    top = min(max(0.0, y - high / 2), height - 1 - high)
    return frame[int(top) : int(top + high) + 1, int(left) : int(left + wide) + 1]

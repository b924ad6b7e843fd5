"""The third witness: a small network of our own that looks at a face three ways.

The face in its surround, made small (glare, paper, bezel, faded tones); the middle of the face in the camera's own
pixels, less what is smooth (moire, dots, a second sampling); and the mean logarithmic spectra about the face (a grid
that is the same everywhere). It was taught on the simulators of `sallyport_rig.recapture` and `sallyport_rig.witness`,
not on real attacks; what it says is compared with live faces alone, like the word of every other witness.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.grids import TILE, Spectra
from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.words import Box, Image

Values = npt.NDArray[np.float32]
NAME: Final = "attack-witness"
"""In the model store."""
SAID: Final = "witness"
"""Among what a frame shows: log odds of an attack."""
SURROUND, REACH = 96, 2.1
"""Side of the small picture, pixels, and in face heights."""
PATCH: Final = 96
"""Side of the part in the camera's own pixels."""
SMOOTH, FINE = 1.5, 16.0
"""Standard deviation of what counts as smooth there, pixels, and grey levels that count as one."""
SPECTRUM: Final = (TILE, TILE // 2 + 1)
SHAPES: Final = ((SURROUND, SURROUND, 3), (PATCH, PATCH, 3), (*SPECTRUM, 3))
"""Of the three views, in the order in which they follow each other in the network's one input."""
LENGTH: Final = sum(int(np.prod(shape)) for shape in SHAPES)
LARGEST: Final = 12.0
"""Log odds beyond which its certainty counts no more."""


class Witness:
    """The network."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        """Raises MalformedError when the bytes are no network."""
        self._network = Network(model, threads)

    @property
    def digest(self) -> bytes:
        return self._network.digest

    def read(self, frame: Image, box: Box, spectra: Spectra) -> dict[str, float]:
        """Log odds of an attack, within `LARGEST`; `spectra` are those about this box."""
        views = joined(surround_of(frame, box), patch_of(frame, box), spectra)
        return {SAID: float(np.clip(self._network.run(views[None])[0].ravel()[0], -LARGEST, LARGEST))}


def surround_of(frame: Image, box: Box) -> Image:
    """[SURROUND, SURROUND, 3] about the box; beyond the frame its edge goes on."""
    reach = max(16.0, max(box.width, box.height) * REACH)
    left, top = (round(middle - reach / 2) for middle in box.centre)
    side, (height, width) = round(reach), frame.shape[:2]
    part = frame[max(0, top) : max(1, top + side), max(0, left) : max(1, left + side)]
    above, before = max(0, -top), max(0, -left)
    below, behind = max(0, top + side - height), max(0, left + side - width)
    whole = cv2.copyMakeBorder(part, above, below, before, behind, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(whole, (SURROUND, SURROUND), interpolation=cv2.INTER_AREA), np.uint8)


def patch_of(frame: Image, box: Box) -> Image:
    """[PATCH, PATCH, 3] in the middle of the face, unscaled; a smaller frame is mirrored at its edges."""
    height, width = frame.shape[:2]
    if height < PATCH or width < PATCH:
        down, across = max(0, PATCH - height), max(0, PATCH - width)
        frame = np.asarray(cv2.copyMakeBorder(frame, 0, down, 0, across, cv2.BORDER_REFLECT), np.uint8)
        height, width = frame.shape[:2]
    left = int(np.clip(box.centre[0] - PATCH / 2, 0, width - PATCH))
    top = int(np.clip(box.centre[1] - PATCH / 2, 0, height - PATCH))
    return frame[top : top + PATCH, left : left + PATCH]


def joined(surround: Image, patch: Image, spectra: Spectra) -> Values:
    """[LENGTH] float32: what the network reads."""
    small = surround.astype(np.float32) / 128 - 1
    own = patch.astype(np.float32)
    fine = np.clip((own - cv2.GaussianBlur(own, (0, 0), SMOOTH)) / FINE, -3, 3)
    waves = np.stack([np.fft.fftshift(each, axes=0) for each in spectra], axis=2) / 3 - 1
    return np.concatenate([small.ravel(), fine.ravel(), waves.astype(np.float32).ravel()])

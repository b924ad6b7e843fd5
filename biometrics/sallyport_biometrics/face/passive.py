"""Signs of a picture of a picture, from one frame. Supporting evidence only: no passive detector here holds alone.

`pattern` is our own: screens and prints carry a regular grid, which stands out of a face's smooth spectrum as peaks.
`networks` are MiniFASNet (Silent-Face-Anti-Spoofing, Apache-2.0), supplied by the operator and known by digest; on real
attacks measured elsewhere: EER 3.9 % for screens, 33 % for paper (design.md, section 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.network import Network
from sallyport_biometrics.face.parameters import Passive
from sallyport_biometrics.face.words import Box, Face, Image

NETWORKS = {"minifasnet-v2": 2.7, "minifasnet-v1se": 4.0}
"""Names in the model store, and the side of the cut-out in face boxes that each was trained with."""
INPUT = 80
LIVE = 1
"""Index of the live class in the networks' output."""
SPECTRUM = 256
RINGS = (20, 120)
"""Spatial frequencies that are looked at, in cycles over the face's cut-out: between features and noise."""
WIDE = 1.2
"""Side of the cut-out for the spectrum, in face boxes."""


@dataclass(frozen=True, slots=True)
class Signs:
    """`pattern`: height of the highest peak over its ring of the spectrum, in natural logarithms, 0 and more.

    `networks`: for each network that is here, its probability of an attack, 0 to 1.
    """

    pattern: float
    networks: tuple[tuple[str, float], ...]


class PassiveDetector:
    """The networks that an operator supplied, and our own measure."""

    def __init__(self, models: Mapping[str, bytes], threads: int = 1) -> None:
        """`models` may hold any of `NETWORKS`, or none."""
        self._networks = {name: Network(models[name], threads) for name in NETWORKS if name in models}

    @property
    def digests(self) -> tuple[bytes, ...]:
        return tuple(network.digest for network in self._networks.values())

    def signs(self, frame: Image, face: Face) -> Signs:
        """What this frame's face shows of an attack."""
        found = tuple((name, self._attack(name, frame, face)) for name in self._networks)
        return Signs(pattern(frame, face), found)

    def _attack(self, name: str, frame: Image, face: Face) -> float:
        chip = cv2.resize(cut(frame, face.box, NETWORKS[name]), (INPUT, INPUT))
        values = np.ascontiguousarray(chip.transpose(2, 0, 1)[None], dtype=np.float32)
        output = self._networks[name].run(values)[0][0]
        likely = np.exp(output - output.max())
        return float(1.0 - likely[LIVE] / likely.sum())


def suspicious(signs: Signs, limits: Passive) -> bool:
    """Whether any sign is above its limit. Each limit stands at its own share of false alarms (`parameters.toml`)."""
    return signs.pattern > limits.pattern or any(likely > limits.network for _, likely in signs.networks)


def pattern(frame: Image, face: Face) -> float:
    """The highest peak of the face's spectrum over the median of its ring, natural logarithm of magnitude."""
    grey = cv2.cvtColor(cut(frame, face.box, WIDE), cv2.COLOR_BGR2GRAY)
    square = cv2.resize(grey, (SPECTRUM, SPECTRUM), interpolation=cv2.INTER_AREA).astype(np.float32)
    window = np.hanning(SPECTRUM).astype(np.float32)
    magnitude = np.abs(np.fft.fftshift(np.fft.fft2((square - square.mean()) * np.outer(window, window))))
    logs = np.log(magnitude + 1.0)
    return float(max(0.0, *(peak_over_ring(logs, ring) for ring in range(*RINGS, 4))))


def peak_over_ring(logs: npt.NDArray[np.floating], ring: int) -> float:
    """Greatest value in a ring four wide, less the ring's median; the axes are left out (frame edges lie there)."""
    distance, off_axis = _polar()
    values = logs[(distance >= ring) & (distance < ring + 4) & off_axis]
    return float(values.max() - np.median(values))


@cache
def _polar() -> tuple[npt.NDArray[np.floating], npt.NDArray[np.bool_]]:
    axis = np.arange(SPECTRUM) - SPECTRUM // 2
    across, down = np.meshgrid(axis, axis)
    return np.hypot(across, down), (np.abs(across) > 2) & (np.abs(down) > 2)


def cut(frame: Image, box: Box, factor: float) -> Image:
    """The box widened by `factor` about its middle, moved and shrunk as needed to lie in the frame."""
    height, width = frame.shape[:2]
    factor = min(factor, (width - 1) / box.width, (height - 1) / box.height)
    wide, high = box.width * factor, box.height * factor
    x, y = box.centre
    left = min(max(0.0, x - wide / 2), width - 1 - wide)
    top = min(max(0.0, y - high / 2), height - 1 - high)
    return frame[int(top) : int(top + high) + 1, int(left) : int(left + wide) + 1]

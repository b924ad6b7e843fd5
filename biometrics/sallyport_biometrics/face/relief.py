"""Does the light that the face returns belong to what the face looks like? A display's does not.

Skin and paper return a share of the light that falls on them: where the picture is dark, little is added, and where it
is bright, much. The share is even on paper, and varies over a head with its slopes and with the room's own shadows. A
display makes its own light: what it scatters and mirrors of our screen has nothing to do with the picture on it, so
the share is wild, great where the picture is dark and none where our screen is not mirrored. How bright the room is
does not matter for that, and how much comes back does not either, as long as it can be measured.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.flash import Flash, Light, shown
from sallyport_biometrics.face.words import Image, Mesh

Cells = npt.NDArray[np.float32]
"""[SIDE, SIDE, 3]: mean light of the face's parts, blue green red, linear, 0 to 1."""
SIDE: Final = 12
FEWEST: Final = 6
"""Frames in each half: six frames a second are enough."""
LEAST_LIGHT: Final = 0.01
"""Darker parts hold more of the lens's stray light than of their own."""
LEAST_SHARE: Final = 0.004
"""Light of our screen as a share of the face's, below which nothing is said: half a grey level."""
LEAST_SIGNAL: Final = 2.0
"""Mean share over its noise in one part."""
WILDEST: Final = 0.80
"""Unevenness above which no head returns the light; see docs/models/session-attacks.md, "the screen's light"."""


def _values(code: str) -> tuple[float, float, float]:
    """Linear light of `rrggbb` (IEC 61966-2-1)."""
    red, green, blue = (_LINEAR[int(code[at : at + 2], 16)] for at in (0, 2, 4))
    return (float(blue), float(green), float(red))


_LEVELS: Final = np.arange(256) / 255.0
_LINEAR: Final = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
PAGE: Final[Mapping[Light, str]] = MappingProxyType({Light.RED: "ff9a9a", Light.GREEN: "8cff8c", Light.BLUE: "9ab8ff"})
"""The page's colours, as in `screen.css`."""
SHOWN: Final = MappingProxyType({light: _values(code) for light, code in PAGE.items()})
"""Blue, green, red; linear, 0 to 1."""


def cells_of(frame: Image, mesh: Mesh) -> Cells | None:
    """The parts of the face that this mesh encloses; None outside the frame."""
    low, high = (np.rint(edge(mesh.points[:, :2], axis=0)).astype(int) for edge in (np.min, np.max))
    height, width = frame.shape[:2]
    region = frame[max(0, low[1]) : min(height, high[1]), max(0, low[0]) : min(width, high[0])]
    if min(region.shape[:2]) < SIDE:
        return None
    return np.asarray(cv2.resize(_LINEAR[region], (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)


def unevenness(flashes: Sequence[Flash], seen: Sequence[tuple[float, Cells]]) -> float | None:
    """Spread over mean of the share of light that the face's parts return; None where it cannot be measured.

    The spread is what the first and the second half of the frames agree on, so noise adds nothing to it.
    """
    lit = [(light, cells) for at_ms, cells in seen if (light := shown(flashes, at_ms)) is not None]
    if len(lit) < 2 * FEWEST or len({light for light, _ in lit}) < 2:
        return None
    light = np.mean([cells.mean(axis=2) for _, cells in lit], axis=0)
    halves = [_shares(lit[start::2]) for start in (0, 1)]
    first, second = (share[light >= LEAST_LIGHT] for share in halves)
    if len(first) < SIDE:
        return None
    mean, noise = float((first + second).mean()) / 2, float((first - second).std()) / 2
    if mean < max(LEAST_SHARE, LEAST_SIGNAL * noise):
        return None
    agreed = float(np.mean((first - first.mean()) * (second - second.mean())))
    return float(np.sqrt(max(0.0, agreed)) / mean)


def _shares(lit: Sequence[tuple[Light, Cells]]) -> npt.NDArray[np.float64]:
    """[SIDE, SIDE]: light of our screen, all white, as a share of each part's own."""
    ours = np.array([SHOWN[light] for light, _ in lit])
    cells = np.maximum(np.array([cells for _, cells in lit], np.float64), 1e-4)
    relative = np.log(cells / cells.mean(axis=0))
    relative -= relative.mean(axis=-1, keepdims=True)  # brightness is the head's movement and the camera's exposure
    relative -= relative.mean(axis=0)
    ours = ours - ours.mean(axis=1, keepdims=True)
    ours -= ours.mean(axis=0)
    return np.asarray(np.einsum("nc,nijc->ij", ours, relative) / max(float((ours**2).sum()), 1e-9))

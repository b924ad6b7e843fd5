"""A finger as the matcher sees it: quantised minutiae and ridge flow, and the digest of the model that found them.

The bytes are the value: extraction quantises before it makes a template, so a template and its bytes tell the same.

Layout, little endian:
`SPF` version(1) model(32) quality(1) rows(1) columns(1) row0(1) column0(1) count(1), then count x
{x(2) y(2) direction(1) quality(1) ending(1)}, then rows x columns flow cells (0: none; 1 to 255: orientation).
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.descriptors import Described, describe
from sallyport_biometrics.finger.flow import Flow, bounds
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_protocol.errors import MalformedError

MAGIC = b"SPF"
VERSION = 1
MAX_BYTES = 32_768
NO_MODEL = bytes(32)
"""Of templates that came from elsewhere (ISO/IEC 19794-2)."""

_HEADER = struct.Struct("<3sB32sBBBBBB")
_POINT = np.dtype([("x", "<u2"), ("y", "<u2"), ("direction", "u1"), ("quality", "u1"), ("ending", "u1")])
_STEPS = 255
_MAX_XY = 8191


@dataclass(frozen=True, eq=False, repr=False)
class FingerTemplate:
    """One impression, or several made one."""

    model: bytes
    """SHA-256 of the minutiae model."""
    quality: float
    """0 to 1, in steps of 1/255."""
    points: NDArray[np.void]
    """count records of x, y (px at 500 dpi, from the top left), direction (256ths of a turn, counter-clockwise from
    the right), quality and ending (255ths)."""
    flow: NDArray[np.uint8]
    """rows x columns; 0: no ridge; k: orientation (k - 1) / 255 of half a turn."""
    origin: tuple[int, int]
    """Row and column of the first flow cell, in cells of the image."""

    def __len__(self) -> int:
        return len(self.points)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FingerTemplate) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return f"FingerTemplate({len(self)} minutiae, quality {self.quality:.2f})"

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return self._bytes

    @cached_property
    def _bytes(self) -> bytes:
        rows, columns = self.flow.shape
        quality = round(self.quality * 255)
        header = _HEADER.pack(MAGIC, VERSION, self.model, quality, rows, columns, *self.origin, len(self.points))
        return header + self.points.tobytes() + self.flow.tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Reads the bytes. Raises MalformedError on anything but a whole template of a known version."""
        if len(content) < _HEADER.size or len(content) > MAX_BYTES:
            raise MalformedError("finger template: wrong length; enrol the finger again")
        magic, version, model, quality, rows, columns, row, column, count = _HEADER.unpack_from(content)
        if magic != MAGIC or version != VERSION:
            raise MalformedError(f"finger template: version {version} is not {VERSION}; enrol the finger again")
        split = _HEADER.size + count * _POINT.itemsize
        if count > p.MAX_MINUTIAE or len(content) != split + rows * columns:
            raise MalformedError("finger template: its length is not what it says; enrol the finger again")
        points = np.frombuffer(content[_HEADER.size : split], _POINT)
        if count and max(points["x"].max(), points["y"].max()) > _MAX_XY:
            raise MalformedError("finger template: a minutia lies outside any image; enrol the finger again")
        flow = np.frombuffer(content[split:], np.uint8).reshape(rows, columns)
        return cls(model, quality / 255, points, flow, (row, column))

    @classmethod
    def of(cls, model: bytes, quality: float, minutiae: Minutiae, flow: Flow | None) -> Self:
        """Quantises what extraction found; keeps the best minutiae."""
        cells, origin = _quantised(flow)
        best = minutiae.kept(np.argsort(-minutiae.quality, kind="stable")[: p.MAX_MINUTIAE])
        points = np.zeros(len(best), _POINT)
        points["x"] = np.clip(np.rint(best.x), 0, _MAX_XY)
        points["y"] = np.clip(np.rint(best.y), 0, _MAX_XY)
        points["direction"] = np.rint(best.direction * (128 / np.pi)).astype(np.int64) % 256
        points["quality"] = np.rint(np.clip(best.quality, 0, 1) * 255)
        points["ending"] = np.rint(np.clip(best.ending, 0, 1) * 255)
        return cls(model, round(float(np.clip(quality, 0, 1)) * 255) / 255, points, cells, origin)

    def minutiae(self) -> Minutiae:
        """The minutiae as floating-point arrays."""
        turns = self.points["direction"].astype(np.float32) * np.float32(np.pi / 128)
        return Minutiae(
            x=self.points["x"].astype(np.float32),
            y=self.points["y"].astype(np.float32),
            direction=np.where(turns > np.pi, turns - np.float32(2 * np.pi), turns),
            quality=self.points["quality"].astype(np.float32) / np.float32(255),
            ending=self.points["ending"].astype(np.float32) / np.float32(255),
        )

    def orientation(self) -> NDArray[np.complex64]:
        """The flow as double-angle unit numbers; 0 where there is no ridge."""
        return np.asarray(_ORIENTATIONS[self.flow], np.complex64)

    @cached_property
    def described(self) -> Described:
        """What the matcher compares: made once, a few milliseconds."""
        return describe(self.minutiae(), self.orientation(), self.origin)


_ORIENTATIONS = np.concatenate([[0], np.exp(2j * np.pi * np.arange(_STEPS) / _STEPS)]).astype(np.complex64)


def _quantised(flow: Flow | None) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    if flow is None or not flow.mask.any():
        return np.zeros((0, 0), np.uint8), (0, 0)
    top, bottom, left, right = bounds(flow.mask)
    turns = np.angle(flow.orientation[top:bottom, left:right]) / (2 * np.pi)
    steps = np.rint(turns * _STEPS).astype(np.int64) % _STEPS + 1
    cells = np.where(flow.mask[top:bottom, left:right], steps, 0).astype(np.uint8)
    return cells, (top, left)

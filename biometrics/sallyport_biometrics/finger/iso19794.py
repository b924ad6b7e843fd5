"""Finger minutiae records of ISO/IEC 19794-2: the 2005 record format and the 2011 format, read and written.

Read: every view of a record. Extended data (ridge counts, cores, zones) is checked for length and skipped. Written: one
view. Coordinates are kept in the record's own pixels, angles in its units of 360/256 degrees; a template made of a view
is brought to 500 dpi. It carries no ridge flow and no model, so it compares only with its like.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_biometrics.finger.template import NO_MODEL, FingerTemplate
from sallyport_protocol.errors import MalformedError

V2005, V2011 = 2005, 2011
_MAGIC = {b"FMR\0 20\0": V2005, b"FMR\x00030\0": V2011}
_HEAD_2005 = struct.Struct(">8sIHHHHHBB")
_VIEW_2005 = struct.Struct(">BBBB")
_HEAD_2011 = struct.Struct(">8sIHB")
_CAPTURE_2011 = struct.Struct(">I9sBHH")
_VIEW_2011 = struct.Struct(">BBHHBHHBB")
_PER_CM = 2.54
_ENDING, _BIFURCATION = 1, 2
_MAX_XY = 0x3FFF
_NO_QUALITY = 254
_PPCM = round(p.DPI / _PER_CM)


@dataclass(frozen=True, slots=True)
class FingerView:
    """One impression of a record."""

    position: int
    """0 (unknown) to 10."""
    quality: int
    """0 to 100; 255 where it was not computed."""
    width: int
    height: int
    per_cm: tuple[int, int]
    """Pixels per centimetre across and down."""
    points: NDArray[np.int64]
    """[N, 5] x, y (px), angle (256ths of a turn, counter-clockwise from the right), kind (0 other, 1 ending,
    2 bifurcation), quality (0 to 100)."""

    def template(self) -> FingerTemplate:
        """The view at 500 dpi, without ridge flow; the best minutiae where there are more than a template holds."""
        points = self.points.astype(np.float32)
        scale = np.array([p.DPI / _PER_CM / each for each in self.per_cm], np.float32)
        angle = points[:, 2] * np.float32(2 * np.pi / 256)
        ending = np.where(self.points[:, 3] == _ENDING, 1.0, np.where(self.points[:, 3] == _BIFURCATION, 0.0, 0.5))
        minutiae = Minutiae(
            x=points[:, 0] * scale[0],
            y=points[:, 1] * scale[1],
            direction=np.where(angle > np.pi, angle - np.float32(2 * np.pi), angle),
            quality=points[:, 4] / np.float32(100),
            ending=ending.astype(np.float32),
        )
        return FingerTemplate.of(NO_MODEL, min(self.quality, 100) / 100, minutiae, None)


class _Reader:
    """Takes fields from the front; MalformedError where bytes are missing."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def left(self) -> int:
        return len(self._content)

    def bytes(self, count: int) -> bytes:
        if count < 0 or count > len(self._content):
            raise MalformedError("minutiae record: it is cut off; ask for it again")
        taken, self._content = self._content[:count], self._content[count:]
        return taken

    def fields(self, layout: struct.Struct) -> tuple[int, ...]:
        return layout.unpack(self.bytes(layout.size))


def read(content: bytes) -> tuple[FingerView, ...]:
    """All views of a record. Raises MalformedError on anything that is not one whole record of a known version."""
    version = _MAGIC.get(content[:8])
    if version is None:
        raise MalformedError("minutiae record: not ISO/IEC 19794-2 of 2005 or 2011; ask for one of these")
    if len(content) < 12 or struct.unpack(">I", content[8:12])[0] != len(content):
        raise MalformedError("minutiae record: its length is not what it says; ask for it again")
    reader = _Reader(content)
    views = _read_2005(reader) if version == V2005 else _read_2011(reader)
    if reader.left:
        raise MalformedError(f"minutiae record: {reader.left} bytes follow the last view; ask for it again")
    if not views:
        raise MalformedError("minutiae record: it holds no finger; ask for it again")
    return views


def _read_2005(reader: _Reader) -> tuple[FingerView, ...]:
    _, _, _, width, height, across, down, count, _ = reader.fields(_HEAD_2005)
    views = []
    for _ in range(count):
        position, _, quality, minutiae = reader.fields(_VIEW_2005)
        points = _points(reader, minutiae, 6)
        reader.bytes(struct.unpack(">H", reader.bytes(2))[0])
        views.append(_view(position, quality, (width, height), (across, down), points))
    return tuple(views)


def _read_2011(reader: _Reader) -> tuple[FingerView, ...]:
    _, _, count, certified = reader.fields(_HEAD_2011)
    views = []
    for _ in range(count):
        before = reader.left
        length, *_ = reader.fields(_CAPTURE_2011)
        scores = [reader.bytes(5)[0] for _ in range(reader.bytes(1)[0])]
        if certified:
            reader.bytes(3 * reader.bytes(1)[0])
        position, _, across, down, _, width, height, form, minutiae = reader.fields(_VIEW_2011)
        points = _points(reader, minutiae, form >> 4)
        reader.bytes(struct.unpack(">H", reader.bytes(2))[0])
        if before - reader.left != length:
            raise MalformedError("minutiae record: a view's length is not what it says; ask for it again")
        views.append(_view(position, scores[0] if scores else 255, (width, height), (across, down), points))
    return tuple(views)


def _points(reader: _Reader, count: int, size: int) -> NDArray[np.int64]:
    if size not in (5, 6):
        raise MalformedError(f"minutiae record: minutiae of {size} bytes; ask for 5 or 6")
    raw = np.frombuffer(reader.bytes(count * size), np.uint8).reshape(count, size).astype(np.int64)
    x, y = raw[:, 0] << 8 | raw[:, 1], raw[:, 2] << 8 | raw[:, 3]
    quality = raw[:, 5] if size == 6 else np.full(count, _NO_QUALITY)
    # 0 (2005) and 254, 255 (2011) say that no quality is known: such a minutia counts as an ordinary one.
    quality = np.where((quality == 0) | (quality > 100), 75, quality)
    return np.stack([x & _MAX_XY, y & _MAX_XY, raw[:, 4], x >> 14, quality], axis=1)


def _view(
    position: int, quality: int, size: tuple[int, int], per_cm: tuple[int, int], points: NDArray[np.int64]
) -> FingerView:
    least, most = p.MIN_DPI / _PER_CM, p.MAX_DPI / _PER_CM
    if position > 10 or not all(least <= each <= most for each in per_cm):
        raise MalformedError("minutiae record: finger position or resolution is out of range; ask for it again")
    if len(points) and (points[:, 0].max() >= size[0] or points[:, 1].max() >= size[1]):
        raise MalformedError("minutiae record: a minutia lies outside its image; ask for it again")
    if len(points) and points[:, 3].max() > _BIFURCATION:
        raise MalformedError("minutiae record: a minutia is of no known kind; ask for it again")
    return FingerView(position, quality, *size, per_cm, points)


def write(template: FingerTemplate, version: int, position: int = 0) -> bytes:
    """A record of one view at 500 dpi. Raises ValueError for another version than 2005 or 2011."""
    if version not in (V2005, V2011) or not 0 <= position <= 10:
        raise ValueError("version 2005 or 2011, position 0 to 10")
    points = template.points
    kind = np.where(points["ending"] >= 128, _ENDING, _BIFURCATION)
    quality = np.maximum(1, np.rint(points["quality"].astype(np.float64) / 2.55))
    width, height = (int(points[axis].max()) + 1 if len(points) else 1 for axis in ("x", "y"))
    body = b"".join(
        struct.pack(">HHBB", int(each["x"]) | int(what) << 14, int(each["y"]), int(each["direction"]), int(sure))
        for each, what, sure in zip(points, kind, quality, strict=True)
    )
    score = round(template.quality * 100)
    if version == V2005:
        view = _VIEW_2005.pack(position, 0, score, len(points)) + body + bytes(2)
        total = _HEAD_2005.size + len(view)
        return _HEAD_2005.pack(b"FMR\0 20\0", total, 0, width, height, _PPCM, _PPCM, 1, 0) + view
    scores = struct.pack(">BBHH", 1, score, 0, 0)
    view = _VIEW_2011.pack(position, 0, _PPCM, _PPCM, 0, width, height, 6 << 4, len(points)) + body + bytes(2)
    length = _CAPTURE_2011.size + len(scores) + len(view)
    capture = _CAPTURE_2011.pack(length, b"\xff" * 9, 0, 0, 0)
    return _HEAD_2011.pack(b"FMR\x00030\0", _HEAD_2011.size + length, 1, 0) + capture + scores + view

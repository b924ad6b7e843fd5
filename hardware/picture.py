"""Shaded pictures of STL files: from the front, the left and above, nearer faces hiding farther ones, edges drawn."""

import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

WIDE = 900
"""Pixels of the longer side."""
MARGIN = 20


def triangles(stl: Path) -> list[list[tuple[float, float, float]]]:
    """The triangles of an ASCII or binary STL file, in mm."""
    raw = stl.read_bytes()
    if raw[:5] == b"solid":
        points = [tuple(map(float, line.split()[1:])) for line in raw.decode().splitlines() if "vertex" in line]
    else:
        count = struct.unpack("<I", raw[80:84])[0]
        points = []
        for n in range(count):
            values = struct.unpack("<12f", raw[84 + 50 * n : 132 + 50 * n])
            points += [values[3:6], values[6:9], values[9:12]]
    return [points[i : i + 3] for i in range(0, len(points), 3)]  # type: ignore[misc]


def picture(parts: list[tuple[Path, float]], png: Path) -> None:
    """Each part with its tone, 0 (black) to 1 (white)."""
    import numpy as np
    from matplotlib import image

    seen = [_turned(np.array(triangles(stl))) for stl, _ in parts]
    every = np.concatenate([faces.reshape(-1, 3) for faces in seen])
    low, high = every.min(0), every.max(0)
    scale = WIDE / max(high[0] - low[0], high[2] - low[2])
    size = ((high - low) * scale).astype(int) + 1 + 2 * MARGIN
    depth, shade = np.full((size[2], size[0]), np.inf), np.full((size[2], size[0]), 1.0)
    plane = np.zeros((size[2], size[0], 3))
    for faces, (_, tone) in zip(seen, parts, strict=True):
        normal = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        light = tone * (0.55 + 0.45 * np.abs(normal @ np.array([0.35, -0.7, 0.6]) / 0.99))
        for face, bright, facing in zip((faces - low) * scale + MARGIN, light, normal, strict=True):
            there, inside = _paint(face, depth)
            shade[there][inside], plane[there][inside] = float(bright), facing
    shade[_edges(depth, plane)] = 0.15
    image.imsave(png, shade[::-1], cmap="gray", vmin=0, vmax=1)


def _turned(faces: "NDArray[float64]") -> "NDArray[float64]":
    """As the viewer sees them: x right, y away, z up."""
    import numpy as np

    turn, tilt = np.radians(28), np.radians(18)
    around = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    over = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray(faces @ around.T @ over.T)


def _edges(depth: "NDArray[float64]", plane: "NDArray[float64]") -> "NDArray[bool_]":
    """Where a face ends: the next pixel lies on another plane, or much farther away."""
    import numpy as np

    found = np.zeros(depth.shape, bool)
    far = np.where(np.isfinite(depth), depth, 1e6)
    for axis in (0, 1):
        step = np.abs(np.diff(far, axis=axis)) > 12
        turn = np.abs((plane * np.roll(plane, -1, axis)).sum(2)) < 0.98
        turn = np.delete(turn, -1, axis)
        body = np.delete(np.isfinite(depth) & np.isfinite(np.roll(depth, -1, axis)), -1, axis)
        at = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        found[at] |= step | (turn & body)
    return found


def _paint(face: "NDArray[float64]", depth: "NDArray[float64]") -> "tuple[tuple[slice, slice], NDArray[bool_]]":
    """One triangle (x right, y away, z up; pixels): the window it lies in, and which of its pixels it is nearest in."""
    import numpy as np

    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = face
    left, right = int(min(ax, bx, cx)), int(max(ax, bx, cx)) + 1
    bottom, top = int(min(az, bz, cz)), int(max(az, bz, cz)) + 1
    window = slice(bottom, top), slice(left, right)
    area = (bz - cz) * (ax - cx) + (cx - bx) * (az - cz)
    if abs(area) < 1e-9:
        return window, np.zeros((top - bottom, right - left), bool)
    z, x = np.mgrid[bottom:top, left:right] + 0.5
    a = ((bz - cz) * (x - cx) + (cx - bx) * (z - cz)) / area
    b = ((cz - az) * (x - cx) + (ax - cx) * (z - cz)) / area
    away = a * ay + b * by + (1 - a - b) * cy
    there = depth[window]
    inside = (a >= -1e-6) & (b >= -1e-6) & (a + b <= 1 + 1e-6) & (away < there)
    there[inside] = away[inside]
    return window, inside

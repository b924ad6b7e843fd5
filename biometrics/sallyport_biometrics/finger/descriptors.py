"""What surrounds each minutia, in the minutia's own frame, so that two impressions can be compared part by part.

Two descriptors: the minutia cylinder code (Cappelli, Ferrara, Maltoni 2010), which says where the neighbours are and
where they point, and the ridge flow sampled on rings (after Tico and Kuosmanen 2003), which says how the ridges run.
"""

from dataclasses import dataclass
from math import erf, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Complexes, Floats
from sallyport_biometrics.finger.minutiae import Minutiae


@dataclass(frozen=True, slots=True)
class Described:
    """A template made ready for matching; N minutiae, M flow cells. Coordinates are complex, x + iy with y up."""

    place: Complexes
    """[N] px."""
    direction: Floats
    """[N] rad."""
    heading: Complexes
    """[N] exp(i direction)."""
    quality: Floats
    """[N] 0 to 1."""
    cylinders: Floats
    """[N, cells x sections] 0 to 1."""
    cylinder_norm: Floats
    """[N] Euclidean."""
    rings: Floats
    """[N, 2 x points] ridge flow relative to the direction: real parts, then imaginary parts."""
    ring_support: Floats
    """[N, points] 1 where there is flow."""
    cells: Complexes
    """[M] centres of the flow cells, px."""
    cell_flow: Complexes
    """[M] their double-angle unit numbers."""
    field: Complexes
    """rows x columns with a border of one empty cell, so that what lies outside is 0."""
    origin: tuple[int, int]
    """Row and column of `field[1, 1]` in cells of the image."""

    def __len__(self) -> int:
        return len(self.place)

    def flow_at(self, place: Complexes) -> Complexes:
        """The flow at any places; 0 outside the print."""
        row0, column0 = self.origin
        rows, columns = self.field.shape
        column = np.floor(place.real * (1 / p.CELL)).astype(np.intp) - (column0 - 1)
        row = np.floor(place.imag * (-1 / p.CELL)).astype(np.intp) - (row0 - 1)
        sampled: Complexes = self.field[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)]
        return sampled


def describe(minutiae: Minutiae, orientation: Complexes, origin: tuple[int, int]) -> Described:
    """Builds both descriptors. `orientation` is the cropped field whose first cell is `origin` (row, column)."""
    place = (minutiae.x - 1j * minutiae.y).astype(np.complex64)
    field = np.pad(orientation, 1)
    rows, columns = np.nonzero(field)
    centres = (columns - 1 + origin[1] + 0.5) * p.CELL - 1j * (rows - 1 + origin[0] + 0.5) * p.CELL
    cylinders = _cylinders(place, minutiae.direction)
    empty = np.zeros((len(place), 0), np.float32)
    bare = Described(
        place=place,
        direction=minutiae.direction,
        heading=np.exp(1j * minutiae.direction).astype(np.complex64),
        quality=minutiae.quality,
        cylinders=cylinders,
        cylinder_norm=np.sqrt(np.einsum("ij,ij->i", cylinders, cylinders)),
        rings=empty,
        ring_support=empty,
        cells=centres.astype(np.complex64),
        cell_flow=field[rows, columns],
        field=field,
        origin=origin,
    )
    return _with_rings(bare)


def _disc() -> Complexes:
    """Centres of the cells of a cylinder's disc, in the frame of its minutia, px."""
    step = 2 * p.CYLINDER_RADIUS / p.CYLINDER_CELLS
    axis = (np.arange(p.CYLINDER_CELLS) - (p.CYLINDER_CELLS - 1) / 2) * step
    grid = (axis[None, :] + 1j * axis[:, None]).ravel()
    return grid[np.abs(grid) <= p.CYLINDER_RADIUS].astype(np.complex64)


def _direction_share() -> tuple[Floats, Floats]:
    """Gaussian mass of one section, by its distance in angle: a table over -pi to pi."""
    half, scale = pi / p.CYLINDER_SECTIONS, p.CYLINDER_SIGMA_DIRECTION * sqrt(2)
    angles = np.linspace(-pi, pi, 721)
    mass = [0.5 * (erf((angle + half) / scale) - erf((angle - half) / scale)) for angle in angles]
    return angles.astype(np.float32), np.array(mass, np.float32)


_DISC = _disc()
_SECTIONS = ((np.arange(p.CYLINDER_SECTIONS) - (p.CYLINDER_SECTIONS - 1) / 2) * (2 * pi / p.CYLINDER_SECTIONS)).astype(
    np.float32
)
_ANGLES, _MASS = _direction_share()
_RINGS = np.concatenate(
    [radius * np.exp(2j * pi * np.arange(points) / points) for radius, points in p.FLOW_RINGS]
).astype(np.complex64)


def wrapped(angle: Floats) -> Floats:
    """The same angles between -pi and pi."""
    turned: Floats = np.remainder(angle + np.float32(pi), np.float32(2 * pi)) - np.float32(pi)
    return turned


def _cylinders(place: Complexes, direction: Floats) -> Floats:
    """[N, cells x sections]: how much of the neighbours lies in each cell and section, through MCC's sigmoid."""
    count, cells = len(place), len(_DISC)
    if not count:
        return np.zeros((0, cells * p.CYLINDER_SECTIONS), np.float32)
    away = place[None, :] - place[:, None]
    seen = away * np.exp(-1j * direction)[:, None].astype(np.complex64)
    offset = _DISC[None, :, None] - seen[:, None, :]
    squared = offset.real**2 + offset.imag**2
    reach, sigma = 3 * p.CYLINDER_SIGMA_SPACE, p.CYLINDER_SIGMA_SPACE
    near = np.where(squared <= reach**2, np.exp(squared * (-0.5 / sigma**2)), 0) / (sigma * sqrt(2 * pi))
    near[np.arange(count), :, np.arange(count)] = 0
    turned = direction[:, None] - direction[None, :]
    share = np.interp(wrapped(_SECTIONS - turned[..., None]), _ANGLES, _MASS).astype(np.float32)
    raw = (near.astype(np.float32) @ share).reshape(count, -1)
    values = 1 / (1 + np.exp(np.clip(-p.CYLINDER_TAU * (raw - p.CYLINDER_MU), -60, 60)))
    neighbours = (np.abs(away) <= p.CYLINDER_RADIUS + reach).sum(axis=1) - 1
    values[neighbours < p.CYLINDER_NEIGHBOURS] = 0
    return np.asarray(values, np.float32)


def _with_rings(bare: Described) -> Described:
    points = bare.place[:, None] + bare.heading[:, None] * _RINGS
    flow = bare.flow_at(points) * np.conj(bare.heading * bare.heading)[:, None]
    support: NDArray[np.bool_] = flow != 0
    return Described(
        bare.place,
        bare.direction,
        bare.heading,
        bare.quality,
        bare.cylinders,
        bare.cylinder_norm,
        np.concatenate([flow.real, flow.imag], axis=1).astype(np.float32),
        support.astype(np.float32),
        bare.cells,
        bare.cell_flow,
        bare.field,
        bare.origin,
    )

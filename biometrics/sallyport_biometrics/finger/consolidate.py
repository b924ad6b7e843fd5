"""Several impressions of one finger made one enrolment template.

The impression that the others agree with most is the base, and the others are laid over it. Minutiae that fall together
become one, at their mean place and direction; its quality is what all impressions saw of it, divided by how many could
have. Where the base shows no ridges, the flow of the others fills in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.alignment import Alignment, align, likeness
from sallyport_biometrics.finger.descriptors import Described, wrapped
from sallyport_biometrics.finger.flow import Complexes, Flow
from sallyport_biometrics.finger.match import compare
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_biometrics.finger.template import FingerTemplate
from sallyport_protocol.errors import MalformedError


@dataclass(frozen=True, slots=True)
class _Laid:
    """One impression in the base's frame."""

    minutiae: Minutiae
    placed: Complexes
    direction: NDArray[np.float32]
    cells: Complexes
    cell_flow: Complexes
    described: Described
    alignment: Alignment | None
    """None for the base itself."""

    def covers(self, place: complex) -> bool:
        """Whether this impression shows ridges at a place of the base's frame."""
        spot = np.array([place], np.complex64)
        return bool(self.described.flow_at(self.alignment.onto_first(spot) if self.alignment else spot)[0])


def consolidate(templates: Sequence[FingerTemplate]) -> FingerTemplate:
    """One template of one finger; the same impressions in any order give the same template.

    Impressions that do not match the base are left out. Raises MalformedError for none, or for different models.
    """
    if not templates:
        raise MalformedError("an enrolment needs at least one impression; capture the finger again")
    if len({each.model for each in templates}) > 1:
        raise MalformedError("the impressions were made by different models; capture the finger again")
    ordered = sorted(set(templates), key=lambda each: each.to_bytes())
    worth = [sum(compare(each, other) for other in ordered if other is not each) for each in ordered]
    base = ordered[int(np.argmax(worth))]
    laid = [_lay(base, base)]
    for other in ordered:
        if other is not base and compare(other, base) >= p.SAME_FINGER:
            laid.append(_lay(other, base))
    if len(laid) == 1:
        return base
    return _shifted(base.model, max(each.quality for each in ordered), _merged(laid), _flow(laid))


def agree(templates: Sequence[FingerTemplate]) -> bool:
    """Whether every impression matches another one: an enrolment of one and the same finger."""
    return len(templates) > 1 and all(
        any(compare(each, other) >= p.SAME_FINGER for j, other in enumerate(templates) if j != i)
        for i, each in enumerate(templates)
    )


def _lay(template: FingerTemplate, base: FingerTemplate) -> _Laid:
    own = template.described
    if template is base:
        return _Laid(base.minutiae(), own.place, own.direction, own.cells, own.cell_flow, own, None)
    alignment = align(own, base.described, likeness(own, base.described))
    assert alignment is not None  # its score was above SAME_FINGER
    turn = np.complex64(alignment.turn)
    return _Laid(
        template.minutiae(),
        alignment.placed,
        wrapped(own.direction + np.float32(np.angle(turn))),
        alignment.onto_second(own.cells),
        own.cell_flow * turn * turn,
        own,
        alignment,
    )


def _merged(laid: Sequence[_Laid]) -> Minutiae:
    """Greedy clusters of minutiae, at most one from each impression, the surest first."""
    place = np.concatenate([each.placed for each in laid])
    direction = np.concatenate([each.direction for each in laid])
    quality = np.concatenate([each.minutiae.quality for each in laid])
    ending = np.concatenate([each.minutiae.ending for each in laid])
    source = np.repeat(np.arange(len(laid)), [len(each.placed) for each in laid])
    free = np.ones(len(place), np.bool_)
    rows = []
    for seed in np.argsort(-quality, kind="stable"):
        if not free[seed]:
            continue
        away = np.abs(place - place[seed]) + 1e3 * ~free
        away[np.abs(wrapped(direction - direction[seed])) > p.MERGE_DIRECTION] = np.inf
        chosen = [seed]
        for other in set(range(len(laid))) - {int(source[seed])}:
            nearest = int(np.argmin(np.where(source == other, away, np.inf)))
            if source[nearest] == other and away[nearest] <= p.MERGE_REACH:
                chosen.append(nearest)
        free[chosen] = False
        centre, heading = place[chosen].mean(), np.exp(1j * direction[chosen]).mean()
        could = max(len(chosen), sum(each.covers(complex(centre)) for each in laid))
        rows.append(
            (centre.real, -centre.imag, np.angle(heading), quality[chosen].sum() / could, ending[chosen].mean())
        )
    merged = Minutiae(*np.array(rows, np.float32).T)
    return merged.kept(merged.quality >= p.MERGED_QUALITY)


def _flow(laid: Sequence[_Laid]) -> tuple[Flow, tuple[int, int]]:
    """The flow of all impressions on the base's grid, the base's own where it has one; and the grid's first cell."""
    columns = [np.floor(each.cells.real / p.CELL).astype(int) for each in laid]
    rows = [np.floor(-each.cells.imag / p.CELL).astype(int) for each in laid]
    top, left = min(int(each.min()) for each in rows), min(int(each.min()) for each in columns)
    shape = (max(int(each.max()) for each in rows) - top + 1, max(int(each.max()) for each in columns) - left + 1)
    orientation = np.zeros(shape, np.complex64)
    for row, column, each in zip(reversed(rows), reversed(columns), reversed(laid), strict=True):
        orientation[row - top, column - left] = each.cell_flow
    size = np.ones(shape, np.float32)
    return Flow(orientation, size, size, orientation != 0), (top, left)


def _shifted(model: bytes, quality: float, minutiae: Minutiae, flow: tuple[Flow, tuple[int, int]]) -> FingerTemplate:
    """A template whose first cell is the grid's: what was laid over may lie outside the base's image."""
    field, (top, left) = flow
    x = np.maximum(minutiae.x - left * p.CELL, 0)
    y = np.maximum(minutiae.y - top * p.CELL, 0)
    inside = Minutiae(x, y, minutiae.direction, minutiae.quality, minutiae.ending)
    return FingerTemplate.of(model, quality, inside, field)

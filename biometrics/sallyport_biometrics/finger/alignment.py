"""Lays one impression over another: local similarity, mutual support, rigid motion, local straightening, pairs.

1. Every minutia of one is compared with every minutia of the other by its surroundings.
2. The most similar pairs support each other where both see the other pair in the same place; power iteration finds
   the group that agrees best (Leordeanu and Hebert 2005).
3. That group gives one rotation and shift; minutiae that now fall together are paired.
4. The pairs' remaining displacements, smoothed, follow the skin's distortion; minutiae are paired again, tighter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.descriptors import Described, wrapped
from sallyport_biometrics.finger.flow import Complexes, Floats

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the surroundings of every pair of minutiae are; each array is [N, M]."""

    cylinders: Floats
    flow: Floats
    together: Floats
    """Weighted; 0 where the directions differ by more than fingers on a sensor can."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """One impression laid over the other."""

    support: float
    """How strongly the best group of pairs agrees: the largest eigenvalue."""
    turn: complex
    """exp(i rotation) from the first to the second."""
    pivot_first: complex
    pivot_second: complex
    """px: the centres that rotation maps onto each other."""
    placed: Complexes
    """[N] the first's minutiae in the second's frame, straightened."""
    first: Indices
    second: Indices
    """Which minutiae are paired."""

    def onto_second(self, place: Complexes) -> Complexes:
        """Places of the first in the second's frame, rigidly."""
        return np.asarray((place - self.pivot_first) * self.turn + self.pivot_second, np.complex64)

    def onto_first(self, place: Complexes) -> Complexes:
        """Places of the second in the first's frame, rigidly."""
        return np.asarray((place - self.pivot_second) * self.turn.conjugate() + self.pivot_first, np.complex64)


def likeness(a: Described, b: Described) -> Likeness:
    """Compares all surroundings at once."""
    product = _inner(a.cylinders, b.cylinders)
    norms = a.cylinder_norm[:, None] + b.cylinder_norm[None, :]
    squared = (a.cylinder_norm**2)[:, None] + (b.cylinder_norm**2)[None, :] - 2 * product
    cylinders = 1 - np.sqrt(np.maximum(squared, 0)) / (norms + 1e-6)
    common = _inner(a.ring_support, b.ring_support)
    flow = np.asarray(_inner(a.rings, b.rings) / np.maximum(common, p.FLOW_SUPPORT), np.float32)
    together = p.CYLINDER_SHARE * np.maximum(cylinders, 0) + (1 - p.CYLINDER_SHARE) * np.maximum(flow, 0)
    together[np.abs(wrapped(a.direction[:, None] - b.direction[None, :])) > p.MAX_ROTATION] = 0
    return Likeness(cylinders, flow, together)


_ONE_THREAD = 200_000
"""Multiplications of a matrix product up to which OpenBLAS stays on the calling thread."""


def _inner(a: Floats, b: Floats) -> Floats:
    """[N, M] inner products of rows, in slices so small that BLAS wakes no other thread.

    Waking them costs more than the product: a comparison took ten times as long on two busy cores.
    """
    step = max(1, _ONE_THREAD // (len(a) * len(b)))
    total = a[:, :step] @ b[:, :step].T
    for start in range(step, a.shape[1], step):
        total += a[:, start : start + step] @ b[:, start : start + step].T
    return total


def align(a: Described, b: Described, like: Likeness) -> Alignment | None:
    """Lays `a` over `b`; None when no two minutiae are alike at all."""
    first, second, worth = _candidates(like.together)
    if len(first) < 2:
        return None
    agreement = _agreement(a, b, first, second)
    weight, support = _principal(agreement * np.sqrt(worth[:, None] * worth[None, :]), worth)
    leader = int(np.argmax(weight))
    group = weight * (agreement[leader] > 0)
    group[leader] = weight[leader]
    turn, pivot_a, pivot_b = _rigid(a, b, first, second, group)
    placed = ((a.place - pivot_a) * turn + pivot_b).astype(np.complex64)
    turned = np.abs(wrapped(a.direction[:, None] + np.float32(np.angle(turn)) - b.direction[None, :]))
    i, j = _paired(placed, b.place, turned, p.COARSE_REACH)
    if len(i):
        placed = _straightened(placed, i, b.place[j])
        i, j = _paired(placed, b.place, turned, p.FINE_REACH)
    return Alignment(support, turn, pivot_a, pivot_b, placed, i, j)


def _candidates(together: Floats) -> tuple[Indices, Indices, Floats]:
    """The most similar pairs, best first: their minutiae and similarity."""
    flat = together.ravel()
    count = min(p.CANDIDATES, len(flat))
    top = np.argpartition(flat, len(flat) - count)[len(flat) - count :]
    top = top[np.lexsort((top, -flat[top]))]
    top = top[flat[top] > 0]
    first, second = np.divmod(top, together.shape[1])
    return first, second, flat[top]


def _agreement(a: Described, b: Described, first: Indices, second: Indices) -> Floats:
    """[K, K] 0 to 1: whether two pairs see each other in the same place and direction."""
    from_a, from_b = a.place[first], b.place[second]
    head_a, head_b = a.heading[first], b.heading[second]
    view_a = (from_a[None, :] - from_a[:, None]) * np.conj(head_a)[:, None]
    view_b = (from_b[None, :] - from_b[:, None]) * np.conj(head_b)[:, None]
    slack = p.PAIR_WIDTH * (p.PAIR_SLACK + p.PAIR_STRETCH * np.abs(view_a))
    turn = a.direction[first] - b.direction[second]
    turned = np.abs(wrapped(turn[:, None] - turn[None, :]))
    near = np.maximum(1 - np.abs(view_a - view_b) / slack, 0)
    one_way = near * np.maximum(1 - turned / np.float32(p.PAIR_DIRECTION), 0)
    agreement: Floats = np.minimum(one_way, one_way.T)
    agreement[(first[:, None] == first[None, :]) | (second[:, None] == second[None, :])] = 0
    return agreement


def _principal(matrix: Floats, start: Floats) -> tuple[Floats, float]:
    """Principal eigenvector and eigenvalue of a non-negative symmetric matrix, by power iteration."""
    vector = start
    length = 0.0
    for _ in range(p.ROUNDS):
        vector = matrix @ vector + np.float32(1e-9)
        length = float(np.sqrt(vector @ vector))
        vector = vector / length
    return vector, length


def _rigid(
    a: Described, b: Described, first: Indices, second: Indices, weight: Floats
) -> tuple[complex, complex, complex]:
    """Weighted least-squares rotation between pairs, and the two centres it maps onto each other."""
    from_a, from_b = a.place[first], b.place[second]
    total = weight.sum()
    pivot_a, pivot_b = (weight @ from_a) / total, (weight @ from_b) / total
    by_place = weight @ (np.conj(from_a - pivot_a) * (from_b - pivot_b))
    by_direction = weight @ (np.conj(a.heading[first]) * b.heading[second])
    turn = complex(by_place + p.DIRECTION_WEIGHT * by_direction)
    return turn / (abs(turn) + 1e-9), complex(pivot_a), complex(pivot_b)


def _paired(placed: Complexes, place: Complexes, turned: Floats, reach: float) -> tuple[Indices, Indices]:
    """Minutiae that are each other's nearest within reach."""
    away = np.abs(placed[:, None] - place[None, :])
    cost = away * np.float32(1 / reach) + turned * np.float32(0.5 / p.PAIRED_DIRECTION)
    cost[(away >= reach) | (turned >= p.PAIRED_DIRECTION)] = np.inf
    to_b, to_a = cost.argmin(axis=1), cost.argmin(axis=0)
    rows = np.arange(len(placed))
    first = np.nonzero((to_a[to_b] == rows) & np.isfinite(cost[rows, to_b]))[0]
    return first, to_b[first]


def _straightened(placed: Complexes, paired: Indices, target: Complexes) -> Complexes:
    """Moves every minutia by what the pairs around it still miss."""
    anchors = placed[paired]
    away = placed[:, None] - anchors[None, :]
    near = np.exp((away.real**2 + away.imag**2) * (-0.5 / p.STRAIGHTEN_SIGMA**2))
    moved = placed + (near @ (target - anchors)) / (near.sum(axis=1) + p.STRAIGHTEN_RIDGE)
    return np.asarray(moved, np.complex64)

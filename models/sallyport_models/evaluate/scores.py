"""Figures of a comparison algorithm from its scores: pure numbers, no images.

Terms of ISO/IEC 19795-1. A pair is accepted when its score is at or above the threshold. A pair with a failure to
acquire has the score `-inf`: never accepted, so a failure counts as a false non-match and never as a false match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
RATES = (1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Of a set of genuine and impostor scores."""

    eer: float
    threshold: dict[float, float]
    """By false match rate: the lowest threshold whose FMR on these impostors is not above it."""
    fnmr: dict[float, float]
    """By false match rate; absent where the impostors are too few to show the rate."""


def fold_accuracy(scores: Scores, genuine: Flags, folds: int) -> tuple[float, ...]:
    """Share of right decisions in each of `folds` equal parts, at the threshold that is best on the others."""
    edges = np.linspace(0, len(scores), folds + 1).round().astype(int)
    accuracies = []
    for first, last in pairwise(edges):
        inside = np.zeros(len(scores), dtype=bool)
        inside[first:last] = True
        training = inside if folds == 1 else ~inside
        threshold = best_threshold(scores[training], genuine[training])
        accuracies.append(float(((scores[inside] >= threshold) == genuine[inside]).mean()))
    return tuple(accuracies)


def best_threshold(scores: Scores, genuine: Flags) -> float:
    """The threshold with the most right decisions, half-way between the two scores that it separates."""
    order = np.argsort(scores, kind="stable")
    ranked, truth = scores[order].astype(np.float64), genuine[order]
    wrong_below = np.concatenate([[0], np.cumsum(truth)])
    wrong_above = np.concatenate([[0], np.cumsum(~truth[::-1])])[::-1]
    at = int(np.argmin(wrong_below + wrong_above))
    low, high = ranked[max(at - 1, 0)], ranked[min(at, len(ranked) - 1)]
    return float((low + high) / 2) if np.isfinite(low) else float(high)


def error_rates(genuine: Scores, impostor: Scores, rates: Sequence[float] = RATES) -> ErrorRates:
    """EER and FNMR at each false match rate that at least one impostor score can show."""
    ranked, falling = np.sort(genuine), np.sort(impostor)[::-1]
    thresholds, fnmr = {}, {}
    for rate in rates:
        accepted = int(rate * len(falling))
        if accepted == 0:
            continue
        limit = float(np.nextafter(falling[accepted], np.float32(np.inf), dtype=np.float32))
        thresholds[rate] = limit
        fnmr[rate] = miss_rate(ranked, limit)
    return ErrorRates(equal_error_rate(ranked, falling[::-1]), thresholds, fnmr)


def miss_rate(ranked: Scores, threshold: float) -> float:
    """Share of rising scores below the threshold."""
    return float(np.searchsorted(ranked, threshold, side="left") / max(1, len(ranked)))


def equal_error_rate(genuine: Scores, impostor: Scores) -> float:
    """Where FMR and FNMR meet; both inputs rise. The mean of the two at the nearest genuine score; NaN without any."""
    if not len(genuine) or not len(impostor):
        return float("nan")
    fnmr = np.arange(len(genuine)) / len(genuine)
    fmr = 1.0 - np.searchsorted(impostor, genuine, side="left") / len(impostor)
    at = int(np.argmin(np.abs(fnmr - fmr)))
    return float((fnmr[at] + fmr[at]) / 2)


def curve(genuine: Scores, impostor: Scores, points: int = 200) -> npt.NDArray[np.float64]:
    """[points, 2] of (FMR, FNMR), FMR falling in equal steps of its logarithm: a DET plot's line."""
    ranked, falling = np.sort(genuine), np.sort(impostor)[::-1]
    counts = np.unique(np.geomspace(1, len(falling) - 1, points).astype(int))
    return np.array([(count / len(falling), miss_rate(ranked, float(falling[count]))) for count in counts])


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def fnmr_interval(
    genuine: Scores,
    identities: npt.NDArray[np.int64],
    threshold: float,
    samples: int = 1000,
    seed: int = 1,
) -> Interval:
    """95 % interval of FNMR at a fixed threshold, by drawing identities, not pairs, with replacement.

    Pairs of one person share that person's difficulty; drawing pairs would give an interval that is too narrow.
    Where nothing or everything was missed, drawing shows nothing: then the exact binomial bound for that many people.
    """
    people, index = np.unique(identities, return_inverse=True)
    if len(people) < 2:
        return Interval(0.0, 1.0)
    missed = np.bincount(index, weights=genuine < threshold)
    total = np.bincount(index)
    bound = 0.025 ** (1.0 / len(people))
    if missed.sum() in (0, total.sum()):
        return Interval(0.0, 1.0 - bound) if missed.sum() == 0 else Interval(bound, 1.0)
    drawn = np.random.default_rng(seed).integers(0, len(people), (samples, len(people)))
    rates = missed[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975])
    return Interval(float(low), float(high))


def gini(rates: Sequence[float]) -> float:
    """Gini coefficient of the groups' rates, 0 (all alike) to 1, corrected for the number of groups."""
    values = np.asarray(rates, dtype=np.float64)
    count = len(values)
    if count < 2 or values.mean() == 0.0:
        return 0.0
    differences = np.abs(values[:, None] - values[None]).sum()
    return float(differences / (2 * count * count * values.mean()) * count / (count - 1))

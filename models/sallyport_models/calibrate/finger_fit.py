"""From genuine and impostor scores of fingers to the two curves of a calibration.

False match rate: counted while at least ten impostor pairs lie above the threshold; beyond, the tail of the log odds is
taken as exponential, down to a floor, and labelled as extrapolated. Upper bound: the 95 % quantile of the same estimate
over bootstrap samples of *fingers*, never below three pairs of all while counted. Likelihood ratio: logistic, because
the log odds already are; held flat where either kind has fewer than three pairs left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger.match import score_of
from sallyport_models.calibrate.logistic import fit_line
from sallyport_models.evaluate.finger_figures import Scores, Values

CONFIDENCE = 0.95
SHOWN_BY = 10
"""Impostor pairs above a threshold from which its rate is counted, not extrapolated."""
TAIL_SHARE = 0.01
"""Of the impostor pairs: the tail that the exponential is fitted to."""
FLOOR_LOG10 = -5.0
"""No smaller rate is stated, whatever the score."""
SAMPLES = 500
KNOTS = 33


@dataclass(frozen=True, slots=True)
class Knots:
    """A curve over rising scores."""

    score: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FmrKnots:
    """log10 of the false match rate over rising scores, and where it stops being counted."""

    score: tuple[float, ...]
    point_log10: tuple[float, ...]
    upper_log10: tuple[float, ...]
    resolved_log10: float


def fit_fmr(scores: Scores, seed: int = 1) -> FmrKnots:
    """The stated false match rate and its bound."""
    impostor = scores.odds[~scores.genuine]
    fingers = scores.fingers[~scores.genuine]
    ranked = np.sort(impostor)
    counted = ranked[-SHOWN_BY]
    start = float(np.quantile(ranked, 1 - TAIL_SHARE))
    reach = _mean_excess(impostor, np.ones(len(impostor)), start)
    end = start + reach * np.log(TAIL_SHARE / 10**FLOOR_LOG10)
    odds = np.unique(np.concatenate([[float(np.quantile(ranked, 0.02))], np.linspace(np.median(ranked), end, KNOTS)]))
    point = _rates(impostor, np.ones(len(impostor)), odds, float(counted), start)
    drawn = [_rates(impostor, weight, odds, float(counted), start) for weight in _bootstrap(fingers, seed)]
    bound = np.maximum(np.quantile(drawn, CONFIDENCE, axis=0), point)
    bound = np.where(odds <= counted, np.maximum(bound, 3 / len(impostor)), bound)
    falling_point = np.minimum.accumulate(np.maximum(point, 10**FLOOR_LOG10))
    falling_bound = np.maximum.accumulate(np.maximum(bound, falling_point)[::-1])[::-1]
    return FmrKnots(
        tuple(score_of(float(one)) for one in odds),
        tuple(float(one) for one in np.log10(falling_point)),
        tuple(float(one) for one in np.log10(np.minimum(falling_bound, 1.0))),
        float(np.log10(SHOWN_BY / len(impostor))),
    )


def _rates(impostor: Values, weight: Values, odds: Values, counted: float, start: float) -> Values:
    """Share of weighted pairs at or above each threshold: counted up to `counted`, exponential beyond it."""
    order = np.argsort(impostor, kind="stable")
    above = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]]) / weight.sum()
    rates = above[np.searchsorted(impostor[order], odds)]
    at_start = above[np.searchsorted(impostor[order], start)]
    beyond = np.maximum(odds - start, 0.0)
    tail = at_start * np.exp(-beyond / _mean_excess(impostor, weight, start))
    return np.asarray(np.where(odds <= counted, rates, tail), np.float64)


def _mean_excess(impostor: Values, weight: Values, start: float) -> float:
    beyond = impostor > start
    total = float(weight[beyond].sum())
    return float((weight[beyond] * (impostor[beyond] - start)).sum() / total) if total else 1e-6


def _bootstrap(fingers: NDArray[np.intp], seed: int) -> list[Values]:
    """Weights of the pairs in samples of fingers with replacement."""
    names, index = np.unique(fingers, return_inverse=True)
    index = index.reshape(-1, 2)
    generator = np.random.default_rng(seed)
    samples = []
    for _ in range(SAMPLES):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names)).astype(np.float64)
        samples.append(times[index[:, 0]] * times[index[:, 1]])
    return samples


def fit_llr(scores: Scores) -> Knots:
    """Natural-log likelihood ratio over the score."""
    scale, shift = fit_line(np.clip(scores.odds, -40, 40), scores.genuine)
    least, most = -np.log(scores.genuine.sum() / 3), np.log((~scores.genuine).sum() / 3)
    odds = np.linspace((least - shift) / scale, (most - shift) / scale, KNOTS)
    return Knots(tuple(score_of(float(one)) for one in odds), tuple(float(one) for one in scale * odds + shift))

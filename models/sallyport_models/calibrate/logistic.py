"""Scores to log-likelihood ratios by a straight line: logistic regression at even priors, by Newton's steps.

Also the cost of log-likelihood ratios, Cllr, and the least that any monotone map of the same scores could cost.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS = 60
LEAST_STEP = 1e-8
LEAST_SCALE = 1e-3
"""In units of the scores' spread: of scores that say nothing a thousandth is believed, so that the line rises."""


def even(genuine: Flags, weight: Values | None = None) -> Values:
    """[n] weights that give genuine and impostor scores half of the total each."""
    held = np.ones(len(genuine)) if weight is None else weight
    return np.asarray(np.where(genuine, 0.5 / held[genuine].sum(), 0.5 / held[~genuine].sum()) * held)


def fit_line(score: Values, genuine: Flags, weight: Values | None = None) -> tuple[float, float]:
    """(scale, shift) such that scale * score + shift is the log-likelihood ratio. The scale is positive.

    `weight` [n] counts each score that often. Sets that can be told apart without an error have no finite line: the
    steps end where it is steep enough.
    """
    centre, spread = float(score.mean()), float(score.std()) + 1e-12
    design = np.stack([(score - centre) / spread, np.ones(len(score))], axis=1)
    share, found = even(genuine, weight), np.zeros(2)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -500, 500)))
        slope = design.T @ (share * (chance - genuine))
        bend = (design * (share * chance * (1 - chance))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(bend, slope), -3.0, 3.0)
        found = found - step
        if np.abs(step).max() < LEAST_STEP:
            break
    scale = max(float(found[0]), LEAST_SCALE) / spread
    return scale, float(found[1]) - scale * centre


def cllr(llr: Values, genuine: Flags) -> float:
    """Cost of log-likelihood ratios, bits: 0 is perfect, 1 says nothing. Brummer and du Preez 2006."""
    mated, strangers = np.logaddexp(0, -llr[genuine]), np.logaddexp(0, llr[~genuine])
    return float((mated.mean() + strangers.mean()) / (2 * np.log(2)))


def minimum_cllr(odds: Values, genuine: Flags) -> float:
    """Cllr after the best monotone map (pool adjacent violators): what calibration alone cannot lower."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(odds, kind="stable")
    truth = genuine[order]
    posterior = isotonic_regression(truth.astype(np.float64), weights=even(truth)).x
    posterior = np.clip(posterior, 1e-12, 1 - 1e-12)
    return cllr(np.log(posterior / (1 - posterior)), truth)

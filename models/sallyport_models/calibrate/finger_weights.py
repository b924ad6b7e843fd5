"""Weights of the comparison's measurements: a logistic regression that keeps the sense of each measurement."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sallyport_models.evaluate.finger_figures import REFUSED, Scores, Values, folds_of, joined
from sallyport_models.evaluate.finger_scores import SetScores

SENSE = (1, 1, 1, 1, 1, 1, -1)
"""Of MEASUREMENTS: more of it speaks for (1) or against (-1) the same finger. A weight never has the other sign."""
RIDGE = 1e-4
"""Penalty on squared weights of standardised measurements."""


def fit_weights(measured: Values, genuine: NDArray[np.bool_]) -> tuple[Values, float]:
    """Weights and bias; genuine and impostor pairs count the same in all. Rows of NaN are left out."""
    from scipy.optimize import minimize

    known = ~np.isnan(measured).any(axis=1)
    rows, truth = measured[known], genuine[known]
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    design = np.concatenate([(rows - mean) / spread, np.ones((len(rows), 1))], axis=1)
    share = np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum()))
    sign = np.where(truth, 1.0, -1.0)

    def loss(weights: Values) -> tuple[float, Values]:
        margin = sign * (design @ weights)
        penalised = np.append(weights[:-1], 0.0)
        slope = -(design.T @ (share * sign / (1 + np.exp(np.clip(margin, -500, 500)))))
        return float((share * np.logaddexp(0, -margin)).sum() + RIDGE * penalised @ penalised), slope + (
            2 * RIDGE * penalised
        )

    bounds = [(0, None) if sense > 0 else (None, 0) for sense in SENSE] + [(None, None)]
    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ mean)


def refitted(data: Sequence[SetScores], scores: Sequence[Scores]) -> list[Scores]:
    """The same pairs, each scored by weights that were fitted without either of its fingers."""
    pooled = joined(list(scores))
    measured = np.concatenate([one.measured for one in data])
    odds = pooled.odds.copy()
    for training, held in folds_of(pooled):
        weights, bias = fit_weights(measured[training], pooled.genuine[training])
        odds[held] = measured[held] @ weights + bias
    odds[np.isnan(odds)] = REFUSED
    edges = np.cumsum([len(one.odds) for one in scores])[:-1]
    return [Scores(part, one.genuine, one.fingers) for part, one in zip(np.split(odds, edges), scores, strict=True)]

"""Error rates of a fingerprint comparison, with intervals by finger: pure numbers.

Terms of ISO/IEC 19795-1. A pair is accepted at or above the threshold. An image that gave no template scores lower than
any other, so a failure to enrol counts as a false non-match and never as a false match.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger.weights import BIAS, WEIGHTS
from sallyport_models.evaluate.finger_scores import SetScores

Values = NDArray[np.float64]
Whole = NDArray[np.intp]

RATES = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
REFUSED = -200.0
"""Log odds of a pair that could not be compared."""
FOLDS = 5
SAMPLES = 300


@dataclass(frozen=True, slots=True)
class Scores:
    """Pairs of one or more sets."""

    odds: Values
    """[pairs] log odds of the comparison."""
    genuine: NDArray[np.bool_]
    fingers: Whole
    """[pairs, 2] fingers, numbered across sets."""

    def only(self, chosen: NDArray[np.bool_]) -> "Scores":
        return Scores(self.odds[chosen], self.genuine[chosen], self.fingers[chosen])


def scores_of(data: SetScores, weights: Values | None = None, bias: float = BIAS, first_finger: int = 0) -> Scores:
    """Log odds of every pair, by the shipped weights unless others are given."""
    used = np.array(WEIGHTS) if weights is None else weights
    odds = data.measured @ used + bias
    return Scores(np.where(np.isnan(odds), REFUSED, odds), data.genuine, data.finger[data.pairs] + first_finger)


def joined(parts: list[Scores]) -> Scores:
    """Pairs of several sets as one; there are none across sets."""
    return Scores(
        np.concatenate([part.odds for part in parts]),
        np.concatenate([part.genuine for part in parts]),
        np.concatenate([part.fingers for part in parts]),
    )


class Curve:
    """FMR and FNMR at every threshold, for any weighting of the pairs."""

    def __init__(self, odds: Values, genuine: NDArray[np.bool_]) -> None:
        self._order = (np.argsort(odds[~genuine], kind="stable"), np.argsort(odds[genuine], kind="stable"))
        impostor, mated = odds[~genuine][self._order[0]], odds[genuine][self._order[1]]
        values = np.unique(odds)
        self.thresholds = np.append(values, values[-1] + 1.0)
        self._at = (np.searchsorted(impostor, self.thresholds), np.searchsorted(mated, self.thresholds))
        self._genuine = genuine

    def rates(self, weight: Values) -> tuple[Values, Values]:
        """FMR and FNMR at each threshold; `weight` [pairs] says how often each pair counts."""
        below = []
        for order, at, chosen in zip(self._order, self._at, (~self._genuine, self._genuine), strict=True):
            total = np.concatenate([[0.0], np.cumsum(weight[chosen][order])])
            below.append(total[at] / max(total[-1], 1e-12))
        return 1 - below[0], below[1]


def points_of(fmr: Values, fnmr: Values) -> dict[str, float]:
    """EER, and FNMR at fixed FMR."""
    at = int(np.argmin(np.abs(fmr - fnmr)))
    points = {"eer": float(fmr[at] + fnmr[at]) / 2}
    for name, rate in RATES.items():
        points[f"fnmr_at_fmr_{name}"] = float(fnmr[int(np.argmax(fmr <= rate + 1e-12))])
    points["zero_fmr"] = float(fnmr[int(np.argmax(fmr <= 1e-12))])
    return points


def figures(scores: Scores, seed: int = 1) -> dict[str, object]:
    """Every figure of a set of pairs, each with its 95 % interval from drawing fingers with replacement."""
    if not scores.genuine.any() or scores.genuine.all():
        return {"genuine": int(scores.genuine.sum()), "impostor": int((~scores.genuine).sum())}
    curve = Curve(scores.odds, scores.genuine)
    result: dict[str, object] = dict(points_of(*curve.rates(np.ones(len(scores.odds)))))
    result["intervals_95"] = _intervals(scores, curve, seed)
    result["genuine"] = int(scores.genuine.sum())
    result["impostor"] = int((~scores.genuine).sum())
    result["fmr_resolved"] = 3.0 / max(1, int((~scores.genuine).sum()))
    return result


def _intervals(scores: Scores, curve: Curve, seed: int) -> dict[str, list[float]]:
    names, index = np.unique(scores.fingers, return_inverse=True)
    index = index.reshape(-1, 2)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(SAMPLES):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names)).astype(np.float64)
        weight = np.where(scores.genuine, times[index[:, 0]], times[index[:, 0]] * times[index[:, 1]])
        drawn.append(points_of(*curve.rates(weight)))
    return {
        name: [float(np.quantile([one[name] for one in drawn], level)) for level in (0.025, 0.975)] for name in drawn[0]
    }


def folds_of(scores: Scores) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """(training, held out) masks: every pair is held out once, and no finger of it is in its training."""
    fold = scores.fingers % FOLDS
    masks = []
    for a in range(FOLDS):
        for b in range(a, FOLDS):
            held = ((fold[:, 0] == a) & (fold[:, 1] == b)) | ((fold[:, 0] == b) & (fold[:, 1] == a))
            training = np.asarray(~np.isin(fold, (a, b)).any(axis=1), np.bool_)
            if held.any() and training.any():
                masks.append((training, np.asarray(held, np.bool_)))
    return masks


def held_out(scores: Scores) -> dict[str, dict[str, float]]:
    """FMR and FNMR at thresholds that were set, for each target FMR, on other fingers."""
    result = {}
    for name, rate in RATES.items():
        accepted = np.zeros(len(scores.odds), np.bool_)
        for training, held in folds_of(scores):
            impostor = np.sort(scores.odds[training & ~scores.genuine])[::-1]
            threshold = np.nextafter(impostor[min(int(rate * len(impostor)), len(impostor) - 1)], np.inf)
            accepted[held] = scores.odds[held] >= threshold
        result[f"fmr_{name}"] = {
            "fmr": float(accepted[~scores.genuine].mean()),
            "fnmr": float(1 - accepted[scores.genuine].mean()),
        }
    return result


def fvc_pairs(data: SetScores) -> NDArray[np.bool_]:
    """[pairs] FVC's own protocol: all genuine pairs, and impostors between first impressions only."""
    first = np.zeros(len(data.finger), np.bool_)
    first[np.unique(data.finger, return_index=True)[1]] = True
    return np.asarray(data.genuine | first[data.pairs].all(axis=1))

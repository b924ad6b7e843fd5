"""Two fingers of a person, made of two fingers of a set: what verification by both is worth.

Every two fingers of a set are a person; both of its captures have the same number. Impostors put two other fingers.
"""

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from sallyport_models.evaluate.finger_figures import RATES, Curve, Scores, Values, points_of
from sallyport_models.evaluate.finger_scores import SetScores


def two_fingers(parts: Sequence[tuple[SetScores, Scores]], seed: int = 1) -> dict[str, object] | None:
    """Figures of the sum of both fingers' log odds, pooled over sets; None where sets are not rectangular."""
    genuine, owners, impostor = [], [], []
    for number, (data, scores) in enumerate(parts):
        square = _square(data, scores)
        if square is None:
            return None
        fingers, times = square.shape[0], square.shape[1]
        a, b = np.triu_indices(times, 1)
        for f, g in combinations(range(fingers), 2):
            genuine.append(square[f, a, f, b] + square[g, a, g, b])
            owners.append(np.full((len(a), 2), number * fingers) + np.array([f, g]))
            for other_f, other_g in permutations(set(range(fingers)) - {f, g}, 2):
                impostor.append((square[f, :, other_f, :] + square[g, :, other_g, :]).ravel())
    if not genuine or not impostor:
        return None
    mated, strangers, people = np.concatenate(genuine), np.concatenate(impostor), np.concatenate(owners)
    truth = np.arange(len(mated) + len(strangers)) < len(mated)
    curve = Curve(np.concatenate([mated, strangers]), truth)
    fmr, fnmr = curve.rates(np.ones(len(truth)))
    threshold = float(curve.thresholds[int(np.argmax(fmr <= RATES["1e-4"]))])
    return {
        **points_of(fmr, fnmr),
        "genuine": len(mated),
        "impostor": len(strangers),
        "fnmr_at_fmr_1e-4_interval_95": _interval(mated < threshold, people, seed),
    }


def _square(data: SetScores, scores: Scores) -> Values | None:
    """[finger, impression, finger, impression] log odds; None unless every finger has as many impressions."""
    counts = np.bincount(data.finger)
    if len(set(counts)) != 1 or counts[0] < 2 or len(counts) < 4:
        return None
    images = len(data.finger)
    full = np.zeros((images, images))
    full[data.pairs[:, 0], data.pairs[:, 1]] = scores.odds
    full = full + full.T
    order = np.argsort(data.finger, kind="stable")
    return full[np.ix_(order, order)].reshape(len(counts), counts[0], len(counts), counts[0])


def _interval(missed: NDArray[np.bool_], people: NDArray[np.intp], seed: int) -> list[float]:
    """95 % interval of the FNMR at a fixed threshold, from drawing fingers with replacement."""
    count = int(people.max()) + 1
    generator = np.random.default_rng(seed)
    rates = []
    for _ in range(300):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        weight = times[people[:, 0]] * times[people[:, 1]]
        rates.append(float((weight * missed).sum() / max(1, weight.sum())))
    return [float(np.quantile(rates, level)) for level in (0.025, 0.975)]

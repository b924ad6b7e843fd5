"""Weights of the signs of a face attack: a logistic regression that keeps the sense that physics gives to a sign.

Every species weighs the same, and live faces as much as all attacks together. The operating point comes from people
who were not fitted: the least odds with at most `BPCER` of the live presentations above it, twice that in any setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.attack import BEND, FARTHEST, Weights, score_of
from sallyport_biometrics.face.passive import NETWORKS
from sallyport_biometrics.face.signs import NAMES
from sallyport_models.evaluate.attack_presentations import LIVE, Presentation

Values = npt.NDArray[np.float64]
BPCER: Final = 0.05
FOLDS: Final = 5
FEWEST: Final = 20
"""Live presentations that a setting needs to have its own say about the operating point."""
RIDGE: Final = 0.003
"""Penalty on squared weights of standardised signs."""
SENSE: Final[Mapping[str, int]] = {
    "peak": 1,
    "colour_peak": 1,
    "fringes": 1,
    "dark": 1,
    "contrast": -1,
    "saturation": -1,
    "colours": -1,
    "glare": 1,
    "beside": 1,
    "aside": 1,
    "corner": 1,
    "below": 1,
    "above": 1,
    "bands": 1,
    **dict.fromkeys(("detail", "fine", "finer", "finest"), -1),
    **dict.fromkeys(NETWORKS, 1),
}
"""More of it can only speak for (1) or against (-1) an attack; signs that are not named may do either."""
NO_MERIT: Final = frozenset({"detail", "fine", "finer", "finest"})
"""Signs that say nothing where they stand high: softness is a sign of a second lens, detail is none of life."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How weights judged what they were not fitted on, at the operating point."""

    bpcer: float
    apcer: Mapping[str, float]
    """by species, other people"""
    unseen: Mapping[str, float]
    """APCER by species where no attack of that species was fitted either"""
    settings: Mapping[str, float]
    """BPCER by setting where nothing of that setting was fitted either"""


def fitted(seen: Sequence[Presentation], networks: Sequence[str]) -> tuple[Weights, HeldOut]:
    """Weights from all, the operating point from people left out, and how they did. Presentations have faces."""
    odds = cross_validated(seen, networks)
    threshold = operating_point(seen, odds)
    weights = fit(seen, networks, threshold)
    live = np.array([each.species == LIVE for each in seen])
    suspicious = odds >= threshold
    return weights, HeldOut(
        bpcer=float(suspicious[live].mean()),
        apcer={name: float(1 - suspicious[_is(seen, name)].mean()) for name in species_in(seen)},
        unseen={name: _unseen(seen, networks, threshold, name) for name in species_in(seen)},
        settings={name: _elsewhere(seen, networks, threshold, name) for name in settings_in(seen)},
    )


def fit(seen: Sequence[Presentation], networks: Sequence[str], threshold: float = 0.0) -> Weights:
    """Weights with the intercept taken into the threshold."""
    from scipy.optimize import minimize

    names = (*NAMES, *networks)
    rows, share, attack = _rows(seen, names)
    middle = np.nan_to_num(np.nanmean(rows[~attack], axis=0))
    spread = np.nan_to_num(np.nanstd(rows, axis=0)) + 1e-6
    standing = np.clip(np.nan_to_num((rows - middle) / spread), -FARTHEST, FARTHEST)
    middles = np.clip(standing, -BEND, BEND)
    low, high = np.minimum(0, standing + BEND), np.maximum(0, standing - BEND)
    design = np.column_stack([middles, high, low, np.ones(len(standing))])
    sign = np.where(attack, 1.0, -1.0)

    def loss(weights: Values) -> tuple[float, Values]:
        margin = sign * (design @ weights)
        penalised = np.append(weights[:-1], 0.0)
        slope = -(design.T @ (share * sign / (1 + np.exp(np.clip(margin, -500, 500)))))
        total = (share * np.logaddexp(0, -margin)).sum() + RIDGE * penalised @ penalised
        return float(total), slope + 2 * RIDGE * penalised

    senses = [SENSE.get(name, 0) for name in names]
    sides = [_bound(sense) for sense in senses]
    high_sides = [(0.0, 0.0) if name in NO_MERIT else side for name, side in zip(names, sides, strict=True)]
    bounds = [*sides, *high_sides, *sides, (None, None)]
    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x
    columns = (middle, spread, *np.split(found[:-1], 3))
    middle_of, spread_of, weight, above, below = (dict(zip(names, map(float, each), strict=True)) for each in columns)
    return Weights(tuple(networks), middle_of, spread_of, weight, threshold - float(found[-1]), above, below)


def _bound(sense: int) -> tuple[float | None, float | None]:
    return {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}[sense]


def _rows(seen: Sequence[Presentation], names: Sequence[str]) -> tuple[Values, Values, npt.NDArray[np.bool_]]:
    """[frames, signs] with NaN for what was not looked at, the weight of each frame, and whether it is an attack."""
    rows, share, attack = [], [], []
    counts = {name: sum(each.species == name for each in seen) for name in {each.species for each in seen}}
    for each in seen:
        kinds = 1 if each.species == LIVE else len(counts) - (LIVE in counts)
        for frame in each.frames:
            rows.append([frame.get(name, np.nan) for name in names])
            share.append(0.5 / (kinds * counts[each.species] * len(each.frames)))
            attack.append(each.species != LIVE)
    return np.array(rows, np.float64), np.array(share), np.array(attack)


def cross_validated(seen: Sequence[Presentation], networks: Sequence[str]) -> Values:
    """Log odds of each presentation by weights that were fitted without its subject."""
    odds = np.zeros(len(seen))
    for held in folds_of(seen):
        weights = fit([each for each, out in zip(seen, held, strict=True) if not out], networks)
        odds[held] = odds_of([each for each, out in zip(seen, held, strict=True) if out], weights)
    return odds


def folds_of(seen: Sequence[Presentation], seed: int = 1) -> list[npt.NDArray[np.bool_]]:
    """For each fold the presentations that it leaves out: all of a fifth of the subjects."""
    subjects, index = np.unique([each.subject for each in seen], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(subjects)) % FOLDS
    return [fold[index] == number for number in range(FOLDS)]


def odds_of(seen: Sequence[Presentation], weights: Weights) -> Values:
    """Log odds less the weights' threshold."""
    scores = np.array([score_of(each.frames, weights) for each in seen], np.float64)
    clipped = np.clip(scores, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float64)


def operating_point(seen: Sequence[Presentation], odds: Values) -> float:
    """The least odds that keep BPCER within bounds: `BPCER` over all live ones, twice that in any one setting."""
    live = _is(seen, LIVE)
    groups = [live & _in(seen, name) for name in settings_in(seen)]
    limits = [_quantile(odds[live], BPCER)] + [_quantile(odds[group], 2 * BPCER) for group in groups]
    return max(limits) + 1e-6


def _quantile(odds: Values, above: float) -> float:
    return float(np.quantile(odds, 1 - above, method="higher"))


def species_in(seen: Sequence[Presentation]) -> list[str]:
    return sorted({each.species for each in seen} - {LIVE})


def settings_in(seen: Sequence[Presentation]) -> list[str]:
    """Settings with enough live presentations."""
    live = [each.setting for each in seen if each.species == LIVE]
    return sorted(name for name in set(live) if live.count(name) >= FEWEST)


def _is(seen: Sequence[Presentation], species: str) -> npt.NDArray[np.bool_]:
    return np.array([each.species == species for each in seen])


def _in(seen: Sequence[Presentation], setting: str) -> npt.NDArray[np.bool_]:
    return np.array([each.setting == setting for each in seen])


def _unseen(seen: Sequence[Presentation], networks: Sequence[str], threshold: float, species: str) -> float:
    """APCER of a species by weights that saw none of it and none of the person."""
    return _left_out(seen, networks, threshold, _is(seen, species), _is(seen, species), wrong_above=False)


def _elsewhere(seen: Sequence[Presentation], networks: Sequence[str], threshold: float, setting: str) -> float:
    """BPCER of a setting by weights that saw nothing of it and nothing of the person."""
    inside = _in(seen, setting)
    return _left_out(seen, networks, threshold, inside, inside & _is(seen, LIVE), wrong_above=True)


def _left_out(
    seen: Sequence[Presentation],
    networks: Sequence[str],
    threshold: float,
    hidden: npt.NDArray[np.bool_],
    judged: npt.NDArray[np.bool_],
    *,
    wrong_above: bool,
) -> float:
    wrong = []
    for held in folds_of(seen):
        training = [each for each, out in zip(seen, held | hidden, strict=True) if not out]
        chosen = [each for each, out in zip(seen, held & judged, strict=True) if out]
        if chosen and {each.species for each in training} > {LIVE}:
            above = odds_of(chosen, fit(training, networks)) >= threshold
            wrong += list(above if wrong_above else ~above)
    return float(np.mean(wrong)) if wrong else 0.0

"""What the signs of a face attack are worth: an additive logistic regression in which no sign speaks for life.

Each sign has steps at places that few live faces reach, and the fit gives each step a weight of zero or more, in the
sense that physics gives to the sign. Every species weighs the same, live faces `CAUTION` times as much as all attacks
together, because the operating point lies where few of them are left. No network is fitted here, our own is none the
less taught on simulated attacks (of other people): they are compared with live faces only. The operating point comes
from people who were not fitted: the least sum of surprises with at most `BPCER` of the live presentations above it,
`WORST` times that in any setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.attack import SILENT, Curve, Signs, Tail, Weights, coloured
from sallyport_biometrics.face.passive import ROOM
from sallyport_biometrics.face.signs import NAMES
from sallyport_biometrics.face.witness import NAME, SAID
from sallyport_models.evaluate.attack_presentations import LIVE, Presentation

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BPCER: Final = 0.05
WORST: Final = 3
FOLDS: Final = 5
FEWEST: Final = 20
"""Live presentations that a setting needs to have its own say about the operating point, and live people that pictures
with colour, or without, need to have their own curves."""
RIDGE: Final = 0.001
"""Penalty on squared weights of steps."""
CAUTION: Final = 5.0
STEPS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.995)
"""Shares of the live faces between whose values a sign's evidence rises; one step more lies beyond the last."""
TAIL: Final = (0.5, 0.98)
"""Shares of the live faces at which a tail is measured."""
SENSE: Final[Mapping[str, int]] = {
    **dict.fromkeys(("peak", "colour_peak", "fringes", "grid", "colour_grid", "dark", "glare", "glow", "bands"), 1),
    **dict.fromkeys(("beside", "aside", "corner", "enclosed", "below", "above"), 1),
    **dict.fromkeys(("contrast", "levels", "saturation", "colours", "detail", "fine", "finer", "finest"), -1),
}
"""More of it can only speak for an attack (1), or less of it (-1); signs that are not named may do either."""


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


class Evidence:
    """Of our own signs, log odds of each presentation by curves that were fitted without its subject.

    Pictures with colour and pictures without have curves of their own, where enough people show either.
    """

    def __init__(self, seen: Sequence[Presentation]) -> None:
        self.seen = seen
        self.coloured = np.array([coloured(each.frames) for each in seen])
        self.witness = np.array([_mean_of([frame.get(SAID, np.nan) for frame in each.frames]) for each in seen])
        """what our own network says of each, log odds"""
        self.curves = {colour: fit(_only(seen, self._like(colour))) for colour in (True, False)}
        self.held_out = self._without(np.zeros(len(seen), bool))
        self.unseen = {name: self._without(_is(seen, name)) for name in species_in(seen)}
        """without the species too"""
        self.elsewhere = {name: self._without(_in(seen, name)) for name in settings_in(seen)}
        """without the setting too"""

    def signs(self, colour: bool) -> Signs:
        """The curves, and how rare their sums, and what our own network says, are among live faces."""
        live = _is(self.seen, LIVE) & self._like(colour)
        said = self.witness[live & np.isfinite(self.witness)]
        return Signs(self.curves[colour], tail_of(self.held_out[live]), tail_of(said) if len(said) else SILENT)

    def _like(self, colour: bool) -> Flags:
        """The presentations that curves for colour, or for none, are fitted on."""
        chosen = self.coloured == colour
        people = {each.subject for each in _only(self.seen, chosen & _is(self.seen, LIVE))}
        return chosen if len(people) >= FEWEST else np.ones(len(self.seen), bool)

    def _without(self, hidden: Flags) -> Values:
        """Only for what is hidden, where something is."""
        found = np.full(len(self.seen), np.nan)
        for held in folds_of(self.seen):
            for colour in (True, False):
                judged = held & (self.coloured == colour) & (hidden if hidden.any() else True)
                training = _only(self.seen, ~(held | hidden) & self._like(colour))
                if judged.any() and {each.species for each in training} > {LIVE}:
                    signs = Signs(fit(training), SILENT)
                    found[judged] = [_mean_of([*map(signs.evidence, each.frames)]) for each in _only(self.seen, judged)]
        return found


def fitted(evidence: Evidence, networks: Sequence[str]) -> tuple[Weights, HeldOut]:
    """The witnesses' tails and the operating point for these networks, and how they did."""
    seen, live = evidence.seen, _is(evidence.seen, LIVE)
    colour, grey = evidence.signs(True), evidence.signs(False)
    narrow, said = network_says(_only(seen, live), networks)
    tail = tail_of(said) if len(said) else SILENT
    weights = Weights(tuple(networks), colour, grey, tail, narrow, 0.0, 0.0)
    told = np.array([_network_surprise(weights, each) for each in seen])
    spoke = np.isfinite(told)

    def surprise(of_colour: Tail, of_grey: Tail, values: Values) -> Values:
        return np.where(evidence.coloured, _surprises(of_colour, values), _surprises(of_grey, values))

    witnessed = np.nan_to_num(surprise(colour.witness, grey.witness, evidence.witness)) * (NAME in networks)

    def own(odds: Values) -> Values:
        return surprise(colour.tail, grey.tail, odds) + witnessed

    heard = (spoke & live).any()
    alone = operating_point(seen, own(evidence.held_out), ~spoke if (~spoke & live).any() else np.ones(len(seen), bool))
    limit = operating_point(seen, own(evidence.held_out) + told, spoke) if heard else alone

    def share(odds: Values, chosen: Flags) -> float:
        total = own(odds)
        return float(np.where(spoke, total + told >= limit, total >= alone)[chosen].mean())

    return replace(weights, limit=limit, alone=alone), HeldOut(
        bpcer=share(evidence.held_out, live),
        apcer={name: 1 - share(evidence.held_out, _is(seen, name)) for name in species_in(seen)},
        unseen={name: 1 - share(odds, _is(seen, name)) for name, odds in evidence.unseen.items()},
        settings={name: share(odds, live & _in(seen, name)) for name, odds in evidence.elsewhere.items()},
    )


def fit(seen: Sequence[Presentation]) -> Mapping[str, Curve]:
    """The curves of all signs."""
    from scipy.optimize import minimize

    rows, share, attack = _rows(seen)
    pieces = [piece for index, name in enumerate(NAMES) for piece in _pieces(name, rows[~attack, index])]
    design = np.column_stack([*(piece.of(rows) for piece in pieces), np.ones(len(rows))])
    share = np.where(attack, share, CAUTION * share) / (share[attack].sum() + CAUTION * share[~attack].sum())
    sign = np.where(attack, 1.0, -1.0)

    def loss(weights: Values) -> tuple[float, Values]:
        margin = sign * (design @ weights)
        penalised = np.append(weights[:-1], 0.0)
        slope = -(design.T @ (share * sign / (1 + np.exp(np.clip(margin, -500, 500)))))
        total = (share * np.logaddexp(0, -margin)).sum() + RIDGE * penalised @ penalised
        return float(total), slope + 2 * RIDGE * penalised

    bounds = [*((0.0, None) for _ in pieces), (None, None)]
    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
    return {
        name: _curve([(piece, weight) for piece, weight in zip(pieces, found, strict=True) if piece.name == name])
        for name in NAMES
    }


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rises from 0 to 1 while the sign goes from one value to another, which may be the lower one."""

    name: str
    start: float
    end: float

    def of(self, rows: Values) -> Values:
        values = rows[:, NAMES.index(self.name)]
        return np.nan_to_num(np.clip((values - self.start) / (self.end - self.start), 0.0, 1.0))


def _pieces(name: str, live: Values) -> list[_Piece]:
    """For each side that may speak; none for a sign that was never looked at or never differs."""
    known = live[np.isfinite(live)]
    if not len(known) or known.min() == known.max():
        return []
    found = []
    for side in (1, -1):
        if SENSE.get(name, side) == side:
            places = sorted(set(np.quantile(side * known, STEPS).round(4).tolist()))
            places.append(round(places[-1] + max(places[-1] - places[0], 1e-3), 4))
            found += [_Piece(name, side * low, side * high) for low, high in pairwise(places)]
    return found


def _curve(pieces: Sequence[tuple[_Piece, float]]) -> Curve:
    """The sum of the weighted pieces of one sign."""
    at = sorted({place for piece, _ in pieces for place in (piece.start, piece.end)}) or [0.0, 1.0]
    rises = [
        [np.clip((place - each.start) / (each.end - each.start), 0, 1) * worth for each, worth in pieces]
        for place in at
    ]
    return Curve(tuple(at), tuple(float(sum(rise)) for rise in rises))


def tail_of(values: Values) -> Tail:
    """Through the middle of the live faces and the value that few of them exceed."""
    middle, far = np.quantile(values, TAIL)
    return Tail(float(middle), float(np.log((1 - TAIL[0]) / (1 - TAIL[1])) / max(far - middle, 1e-6)))


def network_says(live: Sequence[Presentation], networks: Sequence[str]) -> tuple[float, Values]:
    """How much more the networks say of live faces for each unit of missing room, and what is left without that."""
    frames = [[frame for frame in each.frames if any(name in frame for name in networks)] for each in live]
    pairs = [
        (
            _mean_of([_mean_of([frame[name] for name in networks if name in frame]) for frame in shown]),
            _mean_of([min(0.0, frame.get(ROOM, 0.0)) for frame in shown]),
        )
        for shown in frames
        if shown
    ]
    if not pairs:
        return 0.0, np.empty(0)
    odds, room = np.array(pairs).T
    varies = float(room.var()) > 1e-9
    narrow = max(0.0, -float(np.cov(room, odds)[0, 1] / room.var(ddof=1))) if varies and len(pairs) > 2 else 0.0
    return narrow, odds + narrow * room


def _network_surprise(weights: Weights, each: Presentation) -> float:
    """NaN where the networks said nothing."""
    said = [value for value in map(weights.says, each.frames) if value is not None]
    return weights.network_tail.surprise(_mean_of(said)) if said else np.nan


def _surprises(tail: Tail, odds: Values) -> Values:
    return tail.rate * np.maximum(0.0, odds - tail.middle)


def _only(seen: Sequence[Presentation], chosen: Flags) -> list[Presentation]:
    return [each for each, taken in zip(seen, chosen, strict=True) if taken]


def _mean_of(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _rows(seen: Sequence[Presentation]) -> tuple[Values, Values, Flags]:
    """[frames, signs] with NaN for what was not looked at, the weight of each frame, and whether it is an attack."""
    rows, share, attack = [], [], []
    counts = {name: sum(each.species == name for each in seen) for name in {each.species for each in seen}}
    for each in seen:
        kinds = 1 if each.species == LIVE else len(counts) - (LIVE in counts)
        for frame in each.frames:
            rows.append([frame.get(name, np.nan) for name in NAMES])
            share.append(1.0 / (kinds * counts[each.species] * len(each.frames)))
            attack.append(each.species != LIVE)
    return np.array(rows, np.float64), np.array(share), np.array(attack)


def folds_of(seen: Sequence[Presentation], seed: int = 1) -> list[Flags]:
    """For each fold the presentations that it leaves out: all of a fifth of the subjects."""
    subjects, index = np.unique([each.subject for each in seen], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(subjects)) % FOLDS
    return [fold[index] == number for number in range(FOLDS)]


def operating_point(seen: Sequence[Presentation], surprises: Values, chosen: Flags) -> float:
    """The least sum that keeps BPCER within bounds: `BPCER` over all live ones, `WORST` times that in any setting."""
    live = _is(seen, LIVE) & chosen
    groups = [live & _in(seen, name) for name in settings_in(seen)]
    limits = [_quantile(surprises[live], BPCER)]
    limits += [_quantile(surprises[group], WORST * BPCER) for group in groups if group.sum() >= FEWEST]
    return max(limits) + 1e-6


def _quantile(values: Values, above: float) -> float:
    return float(np.quantile(values, 1 - above, method="higher"))


def species_in(seen: Sequence[Presentation]) -> list[str]:
    return sorted({each.species for each in seen} - {LIVE})


def settings_in(seen: Sequence[Presentation]) -> list[str]:
    """Settings with enough live presentations."""
    live = [each.setting for each in seen if each.species == LIVE]
    return sorted(name for name in set(live) if live.count(name) >= FEWEST)


def _is(seen: Sequence[Presentation], species: str) -> Flags:
    return np.array([each.species == species for each in seen])


def _in(seen: Sequence[Presentation], setting: str) -> Flags:
    return np.array([each.setting == setting for each in seen])

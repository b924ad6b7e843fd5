"""Chimeric people: a face of one person, a finger of another, as the test of independent modalities. Pure numbers.

People and fingers are dealt into folds. For every two folds a and b, what is reported lies within a and b and every
calibration is fitted on the people and fingers of the other folds alone: genuine trials are every genuine face pair of
a fold with every genuine finger pair of it (which finger a face gets is arbitrary, so all are taken instead of one
draw), impostor trials are face and finger pairs between the two folds, drawn at random.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger.match import SPREAD
from sallyport_models.calibrate import face_fit, finger_fit
from sallyport_models.calibrate.face_fit import LlrCurve, PeopleScores
from sallyport_models.calibrate.finger_fit import Knots
from sallyport_models.calibrate.fused_fit import fit_fused, fused_ratios
from sallyport_models.evaluate.finger_figures import Scores

Values = NDArray[np.float64]
Whole = NDArray[np.intp]
Flags = NDArray[np.bool_]
FOLDS = 5
IMPOSTORS = 2_000_000
"""Impostor trials in all, drawn with replacement."""
TRAINING = 60_000
"""Genuine, and as many impostor, trials that the fused calibration is fitted on, drawn with replacement."""
FACE_SAMPLES = 100


@dataclass(frozen=True, slots=True)
class Trials:
    """Held-out trials. Rates are log10; likelihood ratios are natural logarithms."""

    genuine: Flags
    finger: Whole
    """[trials] the finger of a genuine trial, -1 for an impostor trial."""
    person: Whole
    """[trials] whose face reference it is, as `PeopleScores` numbers people."""
    llr: Values
    """[trials, 2] face, finger"""
    fused: Values
    """[trials] both together, as calibrated"""
    point: Values
    """[trials] the fused stated rate, its point"""
    upper: Values
    """[trials] and its upper bound"""


@dataclass(frozen=True, slots=True)
class FacePairs:
    """Scores of face pairs, and whose reference each is."""

    score: NDArray[np.float32]
    person: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Deal:
    """Which fold each person and each finger is in."""

    people: Whole
    fingers: Whole


@dataclass(frozen=True, slots=True)
class FusedData:
    """All scores of both modalities, and the deal."""

    faces: PeopleScores
    fingers: Scores
    deal: Deal

    @classmethod
    def of(cls, faces: PeopleScores, fingers: Scores, seed: int = 1, folds: int | None = None) -> "FusedData":
        """Deals people at random, and the fingers of every set evenly: sets differ in their sensors."""
        generator, count = np.random.default_rng(seed), folds or FOLDS
        people = generator.permutation(int(faces.people.max()) + 1) % count
        dealt = np.zeros(int(fingers.fingers.max()) + 1, np.intp)
        for members in _sets(fingers):
            dealt[members] = generator.permutation(len(members)) % count
        return cls(faces, fingers, Deal(people.astype(np.intp), dealt))

    def outside(self, folds: tuple[int, int]) -> tuple[PeopleScores, Scores]:
        """Everything of the people and fingers of the other folds."""
        people = np.flatnonzero(~np.isin(self.deal.people, folds))
        kept = ~np.isin(self.deal.fingers[self.fingers.fingers], folds).any(axis=1)
        return self.faces.only(people), self.fingers.only(np.asarray(kept))

    def face_pairs(self, folds: tuple[int, int]) -> tuple["FacePairs", "FacePairs"]:
        """(genuine, impostor) pairs between the two folds; genuine only within one."""
        fold = self.deal.people[self.faces.people]
        one, other = (np.flatnonzero(fold == each) for each in folds)
        block = self.faces.scores[np.ix_(one, other)]
        same = self.faces.people[one][:, None] == self.faces.people[other]
        wanted = np.triu(np.ones(block.shape, bool), 1) if folds[0] == folds[1] else np.ones(block.shape, bool)
        who = np.broadcast_to(self.faces.people[one][:, None], block.shape)
        mated, strange = wanted & same, wanted & ~same
        return FacePairs(block[mated], who[mated]), FacePairs(block[strange], who[strange])

    def finger_pairs(self, folds: tuple[int, int]) -> Scores:
        """Pairs between the two folds."""
        fold = np.sort(self.deal.fingers[self.fingers.fingers], axis=1)
        return self.fingers.only(np.asarray((fold == sorted(folds)).all(axis=1)))


def trials_of(faces: PeopleScores, fingers: Scores, seed: int = 1) -> Trials:
    """All trials, each judged by calibrations of people and fingers that are not in it."""
    data = FusedData.of(faces, fingers, seed)
    generator = np.random.default_rng(seed)
    pairs = list(combinations_with_replacement(range(FOLDS), 2))
    return _joined([_part(data, folds, IMPOSTORS // len(pairs), generator) for folds in pairs])


def training_trials(
    faces: PeopleScores, fingers: Scores, face: LlrCurve, finger: Knots, generator: np.random.Generator
) -> tuple[Values, Values, Flags]:
    """(face, finger) log-likelihood ratios of chimeras of these people and fingers, and which are genuine."""
    ends = ((faces.genuine(), fingers.odds[fingers.genuine]), (faces.impostor(), fingers.odds[~fingers.genuine]))
    drawn = [(generator.choice(one, TRAINING), generator.choice(other, TRAINING)) for one, other in ends]
    face_llr = _curve(np.concatenate([one for one, _ in drawn]).astype(np.float64), face)
    finger_llr = _curve(raw_score(np.concatenate([other for _, other in drawn])), finger)
    return face_llr, finger_llr, np.arange(2 * TRAINING) < TRAINING


def raw_score(odds: Values) -> Values:
    """The finger comparison's score, 0 to 1, of its log odds (`sallyport_biometrics.finger.match.score_of`)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds / SPREAD, -30, 30))))


def _part(data: FusedData, folds: tuple[int, int], impostors: int, generator: np.random.Generator) -> Trials:
    faces, fingers = data.outside(folds)
    face_llr, face_fmr = face_fit.fit_llr(faces), face_fit.fit_fmr(faces, FACE_SAMPLES)
    finger_llr, finger_fmr = finger_fit.fit_llr(fingers), finger_fit.fit_fmr(fingers)
    fused = fit_fused(*training_trials(faces, fingers, face_llr, finger_llr, generator))
    score, odds, finger, person, genuine = _draw(data, folds, impostors, generator)
    raw = raw_score(odds)
    llr = np.stack([_curve(score, face_llr), _curve(raw, finger_llr)], axis=1)
    rates = [
        np.interp(score, face_fmr.score, values) + np.interp(raw, finger_fmr.score, others)
        for values, others in (
            (face_fmr.point_log10, finger_fmr.point_log10),
            (face_fmr.upper_log10, finger_fmr.upper_log10),
        )
    ]
    point, upper = (_product_rule(each) for each in rates)
    return Trials(genuine, finger, person, llr, fused_ratios(fused, llr[:, 0], llr[:, 1]), point, upper)


def _draw(
    data: FusedData, folds: tuple[int, int], impostors: int, generator: np.random.Generator
) -> tuple[Values, Values, Whole, Whole, Flags]:
    """(face score, finger log odds, finger, person, genuine) of every trial of two folds."""
    mated_faces, strange_faces = data.face_pairs(folds)
    pairs = data.finger_pairs(folds)
    mated, strange = pairs.only(pairs.genuine), pairs.only(~pairs.genuine)
    faces, times = len(mated_faces.score), len(mated.odds)
    count = impostors if len(strange_faces.score) and len(strange.odds) else 0
    drawn = generator.integers(0, max(1, len(strange_faces.score)), count)
    others = generator.integers(0, max(1, len(strange.odds)), count)
    return (
        np.concatenate([np.repeat(mated_faces.score, times), strange_faces.score[drawn]]).astype(np.float64),
        np.concatenate([np.tile(mated.odds, faces), strange.odds[others]]),
        np.concatenate([np.tile(mated.fingers[:, 0], faces), np.full(count, -1)]),
        np.concatenate([np.repeat(mated_faces.person, times), strange_faces.person[drawn]]),
        np.arange(faces * times + count) < faces * times,
    )


def _curve(score: Values, curve: LlrCurve | Knots) -> Values:
    return np.interp(score, curve.score, curve.value)


def _sets(fingers: Scores) -> Iterator[Whole]:
    """The fingers of each set: those that pairs connect, in the order of their numbers."""
    left = set(np.unique(fingers.fingers).tolist())
    while left:
        reached, before = {min(left)}, 0
        while len(reached) > before:
            before = len(reached)
            touching = fingers.fingers[np.isin(fingers.fingers, list(reached)).any(axis=1)]
            reached |= set(np.unique(touching).tolist())
        left -= reached
        yield np.array(sorted(reached), np.intp)


def _product_rule(product_log10: Values) -> Values:
    """`sallyport_biometrics.fusion.product_rule_log10` over an array."""
    return np.asarray(np.minimum(0.0, product_log10 + np.log10(1.0 - product_log10 * np.log(10.0))))


def _joined(parts: Sequence[Trials]) -> Trials:
    return Trials(*(np.concatenate([getattr(part, name) for part in parts]) for name in Trials.__slots__))

"""Chimeric people: a face of one person, a finger of another, as the test of independent modalities. Pure numbers.

Each person of the face set gets one finger at random, for good. A genuine trial is a genuine face pair with a genuine
pair of that finger; an impostor trial is an impostor face pair with an impostor finger pair. Calibrations are fitted on
one half of the people and fingers and reported on the other, and the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sallyport_biometrics.finger.match import SPREAD
from sallyport_models.calibrate import face_fit, finger_fit
from sallyport_models.calibrate.face_fit import PeopleScores
from sallyport_models.evaluate.finger_figures import Scores

Values = NDArray[np.float64]
Whole = NDArray[np.intp]
IMPOSTORS = 1_000_000
"""Impostor trials of each half, drawn with replacement."""
FACE_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Trials:
    """Trials of both halves. Rates are log10; likelihood ratios are natural logarithms."""

    genuine: NDArray[np.bool_]
    finger: Whole
    """[trials] the finger of a genuine trial, -1 for an impostor trial."""
    llr: Values
    """[trials, 2] face, finger"""
    point: Values
    """[trials] the fused stated rate, its point"""
    upper: Values
    """[trials] and its upper bound"""

    @property
    def fused(self) -> Values:
        return np.asarray(self.llr.sum(axis=1))


def trials_of(faces: PeopleScores, fingers: Scores, seed: int = 1) -> Trials:
    """All trials: each half judged by calibrations of the other."""
    generator = np.random.default_rng(seed)
    people = generator.permutation(int(faces.people.max()) + 1)
    numbers = generator.permutation(np.unique(fingers.fingers))
    face_halves = faces.only(people[::2]), faces.only(people[1::2])
    finger_halves = [_only(fingers, numbers[start::2]) for start in (0, 1)]
    parts = [
        _half(face_halves[1 - at], finger_halves[1 - at], face_halves[at], finger_halves[at], generator)
        for at in (0, 1)
    ]
    return _joined(parts)


def _half(
    face_train: PeopleScores, finger_train: Scores, faces: PeopleScores, fingers: Scores, generator: np.random.Generator
) -> Trials:
    face_scores, finger_odds, finger, genuine = _draw(faces, fingers, generator)
    face_llr, face_fmr = face_fit.fit_llr(face_train), face_fit.fit_fmr(face_train, FACE_SAMPLES)
    finger_llr, finger_fmr = finger_fit.fit_llr(finger_train), finger_fit.fit_fmr(finger_train)
    raw = 1 / (1 + np.exp(-np.clip(finger_odds / SPREAD, -30, 30)))
    llr = np.stack(
        [
            np.interp(face_scores, face_llr.score, face_llr.value),
            np.interp(raw, finger_llr.score, finger_llr.value),
        ],
        axis=1,
    )
    rates = [
        np.interp(face_scores, face_fmr.score, values) + np.interp(raw, finger_fmr.score, others)
        for values, others in (
            (face_fmr.point_log10, finger_fmr.point_log10),
            (face_fmr.upper_log10, finger_fmr.upper_log10),
        )
    ]
    point, upper = (_product_rule(each) for each in rates)
    return Trials(genuine, finger, llr, point, upper)


def _draw(
    faces: PeopleScores, fingers: Scores, generator: np.random.Generator
) -> tuple[Values, Values, Whole, NDArray[np.bool_]]:
    """(face score, finger log odds, finger, genuine) of every trial of one half."""
    same = np.triu(faces.people[:, None] == faces.people, 1)
    rows, columns = np.nonzero(same)
    numbers = np.unique(fingers.fingers)
    mine = numbers[generator.integers(len(numbers), size=int(faces.people.max()) + 1)][faces.people[rows]]
    by_finger = {each: fingers.odds[fingers.genuine & (fingers.fingers[:, 0] == each)] for each in numbers}
    mated = np.array([generator.choice(by_finger[each]) for each in mine])
    first = generator.integers(len(faces.people), size=IMPOSTORS)
    second = generator.integers(len(faces.people), size=IMPOSTORS)
    strangers = faces.people[first] != faces.people[second]
    face_impostor = faces.scores[first[strangers], second[strangers]]
    finger_impostor = generator.choice(fingers.odds[~fingers.genuine], size=len(face_impostor))
    genuine = np.arange(len(rows) + len(face_impostor)) < len(rows)
    return (
        np.concatenate([faces.scores[rows, columns], face_impostor]).astype(np.float64),
        np.concatenate([mated, finger_impostor]),
        np.concatenate([mine, np.full(len(face_impostor), -1)]),
        genuine,
    )


def _product_rule(product_log10: Values) -> Values:
    """`sallyport_biometrics.fusion.product_rule_log10` over an array."""
    return np.asarray(np.minimum(0.0, product_log10 + np.log10(1.0 - product_log10 * np.log(10.0))))


def _only(fingers: Scores, chosen: Whole) -> Scores:
    return fingers.only(np.asarray(np.isin(fingers.fingers, chosen).all(axis=1)))


def _joined(parts: Sequence[Trials]) -> Trials:
    return Trials(*(np.concatenate([getattr(part, name) for part in parts]) for name in Trials.__slots__))

"""From genuine and impostor scores to the two curves of a calibration, with bounds that respect identities.

False match rate: counted over all impostor pairs, never beyond what ten pairs show. Its upper bound is the 95 %
quantile over bootstrap samples of *identities*: pairs that share a person are not independent, and drawing pairs
would promise far too much. Likelihood ratio: logistic, a straight line over the cosine; held flat where either kind has
fewer than three pairs left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sallyport_models.calibrate.logistic import fit_line
from sallyport_models.evaluate.face_scores import Enrolled
from sallyport_models.evaluate.pairs import person_of

Values = npt.NDArray[np.float64]
CONFIDENCE = 0.95
SHOWN_BY = 10
"""Pairs that must lie above a threshold before we state its rate."""
KNOTS_PER_DECADE = 3
LLR_KNOTS = 25
BINS = 4_400
"""Of scores from -1.1 to 1.1, for the millions of impostors."""


@dataclass(frozen=True, slots=True)
class PeopleScores:
    """Scores between usable images: [n, n] and the person of each image as 0, 1, 2, ..."""

    scores: npt.NDArray[np.float32]
    people: npt.NDArray[np.int64]

    @classmethod
    def of(cls, enrolled: list[Enrolled]) -> "PeopleScores":
        embeddings = [item.embedding for item in enrolled if item.embedding is not None]
        names = [person_of(item.name) for item in enrolled if item.embedding is not None]
        matrix = np.stack(embeddings)
        return cls(matrix @ matrix.T, np.unique(names, return_inverse=True)[1])

    def only(self, people: npt.NDArray[np.int64]) -> "PeopleScores":
        """The images of these people."""
        at = np.flatnonzero(np.isin(self.people, people))
        return PeopleScores(self.scores[np.ix_(at, at)], np.unique(self.people[at], return_inverse=True)[1])

    def genuine(self) -> npt.NDArray[np.float32]:
        return self._pairs(self.people[:, None] == self.people)

    def impostor(self) -> npt.NDArray[np.float32]:
        return self._pairs(self.people[:, None] != self.people)

    def _pairs(self, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        return self.scores[np.triu(wanted, 1)]


@dataclass(frozen=True, slots=True)
class FmrCurve:
    """Threshold to log10 of the false match rate, and its upper bound; thresholds rise."""

    score: tuple[float, ...]
    point_log10: tuple[float, ...]
    upper_log10: tuple[float, ...]
    resolved_log10: float


def fit_fmr(
    data: PeopleScores, samples: int = 1000, seed: int = 1, groups: Sequence[npt.NDArray[np.int64]] = ()
) -> FmrCurve:
    """The curve at evenly spaced rates down to the smallest that the pairs show.

    `groups` (people of each): then what is stated at a threshold is the worst group's rate among its own people, and
    the worst group's bound, wherever that is above everybody's. The mean over all would promise them too much.
    """
    impostor = np.sort(data.impostor())
    smallest = SHOWN_BY / len(impostor)
    count = int(np.ceil(-np.log10(smallest) * KNOTS_PER_DECADE)) + 1
    rates = np.logspace(np.log10(0.5), np.log10(smallest), count)
    thresholds = np.unique(impostor[np.minimum(len(impostor) - (rates * len(impostor)).astype(int), len(impostor) - 1)])
    points = 1.0 - np.searchsorted(impostor, thresholds, side="left") / len(impostor)
    uppers = np.maximum(upper_rates(data, thresholds, samples, seed), points)
    for members in groups:
        part = data.only(members)
        own = np.sort(part.impostor())
        rates = 1.0 - np.searchsorted(own, thresholds, side="left") / len(own)
        points = np.maximum(points, rates)
        uppers = np.maximum(uppers, np.maximum(upper_rates(part, thresholds, samples, seed), rates))
    uppers = np.minimum(np.maximum.accumulate(uppers[::-1])[::-1], 1.0)
    return FmrCurve(
        tuple(float(value) for value in thresholds),
        tuple(float(value) for value in np.log10(points)),
        tuple(float(value) for value in np.log10(uppers)),
        float(np.log10(points[-1])),
    )


def upper_rates(data: PeopleScores, thresholds: npt.NDArray[np.float32], samples: int, seed: int) -> Values:
    """The CONFIDENCE quantile of the false match rate at each threshold, over samples of identities.

    Where the impostors above the threshold involve few people the quantile is wide; a rate is never bounded
    below three pairs out of all (the rule of three), whatever the bootstrap says.
    """
    people = int(data.people.max()) + 1
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(people, np.full(people, 1.0 / people), size=samples).astype(np.float32)
    images = np.bincount(data.people, minlength=people).astype(np.float32)
    held = weights * images
    pairs = (held.sum(axis=1) ** 2 - (held**2).sum(axis=1)) / 2.0
    total = (images.sum() ** 2 - (images**2).sum()) / 2.0
    rows, columns = np.nonzero(np.triu(data.people[:, None] != data.people, 1))
    scores = data.scores[rows, columns]
    cells = data.people[rows] * people + data.people[columns]
    bounds = []
    for threshold in thresholds:
        above = np.bincount(cells[scores >= threshold], minlength=people * people)
        counts = above.reshape(people, people).astype(np.float32)
        accepted = np.einsum("sp,sp->s", weights @ counts, weights)
        bounds.append(max(float(np.quantile(accepted / pairs, CONFIDENCE)), 3.0 / total))
    return np.array(bounds)


@dataclass(frozen=True, slots=True)
class LlrCurve:
    """Score to natural-log likelihood ratio; both rise."""

    score: tuple[float, ...]
    value: tuple[float, ...]


def fit_llr(data: PeopleScores) -> LlrCurve:
    """A line between the bounds that the numbers of pairs allow."""
    genuine, impostor = data.genuine().astype(np.float64), data.impostor()
    edges = np.linspace(-1.1, 1.1, BINS + 1)
    counts = np.histogram(impostor, edges)[0]
    held = counts > 0
    score = np.concatenate([genuine, ((edges[:-1] + edges[1:]) / 2)[held]])
    weight = np.concatenate([np.ones(len(genuine)), counts[held].astype(np.float64)])
    scale, shift = fit_line(score, np.arange(len(score)) < len(genuine), weight)
    least, most = -np.log(max(len(genuine), 4) / 3), np.log(max(len(impostor), 4) / 3)
    knots = np.linspace((least - shift) / scale, (most - shift) / scale, LLR_KNOTS)
    return LlrCurve(tuple(float(each) for each in knots), tuple(float(scale * each + shift) for each in knots))


def held_out(data: PeopleScores, seed: int = 1) -> list[tuple[float, float, float]]:
    """(stated point, stated upper bound, observed on others) of log10 FMR, by two halves of the identities."""
    people = np.random.default_rng(seed).permutation(int(data.people.max()) + 1)
    halves = data.only(people[::2]), data.only(people[1::2])
    rows = []
    for fitted, other in (halves, halves[::-1]):
        curve = fit_fmr(fitted)
        impostor = np.sort(other.impostor())
        above = len(impostor) - np.searchsorted(impostor, np.array(curve.score, dtype=np.float32), side="left")
        observed = np.log10(np.maximum(above, 0.5) / len(impostor))
        rows += list(zip(curve.point_log10, curve.upper_log10, (float(value) for value in observed), strict=True))
    return sorted(rows, reverse=True)

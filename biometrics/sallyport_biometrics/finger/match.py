"""One-to-one comparison of finger templates.

The alignment gives a handful of measurements; a logistic regression over them, fitted on other people's fingers
(`sallyport-models calibrate fingerprint`), gives the score. What a score is worth is the calibration's business.
"""

import math

import numpy as np

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.alignment import Alignment, Likeness, align, likeness
from sallyport_biometrics.finger.descriptors import Described
from sallyport_biometrics.finger.flow import Floats
from sallyport_biometrics.finger.template import FingerTemplate
from sallyport_biometrics.finger.weights import BIAS, WEIGHTS
from sallyport_protocol.errors import MalformedError

MEASUREMENTS = (
    "pairs, of the minutiae in the overlap",
    "quality of the pairs, of that in the overlap",
    "cylinder likeness of the pairs, over the minutiae in the overlap",
    "support of the best group of pairs, over the minutiae in the overlap",
    "likeness of the eight best surroundings",
    "log area of the overlap",
    "mean distance of the pairs, px",
)
"""What `measure` gives, in order."""

LEAST_MINUTIAE = 3
NO_MATCH = 0.0
SPREAD = 4.0
"""Log odds of one unit of the score's logit."""


def compare(probe: FingerTemplate, reference: FingerTemplate) -> float:
    """Similarity, 0 to 1. Deterministic and symmetric; 0 for templates with too few minutiae or nothing alike.

    Raises MalformedError for templates of different models: they mean different things.
    """
    if probe.model != reference.model:
        raise MalformedError("the finger templates were made by different models; enrol the finger again")
    measured = measure(probe, reference)
    return NO_MATCH if measured is None else score_of(float(measured @ _WEIGHTS) + BIAS)


def score_of(log_odds: float) -> float:
    """The regression's log odds as a score, 0 to 1; spread so that strong matches still differ."""
    return 1 / (1 + math.exp(-min(max(log_odds / SPREAD, -30.0), 30.0)))


_WEIGHTS = np.array(WEIGHTS, np.float64)


def measure(probe: FingerTemplate, reference: FingerTemplate) -> Floats | None:
    """The measurements of a pair, in the order of MEASUREMENTS; None when it cannot match."""
    a, b = ordered(probe, reference)
    if min(len(a), len(b)) < LEAST_MINUTIAE:
        return None
    like = likeness(a.described, b.described)
    alignment = align(a.described, b.described, like)
    return None if alignment is None else _measurements(a.described, b.described, like, alignment)


def ordered(probe: FingerTemplate, reference: FingerTemplate) -> tuple[FingerTemplate, FingerTemplate]:
    """The two in one fixed order, which makes the comparison symmetric to the last bit."""
    swap = probe.to_bytes() > reference.to_bytes()
    return (reference, probe) if swap else (probe, reference)


def _measurements(a: Described, b: Described, like: Likeness, alignment: Alignment) -> Floats:
    i, j = alignment.first, alignment.second
    pairs = len(i)
    inside_b = b.flow_at(alignment.placed) != 0
    inside_a = a.flow_at(alignment.onto_first(b.place)) != 0
    count = math.sqrt(max(int(inside_b.sum()), pairs, 1) * max(int(inside_a.sum()), pairs, 1)) + p.OVERLAP_PSEUDO
    paired_quality = float(np.sqrt(a.quality[i] * b.quality[j]).sum())
    quality_a = max(float(a.quality[inside_b].sum()), paired_quality)
    quality_b = max(float(b.quality[inside_a].sum()), paired_quality)
    quality = math.sqrt(quality_a * quality_b) + p.OVERLAP_PSEUDO
    cells = int(np.count_nonzero(b.flow_at(alignment.onto_second(a.cells))))
    distance = float(np.abs(alignment.placed[i] - b.place[j]).mean()) if pairs else p.FINE_REACH
    best = np.sort(like.together.max(axis=1))[-8:]
    return np.array(
        [
            pairs / count,
            paired_quality / quality,
            float(like.cylinders[i, j].sum()) / count,
            alignment.support / count,
            float(best.mean()),
            math.log(cells / 100 + 0.3),
            distance,
        ]
    )

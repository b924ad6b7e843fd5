"""What the best of several comparisons is worth. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sallyport_biometrics.calibration import Calibration, StatedFmr
from sallyport_protocol.subject import Reference


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best score among one person's references and its honest worth."""

    reference: Reference
    llr: float
    fmr: StatedFmr


def best_of(scored: Sequence[tuple[float, Reference]], calibration: Calibration) -> Comparison:
    """The best of n comparisons. A stranger has n chances, so the stated rate grows by n (union bound).

    Raises ValueError for no comparison at all.
    """
    score, reference = max(scored, key=lambda pair: pair[0])
    chances = math.log10(len(scored))
    one = calibration.fmr(score)
    fmr = StatedFmr(min(0.0, one.point_log10 + chances), min(0.0, one.upper_log10 + chances), one.extrapolated)
    return Comparison(reference, calibration.llr(score) - math.log(len(scored)), fmr)

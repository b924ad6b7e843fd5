"""What the best of several comparisons is worth, and whether it is a match. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sallyport_biometrics.calibration import Calibration, StatedFmr
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.stage import Age
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Reference


@dataclass(frozen=True, slots=True)
class Scored:
    """One comparison: its score, against which reference, and how good that one is, 0 to 1."""

    score: float
    reference: Reference
    quality: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best score among one person's references and its honest worth."""

    reference: Reference
    quality: float
    """Of the reference."""
    llr: float
    fmr: StatedFmr


def judged(
    base: ModalityEvidence,
    scored: Sequence[Scored],
    calibration: Calibration,
    floor_log10: float,
    age: Age,
) -> ModalityEvidence:
    """`base` with what the scores against this person's own references say, strictly one to one.

    A match is stated at its upper bound, which must reach the modality's floor.
    """
    if not scored:
        return replace(base, detail=f"no {base.modality} reference is enrolled")
    best = best_of(scored, calibration)
    matched = best.fmr.upper_log10 <= floor_log10
    return replace(
        base,
        outcome=ModalityOutcome.MATCH if matched else ModalityOutcome.NON_MATCH,
        llr=best.llr,
        fmr=best.fmr,
        reference_age_days=age(best.reference),
        reference_quality=best.quality,
        detail="" if matched else f"the {base.modality} is not the enrolled person's",
    )


def best_of(scored: Sequence[Scored], calibration: Calibration) -> Comparison:
    """The best of n comparisons. A stranger has n chances, so the stated rate grows by n (union bound).

    Raises ValueError for no comparison at all.
    """
    best = max(scored, key=lambda each: each.score)
    chances = math.log10(len(scored))
    one = calibration.fmr(best.score)
    fmr = StatedFmr(min(0.0, one.point_log10 + chances), min(0.0, one.upper_log10 + chances), one.extrapolated)
    return Comparison(best.reference, best.quality, calibration.llr(best.score) - math.log(len(scored)), fmr)

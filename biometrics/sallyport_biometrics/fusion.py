"""One verdict from the modalities: what each claims, floors, and a stated false match rate for all together.

For two independent modalities with rates a and b, an impostor passes a test on the product p = a b with probability
p (1 - ln p): the chance that the product of two uniform numbers is at most p. One modality alone states its own rate.
So a missing modality never lowers the bar: the one that is left must reach the fused rate by itself.

Somebody who could be mistaken for the person raises it (`sallyport_protocol.subject.Guard`): then no exception excuses
the finger, and where a twin is known the face counts for nothing in what is claimed, so the finger alone must reach a
rate of its own, beside everything that is asked of strangers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sallyport_biometrics.calibration import StatedFmr
from sallyport_protocol.subject import Guard, Modality

FACE: Final = str(Modality.FACE)
FINGER: Final = str(Modality.FINGER)


class FusedOutcome(StrEnum):
    """What the scores say, before any other check."""

    MATCH = "MATCH"
    NON_MATCH = "NON_MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One modality's claim."""

    modality: str
    llr: float
    """Natural-log likelihood ratio, genuine over impostor."""
    fmr: StatedFmr


@dataclass(frozen=True, slots=True)
class FusedCalibration:
    """What the likelihood ratios of two modalities are worth together (`sallyport_models/calibration/fused.toml`).

    Each is first bounded from below by the share of genuine captures that fail (another part of the finger, a face
    turned away): with that share e, a score that no genuine capture would give still has the ratio e, not nothing,
    because a failed one gives it too. Then the sum is scaled and shifted. All three were fitted on the fused score.
    """

    failed_share: Mapping[str, float]
    scale: float
    shift: float

    def llr(self, ratios: Mapping[str, float]) -> float | None:
        """Natural-log likelihood ratio of all modalities; of a single one its own, and None of none."""
        if len(ratios) < 2:
            return next(iter(ratios.values()), None)
        return self.scale * sum(bounded(llr, self.failed_share[name]) for name, llr in ratios.items()) + self.shift


def bounded(llr: float, failed_share: float) -> float:
    """ln((1 - e) exp(llr) + e): never below ln e."""
    if failed_share <= 0.0:
        return llr
    high, low = llr + math.log1p(-failed_share), math.log(failed_share)
    return max(high, low) + math.log1p(math.exp(-abs(high - low)))


PLAIN_SUM: Final = FusedCalibration({FACE: 0.0, FINGER: 0.0}, 1.0, 0.0)
"""Where no calibration of the fused score is at hand."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What is asked of the scores. Rates are log10 and met by the upper bound, not the point."""

    required: frozenset[str]
    """Modalities that must be present, unless excepted on record."""
    fused_log10: float = -6.0
    floor_log10: float = -2.0
    twin_log10: float | None = None
    """What must be reached without the face where a twin is known; None: no twin passes."""


@dataclass(frozen=True, slots=True)
class Fused:
    """The outcome and everything it rests on."""

    outcome: FusedOutcome
    llr: float | None
    fmr: StatedFmr | None
    reasons: tuple[str, ...]
    """Why it is not a match; empty for a match."""


def fuse(
    evidence: Sequence[Evidence],
    point: OperatingPoint,
    exceptions: frozenset[str] = frozenset(),
    guard: Guard = Guard.NONE,
    calibration: FusedCalibration = PLAIN_SUM,
) -> Fused:
    """Judges the evidence at an operating point.

    `exceptions` are required modalities that an officer recorded as unusable today: they may be absent, and what is
    left must then reach the fused rate alone. No evidence, or none that is required, is INCONCLUSIVE. Under a guard the
    finger is required and never excused; for a twin `llr` and `fmr` are those of the finger alone.
    """
    by_name = {item.modality: item for item in evidence}
    if len(by_name) != len(evidence):
        raise ValueError("one claim for each modality")
    counted = [item for item in evidence if guard is not Guard.TWIN or item.modality != FACE]
    claim, total = fused_fmr(counted), calibration.llr({item.modality: item.llr for item in counted})
    inexcusable = frozenset() if guard is Guard.NONE else frozenset({FINGER})
    missing = sorted(((point.required - exceptions) | inexcusable) - by_name.keys())
    if missing or not point.required or claim is None:
        reasons = tuple(f"{name} is missing" for name in missing) or ("nothing was compared",)
        return Fused(FusedOutcome.INCONCLUSIVE, total, claim, reasons)
    reasons = tuple(
        f"{name} is below its floor" for name, item in by_name.items() if item.fmr.upper_log10 > point.floor_log10
    )
    strangers = fused_fmr(evidence)
    assert strangers is not None
    if strangers.upper_log10 > point.fused_log10:
        reasons += ("the stated false match rate is above the operating point",)
    if guard is Guard.TWIN and (point.twin_log10 is None or claim.upper_log10 > point.twin_log10):
        reasons += ("without the face it is not certain enough: a twin is known",)
    outcome = FusedOutcome.NON_MATCH if reasons else FusedOutcome.MATCH
    return Fused(outcome, total, claim, reasons)


def fused_fmr(evidence: Sequence[Evidence]) -> StatedFmr | None:
    """The false match rate stated by one or two independent modalities; None for none. Raises ValueError for more."""
    if not evidence:
        return None
    if len(evidence) == 1:
        return evidence[0].fmr
    if len(evidence) > 2:
        raise ValueError("the product rule is stated for two modalities")
    first, second = evidence[0].fmr, evidence[1].fmr
    return StatedFmr(
        product_rule_log10(first.point_log10 + second.point_log10),
        product_rule_log10(first.upper_log10 + second.upper_log10),
        True,  # no data resolve the product: it stands on the independence of the two
    )


def product_rule_log10(product_log10: float) -> float:
    """log10 of p (1 - ln p) for log10 p <= 0: the rate at which two independent impostor rates multiply to p."""
    if product_log10 > 0.0:
        raise ValueError("a product of rates is at most 1")
    return min(0.0, product_log10 + math.log10(1.0 - product_log10 * math.log(10.0)))

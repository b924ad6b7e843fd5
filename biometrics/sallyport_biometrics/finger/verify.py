"""Verification by one or two fingers, with an alternative where one is missing or dressed.

A finger is required unless an officer recorded an exception for it; then an enrolled alternative stands in. With no
finger left the outcome says so and nothing is compared: an exception never lowers the bar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sallyport_biometrics.calibration import Calibration, StatedFmr
from sallyport_biometrics.finger.match import compare
from sallyport_biometrics.finger.template import FingerTemplate
from sallyport_biometrics.fusion import Evidence, fused_fmr


class Position(StrEnum):
    """Finger positions of ISO/IEC 19794-2."""

    RIGHT_THUMB = "right thumb"
    RIGHT_INDEX = "right index"
    RIGHT_MIDDLE = "right middle"
    RIGHT_RING = "right ring"
    RIGHT_LITTLE = "right little"
    LEFT_THUMB = "left thumb"
    LEFT_INDEX = "left index"
    LEFT_MIDDLE = "left middle"
    LEFT_RING = "left ring"
    LEFT_LITTLE = "left little"

    @property
    def code(self) -> int:
        """1 to 10."""
        return list(Position).index(self) + 1

    @classmethod
    def of(cls, code: int) -> "Position":
        """From 1 to 10. Raises ValueError."""
        if not 1 <= code <= len(cls):
            raise ValueError(f"{code} is not a finger position, 1 to 10")
        return list(cls)[code - 1]


@dataclass(frozen=True, slots=True)
class FingerPlan:
    """Which fingers to ask for, and which required ones an exception excuses."""

    ask: tuple[Position, ...]
    excused: tuple[Position, ...]
    """Required fingers that another stands in for, or that nothing stands in for."""
    shortfall: int
    """Required fingers that nothing stands in for: their evidence is missing and must be stated so."""


def plan(required: Sequence[Position], enrolled: Sequence[Position], exceptions: frozenset[Position]) -> FingerPlan:
    """Required fingers that can be used, then enrolled alternatives for those that cannot, in the order enrolled."""
    usable = [finger for finger in required if finger in enrolled and finger not in exceptions]
    excused = tuple(finger for finger in required if finger not in usable)
    spare = [finger for finger in enrolled if finger not in required and finger not in exceptions]
    stand_ins = spare[: len(excused)]
    return FingerPlan(tuple(usable + stand_ins), excused, len(excused) - len(stand_ins))


@dataclass(frozen=True, slots=True)
class FingersResult:
    """The evidence of one or two fingers as one modality."""

    scores: dict[Position, float]
    llr: float
    fmr: StatedFmr


def verify(
    probes: Mapping[Position, FingerTemplate],
    references: Mapping[Position, FingerTemplate],
    calibration: Calibration,
) -> FingersResult | None:
    """Compares each finger with its own reference and fuses at most two; None when no finger has one.

    Fingers of a person are taken as independent between different persons, so two state the product rule's rate.
    """
    scores = {each: compare(probes[each], references[each]) for each in probes if each in references}
    if not scores:
        return None
    if len(scores) > 2:
        raise ValueError("verification is stated for one or two fingers")
    evidence = [Evidence(each.value, calibration.llr(score), calibration.fmr(score)) for each, score in scores.items()]
    fmr = fused_fmr(evidence)
    assert fmr is not None
    return FingersResult(scores, sum(item.llr for item in evidence), fmr)

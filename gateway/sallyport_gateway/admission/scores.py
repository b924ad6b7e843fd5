"""Check 12: do the kiosk's stated rates meet the operating point? The gateway does the sum again itself. Pure."""

from math import log, log10
from typing import Final

from sallyport_protocol.causes import CauseCode, NextStep, Owner
from sallyport_protocol.checks import CheckNumber, CheckOutcome, CheckResult, failed, passed, unknown
from sallyport_protocol.messages import ModalityOutcome, ModalityResult, Offer, Outcome, Result
from sallyport_protocol.subject import Guard, Modality

_TOLERANCE: Final = 0.05
"""Largest difference, in powers of ten, between the kiosk's fused rate and ours: float rounding, not opinion."""

_TOLD_APART: Final = Modality.FINGER
"""What tells twins apart."""

GUARDED: Final = {
    Guard.ALIKE: "Somebody of a similar name is held here, or a relative is known",
    Guard.TWIN: "A twin of this person is known",
}

_NAMES: Final = {Modality.FACE: "face", Modality.FINGER: "finger"}


def check_match(result: Result, offer: Offer) -> CheckResult:
    """Outcome MATCH; each modality at or below its floor; fused at or below the threshold (upper bounds, S4)."""
    number, point = CheckNumber.MATCH, offer.operating
    if result.outcome in (Outcome.NON_MATCH, Outcome.ATTACK_SUSPECTED):
        wrong = [_NAMES[each.modality] for each in result.modalities if each.outcome is ModalityOutcome.NON_MATCH]
        if result.outcome is Outcome.ATTACK_SUSPECTED and not wrong:
            return unknown(number, result.outcome.value, "Nothing that was compared counts: an attack is suspected.")
        names = " and ".join(wrong) or "person"
        return failed(number, "NON_MATCH", f"The {names} presented {'do' if len(wrong) > 1 else 'does'} not match.")
    if result.outcome is not Outcome.MATCH:
        return _undecided(result)
    judged = [each for each in result.modalities if each.exception is None]
    if offer.guard is not Guard.NONE and all(each.modality is not Modality.FINGER for each in judged):
        return failed(number, "FINGER_NEEDED", f"{GUARDED[offer.guard]}: without the finger nobody is identified here.")
    if not judged:
        return failed(number, "NOTHING_COMPARED", "Every modality is excused; identify the person by the manual path.")
    for each in judged:
        if each.outcome is not ModalityOutcome.MATCH or each.fmr is None:
            return failed(number, "NON_MATCH", f"The {_NAMES[each.modality]} does not match.")
        if each.fmr.upper_log10 > point.floor_fmr_log10:
            return failed(number, "BELOW_FLOOR", f"The {_NAMES[each.modality]} match is too weak on its own.")
    ours = fused_log10(tuple(each for each in judged if offer.guard is not Guard.TWIN or each.modality is _TOLD_APART))
    if result.fused_fmr is None or abs(result.fused_fmr.upper_log10 - ours) > _TOLERANCE:
        return failed(number, "SUM_DIFFERS", "The kiosk's combined rate is not what its parts add up to.")
    if fused_log10(tuple(judged)) > point.fused_fmr_log10:
        return failed(number, "BELOW_THRESHOLD", "Face and finger together are not certain enough.")
    if offer.guard is Guard.TWIN:
        return _tell_twins_apart(ours, point.twin_fmr_log10)
    return passed(number, f"Fewer than 1 in {10 ** min(-ours, 12):,.0f} strangers would match as well.")


def _tell_twins_apart(ours: float, bar: float | None) -> CheckResult:
    """The finger's own rate against what the policy asks where a twin is known. No rate there: nobody passes."""
    number = CheckNumber.MATCH
    if bar is None or ours > bar:
        return failed(number, "TWIN_NOT_EXCLUDED", "A twin is known, and the finger alone is not certain enough.")
    rate = f"Fewer than 1 in {10**-ours:,.0f} other fingers would match as well"
    return passed(number, f"{rate}; a twin is known, so the face is not counted.")


def fused_log10(judged: tuple[ModalityResult, ...]) -> float:
    """Upper bound of the fused false match rate, log10: Fisher's product rule for independent modalities.

    For n rates with product x, P(product of n uniform variables <= x) = x * sum over k < n of (-ln x)^k / k!; for two
    that is x (1 - ln x).
    """
    exponent = sum(each.fmr.upper_log10 for each in judged if each.fmr is not None)
    if len(judged) == 1:
        return exponent
    return min(0.0, exponent + log10(1 - exponent * log(10)))


def _undecided(result: Result) -> CheckResult:
    """Nobody was found to be wrong: another attempt, or a device to be seen to."""
    why = result.detail or result.outcome.value.lower().replace("_", " ")
    faulty = result.outcome is Outcome.FAULT
    return CheckResult(
        CheckNumber.MATCH,
        CheckOutcome.UNKNOWN,
        result.outcome.value,
        f"The kiosk could not decide: {why}.",
        cause=CauseCode.OTHER,
        owner=Owner.DEVICE_SUPPORT if faulty else Owner.CONFIRMING_OFFICER,
        next_step=NextStep.CALL_DEVICE_SUPPORT if faulty else NextStep.TRY_AGAIN,
    )

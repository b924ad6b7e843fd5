"""From evidence to the result that is signed. Pure: times, counter and boot are arguments."""

from dataclasses import dataclass

from sallyport_biometrics.calibration import StatedFmr
from sallyport_biometrics.fusion import (
    PLAIN_SUM,
    Evidence,
    Fused,
    FusedCalibration,
    FusedOutcome,
    OperatingPoint,
    fuse,
)
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.offers import Boot
from sallyport_protocol import messages
from sallyport_protocol.messages import Liveness, ModalityOutcome, ModalityResult, Offer, Outcome, Result, chain_head


@dataclass(frozen=True, slots=True)
class Moment:
    """When a result is made."""

    finished: int
    """Milliseconds from receiving the offer, monotonic."""
    wall: int
    counter: int
    tamper: bool


def conclude(
    offer: Offer,
    boot: Boot,
    evidence: tuple[ModalityEvidence, ...],
    moment: Moment,
    liveness: Liveness,
    *,
    abandoned: bool = False,
    calibration: FusedCalibration = PLAIN_SUM,
) -> Result:
    """The verification result of a session."""
    captures = tuple(sorted((c for each in evidence for c in each.captures), key=lambda capture: capture.at))
    fused = _fuse(offer, evidence, calibration)
    outcome = _outcome(offer, evidence, fused, liveness, abandoned)
    return Result(
        session=offer.session,
        challenge=offer.challenge,
        kiosk=boot.kiosk,
        lane=boot.lane,
        boot_nonce=boot.nonce,
        counter=moment.counter,
        oldest_capture=captures[0].at if captures else moment.finished,
        finished=moment.finished,
        wall=moment.wall,
        captures=captures,
        chain=chain_head(offer.session, offer.challenge, captures),
        modalities=tuple(_modality(each) for each in evidence),
        liveness=liveness,
        fused_llr=fused.llr,
        fused_fmr=_stated(fused.fmr),
        outcome=outcome,
        detail=_detail(offer, evidence, liveness, outcome),
        software=boot.software,
        policy=boot.policy.digest,
        model_set=boot.model_set.digest,
        tamper=moment.tamper,
    )


def _outcome(
    offer: Offer, evidence: tuple[ModalityEvidence, ...], fused: Fused, liveness: Liveness, abandoned: bool
) -> Outcome:
    """The worst that can be said comes first; MATCH only when nothing else can be."""
    outcomes = {each.outcome for each in evidence}
    if liveness is Liveness.FAILED or any(each.suspicious for each in evidence):
        return Outcome.ATTACK_SUSPECTED
    if ModalityOutcome.NON_MATCH in outcomes:
        return Outcome.NON_MATCH
    if ModalityOutcome.FAULT in outcomes:
        return Outcome.FAULT
    if abandoned:
        return Outcome.ABANDONED
    if offer.operating.liveness_required and liveness is not Liveness.PASSED:
        return Outcome.INCONCLUSIVE
    if outcomes <= {ModalityOutcome.MATCH, ModalityOutcome.EXCEPTION} and fused.outcome is FusedOutcome.MATCH:
        return Outcome.MATCH
    return Outcome.INCONCLUSIVE


def _detail(offer: Offer, evidence: tuple[ModalityEvidence, ...], liveness: Liveness, outcome: Outcome) -> str:
    """In words for the officer, and never a score: what each modality has to say, or what is missing."""
    if told := "; ".join(each.detail for each in evidence if each.detail):
        return told[:200]
    if offer.operating.liveness_required and liveness is Liveness.NOT_PERFORMED:
        return "nobody was shown to be alive"
    return "what was compared is not certain enough" if outcome is Outcome.INCONCLUSIVE else ""


def _fuse(offer: Offer, evidence: tuple[ModalityEvidence, ...], calibration: FusedCalibration) -> Fused:
    point = OperatingPoint(
        required=frozenset(str(each) for each in offer.operating.modalities),
        fused_log10=offer.operating.fused_fmr_log10,
        floor_log10=offer.operating.floor_fmr_log10,
        twin_log10=offer.operating.twin_fmr_log10,
    )
    claims = [
        Evidence(str(each.modality), each.llr, each.fmr)
        for each in evidence
        if each.llr is not None and each.fmr is not None
    ]
    excused = frozenset(str(each.modality) for each in offer.exceptions)
    return fuse(claims, point, excused, offer.guard, calibration)


def _modality(each: ModalityEvidence) -> ModalityResult:
    return ModalityResult(
        modality=each.modality,
        outcome=each.outcome,
        attempts=each.attempts,
        llr=each.llr,
        fmr=_stated(each.fmr),
        quality=each.quality,
        attack_score=each.attack_score,
        models=each.models,
        exception=each.exception,
        reference_age_days=each.reference_age_days,
        reference_quality=each.reference_quality,
    )


def _stated(fmr: StatedFmr | None) -> messages.StatedFmr | None:
    if fmr is None:
        return None
    return messages.StatedFmr(point_log10=fmr.point_log10, upper_log10=fmr.upper_log10, extrapolated=fmr.extrapolated)

"""From evidence to the result: the worst that can be said comes first, and MATCH only when nothing else can be."""

from dataclasses import replace

import pytest
from kiosk_bench import Bench

from sallyport_biometrics.calibration import StatedFmr
from sallyport_kiosk.conclude import Moment, conclude
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_protocol.messages import Capture, Liveness, ModalityOutcome, Outcome, Result, chain_head
from sallyport_protocol.subject import Modality, RecordedException

GOOD = StatedFmr(-5.0, -4.5, True)
POOR = StatedFmr(-1.0, -0.8, False)
MOMENT = Moment(finished=5_000, wall=1_795_000_000_000, counter=7, tamper=False)


def capture(modality: Modality, at: int) -> Capture:
    return Capture(modality=modality, digest=at.to_bytes(32, "big"), at=at)


FACE = ModalityEvidence(
    Modality.FACE,
    ModalityOutcome.MATCH,
    1,
    8.0,
    GOOD,
    0.9,
    captures=(capture(Modality.FACE, 900), capture(Modality.FACE, 1_000)),
    models=(bytes(32),),
)
FINGER = replace(FACE, modality=Modality.FINGER, captures=(capture(Modality.FINGER, 4_000),))
ABSENT = ModalityEvidence(Modality.FINGER, ModalityOutcome.NOT_ACQUIRED, detail="no usable fingerprint")
OTHER = replace(FINGER, outcome=ModalityOutcome.NON_MATCH, fmr=POOR, llr=-3.0, detail="not the enrolled finger")
BROKEN = ModalityEvidence(Modality.FINGER, ModalityOutcome.FAULT, detail="finger: unplugged")


def told(
    bench: Bench,
    *evidence: ModalityEvidence,
    liveness: Liveness = Liveness.NOT_PERFORMED,
    abandoned: bool = False,
) -> Result:
    return conclude(bench.offer(1), bench.boot, evidence, MOMENT, liveness, abandoned=abandoned)


def test_face_and_finger_match(bench: Bench) -> None:
    result = told(bench, FACE, FINGER)
    assert result.outcome is Outcome.MATCH
    assert result.fused_fmr is not None and result.fused_fmr.upper_log10 < -6.0
    assert result.fused_llr == 16.0
    assert result.detail == ""


@pytest.mark.parametrize(
    ("finger", "outcome"),
    [(OTHER, Outcome.NON_MATCH), (BROKEN, Outcome.FAULT), (ABSENT, Outcome.INCONCLUSIVE)],
)
def test_half_a_match_is_none(bench: Bench, finger: ModalityEvidence, outcome: Outcome) -> None:
    result = told(bench, FACE, finger)
    assert result.outcome is outcome
    assert result.detail == finger.detail


def test_one_modality_alone_is_inconclusive(bench: Bench) -> None:
    assert told(bench, FACE).outcome is Outcome.INCONCLUSIVE


def test_no_evidence_at_all_is_inconclusive(bench: Bench) -> None:
    result = told(bench)
    assert (result.outcome, result.fused_fmr, result.fused_llr) == (Outcome.INCONCLUSIVE, None, None)
    assert result.oldest_capture == result.finished


def test_two_weak_matches_do_not_reach_the_operating_point(bench: Bench) -> None:
    weak = StatedFmr(-3.0, -2.5, False)
    assert told(bench, replace(FACE, fmr=weak), replace(FINGER, fmr=weak)).outcome is Outcome.INCONCLUSIVE


def test_a_match_below_its_floor_is_none(bench: Bench) -> None:
    assert told(bench, FACE, replace(FINGER, fmr=POOR)).outcome is Outcome.INCONCLUSIVE


def test_a_suspected_attack_outranks_everything(bench: Bench) -> None:
    assert told(bench, FACE, OTHER, liveness=Liveness.FAILED).outcome is Outcome.ATTACK_SUSPECTED


def test_what_was_abandoned_is_no_match_but_a_stranger_stays_a_stranger(bench: Bench) -> None:
    assert told(bench, FACE, FINGER, abandoned=True).outcome is Outcome.ABANDONED
    assert told(bench, FACE, OTHER, abandoned=True).outcome is Outcome.NON_MATCH
    assert told(bench, FACE, BROKEN, abandoned=True).outcome is Outcome.FAULT


def test_an_exception_on_record_leaves_the_whole_bar_to_the_face(bench: Bench) -> None:
    excused = ModalityEvidence(Modality.FINGER, ModalityOutcome.EXCEPTION, exception="hand dressed")
    offer = bench.offer(
        1, exceptions=(RecordedException(modality=Modality.FINGER, reason="hand dressed", officer="s.patel"),)
    )

    def outcome(face: ModalityEvidence, of: object = offer) -> Outcome:
        return conclude(of, bench.boot, (face, excused), MOMENT, Liveness.NOT_PERFORMED).outcome  # type: ignore[arg-type]

    assert outcome(FACE) is Outcome.INCONCLUSIVE  # 10^-4.5 alone does not reach 10^-6
    assert outcome(replace(FACE, fmr=StatedFmr(-7.0, -6.5, True))) is Outcome.MATCH
    assert outcome(replace(FACE, fmr=StatedFmr(-7.0, -6.5, True)), bench.offer(1)) is Outcome.INCONCLUSIVE


def test_captures_are_chained_in_the_order_of_time(bench: Bench) -> None:
    offer = bench.offer(1)
    result = conclude(offer, bench.boot, (FINGER, FACE), MOMENT, Liveness.NOT_PERFORMED)
    assert [each.at for each in result.captures] == [900, 1_000, 4_000]
    assert result.oldest_capture == 900
    assert result.chain == chain_head(offer.session, offer.challenge, result.captures)


def test_the_result_says_which_boot_and_rules_it_was_made_under(bench: Bench) -> None:
    offer, boot = bench.offer(1), bench.boot
    result = conclude(offer, boot, (FACE, FINGER), replace(MOMENT, tamper=True), Liveness.NOT_PERFORMED)
    assert (result.session, result.challenge, result.boot_nonce) == (offer.session, offer.challenge, boot.nonce)
    assert (result.model_set, result.policy) == (boot.model_set.digest, boot.policy.digest)
    assert (result.software, result.counter, result.tamper) == (boot.software, 7, True)


def test_a_long_account_still_fits_the_message(bench: Bench) -> None:
    long = replace(BROKEN, detail="x" * 150)
    result = told(bench, replace(long, modality=Modality.FACE), long)
    assert Result.parse(result.to_map()) == result and len(result.detail) == 200


def test_a_face_that_may_be_a_picture_is_suspected_and_its_score_reported(bench: Bench) -> None:
    for score, outcome in ((0.49, Outcome.MATCH), (0.5, Outcome.ATTACK_SUSPECTED)):
        result = told(bench, replace(FACE, attack_score=score), FINGER)
        assert (result.outcome, result.modalities[0].attack_score) == (outcome, score)
    other = told(bench, replace(FACE, attack_score=0.9), OTHER)
    assert other.outcome is Outcome.ATTACK_SUSPECTED

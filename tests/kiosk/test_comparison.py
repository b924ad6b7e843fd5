"""The best of several comparisons is worth less than it alone would be: a stranger had several chances."""

import math

import pytest
from kiosk_doors import ALICE, BORIS, rates, reference

from sallyport_kiosk.comparison import Scored, best_of, judged
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_protocol.messages import ModalityOutcome
from sallyport_protocol.subject import Modality

CALIBRATION = rates("face")


def test_one_comparison_states_its_own_rate() -> None:
    mine = reference(Modality.FACE, ALICE)
    best = best_of([Scored(1.0, mine, 0.7)], CALIBRATION)
    assert (best.reference, best.quality) == (mine, 0.7)
    assert (best.fmr, best.llr) == (CALIBRATION.fmr(1.0), CALIBRATION.llr(1.0))


def test_the_best_of_four_is_worth_four_times_the_rate() -> None:
    first, second = reference(Modality.FACE, ALICE), reference(Modality.FACE, BORIS)
    best = best_of([Scored(0.2, first, 1.0), Scored(0.9, second, 0.5), *[Scored(0.4, first, 1.0)] * 2], CALIBRATION)
    alone = CALIBRATION.fmr(0.9)
    assert best.reference is second and best.quality == 0.5
    assert best.fmr.upper == pytest.approx(4 * alone.upper)
    assert best.fmr.point == pytest.approx(4 * alone.point)
    assert best.llr == pytest.approx(CALIBRATION.llr(0.9) - math.log(4))


def test_a_rate_never_exceeds_one() -> None:
    best = best_of([Scored(0.0, reference(Modality.FACE, ALICE), 0.5)] * 10, CALIBRATION)
    assert best.fmr.upper_log10 == best.fmr.point_log10 == 0.0


def test_no_comparison_is_no_worth() -> None:
    with pytest.raises(ValueError, match="empty"):
        best_of([], CALIBRATION)


def test_a_match_is_one_whose_bound_reaches_the_floor() -> None:
    mine = reference(Modality.FACE, ALICE)
    base = ModalityEvidence(Modality.FACE, ModalityOutcome.INCONCLUSIVE, attempts=1)
    bound = CALIBRATION.fmr(0.9).upper_log10
    for floor, outcome in ((bound, ModalityOutcome.MATCH), (bound - 1e-6, ModalityOutcome.NON_MATCH)):
        found = judged(base, [Scored(0.9, mine, 0.25)], CALIBRATION, floor, lambda each: 7)
        assert (found.outcome, found.reference_age_days, found.attempts) == (outcome, 7, 1)
        assert found.reference_quality == 0.25
    assert "not the enrolled person's" in found.detail
    nobody = judged(base, [], CALIBRATION, 0.0, lambda each: 7)
    assert nobody.outcome is ModalityOutcome.INCONCLUSIVE and "no face reference" in nobody.detail

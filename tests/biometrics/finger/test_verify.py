"""One or two fingers, and what stands in for a finger that cannot be used."""

import pytest

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.finger.verify import FingerPlan, Position, plan, verify

INDEX, MIDDLE, LEFT = Position.RIGHT_INDEX, Position.RIGHT_MIDDLE, Position.LEFT_INDEX
CALIBRATION = Calibration(
    "finger", "00" * 32, 0.95, -4.0, (0.0, 1.0), (-9.0, 9.0), (0.0, 1.0), (0.0, -4.0), (0.0, -3.0)
)


def test_positions_have_iso_s_numbers():
    assert [position.code for position in Position] == list(range(1, 11))
    assert Position.of(2) is INDEX
    for code in (0, 11, -1):
        with pytest.raises(ValueError, match="position"):
            Position.of(code)


def test_without_exceptions_the_required_fingers_are_asked_for():
    assert plan((INDEX, LEFT), (INDEX, LEFT, MIDDLE), frozenset()) == FingerPlan((INDEX, LEFT), (), 0)


def test_a_dressed_finger_is_replaced_by_an_enrolled_one():
    assert plan((INDEX, LEFT), (INDEX, LEFT, MIDDLE), frozenset({LEFT})) == FingerPlan((INDEX, MIDDLE), (LEFT,), 0)


def test_with_no_other_finger_there_is_a_shortfall():
    assert plan((INDEX,), (INDEX,), frozenset({INDEX})) == FingerPlan((), (INDEX,), 1)
    assert plan((INDEX, LEFT), (), frozenset()) == FingerPlan((), (INDEX, LEFT), 2)
    assert plan((INDEX,), (INDEX, MIDDLE), frozenset({INDEX, MIDDLE})).shortfall == 1


def test_two_fingers_claim_more_than_one(finger):
    probes = {INDEX: finger(1).impression(angle=0.1), LEFT: finger(2).impression(angle=-0.1)}
    references = {INDEX: finger(1).impression(), LEFT: finger(2).impression()}
    both, one = verify(probes, references, CALIBRATION), verify({INDEX: probes[INDEX]}, references, CALIBRATION)
    assert both is not None
    assert one is not None
    assert both.fmr.upper_log10 < one.fmr.upper_log10
    assert both.llr > one.llr
    assert both.fmr.extrapolated
    assert not one.fmr.extrapolated


def test_a_wrong_second_finger_spoils_the_claim(finger):
    probes = {INDEX: finger(1).impression(), LEFT: finger(3).impression()}
    references = {INDEX: finger(1).impression(), LEFT: finger(2).impression()}
    spoilt, one = verify(probes, references, CALIBRATION), verify({INDEX: probes[INDEX]}, references, CALIBRATION)
    assert spoilt is not None
    assert one is not None
    assert spoilt.llr < one.llr


def test_without_a_reference_there_is_nothing(finger):
    assert verify({INDEX: finger(1).impression()}, {LEFT: finger(1).impression()}, CALIBRATION) is None
    assert verify({}, {}, CALIBRATION) is None


def test_three_fingers_are_not_stated(finger):
    three = {position: finger(1).impression() for position in (INDEX, MIDDLE, LEFT)}
    with pytest.raises(ValueError, match="one or two"):
        verify(three, three, CALIBRATION)

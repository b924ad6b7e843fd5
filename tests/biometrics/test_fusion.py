"""Fusion: the product rule, the floors, and what a missing modality does."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.calibration import StatedFmr
from sallyport_biometrics.fusion import Evidence, FusedOutcome, OperatingPoint, fuse, fused_fmr, product_rule_log10
from sallyport_protocol.subject import Guard

BOTH = OperatingPoint(required=frozenset({"face", "finger"}))


def evidence(modality: str, log10: float, llr: float = 5.0) -> Evidence:
    return Evidence(modality, llr, StatedFmr(log10 - 0.1, log10, False))


def test_the_design_s_product() -> None:
    assert 10 ** product_rule_log10(math.log10(5.65e-8)) == pytest.approx(1e-6, rel=0.01)


def test_the_product_rule_is_what_independent_impostors_do() -> None:
    rng = np.random.default_rng(7)
    products = rng.random(400_000) * rng.random(400_000)
    for product in (0.2, 0.03, 0.002):
        assert 10 ** product_rule_log10(math.log10(product)) == pytest.approx(np.mean(products <= product), rel=0.05)


@given(st.floats(-20, 0), st.floats(-20, 0))
def test_two_modalities_never_claim_more_than_their_product(a: float, b: float) -> None:
    fused = fused_fmr([evidence("face", a), evidence("finger", b)])
    assert fused is not None
    assert a + b <= fused.upper_log10 + 1e-9
    assert fused.upper_log10 <= 0.0


def test_two_strong_modalities_match() -> None:
    fused = fuse([evidence("face", -4.0), evidence("finger", -4.0)], BOTH)
    assert fused.outcome is FusedOutcome.MATCH
    assert fused.llr == 10.0
    assert fused.reasons == ()


def test_a_modality_below_its_floor_is_no_match_however_strong_the_other() -> None:
    fused = fuse([evidence("face", -1.9), evidence("finger", -12.0)], BOTH)
    assert fused.outcome is FusedOutcome.NON_MATCH
    assert fused.reasons == ("face is below its floor",)


def test_floors_alone_are_not_enough() -> None:
    assert fuse([evidence("face", -2.1), evidence("finger", -2.1)], BOTH).outcome is FusedOutcome.NON_MATCH


def test_a_missing_modality_is_inconclusive_without_an_exception() -> None:
    fused = fuse([evidence("face", -12.0)], BOTH)
    assert fused.outcome is FusedOutcome.INCONCLUSIVE
    assert fused.reasons == ("finger is missing",)


def test_a_recorded_exception_raises_the_bar_for_what_is_left() -> None:
    excepted = frozenset({"finger"})
    assert fuse([evidence("face", -5.9)], BOTH, excepted).outcome is FusedOutcome.NON_MATCH
    assert fuse([evidence("face", -6.1)], BOTH, excepted).outcome is FusedOutcome.MATCH


def test_nothing_at_all_is_inconclusive() -> None:
    assert fuse([], BOTH).outcome is FusedOutcome.INCONCLUSIVE
    assert fuse([], OperatingPoint(required=frozenset())).outcome is FusedOutcome.INCONCLUSIVE
    assert fuse([], BOTH, frozenset({"face", "finger"})).outcome is FusedOutcome.INCONCLUSIVE


def test_the_bound_decides_not_the_point() -> None:
    optimistic = Evidence("face", 5.0, StatedFmr(-9.0, -1.0, True))
    assert fuse([optimistic, evidence("finger", -12.0)], BOTH).outcome is FusedOutcome.NON_MATCH


# -- who could be mistaken for this person ---------------------------------------------------------------------------

TWINS = OperatingPoint(required=frozenset({"face", "finger"}), twin_log10=-3.0)


@given(st.floats(-20, 0), st.sets(st.sampled_from(["face", "finger"])), st.sampled_from([Guard.ALIKE, Guard.TWIN]))
def test_a_face_alone_never_matches_under_a_guard(face: float, excused: set[str], guard: Guard) -> None:
    fused = fuse([evidence("face", face)], TWINS, frozenset(excused), guard)
    assert fused.outcome is FusedOutcome.INCONCLUSIVE and "finger is missing" in fused.reasons


@given(st.floats(-20, 0), st.floats(-20, 0))
def test_for_a_twin_the_face_counts_for_nothing_in_what_is_stated(face: float, finger: float) -> None:
    fused = fuse([evidence("face", face, 9.0), evidence("finger", finger, 2.0)], TWINS, guard=Guard.TWIN)
    assert fused.fmr is not None and fused.fmr.upper_log10 == finger
    assert fused.llr == 2.0
    if fused.outcome is FusedOutcome.MATCH:
        assert finger <= -3.0 and face <= -2.0
        assert product_rule_log10(face + finger) <= -6.0


def test_a_policy_that_names_no_rate_for_twins_lets_none_pass() -> None:
    both = [evidence("face", -20.0), evidence("finger", -20.0)]
    assert fuse(both, BOTH).outcome is FusedOutcome.MATCH
    assert fuse(both, BOTH, guard=Guard.TWIN).outcome is FusedOutcome.NON_MATCH
    assert fuse(both, TWINS, guard=Guard.TWIN).outcome is FusedOutcome.MATCH


@given(st.floats(-20, 0), st.floats(-20, 0))
def test_a_guard_never_lets_pass_what_would_not_pass_without(face: float, finger: float) -> None:
    both = [evidence("face", face), evidence("finger", finger)]
    for guard in (Guard.ALIKE, Guard.TWIN):
        if fuse(both, TWINS, guard=guard).outcome is FusedOutcome.MATCH:
            assert fuse(both, TWINS).outcome is FusedOutcome.MATCH

"""Comparison: symmetric, deterministic, tolerant of what fingers do and of nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sallyport_biometrics.finger import FingerTemplate, compare
from sallyport_biometrics.finger.match import MEASUREMENTS, measure, score_of
from sallyport_biometrics.finger.minutiae import Minutiae
from sallyport_biometrics.finger.weights import WEIGHTS
from sallyport_protocol.errors import MalformedError

STRONG = 0.75
WEAK = 0.5


def random_template(seed: int, count: int) -> FingerTemplate:
    rng = np.random.default_rng(seed)
    minutiae = Minutiae(
        *(rng.uniform(0, 400, (2, count)).astype(np.float32)),
        rng.uniform(-np.pi, np.pi, count).astype(np.float32),
        *(rng.random((2, count)).astype(np.float32)),
    )
    return FingerTemplate.of(bytes(range(32)), 0.5, minutiae, None)


def test_the_same_finger_again(finger):
    one = finger(1)
    probe = one.impression(angle=0.2, shift=12 - 9j, noise=1.5, kept=0.85, seed=5)
    assert compare(probe, one.impression(noise=1.5, kept=0.85, seed=6)) > STRONG


@pytest.mark.parametrize("angle", [-0.9, -0.5, 0.5, 0.9])
def test_turned_fingers_match(finger, angle):
    assert compare(finger(2).impression(angle=angle), finger(2).impression()) > STRONG


def test_a_part_of_a_finger_matches(finger):
    upper, lower = (finger(3).impression(window=window) for window in ((-60, 1e9), (-1e9, 60)))
    assert compare(upper, lower) > STRONG


def test_other_fingers_do_not_match(finger):
    scores = [compare(finger(a).impression(), finger(b).impression()) for a in range(6) for b in range(6, 12)]
    assert max(scores) < WEAK


@pytest.mark.parametrize("change", [{"angle": np.pi}, {"mirrored": True}])
def test_an_upside_down_sensor_or_a_mirror_never_matches(finger, change):
    for seed in range(5):
        assert compare(finger(seed).impression(**change), finger(seed).impression()) < STRONG


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 96), st.integers(0, 96))
@settings(max_examples=60)
def test_any_two_templates_compare_symmetrically(a: int, b: int, first: int, second: int) -> None:
    one, two = random_template(a, first), random_template(b, second)
    score = compare(one, two)
    assert 0.0 <= score <= 1.0
    assert score == compare(two, one) == compare(FingerTemplate.from_bytes(one.to_bytes()), two)


def test_an_empty_template_matches_nothing_not_even_itself():
    empty = random_template(1, 0)
    assert compare(empty, empty) == 0.0


def test_all_minutiae_in_one_place():
    same = np.full(50, 100, np.float32)
    heap = FingerTemplate.of(bytes(range(32)), 0.5, Minutiae(same, same, same * 0, same / 100, same * 0), None)
    assert 0.0 <= compare(heap, heap) <= 1.0


def test_templates_of_different_models_are_not_compared(finger):
    one = finger(1).impression()
    other = FingerTemplate(bytes(32), one.quality, one.points, one.flow, one.origin)
    with pytest.raises(MalformedError):
        compare(one, other)


def test_there_is_a_weight_for_each_measurement(finger):
    measured = measure(finger(1).impression(), finger(1).impression())
    assert measured is not None
    assert len(measured) == len(MEASUREMENTS) == len(WEIGHTS)


def test_the_score_never_leaves_its_range():
    assert 0.0 < score_of(-1e9) < score_of(0.0) == 0.5 < score_of(1e9) <= 1.0

"""Error rates on scores whose rates are known."""

import numpy as np
import pytest

from sallyport_models.evaluate.finger_chimeras import two_fingers
from sallyport_models.evaluate.finger_figures import (
    Curve,
    Scores,
    figures,
    folds_of,
    fvc_pairs,
    held_out,
    joined,
    points_of,
)
from sallyport_models.evaluate.finger_scores import Enrolled, SetScores


def made(separation: float, fingers: int = 10, impressions: int = 8, seed: int = 3) -> tuple[SetScores, Scores]:
    """A set whose impostor log odds are N(0, 1) and genuine N(separation, 1)."""
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(fingers), impressions)
    pairs = np.stack(np.triu_indices(len(finger), 1), axis=1)
    data = SetScores("made", finger, (Enrolled(b"x", True, 0.8, 0.1),) * len(finger), pairs, np.zeros((0, 7)), 0.001)
    odds = rng.normal(size=len(pairs)) + separation * data.genuine
    return data, Scores(odds, data.genuine, finger[pairs])


def test_the_protocol_has_fvc_s_numbers():
    data, scores = made(5)
    found = figures(scores)
    assert (found["genuine"], found["impostor"]) == (280, 2880)
    assert int((~data.genuine & fvc_pairs(data)).sum()) == 45


def test_known_rates_are_recovered():
    scores = joined([made(2 * 1.6449, seed=seed)[1] for seed in range(8)])
    found = figures(scores)
    assert found["eer"] == pytest.approx(0.05, abs=0.01)
    assert found["fnmr_at_fmr_1e-2"] == pytest.approx(0.169, abs=0.03)
    low, high = found["intervals_95"]["eer"]
    assert low < found["eer"] < high


def test_perfect_scores_have_no_error_and_inverted_ones_nothing_but():
    _, scores = made(100)
    assert points_of(*Curve(scores.odds, scores.genuine).rates(np.ones(len(scores.odds))))["eer"] == 0.0
    assert points_of(*Curve(-scores.odds, scores.genuine).rates(np.ones(len(scores.odds))))["eer"] == 1.0


def test_one_bad_genuine_pair_is_one_miss():
    _, scores = made(100)
    scores.odds[np.flatnonzero(scores.genuine)[0]] = -200.0
    found = figures(scores)
    assert found["fnmr_at_fmr_1e-3"] == found["zero_fmr"] == pytest.approx(1 / 280)


def test_a_pair_counts_as_often_as_its_weight():
    odds, genuine = np.array([0.0, 1.0, 2.0, 3.0]), np.array([False, True, False, True])
    fmr, fnmr = Curve(odds, genuine).rates(np.array([1.0, 3.0, 1.0, 1.0]))
    assert fmr.tolist() == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert fnmr.tolist() == [0.0, 0.0, 0.75, 0.75, 1.0]


def test_no_finger_is_in_its_own_training():
    _, scores = made(5)
    held_times = np.zeros(len(scores.odds), int)
    for training, held in folds_of(scores):
        assert not set(scores.fingers[training].ravel()) & set(scores.fingers[held].ravel())
        held_times += held
    assert (held_times == 1).all()


def test_held_out_thresholds_hold_their_rate_about():
    scores = joined([made(6, seed=seed)[1] for seed in range(8)])
    found = held_out(scores)
    assert found["fmr_1e-2"]["fmr"] == pytest.approx(0.01, rel=0.3)
    assert found["fmr_1e-2"]["fnmr"] < 0.01


def test_sets_without_both_kinds_of_pairs_give_counts_only():
    _, scores = made(5, fingers=1)
    assert figures(scores) == {"genuine": 28, "impostor": 0}


def test_two_fingers_are_better_than_one():
    data, scores = made(2 * 1.6449)
    both = two_fingers([(data, scores)])
    assert both is not None
    assert both["genuine"] == 45 * 28
    assert both["impostor"] == 45 * 56 * 64
    assert both["eer"] == pytest.approx(0.01, abs=0.008)  # separation grows by the root of two


def test_uneven_sets_have_no_chimeras():
    data, scores = made(5)
    uneven = SetScores("u", np.append(data.finger[:-1], 8), data.enrolled, data.pairs, data.measured, 0.0)
    assert two_fingers([(uneven, scores)]) is None

"""The chimeric evaluation on scores whose truth is known."""

import numpy as np
import pytest

from sallyport_models.calibrate.face_fit import PeopleScores
from sallyport_models.evaluate import chimeras
from sallyport_models.evaluate.chimeras import trials_of
from sallyport_models.evaluate.finger_figures import Scores
from sallyport_models.evaluate.fused import det_line, equal_error_rate, miss_rate, report_of, threshold_at


def people_scores(separation: float, people: int = 120, images: int = 3, seed: int = 1) -> PeopleScores:
    """Cosine-like scores: impostors around 0, genuine pairs `separation` standard deviations above."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), images)
    noise = generator.normal(0, 0.1, (len(who), len(who)))
    scores = (noise + noise.T) / 2**0.5 + 0.1 * separation * (who[:, None] == who)
    return PeopleScores(np.clip(scores, -1, 1).astype(np.float32), who)


def finger_scores(separation: float, fingers: int = 20, images: int = 6, seed: int = 2) -> Scores:
    """Log odds: impostors around -8, genuine pairs above by `separation` times two."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(fingers), images)
    rows, columns = np.nonzero(np.triu(np.ones((len(who), len(who))), 1))
    genuine = who[rows] == who[columns]
    odds = generator.normal(-8, 2, len(rows)) + 2 * separation * genuine
    return Scores(odds, genuine, np.stack([who[rows], who[columns]], axis=1))


@pytest.fixture(autouse=True)
def fewer_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chimeras, "IMPOSTORS", 60_000)
    monkeypatch.setattr(chimeras, "FACE_SAMPLES", 30)


def test_two_modalities_together_beat_the_better_one() -> None:
    report = report_of(trials_of(people_scores(5), finger_scores(5)))
    alone = min(report["face_fnmr_at_fmr_1e-4"], report["finger_fnmr_at_fmr_1e-4"])
    assert report["fnmr_at_fmr_1e-4"] < alone / 2
    assert report["frr_cut_at_fmr_1e-4"] == pytest.approx(1 - report["fnmr_at_fmr_1e-4"] / alone)
    assert report["min_cllr"] <= report["cllr"] < 0.05
    low, high = report["fnmr_at_fmr_1e-4_interval"]
    assert low <= report["fnmr_at_fmr_1e-4"] <= high


def test_scores_that_say_nothing_give_an_evaluation_that_says_so() -> None:
    report = report_of(trials_of(people_scores(0), finger_scores(0)))
    assert report["eer"] == pytest.approx(0.5, abs=0.05)
    assert report["cllr"] > 0.95
    assert report["fnmr_at_fmr_1e-4"] > 0.99


def test_stated_rates_are_honest_on_people_that_were_not_fitted() -> None:
    stated = report_of(trials_of(people_scores(4), finger_scores(4)))["stated"]
    for each in stated[:2]:
        assert each["inside"], each
        assert each["observed"] > each["stated"] / 10, each


def test_no_trial_mixes_the_halves_that_its_calibration_was_fitted_on() -> None:
    trials = trials_of(people_scores(4), finger_scores(4))
    assert set(np.unique(trials.finger)) <= set(range(-1, 20))
    assert (trials.finger[trials.genuine] >= 0).all() and (trials.finger[~trials.genuine] == -1).all()
    assert (trials.upper >= trials.point - 1e-12).all()


def test_thresholds_and_rates_on_a_handful() -> None:
    values = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    genuine = np.array([True, True, False, True, False, False])
    assert threshold_at(values, genuine, 0.34) > 1.0
    assert miss_rate(values, genuine, 0.0) == pytest.approx(1 / 3)
    assert equal_error_rate(values, genuine) == pytest.approx(1 / 6)
    assert det_line(values, genuine).shape == (3, 2)

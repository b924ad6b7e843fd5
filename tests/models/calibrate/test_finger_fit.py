"""Calibration recovers the parameters of scores that were made with known ones."""

import numpy as np
import pytest

from sallyport_biometrics.finger.match import score_of
from sallyport_models.calibrate.finger_fit import fit_fmr, fit_llr
from sallyport_models.calibrate.finger_weights import SENSE, fit_weights
from sallyport_models.calibrate.logistic import cllr, fit_line, minimum_cllr
from sallyport_models.evaluate.finger_figures import Scores

MEAN = 3.0


def made(fingers: int = 40, impressions: int = 8, seed: int = 5) -> Scores:
    """Log odds with N(+-MEAN, 2 MEAN): then the log odds are the log-likelihood ratios."""
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(fingers), impressions)
    pairs = np.stack(np.triu_indices(len(finger), 1), axis=1)
    genuine = finger[pairs[:, 0]] == finger[pairs[:, 1]]
    odds = rng.normal(size=len(pairs)) * np.sqrt(2 * MEAN) + np.where(genuine, MEAN, -MEAN)
    return Scores(odds, genuine, finger[pairs])


def test_log_likelihood_ratios_are_recovered():
    scores = made()
    scale, shift = fit_line(2 * scores.odds - 1, scores.genuine)
    assert scale == pytest.approx(0.5, rel=0.05)
    assert shift == pytest.approx(0.5, abs=0.15)
    curve = fit_llr(scores)
    assert np.interp(score_of(1.5), curve.score, curve.value) == pytest.approx(1.5, abs=0.2)


def test_the_stated_rate_is_the_true_rate():
    from scipy.stats import norm

    curve = fit_fmr(made())
    for rate in (0.1, 0.01, 0.001):
        odds = norm.isf(rate) * np.sqrt(2 * MEAN) - MEAN
        at = (score_of(float(odds)), curve.score)
        assert np.interp(*at, curve.point_log10) == pytest.approx(np.log10(rate), abs=0.12)
        assert np.interp(*at, curve.upper_log10) >= np.log10(rate) - 0.05


def test_curves_are_monotone_and_bounded():
    fmr, llr = fit_fmr(made(fingers=10)), fit_llr(made(fingers=10))
    for curve in (fmr.score, llr.score, llr.value):
        assert (np.diff(curve) > 0).all()
    for curve in (fmr.point_log10, fmr.upper_log10):
        assert (np.diff(curve) <= 0).all()
    assert (np.array(fmr.upper_log10) >= np.array(fmr.point_log10)).all()
    assert fmr.point_log10[-1] >= -5.0
    assert fmr.resolved_log10 == pytest.approx(np.log10(10 / 2880))


def test_the_same_data_give_the_same_curve():
    assert fit_fmr(made(fingers=10)) == fit_fmr(made(fingers=10))


def test_cllr_of_right_and_of_useless_ratios():
    scores = made()
    right = cllr(scores.odds, scores.genuine)
    assert cllr(np.zeros(len(scores.odds)), scores.genuine) == pytest.approx(1.0)
    assert cllr(3 * scores.odds, scores.genuine) > right
    least = minimum_cllr(3 * scores.odds, scores.genuine)
    assert least < right < 1.05 * least + 0.01


def test_weights_are_recovered_with_their_sense():
    rng = np.random.default_rng(1)
    true = np.array([1.0, 2.0, 0.5, 1.0, 0.0, 1.5, -2.0])
    measured = rng.normal(size=(20_000, len(SENSE)))
    genuine = rng.random(len(measured)) < 1 / (1 + np.exp(-(measured @ true)))
    measured[:5] = np.nan
    weights, bias = fit_weights(measured, genuine)
    assert weights == pytest.approx(true, abs=0.15)
    assert bias == pytest.approx(0.0, abs=0.15)
    against, _ = fit_weights(-measured, genuine)
    assert (against[:-1] >= 0).all()
    assert against[-1] <= 0

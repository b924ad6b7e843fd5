"""The fit recovers rates that are known, and its bounds hold on people it has not seen."""

import math
import tomllib

import numpy as np
import pytest

from sallyport_biometrics.calibration import Calibration
from sallyport_biometrics.face.embed import unit
from sallyport_biometrics.face.pipeline import MODELS
from sallyport_models.calibrate.face import calibration_text
from sallyport_models.calibrate.face_fit import PeopleScores, fit_fmr, fit_llr, held_out
from sallyport_models.evaluate.face_scores import Enrolled


def normal_scores(people: int, images: int, seed: int) -> PeopleScores:
    """Impostors are normal(0, 0.1), genuine pairs normal(0.6, 0.1), all independent."""
    owner = np.repeat(np.arange(people), images)
    noise = np.random.default_rng(seed).normal(0.0, 0.1, (len(owner), len(owner)))
    noise = np.triu(noise, 1) + np.triu(noise, 1).T
    return PeopleScores((noise + 0.6 * (owner[:, None] == owner)).astype(np.float32), owner)


def true_log10_fmr(score: float) -> float:
    return math.log10(0.5 * math.erfc(score / 0.1 / math.sqrt(2)))


def test_recovers_a_known_rate() -> None:
    fitted = fit_fmr(normal_scores(120, 4, 1), samples=200)
    for score, point, upper in zip(fitted.score, fitted.point_log10, fitted.upper_log10, strict=True):
        assert point == pytest.approx(true_log10_fmr(score), abs=0.35)
        assert upper >= point
    assert fitted.resolved_log10 == pytest.approx(-4.0, abs=0.3)


def test_recovers_a_known_likelihood_ratio() -> None:
    fitted = fit_llr(normal_scores(120, 4, 2))
    for score, value in zip(fitted.score, fitted.value, strict=True):
        true = (score**2 - (score - 0.6) ** 2) / (2 * 0.1**2)
        assert value == pytest.approx(true, abs=3.0)
    assert list(fitted.value) == sorted(fitted.value)


def test_the_worst_group_is_stated_where_groups_are_known() -> None:
    """One group's impostors are twice as spread: its rate is stated, not the mean's, and its bound holds."""
    people, images = 120, 3
    owner = np.repeat(np.arange(people), images)
    noise = np.random.default_rng(9).normal(0.0, 0.1, (len(owner), len(owner)))
    noise = np.triu(noise, 1) + np.triu(noise, 1).T
    worse = owner < people // 2
    noise[np.ix_(worse, worse)] *= 2
    data = PeopleScores((noise + 0.9 * (owner[:, None] == owner)).astype(np.float32), owner)
    halves = np.arange(people // 2), np.arange(people // 2, people)
    mean, stated = fit_fmr(data, samples=60), fit_fmr(data, samples=60, groups=halves)
    own = np.sort(data.only(halves[0]).impostor())
    for score, point, upper in zip(stated.score, stated.point_log10, stated.upper_log10, strict=True):
        found = (own >= np.float32(score)).mean()
        assert 10**point == pytest.approx(found, rel=1e-6) or 10**point > found
        assert upper >= point
    at = len(mean.score) // 2
    assert stated.point_log10[at] > mean.point_log10[at] + 0.3
    assert stated.score == mean.score


def test_bounds_hold_on_other_people() -> None:
    rows = held_out(normal_scores(100, 3, 3))
    assert np.mean([observed <= upper for _, upper, observed in rows]) >= 0.85


def test_the_file_is_readable_and_reproducible() -> None:
    generator = np.random.default_rng(4)
    enrolled = []
    for who in range(60):
        base = generator.normal(size=32)
        for index in range(3):
            embedding = unit((base + 0.6 * generator.normal(size=32)).astype(np.float32))
            enrolled.append(Enrolled(f"P{who:02d}_{index:04d}", embedding, 1.0, (), 0.0))
    models = {name: name.encode() for name in MODELS}
    text = calibration_text(enrolled, models, "made", "22" * 32)
    assert text == calibration_text(enrolled, models, "made", "22" * 32)
    calibration = Calibration.from_toml_dict(tomllib.loads(text))
    assert calibration.llr(0.9) > calibration.llr(0.1)
    assert calibration.provenance is not None
    assert (calibration.provenance.data, calibration.provenance.identities) == ("made", 60)
    assert calibration.fmr(2.0).upper_log10 == calibration.fmr_uppers[-1], "nothing beyond the data is claimed"

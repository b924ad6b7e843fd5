"""Fitting recovers what was put in: the sign that tells, the sense of a sign, and a BPCER that holds for others."""

import tomllib

import numpy as np
import pytest

from sallyport_biometrics.face.attack import AttackCalibration
from sallyport_biometrics.face.signs import NAMES
from sallyport_models.calibrate import attack_fit
from sallyport_models.calibrate.attack import calibration_text, subsets
from sallyport_models.calibrate.attack_fit import BPCER, cross_validated, fit, fitted, folds_of, operating_point
from sallyport_models.evaluate.attack_presentations import LIVE, Presentation


def people(count: int, seed: int) -> list[Presentation]:
    """Live people and two species: `corner` tells one well, `dark` tells the other against its sense; synthetic."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        for species, corner, dark in ((LIVE, 0.0, 0.0), ("bezel", 3.0, 0.0), ("odd", 1.0, -1.0)):
            seen = {name: float(generator.normal()) for name in NAMES}
            seen |= {"corner": corner + float(generator.normal()), "dark": dark + float(generator.normal())}
            found.append(Presentation(f"P{number}", species, "ab"[number % 2], (seen,)))
    return found


SEEN = people(100, 1)


def test_the_sign_that_tells_weighs_most_and_none_against_its_sense() -> None:
    weights = fit(SEEN, ()).weight
    assert max(weights, key=lambda name: abs(weights[name])) == "corner"
    assert weights["dark"] == pytest.approx(0.0, abs=1e-9)


def test_the_operating_point_holds_for_people_who_were_left_out() -> None:
    weights, held_out = fitted(SEEN, ())
    assert held_out.bpcer <= BPCER
    others = people(200, 2)
    live = [each for each in others if each.species == LIVE]
    assert np.mean([weights.odds(each.frames[0]) >= 0 for each in live]) < 2 * BPCER
    assert held_out.apcer["bezel"] < 0.35 < held_out.apcer["odd"]
    assert held_out.unseen["bezel"] < 0.6 and set(held_out.settings) == {"a", "b"}


def test_no_person_is_judged_by_weights_that_saw_him() -> None:
    for held in folds_of(SEEN):
        inside = {each.subject for each, out in zip(SEEN, held, strict=True) if out}
        assert inside.isdisjoint(each.subject for each, out in zip(SEEN, held, strict=True) if not out)


def test_every_setting_keeps_its_rate() -> None:
    odds = cross_validated(SEEN, ())
    limit = operating_point(SEEN, odds)
    for setting in ("a", "b"):
        live = np.array([each.species == LIVE and each.setting == setting for each in SEEN])
        assert (odds[live] >= limit).mean() <= 2 * BPCER


def test_the_file_reads_back_with_weights_for_any_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack_fit, "FOLDS", 2)
    with_network = [
        Presentation(each.subject, each.species, each.setting, ({**each.frames[0], "minifasnet-v2": 1.0},))
        for each in people(12, 3)
    ]
    text = calibration_text(with_network, ("minifasnet-v2",), "00")
    calibration = AttackCalibration.from_toml_dict(tomllib.loads(text))
    assert [each.networks for each in calibration.weights] == list(subsets(("minifasnet-v2",)))
    assert set(calibration.for_networks(["minifasnet-v2"]).weight) == {*NAMES, "minifasnet-v2"}

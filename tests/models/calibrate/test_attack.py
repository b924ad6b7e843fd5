"""Fitting recovers what was put in: the sign that tells, the sense of a sign, and a BPCER that holds for others."""

import tomllib

import numpy as np
import pytest

from sallyport_biometrics.face.attack import COLOUR, AttackCalibration, score_of
from sallyport_biometrics.face.passive import ROOM
from sallyport_biometrics.face.signs import NAMES
from sallyport_biometrics.face.witness import NAME, SAID
from sallyport_models.calibrate import attack_fit
from sallyport_models.calibrate.attack import calibration_text, subsets
from sallyport_models.calibrate.attack_fit import BPCER, Evidence, fit, fitted, folds_of, network_says, tail_of
from sallyport_models.evaluate.attack_presentations import LIVE, Presentation

NETWORK = "minifasnet-v2"


def people(count: int, seed: int, network: bool = False) -> list[Presentation]:
    """Live people and two species: `corner` tells one well, `dark` tells the other against its sense; synthetic."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        for species, corner, dark in ((LIVE, 0.0, 0.0), ("bezel", 3.0, 0.0), ("odd", 1.0, -1.0)):
            seen = {name: float(generator.normal()) for name in NAMES}
            seen |= {"corner": corner + float(generator.normal()), "dark": dark + float(generator.normal())}
            if network:
                room = -float(generator.uniform(0, 1))
                seen |= {NETWORK: 6.0 * (species == "odd") - 3.0 * room + float(generator.normal()), ROOM: room}
            found.append(Presentation(f"P{number}", species, "ab"[number % 2], (seen,)))
    return found


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(people(100, 1, network=True))


def test_the_sign_that_tells_weighs_most_and_none_speaks_against_its_sense_or_for_life(evidence: Evidence) -> None:
    curves = evidence.curves[True]
    assert max(curves, key=lambda name: max(curves[name].evidence)) == "corner"
    assert curves["dark"].of(-9.0) == 0.0 and curves["corner"].of(-9.0) == 0.0
    assert all(min(curve.evidence) >= 0 for curve in curves.values())


def test_the_operating_point_holds_for_people_who_were_left_out(evidence: Evidence) -> None:
    weights, held_out = fitted(evidence, ())
    assert held_out.bpcer <= BPCER
    others = [each for each in people(200, 2) if each.species == LIVE]
    assert np.mean([weights.odds(each.frames) >= 0 for each in others]) < 2 * BPCER
    assert held_out.apcer["bezel"] < 0.5 < held_out.apcer["odd"]
    assert held_out.apcer["bezel"] < held_out.unseen["bezel"] < 1.0 and set(held_out.settings) == {"a", "b"}


def test_a_network_is_measured_on_live_faces_alone(evidence: Evidence) -> None:
    weights, held_out = fitted(evidence, (NETWORK,))
    assert weights.narrow == pytest.approx(3.0, abs=0.7)
    assert held_out.apcer["odd"] < 0.2 and held_out.bpcer <= BPCER
    live = [each for each in evidence.seen if each.species == LIVE]
    assert network_says(live, (NETWORK,))[0] == weights.narrow


def test_our_own_network_is_measured_on_live_faces_in_colour_and_without() -> None:
    generator = np.random.default_rng(7)
    seen = [
        Presentation(
            each.subject,
            each.species,
            each.setting,
            ({**each.frames[0], SAID: 5.0 * (each.species == "odd") + float(generator.normal())},),
        )
        for each in people(100, 6)
    ]
    evidence = Evidence(seen)
    (weights, held_out), (_, without) = fitted(evidence, (NAME,)), fitted(evidence, ())
    assert weights.networks == (NAME,) and weights.colour.witness.rate > 0
    assert held_out.apcer["odd"] < 0.2 < without.apcer["odd"] and held_out.bpcer <= BPCER
    assert weights.alone == weights.limit


def test_where_the_network_said_nothing_our_own_limit_counts(evidence: Evidence) -> None:
    weights, alone = fitted(evidence, (NETWORK,))[0], fitted(evidence, ())[0]
    assert weights.alone == alone.alone == alone.limit
    silent = next(each.frames for each in people(3, 5) if each.species == "bezel")
    assert score_of(silent, weights) == score_of(silent, alone)


def test_a_tail_says_how_rare() -> None:
    tail = tail_of(np.random.default_rng(1).exponential(1.0, 20_000))
    assert tail.rate == pytest.approx(1.0, abs=0.05)
    assert np.exp(-tail.surprise(4.0)) == pytest.approx(2 * np.exp(-4.0), rel=0.2)


def test_grey_and_coloured_faces_have_their_own_curves() -> None:
    grey = [
        Presentation(f"G{each.subject}", each.species, each.setting, (dict(each.frames[0]),)) for each in people(60, 4)
    ]
    for each in grey:
        del each.frames[0][COLOUR]  # type: ignore[attr-defined]
    weights = fitted(Evidence([*people(60, 3), *grey]), ())[0]
    assert weights.colour.curves["corner"] != weights.grey.curves["corner"]
    assert set(weights.grey.curves[COLOUR].evidence) == {0.0}
    few = fitted(Evidence([*people(60, 3), *grey[:30]]), ())[0]
    assert few.grey.curves["corner"].evidence[-1] == pytest.approx(few.colour.curves["corner"].evidence[-1], rel=0.5)


def test_no_person_is_judged_by_weights_that_saw_him(evidence: Evidence) -> None:
    for held in folds_of(evidence.seen):
        inside = {each.subject for each, out in zip(evidence.seen, held, strict=True) if out}
        assert inside.isdisjoint(each.subject for each, out in zip(evidence.seen, held, strict=True) if not out)


def test_a_sign_that_never_differs_is_worth_nothing() -> None:
    seen = [
        Presentation(each.subject, each.species, each.setting, ({**each.frames[0], "bands": 1.0},))
        for each in people(12, 3)
    ]
    assert set(fit(seen)["bands"].evidence) == {0.0}


def test_the_file_reads_back_with_weights_for_any_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack_fit, "FOLDS", 2)
    text = calibration_text(people(12, 3, network=True), (NETWORK,), "00")
    calibration = AttackCalibration.from_toml_dict(tomllib.loads(text))
    assert [each.networks for each in calibration.weights] == list(subsets((NETWORK,)))
    assert set(calibration.for_networks([NETWORK]).colour.curves) <= set(NAMES)
    assert "corner" in calibration.for_networks([]).grey.curves

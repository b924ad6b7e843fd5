"""Adding up surprises, by hand: none for life, bounded, complete for every set of networks, half at the limit."""

import math
from typing import Any

import numpy as np
import pytest

from sallyport_biometrics.face.attack import (
    LIMIT,
    SILENT,
    AttackCalibration,
    Curve,
    Signs,
    Tail,
    Weights,
    score_of,
    without_bars,
)
from sallyport_biometrics.face.words import Box, Face, Landmarks
from sallyport_protocol.errors import MalformedError

CURVES = {"a": Curve((0.0, 1.0, 3.0), (0.0, 1.0, 2.0)), "colours": Curve((-1.0, 0.0), (1.0, 0.0))}
SIGNS, GREY = Signs(CURVES, Tail(1.0, 2.0)), Signs({"a": CURVES["a"]}, Tail(0.5, 2.0))
TWO = Weights(("n", "m"), SIGNS, GREY, Tail(-2.0, 0.5), 3.0, 4.0, 1.0)
WORTH = {name: {"at": list(each.at), "evidence": list(each.evidence)} for name, each in CURVES.items()}
COLOUR: dict[str, Any] = {"middle": 1.0, "rate": 2.0, "curves": WORTH}
TABLE: dict[str, Any] = {"names": ["n", "m"], "middle": -2.0, "rate": 0.5, "narrow": 3.0, "limit": 4.0, "alone": 1.0}
FILE: dict[str, Any] = {
    "version": 2,
    "modality": "face-attack",
    "colour": COLOUR,
    "grey": {"middle": 0.5, "rate": 2.0, "curves": {"a": WORTH["a"]}},
    "networks": [TABLE],
}


def test_evidence_by_hand() -> None:
    assert SIGNS.evidence({"a": 2.0}) == pytest.approx(1.5)
    assert SIGNS.evidence({"a": 0.5, "colours": -0.5, "other": 9.0}) == pytest.approx(1.0)
    assert SIGNS.evidence({}) == 0.0


def test_no_sign_speaks_for_life_or_counts_beyond_its_curve() -> None:
    assert SIGNS.evidence({"a": -1e9}) == 0.0 and SIGNS.evidence({"a": 1e9}) == 2.0
    assert SIGNS.evidence({"a": math.nan}) == 0.0


def test_networks_are_a_mean_less_what_a_narrow_picture_explains() -> None:
    assert TWO.says({"n": 2.0, "m": 4.0, "room": 0.0}) == pytest.approx(3.0)
    assert TWO.says({"n": 2.0, "m": 4.0, "room": -0.5}) == pytest.approx(1.5)
    assert TWO.says({"a": 1.0}) is None


def test_surprises_add_up() -> None:
    seen = {"a": 3.0, "colours": 0.0, "n": 2.0, "m": 2.0, "room": 0.0}
    assert TWO.odds([seen]) == pytest.approx(2.0 * (2.0 - 1.0) + 0.5 * (2.0 + 2.0) - 4.0)
    assert TWO.odds([{**seen, "a": -5.0, "n": -9.0}]) == pytest.approx(-4.0)


def test_a_network_alone_can_be_enough_and_nothing_speaks_it_down() -> None:
    sure = {"n": 7.0, "m": 7.0, "room": 0.0, "a": -9.0, "colours": 9.0}
    assert TWO.odds([sure]) > 0


def test_our_own_network_adds_its_surprise_in_colour_or_without_and_speaks_nothing_down() -> None:
    own = Weights((), Signs(CURVES, Tail(1.0, 2.0), Tail(-1.0, 0.5)), GREY, SILENT, 0.0, 4.0, 1.0)
    seen = {"a": 3.0, "colours": 0.0, "witness": 5.0}
    assert own.odds([seen]) == pytest.approx(2.0 * (2.0 - 1.0) + 0.5 * (5.0 + 1.0) - 1.0)
    assert own.odds([{**seen, "witness": -9.0}]) == own.odds([{"a": 3.0, "colours": 0.0}])
    assert own.odds([{"a": 3.0, "witness": 9.0}]) == pytest.approx(2.0 * (2.0 - 0.5) - 1.0), "none for grey: silent"
    assert own.odds([{**seen, "witness": 3.0}, {**seen, "witness": 7.0}]) == own.odds([seen])


def test_without_colour_or_networks_our_own_signs_decide() -> None:
    assert TWO.odds([{"a": 3.0}]) == pytest.approx(2.0 * (2.0 - 0.5) - 1.0)
    assert TWO.odds([{"a": 3.0, "colours": 0.0}]) == pytest.approx(2.0 * (2.0 - 1.0) - 1.0)


def test_a_presentation_is_the_mean_of_its_frames() -> None:
    assert score_of([{"a": 1.0}], TWO) == pytest.approx(LIMIT)
    assert score_of([{"a": 0.5}, {"a": 2.0}, {"a": 1.0}], TWO) == pytest.approx(LIMIT)
    assert score_of([], TWO) is None
    more = score_of([{"a": 5.0}], TWO)
    assert more is not None and more > 0.5


def test_the_file_gives_the_weights_of_exactly_these_networks() -> None:
    calibration = AttackCalibration.from_toml_dict(FILE)
    assert calibration.for_networks(["m", "n"]) == TWO
    with pytest.raises(MalformedError, match="no network; calibrate again"):
        calibration.for_networks([])


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 1},
        {"modality": "face"},
        {"grey": {**COLOUR, "curves": {"a": {"at": [0.0, 0.0], "evidence": [0.0, 1.0]}}}},
        {"grey": {**COLOUR, "curves": {"a": {"at": [0.0, 1.0], "evidence": [0.0]}}}},
        {"grey": {**COLOUR, "curves": {"a": {"at": [0.0, 1.0], "evidence": [0.0, -1.0]}}}},
        {"grey": {**COLOUR, "curves": {"a": {"at": [0.0, math.nan], "evidence": [0.0, 1.0]}}}},
        {"grey": {**COLOUR, "curves": 3}},
        {"colour": {**COLOUR, "rate": -1.0}},
        {"networks": [{**TABLE, "limit": 0.0}]},
        {"networks": [{**TABLE, "alone": "much"}]},
        {"networks": [{**TABLE, "narrow": -1.0}]},
        {"networks": [{key: value for key, value in TABLE.items() if key != "middle"}]},
    ],
)
def test_a_file_with_a_mistake_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        AttackCalibration.from_toml_dict({**FILE, **changed})


def test_the_black_bars_of_a_format_are_taken_off_and_nothing_else() -> None:
    frame = np.full((480, 640, 3), 90, np.uint8)
    face = Face(Box(300, 200, 80, 100), Landmarks((0, 0), (0, 0), (0, 0), (0, 0), (0, 0)), 0.9)
    assert without_bars(frame, face)[0].shape == frame.shape
    frame[:, :200] = frame[:, 440:] = frame[:40] = 0
    cut, moved = without_bars(frame, face)
    assert cut.shape == (440, 240, 3) and cut.min() == 90
    assert (moved.box.left, moved.box.top, moved.box.width) == (100, 160, 80)
    assert without_bars(np.zeros((48, 64, 3), np.uint8), face)[0].shape == (48, 64, 3)

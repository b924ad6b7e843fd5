"""Weighing signs, by hand: bounded, complete for every set of networks, and half at the operating point."""

import math
from typing import Any

import numpy as np
import pytest

from sallyport_biometrics.face.attack import FARTHEST, LIMIT, AttackCalibration, Weights, score_of, without_bars
from sallyport_biometrics.face.words import Box, Face, Landmarks
from sallyport_protocol.errors import MalformedError

PARTS = {"a": 1.0, "b": 0.0}, {"a": 2.0, "b": 1.0}, {"a": 1.0, "b": -0.5}
TWO = Weights((), *PARTS, 0.25, {"a": 1.0, "b": -0.25}, {"a": 0.5, "b": 0.0})
TABLE: dict[str, Any] = {
    "networks": [],
    "threshold": 0.25,
    "signs": ["a", "b"],
    "middle": [1.0, 0.0],
    "spread": [2.0, 1.0],
    "weight": [1.0, -0.5],
    "above": [1.0, -0.25],
    "below": [0.5, 0.0],
}
FILE: dict[str, Any] = {"version": 1, "modality": "face-attack", "weights": [TABLE]}


def test_odds_by_hand() -> None:
    assert TWO.odds({"a": 3.0, "b": 1.0}) == pytest.approx(1.0 - 0.5 - 0.25)
    assert TWO.odds({"a": 3.0, "other": 9.0}) == pytest.approx(1.0 - 0.25)
    assert TWO.odds({}) == -0.25


def test_evidence_has_a_bend_on_either_side() -> None:
    assert TWO.odds({"b": 3.0}) == pytest.approx(-0.5 - 0.25 * 2.0 - 0.25)
    assert TWO.odds({"a": -5.0}) == pytest.approx(-1.0 - 0.5 * 2.0 - 0.25)
    assert TWO.odds({"b": -3.0}) == pytest.approx(0.5 - 0.25)


def test_no_sign_counts_beyond_its_bound_or_without_a_value() -> None:
    assert TWO.odds({"a": 1e9}) == pytest.approx(FARTHEST - 0.25)
    assert TWO.odds({"a": math.nan, "b": math.inf}) == pytest.approx(-0.25)


def test_a_presentation_is_the_mean_of_its_frames() -> None:
    at_limit = {"a": 1.5}
    assert score_of([at_limit], TWO) == pytest.approx(LIMIT)
    assert score_of([{"a": 0.5}, {"a": 2.5}], TWO) == pytest.approx(LIMIT)
    assert score_of([], TWO) is None
    more = score_of([{"a": 5.0}], TWO)
    assert more is not None and more > 0.5


def test_the_file_gives_the_weights_of_exactly_these_networks() -> None:
    calibration = AttackCalibration.from_toml_dict(FILE)
    assert calibration.for_networks([]) == TWO
    with pytest.raises(MalformedError, match="minifasnet-v2; calibrate again"):
        calibration.for_networks(["minifasnet-v2"])


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"modality": "face"},
        {"weights": [{**TABLE, "spread": [2.0, 0.0]}]},
        {"weights": [{**TABLE, "weight": [1.0]}]},
        {"weights": [{**TABLE, "threshold": "much"}]},
        {"weights": [{key: value for key, value in TABLE.items() if key != "middle"}]},
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

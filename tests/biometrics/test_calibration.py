"""Calibration: monotone, bounded by its knots, and refusing data that are not."""

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.calibration import Calibration, StatedFmr
from sallyport_protocol.errors import MalformedError

CONTENT: dict[str, Any] = {
    "version": 2,
    "modality": "finger",
    "model": "00" * 32,
    "llr": {"score": [0.0, 0.5, 1.0], "value": [-8.0, 0.0, 7.0]},
    "fmr": {
        "confidence": 0.95,
        "resolved_log10": -3.0,
        "score": [0.0, 0.4, 0.9],
        "point_log10": [0.0, -2.0, -5.0],
        "upper_log10": [0.0, -1.8, -4.0],
    },
    "provenance": {
        "data": "made up",
        "data_sha256": "11" * 32,
        "identities": 40,
        "genuine": 1120,
        "impostor": 11520,
        "method": "by hand",
    },
}
CALIBRATION = Calibration.from_toml_dict(CONTENT)
SCORES = st.floats(0.0, 1.0)


@given(SCORES, SCORES)
def test_a_higher_score_never_claims_less(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert CALIBRATION.llr(low) <= CALIBRATION.llr(high)
    assert CALIBRATION.fmr(low).point >= CALIBRATION.fmr(high).point
    assert CALIBRATION.fmr(low).upper >= CALIBRATION.fmr(high).upper


@given(SCORES)
def test_the_upper_bound_is_never_below_the_point(score: float) -> None:
    stated = CALIBRATION.fmr(score)
    assert 0.0 < stated.point <= stated.upper <= 1.0


def test_a_rate_that_the_data_do_not_resolve_is_labelled() -> None:
    assert CALIBRATION.fmr(0.4) == StatedFmr(-2.0, -1.8, False)
    assert CALIBRATION.fmr(0.9) == StatedFmr(-5.0, -4.0, True)


def test_no_score_claims_more_than_the_last_knot() -> None:
    assert CALIBRATION.fmr(1e9) == CALIBRATION.fmr(0.9)
    assert CALIBRATION.llr(-1e9) == -8.0


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_a_fault(score: float) -> None:
    with pytest.raises(MalformedError):
        CALIBRATION.fmr(score)
    with pytest.raises(MalformedError):
        CALIBRATION.llr(score)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 1),
        (("provenance",), {}),
        (("provenance", "data"), ""),
        (("provenance", "data_sha256"), "11"),
        (("provenance", "identities"), 0),
        (("llr", "score"), [0.0, 0.5, 0.5]),
        (("llr", "value"), [0.0, -1.0, 2.0]),
        (("llr", "value"), [0.0, 1.0]),
        (("llr", "value"), [0.0, math.nan, 1.0]),
        (("fmr", "point_log10"), [-1.0, -0.5, -2.0]),
        (("fmr", "point_log10"), [0.5, -2.0, -5.0]),
        (("fmr", "upper_log10"), [0.0, -2.5, -4.0]),
        (("fmr", "confidence"), 1.0),
        (("fmr",), {}),
        (("llr",), "none"),
    ],
)
def test_unusable_data_are_refused(path: tuple[str, ...], value: object) -> None:
    content = copy.deepcopy(CONTENT)
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(MalformedError):
        Calibration.from_toml_dict(content)

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_gateway.web.decision_view import DecisionView, fmr_in_words
from sallyport_gateway.web.sample.checks import ALL_PASS, HELD
from sallyport_protocol.decision import CheckOutcome, Verdict

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
RELEASE = DecisionView(Verdict.RELEASE, "All checks passed.", NOW, 1, valid_until=NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("fmr", "words"),
    [
        (1e-6, "fewer than 1 in 1,000,000 strangers"),
        (9.99e-7, "fewer than 1 in 1,000,000 strangers"),
        (3.2e-7, "fewer than 1 in 3,100,000 strangers"),
        (0.01, "fewer than 1 in 100 strangers"),
        (0.1, "fewer than 1 in 10 strangers"),
        (0.5, "no evidence: strangers often score as high"),
        (1.0, "no evidence: strangers often score as high"),
        (None, "not compared"),
        (0.0, "cannot be stated"),
        (-1.0, "cannot be stated"),
        (float("nan"), "cannot be stated"),
        (float("inf"), "cannot be stated"),
    ],
)
def test_a_false_match_rate_in_words(fmr: float | None, words: str) -> None:
    assert fmr_in_words(fmr) == words


@given(st.floats(min_value=1e-12, max_value=0.1))
def test_words_never_sound_better_than_the_rate(fmr: float) -> None:
    told = int(fmr_in_words(fmr).split()[4].replace(",", ""))
    assert 1 / told >= fmr * (1 - 1e-9)
    assert 1 / told <= fmr * 1.2


def test_failures_come_before_unknowns_and_passes_are_no_reasons() -> None:
    unknown_first = replace(ALL_PASS[0], outcome=CheckOutcome.UNKNOWN)
    decision = replace(RELEASE, verdict=Verdict.HOLD, checks=(unknown_first, *HELD[1:]))
    assert [(check.number, check.outcome) for check in decision.reasons] == [
        (17, CheckOutcome.FAIL),
        (1, CheckOutcome.UNKNOWN),
        (24, CheckOutcome.UNKNOWN),
    ]
    assert replace(RELEASE, checks=ALL_PASS).reasons == ()


def test_a_release_runs_out_at_its_last_moment() -> None:
    assert not RELEASE.expired(NOW + timedelta(seconds=59.9))
    assert RELEASE.expired(NOW + timedelta(seconds=60))


def test_a_release_without_an_end_was_never_usable_and_a_hold_stays() -> None:
    assert replace(RELEASE, valid_until=None).expired(NOW)
    assert not replace(RELEASE, verdict=Verdict.HOLD, valid_until=None).expired(NOW + timedelta(days=1))


def test_a_granted_release_no_longer_runs_out() -> None:
    assert not replace(RELEASE, granted=NOW).expired(NOW + timedelta(hours=1))

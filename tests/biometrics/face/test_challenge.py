"""Challenges are bound to their seed, fair, and long enough that guessing does not pay."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_biometrics.face.challenge import (
    HOLD_MS,
    LARGEST_GUESS,
    Action,
    derive,
    guess_probability,
    steps_needed,
)

ATTEMPTS = 3


FROZEN = (Action.TURN_LEFT, Action.TURN_LEFT, Action.SMILE, Action.TURN_LEFT, Action.CLOSE_EYES)


def seed(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8)).digest()[:16]


def test_frozen_derivation() -> None:
    """Do not change this test: kiosks and gateways of one version derive the same challenge."""
    actions = derive(bytes(range(16)), 0, ATTEMPTS).actions
    assert actions == FROZEN


@given(st.binary(min_size=16, max_size=32), st.integers(0, 2))
def test_same_seed_same_challenge_other_attempt_other_challenge(data: bytes, attempt: int) -> None:
    assert derive(data, attempt, ATTEMPTS) == derive(data, attempt, ATTEMPTS)
    assert derive(data, attempt, ATTEMPTS) != derive(data, (attempt + 1) % 3, ATTEMPTS)


@given(st.sets(st.sampled_from(sorted(Action)), min_size=2), st.integers(1, 5), st.booleans())
def test_guessing_never_pays(able: set[Action], attempts: int, slow: bool) -> None:
    challenge = derive(bytes(16), 0, attempts, frozenset(able), slow)
    assert guess_probability(len(able), len(challenge.steps), attempts) <= LARGEST_GUESS
    assert set(challenge.actions) <= able
    assert all(HOLD_MS[0] <= step.hold_ms <= HOLD_MS[1] for step in challenge.steps)


def test_actions_are_drawn_evenly_and_independently() -> None:
    drawn = [derive(seed(number), 0, ATTEMPTS).actions for number in range(2000)]
    firsts = Counter(actions[0] for actions in drawn)
    pairs = Counter(actions[:2] for actions in drawn)
    assert all(abs(count - 400) < 100 for count in firsts.values())
    assert len(pairs) == 25 and all(abs(count - 80) < 45 for count in pairs.values())


def test_people_who_need_longer_get_longer_and_more_steps() -> None:
    usual, slow = (derive(bytes(16), 0, ATTEMPTS, slow=slow) for slow in (False, True))
    assert slow.latest_ms > usual.latest_ms and len(slow.steps) > len(usual.steps)


def test_one_action_is_an_officers_case() -> None:
    with pytest.raises(ValueError, match="officer"):
        steps_needed(1, 3)


@pytest.mark.parametrize(("data", "attempt"), [(b"short", 0), (bytes(16), 3), (bytes(16), -1)])
def test_a_challenge_needs_a_seed_and_an_attempt(data: bytes, attempt: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        derive(data, attempt, ATTEMPTS)

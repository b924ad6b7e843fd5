"""The times of gateway, policy and kiosk fit together: three challenges, each taken to its end, fit into a session."""

import pytest

from sallyport_biometrics.face.challenge import HOLD_MS, derive, guess_probability, steps_needed
from sallyport_gateway import parameters as gateway
from sallyport_kiosk import parameters as kiosk
from sallyport_protocol.actions import FEWEST_ACTIONS, Action
from sallyport_protocol.documents import Profile
from sallyport_provisioning.publish import policy_of

RETURN_MS = 700
"""From the answer to a neutral face again: the movement's hold and its way back, after the kiosk has seen it."""
STRICTEST = kiosk.STRICTER_STEPS + kiosk.DARKER_STEPS


def longest_ms(able: frozenset[Action], slow: bool) -> int:
    """A session in which everything takes as long as it may and the third challenge passes."""
    challenge = derive(bytes(16), 0, kiosk.LIVENESS_ATTEMPTS, able, slow, STRICTEST)
    one = len(challenge.steps) * (HOLD_MS[1] + challenge.latest_ms + RETURN_MS)
    light = kiosk.LIGHT_ATTEMPTS * kiosk.LIGHTS * kiosk.LIGHT_MS
    pauses = int((kiosk.LIVENESS_ATTEMPTS - 1) * kiosk.AGAIN_S * 1_000)
    face, finger = kiosk.FACE_ATTEMPT_MS, kiosk.FINGER_ATTEMPT_MS
    return light + kiosk.LIVENESS_ATTEMPTS * one + pauses + face + finger


def test_three_challenges_a_face_and_a_finger_fit_into_a_session() -> None:
    assert longest_ms(frozenset(Action), slow=False) <= gateway.SESSION_LIFE_MS
    assert longest_ms(frozenset(Action), slow=True) <= gateway.SLOW_SESSION_LIFE_MS


@pytest.mark.parametrize("left", range(FEWEST_ACTIONS, len(Action) + 1))
def test_fewer_actions_make_more_steps_and_no_easier_guess(left: int) -> None:
    steps = steps_needed(left, kiosk.LIVENESS_ATTEMPTS)
    assert guess_probability(left, steps, kiosk.LIVENESS_ATTEMPTS) <= 1e-3


def test_the_oldest_capture_is_young_enough_when_the_finger_takes_all_its_time() -> None:
    """Captures are taken after the challenge, so only the face's own attempt and the finger's count."""
    policy = policy_of(Profile.PRODUCTION, 0)
    assert policy.operating.liveness_required
    frames_ms = 2_000  # five frames of a camera that is nearly too slow
    assert frames_ms + kiosk.FINGER_ATTEMPT_MS < policy.result_age_s * 1_000

"""The times of gateway, policy and kiosk fit together: every challenge, taken to its end, fits into a session."""

import itertools
from collections.abc import Iterator

import pytest

from sallyport_biometrics.face.challenge import (
    ATTEMPTS,
    DOUBT_ATTEMPTS,
    after_doubt,
    guess_probability,
    longest_ms,
    steps_needed,
)
from sallyport_gateway.release.starting import session_life_ms
from sallyport_kiosk import parameters as kiosk
from sallyport_protocol.actions import FEWEST_ACTIONS, Action, Part
from sallyport_protocol.documents import Profile
from sallyport_protocol.messages import Offer
from sallyport_protocol.subject import Needs
from sallyport_provisioning.publish import policy_of


def every_permitted() -> Iterator[Needs]:
    """Every record of needs that can be made."""
    hidden = [set(parts) for count in range(3) for parts in itertools.combinations(Part, count)]
    unable = [set(some) for count in range(len(Action) + 1) for some in itertools.combinations(Action, count)]
    for left_out, covered, slow in itertools.product(unable, hidden, (False, True)):
        try:
            yield Needs(unable=tuple(sorted(left_out)), slow=slow, no_light=False, covered=tuple(sorted(covered)))
        except ValueError:
            continue  # too few actions are left: an officer's case


def rest_ms() -> int:
    """All of a session but its challenges, as long as it may be: three looks for a face, two readings, one finger."""
    light = kiosk.LIGHT_ATTEMPTS * kiosk.LIGHTS * kiosk.LIGHT_MS
    pauses = int((ATTEMPTS + DOUBT_ATTEMPTS - 1) * kiosk.AGAIN_S * 1_000)
    return light + pauses + (1 + kiosk.ATTACK_RETRIES) * kiosk.FACE_ATTEMPT_MS + kiosk.FINGER_ATTEMPT_MS


def test_whatever_is_recorded_the_last_challenge_a_face_and_a_finger_fit_into_a_session() -> None:
    longest = dict(Offer.model_fields)["expires_in"].metadata
    limit = next(each.le for each in longest if hasattr(each, "le"))
    found = list(every_permitted())
    assert len(found) > 50
    for needs in found:
        assert longest_ms(needs.able, needs.slow) + rest_ms() <= session_life_ms(needs) <= limit, needs
    assert session_life_ms(None) == session_life_ms(found[0])


@pytest.mark.parametrize("left", range(FEWEST_ACTIONS, len(Action) + 1))
def test_fewer_actions_make_more_steps_and_no_easier_guess(left: int) -> None:
    steps = steps_needed(left, ATTEMPTS)
    assert guess_probability(left, steps, ATTEMPTS) <= 1e-3
    able = frozenset(sorted(Action)[:left])
    assert guess_probability(left, len(after_doubt(bytes(16), 0, able, False).steps), DOUBT_ATTEMPTS) <= 1e-4


def test_the_oldest_capture_is_young_enough_when_the_finger_takes_all_its_time() -> None:
    """Captures are taken after the challenge, so only the face's own attempt and the finger's count."""
    policy = policy_of(Profile.PRODUCTION, 0)
    assert policy.operating.liveness_required
    frames_ms = 2_000  # five frames of a camera that is nearly too slow
    assert frames_ms + kiosk.FINGER_ATTEMPT_MS < policy.result_age_s * 1_000

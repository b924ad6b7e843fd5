"""Synthetic sessions: people pass, recordings of every kind do not."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from simulated import FRAME_MS, Person, Recording, movement, played, showing

from sallyport_biometrics.face.challenge import Action, Challenge, Step, derive
from sallyport_biometrics.face.liveness import Failure, Liveness, Observation, Outcome, begin
from sallyport_biometrics.face.movement import Movement


def challenge(number: int, attempt: int = 0) -> Challenge:
    return derive(hashlib.sha256(number.to_bytes(8)).digest()[:16], attempt, 3)


def test_people_pass() -> None:
    outcomes = [played(challenge(number), Person(number))[0] for number in range(100)]
    failures = [state.failure for state in outcomes if state.outcome is not Outcome.PASSED]
    assert len(failures) <= 5, failures
    assert all(250 <= answer.reaction_ms <= 1500 for state in outcomes for answer in state.answers)


def test_people_pass_at_eight_frames_a_second() -> None:
    outcomes = [played(challenge(number), Person(number), frame_ms=125.0)[0].outcome for number in range(100)]
    assert outcomes.count(Outcome.PASSED) >= 90


def test_no_recording_of_an_earlier_session_passes() -> None:
    """1,000 attacks: replayed, frozen and spliced; each recording is of a session that passed."""
    recordings = []
    for number in range(40):
        state, seen = played(challenge(number), Person(number))
        if state.outcome is Outcome.PASSED:
            recordings.append(seen)
    generator = np.random.default_rng(1)
    accepted = 0
    for number in range(1000):
        recording = recordings[number % len(recordings)]
        kind = number % 3
        if kind == 1:
            recording = [recording[len(recording) // 2]] * 600
        elif kind == 2:
            other = recordings[(number * 7 + 1) % len(recordings)]
            cut = int(generator.integers(10, min(len(recording), len(other)) - 1))
            recording = recording[:cut] + other[cut:]
        accepted += played(challenge(10_000 + number), Recording(recording))[0].outcome is Outcome.PASSED
    assert accepted == 0


def test_a_live_guesser_passes_no_more_often_than_stated() -> None:
    """The right person, in a recording that acts at random just when asked: the best a recording could do."""

    class Guesser(Person):
        def __init__(self, seed: int) -> None:
            super().__init__(seed)
            self._guess = np.random.default_rng(seed + 10**6)

        def __call__(self, now: float, state: Liveness) -> Movement | None:
            if state.cue is not None and self._asked_for != len(state.answers):
                super().__call__(now, state)
                self._action = list(Action)[self._guess.integers(5)]
            return super().__call__(now, state)

    passed = sum(played(challenge(number), Guesser(number))[0].outcome is Outcome.PASSED for number in range(500))
    assert passed <= 2  # 5 ** -5 of 500 is 0.16


def simple(action: Action) -> Challenge:
    return Challenge((Step(action, 400),), 250, 1500)


def looking(shape: float, **changes: float) -> Movement:
    """A movement in which the face looks wider or narrower."""
    return replace(movement(**changes), shape=shape)


def cued(action: Action) -> tuple[Liveness, float]:
    """An attempt in which the action has just been asked for."""
    state, now = begin(simple(action)), 0.0
    while state.cue is None:
        state = state.observe(Observation(now, 1, movement()))
        now += FRAME_MS
    return state, now - FRAME_MS


def run(state: Liveness, since: float, frames: list[tuple[float, Movement | None]]) -> Liveness:
    """Frames at milliseconds after the cue; neutral ones fill the gaps."""
    now = since
    for at, shown in frames:
        while now + 200 < since + at:
            now += 100
            state = state.observe(Observation(now, 1, movement()))
        now = since + at
        state = state.observe(Observation(now, 1, shown))
    return state


@pytest.mark.parametrize(
    ("asked", "frames", "failure"),
    [
        (Action.TURN_LEFT, [(400.0, movement(yaw=20.0))], Failure.NONE),
        (Action.TURN_LEFT, [(400.0, movement(yaw=-20.0))], Failure.OTHER_ACTION),
        (Action.TURN_LEFT, [(120.0, movement(yaw=20.0))], Failure.TOO_SOON),
        (Action.TURN_LEFT, [(1700.0, movement(yaw=20.0))], Failure.NO_ANSWER),
        (Action.TURN_LEFT, [(1700.0, None)], Failure.NO_ANSWER),
        (Action.TURN_LEFT, [(400.0, movement(yaw=20.0, smile=0.9))], Failure.OTHER_ACTION),
        (Action.TURN_LEFT, [(400.0, movement(yaw=20.0, pitch=12.0))], Failure.NONE),  # a chin that rises in a turn
        (Action.TURN_LEFT, [(400.0, movement(yaw=20.0, pitch=14.0))], Failure.OTHER_ACTION),
        (Action.LOOK_UP, [(400.0, movement(yaw=20.0, pitch=12.0))], Failure.OTHER_ACTION),
        (Action.SMILE, [(400.0, movement(blink=0.9)), (600.0, movement(smile=0.9))], Failure.NONE),
        (Action.CLOSE_EYES, [(float(at), movement(blink=0.9)) for at in range(400, 1200, 100)], Failure.NONE),
        (Action.LOOK_UP, [(float(at), movement(blink=0.9)) for at in range(400, 1200, 100)], Failure.OTHER_ACTION),
        (Action.CLOSE_EYES, [(400.0, movement(blink=0.9)), (1600.0, movement())], Failure.TOO_BRIEF),
        (Action.CLOSE_EYES, [(1600.0, movement())], Failure.NO_ANSWER),
        (Action.SMILE, [(400.0, movement(blink=0.9)), (1600.0, movement())], Failure.NO_ANSWER),
        (
            Action.CLOSE_EYES,
            [(400.0 + at, movement(blink=0.9 * (at < 450))) for at in range(0, 1400, 100)],
            Failure.TOO_BRIEF,
        ),
        (Action.CLOSE_EYES, [(float(at), movement(blink=0.9)) for at in range(400, 881, 160)], Failure.NONE),
        (Action.TURN_LEFT, [(400.0, looking(-0.30, yaw=17.0))], Failure.OTHER_ACTION),  # a picture turned, no head
        (Action.TURN_LEFT, [(400.0, looking(-0.30, yaw=45.0))], Failure.NONE),
        (Action.TURN_RIGHT, [(400.0, looking(-0.30, yaw=-17.0))], Failure.OTHER_ACTION),
        (Action.LOOK_UP, [(400.0, looking(0.30, pitch=12.0))], Failure.OTHER_ACTION),  # a picture that leans back
        (Action.LOOK_UP, [(400.0, looking(-0.30, pitch=12.0))], Failure.NONE),
        (Action.SMILE, [(400.0, looking(-0.30, smile=0.9))], Failure.NONE),
    ],
)
def test_each_rule(asked: Action, frames: list[tuple[float, Movement | None]], failure: Failure) -> None:
    state = run(*cued(asked), frames)
    assert state.failure is failure
    assert state.outcome is (Outcome.PASSED if failure is Failure.NONE else Outcome.FAILED)


def test_a_neutral_face_is_not_learnt_in_a_blink() -> None:
    """Who blinks in the first frame is not asked to shut the eyes further than shut."""
    state = begin(simple(Action.CLOSE_EYES)).observe(Observation(0.0, 1, movement(blink=0.6)))
    now = 0.0
    while state.cue is None:
        now += 100.0
        state = state.observe(Observation(now, 1, movement(blink=0.1)))
    assert now == 500.0, "the hold began when the lids were open"
    assert state.neutral is not None and state.neutral.blink < 0.2
    assert run(state, now, [(float(at), movement(blink=0.5)) for at in range(400, 1200, 100)]).failure is Failure.NONE


def test_another_person_ends_it() -> None:
    state, now = cued(Action.SMILE)
    assert state.observe(Observation(now + 50, 2, movement())).failure is Failure.OTHER_PERSON


def test_a_clock_that_runs_back_ends_it() -> None:
    state, now = cued(Action.SMILE)
    assert state.observe(Observation(now, 1, movement())).failure is Failure.TIME_REVERSED


def test_one_frame_a_second_is_the_cameras_fault() -> None:
    state = played(challenge(1), Person(1), frame_ms=1000.0)[0]
    assert (state.outcome, state.failure) == (Outcome.SLOW, Failure.CAMERA_TOO_SLOW)


def test_a_face_that_never_comes_to_rest() -> None:
    generator = np.random.default_rng(2)

    def restless(now: float, state: Liveness) -> Movement:
        return showing(Action.TURN_LEFT if int(now / 300) % 2 else Action.TURN_RIGHT, 1.0, generator)

    assert played(challenge(2), restless)[0].failure is Failure.NEVER_NEUTRAL


@pytest.mark.parametrize("stirs", [False, True])
def test_a_face_at_rest_that_is_often_not_alone_is_not_seen_and_no_restless_one(stirs: bool) -> None:
    def joined(now: float, state: Liveness) -> Movement | None:
        if stirs and 900 <= now < 1000:
            return movement(yaw=12.0)
        return movement() if int(now / 100) % 3 else None

    state = played(challenge(2), joined)[0]
    assert (state.outcome, state.failure) == (Outcome.FAILED, Failure.NEVER_NEUTRAL if stirs else Failure.NOT_SEEN)


def test_an_end_is_final() -> None:
    state, now = cued(Action.SMILE)
    ended = state.observe(Observation(now, 1, movement()))
    assert ended.observe(Observation(now + 500, 1, movement(smile=0.9))) is ended
    assert ended.cue is None


def test_a_challenge_without_steps_proves_nothing() -> None:
    with pytest.raises(ValueError, match="proves nothing"):
        begin(Challenge((), 250, 1500))

"""Synthetic people before a synthetic camera: movements only, labelled synthetic, for the liveness decisions."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from sallyport_biometrics.face.challenge import Action, Challenge
from sallyport_biometrics.face.liveness import Liveness, Observation, Outcome, begin
from sallyport_biometrics.face.movement import Movement
from sallyport_biometrics.face.words import Pose

FRAME_MS = 66.0
Actor = Callable[[float, Liveness], Movement | None]
"""What the face does at a time, given what the kiosk asks for."""


def movement(yaw: float = 0.0, pitch: float = 0.0, blink: float = 0.05, smile: float = 0.02) -> Movement:
    return Movement(Pose(yaw, pitch, 0.0), blink, smile, (90.0, 100.0, 120.0))


def showing(action: Action | None, amount: float, generator: np.random.Generator) -> Movement:
    """A face in the middle of an action, 0 (neutral) to 1 (full), with the networks' noise."""
    noise = generator.normal(0.0, 1.0, 4)
    value = {
        Action.TURN_LEFT: (25.0, 0.0, 0.0, 0.0),
        Action.TURN_RIGHT: (-25.0, 0.0, 0.0, 0.0),
        Action.LOOK_UP: (0.0, 18.0, 0.0, 0.0),
        Action.CLOSE_EYES: (0.0, 0.0, 0.7, 0.0),
        Action.SMILE: (0.0, 0.0, 0.0, 0.7),
        None: (0.0, 0.0, 0.0, 0.0),
    }[action]
    yaw, pitch, blink, smile = (amount * part for part in value)
    return movement(
        3.0 + yaw + 1.2 * noise[0],
        -2.0 + pitch + 1.2 * noise[1],
        min(1.0, max(0.0, 0.08 + blink + 0.03 * noise[2])),
        min(1.0, max(0.0, 0.05 + smile + 0.03 * noise[3])),
    )


class Person:
    """Answers what is asked after a human reaction time, holds it, returns; blinks unasked every few seconds."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._action: Action | None = None
        self._from = -math.inf
        self._until = -math.inf
        self._asked_for = -1
        self._next_blink = float(self._random.uniform(500, 4000))

    def __call__(self, now: float, state: Liveness) -> Movement | None:
        if state.cue is not None and self._asked_for != len(state.answers):
            self._asked_for = len(state.answers)
            self._action = state.cue
            self._from = now + float(np.clip(self._random.normal(550, 120), 320, 1100))
            self._until = self._from + float(self._random.uniform(900, 1300))
        amount = min(1.0, max(0.0, min(now - self._from, self._until - now) / 250.0))
        seen = showing(self._action if amount > 0 else None, amount, self._random)
        if now >= self._next_blink:
            if now > self._next_blink + 180.0:
                self._next_blink = now + float(self._random.uniform(2000, 6000))
            return Movement(seen.pose, max(seen.blink, 0.8), seen.smile, seen.colour)
        return seen


class Recording:
    """Plays the movements of an earlier session, whatever is asked now."""

    def __init__(self, movements: list[Movement | None]) -> None:
        self._frames: Iterator[Movement | None] = iter(movements)

    def __call__(self, now: float, state: Liveness) -> Movement | None:
        return next(self._frames, None)


def played(challenge: Challenge, actor: Actor, frame_ms: float = FRAME_MS) -> tuple[Liveness, list[Movement | None]]:
    """The end of an attempt and what was seen."""
    state, now, seen = begin(challenge), 0.0, []
    while state.outcome is Outcome.PENDING and now < 120_000.0:
        shown = actor(now, state)
        seen.append(shown)
        state = state.observe(Observation(now, 1, shown))
        now += frame_ms
    return state, seen

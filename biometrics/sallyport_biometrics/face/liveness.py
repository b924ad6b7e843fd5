"""Did a live person answer the challenge? One pure state, advanced by one observation at a time.

NEUTRAL --face neutral for the step's hold--> CUED --the asked action, in its window--> NEUTRAL of the next step
                                               |--another action, or no answer in time--> FAILED
any other action while NEUTRAL --> the hold begins again;  more than NEUTRAL_LIMIT_MS of that --> FAILED
(NOT_SEEN where the face was at rest whenever it was there alone: no answer, and no sign of an attack)
another track, or a clock that runs back --> FAILED;  a gap between observations --> SLOW (the camera's fault)
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from sallyport_biometrics.face.challenge import Action, Challenge
from sallyport_biometrics.face.movement import Movement

TURN_DEGREES = 15.0
"""Yaw away from the neutral face; well above the mesh's noise (about 2) and below what a neck cannot do."""
UP_DEGREES = 10.0
FLAT = 0.15
"""Natural logarithm: how much narrower (or lower) than its angle explains a face may look in the frame that answers. A
flat picture has to be turned by 45 to 60 degrees before the mesh sees 10 to 15 in it (docs/models/attack.md)."""
CLOSED_RISE, SMILE_RISE = 0.25, 0.35
"""Rise of the blendshape above the neutral face. Of LFW's faces the plainly closed eyes lie at 0.50 to 0.64, open ones
near 0.1, narrow ones up to 0.25."""
CLOSED_MS = 450
"""Eyes seen shut over this long are closed on purpose; a blink takes 100 to 400 ms."""
NEUTRAL_SHARE = 0.5
"""A face is neutral again when every measure is below this share of its threshold."""
NEUTRAL_LIMIT_MS = 6000
LONGEST_GAP_MS = 250
"""Between observations; a slower camera cannot tell a movement's order and moment."""
LEARNING = 0.2
"""Weight of each neutral frame in the running neutral face."""


class Outcome(StrEnum):
    """Of an attempt."""

    PENDING = "PENDING"
    PASSED = "PASSED"
    FAILED = "FAILED"
    SLOW = "SLOW"


class Failure(StrEnum):
    """Why an attempt did not pass."""

    NONE = "NONE"
    NO_ANSWER = "NO_ANSWER"
    TOO_SOON = "TOO_SOON"
    TOO_BRIEF = "TOO_BRIEF"
    OTHER_ACTION = "OTHER_ACTION"
    NEVER_NEUTRAL = "NEVER_NEUTRAL"
    NOT_SEEN = "NOT_SEEN"
    OTHER_PERSON = "OTHER_PERSON"
    TIME_REVERSED = "TIME_REVERSED"
    CAMERA_TOO_SLOW = "CAMERA_TOO_SLOW"


@dataclass(frozen=True, slots=True)
class Observation:
    """One frame at a sensor time in milliseconds; no movement: no single face in it. `track` names the tracked face."""

    at_ms: float
    track: int
    movement: Movement | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One step answered: how long after its cue."""

    action: Action
    reaction_ms: float


@dataclass(frozen=True, slots=True)
class Liveness:
    """Where an attempt stands. Begin with `begin`, advance with `observe`; an end is final."""

    challenge: Challenge
    outcome: Outcome = Outcome.PENDING
    failure: Failure = Failure.NONE
    answers: tuple[Answer, ...] = ()
    neutral: Movement | None = None
    track: int | None = None
    last_ms: float | None = None
    step_began_ms: float | None = None
    held_since_ms: float | None = None
    cued_ms: float | None = None
    shut_since_ms: float | None = None
    stirred: bool = False
    """Whether anything broke the hold since the step began, other than a face that could not be seen alone."""
    glimpsed: bool = False
    """Whether the eyes were seen shut since the cue."""

    @property
    def cue(self) -> Action | None:
        """What to ask for now; None: ask to look straight at the camera."""
        if self.outcome is not Outcome.PENDING or self.cued_ms is None:
            return None
        return self.challenge.steps[len(self.answers)].action

    def observe(self, seen: Observation) -> "Liveness":
        """The state after one more frame."""
        if self.outcome is not Outcome.PENDING:
            return self
        if self.last_ms is not None and seen.at_ms <= self.last_ms:
            return self._failed(Failure.TIME_REVERSED)
        if self.last_ms is not None and seen.at_ms - self.last_ms > LONGEST_GAP_MS:
            return replace(self, outcome=Outcome.SLOW, failure=Failure.CAMERA_TOO_SLOW)
        if self.track is not None and seen.track != self.track:
            return self._failed(Failure.OTHER_PERSON)
        began = seen.at_ms if self.step_began_ms is None else self.step_began_ms
        known = replace(self, track=seen.track, last_ms=seen.at_ms, step_began_ms=began, shut_since_ms=self._shut(seen))
        if known.cued_ms is not None:
            return known._answering(seen, known.cued_ms)
        return known._holding(seen, began)

    def _shut(self, seen: Observation) -> float | None:
        """Since when the eyes have been shut without a break."""
        if seen.movement is None or self.neutral is None:
            return None
        if not eyes_shut(seen.movement, self.neutral, self.shut_since_ms is not None):
            return None
        return seen.at_ms if self.shut_since_ms is None else self.shut_since_ms

    def _holding(self, seen: Observation, began: float) -> "Liveness":
        """Before the cue: the face must be neutral for the step's hold."""
        if seen.at_ms - began > NEUTRAL_LIMIT_MS:
            return self._failed(Failure.NEVER_NEUTRAL if self.stirred else Failure.NOT_SEEN)
        closed = self.shut_since_ms is not None
        if seen.movement is None:
            return replace(self, held_since_ms=None)
        if not is_neutral(seen.movement, self.neutral or seen.movement):
            return replace(self, held_since_ms=None, stirred=True)
        if closed:
            return self  # a blink neither breaks the hold nor ends it
        if self.neutral is not None and opened(seen.movement, self.neutral):
            return replace(self, held_since_ms=seen.at_ms, neutral=seen.movement)
        since = seen.at_ms if self.held_since_ms is None else self.held_since_ms
        calm = replace(self, held_since_ms=since, neutral=blended(self.neutral, seen.movement))
        if seen.at_ms - since >= self.challenge.steps[len(self.answers)].hold_ms:
            return replace(calm, cued_ms=seen.at_ms)
        return calm

    def _answering(self, seen: Observation, cued: float) -> "Liveness":
        """After the cue: the asked action, and no other, begun inside the window."""
        if seen.movement is None or self.neutral is None:
            late = seen.at_ms - cued > self.challenge.latest_ms
            return self._failed(Failure.NO_ANSWER) if late else self
        asked = self.challenge.steps[len(self.answers)].action
        done = set(actions_in(seen.movement, self.neutral))
        began = seen.at_ms
        glimpsed = self.glimpsed or self.shut_since_ms is not None
        if self.shut_since_ms is not None:
            if seen.at_ms - self.shut_since_ms >= CLOSED_MS:
                done.add(Action.CLOSE_EYES)
            began = self.shut_since_ms if asked is Action.CLOSE_EYES else began
        if done - {asked} - dwarfed(asked, seen.movement, self.neutral):
            return self._failed(Failure.OTHER_ACTION)
        if asked in done and flattened(asked, seen.movement, self.neutral):
            return self._failed(Failure.OTHER_ACTION)
        if began - cued > self.challenge.latest_ms:
            brief = glimpsed and asked is Action.CLOSE_EYES
            return self._failed(Failure.TOO_BRIEF if brief else Failure.NO_ANSWER)
        if not done:
            return replace(self, glimpsed=glimpsed)
        if began - cued < self.challenge.earliest_ms:
            return self._failed(Failure.TOO_SOON)
        return self._answered(Answer(asked, began - cued), seen.at_ms)

    def _answered(self, answer: Answer, at_ms: float) -> "Liveness":
        answers = (*self.answers, answer)
        passed = len(answers) == len(self.challenge.steps)
        return replace(
            self,
            answers=answers,
            outcome=Outcome.PASSED if passed else Outcome.PENDING,
            step_began_ms=at_ms,
            held_since_ms=None,
            cued_ms=None,
            stirred=False,
            glimpsed=False,
        )

    def _failed(self, failure: Failure) -> "Liveness":
        return replace(self, outcome=Outcome.FAILED, failure=failure)


def begin(challenge: Challenge) -> Liveness:
    """An attempt before its first frame; `ValueError` for a challenge without steps."""
    if not challenge.steps:
        raise ValueError("a challenge without steps proves nothing")
    return Liveness(challenge)


def actions_in(movement: Movement, neutral: Movement) -> frozenset[Action]:
    """Every action but closed eyes, which take time, that this frame shows against the neutral face."""
    return frozenset(action for action, share in shares(movement, neutral).items() if share >= 1.0)


def dwarfed(asked: Action, movement: Movement, neutral: Movement) -> frozenset[Action]:
    """What comes along with the asked action and is smaller: a head that turns is raised a little.

    Every frame has one greatest movement, so this makes nothing easier to guess.
    """
    measured = shares(movement, neutral)
    least = measured.get(asked, 0.0)
    return frozenset(action for action, share in measured.items() if share < least and least >= 1.0)


def eyes_shut(movement: Movement, neutral: Movement, before: bool = False) -> bool:
    """Whether both eyes are shut in this frame. Who had them shut `before` has opened them when they are neutral again:
    the measure of shut lids wavers."""
    return movement.blink - neutral.blink >= CLOSED_RISE * (NEUTRAL_SHARE if before else 1.0)


def opened(movement: Movement, neutral: Movement) -> bool:
    """Whether the neutral face was learnt with lids that are open now: a blink in the first frames."""
    return neutral.blink - movement.blink >= NEUTRAL_SHARE * CLOSED_RISE


def is_neutral(movement: Movement, neutral: Movement) -> bool:
    """Whether nothing is under way; a blink is nothing."""
    return all(share < NEUTRAL_SHARE for share in shares(movement, neutral).values())


def shares(movement: Movement, neutral: Movement) -> dict[Action, float]:
    """Each action's measure as a share of its threshold."""
    yaw = movement.pose.yaw - neutral.pose.yaw
    return {
        Action.TURN_LEFT: yaw / TURN_DEGREES,
        Action.TURN_RIGHT: -yaw / TURN_DEGREES,
        Action.LOOK_UP: (movement.pose.pitch - neutral.pose.pitch) / UP_DEGREES,
        Action.SMILE: (movement.smile - neutral.smile) / SMILE_RISE,
    }


def flattened(action: Action, movement: Movement, neutral: Movement) -> bool:
    """Whether a flat picture was turned, no head: it looks narrower, or lower, than this angle makes a head."""
    turned, raised = (
        math.log(max(0.1, math.cos(math.radians(angle))))
        for angle in (movement.pose.yaw - neutral.pose.yaw, movement.pose.pitch - neutral.pose.pitch)
    )
    narrower = turned - raised - (movement.shape - neutral.shape)
    if action in (Action.TURN_LEFT, Action.TURN_RIGHT):
        return narrower > FLAT
    return action is Action.LOOK_UP and -narrower > FLAT


def blended(neutral: Movement | None, seen: Movement) -> Movement:
    """The running neutral face, a little nearer to what is seen."""
    if neutral is None:
        return seen
    pose = replace(
        neutral.pose,
        yaw=_mixed(neutral.pose.yaw, seen.pose.yaw),
        pitch=_mixed(neutral.pose.pitch, seen.pose.pitch),
        roll=_mixed(neutral.pose.roll, seen.pose.roll),
    )
    blink, smile, shape = (_mixed(getattr(neutral, name), getattr(seen, name)) for name in ("blink", "smile", "shape"))
    return Movement(pose, blink, smile, seen.colour, shape)


def _mixed(old: float, new: float) -> float:
    return (1 - LEARNING) * old + LEARNING * new

"""Asks the person to move as the session's seed says, and tells whether a living one did so.

A guess is worth at most 1e-3 in all challenges of a session together (`face/challenge.py`); a recording of an earlier
session was asked for something else. Each thing that could not stand beside the challenge adds a step to it: passive
networks that are not in the signed set, a screen whose light says nothing. A face that looks like a picture of one is
asked once more, for more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from sallyport_biometrics.face.challenge import (
    ATTEMPTS,
    DARKER_STEPS,
    DOUBT_ATTEMPTS,
    STRICTER_STEPS,
    Challenge,
    after_doubt,
    derive,
)
from sallyport_biometrics.face.flash import SUSPECTED, Verdict
from sallyport_biometrics.face.liveness import Failure, Observation, Outcome, begin
from sallyport_biometrics.face.liveness import Liveness as Attempt
from sallyport_biometrics.face.movement import Movement, MovementReader
from sallyport_biometrics.face.pipeline import FacePipeline
from sallyport_biometrics.face.words import Embedding, FrameAnalysis
from sallyport_kiosk import parameters
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.frames import fresh_frame
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.ports import Camera, Frame
from sallyport_kiosk.stage import Stage, Step
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import Liveness


@dataclass(frozen=True, slots=True)
class Proof:
    """What the challenges showed. `face` numbers the one that answered; 0: none did."""

    liveness: Liveness
    face: int = 0
    attempts: int = 0
    fault: bool = False
    detail: str = ""
    lit: bool = False
    """The screen's light came back, and as a head returns it."""


@dataclass(frozen=True, slots=True)
class LivenessReader:
    """The camera, the networks, the screen's light, and whether passive networks stand beside the challenge."""

    camera: Camera
    pipeline: FacePipeline
    movements: MovementReader
    light: LightReader
    passive: bool

    def read(self, seed: bytes, stage: Stage, follower: Follower) -> Proof:
        """PASSED by one challenge; FAILED when all were answered wrongly; else NOT_PERFORMED. Never raises."""
        return _sheltered(lambda: self._first(seed, stage, follower))

    def read_again(self, seed: bytes, stage: Stage, follower: Follower) -> Proof:
        """The same by longer challenges, for a face that looked like a picture of one. Never raises."""
        able, slow = stage.needs.able, stage.needs.slow
        challenges = [after_doubt(seed, number, able, slow) for number in range(DOUBT_ATTEMPTS)]
        stage.display.show(Step.FACE, "TRY_AGAIN")
        stage.stop.wait(parameters.AGAIN_S)
        return _sheltered(lambda: self._attempts(challenges, stage, follower))

    def _first(self, seed: bytes, stage: Stage, follower: Follower) -> Proof:
        self.camera.open()
        if not self._face_found(stage, follower):
            return _not_passed([], ATTEMPTS)
        light = self.light.read(seed, stage, follower)
        if light in SUSPECTED:
            return Proof(Liveness.FAILED, attempts=1, detail=_LIT[light])
        more = (0 if self.passive else STRICTER_STEPS) + (0 if light is Verdict.RETURNED else DARKER_STEPS)
        able, slow = stage.needs.able, stage.needs.slow
        challenges = [derive(seed, number, ATTEMPTS, able, slow, more) for number in range(ATTEMPTS)]
        return replace(self._attempts(challenges, stage, follower), lit=light is Verdict.RETURNED)

    def _attempts(self, challenges: list[Challenge], stage: Stage, follower: Follower) -> Proof:
        failures: list[Failure] = []
        instead = ""
        for challenge in challenges:
            if failures and not stage.over:
                stage.display.show(Step.FACE, instead or str(failures[-1]))
                stage.stop.wait(parameters.AGAIN_S)
            if not self._face_found(stage, follower):
                break
            attempt, instead = self._asked(challenge, stage, follower)
            if attempt.outcome is Outcome.PASSED:
                return Proof(Liveness.PASSED, follower.number, len(failures) + 1)
            if attempt.outcome is Outcome.PENDING:
                break
            failures.append(attempt.failure)
        return _not_passed(failures, len(challenges))

    def _face_found(self, stage: Stage, follower: Follower) -> bool:
        """Waits for a face that a challenge can begin with; its embedding names the track."""
        until = stage.clock.monotonic_ms() + parameters.FACE_ATTEMPT_MS
        stage.display.show(Step.FACE, "LOOK_AT_CAMERA")
        while not stage.over and stage.clock.monotonic_ms() < until:
            if (fresh := fresh_frame(self.camera, stage)) is None:
                continue
            analysis = self.pipeline.analyse(fresh[0].image, frozenset(stage.needs.covered))
            follower.see(*fresh, analysis, self._embedding(fresh[0], analysis))
            if analysis.usable:
                return True
            stage.display.show(Step.FACE, str(analysis.feedback[0]) if analysis.feedback else "LOOK_AT_CAMERA")
        return False

    def _asked(self, challenge: Challenge, stage: Stage, follower: Follower) -> tuple[Attempt, str]:
        """One challenge to its end, and what kept the face from being seen at last, if anything did.

        PENDING when the session ended first. The face is known again at every cue.
        """
        attempt, recognise, hindrance, earlier = begin(challenge), False, "", ""
        while attempt.outcome is Outcome.PENDING and not stage.over:
            stage.display.show(Step.FACE, str(attempt.cue or "LOOK_STRAIGHT"), _progress(attempt))
            if (fresh := fresh_frame(self.camera, stage)) is None:
                continue
            frame, arrived = fresh
            analysis = self.pipeline.analyse(frame.image, frozenset(stage.needs.covered))
            embedding = self._embedding(frame, analysis) if recognise else None
            track = follower.see(frame, arrived, analysis, embedding)
            seen = attempt.observe(Observation(float(frame.captured_ms), track, self._movement(frame, analysis)))
            cued = attempt.cue is None and seen.cue is not None
            attempt, recognise = seen, cued or (recognise and embedding is None)
            hindrance = str(analysis.feedback[0]) if analysis.face is None and analysis.feedback else ""
            earlier = hindrance or earlier
        return attempt, earlier if attempt.failure is Failure.NOT_SEEN else hindrance

    def _embedding(self, frame: Frame, analysis: FrameAnalysis) -> Embedding | None:
        if analysis.face is None or not analysis.usable:
            return None
        return self.pipeline.embed(frame.image, analysis.face)

    def _movement(self, frame: Frame, analysis: FrameAnalysis) -> Movement | None:
        if analysis.mesh is None or analysis.quality is None:
            return None
        return self.movements.read(frame.image, analysis.mesh, analysis.quality.pose)


def _sheltered(read: Callable[[], Proof]) -> Proof:
    try:
        return read()
    except (RoadError, MalformedError, ValueError) as error:
        return Proof(Liveness.NOT_PERFORMED, fault=True, detail=f"liveness: {error}"[:150])


def _progress(attempt: Attempt) -> float:
    return len(attempt.answers) / len(attempt.challenge.steps)


def _not_passed(failures: list[Failure], allowed: int) -> Proof:
    """A camera that is too slow is a fault; all challenges answered wrongly is a failure; anything else is nothing."""
    tried, wrong = len(failures), [each for each in failures if each not in UNANSWERED]
    if tried == allowed and wrong:
        return Proof(Liveness.FAILED, attempts=tried, detail=_WHY[wrong[-1]])
    if failures and failures[-1] is Failure.CAMERA_TOO_SLOW:
        return Proof(Liveness.NOT_PERFORMED, attempts=tried, fault=True, detail=_WHY[Failure.CAMERA_TOO_SLOW])
    if failures and failures[-1] is Failure.NOT_SEEN:
        return Proof(Liveness.NOT_PERFORMED, attempts=tried, detail=_WHY[Failure.NOT_SEEN])
    return Proof(Liveness.NOT_PERFORMED, attempts=tried, detail="the instructions were not answered in time")


UNANSWERED: Final = (Failure.CAMERA_TOO_SLOW, Failure.NOT_SEEN)
"""Challenges that nobody answered wrongly: no sign of an attack, and no proof of life."""
_LIT = MappingProxyType(
    {
        Verdict.FOREIGN: "liveness: the face returns the light of another screen",
        Verdict.DISPLAY: "liveness: the face returns light as a display does",
    }
)
_WHY = MappingProxyType(
    {
        Failure.NO_ANSWER: "liveness: an instruction was not followed in time",
        Failure.TOO_SOON: "liveness: an answer came sooner than a person can give it",
        Failure.TOO_BRIEF: "liveness: the eyes were not kept shut for long enough",
        Failure.OTHER_ACTION: "liveness: another movement than the one asked for",
        Failure.NEVER_NEUTRAL: "liveness: the face never came to rest",
        Failure.NOT_SEEN: "liveness: no face could be seen alone for long enough",
        Failure.OTHER_PERSON: "liveness: another face came into view",
        Failure.TIME_REVERSED: "liveness: the camera's clock ran backwards",
        Failure.CAMERA_TOO_SLOW: "liveness: the camera is too slow; check its cable and its load",
    }
)

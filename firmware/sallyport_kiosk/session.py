"""One session, on one page: offer -> references -> liveness -> face -> finger -> result -> presence until the end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from threading import Event

from sallyport_biometrics.face.liveness import LONGEST_GAP_MS
from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.face.track import Track
from sallyport_biometrics.fusion import PLAIN_SUM, FusedCalibration, OperatingPoint
from sallyport_kiosk import parameters
from sallyport_kiosk.clock import Clock
from sallyport_kiosk.conclude import Moment, conclude
from sallyport_kiosk.evidence import ModalityEvidence
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.finger_reader import FingerReader
from sallyport_kiosk.follower import Follower
from sallyport_kiosk.liveness_reader import LivenessReader, Proof
from sallyport_kiosk.offers import Boot
from sallyport_kiosk.pace import Pace
from sallyport_kiosk.presence import PresenceWatch, Sighting
from sallyport_kiosk.stage import NO_NEEDS, Display, Stage, Step
from sallyport_kiosk.vigil import watched
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Liveness, ModalityOutcome, Offer, Outcome, Presence, Result
from sallyport_protocol.subject import Modality, Reference, References


@dataclass(frozen=True, slots=True)
class Session:
    """Runs one offer to its end. `send_result` and `send_presence` sign and publish; they never block."""

    boot: Boot
    liveness: LivenessReader
    face: FaceReader
    finger: FingerReader
    watch: PresenceWatch
    display: Display
    clock: Clock
    next_counter: Callable[[], int]
    tamper: Callable[[], bool]
    send_result: Callable[[Result], None]
    send_presence: Callable[[Presence], None]
    fused: FusedCalibration = PLAIN_SUM

    def run(self, offer: Offer, references: References, stage: Stage) -> None:
        """Verifies, reports, and watches until the gateway ends the session. The references go with this call."""
        follower = self._follower(offer, stage)
        liveness, evidence, person = self._read(offer, references, stage, follower)
        moment = self._moment(stage)
        stopped = stage.stop.is_set()
        result = conclude(offer, self.boot, evidence, moment, liveness, abandoned=stopped, calibration=self.fused)
        self.send_result(result)
        self.display.show(Step.WAIT, "WAIT_FOR_OFFICER", 1.0)
        if result.outcome is Outcome.MATCH and person is not None:
            self._watch(offer, person, follower, stage)

    def _follower(self, offer: Offer, stage: Stage) -> Follower | None:
        """Where liveness is required, one face is followed all the way; an excused face is not looked at."""
        if not offer.operating.liveness_required or Modality.FACE in stage.exceptions:
            return None
        return Follower(self.face.pipeline, self.face.camera.device)

    def _read(
        self, offer: Offer, references: References, stage: Stage, follower: Follower | None
    ) -> tuple[Liveness, tuple[ModalityEvidence, ...], FaceTemplate | None]:
        """Challenge, face, finger. Nothing is compared for somebody who has not shown to be alive.

        A face that looks like a picture of one is challenged once more, for longer, before it is read again; who passes
        that too and returned the screen's light has to look much more like a picture (`Weights.company`).
        """
        faces, fingers = _of(references, Modality.FACE), _of(references, Modality.FINGER)
        if follower is None:
            face, person = self.face.read(faces, stage)
            return Liveness.NOT_PERFORMED, (face, self.finger.read(fingers, stage)), person
        proof = self.liveness.read(offer.liveness_seed, stage, follower)
        if proof.liveness is not Liveness.PASSED:
            proof = believed(proof, follower, self.clock.monotonic_ms())
            return proof.liveness, _nothing(proof, stage), None
        face, person = self.face.read(faces, stage, follower)
        if face.suspicious and face.attempts < stage.attempts:
            again = self.liveness.read_again(offer.liveness_seed, stage, follower)
            if again.liveness is not Liveness.PASSED:
                again = believed(again, follower, self.clock.monotonic_ms())
                return again.liveness, _nothing(again, stage, face), None
            later, person = self.face.read(faces, stage, follower, face.attempts, proof.lit)
            face = face if later.outcome is ModalityOutcome.NOT_ACQUIRED else later
        with watched(self.face.camera, self.face.pipeline, stage, follower):
            finger = self.finger.read(fingers, stage)
        proof = believed(proof, follower, self.clock.monotonic_ms())
        return proof.liveness, (replace(face, detail=proof.detail or face.detail), finger), person

    def _watch(self, offer: Offer, person: FaceTemplate, follower: Follower | None, stage: Stage) -> None:
        """Reports at once, then every second, whether the person who matched is still there, alone.

        A blind kiosk says nothing.
        """
        due = self.clock.monotonic_ms()
        track = follower.track if follower is not None else None
        number = track.number if track is not None else 0
        while not stage.over:
            looked = self._look(person, offer, track, due, stage)
            due = self.clock.monotonic_ms() + parameters.PRESENCE_MS
            if looked is not None:
                sighting, at = looked
                track = sighting.track
                lost = track is not None and track.void(number, self.clock.monotonic_ms())
                self.send_presence(
                    Presence(
                        session=offer.session,
                        counter=self.next_counter(),
                        at=at,
                        same_track=sighting.same and not lost,
                        faces=sighting.faces,
                    )
                )

    def _look(
        self, person: FaceTemplate, offer: Offer, track: Track | None, until: int, stage: Stage
    ) -> tuple[Sighting, int] | None:
        """The first sighting after `until` and when it began, ms from the offer; None when the camera failed."""
        while not stage.over:
            at = stage.since_offer(self.clock.monotonic_ms())
            try:
                sighting, picture = self.watch.look(person, offer.operating, track)
            except RoadError:
                stage.stop.wait(parameters.PRESENCE_MS / 1_000)
                return None
            track = sighting.track
            self.display.picture(picture)
            if self.clock.monotonic_ms() >= until:
                return sighting, at
            stage.stop.wait(0.25)
        return None

    def _moment(self, stage: Stage) -> Moment:
        return Moment(
            finished=stage.since_offer(self.clock.monotonic_ms()),
            wall=self.clock.wall_ms(),
            counter=self.next_counter(),
            tamper=self.tamper(),
        )


def set_stage(offer: Offer, started: int, clock: Clock, display: Display, stop: Event) -> Stage:
    """The surroundings of a session that was offered at `started`, monotonic ms."""
    point = OperatingPoint(
        required=frozenset(str(each) for each in offer.operating.modalities),
        fused_log10=offer.operating.fused_fmr_log10,
        floor_log10=offer.operating.floor_fmr_log10,
    )
    excused = {str(each.modality): each.reason for each in offer.exceptions}
    deadline, attempts = started + offer.expires_in, offer.operating.attempts
    pace = Pace(LONGEST_GAP_MS) if offer.operating.liveness_required else Pace()
    return Stage(clock, display, stop, started, deadline, attempts, point, excused, offer.needs or NO_NEEDS, pace)


def age_in_days(reference: Reference, wall_ms: int) -> int | None:
    """How old a reference is by this machine's wall clock; None when that clock is before the capture."""
    today = datetime.fromtimestamp(wall_ms / 1_000, UTC).date()
    days = (today - date.fromisoformat(reference.captured_on)).days
    return days if 0 <= days <= 40_000 else None


def believed(proof: Proof, follower: Follower, now_ms: int) -> Proof:
    """The proof, unless the frames are not the camera's or another face than the one that answered is in view.

    Who only went away is no attack; what she proved before is void.
    """
    if found := sorted(follower.suspicions()):
        return replace(proof, liveness=Liveness.FAILED, detail=f"frames not believed: {', '.join(found)}")
    if proof.liveness is Liveness.PASSED and follower.left(now_ms):
        return replace(proof, liveness=Liveness.NOT_PERFORMED, detail="the person went out of the camera's view")
    if proof.liveness is Liveness.PASSED and follower.number != proof.face:
        return replace(proof, liveness=Liveness.FAILED, detail="the face that answered did not stay in view")
    return proof


def _nothing(proof: Proof, stage: Stage, doubted: ModalityEvidence | None = None) -> tuple[ModalityEvidence, ...]:
    """The account of modalities that were not read because nobody was shown to be alive.

    `doubted` is a face that looked like a picture of one, and still does.
    """
    outcome = ModalityOutcome.FAULT if proof.fault else ModalityOutcome.NOT_ACQUIRED
    face = ModalityEvidence(Modality.FACE, outcome, attempts=proof.attempts, detail=proof.detail)
    if doubted is not None:
        face = replace(doubted, detail=f"{doubted.detail}; {proof.detail}")
    if (excused := stage.exceptions.get(Modality.FINGER)) is not None:
        return face, ModalityEvidence(Modality.FINGER, ModalityOutcome.EXCEPTION, exception=excused)
    return face, ModalityEvidence(Modality.FINGER, ModalityOutcome.NOT_ACQUIRED)


def _of(references: References, modality: Modality) -> tuple[Reference, ...]:
    return tuple(each for each in references.references if each.modality is modality)

"""One session, on one page: offer -> references -> face -> finger -> result -> presence until the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Event

from sallyport_biometrics.face.template import FaceTemplate
from sallyport_biometrics.fusion import OperatingPoint
from sallyport_kiosk import parameters
from sallyport_kiosk.clock import Clock
from sallyport_kiosk.conclude import Moment, conclude
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.finger_reader import FingerReader
from sallyport_kiosk.offers import Boot
from sallyport_kiosk.presence import PresenceWatch, Sighting
from sallyport_kiosk.stage import Display, Stage, Step
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Liveness, Modality, Offer, Outcome, Presence, Reference, References, Result


@dataclass(frozen=True, slots=True)
class Session:
    """Runs one offer to its end. `send_result` and `send_presence` sign and publish; they never block."""

    boot: Boot
    face: FaceReader
    finger: FingerReader
    watch: PresenceWatch
    display: Display
    clock: Clock
    next_counter: Callable[[], int]
    tamper: Callable[[], bool]
    send_result: Callable[[Result], None]
    send_presence: Callable[[Presence], None]

    def run(self, offer: Offer, references: References, stage: Stage) -> None:
        """Verifies, reports, and watches until the gateway ends the session. The references go with this call."""
        face, person = self.face.read(_of(references, Modality.FACE), stage)
        finger = self.finger.read(_of(references, Modality.FINGER), stage)
        result = conclude(
            offer,
            self.boot,
            (face, finger),
            self._moment(stage),
            Liveness.NOT_PERFORMED,
            abandoned=stage.stop.is_set(),
        )
        self.send_result(result)
        self.display.show(Step.WAIT, "WAIT_FOR_OFFICER", 1.0)
        if result.outcome is Outcome.MATCH and person is not None:
            self._watch(offer, person, stage)

    def _watch(self, offer: Offer, person: FaceTemplate, stage: Stage) -> None:
        """Reports at once, then every second, whether the person who matched is still there, alone.

        A blind kiosk says nothing.
        """
        due = self.clock.monotonic_ms()
        while not stage.over:
            looked = self._look(person, offer, due, stage)
            due = self.clock.monotonic_ms() + parameters.PRESENCE_MS
            if looked is not None:
                sighting, at = looked
                self.send_presence(
                    Presence(
                        session=offer.session,
                        counter=self.next_counter(),
                        at=at,
                        same_track=sighting.same,
                        faces=sighting.faces,
                    )
                )

    def _look(self, person: FaceTemplate, offer: Offer, until: int, stage: Stage) -> tuple[Sighting, int] | None:
        """The first sighting after `until` and when it began, ms from the offer; None when the camera failed."""
        while not stage.over:
            at = stage.since_offer(self.clock.monotonic_ms())
            try:
                sighting, picture = self.watch.look(person, offer.operating)
            except RoadError:
                stage.stop.wait(parameters.PRESENCE_MS / 1_000)
                return None
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
    return Stage(clock, display, stop, started, started + offer.expires_in, offer.operating.attempts, point, excused)


def age_in_days(reference: Reference, wall_ms: int) -> int | None:
    """How old a reference is by this machine's wall clock; None when that clock is before the capture."""
    today = datetime.fromtimestamp(wall_ms / 1_000, UTC).date()
    days = (today - date.fromisoformat(reference.captured_on)).days
    return days if 0 <= days <= 40_000 else None


def _of(references: References, modality: Modality) -> tuple[Reference, ...]:
    return tuple(each for each in references.references if each.modality is modality)

"""A kiosk on the bench: the real kiosk and session between doors in memory, and the pen of its gateway."""

import secrets
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from kiosk_doors import (
    ALICES,
    BOARD,
    KIOSK,
    LANE,
    PATIENCE_S,
    PRISON,
    SOFTWARE,
    MemoryCamera,
    MemoryDisplay,
    MemoryLine,
    MemoryLink,
    MemorySensor,
    StoppedClock,
    TaggedExtractor,
    TaggedPipeline,
    rates,
    until,
)

from sallyport_kiosk.drivers.outbox import Outbox
from sallyport_kiosk.face_reader import FaceReader
from sallyport_kiosk.finger_reader import FingerReader
from sallyport_kiosk.kiosk import Kiosk
from sallyport_kiosk.light_reader import LightReader
from sallyport_kiosk.liveness_reader import LivenessReader
from sallyport_kiosk.mouth import Mouth
from sallyport_kiosk.offers import Boot
from sallyport_kiosk.presence import PresenceWatch
from sallyport_kiosk.session import Session, set_stage
from sallyport_kiosk.stage import Stage
from sallyport_protocol import envelope, sealing
from sallyport_protocol.documents import signed_by
from sallyport_protocol.messages import Offer, Result
from sallyport_protocol.sealing import binding
from sallyport_protocol.subject import References
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.word import Message
from sallyport_provisioning.estate import Estate


@dataclass
class Bench:
    """One kiosk of an estate on the bench, and the gateway's pen."""

    estate: Estate
    outbox_path: Path
    camera: MemoryCamera = field(default_factory=MemoryCamera)
    sensor: MemorySensor = field(default_factory=MemorySensor)
    line: MemoryLine = field(default_factory=MemoryLine)
    link: MemoryLink = field(default_factory=MemoryLink)
    display: MemoryDisplay = field(default_factory=MemoryDisplay)
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self.camera.clock = self.sensor.clock = self.clock
        model_set, policy = self.estate.model_set(), self.estate.policy()
        self.boot = Boot(PRISON, KIOSK, LANE, BOARD, secrets.token_bytes(16), SOFTWARE, model_set, policy)
        self.gateway = self.estate.signer("gateway-1")
        self.seal_key = X25519PrivateKey.generate()
        self.signer = self.estate.signer(KIOSK)
        known = signed_by(self.estate.certificate("gateway-1"))
        self.mouth = Mouth(self.boot, self.signer, known, sealing.public_bytes(self.seal_key))
        self.outbox = Outbox(self.outbox_path, chance=lambda: 0.0)
        self.kiosk = Kiosk(
            self.boot, self.mouth, self.seal_key, self.outbox, self.line, self.display, self.clock, lambda: False
        )
        self.session = self.make_session()
        self.beats = 0
        """How often the main loop said that it lives."""
        self._thread: threading.Thread | None = None

    def make_session(self) -> Session:
        pipeline: Any = TaggedPipeline()
        extractor: Any = TaggedExtractor()
        movements: Any = None
        return Session(
            self.boot,
            LivenessReader(self.camera, pipeline, movements, LightReader(self.camera, pipeline), passive=False),
            FaceReader(self.camera, pipeline, rates("face"), lambda _: 10),
            FingerReader(self.sensor, extractor, rates("finger"), lambda _: 10),
            PresenceWatch(self.camera, pipeline, rates("face")),
            self.display,
            self.clock,
            self.mouth.next_counter,
            lambda: False,
            self.kiosk.report,
            self.kiosk.report,
        )

    def stage(self, offer: Offer | None = None, stop: threading.Event | None = None) -> Stage:
        """A session's surroundings, begun now."""
        started = self.clock.monotonic_ms()
        return set_stage(offer or self.offer(1), started, self.clock, self.display, stop or threading.Event())

    def start(self) -> None:
        """Runs the main loop in a thread."""
        link: Any = self.link
        self._thread = threading.Thread(target=self.kiosk.run, args=(link, self.session, self._beat), daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        self.beats += 1

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        if self._thread is not None:
            self.kiosk.stop()
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
        self.outbox.close()

    # The gateway's side

    def offer(self, sequence: int, references: References = ALICES, **changes: Any) -> Offer:
        """An offer for this boot, sealed to it, at the signed policy's operating point; `changes` break it."""
        session, challenge, handle = secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(16)
        place = binding((session, challenge, KIOSK, LANE, handle, self.boot.policy.digest))
        honest = Offer(
            session=session,
            challenge=challenge,
            kiosk=KIOSK,
            boot_nonce=self.boot.nonce,
            sequence=sequence,
            lane=LANE,
            movement="REL",
            reason="CR",
            handle=handle,
            sealed=sealing.seal(references, sealing.public_bytes(self.seal_key), place),
            operating=self.boot.policy.operating,
            exceptions=(),
            liveness_seed=secrets.token_bytes(16),
            model_set=self.boot.model_set.digest,
            policy=self.boot.policy.digest,
            expires_in=60_000,
        )
        return honest.model_copy(update=changes)

    def say(
        self, kind: Kind, message: Message, *, retained: bool = False, device: str = KIOSK, who: str = "gateway-1"
    ) -> None:
        """The broker delivers what `who` signed."""
        topic = str(Topic(PRISON, device, kind))
        signer = self.estate.signer(who)
        self.kiosk.arrive(topic, envelope.sign(message.to_map(), signer, topic), retained)

    def heard(self, kind: Kind) -> list[dict[str, Any]]:
        """The content of every message of that kind that the kiosk published, each signature checked."""
        topic = str(Topic(PRISON, KIOSK, kind))
        key = signed_by(self.signer.certificate)
        return [envelope.verify(raw, topic, key).content for name, raw in self.link.published if name == topic]

    def sent(self, kind: Kind) -> list[bytes]:
        """The same as whole messages."""
        topic = str(Topic(PRISON, KIOSK, kind))
        return [raw for name, raw in self.link.published if name == topic]

    def results(self) -> list[Result]:
        """Every result published, repetitions included."""
        return [Result.parse(each) for each in self.heard(Kind.RESULT)]

    def result_of(self, offer: Offer) -> Result:
        """The result of that session, when it comes."""

        def mine() -> Result | None:
            return next((each for each in self.results() if each.session == offer.session), None)

        found = until(mine, "the result")
        assert found is not None
        return found

    def settled(self) -> None:
        """Returns when the loop has dealt with everything that arrived before: an own frame comes out after it."""
        mark = secrets.token_bytes(8)
        self.kiosk.frame(mark)
        until(lambda: any(each["frames"] == mark for each in self.heard(Kind.LOCK_UP)), "the loop to go on")


def other_boot(boot: Boot) -> Boot:
    """The same kiosk after a restart."""
    return replace(boot, nonce=secrets.token_bytes(16))

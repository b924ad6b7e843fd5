"""The kiosk's main loop: one queue, one thread; sessions run beside it. Every doubt ends a session, never the loop."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sallyport_kiosk import parameters
from sallyport_kiosk.clock import Clock
from sallyport_kiosk.device_watch import DeviceWatch
from sallyport_kiosk.drivers.outbox import Outbox
from sallyport_kiosk.mouth import Mouth
from sallyport_kiosk.offers import Boot, refuse_offer
from sallyport_kiosk.ports import SerialLine
from sallyport_kiosk.session import Session, set_stage
from sallyport_kiosk.stage import Display, Stage, Step
from sallyport_link.mqtt import MqttLink
from sallyport_protocol import envelope, sealing
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.messages import Ack, AckVerdict, End, EndReason, LockFrames, Offer, Presence, Result
from sallyport_protocol.sealing import binding
from sallyport_protocol.subject import References
from sallyport_protocol.topics import TO_DEVICE, Kind

log = logging.getLogger(__name__)

_TICK_S: Final = 0.2
_REMEMBERED: Final = 8
"""Newest sessions that ended here: their end may be said again, or later than their time."""


@dataclass(frozen=True, slots=True)
class Arrival:
    topic: str
    payload: bytes
    retained: bool


@dataclass(slots=True)
class Running:
    """The session in progress."""

    offer: Offer
    stop: Event
    thread: Thread
    deadline: int
    """Monotonic ms: a session that the gateway does not end goes with its time."""


class Kiosk:
    """Joins the doors. `session` is made by the caller with this kiosk's `report` and `presence` as its way out."""

    def __init__(
        self,
        boot: Boot,
        mouth: Mouth,
        seal_key: X25519PrivateKey,
        outbox: Outbox,
        lock: SerialLine,
        display: Display,
        clock: Clock,
        tamper: Callable[[], bool],
    ) -> None:
        self._boot, self._mouth, self._seal_key = boot, mouth, seal_key
        self._outbox, self._lock, self._display, self._clock, self._tamper = outbox, lock, display, clock, tamper
        self._queue: SimpleQueue[Arrival | bytes | Result | Presence] = SimpleQueue()
        self._running: Running | None = None
        self._ended: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._offer_sequence = 0
        self._frame_sequence = 0
        self._ready_due = 0
        self._idle_due: int | None = 0
        self._trouble = ""
        self._devices: DeviceWatch | None = None
        self._looked: int | None = None
        self._status_due = 0
        self._told: tuple[str, ...] = ()
        self._stopping = Event()
        self._link: MqttLink | None = None
        self._session: Session | None = None

    def arrive(self, topic: str, payload: bytes, retained: bool) -> None:
        """A message from the broker; may be called from any thread."""
        self._queue.put(Arrival(topic, payload, retained))

    def frame(self, raw: bytes) -> None:
        """A frame from the interlock; may be called from any thread."""
        self._queue.put(raw)

    def report(self, message: Result | Presence) -> None:
        """A session's word to the gateway; may be called from any thread."""
        self._queue.put(message)

    def stop(self) -> None:
        """Ends `run` soon. Safe in a signal handler."""
        self._stopping.set()

    def run(self, link: MqttLink, session: Session, alive: Callable[[], None] = lambda: None) -> None:
        """Until `stop`: relay, answer offers, resend what is not acknowledged, say READY and what does not work.

        `alive` is called by every pass, until a session neither ends nor can be ended: then a new start is the remedy.
        """
        self._link, self._session = link, session
        self._devices = DeviceWatch(session.face.camera, session.finger.sensor, self._clock)
        link.subscribe(self._mouth.topic(kind) for kind in TO_DEVICE)
        link.start()
        self._lock.start(self.frame)
        try:
            while not self._stopping.is_set():
                self._take()
                self._tick(self._clock.monotonic_ms())
                if not self._hung(self._clock.monotonic_ms()):
                    alive()
        finally:
            self._end_session()
            self._publish(Kind.STATUS, self._mouth.say(Kind.STATUS, self._mouth.status(online=False)))
            link.stop()
            self._lock.stop()

    def _take(self) -> None:
        try:
            item = self._queue.get(timeout=_TICK_S)
        except Empty:
            return
        try:
            match item:
                case Arrival():
                    self._hear(item)
                case bytes():
                    self._relay_up(item)
                case Result():
                    self._send_result(item)
                case Presence():
                    self._publish(Kind.PRESENCE, self._mouth.say(Kind.PRESENCE, item))
        except MalformedError as error:
            log.warning("dropped: %s", error)
        except RoadError as error:
            log.error("%s", error)
        except Exception:
            log.exception("what arrived could not be dealt with; the door stays locked")

    def _hear(self, arrival: Arrival) -> None:
        """Only what a gateway signed for this kiosk's own topic is looked at, and nothing that was retained."""
        if arrival.retained:
            log.error("a retained message on %s was ignored: somebody replays it", arrival.topic)
            return
        kind, content = self._mouth.open(arrival.topic, arrival.payload)
        handlers: dict[Kind, Callable[[dict[str, Any]], None]] = {
            Kind.OFFER: self._on_offer,
            Kind.ACK: self._on_ack,
            Kind.LOCK_DOWN: self._on_lock_down,
            Kind.END: self._on_end,
        }
        handlers[kind](content)

    def _on_offer(self, content: dict[str, Any]) -> None:
        started = self._clock.monotonic_ms()
        offer = Offer.parse(content)
        refusal = refuse_offer(offer, self._boot, self._offer_sequence)
        if refusal is not None:
            log.warning("offer %d refused: %s", offer.sequence, refusal)
            return
        self._offer_sequence = offer.sequence
        if not self._end_session():
            log.error("offer %d refused: the session before it does not end", offer.sequence)
            return
        self._idle_due = started
        place = binding((offer.session, offer.challenge, offer.kiosk, offer.lane, offer.handle, offer.policy))
        references = sealing.unseal(offer.sealed, self._seal_key, place)
        self._begin(offer, references, started)

    def _begin(self, offer: Offer, references: References, started: int) -> None:
        assert self._session is not None
        stop = Event()
        stage = set_stage(offer, started, self._clock, self._display, stop)
        assert self._devices is not None
        arguments = (self._session, offer, references, stage, self._devices)
        thread = Thread(target=_run_session, args=arguments, name="session", daemon=True)
        self._running, self._idle_due = Running(offer, stop, thread, stage.deadline), None
        log.info("session %s begins", offer.session.hex()[:8])
        thread.start()

    def _on_ack(self, content: dict[str, Any]) -> None:
        ack = Ack.parse(content)
        if ack.verdict is not AckVerdict.RETRY:
            self._outbox.mark_settled(ack.session, ack.result, str(ack.verdict))

    def _on_lock_down(self, content: dict[str, Any]) -> None:
        down = LockFrames.parse(content)
        if down.interlock != self._boot.interlock:
            raise MalformedError(f"frames for {down.interlock}, which is not at this kiosk")
        self._lock.send(down.frames)

    def _on_end(self, content: dict[str, Any]) -> None:
        end = End.parse(content)
        running = self._running
        mine = end.boot_nonce == self._boot.nonce
        if mine and end.session in self._ended:
            log.debug("session %s has ended already", end.session.hex()[:8])
            return
        if running is None or not mine or end.session != running.offer.session:
            raise MalformedError("the end of a session that is not this one")
        self._end_session()
        if end.reason is EndReason.OPENED:
            self._display.show(Step.DONE, "DOOR_OPEN_GO", 1.0)
        else:
            self._display.show(Step.IDLE, "STAFF_WILL_HELP")  # no step is ticked off
        self._display.picture(None)
        self._idle_due = self._clock.monotonic_ms() + parameters.END_SHOWN_MS

    def _end_session(self) -> bool:
        """Ends what runs, and its references with it; a newer offer supersedes. Whether nothing runs any more."""
        if self._running is not None:
            self._running.stop.set()
            self._running.thread.join(timeout=parameters.END_WAIT_S)
            if self._running.thread.is_alive():
                return False
            self._ended.append(self._running.offer.session)
            self._running = None
        return True

    def _send_result(self, result: Result) -> None:
        """Durable before it is sent: it is resent until the gateway's signed word arrives or its time is over."""
        message = self._mouth.say(Kind.RESULT, result)
        expires = self._clock.wall_ms() + parameters.RESULT_EXPIRY_S * 1_000
        self._outbox.put(result.session, envelope.digest_of(message), self._mouth.topic(Kind.RESULT), message, expires)
        log.info("session %s: %s", result.session.hex()[:8], result.outcome)

    def _relay_up(self, raw: bytes) -> None:
        self._frame_sequence += 1
        up = LockFrames(interlock=self._boot.interlock, sequence=self._frame_sequence, frames=raw)
        self._publish(Kind.LOCK_UP, self._mouth.say(Kind.LOCK_UP, up))

    def _tick(self, now: int) -> None:
        assert self._link is not None
        self._resend()
        if now >= self._ready_due and self._link.connected:
            self._ready_due = now + parameters.READY_MS
            ready = self._mouth.ready(self._offer_sequence, self._tamper())
            self._publish(Kind.READY, self._mouth.say(Kind.READY, ready))
        self._watch_devices(now)
        if self._running is not None and now >= self._running.deadline:
            self._end_session()
            self._idle_due = now
        if self._idle_due is not None and now >= self._idle_due:
            self._idle_due = None
            self._display.picture(None)
            self._display.show(Step.IDLE, "WELCOME")

    def _watch_devices(self, now: int) -> None:
        """What does not work is said when it begins, when it ends, and again and again."""
        assert self._devices is not None and self._link is not None
        every = parameters.DEVICE_AGAIN_MS if self._devices.faults else parameters.DEVICE_LOOK_MS
        if self._running is None and (self._looked is None or now - self._looked >= every):
            self._looked = now
            self._devices.look()
        line = () if self._lock.connected else ("line to the interlock: down; check the cable to the lock box",)
        faults = (*self._devices.faults, *line, *((self._trouble,) if self._trouble else ()))
        if self._link.connected and (faults != self._told or now >= self._status_due):
            self._told, self._status_due = faults, now + parameters.STATUS_MS
            self._publish(Kind.STATUS, self._mouth.say(Kind.STATUS, self._mouth.status(online=True, faults=faults)))

    def _hung(self, now: int) -> bool:
        """Whether the session in progress has outlived its time by far."""
        return self._running is not None and now - self._running.deadline > parameters.HUNG_MS

    def _resend(self) -> None:
        """What waits in the outbox; one that fails (a full disk) is said when it begins to and when it is over."""
        assert self._link is not None
        trouble = ""
        try:
            for waiting in self._outbox.due(self._clock.wall_ms()):
                self._link.publish(waiting.topic, waiting.message, parameters.RESULT_EXPIRY_S)
        except RoadError as error:
            trouble = str(error)
        if trouble != self._trouble:
            log.error("%s", trouble or "the outbox works again")
            self._trouble = trouble

    def _publish(self, kind: Kind, message: bytes) -> None:
        assert self._link is not None
        self._link.publish(self._mouth.topic(kind), message, parameters.MESSAGE_EXPIRY_S)


def _run_session(session: Session, offer: Offer, references: References, stage: Stage, devices: DeviceWatch) -> None:
    try:
        with devices.using:
            session.run(offer, references, stage)
    except Exception:
        log.exception("the session failed; the door stays locked")
        session.display.show(Step.IDLE, "STAFF_WILL_HELP")

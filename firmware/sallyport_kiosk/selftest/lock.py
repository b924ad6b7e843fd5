"""The lock and its contacts, as far as a kiosk can see them: it relays between gateway and board, and reads along.

The gateway asks its board every few seconds how it is. The probe does what the kiosk does: it passes the signed
question down and the answer up. It has no key of the board, so what it reads in the answer is not proven to it; the
gateway, which has, judges the same bytes.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from sallyport_kiosk.assembly import device_signer, make_boot, trusted
from sallyport_kiosk.configuration import Configuration
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.mouth import Mouth
from sallyport_kiosk.ports import SerialLine
from sallyport_kiosk.selftest.roads import linked
from sallyport_link.mqtt import MqttLink
from sallyport_protocol.documents import signed_by
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import Role
from sallyport_protocol.messages import LockFrames
from sallyport_protocol.topics import Kind
from sallyport_wire import messages as wire
from sallyport_wire.frames import Decoder, Frame
from sallyport_wire.messages import FrameError, Message, unpack

ASKED_S: Final = 13.0
"""Twice the time between two questions of a gateway (5 s), and some."""
ANSWER_MS: Final = 500
"""Longest wait for the board's answer: it takes some tens of milliseconds."""
_EXPIRY_S: Final = 5.0
_NO_SEAL: Final = bytes(32)
"""No offer is taken up here, so no reference is ever sealed to this start."""

CONTACTS: Final = {
    "door": (wire.DOOR_IS_CLOSED, "closed", "open"),
    "bolt": (wire.BOLT_IS_LOCKED, "locked", "not locked"),
    "box": (wire.BOX_IS_CLOSED, "closed", "open"),
    "pair's other door": (wire.PEER_IS_FREE, "free", "claimed"),
}
STATES: Final = {wire.LOCKED: "locked", wire.WAITING: "waiting", wire.OPEN: "open", wire.LOCKED_OUT: "locked out"}


@dataclass
class Relay:
    """What passes between gateway and board: questions down, answers up, in the order of their coming."""

    mouth: Mouth
    interlock: str
    down: deque[tuple[str, bytes]] = field(default_factory=deque)
    up: deque[bytes] = field(default_factory=deque)
    report: Message | None = None
    took_ms: float = 0.0
    """From the last question to the report."""
    asked_s: float | None = None
    sequence: int = 0

    def pass_down(self, line: SerialLine) -> None:
        """What a gateway signed for this kiosk goes to the board as it is."""
        while self.down:
            try:
                kind, content = self.mouth.open(*self.down.popleft())
                frames = LockFrames.parse(content)
            except MalformedError:
                continue
            if kind is Kind.LOCK_DOWN and frames.interlock == self.interlock:
                self.asked_s = time.monotonic()
                line.send(frames.frames)

    def pass_up(self, link: MqttLink) -> None:
        """What the board says goes to the gateway as it is; a STATUS that answers a question is read on the way."""
        while self.up:
            raw, self.sequence = self.up.popleft(), self.sequence + 1
            frames = LockFrames(interlock=self.interlock, sequence=self.sequence, frames=raw)
            link.publish(self.mouth.topic(Kind.LOCK_UP), self.mouth.say(Kind.LOCK_UP, frames), _EXPIRY_S)
            for frame in Decoder().feed(raw):
                if frame.type == wire.STATUS and self.asked_s is not None:
                    self.took_ms = (time.monotonic() - self.asked_s) * 1_000
                    self.report = _read(frame)


def lock(configuration: Configuration) -> str:
    """The board's own report by way of a gateway's question: locked, and every contact as it should be."""
    boot = make_boot(configuration)
    gateways = signed_by(*trusted(configuration, configuration.file.trust.gateways, Role.GATEWAY))
    mouth = Mouth(boot, device_signer(configuration), gateways, _NO_SEAL)
    relay = Relay(mouth, configuration.file.interlock)
    line = make_lock_line(configuration.file.devices.lock, configuration.home)
    with linked(configuration, lambda topic, payload, _: relay.down.append((topic, payload))) as link:
        link.subscribe([mouth.topic(Kind.LOCK_DOWN)])
        line.start(relay.up.append)
        try:
            until = time.monotonic() + ASKED_S
            while relay.report is None and time.monotonic() < until:
                relay.pass_down(line)
                relay.pass_up(link)
                time.sleep(0.005)
            connected, why, noise = line.connected, line.last_error, line.noise
        finally:
            line.stop()
    if not connected:
        raise RoadError(why)
    if relay.report is None:
        raise RoadError(_silence(relay, noise))
    return _judge(relay.report, relay.took_ms)


def _read(frame: Frame) -> Message:
    try:
        return unpack(frame.type, frame.payload)
    except FrameError as error:
        raise MalformedError(f"the board's report cannot be read: {error}; update the older side") from None


def _silence(relay: Relay, noise: int) -> str:
    if noise:
        return f"{noise} runs of bytes that are no frame; check the baud rate and the earth of the line"
    if relay.asked_s is None:
        return "the line is open, but no gateway asked the board anything; start the gateway, and test again"
    return "the board does not answer; check its power, both wires of the line, and that it has the estate's keys"


def _judge(report: Message, took_ms: float) -> str:
    firmware = ".".join(str(part) for part in report.version)
    said = {name: words[1 if report.inputs & words[0] else 2] for name, words in CONTACTS.items()}
    words = ", ".join(f"{name} {state}" for name, state in said.items())
    words = f"{STATES.get(report.state, 'in an unknown state')}, {words}; answered in {took_ms:.0f} ms"
    words += f"; firmware {firmware}, digest {report.digest.hex()[:16]}"
    if report.state != wire.LOCKED:
        raise RoadError(f"the lock is {words}: close the door, clear what locked it out, and test again")
    wrong = [name for name, (bit, _, _) in CONTACTS.items() if not report.inputs & bit]
    if wrong:
        raise RoadError(f"{words}: put right {' and '.join(wrong)}, then test again")
    if took_ms > ANSWER_MS:
        raise RoadError(f"{words}: too slow, at most {ANSWER_MS} ms; check the line's baud rate and noise")
    return words

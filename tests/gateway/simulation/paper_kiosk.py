"""A kiosk without a camera at a real lane: the real broker on one side, a real board's serial line on the other.

It answers every offer with an honest result, says READY and presence, resends until it is acknowledged, and relays
frames. It also reads what the board says, which no kiosk can, to know which nonce opened the door.
"""

import secrets
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from lane_kiosk import honest_result

from sallyport_gateway.book import Book
from sallyport_gateway.release.mint import BoardEar, BoardKeys
from sallyport_kiosk.drivers.lock_line import UartLockLine
from sallyport_link.mqtt import MqttLink
from sallyport_protocol import envelope, sealing
from sallyport_protocol.errors import RoadError
from sallyport_protocol.messages import Ack, End, LockFrames, Offer, Presence, Ready
from sallyport_protocol.topics import TO_DEVICE, Kind, Topic
from sallyport_protocol.word import Message
from sallyport_provisioning.estate import Estate
from sallyport_wire import messages as wire

RESEND_S = 1.0
SEE_S = 0.5


class PaperKiosk:
    """One lane's kiosk, in a thread of its own from `start` to `stop`."""

    def __init__(self, estate: Estate, book: Book, name: str, keys: BoardKeys, line: Path, ready_s: float) -> None:
        described = next(each for each in estate.description.kiosk if each.name == name)
        self.name, self.lane, self._book, self._keys = name, described.lane, book, keys
        self._prison = estate.description.lane_named(described.lane).prison
        self._signer, self._ear, self._ready_s = estate.signer(name), BoardEar(keys), ready_s
        self._boot, self._key = secrets.token_bytes(16), X25519PrivateKey.generate()
        self._counter = self._frames = self._sequence = 0
        self._offer: tuple[Offer, float] | None = None
        self._unsettled: tuple[bytes, bytes] | None = None
        self._queue: SimpleQueue[tuple[str, bytes] | bytes] = SimpleQueue()
        self._due = {"ready": 0.0, "see": 0.0, "resend": 0.0}
        self._stopping = threading.Event()
        self.opened: list[bytes] = []
        """Nonces for which the board said OPENED, each once, in order."""
        folder, broker = estate.folder(name), estate.description.broker
        files = (folder / "authorities.pem", folder / "certificate.pem", folder / "key.pem")
        self._link = MqttLink(
            broker.host,
            broker.port,
            *files,
            name,
            None,
            lambda topic, message, _: self._queue.put((topic, message)),
            key_password=(folder / "key-password").read_bytes().strip(),
        )
        self._line = UartLockLine(str(line))
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._link.subscribe(str(Topic(self._prison, self.name, kind)) for kind in TO_DEVICE)
        self._link.start()
        self._line.start(self._queue.put)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._line.stop()
        self._link.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                item = self._queue.get(timeout=0.05)
            except Empty:
                pass
            else:
                self._relay_up(item) if isinstance(item, bytes) else self._hear(*item)
            self._speak(time.monotonic())

    def _relay_up(self, frame: bytes) -> None:
        self._frames += 1
        self._say(Kind.LOCK_UP, LockFrames(interlock=self._keys.board, sequence=self._frames, frames=frame))
        for heard in self._ear.hear(frame):
            m = heard.message
            if m.type == wire.EVENT and m.kind == wire.OPENED and m.nonce not in self.opened:
                self.opened.append(m.nonce)

    def _hear(self, topic: str, message: bytes) -> None:
        kind = Topic.parse(topic).kind
        content = envelope.verify(message, topic, self._book.registry.resolve).content
        if kind is Kind.LOCK_DOWN:
            try:
                self._line.send(LockFrames.parse(content).frames)
            except RoadError:
                return
        elif kind is Kind.OFFER:
            offer = Offer.parse(content)
            if offer.boot_nonce == self._boot and offer.sequence > self._sequence:
                self._sequence, self._offer = offer.sequence, (offer, time.monotonic())
                self._answer(offer)
        elif kind is Kind.ACK:
            ack = Ack.parse(content)
            if self._unsettled is not None and envelope.digest_of(self._unsettled[1]) == ack.result:
                self._unsettled = None
        elif kind is Kind.END and self._offer is not None and End.parse(content).session == self._offer[0].session:
            self._offer = None

    def _answer(self, offer: Offer) -> None:
        self._counter += 1
        result = honest_result(
            offer, self._book, self._boot, self._counter, 50, kiosk=self.name, lane=self.lane, oldest_capture=0
        )
        topic = str(Topic(self._prison, self.name, Kind.RESULT))
        self._unsettled = (offer.session, envelope.sign(result.to_map(), self._signer, topic))
        self._due["resend"] = time.monotonic() + 0.06  # when the person has been looked at

    def _speak(self, now: float) -> None:
        if self._is_due("ready", now, self._ready_s):
            self._say(Kind.READY, self._ready())
        if self._unsettled is not None and self._is_due("resend", now, RESEND_S):
            self._link.publish(str(Topic(self._prison, self.name, Kind.RESULT)), self._unsettled[1], 30.0)
        if self._offer is not None and self._is_due("see", now, SEE_S):
            offer, began = self._offer
            self._counter += 1
            at = int((now - began) * 1_000)
            self._say(
                Kind.PRESENCE,
                Presence(session=offer.session, counter=self._counter, at=at, same_track=True, faces=1),
            )

    def _is_due(self, what: str, now: float, every: float) -> bool:
        if now < self._due[what]:
            return False
        self._due[what] = now + every
        return True

    def _ready(self) -> Ready:
        models, policy = self._book.model_set, self._book.policy
        return Ready(
            prison=self._prison,
            kiosk=self.name,
            boot_nonce=self._boot,
            seal_key=sealing.public_bytes(self._key),
            offer_sequence=self._sequence,
            model_set=models.digest,
            policy=policy.digest,
            software=models.software[0],
            tamper=False,
            lane=self.lane,
            interlock=self._keys.board,
        )

    def _say(self, kind: Kind, message: Message) -> None:
        topic = str(Topic(self._prison, self.name, kind))
        self._link.publish(topic, envelope.sign(message.to_map(), self._signer, topic), 10.0)

"""What the kiosk says and believes: signs every message for its topic, opens only what a gateway of ours signed."""

from itertools import count
from typing import Any

from sallyport_kiosk.offers import Boot
from sallyport_protocol import envelope
from sallyport_protocol.envelope import KeyResolver, Signer
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.messages import Ready, Status
from sallyport_protocol.topics import TO_DEVICE, Kind, Topic
from sallyport_protocol.word import Message


class Mouth:
    """Signs and verifies for one boot of one kiosk."""

    def __init__(self, boot: Boot, signer: Signer, gateways: KeyResolver, seal_key: bytes) -> None:
        self._boot, self._signer, self._gateways, self._seal_key = boot, signer, gateways, seal_key
        self._counter = count(1)

    def topic(self, kind: Kind) -> str:
        """This kiosk's own topic of that kind."""
        return str(Topic(self._boot.prison, self._boot.kiosk, kind))

    def next_counter(self) -> int:
        """Rises with every message of this boot that carries a counter."""
        return next(self._counter)

    def say(self, kind: Kind, message: Message) -> bytes:
        """The signed bytes of a message for this kiosk's topic of that kind."""
        return envelope.sign(message.to_map(), self._signer, self.topic(kind))

    def open(self, topic: str, payload: bytes) -> tuple[Kind, dict[str, Any]]:
        """Kind and content of a message that a gateway signed for this kiosk's topic. Raises MalformedError."""
        kind = Topic.parse(topic).kind
        if kind not in TO_DEVICE or topic != self.topic(kind):
            raise MalformedError(f"a message on {topic}, which is not to {self._boot.kiosk}")
        return kind, envelope.verify(payload, topic, self._gateways).content

    def ready(self, offer_sequence: int, tamper: bool) -> Ready:
        """READY as it stands now."""
        boot = self._boot
        return Ready(
            prison=boot.prison,
            kiosk=boot.kiosk,
            boot_nonce=boot.nonce,
            seal_key=self._seal_key,
            offer_sequence=offer_sequence,
            model_set=boot.model_set.digest,
            policy=boot.policy.digest,
            software=boot.software,
            tamper=tamper,
            lane=boot.lane,
            interlock=boot.interlock,
        )

    def status(self, online: bool, faults: tuple[str, ...] = ()) -> Status:
        """Status; with `online` false it is the last will."""
        name, nonce = self._boot.kiosk, self._boot.nonce
        return Status(kiosk=name, boot_nonce=nonce, online=online, faults=tuple(fault[:200] for fault in faults))

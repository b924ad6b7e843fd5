"""How a lane speaks: signed messages to its kiosk, frames through it, and lines for the officer's page."""

import logging
from collections.abc import Iterable
from datetime import datetime

from sallyport_gateway.ports import Office
from sallyport_protocol import envelope
from sallyport_protocol.messages import Ack, AckVerdict, End, EndReason, LockFrames, Offer
from sallyport_protocol.topics import Kind, Topic
from sallyport_protocol.word import Message

log = logging.getLogger(__name__)

_ACK_EXPIRY_S = 60.0
_FRAMES_EXPIRY_S = 5.0
_END_EXPIRY_S = 30.0
_EVENTS, _ALARMS = 50, 20
"""How many of each a lane's page has."""


Alarm = tuple[datetime, str, str]
"""When, its code, a sentence."""

Event = tuple[datetime, str, str, int | None]
"""When, a title, a detail, the audit entry."""


class Voice:
    """One lane's way out. Keeps the last alarms and events in memory; the audit log has them for good."""

    def __init__(self, office: Office, prison: str, lane: str, kiosk: str, board: str) -> None:
        self._office, self._prison, self._lane, self._kiosk, self._board = office, prison, lane, kiosk, board
        self._frame = 0
        self.alarms: list[Alarm] = []
        self.events: list[Event] = []

    def offer(self, offer: Offer) -> None:
        """Sends an offer; worthless after its time."""
        self._say(Kind.OFFER, offer, offer.expires_in / 1_000)

    def ack(self, session: bytes, result: bytes, verdict: AckVerdict) -> None:
        """Ends (or not) the resending of one result."""
        self._say(Kind.ACK, Ack(session=session, result=result, verdict=verdict), _ACK_EXPIRY_S)

    def end(self, session: bytes, boot_nonce: bytes, reason: EndReason) -> None:
        """Ends a session at the kiosk."""
        self._say(Kind.END, End(session=session, boot_nonce=boot_nonce, reason=reason), _END_EXPIRY_S)

    def frames(self, frames: bytes) -> None:
        """Sends interlock frames by way of the kiosk, which cannot read them."""
        self._frame += 1
        self._say(
            Kind.LOCK_DOWN, LockFrames(interlock=self._board, sequence=self._frame, frames=frames), _FRAMES_EXPIRY_S
        )

    def alarm(self, code: str, sentence: str) -> None:
        """Something that wants a person now."""
        log.warning("%s: %s: %s", self._lane, code, sentence)
        others = (each for each in self.alarms if each[1:] != (code, sentence))  # one that repeats hides no other
        self.alarms = [(self._office.clock.now(), code, sentence), *others][:_ALARMS]
        self.note(f"Alarm: {code.replace('_', ' ').lower()}", sentence)

    def settle(self, *codes: str) -> None:
        """These alarms want nobody any more."""
        self.alarms = [each for each in self.alarms if each[1] not in codes]
        self._office.changed(self._lane)

    def remember(self, events: Iterable[Event], alarms: Iterable[Alarm]) -> None:
        """What was before this process kept the lane."""
        self.events, self.alarms = [*self.events, *events][:_EVENTS], [*self.alarms, *alarms][:_ALARMS]

    def note(self, title: str, detail: str = "", index: int | None = None) -> None:
        """One line of the lane's recent past; `index` names the audit entry."""
        log.info("%s: %s %s", self._lane, title, detail)
        self.events = [(self._office.clock.now(), title, detail, index), *self.events][:_EVENTS]
        self._office.changed(self._lane)

    def _say(self, kind: Kind, message: Message, expiry: float) -> None:
        topic = Topic(self._prison, self._kiosk, kind)
        self._office.send(topic, envelope.sign(message.to_map(), self._office.signer, str(topic)), expiry)

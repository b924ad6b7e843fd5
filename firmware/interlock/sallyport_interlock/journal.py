"""The last events, in flash: an opening is here before the strike moves. the last 77 to 154 are kept."""

import struct

from sallyport_wire.messages import DOOR_CLOSED, DOOR_HELD, DOOR_OPEN, EVENT, OPENED, RELOCKED, Message

RECORD = ">IBI16s16s"  # boots, kind, t_ms, session, nonce
RECORD_BYTES = 41
FLAPPING = (DOOR_OPEN, DOOR_CLOSED, DOOR_HELD)
KEPT_FREE = 16  # the last records of room are for what matters more than a door that flaps


class Journal:
    """Numbers, keeps and finds events."""

    def __init__(self, log) -> None:
        self._log = log
        self.passage = None  # (session, nonce) of an opening that was not seen relocked before the restart
        for _, record in log.records():
            _, kind, _, session, nonce = struct.unpack(RECORD, record)
            if kind == OPENED:
                self.passage = session, nonce
            elif kind == RELOCKED:
                self.passage = None
        if log.room() < KEPT_FREE:
            log.tidy()

    @property
    def sequence(self) -> int:
        return self._log.sequence

    def room(self) -> bool:
        """Whether a passage and what may go wrong in it can be written."""
        return self._log.room() > KEPT_FREE + 4

    def note(self, boots: int, kind: int, session: bytes, nonce: bytes, t_ms: int) -> list[Message]:
        """Write the event; the message to send once it is in flash. None for a flapping door when space is short."""
        if kind in FLAPPING and self._log.room() <= KEPT_FREE:
            return []
        t_ms = min(t_ms, 0xFFFFFFFF)
        self._log.append(struct.pack(RECORD, boots, kind, t_ms, session, nonce))
        return [Message(EVENT, boots=boots, seq=self._log.sequence, kind=kind, session=session, nonce=nonce, t_ms=t_ms)]

    def after(self, sequence: int, most: int) -> list[Message]:
        """The first `most` kept events with a higher sequence number."""
        found = []
        for seq, record in self._log.records():
            if seq > sequence and len(found) < most:
                boots, kind, t_ms, session, nonce = struct.unpack(RECORD, record)
                event = Message(EVENT, boots=boots, seq=seq, kind=kind, session=session, nonce=nonce, t_ms=t_ms)
                found.append(event)
        return found

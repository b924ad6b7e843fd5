"""Single use across power loss: no nonce is shown before a higher counter is in flash, none opens before it is
spent there."""

import struct

from sallyport_interlock.settings import RESERVE
from sallyport_wire.mac import hmac_sha256
from sallyport_wire.messages import NO_NONCE, VOID_NOT_OPENED, VOID_OPENED, VOID_UNKNOWN

RECORD = ">IIIQI16sB11x"  # boots, floor, next, request, spent counter, spent nonce, lock-out
RECORD_BYTES = 52
LAST = 0xFFFF0000  # counters end here; at one a second that is 136 years


class Once:
    """Every nonce ever shown has a counter below `next`, which is at most `floor`, which is in flash."""

    def __init__(self, log) -> None:
        """Begins one start of the board; ValueError if the log is blank (commissioning writes its first record)."""
        self._log = log
        newest = None
        for _, newest in log.records():
            pass
        if newest is None:
            raise ValueError("not commissioned: load the keys by cable")
        boots, self.floor, _, self.request, self.counter, self.spent, self.lock_out = struct.unpack(RECORD, newest)
        self.boots = boots + 1
        self.next = self.floor
        if not log.room():
            log.tidy()
        self._write()

    def _write(self) -> None:
        fields = (self.boots, self.floor, self.next, self.request, self.counter, self.spent, self.lock_out)
        self._log.append(struct.pack(RECORD, *fields))

    def room(self) -> bool:
        """Whether a reserve, a spend and a lock-out can all be written."""
        return self._log.room() > 3 and self.next < LAST

    def fresh(self, key: bytes, random: bytes) -> tuple[bytes, int]:
        """A nonce never shown before, and its counter: unique by the counter, unforeseeable by the key and `random`."""
        if self.next >= self.floor:
            self._reserve(self.next)
        counter, self.next = self.next, self.next + 1
        return hmac_sha256(key, b"nonce" + struct.pack(">I", counter) + random)[:16], counter

    def _reserve(self, start: int) -> None:
        self.next, self.floor = start, start + RESERVE
        self._write()

    def spend(self, nonce: bytes, counter: int) -> None:
        """After this, the nonce has opened, whatever happens."""
        self.spent, self.counter = nonce, counter
        self._write()

    def void(self, nonce: bytes, counter: int) -> int:
        """What is known of a nonce that is not outstanding. NOT_OPENED holds for ever: its counter is below `next`."""
        if self.next <= counter:  # this board never showed it, or has lost its memory
            if self.floor <= counter < LAST:
                self._reserve(counter + 1)
            return VOID_UNKNOWN
        oldest = last = 0  # spends below `oldest` may have been forgotten with an erased page
        for sequence, record in self._log.records():
            _, _, next, _, spent_counter, spent, _ = struct.unpack(RECORD, record)
            if spent == nonce or (spent_counter == counter and spent != NO_NONCE):
                return VOID_OPENED
            if sequence != last + 1:
                oldest = next
            last = sequence
        return VOID_NOT_OPENED if counter >= oldest else VOID_UNKNOWN

    def remember_lock_out(self, kind: int) -> None:
        """Keep a lock-out (an EVENT kind), or with 0 its end, over every restart."""
        self.lock_out = kind
        self._write()

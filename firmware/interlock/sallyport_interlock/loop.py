"""The loop: one pass hears, looks, decides, drives. Nothing in it waits; if it stops, the strike falls within 400 ms.

The board door: `ticks()`, `contacts()`, `drive(opens, claims)`, `flash`, `uart`, `random(n)`, `free()`, `feed()`.
"""

from sallyport_interlock import identity, keys
from sallyport_interlock.contacts import Contacts
from sallyport_interlock.gate import Gate
from sallyport_interlock.journal import Journal
from sallyport_interlock.link import Link
from sallyport_interlock.once import Once
from sallyport_interlock.settings import CLOCK_MASK, EVENTS_PER_REQUEST
from sallyport_wire.messages import BOOT, EVENTS_REQUEST, FAULT, NO_NONCE, NO_SESSION, STATUS, STATUS_REQUEST, Message


class Loop:
    """One start of the board: from locked, and back to locked by any exception (see main.py)."""

    def __init__(self, board, digest: bytes) -> None:
        self._board = board
        self._digest = digest
        board.drive(False, True)
        once_log, journal_log, key_log = keys.logs(board.flash)
        epoch, self._lane, down_key, up_key = keys.load(key_log)
        self._logs = (once_log, journal_log, key_log)
        self._once, self._journal = Once(once_log), Journal(journal_log)
        self._link = Link(board.uart, epoch, down_key, up_key)
        self._contacts = Contacts()
        self.gate = Gate(self._lane, up_key, self._once, self._journal, board.random, self._ticks())
        self._booted = False

    def _ticks(self) -> int:
        return self._board.ticks() & CLOCK_MASK

    def step(self) -> None:
        """One pass. The claim is on its wire before a nonce is, and the strike is driven by every pass anew."""
        inputs = self._contacts.sample(self._board.contacts(), self._ticks())
        if self._contacts.settled:
            if not self._booted:
                self._begin(inputs)
            for message in self._link.hear():
                self._link.say(self._answer(message))
            self._link.say(self.gate.tick(inputs, self._ticks()))
        self._board.drive(self.gate.opens, self.gate.claims)
        self._link.flush()
        if self.gate.idle:
            self._tidy()
        self._board.feed()

    def fail(self) -> None:
        """Note that an exception ended this start."""
        self._journal.note(self._once.boots, FAULT, NO_SESSION, NO_NONCE, self.gate.ms)

    def _begin(self, inputs: int) -> None:
        self._booted = True
        said = self.gate.tick(inputs, self._ticks())
        self._link.say([self._report(BOOT, NO_SESSION)] + said)

    def _answer(self, message: Message) -> list[Message]:
        if message.type == STATUS_REQUEST:
            return [self._report(STATUS, message.challenge)]
        if message.type == EVENTS_REQUEST and self.gate.idle:  # a scan of flash would starve the strike: ask again
            return self._journal.after(message.after, EVENTS_PER_REQUEST)
        return self.gate.hear(message, self._ticks())

    def _tidy(self) -> None:
        """Erase at most one page in a pass."""
        for log in self._logs:
            if log.untidy():
                log.tidy()
                return

    def _report(self, type: int, challenge: bytes) -> Message:
        return Message(
            type,
            challenge=challenge,
            lane=self._lane,
            version=identity.VERSION,
            digest=self._digest,
            boots=self._once.boots,
            counter=self._once.floor,
            request=self._once.request,
            seq=self._journal.sequence,
            state=self.gate.state,
            inputs=self.gate.inputs,
            uptime_s=self.gate.ms // 1000 & 0xFFFFFFFF,
            free=self._board.free(),
            dropped=self._link.dropped,
            spent=self._once.spent,
        )

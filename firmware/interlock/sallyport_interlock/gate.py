"""Whether the strike may be energised. Knows no pins; flash is for Once and Journal, the door's state for Watch."""

from sallyport_interlock import settings
from sallyport_interlock.watch import LOCKING, Watch
from sallyport_wire import messages as wire
from sallyport_wire.mac import same
from sallyport_wire.messages import NO_NONCE, NO_SESSION, Message

SECURE = wire.DOOR_IS_CLOSED | wire.BOLT_IS_LOCKED
GOOD = SECURE | wire.BOX_IS_CLOSED


class Gate:
    """`hear` messages and `tick` with the contacts; then `opens` and `claims` are what the outputs must show."""

    def __init__(self, lane: bytes, key: bytes, once, journal, random, now: int) -> None:
        self._lane, self._key, self._once, self._journal, self._random = lane, key, once, journal, random
        self._session, self._nonce = journal.passage or (NO_SESSION, NO_NONCE)
        self._watch = Watch(journal.passage is not None)
        self._clock, self.ms = now, 0  # the 30-bit clock as last seen; ms since start, which never wraps
        self._since = self._shown = 0  # ms at which the state was entered, and at which the nonce was shown
        self._next_request = 0  # ms before which another request comes too soon
        self._counter = self.inputs = 0
        self.state = wire.LOCKED_OUT if once.lock_out else wire.LOCKED
        self._acts = {
            wire.OPEN_REQUEST: (self.may_show, self._claim),
            wire.GRANT: (self.may_open, self._open),
            wire.CLEAR: (self.may_clear, self._clear),
        }

    @property
    def opens(self) -> bool:
        return self.state == wire.OPEN

    @property
    def claims(self) -> bool:
        """Whether the pair's other door must stay locked: unless this one is seen secure and nothing is asked of it."""
        return self.state in (wire.WAITING, wire.OPEN) or self._watch.passage or self.inputs & SECURE != SECURE

    @property
    def idle(self) -> bool:
        """Whether the loop may stall for an erase: locked, and nobody in the door."""
        return self.state in (wire.LOCKED, wire.LOCKED_OUT) and not self._watch.passage

    def hear(self, m: Message, now: int) -> list[Message]:
        """The answers to an authentic message. A refused grant retires the nonce it named."""
        self._advance(now)
        if m.type in self._acts:
            may, act = self._acts[m.type]
            reason = wire.WRONG_LANE if m.lane != self._lane else may(m)
            if m.type != wire.GRANT and reason != wire.WRONG_LANE:
                self._once.request = max(self._once.request, m.request)
            return self._refuse(m, reason) if reason else act(m)
        if self.opens:  # what remains scans the flash, which would starve the strike: ask again
            return []
        if m.type == wire.VOID:
            retired = self._retire(m.nonce, wire.NOT_OPENED)
            answer = self._once.void(m.nonce, m.counter)
            return retired + [Message(wire.VOID_ANSWER, nonce=m.nonce, answer=answer, counter=self._once.floor)]
        return self._journal.after(m.after, settings.EVENTS_PER_REQUEST) if m.type == wire.EVENTS_REQUEST else []

    def may_show(self, m: Message) -> int:
        """0 if a nonce may be shown for this request, else the reason why not."""
        if m.request <= self._once.request:
            return wire.STALE_REQUEST
        if self.state in (wire.WAITING, wire.OPEN) or self._watch.passage:
            return wire.BUSY
        return wire.TOO_SOON if self.ms < self._next_request else self._hindrance()

    def may_open(self, m: Message) -> int:
        """0 if this grant may energise the strike now, else the reason why not."""
        if self.state != wire.WAITING or self._nonce == NO_NONCE or not same(m.nonce, self._nonce):
            return wire.WRONG_NONCE
        if m.session != self._session:
            return wire.WRONG_SESSION
        if not 0 < m.lifetime_ms <= settings.LIFE_MS:
            return wire.BAD_LIFETIME
        late = self.ms - self._shown + settings.WRITE_MARGIN_MS > m.lifetime_ms
        return wire.TOO_LATE if late else self._hindrance()

    def may_clear(self, m: Message) -> int:
        """0 if the lock-out may end, else the reason why not."""
        if m.request <= self._once.request:
            return wire.STALE_REQUEST
        return 0 if self.inputs & GOOD == GOOD else wire.NOT_CLOSED

    def _hindrance(self) -> int:
        if self.state == wire.LOCKED_OUT:
            return wire.IS_LOCKED_OUT
        if self.inputs & GOOD != GOOD:
            return wire.NOT_CLOSED
        if not self.inputs & wire.PEER_IS_FREE:
            return wire.PEER_CLAIMS
        return 0 if self._once.room() and self._journal.room() else wire.NO_ROOM

    def tick(self, inputs: int, now: int) -> list[Message]:
        """What the contacts and the clock bring; every pass of the loop calls it, and it alone withdraws."""
        self._advance(now)
        self.inputs = inputs
        said = []
        for kind in self._watch.see(inputs, self.opens, self.ms):
            if kind in LOCKING:
                said += self._lock_out(kind)
            elif self._journal.spacious() or kind == wire.RELOCKED:
                said += self._note(kind)
            if kind == wire.DOOR_CLOSED and self.opens:
                self._enter(wire.LOCKED)
        if self.opens and self.ms - self._since >= settings.STRIKE_MS:
            self._enter(wire.LOCKED)
        if self.state == wire.WAITING and self._nonce == NO_NONCE and self.ms - self._since >= settings.CLAIM_MS:
            said += self._show()
        if self.state == wire.WAITING and self.ms - self._since >= settings.LIFE_MS:
            said += self._retire(self._nonce, wire.EXPIRED)
        return said

    def _advance(self, now: int) -> None:
        passed = (now - self._clock) & settings.CLOCK_MASK
        if passed > settings.CLOCK_MASK // 2:
            raise RuntimeError("the clock went backwards")
        self._clock, self.ms = now, self.ms + passed

    def _enter(self, state: int) -> None:
        self.state, self._since = state, self.ms

    def _refuse(self, m: Message, reason: int) -> list[Message]:
        session, nonce = getattr(m, "session", NO_SESSION), getattr(m, "nonce", NO_NONCE)
        said = [Message(wire.REFUSED, type_heard=m.type, session=session, nonce=nonce, reason=reason)]
        return said + (self._retire(nonce, wire.NOT_OPENED) if nonce != NO_NONCE else [])

    def _claim(self, m: Message) -> list[Message]:
        self._session, self._nonce, self._asked = m.session, NO_NONCE, m
        self._next_request = self.ms + settings.REQUEST_GAP_MS
        self._enter(wire.WAITING)
        return []

    def _show(self) -> list[Message]:
        m, reason = self._asked, self._hindrance()
        if reason:
            self._enter(wire.LOCKED)
            return self._refuse(m, reason)
        self._nonce, self._counter = self._once.fresh(self._key, self._random(16))
        self._shown = self._since = self.ms
        fields = {"lane": m.lane, "session": m.session, "request": m.request}
        return [Message(wire.NONCE, nonce=self._nonce, counter=self._counter, **fields)]

    def _open(self, m: Message) -> list[Message]:
        self._once.spend(self._nonce, self._counter)
        said = self._note(wire.OPENED)
        self._enter(wire.OPEN)
        return said

    def _retire(self, nonce: bytes, kind: int) -> list[Message]:
        """Forget the nonce if it is the outstanding one; it can never open after this."""
        if self.state != wire.WAITING or nonce != self._nonce:
            return []
        self._enter(wire.LOCKED)
        said = self._note(kind) if nonce != NO_NONCE else []
        self._session = self._nonce = NO_NONCE
        return said

    def _lock_out(self, kind: int) -> list[Message]:
        bit = 1 << kind - LOCKING[0]
        if self._once.lock_out & bit:
            return []
        said = self._retire(self._nonce, wire.NOT_OPENED)
        self._enter(wire.LOCKED_OUT)
        self._once.remember_lock_out(self._once.lock_out | bit)
        return said + self._note(kind)

    def _clear(self, m: Message) -> list[Message]:
        if self.state == wire.LOCKED_OUT:
            self._enter(wire.LOCKED)
        self._once.remember_lock_out(0)
        return self._note(wire.CLEARED)

    def _note(self, kind: int) -> list[Message]:
        t_ms = self.ms - self._shown if self._nonce != NO_NONCE else self.ms
        event = self._journal.note(self._once.boots, kind, self._session, self._nonce, t_ms)
        if kind == wire.RELOCKED:
            self._session = self._nonce = NO_NONCE
        return [event]

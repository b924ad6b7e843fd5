"""Whether the strike may be energised. Knows no pins; flash is for Once and Journal, the door's state for Watch."""

from sallyport_interlock import settings
from sallyport_interlock.watch import GOOD, LOCKING, SECURE, Watch
from sallyport_wire import messages as wire
from sallyport_wire.mac import same
from sallyport_wire.messages import NO_NONCE, NO_SESSION, Message


class Gate:
    """`hear` messages and `tick` with the contacts; then `opens` and `claims` are what the outputs must show."""

    def __init__(self, lane: bytes, key: bytes, once, journal, random, now: int) -> None:
        self._lane, self._key, self._once, self._journal, self._random = lane, key, once, journal, random
        self._session, self._nonce = journal.passage or (NO_SESSION, NO_NONCE)
        self._watch = Watch(journal.passage is not None)
        self._clock, self.ms = now, 0  # the 30-bit clock as last seen; ms since start, which never wraps
        self._since = self._shown = 0  # ms at which the state was entered, and at which the nonce was shown
        self._rest_until = 0  # ms before which another request comes too soon
        self.inputs = 0
        self._state = wire.LOCKED
        self._acts = {
            wire.OPEN_REQUEST: (self.may_show, self._claim),
            wire.GRANT: (self.may_open, self._open),
            wire.CLEAR: (self.may_clear, self._clear),
        }

    @property
    def state(self) -> int:
        return wire.LOCKED_OUT if self._once.lock_out else self._state

    @property
    def opens(self) -> bool:
        return self.state == wire.OPEN

    @property
    def idle(self) -> bool:
        """Whether the loop may stall for an erase: locked, nothing asked, nobody in the door."""
        return self._state == wire.LOCKED and not self._watch.passage

    @property
    def claims(self) -> bool:
        """Whether the pair's other door must stay locked: unless this one is idle and seen secure."""
        return not self.idle or self.inputs & SECURE != SECURE

    def hear(self, m: Message, now: int) -> list[Message]:
        """The answers to an authentic message. A refused grant retires the nonce it named."""
        self._advance(now)
        if m.type == wire.VOID and not self.opens:  # the flash is scanned, which would starve the strike: ask again
            said = self.retire(m.nonce, wire.NOT_OPENED)
            answer = self._once.void(m.nonce, m.counter)
            return said + [Message(wire.VOID_ANSWER, nonce=m.nonce, answer=answer, counter=self._once.floor)]
        if m.type not in self._acts:
            return []
        may, act = self._acts[m.type]
        reason = wire.WRONG_LANE if m.lane != self._lane else may(m)
        if m.type != wire.GRANT and reason != wire.WRONG_LANE:
            self._once.request = max(self._once.request, m.request)
        return self._refuse(m, reason) if reason else act(m)

    def may_show(self, m: Message) -> int:
        """0 if a nonce may be shown for this request, else the reason why not."""
        if m.request <= self._once.request:
            return wire.STALE_REQUEST
        if not self.idle:
            return wire.BUSY
        return wire.TOO_SOON if self.ms < self._rest_until else self._hindrance()

    def may_open(self, m: Message) -> int:
        """0 if this grant may energise the strike now, else the reason why not."""
        if self._state != wire.WAITING or self._nonce == NO_NONCE or not same(m.nonce, self._nonce):
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
        if self._once.lock_out:
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
            said += self._lock_out(kind) if kind in LOCKING else self._note(kind)
            if kind == wire.DOOR_CLOSED and self._state == wire.OPEN:
                self._enter(wire.LOCKED)
        held = self.ms - self._since
        if self._state == wire.OPEN and (held >= settings.STRIKE_MS or not inputs & wire.PEER_IS_FREE):
            self._enter(wire.LOCKED)
        if self._state == wire.WAITING and self._nonce == NO_NONCE and held >= settings.CLAIM_MS:
            said += self._show(self._asked)
        elif self._state == wire.WAITING and held >= settings.LIFE_MS:
            said += self.retire(self._nonce, wire.EXPIRED)
        return said

    def retire(self, nonce: bytes, kind: int) -> list[Message]:
        """Forget the nonce if it is the outstanding one, for ever; event `kind` says so."""
        if self._state != wire.WAITING or nonce != self._nonce:
            return []
        self._enter(wire.LOCKED)
        said = self._note(kind) if nonce != NO_NONCE else []
        self._session, self._nonce = NO_SESSION, NO_NONCE
        return said

    def _advance(self, now: int) -> None:
        passed = (now - self._clock) & settings.CLOCK_MASK
        if passed > settings.CLOCK_MASK // 2:
            raise RuntimeError("the clock went backwards")
        self._clock, self.ms = now, self.ms + passed
        if self._state == wire.OPEN and passed > settings.STALL_MS:
            self._enter(wire.LOCKED)  # the strike may have fallen meanwhile: it must not rise again

    def _enter(self, state: int) -> None:
        self._state, self._since = state, self.ms

    def _refuse(self, m: Message, reason: int) -> list[Message]:
        session, nonce = getattr(m, "session", NO_SESSION), getattr(m, "nonce", NO_NONCE)
        said = [Message(wire.REFUSED, type_heard=m.type, session=session, nonce=nonce, reason=reason)]
        return said + (self.retire(nonce, wire.NOT_OPENED) if m.type == wire.GRANT else [])

    def _claim(self, m: Message) -> list[Message]:
        self._session, self._nonce, self._asked = m.session, NO_NONCE, m
        self._rest_until = self.ms + settings.REQUEST_GAP_MS
        self._enter(wire.WAITING)
        return []

    def _show(self, m: Message) -> list[Message]:
        reason = self._hindrance()
        if reason:
            return self.retire(NO_NONCE, 0) + self._refuse(m, reason)
        self._shown = self.ms
        self._enter(wire.WAITING)
        self._nonce, self._counter = self._once.fresh(self._key, self._random(16))
        fields = {"lane": m.lane, "session": m.session, "request": m.request}
        return [Message(wire.NONCE, nonce=self._nonce, counter=self._counter, **fields)]

    def _open(self, m: Message) -> list[Message]:
        self._once.spend(self._nonce, self._counter)
        said = self._note(wire.OPENED)
        self._enter(wire.OPEN)
        return said

    def _lock_out(self, kind: int) -> list[Message]:
        bit = 1 << LOCKING.index(kind)
        if self._once.lock_out & bit:
            return []
        said = self.retire(self._nonce, wire.NOT_OPENED)
        self._enter(wire.LOCKED)
        self._once.remember_lock_out(self._once.lock_out | bit)
        return said + self._note(kind)

    def _clear(self, m: Message) -> list[Message]:
        self._once.remember_lock_out(0)
        return self._note(wire.CLEARED)

    def _note(self, kind: int) -> list[Message]:
        t_ms = self.ms - self._shown if self._nonce != NO_NONCE else self.ms
        said = self._journal.note(self._once.boots, kind, self._session, self._nonce, t_ms)
        if kind == wire.RELOCKED:
            self._session, self._nonce = NO_SESSION, NO_NONCE
        return said

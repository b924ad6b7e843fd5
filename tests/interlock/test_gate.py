"""The gate by truth tables: every combination of what it looks at, against the rules written once more, in order."""

import itertools
from typing import Any

import pytest

from sallyport_interlock import settings
from sallyport_interlock.gate import Gate
from sallyport_wire import messages as wire
from sallyport_wire.messages import NO_NONCE, NO_SESSION, Message

LANE, OTHER_LANE = wire.lane_id("A"), wire.lane_id("B")
SESSION, OTHER = bytes([1]) * 16, bytes([2]) * 16
SECURE = wire.DOOR_IS_CLOSED | wire.BOLT_IS_LOCKED
GOOD = SECURE | wire.BOX_IS_CLOSED
ALL = GOOD | wire.PEER_IS_FREE
KEY = bytes(range(32))


class FakeOnce:
    """Single use in memory, with a list of what was asked of it, in order."""

    def __init__(self, acts: list[Any]) -> None:
        self.acts = acts
        self.request, self.lock_out, self.boots, self.floor = 100, 0, 7, 64
        self.has_room = True
        self.counter = 40
        self.answer = wire.VOID_NOT_OPENED

    def room(self) -> bool:
        return self.has_room

    def fresh(self, key: bytes, random: bytes) -> tuple[bytes, int]:
        assert (key, random) == (KEY, b"r" * 16)
        self.counter += 1
        return bytes([self.counter]) * 16, self.counter

    def spend(self, nonce: bytes, counter: int) -> None:
        self.acts.append(("spend", nonce, counter))

    def void(self, nonce: bytes, counter: int) -> int:
        self.acts.append(("void", nonce, counter))
        return self.answer

    def remember_lock_out(self, kinds: int) -> None:
        self.acts.append(("lock-out", kinds))
        self.lock_out = kinds


class FakeJournal:
    def __init__(self, acts: list[Any], passage: tuple[bytes, bytes] | None = None) -> None:
        self.acts, self.passage = acts, passage
        self.has_room = True

    def room(self) -> bool:
        return self.has_room

    def note(self, boots: int, kind: int, session: bytes, nonce: bytes, t_ms: int) -> list[Message]:
        self.acts.append(("note", kind))
        fields = {"boots": boots, "seq": 1, "kind": kind, "session": session, "nonce": nonce, "t_ms": t_ms}
        return [Message(wire.EVENT, **fields)]


class Bench:
    """A gate, settled and idle at ms 0, and the means to bring it anywhere."""

    def __init__(self, start: int = 0, passage: tuple[bytes, bytes] | None = None, lock_out: int = 0) -> None:
        self.acts: list[Any] = []
        self.once, self.journal = FakeOnce(self.acts), FakeJournal(self.acts, passage)
        self.once.lock_out = lock_out
        self.now = start
        self.gate = Gate(LANE, KEY, self.once, self.journal, lambda n: b"r" * n, start)
        self.inputs = ALL
        self.tick(0)

    def tick(self, ms: int) -> list[Message]:
        self.now = (self.now + ms) & settings.CLOCK_MASK
        return self.gate.tick(self.inputs, self.now)

    def hear(self, message: Message) -> list[Message]:
        return self.gate.hear(message, self.now)

    def ask(self, request: int = 101, session: bytes = SESSION, lane: bytes = LANE) -> list[Message]:
        return self.hear(Message(wire.OPEN_REQUEST, lane=lane, session=session, request=request))

    def show(self) -> Message:
        assert self.ask() == []
        [shown] = self.tick(settings.CLAIM_MS)
        return shown

    def grant(
        self, nonce: bytes, lifetime_ms: int = 10000, session: bytes = SESSION, lane: bytes = LANE
    ) -> list[Message]:
        return self.hear(Message(wire.GRANT, lane=lane, session=session, nonce=nonce, lifetime_ms=lifetime_ms))

    def open(self) -> Message:
        shown = self.show()
        [event] = self.grant(shown.nonce)
        assert event.kind == wire.OPENED
        self.tick(0)
        self.inputs &= ~wire.BOLT_IS_LOCKED
        return shown


def refusals(said: list[Message]) -> list[int]:
    return [m.reason for m in said if m.type == wire.REFUSED]


def kinds(said: list[Message]) -> list[int]:
    return [m.kind for m in said if m.type == wire.EVENT]


# may_show


@pytest.mark.parametrize("state", ["idle", "locked out", "waiting", "passage"])
@pytest.mark.parametrize(("once_room", "journal_room"), [(True, True), (True, False), (False, True)])
def test_may_show(state: str, once_room: bool, journal_room: bool) -> None:
    asks = itertools.product((LANE, OTHER_LANE), (99, 100, 101), (0, 999, 1000), range(16))
    for lane, request, since_last, inputs in asks:
        bench = Bench()
        bench.gate._watch.passage = state == "passage"
        if state == "locked out":
            bench.once.lock_out = 1
        if state == "waiting":
            bench.ask(101, OTHER)
            bench.tick(settings.CLAIM_MS)
            bench.once.request = 100
        else:
            bench.gate._rest_until = bench.gate.ms + 1000
        bench.gate.ms += since_last
        bench.gate.inputs = inputs
        bench.once.has_room, bench.journal.has_room = once_room, journal_room
        rules = (
            (lane != LANE, wire.WRONG_LANE),
            (request <= 100, wire.STALE_REQUEST),
            (state in ("waiting", "passage"), wire.BUSY),
            (since_last < 1000, wire.TOO_SOON),
            (state == "locked out", wire.IS_LOCKED_OUT),
            (inputs & GOOD != GOOD, wire.NOT_CLOSED),
            (not inputs & wire.PEER_IS_FREE, wire.PEER_CLAIMS),
            (not (once_room and journal_room), wire.NO_ROOM),
        )
        expected = [reason for broken, reason in rules if broken][:1]
        said = bench.ask(request, SESSION, lane)
        assert refusals(said) == expected, (lane, request, since_last, inputs)
        assert len(said) == len(expected)
        assert bench.gate.claims == (state in ("waiting", "passage") or not expected or inputs & SECURE != SECURE)
        # A request number, once heard for this lane, is never good again.
        assert bench.once.request == (request if lane == LANE and request > 100 else 100)


# may_open


@pytest.mark.parametrize("nonce", ["shown", "other", "none"])
@pytest.mark.parametrize("lane", [LANE, OTHER_LANE])
@pytest.mark.parametrize("session", [SESSION, OTHER])
def test_may_open(nonce: str, lane: bytes, session: bytes) -> None:
    lives = (
        (0, 0),
        (1, 0),
        (50, 0),
        (50, 1),
        (49, 0),
        (10000, 0),
        (10000, 9950),
        (10000, 9951),
        (10001, 0),
        (700, 650),
        (700, 651),
    )
    for (lifetime_ms, age), inputs, room, lock_out in itertools.product(lives, range(16), (True, False), (0, 2)):
        bench = Bench()
        shown = bench.show()
        bench.gate.ms += age
        bench.gate.inputs = inputs
        bench.once.has_room, bench.once.lock_out = room, lock_out
        named = {"shown": shown.nonce, "other": OTHER, "none": NO_NONCE}[nonce]
        rules = (
            (lane != LANE, wire.WRONG_LANE),
            (nonce != "shown", wire.WRONG_NONCE),
            (session != SESSION, wire.WRONG_SESSION),
            (not 1 <= lifetime_ms <= 10000, wire.BAD_LIFETIME),
            (age > lifetime_ms - settings.WRITE_MARGIN_MS, wire.TOO_LATE),
            (lock_out, wire.IS_LOCKED_OUT),
            (inputs & GOOD != GOOD, wire.NOT_CLOSED),
            (not inputs & wire.PEER_IS_FREE, wire.PEER_CLAIMS),
            (not room, wire.NO_ROOM),
        )
        expected = [reason for broken, reason in rules if broken][:1]
        said = bench.grant(named, lifetime_ms, session, lane)
        assert refusals(said) == expected, (lifetime_ms, age, inputs, room, lock_out)
        assert bench.gate._state == (wire.OPEN if not expected else wire.LOCKED if nonce == "shown" else wire.WAITING)
        if expected:
            assert kinds(said) == ([wire.NOT_OPENED] if nonce == "shown" else [])
            assert not [a for a in bench.acts if a[0] == "spend"]
        else:
            assert kinds(said) == [wire.OPENED]
            assert bench.acts == [("spend", shown.nonce, shown.counter), ("note", wire.OPENED)]  # in this order


@pytest.mark.parametrize("lane", [LANE, OTHER_LANE])
@pytest.mark.parametrize("request_", [100, 101])
def test_may_clear(lane: bytes, request_: int) -> None:
    for inputs, lock_out in itertools.product(range(16), (0, 1, 7)):
        bench = Bench(lock_out=lock_out)
        bench.gate.inputs = inputs
        rules = (
            (lane != LANE, wire.WRONG_LANE),
            (request_ <= 100, wire.STALE_REQUEST),
            (inputs & GOOD != GOOD, wire.NOT_CLOSED),
        )
        expected = [reason for broken, reason in rules if broken][:1]
        said = bench.hear(Message(wire.CLEAR, lane=lane, request=request_))
        assert refusals(said) == expected
        assert bench.once.lock_out == (lock_out if expected else 0)
        assert kinds(said) == ([] if expected else [wire.CLEARED])
        assert bench.once.request == (request_ if lane == LANE else 100)
        assert bench.gate.state == (wire.LOCKED_OUT if bench.once.lock_out else wire.LOCKED)


# The way of a nonce


def test_the_claim_stands_before_the_nonce_is_shown() -> None:
    bench = Bench()
    assert bench.ask() == []
    assert bench.gate.claims
    assert bench.gate.state == wire.WAITING
    assert bench.tick(settings.CLAIM_MS - 1) == []
    [shown] = bench.tick(1)
    assert shown == Message(wire.NONCE, lane=LANE, session=SESSION, request=101, nonce=bytes([41]) * 16, counter=41)
    assert bench.tick(0) == []


def test_a_refused_request_does_not_end_another_ones_claim() -> None:
    bench = Bench()
    bench.ask()
    assert refusals(bench.ask(102, OTHER)) == [wire.BUSY]
    [shown] = bench.tick(settings.CLAIM_MS)
    assert shown.session == SESSION


def test_a_grant_before_the_nonce_opens_nothing() -> None:
    bench = Bench()
    bench.ask()
    for nonce in (NO_NONCE, bytes([41]) * 16):
        assert refusals(bench.grant(nonce)) == [wire.WRONG_NONCE]
    assert not bench.gate.opens


def test_both_doors_of_a_pair_claim_at_once() -> None:
    bench = Bench()
    bench.ask()
    bench.inputs = GOOD
    said = bench.tick(settings.CLAIM_MS)
    assert [(m.reason, m.type_heard, m.session) for m in said] == [(wire.PEER_CLAIMS, wire.OPEN_REQUEST, SESSION)]
    assert bench.gate.idle
    bench.inputs = ALL
    bench.tick(1000)
    assert bench.ask(102) == []


@pytest.mark.parametrize("age", [9950, 9951])
def test_a_grant_is_judged_by_the_time_it_is_heard(age: int) -> None:
    bench = Bench()
    shown = bench.show()
    bench.now += age  # no tick in between
    assert refusals(bench.grant(shown.nonce)) == ([] if age == 9950 else [wire.TOO_LATE])


def test_what_happens_after_a_nonce_is_not_told_of_it() -> None:
    bench = Bench()
    bench.show()
    bench.tick(settings.LIFE_MS)
    bench.inputs &= ~wire.BOX_IS_CLOSED
    [event] = bench.tick(10)
    assert (event.kind, event.session, event.nonce) == (wire.TAMPER, NO_SESSION, NO_NONCE)
    assert event.t_ms == bench.gate.ms


def test_a_nonce_expires() -> None:
    bench = Bench()
    shown = bench.show()
    assert bench.tick(settings.LIFE_MS - 1) == []
    assert bench.gate.state == wire.WAITING
    [event] = bench.tick(1)
    assert (event.kind, event.nonce, event.session, event.t_ms) == (wire.EXPIRED, shown.nonce, SESSION, 10000)
    assert (event.boots, bench.gate.state) == (7, wire.LOCKED)
    assert refusals(bench.grant(shown.nonce)) == [wire.WRONG_NONCE]
    assert bench.tick(20000) == []


@pytest.mark.parametrize("named", ["shown", "other"])
@pytest.mark.parametrize("answer", [wire.VOID_NOT_OPENED, wire.VOID_OPENED, wire.VOID_UNKNOWN])
def test_void(named: str, answer: int) -> None:
    bench = Bench()
    shown = bench.show()
    bench.once.answer = answer
    nonce = shown.nonce if named == "shown" else OTHER
    said = bench.hear(Message(wire.VOID, nonce=nonce, counter=33))
    assert said[-1] == Message(wire.VOID_ANSWER, nonce=nonce, answer=answer, counter=64)
    assert kinds(said) == ([wire.NOT_OPENED] if named == "shown" else [])
    assert bench.acts[-1] == ("void", nonce, 33)
    assert refusals(bench.grant(shown.nonce)) == ([wire.WRONG_NONCE] if named == "shown" else [])


def test_void_while_open_waits() -> None:
    bench = Bench()
    shown = bench.open()
    assert bench.hear(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter)) == []
    assert bench.gate.opens


def test_a_used_nonce_is_used() -> None:
    bench = Bench()
    shown = bench.open()
    assert refusals(bench.grant(shown.nonce)) == [wire.WRONG_NONCE]
    bench.inputs = ALL
    bench.tick(80)
    bench.gate._enter(wire.LOCKED)
    assert kinds(bench.tick(1)) == [wire.RELOCKED]
    assert refusals(bench.grant(shown.nonce)) == [wire.WRONG_NONCE]
    assert refusals(bench.grant(NO_NONCE, session=NO_SESSION)) == [wire.WRONG_NONCE]


def test_what_is_not_for_the_gate() -> None:
    bench = Bench()
    assert bench.hear(Message(wire.STATUS_REQUEST, challenge=bytes(16))) == []
    assert bench.acts == []


# The open door


def pass_time(bench: Bench, ms: int) -> list[Message]:
    said = []
    for _ in range(ms // 10):
        said += bench.tick(10)
    return said


def test_relock_when_nobody_comes() -> None:
    bench = Bench()
    bench.open()
    assert pass_time(bench, settings.STRIKE_MS - 10) == []
    assert bench.gate.opens
    assert pass_time(bench, 10) == []
    assert not bench.gate.opens
    assert bench.gate.claims
    bench.inputs = ALL
    [event] = bench.tick(10)
    assert (event.kind, event.session, event.t_ms) == (wire.RELOCKED, SESSION, settings.STRIKE_MS + 10)
    assert bench.gate.idle
    assert not bench.gate.claims


def test_relock_when_the_door_has_closed() -> None:
    bench = Bench()
    bench.open()
    pass_time(bench, 500)
    bench.inputs &= ~wire.DOOR_IS_CLOSED
    assert kinds(bench.tick(10)) == [wire.DOOR_OPEN]
    assert bench.gate.opens
    bench.inputs |= wire.DOOR_IS_CLOSED
    assert kinds(bench.tick(10)) == [wire.DOOR_CLOSED]
    assert not bench.gate.opens


def test_relock_when_the_other_door_claims() -> None:
    bench = Bench()
    bench.open()
    bench.inputs &= ~wire.PEER_IS_FREE
    bench.tick(10)
    assert not bench.gate.opens


@pytest.mark.parametrize(("late", "opens"), [(settings.STALL_MS, True), (settings.STALL_MS + 1, False)])
def test_a_stalled_loop_ends_the_opening(late: int, opens: bool) -> None:
    bench = Bench()
    bench.open()
    bench.tick(late)
    assert bench.gate.opens == opens
    assert bench.gate.claims


def test_a_stall_means_nothing_to_a_waiting_nonce() -> None:
    bench = Bench()
    shown = bench.show()
    bench.tick(5000)
    assert kinds(bench.grant(shown.nonce)) == [wire.OPENED]


@pytest.mark.parametrize("open_", [True, False])
def test_tamper_locks_out(open_: bool) -> None:
    bench = Bench()
    shown = bench.open() if open_ else bench.show()
    bench.inputs &= ~wire.BOX_IS_CLOSED
    said = bench.tick(10)
    assert kinds(said) == ([wire.TAMPER] if open_ else [wire.NOT_OPENED, wire.TAMPER])
    assert bench.gate.state == wire.LOCKED_OUT
    assert bench.once.lock_out == 2
    assert bench.tick(10) == []  # once is enough
    bench.inputs = ALL
    assert refusals(bench.grant(shown.nonce)) == [wire.WRONG_NONCE]
    assert not bench.gate.opens


def test_clearing_a_lock_out_does_not_open_again() -> None:
    bench = Bench()
    bench.open()
    bench.inputs &= ~wire.BOX_IS_CLOSED
    bench.tick(10)
    bench.inputs = ALL
    bench.tick(10)
    assert kinds(bench.hear(Message(wire.CLEAR, lane=LANE, request=102))) == [wire.CLEARED]
    assert not bench.gate.opens
    assert bench.gate.state == wire.LOCKED
    bench.tick(10)
    assert not bench.gate.opens


def test_each_alarm_has_its_bit() -> None:
    bench = Bench()
    bench.inputs = 0
    assert kinds(bench.tick(10)) == [wire.TAMPER, wire.UNGRANTED_OPEN]
    assert bench.once.lock_out == 3
    order = [a for a in bench.acts if a[0] == "lock-out"]
    assert order == [("lock-out", 2), ("lock-out", 3)]
    bench = Bench()
    bench.open()
    bench.inputs |= wire.BOLT_IS_LOCKED
    assert kinds(pass_time(bench, settings.BOLT_MS)) == [wire.MISMATCH]
    assert bench.once.lock_out == 4
    assert not bench.gate.opens


def test_a_lock_out_is_remembered_before_it_is_told() -> None:
    bench = Bench()
    bench.inputs &= ~wire.BOX_IS_CLOSED
    bench.tick(10)
    assert bench.acts == [("lock-out", 2), ("note", wire.TAMPER)]


def test_events_of_a_passage_that_a_restart_cut() -> None:
    acts: list[Any] = []
    gate = Gate(LANE, KEY, FakeOnce(acts), FakeJournal(acts, (SESSION, OTHER)), lambda n: bytes(n), 5)
    [event] = gate.tick(ALL, 5)
    assert (event.kind, event.session, event.nonce, event.t_ms) == (wire.RELOCKED, SESSION, OTHER, 0)
    bench = Bench(passage=(SESSION, OTHER))
    assert bench.acts == [("note", wire.RELOCKED)]
    assert bench.gate.idle
    bench.inputs &= ~wire.BOX_IS_CLOSED
    [event] = bench.tick(10)
    assert (event.session, event.nonce, event.t_ms) == (NO_SESSION, NO_NONCE, 10)


# The clock


@pytest.mark.parametrize("start", [0, settings.CLOCK_MASK, settings.CLOCK_MASK - 3, settings.CLOCK_MASK - 9000])
def test_the_clock_wraps(start: int) -> None:
    bench = Bench(start)
    shown = bench.show()
    assert bench.tick(settings.LIFE_MS - 1) == []
    assert kinds(bench.tick(1)) == [wire.EXPIRED]
    assert bench.gate.ms == settings.CLAIM_MS + settings.LIFE_MS
    assert shown.counter == 41


def test_a_clock_that_goes_back_is_a_fault() -> None:
    bench = Bench(1000)
    with pytest.raises(RuntimeError, match="backwards"):
        bench.gate.tick(ALL, 999)
    bench = Bench(0)
    bench.gate.tick(ALL, settings.CLOCK_MASK // 2)
    assert bench.gate.ms == settings.CLOCK_MASK // 2
    with pytest.raises(RuntimeError, match="backwards"):
        bench.gate.tick(ALL, settings.CLOCK_MASK // 2 + 1 + settings.CLOCK_MASK // 2)


def test_ms_never_wrap() -> None:
    bench = Bench()
    for _ in range(5):
        bench.tick(settings.CLOCK_MASK // 2)
    assert bench.gate.ms == 5 * (settings.CLOCK_MASK // 2)


def test_requests_are_paced_over_the_wrap() -> None:
    bench = Bench(settings.CLOCK_MASK - 10100)
    bench.show()
    bench.tick(settings.LIFE_MS)
    assert bench.ask(102) == []
    bench.gate.retire(NO_NONCE, 0)
    bench.tick(settings.REQUEST_GAP_MS - 1)
    assert refusals(bench.ask(103)) == [wire.TOO_SOON]
    bench.tick(1)
    assert bench.ask(104) == []

"""Leases under everything that clocks and processes can do: at most one gateway may speak for a lane, at most one may
write for it, and when the trouble is over every lane is kept, fairly, and stays where it is.

Time is simulated. Each gateway counts it by a clock of its own, up to a tenth too fast or too slow; the store has its
own too, and nobody compares them. A process may stand still between any two steps and go on as if nothing had been.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, StaticPool, create_engine

from sallyport_gateway import parameters
from sallyport_gateway.ledger import leases
from sallyport_gateway.ledger.leases import Lease, LeaseLostError, Peer
from sallyport_gateway.ledger.sharing import fair_share, share
from sallyport_gateway.release import keeping
from sallyport_gateway.release.keeping import NOBODY, Round, go_round
from sallyport_gateway.store.tables import metadata

LANES = frozenset(f"MDI-LANE-{n}" for n in range(1, 6))
NAMES = ("gateway-1", "gateway-2", "gateway-3")
STEP_MS = int(parameters.LEASE_EVERY_S * 1_000)


@dataclass
class Process:
    """One gateway's process: what it remembers, and its clock."""

    me: Peer
    rate: float
    kept: dict[str, int] = field(default_factory=dict)
    sure_until: float = 0.0
    busy: frozenset[str] = frozenset()
    able: bool = True

    def clock(self, now: float) -> float:
        return now * self.rate

    def sure(self, now: float) -> bool:
        return self.clock(now) < self.sure_until


class Sharing(RuleBasedStateMachine):
    """Three gateways, five lanes, one store."""

    margin = parameters.LEASE_MARGIN_MS

    @initialize(rates=st.tuples(*[st.sampled_from([0.9, 1.0, 1.1])] * 3))
    def start(self, rates: tuple[float, ...]) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(self.engine)
        self.conn = self.engine.connect()
        self.now, self.born = 1_000_000, 0
        self.clock_before, keeping.leases.clock = leases.clock, lambda _: self.now
        self.here: dict[str, Process] = {}
        self.lost: list[Process] = []
        """Killed only by name: these processes were paused, replaced, and go on."""
        for name, rate in zip(NAMES, rates, strict=True):
            self._arrive(name, rate)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            keeping.leases.clock = self.clock_before
            self.conn.close()
            self.engine.dispose()

    def _arrive(self, name: str, rate: float) -> None:
        self.born += 1
        self.here[name] = Process(Peer(name, f"process {self.born}", LANES), rate)

    @rule(name=st.sampled_from(NAMES), slow=st.sampled_from([0, 0, 0, 100, 900, 5_000]))
    def tend(self, name: str, slow: int) -> None:
        """`slow`: ms between asking for the round and its transaction."""
        if name in self.here:
            self._tend(self.here[name], slow)

    def _tend(self, process: Process, slow: int = 0) -> Round:
        began = process.clock(self.now)
        self.now += slow
        idle = frozenset(process.kept) - process.busy
        with self.conn.begin():
            round_ = go_round(self.conn, process.me, process.able, idle)
        process.kept = round_.kept
        process.sure_until = began + parameters.LEASE_MS - self.margin
        return round_

    @rule(data=st.data(), slow=st.sampled_from([0, 3_000]))
    @precondition(lambda self: self.lost)
    def somebody_wakes(self, data: st.DataObject, slow: int) -> None:
        """A process that was replaced wakes up and goes on with its rounds."""
        self._tend(data.draw(st.sampled_from(self.lost)), slow)

    @rule(ms=st.sampled_from([1, 200, 500, 500, 1_500, 3_600, 4_100, 6_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule(name=st.sampled_from(NAMES), busy=st.sets(st.sampled_from(sorted(LANES))))
    def somebody_is_at_the_door(self, name: str, busy: set[str]) -> None:
        if name in self.here:
            self.here[name].busy = frozenset(busy)

    @rule(name=st.sampled_from(NAMES))
    def replace(self, name: str) -> None:
        """Somebody starts a second process of that name while the first stands still."""
        if name in self.here:
            self.lost = [*self.lost, self.here.pop(name)][-3:]
            self._arrive(name, 1.0)

    @rule(name=st.sampled_from(NAMES))
    def kill(self, name: str) -> None:
        self.here.pop(name, None)

    @rule(name=st.sampled_from(NAMES))
    def come_back(self, name: str) -> None:
        if name not in self.here:
            self._arrive(name, 1.0)

    @rule(name=st.sampled_from(NAMES))
    def say_farewell(self, name: str) -> None:
        process = self.here.pop(name, None)
        if process is not None:
            with self.conn.begin():
                leases.leave(self.conn, process.me, self.now)

    @rule(name=st.sampled_from(NAMES), able=st.booleans())
    def lose_the_broker(self, name: str, able: bool) -> None:
        if name in self.here:
            self.here[name].able = able

    @invariant()
    def at_most_one_speaks(self) -> None:
        for lane in LANES:
            loud = [each for each in self._all() if lane in each.kept and each.sure(self.now)]
            assert len(loud) <= 1, f"{[each.me for each in loud]} both speak for {lane}"

    @invariant()
    def at_most_one_writes(self) -> None:
        """The fence lets in only the newest keeper, however sure the others are."""
        for lane in LANES:
            let_in = {each.kept[lane] for each in self._all() if lane in each.kept and self._may_write(each, lane)}
            newest = {leases.known(self.conn)[lane].epoch} if let_in else set()
            self.conn.rollback()
            assert let_in <= newest

    def _may_write(self, process: Process, lane: str) -> bool:
        with self.conn.begin():
            try:
                leases.hold(self.conn, lane, process.kept[lane])
            except LeaseLostError:
                return False
        return True

    def _all(self) -> Iterator[Process]:
        yield from getattr(self, "here", {}).values()
        yield from getattr(self, "lost", ())

    @rule()
    def heal(self) -> None:
        """All are there, nobody is at a door: soon every lane is kept, none has two more than another, for good."""
        self.lost = []
        for name in NAMES:
            self.come_back(name)
            self.here[name].busy, self.here[name].able = frozenset(), True
        self._rounds(28)
        before = self._rounds(1)
        assert set(before) == LANES and NOBODY not in before.values(), before
        loads = sorted(list(before.values()).count(name) for name in NAMES)
        assert loads == [1, 2, 2], before
        assert self._rounds(6) == before

    def _rounds(self, count: int) -> dict[str, str]:
        keepers: dict[str, str] = {}
        for _ in range(count):
            self.now += STEP_MS
            for process in self.here.values():
                keepers = self._tend(process).keepers
                self.at_most_one_speaks()
        return keepers


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=8, stateful_step_count=25)


@pytest.mark.long
@pytest.mark.timeout(1_800)
class TestSharingAtLength(Sharing.TestCase):  # type: ignore[misc]
    settings = settings(max_examples=300, stateful_step_count=40)


class Hasty(Sharing):
    """Counts on its lease for longer than it has it."""

    margin = -1_000


def test_a_gateway_that_speaks_for_too_long_is_found_out() -> None:
    """The test above can fail."""
    machine = Hasty()
    try:
        machine.start((0.9, 1.0, 1.0))
        machine.heal()
        machine.now += parameters.LEASE_MS + 100
        machine._tend(machine.here["gateway-2"])
        with pytest.raises(AssertionError, match="both speak"):
            machine.at_most_one_speaks()
    finally:
        machine.teardown()


# -- one by one, on both kinds of store ------------------------------------------------------------------------------

A, B = (Peer(f"gateway-{n}", f"process {n}", frozenset({"L1", "L2"})) for n in (1, 2))


def test_a_lane_is_claimed_once_and_each_keeper_has_a_higher_epoch(conn: Connection) -> None:
    leases.enter(conn, ["L1"], 100)
    free = leases.known(conn)["L1"]
    assert leases.claim(conn, A, free, 100, 50) == 1
    assert leases.claim(conn, B, free, 100, 50) is None, "B looked before A was quicker"
    assert leases.claim(conn, B, leases.known(conn)["L1"], 149, 50) is None, "A's time is not over"
    assert leases.claim(conn, B, leases.known(conn)["L1"], 150, 50) == 2
    leases.hold(conn, "L1", 2)
    with pytest.raises(LeaseLostError):
        leases.hold(conn, "L1", 1)


def test_what_is_released_is_free_at_once_and_only_its_keeper_can_release_it(conn: Connection) -> None:
    leases.enter(conn, ["L1", "L2"], 100)
    for lane in ("L1", "L2"):
        leases.claim(conn, A, leases.known(conn)[lane], 100, 50)
    leases.release(conn, B, {"L1": 1}, 110)
    assert leases.renew(conn, A, 120, 50) == {"L1": 1, "L2": 1}
    leases.release(conn, A, {"L1": 1}, 120)
    assert leases.renew(conn, A, 130, 50) == {"L2": 1}
    assert leases.claim(conn, B, leases.known(conn)["L1"], 130, 50) == 2


def test_a_name_belongs_to_one_process_at_a_time(conn: Connection) -> None:
    again = Peer(A.name, "another process", A.lanes)
    assert leases.beat(conn, A, 100, 50) and leases.beat(conn, A, 120, 50)
    assert not leases.beat(conn, again, 169, 50)
    assert leases.beat(conn, again, 170, 50)
    assert not leases.beat(conn, A, 180, 50)
    assert [each.process for each in leases.alive(conn, 190)] == ["another process"]


def test_the_store_s_clock_is_the_time(conn: Connection) -> None:
    import time

    assert abs(leases.clock(conn) - time.time() * 1_000) < 5_000


# -- who should have what --------------------------------------------------------------------------------------------


def peers(*lanes: frozenset[str]) -> list[Peer]:
    return [Peer(f"gateway-{n}", f"process {n}", each) for n, each in enumerate(lanes, 1)]


def held(lanes: frozenset[str], by: str = "", until: int = 0) -> dict[str, Lease]:
    return {lane: Lease(lane, by, by, 1, until) for lane in lanes}


def test_lanes_that_only_one_could_keep_do_not_count_for_the_others() -> None:
    one, two = peers(frozenset({"L1", "L2", "L3"}), frozenset({"L3"}))
    assert fair_share(one, [one, two]) == 3
    assert fair_share(two, [one, two]) == 1


def test_a_lane_that_nobody_takes_is_taken_by_whoever_could() -> None:
    """Everybody has its share already, as gateways with different prisons may find it."""
    one, two, three = peers(frozenset({"X", "Y"}), frozenset({"X", "Z"}), frozenset({"Y", "Z"}))
    leased = (
        held(frozenset({"X"})) | held(frozenset({"Y"}), "process 1", 9_999) | held(frozenset({"Z"}), "process 2", 9_999)
    )
    assert share(one, [one, two, three], leased, frozenset(), 100, 5_000).claim == ()
    assert [lease.lane for lease in share(one, [one, two, three], leased, frozenset(), 5_000, 5_000).claim] == ["X"]


def test_only_idle_lanes_are_given_and_only_to_who_has_been_there_for_a_while() -> None:
    one, two = peers(LANES, LANES)
    leased = held(LANES, "process 1", 9_999)
    assert share(one, [one, two], leased, frozenset(), 6_000, 5_000).give == ()
    assert len(share(one, [one, two], leased, LANES, 6_000, 5_000).give) == 2
    assert share(one, [one, two], leased, LANES, 4_999, 5_000).give == ()

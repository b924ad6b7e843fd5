"""PostgreSQL, two gateways, two transactions that overlap: what READ COMMITTED alone would let through, the rows that
the ledger locks do not. SQLite has one writer at a time, so nothing overlaps there.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from secrets import token_bytes
from typing import TypeVar

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from sallyport_gateway.ledger import freezes, leases, life
from sallyport_gateway.ledger.freezes import Scope
from sallyport_gateway.ledger.leases import LeaseLostError, Peer
from sallyport_gateway.ledger.states import State
from sallyport_gateway.ledger.words import Door, Moved, Reason, Refused, Shown
from sallyport_gateway.store.engine import open_engines
from sallyport_gateway.store.migrate import migrate

T = TypeVar("T")
DOOR, OTHER_DOOR = Door("MDI", "MDI-LANE-1", "MDI-L01"), Door("MDI", "MDI-LANE-2", "MDI-L02")
ONE, TWO = b"1" * 16, b"2" * 16
SOON_S = 0.3
"""Who has not ended after this waits for the other one."""


@pytest.fixture(scope="module")
def engines(postgresql: str) -> Iterator[list[Engine]]:
    """The writers of two gateways on one database, made once for this module."""
    whole, name = create_engine(postgresql.format(name="postgres"), isolation_level="AUTOCOMMIT"), "two_transactions"
    with whole.connect() as conn, pytest.MonkeyPatch.context() as patch:
        conn.execute(text(f"CREATE DATABASE {name}"))
        patch.setattr("sallyport_gateway.store.engine.PAUSE", 0)  # here a busy machine may stand still
        opened = [each for _ in range(2) for each in open_engines(postgresql.format(name=name))]
        migrate(opened[0])
        yield opened[::2]
        for each in opened:
            each.dispose()
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    whole.dispose()


@pytest.fixture
def engine(engines: list[Engine]) -> Engine:
    with engines[0].begin() as conn:
        for table in ("life", "lease", "freeze"):
            conn.execute(text(f'DELETE FROM "{table}"'))
        life.create(conn, "A", 0)
        leases.enter(conn, [DOOR.lane], 0)
    return engines[0]


class Other:
    """The other gateway's one transaction, in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._threads = engine, ThreadPoolExecutor(1)

    def does(self, job: Callable[[Connection], T]) -> "Future[T]":
        def whole() -> T:
            with self._engine.begin() as conn:
                return job(conn)

        return self._threads.submit(whole)


@pytest.fixture
def other(engines: list[Engine]) -> Other:
    return Other(engines[1])


@contextmanager
def here(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as conn, conn.begin():
        yield conn


def waits(future: "Future[T]") -> bool:
    try:
        future.result(SOON_S)
    except NotYet:
        return True
    return False


def reserved(engine: Engine, session: bytes = ONE) -> None:
    with here(engine) as conn:
        assert isinstance(life.reserve(conn, "A", session, "gateway-1", 1), Moved)


def grant(conn: Connection, revision: int = 0) -> object:
    return life.grant(conn, "A", ONE, DOOR, Shown(token_bytes(16), 1), revision, 2)


def test_of_two_reservations_the_second_sees_the_first(engine: Engine, other: Other) -> None:
    with here(engine) as conn:
        life.reserve(conn, "A", ONE, "gateway-1", 1)
        late = other.does(lambda their: life.reserve(their, "A", TWO, "gateway-2", 1))
        assert waits(late)
    assert late.result(5) == Refused("A", Reason.RESERVED_ALREADY, State.RESERVED)


def test_a_reservation_that_was_taken_back_hinders_nobody(engine: Engine, other: Other) -> None:
    with engine.connect() as conn:
        transaction = conn.begin()
        life.reserve(conn, "A", ONE, "gateway-1", 1)
        late = other.does(lambda their: life.reserve(their, "A", TWO, "gateway-2", 1))
        assert waits(late)
        transaction.rollback()
    assert late.result(5) == Moved("A", State.RESERVED)


def test_models_are_held_only_when_no_grant_that_rests_on_them_is_under_way(engine: Engine, other: Other) -> None:
    with here(engine) as conn:
        assert freezes.models_held(conn, "MDI", share=True) is None
        hold = other.does(lambda their: freezes.freeze(their, Scope.MODELS, "MDI", "g", "drift", 3))
        assert waits(hold)
        assert freezes.models_held(conn, "MDI", share=True) is None
    assert hold.result(5)
    with here(engine) as conn:
        assert freezes.models_held(conn, "MDI", share=True) == "drift"


def test_a_freeze_is_acknowledged_only_when_no_grant_is_under_way(engine: Engine, other: Other) -> None:
    reserved(engine)
    with here(engine) as conn:
        assert isinstance(grant(conn), Moved)
        freeze = other.does(lambda their: freezes.freeze(their, Scope.ESTATE, "", "g", "stop", 3))
        assert waits(freeze)
    assert freeze.result(5)


def test_a_freeze_that_came_first_is_seen_by_a_grant_that_had_begun(engine: Engine, other: Other) -> None:
    """The grant's transaction is older than the freeze, and still refuses."""
    reserved(engine)
    with here(engine) as conn:
        assert life.find(conn, "A", lock=True) is not None
        assert other.does(lambda their: freezes.freeze(their, Scope.LANE, DOOR.lane, "g", "stop", 3)).result(5)
        assert grant(conn) == Refused("A", Reason.FROZEN, State.RESERVED)


def test_a_withdrawal_waits_for_a_grant_and_a_changed_record_stops_one(engine: Engine, other: Other) -> None:
    reserved(engine)
    with here(engine) as conn:
        held = life.find(conn, "A")
        assert held is not None
        assert other.does(lambda their: life.revise(their, ["A"])).result(5) == 1
        assert grant(conn, held.revision) == Refused("A", Reason.RECORDS_CHANGED, State.RESERVED)
        assert isinstance(grant(conn, held.revision + 1), Moved)
        withdrawal = other.does(lambda their: life.stop(their, "A", "court", 3))
        assert waits(withdrawal)
    assert withdrawal.result(5)


LANE = DOOR.lane
A, B = (Peer(f"gateway-{n}", f"process {n}", frozenset({LANE})) for n in (1, 2))


def claim(conn: Connection, who: Peer) -> int | None:
    return leases.claim(conn, who, leases.known(conn)[LANE], 1_000_000, 0)


def test_a_keeper_at_work_is_not_replaced_and_one_that_is_done_may_be(engine: Engine, other: Other) -> None:
    with here(engine) as conn:
        assert claim(conn, A) == 1
    with here(engine) as conn:
        leases.hold(conn, LANE, 1)
        assert other.does(lambda their: claim(their, B)).result(5) is None, "it does not even wait"
    assert other.does(lambda their: claim(their, B)).result(5) == 2
    with here(engine) as conn, pytest.raises(LeaseLostError):
        leases.hold(conn, LANE, 1)


def test_who_comes_to_work_while_the_lane_changes_hands_has_lost_it(engine: Engine, other: Other) -> None:
    with here(engine) as conn:
        assert claim(conn, A) == 1
    with here(engine) as conn:
        assert claim(conn, B) == 2
        work = other.does(lambda their: leases.hold(their, LANE, 1))
        assert waits(work)
    with pytest.raises(LeaseLostError):
        work.result(5)


def test_of_two_who_claim_at_once_one_has_it(engine: Engine, other: Other) -> None:
    with here(engine) as conn:
        seen = leases.known(conn)[LANE]
        assert leases.claim(conn, A, seen, 1_000_000, 4_000) == 1
        assert other.does(lambda their: leases.claim(their, B, seen, 1_000_000, 4_000)).result(5) is None
    assert other.does(lambda their: leases.claim(their, B, seen, 1_000_000, 4_000)).result(5) is None

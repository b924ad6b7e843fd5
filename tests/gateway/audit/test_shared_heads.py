"""Several gateways on one store: a standby that took over may have lost one gateway's last entries and kept another's.
Then none of them may grant: what the one let out, the others would let out again (S6).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from sallyport_gateway.audit import generations, log
from sallyport_gateway.audit.generations import Reconciliation
from sallyport_gateway.audit.heads import Heads, Standing
from sallyport_gateway.audit.witness import FileWitness
from sallyport_gateway.store import Store
from sallyport_gateway.store.tables import gateways
from sallyport_protocol.errors import RoadError
from sallyport_protocol.keys import SoftwareSigner

NAMES = ("gateway-1", "gateway-2")
MakeHeads = Callable[[Store, str], Heads]


class Moody(FileWitness):
    """Cannot always be reached."""

    away = False

    def latest(self, log: str) -> str | None:
        if self.away:
            raise RoadError("The witness does not answer.")
        return super().latest(log)


@pytest.fixture
def witness(tmp_path: Path) -> Moody:
    (tmp_path / "witness").mkdir()
    return Moody(tmp_path / "witness")


@pytest.fixture
def heads(witness: Moody, signer: SoftwareSigner) -> MakeHeads:
    return lambda store, name: Heads(store, name, signer, witness, lambda: 1)


def fill(store: Store, name: str, count: int, what: str = "grant") -> None:
    def job(conn: Connection) -> None:
        for at in range(count):
            log.append(conn, name, "test", {"what": what, "number": at}, at)

    store.write_now(job)


def share(store: Store) -> None:
    rows = [{"name": name, "process": name, "lanes": "", "since": 0, "until": 0} for name in NAMES]
    store.write_now(lambda conn: conn.execute(insert(gateways), rows) and None)


def copy(store: Store, to: Path) -> Path:
    with sqlite3.connect(store.where) as source, sqlite3.connect(to) as target:
        source.backup(target)
    return to


def test_a_store_that_lost_another_gateway_s_entries_grants_nothing(
    store: Store, tmp_path: Path, heads: MakeHeads
) -> None:
    share(store)
    for name in NAMES:
        fill(store, name, 20)
        heads(store, name).advance()
    standby = copy(store, tmp_path / "standby.db")
    fill(store, "gateway-2", 1)
    heads(store, "gateway-2").advance()  # its grant has left
    assert heads(store, "gateway-1").check() is Standing.GOOD
    with Store(standby) as taken_over:
        for name in NAMES:
            found = heads(taken_over, name)
            assert found.check() is Standing.BEHIND
            assert not asyncio.run(found.cover(0))
        fill(taken_over, "gateway-2", 5, "others")
        assert heads(taken_over, "gateway-1").check() is Standing.FORKED


def test_a_store_from_before_another_gateway_s_reconciliation_grants_nothing(
    store: Store, tmp_path: Path, heads: MakeHeads
) -> None:
    share(store)
    for name in NAMES:
        fill(store, name, 3)
        heads(store, name).advance()
    standby = copy(store, tmp_path / "standby.db")
    fill(store, "gateway-2.2", 1)  # two officers have settled gateway-2's log meanwhile
    heads(store, "gateway-2.2").advance()
    with Store(standby) as taken_over:
        assert heads(taken_over, "gateway-1").check() is Standing.BEHIND


def test_after_a_new_connection_the_witness_is_asked_before_anything_is_granted(
    store: Store, tmp_path: Path, heads: MakeHeads, witness: Moody
) -> None:
    """A gateway that runs through the change: the entry that it covers is in the store, the one before is not."""
    share(store)
    fill(store, "gateway-1", 20)
    standby = copy(store, tmp_path / "standby.db")
    fill(store, "gateway-1", 3)
    heads(store, "gateway-1").advance()
    with Store(standby) as taken_over:
        keeper = heads(taken_over, "gateway-1")
        keeper.standing, keeper.witnessed, keeper._checked = Standing.GOOD, 23, taken_over.connections
        fill(taken_over, "gateway-1", 1, "another")
        assert asyncio.run(keeper.cover(20)), "nothing says yet that this is another database"
        taken_over.connections += 1
        assert not asyncio.run(keeper.cover(20))
        assert keeper.standing is Standing.BEHIND


def test_a_new_connection_and_no_witness_is_not_good(store: Store, heads: MakeHeads, witness: Moody) -> None:
    fill(store, "gateway-1", 3)
    keeper = heads(store, "gateway-1")
    assert asyncio.run(keeper.cover(2))
    store.connections += 1
    witness.away = True
    assert not asyncio.run(keeper.cover(2))
    witness.away = False
    assert asyncio.run(keeper.cover(2))


def test_the_writer_counts_its_connections(new_postgresql: str) -> None:
    with Store(new_postgresql) as store:
        before = store.connections
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        store.read_now(lambda conn: conn.exec_driver_sql(kill).all())
        assert store.write_now(lambda conn: conn.exec_driver_sql("SELECT 1").scalar()) == 1
        assert store.connections == before + 1


def test_two_officers_settle_every_log_of_the_store_at_once(tmp_path: Path, heads: MakeHeads) -> None:
    """One of the gateways may never run again; its log must not hold the others back."""
    with Store(tmp_path / "first.db") as first:
        share(first)
        for name in NAMES:
            fill(first, name, 5)
        then = copy(first, tmp_path / "backup.db")
        for name in NAMES:
            fill(first, name, 3)
            heads(first, name).advance()
    with Store(then) as restored:
        keeper = heads(restored, NAMES[0])
        assert keeper.check() is Standing.BEHIND
        assert [(each.log, each.opens) for each in keeper.behind] == [(name, f"{name}.2") for name in NAMES]
        for each in keeper.behind:
            stated = Reconciliation(("a", "b"), "restored", each.seen, each.opens)
            gateway = generations.gateway_of(each.log)
            restored.write_now(lambda conn, g=gateway, s=stated: generations.succeed(conn, g, s, 1))  # type: ignore[misc]
        for name in NAMES:
            again = heads(restored, f"{name}.2")
            assert again.check() is Standing.GOOD and again.behind == ()

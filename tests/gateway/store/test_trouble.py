"""A full, locked, unreachable or read-only store: each says what to do, and loses nothing that was acknowledged."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from sallyport_gateway.audit import log
from sallyport_gateway.ledger import life
from sallyport_gateway.store import Store, engine
from sallyport_protocol.errors import RoadError


def _append(size: int) -> Callable[[Connection], int]:
    return lambda conn: log.append(conn, "gateway-1", "test", {"x": b"x" * size}, 0).index


def _limit(pages: int) -> Callable[[Connection], None]:
    return lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count={pages}") and None


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        kept = [store.write_now(_append(100)) for _ in range(10)]
        pages = store.read_now(lambda conn: conn.execute(text("PRAGMA page_count")).scalar()) or 0
        store.write_now(_limit(pages + 2))
        gate = store.submit(_append(10))
        futures = [store.submit(_append(50_000 if number % 2 else 10)) for number in range(8)]
        gate.result()
        for number, future in enumerate(futures):
            if number % 2:
                with pytest.raises(RoadError, match="free space"):
                    future.result()
            else:
                kept.append(future.result())
        store.write_now(_limit(1_000_000))
        kept.append(store.write_now(_append(50_000)))
        size = store.read_now(lambda conn: log.size(conn, "gateway-1"))
        assert size == len(kept) + 1 and len(set(kept)) == len(kept)


def test_a_store_that_another_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 50)
    with Store(tmp_path / "s.db") as store:
        other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RoadError, match="another process"):
            store.write_now(_append(1))
        other.execute("ROLLBACK")
        other.close()
        assert store.write_now(_append(1)) == 0


@pytest.mark.parametrize("where", ["/proc/none.db", "/proc/none/none.db"])
def test_a_place_where_nothing_can_be_written(where: str) -> None:
    with pytest.raises(RoadError, match=r"write access|create it"):
        Store(where)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    with pytest.raises(RoadError, match="start PostgreSQL"):
        Store(f"postgresql+psycopg://nobody@/none?host={tmp_path}")


def test_a_server_that_goes_away_and_comes_back(new_postgresql: str) -> None:
    with Store(new_postgresql) as store:
        store.write_now(_append(1))
        with pytest.raises(RoadError, match=r"start PostgreSQL|administrator"):
            store.write_now(lambda conn: conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")) and None)
        assert store.write_now(_append(1)) == 1


def test_a_deadlock_between_two_gateways_is_resolved(new_postgresql: str) -> None:
    """Two stores whose jobs lock the same two rows in opposite order: both get through."""

    def touch(*names: str) -> Callable[[Connection], None]:
        def job(conn: Connection) -> None:
            for name in names:
                conn.execute(text("UPDATE life SET revision = revision + 1 WHERE authorisation = :n"), {"n": name})
                conn.execute(text("SELECT pg_sleep(0.2)"))

        return job

    with Store(new_postgresql) as one, Store(new_postgresql) as two:
        for name in ("A", "B"):
            one.write_now(_create(name))
        futures = [one.submit(touch("A", "B")), two.submit(touch("B", "A"))]
        for future in futures:
            future.result(30)
        revisions = one.read_now(lambda conn: conn.execute(text("SELECT revision FROM life")).scalars().all())
        assert list(revisions) == [2, 2]


def _create(name: str) -> Callable[[Connection], object]:
    return lambda conn: life.create(conn, name, 0)


def test_a_password_is_never_told() -> None:
    with pytest.raises(RoadError) as caught:
        Store("postgresql+psycopg://user:secret@127.0.0.1:1/none?connect_timeout=2")
    assert "secret" not in str(caught.value)

"""The writer: many jobs, one commit, each job's failure its own."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.ledger import once
from sallyport_gateway.store import Store
from sallyport_protocol.errors import RoadError


@pytest.fixture
def store(database: str) -> Store:
    return Store(database)


def test_a_burst_shares_commits(store: Store) -> None:
    async def burst() -> list[bool]:
        return await asyncio.gather(
            *(
                store.write(lambda conn, i=i: once.first_act(conn, b"k" * 32, i.to_bytes(16, "big"), i))
                for i in range(500)
            )
        )

    with store:
        assert all(asyncio.run(burst()))
        assert store.commits < 100
        assert store.read_now(lambda conn: conn.execute(text("SELECT count(*) FROM act")).scalar()) == 500


def test_a_failing_job_takes_back_its_own_work_only(store: Store) -> None:
    def good(conn: Connection, key: int) -> bool:
        return once.first_act(conn, b"k" * 32, key.to_bytes(16, "big"), 1)

    def bad(conn: Connection) -> None:
        good(conn, 999)
        raise ValueError("no")

    with store:
        gate = store.submit(lambda conn: good(conn, 0))
        futures = [store.submit(bad if i % 3 == 0 else (lambda conn, i=i: good(conn, i))) for i in range(1, 100)]
        gate.result()
        for i, future in enumerate(futures, 1):
            if i % 3 == 0:
                with pytest.raises(ValueError, match="no"):
                    future.result()
            else:
                assert future.result() is True
        assert store.read_now(lambda conn: conn.execute(text("SELECT count(*) FROM act")).scalar()) == 67


def test_a_broken_constraint_is_the_jobs_own_error(store: Store) -> None:
    twice = text("INSERT INTO fence (fence, turn) VALUES (1, 0)")
    with store:
        futures = [store.submit(lambda conn: conn.execute(twice) and None) for _ in range(3)]
        after = store.submit(lambda conn: once.first_act(conn, b"k" * 32, b"n" * 16, 1))
        for future in futures:
            with pytest.raises(IntegrityError):
                future.result()
        assert after.result() is True


def test_readers_cannot_write(store: Store) -> None:
    with store, pytest.raises(RoadError, match=r"written|read"):
        store.read_now(lambda conn: once.first_act(conn, b"k" * 32, b"n" * 16, 1))


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(RoadError, match="closed"):
        store.submit(lambda conn: None)


def test_close_commits_what_is_queued(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        futures = [
            store.submit(lambda conn, i=i: once.first_act(conn, b"k" * 32, i.to_bytes(16, "big"), i)) for i in range(50)
        ]
    assert all(future.result(0) for future in futures)


def test_a_missing_directory_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="create it"):
        Store(tmp_path / "nowhere" / "s.db")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(b"hello, this is not a database at all" * 100)
    with pytest.raises(RoadError, match="not a database"):
        Store(tmp_path / "s.db")


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="No store speaks mysql"):
        Store("mysql://localhost/x")

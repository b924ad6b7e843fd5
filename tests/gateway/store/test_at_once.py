"""Short work in the event loop: durable before it is answered, each failure its own, and the loop never waits."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sallyport_gateway.ledger import once
from sallyport_gateway.store import Store
from sallyport_gateway.store.engine import open_reader
from sallyport_gateway.store.parameters import WRITER_PATIENCE
from sallyport_protocol.errors import RoadError


def act(number: int) -> Callable[[Connection], bool]:
    return lambda conn: once.first_act(conn, b"k" * 32, number.to_bytes(16, "big"), 1)


def kept(where: Path) -> int:
    """What another connection sees."""
    with open_reader(where).connect() as conn:
        return int(conn.execute(text("SELECT count(*) FROM act")).scalar_one())


@asynccontextmanager
async def serving(where: Path) -> AsyncIterator[Store]:
    store = Store(where)
    store.serve()
    try:
        yield store
    finally:
        await store.rest()
        await asyncio.to_thread(store.close)


def test_what_is_answered_is_on_the_disk_and_was_done_in_the_loop(tmp_path: Path) -> None:
    where, threads = tmp_path / "s.db", set[int]()

    def job(conn: Connection, number: int) -> bool:
        threads.add(threading.get_ident())
        return act(number)(conn)

    async def alone_and_in_company() -> None:
        async with serving(where) as store:
            assert await store.write(partial(job, number=0)) and kept(where) == 1
            assert all(await asyncio.gather(*(store.write(partial(job, number=i)) for i in range(1, 300))))
            assert kept(where) == 300
            assert store.commits < 20

    asyncio.run(alone_and_in_company())
    assert threads == {threading.get_ident()}


def test_a_failing_job_takes_back_its_own_work_only(tmp_path: Path) -> None:
    twice = text("INSERT INTO fence (fence, turn) VALUES (1, 0)")

    def bad(conn: Connection) -> None:
        act(999)(conn)
        conn.execute(twice)
        conn.execute(twice)

    async def crowd() -> None:
        async with serving(tmp_path / "s.db") as store:
            jobs = [bad if number % 3 == 0 else act(number) for number in range(30)]
            found = await asyncio.gather(*(store.write(job) for job in jobs), return_exceptions=True)
            assert [isinstance(each, IntegrityError) for each in found] == [number % 3 == 0 for number in range(30)]
            assert kept(tmp_path / "s.db") == 20
            with pytest.raises(IntegrityError):
                await store.write(bad)
            assert await store.write(act(1_000))

    asyncio.run(crowd())


def test_the_loop_goes_on_while_another_process_writes(tmp_path: Path) -> None:
    where = tmp_path / "s.db"

    async def beside() -> None:
        async with serving(where) as store:
            await store.write(act(1))
            other = sqlite3.connect(where, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(store.write(act(2)))
            longest, last, until = 0.0, time.monotonic(), time.monotonic() + 0.3
            while time.monotonic() < until:
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            assert not waiting.done() and longest < 0.2
            other.execute("COMMIT")
            other.close()
            assert await waiting and await store.write(act(3))

    asyncio.run(beside())


def test_the_loop_and_the_thread_write_side_by_side(tmp_path: Path) -> None:
    """Neither starves, neither finds the store locked."""

    async def both() -> None:
        async with serving(tmp_path / "s.db") as store:
            jobs = [act(number) for number in range(400)]
            there = [store.submit(job) for job in jobs[::2]]
            here = await asyncio.gather(*(store.write(job) for job in jobs[1::2]))
            assert all(here) and all(await asyncio.gather(*(asyncio.wrap_future(each) for each in there)))

    asyncio.run(both())
    assert kept(tmp_path / "s.db") == 400


def test_a_short_job_of_the_thread_is_waited_for_and_a_long_one_is_joined(tmp_path: Path) -> None:
    """A batch that goes to the thread keeps it busy for the next: that must be the exception, not what follows it."""

    async def beside(held: threading.Event) -> int:
        async with serving(tmp_path / "s.db") as store:
            begun = threading.Event()
            theirs = store.submit(lambda _: (begun.set(), held.wait(5)))
            await asyncio.to_thread(begun.wait, 5)
            ours = asyncio.create_task(store.write(lambda _: threading.get_ident()))
            await asyncio.sleep(WRITER_PATIENCE / 4 if held is short else WRITER_PATIENCE * 4)
            held.set()
            await asyncio.wrap_future(theirs)
            return await ours

    short, long = threading.Event(), threading.Event()
    assert asyncio.run(beside(short)) == threading.get_ident()
    assert asyncio.run(beside(long)) != threading.get_ident()


def test_nothing_is_lost_at_the_end_and_nothing_begins_after_it(tmp_path: Path) -> None:
    async def end() -> None:
        async with serving(tmp_path / "s.db") as store:
            last = [asyncio.create_task(store.write(act(number))) for number in range(50)]
            await asyncio.sleep(0)
        assert all(await asyncio.gather(*last))
        with pytest.raises(RoadError, match="is closed"):
            await store.write(act(51))

    asyncio.run(end())
    assert kept(tmp_path / "s.db") == 50


@pytest.mark.parametrize("company", [1, 5])
def test_a_commit_that_fails_is_told_and_the_next_one_works(tmp_path: Path, company: int) -> None:
    """Nothing of the batch stands, whoever waited for the disk."""
    where = tmp_path / "s.db"

    def broken(_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    async def failing() -> None:
        async with serving(where) as store:
            await store.write(act(0))
            assert store._at_once is not None
            dialect = store._at_once._engine.dialect
            good, dialect.do_commit = dialect.do_commit, broken  # type: ignore[method-assign, assignment]
            found = await asyncio.gather(*(store.write(act(1 + i)) for i in range(company)), return_exceptions=True)
            assert all(isinstance(each, RoadError) and "failing disk" in str(each) for each in found)
            dialect.do_commit = good  # type: ignore[method-assign]
            assert kept(where) == 1 and await store.write(act(1))

    asyncio.run(failing())
    assert kept(where) == 2

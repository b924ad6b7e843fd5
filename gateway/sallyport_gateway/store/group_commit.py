"""One writer thread, many jobs, one commit.

A disk flushes a few hundred times a second; a flush for every job would be the gateway's limit. So jobs queue, one
thread runs a batch of them in one transaction and commits once. A future resolves only after that commit: what has
been answered is on the disk (S7). Only when a job fails, its batch is rolled back and run again behind savepoints.

A job may run twice (the first time rolled back), so it changes nothing but the connection it is given.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.store.engine import is_road, open_engines, road_error
from sallyport_gateway.store.migrate import migrate
from sallyport_gateway.store.parameters import ATTEMPTS, COMMIT_MOST, COMMIT_WINDOW
from sallyport_protocol.errors import RoadError

T = TypeVar("T")
Job = Callable[[Connection], T]


@dataclass(frozen=True, slots=True)
class _Work:
    job: Job[Any]
    future: "Future[Any] | asyncio.Future[Any]"

    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        if isinstance(self.future, asyncio.Future):
            return not self.future.cancelled()
        return self.future.set_running_or_notify_cancel()


@dataclass(frozen=True, slots=True)
class _Done:
    work: _Work
    value: Any
    error: BaseException | None


class Store:
    """The gateway's store. `window` in seconds, `most` in jobs; `window=0` commits as soon as the disk is free."""

    def __init__(self, where: str | Path, *, window: float = COMMIT_WINDOW, most: int = COMMIT_MOST) -> None:
        """Opens the store, brings its tables up to date and starts the writer. Raises RoadError."""
        self.where = _shown(where)
        self._window, self._most = window, most
        self._writer, self._reader = open_engines(where)
        self.shared = self._writer.dialect.name == "postgresql"
        """Whether several gateways may work on it at once."""
        self.connections = 0
        """How often the writer had to connect: after the first time, another server may have answered."""
        event.listen(self._writer, "connect", self._connected)
        try:
            migrate(self._writer)
        except Exception as error:
            self._dispose()
            raise road_error(error, self.where) if is_road(error) else error from error
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def _connected(self, *_: object) -> None:
        self.connections += 1

    def submit(self, job: Job[T]) -> "Future[T]":
        """Queues `job`; the future resolves with its value once that is durable, or with its own error."""
        future: Future[T] = Future()
        self._put(_Work(job, future))
        return future

    async def write(self, job: Job[T]) -> T:
        """Runs `job` in the writer; returns its value when that is durable. Raises RoadError, or the job's error."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(_Work(job, future))
        return await future

    def write_now(self, job: Job[T]) -> T:
        """`write` for callers without an event loop."""
        return self.submit(job).result()

    async def read(self, job: Job[T]) -> T:
        """Runs `job` on a connection that cannot write, in a thread of its own; it sees what has been committed."""
        return await asyncio.to_thread(self.read_now, job)

    def read_now(self, job: Job[T]) -> T:
        """`read` for callers without an event loop."""
        try:
            with self._reader.connect() as conn:
                return job(conn)
        except Exception as error:
            raise road_error(error, self.where) if is_road(error) else error from error

    def close(self) -> None:
        """Commits what is queued, then lets go. Safe to call twice."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._dispose()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, work: _Work) -> None:
        with self._closing:
            if self._closed:
                raise RoadError(f"The store {self.where} is closed: start the gateway again.")
            self._queue.put(work)

    def _dispose(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    def _run(self) -> None:
        busy, more = False, True
        while more:
            batch, more = self._collect(busy)
            batch = [work for work in batch if work.wanted()]
            busy = len(batch) > 1
            if batch:
                self._commit(batch)

    def _collect(self, busy: bool) -> tuple[list[_Work], bool]:
        """The next batch, and whether another may follow. Waits for company only if the last batch had some."""
        first = self._queue.get()
        if first is None:
            return [], False
        batch, deadline = [first], time.monotonic() + (self._window if busy else 0.0)
        while len(batch) < self._most:
            try:
                left = deadline - time.monotonic()
                work = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except Empty:
                break
            if work is None:
                return batch, False
            batch.append(work)
        return batch, True

    def _commit(self, batch: list[_Work]) -> None:
        """Runs a batch in one transaction. If a job of several failed, all run again, each behind a savepoint; if the
        road broke under them, each runs by itself."""
        for attempt in range(ATTEMPTS):
            try:
                done = self._together(batch, guarded=attempt > 0 and len(batch) > 1)
            except _JobError as failed:
                if len(batch) > 1 and failed.is_road:
                    for work in batch:
                        self._commit([work])
                    return
                again = len(batch) > 1 or _raced(failed.error)
                if again and attempt + 1 < ATTEMPTS:
                    continue
                done = [_Done(work, None, self._told(failed.error)) for work in batch]
            except Exception as error:
                done = [_Done(work, None, self._told(error)) for work in batch]
            self.commits += 1
            _deliver(done)
            return

    def _together(self, batch: list[_Work], guarded: bool) -> list[_Done]:
        """One transaction. Raises _JobError before the commit, anything else from it."""
        with self._writer.connect() as conn:
            transaction = conn.begin()
            try:
                done = [_guarded(conn, work) if guarded else _Done(work, work.job(conn), None) for work in batch]
            except Exception as error:
                with contextlib.suppress(DBAPIError):  # a road that is gone took everything back by itself
                    transaction.rollback()
                raise _JobError(error) from error
            transaction.commit()
            return done

    def _told(self, error: BaseException) -> BaseException:
        return road_error(error, self.where) if is_road(error) else error


class _JobError(Exception):
    """What a job raised, so that it is not taken for a failed commit."""

    def __init__(self, error: Exception) -> None:
        self.error, self.is_road = error, is_road(error)


def _guarded(conn: Connection, work: _Work) -> _Done:
    """Runs one job behind a savepoint: its own error takes back its own work only. A broken road is raised."""
    conn.exec_driver_sql("SAVEPOINT job")  # a quarter of the cost of SQLAlchemy's nested transaction
    try:
        value = work.job(conn)
    except Exception as error:
        if is_road(error):
            raise
        conn.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
        return _Done(work, None, error)
    conn.exec_driver_sql("RELEASE SAVEPOINT job")
    return _Done(work, value, None)


def _deliver(done: list[_Done]) -> None:
    """Tells everybody who waits; each event loop is woken once."""
    loops: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
    for one in done:
        if isinstance(one.work.future, asyncio.Future):
            loops.setdefault(one.work.future.get_loop(), []).append(one)
        else:
            _settle([one])
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(done: list[_Done]) -> None:
    for one in done:
        if one.work.future.cancelled():
            continue
        if one.error is None:
            one.work.future.set_result(one.value)
        else:
            one.work.future.set_exception(one.error)


_RACES = ("DeadlockDetected", "SerializationFailure", "UniqueViolation")
"""PostgreSQL's words for another gateway that was quicker; who looks again sees what that one did."""


def _raced(error: BaseException) -> bool:
    return type(getattr(error, "orig", None)).__name__ in _RACES


def _shown(where: str | Path) -> str:
    """The place without its password."""
    from sqlalchemy import make_url

    text = str(where)
    return make_url(text).render_as_string(hide_password=True) if "://" in text else text

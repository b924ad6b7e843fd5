"""One writer thread, many jobs, one commit.

A disk flushes a few hundred times a second; a flush for every job would be the gateway's limit. So jobs queue, one
thread runs a batch of them in one transaction and commits once. A future resolves only after that commit: what has
been answered is on the disk (S7). Only when a job fails, its batch is rolled back and run again behind savepoints.

A job may run twice (the first time rolled back), so it changes nothing but the connection it is given.

An event loop that writes all the time need not wake the thread: see `at_once`.
"""

import asyncio
import contextlib
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.store.at_once import AtOnce
from sallyport_gateway.store.batch import Done, Job, JobError, T, Work, all_failed, deliver, run_together
from sallyport_gateway.store.engine import is_road, open_at_once, open_engines, road_error
from sallyport_gateway.store.migrate import migrate
from sallyport_gateway.store.parameters import ATTEMPTS, COMMIT_MOST, COMMIT_WINDOW
from sallyport_protocol.errors import RoadError


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
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._queued = 0
        """Jobs that the thread has not answered yet."""
        self._closed = False
        self._closing = threading.Lock()
        self._committed = 0
        self._at_once: AtOnce | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def _connected(self, *_: object) -> None:
        self.connections += 1

    @property
    def commits(self) -> int:
        """How often the disk was asked to keep something."""
        return self._committed + (self._at_once.commits if self._at_once is not None else 0)

    def serve(self) -> None:
        """From now on the running event loop does its short work itself, where the store is a file of ours."""
        if not self.shared and self._at_once is None:
            self._at_once = AtOnce(open_at_once(self._writer.url), lambda: self._queued > 0, self._put, self._told)

    async def rest(self) -> None:
        """The end of `serve`: returns when what the loop has begun is on the disk."""
        at_once, self._at_once = self._at_once, None
        if at_once is not None:
            await at_once.rest()
            self._committed += at_once.commits

    def submit(self, job: Job[T]) -> "Future[T]":
        """Queues `job`; the future resolves with its value once that is durable, or with its own error."""
        future: Future[T] = Future()
        self._put([Work(job, future)])
        return future

    async def write(self, job: Job[T]) -> T:
        """Runs `job`, which is short; returns its value when that is durable. Raises RoadError, or the job's error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._at_once is not None and self._at_once.loop is loop:
            self._at_once.put(Work(job, future))
        else:
            self._put([Work(job, future)])
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

    def _put(self, batch: list[Work]) -> None:
        with self._closing:
            if self._closed:
                raise RoadError(f"The store {self.where} is closed: start the gateway again.")
            self._queued += len(batch)
            for work in batch:
                self._queue.put(work)

    def _dispose(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    def _run(self) -> None:
        busy, more = False, True
        while more:
            taken, more = self._collect(busy)
            batch = [work for work in taken if work.wanted()]
            busy = len(batch) > 1
            if batch:
                self._commit(batch)
            with self._closing:
                self._queued -= len(taken)

    def _collect(self, busy: bool) -> tuple[list[Work], bool]:
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

    def _commit(self, batch: list[Work]) -> None:
        """Runs a batch in one transaction. If a job of several failed, all run again, each behind a savepoint; if the
        road broke under them, each runs by itself."""
        for attempt in range(ATTEMPTS):
            try:
                done = self._together(batch, guarded=attempt > 0 and len(batch) > 1)
            except JobError as failed:
                if len(batch) > 1 and failed.is_road:
                    for work in batch:
                        self._commit([work])
                    return
                again = len(batch) > 1 or _raced(failed.error)
                if again and attempt + 1 < ATTEMPTS:
                    continue
                done = all_failed(batch, self._told(failed.error))
            except Exception as error:
                done = all_failed(batch, self._told(error))
            self._committed += 1
            deliver(done)
            return

    def _together(self, batch: list[Work], guarded: bool) -> list[Done]:
        """One transaction. Raises JobError before the commit, anything else from it."""
        with self._writer.connect() as conn:
            transaction = conn.begin()
            try:
                done = run_together(conn, batch, guarded)
            except JobError:
                with contextlib.suppress(DBAPIError):  # a road that is gone took everything back by itself
                    transaction.rollback()
                raise
            transaction.commit()
            return done

    def _told(self, error: BaseException) -> BaseException:
        return road_error(error, self.where) if is_road(error) else error


_RACES = ("DeadlockDetected", "SerializationFailure", "UniqueViolation")
"""PostgreSQL's words for another gateway that was quicker; who looks again sees what that one did."""


def _raced(error: BaseException) -> bool:
    return type(getattr(error, "orig", None)).__name__ in _RACES


def _shown(where: str | Path) -> str:
    """The place without its password."""
    from sqlalchemy import make_url

    text = str(where)
    return make_url(text).render_as_string(hide_password=True) if "://" in text else text

"""Short work without the writer's thread: the event loop does it itself, and hands over only what a slow disk stops.

Two threads that both run Python hand its one lock to and fro; waking one takes longer than most work here takes. So
what a loop wants written is run in the loop: every job that has come by then, in one transaction (`bench/gateway.py`:
a third less time for a decision than through the writer's thread). While the disk is quick, it is committed in place,
and what comes meanwhile is the next batch. When the disk is slow, a thread commits (a flush needs no Python), and the
loop goes on.

While the writer's thread has work, the loop does other things for some milliseconds and looks again: a batch given to
that thread would keep it busy for the next, and every message after it would pay for two threads. Where it takes long,
or another process holds the file, or a job fails, the batch does go there: that thread can wait and sort out which job
it was.

For SQLite alone: a statement to a server would hold up the loop for a journey through the network.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError

from sallyport_gateway.store.batch import Done, JobError, Work, all_failed, deliver, run_together, settle
from sallyport_gateway.store.parameters import AT_ONCE_MOST, QUICK_FLUSH, WRITER_PATIENCE
from sallyport_protocol.errors import RoadError

_LOOK_S: Final = 0.001


class AtOnce:
    """The work of one event loop. Everything but the commit on a slow disk runs in its thread."""

    def __init__(
        self,
        engine: Engine,
        busy: Callable[[], bool],
        otherwise: Callable[[list[Work]], None],
        told: Callable[[BaseException], BaseException],
    ) -> None:
        """`busy`: whether the writer's thread has work; `otherwise` gives it more; `told` makes an error readable."""
        self.loop = asyncio.get_running_loop()
        self._engine, self._busy, self._otherwise, self._told = engine, busy, otherwise, told
        self._conn: Connection | None = None
        self._disk = ThreadPoolExecutor(1, "store-disk")
        self._waiting: list[Work] = []
        self._running = False
        self._waited_s = 0.0
        """How long the jobs that wait have waited for the writer's thread."""
        self._flush_s = 0.0
        """What a commit has taken lately, seconds."""
        self.commits = 0

    def put(self, work: Work) -> None:
        """Takes one job; it runs when the loop has heard what else there is."""
        self._waiting.append(work)
        self._go_on()

    async def rest(self) -> None:
        """Returns when everything that was taken is on the disk; the connection is closed."""
        while self._running:
            await asyncio.sleep(0.001)
        self._disk.shutdown()
        self._let_go()
        self._engine.dispose()

    def _go_on(self) -> None:
        if not self._running and self._waiting:
            self._running = True
            self.loop.call_soon(self._batch)

    def _batch(self) -> None:
        if self._busy() and self._waited_s < WRITER_PATIENCE:
            self._waited_s += _LOOK_S
            self.loop.call_later(_LOOK_S, self._batch)
            return
        self._waited_s = 0.0
        taken, self._waiting = self._waiting[:AT_ONCE_MOST], self._waiting[AT_ONCE_MOST:]
        batch = [work for work in taken if work.wanted()]
        transaction = self._begin() if batch and not self._busy() else None
        if transaction is None:
            self._pass_on(batch)
            return
        try:
            done = run_together(self._connection(), batch, guarded=False)
        except JobError:
            with contextlib.suppress(DBAPIError):  # a road that is gone took everything back by itself
                transaction.rollback()
            self._pass_on(batch)
            return
        if self._flush_s < QUICK_FLUSH:
            settle(self._commit(transaction, done))
            self._ended()
        else:
            self._disk.submit(self._commit_there, transaction, done)

    def _begin(self) -> RootTransaction | None:
        """A transaction with the right to write; None when that would mean to wait."""
        try:
            return self._connection().begin()
        except DBAPIError:
            self._let_go()
            return None

    def _commit(self, transaction: RootTransaction, done: list[Done]) -> list[Done]:
        """Puts the batch on the disk; in the disk's thread only while the loop leaves the connection alone."""
        began = time.perf_counter()
        try:
            transaction.commit()
        except Exception as error:
            with contextlib.suppress(DBAPIError):
                transaction.rollback()
            return all_failed([one.work for one in done], self._told(error))
        finally:
            self._flush_s += (time.perf_counter() - began - self._flush_s) / 8
            self.commits += 1
        return done

    def _commit_there(self, transaction: RootTransaction, done: list[Done]) -> None:
        deliver(self._commit(transaction, done))
        with contextlib.suppress(RuntimeError):  # the loop has closed: nothing follows
            self.loop.call_soon_threadsafe(self._ended)

    def _pass_on(self, batch: list[Work]) -> None:
        try:
            self._otherwise(batch)
        except RoadError as error:
            settle(all_failed(batch, error))
        self._ended()

    def _ended(self) -> None:
        self._running = False
        self._go_on()

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        return self._conn

    def _let_go(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(DBAPIError):
                self._conn.close()
            self._conn = None

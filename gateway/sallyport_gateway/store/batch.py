"""Work for the store, and what became of it: jobs run together in one transaction, each answered after the commit."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from sallyport_gateway.store.engine import is_road

T = TypeVar("T")
Job = Callable[[Connection], T]


@dataclass(frozen=True, slots=True)
class Work:
    """One job and who waits for it."""

    job: Job[Any]
    future: "Future[Any] | asyncio.Future[Any]"

    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        if isinstance(self.future, asyncio.Future):
            return not self.future.cancelled()
        return self.future.set_running_or_notify_cancel()


@dataclass(frozen=True, slots=True)
class Done:
    """What one job came to."""

    work: Work
    value: Any
    error: BaseException | None


class JobError(Exception):
    """What a job raised, so that it is not taken for a failed commit."""

    def __init__(self, error: Exception) -> None:
        self.error, self.is_road = error, is_road(error)


def run_together(conn: Connection, batch: list[Work], guarded: bool) -> list[Done]:
    """Runs the jobs in the caller's transaction; `guarded`: each behind a savepoint. Raises JobError."""
    try:
        return [_guarded(conn, work) if guarded else Done(work, work.job(conn), None) for work in batch]
    except Exception as error:
        raise JobError(error) from error


def all_failed(batch: list[Work], error: BaseException) -> list[Done]:
    """The same end for each."""
    return [Done(work, None, error) for work in batch]


def deliver(done: list[Done]) -> None:
    """Tells everybody who waits, from any thread; each event loop is woken once."""
    loops: dict[asyncio.AbstractEventLoop, list[Done]] = {}
    for one in done:
        if isinstance(one.work.future, asyncio.Future):
            loops.setdefault(one.work.future.get_loop(), []).append(one)
        else:
            settle([one])
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, theirs)


def settle(done: list[Done]) -> None:
    """Tells those who wait in this thread."""
    for one in done:
        if one.work.future.cancelled():
            continue
        if one.error is None:
            one.work.future.set_result(one.value)
        else:
            one.work.future.set_exception(one.error)


def _guarded(conn: Connection, work: Work) -> Done:
    """Runs one job behind a savepoint: its own error takes back its own work only. A broken road is raised."""
    conn.exec_driver_sql("SAVEPOINT job")  # a quarter of the cost of SQLAlchemy's nested transaction
    try:
        value = work.job(conn)
    except Exception as error:
        if is_road(error):
            raise
        conn.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
        return Done(work, None, error)
    conn.exec_driver_sql("RELEASE SAVEPOINT job")
    return Done(work, value, None)

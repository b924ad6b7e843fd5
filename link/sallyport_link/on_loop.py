"""A link to the broker that lives in its owner's event loop: the process that the gateway keeps for it (`apart.py`).

A thread of its own would be woken twice for each message and would take Python's one lock from the loop that waits for
what it brings. Here a message is read, believed and answered in one thread; only the opening of a connection, which may
take seconds, is done elsewhere.
"""

import asyncio
import contextlib
import threading
import time
from abc import abstractmethod
from typing import Final

from sallyport_link.connection import Connection
from sallyport_link.link import FAREWELL_S, Link

_TICK_S: Final = 0.25
"""How often an idle connection is looked at: for its keep-alive and for silence."""
_COMPANY_S: Final = 0.01
"""How long the receipt of a message waits for its answer, to leave in one record with it: twice a decision. A broker
sends a hundred messages before it wants receipts."""


class InLoop(Link):
    """A link that keeps itself up while its owner's loop runs. The handlers run in that loop."""

    _loop: asyncio.AbstractEventLoop | None = None
    _here = 0
    """The loop's thread."""
    _task: asyncio.Task[None] | None = None
    _woken = False
    _ended: asyncio.Event
    """Something happened that whoever drives the link must look at before its next tick."""

    async def start(self) -> None:
        """Starts connecting. Raises RoadError when the certificate files cannot be used."""
        self._check_files()
        self._ended = asyncio.Event()
        self._loop, self._here = asyncio.get_running_loop(), threading.get_ident()
        self._task = asyncio.create_task(self._run(), name=f"mqtt {self._road.client_id}")

    @abstractmethod
    async def _run(self) -> None:
        """One connection after another, until the link is stopped."""

    def _wake(self) -> None:
        if self._loop is None or self._woken:
            return
        self._woken = True
        if threading.get_ident() == self._here:
            self._loop.call_soon(self._speak)
        else:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nothing is sent any more
                self._loop.call_soon_threadsafe(self._speak)

    @abstractmethod
    def _speak(self) -> None:
        """Hands over what waits; `_woken` is over."""


class LoopLink(InLoop):
    """A link that its owner's loop drives as well."""

    _open: Connection | None = None
    _soon = _writing = False
    _watched = -1
    """The number of the socket that the loop watches for us; -1 for none."""

    async def stop(self) -> None:
        """Sends what waits, within a second; disconnects cleanly, so no will is published. Idempotent."""
        self._stop_by_s = time.monotonic() + FAREWELL_S
        self._stopping.set()
        if self._task is not None:
            self._ended.set()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                await self._connection()
            except Exception as error:
                self._lost(error)
            await self._pause(self._rest_s(began))

    async def _connection(self) -> None:
        """One connection from its opening to its end."""
        connection = Connection(self._road, self._take_in, self._settle, self._unwatch)
        try:
            await asyncio.to_thread(connection.open)
            self._open = connection
            self._watched = connection.fileno()
            asyncio.get_running_loop().add_reader(self._watched, self._look)
            try:
                while not connection.error and not self._finished(connection):
                    self._look()
                    await self._pause(_TICK_S if not self._stopping.is_set() else 0.01)
            finally:
                self._open = None
                self._unwatch()
        finally:
            self._close(connection)
        self._fail(connection.error or "stopped")

    def _unwatch(self) -> None:
        """Before the socket closes: its number is soon a page's connection's, which would be watched in its place."""
        road, self._watched, self._writing = self._watched, -1, False
        if road >= 0 and self._loop is not None:
            self._loop.remove_reader(road)
            self._loop.remove_writer(road)

    def _look(self) -> None:
        """Reads what has come and listens for silence. A receipt that it calls for may wait for an answer's company."""
        if self._open is None:
            return
        self._open.step()
        if self._waiting or self._open.error or not self._up:
            self._speak()
        elif not self._soon and self._loop is not None:
            self._soon = True
            self._loop.call_later(_COMPANY_S, self._speak)

    def _speak(self) -> None:
        """Hands over what waits, and sends it."""
        self._woken = self._soon = False
        connection = self._open
        if connection is None:
            return
        if not connection.error:
            self._attend(connection)
            self._follow_writing(connection)
        if connection.error:
            self._ended.set()

    def _follow_writing(self, connection: Connection) -> None:
        """What the road could not take at once leaves when it can."""
        wanted = connection.wants_to_write and not connection.error
        if wanted == self._writing:
            return
        self._writing = wanted
        assert self._loop is not None, "a link that looks was started"
        if wanted:
            self._loop.add_writer(connection.fileno(), self._look)
        else:
            self._loop.remove_writer(connection.fileno())

    async def _pause(self, seconds: float) -> None:
        """Waits, but not longer than for an end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        if not self._stopping.is_set():
            self._ended.clear()

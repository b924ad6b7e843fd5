"""A link to the broker with a thread of its own, for a program that is not built around an event loop: the kiosk.

One thread owns each connection in turn: it connects, subscribes, hands over what waits, and after a loss connects
again with jitter. `connected` also turns false when the thread itself is stuck.
"""

import contextlib
import socket
import threading
import time

from sallyport_link.connection import CONNECT_TIMEOUT_S, Connection
from sallyport_link.link import FAREWELL_S, Link


class MqttLink(Link):
    """A link that keeps itself up, in the background. The handlers run in its thread."""

    _wake_write: socket.socket | None = None
    _woken = False
    """The thread has been woken and has not looked yet: once is enough."""
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts connecting in the background. Raises RoadError when the certificate files cannot be used."""
        self._check_files()
        wake_read, self._wake_write = socket.socketpair()
        wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread = threading.Thread(
            target=self._run, args=(wake_read,), name=f"mqtt {self._road.client_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Sends what waits, within a second; disconnects cleanly, so no will is published. Idempotent."""
        self._stop_by_s = time.monotonic() + FAREWELL_S
        self._stopping.set()
        self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CONNECT_TIMEOUT_S + 1)

    def _wake(self) -> None:
        if self._wake_write is not None and not self._woken:
            self._woken = True
            with contextlib.suppress(OSError):  # full: it is awake already; closed: it has stopped
                self._wake_write.send(b"\0")

    def _run(self, wake_read: socket.socket) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._connection(wake_read)
            except Exception as error:
                self._lost(error)
            self._stopping.wait(self._rest_s(began))
        wake_read.close()
        if self._wake_write is not None:
            self._wake_write.close()

    def _connection(self, wake_read: socket.socket) -> None:
        """One connection from its opening to its end."""
        connection = Connection(self._road, self._take_in, self._settle)
        try:
            connection.open()
            while not connection.error and not self._finished(connection):
                self._woken = False  # before looking: what comes from here on wakes again
                self._attend(connection)
                connection.wait(wake_read)
                connection.step()
        finally:
            self._close(connection)
        self._fail(connection.error or "stopped")
